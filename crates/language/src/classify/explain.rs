//! The words that decided: what each n-gram of a text added to a class's score, brought back to the characters that it
//! is made of. Exact, since the model is linear: all parts and the bias add up to the score.

use serde::Serialize;

use super::model::TextClassifier;
use super::ngrams::Cutter;

/// A part of the text and what it added.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Span {
    /// Bytes of the text.
    pub start: usize,
    pub end: usize,
    /// In units of the score; positive speaks for the class.
    pub weight: f64,
}

/// Why a class got its score.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Reasons {
    pub score: f64,
    pub bias: f64,
    /// Every character that belongs to a known n-gram, in the text's order; each n-gram's part is spread evenly over its
    /// characters. With `bias` they sum to `score`.
    pub characters: Vec<Span>,
    /// The n-grams that moved the score most, the strongest first, where they first occur; `weight` is of all their
    /// occurrences.
    pub grams: Vec<Span>,
}

impl TextClassifier {
    /// Why `class` got its score; for two classes the first's is the second's with the other sign. At most `n_grams`
    /// n-grams are listed, none inside a stronger one.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn reasons(&self, text: &str, class: usize, n_grams: usize) -> Reasons {
        assert!(class < self.classes.len(), "class {class} of {}", self.classes.len());
        let n = self.linear.n_outputs();
        let (output, sign) = if n > 1 { (class, 1.0) } else { (0, if class == 1 { 1.0 } else { -1.0 }) };
        let mut cutter = Cutter::default();
        let mut added = vec![0.0; text.len()];
        let mut seen = vec![false; text.len()];
        let mut grams: Vec<Span> = Vec::new();
        let mut offset = 0;
        for vocabulary in &self.vocabularies {
            let mut row = Vec::new();
            vocabulary.add_row(text, offset, &mut cutter, &mut row);
            let mut places: Vec<(u32, Span)> = Vec::new();
            cutter.places(text, &vocabulary.block.grams, |place| {
                if let Some(column) = vocabulary.column(place.key) {
                    places.push((
                        column + offset,
                        Span { start: place.start as usize, end: place.end as usize, weight: 0.0 },
                    ));
                }
            });
            // Stable, so that an n-gram's first place stays first.
            places.sort_by_key(|place| place.0);
            for same in places.chunk_by(|x, y| x.0 == y.0) {
                let column = same[0].0;
                let at =
                    row.binary_search_by_key(&column, |cell| cell.0).expect("a column that has a place has a value");
                let weight = sign * f64::from(self.linear.weights[column as usize * n + output]) * f64::from(row[at].1);
                grams.push(Span { weight, ..same[0].1.clone() });
                same.iter()
                    .for_each(|(_, place)| spread(text, place, weight / same.len() as f64, &mut added, &mut seen));
            }
            offset += vocabulary.n_columns() as u32;
        }
        let bias = sign * f64::from(self.linear.bias[output]);
        let characters = characters(text, &added, &seen);
        let score = bias + characters.iter().map(|span| span.weight).sum::<f64>();
        Reasons { score, bias, characters, grams: strongest(grams, n_grams) }
    }
}

/// Adds a part to the characters of a place, evenly; the byte at which a character begins stands for it.
fn spread(text: &str, place: &Span, weight: f64, added: &mut [f64], seen: &mut [bool]) {
    let part = &text[place.start..place.end];
    let each = weight / part.chars().count().max(1) as f64;
    for (at, _) in part.char_indices() {
        added[place.start + at] += each;
        seen[place.start + at] = true;
    }
}

fn characters(text: &str, added: &[f64], seen: &[bool]) -> Vec<Span> {
    let of = |(start, c): (usize, char)| Span { start, end: start + c.len_utf8(), weight: added[start] };
    text.char_indices().filter(|&(at, _)| seen[at]).map(of).collect()
}

/// The strongest first, none that overlaps a stronger one.
fn strongest(mut grams: Vec<Span>, n: usize) -> Vec<Span> {
    grams.retain(|gram| gram.end > gram.start && gram.weight != 0.0);
    grams.sort_by(|x, y| y.weight.abs().total_cmp(&x.weight.abs()).then(x.start.cmp(&y.start)).then(x.end.cmp(&y.end)));
    let mut kept: Vec<Span> = Vec::new();
    for gram in grams {
        if kept.len() >= n {
            break;
        }
        if kept.iter().all(|other| gram.end <= other.start || other.end <= gram.start) {
            kept.push(gram);
        }
    }
    kept
}
