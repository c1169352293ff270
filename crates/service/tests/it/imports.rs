//! Files brought in while the shop is served: what follows, what is refused, and that nothing accepted is lost or doubled.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use data::Shop;
use serde_json::{Value, json};
use service::auth::Scope;
use service::serving::ImportAsked;

use crate::disk::SmallDisk;
use crate::http::{Response, raw, send, try_send};
use crate::shop::{Served, key, make, serve, served};

const CHILD: &str = "TERCET_TEST_IMPORT";

fn post(address: SocketAddr, key: &str, path: &str, media: &str, body: &[u8]) -> std::io::Result<Response> {
    let mut request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\nAuthorization: Bearer {key}\r\nContent-Type: {media}\r\nContent-Length: {}\r\n\r\n",
        body.len()
    )
    .into_bytes();
    request.extend_from_slice(body);
    raw(address, &request)
}

impl Served {
    pub fn upload(&self, path: &str, media: &str, body: &[u8]) -> Response {
        post(self.address, &self.key, path, media, body).expect("the server answers")
    }

    /// Waits for the end of a job.
    pub fn ended(&self, id: &str) -> Value {
        loop {
            let job = self.get(&format!("/v1/jobs/{id}"));
            if !["queued", "running"].contains(&job["state"].as_str().unwrap()) {
                return job;
            }
            std::thread::sleep(std::time::Duration::from_millis(10));
        }
    }

    /// Imports a file and waits for it.
    fn imported(&self, path: &str, media: &str, body: &str) -> Value {
        let response = self.upload(path, media, body.as_bytes());
        assert_eq!(response.status, 202, "{}", response.body);
        self.ended(response.json()["id"].as_str().unwrap())
    }
}

fn n_rows(folder: &Path, sql: &str) -> usize {
    let shop = Shop::open(folder).unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let rows = runtime.block_on(service::flows::rows::query_rows(&shop, sql)).unwrap();
    rows[0]["n"].as_u64().unwrap() as usize
}

fn intake(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder.join("intake")).map(|all| all.flatten().collect::<Vec<_>>());
    entries.unwrap_or_default().iter().map(|entry| entry.file_name().to_string_lossy().into_owned()).collect()
}

