//! How the shop works: its rules from `service.toml`, then what its documents say to the same question.

use domain::Product;

use super::attributes::{fold, label, specs_for};
use super::coverage::{self, Asks};
use super::{Answer, Outcome, Scene, documents, field};
use crate::evidence::Evidence;
use crate::policy::warranty::Warranty;
use crate::policy::written::differ;
use crate::say;

/// What a customer asks about the shop's ways.
pub fn policy(scene: &Scene, intent: &str, product: Option<&Product>) -> Answer {
    let mut answer = Answer { rewordable: true, ..Answer::default() };
    // "It fell into water, is that covered?": the length of the warranty is no answer; what was written about such a case is.
    let has_happened = intent == "return_policy" && !coverage::circumstances(scene.question).is_empty();
    let is_more = intent == "warranty" && asks_extension(scene.question);
    if matches!(intent, "return_policy" | "warranty") && (has_happened || is_more || !is_plain(scene, intent, product))
    {
        let of_case = || {
            // `真无线拆开戴了两天，能退不`: the rule on what happened to such things, whatever else is said of it.
            let (kind, ask) =
                (scene.kinds().next().map_or("", |(_, word)| word), scene.lang.choose("能退吗", "can it be returned"));
            if has_happened { documents::rule_of(scene, &format!("{kind} {ask}")) } else { None }
        };
        let Some(written) = documents::written(scene, product).or_else(of_case) else {
            // "It died after eight months, is it still covered?": how long that is answers it, unless somebody dropped it.
            let is_case = is_more || !coverage::circumstances(scene.question).is_empty();
            let has_thing = product.is_some() || scene.kinds().next().is_some();
            if intent == "warranty" && has_thing && !is_case {
                warranty(scene, product, &mut answer);
            }
            if !answer.text.is_empty() {
                return answer;
            }
            let mut answer = Answer::unknown(say::talk::no_answer(scene.lang));
            answer.step("documents", "nothing about this case");
            return answer;
        };
        // Opened earphones are excepted: of a phone the rule itself is told first, unless another sentence is about its case.
        if intent == "return_policy" && is_of_others(scene, &written.text) {
            if let Some(own) = documents::on_circumstance(scene).filter(|own| !is_of_others(scene, &own.text)) {
                return own;
            }
            returns(scene, product, &mut answer);
            answer.append(written);
            return answer;
        }
        return written;
    }
    if intent == "return_policy"
        && asks_cost(scene.question)
        && let Some(found) =
            documents::search(scene, say::talk::who_pays_return(scene.lang), &[], documents::Cut::Answer)
    {
        return found;
    }
    match intent {
        "return_policy" => returns(scene, product, &mut answer),
        "warranty" => warranty(scene, product, &mut answer),
        "store_info" => desk(scene, &mut answer),
        _ => {}
    }
    let near = || documents::curated_near(scene, None).or_else(|| documents::on_ways_alone(scene));
    if answer.text.is_empty()
        && let Some(found) =
            documents::on_arrival(scene, product).or_else(|| if product.is_none() { near() } else { None })
    {
        return found;
    }
    // How the shop sends stands in no guide of a product.
    let is_of_shop = intent == "shipping_policy";
    let ids: Vec<&str> = product.iter().filter(|_| !is_of_shop).map(|product| product.product_id.as_str()).collect();
    let asks = Asks::of(scene, product);
    let found = documents::search(scene, scene.question, &ids, documents::Cut::Answer)
        .filter(|found| !documents::is_sheet_of_other(scene, found, product.filter(|_| !is_of_shop)));
    // A passage that has some of the words and nothing of the matter is about another.
    match found.filter(|found| !asks.misses_ways(&found.text)) {
        // Two figures for one rule help nobody: what the shop wrote for its customers stands.
        Some(found) if contradicts(scene, intent, &found.text) => {
            let mut found = found;
            found.step("policy", "a document gives other days than service.toml");
            return found;
        }
        Some(found) => answer.append(found),
        None if answer.text.is_empty() => {
            if let Some(found) = documents::on_ways(scene) {
                return found;
            }
            answer.text = say::talk::no_answer(scene.lang).to_owned();
            answer.outcome = Outcome::Unknown;
            answer.rewordable = false;
            answer.step("documents", format!("nothing about {}", asks.told()));
        }
        None => answer.step("documents", "nothing more"),
    }
    answer
}

