//! Who is contacted about what now: of all contacts that could be made those that bring most together, where a customer bears so
//! many, a channel and a product have so many places, and money is short. Each shared limit gets a price (Lagrange), found by
//! halving, one limit after the other, until no limit asks for another price; contacts are then taken in the order of what they
//! bring beyond those prices, as long as there is room. The answer carries the bound of the dual, so that the loss against the
//! best choice is known. Not here: what a contact is expected to bring, and who may be contacted at all.

use math::distributions::{chi_squared_quantile, normal_quantile};
use math::special::normal_cdf;

use crate::{Estimate, StrategyError};

/// What one former campaign found: an effect and its standard error.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Found {
    pub effect: f64,
    pub error: f64,
}

/// Midpoints at which the confidence distribution of the differences between campaigns is read; 4,000 move an interval of five
/// campaigns by less than a thousandth.
const READ_AT: usize = 200;

/// What the next campaign of the kind is to be expected to find: the mean of former ones by how much each says and how much they
/// differ, and the interval for a new one. How much they differ (τ²) is known badly from a few campaigns; so the answer is drawn
/// together over its confidence distribution, Q(τ²) ~ χ² (Nagashima, Noma and Furukawa 2019, with Cochran's Q in place of the exact
/// distribution), instead of taking one estimate for the truth, whose intervals hold too little. Of one campaign its own interval.
/// `None` without any.
///
/// # Errors
/// If an effect is not finite or an error not above 0.
pub fn expected(found: &[Found], level: f64) -> Result<Option<Estimate>, StrategyError> {
    for (at, one) in found.iter().enumerate() {
        if !one.effect.is_finite() {
            return Err(StrategyError::bad_value("effect", at, one.effect, "a finite number"));
        }
        if !(one.error.is_finite() && one.error > 0.0) {
            return Err(StrategyError::bad_value("standard error", at, one.error, "a finite number above 0"));
        }
    }
    let tail = 0.5 - level / 2.0;
    Ok(match found {
        [] => None,
        [one] => {
            let half = normal_quantile(1.0 - tail) * one.error;
            Some(Estimate { value: one.effect, low: one.effect - half, high: one.effect + half, level })
        }
        several => {
            let parts = new_ones(several);
            let value = parts.iter().map(|part| part.effect).sum::<f64>() / parts.len() as f64;
            Some(Estimate { value, low: quantile_of(&parts, tail), high: quantile_of(&parts, 1.0 - tail), level })
        }
    })
}

/// The mean and the deviation of a new campaign's effect at each of [`READ_AT`] equally likely values of τ².
fn new_ones(found: &[Found]) -> Vec<Found> {
    let mean_at = |between: f64| {
        let weight = |one: &Found| 1.0 / (one.error.powi(2) + between);
        let sum: f64 = found.iter().map(weight).sum();
        let mean = found.iter().map(|one| weight(one) * one.effect).sum::<f64>() / sum;
        (mean, sum, found.iter().map(|one| weight(one) * (one.effect - mean).powi(2)).sum::<f64>())
    };
    let spread: f64 = found.iter().map(|one| (one.effect - found[0].effect).powi(2)).sum();
    (0..READ_AT)
        .map(|at| {
            let asked = chi_squared_quantile((at as f64 + 0.5) / READ_AT as f64, found.len() as f64 - 1.0);
            // Q falls with τ², and at `spread / asked` it is below what is asked.
            let between =
                if mean_at(0.0).2 <= asked { 0.0 } else { falls_to(asked, spread / asked, |at| mean_at(at).2) };
            let (effect, sum, _) = mean_at(between);
            Found { effect, error: (between + 1.0 / sum).sqrt() }
        })
        .collect()
}

/// Where a falling function passes `asked` between 0 and `high`.
fn falls_to(asked: f64, mut high: f64, falling: impl Fn(f64) -> f64) -> f64 {
    let mut low = 0.0;
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        *(if falling(middle) > asked { &mut low } else { &mut high }) = middle;
    }
    f64::midpoint(low, high)
}

