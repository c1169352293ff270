//! Laws, hand-worked cases and peers' values of the whole classifier. Peers' values: `bench/peers/language/golden_classify.py`
//! with scikit-learn 1.9.1.

use math::{Csr, Random};
use proptest::prelude::*;

use super::linear::{self, Linear, Method, Wanted as LinearWanted};
use super::ngrams::{Cutter, Grams, Unit};
use super::points::Dense;
use super::svm::Loss;
use super::vocabulary::{self, Block, Vocabulary};
use super::*;
use crate::LanguageError;

const TEXTS: [&str; 5] = ["屏幕很好 很好", "屏幕不好,退货", "Battery life is GOOD good", "battery  is bad", "电池 好"];

/// Each text's weights, the largest first, and the number of columns.
fn weights(texts: &[&str], grams: Grams) -> (usize, Vec<Vec<f32>>) {
    let vocabulary = Vocabulary::learn(texts, Block::tf_idf(grams), 0).expect("sound");
    let n = vocabulary.n_columns();
    let rows = vocabulary::rows(texts, &[vocabulary]);
    let row = |at: usize| {
        let mut values = rows.row(at).1.to_vec();
        values.sort_by(|x, y| y.total_cmp(x));
        values
    };
    (n, (0..texts.len()).map(row).collect())
}

#[track_caller]
fn close(found: &[f32], expected: &[f64]) {
    assert_eq!(found.len(), expected.len(), "{found:?}");
    for (found, expected) in found.iter().zip(expected) {
        assert!((f64::from(*found) - expected).abs() < 1e-6, "{found} is not {expected}");
    }
}

#[test]
fn weights_are_those_of_scikit_learn() {
    let (n, rows) = weights(&TEXTS, Grams::new(Unit::Char, 1, 3));
    assert_eq!(n, 32);
    close(&rows[0], &[0.60132098, 0.42784483, 0.42784483, 0.42784483, 0.29876326]);
    close(&rows[1], &[0.52064623, 0.52064623, 0.52064623, 0.43218341]);
    close(&rows[2][..6], &[0.27743952, 0.27743952, 0.27743952, 0.27743952, 0.27304770, 0.16386025]);
    assert_eq!((rows[2].len(), rows[3].len()), (28, 28));
    close(&rows[4], &[0.76524053, 0.64374446]);
    let (n, rows) = weights(&TEXTS, Grams::new(Unit::CharInWord, 2, 4));
    assert_eq!(n, 32);
    close(&rows[0], &[0.69903033, 0.41285857, 0.41285857, 0.41285857]);
    close(&rows[2][..5], &[0.30981379, 0.18298102, 0.18298102, 0.18298102, 0.18298102]);
    assert_eq!((rows[2].len(), rows[3].len()), (28, 28));
    close(&rows[4], &[1.0]);
    let (n, rows) = weights(&TEXTS[2..4], Grams::new(Unit::Word, 1, 2));
    assert_eq!(n, 2);
    close(&rows[0], &[0.5f64.sqrt(), 0.5f64.sqrt()]);
}

/// Of three words one is known: it is a third of the text, and not all of it.
#[test]
fn what_is_not_known_counts_for_the_length_where_it_is_asked() {
    let texts = ["battery good", "battery bad", "screen bad", "screen good"];
    let length = |with_unknown: bool, text: &str| {
        let block = Block { with_unknown, ..Block::tf_idf(Grams::new(Unit::Word, 1, 1)) };
        let vocabulary = Vocabulary::learn(&texts, block, 0).expect("sound");
        let rows = vocabulary::rows(&[text], &[vocabulary]);
        f64::from(rows.row(0).1.iter().map(|value| value * value).sum::<f32>())
    };
    assert!((length(false, "battery xyz uvw") - 1.0).abs() < 1e-6);
    assert!((length(true, "battery xyz uvw") - 1.0 / 3.0).abs() < 1e-6);
    assert!((length(true, "battery good") - 1.0).abs() < 1e-6);
    assert_eq!(length(true, "xyz"), 0.0);
    // Rows that are learned from are those that questions get, also of words that are dropped for being rare.
    let texts = ["battery good", "battery rare", "good words", "good battery"];
    let block = Block { with_unknown: true, ..Block::tf_idf(Grams::new(Unit::Word, 1, 2)) };
    let (vocabulary, learned) = Vocabulary::learn_rows(&texts, block, 0).expect("sound");
    assert_eq!(learned, vocabulary::rows(&texts, &[vocabulary]));
    assert!(f64::from(learned.row(1).1[0]) < 0.9);
}

