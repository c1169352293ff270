//! The terms that depend on what this customer did: durable goods, accessories, bundles, successors, price drops. Each
//! yields few (item, value) pairs; nothing here walks the whole catalogue.

use std::collections::BTreeMap;

use domain::{EventKind, Settings};

use super::answer::{OwnEvent, Request, TermName};
use super::catalogue::Catalogue;
use super::grid;
use crate::retail::{ACCESSORY, BUNDLE, Cycle, DURABLE, FitPairs, Knowledge, PRICE_DROP, SUCCESSOR};
use crate::{HistoryEntry, rank::Policy};

/// A summand of one item's total.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extra {
    pub item: u32,
    pub name: TermName,
    /// Index into [`Own::events`]; `None` for the product at hand.
    pub own: Option<usize>,
    pub rule: Option<usize>,
    pub value: f64,
}

/// The request's events with their items, and what follows from them.
pub(crate) struct Own<'a> {
    pub events: Vec<(u32, &'a OwnEvent)>,
    pub context: Option<u32>,
    /// Bought and not returned: item to index of the purchase.
    pub owned: BTreeMap<u32, usize>,
    /// Looked at or put aside, not owned: item to index of the latest such event.
    pub looked_at: BTreeMap<u32, usize>,
    now: i64,
}

impl<'a> Own<'a> {
    pub(crate) fn of(request: &'a Request, catalogue: &Catalogue) -> Self {
        let resolve = |event: &'a OwnEvent| catalogue.item(&event.product_id).map(|item| (item, event));
        let mut events: Vec<_> = request.events.iter().filter_map(resolve).collect();
        events.sort_by_key(|(item, event)| (event.at, *item, event.kind));
        let context = request.context_product.as_deref().and_then(|id| catalogue.item(id));
        let (mut owned, mut looked_at) = (BTreeMap::new(), BTreeMap::new());
        for (at, (item, event)) in events.iter().enumerate() {
            match event.kind {
                EventKind::Purchase => drop(owned.insert(*item, at)),
                EventKind::Return => drop(owned.remove(item)),
                EventKind::Uncart | EventKind::Rate => {}
                _ => drop(looked_at.insert(*item, at)),
            }
        }
        looked_at.retain(|item, _| !owned.contains_key(item));
        Own { events, context, owned, looked_at, now: request.now.0 }
    }

    /// One entry per item: the strongest weight, as in training, and the latest time; returned products left out.
    pub(crate) fn history(&self) -> Vec<HistoryEntry> {
        let mut by_item: BTreeMap<u32, HistoryEntry> = BTreeMap::new();
        for (item, event) in &self.events {
            if event.kind == EventKind::Return {
                by_item.remove(item);
                continue;
            }
            let entry = by_item.entry(*item).or_insert(HistoryEntry { item: *item, weight: 0.0, at: event.at.0 });
            entry.weight = entry.weight.max(event.weight);
            entry.at = entry.at.max(event.at.0);
        }
        by_item.into_values().filter(|entry| entry.weight != 0.0).collect()
    }

    /// The event that says most about an own item: the heaviest, then the latest.
    pub(crate) fn strongest(&self, item: u32) -> Option<&'a OwnEvent> {
        let own = self.events.iter().filter(|(other, _)| *other == item).map(|(_, event)| *event);
        own.max_by(|a, b| a.weight.total_cmp(&b.weight).then(a.at.cmp(&b.at)))
    }

    fn age_days(&self, at: usize) -> f64 {
        (self.now - self.events[at].1.at.0).max(0) as f64 / 86_400_000.0
    }

    fn half_life(&self, at: usize, half_life_days: f64) -> f64 {
        0.5f64.powf(self.age_days(at) / half_life_days.max(1e-9))
    }

    /// What an accessory may fit: the product at hand, what is owned, what was looked at; with how much it counts.
    fn hosts(&self, half_life_days: f64) -> Vec<Host> {
        let own = self.owned.iter().chain(&self.looked_at);
        let own = own.map(|(&item, &at)| Host { item, own: Some(at), strength: self.half_life(at, half_life_days) });
        self.context.map(|item| Host { item, own: None, strength: 1.0 }).into_iter().chain(own).collect()
    }
}

/// The settings of the retail terms, read once per policy.
pub(crate) struct RetailSettings {
    pub durable: f64,
    pub accessory: f64,
    pub accessory_half_life_days: f64,
    pub must_fit: bool,
    pub bundle: f64,
    pub bundle_window_days: f64,
    pub successor: f64,
    pub without_cycle_days: f64,
    pub price_drop: Settings,
}

