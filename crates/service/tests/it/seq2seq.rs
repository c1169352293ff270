//! Models that write, from outside: learned from pairs, stopped, killed, gone on with, asked, refused.

use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use data::Shop;
use domain::{KnowledgeDocument, Product};
use serde_json::{Value, json};
use service::auth::Scope;
use service::flows::seq2seq::{KeepEvery, Seq2SeqInfo, Seq2SeqRequest, WriteRequest, list, train, write};

use crate::shop::{self, Folder, Served, serve, served};

const COLOURS: [(&str, &str); 4] = [("red", "红色"), ("blue", "蓝色"), ("black", "黑色"), ("white", "白色")];
const THINGS: [(&str, &str); 5] =
    [("phone", "手机"), ("laptop", "笔记本"), ("watch", "手表"), ("camera", "相机"), ("tablet", "平板")];

/// English to Chinese, word by word, with a bad row in the fourth line.
fn write_pairs(folder: &Path) {
    let mut text = "source,target\n".to_owned();
    for at in 0..60 {
        let (colour, thing, n) = (COLOURS[at % 4], THINGS[at % 5], at / 20 + 1);
        text.push_str(&format!("{n} {} {},{n} 台{}{}\n", colour.0, thing.0, colour.1, thing.1));
        if at == 1 {
            text.push_str("only a source\n");
        }
    }
    std::fs::write(folder.join("pairs.csv"), text).unwrap();
}

const SETTINGS: [&str; 9] = [
    "dim_embedding=16",
    "dim_hidden=24",
    "epochs=6",
    "batch=8",
    "patience=0",
    "learning_rate=0.01",
    "dropout=0.2",
    "copy=true",
    "beam=2",
];

fn request(keep_every: KeepEvery) -> Seq2SeqRequest {
    Seq2SeqRequest {
        pairs: Some("pairs.csv".to_owned()),
        set: SETTINGS.map(str::to_owned).to_vec(),
        keep_every,
        ..Seq2SeqRequest::new("colours")
    }
}

fn going_on() -> Seq2SeqRequest {
    Seq2SeqRequest { resume: true, keep_every: KeepEvery::Steps(4), ..Seq2SeqRequest::new("colours") }
}

/// Learns until `stop` steps are done, if they are not none.
fn learn(folder: &Path, request: Seq2SeqRequest, stop: u64) -> Result<Seq2SeqInfo, service::ServiceError> {
    let shop = Shop::open(folder).unwrap();
    let steps = AtomicU64::new(0);
    let on = |_: f64, message: &str| !message.starts_with("round") || steps.fetch_add(1, SeqCst) + 1 != stop;
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(train(&shop, request, &on))
}

fn made() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    Shop::create(folder.shop()).unwrap();
    write_pairs(&folder.shop());
    folder
}

fn model_of(folder: &Path) -> Vec<u8> {
    std::fs::read(folder.join("models/seq2seq/colours/000001/model.safetensors")).unwrap()
}

const CHILD: &str = "TERCET_TEST_LEARN";

/// Not a test of its own: the process that the test below starts and kills.
#[test]
fn child_that_learns() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let shop = Shop::open(Path::new(&folder)).unwrap();
    let on = |_: f64, message: &str| {
        println!("\n{message}");
        true
    };
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    runtime.block_on(train(&shop, request(KeepEvery::Steps(1)), &on)).unwrap();
}

#[test]
fn stopped_or_killed_and_gone_on_with_is_as_if_nothing_had_been() {
    let whole = made();
    let info = learn(&whole.shop(), request(KeepEvery::Seconds(1e9)), 0).unwrap();
    assert_eq!((info.n_rejected, info.rejected[0].line), (1, 4));
    let (n_steps, expected) = (info.steps, model_of(&whole.shop()));
    assert_eq!(n_steps, 6 * 6);

    let stopped = made();
    for (at, steps) in [3, 5, 2].into_iter().enumerate() {
        let request = if at == 0 { request(KeepEvery::Steps(2)) } else { going_on() };
        let error = learn(&stopped.shop(), request, steps).unwrap_err();
        assert_eq!(error.code, "cancelled", "{error}");
        let error = learn(&stopped.shop(), request_again(), 0).unwrap_err();
        assert_eq!(error.code, "paused", "{error}");
    }
    let again = learn(&stopped.shop(), going_on(), 0).unwrap();
    assert!(model_of(&stopped.shop()) == expected, "stopped three times, another model came out");
    assert_eq!((again.steps, again.bleu, again.valid_loss), (n_steps, info.bleu, info.valid_loss));
    assert_eq!(again.curve.len(), info.curve.len());
    for (one, other) in again.curve.iter().zip(&info.curve) {
        assert!(one.step == other.step && (one.loss - other.loss).abs() < 1e-9, "{one:?} {other:?}");
    }
    let left = std::fs::read_dir(stopped.shop().join("models/seq2seq/colours")).unwrap();
    let mut left: Vec<String> = left.map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned()).collect();
    left.sort();
    assert_eq!(left, ["000001", "current"]);
    assert_eq!(learn(&stopped.shop(), going_on(), 0).unwrap_err().code, "resume");

    let killed = made();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["seq2seq::child_that_learns", "--exact", "--nocapture"])
        .env(CHILD, killed.shop())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = std::io::BufRead::lines(std::io::BufReader::new(child.stdout.take().unwrap()));
    let n_seen = lines.map_while(Result::ok).filter(|line| line.starts_with("round")).take(7).count();
    child.kill().unwrap();
    child.wait().unwrap();
    assert_eq!(n_seen, 7);
    learn(&killed.shop(), going_on(), 0).unwrap();
    assert!(model_of(&killed.shop()) == expected, "killed, another model came out");
}

