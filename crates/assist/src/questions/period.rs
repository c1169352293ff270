//! Times that questions speak of: from a day to a day. Days count from a day that is handed in; weeks begin on Monday.

use std::sync::LazyLock;

use domain::Day;
use regex::Regex;
use serde::{Deserialize, Serialize};

use super::Dimension;

/// From the first to the last day, both included.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Period {
    pub first: Day,
    pub last: Day,
    /// What it is called where the days alone do not say it, such as `618`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
}

/// The first day of what has no beginning of its own, "until May": no shop's data go back so far.
const BEGINNING: Day = Day(0);

/// Where a whole span of the calendar ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Calendar {
    Day,
    Week,
    Month,
    Quarter,
    Year,
}

/// Year, month and day of the month.
pub(super) fn date(day: Day) -> (i32, u32, u32) {
    day.to_date().map_or((1970, 1, 1), |date| (i32::from(date.year()), date.month() as u32, date.day() as u32))
}

/// A day of the calendar, if there is one.
pub(super) fn on(year: i32, month: u32, day: u32) -> Option<Day> {
    if !(1..=9999).contains(&year) {
        return None;
    }
    format!("{year:04}-{month:02}-{day:02}").parse().ok()
}

fn first_of(year: i32, month: i32) -> Day {
    let year = year + (month - 1).div_euclid(12);
    on(year, (month - 1).rem_euclid(12) as u32 + 1, 1).unwrap_or_default()
}

/// A day, or the last one of its month where the month is shorter.
fn nearest_on(year: i32, month: u32, day: u32) -> Day {
    (0..4).find_map(|less| on(year, month, day.saturating_sub(less))).unwrap_or_default()
}

/// Days since Monday.
fn weekday(day: Day) -> i32 {
    (day.0 + 3).rem_euclid(7)
}

impl Period {
    pub fn new(first: Day, last: Day) -> Period {
        Period { first, last, name: None }
    }

    pub fn n_days(&self) -> i32 {
        self.last.0 - self.first.0 + 1
    }

    /// Whether it is all there is until a day.
    pub fn is_open(&self) -> bool {
        self.first <= BEGINNING
    }

    /// The whole week, month, quarter or year it is, if it is one.
    pub fn whole(&self) -> Option<Calendar> {
        let all = [Calendar::Day, Calendar::Week, Calendar::Month, Calendar::Quarter, Calendar::Year];
        all.into_iter().find(|calendar| {
            let whole = calendar.around(self.first);
            (whole.first, whole.last) == (self.first, self.last)
        })
    }

    /// As long, right before; of a whole month the month before, of a part of one from its first day as many days of the month before.
    pub fn before(&self) -> Option<Period> {
        if let Some(whole) = self.whole() {
            return Some(whole.around(Day(self.first.0 - 1)));
        }
        let begun = [Calendar::Week, Calendar::Month, Calendar::Quarter, Calendar::Year].into_iter().find(|calendar| {
            let whole = calendar.around(self.first);
            whole.first == self.first && self.last < whole.last
        });
        if let Some(calendar) = begun.filter(|_| self.name.is_none()) {
            let former = calendar.around(Day(self.first.0 - 1));
            let last = Day(former.last.0.min(former.first.0 + self.n_days() - 1));
            return Some(Period::new(former.first, last));
        }
        if self.name.is_some() {
            // The former 618 is that of the year before.
            return self.year_before();
        }
        let n = self.n_days();
        Some(Period::new(Day(self.first.0 - n), Day(self.last.0 - n)))
    }

    /// The same days of the year before; of a week the same week, 52 weeks before.
    pub fn year_before(&self) -> Option<Period> {
        if self.whole() == Some(Calendar::Week) {
            return Some(Period::new(Day(self.first.0 - 364), Day(self.last.0 - 364)));
        }
        let back = |day: Day| {
            let (year, month, day) = date(day);
            nearest_on(year - 1, month, day)
        };
        let mut last = back(self.last);
        if matches!(self.whole(), Some(Calendar::Month | Calendar::Quarter | Calendar::Year)) {
            // February of a leap year ends a day later than the same day of the year before.
            last = Calendar::Month.around(last).last;
        }
        Some(Period { first: back(self.first), last, name: self.name.clone() })
    }

