//! Drafts of the grammar pass the check of any text; what is put into them does not.

use super::*;
use crate::brief::{Lang, Offer};
use crate::channel::{channel, registry};
use crate::check::voice::{Scope, Scoped};
use crate::plan::{Opinion, Shelf};
use crate::vary::vary;

fn phone(id: &str, memory: &str, weight: &str) -> Product {
    let specs = [
        ("memory", memory),
        ("weight", weight),
        ("storage", "256 GB"),
        ("battery", "5000 mAh"),
        ("refresh_rate", "120 Hz"),
        ("screen_size", "6.7 in"),
    ];
    Product {
        product_id: id.into(),
        name: format!("Sirra {id}"),
        brand: Some("Sirra".into()),
        category: Some("Phones/Smartphones".into()),
        price_cents: Some(Cents(399_900)),
        specs: specs.map(|(key, value)| (key.to_owned(), value.to_owned())).into(),
        ..Product::default()
    }
}

fn brief(channel: &str, lang: Lang, goal: Goal) -> Brief {
    let offer = Offer {
        price_cents: Some(Cents(359_900)),
        coupon: Some("SAVE5".into()),
        coupon_off_cents: Some(Cents(5_000)),
        gift: Some(lang.choose("手机壳", "a case").into()),
        ends_on: "2026-12-12".parse().ok(),
    };
    let mut brief = Brief {
        products: vec![phone("5", "12 GB", "180 g")],
        goal,
        channel: channel.into(),
        lang,
        shop_name: lang.choose("云栈数码", "Northgate").into(),
        currency: "CNY".into(),
        today: "2026-11-29".parse().ok(),
        may_compare: true,
        offer: (goal == Goal::Promotion).then_some(offer),
        ..Brief::default()
    };
    brief.audience.owned = (goal == Goal::Upgrade).then(|| phone("3", "6 GB", "210 g"));
    brief
}

struct Shop {
    shelf: Shelf,
    older: Product,
    opinions: Vec<Opinion>,
    masker: Masker,
    voices: Voices,
    rules: Rules,
}

fn shop() -> Shop {
    let others = (10..24).map(|at| phone(&at.to_string(), "8 GB", "200 g"));
    let opinion = Opinion {
        aspect: "screen".into(),
        label_zh: "屏幕".into(),
        label_en: "Screen".into(),
        n_praise: 38,
        n_reviews: 42,
    };
    Shop {
        shelf: Shelf::new(&others.collect::<Vec<_>>()),
        older: phone("4", "8 GB", "200 g"),
        opinions: vec![opinion],
        masker: Masker::default(),
        voices: Voices::default(),
        rules: Rules::default(),
    }
}

impl Shop {
    fn house(&self) -> House<'_> {
        House { masker: &self.masker, own: &[], voices: &self.voices, rules: &self.rules }
    }

    fn market(&self) -> Market<'_> {
        Market { shelf: Some(&self.shelf), predecessor: Some(&self.older), opinions: &self.opinions }
    }
}

/// What the price was on every day before.
fn history() -> Vec<(Day, Cents)> {
    let today: Day = "2026-11-29".parse().unwrap();
    (1..60).map(|back| (Day(today.0 - back), Cents(399_900))).collect()
}

