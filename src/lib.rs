//! Milliwatt shows what a tiny neural network costs on a microcontroller, and makes it cost less.
//!
//! A [`Model`] is a graph of typed operators over values; it is plain data, and every transform makes a new one. Four
//! shapes hold the crate together:
//!
//! | shape | modules |
//! |---|---|
//! | bytes become a model, a model becomes bytes | [`mod@format`] |
//! | a model becomes another model | [`compress`], [`train`] |
//! | a model and inputs give outputs, with a tap on any value | [`exec`] |
//! | a model gives counts and costs | [`model::counts`], [`cost`] |
//!
//! [`lab`] puts them in order and writes a [`report`], in which every number says what it is: measured, counted or
//! modelled. Integer inference equals TensorFlow Lite for Microcontrollers byte for byte.
//!
//! ```
//! use milliwatt::compress::{self, recipe::Recipe};
//! use milliwatt::exec::{Executor, Options};
//! use milliwatt::format::tflite;
//! use milliwatt::model::op::{FullyConnected, Op};
//! use milliwatt::model::{Model, Node, Value};
//! use milliwatt::progress::Silent;
//! use milliwatt::tensor::{DType, Tensor};
//!
//! // A model: one dense layer. Usually `tflite::read` makes it from a file.
//! let mut model = Model::default();
//! let x = model.add_value(Value::activation("x", DType::Float32, &[1, 2]));
//! let w = model.add_value(Value::float_constant("w", &[1, 2], &[1.0, -0.5]));
//! let y = model.add_value(Value::activation("y", DType::Float32, &[1, 1]));
//! model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
//! (model.inputs, model.outputs) = (vec![x], vec![y]);
//!
//! // A smaller one: int8, its ranges measured on example inputs, with float inputs and outputs.
//! let recipe = Recipe::from_json(r#"{"version":1,"steps":[{"step":"quantize","float_io":true}]}"#)?;
//! let example = vec![Tensor::from_f32(&[1, 2], vec![1.0, -1.0])?];
//! let int8 = compress::apply(&model, &recipe, &[example.clone()], &mut Silent)?;
//!
//! // It runs as the microcontroller would run it, and is a file that the microcontroller runs.
//! let outputs = Executor::new(&int8, Options::default())?.run(&example)?;
//! assert!((outputs[0].to_f32_vec()[0] - 1.5).abs() < 0.01);
//! assert_eq!(tflite::read(&tflite::write(&int8)?)?.model.nodes.len(), 3);
//! # Ok::<(), milliwatt::Error>(())
//! ```

// The library never prints; the command and the tests may.
#![warn(clippy::print_stdout)]

pub mod audio;
pub mod compress;
pub mod cost;
pub mod data;
pub mod error;
pub mod exec;
pub mod format;
pub mod imc;
pub mod json;
pub mod lab;
pub mod limits;
pub mod metrics;
pub mod model;
pub mod order;
pub mod progress;
pub mod quant;
pub mod random;
pub mod report;
pub mod tensor;
pub mod train;
pub mod units;
#[cfg(target_arch = "wasm32")]
pub mod wasm;

pub use error::{Error, Result};
pub use model::Model;
