//! What a message says for each field of the form: new values, corrections, and whether it is about the form at all.

use std::sync::LazyLock;

use regex::Regex;

use super::*;
use crate::forms::Choice;

/// A description without the numbers of telephones in it, and the words that lead to one.
fn without_numbers(text: &str) -> String {
    static NUMBER: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:手机号?|电话|联系电话|打|(?i:my number is|number is|call me on|phone))?[:： ]*(?:\+?86[- ]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}")
            .expect("a sound pattern")
    });
    let left = NUMBER.replace_all(text, "");
    left.trim_matches(|mark: char| mark.is_whitespace() || ",，.。;；:：".contains(mark)).to_owned()
}

/// The name of a company in a text: by the form of company that it ends in.
fn company(text: &str) -> Option<&str> {
    static ZH: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?:抬头(?:是|为|写|开)?|名称(?:是|为)?|名字(?:是|叫)?)[：:，, ]*(?P<cued>[\p{Han}A-Za-z0-9（）()·&-]{2,38}(?:公司|集团|事务所|研究院|工作室|大学|学校|医院|中心|厂))|(?:[：:，,。\s]|^)(?P<name>[\p{Han}A-Za-z0-9（）()·&-]{2,38}(?:有限公司|有限责任公司|股份公司|集团公司|事务所))")
            .expect("a sound pattern")
    });
    static EN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(?i)(?:\b(?:company|for|to|is|name|title|out to|called)[ :,]+|^|[,.:] )(?P<name>(?:[a-z0-9&'-]+ ){0,4}[a-z0-9&'-]+,? (?:ltd|limited|inc|llc|gmbh|corp|plc|co))\b\.?")
            .expect("a sound pattern")
    });
    // What stands before a name in a sentence is no part of it.
    const BEFORE: &[&str] = &[
        "我们",
        "我",
        "你们",
        "贵",
        "开",
        "单位",
        "公司",
        "抬头",
        "发票",
        "an invoice",
        "invoice",
        "my company",
        "our company",
        "company",
        "for",
        "to",
        "is",
    ];
    let found = ZH.captures(text).or_else(|| EN.captures(text))?;
    let found = found.name("cued").or(found.name("name"))?.as_str();
    let mut name = found.trim();
    while let Some(rest) = BEFORE.iter().find_map(|word| {
        let at = name.get(..word.len()).filter(|start| start.eq_ignore_ascii_case(word))?.len();
        let rest = &name[at..];
        let is_whole = !word.is_ascii() || rest.starts_with(' ');
        is_whole.then(|| rest.trim_start_matches([' ', '：', ':', '，', ',']))
    }) {
        name = rest;
    }
    const CHARACTERS_MIN: usize = 4;
    (name.chars().count() >= CHARACTERS_MIN).then_some(name)
}

/// The cause of something that does not work.
const DEFECT: &str = "defect";

impl Hand<'_, '_> {
    /// Reads the message for every field. `asked` is the field it answers, if it answers one.
    pub(super) fn hear(&mut self, asked: Option<&Field>) -> Heard {
        let mut heard = Heard::default();
        if self.message.is_empty() {
            return heard;
        }
        let steered = self.filling.asked.is_some() && self.correct(asked, &mut heard);
        if !steered {
            self.in_other_order(asked, &mut heard);
            self.read_fields(asked, &mut heard);
            self.told_beside_number(asked, &mut heard);
            self.told_instead(asked, &mut heard);
        }
        heard
    }

