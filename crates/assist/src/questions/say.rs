//! Questions and their answers in words, in Chinese and English: how a question was understood, and what came out.

use super::answer::{Figures, Row};
use super::measures::{Dimension, Measure, Unit};
use super::period::{Calendar, Period, date, festival_en};
use super::sql::share_of;
use super::{Compare, Filter, Order, Question, Refusal, Show};
use crate::turn::Lang;

const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];
const WEEKDAYS_ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
const WEEKDAYS_EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];

fn pick<'a>(lang: Lang, zh: &'a str, en: &'a str) -> &'a str {
    if lang == Lang::Zh { zh } else { en }
}

pub fn measure(measure: Measure, lang: Lang) -> &'static str {
    pick(lang, measure.name_zh(), measure.name_en())
}

pub fn dimension(dimension: Dimension, lang: Lang) -> &'static str {
    pick(lang, dimension.name_zh(), dimension.name_en())
}

/// A time in words; the days it has where its name does not say them.
pub fn period(period: &Period, lang: Lang) -> String {
    let ((y1, m1, d1), (y2, m2, d2)) = (date(period.first), date(period.last));
    let zh = lang == Lang::Zh;
    let month = |month: u32| MONTHS[month as usize - 1];
    if period.is_open() {
        return if zh { format!("截至{y2}年{m2}月{d2}日") } else { format!("until {d2} {} {y2}", month(m2)) };
    }
    let plain = match period.whole() {
        Some(Calendar::Year) => {
            if zh {
                format!("{y1}年")
            } else {
                y1.to_string()
            }
        }
        Some(Calendar::Quarter) => {
            let quarter = (m1 - 1) / 3 + 1;
            if zh { format!("{y1}年第{quarter}季度") } else { format!("Q{quarter} {y1}") }
        }
        Some(Calendar::Month) => {
            if zh {
                format!("{y1}年{m1}月")
            } else {
                format!("{} {y1}", month(m1))
            }
        }
        Some(Calendar::Day) => {
            if zh {
                format!("{y1}年{m1}月{d1}日")
            } else {
                format!("{d1} {} {y1}", month(m1))
            }
        }
        _ => match (zh, y1 == y2, m1 == m2) {
            (true, true, true) => format!("{y1}年{m1}月{d1}日至{d2}日"),
            (true, true, false) => format!("{y1}年{m1}月{d1}日至{m2}月{d2}日"),
            (true, ..) => format!("{y1}年{m1}月{d1}日至{y2}年{m2}月{d2}日"),
            (false, true, true) => format!("{d1}–{d2} {} {y1}", month(m1)),
            (false, true, false) => format!("{d1} {} – {d2} {} {y1}", month(m1), month(m2)),
            (false, ..) => format!("{d1} {} {y1} – {d2} {} {y2}", month(m1), month(m2)),
        },
    };
    match &period.name {
        Some(name) => format!("{} ({plain})", if zh { name } else { festival_en(name) }),
        None => plain,
    }
}

/// The label of a row, as people read it.
pub fn label(by: Dimension, label: Option<&str>, lang: Lang) -> String {
    let Some(label) = label else { return pick(lang, "未注明", "not stated").to_owned() };
    let at = || label.parse::<usize>().ok();
    match by {
        Dimension::CustomerType => match label {
            "new" => pick(lang, "新客", "new customers").to_owned(),
            _ => pick(lang, "老客", "returning customers").to_owned(),
        },
        Dimension::Age => at().map_or_else(|| label.to_owned(), |from| format!("{from}–{}", from + 9)),
        Dimension::Weekday => match at().filter(|at| *at < 7) {
            Some(at) => pick(lang, WEEKDAYS_ZH[at], WEEKDAYS_EN[at]).to_owned(),
            None => label.to_owned(),
        },
        Dimension::Hour => at().map_or_else(|| label.to_owned(), |hour| format!("{hour:02}:00")),
        Dimension::Category => label.rsplit('/').next().unwrap_or(label).to_owned(),
        _ => label.to_owned(),
    }
}

