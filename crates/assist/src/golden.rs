//! Golden conversations: what customers say, turn by turn, and what must be found in the answers. A shop keeps them in a
//! file and runs them before it publishes; here they are read, run and judged. Files and printing are elsewhere.

use domain::Millis;
use serde::{Deserialize, Serialize};

use crate::AssistError;
use crate::assistant::Assistant;
use crate::evidence::Evidence;
use crate::state::Dialogue;
use crate::turn::{Action, Block, Lang, Message, Turn};
use crate::world::World;

/// One conversation.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Conversation {
    pub name: String,
    /// The language of the page.
    #[serde(default)]
    pub lang: Option<Lang>,
    /// Who it is, vouched for.
    #[serde(default)]
    pub customer_id: Option<String>,
    #[serde(default)]
    pub page_product_id: Option<String>,
    pub turns: Vec<Expected>,
}

/// What a customer says, and what must be found in the answer; what is left out is not looked at.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Expected {
    pub say: String,
    pub intent: Option<String>,
    /// Texts that the reply has, whatever their case.
    pub contains: Vec<String>,
    /// Texts that neither the reply nor what is shown beside it has.
    pub contains_not: Vec<String>,
    /// A product that the reply rests on or shows.
    pub product: Option<String>,
    /// A document, curated answer or order that the reply rests on.
    pub source: Option<String>,
    /// `none`, `ask_back`, `ask_back:which_product`, `submit`, `submit:return_request`, `hand_over`, `close`; `person`: handed over, or
    /// that offered.
    pub action: Option<String>,
}

/// What became of a conversation.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Report {
    pub name: String,
    pub turns: Vec<TurnReport>,
}

/// What was answered, and what of it was expected otherwise.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct TurnReport {
    pub say: String,
    pub reply: String,
    pub intent: Option<String>,
    pub action: String,
    pub products: Vec<String>,
    pub sources: Vec<String>,
    /// What the reply rests on and shows, for whoever reads it again.
    pub evidence: Vec<Evidence>,
    pub blocks: Vec<Block>,
    /// Whether a reply had to be put back because something in it stood on nothing.
    pub was_unsupported: bool,
    pub unmet: Vec<Unmet>,
}

/// One expectation that was not met.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Unmet {
    /// `intent`, `contains` … as in [`Expected`].
    pub what: String,
    pub expected: String,
    pub found: String,
}

impl Report {
    /// Whether everything was as expected.
    pub fn is_met(&self) -> bool {
        self.turns.iter().all(|turn| turn.unmet.is_empty())
    }
}

/// Reads conversations: TOML with `[[conversation]]`, or JSON, one conversation a line.
///
/// # Errors
/// [`AssistError::Unfit`] with the line or place, if it is neither, or a conversation has no turns.
pub fn read(text: &str) -> Result<Vec<Conversation>, AssistError> {
    #[derive(Deserialize)]
    #[serde(deny_unknown_fields)]
    struct File {
        conversation: Vec<Conversation>,
    }
    let is_json = text.trim_start().starts_with('{');
    let all = if is_json {
        let lines = text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty());
        let read = |(at, line): (usize, &str)| {
            let unfit = |error: serde_json::Error| {
                AssistError::unfit("conversation", format!("line {}: {error}", at + 1), "one JSON object a line")
            };
            serde_json::from_str::<Conversation>(line).map_err(unfit)
        };
        lines.map(read).collect::<Result<Vec<_>, _>>()?
    } else {
        let unfit = |error: toml::de::Error| AssistError::unfit("conversations", error, "TOML with [[conversation]]");
        toml::from_str::<File>(text).map_err(unfit)?.conversation
    };
    match all.iter().find(|conversation| conversation.turns.is_empty()) {
        Some(empty) => {
            Err(AssistError::unfit("conversation", format!("'{}' without turns", empty.name), "at least one turn"))
        }
        None => Ok(all),
    }
}

/// Holds a conversation, all of it at one moment, and judges every turn.
pub fn run(assistant: &Assistant, world: &World, conversation: &Conversation, at: Millis) -> Report {
    let mut dialogue = Dialogue { lang: conversation.lang, ..Dialogue::default() };
    let turn = |expected: &Expected| {
        let message = Message {
            text: &expected.say,
            at,
            customer_id: conversation.customer_id.as_deref(),
            page_product_id: conversation.page_product_id.as_deref(),
            page_lang: conversation.lang,
            memory: &[],
        };
        judge(expected, &assistant.turn(&message, &mut dialogue, world, None))
    };
    Report { name: conversation.name.clone(), turns: conversation.turns.iter().map(turn).collect() }
}

