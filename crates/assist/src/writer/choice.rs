//! Which of a few intents a message has, asked of a writer where our own model is not sure. The list is closed, and made by our
//! model; whoever is chosen, everything after it is decided and checked as ever.

use super::{Writer, clipped};
use crate::turn::Lang;
use crate::understand::intents::Family;
use crate::understand::{Intent, Understanding};

/// What a writer is to choose among.
#[derive(Clone, Debug, PartialEq)]
pub struct Choice {
    pub lang: Lang,
    /// What the customer said, masked.
    pub text: String,
    /// Names of intents, and what each says, in the customer's language.
    pub options: Vec<(String, String)>,
}

/// Characters of a message that a writer is given to choose by.
const TEXT_MAX: usize = 400;
/// The least that our model must hold the likeliest for: below, the message is none of the shop's business.
const LIKELY_MIN: f32 = 0.1;

/// The intent that a writer chose; `None` if there was nothing to ask or it was not asked.
///
/// # Errors
/// Why nothing was chosen, for the trace.
pub fn choose(writer: &dyn Writer, text: &str, understood: &Understanding) -> Result<Option<&'static str>, String> {
    let likely = understood.likely.iter().filter(|(_, p)| *p > 0.0);
    let known = likely.filter_map(|(name, _)| Intent::named(name));
    // Nobody is handed over because a model thinks so.
    let known: Vec<&Intent> = known.filter(|intent| intent.family != Family::Person).collect();
    let is_near = understood.likely.first().is_some_and(|(_, p)| *p >= LIKELY_MIN);
    if understood.intent.is_some() || understood.is_injection || known.len() < 2 || !is_near {
        return Ok(None);
    }
    let lang = understood.lang;
    let option = |intent: &&Intent| (intent.name.to_owned(), lang.choose(intent.zh, intent.en).to_owned());
    let text = language::text::mask(&clipped(text, TEXT_MAX)).text;
    let choice = Choice { lang, text, options: known.iter().map(option).collect() };
    let Some(said) = writer.choose(&choice).map_err(|error| error.to_string())? else { return Ok(None) };
    match read(&said, &choice) {
        Some(0) => Err("it says that none of them is meant".to_owned()),
        Some(n) => Ok(Some(known[n - 1].name)),
        None => Err(format!("it answers '{}', which is not on the list", clipped(said.trim(), 40))),
    }
}

/// The number of a line that was said, 0 for none of them: that number, or the line itself, and nothing else.
fn read(said: &str, choice: &Choice) -> Option<usize> {
    let said = said.trim().trim_end_matches(['.', '。', ')']).trim().to_lowercase();
    if let Ok(n) = said.parse::<usize>() {
        return (n <= choice.options.len()).then_some(n);
    }
    let is_line = |(at, (name, sentence)): (usize, &(String, String))| {
        let sentence = sentence.to_lowercase();
        (said == *name || said == sentence || said == format!("{} {sentence}", at + 1)).then_some(at + 1)
    };
    choice.options.iter().enumerate().find_map(is_line)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::AssistError;
    use crate::writer::Task;

    struct Says(&'static str);

    impl Writer for Says {
        fn write(&self, _: &Task) -> Result<String, AssistError> {
            Ok(String::new())
        }

        fn choose(&self, choice: &Choice) -> Result<Option<String>, AssistError> {
            assert!(!choice.text.contains("13800138000"), "{choice:?}");
            Ok(Some(self.0.to_owned()))
        }
    }

    fn unsure(likely: &[(&str, f32)]) -> Understanding {
        let likely = likely.iter().map(|(name, p)| ((*name).to_owned(), *p)).collect();
        Understanding { lang: Lang::En, likely, ..Understanding::default() }
    }

    fn chosen(says: &'static str, understood: &Understanding) -> Result<Option<&'static str>, String> {
        choose(&Says(says), "what of it, call 13800138000", understood)
    }

    #[test]
    fn only_what_is_on_the_list_is_chosen() {
        let unsure = unsure(&[("price", 0.3), ("human", 0.2), ("stock", 0.15)]);
        for (says, found) in [
            ("1", Some("price")),
            (" 2. ", Some("stock")),
            ("stock", Some("stock")),
            ("2 Ask whether it is in stock", Some("stock")),
            ("0", None),
            ("3", None),
            ("human", None),
            ("The customer wants 1 or 2", None),
            ("", None),
        ] {
            assert_eq!(chosen(says, &unsure).ok().flatten(), found, "{says}");
        }
    }

    #[test]
    fn who_is_sure_or_far_off_does_not_ask() {
        let far = unsure(&[("price", 0.05), ("stock", 0.04)]);
        assert_eq!(chosen("1", &far), Ok(None));
        let sure = Understanding { intent: Some("price".into()), ..unsure(&[("price", 0.9), ("stock", 0.05)]) };
        assert_eq!(chosen("2", &sure), Ok(None));
        let order = Understanding { is_injection: true, ..unsure(&[("price", 0.3), ("stock", 0.2)]) };
        assert_eq!(chosen("1", &order), Ok(None));
    }
}
