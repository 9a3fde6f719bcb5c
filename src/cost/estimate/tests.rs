use super::*;
use crate::cost::device::{devices, find};
use crate::cost::memory::memory;
use crate::model::op::{Activation, Conv2d, FullyConnected, Opaque, Padding, Pool2d};
use crate::model::{Node, Value};

/// The anomaly detector's architecture with empty weights.
fn autoencoder(activations: DType, weights: DType) -> Model {
    let mut model = Model::default();
    let widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640];
    let mut x = model.add_value(Value::activation("x", activations, &[1, 640]));
    model.inputs.push(x);
    for pair in widths.windows(2) {
        let bytes = weights.bytes_for(pair[0] * pair[1]).unwrap();
        let w = model.add_value(Value::constant("w", weights, &[pair[1], pair[0]], vec![0; bytes]));
        let y = model.add_value(Value::activation("y", activations, &[1, pair[1]]));
        model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
        x = y;
    }
    model.outputs.push(x);
    model
}

#[test]
fn a_reference_network_is_shown_beside_its_measurement() {
    let model = autoencoder(DType::Int8, DType::Int8);
    for device in devices() {
        let estimate = estimate(&model, device).unwrap();
        let published = estimate.published.unwrap();
        assert_eq!(published.benchmark, Benchmark::AnomalyDetection);
        // In the fit this network weighs as much as the others: the prediction comes close to the measurement.
        let ratio = estimate.latency.value.0 / published.latency.0;
        assert!((0.9..1.1).contains(&ratio), "{}: {ratio}", device.name);
        assert!(published.source.contains("anomaly_detection") || published.source.contains("/ad/"));
    }
}

#[test]
fn nodes_add_up_to_the_whole_and_the_band_encloses_it() {
    let estimate = estimate(&autoencoder(DType::Int8, DType::Int8), find("nucleo-u385rg-q").unwrap()).unwrap();
    let nodes: f64 = estimate.nodes.iter().map(|node| node.latency.0).sum();
    assert!((nodes / estimate.latency.value.0 - 1.0).abs() < 1e-12);
    assert!(estimate.latency.low.0 < estimate.latency.value.0 && estimate.latency.value.0 < estimate.latency.high.0);
    let energy = estimate.energy.unwrap();
    assert!(energy.low.0 < energy.value.0 && energy.value.0 < energy.high.0);
}

#[test]
fn float_is_predicted_only_where_float_was_measured() {
    let model = autoencoder(DType::Float32, DType::Float32);
    let m7 = estimate(&model, find("nucleo-h7a3zi-q").unwrap()).unwrap();
    assert_eq!(m7.runtime, "Bosch HALE 1.0.175");
    assert_eq!(m7.energy, None);
    let error = estimate(&model, find("nucleo-l4r5zi").unwrap()).unwrap_err();
    assert!(error.to_string().contains("no float32 result"), "{error}");
}

#[test]
fn hybrid_and_int4_models_are_not_guessed_at() {
    for (activations, weights) in
        [(DType::Float32, DType::Int8), (DType::Int8, DType::Int4), (DType::Int16, DType::Int8)]
    {
        let error = estimate(&autoencoder(activations, weights), find("gap9-650").unwrap()).unwrap_err();
        assert!(error.to_string().contains("no result was published"), "{error}");
    }
}

#[test]
fn an_unknown_operator_is_named() {
    let mut model = autoencoder(DType::Int8, DType::Int8);
    let opaque = Opaque::custom("MYSTERY");
    model.nodes[3].op = Op::Opaque(opaque);
    let error = estimate(&model, find("gap9-650").unwrap()).unwrap_err();
    assert!(error.to_string().contains("node 3 (MYSTERY)"), "{error}");
}

#[test]
fn classes_follow_the_operator_and_its_channels() {
    let conv = |channels: usize| {
        let mut model = Model::default();
        let x = model.add_value(Value::activation("x", DType::Int8, &[1, 8, 8, channels]));
        let w = model.add_value(Value::constant("w", DType::Int8, &[16, 3, 3, channels], vec![0; 144 * channels]));
        let y = model.add_value(Value::activation("y", DType::Int8, &[1, 8, 8, 16]));
        let op = Conv2d { padding: Padding::Same, stride: [1, 1], dilation: [1, 1], activation: Activation::None };
        model.nodes.push(Node::new(Op::Conv2d(op), &[x, w], &[y]));
        Layer::of(&model, 0).unwrap()
    };
    assert_eq!(conv(3).class, Class::FewChannels);
    assert_eq!(conv(4).class, Class::Convolution);
    assert_eq!(conv(4).macs(), Macs(8 * 8 * 9 * 4 * 16));
}

#[test]
fn pooling_reads_every_window() {
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Int8, &[1, 8, 8, 2]));
    let y = model.add_value(Value::activation("y", DType::Int8, &[1, 4, 4, 2]));
    let pool = Pool2d { padding: Padding::Valid, stride: [2, 2], filter: [2, 2], activation: Activation::None };
    model.nodes.push(Node::new(Op::MaxPool2d(pool), &[x], &[y]));
    let layer = Layer::of(&model, 0).unwrap();
    assert_eq!((layer.read, layer.written), (128, 32));
}

#[test]
fn what_is_short_is_said_in_words() {
    let memory = memory(&autoencoder(DType::Int8, DType::Int8));
    let board = find("nucleo-u385rg-q").unwrap();
    assert_eq!(fits(Bytes(1024), &memory, board).sentence, "fits");
    let short = fits(Bytes(1024 * 1024 + 12 * 1024), &memory, board);
    assert_eq!((short.flash, short.ram), (Some(false), Some(true)));
    assert_eq!(short.sentence, "flash 12.0 KiB short");
    assert!(!short.all());
    assert_eq!(fits(Bytes(1024), &memory, find("gap9-650").unwrap()).sentence, "fits; flash size unknown");
}