#[test]
fn what_reads_back_is_kept_with_its_model() {
    let folder = made();
    let mut reading = request(KeepEvery::Seconds(1e9));
    reading.set.extend(["read_back=1", "say_all=true"].map(str::to_owned));
    learn(&folder.shop(), reading, 0).unwrap();
    let shop = Shop::open(folder.shop()).unwrap();
    let asked = WriteRequest { text: "2 red laptop".to_owned(), beam: 2, n: 2, ..WriteRequest::default() };
    let reader = folder.shop().join("models/seq2seq/colours/000001/reader.safetensors");
    let kept = std::fs::read(&reader).unwrap();
    std::fs::write(&reader, &kept[..kept.len() / 2]).unwrap();
    let error = write(&shop, "colours", &asked).unwrap_err().to_string();
    assert!(error.contains("reader.safetensors") && error.contains("not a safetensors file"), "{error}");
    std::fs::write(&reader, &kept).unwrap();
    assert!(!write(&shop, "colours", &asked).unwrap().items.is_empty());
    // A damaged description: the model is listed with what is wrong.
    std::fs::write(folder.shop().join("models/seq2seq/colours/000001/seq2seq.json"), "{").unwrap();
    let listed = list(&shop).unwrap();
    assert_eq!((listed.len(), listed[0].name.as_str(), listed[0].state.as_str()), (1, "colours", "damaged"));
    let problem = listed[0].problem.as_deref().unwrap();
    assert!(problem.contains("seq2seq.json") && problem.contains("tercet train seq2seq"), "{problem}");
}

fn request_again() -> Seq2SeqRequest {
    request(KeepEvery::Steps(2))
}

fn with_pairs() -> (Folder, Served) {
    let (folder, mut served) = served();
    served.stop();
    write_pairs(&folder.shop());
    let opened = Shop::open(folder.shop()).unwrap();
    let product = |at: usize| {
        let (colour, thing) = (COLOURS[at % 4], THINGS[at % 5]);
        json!({"product_id": format!("x{at}"), "name": format!("华为 {} {at}", thing.1), "brand": "华为",
            "category": format!("数码/{}", thing.1), "specs": {"colour": colour.1, "size": at.to_string()}})
    };
    shop::write::<Product>(&opened, &(0..40).map(product).collect::<Vec<_>>());
    let text: String = (0..30).map(|at| format!("问：第{at}个问题？\n答：第{at}个回答。\n")).collect();
    shop::write::<KnowledgeDocument>(
        &opened,
        &[json!({"document_id": "d1", "title": "问答", "text": text, "product_ids": []})],
    );
    drop(opened);
    let key = shop::key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), key);
    (folder, served)
}

fn settings(epochs: usize) -> Value {
    json!({"dim_embedding": 32, "dim_hidden": 48, "epochs": epochs, "batch": 8, "learning_rate": 0.01, "patience": 0, "beam": 2})
}

