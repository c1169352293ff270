//! The model in service beside the simple one: most popular first. From the last evaluation that judged both by the same customers, or
//! from the model's own training.

use data::Shop;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{Alert, Rules, text};
use crate::api::overview::current_model;
use crate::error::Result;
use crate::flows::evaluate::Evaluation;
use crate::flows::models::Interval;
use crate::store::Store;

const BASELINE: &str = "popularity";
/// By which they are compared, the first that both have.
const METRICS: [&str; 4] = ["ndcg@10", "ndcg@20", "recall@10", "recall@20"];
const EVALUATIONS_MAX: usize = 50;

/// How good the model is.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[schema(as = ModelQuality)]
pub struct Quality {
    pub card: String,
    pub metric: String,
    pub model: Interval,
    pub baseline: Interval,
    /// When it was judged, UTC milliseconds.
    pub at: i64,
    /// The request of the API that it is taken from.
    pub api: String,
}

impl Quality {
    /// Whether the simple one is better by more than chance: the difference of the means against both intervals.
    pub fn is_worse(&self) -> bool {
        let half = |one: &Interval| (one.high - one.low) / 2.0;
        self.baseline.mean - self.model.mean > (half(&self.model).powi(2) + half(&self.baseline).powi(2)).sqrt()
    }
}

/// `None` without a model, where it is the simple one itself, or where both were never judged together.
///
/// # Errors
/// If the store or the models cannot be read.
pub fn quality(shop: &Shop, store: &Store) -> Result<Option<Quality>> {
    let Some(model) = current_model(shop)?.filter(|model| model.card != BASELINE) else { return Ok(None) };
    let card = model.card.clone();
    for text in store.evaluations(EVALUATIONS_MAX)? {
        let Ok(evaluation) = serde_json::from_str::<Evaluation>(&text) else { continue };
        if evaluation.at < model.trained_at {
            continue;
        }
        let of = |card: &str| evaluation.rows.iter().find(|row| row.card == card).map(|row| &row.metrics);
        let (Some(own), Some(simple)) = (of(&card), of(BASELINE)) else { continue };
        let both = METRICS.iter().find_map(|metric| Some((*metric, *own.get(*metric)?, *simple.get(*metric)?)));
        if let Some((metric, model, baseline)) = both {
            let (metric, api) = (metric.to_owned(), "/v1/evaluations".to_owned());
            return Ok(Some(Quality { card, metric, model, baseline, at: evaluation.at, api }));
        }
    }
    let last = model
        .tried
        .iter()
        .filter(|tried| tried.card == BASELINE && tried.error.is_none())
        .max_by_key(|tried| tried.round);
    Ok(last.and_then(|tried| {
        let own = model.metrics.get(&tried.metric)?;
        // Of the simple one a training keeps the mean alone.
        let baseline = Interval { mean: tried.value, low: tried.value, high: tried.value };
        let (metric, api) = (tried.metric.clone(), "/v1/models".to_owned());
        Some(Quality { card, metric, model: *own, baseline, at: model.trained_at, api })
    }))
}

/// # Errors
/// If the store or the models cannot be read.
pub fn look(shop: &Shop, store: &Store, rules: &Rules, found: &mut Vec<Alert>) -> Result<()> {
    let key = "model.recommend".to_owned();
    if !rules.is_on(&key) {
        return Ok(());
    }
    if let Some(quality) = quality(shop, store)?.filter(Quality::is_worse) {
        let Quality { card, metric, model, baseline, .. } = &quality;
        found.push(Alert {
            key,
            kind: "model".to_owned(),
            title: text("模型不如最简单的做法", "The model is worse than the simple one"),
            found: text(
                format!("{card} 的 {metric} 是 {:.4}，热门榜是 {:.4}。", model.mean, baseline.mean),
                format!("{card} reaches {:.4} of {metric}, most popular first {:.4}.", model.mean, baseline.mean),
            ),
            expected: text("比热门榜好。", "More than most popular first."),
            help: text(
                "用新数据重新训练（tercet train recommend），或先换成热门榜（模型页）",
                "train on the present data (tercet train recommend), or put most popular first into service meanwhile (page Models)",
            ),
            value: model.mean,
            limit: baseline.mean,
            sql: None,
            page: Some("/evaluation".to_owned()),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn worse_is_beyond_both_intervals() {
        let of = |mean: f64, half: f64| Interval { mean, low: mean - half, high: mean + half };
        let quality = |model, baseline| Quality {
            card: "ease".to_owned(),
            metric: "ndcg@10".to_owned(),
            model,
            baseline,
            at: 0,
            api: String::new(),
        };
        assert!(!quality(of(0.30, 0.02), of(0.25, 0.02)).is_worse());
        assert!(!quality(of(0.25, 0.02), of(0.27, 0.02)).is_worse(), "0.02 is less than 0.028");
        assert!(quality(of(0.25, 0.02), of(0.29, 0.02)).is_worse());
        assert!(quality(of(0.25, 0.02), of(0.28, 0.0)).is_worse());
    }
}
