//! How far one word is from another in slips of the keyboard: letters left out, put in, changed, or two beside each other swapped.

/// The number of slips, or none if there are more than `most`.
pub(super) fn slips(a: &str, b: &str, most: usize) -> Option<usize> {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let changed = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = changed.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last.last().copied().filter(|found| *found <= most)
}

/// Slips that a word of this many letters may have and still be known.
pub(super) fn allowed(letters: usize) -> usize {
    match letters {
        0..=3 => 0,
        4..=7 => 1,
        _ => 2,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slips_are_counted() {
        for (a, b, expected) in [
            ("korvane", "korvane", Some(0)),
            ("korvene", "korvane", Some(1)),
            ("kovrane", "korvane", Some(1)),
            ("korvan", "korvane", Some(1)),
            ("korv", "korvane", None),
            ("", "a", Some(1)),
        ] {
            assert_eq!(slips(a, b, 2), expected, "{a} {b}");
        }
    }
}
