//! From raw text to words: one form, which language, where words end, sub-words, and what must not be shown.
//!
//! [`normalise`] gives text one form and remembers where each byte came from; [`detect`] names its language;
//! [`quantity`] reads numbers with their units; [`sound`] says how a character is read; [`lexicon`] gathers a shop's own
//! words; [`tokenise`] cuts text into words; [`subword`] learns pieces of words; [`mask`] hides what is personal. Nothing
//! here knows a meaning.

pub mod detect;
pub mod lexicon;
pub mod makers;
pub mod mask;
pub mod normalise;
pub mod perceptron;
pub mod quantity;
pub mod sound;
pub mod stop_words;
pub mod subword;
pub mod tokenise;

pub use detect::{Language, detect};
pub use lexicon::Lexicon;
pub use makers::{MAKERS, Maker};
pub use mask::{ENGLISH_ROADS, Masked, Masker, PersonalKind, mask};
pub use normalise::{Normalised, Normaliser, normalise, to_simplified};
pub use perceptron::PerceptronSegmenter;
pub use quantity::{Bound, Quantity, QuantityKind, quantities};
pub use sound::syllable;
pub use stop_words::is_stop_word;
pub use subword::SubwordModel;
pub use tokenise::{Mode, Token, TokenKind, Tokeniser};
