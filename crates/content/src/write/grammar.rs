//! The grammar: for each symbol the ways in which it can be said, read from a text file of each language. Not here: which way
//! is chosen (see [`super::realise`]).

use std::collections::BTreeMap;
use std::sync::LazyLock;

use crate::brief::{Lang, Tone};

/// What fills a place of a way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slot {
    Name,
    Short,
    Noun,
    Nouns,
    Brand,
    Old,
    Predecessor,
    Price,
    OfferPrice,
    ListPrice,
    Saving,
    Coupon,
    CouponOff,
    Gift,
    Ends,
    /// A part of one of two points.
    Point(Which, Facet),
    List,
    Others,
    Opinion,
    OpinionAspect,
    OpinionReviews,
    OpinionPraise,
    Fit,
    /// That a computer comes without an operating system.
    WithoutOs,
    /// No words: only where the shop gives a table of specs.
    Specs,
    /// An English verb that agrees with the product's name, of one and of several: `{has/have}`.
    Agreeing(&'static str, &'static str),
}

/// One of the two points that a way may speak of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Which {
    A,
    B,
}

/// What of a point is said.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Facet {
    Noun,
    Use,
    Comparison,
    Gain,
    /// The same by what it was and is.
    Rise,
    /// English verbs that agree with the noun: `mean`, `help`, `there is`.
    Means,
    Helps,
    There,
}

impl Facet {
    /// What it is called in the places of sentences.
    pub fn name(self) -> &'static str {
        match self {
            Facet::Noun => "np",
            Facet::Use => "use",
            Facet::Comparison => "cmp",
            Facet::Gain => "gain",
            Facet::Rise => "rise",
            Facet::Means => "means",
            Facet::Helps => "helps",
            Facet::There => "there",
        }
    }

    /// The bit of what a point must have for it: verbs need the noun they agree with.
    pub fn needs(self) -> u8 {
        self.bit().max(Facet::Noun.bit())
    }

    /// The bit by which it is remembered that it was said; none for verbs.
    pub fn bit(self) -> u8 {
        match self {
            Facet::Noun => 1,
            Facet::Use => 2,
            Facet::Comparison => 4,
            Facet::Gain | Facet::Rise => 8,
            Facet::Means | Facet::Helps | Facet::There => 0,
        }
    }
}

/// A piece of a way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    Words(&'static str),
    Slot(Slot),
    Symbol(&'static str),
}

impl Slot {
    /// The bit under which a writer keeps whether its task can fill it; none for parts of points, which are bound one by one.
    pub fn bit(self) -> u32 {
        match self {
            Slot::Point(..) | Slot::List | Slot::Opinion | Slot::Fit | Slot::Agreeing(..) => 0,
            Slot::Name => 1,
            Slot::Short => 1 << 1,
            Slot::Noun => 1 << 2,
            Slot::Nouns => 1 << 3,
            Slot::Brand => 1 << 4,
            Slot::Old => 1 << 5,
            Slot::Predecessor => 1 << 6,
            Slot::Price => 1 << 7,
            Slot::OfferPrice => 1 << 8,
            Slot::ListPrice => 1 << 9,
            Slot::Saving => 1 << 10,
            Slot::Coupon => 1 << 11,
            Slot::CouponOff => 1 << 12,
            Slot::Gift => 1 << 13,
            Slot::Ends => 1 << 14,
            Slot::Others => 1 << 15,
            Slot::OpinionAspect => 1 << 16,
            Slot::OpinionReviews => 1 << 17,
            Slot::OpinionPraise => 1 << 18,
            Slot::Specs => 1 << 19,
            Slot::WithoutOs => 1 << 20,
        }
    }
}

/// What a way asks of one of the two points that it may speak of.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Need {
    /// Whether it speaks of the point at all.
    pub is_any: bool,
    /// Bits that the point must have ([`Facet::needs`]),
    pub has: u8,
    /// those that it tells ([`Facet::bit`]),
    pub tells: u8,
    /// and those that must have been told of it before.
    pub asks: u8,
}

/// One way to say a symbol.
#[derive(Clone, Debug)]
pub struct Way {
    /// Unique in the grammar: `head.launch#3`.
    pub id: String,
    /// The same as a number.
    pub number: usize,
    /// Bits of the slots that it has ([`Slot::bit`]).
    pub slots: u32,
    /// What it asks of the points [`Which::A`] and [`Which::B`].
    pub needs: [Need; 2],
    /// Whether it may begin a text.
    pub is_opening: bool,
    /// Only in these tones; any, if empty.
    pub tones: Vec<Tone>,
    /// Only where no other way can be said or fits.
    pub is_fallback: bool,
    pub pieces: Vec<Piece>,
}