    fn read_fields(&mut self, asked: Option<&Field>, heard: &mut Heard) {
        let is_asked = |field: &Field| asked.is_some_and(|asked| asked.name == field.name);
        let awaits_text = asked.is_some_and(|field| matches!(field.kind, FieldKind::Text { .. }));
        let form = self.form;
        // A choice word for word ("it is defective", also by its button) is no description.
        let is_chosen = asked.is_some_and(|asked| asked.offers(&self.message.folded));
        // Free text takes what is left, so it comes last.
        let (texts, others): (Vec<&Field>, Vec<&Field>) =
            form.fields.iter().partition(|field| matches!(field.kind, FieldKind::Text { .. } | FieldKind::Address));
        for field in others.into_iter().chain(texts) {
            let asked_now = is_asked(field);
            let filled = self.filling.values.contains_key(&field.name);
            // "It is not broken, I just don't want it", before the yes: the cause is another.
            let said_again = asked.is_none()
                && self.filling.asked.as_deref() == Some(CONFIRM)
                && matches!(field.kind, FieldKind::Choice { .. })
                && !words::is_asking(&self.message);
            if !field.applies(self.filling) || (filled && !speaks_for_itself(&field.kind) && !said_again) {
                continue;
            }
            // In a description, a word is no choice, a number no count, and a day the day on which it broke.
            let is_day = matches!(field.kind, FieldKind::Day { .. });
            let is_plain = (speaks_for_itself(&field.kind) && !is_day) || matches!(field.kind, FieldKind::Address);
            if awaits_text && !asked_now && !is_plain {
                continue;
            }
            if is_chosen && matches!(field.kind, FieldKind::Text { .. }) {
                continue;
            }
            let reading = self.read(field, asked_now, &heard.ranges);
            // 今天坏了 in passing is no wish for today.
            let in_passing = |value: &str| is_day && !asked_now && value == self.world.today.to_string();
            if matches!(&reading, Reading::Value(value, _) if in_passing(value)) {
                continue;
            }
            match reading {
                Reading::Value(value, range) => {
                    // A known value changes only for one that stands in the message as such.
                    if !filled || range.is_some() || said_again {
                        self.set(field, value, heard);
                    }
                    heard.ranges.extend(range);
                }
                // A long number may look like an order's; with the order known, it is another thing.
                Reading::Bad(notice) if asked_now || (!filled && matches!(notice, Notice::NotYourOrder(_))) => {
                    heard.bad = heard.bad.take().or(Some((field.name.clone(), notice)));
                }
                _ => {}
            }
        }
    }

    /// `开发票，抬头杭州云上科技有限公司`, "an invoice for Acme Trading Ltd": the name of a company is what an invoice is made out to, told before it
    /// is asked for.
    pub(super) fn company_named(&mut self, heard: &mut Heard) {
        let title = self.form.fields.iter().find(|field| field.name == "title");
        let Some(field) = title.filter(|field| !self.filling.values.contains_key(&field.name)) else { return };
        let Some(name) = company(&self.message.text) else { return };
        if let FieldKind::Text { max } = field.kind
            && let Reading::Value(value, _) = read::text::read(name, max)
        {
            self.set(field, value, heard);
        }
    }

    /// "Neither, it's the memory module": where it is asked which thing of an order is meant, and one is named that this order does not have and
    /// another has, the other order is meant.
    fn in_other_order(&mut self, asked: Option<&Field>, heard: &mut Heard) {
        let asks_thing = asked.is_some_and(|field| matches!(field.kind, FieldKind::Order | FieldKind::OrderLine));
        let is_put_right = words::is_surely_correcting(&self.message) && asked.is_none_or(|field| !is_free(field));
        let Some(order) = chosen_order(self.filling, self.world).filter(|_| asks_thing || is_put_right) else { return };
        if purchases::may_mean(order, &self.things, self.of_things, self.world) {
            return;
        }
        let read = purchases::read_order(&self.things, self.of_things, self.filling, self.world, false);
        let Some(field) = self.form.of_kind(|kind| *kind == FieldKind::Order) else { return };
        if let Reading::Value(id, _) = read
            && id != order.order_id
        {
            self.clear(field, heard);
            self.set(field, id, heard);
            heard.corrected = true;
            self.read_line_again(heard);
        }
    }

    /// `2, keys don't register`: what is said beside the number of a choice is the description that would be asked for next.
    fn told_beside_number(&mut self, asked: Option<&Field>, heard: &mut Heard) {
        let is_chosen =
            |field: &Field| matches!(field.kind, FieldKind::Choice { .. }) && heard.set.contains(&field.name);
        if !asked.is_some_and(is_chosen) {
            return;
        }
        let text = self.message.text.clone();
        let Some((_, rest)) = read::choice::beside_number(&text) else { return };
        let fields = self.form.fields.iter().find(|field| REASON_FIELDS.contains(&field.name.as_str()));
        if let Some(field) = fields.filter(|field| field.applies(self.filling))
            && !self.filling.values.contains_key(&field.name)
            && let FieldKind::Text { max } = field.kind
            && let Reading::Value(value, _) = read::text::read(rest, max)
        {
            self.set(field, value, heard);
        }
    }

