//! What WeCom has besides a callback: the call that sends to its members, and WeChat customer service (微信客服), whose callback only
//! says that there are messages: they are fetched, by a cursor that is kept, and answered by a call of their own.
//! https://developer.work.weixin.qq.com/document/path/94670

use std::sync::Arc;

use data::state::outbox::Outgoing;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;

use super::config::{Secrets, WecomConfig, secret};
use super::crypto::Sealer;
use super::http::Failure;
use super::platform::{Grant, Platform};
use super::wechat::{Callback, Flavour, text, text_to, unreadable};
use super::{Incoming, Parcel, Told};
use crate::error::Kind;
use crate::random::hex;
use crate::serving::ServedShop;

/// Pages of one fetch; the rest comes with the next.
const PAGES_MAX: usize = 20;
/// At the very first fetch older messages are left alone: somebody else answered them.
const FIRST_SECONDS: i64 = 600;
/// Sent by a customer.
const ORIGIN_CUSTOMER: i64 = 3;

/// The account's callback.
///
/// # Errors
/// If a secret's variable is not set.
pub fn callback(config: &WecomConfig, secrets: Secrets<'_>) -> Result<Callback, String> {
    let token = secret(secrets, &config.token_env, "the application's token", 1)?;
    let key = secret(secrets, &config.aes_key_env, "the application's EncodingAESKey", 1)?;
    let grant = Grant::Wecom {
        corp_id: config.corp_id.clone(),
        secret: secret(secrets, &config.secret_env, "the application's secret", 1)?,
    };
    let flavour = Flavour::Wecom { agent_id: config.agent_id };
    Ok(Callback::new(flavour, token, Sealer::new(&key, &config.corp_id)?, Platform::new(&config.api_url, grant)))
}

pub(super) fn send(platform: &Platform, agent_id: i64, key: &str, parcel: &Parcel, now: i64) -> Result<(), Failure> {
    let of = |name: &str| parcel.thread[name].as_str();
    if let (Some(account), Some(customer)) = (of("account"), of("customer")) {
        let mut body = text_to(customer, &parcel.text);
        body["open_kfid"] = json!(account);
        // The platform takes a message of the same id once.
        body["msgid"] = json!(hex(&Sha256::digest(key.as_bytes())[..16]));
        return platform.call("cgi-bin/kf/send_msg", &body, now).map(drop);
    }
    let mut body = text_to(of("user").unwrap_or_default(), &parcel.text);
    body["agentid"] = json!(agent_id);
    let answer = platform.call("cgi-bin/message/send", &body, now)?;
    match answer["invaliduser"].as_str() {
        None | Some("") => Ok(()),
        Some(_) => Err(Failure::lasting("the member is not among those whom the application may reach")),
    }
}

/// A fetch as it waits in the outbox: a stop between the callback and the fetch loses nothing.
#[derive(Serialize, Deserialize)]
struct Pull {
    pull: Pulled,
}

#[derive(Serialize, Deserialize)]
struct Pulled {
    channel: String,
    token: String,
    account: String,
}

/// Has the messages of an account fetched.
pub fn pull_soon(channel: &str, token: &str, account: &str, now: i64) -> Outgoing {
    let pull = Pulled { channel: channel.to_owned(), token: token.to_owned(), account: account.to_owned() };
    Outgoing {
        key: format!("pull-{channel}-{}", hex(&Sha256::digest(format!("{account} {token}").as_bytes()))),
        channel: channel.to_owned(),
        lane: format!("pull {account}"),
        body: serde_json::to_string(&Pull { pull }).expect("plain data"),
        at: now,
        due_at: now,
    }
}

pub(super) fn is_pull(body: &str) -> bool {
    body.starts_with("{\"pull\":")
}

