//! Texts in Chinese and English: descriptions, search queries, reviews by aspect, questions with their true answers,
//! and the documents that hold the answers. Composed from small grammars; every fact comes from the catalogue.

use domain::KnowledgeDocument;

use super::brands::{BRANDS, in_chinese, spec_in_chinese};
use super::catalogue::{Catalogue, Item};
use super::categories::{ASPECTS, ATTACHES, CATEGORIES, DELIVERY, Tie, category};
use super::people::SEGMENTS;
use super::random::{Purpose, Stream};
use super::{Language, reviews};

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
    let answer_of = |id: &str| policy_text(id, language).to_owned();
    let intent_name = INTENTS[intent as usize % INTENTS.len()];
    let (texts, answer, document_id): (&[&str], String, Option<String>) = match intent_name {
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
        "price_protection" => {
            (
                language.choose(
                    &["{}降价了能补差价吗", "刚买就降价，有价保吗？", "双十一会不会更便宜，买贵了怎么办"][..],
                    &[
                        "The {} just got cheaper, do I get the difference back?",
                        "Is there price protection for the {}?",
                    ][..],
                ),
                answer_of("price-protection"),
                policy("price-protection"),
            )
        }
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
        "setup" => (
            language.choose(
                &["{}怎么设置？", "第一次用{}要注意什么", "{}开不了机怎么办"][..],
                &["How do I set up the {}?", "What should I do first with the new {}?", "The {} does not turn on."][..],
            ),
            guide_text(item.category, language),
            Some(format!("guide-{}", item.category().key)),
        ),
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

/// (id, title zh, title en, text zh, text en)
const POLICIES: &[(&str, &str, &str, &str, &str)] = &[
    (
        "returns",
        "退货与换货",
        "Returns and exchanges",
        "签收后7天内，商品完好、配件齐全可无理由退货，来回运费由买家承担；已拆封的耳机、墨盒和贴膜因卫生和一次性使用原因，无质量问题不退。签收后15天内出现质量问题可以换新，运费由本店承担。在“我的订单”中点击“申请售后”即可。退款在收到退货后3个工作日内原路退回。",
        "Within 7 days of delivery, goods that are complete and undamaged can be returned without giving a reason; the buyer pays the postage. Opened earbuds, ink cartridges and screen protectors are taken back only if faulty. Within 15 days of delivery a faulty product is exchanged for a new one and the shop pays the postage. Choose \"Request service\" under \"My orders\". The refund goes back the way it was paid within 3 working days after the goods have arrived.",
    ),
    (
        "warranty",
        "保修政策",
        "Warranty",
        "手机、电脑、平板、相机等主机全国联保1年，标注24个月保修的型号按24个月执行；电池和充电器保修6个月；手机壳、贴膜、表带等易耗品不保修。人为损坏、进液和私自拆修不在保修范围。保修请携带电子发票到任一维修点，或在订单页申请寄修，寄修往返运费由本店承担。",
        "Phones, computers, tablets, cameras and other devices have a warranty of 12 months, models marked 24 months have 24. Batteries and chargers have 6 months. Cases, screen protectors and straps have none. Damage by accident, liquid or unauthorised repair is not covered. Bring the electronic invoice to any service point, or ask for repair by post on the order's page; the shop pays the postage both ways.",
    ),
    (
        "price-protection",
        "价格保护",
        "Price protection",
        "付款后30天内，同一商品在本店降价，可以申请退还差价一次；618和双11期间购买的商品，价保期顺延至活动结束后15天。秒杀、优惠券和以旧换新补贴形成的差价不在价保范围。在订单页点击“价格保护”，差价在24小时内退回。",
        "If the same product becomes cheaper in this shop within 30 days of payment, the difference is refunded once on request. For purchases during the 618 and Double 11 festivals the period ends 15 days after the festival. Flash sales, coupons and trade-in allowances are excluded. Choose \"Price protection\" on the order's page; the refund arrives within 24 hours.",
    ),
    (
        "delivery",
        "发货与配送",
        "Delivery",
        "16点前付款的现货订单当天发货，其余次日发货；省会城市一般1到2天送达，其他地区2到4天。订单满99元包邮，不满99元收取8元运费。大型电视提供送货上门和免费入户安装，需提前预约。大促期间发货可能延迟，最长不超过72小时。",
        "Orders of goods in stock paid before 16:00 are shipped the same day, later ones the next day. Delivery takes 1 to 2 days to provincial capitals and 2 to 4 days elsewhere. Delivery is free from 99 yuan, below that it costs 8 yuan. Large televisions are brought to the door and installed free of charge by appointment. During festivals shipping may take longer, at most 72 hours.",
    ),
    (
        "invoice",
        "发票",
        "Invoices",
        "本店提供电子普通发票，确认收货后自动开具，可在订单页下载；需要公司抬头或增值税专用发票的，请在下单时填写抬头和税号，或在签收后30天内申请换开。",
        "An electronic invoice is issued after delivery has been confirmed and can be downloaded on the order's page. For a company name or a VAT invoice enter the name and tax number when ordering, or ask for a change within 30 days of delivery.",
    ),
    (
        "trade-in",
        "以旧换新",
        "Trade-in",
        "手机、平板、笔记本电脑和智能手表支持以旧换新。提交旧机型号和成色后即可得到估价，上门取件检测后，折价款在24小时内发放，可与店铺优惠叠加一次。",
        "Phones, tablets, laptops and smart watches can be traded in. State model and condition to get an offer; the old device is collected and checked, and the allowance is paid within 24 hours. It can be combined with one shop discount.",
    ),
    (
        "instalments",
        "分期付款",
        "Instalments",
        "单笔满600元支持3、6、12期分期，3期免手续费，6期费率3%，12期费率6%。退货时未还部分自动取消，已收手续费不退。",
        "Orders from 600 yuan can be paid in 3, 6 or 12 instalments: 3 without fee, 6 with a fee of 3 %, 12 with a fee of 6 %. On return the remaining instalments are cancelled; fees paid are not refunded.",
    ),
    (
        "pickup",
        "门店自提",
        "Store pick-up",
        "下单时选择“门店自提”，现货2小时内可取，门店保留3天，逾期自动退款。自提请出示取货码，可以当场验机和激活。",
        "Choose \"Store pick-up\" when ordering. Goods in stock are ready within 2 hours and kept for 3 days, after which the order is refunded. Show the pick-up code; the device can be checked and activated on the spot.",
    ),
    (
        "repair",
        "维修服务",
        "Repair",
        "过保设备提供付费维修：检测免费，报价经您同意后再维修，维修部位再保90天。屏幕、电池更换一般当天完成。",
        "Devices out of warranty are repaired for a fee: the check is free, work begins after you accept the offer, and the repaired part has a warranty of 90 days. Screens and batteries are usually replaced the same day.",
    ),
    (
        "privacy",
        "隐私与数据",
        "Privacy and data",
        "您可以随时在“账户设置”中导出或删除个人数据，注销账户后15天内清除全部记录。维修前请备份并退出账号，维修人员不会查看您的数据。",
        "You can export or delete your personal data at any time under \"Account settings\"; after closing the account all records are erased within 15 days. Please back up and sign out before a repair; our technicians do not look at your data.",
    ),
    (
        "hours",
        "客服时间",
        "Service hours",
        "智能客服全天在线；人工客服每天9点到22点，大促期间至24点。",
        "The assistant is available around the clock, people from 9:00 to 22:00 every day, until midnight during festivals.",
    ),
    (
        "points",
        "会员积分",
        "Member points",
        "每消费1元积1分，100分抵1元，积分有效期12个月。退货时扣回相应积分。",
        "Each yuan spent earns 1 point, 100 points are worth 1 yuan, points are valid for 12 months. Points are taken back when goods are returned.",
    ),
];

fn policy_text(id: &str, language: Language) -> &'static str {
    let found = POLICIES.iter().find(|policy| policy.0 == id).expect("a policy of the table");
    language.choose(found.3, found.4)
}