    /// The spans that tell a development: days up to a month, weeks up to half a year, then months.
    pub fn grain(&self) -> Dimension {
        match self.n_days() {
            ..=31 => Dimension::Day,
            32..=190 => Dimension::Week,
            _ => Dimension::Month,
        }
    }
}

impl Calendar {
    /// The whole span that a day lies in.
    pub fn around(self, day: Day) -> Period {
        let (year, month, _) = date(day);
        let months = |first: i32, n: i32| Period::new(first_of(year, first), Day(first_of(year, first + n).0 - 1));
        match self {
            Calendar::Day => Period::new(day, day),
            Calendar::Week => {
                let monday = day.0 - weekday(day);
                Period::new(Day(monday), Day(monday + 6))
            }
            Calendar::Month => months(month as i32, 1),
            Calendar::Quarter => months((month as i32 - 1) / 3 * 3 + 1, 3),
            Calendar::Year => months(1, 12),
        }
    }

    /// The span that lies this many before that of a day.
    fn back(self, day: Day, n: i32) -> Period {
        (0..n.clamp(0, 600)).fold(self.around(day), |period, _| self.around(Day(period.first.0 - 1)))
    }
}

/// A time as it was said, not yet held against the day that it counts from.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Spec {
    Year(YearRef),
    /// This one, the last one, the one before.
    Unit(Calendar, i32),
    /// The last so many, up to the day that counts.
    Last(i32, Calendar),
    Month(Option<YearRef>, u32),
    Quarter(Option<YearRef>, u32),
    Half(Option<YearRef>, u32),
    Festival(Option<YearRef>, &'static str),
    Date(Option<YearRef>, u32, u32),
    /// Saturday and Sunday, this many weeks ago.
    Weekend(i32),
    /// A day, counted from Monday, of the week so many before.
    Weekday(i32, i32),
    /// The last such day before the one that counts.
    LastWeekday(i32),
    Range(Box<Spec>, Box<Spec>),
    /// Where there is no first day.
    Beginning,
    /// What lies ahead: nothing is known of it yet.
    Ahead,
    All,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) enum YearRef {
    Number(i32),
    Back(i32),
}

/// Days that trade goes by: name in Chinese and English, first and last day as month × 100 + day.
const FESTIVALS: &[(&str, &str, u32, u32)] = &[
    ("618", "618", 601, 620),
    ("双11", "Double 11", 1101, 1111),
    ("双12", "Double 12", 1210, 1212),
    ("五一", "Labour Day", 501, 505),
    ("国庆", "National Day", 1001, 1007),
    ("开学季", "back to school", 815, 905),
    ("春节", "Spring Festival", 0, 0),
    ("黑五", "Black Friday", 0, 0),
];

/// New Year's days of the lunar calendar, 2020 to 2032, as month × 100 + day.
const LUNAR: [u32; 13] = [125, 212, 201, 122, 210, 129, 217, 206, 126, 213, 203, 123, 211];

fn festival(name: &str, year: i32) -> Option<Period> {
    let (zh, _, first, last) = FESTIVALS.iter().find(|festival| festival.0 == name)?;
    let of = |code: u32| on(year, code / 100, code % 100);
    let (first, last) = match name {
        "春节" => {
            let first = of(*LUNAR.get(usize::try_from(year - 2020).ok()?)?)?;
            (first, Day(first.0 + 6))
        }
        "黑五" => {
            // The Friday after the fourth Thursday of November, up to the Monday.
            let first = on(year, 11, 1)?;
            let thursday = first.0 + (3 - weekday(first)).rem_euclid(7) + 21;
            (Day(thursday + 1), Day(thursday + 4))
        }
        _ => (of(*first)?, of(*last)?),
    };
    Some(Period { first, last, name: Some((*zh).to_owned()) })
}

/// The English name of a festival's period.
pub(super) fn festival_en(name: &str) -> &str {
    FESTIVALS.iter().find(|festival| festival.0 == name).map_or(name, |festival| festival.1)
}

impl YearRef {
    fn year(self, today: Day) -> i32 {
        match self {
            YearRef::Number(year) => year,
            YearRef::Back(n) => date(today).0 - n,
        }
    }
}

