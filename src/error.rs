//! One error type, sorted by who is at fault.
//!
//! A message says what is wrong, where, and what to do about it; names that come from a file stand last,
//! because they may be long or strange.

use std::fmt;

/// Who has to act so that the operation can succeed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, serde::Serialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum Kind {
    /// The file is broken: truncated, inconsistent, or not of the format it claims.
    Format,
    /// The file is fine, but Milliwatt cannot do this (yet).
    Unsupported,
    /// The caller asked for something that makes no sense: an unknown option, a wrong shape.
    Parameter,
    /// The request is larger than the caps in [`crate::limits`].
    Limits,
    /// The numbers went wrong: NaN, infinity, a scale of zero.
    Numeric,
    /// The user stopped the work.
    Cancelled,
}

/// What went wrong, as a sentence for a person and a [`Kind`] for a program.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Error {
    kind: Kind,
    message: String,
}

/// The result of everything in this crate that can fail.
pub type Result<T> = std::result::Result<T, Error>;

impl Error {
    /// The file is broken.
    pub fn format(message: impl Into<String>) -> Self {
        Self::new(Kind::Format, message)
    }

    /// Milliwatt cannot do this.
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(Kind::Unsupported, message)
    }

    /// The caller's request makes no sense.
    pub fn parameter(message: impl Into<String>) -> Self {
        Self::new(Kind::Parameter, message)
    }

    /// The request is too large.
    pub fn limits(message: impl Into<String>) -> Self {
        Self::new(Kind::Limits, message)
    }

    /// The numbers went wrong.
    pub fn numeric(message: impl Into<String>) -> Self {
        Self::new(Kind::Numeric, message)
    }

    /// The user stopped the work.
    pub fn cancelled() -> Self {
        Self::new(Kind::Cancelled, "Stopped")
    }

    fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    /// Who has to act.
    pub fn kind(&self) -> Kind {
        self.kind
    }

    /// The sentence without its place; [`Error::at`] adds the place.
    pub fn message(&self) -> &str {
        &self.message
    }

    /// The same error, told with the place where it happened in front.
    ///
    /// ```
    /// use milliwatt::Error;
    /// let error = Error::format("the bias has 3 values for 4 channels").at("node 2 (CONV_2D)");
    /// assert_eq!(error.to_string(), "node 2 (CONV_2D): the bias has 3 values for 4 channels");
    /// ```
    pub fn at(self, place: impl fmt::Display) -> Self {
        Self { kind: self.kind, message: format!("{place}: {}", self.message) }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
