//! English words without the endings that searching should not mind: plurals, -ing, -ed. Light on purpose: it never
//! shortens a word to fewer than three letters and leaves what changes meaning (-er, -ness, -ment) alone. After Harman
//! 1991 ("How effective is suffixing?", the S stemmer) and steps 1a and 1b of Porter 1980.

/// The stem of a word in lower case; the word itself if it is not plain English.
pub fn stem<'a>(word: &'a str, scratch: &'a mut String) -> &'a str {
    if word.len() < 4 || word.len() > 40 || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return word;
    }
    scratch.clear();
    scratch.push_str(word);
    singular(scratch);
    without_tense(scratch);
    // `charge`, `charging`, `charged` and `battery`, `batteries` meet in one form.
    if scratch.len() > 4 && scratch.ends_with('e') {
        scratch.pop();
    } else if scratch.len() > 3 && scratch.ends_with('y') {
        scratch.pop();
        scratch.push('i');
    }
    scratch
}

fn singular(word: &mut String) {
    if !word.ends_with('s') || ["ss", "us", "is"].iter().any(|end| word.ends_with(end)) {
        return;
    }
    let n = word.len();
    if word.ends_with("ies") && n > 4 {
        word.truncate(n - 3);
        word.push('y');
    } else if ["sses", "shes", "ches", "xes", "zes"].iter().any(|end| word.ends_with(end)) {
        word.truncate(n - 2);
    } else {
        word.truncate(n - 1);
    }
}

fn without_tense(word: &mut String) {
    let cut = if word.ends_with("ing") {
        3
    } else if word.ends_with("ed") && !word.ends_with("eed") {
        2
    } else {
        return;
    };
    let kept = word.len() - cut;
    if kept < 3 || !word[..kept].bytes().any(is_vowel) {
        return;
    }
    word.truncate(kept);
    let last = word.as_bytes()[kept - 1];
    let doubled = kept > 3 && word.as_bytes()[kept - 2] == last;
    if doubled && !is_vowel(last) && !matches!(last, b'l' | b's' | b'z') {
        word.pop();
    }
}

fn is_vowel(byte: u8) -> bool {
    matches!(byte, b'a' | b'e' | b'i' | b'o' | b'u' | b'y')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forms_of_a_word_meet() {
        let meet: &[&[&str]] = &[
            &["charge", "charges", "charging", "charged"],
            &["battery", "batteries"],
            &["setting", "settings", "sets"],
            &["stop", "stopped", "stopping", "stops"],
            &["switch", "switches", "switching"],
            &["photo", "photos"],
            &["install", "installing", "installed"],
            &["use", "uses"],
        ];
        for words in meet {
            let stems: Vec<String> = words.iter().map(|word| stem(word, &mut String::new()).to_owned()).collect();
            assert!(stems.iter().all(|stem| *stem == stems[0]), "{words:?}: {stems:?}");
        }
        for (word, wanted) in [("bus", "bus"), ("this", "this"), ("glass", "glass"), ("ring", "ring"), ("led", "led")] {
            assert_eq!(stem(word, &mut String::new()), wanted);
        }
        assert_eq!(stem("i7", &mut String::new()), "i7");
        assert_eq!(stem("mate60pro", &mut String::new()), "mate60pro");
    }
}
