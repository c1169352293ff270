//! Callbacks of a WeChat official account (公众号) and of WeCom (企业微信), which differ in little: whose id is sealed in, whether
//! plain messages exist, and which call sends. A message is verified, opened, read into what every channel understands; the
//! answer goes back at once if it is ready, else through the outbox.
//! https://developers.weixin.qq.com/doc/offiaccount/Message_Management/Receiving_standard_messages.html

use std::fmt;

use serde::Deserialize;
use serde_json::{Value, json};
use utoipa::IntoParams;

use super::config::{Secrets, WechatConfig, secret};
use super::crypto::{Sealer, is_signed, signature};
use super::http::Failure;
use super::platform::{Grant, Platform};
use super::{Incoming, Parcel, Told, wecom, xml};
use crate::conversations::TEXT_CHARS_MAX;

/// How far the platform's clock, and a callback's way, may be off; it tries three times within fifteen seconds.
const WINDOW_SECONDS: i64 = 600;

/// What stands in the address of a callback.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct CallbackQuery {
    #[serde(default)]
    pub signature: String,
    #[serde(default)]
    pub msg_signature: String,
    #[serde(default)]
    pub timestamp: String,
    #[serde(default)]
    pub nonce: String,
    #[serde(default)]
    pub echostr: String,
}

/// Which platform it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Flavour {
    Wechat,
    Wecom { agent_id: i64 },
}

/// Why a callback is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    Signature,
    Time,
    /// It cannot be opened, or is for somebody else.
    Sealed,
    /// The account is set to encrypted messages, and this is none.
    Plain,
    Xml(&'static str),
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Refusal::Signature => f.write_str("the callback was not signed with the channel's token"),
            Refusal::Time => {
                write!(
                    f,
                    "the callback's time is more than {WINDOW_SECONDS} seconds off; is this machine's clock right?"
                )
            }
            Refusal::Sealed => {
                f.write_str("the callback cannot be opened with the channel's key, or is for another account")
            }
            Refusal::Plain => f.write_str("the callback is not encrypted, and the channel has a key (aes_key_env)"),
            Refusal::Xml(said) => write!(f, "the callback's XML {said}"),
        }
    }
}

/// What somebody sent.
#[derive(Debug)]
pub struct Message {
    fields: xml::Fields,
}

/// What is made of it.
#[derive(Debug)]
pub enum Reply {
    /// To be heard.
    Heard(Box<Incoming>),
    /// Messages of WeChat customer service are to be fetched: the token for it, and the account.
    Pull { token: String, account: String },
    /// Nothing that anybody waits to be answered.
    Nothing,
}

/// One account.
pub struct Callback {
    pub(super) flavour: Flavour,
    token: String,
    /// Sealed messages alone, if there is a key.
    sealer: Option<Sealer>,
    pub(super) platform: Option<Platform>,
}

impl Callback {
    /// # Errors
    /// If a secret's variable is not set.
    pub fn wechat(config: &WechatConfig, secrets: Secrets<'_>) -> Result<Callback, String> {
        let token = secret(secrets, &config.token_env, "the account's token", 3)?;
        let sealer = config
            .aes_key_env
            .as_deref()
            .map(|name| Sealer::new(&secret(secrets, name, "the account's EncodingAESKey", 1)?, &config.app_id));
        let grant = config.secret_env.as_deref().map(|name| {
            let secret = secret(secrets, name, "the account's AppSecret", 1)?;
            Ok::<_, String>(Grant::Wechat { app_id: config.app_id.clone(), secret })
        });
        let platform = grant.transpose()?.map(|grant| Platform::new(&config.api_url, grant));
        Ok(Callback { flavour: Flavour::Wechat, token, sealer: sealer.transpose()?, platform })
    }

    pub(super) fn new(flavour: Flavour, token: String, sealer: Sealer, platform: Platform) -> Callback {
        Callback { flavour, token, sealer: Some(sealer), platform: Some(platform) }
    }

