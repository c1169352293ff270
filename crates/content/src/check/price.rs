//! Claims about prices against what the prices were: former price, saving, discount, lowest ever, end of the offer. Under
//! the promotion provisions (art. 21) what a reduction is reckoned from is the lowest price of the seven days before it; in
//! the EU (98/6/EC art. 6a) of the last thirty. Which words are allowed at all is the law check's.

use std::borrow::Cow;
use std::ops::Range;

use domain::{Cents, Day};
use language::text::{Quantity, QuantityKind, quantities};
use serde::{Deserialize, Serialize};

use super::clause::{clause, has_word, sentence};
use super::finding::{Check, Finding, Fix, Places, Risk, Said, Span};

/// An offer, and what the price was before it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct Offer {
    /// What a customer pays.
    pub now_cents: Option<Cents>,
    /// What the maker recommends.
    pub list_cents: Option<Cents>,
    /// Lowest price of the seven days before the offer.
    pub lowest_7_days_cents: Option<Cents>,
    /// Lowest price of the thirty days before the offer.
    pub lowest_30_days_cents: Option<Cents>,
    /// Lowest price ever asked before the offer.
    pub lowest_ever_cents: Option<Cents>,
    /// What a coupon takes off beside the price.
    pub coupon_off_cents: Option<Cents>,
    pub today: Day,
    /// The last day of the offer.
    pub ends_on: Option<Day>,
    /// ISO 4217, of all prices here; any if empty.
    pub currency: String,
}

impl Offer {
    /// The offer of `now_cents` that begins `today`, with the lowest prices of a history of days and prices in any order.
    /// A price holds until the next day that has one.
    pub fn from_history(now_cents: Cents, today: Day, history: &[(Day, Cents)]) -> Self {
        let mut history: Vec<_> = history.iter().filter(|(day, _)| *day < today).copied().collect();
        history.sort_unstable();
        let lowest_since = |n_days: i32| {
            let from = Day(today.0.saturating_sub(n_days));
            let within = history.iter().filter(|(day, _)| *day >= from).map(|one| one.1);
            // What was asked when the days began.
            let held = history.iter().rev().find(|(day, _)| *day <= from).map(|one| one.1);
            within.chain(held).min()
        };
        Offer {
            now_cents: Some(now_cents),
            lowest_7_days_cents: lowest_since(7),
            lowest_30_days_cents: lowest_since(30),
            lowest_ever_cents: history.iter().map(|one| one.1).min(),
            today,
            ..Offer::default()
        }
    }

    /// What a reduction is reckoned from, for a text in Chinese or not.
    fn base(&self, is_chinese: bool) -> Option<Cents> {
        if is_chinese { self.lowest_7_days_cents } else { self.lowest_30_days_cents }
            .or(self.lowest_30_days_cents)
            .or(self.lowest_7_days_cents)
    }
}

/// What was found, and which claims hold.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct PriceReport {
    pub findings: Vec<Finding>,
    /// Claims that the prices bear out.
    pub proven: Vec<Span>,
}

const FORMER: &[&str] = &[
    "原价",
    "原售价",
    "日常价",
    "平时价",
    "划线价",
    "吊牌价",
    "市场价",
    "专柜价",
    "was",
    "originally",
    "regular price",
    "original price",
    "old price",
    "previously",
    "before",
    // Who says what is paid instead says what was paid.
    "instead of",
];
const LISTED: &[&str] = &[
    "建议零售价",
    "指导价",
    "官方价",
    "官方售价",
    "零售价",
    "msrp",
    "rrp",
    "list price",
    "标价",
    "retail price",
    "suggested price",
];
const SAVED: &[&str] = &[
    "立减", "直降", "立省", "节省", "省", "优惠", "减", "便宜", "降", "少", "below", "save", "saving", "savings",
    "off", "less",
];
const NOW: &[&str] = &[
    "到手价",
    "到手",
    "现价",
    "活动价",
    "券后",
    "促销价",
    "只要",
    "仅需",
    "仅售",
    "售价",
    "现在",
    "特价",
    "now",
    "only",
    "just",
    "price",
    "today",
    "for",
];
/// Things that are paid for beside the price: their sums are no claims about it.
const OTHER_SUMS: &[&str] = &[
    "满",
    "运费",
    "定金",
    "订金",
    "以旧换新",
    "补贴",
    "分期",
    "每期",
    "押金",
    "优惠券",
    "赠品",
    "价值",
    "shipping",
    "deposit",
    "per month",
    "a month",
    "/mo",
    "trade-in",
    "gift",
];

