//! Whether what is about to be said is about what was asked: the words of a question that say something, without those that
//! name the product or its kind, must be explained by the attribute that is told (its names, the words for it, its value) or by
//! the text that is quoted. A neighbouring fact explains none of them. It says nothing itself.

use std::sync::LazyLock;

use domain::Product;
use language::text::Tokeniser;
use regex::Regex;

use super::Scene;
use super::attributes::{fold, named, specs_for};
use crate::evidence::Evidence;
use crate::knowledge::around::{AROUND, OVERVIEW};
use crate::knowledge::words::{Question, View, Word, edits, letters};
use crate::turn::Lang;
use crate::understand::{Named, pointers};

/// Weight of words left unexplained from which a question asks for something else: one that says something by itself.
const LEFT_MIN: f32 = 0.9;
/// The part of a question that has to be explained.
const SHARE_MIN: f32 = 0.5;
/// What a word says that is not only wrapped around a question.
const ESSENTIAL: f32 = 0.5;

/// The words of a question that say what is asked.
pub struct Asks {
    words: Vec<Word>,
}

fn tokeniser() -> &'static Tokeniser {
    static TOKENISER: LazyLock<Tokeniser> = LazyLock::new(Tokeniser::default);
    &TOKENISER
}

impl Asks {
    /// Of the scene's question, about these products: their names and kinds, what was understood as the name of a product, brand or
    /// category, amounts of money and days are taken away.
    pub fn of<'p>(scene: &Scene, products: impl IntoIterator<Item = &'p Product>) -> Asks {
        let is_name = |what: &Named| {
            matches!(
                what,
                Named::Product { .. }
                    | Named::Brand { .. }
                    | Named::Category { .. }
                    | Named::OrderNumber { .. }
                    | Named::Money { .. }
                    | Named::Day { .. }
            )
        };
        let masked = masked(scene, is_name);
        let mut parts: Vec<String> = Vec::new();
        for product in products {
            parts.push(product.name.clone());
            parts.extend(product.brand.clone());
            parts.extend(product.category.clone());
        }
        let names = View::of(parts.iter().map(String::as_str));
        // An earlier question names what was talked of then: the number of its model asks for nothing.
        let is_earlier = scene.question != scene.message.text;
        let is_number = |word: &Word| word.own.plain().bytes().all(|byte| byte.is_ascii_digit());
        let says = |word: &Word| {
            let is_kind = word.concept.is_some_and(|concept| concept.is_kind());
            // `12+512` is how the variant 12GB+512GB is called.
            let is_size = is_number(word) && names.has_amount(word.own.plain());
            let is_name = names.has(&word.own) || is_size || is_earlier && is_number(word);
            word.says > 0.0 && !is_kind && !is_name && !AROUND.contains(&word.own.plain())
        };
        // That nothing has been opened is no case of its own.
        let is_sealed = says_unopened(scene.question);
        let is_of_seal = |word: &Word| {
            word.concept.is_some_and(|concept| concept.name == "opened") || SEALED.contains(&word.own.plain())
        };
        let words = Question::new(&masked, tokeniser()).words.into_iter();
        let mut words: Vec<Word> = words.filter(says).filter(|word| !(is_sealed && is_of_seal(word))).collect();
        // What is bought is said with every question about buying it.
        words
            .iter_mut()
            .filter(|word| word.concept.is_some_and(|it| it.name == "order"))
            .for_each(|word| word.says *= 0.4);
        Asks { words }
    }

    /// Of the scene's question, all that search can use of it (brands, categories, values, prices) taken away.
    pub fn beyond_search(scene: &Scene) -> Asks {
        let is_used = |what: &Named| {
            matches!(
                what,
                Named::Product { .. }
                    | Named::Brand { .. }
                    | Named::Category { .. }
                    | Named::Spec { .. }
                    | Named::Money { .. }
                    | Named::Attribute { .. }
                    | Named::Count { .. }
            )
        };
        let says = |word: &Word| {
            let is_kind = word.concept.is_some_and(|concept| concept.is_kind());
            word.says > 0.0 && !is_kind && !AROUND.contains(&word.own.plain())
        };
        let words = Question::new(&masked(scene, is_used), tokeniser()).words;
        Asks { words: words.into_iter().filter(says).collect() }
    }

    /// Whether nothing but the product is named, or the product as a whole is asked for.
    pub fn is_overview(&self, question: &str) -> bool {
        let folded = fold(question);
        OVERVIEW.iter().any(|word| folded.contains(word)) || self.weight() < LEFT_MIN
    }

    /// Whether what search cannot use is little, or somebody looks for something in so many words.
    pub fn is_for_search(&self, text: &str) -> bool {
        const LOOKS: &[&str] = &[
            "想买",
            "买个",
            "买台",
            "买一",
            "想要",
            "推荐",
            "有没有",
            "有什么",
            "有哪些",
            "求",
            "找",
            "预算",
            "looking for",
            "recommend",
            "show me",
            "i need",
            "i want",
            "need a",
            "want a",
            "buy",
            "any ",
            "under ",
            "below ",
            "budget",
            "cheap",
        ];
        let folded = fold(text);
        let looks = LOOKS.iter().any(|word| folded.contains(word));
        !self.asks_ways() && (self.weight() < 1.5 || looks && self.weight() < 3.5)
    }

    /// Whether the shop's ways are asked for.
    pub fn asks_ways(&self) -> bool {
        self.words.iter().any(|word| word.concept.is_some_and(|concept| concept.is_way()))
    }

    /// Whether the question says much, and hardly any of it is what an intent is about: then it is another question.
    pub fn are_beside(&self, intent: &str) -> bool {
        const WORDS: &[(&str, &str)] = &[
            ("greeting", "你好 在吗 有人 hello hi morning"),
            (
                "who_are_you",
                "谁 名字 叫 称呼 机器人 真人 人工 智能 客服 助手 会 name call called robot bot human person real assistant machine ai",
            ),
            ("small_talk", "聊天 笑话 无聊 心情 天气 开心 joke chat bored weather funny feel fun"),
            (
                "accessories",
                "配件 附件 壳 套 膜 表带 充电器 充电头 支架 适配 搭配 配 合适 适合 哪款 哪种 线 墨盒 包 键盘 笔 买 accessory case cover strap charger cable film protector \
                 fit suit match go bag stand mount ink battery keyboard pen buy spare",
            ),
        ];
        let Some((_, words)) = WORDS.iter().find(|(name, _)| *name == intent) else { return false };
        // Somebody else is asked about, whatever of the rest is about the assistant.
        const OTHERS: &[&str] =
            &["老板", "经理", "店长", "创始人", "总裁", "boss", "manag", "owner", "founder", "ceo", "director"];
        if intent == "who_are_you" && self.words.iter().any(|word| OTHERS.contains(&word.own.plain())) {
            return true;
        }
        let (left, share) = self.judged(&View::of([*words]));
        left >= 2.0 * LEFT_MIN && share < SHARE_MIN
    }

    /// Whether more is asked than what these texts are about, and something else has the words of that.
    pub fn go_beyond<'t>(
        &self,
        texts: impl IntoIterator<Item = &'t str>,
        answer: impl IntoIterator<Item = &'t str>,
    ) -> bool {
        let (known, answer) = (View::of(texts), View::of(answer));
        let beyond: Vec<Word> = self.words.iter().filter(|word| word.found_in(&known) == 0.0).cloned().collect();
        let beyond = Asks { words: beyond };
        beyond.say_much() && beyond.judged(&answer).1 >= SHARE_MIN
    }

    /// Without amounts, counts and times of day, where the shop's ways are asked for: what somebody paid, or when, is no part of the rule
    /// that answers them.
    pub fn of_rules(self) -> Asks {
        if !self.asks_ways() {
            return self;
        }
        let words = self.words.into_iter().filter(|word| !is_bare_number(word.own.plain())).collect();
        Asks { words }
    }

    /// Whether a text tells of none of the ways that are asked for, though some are.
    pub fn misses_ways(&self, text: &str) -> bool {
        let view = View::of([text]);
        let mut ways = self.words.iter().filter(|word| word.concept.is_some_and(|concept| concept.is_way())).peekable();
        ways.peek().is_some() && ways.all(|way| way.answered_in(&view) == 0.0)
    }

    /// How many of the shop's ways a text names that are not asked for.
    pub fn n_ways_beyond(&self, text: &str) -> usize {
        let words = Question::new(text, tokeniser()).words;
        let is_beyond = |word: &&Word| {
            word.concept.is_some_and(|concept| concept.is_way()) && !self.words.iter().any(|own| own.is_same(word))
        };
        words.iter().filter(is_beyond).count()
    }

    /// Whether a text is about something done with what was bought (a return, a repair) of which the question, though it asks for the shop's
    /// ways, says nothing, or names another: the postage of a return is not that of an order, nor that of a repair.
    pub fn is_of_other_act(&self, text: &str) -> bool {
        let told = acts(&Question::new(text, tokeniser()).words);
        let asked = acts(&self.words);
        self.asks_ways() && !told.is_empty() && !told.iter().any(|act| asked.contains(act))
    }

    /// Whether a text is about a deed that the question does not name: how to cancel an order is no answer to how to make one.
    pub fn misses_deed(&self, text: &str) -> bool {
        const DEEDS: &[&str] = &["cancel", "member", "account", "password", "invoice", "instalment", "change"];
        let name = |word: &Word| word.concept.map(|concept| concept.name).filter(|name| DEEDS.contains(name));
        // An address that was typed wrong is to be changed, in whatever words.
        if self.words.iter().any(|word| word.concept.is_some_and(|concept| concept.name == "address")) {
            return false;
        }
        let told: Vec<&str> = Question::new(text, tokeniser()).words.iter().filter_map(name).collect();
        // `墨盒拆开用了，不想要了，想退` gives something back: how an order is cancelled is no answer.
        if told.contains(&"cancel") && self.says_concept("return") && !acts_of(text).contains(&"return") {
            return true;
        }
        // `怎么下单`: that something is bought is said with every question, but here it is the question, and no rule about sending
        // answers it.
        let is_order = |word: &Word| word.concept.is_some_and(|concept| concept.name == "order");
        let asks_order = self.words.iter().all(is_order) && self.say_anything();
        if asks_order && self.n_ways_beyond(text) > 0 {
            return true;
        }
        let asks_something = asks_order || self.words.iter().any(|word| word.says >= ESSENTIAL);
        asks_something && !told.is_empty() && !self.words.iter().filter_map(name).any(|own| told.contains(&own))
    }

    fn says_concept(&self, name: &str) -> bool {
        self.words.iter().any(|word| word.concept.is_some_and(|concept| concept.name == name))
    }

    /// As [`Asks::is_of_other_act`], where the question names an act.
    pub fn names_other_act(&self, text: &str) -> bool {
        !acts(&self.words).is_empty() && self.is_of_other_act(text)
    }

    /// The shop's ways that are asked for, each by the word that says nothing else: `运费`, "postage".
    pub fn ways(&self, lang: Lang) -> impl Iterator<Item = &'static str> {
        self.ways_but(&[], lang)
    }

    /// The same without some of them, by their names.
    pub fn ways_but(&self, but: &'static [&'static str], lang: Lang) -> impl Iterator<Item = &'static str> {
        let concepts = self.words.iter().filter_map(|word| word.concept.filter(|concept| concept.is_way()));
        concepts.filter(|way| !but.contains(&way.name)).filter_map(move |way| way.word(lang == Lang::Zh))
    }

    /// Whether all that says something by itself means this.
    pub fn are_only(&self, concept: &str) -> bool {
        let mut words = self.words.iter().filter(|word| word.says >= ESSENTIAL).peekable();
        words.peek().is_some() && words.all(|word| word.concept.is_some_and(|own| own.name == concept))
    }

    /// Whether more is said than an attribute or a kind of product.
    pub fn say_much(&self) -> bool {
        self.weight() >= 2.0 * LEFT_MIN
    }

    pub fn say_anything(&self) -> bool {
        !self.words.is_empty()
    }

    fn weight(&self) -> f32 {
        self.words.iter().map(|word| word.says).sum()
    }

    /// Weight of the words that a text does not have, and the part of the question that it has, 0 to 1; 1 of nothing.
    fn judged(&self, view: &View) -> (f32, f32) {
        let all = self.weight();
        let had: f32 = self.words.iter().map(|word| word.says * word.found_in(view)).sum();
        (all - had, if all > 0.0 { had / all } else { 1.0 })
    }

    /// Whether a text explains enough of the question.
    pub fn are_in<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> bool {
        let (left, share) = self.judged(&View::of(texts));
        left < LEFT_MIN || share >= SHARE_MIN
    }

    /// The part of the question that a text explains, 0 to 1; 0 of a question that says nothing.
    pub fn explained_by<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> f32 {
        let (view, all) = (View::of(texts), self.weight());
        let had: f32 = self.words.iter().map(|word| word.says * word.answered_in(&view)).sum();
        if all > 0.0 { had / all } else { 0.0 }
    }

    /// How many words that say something by themselves texts have.
    pub fn n_in(&self, texts: &[&str]) -> usize {
        let view = View::of(texts.iter().copied());
        self.words.iter().filter(|word| word.says >= ESSENTIAL && word.found_in(&view) > 0.0).count()
    }

    /// The same of the words that say something by themselves, where there are some.
    pub fn explained_in_essence<'t>(&self, texts: impl IntoIterator<Item = &'t str>) -> f32 {
        let words: Vec<Word> = self.words.iter().filter(|word| word.says >= ESSENTIAL).cloned().collect();
        if words.is_empty() { self.explained_by(texts) } else { Asks { words }.explained_by(texts) }
    }

    /// Whether attributes, with what the product has of them, explain enough of the question; a slip of the hand in their words too.
    pub fn are_about(&self, attributes: &[String], product: &Product) -> bool {
        // "Does it come with 32 GB of memory?" asks for the memory, however much it is.
        let is_amount = |word: &Word| {
            let plain = word.own.plain();
            let unit = plain.trim_start_matches(|character: char| character.is_ascii_digit() || character == '.');
            unit.len() < plain.len() && !unit.is_empty() && unit.bytes().all(|byte| byte.is_ascii_lowercase())
        };
        let own = Asks { words: self.words.iter().filter(|word| !is_amount(word)).cloned().collect() };
        let asks = if attributes.is_empty() || own.words.is_empty() { self } else { &own };
        let (left, share) = asks.judged(&view_of(attributes, product));
        left < LEFT_MIN || share >= SHARE_MIN || self.is_slip_of(attributes)
    }

    /// Whether the one word that says something is, but for one letter, a word for one of these attributes: `prise`, `wieght`.
    fn is_slip_of(&self, attributes: &[String]) -> bool {
        const LETTERS_MIN: usize = 4;
        let mut words = self.words.iter().filter(|word| word.says >= ESSENTIAL);
        let (Some(word), None) = (words.next(), words.next()) else { return false };
        let own = word.own.plain();
        let is_near =
            |form: &str| form.len() >= LETTERS_MIN && form.as_bytes()[0] == own.as_bytes()[0] && edits(own, form) == 1;
        let texts = attributes.iter().filter_map(|name| named(name)).flat_map(|attribute| attribute.texts());
        let is_word =
            own.len() >= LETTERS_MIN && word.concept.is_none() && own.bytes().all(|byte| byte.is_ascii_lowercase());
        is_word
            && texts.filter(|text| text.is_ascii()).any(|text| letters(&fold(text)).iter().any(|form| is_near(form)))
    }

    /// Whether they explain all of it.
    pub fn are_all_about(&self, attributes: &[String], product: &Product) -> bool {
        self.judged(&view_of(attributes, product)).0 < 0.5
    }

    /// Whether no word of it says anything by itself.
    pub fn say_little(&self) -> bool {
        self.weight() < LEFT_MIN
    }

    /// Words of the shop's names rather than of one meaning, folded.
    pub(crate) fn plain_words(&self) -> impl Iterator<Item = String> {
        let says = self.words.iter().filter(|word| word.says >= 1.0 && word.concept.is_none());
        says.map(|word| word.own.plain().to_owned()).filter(|word| word.len() > 3)
    }

    /// The words, for the trace.
    pub fn told(&self) -> String {
        self.words.iter().map(|word| word.own.plain()).collect::<Vec<_>>().join(", ")
    }
}