/// Compares an answer with what was expected.
pub fn judge(expected: &Expected, turn: &Turn) -> TurnReport {
    let (products, sources) = (products(turn), sources(turn));
    let action = action(&turn.action);
    let mut unmet = Vec::new();
    let mut miss = |what: &str, expected: &str, found: &str| {
        unmet.push(Unmet { what: what.to_owned(), expected: expected.to_owned(), found: found.to_owned() });
    };
    let reply = turn.reply.text.to_lowercase();
    if let Some(intent) = expected.intent.as_deref().filter(|intent| !turn.understood.is(intent)) {
        miss("intent", intent, turn.understood.intent.as_deref().unwrap_or("none"));
    }
    for text in expected.contains.iter().filter(|text| !reply.contains(&text.to_lowercase())) {
        miss("contains", text, &turn.reply.text);
    }
    let shown = serde_json::to_string(&turn.reply).unwrap_or_default().to_lowercase();
    for text in expected.contains_not.iter().filter(|text| shown.contains(&text.to_lowercase())) {
        miss("contains_not", text, &turn.reply.text);
    }
    if let Some(product) = expected.product.as_ref().filter(|product| !products.contains(product)) {
        miss("product", product, &products.join(", "));
    }
    if let Some(source) = expected.source.as_ref().filter(|source| !sources.contains(source)) {
        miss("source", source, &sources.join(", "));
    }
    let to_person = ["hand_over", "ask_back:hand_over"].contains(&action.as_str());
    let is_action = |wanted: &&str| {
        *wanted == action || action.split(':').next() == Some(*wanted) || (*wanted == "person" && to_person)
    };
    if let Some(wanted) = expected.action.as_deref().filter(|wanted| !is_action(wanted)) {
        miss("action", wanted, &action);
    }
    TurnReport {
        say: expected.say.clone(),
        reply: turn.reply.text.clone(),
        intent: turn.understood.intent.clone(),
        action,
        products,
        sources,
        evidence: turn.reply.evidence.clone(),
        blocks: turn.reply.blocks.clone(),
        was_unsupported: turn.trace.iter().any(|step| step.stage == "unsupported"),
        unmet,
    }
}

/// An action in a word, with what it asks or submits.
fn action(action: &Action) -> String {
    match action {
        Action::None => "none".to_owned(),
        Action::AskBack { what } => format!("ask_back:{what}"),
        Action::Submit(submission) => format!("submit:{}", submission.form),
        Action::HandOver(_) => "hand_over".to_owned(),
        Action::Close => "close".to_owned(),
    }
}

/// Products that a reply rests on or shows, each once.
fn products(turn: &Turn) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    let mut add = |id: &str| {
        if !all.iter().any(|known| known == id) {
            all.push(id.to_owned());
        }
    };
    for evidence in &turn.reply.evidence {
        match evidence {
            Evidence::Product { product_id, .. } | Evidence::Opinions { product_id, .. } => add(product_id),
            Evidence::Fit { product_id, with, .. } => [product_id, with].into_iter().for_each(|id| add(id)),
            _ => {}
        }
    }
    for block in &turn.reply.blocks {
        match block {
            Block::Products { products } => products.iter().for_each(|product| add(&product.product_id)),
            Block::Comparison(comparison) => comparison.products.iter().for_each(|product| add(&product.product_id)),
            Block::Order(_) | Block::Form(_) => {}
        }
    }
    all
}

/// Documents, curated answers and orders that a reply rests on, each once.
fn sources(turn: &Turn) -> Vec<String> {
    let mut all: Vec<String> = Vec::new();
    for evidence in &turn.reply.evidence {
        let id = match evidence {
            Evidence::Document { document_id, .. } => document_id,
            Evidence::Curated { answer_id, .. } => answer_id,
            Evidence::Order { order_id, .. } => order_id,
            _ => continue,
        };
        if !all.contains(id) {
            all.push(id.clone());
        }
    }
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms_are_read() {
        let toml = "[[conversation]]\nname = \"a\"\nlang = \"zh\"\n[[conversation.turns]]\nsay = \"你好\"\naction = \"none\"\n";
        let json = "{\"name\": \"a\", \"lang\": \"zh\", \"turns\": [{\"say\": \"你好\", \"action\": \"none\"}]}\n\n";
        assert_eq!(read(toml).unwrap(), read(json).unwrap());
        for (text, said) in [
            ("{\"name\": 1}", "line 1"),
            ("[[conversation]]\nname = \"a\"\nturns = []", "without turns"),
            ("[[conversation]]\nnam = \"a\"", "nam"),
        ] {
            assert!(read(text).unwrap_err().to_string().contains(said), "{text}");
        }
    }

    #[test]
    fn what_is_expected_otherwise_is_told() {
        let turn = Turn {
            reply: crate::turn::Reply { text: "内存 16 GB".into(), ..Default::default() },
            action: Action::AskBack { what: "which_product".into() },
            understood: Default::default(),
            trace: Vec::new(),
        };
        let expected = Expected {
            contains: vec!["16 gb".into(), "32 GB".into()],
            contains_not: vec!["内存".into()],
            action: Some("ask_back".into()),
            product: Some("P1".into()),
            ..Expected::default()
        };
        let unmet: Vec<String> = judge(&expected, &turn).unmet.into_iter().map(|unmet| unmet.what).collect();
        assert_eq!(unmet, ["contains", "contains_not", "product"]);
    }
}
