//! Random shops, and a sender that breaks off at random steps and begins anew over what is on disk: never without consent, never over
//! budget, never twice, nobody without a reason.

use std::cell::{Cell, RefCell};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::Relaxed};

use content::channel::channel;
use data::Shop;
use data::state::sendings::{SendingItem, StoredSending};
use domain::Customer;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use super::copy::Pinned;
use super::leave::{Next, Passed, Point, Round, Seen, Terms, World, resume};
use super::{Route, Sending, State, copy};
use crate::channels::Failure;
use crate::channels::copies::{Card, CopyParcel};
use crate::error::Result;

const MINUTE: i64 = 60_000;
/// 2026-01-01, noon.
const NOON: i64 = 1_767_268_800_000;
const RESTARTS_MAX: usize = 400;

/// How the other side takes what comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Taken {
    Yes,
    /// It refuses now, or for good; nothing arrives.
    NotNow,
    Never,
    /// The line breaks: before it arrives, or after.
    Lost,
    LostAfter,
}

#[derive(Clone, Debug)]
struct Person {
    agrees: bool,
    /// Takes their consent back once so many copies have been carried.
    leaves_after: Option<usize>,
    is_held: bool,
    is_known: bool,
    is_control: bool,
    address: u8,
    taken: Vec<Taken>,
}

/// What one run of the test is made of.
#[derive(Clone, Debug)]
struct Case {
    people: Vec<Person>,
    knows_ids: bool,
    budget: Option<i64>,
    cost: i64,
    per_minute: Option<u64>,
    /// After so many steps, one after another, the sender is killed.
    breaks: Vec<usize>,
}

struct Fake<'a> {
    case: &'a Case,
    tries: RefCell<BTreeMap<usize, usize>>,
    /// Who, under which key, when: what has truly arrived.
    arrived: RefCell<Vec<(usize, String, i64)>>,
    n_carried: Cell<usize>,
}

impl Fake<'_> {
    fn agrees(&self, who: usize) -> bool {
        let person = &self.case.people[who];
        person.agrees && person.leaves_after.is_none_or(|n| self.n_carried.get() < n)
    }
}

fn number(id: &str) -> usize {
    id[1..].parse().unwrap()
}

impl World for Fake<'_> {
    fn seen(&self, customer_id: &str) -> Result<Seen> {
        let who = number(customer_id);
        let person = &self.case.people[who];
        let consent = if self.agrees(who) { vec!["sms".to_owned()] } else { vec![] };
        let customer = Customer { customer_id: customer_id.to_owned(), consent, ..Customer::default() };
        Ok(Seen { customer: person.is_known.then_some(customer), is_held: person.is_held, ..Seen::default() })
    }

    fn broken(&self, _: &str, _: i64) -> Result<Option<String>> {
        Ok(None)
    }

    fn address(&self, _: &str, customer: &Customer) -> Option<String> {
        Some(format!("a{}", self.case.people[number(&customer.customer_id)].address))
    }

    fn stop_url(&self, _: &str, _: &str) -> Option<String> {
        None
    }

    fn carry(&self, _: &str, parcel: &CopyParcel, now: i64) -> std::result::Result<(), Failure> {
        let who = number(&parcel.customer_id);
        assert!(self.agrees(who), "{who} does not agree, and gets something");
        assert!(!self.case.people[who].is_held && self.case.people[who].is_known && !self.case.people[who].is_control);
        self.n_carried.set(self.n_carried.get() + 1);
        let mut tries = self.tries.borrow_mut();
        let nth = tries.entry(who).or_insert(0);
        let taken = self.case.people[who].taken.get(*nth).copied().unwrap_or(Taken::Yes);
        *nth += 1;
        if matches!(taken, Taken::Yes | Taken::LostAfter) {
            self.arrived.borrow_mut().push((who, parcel.key.clone(), now));
        }
        let lost = Failure { may_have_arrived: true, ..Failure::passing("the connection broke") };
        match taken {
            Taken::Yes => Ok(()),
            Taken::NotNow => Err(Failure::passing("it answers 503")),
            Taken::Never => Err(Failure::lasting("it answers 400")),
            Taken::Lost | Taken::LostAfter => Err(lost),
        }
    }
}

fn terms(case: &Case) -> Terms {
    let pinned =
        Pinned { draft_id: "d".into(), version: 1, way: "sms".into(), product_id: "p".into(), language: "en".into() };
    let fields = vec![("text".to_owned(), "Acme: new. Reply STOP to opt out".to_owned(), false)];
    Terms {
        copies: vec![copy::Copy::for_tests(pinned, channel("sms").unwrap(), fields)],
        cards: vec![card(case)],
        zone: TimeZone::UTC,
        is_quiet: Box::new(|minute| !(9 * 60..21 * 60).contains(&minute)),
        quiet_ends: 9 * 60,
        rest_days: 7,
        contacts_max: 1_000,
        way_max: Box::new(|_| None),
        shop_lang: "en".into(),
        product_url: None,
        stop_lines: [String::new(), String::new()],
    }
}