/// What was imported leaves the intake once its job's end is stored.
fn wait_until_empty(folder: &Path) {
    while !intake(folder).is_empty() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

#[test]
fn what_is_imported_is_answered_at_once_and_once() {
    let (folder, served) = served();
    assert_eq!(served.job("train", json!({"algorithm": "ease"}))["state"], "done");
    let products = "product_id,name,brand,category,price,memory\nx1,Boxed set,Zenith,Music/Live,12.50,8GB\nx2,Boxed single,Zenith,Music/Live,3,\n";
    let job = served.imported("/v1/import/products?name=new.csv", "text/csv", products);
    assert_eq!(
        (&job["state"], &job["kind"], &job["progress"]),
        (&json!("done"), &json!("import"), &json!(1.0)),
        "{job}"
    );
    let file = &job["result"]["files"][0];
    assert_eq!(
        (&file["file"], &file["table"], &file["rows_kept"]),
        (&json!("new.csv"), &json!("products"), &json!(2)),
        "{job}"
    );
    assert!(!job.to_string().contains(&*folder.path().to_string_lossy()), "no path of this machine: {job}");
    assert_eq!(served.get("/v1/products?query=boxed")["total"], 2);
    assert_eq!(served.get("/v1/products/x1")["price_cents"], 1250);
    let again = served.imported("/v1/import/products?name=again.csv", "application/octet-stream", products);
    assert_eq!(again["result"]["files"][0]["already_imported_as"], "new.csv", "{again}");

    // Orders make of somebody unknown a customer whose list follows the trade.
    let orders: String = (0..4)
        .map(|at| format!("n{at},2026-01-0{}T10:00:00Z,newcomer,p{},1,50\n", at + 1, 2 * at + 1))
        .collect::<String>();
    let orders = format!("order_id,ordered_at,customer_id,product_id,quantity,unit_price\n{orders}");
    assert_eq!(served.get("/v1/recommendations?customer=newcomer")["fallback"], "popular");
    let job = served.imported("/v1/import/auto?name=orders.csv", "text/csv", &orders);
    assert_eq!(job["result"]["files"][0]["table"], "orders", "{job}");
    let list = served.get("/v1/recommendations?customer=newcomer&n=3");
    assert!(list["fallback"].is_null(), "{list}");
    let bought = served.get("/v1/customers/newcomer/history");
    assert_eq!(bought["items"].as_array().unwrap().len(), 4, "{bought}");
    assert_eq!(served.imported("/v1/import/orders", "text/csv", &orders)["state"], "done");
    assert_eq!(served.get("/v1/customers/newcomer/history")["items"].as_array().unwrap().len(), 4);
    wait_until_empty(&folder.shop());
}

#[test]
fn the_later_word_counts_and_rejects_are_handed_out() {
    let (_folder, served) = served();
    let put = |name: &str| {
        let put = served.call("PUT", "/v1/products/p0", Some(json!({"name": name, "category": "Music/Pop"})));
        assert_eq!(put.status, 204, "{}", put.body);
    };
    put("By hand");
    let rows = "product_id,name,price\np0,By file,1\np1,,2\np2,Two,many\n";
    let job = served.imported("/v1/import/products?name=p.csv", "text/csv", rows);
    let file = &job["result"]["files"][0];
    assert_eq!((&file["rows_kept"], &file["rows_rejected"]), (&json!(1), &json!(2)), "{job}");
    assert_eq!(served.get("/v1/products/p0")["name"], "By file", "the import came later");
    put("By hand again");
    assert_eq!(served.get("/v1/products/p0")["name"], "By hand again");
    let rejects = served.call("GET", file["rejects"].as_str().unwrap(), None);
    assert_eq!((rejects.status, rejects.header("content-type")), (200, Some("text/csv; charset=utf-8")));
    let lines: Vec<&str> = rejects.body.lines().collect();
    assert!(lines.len() == 3 && lines[1].starts_with("3,") && lines[2].contains("many"), "{}", rejects.body);
    for path in ["/v1/import/products/rejects/job-999999", "/v1/import/products/rejects/..%2fmanifest"] {
        assert_eq!(served.call("GET", path, None).status, 404, "{path}");
    }
    // An answer that was changed in the console gives way to a later file.
    let answer = |text: &str| json!({"question": "Opening hours?", "answer_en": text});
    assert_eq!(served.call("PUT", "/v1/curated/q1", Some(answer("Nine to five"))).status, 204);
    let answers = "answer_id,question,answer,answer_en\nq1,Opening hours?,九点,Nine to six\n";
    assert_eq!(served.imported("/v1/import/answers?name=a.csv", "text/csv", answers)["state"], "done");
    assert_eq!(served.get("/v1/curated?query=q1")["items"][0]["answer_en"], "Nine to six");
    assert_eq!(served.call("PUT", "/v1/curated/q1", Some(answer("Nine to seven"))).status, 204);
    assert_eq!(served.get("/v1/curated?query=q1")["items"][0]["answer_en"], "Nine to seven");
}

#[test]
fn what_cannot_be_imported_is_refused_with_what_to_do() {
    let folder = make();
    let toml = folder.shop().join("tercet.toml");
    let text = std::fs::read_to_string(&toml).unwrap().replace("[serve]\n", "[serve]\nimport_megabytes_max = 1\n");
    std::fs::write(&toml, text).unwrap();
    let secret = key(&folder.shop(), &Scope::ALL);
    let other = key(&folder.shop(), &[Scope::Ingest, Scope::Serve]);
    let served = serve(&folder.shop(), secret);
    let csv = "product_id,name\na,A\n";
    for (path, media, body, status, said) in [
        ("/v1/import/nothing", "text/csv", csv, 400, "products"),
        ("/v1/import/segments", "text/csv", csv, 400, "allowed: products"),
        ("/v1/import/products", "image/png", csv, 415, "format="),
        ("/v1/import/products?format=xls", "text/csv", csv, 400, "parquet"),
        ("/v1/import/products?preset=nobody", "text/csv", csv, 400, "global-electronics-retailer"),
        ("/v1/import/products?mapping=%5Bcolumns", "text/csv", csv, 400, "mapping"),
        ("/v1/import/products?dates=y-m-d", "text/csv", csv, 400, "m/d/y"),
        ("/v1/import/products?zone=Mars", "text/csv", csv, 400, "IANA"),
        ("/v1/import/products?encoding=klingon", "text/csv", csv, 400, "gbk"),
        ("/v1/import/products?colour=red", "text/csv", csv, 400, "colour"),
        ("/v1/import/products?name=../x.csv", "text/csv", csv, 400, "leads out"),
        ("/v1/import/products", "text/csv", "", 400, "empty"),
        ("/v1/import/knowledge", "text/markdown", "# A", 400, "name="),
        ("/v1/import/products", "text/csv", &"x".repeat((1 << 20) + 1), 413, "import_megabytes_max"),
    ] {
        let refused = served.upload(path, media, body.as_bytes());
        assert_eq!(refused.status, status, "{path}: {}", refused.body);
        assert!(refused.body.contains(said), "{path}: {said} is not in {}", refused.body);
    }
    // Without a length the limit holds too.
    let chunk = "x".repeat(1 << 20);
    let chunked = format!(
        "POST /v1/import/products HTTP/1.1\r\nHost: h\r\nConnection: close\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\nTransfer-Encoding: chunked\r\n\r\n100000\r\n{chunk}\r\n2\r\nxx\r\n0\r\n\r\n",
        served.key
    );
    assert_eq!(raw(served.address, chunked.as_bytes()).unwrap().status, 413);
    // One that breaks off is not imported in part.
    let broken = format!(
        "POST /v1/import/products HTTP/1.1\r\nHost: h\r\nAuthorization: Bearer {}\r\nContent-Type: text/csv\r\nContent-Length: 500\r\n\r\nproduct_id,name\nbroken,Half\n",
        served.key
    );
    let mut stream = std::net::TcpStream::connect(served.address).unwrap();
    stream.write_all(broken.as_bytes()).unwrap();
    stream.shutdown(std::net::Shutdown::Write).unwrap();
    let mut answer = String::new();
    let _ = stream.read_to_string(&mut answer);
    assert!(answer.is_empty() || answer.contains("broke off"), "{answer}");
    // What can be found out only by reading it is the job's error.
    let job = served.imported("/v1/import/orders", "text/csv", csv);
    assert_eq!((&job["state"], &job["error"]["code"]), (&json!("failed"), &json!("import")), "{job}");
    assert!(job["error"]["message"].as_str().unwrap().contains("ordered_at"), "{job}");
    let unknown = served.upload("/v1/import/auto", "application/octet-stream", b"a,b\n1,2\n").json();
    assert_eq!(served.ended(unknown["id"].as_str().unwrap())["state"], "failed");
    wait_until_empty(&folder.shop());
    assert_eq!(served.get("/v1/products?query=broken")["total"], 0);
    assert_eq!(post(served.address, &other, "/v1/import/products", "text/csv", csv.as_bytes()).unwrap().status, 403);
}

#[test]
fn several_files_come_as_one_archive_with_a_mapping() {
    let (folder, served) = served();
    let mapping = r#"
[[step]]
table = "orders"
files = ["sales.csv"]
[step.columns]
order_id = "id"
ordered_at = "day"
customer_id = "who"
product_id = "what"
quantity = { constant = "1" }
unit_price_cents = { column = "what", lookup = { file = "prices.csv", key = "sku", value = "price" } }
"#;
    let sources = tempfile::tempdir().unwrap();
    let files = [
        ("sales.csv", "id,day,who,what\n1,2026-02-01,c1,p1\n2,2026-02-02,c1,p3\n"),
        ("prices.csv", "sku,price\np1,7\np3,8.50\n"),
    ];
    let files = files.map(|(name, text)| {
        let path = sources.path().join(name);
        std::fs::write(&path, text).unwrap();
        (format!("s/{name}"), path)
    });
    let mut tar = Vec::new();
    data::intake::pack(&files, &mut tar).unwrap();
    let mapping: String = mapping.bytes().map(|byte| format!("%{byte:02X}")).collect();
    let response = served.upload(&format!("/v1/import/auto?name=feb.tar&mapping={mapping}"), "application/x-tar", &tar);
    assert_eq!(response.status, 202, "{}", response.body);
    let job = served.ended(response.json()["id"].as_str().unwrap());
    assert_eq!((&job["state"], &job["result"]["files"][0]["file"]), (&json!("done"), &json!("s/sales.csv")), "{job}");
    let sql = "select coalesce(sum(unit_price_cents), 0) as n from orders where order_id in ('1', '2')";
    assert_eq!(n_rows(&folder.shop(), sql), 1550);
    let cut = served.upload("/v1/import/auto?name=cut.tar", "application/x-tar", &tar[..700]);
    let job = served.ended(cut.json()["id"].as_str().unwrap());
    assert_eq!((&job["state"], &job["error"]["code"]), (&json!("failed"), &json!("source")), "{job}");
}

/// Not a test of its own: the process that the test below starts and kills.
#[test]
fn child_that_imports() {
    let Some(folder) = std::env::var_os(CHILD) else { return };
    let served = serve(folder.as_ref(), String::new());
    println!("\nlistening {}", served.address);
    loop {
        std::thread::park();
    }
}

fn start_child(folder: &Path) -> (Child, SocketAddr) {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["imports::child_that_imports", "--exact", "--nocapture"])
        .env(CHILD, folder)
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(child.stdout.take().unwrap()).lines();
    let address = lines.map_while(Result::ok).find_map(|line| line.strip_prefix("listening ")?.parse().ok());
    (child, address.expect("the child says where it listens"))
}

