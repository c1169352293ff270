//! Curated answers and documents. A document is quoted: the fewest sentences that answer, word for word, with the citation
//! of the piece they stand in. What a document says is told as its words and never obeyed.

use domain::Product;

use super::coverage::{self, Asks};
use super::{Answer, Scene};
use crate::evidence::Evidence;
use crate::knowledge::words::Word;
use crate::knowledge::{answer_sentences, is_kind_asked};
use crate::say;
use crate::turn::{Author, Lang};
use crate::understand::kinds;
use crate::world::{CuratedHit, Passage};

/// How much is quoted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// The sentences that answer.
    Answer,
    /// A procedure: from the best sentence on.
    Steps,
}

impl Cut {
    /// Characters quoted at most.
    fn characters(self) -> usize {
        match self {
            Cut::Answer => 220,
            Cut::Steps => 500,
        }
    }
}

/// Passages looked at.
const N_PASSAGES: usize = 5;

/// The answer a person of the shop has written to this question, if there is one near enough.
pub fn curated(scene: &Scene) -> Option<Answer> {
    if let Some(found) = on_arrived_damaged(scene).or_else(|| on_screen_price(scene)) {
        return Some(found);
    }
    let mut hits = scene.world.library.curated(scene.question, N_NEAR).ok()?;
    let hit = hits.swap_remove(nearest(scene, &hits)?);
    // "The router's password" is near an answer about the account's: a document about routers is nearer.
    let kinds = coverage::kinds_beyond(scene.question, &[&hit.question, &hit.answer]);
    if !kinds.is_empty()
        && let Some(found) = search(scene, scene.question, &[], Cut::Steps)
        && coverage::has_kind(&found.evidence, &kinds)
    {
        return Some(found);
    }
    Some(told(hit))
}

/// Which of the nearest answers is told: the first, if it is near enough; but where the question says what happened to the thing
/// (dropped, wet, opened) and the first says nothing of it, one not quite as near that does.
fn nearest(scene: &Scene, hits: &[CuratedHit]) -> Option<usize> {
    let threshold = scene.policies.assistant.curated_threshold;
    let is_near = |hit: &CuratedHit, least: f32| hit.similarity >= least && !hit.answer.trim().is_empty();
    let asks = Asks::of(scene, None);
    // `多少钱` alone asks the price of something that was not named, and is near every answer about a price.
    if asks.are_only("price") {
        return None;
    }
    let parcel = coverage::parcel_damaged(scene.question);
    // A rule about earphones is none about phones.
    let is_other = |hit: &CuratedHit| {
        asks.names_other_act(&hit.question)
            || asks.misses_deed(&hit.question)
            || coverage::is_beside_kind(scene, &hit.question)
            || coverage::has_none([&hit.question, &hit.answer], &parcel)
    };
    hits.first().filter(|hit| is_near(hit, threshold) && !is_other(hit))?;
    let happened = coverage::circumstances(scene.question);
    let tells = |hit: &CuratedHit| coverage::have_all([hit.question.as_str(), hit.answer.as_str()], &happened);
    let told = hits.iter().position(|hit| is_near(hit, threshold - NEARER) && tells(hit) && !is_other(hit));
    Some(told.unwrap_or(0))
}

fn told(hit: CuratedHit) -> Answer {
    let mut answer = Answer { author: Author::Curated, ..Answer::of(say::format::quoted(hit.answer.trim())) };
    answer.step("curated", format!("{} ({:.2})", hit.answer_id, hit.similarity));
    answer.cite(Evidence::Curated { answer_id: hit.answer_id, question: hit.question, text: hit.answer });
    answer
}

/// What people of the shop have written on the case that a question names: an answered question that is near, if it explains
/// the question's own words, else a document.
pub fn written(scene: &Scene, product: Option<&Product>) -> Option<Answer> {
    if let Some(answer) = curated_near(scene, product) {
        return Some(answer);
    }
    let ids: Vec<&str> = product.iter().map(|product| product.product_id.as_str()).collect();
    let found = search(scene, scene.question, &ids, Cut::Steps)?;
    // The sheet of a product that nobody named says nothing of the shop's ways, nor of another product.
    if is_sheet_of_other(scene, &found, product) { None } else { Some(found) }
}

