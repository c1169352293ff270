//! What a shop's customers say of each product, aspect by aspect, as pages that can be shown: counted once when the
//! language models are learned, against other products of the category, month by month, with quotes.

use std::collections::{BTreeMap, HashMap};
use std::sync::LazyLock;

use domain::{Product, Review};
use language::opinion::digest::{Wanted, digest};
use language::opinion::{ASPECTS, AspectOpinions, Opinion, Polarity, Quote, Review as Said};
use rayon::prelude::*;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::taught::Taught;
use super::{Loaded, characters, train::month_of};
use crate::error::{Result, ServiceError};
use crate::flows::segment::Text;

/// Quotes of each kind that a page has.
const QUOTES: usize = 5;
/// Other products that a page names.
const NEIGHBOURS: usize = 6;

/// For shops that have learned nothing yet. Built once: it is some thousand words.
static UNTAUGHT: LazyLock<Taught> = LazyLock::new(Taught::nothing);

/// Everything that was learned of opinions.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Opinions {
    /// Products with reviews, the most reviewed first.
    pub pages: Vec<OpinionPage>,
}

/// One product's opinions.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct OpinionPage {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub category: Option<String>,
    pub n_reviews: usize,
    pub n_mentions: usize,
    pub stars_mean: Option<f64>,
    /// Of mentions that praise or blame, those that praise, over all aspects.
    pub share_positive: f64,
    pub aspects: Vec<AspectView>,
    /// Products of the category that it is compared with, the most reviewed first.
    pub neighbours: Vec<Neighbour>,
    pub over_time: Vec<MonthView>,
    pub summary: Text,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct Neighbour {
    pub product_id: String,
    pub name: String,
}

/// One aspect of one product. Counts are of reviews.
#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct AspectView {
    pub key: String,
    pub label: Text,
    /// Reviews that name it.
    pub n: u32,
    pub positive: u32,
    pub negative: u32,
    /// Reviews that do both.
    pub mixed: u32,
    /// Of reviews that praise or blame it, those that praise, with a 95 % interval (Wilson).
    pub share_positive: f64,
    pub low: f64,
    pub high: f64,
    /// The same of the other products of the category together.
    pub others: Option<OthersView>,
    pub over_time: Vec<MonthView>,
    pub quotes: Vec<QuoteView>,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct OthersView {
    pub share_positive: f64,
    pub n: u32,
    /// The product's share minus the others', with a 95 % interval.
    pub difference: f64,
    pub low: f64,
    pub high: f64,
    /// `better` or `worse`, where chance alone would say so in one of ten such cases at most.
    pub stands_out: Option<String>,
}

/// Reviews of a month that praise, and that blame; those that do both count half to either.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct MonthView {
    /// `YYYY-MM`.
    pub month: String,
    pub positive: f64,
    pub negative: f64,
}

#[derive(Clone, Debug, Default, Serialize, Deserialize, ToSchema)]
pub struct QuoteView {
    pub text: String,
    /// `positive` or `negative`.
    pub polarity: String,
    /// UTC milliseconds.
    pub at: i64,
    pub stars: Option<f64>,
    /// Reviews that say nearly the same, this one included.
    pub n_alike: u32,
}

