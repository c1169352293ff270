//! How the shop works: its rules from `service.toml`, then what its documents say to the same question.

use domain::Product;

use super::attributes::{label, specs_for};
use super::{Answer, Outcome, Scene, documents, field};
use crate::evidence::Evidence;
use crate::say;

/// What a customer asks about the shop's ways.
pub fn policy(scene: &Scene, intent: &str, product: Option<&Product>) -> Answer {
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    match intent {
        "return_policy" => returns(scene, product, &mut answer),
        "warranty" => warranty(scene, product, &mut answer),
        "store_info" => desk(scene, &mut answer),
        _ => {}
    }
    let ids: Vec<&str> = product.iter().map(|product| product.product_id.as_str()).collect();
    match documents::search(scene, scene.question, &ids, documents::Cut::Answer) {
        Some(found) => answer.append(found),
        None if answer.text.is_empty() => {
            answer.text = say::talk::no_answer(scene.lang).to_owned();
            answer.outcome = Outcome::Unknown;
            answer.rewordable = false;
            answer.step("documents", "nothing about it");
        }
        None => answer.step("documents", "nothing more"),
    }
    answer
}

/// Days as they are said, with the rule they come from.
fn days(scene: &Scene, answer: &mut Answer, name: &str, days: u32) -> String {
    let value = scene.lang.choose(format!("{days} 天"), format!("{days} days"));
    answer.cite(Evidence::Policy { name: format!("returns.{name}"), value: value.clone() });
    value
}

fn returns(scene: &Scene, product: Option<&Product>, answer: &mut Answer) {
    let rules = &scene.policies.returns;
    let no_reason = days(scene, answer, "no_reason_days", rules.no_reason_days);
    let defect = days(scene, answer, "defect_return_days", rules.defect_return_days);
    let exchange = days(scene, answer, "defect_exchange_days", rules.defect_exchange_days);
    answer.say(say::talk::returns(scene.lang, (rules.no_reason_days > 0).then_some(&no_reason), &defect, &exchange));
    let category = product.and_then(|product| product.category.as_deref());
    let excepted = category.and_then(|path| rules.excepted(path));
    if let (Some(product), Some(except)) = (product, excepted) {
        let path = say::format::plain(except);
        answer.cite(Evidence::Policy { name: "returns.no_reason_except".to_owned(), value: except.to_owned() });
        answer.cite(field(product, "category", category.unwrap_or_default()));
        answer.say(say::talk::returns_except(scene.lang, &say::format::name(product), &path));
        answer.rewordable = false;
    }
    answer.suggest(say::talk::ask_return(scene.lang));
    answer.step("policy", "returns");
}

/// A product's own warranty goes before the shop's.
fn warranty(scene: &Scene, product: Option<&Product>, answer: &mut Answer) {
    let own = product.map(|product| (product, specs_for(product, "warranty")));
    if let Some((product, specs)) = own.filter(|(_, specs)| !specs.is_empty()) {
        let name = say::format::name(product);
        let mut told = Vec::new();
        for (key, value) in specs {
            answer.cite(field(product, key, value));
            told.push((label(key, scene.lang), say::format::value(value, scene.lang)));
        }
        answer.say(say::products::fields(scene.lang, &name, &told));
        answer.step("products", format!("{}: warranty", product.product_id));
        return;
    }
    let value = days(scene, answer, "warranty_days", scene.policies.returns.warranty_days);
    answer.say(say::talk::warranty(scene.lang, &value));
    answer.step("policy", "warranty");
}

/// When people answer: only if that is what is asked.
fn desk(scene: &Scene, answer: &mut Answer) {
    let asked = scene.question.to_lowercase();
    let is_asked = ["客服", "人工", "service", "support", "agent"].iter().any(|word| asked.contains(word));
    if !is_asked {
        return;
    }
    let desk = &scene.policies.desk;
    let hours = format!("{}–{}", desk.opens, desk.closes);
    answer.cite(Evidence::Policy { name: "desk.hours".to_owned(), value: hours.clone() });
    answer.say(match desk.opens == desk.closes {
        true => say::person::always_open(scene.lang).to_owned(),
        false => say::person::hours(scene.lang, &hours),
    });
    answer.step("policy", "desk hours");
}
