//! Laws of drafts over random and hostile products, and a few drafts by hand.

use domain::{Cents, Product};
use proptest::prelude::*;

use super::*;
use crate::brief::{Audience, Goal, Lang, Length, Offer, Tone};
use crate::channel::{Format, registry};
use crate::plan::{Market, Opinion, Shelf};
use crate::poster::{self, Words};

fn laptop() -> Product {
    Product {
        product_id: "P1".into(),
        name: "科梵 Velo 2 Pro 笔记本电脑 16GB+512GB".into(),
        brand: Some("科梵".into()),
        category: Some("电脑/笔记本电脑".into()),
        price_cents: Some(Cents(599_900)),
        specs: [("memory", "16 GB"), ("storage", "512 GB"), ("screen_size", "14 in"), ("weight", "1.25 kg")]
            .map(|(key, value)| (key.to_owned(), value.to_owned()))
            .into(),
        ..Product::default()
    }
}

fn brief(product: Product, channel: &str, lang: Lang) -> Brief {
    Brief {
        products: vec![product],
        channel: channel.into(),
        lang,
        shop_name: "云栈数码".into(),
        currency: "CNY".into(),
        may_compare: true,
        ..Brief::default()
    }
}

fn draft(brief: &Brief, seed: u64, last: &[String]) -> Draft {
    let channel = brief.check().unwrap();
    let plan = Plan::new(brief, &Market::default());
    write(&Task { brief, plan: &plan, channel, angle: Angle::Goal, seed, last_openings: last })
}

#[test]
fn a_title_has_its_words_in_order_and_none_twice() {
    let draft = draft(&brief(laptop(), "marketplace_title", Lang::Zh), 1, &[]);
    let title = draft.text("title").unwrap();
    assert!(title.starts_with("科梵 Velo 2 Pro 笔记本电脑 "), "{title}");
    assert_eq!(title.matches("笔记本电脑").count(), 1);
    assert!(title.contains("16GB") && crate::channel::Count::Wide2.fits(title, 60), "{title}");
}

#[test]
fn a_text_message_is_signed_and_can_be_refused() {
    for seed in 0..40 {
        let zh = draft(&brief(laptop(), "sms", Lang::Zh), seed, &[]);
        let text = zh.text("text").unwrap();
        assert!(
            text.starts_with("【云栈数码】") && text.ends_with("拒收请回复R") && text.chars().count() <= 70,
            "{text}"
        );
        let mut product = laptop();
        product.name = "Korvane Velo 2 Pro Laptop, 16 GB / 512 GB".into();
        let mut english = brief(product, "sms", Lang::En);
        english.shop_name = "Northgate".into();
        let en = draft(&english, seed, &[]);
        let text = en.text("text").unwrap();
        assert!(text.starts_with("Northgate: ") && text.ends_with("Reply STOP to opt out"), "{text}");
    }
}

#[test]
fn the_offer_is_said_as_given() {
    let mut brief = brief(laptop(), "live", Lang::Zh);
    brief.goal = Goal::Promotion;
    brief.offer =
        Some(Offer { price_cents: Some(Cents(549_900)), ends_on: "2026-12-12".parse().ok(), ..Offer::default() });
    for seed in 0..30 {
        let draft = draft(&brief, seed, &[]);
        let price = draft.fields.iter().find(|field| field.name == "price").unwrap();
        assert!(price.text.contains("5499元") || price.text.contains("12月12日"), "{}", price.text);
        assert_bound(&draft);
    }
}

/// A poster says until when its price holds, and of an offer without a price what it is.
#[test]
fn a_poster_tells_the_offer() {
    for (lang, until, gift) in [(Lang::Zh, "12月12日截止", "下单送"), (Lang::En, "until 12 December", "A gift with it")]
    {
        let mut brief = brief(laptop(), "poster", lang);
        brief.goal = Goal::Promotion;
        let ends_on = "2026-12-12".parse().ok();
        brief.offer = Some(Offer { price_cents: Some(Cents(549_900)), ends_on, ..Offer::default() });
        for seed in 0..20 {
            let text = draft(&brief, seed, &[]).plain();
            assert!(text.contains(until), "{text}");
        }
        brief.offer = Some(Offer { gift: Some("收纳包".into()), ..Offer::default() });
        for seed in 0..20 {
            let text = draft(&brief, seed, &[]).plain();
            assert!(text.contains(gift), "{text}");
        }
    }
}

