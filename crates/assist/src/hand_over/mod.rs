//! When a person takes over, and what the person is told. Who the person is, and when the desk is open, is asked of the
//! shop's rules; the queue itself is kept elsewhere.

pub mod hours;
mod rules;
mod suggest;
mod summary;
#[cfg(test)]
mod tests;

use std::sync::Arc;

use domain::{Day, Product};
use serde::{Deserialize, Serialize};

pub use self::summary::question;
use crate::evidence::Evidence;
use crate::forms::FormBook;
use crate::policy::{DeskRule, Policies};
use crate::state::{Dialogue, LISTED_MAX};
use crate::turn::Lang;
use crate::understand::Understanding;
use crate::world::OrderRecord;

/// The queue of what no rule names.
pub const GENERAL: &str = "general";

/// A conversation goes to a person.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct HandOver {
    pub reason: Reason,
    /// The queue, by the rules of the shop.
    pub skill: String,
    /// 0 (can wait) to 3 (now).
    pub priority: u8,
    /// What it is about, for the person: a few lines in the shop's language.
    pub summary: String,
    pub customer_id: Option<String>,
    pub product_ids: Vec<String>,
    pub order_ids: Vec<String>,
    /// Replies the person may send as they are, best first.
    pub suggested: Vec<String>,
    /// Whether somebody is there now; if not, the customer has been told when.
    pub desk_open: bool,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// The customer asked for a person.
    #[default]
    Asked,
    /// A rule of the shop.
    Rule,
    /// Not understood, or no evidence for an answer.
    Unanswered,
    Anger,
    /// A form that no policy allows, or that could not be filled in.
    Form,
    /// A part of the shop could not be asked.
    Failure,
}

impl Reason {
    /// In words, for the person.
    pub fn words(self, lang: Lang) -> &'static str {
        match self {
            Reason::Asked => lang.choose("客户要求转人工", "the customer asked for a person"),
            Reason::Rule => lang.choose("本店规则", "a rule of the shop"),
            Reason::Unanswered => lang.choose("助手答不上来", "the assistant had no answer"),
            Reason::Anger => lang.choose("客户情绪激动", "the customer is upset"),
            Reason::Form => lang.choose("表单无法办理", "a form could not be completed"),
            Reason::Failure => lang.choose("系统查询失败", "a part of the shop could not be asked"),
        }
    }
}

/// Something said in the conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Said<'a> {
    pub by_customer: bool,
    pub text: &'a str,
}

/// All that a hand-over is made of.
pub struct Story<'a> {
    pub policies: &'a Policies,
    pub book: &'a FormBook,
    pub dialogue: &'a Dialogue,
    /// Of the message that is handed over.
    pub understanding: &'a Understanding,
    /// The last turns, oldest first, with that message at the end.
    pub said: &'a [Said<'a>],
    pub customer_id: Option<&'a str>,
    /// The customer's own orders, newest first.
    pub orders: &'a [OrderRecord],
    pub product: Find<'a>,
    /// What was found so far.
    pub evidence: &'a [Evidence],
    /// In the shop's time zone.
    pub today: Day,
    pub minute_of_day: u32,
    /// Of the shop's people.
    pub lang: Lang,
}

/// Finds a product by its id.
pub type Find<'a> = &'a dyn Fn(&str) -> Option<Arc<Product>>;

/// Whether a message calls for a person at once, and why. Failures and forms are the decider's to tell.
pub fn called(
    policies: &Policies,
    dialogue: &Dialogue,
    understanding: &Understanding,
    text: &str,
    product: Find,
) -> Option<Reason> {
    let rules = &policies.assistant;
    let sure = understanding.confidence >= rules.intent_threshold;
    if sure && understanding.is("human") {
        return Some(Reason::Asked);
    }
    let message = crate::forms::Words::of(text);
    let said = rules::Said { text, understanding, dialogue, product, is_sure: sure };
    if policies.desk.words.iter().any(|word| message.has(word)) || rules::first(&policies.desk, &said).is_some() {
        return Some(Reason::Rule);
    }
    if understanding.emotion.anger.max(dialogue.anger) >= rules.anger_max {
        return Some(Reason::Anger);
    }
    (dialogue.n_misses >= rules.misses_max).then_some(Reason::Unanswered)
}

/// Makes the hand-over: queue, priority, what the person is told.
pub fn hand_over(reason: Reason, story: &Story) -> HandOver {
    let rule = ruled(story);
    HandOver {
        reason,
        skill: rule.and_then(|rule| rule.skill.clone()).unwrap_or_else(|| skill(story)),
        priority: rule.and_then(|rule| rule.priority).unwrap_or_else(|| priority(reason, story)),
        summary: summary::summary(reason, story),
        customer_id: story.customer_id.map(str::to_owned),
        product_ids: story.dialogue.products.iter().take(LISTED_MAX).cloned().collect(),
        order_ids: order_ids(story),
        suggested: suggest::suggested(reason, story),
        desk_open: story.policies.desk.is_open(story.today, story.minute_of_day),
    }
}

