//! Posters and banners as SVG. Text is measured by classes of characters, a little wide, so that no font of the usual ones runs
//! over; what does not fit at one size is broken into lines, then set smaller, and at last cut between words. Everything from
//! data is escaped, nothing is fetched. Not here: which words (the channel `poster` of [`crate::write`]).

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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Format {
    /// 1080 × 1440, for a phone.
    Poster,
    /// 1200 × 400, for the head of a page.
    Banner,
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
    is_accent: bool,
}

/// Sets words; `palette` counts round.
pub fn render(words: &Words, format: Format, palette: usize) -> Poster {
    let palette = PALETTES[palette % PALETTES.len()];
    let (width, height, frames) = match format {
        Format::Poster => (1080.0, 1440.0, poster_frames(words)),
        Format::Banner => (1200.0, 400.0, banner_frames(words)),
    };
    let mut lines = Vec::new();
    let mut body = String::new();
    for (text, frame) in frames {
        for line in set(text, &frame) {
            let fill = if frame.is_accent { palette.accent } else { palette.ink };
            let weight = if frame.is_bold { "700" } else { "400" };
            // A font wider than measured is pressed into the measured width by the renderer.
            let pressed = if line.width > 0.8 * frame.width {
                format!(" textLength=\"{:.1}\" lengthAdjust=\"spacingAndGlyphs\"", line.width)
            } else {
                String::new()
            };
            body.push_str(&format!(
                "<text x=\"{:.1}\" y=\"{:.1}\" font-size=\"{:.1}\" font-weight=\"{weight}\" fill=\"{fill}\"{pressed}>{}</text>\n",
                line.x,
                line.y,
                line.size,
                crate::write::escape(&line.text)
            ));
            lines.push(line);
        }
    }
    let svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}\" height=\"{height}\" viewBox=\"0 0 {width} {height}\" font-family=\"'PingFang SC','Microsoft YaHei','Noto Sans CJK SC',Arial,sans-serif\">\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"{}\"/>\n<rect x=\"40\" y=\"40\" width=\"{}\" height=\"{}\" rx=\"24\" fill=\"{}\"/>\n\
         <rect x=\"40\" y=\"40\" width=\"12\" height=\"{}\" rx=\"6\" fill=\"{}\"/>\n{body}</svg>",
        palette.ground,
        width - 80.0,
        height - 80.0,
        palette.panel,
        height - 80.0,
        palette.accent,
    );
    Poster { svg, width, height, lines }
}

fn frame(x: f64, y: f64, width: f64, height: f64, sizes: (f64, f64), lines_max: usize) -> Frame {
    Frame { x, y, width, height, sizes, lines_max, is_bold: false, is_accent: false }
}

fn poster_frames(words: &Words) -> Vec<(&str, Frame)> {
    let (left, wide) = (110.0, 860.0);
    let mut frames = vec![
        (words.shop.as_str(), frame(left, 100.0, wide, 60.0, (34.0, 20.0), 1)),
        (words.headline.as_str(), Frame { is_bold: true, ..frame(left, 210.0, wide, 280.0, (92.0, 40.0), 3) }),
        (words.subline.as_str(), frame(left, 520.0, wide, 150.0, (42.0, 26.0), 3)),
    ];
    for (nth, point) in words.points.iter().take(3).enumerate() {
        let y = 720.0 + 140.0 * nth as f64;
        frames.push((point.as_str(), frame(left, y, wide, 120.0, (44.0, 26.0), 2)));
    }
    frames.push((
        words.price.as_str(),
        Frame { is_bold: true, is_accent: true, ..frame(left, 1160.0, wide, 150.0, (64.0, 30.0), 2) },
    ));
    frames.push((words.label.as_str(), frame(left, 1330.0, 300.0, 40.0, (24.0, 18.0), 1)));
    frames
}

