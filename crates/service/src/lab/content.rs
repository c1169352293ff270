//! The lab's run of `content`, which learns from a catalogue: without interactions it writes what is like what, with them
//! lists for everybody.

use std::io::Write;
use std::path::Path;
use std::time::Instant;

use data::lab::{read_interactions, read_products};
use domain::{Card, Product, Settings};
use recommend::Recommender;
use recommend::content::{Content, ItemFeatures};
use serde_json::{Map, Value, json};

use super::{LabFailure, LabRequest, answer, ranked, report, split};
use crate::clock;
use crate::usage::Usage;

pub(super) fn run(card: &Card, settings: &Settings, request: &LabRequest) -> Result<Value, LabFailure> {
    let loading = Instant::now();
    if request.test.is_some() && request.items.is_none() {
        return Err(LabFailure::NoItems);
    }
    let catalogue = request.items.as_deref().unwrap_or(&request.train);
    let (products, n_rejected) = read_products(catalogue, request.preset.as_deref(), clock::now().0)?;
    let mut result = Map::new();
    let (fitted, load_seconds) = match &request.items {
        None => {
            let features: Vec<ItemFeatures> = products.iter().map(ItemFeatures::from).collect();
            let (load_seconds, before) = (loading.elapsed().as_secs_f64(), Usage::now());
            let model = Content::fit(&features, settings)?;
            let fitted = Usage::now().since(&before);
            result.append(&mut report(&model));
            if let Some(path) = &request.output {
                let write = write_similar(path, &products, &model, request.top.unwrap_or(20));
                write.map_err(|source| LabFailure::Write { path: path.clone(), source })?;
            }
            (fitted, load_seconds)
        }
        Some(_) => {
            let ids: Vec<&str> = products.iter().map(|product| product.product_id.as_str()).collect();
            let (train, test) = read_interactions(&request.train, request.test.as_deref(), &ids)?;
            let features_of = |item: &String| {
                let at = ids.binary_search(&item.as_str());
                at.map_or_else(|_| ItemFeatures::default(), |at| ItemFeatures::from(&products[at]))
            };
            let features: Vec<ItemFeatures> = train.items.iter().map(features_of).collect();
            let split = split(&train, test.as_ref(), request.weights);
            let (load_seconds, before) = (loading.elapsed().as_secs_f64(), Usage::now());
            let model = Content::fit(&features, settings)?;
            let fitted = Usage::now().since(&before);
            result.append(&mut ranked(&model, request, &train, &split)?);
            let n_described = train.items.iter().filter(|item| ids.binary_search(&item.as_str()).is_ok()).count();
            result.insert("n_items_described".to_owned(), json!(n_described));
            (fitted, load_seconds)
        }
    };
    result.insert("n_products".to_owned(), json!(products.len()));
    result.insert("n_products_rejected".to_owned(), json!(n_rejected));
    Ok(answer(card, settings, request, load_seconds, &fitted, result))
}

fn write_similar(path: &Path, products: &[Product], model: &Content, n: usize) -> std::io::Result<()> {
    let mut file = std::io::BufWriter::new(std::fs::File::create(path)?);
    writeln!(file, "item\tsimilar\trank\tsimilarity")?;
    for (item, product) in products.iter().enumerate() {
        for (rank, (other, similarity)) in model.similar(item as u32, n).into_iter().enumerate() {
            let other = &products[other as usize].product_id;
            writeln!(file, "{}\t{other}\t{}\t{similarity}", product.product_id, rank + 1)?;
        }
    }
    file.flush()
}
