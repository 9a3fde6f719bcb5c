//! Layers as a float32 model, shape by shape; and a float32 model as layers.

use super::layers::{Conv2d, DepthwiseConv2d, Layer, Linear};
use crate::error::{Error, Result};
use crate::model::op::{self, Activation, FullyConnected, Op, Padding};
use crate::model::{Model, Node, Value, ValueId};
use crate::tensor::DType;

/// The layers as a model for one row of an array of `shape`.
///
/// # Errors
/// `Parameter` for a shape that does not fit a layer, which is named.
pub fn model(layers: &[Layer], shape: &[usize]) -> Result<Model> {
    let mut build = Build { model: Model::default(), shape: shape.to_vec(), last: 0 };
    if let Some(batch) = build.shape.first_mut() {
        *batch = 1;
    }
    build.last = build.model.add_value(Value::activation("x", DType::Float32, &build.shape));
    let first = build.last;
    for (at, layer) in layers.iter().enumerate() {
        build.add(layer).map_err(|error| error.at(format!("layer {at}")))?;
    }
    (build.model.inputs, build.model.outputs) = (vec![first], vec![build.last]);
    Ok(build.model)
}

/// The layers that a float32 model is written with, each fused activation a layer of its own.
///
/// # Errors
/// `Unsupported`, naming the operator, for a model that is no chain of layers that exist here.
pub fn layers(model: &Model) -> Result<Vec<Layer>> {
    let is_float = |value: &Value| value.dtype == DType::Float32;
    if !model.inputs.iter().filter_map(|&id| model.values.get(id)).all(is_float) {
        return Err(Error::unsupported("only a float32 model can be read as layers; this one is quantized already"));
    }
    let mut layers = Vec::new();
    let mut last = model.inputs.first().copied();
    for node in &model.nodes {
        if node.input(0) != last {
            return Err(Error::unsupported(
                "this model is no chain of layers: one of them does not follow the one before",
            ));
        }
        last = node.outputs.first().copied();
        let value = |position: usize| node.input(position).and_then(|id| model.values.get(id));
        let floats = |position: usize| value(position).map(Value::to_f32).transpose();
        let shape = |position: usize| value(position).map_or(&[][..], |value| &value.shape[..]);
        let weights = || Ok::<_, Error>(floats(1)?.unwrap_or_default());
        let bias = |outputs: usize| Ok::<_, Error>(floats(2)?.unwrap_or_else(|| vec![0.0; outputs]));
        let (layer, activation) = match (&node.op, shape(1)) {
            (Op::FullyConnected(op), &[outputs, _]) => {
                if shape(0).len() > 2 && layers.last() != Some(&Layer::Flatten) {
                    layers.push(Layer::Flatten);
                }
                (Layer::Linear(Linear::with(weights()?, bias(outputs)?)?), op.activation)
            }
            (Op::Conv2d(op), &[outputs, height, width, inputs]) if op.dilation == [1, 1] => {
                let (weights, bias, kernel) = (weights()?, bias(outputs)?, [height, width]);
                let (stride, padding) = (op.stride, op.padding);
                (Layer::Conv2d(Conv2d { weights, bias, inputs, outputs, kernel, stride, padding }), op.activation)
            }
            (Op::DepthwiseConv2d(op), &[_, height, width, channels])
                if op.dilation == [1, 1] && op.depth_multiplier == 1 =>
            {
                let (weights, bias, kernel) = (weights()?, bias(channels)?, [height, width]);
                let (stride, padding) = (op.stride, op.padding);
                (Layer::DepthwiseConv2d(DepthwiseConv2d { weights, bias, kernel, stride, padding }), op.activation)
            }
            (Op::AveragePool2d(op), _) if matches!(shape(0), [_, h, w, _] if op.filter == [*h, *w]) => {
                (Layer::GlobalAvgPool2d, op.activation)
            }
            (Op::Relu, _) => (Layer::ReLU, Activation::None),
            (Op::Softmax { beta: 1.0 }, _) => (Layer::Softmax, Activation::None),
            (Op::Reshape { .. }, _) => {
                // What a pooling of a whole image leaves is flat here already.
                if layers.last() != Some(&Layer::GlobalAvgPool2d) {
                    layers.push(Layer::Flatten);
                }
                continue;
            }
            (op, _) => return Err(Error::unsupported(format!("{} is no layer that can be written here", op.name()))),
        };
        layers.push(layer);
        match activation {
            Activation::None => {}
            Activation::Relu => layers.push(Layer::ReLU),
            other => return Err(Error::unsupported(format!("{other:?} is no layer that can be written here"))),
        }
    }
    Ok(layers)
}

