//! An encoder from a model file in the shop's folder: vectors of words as the word2vec program writes them (text or binary),
//! or static embeddings of word pieces in safetensors with a vocabulary beside them.

use std::io::Read;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use language::LanguageError;
use language::vectors::{
    DocumentEncoder, DocumentSettings, DocumentWeights, PieceTable, SentenceEncoder, TableEncoder, Tokenise, Weighting,
    WordVectors,
};
use rayon::prelude::*;
use serde::Deserialize;
use sha2::{Digest, Sha256};

use super::Outside;
use crate::error::{Result, ServiceError};

/// Bytes of a file.
const BYTES_MAX: u64 = 8 << 30;
const VOCABULARY_BYTES_MAX: u64 = 64 << 20;

/// `[encoder]` with `kind = "file"`.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FileConfig {
    /// From the shop's folder: `.txt` or `.vec` (text), `.bin` (binary) or `.safetensors`.
    pub path: PathBuf,
    /// Of a safetensors file: its pieces, one a line.
    pub vocabulary: Option<PathBuf>,
    /// Of a safetensors file with several matrices: which.
    pub tensor: Option<String>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Format {
    Text,
    Binary,
    Safetensors,
}

impl FileConfig {
    fn format(&self) -> Option<Format> {
        match self.path.extension()?.to_str()? {
            "txt" | "vec" => Some(Format::Text),
            "bin" => Some(Format::Binary),
            "safetensors" => Some(Format::Safetensors),
            _ => None,
        }
    }

    pub(super) fn check(&self) -> std::result::Result<(), String> {
        for path in [Some(&self.path), self.vocabulary.as_ref()].into_iter().flatten() {
            let inside = path.components().all(|part| matches!(part, Component::Normal(_)));
            if !inside || path.as_os_str().is_empty() {
                return Err(format!("'{}' leads out of the shop's folder; allowed: a path within it", path.display()));
            }
        }
        match (self.format(), &self.vocabulary) {
            (None, _) => {
                Err(format!("path is '{}'; allowed endings: .txt, .vec, .bin, .safetensors", self.path.display()))
            }
            (Some(Format::Safetensors), None) => {
                Err("a safetensors file needs its vocabulary: a text file, one piece a line".to_owned())
            }
            (Some(Format::Text | Format::Binary), Some(_)) => {
                Err("vocabulary is of safetensors files; vectors of words hold theirs".to_owned())
            }
            _ => Ok(()),
        }
    }

    /// Ready to make an index with; words are weighed by how many of the shop's texts have them.
    pub(super) fn learn(&self, root: &Path, cut: Arc<dyn Tokenise>, sample: &[&str]) -> Result<Outside> {
        self.made(root, cut, |words, cut| {
            let texts: Vec<Vec<String>> = sample.par_iter().map(|text| cut.tokens(text)).collect();
            let n_common = usize::from(words.dim() > 1);
            let settings = DocumentSettings { weighting: Weighting::TfIdf, n_common, unit_words: false };
            Ok(DocumentWeights::learn(words, &texts, &settings)?)
        })
    }

    /// As it was when the index was made; `kept` is what was learned then.
    pub(super) fn read(&self, root: &Path, cut: Arc<dyn Tokenise>, kept: Option<&[u8]>) -> Result<Outside> {
        self.made(root, cut, |words, _| {
            let kept = kept.ok_or_else(|| ServiceError::failed("the weights of its words are missing"))?;
            Ok(DocumentWeights::from_bytes(kept, words)?)
        })
    }

    fn made(
        &self,
        root: &Path,
        cut: Arc<dyn Tokenise>,
        weigh: impl FnOnce(&WordVectors, &dyn Tokenise) -> Result<DocumentWeights>,
    ) -> Result<Outside> {
        let bytes = read(root, &self.path, BYTES_MAX)?;
        let wrong = |error: LanguageError| unfit(&self.path, &error.to_string());
        // Another file under the same name is another encoder.
        let digest: String = Sha256::digest(&bytes)[..4].iter().map(|byte| format!("{byte:02x}")).collect();
        let name = format!("{}-{digest}", self.path.file_name().unwrap_or_default().to_string_lossy());
        let words = match self.format() {
            Some(Format::Safetensors) => {
                let path = self.vocabulary.as_deref().unwrap_or(Path::new(""));
                let vocabulary = text(path, read(root, path, VOCABULARY_BYTES_MAX)?)?;
                let table = PieceTable::from_safetensors(&bytes, &vocabulary, self.tensor.as_deref()).map_err(wrong)?;
                let encoder: Arc<dyn SentenceEncoder> = Arc::new(TableEncoder::new(&name, Arc::new(table)));
                return Ok(Outside { encoder, words: None, kept: None });
            }
            Some(Format::Binary) => WordVectors::from_binary(&bytes).map_err(wrong)?,
            _ => WordVectors::from_text(&text(&self.path, bytes)?).map_err(wrong)?,
        };
        if words.vocabulary().is_empty() {
            return Err(unfit(&self.path, "it holds no words"));
        }
        let words = Arc::new(words);
        let weights = weigh(&words, &*cut)?;
        let kept = Some(weights.to_bytes());
        let encoder = Arc::new(DocumentEncoder::new(&name, words.clone(), weights, cut));
        Ok(Outside { encoder, words: Some(words), kept })
    }
}