impl RetailSettings {
    pub(crate) fn of(policy: &Policy) -> Self {
        let accessory = policy.settings(&ACCESSORY);
        let bundle = policy.settings(&BUNDLE);
        let successor = policy.settings(&SUCCESSOR);
        RetailSettings {
            durable: policy.settings(&DURABLE).float("weight"),
            accessory: accessory.float("weight"),
            accessory_half_life_days: accessory.float("half_life_days"),
            must_fit: accessory.bool("must_fit"),
            bundle: bundle.float("weight"),
            bundle_window_days: bundle.float("window_days"),
            successor: successor.float("weight"),
            without_cycle_days: successor.float("without_cycle_days"),
            price_drop: policy.settings(&PRICE_DROP),
        }
    }

    /// Together the most that the retail terms can move one item.
    pub(crate) fn weights(&self) -> f64 {
        self.durable + self.accessory + self.bundle + self.successor + self.price_drop.float("weight")
    }
}

/// A category held back as a whole: it may have thousands of items, so they are named by the catalogue's own list.
pub(crate) struct HeldBack<'a> {
    /// Ascending.
    pub items: &'a [u32],
    /// Index into [`Own::events`]: the purchase it is held back for.
    pub own: usize,
    pub value: f64,
}

impl HeldBack<'_> {
    /// The group that counts for `item`: where a category and one below it are both held back, the stronger.
    pub(crate) fn of<'a, 'b>(groups: &'a [HeldBack<'b>], item: u32) -> Option<&'a HeldBack<'b>> {
        groups.iter().find(|group| group.items.binary_search(&item).is_ok())
    }
}

/// Something that accessories fit.
pub(crate) struct Host {
    pub item: u32,
    /// Index into [`Own::events`]; `None` for the product at hand.
    pub own: Option<usize>,
    /// 0 to 1.
    pub strength: f64,
}

/// The accessories that fit what the customer has, whole groups at once: thousands may share a socket.
pub(crate) struct Fitting<'a> {
    fits: &'a FitPairs,
    /// Strongest first.
    hosts: Vec<Host>,
    /// Ascending by group.
    groups: Vec<FittingGroup>,
}

struct FittingGroup {
    group: u32,
    /// Indexes into the hosts: the strongest of the group, and the strongest that is another item, since nothing is an
    /// accessory of its own.
    first: usize,
    second: Option<usize>,
}

impl<'a> Fitting<'a> {
    pub(crate) fn of(own: &Own, fits: &'a FitPairs, settings: &RetailSettings) -> Self {
        let mut hosts = own.hosts(settings.accessory_half_life_days);
        hosts.sort_by(|a, b| b.strength.total_cmp(&a.strength));
        let mut by_group: BTreeMap<u32, FittingGroup> = BTreeMap::new();
        for (at, host) in hosts.iter().enumerate() {
            for &group in fits.groups_of_host(host.item) {
                let known = by_group.entry(group).or_insert(FittingGroup { group, first: at, second: None });
                if hosts[known.first].item != host.item && known.second.is_none() {
                    known.second = Some(at);
                }
            }
        }
        Fitting { fits, hosts, groups: by_group.into_values().collect() }
    }

    /// Whether nothing is known that an accessory could fit.
    pub(crate) fn is_a_stranger(&self) -> bool {
        self.hosts.is_empty()
    }

    /// The strongest own thing that `item` fits.
    pub(crate) fn host_of(&self, item: u32) -> Option<&Host> {
        let host = |group: &u32| {
            let at = self.groups.binary_search_by_key(group, |known| known.group).ok()?;
            let known = &self.groups[at];
            if self.hosts[known.first].item == item { known.second } else { Some(known.first) }
        };
        self.fits.groups_of_accessory(item).iter().filter_map(host).min().map(|at| &self.hosts[at])
    }

    /// Groups with the strength of their strongest host, strongest first; own things that are accessories themselves
    /// may have a weaker one, see [`Fitting::host_of`].
    pub(crate) fn groups(&self) -> Vec<(u32, f64)> {
        let mut groups: Vec<&FittingGroup> = self.groups.iter().collect();
        groups.sort_by_key(|known| known.first);
        groups.into_iter().map(|known| (known.group, self.hosts[known.first].strength)).collect()
    }

    pub(crate) fn items_in(&self, group: u32) -> &[u32] {
        self.fits.accessories_in(group)
    }

    pub(crate) fn hosts(&self) -> impl Iterator<Item = u32> + '_ {
        self.hosts.iter().map(|host| host.item)
    }
}

/// The largest value per item, so that five owned phones do not raise a charger five times.
#[derive(Default)]
struct Strongest(BTreeMap<u32, (f64, Option<usize>)>);

impl Strongest {
    fn offer(&mut self, item: u32, value: f64, own: Option<usize>) {
        let best = self.0.entry(item).or_insert((value, own));
        if value.abs() > best.0.abs() {
            *best = (value, own);
        }
    }

    fn extras(self, name: TermName) -> impl Iterator<Item = Extra> {
        let extras = self.0.into_iter();
        let extras = extras.map(move |(item, (value, own))| Extra { item, name, own, rule: None, value: grid(value) });
        extras.filter(|extra| extra.value != 0.0)
    }
}

