//! Plans worked out by hand: order, comparisons, gains, what is left out.

use std::collections::BTreeMap;

use domain::{Cents, Product};

use super::*;
use crate::brief::{Audience, Brief};

fn laptop(id: &str, price: i64, specs: &[(&str, &str)]) -> Product {
    Product {
        product_id: id.into(),
        name: format!("Velo {id}"),
        category: Some("Computers/Laptops".into()),
        price_cents: Some(Cents(price)),
        specs: specs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
        ..Product::default()
    }
}

fn brief(hero: Product, weights: &[(&str, f64)]) -> Brief {
    let weights: BTreeMap<String, f64> = weights.iter().map(|(key, weight)| ((*key).to_owned(), *weight)).collect();
    Brief {
        products: vec![hero],
        audience: Audience { weights, ..Audience::default() },
        channel: "push".into(),
        currency: "CNY".into(),
        may_compare: true,
        ..Brief::default()
    }
}

fn keys(plan: &Plan) -> Vec<&str> {
    plan.points.iter().map(|point| point.key.as_str()).collect()
}

/// Ten neighbours at the same price: nine have less memory, none is heavier. So memory leads, and only memory is compared.
#[test]
fn what_sets_apart_leads() {
    let hero = laptop("1", 500_000, &[("memory", "32 GB"), ("weight", "2.2 kg"), ("storage", "256 GB")]);
    let mut all = vec![hero.clone()];
    for nth in 0..10 {
        let memory = if nth == 0 { "64 GB" } else { "16 GB" };
        all.push(laptop(
            &format!("n{nth}"),
            500_000,
            &[("memory", memory), ("weight", "1.3 kg"), ("storage", "512 GB")],
        ));
    }
    let shelf = Shelf::new(&all);
    let market = Market { shelf: Some(&shelf), ..Market::default() };
    let plan = Plan::new(&brief(hero.clone(), &[]), &market);
    assert_eq!(keys(&plan), ["memory", "storage", "weight"]);
    let Claim::Spec { standing, .. } = &plan.points[0].claim else { panic!("a spec") };
    let (standing, evidence) = standing.as_ref().unwrap();
    assert_eq!((standing.n, standing.n_worse, standing.n_equal), (10, 9, 0));
    assert!(matches!(evidence, Evidence::Neighbours { n: 10, n_worse: 9, n_better: 1, .. }));
    for point in &plan.points[1..] {
        assert!(matches!(&point.claim, Claim::Spec { standing: None, .. }), "{}", point.key);
    }
    // Without the caller's leave nothing is compared.
    let silent = Brief { may_compare: false, ..brief(hero, &[]) };
    let plan = Plan::new(&silent, &market);
    assert!(plan.points.iter().all(|point| matches!(&point.claim, Claim::Spec { standing: None, .. })));
}

#[test]
fn the_audience_changes_the_order() {
    let hero = laptop("1", 500_000, &[("memory", "16 GB"), ("weight", "1.2 kg")]);
    assert_eq!(keys(&Plan::new(&brief(hero.clone(), &[]), &Market::default())), ["memory", "weight"]);
    let light = brief(hero, &[("weight", 1.0), ("performance", 0.1)]);
    assert_eq!(keys(&Plan::new(&light, &Market::default())), ["weight", "memory"]);
}

#[test]
fn the_predecessor_is_compared_where_it_is_worse() {
    let older = laptop("0", 450_000, &[("memory", "8 GB"), ("weight", "1.3 kg"), ("storage", "512 GB")]);
    let hero = laptop("1", 500_000, &[("memory", "16 GB"), ("weight", "1.45 kg"), ("storage", "512 GB")]);
    let plan = Plan::new(&brief(hero, &[]), &Market { predecessor: Some(&older), ..Market::default() });
    let gains: Vec<(&str, &str)> = plan
        .points
        .iter()
        .filter_map(|point| match &point.claim {
            Claim::Spec { change: Some((change, _)), .. } => Some((point.key.as_str(), change.en.as_str())),
            _ => None,
        })
        .collect();
    assert_eq!(gains, [("memory", "8 GB")]);
}

#[test]
fn opinions_need_many_reviews_and_praise() {
    let opinion = |aspect: &str, n_praise, n_reviews| Opinion {
        aspect: aspect.into(),
        label_zh: "屏幕".into(),
        label_en: "Screen".into(),
        n_praise,
        n_reviews,
    };
    let opinions = [
        opinion("screen", 38, 42),
        opinion("battery", 9, 9),
        opinion("camera", 20, 60),
        opinion("whole", 90, 90),
        opinion("speaker", 70, 60),
    ];
    let plan = Plan::new(&brief(laptop("1", 1, &[]), &[]), &Market { opinions: &opinions, ..Market::default() });
    assert_eq!(keys(&plan), ["opinion:screen"]);
}

/// Of 118 reviews of the battery 49 praise it: its size is told behind all others, and nothing recommends it.
#[test]
fn what_reviews_blame_sells_nothing() {
    let phone = Product {
        product_id: "p".into(),
        name: "Sirra 5 Smartphone".into(),
        category: Some("Phones/Smartphones".into()),
        specs: [("battery", "5000 mAh"), ("memory", "4 GB")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..Product::default()
    };
    let planned = |n_praise| {
        let opinions = [Opinion { aspect: "battery".into(), n_praise, n_reviews: 118, ..Opinion::default() }];
        let plan = Plan::new(&brief(phone.clone(), &[]), &Market { opinions: &opinions, ..Market::default() });
        let has_use = |point: &Point| matches!(&point.claim, Claim::Spec { use_of: Some(_), .. });
        let told = plan.points.iter().find(|point| point.key == "battery").map(has_use);
        (plan.points[0].key.clone(), told)
    };
    assert_eq!(planned(49), ("memory".to_owned(), Some(false)));
    assert_eq!(planned(60), ("battery".to_owned(), Some(true)));
}

/// What it is called is not told again as something that it has, unless it is good for something.
#[test]
fn a_name_is_not_told_again() {
    let named = |name: &str| {
        let product = Product { product_id: "x".into(), name: name.into(), ..Product::default() };
        Plan::new(&brief(product, &[]), &Market::default()).points.len()
    };
    assert_eq!(named("Speedster Fast Charger for AA Batteries"), 0);
    assert_eq!(named("Speedster Wall Charger, Fast Charger"), 1);
    assert_eq!(named("Speedster Type-C Charger"), 1, "it plugs in either way up");
}

#[test]
fn nothing_known_leaves_the_name() {
    let bare = Product { product_id: "x".into(), name: "Mystery".into(), ..Product::default() };
    let plan = Plan::new(&brief(bare, &[]), &Market::default());
    assert!(plan.is_empty() && plan.short == "Mystery" && plan.kind.is_none());
}

/// 5,000 in `specs` and 4,500 in the name: neither is said.
#[test]
fn contradictions_are_left_out_and_named() {
    let mut phone = Product {
        product_id: "p".into(),
        name: "Sirra 5 Smartphone, 4500 mAh".into(),
        category: Some("Phones/Smartphones".into()),
        ..Product::default()
    };
    phone.specs.insert("battery".into(), "5000 mAh".into());
    let plan = Plan::new(&brief(phone, &[]), &Market::default());
    assert!(plan.is_empty());
    assert_eq!(plan.omitted.len(), 2);
}
