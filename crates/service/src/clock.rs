//! The one place where the service reads the clock.

use std::time::{SystemTime, UNIX_EPOCH};

use domain::{Day, Millis};

/// Now, in UTC milliseconds.
pub fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    Millis(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
}

/// Today where the shop is; UTC when the zone's name is unknown.
pub fn today(time_zone: &str) -> Day {
    let zone = jiff::tz::TimeZone::get(time_zone).unwrap_or(jiff::tz::TimeZone::UTC);
    Day::from(jiff::Timestamp::now().to_zoned_datetime(zone).date())
}

/// `2026-11-23T21:00:00Z`, for people and for JSON.
pub fn rfc3339(at: Millis) -> String {
    jiff::Timestamp::from_millisecond(at.0).map_or_else(|_| at.0.to_string(), |time| format!("{time:.0}"))
}
