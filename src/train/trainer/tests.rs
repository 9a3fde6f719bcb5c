//! What was trained is what is exported: activation by activation.

use super::*;
use crate::exec::{Executor, Options};
use crate::tensor::Tensor;
use crate::train::architecture::{Architecture, Kind};
use crate::train::plan::{Quantization, Steps};
use crate::train::tape::Tape;

/// Trains for integers on noise and compares every activation of both on other noise, in levels.
fn levels_apart(kind: Kind, quantization: Quantization) -> Vec<(String, [usize; 3])> {
    let network = Architecture { input: [12, 12, 1], classes: 4, width: 0.5, ..Architecture::of(kind) };
    let mut random = Random::new(4);
    let mut noise = |rows: usize| -> Vec<f32> { (0..rows * 144).map(|_| random.normal() as f32).collect() };
    let (inputs, others) = (noise(64), noise(50));
    let targets = one_hot(&(0..64).map(|row| row % 4).collect::<Vec<_>>(), 4).unwrap();
    let plan = Plan { epochs: 2, batch: 16, quantization: Some(quantization), ..Plan::default() };
    let mut trainer = Trainer::new(&network.build(1).unwrap(), &plan).unwrap();
    while !trainer.is_over() {
        trainer.step(Data::of(Examples { inputs: &inputs, targets: &targets })).unwrap();
    }
    let State { parameters, overlay } = &trainer.state;
    let tape = Tape::run(&trainer.model, parameters, Some(overlay), &others, 50, false).unwrap();
    let integer = trainer.export().unwrap();
    let mut executor = Executor::new(&integer, Options::default()).unwrap();
    let input = &integer.values[integer.inputs[0]];
    let scale = input.quantization.clone().unwrap();
    let mut apart = vec![[0usize; 3]; integer.values.len()];
    for (row, example) in others.chunks_exact(144).enumerate() {
        let level =
            |x: &f32| (x / scale.scale_of(0) + scale.zero_point_of(0) as f32).round().clamp(-128.0, 127.0) as i8;
        let tensor = Tensor::from_i8(&input.shape, example.iter().map(level).collect()).unwrap();
        executor
            .run_tapped(&[tensor], &mut |id, view| {
                let value = &integer.values[id];
                let mine = trainer.model.values.iter().position(|other| other.name == value.name).unwrap();
                let width = trainer.model.values[mine].elements();
                let (scale, zero_point) = value.quantization.as_ref().unwrap().single().unwrap();
                let rounded = &tape.value(mine)[row * width..(row + 1) * width];
                for (x, level) in rounded.iter().zip(view.to_f32(None)) {
                    let distance = (x / scale + zero_point as f32 - level).abs().round() as usize;
                    apart[id][distance.min(2)] += 1;
                }
            })
            .unwrap();
    }
    integer.values.iter().zip(apart).map(|(value, apart)| (value.name.clone(), apart)).collect()
}

#[test]
fn every_activation_of_the_integer_model_is_the_rounded_one() {
    for kind in [Kind::SmallConvolution, Kind::DsCnn, Kind::ResNet8] {
        for (weight_bits, activation_bits) in [(8, 8), (2, 8), (4, 4)] {
            let quantization =
                Quantization { method: Steps::MinMax, weight_bits, activation_bits, ..Quantization::default() };
            let apart = levels_apart(kind, quantization);
            let name = format!("{kind:?} W{weight_bits}A{activation_bits}");
            // Additions are rescaled by the device, softmax is approximated, and a float sum may miss a whole number that
            // has more than 24 bits: a level may be its neighbour, but rarely.
            let strays: Vec<_> = apart
                .iter()
                .filter(|(_, [same, one, more])| one * 33 > same + one + more || *more * 200 > same + one + more)
                .collect();
            assert!(strays.is_empty(), "{name}: {strays:?}");
            assert!(apart.iter().filter(|(_, [same, ..])| *same > 0).count() > 5, "{name}: little was compared");
        }
    }
}
