//! Where Chinese words end in a query or a name. Only there: the index counts characters and pairs, so that a different
//! cut never hides an entry.

use crate::text::{Mode, Tokeniser};

/// The tokeniser as it is used here: its dictionary and nothing else.
pub(super) fn plainly(tokeniser: &Tokeniser) -> Tokeniser {
    tokeniser.clone().mode(Mode::Plain).guess_words(false)
}

/// The words of a run of ideographs, which they cover.
pub(super) fn words<'a>(tokeniser: &Tokeniser, run: &'a str) -> Vec<&'a str> {
    let (mut words, mut at) = (Vec::new(), 0);
    for token in tokeniser.tokenise(run) {
        // What a tokeniser leaves out stays with the word after it.
        if token.range.end > at {
            words.push(&run[at..token.range.end]);
            at = token.range.end;
        }
    }
    if at < run.len() {
        words.push(&run[at..]);
    }
    words
}
