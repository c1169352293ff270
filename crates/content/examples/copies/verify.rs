//! A second reader of copies that uses nothing of the checker: every number with its unit, and every word for a technology, is
//! looked up in the raw fields of the product, in the offer, and in what is counted here anew over the catalogue. It knows no
//! sentences; it says only what stands in no field.

use std::collections::BTreeSet;

use domain::Product;
use tercet_content::brief::Brief;
use tercet_content::plan::Opinion;

use crate::catalogues::Catalogue;

/// A number as it is written, without the commas between thousands, and the unit behind it in one spelling.
pub type Figure = (String, &'static str);

/// Units in all spellings of copies and catalogues: lower case, the longest first where one begins another.
const UNITS: &[(&[&str], &str)] = &[
    (&["mah", "毫安时"], "mah"),
    (&["mbps"], "mbps"),
    (&["gbps"], "gbps"),
    (&["mb/s"], "mb/s"),
    (&["megapixels", "megapixel", "mp"], "mp"),
    (&["mm", "毫米"], "mm"),
    (&["cm", "厘米"], "cm"),
    (&["minutes", "minute", "min", "分钟"], "minute"),
    (&["months", "month", "个月"], "month"),
    (&["hours", "hour", "hrs", "hr", "h", "小时"], "hour"),
    (&["years", "year", "年"], "year"),
    (&["nits", "nit", "尼特"], "nit"),
    (&["ppm", "pages a minute", "页/分钟"], "ppm"),
    (&["pages", "page", "页"], "page"),
    (&["inches", "inch", "英寸", "吋", "\"", "”"], "inch"),
    (&["in"], "inch"),
    (&["ppi"], "ppi"),
    (&["dpi"], "dpi"),
    (&["ghz"], "ghz"),
    (&["mhz"], "mhz"),
    (&["khz"], "khz"),
    (&["hz", "赫兹"], "hz"),
    (&["tb"], "tb"),
    (&["gb"], "gb"),
    (&["mb"], "mb"),
    (&["kg", "千克", "公斤"], "kg"),
    (&["wh"], "wh"),
    (&["watts", "watt", "w", "瓦"], "w"),
    (&["g", "克"], "g"),
    (&["meters", "meter", "metres", "metre", "m", "米"], "m"),
    (&["%", "％"], "%"),
];

/// The figures of a text: digits with the points inside them, and what stands right behind.
pub fn figures(text: &str) -> Vec<(std::ops::Range<usize>, Figure)> {
    let lower = text.to_lowercase();
    // Lower case may be longer than the text outside ASCII; places are then those of the lower case.
    let bytes = lower.as_bytes();
    let (mut found, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        if !bytes[at].is_ascii_digit() {
            at += 1;
            continue;
        }
        let from = at;
        let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
        let thousands = |at: usize| digit(at + 1) && digit(at + 2) && digit(at + 3) && !digit(at + 4);
        while digit(at)
            || (bytes.get(at) == Some(&b'.') && digit(at + 1))
            || (bytes.get(at) == Some(&b',') && thousands(at))
        {
            at += 1;
        }
        let number = tidy(&lower[from..at].replace(',', ""));
        let behind = lower[at..].trim_start_matches([' ', '-', '\u{a0}']);
        let whole = |spelling: &str| {
            behind.strip_prefix(spelling).is_some_and(|rest| {
                let is_word = spelling.ends_with(|one: char| one.is_ascii_alphabetic());
                !(is_word && rest.starts_with(|one: char| one.is_ascii_alphanumeric()))
            })
        };
        let unit = UNITS.iter().find(|(spellings, _)| spellings.iter().any(|spelling| whole(spelling)));
        found.push((from..at, (number, unit.map_or("", |(_, unit)| *unit))));
    }
    found
}

/// `6.50` is `6.5`, `08` is `8`.
fn tidy(number: &str) -> String {
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    let bare = number.trim_start_matches('0');
    if bare.is_empty() || bare.starts_with('.') { format!("0{bare}") } else { bare.to_owned() }
}

/// What a copy may say.
pub struct Known {
    figures: BTreeSet<Figure>,
    /// Figures of the product before, which only what something has risen or fallen from may be.
    before: BTreeSet<Figure>,
    /// Numbers of fields, with whatever unit: for counts, whose unit is the field's name.
    counts: BTreeSet<String>,
    /// Everything in lower case, for words.
    text: String,
}

impl Known {
    /// From the raw fields of the product and of those that may be named with it, the offer, the opinions that were given, and
    /// the comparisons counted anew.
    pub fn of(brief: &Brief, older: Option<&Product>, opinions: &[Opinion], compared: &[(usize, usize)]) -> Known {
        let hero = brief.hero();
        let mut known =
            Known { figures: BTreeSet::new(), before: BTreeSet::new(), counts: BTreeSet::new(), text: String::new() };
        known.add(&hero.name);
        for (key, value) in &hero.specs {
            known.add(&format!("{key} {value}"));
            if value.trim().parse::<f64>().is_ok() {
                known.counts.insert(tidy(value.trim()));
            }
        }
        for text in [&hero.brand, &hero.description, &hero.category].into_iter().flatten() {
            known.add(text);
        }
        known.add(&brief.shop_name);
        let owned = brief.audience.owned.iter().chain(older).chain(&brief.products);
        owned.clone().for_each(|other| known.add(&other.name));
        owned.for_each(|other| known.differences(hero, other));
        known.prices(brief);
        for (n, k) in
            opinions.iter().map(|one| (one.n_reviews as usize, one.n_praise as usize)).chain(compared.iter().copied())
        {
            known.counts.extend([n.to_string(), k.to_string()]);
        }
        known
    }

    fn add(&mut self, text: &str) {
        for (range, (number, unit)) in figures(text) {
            // `Bluetooth 5.0 in Ear Earbuds` may tell of no inches.
            if unit == "inch" && text[range.end..].starts_with(" in ") {
                self.figures.insert((number.clone(), ""));
            }
            // 1 TB is 1024 GB, or 1000 as makers of drives count.
            if let (Ok(n), "gb" | "tb") = (number.parse::<f64>(), unit) {
                let (gb, tb) = if unit == "gb" { (vec![n], n / 1024.0) } else { (vec![n * 1024.0, n * 1000.0], n) };
                self.figures.extend(gb.into_iter().map(|gb| (gb.to_string(), "gb")));
                self.figures.insert((tb.to_string(), "tb"));
            }
            if let (Ok(n), "mb") = (number.parse::<f64>(), unit) {
                self.figures.insert(((n / 1024.0).to_string(), "gb"));
            }
            self.figures.insert((number, unit));
        }
        self.text.push_str(&text.to_lowercase());
        self.text.push('\n');
    }

    /// How far the fields of the same name are apart, in each unit that both have.
    fn differences(&mut self, hero: &Product, other: &Product) {
        for (key, own) in &hero.specs {
            let Some(theirs) = other.specs.get(key) else { continue };
            let (own, theirs) = (figures(own), figures(theirs));
            for (_, (number, unit)) in &theirs {
                self.before.insert((number.clone(), *unit));
                if let (Ok(gb), "gb") = (number.parse::<f64>(), *unit) {
                    self.before.insert(((gb / 1024.0).to_string(), "tb"));
                }
            }
            let (Some((_, (a, unit))), Some((_, (b, of)))) = (own.first(), theirs.first()) else { continue };
            let (Ok(a), Ok(b)) = (a.parse::<f64>(), b.parse::<f64>()) else { continue };
            let gap = |a: f64, b: f64| tidy(&format!("{:.2}", (a - b).abs()));
            match (*unit, *of) {
                ("gb", "tb") => drop(self.figures.insert((gap(a, b * 1024.0), "gb"))),
                ("tb", "gb") => drop(self.figures.insert((gap(a * 1024.0, b), "gb"))),
                ("mbps", "mbps") => {
                    self.figures.insert((gap(a, b), "mbps"));
                    self.figures.insert((gap(a / 1000.0, b / 1000.0), "gbps"));
                }
                ("kg", "kg") => {
                    self.figures.insert((gap(a, b), "kg"));
                    self.figures.insert((gap((a * 1000.0).round(), (b * 1000.0).round()), "g"));
                }
                (unit, of) if unit == of => {
                    self.figures.insert((gap(a, b), unit));
                    if unit.is_empty() {
                        self.counts.insert(gap(a, b));
                    }
                }
                _ => {}
            }
        }
    }

    fn prices(&mut self, brief: &Brief) {
        let offer = brief.offer.as_ref();
        let list = brief.hero().price_cents;
        let now = offer.and_then(|offer| offer.price_cents);
        let saving = list.zip(now).map(|(list, now)| domain::Cents(list.0 - now.0));
        let off = offer.and_then(|offer| offer.coupon_off_cents);
        for sum in [list, now, saving, off].into_iter().flatten() {
            self.figures.insert((tidy(&format!("{}.{:02}", sum.0 / 100, sum.0 % 100)), "money"));
        }
        let Some(offer) = offer else { return };
        [&offer.coupon, &offer.gift].into_iter().flatten().for_each(|text| self.add(text));
        if let Some(date) = offer.ends_on.and_then(|day| day.to_date()) {
            self.figures.insert((date.month().to_string(), "date"));
            self.figures.insert((date.day().to_string(), "date"));
            self.figures.insert((date.year().to_string(), "date"));
        }
    }

    /// Figures and words of a text that no field says.
    pub fn unbound(&self, text: &str) -> Vec<String> {
        let lower = text.to_lowercase();
        let mut found = Vec::new();
        for (range, figure) in figures(text) {
            if !self.says(&lower, &range, &figure) {
                let from = lower.floor_char_boundary(range.start.saturating_sub(24));
                let to = lower.ceil_char_boundary((range.end + 24).min(lower.len()));
                found.push(format!("{} {} in “{}”", figure.0, figure.1, lower[from..to].replace('\n', " ")));
            }
        }
        found.extend(TECHNOLOGIES.iter().filter_map(|names| self.missing(&lower, names)));
        found
    }

    fn says(&self, text: &str, range: &std::ops::Range<usize>, figure: &Figure) -> bool {
        let (number, unit) = figure;
        let (before, after) = (text[..range.start].trim_end(), text[range.end..].trim_start());
        let is_money = before.ends_with(['$', '€', '£', '₹', '¥'])
            || after.starts_with('元')
            || ["inr", "chf"].iter().any(|code| before.ends_with(code));
        let months = [
            "january",
            "february",
            "march",
            "april",
            "may",
            "june",
            "july",
            "august",
            "september",
            "october",
            "november",
            "december",
        ];
        // The year of a day: `2027年1月3日`, `3 January 2027`.
        let is_year = number.len() == 4
            && (*unit == "year" && after.trim_start_matches('年').starts_with(|one: char| one.is_ascii_digit())
                || months.iter().any(|month| before.ends_with(month)));
        let is_date = is_year
            || after.starts_with('月')
            || (before.ends_with('月') && after.starts_with('日'))
            || months.iter().any(|month| after.starts_with(month));
        if is_money {
            // A card that is called after what is on it, "$45 Prepaid Card".
            let sign = text[..range.start].chars().next_back().map_or(0, char::len_utf8);
            let sum = &text[range.start - sign..range.end];
            let ends = |at: usize| {
                let mut rest = self.text[at + sum.len()..].trim_start_matches(['.', ',']).chars();
                !rest.next().is_some_and(|one| one.is_ascii_digit())
            };
            return self.figures.contains(&(number.clone(), "money"))
                || (!sum.starts_with(|one: char| one.is_alphanumeric())
                    && self.text.match_indices(sum).any(|(at, _)| ends(at)));
        }
        if is_date {
            return self.figures.contains(&(number.clone(), "date"));
        }
        if (before.ends_with('从') || before.ends_with(" from")) && self.before.contains(figure) {
            return true;
        }
        // `Wi-Fi 6 in practice` tells of no inches.
        let is_preposition = *unit == "inch" && text[range.end..].starts_with(" in ");
        if self.figures.contains(figure)
            || (is_preposition && (self.figures.contains(&(number.clone(), "")) || stands(&self.text, number)))
        {
            return true;
        }
        // A part of a name or a model, with the letters around it, as a field has it.
        let is_part = |one: &char| one.is_ascii_alphanumeric() || "-+./".contains(*one);
        let from = range.start - before_len(&text[..range.start], is_part);
        let to = range.end + text[range.end..].chars().take_while(is_part).map(char::len_utf8).sum::<usize>();
        let token = text[from..to].trim_matches(['-', '+', '.', '/']);
        if token.bytes().any(|byte| byte.is_ascii_alphabetic()) && self.text.contains(token) {
            return true;
        }
        // Topics run the words of a name together.
        if text[..from].ends_with('#') {
            let compact: String = self.text.chars().filter(|one| one.is_alphanumeric() || *one == '.').collect();
            if compact.contains(&token.replace(['-', '+', '/'], "")) {
                return true;
            }
        }
        // Numbers that count: of cores, ports, reviews, neighbours; or bare in a name.
        let counts = [
            "核",
            "个",
            "根",
            "级",
            "件",
            "款",
            "条",
            "core",
            "port",
            "antenna",
            "pressure",
            "review",
            "of",
            "similarly",
            "in the box",
            "are",
            "more cores",
            "more ports",
            "have",
            "page",
        ];
        let is_counted = counts.iter().any(|word| after.trim_start_matches('-').starts_with(word)) || unit.is_empty();
        if is_counted && self.counts.contains(number) {
            return true;
        }
        unit.is_empty() && self.figures.contains(&(number.clone(), ""))
    }

    /// The word of a technology that the text says and no field does, in any of its spellings.
    fn missing(&self, text: &str, names: &[&str]) -> Option<String> {
        let said = names.iter().find(|name| stands(text, name))?;
        let is_known = names.iter().any(|name| self.text.contains(name));
        (!is_known).then(|| format!("the word {said}"))
    }
}

fn before_len(text: &str, is_part: impl Fn(&char) -> bool) -> usize {
    text.chars().rev().take_while(is_part).map(char::len_utf8).sum()
}

/// Whether a word stands in a text, of Latin letters as a whole word.
fn stands(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let joins = |side: Option<char>, own: Option<char>| {
            own.is_some_and(|own| own.is_ascii_alphanumeric()) && side.is_some_and(|side| side.is_ascii_alphanumeric())
        };
        !joins(text[..at].chars().next_back(), word.chars().next())
            && !joins(text[at + word.len()..].chars().next(), word.chars().next_back())
    })
}

