//! Reading a flatbuffer that nobody has checked.
//!
//! Every access is checked against the file's length; there is no pass that trusts another. Each table remembers
//! which of its fields were asked for, so that what a file says and Milliwatt does not carry can be named. A budget
//! bounds what a small file can make grow: tables may overlap, so a thousand vectors may all be the same bytes.

use std::cell::Cell;

use super::schema::TableKind;
use crate::error::{Error, Result};
use crate::limits;

/// The bytes of a file, and how many more of them may be copied out.
pub(super) struct File<'a> {
    bytes: &'a [u8],
    budget: Cell<usize>,
}

/// One table: where it lies, and which of its fields have been asked for.
pub(super) struct Table<'a> {
    file: &'a File<'a>,
    kind: &'static TableKind,
    start: usize,
    vtable: usize,
    slots: u16,
    asked: Cell<u64>,
}

/// A number of fixed size in the file, little-endian.
pub(super) trait Scalar: Sized + Copy {
    /// Its bytes.
    const SIZE: usize;
    /// Reads exactly `SIZE` bytes; zero for anything else, which no caller passes.
    fn read(bytes: &[u8]) -> Self;
}

macro_rules! scalar {
    ($($kind:ty)*) => {$(
        impl Scalar for $kind {
            const SIZE: usize = size_of::<$kind>();
            fn read(bytes: &[u8]) -> Self {
                bytes.try_into().map(<$kind>::from_le_bytes).unwrap_or_default()
            }
        }
    )*};
}
scalar! { i8 u8 u16 i32 u32 i64 u64 f32 }

impl<'a> File<'a> {
    /// A file whose content may be copied out a few times over, which sharing of small vectors needs.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, budget: Cell::new(bytes.len().saturating_mul(4).saturating_add(1 << 20)) }
    }

    /// The table that the file's first four bytes point to.
    pub(super) fn root(&'a self, kind: &'static TableKind) -> Result<Table<'a>> {
        let start = self.scalar::<u32>(0).ok_or_else(|| self.outside(&"the root", 0))?;
        self.table(kind, start as usize, &"the root")
    }

    /// Takes from the budget.
    pub(super) fn charge(&self, bytes: usize) -> Result<()> {
        match self.budget.get().checked_sub(bytes) {
            Some(rest) => {
                self.budget.set(rest);
                Ok(())
            }
            None => Err(Error::format(
                "parts of the file overlap so often that it would unpack to many times its size; it is damaged",
            )),
        }
    }

    fn scalar<T: Scalar>(&self, position: usize) -> Option<T> {
        self.bytes.get(position..position.checked_add(T::SIZE)?).map(T::read)
    }

    fn table(&'a self, kind: &'static TableKind, start: usize, what: &dyn std::fmt::Display) -> Result<Table<'a>> {
        let back = self.scalar::<i32>(start).ok_or_else(|| self.outside(what, start))?;
        let vtable = i64::try_from(start).ok().and_then(|start| usize::try_from(start - i64::from(back)).ok());
        let lost =
            || Error::format(format!("{what} has its field table outside of the file; it is truncated or damaged"));
        let vtable = vtable.ok_or_else(lost)?;
        let size = self.scalar::<u16>(vtable).ok_or_else(lost)?;
        let end = vtable.checked_add(size.into());
        if size < 4 || size % 2 != 0 || end.is_none_or(|end| end > self.bytes.len()) {
            return Err(Error::format(format!("{what} has a damaged field table at byte {vtable}")));
        }
        Ok(Table { file: self, kind, start, vtable, slots: (size - 4) / 2, asked: Cell::new(0) })
    }

    fn outside(&self, what: &dyn std::fmt::Display, position: usize) -> Error {
        Error::format(format!(
            "{what} lies at byte {position}, outside of the {} bytes of the file; it is truncated or damaged",
            self.bytes.len()
        ))
    }
}

impl<'a> Table<'a> {
    /// Where a field lies, `None` where it is left out.
    fn position(&self, field: u16) -> Option<usize> {
        if field < 64 {
            self.asked.set(self.asked.get() | 1 << field);
        }
        self.slot(field)
    }

    fn slot(&self, field: u16) -> Option<usize> {
        if field >= self.slots {
            return None;
        }
        let offset = self.file.scalar::<u16>(self.vtable + 4 + 2 * usize::from(field))?;
        (offset != 0).then(|| self.start + usize::from(offset))
    }

    /// `Tensor.shape` and the like.
    pub(super) fn name(&self, field: u16) -> String {
        match self.kind.fields.get(usize::from(field)) {
            Some(name) => format!("{}.{}", self.kind.name, name.to_ascii_lowercase()),
            None => format!("{} (unknown field {field})", self.kind.name),
        }
    }

    /// The bytes of the file that a field's content begins at.
    fn outside(&self, field: u16, position: usize) -> Error {
        self.file.outside(&self.name(field), position)
    }

    /// A number, `default` where it is left out.
    pub(super) fn scalar<T: Scalar>(&self, field: u16, default: T) -> Result<T> {
        match self.position(field) {
            None => Ok(default),
            Some(position) => self.file.scalar(position).ok_or_else(|| self.outside(field, position)),
        }
    }