/// Whoever writes of an offer has the offer told, and of a product its name, however little room there is.
#[test]
fn a_text_message_tells_the_offer_and_the_product() {
    for lang in [Lang::Zh, Lang::En] {
        let mut product = laptop();
        product.name = "Korvane Velo 2 Pro".into();
        let mut brief = brief(product, "sms", lang);
        for seed in 0..60 {
            let text = draft(&brief, seed, &[]).plain();
            assert!(text.contains("Velo 2 Pro"), "{text}");
        }
        brief.goal = Goal::Promotion;
        brief.offer = Some(Offer { price_cents: Some(Cents(549_900)), ..Offer::default() });
        for seed in 0..60 {
            let text = draft(&brief, seed, &[]).plain();
            assert!(["5499", "5,499", "500"].iter().any(|sum| text.contains(sum)), "{text}");
        }
    }
}

#[test]
fn what_is_told_is_what_the_plan_has() {
    let brief = brief(laptop(), "email", Lang::Zh);
    let draft = draft(&brief, 3, &[]);
    assert!(draft.told.contains(&"memory".to_owned()), "{:?}", draft.told);
    // Whoever sees no page can get to the product, and out of the list, too.
    for field in ["html", "text"] {
        let text = draft.text(field).unwrap();
        assert!(text.contains("{{unsubscribe_url}}") && text.contains("{{product_url}}"), "{field}: {text}");
    }
}

/// Texts of one after the other never open in the same way, whatever is known of the products.
#[test]
fn no_two_openings_follow_each_other() {
    let bare = Product { product_id: "x".into(), name: "Mystery".into(), ..Product::default() };
    for lang in [Lang::Zh, Lang::En] {
        for channel in ["push", "social", "sms", "email"] {
            for product in [laptop(), bare.clone()] {
                let mut last: Vec<String> = Vec::new();
                for seed in 0..60 {
                    let draft = draft(&brief(product.clone(), channel, lang), seed, &last);
                    assert!(
                        draft.openings.iter().all(|way| !last.contains(way)),
                        "{channel}: {:?} after {last:?}",
                        draft.openings
                    );
                    last = draft.openings;
                }
            }
        }
    }
}

#[test]
fn the_best_of_several_drafts_tells_more() {
    let brief = brief(laptop(), "email", Lang::En);
    let channel = brief.check().unwrap();
    let plan = Plan::new(&brief, &Market::default());
    let task = Task { brief: &brief, plan: &plan, channel, angle: Angle::Goal, seed: 1, last_openings: &[] };
    let full = Grammarian.write(&task, 1).unwrap().remove(0);
    let mut poor = full.clone();
    poor.told.clear();
    for field in &mut poor.fields {
        field.text = "good good good good good good".into();
    }
    let ranked = rank(&[poor, full], &task);
    assert_eq!(ranked[0].0, 1);
    assert!(
        ranked[0].1.total > ranked[1].1.total && ranked.iter().all(|(_, score)| (0.0..=1.0).contains(&score.total))
    );
}

/// Figures of a text: runs of digits with the signs that part them.
fn figures(text: &str) -> Vec<(usize, usize)> {
    let mut found: Vec<(usize, usize)> = Vec::new();
    for (at, one) in text.char_indices().filter(|(_, one)| one.is_ascii_digit()) {
        match found.last_mut() {
            Some((_, end)) if *end == at => *end = at + one.len_utf8(),
            _ => found.push((at, at + one.len_utf8())),
        }
    }
    found
}

