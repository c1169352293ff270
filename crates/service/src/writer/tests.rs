//! Against a small server in this process that answers well, slowly, never, half, in garbage, too much, and with refusals. What is
//! said to customers then is tested beside the whole server (`tests/it/writer.rs`).

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::Arc;

use assist::turn::Lang;
use serde_json::{Value, json};

use super::*;

/// What was asked: headers and body.
type Seen = Arc<Mutex<Vec<(String, Value)>>>;

/// Answers each request on a thread of its own by `answer(number of the request, connection)`.
fn served(answer: impl Fn(usize, &mut TcpStream) + Send + Sync + 'static) -> (String, Seen) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/v1/chat/completions", listener.local_addr().unwrap());
    let (seen, answer) = (Seen::default(), Arc::new(answer));
    let all = seen.clone();
    std::thread::spawn(move || {
        for mut stream in listener.incoming().map_while(|stream| stream.ok()) {
            let (all, answer) = (all.clone(), answer.clone());
            std::thread::spawn(move || {
                let Some(asked) = read(&stream) else { return };
                let number = {
                    let mut all = all.lock().unwrap();
                    all.push(asked);
                    all.len() - 1
                };
                answer(number, &mut stream);
            });
        }
    });
    (url, seen)
}

fn read(stream: &TcpStream) -> Option<(String, Value)> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut head, mut line, mut length) = (String::new(), String::new(), 0);
    while reader.read_line(&mut line).is_ok_and(|n| n > 2) {
        if let Some(n) = line.to_lowercase().strip_prefix("content-length:") {
            length = n.trim().parse().ok()?;
        }
        head.push_str(&line);
        line.clear();
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    Some((head, serde_json::from_slice(&body).ok()?))
}

fn head(stream: &mut TcpStream, status: u16, more: &str) {
    let text = format!("HTTP/1.1 {status} X\r\nContent-Type: text/event-stream\r\nConnection: close\r\n{more}\r\n");
    let _ = stream.write_all(text.as_bytes());
}

fn say(stream: &mut TcpStream, text: &str) {
    let piece = json!({"choices": [{"index": 0, "delta": {"content": text}}]});
    let _ = write!(stream, "data: {piece}\n\n");
}

fn stop(stream: &mut TcpStream, usage: Option<(u64, u64)>) {
    let _ = write!(stream, "data: {}\n\n", json!({"choices": [{"delta": {}, "finish_reason": "stop"}]}));
    if let Some((sent, written)) = usage {
        let usage = json!({"choices": [], "usage": {"prompt_tokens": sent, "completion_tokens": written}});
        let _ = write!(stream, "data: {usage}\n\n");
    }
    let _ = stream.write_all(b"data: [DONE]\n\n");
}

fn well(stream: &mut TcpStream) {
    head(stream, 200, "");
    say(stream, "The Nimbo 14 has ");
    say(stream, "16 GB.");
    stop(stream, Some((90, 10)));
}

/// The other side goes on holding the connection.
fn hang(stream: &mut TcpStream) {
    let _ = stream.read(&mut [0; 1]);
}

fn endpoint(name: &str, url: &str) -> EndpointConfig {
    EndpointConfig {
        name: name.to_owned(),
        url: url.to_owned(),
        model: "m".to_owned(),
        key_env: None,
        timeout_seconds: 5.0,
        retries: 1,
        max_tokens: 100,
        temperature: 0.0,
        tokens_per_day: 1_000_000,
        price_in: 0.0,
        price_out: 0.0,
        cost_per_day: None,
    }
}

fn writers(endpoints: Vec<EndpointConfig>) -> Writers {
    Writers::new(WriterConfig { timeout_seconds: 10.0, endpoints, ..WriterConfig::default() })
}

/// A shop's state, and a day of it.
struct Desk {
    _folder: tempfile::TempDir,
    store: Store,
    metrics: Metrics,
}

const TODAY: Day = Day(20_786);

impl Desk {
    fn new() -> Desk {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::of(&data::Shop::create(folder.path().join("shop")).unwrap()).unwrap();
        Desk { _folder: folder, store, metrics: Metrics::default() }
    }