/// Everything that attributes are called, with the values that a product has of them.
fn view_of(attributes: &[String], product: &Product) -> View {
    // Of a camera its pixels are its resolution.
    const PIXELS: &[&str] = &["像素", "pixels", "megapixels"];
    let mut parts: Vec<String> = Vec::new();
    let mut add = |name: &str| {
        parts.push(name.to_owned());
        if let Some(attribute) = named(name) {
            attribute.texts().for_each(|text| parts.push(text.to_owned()));
        }
    };
    for name in attributes {
        add(name);
        for (key, value) in specs_for(product, name) {
            add(key);
            add(value);
        }
        if name == "resolution" {
            PIXELS.iter().for_each(|word| add(word));
        }
    }
    View::of(parts.iter().map(String::as_str))
}

/// An amount, a count, or a time of day: `150`, `5pm`, `一百二`, `五点`.
fn is_bare_number(word: &str) -> bool {
    const NUMERALS: &str = "零一二两三四五六七八九十百千万多块元点几";
    let digits =
        word.trim_start_matches(|character: char| character.is_ascii_digit() || matches!(character, '.' | ','));
    let is_of_digits = digits.len() < word.len() && matches!(digits, "" | "am" | "pm" | "st" | "nd" | "rd" | "th");
    is_of_digits || word.chars().all(|character| NUMERALS.contains(character))
}

