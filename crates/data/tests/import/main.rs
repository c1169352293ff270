//! `import` end to end: small files written here, and the real folders of the shared data, when they are there,
//! against the counts their descriptions state.

#[path = "../common/mod.rs"]
mod common;
mod documents;
mod hostile;
mod written;

use tercet_data as data;

use std::cell::RefCell;
use std::collections::{HashMap, HashSet};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::rc::Rc;

use data::arrow::array::{Array, AsArray};
use data::arrow::datatypes::{Int64Type, TimestampMillisecondType};
use data::arrow::record_batch::RecordBatch;
use data::sources::{FileReport, ImportError, ImportRequest, RowSink, import_into};

/// 2026-01-01, the tests' clock.
const NOW_MS: i64 = 1_767_225_600_000;

#[derive(Default)]
struct Taken {
    batches: Vec<(&'static str, RecordBatch)>,
    rejects: Vec<(u64, String, String)>,
}

struct Memory(&'static str, Rc<RefCell<Taken>>);

impl RowSink for Memory {
    fn write(&mut self, batch: RecordBatch) -> Result<(), ImportError> {
        self.1.borrow_mut().batches.push((self.0, batch));
        Ok(())
    }

    fn reject(&mut self, line: u64, reason: &str, raw: &str) -> Result<(), ImportError> {
        self.1.borrow_mut().rejects.push((line, reason.to_owned(), raw.to_owned()));
        Ok(())
    }
}

impl Taken {
    fn of<'a>(&'a self, table: &'a str) -> impl Iterator<Item = &'a RecordBatch> {
        self.batches.iter().filter(move |(name, _)| *name == table).map(|(_, batch)| batch)
    }

    fn n_rows(&self, table: &str) -> usize {
        self.of(table).map(RecordBatch::num_rows).sum()
    }

    fn texts(&self, table: &str, column: &str) -> Vec<Option<String>> {
        let column_of = |batch: &RecordBatch| -> Vec<Option<String>> {
            let texts = batch.column_by_name(column).unwrap().as_string::<i32>();
            texts.iter().map(|text| text.map(str::to_owned)).collect()
        };
        self.of(table).flat_map(column_of).collect()
    }

    fn n_distinct(&self, table: &str, column: &str) -> usize {
        self.texts(table, column).into_iter().flatten().collect::<HashSet<_>>().len()
    }

    /// Of a column that may be empty.
    fn amounts(&self, table: &str, column: &str) -> Vec<Option<i64>> {
        let column_of = |batch: &RecordBatch| {
            batch.column_by_name(column).unwrap().as_primitive::<Int64Type>().iter().collect::<Vec<_>>()
        };
        self.of(table).flat_map(column_of).collect()
    }

    fn integers(&self, table: &str, column: &str) -> Vec<i64> {
        let column_of =
            |batch: &RecordBatch| batch.column_by_name(column).unwrap().as_primitive::<Int64Type>().values().to_vec();
        self.of(table).flat_map(column_of).collect()
    }

    fn times(&self, table: &str, column: &str) -> Vec<i64> {
        let column_of = |batch: &RecordBatch| {
            batch.column_by_name(column).unwrap().as_primitive::<TimestampMillisecondType>().values().to_vec()
        };
        self.of(table).flat_map(column_of).collect()
    }

    fn specs(&self, name: &str) -> Vec<String> {
        let mut found = Vec::new();
        for batch in self.of("products") {
            let maps = batch.column_by_name("specs").unwrap().as_map();
            for i in (0..maps.len()).filter(|i| maps.is_valid(*i)) {
                let entries = maps.value(i);
                let (keys, values) = (entries.column(0).as_string::<i32>(), entries.column(1).as_string::<i32>());
                found.extend((0..keys.len()).filter(|k| keys.value(*k) == name).map(|k| values.value(k).to_owned()));
            }
        }
        found
    }
}

type Outcome = Result<(Vec<FileReport>, Rc<RefCell<Taken>>), ImportError>;

fn run(request: &ImportRequest) -> Outcome {
    run_in("USD", request)
}

/// Into a shop that counts in `currency`.
fn run_in(currency: &str, request: &ImportRequest) -> Outcome {
    let taken = Rc::new(RefCell::new(Taken::default()));
    let reports = import_into(request, currency, "UTC", &mut |table, _| Box::new(Memory(table.name, taken.clone())))?;
    Ok((reports, taken))
}

fn request(path: &Path) -> ImportRequest {
    ImportRequest::new(vec![path.display().to_string()], NOW_MS)
}

/// The real folder, if it is there.
fn real(folder: &str) -> Option<PathBuf> {
    let beside = || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data");
    let path = std::env::var_os("TERCET_DATA").map_or_else(beside, PathBuf::from).join("retail").join(folder);
    if !path.is_dir() {
        println!("skipped: {} is not there", path.display());
    }
    path.is_dir().then_some(path)
}

fn preset(name: &str, folder: &str) -> Option<(Vec<FileReport>, Rc<RefCell<Taken>>)> {
    let mut request = request(&real(folder)?);
    request.preset = Some(name.to_owned());
    Some(run(&request).unwrap_or_else(|error| panic!("{name}: {error}")))
}

fn no_rejects(taken: &Taken) {
    assert!(taken.rejects.is_empty(), "{:?}", &taken.rejects[..taken.rejects.len().min(3)]);
}

fn file(name: &str, bytes: &[u8]) -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join(name);
    std::fs::write(&path, bytes).unwrap();
    (folder, path)
}

const ORDERS: &str = "订单号,用户ID,商品编号,数量,单价,下单时间,备注\n\
    1,266079.0,A,2,\"￥1,299.00\",2023年5月1日,急\n\
    ,,,,,,\n\
    订单号,用户ID,商品编号,数量,单价,下单时间,备注\n\
    2,7,B,-1,(12.50),2023-05-02 08:00:00 UTC,\n\
    3,7,B,x,5,2023-05-02,\n\
    4,7,B,1,5,2099-05-02,\n\
    5,7,B,1\n";

fn check_orders(reports: &[FileReport], taken: &Taken) {
    let counts = &reports[0].counts;
    let found = (counts.rows_read, counts.rows_kept, counts.rows_rejected, counts.empty_rows, counts.repeated_headers);
    assert_eq!(found, (5, 2, 3, 1, 1));
    assert_eq!(reports[0].table, "orders");
    assert_eq!(taken.integers("orders", "unit_price_cents"), [129_900, -1250]);
    assert_eq!(taken.integers("orders", "quantity"), [2, -1]);
    assert_eq!(taken.texts("orders", "customer_id"), [Some("266079".to_owned()), Some("7".to_owned())]);
    assert_eq!(taken.texts("orders", "extra"), [Some("{\"备注\":\"急\"}".to_owned()), None]);
    assert_eq!(taken.times("orders", "ordered_at"), [1_682_899_200_000, 1_683_014_400_000]);
    let said: Vec<(u64, &str)> = taken.rejects.iter().map(|(line, reason, _)| (*line, reason.as_str())).collect();
    for ((line, reason), (expected_line, expected)) in
        said.iter().zip([(6, "quantity is 'x'"), (7, "in the future"), (8, "found 4 fields; the header has 7")])
    {
        assert_eq!(*line, expected_line);
        assert!(reason.contains(expected), "{reason}");
    }
}

#[test]
fn one_file_in_every_encoding_and_compression() {
    let gbk = encoding_of("gbk", ORDERS);
    let utf16: Vec<u8> = std::iter::once(0xFEFF).chain(ORDERS.encode_utf16()).flat_map(u16::to_le_bytes).collect();
    let bom = [b"\xEF\xBB\xBF".as_slice(), ORDERS.as_bytes()].concat();
    let windows = ORDERS.replace('\n', "\r\n").into_bytes();
    let tabs = ORDERS.replace("\"￥1,299.00\"", "1299").replace(',', "\t").into_bytes();
    for (name, bytes) in [
        ("a.csv", ORDERS.as_bytes().to_vec()),
        ("a.csv", gbk),
        ("a.csv", utf16),
        ("a.csv", bom),
        ("a.csv", windows),
        ("a.tsv", tabs),
        ("a.csv.gz", gzip(ORDERS.as_bytes())),
        ("a.csv.zst", zstd::encode_all(ORDERS.as_bytes(), 1).unwrap()),
    ] {
        let (_folder, path) = file(name, &bytes);
        let (reports, taken) = run(&request(&path)).unwrap();
        check_orders(&reports, &taken.borrow());
    }
}

fn encoding_of(label: &str, text: &str) -> Vec<u8> {
    encoding_rs::Encoding::for_label(label.as_bytes()).unwrap().encode(text).0.into_owned()
}

fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

#[test]
fn json_and_parquet_give_the_same_rows() {
    let lines = "{\"product_id\":1,\"name\":\"A\",\"price\":9.5,\"shelf\":{\"row\":3},\"ram\":\"8GB\"}\n\
        {\"product_id\":2,\"name\":\"B\",\"new\":true}\n{broken\n";
    let array = format!("[{}]", lines.trim_end().replace('\n', ",\n"));
    for (name, text) in [("a.jsonl", lines.to_owned()), ("a.json", array)] {
        let (_folder, path) = file(name, text.as_bytes());
        let mut request = request(&path);
        request.table = Some("products".to_owned());
        let (reports, taken) = run(&request).unwrap();
        let taken = taken.borrow();
        assert_eq!((reports[0].counts.rows_kept, reports[0].counts.rows_rejected), (2, 1), "{name}");
        assert_eq!(taken.rejects[0].0, 3, "{name}");
        assert_eq!(taken.specs("memory"), ["8 GB"]);
        let extra = taken.texts("products", "extra");
        assert_eq!(extra, [Some("{\"shelf.row\":3}".to_owned()), Some("{\"new\":\"true\"}".to_owned())]);
    }
}

#[test]
fn a_file_that_cannot_be_read_says_why() {
    let broken = gzip(&ORDERS.repeat(2000).into_bytes());
    let broken = &broken[..broken.len() / 2];
    for (name, bytes, said) in [
        ("a.csv.gz", broken.to_vec(), "breaks off at byte"),
        ("a.csv", Vec::new(), "is empty"),
        ("a.csv", b"a#b#c\n1#2#3\n".to_vec(), "do not tell which table"),
        ("a.csv", b"order_id,date,user,sku,qty,price\n1,1/2/2023,u,p,1,1\n".to_vec(), "--dates d/m/y"),
        ("a.csv", b"order_id,date,user,sku,qty,price\n1,13/2/2023,u,p,1,1\n1,2/13/2023,u,p,1,1\n".to_vec(), "only be"),
    ] {
        let (_folder, path) = file(name, &bytes);
        let error = run(&request(&path)).err().expect(said).to_string();
        assert!(error.contains(said), "{error}");
    }
    let (_folder, path) = file("a.csv", b"order_id#date\n1#2\n");
    let mut wrong_delimiter = request(&path);
    wrong_delimiter.table = Some("orders".to_owned());
    let error = run(&wrong_delimiter).err().expect("one column is no order").to_string();
    assert!(error.contains("'order_id#date'") && error.contains("--delimiter"), "{error}");
}

#[test]
fn a_file_of_which_nothing_is_kept_is_told() {
    for (text, nothing_kept, said) in [
        ("customer_id,city\n", false, Some("customers.csv has no rows, only headings")),
        ("customer_id,city\n,Bern\n1\n", true, Some("no row was kept")),
        ("customer_id,city\n,Bern\n1,Basel\n", false, None),
    ] {
        let (_folder, path) = file("customers.csv", text.as_bytes());
        let (reports, _) = run(&request(&path)).unwrap();
        assert_eq!(reports[0].counts.nothing_kept(), nothing_kept, "{text}");
        let warnings = &reports[0].warnings;
        assert!(said.map_or(warnings.is_empty(), |said| warnings.iter().any(|w| w.contains(said))), "{warnings:?}");
    }
}

#[test]
fn a_ten_megabyte_line_costs_one_row() {
    let long = "x".repeat(10 << 20);
    let text = format!("customer_id,city\n1,Bern\n2,{long}\n3,Basel\n");
    let (_folder, path) = file("customers.csv", text.as_bytes());
    let (reports, taken) = run(&request(&path)).unwrap();
    assert_eq!((reports[0].counts.rows_kept, reports[0].counts.rows_rejected), (2, 1));
    let taken = taken.borrow();
    assert!(taken.rejects[0].1.contains("at most 1048576"), "{}", taken.rejects[0].1);
    assert_eq!(taken.rejects[0].0, 3);
    assert!(taken.rejects[0].2.len() <= 4096);
}

#[test]
fn stray_quotes_cost_their_lines_and_no_others() {
    let mut text = String::from("order_id,customer_id,product_id,quantity,unit_price,ordered_at,note\n");
    for i in 0..60_000 {
        text.push_str(&match i % 3 {
            0 => format!("o{i},\"c{i} x,p1,1,9,2024-01-01,\n"),
            1 => format!("o{i},c{i},p1,1,9,2024-01-01,\"two\nlines, \"\"quoted\"\"\"\n"),
            _ => format!("o{i},\"c\"{i},p1,1,9,2024-01-01,\n"),
        });
    }
    let (_folder, path) = file("orders.csv", text.as_bytes());
    for n_threads in [1, 3] {
        let (reports, taken) = run(&ImportRequest { n_threads, ..request(&path) }).unwrap();
        let counts = &reports[0].counts;
        assert_eq!((counts.rows_read, counts.rows_kept, counts.rows_rejected), (60_000, 20_000, 40_000));
        let taken = taken.borrow();
        let ids = taken.texts("orders", "customer_id");
        assert!(ids.iter().enumerate().all(|(n, id)| id.as_deref() == Some(format!("c{}", 3 * n + 1).as_str())));
        assert!(taken.rejects.iter().all(|(_, reason, raw)| reason.contains("in quotes") && !raw.contains('\n')));
        assert!(taken.rejects.iter().zip(0..).all(|((line, ..), n)| *line == 2 + n / 2 * 4 + n % 2 * 3));
    }
}

#[test]
fn blocks_keep_the_order_of_the_file() {
    let mut text = String::from("customer_id,city\n");
    for i in 0..400_000 {
        text.push_str(&format!("{i},\"Town, no. {i}\"\n"));
    }
    let (_folder, path) = file("customers.csv", text.as_bytes());
    let (reports, taken) = run(&request(&path)).unwrap();
    assert_eq!(reports[0].counts.rows_kept, 400_000);
    let ids = taken.borrow().texts("customers", "customer_id");
    assert!(ids.iter().enumerate().all(|(i, id)| id.as_deref() == Some(i.to_string().as_str())));
}

#[test]
fn global_electronics_retailer() {
    let Some((_, taken)) = preset("global-electronics-retailer", "global_electronics_retailer") else { return };
    let taken = taken.borrow();
    no_rejects(&taken);
    assert_eq!((taken.n_rows("products"), taken.n_rows("customers"), taken.n_rows("orders")), (2517, 15_266, 62_884));
    assert_eq!(taken.n_distinct("orders", "order_id"), 26_326);
    // The rest were bought in a store.
    assert_eq!(taken.n_distinct("deliveries", "order_id"), 5_580);
    assert_eq!(taken.n_distinct("orders", "customer_id"), 11_887);
    assert_eq!(taken.n_distinct("orders", "product_id"), 2492);
    let quantities = taken.integers("orders", "quantity");
    let prices = taken.integers("orders", "unit_price_cents");
    assert_eq!(quantities.iter().zip(&prices).map(|(quantity, price)| quantity * price).sum::<i64>(), 5_575_547_959);
    let days: Vec<i64> = taken.times("orders", "ordered_at").iter().map(|ms| ms / 86_400_000).collect();
    assert_eq!((days.iter().min(), days.iter().max()), (Some(&16_801), Some(&18_678)));
    assert!(!taken.texts("customers", "extra").iter().flatten().any(|text| text.contains('\u{FFFD}')));
}

/// What was sold in all, in cents.
fn sales(taken: &Taken) -> i64 {
    let prices = taken.integers("orders", "unit_price_cents");
    taken.integers("orders", "quantity").iter().zip(&prices).map(|(quantity, price)| quantity * price).sum()
}

#[test]
fn global_electronics_retailer_in_other_currencies() {
    let Some(folder) = real("global_electronics_retailer") else { return };
    let mut request = request(&folder);
    request.preset = Some("global-electronics-retailer".to_owned());
    let (_, dollars) = run(&request).unwrap();
    let (reports, euros) = run_in("EUR", &request).unwrap();
    let (dollars, euros) = (dollars.borrow(), euros.borrow());
    no_rejects(&euros);
    assert!(reports.iter().all(|report| report.warnings.is_empty()), "{:?}", reports[0].warnings);
    assert_eq!(sales(&euros), 4_923_576_439);
    // $126.90 × 0.9184 = 116.54496.
    let order_ids = euros.texts("orders", "order_id");
    let prices = euros.integers("orders", "unit_price_cents");
    assert!(order_ids.iter().zip(&prices).any(|(id, cents)| id.as_deref() == Some("392010") && *cents == 11_654));
    // 0.8238 is the rate of the last day; half a cent goes away from zero.
    for column in ["price_cents", "cost_cents"] {
        let expected = dollars.amounts("products", column);
        let expected: Vec<Option<i64>> =
            expected.iter().map(|c| c.map(|cents| (cents * 8238 + 5000) / 10_000)).collect();
        assert_eq!(expected.len(), 2517);
        assert_eq!(euros.amounts("products", column), expected, "{column}");
    }
    // A shop in a currency without rates keeps dollars, and is told for both tables.
    let (reports, yuan) = run_in("CNY", &request).unwrap();
    assert_eq!(yuan.borrow().amounts("products", "price_cents"), dollars.amounts("products", "price_cents"));
    for report in reports.iter().filter(|report| ["products", "orders"].contains(&report.table)) {
        assert!(report.warnings.iter().any(|warning| warning.contains("amounts are in USD")), "{}", report.table);
    }
}

#[test]
fn catalogue_prices_follow_the_latest_rate() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "Products.csv",
        "ProductKey,Product Name,Brand,Color,Unit Cost USD,Unit Price USD,SubcategoryKey,Subcategory,CategoryKey,Category\n\
        1,Lamp,A,Red,$1.00 ,\"$1,234.50 \",1,s,1,c\n2,Bulb,A,Red,,$0.05,1,s,1,c\n",
    );
    // The latest day is neither the first nor the last row, nor the greatest text; pounds have no rate at all.
    let rates = "1/2/2021,USD,1\n9/30/2020,EUR,0.9\n10/1/2020,EUR,0.7\n2/1/2020,EUR,0.5\n";
    write("Exchange_Rates.csv", &format!("Date,Currency,Exchange\n{rates}"));
    let mut request = request(folder.path());
    request.preset = Some("global-electronics-retailer".to_owned());
    for (currency, prices, costs, said) in [
        ("USD", [Some(123_450), Some(5)], [Some(100), None], None),
        ("EUR", [Some(86_415), Some(4)], [Some(70), None], None),
        ("GBP", [None, None], [None, None], Some("3 amounts were left out")),
    ] {
        let (reports, taken) = run_in(currency, &request).unwrap();
        let taken = taken.borrow();
        no_rejects(&taken);
        assert_eq!(taken.amounts("products", "price_cents"), prices, "{currency}");
        assert_eq!(taken.amounts("products", "cost_cents"), costs, "{currency}");
        let warnings = &reports[0].warnings;
        assert_eq!(warnings.len(), usize::from(said.is_some()), "{currency}: {warnings:?}");
        assert!(said.is_none_or(|said| warnings[0].contains(said) && warnings[0].contains("GBP")), "{warnings:?}");
    }
}

