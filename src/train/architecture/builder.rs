//! Networks for images, put together layer by layer with random weights.

use crate::error::{Error, Result};
use crate::limits;
use crate::model::op::{Activation, Conv2d, DepthwiseConv2d, FullyConnected, Padding, Pool2d};
use crate::model::{Model, Node, Op, Value, ValueId, shape};
use crate::random::Random;
use crate::tensor::DType;

/// A network under construction.
pub(super) struct Builder {
    pub model: Model,
    random: Random,
}

impl Builder {
    /// A network with an input of one shape, batch first.
    pub fn new(name: &str, input: &[usize], seed: u64) -> Self {
        let mut model = Model { name: name.into(), ..Model::default() };
        let id = model.add_value(Value::activation("input", DType::Float32, input));
        model.inputs = vec![id];
        Self { model, random: Random::new(seed) }
    }

    /// The input.
    pub fn input(&self) -> ValueId {
        self.model.inputs.first().copied().unwrap_or(0)
    }

    /// The shape of a value.
    pub fn shape(&self, id: ValueId) -> &[usize] {
        &self.model.values[id].shape
    }

    fn channels(&self, id: ValueId) -> usize {
        self.shape(id).last().copied().unwrap_or(1)
    }

    /// Weights from a normal distribution of variance `2 / inputs`, which keeps the size of signals through ReLU.
    ///
    /// *Source*: K. He et al., "Delving deep into rectifiers", 2015.
    fn he(&mut self, shape: &[usize], inputs: usize) -> Result<ValueId> {
        let deviation = libm::sqrt(2.0 / inputs.max(1) as f64);
        self.random_weights(shape, |random| deviation * random.normal())
    }

    /// Weights from a uniform distribution of variance `2 / (inputs + outputs)`, for layers without ReLU behind them.
    ///
    /// *Source*: X. Glorot, Y. Bengio, "Understanding the difficulty of training deep feedforward neural networks", 2010.
    fn glorot(&mut self, shape: &[usize], inputs: usize, outputs: usize) -> Result<ValueId> {
        let limit = libm::sqrt(6.0 / (inputs + outputs).max(1) as f64);
        self.random_weights(shape, |random| random.between(-limit, limit))
    }

    fn random_weights(&mut self, shape: &[usize], mut draw: impl FnMut(&mut Random) -> f64) -> Result<ValueId> {
        let count = shape.iter().fold(1usize, |count, &dim| count.saturating_mul(dim));
        limits::check("weights in a layer", count, limits::TENSOR_ELEMENTS)?;
        let weights: Vec<f32> = (0..count).map(|_| draw(&mut self.random) as f32).collect();
        Ok(self.constant("weights", shape, &weights))
    }

    fn constant(&mut self, what: &str, shape: &[usize], numbers: &[f32]) -> ValueId {
        let name = format!("layer_{}/{what}", self.model.nodes.len());
        self.model.add_value(Value::float_constant(name, shape, numbers))
    }

    /// Adds a node; the shape of its output follows.
    pub fn node(&mut self, op: Op, inputs: &[ValueId]) -> Result<ValueId> {
        let index = self.model.nodes.len();
        let output = self.model.add_value(Value::activation(format!("layer_{index}"), DType::Float32, &[]));
        self.model.nodes.push(Node::new(op, inputs, &[output]));
        let shapes = shape::infer(&self.model, index)?;
        self.model.values[output].shape = shapes.into_iter().next().unwrap_or_default();
        Ok(output)
    }

    /// A convolution with a bias, SAME padding and a fused activation.
    pub fn conv(
        &mut self,
        from: ValueId,
        filters: usize,
        window: [usize; 2],
        stride: [usize; 2],
        activation: Activation,
    ) -> Result<ValueId> {
        let depth = self.channels(from);
        let weights = self.he(&[filters, window[0], window[1], depth], window[0] * window[1] * depth)?;
        let bias = self.constant("bias", &[filters], &vec![0.0; filters]);
        let op = Conv2d { padding: Padding::Same, stride, dilation: [1, 1], activation };
        self.node(Op::Conv2d(op), &[from, weights, bias])
    }

    /// A 3 x 3 convolution of each channel for itself and ReLU, then one of all channels in each pixel and ReLU.
    pub fn separable(&mut self, from: ValueId, filters: usize, stride: [usize; 2]) -> Result<ValueId> {
        let channels = self.channels(from);
        let weights = self.he(&[1, 3, 3, channels], 9)?;
        let bias = self.constant("bias", &[channels], &vec![0.0; channels]);
        let (padding, activation) = (Padding::Same, Activation::Relu);
        let op = DepthwiseConv2d { padding, stride, dilation: [1, 1], depth_multiplier: 1, activation };
        let middle = self.node(Op::DepthwiseConv2d(op), &[from, weights, bias])?;
        self.conv(middle, filters, [1, 1], [1, 1], Activation::Relu)
    }

    /// The mean of each channel over the whole image.
    pub fn mean(&mut self, from: ValueId) -> Result<ValueId> {
        let &[_, height, width, _] = self.shape(from) else { return Err(Error::parameter("this is no image")) };
        let (padding, activation) = (Padding::Valid, Activation::None);
        let op = Pool2d { padding, stride: [height, width], filter: [height, width], activation };
        self.node(Op::AveragePool2d(op), &[from])
    }

    /// The largest of each 2 x 2 pixels.
    pub fn halve(&mut self, from: ValueId) -> Result<ValueId> {
        let (padding, activation) = (Padding::Same, Activation::None);
        self.node(Op::MaxPool2d(Pool2d { padding, stride: [2, 2], filter: [2, 2], activation }), &[from])
    }

    /// A fully connected layer.
    pub fn dense(&mut self, from: ValueId, outputs: usize, activation: Activation) -> Result<ValueId> {
        let inputs = self.shape(from).iter().product();
        let shape = [outputs, inputs];
        let weights = match activation {
            Activation::None => self.glorot(&shape, inputs, outputs)?,
            _ => self.he(&shape, inputs)?,
        };
        let bias = self.constant("bias", &[outputs], &vec![0.0; outputs]);
        let op = FullyConnected { activation, ..FullyConnected::default() };
        self.node(Op::FullyConnected(op), &[from, weights, bias])
    }

    /// The classifier at the end: a fully connected layer and a softmax.
    pub fn classify(mut self, from: ValueId, classes: usize) -> Result<Model> {
        let logits = self.dense(from, classes, Activation::None)?;
        let output = self.node(Op::Softmax { beta: 1.0 }, &[logits])?;
        self.model.outputs = vec![output];
        Ok(self.model)
    }
}
