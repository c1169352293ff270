//! The rule of the shop that comes nearest to a question that nothing answers: quoted as what it is, the nearest, for it may be all
//! that somebody needs. It answers nothing by itself: the outcome stays open, and a person is offered with it.

use super::coverage::{self, Asks};
use super::{Answer, Outcome, Scene, documents};
use crate::evidence::Evidence;
use crate::say;
use crate::turn::{Author, Lang};
use crate::world::CuratedHit;

/// Answered questions looked at for a word that names one of the shop's ways, and how much less alike than a curated answer they may be:
/// a word has little in common with any question about it.
const N_HITS: usize = 12;
const LESS: f32 = 0.45;

/// What of the shop's ways no rule is looked for by: that something has happened to a thing, or is a gift, is a case of one.
const CASES: &[&str] = &["opened", "gift", "lost", "dust", "accidental damage", "bears"];

/// What a rule is looked for by where a policy is asked for: a question of our own.
#[derive(Clone, Copy)]
pub struct Matter {
    pub question: &'static str,
    /// Whether it goes before the ways that the customer's question names: "cash on delivery" asks for no delivery.
    pub is_first: bool,
}

/// The rule nearest to the scene's question, by the ways of the shop that it asks for, or by what it was understood to want. The outcome is
/// [`Outcome::Unknown`].
pub fn nearest_rule(scene: &Scene, matter: Option<Matter>) -> Option<Answer> {
    let asks = Asks::of(scene, None).of_rules();
    let by = |sought: &str| of_people(scene, &asks, sought).or_else(|| of_documents(scene, sought));
    let tells = |found: &Answer| !asks.misses_ways(&found.text);
    let of_matter = |is_first: bool| by(matter.filter(|matter| matter.is_first == is_first)?.question);
    let of_question = || {
        let plainly = coverage::plainly(scene);
        let told = |found: &Answer| asks.explained_in_essence([found.text.as_str()]);
        // What explains more of it; of equals what people wrote to be asked for.
        match (of_people(scene, &asks, scene.question), of_documents(scene, &plainly)) {
            _ if !asks.asks_ways() => None,
            (Some(people), Some(document)) if told(&document) > told(&people) => Some(document),
            (people, document) => people.or(document),
        }
    };
    let of_ways = || asks.ways_but(CASES, scene.lang).find_map(by);
    let found = of_matter(true)
        .or_else(|| of_question().filter(tells))
        .or_else(|| of_ways().filter(tells))
        .or_else(|| of_matter(false))?;
    let text = say::talk::nearest_rule(scene.lang, &found.text);
    let mut answer = Answer { text, outcome: Outcome::Unknown, rewordable: false, ..found };
    answer.step("documents", format!("the nearest rule to {}", asks.told()));
    Some(answer)
}

/// What people of the shop have answered on a matter, that has most of the question.
fn of_people(scene: &Scene, asks: &Asks, matter: &str) -> Option<Answer> {
    let least = scene.policies.assistant.curated_threshold - LESS;
    let hits = scene.world.library.curated(matter, N_HITS).ok()?;
    // A question may be the variant in the other language, in which words of one form mean other things.
    let texts = |hit: &CuratedHit| {
        let is_own = coverage::has_ideographs(&hit.question) == (scene.lang == Lang::Zh);
        format!("{} {}", if is_own { hit.question.as_str() } else { "" }, hit.answer)
    };
    let explained = |hit: &CuratedHit| asks.explained_in_essence([texts(hit).as_str()]);
    let parcel = coverage::parcel_damaged(scene.question);
    let is_near = |hit: &CuratedHit| {
        hit.similarity >= least
            && !hit.answer.trim().is_empty()
            && !asks.is_of_other_act(&hit.question)
            && !asks.misses_deed(&hit.question)
            && !coverage::has_none([&hit.question, &hit.answer], &parcel)
            && !coverage::is_beside_kind(scene, &hit.question)
            && !coverage::narrows(&hit.question, scene.question)
    };
    let near = hits.into_iter().filter(is_near).map(|hit| (explained(&hit), hit));
    // Of equals the one most alike, which comes first.
    let (_, hit) = near.reduce(|best, other| if other.0 > best.0 { other } else { best })?;
    let mut answer = Answer { author: Author::Curated, ..Answer::of(say::format::quoted(hit.answer.trim())) };
    answer.cite(Evidence::Curated { answer_id: hit.answer_id, question: hit.question, text: hit.answer });
    Some(answer)
}

/// What the shop's documents say of a matter, the sheets of its products and the guides to a kind of thing apart.
fn of_documents(scene: &Scene, matter: &str) -> Option<Answer> {
    let own = Scene { question: matter, ..*scene };
    let found = documents::search(&own, matter, &[], documents::Cut::Answer)?;
    let is_of_thing = |one: &Evidence| documents::is_of_product(scene, one) || documents::is_of_kind(scene, one);
    if found.evidence.iter().any(is_of_thing) { None } else { Some(found) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::fixture::with_scene;

    fn nearest(lang: Lang, text: &str, matter: Option<Matter>) -> Option<Answer> {
        with_scene(lang, text, |scene, _| nearest_rule(scene, matter))
    }

    /// Nothing is claimed to answer, everything is quoted, and what names none of the shop's ways has no rule.
    #[test]
    fn a_nearest_rule_leaves_the_question_open() {
        for lang in [Lang::Zh, Lang::En] {
            let text = lang.choose("分期付款要不要抵押", "do instalments need a deposit from students");
            let Some(answer) = nearest(lang, text, None) else { panic!("no rule on instalments") };
            assert_eq!(answer.outcome, Outcome::Unknown);
            assert!(answer.text.contains("12"), "{}", answer.text);
            assert!(!answer.evidence.is_empty(), "{}", answer.text);
            assert!(!answer.rewordable);
        }
        assert!(nearest(Lang::Zh, "明天会下雨吗", None).is_none());
        assert!(nearest(Lang::En, "who is your boss", None).is_none());
    }
}
