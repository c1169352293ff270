//! A copy held against all that is known of its product: what its plan may say, its prices, the fields of its channel, the shop's
//! own rules. Every field of a draft is checked as its readers see it. For texts by any writer, the built-in one included: it
//! is not believed either.

use std::borrow::Cow;
use std::collections::BTreeMap;

use domain::{Cents, Day, Product};
use language::text::Masker;

use super::duplicate::SaidBefore;
use super::facts::{Facts, Grounds, Other, Relation, Stated, sign_of};
use super::finding::{Check, Finding, Risk, Said};
use super::law::{Law, Settings};
use super::limits::{self, Limit, Measure};
use super::markup::{Words, unsafe_markup};
use super::report::{Checks, DUPLICATE_FROM, Report, TooLong, Verdict};
use super::voice::{Rules, Voice, Voices};
use super::{price, voice};
use crate::brief::{Brief, Goal};
use crate::channel::{Channel, Count, FieldCard, Format, Part, clip};
use crate::plan::{Claim, Evidence, Market, Plan, names};
use crate::write::{self, Draft, statements};

/// What the shop brings to the check of any text.
#[derive(Clone, Copy, Debug)]
pub struct House<'a> {
    pub masker: &'a Masker,
    /// The shop's own contact data.
    pub own: &'a [String],
    pub voices: &'a Voices,
    pub rules: &'a Rules,
}

/// Words by which a label says that it stands on an advertisement.
const LABELS: &[&str] = &["广告", "赞助", "推广", "ad", "ads", "advertisement", "sponsored"];

/// The check of one product's texts, ready for any number of them.
#[derive(Debug)]
pub struct CopyCheck {
    law: Law,
    facts: Option<Facts>,
    offer: Option<price::Offer>,
    /// What the product is called, in which nothing is personal: `2.0 Flash Drive` reads like a street.
    name: Option<String>,
    /// What it and those it is told with are called, in which no sum is a price.
    names: Vec<String>,
    /// Its category and brand, whose rules and voice hold.
    goods: (Option<String>, Option<String>),
    /// Who signs messages.
    sender: Option<String>,
    /// The day of its launch, where that is too long ago, or still to come, for it to be news.
    old: Option<Day>,
    /// What other copies say.
    before: SaidBefore,
}

impl CopyCheck {
    /// Of texts of no product: the law, and prices if an offer is given.
    pub fn of_text(offer: Option<price::Offer>) -> CopyCheck {
        CopyCheck {
            law: Law::default(),
            facts: None,
            offer,
            name: None,
            names: Vec::new(),
            goods: (None, None),
            sender: None,
            old: None,
            before: SaidBefore::default(),
        }
    }

    /// Of texts that a plan may lead to. `history` is what the product was sold for, by day, in any order; without any, a claim
    /// that compares prices cannot be proved.
    pub fn new(brief: &Brief, plan: &Plan, market: &Market, history: &[(Day, Cents)]) -> CopyCheck {
        let law = Law::new(&Settings { names: own_names(brief, plan), ..Settings::default() });
        let facts = Facts::new(&grounds(brief, plan, market));
        CopyCheck {
            law,
            facts: Some(facts),
            offer: Some(prices(brief, history)),
            name: Some(plan.name.clone()),
            names: called(plan),
            goods: (brief.hero().category.clone(), brief.hero().brand.clone()),
            sender: Some(names::clean(&brief.shop_name)).filter(|name| !name.is_empty()),
            old: brief.hero().launched_on.filter(|_| brief.today.is_some() && !brief.is_news()),
            before: SaidBefore::default(),
        }
    }

    /// The same, with copies that a draft should not repeat.
    pub fn beside(self, before: SaidBefore) -> CopyCheck {
        CopyCheck { before, ..self }
    }

    /// Checks a text as one field of a channel, or as a text that stands alone: phrases that have to stand in every copy are asked
    /// of the latter only.
    ///
    /// # Errors
    /// If the text is too long to be checked at all.
    pub fn text(&self, text: &str, card: Option<&FieldCard>, house: &House) -> Result<Report, TooLong> {
        let mut rules = self.rules_of(house);
        if card.is_some() {
            rules = rules.without_required();
        }
        self.field(text, card, &House { rules: &rules, ..*house })
    }

