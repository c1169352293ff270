//! The things that a message sets beside each other, each as it is said: `我新手机`, "the Tukraft Tessa one", `壳小满 Cobal 4 那个蓝壳`. A message
//! is cut into phrases at the words that relate things; maker, kind, words and numbers of a name, and colours of a phrase say together which
//! products it means: of what the customer owns where it is called theirs, of what was talked about before the whole catalogue. A phrase that
//! means one of a kind and says nothing of which (`手机壳`) means no product. What follows from two sides is in `fit`.

use std::ops::Range;
use std::sync::{Arc, LazyLock};

use domain::Product;
use language::text::is_stop_word;
use regex::Regex;

use super::Turning;
use super::owned;
use super::referents::{self, bought_in};
use crate::act::{self, Scene};
use crate::understand::variants::pairs;
use crate::understand::{Named, colours, kinds};

/// Products that one phrase may mean: all blue cases of a maker.
const MEANT_MAX: usize = 4_000;
/// Phrases of a message that are read.
const PHRASES_MAX: usize = 6;

/// Words that relate two things, the longer of those that begin alike first.
const RELATES: &str = concat!(
    r"(?:能不能|可不可以|可以|能用|用得[上了]|装得[下进上]|放得[下进]|插得[上进]|套得[上下]|塞得[下进]|贴得[上]|配得[上]|充得[了进上]|适配|兼容|合适|适合|适用",
    r"|搭配|支持|[能会](?:加|装|插|套|贴|充|戴|配|放|上|塞|给)?|用在|装在|装到|贴在|插在|插到|套在|放到|放进|充|贴|装|配(?P<accessory>件)?|给|跟|和|与|对|比|还是|或者",
    r"|\b(?:does|do|did|will|would|could|can|should|is|are|am|was|if|whether|fits?|fitting|works?|goes?|go|charges?|holds?|takes?|compatible|suits?|matches",
    r"|match|with|for|on|in|into|onto|to|and|vs|versus|or|using|use|used|against|has|about|supports?|plugs?|than|put|get|buy|said|asked|instead)\b)",
);
/// Words that stand in phrases and in no name.
const FILLERS: &[&str] = &[
    "one", "ones", "thing", "things", "hey", "hi", "hm", "hmm", "um", "sry", "sorry", "meant", "mean", "no", "not",
    "wrong", "also", "new", "old", "other", "same", "just", "bought", "got", "ordered", "order", "too", "though", "ok",
    "okay", "pls", "please", "thanks", "actually", "either", "again", "my", "mine", "our", "ive", "i've", "version",
    "model", "set", "pair", "piece", "size", "inch", "inches", "have", "had", "own", "maybe", "then", "so", "well",
    "right", "yes", "yeah", "yep", "what", "how", "which", "oh", "ah", "wait", "oops", "guys", "u", "there", "next",
    "last", "latest", "newest", "first", "second", "third", "1st", "2nd", "3rd",
];

/// What one thing is called in a message, and nothing of what it is.
#[derive(Clone, Debug, Default, PartialEq)]
pub(super) struct Phrase<'s> {
    /// The shop's category, and the word for it.
    kind: Option<(&'s str, &'s str)>,
    brand: Option<&'s str>,
    /// What a name in it may mean.
    pub named: &'s [String],
    /// Words of Latin letters and numbers that are neither maker, kind nor colour.
    words: Vec<String>,
    colours: Vec<&'static str>,
    /// As the message has it, in small letters.
    text: String,
    pub is_own: bool,
    is_newest: bool,
}

impl<'s> Phrase<'s> {
    /// As the message has it.
    pub(super) fn text(&self) -> &str {
        self.text.trim()
    }

