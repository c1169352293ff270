//! The Model Context Protocol, by which programs with a language model ask a shop: messages of JSON-RPC in, answers out. Which tools there
//! are stands in `tools`; each is a request to the shop's own API, with a key, so that scopes, limits and checks are those of the API and
//! nothing here decides what may be seen. How messages travel (lines of standard input and output) is the caller's matter.
//!
//! Spoken as specified for servers of tools and resources, versions 2024-11-05 to 2025-11-25. See docs/adr/0017.

pub mod home;
mod tools;

use serde_json::{Value, json};

use self::tools::{RESOURCES, TOOLS, Tool};
use crate::error::{Result, ServiceError, clipped};

/// Versions of the protocol that are spoken, the newest first.
const VERSIONS: [&str; 4] = ["2025-11-25", "2025-06-18", "2025-03-26", "2024-11-05"];
/// A longer message is refused unread.
pub const MESSAGE_BYTES_MAX: usize = 4 << 20;
/// Characters of a tool's answer; a longer one is cut, and says so.
const ANSWER_CHARACTERS_MAX: usize = 200_000;

const PARSE_ERROR: i64 = -32700;
const INVALID_REQUEST: i64 = -32600;
const METHOD_NOT_FOUND: i64 = -32601;
const INVALID_PARAMS: i64 = -32602;
const RESOURCE_NOT_FOUND: i64 = -32002;

/// Where tools ask: a shop's API.
pub trait Api: Sync {
    /// The answer to one request, or why there is none. Blocks.
    ///
    /// # Errors
    /// What the API answers, as its error.
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value>;
}

impl<T: Api + ?Sized> Api for &T {
    fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        (**self).call(method, path, body)
    }
}

/// A server of the protocol over one API.
pub struct McpServer<A> {
    api: A,
    /// Whether tools that change something, or that may tell of single customers, are there.
    may_act: bool,
}

/// A failure of the protocol.
struct Fault {
    code: i64,
    message: String,
}

impl Fault {
    fn new(code: i64, message: impl Into<String>) -> Fault {
        Fault { code, message: message.into() }
    }
}

impl<A: Api> McpServer<A> {
    /// `may_act`: whether a key was given for this; without one, only what tells nothing of single customers can be asked.
    pub fn new(api: A, may_act: bool) -> McpServer<A> {
        McpServer { api, may_act }
    }

    /// The answer to a message; nothing to one that wants none.
    pub fn answer(&self, message: &str) -> Option<String> {
        if message.len() > MESSAGE_BYTES_MAX {
            let said = format!("the message has {} bytes; allowed: {MESSAGE_BYTES_MAX}", message.len());
            return Some(faulty(&Value::Null, &Fault::new(INVALID_REQUEST, said)));
        }
        let asked: Value = match serde_json::from_str(message) {
            Ok(asked) => asked,
            Err(error) => {
                return Some(faulty(
                    &Value::Null,
                    &Fault::new(PARSE_ERROR, format!("the message is no JSON: {error}")),
                ));
            }
        };
        let id = asked.get("id").cloned();
        let is_request = asked["jsonrpc"] == "2.0" && asked["method"].is_string();
        let is_id = id.as_ref().is_none_or(|id| id.is_string() || id.is_i64() || id.is_u64());
        if !is_request || !is_id {
            // What answers a request of ours: none is made.
            if asked.get("method").is_none() && (asked.get("result").is_some() || asked.get("error").is_some()) {
                return None;
            }
            let said = "a message is an object with 'jsonrpc': '2.0', a 'method', and an 'id' (text or a whole number)";
            return Some(faulty(
                id.as_ref().filter(|_| is_id).unwrap_or(&Value::Null),
                &Fault::new(INVALID_REQUEST, said),
            ));
        }
        // Notifications are not answered.
        let id = id?;
        let method = asked["method"].as_str().unwrap_or_default();
        match self.result(method, asked.get("params").unwrap_or(&Value::Null)) {
            Ok(result) => Some(json!({"jsonrpc": "2.0", "id": id, "result": result}).to_string()),
            Err(fault) => Some(faulty(&id, &fault)),
        }
    }

    fn result(&self, method: &str, params: &Value) -> std::result::Result<Value, Fault> {
        match method {
            "initialize" => Ok(initialised(params)),
            "ping" => Ok(json!({})),
            "tools/list" => Ok(json!({"tools": self.tools().map(Tool::listed).collect::<Vec<_>>()})),
            "tools/call" => self.call(params),
            "resources/list" => {
                let listed = RESOURCES.iter().map(|one| {
                    json!({"uri": one.uri, "name": one.name, "title": one.title, "description": one.description,
                        "mimeType": "application/json"})
                });
                Ok(json!({"resources": listed.collect::<Vec<_>>()}))
            }
            "resources/templates/list" => Ok(json!({"resourceTemplates": []})),
            "resources/read" => self.read(params),
            other => Err(Fault::new(METHOD_NOT_FOUND, format!("there is no method '{}'", clipped(other)))),
        }
    }