    /// The rules that hold for the product.
    fn rules_of(&self, house: &House) -> Rules {
        house.rules.in_force(self.goods.0.as_deref(), self.goods.1.as_deref())
    }

    fn field(&self, text: &str, card: Option<&FieldCard>, house: &House) -> Result<Report, TooLong> {
        let is_html = card.is_some_and(|card| card.format == Format::Html);
        let mut report = if is_html {
            let words = Words::of(text);
            words.report_on(text, self.words(&words.text, card, house)?)
        } else {
            self.words(text, card, house)?
        };
        report.findings.extend(card.into_iter().flat_map(|card| of_field(text, card)));
        if let Some(card) =
            card.filter(|card| matches!(card.part, Part::Message | Part::Mail) && !text.trim().is_empty())
        {
            report.findings.extend(unsigned(text, card.part, self.sender.as_deref()));
        }
        report.findings.extend(self.old.and_then(|launched| no_news(text, launched)));
        Ok(report.settled())
    }

    /// Checks every field of a draft; fields that the channel needs and the draft lacks have a report too.
    ///
    /// # Errors
    /// If a text is too long to be checked at all.
    pub fn draft(&self, draft: &Draft, channel: &Channel, house: &House) -> Result<BTreeMap<String, Report>, TooLong> {
        // A phrase that has to stand in every copy need not stand in each of its fields.
        let all = self.rules_of(house);
        let rules = all.clone().without_required();
        let by_field = House { rules: &rules, ..*house };
        let is_mail = channel.fields.iter().any(|card| card.part == Part::Mail);
        let mut reports = BTreeMap::new();
        for card in channel.fields {
            let text = draft.text(card.name);
            if text.is_none() && !card.is_required {
                continue;
            }
            let text = text.unwrap_or_default();
            let mut report = self.field(text, Some(card), &by_field)?;
            // The plain text of a mail is the mail of whoever reads no HTML.
            if is_mail && card.part == Part::Body && !text.trim().is_empty() {
                report.findings.extend(unsigned(text, Part::Body, None));
                report = report.settled();
            }
            reports.insert(card.name.to_owned(), report);
        }
        let whole: String = draft.fields.iter().map(|field| Words::of_field(field) + "\n").collect();
        let mut of_whole = voice::check(&whole, &Voice::default(), &all.only_required()).findings;
        of_whole.extend(self.before.check(&draft.plain(), DUPLICATE_FROM));
        if let Some(first) = channel.fields.first().and_then(|card| reports.get_mut(card.name)) {
            first.findings.extend(of_whole);
            *first = std::mem::take(first).settled();
        }
        Ok(reports)
    }

    fn words(&self, text: &str, card: Option<&FieldCard>, house: &House) -> Result<Report, TooLong> {
        // A label, topics and a title of key words are not how anybody speaks.
        let is_speech = card.is_none_or(|card| !matches!(card.part, Part::Label | Part::Tags | Part::Keywords));
        let silent = Voice::default();
        let own: Vec<String> = house.own.iter().chain(&self.name).cloned().collect();
        let voice = if is_speech { house.voices.of(self.goods.1.as_deref()) } else { &silent };
        let checks = Checks {
            law: Some(&self.law),
            facts: self.facts.as_ref(),
            offer: self.offer.as_ref(),
            names: &self.names,
            limit: None,
            personal: Some((house.masker, &own)),
            voice: Some((voice, house.rules)),
            others: &[],
        };
        let mut report = checks.check(text)?;
        if voice.n_samples == 0 {
            report.voice_score = None;
        }
        Ok(report)
    }
}

/// Whether a piece of evidence is what plan, offer and products say: for drafts that come from outside.
pub fn bears_out(brief: &Brief, plan: &Plan, market: &Market, evidence: &Evidence) -> bool {
    let of_offer =
        |part: &str, value: &str| stated_offer(brief).iter().any(|(known, said)| *known == part && said == value);
    match evidence {
        Evidence::Field { product_id, field, value } => {
            let all = brief.products.iter().chain(&brief.audience.owned).chain(market.predecessor);
            let mut own = all.filter(|product| product.product_id == *product_id);
            own.any(|product| says(product, field, value))
        }
        Evidence::Offer { part, value } => of_offer(part, value),
        Evidence::Computed { value, .. } => of_offer("saving", value),
        Evidence::Brief { part, value } => match part.as_str() {
            "shop_name" => *value == names::clean(&brief.shop_name),
            "audience.owned" => plan.owned.as_ref() == Some(value),
            _ => false,
        },
        other => statements(plan, brief.lang).iter().any(|one| one.evidence == *other),
    }
}

