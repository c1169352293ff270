//! When the desk is open: hours of a day, over midnight too, on some days of the week, but for days that are closed. No clock is
//! read here.

use domain::Day;

use crate::evidence::Evidence;
use crate::policy::DeskRules;
use crate::turn::Lang;

const MINUTES: u32 = 24 * 60;
/// Days ahead that an opening is looked for; a desk closed for longer says no day.
const AHEAD_MAX: u32 = 60;

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
    pub day: Day,
    pub minute_of_day: u32,
}

impl DeskRules {
    /// Whether the desk opens on a day.
    fn is_on(&self, day: Day) -> bool {
        self.days.contains(&weekday(day)) && !self.closed.contains(&day)
    }

    /// Whether somebody is there at a minute of a day. Hours that cannot be read, which reading `service.toml` refuses, count as
    /// closed.
    pub fn is_open(&self, day: Day, minute_of_day: u32) -> bool {
        let (Some(opens), Some(closes)) = (minute_of(&self.opens), minute_of(&self.closes)) else { return false };
        if opens < closes {
            return self.is_on(day) && (opens..closes).contains(&minute_of_day);
        }
        // Over midnight, or for as long as a day: the evening of this day, or what is left of the night before.
        (self.is_on(day) && minute_of_day >= opens) || (self.is_on(Day(day.0 - 1)) && minute_of_day < closes)
    }

    /// When it opens next, seen from a moment at which it is closed; none if it never does. While it is open, the moment at
    /// which it opens after that.
    pub fn opens_next(&self, today: Day, minute_of_day: u32) -> Option<Opening> {
        let opens = minute_of(&self.opens)?;
        (0..=AHEAD_MAX).find_map(|days_ahead: u32| {
            let day = Day(today.0 + i32::try_from(days_ahead).ok()?);
            let ahead = days_ahead > 0 || minute_of_day < opens;
            (ahead && self.is_on(day)).then_some(Opening { days_ahead, day, minute_of_day: opens })
        })
    }

    /// The same in words, for a sentence: `明天 09:00`, `on Monday at 09:00`, and from a week ahead on the day itself.
    pub fn opens_next_in_words(&self, today: Day, minute_of_day: u32, lang: Lang) -> (String, Vec<Evidence>) {
        let Some(opening) = self.opens_next(today, minute_of_day % MINUTES) else {
            return (lang.choose("同事", "again").to_owned(), Vec::new());
        };
        const ZH: [&str; 7] = ["周一", "周二", "周三", "周四", "周五", "周六", "周日"];
        const EN: [&str; 7] = ["Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"];
        let name = usize::from(weekday(opening.day) - 1);
        let time = format!("{:02}:{:02}", opening.minute_of_day / 60, opening.minute_of_day % 60);
        let words = match (lang, opening.days_ahead) {
            (Lang::Zh, 0) => format!("今天 {time}"),
            (Lang::Zh, 1) => format!("明天 {time}"),
            (Lang::Zh, 7..) => format!("{} {time}", opening.day),
            (Lang::Zh, _) => format!("{} {time}", ZH[name]),
            (Lang::En, 0) => format!("today at {time}"),
            (Lang::En, 1) => format!("tomorrow at {time}"),
            (Lang::En, 7..) => format!("on {} at {time}", opening.day),
            (Lang::En, _) => format!("on {} at {time}", EN[name]),
        };
        let mut evidence = vec![Evidence::Policy { name: "desk.opens".into(), value: time }];
        if opening.days_ahead >= 7 {
            let how = format!("{today} + {} days: desk.days, desk.closed", opening.days_ahead);
            evidence.push(Evidence::Computed { how, value: opening.day.to_string() });
        }
        (words, evidence)
    }
}