/// A span of time that begins on a day.
pub fn span(over: Dimension, at: domain::Day, lang: Lang) -> String {
    let calendar = match over {
        Dimension::Month => Calendar::Month,
        Dimension::Quarter => Calendar::Quarter,
        Dimension::Year => Calendar::Year,
        Dimension::Week => Calendar::Week,
        _ => Calendar::Day,
    };
    period(&calendar.around(at), lang)
}

fn listed(values: &[String], lang: Lang) -> String {
    const SHOWN: usize = 4;
    let mut text = values.iter().take(SHOWN).cloned().collect::<Vec<_>>().join(pick(lang, "、", ", "));
    if values.len() > SHOWN {
        let more = values.len() - SHOWN;
        text.push_str(&if lang == Lang::Zh { format!("等{}个", values.len()) } else { format!(" and {more} more") });
    }
    text
}

/// A condition in words.
pub fn filter(filter: &Filter, lang: Lang) -> String {
    let values: Vec<String> = match filter.field {
        Dimension::Product => filter.values.iter().map(|value| format!("“{value}”")).collect(),
        field => filter.values.iter().map(|value| label(field, Some(value), lang)).collect(),
    };
    let field = dimension(filter.field, lang);
    let not = if filter.excluded { pick(lang, "不含 ", "not ") } else { "" };
    match (lang, filter.field) {
        (Lang::Zh, Dimension::Product) => format!("商品名含 {not}{}", listed(&values, lang)),
        (Lang::En, Dimension::Product) => format!("products named {not}{}", listed(&values, lang)),
        (Lang::Zh, _) => format!("{field}：{not}{}", listed(&values, lang)),
        (Lang::En, _) => format!("{field}: {not}{}", listed(&values, lang)),
    }
}

pub fn compare(compare: &Compare, other: Option<&Period>, lang: Lang) -> String {
    let days = other.map_or_else(|| "–".to_owned(), |other| period(other, lang));
    match (compare, lang) {
        (Compare::Previous, Lang::Zh) => format!("环比（{days}）"),
        (Compare::Previous, Lang::En) => format!("against the time before ({days})"),
        (Compare::YearBefore, Lang::Zh) => format!("同比（{days}）"),
        (Compare::YearBefore, Lang::En) => format!("against the year before ({days})"),
        (Compare::With(_), Lang::Zh) => format!("对比 {days}"),
        (Compare::With(_), Lang::En) => format!("against {days}"),
    }
}

/// A part of a question, as people read it and as a page changes it.
#[derive(Clone, Debug, PartialEq, serde::Serialize)]
pub struct Chip {
    /// `measures`, `by`, `over`, `filters`, `period`, `compare`, `show`, `order` or `top`: the field of the question.
    pub part: &'static str,
    /// Which of several.
    pub at: usize,
    pub zh: String,
    pub en: String,
}