/// Whether a field of a product holds a value, both in one line.
fn says(product: &Product, field: &str, value: &str) -> bool {
    let held = match field {
        "name" => {
            let name = names::clean(&product.name);
            let short = names::short(&name, product.brand.as_deref());
            return name.contains(value) || short == value;
        }
        // Written as the name writes it.
        "brand" => return product.brand.as_ref().is_some_and(|brand| names::clean(brand).eq_ignore_ascii_case(value)),
        "description" => product.description.clone(),
        "price_cents" => product.price_cents.map(|price| price.to_string()),
        other => other.strip_prefix("specs.").and_then(|spec| product.specs.get(spec)).cloned(),
    };
    held.is_some_and(|held| held.contains(value) || names::clean(&held).contains(value))
}

/// What several reports come to.
pub fn verdict<'a>(reports: impl IntoIterator<Item = &'a Report>) -> Verdict {
    reports.into_iter().map(|report| report.verdict).max().unwrap_or_default()
}

/// The names by which a plan's texts call products.
fn called(plan: &Plan) -> Vec<String> {
    let others = plan.predecessor.iter().chain(&plan.others).map(|(_, name)| name);
    [&plan.name, &plan.short].into_iter().chain(others).chain(&plan.owned).cloned().collect()
}

/// Names of the shop's own goods; a name that itself breaks the law is none that excuses the words in it.
fn own_names(brief: &Brief, plan: &Plan) -> Vec<String> {
    let hero = brief.hero();
    let others = brief.products[1..].iter().chain(&brief.audience.owned);
    let mut own: Vec<String> = others.map(|product| names::clean(&product.name)).collect();
    own.extend([plan.name.clone(), plan.short.clone()]);
    own.extend(plan.predecessor.iter().map(|(_, name)| name.clone()));
    own.extend(plan.others.iter().map(|(_, name)| name.clone()));
    own.extend(hero.brand.iter().map(|brand| names::clean(brand)));
    let law = Law::default();
    let is_lawful = |name: &String| {
        let found = law.check(name);
        !name.is_empty() && found.iter().all(|one| one.risk < Risk::Review || one.category == RIVAL)
    };
    own.retain(is_lawful);
    own
}

/// A rival's name within the name of the shop's own goods is no disparagement: what they fit.
const RIVAL: &str = "disparaging";

fn grounds(brief: &Brief, plan: &Plan, market: &Market) -> Grounds {
    let other = |relation: Relation, product: &Product| Other { relation, product: product.clone() };
    let mut others: Vec<Other> = Vec::new();
    let owned = brief.audience.owned.as_ref();
    let is_upgrade = brief.goal == Goal::Upgrade;
    others.extend(owned.map(|owned| other(if is_upgrade { Relation::Predecessor } else { Relation::Together }, owned)));
    let before = market.predecessor.filter(|_| !(is_upgrade && owned.is_some()));
    others.extend(before.map(|before| other(Relation::Predecessor, before)));
    others.extend(brief.products[1..].iter().map(|product| other(Relation::Together, product)));
    let said = statements(plan, brief.lang).into_iter().filter(|one| one.said != write::Said::Noun);
    let said = said.map(|one| (one.key, one.text)).chain(write::topics(plan, brief.lang));
    let said = said.map(|(field, value)| Stated { field, value });
    Grounds {
        product: brief.hero().clone(),
        others,
        stated: stated(brief, plan),
        said: said.collect(),
        currency: brief.currency.clone(),
    }
}

/// The parts of the offer with their values, money in the currency's main unit; what it saves among them.
fn stated_offer(brief: &Brief) -> Vec<(&'static str, String)> {
    let Some(offer) = &brief.offer else { return Vec::new() };
    let mut all = Vec::new();
    if let Some(price) = offer.price_cents {
        all.push(("price_cents", price.to_string()));
        let saving = brief.hero().price_cents.map(|list| Cents(list.0 - price.0)).filter(|saving| saving.0 > 0);
        all.extend(saving.map(|saving| ("saving", saving.to_string())));
    }
    all.extend(offer.coupon_off_cents.map(|off| ("coupon_off_cents", off.to_string())));
    all.extend(offer.coupon.clone().map(|coupon| ("coupon", coupon)));
    all.extend(offer.gift.clone().map(|gift| ("gift", gift)));
    all.extend(offer.ends_on.map(|day| ("ends_on", day.to_string())));
    all
}

