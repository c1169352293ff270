//! What a plan lets a text say of each of its points, in one language: as lists show it, and as checks know it word for word.
//! The grammar puts sentences around these words; it adds no claim.

use math::random::Random;
use serde::{Deserialize, Serialize};

use super::phrases;
use crate::brief::Lang;
use crate::plan::{Claim, Evidence, Plan, Point};

/// What kind of statement it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Said {
    /// The thing itself: `16GB内存`.
    Noun,
    /// What it is good for.
    Use,
    /// How it compares with the shop's other products.
    Comparison,
    /// What is better than in the predecessor.
    Gain,
    /// How many reviews praise it.
    Opinion,
    /// What it goes with.
    Fit,
}

/// Words that rest on something.
#[derive(Clone, Debug, PartialEq)]
pub struct Statement {
    /// The key of the plan's point.
    pub key: String,
    pub said: Said,
    pub text: String,
    pub evidence: Evidence,
}

/// All statements of a plan in the order of its points; of a noun one form, of the others every form that the grammar may take.
pub fn statements(plan: &Plan, lang: Lang) -> Vec<Statement> {
    plan.points.iter().flat_map(|point| of_point(plan, point, lang)).collect()
}

fn of_point(plan: &Plan, point: &Point, lang: Lang) -> Vec<Statement> {
    let mut found: Vec<(Said, String, &Evidence)> = Vec::new();
    // The first form of a noun.
    let noun = phrases::noun(point, lang, &mut Random::new(0)).map(|text| text.replace("a(n) ", ""));
    match &point.claim {
        Claim::Spec { evidence, standing, change, use_of, .. } => {
            found.extend(noun.map(|text| (Said::Noun, text, evidence)));
            if let Some((_, evidence)) = use_of {
                found.extend(phrases::uses(point, lang).into_iter().map(|text| (Said::Use, text.to_owned(), evidence)));
            }
            if let (Some((_, evidence)), Some(text)) = (standing, phrases::comparison(point, lang, plan.kind)) {
                found.push((Said::Comparison, text, evidence));
            }
            if let Some((_, evidence)) = change {
                let ways = [phrases::gain(point, lang), phrases::rise(point, lang)];
                found.extend(ways.into_iter().flatten().map(|text| (Said::Gain, text, evidence)));
            }
        }
        Claim::Feature { evidence, .. } => {
            found.extend(noun.map(|text| (Said::Noun, text, evidence)));
            found.extend(phrases::uses(point, lang).into_iter().map(|text| (Said::Use, text.to_owned(), evidence)));
        }
        Claim::Opinion { evidence, .. } => {
            let ways = phrases::opinions(point, lang).into_iter().flatten();
            found.extend(ways.map(|text| (Said::Opinion, text, evidence)));
        }
        Claim::Fit { device, evidence } => found.push((Said::Fit, device.clone(), evidence)),
    }
    let statement = |(said, text, evidence): (Said, String, &Evidence)| Statement {
        key: point.key.clone(),
        said,
        text,
        evidence: evidence.clone(),
    };
    found.into_iter().map(statement).collect()
}

#[cfg(test)]
mod tests {
    use domain::{Cents, Product};

    use super::*;
    use crate::brief::Brief;
    use crate::plan::{Market, Opinion};

    #[test]
    fn every_point_is_told_with_what_it_rests_on() {
        let phone = |id: &str, memory: &str| Product {
            product_id: id.into(),
            name: format!("Sirra {id}"),
            category: Some("Phones/Smartphones".into()),
            price_cents: Some(Cents(399_900)),
            specs: [("memory".to_owned(), memory.to_owned())].into(),
            ..Product::default()
        };
        let (older, newer) = (phone("4", "8 GB"), phone("5", "12 GB"));
        let opinions = [Opinion {
            aspect: "screen".into(),
            label_zh: "屏幕".into(),
            label_en: "Screen".into(),
            n_praise: 38,
            n_reviews: 42,
        }];
        let brief = Brief { products: vec![newer], ..Brief::default() };
        let market = Market { predecessor: Some(&older), opinions: &opinions, ..Market::default() };
        let all = statements(&Plan::new(&brief, &market), Lang::Zh);
        let of = |said: Said| all.iter().filter(|one| one.said == said).collect::<Vec<_>>();
        assert_eq!(of(Said::Noun)[0].text, "12GB内存");
        assert!(of(Said::Gain)[0].text.contains("4GB") && !of(Said::Use).is_empty());
        assert_eq!(of(Said::Opinion).len(), 3);
        assert!(of(Said::Opinion).iter().all(|one| one.text.contains("38") && one.key == "opinion:screen"));
        assert!(matches!(of(Said::Gain)[0].evidence, Evidence::Predecessor { .. }));
    }
}
