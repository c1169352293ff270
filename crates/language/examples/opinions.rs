//! Aspect polarity on public sets as `bench/peers/language/prepare_classify.py` writes them: learns from the training parts
//! of all domains of a language, and from whole reviews (none of which shares eight Han characters in a row with any
//! text of the aspect sets), answers one domain's test part; prints one JSON line.
//!
//! usage: opinions FOLDER NAME [cv] [quads] [name=value ...]
//! With `quads` laptop_en is learned from Laptop-ACOS beside its own training part. FOLDER holds absa_NAME/ and, for Chinese, shopping_random/; NAME is camera, notebook, car or laptop_en. With `cv` the
//! training part alone is used, in four parts.

use std::collections::HashSet;
use std::error::Error;
use std::time::Instant;

use tercet_language::classify::{self, Example, Run, TextClassifier};
use tercet_language::opinion::{Judged, Lexicon, Mention, PolarityModel, Wanted};

struct Record {
    text: String,
    start: usize,
    end: usize,
    polarity: String,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, name, options @ ..] = arguments.as_slice() else {
        return Err("usage: opinions FOLDER NAME [cv] [name=value ...]".into());
    };
    let option = |wanted: &str| options.iter().find_map(|option| option.strip_prefix(wanted)?.strip_prefix('='));
    let number = |name: &str, default: f64| option(name).map_or(Ok(default), |text| text.parse::<f64>());
    let defaults = Wanted::default();
    let wanted = Wanted {
        c: number("c", defaults.c)?,
        nb: number("nb", defaults.nb)?,
        n_max: number("n_max", defaults.n_max as f64)? as usize,
        window: number("window", defaults.window as f64)? as usize,
        shared: number("shared", f64::from(defaults.shared))? as f32,
        prior: number("prior", f64::from(defaults.prior))? as f32,
        min_df: number("min_df", f64::from(defaults.min_df))? as u32,
    };
    let has_quads = options.iter().any(|option| option == "quads");
    let names: &[&str] = match name.as_str() {
        "laptop_en" if has_quads => &["laptop_en", "laptop_quad"],
        "laptop_en" => &["laptop_en"],
        _ => &["camera", "notebook", "car"],
    };
    let own = names.iter().position(|other| other == name).ok_or("NAME is camera, notebook, car or laptop_en")? as u32;
    let mut train = Vec::new();
    for (domain, name) in names.iter().enumerate() {
        train.extend(read(folder, name, "train")?.into_iter().map(|record| (domain as u32, record)));
    }
    let test = read(folder, name, "test")?;
    let (cpu, wall) = (cpu_seconds(), Instant::now());
    let prior = if name != "laptop_en" && wanted.prior > 0.0 { Some(prior(folder, names)?) } else { None };
    let lexicon = Lexicon::seed();
    let (mut right, mut total, mut by_class) = (0, 0, std::collections::BTreeMap::<String, [usize; 3]>::new());
    let mut answer = |model: &PolarityModel, records: &[&Record]| {
        for record in records {
            let (class, _) = model.judge(&record.mention(), own, &lexicon, prior.as_ref());
            let answered = &model.classes()[class];
            total += 1;
            by_class.entry(record.polarity.clone()).or_default()[1] += 1;
            by_class.entry(answered.clone()).or_default()[2] += 1;
            if *answered == record.polarity {
                right += 1;
                by_class.entry(answered.clone()).or_default()[0] += 1;
            }
        }
    };
    if options.iter().any(|option| option == "cv") {
        let own_rows: Vec<usize> = (0..train.len()).filter(|&at| train[at].0 == own).collect();
        for fold in 0..4 {
            let held: HashSet<usize> = own_rows.iter().copied().filter(|at| at % 4 == fold).collect();
            let rows: Vec<Judged> =
                train.iter().enumerate().filter(|(at, _)| !held.contains(at)).map(|(_, row)| judged(row)).collect();
            let model = PolarityModel::fit(&rows, &lexicon, prior.as_ref(), &wanted, &Run::default())?;
            answer(&model, &own_rows.iter().filter(|at| held.contains(at)).map(|&at| &train[at].1).collect::<Vec<_>>());
        }
    } else {
        let rows: Vec<Judged> = train.iter().map(judged).collect();
        let model = PolarityModel::fit(&rows, &lexicon, prior.as_ref(), &wanted, &Run::default())?;
        answer(&model, &test.iter().collect::<Vec<_>>());
    }
    let f1 = |[right, expected, answered]: &[usize; 3]| 2.0 * *right as f64 / (expected + answered).max(1) as f64;
    let macro_f1 = by_class.values().map(f1).sum::<f64>() / by_class.len() as f64;
    println!(
        "{}",
        serde_json::json!({
            "who": "tercet", "card": "aspect_polarity", "data": name, "options": options, "train": train.len(), "test": total,
            "accuracy": (right as f64 / total as f64 * 1e4).round() / 1e4, "macro_f1": (macro_f1 * 1e4).round() / 1e4,
            "cpu_seconds": ((cpu_seconds() - cpu) * 100.0).round() / 100.0, "wall_seconds": (wall.elapsed().as_secs_f64() * 100.0).round() / 100.0,
            "peak_rss_mb": peak_mib(),
        })
    );
    Ok(())
}

