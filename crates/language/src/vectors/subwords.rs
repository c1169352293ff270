//! Words as the pieces they are written with (Bojanowski, Grave, Joulin, Mikolov 2017): all runs of a few characters of
//! `<word>`, hashed into buckets, so that words never seen have vectors. Which pieces there are, and not what they mean.

use crate::LanguageError;

/// Which pieces words have.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Subwords {
    /// Characters of the shortest piece: 1 for Chinese, 3 for English.
    pub min: usize,
    /// Characters of the longest: 3 for Chinese, 6 for English.
    pub max: usize,
    /// Different pieces that are told apart at most.
    pub n_buckets: u32,
}

pub const MAX: usize = 20;
/// Characters of a word beyond which no piece is looked for.
const CHARS_MAX: usize = 256;

impl Subwords {
    /// # Errors
    /// If a size is out of range.
    pub fn new(min: usize, max: usize, n_buckets: u32) -> Result<Self, LanguageError> {
        if min == 0 || min > max || max > MAX {
            let found = format!("{min} to {max} characters");
            return Err(LanguageError::unfit("length of pieces", found, format!("1 to {MAX}, the shorter first")));
        }
        if n_buckets == 0 || n_buckets > 1 << 30 {
            return Err(LanguageError::unfit("buckets", n_buckets, "1 to 2^30"));
        }
        Ok(Subwords { min, max, n_buckets })
    }

    /// The buckets of a word's pieces, in the order in which they begin; a boundary alone is no piece.
    pub fn buckets(&self, word: &str) -> Vec<u32> {
        let marked = format!("<{word}>");
        let mut starts: Vec<usize> = marked.char_indices().map(|(at, _)| at).take(CHARS_MAX).collect();
        let end = starts.last().map_or(0, |&at| at + marked[at..].chars().next().map_or(0, char::len_utf8));
        starts.push(end);
        let n = starts.len() - 1;
        let mut buckets = Vec::new();
        for first in 0..n {
            for size in self.min..=self.max.min(n - first) {
                let is_boundary = size == 1 && (starts[first] == 0 || starts[first + 1] == marked.len());
                if !is_boundary {
                    buckets.push(hash(&marked.as_bytes()[starts[first]..starts[first + size]]) % self.n_buckets);
                }
            }
        }
        buckets
    }
}

/// FNV-1a, with bytes taken as signed numbers, as the reference implementation does.
fn hash(bytes: &[u8]) -> u32 {
    bytes.iter().fold(2_166_136_261, |hash, &byte| (hash ^ byte as i8 as u32).wrapping_mul(16_777_619))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// FNV-1a of "a" and "foobar" from its authors' table; with a byte above 127, what fastText 0.9.2 gives
    /// (`get_subwords("手机")`, minn 1, maxn 2, 100,000 buckets, less the words).
    #[test]
    fn hashes_are_those_of_the_reference() {
        assert_eq!((hash(b"a"), hash(b"foobar")), (0xe40c_292c, 0xbf9c_f968));
        let subwords = Subwords::new(1, 2, 100_000).unwrap();
        assert_eq!(subwords.buckets("手机"), GOLDEN);
    }

    const GOLDEN: [u32; 5] = [46_867, 2_465, 18_675, 38_751, 84_819];

    #[test]
    fn pieces_are_runs_of_characters() {
        let count = |word: &str, min, max| Subwords::new(min, max, 1 << 20).unwrap().buckets(word).len();
        // <手机>: 手 机; <手 手机 机>; <手机 手机>.
        assert_eq!(count("手机", 1, 3), 2 + 3 + 2);
        assert_eq!(count("where", 3, 6), 5 + 4 + 3 + 2);
        assert_eq!((count("", 1, 3), count("a", 1, 1)), (1, 1));
        assert!(count(&"长".repeat(1 << 18), 1, 3) < 1000);
        for (min, max, n) in [(0, 3, 10), (3, 2, 10), (1, 21, 10), (1, 2, 0)] {
            assert!(Subwords::new(min, max, n).is_err());
        }
    }
}