    /// "The screen has gone dark": what does not work, told where a cause is asked for, is a defect, in these words.
    fn told_instead(&mut self, asked: Option<&Field>, heard: &mut Heard) {
        let is_cause = |options: &[Choice]| options.iter().any(|option| option.value == DEFECT);
        let field = asked.filter(|field| matches!(&field.kind, FieldKind::Choice { options } if is_cause(options)));
        let Some(field) = field.filter(|_| heard.is_empty() && heard.bad.is_none()) else { return };
        if !self.gives_reason() || words::is_asking(&self.message) {
            return;
        }
        self.set(field, DEFECT.to_owned(), heard);
        self.put_details(heard);
    }

    /// `屏幕老闪 我要退`: what does not work, told with the wish to return it, is the cause, where none is named.
    pub(super) fn defect_told(&mut self, heard: &mut Heard) {
        const SIGNS: &[&str] = &[
            "老闪",
            "闪屏",
            "黑屏",
            "花屏",
            "死机",
            "卡死",
            "断连",
            "失灵",
            "异响",
            "有杂音",
            "发烫",
            "起泡",
            "气泡",
            "充不进",
            "充不上",
            "开不了机",
            "不开机",
            "没反应",
            "坏了",
            "flicker",
            "dead",
            "keeps dying",
            "keeps crashing",
            "crashes",
            "won't turn on",
            "wont turn on",
            "won't charge",
            "wont charge",
            "doesn't work",
            "doesnt work",
            "not working",
            "stopped working",
            "faulty",
            "crackles",
            "peels off",
        ];
        const CAME_SO: &[&str] = &["收到", "到手", "拆开", "打开", "arrived", "came", "box"];
        let is_cause = |field: &&Field| matches!(&field.kind, FieldKind::Choice { options } if options.iter().any(|option| option.value == DEFECT));
        let Some(field) = self.form.fields.iter().find(is_cause) else { return };
        let is_told = self.message.has_any(SIGNS) && !self.message.has_any(CAME_SO) && !words::is_asking(&self.message);
        if is_told && !self.filling.values.contains_key(&field.name) {
            self.set(field, DEFECT.to_owned(), heard);
        }
    }

    /// `屏幕老闪，想修一下`, "it keeps crashing, can I swap it": what is the matter, told with the wish, is the description that the form would ask
    /// for next. Only clauses that say how: that it is broken says nothing, nor do the wish and which thing it is.
    pub(super) fn told_with_wish(&mut self, heard: &mut Heard) {
        const SIGNS: &[&str] = &[
            "老是", "老", "总", "不", "没", "松", "裂", "碎", "闪", "黑屏", "花屏", "响", "烫", "掉", "卡", "断", "慢",
            "漏", "失灵", "自动", "进水", "won't", "wont", "doesn't", "doesnt", "isn't", "not ", "no ", "keeps",
            "stopped", "flicker", "crack", "loose", "hot", "noise", "slow", "stuck", "drain", "dies", "fails", "black",
            "blink", "crash",
        ];
        const WISHES: &[&str] = &[
            "修",
            "换",
            "退",
            "预约",
            "办",
            "申请",
            "不行",
            "行不",
            "能不能",
            "可不可以",
            "吗",
            "么",
            "?",
            "？",
            "订单",
            "不要",
            "不想",
            "不是",
            "没错",
            "repair",
            "fix",
            "exchange",
            "replac",
            "swap",
            "return",
            "book",
            "order",
            "refund",
            "please",
        ];
        const LETTERS_MIN: usize = 4;
        let fields =
            self.form.fields.iter().filter(|field| REASON_FIELDS.contains(&field.name.as_str()) && !field.optional);
        let mut open =
            fields.filter(|field| !self.filling.values.contains_key(&field.name) && field.applies(self.filling));
        let Some(field) = open.next() else { return };
        let FieldKind::Text { max } = field.kind else { return };
        let has = |clause: &str, words: &[&str]| {
            let folded = clause.to_lowercase().replace('’', "'");
            words.iter().any(|word| folded.contains(word))
        };
        let text = self.message.without(&heard.ranges);
        let is_chinese = text.chars().any(crate::knowledge::words::is_ideograph);
        let cuts = |mark: char| ",，。.;；!！\n".contains(mark) || is_chinese && mark == ' ';
        let tells = |clause: &&str| {
            clause.chars().filter(|mark| mark.is_alphabetic()).count() >= LETTERS_MIN
                && has(clause, SIGNS)
                && !has(clause, WISHES)
        };
        let told: Vec<&str> = text.split(cuts).map(str::trim).filter(tells).collect();
        if let Reading::Value(value, _) = read::text::read(&told.join(if is_chinese { "，" } else { ", " }), max) {
            self.set(field, value, heard);
        }
    }

