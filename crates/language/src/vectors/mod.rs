//! Words, sentences and documents as vectors. From sentences as tokens: a vocabulary, phrases, vectors of words and of
//! their pieces (`word2vec`), nearest words and analogies, vectors of sentences; read from and written to the formats of
//! the word2vec program. The learning itself stands in `neural::sequences`; how text becomes tokens, in `text`.

pub mod alignment;
pub mod bytes;
pub mod documents;
pub mod encoder;
pub mod formats;
pub mod matching;
pub mod phrases;
pub mod piece_table;
pub mod subwords;
pub mod train;
mod under_way;
pub mod vocabulary;
pub mod word_vectors;

pub use alignment::WordAligner;
pub use documents::{DocumentEncoder, DocumentSettings, DocumentWeights, Weighting};
pub use encoder::{SentenceEncoder, Tokenise};
pub use matching::{Blend, CharacterWeights, PairMatcher};
pub use phrases::{PhraseCounter, PhraseSettings, Phrases, Scoring};
pub use piece_table::{PieceTable, TableEncoder};
pub use subwords::Subwords;
pub use train::{Learning, Resume, TrainOptions, Trained, train, train_on, train_resumed};
pub use vocabulary::{Corpus, Counter, Vocabulary};
pub use word_vectors::{Analogy, Pieces, WordVectors};
