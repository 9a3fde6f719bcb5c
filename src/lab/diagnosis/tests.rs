use super::super::cause::{Cause, cause};
use super::super::remedy::remedies;
use super::*;
use crate::compress::recipe::{ChannelsOptions, QuantizeOptions, Recipe, Step};
use crate::model::op::FullyConnected;
use crate::model::{Node, Op};

fn value(name: &str, dtype: DType, shape: &[usize], scale: f32) -> Value {
    let value = Value::activation(name, dtype, shape);
    if dtype == DType::Int8 { value.with_quantization(Quantization::per_tensor(scale, 0)) } else { value }
}

/// One dense layer of two channels: `x` times the identity, in floats or in integers with an output of this scale.
fn dense(output: Option<f32>) -> Model {
    let mut model = Model::default();
    let dtype = if output.is_some() { DType::Int8 } else { DType::Float32 };
    let x = model.add_value(value("x", dtype, &[1, 2], 0.125));
    let w = model.add_value(match output {
        None => Value::float_constant("w", &[2, 2], &[1.0, 0.0, 0.0, 1.0]),
        Some(_) => Value::constant("w", DType::Int8, &[2, 2], vec![64, 0, 0, 64])
            .with_quantization(Quantization::per_tensor(1.0 / 64.0, 0)),
    });
    let y = model.add_value(value("y", dtype, &[1, 2], output.unwrap_or(1.0)));
    model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    model
}

fn facts(output: f32) -> Facts {
    let (original, candidate) = (dense(None), dense(Some(output)));
    let samples: Vec<_> = [[1.0, -2.0], [10.0, 4.0]]
        .iter()
        .map(|reals| {
            let float = Tensor::from_f32(&[1, 2], reals.to_vec()).unwrap();
            let levels = reals.iter().map(|real| (real / 0.125) as i8).collect();
            (vec![float], vec![Tensor::from_i8(&[1, 2], levels).unwrap()])
        })
        .collect();
    let found = super::facts(&original, &candidate, &[Some(0), Some(1), Some(2)], &samples).unwrap();
    assert_eq!(found.len(), 1);
    found[0].clone()
}

#[test]
fn a_layer_whose_range_holds_its_values_is_exact() {
    let facts = facts(0.125);
    assert_eq!((facts.accumulated.noise, facts.local.unwrap().noise, facts.saturated), (0.0, 0.0, 0.0));
    assert!((facts.cosine - 1.0).abs() < 1e-12 && facts.dead == (0, 2));
    assert_eq!((facts.levels, facts.spread), (Some(2), Some(1.0)));
}

#[test]
fn a_range_too_narrow_saturates_and_says_so() {
    // 127 steps of 1/32 end at 3.97: 10 and 4.0 are beyond, 1 and -2 are not.
    let facts = facts(1.0 / 32.0);
    assert_eq!(facts.saturated, 0.5);
    let all = [facts];
    let (worst, found) = cause(&all).unwrap();
    assert_eq!(found, Cause::Saturated);
    assert!(found.words(worst).starts_with("50.0 %"));
}

#[test]
fn a_step_too_wide_makes_a_channel_dead() {
    let facts = facts(100.0);
    assert_eq!(facts.dead, (2, 2));
    assert_eq!(cause(&[facts]).unwrap().1, Cause::Dead);
}

#[test]
fn layers_are_offered_to_make_up_for_channels_unless_the_network_learns_afterwards_or_they_do() {
    let channels = Step::Channels(ChannelsOptions { keep: 0.75, ..ChannelsOptions::default() });
    let found = remedies(&Recipe::of(vec![channels.clone()]), Cause::Shifted, None, 3);
    let better = ChannelsOptions { keep: 0.75, ..ChannelsOptions::fitted() };
    assert_eq!(found[0].recipe, Recipe::of(vec![Step::Channels(better)]));
    assert!(remedies(&found[0].recipe, Cause::Shifted, None, 3).is_empty());
    let taught = Recipe::of(vec![channels, Step::Train(Box::default())]);
    assert!(remedies(&taught, Cause::Shifted, None, 3).is_empty());
}

#[test]
fn a_remedy_for_one_layer_leaves_the_bits_of_the_others() {
    let recipe = Recipe::of(vec![Step::Quantize(QuantizeOptions { weight_bits: 4, ..QuantizeOptions::default() })]);
    let found = remedies(&recipe, Cause::Levels, Some(1), 3);
    let Step::Quantize(options) = &found[0].recipe.steps[0] else { panic!("{found:?}") };
    assert_eq!(options.layers, [4, 8, 4]);
    assert!(found.iter().all(|remedy| remedy.recipe != recipe && remedy.recipe.check().is_ok()));
}