    /// Answers the platform's question whether this address is ours: what it wants to have back.
    ///
    /// # Errors
    /// If it was not signed with the token just now.
    pub fn verify_address(&self, query: &CallbackQuery, now: i64) -> Result<String, Refusal> {
        let CallbackQuery { signature, msg_signature, timestamp, nonce, echostr } = query;
        let is_sealed = matches!(self.flavour, Flavour::Wecom { .. });
        let is_ours = match is_sealed {
            true => is_signed(&[&self.token, timestamp, nonce, echostr], msg_signature),
            false => is_signed(&[&self.token, timestamp, nonce], signature),
        };
        check(is_ours, timestamp, now)?;
        match (&self.sealer, is_sealed) {
            (Some(sealer), true) => {
                sealer.open(echostr).and_then(|echo| String::from_utf8(echo).ok()).ok_or(Refusal::Sealed)
            }
            _ => Ok(echostr.clone()),
        }
    }

    /// The message of a callback; `now` in unix seconds.
    ///
    /// # Errors
    /// If it was not signed with the token just now, cannot be opened, or is no message.
    pub fn open(&self, query: &CallbackQuery, body: &[u8], now: i64) -> Result<Message, Refusal> {
        let CallbackQuery { signature, msg_signature, timestamp, nonce, .. } = query;
        let Some(sealer) = &self.sealer else {
            check(is_signed(&[&self.token, timestamp, nonce], signature), timestamp, now)?;
            return Ok(Message { fields: xml::read(body).map_err(Refusal::Xml)? });
        };
        // The text is read before its signature is checked: that is over a part of it. The reader is bounded.
        let outer = xml::read(body).map_err(Refusal::Xml)?;
        let sealed = outer.get("Encrypt");
        if sealed.is_empty() {
            return Err(Refusal::Plain);
        }
        check(is_signed(&[&self.token, timestamp, nonce, sealed], msg_signature), timestamp, now)?;
        let opened = sealer.open(sealed).ok_or(Refusal::Sealed)?;
        Ok(Message { fields: xml::read(&opened).map_err(Refusal::Xml)? })
    }

    /// What a message asks for.
    pub fn read(&self, channel: &str, message: &Message) -> Reply {
        let get = |name: &str| message.fields.get(name);
        let from = get("FromUserName");
        if get("Event") == "kf_msg_or_event" {
            return Reply::Pull { token: get("Token").to_owned(), account: get("OpenKfId").to_owned() };
        }
        let Some(told) = told(&message.fields) else { return Reply::Nothing };
        if from.is_empty() || from.len() > 200 {
            return Reply::Nothing;
        }
        let key = match get("MsgId") {
            "" => format!("{from} {} {}", get("CreateTime"), get("Event")),
            id => format!("{from} {id}"),
        };
        let (peer, thread) = match self.flavour {
            Flavour::Wechat => (from.to_owned(), json!({})),
            Flavour::Wecom { .. } => (format!("user:{from}"), json!({"user": from})),
        };
        let incoming = Incoming { channel: channel.to_owned(), peer, key, told, lang: None, thread, customer_id: None };
        Reply::Heard(Box::new(incoming))
    }

    /// The body that answers a message with a text; `random` must be new each time.
    pub fn answer(&self, message: &Message, text: &str, now: i64, random: [u8; 16], nonce: &str) -> String {
        let get = |name: &str| message.fields.get(name);
        let time = now.to_string();
        let plain = [
            "<xml>".to_owned(),
            xml::element("ToUserName", get("FromUserName")),
            xml::element("FromUserName", get("ToUserName")),
            format!("<CreateTime>{time}</CreateTime>"),
            xml::element("MsgType", "text"),
            xml::element("Content", text),
            "</xml>".to_owned(),
        ]
        .concat();
        let Some(sealer) = &self.sealer else { return plain };
        let sealed = sealer.seal(plain.as_bytes(), random);
        [
            "<xml>".to_owned(),
            xml::element("Encrypt", &sealed),
            xml::element("MsgSignature", &signature(&[&self.token, &time, nonce, &sealed])),
            format!("<TimeStamp>{time}</TimeStamp>"),
            xml::element("Nonce", nonce),
            "</xml>".to_owned(),
        ]
        .concat()
    }

