//! Reads single files out of a ZIP archive in memory, as DOCX is one. Sizes are bounded whatever the archive says of
//! itself. Layout: APPNOTE.TXT 6.3, sections 4.3 and 4.4. Not here: ZIP64, encryption, other methods than deflate.

use std::io::Read;

use flate2::bufread::DeflateDecoder;

/// What one file may unpack to.
pub const UNPACKED_BYTES_MAX: u64 = 64 << 20;
/// Files in an archive.
const FILES_MAX: usize = 10_000;

pub struct Archive<'a> {
    bytes: &'a [u8],
    /// Name, place of the header, length packed, method, whether encrypted.
    files: Vec<Entry>,
}

struct Entry {
    name: String,
    header: usize,
    n_packed: usize,
    method: u16,
    is_encrypted: bool,
}

impl<'a> Archive<'a> {
    /// Reads the directory.
    pub fn open(bytes: &'a [u8]) -> Result<Self, String> {
        let broken =
            || "the archive's directory is missing or broken; the file is incomplete, fetch it again".to_owned();
        // The end record is followed by a comment of at most 65,535 bytes.
        let tail = bytes.len().saturating_sub(22 + 65_535);
        let end = memchr::memmem::rfind(&bytes[tail..], b"PK\x05\x06").ok_or_else(broken)? + tail;
        let n_files = usize::from(short(bytes, end + 10).ok_or_else(broken)?);
        let mut at = long(bytes, end + 16).ok_or_else(broken)? as usize;
        if n_files > FILES_MAX {
            return Err(format!("the archive has {n_files} files; at most {FILES_MAX} are read"));
        }
        let mut files = Vec::new();
        for _ in 0..n_files {
            if bytes.get(at..at + 4) != Some(b"PK\x01\x02") {
                return Err(broken());
            }
            let field = |offset: usize| short(bytes, at + offset).ok_or_else(broken);
            let (flags, method) = (field(8)?, field(10)?);
            let n_packed = long(bytes, at + 20).ok_or_else(broken)? as usize;
            let header = long(bytes, at + 42).ok_or_else(broken)? as usize;
            let n_name = usize::from(field(28)?);
            let name = bytes.get(at + 46..at + 46 + n_name).ok_or_else(broken)?;
            let name = String::from_utf8_lossy(name).into_owned();
            files.push(Entry { name, header, n_packed, method, is_encrypted: flags & 1 == 1 });
            let n_more = usize::from(field(30)?) + usize::from(field(32)?);
            at += 46 + n_name + n_more;
        }
        Ok(Archive { bytes, files })
    }

    /// The content of a file; `None` where there is no such file.
    pub fn file(&self, name: &str) -> Result<Option<Vec<u8>>, String> {
        let Some(entry) = self.files.iter().find(|entry| entry.name == name) else { return Ok(None) };
        let broken = || format!("{name} inside it is damaged; the file is incomplete, fetch it again");
        if entry.is_encrypted {
            return Err("it is encrypted; save it without a password and import it again".to_owned());
        }
        let at = entry.header;
        if self.bytes.get(at..at.saturating_add(4)) != Some(b"PK\x03\x04") {
            return Err(broken());
        }
        let (n_name, n_extra) = (short(self.bytes, at + 26), short(self.bytes, at + 28));
        let (n_name, n_extra) = n_name.zip(n_extra).ok_or_else(broken)?;
        let start = at + 30 + usize::from(n_name) + usize::from(n_extra);
        let packed = self.bytes.get(start..start.saturating_add(entry.n_packed)).ok_or_else(broken)?;
        let mut content = Vec::new();
        match entry.method {
            0 => content.extend_from_slice(packed),
            8 => {
                let mut reader = DeflateDecoder::new(packed).take(UNPACKED_BYTES_MAX + 1);
                reader.read_to_end(&mut content).map_err(|_| broken())?;
            }
            other => return Err(format!("{name} inside it is packed by method {other}; deflate (8) is read")),
        }
        if content.len() as u64 > UNPACKED_BYTES_MAX {
            let most = UNPACKED_BYTES_MAX >> 20;
            return Err(format!("{name} inside it unpacks to more than {most} MiB; split the document"));
        }
        Ok(Some(content))
    }
}

fn short(bytes: &[u8], at: usize) -> Option<u16> {
    bytes.get(at..at.checked_add(2)?).map(|two| u16::from_le_bytes([two[0], two[1]]))
}

fn long(bytes: &[u8], at: usize) -> Option<u32> {
    bytes.get(at..at.checked_add(4)?).map(|four| u32::from_le_bytes([four[0], four[1], four[2], four[3]]))
}

/// An archive of these files, packed: for tests.
#[cfg(test)]
pub fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    use std::io::Write;
    let (mut bytes, mut directory) = (Vec::new(), Vec::new());
    for (name, content) in files {
        let header = bytes.len() as u32;
        let mut encoder = flate2::write::DeflateEncoder::new(Vec::new(), flate2::Compression::default());
        encoder.write_all(content).unwrap();
        let packed = encoder.finish().unwrap();
        let mut crc = flate2::Crc::new();
        crc.update(content);
        let mut common = Vec::new();
        for short in [20u16, 0, 8, 0, 0] {
            common.extend_from_slice(&short.to_le_bytes());
        }
        for long in [crc.sum(), packed.len() as u32, content.len() as u32] {
            common.extend_from_slice(&long.to_le_bytes());
        }
        common.extend_from_slice(&(name.len() as u16).to_le_bytes());
        common.extend_from_slice(&0u16.to_le_bytes());
        bytes.extend_from_slice(b"PK\x03\x04");
        bytes.extend_from_slice(&common);
        bytes.extend_from_slice(name.as_bytes());
        bytes.extend_from_slice(&packed);
        directory.extend_from_slice(b"PK\x01\x02\x14\x00");
        directory.extend_from_slice(&common);
        directory.extend_from_slice(&[0; 10]);
        directory.extend_from_slice(&header.to_le_bytes());
        directory.extend_from_slice(name.as_bytes());
    }
    let (start, n_files) = (bytes.len() as u32, files.len() as u16);
    bytes.extend_from_slice(&directory);
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&n_files.to_le_bytes());
    bytes.extend_from_slice(&n_files.to_le_bytes());
    bytes.extend_from_slice(&(directory.len() as u32).to_le_bytes());
    bytes.extend_from_slice(&start.to_le_bytes());
    bytes.extend_from_slice(&0u16.to_le_bytes());
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_found_and_bombs_are_not_unpacked() {
        let big = vec![b' '; (UNPACKED_BYTES_MAX + 1) as usize];
        let bytes = packed(&[("a/b.xml", b"<a/>"), ("bomb", &big)]);
        assert!(bytes.len() < 200_000);
        let archive = Archive::open(&bytes).unwrap();
        assert_eq!(archive.file("a/b.xml").unwrap().as_deref(), Some(&b"<a/>"[..]));
        assert_eq!(archive.file("none").unwrap(), None);
        assert!(archive.file("bomb").is_err_and(|reason| reason.contains("64 MiB")));
        assert!(Archive::open(&bytes[..bytes.len() - 30]).is_err());
    }
}