/// What a window over an image leaves.
fn window(image: [usize; 2], kernel: [usize; 2], stride: [usize; 2], padding: Padding, channels: usize) -> Vec<usize> {
    let side = |at: usize| match padding {
        Padding::Same => image[at].div_ceil(stride[at].max(1)),
        Padding::Valid => (image[at] + 1).saturating_sub(kernel[at]).div_ceil(stride[at].max(1)),
    };
    vec![1, side(0), side(1), channels]
}

/// A model that grows layer by layer.
struct Build {
    model: Model,
    shape: Vec<usize>,
    last: ValueId,
}

impl Build {
    fn add(&mut self, layer: &Layer) -> Result<()> {
        match layer {
            Layer::ReLU => self.node(Op::Relu, &[], self.shape.clone()),
            Layer::Flatten => self.flatten(),
            Layer::Softmax => self.node(Op::Softmax { beta: 1.0 }, &[], self.shape.clone()),
            Layer::Linear(layer) => {
                if self.shape.last() != Some(&layer.inputs) || self.shape.len() != 2 {
                    return Err(Error::parameter(format!(
                        "a Linear of {} inputs cannot take {:?}",
                        layer.inputs, self.shape
                    )));
                }
                let w = Value::float_constant("w", &[layer.outputs, layer.inputs], &layer.weights);
                let b = Value::float_constant("b", &[layer.outputs], &layer.bias);
                self.node(Op::FullyConnected(FullyConnected::default()), &[w, b], vec![1, layer.outputs]);
            }
            Layer::Conv2d(layer) => {
                let image = self.image("Conv2d", layer.inputs)?;
                let shape = window(image, layer.kernel, layer.stride, layer.padding, layer.outputs);
                let [height, width] = layer.kernel;
                let w = Value::float_constant("w", &[layer.outputs, height, width, layer.inputs], &layer.weights);
                let b = Value::float_constant("b", &[layer.outputs], &layer.bias);
                let op = op::Conv2d {
                    padding: layer.padding,
                    stride: layer.stride,
                    dilation: [1, 1],
                    activation: Activation::None,
                };
                self.node(Op::Conv2d(op), &[w, b], shape);
            }
            Layer::DepthwiseConv2d(layer) => {
                let channels = layer.bias.len();
                let image = self.image("DepthwiseConv2d", channels)?;
                let shape = window(image, layer.kernel, layer.stride, layer.padding, channels);
                let [height, width] = layer.kernel;
                let w = Value::float_constant("w", &[1, height, width, channels], &layer.weights);
                let b = Value::float_constant("b", &[channels], &layer.bias);
                let op = op::DepthwiseConv2d {
                    padding: layer.padding,
                    stride: layer.stride,
                    dilation: [1, 1],
                    depth_multiplier: 1,
                    activation: Activation::None,
                };
                self.node(Op::DepthwiseConv2d(op), &[w, b], shape);
            }
            Layer::GlobalAvgPool2d => {
                let &[_, height, width, channels] = &self.shape[..] else {
                    return Err(Error::parameter(format!("a GlobalAvgPool2d cannot take {:?}", self.shape)));
                };
                let filter = [height, width];
                let (padding, activation) = (Padding::Valid, Activation::None);
                let pool = op::Pool2d { padding, stride: filter, filter, activation };
                self.node(Op::AveragePool2d(pool), &[], vec![1, 1, 1, channels]);
                self.flatten();
            }
        }
        Ok(())
    }

    /// Height and width of an image with so many channels.
    fn image(&self, layer: &str, channels: usize) -> Result<[usize; 2]> {
        match self.shape[..] {
            [_, height, width, found] if found == channels => Ok([height, width]),
            [_, _, _, found] => Err(Error::parameter(format!("a {layer} of {channels} channels cannot take {found}"))),
            _ => Err(Error::parameter(format!("a {layer} cannot take {:?}", self.shape))),
        }
    }

    fn flatten(&mut self) {
        let whole = self.shape.iter().product();
        let shape = Value::int_constant("shape", &[2], &[1, whole as i32]);
        self.node(Op::Reshape { new_shape: None }, &[shape], vec![1, whole]);
    }

    fn node(&mut self, op: Op, constants: &[Value], shape: Vec<usize>) {
        // A ReLU after a layer with weights is fused, as converters do.
        if op == Op::Relu
            && let Some(node) = self.model.nodes.last_mut()
        {
            match &mut node.op {
                Op::FullyConnected(op) => return op.activation = Activation::Relu,
                Op::Conv2d(op) => return op.activation = Activation::Relu,
                Op::DepthwiseConv2d(op) => return op.activation = Activation::Relu,
                _ => {}
            }
        }
        let mut inputs = vec![self.last];
        inputs.extend(constants.iter().map(|value| self.model.add_value(value.clone())));
        self.last = self.model.add_value(Value::activation("y", DType::Float32, &shape));
        self.model.nodes.push(Node::new(op, &inputs, &[self.last]));
        self.shape = shape;
    }
}