impl Spec {
    /// The same of a year, where it names none.
    pub(super) fn of_year(self, year: YearRef) -> Option<Spec> {
        Some(match self {
            Spec::Month(None, month) => Spec::Month(Some(year), month),
            Spec::Quarter(None, quarter) => Spec::Quarter(Some(year), quarter),
            Spec::Half(None, half) => Spec::Half(Some(year), half),
            Spec::Festival(None, name) => Spec::Festival(Some(year), name),
            Spec::Date(None, month, day) => Spec::Date(Some(year), month, day),
            _ => return None,
        })
    }

    /// Both ends of a range by themselves.
    pub(super) fn halves(&self, today: Day) -> Option<(Period, Period)> {
        match self {
            Spec::Range(from, to) => {
                let (from, to) = (from.resolve(today)?, to.resolve(today)?);
                (from.n_days() > 1 && to.n_days() > 1).then_some((from, to))
            }
            _ => None,
        }
    }

    /// Whether it is in one year alone.
    fn is_dated(&self) -> bool {
        !matches!(
            self,
            Spec::Month(None, _)
                | Spec::Quarter(None, _)
                | Spec::Half(None, _)
                | Spec::Festival(None, _)
                | Spec::Date(None, ..)
        )
    }

    pub(super) fn year(&self) -> Option<YearRef> {
        match self {
            Spec::Month(year, _) | Spec::Quarter(year, _) | Spec::Half(year, _) | Spec::Date(year, ..) => *year,
            Spec::Festival(year, _) => *year,
            _ => None,
        }
    }

    /// The days that are meant on a day; what has begun is told up to that day. `None`: all there is, or what no calendar has.
    pub(super) fn resolve(&self, today: Day) -> Option<Period> {
        let (this_year, ..) = date(today);
        // Without its year a time is the latest that has begun.
        let latest = |make: &dyn Fn(i32) -> Option<Period>, year: Option<YearRef>| match year {
            Some(year) => make(year.year(today)),
            None => make(this_year).filter(|period| period.first <= today).or_else(|| make(this_year - 1)),
        };
        let months = |year: i32, first: i32, n: i32| {
            Some(Period::new(first_of(year, first), Day(first_of(year, first + n).0 - 1)))
        };
        let found = match self {
            Spec::Year(year) => Calendar::Year.around(on(year.year(today), 1, 1)?),
            Spec::Unit(calendar, n) => calendar.back(today, *n),
            Spec::Last(n, calendar) => return Some(last(today, *n, *calendar)),
            Spec::Month(year, month) => latest(&|year| months(year, *month as i32, 1), *year)?,
            Spec::Quarter(year, quarter) => latest(&|year| months(year, *quarter as i32 * 3 - 2, 3), *year)?,
            Spec::Half(year, half) => latest(&|year| months(year, *half as i32 * 6 - 5, 6), *year)?,
            Spec::Festival(year, name) => latest(&|year| festival(name, year), *year)?,
            Spec::Date(year, month, day) => {
                latest(&|year| on(year, *month, *day).map(|day| Period::new(day, day)), *year)?
            }
            Spec::Weekend(n) => {
                // The last one that has begun.
                let saturday = today.0 - (weekday(today) - 5).rem_euclid(7) - 7 * n;
                Period::new(Day(saturday), Day(saturday + 1))
            }
            Spec::Weekday(n, weekday) => {
                let monday = Calendar::Week.back(today, *n).first;
                let day = Day(monday.0 + weekday);
                return (day <= today).then(|| Period::new(day, day));
            }
            Spec::LastWeekday(of) => {
                let day = Day(today.0 - 1 - (weekday(today) - 1 - of).rem_euclid(7));
                Period::new(day, day)
            }
            Spec::Beginning => return Some(Period::new(BEGINNING, BEGINNING)),
            Spec::Range(first, to) => {
                let (from, to) = (first.resolve(today)?, to.resolve(today)?);
                if from.first <= to.last {
                    return Some(Period::new(from.first, to.last));
                }
                // "November to January" ends in the year after; days of one month, and years that are named, are the wrong way round.
                let (is_turned, same) = (first.is_dated(), date(from.first).1 == date(to.last).1);
                let from = from.year_before().filter(|_| !is_turned && !same)?;
                return (from.first <= to.last).then(|| Period::new(from.first, to.last));
            }
            Spec::Ahead | Spec::All => return None,
        };
        let last = Day(found.last.0.min(today.0.max(found.first.0)));
        Some(Period { last, ..found })
    }
}