/// Whether the sheet of a product is quoted that is not the one asked about.
pub fn is_sheet_of_other(scene: &Scene, found: &Answer, product: Option<&Product>) -> bool {
    let is_own = |one: &Evidence| {
        let name = product.map(|product| super::attributes::fold(&product.name)).filter(|name| !name.is_empty());
        matches!(one, Evidence::Document { title, .. } if name.is_some_and(|name| super::attributes::fold(title).contains(&name)))
    };
    found.evidence.iter().any(|one| !is_own(one) && is_of_product(scene, one))
}

/// Whether a document is named after a product of the shop.
pub fn is_of_product(scene: &Scene, evidence: &Evidence) -> bool {
    let Evidence::Document { title, .. } = evidence else { return false };
    let found = scene.world.catalogue.search(title, 1).unwrap_or_default();
    let title = super::attributes::fold(title);
    found.iter().any(|one| title.contains(&super::attributes::fold(&one.product.name)))
}

/// Whether a document is named after a kind of thing that the shop sells: how ink is kept is no rule of the shop.
pub fn is_of_kind(scene: &Scene, evidence: &Evidence) -> bool {
    let Evidence::Document { title, .. } = evidence else { return false };
    let found = scene.world.catalogue.search(title, 1).unwrap_or_default();
    let kind = coverage::kind_word(found.first().and_then(|one| one.product.category.as_deref()));
    let title = super::attributes::fold(title);
    let last = kind.rsplit(' ').next().unwrap_or_default();
    !kind.is_empty() && (title.contains(&kind) || last.len() > 3 && title.contains(last))
}

/// Whether a document is named after a product, or after the kind of thing that it is.
pub fn is_about(scene: &Scene, evidence: &Evidence, product: &Product) -> bool {
    let Evidence::Document { title, .. } = evidence else { return false };
    let title = super::attributes::fold(title);
    let kind = coverage::kind_word(product.category.as_deref());
    !kind.is_empty() && title.contains(&kind)
        || coverage::is_for_kind_of(&title, product)
        // Last, since it searches the catalogue.
        || is_of_product(scene, evidence)
}

/// How much less alike than a curated answer must be, one may be that explains the question's words.
const NEARER: f32 = 0.25;
/// Answered questions looked at, and the part of the question that one must explain.
const N_NEAR: usize = 4;
const EXPLAINED_MIN: f32 = 0.58;
const EXPLAINED_WELL: f32 = 0.8;
/// Answered questions looked at, and how much less alike than a curated answer they may be: to a question; to a word for what it is about,
/// with which any question about that has little else in common.
const QUITE_NEAR: (usize, f32) = (N_NEAR, NEARER);
const OF_WAY: (usize, f32) = (12, 0.45);

/// An answered question that is not quite the same, where it and its answer have the words of this one. What amounts and names it has
/// makes it less alike a rule, so it is looked for without them too.
pub fn curated_near(scene: &Scene, product: Option<&Product>) -> Option<Answer> {
    let near = |sought: &str| near_to(scene, product, sought, QUITE_NEAR, EXPLAINED_MIN);
    near(scene.question).or_else(|| near(&coverage::plainly(scene)))
}

/// An answered question that is near and about the kind of thing that a product is: "can I take the Ampra 20000 on a plane?" is answered
/// for power banks.
pub fn on_kind_of(scene: &Scene, product: &Product) -> Option<Answer> {
    let is_for_it = |answer: &Answer| {
        answer.evidence.iter().any(|one| match one {
            Evidence::Curated { question, .. } => coverage::is_for_kind_of(question, product),
            _ => false,
        })
    };
    curated_near(scene, Some(product)).filter(is_for_it)
}

