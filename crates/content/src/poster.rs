//! Posters and banners as SVG. Text is measured by classes of characters, a little wide, so that no font of the usual ones runs
//! over; what does not fit at one size is broken into lines of even length, then set smaller, and at last cut between words. Everything from
//! data is escaped, nothing is fetched. Not here: which words (the channel `poster` of [`crate::write`]).

use std::sync::LazyLock;

use language::text::Tokeniser;
use serde::{Deserialize, Serialize};

use crate::write::Draft;

/// What a poster says. From a draft of the channel `poster`, or from anywhere.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Words {
    pub headline: String,
    pub subline: String,
    pub points: Vec<String>,
    pub price: String,
    pub shop: String,
    /// That it is an advertisement.
    pub label: String,
}

impl Words {
    /// The words of a draft of the channel `poster`.
    pub fn of(draft: &Draft, shop: &str) -> Words {
        let text = |name: &str| draft.text(name).unwrap_or_default().to_owned();
        let points =
            ["point_1", "point_2", "point_3"].map(text).into_iter().filter(|point| !point.is_empty()).collect();
        Words {
            headline: text("headline"),
            subline: text("subline"),
            points,
            price: text("price"),
            shop: shop.to_owned(),
            label: text("label"),
        }
    }
}

/// A format.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Format {
    /// 1080 × 1440, for a phone.
    #[default]
    #[serde(rename = "portrait", alias = "poster")]
    Poster,
    /// 1080 × 1080, for posts.
    Square,
    /// 1200 × 400, for the head of a page.
    Banner,
}

impl Format {
    pub const ALL: [Format; 3] = [Format::Poster, Format::Square, Format::Banner];

    /// The name in requests and files.
    pub fn name(self) -> &'static str {
        match self {
            Format::Poster => "portrait",
            Format::Square => "square",
            Format::Banner => "banner",
        }
    }
}

/// Colours, as `#rrggbb`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Palette {
    pub ground: &'static str,
    pub panel: &'static str,
    pub ink: &'static str,
    pub accent: &'static str,
}

/// Palettes to choose from by number; contrast of ink on ground at least 7:1.
pub const PALETTES: &[Palette] = &[
    Palette { ground: "#f5f7fb", panel: "#ffffff", ink: "#141a26", accent: "#1746b0" },
    Palette { ground: "#12161f", panel: "#1c2330", ink: "#f4f6fa", accent: "#7fb0ff" },
    Palette { ground: "#fff6ec", panel: "#ffffff", ink: "#2a1a0c", accent: "#a63d00" },
    Palette { ground: "#eef7f1", panel: "#ffffff", ink: "#10241a", accent: "#0b6640" },
];

/// A line of text where it stands; all lengths in pixels.
#[derive(Clone, Debug, PartialEq)]
pub struct Placed {
    pub text: String,
    pub x: f64,
    /// The base line.
    pub y: f64,
    pub size: f64,
    pub width: f64,
}

/// A poster.
#[derive(Clone, Debug, PartialEq)]
pub struct Poster {
    pub svg: String,
    pub width: f64,
    pub height: f64,
    pub lines: Vec<Placed>,
}

/// A box into which a text is set.
struct Frame {
    x: f64,
    y: f64,
    width: f64,
    height: f64,
    /// The largest and smallest size.
    sizes: (f64, f64),
    lines_max: usize,
    is_bold: bool,
}

fn frame(x: f64, y: f64, width: f64, height: f64, sizes: (f64, f64), lines_max: usize) -> Frame {
    Frame { x, y, width, height, sizes, lines_max, is_bold: false }
}

/// A poster that is being drawn.
struct Drawing {
    palette: Palette,
    body: String,
    lines: Vec<Placed>,
}

