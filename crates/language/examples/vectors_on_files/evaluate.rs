//! How good vectors of words are: word similarity and analogies of `wordvec_eval`, always with how many were covered, and
//! the topics of the made-up corpus.

use serde_json::{Value, json};
use tercet_language::vectors::{Analogy, WordVectors, matching::spearman};

use crate::{Result, texts};

/// Of the twenty most frequent words of each topic of `word2vec.py` the share of the ten nearest among them that are of the
/// same topic; `None` for another corpus.
pub fn same_topic_at10(vectors: &WordVectors) -> Option<f64> {
    let word = |id: u32| -> String {
        [0x4E00 + id / 256, 0x4E00 + 512 + id % 256].into_iter().filter_map(char::from_u32).collect()
    };
    let ids = (0..500).flat_map(|topic| (0..20).map(move |rank| topic * 100 + rank));
    let known: Vec<(u32, u32)> = ids.filter_map(|id| Some((vectors.vocabulary().id(&word(id))?, id / 100))).collect();
    if known.len() < 5000 {
        return None;
    }
    let mut rows = math::Factors::zeros(known.len(), vectors.dim());
    for (at, &(id, _)) in known.iter().enumerate() {
        let vector = vectors.of_id(id);
        let length = vector.iter().map(|value| value * value).sum::<f32>().sqrt().max(1e-9);
        rows.row_mut(at).iter_mut().zip(vector).for_each(|(to, value)| *to = value / length);
    }
    let mut products = vec![0f32; known.len()];
    let mut n_same = 0usize;
    for (at, &(_, topic)) in known.iter().enumerate() {
        rows.dot_all(rows.row(at), &mut products);
        let nearest = math::top_k::top_k(&products, 10, &[at as u32]);
        n_same += nearest.iter().filter(|(other, _)| known[*other as usize].1 == topic).count();
    }
    Some(n_same as f64 / (known.len() * 10) as f64)
}

pub fn all(vectors: &WordVectors) -> Result<Value> {
    let mut found = serde_json::Map::new();
    for (name, path, columns) in [
        ("wordsim240", "wordvec_eval/wordsim-240.txt", [0, 1, 2]),
        ("wordsim353", "wordvec_eval/wordsim353.tsv", [0, 1, 2]),
        ("simlex999", "wordvec_eval/simlex999.txt", [0, 1, 2]),
    ] {
        found.insert(name.into(), similarity(vectors, &texts::text(path)?, columns));
    }
    for (name, path) in
        [("ca_translated", "wordvec_eval/ca_translated.txt"), ("google", "wordvec_eval/questions-words.txt.gz")]
    {
        found.insert(name.into(), analogies(vectors, &texts::text(path)?)?);
    }
    Ok(Value::Object(found))
}

fn similarity(vectors: &WordVectors, text: &str, columns: [usize; 3]) -> Value {
    let (mut ours, mut theirs, mut n) = (Vec::new(), Vec::new(), 0);
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let fields: Vec<&str> = line.split('\t').collect();
        let Some(score) = fields.get(columns[2]).and_then(|field| field.trim().parse::<f64>().ok()) else { continue };
        n += 1;
        let (a, b) = (fields[columns[0]].to_lowercase(), fields[columns[1]].to_lowercase());
        let is_known = vectors.known(&a).is_some() && vectors.known(&b).is_some();
        if let Some(cosine) = vectors.similarity(&a, &b).filter(|_| is_known) {
            ours.push(f64::from(cosine));
            theirs.push(score);
        }
    }
    json!({ "n_pairs": n, "n_covered": ours.len(), "spearman": spearman(&ours, &theirs) })
}

fn analogies(vectors: &WordVectors, text: &str) -> Result<Value> {
    let (mut n, mut n_covered, mut n_right) = (0, 0, [0, 0]);
    for line in text.lines().filter(|line| !line.starts_with(':')) {
        let line = line.to_lowercase();
        let words: Vec<&str> = line.split_whitespace().collect();
        let &[a, b, c, d] = &words[..] else { continue };
        n += 1;
        if [a, b, c, d].iter().all(|word| vectors.known(word).is_some()) {
            n_covered += 1;
            for (by, n_right) in [Analogy::Add, Analogy::Mul].into_iter().zip(&mut n_right) {
                *n_right +=
                    usize::from(vectors.analogy(&[b, c], &[a], 1, by)?.first().is_some_and(|found| found.0 == d));
            }
        }
    }
    let share = |n_right: usize| n_right as f64 / f64::from(n_covered.max(1));
    Ok(json!({ "n": n, "n_covered": n_covered, "add": share(n_right[0]), "mul": share(n_right[1]) }))
}
