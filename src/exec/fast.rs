//! Fast kernels, which stand beside the obvious ones and give the same bits.
//!
//! A fast kernel enters by a row of [`TABLE`]. [`prepare`] asks the rows in order; the first that takes the node wins,
//! and a node that none takes gets its obvious kernel. A row starts from the same decoded constants as the obvious
//! kernel, for instance [`super::kernels::conv::integers`], so that all checks are made once, and repacks them.
//! Working memory for a run is asked for with [`Kernel::scratch_bytes`].

use super::kernel::Kernel;
use super::site::Site;
use crate::error::Result;

/// Takes a node, or answers `None` where it has no fast kernel for the node's types, shapes or arithmetic.
///
/// # Errors
/// As [`super::kernels::Prepare`]: a node that cannot be executed at all.
pub type TryPrepare = fn(&Site<'_>) -> Result<Option<Box<dyn Kernel>>>;

/// The fast kernels.
pub const TABLE: &[TryPrepare] = &[];

/// The fast kernel of a node, where there is one.
///
/// # Errors
/// As [`TryPrepare`].
pub fn prepare(site: &Site<'_>) -> Result<Option<Box<dyn Kernel>>> {
    for row in TABLE {
        if let Some(kernel) = row(site)? {
            return Ok(Some(kernel));
        }
    }
    Ok(None)
}