impl Drawing {
    fn rectangle(&mut self, (x, y, width, height): (f64, f64, f64, f64), round: f64, fill: &str) {
        self.body.push_str(&format!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{round}\" fill=\"{fill}\"/>\n"
        ));
    }

    /// A circle in the accent, so faint that text stands on it as on the ground.
    fn circle(&mut self, x: f64, y: f64, radius: f64) {
        let accent = self.palette.accent;
        self.body.push_str(&format!(
            "<circle cx=\"{x}\" cy=\"{y}\" r=\"{radius}\" fill=\"{accent}\" fill-opacity=\"0.07\"/>\n"
        ));
    }

    fn text(&mut self, lines: Vec<Placed>, fill: &str, is_bold: bool) {
        let weight = if is_bold { "700" } else { "400" };
        for line in lines {
            self.body.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" font-weight=\"{weight}\" fill=\"{fill}\">{}</text>\n",
                line.x,
                line.y,
                line.size,
                crate::write::escape(&line.text)
            ));
            self.lines.push(line);
        }
    }

    /// Sets a text and tells where it ends.
    fn set(&mut self, text: &str, frame: &Frame, fill: &str) -> f64 {
        let lines = set(text, frame);
        let end = bottom(&lines, frame.y);
        self.text(lines, fill, frame.is_bold);
        end
    }

    /// The shop on the left, and that it is an advertisement on the right.
    fn head(&mut self, words: &Words, (x, y, width): (f64, f64, f64), size: f64) {
        let Palette { ink, accent, .. } = self.palette;
        let label = set(&words.label, &frame(0.0, 0.0, width / 3.0, size, (size * 0.72, size * 0.6), 1));
        let label_width = label.first().map_or(0.0, |line| line.width);
        let shop = Frame {
            is_bold: true,
            ..frame(x + size * 0.9, y, width - label_width - 3.0 * size, size, (size, size * 0.6), 1)
        };
        if !words.shop.trim().is_empty() {
            self.rectangle((x, y + size * 0.22, size * 0.5, size * 0.8), size * 0.12, accent);
            self.set(&words.shop, &shop, ink);
        }
        if let Some(line) = label.into_iter().next() {
            let (left, pad) = (x + width - line.width - size * 0.5, size * 0.5);
            self.body.push_str(&format!(
                "<rect x=\"{:.1}\" y=\"{y:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"{:.1}\" fill=\"none\" stroke=\"{ink}\" stroke-opacity=\"0.55\"/>\n",
                left - pad,
                line.width + 2.0 * pad,
                size * 1.3,
                size * 0.3
            ));
            let placed = Placed { x: left, y: y + size * 0.9, ..line };
            self.text(vec![placed], ink, false);
        }
    }

    /// Points as cards under each other, from `top` to `end`; those for which there is no room are left out.
    fn points(&mut self, points: &[String], (x, width): (f64, f64), (top, end): (f64, f64), sizes: (f64, f64)) {
        let Palette { panel, ink, accent, .. } = self.palette;
        let pad = sizes.0 * 0.7;
        let within = frame(x + 2.0 * pad, 0.0, width - 3.0 * pad, sizes.0 * 2.0 * LEADING, sizes, 2);
        let mut cards: Vec<Vec<Placed>> =
            points.iter().map(|point| set(point, &within)).filter(|one| !one.is_empty()).collect();
        let height = |lines: &Vec<Placed>| bottom(lines, 0.0) + 2.0 * pad;
        let least = sizes.0 * 0.4;
        while !cards.is_empty()
            && cards.iter().map(height).sum::<f64>() + least * (cards.len() as f64 - 1.0) > end - top
        {
            cards.pop();
        }
        let free = end - top - cards.iter().map(height).sum::<f64>();
        let gap = (free / (cards.len() as f64 + 1.0)).clamp(least.min(free.max(0.0)), sizes.0);
        let used = gap * (cards.len() as f64 - 1.0).max(0.0);
        // What is left is shared out above and below.
        let mut y = top + ((free - used) / 2.0).clamp(0.0, 2.0 * sizes.0);
        for lines in cards {
            let tall = height(&lines);
            self.rectangle((x, y, width, tall), 18.0, panel);
            self.rectangle((x, y + pad, 8.0, tall - 2.0 * pad), 4.0, accent);
            let placed = lines.into_iter().map(|line| Placed { y: line.y + y + pad, ..line }).collect();
            self.text(placed, ink, false);
            y += tall + gap;
        }
    }

    /// The price on a ground of its own, that ends at `end`; where it begins.
    fn price(&mut self, price: &str, (x, width): (f64, f64), end: f64, sizes: (f64, f64)) -> f64 {
        let Palette { panel, accent, .. } = self.palette;
        let pad = sizes.0 * 0.7;
        let within = |sizes: (f64, f64), rows: usize| Frame {
            is_bold: true,
            ..frame(x + pad, 0.0, width - 2.0 * pad, sizes.0 * rows as f64 * LEADING, sizes, rows)
        };
        // One large line where the price has room in it.
        let is_whole = |lines: &[Placed]| lines.iter().map(|line| line.text.len()).sum::<usize>() == price.trim().len();
        let one = set(price, &within((sizes.0 * 1.35, sizes.0 * 0.85), 1));
        let lines = if is_whole(&one) { one } else { set(price, &within((sizes.0 * 0.85, sizes.1), 2)) };
        if lines.is_empty() {
            return end;
        }
        let tall = bottom(&lines, 0.0) + 2.0 * pad;
        let top = end - tall;
        self.rectangle((x, top, width, tall), 22.0, accent);
        let placed = lines.into_iter().map(|line| Placed { y: line.y + top + pad, ..line }).collect();
        self.text(placed, panel, true);
        top
    }
}

