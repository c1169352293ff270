//! What the person reads first: who it is, what about, which products and orders, what was tried, how the customer feels,
//! and the last words said. A few lines in the language of the shop's people.

use super::{Reason, Said, Story, order_ids};
use crate::policy::windows::status_word;
use crate::state::SAID_MAX;
use crate::turn::Lang;
use crate::understand::{Intent, Understanding};

/// Products and orders that are named at most.
const NAMED_MAX: usize = 3;
/// Characters of one thing said.
const CHARACTERS_MAX: usize = 120;

pub fn summary(reason: Reason, story: &Story) -> String {
    let lang = story.lang;
    let mut lines = vec![
        line(lang, ("原因", "Reason"), reason.words(lang)),
        line(lang, ("客户", "Customer"), &who(story)),
        line(lang, ("事由", "About"), &about(story)),
    ];
    // What was filed comes first.
    let filed_for = story.dialogue.filed.iter().filter_map(|one| one.product_id.as_ref());
    let mut products: Vec<&String> = Vec::new();
    filed_for.chain(&story.dialogue.products).for_each(|id| {
        if !products.contains(&id) {
            products.push(id);
        }
    });
    let products = products.into_iter().take(NAMED_MAX);
    let products: Vec<String> =
        products.map(|id| (story.product)(id).map_or_else(|| id.clone(), |product| product.name.clone())).collect();
    lines.extend(listed(lang, ("商品", "Products"), &products));
    lines.extend(listed(lang, ("订单", "Orders"), &orders(story)));
    lines.extend(listed(lang, ("已提交", "Filed"), &filed(story)));
    lines.extend(listed(lang, ("已尝试", "Tried"), &tried(story)));
    lines.extend(feels(story).map(|words| line(lang, ("情绪", "Mood"), &words)));
    let said =
        story.said.iter().skip(story.said.len().saturating_sub(SAID_MAX)).filter(|said| !said.text.trim().is_empty());
    let said: Vec<String> = said.map(|said| quoted(said, lang)).collect();
    if !said.is_empty() {
        lines.push(lang.choose("最近的对话：", "Last said:").to_owned());
        lines.extend(said);
    }
    lines.join("\n")
}

fn line(lang: Lang, (zh, en): (&str, &str), words: &str) -> String {
    lang.choose(format!("{zh}：{words}"), format!("{en}: {words}"))
}

fn listed(lang: Lang, label: (&str, &str), words: &[String]) -> Option<String> {
    (!words.is_empty()).then(|| line(lang, label, &words.join(lang.choose("；", "; "))))
}

fn who(story: &Story) -> String {
    match (story.customer_id, story.lang) {
        (Some(id), Lang::Zh) => format!("{id}（已登录，{} 个订单）", story.orders.len()),
        (Some(id), Lang::En) => format!("{id} (signed in, {} orders)", story.orders.len()),
        (None, Lang::Zh) => "未登录访客".into(),
        (None, Lang::En) => "a visitor who is not signed in".into(),
    }
}

fn about(story: &Story) -> String {
    let lang = story.lang;
    let now = story.understanding.intent.as_deref().filter(|name| *name != "human");
    let last = story.said.iter().rev().find(|said| said.by_customer).map(|said| said.text);
    let is_last = last == question(story.said, story.understanding);
    let intent = now.filter(|_| is_last).or(story.dialogue.last_intent.as_deref()).or(now);
    let words = intent.map(|name| match Intent::named(name) {
        Some(intent) => lang.choose(intent.zh, intent.en).to_owned(),
        None => story.book.form(name).map_or_else(|| name.to_owned(), |form| form.title(lang).to_owned()),
    });
    let words = words.unwrap_or_else(|| lang.choose("没有听明白", "not understood").to_owned());
    match question(story.said, story.understanding) {
        Some(question) => {
            lang.choose(format!("{words}：“{}”", brief(question)), format!("{words}: “{}”", brief(question)))
        }
        None => words,
    }
}

/// What the customer wants to know: the last that they said, and before the word that calls a person or the yes to one what came before it.
pub fn question<'s>(said: &[Said<'s>], understanding: &Understanding) -> Option<&'s str> {
    let all = said.iter().rev().filter(|said| said.by_customer).map(|said| said.text);
    let mut own = all.clone().filter(|text| says_something(text));
    let last = own.next().or_else(|| all.clone().next());
    let calls = understanding.is("human") || understanding.yes_no() == Some(true);
    if calls { own.next().or(last) } else { last }
}

