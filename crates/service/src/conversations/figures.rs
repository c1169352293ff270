//! How customer service does: what the desk's page shows, added up from conversations, and what nobody could answer, put
//! together by what it asks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use assist::knowledge::{QuestionCluster, cluster_questions};
use assist::understand::Intent;
use assist::world::Library as _;
use data::state::conversations::ServiceFigures;
use data::state::settled::Settled;
use domain::Millis;
use serde::Serialize;
use utoipa::ToSchema;

use crate::clock;
use crate::error::{Result, ServiceError};
use crate::serving::ServedShop;
use crate::writer::{self, WriterStanding};

const DAY_MS: i64 = 86_400_000;
/// Questions that are put together, the newest.
const QUESTIONS_MAX: usize = 5_000;
const EXAMPLES_MAX: usize = 5;
/// What an answer led to that was none. A question that nothing answers is offered a person; who takes that up asks nothing new.
const NO_ANSWERS: [&str; 3] = ["ask_back:rephrase", "ask_back:hand_over", "hand_over:failure"];

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DeskMetrics {
    pub n_conversations: u64,
    /// Answers of the assistant.
    pub n_turns: u64,
    /// Of the closed conversations, those that no person had; absent if none was closed.
    pub containment: Option<f64>,
    /// Of all conversations, those that went to a person or wait for one.
    pub hand_over_rate: Option<f64>,
    pub reasons: Vec<ReasonCount>,
    pub satisfaction: Satisfaction,
    pub response_ms: ResponseTimes,
    pub person_wait_ms: WaitTimes,
    pub intents: Vec<IntentCount>,
    pub products: Vec<ProductCount>,
    pub days: Vec<DayCount>,
    /// The language models of `[writer]`, in the order they are asked; empty without one.
    pub writers: Vec<WriterFigures>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ReasonCount {
    pub reason: String,
    pub n: u64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Satisfaction {
    /// 1 to 5.
    pub mean: Option<f64>,
    pub n: u64,
    /// Ratings of 1, 2, 3, 4 and 5 stars.
    pub stars: Vec<u64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ResponseTimes {
    pub p50: Option<i64>,
    pub p99: Option<i64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WaitTimes {
    pub p50: Option<i64>,
    pub p90: Option<i64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct IntentCount {
    pub intent: String,
    pub zh: String,
    pub en: String,
    pub n: u64,
    pub hand_over_rate: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ProductCount {
    pub product_id: String,
    pub name: String,
    /// Conversations that talked about it.
    pub n: u64,
    /// The share of them that went to a person.
    pub hand_over_rate: f64,
    /// Of those that were rated, the mean of 1 to 5 stars.
    pub stars_mean: Option<f64>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct DayCount {
    /// `YYYY-MM-DD` where the shop is.
    pub day: String,
    /// Conversations begun.
    pub n: u64,
    /// Of those, what went to a person, taken yet or not.
    pub n_person: u64,
}

/// What one endpoint of `[writer]` did in the days asked for, today among them; 92 days are kept.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WriterFigures {
    pub name: String,
    pub model: String,
    /// Why it is not asked; absent if it is.
    pub lacks: Option<String>,
    /// Replies said in its words.
    pub n_used: u64,
    /// Replies that it worded and that the check refused.
    pub n_refused: u64,
    /// Messages it said the intent of.
    pub n_understood: u64,
    /// Calls that took longer than allowed.
    pub n_slow: u64,
    /// Calls that failed otherwise.
    pub n_failed: u64,
    /// Sent and written.
    pub tokens: u64,
    /// In the currency of its prices.
    pub cost: f64,
    pub tokens_today: u64,
    /// What a day may use.
    pub tokens_per_day: u64,
    pub cost_today: f64,
    /// What a day may cost; absent if there is no limit.
    pub cost_per_day: Option<f64>,
}

/// Questions that ask the same and were not answered.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnansweredCluster {
    pub cluster_id: String,
    pub n: usize,
    /// What customers wrote, with what is personal hidden; the one that stands for all first.
    pub examples: Vec<String>,
    pub suggested_answer: Option<SuggestedAnswer>,
}

/// A piece of a document that may answer.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SuggestedAnswer {
    pub text: String,
    pub document_id: String,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct UnansweredList {
    pub clusters: Vec<UnansweredCluster>,
    /// Questions in all.
    pub n: usize,
}

impl ServedShop {
    /// What happened in the last days.
    ///
    /// # Errors
    /// If the store cannot be read.
    pub fn service_metrics(&self, days: i64) -> Result<DeskMetrics> {
        let found = self.shop.state()?.service_figures(clock::now().0 - days * DAY_MS)?;
        let n_rated: u64 = found.stars.iter().sum();
        let sum: u64 = found.stars.iter().zip(1u64..).map(|(n, star)| n * star).sum();
        Ok(DeskMetrics {
            n_conversations: found.n_conversations,
            n_turns: found.n_turns,
            containment: share(found.n_contained, found.n_closed),
            hand_over_rate: share(found.n_handed_over, found.n_conversations),
            reasons: found.reasons.iter().map(|(reason, n)| ReasonCount { reason: reason.clone(), n: *n }).collect(),
            satisfaction: Satisfaction { mean: share(sum, n_rated), n: n_rated, stars: found.stars.to_vec() },
            response_ms: ResponseTimes { p50: quantile(&found.took_ms, 0.5), p99: quantile(&found.took_ms, 0.99) },
            person_wait_ms: WaitTimes { p50: of_sorted(&found.waited_ms, 0.5), p90: of_sorted(&found.waited_ms, 0.9) },
            intents: found.intents.iter().map(intent).collect(),
            products: self.product_counts(&found),
            days: self.day_counts(&found),
            writers: self.writer_figures(days)?,
        })
    }

    fn writer_figures(&self, days: i64) -> Result<Vec<WriterFigures>> {
        let mut written = self.written(days)?;
        let figures = |standing: WriterStanding| {
            let spent = written.remove(&standing.name).unwrap_or_default();
            WriterFigures {
                name: standing.name,
                model: standing.model,
                lacks: standing.lacks,
                tokens: spent.tokens(),
                cost: spent.cost(),
                n_used: spent.n_used,
                n_refused: spent.n_refused,
                n_understood: spent.n_understood,
                n_slow: spent.n_slow,
                n_failed: spent.n_failed,
                tokens_today: standing.today.tokens(),
                tokens_per_day: standing.tokens_per_day,
                cost_today: standing.cost_today,
                cost_per_day: standing.cost_per_day,
            }
        };
        Ok(writer::standing(&self.shop)?.into_iter().map(figures).collect())
    }

    fn product_counts(&self, found: &ServiceFigures) -> Vec<ProductCount> {
        let snapshot = self.snapshot();
        let name = |id: &str| Some(snapshot.row(self.ids.find(id)?)?.product.name.clone());
        let count = |(id, n, n_person, stars, n_rated): &(String, u64, u64, u64, u64)| ProductCount {
            product_id: id.clone(),
            name: name(id).unwrap_or_else(|| id.clone()),
            n: *n,
            hand_over_rate: share(*n_person, *n).unwrap_or(0.0),
            stars_mean: share(*stars, *n_rated),
        };
        found.products.iter().map(count).collect()
    }

    fn day_counts(&self, found: &ServiceFigures) -> Vec<DayCount> {
        let zone = self.shop.config().zone();
        let mut days: BTreeMap<domain::Day, (u64, u64)> = BTreeMap::new();
        for (quarter, n, n_person) in &found.quarters {
            let day = days.entry(clock::day_of(Millis(*quarter), &zone)).or_default();
            (day.0, day.1) = (day.0 + n, day.1 + n_person);
        }
        days.into_iter().map(|(day, (n, n_person))| DayCount { day: day.to_string(), n, n_person }).collect()
    }

    /// What nobody could answer in the last days and nobody of the shop has settled.
    ///
    /// # Errors
    /// If the store or the documents cannot be read.
    pub async fn unanswered(self: &Arc<Self>, days: i64) -> Result<UnansweredList> {
        let ready = self.assistant().await?;
        let shop = self.clone();
        crate::serving::off_thread(move || {
            // What an answer was written for since, by import or otherwise, is settled.
            let threshold = ready.assistant.policies.assistant.curated_threshold;
            let is_answered = |text: &str| {
                let hits = ready.library.curated(text, 1).unwrap_or_default();
                hits.first().is_some_and(|hit| hit.similarity >= threshold && !hit.answer.trim().is_empty())
            };
            let mut texts = shop.open_questions(days)?;
            texts.retain(|text| !is_answered(text));
            let clusters = cluster_questions(&texts, &ready.means.tokeniser, Some(&ready.library.knowledge))?;
            let view = |cluster: QuestionCluster| {
                let mut examples = vec![cluster.name.clone()];
                for &at in &cluster.members {
                    if examples.len() < EXAMPLES_MAX && !examples.contains(&texts[at]) {
                        examples.push(texts[at].clone());
                    }
                }
                UnansweredCluster {
                    cluster_id: crate::auth::keys::digest(&cluster.name)[..16].to_owned(),
                    n: cluster.members.len(),
                    examples,
                    suggested_answer: cluster
                        .suggestion
                        .map(|passage| SuggestedAnswer { text: passage.text, document_id: passage.document_id }),
                }
            };
            let grouped: BTreeSet<usize> =
                clusters.iter().flat_map(|cluster| cluster.members.iter().copied()).collect();
            let mut clusters: Vec<UnansweredCluster> = clusters.into_iter().map(view).collect();
            let alone = texts.iter().enumerate().filter(|(at, _)| !grouped.contains(at)).map(|(_, text)| text.as_str());
            clusters.extend(by_themselves(alone));
            Ok(UnansweredList { n: clusters.iter().map(|cluster| cluster.n).sum(), clusters })
        })
        .await
    }

    /// Takes the questions that stand together with `question` off the list: ignored ones for good, whoever asks them again in the
    /// same words; answered ones until they are asked again and still not answered. How many there were.
    ///
    /// # Errors
    /// If `question` stands in no group, or the store cannot be written.
    pub async fn settle_unanswered(self: &Arc<Self>, question: String, days: i64, is_ignored: bool) -> Result<usize> {
        let ready = self.assistant().await?;
        let shop = self.clone();
        crate::serving::off_thread(move || {
            let texts = shop.open_questions(days)?;
            let clusters = cluster_questions(&texts, &ready.means.tokeniser, None)?;
            let asked = digest_of(&question);
            let digests = |cluster: &QuestionCluster| -> BTreeSet<String> {
                cluster.members.iter().map(|&at| digest_of(&texts[at])).collect()
            };
            // A long one is shown by its beginning.
            let is_it =
                |cluster: &&QuestionCluster| digests(cluster).contains(&asked) || digest_of(&cluster.name) == asked;
            let cluster = clusters.iter().find(is_it).ok_or_else(|| {
                ServiceError::not_found("open question", &question)
                    .help("load the list again: it may be settled already")
            })?;
            let settled = Settled { is_ignored, at: clock::now().0 };
            shop.shop.state()?.settle_questions(digests(cluster).into_iter().collect(), settled)?;
            Ok(cluster.members.len())
        })
        .await
    }

    /// Questions without an answer, what is personal hidden, but for those that were settled.
    fn open_questions(&self, days: i64) -> Result<Vec<String>> {
        let since = clock::now().0 - days * DAY_MS;
        let state = self.shop.state()?;
        let found = state.unanswered_messages(since, &NO_ANSWERS, QUESTIONS_MAX)?;
        let settled = state.settled_questions()?;
        let is_open = |at: i64, text: &str| match settled.get(&digest_of(text)) {
            Some(settled) => !settled.is_ignored && at > settled.at,
            None => true,
        };
        let masked = found.iter().map(|one| (one.at, language::text::mask(&one.text).text));
        Ok(masked.filter(|(at, text)| is_open(*at, text)).map(|(_, text)| text).collect())
    }
}

/// Questions of words that no group is made by (`你好`, rated down), alike ones together.
fn by_themselves<'t>(texts: impl Iterator<Item = &'t str>) -> Vec<UnansweredCluster> {
    let mut all: BTreeMap<String, UnansweredCluster> = BTreeMap::new();
    for text in texts {
        let cluster_id = digest_of(text)[..16].to_owned();
        let empty = || UnansweredCluster {
            cluster_id: cluster_id.clone(),
            n: 0,
            examples: vec![text.to_owned()],
            suggested_answer: None,
        };
        all.entry(cluster_id.clone()).or_insert_with(empty).n += 1;
    }
    all.into_values().collect()
}

/// What two questions have in common that differ in spaces, case, width and punctuation alone.
fn digest_of(masked: &str) -> String {
    let plain: String = language::text::normalise(masked.trim())
        .text()
        .chars()
        .filter(|character| character.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect();
    // A question of signs alone is its own.
    crate::auth::keys::digest(if plain.is_empty() { masked.trim() } else { &plain })
}

fn intent((name, n, n_handed_over): &(String, u64, u64)) -> IntentCount {
    let known = Intent::named(name);
    IntentCount {
        intent: name.clone(),
        zh: known.map_or_else(|| name.clone(), |intent| intent.zh.to_owned()),
        en: known.map_or_else(|| name.clone(), |intent| intent.en.to_owned()),
        n: *n,
        hand_over_rate: share(*n_handed_over, *n).unwrap_or(0.0),
    }
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

/// The value below or at which a share `q` of the counted lie.
fn quantile(counts: &[(i64, u64)], q: f64) -> Option<i64> {
    let total: u64 = counts.iter().map(|(_, n)| n).sum();
    let wanted = (q * total as f64).ceil().max(1.0) as u64;
    let mut below = 0;
    counts
        .iter()
        .find(|(_, n)| {
            below += n;
            below >= wanted
        })
        .map(|(value, _)| *value)
}

fn of_sorted(values: &[i64], q: f64) -> Option<i64> {
    let wanted = (q * values.len() as f64).ceil().max(1.0) as usize;
    values.get(wanted - 1).copied()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_values_that_were_seen() {
        let counts = [(1, 50), (2, 49), (900, 1)];
        assert_eq!(
            [0.0, 0.5, 0.51, 0.99, 1.0].map(|q| quantile(&counts, q)),
            [Some(1), Some(1), Some(2), Some(2), Some(900)]
        );
        assert_eq!((quantile(&[], 0.5), of_sorted(&[], 0.9)), (None, None));
        assert_eq!([0.5, 0.9].map(|q| of_sorted(&[1, 2, 3, 4], q)), [Some(2), Some(4)]);
        assert_eq!((share(1, 4), share(0, 0)), (Some(0.25), None));
    }

    #[test]
    fn a_question_is_known_by_its_words() {
        for (a, b) in
            [("能 退货吗？", "能退货吗"), ("Is it ＯＫ?", "is it ok"), ("怎么退貨", "怎么退货"), ("???", " ??? ")]
        {
            assert_eq!(digest_of(a), digest_of(b), "{a} {b}");
        }
        assert_ne!(digest_of("能退货吗"), digest_of("能换货吗"));
        assert_ne!(digest_of("?"), digest_of("!"));
    }
}
