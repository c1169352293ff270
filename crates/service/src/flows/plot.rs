//! An evaluation as a picture: bars with intervals, as text for a terminal and as SVG for a file.

use std::fmt::Write as _;

use super::evaluate::Evaluation;
use super::models::Interval;

/// The measure to draw: NDCG at the first k, else whatever comes first.
pub fn measure_of(evaluation: &Evaluation) -> Option<String> {
    let wanted = format!("ndcg@{}", evaluation.k.first()?);
    let metrics = &evaluation.rows.first()?.metrics;
    if metrics.contains_key(&wanted) { Some(wanted) } else { metrics.keys().next().cloned() }
}

fn bars<'a>(evaluation: &'a Evaluation, measure: &str) -> Vec<(&'a str, Interval)> {
    let mut bars: Vec<_> =
        evaluation.rows.iter().filter_map(|row| Some((row.card.as_str(), *row.metrics.get(measure)?))).collect();
    bars.sort_by(|a, b| b.1.mean.total_cmp(&a.1.mean));
    bars
}

/// One line per algorithm: a bar to the mean, a dash over the interval.
pub fn text(evaluation: &Evaluation, measure: &str, width: usize) -> String {
    let bars = bars(evaluation, measure);
    let highest = bars.iter().map(|(_, found)| found.high).fold(f64::MIN_POSITIVE, f64::max);
    let name_width = bars.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    let place = |value: f64| ((value / highest).clamp(0.0, 1.0) * width as f64).round() as usize;
    let mut plot = format!("{measure} ({} split)\n", evaluation.split);
    for (name, found) in bars {
        let (low, mean, high) = (place(found.low), place(found.mean), place(found.high));
        let bar: String = (0..width)
            .map(|at| {
                if at < mean.min(low) {
                    '█'
                } else if at < mean {
                    '▓'
                } else if at < high {
                    '░'
                } else {
                    ' '
                }
            })
            .collect();
        let _ = writeln!(plot, "{name:name_width$} {bar} {:.4} [{:.4}, {:.4}]", found.mean, found.low, found.high);
    }
    plot
}

/// The same as SVG, self-contained.
pub fn svg(evaluation: &Evaluation, measure: &str) -> String {
    const LEFT: f64 = 150.0;
    const WIDE: f64 = 480.0;
    const ROW: f64 = 30.0;
    let bars = bars(evaluation, measure);
    let highest = bars.iter().map(|(_, found)| found.high).fold(f64::MIN_POSITIVE, f64::max);
    let x = |value: f64| LEFT + (value / highest).clamp(0.0, 1.0) * WIDE;
    let height = 50.0 + ROW * bars.len() as f64;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"760\" height=\"{height}\" font-family=\"sans-serif\" font-size=\"13\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n<text x=\"10\" y=\"22\" font-size=\"15\">{} ({} split, {} users)</text>\n",
        escaped(measure),
        escaped(&evaluation.split),
        evaluation.n_users
    );
    for (at, (name, found)) in bars.iter().enumerate() {
        let y = 40.0 + ROW * at as f64;
        let middle = y + 9.0;
        let _ =
            writeln!(svg, "<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{}</text>", LEFT - 8.0, y + 13.0, escaped(name));
        let _ = writeln!(
            svg,
            "<rect x=\"{LEFT}\" y=\"{y}\" width=\"{:.1}\" height=\"18\" fill=\"#4c78a8\"/>",
            x(found.mean) - LEFT
        );
        let _ = writeln!(
            svg,
            "<line x1=\"{:.1}\" y1=\"{middle}\" x2=\"{:.1}\" y2=\"{middle}\" stroke=\"#222\" stroke-width=\"2\"/>",
            x(found.low),
            x(found.high)
        );
        let _ = writeln!(svg, "<text x=\"{:.1}\" y=\"{}\">{:.4}</text>", x(found.high) + 8.0, y + 13.0, found.mean);
    }
    svg.push_str("</svg>\n");
    svg
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::super::evaluate::EvaluationRow;
    use super::*;

    fn example() -> Evaluation {
        let row = |card: &str, mean: f64| EvaluationRow {
            card: card.to_owned(),
            settings: Default::default(),
            metrics: [("ndcg@10".to_owned(), Interval { mean, low: mean - 0.05, high: mean + 0.05 })].into(),
            fit_seconds: 1.0,
        };
        Evaluation {
            id: "e".to_owned(),
            at: 0,
            split: "temporal".to_owned(),
            k: vec![10],
            seed: 1,
            n_users: 5,
            n_test: 5,
            data_version: String::new(),
            rows: vec![row("popularity", 0.10), row("ease<", 0.35)],
        }
    }

    #[test]
    fn the_best_stands_first_and_names_are_escaped() {
        let example = example();
        assert_eq!(measure_of(&example).as_deref(), Some("ndcg@10"));
        let plot = text(&example, "ndcg@10", 20);
        let lines: Vec<_> = plot.lines().collect();
        assert!(lines[1].starts_with("ease<"), "{plot}");
        assert!(lines[1].contains("0.3500 [0.3000, 0.4000]"), "{plot}");
        let svg = svg(&example, "ndcg@10");
        assert!(svg.contains("ease&lt;") && !svg.contains("ease<"));
    }
}
