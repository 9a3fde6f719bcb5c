//! Operators that no network of the shelf has, each on a model small enough to be followed by hand.

use super::*;
use crate::model::op::{Activation, Conv2d, FullyConnected, Padding};
use crate::model::{Node, Op, Value, shape};
use crate::tensor::DType;

/// A model under construction; every convolution is 1 x 1.
struct Net(Model);

impl Net {
    fn new(shape: &[usize]) -> Self {
        let mut model = Model::default();
        model.inputs = vec![model.add_value(Value::activation("in", DType::Float32, shape))];
        Self(model)
    }

    fn node(&mut self, op: Op, inputs: &[ValueId]) -> ValueId {
        let output = self.0.add_value(Value::activation("", DType::Float32, &[]));
        self.0.nodes.push(Node::new(op, inputs, &[output]));
        let index = self.0.nodes.len() - 1;
        self.0.values[output].shape = shape::infer(&self.0, index).unwrap().remove(0);
        output
    }

    fn channels(&self, id: ValueId) -> usize {
        *self.0.values[id].shape.last().unwrap()
    }

    /// Filter `c` is filled with `c + 1`, so that the first ones are the smallest.
    fn conv(&mut self, from: ValueId, filters: usize) -> ValueId {
        let depth = self.channels(from);
        let w: Vec<f32> = (0..filters * depth).map(|i| (i / depth + 1) as f32).collect();
        let w = self.0.add_value(Value::float_constant("w", &[filters, 1, 1, depth], &w));
        let op = Conv2d { padding: Padding::Same, stride: [1, 1], dilation: [1, 1], activation: Activation::None };
        self.node(Op::Conv2d(op), &[from, w])
    }

    fn dense(&mut self, from: ValueId, outputs: usize) -> ValueId {
        let inputs: usize = self.0.values[from].shape.iter().product();
        let w = self.0.add_value(Value::float_constant("w", &[outputs, inputs], &vec![1.0; outputs * inputs]));
        self.node(Op::FullyConnected(FullyConnected::default()), &[from, w])
    }

    /// The shapes of all activations once half of the channels are gone.
    fn halved(mut self, output: ValueId) -> Result<Vec<Vec<usize>>> {
        self.0.outputs = vec![output];
        let thin = remove(&self.0, &ChannelsOptions { multiple: 1, ..ChannelsOptions::default() })?;
        Ok(thin.nodes.iter().map(|node| thin.values[node.outputs[0]].shape.clone()).collect())
    }
}

fn concatenation(axis: i32) -> Op {
    Op::Concatenation { axis, activation: Activation::None }
}

#[test]
fn a_joined_image_keeps_what_is_left_of_each_part() {
    let mut net = Net::new(&[1, 2, 2, 3]);
    let (a, b) = (net.conv(0, 4), net.conv(0, 6));
    let joined = net.node(concatenation(-1), &[a, b]);
    let out = net.conv(joined, 2);
    assert_eq!(net.halved(out).unwrap(), [vec![1, 2, 2, 2], vec![1, 2, 2, 3], vec![1, 2, 2, 5], vec![1, 2, 2, 2]]);
}

#[test]
fn images_joined_side_by_side_lose_the_same_channels() {
    let mut net = Net::new(&[1, 2, 2, 3]);
    let (a, b) = (net.conv(0, 4), net.conv(0, 4));
    let joined = net.node(concatenation(1), &[a, b]);
    let out = net.conv(joined, 2);
    let channels = Channels::of(&net.0).unwrap();
    assert_eq!(channels.along(a, 3), channels.along(b, 3));
    assert_eq!(net.halved(out).unwrap()[2], [1, 4, 2, 2]);
}

