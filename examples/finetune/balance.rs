//! The same network with weights of one size, so that small ones are unimportant and steps of one size fit all.
//!
//! A published network has its batch normalization folded in, which leaves filters a hundred times larger than others.
//! Behind a ReLU, a filter can be divided by any positive number if those that read its channel are multiplied with it:
//! with powers of two the network stays the same, bit for bit.
//!
//! *Source*: M. Nagel et al., "Data-free quantization through weight equalization and bias correction", 2019.

use std::error::Error;

use milliwatt::model::op::{Activation, Op};
use milliwatt::model::{Model, Node};
use milliwatt::train::Parameters;

/// Every filter divided by its length; features are expected `smaller` times as small.
///
/// For chains of convolutions with ReLU, as the keyword spotter is one.
pub fn balanced(model: &Model, smaller: f32) -> Result<Model, Box<dyn Error>> {
    let mut parameters = Parameters::of(model)?;
    let layers: Vec<&Node> = model.nodes.iter().filter(|node| node.op.weights_input().is_some()).collect();
    let weights = |node: &Node| node.input(1).ok_or("a layer without weights");
    for weight in parameters.get_mut(weights(layers[0])?).ok_or("no weights")? {
        *weight *= smaller;
    }
    for pair in layers.windows(2) {
        if pair[0].op.activation() != Some(Activation::Relu) {
            return Err("a layer without ReLU cannot be balanced".into());
        }
        let (from, to) = (weights(pair[0])?, weights(pair[1])?);
        let channels = *model.values[pair[0].outputs[0]].shape.last().ok_or("no channels")?;
        let of_filter = |op: &Op, count: usize, index: usize| match op {
            Op::DepthwiseConv2d(_) => index % channels,
            _ => index / (count / channels),
        };
        let filters = parameters.get_mut(from).ok_or("no weights")?;
        let mut squares = vec![0f32; channels];
        let count = filters.len();
        filters.iter().enumerate().for_each(|(i, w)| squares[of_filter(&pair[0].op, count, i)] += w * w);
        let scales: Vec<f32> = squares
            .iter()
            .map(|square| if *square > 0.0 { square.sqrt().log2().round().exp2() } else { 1.0 })
            .collect();
        filters.iter_mut().enumerate().for_each(|(i, w)| *w /= scales[of_filter(&pair[0].op, count, i)]);
        let bias = pair[0].input(2).and_then(|id| parameters.get_mut(id)).ok_or("no bias")?;
        bias.iter_mut().zip(&scales).for_each(|(bias, scale)| *bias /= scale);
        // Channels are the last axis of filters that read them, depthwise or not.
        let readers = parameters.get_mut(to).ok_or("no weights")?;
        readers.iter_mut().enumerate().for_each(|(i, w)| *w *= scales[i % channels]);
    }
    Ok(parameters.put_into(model))
}
