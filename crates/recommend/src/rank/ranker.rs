//! The ranker: everything that holds for a day is prepared once, a request then costs one scoring of the model, one
//! pass over the items, and work on a small pool.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;

use domain::{Day, Product, Settings};
use math::{Bitmap, masked};

use super::answer::{Answer, AnswerItem, Filters, Request, Term, TermName, Versions};
use super::board::{Board, Changes, ContentScores};
use super::catalogue::{Catalogue, FNV_START, fnv};
use super::policy::{DIVERSITY, EXPLORATION, MARGIN, POPULARITY_TERM, Policy, PolicyError, STOCK};
use super::rules::{Action, Rule};
use super::select::{Cap, Choice, Exploration, Plan, select};
use super::terms::{Extra, Fitting, HeldBack, Own, RetailSettings, held_back, retail_terms};
use super::{Similarity, grid};
use crate::content::{Content, NearestContent};
use crate::retail::{Knowledge, NEW_PRODUCT};
use crate::{HistoryEntry, Recommender, Source};

/// What a ranker is made of.
pub struct RankerParts {
    pub model: Arc<dyn Recommender>,
    pub model_version: String,
    /// Scores products that the model knows too little about; its items are the catalogue's.
    pub content: Option<Arc<Content>>,
    /// What speaks when the model knows nothing of the customer.
    pub cold: Option<Arc<ColdStart>>,
    /// The model's items first, in its order; products that came later after them.
    pub catalogue: Arc<Catalogue>,
    pub knowledge: Arc<Knowledge>,
    pub policy: Policy,
    pub today: Day,
}

/// Popularity for someone of whom nothing is known. Its items are the model's, or the catalogue's if there is no model.
pub struct ColdStart {
    /// Changes with the content below.
    pub version: String,
    pub everywhere: Arc<dyn Recommender>,
    /// The favourites of each region with their share of the region's first, 0 to 1.
    pub regions: BTreeMap<String, Vec<(u32, f32)>>,
}

/// Why there is no ranker, no answer, or no replay.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
pub enum RankError {
    #[error("the catalogue has {catalogue} products and the model {model} items; the model's must come first in it")]
    TooFewProducts { catalogue: usize, model: usize },
    #[error("the policy cannot be followed: {}", .0.iter().map(ToString::to_string).collect::<Vec<_>>().join("; "))]
    Policy(Vec<PolicyError>),
    #[error("a list of {found} items was asked for; allowed: 1 to {max}")]
    BadLength { found: usize, max: usize },
    #[error("the answer was made with {what} {stored}, this ranker has {present}; replay needs the same")]
    OtherVersion { what: &'static str, stored: String, present: String },
}

/// Longest list of one request.
const N_MAX: usize = 10_000;
/// Own events named one by one in an answer; the rest is one term.
const OWN_EVENTS_MAX: usize = 12;

/// A model, a catalogue and a policy, ready to answer for one day.
pub struct Ranker {
    parts: RankerParts,
    versions: Versions,
    /// On sale today and not excluded by a rule for everyone.
    base: Bitmap,
    accessories: Bitmap,
    /// Shape: (n_items). The sum of the terms that are the same for every request.
    fixed: Vec<f64>,
    /// The same in single precision; minus infinity off sale, so that passes over rough totals need not stop there.
    rough_fixed: Vec<f32>,
    fixed_settings: FixedSettings,
    /// Items that are not sold everywhere.
    regional: Vec<u32>,
    caps: Vec<(usize, Cap)>,
    likeness: AttributeSimilarity,
    retail: RetailSettings,
    diversity: f64,
    pool: usize,
    exploration: Exploration,
    content_weight: f64,
    content_needed: Bitmap,
    /// Reaches only the items that need it.
    content: Option<Arc<NearestContent>>,
    /// Shape: (n_groups of the fits). The accessories of large groups.
    fit_sets: Vec<Option<Bitmap>>,
    /// The items of each rule that holds today in some regions only, by the rule's place in the policy.
    regional_rules: BTreeMap<usize, Bitmap>,
    /// As [`Board::new`] asks for them.
    bounds: (f64, usize),
    region_weight: f64,
    /// Shape: (n_items). [`NO_PRICE`] where there is none.
    prices_cents: Vec<i64>,
}

const NO_PRICE: i64 = i64::MIN;

/// What a request computes with, kept by each thread so that it allocates none of it.
#[derive(Default)]
struct Buffers {
    scores: Vec<f32>,
    rough: Vec<f32>,
    /// All 0 between requests.
    sums: Vec<f32>,
}

thread_local! {
    static BUFFERS: RefCell<Buffers> = RefCell::default();
}

impl Ranker {
    /// Checks the parts and prepares the day.
    pub fn new(parts: RankerParts) -> Result<Ranker, RankError> {
        Self::after(parts, None)
    }