/// The last so many days, weeks, months or years, up to a day.
fn last(today: Day, n: i32, calendar: Calendar) -> Period {
    let n = n.clamp(1, 4000);
    let (year, month, day) = date(today);
    let first = match calendar {
        Calendar::Day => Day(today.0 - n + 1),
        Calendar::Week => Day(today.0 - 7 * n + 1),
        Calendar::Month | Calendar::Quarter | Calendar::Year => {
            let months = n * match calendar {
                Calendar::Month => 1,
                Calendar::Quarter => 3,
                _ => 12,
            };
            let at = year * 12 + month as i32 - 1 - months;
            Day(nearest_on(at.div_euclid(12), at.rem_euclid(12) as u32 + 1, day).0 + 1)
        }
    };
    Period::new(first, today)
}

const MONTHS: [&str; 12] = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];

fn month_named(text: &str) -> Option<u32> {
    MONTHS.iter().position(|month| text.starts_with(month)).map(|at| at as u32 + 1)
}

/// A number in figures, Chinese or English, up to ninety-nine.
pub(super) fn number(text: &str) -> Option<i32> {
    const ENGLISH: [&str; 13] =
        ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"];
    if let Ok(number) = text.parse::<i32>() {
        return Some(number);
    }
    if let Some(at) = ENGLISH.iter().position(|word| *word == text) {
        return Some(at as i32);
    }
    match text {
        "a" => return Some(1),
        "fifteen" => return Some(15),
        "twenty" => return Some(20),
        "thirty" => return Some(30),
        _ => {}
    }
    let digit = |c: char| match c {
        '两' => Some(2),
        c => "零一二三四五六七八九".chars().position(|own| own == c).map(|at| at as i32),
    };
    let chars: Vec<char> = text.chars().collect();
    match chars.as_slice() {
        ['十'] => Some(10),
        ['十', ones] => Some(10 + digit(*ones)?),
        [tens, '十'] => Some(10 * digit(*tens)?),
        [tens, '十', ones] => Some(10 * digit(*tens)? + digit(*ones)?),
        [one] => digit(*one),
        _ => None,
    }
}

const NUMBER_ZH: &str = r"(?:\d{1,4}|[一二两三四五六七八九]?十[一二三四五六七八九]?|[一二两三四五六七八九])";
const NUMBER_EN: &str =
    r"(?:\d{1,4}|a|one|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|fifteen|twenty|thirty)";

