//! Pictures of a report as SVG: bars of periods with what was last year, and steps from one sum to another. Only attributes, no style and no
//! script, so that a picture looks the same in a page, a mail and a print. Not here: which picture stands where.

use std::fmt::Write;

use super::html::escaped;
use super::told::{Bar, Picture};
use super::words::{Lang, number};

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 240.0;
const LEFT: f64 = 76.0;
const RIGHT: f64 = 8.0;
const TOP: f64 = 16.0;
const BOTTOM: f64 = 28.0;
const TICKS: usize = 4;
const LABELS_MAX: usize = 13;

const INK: &str = "#4b5563";
const LINE: &str = "#e5e7eb";
const BAR: &str = "#a9c4f5";
const DARK: &str = "#1d4ed8";
const BESIDE: &str = "#b45309";
const MORE: &str = "#0f766e";
const LESS: &str = "#b91c1c";

/// A scale of whole steps that holds all values and nothing.
struct Scale {
    low: f64,
    high: f64,
    step: f64,
}

impl Scale {
    fn of(values: impl Iterator<Item = f64>) -> Scale {
        let (mut low, mut high) = (0.0_f64, 0.0_f64);
        for value in values.filter(|value| value.is_finite()) {
            (low, high) = (low.min(value), high.max(value));
        }
        if high - low < 1e-9 {
            high = low + 1.0;
        }
        let rough = (high - low) / TICKS as f64;
        let power = 10_f64.powf(rough.log10().floor());
        let step =
            [1.0, 2.0, 2.5, 5.0, 10.0].iter().map(|of| of * power).find(|step| *step >= rough).unwrap_or(10.0 * power);
        Scale { low: (low / step).floor() * step, high: (high / step).ceil() * step, step }
    }

    fn y(&self, value: f64) -> f64 {
        TOP + (HEIGHT - TOP - BOTTOM) * (self.high - value) / (self.high - self.low)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> + '_ {
        let n = ((self.high - self.low) / self.step).round() as usize;
        (0..=n).map(|at| self.low + self.step * at as f64)
    }
}

/// The picture with its frame; `currency` is that of its money.
pub fn svg(picture: &Picture, currency: &str, lang: Lang) -> String {
    let ends = running(picture);
    let values =
        ends.iter().flat_map(|(from, to)| [*from, *to]).chain(picture.bars.iter().filter_map(|bar| bar.beside));
    let scale = Scale::of(values);
    let mut made = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"100%\" role=\"img\" aria-label=\"{}\" font-family=\"sans-serif\" font-size=\"11\">",
        escaped(lang.of(&picture.said))
    );
    for tick in scale.ticks() {
        let y = scale.y(tick);
        let _ = write!(
            made,
            "<line x1=\"{LEFT}\" x2=\"{}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{LINE}\"/><text x=\"{}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"{INK}\">{}</text>",
            WIDTH - RIGHT,
            LEFT - 6.0,
            y + 4.0,
            escaped(&compact(tick, &picture.unit, currency, lang)),
        );
    }
    let pitch = (WIDTH - LEFT - RIGHT) / picture.bars.len().max(1) as f64;
    let every = picture.bars.len().div_ceil(LABELS_MAX).max(1);
    for (at, (bar, (from, to))) in picture.bars.iter().zip(&ends).enumerate() {
        let x = LEFT + pitch * at as f64;
        let (top, bottom) = (scale.y(from.max(*to)), scale.y(from.min(*to)));
        let (wide, color) = (pitch * 0.72, color_of(picture, at));
        let shown = number(bar.value, &picture.unit, currency);
        let _ = write!(
            made,
            "<rect x=\"{:.1}\" y=\"{top:.1}\" width=\"{wide:.1}\" height=\"{:.1}\" fill=\"{color}\"><title>{} {}</title></rect>",
            x + pitch * 0.14,
            (bottom - top).max(0.5),
            escaped(lang.of(&bar.label)),
            escaped(&shown),
        );
        if let Some(beside) = bar.beside {
            let y = scale.y(beside);
            let _ = write!(
                made,
                "<line x1=\"{:.1}\" x2=\"{:.1}\" y1=\"{y:.1}\" y2=\"{y:.1}\" stroke=\"{BESIDE}\" stroke-width=\"2\"/>",
                x + pitch * 0.06,
                x + pitch * 0.94
            );
        }
        let is_last = at + 1 == picture.bars.len();
        // Counted from the end, so that the last has its label.
        if (picture.bars.len() - 1 - at).is_multiple_of(every) {
            label(&mut made, x + pitch / 2.0, bar, lang, is_last && picture.form == "periods");
        }
        if picture.form == "steps" {
            let _ = write!(
                made,
                "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{INK}\">{}</text>",
                x + pitch / 2.0,
                top - 3.0,
                escaped(&shown)
            );
        }
    }
    made.push_str("</svg>");
    made
}

