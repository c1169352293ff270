//! Channels from outside: a server in a process of its own with the secrets in its environment, callbacks as the platforms send
//! them, and endpoints that take what leaves. What is refused, what is heard once, and what a kill does not lose.

use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Condvar, Mutex};

use serde_json::{Value, json};
use service::auth::Scope;
use service::channels::crypto::{Sealer, is_signed, signature};
use service::channels::{signed, xml};
use service::conversations::token;
use service::store::Store;

use crate::http::{Got, Response, raw, received, send};
use crate::shop::{Folder, key, make, serve};

const CHILD: &str = "TERCET_TEST_CHANNELS";
const TOKEN: &str = "spamtest";
const AES_KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";
const APP_ID: &str = "wx2c2769f8efd9abc2";
const SECRET: &str = "0123456789abcdef-secret";

/// Not a test of its own: the process that the tests below start and kill.
#[test]
fn child_that_serves_channels() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    tracing_subscriber::fmt().with_max_level(tracing::Level::DEBUG).with_writer(std::io::stderr).init();
    let served = serve(folder.as_ref(), String::new());
    println!("\nlistening {}", served.address);
    loop {
        std::thread::park();
    }
}

/// A shop with channels, served by a child.
struct Shop {
    folder: Folder,
    key: String,
    child: Child,
    address: SocketAddr,
}

impl Drop for Shop {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn start(folder: &Path, log: &Path) -> (Child, SocketAddr) {
    let log = std::fs::OpenOptions::new().create(true).append(true).open(log).unwrap();
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["channels::child_that_serves_channels", "--exact", "--nocapture"])
        .env(CHILD, folder)
        .envs([("TEST_TOKEN", TOKEN), ("TEST_AES_KEY", AES_KEY), ("TEST_SECRET", SECRET)])
        .stdout(Stdio::piped())
        .stderr(log)
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("listening ")?.parse().ok());
    (child, address.expect("the child says where it listens"))
}

impl Shop {
    /// With `channels` added to the shop's configuration.
    fn with(channels: &str) -> Shop {
        Self::with_limit(1200, channels)
    }

    fn with_limit(messages_per_minute: u32, channels: &str) -> Shop {
        Self::over(make(), messages_per_minute, channels)
    }

    /// Over a shop that was made already.
    fn over(folder: Folder, messages_per_minute: u32, channels: &str) -> Shop {
        let config = folder.shop().join("tercet.toml");
        let text = std::fs::read_to_string(&config).unwrap();
        // The template ends in the section [service].
        std::fs::write(&config, format!("{text}\nmessages_per_minute = {messages_per_minute}\n{channels}")).unwrap();
        let key = key(&folder.shop(), &Scope::ALL);
        let (child, address) = start(&folder.shop(), &folder.path().join("log"));
        Shop { folder, key, child, address }
    }

    fn kill_and_start_again(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
        (self.child, self.address) = start(&self.folder.shop(), &self.log());
    }

    fn log(&self) -> PathBuf {
        self.folder.path().join("log")
    }

    fn call(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        let bearer = format!("Bearer {}", self.key);
        send(self.address, method, path, &[("Authorization", &bearer)], body.map(|body| body.to_string()).as_deref())
    }

    fn get(&self, path: &str) -> Value {
        let response = self.call("GET", path, None);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        response.json()
    }

    /// The one conversation of a channel.
    fn conversation(&self) -> Value {
        let list = self.get("/v1/desk/conversations");
        assert_eq!(list["total"], 1, "{list}");
        self.get(&format!("/v1/desk/conversations/{}", list["items"][0]["conversation_id"].as_str().unwrap()))
    }

    fn reply(&self, conversation: &Value, text: &str) {
        let id = conversation["row"]["conversation_id"].as_str().unwrap();
        let body = json!({"text": text, "agent": "Li Wei"});
        let response = self.call("POST", &format!("/v1/desk/conversations/{id}/reply"), Some(body));
        assert_eq!(response.status, 201, "{}", response.body);
    }
}

fn now() -> i64 {
    service::clock::now().0 / 1000
}

type Answers = Box<dyn Fn(&Got) -> (u16, Value) + Send>;

/// An endpoint that remembers what it was asked.
pub struct Endpoint {
    pub address: SocketAddr,
    pub got: Arc<(Mutex<Vec<Got>>, Condvar)>,
    answers: Arc<Mutex<Answers>>,
}

