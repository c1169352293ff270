//! A shop's own words, gathered from its catalogue: brands, series, model names, kinds of products, features. What a
//! general dictionary does not know, or would cut apart. Counted, so that a word seen once in a long title is not
//! believed.

use std::collections::BTreeMap;

use domain::Product;

use super::normalise::Normaliser;
use super::quantity::scan;
use super::tokenise::models::{chinese_name, code_at, latin_name, suffixes};

/// Words and names with how often the catalogue has them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Lexicon {
    /// Words of ideographs alone.
    words: BTreeMap<String, usize>,
    /// Names that hold letters, digits or spaces.
    names: BTreeMap<String, usize>,
}

/// Characters that a word of ideographs has at least and at most.
const WORD: std::ops::RangeInclusive<usize> = 2..=8;
/// Longest piece of a title that may be a word of its own.
const PIECE_MAX: usize = 4;
/// Titles that must hold a piece before it counts as a word.
const N_TITLES_MIN: usize = 2;

impl Lexicon {
    /// Nothing but what every shop has.
    pub fn new() -> Self {
        Lexicon::default()
    }

    /// From titles, brands, paths of categories (`电脑/轻薄本`) and values or names of specifications. Texts may repeat:
    /// repetition is frequency.
    pub fn from_catalogue<'a>(
        names: impl IntoIterator<Item = &'a str>,
        brands: impl IntoIterator<Item = &'a str>,
        categories: impl IntoIterator<Item = &'a str>,
        specs: impl IntoIterator<Item = &'a str>,
    ) -> Self {
        let mut lexicon = Lexicon::new();
        for brand in brands {
            lexicon.add(brand);
        }
        for part in categories.into_iter().flat_map(|path| path.split(['/', '>', '|', ',', '、'])) {
            lexicon.add(part);
        }
        let mut pieces = BTreeMap::new();
        for text in specs {
            lexicon.read_title(text, &mut pieces);
        }
        for name in names {
            lexicon.read_title(name, &mut pieces);
        }
        for (piece, n) in pieces {
            if n >= N_TITLES_MIN {
                *lexicon.words.entry(piece).or_default() += n;
            }
        }
        lexicon
    }

    /// From products: their names, brands, categories and specifications.
    pub fn from_products<'a>(products: impl IntoIterator<Item = &'a Product> + Clone) -> Self {
        let all = || products.clone().into_iter();
        Lexicon::from_catalogue(
            all().map(|product| product.name.as_str()),
            all().filter_map(|product| product.brand.as_deref()),
            all().filter_map(|product| product.category.as_deref()),
            all().flat_map(|product| product.specs.iter().flat_map(|(key, value)| [key.as_str(), value.as_str()])),
        )
    }

    /// Adds one word or name as it stands, whatever it is made of. Too long ones are left out.
    pub fn add(&mut self, word: &str) {
        let normal = Normaliser::default().apply(word.trim());
        let word = normal.text();
        let n_characters = word.chars().count();
        if word.chars().all(is_ideograph) {
            if WORD.contains(&n_characters) {
                *self.words.entry(word.to_owned()).or_default() += 1;
            }
        } else if (2..=40).contains(&n_characters) && word.chars().any(char::is_alphabetic) {
            *self.names.entry(word.to_lowercase()).or_default() += 1;
        }
    }

    /// Words of ideographs, with their counts, in order.
    pub fn words(&self) -> impl Iterator<Item = (&str, usize)> {
        self.words.iter().map(|(word, &n)| (word.as_str(), n))
    }

    /// Names with letters or digits, in lower case, with their counts, in order.
    pub fn names(&self) -> impl Iterator<Item = (&str, usize)> {
        self.names.iter().map(|(name, &n)| (name.as_str(), n))
    }

    pub fn is_empty(&self) -> bool {
        self.words.is_empty() && self.names.is_empty()
    }

    /// Takes names from a title, and counts the pieces of ideographs that stand alone in it.
    fn read_title(&mut self, title: &str, pieces: &mut BTreeMap<String, usize>) {
        let normal = Normaliser::default().apply(title);
        let text = normal.text();
        let quantities = scan(text);
        let mut next_quantity = quantities.iter().peekable();
        let mut at = 0;
        while let Some(character) = text[at..].chars().next() {
            while next_quantity.next_if(|quantity| quantity.range.start < at).is_some() {}
            let stop = next_quantity.peek().map_or(text.len(), |quantity| quantity.range.start);
            if stop == at
                && let Some(quantity) = next_quantity.peek()
            {
                at = quantity.range.end;
            } else if character.is_ascii_alphanumeric() {
                at = self.read_latin(text, at, stop);
            } else if is_ideograph(character) {
                at = self.read_ideographs(text, at, stop, pieces);
            } else {
                at += character.len_utf8();
            }
        }
    }

    /// A name with a number or code. In a title any word may be a series: `Nokia 105`.
    fn read_latin(&mut self, text: &str, at: usize, stop: usize) -> usize {
        if let Some(end) = latin_name(text, at, stop) {
            *self.names.entry(text[at..end].to_lowercase()).or_default() += 1;
            return end;
        }
        let first = code_at(text, at);
        let next_at = first.end + 1;
        if first.n_digits == 0
            && first.n_letters >= 2
            && text.as_bytes().get(first.end) == Some(&b' ')
            && next_at < stop
        {
            let number = code_at(text, next_at);
            if number.n_digits > 0 && number.n_digits <= 4 && number.n_letters <= 3 && number.end <= stop {
                let end = suffixes(text, number.end, stop);
                *self.names.entry(text[at..end].to_lowercase()).or_default() += 1;
                return end;
            }
        }
        first.end.max(at + 1)
    }

    fn read_ideographs(&mut self, text: &str, at: usize, stop: usize, pieces: &mut BTreeMap<String, usize>) -> usize {
        if let Some(end) = chinese_name(text, at, stop) {
            *self.names.entry(text[at..end].to_lowercase()).or_default() += 1;
            return end;
        }
        let n_bytes: usize =
            text[at..stop.max(at)].chars().take_while(|&one| is_ideograph(one)).map(char::len_utf8).sum();
        let end = at + n_bytes.max(text[at..].chars().next().map_or(1, char::len_utf8));
        let mut piece = &text[at..end];
        // What follows the brand without a space is a series: 华为畅享.
        let brand = self.words.keys().filter(|brand| piece.starts_with(brand.as_str())).map(String::len).max();
        piece = &piece[brand.filter(|&len| len < piece.len()).unwrap_or(0)..];
        if (2..=PIECE_MAX).contains(&piece.chars().count()) {
            *pieces.entry(piece.to_owned()).or_default() += 1;
        }
        end
    }
}