/// Words for technologies and materials, each in all spellings that a field or a copy may use.
const TECHNOLOGIES: &[&[&str]] = &[
    &["amoled"],
    &["oled", "amoled"],
    &["ips"],
    &["qled"],
    &["mini led"],
    &["lte"],
    &["5g"],
    &["ssd", "固态", "flash"],
    &["hdd", "机械硬盘"],
    &["nfc"],
    &["bluetooth", "蓝牙"],
    &["wi-fi", "wifi", "无线标准"],
    &["usb-c", "usb c", "type-c", "type c"],
    &["lightning"],
    &["micro-usb", "micro usb"],
    &["mfi"],
    &["dolby", "杜比"],
    &["noise cancelling", "noise cancellation", "主动降噪", "noise_cancelling", "降噪", "enc"],
    &["tempered glass", "钢化玻璃", "钢化膜"],
    &["silicone", "硅胶"],
    &["tpu"],
    &["真皮", "leather", "皮革"],
    &["geforce", "nvidia"],
    &["radeon", "amd"],
    &["touchscreen", "触控", "touch screen", "touch-screen"],
    &["ip68"],
    &["ip67"],
    &["backlight", "背光", "backlit"],
    &["unlocked", "解锁版"],
    &["dual sim", "双卡"],
    &["rgb"],
    &["magnetic", "磁吸", "magsafe"],
    &["wireless charging", "无线充电", "wireless charger"],
    &["4k"],
    &["8k"],
];

