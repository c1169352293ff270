//! Documents looked after while the shop is served: cited at once, in versions that can be compared, retired and put back; and
//! questions without an answer that are settled.

use serde_json::{Value, json};

use crate::conversations::{Page, widget};
use crate::language::reviewed;
use crate::shop::{Served, served};

fn put(served: &Served, query: &str, body: &str) -> Value {
    let response = served.upload(&format!("/v1/knowledge?{query}"), "application/octet-stream", body.as_bytes());
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()
}

/// What is said to a question, and the documents it rests on.
fn asked(served: &Served, text: &str) -> (String, Vec<String>) {
    let tried = served.call("POST", "/v1/assist/try", Some(json!({"text": text, "lang": "en"})));
    assert_eq!(tried.status, 200, "{}", tried.body);
    let reply = &tried.json()["turn"]["reply"];
    let of = |one: &Value| one["document_id"].as_str().map(str::to_owned);
    let documents = reply["evidence"].as_array().unwrap().iter().filter_map(of).collect();
    (reply["text"].as_str().unwrap().to_owned(), documents)
}

const QUESTION: &str = "How long can I borrow a demo drone from the store?";

#[test]
fn a_document_is_cited_at_once_in_the_version_it_has() {
    let (_folder, served) = served();
    let drones = |days: &str| {
        format!(
            "---\nproduct_ids: [p1]\n---\n# Demo drones\n\n## Borrowing\n\nA demo drone can be borrowed from the store for {days} days.\n\n## Deposit\n\nBring a card.\n"
        )
    };
    assert!(asked(&served, QUESTION).1.is_empty());
    let first = put(&served, "name=help/drones.md", &drones("9"));
    assert_eq!(
        (&first["document_id"], &first["outcome"], &first["n_chunks"]),
        (&json!("help/drones.md"), &json!("new"), &json!(2))
    );
    let (said, documents) = asked(&served, QUESTION);
    assert!(said.contains("9 days") && documents == ["help/drones.md"], "{said} {documents:?}");

    assert_eq!(put(&served, "name=help/drones.md", &drones("9"))["outcome"], "same");
    let second = put(&served, "name=other.md&document_id=help%2Fdrones.md&title=Drones%20to%20try", &drones("12"));
    assert_eq!((&second["outcome"], &second["number"]), (&json!("changed"), &json!(2)));
    let (said, _) = asked(&served, QUESTION);
    assert!(said.contains("12 days") && !said.contains("9 days"), "{said}");

    let path = "/v1/knowledge/help%2Fdrones.md";
    let view = served.get(path);
    assert_eq!(
        (&view["document"]["title"], &view["document"]["lang"]),
        (&json!("Drones to try"), &json!("en")),
        "{view}"
    );
    assert_eq!(view["document"]["product_ids"], json!(["p1"]));
    assert_eq!(view["chunks"].as_array().unwrap().len(), 2);
    assert_eq!(view["chunks"][0]["sections"], json!(["Demo drones", "Borrowing"]));
    let numbers: Vec<_> =
        view["versions"].as_array().unwrap().iter().map(|one| one["number"].as_i64().unwrap()).collect();
    assert_eq!(numbers, [2, 1]);
    let changes = served.get(&format!("{path}/versions/2"));
    let counts = ["n_same", "n_added", "n_removed", "n_changed"].map(|name| changes[name].as_i64().unwrap());
    assert_eq!(
        (counts, &changes["against"], &changes["title_was"]),
        ([1, 0, 0, 1], &json!(1), &json!("Demo drones")),
        "{changes}"
    );
    let change = &changes["changes"][0];
    assert!(change["was"].as_str().unwrap().contains("9 days") && change["text"].as_str().unwrap().contains("12 days"));
    assert_eq!(served.get(&format!("{path}/versions/1"))["against"], Value::Null);

    let restored = served.call("POST", &format!("{path}/restore"), Some(json!({"number": 1}))).json();
    assert_eq!((&restored["outcome"], &restored["number"]), (&json!("changed"), &json!(3)), "{restored}");
    assert!(asked(&served, QUESTION).0.contains("9 days"));
    assert_eq!(served.get(path)["versions"][0]["origin"], "version 1");

    assert_eq!(served.call("DELETE", path, None).status, 204);
    assert!(asked(&served, QUESTION).1.is_empty());
    assert_eq!(served.call("DELETE", path, None).status, 404);
    let list = served.get("/v1/knowledge?query=demo%20drone");
    assert_eq!(
        (&list["n_on"], &list["n_retired"], &list["items"][0]["state"]),
        (&json!(0), &json!(1), &json!("retired")),
        "{list}"
    );
    assert_eq!(served.get(path)["document"]["state"], "retired");
    assert_eq!(served.call("POST", &format!("{path}/restore"), Some(json!({"number": 4}))).status, 409);
    assert_eq!(served.call("POST", &format!("{path}/restore"), Some(json!({"number": 2}))).status, 200);
    assert!(asked(&served, QUESTION).0.contains("12 days"));
    assert_eq!(served.call("DELETE", &format!("{path}?forget=true"), None).status, 204);
    assert_eq!(served.call("GET", path, None).status, 404);
}

