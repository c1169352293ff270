//! The forms of channels: which symbols make up each part of a card, and how much of it fits. A field is never over its limit:
//! what does not fit is said in another way, shorter, or left out; only names are ever cut, between their words.

use super::line::Line;
use super::page;
use super::phrases;
use super::realise::Realiser;
use crate::brief::{Goal, Lang, Length};
use crate::channel::{Count, FieldCard, Part, clip};
use crate::plan::{Claim, Evidence, Plan, Point, names};
use crate::write::Angle;

/// The fields of the task's channel that have something to say, in the card's order.
pub fn fields(realiser: &mut Realiser) -> Vec<(&'static FieldCard, Line)> {
    let cards = realiser.task.channel.fields;
    let mut made: Vec<(&'static FieldCard, Line)> = Vec::new();
    let mut seen: Vec<String> = Vec::new();
    for card in cards {
        let line = field(realiser, card, &seen);
        if line.is_empty() && !card.is_required {
            continue;
        }
        seen.push(line.text.clone());
        made.push((card, line));
    }
    made
}

fn field(realiser: &mut Realiser, card: &'static FieldCard, seen: &[String]) -> Line {
    let fits =
        |line: &Line| card.count.fits(&line.text, card.max) && !line.text.contains('\n') && !seen.contains(&line.text);
    let found = match card.part {
        Part::Keywords => Some(keywords(realiser, card)),
        Part::Headline => headline(realiser, &fits),
        Part::Subline if is_poster_without_name(realiser, seen) => {
            Some(realiser.say("sub.name", &fits).unwrap_or_else(|| name_only(realiser, card.max, card.count)))
        }
        Part::Subline => {
            realiser.next_field();
            let has_price = realiser.task.channel.fields.iter().any(|card| card.part == Part::Price);
            // Where it may be left out, the name alone is no subline.
            let short = realiser.plan().short.clone();
            let is_one = |line: &Line| card.is_required || !line.text.contains(&short) || line.spans.len() > 1;
            realiser.say("sub", &|line| fits(line) && is_one(line) && !(has_price && line.tells_price))
        }
        Part::Point(_) => realiser.say("point", &fits),
        Part::Scene(_) => realiser.say("scene", &fits),
        Part::Price => {
            realiser.say(if realiser.task.channel.name == "poster" { "price.tag" } else { "price.line" }, &fits)
        }
        Part::Action => realiser.say(&format!("action.{}", realiser.task.brief.goal.name()), &fits),
        Part::Question => realiser.say("question", &fits),
        Part::Short => Some(short(realiser, card)),
        Part::Body => Some(body(realiser, card)),
        Part::Page => Some(page::page(realiser)),
        Part::Mail => Some(page::mail(realiser)),
        Part::Message => Some(message(realiser, card)),
        Part::Tags => Some(tags(realiser, card)),
        Part::Label => Some(label(realiser.lang())),
    };
    let found = found.map(|mut line| {
        // Lines of a poster are no sentences.
        if realiser.task.channel.name == "poster" && card.part != Part::Headline {
            line.text.truncate(line.text.trim_end_matches(['。', '.']).len());
        }
        line
    });
    found.unwrap_or_else(|| if card.is_required { name_only(realiser, card.max, card.count) } else { Line::default() })
}

/// Whether nothing on a poster says yet what it is about.
fn is_poster_without_name(realiser: &Realiser, seen: &[String]) -> bool {
    let short = realiser.plan().short.as_str();
    realiser.task.channel.name == "poster" && !seen.iter().any(|text| text.contains(short))
}

/// The symbol of an angle, or of the goal.
fn symbol(realiser: &Realiser, head: &str) -> String {
    let task = realiser.task;
    format!("{head}.{}", task.angle.symbol().unwrap_or(task.brief.opening()))
}

fn headline(realiser: &mut Realiser, fits: &dyn Fn(&Line) -> bool) -> Option<Line> {
    let symbol = symbol(realiser, "head");
    realiser.open(&symbol, fits)
}

/// The name alone, cut between words where it must be.
pub fn name_only(realiser: &mut Realiser, max: usize, count: Count) -> Line {
    let plan = realiser.plan();
    let evidence = realiser.field("name", &plan.name);
    let mut line = Line::default();
    let clipped = match clip(&plan.short, max, count) {
        // What leads on to a word that was cut off goes with it.
        cut if cut.len() < plan.short.len() => names::without_torn_figure(names::tidy_end(cut), &plan.short),
        whole => whole,
    };
    if !clipped.is_empty() {
        line.push_name(clipped, evidence);
    }
    line
}

/// How much of a field is aimed at.
fn share(length: Length) -> f64 {
    match length {
        Length::Short => 0.5,
        Length::Medium => 0.8,
        Length::Long => 1.0,
    }
}

/// Chinese search ads are shown by Baidu, too, which takes less.
const BAIDU_MAX: usize = 80;

/// The limit of a paragraph.
fn max_of(realiser: &Realiser, card: &FieldCard) -> usize {
    match realiser.task.channel.name == "search_ad" && realiser.lang() == Lang::Zh {
        true => card.max.min(BAIDU_MAX),
        false => card.max,
    }
}

/// One paragraph: opening, points, offer, what to do.
fn short(realiser: &mut Realiser, card: &'static FieldCard) -> Line {
    realiser.next_field();
    let is_first = realiser.openings.is_empty();
    let lang = realiser.lang();
    let max = max_of(realiser, card);
    let room = |used: &Line, line: &Line| {
        let joined = Line::join([used, line], between(line, lang));
        card.count.fits(&joined.text, max) && !(used.tells_end && line.tells_end)
    };
    let empty = Line::default();
    let symbol = symbol(realiser, "open");
    // Behind a headline the text begins with what the product does; without one it opens.
    let first = match is_first {
        true => realiser.open(&symbol, &|line| room(&empty, line)),
        false => behind_headline(realiser, &|line| room(&empty, line))
            .or_else(|| realiser.say(&symbol, &|line| room(&empty, line))),
    };
    let mut made = first.unwrap_or_else(|| name_only(realiser, max, card.count));
    let wanted = (max as f64 * share(realiser.task.brief.length)) as usize;
    // What a buyer has to know comes before the price, and has its room before anything else.
    let mut tail = realiser.say("say.without", &|line| room(&made, line)).unwrap_or_default();
    let offer = offer(realiser, made.tells_price).and_then(|symbol| {
        let already = Line::join([&made, &tail], between(&made, lang));
        realiser.say(symbol, &|line| room(&already, line))
    });
    if let Some(offer) = offer {
        tail = Line::join([&tail, &offer], lang.choose("", " "));
    }
    // Who reads a page need not be sent to it.
    let is_page = realiser.task.channel.fields.iter().any(|card| card.part == Part::Page);
    let close = if is_page { "close.page".to_owned() } else { format!("close.{}", realiser.task.brief.goal.name()) };
    for symbol in ["say.echo", "say.fit", "say.gain", "say.use", "say.standout", "say.opinion", "say.list"] {
        let symbol = if symbol == "say.list" { list(realiser) } else { symbol };
        let used = Line::join([&made, &tail], between(&made, lang));
        // A bare list moves nobody: as long as nothing else is said, a sentence that says more is looked for, where there is room.
        let has_room = max >= ROOM_MIN && !symbol.ends_with(".list");
        if card.count.of(&used.text) >= wanted && (!has_room || realiser.tells_more()) {
            break;
        }
        let fits = |line: &Line| room(&used, line);
        if let Some(line) = realiser.say(symbol, &fits) {
            made = Line::join([&made, &line], between(&made, lang));
        }
    }
    if !tail.is_empty() {
        made = Line::join([&made, &tail], between(&made, lang));
    }
    let already = made.clone();
    if card.count.of(&already.text) < wanted
        && let Some(line) = realiser.say(&close, &|line| room(&already, line))
    {
        made = Line::join([&made, &line], between(&made, lang));
    }
    made
}

/// The first sentence behind a headline: of what the angle looks at, else what the strongest point is good for.
fn behind_headline(realiser: &mut Realiser, fits: &dyn Fn(&Line) -> bool) -> Option<Line> {
    let looked_at = match realiser.task.angle {
        Angle::Opinion => realiser.say("first.opinion", fits),
        Angle::Standout => realiser.say("first.standout", fits),
        _ => None,
    };
    looked_at.or_else(|| realiser.say("say.first", fits))
}

/// What stands between two sentences, or behind a name that stands in the place of the first: `… 2560x1440 165Hz，165Hz刷新率`.
fn between(line: &Line, lang: Lang) -> &'static str {
    let is_open = line.text.chars().next_back().is_some_and(char::is_alphanumeric);
    match (lang == Lang::Zh, is_open) {
        (true, true) => "，",
        (true, false) => "",
        (false, true) => ": ",
        (false, false) => " ",
    }
}