    fn write(&self, writers: &Writers) -> std::result::Result<String, String> {
        let pen = writers.pen(&self.store, &self.metrics, TODAY);
        let written = pen.write(&task()).map_err(|error| error.to_string());
        pen.judged(written.is_ok(), false);
        written
    }

    fn spent(&self, name: &str) -> WriterSpent {
        spent::between(&self.store, TODAY, TODAY).unwrap().remove(name).unwrap_or_default()
    }
}

fn task() -> Task {
    Task {
        lang: Lang::En,
        question: "How much memory?".to_owned(),
        draft: "Nimbo 14: memory 16 GB.".to_owned(),
        evidence: vec!["Nimbo 14, memory: 16 GB".to_owned()],
        characters_max: 200,
    }
}

#[test]
fn a_good_answer_is_given_and_counted() {
    let desk = Desk::new();
    let (url, seen) = served(|_, stream| well(stream));
    // Every process has some value here.
    let config =
        EndpointConfig { key_env: Some("PATH".to_owned()), price_in: 1.0, price_out: 2.0, ..endpoint("a", &url) };
    let writers = writers(vec![config]);
    assert_eq!(desk.write(&writers).as_deref(), Ok("The Nimbo 14 has 16 GB."));
    assert_eq!(desk.write(&writers).as_deref(), Ok("The Nimbo 14 has 16 GB."));
    let spent = desk.spent("a");
    assert_eq!((spent.tokens_in, spent.tokens_out, spent.cost_micros, spent.n_used), (180, 20, 220, 2));
    let (head, body) = seen.lock().unwrap()[0].clone();
    assert!(head.contains(&format!("Bearer {}", std::env::var("PATH").unwrap())), "{head}");
    let expected = [json!("m"), json!(true), json!(0.0), json!(100), json!({"include_usage": true})];
    assert_eq!(
        ["model", "stream", "temperature", "max_tokens", "stream_options"].map(|name| body[name].clone()),
        expected
    );
    assert_eq!((&body["messages"][0]["role"], &body["messages"][1]["role"]), (&json!("system"), &json!("user")));
    let text = desk.metrics.prometheus(&[]);
    assert!(text.contains("tercet_writer_total{endpoint=\"a\",outcome=\"used\"} 2\n"), "{text}");
    assert!(text.contains("tercet_writer_tokens_total{direction=\"in\"} 180\n"), "{text}");
}

#[test]
fn what_goes_wrong_is_told_and_the_next_endpoint_is_asked() {
    let desk = Desk::new();
    type Answerer = fn(usize, &mut TcpStream);
    let bad: [(Answerer, &str); 8] = [
        (|_, stream| drop(stream.write_all(b"nonsense\r\n\r\n")), "no answer"),
        (|_, stream| head(stream, 404, ""), "it answers 404"),
        (|_, stream| head(stream, 307, "Location: http://127.0.0.1:9/\r\n"), "it answers 307"),
        (
            |_, stream| {
                head(stream, 200, "");
                let _ = stream.write_all(b"data: <html>\n\n");
            },
            "none of chat completions",
        ),
        (
            |_, stream| {
                head(stream, 200, "");
                say(stream, "The Nimbo 14 has");
            },
            "breaks off",
        ),
        (
            |_, stream| {
                head(stream, 200, "Content-Length: 100000\r\n");
                say(stream, "The Nimbo 14 has");
            },
            "breaks off",
        ),
        (
            |_, stream| {
                head(stream, 200, "");
                (0..100_000).for_each(|_| say(stream, "and more "));
            },
            "writes more than 260 characters",
        ),
        (
            |_, stream| {
                head(stream, 200, "");
                let _ = stream.write_all(&vec![b'y'; 1 << 20]);
            },
            "longer than",
        ),
    ];
    for (answer, said) in bad {
        let (url, _) = served(answer);
        let alone = EndpointConfig { retries: 0, ..endpoint("bad", &url) };
        let error = desk.write(&writers(vec![alone.clone()])).unwrap_err();
        assert!(error.contains(said) && error.contains("bad: "), "{said}: {error}");
        let (good, _) = served(|_, stream| well(stream));
        let both = writers(vec![alone, endpoint("good", &good)]);
        assert_eq!(desk.write(&both).as_deref(), Ok("The Nimbo 14 has 16 GB."), "{said}");
    }
    let spent = desk.spent("bad");
    assert_eq!((spent.n_used, spent.n_failed + spent.n_slow), (0, 16));
}