    /// "My wife hates it": a cause in words that stand for none of the choices is another one, in these words.
    pub(super) fn other_cause(&mut self, field: &Field) -> Option<Heard> {
        const CHARACTERS: std::ops::RangeInclusive<usize> = 2..=200;
        let FieldKind::Choice { options } = &field.kind else { return None };
        let letters = self.message.text.chars().filter(|character| character.is_alphabetic()).count();
        let is_said = CHARACTERS.contains(&letters) && read::choice::number(&self.message.folded).is_none();
        let is_steering = words::yes_no(&self.message).is_some() || words::skips(&self.message);
        // Another thing of the order, or its number, is no cause.
        let line = chosen_order(self.filling, self.world)
            .map(|order| purchases::read_line(&self.things, self.of_things, self.filling, order, self.world, false));
        let names_thing = matches!(line, Some(Reading::Value(..))) || self.understanding.order_number().is_some();
        let names_order = self.world.orders.iter().any(|order| self.message.has(&order.order_id));
        if !options.iter().any(|option| option.value == OTHER_CAUSE)
            || names_thing
            || names_order
            || words::is_surely_correcting(&self.message)
            || !is_said
            || is_steering
            || words::is_asking(&self.message)
        {
            return None;
        }
        let mut heard = Heard::default();
        self.set(field, OTHER_CAUSE.to_owned(), &mut heard);
        self.put_details(&mut heard);
        Some(heard)
    }

    /// The message as the description of what is the matter, where there is none.
    fn put_details(&mut self, heard: &mut Heard) {
        let details = self.form.fields.iter().find(|other| REASON_FIELDS.contains(&other.name.as_str()));
        if let Some(details) = details.filter(|details| !self.filling.values.contains_key(&details.name))
            && let FieldKind::Text { max } = &details.kind
            // A number that was taken for its own field is shown nowhere else.
            && let Reading::Value(text, _) = read::text::read(&self.message.without(&heard.ranges), *max)
        {
            self.set(details, text, heard);
        }
    }

    /// Takes a correction: fields that are named as wrong, or values that differ from those known. Whether it was one.
    fn correct(&mut self, asked: Option<&Field>, heard: &mut Heard) -> bool {
        let confirming = asked.is_none();
        let free = asked.is_some_and(is_free);
        let correcting =
            if free { words::is_surely_correcting(&self.message) } else { words::is_correcting(&self.message) };
        let form = self.form;
        let filled = |filling: &Filling, field: &&Field| filling.values.contains_key(&field.name);
        let named: Vec<&Field> =
            form.fields.iter().filter(|field| filled(self.filling, field) && mentions(&self.message, field)).collect();
        let bare = confirming && self.message.n_characters() <= 12 && !words::is_asking(&self.message);
        if !named.is_empty() && (correcting || bare) {
            named.into_iter().for_each(|field| self.replace(field, heard));
            return !heard.is_empty() || heard.bad.is_some();
        }
        if !correcting {
            return false;
        }
        // 不对，是左耳: no field is named; whatever has another value changes, the answer to the question first.
        let others = form.fields.iter().filter(|field| asked.is_none_or(|asked| asked.name != field.name));
        for field in others {
            if !filled(self.filling, &field) {
                continue;
            }
            if matches!(field.kind, FieldKind::Text { .. }) {
                continue;
            }
            if let Reading::Value(value, range) = self.read(field, false, &[])
                && self.filling.values.get(&field.name) != Some(&value)
            {
                self.set(field, value, heard);
                heard.ranges.extend(range);
                heard.corrected = true;
            }
        }
        if heard.corrected {
            self.read_line_again(heard);
        }
        heard.corrected
    }

