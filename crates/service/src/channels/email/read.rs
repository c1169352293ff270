//! A mail as it is understood: who wrote it and whether that is a person, which mails it names, its text. Encodings and parts are the
//! parser's; here it is decided what counts.

use mail_parser::{Address, HeaderValue, Message, MessageParser, MimeHeaders};
use sha2::{Digest, Sha256};

use crate::random::hex;

/// Ids of a thread that are looked at.
const REFERENCES_MAX: usize = 100;
const ID_BYTES_MAX: usize = 300;
const SUBJECT_CHARS_MAX: usize = 200;

/// Who wrote a mail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Person,
    /// An absence, a newsletter, a list: never answered (RFC 3834).
    Automatic,
    /// A mail of ours did not arrive.
    Bounce,
}

/// One mail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mail {
    /// The address that a reply goes to, in small letters.
    pub from: String,
    pub subject: String,
    /// Without angle brackets; of the whole mail's digest, where it has none.
    pub id: String,
    /// Ids of the mails before it, the first first.
    pub references: Vec<String>,
    pub text: String,
    pub kind: Kind,
}

/// Reads a raw mail; `None` if it is none, or nobody could be answered.
pub fn read(raw: &[u8]) -> Option<Mail> {
    let message = MessageParser::default().parse(raw)?;
    let kind = kind_of(&message);
    let from = address(message.reply_to()).or_else(|| address(message.from()));
    let from = match kind {
        Kind::Person => from?,
        // Nobody is answered.
        Kind::Automatic | Kind::Bounce => from.unwrap_or_default(),
    };
    let id = message.message_id().filter(|id| is_id(id)).map(str::to_owned);
    let mut references = ids(message.references());
    for id in ids(message.in_reply_to()) {
        if !references.contains(&id) {
            references.push(id);
        }
    }
    let text = message.body_text(0).unwrap_or_default().into_owned();
    if kind == Kind::Bounce {
        references.extend(returned_ids(raw));
    }
    references.truncate(REFERENCES_MAX);
    let subject = message.subject().unwrap_or_default().chars().filter(|c| !c.is_control());
    Some(Mail {
        from,
        subject: subject.take(SUBJECT_CHARS_MAX).collect(),
        id: id.unwrap_or_else(|| format!("{}@none", hex(&Sha256::digest(raw)[..16]))),
        references,
        text,
        kind,
    })
}

/// One address, of the form that mails are sent to.
fn address(of: Option<&Address<'_>>) -> Option<String> {
    let address = of?.first()?.address()?.trim().to_lowercase();
    is_address(&address).then_some(address)
}

/// Whether it is an address as mail programs have them: letters, digits and the usual signs, and a host with a dot. Others (quoted
/// names, numbers for hosts) are left to people.
pub fn is_address(text: &str) -> bool {
    let Some((name, host)) = text.rsplit_once('@') else { return false };
    let is_label = |label: &str| {
        !label.is_empty() && !label.starts_with('-') && label.chars().all(|c| c.is_alphanumeric() || c == '-')
    };
    let of_name = |c: char| c.is_alphanumeric() || "!#$%&'*+/=?^_`{|}~.-".contains(c);
    text.len() <= 254
        && !name.is_empty()
        && !name.starts_with(['-', '.'])
        && name.chars().all(of_name)
        && host.contains('.')
        && host.split('.').all(is_label)
}

fn is_id(id: &str) -> bool {
    !id.is_empty()
        && id.len() <= ID_BYTES_MAX
        && !id.contains(|c: char| c.is_whitespace() || c.is_control() || "<>".contains(c))
}

fn ids(value: &HeaderValue<'_>) -> Vec<String> {
    let all: Vec<&str> = match value {
        HeaderValue::Text(text) => vec![text.as_ref()],
        HeaderValue::TextList(list) => list.iter().map(AsRef::as_ref).collect(),
        _ => Vec::new(),
    };
    all.into_iter().filter(|id| is_id(id)).take(REFERENCES_MAX).map(str::to_owned).collect()
}