/// Where the last line ends, descenders included; `otherwise` without one.
fn bottom(lines: &[Placed], otherwise: f64) -> f64 {
    lines.last().map_or(otherwise, |line| line.y + 0.22 * line.size)
}

/// Sets words; `palette` counts round.
pub fn render(words: &Words, format: Format, palette: usize) -> Poster {
    let palette = PALETTES[palette % PALETTES.len()];
    let (width, height) = match format {
        Format::Poster => (1080.0, 1440.0),
        Format::Square => (1080.0, 1080.0),
        Format::Banner => (1200.0, 400.0),
    };
    let mut drawing = Drawing { palette, body: String::new(), lines: Vec::new() };
    match format {
        Format::Banner => banner(&mut drawing, words),
        _ => upright(&mut drawing, words, height),
    }
    let Drawing { body, lines, .. } = drawing;
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"'PingFang SC','Microsoft YaHei','Noto Sans CJK SC','Helvetica Neue',Arial,sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n{body}</svg>",
        palette.ground,
    );
    Poster { svg, width, height, lines }
}

/// From top to bottom: shop, headline, what adds to it, points, price.
fn upright(drawing: &mut Drawing, words: &Words, height: f64) {
    let (x, width) = (90.0, 900.0);
    let is_tall = height > 1200.0;
    let Palette { ink, accent, .. } = drawing.palette;
    drawing.circle(1080.0, 0.0, if is_tall { 520.0 } else { 400.0 });
    drawing.circle(1080.0, 0.0, if is_tall { 340.0 } else { 250.0 });
    drawing.head(words, (x, 84.0, width), 34.0);
    let has_points = !words.points.is_empty();
    // Without points the headline has the sheet to itself.
    let largest = if has_points { 92.0 } else { 120.0 };
    let room = if has_points { height * 0.24 } else { height * 0.4 };
    let headline = Frame { is_bold: true, ..frame(x, height * 0.14, width, room, (largest, 40.0), 3) };
    let end = drawing.set(&words.headline, &headline, ink);
    drawing.rectangle((x, end + 26.0, 96.0, 8.0), 4.0, accent);
    let subline =
        frame(x, end + 62.0, width, if is_tall { 170.0 } else { 110.0 }, (40.0, 26.0), if is_tall { 3 } else { 2 });
    let end = drawing.set(&words.subline, &subline, ink).max(end + 34.0);
    let foot = height - 90.0;
    let top = drawing.price(&words.price, (x, width), foot, (58.0, 30.0));
    let sizes = if is_tall { (42.0, 26.0) } else { (36.0, 24.0) };
    drawing.points(
        &words.points[..words.points.len().min(3)],
        (x, width),
        (end + 44.0, top - if top < foot { 44.0 } else { 0.0 }),
        sizes,
    );
}

