//! How long work says how far it is, and learns that it should stop.

use crate::error::{Error, Result};

/// Receives the state of a long piece of work.
///
/// Anything that may take longer than half a second takes `&mut dyn Progress` and calls
/// [`report`](Progress::report) between items.
pub trait Progress {
    /// Called with the phase's name and how many of `total` items are done; `false` asks to stop.
    fn report(&mut self, phase: &str, done: usize, total: usize) -> bool;
}

/// Listens to nothing and never stops the work.
pub struct Silent;

impl Progress for Silent {
    fn report(&mut self, _phase: &str, _done: usize, _total: usize) -> bool {
        true
    }
}

impl<F: FnMut(&str, usize, usize) -> bool> Progress for F {
    fn report(&mut self, phase: &str, done: usize, total: usize) -> bool {
        self(phase, done, total)
    }
}

/// Reports and turns a request to stop into [`crate::error::Kind::Cancelled`].
///
/// # Errors
/// `Cancelled` when the listener answers `false`.
pub fn step(progress: &mut dyn Progress, phase: &str, done: usize, total: usize) -> Result<()> {
    if progress.report(phase, done, total) { Ok(()) } else { Err(Error::cancelled()) }
}
