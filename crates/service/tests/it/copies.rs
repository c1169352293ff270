//! Who writes copies and who approves them: several writers and their judge, a trained one that is learned, lost and damaged, a language
//! model that lies; the other language; what was said before; platforms' tables; many products with an offer.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use service::auth::Scope;

use crate::content::{draft_of, error, findings, goods, post, served, served_for_two, stored, write};
use crate::http::send;
use crate::shop::{self, Folder, Served, serve};
use crate::writer::{Model, with_endpoints};

/// Stops a server and waits until it has let go of its shop.
fn free(folder: &Folder, served: &mut Served) {
    served.stop();
    // Threads in the background may end a moment after the server does.
    while data::Shop::open(folder.shop()).and_then(|shop| shop.lock_for_writing()).is_err() {
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
}

fn again(folder: &Folder, served: &mut Served) -> Served {
    free(folder, served);
    serve(&folder.shop(), served.key.clone())
}

/// Approves a draft that the first key wrote.
fn approve(served: &Served, second: &str, draft: &Value) -> Value {
    let id = draft["row"]["draft_id"].as_str().unwrap();
    let body = json!({"to": "approved", "version": draft["row"]["version"]});
    let response = served.call_by(second, "POST", &format!("/v1/content/drafts/{id}/state"), Some(body));
    assert_eq!(response.status, 200, "{}", response.body);
    response.json()
}

#[test]
fn every_variant_tells_its_writer_and_why_it_was_chosen() {
    let (_folder, served) = served();
    let written = write(&served, "s5", "social", json!({"n_variants": 4}));
    let variants = written["variants"].as_array().unwrap();
    assert_eq!(variants.len(), 4);
    for variant in variants {
        assert_eq!(variant["draft"]["writer"], "grammar");
        let merits = variant["judgement"]["merits"].as_array().unwrap();
        let names: Vec<&str> = merits.iter().map(|merit| merit["name"].as_str().unwrap()).collect();
        assert_eq!(names, ["coverage", "fluency", "distinctness", "fit", "form", "variety"]);
        let sum: f64 =
            merits.iter().map(|merit| merit["value"].as_f64().unwrap() * merit["weight"].as_f64().unwrap()).sum();
        assert!((sum - variant["judgement"]["total"].as_f64().unwrap()).abs() < 1e-9);
    }
    assert_eq!(written["writers"]["grammar"]["n_chosen"], 4, "{}", written["writers"]);
    let ask = |writer: &str| {
        let body =
            json!({"product_ids": ["s5"], "channel": "push", "goal": "launch", "language": "zh", "writer": writer});
        post(&served, "/v1/content/write", body)
    };
    assert!(error(&ask("learned"), 409, "writer")["help"].to_string().contains("tercet train writer"));
    assert!(error(&ask("model"), 409, "writer")["help"].to_string().contains("copy = true"));
    assert!(error(&ask("poet"), 400, "writer")["message"].to_string().contains("best, grammar, learned, model"));
}

/// The settings are too small to write well; whether it writes at all is what is asked here.
#[test]
fn a_writer_is_learned_serves_and_may_be_lost() {
    let (folder, mut served) = served();
    let small = json!({"epochs": 2, "dim_hidden": 24, "dim_embedding": 16, "learning_rate": 0.01});
    let params = json!({"language": "zh", "settings": small, "plans": 120});
    let job = served.job("writer", params);
    assert_eq!(job["state"], "done", "{job}");
    assert!(job["result"]["languages"]["zh"]["n_pairs"].as_u64().unwrap() > 200, "{job}");
    let ready = |served: &Served| {
        let options = served.get("/v1/content/options");
        let writers = options["writers"].as_array().unwrap().clone();
        writers.into_iter().find(|one| one["name"] == "learned").unwrap()
    };
    assert_eq!((&ready(&served)["ready"], &ready(&served)["lacks"]), (&json!(true), &Value::Null));
    let written = write(&served, "s5", "social", json!({}));
    let tally = &written["writers"]["learned"];
    assert!(tally.is_object() && tally["unavailable"].is_null(), "{}", written["writers"]);
    assert!(!written["variants"].as_array().unwrap().is_empty());
    assert_eq!(written["variants"], write(&served, "s5", "social", json!({}))["variants"], "the same seed and model");
    // Of the other language it knows nothing.
    let english = write(&served, "s5", "social", json!({"language": "en"}));
    assert!(english["writers"].get("learned").is_none(), "{}", english["writers"]);
    for bad in [json!({"language": "fr"}), json!({"settings": {"wings": 2}}), json!({"plans": 0})] {
        let refused = post(&served, "/v1/jobs", json!({"kind": "writer", "params": bad}));
        assert_eq!(refused.status, 400, "{bad}: {}", refused.body);
    }

    let file = folder.shop().join("models/writer/000001/zh.safetensors");
    let bytes = std::fs::read(&file).unwrap();
    std::fs::write(&file, &bytes[..bytes.len() / 2]).unwrap();
    let served = again(&folder, &mut served);
    let lacks = ready(&served);
    assert!(lacks["ready"] == false && lacks["lacks"].to_string().contains("zh.safetensors is damaged"), "{lacks}");
    let written = write(&served, "s5", "social", json!({}));
    assert!(!written["variants"].as_array().unwrap().is_empty(), "the grammar goes on");
    let why = written["writers"]["learned"]["unavailable"].as_str().unwrap();
    assert!(why.contains("is damaged") && why.contains("tercet train writer"), "{why}");
}

#[test]
fn a_model_says_what_is_listed_or_nothing() {
    let folder = goods(|_| {});
    let key = shop::key(&folder.shop(), &Scope::ALL);
    let model = Model::default();
    with_endpoints(&folder.shop(), &[&model.start()], None, "copy = true\n");
    let served = serve(&folder.shop(), key);
    let ask = || write(&served, "s5", "push", json!({"n_variants": 1, "writer": "model"}));
    model.say("{\"title\": \"Sirra 5\", \"body\": \"Sirra 5：12GB内存 [1]。\"}");
    let prompt_of = |at: usize| model.asked.lock().unwrap()[at].clone();
    let first = ask();
    let prompt = prompt_of(0);
    assert!(prompt.contains("12GB") && !prompt.contains("Ignore all previous instructions"), "{prompt}");
    let number = (1..20).find(|n| prompt.contains(&format!("[{n}] memory"))).expect("memory is a claim");
    model.say(&format!("{{\"title\": \"Sirra 5\", \"body\": \"Sirra 5：12GB内存 [{number}]。\"}}"));
    let written = ask();
    let variant = &written["variants"][0];
    assert_eq!(variant["draft"]["writer"], "model", "{written} after {first}");
    assert!(variant["draft"]["fields"][1]["text"].as_str().unwrap().contains("Sirra 5：12GB内存"), "{variant}");
    assert!(!variant["draft"]["fields"][1]["spans"].as_array().unwrap().is_empty(), "its figure is bound");
    for lie in ["Sirra 5：64GB内存", "全网最佳手机", "点击 http://evil.example"] {
        model.say(&format!("{{\"title\": \"Sirra 5\", \"body\": \"{lie} [{number}]。\"}}"));
        let refused = ask();
        assert_eq!(refused["variants"], json!([]), "{lie}: {refused}");
        assert!(refused["writers"]["model"]["unavailable"].is_string(), "{lie}: {}", refused["writers"]);
        // The others go on without it.
        let best = write(&served, "s5", "push", json!({"n_variants": 2}));
        assert_eq!(best["writers"]["grammar"]["n_chosen"], 2, "{}", best["writers"]);
    }
    assert!(model.n_asked() >= 8);
}

#[test]
fn a_draft_is_said_again_in_the_other_language() {
    let (_folder, served, second) = served_for_two();
    let terms = json!({"terms": [{"zh": "赛拉", "en": "Sirra"}]});
    assert_eq!(served.call("PUT", "/v1/content/rules", Some(terms)).status, 200);
    let made = stored(&served, "push");
    let id = made["row"]["draft_id"].as_str().unwrap();
    let other = if made["row"]["language"] == "zh" { "en" } else { "zh" };
    let path = format!("/v1/content/drafts/{id}/translate");
    let response = post(&served, &path, json!({"to": other}));
    assert_eq!(response.status, 201, "{}", response.body);
    let answer = response.json();
    let translated = &answer["draft"];
    assert_eq!(
        (&translated["row"]["language"], &translated["translated_from"], &translated["history"][0]["what"]),
        (&json!(other), &json!(id), &json!("translated"))
    );
    assert_ne!(translated["row"]["verdict"], "blocked", "{translated}");
    // Nothing comes in that the first did not say.
    let fields = |draft: &Value| -> Vec<String> {
        let all = draft["draft"]["evidence"].as_array().unwrap().iter();
        all.filter_map(|one| one["field"].as_str().map(str::to_owned)).collect()
    };
    let known = fields(&made);
    assert!(fields(translated).iter().all(|field| known.contains(field) || field == "name"), "{translated}");
    let text = translated["draft"]["fields"].to_string();
    let has_han = text.chars().any(|one| ('\u{4e00}'..='\u{9fff}').contains(&one));
    assert_eq!(has_han, other == "zh", "{text}");
    error(&post(&served, &path, json!({"to": made["row"]["language"]})), 400, "to");
    error(&post(&served, &path, json!({"to": "fr"})), 400, "to");
    error(&post(&served, "/v1/content/drafts/none/translate", json!({"to": "en"})), 404, "not_found");
    // It is approved against the catalogue like any other, by somebody else.
    let approved = approve(&served, &second, translated);
    assert_eq!(approved["row"]["state"], "approved");
    // The same without keeping it.
    let (brief, draft) = draft_of(&served, "push");
    let shown = post(&served, "/v1/content/translate", json!({"brief": brief, "draft": draft, "to": "en"}));
    assert_eq!(shown.status, 200, "{}", shown.body);
    assert_eq!(shown.json()["brief"]["language"], "en");
    assert_eq!(served.get("/v1/content/drafts")["total"], 2);
}

#[test]
fn what_was_said_before_is_not_said_again() {
    let (_folder, served, second) = served_for_two();
    let first = stored(&served, "social");
    let text = |draft: &Value| draft["draft"]["fields"][0]["text"].as_str().unwrap().to_owned();
    approve(&served, &second, &first);
    let texts = |written: &Value| -> Vec<String> { written["variants"].as_array().unwrap().iter().map(text).collect() };
    let again = texts(&write(&served, "s5", "social", json!({})));
    assert!(!again.is_empty() && !again.contains(&text(&first)), "{again:?}");
    // Sent in as it stands, it is named.
    let (brief, _) = draft_of(&served, "social");
    let body = json!({"brief": brief, "draft": first["draft"]});
    let repeated = post(&served, "/v1/content/drafts", body).json();
    let found = findings(&repeated["report"]["text"]);
    assert!(found.contains(&("review".into(), "near_duplicate".into())), "{repeated}");
    assert_eq!(repeated["row"]["verdict"], "needs_review");
    // The approved draft is no repetition of itself, nor is another channel's.
    let id = first["row"]["draft_id"].as_str().unwrap();
    let edit = json!({"fields": {"text": text(&first)}, "version": 2});
    let same = served.call("PUT", &format!("/v1/content/drafts/{id}"), Some(edit)).json();
    assert!(!findings(&same["report"]["text"]).iter().any(|(_, category)| category == "near_duplicate"), "{same}");
}

#[test]
fn approving_takes_the_scope_and_may_be_one_persons() {
    let folder = goods(|_| {});
    let key = shop::key(&folder.shop(), &[Scope::Manage]);
    let served = serve(&folder.shop(), key);
    let made = stored(&served, "push");
    let path = format!("/v1/content/drafts/{}/state", made["row"]["draft_id"].as_str().unwrap());
    for to in ["approved", "rejected"] {
        let refused = error(&post(&served, &path, json!({"to": to, "version": 1})), 403, "scope");
        assert!(refused["message"].to_string().contains("approve"), "{refused}");
    }
    let folder = goods(|_| {});
    let all = shop::key_of("lone", &folder.shop(), &Scope::ALL);
    let config = folder.shop().join("tercet.toml");
    let text = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, text.replacen("[content]", "[content]\nfour_eyes = false", 1)).unwrap();
    let served = serve(&folder.shop(), all);
    assert_eq!(served.get("/v1/content/options")["four_eyes"], false);
    let own = stored(&served, "push");
    let path = format!("/v1/content/drafts/{}/state", own["row"]["draft_id"].as_str().unwrap());
    let approved = post(&served, &path, json!({"to": "approved", "version": 1})).json();
    assert_eq!((&approved["row"]["state"], &approved["authors"]), (&json!("approved"), &json!(["lone"])), "{approved}");
}

