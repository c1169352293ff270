//! Decoding on models so small that every output can be listed.

use std::collections::BTreeMap;

use math::Random;
use proptest::prelude::*;

use super::*;

/// Words 4 to 6 besides the four special ids.
const N_WORDS: usize = 7;

/// A model whose next word depends on everything before it, as random numbers seeded by it.
struct Dice {
    seed: u64,
    /// The larger, the surer it is of its next word.
    contrast: f32,
}

struct DiceState {
    /// Source and what was written for it.
    rows: Vec<(Vec<u32>, Vec<u32>)>,
}

impl Dice {
    fn row(&self, source: &[u32], written: &[u32]) -> (Vec<f32>, Vec<f32>) {
        let mix = |sum: u64, word: &u32| (sum ^ u64::from(*word)).wrapping_mul(0x9e37_79b9_7f4a_7c15).rotate_left(23);
        let mut random = Random::new(source.iter().chain([&99]).chain(written).fold(self.seed, mix));
        let logits: Vec<f32> = (0..N_WORDS).map(|_| random.uniform() as f32 * self.contrast).collect();
        let sum: f32 = logits.iter().map(|value| value.exp()).sum();
        let weights: Vec<f32> = source.iter().map(|_| random.uniform() as f32 + 0.01).collect();
        let total: f32 = weights.iter().sum();
        (logits.iter().map(|value| value - sum.ln()).collect(), weights.iter().map(|weight| weight / total).collect())
    }
}

impl StepModel for Dice {
    type State = DiceState;

    fn start(&self, sources: &[&[u32]]) -> DiceState {
        DiceState { rows: sources.iter().map(|source| (source.to_vec(), Vec::new())).collect() }
    }

    fn n_words(&self, _: &DiceState) -> usize {
        N_WORDS
    }

    fn select(&self, state: &mut DiceState, rows: &[u32]) {
        state.rows = rows.iter().map(|&row| state.rows[row as usize].clone()).collect();
    }

    fn step(&self, state: &mut DiceState, tokens: &[u32], next: &mut Next) {
        assert_eq!(state.rows.len(), tokens.len());
        next.log_probabilities.clear();
        next.attention.clear();
        next.source_len = state.rows.iter().map(|row| row.0.len()).max().unwrap_or(0);
        for ((source, written), &token) in state.rows.iter_mut().zip(tokens) {
            written.extend((token != BEGIN).then_some(token));
            let (values, attention) = self.row(source, written);
            next.log_probabilities.extend(values);
            next.attention.extend(attention.iter().chain(std::iter::repeat_n(&0.0, next.source_len - source.len())));
        }
    }
}

/// All outputs of at most `max` words that end, with log-probability and attention received.
fn every_output(model: &Dice, source: &[u32], max: usize) -> Vec<(Vec<u32>, f32, Vec<f32>)> {
    let mut all = Vec::new();
    let mut open = vec![(Vec::new(), 0f32, vec![0f32; source.len()])];
    while let Some((written, so_far, received)) = open.pop() {
        let (values, attention) = model.row(source, &written);
        let received: Vec<f32> = received.iter().zip(&attention).map(|(sum, value)| sum + value).collect();
        all.push((written.clone(), so_far + values[END as usize], received.clone()));
        if written.len() < max {
            for word in UNKNOWN..N_WORDS as u32 {
                let longer = written.iter().copied().chain([word]).collect();
                open.push((longer, so_far + values[word as usize], received.clone()));
            }
        }
    }
    all
}

fn contains(written: &[u32], phrase: &[u32]) -> bool {
    written.windows(phrase.len()).any(|window| window == phrase)
}

fn repeats(written: &[u32], n: usize) -> bool {
    n > 0 && written.len() > n && (0..=written.len() - n).any(|at| contains(&written[at + 1..], &written[at..at + n]))
}

fn score(wanted: &Beam, written: &[u32], log_probability: f32, received: &[f32]) -> f32 {
    let covered: f32 = received.iter().map(|sum| sum.min(1.0).ln()).sum();
    log_probability / ((6.0 + written.len() as f32) / 6.0).powf(wanted.length_penalty)
        + wanted.coverage_penalty * covered
}

fn limits(max: usize) -> Limits {
    Limits { min: 0, max, max_per_source_word: 0.0 }
}

