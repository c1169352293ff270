//! From a symbol of the grammar to a line: a way is chosen by seed among those that the plan can fill and that fit, points are
//! bound to it in the order of the plan, and what was said is remembered, so that nothing is said twice. Not here: which
//! symbols make up a field (see [`super::form`]).

use math::random::Random;

use super::grammar::{Facet, Grammar, Need, Piece, Slot, Way, Which};
use super::learned::Author;
use super::line::Line;
use super::parts::{Filled, How, Part, Place, Spoken};
use super::{Angle, Task, phrases};
use crate::brief::{Lang, Offer};
use crate::plan::{Claim, Evidence, Plan, Point};

/// Symbols within symbols; the grammar needs two.
const DEPTH_MAX: usize = 4;
/// Specs from which on a table of them is worth pointing to.
const SPECS_MIN: usize = 3;
/// Of the two points that fit a way, the second is taken this often, for variety.
const SECOND_SHARE: f64 = 0.15;

/// Writes one draft.
pub struct Realiser<'a> {
    pub task: &'a Task<'a>,
    grammar: &'static Grammar,
    pub random: Random,
    /// Points in the order in which the angle tells them.
    order: Vec<usize>,
    /// By point: bits of the facets that can be said of it in the language, and whether a text may begin with its noun.
    can: Vec<(u8, bool)>,
    /// Bits of the slots that the task can fill.
    slots: u32,
    /// By way: whether it opened one of the last texts.
    is_last: Vec<bool>,
    state: State,
    /// Everything that was cited.
    pub evidence: Vec<Evidence>,
    /// Ways by which the draft's fields opened.
    pub openings: Vec<String>,
    /// What is kept of each sentence, if anything is.
    keeping: Option<Keeping<'a>>,
}

/// The sentences of a draft as they were planned, for who learns from them or words them.
#[derive(Default)]
struct Keeping<'a> {
    author: Option<&'a Author<'a>>,
    /// Of the sentence under way.
    parts: Vec<Part>,
    spoken: Vec<Spoken>,
}

/// What was said.
#[derive(Clone)]
struct State {
    /// Bits of facets, by point.
    told: Vec<u8>,
    /// Ways used.
    ways: Vec<&'static Way>,
}

/// Which points a way speaks of.
#[derive(Clone, Copy, Default)]
struct Bound {
    a: Option<usize>,
    b: Option<usize>,
}

impl<'a> Realiser<'a> {
    pub fn new(task: &'a Task<'a>, seed: u64) -> Self {
        let (lang, plan) = (task.brief.lang, task.plan);
        let grammar = Grammar::of(lang);
        let mut is_last = vec![false; grammar.n_ways()];
        for id in task.last_openings {
            let symbol = id.split('#').next().unwrap_or_default();
            let ways = grammar.ways(symbol).iter().filter(|way| way.id == *id);
            ways.for_each(|way| is_last[way.number] = true);
        }
        Realiser {
            task,
            grammar,
            random: Random::new(seed),
            order: task.angle.order(plan),
            can: plan.points.iter().map(|point| (can(point, lang, plan), phrases::leads(point))).collect(),
            slots: fillable(task),
            is_last,
            state: State { told: vec![0; plan.points.len()], ways: Vec::new() },
            evidence: Vec::new(),
            openings: Vec::new(),
            keeping: None,
        }
    }

    /// Keeps every sentence as it was planned.
    pub fn keeping(mut self) -> Self {
        self.keeping = Some(Keeping::default());
        self
    }

    /// The same, and lets an author word what the grammar has planned.
    pub fn worded_by(mut self, author: &'a Author<'a>) -> Self {
        self.keeping = Some(Keeping { author: Some(author), ..Keeping::default() });
        self
    }

    /// The sentences that were kept; [`Line::said`] points to them.
    pub fn spoken(&mut self) -> Vec<Spoken> {
        self.keeping.as_mut().map(|keeping| std::mem::take(&mut keeping.spoken)).unwrap_or_default()
    }

