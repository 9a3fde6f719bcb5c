//! Which activations share a scale, and which scales they get.

use super::{covering, in_levels};
use crate::compress::calibrate::Span;
use crate::compress::recipe::{QuantizeOptions, Scheme};
use crate::error::{Error, Result};
use crate::model::{Model, Node, Op, Value, ValueId};
use crate::quant::Quantization;
use crate::tensor::DType;

/// What the specification says of an operator's output scale.
enum Rule {
    /// Chosen from the range that was measured.
    Free,
    /// The same as that of its float inputs.
    SameAsInputs,
    /// Fixed by the specification.
    Fixed(f32, i64),
}

fn rule(op: &Op) -> Option<Rule> {
    Some(match op {
        Op::Conv2d(_)
        | Op::DepthwiseConv2d(_)
        | Op::TransposeConv(_)
        | Op::FullyConnected(_)
        | Op::Mean { .. }
        | Op::Add { .. }
        | Op::Sub { .. }
        | Op::Mul { .. }
        | Op::Relu
        | Op::Relu6
        | Op::LeakyRelu { .. }
        | Op::Prelu
        | Op::HardSwish
        | Op::Quantize => Rule::Free,
        Op::AveragePool2d(_)
        | Op::MaxPool2d(_)
        | Op::Concatenation { .. }
        | Op::Pad
        | Op::PadV2
        | Op::Reshape { .. }
        | Op::Squeeze { .. }
        | Op::ExpandDims
        | Op::Transpose
        | Op::StridedSlice(_)
        | Op::Split { .. }
        | Op::ResizeNearestNeighbor(_)
        | Op::ResizeBilinear(_) => Rule::SameAsInputs,
        Op::Softmax { .. } | Op::Logistic => Rule::Fixed(1.0 / 256.0, -128),
        Op::Tanh | Op::L2Normalization { .. } => Rule::Fixed(1.0 / 128.0, 0),
        Op::Dequantize | Op::Opaque(_) => return None,
    })
}

fn is_float_activation(model: &Model, id: ValueId) -> bool {
    model.values[id].dtype == DType::Float32 && !model.values[id].is_constant()
}

/// Puts a QUANTIZE between an operator of fixed output scale and a concatenation of several inputs, which would
/// otherwise force that scale on its neighbours.
pub fn separate_fixed_concatenations(model: &mut Model, spans: &mut Vec<Option<Span>>) {
    let mut node = 0;
    while node < model.nodes.len() {
        if matches!(model.nodes[node].op, Op::Concatenation { .. }) && model.nodes[node].inputs.len() > 1 {
            for position in 0..model.nodes[node].inputs.len() {
                let Some(input) = model.nodes[node].input(position) else { continue };
                let producer = model.producer(input).map(|id| rule(&model.nodes[id].op));
                if matches!(producer, Some(Some(Rule::Fixed(..)))) {
                    let source = &model.values[input];
                    let copy = Value { name: format!("{}_rescaled", source.name), ..source.clone() };
                    let copy = model.add_value(copy);
                    spans.push(spans[input]);
                    model.nodes[node].inputs[position] = Some(copy);
                    model.insert_node(node, Node::new(Op::Quantize, &[input], &[copy]));
                    node += 1;
                }
            }
        }
        node += 1;
    }
}

/// Where an activation gets its scale from.
#[derive(Debug, Clone, PartialEq)]
pub enum Share {
    /// The specification fixes it.
    Fixed(Quantization),
    /// The activations that name the same value share one.
    Group(ValueId),
}

/// Where every `float32` activation gets its scale from; `None` for constants and other types.
///
/// # Errors
/// `Unsupported` for operators without an int8 form.
pub fn shared_scales(model: &Model) -> Result<Vec<Option<Share>>> {
    shares(model, Scheme::Int8)
}

