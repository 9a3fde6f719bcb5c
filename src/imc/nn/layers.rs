//! The layers that a network can be written with.

use crate::error::{Error, Result};
use crate::model::op::Padding;
use crate::random::Random;

/// `y = x W^T + b`.
#[derive(Debug, Clone, PartialEq)]
pub struct Linear {
    /// `[outputs, inputs]`.
    pub weights: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
}

/// A convolution over images with the channels last.
#[derive(Debug, Clone, PartialEq)]
pub struct Conv2d {
    /// `[outputs, kernel, kernel, inputs]`.
    pub weights: Vec<f32>,
    /// `[outputs]`.
    pub bias: Vec<f32>,
    pub(super) inputs: usize,
    pub(super) outputs: usize,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: Padding,
}

/// A convolution of each channel by itself, over images with the channels last.
#[derive(Debug, Clone, PartialEq)]
pub struct DepthwiseConv2d {
    /// `[kernel, kernel, channels]`.
    pub weights: Vec<f32>,
    /// `[channels]`.
    pub bias: Vec<f32>,
    pub(super) kernel: [usize; 2],
    pub(super) stride: [usize; 2],
    pub(super) padding: Padding,
}

/// The mean over all places of an image, `[1, channels]`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct GlobalAvgPool2d;

/// Numbers that sum to 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Softmax;

/// `max(x, 0)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ReLU;

/// Everything but the batch in one dimension.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Flatten;

/// A layer of a [`Sequential`](super::Sequential).
#[derive(Debug, Clone, PartialEq)]
pub enum Layer {
    /// [`Linear`].
    Linear(Linear),
    /// [`Conv2d`].
    Conv2d(Conv2d),
    /// [`DepthwiseConv2d`].
    DepthwiseConv2d(DepthwiseConv2d),
    /// [`GlobalAvgPool2d`].
    GlobalAvgPool2d,
    /// [`ReLU`].
    ReLU,
    /// [`Flatten`].
    Flatten,
    /// [`Softmax`].
    Softmax,
}

macro_rules! layer {
    ($($with_weights:ident)*; $($plain:ident)*) => {
        $(impl From<$with_weights> for Layer {
            fn from(layer: $with_weights) -> Self {
                Self::$with_weights(layer)
            }
        })*
        $(impl From<$plain> for Layer {
            fn from(_: $plain) -> Self {
                Self::$plain
            }
        })*
    };
}
layer!(Linear Conv2d DepthwiseConv2d; ReLU Flatten GlobalAvgPool2d Softmax);

/// Uniform in `+-1/sqrt(inputs)`, as PyTorch begins; the seed is the layer's size, so that the same network is the same.
fn begin(count: usize, inputs: usize, outputs: usize) -> Vec<f32> {
    let mut random = Random::new((inputs as u64) << 32 | outputs as u64);
    let bound = 1.0 / libm::sqrt(inputs.max(1) as f64);
    (0..count).map(|_| random.between(-bound, bound) as f32).collect()
}

impl Linear {
    /// With random weights.
    pub fn new(inputs: usize, outputs: usize) -> Self {
        Self { weights: begin(inputs * outputs, inputs, outputs), bias: vec![0.0; outputs], inputs, outputs }
    }

    /// With weights `[outputs, inputs]` and a bias.
    ///
    /// # Errors
    /// `Parameter` when the sizes do not fit each other.
    pub fn with(weights: Vec<f32>, bias: Vec<f32>) -> Result<Self> {
        let outputs = bias.len();
        if outputs == 0 || weights.is_empty() || !weights.len().is_multiple_of(outputs) {
            return Err(Error::parameter(format!("{} weights do not divide among {outputs} outputs", weights.len())));
        }
        Ok(Self { inputs: weights.len() / outputs, outputs, weights, bias })
    }
}

impl Conv2d {
    /// With random weights, a square kernel, stride 1 and borders of zeros that keep the size.
    pub fn new(inputs: usize, outputs: usize, kernel: usize) -> Self {
        let fan = inputs * kernel * kernel;
        let (weights, bias) = (begin(fan * outputs, fan, outputs), vec![0.0; outputs]);
        Self { weights, bias, inputs, outputs, kernel: [kernel; 2], stride: [1; 2], padding: Padding::Same }
    }

    /// With another step.
    pub fn stride(self, stride: usize) -> Self {
        Self { stride: [stride; 2], ..self }
    }

    /// Without borders.
    pub fn valid(self) -> Self {
        Self { padding: Padding::Valid, ..self }
    }
}

impl DepthwiseConv2d {
    /// With random weights, a square kernel, stride 1 and borders of zeros that keep the size.
    pub fn new(channels: usize, kernel: usize) -> Self {
        let fan = kernel * kernel;
        let (weights, bias) = (begin(fan * channels, fan, channels), vec![0.0; channels]);
        Self { weights, bias, kernel: [kernel; 2], stride: [1; 2], padding: Padding::Same }
    }

    /// With another step.
    pub fn stride(self, stride: usize) -> Self {
        Self { stride: [stride; 2], ..self }
    }

    /// Without borders.
    pub fn valid(self) -> Self {
        Self { padding: Padding::Valid, ..self }
    }
}