/// Copies with slips are learned from, and neither scored nor counted.
#[test]
fn hurried_copies_help_with_slips_and_leave_the_rest() {
    let topics = ["where is my parcel", "cancel the order please", "how long is the warranty", "send me an invoice"];
    let frames = ["{}", "hello {}", "{} now", "can you tell me {}", "{} thanks"];
    let rows: Vec<(String, String)> =
        (0..20).map(|at| (format!("t{}", at % 4), frames[at / 4].replace("{}", topics[at % 4]))).collect();
    let fit = |hurried: &str| {
        let settings = INTENT.settings([("hurried", hurried), ("min_df", "1")]).expect("sound");
        TextClassifier::fit(&examples(&rows), &wanted(&settings).expect("sound"), &Run::new(3, &|_| true))
            .expect("learns")
    };
    let (plain, hurried) = (fit("0"), fit("3"));
    assert_eq!(hurried, fit("3"));
    assert_ne!(plain, hurried);
    assert_eq!(plain.n_features(), hurried.n_features());
    assert_eq!(hurried.evaluate(&examples(&rows)).accuracy, 1.0);
    let typed =
        [("t0", "whree is my praecl"), ("t1", "cnacel teh ordr"), ("t2", "warrnty hwo long"), ("t3", "invioce sned")];
    let typed: Vec<(String, String)> = typed.iter().map(|(label, text)| ((*label).into(), (*text).into())).collect();
    assert_eq!(hurried.evaluate(&examples(&typed)).accuracy, 1.0);
}

const POINTS: [f32; 36] = [
    1.76, 0.4, 0.98, 2.24, 1.87, -0.98, 0.95, -0.15, -0.1, 0.41, 0.14, 1.45, 0.76, 0.12, 0.44, 0.33, 1.49, -0.21, 0.31,
    -0.85, -2.55, 0.65, 0.86, -0.74, 2.27, -1.45, 0.05, -0.19, 1.53, 1.47, 0.15, 0.38, -0.89, -1.98, -0.35, 0.16,
];

fn sparse() -> Csr {
    let cell = |at: usize| ((at / 3) as u32, (at % 3) as u32, POINTS[at]);
    Csr::from_triplets(12, 3, &(0..36).map(cell).collect::<Vec<_>>())
}

fn planes(method: Method, n_classes: u32) -> Linear {
    let labels: Vec<u32> = (0..12).map(|at| at % n_classes).collect();
    let all: Vec<u32> = (0..12).collect();
    let wanted = LinearWanted { method, c: 0.7, tolerance: 1e-7, max_iterations: 100_000, ..LinearWanted::default() };
    let sparse =
        linear::fit(&sparse(), &labels, n_classes as usize, None, &all, &wanted, &Run::default()).expect("fits");
    let dense = Dense::new(&POINTS, 12, 3).expect("sound");
    let dense = linear::fit(&dense, &labels, n_classes as usize, None, &all, &wanted, &Run::default()).expect("fits");
    close(&dense.weights, &sparse.weights.iter().map(|&w| f64::from(w)).collect::<Vec<_>>());
    sparse
}

/// scikit-learn has each output's weights together, ours each column's.
fn by_column(outputs: &[[f64; 3]]) -> Vec<f64> {
    (0..3).flat_map(|column| outputs.iter().map(move |output| output[column])).collect()
}

#[track_caller]
fn near(found: &[f32], expected: &[f64], within: f64) {
    let far = found.iter().zip(expected).map(|(x, y)| (f64::from(*x) - y).abs()).fold(0.0, f64::max);
    assert!(found.len() == expected.len() && far < within, "{found:?} is not {expected:?}: {far}");
}