/// Words for a lowest price, what it was, and over which time in both languages.
type LowestClaim = (&'static [&'static str], Option<Cents>, (&'static str, &'static str));

/// What a sum in a text is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Role {
    Former,
    Listed,
    Saved,
    Now,
}

/// Checks what a text claims of prices. Within one of the names a sum is none: `HP 250 G6`, `$30 Top-Up Card`.
pub fn check(text: &str, offer: &Offer, names: &[String]) -> PriceReport {
    let places = Places::new(text);
    let mut report = PriceReport::default();
    let named = named(text, names);
    let mut checker = Checker { places: &places, offer, report: &mut report };
    let is_named = |one: &Quantity| named.iter().any(|at| at.start <= one.range.start && one.range.end <= at.end);
    for quantity in quantities(text).into_iter().filter(|one| !is_named(one)) {
        match quantity.kind {
            QuantityKind::Price => checker.sum(&quantity),
            QuantityKind::Discount => checker.discount(&quantity.range, quantity.value),
            QuantityKind::Percent => checker.percent(&quantity),
            QuantityKind::Date => checker.end_date(&quantity),
            _ => {}
        }
    }
    checker.half_claims();
    checker.lowest_claims();
    checker.end_claims();
    report.findings.sort_by_key(|found| found.span.as_ref().map(|span| span.bytes.start));
    report
}

/// Where names stand, longer ones than a character.
fn named(text: &str, names: &[String]) -> Vec<Range<usize>> {
    let long = names.iter().filter(|name| name.chars().nth(1).is_some());
    long.flat_map(|name| text.match_indices(name.as_str()).map(|(at, _)| at..at + name.len())).collect()
}

struct Checker<'a> {
    places: &'a Places<'a>,
    offer: &'a Offer,
    report: &'a mut PriceReport,
}