/// Headline on the left; price and the first point on the right.
fn banner(drawing: &mut Drawing, words: &Words) {
    let Palette { ink, panel, accent, .. } = drawing.palette;
    let point = words.points.first().map_or("", String::as_str);
    let has_side = !words.price.trim().is_empty() || !point.trim().is_empty();
    let width = if has_side { 680.0 } else { 1080.0 };
    drawing.circle(if has_side { 790.0 } else { 1200.0 }, 0.0, 260.0);
    drawing.head(words, (60.0, 48.0, width), 24.0);
    let headline = Frame { is_bold: true, ..frame(60.0, 108.0, width, 150.0, (60.0, 30.0), 2) };
    let lines = set(&words.headline, &headline);
    let subline = set(&words.subline, &frame(60.0, 0.0, width, 80.0, (28.0, 20.0), 2));
    let (tall, below) = (bottom(&lines, 108.0) - 108.0, bottom(&subline, 0.0));
    // Both together stand in the middle of what the head leaves.
    let down = ((252.0 - tall - below - 18.0) / 2.0).max(0.0);
    drawing.text(lines.into_iter().map(|line| Placed { y: line.y + down, ..line }).collect(), ink, true);
    let top = 108.0 + tall + 18.0 + down;
    drawing.text(subline.into_iter().map(|line| Placed { y: line.y + top, ..line }).collect(), ink, false);
    if !has_side {
        return;
    }
    drawing.rectangle((790.0, 0.0, 410.0, 400.0), 0.0, accent);
    let price = set(&words.price, &Frame { is_bold: true, ..frame(830.0, 0.0, 320.0, 170.0, (46.0, 24.0), 4) });
    let point = set(point, &frame(830.0, 0.0, 320.0, 120.0, (26.0, 20.0), 3));
    let gap = if price.is_empty() || point.is_empty() { 0.0 } else { 26.0 };
    let (first, second) = (bottom(&price, 0.0), bottom(&point, 0.0));
    let top = ((400.0 - first - second - gap) / 2.0).max(20.0);
    drawing.text(price.into_iter().map(|line| Placed { y: line.y + top, ..line }).collect(), panel, true);
    drawing.text(
        point.into_iter().map(|line| Placed { y: line.y + top + first + gap, ..line }).collect(),
        panel,
        false,
    );
}

/// Line height as a multiple of the size.
const LEADING: f64 = 1.28;

/// The lines of a text in its frame, at the largest size at which they fit.
fn set(text: &str, frame: &Frame) -> Vec<Placed> {
    let text = crate::plan::names::clean(text);
    if text.is_empty() {
        return Vec::new();
    }
    let wide = if frame.is_bold { 1.06 } else { 1.0 };
    let pieces = pieces(&text);
    let mut size = frame.sizes.0;
    loop {
        let ems = frame.width / (size * wide);
        let mut lines = broken(&pieces, ems);
        let rows = ((frame.height / (size * LEADING) + 1e-9) as usize).min(frame.lines_max).max(1);
        let is_last = size <= frame.sizes.1;
        // A word that is broken is worse than a smaller letter.
        let is_whole = pieces.iter().all(|piece| piece.width() <= ems);
        if is_last || (lines.len() <= rows && is_whole) {
            lines.truncate(rows);
            return placed(lines, frame, size, wide);
        }
        size = (size * 0.95).max(frame.sizes.1);
    }
}

fn placed(lines: Vec<String>, frame: &Frame, size: f64, wide: f64) -> Vec<Placed> {
    let place = |(nth, text): (usize, String)| Placed {
        x: frame.x,
        y: frame.y + size + nth as f64 * size * LEADING,
        size,
        width: measure(&text) * size * wide,
        text,
    };
    lines.into_iter().enumerate().map(place).collect()
}

/// What is not broken.
#[derive(Clone, Debug, PartialEq)]
struct Piece {
    text: String,
    /// In ems, without the space behind it, and that space.
    own: f64,
    space: f64,
    /// A clause ends with it: the place where a line rather ends.
    ends_clause: bool,
}