/// Every channel, language and goal: whatever the grammar writes of a product of which all is known is borne out by its fields.
#[test]
fn what_the_grammar_writes_is_borne_out() {
    let shop = shop();
    let mut n = 0;
    for (card, lang, goal) in registry().iter().flat_map(|card| {
        let goals = [Goal::Launch, Goal::Promotion, Goal::WinBack, Goal::Upgrade];
        card.languages.iter().flat_map(move |lang| goals.map(|goal| (card, *lang, goal)))
    }) {
        let brief = brief(card.name, lang, goal);
        let plan = Plan::new(&brief, &shop.market());
        let check = CopyCheck::new(&brief, &plan, &shop.market(), &history());
        for variant in vary(&brief, &plan, brief.check().unwrap(), 7, 1, &[]) {
            let reports = check.draft(&variant.draft, card, &shop.house()).unwrap();
            for (field, report) in &reports {
                let of_facts = report
                    .findings
                    .iter()
                    .filter(|one| matches!(one.check, Check::Facts | Check::Limits | Check::Price));
                let said: Vec<_> =
                    of_facts.filter(|one| one.risk > Risk::Note).map(|one| (&one.category, &one.matched)).collect();
                assert!(
                    said.is_empty(),
                    "{} {field} {goal:?}: {said:?}\n{}",
                    card.name,
                    variant.draft.text(field).unwrap()
                );
            }
            n += 1;
        }
    }
    assert!(n > 300, "{n}");
}

/// What is on sale for long, or of which nobody knows since when, is not announced as news, and who does so is told.
#[test]
fn only_what_is_new_is_called_new() {
    let shop = shop();
    for (card, lang) in registry().iter().flat_map(|card| card.languages.iter().map(move |lang| (card, *lang))) {
        for launched in [None, Some("2025-01-05"), Some("2026-12-24"), Some("2026-11-20")] {
            let mut brief = brief(card.name, lang, Goal::Launch);
            brief.products[0].launched_on = launched.and_then(|day| day.parse().ok());
            let plan = Plan::new(&brief, &shop.market());
            let texts = vary(&brief, &plan, brief.check().unwrap(), 3, 1, &[]).into_iter();
            let texts: String = texts.map(|variant| variant.draft.plain() + "\n").collect();
            let found = no_news(&texts, "2025-01-05".parse().unwrap());
            assert!(launched == Some("2026-11-20") || found.is_none(), "{launched:?}: {found:?} in\n{texts}");
        }
    }
    let mut brief = brief("push", Lang::En, Goal::Launch);
    let said = |brief: &Brief, text: &str| {
        let plan = Plan::new(brief, &shop.market());
        let check = CopyCheck::new(brief, &plan, &shop.market(), &[]);
        let report = check.text(text, None, &shop.house()).unwrap();
        report.findings.iter().any(|one| one.category == "news" && one.risk == Risk::Block)
    };
    for (launched, is_told) in [("2025-01-05", true), ("2026-12-24", true), ("2026-11-20", false)] {
        brief.products[0].launched_on = launched.parse().ok();
        for text in ["Just in: the Sirra 5.", "The Sirra 5 has landed.", "刚到店的 Sirra 5", "Sirra 5 新品上市"]
        {
            assert_eq!(said(&brief, text), is_told, "{launched}: {text}");
        }
        assert!(!said(&brief, "Adjust in seconds with the Sirra 5."), "{launched}");
    }
}

#[test]
fn an_offer_is_not_made_up() {
    let brief = Brief { offer: None, ..brief("push", Lang::En, Goal::Promotion) };
    assert!(brief.check().unwrap_err().to_string().contains("an offer"));
}

