//! Imports into a real shop folder when something is wrong: bad values, broken files, a full disk, another process, a
//! kill at any step. What must hold: an error says what was found, what is allowed and what to do; a file is in the
//! shop whole or not at all; and importing again after a failure loses nothing and doubles nothing.

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tercet_data as data;

use data::Shop;
use data::shop::ShopOptions;
use data::sources::{FileReport, ImportError, ImportRequest, import};
use domain::{Customer, TableSpec};

use crate::common::SmallDisk;
use crate::{NOW_MS, gzip};

struct Place {
    folder: tempfile::TempDir,
    shop: Shop,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let shop = Shop::create(folder.path().join("shop")).unwrap();
        Place { folder, shop }
    }

    fn file(&self, name: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.folder.path().join(name);
        std::fs::write(&path, bytes).unwrap();
        path
    }

    fn import(&self, name: &str, bytes: impl AsRef<[u8]>, table: &str) -> Result<FileReport, ImportError> {
        import_as(&self.shop, &self.file(name, bytes), table)
    }
}

fn import_as(shop: &Shop, path: &Path, table: &str) -> Result<FileReport, ImportError> {
    let mut request = ImportRequest::new(vec![path.display().to_string()], NOW_MS);
    request.table = Some(table.to_owned());
    import(shop, &request, &|_| {}).map(|mut reports| reports.remove(0))
}

fn n_rows(shop: &Shop, table: &str) -> u64 {
    let rows = shop.engine().unwrap().query(&format!("select count(*) as n from {table}")).unwrap();
    rows.to_json().unwrap()[0]["n"].as_u64().unwrap()
}

fn check_says(error: &ImportError, all: &[&str]) {
    let text = error.to_string();
    for said in all {
        assert!(text.contains(said), "'{said}' is not in: {text}");
    }
}

#[test]
fn bad_values_are_set_aside_with_line_and_reason() {
    let place = Place::new();
    let header = "at,customer_id,product_id,kind,value,quantity\n";
    let far = "2031-01-01";
    let rows = [
        ("2025-03-01,c1,p1,rate,4,", None),
        ("2025-03-01,c1,p1,rate,NaN,", Some("value is 'NaN'; a finite number is needed")),
        ("2025-03-01,c1,p1,rate,inf,", Some("value is 'inf'; a finite number is needed")),
        ("2025-03-01,c1,p1,rate,-Infinity,", Some("value is '-Infinity'; a finite number is needed")),
        ("2025-03-01,c1,p1,rate,9,", Some("value is '9'; allowed are values from 0 to 5")),
        ("2025-03-01,c1,p1,cart,,-3", Some("quantity is '-3'; allowed are values from 0 to")),
        (&format!("{far},c1,p1,view,,"), Some("which is in the future; check the clock and the date's order")),
        ("2025-03-01,c1,p1,like,,", Some("kind is 'like'; one of view, search, favourite")),
        ("2025-03-01,,p1,view,,", Some("customer_id is empty; it is required")),
        ("2025-03-01,c1,p1", Some("found 3 fields; the header has 6")),
        ("2025-03-01,c2,p1,view,,", None),
    ];
    let text: String = rows.iter().map(|(row, _)| format!("{row}\n")).collect();
    let report = place.import("events.csv", format!("{header}{text}"), "events").unwrap();
    let written = report.written.unwrap();
    assert_eq!((written.rows_read, written.rows_kept, written.rows_rejected), (11, 2, 9));
    assert_eq!(n_rows(&place.shop, "events"), 2);
    let rejects = std::fs::read_to_string(written.reject_path.unwrap()).unwrap();
    let mut rejects = rejects.lines().skip(1);
    for (line, (row, reason)) in (2..).zip(rows) {
        let Some(reason) = reason else { continue };
        let reject = rejects.next().unwrap();
        assert!(reject.starts_with(&format!("{line},")) && reject.contains(reason), "{reject}");
        assert!(reject.ends_with(&format!("\"{row}\"")), "{reject}");
    }
    assert_eq!(rejects.next(), None);
}

