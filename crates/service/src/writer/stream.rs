//! The answer of an endpoint as it comes: lines of server-sent events put together from bytes, the text they carry, and what was
//! counted. Bounded in every direction; what is none of such an answer is an error. No network here.

use serde::Deserialize;
use serde_json::Value;

/// Bytes of one line, and of a whole answer.
const LINE_MAX: usize = 64 << 10;
pub(super) const BYTES_MAX: usize = 1 << 20;

/// Tokens that an endpoint says it counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub(super) struct Usage {
    #[serde(default)]
    pub prompt_tokens: u64,
    #[serde(default)]
    pub completion_tokens: u64,
}

/// More than any answer of ours has: what an endpoint says is not trusted beyond it.
const TOKENS_MAX: u64 = 1 << 20;

#[derive(Deserialize)]
struct Chunk {
    #[serde(default)]
    choices: Vec<Choice>,
    usage: Option<Usage>,
    error: Option<Value>,
}

#[derive(Deserialize)]
struct Choice {
    /// Of a stream.
    delta: Option<Part>,
    /// Of a whole answer.
    message: Option<Part>,
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Part {
    content: Option<String>,
}

/// What has come so far.
#[derive(Debug, Default)]
pub(super) struct Received {
    pub text: String,
    /// Pieces with text: about a token each.
    pub n_pieces: u64,
    pub usage: Option<Usage>,
    line: Vec<u8>,
    n_bytes: usize,
    characters_max: usize,
    finished: Option<String>,
    is_done: bool,
}

impl Received {
    /// For a text of at most so many characters: more of it is not waited for.
    pub fn new(characters_max: usize) -> Self {
        Received { characters_max, ..Received::default() }
    }

    /// Takes bytes of a stream; whether more is wanted.
    ///
    /// # Errors
    /// If what came is no such stream, or too much.
    pub fn take(&mut self, bytes: &[u8]) -> Result<bool, String> {
        self.count(bytes.len())?;
        for &byte in bytes {
            if self.is_done {
                break;
            }
            if byte == b'\n' {
                let line = std::mem::take(&mut self.line);
                self.line(&line)?;
            } else if self.line.len() == LINE_MAX {
                return Err(format!("a line of its answer is longer than {LINE_MAX} bytes"));
            } else {
                self.line.push(byte);
            }
        }
        Ok(!self.is_done)
    }

    fn count(&mut self, n: usize) -> Result<(), String> {
        self.n_bytes += n;
        if self.n_bytes > BYTES_MAX {
            return Err(format!("its answer is larger than {BYTES_MAX} bytes"));
        }
        Ok(())
    }

    fn line(&mut self, line: &[u8]) -> Result<(), String> {
        // Comments, names and ids of events say nothing here.
        let Some(data) = line.strip_prefix(b"data:") else { return Ok(()) };
        let data = data.trim_ascii();
        if data == b"[DONE]" {
            self.is_done = true;
            return Ok(());
        }
        if data.is_empty() {
            return Ok(());
        }
        self.chunk(data)
    }

    fn chunk(&mut self, json: &[u8]) -> Result<(), String> {
        let chunk: Chunk =
            serde_json::from_slice(json).map_err(|_| "its answer is none of chat completions".to_owned())?;
        if let Some(error) = chunk.error.filter(|error| !error.is_null()) {
            let said = error["message"].as_str().map_or_else(|| error.to_string(), str::to_owned);
            return Err(format!("it says: {said}"));
        }
        self.usage = chunk.usage.or(self.usage);
        let Some(choice) = chunk.choices.into_iter().next() else { return Ok(()) };
        if let Some(text) =
            choice.delta.or(choice.message).and_then(|part| part.content).filter(|text| !text.is_empty())
        {
            self.text.push_str(&text);
            self.n_pieces += 1;
            if self.text.chars().count() > self.characters_max {
                return Err(format!("it writes more than {} characters", self.characters_max));
            }
        }
        self.finished = choice.finish_reason.or(self.finished.take());
        Ok(())
    }

    /// A whole answer that is no stream.
    ///
    /// # Errors
    /// If it is none of chat completions, or too much.
    pub fn whole(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.count(bytes.len())?;
        self.chunk(bytes)
    }