/// The question without names and amounts, where something is left of it: what a rule is asked by.
pub(crate) fn plainly(scene: &Scene) -> String {
    let text = masked(scene, |what| {
        matches!(
            what,
            Named::Product { .. }
                | Named::Category { .. }
                | Named::Brand { .. }
                | Named::Money { .. }
                | Named::Count { .. }
                | Named::Day { .. }
        )
    });
    static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"[¥$€£]?\b\d[\d.,:]*(?:am|pm)?\b|\d+(?:块钱|块|元|点)|[一二两三四五六七八九十百千万几]+多?(?:块钱|块|元|点)")
            .expect("a sound pattern")
    });
    NUMBERS.replace_all(&text, " ").into_owned()
}

/// The question without the names of products, makers and kinds of things.
pub(crate) fn without_names(scene: &Scene) -> String {
    masked(scene, |what| matches!(what, Named::Product { .. } | Named::Category { .. } | Named::Brand { .. }))
}

/// The question without the names of products and makers; a kind of thing may be asked for by what it is called (`移动硬盘`).
pub(crate) fn without_products(scene: &Scene) -> String {
    masked(scene, |what| matches!(what, Named::Product { .. } | Named::Brand { .. }))
}

/// The question without what was understood as names of a kind, where it is the message; and without words that point to one of
/// what was listed, unless nothing would be left to be asked.
fn masked(scene: &Scene, is_masked: impl Fn(&Named) -> bool) -> String {
    // Where somebody is when they ask how long it takes is no part of the rule that answers them.
    static WHERE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:我|我们|人)(?:住|是)?在\p{Han}{2,6}|\b(?:i'?m|i am|i live|we live|we are|we're) in [a-z ]{2,24}",
        )
        .expect("a sound pattern")
    });
    let mut text = without_entities(scene, is_masked);
    if let Some(place) = destination(&text)
        && asks_arrival(&text)
    {
        text.replace_range(place, " , ");
    }
    let elsewhere = WHERE.replace_all(&text, " , ");
    let text = if elsewhere.chars().any(char::is_alphanumeric) { elsewhere.into_owned() } else { text };
    let mut rest = text.clone();
    for range in pointers(&text).into_iter().rev() {
        rest.replace_range(range, " , ");
    }
    if rest.chars().any(char::is_alphanumeric) { rest } else { text }
}