/// The symbol of a list of points: what comes first is told otherwise than what is added.
fn list(realiser: &Realiser) -> &'static str {
    if realiser.told_points().contains(&true) { "say.list" } else { "first.list" }
}

/// How long a text may be that goes on beyond what is aimed at.
const ROOM_MIN: usize = 120;
/// Points from which on a text has enough to say without the price.
const POINTS_MIN: usize = 4;
/// How much price matters to an audience to which it is told.
const SENSITIVITY_MIN: f64 = 0.15;

/// The symbol of the offer, if there is one; of the price, where price matters to the audience or little else is known.
fn offer(realiser: &Realiser, is_price_told: bool) -> Option<&'static str> {
    let brief = realiser.task.brief;
    let cares =
        brief.audience.price_sensitivity.unwrap_or(0.5) >= SENSITIVITY_MIN || realiser.plan().points.len() < POINTS_MIN;
    match &brief.offer {
        Some(_) if is_price_told => Some("offer_after"),
        Some(_) => Some("offer"),
        None if is_price_told => None,
        None if cares && brief.goal != Goal::WinBack => Some("price"),
        None => None,
    }
}

/// Paragraphs, as many as fit: the plain text of a page or mail.
pub fn paragraphs(realiser: &mut Realiser, is_page: bool) -> Vec<Line> {
    let first = opening(realiser);
    behind(realiser, first, is_page)
}

