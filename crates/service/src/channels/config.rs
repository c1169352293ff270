//! `[channels.NAME]` of `tercet.toml`: by which ways customers come besides the widget and the API. Secrets never stand in the
//! file: it names the environment variables that hold them. Nothing is opened here.

use std::path::PathBuf;

use serde::Deserialize;

use crate::error::{Result, ServiceError, clipped};

/// Looks up the value of an environment variable: an argument, so that tests need none.
pub type Secrets<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The process's own variables.
pub fn from_environment(name: &str) -> Option<String> {
    std::env::var(name).ok().map(|value| value.trim().to_owned()).filter(|value| !value.is_empty())
}

/// One channel as the file has it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ChannelConfig {
    Webhook(WebhookConfig),
    Wechat(WechatConfig),
    Wecom(WecomConfig),
    Email(EmailConfig),
}

/// A program of the shop's own, such as its app: `POST`s signed messages.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WebhookConfig {
    pub secret_env: String,
    /// Where replies are POSTed that are not given in the answer: those of people, and all with `replies = "url"`.
    pub reply_url: Option<String>,
    #[serde(default)]
    pub replies: Replies,
    /// Ways, as `customers.consent` names them, by which notices are POSTed to `reply_url` for the program to send.
    #[serde(default)]
    pub notices: Vec<String>,
    /// The same of sendings.
    #[serde(default)]
    pub campaigns: Vec<String>,
    /// Of a sending, so many a minute at most.
    pub per_minute: Option<u64>,
    /// Whether the program takes an id once: what may have arrived is then sent again with the same id, else never.
    #[serde(default = "yes")]
    pub knows_ids: bool,
    /// Where customers end it, with `{key}` in it, for copies that have a place for it.
    pub unsubscribe_url: Option<String>,
}

/// How the assistant's answers go back.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Replies {
    /// In the answer to the request that brought the message.
    #[default]
    Response,
    /// To `reply_url`.
    Url,
}

/// A WeChat official account (公众号).
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WechatConfig {
    pub app_id: String,
    pub token_env: String,
    /// EncodingAESKey; with it only encrypted messages are taken.
    pub aes_key_env: Option<String>,
    /// AppSecret; without it only answers that are ready within WeChat's five seconds reach the customer.
    pub secret_env: Option<String>,
    #[serde(default = "wechat_api")]
    pub api_url: String,
}

/// An application of WeCom (企业微信), and the accounts of WeChat customer service (微信客服) that are bound to it.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct WecomConfig {
    pub corp_id: String,
    pub agent_id: i64,
    pub token_env: String,
    pub aes_key_env: String,
    pub secret_env: String,
    #[serde(default = "wecom_api")]
    pub api_url: String,
}

/// A mailbox.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct EmailConfig {
    /// The shop's address, from which replies come.
    pub address: String,
    /// A Maildir that a fetcher or a mail server fills; a path in the shop's folder, or an absolute one.
    pub inbox: Option<PathBuf>,
    /// Of the signature of mails that are POSTed.
    pub secret_env: Option<String>,
    /// A program that sends as `sendmail` does, such as those of msmtp, Postfix and Exim.
    #[serde(default = "sendmail")]
    pub sendmail: PathBuf,
    /// Ways, as `customers.consent` names them, by which notices are sent here: to `email` in `customers.extra`.
    #[serde(default)]
    pub notices: Vec<String>,
    /// The same of sendings.
    #[serde(default)]
    pub campaigns: Vec<String>,
    /// Of a sending, so many a minute at most.
    pub per_minute: Option<u64>,
    /// Where customers end it, with `{key}` in it; a mail to `address` if absent.
    pub unsubscribe_url: Option<String>,
}

fn yes() -> bool {
    true
}

fn wechat_api() -> String {
    "https://api.weixin.qq.com".to_owned()
}

fn wecom_api() -> String {
    "https://qyapi.weixin.qq.com".to_owned()
}

fn sendmail() -> PathBuf {
    PathBuf::from("/usr/sbin/sendmail")
}

/// Names of channels that are taken: the widget's, the API's, and that of the news to the shop's own systems.
const RESERVED: [&str; 3] = ["web", "api", "service-webhook"];

