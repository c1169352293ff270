//! Times what surrounds clustering: components, a regression, Gower's dissimilarity over a file that
//! `bench/peers/segment/gen.py` wrote, beside `bench/peers/segment/bench_groups.py`; scores, movements and preparation over
//! made-up customers. One JSON line each.
//!
//! ```text
//! cargo run -p tercet-segment --example groups -- pca|logistic FILE.f32
//! cargo run -p tercet-segment --example groups -- gower FILE.f32 N
//! cargo run -p tercet-segment --example groups -- rfm|migration|prepare N
//! ```

use std::fs;
use std::time::Instant;

use domain::{Cents, Day};
use math::Random;
use tercet_segment::features::{
    Column, ColumnKind, ColumnSpec, Covariance, Levels, Pca, Preparation, Table, Values, gower,
};
use tercet_segment::lookalike::{Logistic, LogisticOptions};
use tercet_segment::migration::migrate;
use tercet_segment::rfm::{Activity, Cuts, Rfm};
use tercet_segment::{Month, Points};

fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let argument = |at: usize| arguments.get(at).map_or("", String::as_str);
    rayon::ThreadPoolBuilder::new().num_threads(2).build_global().expect("threads");
    match argument(0) {
        "pca" => pca(argument(1)),
        "logistic" => logistic(argument(1)),
        "gower" => gowers(argument(1), argument(2).parse().expect("N is a number")),
        "rfm" => rfm(argument(1).parse().expect("N is a number")),
        "migration" => migration(argument(1).parse().expect("N is a number")),
        "prepare" => prepare(argument(1).parse().expect("N is a number")),
        other => panic!("unknown case '{other}'"),
    }
}

fn pca(file: &str) {
    let (values, d) = read(file);
    let points = Points::new(&values, values.len() / d, d).expect("usable points");
    timed("pca", points.n(), || {
        let mut covariance = Covariance::new(d);
        covariance.add(points);
        let pca = Pca::fit(&covariance, 2).expect("components");
        let map = pca.project(points);
        format!("\"variances\": {:?}, \"first\": {:?}", pca.variances, map.row(0))
    });
}

/// Rows whose first two coordinates, with a wave on them, are large.
fn logistic(file: &str) {
    let (values, d) = read(file);
    let points = Points::new(&values, values.len() / d, d).expect("usable points");
    let truth = |(row, x): (usize, &[f32])| f64::from(x[0] + x[1]) + 8.0 * (row as f64 * 1.7).sin() > 14.0;
    let is_positive: Vec<bool> = points.rows().enumerate().map(truth).collect();
    timed("logistic", points.n(), || {
        let found = Logistic::fit(points, &is_positive, &LogisticOptions::default()).expect("a regression");
        format!(
            "\"positives\": {}, \"steps\": {}, \"intercept\": {}, \"first\": {:?}",
            is_positive.iter().filter(|&&positive| positive).count(),
            found.n_steps,
            found.intercept,
            &found.coefficients[..2]
        )
    });
}

/// Half of the columns as numbers, half cut into categories.
fn gowers(file: &str, n: usize) {
    let (values, d) = read(file);
    let column = |at: usize| values.iter().skip(at).step_by(d).take(n);
    let columns = (0..d).map(|at| {
        if at % 2 == 0 {
            let numbers = column(at).map(|&value| Some(f64::from(value))).collect();
            Column { spec: ColumnSpec::new(at.to_string(), ColumnKind::Numeric), values: Values::Numbers(numbers) }
        } else {
            let names: Vec<String> = column(at).map(|value| (value / 4.0).floor().to_string()).collect();
            let levels: Levels = names.iter().map(|name| Some(name.as_str())).collect();
            Column { spec: ColumnSpec::new(at.to_string(), ColumnKind::Category), values: Values::Levels(levels) }
        }
    });
    let table = Table::new(columns.collect()).expect("a table");
    timed("gower", n, || {
        let found = gower(&table, 2).expect("distances");
        format!("\"mean\": {}", found.iter().map(|&x| f64::from(x)).sum::<f64>() / found.len() as f64)
    });
}