    /// The same, with what `previous` has found out about content that has not changed.
    pub fn after(parts: RankerParts, previous: Option<&Ranker>) -> Result<Ranker, RankError> {
        let (n_items, n_model) = (parts.catalogue.n_items(), parts.model.n_items());
        if n_items < n_model {
            return Err(RankError::TooFewProducts { catalogue: n_items, model: n_model });
        }
        let errors = parts.policy.check(None);
        if !errors.is_empty() {
            return Err(RankError::Policy(errors));
        }
        let diversity = parts.policy.settings(&DIVERSITY);
        let new_product = parts.policy.settings(&NEW_PRODUCT);
        let fixed_settings = FixedSettings::of(&parts);
        let fixed: Vec<f64> = (0..n_items as u32).map(|item| sum(&fixed_settings.terms(&parts, item))).collect();
        let content_needed = content_needed(&parts, new_product.int("min_customers"));
        let content_weight = new_product.float("content_weight");
        let retail = RetailSettings::of(&parts.policy);
        let region_weight = parts.policy.settings(&POPULARITY_TERM).float("region_weight");
        let price = |product: &Product| product.price_cents.map_or(NO_PRICE, |price| price.0);
        let base = base(&parts);
        let rough = |(item, &value): (usize, &f64)| if base.contains(item) { value as f32 } else { f32::NEG_INFINITY };
        Ok(Ranker {
            versions: versions(&parts),
            accessories: accessories(&parts),
            rough_fixed: fixed.iter().enumerate().map(rough).collect(),
            base,
            bounds: bounds(&parts.policy, &fixed, &retail, content_weight + region_weight),
            fixed,
            fixed_settings,
            regional: regional(&parts.catalogue),
            caps: caps(&parts),
            likeness: AttributeSimilarity::of(&parts.catalogue),
            diversity: diversity.float("weight"),
            pool: diversity.usize("pool"),
            exploration: exploration(&parts.policy.settings(&EXPLORATION)),
            content: (content_weight > 0.0).then(|| nearest(&parts, &content_needed, previous)).flatten(),
            content_weight,
            content_needed,
            fit_sets: fit_sets(&parts),
            regional_rules: regional_rules(&parts),
            retail,
            region_weight,
            prices_cents: parts.catalogue.products().iter().map(price).collect(),
            parts,
        })
    }

    pub fn versions(&self) -> &Versions {
        &self.versions
    }

    pub fn catalogue(&self) -> &Catalogue {
        &self.parts.catalogue
    }

    pub fn model(&self) -> &dyn Recommender {
        &*self.parts.model
    }

    pub fn today(&self) -> Day {
        self.parts.today
    }

    pub fn policy(&self) -> &Policy {
        &self.parts.policy
    }

    /// Content's nearest products, if content counts; asking for them beforehand spares requests the search.
    pub fn nearest_content(&self) -> Option<&Arc<NearestContent>> {
        self.content.as_ref()
    }

    /// The items on sale today that no rule excludes for everyone.
    pub fn on_offer(&self) -> &Bitmap {
        &self.base
    }

    /// The list for a request.
    pub fn recommend(&self, request: &Request) -> Result<Answer, RankError> {
        self.recommend_to(request.clone())
    }

    /// The same, with the request kept in the answer rather than copied.
    pub fn recommend_to(&self, request: Request) -> Result<Answer, RankError> {
        let answer = self.unasked(&request)?;
        Ok(Answer { request, ..answer })
    }

    /// The answer without its request.
    fn unasked(&self, request: &Request) -> Result<Answer, RankError> {
        if request.n == 0 || request.n > N_MAX {
            return Err(RankError::BadLength { found: request.n, max: N_MAX });
        }
        let knowledge = &self.parts.knowledge;
        let own = Own::of(request, &self.parts.catalogue);
        let fitting = Fitting::of(&own, &knowledge.fits, &self.retail);
        let eligible = self.eligible(request, &own, &fitting);
        let history = own.history();
        let mut extras = self.extras(request, &own, &eligible);
        BUFFERS.with_borrow_mut(|buffers| {
            let Buffers { scores, rough, sums } = buffers;
            let n_eligible = eligible.count();
            let scale = self.fill(&history, &eligible, scores);
            if scale.is_cold {
                extras.extend(self.regional_extras(request, &eligible));
            }
            // Stable: an item's terms keep their order.
            extras.sort_by_key(|extra| extra.item);
            let changes = Changes {
                extras,
                fitting,
                accessory_weight: self.retail.accessory,
                held_back: held_back(&own, &self.parts.catalogue, knowledge, &self.retail),
                content: self.content(&history, &eligible, sums),
            };
            let (model, fixed) = ((&scores[..], scale.inverse()), (&self.fixed[..], &self.rough_fixed[..]));
            let mut board = Board::new(model, fixed, rough, &changes, self.bounds);
            board.change(&eligible, &self.fit_sets);
            let choices = self.choose(request, &board, eligible);
            let sheet = Sheet { ranker: self, own: &own, history: &history, changes: &changes, scores, scale };
            Ok(self.answer(request, &sheet, &choices, n_eligible))
        })
    }

