//! What is said without looking anything up: greetings, thanks, goodbyes, who is speaking, small talk. States no facts.

use super::{Answer, Scene};
use crate::say;
use crate::state::Asked;
use crate::turn::Action;
use crate::understand::{Entity, Named};

/// Small talk of an intent.
pub fn talk(scene: &Scene, intent: &str, n_turns: u32) -> Answer {
    let lang = scene.lang;
    let mut answer = match intent {
        "greeting" => Answer::of(say::talk::greeting(lang, n_turns)),
        "thanks" => Answer::of(say::talk::thanks(lang, n_turns)),
        "who_are_you" => Answer::of(say::talk::who(lang, name(scene), scene.world.shop_name)),
        "goodbye" => {
            let mut answer = Answer::of(say::talk::goodbye(lang));
            answer.action = Action::Close;
            answer.asked = Some(Asked::Rating);
            answer
        }
        "rating" => {
            let mut answer = Answer::of(say::talk::ask_rating(lang));
            answer.asked = Some(Asked::Rating);
            (1..=5).rev().take(4).for_each(|stars| answer.suggest(stars.to_string()));
            answer.action = Action::AskBack { what: "rating".to_owned() };
            answer
        }
        _ => Answer::of(chatted(scene).unwrap_or_else(|| say::talk::small_talk(lang, n_turns).to_owned())),
    };
    if matches!(intent, "greeting" | "who_are_you" | "small_talk") {
        say::talk::starters(lang).iter().for_each(|text| answer.suggest(*text));
    }
    answer.step("small_talk", intent);
    answer
}

/// What the small model says to it, if that may be said. A message that names goods is no small talk.
fn chatted(scene: &Scene) -> Option<String> {
    let is_thing = |entity: &Entity| {
        matches!(
            entity.what,
            Named::Product { .. } | Named::Brand { .. } | Named::Category { .. } | Named::OrderNumber { .. }
        )
    };
    if scene.understood.is_injection || scene.understood.entities.iter().any(is_thing) {
        return None;
    }
    scene.small_talk?.reply(scene.message.text, scene.lang, &[scene.world.shop_name])
}

/// The name the assistant goes by.
pub fn name<'a>(scene: &Scene<'a>) -> &'a str {
    let rules = &scene.policies.assistant;
    scene.lang.choose(&rules.name_zh, &rules.name_en)
}