/// The quantile of normal distributions that are equally likely.
fn quantile_of(parts: &[Found], p: f64) -> f64 {
    let normal = |part: &Found| part.effect + normal_quantile(p) * part.error;
    let mut low = parts.iter().map(normal).fold(f64::INFINITY, f64::min);
    let mut high = parts.iter().map(normal).fold(f64::NEG_INFINITY, f64::max);
    for _ in 0..HALVINGS {
        let middle = f64::midpoint(low, high);
        let below = parts.iter().map(|part| normal_cdf((middle - part.effect) / part.error)).sum::<f64>();
        *(if below < p * parts.len() as f64 { &mut low } else { &mut high }) = middle;
    }
    f64::midpoint(low, high)
}

/// Contacts accepted at once, at most.
pub const CONTACTS_MAX: usize = 20_000_000;

/// Rounds over all limits, and halvings of a price, at most.
const ROUNDS: usize = 12;
const HALVINGS: usize = 50;

/// One contact that could be made.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Contact {
    /// Numbers of the customer, of the channel, and of the product that it may sell.
    pub customer: u32,
    pub channel: u32,
    pub product: Option<u32>,
    /// What it is expected to bring before its cost.
    pub gain: f64,
    /// 0 or more.
    pub cost: f64,
}

/// What limits contacts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Room<'a> {
    /// How many contacts each customer still bears. Shape: (n_customers).
    pub customers: &'a [u32],
    /// Contacts that each channel can carry. Shape: (n_channels).
    pub channels: &'a [u64],
    /// Contacts that each product's stock allows. Shape: (n_products).
    pub products: &'a [u64],
    /// For all contacts together; infinite for none.
    pub budget: f64,
}

/// The contacts to make.
#[derive(Clone, Debug, PartialEq)]
pub struct Contacts {
    /// Places among the contacts given, ascending.
    pub chosen: Vec<usize>,
    pub gain: f64,
    pub cost: f64,
    /// No choice within the limits brings more than this after costs.
    pub bound: f64,
    /// What one more coin of budget, one more place of each channel would bring.
    pub price_of_budget: f64,
    pub prices_of_channels: Vec<f64>,
}

/// A limit that several customers share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Limit {
    Budget,
    Channel(usize),
    Product(usize),
}

/// Chooses contacts so that every limit holds and gains less costs are as large as possible.
///
/// # Errors
/// If there are too many contacts, a number is not finite, a cost or the budget negative, or a contact names a customer, channel or
/// product that `room` does not have.
pub fn choose(contacts: &[Contact], room: &Room) -> Result<Contacts, StrategyError> {
    check(contacts, room)?;
    let mut market = Market::new(contacts, room);
    market.find_prices();
    let bound = market.dual();
    let chosen = market.taken_in_turn();
    let sum = |of: fn(&Contact) -> f64| chosen.iter().map(|&at| of(&contacts[at])).sum::<f64>();
    Ok(Contacts {
        gain: sum(|contact| contact.gain),
        cost: sum(|contact| contact.cost),
        bound,
        price_of_budget: market.budget,
        prices_of_channels: market.channels,
        chosen,
    })
}

fn check(contacts: &[Contact], room: &Room) -> Result<(), StrategyError> {
    if contacts.len() > CONTACTS_MAX {
        return Err(StrategyError::bad_value(
            "number of contacts",
            0,
            contacts.len(),
            format!("at most {CONTACTS_MAX}"),
        ));
    }
    if room.budget.is_nan() || room.budget < 0.0 {
        return Err(StrategyError::bad_value("budget", 0, room.budget, "0 or more"));
    }
    for (at, contact) in contacts.iter().enumerate() {
        if !contact.gain.is_finite() {
            return Err(StrategyError::bad_value("gain", at, contact.gain, "a finite number"));
        }
        if !(contact.cost.is_finite() && contact.cost >= 0.0) {
            return Err(StrategyError::bad_value("cost", at, contact.cost, "a finite number, 0 or more"));
        }
        let named = [
            ("customer", Some(contact.customer), room.customers.len()),
            ("channel", Some(contact.channel), room.channels.len()),
            ("product", contact.product, room.products.len()),
        ];
        for (what, found, n) in named {
            if let Some(found) = found.filter(|&found| found as usize >= n) {
                return Err(StrategyError::bad_value(what, at, found, format!("less than {n}")));
            }
        }
    }
    Ok(())
}

