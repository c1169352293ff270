//! What one table teaches about preparing the next: how to fill gaps, scale numbers and spread categories. Learned once,
//! kept in a model's folder, and applied to block after block of rows.
//!
//! Every column ends with the variance its weight says, all its outputs together, so that a category of twelve levels
//! counts as much as a number and not twelve times as much: a category's indicators have the variance 1 − Σ p² between
//! them (p the levels' shares), and are divided by its root. To keep the rarest of flags from becoming the loudest of
//! columns, the variance divided by is at least that of a flag which 5 % have. A constant column comes out as zeros.

use std::collections::BTreeMap;

use math::dense::Real;
use serde::{Deserialize, Serialize};

use super::table::{Column, ColumnKind, ColumnSpec, Levels, Scale, Table, Values};
use crate::SegmentError;

/// The variance of a flag that 5 % have.
const VARIANCE_MIN: f64 = 0.05 * 0.95;
/// Between the quartiles of a normal distribution, in standard deviations.
const NORMAL_QUARTILES: f64 = 1.348_979_500_392_163_5;

/// A learned preparation: a function from rows of a table to points.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Preparation {
    columns: Vec<Learned>,
}

/// What was learned of a column.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct Learned {
    spec: ColumnSpec,
    block: Block,
    /// What a gap is told by, after factors; `None` without an indicator.
    missing: Option<f64>,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Block {
    /// (value − centre) × factor; gaps are `fill`.
    Number { centre: f64, factor: f64, fill: f64 },
    /// One output per level, `factor` where the row has it; `other` says whether the last output is that of the folded.
    OneHot { levels: Vec<String>, other: bool, factor: f64, fill: Option<usize> },
}

/// What a coordinate of the points means.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Output {
    /// The column it comes from.
    pub column: String,
    /// The level whose presence it tells; `None` for numbers, and for the indicator of gaps.
    pub level: Option<String>,
    /// Whether it tells the folded levels' presence.
    pub is_other: bool,
    /// Whether it tells that the value is missing.
    pub is_missing: bool,
}

impl Preparation {
    /// Learns from `table`; a sample of the rows will do.
    ///
    /// # Errors
    /// If the table has no row.
    pub fn fit(table: &Table) -> Result<Self, SegmentError> {
        if table.n_rows() == 0 {
            return Err(SegmentError::Empty { n: 0, d: table.columns().len() });
        }
        Ok(Preparation { columns: table.columns().iter().map(Learned::fit).collect() })
    }

    /// The number of coordinates of a point.
    pub fn d(&self) -> usize {
        self.columns.iter().map(Learned::width).sum()
    }

    /// What each coordinate means. Shape: (d).
    pub fn outputs(&self) -> Vec<Output> {
        self.columns.iter().flat_map(Learned::outputs).collect()
    }

    /// The points of a block of rows, one row each, row by row. Shape: (n_rows, d). A level that was not met before is of
    /// the folded ones; if there are none, it has no output.
    ///
    /// # Errors
    /// If the table's columns are not those learned from, by name and kind, in the same order.
    pub fn apply<T: Real>(&self, table: &Table) -> Result<Vec<T>, SegmentError> {
        self.check(table)?;
        let d = self.d();
        let mut out = vec![T::ZERO; table.n_rows() * d];
        let mut first = 0;
        for (learned, column) in self.columns.iter().zip(table.columns()) {
            learned.write(column, first, d, &mut out);
            first += learned.width();
        }
        Ok(out)
    }

    fn check(&self, table: &Table) -> Result<(), SegmentError> {
        let names = |specs: &mut dyn Iterator<Item = &ColumnSpec>| {
            specs.map(|spec| format!("{} ({:?})", spec.name, spec.kind)).collect::<Vec<_>>().join(", ")
        };
        let found = names(&mut table.columns().iter().map(|column| &column.spec));
        let allowed = names(&mut self.columns.iter().map(|learned| &learned.spec));
        if found == allowed { Ok(()) } else { Err(SegmentError::unfit("columns to prepare", found, allowed)) }
    }
}