impl Checker<'_> {
    fn text(&self) -> &str {
        self.places.text()
    }

    /// A sum of money: what it is said to be, by the words in front of it in its clause, then by those behind.
    fn sum(&mut self, quantity: &Quantity) {
        let around = clause(self.text(), &quantity.range);
        let lower = |range: Range<usize>| self.text()[range].to_lowercase();
        let before = lower(around.start..quantity.range.start);
        let after = lower(quantity.range.end..around.end);
        if has_word(&before, OTHER_SUMS) {
            return;
        }
        // What stands before "instead of" is paid now, what stands behind it was paid before.
        let behind = || match after.trim_start().starts_with("instead of") {
            true => Some(Role::Now),
            false => nearest(after.get(..after.len().min(24)).unwrap_or(&after), false),
        };
        let role = nearest(&before, true).or_else(behind);
        let cents = Cents((quantity.value * 100.0).round() as i64);
        if self.is_foreign(quantity) {
            let own = &self.offer.currency;
            let message = Said::new(format!("店里的价格是 {own}"), format!("the shop's prices are in {own}"));
            return self.push(&quantity.range, "currency", Risk::Block, message, None);
        }
        match role {
            Some(Role::Former) => self.former(quantity, cents),
            Some(Role::Listed) => self.equal(quantity, cents, self.offer.list_cents, ("建议零售价", "list price")),
            Some(Role::Saved) => self.saved(quantity, cents),
            Some(Role::Now) => self.equal(quantity, cents, self.offer.now_cents, ("现价", "price")),
            None => {}
        }
    }

    fn former(&mut self, quantity: &Quantity, said: Cents) {
        let Some(base) = self.offer.base(self.is_chinese(&quantity.range)) else {
            return self.unproven(
                &quantity.range,
                "former_price",
                "没有促销前的价格记录，不能证明这个原价",
                "no price before the offer is known, so this former price has no proof",
            );
        };
        if said == base {
            return self.holds(&quantity.range);
        }
        self.push(
            &quantity.range,
            "former_price",
            if said > base { Risk::Block } else { Risk::Review },
            Said::new(
                format!("文案写的原价是 {said}，促销前的最低成交价是 {base}"),
                format!("the text says it was {said}; the lowest price before the offer was {base}"),
            ),
            Some(self.written(quantity, base)),
        );
    }

    fn equal(&mut self, quantity: &Quantity, said: Cents, known: Option<Cents>, name: (&str, &str)) {
        let Some(known) = known else {
            return self.unproven(&quantity.range, "price", "没有给出这个价格", "this price was not given");
        };
        if said == known {
            return self.holds(&quantity.range);
        }
        self.push(
            &quantity.range,
            "price",
            Risk::Block,
            Said::new(
                format!("文案写 {said}，{}是 {known}", name.0),
                format!("the text says {said}; the {} is {known}", name.1),
            ),
            Some(self.written(quantity, known)),
        );
    }

    fn saved(&mut self, quantity: &Quantity, said: Cents) {
        if self.offer.coupon_off_cents == Some(said) {
            return self.holds(&quantity.range);
        }
        let base = self.offer.base(self.is_chinese(&quantity.range));
        let (Some(base), Some(now)) = (base, self.offer.now_cents) else {
            return self.unproven(
                &quantity.range,
                "saving",
                "没有促销前后的价格，不能证明降了多少",
                "prices before and after are not known, so this saving has no proof",
            );
        };
        let saved = Cents((base.0 - now.0).max(0));
        let at_most = matches!(quantity.bound, language::text::Bound::AtMost);
        // Beside the list price a saving is what lies between it and the price now, whatever was paid before.
        let between = self.offer.list_cents.filter(|list| list.0 > now.0 && self.names_sum(quantity, *list));
        if let Some(between) = between.map(|list| Cents(list.0 - now.0)) {
            if said == between && said <= saved {
                return self.holds(&quantity.range);
            }
            // Right beside its list price, and more than the orders bear out: another sum would be wrong.
            let fix = (said != between).then(|| self.written(quantity, between));
            let is = if said == between { saved } else { between };
            let message = Said::new(
                format!("文案写省 {said}，实际省 {is}"),
                format!("the text says {said} is saved; it is {is}"),
            );
            return self.push(&quantity.range, "saving", Risk::Block, message, fix);
        }
        if said == saved || (at_most && said <= saved) {
            return self.holds(&quantity.range);
        }
        let fix = (saved.0 > 0).then(|| self.written(quantity, saved));
        self.push(
            &quantity.range,
            "saving",
            if said > saved { Risk::Block } else { Risk::Review },
            Said::new(
                format!("文案写省 {said}，实际省 {saved}（{base} 到 {now}）"),
                format!("the text says {said} is saved; it is {saved} ({base} to {now})"),
            ),
            fix,
        );
    }

    /// Whether a sum stands elsewhere in the sentence.
    fn names_sum(&self, quantity: &Quantity, cents: Cents) -> bool {
        let around = sentence(self.text(), &quantity.range);
        quantities(&self.text()[around.clone()]).iter().any(|one| {
            one.kind == QuantityKind::Price
                && around.start + one.range.start != quantity.range.start
                && (one.value * 100.0).round() as i64 == cents.0
        })
    }

    /// `20% off`: what is paid is the rest.
    fn percent(&mut self, quantity: &Quantity) {
        let around = clause(self.text(), &quantity.range);
        let words = self.text()[around].to_lowercase();
        let role = has_word(&words, &["off", "discount", "save", "降价", "直降", "立减", "优惠", "便宜"]);
        if role && (0.0..100.0).contains(&quantity.value) {
            self.discount(&quantity.range, 1.0 - quantity.value / 100.0);
        }
    }

    /// `part` of the price before is paid.
    fn discount(&mut self, range: &Range<usize>, part: f64) {
        let base = self.offer.base(self.is_chinese(range)).filter(|base| base.0 > 0);
        let (Some(base), Some(now)) = (base, self.offer.now_cents) else {
            return self.unproven(
                range,
                "discount",
                "没有促销前后的价格，不能证明这个折扣",
                "prices before and after are not known, so this discount has no proof",
            );
        };
        let real = now.0 as f64 / base.0 as f64;
        // Half of what the written digits can tell apart.
        if real <= part + 0.005 + 1e-9 {
            return self.holds(range);
        }
        self.push(
            range,
            "discount",
            Risk::Block,
            Said::new(
                format!("实际是 {:.1} 折（{base} 到 {now}）", real * 10.0),
                format!("the reduction is {:.0}% ({base} to {now})", (1.0 - real) * 100.0),
            ),
            None,
        );
    }

    /// A half in words. Of the second piece, or one more for nothing, only the offer could tell, which has no such part.
    fn half_claims(&mut self) {
        for range in self.all_of(&[
            "第二件半价",
            "第2件半价",
            "买一送一",
            "second half price",
            "second at half price",
            "two for one",
            "2 for 1",
            "buy one get one",
            "bogo",
        ]) {
            self.unproven(&range, "discount", "优惠里没有这一条", "the offer that was given says nothing of this");
        }
        for range in self.all_of(&["半价", "对折", "half price", "half-price", "half off", "half the price"]) {
            let before = self.text()[..range.start].trim_end();
            if ["件", "second", "at"].iter().any(|word| before.ends_with(word)) {
                continue;
            }
            self.discount(&range, 0.5);
        }
    }

    /// Whether a sum is written in a currency that is not the shop's.
    fn is_foreign(&self, quantity: &Quantity) -> bool {
        if self.offer.currency.is_empty() {
            return false;
        }
        // Longer signs first; a sign may stand for several currencies.
        const SIGNS: &[(&str, &str)] = &[
            ("hk$", "HKD"),
            ("us$", "USD"),
            ("美元", "USD"),
            ("美金", "USD"),
            ("美刀", "USD"),
            ("港元", "HKD"),
            ("港币", "HKD"),
            ("欧元", "EUR"),
            ("日元", "JPY"),
            ("英镑", "GBP"),
            ("卢比", "INR"),
            ("dollar", "USD AUD CAD SGD NZD HKD TWD"),
            ("usd", "USD"),
            ("bucks", "USD"),
            ("eur", "EUR"),
            ("gbp", "GBP"),
            ("inr", "INR"),
            ("rupee", "INR"),
            ("yuan", "CNY"),
            ("rmb", "CNY"),
            ("cny", "CNY"),
            ("jp¥", "JPY"),
            ("$", "USD AUD CAD SGD NZD HKD TWD"),
            ("€", "EUR"),
            ("£", "GBP"),
            ("₹", "INR"),
            ("¥", "CNY JPY"),
            ("￥", "CNY JPY"),
            ("元", "CNY TWD HKD"),
            ("块", "CNY TWD HKD"),
        ];
        let written = self.text()[quantity.range.clone()].to_lowercase();
        let named = SIGNS.iter().find(|(sign, _)| written.contains(sign));
        named.is_some_and(|(_, means)| !means.split(' ').any(|one| one == self.offer.currency))
    }

    fn lowest_claims(&mut self) {
        let offer = self.offer;
        let claims: [LowestClaim; 3] = [
            (
                &[
                    "近30天最低",
                    "近 30 天最低",
                    "30天最低",
                    "30 天最低",
                    "三十天最低",
                    "30日最低",
                    "lowest price in 30 days",
                    "lowest in 30 days",
                    "lowest price of the last 30 days",
                ],
                offer.lowest_30_days_cents,
                ("近 30 天", "of the last 30 days"),
            ),
            (
                &["7天最低", "7 天最低", "七天最低", "7日最低", "七日最低"],
                offer.lowest_7_days_cents,
                ("近 7 天", "of the last 7 days"),
            ),
            (
                &[
                    "历史最低",
                    "历史低价",
                    "史低",
                    "史上最低",
                    "全年最低",
                    "上市以来最低",
                    "lowest price ever",
                    "lowest ever",
                    "all-time low",
                    "all time low",
                    "best price ever",
                ],
                offer.lowest_ever_cents,
                ("历史", "ever"),
            ),
        ];
        for (words, lowest, name) in claims {
            for range in self.all_of(words) {
                let (Some(lowest), Some(now)) = (lowest, offer.now_cents) else {
                    self.unproven(
                        &range,
                        "lowest_price",
                        "没有价格记录，不能证明是最低价",
                        "no history proves a lowest price",
                    );
                    continue;
                };
                if now <= lowest {
                    self.holds(&range);
                    continue;
                }
                self.push(
                    &range,
                    "lowest_price",
                    Risk::Block,
                    Said::new(
                        format!("{}最低价是 {lowest}，低于现价 {now}", name.0),
                        format!("the lowest price {} was {lowest}, below {now}", name.1),
                    ),
                    None,
                );
            }
        }
    }

    /// Last day, today only, tomorrow it ends.
    fn end_claims(&mut self) {
        let claims: [(&[&str], i32); 2] = [
            (
                &[
                    "最后一天",
                    "最后1天",
                    "今天截止",
                    "今日截止",
                    "今晚截止",
                    "仅限今天",
                    "仅此一天",
                    "今天结束",
                    "today only",
                    "ends today",
                    "ends tonight",
                    "last day",
                    "only today",
                ],
                0,
            ),
            (&["明天截止", "明日截止", "明天结束", "ends tomorrow"], 1),
        ];
        for (words, days) in claims {
            for range in self.all_of(words) {
                let Some(ends_on) = self.offer.ends_on else {
                    self.unproven(&range, "end_date", "没有给出活动的结束日期", "the end of the offer was not given");
                    continue;
                };
                if ends_on.0 == self.offer.today.0 + days {
                    self.holds(&range);
                    continue;
                }
                self.wrong_end(&range, ends_on);
            }
        }
    }

    /// 活动截止 12月31日, until 2026-12-31.
    fn end_date(&mut self, quantity: &Quantity) {
        let around = clause(self.text(), &quantity.range);
        let words = self.text()[around.clone()].to_lowercase();
        let ends = ["截止", "截至", "结束", "有效期至", "止", "until", "ends", "through", "before"];
        let Some(ends_on) = self.offer.ends_on.filter(|_| has_word(&words, &ends)) else { return };
        // From one day to another: only the later one is the end.
        let rest = &self.text()[quantity.range.end..around.end];
        let is_first = rest.trim_start().starts_with(['至', '到', '-', '—', '~', '–']);
        let Some(date) = ends_on.to_date().filter(|_| !is_first) else { return };
        let value = quantity.value as i64;
        let (year, month, day) = (value / 10_000, value / 100 % 100, value % 100);
        let before = self.text()[around.start..quantity.range.start].trim_end().to_lowercase();
        let next = if before.ends_with("明年") || before.ends_with("next year") { 1 } else { 0 };
        let is_next = self.offer.today.to_date().is_some_and(|today| date.year() == today.year() + next);
        let agrees = (year == 0 && (next == 0 || is_next) || year == i64::from(date.year()))
            && (month == 0 || month == i64::from(date.month()))
            && (day == 0 || day == i64::from(date.day()));
        if agrees {
            self.holds(&quantity.range);
        } else {
            self.wrong_end(&quantity.range.clone(), ends_on);
        }
    }

    fn wrong_end(&mut self, range: &Range<usize>, ends_on: Day) {
        self.push(
            range,
            "end_date",
            Risk::Block,
            Said::new(format!("活动到 {ends_on} 结束"), format!("the offer ends on {ends_on}")),
            None,
        );
    }

    /// Where any of the words stands; of words within each other only the first in the list.
    fn all_of(&self, words: &[&str]) -> Vec<Range<usize>> {
        let lower = self.text().to_ascii_lowercase();
        let mut found: Vec<Range<usize>> = Vec::new();
        for word in words {
            for (at, _) in lower.match_indices(word) {
                let range = at..at + word.len();
                if !found.iter().any(|other| other.start < range.end && range.start < other.end) {
                    found.push(range);
                }
            }
        }
        found
    }

    fn is_chinese(&self, at: &Range<usize>) -> bool {
        let around = sentence(self.text(), at);
        self.text()[around].chars().any(|character| ('\u{4e00}'..='\u{9fff}').contains(&character))
    }

    /// A sum written as the one in the text is: with its sign or unit.
    fn written(&self, quantity: &Quantity, cents: Cents) -> String {
        let written = &self.text()[quantity.range.clone()];
        let amount = if cents.0 % 100 == 0 { (cents.0 / 100).to_string() } else { cents.to_string() };
        let is_number = |character: char| character.is_ascii_digit() || matches!(character, ',' | '.');
        match (written.find(is_number), written.rfind(is_number)) {
            (Some(from), Some(to)) => {
                format!("{}{amount}{}", &written[..from], &written[to + 1..].trim_start_matches(['万', '千', 'k']))
            }
            _ => format!("{amount}元"),
        }
    }

    fn holds(&mut self, range: &Range<usize>) {
        let span = self.places.span(range.clone());
        self.report.proven.push(span);
    }

    fn unproven(&mut self, range: &Range<usize>, category: &'static str, zh: &'static str, en: &'static str) {
        self.push(range, category, Risk::Review, Said::fixed(zh, en), None);
    }

    fn push(&mut self, range: &Range<usize>, category: &'static str, risk: Risk, message: Said, with: Option<String>) {
        let span = self.places.span(range.clone());
        self.report.findings.push(Finding {
            check: Check::Price,
            category: Cow::Borrowed(category),
            risk,
            matched: self.places.words(range),
            article: Some(Said::fixed(
                "《明码标价和禁止价格欺诈规定》第十九条、《规范促销行为暂行规定》第二十一条",
                "PRC Price Fraud Provisions (2022), art. 19; Sales Promotion Provisions, art. 21; EU Directive 98/6/EC, art. 6a; 16 CFR 233",
            )),
            message,
            suggestion: Said::fixed("按价格记录写，并写明比较的基准与起止时间", "write what the history bears out, with its base, beginning and end"),
            fix: with.map(|with| Fix { span: span.clone(), with }),
            span: Some(span),
        });
    }
}

