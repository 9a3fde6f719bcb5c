//! Which activations have their channels scaled together, who makes those channels and who reads them.

use crate::error::Result;
use crate::model::op::Activation;
use crate::model::{Model, Node, NodeId, Op, Value, ValueId};
use crate::tensor::DType;

/// Activations whose channels are scaled together, as a union-find forest over the values of a model.
pub(super) struct Classes {
    parent: Vec<ValueId>,
    /// Channels of a class: flattened images have them again and again.
    channels: Vec<usize>,
    /// Values, by their class, whose channels cannot be scaled.
    fixed: Vec<bool>,
}

impl Classes {
    /// Walks through a valid, folded model.
    pub fn of(model: &Model) -> Result<Self> {
        let mut classes = Self {
            parent: (0..model.values.len()).collect(),
            channels: model.values.iter().map(|value| value.shape.last().copied().unwrap_or(1)).collect(),
            fixed: model.values.iter().map(|value| value.dtype != DType::Float32 || value.is_variable).collect(),
        };
        let ports = model.signatures.iter().flat_map(|entry| entry.inputs.iter().chain(&entry.outputs));
        for &id in model.inputs.iter().chain(&model.outputs).chain(ports.map(|(_, id)| id)) {
            classes.fixed[id] = true;
        }
        for node in &model.nodes {
            if !classes.connect(model, node)? {
                let read = node.inputs.iter().flatten().filter(|&&id| !model.values[id].is_constant());
                read.chain(&node.outputs).for_each(|&id| classes.fix(id));
            }
        }
        Ok(classes)
    }

    /// The classes whose channels some layer makes and some layer reads, and that can be scaled.
    pub fn scaled(&self, model: &Model) -> Vec<ValueId> {
        let is_class = |&id: &ValueId| self.class(id) == Some(id) && !model.values[id].is_constant();
        let used = |&id: &ValueId| self.makers(model, id).next().is_some() && self.readers(model, id).next().is_some();
        (0..self.parent.len()).filter(is_class).filter(used).collect()
    }

    /// The class of a value; `None` where its channels cannot be scaled.
    pub fn class(&self, id: ValueId) -> Option<ValueId> {
        let root = self.root(id);
        (!self.fixed[root]).then_some(root)
    }

    /// The number of channels of a class.
    pub fn channels(&self, class: ValueId) -> usize {
        self.channels[class]
    }

    fn root(&self, mut id: ValueId) -> ValueId {
        while self.parent[id] != id {
            id = self.parent[id];
        }
        id
    }

    fn fix(&mut self, id: ValueId) {
        let root = self.root(id);
        self.fixed[root] = true;
    }

    /// Lets two activations be scaled together; says whether their channels lie so that they can be.
    fn join(&mut self, a: ValueId, b: ValueId) -> bool {
        let (a, b) = (self.root(a), self.root(b));
        let (few, many) = (self.channels[a].min(self.channels[b]), self.channels[a].max(self.channels[b]));
        if few == 0 || !many.is_multiple_of(few) {
            return false;
        }
        let (root, other) = (a.min(b), a.max(b));
        self.parent[other] = root;
        self.channels[root] = few;
        self.fixed[root] |= self.fixed[other];
        true
    }

