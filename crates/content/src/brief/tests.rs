//! Briefs that are refused, and why; and those that are not.

use domain::{Cents, Product};

use super::*;

fn product() -> Product {
    Product { product_id: "P1".into(), name: "Velo 2".into(), price_cents: Some(Cents(599_900)), ..Product::default() }
}

fn good() -> Brief {
    Brief {
        products: vec![product()],
        channel: "push".into(),
        shop_name: "小店".into(),
        currency: "CNY".into(),
        ..Brief::default()
    }
}

fn offer(change: impl Fn(&mut Offer)) -> Brief {
    let mut offer = Offer { price_cents: Some(Cents(549_900)), ..Offer::default() };
    change(&mut offer);
    Brief { offer: Some(offer), today: "2026-11-29".parse().ok(), ..good() }
}

#[test]
fn a_product_without_specs_is_allowed() {
    assert_eq!(good().check().unwrap().name, "push");
    assert!(offer(|_| {}).check().is_ok());
    assert!(offer(|offer| offer.ends_on = "2026-11-29".parse().ok()).check().is_ok());
}

#[test]
fn what_cannot_be_written_is_refused_with_what_to_do() {
    let changed = |change: &dyn Fn(&mut Brief)| {
        let mut brief = good();
        change(&mut brief);
        brief
    };
    for (brief, said) in [
        (changed(&|brief| brief.products.clear()), "name at least one"),
        (changed(&|brief| brief.products = vec![product(); 21]), "at most 20"),
        (changed(&|brief| brief.products[0].name = " \u{200B}\n".into()), "has no name"),
        (changed(&|brief| brief.products[0].price_cents = Some(Cents(-1))), "0 or more"),
        (changed(&|brief| brief.channel = "fax".into()), "there is no channel 'fax'; there are: marketplace_title"),
        (changed(&|brief| brief.channel = "store_page".into()), "not written in Chinese"),
        (changed(&|brief| (brief.channel, brief.shop_name) = ("sms".into(), String::new())), "the shop's name"),
        (changed(&|brief| brief.shop_name = "长".repeat(17)), "at most 16 characters"),
        (changed(&|brief| brief.currency = "yuan".into()), "ISO 4217"),
        (changed(&|brief| brief.audience.price_sensitivity = Some(f64::NAN)), "from 0 to 1"),
        (changed(&|brief| _ = brief.audience.weights.insert("memory".into(), 1.5)), "from 0 to 1"),
        (changed(&|brief| brief.goal = Goal::Upgrade), "upgrade needs what the customers own"),
        (offer(|offer| offer.price_cents = Some(Cents(599_900))), "5999.00 is not below the price 5999.00 of 'P1'"),
        (offer(|offer| offer.price_cents = Some(Cents(0))), "more than 0"),
        (offer(|offer| offer.coupon_off_cents = Some(Cents(549_900))), "less than the price"),
        (offer(|offer| offer.price_cents = None), "a price, a coupon or a gift"),
        (offer(|offer| offer.gift = Some("a\nb".into())), "one line"),
        (offer(|offer| offer.ends_on = "2026-11-28".parse().ok()), "ended on 2026-11-28 and today is 2026-11-29"),
    ] {
        let error = brief.check().unwrap_err().to_string();
        assert!(error.contains(said), "{error}");
    }
}

#[test]
fn a_brief_is_read_from_json() {
    let text = r#"{"products": [{"product_id": "P1", "name": "Velo 2"}], "goal": "win_back", "channel": "sms", "tone": "warm",
        "lang": "en", "offer": {"gift": "a pouch", "ends_on": "2026-12-01"}, "shop_name": "Northgate", "currency": "USD"}"#;
    let brief: Brief = serde_json::from_str(text).unwrap();
    assert_eq!((brief.goal, brief.tone, brief.lang), (Goal::WinBack, Tone::Warm, Lang::En));
    assert!(brief.check().is_ok());
    assert!(serde_json::from_str::<Brief>(r#"{"goal": "fame"}"#).is_err());
}