#[test]
fn an_unknown_product_is_kept_and_told() {
    let place = Place::new();
    let events = "at,customer_id,product_id,kind\n2025-01-01,c,known,view\n2025-01-02,c,unknown,view\n";
    // Without products there is nothing to compare with.
    let report = place.import("first.csv", events, "events").unwrap();
    assert_eq!((report.counts.unknown_products, report.warnings.len()), (0, 0));
    place.import("products.csv", "product_id,name\nknown,Lamp\n", "products").unwrap();
    let report = place.import("second.csv", events.replace("2025", "2024"), "events").unwrap();
    assert_eq!((report.counts.rows_kept, report.counts.unknown_products), (2, 1));
    assert!(report.warnings[0].contains("1 rows name a product that the shop does not know; they were kept"));
    assert!(report.warnings[0].contains("Import the products too"));
}

#[test]
fn duplicate_ids_and_a_changed_file_leave_the_last_row_of_each() {
    let place = Place::new();
    let first = "customer_id,city\n1,Bern\n2,Basel\n1,Zug\n";
    let report = place.import("customers.csv", first, "customers").unwrap().written.unwrap();
    assert_eq!((report.rows_kept, report.rows_replaced), (3, 1));
    // The same file again changes nothing; the changed one replaces, adds and removes nothing.
    let again = place.import("customers.csv", first, "customers").unwrap();
    assert!(again.written.is_none() && again.already_imported_as.as_deref() == Some("customers.csv"));
    let report = place.import("customers.csv", "customer_id,city\n2,Genf\n3,Chur\n", "customers").unwrap();
    assert_eq!(report.written.unwrap().rows_replaced, 1);
    let cities: BTreeMap<_, _> = place
        .shop
        .tables()
        .load::<Customer>()
        .unwrap()
        .into_iter()
        .map(|customer| (customer.customer_id, customer.city.unwrap()))
        .collect();
    let expected = [("1", "Zug"), ("2", "Genf"), ("3", "Chur")].map(|(id, city)| (id.to_owned(), city.to_owned()));
    assert_eq!(cities, BTreeMap::from(expected));
    // Order lines have no key: equal ones are kept and counted.
    let orders = "order_id,date,user,sku,qty,price\n1,2025-01-01,u,p,1,5\n1,2025-01-01,u,p,1,5\n";
    let report = place.import("orders.csv", orders, "orders").unwrap();
    assert_eq!((report.counts.rows_kept, report.counts.duplicate_rows), (2, 1));
}

#[test]
fn a_broken_file_leaves_the_shop_as_it_was() {
    let place = Place::new();
    let good = "customer_id,city\n1,Bern\n";
    place.import("good.csv", good, "customers").unwrap();
    let long = format!("customer_id,city\n{}", "2,Basel\n".repeat(200_000));
    let packed = gzip(long.as_bytes());
    let mut flipped = packed.clone();
    let middle = flipped.len() / 2;
    flipped[middle] ^= 0xFF;
    let zst = zstd::encode_all(long.as_bytes(), 1).unwrap();
    for (name, bytes, says) in [
        (
            "cut.csv.gz",
            &packed[..packed.len() / 2],
            &["ends too early", "breaks off at byte", "Fetch the file again"][..],
        ),
        ("cut.csv.gz", &packed[..packed.len() - 3], &["ends too early", "Fetch the file again"]),
        (
            "flipped.csv.gz",
            &flipped,
            &["damaged before byte", "complete gzip or zstd file is needed", "Fetch the file again"],
        ),
        ("cut.csv.zst", &zst[..zst.len() / 2], &["ends too early", "Fetch the file again"]),
        ("cut.parquet", b"PAR1 and no footer", &["Parquet", "write or fetch it again"]),
        ("empty.csv", b"", &["is empty", "at least one row is needed"]),
        ("blank.csv", b" \n\n", &["is empty"]),
        ("other.csv", b"a;b\n1;2\n", &["no column for: customer_id", "'a', 'b'", "--map"]),
        ("hash.csv", b"customer_id#city\n2#Basel\n", &["no column for: customer_id", "--delimiter"]),
    ] {
        let error = place.import(name, bytes, "customers").err().unwrap_or_else(|| panic!("{name} was taken"));
        check_says(&error, says);
        assert_eq!(n_rows(&place.shop, "customers"), 1, "{name}");
    }
    // The header alone is a file without rows: nothing is wrong, and nothing is there.
    let report = place.import("header.csv", "customer_id,city\n", "customers").unwrap();
    assert_eq!(report.counts.rows_read, 0);
    let wrong = place.import("wrong.csv", "x", "client").err().unwrap();
    check_says(&wrong, &["'client' is no table", "products, customers, events"]);
    assert_eq!(data::doctor::examine(place.shop.root(), false).unwrap(), []);
}

