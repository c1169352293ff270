//! Things that a customer calls their own by what they are: `我这打印机`, "my phone", "the power bank I bought". Which of their orders has
//! such a thing says which one it is. What is named by its model stands in `referents`.

use super::Turning;
use crate::understand::{Named, kinds};

impl Turning<'_, '_> {
    /// The bought things that are called the customer's own, one a kind, in the order of the message; none of a kind of which there are
    /// several, or none.
    pub(super) fn owned(&self) -> Vec<String> {
        let Some(customer_id) = self.scene.message.customer_id else { return Vec::new() };
        let text = self.scene.message.text;
        let called: Vec<(&str, &str)> = self
            .scene
            .understood
            .entities
            .iter()
            .filter_map(|entity| match &entity.what {
                Named::Category { value } if is_own(text, entity.range.clone()) => {
                    Some((value.as_str(), text.get(entity.range.clone())?))
                }
                _ => None,
            })
            .collect();
        if called.is_empty() {
            return Vec::new();
        }
        let orders = self.scene.world.orders.orders_of(customer_id).unwrap_or_default();
        let own = orders.iter().filter(|order| order.customer_id == customer_id);
        let mut bought: Vec<&str> = Vec::new();
        for line in own.flat_map(|order| &order.lines).filter(|line| line.quantity > 0) {
            if !bought.contains(&line.product_id.as_str()) {
                bought.push(&line.product_id);
            }
        }
        let of_kind = |(path, word): (&str, &str)| {
            let is = |id: &&&str| {
                let product = self.scene.product(id);
                product.is_some_and(|product| kinds::is_of(product.category.as_deref().unwrap_or_default(), path, word))
            };
            let mut found = bought.iter().filter(is);
            let one = found.next().filter(|_| found.next().is_none())?;
            Some((*one).to_owned())
        };
        called.into_iter().filter_map(of_kind).collect()
    }
}

/// Whether the word for a kind of thing is said of what somebody has.
fn is_own(text: &str, range: std::ops::Range<usize>) -> bool {
    const BEFORE_ZH: &[&str] =
        &["我的", "我这", "我这个", "我这台", "我那", "我那个", "我那台", "我家", "我家的", "我买的", "我"];
    const BEFORE_EN: &[&str] = &["my", "my new", "my old", "our"];
    const AFTER: &[&str] = &["i bought", "i got", "i have", "ive got", "i've got", "i ordered"];
    let before = text.get(..range.start).unwrap_or_default().to_lowercase();
    let before = before.trim_end();
    let after = text.get(range.end..).unwrap_or_default().to_lowercase();
    let ends = |word: &&&str| {
        let rest = before.strip_suffix(**word);
        rest.is_some_and(|rest| !rest.ends_with(|last: char| last.is_ascii_alphanumeric()))
    };
    BEFORE_ZH.iter().any(|word| before.ends_with(word))
        || BEFORE_EN.iter().any(|word| ends(&word))
        || AFTER.iter().any(|word| after.trim_start().starts_with(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_called_ones_own_is_known_by_the_words_around() {
        for (text, kind, wanted) in [
            ("三色墨盒我这打印机用得上不", "打印机", true),
            ("does it fit my phone", "phone", true),
            ("would the power bank i bought charge it", "power bank", true),
            ("do you have a phone", "phone", false),
            ("army phone", "phone", false),
            ("有没有打印机", "打印机", false),
        ] {
            let at = text.find(kind).expect("it is there");
            assert_eq!(is_own(text, at..at + kind.len()), wanted, "{text}");
        }
    }
}