#[test]
fn electronics_store_2019() {
    let Some((reports, taken)) = preset("electronics-store-2019", "electronics_store_2019") else { return };
    let taken = taken.borrow();
    no_rejects(&taken);
    let of_orders =
        |count: fn(&FileReport) -> u64| reports.iter().filter(|r| r.table == "orders").map(count).sum::<u64>();
    assert_eq!(of_orders(|r| r.counts.empty_rows), 545);
    assert_eq!(of_orders(|r| r.counts.repeated_headers), 355);
    assert_eq!(of_orders(|r| r.counts.rows_kept), 185_950);
    assert_eq!(of_orders(|r| r.counts.duplicate_rows), 264);
    assert_eq!(taken.n_distinct("orders", "order_id"), 178_437);
    assert_eq!(taken.n_distinct("products", "product_id"), 19);
    assert_eq!(taken.n_distinct("customers", "customer_id"), 140_787);
    assert_eq!(taken.n_distinct("customers", "region"), 8);
}

#[test]
fn jdata_2016() {
    let Some((reports, taken)) = preset("jdata-2016", "jdata_2016_sample") else { return };
    let taken = taken.borrow();
    no_rejects(&taken);
    assert_eq!((taken.n_rows("customers"), taken.n_rows("events")), (29_999, 89_997));
    assert_eq!(taken.n_distinct("events", "customer_id"), 3009);
    assert_eq!(taken.n_distinct("events", "product_id"), 3366);
    assert_eq!(taken.n_distinct("products", "product_id"), 26_757);
    assert!(reports.iter().any(|report| report.table == "customers" && report.encoding == "gb18030"));
    assert!(taken.texts("customers", "extra").iter().flatten().any(|text| text.contains("26-35岁")));
    let n_commented = taken.texts("products", "extra").iter().flatten().filter(|t| t.contains("comment_num")).count();
    assert_eq!(n_commented, 4414);
}

