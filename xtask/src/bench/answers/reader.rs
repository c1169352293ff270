//! Reads answers again, with no code of the program: splits a text into figures and names by rules of its own, looks for each in what
//! the answer rests on and shows, and looks what that is up in the shop's tables. It knows neither intents nor sentences, and does
//! not judge whether an answer answers.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde_json::Value;

use super::rows;

/// Words that begin with a capital and name nothing of a shop's.
const PLAIN: &[&str] =
    &["i", "i'm", "i'd", "i'll", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "ok"];
/// Names of attributes, and how the assistant and a shop without a name of its own are called: they claim nothing.
const LABELS: &[&str] = &[
    "terry",
    "my",
    "weight",
    "memory",
    "length",
    "water",
    "connection",
    "charging",
    "dimensions",
    "price",
    "colour",
    "battery",
    "storage",
    "screen",
    "power",
];
/// Rows of one look into a table: as many as `tercet sql` prints.
const PAGE: usize = 1_000;

/// What a shop's tables say, as far as answers may rest on it.
pub struct Facts {
    /// Of each product everything that its row says, as one text.
    products: BTreeMap<String, String>,
    documents: BTreeMap<String, String>,
    answers: BTreeMap<String, String>,
    orders: BTreeSet<String>,
    /// In every language in which the table has them.
    brands: BTreeSet<String>,
}

/// One answer, and what was said before it by whoever asks.
pub struct Turn<'a> {
    pub said: &'a [&'a str],
    pub reply: &'a str,
    pub evidence: &'a Value,
    pub blocks: &'a Value,
}

impl Facts {
    /// # Errors
    /// If a table cannot be read.
    pub fn read(program: &str, shop: &Path) -> Result<Facts, String> {
        let all = |table: &str, key: &str| -> Result<Vec<Value>, String> {
            let (mut found, mut n_new) = (Vec::new(), PAGE);
            while n_new == PAGE {
                let sql = format!("select * from {table} order by {key} limit {PAGE} offset {}", found.len());
                let page = rows(program, shop, &sql)?;
                n_new = page.len();
                found.extend(page);
            }
            Ok(found)
        };
        let text = |row: &Value, name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let mut facts = Facts {
            products: BTreeMap::new(),
            documents: BTreeMap::new(),
            answers: BTreeMap::new(),
            orders: BTreeSet::new(),
            brands: BTreeSet::new(),
        };
        for row in all("products", "product_id")? {
            facts.brands.insert(text(&row, "brand").to_lowercase());
            let mut said = String::new();
            flatten(&row, &mut said);
            facts.products.insert(text(&row, "product_id"), said);
        }
        facts.brands.remove("");
        for row in all("knowledge", "document_id")? {
            facts.documents.insert(text(&row, "document_id"), text(&row, "text"));
        }
        for row in all("answers", "answer_id")? {
            let mut said = String::new();
            flatten(&row, &mut said);
            facts.answers.insert(text(&row, "answer_id"), said);
        }
        for row in rows(program, shop, "select string_agg(distinct order_id, ' ') as ids from orders")? {
            facts.orders.extend(text(&row, "ids").split(' ').map(str::to_owned));
        }
        Ok(facts)
    }

    /// What of an answer stands on nothing: figures, names, and what it claims to rest on.
    pub fn invented(&self, turn: &Turn) -> Vec<String> {
        let mut rests_on = String::new();
        flatten(turn.evidence, &mut rests_on);
        flatten(turn.blocks, &mut rests_on);
        turn.said.iter().for_each(|said| line(said, &mut rests_on));
        let known = Known::of(&rests_on, turn.blocks);
        let mut found = known.missing(&without_marks(turn.reply));
        let lower = (rests_on.to_lowercase(), turn.reply.to_lowercase());
        let is_missing = |brand: &&String| has_word(&lower.1, brand) && !has_word(&lower.0, brand);
        found.extend(self.brands.iter().filter(is_missing).map(|brand| format!("brand {brand}")));
        found.extend(turn.evidence.as_array().into_iter().flatten().filter_map(|one| self.not_in_table(one)));
        found
    }

