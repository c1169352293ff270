//! The content stream of a page, carried out as far as text goes: which words stand where, how large (ISO 32000-1, 9.4).
//! Not here: how words become lines and paragraphs (see `layout`).

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::rc::Rc;

use super::file::File;
use super::fonts::Font;
use super::objects::{Dict, Lexer, Object};

/// A stretch of text on one line.
#[derive(Clone, Debug, PartialEq)]
pub struct Run {
    pub text: String,
    /// Left end, right end, base line, in the page's units; y grows upwards.
    pub left: f64,
    pub right: f64,
    pub base: f64,
    /// Height of the font as it appears.
    pub size: f64,
}

/// Forms within forms.
const DEPTH_MAX: usize = 6;
/// What carrying out a form counts for, beside what it unpacks to.
const FORM_WORK: usize = 4096;
/// Fonts of a document.
const FONTS_MAX: usize = 2000;
/// Characters of one page.
const GLYPHS_MAX: usize = 2_000_000;
/// Operands before an operator.
const OPERANDS_MAX: usize = 64;

/// Two by two and a shift: [a, b, c, d, e, f].
type Matrix = [f64; 6];
const UNIT: Matrix = [1.0, 0.0, 0.0, 1.0, 0.0, 0.0];

fn times(a: Matrix, b: Matrix) -> Matrix {
    [
        a[0] * b[0] + a[1] * b[2],
        a[0] * b[1] + a[1] * b[3],
        a[2] * b[0] + a[3] * b[2],
        a[2] * b[1] + a[3] * b[3],
        a[4] * b[0] + a[5] * b[2] + b[4],
        a[4] * b[1] + a[5] * b[3] + b[5],
    ]
}

#[derive(Clone)]
struct State {
    matrix: Matrix,
    font: Option<Rc<Font>>,
    size: f64,
    character_space: f64,
    word_space: f64,
    scale: f64,
    leading: f64,
    rise: f64,
}

/// Reads pages; keeps the fonts it has met.
pub struct Reader<'f, 'a> {
    file: &'f File<'a>,
    fonts: BTreeMap<u32, Rc<Font>>,
    runs: Vec<Run>,
    n_fonts: usize,
    n_glyphs: usize,
    /// Characters of which nobody knows what they are.
    pub n_unknown: usize,
    pub n_known: usize,
    /// Pictures that were met.
    pub n_pictures: usize,
}

struct Text {
    matrix: Matrix,
    line: Matrix,
}

impl<'f, 'a> Reader<'f, 'a> {
    pub fn new(file: &'f File<'a>) -> Self {
        Reader {
            file,
            fonts: BTreeMap::new(),
            runs: Vec::new(),
            n_fonts: 0,
            n_glyphs: 0,
            n_unknown: 0,
            n_known: 0,
            n_pictures: 0,
        }
    }

    /// The text of a page.
    pub fn page(&mut self, content: &[u8], resources: &Dict) -> Vec<Run> {
        self.n_glyphs = 0;
        let state = State {
            matrix: UNIT,
            font: None,
            size: 0.0,
            character_space: 0.0,
            word_space: 0.0,
            scale: 1.0,
            leading: 0.0,
            rise: 0.0,
        };
        self.carry_out(content, resources, state, 0);
        std::mem::take(&mut self.runs)
    }

    fn carry_out(&mut self, content: &[u8], resources: &Dict, state: State, depth: usize) {
        let mut state = state;
        let mut saved: Vec<State> = Vec::new();
        let mut text = Text { matrix: UNIT, line: UNIT };
        let mut operands: Vec<Object> = Vec::new();
        let mut lexer = Lexer::new(content, 0);
        while let Some(object) = lexer.next() {
            let Object::Operator(word) = object else {
                if operands.len() < OPERANDS_MAX {
                    operands.push(object);
                }
                continue;
            };
            match word.as_str() {
                "q" if saved.len() < 256 => saved.push(state.clone()),
                "Q" => state = saved.pop().unwrap_or(state),
                "cm" => state.matrix = times(matrix_of(&operands), state.matrix),
                "BI" => skip_picture(&mut lexer),
                "Do" => self.object(&operands, resources, &state, depth),
                "Tf" => {
                    state.size = number(&operands, 1);
                    state.font = operands.first().and_then(Object::name).and_then(|name| self.font(resources, name));
                }
                word => self.text_operator(word, &operands, &mut state, &mut text),
            }
            operands.clear();
            if self.n_glyphs > GLYPHS_MAX {
                return;
            }
        }
    }

