//! Files: what is read becomes a [`Model`] or tensors, what is written is made from them.
//!
//! # The tour
//!
//! | file | module | reads | writes |
//! |---|---|---|---|
//! | TensorFlow Lite model | [`tflite`] | yes | yes |
//! | NumPy array, or archive of arrays | [`npy`] | yes | arrays |
//! | WAV sound | [`wav`] | yes, IMA ADPCM of one channel too | one channel, 16-bit or IMA ADPCM |
//! | FLAC, MP3, Ogg, MPEG-4 sound | [`sound`] | what it is, and its sample rate; a browser decodes it | no |
//! | ZIP archive | [`zip`] | yes | yes, without compression |
//!
//! [`kind_of`] tells which of them a file is; [`foreign`] says how the models of other tools become files that are read.
//!
//! Every reader keeps the same rules. It takes bytes, never a path. It decides by content, never by a name. It checks
//! [`crate::limits`] before it takes memory. A file that is broken and a file that Milliwatt cannot use are different
//! errors ([`crate::error::Kind::Format`] and [`crate::error::Kind::Unsupported`]). No file makes it panic.
//!
//! A model that opens comes with the truth about itself: [`Finding`]s, which are sentences for a person, and
//! [`Opened::dropped`], which names what the file says and a rewritten file will not.

pub mod c;
pub mod detect;
pub mod foreign;
pub mod npy;
pub mod sound;
pub mod tflite;
pub mod wav;
pub mod zip;

pub use detect::{Kind, kind_of};

use serde::Serialize;

use crate::model::Model;

/// A model as it was found in a file.
#[derive(Debug, Clone, PartialEq)]
pub struct Opened {
    /// The model, validated.
    pub model: Model,
    /// The truth about the file, worst first.
    pub findings: Vec<Finding>,
    /// What the file holds and the model does not carry, so that a rewritten file lacks it.
    pub dropped: Vec<String>,
}

/// How much a [`Finding`] matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Good to know.
    Info,
    /// Works, but perhaps not as its owner thinks, or not on every target.
    Warning,
    /// Keeps the model from running on a microcontroller as it is.
    Blocks,
}

/// One true sentence about a file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// The sentence, for a person; names from the file stand last.
    pub sentence: String,
}

impl Finding {
    pub(crate) fn new(severity: Severity, sentence: impl Into<String>) -> Self {
        Self { severity, sentence: sentence.into() }
    }
}
