//! The rows of the table of transforms that have many options.

pub(super) mod channels;
pub(super) mod train;