impl Opinions {
    /// Reads all reviews; products without any have no page.
    pub(super) fn of(
        products: &[Product],
        reviews: &[Review],
        zone: &jiff::tz::TimeZone,
        taught: &Taught,
    ) -> Result<Opinions> {
        let places: HashMap<&str, usize> =
            products.iter().enumerate().map(|(at, product)| (product.product_id.as_str(), at)).collect();
        let known: Vec<(usize, &Review)> = reviews
            .iter()
            .filter_map(|review| Some((*places.get(review.product_id.as_str())?, review)))
            .filter(|(_, review)| !review.text.trim().is_empty())
            .collect();
        let miner = taught.miner();
        let read = |&(product, review): &(usize, &'_ Review)| {
            (product, month_of(review.at, zone), miner.opinions(&review.text))
        };
        let mined: Vec<(usize, i32, Vec<Opinion>)> = known.par_iter().map(read).collect();
        let said: Vec<Said> = known
            .iter()
            .zip(mined)
            .map(|((_, review), (product, month, opinions))| Said { product, month, text: &review.text, opinions })
            .collect();
        let categories = numbered(products);
        let wanted = Wanted {
            categories: &categories,
            neighbours: None,
            // Reviews were masked when they were read.
            mask: &str::to_owned,
            n_quotes: QUOTES,
            false_share: 0.1,
            p_max: 0.05,
        };
        let digests = digest(&said, &wanted)?;
        let mut counts = vec![0usize; products.len()];
        said.iter().for_each(|review| counts[review.product] += 1);
        let mut pages = Vec::new();
        for digested in digests.iter().filter(|digested| digested.n_reviews > 0) {
            let product = &products[digested.product];
            let aspects: Vec<AspectView> = digested.aspects.iter().map(|aspect| view(aspect, &known)).collect();
            pages.push(OpinionPage {
                product_id: product.product_id.clone(),
                name: product.name.clone(),
                brand: product.brand.clone(),
                category: product.category.clone(),
                n_reviews: digested.n_reviews as usize,
                n_mentions: aspects.iter().map(|aspect| aspect.n as usize).sum(),
                stars_mean: None,
                share_positive: share_positive(&aspects),
                over_time: over_time(&aspects),
                summary: summary(&aspects),
                neighbours: neighbours(digested.product, products, &categories, &counts),
                aspects,
            });
        }
        stars(&mut pages, &known, products);
        pages.sort_by(|a, b| b.n_reviews.cmp(&a.n_reviews).then(a.product_id.cmp(&b.product_id)));
        Ok(Opinions { pages })
    }

    /// Aspects that any review names.
    pub(super) fn n_aspects(&self) -> usize {
        let named: std::collections::BTreeSet<&str> =
            self.pages.iter().flat_map(|page| &page.aspects).map(|aspect| aspect.key.as_str()).collect();
        named.len()
    }

    /// # Errors
    /// If the product has no reviews, or is not known.
    pub fn page(&self, product_id: &str) -> Result<&OpinionPage> {
        self.pages.iter().find(|page| page.product_id == product_id).ok_or_else(|| {
            ServiceError::not_found("product with reviews", product_id)
                .help("import its reviews (tercet import FILE --as reviews), then learn: tercet train language")
        })
    }
}

fn numbered(products: &[Product]) -> Vec<u32> {
    let mut names: Vec<&str> = products.iter().map(|product| product.category.as_deref().unwrap_or_default()).collect();
    names.sort_unstable();
    names.dedup();
    let number = |product: &Product| names.binary_search(&product.category.as_deref().unwrap_or_default());
    products.iter().map(|product| number(product).expect("each is among the names") as u32).collect()
}

fn neighbours(own: usize, products: &[Product], categories: &[u32], counts: &[usize]) -> Vec<Neighbour> {
    let is_other = |&at: &usize| at != own && categories[at] == categories[own] && counts[at] > 0;
    let mut others: Vec<usize> = (0..products.len()).filter(is_other).collect();
    others.sort_by_key(|&at| (std::cmp::Reverse(counts[at]), at));
    let shown = |at: usize| Neighbour { product_id: products[at].product_id.clone(), name: products[at].name.clone() };
    others.into_iter().take(NEIGHBOURS).map(shown).collect()
}

fn stars(pages: &mut [OpinionPage], known: &[(usize, &Review)], products: &[Product]) {
    let mut sums: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for (product, review) in known {
        if let Some(stars) = review.stars {
            let sum = sums.entry(products[*product].product_id.as_str()).or_default();
            (sum.0, sum.1) = (sum.0 + stars, sum.1 + 1.0);
        }
    }
    for page in pages {
        page.stars_mean = sums.get(page.product_id.as_str()).map(|(sum, n)| sum / n);
    }
}