#[test]
fn a_shop_learns_to_write_and_writes() {
    let (_folder, served) = with_pairs();
    assert_eq!(served.get("/v1/seq2seq"), json!({"items": []}));
    let job = served.job("seq2seq", json!({"name": "colours", "pairs": "pairs.csv", "settings": settings(40)}));
    assert_eq!((&job["state"], &job["result"]["n_rejected"]), (&json!("done"), &json!(1)), "{job}");
    let item = served.get("/v1/seq2seq")["items"][0].clone();
    assert_eq!((&item["name"], &item["state"], &item["cell"]), (&json!("colours"), &json!("ready"), &json!("gru")));
    assert_eq!(item["rejected"][0]["line"], 4, "{item}");
    let curve = served.get("/v1/seq2seq/colours/curve");
    let points = curve["points"].as_array().unwrap();
    let (first, last) = (points[0]["loss"].as_f64().unwrap(), points.last().unwrap()["loss"].as_f64().unwrap());
    assert!(last < 0.5 * first, "{first} {last}");
    assert!(points.last().unwrap()["valid_loss"].is_number());

    let write = |body: Value| served.call("POST", "/v1/seq2seq/colours/write", Some(body));
    let written = write(json!({"text": "2 red laptop", "n": 2})).json();
    assert_eq!(written["items"][0]["text"], "2 台红色笔记本", "{written}");
    assert_eq!(written["source"], json!(["2", "red", "laptop"]));
    let (tokens, attention) = (&written["items"][0]["tokens"], written["items"][0]["attention"].as_array().unwrap());
    assert_eq!(attention.len(), tokens.as_array().unwrap().len());
    for row in attention {
        let weights: Vec<f64> = row.as_array().unwrap().iter().map(|weight| weight.as_f64().unwrap()).collect();
        assert!(weights.len() == 3 && (weights.iter().sum::<f64>() - 1.0).abs() < 1e-3, "{row}");
    }
    // What is given first does not depend on how much is asked for.
    for text in ["2 red laptop", "7 green cameras", "watch", "red red red blue 1 2 3"] {
        let of = |n: usize| write(json!({"text": text, "n": n, "beam": 6})).json()["items"].as_array().unwrap().clone();
        assert_eq!((of(1).len(), &of(1)[0]), (1, &of(4)[0]), "{text}");
    }
    let must = write(json!({"text": "2 red laptop", "must": ["手机"]})).json();
    assert!(must["items"][0]["text"].as_str().unwrap().contains("手机"), "{must}");
    let must_not = write(json!({"text": "2 red laptop", "must_not": ["红"]})).json();
    let texts: Vec<&str> =
        must_not["items"].as_array().unwrap().iter().map(|one| one["text"].as_str().unwrap()).collect();
    assert!(!texts.is_empty() && texts.iter().all(|text| !text.contains('红')), "{must_not}");
    let drawn = |seed: u64| {
        write(json!({"text": "1 blue watch", "temperature": 1.5, "top_p": 0.95, "n": 5, "seed": seed})).body
    };
    assert_eq!(drawn(1), drawn(1));
    let masked = write(json!({"text": "2 red phone 13812345678 ☃"})).json();
    assert!(masked["masked"] == true && !masked.to_string().contains("13812345678"), "{masked}");
    assert!(!masked["unknown"].as_array().unwrap().is_empty(), "{masked}");

    for body in [
        json!({}),
        json!({"text": ""}),
        json!({"text": " \n"}),
        json!({"text": "a".repeat(2001)}),
        json!({"text": "手".repeat(1000)}),
        json!({"text": "a", "beam": 0}),
        json!({"text": "a", "beam": 17}),
        json!({"text": "a", "n": 4, "beam": 3}),
        json!({"text": "a", "n": 0}),
        json!({"text": "a", "must": ["鼹"]}),
        json!({"text": "a", "must": [" "]}),
        json!({"text": "a", "must": vec!["台"; 9]}),
        json!({"text": "a", "must_not": ["台".repeat(41)]}),
        json!({"text": "a", "must": ["台"], "temperature": 1.0}),
        json!({"text": "a", "temperature": 0.0}),
        json!({"text": "a", "top_p": 1.5}),
        json!({"text": "a", "colour": 1}),
    ] {
        let refused = write(body.clone());
        assert_eq!(refused.status, 400, "{body}: {}", refused.body);
    }
    for text in ["😀", "\u{200d}\u{202e}", "a\u{1}b", "▁▁", "<pad> </s>"] {
        let answer = write(json!({"text": text}));
        assert!(matches!(answer.status, 200 | 400), "{text:?}: {}", answer.body);
    }
    for path in ["/v1/seq2seq/none/curve", "/v1/seq2seq/recommend/curve"] {
        assert_eq!(served.call("GET", path, None).status, 404);
    }
    for path in ["/v1/seq2seq/..%2Fx/curve", "/v1/seq2seq/current/curve", "/v1/seq2seq/A/curve"] {
        assert_eq!(served.call("GET", path, None).status, 400, "{path}");
    }
    assert_eq!(served.call("DELETE", "/v1/seq2seq/colours", None).status, 204);
    assert_eq!(served.call("DELETE", "/v1/seq2seq/colours", None).status, 404);
    assert_eq!(write(json!({"text": "a"})).status, 404);
}