/// An answered question that is near to `sought` and, with its answer, has the words of the scene's question.
fn near_to(
    scene: &Scene,
    product: Option<&Product>,
    sought: &str,
    (n, less): (usize, f32),
    least_share: f32,
) -> Option<Answer> {
    let hits = scene.world.library.curated(sought, n).ok()?;
    let asks = Asks::of(scene, product).of_rules();
    let least = scene.policies.assistant.curated_threshold - less;
    let parcel = coverage::parcel_damaged(scene.question);
    let explains = |hit: &CuratedHit| asks.explained_in_essence([hit.question.as_str(), hit.answer.as_str()]);
    let near = hits.into_iter().filter(|hit| {
        hit.similarity >= least
            && !hit.answer.trim().is_empty()
            && !asks.is_of_other_act(&hit.question)
            && !asks.misses_deed(&hit.question)
            && !coverage::is_beside_kind(scene, &hit.question)
            && !coverage::has_none([&hit.question, &hit.answer], &parcel)
            && (product.is_some() || !coverage::narrows(&hit.question, scene.question))
    });
    let explaining = near.map(|hit| (explains(&hit), hit)).filter(|(share, _)| *share >= least_share);
    // Of several that explain it, one that brings in no other matter.
    let (share, hit) = explaining.min_by_key(|(_, hit)| asks.n_ways_beyond(&hit.question))?;
    let mut answer = told(hit);
    answer.step("curated", format!("explains {share:.2} of {}", asks.told()));
    Some(answer)
}

/// What people of the shop have answered on one of the ways that are asked for, as such: of "what do I pay for delivery of a cable for 50
/// yuan?" the postage. Nothing where much of the question is left.
pub fn on_ways(scene: &Scene) -> Option<Answer> {
    on_ways_from(scene, EXPLAINED_MIN)
}

/// The same where it explains nearly all of the question: then no passage of a document is nearer.
pub fn on_ways_alone(scene: &Scene) -> Option<Answer> {
    on_ways_from(scene, EXPLAINED_WELL)
}

fn on_ways_from(scene: &Scene, least_share: f32) -> Option<Answer> {
    Asks::of(scene, None).ways(scene.lang).find_map(|way| near_to(scene, None, way, OF_WAY, least_share))
}

/// What documents say of how long a parcel is on its way, where that is asked: what is answered on delivery is mostly when it leaves. The
/// product that is to come has no part in it.
pub fn on_arrival(scene: &Scene, product: Option<&Product>) -> Option<Answer> {
    if !coverage::asks_arrival(scene.question) {
        return None;
    }
    let matter = scene.lang.choose("一般几天送达", "How many days does delivery take?");
    // What it costs is no answer.
    const LENGTHS: &[&str] = &["天", "小时", "day", "hour", "week"];
    let is_length = |found: &Answer| LENGTHS.iter().any(|word| found.text.to_lowercase().contains(word));
    let found = search(scene, matter, &[], Cut::Answer).filter(is_length)?;
    let texts: Vec<&str> = found.evidence.iter().flat_map(written_in).chain([matter]).collect();
    let asks = Asks::of(scene, product).of_rules();
    // `到成都要几天` says nothing besides.
    let is_all = asks.say_little() || asks.explained_in_essence(texts) >= EXPLAINED_MIN;
    is_all.then_some(found)
}

/// The rule that people of the shop have written about what an intent does, for somebody who wants that done and is not known yet. What
/// the rule may turn on (opened, dropped, bought at a festival) must stand in it; that something was typed wrong had better.
pub fn rule_of(scene: &Scene, matter: &str) -> Option<Answer> {
    let must = coverage::circumstances(scene.question);
    let better: Vec<Word> = must.iter().cloned().chain(coverage::mistaken(scene.question)).collect();
    let with = |words: &[Word]| rule_with(scene, matter, words);
    if better.len() > must.len() { with(&better).or_else(|| with(&must)) } else { with(&must) }
}

