//! Against a small server that hangs, fails, and answers nonsense.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};

use super::*;

/// What was asked: headers and body.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// Answers each request by `answer(number of the request, body)`: a status and a body; nothing: it hangs.
fn served(answer: impl Fn(usize, &Value) -> Option<(u16, String)> + Send + 'static) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/embeddings", listener.local_addr().unwrap());
    let seen = Seen::default();
    let all = seen.clone();
    std::thread::spawn(move || {
        let mut hung: Vec<TcpStream> = Vec::new();
        for mut stream in listener.incoming().map_while(Result::ok) {
            let mut reader = BufReader::new(stream.try_clone().unwrap());
            let (mut head, mut line, mut length) = (String::new(), String::new(), 0);
            while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
                if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
                    length = n.trim().parse().unwrap();
                }
                head.push_str(&line);
                line.clear();
            }
            let mut body = vec![0; length];
            reader.read_exact(&mut body).unwrap();
            let body: Value = serde_json::from_slice(&body).unwrap();
            let number = all.lock().unwrap().len();
            all.lock().unwrap().push((head, body.clone()));
            match answer(number, &body) {
                Some((status, text)) => {
                    let head = format!(
                        "HTTP/1.1 {status} X\r\nContent-Length: {}\r\nConnection: close\r\nLocation: http://127.0.0.1:9/\r\n\r\n",
                        text.len()
                    );
                    let _ = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(text.as_bytes()));
                }
                None => hung.push(stream),
            }
        }
    });
    (url, seen)
}

fn config(url: &str) -> EndpointConfig {
    EndpointConfig {
        url: url.to_owned(),
        model: "m".to_owned(),
        key_env: None,
        timeout_seconds: 5.0,
        batch: 2,
        retries: 2,
        max_chars: 20,
    }
}

/// (number of letters, 1), last text first.
fn good(body: &Value) -> String {
    let texts = body["input"].as_array().unwrap();
    let data = texts.iter().enumerate().rev().map(|(at, text)| {
        json!({"object": "embedding", "index": at, "embedding": [text.as_str().unwrap().chars().count(), 1]})
    });
    json!({"object": "list", "data": data.collect::<Vec<_>>(), "usage": {}}).to_string()
}

#[test]
fn texts_are_sent_in_batches_masked_and_cut() {
    let (url, seen) = served(|_, body| Some((200, good(body))));
    // Every process has some value here.
    let config = EndpointConfig { key_env: Some("PATH".to_owned()), ..config(&url) };
    let key = std::env::var("PATH").unwrap();
    let encoder = Endpoint::probed(&config, Patience::Learning).unwrap();
    assert_eq!((encoder.name(), encoder.dim()), ("m-2", 2));
    let rows = encoder.encode(&["abc", " ", "打13812345678", &"x".repeat(50), "d"]).unwrap();
    assert_eq!(rows.n_rows, 5);
    let length = 10f32.sqrt();
    assert!((rows.row(0)[0] - 3.0 / length).abs() < 1e-6 && rows.row(1)[..2] == [0.0, 0.0], "{:?}", rows.row(0));
    let seen = seen.lock().unwrap();
    let sent: Vec<Value> = seen[1..].iter().map(|(_, body)| body["input"].clone()).collect();
    assert_eq!(sent, [json!(["abc", "打[PHONE]"]), json!(["x".repeat(20), "d"])]);
    assert!(seen[1].0.contains(&format!("Bearer {key}")), "{}", seen[1].0);
    assert_eq!((&seen[1].1["model"], &seen[1].1["encoding_format"]), (&json!("m"), &json!("float")));
}

#[test]
fn what_passes_is_tried_again_and_what_stays_is_not() {
    let (url, seen) = served(|number, body| match number {
        0 => Some((503, "busy".to_owned())),
        1 => Some((429, "slower".to_owned())),
        _ => Some((200, good(body))),
    });
    assert!(Endpoint::new(&config(&url), 2, Patience::Learning).unwrap().encode(&["a"]).is_ok());
    assert_eq!(seen.lock().unwrap().len(), 3);
    let (url, seen) = served(|_, _| Some((500, "down".to_owned())));
    let error = Endpoint::new(&config(&url), 2, Patience::Learning).unwrap().encode(&["a"]).unwrap_err();
    assert!(error.to_string().contains("it answers 500: down"), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 3);
    let (url, seen) = served(|_, _| Some((307, String::new())));
    let error = Endpoint::new(&config(&url), 2, Patience::Learning).unwrap().encode(&["a"]).unwrap_err();
    assert!(error.to_string().contains("307"), "{error}");
    assert_eq!(seen.lock().unwrap().len(), 1, "a redirect is not followed");
}