/// The offer, the shop, and reviews in figures.
fn stated(brief: &Brief, plan: &Plan) -> Vec<Stated> {
    let mut all: Vec<(String, String)> = Vec::new();
    let mut add = |field: &str, value: String| all.push((field.to_owned(), value));
    if !brief.shop_name.trim().is_empty() {
        add("shop_name", brief.shop_name.clone());
    }
    for (part, value) in stated_offer(brief) {
        let is_sum = matches!(part, "price_cents" | "saving" | "coupon_off_cents");
        let value = if is_sum { format!("{}{value}", sign_of(&brief.currency)) } else { value };
        add(&format!("offer {part}"), value);
    }
    for point in &plan.points {
        if let Claim::Opinion { opinion, .. } = &point.claim {
            add("reviews", format!("{} 条 {} 条", opinion.n_reviews, opinion.n_praise));
        }
    }
    all.into_iter().map(|(field, value)| Stated { field, value }).collect()
}

fn prices(brief: &Brief, history: &[(Day, Cents)]) -> price::Offer {
    let list = brief.hero().price_cents.filter(|price| price.0 > 0);
    let offer = brief.offer.as_ref();
    let now = offer.and_then(|offer| offer.price_cents).or(list);
    let today = brief.today.unwrap_or_default();
    let known = match now {
        Some(now) => price::Offer::from_history(now, today, history),
        None => price::Offer { today, ..price::Offer::default() },
    };
    price::Offer {
        list_cents: list,
        coupon_off_cents: offer.and_then(|offer| offer.coupon_off_cents),
        ends_on: offer.and_then(|offer| offer.ends_on),
        currency: brief.currency.clone(),
        ..known
    }
}

/// What a field's card asks of its text.
fn of_field(text: &str, card: &FieldCard) -> Vec<Finding> {
    let mut found = Vec::new();
    let name = card.name.to_owned();
    if card.is_required && text.trim().is_empty() {
        return limits::check("", &Limit { field: name, min: Some(1), ..Limit::default() });
    }
    if card.format == Format::Line && text.contains(['\n', '\r']) {
        found.extend(limits::check(text, &Limit { field: name.clone(), lines_max: Some(1), ..Limit::default() }));
    }
    if !card.count.fits(text, card.max) {
        found.extend(too_long(text, card));
    }
    if card.format == Format::Html
        && let Some(wrong) = unsafe_markup(text)
    {
        found.push(Finding {
            message: Said::new(format!("网页代码不可用：{wrong}"), wrong),
            suggestion: Said::fixed(
                "只用段落、标题、列表、表格、图片和链接",
                "keep to paragraphs, headings, lists, tables, pictures and links",
            ),
            ..blank(Check::Limits, "markup")
        });
    }
    if card.part == Part::Label && !is_label(text) {
        found.push(Finding {
            article: Some(Said::fixed("《广告法》第十四条", "PRC Advertising Law, art. 14")),
            message: Said::fixed("没有标明“广告”", "does not say that it is advertising"),
            suggestion: Said::fixed("写“广告”", "say that it is an ad"),
            ..blank(Check::Law, "hidden_ad")
        });
    }
    found
}

fn is_label(text: &str) -> bool {
    let lower = text.to_lowercase();
    let words: Vec<&str> = lower.split(|one: char| !one.is_alphanumeric()).collect();
    LABELS.iter().any(|label| if label.is_ascii() { words.contains(label) } else { lower.contains(label) })
}