impl Endpoint {
    pub fn start(answers: impl Fn(&Got) -> (u16, Value) + Send + 'static) -> Endpoint {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let got = Arc::new((Mutex::new(Vec::new()), Condvar::new()));
        let answers: Arc<Mutex<Answers>> = Arc::new(Mutex::new(Box::new(answers)));
        let (kept, own) = (got.clone(), answers.clone());
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if let Some(asked) = received(&stream) {
                    let (status, answer) = own.lock().unwrap()(&asked);
                    kept.0.lock().unwrap().push(asked);
                    kept.1.notify_all();
                    let answer = answer.to_string();
                    let head =
                        format!("HTTP/1.1 {status} x\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
                    let _ = (&stream).write_all(format!("{head}{answer}").as_bytes());
                }
            }
        });
        Endpoint { address, got, answers }
    }

    pub fn answer(&self, answers: impl Fn(&Got) -> (u16, Value) + Send + 'static) {
        *self.answers.lock().unwrap() = Box::new(answers);
    }

    /// What was asked, once there are `n` of the path.
    pub fn wait(&self, path: &str, n: usize) -> Vec<Got> {
        let of_path = |all: &[Got]| all.iter().filter(|got| got.path.starts_with(path)).cloned().collect::<Vec<_>>();
        let mut all = self.got.0.lock().unwrap();
        loop {
            let found = of_path(&all);
            if found.len() >= n {
                return found;
            }
            all = self.got.1.wait(all).unwrap();
        }
    }
}

/// The account's side of WeChat: seals, signs, opens.
struct Platform {
    sealer: Sealer,
}

impl Platform {
    fn new(receiver: &str) -> Platform {
        Platform { sealer: Sealer::new(AES_KEY, receiver).unwrap() }
    }

    fn path(&self, name: &str, at: i64, sealed: &str) -> String {
        let time = at.to_string();
        let signed = signature(&[TOKEN, &time, "n1", sealed]);
        format!("/v1/channels/{name}?timestamp={time}&nonce=n1&encrypt_type=aes&msg_signature={signed}")
    }

    fn post_at(&self, shop: &Shop, name: &str, at: i64, inner: &str) -> Response {
        let sealed = self.sealer.seal(inner.as_bytes(), [7; 16]);
        let body = format!("<xml><ToUserName>gh_1</ToUserName>{}</xml>", xml::element("Encrypt", &sealed));
        let headers = [("Content-Type", "text/xml")];
        send(shop.address, "POST", &self.path(name, at, &sealed), &headers, Some(&body))
    }

    /// The text of the answer; `None` for `success`.
    fn post(&self, shop: &Shop, name: &str, inner: &str) -> Option<String> {
        let response = self.post_at(shop, name, now(), inner);
        assert_eq!(response.status, 200, "{}", response.body);
        if response.body == "success" {
            return None;
        }
        let outer = xml::read(response.body.as_bytes()).unwrap();
        let sealed = outer.get("Encrypt");
        assert!(is_signed(&[TOKEN, outer.get("TimeStamp"), outer.get("Nonce"), sealed], outer.get("MsgSignature")));
        let inner = xml::read(&self.sealer.open(sealed).unwrap()).unwrap();
        assert_eq!((inner.get("MsgType"), inner.get("FromUserName")), ("text", "gh_1"));
        Some(inner.get("Content").to_owned())
    }
}

fn message(from: &str, id: u32, kind: &str, rest: &str) -> String {
    format!(
        "<xml><ToUserName>gh_1</ToUserName><FromUserName>{from}</FromUserName><CreateTime>{id}</CreateTime>\
         <MsgType>{kind}</MsgType>{rest}<MsgId>{id}</MsgId></xml>"
    )
}

fn text(from: &str, id: u32, text: &str) -> String {
    message(from, id, "text", &xml::element("Content", text))
}

fn wechat(api: SocketAddr) -> String {
    format!(
        "[channels.wechat]\nkind = \"wechat\"\napp_id = \"{APP_ID}\"\ntoken_env = \"TEST_TOKEN\"\naes_key_env = \"TEST_AES_KEY\"\n\
         secret_env = \"TEST_SECRET\"\napi_url = \"http://{api}\"\n"
    )
}

/// As WeChat's API answers when all is well.
fn well(got: &Got) -> (u16, Value) {
    match got.path.split('?').next().unwrap() {
        "/cgi-bin/stable_token" | "/cgi-bin/gettoken" => {
            (200, json!({"errcode": 0, "access_token": "tok/en", "expires_in": 7200}))
        }
        _ => (200, json!({"errcode": 0, "errmsg": "ok"})),
    }
}

