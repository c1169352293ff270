//! Opinions added up per product: what is praised and blamed how often, how sure that is, how it stands against
//! neighbours, how it changes over months, and in whose words. Which opinions there are is found before.

use serde::Serialize;

use super::aspects::ASPECTS;
use super::extract::{Opinion, Polarity};
use super::quotes::{Quote, choose};
use super::stats::{
    Change, Difference, Month, Share, Trend, change, difference, prior_strength, q_values, trend, wilson,
};
use crate::LanguageError;

/// A review and what it says.
#[derive(Clone, Debug)]
pub struct Review<'a> {
    /// Index of the product.
    pub product: usize,
    /// Months since the year 0: year · 12 + month − 1.
    pub month: i32,
    pub text: &'a str,
    pub opinions: Vec<Opinion>,
}

/// What is asked for.
pub struct Wanted<'a> {
    /// The category of each product. Shape: (n_products).
    pub categories: &'a [u32],
    /// The products that each is compared with; none given: the others of its category.
    pub neighbours: Option<&'a [Vec<usize>]>,
    /// Hides what is personal in quotes; a quote's text is what this makes of it.
    pub mask: &'a (dyn Fn(&str) -> String + Sync),
    pub n_quotes: usize,
    /// The share of false differences among those told.
    pub false_share: f64,
    /// Changes less sure than this are not told.
    pub p_max: f64,
}

/// How a product's aspect is spoken of.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct AspectOpinions {
    /// Into [`ASPECTS`].
    #[serde(skip)]
    pub aspect: usize,
    pub key: &'static str,
    /// Reviews that praise it, blame it, do both, or name it without either.
    pub n_positive: u32,
    pub n_negative: u32,
    pub n_mixed: u32,
    pub n_neutral: u32,
    /// Of reviews that praise or blame, those that praise; both counts half. 95 %, Wilson.
    pub praise: Share,
    /// The same drawn towards the category, by as much as its products resemble each other.
    pub praise_shrunk: f64,
    /// Of the product's reviews, those that name it.
    pub named: Share,
    /// Against the neighbours' reviews together; none without both.
    pub against: Option<Against>,
    /// Months with reviews that praise or blame, in order.
    pub months: Vec<Month>,
    pub trend: Option<Trend>,
    pub change: Option<Change>,
    pub praise_quotes: Vec<Quote>,
    pub blame_quotes: Vec<Quote>,
}

/// A product against its neighbours.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Against {
    pub neighbours: Share,
    pub n_neighbours: u32,
    /// The product's share minus the neighbours'.
    pub difference: Difference,
    /// The least share of false differences at which this one would be told, over all products and aspects.
    pub q: f64,
    pub is_told: bool,
}

/// All of a product's.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ProductOpinions {
    pub product: usize,
    pub n_reviews: u32,
    /// Those that any review names, the most named first.
    pub aspects: Vec<AspectOpinions>,
}

/// Room for each product's counts.
const ASPECTS_MAX: usize = 32;
const _: () = assert!(ASPECTS.len() <= ASPECTS_MAX);

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    positive: u32,
    negative: u32,
    mixed: u32,
    neutral: u32,
}

impl Counts {
    fn add(&mut self, polarities: Said) {
        match (polarities.praised, polarities.blamed) {
            (true, true) => self.mixed += 1,
            (true, false) => self.positive += 1,
            (false, true) => self.negative += 1,
            (false, false) => self.neutral += 1,
        }
    }

    fn n(&self) -> f64 {
        f64::from(self.positive + self.negative + self.mixed)
    }

    fn part(&self) -> f64 {
        f64::from(self.positive) + 0.5 * f64::from(self.mixed)
    }
}

/// What one review says of one aspect.
#[derive(Clone, Copy, Debug, Default)]
struct Said {
    named: bool,
    praised: bool,
    blamed: bool,
}

/// One entry a product, in the order of their numbers.
///
/// # Errors
/// If a review's product has no category, lists do not fit, or opinions are not of their review's text.
pub fn digest(reviews: &[Review], wanted: &Wanted) -> Result<Vec<ProductOpinions>, LanguageError> {
    check(reviews, wanted)?;
    let (n_products, n_aspects) = (wanted.categories.len(), ASPECTS.len());
    let mut counts = vec![[Counts::default(); ASPECTS_MAX]; n_products];
    let mut own: Vec<Vec<usize>> = vec![Vec::new(); n_products];
    let mut said_of: Vec<Vec<Said>> = Vec::with_capacity(reviews.len());
    for (at, review) in reviews.iter().enumerate() {
        own[review.product].push(at);
        let said = by_aspect(review, n_aspects);
        for (aspect, said) in said.iter().enumerate().filter(|(_, said)| said.named) {
            counts[review.product][aspect].add(*said);
        }
        said_of.push(said);
    }
    let priors = priors(&counts, wanted.categories, n_aspects);
    let mut products: Vec<ProductOpinions> = Vec::with_capacity(n_products);
    for product in 0..n_products {
        let neighbours = neighbours_of(product, wanted);
        let mut aspects = Vec::new();
        for aspect in 0..n_aspects {
            let count = counts[product][aspect];
            let n_named = count.positive + count.negative + count.mixed + count.neutral;
            if n_named == 0 {
                continue;
            }
            let mine = own[product].iter().filter(|&&at| said_of[at][aspect].named);
            let months = months(mine.map(|&at| (reviews[at].month, said_of[at][aspect])));
            let (mean, strength) = priors[wanted.categories[product] as usize][aspect];
            let quotes = |polarity| {
                let texts = own[product].iter().map(|&at| (at, &reviews[at]));
                choose(texts, aspect, polarity, wanted.n_quotes, wanted.mask)
            };
            aspects.push(AspectOpinions {
                aspect,
                key: ASPECTS[aspect].key,
                n_positive: count.positive,
                n_negative: count.negative,
                n_mixed: count.mixed,
                n_neutral: count.neutral,
                praise: wilson(count.part(), count.n()),
                praise_shrunk: (count.part() + strength * mean) / (count.n() + strength),
                named: wilson(f64::from(n_named), own[product].len() as f64),
                against: against(&count, neighbours.iter().map(|&other| counts[other][aspect])),
                trend: trend(&months),
                change: change(&months, wanted.p_max),
                months,
                praise_quotes: quotes(Polarity::Positive),
                blame_quotes: quotes(Polarity::Negative),
            });
        }
        aspects.sort_by(|x, y| y.named.value.total_cmp(&x.named.value));
        products.push(ProductOpinions { product, n_reviews: own[product].len() as u32, aspects });
    }
    tell(&mut products, wanted.false_share);
    Ok(products)
}

