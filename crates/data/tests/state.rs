//! The operational state: durable appends, repetition, the move into the tables exactly once, and what survives a
//! process that is killed; backup and restore; models.

mod common;

use tercet_data as data;

use std::collections::BTreeMap;
use std::io::{self, BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::{Arc, Mutex};

use common::SmallDisk;
use data::files::Step;
use data::shop::ShopOptions;
use data::state::{Answer, EventBatch, Record, RecordKind, RowChange, StateStore};
use data::tables::Row;
use data::{DataError, InteractionQuery, Shop, SourceTag};
use domain::{Event, EventKind, Millis, Order, Product};

fn event(customer: &str, product: &str, kind: EventKind, at: i64) -> Event {
    Event {
        at: Millis(at),
        customer_id: customer.to_owned(),
        session_id: None,
        product_id: Some(product.to_owned()),
        kind,
        value: None,
        quantity: None,
        price_cents: None,
        channel: None,
        campaign_id: None,
        query: None,
        extra: None,
    }
}

fn batch(key: Option<&str>, ats: std::ops::Range<i64>) -> EventBatch {
    let events = ats.map(|at| event("c", "p", EventKind::View, at)).collect();
    EventBatch { idempotency_key: key.map(str::to_owned), events, received_at: 1000 }
}

fn new_shop() -> (tempfile::TempDir, Shop) {
    let folder = tempfile::tempdir().unwrap();
    let shop = Shop::create(folder.path().join("shop")).unwrap();
    (folder, shop)
}

/// The times of all events, in the tables and in the store.
fn all_times(shop: &Shop) -> Vec<i64> {
    let log_offset = shop.tables().manifest(Event::spec()).unwrap().log_offset;
    let mut times: Vec<_> = shop.tables().load::<Event>().unwrap().iter().map(|event| event.at.0).collect();
    let waiting = shop.state().unwrap().events_since(log_offset, usize::MAX >> 1).unwrap();
    times.extend(waiting.iter().map(|(_, event)| event.at.0));
    times.sort();
    times
}

#[test]
fn appended_events_are_read_in_order_and_once() {
    let (_folder, shop) = new_shop();
    let state = shop.state().unwrap();
    assert_eq!(state.append(batch(Some("k"), 0..3)).unwrap().last_offset, 3);
    let again = state.append(batch(Some("k"), 0..3)).unwrap();
    assert_eq!((again.last_offset, again.n_events, again.duplicate), (3, 3, true));
    state.append(batch(None, 3..5)).unwrap();
    let read: Vec<_> = state.events_since(1, 3).unwrap().into_iter().map(|(offset, e)| (offset, e.at.0)).collect();
    assert_eq!(read, [(2, 1), (3, 2), (4, 3)]);
    assert_eq!(state.events_since(0, 100).unwrap().len(), 5);
    assert_eq!(state.events_of("c").unwrap().len(), 5);
    assert_eq!(state.events_of("other").unwrap(), []);
}

#[test]
fn many_producers_lose_nothing() {
    let (_folder, shop) = new_shop();
    let state = shop.state().unwrap();
    std::thread::scope(|scope| {
        for producer in 0..8 {
            let state = &state;
            scope.spawn(move || {
                for n in 0..50 {
                    let from = producer * 1000 + n * 10;
                    assert_eq!(state.append(batch(None, from..from + 10)).unwrap().n_events, 10);
                }
            });
        }
    });
    let expected: Vec<i64> = (0..8).flat_map(|producer| (0..500).map(move |n| producer * 1000 + n)).collect();
    assert_eq!(all_times(&shop), expected);
}

#[test]
fn a_flush_moves_each_event_once_whatever_fails() {
    let count = Arc::new(Mutex::new(0));
    for failing in 0.. {
        let (_folder, shop) = new_shop();
        shop.state().unwrap().append(batch(None, 0..10)).unwrap();
        let root = shop.root().to_owned();
        drop(shop);
        let seen = count.clone();
        *seen.lock().unwrap() = 0;
        let hook = move |_: Step| {
            let mut at = seen.lock().unwrap();
            *at += 1;
            if *at == failing { Err(io::Error::from(io::ErrorKind::StorageFull)) } else { Ok(()) }
        };
        let shop = Shop::open_with(&root, ShopOptions { hook: Arc::new(hook), ..Default::default() }).unwrap();
        let flushed = shop.flush_events();
        assert_eq!(flushed.is_err(), (1..=*count.lock().unwrap()).contains(&failing), "step {failing}: {flushed:?}");
        drop(shop);
        let shop = Shop::open(&root).unwrap();
        assert_eq!(all_times(&shop), (0..10).collect::<Vec<_>>(), "step {failing}");
        shop.state().unwrap().append(batch(None, 10..12)).unwrap();
        shop.flush_events().unwrap();
        assert_eq!(all_times(&shop), (0..12).collect::<Vec<_>>(), "step {failing}");
        assert_eq!(shop.state().unwrap().events_since(0, 100).unwrap(), []);
        if failing > 0 && flushed.is_ok() {
            assert!(failing > 8, "only {failing} steps");
            return;
        }
    }
}

/// Run by `killed_while_writing` in a process of its own: appends and flushes until killed, naming on its output each
/// event that was acknowledged.
#[test]
fn child_that_is_killed() {
    let Ok(root) = std::env::var("TERCET_TEST_KILLED_SHOP") else { return };
    let shop = Shop::open(root).unwrap();
    let state = shop.state().unwrap();
    let first = all_times(&shop).last().map_or(0, |last| last + 1);
    for at in first.. {
        state.append(batch(None, at..at + 1)).unwrap();
        println!("acknowledged {at}");
        if at % 7 == 0 {
            shop.flush_events().unwrap();
        }
    }
}

#[test]
fn killed_while_writing() {
    let (_folder, shop) = new_shop();
    let root = shop.root().to_owned();
    drop(shop);
    let mut last_acknowledged = -1;
    for round in 0..4 {
        let mut child = Command::new(std::env::current_exe().unwrap())
            .args(["child_that_is_killed", "--exact", "--nocapture"])
            .env("TERCET_TEST_KILLED_SHOP", &root)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        // Killed after a number of events that falls at another point of the flush each time.
        let mut acknowledged = lines
            .filter_map(|line| line.unwrap().split_once("acknowledged ").map(|(_, at)| at.parse::<i64>().unwrap()));
        last_acknowledged = acknowledged.nth(20 + round * 2).unwrap();
        child.kill().unwrap();
        last_acknowledged = acknowledged.last().unwrap_or(last_acknowledged);
        child.wait().unwrap();
        let shop = Shop::open(&root).unwrap();
        let times = all_times(&shop);
        assert!(times.len() as i64 > last_acknowledged, "{last_acknowledged} was acknowledged, found {}", times.len());
        assert_eq!(times, (0..times.len() as i64).collect::<Vec<_>>(), "none lost, none twice");
    }
    assert!(last_acknowledged > 80);
}

#[test]
fn records_settings_changes_and_answers_are_kept() {
    let (_folder, shop) = new_shop();
    let root = shop.root().to_owned();
    let record = |id: &str, at: i64, body: &str| Record { id: id.into(), at, body: body.into() };
    let change = |key: &str, body: Option<&str>, at: i64| RowChange { key: key.into(), body: body.map(Into::into), at };
    let answer = Answer { list_id: "l1".into(), customer_id: "c".into(), at: 9, body: "{}".into() };
    {
        let state = shop.state().unwrap();
        state.put_record(RecordKind::Key, record("k1", 5, "{}")).unwrap();
        state.put_record(RecordKind::Job, record("j1", 7, "queued")).unwrap();
        state.put_record(RecordKind::Job, record("j1", 7, "done")).unwrap();
        state.put_record(RecordKind::Job, record("j2", 8, "queued")).unwrap();
        state.set_setting("a", "1").unwrap();
        state.set_setting("a", "2").unwrap();
        state.put_change("products", change("p2", None, 1)).unwrap();
        state.put_change("products", change("p1", Some("{}"), 2)).unwrap();
        state.put_change("customers", change("c", Some("{}"), 2)).unwrap();
        assert!(state.put_answer_later(answer.clone()));
    }
    drop(shop);
    let shop = Shop::open(&root).unwrap();
    let state = shop.state().unwrap();
    assert_eq!(state.records(RecordKind::Key, 10).unwrap(), [record("k1", 5, "{}")]);
    assert_eq!(state.records(RecordKind::Job, 10).unwrap(), [record("j2", 8, "queued"), record("j1", 7, "done")]);
    assert_eq!(state.record(RecordKind::Job, "j1").unwrap(), Some(record("j1", 7, "done")));
    assert_eq!(state.record(RecordKind::Evaluation, "j1").unwrap(), None);
    assert!(state.delete_record(RecordKind::Key, "k1").unwrap());
    assert!(!state.delete_record(RecordKind::Key, "k1").unwrap());
    assert_eq!((state.setting("a").unwrap().as_deref(), state.setting("b").unwrap()), (Some("2"), None));
    assert_eq!(state.changes("products").unwrap(), [change("p1", Some("{}"), 2), change("p2", None, 1)]);
    state.put_change("products", change("p1", Some("{}"), 3)).unwrap();
    state.forget_changes("products", vec![change("p1", None, 2), change("p2", None, 1)]).unwrap();
    assert_eq!(state.changes("products").unwrap(), [change("p1", Some("{}"), 3)], "changed since, so kept");
    assert_eq!(state.answer("l1").unwrap(), Some(answer));
    assert_eq!(shop.erase_customer("c").unwrap(), 2);
    assert_eq!((state.answer("l1").unwrap(), state.change("customers", "c").unwrap()), (None, None));
}

#[test]
fn settings_that_count_are_added_to_by_many_and_forgotten_by_range() {
    let (_folder, shop) = new_shop();
    // As a server and a command beside it.
    let (one, other) = (shop.state().unwrap(), Shop::open(shop.root()).unwrap().state().unwrap());
    std::thread::scope(|scope| {
        for state in [&one, &other] {
            scope.spawn(move || {
                for _ in 0..50 {
                    state.add_to_settings(vec![("n/1/a".into(), 2), ("n/2/a".into(), 1)]).unwrap();
                }
            });
        }
    });
    let pair = |name: &str, value: &str| (name.to_owned(), value.to_owned());
    assert_eq!(one.settings_between("n/1", "n/3").unwrap(), [pair("n/1/a", "200"), pair("n/2/a", "100")]);
    assert_eq!(one.settings_between("n/2", "n/3").unwrap(), [pair("n/2/a", "100")]);
    other.forget_settings_between("n/", "n/2").unwrap();
    assert_eq!(one.settings_between("n/", "n/9").unwrap(), [pair("n/2/a", "100")]);
}

#[test]
fn changed_rows_move_into_their_table_and_deleted_ones_out() {
    let (_folder, shop) = new_shop();
    let state = shop.state().unwrap();
    let product = |id: &str, name: &str| Product { product_id: id.into(), name: name.into(), ..Product::default() };
    let change = |id: &str, name: Option<&str>, at: i64| {
        let body = name.map(|name| serde_json::to_string(&product(id, name)).unwrap());
        state.put_change("products", RowChange { key: id.into(), body, at }).unwrap();
    };
    let names = || {
        let mut rows = shop.tables().load::<Product>().unwrap();
        rows.sort_by(|a, b| a.product_id.cmp(&b.product_id));
        rows.into_iter().map(|row| row.name).collect::<Vec<_>>()
    };
    change("p1", Some("one"), 1);
    change("p2", Some("two"), 1);
    assert_eq!((shop.flush_changes().unwrap(), names()), (2, vec!["one".to_owned(), "two".to_owned()]));
    change("p1", None, 2);
    change("p2", Some("second"), 2);
    change("never there", None, 2);
    assert_eq!((shop.flush_changes().unwrap(), names()), (3, vec!["second".to_owned()]));
    assert_eq!((shop.flush_changes().unwrap(), state.changes("products").unwrap()), (0, vec![]));
}

#[test]
fn an_answer_still_waiting_is_erased_too() {
    let (_folder, shop) = new_shop();
    let state = shop.state().unwrap();
    for n in 0..20 {
        let answer = Answer { list_id: format!("l{n}"), customer_id: "c".into(), at: 9, body: "{}".into() };
        assert!(state.put_answer_later(answer));
        assert_eq!(shop.erase_customer("c").unwrap(), 1);
        state.settle().unwrap();
        assert_eq!(state.answer(&format!("l{n}")).unwrap(), None);
    }
}

fn assert_not_in_the_folder(root: &Path, text: &str) {
    for name in ["state.db", "state.db-wal", "state.db-shm", "answers.db", "answers.db-wal"] {
        let bytes = std::fs::read(root.join(name)).unwrap_or_default();
        assert!(!bytes.windows(text.len()).any(|window| window == text.as_bytes()), "{text} is in {name}");
    }
}

#[test]
fn an_idempotency_key_is_not_kept_in_plain_text() {
    let (_folder, shop) = new_shop();
    let (key, state) = ("victim-77/2026-01-01", shop.state().unwrap());
    assert!(!state.append(batch(Some(key), 0..3)).unwrap().duplicate);
    assert_not_in_the_folder(shop.root(), "victim-77");
    assert!(state.append(batch(Some(key), 0..3)).unwrap().duplicate);
    assert!(!state.append(batch(Some("victim-77/2026-01-02"), 3..4)).unwrap().duplicate);
    assert_eq!(shop.erase_customer("c").unwrap(), 4);
    assert_not_in_the_folder(shop.root(), "victim-77");
    // The key of an erased batch still tells that it was taken.
    assert!(state.append(batch(Some(key), 0..3)).unwrap().duplicate);
}

#[test]
fn keys_that_an_earlier_build_kept_in_plain_text_go_when_the_folder_is_opened() {
    let (_folder, shop) = new_shop();
    shop.state().unwrap().append(batch(None, 0..1)).unwrap();
    let root = shop.root().to_owned();
    drop(shop);
    let earlier = rusqlite::Connection::open(root.join("state.db")).unwrap();
    let keys: String =
        (0..500).map(|n| format!("INSERT INTO idempotency VALUES ('victim-{n}', 1, 1, 1000);")).collect();
    earlier.execute_batch(&format!("BEGIN; {keys} PRAGMA user_version = 3; COMMIT;")).unwrap();
    drop(earlier);
    let shop = Shop::open(&root).unwrap();
    assert_eq!(shop.state().unwrap().events_since(0, 9).unwrap().len(), 1);
    assert_not_in_the_folder(&root, "victim-");
}

#[test]
fn a_key_is_made_beside_a_running_server() {
    let (_folder, shop) = new_shop();
    shop.lock_for_writing().unwrap();
    let beside = Shop::open(shop.root()).unwrap();
    let record = Record { id: "k".into(), at: 1, body: "{}".into() };
    beside.state().unwrap().put_record(RecordKind::Key, record.clone()).unwrap();
    assert_eq!(shop.state().unwrap().record(RecordKind::Key, "k").unwrap(), Some(record));
    assert!(matches!(beside.state().unwrap().append(batch(None, 0..1)), Err(DataError::Locked { .. })));
}

#[test]
fn a_backup_restores_the_same_shop() {
    let (folder, shop) = new_shop();
    shop.state().unwrap().append(batch(None, 0..10)).unwrap();
    shop.flush_events().unwrap();
    shop.state().unwrap().append(batch(None, 10..15)).unwrap();
    let answer = Answer { list_id: "l1".into(), customer_id: "c".into(), at: 9, body: "{}".into() };
    assert!(shop.state().unwrap().put_answer_later(answer.clone()));
    let version = shop.models().publish("recommend", &BTreeMap::from([("model.bin".into(), vec![1, 2, 3])])).unwrap();
    shop.models().activate("recommend", &version).unwrap();
    let file = folder.path().join("shop.backup");
    shop.backup(&file).unwrap();
    let again = shop.backup(&file).unwrap_err().to_string();
    assert!(again.contains("exists already; give the backup a name that no file has"), "{again}");
    let nowhere = folder.path().join("nowhere");
    let refused = shop.backup(&nowhere.join("x")).unwrap_err().to_string();
    assert!(refused.contains("there is no folder") && !nowhere.exists(), "{refused}");
    assert!(matches!(Shop::restore(&file, shop.root()), Err(DataError::NotEmpty { .. })));
    let (restored, _) = Shop::restore(&file, &folder.path().join("restored")).unwrap();
    assert_eq!(all_times(&restored), (0..15).collect::<Vec<_>>());
    assert_eq!(restored.state().unwrap().answer("l1").unwrap(), Some(answer));
    assert_eq!(restored.models().current("recommend").unwrap(), Some(version.clone()));
    assert_eq!(restored.models().read("recommend", &version, "model.bin").unwrap(), [1, 2, 3]);
    torn_backups_are_refused(&file, folder.path());
}

fn torn_backups_are_refused(file: &Path, folder: &Path) {
    let bytes = std::fs::read(file).unwrap();
    for at in [10, bytes.len() / 2, bytes.len() - 1] {
        let torn = folder.join("torn");
        std::fs::write(&torn, &bytes[..at]).unwrap();
        assert!(Shop::restore(&torn, &folder.join("from-torn")).is_err(), "cut at {at}");
        assert!(!folder.join("from-torn").exists());
    }
}

#[test]
fn offsets_grow_past_those_the_tables_hold() {
    let (_folder, shop) = new_shop();
    shop.state().unwrap().append(batch(None, 0..10)).unwrap();
    shop.flush_events().unwrap();
    let root = shop.root().to_owned();
    drop(shop);
    // As after restoring an older state, or losing it.
    for name in ["state.db", "state.db-wal", "state.db-shm"] {
        let _ = std::fs::remove_file(root.join(name));
    }
    let shop = Shop::open(&root).unwrap();
    assert_eq!(shop.state().unwrap().append(batch(None, 10..11)).unwrap().last_offset, 11);
    shop.flush_events().unwrap();
    assert_eq!(all_times(&shop), (0..11).collect::<Vec<_>>());
}

#[test]
fn models_are_switched_and_pruned() {
    let (_folder, shop) = new_shop();
    let models = shop.models();
    assert_eq!(models.current("recommend").unwrap(), None);
    for n in 1..=4u8 {
        models.publish("recommend", &BTreeMap::from([("m".to_owned(), vec![n])])).unwrap();
    }
    models.activate("recommend", "000002").unwrap();
    assert_eq!(models.prune("recommend", 1).unwrap(), 2);
    assert_eq!(models.versions("recommend").unwrap(), ["000002", "000004"]);
    for wrong in ["000001", "../x", ""] {
        assert!(models.activate("recommend", wrong).is_err(), "{wrong}");
    }
    assert!(models.publish("recommend", &BTreeMap::from([("../m".to_owned(), vec![])])).is_err());
    assert!(models.read("recommend", "000002", "../current").is_err());
}

#[test]
fn interactions_count_a_purchase_once() {
    let (_folder, shop) = new_shop();
    let rated = Event { value: Some(2.0), ..event("b", "y", EventKind::Rate, 40) };
    let events = [
        event("b", "x", EventKind::View, 10),
        event("b", "x", EventKind::View, 30),
        event("b", "x", EventKind::Purchase, 20),
        event("a", "y", EventKind::Cart, 50),
        event("a", "y", EventKind::Uncart, 60),
        rated,
    ];
    let order = |product: &str, quantity| Order {
        order_id: "o".into(),
        ordered_at: Millis(25),
        customer_id: "b".into(),
        product_id: product.into(),
        quantity,
        ..Order::default()
    };
    shop.tables().upsert(&events, "api").unwrap();
    shop.tables().upsert(&[order("x", 1), order("w", 2), order("v", -1)], "api").unwrap();
    let query = InteractionQuery::of_shop(&shop, 0);
    let found = shop.interactions(&query).unwrap();
    assert_eq!((found.customer_ids.join(" "), found.product_ids.join(" ")), ("a b".into(), "w x y".into()));
    assert_eq!(found.pairs, [(0, 2, 3.0, 50), (1, 0, 5.0, 25), (1, 1, 7.0, 30)]);
    let recent = shop.interactions(&InteractionQuery { since: Some(30), ..query }).unwrap();
    assert_eq!(recent.pairs, [(0, 1, 3.0, 50), (1, 0, 1.0, 30)]);
    assert_eq!(shop.ratings().unwrap().pairs, [(0, 0, 2.0, 40)]);
    assert!(shop.tables().writer(Event::spec(), SourceTag::live("x")).is_ok());
}

#[test]
fn the_doctor_says_once_what_to_do() {
    let (_folder, shop) = new_shop();
    shop.state().unwrap().append(batch(None, 0..1)).unwrap();
    let root = shop.root().to_owned();
    drop(shop);
    let n_bytes = std::fs::metadata(root.join("state.db")).unwrap().len() as usize;
    std::fs::write(root.join("state.db"), "x".repeat(n_bytes)).unwrap();
    let found = data::doctor::examine(&root, false).unwrap();
    let state = found.iter().find(|finding| finding.path == "state.db").unwrap();
    assert!(state.help.contains("Restore") && !state.found.contains("Restore"), "{state:?}");
}

#[test]
fn the_doctor_finds_and_mends() {
    let (_folder, shop) = new_shop();
    shop.tables().upsert(&[event("c", "p", EventKind::View, 1)], "api").unwrap();
    shop.models().publish("recommend", &BTreeMap::from([("m".to_owned(), vec![1])])).unwrap();
    let root = shop.root().to_owned();
    let part = shop.tables().manifest(Event::spec()).unwrap().files.remove(0).path;
    drop(shop);
    assert_eq!(data::doctor::examine(&root, false).unwrap(), []);
    let leftover = root.join("tables/events/job-000099");
    std::fs::create_dir(&leftover).unwrap();
    std::fs::write(leftover.join("1970-01-0000.parquet"), "half").unwrap();
    std::fs::write(root.join("models/recommend/current"), "000009\n").unwrap();
    std::fs::remove_file(root.join("format")).unwrap();
    let found = data::doctor::examine(&root, false).unwrap();
    assert_eq!(found.iter().map(|finding| finding.path.as_str()).collect::<Vec<_>>(), ["format", ""]);
    assert!(data::doctor::examine(&root, true).unwrap().iter().any(|finding| finding.mended));
    data::doctor::examine(&root, true).unwrap();
    assert_eq!(data::doctor::examine(&root, false).unwrap(), []);
    assert!(!leftover.exists());
    // A damaged part is named and left alone.
    let part = root.join("tables/events").join(part);
    let mut bytes = std::fs::read(&part).unwrap();
    bytes[100] ^= 1;
    std::fs::write(&part, &bytes).unwrap();
    let found = data::doctor::examine(&root, true).unwrap();
    assert!(found.len() == 1 && found[0].found.contains("checksum") && !found[0].mended, "{found:?}");
    assert_eq!(std::fs::read(&part).unwrap(), bytes);
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount(2048) else {
        println!("skipped: no right to mount a small file system");
        return;
    };
    let shop = Shop::create(disk.path().join("shop")).unwrap();
    let state = shop.state().unwrap();
    let mut n_acknowledged = 0;
    let error = loop {
        match state.append(batch(None, n_acknowledged..n_acknowledged + 100)) {
            Ok(_) => n_acknowledged += 100,
            Err(error) => break error,
        }
    };
    assert!(error.is_disk_full(), "{error}");
    assert!(n_acknowledged > 100);
    let mut writer = shop.tables().writer(Event::spec(), SourceTag::source("a file", "digest")).unwrap();
    let noise = |n: u64| format!("{:x}", n.wrapping_mul(0x9E37_79B9_7F4A_7C15));
    let events: Vec<_> = (0..200_000).map(|n| event(&noise(n), &noise(n + 7), EventKind::View, n as i64)).collect();
    let error = writer.write(Event::to_batch(&events).unwrap()).and_then(|()| writer.finish()).unwrap_err();
    assert!(error.is_disk_full(), "{error}");
    drop((state, shop));
    let shop = Shop::open(disk.path().join("shop")).unwrap();
    assert_eq!(all_times(&shop), (0..n_acknowledged).collect::<Vec<_>>());
}