/// Who a message is from, that a mail advertises, and how either is stopped stand in it whoever wrote it.
#[test]
fn messages_and_mails_say_whose_they_are_and_how_they_are_stopped() {
    let shop = shop();
    let blocked = |channel_name: &str, lang: Lang, field: &str, change: &dyn Fn(&str) -> String| {
        let brief = brief(channel_name, lang, Goal::Launch);
        let plan = Plan::new(&brief, &shop.market());
        let card = channel(channel_name).unwrap();
        let mut draft = vary(&brief, &plan, card, 1, 1, &[]).remove(0).draft;
        let one = draft.fields.iter_mut().find(|one| one.name == field).unwrap();
        one.text = change(&one.text);
        let check = CopyCheck::new(&brief, &plan, &shop.market(), &[]);
        let reports = check.draft(&draft, card, &shop.house()).unwrap();
        reports[field].findings.iter().any(|one| one.category == "hidden_ad" && one.risk == Risk::Block)
    };
    for lang in [Lang::Zh, Lang::En] {
        let as_it_is = |text: &str| text.to_owned();
        for (channel, field) in [("sms", "text"), ("email", "html"), ("email", "text")] {
            assert!(!blocked(channel, lang, field, &as_it_is), "{channel} {field} {lang:?}");
        }
        assert!(blocked("sms", lang, "text", &|_| "Sirra 5: 5000 mAh.".into()));
        assert!(blocked("sms", lang, "text", &|text| text.replace("云栈数码", "别家").replace("Northgate", "Another")));
        assert!(blocked("sms", lang, "text", &|text| text
            .replace("拒收请回复R", "")
            .replace("Reply STOP to opt out", "")));
        // Plain texts hold signs that a page would take for markup.
        for (channel, field) in [("sms", "text"), ("email", "text")] {
            assert!(!blocked(channel, lang, field, &|text| text.replace("Sirra 5", "<U+039C>")), "{channel} {lang:?}");
        }
        assert!(blocked("email", lang, "html", &|_| "<p>Sirra 5</p>".into()));
        assert!(blocked("email", lang, "text", &|_| "Sirra 5".into()));
    }
}

/// What the orders bear out needs no field: a former price, a saving in percent, the days of a lowest price.
#[test]
fn what_prices_bear_out_is_no_unbound_figure() {
    let shop = shop();
    let brief = brief("push", Lang::Zh, Goal::Promotion);
    let plan = Plan::new(&brief, &shop.market());
    let check = CopyCheck::new(&brief, &plan, &shop.market(), &history());
    // An absolute word is to be looked at even where prices bear it out.
    let told = |text: &str| {
        let report = check.text(text, None, &shop.house()).unwrap();
        report
            .findings
            .iter()
            .filter(|one| one.risk == Risk::Block)
            .map(|one| one.category.to_string())
            .collect::<Vec<_>>()
    };
    for text in ["原价3999元，现价3599元", "9折", "10% off", "近30天最低价"] {
        assert_eq!(told(text), Vec::<String>::new(), "{text}");
    }
    assert!(told("原价4999元").contains(&"former_price".to_owned()));
}

#[test]
fn what_is_put_into_a_draft_is_found() {
    let shop = shop();
    let brief = brief("email", Lang::Zh, Goal::Launch);
    let plan = Plan::new(&brief, &shop.market());
    let check = CopyCheck::new(&brief, &plan, &shop.market(), &[]);
    let card = channel("email").unwrap();
    let draft = vary(&brief, &plan, card, 1, 1, &[]).remove(0).draft;
    let changed = |field: &str, change: &dyn Fn(&str) -> String| {
        let mut draft = draft.clone();
        let field = draft.fields.iter_mut().find(|one| one.name == field).unwrap();
        field.text = change(&field.text);
        draft
    };
    let found = |draft: &Draft, field: &str| {
        let reports = check.draft(draft, card, &shop.house()).unwrap();
        let found = reports[field].findings.iter().filter(|one| one.risk == Risk::Block);
        found.map(|one| one.category.to_string()).collect::<Vec<_>>()
    };
    assert!(found(&draft, "html").is_empty());
    let longer = changed("subject", &|text| text.to_owned() + &"很长".repeat(40));
    assert!(found(&longer, "subject").contains(&"too_long".to_owned()));
    let false_figure = changed("html", &|text| text.replace("12GB", "16GB"));
    assert!(found(&false_figure, "html").contains(&"unbound_figure".to_owned()), "{:?}", found(&false_figure, "html"));
    let absolute = changed("html", &|text| text.replacen("<p ", "<p style=\"margin:0\">全网最佳手机</p><p ", 1));
    assert!(found(&absolute, "html").contains(&"absolute".to_owned()));
    let script = changed("html", &|text| text.replace("</body>", "<script>x</script></body>"));
    assert!(found(&script, "html").contains(&"markup".to_owned()));
    let gone = Draft { fields: draft.fields[1..].to_vec(), ..draft.clone() };
    assert_eq!(found(&gone, "subject"), ["too_short"]);
    let rules = Rules { required: vec!["七天无理由".into()], ..Rules::default() };
    let house = House { rules: &rules, ..shop.house() };
    let reports = check.draft(&draft, card, &house).unwrap();
    assert_eq!(verdict(reports.values()), Verdict::Blocked);
    assert_eq!(
        reports.values().flat_map(|report| &report.findings).filter(|one| one.category == "required").count(),
        1
    );
}

