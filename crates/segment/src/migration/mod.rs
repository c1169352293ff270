//! How customers move between the named groups from month end to month end: one matrix of counts per step, in which
//! everybody stands exactly once, those not yet there and those fallen asleep included. What is not here: a forecast.
//!
//! At each month end the scores are learned afresh from everyone who is awake, since a group is a place among the customers
//! of its day. Asleep is who has had no purchase for as many days as the shop says.

use domain::{Card, Cents, Day, Kind, Param};
use serde::{Deserialize, Serialize};

use crate::rfm::card::{AS_OF, CUSTOMER, DAY, MONEY, PURCHASES};
use crate::rfm::{Activity, Cuts, RfmGroup};
use crate::{Month, SegmentError, Text};

pub static CARD: Card = Card {
    name: "migration",
    sentence: "Counts who moved from which of the eleven groups to which from month to month, over the months that are over.",
    family: "scores",
    params: &[
        CUSTOMER,
        DAY,
        MONEY,
        AS_OF,
        Param {
            name: "dormant_after_days",
            sentence: "Who has bought nothing for so long is dormant.",
            unit: "days",
            kind: Kind::Int { min: 1, max: 100_000, default: 365 },
        },
        Param {
            name: "n_months_max",
            sentence: "Steps looked at, the latest.",
            unit: "months",
            kind: Kind::Int { min: 1, max: 1200, default: 24 },
        },
    ],
    input: PURCHASES,
    source: "scores learned anew at each month's end",
};

/// Where a customer is at a month's end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(untagged)]
pub enum State {
    Group(RfmGroup),
    Outside(Outside),
}

/// States that are no group.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Outside {
    /// No purchase so far; whoever leaves this state is new.
    NotYet,
    /// None for long.
    Dormant,
}

/// The number of states.
pub const N_STATES: usize = 13;

impl State {
    pub const NOT_YET: State = State::Outside(Outside::NotYet);
    pub const DORMANT: State = State::Outside(Outside::Dormant);

    /// All states in the order of rows and columns: the groups from the best to the lost, dormant, not yet.
    pub fn all() -> [State; N_STATES] {
        std::array::from_fn(|at| match at {
            0..11 => State::Group(RfmGroup::ALL[at]),
            11 => State::DORMANT,
            _ => State::NOT_YET,
        })
    }

    pub fn index(self) -> usize {
        match self {
            State::Group(group) => group as usize,
            State::DORMANT => 11,
            State::NOT_YET => 12,
        }
    }

    pub fn key(self) -> &'static str {
        match self {
            State::Group(group) => group.key(),
            State::DORMANT => "dormant",
            State::NOT_YET => "not_yet",
        }
    }

    pub fn name(self) -> Text {
        match self {
            State::Group(group) => group.name(),
            State::DORMANT => Text::new("长期未购", "Dormant"),
            State::NOT_YET => Text::new("尚未首购", "Not yet customers"),
        }
    }
}

/// The movement over one month.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Step {
    /// From the end of this month
    pub from: Month,
    /// to the end of this one.
    pub to: Month,
    /// Customers by the state before (row) and after (column). Shape: (N_STATES, N_STATES).
    pub counts: Vec<Vec<u64>>,
}

/// The movement over several months.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Migration {
    /// What rows and columns are.
    pub states: Vec<StateName>,
    pub n_customers: u64,
    pub steps: Vec<Step>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct StateName {
    pub key: &'static str,
    pub name: Text,
}

impl Step {
    fn count(from: Month, to: Month, before: &[State], after: &[State]) -> Self {
        let mut counts = vec![vec![0; N_STATES]; N_STATES];
        for (before, after) in before.iter().zip(after) {
            counts[before.index()][after.index()] += 1;
        }
        Step { from, to, counts }
    }

    /// Customers of a state before the step.
    pub fn n_before(&self, state: State) -> u64 {
        self.counts[state.index()].iter().sum()
    }

    /// Customers of a state after the step.
    pub fn n_after(&self, state: State) -> u64 {
        self.counts.iter().map(|row| row[state.index()]).sum()
    }