    /// The rows of a product and of those called as it is but for the last word.
    fn family(&self, id: &str, name: &str) -> String {
        let base = name.rsplit_once(' ').map_or(name, |(base, _)| base).to_lowercase();
        let is_kin = |(own, row): &(&String, &String)| *own == id || has_word(&row.to_lowercase(), &base);
        self.products.iter().filter(is_kin).map(|(_, row)| row.as_str()).collect()
    }

    /// What an entry claims of a table that the table does not say.
    fn not_in_table(&self, evidence: &Value) -> Option<String> {
        let text = |name: &str| evidence[name].as_str().unwrap_or_default();
        let said = |all: &BTreeMap<String, String>, id: &str, what: &str| match all.get(id) {
            None => Some(format!("{} {id} is in no row", text("source"))),
            Some(row) => {
                Known::of(row, &Value::Null).missing(what).pop().map(|one| format!("{one} is not in the row {id}"))
            }
        };
        match text("source") {
            "product" => said(&self.products, text("product_id"), text("value")).and_then(|_| {
                // What differs among variants is told of all of them together.
                let row = self.family(text("product_id"), text("name"));
                Known::of(&row, &Value::Null)
                    .missing(text("value"))
                    .pop()
                    .map(|one| format!("{one} is in no row of {}", text("product_id")))
            }),
            "document" => match self.documents.get(text("document_id")) {
                Some(whole) if whole.contains(text("text")) => None,
                _ => Some(format!("the document {} does not have the piece", text("document_id"))),
            },
            "curated" => said(&self.answers, text("answer_id"), text("text")),
            "fit" | "opinions" if !self.products.contains_key(text("product_id")) => {
                Some(format!("{} is no product", text("product_id")))
            }
            "order" if !self.orders.contains(text("order_id")) => Some(format!("{} is no order", text("order_id"))),
            _ => None,
        }
    }
}

/// What may be said: figures as numbers, everything as words.
struct Known {
    numbers: Vec<f64>,
    words: BTreeSet<String>,
}

impl Known {
    fn of(text: &str, blocks: &Value) -> Known {
        let mut known = Known { numbers: Vec::new(), words: BTreeSet::new() };
        for token in tokens(text) {
            known.words.insert(token.text.to_lowercase());
            for part in parts(&token.text) {
                known.words.insert(part.to_lowercase());
                known.numbers.extend(number(&part));
            }
        }
        known.count(blocks);
        known
    }

    /// How many there are of what is shown may be said.
    fn count(&mut self, blocks: &Value) {
        match blocks {
            Value::Array(all) => {
                self.numbers.push(all.len() as f64);
                all.iter().for_each(|one| self.count(one));
            }
            Value::Object(fields) => fields.values().for_each(|one| self.count(one)),
            _ => {}
        }
    }

    fn has_number(&self, wanted: f64) -> bool {
        self.numbers.iter().any(|known| (known - wanted).abs() < 1e-9)
    }

    fn has(&self, part: &str) -> bool {
        self.words.contains(&part.to_lowercase()) || number(part).is_some_and(|wanted| self.has_number(wanted))
    }

    /// Figures and names of a text that are not known.
    fn missing(&self, text: &str) -> Vec<String> {
        let mut found = Vec::new();
        for token in tokens(text) {
            let has_digit = token.text.bytes().any(|byte| byte.is_ascii_digit());
            let is_name = token.text.starts_with(|c: char| c.is_ascii_uppercase()) && !token.begins;
            let lower = token.text.to_lowercase();
            let is_plain = PLAIN.contains(&lower.as_str()) || LABELS.contains(&lower.as_str());
            // `2.` before an entry of a list.
            let is_mark =
                token.opens_line && token.text.bytes().all(|byte| byte.is_ascii_digit()) && token.text.len() <= 2;
            if !(has_digit || is_name) || is_plain || is_mark || self.has(&token.text) {
                continue;
            }
            found.extend(parts(&token.text).into_iter().filter(|part| {
                let is_unit = part.bytes().all(|byte| byte.is_ascii_lowercase());
                !(is_unit || self.has(part))
            }));
        }
        found
    }
}