pub(crate) fn is_ideograph(character: char) -> bool {
    matches!(character, '\u{4e00}'..='\u{9fff}' | '\u{3400}'..='\u{4dbf}' | '\u{20000}'..='\u{323af}' | '\u{f900}'..='\u{faff}' | '々' | '〇')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_catalogue_tells_its_words() {
        let lexicon = Lexicon::from_catalogue(
            [
                "华为畅享 70X 5G手机 8GB+256GB 曜金黑",
                "华为畅享 60 曜金黑",
                "Nokia 105 4G",
                "HUAWEI Mate 60 Pro 12GB+512GB",
                "小米14 Pro 徕卡镜头",
            ],
            ["华为", "Nokia", "Bang & Olufsen"],
            ["手机/曲面屏", "电脑/轻薄本"],
            ["刷新率"],
        );
        let words: Vec<_> = lexicon.words().map(|(word, _)| word).collect();
        assert_eq!(words, ["华为", "手机", "曜金黑", "曲面屏", "电脑", "畅享", "轻薄本"]);
        let names: Vec<_> = lexicon.names().map(|(name, _)| name).collect();
        assert!(
            ["nokia 105", "mate 60 pro", "小米14 pro", "bang & olufsen"].iter().all(|name| names.contains(name)),
            "{names:?}"
        );
        assert!(!names.iter().any(|name| name.contains("gb")), "{names:?}");
    }

    #[test]
    fn odd_titles_do_no_harm() {
        let long = "好用的手机".repeat(2_000);
        let lexicon = Lexicon::from_catalogue(["", " ", "1", "\u{0}", &long, "🎉"], ["", &long], ["//", ""], [""]);
        assert!(lexicon.is_empty());
    }
}