#[test]
fn nonsense_is_refused_in_words() {
    let row = |index: usize, embedding: Value| json!({"index": index, "embedding": embedding});
    for (data, said) in [
        (json!([row(0, json!([1, 2, 3]))]), "3 numbers, expected 2"),
        (json!([row(0, json!([]))]), "0 numbers, expected 2"),
        (json!([row(0, json!([0, 0]))]), "without a direction"),
        (json!([row(0, json!([1e39, 1]))]), "without a direction"),
        (json!([row(0, json!([null, 1]))]), "none of vectors"),
        (json!([row(0, json!(["1", 1]))]), "none of vectors"),
        (json!([]), "0 vectors for 1 texts"),
        (json!([row(0, json!([1, 1])), row(1, json!([1, 1]))]), "2 vectors for 1 texts"),
        (json!([row(7, json!([1, 1]))]), "numbers its vectors"),
        (json!("no"), "none of vectors"),
    ] {
        let body = json!({"data": data}).to_string();
        let (url, _) = served(move |_, _| Some((200, body.clone())));
        let error = Endpoint::new(&config(&url), 2, Patience::Learning).unwrap().encode(&["a"]).unwrap_err();
        assert!(error.to_string().contains(said), "{said}: {error}");
    }
    for text in ["", "<html>", "{\"data\": [{\"index\": 0, \"embedding\": [NaN, 1]}]}"] {
        let (url, _) = served(move |_, _| Some((200, text.to_owned())));
        assert!(Endpoint::new(&config(&url), 2, Patience::Learning).unwrap().encode(&["a"]).is_err(), "{text}");
    }
    let (url, _) = served(|_, _| Some((200, " ".repeat(1 << 20))));
    let error = Endpoint::new(&config(&url), 2, Patience::Asking).unwrap().encode(&["a"]).unwrap_err();
    assert!(error.to_string().contains("breaks off"), "{error}");
}

#[test]
fn one_that_hangs_is_given_up_and_left_alone() {
    let (url, seen) = served(|_, _| None);
    let config = EndpointConfig { timeout_seconds: 0.2, ..config(&url) };
    let encoder = Endpoint::new(&config, 2, Patience::Asking).unwrap();
    for _ in 0..3 {
        assert!(matches!(encoder.encode(&["a"]), Err(LanguageError::Unavailable(_))));
    }
    assert_eq!(seen.lock().unwrap().len(), 1);
    let nobody = EndpointConfig { retries: 0, ..self::config("http://127.0.0.1:9/v1/embeddings") };
    assert!(Endpoint::probed(&nobody, Patience::Learning).is_err());
}

#[test]
fn keys_are_in_no_message() {
    let key = std::env::var("PATH").unwrap();
    let said = format!("wrong key {key}");
    let (url, _) = served(move |_, _| Some((401, said.clone())));
    let config = EndpointConfig { key_env: Some("PATH".to_owned()), ..config(&url) };
    let error = Endpoint::new(&config, 2, Patience::Learning).unwrap().encode(&["a"]).unwrap_err().to_string();
    assert!(error.contains("401") && error.contains("[key]") && !error.contains(&key), "{error}");
    let missing = EndpointConfig { key_env: Some("TERCET_NO_SUCH_VARIABLE".to_owned()), ..config };
    assert!(
        Endpoint::new(&missing, 2, Patience::Asking).err().unwrap().to_string().contains("TERCET_NO_SUCH_VARIABLE")
    );
}

#[test]
fn settings_are_checked() {
    let good = config("http://127.0.0.1:8080/v1/embeddings");
    assert_eq!(good.check(), Ok(()));
    for (changed, said) in [
        (EndpointConfig { url: "ftp://a/b".to_owned(), ..good.clone() }, "no address"),
        (EndpointConfig { url: "http:///b".to_owned(), ..good.clone() }, "no address"),
        (EndpointConfig { url: "http://a b/".to_owned(), ..good.clone() }, "no address"),
        (EndpointConfig { url: "https://me:secret@host/".to_owned(), ..good.clone() }, "password"),
        (EndpointConfig { model: " ".to_owned(), ..good.clone() }, "model"),
        (EndpointConfig { timeout_seconds: f64::NAN, ..good.clone() }, "timeout_seconds"),
        (EndpointConfig { batch: 0, ..good.clone() }, "batch is 0"),
        (EndpointConfig { retries: 11, ..good.clone() }, "retries"),
        (EndpointConfig { max_chars: 0, ..good.clone() }, "max_chars"),
    ] {
        let error = changed.check().unwrap_err();
        assert!(error.contains(said) && !error.contains("secret"), "{error}");
    }
}
