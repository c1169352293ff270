//! What customers of a 3C shop want: the list of intents, and the model that tells them apart. The list is data for
//! everything else: decisions, analytics and the console read it.

use language::classify::ngrams::Unit;
use language::classify::{Example, Run};
use language::text::is_stop_word;
use serde::Serialize;

use super::scope::{self, ScopedClassifier};
use super::{courtesies, cues, masked, spelling};
use crate::AssistError;

/// One thing that is wanted.
#[derive(Debug, Serialize)]
pub struct Intent {
    pub name: &'static str,
    pub zh: &'static str,
    pub en: &'static str,
    /// What answers it.
    pub family: Family,
    /// Whether only a customer whom the shop vouches for may be told.
    pub needs_identity: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Family {
    /// Fields of products.
    Product,
    Orders,
    /// A form to fill in.
    Form,
    /// Policies of the shop, curated answers, documents.
    Policy,
    /// Documents of products: how to set up, use, mend.
    Support,
    Talk,
    Person,
}

const fn intent(
    name: &'static str,
    zh: &'static str,
    en: &'static str,
    family: Family,
    needs_identity: bool,
) -> Intent {
    Intent { name, zh, en, family, needs_identity }
}

use Family::{Form, Orders, Person, Policy, Product, Support, Talk};

/// Every intent, in the order in which lists show them.
pub static INTENTS: &[Intent] = &[
    intent("product_fact", "询问参数", "ask for a specification", Product, false),
    intent("price", "询问价格", "ask for a price", Product, false),
    intent("stock", "询问库存", "ask whether it is in stock", Product, false),
    intent("compare", "比较商品", "compare products", Product, false),
    intent("compatibility", "询问是否兼容", "ask whether it fits", Product, false),
    intent("accessories", "询问配件", "ask for accessories", Product, false),
    intent("find_product", "找商品", "look for a product", Product, false),
    intent("recommend", "请推荐", "ask for a recommendation", Product, false),
    intent("opinions", "询问口碑", "ask what customers say", Product, false),
    intent("successor", "询问新款", "ask for the newer model", Product, false),
    intent("order_status", "查订单", "ask for an order", Orders, true),
    intent("delivery", "查物流", "ask where a parcel is", Orders, true),
    intent("order_list", "我的订单", "list my orders", Orders, true),
    intent("cancel_order", "取消订单", "cancel an order", Form, true),
    intent("change_address", "改收货地址", "change the address", Form, true),
    intent("return_request", "申请退货", "return something", Form, true),
    intent("exchange_request", "申请换货", "exchange something", Form, true),
    intent("repair_booking", "预约维修", "book a repair", Form, true),
    intent("invoice", "开发票", "ask for an invoice", Form, true),
    intent("price_protection", "申请价保", "ask for price protection", Form, true),
    intent("trade_in", "以旧换新", "trade something in", Form, false),
    intent("refund_status", "退款进度", "ask for a refund", Orders, true),
    intent("return_policy", "退货政策", "ask how returns work", Policy, false),
    intent("warranty", "保修政策", "ask about the warranty", Policy, false),
    intent("shipping_policy", "配送政策", "ask about delivery in general", Policy, false),
    intent("payment", "支付方式", "ask how to pay", Policy, false),
    intent("promotion", "优惠活动", "ask about offers", Policy, false),
    intent("store_info", "门店信息", "ask about shops and hours", Policy, false),
    intent("account", "账号问题", "ask about the account", Policy, false),
    intent("how_to", "使用方法", "ask how to do something with a product", Support, false),
    intent("trouble", "故障排查", "report that something does not work", Support, false),
    intent("complaint", "投诉", "complain", Person, false),
    intent("human", "转人工", "ask for a person", Person, false),
    intent("greeting", "问候", "greet", Talk, false),
    intent("thanks", "感谢", "thank", Talk, false),
    intent("goodbye", "告别", "say goodbye", Talk, false),
    intent("who_are_you", "你是谁", "ask who is speaking", Talk, false),
    intent("small_talk", "闲聊", "talk", Talk, false),
    intent("rating", "评价服务", "rate the service", Talk, false),
];

impl Intent {
    pub fn named(name: &str) -> Option<&'static Intent> {
        INTENTS.iter().find(|intent| intent.name == name)
    }
}

/// The class of examples that are no business of the shop's.
pub const OUT_OF_SCOPE: &str = "out_of_scope";

/// Examples of every intent in both languages, written by us.
const SEEDS: [&str; 2] = [include_str!("seeds/zh.tsv"), include_str!("seeds/en.tsv")];

/// Of texts with an intent, the part that may be taken for out of scope: where the odds are even.
const LOST: f64 = 0.03;

/// Tells intents apart: learned from the seeds of this crate and a shop's own examples.
#[derive(Clone, Debug, PartialEq)]
pub struct IntentModel {
    scoped: ScopedClassifier,
}

