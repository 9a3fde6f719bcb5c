//! Batch normalization: a layer that exists only while training.
//!
//! Behind a convolution, each channel is brought to mean 0 and variance 1 over the batch, then scaled and shifted by
//! two numbers that learn. A network of several layers learns much faster so. When it is exported, the layer goes into
//! the weights and the bias of the convolution, with the mean and variance that were seen on average; the graph never
//! has it.
//!
//! *Source*: S. Ioffe, C. Szegedy, "Batch Normalization", 2015, algorithms 1 and 2.

use super::parameters::Parameters;
use crate::error::{Error, Result};
use crate::model::{Model, Node, NodeId, Op, Value, ValueId};

/// Keeps the division from blowing up where a channel does not vary.
const EPSILON: f32 = 1e-3;
/// How much of the old average stays when a batch has been seen.
const MOMENTUM: f32 = 0.95;

/// The layer behind one node.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Norm {
    /// The parameter that each channel is multiplied with.
    pub scale: ValueId,
    /// The parameter that is added.
    pub shift: ValueId,
    /// The mean of each channel, averaged over the batches so far.
    pub mean: Vec<f32>,
    /// The variance likewise.
    pub variance: Vec<f32>,
}

/// What one run over a batch leaves for the way back.
#[derive(Debug)]
pub(super) struct Seen {
    /// The normalized numbers.
    normal: Vec<f32>,
    inverse_deviation: Vec<f32>,
    mean: Vec<f32>,
    variance: Vec<f32>,
}

impl Seen {
    /// Mean and variance of each channel.
    pub fn moments(&self) -> [Vec<f32>; 2] {
        [self.mean.clone(), self.variance.clone()]
    }
}

/// Gives a bias of 0 to every convolution that has none, for the layer to be folded into.
pub(super) fn give_biases(model: &mut Model) {
    for index in 0..model.nodes.len() {
        let node = &model.nodes[index];
        if is_convolution(&node.op) && node.input(2).is_none() {
            let channels = channels_of(model, index);
            let bias = model.add_value(Value::float_constant("bias", &[channels], &vec![0.0; channels]));
            model.nodes[index].inputs.resize(3, None);
            model.nodes[index].inputs[2] = Some(bias);
        }
    }
}

/// Puts the layer behind every convolution whose weights learn.
pub(super) fn attach(model: &Model, parameters: &mut Parameters) -> Vec<Option<Norm>> {
    let mut norms = vec![None; model.nodes.len()];
    for (index, node) in model.nodes.iter().enumerate() {
        if is_convolution(&node.op) && parameters.get(weights_of(node)).is_some() {
            let channels = channels_of(model, index);
            norms[index] = Some(Norm {
                scale: parameters.add(vec![1.0; channels]),
                shift: parameters.add(vec![0.0; channels]),
                mean: vec![0.0; channels],
                variance: vec![1.0; channels],
            });
        }
    }
    norms
}

fn is_convolution(op: &Op) -> bool {
    matches!(op, Op::Conv2d(_) | Op::DepthwiseConv2d(_))
}

fn channels_of(model: &Model, node: NodeId) -> usize {
    let output = model.nodes[node].outputs.first().and_then(|&id| model.values.get(id));
    output.and_then(|value| value.shape.last()).copied().unwrap_or(0)
}

fn weights_of(node: &Node) -> ValueId {
    node.op.weights_input().and_then(|position| node.input(position)).unwrap_or(ValueId::MAX)
}

impl Norm {
    /// Normalizes `[rows, channels]` in place; `learning` with the batch's own mean and variance.
    pub fn forward(&self, parameters: &Parameters, y: &mut [f32], learning: bool) -> Result<Seen> {
        let (scale, shift) = self.numbers(parameters)?;
        let channels = self.mean.len();
        let (mean, variance) = if learning { moments(y, channels) } else { (self.mean.clone(), self.variance.clone()) };
        let inverse_deviation: Vec<f32> = variance.iter().map(|variance| 1.0 / (variance + EPSILON).sqrt()).collect();
        let mut normal = vec![0.0; y.len()];
        for (y, normal) in y.chunks_exact_mut(channels).zip(normal.chunks_exact_mut(channels)) {
            for c in 0..channels {
                normal[c] = (y[c] - mean[c]) * inverse_deviation[c];
                y[c] = scale[c] * normal[c] + shift[c];
            }
        }
        Ok(Seen { normal, inverse_deviation, mean, variance })
    }

