//! Things that have more or less of something than the one talked about or named: `有没有更轻的`, "a phone with a bigger battery than the Orla
//! 5", and which of some costs less. What is listed stands in [`crate::act::wishes`].

use super::Turning;
use super::referents::{self, Meant};
use super::wording::clipped;
use crate::act::wishes::{self, Than, Wishes};
use crate::act::{Answer, attributes, compare, needs};
use crate::understand::{Named, Reference};

/// Words for more or less of an attribute, those that say more first.
const COMPARED: &[(&str, bool, &[&str])] = &[
    ("battery", true, &["电池更大", "更大电池", "电量更大", "bigger battery", "larger battery", "battery bigger"]),
    (
        "battery_life",
        true,
        &[
            "续航更长",
            "续航更久",
            "续航更好",
            "更长续航",
            "更耐用的电池",
            "longer battery",
            "better battery",
            "lasts longer",
            "last longer",
        ],
    ),
    ("memory", true, &["内存更大", "更大内存", "运存更大", "more memory", "more ram"]),
    (
        "storage",
        true,
        &["存储更大", "容量更大", "更大容量", "硬盘更大", "more storage", "bigger capacity", "larger capacity"],
    ),
    ("refresh", true, &["刷新率更高", "更高刷新率", "higher refresh"]),
    ("camera", true, &["像素更高", "拍照更好", "更高像素", "better camera", "more megapixels"]),
    ("screen", false, &["屏幕更小", "更小的屏", "小一点的", "小点的", "更小的", "smaller"]),
    (
        "screen",
        true,
        &[
            "屏幕更大",
            "更大屏",
            "更大的屏",
            "大一点的",
            "大点的",
            "更大的",
            "bigger screen",
            "larger screen",
            "bigger",
            "larger",
        ],
    ),
    ("weight", false, &["更轻", "轻一点", "轻点", "轻一些", "lighter", "weighs less"]),
    ("speed", true, &["更快", "快一点", "快点的", "faster", "quicker"]),
    (
        "price",
        false,
        &[
            "更便宜",
            "便宜一点",
            "便宜点",
            "便宜一些",
            "便宜些",
            "价格更低",
            "更实惠",
            "cheaper",
            "less expensive",
            "lower price",
        ],
    ),
    ("price", true, &["更贵", "贵一点", "贵点", "更高端", "高端一点", "more expensive", "higher end", "higher-end"]),
];

impl Turning<'_, '_> {
    /// Others of its kind, where more or less of something is asked for than the thing talked about or named has.
    pub(super) fn more_or_less(&mut self) -> Option<Answer> {
        let text = attributes::fold(self.scene.message.text);
        let names_thing =
            self.scene.understood.entities.iter().any(|entity| matches!(entity.what, Named::Product { .. }));
        let found = COMPARED.iter().find(|(.., words)| words.iter().any(|word| text.contains(word)));
        let (attribute, is_more) = found
            .map(|(attribute, is_more, _)| (*attribute, *is_more))
            .or_else(|| than_named(&text).filter(|_| names_thing))?;
        let is_than = names_thing && ["比", " than "].iter().any(|word| text.contains(word));
        // "Which is lighter?" of things set side by side a moment ago asks for none of the others.
        let is_compared = self.dialogue.last_intent.as_deref() == Some("compare");
        if is_compared && !names_thing && crate::understand::compared_by(&text).is_some() {
            return None;
        }
        let points = |one: &Reference| !matches!(one, Reference::It);
        if self.scene.understood.references.iter().any(points)
            || names_thing && !is_than
            || !asks_for_others(&self.scene, &text)
        {
            return None;
        }
        let Meant::These(ids) = referents::products(&self.scene, self.dialogue) else { return None };
        let product = ids.first().and_then(|id| self.scene.product(id)).filter(|_| ids.len() == 1)?;
        let category = product.category.clone()?;
        // Another kind is looked for: it is not set against this thing.
        if self.scene.kinds().any(|(path, word)| !crate::understand::kinds::is_of(&category, path, word)) {
            return None;
        }
        let than = Than { product, attribute, is_more };
        let wishes = Wishes::of(&self.scene).than(&category, &than);
        let wishes::Listed { answer, things } = wishes::beyond(&self.scene, &wishes, &than)?;
        self.dialogue.last_intent = Some("find_product".to_owned());
        self.dialogue.wonder(clipped(self.scene.message.text));
        if !things.is_empty() {
            self.list(things.iter().map(|thing| thing.whole.product_id.clone()).collect());
            self.mark(&things);
        }
        Some(answer)
    }

    /// `哪个便宜`, "which is cheaper?", "what is the price difference?" of things set side by side or listed a moment ago.
    pub(super) fn which_is_cheaper(&mut self) -> Option<Answer> {
        const ZH: &[&str] = &["便宜", "贵", "差多少钱", "差价是多少", "差价多少", "相差多少", "划算"];
        const EN: &[&str] =
            &["cheaper", "more expensive", "price difference", "difference in price", "costs less", "costs more"];
        let text = attributes::fold(self.scene.message.text);
        let asks = self.lang().choose(ZH, EN).iter().any(|word| text.contains(word));
        let which = ["哪", "谁", "差", "which", "difference", "what"].iter().any(|word| text.contains(word));
        let is_short = text.chars().count() <= self.lang().choose(14, 48);
        let entities = &self.scene.understood.entities;
        let names = entities.iter().any(|entity| {
            matches!(
                entity.what,
                Named::Product { .. } | Named::Category { .. } | Named::Brand { .. } | Named::Money { .. }
            )
        });
        let ends = ["最", "cheapest", "most expensive"].iter().any(|word| text.contains(word));
        let asks_other = crate::act::facts::asked(&self.scene, None).iter().any(|name| name != "price");
        if !asks || !which || !is_short || names || ends || asks_other {
            return None;
        }
        let ids: Vec<String> = match self.dialogue.listed.len() {
            2..=compare::N_MAX => self.dialogue.listed.clone(),
            _ => self.dialogue.products.iter().take(2).cloned().collect(),
        };
        if ids.len() < 2 {
            return None;
        }
        self.step("understand", "which of them costs less");
        let question = self.lang().choose("价格", "price");
        Some(self.run_for("compare", &ids, question))
    }
}

/// `比 Strato 4 轻的本`: of what there is to be more or less than of the thing named.
fn than_named(folded: &str) -> Option<(&'static str, bool)> {
    const WORDS: &[(&str, &str, bool)] = &[
        ("轻", "weight", false),
        ("便宜", "price", false),
        ("贵", "price", true),
        ("屏幕大", "screen", true),
        ("大", "screen", true),
        ("小", "screen", false),
        ("快", "speed", true),
    ];
    let after = &folded[folded.find('比')?..];
    WORDS.iter().find(|(word, ..)| after.contains(&format!("{word}的"))).map(|(_, name, is_more)| (*name, *is_more))
}

/// Whether others are asked for: `有没有更轻的`, "anything lighter?"
fn asks_for_others(scene: &crate::act::Scene, folded: &str) -> bool {
    const WORDS: &[&str] = &[
        "有没有",
        "有",
        "来个",
        "换个",
        "想要",
        "推荐",
        "找",
        "anything",
        "something",
        "any ",
        "got a",
        "is there",
        "are there",
        "with a",
        "do you",
    ];
    needs::asks_for_some(scene) || WORDS.iter().any(|word| folded.contains(word)) || folded.starts_with('更')
}