/// Killed when the file is accepted, when it is being read, and when it is in: it is there once, and the job says so.
#[test]
fn what_was_accepted_survives_sigkill_and_is_not_doubled() {
    let folder = make();
    let secret = key(&folder.shop(), &Scope::ALL);
    let bearer = format!("Bearer {secret}");
    let headers = [("Authorization", bearer.as_str())];
    let n_before = n_rows(&folder.shop(), "select count(*) as n from orders");
    const N_ROWS: usize = 20_000;
    let mut jobs: Vec<String> = Vec::new();
    for (round, until) in ["accepted", "running", "done"].into_iter().enumerate() {
        let mut file = "order_id,ordered_at,customer_id,product_id,quantity,unit_price\n".to_owned();
        for at in 0..N_ROWS {
            file.push_str(&format!("k{round}-{at},2026-03-01T00:00:00Z,killed-{},p{},1,5\n", at % 50, at % 20));
        }
        let (mut child, address) = start_child(&folder.shop());
        let path = format!("/v1/import/orders?name=k{round}.csv");
        let accepted = post(address, &secret, &path, "text/csv", file.as_bytes()).unwrap();
        assert_eq!(accepted.status, 202, "{}", accepted.body);
        jobs.push(accepted.json()["id"].as_str().unwrap().to_owned());
        let state = || {
            let path = format!("/v1/jobs/{}", jobs[round]);
            try_send(address, "GET", &path, &headers, None).unwrap().json()["state"].as_str().unwrap().to_owned()
        };
        while until != "accepted" && ![until, "done"].contains(&state().as_str()) {
            std::thread::yield_now();
        }
        child.kill().unwrap();
        child.wait().unwrap();
    }
    let served = serve(&folder.shop(), secret);
    for id in &jobs {
        let job = served.ended(id);
        assert_eq!(job["state"], "done", "{job}");
    }
    wait_until_empty(&folder.shop());
    let (sql, distinct) = (
        "select count(*) as n from orders",
        "select count(distinct order_id) as n from orders where order_id like 'k%-%'",
    );
    assert_eq!(n_rows(&folder.shop(), sql), n_before + 3 * N_ROWS);
    assert_eq!(n_rows(&folder.shop(), distinct), 3 * N_ROWS);
    let history = served.get("/v1/customers/killed-0/history?limit=500");
    assert_eq!(history["items"].as_array().unwrap().len(), 500);
}

