//! What a customer for whom the shop vouches told in earlier conversations, and what is still open: named facts, each with the
//! message it comes from and when. Few on purpose: what was talked about last, what was wished for. No text of theirs is kept
//! here, and nothing is guessed from what they did elsewhere. Where facts are kept, and whose, is known elsewhere; an unknown
//! visitor has none.

use domain::{Day, Millis};
use serde::{Deserialize, Serialize};

use crate::act::Scene;
use crate::act::attributes::{fold, label};
use crate::evidence::Evidence;
use crate::state::Dialogue;
use crate::turn::{Lang, Turn};
use crate::understand::{Named, Reference};

/// Facts of one customer that are kept and handed in.
pub const FACTS_MAX: usize = 24;
/// Products talked about that are kept, the newest.
pub const PRODUCTS_MAX: usize = 3;
/// Bytes of a value.
pub const VALUE_MAX: usize = 200;

/// What a fact says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum FactName {
    /// A product talked about: its id.
    Product,
    /// A kind of thing wished for: a category's path.
    Category,
    /// What it may cost at most: cents.
    Budget,
    /// A maker wished for.
    Brand,
    /// A property wished for: `memory=16 GB`.
    Wish,
    /// The language spoken: `zh` or `en`.
    Language,
    /// A request that the shop has not settled yet: what it asks for, in words.
    OpenCase,
}

impl FactName {
    /// As it is stored.
    pub fn as_str(self) -> &'static str {
        match self {
            FactName::Product => "product",
            FactName::Category => "category",
            FactName::Budget => "budget",
            FactName::Brand => "brand",
            FactName::Wish => "wish",
            FactName::Language => "language",
            FactName::OpenCase => "open_case",
        }
    }

    pub fn named(name: &str) -> Option<FactName> {
        use FactName::{Brand, Budget, Category, Language, OpenCase, Product, Wish};
        [Product, Category, Budget, Brand, Wish, Language, OpenCase].into_iter().find(|one| one.as_str() == name)
    }

    /// For people.
    pub fn label(self, lang: Lang) -> &'static str {
        match self {
            FactName::Product => lang.choose("聊过的商品", "Product talked about"),
            FactName::Category => lang.choose("想买的类别", "Kind wished for"),
            FactName::Budget => lang.choose("预算上限", "Budget"),
            FactName::Brand => lang.choose("想要的品牌", "Maker wished for"),
            FactName::Wish => lang.choose("想要的参数", "Property wished for"),
            FactName::Language => lang.choose("语言", "Language"),
            FactName::OpenCase => lang.choose("未办结的申请", "Open request"),
        }
    }
}

/// One thing known, and where from.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Fact {
    pub name: FactName,
    pub value: String,
    pub conversation_id: String,
    /// The customer's message that it comes from; 0 where it is no message's.
    pub seq: i64,
    pub at: Millis,
}

/// What a turn is to be remembered by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Learned {
    pub name: FactName,
    pub value: String,
}

impl Learned {
    fn new(name: FactName, value: impl Into<String>) -> Option<Learned> {
        let value = value.into();
        (!value.is_empty() && value.len() <= VALUE_MAX).then_some(Learned { name, value })
    }

    /// Under what it is kept: a later fact of the same slot takes its place.
    pub fn slot(&self) -> String {
        match self.name {
            FactName::Product => format!("product:{}", self.value),
            FactName::Wish => format!("wish:{}", self.value.split('=').next().unwrap_or_default()),
            name => name.as_str().to_owned(),
        }
    }
}

/// What a turn told that a later conversation may use. Wishes count only where something was looked for.
pub fn learn(turn: &Turn, dialogue: &Dialogue) -> Vec<Learned> {
    let mut all: Vec<Learned> = Vec::new();
    if turn.understood.is_injection {
        return all;
    }
    let language = turn.understood.lang.choose("zh", "en");
    all.extend(Learned::new(FactName::Language, language));
    all.extend(dialogue.products.first().and_then(|id| Learned::new(FactName::Product, id.as_str())));
    let looks_for = ["find_product", "recommend"].iter().any(|intent| turn.understood.is(intent));
    for entity in turn.understood.entities.iter().filter(|_| looks_for) {
        all.extend(match &entity.what {
            Named::Money { cents, is_min: false, .. } => Learned::new(FactName::Budget, cents.to_string()),
            Named::Category { value } => Learned::new(FactName::Category, value.as_str()),
            Named::Brand { value } => Learned::new(FactName::Brand, value.as_str()),
            Named::Spec { attribute, value, unit } => {
                Learned::new(FactName::Wish, format!("{attribute}={value} {unit}"))
            }
            _ => None,
        });
    }
    // Of several of one slot the last was meant: a compound's last part, the price corrected.
    let mut kept: Vec<Learned> = Vec::new();
    for one in all {
        kept.retain(|known| known.slot() != one.slot());
        kept.push(one);
    }
    kept.truncate(FACTS_MAX);
    kept
}