/// Digits that a piece of evidence allows.
fn allowed(evidence: &Evidence) -> String {
    match evidence {
        Evidence::Neighbours { n, n_worse, .. } => format!("{n} {n_worse}"),
        Evidence::Opinions { n_praise, n_reviews, .. } => format!("{n_praise} {n_reviews}"),
        Evidence::Predecessor { difference, value, other_value, .. } => {
            let whole = format!("{difference} {value} {other_value}");
            // A terabyte is 1024 GB.
            if whole.contains("1024") { whole + " 1" } else { whole }
        }
        // A terabyte is 1024 GB or 1000.
        other if other.value().contains("1024") || other.value().contains("1000") => format!("{} 1", other.value()),
        Evidence::Field { field, value, .. } if field == "price_cents" => {
            value.trim_end_matches(".00").to_owned() + " " + value
        }
        Evidence::Offer { value, .. } => value.clone() + &value.replace("-0", "-"),
        other => other.value().to_owned(),
    }
}

/// Every figure stands in a span whose evidence has it; spans are within the text, on boundaries.
fn assert_bound(draft: &Draft) {
    for field in &draft.fields {
        for span in &field.spans {
            assert!(
                field.text.is_char_boundary(span.start)
                    && field.text.is_char_boundary(span.end)
                    && span.start < span.end
            );
            assert!(span.evidence < draft.evidence.len());
        }
        let text = if field.is_html { without_markup(&field.text) } else { field.text.clone() };
        for (start, end) in figures(&text) {
            let figure = &text[start..end];
            let covers = field.spans.iter().filter(|span| span.start <= start && end <= span.end);
            let mut evidence = covers.map(|span| allowed(&draft.evidence[span.evidence]).replace(',', ""));
            assert!(
                evidence.any(|value| value.contains(figure)),
                "'{figure}' at {start} of {}: {}",
                field.name,
                field.text
            );
        }
    }
}

/// Markup and entities of ours blanked, everything else where it stood.
fn without_markup(html: &str) -> String {
    let mut made = String::new();
    let mut depth = 0;
    for one in html.replace("&#39;", "&apo;").chars() {
        match one {
            '<' => depth += 1,
            '>' if depth > 0 => {
                depth -= 1;
                made.push(' ');
                continue;
            }
            _ => {}
        }
        made.extend(std::iter::repeat_n(if depth > 0 { ' ' } else { one }, if depth > 0 { one.len_utf8() } else { 1 }));
    }
    made
}

fn assert_laws(draft: &Draft, brief: &Brief) {
    let card = brief.check().unwrap();
    for field in card.fields {
        let Some(text) = draft.text(field.name) else {
            assert!(!field.is_required, "{} of {} is missing", field.name, card.name);
            continue;
        };
        assert!(
            field.count.fits(text, field.max),
            "{} of {}: {} in '{text}'",
            field.name,
            card.name,
            field.count.of(text)
        );
        assert!(!text.trim().is_empty(), "{} of {} is empty", field.name, card.name);
        assert!(!text.to_lowercase().contains("a(n)"), "{text}");
        assert!(field.format != Format::Line || !text.contains('\n'));
        if field.format == Format::Html {
            let lower = text.to_lowercase();
            assert!(!lower.contains("<script") && !lower.contains("javascript:") && !lower.contains("<svg"), "{text}");
            // Every opened element is one of ours.
            for part in text.split('<').skip(1) {
                let name: String = part
                    .trim_start_matches('/')
                    .chars()
                    .take_while(|one| one.is_ascii_alphanumeric() || *one == '!')
                    .collect();
                let ours = [
                    "!DOCTYPE", "html", "head", "meta", "title", "body", "table", "tr", "td", "th", "p", "h1", "h2",
                    "a", "img", "article",
                ];
                assert!(ours.contains(&name.as_str()), "<{name}");
            }
        }
    }
    assert_bound(draft);
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("<script>alert(1)</script>".to_owned()),
        Just("\"><img src=x onerror=alert(1)>".to_owned()),
        Just("</text><svg onload=alert(1)>".to_owned()),
        Just("{a.np} {{product_url}} %s ${x}".to_owned()),
        Just("👨‍👩‍👧‍👦🇨🇳 超值手机 📱".to_owned()),
        Just("x".repeat(100_000)),
        Just("名".repeat(5000)),
        Just("a\u{202E}b\u{0}\r\nc".to_owned()),
        Just("Samsung Galaxy M33 5G (Mystique Green, 6GB, 128GB Storage) | 6000mAh Battery".to_owned()),
        Just("Apple - iPhone 7 128GB - Jet Black (AT&T)".to_owned()),
        Just("Case for Apple® iPhone® 6 - 2 Pack's \"new\"".to_owned()),
        "[a-zA-Z0-9 ]{1,60}",
        "\\PC{1,40}",
        "[一-龥]{1,30}",
    ]
}