fn without_entities(scene: &Scene, is_masked: impl Fn(&Named) -> bool) -> String {
    let mut text = scene.question.to_owned();
    if scene.question != scene.message.text {
        return text;
    }
    let mut ranges: Vec<_> = scene
        .understood
        .entities
        .iter()
        .filter(|entity| is_masked(&entity.what))
        .map(|entity| entity.range.clone())
        .collect();
    ranges.sort_by_key(|range| std::cmp::Reverse(range.start));
    for range in ranges {
        if text.get(range.clone()).is_some() {
            text.replace_range(range, " , ");
        }
    }
    text
}

/// Whether a title names a kind of thing, and none of those that a question is about: `texts` are the question and what is known of the
/// products that it means.
pub(crate) fn is_of_other_kind(title: &str, texts: &[&str]) -> bool {
    let asked: Vec<Word> = texts.iter().flat_map(|text| kinds(text)).collect();
    let of_title = kinds(title);
    !asked.is_empty()
        && !of_title.is_empty()
        && !of_title.iter().any(|word| asked.iter().any(|other| word.is_same(other)))
}

/// The same of the scene's question, which may name its kind in words of the shop alone (`墨盒`).
pub(crate) fn is_beside_kind(scene: &Scene, title: &str) -> bool {
    let own: Vec<&str> = scene.kinds().flat_map(|(path, word)| [path, word]).collect();
    let (view, of_title) = (View::of(own.iter().copied()), kinds(title));
    let is_of_none = !own.is_empty() && !of_title.is_empty() && of_title.iter().all(|kind| kind.found_in(&view) == 0.0);
    is_of_none || is_of_other_kind(title, &[scene.question])
}