#[test]
fn ten_sealed_messages_by_wechat_and_a_persons_reply() {
    let api = Endpoint::start(well);
    let shop = Shop::with(&wechat(api.address));
    let account = Platform::new(APP_ID);
    // The address is verified in the open, also where messages are sealed.
    let time = now().to_string();
    let signed = signature(&[TOKEN, &time, "n"]);
    let verify = |signed: &str| {
        let path = format!("/v1/channels/wechat?signature={signed}&timestamp={time}&nonce=n&echostr=echo-1");
        send(shop.address, "GET", &path, &[], None)
    };
    let verified = verify(&signed);
    assert_eq!((verified.status, verified.body.as_str()), (200, "echo-1"));
    assert_eq!(verify(&signed.chars().rev().collect::<String>()).status, 401);
    let subscribed = message("openid-1", 99, "event", "<Event>subscribe</Event>").replace("<MsgId>99</MsgId>", "");
    let greeting = account.post(&shop, "wechat", &subscribed).unwrap();
    assert!(greeting.contains("不是真人"), "{greeting}");
    let said = [
        "你好",
        "Product 3 多少钱",
        "它有货吗",
        "Product 5 的内存多大",
        "推荐一款音乐",
        "怎么退货",
        "Product 4 和 Product 6 哪个好",
        "质保多久",
        "谢谢",
        "还有一个问题",
    ];
    let answers: Vec<String> = (0u32..)
        .zip(said)
        .map(|(id, said)| account.post(&shop, "wechat", &text("openid-1", id, said)).expect("an answer in time"))
        .collect();
    assert!(answers[1].contains("400"), "the price of product 3: {}", answers[1]);
    // What the platform sends again is answered as before and heard once.
    assert_eq!(account.post(&shop, "wechat", &text("openid-1", 1, said[1])).as_ref(), Some(&answers[1]));
    let conversation = shop.conversation();
    assert_eq!((&conversation["row"]["channel"], &conversation["row"]["n_messages"]), (&json!("wechat"), &json!(21)));
    // A picture is told to be none that can be read, and is no question.
    let picture = message("openid-1", 20, "image", "<PicUrl>http://x/</PicUrl>");
    assert!(account.post(&shop, "wechat", &picture).unwrap().contains("图片"));
    // A person's reply leaves by the platform's API, after the word that a person is there.
    shop.reply(&shop.conversation(), "我来帮您看。");
    let sent = api.wait("/cgi-bin/message/custom/send", 2);
    let contents: Vec<_> = sent.iter().map(|got| got.json()["text"]["content"].as_str().unwrap().to_owned()).collect();
    assert!(contents[0].contains("Li Wei") && contents[1] == "我来帮您看。", "{contents:?}");
    assert!(sent.iter().all(|got| got.json()["touser"] == "openid-1" && got.path.ends_with("access_token=tok%2Fen")));
    assert_eq!(api.wait("/cgi-bin/stable_token", 1).len(), 1, "a token is fetched once");
    assert_eq!(account.post(&shop, "wechat", &text("openid-1", 21, "好的")), None, "a person answers");
    let outbox = shop.get("/v1/desk/outbox");
    assert_eq!((&outbox["channels"][0]["channel"], &outbox["failed"]), (&json!("wechat"), &json!([])), "{outbox}");
    let log = std::fs::read_to_string(shop.log()).unwrap();
    for private in ["openid-1", "多少钱", "我来帮您看", SECRET, AES_KEY, "tok/en", "tok%2Fen"] {
        assert!(!log.contains(private), "'{private}' is logged: {log}");
    }
    assert!(log.contains("listening"), "something is logged: {log}");
}