fn label(made: &mut String, x: f64, bar: &Bar, lang: Lang, is_bold: bool) {
    let weight = if is_bold { " font-weight=\"bold\"" } else { "" };
    let _ = write!(
        made,
        "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"{INK}\"{weight}>{}</text>",
        HEIGHT - 8.0,
        escaped(lang.of(&bar.label))
    );
}

/// From where to where each bar goes.
fn running(picture: &Picture) -> Vec<(f64, f64)> {
    let n = picture.bars.len();
    let mut at = 0.0;
    let one = |(nth, bar): (usize, &Bar)| {
        if picture.form != "steps" || nth == 0 || nth + 1 == n {
            at = bar.value;
            return (0.0, bar.value);
        }
        let from = at;
        at += bar.value;
        (from, at)
    };
    picture.bars.iter().enumerate().map(one).collect()
}

fn color_of(picture: &Picture, at: usize) -> &'static str {
    let is_end = at == 0 || at + 1 == picture.bars.len();
    match (picture.form.as_str(), is_end) {
        ("steps", false) if picture.bars[at].value < 0.0 => LESS,
        ("steps", false) => MORE,
        ("steps", true) => BAR,
        _ if at + 1 == picture.bars.len() => DARK,
        _ => BAR,
    }
}

/// In thousands or millions, as axes have it.
fn compact(value: f64, unit: &str, currency: &str, lang: Lang) -> String {
    let amount = if unit == "money" { value / 100.0 } else { value };
    let steps: [(f64, &str); 2] = match lang {
        Lang::Zh => [(1e8, "亿"), (1e4, "万")],
        Lang::En => [(1e6, "M"), (1e3, "k")],
    };
    match steps.iter().find(|(size, _)| amount.abs() >= *size) {
        Some((size, sign)) => {
            let text = format!("{:.2}", amount / size);
            let text = text.trim_end_matches('0').trim_end_matches('.').replace('-', "−");
            format!("{text}{sign}")
        }
        None => number(value, unit, currency),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::told::text;

    fn picture(form: &str, values: &[f64]) -> Picture {
        let bar = |value: &f64| Bar { label: text("周", "<w>"), value: *value, beside: Some(100.0) };
        Picture {
            title: text("图", "picture"),
            said: text("图", "a \"picture\""),
            form: form.to_owned(),
            unit: "money".to_owned(),
            bars: values.iter().map(bar).collect(),
            source: 1,
        }
    }

    #[test]
    fn steps_go_on_from_where_the_last_ended() {
        let made = running(&picture("steps", &[100.0, 30.0, -50.0, 80.0]));
        assert_eq!(made, [(0.0, 100.0), (100.0, 130.0), (130.0, 80.0), (0.0, 80.0)]);
    }

    #[test]
    fn scales_hold_all_values() {
        for values in [&[0.0, 0.0][..], &[1.0, 7.3], &[-5.0, 1234.0], &[-3.0, -2.0], &[f64::NAN, 4.0]] {
            let scale = Scale::of(values.iter().copied());
            let all = values.iter().filter(|value| value.is_finite());
            assert!(
                all.clone().all(|value| scale.low <= *value && *value <= scale.high)
                    && scale.low <= 0.0
                    && scale.high >= 0.0
            );
            assert!((2..=8).contains(&scale.ticks().count()), "{values:?}");
        }
    }

    #[test]
    fn what_is_written_in_it_is_escaped() {
        for form in ["periods", "steps"] {
            let made = svg(&picture(form, &[1e6, -2e6, 0.0]), "CNY", Lang::En);
            assert!(
                made.contains("&lt;w&gt;") && made.contains("&quot;picture&quot;") && !made.contains("<w>"),
                "{made}"
            );
            assert!(!made.contains("NaN") && !made.contains("style"), "{made}");
            assert_eq!(made.matches("<rect").count(), 3);
        }
    }
}
