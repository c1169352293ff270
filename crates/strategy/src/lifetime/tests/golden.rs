//! Against `lifetimes` 0.11.3 on CDNOW: `golden/strategy/clv_cdnow.json`, made by `peers/strategy/clv_cdnow.py`. Closed forms
//! to 1e-6 at its own parameters, optima to 1e-3, log-likelihoods to 1e-6; all relative.

#[cfg(test)]
use std::path::PathBuf;

use serde_json::Value;

use super::super::*;

/// The golden values and the folder of the data, if both are there.
fn golden() -> Option<(Value, PathBuf)> {
    let data = std::env::var_os("TERCET_DATA").map(PathBuf::from);
    let data = data.unwrap_or(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"));
    let file = data.join("../golden/strategy/clv_cdnow.json");
    let Ok(text) = std::fs::read_to_string(&file) else {
        println!("skipped: {} is not there", file.display());
        return None;
    };
    Some((serde_json::from_str(&text).unwrap(), data.join("retail/cdnow")))
}

struct Rows {
    frequency: Vec<u32>,
    recency: Vec<f64>,
    age: Vec<f64>,
    mean_value: Vec<f64>,
}

impl Rows {
    fn read(folder: &std::path::Path, name: &str) -> Rows {
        let text = std::fs::read_to_string(folder.join(name)).unwrap();
        let cells: Vec<Vec<f64>> = text
            .lines()
            .skip(1)
            .map(|line| line.split(',').map(|cell| cell.trim().parse().unwrap()).collect())
            .collect();
        Rows {
            frequency: cells.iter().map(|row| row[1] as u32).collect(),
            recency: cells.iter().map(|row| row[2]).collect(),
            age: cells.iter().map(|row| row[3]).collect(),
            mean_value: cells.iter().map(|row| row.get(4).copied().unwrap_or(0.0)).collect(),
        }
    }

    fn histories(&self) -> Histories<'_> {
        Histories { frequency: &self.frequency, recency: &self.recency, age: &self.age }
    }
}

fn close(what: &str, found: f64, expected: &Value, relative: f64) {
    let expected = expected.as_f64().unwrap();
    assert!((found - expected).abs() <= relative * expected.abs(), "{what}: {found}, not {expected}");
}

fn all_close(what: &str, found: &[f64], expected: &Value, relative: f64) {
    for (at, expected) in expected.as_array().unwrap().iter().enumerate() {
        close(&format!("{what}, {at}"), found[at], expected, relative);
    }
}

const NAMES: [(Process, &str); 3] =
    [(Process::BgNbd, "bgnbd"), (Process::MbgNbd, "mbgnbd"), (Process::ParetoNbd, "pareto_nbd")];

fn peers(process: Process, of: &Value) -> Lifetime {
    let parameters = process.parameter_names().map(|name| of["params"][name].as_f64().unwrap());
    Lifetime {
        process,
        parameters,
        buying_effects: Vec::new(),
        leaving_effects: Vec::new(),
        log_likelihood: 0.0,
        covariance: None,
        n_customers: 0,
        n_groups: 0,
        n_iterations: 0,
        n_evaluations: 0,
        converged: true,
    }
}

#[test]
fn fits_end_where_those_of_lifetimes_do() {
    let Some((golden, folder)) = golden() else { return };
    let rows = Rows::read(&folder, "cdnow_customers_summary.csv");
    for (process, name) in NAMES {
        let of = &golden[name];
        let answer = fit(process, &rows.histories(), None, &FitOptions::default()).unwrap();
        assert!(answer.caveats.is_empty(), "{:?}", answer.caveats);
        let model = answer.value.unwrap();
        assert!(model.n_evaluations < 80, "{name}: {} evaluations", model.n_evaluations);
        close(name, model.log_likelihood, &of["log_likelihood"], 1e-6);
        for (at, parameter) in process.parameter_names().into_iter().enumerate() {
            close(parameter, model.parameters[at], &of["params"][parameter], 1e-3);
        }
        let scores = model.score(&rows.histories(), None, 39.0).unwrap();
        close("purchases of all", scores.purchases.iter().sum(), &of["E_t39_sum"], 1e-3);
        if process == Process::BgNbd {
            let errors = model.standard_errors().unwrap();
            for (at, parameter) in process.parameter_names().into_iter().enumerate() {
                close(parameter, errors[at], &of["std_errors"][parameter], 1e-2);
            }
        }
    }
}

#[test]
fn scores_at_its_parameters_are_those_of_lifetimes() {
    let Some((golden, folder)) = golden() else { return };
    let rows = Rows::read(&folder, "cdnow_customers_summary.csv");
    for (process, name) in NAMES {
        let of = &golden[name];
        let model = peers(process, of);
        let scores = model.score(&rows.histories(), None, 39.0).unwrap();
        all_close(name, &scores.alive, &of["p_alive_first5"], 1e-6);
        all_close(name, &scores.purchases, &of["E_purchases_t39_first5"], 1e-6);
        close(name, scores.alive.iter().sum::<f64>() / 2357.0, &of["p_alive_mean"], 1e-6);
        close(name, scores.purchases.iter().sum(), &of["E_t39_sum"], 1e-6);
        let of_new = [1.0, 13.0, 39.0].map(|horizon| model.expected_of_new(&[], horizon));
        all_close(name, &of_new, &of["E_X_t1_t39_unconditional"], 1e-6);
    }
}

