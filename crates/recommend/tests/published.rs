//! Figures that others have published or measured, reproduced: Surprise's predicted ratings on five folds of
//! MovieLens-100k, and the precision of neighbourhood models on the fixed split of Ferrari Dacrema et al. (TOIS 2021).
//! Needs the data folder (`TERCET_DATA`, or `shared/data` beside the repository); without it the tests say so.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::PathBuf;

use flate2::read::MultiGzDecoder;
use math::Csr;
use tercet_recommend as recommend;
use tercet_recommend::{FitOptions, Interactions, algorithm, rating, recommend_all};

fn data() -> Option<PathBuf> {
    let beside = || PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let folder = std::env::var_os("TERCET_DATA").map_or_else(beside, PathBuf::from);
    if !folder.is_dir() {
        println!("skipped: no data at {}", folder.display());
        return None;
    }
    Some(folder)
}

/// The numbers of each line of a text file, gzipped or not.
fn numbers(path: PathBuf) -> Vec<Vec<i64>> {
    let file = File::open(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let gzipped = path.extension().is_some_and(|extension| extension == "gz");
    let reader: Box<dyn Read> = if gzipped { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let lines = BufReader::new(reader).lines().map(|line| line.unwrap());
    lines.map(|line| line.split_whitespace().map(|field| field.parse().unwrap()).collect()).collect()
}

/// Mean RMSE and MAE over the five folds.
fn rating_errors(rows: &[Vec<i64>], card: &'static domain::Card, settings: &[&str]) -> (f64, f64) {
    let settings = card.settings_from_texts(settings).unwrap();
    let (mut rmse, mut mae) = (0.0, 0.0);
    for fold in 0..5 {
        let train = rows.iter().filter(|row| row[4] != fold);
        let triplets: Vec<_> = train.map(|row| (row[0] as u32 - 1, row[1] as u32 - 1, row[2] as f32)).collect();
        let train = Interactions { matrix: Csr::from_triplets(943, 1682, &triplets), times: None };
        let model = rating::fit(card.name, &train, &settings, &FitOptions::default()).unwrap();
        let mut asked: BTreeMap<u32, Vec<(u32, f64)>> = BTreeMap::new();
        for row in rows.iter().filter(|row| row[4] == fold) {
            asked.entry(row[0] as u32 - 1).or_default().push((row[1] as u32 - 1, row[2] as f64));
        }
        let (mut squares, mut absolutes, mut n) = (0f64, 0f64, 0f64);
        for (user, pairs) in asked {
            let items: Vec<u32> = pairs.iter().map(|pair| pair.0).collect();
            for (prediction, (_, given)) in model.predict(user, &items).iter().zip(pairs) {
                squares += (prediction.value - given).powi(2);
                absolutes += (prediction.value - given).abs();
                n += 1.0;
            }
        }
        rmse += (squares / n).sqrt() / 5.0;
        mae += absolutes / n / 5.0;
    }
    (rmse, mae)
}

#[test]
fn predicted_ratings_agree_with_surprise() {
    let Some(data) = data() else { return };
    let golden = data.join("../golden/recommend");
    let rows = numbers(golden.join("ml100k-folds.tsv.gz"));
    let expected = std::fs::read_to_string(golden.join("ml100k.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&expected).unwrap();
    let variants = expected["ratings_5_folds"].as_object().unwrap();
    assert!(variants.len() >= 8);
    for (name, figures) in variants {
        let parts: Vec<&str> = name.split('-').collect();
        let [family, measure, side] = parts[..] else { panic!("unknown variant {name}") };
        let center = match family {
            "knn" => "none",
            "means" => "mean",
            other => panic!("unknown family {other}"),
        };
        let card = recommend::algorithm(if side == "user" { "user_knn" } else { "item_knn" }).unwrap().card;
        let settings = [format!("similarity={measure}"), format!("center={center}"), "n_neighbors=40".to_owned()];
        let settings: Vec<&str> = settings.iter().map(String::as_str).collect();
        let found = rating_errors(&rows, card, &settings);
        compare(name, found, (figures["rmse"].as_f64().unwrap(), figures["mae"].as_f64().unwrap()), 0.001);
    }
}

/// The README of Surprise, which rounds to three digits.
#[test]
fn other_rating_models_agree_with_the_readme_of_surprise() {
    let Some(data) = data() else { return };
    let rows = numbers(data.join("../golden/recommend/ml100k-folds.tsv.gz"));
    let knn = ["similarity=msd", "center=baseline", "n_neighbors=40"];
    compare("KNNBaseline", rating_errors(&rows, algorithm("user_knn").unwrap().card, &knn), (0.931, 0.733), 0.003);
    compare("BaselineOnly", rating_errors(&rows, &rating::BASELINE_CARD, &[]), (0.944, 0.748), 0.003);
    compare("SVD", rating_errors(&rows, &rating::SVD_CARD, &[]), (0.934, 0.737), 0.005);
}

fn compare(name: &str, found: (f64, f64), expected: (f64, f64), tolerance: f64) {
    println!("{name}: RMSE {:.5} MAE {:.5}, expected {:.5} {:.5}", found.0, found.1, expected.0, expected.1);
    let far = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
    assert!(far <= tolerance, "{name}: {found:?}, not {expected:?}");
}

/// Mean precision and recall at 10 on the fixed split.
fn precision_and_recall(data: &std::path::Path, card: &str, settings: &[&str]) -> (f64, f64) {
    let folder = data.join("retail/ml_100k");
    let train = numbers(folder.join("mcrec_split.train.rating.gz"));
    let triplets: Vec<_> = train.iter().map(|row| (row[0] as u32 - 1, row[1] as u32 - 1, 1.0)).collect();
    let train = Interactions { matrix: Csr::from_triplets(943, 1682, &triplets), times: None };
    let algorithm = algorithm(card).unwrap();
    let settings = algorithm.card.settings_from_texts(settings).unwrap();
    let model = (algorithm.fit)(&train, &settings, &FitOptions::default()).unwrap();
    let lists = recommend_all(&*model, &train, 10, 2);
    let (mut precision, mut recall, mut n) = (0.0, 0.0, 0.0);
    for row in numbers(folder.join("mcrec_split.test.rating")) {
        let wanted: Vec<u32> = row[1..].iter().map(|&item| item as u32 - 1).collect();
        let hits = lists.row(row[0] as usize - 1).0.iter().filter(|item| wanted.contains(item)).count() as f64;
        precision += hits / 10.0;
        recall += hits / wanted.len() as f64;
        n += 1.0;
    }
    (precision / n, recall / n)
}

#[test]
fn precision_on_the_fixed_split_is_as_published() {
    let Some(data) = data() else { return };
    for (card, settings, expected) in [
        ("user_knn", &["similarity=jaccard", "n_neighbors=128", "keep=column"][..], (0.3430, 0.2225)),
        ("item_knn", &["similarity=jaccard", "n_neighbors=161", "keep=column"], (0.3177, 0.2043)),
        ("item_knn", &["similarity=dice", "n_neighbors=179", "keep=column"], (0.3211, 0.2040)),
    ] {
        let found = precision_and_recall(&data, card, settings);
        println!("{card} {settings:?}: P@10 {:.4} R@10 {:.4}, published {expected:?}", found.0, found.1);
        let far = (found.0 - expected.0).abs().max((found.1 - expected.1).abs());
        assert!(far <= 0.002, "{card} {settings:?}: {found:?}, not {expected:?}");
    }
}
