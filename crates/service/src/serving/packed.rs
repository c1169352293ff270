//! A stored list in few bytes. Thousands of lists a second are kept, each with its customer's history and some ten
//! summands a product: as JSON with names they took 11 KB, now 5 before they are compressed (mean of 300 customers of the
//! simulated shop with 50,000 products). Here every product id stands once and everything else is numbers that refer to
//! it; numbers that must come back to the bit are whole.
//!
//! What is not here: what a list means; see [`StoredAnswer`].

use std::borrow::Cow;

use domain::{Cents, EventKind, Millis};
use recommend::rank::{Answer, AnswerItem, Filters, OwnEvent, Request, Term, TermName, Versions};
use rustc_hash::FxHashMap;
use serde::{Deserialize, Serialize};

use super::answer::StoredAnswer;
use crate::error::Result;

/// The layout: kinds of events and names of terms are stored by their place in their enumerations.
const FORMAT: u32 = 3;
/// Scores are multiples of 2⁻³².
const UNITS: f64 = 4_294_967_296.0;
/// Numbers per event: product, kind, milliseconds before the request, price (−1: none), bits of the weight.
const PER_EVENT: usize = 5;
/// Numbers per term: name, value in units, 1 + product, 1 + kind, milliseconds before the request, 1 + rule; 0 where there
/// is none, and a time only beside a kind.
const PER_TERM: usize = 6;

#[derive(Serialize, Deserialize)]
struct Packed<'a> {
    format: u32,
    at: i64,
    has_model: bool,
    /// Every product and every rule named, once each.
    products: Vec<Cow<'a, str>>,
    rules: Vec<Cow<'a, str>>,
    customer_id: Option<Cow<'a, str>>,
    n: usize,
    now: i64,
    region: Option<Cow<'a, str>>,
    context_product: Option<Cow<'a, str>>,
    events: Vec<i64>,
    filters: Cow<'a, Filters>,
    seed: u64,
    versions: Cow<'a, Versions>,
    /// Bits of `f64`, as all propensities.
    model_scale: u64,
    list_propensity: u64,
    fallback: Option<Cow<'a, str>>,
    n_eligible: usize,
    items: Vec<PackedItem<'a>>,
}

/// Product, price shown, propensity, whether it was drawn, the rule that pinned it, its terms.
#[derive(Serialize, Deserialize)]
struct PackedItem<'a>(usize, Option<i64>, u64, bool, Option<Cow<'a, str>>, Vec<i64>);

/// Names by number, in the order of first use.
#[derive(Default)]
struct Names<'a> {
    list: Vec<Cow<'a, str>>,
    numbers: FxHashMap<&'a str, usize>,
}

impl<'a> Names<'a> {
    fn number(&mut self, name: &'a str) -> usize {
        *self.numbers.entry(name).or_insert_with(|| {
            self.list.push(Cow::Borrowed(name));
            self.list.len() - 1
        })
    }
}

pub(super) fn write(stored: &StoredAnswer) -> Result<String> {
    let answer = &stored.answer;
    let request = &answer.request;
    let (mut products, mut rules) = (Names::default(), Names::default());
    let mut events = Vec::with_capacity(PER_EVENT * request.events.len());
    for event in &request.events {
        let age = request.now.0.wrapping_sub(event.at.0);
        let price = event.price_cents.map_or(-1, |price| price.0);
        let product = products.number(&event.product_id) as i64;
        events.extend([product, event.kind as i64, age, price, i64::from(event.weight.to_bits())]);
    }
    let mut items = Vec::with_capacity(answer.items.len());
    for (item, price_cents) in answer.items.iter().zip(&stored.prices_cents) {
        let mut terms = Vec::with_capacity(PER_TERM * item.terms.len());
        for term in &item.terms {
            let product = term.product_id.as_deref().map_or(0, |id| 1 + products.number(id) as i64);
            let kind = term.kind.map_or(0, |kind| 1 + kind as i64);
            let age = term.at.map_or(0, |at| request.now.0.wrapping_sub(at.0));
            let rule = term.rule.as_deref().map_or(0, |rule| 1 + rules.number(rule) as i64);
            terms.extend([term.name as i64, (term.value * UNITS) as i64, product, kind, age, rule]);
        }
        let product = products.number(&item.product_id);
        let pinned_by = item.pinned_by.as_deref().map(Cow::Borrowed);
        items.push(PackedItem(product, *price_cents, item.propensity.to_bits(), item.explored, pinned_by, terms));
    }
    let packed = Packed {
        format: FORMAT,
        at: stored.at,
        has_model: stored.has_model,
        products: products.list,
        rules: rules.list,
        customer_id: request.customer_id.as_deref().map(Cow::Borrowed),
        n: request.n,
        now: request.now.0,
        region: request.region.as_deref().map(Cow::Borrowed),
        context_product: request.context_product.as_deref().map(Cow::Borrowed),
        events,
        filters: Cow::Borrowed(&request.filters),
        seed: request.seed,
        versions: Cow::Borrowed(&answer.versions),
        model_scale: answer.model_scale.to_bits(),
        list_propensity: answer.list_propensity.to_bits(),
        fallback: answer.fallback.as_deref().map(Cow::Borrowed),
        n_eligible: answer.n_eligible,
        items,
    };
    Ok(serde_json::to_string(&packed)?)
}