fn card(case: &Case) -> Card {
    Card {
        channel: "app".into(),
        kind: "webhook".into(),
        ways: vec!["sms".into()],
        per_minute: case.per_minute,
        knows_ids: case.knows_ids,
        unsubscribe_url: None,
    }
}

fn sending(case: &Case) -> Sending {
    let route = Route { way: "sms".into(), channel: "app".into(), draft_ids: vec!["d".into()] };
    Sending {
        id: "se".into(),
        campaign_id: "se".into(),
        state: State::Sending,
        routes: vec![route],
        budget_cents: case.budget,
        ..Sending::default()
    }
}

fn begin(shop: &Shop, case: &Case) {
    let state = shop.state().unwrap();
    let stored = |version: i64, name: &str| StoredSending {
        id: "se".into(),
        campaign_id: "se".into(),
        state: name.into(),
        version,
        at: NOON,
        body: "{}".into(),
    };
    state.add_sending(stored(1, "draft")).unwrap();
    let item = |(who, person): (usize, &Person)| SendingItem {
        sending_id: "se".into(),
        nth: who as i64 + 1,
        customer_id: format!("c{who}"),
        way: "sms".into(),
        is_control: person.is_control,
        propensity: 0.5,
        cost_cents: case.cost,
        state: "waiting".into(),
        key: format!("sd_{who:024}"),
        ..SendingItem::default()
    };
    let items = case.people.iter().enumerate().map(item).collect();
    assert!(state.change_sending(stored(2, "sending"), items).unwrap());
}

/// Runs until nobody waits, over as many lives of the sender as that takes.
fn run_out(case: &Case, folder: &std::path::Path, fake: &Fake<'_>) -> (Vec<SendingItem>, i64) {
    let root = folder.join("shop");
    begin(&Shop::create(&root).unwrap(), case);
    let now = AtomicI64::new(NOON);
    let clock = || now.fetch_add(1, Relaxed);
    let mut lives = case.breaks.iter();
    for _ in 0..RESTARTS_MAX {
        let shop = Shop::open(&root).unwrap();
        let (state, terms, sending, card) = (shop.state().unwrap(), terms(case), sending(case), card(case));
        let (life, n_steps) = (lives.next().copied(), AtomicUsize::new(0));
        let breaks = |_: Point| life.is_some_and(|life| n_steps.fetch_add(1, Relaxed) == life);
        if resume(&state, &sending, &terms, clock(), &breaks).is_err() {
            continue;
        }
        let route = &sending.routes[0];
        let round = Round {
            state: &state,
            sending: &sending,
            route,
            card: &card,
            terms: &terms,
            world: fake,
            clock: &clock,
            breaks: &breaks,
        };
        let (mut n_failures, mut passed) = (0, Passed::default());
        loop {
            let items = state.waiting_items("se", "sms", clock(), 3).unwrap();
            match (items.is_empty(), state.next_due_item("se").unwrap()) {
                (true, None) => {
                    return (state.sending_items("se", 0, 1_000).unwrap(), state.spent_cents("se").unwrap());
                }
                (true, Some(due)) => now.store(due.max(clock()), Relaxed),
                (false, _) => match round.go(&items, &mut n_failures, &mut passed) {
                    Err(_) => break,
                    Ok(Next::On) => {}
                    Ok(Next::Stop) => {
                        let until = passed.until.expect("it says until when");
                        now.store(until.max(clock()), Relaxed);
                        (n_failures, passed) = (0, Passed::default());
                    }
                },
            }
        }
    }
    panic!("it does not end: {case:?}");
}

