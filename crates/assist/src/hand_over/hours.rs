//! When the desk is open: hours of a day, over midnight too, on some days of the week. No clock is read here.

use domain::Day;

use crate::evidence::Evidence;
use crate::policy::DeskRules;
use crate::turn::Lang;

const MINUTES: u32 = 24 * 60;

/// Minutes since midnight of `HH:MM`; none for anything else.
pub fn minute_of(time: &str) -> Option<u32> {
    let (hour, minute) = time.split_once(':')?;
    let two = |text: &str| text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    if !two(hour) || !two(minute) {
        return None;
    }
    let (hour, minute): (u32, u32) = (hour.parse().ok()?, minute.parse().ok()?);
    (hour < 24 && minute < 60).then_some(hour * 60 + minute)
}

/// 1 (Monday) to 7.
pub fn weekday(day: Day) -> u8 {
    // 1970-01-01 was a Thursday.
    u8::try_from((i64::from(day.0) + 3).rem_euclid(7) + 1).expect("1 to 7")
}

/// When the desk opens next.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Opening {
    /// 0: today.
    pub days_ahead: u32,
    /// 1 to 7.
    pub weekday: u8,
    pub minute_of_day: u32,
}

impl DeskRules {
    /// Whether somebody is there at a minute of a weekday (1 to 7). Hours that cannot be read, which reading `service.toml`
    /// refuses, count as closed.
    pub fn is_open(&self, weekday: u8, minute_of_day: u32) -> bool {
        let (Some(opens), Some(closes)) = (minute_of(&self.opens), minute_of(&self.closes)) else { return false };
        let on = |day: u8| self.days.contains(&day);
        let before = if weekday == 1 { 7 } else { weekday.saturating_sub(1) };
        if opens < closes {
            return on(weekday) && (opens..closes).contains(&minute_of_day);
        }
        // Over midnight, or for as long as a day: the evening of this day, or what is left of the night before.
        (on(weekday) && minute_of_day >= opens) || (on(before) && minute_of_day < closes)
    }

    /// When it opens next, seen from a moment at which it is closed; none if it never does. While it is open, the moment at
    /// which it opens after that.
    pub fn opens_next(&self, weekday: u8, minute_of_day: u32) -> Option<Opening> {
        let opens = minute_of(&self.opens)?;
        (0..=7).find_map(|days_ahead: u32| {
            let day = u8::try_from((u32::from(weekday).max(1) - 1 + days_ahead) % 7 + 1).ok()?;
            let ahead = days_ahead > 0 || minute_of_day < opens;
            (ahead && self.days.contains(&day)).then_some(Opening { days_ahead, weekday: day, minute_of_day: opens })
        })
    }

    /// The same in words, for a sentence: `明天 09:00`, `on Monday at 09:00`.
    pub fn opens_next_in_words(&self, today: Day, minute_of_day: u32, lang: Lang) -> (String, Vec<Evidence>) {
        let Some(opening) = self.opens_next(weekday(today), minute_of_day % MINUTES) else {
            return (lang.choose("同事", "again").to_owned(), Vec::new());
        };
        const ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
        const EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let name = usize::from(opening.weekday - 1);
        let time = format!("{:02}:{:02}", opening.minute_of_day / 60, opening.minute_of_day % 60);
        let words = match (lang, opening.days_ahead) {
            (Lang::Zh, 0) => format!("今天 {time}"),
            (Lang::Zh, 1) => format!("明天 {time}"),
            (Lang::Zh, _) => format!("{} {time}", ZH[name]),
            (Lang::En, 0) => format!("today at {time}"),
            (Lang::En, 1) => format!("tomorrow at {time}"),
            (Lang::En, _) => format!("on {} at {time}", EN[name]),
        };
        (words, vec![Evidence::Policy { name: "desk.opens".into(), value: time }])
    }
}
