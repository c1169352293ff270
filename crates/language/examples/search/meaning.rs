//! Vectors of sentences learned from the manuals themselves and what customers of the same shop asked: no question that is
//! measured is among them.

use std::sync::Arc;

use serde_json::Value;
use tercet_language::text::{Tokeniser, is_stop_word};
use tercet_language::vectors::{self, DocumentEncoder, DocumentSettings, DocumentWeights, Tokenise, TrainOptions};

fn tokens(text: &str) -> Vec<String> {
    Tokeniser::default().without_punctuation().words(text)
}

struct Words;

impl Tokenise for Words {
    fn tokens(&self, text: &str) -> Vec<String> {
        tokens(text).into_iter().filter(|word| !is_stop_word(word)).collect()
    }
}

/// Texts of manuals and of customers' questions with answers.
fn corpus(read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Vec<Vec<String>> {
    let mut texts = Vec::new();
    let manuals = [
        "s10_manual_corpus.json.gz",
        "smart_tv_remote_manual_corpus.json.gz",
        "Galaxy_Fit.json",
        "Galaxy_S20+_5G.json.gz",
        "Galaxy_Tab_S6.json.gz",
    ];
    for name in manuals {
        let manual: Option<Value> =
            read(&format!("text/qa_emanual_samsung/{name}")).and_then(|bytes| serde_json::from_slice(&bytes).ok());
        let sections = manual.as_ref().and_then(Value::as_object).into_iter().flat_map(|sections| sections.values());
        for section in sections {
            let lines: Vec<&str> = section["text"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            texts.push(tokens(&format!("{}\n{}", section["title"].as_str().unwrap_or(""), lines.join("\n"))));
        }
    }
    let asked: Option<Value> = read("text/qa_emanual_samsung/Amazon_QA_extracted.json.gz")
        .and_then(|bytes| serde_json::from_slice(&bytes).ok());
    let groups = asked.as_ref().and_then(Value::as_object).into_iter().flat_map(|groups| groups.values());
    for pair in groups.filter_map(Value::as_array).flatten().filter_map(|product| product["qna"].as_array()).flatten() {
        let text = |name: &str| pair[name].as_str().unwrap_or("").to_owned();
        texts.push(tokens(&format!("{} {}", text("Question"), text("Answer"))));
    }
    texts
}

/// An encoder by weighted means of words' vectors (SIF).
pub fn encoder(read: &dyn Fn(&str) -> Option<Vec<u8>>) -> Option<DocumentEncoder> {
    let texts = corpus(read);
    let settings = vectors::train::CARD
        .settings([("dim", "100"), ("epochs", "30"), ("min_count", "2"), ("sample", "0.001")])
        .expect("settings of the card");
    let options = TrainOptions { seed: 1, n_threads: 2, progress: &|_| true };
    let learned = vectors::train(|| texts.iter().map(|text| text.iter()), &settings, &options).ok()?;
    let weights = DocumentWeights::learn(&learned.vectors, &texts, &DocumentSettings::default()).ok()?;
    Some(DocumentEncoder::new("sif-100", Arc::new(learned.vectors), weights, Arc::new(Words)))
}