    /// The word for its kind.
    pub(super) fn kind_said(&self) -> Option<&'s str> {
        self.kind.map(|(_, word)| word)
    }

    /// The shop's category and the word for it, where it says a kind and not which one of it.
    pub(super) fn kind_alone(&self) -> Option<(&'s str, &'s str)> {
        self.kind.filter(|_| !self.tells_which() && !self.is_own)
    }

    /// The same thing as one of another kind: `保护套` of a tablet is none of a phone.
    pub(super) fn of_kind<'p>(&self, path: &'p str) -> Phrase<'p>
    where
        's: 'p,
    {
        Phrase { kind: Some((path, "")), ..self.clone() }
    }

    /// "The keyboard one" of covers: what was taken for a kind is a word of the name.
    pub(super) fn without_kind(&self) -> Phrase<'s> {
        let mut phrase = self.clone();
        phrase.words.extend(phrase.kind.take().map(|(_, word)| word.to_lowercase()));
        phrase
    }

    /// Whether it says anything by which a thing can be known.
    fn says_something(&self) -> bool {
        self.kind.is_some() || self.tells_which()
    }

    /// Whether it says more than of which kind a thing is.
    fn tells_which(&self) -> bool {
        self.brand.is_some() || !self.named.is_empty() || !self.words.is_empty() || !self.colours.is_empty()
    }

    /// Whether a kind, a maker or a name stands in it.
    pub(super) fn names_thing(&self) -> bool {
        self.kind.is_some() || self.brand.is_some() || !self.named.is_empty()
    }

    /// Whether it has a maker or a word of a name, and not numbers alone.
    fn has_name(&self) -> bool {
        let is_word = |word: &String| word.starts_with(|first: char| first.is_ascii_alphabetic());
        self.brand.is_some() || !self.named.is_empty() || self.words.iter().any(is_word)
    }

    /// "The Vantelo cover, the blue one": whether it says more of the thing before it.
    fn adds_to(&self, before: &Phrase) -> bool {
        let is_of_it = !self.is_own || before.kind_alone().is_some();
        self.kind.is_none() && is_of_it && self.named.is_empty() && (self.brand.is_none() || before.brand.is_none())
    }

    fn take(&mut self, more: Phrase<'s>) {
        self.brand = self.brand.or(more.brand);
        self.words.extend(more.words);
        self.colours.extend(more.colours);
        self.is_own |= more.is_own;
        self.is_newest |= more.is_newest;
        self.text.push_str(&more.text);
    }
}

/// The phrases of a message that name things, in their order; none of a message that sets more beside each other than can be read.
pub(super) fn phrases<'s>(scene: &'s Scene) -> Vec<Phrase<'s>> {
    let folded = scene.message.text.to_lowercase();
    // Where small letters are longer, places in the text mean nothing.
    if folded.len() != scene.message.text.len() {
        return Vec::new();
    }
    let mut found: Vec<Phrase> = Vec::new();
    let mut is_related = true;
    for (range, relates) in pieces(scene, &folded) {
        is_related |= relates;
        let phrase = read(scene, &folded, range);
        if !phrase.says_something() {
            continue;
        }
        match found.last_mut() {
            Some(before) if !is_related && phrase.adds_to(before) => before.take(phrase),
            _ => found.push(phrase),
        }
        is_related = false;
    }
    if found.len() > PHRASES_MAX { Vec::new() } else { found }
}

/// A message in pieces, each with whether a word that relates things stands before it.
fn pieces(scene: &Scene, folded: &str) -> Vec<(Range<usize>, bool)> {
    static CUTS: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(&format!(r"(?P<mark>[，,。；;？?！!、\n]+|(?P<space> +))|(?P<own>我|\bmy\b|\bour\b)|{RELATES}"))
            .expect("a sound pattern")
    });
    let kept = kept(scene, folded);
    let (mut all, mut from, mut relates) = (Vec::new(), 0, true);
    for cut in CUTS.captures_iter(folded) {
        let range = cut.get(0).map_or(0..0, |whole| whole.range());
        let is_kept = kept.iter().any(|own| own.start < range.end && range.start < own.end);
        // `13.3 in`, `配件`.
        let is_unit = &folded[range.clone()] == "in"
            && folded[..range.start].trim_end().ends_with(|last: char| last.is_ascii_digit());
        // A space parts where ideographs stand on both sides of it.
        let is_between = |text: &str, first: bool| {
            let side = if first { text.chars().next_back() } else { text.chars().next() };
            side.is_some_and(crate::knowledge::words::is_ideograph)
        };
        let joins = cut.name("space").is_some()
            && !(is_between(&folded[..range.start], true) && is_between(&folded[range.end..], false));
        if is_kept || is_unit || joins || cut.name("accessory").is_some() {
            continue;
        }
        all.push((from..range.start, relates));
        relates = cut.name("mark").is_none();
        // What is called one's own begins with the word for it.
        from = if cut.name("own").is_some() { range.start } else { range.end };
    }
    all.push((from..folded.len(), relates));
    all
}

