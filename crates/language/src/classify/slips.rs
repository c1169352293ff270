//! Copies of texts as they are typed in a hurry, to learn from: a letter lost, typed twice, swapped with the next, or that of a
//! key beside it; of Han characters one lost, twice, swapped, or another of the same sound. A classifier that has seen them
//! rests on no single n-gram. Not for judging by: what is measured must be written otherwise.

use std::collections::BTreeMap;

use math::Random;
use rayon::prelude::*;

use crate::text::syllable;

/// Characters to one slip.
const CHARACTERS: usize = 12;
/// Rows of a keyboard, each key's neighbours beside it.
const ROWS: [&str; 3] = ["qwertyuiop", "asdfghjkl", "zxcvbnm"];

/// The Han characters of texts by their sound, each once.
type Sounds = BTreeMap<&'static str, Vec<char>>;

/// `n` copies of each text, the first of all, then the second of all. The same for a seed, whatever the number of threads.
pub(super) fn copies(texts: &[&str], n: usize, seed: u64) -> Vec<String> {
    let sounds = sounds(texts);
    let one = |at: usize| hurried(texts[at % texts.len()], &sounds, &mut Random::stream(seed, at as u64));
    (0..n * texts.len()).into_par_iter().map(one).collect()
}

fn sounds(texts: &[&str]) -> Sounds {
    let mut all: Vec<char> = texts.iter().flat_map(|text| text.chars()).filter(|own| !own.is_ascii()).collect();
    all.sort_unstable();
    all.dedup();
    let mut sounds = Sounds::new();
    for character in all {
        if let Some(sound) = syllable(character) {
            sounds.entry(sound).or_default().push(character);
        }
    }
    sounds
}

/// A text with one slip for every twelve characters, one at least.
fn hurried(text: &str, sounds: &Sounds, random: &mut Random) -> String {
    let mut characters: Vec<char> = text.chars().collect();
    for _ in 0..(characters.len() / CHARACTERS).max(1) {
        if characters.len() > 1 {
            slip(&mut characters, sounds, random);
        }
    }
    characters.into_iter().collect()
}

fn slip(characters: &mut Vec<char>, sounds: &Sounds, random: &mut Random) {
    let at = random.below(characters.len());
    match random.below(4) {
        0 => {
            characters.remove(at);
        }
        1 => characters.insert(at, characters[at]),
        2 if at + 1 < characters.len() => characters.swap(at, at + 1),
        _ => characters[at] = beside(characters[at], sounds, random),
    }
}

/// What is typed for a character where the finger, or the choice among sounds, goes astray; itself if nothing is near.
fn beside(character: char, sounds: &Sounds, random: &mut Random) -> char {
    let low = character.to_ascii_lowercase();
    let near: Vec<char> = match ROWS.iter().find_map(|row| Some((row.as_bytes(), row.find(low)?))) {
        Some((row, at)) => {
            let keys = [at.checked_sub(1), Some(at + 1)].into_iter().flatten().filter_map(|at| row.get(at));
            keys.map(|&key| char::from(key)).collect()
        }
        None => syllable(character).and_then(|sound| sounds.get(sound)).cloned().unwrap_or_default(),
    };
    if near.is_empty() { character } else { near[random.below(near.len())] }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXTS: [&str; 4] = ["where is my order, please?", "我的快递到哪里了", "a", ""];

    #[test]
    fn copies_differ_a_little_and_are_the_same_for_a_seed() {
        let made = copies(&TEXTS, 3, 7);
        assert_eq!(made.len(), 12);
        assert_eq!(made, copies(&TEXTS, 3, 7));
        assert_ne!(made, copies(&TEXTS, 3, 8));
        for (at, copy) in made.iter().enumerate() {
            let (own, n) = (TEXTS[at % 4], copy.chars().count());
            assert!(n.abs_diff(own.chars().count()) <= 2, "{own}: {copy}");
        }
        assert_eq!((made[2].as_str(), made[3].as_str()), ("a", ""), "too short for a slip");
        assert!(made.iter().zip(TEXTS.iter().cycle()).filter(|(copy, own)| copy != *own).count() >= 3);
    }

    #[test]
    fn neighbours_of_a_character_are_beside_it_or_sound_alike() {
        let (mut random, sounds) = (Random::new(1), sounds(&["在再快块"]));
        for _ in 0..50 {
            assert!(['q', 'e'].contains(&beside('W', &sounds, &mut random)));
            assert!(['在', '再'].contains(&beside('载', &sounds, &mut random)));
            assert_eq!(beside('!', &sounds, &mut random), '!');
        }
    }
}
