//! In-memory compute.

pub mod analog;
pub mod array;
pub mod converters;
pub mod digital;
pub mod fitted;
pub mod gates;
pub mod mapper;
pub mod matmul;
pub mod network;
pub mod nn;
pub mod points;
pub mod price;
pub mod sram;
pub mod technology;
pub mod validation;