/// Where nothing is cut: names, kinds, and "I bought" behind a thing.
fn kept(scene: &Scene, folded: &str) -> Vec<Range<usize>> {
    static OWN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"\bi(?:'ve| have| just)? (?:just )?(?:bought|got|ordered|own|have)\b|我?买的|我?订的")
            .expect("a sound pattern")
    });
    let is_name = |what: &Named| matches!(what, Named::Product { .. } | Named::Brand { .. } | Named::Category { .. });
    let entities = scene.understood.entities.iter().filter(|entity| is_name(&entity.what));
    entities.map(|entity| entity.range.clone()).chain(OWN.find_iter(folded).map(|own| own.range())).collect()
}

/// What a piece of a message says.
fn read<'s>(scene: &'s Scene, folded: &str, range: Range<usize>) -> Phrase<'s> {
    static NEWEST: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"新|刚|\b(?:new|newest|latest|just)\b").expect("a sound pattern"));
    static OWN: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"^我(?:的|这|那|买|订|新|刚|家|现在|手上|之前|上次|上周|旧|老|已有)|我(?:买|订)的|^(?:my|our)\b|\bi(?:'ve| have| just)? (?:just )?(?:bought|got|ordered|own|have)\b")
            .expect("a sound pattern")
    });
    let text = &folded[range.clone()];
    let mut phrase = Phrase {
        text: text.to_owned(),
        is_own: OWN.is_match(text),
        is_newest: NEWEST.is_match(text),
        colours: said_colours(text),
        ..Phrase::default()
    };
    let within = |own: &Range<usize>| range.start <= own.start && own.end <= range.end;
    let mut taken: Vec<Range<usize>> = of_no_name(scene).cloned().collect();
    for entity in scene.understood.entities.iter().filter(|entity| within(&entity.range)) {
        match &entity.what {
            Named::Category { value } => {
                phrase.kind = Some((value, scene.message.text.get(entity.range.clone()).unwrap_or_default()));
                taken.push(entity.range.clone());
            }
            Named::Brand { value } => {
                phrase.brand = Some(value);
                taken.push(entity.range.clone());
            }
            Named::Product { candidates, .. } if !candidates.is_empty() => phrase.named = candidates,
            _ => continue,
        }
        phrase.is_own |= owned::is_own(scene.message.text, entity.range.clone());
    }
    phrase.words = words_in(text, range.start, &taken);
    phrase
}

/// Words of letters and numbers of a piece that may be those of a name, sizes in inches first (`14in`); `start` is where the piece begins,
/// `taken` what else stands in the message.
fn words_in(text: &str, start: usize, taken: &[Range<usize>]) -> Vec<String> {
    static WORD: LazyLock<Regex> =
        LazyLock::new(|| Regex::new(r"[a-z0-9]+(?:[.\-'][a-z0-9]+)*").expect("a sound pattern"));
    static INCHES: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r#"(\d+(?:\.\d+)?)[ -]?(?:inch(?:es)?|英寸|寸|"|in)(?:[^a-z0-9]|$)"#).expect("a sound pattern")
    });
    let inches: Vec<Range<usize>> = INCHES.captures_iter(text).filter_map(|size| Some(size.get(1)?.range())).collect();
    let mut words: Vec<String> = inches.iter().map(|size| format!("{}in", &text[size.clone()])).collect();
    for found in WORD.find_iter(text) {
        let (at, word) = (start + found.start()..start + found.end(), found.as_str());
        let is_size = inches.iter().any(|size| found.start() <= size.start && size.end <= found.end());
        let is_taken = taken.iter().any(|own| own.start < at.end && at.start < own.end);
        // "On the 10th".
        let is_day = word.ends_with("th") && word.starts_with(|first: char| first.is_ascii_digit());
        let is_filler = FILLERS.contains(&word) || is_stop_word(word) || colours::of(word).is_some();
        if !is_size && !is_taken && !is_day && !is_filler {
            words.push(word.to_owned());
        }
    }
    words
}