fn check(reviews: &[Review], wanted: &Wanted) -> Result<(), LanguageError> {
    let n = wanted.categories.len();
    if let Some(review) = reviews.iter().find(|review| review.product >= n) {
        return Err(LanguageError::unfit("product of a review", review.product, format!("below {n}")));
    }
    if let Some(category) = wanted.categories.iter().find(|&&category| category as usize >= n.max(1)) {
        return Err(LanguageError::unfit("category", category, format!("below the number of products, {n}")));
    }
    if let Some(neighbours) = wanted.neighbours {
        let is_known = neighbours.iter().flatten().all(|&other| other < n);
        if neighbours.len() != n || !is_known {
            return Err(LanguageError::unfit(
                "neighbours",
                neighbours.len(),
                format!("a list of products for each of {n}"),
            ));
        }
    }
    for review in reviews {
        let is_part = |range: (usize, usize)| review.text.get(range.0..range.1).is_some();
        let is_sound =
            |opinion: &Opinion| is_part(opinion.evidence) && is_part(opinion.term) && opinion.aspect < ASPECTS.len();
        if let Some(bad) = review.opinions.iter().find(|opinion| !is_sound(opinion)) {
            let allowed = format!("an aspect below {} and bytes of a text of {}", ASPECTS.len(), review.text.len());
            return Err(LanguageError::unfit("opinion", format!("{} at {:?}", bad.aspect, bad.evidence), allowed));
        }
    }
    Ok(())
}

fn by_aspect(review: &Review, n_aspects: usize) -> Vec<Said> {
    let mut said = vec![Said::default(); n_aspects];
    for opinion in &review.opinions {
        let said = &mut said[opinion.aspect];
        said.named = true;
        said.praised |= opinion.polarity == Polarity::Positive;
        said.blamed |= opinion.polarity == Polarity::Negative;
    }
    said
}

/// For each category and aspect the mean share of praise, and the number of reviews that it is worth.
fn priors(counts: &[[Counts; ASPECTS_MAX]], categories: &[u32], n_aspects: usize) -> Vec<Vec<(f64, f64)>> {
    let n_categories = categories.iter().max().map_or(0, |&last| last as usize + 1);
    let mut members: Vec<Vec<usize>> = vec![Vec::new(); n_categories];
    categories.iter().enumerate().for_each(|(product, &category)| members[category as usize].push(product));
    let of = |members: &Vec<usize>, aspect: usize| {
        let counts: Vec<(f64, f64)> =
            members.iter().map(|&product| (counts[product][aspect].part(), counts[product][aspect].n())).collect();
        let (part, n) = counts.iter().fold((0.0, 0.0), |sum, count| (sum.0 + count.0, sum.1 + count.1));
        // One review of each kind, so that nothing is certain.
        ((part + 1.0) / (n + 2.0), prior_strength(&counts))
    };
    members.iter().map(|members| (0..n_aspects).map(|aspect| of(members, aspect)).collect()).collect()
}

fn neighbours_of(product: usize, wanted: &Wanted) -> Vec<usize> {
    match wanted.neighbours {
        Some(lists) => lists[product].iter().copied().filter(|&other| other != product).collect(),
        None => {
            let same = |other: &usize| wanted.categories[*other] == wanted.categories[product] && *other != product;
            (0..wanted.categories.len()).filter(same).collect()
        }
    }
}

fn against(own: &Counts, others: impl Iterator<Item = Counts>) -> Option<Against> {
    let (part, n) = others.fold((0.0, 0.0), |sum, other| (sum.0 + other.part(), sum.1 + other.n()));
    let difference = difference(own.part(), own.n(), part, n)?;
    Some(Against { neighbours: wilson(part, n), n_neighbours: n as u32, difference, q: 1.0, is_told: false })
}

fn months(said: impl Iterator<Item = (i32, Said)>) -> Vec<Month> {
    let mut counts: std::collections::BTreeMap<i32, Counts> = std::collections::BTreeMap::new();
    said.for_each(|(month, said)| counts.entry(month).or_default().add(said));
    let months = counts.into_iter().map(|(month, count)| Month { month, n: count.n(), part: count.part() });
    months.filter(|month| month.n > 0.0).collect()
}

/// Over all products and aspects, so that many comparisons do not find differences by their number.
fn tell(products: &mut [ProductOpinions], false_share: f64) {
    let all = || products.iter().flat_map(|product| &product.aspects).filter_map(|aspect| aspect.against);
    let qs = q_values(&all().map(|against| against.difference.p).collect::<Vec<f64>>());
    let places = products.iter_mut().flat_map(|product| &mut product.aspects).filter_map(|a| a.against.as_mut());
    for (against, q) in places.zip(qs) {
        against.q = q;
        against.is_told = q <= false_share;
    }
}