/// The retail terms that raise few items; see [`held_back`] and [`Fitting`] for the rest. `available` says whether an item may be shown.
pub(crate) fn retail_terms(
    own: &Own,
    catalogue: &Catalogue,
    knowledge: &Knowledge,
    settings: &RetailSettings,
    available: &dyn Fn(u32) -> bool,
) -> Vec<Extra> {
    let mut extras = Vec::new();
    extras.extend(bundle(own, knowledge, settings).extras(TermName::Bundle));
    extras.extend(successor(own, catalogue, knowledge, settings, available).extras(TermName::Successor));
    extras.extend(price_drop(own, catalogue, &settings.price_drop).extras(TermName::PriceDrop));
    extras
}

fn cycle_of<'a>(item: u32, catalogue: &Catalogue, knowledge: &'a Knowledge) -> Option<&'a Cycle> {
    catalogue.product(item).category.as_deref().and_then(|path| knowledge.cycles.get(path))
}

/// The categories held back for what the customer owns of them, strongest first.
pub(crate) fn held_back<'a>(
    own: &Own,
    catalogue: &'a Catalogue,
    knowledge: &Knowledge,
    settings: &RetailSettings,
) -> Vec<HeldBack<'a>> {
    let mut by_category: BTreeMap<&str, (f64, usize)> = BTreeMap::new();
    for (&item, &at) in &own.owned {
        let Some(cycle) = cycle_of(item, catalogue, knowledge) else { continue };
        let kept = 1.0 - cycle.replaced(own.age_days(at));
        let path = catalogue.product(item).category.as_deref().expect("a cycle is found by category");
        let most = by_category.entry(path).or_insert((kept, at));
        if kept > most.0 {
            *most = (kept, at);
        }
    }
    let groups = by_category.into_iter().map(|(path, (kept, own))| HeldBack {
        items: catalogue.of_category(path),
        own,
        value: grid(-settings.durable * kept),
    });
    let mut groups: Vec<HeldBack> = groups.filter(|group| group.value != 0.0).collect();
    groups.sort_by(|a, b| a.value.total_cmp(&b.value));
    groups
}

fn bundle(own: &Own, knowledge: &Knowledge, settings: &RetailSettings) -> Strongest {
    let mut triggers: Vec<(u32, Option<usize>, f64)> = own.context.map(|item| (item, None, 1.0)).into_iter().collect();
    let in_cart = own.looked_at.iter().filter(|&(_, &at)| own.events[at].1.kind == EventKind::Cart);
    triggers.extend(in_cart.map(|(&item, &at)| (item, Some(at), 1.0)));
    let fading = |at: usize| 1.0 - own.age_days(at) / settings.bundle_window_days.max(1e-9);
    triggers.extend(own.owned.iter().map(|(&item, &at)| (item, Some(at), fading(at))));
    let mut strongest = Strongest::default();
    for (item, at, strength) in triggers.into_iter().filter(|trigger| trigger.2 > 0.0) {
        for companion in knowledge.bundles.of(item) {
            let sureness = (companion.lift_low.log10()).clamp(0.0, 1.0);
            strongest.offer(companion.item, settings.bundle * strength * sureness, at);
        }
    }
    strongest
}

fn successor(
    own: &Own,
    catalogue: &Catalogue,
    knowledge: &Knowledge,
    settings: &RetailSettings,
    available: &dyn Fn(u32) -> bool,
) -> Strongest {
    let assumed = Cycle {
        mu: settings.without_cycle_days.max(1.0).ln(),
        sigma: 0.5,
        n_intervals: 0,
        n_censored: 0,
        origin: crate::retail::CycleOrigin::BuiltIn,
    };
    let mut strongest = Strongest::default();
    for (&item, &at) in &own.owned {
        let due = cycle_of(item, catalogue, knowledge).unwrap_or(&assumed).replaced(own.age_days(at));
        for next in knowledge.successors.newest(item, available) {
            strongest.offer(next, settings.successor * due, Some(at));
        }
    }
    strongest
}

fn price_drop(own: &Own, catalogue: &Catalogue, settings: &Settings) -> Strongest {
    let mut strongest = Strongest::default();
    for (&item, &at) in &own.looked_at {
        let seen = own.events[at].1.price_cents.filter(|price| price.0 > 0);
        let Some((seen, now)) = seen.zip(catalogue.product(item).price_cents) else { continue };
        let drop = (seen.0 - now.0) as f64 / seen.0 as f64;
        if drop >= settings.float("min_drop") && drop > 0.0 {
            let fade = own.half_life(at, settings.float("half_life_days"));
            strongest.offer(item, settings.float("weight") * (drop / 0.5).min(1.0) * fade, Some(at));
        }
    }
    strongest
}
