//! What a recipe repairs, and the recipe without each repair: what lies between both is what it bought.

use super::remedy::Remedy;
use crate::compress::recipe::{Calibration, ChannelsOptions, QuantizeOptions, Recipe, Rounding, Step};

/// The repairs of a recipe in their order, each with the recipe that leaves it out and changes nothing else.
pub fn repairs(recipe: &Recipe) -> Vec<Remedy> {
    let mut found = Vec::new();
    for (at, step) in recipe.steps.iter().enumerate() {
        let mut leave_out = |sentence: &str, other: Option<Step>| {
            let mut recipe = recipe.clone();
            recipe.steps.splice(at..=at, other);
            found.push(Remedy { sentence: sentence.into(), recipe });
        };
        match step {
            Step::Channels(options) if options.refit => {
                let other = ChannelsOptions { refit: false, ..options.clone() };
                leave_out("Layers that make up for the channels that go", Some(Step::Channels(other)));
            }
            Step::Equalize(_) => leave_out("Channels brought to one size", None),
            Step::Quantize(options) => {
                let mut changed = |sentence: &str, change: &dyn Fn(&mut QuantizeOptions)| {
                    let mut other = options.clone();
                    change(&mut other);
                    leave_out(sentence, Some(Step::Quantize(other)));
                };
                match options.calibration {
                    Calibration::MinMax => {}
                    Calibration::Percentile { .. } => {
                        changed("Ranges between percentiles", &|other| other.calibration = Calibration::MinMax);
                    }
                    Calibration::Mse => {
                        changed("Ranges with the least error", &|other| other.calibration = Calibration::MinMax);
                    }
                    Calibration::Kl => {
                        changed("Ranges by divergence", &|other| other.calibration = Calibration::MinMax);
                    }
                    Calibration::MovingAverage => {
                        changed("Ranges by moving average", &|other| other.calibration = Calibration::MinMax);
                    }
                }
                if options.rounding == Rounding::Adaptive {
                    changed("Rounding up or down by what the output gains", &|other| {
                        other.rounding = Rounding::Compensated;
                    });
                }
                if options.rounding != Rounding::Nearest {
                    // Biases are corrected with either; that is left out by a row of its own where it was asked for alone.
                    changed("Weights that make up for each other, with corrected biases", &|other| {
                        other.rounding = Rounding::Nearest;
                        other.correct_bias = false;
                    });
                } else if options.correct_bias {
                    changed("Corrected biases", &|other| other.correct_bias = false);
                }
                if options.mixed {
                    changed("Bits spread over layers by how much they matter", &|other| other.mixed = false);
                }
            }
            _ => {}
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::recipe::EqualizeOptions;

    #[test]
    fn layers_that_make_up_for_channels_are_a_repair_and_channels_that_just_go_are_none() {
        let fitted = ChannelsOptions::fitted();
        let found = repairs(&Recipe::of(vec![Step::Channels(fitted.clone())]));
        assert_eq!(found[0].recipe.steps, [Step::Channels(ChannelsOptions { refit: false, ..fitted })]);
        assert!(repairs(&Recipe::of(vec![Step::Channels(ChannelsOptions::default())])).is_empty());
    }

    #[test]
    fn each_repair_has_the_recipe_without_it_and_a_plain_recipe_repairs_nothing() {
        assert!(repairs(&Recipe::of(vec![Step::Quantize(QuantizeOptions::default())])).is_empty());
        let options = QuantizeOptions {
            weight_bits: 3,
            mixed: true,
            rounding: Rounding::Adaptive,
            calibration: Calibration::Mse,
            ..QuantizeOptions::default()
        };
        let whole = Recipe::of(vec![Step::Equalize(EqualizeOptions::default()), Step::Quantize(options.clone())]);
        let found = repairs(&whole);
        let quantized = |options: QuantizeOptions| Step::Quantize(options);
        let with = |other: QuantizeOptions| Recipe::of(vec![whole.steps[0].clone(), quantized(other)]);
        let expected = [
            Recipe::of(vec![quantized(options.clone())]),
            with(QuantizeOptions { calibration: Calibration::MinMax, ..options.clone() }),
            with(QuantizeOptions { rounding: Rounding::Compensated, ..options.clone() }),
            with(QuantizeOptions { rounding: Rounding::Nearest, ..options.clone() }),
            with(QuantizeOptions { mixed: false, ..options }),
        ];
        assert_eq!(found.iter().map(|row| row.recipe.clone()).collect::<Vec<_>>(), expected);
    }
}
