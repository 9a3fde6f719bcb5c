//! The operators, as TFLite defines them, each with its attributes in the field's words.
//!
//! Input order is TFLite's: for a convolution `[input, filter, bias]`, with filters laid out
//! `O H W I` (CONV_2D, TRANSPOSE_CONV), `1 H W (C*multiplier)` (DEPTHWISE_CONV_2D), `O I` (FULLY_CONNECTED).

pub mod tflm;

use std::sync::Arc;

/// How the border of an image is treated.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Padding {
    /// The output is as large as the input divided by the stride; zeros (zero points) are read outside.
    #[default]
    Same,
    /// Only positions where the whole window lies inside.
    Valid,
}

/// The activation function fused into an operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Activation {
    /// None.
    #[default]
    None,
    /// max(x, 0).
    Relu,
    /// x clamped to [-1, 1].
    ReluN1To1,
    /// x clamped to [0, 6].
    Relu6,
    /// tanh; TFLM's kernels refuse it.
    Tanh,
    /// The sign bit; TFLM's kernels refuse it.
    SignBit,
}

impl Activation {
    /// The real interval that the function clamps to, `None` where it is not a clamp.
    pub fn range(self) -> Option<(f32, f32)> {
        match self {
            Self::None => Some((f32::NEG_INFINITY, f32::INFINITY)),
            Self::Relu => Some((0.0, f32::INFINITY)),
            Self::ReluN1To1 => Some((-1.0, 1.0)),
            Self::Relu6 => Some((0.0, 6.0)),
            Self::Tanh | Self::SignBit => None,
        }
    }
}

/// Attributes of CONV_2D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2d {
    /// Border treatment.
    pub padding: Padding,
    /// Step of the window, `[height, width]`.
    pub stride: [usize; 2],
    /// Distance between taps of the window, `[height, width]`.
    pub dilation: [usize; 2],
    /// Fused activation.
    pub activation: Activation,
}

/// Attributes of DEPTHWISE_CONV_2D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepthwiseConv2d {
    /// Border treatment.
    pub padding: Padding,
    /// Step of the window, `[height, width]`.
    pub stride: [usize; 2],
    /// Distance between taps of the window, `[height, width]`.
    pub dilation: [usize; 2],
    /// Output channels for each input channel, as the file declares it; kernels use the shapes.
    pub depth_multiplier: usize,
    /// Fused activation.
    pub activation: Activation,
}

/// Attributes of TRANSPOSE_CONV; its inputs are `[output_shape, filter, input, bias?]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransposeConv {
    /// Border treatment.
    pub padding: Padding,
    /// Step of the window in the output, `[height, width]`.
    pub stride: [usize; 2],
    /// Fused activation.
    pub activation: Activation,
}

/// Attributes of FULLY_CONNECTED.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct FullyConnected {
    /// Fused activation.
    pub activation: Activation,
    /// Keep the leading dimensions of the input in the output.
    pub keep_num_dims: bool,
    /// Quantize float activations at run time where weights are int8 (hybrid), per row and with a zero point.
    pub asymmetric_quantize_inputs: bool,
    /// Whether the weights lie in the shuffled layout of old optimised kernels, which is not executed here.
    pub shuffled_weights: bool,
}

/// Attributes of AVERAGE_POOL_2D and MAX_POOL_2D.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2d {
    /// Border treatment.
    pub padding: Padding,
    /// Step of the window, `[height, width]`.
    pub stride: [usize; 2],
    /// Size of the window, `[height, width]`.
    pub filter: [usize; 2],
    /// Fused activation.
    pub activation: Activation,
}

/// Attributes of RESIZE_BILINEAR and RESIZE_NEAREST_NEIGHBOR.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Resize {
    /// Corners of both images coincide.
    pub align_corners: bool,
    /// Pixels are sampled at their centres.
    pub half_pixel_centers: bool,
}

/// Attributes of STRIDED_SLICE; bit `i` of a mask speaks of axis `i`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StridedSlice {
    /// Axes whose begin is ignored.
    pub begin_mask: i32,
    /// Axes whose end is ignored.
    pub end_mask: i32,
    /// An ellipsis; refused where it is not zero, as TFLM does.
    pub ellipsis_mask: i32,
    /// New axes; refused where it is not zero, as TFLM does.
    pub new_axis_mask: i32,
    /// Axes that are taken at one index and dropped.
    pub shrink_axis_mask: i32,
    /// Whether ends count from begins.
    pub offset: bool,
}

/// An operator that is shown and costed in bytes, but not executed. What the file says of it is carried unread.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Opaque {
    /// TFLite's builtin code; 32 for custom operators.
    pub builtin_code: i32,
    /// The name to show: of the builtin, or the custom code.
    pub name: String,
    /// Options of a custom operator, byte for byte.
    pub custom_options: Option<Arc<[u8]>>,
    /// Options of a builtin operator, field for field.
    pub builtin_options: Option<RawOptions>,
    /// Values that hold what happens inside, whose scales a kernel reads (LSTM).
    pub intermediates: Vec<Option<usize>>,
    /// Which inputs the operator changes, one truth value each.
    pub mutating_inputs: Vec<u8>,
    /// Whether the file says more of the operator than can be carried along, so that it must not be written without.
    pub is_incomplete: bool,
}

impl Opaque {
    /// A custom operator without options.
    ///
    /// ```
    /// use milliwatt::model::op::Opaque;
    /// assert_eq!(Opaque::custom("MYSTERY").builtin_code, 32);
    /// ```
    pub fn custom(name: impl Into<String>) -> Self {
        Self { builtin_code: 32, name: name.into(), ..Self::default() }
    }
}