/// The paragraph that begins a page, mail or body.
pub fn opening(realiser: &mut Realiser) -> Option<Line> {
    let any = |_: &Line| true;
    let symbol = symbol(realiser, "open");
    match realiser.openings.is_empty() {
        true => realiser.open(&symbol, &any),
        false => realiser.say(&symbol, &any),
    }
}

/// The first paragraph and those that follow it.
pub fn behind(realiser: &mut Realiser, first: Option<Line>, is_page: bool) -> Vec<Line> {
    let task = realiser.task;
    let any = |_: &Line| true;
    let lang = realiser.lang();
    let mut made = Vec::new();
    made.extend(first);
    let n_uses = match task.brief.length {
        Length::Short => 1,
        Length::Medium => 2,
        Length::Long => 4,
    };
    let mut uses = Vec::new();
    for _ in 0..n_uses {
        uses.extend(realiser.say("say.use", &any));
    }
    let mut apart = Vec::new();
    for symbol in ["say.standout", "say.gain", "say.opinion"] {
        apart.extend(realiser.say(symbol, &any));
    }
    apart.extend(realiser.say("say.fit", &any));
    let symbol = list(realiser);
    let rest: Vec<Line> = [symbol, "say.without"].into_iter().filter_map(|symbol| realiser.say(symbol, &any)).collect();
    let is_told = made.iter().any(|line: &Line| line.tells_price);
    let made_end = made.iter().any(|line: &Line| line.tells_end);
    let price = offer(realiser, is_told).or(if is_told { None } else { Some("price") });
    let mut price: Vec<Line> =
        price.and_then(|symbol| realiser.say(symbol, &|line| !(made_end && line.tells_end))).into_iter().collect();
    price.extend(realiser.say("extra", &any));
    // Who reads a page need not be sent to it.
    let close = if is_page { "close.page".to_owned() } else { format!("close.{}", task.brief.goal.name()) };
    let tells_end = price.iter().chain(&made).any(|line: &Line| line.tells_end);
    let close = realiser.say(&close, &|line| !(tells_end && line.tells_end));
    for group in [uses, apart, rest, price] {
        if !group.is_empty() {
            made.push(Line::join(&group, lang.choose("", " ")));
        }
    }
    made.extend(close);
    made
}