#[test]
fn a_ten_megabyte_line_costs_one_row_of_the_shop() {
    let place = Place::new();
    let long = "x".repeat(10 << 20);
    let text = format!("customer_id,city\n1,Bern\n2,{long}\n3,\"{long}\"\n4,Basel\n");
    let report = place.import("customers.csv", text, "customers").unwrap();
    assert_eq!((report.counts.rows_kept, report.counts.rows_rejected), (2, 2));
    let rejects = report.written.unwrap().reject_path.unwrap();
    let text = std::fs::read_to_string(rejects).unwrap();
    assert!(text.contains("the line has 10485762 bytes; at most 1048576 are allowed (--max-record-bytes)"));
    assert!(text.len() < 10_000);
}

/// Text that does not compress, so that disks fill.
fn noisy_events(n: u64) -> String {
    let noise = |n: u64| format!("{:016x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15).rotate_left(17));
    let row = |n: u64| format!("2025-0{}-01,{},{},view\n", 1 + n % 9, noise(n), noise(n + 7));
    "at,customer_id,product_id,kind\n".to_owned() + &(0..n).map(row).collect::<String>()
}

#[test]
fn a_full_disk_during_an_import_is_said_and_changes_nothing() {
    let Some(disk) = SmallDisk::mount(2048) else { return with_a_limit_on_files() };
    let place = Place::new();
    let file = place.file("events.csv", noisy_events(200_000));
    let shop = Shop::create(disk.path().join("shop")).unwrap();
    let small = place.file("small.csv", noisy_events(100));
    import_as(&shop, &small, "events").unwrap();
    for _ in 0..2 {
        let error = import_as(&shop, &file, "events").err().unwrap();
        check_says(&error, &["the disk is full", "Nothing was changed", "free some space and do it again"]);
        assert_eq!(n_rows(&shop, "events"), 100);
    }
    let root = shop.root().to_owned();
    drop(shop);
    let shop = Shop::open(&root).unwrap();
    assert_eq!(data::doctor::examine(&root, false).unwrap(), []);
    disk.grow(64 << 10);
    assert_eq!(import_as(&shop, &file, "events").unwrap().counts.rows_kept, 200_000);
    assert_eq!(n_rows(&shop, "events"), 200_100);
}

/// Where nothing may be mounted: a limit on the size of files, in a process of its own.
fn with_a_limit_on_files() {
    let place = Place::new();
    let file = place.file("events.csv", noisy_events(200_000));
    let root = place.shop.root().to_owned();
    let limited = "trap '' XFSZ; ulimit -f 64; exec \"$0\" hostile::child_that_imports --exact --nocapture";
    let status = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().unwrap())
        .envs([("TERCET_TEST_SHOP", &root), ("TERCET_TEST_FILE", &file)])
        .status();
    assert!(!status.unwrap().success(), "a file larger than the limit was written");
    assert_eq!(n_rows(&place.shop, "events"), 0);
    assert_eq!(import_as(&place.shop, &file, "events").unwrap().counts.rows_kept, 200_000);
}

/// Run in a process of its own: imports the file that the environment names and stops for ever at the step it names.
#[test]
fn child_that_imports() {
    let Ok(root) = std::env::var("TERCET_TEST_SHOP") else { return };
    let stop_at = std::env::var("TERCET_TEST_STOP_AT").unwrap_or_default();
    let hook = move |step| {
        if format!("{step:?}") == stop_at {
            println!("reached {stop_at}");
            loop {
                std::thread::sleep(Duration::from_secs(1));
            }
        }
        Ok(())
    };
    let shop = Shop::open_with(root, ShopOptions { hook: Arc::new(hook), ..Default::default() }).unwrap();
    let table = std::env::var("TERCET_TEST_TABLE").unwrap_or("events".to_owned());
    import_as(&shop, Path::new(&std::env::var("TERCET_TEST_FILE").unwrap()), &table).unwrap();
}

