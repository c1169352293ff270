//! A server that runs elsewhere, or beside this process over the same shop, asked as any program asks it: what the command line
//! hands over when the shop is held by a server. Blocking. What is asked stands in `api`.

use std::fs::File;
use std::io::{self, PipeReader, Read};
use std::path::PathBuf;
use std::thread::JoinHandle;
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;
use ureq::SendBody;

use crate::error::{Kind, Result, ServiceError};
use crate::outside;

const CONNECT_MAX: Duration = Duration::from_secs(10);
/// How long an answer may take once everything was sent.
const ANSWER_MAX: Duration = Duration::from_secs(120);
const ANSWER_BYTES_MAX: u64 = 16 << 20;

/// A server and the key it is asked with.
pub struct Remote {
    url: String,
    key: String,
    agent: ureq::Agent,
}

/// What is sent: files under names.
pub struct Upload {
    /// What several files are called together.
    pub called: String,
    pub files: Vec<(String, PathBuf)>,
}

impl Remote {
    /// # Errors
    /// If the address or the key is none.
    pub fn new(url: &str, key: &str) -> Result<Remote> {
        let url = url.trim().trim_end_matches('/');
        outside::check_url(url).map_err(|said| ServiceError::usage("server", said))?;
        if !key.starts_with("tk_") || !key.chars().all(|c| c.is_ascii_graphic()) {
            return Err(ServiceError::usage("key", "the key is none of a shop; allowed: tk_…")
                .help("tercet keys create --name import --scopes manage"));
        }
        let agent = ureq::Agent::config_builder()
            .timeout_connect(Some(CONNECT_MAX))
            .timeout_recv_response(Some(ANSWER_MAX))
            .max_redirects(0)
            .http_status_as_error(false)
            .proxy(None)
            .user_agent("tercet")
            .build()
            .into();
        Ok(Remote { url: url.to_owned(), key: key.to_owned(), agent })
    }

    /// Whether what is sent there, and the key, could be read on the way.
    pub fn is_in_the_clear(&self) -> bool {
        outside::is_in_the_clear(&self.url)
    }

    /// Sends files for a table; the job that imports them. Several go as one archive, which is told as `called`.
    ///
    /// # Errors
    /// If a file cannot be read, the server cannot be reached, or it refuses.
    pub fn import(&self, table: &str, asked: &[(&str, String)], upload: Upload) -> Result<Value> {
        let mut asked: Vec<(&str, String)> = asked.to_vec();
        let path = format!("/v1/import/{}", encoded(table));
        match upload.files.as_slice() {
            [(name, path_of)] => {
                let file = File::open(path_of)
                    .map_err(|error| ServiceError::usage("file", format!("{}: {error}", path_of.display())))?;
                asked.push(("name", name.clone()));
                self.post(&path, &asked, SendBody::from_owned_reader(file))
            }
            _ => {
                asked.extend([("name", upload.called), ("format", "tar".to_owned())]);
                self.post(&path, &asked, SendBody::from_owned_reader(Packed::start(upload.files)?))
            }
        }
    }

    /// Whether the server is there and the key may import: a file that is refused unread breaks off without a word.
    ///
    /// # Errors
    /// If it is not, or may not.
    pub fn check(&self) -> Result<()> {
        let request = self.agent.get(format!("{}/v1/jobs", self.url));
        self.read(request.header("Authorization", format!("Bearer {}", self.key)).call()).map(drop)
    }

    /// A job as it is now.
    pub fn job(&self, id: &str) -> Result<Value> {
        let request = self.agent.get(format!("{}/v1/jobs/{}", self.url, encoded(id)));
        let answer = request.header("Authorization", format!("Bearer {}", self.key)).call();
        self.read(answer)
    }

    /// Any other request, with a JSON body or none; the JSON that is answered.
    ///
    /// # Errors
    /// If the server cannot be reached, or what it refuses, with what it says to do.
    pub fn ask(&self, method: &str, path: &str, body: Option<&Value>) -> Result<Value> {
        let url = format!("{}{path}", self.url);
        let bearer = format!("Bearer {}", self.key);
        match (method, body) {
            ("GET", _) => self.read(self.agent.get(url).header("Authorization", bearer).call()),
            (_, body) => {
                let request = self.agent.post(url).header("Authorization", bearer).content_type("application/json");
                self.read(request.send(body.map_or_else(|| "{}".to_owned(), Value::to_string).as_bytes()))
            }
        }
    }