/// `None` when the text is not such a list.
pub(super) fn read(body: &str) -> Option<StoredAnswer> {
    let packed: Packed = serde_json::from_str(body).ok()?;
    if packed.format != FORMAT {
        return None;
    }
    let (products, rules) = (&packed.products, &packed.rules);
    let prices_cents = packed.items.iter().map(|item| item.1).collect();
    let items =
        packed.items.iter().zip(1..).map(|(item, position)| unpacked(item, position, packed.now, products, rules));
    let items = items.collect::<Option<Vec<AnswerItem>>>()?;
    let events = packed.events.chunks(PER_EVENT).map(|event| own_event(event, packed.now, products));
    let request = Request {
        events: events.collect::<Option<_>>()?,
        customer_id: packed.customer_id.map(Cow::into_owned),
        n: packed.n,
        now: Millis(packed.now),
        region: packed.region.map(Cow::into_owned),
        context_product: packed.context_product.map(Cow::into_owned),
        filters: packed.filters.into_owned(),
        seed: packed.seed,
    };
    let answer = Answer {
        request,
        versions: packed.versions.into_owned(),
        model_scale: f64::from_bits(packed.model_scale),
        fallback: packed.fallback.map(Cow::into_owned),
        n_eligible: packed.n_eligible,
        items,
        list_propensity: f64::from_bits(packed.list_propensity),
    };
    Some(StoredAnswer { at: packed.at, has_model: packed.has_model, prices_cents, answer })
}

fn own_event(numbers: &[i64], now: i64, products: &[Cow<str>]) -> Option<OwnEvent> {
    let &[product, kind, age, price, weight] = numbers else { return None };
    Some(OwnEvent {
        product_id: named(products, product)?,
        kind: *EventKind::ALL.get(usize::try_from(kind).ok()?)?,
        at: Millis(now.wrapping_sub(age)),
        price_cents: (price >= 0).then_some(Cents(price)),
        weight: f32::from_bits(u32::try_from(weight).ok()?),
    })
}

fn unpacked(
    item: &PackedItem,
    position: usize,
    now: i64,
    products: &[Cow<str>],
    rules: &[Cow<str>],
) -> Option<AnswerItem> {
    let PackedItem(product, _, propensity, explored, pinned_by, terms) = item;
    let terms: Vec<Term> =
        terms.chunks(PER_TERM).map(|term| unpacked_term(term, now, products, rules)).collect::<Option<_>>()?;
    Some(AnswerItem {
        product_id: products.get(*product)?.clone().into_owned(),
        position,
        score: terms.iter().map(|term| term.value).sum(),
        propensity: f64::from_bits(*propensity),
        explored: *explored,
        pinned_by: pinned_by.clone().map(Cow::into_owned),
        terms,
    })
}

fn unpacked_term(numbers: &[i64], now: i64, products: &[Cow<str>], rules: &[Cow<str>]) -> Option<Term> {
    let &[name, value, product, kind, age, rule] = numbers else { return None };
    let number = |one_more: i64| (one_more != 0).then(|| one_more.wrapping_sub(1));
    // The outer option is whether the number makes sense, the inner one whether there is anything.
    let optional = |names: &[Cow<str>], number: Option<i64>| match number {
        None => Some(None),
        Some(number) => named(names, number).map(Some),
    };
    Some(Term {
        name: *TermName::ALL.get(usize::try_from(name).ok()?)?,
        value: value as f64 / UNITS,
        product_id: optional(products, number(product))?,
        kind: match number(kind) {
            None => None,
            Some(kind) => Some(*EventKind::ALL.get(usize::try_from(kind).ok()?)?),
        },
        at: (kind != 0).then(|| Millis(now.wrapping_sub(age))),
        rule: optional(rules, number(rule))?,
    })
}

