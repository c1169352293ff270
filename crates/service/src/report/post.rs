//! Reports and alerts that leave by themselves: by a channel of mail, with the files, or to a webhook, signed. What is to leave is put into the
//! outbox under a key that follows from what it is and who it is for, so that one week's report leaves once for each; the files stay in the
//! folder until then, and as history. Not here: when (`schedule`), and how a channel carries anything (`channels`).

use std::collections::BTreeMap;
use std::sync::Arc;

use data::Shop;
use data::state::outbox::Outgoing;
use domain::{Day, Millis};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use super::facts::Span;
use super::files::{Format, Lang, ReportConfig, file_name, summary, write};
use super::told::Report;
use super::{About, make};
use crate::alerts::{self, Kept, News};
use crate::auth::keys::digest;
use crate::channels::{Channel, Channels, Failure, FileOfMail, ReportMail};
use crate::clock;
use crate::error::{Result, ServiceError, clipped};
use crate::serving::{ServedShop, off_thread};

/// The kind under which reports are kept.
const KIND: &str = "reports";
const ABOUT: &str = "about.json";
const KEPT_MAX: usize = 60;
const RECIPIENTS_MAX: usize = 50;
/// Before the keys of such deliveries.
const KEY_START: &str = "report-";
const KEY_DIGITS: usize = 24;
/// Settings that say that something was sent.
const SENT: &str = "report/sent/";

/// Who gets something: `CHANNEL:ADDRESS` of a channel of mail, or the name of a webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Recipient {
    pub channel: String,
    pub address: Option<String>,
}

impl Recipient {
    /// # Errors
    /// If the channel is none that carries reports, or the address is none.
    pub fn named(channels: &Channels, name: &str) -> Result<Recipient> {
        let wrong = |said: &str| {
            let message = format!("to has '{}'; {said}", clipped(name));
            Err(ServiceError::usage("to", message).help(
                "allowed: CHANNEL:ADDRESS with a channel of kind email, or the name of a channel of kind webhook with reply_url, as tercet.toml has them",
            ))
        };
        let (channel, address) = match name.split_once(':') {
            Some((channel, address)) => (channel, Some(address.trim().to_owned())),
            None => (name, None),
        };
        match (channels.get(channel), &address) {
            (None, _) => wrong("there is no such channel"),
            (Some(Channel::Email(_)), Some(address)) if crate::channels::email::is_address(address) => {
                Ok(Recipient { channel: channel.to_owned(), address: Some(address.to_lowercase()) })
            }
            (Some(Channel::Email(_)), _) => wrong("a channel of mail needs an address, as email:boss@shop.example"),
            (Some(Channel::Webhook(_) | Channel::Events(_)), None) => {
                Ok(Recipient { channel: channel.to_owned(), address: None })
            }
            (Some(Channel::Webhook(_) | Channel::Events(_)), Some(_)) => wrong("a webhook has no address"),
            (Some(Channel::Callback(_)), _) => wrong("this kind of channel carries no reports"),
        }
    }

    fn all(channels: &Channels, names: &[String]) -> Result<Vec<Recipient>> {
        if names.len() > RECIPIENTS_MAX {
            let message = format!("to has {} recipients; allowed: {RECIPIENTS_MAX}", names.len());
            return Err(ServiceError::usage("to", message));
        }
        let mut all: Vec<Recipient> = Vec::new();
        for name in names {
            let one = Recipient::named(channels, name)?;
            if !all.contains(&one) {
                all.push(one);
            }
        }
        Ok(all)
    }

    /// What a delivery to them is known by: the same whenever it is made, and without their address.
    fn key(&self, what: &str) -> String {
        let to = self.address.as_deref().unwrap_or("");
        format!("{KEY_START}{}", &digest(&format!("{what} {} {to}", self.channel))[..KEY_DIGITS])
    }
}

/// What a delivery holds.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Parcel {
    to: Option<String>,
    subject: String,
    text: String,
    /// What programs are told.
    told: Value,
    /// Where the files are kept, and their names.
    version: Option<String>,
    files: Vec<String>,
}