fn guide_text(category: usize, language: Language) -> String {
    let kind = &CATEGORIES[category];
    let (noun, en) = (kind.noun_zh, kind.noun_en.to_lowercase());
    match (language, kind.is_durable()) {
        (Language::Zh, true) => format!(
            "{noun}使用指南：首次使用前请充满电或接好原装电源，长按电源键3秒开机，按屏幕或指示灯提示完成设置；如需配对，在蓝牙或无线网络列表中选择设备名称。无法开机时，充电30分钟后同时按住电源键和音量减键10秒强制重启；仍无反应请联系售后。清洁请用干燥软布。"
        ),
        (Language::Zh, false) => format!(
            "{noun}使用指南：安装前请核对适用型号，清洁接触面，按包装内图示安装；首次使用后检查是否牢固。出现异常发热、松动或无法识别时请停止使用并联系售后。"
        ),
        (Language::En, true) => format!(
            "Guide to your {en}: before first use charge it fully or connect the supplied power unit, hold the power key for 3 seconds and follow the screen or the lights; to pair it choose its name in the list of Bluetooth or Wi-Fi devices. If it does not turn on, charge it for 30 minutes and hold the power key and volume down for 10 seconds to restart it; if that does not help, contact us. Clean it with a dry soft cloth."
        ),
        (Language::En, false) => format!(
            "Guide to your {en}: check that your model is listed, clean the surfaces, and fit it as the drawing in the box shows; check after first use that it sits firmly. If it becomes hot, loose or is not recognised, stop using it and contact us."
        ),
    }
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
        extra: None,
    }
}

/// Every document of the shop.
pub fn documents(catalogue: &Catalogue, language: Language) -> Vec<KnowledgeDocument> {
    let policies = POLICIES.iter().map(|policy| KnowledgeDocument {
        document_id: format!("policy-{}", policy.0),
        title: language.choose(policy.1, policy.2).to_owned(),
        text: language.choose(policy.3, policy.4).to_owned(),
        source: Some("policy".to_owned()),
        ..KnowledgeDocument::default()
    });
    let guides = CATEGORIES.iter().enumerate().map(|(index, kind)| KnowledgeDocument {
        document_id: format!("guide-{}", kind.key),
        title: match language {
            Language::Zh => format!("{}使用指南", kind.noun_zh),
            Language::En => format!("{}: getting started", kind.noun_en),
        },
        text: guide_text(index, language),
        source: Some("manual".to_owned()),
        ..KnowledgeDocument::default()
    });
    policies.chain(guides).chain(catalogue.items.iter().map(|item| sheet(item, language))).collect()
}