fn body(realiser: &mut Realiser, card: &'static FieldCard) -> Line {
    // A body is read on its own, the plain text of a mail above all; only behind bullets it tells what they left.
    match realiser.task.channel.fields.iter().any(|card| matches!(card.part, Part::Point(_))) {
        true => realiser.next_field(),
        false => realiser.forget(),
    }
    let mut all = paragraphs(realiser, realiser.task.channel.name == "store_page");
    let is_mail = realiser.task.channel.fields.iter().any(|card| card.part == Part::Mail);
    loop {
        let mut joined = Line::join(&all, "\n\n");
        if is_mail && !joined.is_empty() {
            joined.push(page::links(realiser.lang()));
        }
        if card.count.fits(&joined.text, card.max) {
            return match joined.is_empty() {
                true => name_only(realiser, card.max, card.count),
                false => joined,
            };
        }
        // The last but one goes first: opening and call to action stay longest.
        let at = all.len().saturating_sub(2);
        all.remove(at);
    }
}

/// Brand, model, kind, then specs that the name does not tell.
fn keywords(realiser: &mut Realiser, card: &'static FieldCard) -> Line {
    let plan = realiser.plan();
    let lang = realiser.lang();
    let mut line = name_only(realiser, card.max, card.count);
    let lower = plan.short.to_lowercase();
    let mut parts: Vec<(String, Option<Evidence>)> = Vec::new();
    if let Some(kind) = plan.kind {
        let noun = lang.choose(kind.zh, kind.en);
        let is_told = lower.contains(&noun.to_lowercase())
            || noun.split(' ').next_back().is_some_and(|last| lower.contains(last));
        let is_in_name = lang == Lang::Zh && plan.short.contains(kind.zh);
        if !is_told && !is_in_name {
            parts.push((noun.to_owned(), None));
        }
    }
    // What an accessory fits is what people search for.
    for point in &plan.points {
        if let Claim::Fit { device, evidence } = &point.claim {
            let device = lang.choose(device.replace(" and ", "、").replace(", ", "、"), device.clone());
            parts.push((format!("{} {device}", lang.choose("适用", "for")), Some(evidence.clone())));
        }
    }
    for point in &plan.points {
        let (Claim::Spec { evidence, .. } | Claim::Feature { evidence, .. }) = &point.claim else { continue };
        let told = match &point.claim {
            Claim::Spec { fact, .. } if ["colour", "os", "usb", "pixel_density"].contains(&fact.attribute.key) => true,
            Claim::Spec { fact, .. } => phrases::is_in_name(plan, lang.choose(&fact.reading.zh, &fact.reading.en)),
            Claim::Feature { feature, .. } => phrases::is_in_name(plan, &feature.quote),
            _ => false,
        };
        if !told && let Some(noun) = phrases::noun(point, lang, &mut realiser.random) {
            parts.push((as_keyword(&noun), Some(evidence.clone())));
        }
    }
    for (text, evidence) in parts {
        let mut longer = line.clone();
        // The kind belongs to the name.
        let is_listed = evidence.is_some() && !text.starts_with("for ");
        longer.push(if is_listed { lang.choose(" ", ", ") } else { " " });
        match evidence {
            Some(evidence) => {
                let at = realiser.cite(evidence);
                longer.push_bound(&text, at);
            }
            None => longer.push(&text),
        }
        if card.count.fits(&longer.text, card.max) {
            line = longer;
        }
    }
    line
}

