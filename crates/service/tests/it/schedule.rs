//! Jobs that the server starts by itself, over HTTP: what is told of them, and that one follows another.

use std::time::Duration;

use serde_json::{Value, json};
use service::auth::keys::Scope;
use service::clock;

use super::shop::{Folder, Served, key, make, serve_with};

/// Served with the sections of a schedule, and a beat that comes often.
fn served(sections: &str) -> (Folder, Served) {
    let folder = make();
    let config = folder.shop().join("tercet.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, format!("{text}\n{sections}")).unwrap();
    let secret = key(&folder.shop(), &Scope::ALL);
    let served = serve_with(&folder.shop(), secret, |options| options.flush_every = Duration::from_millis(50));
    (folder, served)
}

fn entry(served: &Served, name: &str) -> Value {
    let all = served.get("/v1/schedule");
    let found = all["items"].as_array().unwrap().iter().find(|one| one["name"] == name);
    found.unwrap_or_else(|| panic!("{name} is not in {all}")).clone()
}

/// Waits until an entry has ended.
fn ended(served: &Served, name: &str) -> Value {
    loop {
        let found = entry(served, name);
        if !found["end"].is_null() {
            return found;
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

#[test]
fn one_job_follows_another_and_what_cannot_be_started_is_told() {
    // Far from today, so that nothing is due by the clock.
    let day = (clock::today("UTC").to_string()[8..].parse::<u32>().unwrap() + 13) % 28 + 1;
    let (_folder, served) = served(&format!(
        "[[schedule]]\njob = \"train\"\nat = \"{day} 03:00\"\nparams = {{ algorithm = \"ease\" }}\n\
         [[schedule]]\nname = \"lists\"\njob = \"predict\"\nat = \"after train\"\n\
         [[schedule]]\nname = \"broken\"\njob = \"recommend\"\nat = \"after lists\"\n\
         params = {{ audience = \"nobody\" }}\nretries = 0\n"
    ));
    let train = entry(&served, "train");
    assert_eq!((&train["at"], &train["end"]), (&json!(format!("{day} 03:00")), &Value::Null));
    assert!(train["next_at"].as_i64().unwrap() > clock::now().0);
    assert_eq!(entry(&served, "lists")["next_at"], Value::Null);
    assert_eq!(served.get("/v1/jobs")["items"], json!([]));

    let started = served.call("POST", "/v1/schedule/train/run", None);
    assert_eq!(started.status, 202, "{}", started.body);
    let train = ended(&served, "train");
    assert_eq!((&train["end"], &train["job_id"]), (&json!("done"), &started.json()["id"]));
    let lists = ended(&served, "lists");
    assert_eq!((&lists["end"], &lists["planned_at"]), (&json!("done"), &train["ended_at"]), "{lists}");
    let broken = ended(&served, "broken");
    assert_eq!((&broken["end"], &broken["job_id"], &broken["n_failures"]), (&json!("failed"), &Value::Null, &json!(1)));
    assert!(broken["error"]["message"].as_str().unwrap().contains("nobody"), "{broken}");
    assert_eq!(broken["next_at"], Value::Null);
    assert_eq!(served.get("/v1/jobs")["items"].as_array().unwrap().len(), 2);

    let unknown = served.call("POST", "/v1/schedule/nothing/run", None);
    assert_eq!(unknown.status, 404, "{}", unknown.body);
}

#[test]
fn without_a_section_nothing_is_scheduled() {
    let (_folder, served) = served("");
    assert_eq!(served.get("/v1/schedule"), json!({"items": []}));
}