fn view(aspect: &AspectOpinions, known: &[(usize, &Review)]) -> AspectView {
    let quote = |quote: &Quote, polarity: &str| {
        let review = known[quote.review].1;
        QuoteView {
            text: quote.text.clone(),
            polarity: polarity.to_owned(),
            at: review.at.0,
            stars: review.stars,
            n_alike: quote.n_alike,
        }
    };
    let praise = aspect.praise_quotes.iter().map(|one| quote(one, "positive"));
    let blame = aspect.blame_quotes.iter().map(|one| quote(one, "negative"));
    AspectView {
        key: aspect.key.to_owned(),
        label: label(aspect.aspect),
        n: aspect.n_positive + aspect.n_negative + aspect.n_mixed + aspect.n_neutral,
        positive: aspect.n_positive,
        negative: aspect.n_negative,
        mixed: aspect.n_mixed,
        share_positive: aspect.praise.value,
        low: aspect.praise.low,
        high: aspect.praise.high,
        others: aspect.against.map(|against| OthersView {
            share_positive: against.neighbours.value,
            n: against.n_neighbours,
            difference: against.difference.value,
            low: against.difference.low,
            high: against.difference.high,
            stands_out: against
                .is_told
                .then(|| if against.difference.value > 0.0 { "better" } else { "worse" }.to_owned()),
        }),
        over_time: aspect
            .months
            .iter()
            .map(|month| MonthView {
                month: format!("{:04}-{:02}", month.month.div_euclid(12), month.month.rem_euclid(12) + 1),
                positive: month.part,
                negative: month.n - month.part,
            })
            .collect(),
        quotes: praise.chain(blame).collect(),
    }
}

fn label(aspect: usize) -> Text {
    Text { zh: ASPECTS[aspect].zh.to_owned(), en: ASPECTS[aspect].en.to_owned() }
}

fn share_positive(aspects: &[AspectView]) -> f64 {
    let sum = |of: &dyn Fn(&AspectView) -> f64| aspects.iter().map(of).sum::<f64>();
    let judged = sum(&|aspect| f64::from(aspect.positive + aspect.negative + aspect.mixed));
    let praised = sum(&|aspect| f64::from(aspect.positive) + 0.5 * f64::from(aspect.mixed));
    if judged > 0.0 { praised / judged } else { 0.0 }
}

fn over_time(aspects: &[AspectView]) -> Vec<MonthView> {
    let mut months: BTreeMap<&str, (f64, f64)> = BTreeMap::new();
    for month in aspects.iter().flat_map(|aspect| &aspect.over_time) {
        let sum = months.entry(&month.month).or_default();
        (sum.0, sum.1) = (sum.0 + month.positive, sum.1 + month.negative);
    }
    let shown =
        |(month, (positive, negative)): (&str, (f64, f64))| MonthView { month: month.to_owned(), positive, negative };
    months.into_iter().map(shown).collect()
}

/// What stands out, in a sentence of each language: only what was counted.
fn summary(aspects: &[AspectView]) -> Text {
    let judged = |aspect: &&AspectView| aspect.positive + aspect.negative + aspect.mixed >= 3;
    let mut praised: Vec<&AspectView> =
        aspects.iter().filter(judged).filter(|aspect| aspect.share_positive > 0.5).collect();
    praised.sort_by(|a, b| b.low.total_cmp(&a.low));
    let mut blamed: Vec<&AspectView> =
        aspects.iter().filter(judged).filter(|aspect| aspect.share_positive < 0.5).collect();
    blamed.sort_by(|a, b| a.high.total_cmp(&b.high));
    let stands = |wanted: &'static str| {
        move |aspect: &&AspectView| {
            aspect.others.as_ref().and_then(|others| others.stands_out.as_deref()) == Some(wanted)
        }
    };
    let parts = [
        ("常被称赞：", "Praised: ", praised.into_iter().take(3).collect::<Vec<_>>()),
        ("常被抱怨：", "Criticised: ", blamed.into_iter().take(3).collect()),
        ("强于同类：", "Better than its category: ", aspects.iter().filter(stands("better")).take(3).collect()),
        ("弱于同类：", "Worse than its category: ", aspects.iter().filter(stands("worse")).take(3).collect()),
    ];
    let mut text = Text::default();
    for (zh, en, named) in parts.into_iter().filter(|part| !part.2.is_empty()) {
        let join = |of: &dyn Fn(&AspectView) -> String, by: &str| {
            named.iter().map(|aspect| of(aspect)).collect::<Vec<_>>().join(by)
        };
        text.zh += &format!("{zh}{}。", join(&|aspect| aspect.label.zh.clone(), "、"));
        let space = if text.en.is_empty() { "" } else { " " };
        text.en += &format!("{space}{en}{}.", join(&|aspect| aspect.label.en.to_lowercase(), ", "));
    }
    if text.zh.is_empty() {
        text =
            Text { zh: "评论还太少，看不出倾向。".to_owned(), en: "Too few reviews to tell.".to_owned() };
    }
    text
}