impl Piece {
    fn new(text: &str) -> Piece {
        let own = text.trim_end();
        Piece {
            own: measure(own),
            space: measure(&text[own.len()..]),
            ends_clause: own.ends_with(['，', '。', '！', '？', '；', '：', '、', ',', '.', '!', '?', ';', ':', '|']),
            text: text.to_owned(),
        }
    }

    fn width(&self) -> f64 {
        self.own
    }
}

/// Pieces of which lines are balanced; of longer texts they are filled one after the other.
const BALANCED_MAX: usize = 120;

/// Lines of at most so many ems: as few as there can be, then of even length, rather ending where a clause ends. A piece longer
/// than a line is broken where it must be.
fn broken(pieces: &[Piece], ems: f64) -> Vec<String> {
    let pieces: Vec<Piece> = pieces.iter().flat_map(|piece| within(piece, ems)).collect();
    let filled = filled(&pieces, ems);
    let ends =
        if pieces.len() <= BALANCED_MAX { balanced(&pieces, ems, filled.len()).unwrap_or(filled) } else { filled };
    let mut from = 0;
    let lines = ends.into_iter().map(|end| {
        let line: String =
            pieces[std::mem::replace(&mut from, end)..end].iter().map(|piece| piece.text.as_str()).collect();
        line.trim().to_owned()
    });
    lines.filter(|line| !line.is_empty()).collect()
}

/// A piece as pieces that each fit a line.
fn within(piece: &Piece, ems: f64) -> Vec<Piece> {
    if piece.width() <= ems {
        return vec![piece.clone()];
    }
    let mut parts = vec![String::new()];
    for one in piece.text.chars() {
        let last = parts.last().expect("never empty");
        let is_full = measure(last) + measure(one.encode_utf8(&mut [0; 4])) > ems;
        if !last.is_empty() && is_full && !crate::channel::joins_previous(one) {
            parts.push(String::new());
        }
        parts.last_mut().expect("never empty").push(one);
    }
    parts.iter().map(|part| Piece::new(part)).collect()
}

/// Where lines end that are filled one after the other.
fn filled(pieces: &[Piece], ems: f64) -> Vec<usize> {
    let (mut ends, mut used) = (Vec::new(), 0.0);
    for (at, piece) in pieces.iter().enumerate() {
        if used > 0.0 && used + piece.own > ems {
            ends.push(at);
            used = 0.0;
        }
        used += piece.own + piece.space;
    }
    ends.push(pieces.len());
    ends
}

/// Where `n` lines end so that the squares of what they leave empty are least in sum; half as much counts where a clause ends.
fn balanced(pieces: &[Piece], ems: f64, n: usize) -> Option<Vec<usize>> {
    let total = pieces.len();
    // best[k][end]: the cost of k lines that end before `end`, and where the last of them begins.
    let mut best = vec![vec![(f64::INFINITY, 0usize); total + 1]; n + 1];
    best[0][0].0 = 0.0;
    for k in 1..=n {
        for end in 1..=total {
            let mut used = 0.0;
            for from in (0..end).rev() {
                let piece = &pieces[from];
                used += piece.own + if from + 1 < end { piece.space } else { 0.0 };
                if used > ems {
                    break;
                }
                let empty = (ems - used).powi(2) * if pieces[end - 1].ends_clause || end == total { 0.5 } else { 1.0 };
                let cost = best[k - 1][from].0 + empty;
                if cost < best[k][end].0 {
                    best[k][end] = (cost, from);
                }
            }
        }
    }
    if !best[n][total].0.is_finite() {
        return None;
    }
    let mut ends = vec![total];
    for k in (2..=n).rev() {
        ends.push(best[k][*ends.last()?].1);
    }
    ends.reverse();
    Some(ends)
}

