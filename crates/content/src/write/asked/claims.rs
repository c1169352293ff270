//! What a language model may say of a task: numbered claims, each with words that bear it and what it rests on, and the fields that
//! it is asked for.

use std::collections::BTreeMap;

use super::super::{Said, Task, phrases, statements};
use crate::channel::{FieldCard, Part};
use crate::plan::{Claim, Evidence, Point};

/// Points that a model is told.
const POINTS_MAX: usize = 12;

/// A task as a language model is asked for it.
#[derive(Debug)]
pub struct Asked<'a> {
    pub(super) task: &'a Task<'a>,
    pub(super) claims: Vec<ClaimLine>,
    /// Words that may stand anywhere: names.
    pub(super) names: Vec<(String, Evidence)>,
    pub(super) fields: Vec<&'static FieldCard>,
}

/// One claim.
#[derive(Clone, Debug)]
pub(super) struct ClaimLine {
    /// What it is about: `memory`, `offer`.
    pub key: String,
    /// Told to the model; what has to stand word for word is marked.
    pub told: Vec<(String, bool)>,
    /// Words that bear it, each with what it rests on.
    pub words: Vec<(String, Evidence)>,
}

/// What a language model is asked for; none if the channel has no field of free text.
pub fn asked<'a>(task: &'a Task<'a>) -> Option<Asked<'a>> {
    let is_free = |card: &&FieldCard| {
        matches!(
            card.part,
            Part::Headline
                | Part::Subline
                | Part::Point(_)
                | Part::Short
                | Part::Body
                | Part::Scene(_)
                | Part::Action
                | Part::Question
        )
    };
    let fields: Vec<&'static FieldCard> = task.channel.fields.iter().filter(is_free).collect();
    let claims = points(task).into_iter().chain(offer(task)).collect();
    (!fields.is_empty()).then(|| Asked { task, claims, names: names(task), fields })
}

fn points(task: &Task) -> Vec<ClaimLine> {
    let (lang, plan) = (task.brief.lang, task.plan);
    let mut by_key: BTreeMap<String, Vec<super::super::Statement>> = BTreeMap::new();
    for statement in statements(plan, lang) {
        by_key.entry(statement.key.clone()).or_default().push(statement);
    }
    let line = |point: &Point| {
        let own = by_key.remove(&point.key)?;
        let mut told: Vec<(String, bool)> = Vec::new();
        for one in &own {
            // Of several ways to say an opinion or a use one is told.
            let is_again = own.iter().take_while(|other| *other != one).any(|other| other.said == one.said);
            if !is_again {
                told.push((
                    one.text.clone(),
                    matches!(one.said, Said::Comparison | Said::Gain | Said::Opinion | Said::Use),
                ));
            }
        }
        let mut words: Vec<(String, Evidence)> =
            own.iter().map(|one| (one.text.clone(), one.evidence.clone())).collect();
        words.extend(values(point, lang));
        Some(ClaimLine { key: point.key.clone(), told, words })
    };
    plan.points.iter().filter_map(line).take(POINTS_MAX).collect()
}

/// The bare value of a spec, and its nouns in every form.
fn values(point: &Point, lang: crate::brief::Lang) -> Vec<(String, Evidence)> {
    let (Claim::Spec { evidence, .. } | Claim::Feature { evidence, .. }) = &point.claim else { return Vec::new() };
    let mut all: Vec<String> = phrases::nouns(point, lang).into_iter().map(|noun| noun.replace("a(n) ", "")).collect();
    if let Claim::Spec { fact, .. } = &point.claim {
        all.extend([fact.reading.zh.clone(), fact.reading.en.clone()]);
    }
    all.into_iter().map(|text| (text, evidence.clone())).collect()
}

fn offer(task: &Task) -> Vec<ClaimLine> {
    let (brief, plan) = (task.brief, task.plan);
    let (lang, currency) = (brief.lang, brief.currency.as_str());
    let money = |cents| phrases::money(cents, currency, lang);
    let part = |part: &str, value: String| Evidence::Offer { part: part.to_owned(), value };
    let mut lines = Vec::new();
    let mut add = |key: &str, told: String, text: String, evidence: Evidence| {
        lines.push(ClaimLine { key: key.to_owned(), told: vec![(told, false)], words: vec![(text, evidence)] });
    };
    let offer = brief.offer.clone().unwrap_or_default();
    let list = plan.price_cents.map(|cents| {
        let evidence = Evidence::Field {
            product_id: plan.product_id.clone(),
            field: "price_cents".into(),
            value: cents.to_string(),
        };
        (money(cents), evidence)
    });
    if let Some(price) = offer.price_cents {
        let text = money(price);
        add(
            "offer",
            format!("{}{text}", lang.choose("现价 ", "price now ")),
            text,
            part("price_cents", price.to_string()),
        );
    }
    if let Some((text, evidence)) = list {
        let label = if offer.price_cents.is_some() {
            lang.choose("标价 ", "list price ")
        } else {
            lang.choose("价格 ", "price ")
        };
        add("price", format!("{label}{text}"), text, evidence);
    }
    if let Some(coupon) = offer.coupon {
        add("coupon", format!("{}{coupon}", lang.choose("优惠码 ", "code ")), coupon.clone(), part("coupon", coupon));
    }
    if let Some(off) = offer.coupon_off_cents {
        let text = money(off);
        let evidence = part("coupon_off_cents", off.to_string());
        add("coupon_off", format!("{}{text}", lang.choose("用券减 ", "off with the code ")), text, evidence);
    }
    if let Some(gift) = offer.gift {
        add("gift", format!("{}{gift}", lang.choose("赠品 ", "gift ")), gift.clone(), part("gift", gift));
    }
    if let Some((day, text)) =
        offer.ends_on.and_then(|day| Some((day, phrases::last_day(day, task.brief.today, lang)?)))
    {
        add("ends", format!("{}{text}", lang.choose("截止 ", "ends on ")), text, part("ends_on", day.to_string()));
    }
    lines
}

fn names(task: &Task) -> Vec<(String, Evidence)> {
    let plan = task.plan;
    let field = |id: &str, field: &str, value: &str| Evidence::Field {
        product_id: id.to_owned(),
        field: field.to_owned(),
        value: value.to_owned(),
    };
    let mut all: Vec<(String, Evidence)> =
        [&plan.name, &plan.short].map(|name| (name.clone(), field(&plan.product_id, "name", &plan.name))).into();
    all.extend(plan.brand.iter().map(|brand| (brand.clone(), field(&plan.product_id, "brand", brand))));
    all.extend(plan.predecessor.iter().chain(&plan.others).map(|(id, name)| (name.clone(), field(id, "name", name))));
    let owned = |name: &String| Evidence::Brief { part: "audience.owned".into(), value: name.clone() };
    all.extend(plan.owned.iter().map(|name| (name.clone(), owned(name))));
    all
}