/// One product in a list of all.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpinionRow {
    pub product_id: String,
    pub name: String,
    pub brand: Option<String>,
    pub n_reviews: usize,
    pub n_mentions: usize,
    pub stars_mean: Option<f64>,
    pub share_positive: f64,
    /// Keys of the aspects most praised and most blamed; each stands on one side at most, where the balance lies.
    pub praised: Vec<String>,
    pub blamed: Vec<String>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AspectName {
    pub key: String,
    pub label: Text,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct OpinionList {
    pub total: usize,
    pub items: Vec<OpinionRow>,
    pub aspects: Vec<AspectName>,
}

/// Fewer judged mentions put a product neither among the best nor among the worst.
const JUDGED_MIN: usize = 5;

impl Opinions {
    /// Products with reviews: `sort` is reviews, best or worst.
    ///
    /// # Errors
    /// If `sort` is none of these.
    pub fn list(&self, sort: &str, offset: usize, limit: usize) -> Result<OpinionList> {
        let mut pages: Vec<&OpinionPage> = self.pages.iter().collect();
        let few = |page: &OpinionPage| page.n_mentions < JUDGED_MIN;
        match sort {
            "reviews" => {}
            "best" => pages.sort_by(|a, b| few(a).cmp(&few(b)).then(b.share_positive.total_cmp(&a.share_positive))),
            "worst" => pages.sort_by(|a, b| few(a).cmp(&few(b)).then(a.share_positive.total_cmp(&b.share_positive))),
            other => {
                let message = format!("sort is '{}'; allowed: reviews, best, worst", crate::error::clipped(other));
                return Err(ServiceError::usage("sort", message));
            }
        }
        Ok(OpinionList {
            total: pages.len(),
            items: pages.into_iter().skip(offset).take(limit).map(row).collect(),
            aspects: (0..ASPECTS.len())
                .map(|at| AspectName { key: ASPECTS[at].key.to_owned(), label: label(at) })
                .collect(),
        })
    }
}

fn row(page: &OpinionPage) -> OpinionRow {
    let (praised, blamed) = sides(&page.aspects);
    OpinionRow {
        product_id: page.product_id.clone(),
        name: page.name.clone(),
        brand: page.brand.clone(),
        n_reviews: page.n_reviews,
        n_mentions: page.n_mentions,
        stars_mean: page.stars_mean,
        share_positive: page.share_positive,
        praised,
        blamed,
    }
}

/// Keys of the aspects praised and blamed most, three each at most. What is often praised and often blamed stands where the
/// balance lies, and nowhere if it lies in the middle.
fn sides(aspects: &[AspectView]) -> (Vec<String>, Vec<String>) {
    let most = |of: &dyn Fn(&AspectView) -> u32, other: &dyn Fn(&AspectView) -> u32| {
        let mut side: Vec<&AspectView> = aspects.iter().filter(|aspect| of(aspect) > other(aspect)).collect();
        side.sort_by_key(|aspect| std::cmp::Reverse(of(aspect)));
        side.into_iter().take(3).map(|aspect| aspect.key.clone()).collect()
    };
    (
        most(&|aspect| aspect.positive, &|aspect| aspect.negative),
        most(&|aspect| aspect.negative, &|aspect| aspect.positive),
    )
}

/// What is thought of one text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Analysis {
    /// The text with what is personal hidden; every place below counts its characters.
    pub text: String,
    /// `zh`, `en`, `mixed` or `other`.
    pub language: String,
    pub sentiment: Option<SentimentView>,
    pub mentions: Vec<MentionView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SentimentView {
    /// `positive` or `negative`.
    pub label: String,
    pub probability: f64,
    /// What decided, the strongest first.
    pub words: Vec<WeightView>,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct WeightView {
    pub start: usize,
    pub end: usize,
    /// Above 0 speaks for praise.
    pub weight: f64,
}

#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MentionView {
    pub aspect: String,
    pub label: Text,
    /// `positive`, `negative` or `neutral`.
    pub polarity: String,
    pub confidence: f64,
    /// The clause, and the name of the aspect in it.
    pub start: usize,
    pub end: usize,
    pub term_start: usize,
    pub term_end: usize,
}

/// Texts longer than this, in bytes, are not analysed.
pub const TEXT_MAX: usize = 20_000;

/// Reads one text as reviews are read.
///
/// # Errors
/// If the text is empty or too long.
pub fn analyse(loaded: Option<&Loaded>, text: &str) -> Result<Analysis> {
    if text.trim().is_empty() || text.len() > TEXT_MAX {
        let message = format!("the text has {} bytes; allowed: 1 to {TEXT_MAX}", text.len());
        return Err(ServiceError::usage("text", message));
    }
    let text = language::text::mask(text).text;
    let mention = |opinion: &Opinion| {
        let (start, end) = characters(&text, &(opinion.evidence.0..opinion.evidence.1));
        let (term_start, term_end) = characters(&text, &(opinion.term.0..opinion.term.1));
        MentionView {
            aspect: ASPECTS[opinion.aspect].key.to_owned(),
            label: label(opinion.aspect),
            polarity: match opinion.polarity {
                Polarity::Positive => "positive",
                Polarity::Negative => "negative",
                Polarity::Neutral => "neutral",
            }
            .to_owned(),
            confidence: opinion.confidence,
            start,
            end,
            term_start,
            term_end,
        }
    };
    let taught = loaded.map_or(&*UNTAUGHT, |loaded| &loaded.taught);
    let mentions = taught.miner().opinions(&text).iter().map(mention).collect();
    let sentiment = loaded.and_then(|loaded| loaded.sentiment.as_ref()).map(|judge| {
        let judged = judge.predict(&text);
        let positive = judge.classes().iter().position(|class| class == "positive").unwrap_or(0);
        let words = judge.reasons(&text, positive, 12).grams.into_iter().map(|span| {
            let (start, end) = characters(&text, &(span.start..span.end));
            WeightView { start, end, weight: span.weight }
        });
        SentimentView {
            label: judge.classes()[judged.class].clone(),
            probability: judged.probability,
            words: words.collect(),
        }
    });
    let language = match language::text::detect(&text) {
        language::text::Language::SimplifiedChinese | language::text::Language::TraditionalChinese => "zh",
        language::text::Language::English => "en",
        language::text::Language::Mixed => "mixed",
        _ => "other",
    };
    Ok(Analysis { language: language.to_owned(), sentiment, mentions, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_praised_and_blamed_stands_where_the_balance_lies() {
        let aspect = |key: &str, positive, negative| AspectView {
            key: key.to_owned(),
            positive,
            negative,
            ..AspectView::default()
        };
        let aspects = [
            aspect("whole", 40, 12),
            aspect("battery", 5, 9),
            aspect("screen", 3, 3),
            aspect("price", 0, 0),
            aspect("speed", 50, 0),
        ];
        let (praised, blamed) = sides(&aspects);
        assert_eq!((praised, blamed), (vec!["speed".to_owned(), "whole".to_owned()], vec!["battery".to_owned()]));
    }
}