/// Fetches what there is and has it answered. What is fetched twice is heard once.
pub(super) fn pull(
    callback: &Callback,
    shop: &Arc<ServedShop>,
    runtime: &Handle,
    body: &str,
    now: i64,
) -> Result<(), Failure> {
    let failed = |error: crate::error::ServiceError| Failure::passing(error.message);
    let Pull { pull: Pulled { channel, token, account } } =
        serde_json::from_str(body).map_err(|_| Failure::lasting("it is no fetch of this version"))?;
    let platform = callback.platform.as_ref().ok_or_else(|| Failure::lasting("the channel has no secret"))?;
    let setting = format!("channel_cursor {channel} {account}");
    for _ in 0..PAGES_MAX {
        let cursor = shop.store.setting(&setting).map_err(failed)?;
        let mut asked = json!({"token": token, "open_kfid": account, "limit": 1000});
        if let Some(cursor) = &cursor {
            asked["cursor"] = json!(cursor);
        }
        let page = platform.call("cgi-bin/kf/sync_msg", &asked, now)?;
        let since = if cursor.is_none() { now / 1000 - FIRST_SECONDS } else { 0 };
        let messages = page["msg_list"].as_array().map_or(&[][..], Vec::as_slice);
        for incoming in messages.iter().filter_map(|message| incoming(&channel, message, since)) {
            match runtime.block_on(shop.hear(incoming)) {
                Ok(_) => {}
                // A flood is not tried again: it would hold up everybody else.
                Err(error) if error.kind == Kind::TooMany => {
                    tracing::warn!(channel, "a customer sends too many messages; one is left out");
                }
                Err(error) => return Err(failed(error)),
            }
        }
        if let Some(next) = page["next_cursor"].as_str().filter(|next| !next.is_empty()) {
            shop.store.set_setting(&setting, next).map_err(failed)?;
        }
        if page["has_more"].as_i64() != Some(1) {
            break;
        }
    }
    Ok(())
}

/// A customer's message; `None` for what people of the shop and the platform itself wrote.
fn incoming(channel: &str, message: &Value, since: i64) -> Option<Incoming> {
    let of = |name: &str| message[name].as_str().filter(|text| !text.is_empty() && text.len() <= 200);
    if message["origin"].as_i64() != Some(ORIGIN_CUSTOMER) || message["send_time"].as_i64()? < since {
        return None;
    }
    let (account, customer, id) = (of("open_kfid")?, of("external_userid")?, of("msgid")?);
    let told = match of("msgtype")? {
        "event" => return None,
        "text" => text(message["text"]["content"].as_str().unwrap_or_default()),
        kind => unreadable(kind),
    };
    debug_assert_ne!(told, Told::Arrived);
    Some(Incoming {
        channel: channel.to_owned(),
        peer: format!("kf:{account}:{customer}"),
        key: id.to_owned(),
        told,
        lang: None,
        thread: json!({"account": account, "customer": customer}),
        customer_id: None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_customers_wrote_is_heard() {
        let message = |origin: i64, kind: &str| {
            json!({"msgid": "m1", "open_kfid": "wk1", "external_userid": "wm1", "send_time": 1000, "origin": origin,
                "msgtype": kind, "text": {"content": "在吗"}})
        };
        let told = |message: Value, since| incoming("wecom", &message, since).map(|one| (one.peer, one.told));
        assert_eq!(told(message(3, "text"), 0), Some(("kf:wk1:wm1".into(), Told::Text("在吗".into()))));
        assert_eq!(told(message(3, "image"), 0), Some(("kf:wk1:wm1".into(), Told::Unreadable("图片", "pictures"))));
        for message in [message(5, "text"), message(4, "event"), message(3, "event"), json!({}), json!(null)] {
            assert_eq!(told(message, 0), None);
        }
        assert_eq!(told(message(3, "text"), 1001), None);
        let pull = pull_soon("wecom", "t", "wk1", 5);
        assert!(is_pull(&pull.body) && !is_pull("{\"peer\":1}"));
        assert_eq!(pull.key, pull_soon("wecom", "t", "wk1", 9).key, "the same callback is one fetch");
    }
}