#[test]
fn spending_and_values_are_those_of_lifetimes() {
    let Some((golden, folder)) = golden() else { return };
    let rows = Rows::read(&folder, "cdnow_customers_summary_with_transactions.csv");
    let of = &golden["gamma_gamma"];
    let answer = fit_spend(&rows.frequency, &rows.mean_value, 0.0).unwrap();
    assert!(answer.caveats.is_empty(), "{:?}", answer.caveats);
    let spend = answer.value.unwrap();
    assert_eq!(spend.n_customers, 946);
    close("log-likelihood", spend.log_likelihood, &of["log_likelihood"], 1e-6);
    for (at, name) in ["p", "q", "v"].into_iter().enumerate() {
        close(name, spend.parameters[at], &of["params"][name], 1e-3);
    }
    let parameters = ["p", "q", "v"].map(|name| of["params"][name].as_f64().unwrap());
    let spend = Spend { parameters, ..spend };
    let expected: Vec<f64> = rows.frequency.iter().zip(&rows.mean_value).map(|(x, m)| spend.expected(*x, *m)).collect();
    all_close("spend", &expected, &of["cond_expected_avg_profit_first5"], 1e-6);
    close("spend", expected.iter().sum::<f64>() / 2357.0, &of["cond_expected_avg_profit_mean"], 1e-6);
    close("spend", spend.population_mean(), &of["population_mean_spend"], 1e-6);

    let model = peers(Process::BgNbd, &golden["bgnbd"]);
    let horizon = Horizon { n_periods: 12, period: 4.345, discount: 0.01, margin: 1.0 };
    let worth = values(&model, &spend, &rows.histories(), None, &rows.mean_value, horizon).unwrap();
    let of = &golden["clv_12m_d0.01_freqW"];
    // Its BG/NBD was fitted again on this file, whose times are rounded as in the other.
    all_close("value", &worth, &of["first5"], 1e-4);
    close("value of all", worth.iter().sum(), &of["sum"], 1e-4);
}

#[test]
fn the_holdout_period_is_that_of_lifetimes() {
    let Some((golden, folder)) = golden() else { return };
    let text = std::fs::read_to_string(folder.join("CDNOW_sample.txt")).unwrap();
    let purchase = |line: &str| {
        let cells: Vec<&str> = line.split_whitespace().collect();
        let date: i32 = cells[2].parse().unwrap();
        let day = days_since_1970(date / 10_000, date / 100 % 100, date % 100);
        Purchase { customer: cells[0].parse().unwrap(), day, amount: cells[4].parse().unwrap() }
    };
    let purchases: Vec<Purchase> = text.lines().map(purchase).collect();
    let (end, last) = (days_since_1970(1997, 9, 30), days_since_1970(1998, 6, 30));
    let summary = summarise(&purchases, end, Some(last)).unwrap();
    let of = &golden["holdout_39_39"]["daily"];
    assert_eq!(summary.customer.len() as u64, of["customers"].as_u64().unwrap());
    for (process, name) in NAMES {
        let of = &of[name];
        let model = fit(process, &summary.histories(), None, &FitOptions::default()).unwrap().value.unwrap();
        for (at, parameter) in process.parameter_names().into_iter().enumerate() {
            close(parameter, model.parameters[at], &of["params"][parameter], 1e-3);
        }
        let predicted = model.score(&summary.histories(), None, 273.0).unwrap().purchases;
        let found = calibrate(&summary.histories(), &predicted, &summary.holdout, 273.0).unwrap();
        close("what came", found.actual_total, &golden["holdout_39_39"]["daily"]["holdout_total_actual"], 0.0);
        close("total", found.model.total, &of["pred_total"], 1e-3);
        close("mean absolute error", found.model.mean_absolute, &of["MAE"], 1e-3);
        close("root mean square error", found.model.root_mean_square, &of["RMSE"], 1e-3);
        close("correlation", found.model.correlation, &of["corr"], 1e-3);
        let naive = &golden["holdout_39_39"]["daily"]["naive_rate"];
        close("naive total", found.naive.total, &naive["pred_total"], 1e-6);
        close("naive error", found.naive.mean_absolute, &naive["MAE"], 1e-6);
        assert!(found.model.mean_absolute < found.naive.mean_absolute);
    }
}

/// Howard Hinnant's formula of the civil calendar.
fn days_since_1970(year: i32, month: i32, day: i32) -> i32 {
    let year = if month <= 2 { year - 1 } else { year };
    let era = year.div_euclid(400);
    let of_era = year - era * 400;
    let of_year = (153 * (month + if month > 2 { -3 } else { 9 }) + 2) / 5 + day - 1;
    era * 146_097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719_468
}