/// A beam as wide as the number of outputs finds what listing all of them finds.
fn check_exact(model: &Dice, source: &[u32], wanted: &Beam) {
    let max = wanted.limits.max;
    let allowed = |written: &[u32]| {
        wanted.must.iter().all(|phrase| contains(written, phrase))
            && !wanted.rules.must_not.iter().any(|phrase| contains(written, phrase))
            && !repeats(written, wanted.rules.no_repeat)
            && written.len() >= wanted.limits.min
            && !(wanted.rules.no_unknown && written.contains(&UNKNOWN))
    };
    let mut expected: Vec<(Vec<u32>, f32)> = every_output(model, source, max)
        .into_iter()
        .filter(|(written, ..)| allowed(written))
        .map(|(written, value, received)| (written.clone(), score(wanted, &written, value, &received)))
        .collect();
    expected.sort_by(|a, b| b.1.total_cmp(&a.1));
    let found = beam(model, &[source], wanted).unwrap().remove(0);
    if expected.is_empty() {
        assert!(found.iter().all(|output| !output.ended), "{found:?}");
        return;
    }
    assert_eq!(found.len(), expected.len().min(wanted.n_best));
    for (output, (written, score)) in found.iter().zip(&expected) {
        assert!((output.score - score).abs() < 1e-4, "{output:?} {written:?} {score}");
        assert!(output.ended && output.complete && allowed(&output.tokens), "{output:?}");
        assert_eq!(output.attention.len(), (output.tokens.len() + 1) * source.len());
    }
}

fn phrases(n: usize) -> impl Strategy<Value = Vec<Vec<u32>>> {
    prop::collection::vec(prop::collection::vec(4u32..7, 1..3), 0..=n)
}