/// The word by which a category calls its things, folded: `power bank` of `Phone accessories/Power banks`.
pub(crate) fn kind_word(category: Option<&str>) -> String {
    let last = fold(category.unwrap_or_default().rsplit('/').next().unwrap_or_default());
    last.strip_suffix('s').map_or(last.clone(), str::to_owned)
}

/// Whether a title names the kind of thing that a product is, and no other: of `手机配件/充电宝` a title about power banks is, one about
/// phones is not.
pub(crate) fn is_for_kind_of(title: &str, product: &Product) -> bool {
    let category = product.category.as_deref().unwrap_or_default();
    let own = View::of([category.rsplit('/').next().unwrap_or_default(), product.name.as_str()]);
    let of_title = kinds(title);
    !of_title.is_empty() && of_title.iter().all(|kind| kind.found_in(&own) > 0.0)
}

/// The words of a text that name kinds of things.
fn kinds(text: &str) -> Vec<Word> {
    let words = Question::new(text, tokeniser()).words.into_iter();
    words.filter(|word| word.concept.is_some_and(|concept| concept.is_kind())).collect()
}

/// Kinds of products that a question names and none of the texts does.
pub(crate) fn kinds_beyond(question: &str, texts: &[&str]) -> Vec<Word> {
    let view = View::of(texts.iter().copied());
    kinds(question).into_iter().filter(|kind| kind.found_in(&view) == 0.0).collect()
}

/// What a question says has happened to the thing, on which a rule may turn: dropped, wet, opened, lost.
pub(crate) fn circumstances(question: &str) -> Vec<Word> {
    let words = Question::new(question, tokeniser()).words.into_iter();
    let is_sealed = says_unopened(question);
    let happened = |word: &Word| {
        word.concept.is_some_and(|concept| concept.is_circumstance() && !(is_sealed && concept.name == "opened"))
    };
    words.filter(happened).collect()
}

/// Whether a thing, or the box that it came in, is said to have been damaged when it came: nobody dropped it.
pub(crate) fn arrived_damaged(question: &str) -> bool {
    static ARRIVED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:收到|到手|拿到|送来|送到|寄来|打开|拆开|开箱|签收)(?:货|的时候|时|以后|后|包装|盒子|箱子|包裹|一看)?(?:屏幕?|机器|东西|里面|外壳)?(?:就|发现|已经|是|的时候)|(?:包装盒?|盒子|箱子|纸箱|包裹|外包装|快递盒子?)[^,，。?？]{0,6}(?:压|破|烂|坏|扁|裂)|\b(?:when|as|once) (?:i|we|it|they) (?:opened|unboxed|got|unpacked|came|arrived|delivered)\b|\b(?:arrived|came|delivered|turned up) (?:damaged|broken|smashed|cracked|crushed|dented)\b|\b(?:box|parcel|package|packaging|carton)\b[^.?!]{0,16}\b(?:smashed|crushed|damaged|torn|broken|dented|ripped)\b",
        )
        .expect("a sound pattern")
    });
    let is_damaged = |word: &Word| {
        word.concept.is_some_and(|concept| matches!(concept.name, "broken" | "accidental damage"))
            || ["damag", "dent", "torn", "crush", "rip", "碎", "裂", "破", "烂"].contains(&word.own.plain())
    };
    ARRIVED.is_match(question)
        && (Question::new(question, tokeniser()).words.iter().any(is_damaged)
            || question.contains(['碎', '裂', '破', '烂']))
}