/// The same for other types than int8.
pub fn shares(model: &Model, scheme: Scheme) -> Result<Vec<Option<Share>>> {
    let mut groups = Groups::new(model.values.len());
    for (id, node) in model.nodes.iter().enumerate() {
        let rule = rule(&node.op).ok_or_else(|| {
            Error::unsupported("there is no int8 form of this operator; leave the model float").at(model.place(id))
        })?;
        let floats: Vec<ValueId> =
            node.inputs.iter().flatten().copied().filter(|&id| is_float_activation(model, id)).collect();
        match (rule, floats.first()) {
            (Rule::SameAsInputs, Some(&first)) => {
                floats.iter().chain(&node.outputs).for_each(|&other| groups.join(first, other));
            }
            (Rule::Fixed(scale, zero_point), _) => {
                let fixed = match scheme {
                    Scheme::Int8 => (scale, zero_point),
                    // Of [0, 1] and [-1, 1] alike.
                    Scheme::Int16x8 => (1.0 / 32768.0, 0),
                };
                node.outputs.iter().for_each(|&id| groups.fixed[id] = Some(fixed));
            }
            _ => {}
        }
    }
    Ok(groups.shares(model))
}

/// The quantization of every `float32` activation; `None` for constants and other types.
///
/// Inputs of the model keep 8 bits, and so does what shares a scale with them.
pub fn choose(model: &Model, spans: &[Option<Span>], options: &QuantizeOptions) -> Result<Vec<Option<Quantization>>> {
    let shares = shares(model, options.scheme)?;
    let share = |id: &ValueId| shares[*id].clone();
    let given: Vec<Share> = model.inputs.iter().filter_map(share).collect();
    let covered = |root: ValueId, span: Span| match options.scheme {
        Scheme::Int8 if given.contains(&Share::Group(root)) => in_levels(span, 8, options.symmetric),
        Scheme::Int8 => in_levels(span, options.activation_bits, options.symmetric),
        Scheme::Int16x8 => covering(span, options.scheme),
    };
    let mut joined: Vec<Option<Span>> = vec![None; shares.len()];
    for (share, span) in shares.iter().zip(spans) {
        if let Some(Share::Group(root)) = share {
            joined[*root] = match (joined[*root], *span) {
                (Some(a), Some(b)) => Some(a.union(b)),
                (a, b) => a.or(b),
            };
        }
    }
    let quantization = |(id, share): (usize, Option<Share>)| match share {
        None => Ok(None),
        Some(Share::Fixed(quantization)) => Ok(Some(quantization)),
        Some(Share::Group(root)) => joined[root].map(|span| Some(covered(root, span))).ok_or_else(|| {
            Error::numeric(format!(
                "no value of this activation was seen on the calibration inputs: {:?}",
                model.values[id].name
            ))
        }),
    };
    shares.into_iter().enumerate().map(quantization).collect()
}

/// Values that must share one scale, as a union-find forest.
struct Groups {
    parent: Vec<ValueId>,
    fixed: Vec<Option<(f32, i64)>>,
}

impl Groups {
    fn new(values: usize) -> Self {
        Self { parent: (0..values).collect(), fixed: vec![None; values] }
    }

    fn root(&self, mut id: ValueId) -> ValueId {
        while self.parent[id] != id {
            id = self.parent[id];
        }
        id
    }

    fn join(&mut self, a: ValueId, b: ValueId) {
        let (a, b) = (self.root(a), self.root(b));
        // The smaller id leads, so that the outcome does not depend on the order of joins.
        self.parent[a.max(b)] = a.min(b);
    }

    fn shares(&self, model: &Model) -> Vec<Option<Share>> {
        let activations = || (0..self.parent.len()).filter(|&id| is_float_activation(model, id));
        let mut fixed: Vec<Option<(f32, i64)>> = vec![None; self.parent.len()];
        for id in activations() {
            let root = self.root(id);
            fixed[root] = fixed[root].or(self.fixed[id]);
        }
        let mut shares = vec![None; self.parent.len()];
        for id in activations() {
            let root = self.root(id);
            shares[id] = Some(match fixed[root] {
                Some((scale, zero_point)) => Share::Fixed(Quantization::per_tensor(scale, zero_point)),
                None => Share::Group(root),
            });
        }
        shares
    }
}