/// Whoever has a key logs in to the console with it, under its name and with its scopes, until it is revoked.
#[test]
fn the_console_is_opened_with_a_key() {
    let folder = goods(|_| {});
    let key = shop::key(&folder.shop(), &Scope::ALL);
    let editor = shop::key_of("li", &folder.shop(), &[Scope::Manage]);
    let widget = shop::key_of("page", &folder.shop(), &[Scope::Converse]);
    let served = serve(&folder.shop(), key);
    let open = |password: &str| {
        let body = json!({"password": password}).to_string();
        send(served.address, "POST", "/v1/session", &[], Some(&body))
    };
    let opened = open(&editor);
    assert_eq!(opened.status, 200, "{}", opened.body);
    assert_eq!((&opened.json()["name"], &opened.json()["scopes"]), (&json!("li"), &json!(["manage"])));
    let cookie = opened.header("set-cookie").unwrap().split(';').next().unwrap().to_owned();
    let get = |path: &str| send(served.address, "GET", path, &[("Cookie", &cookie)], None);
    assert_eq!(get("/v1/session").json()["name"], "li");
    assert_eq!(get("/v1/content/options").json()["caller"], "li");
    assert_eq!(get("/v1/recommendations?customer=c1").status, 403, "it may what the key may");
    for wrong in [widget.as_str(), "tk_0000", "guess"] {
        assert_eq!(open(wrong).status, 401);
    }
    let keys = served.get("/v1/keys");
    let id = keys["items"].as_array().unwrap().iter().find(|key| key["name"] == "li").unwrap()["id"].clone();
    assert_eq!(served.call("DELETE", &format!("/v1/keys/{}", id.as_str().unwrap()), None).status, 204);
    assert_eq!(get("/v1/session").status, 401, "a revoked key ends its sessions");
}

