//! Selling seasons that lie ahead of a forecast whose own season cannot hold them: by what the ledger of past promotions tells of the last
//! one, the periods are raised; where that is not known, it is said. Not here: what a promotion brought (`promotions`).

use domain::Day;
use serde::Serialize;
use strategy::forecast::Forecast;
use strategy::forecast::calendar::{Event, retail};
use utoipa::ToSchema;

use super::promotions::PastPromotion;
use super::{Backing, Interval, Step};
use crate::flows::segment::Text;

/// Days that sell much wherever they are kept; others are told of only where the shop itself has been through one.
const LARGE: [&str; 3] = ["618", "double_11", "black_friday"];
const OF_CHINA: [&str; 6] = ["spring_festival", "labour_day", "618", "national_day", "double_11", "double_12"];
const OF_THE_WEST: [&str; 2] = ["black_friday", "christmas"];

/// A selling season ahead.
#[derive(Clone, Debug, PartialEq, Serialize, ToSchema)]
pub struct FestivalAhead {
    pub name: Text,
    pub first_day: String,
    pub last_day: String,
    /// How many times the usual its days sold the last time; absent where the shop has not been through one.
    pub times: Option<Interval>,
    #[serde(skip)]
    pub(super) event: Event,
}

/// Selling seasons within the days `from` to `to` (without the last) that a shop whose days begin with `first` knows or should know of.
pub(super) fn ahead(first: Day, from: Day, to: Day, is_china: bool, past: &[PastPromotion]) -> Vec<FestivalAhead> {
    let foreign: &[&str] = if is_china { &OF_THE_WEST } else { &OF_CHINA };
    let one = |event: Event| {
        let held: Vec<i32> = (from.0..to.0).filter(|day| event.holds(Day(*day))).collect();
        let (start, end) = (*held.first()?, *held.last()?);
        let last = past.iter().filter(|one| one.key == event.key).max_by(|a, b| a.first_day.cmp(&b.first_day));
        let was_there = (first.0..from.0).any(|day| event.holds(Day(day)));
        let times = match last {
            // What did not sell more than usual needs no word.
            Some(last) => Some(times(last)?),
            None if was_there || foreign.contains(&event.key.as_str()) || !LARGE.contains(&event.key.as_str()) => {
                return None;
            }
            None => None,
        };
        let name = Text { zh: event.name.zh.clone(), en: event.name.en.clone() };
        let [first_day, last_day] = [start, end].map(|day| Day(day).to_string());
        Some(FestivalAhead { name, first_day, last_day, times, event })
    };
    retail().into_iter().filter_map(one).collect()
}

/// How many times the usual a promotion sold, if that was more beyond doubt.
fn times(past: &PastPromotion) -> Option<Interval> {
    let usual = past.usual_cents.value;
    let of = |lift: f64| 1.0 + lift / usual;
    let lift = past.lift_cents;
    (usual > 0.0 && lift.low > 0.0).then(|| Interval {
        value: of(lift.value),
        low: of(lift.low),
        high: of(lift.high),
        level: lift.level,
    })
}

/// Raises the periods by what their festivals sold over the usual, as the share of their days says. Errors of both add up by Pythagoras.
pub(super) fn raise(forecast: &mut Forecast, festivals: &[FestivalAhead], step: Step, periods: std::ops::Range<i64>) {
    for (at, period) in periods.enumerate() {
        let (first, next) = (step.first(period), step.first(period + 1));
        for (festival, times) in festivals.iter().filter_map(|one| Some((one, one.times?))) {
            let share = festival.event.share(first, (next.0 - first.0).max(1) as u32);
            if share == 0.0 || forecast.mean[at] <= 0.0 {
                continue;
            }
            let of = |times: f64| 1.0 + (times - 1.0) * share;
            let (mean, low, high) = (forecast.mean[at], forecast.low[at], forecast.high[at]);
            let (factor, down, up) =
                (of(times.value), of(times.value) - of(times.low), of(times.high) - of(times.value));
            forecast.mean[at] = mean * factor;
            forecast.low[at] = mean * factor - (factor * (mean - low)).hypot(mean * down);
            forecast.high[at] = mean * factor + (factor * (high - mean)).hypot(mean * up);
            if low >= 0.0 {
                forecast.low[at] = forecast.low[at].max(0.0);
            }
        }
    }
}

