//! An accepted event survives: idempotency, a gentle stop, and SIGKILL under load of a real child process.

use std::io::{BufRead, BufReader};
use std::net::SocketAddr;
use std::process::{Child, Command, Stdio};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering::SeqCst};

use serde_json::json;
use service::auth::Scope;

use crate::disk::SmallDisk;
use crate::http::{send, try_send};
use crate::shop::{key, make, serve, served};

const CHILD: &str = "TERCET_TEST_SERVE";

/// Not a test of its own: the process that the test below starts and kills.
#[test]
fn child_that_serves() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let served = serve(folder.as_ref(), String::new());
    println!("\nlistening {}", served.address);
    loop {
        std::thread::park();
    }
}

fn start_child(folder: &std::path::Path) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["durability::child_that_serves", "--exact", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("listening ")?.parse().ok());
    (child, address.expect("the child says where it listens"))
}

#[test]
fn every_accepted_event_survives_sigkill() {
    let folder = make();
    let key = key(&folder.shop(), &Scope::ALL);
    let bearer = format!("Bearer {key}");
    let (mut child, address) = start_child(&folder.shop());
    let accepted = Mutex::new(Vec::new());
    let killed = AtomicBool::new(false);
    std::thread::scope(|scope| {
        for worker in 0..4 {
            let (accepted, killed, bearer) = (&accepted, &killed, &bearer);
            scope.spawn(move || {
                for at in 0.. {
                    let session = format!("w{worker}-{at}");
                    let body =
                        json!({"customer_id": "killed", "kind": "view", "product_id": "p1", "session_id": session});
                    let headers = [("Authorization", bearer.as_str())];
                    match try_send(address, "POST", "/v1/events", &headers, Some(&body.to_string())) {
                        Ok(response) if response.status == 202 => accepted.lock().unwrap().push(session),
                        _ if killed.load(SeqCst) => return,
                        Ok(response) => panic!("{}", response.body),
                        // The kill may be seen here before the flag is.
                        Err(_) => {}
                    }
                }
            });
        }
        while accepted.lock().unwrap().len() < 200 {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
        killed.store(true, SeqCst);
    });
    let accepted = accepted.into_inner().unwrap();
    assert!(accepted.len() >= 200);

    let served = serve(&folder.shop(), key);
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    drop(served);
    let shop = data::Shop::open(folder.shop()).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let sql = "select session_id from events where customer_id = 'killed'";
    let rows = runtime.block_on(service::flows::rows::query_rows(&shop, sql)).unwrap();
    let mut kept: Vec<_> = rows.iter().map(|row| row["session_id"].as_str().unwrap()).collect();
    let n_kept = kept.len();
    kept.sort_unstable();
    kept.dedup();
    assert_eq!(kept.len(), n_kept, "no event stands twice");
    for session in &accepted {
        assert!(kept.binary_search(&session.as_str()).is_ok(), "{session} was accepted and is gone");
    }
}

#[test]
fn the_same_key_adds_nothing_twice_and_a_stop_loses_nothing() {
    let (folder, mut served) = served();
    let bearer = format!("Bearer {}", served.key);
    let body = json!({"events": [
        {"customer_id": "idem", "kind": "view", "product_id": "p1"},
        {"customer_id": "idem", "kind": "no such kind"},
        {"customer_id": "idem", "kind": "cart", "product_id": "unknown product"},
    ]})
    .to_string();
    let headers = [("Authorization", bearer.as_str()), ("Idempotency-Key", "order-1")];
    for duplicate in [false, true, true] {
        let answer = send(served.address, "POST", "/v1/events", &headers, Some(&body)).json();
        assert_eq!(
            (answer["accepted"].as_u64(), answer["duplicate"].as_bool()),
            (Some(2), Some(duplicate)),
            "{answer}"
        );
        assert_eq!(answer["rejected"][0]["index"], 1);
    }
    assert_eq!(served.get("/v1/customers/idem/history")["items"].as_array().unwrap().len(), 2);
    served.stop();
    let key = served.key.clone();
    let again = serve(&folder.shop(), key);
    assert_eq!(again.get("/v1/customers/idem/history")["items"].as_array().unwrap().len(), 2);
    assert!(again.passwords.is_empty(), "the password is made only once");
}

/// Two equal events are two things that happened (two views of a page); only an idempotency key makes them one.
#[test]
fn equal_events_of_one_batch_all_count() {
    let (_folder, served) = served();
    let event = json!({"customer_id": "twice", "kind": "view", "product_id": "p1", "session_id": "s", "at": "2026-01-01T00:00:00Z"});
    let answer = served.call("POST", "/v1/events", Some(json!({"events": [event, event, event]}))).json();
    assert_eq!((&answer["accepted"], &answer["duplicate"]), (&json!(3), &json!(false)), "{answer}");
    assert_eq!(served.get("/v1/customers/twice/history")["items"].as_array().unwrap().len(), 3);
    // A product is known by its id: the later of two stands, and is there once.
    for name in ["First", "Second"] {
        let product = json!({"name": name, "category": "Music/Pop"});
        assert!(served.call("PUT", "/v1/products/again", Some(product)).status < 300);
    }
    let found = served.get("/v1/products?query=again");
    assert_eq!((&found["total"], &found["items"][0]["name"]), (&json!(1), &json!("Second")), "{found}");
}

#[test]
fn a_full_disk_refuses_events_until_there_is_room_and_loses_none() {
    let Some(disk) = SmallDisk::mount(4096) else {
        println!("skipped: no right to mount a small file system");
        return;
    };
    let folder = disk.path().join("shop");
    drop(data::Shop::create(&folder).unwrap());
    let secret = key(&folder, &Scope::ALL);
    let mut served = serve(&folder, secret);
    let post = |batch: usize| {
        let event = |at: usize| {
            let query = format!("{at} {}", "x".repeat(900));
            json!({"customer_id": format!("full-{batch}"), "kind": "search", "query": query})
        };
        served.call("POST", "/v1/events", Some(json!({"events": (0..100).map(event).collect::<Vec<_>>()})))
    };
    let n_kept = |batch: usize| {
        let history = served.get(&format!("/v1/customers/full-{batch}/history?limit=500"));
        history["items"].as_array().unwrap().len()
    };
    let mut n_batches = 0;
    let refused = loop {
        let response = post(n_batches);
        if response.status != 202 {
            break response;
        }
        n_batches += 1;
        assert!(n_batches < 100, "the disk never fills");
    };
    assert_eq!(refused.status, 503, "{}", refused.body);
    assert_eq!(refused.json()["error"]["code"], "disk_full", "{}", refused.body);
    assert_eq!(served.call("GET", "/health", None).status, 200);
    assert_eq!(n_kept(n_batches), 0, "a batch that was refused is not there in part");
    disk.grow(65_536);
    assert_eq!(post(n_batches).status, 202, "there is room again");
    assert!((0..=n_batches).all(|batch| n_kept(batch) == 100));
    served.stop();
}