    /// Another order has another thing, which the same message may name.
    fn read_line_again(&mut self, heard: &mut Heard) {
        let line = self.form.of_kind(|kind| *kind == FieldKind::OrderLine);
        let Some(field) = line.filter(|field| !self.filling.values.contains_key(&field.name)) else { return };
        if let Reading::Value(value, range) = self.read(field, false, &[]) {
            self.set(field, value, heard);
            heard.ranges.extend(range);
        }
    }

    /// A field that was named as wrong: its new value, or none, so that it is asked for.
    fn replace(&mut self, field: &Field, heard: &mut Heard) {
        let old = self.filling.values.get(&field.name).cloned();
        let rest = after_cue(&self.message, field);
        let reading = match (&rest, &field.kind) {
            // A description changes to what follows the words of change.
            (None, FieldKind::Text { .. } | FieldKind::Address) => Reading::Silent,
            (Some(rest), _) => self.read_from(field, true, &Words::of(rest), &[]),
            (None, _) => self.read(field, true, &[]),
        };
        heard.corrected = true;
        match reading {
            Reading::Value(value, _) if Some(&value) != old.as_ref() => self.set(field, value, heard),
            Reading::Bad(notice) => heard.bad = heard.bad.take().or(Some((field.name.clone(), notice))),
            _ => match self.only_other(field, old.as_deref()) {
                Some(value) => self.set(field, value, heard),
                None => self.clear(field, heard),
            },
        }
    }

    /// Of two, the other.
    fn only_other(&self, field: &Field, old: Option<&str>) -> Option<String> {
        if !words::means_other(&self.message) {
            return None;
        }
        let offers = super::super::view::offers(field, self.filling, self.world);
        let mut others = offers.into_iter().map(|(value, _)| value).filter(|value| Some(value.as_str()) != old);
        let other = others.next()?;
        others.next().is_none().then_some(other)
    }

    fn set(&mut self, field: &Field, value: String, heard: &mut Heard) {
        // A number belongs to its own field, where it is masked.
        let is_told = matches!(field.kind, FieldKind::Text { .. }) && REASON_FIELDS.contains(&field.name.as_str());
        let value = if is_told { without_numbers(&value) } else { value };
        if value.is_empty() {
            return;
        }
        if self.filling.values.get(&field.name) == Some(&value) {
            // Said again: heard, and nothing changes.
            if self.filling.asked.as_deref() == Some(&field.name) {
                heard.set.push(field.name.clone());
            }
            return;
        }
        self.drop_dependents(field);
        self.filling.values.insert(field.name.clone(), value);
        self.filling.skipped.retain(|name| name != &field.name);
        heard.set.push(field.name.clone());
    }

    fn clear(&mut self, field: &Field, heard: &mut Heard) {
        self.drop_dependents(field);
        self.filling.values.remove(&field.name);
        heard.cleared.push(field.name.clone());
    }

    /// Another order has other lines, and another line another count.
    fn drop_dependents(&mut self, field: &Field) {
        let depends = |kind: &FieldKind| match field.kind {
            FieldKind::Order => matches!(kind, FieldKind::OrderLine | FieldKind::Count { .. }),
            FieldKind::OrderLine => matches!(kind, FieldKind::Count { .. }),
            _ => false,
        };
        for other in self.form.fields.iter().filter(|other| depends(&other.kind)) {
            self.filling.values.remove(&other.name);
        }
    }

    fn read(&self, field: &Field, asked: bool, taken: &[Range<usize>]) -> Reading {
        match &field.kind {
            FieldKind::Order => purchases::read_order(&self.things, self.of_things, self.filling, self.world, asked),
            FieldKind::OrderLine => match chosen_order(self.filling, self.world) {
                Some(order) => {
                    purchases::read_line(&self.things, self.of_things, self.filling, order, self.world, asked)
                }
                None => Reading::Silent,
            },
            _ => self.read_from(field, asked, &self.message, taken),
        }
    }