/// What the schedule may say of a report.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct ReportParams {
    /// `zh` or `en`; the shop's if absent.
    pub lang: Option<String>,
    /// Files of a mail: html, pdf, xlsx, csv. HTML if absent.
    pub formats: Option<Vec<String>>,
    pub to: Vec<String>,
    /// The last day that may be told of; yesterday if absent.
    pub day: Option<String>,
}

/// A report that is to be made, checked.
#[derive(Clone, Debug)]
pub struct Wanted {
    lang: Lang,
    formats: Vec<Format>,
    to: Vec<Recipient>,
    day: Option<Day>,
}

impl Wanted {
    /// # Errors
    /// If something is not allowed.
    pub fn of(shop: &ServedShop, params: &ReportParams) -> Result<Wanted> {
        let lang = Lang::named(params.lang.as_deref().unwrap_or(&shop.shop.config().language))?;
        let names = params.formats.clone().unwrap_or_else(|| vec!["html".to_owned()]);
        let mut formats = Vec::new();
        for name in &names {
            let format = Format::named(name)?;
            if !formats.contains(&format) {
                formats.push(format);
            }
        }
        let day = params.day.as_deref().map(|day| super::read_day("day", day)).transpose()?;
        Ok(Wanted { lang, formats, to: Recipient::all(&shop.channels, &params.to)?, day })
    }
}

/// A report that was made by the schedule or by a job.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct KeptReport {
    #[serde(default)]
    pub version: String,
    /// UTC milliseconds.
    pub made_at: i64,
    pub from: String,
    pub to: String,
    pub lang: String,
    /// html, pdf, xlsx, csv, json.
    pub formats: Vec<String>,
    /// Recipients it was put into the outbox for.
    pub n_recipients: u64,
}

/// Makes the report of the last whole week before `now`, keeps it, and puts it into the outbox for everybody who has not had that week's in that
/// language. Where all have had it nothing is made.
///
/// # Errors
/// If it cannot be made, printed or kept.
pub async fn weekly(shop: &Arc<ServedShop>, wanted: Wanted, now: Millis) -> Result<Value> {
    let today = clock::day_of(now, &clock::zone(&shop.shop.config().time_zone));
    let day = wanted.day.unwrap_or(Day(today.0 - 1));
    let week = Span::last_week(day);
    let what = format!("week {} {} {}", week.from, week.to, wanted.lang.name());
    let mut fresh = Vec::new();
    for recipient in &wanted.to {
        if !is_sent(shop, &recipient.key(&what))? {
            fresh.push(recipient.clone());
        }
    }
    if fresh.is_empty() && !wanted.to.is_empty() {
        return Ok(json!({"from": week.from, "to": week.to, "already": true, "n_recipients": 0}));
    }
    let report = make(&shop.shop, &shop.store, &About::Week, Some(day)).await?;
    let (lang, own) = (wanted.lang, shop.clone());
    let kept =
        off_thread(move || keep(&own.shop, &report, &wanted, fresh.len()).map(|kept| (kept, report, fresh, what)));
    let (kept, report, fresh, what) = kept.await?;
    let mut outgoing = Vec::new();
    for recipient in &fresh {
        outgoing.push(recipient.outgoing(&what, &parcel(&report, &kept, lang, recipient)?, now)?);
    }
    queue(shop, outgoing, now)?;
    Ok(
        json!({"version": kept.version, "from": report.from, "to": report.to, "formats": kept.formats, "n_recipients": kept.n_recipients}),
    )
}

/// Whether a delivery of this key was ever put into the outbox.
fn is_sent(shop: &ServedShop, key: &str) -> Result<bool> {
    Ok(shop.store.setting(&format!("{SENT}{key}"))?.is_some() || shop.shop.state()?.outgoing_state(key)?.is_some())
}