    pub(super) fn send(&self, key: &str, parcel: &Parcel, now: i64) -> Result<(), Failure> {
        let platform = self.platform.as_ref().ok_or_else(|| {
            Failure::lasting("the channel has no secret_env, so only answers within five seconds reach its customers")
        })?;
        match self.flavour {
            Flavour::Wechat => {
                let body = text_to(&parcel.peer, &parcel.text);
                platform.call("cgi-bin/message/custom/send", &body, now).map(drop)
            }
            Flavour::Wecom { agent_id } => wecom::send(platform, agent_id, key, parcel, now),
        }
    }
}

pub(super) fn text_to(peer: &str, text: &str) -> Value {
    json!({"touser": peer, "msgtype": "text", "text": {"content": text}})
}

fn check(is_signed: bool, timestamp: &str, now: i64) -> Result<(), Refusal> {
    if !is_signed {
        return Err(Refusal::Signature);
    }
    match timestamp.parse::<i64>() {
        Ok(at) if at.abs_diff(now) <= WINDOW_SECONDS.unsigned_abs() => Ok(()),
        _ => Err(Refusal::Time),
    }
}

/// A customer's text as it is heard: not longer than a message may be, and no blank one.
pub(super) fn text(text: &str) -> Told {
    let text: String = text.trim().chars().take(TEXT_CHARS_MAX).collect();
    match text.is_empty() {
        true => Told::Unreadable("空白消息", "blank messages"),
        false => Told::Text(text.replace('\0', "\u{fffd}")),
    }
}

fn told(fields: &xml::Fields) -> Option<Told> {
    Some(match (fields.get("MsgType"), fields.get("Event")) {
        ("text", _) => text(fields.get("Content")),
        // Understood by the platform, if the account is set to it.
        ("voice", _) if !fields.get("Recognition").trim().is_empty() => text(fields.get("Recognition")),
        ("event", "subscribe" | "enter_agent") => Told::Arrived,
        ("event", _) => return None,
        (kind, _) => unreadable(kind),
    })
}