    /// Ties what a node reads to what it makes; says whether a channel that is scaled before it is scaled alike behind it.
    fn connect(&mut self, model: &Model, node: &Node) -> Result<bool> {
        let clamps = !matches!(node.op.activation(), None | Some(Activation::None | Activation::Relu));
        let (Some(input), Some(&output)) = (node.input(0), node.outputs.first()) else { return Ok(false) };
        if clamps || node.outputs.len() > 1 {
            return Ok(false);
        }
        let last = |id: ValueId| model.values[id].shape.last().copied().unwrap_or(1);
        let same = last(input) == last(output);
        Ok(match &node.op {
            Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) => layer(model, node).is_some(),
            Op::AveragePool2d(_) | Op::MaxPool2d(_) | Op::Pad | Op::Relu | Op::LeakyRelu { .. } => {
                same && self.join(input, output)
            }
            Op::Mean { .. } => {
                let axes = node.input(1).map(|id| model.values[id].to_i64()).transpose()?.unwrap_or_default();
                let rank = model.values[input].shape.len() as i64;
                !axes.iter().any(|&axis| axis == -1 || axis == rank - 1) && same && self.join(input, output)
            }
            Op::Reshape { .. } => last(output).is_multiple_of(last(input).max(1)) && self.join(input, output),
            Op::Add { .. } | Op::Sub { .. } => {
                let other = node.input(1).filter(|&id| !model.values[id].is_constant());
                let alike = |id: ValueId| model.values[id].shape == model.values[output].shape;
                match other {
                    Some(other) if alike(input) && alike(other) => self.join(input, output) && self.join(other, output),
                    _ => false,
                }
            }
            _ => false,
        })
    }

    fn makers<'a>(&'a self, model: &'a Model, class: ValueId) -> impl Iterator<Item = (NodeId, Along)> + 'a {
        let made = move |(id, node): (NodeId, &'a Node)| {
            let along = Along { value: layer(model, node)?, axis: node.op.weights_channel_axis()?, each: 1 };
            (self.class(*node.outputs.first()?) == Some(class)).then_some((id, along))
        };
        model.nodes.iter().enumerate().filter_map(made)
    }

    fn readers<'a>(&'a self, model: &'a Model, class: ValueId) -> impl Iterator<Item = Along> + 'a {
        let read = move |node: &'a Node| {
            let (value, input) = (layer(model, node)?, node.input(0)?);
            let axis = model.values[value].shape.len().checked_sub(1)?;
            // A depthwise layer makes some channels of each that it reads.
            let each = match node.op {
                Op::DepthwiseConv2d(_) => model.values[value].shape[axis] / model.values[input].shape.last()?.max(&1),
                _ => 1,
            };
            (self.class(input) == Some(class)).then_some(Along { value, axis, each: each.max(1) })
        };
        model.nodes.iter().filter_map(read)
    }

    /// The largest weight or bias of those that make each channel of a class.
    ///
    /// With the bias, a channel that is hardly more than a constant is not scaled up until it fills the range of all.
    pub fn made(&self, model: &Model, class: ValueId) -> Result<Vec<f64>> {
        let mut made = self.largest(model, class, self.makers(model, class).map(|(_, along)| along))?;
        for (node, _) in self.makers(model, class) {
            let Some((_, bias)) = bias(model, &model.nodes[node]) else { continue };
            let channels = made.len();
            for (index, bias) in model.values[bias].to_f32()?.into_iter().enumerate() {
                made[index % channels] = made[index % channels].max(f64::from(bias.abs()));
            }
        }
        Ok(made)
    }

    /// The largest weight of those that read each channel of a class.
    pub fn read(&self, model: &Model, class: ValueId) -> Result<Vec<f64>> {
        self.largest(model, class, self.readers(model, class))
    }

    fn largest(&self, model: &Model, class: ValueId, parts: impl Iterator<Item = Along>) -> Result<Vec<f64>> {
        let mut largest = vec![0.0f64; self.channels[class]];
        for along in parts {
            let weights = model.values[along.value].to_f32()?;
            along.for_each(model, largest.len(), |channel, index| {
                largest[channel] = largest[channel].max(f64::from(weights[index].abs()));
            });
        }
        Ok(largest)
    }

    /// Divides the channels of a class, in what makes them, and multiplies what reads them.
    pub fn divide(&self, model: &mut Model, class: ValueId, scales: &[f64]) -> Result<()> {
        let makers: Vec<_> = self.makers(model, class).collect();
        let readers: Vec<_> = self.readers(model, class).collect();
        for (node, along) in makers {
            along.scale(model, |channel| 1.0 / scales[channel % scales.len()])?;
            if let Some((position, bias)) = bias(model, &model.nodes[node]) {
                let mut reals = model.values[bias].to_f32()?;
                reals.iter_mut().enumerate().for_each(|(c, b)| *b = (f64::from(*b) / scales[c % scales.len()]) as f32);
                // Another layer may read the same bias.
                let value = &model.values[bias];
                let scaled = Value::float_constant(value.name.clone(), &value.shape.clone(), &reals);
                model.nodes[node].inputs[position] = Some(model.add_value(scaled));
            }
        }
        for along in readers {
            along.scale(model, |channel| scales[channel % scales.len()])?;
        }
        Ok(())
    }
}

/// Weights and the axis along which they speak of channels, `each` indices of one channel side by side.
struct Along {
    value: ValueId,
    axis: usize,
    each: usize,
}

impl Along {
    /// Calls `visit(channel of the class, index of the weight)` for every weight.
    fn for_each(&self, model: &Model, channels: usize, mut visit: impl FnMut(usize, usize)) {
        let shape = &model.values[self.value].shape;
        let after: usize = shape[self.axis + 1..].iter().product();
        for index in 0..model.values[self.value].elements() {
            visit(index / after % shape[self.axis] / self.each % channels, index);
        }
    }

    fn scale(&self, model: &mut Model, factor: impl Fn(usize) -> f64) -> Result<()> {
        let mut weights = model.values[self.value].to_f32()?;
        self.for_each(model, usize::MAX, |channel, index| {
            weights[index] = (f64::from(weights[index]) * factor(channel)) as f32;
        });
        model.values[self.value].data = Some(bytemuck::cast_slice(&weights).to_vec().into());
        Ok(())
    }
}

/// The weights of a layer that can be scaled: its own, constant and float, as its bias is.
fn layer(model: &Model, node: &Node) -> Option<ValueId> {
    let weights = node.input(node.op.weights_input()?)?;
    let float = |id: ValueId| model.values[id].is_constant() && model.values[id].dtype == DType::Float32;
    let grouped = matches!(node.op, Op::Conv2d(_))
        && model.values[weights].shape.last() != model.values[node.input(0)?].shape.last();
    let bias = node.op.bias_input().and_then(|position| node.input(position));
    let own = model.consumers(weights).len() == 1;
    (own && !grouped && float(weights) && bias.is_none_or(float)).then_some(weights)
}

fn bias(model: &Model, node: &Node) -> Option<(usize, ValueId)> {
    let position = node.op.bias_input()?;
    let id = node.input(position)?;
    model.values[id].is_constant().then_some((position, id))
}
