//! What a source is, told from its octets and not from its name: packed or plain, its encoding, its format, its separator.
//!
//! Promise: told once, when the source comes in, and kept with the batch, so that every start reads it alike. What is no
//! text is refused with its cure. Bound: [`LOOKED_AT_OCTETS`] of the unpacked source.

use std::io::{self, Read};
use std::path::Path;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::charset::{Charset, CharsetFault, CharsetWatch};
use super::mended::is_errors_file;
use super::unpack::Unpacked;

/// Octets that are looked at for the encoding. One that shows itself only behind them has to be named.
const LOOKED_AT_OCTETS: u64 = 16 << 20;
const LOOK_BLOCK_OCTETS: usize = 256 << 10;
/// Octets by which kinds of files are told.
const MAGIC_OCTETS: u64 = 6;
const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How a source is packed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Compression {
    /// Not at all.
    #[default]
    None,
    /// `gz`.
    Gzip,
    /// `zst`.
    Zstd,
}

/// How rows are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Format {
    /// Cells between commas or the like; the first row names them.
    #[default]
    Csv,
    /// The same between tabs.
    Tsv,
    /// A JSON object a line.
    Ndjson,
}

/// What a source is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Shape {
    pub(crate) compression: Compression,
    pub(crate) encoding: Charset,
    pub(crate) format: Format,
    /// Between cells; of NDJSON nothing.
    pub(crate) delimiter: u8,
}

impl Default for Shape {
    fn default() -> Self {
        Self {
            compression: Compression::None,
            encoding: Charset::UTF_8,
            format: Format::Csv,
            delimiter: b',',
        }
    }
}

/// What the customer says of his source, where he says anything.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ShapeWish {
    /// `utf-8`, `latin-1` ...
    pub encoding: Option<String>,
    /// `csv`, `tsv` or `ndjson`.
    pub format: Option<String>,
    /// One character.
    pub delimiter: Option<String>,
}

/// Why a source is none. Nothing to retry: it has to be mended.
#[derive(Debug, Error)]
pub enum ShapeFault {
    /// The disk.
    #[error("the file cannot be read: {0}")]
    Disk(io::Error),
    /// Packed, and broken before anything could be read.
    #[error("{0}")]
    Broken(String),
    /// Another kind of file.
    #[error("the file is {0}")]
    Kind(&'static str),
    /// A field of the request.
    #[error("{field}: {detail}")]
    Wish {
        /// `encoding`, `format` or `delimiter`.
        field: &'static str,
        /// What is wrong and how to mend it.
        detail: String,
    },
}

/// A source with the octets its header stands in, as UTF-8.
#[derive(Debug)]
pub(crate) struct Seen {
    pub(crate) shape: Shape,
    pub(crate) beginning: Vec<u8>,
    /// Whether that is all of it.
    pub(crate) whole: bool,
}

impl Shape {
    /// Whether the octets of the file are those of its rows.
    pub(crate) fn is_direct(&self) -> bool {
        self.compression == Compression::None && self.encoding.is_utf8()
    }

    /// Plain UTF-8 that begins so.
    pub(crate) fn plain(beginning: &[u8]) -> Self {
        Self {
            delimiter: delimiter_of(beginning),
            ..Self::default()
        }
    }

