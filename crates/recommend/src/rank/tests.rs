//! Laws of the ranker, on random shops: what is filtered never shows, lists are full, caps hold, sums are exact,
//! propensities are those of simulation, answers replay.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Cents, Day, EventKind, Millis, Product};
use math::Random;
use proptest::prelude::*;

use super::*;
use crate::retail::{Bundles, Cycle, CycleOrigin, Cycles, FitPairs, Knowledge, Successors};
use crate::testing::ByTable;

const TODAY: Day = Day(1000);
const DAY_MILLIS: i64 = 86_400_000;

fn product(at: usize) -> Product {
    Product {
        product_id: format!("p{at}"),
        name: format!("Product {at}"),
        brand: Some(format!("brand {}", at % 3)),
        category: Some(format!("top {}/leaf {}", at % 2, at % 4)),
        price_cents: Some(Cents(1000 + 100 * at as i64)),
        cost_cents: Some(Cents(700)),
        stock: Some((at % 7) as i64),
        retired_on: (at % 11 == 3).then_some(Day(999)),
        ..Product::default()
    }
}

/// A model whose weights are random but the same for the same seed.
fn model(n: usize, seed: u64) -> Arc<ByTable> {
    let mut random = Random::new(seed);
    Arc::new(ByTable::new((0..n).map(|_| (0..n).map(|_| random.uniform() as f32).collect()).collect()))
}

fn ranker_of(products: Vec<Product>, knowledge: Knowledge, policy: Policy, seed: u64) -> Ranker {
    let parts = RankerParts {
        model: model(products.len(), seed),
        model_version: format!("v{seed}"),
        content: None,
        cold: None,
        catalogue: Arc::new(Catalogue::new(products)),
        knowledge: Arc::new(knowledge),
        policy,
        today: TODAY,
    };
    Ranker::new(parts).unwrap()
}

fn ranker(n_items: usize, policy: Policy, seed: u64) -> Ranker {
    let n_customers_of_item = (0..n_items as u32).collect();
    let knowledge = Knowledge { n_customers_of_item, ..Knowledge::default() };
    ranker_of((0..n_items).map(product).collect(), knowledge, policy, seed)
}

fn event(item: usize, kind: EventKind, age_days: i64) -> OwnEvent {
    let at = Millis((i64::from(TODAY.0) - age_days) * DAY_MILLIS);
    let weight = if matches!(kind, EventKind::Uncart | EventKind::Return) { 0.0 } else { 1.0 };
    OwnEvent { product_id: format!("p{item}"), kind, at, price_cents: Some(Cents(9000)), weight }
}

fn request(n: usize, events: Vec<OwnEvent>) -> Request {
    Request { n, now: Millis(i64::from(TODAY.0) * DAY_MILLIS), events, seed: 1, ..Request::default() }
}

fn shown(answer: &Answer) -> Vec<&str> {
    answer.items.iter().map(|item| item.product_id.as_str()).collect()
}

fn exploring(kind: &str) -> Policy {
    Policy::default().with(&EXPLORATION, "kind", kind)
}