    pub fn plan(&self) -> &'a Plan {
        self.task.plan
    }

    pub fn lang(&self) -> Lang {
        self.task.brief.lang
    }

    /// The place of a piece of evidence among those of the draft.
    pub fn cite(&mut self, evidence: Evidence) -> usize {
        if let Some(at) = self.evidence.iter().position(|other| *other == evidence) {
            return at;
        }
        self.evidence.push(evidence);
        self.evidence.len() - 1
    }

    /// Which points anything was said of.
    pub fn told_points(&self) -> Vec<bool> {
        self.state.told.iter().map(|bits| *bits != 0).collect()
    }

    /// Whether more was said than what there is: what something is good for, how it compares, what has changed, what reviews say, what it fits.
    pub fn tells_more(&self) -> bool {
        self.state.told.iter().any(|bits| *bits & !Facet::Noun.bit() != 0)
    }

    /// Nouns may be said again in another field; what they are good for may not.
    pub fn next_field(&mut self) {
        for bits in &mut self.state.told {
            *bits &= !Facet::Noun.bit();
        }
    }

    /// Everything may be said again: for a field that shows the same words in another form.
    pub fn forget(&mut self) {
        self.state.told.fill(0);
    }

    /// Says a symbol, if any of its ways can be filled and the line is accepted.
    pub fn say(&mut self, symbol: &str, accepts: &dyn Fn(&Line) -> bool) -> Option<Line> {
        self.say_bound(symbol, None, accepts)
    }

    /// The same of one point.
    pub fn say_about(&mut self, point: usize, symbol: &str, accepts: &dyn Fn(&Line) -> bool) -> Option<Line> {
        self.say_bound(symbol, Some(point), accepts)
    }

    /// Says a symbol that begins a text: not by a way that began one of the last.
    pub fn open(&mut self, symbol: &str, accepts: &dyn Fn(&Line) -> bool) -> Option<Line> {
        let n = self.state.ways.len();
        let line = self.say(symbol, accepts)?;
        let begins = |way: &&&Way| way.id.split('#').next() == Some(symbol);
        let way = self.state.ways[n..].iter().find(begins).map(|way| way.id.clone());
        self.openings.extend(way);
        Some(line)
    }

    fn say_bound(&mut self, symbol: &str, forced: Option<usize>, accepts: &dyn Fn(&Line) -> bool) -> Option<Line> {
        for way in self.order(symbol) {
            let before = (self.state.told.clone(), self.evidence.len());
            if let Some(line) = self.fill(way, forced, 0).map(|line| line.finish(self.lang()))
                && accepts(&line)
            {
                self.state.ways.push(way);
                return Some(self.worded(symbol, line, accepts));
            }
            self.state.told = before.0;
            self.evidence.truncate(before.1);
            self.keep_parts(0);
        }
        None
    }

    /// The line in its author's words, if there is an author with words that are accepted; else as it is.
    fn worded(&mut self, symbol: &str, line: Line, accepts: &dyn Fn(&Line) -> bool) -> Line {
        let (tone, lang, plan) = (self.task.brief.tone, self.lang(), self.task.plan);
        let Some(keeping) = &mut self.keeping else { return line };
        let parts = std::mem::take(&mut keeping.parts);
        let wordings = match keeping.author {
            Some(author) => author.wordings(symbol, tone, &parts, self.random.next_u64()),
            None => Vec::new(),
        };
        let worded = wordings.into_iter().find_map(|wording| {
            let line = wording.line(&parts, plan)?.finish(lang);
            accepts(&line).then_some((wording, line))
        });
        let (spoken, mut line) = match worded {
            Some((wording, line)) => (Spoken::worded(symbol, tone, &parts, wording), line),
            None => (Spoken::planned(symbol, tone, &parts), line),
        };
        line.say(keeping.spoken.len());
        keeping.spoken.push(spoken);
        line
    }

    fn n_parts(&self) -> usize {
        self.keeping.as_ref().map_or(0, |keeping| keeping.parts.len())
    }

    fn keep_parts(&mut self, n: usize) {
        if let Some(keeping) = &mut self.keeping {
            keeping.parts.truncate(n);
        }
    }

    /// Words of ours.
    fn words(&mut self, line: &mut Line, words: &'static str) {
        line.push(words);
        if let Some(keeping) = &mut self.keeping {
            keeping.parts.push(Part::Words(words));
        }
    }

    /// What fills a place.
    fn put(&mut self, line: &mut Line, place: Place, text: &str, how: How) {
        let filled = Filled { place, text: text.to_owned(), how };
        filled.push(line);
        if let Some(keeping) = &mut self.keeping {
            keeping.parts.push(Part::Place(filled));
        }
    }

    /// The ways of a symbol in the order in which they are tried: those of the tone rather first, fallbacks last, those used
    /// already or that opened the last texts behind the others.
    fn order(&mut self, symbol: &str) -> Vec<&'static Way> {
        let tone = self.task.brief.tone;
        let slots = self.slots;
        let all = self
            .grammar
            .ways(symbol)
            .iter()
            .filter(|way| way.slots & !slots == 0 && (way.tones.is_empty() || way.tones.contains(&tone)));
        let mut ranked: Vec<(u8, f64, &'static Way)> = Vec::new();
        for way in all {
            let is_last = self.is_last[way.number];
            let is_used = self.state.ways.iter().any(|used| used.number == way.number);
            let rank = 4 * u8::from(is_last) + 2 * u8::from(way.is_fallback) + u8::from(is_used);
            let lift = if way.tones.is_empty() { 1.0 } else { 0.45 };
            ranked.push((rank, self.random.uniform() * lift, way));
        }
        ranked.sort_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        ranked.into_iter().map(|(_, _, way)| way).collect()
    }

    fn fill(&mut self, way: &'static Way, forced: Option<usize>, depth: usize) -> Option<Line> {
        if depth > DEPTH_MAX {
            return None;
        }
        let bound = self.bind(way, forced)?;
        let mut line = Line::default();
        // Nouns are chosen once, as verbs agree with them.
        let nouns = [bound.a, bound.b]
            .map(|at| at.and_then(|at| phrases::noun(&self.task.plan.points[at], self.lang(), &mut self.random)));
        for piece in &way.pieces {
            match piece {
                Piece::Words(words) => self.words(&mut line, words),
                Piece::Symbol(name) => {
                    let nested = self.nested(name, depth)?;
                    line.append(&nested);
                }
                Piece::Slot(slot) => self.slot(*slot, (bound, way.is_opening), &nouns, &mut line)?,
            }
        }
        Some(line)
    }

    fn nested(&mut self, symbol: &str, depth: usize) -> Option<Line> {
        for way in self.order(symbol) {
            let before = (self.state.told.clone(), self.evidence.len(), self.n_parts());
            if let Some(line) = self.fill(way, None, depth + 1) {
                return Some(line);
            }
            self.state.told = before.0;
            self.evidence.truncate(before.1);
            self.keep_parts(before.2);
        }
        None
    }

    /// The first points that can fill a way's places and were not told of before.
    fn bind(&mut self, way: &Way, forced: Option<usize>) -> Option<Bound> {
        let [a, b] = way.needs;
        let mut bound = Bound::default();
        if a.is_any {
            bound.a = Some(match forced {
                Some(point) => Some(point).filter(|point| self.has(*point, a))?,
                None => self.first(a, None, way.is_opening)?,
            });
        }
        if b.is_any {
            bound.b = Some(self.first(b, bound.a, way.is_opening)?);
        }
        for (point, need) in [(bound.a, a), (bound.b, b)] {
            if let Some(point) = point {
                self.state.told[point] |= need.tells;
            }
        }
        Some(bound)
    }

    fn first(&mut self, need: Need, other: Option<usize>, is_opening: bool) -> Option<usize> {
        let is_noun = need.tells & !Facet::Noun.bit() == 0;
        let may_begin = |at: usize| !(is_opening && is_noun) || self.can[at].1;
        let fits = |at: &usize| Some(*at) != other && may_begin(*at) && self.has(*at, need);
        // What was named in a list would be named twice: points of which nothing was said come first.
        let is_new = |at: &usize| self.state.told[*at] == 0;
        let new = self.order.iter().copied().filter(|at| is_new(at) && fits(at));
        let told = self.order.iter().copied().filter(|at| !is_new(at) && fits(at));
        let mut fitting = new.chain(told);
        let first = fitting.next()?;
        let second = fitting.next();
        let takes_second = self.random.uniform() < SECOND_SHARE;
        Some(second.filter(|_| takes_second).unwrap_or(first))
    }

    /// Whether a point has what is needed and nothing of it was said before: what a list has named is not named again; what it is good for may
    /// follow alone.
    fn has(&self, at: usize, need: Need) -> bool {
        let told = self.state.told[at];
        told & need.tells == 0 && told & need.asks == need.asks && self.can[at].0 & need.has == need.has
    }

    fn slot(
        &mut self,
        slot: Slot,
        (bound, is_opening): (Bound, bool),
        nouns: &[Option<String>; 2],
        line: &mut Line,
    ) -> Option<()> {
        let plan = self.task.plan;
        match slot {
            Slot::Name => {
                let evidence = self.field("name", &plan.name);
                self.put(line, Place::Of("name"), &plan.name, How::Name(evidence));
            }
            Slot::Short => {
                let evidence = self.field("name", &plan.name);
                self.put(line, Place::Of("short"), &plan.short, How::Name(evidence));
            }
            Slot::Noun => {
                self.put(line, Place::Of("noun"), self.lang().choose(plan.kind?.zh, plan.kind?.one()), How::Plain)
            }
            Slot::Agreeing(one, several) => {
                self.put(line, Place::Agreeing(one, several), if plan.is_plural { several } else { one }, How::Plain);
            }
            Slot::Nouns => self.put(line, Place::Of("nouns"), plan.kind?.en_plural, How::Plain),
            Slot::Brand => {
                let brand = plan.brand.as_deref()?;
                let evidence = self.field("brand", brand);
                self.put(line, Place::Of("brand"), brand, How::Name(evidence));
            }
            Slot::Old => match plan.owned.as_deref() {
                Some(old) => {
                    let evidence = self.cite(Evidence::Brief { part: "audience.owned".into(), value: old.into() });
                    self.put(line, Place::Of("old"), old, How::Name(evidence));
                }
                // Looked at as an upgrade, what it replaces stands for what they own.
                None if self.task.angle == Angle::Upgrade => self.predecessor("old", line)?,
                None => return None,
            },
            Slot::Predecessor => self.predecessor("pred", line)?,
            Slot::Point(which, facet) => self.of_point(which, facet, bound, nouns, line)?,
            Slot::List => self.list(bound, is_opening, line)?,
            Slot::Others => self.others(line)?,
            Slot::Opinion | Slot::OpinionAspect | Slot::OpinionReviews | Slot::OpinionPraise => {
                self.opinion(slot, line)?
            }
            Slot::Fit => self.fit(line)?,
            Slot::Specs => {}
            Slot::WithoutOs => {
                let (field, value) = plan.without_os.as_ref()?;
                let evidence = self.field(field, value);
                let said = self.lang().choose("不带操作系统", "without an operating system");
                self.put(line, Place::Of("without_os"), said, How::Bound(evidence));
            }
            Slot::Price => {
                line.tells_price = true;
                self.price(line)?;
            }
            Slot::OfferPrice
            | Slot::ListPrice
            | Slot::Saving
            | Slot::Coupon
            | Slot::CouponOff
            | Slot::Gift
            | Slot::Ends => self.offer(slot, name_of(slot), line)?,
        }
        Some(())
    }

    pub fn field(&mut self, field: &str, value: &str) -> usize {
        let product_id = self.task.plan.product_id.clone();
        self.cite(Evidence::Field { product_id, field: field.to_owned(), value: value.to_owned() })
    }

    fn predecessor(&mut self, name: &'static str, line: &mut Line) -> Option<()> {
        let (id, short) = self.task.plan.predecessor.as_ref()?;
        let evidence = Evidence::Field { product_id: id.clone(), field: "name".into(), value: short.clone() };
        let evidence = self.cite(evidence);
        self.put(line, Place::Of(name), short, How::Name(evidence));
        Some(())
    }

    fn of_point(
        &mut self,
        which: Which,
        facet: Facet,
        bound: Bound,
        nouns: &[Option<String>; 2],
        line: &mut Line,
    ) -> Option<()> {
        let (at, noun) = match which {
            Which::A => (bound.a?, nouns[0].as_deref()),
            Which::B => (bound.b?, nouns[1].as_deref()),
        };
        let point = &self.task.plan.points[at];
        let lang = self.lang();
        let evidence = evidence_of(point, facet)?.clone();
        let verb = match facet {
            Facet::Means => Some(("means", "mean")),
            Facet::Helps => Some(("helps", "help")),
            Facet::There => Some(("there is", "there are")),
            _ => None,
        };
        if let Some((of_one, of_many)) = verb {
            let said = phrases::agreeing(noun?, of_one, of_many);
            self.put(line, Place::Verb(of_one, of_many, at), said, How::Plain);
            return Some(());
        }
        let text = match facet {
            Facet::Means | Facet::Helps | Facet::There => return None,
            Facet::Noun => noun?.to_owned(),
            Facet::Use => phrases::use_of(point, lang, &mut self.random)?.to_owned(),
            Facet::Comparison => phrases::comparison(point, lang, self.task.plan.kind)?,
            Facet::Gain => phrases::gain(point, lang)?,
            Facet::Rise => phrases::rise(point, lang)?,
        };
        let evidence = self.cite(evidence);
        self.put(line, Place::Point(facet, at), &text, How::Bound(evidence));
        Some(())
    }

    /// Two to four nouns of points that were not told of; where a text begins, first of those that move somebody by themselves.
    fn list(&mut self, bound: Bound, is_opening: bool, line: &mut Line) -> Option<()> {
        let most = 2 + self.random.below(3);
        let lang = self.lang();
        let plan = self.task.plan;
        let noun = Need { is_any: true, has: Facet::Noun.bit(), tells: Facet::Noun.bit(), asks: 0 };
        let is_open = |at: &usize| bound.a != Some(*at) && bound.b != Some(*at) && self.has(*at, noun);
        let mut fitting: Vec<usize> = self.order.iter().copied().filter(is_open).collect();
        if is_opening {
            fitting.sort_by_key(|at| !self.can[*at].1);
        }
        fitting.truncate(most);
        if fitting.len() < 2 {
            return None;
        }
        for (nth, at) in fitting.iter().enumerate() {
            let point = &plan.points[*at];
            let noun = phrases::noun(point, lang, &mut self.random)?;
            let evidence = self.cite(evidence_of(point, Facet::Noun)?.clone());
            let and = phrases::and(lang, nth, fitting.len(), &mut self.random);
            self.words(line, and);
            self.put(line, Place::Point(Facet::Noun, *at), &noun, How::Bound(evidence));
            self.state.told[*at] |= Facet::Noun.bit();
        }
        Some(())
    }

    fn others(&mut self, line: &mut Line) -> Option<()> {
        let others = &self.task.plan.others;
        if others.is_empty() {
            return None;
        }
        let n = others.len().min(3);
        for (nth, (id, short)) in others[..n].iter().enumerate() {
            let evidence = Evidence::Field { product_id: id.clone(), field: "name".into(), value: short.clone() };
            let evidence = self.cite(evidence);
            let and = phrases::and(self.lang(), nth, n, &mut self.random);
            self.words(line, and);
            self.put(line, Place::Other(nth), short, How::Name(evidence));
        }
        Some(())
    }

    fn opinion(&mut self, slot: Slot, line: &mut Line) -> Option<()> {
        let lang = self.lang();
        let is_open = |bits: u8| slot != Slot::Opinion || bits == 0;
        let at = self.task.plan.points.iter().enumerate().position(|(at, point)| {
            matches!(&point.claim, Claim::Opinion { opinion, .. } if !lang.choose(&opinion.label_zh, &opinion.label_en).is_empty())
                && is_open(self.state.told[at])
        })?;
        let point = &self.task.plan.points[at];
        let Claim::Opinion { opinion, evidence } = &point.claim else { return None };
        let text = match slot {
            Slot::OpinionAspect => lang.choose(opinion.label_zh.clone(), opinion.label_en.to_lowercase()),
            Slot::OpinionReviews => opinion.n_reviews.to_string(),
            Slot::OpinionPraise => opinion.n_praise.to_string(),
            _ => {
                self.state.told[at] = u8::MAX;
                phrases::opinion(point, lang, &mut self.random)?
            }
        };
        let evidence = self.cite(evidence.clone());
        self.put(line, Place::Of(name_of(slot)), &text, How::Bound(evidence));
        Some(())
    }

    fn fit(&mut self, line: &mut Line) -> Option<()> {
        let is_fit = |point: &Point| matches!(point.claim, Claim::Fit { .. });
        let at = self.task.plan.points.iter().position(is_fit).filter(|at| self.state.told[*at] == 0)?;
        let Claim::Fit { device, evidence } = &self.task.plan.points[at].claim else { return None };
        let evidence = self.cite(evidence.clone());
        self.state.told[at] = u8::MAX;
        // The list of devices in a name is English.
        let said = self.lang().choose(device.replace(" and ", "、").replace(", ", "、"), device.clone());
        self.put(line, Place::Of("fit"), &said, How::Name(evidence));
        Some(())
    }

    fn price(&mut self, line: &mut Line) -> Option<()> {
        if self.task.brief.offer.as_ref().is_some_and(|offer| offer.price_cents.is_some()) {
            return self.offer(Slot::OfferPrice, "price", line);
        }
        let price = self.task.plan.price_cents?;
        let evidence = self.field("price_cents", &price.to_string());
        let text = phrases::money(price, &self.task.brief.currency, self.lang());
        self.put(line, Place::Of("price"), &text, How::Bound(evidence));
        Some(())
    }

    /// A part of the offer at a place of this name.
    fn offer(&mut self, slot: Slot, name: &'static str, line: &mut Line) -> Option<()> {
        let offer = self.task.brief.offer.as_ref()?;
        let (lang, currency) = (self.lang(), self.task.brief.currency.as_str());
        let list = self.task.plan.price_cents;
        let (text, evidence) = match slot {
            Slot::OfferPrice => (
                phrases::money(offer.price_cents?, currency, lang),
                part("price_cents", &offer.price_cents?.to_string()),
            ),
            Slot::ListPrice => {
                offer.price_cents?;
                let evidence = self.field("price_cents", &list?.to_string());
                self.put(line, Place::Of(name), &phrases::money(list?, currency, lang), How::Bound(evidence));
                return Some(());
            }
            Slot::Saving => {
                let saving = domain::Cents(list?.0.checked_sub(offer.price_cents?.0)?);
                let how = format!("{} - {} = {saving}", list?, offer.price_cents?);
                (phrases::money(saving, currency, lang), Evidence::Computed { how, value: saving.to_string() })
            }
            Slot::Coupon => (offer.coupon.clone()?, part("coupon", offer.coupon.as_deref()?)),
            Slot::CouponOff => {
                let off = offer.coupon_off_cents?;
                (phrases::money(off, currency, lang), part("coupon_off_cents", &off.to_string()))
            }
            Slot::Gift => (offer.gift.clone()?, part("gift", offer.gift.as_deref()?)),
            _ => (
                phrases::last_day(offer.ends_on?, self.task.brief.today, lang)?,
                part("ends_on", &offer.ends_on?.to_string()),
            ),
        };
        let evidence = self.cite(evidence);
        match slot {
            Slot::Coupon | Slot::Gift => {
                self.put(line, Place::Of(name), &crate::plan::names::clean(&text), How::Name(evidence));
            }
            _ => self.put(line, Place::Of(name), &text, How::Bound(evidence)),
        }
        Some(())
    }
}