/// How many neighbours of a product give a spec, and how many have less of it, and more: counted over the raw catalogue. The
/// neighbours are those of the plan's own rule: same kind, another model, price within 30 %, the 40 nearest in price.
pub fn recount(catalogue: &Catalogue, hero: &Product, field: &str) -> Option<(usize, usize, usize)> {
    // A type of display also tells how fast it is; that is counted of no field of its own.
    let key = field.strip_prefix("specs.").filter(|key| *key != "display")?;
    counted(&Peers::new(&catalogue.products).near(hero)?, hero, key)
}

/// Products with what makes two of them neighbours, told once for all.
pub struct Peers<'c>(Vec<Peer<'c>>);

struct Peer<'c> {
    product: &'c Product,
    kind: &'static str,
    model: String,
    price: f64,
}

impl<'c> Peers<'c> {
    /// Those that can be anybody's neighbours.
    pub fn new(products: &'c [Product]) -> Peers<'c> {
        Peers(products.iter().filter_map(Peer::of).collect())
    }

    /// The neighbours of a product; nothing if its kind or its price is not known.
    pub fn near(&self, hero: &Product) -> Option<Vec<&'c Product>> {
        let own = Peer::of(hero)?;
        let mut near: Vec<&Peer> = self
            .0
            .iter()
            .filter(|other| other.kind == own.kind && other.product.product_id != hero.product_id)
            .filter(|other| other.price >= own.price / 1.3 && other.price <= own.price * 1.3)
            .filter(|other| other.model != own.model)
            .collect();
        near.sort_by(|a, b| {
            let far = |other: &Peer| (other.price / own.price).ln().abs();
            far(a).total_cmp(&far(b)).then_with(|| a.product.product_id.cmp(&b.product.product_id))
        });
        Some(near.into_iter().take(40).map(|other| other.product).collect())
    }

