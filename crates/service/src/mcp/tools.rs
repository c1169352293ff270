//! What an AI client may ask of a shop: one table of tools, one of resources. Each says which request it is; nothing is worked out here.

use std::collections::BTreeMap;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::{Map, Value, json};

use super::Api;
use crate::error::{Result, ServiceError, clipped};

/// One argument of a tool.
pub(super) struct Argument {
    name: &'static str,
    /// `string`, `integer` or `array` (of strings).
    kind: &'static str,
    is_needed: bool,
    description: &'static str,
}

/// What a tool asks.
enum Request {
    /// A `GET`; arguments are its query, under these names.
    Get(&'static str, &'static [(&'static str, &'static str)]),
    /// A `POST`; arguments are fields of its body, under these names.
    Post(&'static str, &'static [(&'static str, &'static str)]),
    /// A `POST` to the address of one thing: before its id, which argument it is, after it.
    PostTo(&'static str, &'static str, &'static str),
    /// One of the day's decisions.
    Decision,
}

pub(super) struct Tool {
    pub name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
    request: Request,
    /// Whether it changes something or may tell of single customers.
    pub needs_key: bool,
    changes: bool,
}

pub(super) struct Resource {
    pub uri: &'static str,
    pub name: &'static str,
    pub title: &'static str,
    pub description: &'static str,
    pub read: fn(&dyn Api) -> Result<Value>,
}

const fn needed(name: &'static str, kind: &'static str, description: &'static str) -> Argument {
    Argument { name, kind, is_needed: true, description }
}

const fn optional(name: &'static str, kind: &'static str, description: &'static str) -> Argument {
    Argument { name, kind, is_needed: false, description }
}

const fn reads(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
    request: Request,
) -> Tool {
    Tool { name, title, description, arguments, request, needs_key: false, changes: false }
}

const fn acts(
    name: &'static str,
    title: &'static str,
    description: &'static str,
    arguments: &'static [Argument],
    request: Request,
) -> Tool {
    Tool { name, title, description, arguments, request, needs_key: true, changes: true }
}

pub(super) static TOOLS: &[Tool] = &[
    reads(
        "ask_figures",
        "Figures asked for in words",
        "Answers a question about the shop's figures in Chinese or English (revenue, orders, units, customers, margin, conversion, ratings, \
         advertising …, by category, brand, channel, city, month …, compared with another time). Says how it was understood and which SQL \
         was run; what it does not understand it names.",
        &[needed(
            "question",
            "string",
            "For example: revenue by brand last month compared to last year; 上个月各品类的销售额",
        )],
        Request::Post("/v1/questions", &[("question", "text")]),
    ),
    reads(
        "todays_decisions",
        "Today's decisions",
        "What to decide today, each with its expected gain and interval, reasons, cost, and what happens next; and what was decided before.",
        &[],
        Request::Get("/v1/decisions", &[]),
    ),
    reads(
        "decision_evidence",
        "The evidence of a decision",
        "Everything one decision rests on: figures with their SQL, the gates that customers passed, caveats.",
        &[needed("decision_id", "string", "The id of one of today's decisions")],
        Request::Decision,
    ),
    reads(
        "audiences",
        "Audiences",
        "Named sets of customers and how many are in each. No customer is named.",
        &[],
        Request::Get("/v1/audiences", &[]),
    ),
    reads(
        "forecast",
        "What will sell",
        "Forecasts of sales with intervals.",
        &[
            optional("by", "string", "total, department, category, brand, channel, store or product"),
            optional("measure", "string", "units, orders or revenue"),
            optional("period", "string", "day, week or month"),
        ],
        Request::Get("/v1/plan/forecast", &[("by", "by"), ("measure", "measure"), ("period", "period")]),
    ),
    reads(
        "budget_plan",
        "Where advertising money should go",
        "How much each channel should get over the next weeks, what that is expected to bring, and how sure that is.",
        &[
            optional("weeks", "integer", "Weeks to plan for"),
            optional("budget_cents", "integer", "Money for all of them, in hundredths of the currency"),
        ],
        Request::Post("/v1/plan/budget", &[("weeks", "weeks"), ("budget_cents", "budget_cents")]),
    ),
    reads(
        "price_plan",
        "What prices do",
        "How much more or less sells when prices change, by category, and how prices fall over time.",
        &[],
        Request::Get("/v1/plan/prices", &[]),
    ),
    reads(
        "launch_desk",
        "What a new product will sell",
        "Weekly sales of a new or planned product from launches of products like it and its own pre-orders and sales so far, with intervals, and \
         whether its order should stay (go), be raised or be cut, with the money it makes and why.",
        &[
            optional("product_id", "string", "A product of the catalogue; absent for a planned one"),
            optional("category", "string", "Of a planned product, as the catalogue names it"),
            optional("brand", "string", "Of a planned product"),
            optional("price_cents", "integer", "Its price, in hundredths of the currency"),
            optional("launch_on", "string", "Its first day of sale, such as 2026-11-28"),
            optional("stock", "integer", "Pieces on hand and on their way; what the catalogue says if absent"),
            optional("weeks", "integer", "Weeks from the launch on, 4 to 52"),
        ],
        Request::Post(
            "/v1/plan/launch-desk",
            &[
                ("product_id", "product_id"),
                ("category", "category"),
                ("brand", "brand"),
                ("price_cents", "price_cents"),
                ("launch_on", "launch_on"),
                ("stock", "stock"),
                ("weeks", "weeks"),
            ],
        ),
    ),
    reads(
        "write_copy",
        "Copy for products",
        "Drafts of copy for a channel, each checked for facts, law and the channel's limits. Nothing is stored or sent.",
        &[
            needed("product_ids", "array", "The products it is about"),
            needed("channel", "string", "The channel's card, such as sms, email, xiaohongshu or detail_page"),
            needed("goal", "string", "launch, promotion, win_back, cross_sell or upgrade"),
            optional("language", "string", "zh or en"),
            optional("n_variants", "integer", "How many drafts"),
        ],
        Request::Post(
            "/v1/content/write",
            &[
                ("product_ids", "product_ids"),
                ("channel", "channel"),
                ("goal", "goal"),
                ("language", "language"),
                ("n_variants", "n_variants"),
            ],
        ),
    ),
    reads(
        "check_text",
        "The check of a text",
        "Reads any advertising text for what the law forbids, facts that no field bears out, and the channel's limits.",
        &[
            needed("text", "string", "The text"),
            optional("channel", "string", "The channel's card"),
            optional("product_id", "string", "The product it is about"),
            optional("language", "string", "zh or en"),
        ],
        Request::Post(
            "/v1/content/check",
            &[("text", "text"), ("channel", "channel"), ("product_id", "product_id"), ("language", "language")],
        ),
    ),
    reads(
        "search_knowledge",
        "Documents of customer service",
        "Searches the documents that customer service cites; each hit with its place.",
        &[needed("query", "string", "What to look for"), optional("limit", "integer", "How many hits")],
        Request::Get("/v1/search?in=documents", &[("query", "q"), ("limit", "limit")]),
    ),
    reads(
        "ask_service",
        "What customer service would answer",
        "One turn of customer service as an unknown visitor: the reply, and what it rests on. Nothing is kept.",
        &[needed("text", "string", "What a customer would say")],
        Request::Post("/v1/assist/try", &[("text", "text")]),
    ),
    Tool {
        name: "run_sql",
        title: "SQL over the shop's tables",
        description: "Runs one reading statement over the tables (see the resource tercet://schema), at most 1,000 rows and 30 seconds. \
             The tables hold customers: ask ask_figures first.",
        arguments: &[
            needed("statement", "string", "One select, with or explain"),
            optional("limit", "integer", "Rows at most, up to 1,000"),
        ],
        request: Request::Post("/v1/sql", &[("statement", "statement"), ("limit", "limit")]),
        needs_key: true,
        changes: false,
    },
    acts(
        "accept_decision",
        "Accept a decision",
        "Accepts one of today's decisions. Whoever is on its list counts as written to from then on.",
        &[needed("decision_id", "string", "Its id"), optional("note", "string", "Why")],
        Request::PostTo("/v1/decisions/", "decision_id", "/accept"),
    ),
    acts(
        "reject_decision",
        "Reject a decision",
        "Rejects one of today's decisions: it does not come back for two weeks.",
        &[needed("decision_id", "string", "Its id"), optional("note", "string", "Why")],
        Request::PostTo("/v1/decisions/", "decision_id", "/reject"),
    ),
    acts(
        "approve_draft",
        "Approve a draft",
        "Says of somebody else's draft of copy that it may be used. The server checks it once more.",
        &[
            needed("draft_id", "string", "Its id"),
            needed("version", "integer", "The version that was read"),
            optional("note", "string", "Why"),
        ],
        Request::PostTo("/v1/content/drafts/", "draft_id", "/state"),
    ),
];

pub(super) static RESOURCES: &[Resource] = &[
    Resource {
        uri: "tercet://shop",
        name: "shop",
        title: "The shop",
        description: "What is in the shop: tables with rows and span, the model in service, what is missing.",
        read: |api| {
            let mut found = api.call("GET", "/v1/overview", None)?;
            found.as_object_mut().into_iter().for_each(|fields| {
                fields.retain(|name, _| !matches!(name.as_str(), "orders_by_day" | "requests"));
            });
            Ok(found)
        },
    },
    Resource {
        uri: "tercet://schema",
        name: "schema",
        title: "The tables",
        description: "Every table with its columns: names, kinds, what is required. Money columns end in _cents.",
        read: |_| Ok(schema()),
    },
    Resource {
        uri: "tercet://decisions",
        name: "decisions",
        title: "Today's decisions",
        description: "As the tool todays_decisions tells them.",
        read: |api| api.call("GET", "/v1/decisions", None).map(without_settled),
    },
    Resource {
        uri: "tercet://weeks",
        name: "weeks",
        title: "The last weeks",
        description: "Revenue, orders and units of the last 13 weeks.",
        read: |api| {
            let text = "revenue and orders and units per week in the last 13 weeks";
            api.call("POST", "/v1/questions", Some(&json!({"text": text})))
        },
    },
];

fn schema() -> Value {
    let column = |column: &domain::table::Column| json!({"name": column.name, "kind": format!("{:?}", column.kind), "required": column.required});
    let table = |table: &domain::TableSpec| json!({"name": table.name, "sentence": table.sentence, "columns": table.columns.iter().map(column).collect::<Vec<_>>()});
    json!({"tables": domain::table::ALL.iter().map(table).collect::<Vec<_>>(),
        "functions": {"shop_day(instant)": "the local day of the shop", "shop_hour(instant)": "the hour of its clock"}})
}

/// Decisions without those of former days, which are many.
fn without_settled(mut found: Value) -> Value {
    if let Some(fields) = found.as_object_mut() {
        fields.remove("settled");
    }
    found
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

impl Tool {
    /// As a client is told of it.
    pub(super) fn listed(&self) -> Value {
        let property = |argument: &Argument| {
            let mut told = json!({"type": argument.kind, "description": argument.description});
            if argument.kind == "array" {
                told["items"] = json!({"type": "string"});
            }
            (argument.name.to_owned(), told)
        };
        let properties: Map<String, Value> = self.arguments.iter().map(property).collect();
        let required: Vec<&str> = self.arguments.iter().filter(|one| one.is_needed).map(|one| one.name).collect();
        json!({
            "name": self.name, "title": self.title, "description": self.description,
            "inputSchema": {"type": "object", "properties": properties, "required": required, "additionalProperties": false},
            "annotations": {"readOnlyHint": !self.changes, "destructiveHint": false, "openWorldHint": false}
        })
    }

    /// Whether arguments are as they are told.
    pub(super) fn check(&self, arguments: &Value) -> std::result::Result<(), String> {
        let Some(fields) = arguments.as_object() else {
            return Err("the arguments are no object; allowed: an object".to_owned());
        };
        let known = || self.arguments.iter().map(|one| one.name).collect::<Vec<_>>().join(", ");
        if let Some(name) = fields.keys().find(|name| !self.arguments.iter().any(|one| one.name == name.as_str())) {
            return Err(format!("there is no argument '{}'; there are: {}", clipped(name), known()));
        }
        for argument in self.arguments {
            let fits = match fields.get(argument.name) {
                None | Some(Value::Null) if argument.is_needed => {
                    return Err(format!("'{}' is missing", argument.name));
                }
                None | Some(Value::Null) => true,
                Some(value) => match argument.kind {
                    "integer" => value.is_i64() || value.is_u64(),
                    "array" => value.as_array().is_some_and(|all| all.iter().all(Value::is_string)),
                    _ => value.is_string(),
                },
            };
            if !fits {
                let found = clipped(&fields[argument.name].to_string());
                return Err(format!("'{}' is {found}; allowed: {}", argument.name, argument.kind));
            }
        }
        Ok(())
    }

    /// Asks the API.
    pub(super) fn ask(&self, api: &dyn Api, arguments: &Value) -> Result<Value> {
        let value = |name: &str| arguments.get(name).filter(|value| !value.is_null());
        match &self.request {
            Request::Get(path, names) => {
                let mut address = (*path).to_owned();
                for (argument, name) in *names {
                    let Some(value) = value(argument) else { continue };
                    let text = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
                    let between = if address.contains('?') { '&' } else { '?' };
                    address.push_str(&format!("{between}{name}={}", encoded(&text)));
                }
                let found = api.call("GET", &address, None)?;
                Ok(if *path == "/v1/decisions" { without_settled(found) } else { found })
            }
            Request::Post(path, names) => {
                let fields =
                    names.iter().filter_map(|(argument, name)| Some(((*name).to_owned(), value(argument)?.clone())));
                api.call("POST", path, Some(&Value::Object(fields.collect())))
            }
            Request::PostTo(before, id, after) => {
                let own = value(id).and_then(Value::as_str).unwrap_or_default();
                let rest =
                    arguments.as_object().into_iter().flatten().filter(|(name, value)| name != id && !value.is_null());
                let mut body: BTreeMap<String, Value> =
                    rest.map(|(name, value)| (name.clone(), value.clone())).collect();
                if *after == "/state" {
                    body.insert("to".to_owned(), json!("approved"));
                }
                api.call("POST", &format!("{before}{}{after}", encoded(own)), Some(&json!(body)))
            }
            Request::Decision => {
                let id = value("decision_id").and_then(Value::as_str).unwrap_or_default();
                let found = api.call("GET", "/v1/decisions", None)?;
                let of = |part: &str| found[part].as_array().cloned().unwrap_or_default();
                let one = of("today").into_iter().chain(of("more")).find(|one| one["id"] == id);
                one.ok_or_else(|| ServiceError::not_found("decision", id).help("todays_decisions names them"))
            }
        }
    }
}