/// Reads one channel.
///
/// # Errors
/// If its name or a key of it is none that is allowed.
pub fn read(name: &str, table: &toml::Value) -> Result<ChannelConfig> {
    let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '-';
    if name.is_empty() || name.len() > 40 || !name.chars().all(is_plain) || RESERVED.contains(&name) {
        let allowed = "1 to 40 small letters, digits, - and _, and none of web, api, service-webhook";
        return Err(wrong(name, format!("the name is '{}'; allowed: {allowed}", clipped(name))));
    }
    let config: ChannelConfig =
        table.clone().try_into().map_err(|error: toml::de::Error| wrong(name, error.message().to_owned()))?;
    check(&config).map_err(|said| wrong(name, said))?;
    Ok(config)
}

pub(super) fn wrong(name: &str, said: impl Into<String>) -> ServiceError {
    let message = format!("tercet.toml: channels.{}: {}", clipped(name), said.into());
    ServiceError::usage("config", message).help("mend the file and start the server again; `tercet doctor` checks it")
}

fn check(config: &ChannelConfig) -> std::result::Result<(), String> {
    match config {
        ChannelConfig::Webhook(webhook) => {
            webhook.reply_url.as_deref().map_or(Ok(()), |url| check_url("reply_url", url))?;
            if webhook.replies == Replies::Url && webhook.reply_url.is_none() {
                return Err("replies is 'url' and reply_url is not set; set it, or take out replies".to_owned());
            }
            if !webhook.notices.is_empty() && webhook.reply_url.is_none() {
                return Err("notices is set and reply_url is not; set it, or take out notices".to_owned());
            }
            if !webhook.campaigns.is_empty() && webhook.reply_url.is_none() {
                return Err("campaigns is set and reply_url is not; set it, or take out campaigns".to_owned());
            }
            check_ways("notices", &webhook.notices)?;
            check_ways("campaigns", &webhook.campaigns)?;
            check_pace(webhook.per_minute)?;
            webhook.unsubscribe_url.as_deref().map_or(Ok(()), check_stop)?;
        }
        ChannelConfig::Wechat(wechat) => {
            check_id("app_id", &wechat.app_id)?;
            check_url("api_url", &wechat.api_url)?;
        }
        ChannelConfig::Wecom(wecom) => {
            check_id("corp_id", &wecom.corp_id)?;
            check_url("api_url", &wecom.api_url)?;
        }
        ChannelConfig::Email(email) => {
            if email.inbox.is_none() && email.secret_env.is_none() {
                return Err("neither inbox nor secret_env is set; mail comes from a Maildir (inbox) or is POSTed \
                    signed (secret_env)"
                    .to_owned());
            }
            check_ways("notices", &email.notices)?;
            check_ways("campaigns", &email.campaigns)?;
            check_pace(email.per_minute)?;
            email.unsubscribe_url.as_deref().map_or(Ok(()), check_stop)?;
            if !email.sendmail.is_absolute() {
                let found = email.sendmail.to_string_lossy();
                return Err(format!("sendmail is '{}'; allowed: the absolute path of a program", clipped(&found)));
            }
        }
    }
    Ok(())
}

fn check_ways(what: &str, ways: &[String]) -> std::result::Result<(), String> {
    match ways.iter().find(|way| way.trim().is_empty() || way.len() > 64 || way.chars().any(char::is_control)) {
        Some(way) => {
            Err(format!("{what} holds '{}'; allowed: ways as the consent of customers names them", clipped(way)))
        }
        None => Ok(()),
    }
}

fn check_pace(per_minute: Option<u64>) -> std::result::Result<(), String> {
    match per_minute {
        Some(n) if !(1..=1_000_000).contains(&n) => Err(format!("per_minute is {n}; allowed: 1 to 1000000")),
        _ => Ok(()),
    }
}

fn check_stop(url: &str) -> std::result::Result<(), String> {
    check_url("unsubscribe_url", url)?;
    match url.contains("{key}") {
        true => Ok(()),
        false => Err(format!("unsubscribe_url is '{}'; allowed: an address with {{key}} in it", clipped(url))),
    }
}

fn check_id(what: &str, id: &str) -> std::result::Result<(), String> {
    if id.is_empty() || id.len() > 64 || !id.chars().all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-') {
        return Err(format!("{what} is '{}'; allowed: letters, digits, - and _", clipped(id)));
    }
    Ok(())
}