/// What the customer is told. Never empty: nobody is handed over in silence.
pub fn told(
    hand_over: &HandOver,
    policies: &Policies,
    today: Day,
    minute_of_day: u32,
    lang: Lang,
) -> (String, Vec<Evidence>) {
    if hand_over.desk_open {
        let text = match (hand_over.reason, lang) {
            (Reason::Anger, Lang::Zh) => {
                "非常抱歉给您带来不好的体验。正在为您转接人工客服，前面的对话同事都能看到，您不用重复。"
            }
            (Reason::Anger, Lang::En) => {
                "I am sorry about this. I am passing you to a colleague, who can see what was said, so that you need not repeat it."
            }
            (Reason::Asked, Lang::Zh) => "好的，正在为您转接人工客服，前面的对话同事都能看到，请稍等。",
            (Reason::Asked, Lang::En) => {
                "Of course: I am passing you to a colleague, who can see what was said. One moment, please."
            }
            (_, Lang::Zh) => "这个问题由人工客服来处理更稳妥。正在为您转接，前面的对话同事都能看到，请稍等。",
            (_, Lang::En) => {
                "A colleague had better take this on. I am passing you over with all that was said. One moment, please."
            }
        };
        return (text.to_owned(), Vec::new());
    }
    let sorry = match hand_over.reason {
        Reason::Anger => lang.choose("非常抱歉给您带来不好的体验。", "I am sorry about this. "),
        _ => "",
    };
    let (when, evidence) = policies.desk.opens_next_in_words(today, minute_of_day, lang);
    let text = match lang {
        Lang::Zh => {
            format!("{sorry}现在人工客服不在线，{when}上班后会第一时间联系您。您的问题和前面的对话已经记下，不用重复。")
        }
        Lang::En => format!(
            "{sorry}Nobody is at the desk now; a colleague will come back to you when it opens {when}. Your question and what was \
             said are noted, so you need not repeat them."
        ),
    };
    (text, evidence)
}

/// The rule of the shop that the message falls under, whatever called the person.
fn ruled<'a>(story: &Story<'a>) -> Option<&'a DeskRule> {
    let text = story.said.iter().rev().find(|said| said.by_customer).map_or("", |said| said.text);
    let is_sure = story.understanding.confidence >= story.policies.assistant.intent_threshold;
    let Story { understanding, dialogue, product, .. } = *story;
    rules::first(&story.policies.desk, &rules::Said { text, understanding, dialogue, product, is_sure })
}

fn skill(story: &Story) -> String {
    let skills = &story.policies.desk.skills;
    let form = story.dialogue.forms.last().map(|filling| filling.form.as_str());
    let now = story.understanding.intent.as_deref().filter(|intent| *intent != "human");
    let intents = [now, form, story.dialogue.last_intent.as_deref()];
    let queue = intents.into_iter().flatten().find_map(|intent| skills.get(intent));
    queue.cloned().unwrap_or_else(|| GENERAL.to_owned())
}

/// 0 to 3. Anger and a shop's own words come first, then what went wrong on our side or is in a hurry.
fn priority(reason: Reason, story: &Story) -> u8 {
    const HIGH: f32 = 0.6;
    let base = match reason {
        Reason::Anger => 3,
        Reason::Rule | Reason::Failure => 2,
        Reason::Form | Reason::Asked => 1,
        Reason::Unanswered => 0,
    };
    let emotion = story.understanding.emotion;
    let urgent = emotion.urgency >= HIGH || story.understanding.is("complaint");
    let angry = emotion.anger.max(story.dialogue.anger) >= HIGH;
    (base + u8::from(urgent) + u8::from(angry)).min(3)
}

/// Orders that it is about: named, chosen in a form, shown. Only the customer's own.
fn order_ids(story: &Story) -> Vec<String> {
    let named = story.understanding.order_number().map(str::to_owned);
    let filled = story.dialogue.forms.iter().rev().flat_map(|filling| filling.values.values().cloned());
    let mut ids: Vec<String> = Vec::new();
    for id in named.into_iter().chain(filled).chain(story.dialogue.order_id.clone()) {
        let own = story
            .orders
            .iter()
            .any(|order| order.order_id == id && Some(order.customer_id.as_str()) == story.customer_id);
        if own && !ids.contains(&id) && ids.len() < LISTED_MAX {
            ids.push(id);
        }
    }
    ids
}
