//! Which makers the shop carries, of all it sells or of what a message looks for: `笔记本都有哪些牌子`. Not here: things of one maker
//! (`wishes`), and who makes a part of a product (`facts`).

use domain::Product;

use super::wishes::Wishes;
use super::{Answer, Scene, attributes, field, in_stock, is_sold};
use crate::say;

/// Makers named at most.
const N_NAMED: usize = 12;

/// Whether a message asks which makers there are.
pub fn are_asked(text: &str) -> bool {
    const ZH: &[&str] = &["哪些", "什么", "哪几个", "哪几家", "啥", "多少", "几个", "几种"];
    const EN: &[&str] = &["which", "what", "whose"];
    const EN_WORDS: &[&str] = &["brands", "makers", "manufacturers", "makes of"];
    let text = attributes::fold(text);
    let zh = ["品牌", "牌子", "厂家"].iter().any(|word| {
        ZH.iter().any(|asks| text.contains(&format!("{asks}{word}")) || text.contains(&format!("{word}有{asks}")))
    });
    let asks = EN.iter().any(|asks| text.split_whitespace().any(|word| word == *asks));
    zh || asks && EN_WORDS.iter().any(|word| text.contains(word))
}

/// The makers of what meets the wishes, those with the most products first; nothing if the shop names none.
pub fn list(scene: &Scene, wishes: &Wishes) -> Option<Answer> {
    let today = scene.world.today;
    let has = |product: &Product| !wishes.in_stock || in_stock(product, today) != Some(false);
    let found =
        scene.world.catalogue.select(&|product| is_sold(product, today) && has(product) && wishes.are_met_by(product));
    let mut makers: Vec<(String, usize, std::sync::Arc<Product>)> = Vec::new();
    for (product, _) in found {
        let Some(brand) = product.brand.as_deref().map(str::trim).filter(|brand| !brand.is_empty()) else { continue };
        match makers.iter_mut().find(|(known, ..)| known == brand) {
            Some((_, n, _)) => *n += 1,
            None => makers.push((brand.to_owned(), 1, product)),
        }
    }
    makers.sort_by(|(a_name, a, _), (b_name, b, _)| b.cmp(a).then_with(|| a_name.cmp(b_name)));
    let is_more = makers.len() > N_NAMED;
    makers.truncate(N_NAMED);
    let mut answer = Answer { rewordable: false, ..Answer::default() };
    let mut names = Vec::new();
    for (brand, _, product) in makers {
        let spoken = scene.spoken(product);
        let name = spoken.brand.clone().unwrap_or(brand);
        answer.cite(field(&spoken, "brand", name.as_str()));
        names.push(say::format::plain(&name));
    }
    if names.is_empty() {
        return None;
    }
    let kind = wishes.kinds.first().map(|(word, _)| say::format::plain(word));
    answer.text = say::variants::makers(scene.lang, kind.as_deref(), &names, is_more);
    answer.step("products", format!("{} makers", names.len()));
    Some(answer)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_question_for_makers_is_told_from_one_for_things() {
        for text in [
            "笔记本都有哪些牌子",
            "你们卖什么品牌的手机",
            "手机品牌有哪些",
            "Which brands of laptop do you carry?",
            "what makes of TV do you have",
        ] {
            assert!(are_asked(text), "{text}");
        }
        for text in ["喇叭是哪家的", "有没有华为的手机", "what does it make", "Is this brand any good?"] {
            assert!(!are_asked(text), "{text}");
        }
    }
}