fn named(names: &[Cow<str>], number: i64) -> Option<String> {
    Some(names.get(usize::try_from(number).ok()?)?.clone().into_owned())
}

#[cfg(test)]
mod tests {
    use domain::Day;

    use super::*;

    fn term(name: TermName, units: i64, product: Option<&str>, at: Option<i64>, rule: Option<&str>) -> Term {
        Term {
            name,
            value: units as f64 / UNITS,
            product_id: product.map(str::to_owned),
            kind: product.map(|_| EventKind::Purchase),
            at: at.map(Millis),
            rule: rule.map(str::to_owned),
        }
    }

    fn stored() -> StoredAnswer {
        let now = 1_780_000_000_000;
        let event = |id: &str, kind, at, price: Option<i64>, weight| OwnEvent {
            product_id: id.to_owned(),
            kind,
            at: Millis(at),
            price_cents: price.map(Cents),
            weight,
        };
        // Every name there is, with every kind of origin.
        let terms = TermName::ALL.iter().zip(0i64..).map(|(&name, at)| match at % 4 {
            0 => term(name, 1 - at * 3, None, None, None),
            1 => term(name, i64::MAX >> 14, Some("laptop \"15\""), Some(now - at), None),
            2 => term(name, at, Some("unbekannt-ü"), Some(now), Some("Rule 1")),
            _ => term(name, -7, None, None, Some("规则")),
        });
        let terms: Vec<Term> = terms.collect();
        let item = |id: &str, position, propensity, terms: Vec<Term>| AnswerItem {
            product_id: id.to_owned(),
            position,
            score: terms.iter().map(|term| term.value).sum(),
            propensity,
            explored: position == 2,
            pinned_by: (position == 1).then(|| "Rule 1".to_owned()),
            terms,
        };
        let request = Request {
            customer_id: Some("c1".to_owned()),
            n: 2,
            now: Millis(now),
            region: Some("North".to_owned()),
            context_product: Some("laptop \"15\"".to_owned()),
            events: EventKind::ALL
                .iter()
                .zip(0..)
                .map(|(&kind, at)| event("laptop \"15\"", kind, now + 5 - at, (at > 2).then_some(at), 0.1 * at as f32))
                .collect(),
            filters: Filters { brands: vec!["a".to_owned()], ..Filters::default() },
            seed: u64::MAX,
        };
        let versions = Versions {
            model: "m".to_owned(),
            card: "rp3beta".to_owned(),
            policy: "p".to_owned(),
            catalogue: "c".to_owned(),
            knowledge: "k".to_owned(),
            popularity: String::new(),
            today: Day(20_000),
        };
        let answer = Answer {
            request,
            versions,
            model_scale: 0.1 + 0.2,
            fallback: None,
            n_eligible: 9,
            items: vec![item("a", 1, 1.0, terms), item("b", 2, 0.1 + 0.7, vec![])],
            list_propensity: 0.1 + 0.7,
        };
        StoredAnswer { at: now, has_model: true, prices_cents: vec![Some(5), None], answer }
    }

    #[test]
    fn a_list_comes_back_to_the_bit() {
        let stored = stored();
        let body = write(&stored).unwrap();
        assert_eq!(read(&body), Some(stored));
    }

    #[test]
    fn enumerations_stand_in_the_order_of_their_numbers() {
        assert!(TermName::ALL.iter().enumerate().all(|(at, name)| *name as usize == at));
        assert!(EventKind::ALL.iter().enumerate().all(|(at, kind)| *kind as usize == at));
    }

    #[test]
    fn what_is_no_list_is_refused() {
        let body = write(&stored()).unwrap();
        for (from, to) in [
            ("\"format\":3", "\"format\":2"),
            ("\"events\":[0,", "\"events\":[99,"),
            ("\"events\":[0,", "\"events\":["),
            ("\"events\":[0,0,", "\"events\":[0,-1,"),
            ("\"items\":[[", "\"items\":[[900000,"),
        ] {
            let damaged = body.replacen(from, to, 1);
            assert_ne!(damaged, body, "{from}");
            assert_eq!(read(&damaged), None, "{from} → {to}");
        }
        assert_eq!(read("{}"), None);
    }
}
