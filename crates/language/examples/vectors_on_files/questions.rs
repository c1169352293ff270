//! Matching questions: Spearman of similarity with the label on LCQMC (test) and STS-B in Chinese (test), with vectors
//! trained on a corpus that holds neither. Blends are chosen on the validation parts.

use std::sync::Arc;

use jieba_rs::Jieba;
use serde_json::json;
use tercet_language::vectors::matching::spearman;
use tercet_language::vectors::{
    Blend, CharacterWeights, DocumentEncoder, DocumentSettings, DocumentWeights, PairMatcher, Tokenise, Weighting,
    WordAligner,
};

use crate::{Asked, Result, texts, trained};

struct Pairs {
    texts: Vec<(String, String)>,
    labels: Vec<f64>,
}

fn pairs(path: &str) -> Result<Pairs> {
    let mut pairs = Pairs { texts: Vec::new(), labels: Vec::new() };
    for line in texts::text(path)?.trim_start_matches('\u{feff}').lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        if let [a, b, label] = fields[..] {
            pairs.texts.push((a.to_owned(), b.to_owned()));
            pairs.labels.push(label.trim().parse()?);
        }
    }
    Ok(pairs)
}

pub fn run(file: &str, settings: &[&str]) -> Result<()> {
    let asked = Asked::new(settings, &["epochs=10", "min_count=2", "dim=200"])?;
    let (trained, figures) = trained(file, &asked)?;
    let words = Arc::new(trained.vectors);
    let jieba = Arc::new(Jieba::new());
    let sets = [
        ("lcqmc_dev", pairs("match_zh_questions/lcqmc_dev.txt.gz")?),
        ("lcqmc_test", pairs("match_zh_questions/lcqmc_test.txt.gz")?),
        ("sts_b_valid", pairs("match_zh_questions/STS-B.valid.data.gz")?),
        ("sts_b_test", pairs("match_zh_questions/STS-B.test.data")?),
    ];
    let of_texts = |pairs: &Pairs| pairs.texts.iter().flat_map(|(a, b)| [a.clone(), b.clone()]).collect::<Vec<_>>();
    let known: Vec<String> =
        of_texts(&sets[0].1).into_iter().chain(of_texts(&pairs("match_zh_questions/STS-B.train.data.gz")?)).collect();
    let tokens: Vec<Vec<String>> = known.iter().map(|text| texts::segment(&jieba, text)).collect();
    let characters = CharacterWeights::learn(known.iter().map(String::as_str));
    let cutter = jieba.clone();
    let tokenise: Arc<dyn Tokenise> = Arc::new(move |text: &str| texts::segment(&cutter, text));
    for (name, weighting, n_common, unit_words) in [
        ("sif 1e-3", Weighting::Sif { a: 1e-3 }, 1, false),
        ("sif 1e-3, words at length 1", Weighting::Sif { a: 1e-3 }, 1, true),
        ("sif 1e-4", Weighting::Sif { a: 1e-4 }, 1, false),
        ("tf-idf, words at length 1", Weighting::TfIdf, 1, true),
    ] {
        let document_settings = DocumentSettings { weighting, n_common, unit_words };
        let weights = DocumentWeights::learn(&words, &tokens, &document_settings)?;
        let encoder = DocumentEncoder::new(name, words.clone(), weights, tokenise.clone());
        let aligner = WordAligner::new(words.clone(), tokenise.clone(), 1e-3);
        let blend = Blend { vectors: 1.0, characters: 1.0, words: 1.0 };
        let matcher = PairMatcher::new(Arc::new(encoder), characters.clone(), aligner, blend)?;
        let views = sets.iter().map(|(_, pairs)| views(&matcher, pairs)).collect::<Result<Vec<_>>>()?;
        let score = |set: usize, blend: [f32; 3]| {
            let blended: Vec<f64> = (0..sets[set].1.labels.len())
                .map(|at| (0..3).map(|view| f64::from(blend[view] * views[set][view][at])).sum())
                .collect();
            (spearman(&blended, &sets[set].1.labels) * 1e4).round() / 1e2
        };
        let tenths =
            || (0..=10).flat_map(|a| (0..=10 - a).map(move |b| [a, b, 10 - a - b].map(|part| part as f32 / 10.0)));
        let best =
            |set: usize| tenths().max_by(|&a, &b| score(set, a).total_cmp(&score(set, b))).expect("there are some");
        let mut found = serde_json::Map::new();
        for (test, valid) in [(1, 0), (3, 2)] {
            let chosen = best(valid);
            let alone = [[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]].map(|blend| score(test, blend));
            found.insert(
                sets[test].0.into(),
                json!({ "vectors": alone[0], "characters": alone[1], "words": alone[2], "blend": chosen, "blended": score(test, chosen) }),
            );
        }
        println!("{}", json!({ "encoder": name, "spearman": found }));
    }
    println!("{figures}");
    Ok(())
}

/// Each view of each pair.
fn views(matcher: &PairMatcher, pairs: &Pairs) -> Result<[Vec<f32>; 3]> {
    let borrowed: Vec<(&str, &str)> = pairs.texts.iter().map(|(a, b)| (a.as_str(), b.as_str())).collect();
    Ok([matcher.of_vectors(&borrowed)?, matcher.of_characters(&borrowed), matcher.of_words(&borrowed)])
}
