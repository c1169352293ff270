//! The tables on disk: imports, keys, repetition, crashes at every step, a full disk, erasure, compaction.

use tercet_data as data;

use std::collections::BTreeSet;
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use data::files::Step;
use data::shop::ShopOptions;
use data::tables::{PartLimits, Row};
use data::{DataError, Shop, SourceTag, Tables};
use domain::{AudienceMember, Cents, Customer, Event, EventKind, Millis, Product, SegmentMember};

const DAY_MS: i64 = 86_400_000;

fn event(customer: &str, product: &str, at: i64) -> Event {
    Event {
        at: Millis(at),
        customer_id: customer.to_owned(),
        session_id: None,
        product_id: Some(product.to_owned()),
        kind: EventKind::View,
        value: None,
        quantity: None,
        price_cents: Some(Cents(at % 1000)),
        channel: None,
        campaign_id: None,
        query: None,
        extra: None,
    }
}

fn product(id: &str, name: &str) -> Product {
    Product {
        product_id: id.to_owned(),
        name: name.to_owned(),
        specs: [("memory".to_owned(), "16 GB".to_owned())].into(),
        ..Product::default()
    }
}

fn tag(name: &str) -> SourceTag {
    SourceTag { name: name.to_owned(), digest: Some(format!("digest of {name}")) }
}

fn import<R: Row>(shop: &Shop, rows: &[R], name: &str) -> Result<data::ImportReport, DataError> {
    let mut writer = shop.tables().writer(R::spec(), tag(name))?;
    for rows in rows.chunks(1000) {
        writer.write(R::to_batch(rows)?)?;
    }
    writer.finish()
}

fn new_shop() -> (tempfile::TempDir, Shop) {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::create(folder.path().join("shop")).unwrap();
    (folder, shop)
}

fn n_rows(shop: &Shop, table: &str) -> u64 {
    let rows = shop.engine().unwrap().query(&format!("select count(*) as n from {table}")).unwrap();
    rows.to_json().unwrap()[0]["n"].as_u64().unwrap()
}

/// `--shop ../my.shop`: names that go back are names too.
#[test]
fn a_shop_is_queried_by_a_path_that_goes_back() {
    let (folder, shop) = new_shop();
    import(&shop, &[product("p1", "one")], "products").unwrap();
    drop(shop);
    let beside = folder.path().join("beside");
    std::fs::create_dir(&beside).unwrap();
    let shop = Shop::open(beside.join("../shop")).unwrap();
    assert_eq!(shop.engine().unwrap().query("select product_id from products").unwrap().n_rows(), 1);
}

#[test]
fn every_table_exists_in_an_empty_shop() {
    let (_folder, shop) = new_shop();
    for spec in domain::table::ALL {
        let rows = shop.engine().unwrap().query(&format!("select * from {}", spec.name)).unwrap();
        let names: Vec<_> = rows.schema.fields().iter().map(|field| field.name().as_str()).collect();
        assert_eq!(names, spec.columns.iter().map(|column| column.name).collect::<Vec<_>>());
        assert_eq!(rows.n_rows(), 0);
    }
}

#[test]
fn rows_come_back_as_written() {
    let (_folder, shop) = new_shop();
    let products = vec![product("p2", "Laptop 二"), product("p1", "Laptop")];
    import(&shop, &products, "products.csv").unwrap();
    assert_eq!(shop.tables().load::<Product>().unwrap(), products);
    let customer =
        Customer { customer_id: "c".into(), consent: vec!["sms".into(), "email".into()], ..Default::default() };
    import(&shop, std::slice::from_ref(&customer), "customers.csv").unwrap();
    assert_eq!(shop.tables().load::<Customer>().unwrap(), [customer]);
    let rows = shop.engine().unwrap().query("select product_id, specs from products order by 1").unwrap();
    assert_eq!(rows.to_json().unwrap()[0], serde_json::json!({"product_id": "p1", "specs": {"memory": "16 GB"}}));
}