fn approved_of(channel: &str, n: usize) -> (Folder, Served, Vec<String>) {
    let (folder, served, second) = served_for_two();
    let written = write(&served, "s5", channel, json!({"n_variants": n}));
    let brief = json!({"product_ids": ["s5"], "channel": channel, "goal": "launch", "language": "zh"});
    let keep = |variant: &Value| {
        let body = json!({"brief": brief, "draft": variant["draft"]});
        let made = post(&served, "/v1/content/drafts", body).json();
        approve(&served, &second, &made);
        made["row"]["draft_id"].as_str().unwrap().to_owned()
    };
    let ids = written["variants"].as_array().unwrap().iter().map(keep).collect();
    (folder, served, ids)
}

#[test]
fn approved_drafts_leave_as_platforms_tables() {
    let (_folder, served, ids) = approved_of("search_ad", 4);
    let export = |query: &str| served.call("GET", &format!("/v1/content/drafts/export?{query}"), None);
    let address = "address=https%3A%2F%2Fa.example%2Fp%2F%7Bproduct_id%7D";
    let google = export(&format!("sheet=google_ads&campaign=spring&{address}&paused=true"));
    assert_eq!(google.status, 200, "{}", google.body);
    let mut lines = google.body.lines();
    assert!(lines.next().unwrap().starts_with("Campaign,Ad Group,Ad type,Headline 1"), "{}", google.body);
    let row = lines.next().unwrap();
    assert!(row.starts_with("spring,") && row.contains("https://a.example/p/s5?campaign_id=spring,Paused"), "{row}");
    let baidu = export(&format!("sheet=baidu&format=json&campaign=spring&{address}")).json();
    let rows = baidu["rows"].as_array().unwrap();
    assert_eq!(rows.len() + baidu["left_out"].as_array().unwrap().len(), ids.len());
    for row in rows {
        let url = row[5].as_str().unwrap();
        assert!(ids.iter().any(|id| url.ends_with(&format!("?campaign_id=spring&arm={id}"))), "{url}");
    }
    let nowhere = export("sheet=google_ads");
    assert_eq!((nowhere.header("x-tercet-left-out"), nowhere.body.lines().count()), (Some("1"), 1), "{}", nowhere.body);
    let stamped = export("format=csv&campaign=spring");
    let first = stamped.body.lines().nth(1).unwrap();
    let cells: Vec<&str> = first.split(',').collect();
    assert!(cells[0] == "spring" && cells[1] == cells[2] && ids.contains(&cells[1].to_owned()), "{first}");
    assert_eq!(export("format=json&campaign=spring").json()[0]["campaign_id"], "spring");
    for (query, code) in [
        ("sheet=bing", "sheet"),
        ("sheet=baidu&format=html", "format"),
        ("sheet=baidu&address=javascript%3Aalert", "address"),
        ("sheet=baidu&campaign=%0A", "campaign"),
        ("group=x", "sheet"),
    ] {
        error(&export(query), 400, code);
    }
}