#[test]
fn hostile_callbacks_are_refused_and_floods_are_told_to_wait() {
    let api = Endpoint::start(well);
    let shop = Shop::with_limit(20, &wechat(api.address));
    let account = Platform::new(APP_ID);
    let post = |path: &str, body: &str| {
        let request = format!(
            "POST {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        raw(shop.address, request.as_bytes()).unwrap().status
    };
    let hello = text("openid-1", 1, "你好");
    assert_eq!(account.post_at(&shop, "wechat", now() - 3600, &hello).status, 401, "long ago");
    assert_eq!(Platform::new("wxother").post_at(&shop, "wechat", now(), &hello).status, 401, "for another account");
    let sealed = account.sealer.seal(hello.as_bytes(), [7; 16]);
    let path = account.path("wechat", now(), &sealed);
    let body = |sealed: &str| format!("<xml><Encrypt>{sealed}</Encrypt></xml>");
    let bomb = "<!DOCTYPE x [<!ENTITY a \"aaaaaaaa\"><!ENTITY b \"&a;&a;&a;&a;\">]><xml><Encrypt>&b;</Encrypt></xml>";
    for (body, status) in [
        (body(&sealed.replace('a', "b")), 401),
        (body(""), 401),
        (hello.clone(), 401),
        (bomb.to_owned(), 400),
        ("<xml>".repeat(5000), 400),
        ("{}".to_owned(), 400),
        (String::new(), 400),
        ("x".repeat(1 << 20), 413),
    ] {
        assert_eq!(post(&path, &body), status, "{body:.60}");
    }
    assert_eq!(post("/v1/channels/none", "x"), 404);
    assert_eq!(post("/v1/channels/service-webhook", "x"), 404);
    assert_eq!(post("/v1/channels/wechat", &body(&sealed)), 401);
    assert_eq!(shop.get("/v1/desk/conversations")["total"], 0, "nothing was heard");
    // Sealed, yet hostile inside.
    assert_eq!(account.post_at(&shop, "wechat", now(), bomb).status, 400);
    let flood = (0..30).filter_map(|id| account.post(&shop, "wechat", &text("openid-2", id, "在吗")));
    assert!(flood.filter(|text| text.contains("太快")).count() > 0);
    assert!(account.post(&shop, "wechat", &text("openid-3", 1, "在吗")).is_some_and(|text| !text.contains("太快")));
}

fn posted(shop: &Shop, at: i64, body: &[u8]) -> Response {
    let time = at.to_string();
    let signature = signed::signature(SECRET, at, body);
    let head = format!(
        "POST /v1/channels/app HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Type: application/json\r\n\
         X-Tercet-Time: {time}\r\nX-Tercet-Signature: {signature}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    );
    raw(shop.address, &[head.as_bytes(), body].concat()).unwrap()
}

fn app(rest: &str) -> String {
    format!("[channels.app]\nkind = \"webhook\"\nsecret_env = \"TEST_SECRET\"\n{rest}\n")
}

#[test]
fn a_shops_own_program_is_answered_once_and_vouches_only_by_token() {
    let shop = Shop::with(&app(""));
    let body =
        |id: &str, text: &str| json!({"message_id": id, "from": "user-1", "text": text, "lang": "en"}).to_string();
    let hello = body("m1", "hello");
    let at = now();
    let first = posted(&shop, at, hello.as_bytes());
    assert_eq!(first.status, 201, "{}", first.body);
    let first = first.json();
    assert!(first["answer"]["text"].as_str().unwrap().contains("automatic assistant"), "{first}");
    let replay = posted(&shop, at, hello.as_bytes());
    assert_eq!((replay.status, &replay.json()["error"]["code"]), (409, &json!("replay")));
    let again = posted(&shop, at + 1, hello.as_bytes()).json();
    assert_eq!(
        (&again["message"], &again["answer"]),
        (&first["message"], &first["answer"]),
        "signed anew it is the same"
    );
    for (at, body, status) in [
        (now() - 301, body("m2", "hello").into_bytes(), 401),
        // Far enough that it is ahead also when a slow machine gets to it.
        (now() + 3600, body("m2", "hello").into_bytes(), 401),
        (now(), b"{\"message_id\": \"m2\", \"from\": \"u\", \"text\": \"\xff\xfe\"}".to_vec(), 400),
        (now(), b"{}".to_vec(), 400),
        (now(), body("m2", "").into_bytes(), 400),
        (now(), body("m\n2", "x").into_bytes(), 400),
        (now(), body("m2", &"x".repeat(1 << 20)).into_bytes(), 413),
    ] {
        assert_eq!(posted(&shop, at, &body).status, status);
    }
    let unsigned = send(shop.address, "POST", "/v1/channels/app", &[], Some(&body("m2", "hello")));
    assert_eq!((unsigned.status, &unsigned.json()["error"]["code"]), (401, &json!("signature")));
    // Being named a customer is no proof; the shop's token is.
    let ask = |id: &str, from: &str, token: Option<&str>| {
        let body = json!({"message_id": id, "from": from, "text": "Where is my order o3-1?", "lang": "en", "customer_token": token});
        posted(&shop, now(), body.to_string().as_bytes())
    };
    let told = ask("m3", "c3", None).json();
    assert!(told["answer"]["text"].as_str().unwrap().contains("sign in"), "{told}");
    assert_eq!(ask("m4", "c3", Some("forged.token")).status, 401);
    let store = Store::open(&shop.folder.shop()).unwrap();
    token::new_secret(&store).unwrap();
    let vouched = token::sign(&store, "c3", now() + 600).unwrap();
    let told = ask("m5", "c3-vouched", Some(&vouched)).json();
    assert!(told["answer"]["text"].as_str().unwrap().contains("o3-1"), "{told}");
    // Without an address for replies a person's reply cannot reach the customer, and the desk is told.
    let list = shop.get("/v1/desk/conversations");
    let id =
        list["items"].as_array().unwrap().iter().find(|row| row["lang"] == "en" && row["customer_id"] == Value::Null);
    let conversation =
        shop.get(&format!("/v1/desk/conversations/{}", id.unwrap()["conversation_id"].as_str().unwrap()));
    shop.reply(&conversation, "I am here.");
    let failed = loop {
        let outbox = shop.get("/v1/desk/outbox");
        if outbox["failed"].as_array().unwrap().len() >= 2 {
            break outbox;
        }
        std::thread::yield_now();
    };
    assert!(failed["failed"][0]["said"].as_str().unwrap().contains("reply_url"), "{failed}");
    let id = conversation["row"]["conversation_id"].as_str().unwrap();
    let notes = shop.get(&format!("/v1/desk/conversations/{id}"))["notes"].to_string();
    assert!(notes.contains("not delivered by app"), "{notes}");
}

#[test]
fn a_kill_between_accepting_and_sending_loses_nothing() {
    let replies = Endpoint::start(|_| (503, json!({})));
    let url = format!("reply_url = \"http://{}/replies\"\nreplies = \"url\"", replies.address);
    let events =
        format!("[service.webhook]\nurl = \"http://{}/events\"\nsecret_env = \"TEST_SECRET\"\n", replies.address);
    let mut shop = Shop::with(&format!("{events}{}", app(&url)));
    let body = json!({"message_id": "m1", "from": "user-1", "text": "转人工", "lang": "zh"}).to_string();
    let taken = posted(&shop, now(), body.as_bytes());
    assert_eq!((taken.status, &taken.json()["answer"]), (201, &Value::Null), "{}", taken.body);
    shop.reply(&shop.conversation(), "我在。");
    // Each was tried in vain at least once when the process dies.
    replies.wait("/replies", 1);
    replies.wait("/events", 1);
    shop.kill_and_start_again();
    replies.answer(|_| (200, json!({})));
    let is_done = |got: &[Got], text: &str| got.iter().any(|got| got.body.contains(text));
    let mut n = 2;
    let got = loop {
        let got = replies.wait("/replies", n);
        if is_done(&got, "我在。") {
            break got;
        }
        n = got.len() + 1;
    };
    let events = replies.wait("/events", 2);
    let conversation = shop.conversation();
    for (got, path) in [(&got, "/replies"), (&events, "/events")] {
        for one in got {
            let (at, given) = (one.header("X-Tercet-Time"), one.header("X-Tercet-Signature"));
            assert_eq!(signed::verify(SECRET, &at, &given, one.body.as_bytes(), now()), Ok(()), "{path}");
            assert_eq!(one.header("X-Tercet-Id"), one.json()["id"].as_str().unwrap());
        }
    }
    assert!(events.iter().all(|one| one.json()["event"] == "hand_over" && one.json()["id"] == events[0].json()["id"]));
    // In the order in which they were said: the assistant, the word that a person is there, the person.
    let mut ids: Vec<String> = got.iter().map(|one| one.header("X-Tercet-Id")).collect();
    ids.dedup();
    let id = conversation["row"]["conversation_id"].as_str().unwrap();
    assert_eq!(ids, [2, 3, 4].map(|seq| format!("{id}-{seq}-0")), "{got:?}");
    assert_eq!(got.last().unwrap().json()["to"], "user-1");
}

#[test]
fn members_by_wecom_and_customers_by_wechat_customer_service() {
    let api = Endpoint::start(well);
    let config = format!(
        "[channels.wecom]\nkind = \"wecom\"\ncorp_id = \"ww1\"\nagent_id = 7\ntoken_env = \"TEST_TOKEN\"\n\
         aes_key_env = \"TEST_AES_KEY\"\nsecret_env = \"TEST_SECRET\"\napi_url = \"http://{}\"\n",
        api.address
    );
    let shop = Shop::with(&config);
    let corporation = Platform::new("ww1");
    // What is to be echoed is sealed.
    let echo = corporation.sealer.seal(b"1616140317555161061", [3; 16]);
    let query: String = echo.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let path = format!("{}&echostr={query}", corporation.path("wecom", now(), &echo));
    let verified = send(shop.address, "GET", &path, &[], None);
    assert_eq!((verified.status, verified.body.as_str()), (200, "1616140317555161061"));
    assert!(corporation.post(&shop, "wecom", &text("zhang", 1, "你好")).unwrap().contains("自动客服"));
    shop.reply(&shop.conversation(), "我在。");
    let sent = api.wait("/cgi-bin/message/send", 2)[1].json();
    assert_eq!(
        (&sent["touser"], &sent["agentid"], &sent["text"]["content"]),
        (&json!("zhang"), &json!(7), &json!("我在。"))
    );
    // Messages of customers are fetched: what was sent long before the first fetch is left alone, what comes twice is heard once.
    let message = |id: &str, at: i64, origin: i64| {
        json!({"msgid": id, "open_kfid": "wk1", "external_userid": "wm1", "send_time": at, "origin": origin, "msgtype": "text",
            "text": {"content": "在吗"}})
    };
    let messages =
        [message("old", now() - 86_400, 3), message("m1", now(), 3), message("own", now(), 5), message("m1", now(), 3)];
    api.answer(move |got| match got.path.split('?').next().unwrap() {
        "/cgi-bin/kf/sync_msg" if got.json()["cursor"].is_null() => {
            (200, json!({"errcode": 0, "next_cursor": "c1", "has_more": 0, "msg_list": messages}))
        }
        "/cgi-bin/kf/sync_msg" => (200, json!({"errcode": 0, "next_cursor": "c2", "has_more": 0, "msg_list": []})),
        _ => well(got),
    });
    let event = |token: &str| {
        format!(
            "<xml><ToUserName>ww1</ToUserName><CreateTime>1</CreateTime><MsgType>event</MsgType><Event>kf_msg_or_event</Event>\
             <Token>{token}</Token><OpenKfId>wk1</OpenKfId></xml>"
        )
    };
    assert_eq!(corporation.post(&shop, "wecom", &event("t1")), None);
    let sent = api.wait("/cgi-bin/kf/send_msg", 1)[0].json();
    assert_eq!((&sent["touser"], &sent["open_kfid"]), (&json!("wm1"), &json!("wk1")));
    assert_eq!(sent["msgid"].as_str().unwrap().len(), 32, "{sent}");
    assert!(sent["text"]["content"].as_str().unwrap().contains("自动客服"), "{sent}");
    assert_eq!(corporation.post(&shop, "wecom", &event("t2")), None);
    let fetched = api.wait("/cgi-bin/kf/sync_msg", 2);
    assert_eq!((&fetched[0].json()["token"], &fetched[1].json()["cursor"]), (&json!("t1"), &json!("c1")));
    let list = shop.get("/v1/desk/conversations");
    let of_customer = list["items"].as_array().unwrap().iter().find(|row| row["n_messages"] == 2);
    assert!(list["total"] == 2 && of_customer.is_some(), "one message and its answer: {list}");
}

/// A program that takes every mail, and what it took.
pub struct Sendmail {
    pub folder: PathBuf,
}

impl Sendmail {
    pub fn new(folder: &Path) -> Sendmail {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder.join("sent");
        std::fs::create_dir(&folder).unwrap();
        let script = format!(
            "#!/bin/sh\nfile={0}/taking.$$ && echo \"Args: $*\" > $file && cat >> $file && \
             mv $file {0}/mail-$(date +%s%N)\n",
            folder.display()
        );
        std::fs::write(folder.join("sendmail"), script).unwrap();
        std::fs::set_permissions(folder.join("sendmail"), std::fs::Permissions::from_mode(0o700)).unwrap();
        Sendmail { folder }
    }

    /// The mail with this number, once it was taken.
    pub fn nth(&self, n: usize) -> String {
        loop {
            let names = std::fs::read_dir(&self.folder).unwrap().map(|entry| entry.unwrap().path());
            let mut mails: Vec<PathBuf> = names.filter(|path| path.to_string_lossy().contains("/mail-")).collect();
            mails.sort();
            if let Some(mail) = mails.get(n) {
                return std::fs::read_to_string(mail).unwrap();
            }
            std::thread::yield_now();
        }
    }
}

pub fn header<'a>(mail: &'a str, name: &str) -> &'a str {
    mail.lines()
        .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "))
        .unwrap_or_else(|| panic!("no {name}: {mail}"))
}

