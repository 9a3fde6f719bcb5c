//! Inputs drawn at random, where none are given: ranges measured on them fit real inputs only by chance, which has to be said.
//!
//! The statistics of batch normalization would be better, but no TFLite file has them: it holds a product and a sum, or weights
//! that both were folded into, from which mean and deviation cannot be told apart.

use super::random_inputs;
use crate::error::Result;
use crate::model::Model;
use crate::random::Random;
use crate::tensor::Tensor;

/// How many are drawn.
pub const INPUTS: usize = 32;
/// What has to be said of a model made with them.
pub const REMARK: &str = "No data are given: ranges were measured on 32 random inputs, normally distributed within the input's \
                          range where the file states one, else with mean 0 and deviation 1. Real inputs fit them only by chance";

/// The same inputs for a model every time.
///
/// # Errors
/// Those of making tensors.
pub fn inputs(model: &Model) -> Result<Vec<Vec<Tensor>>> {
    let mut random = Random::new(1);
    let mut drawn = (0..INPUTS).map(|_| random_inputs(model, &mut random)).collect::<Result<Vec<Vec<Tensor>>>>()?;
    for (port, &id) in model.inputs.iter().enumerate() {
        let range = model.values[id].range.as_ref();
        let Some((&low, &high)) = range.and_then(|range| Some((range.min.first()?, range.max.first()?))) else {
            continue;
        };
        if !(low < high && low.is_finite() && high.is_finite()) {
            continue;
        }
        for inputs in &mut drawn {
            if let Some(Tensor::Float32(numbers)) = inputs.get_mut(port) {
                // Four deviations from end to end.
                numbers.iter_mut().for_each(|x| *x = (0.5 * (low + high) + 0.25 * (high - low) * *x).clamp(low, high));
            }
        }
    }
    Ok(drawn)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::recipe::{QuantizeOptions, Recipe, Step};
    use crate::model::Range;
    use crate::progress::Silent;
    use crate::train::architecture::{Architecture, Kind};

    #[test]
    fn drawn_inputs_are_the_same_every_time_and_lie_in_the_range_that_the_file_states() {
        let mut model = Architecture::of(Kind::SmallConvolution).build(1).unwrap();
        let input = model.inputs[0];
        model.values[input].range = Some(Range { min: vec![2.0], max: vec![4.0] });
        let drawn = inputs(&model).unwrap();
        assert_eq!(drawn, inputs(&model).unwrap());
        let all: Vec<f32> = drawn.iter().flat_map(|inputs| inputs[0].to_f32_vec()).collect();
        assert!(all.iter().all(|x| (2.0..=4.0).contains(x)));
        let mean = all.iter().sum::<f32>() / all.len() as f32;
        assert!((mean - 3.0).abs() < 0.05, "{mean}");
    }

    #[test]
    fn a_model_is_quantized_without_data() {
        let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
        let recipe = Recipe::of(vec![Step::Quantize(QuantizeOptions::default())]);
        let made = super::super::apply(&model, &recipe, &[], &mut Silent).unwrap();
        assert!(crate::compress::quantize::computes_with_integers(&made));
    }
}