/// The pieces of a text: Latin words with the space behind them, Chinese words, each with the signs that close behind it and those
/// that open before it; a number with its unit, particles with the word before them.
fn pieces(text: &str) -> Vec<Piece> {
    static WORDS: LazyLock<Tokeniser> = LazyLock::new(Tokeniser::default);
    let mut ends: Vec<usize> = match text.chars().any(|one| class(one) >= 0.99) {
        true => WORDS.tokenise(text).into_iter().map(|token| token.range.end).collect(),
        false => Vec::new(),
    };
    ends.extend(text.match_indices(' ').map(|(at, _)| at + 1));
    ends.push(text.len());
    ends.sort_unstable();
    ends.dedup();
    let mut found = Vec::new();
    let mut from = 0;
    for end in ends {
        if end > from && text.is_char_boundary(end) && may_break(&text[from..end], &text[end..]) {
            found.push(Piece::new(&text[from..end]));
            from = end;
        }
    }
    found
}

/// Whether a line may end between two parts of a text.
fn may_break(before: &str, after: &str) -> bool {
    let (Some(last), Some(next)) = (before.chars().next_back(), after.chars().next()) else { return true };
    let closes = "，。！？；：、）】》”’,.!?;:)]}%+ ".contains(next)
        || crate::channel::joins_previous(next)
        || last == '\u{200D}';
    let opens = "（【《“‘([{$€£¥₹".contains(last);
    let particle = "的了吗呢吧着".contains(next);
    // An article or a preposition leads on to the next word.
    const LEADING_ON: &[&str] = &["a", "an", "the", "and", "of", "to", "with", "for", "in", "by", "on", "at", "or"];
    let word = before.trim_end().rsplit(' ').next().unwrap_or_default();
    if last == ' ' && LEADING_ON.contains(&word.to_lowercase().as_str()) {
        return false;
    }
    if last == ' ' && is_short_word(word) && begins_with_generation(after) {
        return false;
    }
    // A figure stays with its unit: `8 GB`, `5550 mAh`.
    if last == ' ' && word.ends_with(|one: char| one.is_ascii_digit()) && begins_with_unit(after) {
        return false;
    }
    // 比 leads on to what is compared with.
    if matches!(before, "比" | "从" | "把" | "被") {
        return false;
    }
    let is_latin = |one: char| class(one) < 0.99 && one != ' ';
    let is_figure = last.is_ascii_digit() && !next.is_whitespace();
    !(closes || opens || particle || is_figure || (is_latin(last) && is_latin(next)))
}

/// A word that a number behind it belongs to, `Nimbo 3`, and that is short enough for both to stand on one line.
fn is_short_word(word: &str) -> bool {
    (1..=9).contains(&word.len()) && word.bytes().all(|one| one.is_ascii_alphabetic())
}

/// Whether a text begins with a number of one or two digits that stands alone.
fn begins_with_generation(text: &str) -> bool {
    let n_digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let next = text[n_digits..].chars().next();
    (1..=2).contains(&n_digits) && !next.is_some_and(|one| one.is_ascii_alphanumeric() || "%.,".contains(one))
}

/// Whether a text begins with a unit that is written apart from its figure.
fn begins_with_unit(after: &str) -> bool {
    let unit = after.split([' ', ',', '.', ':', ';', '!', '?', ')']).next().unwrap_or_default();
    !language::text::quantities(&format!("1 {unit}")).is_empty()
}

/// The width of a text in ems.
pub fn measure(text: &str) -> f64 {
    text.chars().map(class).sum()
}

