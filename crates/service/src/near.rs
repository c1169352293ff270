//! Names near to one that is not there, for errors that say what was probably meant.

/// Longer names are not compared letter by letter.
const CHARS_MAX: usize = 80;

/// The `n` names nearest to `asked`, the nearest first, earlier ones before later ones; none if nothing is near. Names are paths:
/// what stands after the last `/` may be near by itself. Case does not count.
pub fn near<'a>(asked: &str, names: impl IntoIterator<Item = &'a str>, n: usize) -> Vec<&'a str> {
    let asked = folded(asked.trim().trim_matches('/'));
    let mut found: Vec<(usize, &str)> = names
        .into_iter()
        .filter_map(|name| {
            let last = name.rsplit('/').next().unwrap_or(name);
            let far = [name, last].into_iter().filter_map(|name| distance(&asked, &folded(name))).min()?;
            Some((far, name))
        })
        .collect();
    found.sort_by_key(|(far, _)| *far);
    found.into_iter().take(n).map(|(_, name)| name).collect()
}

fn folded(name: &str) -> Vec<char> {
    name.chars().flat_map(char::to_lowercase).collect()
}

/// Letters to change, put in, leave out or swap with the next (optimal string alignment); `None` if they are more than a quarter of
/// the shorter name, unless one name is a part of the other.
fn distance(a: &[char], b: &[char]) -> Option<usize> {
    let (shorter, longer) = if a.len() <= b.len() { (a, b) } else { (b, a) };
    if shorter.is_empty() || longer.len() > CHARS_MAX {
        return None;
    }
    if shorter.len() > 1 && longer.windows(shorter.len()).any(|part| part == shorter) {
        // Behind every misspelling of the same name, and nearer the less is missing.
        return Some(CHARS_MAX * usize::from(shorter.len() < longer.len()) + longer.len() - shorter.len());
    }
    let most = shorter.len().div_ceil(4);
    if longer.len() - shorter.len() > most {
        return None;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && a[i - 1] == *y && *x == b[j - 1] {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        (before, above) = (above, row);
    }
    Some(above[b.len()]).filter(|far| *far <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_probably_meant_is_named() {
        let names = ["Computers", "Computers/Laptops", "Computers/Desktops", "Phones", "手机/智能手机", "手机"];
        let of = |asked: &str| near(asked, names, 2);
        assert_eq!(of("phone"), ["Phones"]);
        assert_eq!(of("Pohnes"), ["Phones"]);
        assert_eq!(of("laptop"), ["Computers/Laptops"]);
        assert_eq!(of("computers/laptosp"), ["Computers/Laptops", "Computers/Desktops"]);
        assert_eq!(of("智能手机"), ["手机/智能手机", "手机"]);
        assert_eq!(of("智能手表"), ["手机/智能手机"]);
        assert_eq!(of("Nope"), Vec::<&str>::new());
        assert_eq!(of(""), Vec::<&str>::new());
        assert_eq!(of(&"x".repeat(500)), Vec::<&str>::new());
    }
}