/// Puts deliveries into the outbox, where those of a known key are left alone, and notes that they are.
fn queue(shop: &ServedShop, outgoing: Vec<Outgoing>, now: Millis) -> Result<()> {
    let keys: Vec<String> = outgoing.iter().map(|one| one.key.clone()).collect();
    shop.shop.state()?.queue_outgoing(outgoing)?;
    for key in keys {
        // The outbox forgets what it has sent; this does not.
        shop.store.set_setting(&format!("{SENT}{key}"), &now.0.to_string())?;
    }
    shop.channels.wake();
    Ok(())
}

impl Recipient {
    fn outgoing(&self, what: &str, parcel: &Parcel, now: Millis) -> Result<Outgoing> {
        let key = self.key(what);
        Ok(Outgoing {
            lane: key.clone(),
            key,
            channel: self.channel.clone(),
            body: serde_json::to_string(parcel)?,
            at: now.0,
            due_at: now.0,
        })
    }
}

fn parcel(report: &Report, kept: &KeptReport, lang: Lang, to: &Recipient) -> Result<Parcel> {
    let formats = kept.formats.iter().map(|name| Format::named(name)).collect::<Result<Vec<_>>>()?;
    let files = formats.into_iter().map(|format| file_name(report, format, lang)).collect();
    // A mail is read by people, a webhook by programs.
    let told = match to.address {
        Some(_) => Value::Null,
        None => serde_json::to_value(report)?,
    };
    Ok(Parcel {
        to: to.address.clone(),
        subject: format!("{} · {}", lang.of(&report.title), report.shop),
        text: summary(report, lang),
        told,
        version: Some(kept.version.clone()),
        files,
    })
}

/// Writes the files and keeps them as a version.
fn keep(shop: &Shop, report: &Report, wanted: &Wanted, n_recipients: usize) -> Result<KeptReport> {
    let config = ReportConfig::of(shop.config())?;
    let mut files = BTreeMap::new();
    for format in &wanted.formats {
        files.insert(file_name(report, *format, wanted.lang), write(report, *format, wanted.lang, &config)?);
    }
    let mut kept = KeptReport {
        version: String::new(),
        made_at: clock::now().0,
        from: report.from.clone(),
        to: report.to.clone(),
        lang: wanted.lang.name().to_owned(),
        formats: wanted.formats.iter().map(|format| format.name().to_owned()).collect(),
        n_recipients: n_recipients as u64,
    };
    files.insert(ABOUT.to_owned(), serde_json::to_vec(&kept)?);
    kept.version = shop.models().publish(KIND, &files)?;
    shop.models().activate(KIND, &kept.version)?;
    shop.models().prune(KIND, KEPT_MAX)?;
    Ok(kept)
}

/// Reports that were made, the last first.
///
/// # Errors
/// If they cannot be read.
pub fn kept(shop: &Shop) -> Result<Vec<KeptReport>> {
    let mut all = Vec::new();
    for version in shop.models().versions(KIND)?.into_iter().rev() {
        // One that has just been pruned is not told of.
        let Ok(bytes) = shop.models().read(KIND, &version, ABOUT) else { continue };
        all.push(KeptReport { version, ..serde_json::from_slice(&bytes)? });
    }
    Ok(all)
}

/// A file of a report that was made.
///
/// # Errors
/// If there is none.
pub fn kept_file(shop: &Shop, version: &str, format: Format) -> Result<(String, Vec<u8>)> {
    let none = || ServiceError::not_found("kept report", version).help("GET /v1/reports lists them");
    let kept = kept(shop)?.into_iter().find(|kept| kept.version == version).ok_or_else(none)?;
    if !kept.formats.iter().any(|name| name == format.name()) {
        let message = format!("it was not made as {}; there is: {}", format.name(), kept.formats.join(", "));
        return Err(ServiceError::new(crate::error::Kind::NotFound, "format", message));
    }
    let name = format!("report-{}-{}.{}", kept.from, kept.lang, format.name());
    let bytes = shop.models().read(KIND, version, &name)?;
    Ok((name, bytes))
}