    /// Tells what a file is; the beginning has up to `header_octets` octets.
    pub(crate) fn of_file(
        path: &Path,
        wish: &ShapeWish,
        octets_max: u64,
        header_octets: u64,
    ) -> Result<Seen, ShapeFault> {
        let (wished_charset, wished_format) = (wish.charset()?, wish.format()?);
        let compression = compression_of(path)?;
        let raw = Self {
            compression,
            ..Self::default()
        };
        if compression != Compression::None {
            let (first, _) = raw.beginning(path, octets_max, MAGIC_OCTETS)?;
            if packed_as(&first).is_some() {
                let detail = "packed twice; unpack it once before it is sent";
                return Err(ShapeFault::Kind(detail));
            }
        }
        let encoding = match wished_charset {
            Some(charset) if charset.is_utf8() => charset,
            Some(charset) => {
                let (first, _) = raw.beginning(path, octets_max, header_octets)?;
                // Who mends one may have saved it in either.
                let is_ours = is_errors_file(&first, wish.delimiter()?)
                    && watched(path, &raw, octets_max)?.0.is_our_utf8();
                if is_ours { Charset::UTF_8 } else { charset }
            }
            None => {
                let (watch, whole) = watched(path, &raw, octets_max)?;
                watch.charset(whole)
            }
        };
        let mut shape = Self {
            compression,
            encoding,
            ..Self::default()
        };
        let (beginning, whole) = shape.beginning(path, octets_max, header_octets)?;
        let text = beginning
            .strip_prefix(BYTE_ORDER_MARK)
            .unwrap_or(&beginning);
        shape.format = match wished_format {
            Some(format) => format,
            None => format_of(text)?,
        };
        shape.delimiter = match (wish.delimiter()?, shape.format) {
            (Some(delimiter), _) => delimiter,
            (None, Format::Tsv) => b'\t',
            (None, _) => separator_line(text).map_or_else(|| delimiter_of(text), |line| line.0),
        };
        if shape.format == Format::Csv && shape.delimiter == b'\t' {
            shape.format = Format::Tsv;
        }
        Ok(Seen {
            shape,
            beginning,
            whole,
        })
    }

    /// The first octets as UTF-8, and whether they are all there are. Where the source breaks off among them, what stands
    /// before is given.
    pub(crate) fn beginning(
        &self,
        path: &Path,
        octets_max: u64,
        octets: u64,
    ) -> Result<(Vec<u8>, bool), ShapeFault> {
        let mut unpacked = Unpacked::open(path, self, octets_max).map_err(ShapeFault::Disk)?;
        let mut beginning = Vec::new();
        let read = unpacked.by_ref().take(octets).read_to_end(&mut beginning);
        match read {
            Ok(_) => {}
            Err(error) if error.raw_os_error().is_some() => return Err(ShapeFault::Disk(error)),
            Err(error) if beginning.is_empty() => {
                return Err(ShapeFault::Broken(error.to_string()));
            }
            Err(_) => return Ok((beginning, false)),
        }
        let whole = (beginning.len() as u64) < octets;
        Ok((beginning, whole))
    }
}

impl ShapeWish {
    fn charset(&self) -> Result<Option<Charset>, ShapeFault> {
        let charset = self.encoding.as_deref().map(str::parse).transpose();
        charset.map_err(|fault: CharsetFault| ShapeFault::Wish {
            field: "encoding",
            detail: fault.to_string(),
        })
    }

    fn format(&self) -> Result<Option<Format>, ShapeFault> {
        match self.format.as_deref() {
            None | Some("auto") => Ok(None),
            Some("csv") => Ok(Some(Format::Csv)),
            Some("tsv") => Ok(Some(Format::Tsv)),
            Some("ndjson" | "jsonl") => Ok(Some(Format::Ndjson)),
            Some(other) => Err(ShapeFault::Wish {
                field: "format",
                detail: format!("{other:?} is unknown; use csv, tsv or ndjson, or leave it out"),
            }),
        }
    }