impl Record {
    fn mention(&self) -> Mention<'_> {
        Mention { text: &self.text, start: self.start, end: self.end }
    }
}

fn judged((domain, record): &(u32, Record)) -> Judged<'_> {
    Judged { mention: record.mention(), polarity: &record.polarity, domain: *domain }
}

/// Three lines a record: the sentence with `$T$` for the aspect, the aspect, its polarity.
fn read(folder: &str, name: &str, part: &str) -> Result<Vec<Record>, Box<dyn Error>> {
    let path = format!("{folder}/absa_{name}/{part}.txt");
    let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let record = |lines: &[&str]| -> Result<Record, Box<dyn Error>> {
        let [sentence, aspect, polarity] = lines else {
            return Err(format!("{path}: not three lines a record").into());
        };
        let (left, right) = sentence.split_once("$T$").ok_or_else(|| format!("{path}: no $T$ in '{sentence}'"))?;
        let (start, end) = (left.len(), left.len() + aspect.len());
        Ok(Record { text: format!("{left}{aspect}{right}"), start, end, polarity: (*polarity).to_owned() })
    };
    lines.chunks(3).map(record).collect()
}

/// A classifier of whole reviews, none of which holds a part of the aspect sets.
fn prior(folder: &str, names: &[&str]) -> Result<TextClassifier, Box<dyn Error>> {
    let han = |text: &str| text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect::<Vec<char>>();
    let mut known: HashSet<Vec<char>> = HashSet::new();
    for name in names {
        for part in ["train", "test"] {
            for record in read(folder, name, part)? {
                known.extend(han(&record.text).windows(8).map(<[char]>::to_vec));
            }
        }
    }
    let mut rows = Vec::new();
    for part in ["train", "test"] {
        let path = format!("{folder}/shopping_random/{part}.tsv");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let split = |line: &str| line.split_once('\t').map(|(label, text)| (label.to_owned(), text.to_owned()));
        rows.extend(text.lines().filter_map(split));
    }
    let n = rows.len();
    rows.retain(|(_, text)| !han(text).windows(8).any(|window| known.contains(window)));
    eprintln!("{} of {n} reviews share eight characters with an aspect set and are left out", n - rows.len());
    let rows: Vec<Example> = rows.iter().map(|(label, text)| Example { label, text }).collect();
    let mut wanted = classify::wanted(&classify::SENTIMENT.settings_from_texts(&["folds=0", "char_max=4"])?)?;
    wanted.folds = 0;
    Ok(TextClassifier::fit(&rows, &wanted, &Run::default())?)
}

/// User and system time of this process, in hundredths of a second as Linux counts them.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.rsplit(')').next().unwrap_or_default().split_whitespace().collect();
    let ticks = |at: usize| fields.get(at).and_then(|field| field.parse::<f64>().ok()).unwrap_or(0.0);
    (ticks(11) + ticks(12)) / 100.0
}

fn peak_mib() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap_or_default();
    line.split_whitespace().next().and_then(|kib| kib.parse::<u64>().ok()).unwrap_or(0) >> 10
}