fn holds(case: &Case) {
    let folder = tempfile::tempdir().unwrap();
    let fake = Fake { case, tries: RefCell::default(), arrived: RefCell::default(), n_carried: Cell::new(0) };
    let (items, spent) = run_out(case, folder.path(), &fake);
    let arrived = fake.arrived.borrow();
    // Never twice: a receiver that takes a key once sees one, any other one copy; nor twice to one address.
    let mut reached: BTreeMap<usize, BTreeSet<&str>> = BTreeMap::new();
    for (who, key, _) in arrived.iter() {
        reached.entry(*who).or_default().insert(key);
    }
    assert!(reached.values().all(|keys| keys.len() == 1), "{arrived:?}");
    assert!(case.knows_ids || reached.len() == arrived.len(), "twice: {arrived:?}");
    let addresses: BTreeSet<u8> = reached.keys().map(|who| case.people[*who].address).collect();
    assert_eq!(addresses.len(), reached.len(), "two customers of one address: {arrived:?}");
    // Never over budget, and what is told as spent covers what arrived.
    let cost = case.cost * reached.len() as i64;
    assert!(cost <= spent, "{cost} of {spent}");
    assert!(case.budget.is_none_or(|budget| spent <= budget), "{spent} of {:?}", case.budget);
    // Never more a minute than the card says.
    if let Some(most) = case.per_minute {
        for (_, _, at) in arrived.iter() {
            let n = arrived.iter().filter(|(_, _, other)| (*at - MINUTE + 100..=*at).contains(other)).count();
            assert!(n as u64 <= most, "{n} within a minute");
        }
    }
    // Nobody is missing, and what is told of each is so.
    assert_eq!(items.len(), case.people.len());
    for item in &items {
        let who = number(&item.customer_id);
        let has = reached.contains_key(&who);
        match item.state.as_str() {
            "sent" => assert!(has, "{item:?}"),
            "unknown" => assert!(!case.people[who].is_control && item.reason.is_some(), "{item:?}"),
            "left_out" | "failed" => assert!(!has && item.reason.is_some(), "{item:?}"),
            "control" => assert!(!has && case.people[who].is_control, "{item:?}"),
            other => panic!("{other}: {item:?}"),
        }
    }
}

fn person() -> impl Strategy<Value = Person> {
    let taken = prop_oneof![
        6 => Just(Taken::Yes),
        1 => Just(Taken::NotNow),
        1 => Just(Taken::Never),
        1 => Just(Taken::Lost),
        1 => Just(Taken::LostAfter),
    ];
    (
        prop::bool::weighted(0.85),
        prop::option::weighted(0.2, 0usize..8),
        prop::bool::weighted(0.1),
        prop::bool::weighted(0.95),
        prop::bool::weighted(0.2),
        0u8..20,
        prop::collection::vec(taken, 0..4),
    )
        .prop_map(|(agrees, leaves_after, is_held, is_known, is_control, address, taken)| Person {
            agrees,
            leaves_after,
            is_held,
            is_known,
            is_control,
            address,
            taken,
        })
}

fn case() -> impl Strategy<Value = Case> {
    (
        prop::collection::vec(person(), 1..12),
        any::<bool>(),
        prop::option::of(0i64..30),
        0i64..5,
        prop::option::of(1u64..4),
        prop::collection::vec(0usize..12, 0..8),
    )
        .prop_map(|(people, knows_ids, budget, cost, per_minute, breaks)| Case {
            people,
            knows_ids,
            budget,
            cost,
            per_minute,
            breaks,
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]
    #[test]
    fn whatever_breaks_off_nobody_gets_anything_twice_or_against_their_will(case in case()) {
        holds(&case);
    }
}

/// Every step is one at which the sender is killed, once and twice in a row, with either kind of receiver.
#[test]
fn every_step_may_be_the_last() {
    let plain = |taken: Vec<Taken>| Person {
        agrees: true,
        leaves_after: None,
        is_held: false,
        is_known: true,
        is_control: false,
        address: 0,
        taken,
    };
    let people = vec![
        Person { address: 1, ..plain(vec![]) },
        Person { address: 2, is_control: true, ..plain(vec![]) },
        Person { address: 3, agrees: false, ..plain(vec![]) },
        Person { address: 4, ..plain(vec![Taken::LostAfter, Taken::Yes]) },
        Person { address: 5, leaves_after: Some(1), ..plain(vec![]) },
    ];
    for knows_ids in [false, true] {
        for step in 0..18 {
            let case =
                |breaks| Case { people: people.clone(), knows_ids, budget: Some(6), cost: 3, per_minute: None, breaks };
            holds(&case(vec![step]));
            holds(&case(vec![step, step]));
        }
    }
    // What is sent again under its key counts in the minute in which it is.
    let people = vec![Person { address: 1, ..plain(vec![]) }, Person { address: 2, ..plain(vec![]) }];
    holds(&Case { people, knows_ids: true, budget: None, cost: 0, per_minute: Some(2), breaks: vec![2] });
}

#[test]
fn quiet_hours_are_waited_for_by_the_clock_of_the_shop() {
    let case = Case { people: vec![], knows_ids: true, budget: None, cost: 0, per_minute: None, breaks: vec![] };
    let mut terms = terms(&case);
    assert_eq!(terms.quiet_until(NOON), None);
    let nine = NOON - 3 * 60 * MINUTE;
    assert_eq!(terms.quiet_until(nine - 1), Some(nine), "a moment before the end");
    assert_eq!(terms.quiet_until(nine - 12 * 60 * MINUTE), Some(nine));
    // Noon in UTC is 20:00 in Shanghai; an hour later it is quiet there until 09:00.
    terms.zone = TimeZone::get("Asia/Shanghai").unwrap();
    assert_eq!(terms.quiet_until(NOON), None);
    assert_eq!(terms.quiet_until(NOON + 60 * MINUTE), Some(NOON + 13 * 60 * MINUTE));
}