    /// The answers to many requests, in their order, on the current rayon pool.
    pub fn recommend_all(&self, requests: &[Request]) -> Result<Vec<Answer>, RankError> {
        use rayon::prelude::*;
        requests.par_iter().map(|request| self.recommend(request)).collect()
    }

    /// Makes a stored answer again. It equals the stored one to the bit, or the error says which part is another.
    pub fn replay(&self, answer: &Answer) -> Result<Answer, RankError> {
        let (stored, present) = (&answer.versions, &self.versions);
        let days = (stored.today.to_string(), present.today.to_string());
        for (what, stored, present) in [
            ("model", &stored.model, &present.model),
            ("card", &stored.card, &present.card),
            ("policy", &stored.policy, &present.policy),
            ("catalogue", &stored.catalogue, &present.catalogue),
            ("knowledge", &stored.knowledge, &present.knowledge),
            ("popularity", &stored.popularity, &present.popularity),
            ("day", &days.0, &days.1),
        ] {
            if stored != present {
                return Err(RankError::OtherVersion { what, stored: stored.clone(), present: present.clone() });
            }
        }
        self.recommend(&answer.request)
    }

    fn eligible(&self, request: &Request, own: &Own, fitting: &Fitting) -> Bitmap {
        let mut eligible = self.base.clone();
        filter(&mut eligible, &self.parts.catalogue, &request.filters);
        self.filter_by_price(&mut eligible, &request.filters);
        if !request.filters.include_owned {
            own.owned.keys().for_each(|&item| eligible.remove(item as usize));
        }
        own.context.iter().for_each(|&item| eligible.remove(item as usize));
        self.withhold_by_region(&mut eligible, request.region.as_deref());
        if self.retail.must_fit {
            self.withhold_misfits(&mut eligible, fitting);
        }
        eligible
    }

    fn filter_by_price(&self, eligible: &mut Bitmap, filters: &Filters) {
        if filters.price_min_cents.is_some() || filters.price_max_cents.is_some() {
            let min = filters.price_min_cents.map_or(NO_PRICE + 1, |min| min.0);
            let max = filters.price_max_cents.map_or(i64::MAX, |max| max.0);
            eligible
                .and(&Bitmap::from_fn(self.prices_cents.len(), |item| (min..=max).contains(&self.prices_cents[item])));
        }
    }

    fn withhold_by_region(&self, eligible: &mut Bitmap, region: Option<&str>) {
        let Some(name) = region else { return };
        let catalogue = &self.parts.catalogue;
        let elsewhere = self.regional.iter().filter(|&&item| !catalogue.sold_in(item, name));
        elsewhere.for_each(|&item| eligible.remove(item as usize));
        for (at, _) in self.rules(Action::Exclude).filter(|(_, rule)| rule.holds_in(region)) {
            if let Some(excluded) = self.regional_rules.get(&at) {
                eligible.and_not(excluded);
            }
        }
    }

    /// Accessories that fit nothing the customer owns or looks at; nobody's accessories are withheld from a stranger.
    fn withhold_misfits(&self, eligible: &mut Bitmap, fitting: &Fitting) {
        if fitting.is_a_stranger() {
            return;
        }
        let mut misfits = self.accessories.clone();
        for (group, _) in fitting.groups() {
            match &self.fit_sets[group as usize] {
                Some(set) => misfits.and_not(set),
                None => fitting.items_in(group).iter().for_each(|&item| misfits.remove(item as usize)),
            }
        }
        eligible.and_not(&misfits);
        // A thing that shares a group only with itself fits nothing.
        let own = fitting.hosts().filter(|&item| self.accessories.contains(item as usize));
        own.filter(|&item| fitting.host_of(item).is_none()).for_each(|item| eligible.remove(item as usize));
    }

    /// Rules of an action that hold today, with their place in the policy.
    fn rules(&self, action: Action) -> impl Iterator<Item = (usize, &Rule)> {
        let today = self.parts.today;
        let rules = self.parts.policy.rules.iter().enumerate();
        rules.filter(move |(_, rule)| rule.action == action && rule.holds_on(today))
    }

