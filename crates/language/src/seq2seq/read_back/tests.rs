//! Readers of pairs whose truth is known.

use math::Random;

use super::*;
use crate::seq2seq::decode::{self, Next, Output, StepModel};

/// Source words: 4 a name that comes back as 40, 5 and 6 two values of one attribute, 7 and 8 two of another. Texts say
/// 5 by "50", 6 by "not 50", 7 by "51" or "52 53"; nothing is said of 8 in one of four texts that should.
fn pairs() -> Vec<(Pair, Vec<u32>)> {
    const NOT: u32 = 49;
    let mut random = Random::new(3);
    let mut all = Vec::new();
    for _ in 0..600 {
        let (named, first, second) = (random.below(4) > 0, random.below(3), random.below(3));
        let mut source: Vec<u32> = if named { vec![4] } else { vec![] };
        let mut text: Vec<u32> = source.iter().map(|_| 40).collect();
        text.push(41 + random.below(3) as u32);
        if first < 2 {
            source.push(5 + first as u32);
            text.extend((first == 1).then_some(NOT));
            text.push(50);
        }
        let mut said = source.clone();
        if second < 2 {
            source.push(7 + second as u32);
            let ways: [&[u32]; 4] =
                if second == 0 { [&[51], &[51], &[52, 53], &[52, 53]] } else { [&[60], &[60], &[60], &[]] };
            let way = ways[random.below(4)];
            text.extend(way);
            said.extend((!way.is_empty()).then_some(7 + second as u32));
        }
        all.push(((source, text), said));
    }
    all
}

fn same(word: u32) -> Option<u32> {
    (word == 4).then_some(40)
}

#[test]
fn what_a_text_says_is_read_back() {
    let pairs: Vec<Pair> = pairs().into_iter().map(|(pair, _)| pair).collect();
    let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
    let differences = |source: &[u32], text: &[u32]| reader.differences(source, text);
    assert_eq!(differences(&[4, 5, 7], &[40, 41, 50, 52, 53]), (vec![], vec![]));
    assert_eq!(differences(&[4, 6], &[41, 49, 50]), (vec![4], vec![]));
    assert_eq!(differences(&[4, 5], &[40, 42, 49, 50]), (vec![5], vec![6]));
    assert_eq!(differences(&[8], &[42, 51]), (vec![8], vec![7]));
    // Words never met say nothing either way.
    assert_eq!(reader.probabilities(&[41, 99]), reader.probabilities(&[41]));
    let better = reader.log_likelihood(&[4, 5], &[40, 41, 50]);
    assert!(better > reader.log_likelihood(&[4, 5], &[40, 41]) + 1.0);
    assert!(better > reader.log_likelihood(&[4, 5], &[40, 41, 50, 51]) + 1.0);
}

#[test]
fn sources_are_cut_to_what_is_said() {
    let (pairs, said): (Vec<Pair>, Vec<Vec<u32>>) = pairs().into_iter().unzip();
    let cut = cut_to_said(&pairs, &same, 1).unwrap();
    assert_eq!(cut, cut_to_said(&pairs, &same, 1).unwrap());
    assert!(cut.iter().zip(&pairs).all(|(cut, pair)| cut.1 == pair.1));
    let n_left_out = pairs.iter().zip(&said).filter(|(pair, said)| pair.0 != **said).count();
    let n_right = cut.iter().zip(&said).filter(|(cut, said)| cut.0 == **said).count();
    assert!(n_left_out > 30 && n_right >= pairs.len() - 5, "{n_right} of {}, {n_left_out} left out", pairs.len());
}

#[test]
fn outputs_that_say_all_come_first() {
    let pairs: Vec<Pair> = pairs().into_iter().map(|(pair, _)| pair).collect();
    let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
    let output = |tokens: &[u32], score| Output { tokens: tokens.to_vec(), score, ..Output::default() };
    let found = [output(&[40, 41], -1.0), output(&[40, 41, 50], -1.2), output(&[40, 41, 50, 51], -1.1)];
    let first = |weight| {
        let mut outputs = found.to_vec();
        reader.reorder(&[4, 5], &mut outputs, weight);
        outputs.remove(0).tokens
    };
    assert_eq!(first(0.0), [40, 41]);
    assert_eq!(first(1.0), [40, 41, 50]);
}

/// A model that would rather write 41 and end, whatever the source.
struct Terse;

impl StepModel for Terse {
    type State = usize;
    fn start(&self, sources: &[&[u32]]) -> usize {
        sources.len()
    }
    fn n_words(&self, _: &usize) -> usize {
        64
    }
    fn select(&self, state: &mut usize, rows: &[u32]) {
        *state = rows.len();
    }
    fn step(&self, state: &mut usize, tokens: &[u32], next: &mut Next) {
        next.log_probabilities.clear();
        for &token in &tokens[..*state] {
            let likely = if token == decode::BEGIN { 41 } else { decode::END };
            next.log_probabilities.extend((0..64).map(|word| if word == likely { -0.1f32 } else { -6.0 }));
        }
    }
}

