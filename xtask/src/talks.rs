//! Who may talk with the service of a made shop about what: customers whose last order came a few days ago, two notebooks, an accessory
//! and what it fits, all from the shop's own tables. For tests that talk from outside, in the browser and in the terminal; what is
//! said is theirs.

use std::io::Write;
use std::path::Path;
use std::process::Stdio;

use serde_json::{Value, json};

use crate::run::{Outcome, command, output};

/// Language, width and height of the page of each conversation.
const PAGES: [(&str, u32, u32); 4] = [("zh", 1280, 820), ("en", 1280, 820), ("zh", 390, 780), ("en", 390, 780)];
/// Orders of one thing, the last of their customers, which came in the last days of the shop's history.
const ORDERS: &str = "
    with each as (select customer_id, order_id, count(*) as n, min(quantity) as least, max(quantity) as most, max(ordered_at) as at,
        row_number() over (partition by customer_id order by max(ordered_at) desc, order_id desc) as place
        from orders group by customer_id, order_id)
    select e.customer_id, e.order_id from each e join deliveries d on d.order_id = e.order_id
    where e.place = 1 and e.n = 1 and e.least = 1 and e.most = 1 and d.status = 'delivered'
    and d.delivered_on >= (select max(delivered_on) from deliveries) - interval '4' day
    order by e.order_id desc limit 12";
const NOTEBOOKS: &str = "
    select name, brand, price_cents, extra from products
    where (category like '%笔记本电脑%' or category like '%aptops%') and retired_on is null and price_cents is not null
    order by brand, price_cents";
const FITS: &str = "
    select a.name as accessory, a.extra as accessory_extra, d.name as device, d.extra as device_extra
    from fits f join products a on a.product_id = f.product_id join products d on d.product_id = f.with_product_id
    where a.retired_on is null and d.retired_on is null order by f.product_id, f.with_product_id limit 1";

/// What the conversations need, for the environment of those who hold them.
///
/// # Errors
/// If the shop has no such orders, notebooks or accessories.
pub fn talks(program: &str, shop: &Path, key: &str) -> Result<Value, String> {
    let ask = |args: &[&str]| -> Result<Value, String> {
        let printed = output(command(program, &["--json", "--shop"]).arg(shop).args(args))?;
        serde_json::from_str(&printed).map_err(|error| format!("{args:?}: {error}"))
    };
    let rows = |sql: &str| Ok::<_, String>(ask(&["sql", sql])?["rows"].as_array().cloned().unwrap_or_default());
    ask(&["service", "token-secret"])?;
    let (orders, notebooks) = (rows(ORDERS)?, rows(NOTEBOOKS)?);
    let fits = rows(FITS)?.pop().ok_or("nothing in the shop fits anything")?;
    // One without variants: it has one weight and one price.
    let base = |row: &Value| named(row, "name", "extra", "en");
    let is_single = |row: &&Value| notebooks.iter().filter(|other| base(other) == base(row)).count() == 1;
    let first = notebooks.iter().find(is_single).ok_or("the shop has no notebook without variants")?;
    let other = |row: &&Value| row["brand"] != first["brand"];
    let second = notebooks.iter().rev().find(other).ok_or("the shop has notebooks of one maker alone")?;
    let mut all = Vec::new();
    for (at, (lang, width, height)) in PAGES.into_iter().enumerate() {
        let order = orders.get(at).ok_or("too few customers had a parcel in the last days")?;
        let customer = order["customer_id"].as_str().unwrap_or_default();
        let signed = ask(&["service", "sign", customer, "--minutes", "600"])?;
        all.push(json!({
            "lang": lang, "width": width, "height": height, "customer_id": customer, "token": signed["customer_token"],
            "order_id": order["order_id"], "price": amount(first["price_cents"].as_i64().unwrap_or_default()),
            "a": named(first, "name", "extra", lang), "b": named(second, "name", "extra", lang),
            "accessory": named(&fits, "accessory", "accessory_extra", lang), "device": named(&fits, "device", "device_extra", lang),
        }));
    }
    Ok(json!({"key": key, "talks": all}))
}

/// A product's name in a language, where the table has it.
fn named(row: &Value, name: &str, extra: &str, lang: &str) -> String {
    let extra: Value = row[extra].as_str().and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default();
    let own = extra[format!("name_{lang}")].as_str().or(row[name].as_str()).unwrap_or_default();
    own.split([',', '，']).next().unwrap_or_default().trim().to_owned()
}

/// As replies write it, without the currency: `6,199`.
fn amount(cents: i64) -> String {
    let whole = (cents / 100).to_string();
    let first = whole.len() % 3;
    let mut groups: Vec<&str> = if first > 0 { vec![&whole[..first]] } else { Vec::new() };
    groups.extend((first..whole.len()).step_by(3).map(|at| &whole[at..at + 3]));
    groups.join(",")
}

/// Holds the first conversation of each language in the terminal.
///
/// # Errors
/// If `tercet chat` ends with an error, or something that was asked is not in what it prints.
pub fn in_terminal(program: &str, shop: &Path, talks: &Value) -> Outcome {
    let all = talks["talks"].as_array().ok_or("there are no conversations")?;
    for talk in all.iter().take(2) {
        let text = |name: &str| talk[name].as_str().unwrap_or_default();
        let (a, b, order) = (text("a"), text("b"), text("order_id"));
        let (accessory, device) = (text("accessory"), text("device"));
        let lines = match text("lang") {
            "zh" => format!(
                "你好\n我最近的订单到哪了？\n对比{a}和{b}\n第一款多重？\n那它多少钱？\n{accessory}能用在{device}上吗？\n怎么退货？\n\
                 我要退订单 {order}，不想要了\n13812345678\n确认\n转人工\n"
            ),
            _ => format!(
                "Hello\nWhere is my last order?\nCompare the {a} and the {b}\nHow heavy is the first one?\nAnd what does it cost?\n\
                 Does the {accessory} fit the {device}?\nHow do I return something?\n\
                 I want to return order {order}, I do not want it any more\n13812345678\nConfirm\nI want to talk to a person\n"
            ),
        };
        let printed = typed(
            command(program, &["chat", "--lang", text("lang"), "--customer", text("customer_id"), "--shop"]).arg(shop),
            &lines,
        )?;
        println!("{printed}");
        for wanted in [order, a, b, text("price"), "138****5678", "handed over"] {
            if !printed.contains(wanted) {
                return Err(format!("tercet chat says nothing of '{wanted}'"));
            }
        }
    }
    Ok(())
}

fn typed(command: &mut std::process::Command, lines: &str) -> Result<String, String> {
    let started = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn();
    let mut child = started.map_err(|error| format!("cannot start tercet chat: {error}"))?;
    let mut input = child.stdin.take().ok_or("tercet chat has no input")?;
    // It may end before it has read everything: what it printed tells why.
    let _ = input.write_all(lines.as_bytes());
    drop(input);
    let done = child.wait_with_output().map_err(|error| error.to_string())?;
    let printed = String::from_utf8_lossy(&done.stdout).into_owned();
    if done.status.success() { Ok(printed) } else { Err(format!("tercet chat ended with {}: {printed}", done.status)) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_are_written_as_replies_write_them() {
        for (cents, wanted) in [(5_900, "59"), (619_900, "6,199"), (10_000_000, "100,000"), (123_456_700, "1,234,567")]
        {
            assert_eq!(amount(cents), wanted);
        }
    }
}