fn banner_frames(words: &Words) -> Vec<(&str, Frame)> {
    let points = words.points.first().map_or("", String::as_str);
    vec![
        (words.shop.as_str(), frame(90.0, 62.0, 660.0, 34.0, (22.0, 16.0), 1)),
        (words.headline.as_str(), Frame { is_bold: true, ..frame(90.0, 104.0, 660.0, 130.0, (56.0, 28.0), 2) }),
        (words.subline.as_str(), frame(90.0, 246.0, 660.0, 72.0, (28.0, 18.0), 2)),
        (points, frame(790.0, 104.0, 330.0, 110.0, (28.0, 18.0), 3)),
        (
            words.price.as_str(),
            Frame { is_bold: true, is_accent: true, ..frame(790.0, 226.0, 330.0, 96.0, (40.0, 20.0), 2) },
        ),
        (words.label.as_str(), frame(90.0, 326.0, 200.0, 28.0, (18.0, 16.0), 1)),
    ]
}

/// Line height as a multiple of the size.
const LEADING: f64 = 1.25;

/// The lines of a text in its frame, at the largest size at which they fit.
fn set(text: &str, frame: &Frame) -> Vec<Placed> {
    let text = crate::plan::names::clean(text);
    if text.is_empty() {
        return Vec::new();
    }
    let mut size = frame.sizes.0;
    let wide = if frame.is_bold { 1.06 } else { 1.0 };
    loop {
        let lines = broken(&text, frame.width / (size * wide));
        let rows = ((frame.height / (size * LEADING)) as usize).min(frame.lines_max).max(1);
        if lines.len() <= rows || size <= frame.sizes.1 {
            let mut kept = lines;
            kept.truncate(rows);
            return placed(kept, frame, size, wide);
        }
        size = (size * 0.94).max(frame.sizes.1);
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

/// Lines of at most so many ems: broken at spaces and between Chinese characters, never before a sign that closes; a word
/// longer than a line is broken where it must be.
fn broken(text: &str, ems: f64) -> Vec<String> {
    let mut lines = vec![String::new()];
    for piece in pieces(text) {
        let line = lines.last().expect("never empty").clone();
        if measure(line.trim_end()) + measure(piece.trim_end()) + measure(&line[line.trim_end().len()..]) <= ems {
            lines.last_mut().expect("never empty").push_str(&piece);
            continue;
        }
        if !line.trim().is_empty() {
            lines.push(String::new());
        }
        // A piece that fits no line goes over several.
        for one in piece.chars() {
            let last = lines.last_mut().expect("never empty");
            if !last.is_empty()
                && !crate::channel::joins_previous(one)
                && measure(last) + measure(one.encode_utf8(&mut [0; 4])) > ems
            {
                lines.push(String::new());
            }
            lines.last_mut().expect("never empty").push(one);
        }
    }
    lines.iter().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect()
}

/// What is not broken: Latin words with the space behind them, Chinese characters with the signs that close behind them.
fn pieces(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let mut before = ' ';
    for one in text.chars() {
        let closes = "，。！？；：、）】》”’,.!?;:)]}%".contains(one);
        let is_wide = class(one) >= 0.99;
        let begins = !closes
            && !crate::channel::joins_previous(one)
            && (before == ' ' && one != ' ' || is_wide || class(before) >= 0.99 && one != ' ');
        match found.last_mut() {
            Some(piece) if !begins => piece.push(one),
            _ => found.push(one.to_string()),
        }
        before = one;
    }
    found
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
            for format in [Format::Poster, Format::Banner] {
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

    /// By hand: two ems a line hold two Chinese characters of 1.05 only where there is room for 2.1.
    #[test]
    fn lines_are_broken_where_reading_allows() {
        assert_eq!(broken("一二三。四", 2.2), ["一二", "三。", "四"]);
        assert_eq!(broken("ab cd ef", 2.8), ["ab cd", "ef"]);
        assert_eq!(broken("aaaaaaaa", 2.5), ["aaaa", "aaaa"]);
    }
}