#[test]
fn planes_are_those_of_scikit_learn() {
    let found = planes(Method::OneVsRest(Loss::Hinge), 2);
    near(&found.weights, &[-0.774637, 1.3842027, -0.1719631], 2e-6);
    near(&found.bias, &[-0.0217962], 2e-6);
    let found = planes(Method::OneVsRest(Loss::SquaredHinge), 2);
    near(&found.weights, &[-0.6115151, 1.2127208, 0.2884861], 2e-6);
    near(&found.bias, &[-0.1190032], 2e-6);
    let found = planes(Method::OneVsRest(Loss::Logistic), 2);
    near(&found.weights, &[-0.5724098, 1.0127279, 0.2560031], 2e-6);
    near(&found.bias, &[-0.0045049], 2e-6);
    assert_eq!(found, planes(Method::Maxent, 2));
    let found = planes(Method::OneVsRest(Loss::SquaredHinge), 3);
    let expected =
        [[-0.0256444, -0.0667038, 0.2304557], [0.120289, 0.3709172, -0.29235], [-0.1368779, -0.3467759, 0.0782989]];
    near(&found.weights, &by_column(&expected), 2e-6);
    near(&found.bias, &[-0.261548, -0.5246331, -0.1304096], 2e-6);
    let found = planes(Method::Maxent, 3);
    let expected =
        [[-0.0304703, -0.0489298, 0.2775271], [0.200742, 0.4428695, -0.3637707], [-0.1702717, -0.3939397, 0.0862436]];
    near(&found.weights, &by_column(&expected), 2e-4);
    near(&found.bias, &[0.0984241, -0.3491371, 0.250713], 2e-4);
}

/// NB-SVM scales columns by r, learns, and multiplies weights by r; ours frees weights by r² instead.
#[test]
fn free_weights_are_those_of_scaled_columns() {
    let scale = [0.5f32, 2.0, 1.5];
    let rows = sparse();
    let mut scaled = rows.clone();
    for (value, &column) in scaled.values.iter_mut().zip(&rows.indices) {
        *value *= scale[column as usize];
    }
    let squares = scale.map(|r| r * r);
    let all: Vec<u32> = (0..12).collect();
    let walk = svm::Walk { tolerance: 1e-8, max_iterations: 100_000, seed: 1 };
    for loss in [Loss::Hinge, Loss::SquaredHinge, Loss::Logistic] {
        let is_positive = |row: usize| row % 2 == 1;
        let sides = svm::Sides { which: &all, is_positive: &is_positive, costs: &|_| 0.7 };
        let free = svm::plane(&rows, &sides, Some(&squares), loss, &walk, &|| true).expect("goes on");
        let plain = svm::plane(&scaled, &sides, None, loss, &walk, &|| true).expect("goes on");
        assert!(free.converged && plain.converged);
        for (column, weight) in free.weights.iter().enumerate() {
            let expected = plain.weights[column] * f64::from(scale[column]);
            assert!((weight - expected).abs() < 1e-5, "{loss:?}: {weight} is not {expected}");
        }
    }
}

/// Two reviews' words, many times, with noise that says nothing.
fn reviews(n: usize, seed: u64) -> Vec<(String, String)> {
    let mut random = Random::new(seed);
    let words = ["快递", "手机", "今天", "收到", "屏幕", "颜色", "电池", "朋友"];
    let good = ["很好", "喜欢", "不错", "满意"];
    let bad = ["很差", "失望", "退货", "垃圾"];
    let one = |_| {
        let is_good = random.uniform() < 0.5;
        let verdict = if is_good { good[random.below(4)] } else { bad[random.below(4)] };
        let noise: Vec<&str> = (0..4).map(|_| words[random.below(8)]).collect();
        (if is_good { "1" } else { "0" }.to_owned(), format!("{}{verdict}{}", noise[..2].concat(), noise[2..].concat()))
    };
    (0..n).map(one).collect()
}

fn examples(rows: &[(String, String)]) -> Vec<Example<'_>> {
    rows.iter().map(|(label, text)| Example { label, text }).collect()
}

fn trained() -> TextClassifier {
    let rows = reviews(300, 1);
    let settings = SENTIMENT.defaults();
    TextClassifier::fit(&examples(&rows), &wanted(&settings).expect("sound"), &Run::default()).expect("learns")
}