    /// Terms of this request beyond the model's and the fixed ones, in a fixed order.
    fn extras(&self, request: &Request, own: &Own, eligible: &Bitmap) -> Vec<Extra> {
        let catalogue = &self.parts.catalogue;
        let available = |item: u32| eligible.contains(item as usize);
        let mut extras = retail_terms(own, catalogue, &self.parts.knowledge, &self.retail, &available);
        for (action, name, sign) in [(Action::Boost, TermName::Boost, 1.0), (Action::Bury, TermName::Bury, -1.0)] {
            for (at, rule) in self.rules(action).filter(|(_, rule)| rule.holds_in(request.region.as_deref())) {
                let Some(items) = self.regional_rules.get(&at) else { continue };
                let value = grid(sign * rule.strength.unwrap_or(0.0));
                let raise = |item: usize| Extra { item: item as u32, name, own: None, rule: Some(at), value };
                extras.extend(items.iter().map(raise));
            }
        }
        extras.retain(|extra| available(extra.item));
        extras
    }

    /// The favourites of the customer's region.
    fn regional_extras<'a>(&'a self, request: &Request, eligible: &'a Bitmap) -> impl Iterator<Item = Extra> + 'a {
        let region = request.region.as_ref();
        let regions = self.parts.cold.as_ref().map(|cold| &cold.regions);
        let favourites = regions.zip(region).and_then(|(regions, region)| regions.get(region));
        let shown = favourites.into_iter().flatten().filter(|(item, _)| eligible.contains(*item as usize));
        shown.map(|&(item, share)| {
            let value = grid(self.region_weight * f64::from(share));
            Extra { item, name: TermName::Regional, own: None, rule: None, value }
        })
    }

    /// Scores all items; returns the scale. What is no finite number counts as 0. Of someone in whose history the model knows
    /// nothing, a model with a part that is the same for everyone speaks too; what is popular now, and there, says more.
    fn fill(&self, history: &[HistoryEntry], eligible: &Bitmap, scores: &mut Vec<f32>) -> Scale {
        let (n_items, n_model) = (self.parts.catalogue.n_items(), self.parts.model.n_items());
        scores.resize(n_items, 0.0);
        let (of_model, beyond) = scores.split_at_mut(n_model);
        self.parts.model.score(history, of_model);
        beyond.fill(0.0);
        without_infinities(scores);
        let is_known = history.iter().any(|entry| (entry.item as usize) < n_model);
        let model = f64::from(masked::largest_magnitude(scores, eligible));
        // Where nothing may be shown, it is not the model that has nothing to say.
        let is_silent = model == 0.0 && eligible.count() > 0;
        let mut scale = Scale { model, cold: 0.0, is_cold: !is_known || is_silent };
        if let Some(cold) = self.parts.cold.as_ref().filter(|_| scale.is_cold) {
            scale.model = 0.0;
            scores.fill(0.0);
            cold.everywhere.score(&[], &mut scores[..cold.everywhere.n_items().min(n_items)]);
            without_infinities(scores);
            scale.cold = f64::from(masked::largest_magnitude(scores, eligible));
        }
        scale
    }

    /// The content model's scores of eligible items, when they count.
    fn content(&self, history: &[HistoryEntry], eligible: &Bitmap, sums: &mut Vec<f32>) -> Option<ContentScores> {
        let content = self.content.as_ref().filter(|_| !history.is_empty())?;
        let mut lately: Vec<HistoryEntry> = history.to_vec();
        lately.sort_by(|a, b| b.weight.total_cmp(&a.weight).then(b.at.cmp(&a.at)).then(a.item.cmp(&b.item)));
        lately.truncate(N_CONTENT_HISTORY);
        sums.resize(self.parts.catalogue.n_items(), 0.0);
        let mut scores = content.score(&lately, sums);
        scores.retain(|(item, score)| eligible.contains(*item as usize) && score.is_finite());
        let largest = f64::from(scores.iter().fold(0f32, |largest, pair| largest.max(pair.1.abs())));
        (largest > 0.0).then_some(ContentScores { scores, largest, weight: self.content_weight })
    }

    fn choose(&self, request: &Request, totals: &Board, eligible: Bitmap) -> Vec<Choice> {
        let pins = self.pins(request, &eligible);
        let in_force =
            self.caps.iter().filter(|(at, _)| self.parts.policy.rules[*at].holds_in(request.region.as_deref()));
        let caps: Vec<&Cap> = in_force.map(|(_, cap)| cap).collect();
        let plan = Plan {
            n: request.n,
            totals,
            caps: &caps,
            pins: &pins.iter().map(|pin| (pin.0, pin.1)).collect::<Vec<_>>(),
            diversity: self.diversity,
            pool: self.pool,
            similarity: &self.likeness,
            exploration: self.exploration,
            seed: request.seed,
        };
        select(&plan, eligible)
    }