fn value() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("16 GB".to_owned()),
        Just("1024 GB".to_owned()),
        Just("14 in".to_owned()),
        Just("1.25 kg".to_owned()),
        Just("5000 mAh".to_owned()),
        Just("120 Hz".to_owned()),
        Just("active".to_owned()),
        Just("none".to_owned()),
        Just("OLED".to_owned()),
        Just("1920 x 1080 px".to_owned()),
        Just("128 GB SSD + 1 TB HDD".to_owned()),
        Just("36 h".to_owned()),
        Just("50 MP".to_owned()),
        Just("65 W".to_owned()),
        Just("5G".to_owned()),
        Just("Intel Core i5 7200U".to_owned()),
        Just("-5 GB".to_owned()),
        Just("1e9 GB".to_owned()),
        Just("0 GB".to_owned()),
        Just("999999999999 GB".to_owned()),
        hostile(),
    ]
}

fn product() -> impl Strategy<Value = Product> {
    let key = prop_oneof![
        Just("memory"),
        Just("RAM"),
        Just("storage"),
        Just("screen_size"),
        Just("weight"),
        Just("battery"),
        Just("refresh_rate"),
        Just("noise_cancelling"),
        Just("panel"),
        Just("resolution"),
        Just("battery_life"),
        Just("camera"),
        Just("charging_power"),
        Just("network"),
        Just("cpu"),
        Just("<b>key</b>"),
    ];
    let category = prop_oneof![
        Just("电脑/笔记本电脑"),
        Just("Phones/Smartphones"),
        Just("Audio/Earbuds"),
        Just("<script>"),
        Just("")
    ];
    let specs = prop::collection::btree_map(key.prop_map(str::to_owned), value(), 0..8);
    (
        hostile(),
        prop::option::of(hostile()),
        category,
        prop::option::of(0i64..100_000_000),
        specs,
        prop::option::of(hostile()),
    )
        .prop_map(|(name, brand, category, price, specs, description)| Product {
            product_id: "P".into(),
            name,
            brand,
            category: Some(category.into()),
            price_cents: price.map(Cents),
            specs,
            image_url: description.clone(),
            description,
            ..Product::default()
        })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, max_shrink_iters: 64, ..ProptestConfig::default() })]

    /// Whatever the product: every limit holds, every figure is bound, nothing of it is markup, the same seed writes the same.
    #[test]
    fn laws_hold_for_any_product(hero in product(), owned in product(), seed in any::<u64>(), goal in 0usize..5, tone in 0usize..5, zh in any::<bool>(), has_offer in any::<bool>()) {
        let offer = hero.price_cents.filter(|price| price.0 > 300 && has_offer).map(|price| Offer {
            price_cents: Some(Cents(price.0 - 150)), coupon: Some("<SAVE>".into()), gift: Some("<i>bag".into()), ends_on: "2026-12-05".parse().ok(), ..Offer::default()
        });
        let opinions = [Opinion { aspect: "screen".into(), label_zh: "屏幕".into(), label_en: "Screen".into(), n_praise: 38, n_reviews: 42 }];
        let shelf = Shelf::new([&hero, &owned]);
        for card in registry() {
            let lang = if zh && card.languages.contains(&Lang::Zh) { Lang::Zh } else { Lang::En };
            let brief = Brief {
                products: vec![hero.clone()], goal: Goal::ALL[goal], tone: Tone::ALL[tone], lang, channel: card.name.into(), offer: offer.clone(),
                shop_name: "A<b>&店".into(), currency: "CNY".into(), length: Length::Long, may_compare: true,
                audience: Audience { owned: Some(owned.clone()), ..Audience::default() }, ..Brief::default()
            };
            // A product of which no name is left is refused.
            prop_assume!(brief.check().is_ok());
            let plan = Plan::new(&brief, &Market { shelf: Some(&shelf), predecessor: Some(&owned), opinions: &opinions });
            let angle = Angle::ALL[(seed % 7) as usize];
            let task = Task { brief: &brief, plan: &plan, channel: card, angle, seed, last_openings: &[] };
            let draft = write(&task);
            assert_laws(&draft, &brief);
            prop_assert_eq!(&draft, &write(&task));
            if card.name == "poster" {
                let set = poster::render(&Words::of(&draft, &brief.shop_name), poster::Format::Poster, 0);
                prop_assert!(!set.svg.contains("<script") && !set.svg.contains("<img") && set.svg.matches("<svg").count() == 1);
                prop_assert!(set.lines.iter().all(|line| line.x + line.width <= set.width - 40.0));
            }
        }
    }
}