    /// What a text says for a field; `taken` belongs to other fields.
    fn read_from(&self, field: &Field, asked: bool, text: &Words, taken: &[Range<usize>]) -> Reading {
        let (understanding, world) = (self.understanding, self.world);
        let rest = || without_labels(&text.without(taken), self.form, taken.is_empty());
        match &field.kind {
            FieldKind::Order => purchases::read_order(text, understanding, self.filling, world, asked),
            FieldKind::OrderLine => match chosen_order(self.filling, world) {
                Some(order) => purchases::read_line(text, understanding, self.filling, order, world, asked),
                None => Reading::Silent,
            },
            FieldKind::Product => product(text, understanding, asked, world),
            FieldKind::Choice { options } => read::choice::read(options, text, asked),
            // Where they live and how they are reached is no description.
            FieldKind::Text { max } if asked => {
                let personal =
                    |what: &Named| matches!(what, Named::Address { .. } | Named::Phone { .. } | Named::Email { .. });
                let entities = understanding.entities.iter().filter(|entity| personal(&entity.what));
                let ranges: Vec<Range<usize>> =
                    entities.map(|entity| entity.range.clone()).chain(taken.iter().cloned()).collect();
                let is_message = text.text == self.message.text;
                let left = if is_message {
                    without_labels(&text.without(&ranges), self.form, ranges.is_empty())
                } else {
                    rest()
                };
                read::text::read(&left, *max)
            }
            FieldKind::Text { max } => reason(field, understanding, *max),
            FieldKind::Phone => read::phone::read(text, asked, world.lang),
            FieldKind::Email => read::email::read(text, asked),
            FieldKind::Address => read::address::read(text, &rest(), asked),
            FieldKind::Day { from_today } => read::day::read(text, understanding, asked, world.today, *from_today),
            FieldKind::TaxNumber => read::tax_number::read(text, asked),
            FieldKind::Count { max } => read::count::read(text, asked, self.count_max(*max)),
        }
    }

    /// Not more than were bought and kept of the line.
    fn count_max(&self, max: i64) -> i64 {
        let line = self.form.of_kind(|kind| *kind == FieldKind::OrderLine);
        let line = line.and_then(|field| self.filling.values.get(&field.name));
        match (chosen_order(self.filling, self.world), line) {
            (Some(order), Some(product_id)) => windows::n_kept(order, product_id).clamp(1, max),
            _ => max,
        }
    }

    /// What needs no question: the only order, line or count that there is, or the one talked about. Names of what was
    /// filled in.
    pub(super) fn fill_known(&mut self, heard: &Heard) -> Vec<String> {
        let mut known = Vec::new();
        for field in &self.form.fields {
            let open = !self.filling.values.contains_key(&field.name) && field.applies(self.filling);
            let questioned = self.filling.asked.as_deref() == Some(&field.name) || heard.cleared.contains(&field.name);
            let wrong = heard.bad.as_ref().is_some_and(|(name, _)| *name == field.name);
            if !open || field.optional || questioned || wrong {
                continue;
            }
            if let Some(value) = self.known(field) {
                self.filling.values.insert(field.name.clone(), value);
                known.push(field.name.clone());
            }
        }
        known
    }

    fn known(&self, field: &Field) -> Option<String> {
        let world = self.world;
        match &field.kind {
            FieldKind::Order => {
                // "Book a repair for my earbuds" is not for the television that was talked about, nor for the only thing bought.
                let open: Vec<_> = purchases::open_orders(world).collect();
                let is_only = open.len() == 1;
                let may_mean = |order: &&OrderRecord| purchases::may_mean(order, &self.things, self.of_things, world);
                let open: Vec<_> = open.into_iter().filter(may_mean).collect();
                if is_only {
                    return open.first().map(|order| order.order_id.clone());
                }
                let about = open.iter().find(|order| Some(order.order_id.as_str()) == world.order_id);
                let product = world.products.first();
                let mut with =
                    open.iter().filter(|order| product.is_some_and(|id| lines(order).any(|line| line == id)));
                let order = about.or_else(|| with.next().filter(|_| with.next().is_none()))?;
                Some(order.order_id.clone())
            }
            FieldKind::OrderLine => {
                let order = chosen_order(self.filling, world)?;
                let all: Vec<&str> = lines(order).collect();
                let may_mean = |id: &&str| purchases::line_may_mean(id, &self.things, self.of_things, world);
                let about = world.products.first().map(String::as_str).filter(|id| all.contains(id)).filter(may_mean);
                if all.len() == 1 { all.first().copied() } else { about }.map(str::to_owned)
            }
            FieldKind::Count { max } => {
                let line_waits = self.form.of_kind(|kind| *kind == FieldKind::OrderLine);
                let line_waits = line_waits.is_some_and(|line| !self.filling.values.contains_key(&line.name));
                (!line_waits && self.count_max(*max) == 1).then(|| "1".to_owned())
            }
            // What is out of stock has just been told.
            FieldKind::Product if self.form.name == STOCK_ALERT => world.products.first().cloned(),
            _ => None,
        }
    }