/// Contacts by customer, and the prices of what they share.
struct Market<'a> {
    contacts: &'a [Contact],
    room: &'a Room<'a>,
    /// Contacts that bring more than they cost, customer by customer, and where each customer's begin and end.
    order: Vec<u32>,
    ranges: Vec<(u32, u32)>,
    budget: f64,
    channels: Vec<f64>,
    products: Vec<f64>,
}

impl<'a> Market<'a> {
    fn new(contacts: &'a [Contact], room: &'a Room<'a>) -> Self {
        let mut order: Vec<u32> =
            (0..contacts.len() as u32).filter(|&at| contacts[at as usize].gain > contacts[at as usize].cost).collect();
        order.sort_by_key(|&at| contacts[at as usize].customer);
        let mut ranges = Vec::new();
        let mut start = 0;
        for same in order.chunk_by(|&a, &b| contacts[a as usize].customer == contacts[b as usize].customer) {
            ranges.push((start, start + same.len() as u32));
            start += same.len() as u32;
        }
        let (channels, products) = (vec![0.0; room.channels.len()], vec![0.0; room.products.len()]);
        Market { contacts, room, order, ranges, budget: 0.0, channels, products }
    }

    /// What a contact brings beyond its cost and the prices of what it takes.
    fn left(&self, at: u32) -> f64 {
        let contact = &self.contacts[at as usize];
        let product = contact.product.map_or(0.0, |product| self.products[product as usize]);
        contact.gain - contact.cost * (1.0 + self.budget) - self.channels[contact.channel as usize] - product
    }

    /// A customer's contacts at the present prices: the best of them, as many as the customer bears. Calls `take` for each.
    fn wanted(&self, (start, end): (u32, u32), best: &mut Vec<(f64, u32)>, mut take: impl FnMut(f64, u32)) {
        let mine = &self.order[start as usize..end as usize];
        let bears = self.room.customers[self.contacts[mine[0] as usize].customer as usize] as usize;
        best.clear();
        best.extend(mine.iter().map(|&at| (self.left(at), at)).filter(|(left, _)| *left > 0.0));
        if best.len() > bears {
            best.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
            best.truncate(bears);
        }
        best.iter().for_each(|&(left, at)| take(left, at));
    }

    fn capacity(&self, limit: Limit) -> f64 {
        match limit {
            Limit::Budget => self.room.budget,
            Limit::Channel(at) => self.room.channels[at] as f64,
            Limit::Product(at) => self.room.products[at] as f64,
        }
    }

    fn use_of(&self, limit: Limit, at: u32) -> f64 {
        let contact = &self.contacts[at as usize];
        match limit {
            Limit::Budget => contact.cost,
            Limit::Channel(channel) => f64::from(u8::from(contact.channel as usize == channel)),
            Limit::Product(product) => f64::from(u8::from(contact.product.is_some_and(|it| it as usize == product))),
        }
    }

    fn price(&mut self, limit: Limit) -> &mut f64 {
        match limit {
            Limit::Budget => &mut self.budget,
            Limit::Channel(at) => &mut self.channels[at],
            Limit::Product(at) => &mut self.products[at],
        }
    }

    /// What the contacts wanted by these customers take of a limit.
    fn demand(&self, limit: Limit, customers: &[u32]) -> f64 {
        let (mut sum, mut best) = (0.0, Vec::new());
        for &customer in customers {
            self.wanted(self.ranges[customer as usize], &mut best, |_, at| sum += self.use_of(limit, at));
        }
        sum
    }

    /// Sets the price of a limit to the lowest at which no more is wanted than there is, the others given; whether it moved.
    fn settle(&mut self, limit: Limit, customers: &[u32]) -> bool {
        let (capacity, before) = (self.capacity(limit), *self.price(limit));
        *self.price(limit) = 0.0;
        if self.demand(limit, customers) <= capacity {
            return before != 0.0;
        }
        let (mut low, mut high) = (0.0, before.max(1.0));
        loop {
            *self.price(limit) = high;
            if self.demand(limit, customers) <= capacity || high > 1e200 {
                break;
            }
            (low, high) = (high, high * 4.0);
        }
        for _ in 0..HALVINGS {
            if high - low <= 1e-9 * high {
                break;
            }
            let middle = 0.5 * (low + high);
            *self.price(limit) = middle;
            if self.demand(limit, customers) > capacity { low = middle } else { high = middle }
        }
        *self.price(limit) = high;
        (high - before).abs() > 1e-6 * high.max(before)
    }