    /// Places (from 0) that rules give away: the first rule wins a place, a later one takes the next free place.
    fn pins(&self, request: &Request, eligible: &Bitmap) -> Vec<(usize, u32, usize)> {
        let mut pins: Vec<(usize, u32, usize)> = Vec::new();
        for (at, rule) in self.rules(Action::Pin).filter(|(_, rule)| rule.holds_in(request.region.as_deref())) {
            let mut place = rule.position.unwrap_or(1) - 1;
            for item in rule.products.iter().filter_map(|id| self.parts.catalogue.item(id)) {
                if !eligible.contains(item as usize) || pins.iter().any(|pin| pin.1 == item) {
                    continue;
                }
                while pins.iter().any(|pin| pin.0 == place) {
                    place += 1;
                }
                if place < request.n {
                    pins.push((place, item, at));
                }
            }
        }
        pins
    }

    fn answer(&self, request: &Request, sheet: &Sheet, choices: &[Choice], n_eligible: usize) -> Answer {
        let items = choices.iter().zip(1..).map(|(choice, place)| {
            let terms = sheet.terms(choice);
            AnswerItem {
                product_id: self.parts.catalogue.product(choice.item).product_id.clone(),
                position: place,
                score: sum(&terms),
                propensity: choice.propensity,
                explored: choice.explored,
                pinned_by: choice.pinned.then(|| self.pinned_by(request, choice.item)).flatten(),
                terms,
            }
        });
        let items: Vec<AnswerItem> = items.collect();
        Answer {
            request: Request::default(),
            versions: self.versions.clone(),
            model_scale: sheet.scale.model,
            fallback: sheet.scale.is_cold.then(|| "popular".to_owned()),
            n_eligible,
            list_propensity: items.iter().map(|item| item.propensity).product(),
            items,
        }
    }

    fn pinned_by(&self, request: &Request, item: u32) -> Option<String> {
        let id = &self.parts.catalogue.product(item).product_id;
        let mut rules = self.rules(Action::Pin).filter(|(_, rule)| rule.holds_in(request.region.as_deref()));
        rules.find(|(_, rule)| rule.products.contains(id)).map(|(_, rule)| rule.name.clone())
    }
}

/// Own products whose likes the content model looks for: those that say most, then the latest. Its cost is theirs.
const N_CONTENT_HISTORY: usize = 16;

struct Scale {
    /// The model's largest magnitude among eligible items; 0 when popularity stands in for it.
    model: f64,
    /// The same of that popularity; 0 when it does not stand in.
    cold: f64,
    /// Nothing of the customer was known, or the model had nothing to say about anything that may be shown.
    is_cold: bool,
}

impl Scale {
    fn inverse(&self) -> f64 {
        let scale = self.model.max(self.cold);
        if scale > 0.0 { 1.0 / scale } else { 0.0 }
    }
}

/// What the terms of an item are read from.
struct Sheet<'a> {
    ranker: &'a Ranker,
    own: &'a Own<'a>,
    history: &'a [HistoryEntry],
    changes: &'a Changes<'a>,
    scores: &'a [f32],
    scale: Scale,
}

