//! AI clients over a real shop: by a running server, and over its folder beside that server; with a key, without one, and with one of
//! another scope.

use serde_json::{Value, json};
use service::auth::Scope;
use service::mcp::{Api, McpServer, home};
use service::remote::Remote;

use crate::shop::{Served, key_of, served};

fn remote(served: &Served, key: &str) -> Remote {
    Remote::new(&format!("http://{}", served.address), key).unwrap()
}

fn asked<A: Api>(server: &McpServer<A>, method: &str, params: Value) -> Value {
    let message = json!({"jsonrpc": "2.0", "id": "a", "method": method, "params": params}).to_string();
    let told: Value = serde_json::from_str(&server.answer(&message).unwrap()).unwrap();
    assert_eq!((&told["jsonrpc"], &told["id"]), (&json!("2.0"), &json!("a")), "{told}");
    told
}

/// What a tool says, and whether it failed.
fn call<A: Api>(server: &McpServer<A>, name: &str, arguments: Value) -> (String, bool) {
    let told = asked(server, "tools/call", json!({"name": name, "arguments": arguments}));
    let result = &told["result"];
    (result["content"][0]["text"].as_str().unwrap_or_else(|| panic!("{told}")).to_owned(), result["isError"] == true)
}

#[test]
fn a_client_asks_a_server() {
    let (_folder, mut served) = served();
    let server = McpServer::new(remote(&served, &served.key), true);
    let hello = asked(&server, "initialize", json!({"protocolVersion": "2025-06-18", "capabilities": {}}));
    assert_eq!(hello["result"]["serverInfo"]["name"], "tercet");
    let (figures, failed) = call(&server, "ask_figures", json!({"question": "revenue by category in 2026"}));
    assert!(!failed && figures.contains("Music/Pop") && figures.contains("select p.category as label"), "{figures}");
    let (rows, failed) = call(&server, "run_sql", json!({"statement": "select count(*) as n from orders", "limit": 5}));
    assert!(!failed && rows.contains("\"n\": 240"), "{rows}");
    let (refused, failed) = call(&server, "run_sql", json!({"statement": "drop table orders"}));
    assert!(failed && refused.contains("only read"), "{refused}");
    // Every tool's request is one that the API takes: what it then lacks in this small shop it says in words.
    for (name, arguments) in [
        ("todays_decisions", json!({})),
        ("decision_evidence", json!({"decision_id": "none"})),
        ("audiences", json!({})),
        ("forecast", json!({"by": "total"})),
        ("budget_plan", json!({"weeks": 4})),
        ("price_plan", json!({})),
        ("write_copy", json!({"product_ids": ["p1"], "channel": "sms", "goal": "launch", "language": "en"})),
        ("check_text", json!({"text": "the best phone in the world", "language": "en"})),
        ("search_knowledge", json!({"query": "returns"})),
        ("ask_service", json!({"text": "how long may I return something?"})),
        ("accept_decision", json!({"decision_id": "none", "note": "why"})),
        ("reject_decision", json!({"decision_id": "none"})),
        ("approve_draft", json!({"draft_id": "none", "version": 1})),
    ] {
        let (told, _) = call(&server, name, arguments);
        for wrong in ["unknown field", "missing field", "unknown parameter", "not understood", "no such address"] {
            assert!(!told.contains(wrong), "{name}: {told}");
        }
    }
    assert!(!call(&server, "check_text", json!({"text": "the best phone in the world", "language": "en"})).1);
    assert!(!call(&server, "audiences", json!({})).1);
    let listed = asked(&server, "resources/list", json!({}))["result"]["resources"].clone();
    for resource in listed.as_array().unwrap() {
        let told = asked(&server, "resources/read", json!({"uri": resource["uri"]}));
        let is_there = told["result"]["contents"][0]["text"].is_string();
        // Decisions were not worked out.
        assert!(is_there || resource["uri"] == "tercet://decisions", "{told}");
    }
    served.stop();
}

#[test]
fn a_key_may_do_what_its_scopes_say() {
    let (folder, mut served) = served();
    let secret = key_of("lists", &folder.shop(), &[Scope::Serve]);
    // Keys made elsewhere are read at the upkeep; this one is asked for over the folder.
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let home = runtime.block_on(home::open(&folder.shop(), Some(secret))).unwrap();
    let server = McpServer::new(&home.api, true);
    let (told, failed) = call(&server, "run_sql", json!({"statement": "select 1"}));
    assert!(failed && told.contains("'manage'"), "{told}");
    let unknown = McpServer::new(remote(&served, "tk_unknown"), true);
    let (told, failed) = call(&unknown, "audiences", json!({}));
    assert!(failed && told.contains("unknown"), "{told}");
    served.stop();
}

#[test]
fn a_folder_is_asked_beside_its_server() {
    let (folder, mut served) = served();
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().unwrap();
    let home = runtime.block_on(home::open(&folder.shop(), None)).unwrap();
    let server = McpServer::new(&home.api, false);
    let (figures, failed) = call(&server, "ask_figures", json!({"question": "orders in 2026"}));
    assert!(!failed && figures.contains("240"), "{figures}");
    let (told, failed) = call(&server, "run_sql", json!({"statement": "select * from customers"}));
    assert!(failed && told.contains("TERCET_KEY"), "{told}");
    let names = asked(&server, "tools/list", json!({}))["result"]["tools"].to_string();
    assert!(!names.contains("accept_decision"), "{names}");
    drop(home);
    // The key was of that process alone.
    assert_eq!(served.get("/v1/keys")["items"].as_array().unwrap().len(), 1);
    served.stop();
}

#[test]
fn a_statement_has_its_limits() {
    let (_folder, mut served) = served();
    let run = |body: Value| served.call("POST", "/v1/sql", Some(body));
    let found = run(json!({"statement": "select order_id from orders order by 1", "limit": 3})).json();
    assert_eq!((found["rows"].as_array().unwrap().len(), &found["has_more"]), (3, &json!(true)));
    for body in [
        json!({"statement": "select 1", "limit": 0}),
        json!({"statement": "select 1", "limit": 1001}),
        json!({"statement": format!("select '{}'", "x".repeat(30_000))}),
        json!({"statement": "insert into orders values (1)"}),
        json!({"statement": "select 1; select 2"}),
        json!({"statement": "select * from nothing"}),
    ] {
        let refused = run(body.clone());
        assert_eq!(refused.status, 400, "{body}: {}", refused.body);
    }
    served.stop();
}