    /// Limits of which somebody could want more than there is, with the customers who could.
    fn scarce(&self) -> Vec<(Limit, Vec<u32>)> {
        let mut wanting: Vec<(Limit, Vec<u32>)> =
            (0..self.channels.len()).map(|at| (Limit::Channel(at), Vec::new())).collect();
        wanting.extend((0..self.products.len()).map(|at| (Limit::Product(at), Vec::new())));
        let mut n_of = vec![0.0; wanting.len()];
        for (customer, &(start, end)) in self.ranges.iter().enumerate() {
            for &at in &self.order[start as usize..end as usize] {
                let contact = &self.contacts[at as usize];
                let product = contact.product.map(|product| self.channels.len() + product as usize);
                for place in std::iter::once(contact.channel as usize).chain(product) {
                    n_of[place] += 1.0;
                    let customers = &mut wanting[place].1;
                    if customers.last() != Some(&(customer as u32)) {
                        customers.push(customer as u32);
                    }
                }
            }
        }
        let mut n_of = n_of.into_iter();
        wanting.retain(|(limit, _)| n_of.next().is_some_and(|n| n > self.capacity(*limit)));
        let cost: f64 = self.order.iter().map(|&at| self.contacts[at as usize].cost).sum();
        if cost > self.room.budget {
            wanting.push((Limit::Budget, (0..self.ranges.len() as u32).collect()));
        }
        wanting
    }

    fn find_prices(&mut self) {
        let scarce = self.scarce();
        for _ in 0..ROUNDS {
            let mut has_moved = false;
            for (limit, customers) in &scarce {
                has_moved |= self.settle(*limit, customers);
            }
            if !has_moved {
                break;
            }
        }
    }

    /// The value of the dual at the present prices.
    fn dual(&self) -> f64 {
        let (mut sum, mut best) = (0.0, Vec::new());
        for &range in &self.ranges {
            self.wanted(range, &mut best, |left, _| sum += left);
        }
        let places =
            |prices: &[f64], room: &[u64]| prices.iter().zip(room).map(|(price, n)| price * *n as f64).sum::<f64>();
        let money = if self.budget > 0.0 { self.budget * self.room.budget } else { 0.0 };
        sum + money + places(&self.channels, self.room.channels) + places(&self.products, self.room.products)
    }

    /// Contacts in the order of what they bring beyond the prices, as long as every limit holds.
    fn taken_in_turn(&self) -> Vec<usize> {
        let mut turn: Vec<(f64, u32)> = self.order.iter().map(|&at| (self.left(at), at)).collect();
        turn.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(&b.1)));
        let (mut customers, mut channels) = (self.room.customers.to_vec(), self.room.channels.to_vec());
        let (mut products, mut budget) = (self.room.products.to_vec(), self.room.budget);
        let mut chosen = Vec::new();
        for (_, at) in turn {
            let contact = &self.contacts[at as usize];
            let (customer, channel) = (contact.customer as usize, contact.channel as usize);
            let product = contact.product.map(|product| product as usize);
            let has_room = customers[customer] > 0
                && channels[channel] > 0
                && product.is_none_or(|product| products[product] > 0)
                && contact.cost <= budget;
            if has_room {
                customers[customer] -= 1;
                channels[channel] -= 1;
                product.into_iter().for_each(|product| products[product] -= 1);
                budget -= contact.cost;
                chosen.push(at as usize);
            }
        }
        chosen.sort_unstable();
        chosen
    }
}

#[cfg(test)]
mod tests {
    use math::Random;

    use super::*;

    fn contact(customer: u32, channel: u32, product: Option<u32>, gain: f64, cost: f64) -> Contact {
        Contact { customer, channel, product, gain, cost }
    }

    fn holds(contacts: &[Contact], room: &Room, chosen: &[usize]) -> bool {
        let n = |is: &dyn Fn(&Contact) -> bool| chosen.iter().filter(|&&at| is(&contacts[at])).count() as u64;
        let cost: f64 = chosen.iter().map(|&at| contacts[at].cost).sum();
        let each = |of: &[u64], is: &dyn Fn(&Contact, u32) -> bool| {
            of.iter().enumerate().all(|(at, most)| n(&|contact| is(contact, at as u32)) <= *most)
        };
        let customers: Vec<u64> = room.customers.iter().map(|&n| u64::from(n)).collect();
        cost <= room.budget + 1e-9
            && each(&customers, &|contact, at| contact.customer == at)
            && each(room.channels, &|contact, at| contact.channel == at)
            && each(room.products, &|contact, at| contact.product == Some(at))
    }