    /// Whether the message is about something else than the form.
    pub(super) fn is_elsewhere(&self, asked: Option<&Field>, heard: &Heard) -> bool {
        let understanding = self.understanding;
        let threshold = self.world.policies.assistant.intent_threshold;
        let sure = understanding.confidence >= threshold;
        let other = understanding.intent.as_deref().filter(|name| sure && *name != self.form.name);
        let other = other.and_then(Intent::named);
        let takes_number = || {
            let mut phones = self.form.fields.iter().filter(|field| field.kind == FieldKind::Phone);
            phones.any(|field| heard.set.contains(&field.name)) && understanding.confidence < 1.0
        };
        if other.is_some_and(|intent| intent.name == "human") && !takes_number() {
            return true;
        }
        if heard.corrected {
            return false;
        }
        let asking = words::is_asking(&self.message);
        let free = asked.is_some_and(is_free);
        // What does not work is what a return or a repair wants to hear.
        let other = other.filter(|intent| !(free && matches!(intent.name, "trouble" | "complaint" | "opinions")));
        let tells = other.is_some_and(|intent| !matches!(intent.family, Family::Talk | Family::Person));
        let missed = heard.is_empty() && !heard.bad.as_ref().is_some_and(|(_, notice)| is_meant(notice));
        if asking && (tells || missed) {
            return true;
        }
        if asked.is_some_and(|field| matches!(field.kind, FieldKind::Text { .. })) {
            let form = other.is_some_and(|intent| intent.family == Family::Form) && understanding.confidence >= SURE;
            let alone = asked.is_some_and(|field| heard.set == [field.name.as_str()]);
            return alone && (form || (asking && !self.gives_reason()));
        }
        missed && other.is_some()
    }

    fn gives_reason(&self) -> bool {
        self.understanding.is("trouble")
            || self.understanding.entities.iter().any(|entity| matches!(entity.what, Named::Reason { .. }))
    }
}

/// Whether words of any kind may be the answer.
fn is_free(field: &Field) -> bool {
    matches!(field.kind, FieldKind::Text { .. } | FieldKind::Choice { .. })
}

/// Whether what was refused was meant as a value: digits for a phone, not just any words.
fn is_meant(notice: &Notice) -> bool {
    !matches!(notice, Notice::Address | Notice::Product | Notice::NoText | Notice::TextLong(_))
}

/// Kinds whose values are what they are wherever they stand.
fn speaks_for_itself(kind: &FieldKind) -> bool {
    matches!(
        kind,
        FieldKind::Order | FieldKind::Phone | FieldKind::Email | FieldKind::TaxNumber | FieldKind::Day { .. }
    )
}

fn product(text: &Words, understanding: &Understanding, asked: bool, world: &FormWorld) -> Reading {
    const CHARACTERS: std::ops::RangeInclusive<usize> = 2..=80;
    if let Some(id) = understanding.products().find(|id| (world.product)(id).is_some()) {
        return Reading::value(id);
    }
    let value = super::super::clean::tidy(&text.text);
    let fits = CHARACTERS.contains(&value.chars().count()) && value.chars().any(char::is_alphabetic);
    match (asked && !words::is_asking(text), fits) {
        (true, true) => Reading::value(value),
        (true, false) => Reading::Bad(Notice::Product),
        _ => Reading::Silent,
    }
}

