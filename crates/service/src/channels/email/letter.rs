//! A mail as it is written (RFC 5322, RFC 2047): one text in UTF-8, to one person, and handed to a program that sends as `sendmail`
//! does. How mail travels (servers, encryption, passwords) is that program's.

use std::io::Write;
use std::path::Path;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::channels::http::Failure;

/// A program that has not taken a mail by then is ended.
const TIMEOUT: Duration = Duration::from_secs(60);
const LOOK_EVERY: Duration = Duration::from_millis(20);
/// Bytes of a text in one encoded word, which may have 75 characters.
const WORD_BYTES: usize = 42;
const LINE_CHARS: usize = 76;
/// The variables of ours that the program sees: none of the secrets.
const VARIABLES: [&str; 5] = ["PATH", "HOME", "USER", "LOGNAME", "LANG"];
/// Exit codes of `sysexits.h` after which no other try helps: the mail is none, there is no such person, no such host.
const LASTING: [i32; 3] = [65, 67, 68];

/// One mail.
pub(super) struct Letter<'a> {
    pub from_name: &'a str,
    pub from: &'a str,
    pub to: &'a str,
    pub subject: &'a str,
    pub id: &'a str,
    /// The mails before it, the last being the one replied to.
    pub references: &'a [String],
    /// Written by no person.
    pub is_automatic: bool,
    pub text: &'a str,
    /// The same as a page; its styles and pictures are the writer's.
    pub html: Option<&'a str>,
    /// Where whoever wants no more such mails says so, as `List-Unsubscribe` has it.
    pub stop: Option<&'a str>,
    /// What goes with the text; a mail with files has no page.
    pub files: &'a [FileOfMail],
}

/// A file that goes with a mail.
#[derive(Clone, Debug)]
pub struct FileOfMail {
    /// Letters, digits, `-` and `.` of ASCII.
    pub name: String,
    pub media: &'static str,
    pub bytes: Vec<u8>,
}

impl Letter<'_> {
    /// The mail with its headers; lines end in one character, as `sendmail` has it. When it was written is for the program to say.
    pub fn write(&self) -> String {
        let ids: Vec<String> = self.references.iter().map(|id| format!("<{}>", plain(id))).collect();
        let mut headers = vec![
            format!("From: {} <{}>", words(self.from_name), plain(self.from)),
            format!("To: {}", plain(self.to)),
            format!("Subject: {}", words(self.subject)),
            format!("Message-ID: <{}>", plain(self.id)),
        ];
        if let Some(last) = ids.last() {
            headers.push(format!("In-Reply-To: {last}"));
            // Folded, since some servers refuse long lines.
            headers.push(format!("References: {}", ids.join("\n ")));
        }
        if self.is_automatic {
            // RFC 3834: what answers a mail, and what answers none.
            let how = if ids.is_empty() { "auto-generated" } else { "auto-replied" };
            headers.push(format!("Auto-Submitted: {how}"));
        }
        if let Some(stop) = self.stop {
            headers.push(format!("List-Unsubscribe: <{}>", plain(stop)));
        }
        headers.push("MIME-Version: 1.0".to_owned());
        let text = part("text/plain", self.text);
        if !self.files.is_empty() {
            let boundary = "--tercet-files";
            headers.push(format!("Content-Type: multipart/mixed; boundary=\"{}\"", &boundary[2..]));
            let files: String = self.files.iter().map(|file| format!("{boundary}\n{}", attached(file))).collect();
            return format!("{}\n\n{boundary}\n{text}{files}{boundary}--\n", headers.join("\n"));
        }
        let Some(html) = self.html else { return format!("{}\n{text}", headers.join("\n")) };
        // No line of base64 begins with two hyphens.
        let boundary = "--tercet-part";
        headers.push(format!("Content-Type: multipart/alternative; boundary=\"{}\"", &boundary[2..]));
        let html = part("text/html", html);
        format!("{}\n\n{boundary}\n{text}{boundary}\n{html}{boundary}--\n", headers.join("\n"))
    }
}

/// One text with the headers that say how to read it.
fn part(kind: &str, text: &str) -> String {
    let body = in_lines(text.replace('\n', "\r\n").as_bytes());
    format!("Content-Type: {kind}; charset=utf-8\nContent-Transfer-Encoding: base64\n\n{body}\n")
}

fn in_lines(bytes: &[u8]) -> String {
    let body = STANDARD.encode(bytes);
    let lines = body.as_bytes().chunks(LINE_CHARS).filter_map(|line| std::str::from_utf8(line).ok());
    lines.collect::<Vec<_>>().join("\n")
}

/// A file with the headers that say what it is.
fn attached(file: &FileOfMail) -> String {
    let name: String =
        file.name.chars().filter(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '.' | '_')).collect();
    format!(
        "Content-Type: {}; name=\"{name}\"\nContent-Disposition: attachment; filename=\"{name}\"\nContent-Transfer-Encoding: base64\n\n{}\n",
        file.media,
        in_lines(&file.bytes)
    )
}

/// Without what could end a header or an id.
fn plain(text: &str) -> String {
    text.chars().filter(|c| !c.is_control() && !c.is_whitespace() && !"<>".contains(*c)).collect()
}

/// A text in encoded words, whatever it holds.
fn words(text: &str) -> String {
    let text: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    let mut rest = text.as_str();
    let mut all = Vec::new();
    while !rest.is_empty() {
        let (word, others) = rest.split_at(rest.floor_char_boundary(WORD_BYTES));
        all.push(format!("=?utf-8?B?{}?=", STANDARD.encode(word)));
        rest = others;
    }
    all.join("\n ")
}