fn header(message: &Message<'_>, name: &str) -> String {
    message.header_raw(name).unwrap_or_default().trim().to_lowercase()
}

fn kind_of(message: &Message<'_>) -> Kind {
    let sender =
        message.from().and_then(Address::first).and_then(|from| from.address()).unwrap_or_default().to_lowercase();
    let from_daemon = ["mailer-daemon@", "postmaster@"].iter().any(|name| sender.starts_with(name));
    let is_report =
        message.content_type().is_some_and(|of| of.ctype() == "multipart" && of.subtype() == Some("report"));
    if from_daemon || is_report {
        return Kind::Bounce;
    }
    let submitted = header(message, "Auto-Submitted");
    let is_automatic = !(submitted.is_empty() || submitted == "no")
        || matches!(header(message, "Precedence").as_str(), "bulk" | "list" | "junk" | "auto_reply")
        || ["List-Id", "List-Unsubscribe", "X-Autoreply", "X-Autorespond", "X-Auto-Response-Suppress", "Feedback-ID"]
            .iter()
            .any(|name| message.header_raw(*name).is_some())
        || header(message, "Return-Path") == "<>"
        || ["noreply@", "no-reply@", "do-not-reply@", "donotreply@"].iter().any(|name| sender.starts_with(name));
    if is_automatic { Kind::Automatic } else { Kind::Person }
}

/// Message-IDs in what a report returns of our mail.
fn returned_ids(raw: &[u8]) -> Vec<String> {
    let text = String::from_utf8_lossy(&raw[..raw.len().min(64 << 10)]);
    let of_line = |line: &str| {
        let (name, value) = line.split_once(':')?;
        let id = value.trim().strip_prefix('<')?.strip_suffix('>')?;
        (name.eq_ignore_ascii_case("message-id") && is_id(id)).then(|| id.to_owned())
    };
    text.lines().filter_map(of_line).take(REFERENCES_MAX).collect()
}