/// Says what was raised, and what is not in the forecast.
pub(super) fn said(mut backing: Backing, festivals: &[FestivalAhead]) -> Backing {
    for one in festivals {
        let FestivalAhead { name, first_day, last_day, .. } = one;
        backing = match &one.times {
            Some(times) => backing.but(
                "festival_ahead",
                format!(
                    "{}（{first_day} 到 {last_day}）就在预测期内，历史里的季节反映不了它：按上一次的表现，这些天按平常的 {:.2} 倍（{:.2} 到 {:.2}）\
                     计算；它前后几周可能卖得比预测少。",
                    name.zh, times.value, times.low, times.high
                ),
                format!(
                    "{} ({first_day} to {last_day}) lies ahead and the season learned does not hold it: its days are raised to {:.2} \
                     [{:.2}, {:.2}] times the usual, as the last one sold. The weeks around it may sell less than is told.",
                    name.en, times.value, times.low, times.high
                ),
            ),
            None => backing
                .but(
                    "festival_not_in_it",
                    format!("{}（{first_day} 到 {last_day}）就在预测期内，但历史里没有过：预测没有算上它。", name.zh),
                    format!(
                        "{} ({first_day} to {last_day}) lies ahead, and the shop has not been through one: the forecast is without it.",
                        name.en
                    ),
                )
                .changed_by(
                    format!("上一次{}的订单：促销账本会告诉预测它卖出平常的多少倍。", name.zh),
                    format!("Orders of a former {}: the ledger of promotions would tell how many times the usual it sold.", name.en),
                ),
        };
    }
    backing
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use strategy::forecast::Method;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn interval(value: f64, error: f64) -> Interval {
        Interval { value, low: value - error, high: value + error, level: 0.9 }
    }

    /// 618 of 2025, whose days usually sell 100.
    pub fn june(lift: f64) -> PastPromotion {
        let none = interval(0.0, 0.0);
        PastPromotion {
            key: "618".to_owned(),
            name: Text { zh: "2025 618".to_owned(), en: "618 2025".to_owned() },
            first_day: "2025-06-01".to_owned(),
            last_day: "2025-06-18".to_owned(),
            days_before: 28,
            days_after: 28,
            depth: 0.1,
            n_on_offer: 1,
            n_sold: 1,
            sold_cents: 100.0 + lift,
            usual_cents: interval(100.0, 5.0),
            lift_cents: interval(lift, 20.0),
            held_back_cents: none,
            pulled_forward_cents: none,
            net_cents: none,
            naive_lift_cents: 0.0,
            on_offer: None,
            cannibalised: None,
            halo: None,
            returned: None,
            returned_usually: None,
            net_kept_cents: None,
            protection_at_most_cents: None,
            net_margin_cents: None,
            net_spend_cents: None,
            verdict: None,
            is_over: true,
            in_shadow_of: None,
        }
    }

    #[test]
    fn weeks_are_raised_by_what_the_last_festival_sold() {
        let (first, from, to) = (day("2025-01-06"), day("2026-05-25"), day("2026-06-22"));
        let festivals = ahead(first, from, to, true, &[june(60.0)]);
        assert_eq!(festivals.iter().map(|one| one.name.en.as_str()).collect::<Vec<_>>(), ["618"]);
        assert_eq!((festivals[0].first_day.as_str(), festivals[0].last_day.as_str()), ("2026-06-01", "2026-06-18"));
        let mut forecast = Forecast {
            method: Method::ThetaDynamic,
            mean: vec![100.0; 4],
            low: vec![90.0; 4],
            high: vec![110.0; 4],
            level: 0.9,
        };
        let week = Step::Week.of(from);
        raise(&mut forecast, &festivals, Step::Week, week..week + 4);
        // Two whole weeks of it, and from Monday the 15th to Thursday the 18th four days of seven.
        let expected = [100.0, 160.0, 160.0, 100.0 * (1.0 + 0.6 * 4.0 / 7.0)];
        for (found, expected) in forecast.mean.iter().zip(expected) {
            assert!((found - expected).abs() < 1e-9, "{forecast:?}");
        }
        assert_eq!((forecast.low[0], forecast.high[0]), (90.0, 110.0));
        // (16² + 20²)^½ on either side.
        assert!(
            (forecast.high[1] - 160.0 - 656f64.sqrt()).abs() < 1e-9
                && (160.0 - forecast.low[1] - 656f64.sqrt()).abs() < 1e-9
        );
        let backing = said(Backing::enough(1), &festivals);
        assert!(backing.caveats[0].text.en.contains("1.60 [1.40, 1.80]"), "{backing:?}");
    }

    #[test]
    fn what_was_never_gone_through_is_said_and_what_did_nothing_is_not() {
        let (from, to) = (day("2026-05-25"), day("2026-06-22"));
        let young = ahead(day("2025-09-01"), from, to, true, &[]);
        assert!(young.len() == 1 && young[0].times.is_none());
        let backing = said(Backing::enough(1), &young);
        assert_eq!((backing.caveats[0].kind.as_str(), backing.would_change.len()), ("festival_not_in_it", 1));
        // Gone through without an offer, of another market, or with an offer that sold no more.
        assert!(ahead(day("2025-01-01"), from, to, true, &[]).is_empty());
        assert!(ahead(day("2025-09-01"), from, to, false, &[]).is_empty());
        assert!(ahead(day("2025-01-01"), from, to, true, &[june(10.0)]).is_empty());
    }
}
