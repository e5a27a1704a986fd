//! Reads lines of the public schema from bytes, plain or compressed with zstd, and says what is wrong with others.

use std::fmt;
use std::io::{self, BufRead, BufReader, Cursor, ErrorKind, Read};

use serde::Deserialize;

use crate::model::{Event, Header, Line, SCHEMA, Sample};

/// The longest line that is read, bytes: some times a full sample of 10,000 connections.
const LONGEST_LINE: u64 = 128 * 1024 * 1024;
/// The longest header, bytes. What is none is not read further than that.
const LONGEST_HEADER: u64 = 1024 * 1024;
/// How a file that is compressed with zstd begins (RFC 8878, section 3.1.1).
const ZSTD_MAGIC: [u8; 4] = [0x28, 0xb5, 0x2f, 0xfd];
/// How a frame begins over which zstd passes, after a first byte of 0x50 to 0x5f (section 3.1.2).
const SKIPPABLE_MAGIC: [u8; 3] = [0x2a, 0x4d, 0x18];

/// Why lines cannot be played, or played on. Lines are counted from 1.
#[derive(Debug)]
pub enum FileError {
    /// It cannot be read.
    Io(io::Error),
    /// There is nothing in it.
    Empty,
    /// It does not begin with a header.
    NoHeader,
    /// It is written in another version of the schema.
    Schema(u32),
    /// It ends within this line. What came before was played.
    Cut(u64),
    /// This line is none of the schema, and why.
    Malformed(u64, serde_json::Error),
    /// This line is longer than any.
    TooLong(u64),
}

impl fmt::Display for FileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Io(error) if error.kind() == ErrorKind::IsADirectory => {
                f.write_str("it is a directory: name a file in it")
            }
            Self::Io(error) => write!(f, "it cannot be read: {error}"),
            Self::Empty => f.write_str("it is empty"),
            Self::NoHeader => f.write_str(
                "it is no recording: it does not begin with a header, as what pathscope record or watch --json writes does",
            ),
            Self::Schema(schema) => write!(
                f,
                "it has version {schema} of the schema, and this pathscope reads version {SCHEMA}"
            ),
            Self::Cut(line) => write!(f, "it is cut off in line {line}"),
            Self::Malformed(line, error) => write!(f, "line {line} is not understood: {error}"),
            Self::TooLong(line) => write!(f, "line {line} is longer than any line of a stream"),
        }
    }
}

impl std::error::Error for FileError {}

/// What every line says of itself.
#[derive(Deserialize)]
struct Kind {
    kind: String,
    schema: Option<u32>,
}

impl Kind {
    fn of(text: &[u8]) -> Option<Self> {
        serde_json::from_slice(text).ok()
    }

    /// The version of a header's schema, where it is one that is not read here.
    fn other_schema(&self) -> Option<u32> {
        self.schema.filter(|schema| *schema != SCHEMA)
    }
}

/// Reads lines from bytes.
pub(super) struct LineReader {
    bytes: Box<dyn BufRead + Send>,
    /// How many lines were begun.
    number: u64,
    text: Vec<u8>,
}

impl LineReader {
    pub(super) fn new(mut reader: impl Read + Send + 'static) -> Result<Self, FileError> {
        let mut start = Vec::new();
        let magic = ZSTD_MAGIC.len() as u64;
        reader
            .by_ref()
            .take(magic)
            .read_to_end(&mut start)
            .map_err(FileError::Io)?;
        let is_skippable =
            |start: &[u8]| matches!(start, [0x50..=0x5f, rest @ ..] if *rest == SKIPPABLE_MAGIC);
        let compressed = start == ZSTD_MAGIC || is_skippable(&start);
        let reader = BufReader::new(Cursor::new(start).chain(reader));
        let bytes: Box<dyn BufRead + Send> = if compressed {
            let decoder = zstd::Decoder::with_buffer(reader).map_err(FileError::Io)?;
            Box::new(BufReader::new(decoder))
        } else {
            Box::new(reader)
        };
        Ok(Self {
            bytes,
            number: 0,
            text: Vec::new(),
        })
    }

    pub(super) fn read_header(&mut self) -> Result<Header, FileError> {
        match self.next_within(LONGEST_HEADER) {
            Ok(Some(Line::Header(header))) => Ok(header),
            // What is cut off within its first line may be anything.
            Ok(Some(_)) | Err(FileError::Malformed(..) | FileError::TooLong(_) | FileError::Cut(_)) => {
                Err(FileError::NoHeader)
            }
            Ok(None) => Err(FileError::Empty),
            Err(error) => Err(error),
        }
    }

    /// The next line; `None` after the last.
    pub(super) fn next(&mut self) -> Result<Option<Line>, FileError> {
        self.next_within(LONGEST_LINE)
    }

    fn next_within(&mut self, longest: u64) -> Result<Option<Line>, FileError> {
        loop {
            self.text.clear();
            let mut bytes = self.bytes.by_ref().take(longest);
            let read = bytes.read_until(b'\n', &mut self.text);
            let length = match read {
                Ok(0) => return Ok(None),
                Ok(length) => length as u64,
                Err(error) if error.kind() == ErrorKind::UnexpectedEof => {
                    return Err(FileError::Cut(self.number + 1));
                }
                Err(error) => return Err(FileError::Io(error)),
            };
            self.number += 1;
            let whole = self.text.ends_with(b"\n");
            if !whole && length >= longest {
                return Err(FileError::TooLong(self.number));
            }
            if self.text.trim_ascii().is_empty() {
                continue;
            }
            match parsed(&self.text) {
                Ok(Line::Header(header)) if header.schema != SCHEMA => {
                    return Err(FileError::Schema(header.schema));
                }
                Ok(line) => return Ok(Some(line)),
                Err(_) if !whole => return Err(FileError::Cut(self.number)),
                Err(error) => match Kind::of(&self.text) {
                    Some(kind) if kind.kind == "header" => {
                        let malformed = FileError::Malformed(self.number, error);
                        return Err(kind.other_schema().map_or(malformed, FileError::Schema));
                    }
                    Some(kind) if !["sample", "event"].contains(&kind.kind.as_str()) => {}
                    _ => return Err(FileError::Malformed(self.number, error)),
                },
            }
        }
    }
}

/// A line as it is written. One whose kind stands first, as Pathscope writes it, is read in one go; of another serde keeps
/// all values until it has found the kind, which takes some times as long.
fn parsed(text: &[u8]) -> Result<Line, serde_json::Error> {
    if text.starts_with(br#"{"kind":"sample","#) {
        return serde_json::from_slice::<Box<Sample>>(text).map(Line::Sample);
    }
    if text.starts_with(br#"{"kind":"event","#) {
        return serde_json::from_slice::<Box<Event>>(text).map(Line::Event);
    }
    serde_json::from_slice(text)
}