/// Rules for a brand's goods hold for its product in every field, and its own voice is the one that is asked.
#[test]
fn rules_and_voice_of_the_brand_hold() {
    let shop = shop();
    let mut brief = brief("push", Lang::Zh, Goal::Launch);
    (brief.products[0].brand, brief.products[0].category) = (Some("Astra".into()), Some("手机/智能手机".into()));
    let scope = |category: &str| Scope { category: Some(category.into()), brand: Some("astra".into()) };
    let of = |category: &str| Scoped {
        scope: scope(category),
        forbidden: vec!["到店".into()],
        required: vec!["七天无理由".into()],
        ..Scoped::default()
    };
    let plain = vec!["屏幕清楚，续航够用，放心用。"; 30];
    let voice = voice::learn(&plain, &["家人们冲啊！福利来了！"; 30]);
    let voices = Voices { of_brands: [("astra".to_owned(), voice)].into(), ..Voices::default() };
    let plan = Plan::new(&brief, &shop.market());
    let check = CopyCheck::new(&brief, &plan, &shop.market(), &[]);
    let categories = |rules: Rules| -> Vec<String> {
        let house = House { rules: &rules, voices: &voices, ..shop.house() };
        let report = check.text("到店看看，福利来了！", None, &house).unwrap();
        report.findings.iter().map(|one| one.category.clone().into_owned()).filter(|one| one != "unbound").collect()
    };
    let own = categories(Rules { scoped: vec![of("手机")], ..Rules::default() });
    assert!(own.contains(&"forbidden".to_owned()) && own.contains(&"required".to_owned()), "{own:?}");
    assert!(own.contains(&"strange_word".to_owned()), "{own:?}");
    let of_others = categories(Rules { scoped: vec![of("耳机")], ..Rules::default() });
    assert!(!of_others.contains(&"forbidden".to_owned()) && !of_others.contains(&"required".to_owned()));
    // A text about no product is under the rules of all alone.
    let rules = Rules { scoped: vec![of("手机")], ..Rules::default() };
    let house = House { rules: &rules, ..shop.house() };
    assert_eq!(CopyCheck::of_text(None).text("到店看看", None, &house).unwrap().verdict, Verdict::Ok);
}

#[test]
fn a_name_that_breaks_the_law_excuses_nothing() {
    let shop = shop();
    let mut brief = brief("push", Lang::Zh, Goal::Launch);
    brief.products[0].name = "全网最低价史上最强手机 X5".into();
    let plan = Plan::new(&brief, &shop.market());
    let check = CopyCheck::new(&brief, &plan, &shop.market(), &[]);
    let report = check.text("史上最强手机 X5 到店", None, &shop.house()).unwrap();
    assert_eq!(report.verdict, Verdict::Blocked);
}

#[test]
fn a_label_says_that_it_is_an_ad() {
    let shop = shop();
    let check = CopyCheck::of_text(None);
    let card = channel("moments").unwrap().fields.iter().find(|card| card.part == Part::Label).unwrap();
    for (label, verdict) in
        [("广告", Verdict::Ok), ("Ad", Verdict::Ok), ("好物", Verdict::Blocked), ("radio", Verdict::Blocked)]
    {
        assert_eq!(check.text(label, Some(card), &shop.house()).unwrap().verdict, verdict, "{label}");
    }
}
