//! Laying out a flatbuffer whose parts are shared: equal vectors, tables and texts are written once and pointed to.
//!
//! Sharing is legal, because an offset may point anywhere ahead, and no reader of this format writes in place.

use std::collections::BTreeMap;

use flatbuffers::{FlatBufferBuilder, Push, TableFinishedWIPOffset, WIPOffset};

/// Constants lie at multiples of this many bytes, as the schema's `force_align` asks.
const BUFFER_ALIGNMENT: usize = 16;

/// Where something lies that has been written already, counted from the file's end.
pub(super) type Offset = u32;

/// A table's field.
pub(super) enum Slot {
    Byte(u8),
    Code(i8),
    Flag(bool, bool),
    Integer(i32, i32),
    Unsigned(u32),
    Real(f32),
    /// Written whatever it is: its default is not known.
    RawByte(u8),
    RawWord(u32),
    RawDoubleWord(u64),
    /// `None` is left out.
    Offset(Option<Offset>),
}

/// Writes parts of a file, from its end to its beginning, each only once.
pub(super) struct Layout {
    builder: FlatBufferBuilder<'static>,
    /// Vectors, tables and texts by their content.
    shared: BTreeMap<Vec<u8>, Offset>,
}

impl Layout {
    /// A layout with room for about so many bytes.
    pub(super) fn with_capacity(bytes: usize) -> Self {
        Self { builder: FlatBufferBuilder::with_capacity(bytes), shared: BTreeMap::new() }
    }

    /// The bytes of the file whose root table lies at `root`.
    pub(super) fn finish(mut self, root: Offset, identifier: &str) -> Vec<u8> {
        // The file is built from its end, so its length must be a multiple of the alignment: eight bytes follow, the
        // root's offset and the identifier.
        self.pad(8);
        self.builder.finish(WIPOffset::<TableFinishedWIPOffset>::new(root), Some(identifier));
        self.builder.finished_data().to_vec()
    }

    /// A table; an equal one is not written again.
    pub(super) fn table(&mut self, slots: &[(u16, Slot)]) -> Offset {
        // Which schema table it is does not matter, as long as fields have the same kinds and defaults: what is laid out
        // alike reads alike.
        let mut key = vec![b'T'];
        for (id, slot) in slots {
            let (kind, value, default) = match slot {
                Slot::Byte(byte) => (0, u32::from(*byte), 0),
                Slot::Code(code) => (1, *code as u32, 0),
                Slot::Flag(flag, default) => (2, u32::from(*flag), u32::from(*default)),
                Slot::Integer(integer, default) => (3, *integer as u32, *default as u32),
                Slot::Unsigned(unsigned) => (4, *unsigned, 0),
                Slot::Real(real) => (5, real.to_bits(), 0),
                Slot::Offset(offset) => (6, offset.unwrap_or(0), 0),
                Slot::RawByte(byte) => (7, u32::from(*byte), 0),
                Slot::RawWord(word) => (8, *word, 0),
                Slot::RawDoubleWord(wide) => (9, *wide as u32, (*wide >> 32) as u32),
            };
            key.extend(id.to_le_bytes());
            key.push(kind);
            key.extend(value.to_le_bytes());
            key.extend(default.to_le_bytes());
        }
        if let Some(&offset) = self.shared.get(&key) {
            return offset;
        }
        let builder = &mut self.builder;
        let start = builder.start_table();
        // Wide fields first, then the small ones, so that no hole is left between them.
        for (id, slot) in slots {
            if let Slot::RawDoubleWord(wide) = slot {
                builder.push_slot_always(4 + 2 * id, *wide);
            }
        }
        for wide in [true, false] {
            for (id, slot) in slots {
                let at = 4 + 2 * id;
                match slot {
                    Slot::Integer(integer, default) if wide => builder.push_slot(at, *integer, *default),
                    Slot::Unsigned(unsigned) if wide => builder.push_slot(at, *unsigned, 0),
                    Slot::Real(real) if wide => builder.push_slot(at, *real, 0.0),
                    Slot::RawWord(word) if wide => builder.push_slot_always(at, *word),
                    Slot::RawByte(byte) if !wide => builder.push_slot_always(at, *byte),
                    Slot::Offset(Some(offset)) if wide => {
                        builder.push_slot_always(at, WIPOffset::<TableFinishedWIPOffset>::new(*offset));
                    }
                    Slot::Byte(byte) if !wide => builder.push_slot(at, *byte, 0),
                    Slot::Code(code) if !wide => builder.push_slot(at, *code, 0),
                    Slot::Flag(flag, default) if !wide => builder.push_slot(at, *flag, *default),
                    _ => {}
                }
            }
        }
        let offset = builder.end_table(start).value();
        self.shared.insert(key, offset);
        offset
    }

    /// A vector of numbers; an equal one is not written again.
    pub(super) fn vector<T: Push + bytemuck::NoUninit>(&mut self, items: &[T]) -> Option<Offset> {
        let mut key = vec![b'V', size_of::<T>() as u8];
        key.extend_from_slice(bytemuck::cast_slice(items));
        let offset = match self.shared.get(&key) {
            Some(&offset) => offset,
            None => {
                let offset = self.builder.create_vector(items).value();
                self.shared.insert(key, offset);
                offset
            }
        };
        Some(offset)
    }

    /// A vector of tables.
    pub(super) fn offsets(&mut self, tables: &[Offset]) -> Option<Offset> {
        let tables: Vec<WIPOffset<TableFinishedWIPOffset>> =
            tables.iter().map(|&table| WIPOffset::new(table)).collect();
        Some(self.builder.create_vector(&tables).value())
    }

    /// A text; nothing for an empty one.
    pub(super) fn text(&mut self, text: &str) -> Option<Offset> {
        if text.is_empty() { None } else { self.exact_text(text) }
    }

    /// A text that is there also when it is empty.
    pub(super) fn exact_text(&mut self, text: &str) -> Option<Offset> {
        let key: Vec<u8> = [b"S", text.as_bytes()].concat();
        let offset = match self.shared.get(&key) {
            Some(&offset) => offset,
            None => {
                let offset = self.builder.create_string(text).value();
                self.shared.insert(key, offset);
                offset
            }
        };
        Some(offset)
    }

    /// A byte vector whose first byte lies at a multiple of [`BUFFER_ALIGNMENT`].
    pub(super) fn aligned(&mut self, bytes: &[u8]) -> Offset {
        self.pad(BUFFER_ALIGNMENT - bytes.len() % BUFFER_ALIGNMENT);
        self.builder.create_vector(bytes).value()
    }

    /// Zeros until the length is `remainder` modulo [`BUFFER_ALIGNMENT`].
    fn pad(&mut self, remainder: usize) {
        while self.builder.unfinished_data().len() % BUFFER_ALIGNMENT != remainder % BUFFER_ALIGNMENT {
            self.builder.push(0u8);
        }
    }
}
