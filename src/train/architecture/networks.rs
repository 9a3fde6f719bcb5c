//! The shelf: the four networks of MLPerf Tiny and two smaller ones.
//!
//! Batch normalization is not in the graph: [`crate::train::Plan`] has it while training.

use serde::{Deserialize, Serialize};

use super::builder::Builder;
use super::dense;
use crate::error::{Error, Result};
use crate::model::Model;
use crate::model::op::Activation;

/// A network of the shelf, at a size.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Architecture {
    /// Which.
    pub kind: Kind,
    /// Height, width and channels of the input; only their product counts for networks without windows.
    pub input: [usize; 3],
    /// Outputs; the autoencoder gives its input back.
    pub classes: usize,
    /// What the channels are multiplied with; multiples of 4 come out, and at least 4.
    pub width: f64,
}

/// The networks of the shelf.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Kind {
    /// Depthwise separable convolutions, for keywords (MLPerf Tiny; 49 x 10 x 1, 12 classes).
    DsCnn,
    /// Eight layers with shortcuts, for small images (MLPerf Tiny; 32 x 32 x 3, 10 classes).
    ResNet8,
    /// MobileNetV1 at a quarter of its width, for larger images (MLPerf Tiny; 96 x 96 x 3, 2 classes).
    MobileNet,
    /// Fully connected layers down to 8 numbers and up again, for machine sound (MLPerf Tiny; 640 numbers).
    Autoencoder,
    /// Two convolutions and a classifier: learns in seconds.
    SmallConvolution,
    /// One hidden layer: the smallest thing that learns.
    Perceptron,
}

impl Architecture {
    /// A network at the size that it is known by.
    pub fn of(kind: Kind) -> Self {
        let (input, classes) = match kind {
            Kind::DsCnn => ([49, 10, 1], 12),
            Kind::ResNet8 => ([32, 32, 3], 10),
            Kind::MobileNet => ([96, 96, 3], 2),
            Kind::Autoencoder => ([1, 1, 640], 640),
            Kind::SmallConvolution => ([49, 10, 1], 4),
            Kind::Perceptron => ([1, 1, 2], 2),
        };
        Self { kind, input, classes, width: 1.0 }
    }

    /// The model with random weights.
    ///
    /// *Shapes*: `[1, height, width, channels]` to `[1, classes]`; the autoencoder and the perceptron take
    /// `[1, numbers]`.
    ///
    /// *Source*: github.com/mlcommons/tiny, `benchmark/training`, for the first four.
    ///
    /// # Errors
    /// `Parameter` when a size is 0 or the input too small, `Limits` when a layer is too large.
    ///
    /// ```
    /// use milliwatt::train::architecture::{Architecture, Kind};
    /// let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
    /// let weights = model.values.iter().filter(|value| value.is_constant()).map(|value| value.elements());
    /// assert_eq!(weights.sum::<usize>(), 22_604);
    /// ```
    pub fn build(&self, seed: u64) -> Result<Model> {
        let numbers = self.input.iter().fold(1usize, |count, &dim| count.saturating_mul(dim));
        if numbers == 0 || self.classes == 0 || !(self.width > 0.0 && self.width <= 16.0) {
            return Err(Error::parameter(format!(
                "no network turns {:?} into {} outputs at width {}",
                self.input, self.classes, self.width
            )));
        }
        match self.kind {
            Kind::DsCnn => self.ds_cnn(seed),
            Kind::ResNet8 => self.resnet8(seed),
            Kind::MobileNet => self.mobilenet(seed),
            Kind::Autoencoder => {
                let hidden = [128, 128, 128, 128, 8, 128, 128, 128, 128].map(|channels| self.wide(channels));
                dense("autoencoder", numbers, &[&hidden[..], &[numbers]].concat(), seed)
            }
            Kind::SmallConvolution => self.small_convolution(seed),
            Kind::Perceptron => {
                let mut net = Builder::new("perceptron", &[1, numbers], seed);
                let hidden = net.dense(net.input(), self.wide(16), Activation::Relu)?;
                net.classify(hidden, self.classes)
            }
        }
    }

    /// Channels at the network's width.
    fn wide(&self, channels: usize) -> usize {
        (libm::round(channels as f64 * self.width / 4.0) as usize * 4).max(4)
    }

    fn image(&self, name: &str, seed: u64) -> Builder {
        let [height, width, channels] = self.input;
        Builder::new(name, &[1, height, width, channels], seed)
    }