/// The width of a character in ems, by its class: at least what Arial, PingFang and Noto Sans have.
fn class(one: char) -> f64 {
    match one {
        _ if crate::channel::joins_previous(one) => 0.0,
        ' ' => 0.3,
        'i' | 'j' | 'l' | 'I' | '.' | ',' | ':' | ';' | '\'' | '|' | '!' => 0.32,
        'f' | 't' | 'r' | '(' | ')' | '[' | ']' | '-' | '/' => 0.42,
        'm' | 'w' | '%' => 0.92,
        'W' | 'M' | '@' => 1.0,
        '0'..='9' => 0.6,
        'a'..='z' => 0.6,
        'A'..='Z' => 0.78,
        one if u32::from(one) >= 0x1F000 => 1.4,
        one if one.is_ascii() => 0.65,
        one if u32::from(one) < 0x1100 => 0.85,
        _ => 1.05,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(headline: &str) -> Words {
        Words {
            headline: headline.into(),
            subline: "16GB内存、512GB存储和14英寸屏幕".into(),
            points: vec!["三十个网页加一场视频会议，也能一起开着".into(), "<b>&x".into()],
            price: "现在5499元，比标价5999元少500元".into(),
            shop: "小店".into(),
            label: "广告".into(),
        }
    }

    fn holds(poster: &Poster) {
        for line in &poster.lines {
            assert!(line.x >= 0.0 && line.x + line.width <= poster.width - 40.0, "{line:?}");
            assert!(line.y - line.size >= 0.0 && line.y + 0.3 * line.size <= poster.height - 40.0, "{line:?}");
            assert!(line.size >= 16.0);
        }
        let mut sorted = poster.lines.clone();
        sorted.sort_by(|a, b| a.y.total_cmp(&b.y));
        for (at, line) in sorted.iter().enumerate() {
            for other in &sorted[at + 1..] {
                let apart = other.y - other.size >= line.y - 0.05 * line.size
                    || other.x >= line.x + line.width
                    || line.x >= other.x + other.width;
                assert!(apart, "{line:?} meets {other:?}");
            }
        }
    }

    #[test]
    fn text_never_leaves_its_frame() {
        let long = "很长的名字".repeat(80);
        let word = "Supercalifragilistic".repeat(20);
        for headline in [
            "科梵 Velo 2 Pro 上架",
            "New: Samsung Galaxy M33 5G (Mystique Green, 6GB, 128GB Storage)",
            &long,
            &word,
            "😀👨‍👩‍👧‍👦🇨🇳".repeat(30).as_str(),
            "",
        ] {
            for format in Format::ALL {
                for palette in 0..PALETTES.len() {
                    holds(&render(&words(headline), format, palette));
                }
            }
        }
    }

    #[test]
    fn nothing_from_data_is_markup() {
        let svg = render(&words("</text><script>alert(1)</script>"), Format::Poster, 0).svg;
        assert!(!svg.contains("<script") && svg.contains("&lt;") && svg.contains("&lt;b&gt;&amp;"));
        assert!(!svg.contains("href") && !svg.contains("<image"));
    }

    fn lines(text: &str, ems: f64) -> Vec<String> {
        broken(&pieces(text), ems)
    }

    /// By hand: two ems a line hold two Chinese characters of 1.05 only where there is room for 2.1.
    #[test]
    fn lines_are_broken_where_reading_allows() {
        assert_eq!(lines("东。西。南", 2.2), ["东。", "西。", "南"]);
        assert_eq!(lines("ab cd ef", 2.8), ["ab cd", "ef"]);
        assert_eq!(lines("aaaaaaaa", 2.5), ["aaaa", "aaaa"]);
        // Words stay whole, and so does a number with its unit; no line begins with a particle.
        assert_eq!(lines("笔记本电脑的屏幕", 6.4), ["笔记本电脑的", "屏幕"]);
        assert_eq!(lines("一块14英寸屏幕", 4.5), ["一块", "14英寸", "屏幕"]);
        assert_eq!(lines("read and a pen", 5.0), ["read", "and a pen"]);
        // A figure stays with its unit, 比 with what follows it.
        assert_eq!(lines("refresh 120 Hz panel", 4.6), ["refresh", "120 Hz", "panel"]);
        assert_eq!(lines("四千元，比标价少", 5.6), ["四千元，", "比标价少"]);
        // A model stays with the number of its generation.
        assert_eq!(lines("Orbit Nimbo 3 phone", 6.2), ["Orbit", "Nimbo 3", "phone"]);
        assert_eq!(lines("Orbit Nimbo 128 phone", 6.2), ["Orbit Nimbo", "128 phone"]);
    }

    /// Filled one after the other, the first line would hold all but the last word.
    #[test]
    fn lines_are_of_even_length() {
        assert_eq!(lines("aa aa aa aa", 4.6), ["aa aa", "aa aa"]);
        assert_eq!(lines("cccc cc cccc cc", 7.0), ["cccc cc", "cccc cc"]);
    }
}