#[test]
fn mails_are_answered_in_their_thread_and_machines_are_not() {
    let outside = tempfile::tempdir().unwrap();
    let sent = Sendmail::new(outside.path());
    let config = format!(
        "[channels.email]\nkind = \"email\"\naddress = \"service@shop.example\"\ninbox = \"mail\"\nsecret_env = \"TEST_SECRET\"\n\
         sendmail = \"{}/sendmail\"\n",
        sent.folder.display()
    );
    let shop = Shop::with(&config);
    let inbox = shop.folder.shop().join("mail");
    let put = |name: &str, headers: &str, body: &str| {
        std::fs::create_dir_all(inbox.join("tmp")).unwrap();
        std::fs::create_dir_all(inbox.join("new")).unwrap();
        let mail = format!("{headers}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n{body}");
        std::fs::write(inbox.join("tmp").join(name), mail).unwrap();
        std::fs::rename(inbox.join("tmp").join(name), inbox.join("new").join(name)).unwrap();
    };
    put("1-loop", "From: a@example.com\r\nAuto-Submitted: auto-replied\r\nMessage-ID: <l@x>", "I am away.");
    put("2-own", "From: service@shop.example\r\nMessage-ID: <o@x>", "hello");
    put("3-none", "Subject: nobody", "hello");
    put(
        "4-first",
        "From: Li <li@example.com>\r\nSubject: 我的订单 o3-1\r\nMessage-ID: <first@x>",
        "订单到哪了？\n\n发自我的iPhone",
    );
    let answer = sent.nth(0);
    assert_eq!(header(&answer, "Args"), "-i -f service@shop.example -- li@example.com");
    assert_eq!((header(&answer, "To"), header(&answer, "Auto-Submitted")), ("li@example.com", "auto-replied"));
    assert_eq!((header(&answer, "In-Reply-To"), header(&answer, "References")), ("<first@x>", "<first@x>"));
    let conversation = shop.conversation();
    let said = conversation["messages"].to_string();
    assert!(said.contains("订单到哪了") && !said.contains("iPhone") && !said.contains("\"order_id\""), "{said}");
    assert!(said.contains("登录"), "an address is no proof: {said}");
    // By the id of our own mail alone, as some programs do; and the same mail twice.
    let ours = header(&answer, "Message-ID").to_owned();
    let reply = format!("From: li@example.com\r\nSubject: Re: x\r\nMessage-ID: <second@x>\r\nIn-Reply-To: {ours}");
    put("5-second", &reply, "转人工\n\n在 2026年1月5日，小店 写道：\n> 旧");
    put("6-second", &reply, "转人工\n\n在 2026年1月5日，小店 写道：\n> 旧");
    // Somebody else who knows the id does not get into the conversation.
    put("7-other", &reply.replace("li@", "eve@").replace("second@", "third@"), "你好");
    let (second, other) = (sent.nth(1), sent.nth(2));
    assert_eq!((header(&second, "To"), header(&second, "In-Reply-To")), ("li@example.com", "<second@x>"));
    assert_eq!(header(&other, "To"), "eve@example.com");
    let list = shop.get("/v1/desk/conversations");
    assert_eq!(list["total"], 2, "{list}");
    let id = conversation["row"]["conversation_id"].as_str().unwrap();
    let conversation = shop.get(&format!("/v1/desk/conversations/{id}"));
    assert_eq!((&conversation["row"]["n_messages"], &conversation["row"]["channel"]), (&json!(4), &json!("email")));
    // A person's reply is a mail; that a person is there is none.
    shop.reply(&conversation, "您好，我来查。");
    let replied = sent.nth(3);
    assert_eq!(header(&replied, "In-Reply-To"), "<second@x>");
    assert!(!replied.contains("Auto-Submitted"), "{replied}");
    // It comes back: the desk is told.
    let returned = format!("Reporting-MTA: dns; x\r\n\r\nMessage-ID: {}\r\n", header(&replied, "Message-ID"));
    put("8-bounce", "From: MAILER-DAEMON@mx.example.com\r\nMessage-ID: <b@x>", &returned);
    while !shop.get(&format!("/v1/desk/conversations/{id}"))["notes"].to_string().contains("undeliverable") {
        std::thread::yield_now();
    }
    let left = || std::fs::read_dir(inbox.join("new")).unwrap().count();
    while left() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(std::fs::read_dir(inbox.join("cur")).unwrap().count(), 8);
    // The same by HTTP, signed.
    let raw_mail = b"From: wang@example.com\r\nSubject: hello\r\nMessage-ID: <w@x>\r\n\r\nhello";
    let by_http = |at: i64, secret: &str| {
        let signature = signed::signature(secret, at, raw_mail);
        let time = at.to_string();
        let headers =
            [("X-Tercet-Time", time.as_str()), ("X-Tercet-Signature", &signature), ("Content-Type", "message/rfc822")];
        send(shop.address, "POST", "/v1/channels/email", &headers, Some(std::str::from_utf8(raw_mail).unwrap())).status
    };
    let at = now();
    assert_eq!((by_http(at, "another secret than ours"), by_http(at, SECRET), by_http(at, SECRET)), (401, 202, 409));
    assert_eq!(header(&sent.nth(4), "To"), "wang@example.com");
    let log = std::fs::read_to_string(shop.log()).unwrap();
    for private in ["li@example", "eve@", "o3-1", "first@x"] {
        assert!(!log.contains(private), "'{private}' is logged: {log}");
    }
}