/// A pattern, and what it says.
type Pattern = (Regex, fn(&Found<'_>) -> Option<Spec>);

struct Patterns {
    all: Vec<Pattern>,
}

/// What a pattern caught, by the names of its groups.
struct Found<'t>(regex::Captures<'t>);

impl<'t> Found<'t> {
    fn get(&self, name: &str) -> Option<&str> {
        self.0.name(name).map(|found| found.as_str())
    }

    fn number(&self, name: &str) -> Option<i32> {
        number(self.get(name)?)
    }

    /// The year of the groups `y` (a number) and `r` (this, last).
    fn year(&self) -> Option<YearRef> {
        if let Some(year) = self.get("y") {
            let year: i32 = year.parse().ok()?;
            return Some(YearRef::Number(if year < 100 { 2000 + year } else { year }));
        }
        Some(YearRef::Back(match self.get("r")? {
            "今年" | "本年" | "this year" | "this year's" => 0,
            "前年" | "the year before last" => 2,
            _ => 1,
        }))
    }
}

fn calendar(text: &str) -> Calendar {
    if text.contains("天") || text.contains("日") || text.starts_with("day") {
        Calendar::Day
    } else if text.contains("周") || text.contains("星期") || text.contains("礼拜") || text.starts_with("week") {
        Calendar::Week
    } else if text.contains("季") || text.starts_with("quarter") {
        Calendar::Quarter
    } else if text.contains("月") || text.starts_with("month") {
        Calendar::Month
    } else {
        Calendar::Year
    }
}

fn patterns() -> Patterns {
    let month = "(?P<name>jan(?:uary)?|feb(?:ruary)?|mar(?:ch)?|apr(?:il)?|may|june?|july?|aug(?:ust)?|sep(?:t(?:ember)?)?|oct(?:ober)?|nov(?:ember)?|dec(?:ember)?)";
    let weekday_en = "(?P<wd>monday|tuesday|wednesday|thursday|friday|saturday|sunday)";
    let unit_zh = "(?P<unit>天|日|个?星期|个?礼拜|周|个?季度|个?月|年)";
    let unit_en = "(?P<unit>days?|weeks?|months?|quarters?|years?)";
    let year_zh = r"(?:(?P<y>(?:20|19)\d\d|\d\d)年(?:的)?|(?P<r>今年|本年|去年|上一年|前年)(?:的)?)?";
    let of_en = r"(?:,? (?:of |in )?(?:(?P<y>(?:20|19)\d\d)|(?P<r>this year|last year))\b)?";
    let festival = "(?P<zh>618|双十?11|双十一|双11|双12|双十二|五一|国庆|十一黄金周|开学季|春节|过年|黑五|黑色星期五)(?:大促|活动|期间|节|假期)*";
    let festival_en = r"(?P<en>618|double 11|double eleven|singles'? day|double 12|labou?r day|national day|golden week|back[ -]to[ -]school|spring festival|chinese new year|lunar new year|black friday)\b(?: sale| festival| season)?";
    let make = |text: String, read: fn(&Found<'_>) -> Option<Spec>| {
        (Regex::new(&format!("^(?:{text})")).expect("a pattern of ours"), read)
    };
    let festival_read = |found: &Found<'_>| -> Option<Spec> {
        let zh = match (found.get("zh"), found.get("en")) {
            (Some(text), _) => match text {
                "618" => "618",
                "五一" => "五一",
                "国庆" | "十一黄金周" => "国庆",
                "开学季" => "开学季",
                "春节" | "过年" => "春节",
                "黑五" | "黑色星期五" => "黑五",
                text if text.contains('2') || text.contains('二') => "双12",
                _ => "双11",
            },
            (_, Some(text)) => match text {
                "618" => "618",
                "double 12" => "双12",
                "national day" | "golden week" => "国庆",
                "spring festival" | "chinese new year" | "lunar new year" => "春节",
                "black friday" => "黑五",
                text if text.starts_with("lab") => "五一",
                text if text.starts_with("back") => "开学季",
                _ => "双11",
            },
            _ => return None,
        };
        Some(Spec::Festival(found.year(), zh))
    };
    Patterns {
        all: vec![
            make("今天|今日|today".into(), |_| Some(Spec::Unit(Calendar::Day, 0))),
            make("昨天|昨日|昨|yesterday".into(), |_| Some(Spec::Unit(Calendar::Day, 1))),
            make("前天|前日|(?:the )?day before yesterday".into(), |_| Some(Spec::Unit(Calendar::Day, 2))),
            make(
                "(?:本|这|这个|这一|当|这一个)(?P<unit>周|星期|礼拜|月|季度|季|年)(?:以来|至今|到现在)?".into(),
                |found| Some(Spec::Unit(calendar(found.get("unit")?), 0)),
            ),
            make("今年(?:以来|至今|到现在|到目前)?|年初(?:至今|到现在|以来)".into(), |_| {
                Some(Spec::Unit(Calendar::Year, 0))
            }),
            make("月初(?:至今|到现在|以来)".into(), |_| Some(Spec::Unit(Calendar::Month, 0))),
            make("(?P<up>上+)(?:一个|个|一)?(?P<unit>周|星期|礼拜|月|季度|季)(?:份)?".into(), |found| {
                let n = found.get("up")?.chars().count() as i32;
                Some(Spec::Unit(calendar(found.get("unit")?), n))
            }),
            make(
                format!(
                    "(?:最近|近|过去|这|前)(?:的)?(?P<n>{NUMBER_ZH})(?:个)?{unit_zh}(?:内|里|以来)?|(?:最近|近|过去|这)(?P<half>半)(?:个)?(?P<h>年|月)(?:内|里)?"
                ),
                |found| match found.get("h") {
                    Some("年") => Some(Spec::Last(6, Calendar::Month)),
                    Some(_) => Some(Spec::Last(15, Calendar::Day)),
                    None => Some(Spec::Last(found.number("n")?, calendar(found.get("unit")?))),
                },
            ),
            make("最近|近期|近来|这段时间|(?:recently|lately|these days)\\b".into(), |_| {
                Some(Spec::Last(30, Calendar::Day))
            }),
            make(
                "(?:全部时间|有史以来|所有时间|历史上|历史累计|累计|开业以来|一直以来|至今为止)".into(),
                |_| Some(Spec::All),
            ),
            make(
                r"(?:all time|all-time|ever|of all time|since the beginning|since we opened|overall)\b".into(),
                |_| Some(Spec::All),
            ),
            make("下个?(?:周|星期|礼拜|月|季度|季)|明年|明天|未来".into(), |_| Some(Spec::Ahead)),
            make(r"(?:next (?:week|month|quarter|year)|tomorrow|the coming (?:weeks?|months?))\b".into(), |_| {
                Some(Spec::Ahead)
            }),
            // "上周日均订单数" is of a week.
            make(
                "(?P<up>上+|本|这)(?:一个|个)?(?:周|星期|礼拜)(?P<wd>[一二三四五六日天])(?P<mean>均)?".into(),
                |found| {
                    let n = found.get("up").filter(|up| up.starts_with('上')).map_or(0, |up| up.chars().count() as i32);
                    let weekday = "一二三四五六日".find(found.get("wd").filter(|day| *day != "天").unwrap_or("日"))?;
                    found.get("mean").is_none().then_some(Spec::Weekday(n, weekday as i32 / 3))
                },
            ),
            make(format!(r"(?P<which>last|this) {weekday_en}\b"), |found| {
                let names = ["mon", "tue", "wed", "thu", "fri", "sat", "sun"];
                let weekday = names.iter().position(|name| found.get("wd").is_some_and(|day| day.starts_with(name)))?;
                Some(match found.get("which")? {
                    "last" => Spec::LastWeekday(weekday as i32),
                    _ => Spec::Weekday(0, weekday as i32),
                })
            }),
            make("(?P<up>上+)(?:个)?周末".into(), |found| {
                Some(Spec::Weekend(i32::from(found.get("up")?.chars().count() > 1)))
            }),
            make(r"(?:本|这)?个?周末|(?:last|this|the) weekend\b".into(), |_| Some(Spec::Weekend(0))),
            make(r"(?:the )?(?P<unit>week|month|quarter) before last\b".into(), |found| {
                Some(Spec::Unit(calendar(found.get("unit")?), 2))
            }),
            make(r"this (?P<unit>week|month|quarter|year)(?:'s)?(?: so far)?\b".into(), |found| {
                Some(Spec::Unit(calendar(found.get("unit")?), 0))
            }),
            make(r"(?:year to date|ytd)\b".into(), |_| Some(Spec::Unit(Calendar::Year, 0))),
            make(r"(?:month to date|mtd)\b".into(), |_| Some(Spec::Unit(Calendar::Month, 0))),
            make(r"(?:the )?(?:last|previous|prior) (?P<unit>week|month|quarter)(?:'s)?\b".into(), |found| {
                Some(Spec::Unit(calendar(found.get("unit")?), 1))
            }),
            make(r"(?:the )?past (?P<unit>week|month|quarter|year)\b".into(), |found| {
                Some(Spec::Last(1, calendar(found.get("unit")?)))
            }),
            make(
                format!(r"(?:the |over the |in the )?(?:last|past|previous|recent) (?P<n>{NUMBER_EN}) {unit_en}\b"),
                |found| Some(Spec::Last(found.number("n")?, calendar(found.get("unit")?))),
            ),
            make(r"(?:the )?(?:last|past) half(?:[ -]year| a year)\b|(?:the )?last six months\b".into(), |_| {
                Some(Spec::Last(6, Calendar::Month))
            }),
            // A year, and what lies in one.
            make(
                "(?P<r>去年|上一年|前年)(?:全年|整年|一年)?|(?P<y>(?:20|19)\\d\\d|\\d\\d)年(?:全年|整年|度)?".into(),
                |found| Some(Spec::Year(found.year()?)),
            ),
            make(r"(?:the )?(?P<r>last year|previous year|the year before last)(?:'s)?\b".into(), |found| {
                Some(Spec::Year(found.year()?))
            }),
            make(r"(?P<y>20\d\d)\b".into(), |found| Some(Spec::Year(found.year()?))),
            make(
                format!(
                    "{year_zh}(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?P<d>[0-3]?\\d|{NUMBER_ZH})[日号]"
                ),
                |found| Some(Spec::Date(found.year(), found.number("m")? as u32, found.number("d")? as u32)),
            ),
            make(
                format!("{year_zh}(?P<m>1[0-2]|0?[1-9]|十[一二]?|[一二三四五六七八九])月(?:份)?"),
                |found| Some(Spec::Month(found.year(), found.number("m")? as u32)),
            ),
            make(format!("{year_zh}(?:第?(?P<q>[一二三四1-4])季度?|[qQ](?P<qn>[1-4]))"), |found| {
                let quarter = found.number("q").or_else(|| found.number("qn"))?;
                Some(Spec::Quarter(found.year(), quarter as u32))
            }),
            make(format!("{year_zh}(?P<half>上|下)半年"), |found| {
                Some(Spec::Half(found.year(), if found.get("half")? == "上" { 1 } else { 2 }))
            }),
            make(format!("{year_zh}{festival}"), festival_read),
            make(r"(?P<y>20\d\d)[-/.](?P<m>\d{1,2})[-/.](?P<d>\d{1,2})(?:日|号)?".into(), |found| {
                Some(Spec::Date(found.year(), found.number("m")? as u32, found.number("d")? as u32))
            }),
            make(r"(?P<y>20\d\d)[-/](?P<m>\d{1,2})\b".into(), |found| {
                Some(Spec::Month(found.year(), found.number("m")? as u32))
            }),
            make(format!(r"{month}\.? (?P<d>\d{{1,2}})(?:st|nd|rd|th)?\b{of_en}"), |found| {
                Some(Spec::Date(found.year(), month_named(found.get("name")?)?, found.number("d")? as u32))
            }),
            make(format!(r"(?:the )?(?P<d>\d{{1,2}})(?:st|nd|rd|th)? (?:of )?{month}\b{of_en}"), |found| {
                Some(Spec::Date(found.year(), month_named(found.get("name")?)?, found.number("d")? as u32))
            }),
            make(format!(r"last {month}\b"), |found| Some(Spec::Month(None, month_named(found.get("name")?)?))),
            make(format!(r"{month}\b{of_en}"), |found| {
                Some(Spec::Month(found.year(), month_named(found.get("name")?)?))
            }),
            make(
                format!(
                    r"(?:q(?P<qn>[1-4])|(?:the )?(?P<q>first|second|third|fourth|1st|2nd|3rd|4th) quarter)\b{of_en}"
                ),
                |found| {
                    let named = |text: &str| ["first", "second", "third", "fourth"].iter().position(|one| *one == text);
                    let quarter = match (found.number("qn"), found.get("q")) {
                        (Some(quarter), _) => quarter,
                        (_, Some(text)) => {
                            named(text).map_or_else(|| text[..1].parse().ok(), |at| Some(at as i32 + 1))?
                        }
                        _ => return None,
                    };
                    Some(Spec::Quarter(found.year(), quarter as u32))
                },
            ),
            make(r"(?P<y>20\d\d) ?q(?P<qn>[1-4])\b".into(), |found| {
                Some(Spec::Quarter(found.year(), found.number("qn")? as u32))
            }),
            make(format!(r"(?:h(?P<hn>[12])|(?:the )?(?P<h>first|second) half(?: of the year)?)\b{of_en}"), |found| {
                let half = found.number("hn").unwrap_or(if found.get("h") == Some("second") { 2 } else { 1 });
                Some(Spec::Half(found.year(), half as u32))
            }),
            make(format!(r"(?:the )?{festival_en}{of_en}"), festival_read),
            make(format!(r"(?P<r>last year|this year)'s {festival_en}"), festival_read),
        ],
    }
}