#[test]
fn many_products_with_an_offer_and_for_a_group() {
    let (_folder, served) = served();
    let params = json!({"category": "Phones", "channel": "sms", "goal": "promotion", "language": "zh",
        "offer": {"percent_off": 10, "ends_on": "2099-12-12"}});
    let job = served.job("content", params);
    assert_eq!(job["state"], "done", "{job}");
    assert!(job["result"]["n_copies"].as_u64().unwrap() >= 12, "{job}");
    let export = served.call("GET", "/v1/content/drafts/export?format=json&state=all", None).json();
    let prices: BTreeMap<&str, &Value> = export
        .as_array()
        .unwrap()
        .iter()
        .map(|one| (one["row"]["product_id"].as_str().unwrap(), &one["brief"]["offer"]["price_cents"]))
        .collect();
    assert_eq!((prices["s5"], prices["o0"]), (&json!(359_900), &json!(342_000)));
    assert_eq!(export[0]["history"][0]["by"], "test", "who asked for it");
    let start = |params: Value| post(&served, "/v1/jobs", json!({"kind": "content", "params": params}));
    let plain = json!({"channel": "push", "goal": "launch"});
    for (more, code) in [
        (json!({"segment": "champions"}), "segments"),
        (json!({"writer": "model"}), "writer"),
        (json!({"offer": {"percent_off": 95}}), "offer"),
        (json!({"offer": {"ends_on": "2999-01-01"}}), "offer"),
    ] {
        let mut params = plain.clone();
        params.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        let response = start(params);
        let found = response.json()["error"]["code"].clone();
        assert!(response.status >= 400 && found == code, "{more}: {}", response.body);
    }
}

