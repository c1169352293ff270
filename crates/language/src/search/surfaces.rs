//! Words in letters as people write them, once each: what corrections and completions are taken from. No numbers, no
//! model names, no ideographs.

use std::collections::BTreeSet;

use tantivy::tokenizer::{Token, TokenStream, Tokenizer};

use super::units::fold;

const LENGTHS: std::ops::RangeInclusive<usize> = 3..=24;

/// The words of a folded text.
pub(super) fn words(folded: &str) -> impl Iterator<Item = &str> {
    folded
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| LENGTHS.contains(&word.len()) && word.bytes().all(|byte| byte.is_ascii_lowercase()))
}

#[derive(Clone, Default)]
pub(super) struct SurfaceTokenizer;

pub(super) struct SurfaceStream {
    words: std::vec::IntoIter<String>,
    token: Token,
}

impl Tokenizer for SurfaceTokenizer {
    type TokenStream<'a> = SurfaceStream;

    fn token_stream<'a>(&'a mut self, text: &'a str) -> SurfaceStream {
        let folded = fold(text);
        let words: BTreeSet<&str> = words(folded.text()).collect();
        let words: Vec<String> = words.into_iter().map(str::to_owned).collect();
        SurfaceStream { words: words.into_iter(), token: Token::default() }
    }
}

impl TokenStream for SurfaceStream {
    fn advance(&mut self) -> bool {
        let Some(word) = self.words.next() else { return false };
        self.token.text = word;
        self.token.position = self.token.position.wrapping_add(1);
        true
    }

    fn token(&self) -> &Token {
        &self.token
    }

    fn token_mut(&mut self) -> &mut Token {
        &mut self.token
    }
}