impl Learned {
    fn fit(column: &Column) -> Self {
        let spec = column.spec.clone();
        let (block, n_missing, n, variance) = match (&column.values, column.numbers()) {
            (Values::Levels(levels), _) => {
                let (block, variance) = one_hot(levels, &spec);
                (block, levels.codes.iter().filter(|code| code.is_none()).count(), levels.codes.len(), variance)
            }
            (_, Some(values)) => {
                let mut known: Vec<f64> = values.iter().copied().flatten().collect();
                known.sort_unstable_by(f64::total_cmp);
                let (block, variance) = number(&known, &spec);
                (block, values.len() - known.len(), values.len(), variance)
            }
            (_, None) => unreachable!("every column is of levels or of numbers"),
        };
        let mut learned = Learned { spec, block, missing: None };
        let share = n_missing as f64 / n as f64;
        let mut total = variance;
        if learned.spec.missing_indicator && n_missing > 0 {
            learned.missing = Some(1.0);
            total += share * (1.0 - share);
        }
        let root = if total > 0.0 { (learned.spec.weight / total.max(VARIANCE_MIN)).sqrt() } else { 0.0 };
        match &mut learned.block {
            Block::Number { factor, .. } | Block::OneHot { factor, .. } => *factor *= root,
        }
        learned.missing = learned.missing.map(|_| root);
        learned
    }

    fn width(&self) -> usize {
        let block = match &self.block {
            Block::Number { .. } => 1,
            Block::OneHot { levels, other, .. } => levels.len() + usize::from(*other),
        };
        block + usize::from(self.missing.is_some())
    }

    fn outputs(&self) -> Vec<Output> {
        let output = |level: Option<&String>, is_other, is_missing| Output {
            column: self.spec.name.clone(),
            level: level.cloned(),
            is_other,
            is_missing,
        };
        let mut outputs = match &self.block {
            Block::Number { .. } => vec![output(None, false, false)],
            Block::OneHot { levels, other, .. } => {
                let known = levels.iter().map(|level| output(Some(level), false, false));
                known.chain(other.then(|| output(None, true, false))).collect()
            }
        };
        outputs.extend(self.missing.map(|_| output(None, false, true)));
        outputs
    }

    fn write<T: Real>(&self, column: &Column, first: usize, d: usize, out: &mut [T]) {
        let mark = |row: &mut [T], is_missing: bool| {
            if let (true, Some(missing)) = (is_missing, self.missing) {
                row[first + self.width() - 1] = T::from_f64(missing);
            }
        };
        match (&self.block, &column.values) {
            (Block::OneHot { levels, other, factor, fill }, Values::Levels(found)) => {
                // Each distinct text is looked up once per block of rows.
                let places: Vec<Option<usize>> = found
                    .names
                    .iter()
                    .map(|name| levels.iter().position(|level| level == name).or(other.then_some(levels.len())))
                    .collect();
                for (row, code) in out.chunks_exact_mut(d).zip(&found.codes) {
                    if let Some(place) = code.map_or(*fill, |code| places[code as usize]) {
                        row[first + place] = T::from_f64(*factor);
                    }
                    mark(row, code.is_none());
                }
            }
            (Block::Number { centre, factor, fill }, _) => {
                let values = column.numbers().expect("a column of numbers");
                for (row, value) in out.chunks_exact_mut(d).zip(values) {
                    row[first] = T::from_f64((value.unwrap_or(*fill) - centre) * factor);
                    mark(row, value.is_none());
                }
            }
            _ => unreachable!("the columns' kinds were compared"),
        }
    }
}

/// The scale of a number from its known values in order, and the variance left after it.
fn number(sorted: &[f64], spec: &ColumnSpec) -> (Block, f64) {
    if sorted.is_empty() {
        return (Block::Number { centre: 0.0, factor: 0.0, fill: 0.0 }, 0.0);
    }
    let median = quantile(sorted, 0.5);
    let mean = sorted.iter().sum::<f64>() / sorted.len() as f64;
    let variance = sorted.iter().map(|value| (value - mean).powi(2)).sum::<f64>() / sorted.len() as f64;
    if spec.kind == ColumnKind::Flag {
        // Gaps get what most have.
        let fill = f64::from(u8::from(mean > 0.5));
        return (Block::Number { centre: mean, factor: 1.0, fill }, variance);
    }
    let spread = match spec.scale {
        Scale::Standard => variance.sqrt(),
        Scale::Robust => (quantile(sorted, 0.75) - quantile(sorted, 0.25)) / NORMAL_QUARTILES,
    };
    // More than half of the values being equal leaves quartiles without distance.
    let spread = if spread > 0.0 { spread } else { variance.sqrt() };
    let centre = if spec.scale == Scale::Robust { median } else { mean };
    // Rounding gives a constant column a variance of its own.
    let is_constant = sorted[0] == sorted[sorted.len() - 1];
    let factor = if is_constant { 0.0 } else { 1.0 / spread };
    (Block::Number { centre, factor, fill: median }, if is_constant { 0.0 } else { 1.0 })
}

