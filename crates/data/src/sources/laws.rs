//! Laws that reading must keep on whatever is thrown at it: values come back as they were written, the rows of a file
//! do not depend on how it is cut into blocks, every row is kept or rejected exactly once, and no bytes make it panic.
//! The cases come from a seeded generator: a failing one repeats. Not here: what single texts mean; that stands beside
//! each parser.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use datafusion::arrow::array::AsArray;
use datafusion::arrow::datatypes::TimestampMillisecondType;
use datafusion::arrow::record_batch::RecordBatch;
use encoding_rs::{BIG5, Encoding, GB18030, SHIFT_JIS, UTF_8, WINDOWS_1252};
use jiff::civil::DateTime;
use jiff::tz::TimeZone;

use super::dates::{Clockwork, DateOrder, Written, parse};
use super::encoding::Transcoder;
use super::mapping::Mapping;
use super::profile::{Profile, Said};
use super::read::{Read, RowSink, read_all};
use super::{FileReport, ImportError, ImportRequest, import_into, money, numbers, presets, units};

const NOW_MS: i64 = 1_767_225_600_000;

/// SplitMix64 (Steele, Lea, Flood 2014).
struct Dice(u64);

impl Dice {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }

    fn between(&mut self, low: i64, high: i64) -> i64 {
        low + (self.next() % (high - low) as u64) as i64
    }

    fn one_of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len())]
    }

    /// Up to `n_max` of the pieces, joined.
    fn text(&mut self, pieces: &[&str], n_max: usize) -> String {
        (0..self.below(n_max + 1)).map(|_| self.one_of(pieces)).collect()
    }
}

/// Pieces of which texts are made that look like values and are not.
const ODD: &[&str] = &[
    "0", "1", "9", "42", "2023", "1299", ".", ",", "-", "+", "/", ":", " ", "(", ")", "%", "e", "E9", "$", "€", "￥",
    "₹", "万", "元", "USD", "kr", "Rs.", "NaN", "inf", "年", "月", "日", "时", "Jan", "May ", "T", "Z", "+08:00", "AM",
    "pm", "GB", "kg", "mAh", "x", "×", "\"", "'", "英寸", "\u{a0}", "\u{202f}", "−", "，", "null", "\0", "\u{FFFD}",
    "🙂", "[", "{", ";", "|",
];

#[test]
fn arbitrary_texts_are_read_or_refused() {
    let mut dice = Dice(1);
    let zone = TimeZone::get("America/New_York").unwrap();
    for _ in 0..60_000 {
        let text = dice.text(ODD, 9);
        for order in [None, Some(DateOrder::DayFirst), Some(DateOrder::MonthFirst)] {
            if let Some(written) = parse(&text, order) {
                let mut clock = Clockwork::new(zone.clone());
                let _ = (clock.instant(written), clock.day(written));
            }
        }
        let _ = (money::cents(&text), numbers::integer(&text), numbers::boolean(&text));
        assert!(numbers::float(&text).is_none_or(f64::is_finite), "{text:?}");
        let identifier = numbers::identifier(&text);
        assert_eq!(numbers::identifier(&identifier), identifier, "{text:?}");
        let name =
            dice.one_of(&["memory", "storage", "weight", "cpu_clock", "screen_size", "resolution", "battery", "power"]);
        let spec = units::normalise(name, &text, None);
        assert_eq!(units::normalise(name, &spec, None), spec, "{name}: {text:?}");
    }
}

fn stamp(at: DateTime) -> i64 {
    TimeZone::UTC.to_timestamp(at).unwrap().as_millisecond()
}