    fn text_operator(&mut self, word: &str, operands: &[Object], state: &mut State, text: &mut Text) {
        let new_line = |text: &mut Text, x: f64, y: f64| {
            text.line = times([1.0, 0.0, 0.0, 1.0, x, y], text.line);
            text.matrix = text.line;
        };
        match word {
            "BT" => *text = Text { matrix: UNIT, line: UNIT },
            "Tc" => state.character_space = number(operands, 0),
            "Tw" => state.word_space = number(operands, 0),
            "Tz" => state.scale = number(operands, 0) / 100.0,
            "TL" => state.leading = number(operands, 0),
            "Ts" => state.rise = number(operands, 0),
            "Td" => new_line(text, number(operands, 0), number(operands, 1)),
            "TD" => {
                state.leading = -number(operands, 1);
                new_line(text, number(operands, 0), number(operands, 1));
            }
            "Tm" => {
                text.line = matrix_of(operands);
                text.matrix = text.line;
            }
            "T*" => new_line(text, 0.0, -state.leading),
            "Tj" => self.show(operands.first(), state, text),
            "'" => {
                new_line(text, 0.0, -state.leading);
                self.show(operands.first(), state, text);
            }
            "\"" => {
                state.word_space = number(operands, 0);
                state.character_space = number(operands, 1);
                new_line(text, 0.0, -state.leading);
                self.show(operands.get(2), state, text);
            }
            "TJ" => {
                for part in operands.first().and_then(Object::array).unwrap_or(&[]) {
                    match part {
                        Object::Number(back) => advance(text, -back / 1000.0 * state.size * state.scale),
                        part => self.show(Some(part), state, text),
                    }
                }
            }
            _ => {}
        }
    }

    fn show(&mut self, string: Option<&Object>, state: &State, text: &mut Text) {
        let (Some(Object::Text(bytes)), Some(font)) = (string, state.font.clone()) else { return };
        let place = times(text.matrix, state.matrix);
        let size = (place[2].hypot(place[3]) * state.size).abs();
        let start = (place[4] + state.rise * place[2], place[5] + state.rise * place[3]);
        let mut shown = String::new();
        for glyph in font.glyphs(bytes) {
            self.n_glyphs += 1;
            match glyph.text.is_empty() {
                true => self.n_unknown += 1,
                false => self.n_known += 1,
            }
            shown.push_str(&glyph.text);
            let space = state.character_space + if glyph.is_space { state.word_space } else { 0.0 };
            advance(text, (glyph.width * state.size + space) * state.scale);
        }
        let end = times(text.matrix, state.matrix);
        let is_finite = [start.0, start.1, end[4], size].iter().all(|value| value.is_finite());
        if !shown.is_empty() && is_finite && size > 0.0 {
            self.runs.push(Run { text: shown, left: start.0, right: end[4], base: start.1, size });
        }
    }

    fn font(&mut self, resources: &Dict, name: &str) -> Option<Rc<Font>> {
        let fonts = self.category(resources, "Font")?;
        let entry = fonts.get(name)?;
        let number = if let Object::Reference(number) = entry { Some(*number) } else { None };
        if let Some(known) = number.and_then(|number| self.fonts.get(&number)) {
            return Some(known.clone());
        }
        self.n_fonts += 1;
        if self.n_fonts > FONTS_MAX {
            return None;
        }
        let Some(Object::Dict(dict)) = self.file.resolve(entry) else { return None };
        let font = Rc::new(Font::read(self.file, &dict));
        if let Some(number) = number {
            self.fonts.insert(number, font.clone());
        }
        Some(font)
    }

    /// The resources of one kind, without a copy where they stand in place.
    fn category<'r>(&self, resources: &'r Dict, kind: &str) -> Option<Cow<'r, Dict>> {
        match resources.get(kind)? {
            Object::Dict(dict) => Some(Cow::Borrowed(dict)),
            _ => self.file.dict_of(resources, kind).map(Cow::Owned),
        }
    }

    /// A form is content within the content; a picture is counted.
    fn object(&mut self, operands: &[Object], resources: &Dict, state: &State, depth: usize) {
        let Some(name) = operands.first().and_then(Object::name) else { return };
        let Some(objects) = self.category(resources, "XObject") else { return };
        let Some(Object::Reference(number)) = objects.get(name) else { return };
        let Some(Object::Dict(dict)) = self.file.resolve(&Object::Reference(*number)) else { return };
        if self.file.of(&dict, "Subtype").is_some_and(|kind| kind.name() == Some("Image")) {
            self.n_pictures += 1;
            return;
        }
        if depth >= DEPTH_MAX || self.file.charge(FORM_WORK).is_none() {
            return;
        }
        let Some((dict, content)) = self.file.stream(*number) else { return };
        let matrix = match self.file.of(&dict, "Matrix") {
            Some(Object::Array(parts)) => matrix_of(&parts),
            _ => UNIT,
        };
        let own = self.file.dict_of(&dict, "Resources");
        let inner = State { matrix: times(matrix, state.matrix), ..state.clone() };
        self.carry_out(&content, own.as_ref().unwrap_or(resources), inner, depth + 1);
    }
}

fn advance(text: &mut Text, x: f64) {
    text.matrix = times([1.0, 0.0, 0.0, 1.0, x, 0.0], text.matrix);
}

fn number(operands: &[Object], at: usize) -> f64 {
    operands.get(at).and_then(Object::number).unwrap_or(0.0)
}

fn matrix_of(operands: &[Object]) -> Matrix {
    if operands.len() < 6 {
        return UNIT;
    }
    std::array::from_fn(|at| number(operands, at))
}

/// Passes over a picture that stands in the content itself: `BI … ID … EI`.
fn skip_picture(lexer: &mut Lexer<'_>) {
    let rest = lexer.bytes.get(lexer.at..).unwrap_or(&[]);
    let end = memchr::memmem::find_iter(rest, b"EI").find(|at| {
        let around = |at: Option<usize>| at.and_then(|at| rest.get(at)).is_none_or(u8::is_ascii_whitespace);
        around(at.checked_sub(1)) && around(Some(at + 2))
    });
    lexer.at += end.map_or(rest.len(), |end| end + 2);
}