/// Looks for what is out of order, and tells whoever `[alerts]` names of what has begun and of what is over.
///
/// # Errors
/// If a recipient is none, the tables cannot be read, or nothing can be written.
pub async fn alerts(shop: &Arc<ServedShop>, now: Millis) -> Result<Value> {
    let rules = alerts::Rules::of(shop.shop.config())?;
    let to = Recipient::all(&shop.channels, &rules.to)?;
    let lang = Lang::named(&shop.shop.config().language)?;
    let day = clock::day_of(now, &clock::zone(&shop.shop.config().time_zone));
    let (mut n_begun, mut n_over) = (0, 0);
    let tell = |news: &News| {
        (n_begun, n_over) = (news.begun.len(), news.over.len());
        let mut outgoing = Vec::new();
        for kept in news.begun.iter().chain(&news.over) {
            for recipient in &to {
                let parcel = alert_parcel(&shop.shop.config().name, kept, lang, recipient)?;
                outgoing.push(recipient.outgoing(&kept.occurrence(), &parcel, now)?);
            }
        }
        if outgoing.is_empty() { Ok(()) } else { queue(shop, outgoing, now) }
    };
    let found = alerts::check(&shop.shop, &shop.store, day, now, tell).await?;
    Ok(json!({"day": day, "n_open": found.open.len(), "n_begun": n_begun, "n_over": n_over}))
}

fn alert_parcel(shop: &str, kept: &Kept, lang: Lang, to: &Recipient) -> Result<Parcel> {
    let (alert, is_over) = (&kept.alert, kept.over_at.is_some());
    let title = lang.of(&alert.title);
    let subject = match is_over {
        true => format!("{}{title} · {shop}", lang.choose("已恢复：", "Over: ")),
        false => format!("{}{title} · {shop}", lang.choose("警报：", "Alert: ")),
    };
    let text = match is_over {
        true => format!("{title}\n\n{}\n", lang.choose("已经恢复正常。", "It is as it should be again.")),
        false => {
            format!("{title}\n\n{}\n{}\n→ {}\n", lang.of(&alert.found), lang.of(&alert.expected), lang.of(&alert.help))
        }
    };
    let told = match to.address {
        Some(_) => Value::Null,
        None => serde_json::to_value(kept)?,
    };
    Ok(Parcel { to: to.address.clone(), subject, text, told, version: None, files: Vec::new() })
}

/// Whether a delivery carries a report or an alert.
pub fn is_post(key: &str) -> bool {
    key.starts_with(KEY_START)
}

/// Sends one that is due.
///
/// # Errors
/// If it did not arrive.
pub fn send(
    channel: &Channel,
    shop: &ServedShop,
    (key, body): (&str, &str),
    now: i64,
) -> std::result::Result<(), Failure> {
    let parcel: Parcel =
        serde_json::from_str(body).map_err(|_| Failure::lasting("it is no delivery of this version"))?;
    let Parcel { to, subject, text, told, version, files } = parcel;
    if let Channel::Email(mailbox) = channel {
        let to = to.ok_or_else(|| Failure::lasting("it has no address"))?;
        let mut read = Vec::new();
        for name in &files {
            let version = version.as_deref().unwrap_or_default();
            let bytes = shop.shop.models().read(KIND, version, name);
            let bytes = bytes.map_err(|_| Failure::lasting("the report's files are gone"))?;
            let ending = name.rsplit('.').next().unwrap_or_default();
            let media = Format::named(ending).map_or("application/octet-stream", Format::media);
            read.push(FileOfMail { name: name.clone(), media, bytes });
        }
        return mailbox.send_report(&ReportMail { key, to: &to, subject: &subject, text: &text, files: &read });
    }
    let what = if version.is_some() { "report" } else { "alert" };
    let body = json!({"id": key, "event": what, "subject": subject, "text": text, what: told}).to_string();
    channel.post_told(key, &body, now)
}