/// A question part by part.
pub fn chips(question: &Question) -> Vec<Chip> {
    let mut all = Vec::new();
    let mut add = |part: &'static str, at: usize, say: &dyn Fn(Lang) -> String| {
        all.push(Chip { part, at, zh: say(Lang::Zh), en: say(Lang::En) });
    };
    for (at, own) in question.measures.iter().enumerate() {
        add("measures", at, &|lang| measure(*own, lang).to_owned());
    }
    if let Some(by) = question.by {
        add("by", 0, &|lang| format!("{}{}", pick(lang, "按", "by "), dimension(by, lang)));
    }
    if let Some(over) = question.over {
        add("over", 0, &|lang| format!("{}{}", pick(lang, "按", "by "), dimension(over, lang)));
    }
    for (at, own) in question.filters.iter().enumerate() {
        add("filters", at, &|lang| filter(own, lang));
    }
    add("period", 0, &|lang| {
        question
            .period
            .as_ref()
            .map_or_else(|| pick(lang, "全部时间", "all there is").to_owned(), |own| period(own, lang))
    });
    if let Some(own) = &question.compare {
        add("compare", 0, &|lang| compare(own, question.other_period().as_ref(), lang));
    }
    match question.show {
        Show::Plain => {}
        Show::Share => add("show", 0, &|lang| pick(lang, "看占比", "as a share").to_owned()),
        Show::Growth => add("show", 0, &|lang| pick(lang, "看变化", "by change").to_owned()),
    }
    match question.order {
        Order::Natural => {}
        Order::Most => add("order", 0, &|lang| pick(lang, "从高到低", "most first").to_owned()),
        Order::Least => add("order", 0, &|lang| pick(lang, "从低到高", "least first").to_owned()),
    }
    if let Some(top) = question.top {
        add("top", 0, &|lang| if lang == Lang::Zh { format!("前 {top} 个") } else { format!("{top} rows at most") });
    }
    all
}

/// A question in one line.
pub fn words(question: &Question, lang: Lang) -> String {
    let chips = chips(question);
    let of = |chip: &Chip| if lang == Lang::Zh { chip.zh.clone() } else { chip.en.clone() };
    chips.iter().map(of).collect::<Vec<_>>().join(pick(lang, "，", ", "))
}