#[test]
fn times_come_back_in_every_form() {
    let mut dice = Dice(2);
    let months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    for _ in 0..4000 {
        let second = dice.between(0, 130 * 365 * 86_400);
        let at = TimeZone::UTC.to_datetime(jiff::Timestamp::from_second(second).unwrap());
        let (y, m, d) = (at.year(), at.month(), at.day());
        let (hh, mm, ss) = (at.hour(), at.minute(), at.second());
        let (ms, day) = (stamp(at), stamp(at.date().at(0, 0, 0, 0)));
        let minute = ms - i64::from(ss) * 1000;
        let month = months[m as usize - 1];
        let (half, mark) = ((hh + 11) % 12 + 1, if hh < 12 { "AM" } else { "PM" });
        let serial = day / 86_400_000 + 25_569;
        for (text, order, expected) in [
            (format!("{y}-{m:02}-{d:02}"), None, Written::Local(day)),
            (format!("{y}-{m:02}-{d:02} {hh:02}:{mm:02}:{ss:02}"), None, Written::Local(ms)),
            (format!("{y}-{m:02}-{d:02}T{hh:02}:{mm:02}:{ss:02}.250"), None, Written::Local(ms + 250)),
            (format!("{y}-{m:02}-{d:02}T{hh:02}:{mm:02}:{ss:02}Z"), None, Written::Utc(ms)),
            (format!("{y}-{m:02}-{d:02}T{hh:02}:{mm:02}:{ss:02}+05:30"), None, Written::Utc(ms - 19_800_000)),
            (format!("{y}-{m:02}-{d:02} {hh:02}:{mm:02}:{ss:02} UTC"), None, Written::Utc(ms)),
            (format!("{y}/{m}/{d} {hh}:{mm:02}"), None, Written::Local(minute)),
            (format!("{y}.{m:02}.{d:02}"), None, Written::Local(day)),
            (format!("{y}{m:02}{d:02}"), None, Written::Local(day)),
            (format!("{y}{m:02}{d:02}{hh:02}{mm:02}{ss:02}"), None, Written::Local(ms)),
            (format!("{d}/{m}/{y}"), Some(DateOrder::DayFirst), Written::Local(day)),
            (format!("{d:02}.{m:02}.{y} {hh:02}:{mm:02}"), Some(DateOrder::DayFirst), Written::Local(minute)),
            (format!("{m}/{d}/{y} {half}:{mm:02}:{ss:02} {mark}"), Some(DateOrder::MonthFirst), Written::Local(ms)),
            (format!("{m:02}-{d:02}-{y}"), Some(DateOrder::MonthFirst), Written::Local(day)),
            (format!("{d} {month} {y}"), None, Written::Local(day)),
            (format!("{month} {d}, {y}"), None, Written::Local(day)),
            (format!("{y}年{m}月{d}日"), None, Written::Local(day)),
            (format!("{y}年{m:02}月{d:02}日 {hh}时{mm}分{ss}秒"), None, Written::Local(ms)),
            (format!("{y}年{m}月{d}日 {hh:02}:{mm:02}"), None, Written::Local(minute)),
            (format!("{serial}"), None, Written::Local(day)),
        ] {
            assert_eq!(parse(&text, order), Some(expected), "{text}");
        }
        // Counts from the epoch have as many digits as today's.
        if ms >= 1_000_000_000_000 {
            assert_eq!(parse(&second.to_string(), None), Some(Written::Utc(ms)));
            assert_eq!(parse(&(ms + 7).to_string(), None), Some(Written::Utc(ms + 7)));
            assert_eq!(parse(&format!("{second}.5"), None), Some(Written::Utc(ms + 500)));
        }
    }
}

#[test]
fn local_times_are_placed_as_the_calendar_places_them() {
    let mut dice = Dice(3);
    let names = ["Asia/Shanghai", "Europe/London", "America/New_York", "Asia/Kolkata", "Australia/Lord_Howe", "UTC"];
    for name in names {
        let zone = TimeZone::get(name).unwrap();
        let mut clock = Clockwork::new(zone.clone());
        for _ in 0..3000 {
            // Around the nights of late March, early April and October, when clocks change, and anywhere.
            let year = dice.between(1995, 2036) as i16;
            let month = dice.one_of(&[3, 4, 10, 11, 1, 7]);
            let at = jiff::civil::date(year, month, dice.between(1, 31) as i8).at(
                dice.below(24) as i8,
                dice.below(60) as i8,
                0,
                0,
            );
            let expected = zone.to_ambiguous_timestamp(at).compatible().unwrap().as_millisecond();
            assert_eq!(clock.instant(Written::Local(stamp(at))), Some(expected), "{at} in {name}");
            let day = zone.to_datetime(jiff::Timestamp::from_millisecond(expected).unwrap()).date();
            let expected_day = (stamp(day.at(0, 0, 0, 0)) / 86_400_000) as i32;
            assert_eq!(clock.day(Written::Utc(expected)), Some(expected_day), "{at} in {name}");
        }
    }
}

/// Digits with a mark between groups of three, or, as in India, of two before the last three.
fn grouped(value: i64, mark: &str, indian: bool) -> String {
    let digits = value.to_string();
    let mut out = String::new();
    for (i, digit) in digits.chars().enumerate() {
        let left = digits.len() - i;
        let ends_group = if indian { left == 3 || (left > 3 && left % 2 == 1) } else { left.is_multiple_of(3) };
        if i > 0 && ends_group {
            out.push_str(mark);
        }
        out.push(digit);
    }
    out
}