/// What customers did with approved drafts comes back by their ids, and tells what to expect of the next.
#[test]
fn what_was_shown_tells_what_to_expect() {
    let (folder, mut served, ids) = approved_of("push", 1);
    assert_eq!(write(&served, "s5", "push", json!({}))["variants"][0]["expected"], Value::Null, "nothing was shown");
    free(&folder, &mut served);
    let opened = data::Shop::open(folder.shop()).unwrap();
    let exposure = |at: i64| json!({"at": at, "customer_id": format!("c{at}"), "campaign_id": "spring", "arm": ids[0], "responded": at % 10 == 0});
    shop::write::<domain::Exposure>(&opened, &(1..=200).map(exposure).collect::<Vec<_>>());
    drop(opened);
    let served = again(&folder, &mut served);
    let written = write(&served, "s5", "push", json!({"n_variants": 4}));
    let of_angle = |angle: &str| {
        let mut all = written["variants"].as_array().unwrap().iter();
        all.find(|one| one["angle"] == angle).map(|one| one["expected"].clone()).unwrap()
    };
    assert_eq!(written["variants"][0]["angle"], "goal", "what was shown often and did best comes first");
    let goal = of_angle("goal");
    assert_eq!((&goal["n_shown"], &goal["n_responded"]), (&json!(200), &json!(20)), "{goal}");
    let (rate, low, high) =
        (goal["rate"].as_f64().unwrap(), goal["low"].as_f64().unwrap(), goal["high"].as_f64().unwrap());
    assert!((rate - 0.1).abs() < 0.005 && low < 0.1 && high > 0.1, "{goal}");
    assert_eq!(of_angle("use")["n_shown"], 0);
}