/// Whether a text has a word of one of these meanings.
pub(crate) fn says_concept(text: &str, names: &[&str]) -> bool {
    let words = Question::new(text, tokeniser()).words;
    words.iter().any(|word| word.concept.is_some_and(|concept| names.contains(&concept.name)))
}

/// Whether it is asked what a broken screen costs.
pub(crate) fn asks_screen_price(question: &str) -> bool {
    static SCREEN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(?:crack|smash|broke|shatter|bust)\w*\b[^.?!]{0,30}\bscreen\b|\bscreen\b[^.?!]{0,30}\b(?:crack|smash|broke|shatter|bust)\w*|屏[^。？?]{0,8}(?:碎|裂|破|摔)|(?:碎|裂|破|摔)[^。？?]{0,4}屏",
        )
        .expect("a sound pattern")
    });
    let folded = fold(question);
    let asks =
        ["how much", "cost", "price", "多少钱", "价格", "贵不贵", "怎么收费"].iter().any(|word| folded.contains(word));
    asks && SCREEN.is_match(question)
}

pub(crate) fn has_ideographs(text: &str) -> bool {
    text.chars().any(crate::knowledge::words::is_ideograph)
}

/// Stems of words that say that something has not been opened or used.
const SEALED: &[&str] = &["unopen", "unopened", "seal", "sealed", "unus", "unused"];

/// `没拆封`, "unopened": the thing is as it was sold.
fn says_unopened(question: &str) -> bool {
    static UNOPENED: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)(?:没有?|未|还没|尚未|从没)(?:有)?(?:拆|开封|激活|打开|用过|戴过|动过|使用)|\b(?:unopened|unused|sealed|not (?:been )?(?:opened|activated|used)|never (?:been )?(?:opened|activated|used)|(?:haven'?t|have not|hasn'?t|has not|didn'?t) (?:been )?(?:open(?:ed)?|activated?|used?))\b",
        )
        .expect("a sound pattern")
    });
    UNOPENED.is_match(question)
}

/// What names the parcel or its box, where that is damaged: that a thing was dropped is another matter, and a text that has none of these words
/// ([`has_none`]) is about that. Nothing of other questions.
pub(crate) fn parcel_damaged(question: &str) -> Vec<Word> {
    const DAMAGED: &[&str] = &["broken", "accidental damage"];
    let mut words = Question::new(question, tokeniser()).words;
    let is = |word: &Word, names: &[&str]| word.concept.is_some_and(|concept| names.contains(&concept.name));
    let is_damaged = words.iter().any(|word| is(word, DAMAGED));
    words.retain(|word| is_damaged && is(word, &["packaging", "delivery"]));
    words
}

/// Whether there are words, and texts have none of them.
pub(crate) fn has_none(texts: [&str; 2], words: &[Word]) -> bool {
    if words.is_empty() {
        return false;
    }
    let view = View::of(texts);
    words.iter().all(|word| word.found_in(&view) == 0.0)
}

/// Whether somebody says that something is wrong as it was typed: an address, a name on an invoice.
pub(crate) fn mistaken(question: &str) -> Vec<Word> {
    let words = Question::new(question, tokeniser()).words.into_iter();
    words.filter(|word| word.concept.is_some_and(|concept| concept.name == "mistaken")).collect()
}

/// Whether it is asked when, or how long.
pub(crate) fn asks_time(question: &str) -> bool {
    Question::new(question, tokeniser()).asks(crate::knowledge::Asked::Time)
}

/// Whether it is asked how long something is on its way, and not when it leaves.
pub(crate) fn asks_arrival(question: &str) -> bool {
    const ARRIVES: &[&str] = &["到", "送", "here", "arriv", "get to", "gets to", "reach", "delivery take", "deliver"];
    let folded = fold(question);
    let is_to = destination(question).is_some();
    let question = Question::new(question, tokeniser());
    let names_it = || question.words.iter().any(|word| word.concept.is_some_and(|concept| concept.name == "delivery"));
    question.asks(crate::knowledge::Asked::Time)
        && (is_to || names_it())
        && ARRIVES.iter().any(|word| folded.contains(word))
}