fn cap(name: &str, by: CapBy, max: usize) -> Rule {
    Rule {
        by: Some(by),
        max: Some(max),
        depth: Some(9).filter(|_| by == CapBy::Category),
        ..Rule::new(name, Action::Cap)
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn lists_are_full_allowed_exact_and_repeatable(
        n_items in 5usize..60, n in 1usize..20, seed in 0u64..1000, kind in 0usize..3,
        own in proptest::collection::vec((0usize..60, 0usize..9, 0i64..900), 0..8),
        excluded in proptest::collection::vec(0usize..60, 0..5),
        brand in proptest::option::of(0usize..4), price_max in proptest::option::of(1000i64..6000),
    ) {
        let policy = exploring(["none", "slots", "plackett_luce"][kind]).with(&MARGIN, "weight", 0.3);
        let ranker = ranker(n_items, policy, seed);
        let events = own.iter().map(|&(item, kind, age)| event(item, EventKind::ALL[kind], age)).collect();
        let mut request = request(n, events);
        request.seed = seed;
        request.filters = Filters {
            exclude: excluded.iter().map(|item| format!("p{item}")).collect(),
            brands: brand.iter().map(|brand| format!("BRAND {brand}")).collect(),
            price_max_cents: price_max.map(Cents),
            ..Filters::default()
        };
        let answer = ranker.recommend(&request).unwrap();
        answer.audit().unwrap();
        let terms_owned: BTreeMap<String, bool> = owned(&request.events);
        let allowed = |at: usize| {
            let product = product(at);
            product.stock != Some(0) && product.retired_on.is_none()
                && !request.filters.exclude.contains(&product.product_id)
                && brand.is_none_or(|brand| brand == at % 3)
                && price_max.is_none_or(|max| product.price_cents.unwrap().0 <= max)
                && !terms_owned.get(&product.product_id).copied().unwrap_or(false)
        };
        let n_allowed = (0..n_items).filter(|&at| allowed(at)).count();
        prop_assert_eq!(answer.n_eligible, n_allowed);
        prop_assert_eq!(answer.items.len(), n.min(n_allowed));
        let mut seen = shown(&answer);
        prop_assert!(seen.iter().all(|id| allowed(id[1..].parse().unwrap())));
        seen.sort_unstable();
        seen.dedup();
        prop_assert_eq!(seen.len(), answer.items.len());
        prop_assert_eq!(&ranker.replay(&answer).unwrap(), &answer);
        let stored: Answer = serde_json::from_str(&serde_json::to_string(&answer).unwrap()).unwrap();
        prop_assert_eq!(stored, answer);
    }

    #[test]
    fn caps_hold_and_shorten_no_list(
        n_items in 5usize..60, n in 1usize..20, max in 0usize..4, seed in 0u64..1000, kind in 0usize..3, by_brand: bool,
    ) {
        let by = if by_brand { CapBy::Brand } else { CapBy::Category };
        let mut policy = exploring(["none", "slots", "plackett_luce"][kind]).with(&EXPLORATION, "n_slots", 3)
            .with(&EXPLORATION, "epsilon", 1.0);
        policy.rules = vec![cap("c", by, max)];
        let group = |at: usize| if by_brand { at % 3 } else { at % 4 };
        let ranker = ranker(n_items, policy, seed);
        let answer = ranker.recommend(&Request { seed, ..request(n, vec![event(0, EventKind::View, 1)]) }).unwrap();
        let mut n_shown = [0usize; 4];
        shown(&answer).iter().for_each(|id| n_shown[group(id[1..].parse().unwrap())] += 1);
        prop_assert!(n_shown.iter().all(|&count| count <= max), "{:?}", n_shown);
        let mut n_open = [0usize; 4];
        ranker.catalogue().on_sale(TODAY).iter().for_each(|at| n_open[group(at)] += 1);
        let possible: usize = n_open.iter().map(|&count| count.min(max)).sum();
        prop_assert_eq!(answer.items.len(), n.min(possible));
        answer.audit().unwrap();
    }
}

/// Whether each product is owned at the end, by the rule of the ranker: the last of purchase and return decides.
fn owned(events: &[OwnEvent]) -> BTreeMap<String, bool> {
    let mut ordered: Vec<&OwnEvent> = events.iter().collect();
    ordered.sort_by_key(|event| (event.at, event.kind));
    let decides = |kind| matches!(kind, EventKind::Purchase | EventKind::Return);
    let deciding = ordered.into_iter().filter(|event| decides(event.kind));
    deciding.map(|event| (event.product_id.clone(), event.kind == EventKind::Purchase)).collect()
}

/// Over many seeds each (place, item) stands as often as its propensity says, and lists of Plackett and Luce as often
/// as theirs.
#[test]
fn propensities_are_the_frequencies_of_simulation() {
    let n_seeds = 20_000u64;
    for kind in ["slots", "plackett_luce"] {
        let policy = exploring(kind)
            .with(&EXPLORATION, "epsilon", 0.5)
            .with(&EXPLORATION, "n_slots", 2)
            .with(&EXPLORATION, "candidates", 4)
            .with(&EXPLORATION, "temperature", 0.3);
        let ranker = ranker(14, policy, 3);
        let (mut n_lists, mut n_places) = (BTreeMap::new(), BTreeMap::new());
        for seed in 0..n_seeds {
            let answer = ranker.recommend(&Request { seed, ..request(3, vec![event(1, EventKind::View, 1)]) }).unwrap();
            let list: Vec<String> = shown(&answer).iter().map(|id| (*id).to_owned()).collect();
            n_lists.entry(list).or_insert((answer.list_propensity, 0u64)).1 += 1;
            for item in &answer.items {
                n_places.entry((item.position, item.product_id.clone())).or_insert((item.propensity, 0u64)).1 += 1;
            }
        }
        let close = |(probability, count): &(f64, u64)| {
            let spread = (probability * (1.0 - probability) / n_seeds as f64).sqrt();
            (*count as f64 / n_seeds as f64 - probability).abs() < 5.0 * spread + 1e-12
        };
        assert!(n_lists.values().all(close), "{kind}: {n_lists:?}");
        let places = n_places.iter().filter(|((place, _), _)| kind == "slots" || *place == 1);
        assert!(places.clone().all(|(_, figures)| close(figures)), "{kind}: {n_places:?}");
        assert!(places.count() > 3, "{kind} must explore");
    }
}

#[test]
fn without_exploration_the_best_totals_come_first() {
    let policy = Policy::default().with(&DIVERSITY, "weight", 0.0);
    let answer = ranker(50, policy, 5).recommend(&request(10, vec![event(1, EventKind::View, 3)])).unwrap();
    assert!(answer.items.windows(2).all(|pair| pair[0].score >= pair[1].score));
    assert!(answer.items.iter().all(|item| item.propensity == 1.0 && !item.explored));
    assert_eq!(answer.fallback, None);
}

#[test]
fn a_stranger_gets_what_is_popular() {
    let answer =
        ranker(50, Policy::default().with(&DIVERSITY, "weight", 0.0), 5).recommend(&request(3, vec![])).unwrap();
    assert_eq!(answer.fallback.as_deref(), Some("popular"));
    assert_eq!(shown(&answer), ["p48", "p46", "p45"], "47 is retired, 49 sold out");
}

/// A model with a part that is the same for everyone has scores for strangers too; that does not make them known.
#[test]
fn popularity_stands_in_exactly_where_nothing_is_known() {
    let counts = |n: usize, of: fn(usize) -> usize| {
        Arc::new(crate::popularity::Popularity::of_counts(&(0..n).map(|item| of(item) as f32).collect::<Vec<_>>()))
    };
    let in_category = |category: &str| Filters { categories: vec![category.to_owned()], ..Filters::default() };
    let looked = |item: usize| vec![event(item, EventKind::View, 1)];
    for has_part_for_all in [true, false] {
        for cold in [
            None,
            Some(ColdStart { version: String::new(), everywhere: counts(20, |at| 20 - at), regions: BTreeMap::new() }),
        ] {
            let has_cold = cold.is_some();
            let same_for_all: Arc<dyn crate::Recommender> = counts(20, |at| at + 1);
            let parts = RankerParts {
                model: if has_part_for_all { same_for_all } else { model(20, 1) },
                model_version: "v".to_owned(),
                content: None,
                cold: cold.map(Arc::new),
                // The last three came after the model.
                catalogue: Arc::new(Catalogue::new((0..23).map(product).collect())),
                knowledge: Arc::default(),
                policy: Policy::default().with(&DIVERSITY, "weight", 0.0),
                today: TODAY,
            };
            let ranker = Ranker::new(parts).unwrap();
            for (events, filters, is_cold, n) in [
                (vec![], Filters::default(), true, 3),
                (vec![], in_category("top 0"), true, 3),
                (vec![], in_category("nope"), true, 0),
                (looked(21), Filters::default(), true, 3),
                (looked(99), Filters::default(), true, 3),
                (looked(1), Filters::default(), false, 3),
                (looked(1), in_category("nope"), false, 0),
            ] {
                let answer = ranker.recommend(&Request { filters, ..request(3, events) }).unwrap();
                let case = format!("{has_part_for_all} {has_cold} {:?}", answer.request);
                assert_eq!((answer.fallback.is_some(), answer.items.len()), (is_cold, n), "{case}");
                if is_cold && has_cold && answer.request.filters == Filters::default() {
                    assert_eq!(shown(&answer), ["p1", "p2", "p4"], "{case}: 0 is sold out, 3 retired");
                }
                answer.audit().unwrap();
            }
        }
    }
}

#[test]
fn rules_do_what_they_say() {
    let text = r#"
        [[rules]]
        name = "launch"
        action = "pin"
        products = ["p1", "p7", "p2"]   # p7 is sold out
        position = 2
        [[rules]]
        name = "push"
        action = "boost"
        strength = 50.0
        categories = ["top 0/leaf 0"]
        [[rules]]
        name = "not here"
        action = "exclude"
        brands = ["brand 2"]
        regions = ["North"]
        [[rules]]
        name = "over"
        action = "exclude"
        brands = ["brand 1"]
        until = "1970-01-02"
        [terms.diversity]
        weight = 0.0
    "#;
    let policy: Policy = toml::from_str(text).unwrap();
    let ranker = ranker(40, policy, 2);
    let answer = ranker.recommend(&request(6, vec![event(5, EventKind::View, 1)])).unwrap();
    assert_eq!((shown(&answer)[1], shown(&answer)[2]), ("p1", "p2"));
    assert_eq!(answer.items[1].pinned_by.as_deref(), Some("launch"));
    for item in answer.items.iter().filter(|item| item.pinned_by.is_none()) {
        let at: usize = item.product_id[1..].parse().unwrap();
        assert_eq!(at % 4, 0, "pushed");
        assert!(item.terms.iter().any(|term| term.rule.as_deref() == Some("push") && term.value == 50.0));
    }
    let north = Request { region: Some("north".into()), ..request(30, vec![]) };
    let brands = |answer: &Answer| shown(answer).iter().map(|id| id[1..].parse::<usize>().unwrap() % 3).max();
    assert_eq!(brands(&ranker.recommend(&north).unwrap()), Some(1));
    assert_eq!(brands(&ranker.recommend(&request(30, vec![])).unwrap()), Some(2));
}

#[test]
fn mistakes_are_named() {
    let parts = |policy, n_model| RankerParts {
        model: model(n_model, 1),
        model_version: "v".into(),
        content: None,
        cold: None,
        catalogue: Arc::new(Catalogue::new((0..3).map(product).collect())),
        knowledge: Arc::default(),
        policy,
        today: TODAY,
    };
    let said = |parts| Ranker::new(parts).err().unwrap().to_string();
    assert!(said(parts(Policy::default(), 4)).contains("3 products and the model 4"));
    assert!(said(parts(Policy::default().with(&MARGIN, "weight", -1), 3)).contains("a number from 0 to 100"));
    let mut unknown = Policy::default();
    unknown.terms.insert("margins".into(), BTreeMap::new());
    assert!(said(parts(unknown, 3)).contains("no term 'margins'; terms: popularity, margin"));
    let ranker = ranker(10, Policy::default(), 1);
    assert!(ranker.recommend(&request(0, vec![])).unwrap_err().to_string().contains("1 to 10000"));
    let mut answer = ranker.recommend(&request(2, vec![])).unwrap();
    answer.versions.model = "v9".into();
    assert!(ranker.replay(&answer).unwrap_err().to_string().contains("model v9"));
    answer.items[0].score += 1e-9;
    assert!(matches!(answer.audit(), Err(AuditError::Sum { .. })));
}

/// A shop of two laptops (1 replaces 0), a phone, a case that fits the phone, and a case that fits nothing owned.
fn small_shop(age_days: i64, kind: EventKind, item: usize) -> BTreeMap<String, Vec<(TermName, f64)>> {
    let named = |at: usize, category: &str, before: Option<&str>| Product {
        product_id: format!("p{at}"),
        category: Some(category.into()),
        predecessor_id: before.map(Into::into),
        price_cents: Some(Cents(6000)),
        ..Product::default()
    };
    let products = vec![
        named(0, "Laptops", None),
        named(1, "Laptops", Some("p0")),
        named(2, "Phones", None),
        named(3, "Cases", None),
        named(4, "Cases", None),
    ];
    let catalogue = Catalogue::new(products.clone());
    let fit = |accessory: &str, host: &str| domain::Fit {
        product_id: accessory.into(),
        with_product_id: Some(host.into()),
        ..domain::Fit::default()
    };
    let cycle = Cycle { mu: 800f64.ln(), sigma: 0.5, n_intervals: 9, n_censored: 0, origin: CycleOrigin::Learned };
    let knowledge = Knowledge {
        cycles: Cycles([("Laptops".to_owned(), cycle)].into()),
        fits: FitPairs::resolve(&catalogue, &[fit("p3", "p2"), fit("p4", "p1")]),
        bundles: Bundles::default(),
        successors: Successors::of(&catalogue),
        ..Knowledge::default()
    };
    let ranker = ranker_of(products, knowledge, Policy::default().with(&DIVERSITY, "weight", 0.0), 4);
    let answer = ranker.recommend(&request(5, vec![event(item, kind, age_days)])).unwrap();
    let terms = |item: &AnswerItem| item.terms.iter().map(|term| (term.name, term.value)).collect();
    answer.items.iter().map(|item| (item.product_id.clone(), terms(item))).collect()
}

fn value(shop: &BTreeMap<String, Vec<(TermName, f64)>>, id: &str, name: TermName) -> f64 {
    shop[id].iter().filter(|term| term.0 == name).map(|term| term.1).sum()
}

#[test]
fn a_laptop_holds_back_laptops_until_its_successor_is_due() {
    let fresh = small_shop(5, EventKind::Purchase, 0);
    assert!(!fresh.contains_key("p0"), "owned");
    assert!(value(&fresh, "p1", TermName::Durable) < -1.49);
    assert!(value(&fresh, "p1", TermName::Successor) < 1e-3);
    let due = small_shop(800, EventKind::Purchase, 0);
    assert!((value(&due, "p1", TermName::Durable) + 0.75).abs() < 1e-9);
    assert!((value(&due, "p1", TermName::Successor) - 0.5).abs() < 1e-9);
    let returned = small_shop(5, EventKind::Return, 0);
    assert_eq!(value(&returned, "p1", TermName::Durable), 0.0);
}

#[test]
fn accessories_must_fit_what_is_owned_or_looked_at() {
    let phone = small_shop(90, EventKind::View, 2);
    assert!((value(&phone, "p3", TermName::Accessory) - 0.2).abs() < 1e-9, "half of 0.4 after one half-life");
    assert!(!phone.contains_key("p4"), "fits a laptop nobody here has");
}

#[test]
fn a_fallen_price_brings_back_what_was_viewed() {
    let shop = small_shop(30, EventKind::View, 2);
    // From 90 to 60: a third off, of the half that counts fully, fading by half in 30 days: 0.5 · 2/3 · 1/2.
    assert!((value(&shop, "p2", TermName::PriceDrop) - 0.5 / 3.0).abs() < 1e-9);
    assert_eq!(value(&shop, "p1", TermName::PriceDrop), 0.0);
}