/// Has the program send a mail to one person.
pub(super) fn hand_to(program: &Path, from: &str, to: &str, letter: &[u8]) -> Result<(), Failure> {
    let variables = VARIABLES.iter().filter_map(|name| Some((*name, std::env::var_os(name)?)));
    let started = Command::new(program)
        .args(["-i", "-f", from, "--", to])
        .env_clear()
        .envs(variables)
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn();
    let mut child =
        started.map_err(|error| Failure::passing(format!("sendmail cannot be started: {}", error.kind())))?;
    let written = child.stdin.take().map_or(Ok(()), |mut input| input.write_all(letter));
    let status = ended(&mut child)?;
    match status.code() {
        Some(0) if written.is_ok() => Ok(()),
        Some(code) if LASTING.contains(&code) => Err(Failure::lasting(format!("sendmail ends with {code}"))),
        Some(code) => {
            // It says so of what it has not taken; what it says of nothing in particular may have left.
            let may_have_arrived = code == 0 || code == 1;
            Err(Failure { may_have_arrived, ..Failure::passing(format!("sendmail ends with {code}")) })
        }
        None => Err(Failure { may_have_arrived: true, ..Failure::passing("sendmail was ended") }),
    }
}

/// Waits for the program, not for ever.
fn ended(child: &mut Child) -> Result<ExitStatus, Failure> {
    let lost = |_| Failure { may_have_arrived: true, ..Failure::passing("sendmail cannot be waited for") };
    let started = Instant::now();
    loop {
        if let Some(status) = child.try_wait().map_err(lost)? {
            return Ok(status);
        }
        if started.elapsed() > TIMEOUT {
            child.kill().map_err(lost)?;
            return child.wait().map_err(lost);
        }
        std::thread::sleep(LOOK_EVERY);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::channels::email::read::read;
    use proptest::prelude::*;

    fn letter<'a>(subject: &'a str, text: &'a str) -> Letter<'a> {
        let (from_name, from, to, id) = ("小店", "service@shop.example", "li@example.com", "cv_1-2-0@shop.example");
        Letter {
            from_name,
            from,
            to,
            subject,
            id,
            references: &[],
            is_automatic: false,
            text,
            html: None,
            stop: None,
            files: &[],
        }
    }

    proptest! {
        #[test]
        fn a_mail_is_read_as_it_was_written(subject in "[a-z 退货换？]{1,80}", text in "[a-z.>\\n 您好，]{1,400}") {
            let written = letter(&subject, &text).write();
            prop_assert!(written.lines().all(|line| line.len() <= 998 && line.is_ascii()));
            let mail = read(written.as_bytes()).unwrap();
            let same = |text: &str| text.replace("\r\n", "\n").trim().to_owned();
            prop_assert_eq!(same(&mail.subject), same(&subject));
            prop_assert_eq!(same(&mail.text), same(&text));
        }
    }

    #[test]
    fn files_go_with_the_text_and_come_out_as_they_went_in() {
        use mail_parser::{MessageParser, MimeHeaders};
        let bytes: Vec<u8> = (0..=255).cycle().take(5000).collect();
        let files = [
            FileOfMail { name: "report-1\n.pdf".to_owned(), media: "application/pdf", bytes: bytes.clone() },
            FileOfMail {
                name: "a.html".to_owned(),
                media: "text/html; charset=utf-8",
                bytes: "<p>周报".as_bytes().to_vec(),
            },
        ];
        let written = Letter { files: &files, ..letter("周报", "见附件") }.write();
        assert!(written.lines().all(|line| line.len() <= 998 && line.is_ascii()));
        let mail = MessageParser::default().parse(written.as_bytes()).unwrap();
        assert_eq!(mail.body_text(0).unwrap().trim(), "见附件");
        let found: Vec<_> = mail
            .attachments()
            .map(|part| (part.attachment_name().unwrap().to_owned(), part.contents().to_vec()))
            .collect();
        assert_eq!(found, [("report-1.pdf".to_owned(), bytes), ("a.html".to_owned(), "<p>周报".as_bytes().to_vec())]);
    }

    #[cfg(unix)]
    #[test]
    fn a_program_takes_a_mail_or_says_why_not() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let program = |name: &str, script: &str| {
            let path = folder.path().join(name);
            std::fs::write(&path, format!("#!/bin/sh\n{script}\n")).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o700)).unwrap();
            path
        };
        let taken = folder.path().join("taken");
        let takes = program("takes", &format!("echo \"$*\" > {0}; env >> {0}; cat >> {0}", taken.display()));
        hand_to(&takes, "a@x.com", "b@x.com", b"hello").unwrap();
        let text = std::fs::read_to_string(&taken).unwrap();
        assert!(text.starts_with("-i -f a@x.com -- b@x.com\n") && text.ends_with("hello"), "{text}");
        assert!(text.contains("PATH=") && !text.contains("CARGO"), "secrets of ours are not handed on: {text}");
        for (script, is_passing) in
            [("exit 75", true), ("exit 67", false), ("cat > /dev/null; exit 78", true), ("kill $$", true)]
        {
            let failure = hand_to(&program("fails", script), "a@x.com", "b@x.com", b"hello").unwrap_err();
            assert_eq!(failure.is_passing, is_passing, "{script}: {}", failure.said);
        }
        assert!(hand_to(Path::new("/no/such/program"), "a@x.com", "b@x.com", b"").unwrap_err().is_passing);
    }
}