#[test]
fn event_samples() {
    for (name, n_events, n_products) in
        [("rees46", 1000, 534), ("retailrocket", 10_080, 5566), ("jdata-2018", 29_445, 12_195)]
    {
        let Some((_, taken)) = preset(name, "event_samples") else { return };
        let taken = taken.borrow();
        no_rejects(&taken);
        assert_eq!(taken.n_rows("events"), n_events, "{name}");
        assert_eq!(taken.n_distinct("products", "product_id"), n_products, "{name}");
    }
}

#[test]
fn uci_online_retail() {
    let Some((reports, taken)) = preset("uci-online-retail", "uci_online_retail") else { return };
    let taken = taken.borrow();
    no_rejects(&taken);
    assert_eq!(taken.n_rows("orders"), 541_909);
    assert_eq!(taken.n_distinct("orders", "order_id"), 25_900);
    assert_eq!(taken.n_distinct("orders", "product_id"), 4070);
    assert_eq!(taken.n_distinct("customers", "customer_id"), 4372);
    assert_eq!(taken.n_distinct("products", "product_id"), 3958);
    let quantities = taken.integers("orders", "quantity");
    let prices = taken.integers("orders", "unit_price_cents");
    assert_eq!(quantities.iter().zip(&prices).map(|(quantity, price)| quantity * price).sum::<i64>(), 974_774_793);
    assert_eq!(quantities.iter().filter(|quantity| **quantity < 0).count(), 10_624);
    let guests = taken.texts("orders", "customer_id").iter().flatten().filter(|id| id.starts_with("guest-")).count();
    assert_eq!(guests, 135_080);
    assert!(reports.iter().any(|report| report.warnings.iter().any(|warning| warning.contains("GBP"))));
    // Of a product the last row written counts.
    let (ids, names) = (taken.texts("products", "product_id"), taken.texts("products", "name"));
    let prices = taken.amounts("products", "price_cents");
    let products: HashMap<_, _> = ids.iter().zip(names.iter().zip(&prices)).collect();
    let n_priced = products.values().filter(|(_, price)| price.is_some_and(|cents| cents > 0)).count();
    let is_note = |name: &str| !name.chars().any(char::is_uppercase);
    let notes: Vec<_> = products.values().filter(|(name, _)| name.as_deref().is_some_and(is_note)).collect();
    assert!(notes.iter().all(|(_, price)| price.is_none()), "{notes:?}");
    assert_eq!((n_priced, notes.len()), (3937, 11));
}