#[test]
fn a_model_that_rambles_is_asked_by_the_next_turn_all_the_same() {
    let desk = Desk::new();
    let cut = r#"data: {"choices":[{"delta":{"content":"The"},"finish_reason":"length"}]}"#;
    let (url, seen) = served(move |number, stream| match number {
        0..5 => {
            head(stream, 200, "");
            let _ = stream.write_all(format!("{cut}\n\ndata: [DONE]\n\n").as_bytes());
        }
        5..9 => {
            head(stream, 200, "");
            (0..1000).for_each(|_| say(stream, "and more "));
        }
        _ => well(stream),
    });
    let writers = writers(vec![endpoint("a", &url)]);
    for number in 0..9 {
        let error = desk.write(&writers).unwrap_err();
        assert!(error.contains(if number < 5 { "max_tokens" } else { "writes more than" }), "{error}");
    }
    assert!(desk.write(&writers).is_ok());
    assert_eq!(seen.lock().unwrap().len(), 10, "asked once a turn, and never left alone");
}

#[test]
fn what_passes_is_tried_again_and_what_stays_is_not() {
    let desk = Desk::new();
    let (url, seen) = served(|number, stream| if number == 0 { head(stream, 500, "") } else { well(stream) });
    assert!(desk.write(&writers(vec![endpoint("a", &url)])).is_ok());
    assert_eq!(seen.lock().unwrap().len(), 2);
    let (url, seen) = served(|_, stream| head(stream, 401, ""));
    assert!(desk.write(&writers(vec![endpoint("a", &url)])).unwrap_err().contains("401"));
    assert_eq!(seen.lock().unwrap().len(), 1);
    // One that asks to be left alone is, by the turns after too.
    let (url, seen) = served(|_, stream| head(stream, 429, "Retry-After: 120\r\n"));
    let busy = writers(vec![endpoint("a", &url)]);
    assert!(desk.write(&busy).unwrap_err().contains("429"));
    assert!(desk.write(&busy).unwrap_err().contains("left alone"));
    assert_eq!((seen.lock().unwrap().len(), busy.resting()), (1, vec!["a"]));
}

#[test]
fn one_that_hangs_is_given_up_and_left_alone() {
    let desk = Desk::new();
    let never: fn(usize, &mut TcpStream) = |_, stream| hang(stream);
    let in_the_middle: fn(usize, &mut TcpStream) = |_, stream| {
        head(stream, 200, "");
        say(stream, "The Nimbo");
        hang(stream);
    };
    // Each piece comes in time; all of them do not.
    let drop_by_drop: fn(usize, &mut TcpStream) = |_, stream| {
        head(stream, 200, "");
        while stream.write_all(b": wait\n\n").is_ok() {
            std::thread::sleep(Duration::from_millis(20));
        }
    };
    for answer in [never, in_the_middle, drop_by_drop] {
        let (url, seen) = served(answer);
        let (good, _) = served(|_, stream| well(stream));
        let slow = EndpointConfig { timeout_seconds: 0.3, retries: 3, ..endpoint("slow", &url) };
        let both = writers(vec![slow, endpoint("good", &good)]);
        for _ in 0..3 {
            assert!(desk.write(&both).is_ok());
        }
        assert_eq!(seen.lock().unwrap().len(), 1, "tried once, and not again by the next turns");
    }
    assert_eq!((desk.spent("slow").n_slow, desk.spent("good").n_used), (3, 9));
    assert!(desk.spent("slow").tokens_in > 0, "what was sent is counted: it may be charged for");
    // The turn's own time is over before an endpoint's.
    let (url, _) = served(never);
    let config = WriterConfig {
        timeout_seconds: 0.3,
        endpoints: vec![endpoint("a", &url), endpoint("b", &url)],
        ..WriterConfig::default()
    };
    assert!(desk.write(&Writers::new(config)).unwrap_err().contains("b: there is no time left"));
}

