//! A node as the rules of the arena look at it, and arithmetic that a strange file cannot overflow.

use crate::model::op::Padding;
use crate::model::{Model, Node, Op, Value};
use crate::tensor::DType;

/// A node with its model.
#[derive(Clone, Copy)]
pub(super) struct Site<'a> {
    pub model: &'a Model,
    pub node: &'a Node,
}

/// The window of a convolution and what it runs over; heights first.
pub(super) struct Window {
    pub batch: u64,
    pub input: [u64; 2],
    pub input_channels: u64,
    pub kernel: [u64; 2],
    /// Channels of the filter, fewer than the input's where the convolution is grouped.
    pub kernel_channels: u64,
    pub output: [u64; 2],
    pub output_channels: u64,
    pub stride: [u64; 2],
    pub dilation: [u64; 2],
    /// The border at the top and at the left, as TFLite computes it; 0 without a border.
    pub border: [u64; 2],
    /// Output channels for each input channel of a depthwise convolution, as the file declares it.
    pub multiplier: u64,
}

/// No arena has as many bytes; products end here, so that sums of some of them do not overflow.
const MOST: u64 = 1 << 48;

/// A product that ends at a number larger than any arena. Compiled once, not for each of its many callers.
#[inline(never)]
pub(super) fn product(factors: &[u64]) -> u64 {
    factors.iter().fold(1, |product: u64, &factor| product.saturating_mul(factor).min(MOST))
}

/// The next multiple.
pub(super) fn up(number: u64, multiple: u64) -> u64 {
    number.div_ceil(multiple).saturating_mul(multiple)
}

impl<'a> Site<'a> {
    pub fn input(&self, position: usize) -> Option<&'a Value> {
        self.node.input(position).and_then(|id| self.model.values.get(id))
    }

    pub fn output(&self) -> Option<&'a Value> {
        self.node.outputs.first().and_then(|&id| self.model.values.get(id))
    }

    pub fn dtype(&self, position: usize) -> Option<DType> {
        self.input(position).map(|value| value.dtype)
    }

    /// A dimension of an input, 0 where there is none.
    pub fn dim(&self, position: usize, axis: usize) -> u64 {
        self.input(position).and_then(|value| value.shape.get(axis)).map_or(0, |&dim| dim as u64)
    }

    /// The last dimension of an input.
    pub fn last_dim(&self, position: usize) -> u64 {
        self.input(position).and_then(|value| value.shape.last()).map_or(0, |&dim| dim as u64)
    }

    pub fn rank(&self, position: usize) -> u64 {
        self.input(position).map_or(0, |value| value.shape.len() as u64)
    }

    pub fn elements(&self, position: usize) -> u64 {
        self.input(position).map_or(0, |value| value.elements() as u64)
    }

    pub fn output_elements(&self) -> u64 {
        self.output().map_or(0, |value| value.elements() as u64)
    }

    /// The last dimension of the output.
    pub fn outputs(&self) -> u64 {
        self.output().and_then(|value| value.shape.last()).map_or(0, |&dim| dim as u64)
    }

    /// Whether the weights at position 1 have a scale for each channel.
    pub fn has_scale_per_channel(&self) -> bool {
        self.input(1).and_then(|weights| weights.quantization.as_ref()).is_some_and(|q| q.scale.len() > 1)
    }

    /// Whether BATCH_MATMUL transposes its left and its right operand, told by the shapes alone; `None` where they fit in
    /// more than one way, as square ones do.
    pub fn transposed(&self) -> Option<[bool; 2]> {
        let matrix = |value: &Value| match value.shape[..] {
            [.., rows, columns] => Some([rows, columns]),
            _ => None,
        };
        let (left, right, output) = (matrix(self.input(0)?)?, matrix(self.input(1)?)?, matrix(self.output()?)?);
        let turned = |[rows, columns]: [usize; 2], turn: bool| if turn { [columns, rows] } else { [rows, columns] };
        let fits = |&[x, y]: &[bool; 2]| {
            let ([rows, inner], [depth, columns]) = (turned(left, x), turned(right, y));
            inner == depth && [rows, columns] == output
        };
        let ways = [[false, false], [false, true], [true, false], [true, true]];
        let mut fitting = ways.into_iter().filter(fits);
        fitting.next().filter(|_| fitting.next().is_none())
    }

    /// The window of CONV_2D and DEPTHWISE_CONV_2D.
    pub fn window(&self) -> Option<Window> {
        let (padding, stride, dilation, multiplier) = match &self.node.op {
            Op::Conv2d(op) => (op.padding, op.stride, op.dilation, 1),
            Op::DepthwiseConv2d(op) => (op.padding, op.stride, op.dilation, op.depth_multiplier),
            _ => return None,
        };
        let dims = |value: &Value| <[usize; 4]>::try_from(&value.shape[..]).ok().map(|dims| dims.map(|dim| dim as u64));
        let [batch, height, width, channels] = dims(self.input(0)?)?;
        let [_, rows, columns, kernel_channels] = dims(self.input(1)?)?;
        let [_, output_height, output_width, output_channels] = dims(self.output()?)?;
        let steps = |pair: [usize; 2]| pair.map(|step| (step as u64).clamp(1, 1 << 16));
        let (stride, dilation) = (steps(stride), steps(dilation));
        let border = |output: u64, input: u64, kernel: u64, stride: u64, dilation: u64| match padding {
            Padding::Valid => 0,
            Padding::Same => {
                let reach = (kernel.max(1) - 1) * dilation + 1;
                ((output.max(1) - 1) * stride + reach).saturating_sub(input) / 2
            }
        };
        Some(Window {
            batch,
            input: [height, width],
            input_channels: channels,
            kernel: [rows, columns],
            kernel_channels,
            output: [output_height, output_width],
            output_channels,
            border: [
                border(output_height, height, rows, stride[0], dilation[0]),
                border(output_width, width, columns, stride[1], dilation[1]),
            ],
            stride,
            dilation,
            multiplier: multiplier as u64,
        })
    }
}