#[test]
fn events_are_parted_by_month_and_pruned_by_time() {
    let (_folder, shop) = new_shop();
    let events: Vec<_> = (0..5000).map(|i| event("c", "p", (i * 7919 % 365) * DAY_MS + i)).collect();
    let report = import(&shop, &events, "events.csv").unwrap();
    assert_eq!((report.rows_read, report.rows_kept, report.files), (5000, 5000, 12));
    let manifest = shop.tables().manifest(Event::spec()).unwrap();
    assert_eq!(manifest.files[1].month.as_deref(), Some("1970-02"));
    for (condition, wanted) in [
        ("at < timestamp '1970-02-01T00:00:00Z'", Box::new(|at: i64| at < 31 * DAY_MS) as Box<dyn Fn(i64) -> bool>),
        ("at >= timestamp '1970-12-31T00:00:00Z'", Box::new(|at| at >= 364 * DAY_MS)),
        ("at between timestamp '1970-03-01T00:00:00Z' and timestamp '1970-03-02T00:00:00Z'", {
            Box::new(|at| (59 * DAY_MS..=60 * DAY_MS).contains(&at))
        }),
        ("at > timestamp '1980-01-01T00:00:00Z'", Box::new(|_| false)),
        ("shop_day(at) = date '1970-01-02'", Box::new(|at| (at + 8 * 3_600_000) / DAY_MS == 1)),
        ("product_id = 'q'", Box::new(|_| false)),
    ] {
        let rows = shop.engine().unwrap().query(&format!("select count(*) n from events where {condition}")).unwrap();
        let expected = events.iter().filter(|event| wanted(event.at.0)).count();
        assert_eq!(rows.to_json().unwrap()[0]["n"], expected, "{condition}");
    }
}

#[test]
fn a_source_is_imported_once() {
    let (_folder, shop) = new_shop();
    let events = [event("c", "p", 1)];
    import(&shop, &events, "events.csv").unwrap();
    let error = import(&shop, &events, "events.csv").unwrap_err();
    assert!(matches!(&error, DataError::AlreadyImported { rows_kept: 1, .. }), "{error}");
    assert_eq!(n_rows(&shop, "events"), 1);
}

#[test]
fn the_last_row_of_a_key_wins() {
    let (_folder, shop) = new_shop();
    let first = [product("a", "old"), product("b", "old"), product("a", "older twin wins")];
    let report = import(&shop, &first, "1").unwrap();
    assert_eq!((report.rows_kept, report.rows_replaced), (3, 1));
    let report = import(&shop, &[product("b", "new"), product("c", "new")], "2").unwrap();
    assert_eq!((report.rows_kept, report.rows_replaced), (2, 1));
    let mut found: Vec<_> =
        shop.tables().load::<Product>().unwrap().into_iter().map(|p| (p.product_id, p.name)).collect();
    found.sort();
    let expected = [("a", "older twin wins"), ("b", "new"), ("c", "new")].map(|(id, name)| (id.into(), name.into()));
    assert_eq!(found, expected);
    assert!(matches!(import(&shop, &[product("b", "new")], "2"), Err(DataError::AlreadyImported { .. })));
    // An earlier file may be laid over a later one again.
    import(&shop, &first, "1").unwrap();
    assert_eq!(shop.tables().load::<Product>().unwrap().len(), 3);
}

#[test]
fn the_last_row_wins_in_several_passes_over_the_keys_too() {
    // (keys looked at together, rows of a part)
    for (keys_in_memory_max, part_rows_max) in [(1_000_000, 1_000_000), (997, 1_000_000), (100, 3000), (1, 100_000)] {
        let folder = tempfile::tempdir().unwrap();
        Shop::create(folder.path().join("shop")).unwrap();
        let parts = PartLimits { keys_in_memory_max, part_rows_max, ..PartLimits::default() };
        let shop = Shop::open_with(folder.path().join("shop"), ShopOptions { parts, ..Default::default() }).unwrap();
        let mut expected = std::collections::BTreeMap::new();
        let mut n_replaced = 0;
        let mut report = 0;
        let n_rows = if keys_in_memory_max == 1 { 200 } else { 5000 };
        for source in 0..3 {
            // Some keys repeat within a source, some across sources.
            let row = |i: u64| {
                let id = (i.wrapping_mul(0x9E37_79B9) % 7919 + source * 1000) % 6000;
                (format!("c{id}"), format!("{source} {i}"))
            };
            let rows: Vec<_> = (0..n_rows).map(row).collect();
            let customer = |(id, city): &(String, String)| Customer {
                customer_id: id.clone(),
                city: Some(city.clone()),
                ..Default::default()
            };
            let rows_of_table: Vec<_> = rows.iter().map(customer).collect();
            report += import(&shop, &rows_of_table, &source.to_string()).unwrap().rows_replaced;
            n_replaced += rows.into_iter().filter_map(|(id, city)| expected.insert(id, city)).count() as u64;
        }
        let found = shop.tables().load::<Customer>().unwrap();
        assert_eq!(found.len(), expected.len(), "{keys_in_memory_max} keys together");
        let found: std::collections::BTreeMap<_, _> =
            found.into_iter().map(|customer| (customer.customer_id, customer.city.unwrap())).collect();
        assert_eq!(found, expected, "{keys_in_memory_max} keys together");
        assert_eq!(report, n_replaced);
    }
}

