//! What is said without looking anything up: greetings, thanks, goodbyes, who is speaking, small talk. States no facts.

use super::{Answer, Scene};
use crate::say;
use crate::state::Asked;
use crate::turn::Action;

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
        _ => Answer::of(say::talk::small_talk(lang, n_turns)),
    };
    if matches!(intent, "greeting" | "who_are_you" | "small_talk") {
        say::talk::starters(lang).iter().for_each(|text| answer.suggest(*text));
    }
    answer.step("small_talk", intent);
    answer
}

/// The name the assistant goes by.
pub fn name<'a>(scene: &Scene<'a>) -> &'a str {
    let rules = &scene.policies.assistant;
    scene.lang.choose(&rules.name_zh, &rules.name_en)
}