/// The levels of a category that get an output, and the variance of their indicators together.
fn one_hot(levels: &Levels, spec: &ColumnSpec) -> (Block, f64) {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for code in levels.codes.iter().flatten() {
        *counts.entry(&levels.names[*code as usize]).or_default() += 1;
    }
    let n: usize = counts.values().sum();
    let mut common: Vec<(&str, usize)> = counts.into_iter().collect();
    common.sort_by_key(|&(_, count)| std::cmp::Reverse(count));
    let share = |count: usize| count as f64 / n as f64;
    let n_kept = common.iter().take_while(|&&(_, count)| share(count) >= spec.share_min).count().min(spec.n_levels_max);
    let folded: usize = common[n_kept..].iter().map(|&(_, count)| count).sum();
    let shares = common[..n_kept].iter().map(|&(_, count)| count).chain((folded > 0).then_some(folded)).map(share);
    let variance = if n == 0 { 0.0 } else { 1.0 - shares.map(|share| share * share).sum::<f64>() };
    let kept = common[..n_kept].iter().map(|&(name, _)| name.to_owned()).collect();
    let fill = (n > 0).then_some(0);
    let constant = n_kept + usize::from(folded > 0) <= 1;
    (Block::OneHot { levels: kept, other: folded > 0, factor: 1.0, fill }, if constant { 0.0 } else { variance })
}

