//! The one place where the service reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Day, Millis};
use jiff::tz::TimeZone;

/// Now, in UTC milliseconds.
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// A time zone by its name; UTC when the name is unknown.
pub fn zone(name: &str) -> TimeZone {
    TimeZone::get(name).unwrap_or(TimeZone::UTC)
}

/// Today where the shop is.
pub fn today(time_zone: &str) -> Day {
    day_of(now(), &zone(time_zone))
}

/// The day that it is in `zone` at an instant.
pub fn day_of(at: Millis, zone: &TimeZone) -> Day {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    Day::from(zone.to_datetime(time).date())
}

/// Minutes since midnight in `zone`, by its clocks.
pub fn minute_of_day(at: Millis, zone: &TimeZone) -> u32 {
    let time = zone.to_datetime(jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH)).time();
    time.hour() as u32 * 60 + time.minute() as u32
}

/// The instant at which a day begins in `zone`.
pub fn start_of(day: Day, zone: &TimeZone) -> Millis {
    // A day that cannot be named there begins where it does in UTC.
    let utc = Millis(i64::from(day.0) * 86_400_000);
    let date = day_of(utc, &TimeZone::UTC).to_string().parse::<jiff::civil::Date>();
    let start = date.and_then(|date| zone.to_timestamp(date.to_datetime(jiff::civil::Time::midnight())));
    start.map_or(utc, |time| Millis(time.as_millisecond()))
}

/// `2026-11-23 21:00` by the clocks of `zone`.
pub fn local(at: Millis, zone: &TimeZone) -> String {
    let time = jiff::Timestamp::from_millisecond(at.0).unwrap_or(jiff::Timestamp::UNIX_EPOCH);
    zone.to_datetime(time).strftime("%Y-%m-%d %H:%M").to_string()
}

/// `2026-06-18T09:00` by the clocks of `zone`; where they are set forward over it, as if they were not. `None` if it is no time.
pub fn instant(text: &str, zone: &TimeZone) -> Option<Millis> {
    let time: jiff::civil::DateTime = text.trim().parse().ok()?;
    Some(Millis(zone.to_timestamp(time).ok()?.as_millisecond()))
}

/// `2026-11-23T21:00:00Z`, for people and for JSON.
pub fn rfc3339(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |time| format!("{time:.0}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn days_are_those_of_the_zone() {
        let noon = |day: &str| Millis(i64::from(day.parse::<Day>().unwrap().0) * 86_400_000 + 43_200_000);
        for (name, hours_later, day, starts_after_utc_hours) in [
            ("UTC", 0, "2024-02-29", 0),
            ("Asia/Shanghai", 4, "2024-03-01", -8),
            ("America/New_York", -8, "2024-02-28", 5),
            ("no such zone", 11, "2024-02-29", 0),
        ] {
            let at = Millis(noon("2024-02-29").0 + hours_later * 3_600_000);
            let found = day_of(at, &zone(name));
            assert_eq!(found.to_string(), day, "{name}");
            let utc = i64::from(found.0) * 86_400_000;
            assert_eq!(start_of(found, &zone(name)).0, utc + starts_after_utc_hours * 3_600_000, "{name}");
        }
    }
}