    /// Every pair of counts that a comparison of the product may tell: of so many, so many have less, or more.
    pub fn counts(&self, hero: &Product) -> Vec<(usize, usize)> {
        let Some(near) = self.near(hero) else { return Vec::new() };
        let told = hero.specs.keys().filter_map(|key| counted(&near, hero, key));
        told.flat_map(|(n, less, more)| [(n, less), (n, more)]).collect()
    }
}

impl<'c> Peer<'c> {
    fn of(product: &'c Product) -> Option<Peer<'c>> {
        use tercet_content::plan::{kinds::kind_of, names};
        let model = names::short(&names::clean(&product.name), product.brand.as_deref()).to_lowercase();
        let price = product.price_cents.filter(|price| price.0 > 0)?.0 as f64;
        Some(Peer { product, kind: kind_of(product)?.key, model, price })
    }
}

/// Of those near a product: how many give the spec, have less of it, have more.
fn counted(near: &[&Product], hero: &Product, key: &str) -> Option<(usize, usize, usize)> {
    let value = |product: &Product| {
        let text = product.specs.get(key)?;
        let number = |(_, (number, unit)): &(std::ops::Range<usize>, Figure)| {
            let number: f64 = number.parse().ok()?;
            (number > 0.0).then_some(if *unit == "tb" { number * 1024.0 } else { number })
        };
        // Two disks are added up; of width and height the area counts.
        let all: Option<Vec<f64>> = figures(text).iter().map(number).collect();
        let all = all?;
        match (text.contains('+'), text.contains(" x ")) {
            (true, _) => Some(all.iter().sum()),
            (_, true) => Some(all.iter().take(2).product()),
            _ => all.first().copied(),
        }
    };
    let own: f64 = value(hero)?;
    let given: Vec<f64> = near.iter().filter_map(|other| value(other)).collect();
    let is_same = |other: f64| (other - own).abs() <= 1e-3 * own.abs();
    let less = given.iter().filter(|other| **other < own && !is_same(**other)).count();
    let more = given.iter().filter(|other| **other > own && !is_same(**other)).count();
    Some((given.len(), less, more))
}
