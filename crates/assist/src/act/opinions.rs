//! What customers say about a product, added up from reviews, with their words. Reviews are counted and quoted, never obeyed.

use domain::Product;
use language::opinion::{ASPECTS, Aspect};

use super::{Answer, Outcome, Scene};
use crate::evidence::Evidence;
use crate::say;
use crate::turn::Block;
use crate::understand::Named;
use crate::world::OpinionCount;

/// Aspects told when none is asked for.
const N_TOLD: usize = 4;

/// What customers say about a product, or about an aspect of it.
pub fn opinions(scene: &Scene, product: &Product) -> Answer {
    let name = say::format::name(product);
    let mut counts = scene.world.catalogue.opinions(&product.product_id);
    counts.retain(|count| n(count) > 0);
    counts.sort_by(|a, b| n(b).cmp(&n(a)).then_with(|| a.aspect.cmp(&b.aspect)));
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    answer.step("opinions", format!("{}: {} aspects", product.product_id, counts.len()));
    answer.cite(super::field(product, "name", product.name.as_str()));
    answer.blocks.push(Block::Products { products: vec![scene.card(product, None)] });
    let asked = asked(scene, &counts);
    let complaints = asks_complaints(scene.question);
    let chosen: Vec<&OpinionCount> = match asked {
        Some(aspect) => counts.iter().filter(|count| count.aspect == aspect).collect(),
        None if complaints => {
            let mut criticised: Vec<&OpinionCount> = counts.iter().filter(|count| count.n_complaint > 0).collect();
            criticised.sort_by_key(|count| std::cmp::Reverse(count.n_complaint));
            criticised.truncate(N_TOLD);
            criticised
        }
        None => counts.iter().take(N_TOLD).collect(),
    };
    // An aspect of which no review speaks: others are no answer.
    if let Some(aspect) = named_in(scene).filter(|_| asked.is_none() && !counts.is_empty()) {
        answer.text = say::products::no_opinions_on(scene.lang, &name, scene.lang.choose(aspect.zh, aspect.en));
        let value = "0 praise, 0 complain".to_owned();
        answer.cite(Evidence::Opinions {
            product_id: product.product_id.clone(),
            aspect: aspect.key.to_owned(),
            value,
        });
        answer.rewordable = false;
        return answer;
    }
    if chosen.is_empty() && complaints && !counts.is_empty() {
        answer.text = say::products::no_complaints(scene.lang, &name);
        return answer;
    }
    if chosen.is_empty() {
        answer.text = say::products::no_opinions(scene.lang, &name);
        answer.outcome = Outcome::Unknown;
        answer.rewordable = false;
        return answer;
    }
    answer.text = say::products::opinions(scene.lang, &name);
    for count in chosen {
        let quote = if complaints { count.complaint.as_ref() } else { count.quote.as_ref() };
        let quote = quote.map(|quote| say::format::plain(quote));
        let label = scene.lang.choose(&count.label_zh, &count.label_en);
        answer.line(say::products::opinion(scene.lang, label, count.n_praise, count.n_complaint, quote.as_deref()));
        let mut value = format!("{} praise, {} complain", count.n_praise, count.n_complaint);
        if let Some(quote) = &quote {
            value.push_str(&format!("; “{quote}”"));
        }
        answer.cite(Evidence::Opinions { product_id: product.product_id.clone(), aspect: count.aspect.clone(), value });
    }
    answer
}

/// Whether what customers do not like is asked for.
fn asks_complaints(question: &str) -> bool {
    const WORDS: &[&str] = &[
        "缺点",
        "差评",
        "吐槽",
        "槽点",
        "抱怨",
        "毛病",
        "不足",
        "不好的",
        "哪里不好",
        "投诉",
        "坏评",
        "complaint",
        "complain",
        "criticis",
        "criticiz",
        "drawback",
        "downside",
        "negative",
        "weakness",
        "dislike",
        "wrong with",
        "cons of",
        "bad review",
        "bad about",
    ];
    let folded = super::attributes::fold(question);
    WORDS.iter().any(|word| folded.contains(word))
}

fn n(count: &OpinionCount) -> u32 {
    count.n_praise.saturating_add(count.n_complaint)
}

/// The aspect that a question names by a term of its own, beside what it is about: a `monitor` has a screen, and is none.
fn named_in(scene: &Scene) -> Option<&'static Aspect> {
    let text = super::attributes::fold(&super::coverage::without_names(scene));
    let has = |aspect: &&Aspect| {
        aspect.terms.iter().any(|term| super::attributes::word_at(&text, &term.to_lowercase()).is_some())
    };
    ASPECTS.iter().find(has)
}

/// The aspect that is asked for, of those that reviews speak about.
fn asked<'c>(scene: &Scene, counts: &'c [OpinionCount]) -> Option<&'c str> {
    let text = scene.question.to_lowercase();
    let named_by_entity = |count: &&OpinionCount| {
        scene
            .understood
            .entities
            .iter()
            .any(|entity| matches!(&entity.what, Named::Attribute { name } if *name == count.aspect))
    };
    let said = |count: &&OpinionCount| {
        let aspect = ASPECTS.iter().find(|aspect| aspect.key == count.aspect);
        let has = |word: &str| super::attributes::word_at(&text, &word.to_lowercase()).is_some();
        aspect.is_some_and(|aspect| aspect.terms.iter().any(|term| has(term)))
            || has(&count.label_zh)
            || has(&count.label_en)
    };
    counts.iter().find(named_by_entity).or_else(|| counts.iter().find(said)).map(|count| count.aspect.as_str())
}