impl IntentModel {
    /// Learns from the built-in seeds and a shop's own examples, (intent, text) each; the intent may be [`OUT_OF_SCOPE`].
    ///
    /// # Errors
    /// If an own example names no intent.
    pub fn learn(own: &[(&str, &str)], seed: u64) -> Result<Self, AssistError> {
        check(own)?;
        let built_in: Vec<(&str, &str)> = seeds().collect();
        Self::learn_rows(&[built_in.as_slice(), own].concat(), seed)
    }

    /// Learns from these examples alone, (intent, text) each: to judge what is learned by others.
    ///
    /// # Errors
    /// If an example names no intent, or they are not of two intents at least.
    pub fn learn_only(examples: &[(&str, &str)], seed: u64) -> Result<Self, AssistError> {
        check(examples)?;
        Self::learn_rows(examples, seed)
    }

    /// From these examples alone. Placeholders are filled, names are masked.
    pub(super) fn learn_rows(rows: &[(&str, &str)], seed: u64) -> Result<Self, AssistError> {
        let mut filled = masked::filled(rows);
        filled.iter_mut().for_each(|(_, text)| *text = with_signs(courtesies::without(text)));
        let examples: Vec<Example> = filled.iter().map(|(label, text)| Example { label, text }).collect();
        let never_stops = |_| true;
        let scoped = ScopedClassifier::fit(&examples, OUT_OF_SCOPE, &wanted(), &Run::new(seed, &never_stops))?;
        Ok(IntentModel { scoped })
    }

    pub fn to_bytes(&self) -> Vec<u8> {
        self.scoped.to_bytes()
    }

    /// # Errors
    /// [`AssistError::Corrupt`] if the bytes are not those of a model, damaged or cut off.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, AssistError> {
        let scoped = ScopedClassifier::from_bytes(bytes)?;
        match scoped.classes().iter().find(|class| *class != OUT_OF_SCOPE && Intent::named(class).is_none()) {
            Some(class) => {
                Err(AssistError::Corrupt(format!("it knows an intent '{class}' that this program does not")))
            }
            None => Ok(IntentModel { scoped }),
        }
    }

    /// Intents and their probabilities, the likeliest first; what is left of 1 is that the text is none of the shop's
    /// business. Names of makers and measures in the text do not count; names of products count where the model takes
    /// them for such: see [`super::Understander`], which knows the shop's.
    pub fn ask(&self, text: &str) -> Vec<(&str, f32)> {
        self.ask_masked(&masked::plain(text))
    }

    /// How many examples have a word of letters.
    fn n_known(&self, word: &[u8]) -> u32 {
        let n = self.scoped.nearest.n_with(word);
        let is_of_sign = || std::str::from_utf8(word).is_ok_and(|word| cues::has_word(word) || is_stop_word(word));
        if n < N_OF_SIGN && is_of_sign() { N_OF_SIGN } else { n }
    }

    /// The same for a text in which what is named has been masked.
    pub(super) fn ask_masked(&self, masked: &str) -> Vec<(&str, f32)> {
        if masked.is_empty() {
            return Vec::new();
        }
        let meant = spelling::mended(courtesies::without(masked), &|word| self.n_known(word));
        let asked = self.scoped.ask(&with_signs(&meant));
        let inside = 1.0 / (1.0 + (self.scoped.gate(LOST) - asked.inside).exp());
        let mut all: Vec<(&str, f32)> = self
            .scoped
            .classes()
            .iter()
            .zip(&asked.probabilities)
            .filter(|(class, _)| *class != OUT_OF_SCOPE)
            .map(|(class, p)| (class.as_str(), (p * inside) as f32))
            .collect();
        all.sort_by(|x, y| y.1.total_cmp(&x.1).then(x.0.cmp(y.0)));
        all
    }
}

/// Of words that signs are made of, as if so many examples had them.
const N_OF_SIGN: u32 = 2;

fn check(examples: &[(&str, &str)]) -> Result<(), AssistError> {
    let is_known = |label: &str| label == OUT_OF_SCOPE || Intent::named(label).is_some();
    match examples.iter().find(|(label, _)| !is_known(label)) {
        Some((label, _)) => Err(AssistError::unfit("intent of an example", label, "a name in the list of intents")),
        None => Ok(()),
    }
}

/// A masked text with what it is about: some forty examples of an intent have few of the words in which it can be said.
fn with_signs(masked: &str) -> String {
    format!("{masked}{}{}", crate::knowledge::signs(masked), cues::signs(masked))
}

/// The built-in examples: intent and text, which may hold placeholders such as `{product}`.
pub fn seeds() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = SEEDS.into_iter().flat_map(str::lines).filter(|line| !line.starts_with('#'));
    lines.filter_map(|line| line.split_once('\t'))
}

/// Of a message with words that no example has, the others say less.
fn wanted() -> scope::Wanted {
    let mut wanted = scope::Wanted::default();
    let words = wanted.classifier.blocks.iter_mut().filter(|block| block.grams.unit == Unit::Word);
    words.for_each(|block| block.with_unknown = true);
    wanted
}
