//! TensorFlow Lite files, in and out.
//!
//! Facts of the format that are easy to miss:
//! - the operator code is the larger of two fields, because the first one was too small;
//! - buffer 0 stands for "no data";
//! - zero points are 64-bit integers;
//! - constants may share a buffer, and should lie at multiples of 16 bytes.
//!
//! *Source*: LiteRT `schema.fbs`; see `schema.rs` for the numbers.

mod bytemap;
mod calls;
mod decode;
mod findings;
mod layout;
mod operators;
mod options;
mod read;
mod schema;
mod table;
mod versions;
mod write;

pub use bytemap::{Part, bytes_by_part};
pub use decode::{Packed, expand, is_unpacker, pack};
pub use read::read;
pub use write::{Style, default_signature, write, write_as};

#[cfg(test)]
mod tests;
