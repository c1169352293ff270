//! Replies that a person may send as they are: made of the evidence that was found, so that nothing in them is invented.

use super::{Reason, Story};
use crate::evidence::Evidence;
use crate::turn::Lang;

const SUGGESTED_MAX: usize = 3;
const CHARACTERS_MAX: usize = 400;

pub fn suggested(reason: Reason, story: &Story) -> Vec<String> {
    let lang = story.dialogue.lang.unwrap_or(story.lang);
    let mut replies: Vec<String> = Vec::new();
    let mut push = |reply: String| {
        if !reply.is_empty() && !replies.contains(&reply) && replies.len() < SUGGESTED_MAX {
            replies.push(reply);
        }
    };
    // An answer that a person has written before; then what is known.
    let curated = story.evidence.iter().filter(|one| matches!(one, Evidence::Curated { .. }));
    let others = story.evidence.iter().filter(|one| !matches!(one, Evidence::Curated { .. }));
    curated.chain(others).filter_map(|evidence| sentence(evidence, lang)).for_each(&mut push);
    push(opening(reason, lang).to_owned());
    replies
}

/// Evidence as a sentence in the customer's language.
fn sentence(evidence: &Evidence, lang: Lang) -> Option<String> {
    Some(match (evidence, lang) {
        (Evidence::Curated { text, .. }, _) => clipped(text),
        (Evidence::Order { order_id, field, value }, _) => order_sentence(order_id, field, value, lang)?,
        (Evidence::Product { name, field, value, .. }, Lang::Zh) => {
            format!("{name} 的{}是 {value}。", field_words(field, lang))
        }
        (Evidence::Product { name, field, value, .. }, Lang::En) => {
            format!("{name}: {} {value}.", field_words(field, lang))
        }
        (Evidence::Document { title, text, .. }, Lang::Zh) => format!("《{title}》中写道：{}", clipped(text)),
        (Evidence::Document { title, text, .. }, Lang::En) => format!("From “{title}”: {}", clipped(text)),
        (Evidence::Fit { value, .. } | Evidence::Opinions { value, .. } | Evidence::Policy { value, .. }, _) => {
            let value = clipped(value);
            // A bare figure says nothing without its rule.
            if value.chars().count() < 8 { return None } else { value }
        }
        (Evidence::Computed { .. }, _) => return None,
    })
}

fn order_sentence(order_id: &str, field: &str, value: &str, lang: Lang) -> Option<String> {
    let (zh, en) = match field {
        "status" => ("目前状态：", "is now: "),
        "carrier" => ("由以下快递承运：", "is carried by "),
        "tracking_number" => ("运单号：", "has the tracking number "),
        "expected_on" => ("预计送达：", "is expected on "),
        "delivered_on" => ("签收日期：", "was delivered on "),
        _ => return None,
    };
    Some(lang.choose(format!("您的订单 {order_id} {zh}{value}。"), format!("Your order {order_id} {en}{value}.")))
}

fn field_words(field: &str, lang: Lang) -> &str {
    match field {
        "price" | "price_cents" => lang.choose("价格", "price"),
        "stock" => lang.choose("库存", "stock"),
        "category" => lang.choose("类别", "category"),
        other => other,
    }
}

fn opening(reason: Reason, lang: Lang) -> &'static str {
    match reason {
        Reason::Anger => lang.choose(
            "您好，非常抱歉给您添麻烦了。前面的对话我已经看过，现在由我来跟进。",
            "Hello, I am sorry for the trouble. I have read what was said and will take care of it now.",
        ),
        Reason::Failure => lang.choose(
            "您好，刚才系统查询出了问题，我来为您人工核实，请稍等。",
            "Hello, part of our system could not be reached just now; I am looking into it for you.",
        ),
        _ => lang.choose(
            "您好，我是人工客服，前面的对话我已经看过，现在由我来为您处理。",
            "Hello, a person here. I have read what was said and will take it from here.",
        ),
    }
}

fn clipped(text: &str) -> String {
    let mut clipped: String = text.trim().chars().take(CHARACTERS_MAX).collect();
    if clipped.len() < text.trim().len() {
        clipped.push('…');
    }
    clipped
}