impl Sheet<'_> {
    /// Every summand of a chosen item: model, content, fixed, request, selection.
    fn terms(&self, choice: &Choice) -> Vec<Term> {
        let item = choice.item;
        let changes = self.changes;
        let mut terms = self.model_terms(item);
        let content = changes.content.as_ref().and_then(|content| content.value(item));
        terms.extend(content.map(|value| Term::plain(TermName::Content, value)));
        terms.extend(self.ranker.fixed_settings.terms(&self.ranker.parts, item));
        terms.extend(HeldBack::of(&changes.held_back, item).map(|group| {
            let (name, own) = (TermName::Durable, Some(group.own));
            self.extra_term(&Extra { item, name, own, rule: None, value: group.value })
        }));
        terms.extend(changes.fitting.host_of(item).map(|host| {
            let (name, value) = (TermName::Accessory, changes.accessory_value(host.strength));
            self.extra_term(&Extra { item, name, own: host.own, rule: None, value })
        }));
        terms.extend(changes.extras_of(item).iter().map(|extra| self.extra_term(extra)));
        terms.push(Term::plain(TermName::Diversity, choice.diversity));
        terms.push(Term::plain(TermName::Exploration, choice.exploration));
        terms.retain(|term| term.value != 0.0);
        terms
    }

    fn model_terms(&self, item: u32) -> Vec<Term> {
        let inverse = self.scale.inverse();
        let whole = grid(f64::from(self.scores[item as usize]) * inverse);
        if self.scale.model == 0.0 {
            return vec![Term::plain(TermName::ModelPopularity, whole)];
        }
        let mut terms: Vec<Term> = Vec::new();
        let mut merged: BTreeMap<TermName, f64> = BTreeMap::new();
        if whole != 0.0 && (item as usize) < self.ranker.parts.model.n_items() {
            for part in self.ranker.parts.model.contributions(self.history, item) {
                let value = grid(f64::from(part.value) * inverse);
                match part.source {
                    Source::Item(own) if terms.len() < OWN_EVENTS_MAX => terms.push(self.own_term(own, value)),
                    Source::Item(_) => {}
                    Source::User(_) => *merged.entry(TermName::SimilarCustomers).or_default() += value,
                    Source::Popularity => *merged.entry(TermName::ModelPopularity).or_default() += value,
                    Source::Baseline => *merged.entry(TermName::Baseline).or_default() += value,
                }
            }
        }
        terms.extend(merged.into_iter().map(|(name, value)| Term::plain(name, value)));
        let rest = whole - sum(&terms);
        terms.push(Term::plain(TermName::Remainder, rest));
        terms
    }

    fn own_term(&self, item: u32, value: f64) -> Term {
        let event = self.own.strongest(item);
        Term {
            product_id: Some(self.ranker.parts.catalogue.product(item).product_id.clone()),
            kind: event.map(|event| event.kind),
            at: event.map(|event| event.at),
            ..Term::plain(TermName::OwnEvent, value)
        }
    }

    fn extra_term(&self, extra: &Extra) -> Term {
        let event = extra.own.map(|at| self.own.events[at].1);
        let of_context = extra.own.is_none() && extra.rule.is_none() && extra.name != TermName::Regional;
        let context = self.own.context.filter(|_| of_context);
        let context = context.map(|item| self.ranker.parts.catalogue.product(item).product_id.clone());
        Term {
            product_id: event.map(|event| event.product_id.clone()).or(context),
            kind: event.map(|event| event.kind),
            at: event.map(|event| event.at),
            rule: extra.rule.map(|at| self.ranker.parts.policy.rules[at].name.clone()),
            ..Term::plain(extra.name, extra.value)
        }
    }
}

/// Likeness by category, brand and price.
struct AttributeSimilarity {
    /// Shape: (n_items) each; [`u32::MAX`] where unknown.
    category: Vec<u32>,
    brand: Vec<u32>,
    price: Vec<f64>,
}

impl AttributeSimilarity {
    fn of(catalogue: &Catalogue) -> Self {
        let products = catalogue.products();
        AttributeSimilarity {
            category: numbered(products.iter().map(|product| product.category.as_deref())),
            brand: numbered(products.iter().map(|product| product.brand.as_deref())),
            price: products.iter().map(|product| product.price_cents.map_or(0.0, |price| price.0 as f64)).collect(),
        }
    }
}

impl Similarity for AttributeSimilarity {
    fn similarity(&self, a: u32, b: u32) -> f64 {
        let (a, b) = (a as usize, b as usize);
        let same = |of: &[u32]| f64::from(u8::from(of[a] == of[b] && of[a] != u32::MAX));
        let (low, high) = (self.price[a].min(self.price[b]), self.price[a].max(self.price[b]));
        let closeness = if low > 0.0 { low / high } else { 0.0 };
        0.6 * same(&self.category) + 0.2 * same(&self.brand) + 0.2 * closeness
    }
}

/// Equal names get equal numbers, by first appearance.
fn numbered<'a>(names: impl Iterator<Item = Option<&'a str>>) -> Vec<u32> {
    let mut numbers: BTreeMap<&str, u32> = BTreeMap::new();
    let mut number = |name| {
        let next = numbers.len() as u32;
        *numbers.entry(name).or_insert(next)
    };
    names.map(|name| name.map_or(u32::MAX, &mut number)).collect()
}

fn sum(terms: &[Term]) -> f64 {
    terms.iter().map(|term| term.value).sum()
}

/// Replaces infinities and NaN by 0. The first pass has no branch, and hardly ever finds one.
fn without_infinities(scores: &mut [f32]) {
    const EXPONENT: u32 = 0x7f80_0000;
    let found = scores.iter().fold(0, |any, score| any | u32::from(score.to_bits() & EXPONENT == EXPONENT));
    if found != 0 {
        scores.iter_mut().filter(|score| !score.is_finite()).for_each(|score| *score = 0.0);
    }
}

fn content_needed(parts: &RankerParts, min_customers: i64) -> Bitmap {
    let n_model = parts.model.n_items();
    let customers = |item: usize| i64::from(parts.knowledge.n_customers_of_item.get(item).copied().unwrap_or(0));
    Bitmap::from_fn(parts.catalogue.n_items(), |item| item >= n_model || customers(item) < min_customers)
}

