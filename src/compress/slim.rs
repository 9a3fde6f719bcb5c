//! Slimming: the same model in fewer bytes, without what no kernel reads.
//!
//! | left out | portable | TFLM |
//! |---|---|---|
//! | names, descriptions, metadata, signatures | yes | yes |
//! | ranges seen in training, declared open dimensions | yes | yes |
//! | values that nothing uses | yes | yes |
//! | scales of the biases of convolutions: kernels multiply those of input and filter | | yes |
//! | all but the first zero point where all are equal | | yes |
//!
//! LiteRT wants as many zero points as scales, and XNNPACK looks at the scales of biases. Equal vectors, tables and
//! buffers are written once anyway. Outputs stay the same, byte for byte.
//!
//! *Source*: which fields TFLM's and LiteRT's kernels read; checked in both.

use crate::compress::recipe::{SlimOptions, SlimTarget};
use crate::model::{Encoding, Model, Op, Value};

/// The metadata that TFLM's planner reads.
const PLANNED: &str = "OfflineMemoryAllocation";

/// A copy of a model without what the target's runtimes do not read.
///
/// To leave out signatures too, write it in the style [`Bare`](crate::format::tflite::Style::Bare).
pub fn slim(model: &Model, options: &SlimOptions) -> Model {
    // Offsets are planned by the number of a tensor, so the numbers must stay.
    let is_planned = model.metadata.iter().any(|(name, _)| name == PLANNED);
    // What no operator calls is entered by its signature alone.
    let is_entered = model.subgraphs.iter().any(|graph| !graph.signatures.is_empty());
    let of = |graph: &Model| {
        let mut slim = stripped(graph, options);
        slim.signatures = if is_entered { graph.signatures.clone() } else { Vec::new() };
        if !is_planned {
            slim.compact();
        }
        slim
    };
    Model { subgraphs: model.subgraphs.iter().map(of).collect(), ..of(model) }
}

/// A graph without what its nodes do not read.
fn stripped(model: &Model, options: &SlimOptions) -> Model {
    let mut slim = Model {
        metadata: model.metadata.iter().filter(|(name, _)| name == PLANNED).cloned().collect(),
        values: model.values.clone(),
        nodes: model.nodes.clone(),
        inputs: model.inputs.clone(),
        outputs: model.outputs.clone(),
        ..Model::default()
    };
    for value in &mut slim.values {
        (value.name, value.range, value.shape_signature) = (String::new(), None, None);
    }
    if options.target == SlimTarget::Tflm {
        slim.values.iter_mut().for_each(shorten_zero_points);
        drop_bias_scales(&mut slim);
    }
    slim
}

/// TFLM takes a single zero point for all channels; only its bitmaps copy one for each.
fn shorten_zero_points(value: &mut Value) {
    if let Some(quantization) = value.quantization.as_mut().filter(|_| value.encoding != Some(Encoding::Bitmap))
        && quantization.zero_point.windows(2).all(|pair| pair[0] == pair[1])
    {
        quantization.zero_point.truncate(1);
    }
}

/// FULLY_CONNECTED checks its bias's scale while it prepares, so only convolutions do without.
fn drop_bias_scales(model: &mut Model) {
    let is_free = |op: &Op| matches!(op, Op::Conv2d(_) | Op::DepthwiseConv2d(_));
    for id in 0..model.values.len() {
        let readers = model.consumers(id);
        let is_bias = |&node: &usize| {
            let node = &model.nodes[node];
            let read = node.inputs.iter().enumerate().filter(|(_, input)| **input == Some(id));
            is_free(&node.op) && read.into_iter().all(|(position, _)| Some(position) == node.op.bias_input())
        };
        if !readers.is_empty() && model.values[id].is_constant() && readers.iter().all(is_bias) {
            model.values[id].quantization = None;
        }
    }
}