fn unfit(path: &Path, said: &str) -> ServiceError {
    ServiceError::usage("encoder", format!("{}: {said}", path.display()))
        .help("mend [encoder] of tercet.toml, or take it out: the shop's own words serve then")
}

fn text(path: &Path, bytes: Vec<u8>) -> Result<String> {
    String::from_utf8(bytes).map_err(|error| {
        let at = error.utf8_error().valid_up_to();
        unfit(path, &format!("byte {at} is no text in UTF-8; allowed: a text file (binary vectors end in .bin)"))
    })
}

/// A file of the folder, which no link leads out of.
fn read(root: &Path, path: &Path, bytes_max: u64) -> Result<Vec<u8>> {
    let root = root.canonicalize()?;
    let full = root.join(path).canonicalize().map_err(|_| unfit(path, "there is no such file in the shop's folder"))?;
    if !full.starts_with(&root) || !full.is_file() {
        return Err(unfit(path, "it is no file of the shop's folder"));
    }
    let mut bytes = Vec::new();
    std::fs::File::open(&full)?.take(bytes_max + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > bytes_max {
        return Err(unfit(path, &format!("it is larger than {} MB", bytes_max >> 20)));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(path: &str, vocabulary: Option<&str>) -> FileConfig {
        FileConfig { path: path.into(), vocabulary: vocabulary.map(PathBuf::from), tensor: None }
    }

    fn cut() -> Arc<dyn Tokenise> {
        Arc::new(|text: &str| text.split(' ').map(str::to_owned).collect::<Vec<_>>())
    }

    #[test]
    fn settings_are_checked() {
        assert_eq!(config("a.vec", None).check(), Ok(()));
        for (config, said) in [
            (config("../a.vec", None), "leads out"),
            (config("/a.vec", None), "leads out"),
            (config("", None), "leads out"),
            (config("a.onnx", None), "allowed endings"),
            (config("a", None), "allowed endings"),
            (config("a.safetensors", None), "needs its vocabulary"),
            (config("a.safetensors", Some("../v")), "leads out"),
            (config("a.bin", Some("v.txt")), "vocabulary is of safetensors"),
        ] {
            assert!(config.check().unwrap_err().contains(said), "{config:?}");
        }
    }

    #[test]
    fn vectors_of_words_encode_texts_and_are_known_again() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        std::fs::write(root.join("a.vec"), "4 3\ncat 1 0 0.1\ndog 0.9 0.1 0\ncar 0 1 0\nbus 0.1 0.9 0.2\n").unwrap();
        let sample = ["cat dog", "car bus", "cat car", "dog"];
        let made = config("a.vec", None).learn(root, cut(), &sample).unwrap();
        let rows = made.encoder.encode(&["cat", "dog", "bus"]).unwrap();
        let dot = |a: usize, b: usize| rows.row(a).iter().zip(rows.row(b)).map(|(x, y)| x * y).sum::<f32>();
        assert!(dot(0, 1) > dot(0, 2), "{} {}", dot(0, 1), dot(0, 2));
        let again = config("a.vec", None).read(root, cut(), made.kept.as_deref()).unwrap();
        assert_eq!(again.encoder.encode(&["cat", "dog", "bus"]).unwrap().values, rows.values);
        assert_eq!(again.encoder.name(), made.encoder.name());
        std::fs::write(root.join("a.vec"), "2 3\ncat 1 0 0.1\ndog 0.9 0.1 0\n").unwrap();
        assert_ne!(config("a.vec", None).learn(root, cut(), &sample).unwrap().encoder.name(), made.encoder.name());
        let error = config("a.vec", None).read(root, cut(), made.kept.as_deref()).err().unwrap();
        assert!(error.message.contains("wanted 2 words"), "{error}");
    }

    #[test]
    fn foreign_and_torn_files_are_refused_in_words() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        for (name, bytes, said) in [
            ("a.vec", &b"hello"[..], "n_words dim"),
            ("b.vec", b"\xff\xfe\x00", "byte 0 is no text"),
            ("c.vec", b"0 3\n", "no words"),
            ("d.bin", b"2 3\ncat ", "too short"),
            ("e.vec", b"2 1\ncat 1\n", "too short"),
        ] {
            std::fs::write(root.join(name), bytes).unwrap();
            let error = config(name, None).learn(root, cut(), &[]).err().unwrap();
            assert!(error.message.contains(said) && error.message.starts_with(name), "{error}");
        }
        assert!(config("none.vec", None).learn(root, cut(), &[]).err().unwrap().message.contains("no such file"));
        std::fs::write(root.join("v.txt"), "a\nb\n").unwrap();
        std::fs::write(root.join("t.safetensors"), b"no").unwrap();
        let error = config("t.safetensors", Some("v.txt")).learn(root, cut(), &[]).err().unwrap();
        assert!(error.message.contains("not a safetensors file"), "{error}");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink("/etc/hostname", root.join("link.vec")).unwrap();
            assert!(config("link.vec", None).learn(root, cut(), &[]).is_err());
        }
    }
}