/// Where days, amounts of money and numbers of orders stand, which are no names.
fn of_no_name<'s>(scene: &'s Scene) -> impl Iterator<Item = &'s Range<usize>> {
    let is_other = |what: &Named| {
        matches!(what, Named::Day { .. } | Named::Money { .. } | Named::OrderNumber { .. } | Named::Phone { .. })
    };
    scene.understood.entities.iter().filter(move |entity| is_other(&entity.what)).map(|entity| &entity.range)
}

/// Colours of a phrase, also where the word for the kind follows at once: `蓝壳`.
fn said_colours(text: &str) -> Vec<&'static str> {
    static BARE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new("([黑白灰银金红橙黄绿青蓝紫粉棕])(?:的|壳|膜|套|带|包|线|表|保护)").expect("a sound pattern")
    });
    let mut found = colours::named_in(text);
    for bare in BARE.captures_iter(text) {
        if let Some(colour) = colours::of(&format!("{}色", &bare[1])).filter(|colour| !found.contains(colour)) {
            found.push(colour);
        }
    }
    found
}

impl Turning<'_, '_> {
    /// The two things that a message sets against each other, where each is called by one name or one version of it, and they are of one
    /// kind: `云维希 Calyx 4 16+512 跟科梵 Luma 3 Plus 32+1T`.
    pub(super) fn compared_sides(&self) -> Option<Vec<String>> {
        let phrases = phrases(&self.scene);
        let named: Vec<&Phrase> =
            phrases.iter().filter(|phrase| phrase.brand.is_some() || !phrase.named.is_empty()).collect();
        let (one, other) = match (named.as_slice(), phrases.as_slice()) {
            ([one, other], _) => (*one, *other),
            (_, [one, other]) => (one, other),
            // One of them is called by a series and sizes alone.
            ([other], all) => {
                (all.iter().find(|phrase| phrase != other && phrase.has_name() && !phrase.is_own)?, *other)
            }
            _ => return None,
        };
        let only = |phrase: &Phrase, kind: Option<&str>| {
            let ids: Vec<String> = self.meant_by(phrase, kind).iter().map(|one| one.product_id.clone()).collect();
            let is_one = ids.len() == 1 || ids.len() > 1 && referents::is_one(&self.scene, &ids);
            ids.into_iter().next().filter(|_| is_one)
        };
        let (mut first, mut second) = (only(one, None), only(other, None));
        // `the Plume 64/1TB 16 inch and the Fjord 3`: of the kind of the other one, where a name alone does not say which.
        let kind = |id: &Option<String>| self.scene.product(id.as_deref()?)?.category.clone();
        // `1T 跟 2T` of one thing are versions, and no names.
        if first.is_none() && one.has_name() {
            first = only(one, kind(&second).as_deref());
        } else if second.is_none() && other.has_name() {
            second = only(other, kind(&first).as_deref());
        }
        // "That Ondra and the 64GB 1TB one": another version of it.
        if let Some(base) = first.as_deref().filter(|_| second.is_none() && !other.has_name()) {
            let variants = narrowed(&self.scene, self.scene.variants(base), other);
            second = variants.first().filter(|_| variants.len() == 1).map(|one| one.product_id.clone());
        }
        let (one, other) = (first?, second?);
        // `12+512 和 16+256` of one thing are its versions: see `things`.
        let ids = vec![one, other];
        let are_versions = referents::is_one(&self.scene, &ids) && pairs(self.scene.message.text).len() > 1;
        (ids[0] != ids[1] && !are_versions && self.is_of_its_kind(&ids[0], &ids[1])).then_some(ids)
    }