/// The quantile of values in order, between neighbours in proportion (Hyndman and Fan 1996, definition 7).
fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let below = at.floor() as usize;
    let above = (below + 1).min(sorted.len() - 1);
    sorted[below] + (at - below as f64) * (sorted[above] - sorted[below])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn column(name: &str, kind: ColumnKind, values: Values) -> Column {
        Column { spec: ColumnSpec::new(name, kind), values }
    }

    fn numbers(values: &[f64]) -> Values {
        Values::Numbers(values.iter().map(|&value| (!value.is_nan()).then_some(value)).collect())
    }

    fn texts(values: &[&str]) -> Values {
        Values::Levels(values.iter().map(|&text| (!text.is_empty()).then_some(text)).collect())
    }

    fn points(columns: Vec<Column>) -> (Preparation, Vec<f64>) {
        let table = Table::new(columns).unwrap();
        let preparation = Preparation::fit(&table).unwrap();
        let points = preparation.apply(&table).unwrap();
        (preparation, points)
    }

    fn near(found: &[f64], expected: &[f64]) {
        assert_eq!(found.len(), expected.len(), "{found:?}");
        assert!(found.iter().zip(expected).all(|(x, y)| (x - y).abs() < 1e-9), "{found:?}, not {expected:?}");
    }

    #[test]
    fn numbers_are_scaled_and_filled() {
        // Mean 3, variance 2; the gap is the median.
        let values = numbers(&[1.0, 2.0, 3.0, 4.0, 5.0, f64::NAN]);
        let root = 2f64.sqrt();
        near(
            &points(vec![column("x", ColumnKind::Numeric, values.clone())]).1,
            &[-2.0 / root, -1.0 / root, 0.0, 1.0 / root, 2.0 / root, 0.0],
        );
        let mut robust = column("x", ColumnKind::Numeric, values.clone());
        robust.spec.scale = Scale::Robust;
        let step = NORMAL_QUARTILES / 2.0;
        near(&points(vec![robust]).1, &[-2.0 * step, -step, 0.0, step, 2.0 * step, 0.0]);
        // One gap in six is known by a second coordinate; both share the column's variance of one.
        let mut told = column("x", ColumnKind::Numeric, values);
        told.spec.missing_indicator = true;
        let (preparation, found) = points(vec![told]);
        let factor = (1.0 / (1.0 + 5.0 / 36.0f64)).sqrt();
        near(&found[8..], &[2.0 / root * factor, 0.0, 0.0, factor]);
        assert!(preparation.outputs()[1].is_missing);
    }

    #[test]
    fn money_is_compared_by_ratio_and_debts_mirror_credits() {
        let cents = |values: &[i64]| Values::Cents(values.iter().copied().map(Some).collect());
        let (_, found) = points(vec![column("spend", ColumnKind::Money, cents(&[0, 9_900, -9_900]))]);
        near(&found, &[0.0, 1.5f64.sqrt(), -(1.5f64.sqrt())]);
    }

    #[test]
    fn rare_levels_are_folded_and_new_ones_join_them() {
        let mut values = vec!["a"; 60];
        values.extend(["b"; 38]);
        values.extend(["c", "d"]);
        let mut category = column("brand", ColumnKind::Category, texts(&values));
        category.spec.share_min = 0.02;
        let (preparation, found) = points(vec![category.clone()]);
        assert_eq!(preparation.d(), 3);
        assert!(preparation.outputs()[2].is_other);
        let factor = 1.0 / (1.0 - 0.36 - 0.38f64 * 0.38 - 0.0004).sqrt();
        near(&found[..3], &[factor, 0.0, 0.0]);
        near(&found[297..], &[0.0, 0.0, factor]);
        category.values = texts(&["new", "", "b"]);
        let next: Vec<f64> = preparation.apply(&Table::new(vec![category]).unwrap()).unwrap();
        near(&next, &[0.0, 0.0, factor, factor, 0.0, 0.0, 0.0, factor, 0.0]);
    }

    #[test]
    fn a_rare_flag_does_not_drown_the_rest() {
        let flags = |n_true: usize| Values::Flags((0..1000).map(|at| Some(at < n_true)).collect());
        let (_, rare) = points(vec![column("vip", ColumnKind::Flag, flags(1))]);
        assert!(rare[0] - rare[1] < 5.0, "{}", rare[0] - rare[1]);
        let (_, half) = points(vec![column("vip", ColumnKind::Flag, flags(500))]);
        near(&[half[0] - half[999]], &[2.0]);
    }

    #[test]
    fn constant_and_empty_columns_are_zeros() {
        let (preparation, found) = points(vec![
            column("x", ColumnKind::Numeric, numbers(&[0.1, 0.1, 0.1])),
            column("y", ColumnKind::Share, numbers(&[f64::NAN; 3])),
            column("c", ColumnKind::Category, texts(&["a", "a", "a"])),
            column("e", ColumnKind::Category, texts(&["", "", ""])),
            column("f", ColumnKind::Flag, Values::Flags(vec![Some(true); 3])),
        ]);
        assert_eq!(preparation.d(), 4);
        near(&found, &[0.0; 12]);
    }

    #[test]
    fn other_columns_are_refused_and_a_kept_preparation_is_the_same() {
        let (preparation, expected) = points(vec![column("x", ColumnKind::Numeric, numbers(&[0.1, 0.7, 0.3]))]);
        let other = Table::new(vec![column("y", ColumnKind::Numeric, numbers(&[1.0]))]).unwrap();
        let error = preparation.apply::<f32>(&other).unwrap_err().to_string();
        assert!(error.contains("found y (Numeric), allowed x (Numeric)"), "{error}");
        let kept: Preparation = serde_json::from_str(&serde_json::to_string(&preparation).unwrap()).unwrap();
        // Through JSON the last bit of a number may go.
        let table = Table::new(vec![column("x", ColumnKind::Numeric, numbers(&[0.1, 0.7, 0.3]))]).unwrap();
        near(&kept.apply::<f64>(&table).unwrap(), &expected);
        assert_eq!(kept.outputs(), preparation.outputs());
    }

    proptest! {
        /// However many levels a category has, all columns have the variance of their weights; and blocks of rows come out
        /// as the whole table does.
        #[test]
        fn columns_weigh_what_they_should(
            rows in proptest::collection::vec((-1e3..1e3f64, 0u32..6, proptest::option::weighted(0.9, 0.0..1f64)), 30..80),
            weight in 0.1..4f64,
        ) {
            let columns = |rows: &[(f64, u32, Option<f64>)]| {
                let names: Vec<String> = rows.iter().map(|row| format!("level {}", row.1)).collect();
                let mut category = column("c", ColumnKind::Category, Values::Levels(names.iter().map(|name| Some(name.as_str())).collect()));
                category.spec.weight = weight;
                let mut share = column("s", ColumnKind::Share, Values::Numbers(rows.iter().map(|row| row.2).collect()));
                share.spec.missing_indicator = true;
                Table::new(vec![column("x", ColumnKind::Numeric, numbers(&rows.iter().map(|row| row.0).collect::<Vec<_>>())), category, share]).unwrap()
            };
            let table = columns(&rows);
            let preparation = Preparation::fit(&table).unwrap();
            let (d, n) = (preparation.d(), rows.len() as f64);
            let points: Vec<f64> = preparation.apply(&table).unwrap();
            let variance = |at: usize| {
                let mean = points.iter().skip(at).step_by(d).sum::<f64>() / n;
                points.iter().skip(at).step_by(d).map(|value| (value - mean).powi(2)).sum::<f64>() / n
            };
            let outputs = preparation.outputs();
            let of = |name: &str| (0..d).filter(|&at| outputs[at].column == name).map(variance).sum::<f64>();
            prop_assert!((of("x") - 1.0).abs() < 1e-9);
            prop_assert!((of("c") - weight).abs() < 1e-9);
            let halves: Vec<f64> = rows.chunks(17).flat_map(|block| preparation.apply::<f64>(&columns(block)).unwrap()).collect();
            prop_assert_eq!(halves, points);
        }
    }
}