/// Words that hold one for a saving and tell of none.
const NO_SAVING: &[&str] = &[
    "降噪",
    "降温",
    "省电",
    "省心",
    "省力",
    "省事",
    "省空间",
    "减震",
    "减重",
    "减压",
    "至少",
    "不少",
    "多少",
    "少一根",
    "少一条",
    "少一个",
];

/// The role whose word stands nearest to the sum: the last one before it, the first one after it.
fn nearest(words: &str, before: bool) -> Option<Role> {
    // 省, 减, 降, 少: what they take off stands behind them.
    let governs = |word: &str| before || word.chars().count() > 1 || word.is_ascii();
    let blanked = NO_SAVING.iter().fold(words.to_owned(), |said, word| said.replace(word, &" ".repeat(word.len())));
    let words = blanked.as_str();
    let roles = [(FORMER, Role::Former), (LISTED, Role::Listed), (SAVED, Role::Saved), (NOW, Role::Now)];
    let mut best: Option<(usize, usize, Role)> = None;
    for (list, role) in roles {
        for word in list.iter().filter(|word| governs(word)) {
            let at = if before { words.rfind(word) } else { words.find(word) };
            let Some(at) = at.filter(|_| super::clause::find_word(words, word).is_some()) else { continue };
            // Nearer is better; of words that end together the longer one is meant.
            let distance = if before { words.len() - at - word.len() } else { at };
            if best.is_none_or(|(other, length, _)| (distance, usize::MAX - word.len()) < (other, usize::MAX - length))
            {
                best = Some((distance, word.len(), role));
            }
        }
    }
    best.map(|(_, _, role)| role)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn offer() -> Offer {
        let day = |text: &str| text.parse::<Day>().unwrap();
        let history = [
            (day("2026-05-01"), Cents(279_900)),
            (day("2026-06-01"), Cents(329_900)),
            (day("2026-10-20"), Cents(319_900)),
            (day("2026-10-30"), Cents(339_900)),
        ];
        Offer {
            list_cents: Some(Cents(359_900)),
            ends_on: Some(day("2026-11-11")),
            ..Offer::from_history(Cents(299_900), day("2026-11-09"), &history)
        }
    }

    fn found(text: &str) -> Vec<(String, Risk)> {
        check(text, &offer(), &[]).findings.into_iter().map(|one| (one.category.into_owned(), one.risk)).collect()
    }

    #[test]
    fn a_price_holds_until_the_next() {
        let offer = offer();
        // Seven days before the offer the price of 30 October held, thirty days before it that of June.
        assert_eq!(offer.lowest_7_days_cents, Some(Cents(339_900)));
        assert_eq!(offer.lowest_30_days_cents, Some(Cents(319_900)));
        assert_eq!(offer.lowest_ever_cents, Some(Cents(279_900)));
        assert_eq!(Offer::from_history(Cents(1), Day(3), &[]).lowest_7_days_cents, None);
    }

    #[test]
    fn claims_that_hold_are_proven() {
        for text in [
            "原价 3399 元，现价 2999 元",
            "立减 400 元，到手价 ¥2999",
            "建议零售价 3599 元",
            "低至 8.9 折",
            "近 30 天最低价",
            "活动截止 11月11日",
            "活动时间 11月9日至11月11日止",
            "now $2,999, was $3,199",
            "now $2,999 instead of $3,199",
            "$2,999 instead of $3,199",
            "save $200",
        ] {
            let report = check(text, &offer(), &[]);
            assert_eq!(report.findings, [], "{text}");
            assert!(!report.proven.is_empty(), "{text}");
        }
    }

    /// Orders were at 3,399 and the list says 3,599: a saving beside the list price is what lies between that and the price now, and
    /// where it is more than orders bear out, no other sum stands for it.
    #[test]
    fn a_saving_beside_the_list_price_is_counted_from_it() {
        let low = Offer { list_cents: Some(Cents(319_900)), ..offer() };
        for text in ["标价3199元，现在2999元，省200元", "List price $3,199, now $2,999: you save $200"] {
            assert_eq!(check(text, &low, &[]).findings, [], "{text}");
        }
        for (text, with) in
            [("标价3199元，现在2999元，省400元", "200元"), ("List price $3,199, now $2,999: you save $100", "$200")]
        {
            let found = check(text, &low, &[]).findings;
            let fixes: Vec<&str> =
                found.iter().filter_map(|one| one.fix.as_ref().map(|fix| fix.with.as_str())).collect();
            assert_eq!((found.len(), found[0].risk, fixes), (1, Risk::Block, vec![with]), "{text}");
        }
        let found = check("标价3599元，现在2999元，省600元", &offer(), &[]).findings;
        assert_eq!((found.len(), found[0].risk, &found[0].fix), (1, Risk::Block, &None));
    }

    #[test]
    fn claims_that_do_not_hold() {
        for (text, category) in [
            ("原价 5999 元", "former_price"),
            ("现在只要 1999 元", "price"),
            ("直降 3000 元", "saving"),
            ("全场 5 折", "discount"),
            ("20% off today", "discount"),
            ("历史最低", "lowest_price"),
            ("lowest price ever", "lowest_price"),
            ("最后一天", "end_date"),
            ("截止 12月31日", "end_date"),
            ("was $3,999", "former_price"),
            // The list price is not what it was sold for.
            ("now $2,999 instead of $3,599", "former_price"),
        ] {
            assert_eq!(found(text), [(category.to_owned(), Risk::Block)], "{text}");
        }
    }

    #[test]
    fn what_is_not_known_is_reviewed() {
        let unknown = Offer::default();
        for text in
            ["原价 5999 元", "立省 100 元", "8 折", "历史最低价", "最后一天", "建议零售价 100 元", "instead of $100"]
        {
            let found = check(text, &unknown, &[]).findings;
            assert_eq!((found.len(), found[0].risk), (1, Risk::Review), "{text}");
        }
    }

    #[test]
    fn a_wrong_price_is_mended_as_it_is_written() {
        for (text, expected) in
            [("原价￥5,999 元", "原价￥3399 元"), ("现价2999.50元", "现价2999元"), ("save $900.00", "save $200")]
        {
            let report = check(text, &offer(), &[]);
            let fixes = report.findings.iter().filter_map(|one| one.fix.as_ref());
            assert_eq!(super::super::finding::apply(text, fixes).0, expected, "{text}");
        }
        assert_eq!(found("运费 20 元，满 300 元减 40 元，屏幕 6.7 英寸"), []);
    }

    #[test]
    fn halves_are_held_against_the_price_before() {
        // 2999 of 3399 is no half.
        for text in ["今日半价", "全场对折", "now half price", "Half off!"] {
            assert_eq!(found(text), [("discount".to_owned(), Risk::Block)], "{text}");
        }
        for text in ["第二件半价", "买一送一", "Two for one"] {
            assert_eq!(found(text), [("discount".to_owned(), Risk::Review)], "{text}");
        }
        let half = Offer { now_cents: Some(Cents(169_900)), ..offer() };
        let report = check("半价，Half off", &half, &[]);
        assert!(report.findings.is_empty() && report.proven.len() == 2, "{report:?}");
    }

    #[test]
    fn a_sum_is_in_the_shops_currency() {
        let in_currency = |text: &str, currency: &str| {
            let offer = Offer { currency: currency.to_owned(), ..offer() };
            check(text, &offer, &[]).findings.into_iter().map(|one| one.category.into_owned()).collect::<Vec<_>>()
        };
        for (text, currency) in [
            ("现价2999元", "USD"),
            ("Now ¥2,999", "USD"),
            ("Now $2,999", "CNY"),
            ("now £2,999", "EUR"),
            ("现价2999美元", "CNY"),
            ("Now ₹2,999", "CNY"),
        ] {
            assert_eq!(in_currency(text, currency), ["currency"], "{text} in {currency}");
        }
        for (text, currency) in [
            ("现价2999元", "CNY"),
            ("Now $2,999", "USD"),
            ("Now $2,999", "CAD"),
            ("Now €2999", "EUR"),
            ("现价2999", "USD"),
            ("Now CHF 2999", "CHF"),
        ] {
            assert_eq!(in_currency(text, currency), Vec::<String>::new(), "{text} in {currency}");
        }
    }

    #[test]
    fn a_year_ahead_is_no_end_of_this_year() {
        assert_eq!(found("明年11月11日截止"), [("end_date".to_owned(), Risk::Block)]);
        assert_eq!(found("2027年11月11日截止"), [("end_date".to_owned(), Risk::Block)]);
        assert_eq!(found("11月11日截止，2026年11月11日截止"), []);
    }

    #[test]
    fn quiet_is_no_saving_and_a_name_no_price() {
        for text in ["422元的耳机：被动降噪", "438元能买到主动降噪", "2999元，省心又省电", "至少 2999 元"]
        {
            assert!(found(text).iter().all(|(category, _)| category != "saving"), "{text}");
        }
        // A verb of saving still takes what stands behind it, and a noun what stands before.
        for text in ["降低 3000 元", "价格降了3000元", "省3000元", "3000元优惠", "$3,000 off"] {
            assert_eq!(found(text), [("saving".to_owned(), Risk::Block)], "{text}");
        }
        let named = |text: &str, name: &str| check(text, &offer(), &[name.to_owned()]).findings.len();
        assert_eq!(named("See the price of the HP 250 G6 on its page.", "HP 250 G6"), 0);
        assert_eq!(named("H2O $30 Top-Up Card 省$900", "H2O $30 Top-Up Card"), 1, "$900 is none of the name");
        assert_eq!(named("H2O $30 Top-Up Card 省$30", "H2O $30 Top-Up Card"), 1);
        // Rupees are prices like any.
        assert_eq!(found("₹1,999 for now"), [("price".to_owned(), Risk::Block)]);
    }

    proptest! {
        #[test]
        fn hostile_text_is_survived(text in "\\PC{0,30}(原价|was|立减|8折|20% off|¥1,0|최|١٢|最后一天|12月31日){0,4}\\PC{0,30}") {
            let report = check(&text, &offer(), &[]);
            for span in report.findings.iter().filter_map(|one| one.span.as_ref()).chain(&report.proven) {
                prop_assert!(text.get(span.bytes.clone()).is_some());
            }
        }
    }
}