/// As a process leaves it that dies between the tables and the intake: in between a row was changed, and a customer erased.
#[test]
fn an_import_that_was_done_is_not_done_again_and_brings_nobody_back() {
    let (folder, mut served) = served();
    let csv = "customer_id,region\nc0,South\nlater,South\n";
    assert_eq!(served.imported("/v1/import/customers?name=c.csv", "text/csv", csv)["state"], "done");
    served.stop();
    let shop = Shop::open(folder.shop()).unwrap();
    let accept = |id: &str, name: &str, body: &str, at: i64| {
        let asked = ImportAsked {
            table: Some("customers".into()),
            file: name.into(),
            accepted_at: at,
            ..ImportAsked::default()
        };
        let mut arrival = shop.intake().begin(id, Some(name)).unwrap();
        arrival.write(body.as_bytes()).unwrap();
        arrival.accept(&serde_json::to_vec(&asked).unwrap()).unwrap();
    };
    // Something else was imported since, so that the table alone does not tell that this one was.
    crate::shop::write::<domain::Customer>(&shop, &[json!({"customer_id": "c0", "region": "West"})]);
    accept("job_done", "c.csv", csv, 0);
    accept("job_new", "d.csv", "customer_id,region\nerased,North\nkept,North\n", 1);
    shop.intake().note_erased("erased").unwrap();
    drop(shop);
    let again = serve(&folder.shop(), served.key.clone());
    let done = again.ended("job_done");
    assert_eq!(done["result"]["files"][0]["already_imported_as"], "c.csv", "{done}");
    assert_eq!(again.ended("job_new")["state"], "done");
    assert_eq!(again.get("/v1/customers/c0")["region"], "West");
    assert_eq!(again.get("/v1/customers/kept")["region"], "North");
    assert_eq!(again.call("GET", "/v1/customers/erased", None).status, 404);
    wait_until_empty(&folder.shop());
}