/// The day for which the late parcels were promised: two days before the shop's today, taken once.
fn promised() -> String {
    static DAY: std::sync::LazyLock<domain::Day> = std::sync::LazyLock::new(|| service::clock::today("Asia/Shanghai"));
    domain::Day(DAY.0 - 2).to_string()
}

/// Late parcels of customers, one each, and no quiet hours.
fn with_late_parcels(customers: &[&str]) -> Folder {
    let folder = make();
    let shop = data::Shop::open(folder.shop()).unwrap();
    let order = |who: &&str| {
        json!({"order_id": format!("late-{who}"), "ordered_at": crate::shop::START, "customer_id": who, "product_id": "p1",
            "quantity": 1, "unit_price_cents": 5000})
    };
    let parcel = |who: &&str| {
        json!({"order_id": format!("late-{who}"), "status": "shipped", "updated_at": crate::shop::START,
            "expected_on": promised()})
    };
    crate::shop::write::<domain::Order>(&shop, &customers.iter().map(order).collect::<Vec<_>>());
    crate::shop::write::<domain::Delivery>(&shop, &customers.iter().map(parcel).collect::<Vec<_>>());
    let rules = "[proactive]\nlook_at = \"\"\nquiet_from = \"09:00\"\nquiet_until = \"09:00\"\n";
    std::fs::write(folder.shop().join("service.toml"), rules).unwrap();
    folder
}