/// Builtin options that nobody here reads.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawOptions {
    /// Which table of the schema's union they are.
    pub kind: u8,
    /// The fields that the file gives, by their index in the table.
    pub fields: Vec<(u16, RawField)>,
}

/// A field of options that nobody here reads, told apart only by its size.
#[derive(Debug, Clone, PartialEq, Eq)]
#[allow(missing_docs, reason = "the names say it")]
pub enum RawField {
    Byte(u8),
    Word(u32),
    DoubleWord(u64),
    Bytes(Vec<u8>),
    Words(Vec<u32>),
    Text(String),
}

/// What a node computes.
#[derive(Debug, Clone, PartialEq)]
#[allow(missing_docs, reason = "each variant is TFLite's operator of the same name")]
pub enum Op {
    Conv2d(Conv2d),
    DepthwiseConv2d(DepthwiseConv2d),
    TransposeConv(TransposeConv),
    FullyConnected(FullyConnected),
    AveragePool2d(Pool2d),
    MaxPool2d(Pool2d),
    Mean { keep_dims: bool },
    Add { activation: Activation, pot_scale_int16: bool },
    Sub { activation: Activation, pot_scale_int16: bool },
    Mul { activation: Activation },
    Concatenation { axis: i32, activation: Activation },
    Pad,
    PadV2,
    Reshape { new_shape: Option<Vec<i32>> },
    Squeeze { dims: Vec<i32> },
    ExpandDims,
    Transpose,
    StridedSlice(StridedSlice),
    Split { count: usize },
    Relu,
    Relu6,
    LeakyRelu { alpha: f32 },
    Prelu,
    HardSwish,
    Logistic,
    Tanh,
    Softmax { beta: f32 },
    L2Normalization { activation: Activation },
    ResizeNearestNeighbor(Resize),
    ResizeBilinear(Resize),
    Quantize,
    Dequantize,
    Opaque(Opaque),
}

impl Op {
    /// TFLite's name of the operator, such as `CONV_2D`.
    pub fn name(&self) -> &str {
        match self {
            Self::Conv2d(_) => "CONV_2D",
            Self::DepthwiseConv2d(_) => "DEPTHWISE_CONV_2D",
            Self::TransposeConv(_) => "TRANSPOSE_CONV",
            Self::FullyConnected(_) => "FULLY_CONNECTED",
            Self::AveragePool2d(_) => "AVERAGE_POOL_2D",
            Self::MaxPool2d(_) => "MAX_POOL_2D",
            Self::Mean { .. } => "MEAN",
            Self::Add { .. } => "ADD",
            Self::Sub { .. } => "SUB",
            Self::Mul { .. } => "MUL",
            Self::Concatenation { .. } => "CONCATENATION",
            Self::Pad => "PAD",
            Self::PadV2 => "PADV2",
            Self::Reshape { .. } => "RESHAPE",
            Self::Squeeze { .. } => "SQUEEZE",
            Self::ExpandDims => "EXPAND_DIMS",
            Self::Transpose => "TRANSPOSE",
            Self::StridedSlice(_) => "STRIDED_SLICE",
            Self::Split { .. } => "SPLIT",
            Self::Relu => "RELU",
            Self::Relu6 => "RELU6",
            Self::LeakyRelu { .. } => "LEAKY_RELU",
            Self::Prelu => "PRELU",
            Self::HardSwish => "HARD_SWISH",
            Self::Logistic => "LOGISTIC",
            Self::Tanh => "TANH",
            Self::Softmax { .. } => "SOFTMAX",
            Self::L2Normalization { .. } => "L2_NORMALIZATION",
            Self::ResizeNearestNeighbor(_) => "RESIZE_NEAREST_NEIGHBOR",
            Self::ResizeBilinear(_) => "RESIZE_BILINEAR",
            Self::Quantize => "QUANTIZE",
            Self::Dequantize => "DEQUANTIZE",
            Self::Opaque(opaque) => &opaque.name,
        }
    }

    /// Whether Milliwatt knows what the operator computes.
    pub fn is_known(&self) -> bool {
        !matches!(self, Self::Opaque(_))
    }

    /// The position of the weights (filter) among the inputs, for operators that have them.
    pub fn weights_input(&self) -> Option<usize> {
        match self {
            Self::Conv2d(_) | Self::DepthwiseConv2d(_) | Self::FullyConnected(_) | Self::TransposeConv(_) => Some(1),
            _ => None,
        }
    }

    /// The position of the bias among the inputs, for operators that may have one.
    pub fn bias_input(&self) -> Option<usize> {
        match self {
            Self::Conv2d(_) | Self::DepthwiseConv2d(_) | Self::FullyConnected(_) => Some(2),
            Self::TransposeConv(_) => Some(3),
            _ => None,
        }
    }

    /// The axis of the weights that counts output channels, along which per-channel scales run.
    pub fn weights_channel_axis(&self) -> Option<usize> {
        match self {
            Self::Conv2d(_) | Self::FullyConnected(_) | Self::TransposeConv(_) => Some(0),
            Self::DepthwiseConv2d(_) => Some(3),
            _ => None,
        }
    }

    /// The fused activation, for operators that have one.
    pub fn activation(&self) -> Option<Activation> {
        match self {
            Self::Conv2d(op) => Some(op.activation),
            Self::DepthwiseConv2d(op) => Some(op.activation),
            Self::TransposeConv(op) => Some(op.activation),
            Self::FullyConnected(op) => Some(op.activation),
            Self::AveragePool2d(op) | Self::MaxPool2d(op) => Some(op.activation),
            Self::Add { activation, .. } | Self::Sub { activation, .. } => Some(*activation),
            Self::Mul { activation }
            | Self::Concatenation { activation, .. }
            | Self::L2Normalization { activation } => Some(*activation),
            _ => None,
        }
    }
}