/// Whoever comes through a copy's address afterwards responded too, and so did whoever brought revenue.
#[test]
fn clicks_and_orders_of_a_campaign_are_responses() {
    let (folder, mut served, ids) = approved_of("push", 1);
    free(&folder, &mut served);
    let opened = data::Shop::open(folder.shop()).unwrap();
    let exposure = |at: i64| {
        let revenue = (at % 20 == 0).then_some(9_900);
        json!({"at": at * 1_000, "customer_id": format!("c{at}"), "campaign_id": "spring", "arm": ids[0], "revenue_cents": revenue})
    };
    shop::write::<domain::Exposure>(&opened, &(1..=100).map(exposure).collect::<Vec<_>>());
    let event = |customer: i64, at: i64, campaign: Option<&str>| json!({"at": at, "customer_id": format!("c{customer}"), "product_id": "s5", "kind": "view", "campaign_id": campaign});
    // Three came after they were shown it, one of them twice; one before, one by another campaign, one by none.
    let events = [
        event(1, 1_500, Some("spring")),
        event(1, 1_600, Some("spring")),
        event(2, 2_000, Some("spring")),
        event(3, 9_000, Some("spring")),
        event(4, 3_999, Some("spring")),
        event(5, 9_000, Some("autumn")),
        event(6, 9_000, None),
    ];
    shop::write::<domain::Event>(&opened, &events);
    drop(opened);
    let served = again(&folder, &mut served);
    let written = write(&served, "s5", "push", json!({"n_variants": 1}));
    let expected = &written["variants"][0]["expected"];
    assert_eq!((&expected["n_shown"], &expected["n_responded"]), (&json!(100), &json!(5 + 3)), "{expected}");
}

/// An audience of everybody, all of whom agreed to text messages, and copies of one product that may go out to them.
fn campaign_of(channel: &str, n: usize) -> (Folder, Served, Vec<String>) {
    let (folder, served, ids) = approved_of(channel, n);
    let everybody = json!({"name": "All", "conditions": {"all": []}});
    assert_eq!(post(&served, "/v1/audiences", everybody).status, 201);
    (folder, served, ids)
}

fn hand_over(served: &Served, query: &str) -> crate::http::Response {
    served.call("GET", &format!("/v1/content/campaign?campaign=spring&audience=All&language=zh&{query}"), None)
}

fn arms_of(campaign: &Value) -> BTreeMap<String, String> {
    let of = |one: &Value| one.as_str().unwrap().to_owned();
    campaign["customers"].as_array().unwrap().iter().map(|one| (of(&one["customer_id"]), of(&one["arm"]))).collect()
}

