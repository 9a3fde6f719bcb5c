//! What a model costs: flash, working memory, time, energy and average power.

pub mod arena;
pub mod memory;
