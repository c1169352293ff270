//! How a product may be called: the name without what cannot be shown, and the short name by which it is called the second
//! time. Both are made of the name's own words only.

/// Characters of a name that are looked at.
const NAME_CHARS_MAX: usize = 240;
/// Characters of a short name.
const SHORT_CHARS_MAX: usize = 48;

/// The name in one line: no control characters, no characters that turn or hide text, no marks of registration, no dots where a
/// source cut it off.
pub fn clean(name: &str) -> String {
    let mut made = String::new();
    for one in name.chars().take(NAME_CHARS_MAX * 2) {
        match one {
            '®' | '™' | '©' | '℠' => {}
            one if is_hidden(one) => {}
            one if one.is_whitespace() || one.is_control() => {
                if !made.ends_with(' ') {
                    made.push(' ');
                }
            }
            one => made.push(one),
        }
    }
    let cut = made.trim_end().ends_with("...") || made.trim_end().ends_with('…');
    let mut text = made.trim().trim_end_matches(['.', '…']).trim_end();
    if cut {
        // The last word may be half a word.
        text = text.rsplit_once([' ', '|', ',']).map_or(text, |(head, _)| head);
    }
    let clipped: String = text.chars().take(NAME_CHARS_MAX).collect();
    let start = clipped.trim_start_matches(|one: char| one.is_whitespace() || ",|-–/&+".contains(one));
    start.trim_end_matches(|one: char| one.is_whitespace() || ",|-–/&(（".contains(one)).to_owned()
}

/// Characters that are not seen, or that turn the direction of text.
fn is_hidden(one: char) -> bool {
    matches!(u32::from(one), 0x00AD | 0x200B..=0x200C | 0x200E..=0x200F | 0x202A..=0x202E | 0x2060..=0x206F | 0xFEFF | 0xFFF9..=0xFFFB)
}

/// Where a short name ends: what follows tells of the product and is no name of it.
const STOPS: &[&str] = &[
    "(",
    "（",
    "|",
    ",",
    "，",
    ";",
    " with ",
    " With ",
    " - ",
    " – ",
    " for ",
    " For ",
    " Compatible",
    " compatible",
    ": ",
    "【",
    "[",
    " / ",
];

/// The short name of a clean name: its head, at most 48 characters, ending between words. `brand` is put in front as the shop
/// writes `Brand - Model`.
pub fn short(clean: &str, brand: Option<&str>) -> String {
    let joined = joined_brand(clean, brand);
    let text = joined.as_str();
    // A head of one short word is no name.
    let mut ends: Vec<usize> = STOPS.iter().filter_map(|stop| text.find(stop)).filter(|at| *at >= 5).collect();
    ends.sort_unstable();
    ends.push(text.len());
    let heads = ends.iter().map(|end| tidy_end(without_specs(tidy_end(&text[..*end]))));
    let is_name = |head: &&str| head.split(' ').count() >= 2 || !head.is_ascii();
    let head = heads.clone().find(is_name).or_else(|| heads.clone().next()).unwrap_or(text);
    let cut = tidy_end(crate::channel::clip(head, SHORT_CHARS_MAX, crate::channel::Count::Chars));
    let whole = crate::channel::clip(text, SHORT_CHARS_MAX, crate::channel::Count::Chars);
    if cut.is_empty() { whole.to_owned() } else { cut.to_owned() }
}

/// Without signs and words at the end that lead on to what was cut off.
fn tidy_end(text: &str) -> &str {
    const LEADING_ON: &[&str] =
        &["and", "with", "for", "in", "of", "to", "the", "a", "by", "or", "designed", "compatible", "made", "&"];
    let mut text = text;
    loop {
        text = text.trim_end_matches(|one: char| one.is_whitespace() || "-–|,/&:".contains(one));
        match text.rsplit_once(' ') {
            Some((front, last)) if LEADING_ON.contains(&last.to_lowercase().as_str()) => text = front,
            _ => return text,
        }
    }
}

/// `OtterBox - Strada Case` is `OtterBox Strada Case`.
fn joined_brand(clean: &str, brand: Option<&str>) -> String {
    let Some((head, rest)) = clean.split_once(" - ") else { return clean.to_owned() };
    let is_brand =
        brand.is_some_and(|brand| self::clean(brand).eq_ignore_ascii_case(head)) || head.chars().count() <= 16;
    match is_brand {
        true if rest.to_lowercase().starts_with(&head.to_lowercase()) => rest.to_owned(),
        true => format!("{head} {rest}"),
        false => clean.to_owned(),
    }
}

/// `Velo 2 笔记本电脑 16GB+512GB` without the sizes at its end; `iPhone 6s 64GB` likewise.
fn without_specs(head: &str) -> &str {
    let mut text = head;
    while let Some((front, last)) = text.rsplit_once(' ') {
        let is_size = last.bytes().next().is_some_and(|byte| byte.is_ascii_digit())
            && ["GB", "TB", "gb", "G+", "TB+"].iter().any(|unit| last.ends_with(unit) || last.contains("GB+"));
        let is_unit = ["GB", "TB"].contains(&last);
        if is_size {
            text = front;
        } else if is_unit
            && let Some((front, number)) = front.rsplit_once(' ')
            && number.bytes().all(|byte| byte.is_ascii_digit())
        {
            text = front;
        } else {
            break;
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_lose_what_cannot_be_shown() {
        for (name, expected) in [
            ("  Case\tfor Apple® iPhone®  6 ", "Case for Apple iPhone 6"),
            ("Speaker, 10 Hour Backup, Built-in Rechargea...", "Speaker, 10 Hour Backup, Built-in"),
            ("a\u{202E}b\u{200B}c\u{0}d", "abc d"),
            ("", ""),
            (" \n ", ""),
        ] {
            assert_eq!(clean(name), expected);
        }
        assert!(clean(&"x".repeat(100_000)).chars().count() <= NAME_CHARS_MAX);
    }

    #[test]
    fn short_names_are_heads() {
        for (name, brand, expected) in [
            (
                "OtterBox - Strada Series Case for Apple iPhone 7 Plus - Pacific opal",
                Some("OtterBox"),
                "OtterBox Strada Series Case",
            ),
            ("Samsung Galaxy M33 5G (Mystique Green, 6GB, 128GB Storage)", None, "Samsung Galaxy M33 5G"),
            ("Apple - iPhone 7 128GB - Jet Black (AT&T)", Some("Apple"), "Apple iPhone 7"),
            ("Huawei - Honor 8 4G LTE with 64GB Memory Cell Phone (Unlocked)", Some("Huawei"), "Huawei Honor 8 4G LTE"),
            ("科梵 Velo 2 Pro 笔记本电脑 16GB+512GB", Some("科梵"), "科梵 Velo 2 Pro 笔记本电脑"),
            ("HP 250 G6", Some("HP"), "HP 250 G6"),
            ("Realme 12+ 256GB", None, "Realme 12+"),
            ("OnePlus 11R 5G Aramid Fiber Case Black in", None, "OnePlus 11R 5G Aramid Fiber Case Black"),
            ("Amozo Designed for iPhone 14 Cover | Ultra Hybrid", None, "Amozo Designed for iPhone 14 Cover"),
            ("(Renewed) Samsung SM-R180 Buds, Black", None, "(Renewed) Samsung SM-R180 Buds"),
        ] {
            assert_eq!(short(name, brand), expected);
        }
        let long = short(&"字".repeat(500), None);
        assert_eq!(long.chars().count(), SHORT_CHARS_MAX);
    }
}