/// An address with a host, and without a name or a password.
pub fn check_url(what: &str, url: &str) -> std::result::Result<(), String> {
    let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
    let host = rest.and_then(|rest| rest.split(['/', '?', '#']).next()).unwrap_or_default();
    if host.is_empty() || url.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(format!("{what} is '{}'; allowed: http://… or https://…", clipped(url)));
    }
    if host.contains('@') {
        return Err(format!("{what} holds a name or a password; take them out"));
    }
    Ok(())
}

/// The value of a secret's variable.
///
/// # Errors
/// If it is not set or has fewer than `n_min` characters; its value is in no message.
pub fn secret(secrets: Secrets<'_>, variable: &str, what: &str, n_min: usize) -> std::result::Result<String, String> {
    let value = secrets(variable).unwrap_or_default();
    if value.chars().count() < n_min {
        let missing = format!("the environment variable {}, which is to hold {what}", clipped(variable));
        return Err(match value.is_empty() {
            true => format!("{missing}, is not set"),
            false => format!("{missing}, has fewer than {n_min} characters"),
        });
    }
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mistakes_are_named() {
        let read = |name: &str, text: &str| read(name, &toml::from_str::<toml::Value>(text).unwrap());
        let webhook = "kind = \"webhook\"\nsecret_env = \"S\"";
        assert!(read("shop-app", webhook).is_ok());
        let wechat = "kind = \"wechat\"\napp_id = \"wx1\"\ntoken_env = \"T\"";
        match read("wechat", wechat).unwrap() {
            ChannelConfig::Wechat(config) => assert_eq!(config.api_url, "https://api.weixin.qq.com"),
            other => panic!("{other:?}"),
        }
        for (name, text, said) in [
            ("web", webhook.to_owned(), "none of web"),
            ("Shop App", webhook.to_owned(), "small letters"),
            ("a", "kind = \"fax\"".to_owned(), "unknown variant `fax`"),
            ("a", "secret_env = \"S\"".to_owned(), "missing field `kind`"),
            ("a", format!("{webhook}\nsecret = \"x\""), "unknown field `secret`"),
            ("a", format!("{webhook}\nreplies = \"url\""), "reply_url is not set"),
            ("a", format!("{webhook}\nnotices = [\"sms\"]"), "notices is set and reply_url is not"),
            ("a", format!("{webhook}\nreply_url = \"https://h/\"\nnotices = [\"\"]"), "notices holds ''"),
            ("a", format!("{wechat}\nnotices = [\"wechat\"]"), "unknown field `notices`"),
            ("a", format!("{webhook}\nreply_url = \"ftp://x\""), "allowed: http://"),
            ("a", format!("{webhook}\ncampaigns = [\"sms\"]"), "campaigns is set and reply_url is not"),
            ("a", format!("{webhook}\nper_minute = 0"), "per_minute is 0"),
            ("a", format!("{webhook}\nunsubscribe_url = \"https://h/stop\""), "with {key} in it"),
            ("a", format!("{webhook}\nreply_url = \"https://me:pw@host/\""), "a name or a password"),
            ("a", wechat.replace("wx1", "wx 1"), "app_id is 'wx 1'"),
            ("a", "kind = \"email\"\naddress = \"a@b.c\"".to_owned(), "neither inbox nor"),
            ("a", "kind = \"email\"\naddress = \"a@b.c\"\ninbox = \"m\"\nsendmail = \"msmtp\"".to_owned(), "absolute"),
        ] {
            let error = read(name, &text).unwrap_err().message;
            assert!(error.contains(said) && !error.contains("me:pw"), "{said} is not in: {error}");
        }
    }

    #[test]
    fn a_secret_is_never_told() {
        let short = |_: &str| Some("hush".to_owned());
        let error = secret(&short, "NAME", "the token", 16).unwrap_err();
        assert!(error.contains("fewer than 16") && !error.contains("hush"), "{error}");
        assert!(secret(&|_| None, "NAME", "the token", 1).unwrap_err().contains("NAME, which is to hold the token"));
        assert_eq!(secret(&short, "NAME", "the token", 3).unwrap(), "hush");
    }
}