    fn net(contacts: &[Contact], chosen: &[usize]) -> f64 {
        chosen.iter().map(|&at| contacts[at].gain - contacts[at].cost).sum()
    }

    /// By hand: one piece of product 0 for two who would buy it. The first has something else nearly as good, the second has not.
    #[test]
    fn who_has_something_else_gives_way() {
        let contacts = [
            contact(0, 0, Some(0), 10.0, 1.0),
            contact(0, 0, Some(1), 9.0, 1.0),
            contact(1, 0, Some(0), 9.5, 1.0),
            contact(1, 0, None, 2.0, 1.0),
            contact(2, 0, None, 0.5, 1.0),
        ];
        let room = Room { customers: &[1, 1, 1], channels: &[9], products: &[1, 9], budget: f64::INFINITY };
        let found = choose(&contacts, &room).unwrap();
        assert_eq!(found.chosen, [1, 2]);
        assert!((found.bound - 16.5).abs() < 1e-6 && found.price_of_budget == 0.0, "{found:?}");
        // Money for one: who brings more for it.
        let found = choose(&contacts, &Room { budget: 1.0, ..room }).unwrap();
        assert_eq!((found.chosen, found.cost), (vec![0], 1.0));
        // A channel with a single place.
        let found = choose(&contacts, &Room { channels: &[1], ..room }).unwrap();
        assert_eq!(found.chosen, [0]);
        assert!(found.prices_of_channels[0] > 7.0, "{found:?}");
    }

    fn random_case(random: &mut Random, n: usize, n_customers: usize) -> Vec<Contact> {
        let mut made = Vec::new();
        for _ in 0..n {
            let product = random.below(4);
            made.push(contact(
                random.below(n_customers) as u32,
                random.below(2) as u32,
                (product < 3).then_some(product as u32),
                random.uniform() * 10.0 - 1.0,
                random.uniform() * 2.0,
            ));
        }
        made
    }

    /// Against every choice there is, of small cases: limits always hold, the bound is one, and little is lost.
    #[test]
    fn small_cases_are_chosen_nearly_as_well_as_by_trying_all() {
        let mut random = Random::new(7);
        let (mut ours, mut best_of_all) = (0.0, 0.0);
        for _ in 0..300 {
            let contacts = random_case(&mut random, 11, 5);
            let customers: Vec<u32> = (0..5).map(|_| random.below(3) as u32).collect();
            let channels = [1 + random.below(4) as u64, random.below(4) as u64];
            let products = [random.below(3) as u64, random.below(3) as u64, random.below(3) as u64];
            let budget = if random.below(3) == 0 { f64::INFINITY } else { random.uniform() * 6.0 };
            let room = Room { customers: &customers, channels: &channels, products: &products, budget };
            let found = choose(&contacts, &room).unwrap();
            assert!(holds(&contacts, &room, &found.chosen), "{contacts:?} {room:?} {found:?}");
            let mut best = 0f64;
            for set in 0u32..1 << contacts.len() {
                let chosen: Vec<usize> = (0..contacts.len()).filter(|at| set >> at & 1 == 1).collect();
                if net(&contacts, &chosen) > best && holds(&contacts, &room, &chosen) {
                    best = net(&contacts, &chosen);
                }
            }
            assert!(found.bound >= best - 1e-6, "{} below {best}", found.bound);
            let reached = net(&contacts, &found.chosen);
            assert!(reached >= 0.6 * best - 1e-9, "{reached} of {best}: {contacts:?} {room:?}");
            (ours, best_of_all) = (ours + reached, best_of_all + best);
        }
        assert!(ours >= 0.97 * best_of_all, "{ours} of {best_of_all}");
    }