#[test]
fn a_full_disk_is_said_and_loses_nothing() {
    let Some(disk) = SmallDisk::mount(6 * 1024) else {
        println!("skipped: no right to mount a small file system");
        return;
    };
    let folder = disk.path().join("shop");
    drop(Shop::create(&folder).unwrap());
    let secret = key(&folder, &Scope::ALL);
    let mut served = serve(&folder, secret);
    // Hardly packed by anything, so that the tables need as much room as the file.
    let mut state = 1u64;
    let mut word = || {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        format!("{state:016x}")
    };
    let mut rows = |n: usize| {
        let lines: String = (0..n).map(|at| format!("f{at},{}{}{}{}\n", word(), word(), word(), word())).collect();
        format!("product_id,name\n{lines}")
    };
    let (large, medium, small) = (rows(120_000), rows(40_000), rows(1_000));
    let refused = served.upload("/v1/import/products", "text/csv", large.as_bytes());
    assert_eq!(
        (refused.status, refused.json()["error"]["code"].as_str()),
        (503, Some("disk_full")),
        "{}",
        refused.body
    );
    assert!(intake(&folder).is_empty(), "what did not fit is gone");
    // It fits as a file and not once more as rows.
    let accepted = served.upload("/v1/import/products", "text/csv", medium.as_bytes());
    if accepted.status == 202 {
        let job = served.ended(accepted.json()["id"].as_str().unwrap());
        assert_eq!((&job["state"], &job["error"]["code"]), (&json!("failed"), &json!("disk_full")), "{job}");
    } else {
        assert_eq!(accepted.json()["error"]["code"], "disk_full", "{}", accepted.body);
    }
    assert_eq!(served.get("/v1/products")["total"], 0);
    wait_until_empty(&folder);
    disk.grow(65_536);
    let accepted = served.upload("/v1/import/products", "text/csv", small.as_bytes());
    assert_eq!(served.ended(accepted.json()["id"].as_str().unwrap())["state"], "done");
    assert_eq!(served.get("/v1/products")["total"], 1000);
    let medium = served.upload("/v1/import/products", "text/csv", medium.as_bytes());
    assert_eq!(served.ended(medium.json()["id"].as_str().unwrap())["state"], "done");
    assert_eq!(served.get("/v1/products")["total"], 40_000);
    served.stop();
}

/// A page elsewhere cannot send files through a browser that is logged in.
#[test]
fn a_session_needs_its_own_page() {
    let (_folder, served) = served();
    let (shop, password) = &served.passwords[0];
    let origin = format!("http://{}", served.address);
    let login = json!({"shop": shop, "password": password}).to_string();
    let opened = send(served.address, "POST", "/v1/session", &[("Origin", &origin)], Some(&login));
    let cookie = opened.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let csv = "product_id,name\na,A\n";
    for (origin, status) in [("http://evil.example", 403), (origin.as_str(), 202)] {
        let headers = [("Cookie", cookie.as_str()), ("Origin", origin), ("Content-Type", "text/csv")];
        let answer = send(served.address, "POST", "/v1/import/products", &headers, Some(csv));
        assert_eq!(answer.status, status, "{origin}: {}", answer.body);
    }
}