/// What the place of a slot is called where sentences are kept.
fn name_of(slot: Slot) -> &'static str {
    match slot {
        Slot::OfferPrice => "offer_price",
        Slot::ListPrice => "list_price",
        Slot::Saving => "saving",
        Slot::Coupon => "coupon",
        Slot::CouponOff => "coupon_off",
        Slot::Gift => "gift",
        Slot::Ends => "ends",
        Slot::OpinionAspect => "op.aspect",
        Slot::OpinionReviews => "op.n",
        Slot::OpinionPraise => "op.k",
        _ => "op",
    }
}

fn part(part: &str, value: &str) -> Evidence {
    Evidence::Offer { part: part.to_owned(), value: value.to_owned() }
}

/// Bits of the facets that a point has in a language.
fn can(point: &Point, lang: Lang, plan: &Plan) -> u8 {
    let mut any = Random::new(0);
    let has = [
        (Facet::Noun, phrases::noun(point, lang, &mut any).is_some()),
        (Facet::Use, phrases::use_of(point, lang, &mut any).is_some()),
        (Facet::Comparison, phrases::comparison(point, lang, plan.kind).is_some()),
        (Facet::Gain, phrases::gain(point, lang).is_some()),
    ];
    has.into_iter().filter(|(_, has)| *has).fold(0, |bits, (facet, _)| bits | facet.bit())
}

