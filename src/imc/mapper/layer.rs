//! A layer as the mapper sees it.

use crate::model::op::Op;
use crate::model::{Model, NodeId};

/// How inputs meet weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Every output reads every channel of its window.
    Dense,
    /// Every output reads one channel.
    Depthwise,
}

/// A layer with weights.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The node, where the layer comes from a model.
    pub node: NodeId,
    /// Its operator's name.
    pub name: String,
    /// How inputs meet weights.
    pub kind: Kind,
    /// Height and width of the window.
    pub kernel: [usize; 2],
    /// Steps of the window.
    pub stride: [usize; 2],
    /// Channels read by one output (of a grouped convolution: of one group).
    pub inputs: usize,
    /// Outputs at one position.
    pub outputs: usize,
    /// Whether neighbouring positions share no inputs that lie together, because the window has gaps.
    pub gaps: bool,
    /// Rows and columns of positions, batch folded into the rows.
    pub positions: [usize; 2],
}

impl Layer {
    /// A convolution, `[rows, columns]` of positions.
    pub fn conv(positions: [usize; 2], kernel: [usize; 2], inputs: usize, outputs: usize) -> Self {
        Self {
            node: 0,
            name: "CONV_2D".into(),
            kind: Kind::Dense,
            kernel,
            stride: [1, 1],
            inputs,
            outputs,
            gaps: false,
            positions,
        }
    }

    /// A depthwise convolution of `channels`.
    pub fn depthwise(positions: [usize; 2], kernel: [usize; 2], channels: usize) -> Self {
        Self {
            name: "DEPTHWISE_CONV_2D".into(),
            kind: Kind::Depthwise,
            ..Self::conv(positions, kernel, channels, channels)
        }
    }

    /// A matrix product of `rows` inputs.
    pub fn dense(rows: usize, inputs: usize, outputs: usize) -> Self {
        Self { name: "FULLY_CONNECTED".into(), ..Self::conv([rows, 1], [1, 1], inputs, outputs) }
    }

    /// The same with another step of the window.
    pub fn with_stride(self, stride: [usize; 2]) -> Self {
        Self { stride, ..self }
    }

    fn dilated(self, dilation: [usize; 2]) -> Self {
        Self { gaps: dilation != [1, 1], ..self }
    }

    /// The layer that a node is; `None` for one without weights that the array could hold.
    pub fn of(model: &Model, id: NodeId) -> Option<Self> {
        let node = model.nodes.get(id)?;
        let shape = |id: Option<usize>| id.and_then(|id| model.values.get(id)).map(|value| &value.shape[..]);
        let weights = shape(node.op.weights_input().and_then(|position| node.input(position)))?;
        let output = shape(node.outputs.first().copied())?;
        let image = |output: &[usize]| match output {
            [batch, rows, columns, _] => Some([batch * rows, *columns]),
            _ => None,
        };
        let layer = match (&node.op, weights) {
            (Op::Conv2d(op), &[outputs, height, width, inputs]) => {
                Self::conv(image(output)?, [height, width], inputs, outputs).with_stride(op.stride).dilated(op.dilation)
            }
            (Op::DepthwiseConv2d(op), &[_, height, width, outputs]) => {
                let inputs = shape(node.input(0))?.last().copied()?;
                Self { outputs, ..Self::depthwise(image(output)?, [height, width], inputs) }
                    .with_stride(op.stride)
                    .dilated(op.dilation)
            }
            (Op::FullyConnected(_), &[outputs, inputs]) => {
                Self::dense(output.iter().product::<usize>() / outputs.max(1), inputs, outputs)
            }
            _ => return None,
        };
        let usable = layer.macs() > 0 && layer.inputs > 0;
        usable.then(|| Self { node: id, name: node.op.name().to_string(), ..layer })
    }

    /// Outputs of one channel of a depthwise layer.
    pub fn multiplier(&self) -> usize {
        (self.outputs / self.inputs.max(1)).max(1)
    }

    /// Rows of the matrix: what one output sums.
    pub fn rows(&self) -> usize {
        let channels = if self.kind == Kind::Depthwise { 1 } else { self.inputs };
        self.kernel[0] * self.kernel[1] * channels
    }

    /// Weights.
    pub fn weights(&self) -> usize {
        self.rows() * self.outputs
    }

    /// Multiply-accumulates.
    pub fn macs(&self) -> u64 {
        (self.positions[0] * self.positions[1]) as u64 * self.weights() as u64
    }

    /// Steps over the image when `unroll` neighbouring positions are computed at once.
    pub fn steps(&self, unroll: [usize; 2]) -> u64 {
        (self.positions[0].div_ceil(unroll[0]) * self.positions[1].div_ceil(unroll[1])) as u64
    }
}