#[test]
fn amounts_come_back_in_every_form() {
    let mut dice = Dice(4);
    for _ in 0..20_000 {
        let n_digits = dice.below(12) as u32 + 1;
        let cents = dice.between(0, 10i64.pow(n_digits));
        let (whole, part) = (cents / 100, cents % 100);
        let (us, india) = (grouped(whole, ",", false), grouped(whole, ",", true));
        for (text, expected) in [
            (format!("{whole}.{part:02}"), cents),
            (format!("{whole}"), whole * 100),
            (format!("${us}.{part:02}"), cents),
            (format!("USD {us}.{part:02} "), cents),
            (format!("￥{us}.{part:02}元"), cents),
            (format!("₹{india}.{part:02}"), cents),
            (format!("{},{part:02} €", grouped(whole, ".", false)), cents),
            (format!("€ {whole},{part:02}"), cents),
            (format!("{},{part:02} kr", grouped(whole, "\u{a0}", false)), cents),
            (format!("CHF {}.{part:02}", grouped(whole, "'", false)), cents),
            (format!("-${us}.{part:02}"), -cents),
            (format!("({us}.{part:02})"), -cents),
            (format!("{us}.{part:02}-"), -cents),
            (format!("{whole}.{part:02}万"), cents * 10_000),
        ] {
            assert_eq!(money::cents(&text), Some(expected), "{text:?}");
        }
        let signed = if dice.below(2) == 0 { whole } else { -whole };
        assert_eq!(numbers::integer(&signed.to_string()), Some(signed));
        assert_eq!(numbers::integer(&format!("{us}.0")), Some(whole), "{us}.0");
        assert_eq!(numbers::float(&format!("{us}.{part:02}")), Some(format!("{whole}.{part:02}").parse().unwrap()));
        assert_eq!(numbers::identifier(&format!("{whole}.0")), whole.to_string());
    }
}

#[test]
fn a_quantity_has_one_spelling() {
    let mut dice = Dice(5);
    for _ in 0..2000 {
        let gb = dice.one_of(&[1i64, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 256, 512]);
        let grams = dice.between(20, 9000);
        for (name, spellings) in [
            (
                "memory",
                vec![
                    format!("{gb}GB"),
                    format!("{gb} gb"),
                    format!("{gb}.0 GB"),
                    format!("{} MB", gb * 1024),
                    gb.to_string(),
                ],
            ),
            ("weight", vec![format!("{grams}g"), format!("{grams} 克"), format!("{:.3} kg", grams as f64 / 1000.0)]),
            ("battery", vec![format!("{grams}mAh"), format!("{grams} mah"), format!("{:.3}Ah", grams as f64 / 1000.0)]),
            ("power", vec![format!("{grams} W"), format!("{grams}瓦"), format!("{:.3}kW", grams as f64 / 1000.0)]),
            (
                "resolution",
                vec![format!("{grams}x{gb}00"), format!("{gb}00 × {grams}"), format!("IPS {grams}*{gb}00 px")],
            ),
        ] {
            let normal: BTreeSet<String> = spellings.iter().map(|text| units::normalise(name, text, None)).collect();
            assert_eq!(normal.len(), 1, "{name}: {spellings:?} became {normal:?}");
        }
    }
}

/// What a transcoder makes of `bytes` in pieces of random length.
fn transcoded(dice: &mut Dice, chosen: Option<&'static Encoding>, bytes: &[u8]) -> (String, &'static str) {
    let sample = &bytes[..bytes.len().min(40)];
    let mut transcoder = Transcoder::new(chosen, sample, sample.len() == bytes.len());
    let (mut output, mut at) = (Vec::new(), 0);
    while at < bytes.len() {
        let end = (at + 1 + dice.below(9)).min(bytes.len());
        transcoder.push(&bytes[at..end], &mut output, false);
        at = end;
    }
    transcoder.push(&[], &mut output, true);
    (String::from_utf8_lossy(&output).into_owned(), transcoder.name())
}

