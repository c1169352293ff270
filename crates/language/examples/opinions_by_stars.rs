//! How far a shop gets whose reviews have stars and no marked aspects: learns words and a judge of polarity from whole
//! reviews, and is asked about mentions that people marked (`bench/peers/language/prepare_classify.py` writes both sets; none of
//! the reviews shares eight Han characters in a row with any marked text). Prints one JSON line a set: of the marked mentions
//! that the lexicon finds, how many it, the judge and both together get right.
//!
//! usage: opinions_by_stars FOLDER [words]
//! With `words` it prints the learned words instead.

use std::collections::HashSet;
use std::error::Error;

use tercet_language::classify::Run;
use tercet_language::opinion::learn::{Rated, Wanted as WordsWanted};
use tercet_language::opinion::{ASPECTS, Lexicon, Miner, Opinion, Polarity, Wanted, learn, stars};

const SETS: [&str; 3] = ["camera", "notebook", "car"];

struct Marked {
    text: String,
    start: usize,
    end: usize,
    is_praise: bool,
}

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [folder, options @ ..] = arguments.as_slice() else {
        return Err("usage: opinions_by_stars FOLDER [words]".into());
    };
    let sets: Vec<Vec<Marked>> = SETS.iter().map(|name| read(folder, name)).collect::<Result<_, _>>()?;
    let reviews = reviews(folder, &sets)?;
    let rated: Vec<Rated> =
        reviews.iter().map(|(is_praise, text)| Rated { text, is_praise: Some(*is_praise) }).collect();
    let seed = Lexicon::seed();
    let learned = learn(&rated, &seed, &WordsWanted::default(), &|_| true)?;
    if options.iter().any(|option| option == "words") {
        for term in &learned.terms {
            let aspect = term.aspect.map_or("", |at| ASPECTS[at].key);
            println!("name\t{}\t{aspect}\t{}\t{}", term.word, term.n_clauses, term.n_opinions);
        }
        learned.opinions.iter().for_each(|o| println!("opinion\t{}\t{:.2}\t{}", o.word, o.log_odds, o.n_clauses));
        return Ok(());
    }
    let mut lexicon = seed.clone();
    learned.extend(&mut lexicon);
    for (name, lexicon) in [("seed", &seed), ("learned", &lexicon)] {
        let Some((model, reached)) = stars::fit(&rated, lexicon, &Wanted::default(), &Run::default())? else {
            return Err("too few mentions".into());
        };
        println!("{}", serde_json::json!({"lexicon": name, "held_out": reached}));
        for (set, marked) in SETS.iter().zip(&sets) {
            let alone = Miner::of(lexicon);
            let judge = Miner { model: Some(&model), domain: 0, ..Miner::of(lexicon) };
            let mut n = [0usize; 6];
            for one in marked {
                let is_it = |opinion: &&Opinion| opinion.term.0 < one.end && opinion.term.1 > one.start;
                let (by_lexicon, by_judge) = (alone.opinions(&one.text), judge.opinions(&one.text));
                let (Some(by_lexicon), Some(by_judge)) = (by_lexicon.iter().find(is_it), by_judge.iter().find(is_it))
                else {
                    continue;
                };
                let right = |polarity| (polarity == Polarity::Positive) == one.is_praise;
                let decided = by_lexicon.polarity != Polarity::Neutral;
                n[0] += 1;
                n[1] += usize::from(decided);
                n[2] += usize::from(decided && right(by_lexicon.polarity));
                n[3] += usize::from(decided && right(by_judge.polarity) && by_judge.polarity != Polarity::Neutral);
                n[4] += usize::from(!decided && by_judge.polarity != Polarity::Neutral);
                n[5] += usize::from(!decided && by_judge.polarity != Polarity::Neutral && right(by_judge.polarity));
            }
            let share = |part: usize, whole: usize| (part as f64 / whole.max(1) as f64 * 1e4).round() / 1e4;
            println!(
                "{}",
                serde_json::json!({"lexicon": name, "set": set, "marked": marked.len(), "found": n[0], "decided": share(n[1], n[0]),
                    "lexicon_right": share(n[2], n[1]), "judge_right_there": share(n[3], n[1]),
                    "judged_elsewhere": share(n[4], n[0] - n[1]), "judge_right_elsewhere": share(n[5], n[4])})
            );
        }
    }
    Ok(())
}

/// Three lines a record; the white space between words is taken out again.
fn read(folder: &str, name: &str) -> Result<Vec<Marked>, Box<dyn Error>> {
    let mut found = Vec::new();
    for part in ["train", "test"] {
        let path = format!("{folder}/absa_{name}/{part}.txt");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
        for record in lines.chunks(3) {
            let [sentence, aspect, polarity] = record else { return Err(format!("{path}: not three lines").into()) };
            let (left, right) = sentence.split_once("$T$").ok_or_else(|| format!("{path}: no $T$ in '{sentence}'"))?;
            let plain = |text: &str| text.split_whitespace().collect::<String>();
            let (left, aspect, right) = (plain(left), plain(aspect), plain(right));
            let (start, end) = (left.len(), left.len() + aspect.len());
            let is_praise = !matches!(*polarity, "-1" | "negative" | "Negative");
            found.push(Marked { text: left + &aspect + &right, start, end, is_praise });
        }
    }
    Ok(found)
}

fn reviews(folder: &str, sets: &[Vec<Marked>]) -> Result<Vec<(bool, String)>, Box<dyn Error>> {
    let han = |text: &str| text.chars().filter(|c| ('\u{4e00}'..='\u{9fff}').contains(c)).collect::<Vec<char>>();
    let known: HashSet<Vec<char>> = sets
        .iter()
        .flatten()
        .flat_map(|one| han(&one.text).windows(8).map(<[char]>::to_vec).collect::<Vec<_>>())
        .collect();
    let mut rows = Vec::new();
    for part in ["train", "test"] {
        let path = format!("{folder}/shopping_random/{part}.tsv");
        let text = std::fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
        rows.extend(text.lines().filter_map(|line| {
            let (label, text) = line.split_once('\t')?;
            Some((label == "1", text.to_owned()))
        }));
    }
    rows.retain(|(_, text)| !han(text).windows(8).any(|window| known.contains(window)));
    Ok(rows)
}