#[test]
fn only_files_with_replaced_rows_are_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    Shop::create(folder.path().join("shop")).unwrap();
    let parts = PartLimits { part_rows_max: 20_000, ..PartLimits::default() };
    let shop = Shop::open_with(folder.path().join("shop"), ShopOptions { parts, ..Default::default() }).unwrap();
    let customer = |i: usize| Customer { customer_id: format!("c{i:06}"), ..Default::default() };
    let many: Vec<_> = (0..60_000).map(customer).collect();
    import(&shop, &many, "all").unwrap();
    let before: BTreeSet<_> = paths(&shop, Customer::spec());
    shop.tables().upsert(&[customer(30_000), customer(60_000)], "api").unwrap();
    let after = paths(&shop, Customer::spec());
    assert_eq!(before.len(), 3);
    assert_eq!(before.intersection(&after).count(), 2);
    assert_eq!(n_rows(&shop, "customers"), 60_001);
}

fn paths(shop: &Shop, spec: &'static domain::TableSpec) -> BTreeSet<String> {
    shop.tables().manifest(spec).unwrap().files.into_iter().map(|file| file.path).collect()
}

fn members(audience: &str, customers: &[&str]) -> Vec<AudienceMember> {
    let member = |customer: &&str| AudienceMember {
        audience_id: audience.to_owned(),
        customer_id: (*customer).to_owned(),
        score: None,
        added_at: Millis(1),
    };
    customers.iter().map(member).collect()
}

#[test]
fn rows_of_one_name_are_replaced_in_one_change() {
    let (_folder, shop) = new_shop();
    let replace =
        |name, of: &[&str]| shop.tables().replace_where("audience_id", name, members(name, of), "audience").unwrap();
    assert_eq!(replace("a", &["c1", "c2"]), 0);
    assert_eq!(replace("b", &["c2"]), 0);
    let (before, generation) =
        (shop.engine().unwrap(), shop.tables().manifest(AudienceMember::spec()).unwrap().generation);
    assert_eq!(replace("a", &["c2", "c3", "c4"]), 2);
    let manifest = shop.tables().manifest(AudienceMember::spec()).unwrap();
    // One step, one small file, one note of where rows came from; and who began to read before still can.
    assert_eq!((manifest.generation, manifest.files.len(), manifest.sources.len()), (generation + 1, 1, 1));
    let count = "select audience_id, count(*) as n from audience_members group by audience_id order by audience_id";
    let n = |rows: data::engine::Rows| {
        let rows = rows.to_json().unwrap();
        let of = |at: usize| rows.get(at).map(|row| row["n"].as_u64().unwrap());
        (of(0), of(1))
    };
    assert_eq!(n(before.query(count).unwrap()), (Some(2), Some(1)));
    assert_eq!(n(shop.engine().unwrap().query(count).unwrap()), (Some(3), Some(1)));
    assert_eq!(replace("a", &[]), 3);
    assert_eq!(n(shop.engine().unwrap().query(count).unwrap()), (Some(1), None));
}

