//! The header of an NPY file: a Python dictionary with the keys `descr`, `fortran_order` and `shape`.

use crate::error::{Error, Result};
use crate::limits;

/// What the header says.
pub(super) struct Header {
    pub(super) element: Element,
    pub(super) big_endian: bool,
    pub(super) fortran_order: bool,
    pub(super) shape: Vec<usize>,
}

/// Types of elements that become tensors.
#[derive(Clone, Copy)]
pub(super) enum Element {
    Bool,
    Int8,
    Uint8,
    Int16,
    Uint16,
    Int32,
    Uint32,
    Int64,
    Uint64,
    Float16,
    Float32,
    Float64,
}

const MAGIC: &[u8] = b"\x93NUMPY";
/// NumPy pads headers so that the data lie at multiples of this.
const ALIGNMENT: usize = 64;

impl Element {
    /// Bytes of an element.
    pub(super) fn size(self) -> usize {
        match self {
            Self::Bool | Self::Int8 | Self::Uint8 => 1,
            Self::Int16 | Self::Uint16 | Self::Float16 => 2,
            Self::Int32 | Self::Uint32 | Self::Float32 => 4,
            Self::Int64 | Self::Uint64 | Self::Float64 => 8,
        }
    }

    fn from_code(code: &str) -> Result<Self> {
        Ok(match code {
            "b1" => Self::Bool,
            "i1" => Self::Int8,
            "u1" => Self::Uint8,
            "i2" => Self::Int16,
            "u2" => Self::Uint16,
            "i4" => Self::Int32,
            "u4" => Self::Uint32,
            "i8" => Self::Int64,
            "u8" => Self::Uint64,
            "f2" => Self::Float16,
            "f4" => Self::Float32,
            "f8" => Self::Float64,
            other => {
                return Err(Error::unsupported(format!(
                    "arrays of NumPy's type {other:?} are not numbers that a model takes; save it as float32 or int8"
                )));
            }
        })
    }
}

impl Header {
    /// The header, and the bytes after it.
    pub(super) fn read(bytes: &[u8]) -> Result<(Self, &[u8])> {
        let rest = bytes
            .strip_prefix(MAGIC)
            .ok_or_else(|| Error::format("this is not an NPY array: it does not begin with \\x93NUMPY"))?;
        let cut = || Error::format("the NPY header is cut short");
        let ([major, _minor], rest) = rest.split_first_chunk().ok_or_else(cut)?;
        let (length, rest) = match major {
            1 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
                (usize::from(u16::from_le_bytes(*length)), rest)
            }
            2 | 3 => {
                let (length, rest) = rest.split_first_chunk().ok_or_else(cut)?;
                (u32::from_le_bytes(*length) as usize, rest)
            }
            other => return Err(Error::unsupported(format!("NPY version {other} is newer than Milliwatt reads"))),
        };
        let (text, data) = rest.split_at_checked(length).ok_or_else(cut)?;
        let text = std::str::from_utf8(text).map_err(|_| Error::format("the NPY header is not text"))?;
        Ok((Self::parse(text)?, data))
    }

    fn parse(text: &str) -> Result<Self> {
        let mut parser = Parser { rest: text };
        let (mut descr, mut fortran_order, mut shape) = (None, None, None);
        parser.expect('{')?;
        while !parser.accept('}') {
            let key = parser.string()?;
            parser.expect(':')?;
            match key {
                "descr" => descr = Some(parser.string_or_structure()?),
                "fortran_order" => fortran_order = Some(parser.boolean()?),
                "shape" => shape = Some(parser.shape()?),
                other => return Err(Error::format(format!("the NPY header has an unknown key {other:?}"))),
            }
            if !parser.accept(',') {
                parser.expect('}')?;
                break;
            }
        }
        let missing = |key: &str| Error::format(format!("the NPY header lacks {key}"));
        let descr = descr.ok_or_else(|| missing("descr"))?;
        let (order, code) = match descr.as_bytes().first() {
            Some(b'<' | b'>' | b'|' | b'=') => descr.split_at(1),
            _ => ("<", descr),
        };
        Ok(Self {
            element: Element::from_code(code)?,
            big_endian: order == ">",
            fortran_order: fortran_order.ok_or_else(|| missing("fortran_order"))?,
            shape: shape.ok_or_else(|| missing("shape"))?,
        })
    }
}

/// As much of Python's literals as NumPy writes.
struct Parser<'a> {
    rest: &'a str,
}

impl<'a> Parser<'a> {
    fn accept(&mut self, wanted: char) -> bool {
        let rest = self.rest.trim_start();
        match rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn expect(&mut self, wanted: char) -> Result<()> {
        if self.accept(wanted) {
            return Ok(());
        }
        let found: String = self.rest.trim_start().chars().take(12).collect();
        Err(Error::format(format!("the NPY header has {found:?} where {wanted:?} should stand")))
    }

    fn string(&mut self) -> Result<&'a str> {
        let quote = if self.accept('"') { '"' } else { '\'' };
        if quote == '\'' {
            self.expect('\'')?;
        }
        let (string, rest) =
            self.rest.split_once(quote).ok_or_else(|| Error::format("a text in the NPY header does not end"))?;
        self.rest = rest;
        Ok(string)
    }

    fn string_or_structure(&mut self) -> Result<&'a str> {
        if self.rest.trim_start().starts_with('[') {
            return Err(Error::unsupported(
                "arrays of records are not tensors; save each field as an array of its own",
            ));
        }
        self.string()
    }

    fn boolean(&mut self) -> Result<bool> {
        let rest = self.rest.trim_start();
        for (word, value) in [("True", true), ("False", false)] {
            if let Some(rest) = rest.strip_prefix(word) {
                self.rest = rest;
                return Ok(value);
            }
        }
        Err(Error::format("fortran_order in the NPY header is neither True nor False"))
    }

    fn shape(&mut self) -> Result<Vec<usize>> {
        let mut shape = vec![];
        self.expect('(')?;
        while !self.accept(')') {
            let rest = self.rest.trim_start();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            let (number, rest) = rest.split_at(digits);
            let dim = number.parse().map_err(|_| {
                Error::format(format!("the NPY header's shape has a dimension that is no size: {number:?}"))
            })?;
            // Python 2 wrote long integers with an L.
            self.rest = rest.strip_prefix('L').unwrap_or(rest);
            shape.push(dim);
            limits::check("an array's dimensions", shape.len(), limits::RANK)?;
            if !self.accept(',') {
                self.expect(')')?;
                break;
            }
        }
        Ok(shape)
    }
}

/// The bytes of a version 1 header, padded as NumPy does.
pub(super) fn write(descr: &str, shape: &[usize]) -> Vec<u8> {
    let dims: Vec<String> = shape.iter().map(usize::to_string).collect();
    // A tuple of one has a comma.
    let comma = if shape.len() == 1 { "," } else { "" };
    let mut text = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': ({}{comma}), }}", dims.join(", "));
    let fixed = MAGIC.len() + 4;
    let padded = (fixed + text.len() + 1).next_multiple_of(ALIGNMENT);
    text.extend(std::iter::repeat_n(' ', padded - fixed - text.len() - 1));
    text.push('\n');
    let mut bytes = MAGIC.to_vec();
    // Eight dimensions of twenty digits stay far below 65,536 bytes.
    bytes.extend([1, 0]);
    bytes.extend((text.len() as u16).to_le_bytes());
    bytes.extend(text.as_bytes());
    bytes
}