#[test]
fn products_and_documents_are_pairs_too() {
    let (_folder, served) = with_pairs();
    let job = served.job("seq2seq", json!({"name": "titles", "pairs": "titles", "settings": settings(2)}));
    assert!(job["state"] == "done" && job["result"]["n_pairs"].as_u64().unwrap() >= 30, "{job}");
    let transformer = json!({"cell": "transformer", "dim_hidden": 16, "heads": 2, "epochs": 2});
    let job = served.job("seq2seq", json!({"name": "answers", "pairs": "questions", "settings": transformer}));
    assert_eq!(job["state"], "done", "{job}");
    let written = served.call("POST", "/v1/seq2seq/answers/write", Some(json!({"text": "第3个问题？"}))).json();
    assert_eq!(written["items"][0]["attention"][0].as_array().unwrap().len(), 6, "{written}");
    let names: Vec<Value> =
        served.get("/v1/seq2seq")["items"].as_array().unwrap().iter().map(|one| one["name"].clone()).collect();
    assert_eq!(names, ["answers", "titles"]);
    let none = served.job("seq2seq", json!({"name": "texts", "pairs": "descriptions"}));
    assert_eq!((&none["state"], &none["error"]["code"]), (&json!("failed"), &json!("pairs")), "{none}");
    for params in [
        json!({"name": "a"}),
        json!({"name": "A", "pairs": "titles"}),
        json!({"name": "a", "pairs": "/etc/passwd"}),
        json!({"name": "a", "pairs": "../pairs.csv"}),
        json!({"name": "a", "pairs": "titles", "settings": {"dim_hidden": 4096}}),
        json!({"name": "a", "pairs": "titles", "resume": true}),
        json!({"name": "a", "pairs": "titles", "colour": 1}),
    ] {
        let refused = served.call("POST", "/v1/jobs", Some(json!({"kind": "seq2seq", "params": params})));
        assert_eq!(refused.status, 400, "{params}: {}", refused.body);
    }
    let missing = served.job("seq2seq", json!({"name": "a", "pairs": "none.csv"}));
    assert_eq!((&missing["state"], &missing["error"]["code"]), (&json!("failed"), &json!("pairs")), "{missing}");
}

#[test]
fn a_cancelled_job_is_paused_and_goes_on() {
    let (_folder, served) = with_pairs();
    let params = json!({"name": "long", "pairs": "pairs.csv", "settings": settings(10_000)});
    let job = served.call("POST", "/v1/jobs", Some(json!({"kind": "seq2seq", "params": params}))).json();
    let path = format!("/v1/jobs/{}", job["id"].as_str().unwrap());
    let item =
        || served.get("/v1/seq2seq")["items"].as_array().unwrap().iter().find(|one| one["name"] == "long").cloned();
    let step = |item: &Option<Value>| item.as_ref().and_then(|item| item["learning"]["step"].as_u64()).unwrap_or(0);
    while step(&item()) < 30 {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    let live = served.get("/v1/seq2seq/long/curve");
    assert_eq!(live["state"], "training");
    assert!(
        live["seconds_left"].as_f64().unwrap() > 0.0 && live["points"][3]["tokens_per_second"].as_f64().unwrap() > 0.0
    );
    assert_eq!(served.call("DELETE", "/v1/seq2seq/long", None).status, 409);
    assert_eq!(served.call("DELETE", &path, None).status, 202);
    while served.get(&path)["state"] == "running" {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(served.get(&path)["state"], "cancelled");
    let paused = item();
    assert_eq!(paused.as_ref().unwrap()["state"], "paused");
    assert!(step(&paused) >= 30);
    let write = served.call("POST", "/v1/seq2seq/long/write", Some(json!({"text": "a"})));
    assert_eq!((write.status, write.json()["error"]["code"].as_str()), (409, Some("learning")));
    let again = served.job("seq2seq", params);
    assert_eq!((&again["state"], &again["error"]["code"]), (&json!("failed"), &json!("paused")), "{again}");
    let on = served
        .call("POST", "/v1/jobs", Some(json!({"kind": "seq2seq", "params": {"name": "long", "resume": true}})))
        .json();
    while served.get("/v1/seq2seq/long/curve")["state"] != "training" || step(&item()) <= step(&paused) {
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    served.call("DELETE", &format!("/v1/jobs/{}", on["id"].as_str().unwrap()), None);
}