/// Whether a text names kinds of things and not the one that is asked about, in whatever words.
fn is_of_others(scene: &Scene, text: &str) -> bool {
    let folded = fold(text);
    let is_said = |word: &str| folded.contains(fold(word).trim_end_matches('s'));
    coverage::is_beside_kind(scene, text) && !scene.kinds().any(|(_, word)| !word.is_empty() && is_said(word))
}

/// A longer warranty that can be bought is another matter than the one that comes with a thing.
pub fn asks_extension(question: &str) -> bool {
    let folded = question.to_lowercase();
    [
        "延保",
        "延长",
        "加购",
        "续保",
        "extend",
        "extra warranty",
        "longer warranty",
        "more year",
        "more yr",
        "another year",
        "extra year",
        "1 more",
        "one more",
        "多保",
        "加一年",
        "再保",
    ]
    .iter()
    .any(|word| folded.contains(word))
}

/// "What does a return cost me?": how long it may be returned is no answer.
fn asks_cost(question: &str) -> bool {
    const WORDS: &[&str] =
        &["cost", "postage", "who pays", "a fee", "free of charge", "运费", "邮费", "快递费", "收费", "花钱", "谁出钱"];
    let folded = question.to_lowercase();
    WORDS.iter().any(|word| folded.contains(word))
}

/// Whether the rule itself is asked for: its own words explain the question, no special case is named.
fn is_plain(scene: &Scene, intent: &str, product: Option<&Product>) -> bool {
    const RETURNS: &str = "退货 退 换货 换 无理由 规则 几天 天内 两周 一周 星期 周 不喜欢 喜欢 不想要 后悔 满意 期限 质量问题 坏 七天 7天 买 不想要了 不要了 return exchange send back \
        give back days weeks week two had still reason like change mind defect defective faulty broken window keep without product reasons back unwanted";
    // That something does not work is what a warranty is for.
    const WARRANTY: &str = "保修 质保 联保 保修期 保 多长 几年 多久 整机 全国 怎么 坏 故障 没声音 声音 单边 一边 左耳 右耳 开不了机 黑屏 \
        warranty guarantee years months long cover length last standard broken faulty defective fault stopped working works sound";
    let words = if intent == "warranty" { WARRANTY } else { RETURNS };
    Asks::of(scene, product).are_in([words])
}

/// Whether a quotation gives lengths of time, and none of them is one that the shop has set for what is asked.
fn contradicts(scene: &Scene, intent: &str, quotation: &str) -> bool {
    let rules = &scene.policies.returns;
    let of_some = rules.warranty.iter().filter_map(|rule| rule.days).filter(|days| *days > 0);
    let set: Vec<u32> = match intent {
        "warranty" => rules.warranty_days.into_iter().chain(of_some).collect(),
        "return_policy" => {
            [rules.no_reason_days, rules.defect_return_days, rules.defect_exchange_days].into_iter().flatten().collect()
        }
        _ => Vec::new(),
    };
    differ(&set, quotation)
}

/// Days as they are said, with the rule they come from.
fn days(scene: &Scene, answer: &mut Answer, name: &str, days: u32) -> String {
    let value = scene.lang.choose(format!("{days} 天"), format!("{days} days"));
    answer.cite(Evidence::Policy { name: format!("returns.{name}"), value: value.clone() });
    value
}

