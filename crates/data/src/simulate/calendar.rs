//! The shop's year: sale festivals, weekends, hours of the day. Pure functions of the date; no clock.

use domain::{Day, Millis};

use super::random::Stream;

/// The simulated shop keeps UTC+8 all year (no summer time).
pub const UTC_OFFSET_HOURS: i64 = 8;
const DAY_MS: i64 = 86_400_000;

/// What a festival day does.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Sale {
    pub name: &'static str,
    /// Share taken off the list price, before a product's own factor.
    pub depth: f64,
    /// Traffic relative to an ordinary day.
    pub traffic: f64,
    /// Holds for what students buy only.
    pub school_only: bool,
}

/// (first month·100+day, last, name, depth, traffic, school only). The first that matches wins.
const SALES: &[(u32, u32, &str, f64, f64, bool)] = &[
    (110, 125, "new-year", 0.05, 1.15, false),
    (501, 505, "labour-day", 0.05, 1.20, false),
    (616, 618, "618", 0.13, 2.60, false),
    (601, 620, "618", 0.07, 1.35, false),
    (815, 905, "back-to-school", 0.08, 1.15, true),
    (1001, 1007, "national-day", 0.05, 1.15, false),
    (1101, 1103, "double-11", 0.11, 1.90, false),
    (1110, 1111, "double-11", 0.16, 3.40, false),
    (1104, 1109, "double-11", 0.08, 1.35, false),
    (1210, 1212, "double-12", 0.09, 1.70, false),
];

/// Sunday first. Weekends are busier.
const WEEKDAY: [f64; 7] = [1.15, 0.95, 0.93, 0.94, 0.96, 1.02, 1.18];

/// Visits by local hour.
const HOURS: [f64; 24] = [
    1.3, 0.6, 0.3, 0.2, 0.2, 0.3, 0.7, 1.4, 2.4, 3.4, 4.2, 4.0, 4.3, 3.9, 3.4, 3.3, 3.4, 3.5, 4.0, 5.2, 6.6, 6.9, 5.4,
    3.0,
];

/// The festival that covers a day.
pub fn sale(day: Day) -> Option<Sale> {
    let date = day.to_date()?;
    let key = date.month() as u32 * 100 + date.day() as u32;
    SALES
        .iter()
        .find(|(first, last, ..)| (*first..=*last).contains(&key))
        .map(|&(_, _, name, depth, traffic, school_only)| Sale { name, depth, traffic, school_only })
}

/// Traffic of a day relative to an ordinary one, media aside.
pub fn traffic(day: Day) -> f64 {
    let weekday = WEEKDAY[(day.0 + 4).rem_euclid(7) as usize];
    // The weeks around Spring Festival are quiet: parcels do not move.
    let quiet = match day.to_date() {
        Some(date) if date.month() == 2 && date.day() <= 18 => 0.72,
        _ => 1.0,
    };
    weekday * quiet * sale(day).map_or(1.0, |sale| sale.traffic)
}

/// A moment of `day`, by the hour profile; the first and the eighth evening hour of a festival's peak are crowded.
pub fn moment(day: Day, stream: &mut Stream) -> Millis {
    let mut hours = HOURS;
    if sale(day).is_some_and(|sale| sale.traffic >= 1.7) {
        hours[0] *= 6.0;
        hours[20] *= 1.8;
    }
    let hour = stream.weighted(&hours) as i64;
    Millis(local_midnight(day).0 + hour * 3_600_000 + (stream.unit() * 3_600_000.0) as i64)
}

/// The UTC instant at which the local day begins.
pub fn local_midnight(day: Day) -> Millis {
    Millis(i64::from(day.0) * DAY_MS - UTC_OFFSET_HOURS * 3_600_000)
}

/// The local day of an instant.
pub fn local_day(at: Millis) -> Day {
    Day((at.0 + UTC_OFFSET_HOURS * 3_600_000).div_euclid(DAY_MS) as i32)
}

#[cfg(test)]
mod tests {
    use super::super::random::Purpose;
    use super::*;

    #[test]
    fn festivals_fall_on_their_days() {
        for (text, name) in [
            ("2025-06-18", Some("618")),
            ("2025-11-11", Some("double-11")),
            ("2025-12-12", Some("double-12")),
            ("2025-08-31", Some("back-to-school")),
            ("2025-03-14", None),
        ] {
            assert_eq!(sale(text.parse().unwrap()).map(|sale| sale.name), name, "{text}");
        }
        // 2025-11-16 is a Sunday, the 18th a Tuesday.
        assert!(traffic("2025-11-16".parse().unwrap()) > traffic("2025-11-18".parse().unwrap()));
    }

    #[test]
    fn moments_lie_within_their_local_day() {
        let mut stream = Stream::new(1, Purpose::Text, 1);
        for day in [Day(0), Day(19_999), "2025-11-11".parse().unwrap()] {
            for _ in 0..200 {
                assert_eq!(local_day(moment(day, &mut stream)), day);
            }
        }
    }
}