/// A grammar of one language.
#[derive(Debug)]
pub struct Grammar {
    symbols: BTreeMap<&'static str, Vec<Way>>,
}

static ZH: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::parse(include_str!("grammar/zh.txt")).expect("a part of the program, tested"));
static EN: LazyLock<Grammar> =
    LazyLock::new(|| Grammar::parse(include_str!("grammar/en.txt")).expect("a part of the program, tested"));

impl Grammar {
    /// The grammar of a language, read once.
    pub fn of(lang: Lang) -> &'static Grammar {
        lang.choose(&ZH, &EN)
    }

    /// How many ways there are in all.
    pub fn n_ways(&self) -> usize {
        self.symbols.values().map(Vec::len).sum()
    }

    /// The ways of a symbol; none, if there is no such symbol.
    pub fn ways(&self, symbol: &str) -> &[Way] {
        self.symbols.get(symbol).map_or(&[], Vec::as_slice)
    }

    /// All ways, symbol by symbol.
    pub fn ways_of_all(&self) -> impl Iterator<Item = &Way> {
        self.symbols.values().flatten()
    }

    fn parse(text: &'static str) -> Result<Grammar, String> {
        let mut symbols: BTreeMap<&'static str, Vec<Way>> = BTreeMap::new();
        let (mut current, mut n_ways) = (None, 0);
        for line in text.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
            if let Some(name) = line.strip_prefix("== ") {
                if symbols.insert(name, Vec::new()).is_some() {
                    return Err(format!("the symbol '{name}' stands twice"));
                }
                current = Some(name);
                continue;
            }
            let name = current.ok_or("a way before any symbol")?;
            let ways = symbols.get_mut(name).expect("it was put there");
            ways.push(way(format!("{name}#{}", ways.len()), n_ways, line)?);
            n_ways += 1;
        }
        let grammar = Grammar { symbols };
        let unknown = grammar.pieces().find_map(|piece| match piece {
            Piece::Symbol(name) if grammar.ways(name).is_empty() => Some(*name),
            _ => None,
        });
        unknown.map_or(Ok(()), |name| Err(format!("neither a slot nor a symbol: '{name}'")))?;
        Ok(grammar)
    }

    fn pieces(&self) -> impl Iterator<Item = &Piece> {
        self.symbols.values().flatten().flat_map(|way| &way.pieces)
    }
}

fn way(id: String, number: usize, line: &'static str) -> Result<Way, String> {
    let (is_fallback, line) = line.strip_prefix('~').map_or((false, line), |rest| (true, rest));
    let (tones, line) = match line.strip_prefix('[').and_then(|rest| rest.split_once("] ")) {
        Some((names, rest)) => (names.split(',').map(tone).collect::<Result<_, _>>()?, rest),
        None => (Vec::new(), line),
    };
    let mut pieces = Vec::new();
    let mut rest = line;
    while let Some((words, behind)) = rest.split_once('{') {
        let (name, after) = behind.split_once('}').ok_or_else(|| format!("an open brace: {line}"))?;
        if !words.is_empty() {
            pieces.push(Piece::Words(words));
        }
        pieces.push(slot(name).map_or(Piece::Symbol(name), Piece::Slot));
        rest = after;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Words(rest));
    }
    let slots = pieces.iter().map(|piece| if let Piece::Slot(slot) = piece { slot.bit() } else { 0 });
    let slots = slots.fold(0, |all, bit| all | bit);
    let mut needs = [Which::A, Which::B].map(|which| need(&pieces, which));
    // What something is good for, alone in a sentence, needs a sentence before it that names the thing.
    if id.starts_with("say.echo") {
        needs[0].asks = Facet::Noun.bit();
    }
    let is_opening = ["head.", "open.", "sms.", "question"].iter().any(|symbol| id.starts_with(symbol));
    Ok(Way { id, number, slots, needs, is_opening, tones, is_fallback, pieces })
}

fn need(pieces: &[Piece], which: Which) -> Need {
    let facets = pieces.iter().filter_map(|piece| match piece {
        Piece::Slot(Slot::Point(of, facet)) if *of == which => Some(*facet),
        _ => None,
    });
    facets.fold(Need::default(), |need, facet| Need {
        is_any: true,
        has: need.has | facet.needs(),
        tells: need.tells | facet.bit(),
        asks: need.asks,
    })
}

fn tone(name: &str) -> Result<Tone, String> {
    Tone::ALL.into_iter().find(|tone| tone.name() == name).ok_or_else(|| format!("no tone '{name}'"))
}

