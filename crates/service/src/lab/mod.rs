//! `tercet lab`: any algorithm on plain files, without a shop, timed around the algorithm alone.
//!
//! For data scientists, for the benches and for comparison with peers. Nothing is stored.

mod cluster;
mod content;
mod customers;
mod decisions;
mod mixed;
mod pairs;
mod texts;

use std::path::{Path, PathBuf};
use std::time::Instant;

use data::lab::{LabInteractions, read_interactions};
use domain::{Card, Settings};
use recommend::evaluate::{Bootstrap, EvaluateOptions, Split, evaluate};
use recommend::{FitOptions, Interactions, Recommender};
use serde_json::{Map, Value, json};

use crate::usage::Usage;

pub use decisions::columns_of;

/// What `lab run` and `lab evaluate` are asked.
#[derive(Clone, Debug)]
pub struct LabRequest {
    pub card: String,
    pub train: PathBuf,
    pub test: Option<PathBuf>,
    /// Texts of the form `name=value`.
    pub set: Vec<String>,
    pub k: Vec<usize>,
    pub seed: u64,
    pub n_threads: usize,
    /// Where lists for all users go, as `user item rank score` rows.
    pub output: Option<PathBuf>,
    /// Length of those lists; also measures recommending for everybody.
    pub top: Option<usize>,
    /// Judge only the first so many users that have a test item.
    pub users_max: Option<usize>,
    /// Keep ratings as weights when ranking; otherwise any rating is one positive.
    pub weights: bool,
    /// The catalogue, for cards that read products.
    pub items: Option<PathBuf>,
    /// Prepare a table of mixed columns before clustering it.
    pub prepare: bool,
    /// The layout of the catalogue, if it has one of the known ones.
    pub preset: Option<String>,
}

impl LabRequest {
    /// A run of a card on one input, everything else as usual.
    pub fn new(card: &str, input: &Path) -> LabRequest {
        LabRequest {
            card: card.to_owned(),
            train: input.to_path_buf(),
            test: None,
            set: Vec::new(),
            k: vec![10, 20],
            seed: 1,
            n_threads: 2,
            output: None,
            top: None,
            users_max: None,
            weights: false,
            items: None,
            prepare: false,
            preset: None,
        }
    }
}