/// What a message of this kind is.
pub(super) fn unreadable(kind: &str) -> Told {
    let (zh, en) = match kind {
        "image" => ("图片", "pictures"),
        "voice" => ("语音", "voice messages"),
        "video" | "shortvideo" => ("视频", "videos"),
        "location" => ("位置", "locations"),
        "link" => ("链接", "links"),
        "file" => ("文件", "files"),
        _ => ("这类消息", "messages of this kind"),
    };
    Told::Unreadable(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOKEN: &str = "spamtest";
    const KEY: &str = "abcdefghijklmnopqrstuvwxyz0123456789ABCDEFG";

    fn account(aes_key: Option<&str>) -> Callback {
        let config = WechatConfig {
            app_id: "wx2c2769f8efd9abc2".into(),
            token_env: "T".into(),
            aes_key_env: aes_key.map(|_| "K".into()),
            secret_env: None,
            api_url: "http://127.0.0.1:9".into(),
        };
        let secrets = |name: &str| Some(if name == "T" { TOKEN.into() } else { aes_key.unwrap_or_default().into() });
        Callback::wechat(&config, &secrets).unwrap()
    }

    fn plain(body: &str) -> String {
        format!(
            "<xml><ToUserName>gh_1</ToUserName><FromUserName>o1</FromUserName><CreateTime>9</CreateTime>{body}</xml>"
        )
    }

    fn signed(parts: &[&str]) -> CallbackQuery {
        let [timestamp, nonce] = ["1000", "n"].map(str::to_owned);
        let all = [&[TOKEN, "1000", "n"][..], parts].concat();
        CallbackQuery {
            signature: signature(&all),
            msg_signature: signature(&all),
            timestamp,
            nonce,
            ..Default::default()
        }
    }

    #[test]
    fn the_address_is_answered_for_who_knows_the_token() {
        let account = account(None);
        let query = CallbackQuery { echostr: "hello".into(), ..signed(&[]) };
        assert_eq!(account.verify_address(&query, 1000), Ok("hello".into()));
        assert_eq!(account.verify_address(&query, 1601), Err(Refusal::Time));
        let forged = CallbackQuery { nonce: "m".into(), ..query };
        assert_eq!(account.verify_address(&forged, 1000), Err(Refusal::Signature));
        assert_eq!(account.verify_address(&CallbackQuery::default(), 0), Err(Refusal::Signature));
    }

    #[test]
    fn what_people_send_is_read() {
        let account = account(None);
        let read = |body: &str| {
            let message = account.open(&signed(&[]), plain(body).as_bytes(), 1000).unwrap();
            match account.read("wechat", &message) {
                Reply::Heard(incoming) => Some((incoming.peer, incoming.key, incoming.told)),
                Reply::Pull { .. } | Reply::Nothing => None,
            }
        };
        let told = |body: &str| read(body).map(|(_, _, told)| told);
        assert_eq!(
            read("<MsgType>text</MsgType><Content><![CDATA[ 在吗 ]]></Content><MsgId>7</MsgId>"),
            Some(("o1".into(), "o1 7".into(), Told::Text("在吗".into())))
        );
        assert_eq!(
            told("<MsgType>text</MsgType><Content> </Content>"),
            Some(Told::Unreadable("空白消息", "blank messages"))
        );
        assert_eq!(told("<MsgType>image</MsgType><PicUrl>x</PicUrl>"), Some(Told::Unreadable("图片", "pictures")));
        assert_eq!(told("<MsgType>voice</MsgType>"), Some(Told::Unreadable("语音", "voice messages")));
        let voice = "<MsgType>voice</MsgType><Recognition>怎么退货</Recognition>";
        assert_eq!(told(voice), Some(Told::Text("怎么退货".into())));
        let subscribed = "<MsgType>event</MsgType><Event>subscribe</Event>";
        assert_eq!(read(subscribed), Some(("o1".into(), "o1 9 subscribe".into(), Told::Arrived)));
        assert_eq!(told("<MsgType>event</MsgType><Event>unsubscribe</Event>"), None);
        let long = format!("<MsgType>text</MsgType><Content>{}</Content>", "字".repeat(5000));
        assert!(matches!(told(&long), Some(Told::Text(text)) if text.chars().count() == TEXT_CHARS_MAX));
    }

    #[test]
    fn sealed_messages_are_opened_and_answered_sealed_and_plain_ones_refused() {
        let account = account(Some(KEY));
        let sealer = Sealer::new(KEY, "wx2c2769f8efd9abc2").unwrap();
        let inner = plain("<MsgType>text</MsgType><Content>hi</Content><MsgId>7</MsgId>");
        let sealed = sealer.seal(inner.as_bytes(), [1; 16]);
        let body = format!("<xml><Encrypt>{sealed}</Encrypt></xml>");
        let message = account.open(&signed(&[&sealed]), body.as_bytes(), 1000).unwrap();
        let text = account.answer(&message, "]]> 你好", 1001, [2; 16], "m");
        let outer = xml::read(text.as_bytes()).unwrap();
        let all = [TOKEN, "1001", "m", outer.get("Encrypt")];
        assert!(is_signed(&all, outer.get("MsgSignature")) && outer.get("TimeStamp") == "1001");
        let answer = xml::read(&sealer.open(outer.get("Encrypt")).unwrap()).unwrap();
        assert_eq!(
            ["ToUserName", "FromUserName", "MsgType", "Content"].map(|name| answer.get(name)),
            ["o1", "gh_1", "text", "]]> 你好"]
        );
        let refused = |query: &CallbackQuery, body: &str| account.open(query, body.as_bytes(), 1000).unwrap_err();
        assert_eq!(refused(&signed(&[]), &inner), Refusal::Plain);
        assert_eq!(refused(&signed(&["x"]), &body), Refusal::Signature);
        assert_eq!(refused(&signed(&["AAAA"]), "<xml><Encrypt>AAAA</Encrypt></xml>"), Refusal::Sealed);
        assert_eq!(refused(&signed(&[]), "<!DOCTYPE a><xml/>"), Refusal::Xml("has a document type"));
        // Sealed for another account with the same key.
        let other = Sealer::new(KEY, "wxother").unwrap().seal(inner.as_bytes(), [1; 16]);
        assert_eq!(refused(&signed(&[&other]), &format!("<xml><Encrypt>{other}</Encrypt></xml>")), Refusal::Sealed);
    }
}