/// Phrases that share no word: what they need together is what each needs.
fn apart() -> impl Strategy<Value = Vec<Vec<u32>>> {
    let one = prop::collection::vec(4u32..7, 1..4).prop_map(|phrase| vec![phrase]);
    prop_oneof![Just(vec![]), one, Just(vec![vec![4], vec![6]]), Just(vec![vec![4, 5], vec![6]])]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_wide_beam_is_exact(
        seed: u64,
        contrast in 0f32..6.0,
        source in prop::collection::vec(4u32..7, 0..4),
        length_penalty in 0f32..1.5,
        coverage_penalty in prop_oneof![Just(0f32), 0f32..0.5],
        min in 0usize..3,
        n_best in 1usize..6,
    ) {
        let limits = Limits { min, ..limits(4) };
        let wanted = Beam { width: 400, n_best, length_penalty, coverage_penalty, stop: Stop::Certain, limits, ..Beam::default() };
        check_exact(&Dice { seed, contrast }, &source, &wanted);
    }

    #[test]
    fn a_wide_beam_is_exact_under_rules(
        seed: u64,
        must in apart(),
        must_not in phrases(2),
        no_repeat in 0usize..3,
        no_unknown: bool,
    ) {
        let rules = Rules { must_not, no_repeat, no_unknown };
        let wanted = Beam { width: 400, n_best: 3, stop: Stop::Certain, limits: limits(4), rules, must, ..Beam::default() };
        check_exact(&Dice { seed, contrast: 4.0 }, &[4, 5], &wanted);
    }

    /// The same outputs, the one they agree on first.
    #[test]
    fn consensus_only_chooses(seed: u64, contrast in 0f32..20.0, width in 1usize..6) {
        let plain = Beam { width, n_best: width, limits: limits(5), ..Beam::default() };
        let model = Dice { seed, contrast };
        let expected = beam(&model, &[&[4, 5]], &plain).unwrap().remove(0);
        let found = beam(&model, &[&[4, 5]], &Beam { consensus: true, ..plain.clone() }).unwrap().remove(0);
        let first = consensus(&expected);
        prop_assert_eq!(&found[0], &expected[first]);
        let rest = expected.iter().enumerate().filter(|(at, _)| *at != first).map(|(_, output)| output);
        prop_assert!(found[1..].iter().eq(rest));
        let one = beam(&model, &[&[4, 5]], &Beam { consensus: true, n_best: 1, ..plain }).unwrap().remove(0);
        prop_assert_eq!(&one[..], &found[..1]);
    }

    /// However narrow the beam: what must occur does, since nothing forbids it.
    #[test]
    fn what_must_occur_occurs(seed: u64, contrast in 0f32..20.0, width in 1usize..4, must in phrases(4), max in 0usize..9) {
        let wanted = Beam { width, limits: limits(max), must, ..Beam::default() };
        for outputs in beam(&Dice { seed, contrast }, &[&[4], &[]], &wanted).unwrap() {
            prop_assert!(wanted.must.iter().all(|phrase| contains(&outputs[0].tokens, phrase)), "{outputs:?}");
            prop_assert!(outputs[0].complete && outputs[0].ended);
        }
    }

    #[test]
    fn sources_do_not_disturb_each_other(seed: u64, sources in prop::collection::vec(prop::collection::vec(4u32..7, 0..4), 0..5)) {
        let model = Dice { seed, contrast: 5.0 };
        let sources: Vec<&[u32]> = sources.iter().map(Vec::as_slice).collect();
        let wanted = Beam { width: 3, n_best: 2, coverage_penalty: 0.1, must: vec![vec![4]], ..Beam::default() };
        let together = beam(&model, &sources, &wanted).unwrap();
        let greedy_together = greedy(&model, &sources, &limits(6), &Rules::default()).unwrap();
        for ((source, outputs), output) in sources.iter().zip(&together).zip(&greedy_together) {
            prop_assert_eq!(&beam(&model, &[source], &wanted).unwrap()[0], outputs);
            prop_assert_eq!(&greedy(&model, &[source], &limits(6), &Rules::default()).unwrap()[0], output);
        }
    }

    /// Phrases of a source's own are what phrases of all are when it stands alone.
    #[test]
    fn each_source_has_its_own_phrases(seed: u64, own in prop::collection::vec(phrases(2), 3), shared in phrases(1)) {
        let model = Dice { seed, contrast: 5.0 };
        let sources: [&[u32]; 3] = [&[4], &[5, 6], &[]];
        let wanted = Beam { width: 3, n_best: 2, must: shared.clone(), ..Beam::default() };
        let together = beam_each(&model, &sources, &wanted, &own).unwrap();
        for ((source, own), outputs) in sources.iter().zip(&own).zip(&together) {
            let wanted = Beam { must: [shared.clone(), own.clone()].concat(), ..wanted.clone() };
            prop_assert_eq!(&beam(&model, &[source], &wanted).unwrap()[0], outputs);
        }
        prop_assert!(beam_each(&model, &sources, &wanted, &own[1..]).is_err());
    }

    /// The mean of probabilities, and of attention; one model alone is itself.
    #[test]
    fn models_write_together(seeds in prop::collection::vec(any::<u64>(), 1..4), source in prop::collection::vec(4u32..7, 1..4)) {
        let models = || seeds.iter().map(|&seed| Dice { seed, contrast: 4.0 });
        let together = Ensemble::new(models().collect());
        let (mut state, mut next) = (together.start(&[&source]), Next::default());
        for (token, written) in [(BEGIN, vec![]), (5, vec![5])] {
            together.step(&mut state, &[token], &mut next);
            let rows: Vec<_> = models().map(|model| model.row(&source, &written)).collect();
            type Row = (Vec<f32>, Vec<f32>);
            let mean = |of: &dyn Fn(&Row) -> f32| rows.iter().map(of).sum::<f32>() / rows.len() as f32;
            for word in 0..N_WORDS {
                prop_assert!((next.log_probabilities[word].exp() - mean(&|row| row.0[word].exp())).abs() < 1e-5);
            }
            for at in 0..source.len() {
                prop_assert!((next.attention[at] - mean(&|row| row.1[at])).abs() < 1e-5);
            }
        }
        let wanted = Beam { n_best: 3, ..Beam::default() };
        let alone = Ensemble::new(models().take(1).collect());
        let expected = beam(&models().next().unwrap(), &[&source], &wanted).unwrap();
        prop_assert_eq!(beam(&alone, &[&source], &wanted).unwrap(), expected);
    }

    /// The likeliest word each time is what a beam of one, the coldest temperature and the smallest nucleus write.
    #[test]
    fn narrow_ways_agree(seed: u64, source in prop::collection::vec(4u32..7, 0..4)) {
        let model = Dice { seed, contrast: 5.0 };
        let one = greedy(&model, &[&source], &limits(9), &Rules::default()).unwrap().remove(0);
        let of_one = Beam { width: 1, length_penalty: 0.0, stop: Stop::First, limits: limits(9), ..Beam::default() };
        if one.ended {
            prop_assert_eq!(&beam(&model, &[&source], &of_one).unwrap()[0][0], &one);
        }
        for narrow in [Sampling { top_k: 1, ..Sampling::default() }, Sampling { top_p: 1e-6, ..Sampling::default() }, Sampling { temperature: 1e-6, ..Sampling::default() }] {
            let narrow = Sampling { limits: limits(9), ..narrow };
            prop_assert_eq!(&sample(&model, &[&source], &narrow, seed).unwrap()[0][0], &one);
        }
    }
}