    fn post(&self, path: &str, asked: &[(&str, String)], body: SendBody<'_>) -> Result<Value> {
        let query: Vec<String> = asked.iter().map(|(name, value)| format!("{name}={}", encoded(value))).collect();
        let request = self.agent.post(format!("{}{path}?{}", self.url, query.join("&")));
        let request = request.header("Authorization", format!("Bearer {}", self.key));
        self.read(request.content_type("application/octet-stream").send(body))
    }

    fn read(&self, answer: std::result::Result<ureq::http::Response<ureq::Body>, ureq::Error>) -> Result<Value> {
        let failed = |said: String| {
            ServiceError::new(Kind::Unavailable, "server", format!("{}: {said}", outside::told(&self.url)))
                .help("is the server running there? its address is printed by tercet serve")
        };
        let mut answer = answer.map_err(|error| failed(error.to_string()))?;
        let status = answer.status().as_u16();
        let text = answer.body_mut().with_config().limit(ANSWER_BYTES_MAX).read_to_string();
        let text = text.map_err(|error| failed(error.to_string()))?;
        let said: Value = serde_json::from_str(&text).unwrap_or_default();
        if (200..300).contains(&status) {
            return Ok(said);
        }
        let message = said["error"]["message"].as_str().map_or_else(|| format!("it answers {status}"), str::to_owned);
        let kind = match status {
            400 | 413 | 415 => Kind::Usage,
            401 => Kind::Unauthorised,
            403 => Kind::Forbidden,
            404 => Kind::NotFound,
            409 => Kind::Conflict,
            429 => Kind::TooMany,
            _ => Kind::Failed,
        };
        let error = ServiceError::new(kind, "server", format!("the server says: {message}"));
        Err(match said["error"]["help"].as_str() {
            Some(help) => error.help(help),
            None => error,
        })
    }
}

fn encoded(text: &str) -> String {
    utf8_percent_encode(text, NON_ALPHANUMERIC).to_string()
}

/// Files, packed on a thread of their own while they are sent. A file that cannot be read breaks the sending off, so that no
/// archive without it looks whole.
struct Packed {
    pipe: PipeReader,
    packing: Option<JoinHandle<std::result::Result<(), data::DataError>>>,
}

impl Packed {
    fn start(files: Vec<(String, PathBuf)>) -> Result<Packed> {
        let (pipe, to) = io::pipe()?;
        Ok(Packed { pipe, packing: Some(std::thread::spawn(move || data::intake::pack(&files, to))) })
    }
}

impl Read for Packed {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let n = self.pipe.read(buffer)?;
        if n == 0
            && !buffer.is_empty()
            && let Some(packing) = self.packing.take()
        {
            match packing.join() {
                Ok(Ok(())) => {}
                Ok(Err(error)) => return Err(io::Error::other(error.to_string())),
                Err(_) => return Err(io::Error::other("packing the files broke off")),
            }
        }
        Ok(n)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_and_keys_are_checked() {
        assert!(Remote::new("http://127.0.0.1:7878/", "tk_abc").is_ok_and(|it| !it.is_in_the_clear()));
        assert!(Remote::new("http://shop.example", "tk_abc").is_ok_and(|it| it.is_in_the_clear()));
        for (url, key) in
            [("shop", "tk_a"), ("http://a:b@shop", "tk_a"), ("http://shop", "abc"), ("http://shop", "tk_a b")]
        {
            assert!(Remote::new(url, key).is_err(), "{url} {key}");
        }
    }

    #[test]
    fn a_file_that_is_gone_breaks_the_archive_off() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a.csv");
        std::fs::write(&path, "a").unwrap();
        let good = ("a.csv".to_owned(), path);
        let mut bytes = Vec::new();
        Packed::start(vec![good.clone()]).unwrap().read_to_end(&mut bytes).unwrap();
        assert!(bytes.starts_with(b"a.csv") && bytes.len().is_multiple_of(512));
        let gone = ("b.csv".to_owned(), folder.path().join("b.csv"));
        assert!(Packed::start(vec![good, gone]).unwrap().read_to_end(&mut bytes).is_err());
    }
}