/// Where a parcel is said to go: `寄到成都要几天`, "how long is delivery to Chengdu". That is no part of the rule that answers it.
fn destination(text: &str) -> Option<std::ops::Range<usize>> {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"到(\p{Han}{2,7}?)(?:一般|大概|大约|大致)?(?:要|得|需要|需|可能)?(?:多久|几天|多长时间|多少天)")
            .expect("a sound pattern")
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(
            r"(?i)\b(?:deliver\w*|ship\w*|arriv\w*|gets?|takes?|reach(?:es)?|parcels?|sen[dt])\b[^.?!]*?\b(?:to|in|reach)\s+([a-z]{3,20}(?:\s[a-z]{3,20})??)(?:\s+takes?)?\s*[.?!]*$",
        )
        .expect("a sound pattern")
    });
    // `到货要几天`, "to arrive", "in stock" name no place.
    const NO_PLACES: &[&str] = &[
        "the", "arrive", "get", "come", "reach", "our", "stock", "time", "total", "advance", "general", "days", "you",
        "your", "ship", "send", "deliver",
    ];
    let place = |pattern: &Regex| Some(pattern.captures(text)?.get(1)?.range());
    if let Some(place) = place(&ZH) {
        return (!text[place.clone()].starts_with(['货', '手', '账', '帐', '期', '底', '达', '要', '得', '收', '现']))
            .then_some(place);
    }
    let place = place(&EN)?;
    let first = text[place.clone()].split(' ').next().unwrap_or_default().to_ascii_lowercase();
    (!NO_PLACES.contains(&first.as_str())).then_some(place)
}

/// Whether a text names kinds of things where another names none.
pub(crate) fn narrows(text: &str, question: &str) -> bool {
    !kinds(text).is_empty() && kinds(question).is_empty()
}

/// Whether it is asked where.
pub(crate) fn asks_place(question: &str) -> bool {
    Question::new(question, tokeniser()).asks(crate::knowledge::Asked::Place)
}

/// Whether texts have all of these words.
pub(crate) fn have_all<'t>(texts: impl IntoIterator<Item = &'t str>, words: &[Word]) -> bool {
    let view = View::of(texts);
    words.iter().all(|word| word.found_in(&view) > 0.0)
}

/// Whether a document that is quoted is about one of these kinds.
pub(crate) fn has_kind(evidence: &[Evidence], kinds: &[Word]) -> bool {
    evidence.iter().any(|one| match one {
        // A policy that mentions phone cases is not about phones.
        Evidence::Document { title, .. } => {
            let view = View::of([title.as_str()]);
            kinds.iter().any(|kind| kind.found_in(&view) > 0.0)
        }
        _ => false,
    })
}

fn acts_of(text: &str) -> Vec<&'static str> {
    acts(&Question::new(text, tokeniser()).words)
}

/// What is done with what was bought, of the words of a text.
fn acts(words: &[Word]) -> Vec<&'static str> {
    const ACTS: &[&str] = &["return", "exchange", "repair", "trade-in", "install"];
    let names = words.iter().filter_map(|word| word.concept.map(|concept| concept.name));
    names.filter(|name| ACTS.contains(name)).collect()
}

/// Whether words name one of the shop's ways: `分期`, "instalments".
pub fn asks_ways(words: &str) -> bool {
    let question = Question::new(words, tokeniser());
    question.words.iter().any(|word| word.concept.is_some_and(|concept| concept.is_way()))
}

/// Whether a word of these says something by itself.
pub fn says_something(words: &str) -> bool {
    Question::new(words, tokeniser()).words.iter().map(|word| word.says).sum::<f32>() >= LEFT_MIN
}

/// Whether somebody asks something in words, and not gibberish or a greeting: a sign of a question or a wish, and two words or
/// more that say something, or a whole sentence.
pub fn is_question(text: &str) -> bool {
    let question = Question::new(text, tokeniser());
    let says = question.words.iter().filter(|word| is_plausible(word)).count();
    let n_words = text.split_whitespace().count();
    let n_ideographs = text.chars().filter(|character| crate::knowledge::words::is_ideograph(*character)).count();
    let marks = text.contains(['?', '？']) || !question.asked.is_empty() || begins_question(text);
    (marks && says >= 1 && (n_words >= 3 || n_ideographs >= 4)) || (says >= 2 && (n_words >= 6 || n_ideographs >= 7))
}

/// Whether the first word asks, as it is typed without marks: `whats`, `who's`.
fn begins_question(text: &str) -> bool {
    const FIRST: &[&str] =
        &["what", "whats", "who", "whos", "whose", "where", "wheres", "which", "why", "whens", "hows", "how"];
    let first = text.trim_start().split(|character: char| !character.is_ascii_alphabetic()).next().unwrap_or_default();
    FIRST.contains(&first.to_ascii_lowercase().as_str())
}

