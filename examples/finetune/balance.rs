//! The same network with activations of one size, so that small weights are unimportant and steps of one size fit all.
//!
//! A published network has its batch normalization folded in, which leaves channels a hundred times larger than others.
//! Behind a ReLU, a filter can be divided by any positive number if those that read its channel are multiplied with it:
//! with powers of two the network stays the same, bit for bit.
//!
//! *Source*: M. Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019.

use std::error::Error;

use milliwatt::model::op::{Activation, Op};
use milliwatt::model::{Model, Node};
use milliwatt::train::{Parameters, Tape};

/// Every filter divided by the size of what it gives on some inputs; inputs are expected `smaller` times as small.
///
/// For chains of convolutions with ReLU, as the keyword spotter is one.
pub fn balanced(model: &Model, smaller: f32, inputs: &[f32]) -> Result<Model, Box<dyn Error>> {
    let mut parameters = Parameters::of(model)?;
    let layers: Vec<&Node> = model.nodes.iter().filter(|node| node.op.weights_input().is_some()).collect();
    let weights = |node: &Node| node.input(1).ok_or("a layer without weights");
    for weight in parameters.get_mut(weights(layers[0])?).ok_or("no weights")? {
        *weight *= smaller;
    }
    let before = parameters.clone();
    let width = model.values[model.inputs[0]].elements();
    let tape = Tape::forward(model, &before, inputs, inputs.len() / width)?;
    for pair in layers.windows(2) {
        if pair[0].op.activation() != Some(Activation::Relu) {
            return Err("a layer without ReLU cannot be balanced".into());
        }
        let channels = *model.values[pair[0].outputs[0]].shape.last().ok_or("no channels")?;
        let given = tape.value(pair[0].outputs[0]);
        let mut squares = vec![0f32; channels];
        given.iter().enumerate().for_each(|(i, y)| squares[i % channels] += y * y);
        let size = |square: &f32| (square / (given.len() / channels) as f32).sqrt().log2().round().exp2();
        // A channel that is silent on all of them stays as it is.
        let scales: Vec<f32> = squares.iter().map(|square| if *square > 0.0 { size(square) } else { 1.0 }).collect();
        let filters = parameters.get_mut(weights(pair[0])?).ok_or("no weights")?;
        let inner = match pair[0].op {
            Op::DepthwiseConv2d(_) => 1,
            _ => filters.len() / channels,
        };
        filters.iter_mut().enumerate().for_each(|(i, w)| *w /= scales[i / inner % channels]);
        let bias = pair[0].input(2).and_then(|id| parameters.get_mut(id)).ok_or("no bias")?;
        bias.iter_mut().zip(&scales).for_each(|(bias, scale)| *bias /= scale);
        // Channels are the last axis of filters that read them, depthwise or not.
        let readers = parameters.get_mut(weights(pair[1])?).ok_or("no weights")?;
        readers.iter_mut().enumerate().for_each(|(i, w)| *w *= scales[i % channels]);
    }
    Ok(parameters.put_into(model))
}