/// The longest time that a folded text begins with: its bytes, and what it says.
pub(super) fn begins(text: &str) -> Option<(usize, Spec)> {
    static PATTERNS: LazyLock<Patterns> = LazyLock::new(patterns);
    let mut best: Option<(usize, Spec)> = None;
    for (pattern, read) in &PATTERNS.all {
        let Some(captures) = pattern.captures(text) else { continue };
        let end = captures.get(0).map_or(0, |whole| whole.end());
        if end > best.as_ref().map_or(0, |best| best.0)
            && let Some(spec) = read(&Found(captures))
        {
            best = Some((end, spec));
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A Tuesday.
    const TODAY: &str = "2026-06-30";

    fn days(text: &str) -> Option<String> {
        let (end, spec) = begins(text)?;
        assert_eq!(end, text.len(), "{text}");
        let period = spec.resolve(TODAY.parse().unwrap())?;
        Some(format!("{}..{}", period.first, period.last))
    }

    #[test]
    fn times_are_days() {
        for (text, expected) in [
            ("今天", "2026-06-30..2026-06-30"),
            ("yesterday", "2026-06-29..2026-06-29"),
            ("本周", "2026-06-29..2026-06-30"),
            ("last week", "2026-06-22..2026-06-28"),
            ("上上周", "2026-06-15..2026-06-21"),
            ("上个月", "2026-05-01..2026-05-31"),
            ("month before last", "2026-04-01..2026-04-30"),
            ("this quarter", "2026-04-01..2026-06-30"),
            ("上季度", "2026-01-01..2026-03-31"),
            ("去年", "2025-01-01..2025-12-31"),
            ("今年", "2026-01-01..2026-06-30"),
            ("最近30天", "2026-06-01..2026-06-30"),
            ("last 7 days", "2026-06-24..2026-06-30"),
            ("过去三个月", "2026-03-31..2026-06-30"),
            ("past year", "2025-07-01..2026-06-30"),
            ("近半年", "2025-12-31..2026-06-30"),
            ("11月", "2025-11-01..2025-11-30"),
            ("去年6月", "2025-06-01..2025-06-30"),
            ("june 2025", "2025-06-01..2025-06-30"),
            ("march", "2026-03-01..2026-03-31"),
            ("2025年第四季度", "2025-10-01..2025-12-31"),
            ("q3 2025", "2025-07-01..2025-09-30"),
            ("2025 q3", "2025-07-01..2025-09-30"),
            ("the first half of 2026", "2026-01-01..2026-06-30"),
            ("去年下半年", "2025-07-01..2025-12-31"),
            ("今年618", "2026-06-01..2026-06-20"),
            ("618 last year", "2025-06-01..2025-06-20"),
            ("双十一", "2025-11-01..2025-11-11"),
            ("singles day 2024", "2024-11-01..2024-11-11"),
            ("春节", "2026-02-17..2026-02-23"),
            ("black friday", "2025-11-28..2025-12-01"),
            ("6月18日", "2026-06-18..2026-06-18"),
            ("june 18th, 2025", "2025-06-18..2025-06-18"),
            ("2026-02-28", "2026-02-28..2026-02-28"),
            ("last weekend", "2026-06-27..2026-06-28"),
            ("上周末", "2026-06-27..2026-06-28"),
        ] {
            assert_eq!(days(text).as_deref(), Some(expected), "{text}");
        }
        assert_eq!(begins("2月30日").and_then(|(_, spec)| spec.resolve(TODAY.parse().unwrap())), None);
    }

    #[test]
    fn times_before() {
        let period = |first: &str, last: &str| Period::new(first.parse().unwrap(), last.parse().unwrap());
        for (of, before, year) in [
            (("2026-06-01", "2026-06-30"), ("2026-05-01", "2026-05-31"), ("2025-06-01", "2025-06-30")),
            (("2026-06-01", "2026-06-10"), ("2026-05-01", "2026-05-10"), ("2025-06-01", "2025-06-10")),
            (("2026-06-05", "2026-06-10"), ("2026-05-30", "2026-06-04"), ("2025-06-05", "2025-06-10")),
            (("2026-06-22", "2026-06-28"), ("2026-06-15", "2026-06-21"), ("2025-06-23", "2025-06-29")),
            (("2024-02-29", "2024-02-29"), ("2024-02-28", "2024-02-28"), ("2023-02-28", "2023-02-28")),
            (("2025-02-01", "2025-02-28"), ("2025-01-01", "2025-01-31"), ("2024-02-01", "2024-02-29")),
            (("2025-01-01", "2025-12-31"), ("2024-01-01", "2024-12-31"), ("2024-01-01", "2024-12-31")),
        ] {
            let one = period(of.0, of.1);
            assert_eq!(one.before(), Some(period(before.0, before.1)), "{of:?}");
            assert_eq!(one.year_before(), Some(period(year.0, year.1)), "{of:?}");
        }
    }
}