#[test]
fn what_is_left_out_is_written_again() {
    let pairs: Vec<Pair> = pairs().into_iter().map(|(pair, _)| pair).collect();
    let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
    let wanted = Beam { width: 3, ..Beam::default() };
    let sources: [&[u32]; 3] = [&[4, 7], &[5], &[]];
    let plain = decode::beam(&Terse, &sources, &wanted).unwrap();
    assert_eq!(plain[0][0].tokens, [41]);
    assert_eq!(reader.write(&Terse, &sources[..1], &wanted, 0.0, false).unwrap()[0][0].tokens, [41]);
    let found = reader.write(&Terse, &sources, &wanted, 2.0, true).unwrap();
    for (source, outputs) in sources.iter().zip(&found) {
        let (missing, _) = reader.differences(source, &outputs[0].tokens);
        assert!(missing.is_empty(), "{source:?} {:?}", outputs[0].tokens);
        // What says all comes first, and either part is ordered by score.
        let key = |one: &Output| (reader.is_whole(source, &one.tokens), one.score);
        assert!(outputs.windows(2).all(|pair| key(&pair[0]) >= key(&pair[1])), "{outputs:?}");
    }
    assert!(found[0][0].tokens.contains(&40));
    assert_eq!(found[2][0].tokens, [41]);
}

#[test]
fn those_that_say_all_are_kept_in_their_order() {
    let reader = reader().read_back;
    let output = |tokens: &[u32], score: f32| Output { tokens: tokens.to_vec(), score, ..Output::default() };
    let all = [output(&[40], -0.1), output(&[41, 40, 50], -0.4), output(&[40, 50, 51], -0.2), output(&[40, 50], -0.3)];
    // The first leaves 5 out, the third adds 7.
    assert_eq!(reader.whole(&[4, 5], &all), [all[1].clone(), all[3].clone()]);
    // Where none says all, or nothing was learned, none is taken away.
    assert_eq!(reader.whole(&[4, 6], &all), all);
    assert_eq!(ReadBack::learn(&[], &same, 1).unwrap().whole(&[4, 5], &all), all);
    assert!(reader.whole(&[4], &[]).is_empty());
}

#[test]
fn few_pairs_teach_nothing() {
    let pairs: Vec<Pair> = (0..9).map(|at| (vec![4 + at % 2], vec![40 + at % 2])).collect();
    let reader = ReadBack::learn(&pairs, &same, 1).unwrap();
    assert!(reader.probabilities(&[40]).is_empty());
    assert_eq!(cut_to_said(&pairs, &same, 1).unwrap(), pairs);
    assert_eq!(ReadBack::learn(&[], &same, 1).unwrap().log_likelihood(&[4], &[40]), 0.0);
}

fn reader() -> Reader {
    let pairs: Vec<Pair> = pairs().into_iter().map(|(pair, _)| pair).collect();
    Reader { read_back: ReadBack::learn(&pairs, &same, 1).unwrap(), weight: 2.1, say_all: true }
}

#[test]
fn readers_survive_bytes_and_order_as_before() {
    let reader = reader();
    let bytes = reader.to_bytes();
    assert_eq!(bytes, reader.to_bytes());
    let again = Reader::from_bytes(&bytes, 9, 64).unwrap();
    assert_eq!(again, reader);
    let (wanted, sources): (_, [&[u32]; 4]) = (Beam { width: 4, ..Beam::default() }, [&[4, 7], &[5], &[6, 8], &[]]);
    let before = reader.write(&Terse, &sources, &wanted).unwrap();
    assert_eq!(again.write(&Terse, &sources, &wanted).unwrap(), before);
    // The order is not the writer's own.
    let plain = decode::beam(&Terse, &sources, &Beam { n_best: 4, ..wanted }).unwrap();
    assert!(plain.iter().zip(&before).any(|(plain, read)| plain[0].tokens != read[0].tokens));
}

#[test]
fn a_reader_of_nothing_survives_bytes() {
    let nothing = Reader { read_back: ReadBack::learn(&[], &same, 1).unwrap(), weight: 0.0, say_all: false };
    assert_eq!(Reader::from_bytes(&nothing.to_bytes(), 0, 0).unwrap(), nothing);
}

#[test]
fn foreign_and_broken_readers_are_refused_in_words() {
    let bytes = reader().to_bytes();
    let error =
        |bytes: &[u8], n_source, n_target| Reader::from_bytes(bytes, n_source, n_target).unwrap_err().to_string();
    assert!(error(b"", 9, 64).contains("not a safetensors file"));
    assert!(error(&bytes[..bytes.len() - 1], 9, 64).contains("not a safetensors file"));
    assert_eq!(error(&bytes, 8, 64), "the model cannot be read: word 8 in vocabularies of 8 and 64");
    assert!(error(&bytes, 9, 40).contains("in vocabularies of 9 and 40"));
    let other = |from: &str, to: &str| {
        let at = bytes.windows(from.len()).position(|part| part == from.as_bytes()).expect("is there");
        let mut bytes = bytes.clone();
        bytes[at..at + to.len()].copy_from_slice(to.as_bytes());
        bytes
    };
    assert!(error(&other("seq2seq.read_back", "seq2seq.recurrent"), 9, 64).contains("seq2seq.recurrent"));
    assert!(error(&other("\"weights\"", "\"weighty\""), 9, 64).contains("no tensor 'weights'"));
    for at in 0..bytes.len().min(4000) {
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << (at % 8);
        // Whatever it is, it is told or read; nothing else happens.
        let _ = Reader::from_bytes(&damaged, 9, 64);
        assert!(Reader::from_bytes(&bytes[..at], 9, 64).is_err());
    }
}
