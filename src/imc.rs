//! In-memory compute.

pub mod array;
pub mod converters;
pub mod fitted;
pub mod gates;
pub mod mapper;
pub mod points;
pub mod sram;
pub mod technology;
pub mod validation;