/// A run of letters and digits of the Latin script.
struct Token {
    text: String,
    /// It begins a sentence.
    begins: bool,
    opens_line: bool,
}

/// Runs of letters, digits and what holds a figure together between two digits.
fn tokens(text: &str) -> Vec<Token> {
    let all: Vec<char> = text.chars().collect();
    let is_digit = |at: usize| all.get(at).is_some_and(char::is_ascii_digit);
    let (mut found, mut at, mut begins, mut opens_line) = (Vec::new(), 0, true, true);
    while at < all.len() {
        if all[at].is_ascii_alphanumeric() {
            let from = at;
            while all.get(at).is_some_and(char::is_ascii_alphanumeric)
                || (at > from && is_digit(at - 1) && is_digit(at + 1) && matches!(all[at], '.' | ',' | ':' | '-' | '/'))
                || (at > from && all.get(at) == Some(&'\'') && all.get(at + 1).is_some_and(char::is_ascii_alphabetic))
            {
                at += 1;
            }
            found.push(Token { text: all[from..at].iter().collect(), begins, opens_line });
            (begins, opens_line) = (false, false);
            continue;
        }
        if matches!(all[at], '.' | '!' | '?' | ':' | '\n' | '。' | '！' | '？' | '：' | '；' | ';' | '“' | '(' | '（')
        {
            begins = true;
        }
        opens_line = (opens_line && all[at].is_whitespace()) || all[at] == '\n';
        at += 1;
    }
    found
}

/// A token's figures and letters apart, `16GB` and `2026-06-30`; one that begins with a letter is a name and stays whole.
fn parts(token: &str) -> Vec<String> {
    let digits = token.find(|c: char| c.is_ascii_alphabetic()).unwrap_or(token.len());
    if digits == 0 || digits == token.len() {
        return vec![token.to_owned()];
    }
    vec![token[..digits].to_owned(), token[digits..].to_owned()]
}

fn number(text: &str) -> Option<f64> {
    text.replace(',', "").parse().ok()
}

/// Every value of a document, a line each; cents also as an amount, milliseconds also as the day on which they fall in Greenwich and in Beijing.
fn flatten(value: &Value, out: &mut String) {
    match value {
        Value::Array(all) => all.iter().for_each(|one| flatten(one, out)),
        Value::Object(fields) => {
            for (name, one) in fields {
                flatten(one, out);
                if let Some(cents) = one.as_i64().filter(|_| name.ends_with("_cents")) {
                    line(&format!("{}.{:02}", cents / 100, cents.abs() % 100), out);
                }
            }
        }
        Value::String(text) => match serde_json::from_str::<Value>(text) {
            Ok(inner @ (Value::Object(_) | Value::Array(_))) => flatten(&inner, out),
            _ => line(text, out),
        },
        Value::Number(number) => {
            line(&number.to_string(), out);
            if let Some(at) = number.as_i64().filter(|at| *at > 100_000_000_000) {
                [0, 8, -5].iter().for_each(|hours| line(&day(at + hours * 3_600_000), out));
            }
        }
        Value::Bool(_) | Value::Null => {}
    }
}

fn line(text: &str, out: &mut String) {
    out.push_str(text);
    out.push('\n');
}

