//! How near customers are to the shop: one state machine over what they did, which prints itself as AIPL, 4A or 5A, and how
//! many moved from which state to which.
//!
//! States are ordered, and a customer is in the nearest that what they did in the window allows. AIPL is Alibaba's (Awareness,
//! Interest, Purchase, Loyalty); 4A follows Rucker's funnel (Aware, Attitude, Act, Act again), 5A is that of Kotler, Kartajaya and
//! Setiawan (2017), Marketing 4.0 (Aware, Appeal, Ask, Act, Advocate).
//!
//! Not here: why somebody moved. Who is touched on a channel is not who was touched at random.

use domain::Text;

use crate::Estimate;

/// How near a customer is, from the farthest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// Saw a campaign, or came by once.
    Noticed,
    /// Came back, searched, or looked at several products.
    Interested,
    /// Put something into the cart, marked it, or asked about it.
    Asked,
    Bought,
    /// Bought on several days.
    Loyal,
    /// Bought, and praised it where others read it.
    Advocate,
}

/// What somebody did within the window of each kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touches {
    pub n_exposures: u32,
    pub n_looks: u32,
    /// Days with a look.
    pub n_look_days: u32,
    pub n_searches: u32,
    /// Carts, favourites and questions.
    pub n_asks: u32,
    pub n_order_days: u32,
    /// Ratings and reviews of four stars and more.
    pub n_praises: u32,
}

/// Looks in one visit from which on it is interest.
const LOOKS_OF_INTEREST: u32 = 3;

impl Touches {
    /// The nearest state that this allows; `None` for nothing at all.
    pub fn state(&self) -> Option<State> {
        Some(match () {
            () if self.n_order_days > 0 && self.n_praises > 0 => State::Advocate,
            () if self.n_order_days > 1 => State::Loyal,
            () if self.n_order_days > 0 => State::Bought,
            () if self.n_asks > 0 => State::Asked,
            () if self.n_searches > 0 || self.n_look_days > 1 || self.n_looks >= LOOKS_OF_INTEREST => State::Interested,
            () if self.n_looks > 0 || self.n_exposures > 0 => State::Noticed,
            () => return None,
        })
    }
}

impl State {
    pub const ALL: [State; 6] =
        [State::Noticed, State::Interested, State::Asked, State::Bought, State::Loyal, State::Advocate];

    pub fn name(self) -> &'static str {
        domain::table::CROWD_STATES[self as usize]
    }

    /// The state of this name.
    pub fn named(name: &str) -> Option<State> {
        State::ALL.into_iter().find(|state| state.name() == name)
    }
}

/// A way to print states.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scheme {
    /// The states themselves.
    States,
    Aipl,
    FourA,
    FiveA,
}

type Stages = &'static [(&'static str, &'static str, &'static str)];

impl Scheme {
    pub const NAMES: [&'static str; 4] = ["states", "aipl", "4a", "5a"];

    pub fn named(name: &str) -> Option<Scheme> {
        let all = [Scheme::States, Scheme::Aipl, Scheme::FourA, Scheme::FiveA];
        Scheme::NAMES.iter().zip(all).find(|(known, _)| **known == name).map(|(_, scheme)| scheme)
    }

    /// Key, Chinese and English name of each stage, from the farthest.
    fn all(self) -> Stages {
        match self {
            Scheme::States => &[
                ("noticed", "看到过", "noticed"),
                ("interested", "感兴趣", "interested"),
                ("asked", "加购或咨询", "asked"),
                ("bought", "买过", "bought"),
                ("loyal", "复购", "loyal"),
                ("advocate", "推荐", "advocate"),
            ],
            Scheme::Aipl => &[
                ("awareness", "认知 A", "awareness"),
                ("interest", "兴趣 I", "interest"),
                ("purchase", "购买 P", "purchase"),
                ("loyalty", "忠诚 L", "loyalty"),
            ],
            Scheme::FourA => &[
                ("aware", "知晓", "aware"),
                ("attitude", "态度", "attitude"),
                ("act", "行动", "act"),
                ("act_again", "再次行动", "act again"),
            ],
            Scheme::FiveA => &[
                ("aware", "了解 A1", "aware"),
                ("appeal", "吸引 A2", "appeal"),
                ("ask", "问询 A3", "ask"),
                ("act", "行动 A4", "act"),
                ("advocate", "拥护 A5", "advocate"),
            ],
        }
    }

    /// The place of a state's stage.
    pub fn stage(self, state: State) -> usize {
        let places: [usize; 6] = match self {
            Scheme::States => [0, 1, 2, 3, 4, 5],
            Scheme::Aipl | Scheme::FourA => [0, 1, 1, 2, 3, 3],
            Scheme::FiveA => [0, 1, 2, 3, 3, 4],
        };
        places[state as usize]
    }

    /// Keys and names of the stages, from the farthest.
    pub fn stages(self) -> Vec<(&'static str, Text)> {
        self.all().iter().map(|(key, zh, en)| (*key, Text::new(*zh, *en))).collect()
    }
}

/// Customers who were in one state and are in another; `None` is none at all.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moved {
    pub from: Option<State>,
    pub to: Option<State>,
    pub n: u64,
}

