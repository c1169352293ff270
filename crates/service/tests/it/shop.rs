//! A shop to serve: two groups of customers, each buying its own half of the catalogue, so that the right answer is
//! obvious; and a server over it in this process.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use data::tables::Row;
use data::{Shop, SourceTag};
use domain::{Customer, Order, Product};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};
use service::api::server::{ServeOptions, Server};
use service::auth::{Scope, keys};
use service::store::Store;

use crate::http::{Response, send};

pub const N_PRODUCTS: usize = 20;
pub const N_CUSTOMERS: usize = 40;
const DAY_MS: i64 = 86_400_000;
/// 2026-01-01.
pub const START: i64 = 1_767_225_600_000;

/// A folder that goes when the test ends.
pub struct Folder(pub tempfile::TempDir);

impl Folder {
    pub fn path(&self) -> &Path {
        self.0.path()
    }

    pub fn shop(&self) -> PathBuf {
        self.path().join("shop")
    }
}

pub fn write<R: Row + DeserializeOwned>(shop: &Shop, rows: &[Value]) {
    let tag = SourceTag { name: format!("test {}", R::TABLE), digest: None };
    let rows: Vec<R> = rows.iter().map(|row| serde_json::from_value(row.clone()).unwrap()).collect();
    let mut writer = shop.tables().writer(R::spec(), tag).unwrap();
    writer.write(R::to_batch(&rows).unwrap()).unwrap();
    writer.finish().unwrap();
}

/// Writes the checkerboard shop: product and customer 2n belong together, and 2n + 1. Its goods do not last, so that
/// nothing bought holds back its category.
pub fn make() -> Folder {
    let folder = Folder(tempfile::tempdir().unwrap());
    let shop = Shop::create(folder.shop()).unwrap();
    let product = |at: usize| {
        let category = if at.is_multiple_of(2) { "Music/Pop" } else { "Movies" };
        json!({"product_id": format!("p{at}"), "name": format!("Product {at}"), "brand": "Acme", "category": category,
            "price_cents": 10_000 * (at as i64 + 1), "specs": {"memory": "8 GB"}})
    };
    write::<Product>(&shop, &(0..N_PRODUCTS).map(product).collect::<Vec<_>>());
    let customer = |at: usize| json!({"customer_id": format!("c{at}"), "region": "North", "consent": ["sms"]});
    write::<Customer>(&shop, &(0..N_CUSTOMERS).map(customer).collect::<Vec<_>>());
    let mut orders = Vec::new();
    for who in 0..N_CUSTOMERS {
        for step in 0..6 {
            let what = (who % 2) + 2 * ((who / 2 + step * step) % (N_PRODUCTS / 2));
            orders.push(json!({"order_id": format!("o{who}-{step}"), "ordered_at": START + (who + 7 * step) as i64 * DAY_MS / 4,
                "customer_id": format!("c{who}"), "product_id": format!("p{what}"), "quantity": 1, "unit_price_cents": 5000}));
        }
    }
    write::<Order>(&shop, &orders);
    folder
}

/// A key with these scopes.
pub fn key(shop: &Path, scopes: &[Scope]) -> String {
    key_of("test", shop, scopes)
}

/// A key of another name.
pub fn key_of(name: &str, shop: &Path, scopes: &[Scope]) -> String {
    let store = Store::open(shop).unwrap();
    let (made, record) = keys::generate(name, scopes, 0).unwrap();
    store.add_key(record).unwrap();
    made.secret
}

/// A running server.
pub struct Served {
    pub address: SocketAddr,
    pub key: String,
    pub passwords: Vec<(String, String)>,
    stop: Option<tokio::sync::oneshot::Sender<()>>,
    thread: Option<std::thread::JoinHandle<()>>,
}

pub fn serve(folder: &Path, key: String) -> Served {
    serve_with(folder, key, |_| {})
}

/// The same with other options.
pub fn serve_with(folder: &Path, key: String, change: impl FnOnce(&mut ServeOptions)) -> Served {
    let (ready, known) = std::sync::mpsc::channel();
    let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
    let mut options = ServeOptions::new(folder, "127.0.0.1:0".parse().unwrap());
    // On a slow machine an answer takes as long as it takes.
    options.callback_patience = std::time::Duration::from_secs(50);
    change(&mut options);
    let thread = std::thread::spawn(move || {
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
        runtime.block_on(async move {
            let server = Server::bind(&options).await.unwrap();
            ready.send((server.address, server.first_passwords.clone())).unwrap();
            server.run(async move { drop(stopped.await) }).await.unwrap();
        });
    });
    let (address, passwords) = known.recv().expect("the server starts");
    Served { address, key, passwords, stop: Some(stop), thread: Some(thread) }
}

impl Served {
    pub fn call(&self, method: &str, path: &str, body: Option<Value>) -> Response {
        self.call_by(&self.key, method, path, body)
    }

    /// The same by another key.
    pub fn call_by(&self, key: &str, method: &str, path: &str, body: Option<Value>) -> Response {
        let bearer = format!("Bearer {key}");
        let body = body.map(|body| body.to_string());
        send(self.address, method, path, &[("Authorization", &bearer)], body.as_deref())
    }

    pub fn get(&self, path: &str) -> Value {
        let response = self.call("GET", path, None);
        assert_eq!(response.status, 200, "{path}: {}", response.body);
        response.json()
    }

    pub fn stop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            thread.join().expect("the server ends well");
        }
    }

    /// Starts a job and waits for its end.
    pub fn job(&self, kind: &str, params: Value) -> Value {
        let response = self.call("POST", "/v1/jobs", Some(json!({"kind": kind, "params": params})));
        assert_eq!(response.status, 202, "{}", response.body);
        let id = response.json()["id"].as_str().unwrap().to_owned();
        loop {
            let job = self.get(&format!("/v1/jobs/{id}"));
            if !["queued", "running"].contains(&job["state"].as_str().unwrap()) {
                return job;
            }
            std::thread::sleep(std::time::Duration::from_millis(20));
        }
    }
}

impl Drop for Served {
    fn drop(&mut self) {
        drop(self.stop.take());
    }
}

/// The checkerboard shop, served with a key for everything.
pub fn served() -> (Folder, Served) {
    let folder = make();
    let key = key(&folder.shop(), &Scope::ALL);
    let served = serve(&folder.shop(), key);
    (folder, served)
}