fn start_child(root: &Path, file: &Path, table: &str, stop_at: &str) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["hostile::child_that_imports", "--exact", "--nocapture"])
        .envs([("TERCET_TEST_SHOP", root), ("TERCET_TEST_FILE", file)])
        .envs([("TERCET_TEST_TABLE", table), ("TERCET_TEST_STOP_AT", stop_at)])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap()
}

fn wait_until_reached(child: &mut Child) {
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let reached = lines.map(Result::unwrap).any(|line| line.contains("reached "));
    assert!(reached, "the child ended before the step");
}

#[test]
fn killed_at_any_step_an_import_can_be_repeated() {
    const N_ROWS: u64 = 3000;
    let customers = "customer_id,city\n".to_owned() + &(0..N_ROWS).map(|i| format!("c{i},Bern\n")).collect::<String>();
    for (table, text) in [("events", noisy_events(N_ROWS)), ("customers", customers)] {
        // A row that is rejected, so that the rejects' file is a step too.
        let text = text + "too short\n";
        for step in [
            "CreateJob",
            "WritePart",
            "SyncPart",
            "PublishRejects",
            "WriteManifest",
            "SyncManifest",
            "RenameManifest",
            "SyncFolder",
        ] {
            let place = Place::new();
            let before =
                place.import("before.csv", text.lines().take(11).collect::<Vec<_>>().join("\n"), table).unwrap();
            assert_eq!(before.counts.rows_kept, 10);
            let file = place.file("all.csv", &text);
            let root = place.shop.root().to_owned();
            let Place { folder: _folder, shop } = place;
            drop(shop);
            let mut child = start_child(&root, &file, table, step);
            wait_until_reached(&mut child);
            child.kill().unwrap();
            child.wait().unwrap();
            let shop = Shop::open(&root).unwrap();
            let (old, all) = if table == "events" { (10, 10 + N_ROWS) } else { (10, N_ROWS) };
            let is_in = step == "SyncFolder";
            assert_eq!(n_rows(&shop, table), if is_in { all } else { old }, "{table} after a kill at {step}");
            let report = import_as(&shop, &file, table).unwrap();
            assert_eq!(report.already_imported_as.is_some(), is_in, "{table}, {step}");
            assert_eq!(n_rows(&shop, table), all, "{table}, imported again after a kill at {step}");
            // What the killed process left can be told from what is in use.
            shop.tables().collect_garbage(Duration::ZERO).unwrap();
            assert_eq!(n_rows(&shop, table), all);
            drop(shop);
            assert_eq!(data::doctor::examine(&root, false).unwrap(), []);
        }
    }
}

#[test]
fn a_second_process_is_turned_away_until_the_first_ends() {
    let place = Place::new();
    let file = place.file("events.csv", noisy_events(50));
    let root = place.shop.root().to_owned();
    let mut child = start_child(&root, &file, "events", "WritePart");
    wait_until_reached(&mut child);
    let error = import_as(&place.shop, &file, "events").err().unwrap();
    check_says(&error, &["another process is using this shop", "is locked", "Wait until it has finished or stop it"]);
    // Reading goes on beside it.
    assert_eq!(n_rows(&place.shop, "events"), 0);
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(import_as(&place.shop, &file, "events").unwrap().counts.rows_kept, 50);
    assert_eq!(n_rows(&place.shop, "events"), 50);
}

#[test]
fn a_newer_table_format_is_refused_before_anything_is_written() {
    let place = Place::new();
    let file = place.file("events.csv", noisy_events(50));
    import_as(&place.shop, &file, "events").unwrap();
    let folder = place.shop.tables().folder(TableSpec::named("events").unwrap());
    let manifest = folder.join("manifest.json");
    let text = std::fs::read_to_string(&manifest).unwrap();
    let newer = text.replacen("\"format\": 1", "\"format\": 7", 1);
    assert_ne!(newer, text);
    std::fs::File::create(&manifest).and_then(|mut file| file.write_all(newer.as_bytes())).unwrap();
    let error = place.import("more.csv", noisy_events(60), "events").err().unwrap();
    check_says(&error, &["has format 7", "knows formats up to 1", "Use a newer version of Tercet"]);
    assert_eq!(std::fs::read_to_string(&manifest).unwrap(), newer);
}