/// A word that could be one: ideographs, or letters with a vowel and no long run without one.
fn is_plausible(word: &Word) -> bool {
    if word.says <= 0.0 {
        return false;
    }
    let plain = word.own.plain();
    if word.own.is_chinese || word.concept.is_some() {
        // Sounds are no words.
        return !plain.chars().all(|character| "嗯呜哇噫吁嚱哈呵啊哦呃嘿哎唉喔咦哼嘻嗨嚯咳嘛呐哟".contains(character));
    }
    let mut run = 0;
    let mut has_vowel = false;
    for character in plain.chars() {
        let is_vowel = "aeiouy".contains(character);
        has_vowel |= is_vowel;
        run = if is_vowel || !character.is_ascii_alphabetic() { 0 } else { run + 1 };
        if run > 4 {
            return false;
        }
    }
    has_vowel && plain.len() >= 3
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::act::fixture::with_scene;

    fn with<T>(lang: Lang, text: &str, run: impl FnOnce(&Scene, &Product) -> T) -> T {
        with_scene(lang, text, |scene, shop| run(scene, &shop.products[0]))
    }

    #[test]
    fn an_attribute_explains_its_own_question_and_no_other() {
        for (lang, text, attribute, wanted) in [
            (Lang::En, "How heavy is the Velo 14?", "weight", true),
            (Lang::En, "What is the memory of the Velo 14", "memory", true),
            (Lang::En, "How loud is the fan of the Velo 14 in decibels?", "memory", false),
            (Lang::En, "What will the Velo 14 be worth second hand in three years?", "price", false),
            (Lang::Zh, "Velo 14 重量多少", "weight", true),
            (Lang::Zh, "Velo 14 的内存是多大的", "memory", true),
            (Lang::Zh, "Velo 14 键盘背光有几档亮度", "weight", false),
            (Lang::Zh, "戴心脏起搏器可以用 Velo 14 吗", "price", false),
        ] {
            let found = with(lang, text, |scene, product| {
                let asks = Asks::of(scene, [product]);
                (asks.are_about(&[attribute.to_owned()], product), asks.told())
            });
            assert_eq!(found.0, wanted, "{text}: {}", found.1);
        }
    }

    #[test]
    fn where_a_parcel_goes_is_no_part_of_the_rule() {
        for (text, place) in [
            ("寄到成都要几天", Some("成都")),
            ("到乌鲁木齐大概多久", Some("乌鲁木齐")),
            ("How long is delivery to Chengdu?", Some("Chengdu")),
            ("how many days till it gets to new york", Some("new york")),
            ("到货要几天", None),
            ("下单到收货一共几天", None),
            ("How long does delivery take to arrive", None),
            ("Is the Velo 14 in stock?", None),
        ] {
            let found = destination(text).map(|range| &text[range]);
            assert!(found == place || place.is_none() && !asks_arrival(text), "{text}: {found:?}");
        }
        for text in [
            "寄到成都要几天",
            "到乌鲁木齐大概多久",
            "How long is delivery to Chengdu?",
            "how many days till it gets to new york",
        ] {
            assert!(asks_arrival(text), "{text}");
        }
    }

    #[test]
    fn what_came_damaged_is_told_from_what_was_dropped() {
        for text in [
            "包装盒压坏了怎么办",
            "今天打开包装屏幕就是碎的",
            "box was smashed when it came",
            "screen was cracked when I opened the box",
            "my parcel arrived damaged",
        ] {
            assert!(arrived_damaged(text), "{text}");
        }
        for text in [
            "手机摔坏了保修吗",
            "I dropped my phone and the screen is cracked",
            "包装盒要留着吗",
            "when I opened the box it was empty",
        ] {
            assert!(!arrived_damaged(text), "{text}");
        }
    }

    #[test]
    fn what_is_sealed_is_no_case_of_its_own() {
        for text in
            ["充电宝没拆封能退吗", "power bank unopened, can it go back", "I haven't opened it, can I return it"]
        {
            assert!(circumstances(text).is_empty(), "{text}: {:?}", circumstances(text));
        }
        for text in ["耳机拆封了能退吗", "can I return opened earbuds"] {
            assert!(!circumstances(text).is_empty(), "{text}");
        }
    }

    #[test]
    fn what_a_screen_costs_is_asked_in_many_words() {
        for text in ["屏碎了换一个多少钱", "cracked my phone screen, how much to swap it"] {
            assert!(asks_screen_price(text), "{text}");
        }
        for text in ["屏幕多大", "how much is the screen protector", "屏碎了保修吗"] {
            assert!(!asks_screen_price(text), "{text}");
        }
    }

    #[test]
    fn an_overview_is_told_only_to_who_asks_for_one() {
        for (lang, text, wanted) in [
            (Lang::En, "Tell me about the Velo 14", true),
            (Lang::En, "Velo 14", true),
            (Lang::En, "In which factory was the Velo 14 assembled?", false),
            (Lang::Zh, "介绍一下 Velo 14", true),
            (Lang::Zh, "Velo 14 对孕妇有辐射危害吗", false),
        ] {
            let found = with(lang, text, |scene, product| {
                let asks = Asks::of(scene, [product]);
                (asks.is_overview(text), asks.told())
            });
            assert_eq!(found.0, wanted, "{text}: {}", found.1);
        }
    }

    #[test]
    fn questions_are_told_from_gibberish() {
        for text in [
            "Where does your boss live?",
            "明天会下雨吗",
            "Can I sue you if it breaks",
            "你们有多少员工",
            "附近哪里有停车场",
        ] {
            assert!(is_question(text), "{text}");
        }
        for text in ["asdf qwer", "hjkl?", "xkcd zxcv bnmq wrtp", "?", "？？？", "hm", "嗯嗯", "的的的"] {
            assert!(!is_question(text), "{text}");
        }
    }
}