    /// The products that a phrase means, in no other order than: of their own the newest first, of what was talked about the last first. None
    /// where it says too little, or where nothing is called so. `kind` is of what the phrase is where it does not say it.
    pub(super) fn meant_by(&self, phrase: &Phrase, kind: Option<&str>) -> Vec<Arc<Product>> {
        let mut whole = phrase.clone();
        whole.kind = phrase.kind.or(kind.map(|path| (path, "")));
        if phrase.is_own && self.scene.message.customer_id.is_some() {
            let found = narrowed(&self.scene, self.owned_things(), &whole);
            if !found.is_empty() {
                return self.of_own(found, phrase);
            }
            if !phrase.tells_which() {
                return Vec::new();
            }
        }
        let talked = |phrase: &Phrase| {
            let found = narrowed(&self.scene, self.talked_things(), phrase);
            let ids: Vec<String> = found.iter().map(|product| product.product_id.clone()).collect();
            let is_one = ids.len() == 1 || ids.len() > 1 && referents::is_one(&self.scene, &ids);
            found.into_iter().filter(|_| is_one).collect::<Vec<_>>()
        };
        let found = talked(&whole);
        if !found.is_empty() {
            return found;
        }
        if !phrase.tells_which() {
            // "The laptop" of which nothing was said is the only one that they have.
            let own = narrowed(&self.scene, self.owned_things(), &whole);
            return if own.len() == 1 { own } else { Vec::new() };
        }
        let found = self.of_catalogue(&whole);
        if found.is_empty() && kind.is_some() { talked(phrase) } else { found }
    }

    /// Of several of their own: those of the order just told, or the newest, where that is said.
    fn of_own(&self, mut found: Vec<Arc<Product>>, phrase: &Phrase) -> Vec<Arc<Product>> {
        let told = self.in_order_told();
        let of_told = |product: &&Arc<Product>| told.contains(&product.product_id);
        if found.iter().filter(of_told).count() == 1 {
            found.retain(|product| told.contains(&product.product_id));
        }
        if phrase.is_newest {
            found.truncate(1);
        }
        found
    }

    /// Of what the customer has bought, what a phrase may mean, the newest first; nothing where it says nothing.
    pub(super) fn owned_as(&self, phrase: &Phrase) -> Vec<Arc<Product>> {
        narrowed(&self.scene, self.owned_things(), phrase)
    }

    /// What the customer has bought, the newest first.
    fn owned_things(&self) -> Vec<Arc<Product>> {
        let Some(customer_id) = self.scene.message.customer_id else { return Vec::new() };
        let orders = self.scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let ids = bought_in(orders.iter().filter(|order| order.customer_id == customer_id));
        ids.into_iter().filter_map(|id| self.scene.product(id)).collect()
    }

    /// What was talked about, the last first, and what the order just told has.
    pub(super) fn talked_things(&self) -> Vec<Arc<Product>> {
        let page = self.scene.message.page_product_id.map(str::to_owned);
        let mut ids: Vec<String> = Vec::new();
        let all = self.dialogue.products.iter().cloned().chain(page).chain(self.dialogue.listed.iter().cloned());
        for id in all.chain(self.in_order_told()) {
            if !ids.contains(&id) {
                ids.push(id);
            }
        }
        self.scene.products(&ids)
    }

    /// What the shop has that is called so.
    fn of_catalogue(&self, phrase: &Phrase) -> Vec<Arc<Product>> {
        let of_kind = phrase.kind.map(|(kind, word)| kinds::Among::new(kind, word));
        let of_kind = |product: &Product| {
            of_kind.as_ref().is_none_or(|kind| kind.has(product.category.as_deref().unwrap_or_default()))
        };
        let of_brand = |product: &Product| phrase.brand.is_none_or(|brand| product.brand.as_deref() == Some(brand));
        let pool: Vec<Arc<Product>> = match (phrase.kind, phrase.brand) {
            (None, None) => self.scene.products(phrase.named),
            _ => {
                let found = self.scene.world.catalogue.select(&|product| of_kind(product) && of_brand(product));
                found.into_iter().map(|(product, _)| self.scene.spoken(product)).collect()
            }
        };
        let mut found = narrowed(&self.scene, pool, phrase);
        // What is sold no more is meant only where nothing else is called so.
        let is_sold = |product: &Arc<Product>| act::is_sold(product, self.scene.world.today);
        if found.iter().any(is_sold) {
            found.retain(is_sold);
        }
        if found.len() > MEANT_MAX { Vec::new() } else { found }
    }
}

