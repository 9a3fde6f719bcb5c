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
fn float_has_time_and_energy_on_every_board_that_results_relate_to_one_with_float_results() {
    let [float, whole] = [DType::Float32, DType::Int8].map(|dtype| autoencoder(dtype, dtype));
    for device in devices() {
        let found = estimate(&float, device);
        if device.core.starts_with("Cortex-M") {
            let (found, int8) = (found.unwrap(), estimate(&whole, device).unwrap());
            assert_eq!(found.runtime, "Bosch HALE 1.0.175");
            // The page can say what int8 saves.
            let (energy, saved) = (found.energy.unwrap(), int8.energy.unwrap());
            assert!(energy.value.0 > saved.value.0 && energy.low.0 < energy.value.0, "{}: {energy:?}", device.name);
            let power = device.active_power().unwrap();
            assert!((energy.value.0 / found.latency.value.0 / power.value.0 - 1.0).abs() < 1e-9);
            // Its band is that of the time with that of the power: the power was not measured in float.
            let [up, up_time] = [energy.high.0 / energy.value.0, found.latency.high.0 / found.latency.value.0];
            assert!((up / up_time / power.factor - 1.0).abs() < 1e-9 && power.factor > 1.0);
            assert!(found.basis.contains("No float energy was published"), "{}", found.basis);
            let carried = found.basis.contains("No float result was published for this board");
            assert_eq!(carried, device.id != "nucleo-h7a3zi-q", "{}", found.basis);
        } else {
            let error = found.unwrap_err();
            assert!(error.to_string().contains("no float32 result"), "{error}");
        }
    }
}

#[test]
fn power_while_computing_predicts_the_energy_of_a_network_left_out() {
    for device in devices().iter().filter(|device| device.core.starts_with("Cortex-M")) {
        let power = device.active_power().unwrap();
        assert!((1.0..1.13).contains(&power.factor), "{}: {power:?}", device.name);
    }
}

#[test]
fn hybrid_and_int4_models_are_not_guessed_at() {
    for (activations, weights, reason) in [
        (DType::Float32, DType::Int8, "which TFLM does not run"),
        (DType::Int8, DType::Int4, "no result was published"),
        (DType::Int16, DType::Int8, "no result was published"),
    ] {
        for id in ["gap9-650", "nucleo-l4r5zi"] {
            let (model, device) = (autoencoder(activations, weights), find(id).unwrap());
            let error = estimate(&model, device).unwrap_err();
            assert!(error.to_string().contains(reason), "{error}");
            assert!(super::super::tflm(&model, device).unwrap_err().to_string().contains(reason));
        }
    }
}

#[test]
fn an_unknown_operator_is_named() {
    let mut model = autoencoder(DType::Int8, DType::Int8);
    let opaque = Opaque::custom("MYSTERY");
    model.nodes[3].op = Op::Opaque(opaque);
    let board = find("nucleo-l4r5zi").unwrap();
    for error in [estimate(&model, board).unwrap_err(), super::super::tflm(&model, board).unwrap_err()] {
        assert!(error.to_string().contains("node 3 (MYSTERY)") && error.to_string().contains("TFLM"), "{error}");
    }
}

#[test]
fn tflm_takes_longer_than_the_runtime_that_a_vendor_submitted() {
    let model = autoencoder(DType::Int8, DType::Int8);
    for device in devices() {
        let vendor = estimate(&model, device).unwrap();
        let Ok(tflm) = super::super::tflm(&model, device) else {
            assert!(device.id.starts_with("gap9"), "{}", device.name);
            continue;
        };
        let ratio = tflm.latency.value.0 / vendor.latency.value.0;
        assert!((1.05..6.0).contains(&ratio), "{}: {ratio}", device.name);
        assert!(!vendor.basis.contains("reference kernels") && !tflm.basis.contains("reference kernels"));
    }
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