/// Why the lab cannot answer.
#[derive(Debug, thiserror::Error)]
pub enum LabFailure {
    #[error("there is no card '{found}'; there are: {known}")]
    UnknownCard { found: String, known: String },
    #[error(transparent)]
    Settings(#[from] domain::SettingsError),
    #[error(transparent)]
    Read(#[from] data::lab::LabError),
    #[error(transparent)]
    Fit(#[from] recommend::FitError),
    #[error(transparent)]
    Evaluate(#[from] recommend::evaluate::EvaluateError),
    #[error(transparent)]
    Cluster(#[from] segment::SegmentError),
    #[error(transparent)]
    Language(#[from] language::LanguageError),
    #[error("{card} reads one input ({input}): tercet lab run {card} --input PATH")]
    OneInput { card: &'static str, input: &'static str },
    #[error("{0}")]
    Output(String),
    #[error("{0}")]
    Input(String),
    #[error("{card} reads one file: tercet lab run {card} --input FILE")]
    NoTest { card: &'static str },
    #[error("content reads a catalogue beside the interactions: give it with --items FILE")]
    NoItems,
    #[error("{option} was given, but {card} predicts ratings and makes no lists; allowed: without it")]
    NoLists { card: String, option: &'static str },
    #[error("{path} has no ratings (found: users and items alone); {card} needs lines `user item rating [time]`")]
    NoRatings { card: String, path: PathBuf },
    #[error("{path}: {source}")]
    Write { path: PathBuf, source: std::io::Error },
}

/// Every card the lab can run.
pub fn cards() -> Vec<&'static Card> {
    let clusters = segment::registry().iter().map(|method| method.card);
    let more = segment::other_cards().iter().copied().chain(language::cards().iter().copied());
    let more = more.chain(strategy::registry().iter().map(|model| model.card));
    recommend::registry::cards().into_iter().chain(clusters).chain(more).collect()
}

/// The cards of the terms of a score, of which `[recommend.terms]` of a shop's tercet.toml speaks. They need a shop to run.
pub fn term_cards() -> &'static [&'static Card] {
    recommend::rank::term_cards()
}

/// The card of this name among `cards`, or an error that lists them.
pub fn card<'a>(name: &str, cards: impl IntoIterator<Item = &'a &'static Card>) -> Result<&'static Card, LabFailure> {
    let cards: Vec<&'static Card> = cards.into_iter().copied().collect();
    cards.iter().copied().find(|card| card.name == name).ok_or_else(|| LabFailure::UnknownCard {
        found: name.to_owned(),
        known: cards.iter().map(|card| card.name).collect::<Vec<_>>().join(", "),
    })
}

/// Fits, and with a test set evaluates; answers the JSON of the design's section 5.
pub fn run(request: &LabRequest, progress: &(dyn Fn(f64) -> bool + Sync)) -> Result<Value, LabFailure> {
    let card = card(&request.card, &cards())?;
    let settings = card.settings_from_texts(&request.set)?;
    if card.name == recommend::content::CARD.name {
        return content::run(card, &settings, request);
    }
    if language::cards().iter().any(|other| other.name == card.name) {
        return texts::run(card, &settings, request, progress);
    }
    if let Some(model) = strategy::model(card.name) {
        return match request.test {
            Some(_) => Err(LabFailure::NoTest { card: card.name }),
            None => decisions::run(model, &settings, request, progress),
        };
    }
    if let Some(method) = segment::method(card.name) {
        return match request.test {
            Some(_) => Err(LabFailure::NoTest { card: card.name }),
            None => cluster::run(method, &settings, request, progress),
        };
    }
    if segment::other_cards().iter().any(|other| other.name == card.name) {
        return match request.test {
            Some(_) => Err(LabFailure::NoTest { card: card.name }),
            None => customers::run(card, &settings, request),
        };
    }
    let predicts_ratings = predicts_ratings(card, &settings);
    if predicts_ratings {
        refuse_lists(request)?;
    }
    let loading = Instant::now();
    let (mut train, mut test) = read_interactions(&request.train, request.test.as_deref(), &[])?;
    let load_seconds = loading.elapsed().as_secs_f64();
    let options = FitOptions { seed: request.seed, n_threads: request.n_threads, progress };
    if predicts_ratings {
        let of_test = request.test.as_ref().zip(test.as_ref());
        for (path, read) in [Some((&request.train, &train)), of_test].into_iter().flatten() {
            if !read.has_ratings {
                return Err(LabFailure::NoRatings { card: request.card.clone(), path: path.clone() });
            }
        }
        let ratings = (interactions(&train, true), test.as_ref().map(|test| interactions(test, true)));
        return rate(card, &settings, request, load_seconds, ratings, &options);
    }
    let algorithm = recommend::algorithm(card.name).expect("a card that is not fitted otherwise is in the registry");
    let split = split(&train, test.as_ref(), request.weights);
    // Only the names are needed from here on.
    std::iter::once(&mut train).chain(&mut test).for_each(|read| (read.rows, read.times) = (Vec::new(), None));
    let before = Usage::now();
    let model = (algorithm.fit)(&split.train, &settings, &options)?;
    let fitted = Usage::now().since(&before);
    let result = ranked(model.as_ref(), request, &train, &split)?;
    Ok(answer(card, &settings, request, load_seconds, &fitted, result))
}

fn split(train: &LabInteractions, test: Option<&LabInteractions>, weights: bool) -> Split {
    let empty = || Interactions { matrix: math::Csr::empty(train.users.len(), train.items.len()), times: None };
    Split { train: interactions(train, weights), test: test.map_or_else(empty, |test| interactions(test, weights)) }
}

/// What the model says of itself, of the test set if there is one, and of lists for everybody if they are asked for.
fn ranked(
    model: &dyn Recommender,
    request: &LabRequest,
    names: &LabInteractions,
    split: &Split,
) -> Result<Map<String, Value>, LabFailure> {
    let mut result = report(model);
    if request.test.is_some() {
        evaluated(request, model, split, &mut result)?;
    }
    if request.top.is_some() || request.output.is_some() {
        recommended(request, model, names, &split.train, &mut result)?;
    }
    Ok(result)
}

fn answer(
    card: &Card,
    settings: &Settings,
    request: &LabRequest,
    load_seconds: f64,
    fitted: &Usage,
    result: Map<String, Value>,
) -> Value {
    json!({
        "card": card.name,
        "params": settings,
        "n_threads": request.n_threads,
        "load_seconds": load_seconds,
        "fit_seconds": fitted.wall_seconds,
        "fit_cpu_seconds": fitted.cpu_seconds,
        "peak_rss_bytes": fitted.peak_rss_bytes,
        "result": result,
    })
}

/// `task=rating`, or a card that does nothing else.
fn predicts_ratings(card: &Card, settings: &Settings) -> bool {
    matches!(card.name, "svd" | "baseline")
        || matches!(settings.get("task"), Some(domain::Value::Text(task)) if task == "rating")
}

/// What is asked about lists has no answer where none are made.
fn refuse_lists(request: &LabRequest) -> Result<(), LabFailure> {
    let given = [
        ("--output", request.output.is_some()),
        ("--top", request.top.is_some()),
        ("--users", request.users_max.is_some()),
    ];
    match given.into_iter().find(|(_, is_given)| *is_given) {
        Some((option, _)) => Err(LabFailure::NoLists { card: request.card.clone(), option }),
        None => Ok(()),
    }
}

/// Predicted ratings: every test pair of a user in one call, errors over all pairs.
fn rate(
    card: &'static Card,
    settings: &Settings,
    request: &LabRequest,
    load_seconds: f64,
    (train, test): (Interactions, Option<Interactions>),
    options: &FitOptions,
) -> Result<Value, LabFailure> {
    let before = Usage::now();
    let model = recommend::rating::fit(card.name, &train, settings, options)?;
    let fitted = Usage::now().since(&before);
    let mut result: Map<String, Value> =
        model.fit_report().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect();
    if let Some(test) = test {
        let before = Usage::now();
        let (mut squared, mut absolute) = (0.0, 0.0);
        for user in 0..test.n_users() {
            let (items, ratings) = test.matrix.row(user);
            for (prediction, rating) in model.predict(user as u32, items).iter().zip(ratings) {
                let error = prediction.value - f64::from(*rating);
                squared += error * error;
                absolute += error.abs();
            }
        }
        let used = Usage::now().since(&before);
        let n_ratings = test.matrix.n_stored();
        result.insert("rmse".to_owned(), json!((squared / n_ratings as f64).sqrt()));
        result.insert("mae".to_owned(), json!(absolute / n_ratings as f64));
        result.insert("n_ratings".to_owned(), json!(n_ratings));
        result.insert("predict_seconds".to_owned(), json!(used.wall_seconds));
        result.insert("predict_cpu_seconds".to_owned(), json!(used.cpu_seconds));
    }
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

fn report(model: &dyn Recommender) -> Map<String, Value> {
    model.fit_report().into_iter().map(|(name, value)| (name.to_owned(), json!(value))).collect()
}

fn evaluated(
    request: &LabRequest,
    model: &dyn Recommender,
    split: &Split,
    result: &mut Map<String, Value>,
) -> Result<(), LabFailure> {
    let users = request.users_max.map(|n_max| {
        let matrix = &split.test.matrix;
        (0..matrix.n_rows as u32).filter(|&user| !matrix.row(user as usize).0.is_empty()).take(n_max).collect()
    });
    let mut options =
        EvaluateOptions { k: request.k.clone(), n_threads: request.n_threads, users, ..Default::default() };
    options.bootstrap = Bootstrap { n_samples: 0, ..options.bootstrap };
    for (name, value) in evaluate(model, split, &options)?.flat() {
        result.insert(name, json!(value));
    }
    Ok(())
}

/// Lists for everybody, seen items left out, measured apart from the fit.
fn recommended(
    request: &LabRequest,
    model: &dyn Recommender,
    names: &LabInteractions,
    train: &Interactions,
    result: &mut Map<String, Value>,
) -> Result<(), LabFailure> {
    let before = Usage::now();
    let lists = recommend::recommend_all(model, train, request.top.unwrap_or(20), request.n_threads);
    let used = Usage::now().since(&before);
    result.insert("recommend_seconds".to_owned(), json!(used.wall_seconds));
    result.insert("recommend_cpu_seconds".to_owned(), json!(used.cpu_seconds));
    result.insert("n_lists".to_owned(), json!(lists.n_users()));
    match &request.output {
        Some(path) => {
            write_lists(path, names, &lists).map_err(|source| LabFailure::Write { path: path.clone(), source })
        }
        None => Ok(()),
    }
}

fn write_lists(path: &Path, names: &LabInteractions, lists: &recommend::Lists) -> std::io::Result<()> {
    use std::io::Write;
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "user\titem\trank\tscore")?;
    for user in 0..lists.n_users() {
        let (items, scores) = lists.row(user);
        for (rank, (item, score)) in items.iter().zip(scores).enumerate() {
            writeln!(file, "{}\t{}\t{}\t{score}", names.users[user], names.items[*item as usize], rank + 1)?;
        }
    }
    file.flush()
}

/// As a matrix. The later of two entries for the same pair stands.
fn interactions(read: &LabInteractions, weights: bool) -> Interactions {
    let place = |at: usize| (read.rows[at].0, read.rows[at].1);
    let is_sorted = (1..read.rows.len()).all(|at| place(at - 1) <= place(at));
    // Ten million rows that are sorted already need no second list of ten million places.
    let order: Option<Vec<u32>> = (!is_sorted).then(|| {
        let mut order: Vec<u32> = (0..read.rows.len() as u32).collect();
        order.sort_by_key(|&at| (place(at as usize), at));
        order
    });
    let row_at = |nth: usize| order.as_ref().map_or(nth, |order| order[nth] as usize);
    let n_users = read.users.len();
    let mut matrix = math::Csr::empty(n_users, read.items.len());
    matrix.indices.reserve_exact(read.rows.len());
    matrix.values.reserve_exact(read.rows.len());
    let mut times = read.times.as_ref().map(|times| Vec::with_capacity(times.len()));
    for nth in 0..read.rows.len() {
        let at = row_at(nth);
        if nth + 1 < read.rows.len() && place(row_at(nth + 1)) == place(at) {
            continue;
        }
        let (user, item, value) = read.rows[at];
        matrix.indices.push(item);
        matrix.values.push(if weights { value } else { 1.0 });
        times.iter_mut().zip(&read.times).for_each(|(times, all)| times.push(all[at]));
        matrix.indptr[user as usize + 1] += 1;
    }
    for user in 0..n_users {
        matrix.indptr[user + 1] += matrix.indptr[user];
    }
    Interactions { matrix, times }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(card: &str, train: &Path, test: Option<&Path>) -> LabRequest {
        LabRequest {
            card: card.to_owned(),
            train: train.to_owned(),
            test: test.map(Path::to_owned),
            set: Vec::new(),
            k: vec![2],
            seed: 1,
            n_threads: 1,
            output: None,
            top: None,
            users_max: None,
            weights: false,
            prepare: false,
            items: None,
            preset: None,
        }
    }

    #[test]
    fn cards_of_ratings_refuse_what_they_cannot_answer() {
        let folder = tempfile::tempdir().unwrap();
        let [rated, unrated] = ["rated", "unrated"].map(|name| folder.path().join(name));
        std::fs::write(&rated, "1 1 5\n1 2 3\n2 1 4\n2 3 1\n").unwrap();
        std::fs::write(&unrated, "1 1\n1 2\n2 1\n").unwrap();
        let said = |request: LabRequest| run(&request, &|_| true).map_err(|error| error.to_string());
        let knn = || LabRequest { set: vec!["task=rating".into()], ..request("item_knn", &rated, None) };
        for asked in [request("svd", &rated, None), request("baseline", &rated, None), knn()] {
            let with = |change: fn(&mut LabRequest)| {
                let mut asked = asked.clone();
                change(&mut asked);
                asked
            };
            for (asked, expected) in [
                (with(|_| ()), None),
                (with(|asked| asked.test = Some(asked.train.clone())), None),
                (with(|asked| asked.top = Some(5)), Some("--top was given")),
                (with(|asked| asked.output = Some("lists.tsv".into())), Some("--output was given")),
                (with(|asked| asked.users_max = Some(5)), Some("--users was given")),
                (
                    with(|asked| asked.test = Some(asked.train.with_file_name("unrated"))),
                    Some("unrated has no ratings"),
                ),
                (with(|asked| asked.train = asked.train.with_file_name("unrated")), Some("unrated has no ratings")),
            ] {
                match (said(asked.clone()), expected) {
                    (Ok(_), None) => {}
                    (Err(error), Some(expected)) => assert!(error.contains(expected), "{asked:?}: {error}"),
                    (found, _) => panic!("{asked:?}: {found:?} against {expected:?}"),
                }
            }
        }
        assert!(!folder.path().join("lists.tsv").exists());
        assert!(said(request("item_knn", &unrated, Some(&unrated))).is_ok(), "lists need no ratings");
    }

    #[test]
    fn a_matrix_keeps_the_later_of_two() {
        let read = LabInteractions {
            users: vec!["a".into(), "b".into()],
            items: vec!["x".into(), "y".into()],
            rows: vec![(1, 1, 2.0), (0, 0, 3.0), (1, 1, 4.0)],
            has_ratings: true,
            times: Some(vec![5, 6, 7]),
        };
        let kept = interactions(&read, true);
        assert_eq!(kept.matrix, math::Csr::from_triplets(2, 2, &[(0, 0, 3.0), (1, 1, 4.0)]));
        assert_eq!(kept.times, Some(vec![6, 7]));
        assert_eq!(interactions(&read, false).matrix.values, [1.0, 1.0]);
    }
}