/// Of a pool, what is called as a phrase calls it; nothing where a word of it is in no name.
fn narrowed(scene: &Scene, mut pool: Vec<Arc<Product>>, phrase: &Phrase) -> Vec<Arc<Product>> {
    if let Some((kind, word)) = phrase.kind {
        let kind = kinds::Among::new(kind, word);
        pool.retain(|product| kind.has(product.category.as_deref().unwrap_or_default()));
    }
    if let Some(brand) = phrase.brand {
        pool.retain(|product| product.brand.as_deref() == Some(brand));
    }
    if !phrase.colours.is_empty() {
        pool.retain(|product| colours_of(product).iter().any(|own| phrase.colours.contains(own)));
    }
    let mut n_known = 0;
    for word in &phrase.words {
        let with = |text: fn(&Product) -> String| -> Vec<Arc<Product>> {
            let is_called = |text: &str| {
                has(text, word) || apart(word).is_some_and(|(letters, digits)| has(text, letters) && has(text, digits))
            };
            pool.iter().filter(|product| is_called(&text(product))).cloned().collect()
        };
        // A name comes before what a sheet says: `4` of a `Drift 4` with 4 cores. A number alone is never a value of a sheet.
        let mut found = with(called);
        if found.is_empty() && !word.bytes().all(|byte| byte.is_ascii_digit()) {
            found = with(described);
        }
        n_known += usize::from(!found.is_empty());
        let is_name = word.bytes().any(|byte| byte.is_ascii_digit()) || is_named(scene, word);
        if !found.is_empty() || is_name {
            pool = found;
        }
    }
    // Words of which none is known name nothing here.
    let is_kind_said = phrase.kind.is_some_and(|(_, word)| !word.is_empty());
    let says_more = is_kind_said || phrase.brand.is_some() || !phrase.named.is_empty() || !phrase.colours.is_empty();
    if !phrase.words.is_empty() && n_known == 0 && !says_more {
        return Vec::new();
    }
    without_longer(best_described(pool, phrase), phrase)
}

/// Whether a word stands in what was understood as a name.
fn is_named(scene: &Scene, word: &str) -> bool {
    scene.understood.entities.iter().any(|entity| match &entity.what {
        Named::Product { text, .. } => {
            text.to_lowercase().split(|c: char| !c.is_ascii_alphanumeric()).any(|own| own == word)
        }
        _ => false,
    })
}

/// Those of which the most words of Han in the name stand in the phrase: `硅胶的保护套` is no leather one.
fn best_described(pool: Vec<Arc<Product>>, phrase: &Phrase) -> Vec<Arc<Product>> {
    let n_said = |product: &Arc<Product>| {
        let words = product.name.split(|c: char| c.is_whitespace() || c == '/').map(str::to_lowercase);
        words.filter(|word| !word.is_ascii() && word.chars().count() > 1 && phrase.text.contains(word.as_str())).count()
    };
    let most = pool.iter().map(n_said).max().unwrap_or(0);
    pool.into_iter().filter(|product| n_said(product) == most).collect()
}

/// "The Luma 4" is no Luma 4 Plus where both are meant by it.
fn without_longer(mut pool: Vec<Arc<Product>>, phrase: &Phrase) -> Vec<Arc<Product>> {
    const LONGER: &[&str] = &["plus", "pro", "lite", "max", "ultra", "mini", "air", "se"];
    if phrase.words.is_empty() || phrase.words.iter().any(|word| LONGER.contains(&word.as_str())) {
        return pool;
    }
    let is_longer = |product: &Arc<Product>| {
        let name = called(product);
        LONGER.iter().any(|word| has(&name, word))
    };
    if !pool.iter().all(is_longer) {
        pool.retain(|product| !is_longer(product));
    }
    pool
}