impl Shop {
    fn look(&self) -> Value {
        self.call("POST", "/v1/desk/notices", Some(json!({}))).json()
    }

    fn send_notice(&self, who: &str) -> Response {
        let path = format!("/v1/desk/notices/delivery_late:late-{who}:{}/send", promised());
        self.call("POST", &path, Some(json!({"agent": "Li Wei"})))
    }

    fn agree(&self, who: &str, ways: Value) {
        let body = json!({"region": "North", "consent": ways});
        assert_eq!(self.call("PUT", &format!("/v1/customers/{who}"), Some(body)).status, 204);
    }

    /// The only notice of a customer among those sent, once its delivery is what is wanted.
    fn delivered(&self, who: &str, wanted: &str) -> Value {
        loop {
            let sent = self.get("/v1/desk/notices?state=sent");
            let found = sent["items"].as_array().unwrap().iter().find(|one| one["customer_id"] == who).cloned();
            match found {
                Some(one) if one["delivery"] == wanted => return one,
                _ => std::thread::yield_now(),
            }
        }
    }
}

#[test]
fn a_notice_leaves_once_by_a_way_that_was_agreed_to_and_survives_a_kill() {
    let program = Endpoint::start(|_| (503, json!({})));
    let url = format!("reply_url = \"http://{}/replies\"\nnotices = [\"sms\", \"app_push\"]", program.address);
    let mut shop = Shop::over(with_late_parcels(&["c1", "c2", "c3"]), 1200, &app(&url));
    assert_eq!(shop.look()["n_new"], 3);
    // Nobody agreed to anything else; the last takes their consent back before it is sent.
    shop.agree("c2", json!(["letter"]));
    shop.agree("c3", json!([]));
    for who in ["c2", "c3"] {
        let refused = shop.send_notice(who).json();
        assert_eq!(refused["error"]["code"], "no_conversation", "{refused}");
    }
    let sent = shop.send_notice("c1");
    assert_eq!((sent.status, &sent.json()["message"]), (201, &Value::Null), "{}", sent.body);
    assert_eq!(shop.send_notice("c1").json()["error"]["code"], "settled");
    assert_eq!(shop.look()["n_new"], 0, "a cause is told of once");
    // It was tried in vain when the process dies; afterwards it arrives, under the id it had.
    program.wait("/replies", 1);
    shop.kill_and_start_again();
    program.answer(|_| (200, json!({})));
    let notice = shop.delivered("c1", "sent");
    assert_eq!((&notice["channel"], &notice["conversation_id"]), (&json!("app"), &Value::Null), "{notice}");
    let got = program.wait("/replies", 2);
    let last = got.last().unwrap();
    let (at, given) = (last.header("X-Tercet-Time"), last.header("X-Tercet-Signature"));
    assert_eq!(signed::verify(SECRET, &at, &given, last.body.as_bytes(), now()), Ok(()));
    let body = last.json();
    assert_eq!((&body["customer_id"], &body["way"]), (&json!("c1"), &json!("sms")), "{body}");
    assert!(body["notice"]["text"].as_str().unwrap().contains("late-c1"), "{body}");
    assert!(body["notice"]["about"]["evidence"].to_string().contains(&promised()), "{body}");
    let ids: std::collections::BTreeSet<String> = got.iter().map(|one| one.header("X-Tercet-Id")).collect();
    assert!(ids.len() == 1 && ids.iter().all(|id| !id.contains("late")), "{ids:?}");
    assert!(got.iter().all(|one| one.json()["customer_id"] == "c1"), "only who agreed: {got:?}");
    let log = std::fs::read_to_string(shop.log()).unwrap();
    assert!(!log.contains("late-c1") && !log.contains("晚了"), "nothing of it is logged: {log}");
}