#[test]
fn movielens_100k() {
    let Some((_, taken)) = preset("movielens", "ml_100k") else { return };
    let taken = taken.borrow();
    no_rejects(&taken);
    assert_eq!((taken.n_rows("events"), taken.n_rows("products"), taken.n_rows("customers")), (100_000, 1682, 943));
}

#[test]
fn movielens_other_formats() {
    let (folder, _) = file("ratings.dat", b"1::1193::5::978300760\n1::661::3::978302109\n");
    std::fs::write(folder.path().join("movies.dat"), encoding_of("latin1", "1193::Caf\u{e9} (1975)::Drama|War\n"))
        .unwrap();
    std::fs::write(folder.path().join("users.dat"), "1::F::1::10::48067\n").unwrap();
    std::fs::write(folder.path().join("u.data"), "196\t242\t3\t881250949\n").unwrap();
    let mut request = request(folder.path());
    request.preset = Some("movielens".to_owned());
    let (_, taken) = run(&request).unwrap();
    let taken = taken.borrow();
    no_rejects(&taken);
    assert_eq!((taken.n_rows("events"), taken.n_rows("products"), taken.n_rows("customers")), (3, 1, 1));
    assert_eq!(taken.texts("products", "name"), [Some("Café (1975)".to_owned())]);
    assert_eq!(taken.texts("products", "description"), [Some("Drama, War".to_owned())]);
}

#[test]
fn catalogues() {
    for (name, folder, n_products) in [
        ("laptops", "catalog_laptops", 1303),
        ("phones", "catalog_phones", 675),
        ("bestbuy-cellphones", "catalog_bestbuy_cellphones", 3291),
        ("amazon-in-electronics", "catalog_amazon_in_electronics", 9512),
    ] {
        let Some((_, taken)) = preset(name, folder) else { return };
        let taken = taken.borrow();
        no_rejects(&taken);
        assert_eq!(taken.n_distinct("products", "product_id"), n_products, "{name}");
        for spec in ["memory", "storage"] {
            let odd: Vec<String> = taken
                .specs(spec)
                .into_iter()
                .filter(|v| !v.contains(" GB") && !v.contains(" TB") && !v.contains(" MB"))
                .collect();
            assert!(odd.is_empty(), "{name}: {spec} {:?}", &odd[..odd.len().min(3)]);
        }
        if name == "laptops" {
            assert_eq!(taken.specs("resolution")[0], "2560 x 1600 px");
            assert_eq!(taken.specs("weight")[0], "1.37 kg");
            assert!(taken.specs("storage").contains(&"128 GB SSD + 1 TB HDD".to_owned()));
        }
    }
}