#[test]
fn the_shops_clock_tells_hours() {
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("shop");
    Shop::create(&root).unwrap();
    let config = std::fs::read_to_string(root.join("tercet.toml")).unwrap();
    for (zone, expected) in [("Asia/Shanghai", [8, 7]), ("Asia/Kolkata", [5, 4]), ("America/New_York", [19, 18])] {
        let line = config.lines().find(|line| line.trim_start_matches(['#', ' ']).starts_with("time_zone")).unwrap();
        std::fs::write(root.join("tercet.toml"), config.replace(line, &format!("time_zone = \"{zone}\""))).unwrap();
        let sql = "select shop_hour(arrow_cast('1970-01-01T00:00:00Z', 'Timestamp(Millisecond, Some(\"UTC\"))')) as a,
            shop_hour(arrow_cast('1970-01-01T00:00:00Z', 'Timestamp(Millisecond, Some(\"UTC\"))') - interval '45 minutes') as b";
        let rows = Shop::open(&root).unwrap().engine().unwrap().query(sql).unwrap().to_json().unwrap();
        assert_eq!(serde_json::json!([rows[0]["a"], rows[0]["b"]]), serde_json::json!(expected), "{zone}");
    }
}

#[test]
fn rejects_are_kept_with_their_reason() {
    let (_folder, shop) = new_shop();
    let mut writer = shop.tables().writer(Event::spec(), tag("e")).unwrap();
    writer.write(Event::to_batch(&[event("c", "p", 1)]).unwrap()).unwrap();
    writer.reject(3, "at is 'x'; allowed: a date", b"x,\"c\",\xff").unwrap();
    writer.reject(4, "too long", "y".repeat(10_000)).unwrap();
    let report = writer.finish().unwrap();
    assert_eq!((report.rows_read, report.rows_kept, report.rows_rejected), (3, 1, 2));
    let text = std::fs::read_to_string(report.reject_path.unwrap()).unwrap();
    assert!(text.starts_with("line_number,reason,raw\n3,\"at is 'x'; allowed: a date\",\"x,\"\"c\"\",\u{fffd}\"\n4,"));
    assert!(text.len() < 5000);
}

#[test]
fn a_keyed_table_keeps_rejects_too() {
    let (_folder, shop) = new_shop();
    // The first lays its rows down as they are, the others are merged.
    for (name, rows) in [("1", vec!["a", "b"]), ("2", vec!["b", "c"]), ("3", vec!["d", "d"])] {
        let rows: Vec<_> = rows.into_iter().map(|id| product(id, name)).collect();
        let mut writer = shop.tables().writer(Product::spec(), tag(name)).unwrap();
        writer.write(Product::to_batch(&rows).unwrap()).unwrap();
        writer.reject(3, "name is empty; it is required", "e,").unwrap();
        let report = writer.finish().unwrap();
        assert_eq!((report.rows_kept, report.rows_rejected), (2, 1));
        assert!(std::fs::read_to_string(report.reject_path.unwrap()).unwrap().ends_with("\"e,\"\n"));
    }
    assert_eq!(n_rows(&shop, "products"), 4);
}

#[test]
fn batches_of_another_shape_are_refused() {
    let (_folder, shop) = new_shop();
    let mut writer = shop.tables().writer(Event::spec(), tag("e")).unwrap();
    let error = writer.write(Product::to_batch(&[product("p", "n")]).unwrap()).unwrap_err().to_string();
    assert!(error.contains("14 columns") && error.contains("12"), "{error}");
    drop(writer);
    assert_eq!(n_rows(&shop, "events"), 0);
    let error = Tables::spec("event").unwrap_err().to_string();
    assert!(error.contains("products, customers, events"), "{error}");
}