#[test]
fn a_notice_that_waits_is_given_up_when_consent_is_taken_back() {
    let program = Endpoint::start(|_| (503, json!({})));
    let url = format!("reply_url = \"http://{}/replies\"\nnotices = [\"sms\"]", program.address);
    let shop = Shop::over(with_late_parcels(&["c1"]), 1200, &app(&url));
    assert_eq!(shop.look()["n_new"], 1);
    assert_eq!(shop.send_notice("c1").status, 201);
    program.wait("/replies", 1);
    shop.agree("c1", json!(["email"]));
    // The next try does not reach the program.
    let failed = shop.delivered("c1", "failed");
    assert_eq!(failed["channel"], "app");
    let outbox = shop.get("/v1/desk/outbox");
    let given_up = &outbox["failed"][0];
    assert!(given_up["said"].as_str().unwrap().contains("no longer agrees"), "{outbox}");
    assert_eq!(given_up["conversation_id"], Value::Null, "{outbox}");
    assert_eq!(shop.call("DELETE", "/v1/customers/c1", None).status, 200);
    assert_eq!(shop.get("/v1/desk/outbox")["failed"], json!([]), "it goes with the customer");
}

#[test]
fn a_notice_by_mail_goes_to_the_address_of_the_customers_row() {
    let folder = with_late_parcels(&["c1", "c2"]);
    let sendmail = Sendmail::new(folder.path());
    let config = format!(
        "[channels.email]\nkind = \"email\"\naddress = \"service@shop.example\"\nsecret_env = \"TEST_SECRET\"\n\
         sendmail = \"{}\"\nnotices = [\"sms\"]\n",
        sendmail.folder.join("sendmail").display()
    );
    let shop = data::Shop::open(folder.shop()).unwrap();
    let extra = json!({"email": "li@example.com"}).to_string();
    crate::shop::write::<domain::Customer>(
        &shop,
        &[json!({"customer_id": "c1", "region": "North", "consent": ["sms"], "extra": extra})],
    );
    drop(shop);
    let shop = Shop::over(folder, 1200, &config);
    assert_eq!(shop.look()["n_new"], 2);
    assert_eq!(shop.send_notice("c2").json()["error"]["code"], "no_conversation", "no address is known");
    assert_eq!(shop.send_notice("c1").status, 201);
    let mail = sendmail.nth(0);
    assert!(mail.starts_with("Args: -i -f service@shop.example -- li@example.com\n"), "{mail}");
    assert_eq!(header(&mail, "Auto-Submitted"), "auto-generated");
    assert!(header(&mail, "Message-ID").starts_with("<notice-"), "{mail}");
    assert_eq!(shop.delivered("c1", "sent")["channel"], "email");
}