fn returns(scene: &Scene, product: Option<&Product>, answer: &mut Answer) {
    let rules = &scene.policies.returns;
    let windows = [
        ("no_reason_days", rules.no_reason_days),
        ("defect_return_days", rules.defect_return_days),
        ("defect_exchange_days", rules.defect_exchange_days),
    ];
    let [no_reason, defect, exchange] = windows.map(|(name, set)| set.map(|set| days(scene, answer, name, set)));
    let none = rules.no_reason_days == Some(0);
    let told = say::talk::returns(scene.lang, no_reason.as_deref(), none, defect.as_deref(), exchange.as_deref());
    answer.say(told);
    let category = product.and_then(|product| product.category.as_deref());
    let excepted = category.and_then(|path| rules.excepted(path));
    if let (Some(product), Some(except)) = (product, excepted) {
        let path = say::format::plain(except);
        answer.cite(Evidence::Policy { name: "returns.no_reason_except".to_owned(), value: except.to_owned() });
        answer.cite(field(product, "category", category.unwrap_or_default()));
        answer.say(say::talk::returns_except(scene.lang, &say::format::name(product), &path));
        answer.rewordable = false;
    }
    answer.suggest(say::talk::ask_return(scene.lang));
    answer.step("policy", if answer.text.is_empty() { "returns not set" } else { "returns" });
}

/// How long the warranty of a product is, beside other things that were asked.
pub fn warranty_alone(scene: &Scene, product: &Product) -> Answer {
    let mut answer = Answer::default();
    warranty(scene, Some(product), &mut answer);
    if answer.text.is_empty() {
        answer.text =
            say::products::not_told(scene.lang, &say::format::name(product), &[label("warranty", scene.lang)]);
        answer.cite(field(product, "name", product.name.as_str()));
    }
    answer
}

/// A product's own warranty goes before the shop's.
fn warranty(scene: &Scene, product: Option<&Product>, answer: &mut Answer) {
    let own = product.map(|product| (product, specs_for(product, "warranty")));
    if let Some((product, specs)) = own.filter(|(_, specs)| !specs.is_empty()) {
        let name = say::format::name(product);
        let mut told = Vec::new();
        for (key, value) in specs {
            answer.cite(field(product, key, value));
            told.push((label(key, scene.lang), say::format::value(value, scene.lang)));
        }
        answer.say(say::products::fields(scene.lang, &name, &told));
        answer.step("products", format!("{}: warranty", product.product_id));
        return;
    }
    let kind = scene.kinds().next().map(|(path, _)| path);
    let rule = Warranty::of(product, kind, &scene.policies.returns, scene.lang);
    let Some(length) = rule.length else {
        answer.step("policy", "warranty not set");
        return;
    };
    answer.say(if rule.is_none() {
        say::talk::no_warranty(scene.lang).to_owned()
    } else {
        let of_some = rule.grounds.iter().all(|one| !is_general(one));
        say::talk::warranty(scene.lang, &length.words(scene.lang), of_some)
    });
    for one in rule.grounds {
        answer.cite(one);
    }
    answer.step("policy", "warranty");
}

fn is_general(evidence: &Evidence) -> bool {
    matches!(evidence, Evidence::Policy { name, .. } if name == "returns.warranty_days")
}

/// When people answer: only if that is what is asked.
fn desk(scene: &Scene, answer: &mut Answer) {
    let asked = scene.question.to_lowercase();
    let is_asked = ["客服", "人工", "真人", "service", "support", "agent", "human", "person", "someone", "somebody"]
        .iter()
        .any(|word| asked.contains(word));
    if !is_asked {
        return;
    }
    let desk = &scene.policies.desk;
    let hours = format!("{}–{}", desk.opens, desk.closes);
    answer.cite(Evidence::Policy { name: "desk.hours".to_owned(), value: hours.clone() });
    answer.say(match desk.opens == desk.closes {
        true => say::person::always_open(scene.lang).to_owned(),
        false => say::person::hours(scene.lang, &hours),
    });
    answer.step("policy", "desk hours");
}
