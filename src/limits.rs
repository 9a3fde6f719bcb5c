//! Every cap in one place, each with its reason.
//!
//! Strangers' files are opened in a browser tab on a school computer: what is too large is refused before
//! memory is taken for it, with a sentence that names the cap.

use crate::error::{Error, Result};

/// Largest model file. Milliwatt models live in microcontroller flash, of which 2 MiB is already a lot.
pub const MODEL_BYTES: usize = 16 << 20;
/// Most nodes in a graph. The largest MLPerf Tiny model has 31.
pub const NODES: usize = 2_000;
/// Most values (tensors) in a graph.
pub const VALUES: usize = 10_000;
/// Most subgraphs of a file. A loop has two, a file for training on the device about four.
pub const SUBGRAPHS: usize = 64;
/// Most elements in one tensor: a full-HD RGB image has 6 M, a 96x96 one 28 k.
pub const TENSOR_ELEMENTS: usize = 4_000_000;
/// Most dimensions of a tensor; TFLite kernels know at most 6, the IR leaves room to show stranger ones.
pub const RANK: usize = 8;
/// Most bytes that all tensors of one inference may need together.
pub const ARENA_BYTES: usize = 64 << 20;
/// Most multiply-accumulates of one inference: over it a single run would freeze a worker for seconds.
pub const MACS: u64 = 4_000_000_000;
/// Most entries in a ZIP archive of clips or images.
pub const ZIP_ENTRIES: usize = 20_000;
/// Most bytes that a ZIP archive may unpack to, all entries together.
pub const ZIP_BYTES: usize = 512 << 20;
/// Most seconds of audio in one clip.
pub const CLIP_SECONDS: usize = 60;
/// Most bytes of one NPY array.
pub const NPY_BYTES: usize = 512 << 20;

/// Most numbers that one training learns from: 2,000 images of 96 x 96 x 3, or 110,000 clips as keyword features.
pub const TRAINING_NUMBERS: usize = 56_000_000;

/// Refuses `value` above `cap` with a sentence that names both.
///
/// # Errors
/// [`crate::error::Kind::Limits`] when `value > cap`.
pub fn check(what: &str, value: usize, cap: usize) -> Result<()> {
    if value > cap {
        return Err(Error::limits(format!("{what}: {value} is more than the {cap} that Milliwatt takes")));
    }
    Ok(())
}