fn rfm(n: usize) {
    let mut random = Random::new(1);
    let activities: Vec<Activity> = (0..n)
        .map(|_| Activity {
            recency_days: random.below(720) as i32,
            n_days: 1 + (random.uniform() * random.uniform() * 30.0) as u32,
            monetary_cents: Cents((random.uniform().powi(4) * 1e6) as i64),
        })
        .collect();
    timed("rfm", n, || {
        let cuts = Cuts::learn(&activities).expect("customers");
        let mut rfm = Rfm::default();
        activities.iter().for_each(|activity| rfm.add(activity, cuts.score(activity)));
        format!("\"champions\": {}", rfm.groups()[0].n_customers)
    });
}

/// Five days with a purchase per customer over 24 months.
fn migration(n: usize) {
    let mut random = Random::new(1);
    let mut days: Vec<(u32, Day, Cents)> = (0..5 * n)
        .map(|_| {
            (random.below(n) as u32, Day(19_723 + random.below(730) as i32), Cents(100 + random.below(90_000) as i64))
        })
        .collect();
    days.sort_unstable_by_key(|&(customer, day, _)| (day, customer));
    timed("migration", n, || {
        let (first, last) = (Month(2024 * 12), Month(2025 * 12 + 11));
        let found = migrate(days.iter().copied(), n, first, last, 365).expect("a movement");
        format!("\"steps\": {}, \"new\": {}", found.steps.len(), found.steps[0].n_new())
    });
}

/// Eight columns of each kind of row, in blocks of 65,536.
fn prepare(n: usize) {
    let mut random = Random::new(1);
    let names: Vec<String> = (0..12).map(|at| format!("level {at}")).collect();
    let columns = (0..8).map(|at| {
        let known = |random: &mut Random| random.uniform() > 0.1;
        let (kind, values) = match at % 4 {
            0 => {
                let values = (0..n).map(|_| known(&mut random).then(|| random.uniform())).collect();
                (ColumnKind::Numeric, Values::Numbers(values))
            }
            1 => {
                let values = (0..n).map(|_| known(&mut random).then(|| random.below(1_000_000) as i64)).collect();
                (ColumnKind::Money, Values::Cents(values))
            }
            2 => {
                let levels = (0..n).map(|_| known(&mut random).then(|| names[random.below(12)].as_str()));
                (ColumnKind::Category, Values::Levels(levels.collect()))
            }
            _ => {
                let values = (0..n).map(|_| known(&mut random).then(|| random.uniform() > 0.7)).collect();
                (ColumnKind::Flag, Values::Flags(values))
            }
        };
        Column { spec: ColumnSpec::new(at.to_string(), kind), values }
    });
    let table = Table::new(columns.collect()).expect("a table");
    timed("prepare", n, || {
        let preparation = Preparation::fit(&table).expect("a preparation");
        let points: Vec<f32> = preparation.apply(&table).expect("points");
        format!("\"d\": {}, \"sum\": {}", preparation.d(), points.iter().map(|&x| f64::from(x)).sum::<f64>())
    });
}

fn timed(case: &str, n: usize, run: impl FnOnce() -> String) {
    let (wall, cpu) = (Instant::now(), cpu_seconds());
    let result = run();
    let (wall, cpu) = (wall.elapsed().as_secs_f64(), cpu_seconds() - cpu);
    println!(
        "{{\"who\": \"tercet\", \"case\": \"{case}\", \"n\": {n}, \"cpu_s\": {cpu:.2}, \"wall_s\": {wall:.2}, {result}}}"
    );
}

/// Values, and the number of columns.
fn read(file: &str) -> (Vec<f32>, usize) {
    let bytes = fs::read(file).expect("FILE can be read");
    assert_eq!(&bytes[..4], b"F32M", "not a matrix file");
    let d = u64::from_le_bytes(bytes[12..20].try_into().expect("eight bytes")) as usize;
    (bytes[20..].as_chunks::<4>().0.iter().map(|&four| f32::from_le_bytes(four)).collect(), d)
}

/// Of the whole process, all threads, in ticks of 10 ms.
fn cpu_seconds() -> f64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux");
    let fields: Vec<&str> = stat.rsplit(')').next().expect("fields").split_whitespace().collect();
    fields[11..13].iter().map(|ticks| ticks.parse::<f64>().expect("a number") / 100.0).sum()
}