/// One way between stages.
#[derive(Clone, Debug, PartialEq)]
pub struct Flow {
    /// Places of stages; `None` is outside.
    pub from: Option<usize>,
    pub to: Option<usize>,
    pub n: u64,
    /// Of those who were in `from`.
    pub share: Estimate,
}

/// Ways between the stages of a scheme, from the farthest, those who stayed among them.
pub fn flows(moved: &[Moved], scheme: Scheme, level: f64) -> Vec<Flow> {
    let n_stages = scheme.all().len();
    let place = |state: Option<State>| state.map_or(0, |state| scheme.stage(state) + 1);
    let mut counts = vec![0u64; (n_stages + 1) * (n_stages + 1)];
    for one in moved {
        counts[place(one.from) * (n_stages + 1) + place(one.to)] += one.n;
    }
    let mut flows = Vec::new();
    for (at, row) in counts.chunks(n_stages + 1).enumerate() {
        let all: u64 = row.iter().sum();
        for (to, n) in row.iter().enumerate().filter(|(_, n)| **n > 0) {
            let share = Estimate::share(*n as f64, all as f64, level);
            flows.push(Flow { from: at.checked_sub(1), to: to.checked_sub(1), n: *n, share });
        }
    }
    flows
}

/// The share of customers who came nearer by a stage or more, of all in `moved`.
pub fn came_nearer(moved: &[Moved], scheme: Scheme, level: f64) -> (u64, Estimate) {
    let place = |state: Option<State>| state.map_or(0, |state| scheme.stage(state) + 1);
    let n: u64 = moved.iter().map(|one| one.n).sum();
    let nearer: u64 = moved.iter().filter(|one| place(one.to) > place(one.from)).map(|one| one.n).sum();
    (nearer, Estimate::share(nearer as f64, n as f64, level))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_state_that_deeds_allow_is_taken() {
        let of = |change: fn(&mut Touches)| {
            let mut touches = Touches::default();
            change(&mut touches);
            touches.state()
        };
        assert_eq!(of(|_| ()), None);
        assert_eq!(of(|one| one.n_exposures = 4), Some(State::Noticed));
        assert_eq!(of(|one| (one.n_looks, one.n_look_days) = (2, 1)), Some(State::Noticed));
        assert_eq!(of(|one| (one.n_looks, one.n_look_days) = (2, 2)), Some(State::Interested));
        assert_eq!(of(|one| (one.n_looks, one.n_look_days) = (3, 1)), Some(State::Interested));
        assert_eq!(of(|one| (one.n_asks, one.n_searches) = (1, 1)), Some(State::Asked));
        assert_eq!(of(|one| (one.n_order_days, one.n_asks) = (1, 1)), Some(State::Bought));
        assert_eq!(of(|one| one.n_order_days = 2), Some(State::Loyal));
        assert_eq!(of(|one| (one.n_order_days, one.n_praises) = (1, 1)), Some(State::Advocate));
        // Praise of what was bought elsewhere is none of a buyer here.
        assert_eq!(of(|one| one.n_praises = 1), None);
    }

    /// Each way of printing keeps the order of the states, and names as many stages as it has places.
    #[test]
    fn every_scheme_keeps_the_order() {
        for name in Scheme::NAMES {
            let scheme = Scheme::named(name).unwrap();
            let places: Vec<usize> = State::ALL.iter().map(|state| scheme.stage(*state)).collect();
            assert!(places.windows(2).all(|pair| pair[0] <= pair[1] && pair[1] <= pair[0] + 1), "{name}");
            assert_eq!(places[5] + 1, scheme.stages().len(), "{name}");
        }
        assert!(Scheme::named("6a").is_none());
        assert!(State::ALL.iter().all(|state| State::named(state.name()) == Some(*state)));
    }

    #[test]
    fn flows_add_up_in_every_scheme() {
        let moved = [
            Moved { from: None, to: Some(State::Noticed), n: 50 },
            Moved { from: Some(State::Interested), to: Some(State::Asked), n: 30 },
            Moved { from: Some(State::Interested), to: Some(State::Interested), n: 60 },
            Moved { from: Some(State::Interested), to: Some(State::Bought), n: 10 },
            Moved { from: Some(State::Bought), to: None, n: 5 },
        ];
        for name in Scheme::NAMES {
            let found = flows(&moved, Scheme::named(name).unwrap(), 0.9);
            assert_eq!(found.iter().map(|flow| flow.n).sum::<u64>(), 155, "{name}");
        }
        let aipl = flows(&moved, Scheme::Aipl, 0.9);
        // Interest and asking are one stage there: ninety of a hundred stayed in it.
        let stayed = aipl.iter().find(|flow| flow.from == Some(1) && flow.to == Some(1)).unwrap();
        assert_eq!((stayed.n, stayed.share.value), (90, 0.9));
        assert_eq!((came_nearer(&moved, Scheme::Aipl, 0.9).0, came_nearer(&moved, Scheme::FiveA, 0.9).0), (60, 90));
    }
}