/// The product of an earlier conversation that a message means, with the fact that says so: `上次说的那款`, `the laptop we spoke
/// of yesterday`. Nothing if this conversation has one that may be meant as well.
pub fn product_meant<'f>(scene: &Scene<'f>, dialogue: &Dialogue) -> Option<&'f Fact> {
    let is_sure = scene.understood.references.iter().find_map(|reference| match reference {
        Reference::Earlier { is_sure } => Some(*is_sure),
        _ => None,
    })?;
    if !is_sure && !dialogue.products.is_empty() {
        return None;
    }
    let kinds: Vec<(&str, &str)> = scene.kinds().collect();
    let is_kind = |path: &str| {
        let is = |kind: &(&str, &str)| crate::act::fits::in_category(path, kind.0);
        kinds.is_empty() || kinds.iter().any(is)
    };
    let mut known: Vec<&Fact> = scene.message.memory.iter().filter(|fact| fact.name == FactName::Product).collect();
    known.retain(|fact| {
        scene.product(&fact.value).is_some_and(|product| is_kind(product.category.as_deref().unwrap_or_default()))
    });
    known.sort_by_key(|fact| std::cmp::Reverse(fact.at));
    let of_day = day_named(scene).and_then(|day| known.iter().find(|fact| scene.day_of(fact.at) == day));
    of_day.or(known.first()).copied()
}

fn day_named(scene: &Scene) -> Option<Day> {
    scene.understood.entities.iter().find_map(|entity| match entity.what {
        Named::Day { day } => Some(day),
        _ => None,
    })
}

/// The last fact of a name.
pub fn known<'f>(scene: &Scene<'f>, name: FactName) -> Option<&'f Fact> {
    scene.message.memory.iter().filter(|fact| fact.name == name).max_by_key(|fact| fact.at)
}

/// What a customer once said they would spend, in cents, if it was for this kind of thing and they do not say otherwise now.
pub fn budget<'f>(scene: &Scene<'f>, category: Option<&str>) -> Option<(i64, &'f Fact)> {
    const NO_LIMIT: &[&str] =
        &["不限", "预算无所谓", "多少钱都", "any budget", "no budget", "any price", "price doesn't matter"];
    let text = fold(scene.message.text);
    if NO_LIMIT.iter().any(|word| text.contains(word)) {
        return None;
    }
    let fact = known(scene, FactName::Budget)?;
    let of = known(scene, FactName::Category);
    let is_same = match (category, of) {
        (Some(asked), Some(of)) => crate::act::fits::in_category(&of.value, asked) || of.value == asked,
        (Some(_), None) => false,
        (None, _) => true,
    };
    Some((fact.value.parse().ok().filter(|_| is_same)?, fact))
}

/// A fact as evidence: the day, and the message it comes from.
pub fn evidence(scene: &Scene, fact: &Fact) -> Evidence {
    let how = format!("remembered from conversation {}, message {}", fact.conversation_id, fact.seq);
    Evidence::Computed { how, value: scene.day_of(fact.at).to_string() }
}

/// A value as people read it; money in the shop's currency.
pub fn shown(
    name: FactName,
    value: &str,
    lang: Lang,
    currency: &str,
    product: &dyn Fn(&str) -> Option<String>,
) -> String {
    match name {
        FactName::Product => product(value).unwrap_or_else(|| value.to_owned()),
        FactName::Budget => {
            value.parse().map_or_else(|_| value.to_owned(), |cents| crate::say::format::money(cents, currency))
        }
        FactName::Wish => match value.split_once('=') {
            Some((attribute, value)) => format!("{} {value}", label(attribute, lang)),
            None => value.to_owned(),
        },
        FactName::Language => match value {
            "en" => lang.choose("英语", "English").to_owned(),
            _ => lang.choose("中文", "Chinese").to_owned(),
        },
        FactName::Category | FactName::Brand | FactName::OpenCase => value.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::understand::{Entity, Understanding};

    fn turn(intent: &str, named: Vec<Named>) -> Turn {
        let entities = named.into_iter().map(|what| Entity { range: 0..1, what }).collect();
        Turn {
            reply: Default::default(),
            action: Default::default(),
            understood: Understanding { intent: Some(intent.into()), entities, ..Default::default() },
            trace: Vec::new(),
        }
    }

    fn money(cents: i64) -> Named {
        Named::Money { cents, is_max: true, is_min: false }
    }

    #[test]
    fn wishes_are_kept_where_something_is_looked_for() {
        let named = || {
            vec![
                money(500_000),
                Named::Category { value: "电视".into() },
                Named::Category { value: "支架".into() },
                money(60_000),
                Named::Spec { attribute: "memory".into(), value: 16.0, unit: "GB".into() },
            ]
        };
        let dialogue = Dialogue { products: vec!["P1".into(), "P2".into()], ..Dialogue::default() };
        let learned = |intent: &str| -> Vec<String> {
            let all = learn(&turn(intent, named()), &dialogue);
            all.into_iter().map(|one| format!("{} {}", one.name.as_str(), one.value)).collect()
        };
        assert_eq!(
            learned("recommend"),
            ["language zh", "product P1", "category 支架", "budget 60000", "wish memory=16 GB"]
        );
        assert_eq!(learned("price"), ["language zh", "product P1"]);
    }

    #[test]
    fn what_gives_orders_or_is_too_long_is_not_kept() {
        let mut hostile = turn("recommend", vec![money(1)]);
        hostile.understood.is_injection = true;
        assert_eq!(learn(&hostile, &Dialogue::default()), []);
        let long = Named::Brand { value: "x".repeat(VALUE_MAX + 1) };
        let learned = learn(&turn("recommend", vec![long]), &Dialogue::default());
        assert!(learned.iter().all(|one| one.name == FactName::Language), "{learned:?}");
    }

    #[test]
    fn names_come_back_from_what_is_stored() {
        for name in [FactName::Product, FactName::Wish, FactName::OpenCase, FactName::Budget] {
            assert_eq!(FactName::named(name.as_str()), Some(name));
            assert_eq!(serde_json::to_value(name).unwrap(), name.as_str());
        }
        assert_eq!(FactName::named("colour"), None);
    }
}