#[test]
fn reviews_are_told_apart_and_reasons_add_up() {
    let rows = reviews(300, 1);
    let more = reviews(200, 2);
    for (card, loss) in
        [(&SENTIMENT, "squared_hinge"), (&SENTIMENT, "logistic"), (&INTENT, "multinomial"), (&INTENT, "hinge")]
    {
        let settings = card.settings([("loss", loss)]).expect("sound");
        let trial = run(&examples(&rows), &examples(&more), &settings, &Run::default()).expect("learns");
        assert_eq!(trial.evaluation.accuracy, 1.0, "{loss}");
        assert_eq!(trial.figures[1], ("macro_f1", 1.0));
        let text = "  手机🙂 很差ABC";
        let prediction = trial.model.predict(text);
        assert_eq!(trial.model.classes()[prediction.class], "0");
        assert!((prediction.probabilities.iter().sum::<f64>() - 1.0).abs() < 1e-12);
        for class in 0..2 {
            let reasons = trial.model.reasons(text, class, 3);
            let score = if class == 1 { prediction.scores[0] } else { -prediction.scores[0] };
            assert!((reasons.score - score).abs() < 1e-6, "{} is not {score}", reasons.score);
            assert!(reasons.characters.iter().all(|span| text.get(span.start..span.end).is_some()));
        }
        let reasons = trial.model.reasons(text, 0, 3);
        let first = &reasons.grams[0];
        assert!("很差".contains(&text[first.start..first.end]) && first.weight > 0.0, "{first:?}");
    }
}

#[test]
fn many_classes_are_told_apart_and_the_unknown_is_unsure() {
    let topics = ["退货怎么办理", "查询物流进度", "发票如何开具", "屏幕碎了维修"];
    let rows: Vec<(String, String)> = (0..80)
        .map(|at| (format!("t{}", at % 4), format!("{}{}", ["请问", "你好", ""][at % 3], topics[at % 4])))
        .collect();
    for loss in ["squared_hinge", "multinomial"] {
        let settings = INTENT.settings([("loss", loss), ("min_df", "2")]).expect("sound");
        let model =
            TextClassifier::fit(&examples(&rows), &wanted(&settings).expect("sound"), &Run::default()).expect("learns");
        assert_eq!(model.evaluate(&examples(&rows)).accuracy, 1.0);
        let known = model.predict("请问退货怎么办").probability;
        let unknown = model.predict("天气").probability;
        let threshold = model.threshold(0.0).expect("calibrated");
        assert!(known > unknown && unknown < threshold, "{loss}: {known} {unknown} {threshold}");
    }
}

#[test]
fn results_do_not_depend_on_threads() {
    let rows = reviews(2000, 5);
    let settings = INTENT.settings([("min_df", "2"), ("folds", "2")]).expect("sound");
    let fit = |n_threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(n_threads).build().expect("threads");
        let run = || TextClassifier::fit(&examples(&rows), &wanted(&settings).expect("sound"), &Run::default());
        pool.install(run).expect("learns").to_bytes()
    };
    assert!(fit(1) == fit(3));
}

#[test]
fn models_survive_bytes_and_damage_is_found() {
    let model = trained();
    let bytes = model.to_bytes();
    assert_eq!(TextClassifier::from_bytes(&bytes).expect("whole"), model);
    for n in (0..bytes.len()).step_by(97) {
        assert!(matches!(TextClassifier::from_bytes(&bytes[..n]), Err(LanguageError::Corrupt(_))), "{n} bytes");
        let mut damaged = bytes.clone();
        damaged[n] ^= 0x40;
        assert!(matches!(TextClassifier::from_bytes(&damaged), Err(LanguageError::Corrupt(_))), "byte {n}");
    }
    // A head that announces more columns than there are bytes, with a right checksum.
    let mut hostile = bytes[16..].to_vec();
    let head_len = u64::from_le_bytes(hostile[..8].try_into().expect("8")) as usize;
    let head = String::from_utf8(hostile[8..8 + head_len].to_vec()).expect("JSON");
    let n_columns = model.n_features().to_string();
    let huge = head.replace(&format!("}},{n_columns}]"), &format!("}},{}]", usize::MAX / 4));
    assert_ne!(head, huge);
    hostile.splice(0..8 + head_len, (huge.len() as u64).to_le_bytes().into_iter().chain(huge.bytes()));
    let whole = [b"TCTEXT01".as_slice(), &bytes::checksum(&hostile).to_le_bytes(), &hostile].concat();
    assert!(matches!(TextClassifier::from_bytes(&whole), Err(LanguageError::Corrupt(_))));
}