    /// A truth value, `default` where it is left out.
    pub(super) fn boolean(&self, field: u16, default: bool) -> Result<bool> {
        Ok(self.scalar::<u8>(field, default.into())? != 0)
    }

    /// Where an offset field points to, `None` where it is left out.
    fn target(&self, field: u16) -> Result<Option<usize>> {
        let Some(position) = self.position(field) else { return Ok(None) };
        let offset = self.file.scalar::<u32>(position).ok_or_else(|| self.outside(field, position))?;
        Ok(Some(position.saturating_add(offset as usize)))
    }

    /// A table, `None` where it is left out.
    pub(super) fn table(&self, field: u16, kind: &'static TableKind) -> Result<Option<Table<'a>>> {
        let Some(start) = self.target(field)? else { return Ok(None) };
        self.file.table(kind, start, &self.name(field)).map(Some)
    }

    /// The bytes of the file that the table's own fields take, without its field table and what they point to.
    pub(super) fn extent(&self) -> std::ops::Range<usize> {
        let size = self.file.scalar::<u16>(self.vtable + 2).unwrap_or_default();
        self.start..self.start.saturating_add(size.into()).min(self.file.bytes.len())
    }

    /// The bytes of a vector of elements of `size` bytes, with their position, `None` where it is left out. Nothing is
    /// copied.
    pub(super) fn raw(&self, field: u16, size: usize) -> Result<Option<(usize, &'a [u8])>> {
        let Some(position) = self.target(field)? else { return Ok(None) };
        let length = self.file.scalar::<u32>(position).ok_or_else(|| self.outside(field, position))? as usize;
        let start = position + 4;
        let end = length.checked_mul(size).and_then(|bytes| start.checked_add(bytes));
        match end.and_then(|end| self.file.bytes.get(start..end)) {
            Some(bytes) => Ok(Some((start, bytes))),
            None => Err(Error::format(format!(
                "{} has {length} elements at byte {start}, more than the {} bytes of the file hold; it is truncated or damaged",
                self.name(field),
                self.file.bytes.len()
            ))),
        }
    }

    /// A byte vector, `None` where it is left out. Nothing is copied.
    pub(super) fn bytes(&self, field: u16) -> Result<Option<&'a [u8]>> {
        Ok(self.raw(field, 1)?.map(|(_, bytes)| bytes))
    }

    /// A vector of numbers, `None` where it is left out.
    pub(super) fn vector<T: Scalar>(&self, field: u16) -> Result<Option<Vec<T>>> {
        let Some((_, bytes)) = self.raw(field, T::SIZE)? else { return Ok(None) };
        self.file.charge(bytes.len())?;
        Ok(Some(bytes.chunks_exact(T::SIZE).map(T::read).collect()))
    }

    /// A text, `None` where it is left out; bytes that are not UTF-8 are replaced, and the second answer says so.
    pub(super) fn text(&self, field: u16) -> Result<Option<(String, bool)>> {
        let Some(bytes) = self.bytes(field)? else { return Ok(None) };
        self.file.charge(bytes.len())?;
        Ok(Some(match std::str::from_utf8(bytes) {
            Ok(text) => (text.to_owned(), false),
            Err(_) => (String::from_utf8_lossy(bytes).into_owned(), true),
        }))
    }

    /// A vector of tables; empty where it is left out. More than `cap` are refused.
    pub(super) fn tables(&self, field: u16, kind: &'static TableKind, cap: usize) -> Result<Vec<Table<'a>>> {
        let Some((start, bytes)) = self.raw(field, 4)? else { return Ok(vec![]) };
        let name = self.name(field);
        limits::check(&name, bytes.len() / 4, cap)?;
        let tables = bytes.chunks_exact(4).enumerate().map(|(index, offset)| {
            let position = start + 4 * index;
            let target = position.saturating_add(u32::read(offset) as usize);
            self.file.table(kind, target, &format_args!("{name}[{index}]"))
        });
        tables.collect()
    }

    /// Takes from the file's budget.
    pub(super) fn charge(&self, bytes: usize) -> Result<()> {
        self.file.charge(bytes)
    }

    /// Whether a vector field is left out or has no elements.
    pub(super) fn is_empty(&self, field: u16) -> Result<bool> {
        // Elements of one byte are the least: whatever the type, the count is read and the bound is not too strict.
        Ok(self.raw(field, 1)?.is_none_or(|(_, bytes)| bytes.is_empty()))
    }

    /// Whether a field is there at all; does not count as asked for.
    pub(super) fn has(&self, field: u16) -> bool {
        self.slot(field).is_some()
    }

    /// The names of the fields that are there but were never asked for.
    pub(super) fn unasked(&self) -> impl Iterator<Item = String> + '_ {
        let asked = self.asked.get();
        // No table of the schema has more than 64 fields; one line stands for all beyond.
        let known = (0..self.slots.min(64)).filter(move |&field| asked & (1 << field) == 0 && self.has(field));
        let beyond = (64..self.slots.min(128)).find(|&field| self.has(field));
        known.chain(beyond).map(|field| self.name(field))
    }
}