#[test]
fn a_dropped_writer_leaves_nothing() {
    let (_folder, shop) = new_shop();
    let mut writer = shop.tables().writer(Event::spec(), tag("e")).unwrap();
    writer.write(Event::to_batch(&[event("c", "p", 1)]).unwrap()).unwrap();
    writer.reject(1, "bad", "raw").unwrap();
    drop(writer);
    let left: Vec<_> = std::fs::read_dir(shop.tables().folder(Event::spec())).unwrap().collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn two_processes_cannot_write_one_shop() {
    let (_folder, shop) = new_shop();
    shop.lock_for_writing().unwrap();
    let other = Shop::open(shop.root()).unwrap();
    assert_eq!(n_rows(&other, "events"), 0);
    let error = import(&other, &[event("c", "p", 1)], "e").unwrap_err();
    assert!(error.to_string().contains("another process is using this shop"), "{error}");
    drop(shop);
    import(&other, &[event("c", "p", 1)], "e").unwrap();
}

#[test]
fn a_newer_format_is_refused() {
    let (_folder, shop) = new_shop();
    std::fs::write(shop.root().join("format"), "tercet shop 99\n").unwrap();
    let error = Shop::open(shop.root()).err().unwrap().to_string();
    assert!(error.contains("99") && error.contains("up to 1") && error.contains("newer version"), "{error}");
    let error = Shop::open(shop.root().join("nowhere")).err().unwrap().to_string();
    assert!(error.contains("tercet init"), "{error}");
}

/// A shop whose every file operation passes `hook`.
fn hooked(root: &Path, hook: impl Fn(Step) -> io::Result<()> + Send + Sync + 'static) -> Shop {
    Shop::open_with(root, ShopOptions { hook: Arc::new(hook), ..Default::default() }).unwrap()
}

/// Imports and changes that pass every step there is.
fn changes(shop: &Shop) -> Result<(), DataError> {
    let mut writer = shop.tables().writer(Event::spec(), tag("second"))?;
    writer.write(Event::to_batch(&[event("c2", "p", 2), event("c2", "p", 40 * DAY_MS)])?)?;
    writer.reject(1, "bad", "raw")?;
    writer.finish()?;
    import(shop, &[product("a", "new"), product("b", "new")], "second")?;
    shop.tables().delete_where_customer("c1")?;
    shop.tables().replace_where("audience_id", "a", members("a", &["c2"]), "audience")?;
    Ok(())
}

fn state(shop: &Shop) -> (u64, Vec<String>) {
    let mut products: Vec<_> = shop.tables().load::<Product>().unwrap().into_iter().map(|p| p.name).collect();
    products.sort();
    (n_rows(shop, "events"), products)
}

#[test]
fn a_failure_at_any_step_leaves_a_whole_state() {
    let count = {
        let (_folder, shop) = prepared();
        let root = shop.root().to_owned();
        drop(shop);
        let steps = Arc::new(Mutex::new(0));
        let seen = steps.clone();
        changes(&hooked(&root, move |_| {
            *seen.lock().unwrap() += 1;
            Ok(())
        }))
        .unwrap();
        *steps.lock().unwrap()
    };
    assert!(count > 20, "{count} steps");
    let allowed = [
        (1, vec!["old".to_owned()]),
        (3, vec!["old".to_owned()]),
        (3, vec!["new".to_owned(), "new".to_owned()]),
        (2, vec!["new".to_owned(), "new".to_owned()]),
    ];
    let mut reached = BTreeSet::new();
    for failing in 1..=count {
        let (_folder, shop) = prepared();
        let root = shop.root().to_owned();
        drop(shop);
        let at = Mutex::new(0);
        let result = changes(&hooked(&root, move |_| {
            let mut at = at.lock().unwrap();
            *at += 1;
            if *at == failing { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
        }));
        let error = result.unwrap_err();
        assert!(error.is_disk_full(), "step {failing}: {error}");
        let shop = Shop::open(&root).unwrap();
        let found = state(&shop);
        let at = allowed.iter().position(|allowed| *allowed == found);
        reached.insert(at.unwrap_or_else(|| panic!("step {failing} left {found:?}")));
        // What the failure left behind can be collected, and the shop goes on.
        shop.tables().collect_garbage(Duration::ZERO).unwrap();
        assert_eq!(state(&shop), found);
        import(&shop, &[event("c3", "p", 5)], "third").unwrap();
        assert_eq!(n_rows(&shop, "events"), found.0 + 1);
    }
    assert_eq!(reached.len(), 4, "every state between is met");
}

/// One event of customer c1 and one product.
fn prepared() -> (tempfile::TempDir, Shop) {
    let (folder, shop) = new_shop();
    import(&shop, &[event("c1", "p", 1)], "first").unwrap();
    import(&shop, &[product("a", "old")], "first").unwrap();
    (folder, shop)
}

#[test]
fn erasure_removes_every_trace() {
    let (_folder, shop) = new_shop();
    let events: Vec<_> =
        (0..300).map(|i| event(if i % 3 == 0 { "victim-77" } else { "other" }, "p", i * DAY_MS)).collect();
    import(&shop, &events, "e").unwrap();
    shop.tables().upsert(&[Customer { customer_id: "victim-77".into(), ..Default::default() }], "api").unwrap();
    shop.tables().upsert(&[Customer { customer_id: "other".into(), ..Default::default() }], "api").unwrap();
    let mut writer = shop.tables().writer(Event::spec(), tag("bad")).unwrap();
    writer.reject(9, "no date", "victim-77,?,view").unwrap();
    writer.finish().unwrap();
    assert_eq!(shop.tables().delete_where_customer("victim-77").unwrap(), 101);
    assert_eq!((n_rows(&shop, "events"), n_rows(&shop, "customers")), (200, 1));
    for path in files_below(shop.root()) {
        let bytes = std::fs::read(&path).unwrap();
        assert!(!bytes.windows(9).any(|window| window == b"victim-77"), "{}", path.display());
    }
}

fn files_below(folder: &Path) -> Vec<std::path::PathBuf> {
    let mut files = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_below(&path)) } else { files.push(path) }
    }
    files
}