/// A reason given in passing, for the field that is for it.
fn reason(field: &Field, understanding: &Understanding, max: usize) -> Reading {
    if !REASON_FIELDS.contains(&field.name.as_str()) {
        return Reading::Silent;
    }
    let text = understanding.entities.iter().find_map(|entity| match &entity.what {
        Named::Reason { text } => Some(text.as_str()),
        _ => None,
    });
    match text.map(|text| read::text::read(&Words::of(text).text, max)) {
        Some(Reading::Value(value, _)) => Reading::value(value),
        _ => Reading::Silent,
    }
}

/// Words by which customers call a field besides its label.
fn names_of(kind: &FieldKind) -> &'static [&'static str] {
    match kind {
        FieldKind::Order => &["订单", "order"],
        FieldKind::OrderLine | FieldKind::Product => &["商品", "产品", "item", "product"],
        FieldKind::Phone => &["电话", "手机", "号码", "联系方式", "phone", "mobile", "number"],
        FieldKind::Email => &["邮箱", "邮件", "email", "e-mail", "mail"],
        FieldKind::Address => &["地址", "address"],
        FieldKind::Day { .. } => &["日期", "时间", "哪天", "日子", "date", "day", "time"],
        FieldKind::TaxNumber => &["税号", "信用代码", "tax number", "tax id"],
        FieldKind::Count { .. } => &["数量", "几件", "quantity", "count", "how many"],
        FieldKind::Choice { .. } | FieldKind::Text { .. } => &[],
    }
}

fn mentions(message: &Words, field: &Field) -> bool {
    let label = [field.label_zh.as_str(), field.label_en.as_str()].iter().any(|label| message.has(label));
    label || message.has_any(names_of(&field.kind))
}

/// What stands behind the words of change: 地址改成… · change the phone to …; none where nothing does.
fn after_cue(message: &Words, field: &Field) -> Option<String> {
    const CUES: &[&str] =
        &["改成", "改为", "换成", "改到", "更正为", "应该是", "而是", "should be", "to", "is", "：", ":", "是"];
    let named = [field.label_zh.to_lowercase(), field.label_en.to_lowercase()];
    let names = named.iter().map(String::as_str).chain(names_of(&field.kind).iter().copied());
    let from = names.filter_map(|name| message.find(name)).map(|range| range.end).min()?;
    let rest = &message.folded[from..];
    let cue = CUES
        .iter()
        .filter_map(|cue| super::super::clean::find(rest, cue))
        .min_by_key(|range| (range.start, usize::MAX - range.end))?;
    let value = super::super::clean::tidy(&message.text[from + cue.end..]);
    (!value.is_empty()).then_some(value)
}

/// A message without what its values are called, where values were taken out of it.
fn without_labels(rest: &str, form: &Form, whole: bool) -> String {
    if whole {
        return rest.to_owned();
    }
    let words = Words::of(rest);
    let labels = form.fields.iter().flat_map(|field| [field.label_zh.to_lowercase(), field.label_en.to_lowercase()]);
    let names = form.fields.iter().flat_map(|field| names_of(&field.kind).iter().map(|name| (*name).to_owned()));
    let ranges: Vec<Range<usize>> = labels.chain(names).filter_map(|name| words.find(&name)).collect();
    words.without(&ranges)
}

#[cfg(test)]
mod tests {
    use super::company;

    #[test]
    fn a_description_holds_no_telephone() {
        for (text, wanted) in [
            ("当然是质量问题啊 手机13900001111", "当然是质量问题啊"),
            ("battery. 13800005555", "battery"),
            ("the screen flickers", "the screen flickers"),
            ("138 0000 5555", ""),
        ] {
            assert_eq!(super::without_numbers(text), wanted, "{text}");
        }
    }

    #[test]
    fn a_company_is_known_by_its_form() {
        for (text, wanted) in [
            ("开发票 公司 抬头 杭州云上科技有限公司 税号91330106MA2ABCDE12", Some("杭州云上科技有限公司")),
            ("发票抬头开杭州云上科技有限公司", Some("杭州云上科技有限公司")),
            ("how do i get an invoice for my company acme trading ltd", Some("acme trading ltd")),
            ("invoice for Acme Trading Ltd. please", Some("Acme Trading Ltd")),
            ("我要开公司发票", None),
            ("开发票给我们公司", None),
            ("an invoice for my company please", None),
        ] {
            assert_eq!(company(text), wanted, "{text}");
        }
    }
}