    /// Among many the loss against the bound is small, with all limits short at once.
    #[test]
    fn among_many_the_loss_is_below_a_hundredth() {
        let mut random = Random::new(3);
        let contacts = random_case(&mut random, 20_000, 8_000);
        let room =
            Room { customers: &[1; 8_000], channels: &[2_000, 1_500], products: &[400, 900, 5_000], budget: 1_800.0 };
        let found = choose(&contacts, &room).unwrap();
        assert!(holds(&contacts, &room, &found.chosen));
        let reached = net(&contacts, &found.chosen);
        assert!(reached >= 0.99 * found.bound && reached <= found.bound + 1e-6, "{reached} of {}", found.bound);
        assert!(found.price_of_budget > 0.0);
        assert_eq!(found, choose(&contacts, &room).unwrap());
    }

    /// Computed with SciPy 1.17.1 (chi2.ppf, brentq, norm.cdf) at 4,000 midpoints.
    #[test]
    fn former_campaigns_are_drawn_together_as_by_scipy() {
        let of = |effects: &[f64], errors: &[f64]| {
            let found: Vec<Found> =
                effects.iter().zip(errors).map(|(&effect, &error)| Found { effect, error }).collect();
            expected(&found, 0.9).unwrap().unwrap()
        };
        for (effects, errors, value, low, high, within) in [
            (&[0.1, 0.3][..], &[0.1; 2][..], 0.2, -0.884_72, 1.284_72, 0.02),
            (&[0.2; 4], &[0.2; 4], 0.2, 0.035_515, 0.364_485, 1e-5),
            (&[0.05, 0.12, -0.02, 0.3, 0.11], &[0.03, 0.05, 0.06, 0.1, 0.04], 0.096_362, -0.136_678, 0.343_460, 1e-3),
        ] {
            let told = of(effects, errors);
            assert!((told.value - value).abs() < 1e-5, "{told:?}");
            assert!((told.low - low).abs() < within && (told.high - high).abs() < within, "{told:?}");
        }
        let one = of(&[0.1], &[0.1]);
        assert!((one.high - 0.1 - 0.164_485_4).abs() < 1e-6, "{one:?}");
        assert_eq!(expected(&[], 0.9).unwrap(), None);
        assert!(expected(&[Found { effect: 0.1, error: 0.0 }], 0.9).is_err());
    }

    /// Whether campaigns differ or not, and from three on, nine in ten intervals hold what the next truly does; more where campaigns
    /// do not differ, since that cannot be known from a few.
    #[test]
    fn intervals_hold_the_next_campaign() {
        let mut random = Random::new(5);
        let n = 1_000;
        for (n_campaigns, between, lowest, highest) in
            [(3, 0.05, 0.88, 0.96), (6, 0.05, 0.86, 0.95), (12, 0.05, 0.86, 0.93), (6, 0.0, 0.95, 1.0)]
        {
            let mut normal = || normal_quantile(random.uniform().clamp(1e-12, 1.0 - 1e-12));
            let mut n_held = 0;
            for _ in 0..n {
                let truths: Vec<f64> = (0..=n_campaigns).map(|_| 0.1 + between * normal()).collect();
                let found: Vec<Found> = truths[..n_campaigns]
                    .iter()
                    .map(|truth| Found { effect: truth + 0.04 * normal(), error: 0.04 })
                    .collect();
                let told = expected(&found, 0.9).unwrap().unwrap();
                n_held += i32::from(told.low <= truths[n_campaigns] && truths[n_campaigns] <= told.high);
            }
            let share = f64::from(n_held) / f64::from(n);
            assert!((lowest..=highest).contains(&share), "{n_campaigns} campaigns, {between}: {share}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused_and_nothing_is_chosen_of_nothing() {
        let room = Room { customers: &[1], channels: &[1], products: &[1], budget: 1.0 };
        let good = contact(0, 0, Some(0), 2.0, 1.0);
        assert_eq!(choose(&[], &room).unwrap().chosen, [0usize; 0]);
        assert_eq!(choose(&[good], &Room { budget: 0.0, ..room }).unwrap().chosen, [0usize; 0]);
        for (bad, said) in [
            (Contact { gain: f64::NAN, ..good }, "gain"),
            (Contact { cost: -1.0, ..good }, "cost"),
            (Contact { customer: 1, ..good }, "customer"),
            (Contact { channel: 7, ..good }, "channel"),
            (Contact { product: Some(1), ..good }, "product"),
        ] {
            let error = choose(&[bad], &room).unwrap_err().to_string();
            assert!(error.contains(said), "{error}");
        }
        assert!(choose(&[good], &Room { budget: f64::NAN, ..room }).is_err());
    }
}