#[test]
fn compaction_joins_small_files_and_keeps_every_row() {
    let (_folder, shop) = new_shop();
    for i in 0..20 {
        import(&shop, &[event("c", "p", i), event("c", "p", 40 * DAY_MS + i)], &format!("e{i}")).unwrap();
    }
    assert_eq!(paths(&shop, Event::spec()).len(), 40);
    assert_eq!(shop.tables().compact(Event::spec()).unwrap(), 38);
    assert_eq!(n_rows(&shop, "events"), 40);
    assert_eq!(shop.tables().compact(Event::spec()).unwrap(), 0);
    assert_eq!(shop.tables().collect_garbage(Duration::ZERO).unwrap().n_files, 40);
    assert_eq!(n_rows(&shop, "events"), 40);
    assert!(matches!(import(&shop, &[event("c", "p", 0)], "e3"), Err(DataError::AlreadyImported { .. })));
}

#[test]
fn many_months_and_tiny_limits_lose_nothing() {
    let folder = tempfile::tempdir().unwrap();
    Shop::create(folder.path().join("shop")).unwrap();
    let parts = PartLimits {
        part_bytes_max: 20_000,
        part_rows_max: 3000,
        memory_bytes_max: 10_000,
        open_parts_max: 3,
        ..PartLimits::default()
    };
    let shop = Shop::open_with(folder.path().join("shop"), ShopOptions { parts, ..Default::default() }).unwrap();
    let events: Vec<_> =
        (0..100_000).map(|i| event(&format!("c{}", i % 977), "p", (i * 31 % 900) * DAY_MS + i)).collect();
    import(&shop, &events, "e").unwrap();
    let rows = shop
        .engine()
        .unwrap()
        .query("select count(*) n, sum(price_cents) cents, count(distinct customer_id) customers from events");
    let cents: i64 = events.iter().map(|event| event.price_cents.unwrap().0).sum();
    let expected = serde_json::json!({"n": 100_000, "cents": cents, "customers": 977});
    assert_eq!(rows.unwrap().to_json().unwrap()[0], expected);
}