#[test]
fn limits_of_a_day_hold_over_restarts() {
    let desk = Desk::new();
    let (url, seen) = served(|_, stream| well(stream));
    let most = {
        let asked = Endpoint::new(&endpoint("a", &url));
        let (sent, written) = asked.most(&task().prompt(), asked.of_reply(100));
        sent + written
    };
    // Enough for one call at its most, and not for what one uses and another.
    let few = EndpointConfig { tokens_per_day: most + 50, ..endpoint("few", &url) };
    assert!(desk.write(&writers(vec![few.clone()])).is_ok());
    let error = desk.write(&writers(vec![few.clone()])).unwrap_err();
    assert!(error.contains("tokens for today is reached"), "{error}");
    let dear = EndpointConfig { price_in: 1e6, cost_per_day: Some(50.0), ..endpoint("dear", &url) };
    assert!(desk.write(&writers(vec![dear])).unwrap_err().contains("50 in cost"));
    assert_eq!(seen.lock().unwrap().len(), 1);
    let tomorrow = Day(TODAY.0 + 1);
    let writers = writers(vec![few]);
    let pen = writers.pen(&desk.store, &desk.metrics, tomorrow);
    assert!(pen.write(&task()).is_ok(), "another day");
    forget_old(&desk.store, Day(tomorrow.0 + spent::KEPT_DAYS as i32)).unwrap();
    let left = spent::between(&desk.store, TODAY, tomorrow).unwrap();
    assert_eq!((left.len(), left["few"].n_refused), (1, 0), "the day before is forgotten");
}

#[test]
fn only_so_many_turns_wait() {
    let desk = Desk::new();
    let (url, seen) = served(|_, stream| hang(stream));
    let config = WriterConfig {
        parallel: 1,
        timeout_seconds: 5.0,
        endpoints: vec![endpoint("a", &url)],
        ..WriterConfig::default()
    };
    let writers = Writers::new(config);
    let held = Place(&writers.n_waiting);
    writers.n_waiting.fetch_add(1, SeqCst);
    assert!(desk.write(&writers).unwrap_err().contains("1 other turns are waiting"));
    assert!(seen.lock().unwrap().is_empty());
    drop(held);
    assert_eq!(writers.n_waiting.load(SeqCst), 0);
}

#[test]
fn keys_are_in_no_message_and_one_that_is_missing_is_named() {
    let desk = Desk::new();
    let key = std::env::var("PATH").unwrap();
    let said = key.clone();
    let (url, seen) = served(move |_, stream| {
        head(stream, 401, "");
        let _ = stream.write_all(format!("wrong key {said}").as_bytes());
    });
    let config = EndpointConfig { key_env: Some("PATH".to_owned()), ..endpoint("a", &url) };
    let error = desk.write(&writers(vec![config.clone()])).unwrap_err();
    assert!(error.contains("[key]") && !error.contains(&key), "{error}");
    let missing = EndpointConfig { key_env: Some("TERCET_NO_SUCH_VARIABLE".to_owned()), ..config };
    assert!(desk.write(&writers(vec![missing])).unwrap_err().contains("TERCET_NO_SUCH_VARIABLE"));
    assert_eq!(seen.lock().unwrap().len(), 1);
}

#[test]
fn it_may_be_asked_for_one_thing_only() {
    let desk = Desk::new();
    let (url, seen) = served(|_, stream| {
        head(stream, 200, "");
        say(stream, "2");
        stop(stream, None);
    });
    let choice = Choice {
        lang: Lang::En,
        text: "is it there".to_owned(),
        options: vec![
            ("price".to_owned(), "ask for a price".to_owned()),
            ("stock".to_owned(), "ask for stock".to_owned()),
        ],
    };
    let only = |reword, understand| {
        let config =
            WriterConfig { reword, understand, endpoints: vec![endpoint("a", &url)], ..WriterConfig::default() };
        let writers = Writers::new(config);
        let pen = writers.pen(&desk.store, &desk.metrics, TODAY);
        let asked = (pen.write(&task()).is_ok(), pen.choose(&choice).unwrap());
        pen.judged(false, true);
        asked
    };
    assert_eq!(only(true, false), (true, None));
    assert_eq!(only(false, true), (false, Some("2".to_owned())));
    assert_eq!(seen.lock().unwrap().len(), 2);
    let spent = desk.spent("a");
    assert_eq!((spent.n_refused, spent.n_understood), (1, 1));
    assert!(spent.tokens_out == 2 && spent.tokens_in > 100, "guessed where the endpoint does not count: {spent:?}");
}
