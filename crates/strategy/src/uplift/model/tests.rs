//! The card `uplift` on tables: what it tells, and what it refuses.

use super::*;
use crate::uplift::{SimulateSettings, Simulated, simulate};

fn table(shop: &Simulated, labels: &[&str]) -> Table {
    let mut columns = vec![
        ("treatment".to_owned(), Column::Text(shop.arms.iter().map(|&arm| labels[arm as usize].to_owned()).collect())),
        ("outcome".to_owned(), Column::Number(shop.outcome.clone())),
    ];
    for (name, column) in shop.features.names().iter().zip(shop.features.columns()) {
        let column = match column {
            crate::boost::Feature::Number(values) => Column::Number(values.clone()),
            crate::boost::Feature::Category(codes) => {
                let name = |&code: &u32| ["app", "store", "mail", "ads", ""][(code as usize).min(4)].to_owned();
                Column::Text(codes.iter().map(name).collect())
            }
        };
        columns.push((name.clone(), column));
    }
    Table::new(columns).unwrap()
}

fn shop(n_rows: usize, n_arms: usize, strength: f64) -> Simulated {
    simulate(&SimulateSettings { n_rows, n_arms, strength, ..SimulateSettings::default() }, 11).unwrap()
}

fn figure(report: &Report, name: &str, is_baseline: bool) -> Estimate {
    let of = |figure: &&Figure| figure.name == name && figure.is_baseline == is_baseline;
    report.figures.iter().find(of).unwrap_or_else(|| panic!("no figure {name}")).estimate
}

#[test]
fn the_report_stands_beside_what_costs_nothing() {
    let settings = CARD.settings_from_texts(&["cost=0.04", "split=0.5,0.5", "n_samples=50"]).unwrap();
    let table = table(&shop(24_000, 2, 1.0), &["No", "Yes"]);
    let answer = run(&table, &settings, &RunOptions::default()).unwrap();
    assert_eq!((answer.support.verdict, answer.caveats.len()), (Verdict::Enough, 0), "{:?}", answer.caveats);
    let report = answer.value.unwrap();
    let (qini, by_response) = (figure(&report, "qini", false), figure(&report, "qini", true));
    assert!(qini.low > 0.0 && qini.value > by_response.value, "{qini:?} {by_response:?}");
    let gain = figure(&report, "gain_per_customer", false);
    let all = figure(&report, "gain_per_customer_treating_all", true);
    assert!(gain.value > all.value, "{gain:?} {all:?}");
    assert_eq!(report.tables.iter().map(|table| table.name).collect::<Vec<_>>(), ["calibration", "qini_curve"]);
    assert_eq!(report.tables[0].table.n_rows(), 10);
    assert!(report.summary.zh.contains("平均每人增量") && report.summary.en.contains("On average"));
    // Again with another number of threads: the same to the last bit.
    let again = run(&table, &settings, &RunOptions { n_threads: 1, ..RunOptions::default() }).unwrap();
    assert!(again.value.unwrap() == report);
}

#[test]
fn an_order_that_tells_nothing_is_doubted() {
    let settings = CARD.settings_from_texts(&["learner=tree", "n_samples=50"]).unwrap();
    let answer = run(&table(&shop(6000, 2, 0.0), &["0", "1"]), &settings, &RunOptions::default()).unwrap();
    assert_eq!((answer.support.verdict, answer.caveats[0].kind), (Verdict::Thin, "no_difference_found"));
    assert_eq!(answer.would_change.len(), 1);
}

#[test]
fn several_treatments_have_their_figures() {
    let settings = CARD.settings_from_texts(&["learner=dr", "n_samples=20", "n_folds=2", "control=aus"]).unwrap();
    let answer = run(&table(&shop(9000, 3, 1.0), &["aus", "mail", "call"]), &settings, &RunOptions::default()).unwrap();
    let report = answer.value.unwrap();
    // Labels in the order of the alphabet after the control.
    assert!(figure(&report, "average_effect:call", false).value > figure(&report, "average_effect:mail", false).low);
}

#[test]
fn a_table_that_cannot_tell_is_refused_or_named() {
    let shop = shop(3000, 2, 1.0);
    let settings = CARD.settings_from_texts(&["split=0.2,0.8"]).unwrap();
    let refused = run(&table(&shop, &["0", "1"]), &settings, &RunOptions::default()).unwrap();
    assert!(refused.value.is_none() && refused.caveats[0].kind == "sample_ratio", "{:?}", refused.caveats);
    assert!(!refused.caveats[0].text.zh.is_empty() && !refused.would_change.is_empty());
    let told = |texts: &[&str], labels: &[&str]| {
        let settings = CARD.settings_from_texts(texts).unwrap();
        run(&table(&shop, labels), &settings, &RunOptions::default()).unwrap_err().to_string()
    };
    let of_control = told(&[], &["A", "B"]);
    assert!(of_control.starts_with("control among the treatments: found A, B, allowed 0, no, control"), "{of_control}");
    assert_eq!(told(&["control=C"], &["A", "B"]), "control among the treatments: found A, B, allowed C");
    assert!(told(&[], &["", "B"]).contains("holds nothing; allowed: what the customer got"));
    assert!(told(&["split=half"], &["0", "1"]).starts_with("split: found half"));
    assert!(told(&["outcome=sold"], &["0", "1"]).starts_with("there is no column 'sold'"));
}