    /// Customers who bought for the first time.
    pub fn n_new(&self) -> u64 {
        self.n_before(State::NOT_YET) - self.counts[State::NOT_YET.index()][State::NOT_YET.index()]
    }
}

/// What a customer did so far, as days come in order.
#[derive(Clone, Copy, Default)]
struct Account {
    last_day: Option<Day>,
    n_days: u32,
    cents: i64,
}

/// Movements between the ends of `first` and `last` and all months between: one step per month after `first`. `days` are
/// sums per customer and day, each pair once, in the order of days; customers are numbered below `n_customers`. A day is
/// one of purchase if its sum is positive; refunds count for the value alone.
///
/// # Errors
/// If days are out of order or outside the calendar, a customer is not below `n_customers`, `last` is before `first`, or
/// `dormant_after_days` is not positive.
pub fn migrate(
    days: impl IntoIterator<Item = (u32, Day, Cents)>,
    n_customers: usize,
    first: Month,
    last: Month,
    dormant_after_days: i32,
) -> Result<Migration, SegmentError> {
    if last < first {
        return Err(SegmentError::unfit("last month", last, format!("{first} or later")));
    }
    if dormant_after_days <= 0 {
        return Err(SegmentError::unfit("days until dormant", dormant_after_days, "1 or more"));
    }
    let mut days = days.into_iter().peekable();
    let mut accounts = vec![Account::default(); n_customers];
    let mut previous = None;
    let mut before: Option<Vec<State>> = None;
    let mut steps = Vec::new();
    for month in first.up_to(last) {
        let end = month.last_day().ok_or_else(|| SegmentError::unfit("a month", month, "-9999-01 to 9998-12"))?;
        while let Some((customer, day, cents)) = days.next_if(|&(_, day, _)| day <= end) {
            if previous.is_some_and(|previous| day < previous) {
                return Err(SegmentError::unfit("order of days", format!("{day} after a later day"), "days in order"));
            }
            previous = Some(day);
            let Some(account) = accounts.get_mut(customer as usize) else {
                return Err(SegmentError::unfit("number of a customer", customer, format!("below {n_customers}")));
            };
            account.add(day, cents);
        }
        let after = states(&accounts, end, dormant_after_days);
        if let Some(before) = before {
            steps.push(Step::count(Month(month.0 - 1), month, &before, &after));
        }
        before = Some(after);
    }
    let states = State::all().iter().map(|state| StateName { key: state.key(), name: state.name() }).collect();
    Ok(Migration { states, n_customers: n_customers as u64, steps })
}

impl Account {
    fn add(&mut self, day: Day, cents: Cents) {
        self.cents += cents.0;
        if cents.0 > 0 {
            self.n_days += 1;
            self.last_day = Some(day);
        }
    }

    fn activity(&self, end: Day) -> Option<Activity> {
        let recency_days = end.0 - self.last_day?.0;
        Some(Activity { recency_days, n_days: self.n_days, monetary_cents: Cents(self.cents) })
    }
}

