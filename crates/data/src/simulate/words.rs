//! Texts in Chinese and English: descriptions, search queries, reviews by aspect, questions with their true answers,
//! and the documents that hold the answers. Composed from small grammars; every fact comes from the catalogue.

use domain::KnowledgeDocument;

use super::brands::{BRANDS, in_chinese, spec_in_chinese};
use super::catalogue::{Catalogue, Item};
use super::categories::{ASPECTS, ATTACHES, CATEGORIES, DELIVERY, Tie, category};
use super::people::SEGMENTS;
use super::random::{Purpose, Stream};
use super::{Language, guides, policies, reviews};
use crate::sources::version_of;

/// A spec's name and value as said to people.
fn said(key: &str, value: &str, language: Language) -> (String, String) {
    match language {
        // A model's name stays as its maker writes it.
        Language::Zh if key == "fits_model" => (spec_in_chinese(key).to_owned(), value.to_owned()),
        Language::Zh => (spec_in_chinese(key).to_owned(), in_chinese(value)),
        Language::En => (key.replace('_', " "), value.to_owned()),
    }
}

fn audience(item: &Item, language: Language) -> &'static str {
    let (zh, en) = match SEGMENTS[item.audience].key {
        "gamer" => ("游戏玩家", "players"),
        "photographer" => ("摄影爱好者", "people who take pictures"),
        "office" => ("商务办公人士", "office work"),
        "student" => ("学生和年轻人", "students"),
        "commuter" => ("通勤和差旅人群", "commuters and travellers"),
        "music_lover" => ("音乐发烧友", "music lovers"),
        "family" => ("家庭用户", "the whole family"),
        _ => ("追求旗舰体验的用户", "people who want the best there is"),
    };
    language.choose(zh, en)
}

/// What stands on a product's page.
pub fn description(item: &Item, language: Language) -> String {
    let facts: Vec<String> = item
        .specs
        .iter()
        .filter(|(key, value)| *key != "use" && *value != "none")
        .take(6)
        .map(|(key, value)| {
            let (name, value) = said(key, value, language);
            match language {
                Language::Zh => format!("{name}{value}"),
                Language::En => format!("{name} {value}"),
            }
        })
        .collect();
    match language {
        Language::Zh => format!("{}，{}。适合{}。", item.name_zh, facts.join("，"), audience(item, language)),
        Language::En => format!("{}: {}. Made for {}.", item.name_en, facts.join(", "), audience(item, language)),
    }
}

