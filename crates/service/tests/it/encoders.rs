//! Sentence encoders from outside, in a whole shop: used, failing, replaced; search goes on in any case.

use std::io::Write;
use std::net::TcpListener;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering::SeqCst};

use serde_json::{Value, json};
use service::auth::Scope;

use crate::http::received;
use crate::language::reviewed;
use crate::shop::{self, Folder, Served, serve};

/// Serves vectors of 8 numbers, by letters; closes the line without a word while it is not up.
fn endpoint(is_up: Arc<AtomicBool>, n_asked: Arc<AtomicUsize>) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/embeddings", listener.local_addr().unwrap());
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(Result::ok) {
            n_asked.fetch_add(1, SeqCst);
            let Some(got) = received(&stream).filter(|_| is_up.load(SeqCst)) else { continue };
            let body: Value = got.json();
            assert!(!body.to_string().contains("13812345678"), "what is personal left the shop");
            let data = body["input"].as_array().unwrap().iter().enumerate().map(|(at, text)| {
                let mut vector = [0.01f32; 8];
                text.as_str().unwrap().chars().for_each(|c| vector[c as usize % 8] += 1.0);
                json!({"index": at, "embedding": vector})
            });
            let text = json!({"data": data.collect::<Vec<_>>()}).to_string();
            let head = format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", text.len());
            let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
        }
    });
    url
}

fn ask_for(folder: &Path, section: &str) {
    let path = folder.join("tercet.toml");
    let text = std::fs::read_to_string(&path).unwrap();
    let text = text.split("\n[encoder]\n").next().unwrap().to_owned();
    std::fs::write(&path, format!("{text}\n[encoder]\n{section}")).unwrap();
}

fn again(folder: &Folder, mut served: Served) -> Served {
    served.stop();
    serve(&folder.shop(), shop::key(&folder.shop(), &Scope::ALL))
}

const SEARCH: &str = "/v1/search?q=%E8%BD%BB%E8%96%84%E6%89%8B%E6%9C%BA";

#[test]
fn an_endpoint_is_used_and_when_it_fails_the_shops_own_words_are() {
    let (folder, served) = reviewed();
    let (is_up, n_asked) = (Arc::new(AtomicBool::new(true)), Arc::<AtomicUsize>::default());
    let url = endpoint(is_up.clone(), n_asked.clone());
    ask_for(
        &folder.shop(),
        &format!("kind = \"endpoint\"\nurl = \"{url}\"\nmodel = \"m\"\ntimeout_seconds = 60\nretries = 0\n"),
    );
    let served = again(&folder, served);
    assert_eq!(served.job("language", json!({"dim": 16, "epochs": 2}))["state"], "done");
    let info = served.get("/v1/language");
    assert_eq!(info["encoder"], json!({"kind": "endpoint", "name": "m-8", "dim": 8, "note": null}));
    let before = n_asked.load(SeqCst);
    let found = served.get(SEARCH);
    assert_eq!((found["products"].as_array().unwrap().len(), &found["note"]), (2, &Value::Null), "{found}");
    assert_eq!(n_asked.load(SeqCst), before + 1);

    is_up.store(false, SeqCst);
    for _ in 0..3 {
        let found = served.get(SEARCH);
        assert_eq!(found["products"].as_array().unwrap().len(), 2, "{found}");
        assert!(found["note"]["en"].as_str().unwrap().contains("the shop's own words"), "{found}");
    }
    // For seconds: on a machine that takes longer for a search it may be asked again, but not for each of them.
    assert!(n_asked.load(SeqCst) < before + 4, "it is left alone for a while");
    assert_eq!(served.job("language", json!({"dim": 16, "epochs": 2, "seed": 2}))["state"], "done");
    let own = served.get("/v1/language")["encoder"].clone();
    assert!(own["kind"] == "own" && own["note"].as_str().unwrap().contains("no answer"), "{own}");
    assert!(served.get(SEARCH)["note"]["zh"].is_string());
}

#[test]
fn a_file_is_used_and_another_one_is_noticed() {
    let (folder, served) = reviewed();
    let path = folder.shop().join("words.vec");
    std::fs::write(&path, "5 3\n屏幕 1 0 0.1\n电池 0 1 0\n鼠标 0.9 0.1 0.2\n满意 0.2 0.3 1\n手机 0.5 0.5 0.1\n")
        .unwrap();
    ask_for(&folder.shop(), "kind = \"file\"\npath = \"words.vec\"\n");
    let served = again(&folder, served);
    assert_eq!(served.job("language", json!({"dim": 16, "epochs": 2}))["state"], "done");
    let info = served.get("/v1/language");
    assert_eq!((&info["encoder"]["kind"], &info["encoder"]["dim"]), (&json!("file"), &json!(3)), "{info}");
    assert_eq!(served.get(SEARCH)["note"], Value::Null);
    // 鼠标: the shop's texts lack it.
    let near = served.get("/v1/words?word=%E9%BC%A0%E6%A0%87&n=2");
    assert_eq!((&near["from_file"], &near["items"][0]["word"]), (&json!(true), &json!("屏幕")), "{near}");

    std::fs::write(&path, "1 3\n屏幕 1 0 0.1\n").unwrap();
    let served = again(&folder, served);
    let found = served.get(SEARCH);
    assert!(found["note"]["en"].is_string() && found["products"].as_array().unwrap().len() == 2, "{found}");

    std::fs::write(&path, "hello").unwrap();
    let job = served.job("language", json!({}));
    assert_eq!((&job["state"], &job["error"]["code"]), (&json!("failed"), &json!("encoder")), "{job}");
    assert!(job["error"]["message"].as_str().unwrap().starts_with("words.vec"), "{job}");
    assert_eq!(served.get(SEARCH)["products"].as_array().unwrap().len(), 2);
    for section in ["kind = \"magic\"\n", "kind = \"endpoint\"\n", "kind = \"file\"\npath = \"../x.vec\"\n"] {
        ask_for(&folder.shop(), section);
        let shop = data::Shop::open(folder.shop()).unwrap();
        let error = service::encoders::EncoderConfig::of(&shop).unwrap_err();
        assert!(error.message.contains("[encoder]"), "{error}");
    }
}