/// A noun phrase as a key word: no article, no "of".
fn as_keyword(noun: &str) -> String {
    let bare = ["a(n) ", "a ", "an ", "the "].iter().find_map(|article| noun.strip_prefix(article)).unwrap_or(noun);
    match bare.as_bytes().first().is_some_and(u8::is_ascii_digit) {
        true => bare.replacen(" of ", " ", 1),
        false => bare.to_owned(),
    }
}

/// A text message: signature, body, opt-out.
fn message(realiser: &mut Realiser, card: &'static FieldCard) -> Line {
    let lang = realiser.lang();
    let shop = crate::plan::names::clean(&realiser.task.brief.shop_name);
    let evidence = realiser.cite(Evidence::Brief { part: "shop_name".into(), value: shop.clone() });
    let mut front = Line::default();
    front.push(lang.choose("【", ""));
    front.push_bound(&shop, evidence);
    front.push(lang.choose("】", ": "));
    let opt_out = lang.choose("拒收请回复R", " Reply STOP to opt out");
    let whole = |middle: &Line| {
        let mut made = front.clone();
        made.append(middle);
        // What is not ours to say does not run into what the law asks for.
        if !middle.text.ends_with(['.', '!', '?', '。', '！', '？']) {
            made.push(lang.choose("。", "."));
        }
        made.push(opt_out);
        made
    };
    let fits = |middle: &Line| card.count.fits(&whole(middle).text, card.max);
    let opening = symbol(realiser, "open");
    let is_offer = realiser.task.brief.offer.is_some();
    // Without an offer half of the messages open as other channels do.
    let ways = if is_offer || realiser.random.below(2) == 0 { ["sms.body", &opening] } else { [&opening, "sms.body"] };
    // A message of an offer tells what is offered, and every message what it is about, where there is a way that fits.
    let short = realiser.plan().short.clone();
    let tells_all = |middle: &Line| fits(middle) && middle.text.contains(&short) && (!is_offer || middle.tells_offer);
    let middle = ways
        .into_iter()
        .find_map(|symbol| realiser.open(symbol, &tells_all))
        .or_else(|| ways.into_iter().find_map(|symbol| realiser.open(symbol, &fits)));
    let mut middle = middle.unwrap_or_else(|| {
        // What a character counts for depends on the others: one outside the alphabet changes the limit of all.
        let mut room = card.max;
        loop {
            let line = name_only(realiser, room, Count::Chars);
            if room == 0 || fits(&line) {
                return line;
            }
            room -= 1;
        }
    });
    let already = middle.clone();
    let more = |line: &Line| {
        fits(&Line::join([&already, line], lang.choose("", " "))) && !(already.tells_end && line.tells_end)
    };
    let close = format!("close.{}", realiser.task.brief.goal.name());
    let offer = if already.tells_price { "offer_after" } else { "offer" };
    let rest = if is_offer { [offer, close.as_str()] } else { [close.as_str(), ""] };
    if let Some(line) = rest.into_iter().find_map(|symbol| realiser.say(symbol, &more)) {
        middle = Line::join([&middle, &line], lang.choose("", " "));
    }
    whole(&middle)
}