/// A text message says who sends it and how it is stopped, a mail that it advertises and how it is stopped. `sender` is the
/// shop's name, if known.
fn unsigned(text: &str, part: Part, sender: Option<&str>) -> Option<Finding> {
    // Only the page of a mail is HTML: a message or a plain text may hold `<`.
    let lower = if part == Part::Mail { Words::of(text).text.to_lowercase() } else { text.to_lowercase() };
    let has = |any: &[&str]| any.iter().any(|word| lower.contains(word));
    let stops = has(&["拒收", "退订", "回复t", "回t", "unsubscribe", "opt out", "opt-out", "reply stop", "text stop"]);
    let is_signed = match sender.map(str::to_lowercase) {
        Some(sender) => lower.trim_start().trim_start_matches(['【', '[']).starts_with(&sender),
        None => lower.trim_start().starts_with(['【', '[']) || lower.contains(": "),
    };
    let (lacks, message, suggestion) = match part {
        Part::Message => (
            !stops || !is_signed,
            Said::fixed("没有写明由谁发送、怎样退订", "does not say who sends it, or how to opt out"),
            Said::fixed("以店名签名开头，写上退订方式", "begin with the shop's name and say how to opt out"),
        ),
        _ => (
            !stops || !is_label(&lower),
            Said::fixed("没有写明是广告、怎样退订", "does not say that it is an ad, or how to opt out"),
            Said::fixed("写上“广告”和退订方式", "say that it is an ad and how to opt out"),
        ),
    };
    lacks.then(|| Finding {
        article: Some(Said::fixed(
            "《广告法》第四十三条；《互联网广告管理办法》第十七条",
            "PRC Advertising Law, art. 43; Internet Advertising Measures (2023), art. 17",
        )),
        message,
        suggestion,
        ..blank(Check::Law, "hidden_ad")
    })
}

/// Words that call goods new.
const NEWS: &[&str] = &[
    "新上架",
    "刚上架",
    "今天上架",
    "今日上架",
    "新到店",
    "刚到店",
    "新品上市",
    "新品到店",
    "新品上架",
    "全新上市",
    "刚刚上市",
    "新鲜到货",
    "新货",
    "首发",
    "开卖",
    "今起可以下单",
    "今起可以买",
    "just in",
    "just landed",
    "has landed",
    "have landed",
    "new arrival",
    "newly arrived",
    "just arrived",
    "has arrived",
    "have arrived",
    "just come in",
    "just launched",
    "newly launched",
    "just released",
    "fresh in",
    "new with us",
];

/// A text that calls something new of which the shop knows that it is not.
fn no_news(text: &str, launched: Day) -> Option<Finding> {
    let lower = text.to_lowercase();
    let is_word = |at: usize, word: &str| {
        let (before, after) = (lower[..at].chars().next_back(), lower[at + word.len()..].chars().next());
        !word.is_ascii() || ![before, after].into_iter().flatten().any(|one| one.is_ascii_alphanumeric())
    };
    let word = NEWS.iter().find(|word| lower.match_indices(**word).any(|(at, found)| is_word(at, found)))?;
    Some(Finding {
        matched: (*word).to_owned(),
        article: Some(Said::fixed("《广告法》第二十八条", "PRC Advertising Law, art. 28")),
        message: Said::new(
            format!("商品的上市日是 {launched}，不是新品"),
            format!("it was launched on {launched}, so it is not new"),
        ),
        suggestion: Said::fixed("不说它是新的，或改正上市日", "do not call it new, or correct its launch day"),
        ..blank(Check::Facts, "news")
    })
}

fn blank(check: Check, category: &'static str) -> Finding {
    Finding {
        check,
        category: Cow::Borrowed(category),
        risk: Risk::Block,
        span: None,
        matched: String::new(),
        article: None,
        message: Said::default(),
        suggestion: Said::default(),
        fix: None,
    }
}

fn too_long(text: &str, card: &FieldCard) -> Vec<Finding> {
    let measure = match card.count {
        Count::Chars => Measure::Characters,
        Count::Wide2 => Measure::Columns,
        Count::Sms => Measure::Utf16,
    };
    let max = Some(card.count.max_for(text, card.max));
    let mut found = limits::check(text, &Limit { field: card.name.to_owned(), measure, max, ..Limit::default() });
    if found.is_empty() {
        // Counted otherwise in few characters: told by what would have to go.
        let max = Some(clip(text, card.max, card.count).chars().count());
        found = limits::check(text, &Limit { field: card.name.to_owned(), max, ..Limit::default() });
    }
    if card.format == Format::Html {
        // To cut HTML is to break it.
        found.iter_mut().for_each(|one| one.fix = None);
    }
    found
}

#[cfg(test)]
mod tests;