    fn ds_cnn(&self, seed: u64) -> Result<Model> {
        let mut net = self.image("ds_cnn", seed);
        let channels = self.wide(64);
        let mut at = net.conv(net.input(), channels, [10, 4], [2, 2], Activation::Relu)?;
        for _ in 0..4 {
            at = net.separable(at, channels, [1, 1])?;
        }
        at = net.mean(at)?;
        net.classify(at, self.classes)
    }

    fn resnet8(&self, seed: u64) -> Result<Model> {
        let mut net = self.image("resnet8", seed);
        let mut at = net.conv(net.input(), self.wide(16), [3, 3], [1, 1], Activation::Relu)?;
        for (channels, stride) in [(16, [1, 1]), (32, [2, 2]), (64, [2, 2])] {
            let channels = self.wide(channels);
            let middle = net.conv(at, channels, [3, 3], stride, Activation::Relu)?;
            let long = net.conv(middle, channels, [3, 3], [1, 1], Activation::None)?;
            // The shortcut needs a convolution only where the shape changes.
            let short = if net.shape(at) == net.shape(long) {
                at
            } else {
                net.conv(at, channels, [1, 1], stride, Activation::None)?
            };
            let add = crate::model::Op::Add { activation: Activation::Relu, pot_scale_int16: false };
            at = net.node(add, &[short, long])?;
        }
        at = net.mean(at)?;
        net.classify(at, self.classes)
    }

    fn mobilenet(&self, seed: u64) -> Result<Model> {
        let mut net = self.image("mobilenet", seed);
        let mut at = net.conv(net.input(), self.wide(8), [3, 3], [2, 2], Activation::Relu)?;
        let blocks = [16, 32, 32, 64, 64, 128, 128, 128, 128, 128, 128, 256, 256];
        for (index, channels) in blocks.into_iter().enumerate() {
            let stride = if [1, 3, 5, 11].contains(&index) { [2, 2] } else { [1, 1] };
            at = net.separable(at, self.wide(channels), stride)?;
        }
        at = net.mean(at)?;
        net.classify(at, self.classes)
    }

    fn small_convolution(&self, seed: u64) -> Result<Model> {
        let mut net = self.image("small_convolution", seed);
        let mut at = net.conv(net.input(), self.wide(8), [3, 3], [1, 1], Activation::Relu)?;
        at = net.halve(at)?;
        at = net.conv(at, self.wide(16), [3, 3], [1, 1], Activation::Relu)?;
        at = net.halve(at)?;
        net.classify(at, self.classes)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{counts, validate::validate};

    fn parameters(model: &Model) -> usize {
        model.values.iter().filter(|value| value.is_constant()).map(|value| value.elements()).sum()
    }

    #[test]
    fn the_networks_of_mlperf_tiny_have_their_published_sizes() {
        // Parameters and multiply-accumulates of the reference files, batch normalization folded.
        let published = [
            (Kind::DsCnn, 22_604, 2_656_768),
            (Kind::ResNet8, 77_706, 12_501_632),
            (Kind::MobileNet, 210_850, 7_489_664),
            (Kind::Autoencoder, 265_864, 264_192),
        ];
        for (kind, weights, macs) in published {
            let model = Architecture::of(kind).build(1).unwrap();
            validate(&model).unwrap();
            assert_eq!(parameters(&model), weights, "{kind:?}");
            let counted: u64 = counts::model(&model).macs.0;
            assert_eq!(counted, macs, "{kind:?}");
        }
    }

    #[test]
    fn a_thinner_network_has_fewer_weights_and_a_seed_names_them() {
        let thin = Architecture { width: 0.5, ..Architecture::of(Kind::DsCnn) };
        assert_eq!(parameters(&thin.build(1).unwrap()), 32 * 40 + 32 + 4 * (9 * 32 + 32 + 32 * 32 + 32) + 32 * 12 + 12);
        assert_eq!(thin.build(3).unwrap(), thin.build(3).unwrap());
        assert_ne!(thin.build(3).unwrap(), thin.build(4).unwrap());
    }

    #[test]
    fn the_small_networks_are_valid_and_an_empty_input_is_refused() {
        for kind in [Kind::SmallConvolution, Kind::Perceptron] {
            validate(&Architecture::of(kind).build(1).unwrap()).unwrap();
        }
        assert!(Architecture { input: [0, 3, 3], ..Architecture::of(Kind::ResNet8) }.build(1).is_err());
    }
}