/// Drawn outputs are as frequent as the model says.
#[test]
fn samples_follow_the_model() {
    let model = Dice { seed: 5, contrast: 2.0 };
    let n = 20_000;
    let wanted = Sampling { n, limits: limits(1), ..Sampling::default() };
    let outputs = sample(&model, &[&[4, 5]], &wanted, 3).unwrap().remove(0);
    assert_eq!(outputs, sample(&model, &[&[4, 5]], &wanted, 3).unwrap()[0]);
    let mut counts: BTreeMap<&[u32], f64> = BTreeMap::new();
    outputs.iter().for_each(|output| *counts.entry(&output.tokens).or_default() += 1.0);
    let (values, _) = model.row(&[4, 5], &[]);
    let possible: f32 = (END as usize..N_WORDS).map(|word| values[word].exp()).sum();
    for word in END..N_WORDS as u32 {
        let written: &[u32] = if word == END { &[] } else { &[word] };
        let share = f64::from(values[word as usize].exp() / possible);
        // Five standard deviations of a binomial share.
        assert!((counts[written] / n as f64 - share).abs() < 5.0 * (share / n as f64).sqrt(), "{word}: {counts:?}");
    }
}

/// Of the words 4, 5, 6 with 0.5, 0.3 and 0.2, a nucleus of 0.6 and the two likeliest are both 4 and 5.
#[test]
fn filters_leave_the_likeliest() {
    struct Fixed;
    impl StepModel for Fixed {
        type State = usize;
        fn start(&self, sources: &[&[u32]]) -> usize {
            sources.len()
        }
        fn n_words(&self, _: &usize) -> usize {
            N_WORDS
        }
        fn select(&self, state: &mut usize, rows: &[u32]) {
            *state = rows.len();
        }
        fn step(&self, state: &mut usize, _: &[u32], next: &mut Next) {
            let row = [0.0, 0.0, 0.0, 0.0, 0.5f32, 0.3, 0.2].map(f32::ln);
            next.log_probabilities = row.repeat(*state);
        }
    }
    for wanted in [Sampling { top_p: 0.6, ..Sampling::default() }, Sampling { top_k: 2, ..Sampling::default() }] {
        let wanted = Sampling { n: 2000, limits: limits(1), ..wanted };
        let outputs = sample(&Fixed, &[&[]], &wanted, 1).unwrap().remove(0);
        let n_of = |word: u32| outputs.iter().filter(|output| output.tokens == [word]).count();
        assert_eq!(n_of(6), 0);
        // Expected 1250, standard deviation 22.
        assert!(n_of(4).abs_diff(1250) < 110 && n_of(4) + n_of(5) == 2000, "{}", n_of(4));
    }
    // It never ends by itself: the beam says so, and so does writing word by word.
    let wanted = Beam { limits: limits(3), n_best: 2, ..Beam::default() };
    let outputs = beam(&Fixed, &[&[4]], &wanted).unwrap().remove(0);
    assert_eq!((outputs[0].tokens.clone(), outputs[0].ended, outputs.len()), (vec![4, 4, 4], false, 2));
    let output = greedy(&Fixed, &[&[4]], &limits(2), &Rules::default()).unwrap().remove(0);
    assert_eq!((output.tokens, output.ended), (vec![4, 4], false));
    assert!(greedy(&Fixed, &[&[4]], &limits(0), &Rules::default()).unwrap()[0].tokens.is_empty());
}

#[test]
fn settings_out_of_range_are_named() {
    let model = Dice { seed: 1, contrast: 1.0 };
    let none = Beam::default;
    for (wanted, word) in [
        (Beam { width: 0, ..none() }, "width"),
        (Beam { n_best: 6, ..none() }, "n_best"),
        (Beam { length_penalty: f32::NAN, ..none() }, "length_penalty"),
        (Beam { must: vec![vec![END]], ..none() }, "must occur"),
    ] {
        let error = beam(&model, &[&[4]], &wanted).unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    let none = Sampling::default;
    for wanted in
        [Sampling { n: 0, ..none() }, Sampling { temperature: 0.0, ..none() }, Sampling { top_p: 1.5, ..none() }]
    {
        assert!(sample(&model, &[&[4]], &wanted, 1).is_err(), "{wanted:?}");
    }
}