    fn tools(&self) -> impl Iterator<Item = &'static Tool> {
        TOOLS.iter().filter(|tool| self.may_act || !tool.needs_key)
    }

    fn call(&self, params: &Value) -> std::result::Result<Value, Fault> {
        let name = params["name"].as_str().unwrap_or_default();
        let tool = TOOLS.iter().find(|tool| tool.name == name).ok_or_else(|| {
            let known = self.tools().map(|tool| tool.name).collect::<Vec<_>>().join(", ");
            Fault::new(INVALID_PARAMS, format!("there is no tool '{}'; there are: {known}", clipped(name)))
        })?;
        if tool.needs_key && !self.may_act {
            let said = format!("'{name}' needs a key of the shop; set TERCET_KEY (tercet keys create makes one)");
            return Ok(failed(&said));
        }
        let none = json!({});
        let arguments = params.get("arguments").filter(|arguments| !arguments.is_null()).unwrap_or(&none);
        if let Err(said) = tool.check(arguments) {
            return Ok(failed(&said));
        }
        // What the shop refuses is an answer too: the model reads what is wrong and tries otherwise.
        match tool.ask(&self.api, arguments) {
            Ok(answer) => Ok(json!({"content": [{"type": "text", "text": shortened(&answer)}], "isError": false})),
            Err(error) => Ok(failed(&said(&error))),
        }
    }

    fn read(&self, params: &Value) -> std::result::Result<Value, Fault> {
        let uri = params["uri"].as_str().unwrap_or_default();
        let resource = RESOURCES.iter().find(|one| one.uri == uri).ok_or_else(|| {
            let known = RESOURCES.iter().map(|one| one.uri).collect::<Vec<_>>().join(", ");
            Fault::new(RESOURCE_NOT_FOUND, format!("there is no resource '{}'; there are: {known}", clipped(uri)))
        })?;
        let found = (resource.read)(&self.api).map_err(|error| Fault::new(INVALID_REQUEST, said(&error)))?;
        Ok(json!({"contents": [{"uri": uri, "mimeType": "application/json", "text": shortened(&found)}]}))
    }
}

fn initialised(params: &Value) -> Value {
    let asked = params["protocolVersion"].as_str().unwrap_or_default();
    let version = VERSIONS.iter().find(|version| **version == asked).unwrap_or(&VERSIONS[0]);
    json!({
        "protocolVersion": version,
        "capabilities": {"tools": {}, "resources": {}},
        "serverInfo": {"name": "tercet", "title": "Tercet", "version": env!("CARGO_PKG_VERSION")},
        "instructions": "Figures, decisions, plans, copy and service knowledge of one shop. Money is in hundredths of the shop's currency \
            unless a field says otherwise; shares are parts of one. Every figure comes from the shop's tables; estimates carry an interval."
    })
}

fn faulty(id: &Value, fault: &Fault) -> String {
    json!({"jsonrpc": "2.0", "id": id, "error": {"code": fault.code, "message": fault.message}}).to_string()
}

fn failed(said: &str) -> Value {
    json!({"content": [{"type": "text", "text": said}], "isError": true})
}

fn said(error: &ServiceError) -> String {
    match &error.help {
        Some(help) => format!("{}\n{help}", error.message),
        None => error.message.clone(),
    }
}