#[test]
fn approved_copies_go_to_those_of_an_audience_who_agreed() {
    let (folder, mut served, ids) = campaign_of("push", 2);
    let nobody = hand_over(&served, "channel=push").json();
    let n = shop::N_CUSTOMERS as u64;
    assert_eq!((&nobody["channel"], &nobody["n_without_consent"]), (&json!("app_push"), &json!(n)), "{nobody}");
    assert_eq!(nobody["customers"], json!([]));

    let all = hand_over(&served, "channel=push&contact=sms&control=0.25").json();
    let arms = all["arms"].as_array().unwrap();
    let names: Vec<&str> = arms.iter().map(|arm| arm["arm"].as_str().unwrap()).collect();
    assert_eq!(
        (names[0], names.len(), all["left_out"].as_array().unwrap().len()),
        ("control", ids.len() + 1, 0),
        "{all}"
    );
    assert!(ids.iter().all(|id| names.contains(&id.as_str())), "{names:?}");
    assert_eq!((&arms[0]["propensity"], &arms[1]["propensity"]), (&json!(0.25), &json!(0.375)));
    let given = arms_of(&all);
    assert_eq!(given.len() as u64, n);
    for arm in arms {
        let n_of = given.values().filter(|own| *own == arm["arm"].as_str().unwrap()).count();
        assert_eq!(arm["n_customers"], n_of, "{arm}");
    }
    assert!(names.iter().all(|name| given.values().any(|own| own == name)), "of forty somebody is in each: {given:?}");
    // A part of them first: nobody gets another copy when the others follow.
    let part = hand_over(&served, "channel=push&contact=sms&control=0.25&share=0.5").json();
    let first = arms_of(&part);
    assert_eq!(part["n_later"], n - first.len() as u64);
    assert!(!first.is_empty() && first.iter().all(|(who, arm)| given[who] == *arm), "{first:?} of {given:?}");

    let csv = hand_over(&served, "channel=push&contact=sms&control=0.25&format=csv");
    let mut lines = csv.body.lines();
    assert_eq!(lines.next().unwrap(), "customer_id,campaign_id,arm,propensity,channel,product_id,url,title,body");
    for line in lines {
        let cells: Vec<&str> = line.split(',').collect();
        assert_eq!((given[cells[0]].as_str(), cells[1], cells[4]), (cells[2], "spring", "sms"), "{line}");
        assert_eq!(cells[7].is_empty(), cells[2] == "control", "{line}");
    }

    // What came of the first part decides how the others are shared out.
    free(&folder, &mut served);
    let opened = data::Shop::open(folder.shop()).unwrap();
    let exposures = (0..60).flat_map(|nth| first.iter().map(move |(who, arm)| (nth, who.clone(), arm.clone())));
    let rows: Vec<Value> = exposures
        .map(|(nth, who, arm)| json!({"at": nth, "customer_id": who, "campaign_id": "spring", "arm": arm, "responded": arm == ids[1]}))
        .collect();
    shop::write::<domain::Exposure>(&opened, &rows);
    drop(opened);
    let served = again(&folder, &mut served);
    let rest = hand_over(&served, "channel=push&contact=sms&control=0.25&split=learned").json();
    assert_eq!(rest["n_before"], first.len(), "{rest}");
    assert!(arms_of(&rest).keys().all(|who| !first.contains_key(who)));
    let share = |id: &str| {
        let arm = rest["arms"].as_array().unwrap().iter().find(|arm| arm["arm"] == id).unwrap().clone();
        arm["propensity"].as_f64().unwrap()
    };
    assert!(share(&ids[1]) > 0.6 && share(&ids[0]) > 0.03, "{rest}");
    assert!((share("control") - 0.25).abs() < 1e-12);
}

#[test]
fn a_campaign_leads_to_the_product_and_says_what_it_lacks() {
    let (_folder, served, ids) = campaign_of("email", 1);
    error(&hand_over(&served, "channel=email&contact=sms"), 400, "address");
    let address = "address=https%3A%2F%2Fa.example%2Fp%2F%7Bproduct_id%7D";
    let made = hand_over(&served, &format!("channel=email&contact=sms&control=0&{address}")).json();
    let copy = &made["arms"][0];
    assert_eq!(copy["url"], format!("https://a.example/p/s5?campaign_id=spring&arm={}", ids[0]));
    let html =
        copy["fields"].as_array().unwrap().iter().find(|field| field["is_html"] == true).unwrap()["text"].clone();
    let html = html.as_str().unwrap();
    assert!(html.contains(&format!("href=\"https://a.example/p/s5?campaign_id=spring&amp;arm={}\"", ids[0])), "{html}");
    assert!(
        !html.contains("{{product_url}}") && html.contains("{{unsubscribe_url}}"),
        "who sends knows how to stop it"
    );
    for (query, status, code) in [
        ("channel=letter", 400, "channel"),
        ("channel=detail_page", 400, "contact"),
        ("channel=email&control=1", 400, "control"),
        ("channel=email&share=0", 400, "share"),
        ("channel=email&split=best", 400, "split"),
        ("channel=email&format=html", 400, "format"),
        ("channel=email&address=ftp%3A%2F%2Fa", 400, "address"),
        ("channel=email&product=s4", 409, "drafts"),
        ("channel=sms", 409, "drafts"),
    ] {
        error(&hand_over(&served, query), status, code);
    }
    let nowhere = "/v1/content/campaign?campaign=spring&audience=None&channel=email&language=zh";
    error(&served.call("GET", nowhere, None), 404, "not_found");
    // What was approved and may not be said any more does not go out.
    let rules = json!({"forbidden": ["Sirra"]});
    assert_eq!(served.call("PUT", "/v1/content/rules", Some(rules)).status, 200);
    let late = error(&hand_over(&served, &format!("channel=email&contact=sms&{address}")), 409, "drafts");
    assert!(late["message"].as_str().unwrap().contains(&ids[0]), "{late}");
}