#[test]
fn only_one_reading_statement_is_allowed() {
    let (_folder, shop) = new_shop();
    let engine = shop.engine().unwrap();
    for statement in [
        "create table x as select 1",
        "drop table events",
        "insert into events select * from events",
        "delete from events",
        "update events set kind = 'view'",
        "copy events to '/tmp/x.parquet'",
        "create external table x stored as parquet location '/etc'",
        "set datafusion.execution.batch_size = 1",
        "create user x",
        "begin",
        "select 1; select 2",
        "",
    ] {
        let error = engine.query(statement).unwrap_err();
        assert!(matches!(&error, DataError::ReadOnly { .. }), "{statement}: {error}");
        assert!(error.to_string().contains("allowed: one reading statement at a time"), "{statement}: {error}");
    }
    for (statement, said) in [
        ("select nothing from events", "nothing"),
        ("select * from nope", "there is no table 'nope'; the tables are: products, "),
        ("select * from nope.events", "there is no table 'nope.events'"),
        ("select * from '/etc/passwd'", "/etc/passwd"),
        ("selec 1", "selec"),
    ] {
        let error = engine.query(statement).unwrap_err().to_string();
        assert!(error.contains(said), "{statement}: {error}");
        for words in ["datafusion", "not implemented", "ParserError", "Error during planning", "Schema error"] {
            assert!(!error.contains(words), "{statement}: {error}");
        }
    }
    assert!(engine.query("with a as (select 1 as n) select * from a").is_ok());
    assert!(engine.query("show tables").unwrap().to_table().unwrap().contains("knowledge"));
    let shown = engine.query("select to_timestamp_millis(0) as t").unwrap().to_table().unwrap();
    assert!(shown.contains("1970-01-01T00:00:00"), "{shown}");
}

#[test]
fn no_more_is_handed_over_than_asked_for() {
    let (_folder, shop) = new_shop();
    let engine = shop.engine().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    for (n, n_max, n_given, has_more) in [
        (0, 5, 0, false),
        (4, 5, 4, false),
        (5, 5, 5, false),
        (6, 5, 5, true),
        (30_000, 5, 5, true),
        (30_000, 20_000, 20_000, true),
    ] {
        let statement = format!("select value from generate_series(1, {n})");
        let (rows, more) = runtime.block_on(engine.first(&statement, n_max)).unwrap();
        assert_eq!((rows.n_rows(), more), (n_given, has_more), "{n} {n_max}");
    }
    let (explained, _) = runtime.block_on(engine.first("explain select 1", 5)).unwrap();
    assert!(explained.n_rows() > 0);
}

#[test]
fn a_result_becomes_a_csv_file() {
    use data::export::CsvFile;
    let (folder, shop) = new_shop();
    let engine = shop.engine().unwrap();
    let path = folder.path().join("out.csv");
    for (statement, expected) in [
        ("select 1 as a, 'x' as b where false", "a,b\n"),
        (
            "select 1 as \"a,b\", 'say \"hi\", you' as t, null as n, [1, 2] as l, 1.5 as f, to_timestamp_millis(0) as at",
            "\"a,b\",t,n,l,f,at\n1,\"say \"\"hi\"\", you\",,\"[1,2]\",1.5,1970-01-01T00:00:00Z\n",
        ),
    ] {
        let rows = engine.query(statement).unwrap();
        let mut file = CsvFile::create(&path, rows.schema.clone()).unwrap();
        rows.batches.iter().for_each(|batch| file.write(batch).unwrap());
        file.finish().unwrap();
        assert_eq!(std::fs::read_to_string(&path).unwrap(), expected, "{statement}");
    }
}

#[test]
fn a_table_made_from_others_is_replaced_as_a_whole() {
    let (_folder, shop) = new_shop();
    let spec = SegmentMember::spec();
    let write = |ids: &[&str]| {
        let row = |id: &&str| SegmentMember { customer_id: (*id).to_owned(), ..Default::default() };
        let rows: Vec<_> = ids.iter().map(row).collect();
        let mut writer = shop.tables().replacing_writer(spec, "train").unwrap();
        for part in rows.chunks(2) {
            writer.write(SegmentMember::to_batch(part).unwrap()).unwrap();
        }
        writer.finish().unwrap()
    };
    let ids = |shop: &Shop| {
        shop.tables().load::<SegmentMember>().unwrap().into_iter().map(|row| row.customer_id).collect::<Vec<_>>()
    };
    write(&["a", "b", "c"]);
    assert_eq!(write(&["b", "d"]).rows_replaced, 3);
    assert_eq!(ids(&shop), ["b", "d"]);
    // One that is not finished changes nothing.
    drop(shop.tables().replacing_writer(spec, "train").unwrap());
    assert_eq!(ids(&shop), ["b", "d"]);
    write(&[]);
    assert_eq!(ids(&shop), [""; 0]);
}