/// Topics: brand, kind, the first nouns.
fn tags(realiser: &mut Realiser, card: &'static FieldCard) -> Line {
    let plan = realiser.plan();
    let lang = realiser.lang();
    let mut wanted: Vec<(String, Option<Evidence>)> = Vec::new();
    if let Some(brand) = &plan.brand {
        let evidence =
            Evidence::Field { product_id: plan.product_id.clone(), field: "brand".into(), value: brand.clone() };
        wanted.push((brand.clone(), Some(evidence)));
    }
    wanted.extend(plan.kind.map(|kind| (lang.choose(kind.zh, kind.en_plural).to_owned(), None)));
    // The name itself is what people search for.
    if lang == Lang::En && plan.short.split(' ').count() <= 4 {
        let evidence =
            Evidence::Field { product_id: plan.product_id.clone(), field: "name".into(), value: plan.name.clone() };
        wanted.push((plan.short.clone(), Some(evidence)));
    }
    let mut n_nouns = 0;
    for point in &plan.points {
        if let (Claim::Spec { evidence, .. } | Claim::Feature { evidence, .. }, Some(noun)) =
            (&point.claim, phrases::noun(point, lang, &mut realiser.random))
        {
            let noun = as_keyword(&noun);
            // People search for a figure in Chinese topics; English ones run words together, and a figure would be lost in them.
            let is_searched = lang == Lang::Zh || !noun.bytes().any(|byte| byte.is_ascii_digit());
            if n_nouns < 3 && is_searched && is_topic(&noun) && phrases::leads(point) {
                wanted.push((noun, Some(evidence.clone())));
                n_nouns += 1;
            }
        }
    }
    wanted.extend(plan.kind.filter(|_| lang == Lang::Zh).map(|kind| (format!("{}推荐", kind.zh), None)));
    let mut line = Line::default();
    for (text, evidence) in wanted {
        if !is_topic(&text) {
            continue;
        }
        let word = topic(&text);
        if word.is_empty() || word.chars().count() > 20 {
            continue;
        }
        let mut longer = line.clone();
        if !longer.is_empty() {
            longer.push(" ");
        }
        longer.push("#");
        match evidence {
            Some(evidence) => {
                let at = realiser.cite(evidence);
                longer.push_bound(&word, at);
            }
            None => longer.push(&word),
        }
        if card.count.fits(&longer.text, card.max) {
            line = longer;
        }
    }
    if line.is_empty() {
        line.push(lang.choose("#好物", "#new"));
    }
    line
}

/// Words run together as topics are written: `14-inch screen` is `14InchScreen`.
fn topic(text: &str) -> String {
    let parts = text.split(|one: char| !(one.is_alphanumeric() || one == '.'));
    let capital = |part: &str| {
        let mut letters = part.chars();
        letters.next().map_or(String::new(), |first| first.to_uppercase().chain(letters).collect())
    };
    // A single word stays as it is: it may be a brand.
    match parts.clone().filter(|part| !part.is_empty()).count() {
        0 | 1 => parts.collect(),
        _ => parts.map(capital).collect(),
    }
}

/// The topics that a plan may lead to, with the keys of their points.
pub fn topics(plan: &Plan, lang: Lang) -> Vec<(String, String)> {
    let of_point = |point: &Point| {
        let nouns = phrases::nouns(point, lang).into_iter().map(|noun| as_keyword(&noun)).filter(|noun| is_topic(noun));
        nouns.map(|noun| (point.key.clone(), topic(&noun))).collect::<Vec<_>>()
    };
    plan.points.iter().flat_map(of_point).collect()
}

/// Whether a noun phrase may be a topic: no two numbers that would run together without what stands between them, and no unit such as
/// MB/s, of which topics would leave MBs.
fn is_topic(noun: &str) -> bool {
    let mut numbers = 0;
    let mut before = ' ';
    for one in noun.chars() {
        numbers += usize::from(one.is_ascii_digit() && !(before.is_ascii_digit() || before == '.'));
        before = one;
    }
    numbers <= 1 && noun.chars().count() <= 20 && !noun.contains('/')
}

fn label(lang: Lang) -> Line {
    let mut line = Line::default();
    line.push(lang.choose("广告", "Ad"));
    line
}
