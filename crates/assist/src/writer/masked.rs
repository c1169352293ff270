//! What is personal is hidden before a text goes to a writer, under marks that are the same in all its parts, and put back into
//! what the writer says where our own reply says it too. A mark that our reply does not have is the customer's own, or invented:
//! what has one is not used.

use language::text::Masker;
use language::text::mask::unmask;

use super::Task;
use crate::turn::Lang;

/// Stands between the parts, so that they are masked as one text with one numbering.
const BETWEEN: &str = "\n\u{1e}\n";

pub(super) struct Masking {
    question: String,
    draft: String,
    evidence: Vec<String>,
    /// Mark and what it stands for.
    key: Vec<(String, String)>,
}

impl Masking {
    pub fn of(question: &str, draft: &str, evidence: &[String]) -> Masking {
        let parts = [question, draft].into_iter().chain(evidence.iter().map(String::as_str));
        let parts: Vec<String> = parts.map(|part| part.replace('\u{1e}', " ")).collect();
        let whole = parts.join(BETWEEN);
        let masked = Masker::default().numbered().mask(&whole);
        let own = |(mark, text): (&str, &str)| (mark.to_owned(), text.to_owned());
        let key = masked.key(&whole).into_iter().map(own).collect();
        let mut found: Vec<String> = masked.text.split(BETWEEN).map(str::to_owned).collect();
        // Something hidden went over the end of a part: then nobody knows which part is which.
        if found.len() != parts.len() {
            let alone = |part: &String| language::text::mask(part).text;
            found = parts.iter().map(alone).collect();
        }
        let evidence = found.split_off(2);
        let draft = found.pop().unwrap_or_default();
        Masking { question: found.pop().unwrap_or_default(), draft, evidence, key }
    }

    pub fn task(&self, lang: Lang, characters_max: usize) -> Task {
        let (question, draft) = (self.question.clone(), self.draft.clone());
        Task { lang, question, draft, evidence: self.evidence.clone(), characters_max }
    }

    /// A writer's text with what its marks stand for.
    pub fn unmasked(&self, written: &str) -> Result<String, String> {
        let said = self.key.iter().filter(|(mark, _)| self.draft.contains(mark.as_str()));
        let key: Vec<(&str, &str)> = said.map(|(mark, text)| (mark.as_str(), text.as_str())).collect();
        let text = unmask(written, &key);
        let strange = marks(&text).find(|mark| !self.draft.contains(mark)).map(str::to_owned);
        match strange {
            Some(mark) => Err(format!("says {mark}, which stands for what the reply does not say")),
            None => Ok(text),
        }
    }
}

/// Marks of masking, `[PHONE_1]`, in a text; `[1]` is none.
fn marks(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('[').filter_map(|(at, _)| {
        let rest = &text[at..];
        let end = rest.find(']')?;
        let is_mark = rest.as_bytes().get(1).is_some_and(u8::is_ascii_uppercase)
            && rest[1..end].bytes().all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_');
        is_mark.then_some(&rest[..=end])
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_share_their_marks_and_only_what_the_reply_says_comes_back() {
        let evidence = vec!["Shop, phone: 13800138000".to_owned()];
        let masking = Masking::of("My number is 13912345678, yours?", "Call 13800138000. [1]", &evidence);
        let task = masking.task(Lang::En, 100);
        let all = format!("{} {} {}", task.question, task.draft, task.evidence[0]);
        assert!(!all.contains("13800138000") && !all.contains("13912345678"), "{all}");
        let shops = marks(&task.draft).next().expect("it is masked").to_owned();
        assert!(task.evidence[0].contains(&shops) && !task.question.contains(&shops), "{all}");
        let customers = marks(&task.question).next().expect("it is masked");
        assert_eq!(masking.unmasked(&format!("Please call {shops}. [1]")).unwrap(), "Please call 13800138000. [1]");
        assert!(masking.unmasked(&format!("I call {customers}. [1]")).unwrap_err().contains("PHONE"));
        assert!(masking.unmasked("[EMAIL_7]").is_err());
    }
}