fn nearest(parts: &RankerParts, needed: &Bitmap, previous: Option<&Ranker>) -> Option<Arc<NearestContent>> {
    let content = parts.content.as_ref()?;
    let kept = previous.filter(|previous| {
        previous.content_needed == *needed
            && previous.parts.content.as_ref().is_some_and(|known| Arc::ptr_eq(known, content))
    });
    let kept = kept.and_then(|previous| previous.content.clone());
    Some(kept.unwrap_or_else(|| Arc::new(NearestContent::new(content.clone(), |item| needed.contains(item)))))
}

/// Groups of so many items per bitmap word are sets rather than lists.
const ITEMS_PER_WORD: usize = 64;

fn fit_sets(parts: &RankerParts) -> Vec<Option<Bitmap>> {
    let (fits, n_items) = (&parts.knowledge.fits, parts.catalogue.n_items());
    let set = |group: u32| {
        let items = fits.accessories_in(group);
        (items.len() > n_items / ITEMS_PER_WORD).then(|| {
            let mut set = Bitmap::none(n_items);
            items.iter().for_each(|&item| set.insert(item as usize));
            set
        })
    };
    (0..fits.n_groups() as u32).map(set).collect()
}

fn regional_rules(parts: &RankerParts) -> BTreeMap<usize, Bitmap> {
    let catalogue = &parts.catalogue;
    let rules = parts.policy.rules.iter().enumerate();
    let regional = rules.filter(|(_, rule)| !rule.regions.is_empty() && rule.holds_on(parts.today));
    let items = |rule: &Rule| Bitmap::from_fn(catalogue.n_items(), |item| rule.matches(catalogue.product(item as u32)));
    regional.map(|(at, rule)| (at, items(rule))).collect()
}

/// What every total of an eligible item stays within, by the weights of all its summands, and their number.
fn bounds(policy: &Policy, fixed: &[f64], retail: &RetailSettings, others: f64) -> (f64, usize) {
    let rules = policy.rules.iter().map(|rule| rule.strength.unwrap_or(0.0).abs()).sum::<f64>();
    let fixed = fixed.iter().fold(0f64, |most, value| most.max(value.abs()));
    (1.0 + fixed + rules + retail.weights() + others, 10 + policy.rules.len())
}

fn versions(parts: &RankerParts) -> Versions {
    let knowledge = serde_json::to_vec(&*parts.knowledge).expect("knowledge is plain data");
    let fits = serde_json::to_vec(&parts.knowledge.fits).expect("groups are plain data");
    Versions {
        model: parts.model_version.clone(),
        card: parts.model.card().name.to_owned(),
        policy: format!("{:016x}", parts.policy.digest()),
        catalogue: format!("{:016x}", parts.catalogue.digest()),
        knowledge: format!("{:016x}", fnv(fnv(FNV_START, &knowledge), &fits)),
        popularity: parts.cold.as_ref().map_or_else(String::new, |cold| cold.version.clone()),
        today: parts.today,
    }
}

fn rules_for_all(parts: &RankerParts, action: Action) -> impl Iterator<Item = &Rule> {
    let rules = parts.policy.rules.iter();
    rules.filter(move |rule| rule.action == action && rule.holds_on(parts.today) && rule.regions.is_empty())
}

fn base(parts: &RankerParts) -> Bitmap {
    let catalogue = &parts.catalogue;
    let mut base = catalogue.on_sale(parts.today);
    for rule in rules_for_all(parts, Action::Exclude) {
        base.and_not(&Bitmap::from_fn(catalogue.n_items(), |item| rule.matches(catalogue.product(item as u32))));
    }
    base
}

fn regional(catalogue: &Catalogue) -> Vec<u32> {
    let restricted = |item: &u32| catalogue.product(*item).specs.contains_key("regions");
    (0..catalogue.n_items() as u32).filter(restricted).collect()
}

fn accessories(parts: &RankerParts) -> Bitmap {
    let mut accessories = Bitmap::none(parts.catalogue.n_items());
    parts.knowledge.fits.accessories().for_each(|item| accessories.insert(item as usize));
    accessories
}

/// The settings of the terms that are the same for every request of the day.
struct FixedSettings {
    popularity: f64,
    /// ln(1 + customers) of the most popular product; 0 when nobody bought anything.
    most: f64,
    margin: f64,
    stock: f64,
    low_stock: f64,
    new_product: f64,
    new_window_days: f64,
}

impl FixedSettings {
    fn of(parts: &RankerParts) -> Self {
        let stock = parts.policy.settings(&STOCK);
        let new_product = parts.policy.settings(&NEW_PRODUCT);
        let most = parts.knowledge.n_customers_of_item.iter().copied().max().unwrap_or(0);
        FixedSettings {
            popularity: parts.policy.settings(&POPULARITY_TERM).float("weight"),
            most: f64::from(most).ln_1p(),
            margin: parts.policy.settings(&MARGIN).float("weight"),
            stock: stock.float("weight"),
            low_stock: stock.int("low_stock") as f64,
            new_product: new_product.float("weight"),
            new_window_days: new_product.float("window_days").max(1e-9),
        }
    }

