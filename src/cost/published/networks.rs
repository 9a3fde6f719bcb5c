//! The layers of the four MLPerf Tiny reference networks, as facts about their architectures.

use super::Benchmark;
use crate::cost::classes::{Class, Layer};

pub(super) fn layers(benchmark: Benchmark) -> Vec<Layer> {
    match benchmark {
        Benchmark::AnomalyDetection => autoencoder(),
        Benchmark::ImageClassification => resnet8(),
        Benchmark::KeywordSpotting => ds_cnn(),
        Benchmark::VisualWakeWords => mobilenet(),
    }
}

fn convolution(positions: usize, kernel: [usize; 2], inputs: usize, outputs: usize) -> Layer {
    let few = inputs < crate::cost::classes::FEW_CHANNELS;
    let class = if few { Class::FewChannels } else { Class::Convolution };
    Layer::with_weights(class, positions as u64, kernel, inputs, outputs)
}

fn depthwise(positions: usize, channels: usize) -> Layer {
    Layer::with_weights(Class::Depthwise, positions as u64, [3, 3], channels, channels)
}

fn dense(inputs: usize, outputs: usize) -> Layer {
    Layer::with_weights(Class::FullyConnected, 1, [1, 1], inputs, outputs)
}

/// A layer that reads and writes so many elements.
fn elements(read: usize, written: usize) -> Layer {
    Layer::without_weights(Class::Elements, read as u64, written as u64)
}

/// 640 log-mel values through ten dense layers, with eight numbers in the middle.
fn autoencoder() -> Vec<Layer> {
    let widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640];
    widths.windows(2).map(|pair| dense(pair[0], pair[1])).collect()
}

/// ResNet-8: three stages of 16, 32 and 64 channels at 32, 16 and 8 pixels a side.
fn resnet8() -> Vec<Layer> {
    let mut layers = vec![convolution(32 * 32, [3, 3], 3, 16)];
    for (inputs, outputs, side) in [(16, 16, 32), (16, 32, 16), (32, 64, 8)] {
        let positions = side * side;
        layers.push(convolution(positions, [3, 3], inputs, outputs));
        layers.push(convolution(positions, [3, 3], outputs, outputs));
        if inputs != outputs {
            layers.push(convolution(positions, [1, 1], inputs, outputs));
        }
        layers.push(elements(2 * positions * outputs, positions * outputs));
    }
    layers.extend([elements(64 * 64, 64), dense(64, 10), elements(10, 10)]);
    layers
}

/// DS-CNN: a 10x4 convolution over 49x10 features, then four depthwise-separable pairs of 64 channels.
fn ds_cnn() -> Vec<Layer> {
    let positions = 25 * 5;
    let mut layers = vec![convolution(positions, [10, 4], 1, 64)];
    for _ in 0..4 {
        layers.extend([depthwise(positions, 64), convolution(positions, [1, 1], 64, 64)]);
    }
    layers.extend([elements(positions * 64, 64), dense(64, 12), elements(12, 12)]);
    layers
}

/// MobileNetV1 0.25: thirteen depthwise-separable pairs from 48 pixels a side down to 3.
fn mobilenet() -> Vec<Layer> {
    let mut layers = vec![convolution(48 * 48, [3, 3], 3, 8)];
    let mut inputs = 8;
    let pairs = [(48, 16), (24, 32), (24, 32), (12, 64), (12, 64), (6, 128)];
    for (side, outputs) in pairs.into_iter().chain([(6, 128); 5]).chain([(3, 256); 2]) {
        layers.extend([depthwise(side * side, inputs), convolution(side * side, [1, 1], inputs, outputs)]);
        inputs = outputs;
    }
    layers.extend([elements(3 * 3 * 256, 256), dense(256, 2), elements(2, 2)]);
    layers
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_have_the_published_number_of_multiply_accumulates() {
        for (benchmark, macs) in Benchmark::ALL.into_iter().zip([264_192, 12_501_632, 2_656_768, 7_489_664]) {
            let counted: u64 = benchmark.layers().iter().map(|layer| layer.macs().0).sum();
            assert_eq!(counted, macs, "{}", benchmark.name());
        }
    }

    #[test]
    fn a_network_is_recognised_by_its_layers_alone() {
        for benchmark in Benchmark::ALL {
            let mut layers = benchmark.layers();
            assert_eq!(Benchmark::with_layers(&layers), Some(benchmark));
            layers[0].outputs += 1;
            assert_eq!(Benchmark::with_layers(&layers), None);
        }
    }
}