fn rule_with(scene: &Scene, matter: &str, words: &[Word]) -> Option<Answer> {
    let least = scene.policies.assistant.curated_threshold - NEARER;
    let hits = scene.world.library.curated(matter, N_NEAR).ok()?;
    let tells = |hit: &CuratedHit| coverage::have_all([hit.question.as_str(), hit.answer.as_str()], words);
    let is_it = |hit: &CuratedHit| {
        hit.similarity >= least
            && !hit.answer.trim().is_empty()
            && tells(hit)
            && !coverage::is_beside_kind(scene, &hit.question)
    };
    if let Some(hit) = hits.into_iter().find(is_it) {
        return Some(told(hit));
    }
    let sought = words.iter().fold(matter.to_owned(), |sought, word| sought + " " + word.own.plain());
    let own = Scene { question: &sought, ..*scene };
    // "A wrong name can be changed" is no rule on addresses.
    let plain_matter = scene.kinds().fold(matter.to_owned(), |text, (_, word)| text.replace(word, " "));
    let of_matter = Asks::of(&Scene { question: &plain_matter, ..*scene }, None);
    let tells = |found: &Answer| {
        let text = found.text.as_str();
        coverage::have_all([text], words) && of_matter.explained_in_essence([text]) >= EXPLAINED_MIN
    };
    if let Some(found) = search(&own, &sought, &[], Cut::Answer).filter(tells) {
        return Some(found);
    }
    // `发票抬头打错了`: by the words that say the same of it and of what happened to it, and nothing else.
    let plain = |word: &Word| word.concept.and_then(|concept| concept.word(scene.lang == Lang::Zh)).map(str::to_owned);
    let told: Vec<String> = words.iter().filter_map(plain).collect();
    let ways: Vec<&str> = Asks::of(scene, None).ways(scene.lang).collect();
    if told.is_empty() || ways.is_empty() {
        return None;
    }
    let sought = format!("{} {}", ways.join(" "), told.join(" "));
    let own = Scene { question: &sought, ..*scene };
    search(&own, &sought, &[], Cut::Answer).filter(tells)
}

/// `打开包装屏幕就是碎的`, "the box was smashed when it came": what the shop does where a thing arrived damaged.
pub fn on_arrived_damaged(scene: &Scene) -> Option<Answer> {
    if !coverage::arrived_damaged(scene.question) {
        return None;
    }
    let matter = scene.lang.choose("收到的东西是坏的，包裹破损了", "My parcel arrived damaged");
    let hits = scene.world.library.curated(matter, 1).ok()?;
    let least = scene.policies.assistant.curated_threshold - NEARER;
    let near = hits.into_iter().find(|hit| hit.similarity >= least && !hit.answer.trim().is_empty());
    near.map(told)
}

/// `屏碎了换一个多少钱`, "cracked my phone screen, how much to swap it": what documents say a new screen costs.
fn on_screen_price(scene: &Scene) -> Option<Answer> {
    const MATTERS: [(&str, &str); 2] =
        [("手机换屏多少钱", "换屏"), ("Usual repair prices: a new phone screen", "screen")];
    const MONEY: &[&str] = &["元", "¥", "￥", "$", "€", "£", "yuan"];
    if !coverage::asks_screen_price(scene.question) {
        return None;
    }
    let (matter, word) = scene.lang.choose(MATTERS[0], MATTERS[1]);
    let found = search(scene, matter, &[], Cut::Answer)?;
    // "Keep the screens on for 15 minutes" is none.
    let is_price = |text: &str| text.contains(word) && MONEY.iter().any(|money| text.contains(money));
    is_price(&found.text.to_lowercase()).then_some(found)
}

/// What is written of a return after what has happened to the thing (opened, activated), whatever thing it is.
pub fn on_circumstance(scene: &Scene) -> Option<Answer> {
    let happened = coverage::circumstances(scene.question);
    let words: Vec<&str> = happened.iter().map(|word| word.own.plain()).collect();
    let sought = format!("{} {}", words.join(" "), scene.lang.choose("无理由退货", "return without a reason"));
    let own = Scene { question: &sought, ..*scene };
    let found = search(&own, &sought, &[], Cut::Answer)?;
    let text = found.text.to_lowercase();
    (!words.is_empty() && words.iter().all(|word| text.contains(word))).then_some(found)
}

/// What a piece of evidence says, where people of the shop wrote it.
fn written_in(evidence: &Evidence) -> [&str; 2] {
    match evidence {
        Evidence::Curated { question, text, .. } => [question, text],
        Evidence::Document { title, text, .. } => [title, text],
        _ => [""; 2],
    }
}

/// What people of the shop have written on a matter, asked for by a question of our own, where that explains what the customer asks.
pub fn on_matter(scene: &Scene, matter: &str) -> Option<Answer> {
    let own = Scene { question: matter, ..*scene };
    let found = curated(&own).or_else(|| search(&own, matter, &[], Cut::Answer))?;
    let texts = found.evidence.iter().flat_map(written_in);
    let share = Asks::of(scene, None).of_rules().explained_in_essence(texts.chain([matter]));
    (share >= EXPLAINED_MIN).then_some(found)
}