#[test]
fn a_flattened_image_loses_a_channel_in_every_pixel() {
    let mut net = Net::new(&[1, 2, 2, 3]);
    let conv = net.conv(0, 4);
    let dims = net.0.add_value(Value::int_constant("shape", &[2], &[1, 16]));
    let flat = net.node(Op::Reshape { new_shape: Some(vec![1, 16]) }, &[conv, dims]);
    let out = net.dense(flat, 2);
    let (weights, model) = (net.0.nodes[2].input(1).unwrap(), net.0.clone());
    assert_eq!(net.halved(out).unwrap(), [vec![1, 2, 2, 2], vec![1, 8], vec![1, 2]]);
    let channels = Channels::of(&model).unwrap();
    let (columns, pixel) = (channels.along(weights, 1).unwrap(), channels.along(conv, 3).unwrap());
    assert_eq!(columns, [&pixel[..]; 4].concat());
}

#[test]
fn numbers_that_become_an_image_go_together_pixel_by_pixel() {
    let mut net = Net::new(&[1, 3]);
    let flat = net.dense(0, 16);
    let image = net.node(Op::Reshape { new_shape: Some(vec![1, 2, 2, 4]) }, &[flat]);
    let out = net.conv(image, 2);
    assert_eq!(net.halved(out).unwrap(), [vec![1, 8], vec![1, 2, 2, 2], vec![1, 2, 2, 2]]);
}

#[test]
fn channels_that_a_border_adds_stay() {
    let mut net = Net::new(&[1, 2, 2, 3]);
    let conv = net.conv(0, 4);
    let border = net.0.add_value(Value::int_constant("border", &[4, 2], &[0, 0, 1, 1, 1, 1, 1, 2]));
    let padded = net.node(Op::Pad, &[conv, border]);
    let out = net.conv(padded, 2);
    assert_eq!(net.halved(out).unwrap()[1], [1, 4, 4, 5]);
}

#[test]
fn what_all_channels_decide_together_keeps_them_all() {
    for op in [Op::Softmax { beta: 1.0 }, Op::L2Normalization { activation: Activation::None }] {
        let mut net = Net::new(&[1, 2, 2, 3]);
        let conv = net.conv(0, 4);
        let mixed = net.node(op, &[conv]);
        let out = net.conv(mixed, 2);
        let error = net.halved(out).unwrap_err();
        assert!(error.to_string().contains("no layer"), "{error}");
    }
}

#[test]
fn a_constant_for_each_channel_is_cut_too() {
    let mut net = Net::new(&[1, 2, 2, 3]);
    let conv = net.conv(0, 4);
    let scale = net.0.add_value(Value::float_constant("scale", &[4], &[9.0, 0.0, 1.0, 1.0]));
    let scaled = net.node(Op::Mul { activation: Activation::None }, &[scale, conv]);
    let out = net.conv(scaled, 2);
    net.0.outputs = vec![out];
    let thin = remove(&net.0, &ChannelsOptions { multiple: 1, ..ChannelsOptions::default() }).unwrap();
    // Filters of sizes 1 to 4 times these factors: the first and the last are the largest.
    assert_eq!(thin.values[thin.nodes[1].input(0).unwrap()].to_f32().unwrap(), [9.0, 1.0]);
}

#[test]
fn weights_that_two_layers_share_stay_shared() {
    let mut net = Net::new(&[1, 2, 2, 4]);
    let first = net.conv(0, 4);
    let w = net.0.nodes[0].input(1).unwrap();
    let again = net.node(net.0.nodes[0].op.clone(), &[first, w]);
    let out = net.conv(again, 2);
    // The shared filters read the model's input, which stays, so nothing of them can go.
    assert!(net.halved(out).is_err());
}

#[test]
fn a_layer_is_never_emptied() {
    let mut net = Net::new(&[1, 2, 2, 3]);
    let conv = net.conv(0, 4);
    net.0.outputs = vec![net.conv(conv, 2)];
    let channels = Channels::of(&net.0).unwrap();
    let all = channels.groups().concat();
    assert_eq!(all.len(), 4);
    assert!(channels.without(&net.0, &all).is_err());
}
