//! Kinds of things: whether a category of the shop is what a customer's word for a kind means. Shops divide a kind into
//! several categories (`Touch Screen Phones`, `Smart phones`), all of which the word means.

use std::cell::RefCell;

use rustc_hash::FxHashMap;

use super::heard::{fold, joins};
use super::lists;

/// Words of categories of things that go with a kind and are none of it.
const BESIDE: &[&str] = &[
    "accessor",
    "配件",
    "周边",
    "parts",
    "case",
    "cover",
    "sleeve",
    "bag",
    "strap",
    "protector",
    "batter",
    "mount",
    "stand",
    "壳",
    "套",
    "膜",
    "包",
    "带",
    "支架",
    "电池",
];

/// Whether a category is, or lies under, the category `value`, or is called by a word of the same kind as `said`.
pub fn is_of(path: &str, value: &str, said: &str) -> bool {
    if path == value || path.strip_prefix(value).is_some_and(|rest| rest.starts_with('/')) {
        return true;
    }
    let (path, said) = (fold(path), fold(said));
    let (path, said) = (path.text(), said.text());
    let one = said.strip_suffix('s').unwrap_or(said);
    let last = path.rsplit('/').next().unwrap_or(path);
    let Some(same) = lists::KINDS.iter().find(|list| list.contains(&said) || list.contains(&one)) else { return false };
    // `Laptop sleeves` are no laptops; a `laptop bag` is a sleeve.
    let is_beside = BESIDE.iter().any(|word| last.contains(word) && !same.iter().any(|own| own.contains(word)));
    !is_beside && same.iter().any(|word| has(last, word))
}

/// A kind that is asked of a whole catalogue: what a category is to it is worked out once.
pub struct Among<'k> {
    value: &'k str,
    said: &'k str,
    known: RefCell<FxHashMap<Box<str>, bool>>,
}

impl<'k> Among<'k> {
    /// As for [`is_of`].
    pub fn new(value: &'k str, said: &'k str) -> Self {
        Among { value, said, known: RefCell::default() }
    }

    /// [`is_of`] of a category.
    pub fn has(&self, path: &str) -> bool {
        if let Some(&is) = self.known.borrow().get(path) {
            return is;
        }
        let is = is_of(path, self.value, self.said);
        self.known.borrow_mut().insert(path.into(), is);
        is
    }
}

/// Words of letters whole or in the plural; of other scripts at the end, where the kind stands.
fn has(name: &str, word: &str) -> bool {
    if !word.is_ascii() {
        return name.ends_with(word);
    }
    let ends = |at: usize| {
        let plural = ["s", "es"].iter().any(|end| name[at..].starts_with(end) && !joins(name, at + end.len()));
        !joins(name, at) || plural
    };
    name.match_indices(word).any(|(at, _)| !joins(name, at) && ends(at + word.len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_may_be_several_categories_but_not_what_goes_with_it() {
        assert!(is_of("Phones/Touch Screen Phones", "Phones/Smart phones", "手机"));
        let among = Among::new("Phones/Smart phones", "手机");
        for _ in 0..2 {
            assert!(among.has("Phones/Touch Screen Phones") && !among.has("Computers/Laptops"));
        }
        assert!(is_of("Phones/Smart phones & PDAs", "x", "phones"));
        assert!(is_of("手机通讯/手机", "手机通讯/手机", "手机"));
        assert!(is_of("Home/Washers & Dryers", "x", "洗衣机"));
        assert!(!is_of("Phones/Cell phones Accessories", "x", "phone"));
        assert!(!is_of("配件/手机壳", "x", "手机"));
        assert!(!is_of("Computers/Laptops", "x", "phone"));
        assert!(!is_of("Computer accessories/Laptop sleeves", "Computers/Laptops", "laptop"));
        assert!(!is_of("Computer accessories/Tablet covers", "Computers/Tablets", "tablets"));
        assert!(!is_of("Wearables/Watch straps", "Wearables/Smart watches", "smart watch"));
        assert!(is_of("Computer accessories/Laptop sleeves", "x", "laptop bag"));
    }
}
