//! In-memory compute: an SRAM array that multiplies, what comes out of it, and what that costs.
//!
//! | file | what it answers | kind |
//! |---|---|---|
//! | [`array`](mod@array) | the macro, its presets and knobs | calibrated or predicted |
//! | [`mapper`] | which weights lie where, and how many cycles that takes | counted |
//! | [`digital`] | the product, bit by bit, with every change counted | exact |
//! | [`analog`] | the product on charge, with what is not ideal | simulated |
//! | [`network`] | a whole int8 model in the array | exact, or simulated |
//! | [`matmul`](mod@matmul) | two matrices in the array | exact, or simulated |
//! | [`price`] | energy by part, time, and when loading is worth it | modelled, with a band |
//! | [`gates`], [`converters`], [`technology`], [`sram`] | the published equations and tables | stated |
//! | [`points`](mod@points), [`validation`], [`fitted`] | published silicon, the fit, and its held-out errors | fitted |
//! | [`nn`] | networks written as in PyTorch | |
//!
//! ```
//! use milliwatt::imc::array::Macro;
//! use milliwatt::imc::mapper::{self, Options, layer::Layer};
//! use milliwatt::imc::price;
//!
//! // A matrix product of 100 rows by 256 x 64 weights fills the generic macro once.
//! let (array, options) = (Macro::generic(), Options::default());
//! let mapping = mapper::map(&[Layer::dense(100, 256, 64)], &array, &options)?;
//! assert_eq!(mapping.cycles(), 800); // 8 bits of each of 100 rows; the weights stay
//! let cost = price::network(&mapping, &array, &options, &[]);
//! assert!(cost.parts.array().0 < cost.parts.system().0);
//! # Ok::<(), milliwatt::Error>(())
//! ```

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