/// What a customer types who has this product, or one like it, in mind.
pub fn query(item: &Item, seed: u32, language: Language) -> String {
    let mut stream = Stream::new(11, Purpose::Text, u64::from(seed));
    let kind = item.category();
    let (brand, noun) = (&BRANDS[item.brand], language.choose(kind.noun_zh, kind.noun_en).to_lowercase());
    let brand = language.choose(brand.zh, brand.en).to_lowercase();
    let value = kind.headline.first().and_then(|key| item.specs.get(*key)).filter(|value| *value != "none");
    let value = value.map(|value| said("", value, language).1.to_lowercase()).unwrap_or_default();
    let device = item.specs.get("fits_model").map(|model| model.to_lowercase());
    let text = match (device, stream.below(8)) {
        (Some(model), 0..=4) => match language {
            Language::Zh => format!("{model} {noun}"),
            Language::En => format!("{noun} for {model}"),
        },
        (_, 0..=2) => format!("{brand} {noun}"),
        (_, 3 | 4) => noun,
        (_, 5) if !value.is_empty() => format!("{noun} {value}"),
        (_, 6) => match language {
            Language::Zh => format!("{noun} {}", stream.pick(&["推荐", "性价比", "排行", "新款", "优惠"])),
            Language::En => format!("{} {noun}", stream.pick(&["best", "cheap", "new", "good", "discount"])),
        },
        (_, 5 | 7) if kind.generation_months > 0.0 => {
            item.name_en.split(',').next().unwrap_or(&item.name_en).replace(kind.noun_en, "").to_lowercase()
        }
        _ => format!("{brand} {noun} {value}"),
    };
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// A review's text and which aspects it praises (true) or blames (false).
pub fn review(item: &Item, stars: u8, seed: u32, language: Language) -> (String, Vec<(&'static str, bool)>) {
    let mut stream = Stream::new(13, Purpose::Text, u64::from(seed));
    let mut candidates: Vec<usize> = item.category().aspects.to_vec();
    candidates.push(DELIVERY);
    let n_aspects = [1, 2, 2, 3][stream.below(4)].min(candidates.len());
    let mut opinions = Vec::new();
    for _ in 0..n_aspects {
        let aspect = candidates.swap_remove(stream.below(candidates.len()));
        let lean = 2.6 * item.quality[aspect] + 1.1 * (f64::from(stars) - 3.1);
        opinions.push((aspect, stream.chance(1.0 / (1.0 + (-lean).exp()))));
    }
    // Praise first when content, blame first when not.
    opinions.sort_by_key(|&(_, good)| good != (stars >= 4));
    let mut parts = Vec::new();
    if stream.chance(0.6) {
        parts.push((*stream.pick(reviews::opening(stars, language))).to_owned());
    }
    for (index, &(aspect, good)) in opinions.iter().enumerate() {
        let phrase = *stream.pick(reviews::phrases(aspect, good, language));
        let turns = index > 0 && opinions[index - 1].1 != good;
        parts.push(if turns { format!("{}{phrase}", language.choose("不过", "but ")) } else { phrase.to_owned() });
    }
    if stream.chance(0.45) {
        parts.push((*stream.pick(reviews::closing(stars, language))).to_owned());
    }
    let text = match language {
        Language::Zh => format!("{}。", parts.join("，")),
        Language::En => reviews::sentence(&parts),
    };
    (text, opinions.into_iter().map(|(aspect, good)| (ASPECTS[aspect], good)).collect())
}

/// A question to customer service with what is true.
#[derive(Clone, Debug, PartialEq)]
pub struct Question {
    pub text: String,
    pub intent: &'static str,
    pub answer: String,
    /// The document that holds the answer; `None` where an order or the stock must be looked up.
    pub document_id: Option<String>,
}

pub const INTENTS: [&str; 9] = [
    "spec",
    "compatibility",
    "returns",
    "price_protection",
    "warranty",
    "order_status",
    "setup",
    "invoice",
    "delivery",
];

/// The question of an `ask` event.
pub fn question(catalogue: &Catalogue, product: u32, intent: u8, seed: u32, language: Language) -> Question {
    let item = &catalogue.items[product as usize];
    let mut stream = Stream::new(17, Purpose::Question, u64::from(seed));
    let name = item.category().noun(language);
    let policy = |id: &str| Some(format!("policy-{id}"));
    let answer_of = |id: &str| policies::answer(id, language).to_owned();
    let intent_name = INTENTS[intent as usize % INTENTS.len()];
    let (texts, answer, document_id): (&[&str], String, Option<String>) =
        match intent_name {
            "spec" => return spec_question(item, &mut stream, language),
            "compatibility" => return compatibility_question(catalogue, product, &mut stream, language),
            "returns" => (
                language.choose(
                    &["这个{}不喜欢可以退吗", "{}拆封了还能退货吗", "怎么申请退货？", "买的{}想退，运费谁出"][..],
                    &[
                        "Can I return the {} if I do not like it?",
                        "The {} is opened, can I still return it?",
                        "How do I send the {} back?",
                    ][..],
                ),
                answer_of("returns"),
                policy("returns"),
            ),
            "price_protection" => (
                language.choose(
                    &["{}降价了能补差价吗", "刚买就降价，有价保吗？", "双十一会不会更便宜，买贵了怎么办"][..],
                    &[
                        "The {} just got cheaper, do I get the difference back?",
                        "Is there price protection for the {}?",
                    ][..],
                ),
                answer_of("price-protection"),
                policy("price-protection"),
            ),
            "warranty" => (
                language.choose(
                    &["{}保修多久", "{}坏了怎么保修？", "全国联保吗"][..],
                    &["How long is the warranty on the {}?", "My {} is broken, is it under warranty?"][..],
                ),
                answer_of("warranty"),
                policy("warranty"),
            ),
            "order_status" => (
                language.choose(
                    &["我的{}发货了吗", "订单到哪了？", "怎么还没收到货，什么时候到", "查一下物流"][..],
                    &["Where is my {}?", "Has my order been shipped?", "When will the {} arrive?"][..],
                ),
                language.choose("需要查询订单。", "The order must be looked up.").to_owned(),
                None,
            ),
            "setup" => return setup_question(item, &mut stream, language),
            "invoice" => (
                language.choose(
                    &["怎么开发票", "可以开公司抬头的发票吗？", "{}的电子发票在哪下载"][..],
                    &["How do I get an invoice?", "Can the invoice for the {} be in my company's name?"][..],
                ),
                answer_of("invoice"),
                policy("invoice"),
            ),
            _ => (
                language.choose(
                    &["{}今天下单什么时候能到", "包邮吗？", "发什么快递"][..],
                    &["If I order the {} today, when does it arrive?", "Is delivery free?"][..],
                ),
                answer_of("delivery"),
                policy("delivery"),
            ),
        };
    Question { text: stream.pick(texts).replace("{}", name), intent: intent_name, answer, document_id }
}

/// First steps; for what has a switch, also what to do when it does not turn on.
fn setup_question(item: &Item, stream: &mut Stream, language: Language) -> Question {
    let texts = language.choose(
        &["{}怎么设置？", "第一次用{}要注意什么", "{}开不了机怎么办"],
        &["How do I set up the {}?", "What should I do first with the new {}?", "The {} does not turn on."],
    );
    let kind = item.category();
    let index = stream.below(if guides::has_help(kind.key) { texts.len() } else { 2 });
    let (answer, document) = match index {
        2 => (guides::no_power(kind.key, language), format!("help-{}", kind.key)),
        _ => (guides::first_steps(kind.key, language), format!("guide-{}", kind.key)),
    };
    let text = texts[index].replace("{}", item.category().noun(language));
    Question { text, intent: "setup", answer: answer.to_owned(), document_id: Some(document) }
}

fn spec_question(item: &Item, stream: &mut Stream, language: Language) -> Question {
    let keys: Vec<_> = item.specs.iter().collect();
    let (key, value) = *stream.pick(&keys);
    let (spec, value) = said(key, value, language);
    let name = item.name(language);
    let (text, answer) = match language {
        Language::Zh => (
            match stream.below(3) {
                0 => format!("{name}的{spec}是多少"),
                1 => format!("请问这款{}{spec}是什么？", item.category().noun_zh),
                _ => format!("{name} {spec}？"),
            },
            format!("{name}的{spec}是{value}。"),
        ),
        Language::En => (
            match stream.below(3) {
                0 => format!("What is the {spec} of the {name}?"),
                1 => format!("{name}: {spec}?"),
                _ => format!("Can you tell me the {spec} of this {}?", item.category().noun_en.to_lowercase()),
            },
            format!("The {spec} of the {name} is {value}."),
        ),
    };
    Question { text, intent: "spec", answer, document_id: Some(format!("sheet-{}", item.product_id)) }
}

fn compatibility_question(catalogue: &Catalogue, product: u32, stream: &mut Stream, language: Language) -> Question {
    let item = &catalogue.items[product as usize];
    let rules: Vec<_> = catalogue.fitting(product).collect();
    let Some((rule, urn)) = (!rules.is_empty()).then(|| stream.below(rules.len())).map(|index| &rules[index]) else {
        return spec_question(item, stream, language);
    };
    // Half of the questions are about something that does not fit, where such a thing exists.
    let kind = category(ATTACHES[*rule].accessory);
    let shelf = catalogue.range(kind);
    let wrong =
        (0..12).map(|_| (shelf.start + stream.below(shelf.len())) as u32).find(|index| !urn.items().contains(index));
    let wrong = wrong.filter(|_| stream.chance(0.5));
    let fits = wrong.is_none();
    let accessory = wrong.unwrap_or_else(|| *stream.pick(urn.items()));
    let accessory = &catalogue.items[accessory as usize];
    let (device, other) = (item.name(language), accessory.name(language));
    let (text, answer) = match (language, fits) {
        (Language::Zh, true) => (format!("{other}能配{device}用吗"), format!("可以，{other}适用于{device}。")),
        (Language::Zh, false) => (format!("{other}能配{device}用吗"), format!("不可以，{other}不适用于{device}。")),
        (Language::En, true) => {
            (format!("Does the {other} fit the {device}?"), format!("Yes, the {other} fits the {device}."))
        }
        (Language::En, false) => {
            (format!("Does the {other} fit the {device}?"), format!("No, the {other} does not fit the {device}."))
        }
    };
    Question { text, intent: "compatibility", answer, document_id: Some(format!("sheet-{}", accessory.product_id)) }
}

/// The facts of one product, as service may cite them.
fn sheet(item: &Item, language: Language) -> KnowledgeDocument {
    let mut text = String::new();
    for (key, value) in &item.specs {
        let (key, value) = said(key, value, language);
        match language {
            Language::Zh => text += &format!("{key}：{value}。"),
            Language::En => text += &format!("{key}: {value}. "),
        }
    }
    for rule in ATTACHES.iter().filter(|rule| rule.accessory == item.category().key) {
        let device = CATEGORIES[category(rule.device)].noun(language);
        match (rule.tie, language) {
            (Tie::Spec(attribute, own), Language::Zh) => {
                let value = in_chinese(&item.specs[own]);
                text += &format!("适用于{}为{value}的{device}。", spec_in_chinese(attribute));
            }
            (Tie::Spec(attribute, own), Language::En) => {
                let value = &item.specs[own];
                text += &format!("Fits every {device} whose {} is {value}. ", attribute.replace('_', " "));
            }
            (Tie::Model, _) => {}
        }
    }
    KnowledgeDocument {
        document_id: format!("sheet-{}", item.product_id),
        title: match language {
            Language::Zh => format!("{} 参数", item.name_zh),
            Language::En => format!("{}: specifications", item.name_en),
        },
        text: text.trim_end().to_owned(),
        product_ids: vec![item.product_id.clone()],
        source: Some("catalogue".to_owned()),
        version: None,
        extra: None,
    }
}

/// Every document of the shop.
pub fn documents(catalogue: &Catalogue, language: Language) -> Vec<KnowledgeDocument> {
    let mut documents = policies::documents(language);
    documents.extend(guides::documents(language));
    documents.extend(catalogue.items.iter().map(|item| sheet(item, language)));
    for document in &mut documents {
        document.version = Some(version_of(&document.text));
    }
    documents
}