/// The day of UTC milliseconds (Howard Hinnant, “chrono-compatible low-level date algorithms”).
fn day(at: i64) -> String {
    let days = at.div_euclid(86_400_000) + 719_468;
    let era = days.div_euclid(146_097);
    let of_era = days.rem_euclid(146_097);
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let month = (5 * of_year + 2) / 153;
    let (d, m) = (of_year - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    format!("{:04}-{m:02}-{d:02}", year + era * 400 + i64::from(m <= 2))
}

/// Without the marks of sources, `[1]`.
fn without_marks(text: &str) -> String {
    let mut out = String::new();
    let mut rest = text;
    while let Some(at) = rest.find('[') {
        let digits = rest[at + 1..].bytes().take_while(u8::is_ascii_digit).count();
        let end = at + 1 + digits;
        out.push_str(&rest[..at]);
        if digits > 0 && rest[end..].starts_with(']') {
            rest = &rest[end + 1..];
        } else {
            out.push('[');
            rest = &rest[at + 1..];
        }
    }
    out + rest
}

/// Whether a text has a word, and not as a part of a longer one in Latin letters.
fn has_word(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let is_letter = |c: Option<char>| c.is_some_and(|c| c.is_ascii_alphanumeric());
        let is_latin = word.is_ascii();
        !(is_latin && (is_letter(text[..at].chars().next_back()) || is_letter(text[at + word.len()..].chars().next())))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn facts() -> Facts {
        Facts {
            products: BTreeMap::from([(
                "p1".to_owned(),
                "p1\nAcme Lark 14\nAcme\n599900\n5999.00\n16 GB\n1300 g".to_owned(),
            )]),
            documents: BTreeMap::from([("d1".to_owned(), "The warranty is 12 months.".to_owned())]),
            answers: BTreeMap::new(),
            orders: BTreeSet::from(["A1".to_owned()]),
            brands: BTreeSet::from(["acme".to_owned(), "borea".to_owned(), "云雀".to_owned()]),
        }
    }

    fn invented(reply: &str, evidence: Value) -> Vec<String> {
        let said = ["How heavy is the Lark?"];
        facts().invented(&Turn { said: &said, reply, evidence: &evidence, blocks: &json!([]) })
    }

    fn field(field: &str, value: &str) -> Value {
        json!({"source": "product", "product_id": "p1", "name": "Acme Lark 14", "field": field, "value": value})
    }

    #[test]
    fn what_stands_in_the_evidence_may_be_said() {
        let rests_on = json!([field("weight", "1300 g"), field("price", "5999.00")]);
        for reply in [
            "The Acme Lark 14 weighs 1300 g. [1]",
            "Acme Lark 14：1300g，¥5,999 [2]",
            "It is $5,999.00.",
            "1. The Lark\n2. the Acme Lark 14",
        ] {
            assert_eq!(invented(reply, rests_on.clone()), Vec::<String>::new(), "{reply}");
        }
    }

    #[test]
    fn invented_figures_names_and_sources_are_found() {
        let rests_on = || json!([field("weight", "1300 g")]);
        assert_eq!(invented("It weighs 1250 g. [1]", rests_on()), ["1250"]);
        assert_eq!(invented("It weighs 1300 g, less than the Heron X9.", rests_on()), ["Heron", "X9"]);
        assert_eq!(invented("那款云雀重 1300 g", rests_on()), ["brand 云雀"]);
        assert_eq!(invented("until 2026-06-30", rests_on()), ["2026-06-30"]);
        // What it claims to rest on is not what the table says.
        assert_eq!(invented("It weighs 1250 g. [1]", json!([field("weight", "1250 g")])), ["1250 is in no row of p1"]);
        let piece = |text: &str| json!([{"source": "document", "document_id": "d1", "title": "t", "text": text}]);
        assert_eq!(invented("“12 months.” [1]", piece("The warranty is 12 months.")), Vec::<String>::new());
        assert_eq!(invented("“24 months.”", piece("The warranty is 24 months.")).len(), 1);
        assert_eq!(
            invented("It is on its way.", json!([{"source": "order", "order_id": "A2", "field": "x", "value": ""}]))
                .len(),
            1
        );
    }

    #[test]
    fn days_of_milliseconds_are_known() {
        for (at, wanted) in [(0, "1970-01-01"), (1_767_225_600_000, "2026-01-01"), (951_782_400_000, "2000-02-29")] {
            assert_eq!(day(at), wanted);
        }
    }
}
