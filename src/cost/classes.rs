//! What a layer asks of a processor, sorted by kind of operator.
//!
//! Two layers with the same number of multiply-accumulates can differ five-fold in time, because of how often a
//! number that was brought to the multiplier is used there. A convolution uses each input for every output channel
//! and each weight at every position; a depthwise or fully connected layer uses a number once. [`Layer`] holds just
//! what decides this, and [`Layer::work`] counts it.

use serde::Serialize;

use crate::model::op::Op;
use crate::model::{Model, NodeId};
use crate::units::Macs;

/// A convolution that reads fewer channels than this cannot fill the 32-bit words (four int8 numbers) that the
/// vector instructions of microcontrollers work on, and forms a class of its own: in practice the first layer.
pub const FEW_CHANNELS: usize = 4;

/// Kinds of layers that differ in what a multiply-accumulate costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Class {
    /// CONV_2D and TRANSPOSE_CONV that read at least [`FEW_CHANNELS`] channels.
    Convolution,
    /// CONV_2D that reads fewer channels.
    FewChannels,
    /// DEPTHWISE_CONV_2D.
    Depthwise,
    /// FULLY_CONNECTED.
    FullyConnected,
    /// Everything that moves or combines elements without weights: pooling, ADD, SOFTMAX and so on.
    Elements,
    /// RESHAPE and its like: the elements stay where they are.
    Free,
}

/// A layer reduced to what its cost depends on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Layer {
    /// Kind of operator.
    pub class: Class,
    /// Positions at which the kernel stands (rows, for FULLY_CONNECTED).
    pub positions: u64,
    /// Height and width of the kernel.
    pub kernel: [u64; 2],
    /// Channels read.
    pub inputs: u64,
    /// Channels written.
    pub outputs: u64,
    /// Elements read, for [`Class::Elements`].
    pub read: u64,
    /// Elements written, for [`Class::Elements`].
    pub written: u64,
}

/// What a layer asks of a processor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize)]
pub struct Work {
    /// Multiply-accumulates.
    pub macs: u64,
    /// Numbers brought to the multiplier: inputs gathered once for each position, weights once, and elements read by
    /// layers without weights.
    pub fetched: u64,
    /// Elements read and written by layers without weights.
    pub moved: u64,
}

impl Layer {
    /// The layer that a node is; `None` for an operator that Milliwatt does not know.
    pub fn of(model: &Model, node: NodeId) -> Option<Self> {
        let node = model.nodes.get(node)?;
        let shape = |id: Option<usize>| id.and_then(|id| model.values.get(id)).map(|value| &value.shape[..]);
        let output = shape(node.outputs.first().copied())?;
        let elements = |shape: &[usize]| shape.iter().map(|&dim| dim as u64).product::<u64>();
        let weights = node.op.weights_input().and_then(|position| shape(node.input(position)));
        let last = |shape: &[usize]| shape.last().map_or(1, |&dim| dim as u64).max(1);
        let layer = match (&node.op, weights) {
            (Op::Opaque(_), _) => return None,
            (Op::Conv2d(_), Some(&[outputs, height, width, inputs])) => {
                let class = if inputs < FEW_CHANNELS { Class::FewChannels } else { Class::Convolution };
                Self::with_weights(class, elements(output) / last(output), [height, width], inputs, outputs)
            }
            (Op::TransposeConv(_), Some(&[outputs, height, width, inputs])) => {
                let positions = elements(shape(node.input(2))?) / (inputs as u64).max(1);
                Self::with_weights(Class::Convolution, positions, [height, width], inputs, outputs)
            }
            (Op::DepthwiseConv2d(_), Some(&[_, height, width, channels])) => {
                let positions = elements(output) / last(output);
                Self::with_weights(Class::Depthwise, positions, [height, width], channels, channels)
            }
            (Op::FullyConnected(_), Some(&[outputs, inputs])) => {
                let rows = elements(output) / (outputs as u64).max(1);
                Self::with_weights(Class::FullyConnected, rows, [1, 1], inputs, outputs)
            }
            (Op::Reshape { .. } | Op::Squeeze { .. } | Op::ExpandDims, _) => Self::without_weights(Class::Free, 0, 0),
            (op, _) => {
                let read = match op {
                    Op::AveragePool2d(pool) | Op::MaxPool2d(pool) => {
                        elements(output).saturating_mul(pool.filter.iter().map(|&side| side as u64).product())
                    }
                    _ => {
                        let activations = node.inputs.iter().flatten().filter_map(|&id| model.values.get(id));
                        activations.filter(|value| !value.is_constant()).map(|value| elements(&value.shape)).sum()
                    }
                };
                let written: u64 = node.outputs.iter().filter_map(|&id| shape(Some(id))).map(elements).sum();
                Self::without_weights(Class::Elements, read, written)
            }
        };
        Some(layer)
    }

    /// A layer that multiplies by weights.
    pub const fn with_weights(class: Class, positions: u64, kernel: [usize; 2], inputs: usize, outputs: usize) -> Self {
        let kernel = [kernel[0] as u64, kernel[1] as u64];
        Self { class, positions, kernel, inputs: inputs as u64, outputs: outputs as u64, read: 0, written: 0 }
    }

    /// A layer that only reads and writes elements.
    pub const fn without_weights(class: Class, read: u64, written: u64) -> Self {
        Self { class, positions: 0, kernel: [0, 0], inputs: 0, outputs: 0, read, written }
    }

    /// What the layer asks of a processor.
    ///
    /// ```
    /// use milliwatt::cost::classes::{Class, Layer};
    /// // A 1x1 convolution from 64 to 64 channels at 125 positions: each input serves 64 outputs.
    /// let work = Layer::with_weights(Class::Convolution, 125, [1, 1], 64, 64).work();
    /// assert_eq!((work.macs, work.fetched), (512_000, 8_000 + 4_096));
    /// ```
    pub fn work(&self) -> Work {
        let taps = self.kernel[0].saturating_mul(self.kernel[1]);
        let window = self.positions.saturating_mul(taps).saturating_mul(self.inputs);
        match self.class {
            Class::Convolution | Class::FewChannels | Class::FullyConnected => Work {
                macs: window.saturating_mul(self.outputs),
                fetched: window.saturating_add(taps.saturating_mul(self.inputs).saturating_mul(self.outputs)),
                moved: 0,
            },
            Class::Depthwise => {
                Work { macs: window, fetched: window.saturating_add(taps.saturating_mul(self.inputs)), moved: 0 }
            }
            Class::Elements => Work { macs: 0, fetched: self.read, moved: self.read.saturating_add(self.written) },
            Class::Free => Work::default(),
        }
    }

    /// Multiply-accumulates.
    pub fn macs(&self) -> Macs {
        Macs(self.work().macs)
    }
}