/// Colours of a product, by its field or its name.
fn colours_of(product: &Product) -> Vec<&'static str> {
    let own =
        ["colour", "color", "颜色"].iter().find_map(|key| product.specs.get(*key)).and_then(|value| colours::of(value));
    own.map_or_else(|| colours::named_in(&product.name), |own| vec![own])
}

/// A product's name and maker in one form: small letters, numbers close to their units.
fn called(product: &Product) -> String {
    close(&format!("{} {}", product.brand.as_deref().unwrap_or_default(), product.name))
}

/// What its sheet says.
fn described(product: &Product) -> String {
    let values: Vec<&str> = product.specs.values().map(String::as_str).collect();
    close(&format!("{} {}", product.name, values.join(" ; ")))
}

fn close(text: &str) -> String {
    static SPACE: LazyLock<Regex> = LazyLock::new(|| {
        Regex::new(r"(\d) (gb|tb|mb|wh|mah|w|mm|cm|m|in|hz|mp|g|kg|ml|l)\b").expect("a sound pattern")
    });
    SPACE.replace_all(&text.to_lowercase(), "${1}${2}").into_owned()
}

/// Whether a word stands in a text by itself: a number with whatever unit, `1t` as 1024 GB.
fn has(text: &str, word: &str) -> bool {
    let digits = word.len() - word.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.').len();
    let (number, unit) = word.split_at(digits);
    let stands = |word: &str, with_unit: bool| {
        text.match_indices(word).any(|(at, _)| {
            let before = text[..at].chars().next_back();
            let after = text[at + word.len()..].chars().next();
            let joins = |side: Option<char>, by_point: bool| {
                side.is_some_and(|c| {
                    c.is_ascii_digit() || c == '.' && by_point || !with_unit && c.is_ascii_alphabetic()
                })
            };
            // `3in` is no end of `13.3in`.
            !joins(before, digits > 0) && !joins(after, with_unit)
        })
    };
    match (number.is_empty(), unit) {
        (true, _) => stands(word, false),
        (false, "") => stands(number, true),
        (false, "t" | "tb") => {
            let gigabytes = number.parse::<f64>().map(|n| format!("{}gb", n * 1024.0)).unwrap_or_default();
            stands(&gigabytes, false) || stands(&format!("{number}tb"), false)
        }
        (false, "in") => ["in", "英寸", "寸"].iter().any(|unit| stands(&format!("{number}{unit}"), false)),
        (false, "g" | "gb") => stands(&format!("{number}gb"), false),
        // `16-35` of a `16-35mm`.
        (false, _) => stands(word, word.contains('-')),
    }
}

/// A word as it may be written apart: `tessa3` as Tessa 3.
fn apart(word: &str) -> Option<(&str, &str)> {
    let at = word.find(|c: char| c.is_ascii_digit()).filter(|at| *at > 2)?;
    let (letters, digits) = word.split_at(at);
    let is_plain =
        letters.bytes().all(|byte| byte.is_ascii_lowercase()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    is_plain.then_some((letters, digits))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_stands_with_its_unit_and_a_word_alone() {
        let name = close("Cuneon Tarn 4 Portable SSD, 2048 GB / 13.3 in");
        for (word, wanted) in [
            ("4", true),
            ("tarn", true),
            ("2t", true),
            ("2048g", true),
            ("13.3", true),
            ("13", false),
            ("48", false),
            ("tar", false),
            ("1t", false),
        ] {
            assert_eq!(has(&name, word), wanted, "{word}");
        }
        assert!(has(&close("Vanta 充电器 65W"), "65w"));
        assert!(has(&close("Velo 16 Pro"), "pro") && has(&close("Velo 16 Pro"), "16"));
        assert!(has(&close("内胆包 13.3英寸"), "13.3in") && !has(&close("内胆包 13.3英寸"), "3in"));
    }

    #[test]
    fn a_colour_may_stand_before_the_kind() {
        assert_eq!(said_colours("那个蓝壳"), ["blue"]);
        assert_eq!(said_colours("tpu绿的"), ["green"]);
        assert_eq!(said_colours("the blue one"), ["blue"]);
    }
}