fn slot(name: &'static str) -> Option<Slot> {
    if let Some((one, several)) = name.split_once('/') {
        return Some(Slot::Agreeing(one, several));
    }
    let of_point = |which: Which, part: &str| {
        let facet = match part {
            "np" => Facet::Noun,
            "use" => Facet::Use,
            "cmp" => Facet::Comparison,
            "gain" => Facet::Gain,
            "rise" => Facet::Rise,
            "means" => Facet::Means,
            "helps" => Facet::Helps,
            "there" => Facet::There,
            _ => return None,
        };
        Some(Slot::Point(which, facet))
    };
    match name.split_once('.') {
        Some(("a", part)) => return of_point(Which::A, part),
        Some(("b", part)) => return of_point(Which::B, part),
        _ => {}
    }
    Some(match name {
        "name" => Slot::Name,
        "short" | "it" => Slot::Short,
        "noun" => Slot::Noun,
        "nouns" => Slot::Nouns,
        "brand" => Slot::Brand,
        "old" => Slot::Old,
        "pred" => Slot::Predecessor,
        "price" => Slot::Price,
        "offer_price" => Slot::OfferPrice,
        "list_price" => Slot::ListPrice,
        "saving" => Slot::Saving,
        "coupon" => Slot::Coupon,
        "coupon_off" => Slot::CouponOff,
        "gift" => Slot::Gift,
        "ends" => Slot::Ends,
        "list" => Slot::List,
        "others" => Slot::Others,
        "op" => Slot::Opinion,
        "op.aspect" => Slot::OpinionAspect,
        "op.n" => Slot::OpinionReviews,
        "op.k" => Slot::OpinionPraise,
        "fit" => Slot::Fit,
        "specs" => Slot::Specs,
        "without_os" => Slot::WithoutOs,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::brief::Goal;
    use crate::write::Angle;

    /// Whatever is known of a product, there are three ways to begin, so that none need follow itself.
    #[test]
    fn every_opening_can_be_said_of_a_bare_name() {
        let names: Vec<&str> = Goal::ALL
            .iter()
            .map(|goal| goal.name())
            .chain(Angle::ALL.iter().filter_map(|angle| angle.symbol()))
            .chain(["present"])
            .collect();
        for lang in [Lang::Zh, Lang::En] {
            for name in &names {
                for symbol in [format!("open.{name}"), format!("head.{name}")] {
                    let bare = |way: &&Way| {
                        let is_bare = |piece: &Piece| {
                            matches!(
                                piece,
                                Piece::Words(_)
                                    | Piece::Slot(Slot::Short | Slot::Name | Slot::Old | Slot::Agreeing(..))
                            )
                        };
                        way.tones.is_empty() && way.pieces.iter().all(is_bare)
                    };
                    assert!(Grammar::of(lang).ways(&symbol).iter().filter(bare).count() >= 3, "{symbol} in {lang:?}");
                }
            }
        }
    }

    /// Our own words hold no figure: figures come from evidence only. Nor do they hold what advertising law forbids outright.
    #[test]
    fn our_words_hold_no_figure_and_nothing_absolute() {
        let forbidden = [
            "最",
            "第一",
            "顶级",
            "极致",
            "首选",
            "唯一",
            "绝对",
            "永久",
            "100%",
            "国家级",
            "原价",
            "best",
            "No.1",
            "ultimate",
            "perfect",
            "guarantee",
            "greatest",
            "cheapest",
            "fastest",
            "unbeatable",
            "number one",
            "治",
            "疗",
        ];
        let uses =
            crate::plan::uses::USES.iter().flat_map(|one| one.zh.iter().chain(&one.en).copied().collect::<Vec<_>>());
        let words: Vec<&str> = [Lang::Zh, Lang::En]
            .into_iter()
            .flat_map(|lang| Grammar::of(lang).pieces())
            .filter_map(|piece| if let Piece::Words(words) = piece { Some(*words) } else { None })
            .collect();
        for text in &words {
            // An article that fits is found for `a(n)` alone; the first letter of a sentence is made a capital afterwards.
            assert!(!text.contains("A(n)"), "{text}");
            assert!(!text.bytes().any(|byte| byte.is_ascii_digit()), "{text}");
        }
        for text in words.into_iter().chain(uses) {
            // 5G is said only of what is called 5G.
            assert!(!text.replace("5G", "").bytes().any(|byte| byte.is_ascii_digit()), "{text}");
            assert!(!forbidden.iter().any(|word| text.contains(word)), "{text}");
        }
    }
}
