//! What the statements brought, put together: rows with what they are held against, their shares and changes, in the order asked for.

use std::collections::BTreeMap;

use domain::Day;
use serde::Serialize;

use super::measures::{Dimension, Measure};
use super::period::Calendar;
use super::sql::Part;
use super::{Order, Question, ROWS_MAX, Show};

/// Lines of a chart that can still be told apart.
const LINES_MAX: usize = 8;

/// A row of a statement.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Cells {
    pub label: Option<String>,
    pub at: Option<Day>,
    pub values: Vec<Option<f64>>,
}

/// A row of an answer. Money is in hundredths, shares in parts of one.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Row {
    /// Of what; nothing where the tables say nothing.
    pub label: Option<String>,
    /// The first day of the span of time.
    pub at: Option<Day>,
    pub values: Vec<Option<f64>>,
    /// The same of the time it is held against.
    pub before: Vec<Option<f64>>,
    /// Change of the first measure against it, as a part of it.
    pub change: Option<f64>,
    /// The part of the whole that the first measure is.
    pub share: Option<f64>,
}

/// An answer's figures.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Figures {
    pub rows: Vec<Row>,
    /// All rows together, counted by itself: parts of customers do not add up.
    pub whole: Option<Row>,
    /// Rows beyond those shown.
    pub n_more: usize,
}

/// Puts together what each statement brought.
pub fn figures(question: &Question, results: &[(Part, Vec<Measure>, Vec<Cells>)]) -> Figures {
    let n = question.measures.len();
    let mut rows = gathered(question, results, Part::Rows);
    let other = gathered(question, results, Part::RowsBefore);
    let compared = question.other_period().is_some();
    if compared {
        hold_against(question, &mut rows, other);
    }
    let mut whole = single(gathered(question, results, Part::Whole));
    if let (Some(whole), Some(before)) = (&mut whole, single(gathered(question, results, Part::WholeBefore))) {
        whole.before = before.values;
        whole.change = change(whole.values[0], whole.before[0]);
    }
    if question.by.is_none() && question.over.is_none() && rows.is_empty() {
        rows.push(Row { values: vec![None; n], ..Row::default() });
    }
    if question.by.is_none() && question.over.is_none() {
        for row in &mut rows {
            for values in [&mut row.values, &mut row.before] {
                for (value, measure) in values.iter_mut().zip(&question.measures) {
                    *value = value.or(measure.is_none_without_rows().then_some(0.0));
                }
            }
            row.change = row.before.first().and_then(|before| change(row.values[0], *before));
        }
    }
    if question.show == Show::Share && question.measures[0].adds_up() {
        let of = whole.as_ref().and_then(|whole| whole.values[0]);
        for row in &mut rows {
            row.share = row.values[0].zip(of).filter(|(_, of)| *of != 0.0).map(|(value, of)| value / of);
        }
    }
    fill(question, &mut rows);
    let n_more = put_in_order(question, &mut rows);
    Figures { rows, whole, n_more }
}

fn single(rows: Vec<Row>) -> Option<Row> {
    rows.into_iter().next()
}

/// The rows of a part, those of several statements beside each other.
fn gathered(question: &Question, results: &[(Part, Vec<Measure>, Vec<Cells>)], part: Part) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    let mut places: BTreeMap<(Option<String>, Option<Day>), usize> = BTreeMap::new();
    for (of, measures, cells) in results.iter().filter(|result| result.0 == part) {
        debug_assert_eq!(*of, part);
        for cell in cells {
            let key = (cell.label.clone(), cell.at);
            let place = *places.entry(key).or_insert_with(|| {
                let values = vec![None; question.measures.len()];
                rows.push(Row { label: cell.label.clone(), at: cell.at, values, ..Row::default() });
                rows.len() - 1
            });
            for (measure, value) in measures.iter().zip(&cell.values) {
                if let Some(at) = question.measures.iter().position(|own| own == measure) {
                    rows[place].values[at] = *value;
                }
            }
        }
    }
    rows
}

/// As a part of what was before; nothing where nothing was.
fn change(now: Option<f64>, before: Option<f64>) -> Option<f64> {
    now.zip(before).filter(|(_, before)| *before != 0.0).map(|(now, before)| (now - before) / before.abs())
}

/// Days since the time began, in spans: the third week is held against the third.
fn place_in(at: Day, over: Dimension, first: Day) -> i32 {
    let calendar = calendar_of(over);
    let (mut n, mut span) = (0, calendar.around(first));
    while span.last < at && n < 10_000 {
        span = calendar.around(Day(span.last.0 + 1));
        n += 1;
    }
    n
}