    fn delimiter(&self) -> Result<Option<u8>, ShapeFault> {
        match self.delimiter.as_deref().map(str::as_bytes) {
            None => Ok(None),
            Some(b"tab" | b"\\t") => Ok(Some(b'\t')),
            Some([one]) if separates(*one) => Ok(Some(*one)),
            Some(_) => Err(ShapeFault::Wish {
                field: "delimiter",
                detail: "is one character of ASCII that is no quote, like ; or |, or the word tab"
                    .to_owned(),
            }),
        }
    }
}

/// Whether it can stand between cells.
fn separates(octet: u8) -> bool {
    octet.is_ascii() && !matches!(octet, b'"' | b'\n' | b'\r' | 0)
}

/// What a first line such as `sep=;` says, which Excel reads and takes for no row; and the octets of that line.
pub(crate) fn separator_line(text: &[u8]) -> Option<(u8, usize)> {
    const WORD: &[u8] = b"sep=";
    let whole = text.split_inclusive(|octet| *octet == b'\n').next()?;
    let line = whole.strip_suffix(b"\n")?;
    let line = line.strip_suffix(b"\r").unwrap_or(line);
    let bare = line.strip_prefix(b"\"");
    let bare = bare.and_then(|line| line.strip_suffix(b"\""));
    match bare.unwrap_or(line).split_at_checked(WORD.len())? {
        (word, [separator]) if word.eq_ignore_ascii_case(WORD) && separates(*separator) => {
            Some((*separator, whole.len()))
        }
        _ => None,
    }
}

fn packed_as(first: &[u8]) -> Option<Compression> {
    match first {
        [0x1F, 0x8B, ..] => Some(Compression::Gzip),
        [0x28, 0xB5, 0x2F, 0xFD, ..] => Some(Compression::Zstd),
        _ => None,
    }
}

/// By the first octets of the file.
fn compression_of(path: &Path) -> Result<Compression, ShapeFault> {
    let mut first = Vec::new();
    let file = std::fs::File::open(path).map_err(ShapeFault::Disk)?;
    file.take(MAGIC_OCTETS)
        .read_to_end(&mut first)
        .map_err(ShapeFault::Disk)?;
    if let Some(compression) = packed_as(&first) {
        return Ok(compression);
    }
    match first.as_slice() {
        [b'P', b'K', 3, 4, ..] => Err(ShapeFault::Kind(
            "a ZIP archive or an Excel workbook; save it as CSV, or pack the CSV with gzip or zstd",
        )),
        [0xFD, b'7', b'z', b'X', b'Z', 0]
        | [b'7', b'z', 0xBC, 0xAF, ..]
        | [b'B', b'Z', b'h', ..] => Err(ShapeFault::Kind(
            "packed in a way that is not read here; pack it with gzip or zstd",
        )),
        [0xD0, 0xCF, 0x11, 0xE0, ..] => {
            Err(ShapeFault::Kind("an old Excel workbook; save it as CSV"))
        }
        [b'%', b'P', b'D', b'F', ..] => Err(ShapeFault::Kind("a PDF; save it as CSV")),
        _ => Ok(Compression::None),
    }
}

/// A watch that has seen the octets, and whether they were all.
fn watched(path: &Path, raw: &Shape, octets_max: u64) -> Result<(CharsetWatch, bool), ShapeFault> {
    let mut unpacked = Unpacked::open(path, raw, octets_max)
        .map_err(ShapeFault::Disk)?
        .take(LOOKED_AT_OCTETS);
    let mut watch = CharsetWatch::default();
    let mut block = vec![0; LOOK_BLOCK_OCTETS];
    let mut looked = 0;
    let whole = loop {
        match unpacked.read(&mut block) {
            Ok(0) => break looked < LOOKED_AT_OCTETS,
            Ok(read) => {
                looked += read as u64;
                watch.take(block.get(..read).unwrap_or_default());
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) if error.raw_os_error().is_some() => return Err(ShapeFault::Disk(error)),
            // What stands before the break is read all the same.
            Err(_) => break true,
        }
    };
    Ok((watch, whole))
}

fn format_of(text: &[u8]) -> Result<Format, ShapeFault> {
    match text.trim_ascii_start() {
        [b'{', ..] => Ok(Format::Ndjson),
        [b'[', ..] => Err(ShapeFault::Kind(
            "a JSON array; write one object a line, without brackets and commas around them",
        )),
        _ => Ok(Format::Csv),
    }
}

/// The separator that the first line has most of; a comma where it has none.
pub(super) fn delimiter_of(text: &[u8]) -> u8 {
    let line = text
        .split(|octet| *octet == b'\n')
        .find(|line| !line.trim_ascii().is_empty());
    let line = line.unwrap_or_default();
    let count = |wanted: u8| line.iter().filter(|octet| **octet == wanted).count();
    [b'|', b'\t', b';', b',']
        .into_iter()
        .max_by_key(|wanted| count(*wanted))
        .unwrap_or(b',')
}