    /// Whether the model wrote, and more than it was allowed: the endpoint works, what it says is of no use.
    pub fn rambles(&self) -> bool {
        self.finished.as_deref() == Some("length") || self.text.chars().count() > self.characters_max
    }

    /// The text, once nothing more comes.
    ///
    /// # Errors
    /// If it is not the whole one.
    pub fn end(&mut self) -> Result<String, String> {
        if !self.line.is_empty() {
            let line = std::mem::take(&mut self.line);
            self.line(&line)?;
        }
        match self.finished.as_deref() {
            Some("stop") => Ok(std::mem::take(&mut self.text)),
            Some("length") => Err("its answer is cut off at max_tokens".to_owned()),
            Some(other) => Err(format!("its answer ended with '{other}'")),
            None if self.is_done => Ok(std::mem::take(&mut self.text)),
            None => Err("its answer breaks off".to_owned()),
        }
    }

    /// Tokens sent and written: as the endpoint counts, else guessed from what went over the wire.
    pub fn tokens(&self, prompt_bytes: usize) -> (u64, u64) {
        match self.usage {
            Some(usage) => (usage.prompt_tokens.min(TOKENS_MAX), usage.completion_tokens.min(TOKENS_MAX)),
            None => (guessed(prompt_bytes), self.n_pieces),
        }
    }
}

/// Tokens of a text of so many bytes, rather too many: English has four bytes a token, Chinese about two.
pub(super) fn guessed(bytes: usize) -> u64 {
    bytes.div_ceil(2) as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn piece(text: &str) -> String {
        format!("data: {}\r\n\r\n", serde_json::json!({"choices": [{"index": 0, "delta": {"content": text}}]}))
    }

    const STOP: &str = "data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n";
    const COUNTED: &str = "data: {\"choices\":[],\"usage\":{\"prompt_tokens\":7,\"completion_tokens\":3}}\n\n";

    #[test]
    fn a_stream_is_put_together_however_it_is_cut() {
        let all = format!(": hello\n\n{}{}{STOP}{COUNTED}data: [DONE]\n\n", piece("屏幕"), piece(" 14 英寸"));
        for n in [1, 2, 7, 1000] {
            let mut received = Received::new(100);
            for bytes in all.as_bytes().chunks(n) {
                received.take(bytes).unwrap();
            }
            assert_eq!(received.end().as_deref(), Ok("屏幕 14 英寸"));
            assert_eq!(received.tokens(1000), (7, 3));
        }
        let mut received = Received::new(100);
        assert_eq!(received.take(piece("a").as_bytes()), Ok(true));
        assert_eq!(received.take(b"data: [DONE]\n"), Ok(false));
        assert_eq!((received.end().as_deref(), received.tokens(10)), (Ok("a"), (5, 1)));
    }

    #[test]
    fn what_is_no_answer_or_too_much_is_told() {
        let told = |text: &str| {
            let mut received = Received::new(100);
            received.take(text.as_bytes()).map(drop).and_then(|()| received.end()).unwrap_err()
        };
        assert!(told(&piece("a")).contains("breaks off"));
        assert!(told("").contains("breaks off"));
        assert!(told("<html>\n").contains("breaks off"));
        assert!(told("data: <html>\n").contains("none of chat"));
        assert!(told("data: {\"error\":{\"message\":\"no such model\"}}\n").contains("no such model"));
        assert!(told("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"length\"}]}\n").contains("max_tokens"));
        assert!(told("data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"content_filter\"}]}\n").contains("filter"));
        assert!(told(&piece(&"x".repeat(101))).contains("more than 100 characters"));
        assert!(told(&"y".repeat(LINE_MAX + 1)).contains("longer than"));
        assert!(told(&": y\n".repeat(BYTES_MAX / 4 + 1)).contains("larger than"));
        let mut received = Received::new(100);
        received.usage = Some(Usage { prompt_tokens: u64::MAX, completion_tokens: 1 });
        assert_eq!(received.tokens(0), (TOKENS_MAX, 1));
    }

    #[test]
    fn a_whole_answer_is_read_too() {
        let mut received = Received::new(100);
        let answer = r#"{"choices":[{"message":{"role":"assistant","content":"16 GB"},"finish_reason":"stop"}]}"#;
        received.whole(answer.as_bytes()).unwrap();
        assert_eq!(received.end().as_deref(), Ok("16 GB"));
        assert!(Received::new(1).whole(b"nothing").is_err());
    }
}