fn states(accounts: &[Account], end: Day, dormant_after_days: i32) -> Vec<State> {
    let activities: Vec<Option<Activity>> = accounts.iter().map(|account| account.activity(end)).collect();
    let awake = |activity: &&Activity| activity.recency_days < dormant_after_days;
    // Without anyone awake there is nobody to score.
    let cuts = Cuts::learn(activities.iter().flatten().filter(awake)).ok();
    let state = |activity: &Option<Activity>| match (activity, &cuts) {
        (None, _) => State::NOT_YET,
        (Some(activity), Some(cuts)) if awake(&activity) => State::Group(cuts.score(activity).group()),
        (Some(_), _) => State::DORMANT,
    };
    activities.iter().map(state).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn day(text: &str) -> Day {
        text.parse().unwrap()
    }

    fn month(text: &str) -> Month {
        text.parse().unwrap()
    }

    /// By hand: of three customers one is there from the start and falls asleep, one comes in February and stays alone
    /// awake, one never buys in time.
    #[test]
    fn a_movement_worked_by_hand() {
        let rows = [(0, "2026-01-10", 100), (1, "2026-02-20", 500), (1, "2026-03-01", 500), (2, "2026-05-01", 100)];
        let days = rows.map(|(customer, at, cents)| (customer, day(at), Cents(cents)));
        let found = migrate(days, 3, month("2026-01"), month("2026-03"), 60).unwrap();
        let moved = |step: &Step| {
            let mut cells = Vec::new();
            for (from, row) in State::all().iter().zip(&step.counts) {
                let to = State::all().into_iter().zip(row).filter(|&(_, &n)| n > 0);
                cells.extend(to.map(|(to, &n)| (from.key(), to.key(), n)));
            }
            cells
        };
        // At the end of February the first (49 days, once, 100) scores 3, 1, 1 and the second (8, once, 500) 5, 1, 3; a
        // customer alone scores 5, 1, 1.
        assert_eq!(
            moved(&found.steps[0]),
            [("new", "about_to_sleep", 1), ("not_yet", "potential_loyalists", 1), ("not_yet", "not_yet", 1)]
        );
        assert_eq!(
            moved(&found.steps[1]),
            [("potential_loyalists", "new", 1), ("about_to_sleep", "dormant", 1), ("not_yet", "not_yet", 1)]
        );
        assert_eq!((found.steps[0].n_new(), found.steps[1].n_new()), (1, 0));
    }

    #[test]
    fn what_is_wrong_is_said() {
        let error = |rows: &[(u32, &str)], first: &str, last: &str, dormant| {
            let days = rows.iter().map(|&(customer, at)| (customer, day(at), Cents(1)));
            migrate(days, 2, month(first), month(last), dormant).unwrap_err().to_string()
        };
        assert!(error(&[], "2026-02", "2026-01", 9).contains("found 2026-01, allowed 2026-02"));
        assert!(error(&[], "2026-02", "2026-02", 0).contains("days until dormant"));
        assert!(error(&[(2, "2026-02-01")], "2026-02", "2026-02", 9).contains("found 2, allowed below 2"));
        assert!(error(&[(0, "2026-02-02"), (1, "2026-02-01")], "2026-02", "2026-02", 9).contains("in order"));
    }

    #[test]
    fn states_have_their_places_and_keys() {
        for (at, state) in State::all().into_iter().enumerate() {
            assert_eq!(state.index(), at);
            assert_eq!(serde_json::to_string(&state).unwrap(), format!("\"{}\"", state.key()));
        }
    }

    proptest! {
        /// Everybody stands once in each step; who stands somewhere after one step stands there before the next; nobody
        /// becomes a stranger again; and only those without a purchase for long are dormant.
        #[test]
        fn nobody_is_lost_on_the_way(
            mut rows in proptest::collection::vec((0u32..30, 20_000i32..20_400, -50i64..400), 0..200),
            dormant in 20i32..200,
        ) {
            rows.sort_by_key(|row| (row.1, row.0));
            rows.dedup_by_key(|row| (row.1, row.0));
            let (first, last) = (Month::of(Day(20_010)).unwrap(), Month::of(Day(20_380)).unwrap());
            let days = rows.iter().map(|&(customer, at, cents)| (customer, Day(at), Cents(cents)));
            let found = migrate(days, 30, first, last, dormant).unwrap();
            prop_assert_eq!(found.steps.len(), (last.0 - first.0) as usize);
            for step in &found.steps {
                prop_assert_eq!(step.counts.iter().flatten().sum::<u64>(), 30);
                prop_assert_eq!(step.n_after(State::NOT_YET), step.counts[12][12]);
                let end = step.to.last_day().unwrap();
                let bought = |within: i32| (0..30).filter(|&customer| rows.iter().any(|row| row.0 == customer && row.2 > 0 && row.1 <= end.0 && end.0 - row.1 < within)).count() as u64;
                prop_assert_eq!(step.n_after(State::NOT_YET), 30 - bought(i32::MAX));
                prop_assert_eq!(step.n_after(State::DORMANT), bought(i32::MAX) - bought(dormant));
            }
            for pair in found.steps.windows(2) {
                for state in State::all() {
                    prop_assert_eq!(pair[0].n_after(state), pair[1].n_before(state));
                }
            }
        }
    }
}