fn calendar_of(over: Dimension) -> Calendar {
    match over {
        Dimension::Week => Calendar::Week,
        Dimension::Month => Calendar::Month,
        Dimension::Quarter => Calendar::Quarter,
        Dimension::Year => Calendar::Year,
        _ => Calendar::Day,
    }
}

fn hold_against(question: &Question, rows: &mut Vec<Row>, other: Vec<Row>) {
    let (Some(period), Some(other_period)) = (&question.period, question.other_period()) else { return };
    let key = |row: &Row, first: Day| {
        (row.label.clone(), row.at.zip(question.over).map(|(at, over)| place_in(at, over, first)))
    };
    let n = question.measures.len();
    let mut before: BTreeMap<_, Vec<Option<f64>>> =
        other.into_iter().map(|row| (key(&row, other_period.first), row.values)).collect();
    for row in rows.iter_mut() {
        row.before = before.remove(&key(row, period.first)).unwrap_or_else(|| vec![None; n]);
        let zero = question.measures[0].adds_up().then_some(0.0);
        row.change = change(row.values[0].or(zero), row.before[0]);
    }
    // What there was then and is no more: a fall to nothing is a fall.
    if question.over.is_none() {
        for ((label, _), values) in before {
            let zero = question.measures.iter().map(|measure| measure.adds_up().then_some(0.0)).collect::<Vec<_>>();
            let change = change(zero[0], values[0]);
            rows.push(Row { label, values: zero, before: values, change, ..Row::default() });
        }
    }
}

/// Spans of time in which nothing was: nothing was sold is a figure too.
fn fill(question: &Question, rows: &mut Vec<Row>) {
    let (Some(over), Some(period), None) = (question.over, &question.period, question.by) else { return };
    if rows.is_empty() || question.order != Order::Natural {
        return;
    }
    let calendar = calendar_of(over);
    let mut found: BTreeMap<Option<Day>, Row> = std::mem::take(rows).into_iter().map(|row| (row.at, row)).collect();
    // What has no beginning begins with what there is.
    let first = if period.is_open() { found.keys().next().copied().flatten() } else { Some(period.first) };
    let mut span = calendar.around(first.unwrap_or(period.first));
    while span.first <= period.last && rows.len() < 10 * ROWS_MAX {
        let nothing = || Row {
            at: Some(span.first),
            values: question.measures.iter().map(|measure| measure.adds_up().then_some(0.0)).collect(),
            ..Row::default()
        };
        let key = Some(if over == Dimension::Day { span.first } else { calendar.around(span.first).first });
        rows.push(found.remove(&key).unwrap_or_else(nothing));
        span = calendar.around(Day(span.last.0 + 1));
    }
    rows.extend(found.into_values());
    rows.sort_by_key(|row| row.at);
}

/// In the order asked for, cut to the number asked for; how many were cut off.
fn put_in_order(question: &Question, rows: &mut Vec<Row>) -> usize {
    if question.by.is_some() && question.over.is_some() {
        return keep_lines(question, rows);
    }
    let by_change = question.ordered_by_change();
    let natural = question.order == Order::Natural && !by_change;
    let keeps = natural && (question.over.is_some() || question.by.is_none_or(Dimension::is_ordered));
    if !keeps {
        let value = |row: &Row| if by_change { row.change } else { row.values[0] };
        let least = question.order == Order::Least;
        rows.sort_by(|a, b| {
            let (left, right) = (value(a), value(b));
            // What is not known comes last either way.
            let known = right.is_some().cmp(&left.is_some());
            let by_value = left.unwrap_or(0.0).total_cmp(&right.unwrap_or(0.0));
            known
                .then(if least { by_value } else { by_value.reverse() })
                .then_with(|| (&a.label, a.at).cmp(&(&b.label, b.at)))
        });
    }
    let most = question.top.unwrap_or(ROWS_MAX);
    let n_more = rows.len().saturating_sub(most);
    rows.truncate(most);
    n_more
}

/// The largest lines, in their order.
fn keep_lines(question: &Question, rows: &mut Vec<Row>) -> usize {
    let mut sums: BTreeMap<Option<String>, f64> = BTreeMap::new();
    for row in rows.iter() {
        *sums.entry(row.label.clone()).or_default() += row.values[0].unwrap_or(0.0);
    }
    let mut lines: Vec<(Option<String>, f64)> = sums.into_iter().collect();
    lines.sort_by(|a, b| b.1.total_cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    if question.order == Order::Least {
        lines.reverse();
    }
    let most = question.top.unwrap_or(LINES_MAX).min(LINES_MAX);
    let n_more = lines.len().saturating_sub(most);
    lines.truncate(most);
    rows.retain(|row| lines.iter().any(|(label, _)| *label == row.label));
    rows.sort_by_key(|row| row.at);
    n_more
}
