//! How money, lists and texts of others are written. No sentences.

use domain::Product;

use crate::turn::Lang;

/// Characters of a name or value of others that are said.
const NAME_MAX: usize = 120;

/// An amount as people of the currency write it: `¥5,999`, `¥5,999.50`, `AUD 12.00`.
pub fn money(cents: i64, currency: &str) -> String {
    let mark = match currency {
        "CNY" | "RMB" | "JPY" => "¥",
        "USD" => "$",
        "EUR" => "€",
        "GBP" => "£",
        "INR" => "₹",
        _ => "",
    };
    let (sign, cents) = (if cents < 0 { "-" } else { "" }, cents.unsigned_abs());
    let whole = grouped(cents / 100);
    let rest = if cents % 100 == 0 { String::new() } else { format!(".{:02}", cents % 100) };
    if mark.is_empty() { format!("{sign}{currency} {whole}{rest}") } else { format!("{sign}{mark}{whole}{rest}") }
}

fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut out = String::with_capacity(digits.len() + digits.len() / 3);
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A text of others on one line, without control characters, not longer than a name may be, and with nothing in it that
/// looks like one of our citations.
pub fn plain(text: &str) -> String {
    let mut out = String::new();
    for (n, character) in text.trim().chars().enumerate() {
        if n >= NAME_MAX {
            out.push('…');
            break;
        }
        match character {
            character if character.is_control() || is_invisible(character) => out.push(' '),
            '[' => out.push('［'),
            ']' => out.push('］'),
            character => out.push(character),
        }
    }
    out
}

/// A piece of a text of others, word for word, with its lines; only what would look like one of our citations is written
/// with other brackets.
pub fn quoted(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let marks = crate::evidence::citations(text);
    let mut marks = marks.iter().peekable();
    for (at, character) in text.char_indices() {
        while marks.peek().is_some_and(|(_, range)| range.end <= at) {
            marks.next();
        }
        let in_mark = marks.peek().is_some_and(|(_, range)| range.contains(&at));
        match character {
            '[' if in_mark => out.push('［'),
            ']' if in_mark => out.push('］'),
            '\n' => out.push('\n'),
            character if character.is_control() || is_invisible(character) => {}
            character => out.push(character),
        }
    }
    out
}

/// Characters that turn the direction of writing or cannot be seen.
fn is_invisible(character: char) -> bool {
    matches!(character, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}')
}

/// A product's name as it is said.
pub fn name(product: &Product) -> String {
    plain(&product.name)
}

/// `甲、乙和丙`; `A, B and C`.
pub fn list(items: &[String], lang: Lang) -> String {
    match items {
        [] => String::new(),
        [one] => one.clone(),
        [first @ .., last] => {
            let (comma, and) = lang.choose(("、", "和"), (", ", " and "));
            format!("{}{and}{last}", first.join(comma))
        }
    }
}

/// A value of a specification in the customer's language: units and the commonest words of catalogues.
pub fn value(text: &str, lang: Lang) -> String {
    let text = plain(text);
    if lang == Lang::En {
        return text;
    }
    // Of several versions, each.
    if text.contains(" / ") {
        return text.split(" / ").map(|one| value(one, lang)).collect::<Vec<_>>().join(" / ");
    }
    const WORDS: &[(&str, &str)] = &[
        ("yes", "是"),
        ("no", "否"),
        ("none", "无"),
        ("active", "主动降噪"),
        ("passive", "被动降噪"),
        ("wired", "有线"),
        ("Bluetooth", "蓝牙"),
        ("black", "黑色"),
        ("white", "白色"),
        ("silver", "银色"),
        ("blue", "蓝色"),
        ("grey", "灰色"),
        ("green", "绿色"),
        ("office", "办公"),
        ("gaming", "游戏"),
        ("design", "设计"),
        ("student", "学生"),
        ("full frame", "全画幅"),
        ("leather", "皮革"),
        ("silicone", "硅胶"),
        ("nylon", "尼龙"),
        ("felt", "毛毡"),
        ("steel", "钢"),
    ];
    if let Some((_, zh)) = WORDS.iter().find(|(en, _)| *en == text) {
        return (*zh).to_owned();
    }
    let colour = crate::understand::colours::said(&text, lang);
    if colour != text {
        return colour;
    }
    const UNITS: &[(&str, &str)] = &[
        (" in", " 英寸"),
        (" inches", " 英寸"),
        (" months", " 个月"),
        (" h", " 小时"),
        (" min", " 分钟"),
        (" days", " 天"),
    ];
    for (en, zh) in UNITS {
        if let Some(number) = text.strip_suffix(en)
            && number.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
        {
            return format!("{number}{zh}");
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn money_is_written_as_its_currency_is() {
        for (cents, currency, wanted) in [
            (599_900, "CNY", "¥5,999"),
            (599_950, "CNY", "¥5,999.50"),
            (5, "USD", "$0.05"),
            (-123_456_700, "EUR", "-€1,234,567"),
            (1200, "AUD", "AUD 12"),
            (i64::MIN, "CNY", "-¥92,233,720,368,547,758.08"),
        ] {
            assert_eq!(money(cents, currency), wanted);
        }
    }

    #[test]
    fn texts_of_others_bring_no_citations() {
        assert_eq!(plain(" A\n[1]\u{202e}x "), "A ［1］ x");
        assert_eq!(quoted("see [1] and [note]\nend\u{0}"), "see ［1］ and [note]\nend");
        assert_eq!(plain(&"长".repeat(500)).chars().count(), NAME_MAX + 1);
    }

    #[test]
    fn lists_read_as_language() {
        let items: Vec<String> = ["A", "B", "C"].map(str::to_owned).into();
        assert_eq!(list(&items, Lang::Zh), "A、B和C");
        assert_eq!(list(&items, Lang::En), "A, B and C");
        assert_eq!(list(&items[..1], Lang::En), "A");
    }

    #[test]
    fn values_are_said_in_the_customers_language() {
        assert_eq!(value("15.6 in", Lang::Zh), "15.6 英寸");
        assert_eq!(value("yes", Lang::Zh), "是");
        assert_eq!(value("USB-C in", Lang::Zh), "USB-C in");
        assert_eq!(value("15.6 in", Lang::En), "15.6 in");
    }
}