/// Bits of the slots that a task can fill, whatever was said before.
pub(super) fn fillable(task: &Task) -> u32 {
    let (brief, plan) = (task.brief, task.plan);
    let offer = brief.offer.as_ref();
    let offers = |part: fn(&Offer) -> bool| offer.is_some_and(part);
    let has_offer_price = offers(|offer| offer.price_cents.is_some());
    let has_predecessor = plan.predecessor.is_some();
    let has_opinion = plan.points.iter().any(|point| matches!(point.claim, Claim::Opinion { .. }));
    let filled = [
        (Slot::Name, true),
        (Slot::Short, true),
        (Slot::Noun, plan.kind.is_some()),
        (Slot::Nouns, plan.kind.is_some()),
        (Slot::Brand, plan.brand.is_some()),
        (Slot::Old, plan.owned.is_some() || (task.angle == Angle::Upgrade && has_predecessor)),
        (Slot::Predecessor, has_predecessor),
        (Slot::Price, has_offer_price || plan.price_cents.is_some()),
        (Slot::OfferPrice, has_offer_price),
        (Slot::ListPrice, has_offer_price && plan.price_cents.is_some()),
        (Slot::Saving, has_offer_price && plan.price_cents.is_some()),
        (Slot::Coupon, offers(|offer| offer.coupon.is_some())),
        (Slot::CouponOff, offers(|offer| offer.coupon_off_cents.is_some())),
        (Slot::Gift, offers(|offer| offer.gift.is_some())),
        (Slot::Ends, offers(|offer| offer.ends_on.is_some())),
        (Slot::Others, !plan.others.is_empty()),
        (Slot::OpinionAspect, has_opinion),
        (Slot::OpinionReviews, has_opinion),
        (Slot::OpinionPraise, has_opinion),
        (Slot::Specs, brief.hero().specs.len() >= SPECS_MIN),
        (Slot::WithoutOs, plan.without_os.is_some()),
    ];
    filled.into_iter().filter(|(_, is_filled)| *is_filled).fold(0, |bits, (slot, _)| bits | slot.bit())
}

/// What a facet of a point rests on.
fn evidence_of(point: &Point, facet: Facet) -> Option<&Evidence> {
    match (&point.claim, facet) {
        (Claim::Spec { use_of, .. }, Facet::Use) => use_of.as_ref().map(|(_, evidence)| evidence),
        (Claim::Spec { standing, .. }, Facet::Comparison) => standing.as_ref().map(|(_, evidence)| evidence),
        (Claim::Spec { change, .. }, Facet::Gain | Facet::Rise) => change.as_ref().map(|(_, evidence)| evidence),
        (
            Claim::Spec { evidence, .. }
            | Claim::Feature { evidence, .. }
            | Claim::Opinion { evidence, .. }
            | Claim::Fit { evidence, .. },
            _,
        ) => Some(evidence),
    }
}