/// The subject of a reply.
pub fn reply_subject(subject: &str) -> String {
    let plain: String = subject.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let lower = plain.trim().to_lowercase();
    let is_reply = ["re:", "re：", "回复:", "回复：", "答复:", "答复："].iter().any(|mark| lower.starts_with(mark));
    if is_reply { plain.trim().to_owned() } else { format!("Re: {}", plain.trim()) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn mail(headers: &str, body: &str) -> Option<Mail> {
        read(format!("{headers}\r\n\r\n{body}").as_bytes())
    }

    const FROM: &str = "From: Li Wei <Li.Wei@Example.com>\r\nSubject: =?utf-8?B?6YCA6LSn?=\r\nMessage-ID: <a@x>";

    #[test]
    fn encodings_and_parts_are_read() {
        let plain = mail(FROM, "你好").unwrap();
        assert_eq!(
            (plain.from.as_str(), plain.subject.as_str(), plain.id.as_str()),
            ("li.wei@example.com", "退货", "a@x")
        );
        let gbk = [
            format!("{FROM}\r\nContent-Type: text/plain; charset=gb18030\r\n\r\n").as_bytes(),
            &[0xc4, 0xe3, 0xba, 0xc3],
        ]
        .concat();
        assert_eq!(read(&gbk).unwrap().text, "你好");
        let base64 = format!("{FROM}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: base64");
        assert_eq!(mail(&base64, "5L2g5aW9").unwrap().text, "你好");
        let html = mail(&format!("{FROM}\r\nContent-Type: text/html; charset=utf-8"), "<p>你好<script>x</script></p>")
            .unwrap();
        assert!(html.text.contains("你好") && !html.text.contains('<'), "{}", html.text);
        let both = format!("{FROM}\r\nContent-Type: multipart/alternative; boundary=b");
        let parts = "--b\r\nContent-Type: text/plain\r\n\r\nplain\r\n--b\r\nContent-Type: text/html\r\n\r\n<b>html</b>\r\n--b--\r\n";
        assert_eq!(mail(&both, parts).unwrap().text.trim(), "plain");
        let broken =
            [format!("{FROM}\r\nContent-Type: text/plain; charset=utf-8\r\n\r\n").as_bytes(), b"ok \xff\xfe"].concat();
        assert!(read(&broken).unwrap().text.starts_with("ok"));
    }

    #[test]
    fn threads_are_followed() {
        let reply = mail(&format!("{FROM}\r\nReferences: <r@x> <s@x>\r\nIn-Reply-To: <t@x>"), "x").unwrap();
        assert_eq!(reply.references, ["r@x", "s@x", "t@x"]);
        let unnamed = mail("From: a@example.com", "x").unwrap();
        assert!(unnamed.id.ends_with("@none") && unnamed.references.is_empty());
        assert_eq!(mail("From: a@example.com", "x").unwrap().id, unnamed.id, "the same mail has the same id");
        assert_eq!(mail(&format!("{FROM}\r\nReply-To: other@example.com"), "x").unwrap().from, "other@example.com");
        assert_eq!(mail("Subject: x", "nobody wrote this"), None);
        assert_eq!(mail("From: not an address", "x"), None);
        assert_eq!((reply_subject("退货").as_str(), reply_subject("回复：退货").as_str()), ("Re: 退货", "回复：退货"));
    }

    #[test]
    fn machines_are_told_apart() {
        for (header, kind) in [
            ("X-Mailer: none", Kind::Person),
            ("Auto-Submitted: no", Kind::Person),
            ("Auto-Submitted: auto-replied", Kind::Automatic),
            ("auto-submitted: Auto-Generated", Kind::Automatic),
            ("Precedence: bulk", Kind::Automatic),
            ("List-Id: <news.example.com>", Kind::Automatic),
            ("X-Autoreply: yes", Kind::Automatic),
            ("Return-Path: <>", Kind::Automatic),
            ("Content-Type: multipart/report; report-type=delivery-status; boundary=b", Kind::Bounce),
        ] {
            assert_eq!(mail(&format!("{FROM}\r\n{header}"), "x").unwrap().kind, kind, "{header}");
        }
        assert_eq!(mail("From: noreply@example.com", "x").unwrap().kind, Kind::Automatic);
        let returned = "Reporting-MTA: dns; x\r\n\r\nMessage-ID: <cv_1-3-0@shop.example>\r\nSubject: Re\r\n";
        let bounce = mail("From: MAILER-DAEMON@mx.example.com", returned).unwrap();
        assert_eq!(
            (bounce.kind, bounce.references.as_slice()),
            (Kind::Bounce, &["cv_1-3-0@shop.example".to_owned()][..])
        );
    }

    #[test]
    fn addresses_are_plain_ones() {
        for address in ["a@example.com", "li.wei+shop@mail.example.com", "王@例子.中国", "o'neil@x-y.de"] {
            assert!(is_address(address), "{address}");
        }
        let long = format!("{}@example.com", "a".repeat(250));
        for address in [
            "",
            "a",
            "@x.com",
            "a@",
            "a@host",
            "a@x..com",
            "-oX@x.com",
            "a b@x.com",
            "a\r\nb@x.com",
            "a@x.com>",
            "a@-x.com",
            &long,
        ] {
            assert!(!is_address(address), "{address}");
        }
    }

    proptest! {
        #[test]
        fn whatever_comes_is_read_or_refused(bytes in proptest::collection::vec(any::<u8>(), 0..400), with_head in any::<bool>()) {
            let head: &[u8] = if with_head { b"From: a@example.com\r\nContent-Type: multipart/mixed; boundary=b\r\n\r\n--b\r\n" } else { b"" };
            let _ = read(&[head, &bytes].concat());
        }
    }
}