/// What a list has named no sentence names again.
#[test]
fn nothing_is_named_twice_in_a_post() {
    for (lang, name) in [(Lang::Zh, "科梵 Velo 2"), (Lang::En, "Korvane Velo 2")] {
        for seed in 0..80 {
            let product = Product { name: name.into(), ..laptop() };
            let draft = draft(&brief(product, "social", lang), seed, &[]);
            let text = draft.text("text").unwrap();
            for figure in ["16", "512", "14", "1.25"] {
                assert!(text.matches(figure).count() <= 1, "{text}");
            }
        }
    }
}

/// Of a pair of headphones with a microphone the article fits its noun.
#[test]
fn an_article_fits_at_the_beginning_too() {
    let mut line = Line::default();
    line.push("a(n) pair of headphones");
    assert_eq!(line.finish(Lang::En).text, "A pair of headphones");
}

/// A product of which little is known is shown with its price, and once.
#[test]
fn a_thin_product_gets_a_short_post() {
    let product = Product {
        product_id: "x".into(),
        name: "Seidio - SURFACE Combo Case for Apple iPhone 5, 5s and SE - Rose Gold".into(),
        brand: Some("Seidio".into()),
        price_cents: Some(Cents(3_999)),
        ..Product::default()
    };
    for lang in [Lang::Zh, Lang::En] {
        for seed in 0..40 {
            let mut brief = brief(product.clone(), "social", lang);
            brief.audience.price_sensitivity = Some(0.0);
            let draft = draft(&brief, seed, &[]);
            let text = draft.text("text").unwrap();
            assert!(text.contains("39.99") && text.matches("iPhone 5").count() == 1, "{text}");
        }
    }
}

/// Who buys a computer without an operating system is told so.
#[test]
fn a_missing_operating_system_is_told() {
    for (lang, told) in [(Lang::Zh, "不带操作系统"), (Lang::En, "without an operating system")] {
        for channel in ["social", "email"] {
            for seed in 0..20 {
                let mut product = Product { name: "Korvane Velo 2".into(), ..laptop() };
                let text = |product: &Product| draft(&brief(product.clone(), channel, lang), seed, &[]).plain();
                assert!(!text(&product).contains(told));
                product.specs.insert("os".into(), "No OS".into());
                assert!(text(&product).contains(told), "{}", text(&product));
            }
        }
    }
}

/// Found by the laws: letters beyond the first plane count twice in a message, though they are no wide ones.
#[test]
fn a_name_of_rare_letters_fits_a_message() {
    let product =
        Product { product_id: "x".into(), name: "𐞳𐡋𞸤𞹾𛲆𞥕𝼩𞟺".repeat(9), ..Product::default() };
    let draft = draft(&brief(product, "sms", Lang::Zh), 1, &[]);
    let text = draft.text("text").unwrap();
    assert!(text.encode_utf16().count() <= 70 && text.ends_with("拒收请回复R"), "{text}");
}