/// Whatever the numbers: the last bit of one of about ten such models was lost by their text.
#[test]
fn calibrations_survive_bytes_to_the_last_bit() {
    let rows = reviews(60, 3);
    for c in 1..40 {
        let settings = SENTIMENT.settings([("c", format!("{}", f64::from(c) / 7.0).as_str())]).expect("sound");
        for isotonic in [false, true] {
            let wanted = Wanted { isotonic, ..wanted(&settings).expect("sound") };
            let model = TextClassifier::fit(&examples(&rows), &wanted, &Run::default()).expect("learns");
            assert!(
                TextClassifier::from_bytes(&model.to_bytes()).expect("whole") == model,
                "{:?}",
                model.calibration()
            );
        }
    }
}

#[test]
fn impossible_wishes_are_refused_in_words() {
    let rows = reviews(20, 1);
    let sound = wanted(&SENTIMENT.defaults()).expect("sound");
    let one_class: Vec<Example> = examples(&rows).into_iter().filter(|row| row.label == "1").collect();
    let refused = |rows: &[Example], wanted: &Wanted| {
        TextClassifier::fit(rows, wanted, &Run::default()).expect_err("unfit").to_string()
    };
    assert_eq!(refused(&one_class, &sound), "classes of training texts: found 1, allowed at least 2");
    assert!(
        refused(&[Example { label: "a", text: "" }, Example { label: "b", text: " " }], &sound)
            .contains("lower min_df")
    );
    let mut wrong = sound.clone();
    wrong.blocks[0].grams.n_min = 0;
    assert!(refused(&examples(&rows), &wrong).starts_with("n-grams: found 0 to 5"));
    wrong = Wanted { blocks: vec![], ..sound.clone() };
    assert!(refused(&examples(&rows), &wrong).starts_with("sorts of n-grams"));
    wrong = sound.clone();
    wrong.linear.c = 0.0;
    assert!(refused(&examples(&rows), &wrong).starts_with("c: found 0"));
    let stop = TextClassifier::fit(&examples(&rows), &sound, &Run::new(0, &|_| false));
    assert_eq!(stop, Err(LanguageError::Cancelled));
    assert!(Dense::new(&[0.0, f32::NAN], 1, 2).is_err() && Dense::new(&[0.0], 2, 1).is_err());
    let none = SENTIMENT.settings([("char_max", "0")]).expect("sound");
    assert!(wanted(&none).is_err());
}

#[test]
fn texts_without_known_parts_get_the_bias_alone() {
    let model = trained();
    let empty = model.predict("");
    assert_eq!(model.predict("zzz"), empty);
    let long = "好".repeat(300_000);
    assert!(model.predict(&long).probability.is_finite());
    let reasons = model.reasons(&long, 1, 5);
    assert!((reasons.score - model.predict(&long).scores[0]).abs() < 1e-4);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn rows_have_length_one_and_reasons_their_score(text in "(?s).{0,60}") {
        let model = trained_once();
        let mut cutter = Cutter::default();
        let row = model.row(&text, &mut cutter);
        prop_assert!(row.is_sorted_by(|x, y| x.0 < y.0));
        let length: f64 = row.iter().map(|cell| f64::from(cell.1).powi(2)).sum();
        prop_assert!(row.is_empty() || (length - 1.0).abs() < 1e-5);
        let prediction = model.predict(&text);
        let reasons = model.reasons(&text, 1, 4);
        prop_assert!((reasons.score - prediction.scores[0]).abs() < 1e-6);
    }

    #[test]
    fn a_row_of_weight_two_is_the_row_twice(seed in 0u64..1000, at in 0usize..12) {
        let rows = sparse();
        let mut random = Random::new(seed);
        let labels: Vec<u32> = (0..12).map(|row| if row < 2 { row } else { random.below(2) as u32 }).collect();
        let wanted = LinearWanted { tolerance: 1e-8, max_iterations: 100_000, ..LinearWanted::default() };
        let mut weights = [1f32; 12];
        weights[at] = 2.0;
        let all: Vec<u32> = (0..12).collect();
        let weighted = linear::fit(&rows, &labels, 2, Some(&weights), &all, &wanted, &Run::default()).unwrap();
        let mut twice = all.clone();
        twice.push(at as u32);
        let repeated = linear::fit(&rows, &labels, 2, None, &twice, &wanted, &Run::default()).unwrap();
        for (x, y) in weighted.weights.iter().zip(&repeated.weights) {
            prop_assert!((x - y).abs() < 1e-5, "{x} {y}");
        }
    }
}

fn trained_once() -> &'static TextClassifier {
    static MODEL: std::sync::LazyLock<TextClassifier> = std::sync::LazyLock::new(trained);
    &MODEL
}