/// An answer as text, cut where it is longer than a model can use.
fn shortened(answer: &Value) -> String {
    let text = format!("{answer:#}");
    match text.char_indices().nth(ANSWER_CHARACTERS_MAX) {
        Some((end, _)) => format!("{}\n… cut here: ask for less", &text[..end]),
        None => text,
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;

    /// Notes what it is asked.
    #[derive(Default)]
    struct Noted(Mutex<Vec<String>>);

    impl Api for Noted {
        fn call(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
            let body = body.map_or(String::new(), Value::to_string);
            self.0.lock().unwrap().push(format!("{method} {path} {body}"));
            if path.starts_with("/v1/plan/prices") {
                return Err(ServiceError::not_found("plan", "prices").help("import orders first"));
            }
            Ok(json!({"today": [{"id": "d1", "title": {"zh": "甲", "en": "A"}}], "more": []}))
        }
    }

    fn asked(server: &McpServer<Noted>, method: &str, params: Value) -> Value {
        let message = json!({"jsonrpc": "2.0", "id": 7, "method": method, "params": params}).to_string();
        serde_json::from_str(&server.answer(&message).unwrap()).unwrap()
    }

    fn call(server: &McpServer<Noted>, name: &str, arguments: Value) -> Value {
        asked(server, "tools/call", json!({"name": name, "arguments": arguments}))["result"].clone()
    }

    #[test]
    fn versions_are_agreed_on() {
        let server = McpServer::new(Noted::default(), false);
        for (theirs, ours) in [("2024-11-05", "2024-11-05"), ("2025-06-18", "2025-06-18"), ("2099-01-01", VERSIONS[0])]
        {
            let told = asked(&server, "initialize", json!({"protocolVersion": theirs}));
            assert_eq!(told["result"]["protocolVersion"], ours);
        }
        assert_eq!(server.answer(r#"{"jsonrpc": "2.0", "method": "notifications/initialized"}"#), None);
    }

    #[test]
    fn what_is_no_message_is_told_so() {
        let server = McpServer::new(Noted::default(), false);
        for (message, code) in [
            ("{", PARSE_ERROR),
            ("[]", INVALID_REQUEST),
            (r#"{"jsonrpc": "1.0", "id": 1, "method": "ping"}"#, INVALID_REQUEST),
            (r#"{"jsonrpc": "2.0", "id": {}, "method": "ping"}"#, INVALID_REQUEST),
            (r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/delete"}"#, METHOD_NOT_FOUND),
            (r#"{"jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "rm"}}"#, INVALID_PARAMS),
            (
                r#"{"jsonrpc": "2.0", "id": 1, "method": "resources/read", "params": {"uri": "file:///etc"}}"#,
                RESOURCE_NOT_FOUND,
            ),
        ] {
            let told: Value = serde_json::from_str(&server.answer(message).unwrap()).unwrap();
            assert_eq!(told["error"]["code"], code, "{message}: {told}");
        }
        let long = format!("\"{}\"", "x".repeat(MESSAGE_BYTES_MAX));
        assert!(server.answer(&long).unwrap().contains("allowed"));
    }

    #[test]
    fn without_a_key_nothing_is_changed() {
        let server = McpServer::new(Noted::default(), false);
        let listed = asked(&server, "tools/list", json!({}))["result"]["tools"].clone();
        let names: Vec<&str> = listed.as_array().unwrap().iter().map(|tool| tool["name"].as_str().unwrap()).collect();
        assert!(names.contains(&"ask_figures") && !names.contains(&"accept_decision") && !names.contains(&"run_sql"));
        for name in ["accept_decision", "reject_decision", "approve_draft", "run_sql"] {
            let told = call(
                &server,
                name,
                json!({"decision_id": "d1", "draft_id": "x", "version": 1, "statement": "select 1"}),
            );
            assert_eq!(told["isError"], true, "{told}");
            assert!(told["content"][0]["text"].as_str().unwrap().contains("TERCET_KEY"));
        }
        assert!(server.api.0.lock().unwrap().is_empty());
    }

    #[test]
    fn tools_ask_the_api() {
        let server = McpServer::new(Noted::default(), true);
        let wanted = [
            ("ask_figures", json!({"question": "revenue?"}), r#"POST /v1/questions {"text":"revenue?"}"#),
            ("forecast", json!({"by": "category"}), "GET /v1/plan/forecast?by=category "),
            (
                "search_knowledge",
                json!({"query": "退货 & 换货"}),
                "GET /v1/search?in=documents&q=%E9%80%80%E8%B4%A7%20%26%20%E6%8D%A2%E8%B4%A7 ",
            ),
            (
                "accept_decision",
                json!({"decision_id": "a/b", "note": "yes"}),
                r#"POST /v1/decisions/a%2Fb/accept {"note":"yes"}"#,
            ),
        ];
        for (name, arguments, request) in wanted {
            assert_eq!(call(&server, name, arguments)["isError"], false, "{name}");
            assert_eq!(server.api.0.lock().unwrap().pop().unwrap(), request);
        }
        let told = call(&server, "decision_evidence", json!({"decision_id": "d1"}));
        assert!(told["content"][0]["text"].as_str().unwrap().contains("\"A\""), "{told}");
        assert_eq!(call(&server, "decision_evidence", json!({"decision_id": "none"}))["isError"], true);
        // What the API refuses is told with what to do.
        let refused = call(&server, "price_plan", json!({}));
        assert_eq!(refused["isError"], true);
        assert!(refused["content"][0]["text"].as_str().unwrap().ends_with("import orders first"));
    }

    #[test]
    fn arguments_are_checked_before_anything_is_asked() {
        let server = McpServer::new(Noted::default(), true);
        for (name, arguments, said) in [
            ("ask_figures", json!({}), "'question' is missing"),
            ("ask_figures", json!({"question": 5}), "'question' is 5; allowed: string"),
            ("ask_figures", json!({"question": "x", "sql": "drop"}), "there is no argument 'sql'"),
            ("forecast", json!([]), "an object"),
        ] {
            let told = call(&server, name, arguments);
            assert!(told["content"][0]["text"].as_str().unwrap().contains(said), "{told}");
        }
        assert!(server.api.0.lock().unwrap().is_empty());
    }
}