fn grouped(value: f64, decimals: usize) -> String {
    let text = format!("{:.decimals$}", value.abs());
    let (whole, rest) = text.split_once('.').map_or((text.as_str(), ""), |(whole, rest)| (whole, rest));
    let mut out = String::new();
    for (at, digit) in whole.chars().enumerate() {
        if at > 0 && (whole.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    let minus = if value < 0.0 && text.chars().any(|c| c.is_ascii_digit() && c != '0') { "-" } else { "" };
    if rest.is_empty() { format!("{minus}{out}") } else { format!("{minus}{out}.{rest}") }
}

/// A figure with its unit. Money beyond a thousand is told without its hundredths.
pub fn figure(value: Option<f64>, unit: Unit, currency: &str, lang: Lang) -> String {
    let Some(value) = value else { return pick(lang, "未知", "not known").to_owned() };
    match unit {
        Unit::Money => {
            let value = value / 100.0;
            let text = grouped(value, if value.abs() < 1000.0 { 2 } else { 0 });
            match (currency, lang) {
                ("CNY", Lang::Zh) => format!("{text} 元"),
                _ => format!("{text} {currency}"),
            }
        }
        Unit::Count => grouped(value, 0),
        Unit::Share => format!("{}%", grouped(100.0 * value, 1)),
        Unit::Number => grouped(value, 2),
    }
}

/// A change as a part of what was before.
pub fn change(change: Option<f64>, lang: Lang) -> String {
    match change {
        None => pick(lang, "此前没有数据", "nothing before").to_owned(),
        Some(change) if change.abs() < 0.0005 => pick(lang, "持平", "no change").to_owned(),
        Some(change) => format!("{}{}%", if change > 0.0 { "+" } else { "" }, grouped(100.0 * change, 1)),
    }
}

/// What came out, in one or two sentences.
pub fn sentence(question: &Question, figures: &Figures, currency: &str, lang: Lang) -> String {
    let zh = lang == Lang::Zh;
    let when =
        question.period.as_ref().map_or_else(|| pick(lang, "全部时间", "in all").to_owned(), |own| period(own, lang));
    let value = |row: &Row, at: usize| figure(row.values[at], question.measures[at].unit(), currency, lang);
    let all = |row: &Row| {
        let each = question.measures.iter().enumerate();
        each.map(|(at, own)| format!("{} {}", measure(*own, lang), value(row, at)))
            .collect::<Vec<_>>()
            .join(pick(lang, "，", ", "))
    };
    let held = |row: &Row| match question.other_period().filter(|_| !row.before.is_empty()) {
        Some(other) => {
            let before = figure(row.before[0], question.measures[0].unit(), currency, lang);
            let (other, change) = (period(&other, lang), change(row.change, lang));
            if zh {
                format!("；{other}为 {before}（{change}）")
            } else {
                format!("; {before} in {other} ({change})")
            }
        }
        None => String::new(),
    };
    let stop = pick(lang, "。", ".");
    if question.by.is_none() && question.over.is_none() {
        let Some(row) = figures.rows.first() else { return String::new() };
        let share = match (row.share, share_of(question)) {
            (Some(share), Some(of)) if question.show == Show::Share => {
                let part = figure(Some(share), Unit::Share, currency, lang);
                let of = filter(of, lang);
                if zh { format!("，{of}占 {part}") } else { format!("; {of} is {part} of the whole") }
            }
            _ => String::new(),
        };
        return format!("{when}{}{}{share}{}{stop}", pick(lang, "：", ": "), all(row), held(row));
    }
    if figures.rows.is_empty() {
        return if zh { format!("{when}没有数据{stop}") } else { format!("{when}: there is nothing{stop}") };
    }
    let mut text = match &figures.whole {
        Some(whole) => {
            // "In all" is said once.
            let zh = if question.period.is_none() { "：" } else { "合计：" };
            let en = if question.period.is_none() { ": " } else { ", in all: " };
            format!("{when}{}{}{}{stop}", pick(lang, zh, en), all(whole), held(whole))
        }
        None => format!("{when}{stop}"),
    };
    if let Some(extreme) = extreme(question, figures, currency, lang) {
        text.push_str(pick(lang, "", " "));
        text.push_str(&extreme);
    }
    text
}

/// Which row stands out.
fn extreme(question: &Question, figures: &Figures, currency: &str, lang: Lang) -> Option<String> {
    if question.by.is_some() && question.over.is_some() {
        return None;
    }
    let zh = lang == Lang::Zh;
    let least = question.order == Order::Least;
    let by_change = question.ordered_by_change();
    let of = |row: &Row| if by_change { row.change } else { row.values[0] };
    let known = figures.rows.iter().filter(|row| of(row).is_some());
    let row = known.reduce(|best, row| {
        let beyond = if least { of(row) < of(best) } else { of(row) > of(best) };
        if beyond { row } else { best }
    })?;
    let name = match (question.by, question.over, row.at) {
        (Some(by), ..) => label(by, row.label.as_deref(), lang),
        (None, Some(over), Some(at)) => span(over, at, lang),
        _ => return None,
    };
    let value = match by_change {
        true => change(row.change, lang),
        false => figure(row.values[0], question.measures[0].unit(), currency, lang),
    };
    let share = match row.share {
        Some(share) if question.show == Show::Share => {
            let part = figure(Some(share), Unit::Share, currency, lang);
            if zh { format!("，占 {part}") } else { format!(", {part} of the whole") }
        }
        _ => String::new(),
    };
    Some(match (zh, least) {
        (true, false) => format!("最高的是{name}：{value}{share}。"),
        (true, true) => format!("最低的是{name}：{value}{share}。"),
        (false, false) => format!("The most: {name}, {value}{share}."),
        (false, true) => format!("The least: {name}, {value}{share}."),
    })
}

impl Refusal {
    /// For a text longer than questions are.
    pub fn too_long(n: usize) -> Refusal {
        let max = super::CHARACTERS_MAX;
        if n == 0 {
            return Refusal::new("问题是空的", "the question is empty");
        }
        Refusal::new(
            format!("问题有 {n} 个字符；至多 {max} 个"),
            format!("the question has {n} characters; allowed: {max}"),
        )
    }

    pub fn said(&self, lang: Lang) -> &str {
        pick(lang, &self.zh, &self.en)
    }
}