    /// Turns the gradient of the output into that of the input, in place; returns those of scale and shift.
    pub fn backward(&self, parameters: &Parameters, seen: &Seen, dy: &mut [f32]) -> Result<[(ValueId, Vec<f32>); 2]> {
        let (scale, _) = self.numbers(parameters)?;
        let channels = self.mean.len();
        let (mut dscale, mut dshift) = (vec![0.0; channels], vec![0.0; channels]);
        for (dy, normal) in dy.chunks_exact(channels).zip(seen.normal.chunks_exact(channels)) {
            for c in 0..channels {
                dscale[c] += dy[c] * normal[c];
                dshift[c] += dy[c];
            }
        }
        // The mean and the variance depend on every number of the batch, too: their share is taken away.
        let count = (dy.len() / channels) as f32;
        let factor: Vec<f32> = (0..channels).map(|c| scale[c] * seen.inverse_deviation[c]).collect();
        let (over_scale, over_shift): (Vec<f32>, Vec<f32>) =
            (0..channels).map(|c| (dscale[c] / count, dshift[c] / count)).unzip();
        for (dy, normal) in dy.chunks_exact_mut(channels).zip(seen.normal.chunks_exact(channels)) {
            for c in 0..channels {
                dy[c] = factor[c] * (dy[c] - over_shift[c] - normal[c] * over_scale[c]);
            }
        }
        Ok([(self.scale, dscale), (self.shift, dshift)])
    }

    /// Takes a batch into the averages.
    pub fn observe(&mut self, mean: &[f32], variance: &[f32]) {
        let mix = |average: &mut [f32], new: &[f32]| {
            average
                .iter_mut()
                .zip(new)
                .for_each(|(average, new)| *average = MOMENTUM * *average + (1.0 - MOMENTUM) * new);
        };
        mix(&mut self.mean, mean);
        mix(&mut self.variance, variance);
    }

    /// Puts the layer into the weights and the bias of its node.
    pub fn fold(&self, model: &Model, node: NodeId, parameters: &mut Parameters) -> Result<()> {
        let (scale, shift) = self.numbers(parameters)?;
        let factor: Vec<f32> =
            scale.iter().zip(&self.variance).map(|(scale, variance)| scale / (variance + EPSILON).sqrt()).collect();
        let shift = shift.to_vec();
        let node = &model.nodes[node];
        let (Some(axis), Some(bias)) = (node.op.weights_channel_axis(), node.input(2)) else {
            return Err(unfoldable());
        };
        let id = weights_of(node);
        let shape = model.values.get(id).map(|value| value.shape.clone()).unwrap_or_default();
        let after: usize = shape.get(axis + 1..).unwrap_or_default().iter().product();
        let weights = parameters.get_mut(id).ok_or_else(unfoldable)?;
        for (index, weight) in weights.iter_mut().enumerate() {
            *weight *= factor[index / after.max(1) % factor.len()];
        }
        let bias = parameters.get_mut(bias).ok_or_else(unfoldable)?;
        for (c, bias) in bias.iter_mut().enumerate() {
            *bias = (*bias - self.mean[c]) * factor[c] + shift[c];
        }
        Ok(())
    }

    fn numbers<'a>(&self, parameters: &'a Parameters) -> Result<(&'a [f32], &'a [f32])> {
        parameters.get(self.scale).zip(parameters.get(self.shift)).ok_or_else(unfoldable)
    }
}

fn unfoldable() -> Error {
    Error::parameter("a batch normalization has lost its parameters")
}

/// Mean and variance of each channel of `[rows, channels]`.
fn moments(y: &[f32], channels: usize) -> (Vec<f32>, Vec<f32>) {
    let count = (y.len() / channels) as f64;
    let mut sums = vec![0f64; channels];
    for row in y.chunks_exact(channels) {
        sums.iter_mut().zip(row).for_each(|(sum, &y)| *sum += f64::from(y));
    }
    let mean: Vec<f32> = sums.iter().map(|sum| (sum / count) as f32).collect();
    let mut squares = vec![0f64; channels];
    for row in y.chunks_exact(channels) {
        for c in 0..channels {
            let distance = f64::from(row[c] - mean[c]);
            squares[c] += distance * distance;
        }
    }
    (mean, squares.iter().map(|sum| (sum / count) as f32).collect())
}