#[test]
fn text_survives_every_encoding_however_it_is_cut() {
    let mut dice = Dice(6);
    let chinese = ["商品", "手机", "电脑", "价格", "的", "年", "北京", "1", "a", ",", "\n"];
    let western = ["Zürich", "São Paulo", "é ", "naïve", "x", ",", "1", "\n"];
    for round in 0..3000 {
        let (pieces, encodings): (&[&str], &[&'static Encoding]) =
            if round % 2 == 0 { (&chinese, &[UTF_8, GB18030]) } else { (&western, &[UTF_8, WINDOWS_1252]) };
        let text = format!("id,city\n{}", dice.text(pieces, 40));
        for encoding in encodings {
            let (bytes, _, _) = encoding.encode(&text);
            assert_eq!(transcoded(&mut dice, Some(encoding), &bytes).0, text, "{}", encoding.name());
            // Enough Chinese to be recognised; a lone accent is, unless it continues as UTF-8 would.
            let is_plain = text.is_ascii();
            if round % 2 == 1 || text.chars().filter(|c| !c.is_ascii()).count() > 3 || is_plain {
                let (found, name) = transcoded(&mut dice, None, &bytes);
                assert_eq!(found, text, "{} read as {name}", encoding.name());
            }
        }
        let marked = [b"\xEF\xBB\xBF".as_slice(), text.as_bytes()].concat();
        assert_eq!(transcoded(&mut dice, None, &marked).0, text);
        for big in [false, true] {
            let units = std::iter::once(0xFEFF).chain(text.encode_utf16());
            let bytes: Vec<u8> = units.flat_map(|u| if big { u.to_be_bytes() } else { u.to_le_bytes() }).collect();
            assert_eq!(transcoded(&mut dice, None, &bytes).0, text);
        }
        let noise: Vec<u8> = (0..dice.below(60)).map(|_| dice.next() as u8).collect();
        for encoding in [None, Some(UTF_8), Some(GB18030), Some(BIG5), Some(SHIFT_JIS), Some(WINDOWS_1252)] {
            transcoded(&mut dice, encoding, &noise);
        }
    }
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    fn file(&self, name: &str, bytes: &[u8]) -> PathBuf {
        let path = self.0.path().join(name);
        std::fs::File::create(&path).and_then(|mut file| file.write_all(bytes)).unwrap();
        path
    }
}

/// The same rows and the same faulty lines whatever the size of the blocks.
fn check_blocks(path: &Path, said: &Said, record_bytes_max: usize, what: &str) -> Option<Read> {
    let mut profile = Profile::of(path, said).ok()?;
    let whole = read_all(&profile, record_bytes_max).unwrap();
    for block_bytes in [1, 2, 3, 7, 16, 61, 200] {
        profile.block_bytes = block_bytes;
        let cut = read_all(&profile, record_bytes_max).unwrap();
        assert_eq!(cut.rows, whole.rows, "rows with blocks of {block_bytes}: {what:?}");
        let kinds = |read: &Read| -> Vec<(u64, bool)> {
            read.faults.iter().map(|(line, reason)| (*line, reason.starts_with("a field in quotes"))).collect()
        };
        let faults = (&cut.faults, &whole.faults);
        assert_eq!(kinds(&cut), kinds(&whole), "faults with blocks of {block_bytes}: {what:?} {faults:?}");
    }
    Some(whole)
}

#[test]
fn rows_of_delimited_text_do_not_depend_on_blocks() {
    let mut dice = Dice(7);
    let folder = Folder::new();
    let cells = [
        "",
        "1",
        "x y",
        "15.6\"",
        "\"q\"",
        "\"a,b\"",
        "\"two\nlines\"",
        "\"say \"\"hi\"\"\"",
        "\"\"",
        "\"cr\r\nlf\"",
        "岁",
        "é",
        "\"open",
        "b\"",
        "\"tail\"x",
        "\"tail\"::",
        "\"two\nlines\"x",
        "::",
        "a rather long value, longer than most, which does not fit in a short record",
    ];
    let (mut n_rows, mut n_faults) = (0, 0);
    for round in 0..700 {
        // Few faults in most files, so that the rest is read as meant.
        let n_cells = if round % 3 == 0 { cells.len() } else { 12 };
        let delimiter = dice.one_of(&[",", ";", "\t", "::"]);
        let mut text = format!("{}a{delimiter}b{delimiter}c\n", "\n".repeat(dice.below(3)));
        for _ in 0..dice.below(14) {
            let n = if dice.below(8) == 0 { dice.below(5) } else { 3 };
            let row: Vec<&str> = (0..n).map(|_| dice.one_of(&cells[..n_cells])).collect();
            text.push_str(&row.join(delimiter));
            text.push_str(dice.one_of(&["\n", "\n", "\r\n"]));
        }
        let mut bytes = text.into_bytes();
        if dice.below(4) == 0 {
            let at = dice.below(bytes.len());
            bytes[at] = 0xFF;
        }
        let path = folder.file("a.csv", &bytes);
        let said = Said { delimiter: Some(delimiter.to_owned()), encoding: Some("utf-8".to_owned()), header: None };
        let what = String::from_utf8_lossy(&bytes);
        if let Some(read) = check_blocks(&path, &said, 50, &what) {
            (n_rows, n_faults) = (n_rows + read.rows.len(), n_faults + read.faults.len());
        }
    }
    assert!(n_rows > 1000 && n_faults > 500, "{n_rows} rows and {n_faults} faults were met");
}

#[test]
fn rows_of_json_do_not_depend_on_blocks() {
    let mut dice = Dice(8);
    let folder = Folder::new();
    let objects = [
        "{\"a\":1}",
        "{\"a\":\"x,y\",\"b\":[1,{\"c\":2}]}",
        "{\"a\":\"]}\\\"\"}",
        "{\"a\":{\"b\":null}}",
        "{\"b\":\"岁\"}",
        "{ \"a\" : 2 , \"d\" : \"\\\\\" }",
        "{broken",
        "7",
        "\"text\"",
        "{\"a\":}",
        "[1,2]",
        "{\"a\":\"a value which is far too long for the limit that this test sets\"}",
    ];
    let (mut n_rows, mut n_faults) = (0, 0);
    for round in 0..600 {
        // `{broken` never ends in an array, so only some files have it.
        let n_kinds = if round % 4 == 0 { objects.len() } else { 6 };
        let all: Vec<&str> = (0..dice.below(9)).map(|_| dice.one_of(&objects[..n_kinds])).collect();
        let lines =
            all.iter().map(|object| format!("{object}{}", dice.one_of(&["\n", "\n\n", "\r\n"]))).collect::<String>();
        let space = dice.one_of(&[",", " ,\n", ",\n  "]);
        let array = format!("[{}]", all.join(space));
        let inside = format!("{{\"n\":[1],\"items\":{array},\"more\":[{{\"z\":1}}]}}\n");
        for (name, text) in [("a.jsonl", lines), ("a.json", array), ("b.json", inside)] {
            let path = folder.file(name, text.as_bytes());
            let Some(read) = check_blocks(&path, &Said::default(), 48, &text) else { continue };
            if n_kinds == 6 && !all.is_empty() {
                assert_eq!((read.rows.len(), read.faults.len()), (all.len(), 0), "{name}: {text}");
            }
            (n_rows, n_faults) = (n_rows + read.rows.len(), n_faults + read.faults.len());
        }
    }
    assert!(n_rows > 3000 && n_faults > 300, "{n_rows} rows and {n_faults} faults were met");
}

/// A quote that is opened and not closed costs its own line, wherever blocks end; fields over several lines beside it
/// are read as meant.
#[test]
fn a_stray_quote_costs_its_own_line() {
    let mut dice = Dice(14);
    let folder = Folder::new();
    let (mut n_rows, mut n_faults) = (0, 0);
    for _ in 0..150 {
        let (mut text, mut line) = ("a,b,c\n".to_owned(), 2);
        let (mut kept, mut faulty) = (Vec::new(), Vec::new());
        for _ in 0..dice.below(12) {
            let (row, is_good) = dice.one_of(&[
                ("1,plain,x\n", true),
                ("1,\"two\nlines\",\"q\"\n", true),
                ("1,\"crlf\r\n\r\nlines\" ,x\r\n", true),
                ("1,\"open,x\n", false),
                ("\"open,y,x\r\n", false),
                ("1,\"15.6\" screen\",x\n", false),
            ]);
            text.push_str(row);
            if is_good {
                kept.push(line)
            } else {
                faulty.push(line)
            }
            line += row.matches('\n').count() as u64;
        }
        let path = folder.file("a.csv", text.as_bytes());
        let said = Said { delimiter: Some(",".to_owned()), ..Said::default() };
        let read = check_blocks(&path, &said, 1 << 20, &text).unwrap();
        let rows: Vec<u64> = read.rows.iter().map(|(line, _)| *line).collect();
        let faults: Vec<u64> = read.faults.iter().map(|(line, _)| *line).collect();
        assert_eq!((rows, faults), (kept, faulty), "{text:?}");
        (n_rows, n_faults) = (n_rows + read.rows.len(), n_faults + read.faults.len());
    }
    assert!(n_rows > 200 && n_faults > 200, "{n_rows} rows and {n_faults} faults were met");
}

/// A field as RFC 4180 writes it.
fn quoted(field: &str, delimiter: char, always: bool) -> String {
    let needs = field.contains([delimiter, '"', '\n', '\r']) || field.starts_with(' ') || always;
    if needs { format!("\"{}\"", field.replace('"', "\"\"")) } else { field.to_owned() }
}

#[test]
fn fields_come_back_as_written() {
    let mut dice = Dice(9);
    let folder = Folder::new();
    let pieces = ["a", "岁", "é", ",", ";", "\t", "\"", "\"\"", "\n", "\r\n", " ", "15.6\"", "{", "::"];
    for _ in 0..400 {
        let delimiter = dice.one_of(&[',', ';', '\t', '|']);
        let rows: Vec<Vec<String>> =
            (0..1 + dice.below(8)).map(|_| (0..3).map(|i| format!("{i}{}", dice.text(&pieces, 5))).collect()).collect();
        let mut text = ["x", "y", "z"].join(&delimiter.to_string()) + "\n";
        for row in &rows {
            let fields: Vec<String> = row.iter().map(|field| quoted(field, delimiter, dice.below(3) == 0)).collect();
            text.push_str(&fields.join(&delimiter.to_string()));
            text.push_str(dice.one_of(&["\n", "\r\n"]));
        }
        let path = folder.file("a.csv", text.as_bytes());
        let said = Said { delimiter: Some(delimiter.to_string()), ..Said::default() };
        let read = check_blocks(&path, &said, 1 << 20, &text).unwrap();
        let found: Vec<Vec<String>> = read.rows.into_iter().map(|(_, fields)| fields).collect();
        assert_eq!((found, read.faults), (rows, vec![]), "{text:?}");
    }
}

#[derive(Default)]
struct Taken {
    ids: Vec<String>,
    n_rows: u64,
    rejects: Vec<String>,
}

struct Memory(Rc<RefCell<Taken>>);

impl RowSink for Memory {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError> {
        let mut taken = self.0.borrow_mut();
        taken.n_rows += batch.num_rows() as u64;
        if let Some(ids) = batch.column_by_name("session_id") {
            taken.ids.extend(ids.as_string::<i32>().iter().flatten().map(str::to_owned));
        }
        Ok(())
    }

    fn reject(&mut self, _: u64, reason: &str, raw: &str) -> Result<(), ImportError> {
        assert!(!reason.is_empty());
        self.0.borrow_mut().rejects.push(raw.to_owned());
        Ok(())
    }
}

/// Imports; whatever comes out, the sums must agree.
fn import(request: &ImportRequest) -> Option<(Vec<FileReport>, Taken)> {
    let taken = Rc::new(RefCell::new(Taken::default()));
    let reports = import_into(request, "USD", "Asia/Shanghai", &mut |_, _| Box::new(Memory(taken.clone())));
    let reports = match reports {
        Ok(reports) => reports,
        Err(error) => {
            assert!(!error.to_string().is_empty());
            return None;
        }
    };
    let taken = Rc::try_unwrap(taken).unwrap_or_else(|_| panic!("all sinks are gone")).into_inner();
    let sum = |count: fn(&FileReport) -> u64| reports.iter().map(count).sum::<u64>();
    let (read, kept, rejected) =
        (sum(|r| r.counts.rows_read), sum(|r| r.counts.rows_kept), sum(|r| r.counts.rows_rejected));
    assert_eq!(read, kept + rejected + sum(|r| r.counts.rows_repeated), "{:?}", reports[0].counts);
    assert_eq!((taken.n_rows, taken.rejects.len() as u64), (kept, rejected));
    let by_reason: u64 = reports.iter().flat_map(|report| report.counts.reasons.values()).sum();
    assert_eq!(by_reason, rejected);
    Some((reports, taken))
}

fn request(path: &Path) -> ImportRequest {
    ImportRequest { n_threads: 2, ..ImportRequest::new(vec![path.display().to_string()], NOW_MS) }
}

const EVENT_HEADER: &str = "session_id,at,customer_id,product_id,kind,value,quantity,price";

/// A line of events with its number, good or spoilt in one field.
fn event_line(dice: &mut Dice, id: usize) -> String {
    let mut fields = vec![
        format!("s{id}"),
        format!("2024-{:02}-{:02} {:02}:00:00", 1 + dice.below(12), 1 + dice.below(28), dice.below(24)),
        format!("c{}", dice.below(50)),
        format!("p{}", dice.below(50)),
        dice.one_of(&["view", "cart", "rate"]).to_owned(),
        dice.one_of(&["", "4", "4.5"]).to_owned(),
        dice.one_of(&["", "1", "2"]).to_owned(),
        dice.one_of(&["9.90", "1299", ""]).to_owned(),
    ];
    if dice.below(4) == 0 {
        let at = 1 + dice.below(fields.len() - 1);
        fields[at] = dice.text(ODD, 5).replace(['"', ',', '\n'], "");
    }
    if dice.below(30) == 0 {
        fields.truncate(1 + dice.below(7));
    }
    fields.join(",")
}

#[test]
fn every_row_is_kept_or_rejected_exactly_once() {
    let mut dice = Dice(10);
    let folder = Folder::new();
    let (mut n_kept, mut n_rejected) = (0, 0);
    for _ in 0..60 {
        let n = 1 + dice.below(300);
        let mut text = format!("{EVENT_HEADER}\n");
        for id in 0..n {
            text += &(event_line(&mut dice, id) + "\n");
        }
        let path = folder.file("events.csv", text.as_bytes());
        let Some((reports, taken)) = import(&request(&path)) else { panic!("the header is good") };
        assert_eq!(reports[0].counts.rows_read as usize, n);
        let rejected = taken.rejects.iter().map(|raw| raw.split(',').next().unwrap_or_default().to_owned());
        let mut found: Vec<String> = taken.ids.iter().cloned().chain(rejected).collect();
        found.sort();
        let mut expected: Vec<String> = (0..n).map(|id| format!("s{id}")).collect();
        expected.sort();
        assert_eq!(found, expected);
        (n_kept, n_rejected) = (n_kept + taken.ids.len(), n_rejected + taken.rejects.len());
    }
    assert!(n_kept > 4000 && n_rejected > 1000, "{n_kept} kept, {n_rejected} rejected");
}

/// `bytes` with some of them changed, removed, doubled or cut off.
fn damaged(dice: &mut Dice, bytes: &[u8], n_max: usize) -> Vec<u8> {
    let mut bytes = bytes.to_vec();
    for _ in 0..1 + dice.below(n_max) {
        if bytes.is_empty() {
            break;
        }
        let at = dice.below(bytes.len());
        let end = (at + dice.below(20)).min(bytes.len());
        match dice.below(6) {
            0 => bytes[at] = dice.next() as u8,
            1 => bytes[at] = dice.one_of(b"\"',;\n\r{}[]\\\0\xFF:"),
            2 => drop(bytes.drain(at..end)),
            3 => {
                let again = bytes[at..end].to_vec();
                bytes.splice(at..at, again);
            }
            4 => bytes.truncate(at.max(1)),
            _ => bytes.insert(at, dice.one_of(b"\"\n\r,{[\xEF\x80")),
        }
    }
    bytes
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

fn parquet(text: &str) -> Vec<u8> {
    use datafusion::arrow::array::{ArrayRef, StringArray};
    use datafusion::parquet::arrow::ArrowWriter;
    let columns = text.lines().next().unwrap().split(',').enumerate().map(|(i, name)| {
        let values = text.lines().skip(1).map(|line| line.split(',').nth(i));
        (name, std::sync::Arc::new(values.collect::<StringArray>()) as ArrayRef)
    });
    let batch = RecordBatch::try_from_iter_with_nullable(columns.map(|(name, array)| (name, array, true))).unwrap();
    let mut writer = ArrowWriter::try_new(Vec::new(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.into_inner().unwrap()
}

#[test]
fn damaged_files_are_refused_or_read_and_the_sums_agree() {
    let mut dice = Dice(11);
    let folder = Folder::new();
    let lines: String = (0..40).map(|id| event_line(&mut dice, id) + "\n").collect();
    let csv = format!("{EVENT_HEADER}\n{lines}");
    let names: Vec<&str> = EVENT_HEADER.split(',').collect();
    let object = |line: &str| {
        let members = names.iter().zip(line.split(',')).map(|(name, value)| (name.to_string(), value.into()));
        serde_json::Value::Object(members.collect()).to_string()
    };
    let objects: Vec<String> = lines.lines().map(object).collect();
    let wide: Vec<u8> = std::iter::once(0xFEFF).chain(csv.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let whole = [
        ("a.csv", csv.clone().into_bytes()),
        ("a.csv", wide),
        ("a.csv.gz", gzip(csv.as_bytes())),
        ("a.csv.zst", zstd::encode_all(csv.as_bytes(), 1).unwrap()),
        ("a.jsonl", objects.join("\n").into_bytes()),
        ("a.json", format!("{{\"events\":[{}]}}", objects.join(",\n")).into_bytes()),
        ("a.parquet", parquet(&csv)),
    ];
    let (mut n_read, mut n_refused) = (0, 0);
    for round in 0..1400 {
        let (name, bytes) = &whole[round % whole.len()];
        let bytes = if round < whole.len() { bytes.clone() } else { damaged(&mut dice, bytes, 6) };
        let path = folder.file(name, &bytes);
        let mut request = request(&path);
        request.table = Some("events".to_owned());
        request.record_bytes_max = if dice.below(3) == 0 { 200 } else { 1 << 20 };
        match import(&request) {
            Some((reports, _)) => {
                assert!(round >= whole.len() || reports[0].counts.rows_read == 40, "{name}");
                n_read += 1;
            }
            None => n_refused += 1,
        }
        std::fs::remove_file(path).unwrap();
    }
    assert!(n_read > 300 && n_refused > 200, "{n_read} read, {n_refused} refused");
}

#[test]
fn arbitrary_bytes_never_panic() {
    let mut dice = Dice(12);
    let folder = Folder::new();
    let starts: [&[u8]; 8] =
        [b"", b"PAR1", b"\x1F\x8B", b"\x28\xB5\x2F\xFD", b"[{", b"{\"a\":", b"customer_id,city\n", b"\xFF\xFE"];
    for round in 0..900 {
        let mut bytes = dice.one_of(&starts).to_vec();
        let n = dice.below(200);
        match round % 3 {
            0 => bytes.extend((0..n).map(|_| dice.next() as u8)),
            1 => bytes.extend((0..n).map(|_| dice.one_of(b"a1,;\"\n\r{}[]:\\ \t|"))),
            _ => bytes.extend(dice.text(ODD, 60).bytes()),
        }
        let path = folder.file(dice.one_of(&["a.csv", "a.json", "a.jsonl", "a.tsv"]), &bytes);
        let mut request = request(&path);
        request.table = dice.one_of(&[None, Some("customers"), Some("products")]).map(str::to_owned);
        import(&request);
        std::fs::remove_file(path).unwrap();
    }
}

#[test]
fn damaged_mappings_are_refused_or_followed() {
    let mut dice = Dice(13);
    let folder = Folder::new();
    let path = folder.file(
        "online_retail.csv",
        b"InvoiceNo,StockCode,Description,Quantity,InvoiceDate,UnitPrice,CustomerID,Country\n\
        1,A,Lamp,2,2011-05-01 10:00:00,3.5,7,Norway\nC2,B,,-1,2011-05-02 10:00:00,9,,Peru\n",
    );
    let (mut n_valid, mut n_followed) = (0, 0);
    for round in 0..3000 {
        let preset = &presets::ALL[round % presets::ALL.len()];
        let text = String::from_utf8_lossy(&damaged(&mut dice, preset.text.as_bytes(), 2)).into_owned();
        let valid = Mapping::parse(&text, "damaged").map_err(|error| error.to_string());
        n_valid += usize::from(valid.is_ok());
        if preset.name == "uci-online-retail" && valid.is_ok() {
            let map = folder.file("map.toml", text.as_bytes());
            let request = ImportRequest { map: Some(map), ..request(&path) };
            n_followed += usize::from(import(&request).is_some());
        }
    }
    for text in ["[columns]\nname = \"a\"\nheader = []", "header = []\n[columns]\nproduct_id = \"a\""] {
        assert!(Mapping::parse(text, "m").is_err(), "{text}");
    }
    assert!(n_valid > 200 && n_followed > 20, "{n_valid} valid, {n_followed} followed");
}

/// Keeps the time of the last order, and wants no rejects.
struct LastTime(Rc<RefCell<i64>>);

impl RowSink for LastTime {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError> {
        let times = batch.column_by_name("ordered_at").unwrap().as_primitive::<TimestampMillisecondType>();
        *self.0.borrow_mut() = *times.values().last().unwrap();
        Ok(())
    }

    fn reject(&mut self, _: u64, reason: &str, _: &str) -> Result<(), ImportError> {
        panic!("{reason}")
    }
}

#[test]
fn the_order_of_dates_is_seen_wherever_it_is_decided() {
    let folder = Folder::new();
    // The first rows read the same either way; a later one decides, the next would be misread without it.
    let mut text = "order_id,date,user,sku,qty,price\n".to_owned();
    text += &"1,1/1/2023,u,p,1,1\n".repeat(20_000);
    text += "2,13/2/2023,u,p,1,1\n3,3/4/2023,u,p,1,1\n";
    let small = "order_id,date,user,sku,qty,price\n1,13/2/2023,u,p,1,1\n2,3/4/2023,u,p,1,1".to_owned();
    for (name, bytes) in
        [("a.csv", text.as_bytes().to_vec()), ("a.parquet", parquet(&text)), ("b.parquet", parquet(&small))]
    {
        let path = folder.file(name, &bytes);
        let taken: Rc<RefCell<i64>> = Rc::default();
        import_into(&request(&path), "USD", "UTC", &mut |_, _| Box::new(LastTime(taken.clone()))).unwrap();
        // 2023-04-03.
        assert_eq!(*taken.borrow(), 1_680_480_000_000, "{name}");
    }
}