    /// Popularity, margin, stock and newness of an item, then the rules that hold for everyone.
    fn terms(&self, parts: &RankerParts, item: u32) -> Vec<Term> {
        let product = parts.catalogue.product(item);
        let mut terms = Vec::new();
        let mut add = |name, value: f64| terms.push(Term::plain(name, grid(value)));
        if self.most > 0.0 {
            let count = parts.knowledge.n_customers_of_item.get(item as usize).copied().unwrap_or(0);
            add(TermName::Popularity, self.popularity * f64::from(count).ln_1p() / self.most);
        }
        if let Some((price, cost)) = product.price_cents.zip(product.cost_cents).filter(|(price, _)| price.0 > 0) {
            let margin = ((price.0 - cost.0) as f64 / price.0 as f64).clamp(0.0, 1.0);
            add(TermName::Margin, self.margin * margin);
        }
        if let Some(stock) = product.stock {
            add(TermName::Stock, -self.stock * (1.0 - (stock.max(0) as f64 / self.low_stock).min(1.0)));
        }
        if let Some(launched) = product.launched_on {
            let age_days = f64::from(parts.today.0.saturating_sub(launched.0)).max(0.0);
            add(TermName::NewProduct, self.new_product * (1.0 - age_days / self.new_window_days).max(0.0));
        }
        terms.extend(rule_terms(parts, product));
        terms
    }
}

fn rule_terms<'a>(parts: &'a RankerParts, product: &'a Product) -> impl Iterator<Item = Term> + 'a {
    let signs = [(Action::Boost, TermName::Boost, 1.0), (Action::Bury, TermName::Bury, -1.0)];
    signs.into_iter().flat_map(move |(action, name, sign)| {
        let matching = rules_for_all(parts, action).filter(|rule| rule.matches(product));
        matching.map(move |rule| {
            let value = grid(sign * rule.strength.unwrap_or(0.0));
            Term { rule: Some(rule.name.clone()), ..Term::plain(name, value) }
        })
    })
}

fn caps(parts: &RankerParts) -> Vec<(usize, Cap)> {
    let rules = parts.policy.rules.iter().enumerate();
    let in_force = rules.filter(|(_, rule)| rule.action == Action::Cap && rule.holds_on(parts.today));
    in_force.map(|(at, rule)| (at, cap(rule, &parts.catalogue))).collect()
}

fn cap(rule: &Rule, catalogue: &Catalogue) -> Cap {
    let groups: Vec<Option<String>> = catalogue.products().iter().map(|product| rule.group(product)).collect();
    let group_of = numbered(groups.iter().map(Option::as_deref));
    let n_groups = group_of.iter().filter(|&&group| group != Cap::NONE).max().map_or(0, |&group| group as usize + 1);
    let mut members = vec![Vec::new(); n_groups];
    for (&group, item) in group_of.iter().zip(0..).filter(|(group, _)| **group != Cap::NONE) {
        members[group as usize].push(item);
    }
    Cap { max: rule.max.unwrap_or(usize::MAX), group_of, members }
}

fn exploration(settings: &Settings) -> Exploration {
    match settings.text("kind") {
        "slots" => Exploration::Slots {
            epsilon: settings.float("epsilon"),
            n_slots: settings.usize("n_slots"),
            n_candidates: settings.usize("candidates"),
        },
        "plackett_luce" => Exploration::PlackettLuce { temperature: settings.float("temperature") },
        _ => Exploration::None,
    }
}

fn filter(eligible: &mut Bitmap, catalogue: &Catalogue, filters: &Filters) {
    let listed = |items: &mut dyn Iterator<Item = u32>| {
        let mut bitmap = Bitmap::none(catalogue.n_items());
        items.for_each(|item| bitmap.insert(item as usize));
        bitmap
    };
    if !filters.categories.is_empty() {
        let paths = filters.categories.iter();
        eligible.and(&listed(&mut paths.flat_map(|path| catalogue.of_category(path)).copied()));
    }
    if !filters.brands.is_empty() {
        eligible.and(&listed(&mut filters.brands.iter().flat_map(|brand| catalogue.of_brand(brand)).copied()));
    }
    if !filters.only.is_empty() {
        eligible.and(&listed(&mut filters.only.iter().filter_map(|id| catalogue.item(id))));
    }
    filters.exclude.iter().filter_map(|id| catalogue.item(id)).for_each(|item| eligible.remove(item as usize));
}