/// Whether words say what is wanted: neither the yes to a form nor a number for it does.
fn says_something(text: &str) -> bool {
    const LETTERS_MIN: usize = 7;
    let letters = text.chars().filter(|character| character.is_alphabetic()).count();
    let digits = text.chars().filter(char::is_ascii_digit).count();
    // A telephone with two words around it.
    let is_number = digits >= LETTERS_MIN && letters < LETTERS_MIN;
    letters > 0 && !is_number && crate::forms::yes_no(&crate::forms::Words::of(text)).is_none()
}

fn orders(story: &Story) -> Vec<String> {
    let known = order_ids(story);
    let records = known.iter().filter_map(|id| story.orders.iter().find(|order| order.order_id == *id));
    let words = records.take(NAMED_MAX).map(|order| match &order.delivery {
        Some(delivery) => {
            let status = status_word(delivery.status, story.lang);
            story.lang.choose(format!("{}（{status}）", order.order_id), format!("{} ({status})", order.order_id))
        }
        None => order.order_id.clone(),
    });
    words.collect()
}

/// What was submitted in this conversation, the last first.
fn filed(story: &Story) -> Vec<String> {
    let title = |form: &str| story.book.form(form).map_or(form, |form| form.title(story.lang)).to_owned();
    let words = |one: &crate::state::Filed| match &one.order_id {
        Some(order) => format!("{} ({order})", title(&one.form)),
        None => title(&one.form),
    };
    story.dialogue.filed.iter().take(NAMED_MAX).map(words).collect()
}

/// Forms that were begun, and questions that went without an answer.
fn tried(story: &Story) -> Vec<String> {
    let lang = story.lang;
    let mut tried = Vec::new();
    for filling in story.dialogue.forms.iter().rev() {
        let Some(form) = story.book.form(&filling.form) else { continue };
        let of = |name: &str| form.field(name).map(|field| field.label(lang).to_owned());
        let filled: Vec<String> = form
            .fields
            .iter()
            .filter(|field| filling.values.contains_key(&field.name))
            .filter_map(|field| of(&field.name))
            .collect();
        let filled = if filled.is_empty() {
            lang.choose("无", "nothing").to_owned()
        } else {
            filled.join(lang.choose("、", ", "))
        };
        let title = form.title(lang);
        let mut words = lang.choose(format!("填写“{title}”，已填：{filled}"), format!("{title}, filled in: {filled}"));
        if let Some(label) = filling.asked.as_deref().and_then(of) {
            words.push_str(&lang.choose(format!("，停在“{label}”"), format!(", stopped at {label}")));
        }
        tried.push(words);
    }
    if story.dialogue.n_misses > 0 {
        let n = story.dialogue.n_misses;
        tried.push(lang.choose(format!("连续 {n} 次没有听懂"), format!("not understood {n} times in a row")));
    }
    tried
}

fn feels(story: &Story) -> Option<String> {
    const SOME: f32 = 0.4;
    const MUCH: f32 = 0.7;
    let lang = story.lang;
    let anger = story.understanding.emotion.anger.max(story.dialogue.anger);
    let angry = match anger {
        anger if anger >= MUCH => Some(lang.choose("很生气", "very angry")),
        anger if anger >= SOME => Some(lang.choose("有些不满", "displeased")),
        _ => None,
    };
    let urgent = (story.understanding.emotion.urgency >= SOME).then_some(lang.choose("着急", "in a hurry"));
    let words: Vec<&str> = angry.into_iter().chain(urgent).collect();
    (!words.is_empty()).then(|| words.join(lang.choose("、", ", ")))
}

fn quoted(said: &Said, lang: Lang) -> String {
    let who = if said.by_customer { lang.choose("客户", "Customer") } else { lang.choose("助手", "Assistant") };
    format!("- {who}{}{}", lang.choose("：", ": "), brief(said.text))
}

/// On one line, and not too long of it.
fn brief(text: &str) -> String {
    let clean = crate::forms::Words::of(text).text;
    let words = clean.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut brief: String = words.chars().take(CHARACTERS_MAX).collect();
    if brief.len() < words.len() {
        brief.push('…');
    }
    brief
}
