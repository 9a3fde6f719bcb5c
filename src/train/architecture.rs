//! Models made from nothing: graphs with random weights, ready to be trained.

mod builder;
mod networks;

pub use networks::{Architecture, Kind};

use crate::error::{Error, Result};
use crate::limits;
use crate::model::op::{Activation, FullyConnected};
use crate::model::{Model, Node, Op, Value};
use crate::random::Random;
use crate::tensor::DType;

/// The layer widths of the MLPerf Tiny anomaly detector behind its input of 640: down to 8 numbers and up again.
pub const ANOMALY_AUTOENCODER: [usize; 10] = [128, 128, 128, 128, 8, 128, 128, 128, 128, 640];

/// A chain of fully connected layers, ReLU between them, none behind the last.
///
/// Weights are drawn from a normal distribution of variance `2 / inputs`, `1 / inputs` for the last layer (He et al.,
/// 2015); biases are 0.
///
/// *Shapes*: `[1, inputs]` to `[1, last of widths]`.
///
/// # Errors
/// `Parameter` when a width is 0 or there is none, `Limits` when a layer is too large.
///
/// ```
/// use milliwatt::train::architecture::{ANOMALY_AUTOENCODER, dense};
/// let model = dense("anomaly", 640, &ANOMALY_AUTOENCODER, 1).unwrap();
/// assert_eq!(model.nodes.len(), 10);
/// ```
pub fn dense(name: &str, inputs: usize, widths: &[usize], seed: u64) -> Result<Model> {
    if widths.is_empty() || inputs == 0 || widths.contains(&0) {
        return Err(Error::parameter(format!("layers of {inputs} to {widths:?} numbers are not a network")));
    }
    let mut random = Random::new(seed);
    let mut model = Model { name: name.into(), ..Model::default() };
    let mut from = model.add_value(Value::activation("input", DType::Float32, &[1, inputs]));
    model.inputs = vec![from];
    let mut wide = inputs;
    for (index, &width) in widths.iter().enumerate() {
        limits::check("weights in a layer", wide.saturating_mul(width), limits::TENSOR_ELEMENTS)?;
        let last = index + 1 == widths.len();
        let activation = if last { Activation::None } else { Activation::Relu };
        let deviation = libm::sqrt(if last { 1.0 } else { 2.0 } / wide as f64);
        let weights: Vec<f32> = (0..width * wide).map(|_| (deviation * random.normal()) as f32).collect();
        let layer = format!("dense_{index}");
        let weights = model.add_value(Value::float_constant(format!("{layer}/weights"), &[width, wide], &weights));
        let bias = model.add_value(Value::float_constant(format!("{layer}/bias"), &[width], &vec![0.0; width]));
        let name = if last { "output" } else { &layer };
        let output = model.add_value(Value::activation(name, DType::Float32, &[1, width]));
        let op = Op::FullyConnected(FullyConnected { activation, ..FullyConnected::default() });
        model.nodes.push(Node::new(op, &[from, weights, bias], &[output]));
        (from, wide) = (output, width);
    }
    model.outputs = vec![from];
    Ok(model)
}