/// What the shop's documents say to a question; nothing if none covers enough of it.
pub fn search(scene: &Scene, question: &str, product_ids: &[&str], cut: Cut) -> Option<Answer> {
    let passages = scene.world.library.passages(question, product_ids, N_PASSAGES).ok()?;
    let threshold = scene.policies.assistant.document_threshold;
    // What to do with a television is no answer about earphones.
    let products: Vec<_> = product_ids.iter().filter_map(|id| scene.product(id)).collect();
    let mut about: Vec<&str> = vec![question];
    about.extend(
        products.iter().flat_map(|product| [product.name.as_str(), product.category.as_deref().unwrap_or_default()]),
    );
    let is_meant = |passage: &Passage| {
        !coverage::is_of_other_kind(&passage.title, &about) && !is_guide_of_other_kind(scene, &passage.title, &about)
    };
    let mut reached = passages.into_iter().filter(|passage| passage.coverage >= threshold && is_meant(passage));
    let (passage, quote) = reached.find_map(|passage| {
        let sentences = answer_sentences(&passage, question, cut.characters());
        let end = sentences.last()?.end;
        let end = if cut == Cut::Steps { with_steps(&passage.text, end) } else { end };
        let run = sentences.first()?.start..end;
        let quote = passage.text.get(run)?.trim().to_owned();
        let answers = cut == Cut::Steps || is_kind_asked(question, &quote);
        (!quote.is_empty() && answers).then_some((passage, quote))
    })?;
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    answer.step(
        "documents",
        format!("{} {}..{} ({:.2})", passage.document_id, passage.start, passage.end, passage.coverage),
    );
    let quote = say::format::quoted(&quote);
    // A list of exceptions says nothing without what it is a list of.
    let section = passage.sections.last().filter(|section| **section != passage.title && !quote.contains(*section));
    let title = match section {
        Some(section) => format!("{} – {section}", passage.title),
        None => passage.title.clone(),
    };
    let n = answer.cite(evidence(Passage { title: title.clone(), ..passage }));
    let title = say::format::plain(&title);
    answer.text = say::talk::quotation(scene.lang, &title, &quote, n);
    Some(answer)
}

/// Whether a document is named after a kind of thing that the shop sells and the question names another: what is written on drones is no answer
/// about phones.
fn is_guide_of_other_kind(scene: &Scene, title: &str, about: &[&str]) -> bool {
    let mut asked = scene.kinds().peekable();
    if asked.peek().is_none() {
        return false;
    }
    let found = scene.world.catalogue.search(title, 1).unwrap_or_default();
    let Some(path) = found.first().and_then(|one| one.product.category.as_deref()) else { return false };
    let kind = coverage::kind_word(Some(path));
    let names = |text: &str| !kind.is_empty() && super::attributes::fold(text).contains(&kind);
    names(title) && !about.iter().any(|text| names(text)) && !asked.any(|(known, word)| kinds::is_of(path, known, word))
}

/// Where the numbered steps that follow a place end: half a procedure is none.
fn with_steps(text: &str, from: usize) -> usize {
    const BYTES_MAX: usize = 1500;
    let mut end = from;
    for line in text[from..].split_inclusive('\n') {
        let step = line.trim_start();
        let digits = step.bytes().take_while(u8::is_ascii_digit).count();
        let is_step = digits > 0 && step[digits..].starts_with(['.', '、', ')', '．', '）']);
        if !(is_step || step.is_empty()) || end + line.len() - from > BYTES_MAX {
            break;
        }
        end += line.len();
    }
    end
}

/// A piece of a document as evidence.
pub fn evidence(passage: Passage) -> Evidence {
    let Passage { document_id, version, title, text, start, end, .. } = passage;
    Evidence::Document { document_id, version, title, text, start, end }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_procedure_is_quoted_to_its_last_step() {
        let text = "重置：\n1. 关机。\n2. 按住 10 秒。\n\n清洁用干布。";
        let from = text.find("关机。").expect("it is there") + "关机。".len();
        assert_eq!(&text[..with_steps(text, from)], "重置：\n1. 关机。\n2. 按住 10 秒。\n\n");
        assert_eq!(with_steps("无步骤。", 12), 12);
    }
}
