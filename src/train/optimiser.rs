//! Adam: every weight moves against its gradient, in steps of a size of its own.

use super::tape::Parameters;

/// The state of Adam for one model.
///
/// *Source*: Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1.
#[derive(Debug, Clone)]
pub struct Adam {
    /// Mean of the gradients, and of their squares, both fading.
    moments: Vec<Option<(Vec<f32>, Vec<f32>)>>,
    beta1_power: f64,
    beta2_power: f64,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f32 = 1e-7;

impl Adam {
    /// Ready for the first step of these parameters.
    pub fn new(parameters: &Parameters) -> Self {
        let zeros = |data: &Vec<f32>| (vec![0.0; data.len()], vec![0.0; data.len()]);
        let moments = parameters.slots.iter().map(|slot| slot.as_ref().map(zeros)).collect();
        Self { moments, beta1_power: 1.0, beta2_power: 1.0 }
    }

    /// One step; a parameter without a gradient stays.
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &Parameters, learning_rate: f64) {
        self.beta1_power *= BETA1;
        self.beta2_power *= BETA2;
        // Both means start at 0 and are too small at first by these factors.
        let rate = (learning_rate * (1.0 - self.beta2_power).sqrt() / (1.0 - self.beta1_power)) as f32;
        let (keep1, keep2) = (BETA1 as f32, BETA2 as f32);
        let slots = parameters.slots.iter_mut().zip(&mut self.moments).zip(&gradients.slots);
        for ((parameter, moments), gradient) in slots {
            let (Some(parameter), Some((mean, square)), Some(gradient)) = (parameter, moments, gradient) else {
                continue;
            };
            for (((p, m), s), g) in parameter.iter_mut().zip(mean).zip(square).zip(gradient) {
                *m = keep1 * *m + (1.0 - keep1) * g;
                *s = keep2 * *s + (1.0 - keep2) * g * g;
                *p -= rate * *m / (s.sqrt() + EPSILON);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_step_is_as_long_as_the_learning_rate() {
        let mut parameters = Parameters { slots: vec![None, Some(vec![1.0, 1.0, 1.0])] };
        let gradients = Parameters { slots: vec![None, Some(vec![10.0, -0.01, 0.0])] };
        Adam::new(&parameters).step(&mut parameters, &gradients, 0.1);
        let moved = parameters.get(1).unwrap();
        assert!((moved[0] - 0.9).abs() < 1e-4 && (moved[1] - 1.1).abs() < 1e-4 && moved[2] == 1.0, "{moved:?}");
    }
}