#[test]
fn an_imported_folder_makes_versions_too_and_lists_are_paged() {
    let (_folder, served) = served();
    let page = |price: u32| {
        format!(
            "<html><head><title>配送说明</title></head><body><h1>配送</h1><p>满 {price} 元免运费。</p></body></html>"
        )
    };
    for (price, new, changed) in [(99, 1, 0), (199, 0, 1)] {
        let response = served.upload("/v1/import/knowledge?name=help/ship.html", "text/html", page(price).as_bytes());
        let job = served.ended(response.json()["id"].as_str().unwrap());
        let told = &job["result"]["files"][0];
        assert_eq!((&told["changes"]["n_new"], &told["changes"]["n_changed"]), (&json!(new), &json!(changed)), "{job}");
        assert_eq!(told["file"], "help/ship.html", "{job}");
    }
    let view = served.get("/v1/knowledge/help%2Fship.html");
    assert_eq!((&view["document"]["number"], &view["document"]["lang"]), (&json!(2), &json!("zh")), "{view}");
    assert_eq!(view["versions"][1]["origin"], "ship.html");
    for at in 0..5 {
        put(
            &served,
            &format!("name=note-{at}.txt&title=Note%20{at}&product_ids=p1,p2"),
            &format!("This is note {at} about the cable."),
        );
    }
    let titles = |query: &str| -> Vec<String> {
        let list = served.get(&format!("/v1/knowledge?{query}"));
        list["items"].as_array().unwrap().iter().map(|one| one["title"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(titles("sort=title&limit=2&offset=1&lang=en"), ["Note 1", "Note 2"]);
    assert_eq!(titles("sort=changed&limit=1"), ["Note 4"]);
    assert_eq!(titles("lang=zh"), ["配送说明"]);
    assert_eq!(served.get("/v1/knowledge?query=cable&state=on")["total"], 5);
    assert_eq!(served.get("/v1/knowledge/note-1.txt")["document"]["product_ids"], json!(["p1", "p2"]));
}

#[test]
fn what_is_no_document_is_refused_with_what_to_do() {
    let (_folder, served) = served();
    for (query, body, status, said) in [
        ("name=a.csv", "question,answer\nq,a\n", 400, "/v1/import/answers"),
        ("name=a.doc", "x", 400, "DOCX"),
        ("name=a.pdf", "%PDF-1.4 nothing", 400, "damaged"),
        ("name=a.md", "", 400, "empty"),
        ("name=a.md", "---\ntitle: A\n---\n", 400, "text"),
        ("name=a.md&encoding=klingon", "x", 400, "gbk"),
        ("name=a.md&document_id=", "x", 400, "document_id"),
        ("name=a.md&colour=red", "x", 400, "colour"),
        ("title=A", "x", 400, "name"),
    ] {
        let refused = served.upload(&format!("/v1/knowledge?{query}"), "application/octet-stream", body.as_bytes());
        assert_eq!(refused.status, status, "{query}: {}", refused.body);
        assert!(refused.body.contains(said), "{query}: {said} is not in {}", refused.body);
    }
    let large = served.upload("/v1/knowledge?name=a.txt", "text/plain", &vec![b'x'; (16 << 20) + 1]);
    assert!(large.status == 400 && large.body.contains("16 MiB"), "{}", large.body);
    for (method, path) in [
        ("GET", "/v1/knowledge/nobody"),
        ("GET", "/v1/knowledge/nobody/versions/1"),
        ("DELETE", "/v1/knowledge/nobody"),
        ("DELETE", "/v1/knowledge/nobody?forget=true"),
    ] {
        assert_eq!(served.call(method, path, None).status, 404, "{method} {path}");
    }
    assert_eq!(served.call("GET", "/v1/knowledge/nobody/versions/x", None).status, 400);
    assert_eq!(served.call("GET", "/v1/knowledge?state=gone", None).status, 400);
    assert_eq!(served.get("/v1/knowledge")["total"], 0);
}

#[test]
fn search_follows_a_document_at_once() {
    let (_folder, served) = reviewed();
    assert_eq!(served.job("language", json!({"dim": 16, "epochs": 2}))["state"], "done");
    let found = |word: &str| -> Vec<String> {
        let found = served.get(&format!("/v1/search?in=documents&q={word}"));
        let id = |one: &Value| one["document_id"].as_str().map(str::to_owned);
        found["documents"].as_array().unwrap().iter().filter_map(id).collect()
    };
    let word = "%E6%97%A0%E4%BA%BA%E6%9C%BA";
    let is_found = || found(word).iter().any(|id| id == "drone.md");
    assert!(!is_found());
    put(&served, "name=drone.md", "# 无人机\n无人机需要实名登记。\n");
    assert!(is_found());
    assert_eq!(served.call("DELETE", "/v1/knowledge/drone.md", None).status, 204);
    assert!(!is_found());
}

#[test]
fn a_question_that_was_settled_stays_off_the_list() {
    let (folder, served) = served();
    let key = widget(&folder, &served);
    let say = |text: &str| {
        let page = Page::open(&served, &key, json!({"lang": "en"}));
        let said = page.say(text);
        // Whoever takes up the offer of a person asks nothing new.
        if said["answer"]["action"]["what"] == "hand_over" {
            page.say("yes please");
        }
        said
    };
    let open = || -> Vec<(String, i64)> {
        let list = served.get("/v1/desk/unanswered");
        let of = |one: &Value| (one["examples"][0].as_str().unwrap().to_owned(), one["n"].as_i64().unwrap());
        list["clusters"].as_array().unwrap().iter().map(of).collect()
    };
    let settle = |question: &str, how: &str| {
        let body = json!({"question": question, "how": how});
        served.call("POST", "/v1/desk/unanswered/settle", Some(body))
    };
    let (parking, piano) = ("Do you have bicycle parking outside the store?", "Can I get my piano tuned at your shop?");
    say(parking);
    say("do you have bicycle parking outside the store");
    say(piano);
    let mut found = open();
    found.sort();
    assert_eq!(found.iter().map(|one| one.1).sum::<i64>(), 3, "{found:?}");
    // Ignored for good, however often it is asked.
    let settled = settle(piano, "ignored");
    assert_eq!((settled.status, &settled.json()["n"]), (200, &json!(1)), "{}", settled.body);
    assert!(open().iter().all(|one| one.0 != piano));
    say("can I get my piano tuned at your shop");
    assert!(open().iter().all(|one| !one.0.to_lowercase().contains("piano")), "{:?}", open());
    // Accepted: answered from now on, so it does not come back.
    let answer = json!({"question": parking, "answer_en": "Yes, twenty stands beside the entrance."});
    assert_eq!(served.call("PUT", "/v1/curated/parking", Some(answer)).status, 204);
    assert_eq!(settle(parking, "answered").json()["n"], 2);
    assert!(open().is_empty(), "{:?}", open());
    let said = say(parking);
    assert!(said["answer"]["text"].as_str().unwrap().contains("twenty stands"), "{said}");
    assert!(open().is_empty(), "{:?}", open());
    // Without the answer it is open again.
    assert_eq!(served.call("DELETE", "/v1/curated/parking", None).status, 204);
    say(parking);
    assert_eq!(open().iter().map(|one| one.1).collect::<Vec<_>>(), [1]);
    assert_eq!(settle("Nobody asked this at all?", "ignored").status, 404);
    assert_eq!(settle(parking, "forgotten").status, 400);
}
