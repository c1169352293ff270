//! The language to answer in: that of the message, where it has words of one; else that of the conversation or the page.

use language::text::{Language, detect};

use super::{Entity, Named};
use crate::turn::Lang;

/// Words that people say in any conversation, whatever its language.
const ANYWHERE: &[&str] = &["ok", "okay", "hi", "hello", "hey", "bye", "thx", "thanks", "yes", "no", "3q", "pls", "vs"];

/// Of a message with these entities. `page`: the page's language; `before`: the conversation's.
pub(super) fn of(text: &str, entities: &[Entity], page: Option<Lang>, before: Option<Lang>) -> Lang {
    let known = before.or(page);
    let bare = bare(text, entities);
    match detect(&bare) {
        language if language.is_chinese() => Lang::Zh,
        Language::English => {
            let words: Vec<&str> =
                bare.split(|c: char| !c.is_alphabetic() && c != '\'').filter(|word| word.len() > 1).collect();
            let is_anywhere = words.iter().all(|word| ANYWHERE.contains(&word.to_ascii_lowercase().as_str()));
            // One word alone may be a slip of the keys or a name: it turns no conversation into another language.
            let is_slip = words.len() == 1 && before.is_some();
            let says_nothing = words.is_empty() || is_slip || is_anywhere && known.is_some();
            if says_nothing { known.unwrap_or(fallback(&bare)) } else { Lang::En }
        }
        // Names alone, digits, another language.
        _ => known.unwrap_or(fallback(text)),
    }
}

/// Without names, which are the same in any language.
fn bare(text: &str, entities: &[Entity]) -> String {
    let mut out = String::with_capacity(text.len());
    let mut at = 0;
    for entity in entities {
        let is_name = match &entity.what {
            Named::Product { text, .. } => text.is_ascii(),
            Named::Brand { .. } => text[entity.range.clone()].is_ascii(),
            Named::OrderNumber { .. } | Named::Email { .. } | Named::Spec { .. } => true,
            _ => false,
        };
        if is_name && entity.range.start >= at {
            out.push_str(&text[at..entity.range.start]);
            out.push(' ');
            at = entity.range.end;
        }
    }
    out.push_str(&text[at..]);
    out
}

/// Chinese, unless there are Latin letters.
fn fallback(text: &str) -> Lang {
    if text.bytes().any(|byte| byte.is_ascii_alphabetic()) { Lang::En } else { Lang::Zh }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_message_decides_and_names_do_not() {
        let of = |text: &str, before| of(text, &[], None, before);
        assert_eq!(of("how much is it", Some(Lang::Zh)), Lang::En);
        assert_eq!(of("多少钱", Some(Lang::En)), Lang::Zh);
        assert_eq!(of("RTX 4060的多少錢", None), Lang::Zh);
        assert_eq!(of("ok", Some(Lang::Zh)), Lang::Zh);
        assert_eq!(of("ok", None), Lang::En);
        assert_eq!(of("abc", Some(Lang::Zh)), Lang::Zh);
        assert_eq!(of("warranty", None), Lang::En);
        assert_eq!(of("warranty please", Some(Lang::Zh)), Lang::En);
        assert_eq!(of("12345", Some(Lang::En)), Lang::En);
        assert_eq!(of("12345", None), Lang::Zh);
        assert_eq!(of("", Some(Lang::En)), Lang::En);
        assert_eq!(of("😀", None), Lang::Zh);
        let name = Entity { range: 0..11, what: Named::Product { candidates: vec![], text: "iPhone Pink".into() } };
        assert_eq!(super::of("iPhone Pink", &[name], None, Some(Lang::Zh)), Lang::Zh);
    }
}
