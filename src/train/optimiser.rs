//! How every weight moves against its gradient.
//!
//! *Sources*: momentum as in Sutskever et al., "On the importance of initialization and momentum in deep learning",
//! 2013; Kingma and Ba, "Adam: a method for stochastic optimization", 2015, algorithm 1; Loshchilov and Hutter,
//! "Decoupled weight decay regularization", 2019.

use super::parameters::{Parameters, Slots};
use super::plan::Method;

/// What a parameter is, for those that are not all treated alike.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A weight: it decays.
    Weight,
    /// A bias, a scale of batch normalization: it does not.
    Other,
    /// A step size of quantization. Adam moves each number by the learning rate, whatever its gradient, which would be
    /// many times a small step size; there it is moved by that share of itself.
    StepSize,
}

/// The state of a method for one set of parameters.
#[derive(Debug, Clone)]
pub struct Optimiser {
    method: Method,
    weight_decay: f32,
    /// Fading mean of the gradients (Adam), or the last movement (momentum).
    pub(super) first: Slots,
    /// Fading mean of their squares (Adam).
    pub(super) second: Slots,
    beta1_power: f64,
    beta2_power: f64,
    pub(super) steps: usize,
}

const BETA1: f64 = 0.9;
const BETA2: f64 = 0.999;
const EPSILON: f32 = 1e-7;

impl Optimiser {
    /// Ready for the first step of these parameters.
    pub fn new(method: Method, weight_decay: f64, parameters: &Parameters) -> Self {
        let zeros = || parameters.slots.iter().map(|slot| slot.as_ref().map(|data| vec![0.0; data.len()])).collect();
        let second = if matches!(method, Method::Sgd { .. }) { Vec::new() } else { zeros() };
        let (weight_decay, first) = (weight_decay as f32, zeros());
        Self { method, weight_decay, first, second, beta1_power: 1.0, beta2_power: 1.0, steps: 0 }
    }

    /// One step; a parameter without a gradient stays.
    ///
    /// `roles` says of each parameter what it is; those behind its end are [`Role::Other`].
    pub fn step(&mut self, parameters: &mut Parameters, gradients: &Parameters, learning_rate: f64, roles: &[Role]) {
        self.count_step();
        // Both means start at 0 and are too small at first by these factors.
        let corrected = (learning_rate * (1.0 - self.beta2_power).sqrt() / (1.0 - self.beta1_power)) as f32;
        for (id, (parameter, gradient)) in parameters.slots.iter_mut().zip(&gradients.slots).enumerate() {
            let (Some(parameter), Some(gradient)) = (parameter, gradient) else { continue };
            let Some(Some(first)) = self.first.get_mut(id) else { continue };
            let role = roles.get(id).copied().unwrap_or(Role::Other);
            let decay = if role == Role::Weight { self.weight_decay } else { 0.0 };
            match (self.method, self.second.get_mut(id)) {
                (Method::Sgd { momentum, nesterov }, _) => {
                    sgd(parameter, gradient, first, learning_rate as f32, decay, momentum as f32, nesterov);
                }
                (method, Some(Some(second))) => {
                    let mut inside = decay;
                    if method == Method::AdamW {
                        let keep = 1.0 - learning_rate as f32 * decay;
                        parameter.iter_mut().for_each(|p| *p *= keep);
                        inside = 0.0;
                    }
                    adam(parameter, gradient, first, second, corrected, inside, role == Role::StepSize);
                }
                _ => {}
            }
        }
    }

    /// Goes on from the count of a checkpoint.
    pub(super) fn resume_at(&mut self, steps: usize) {
        (self.beta1_power, self.beta2_power, self.steps) = (1.0, 1.0, 0);
        (0..steps).for_each(|_| self.count_step());
    }

    fn count_step(&mut self) {
        self.steps += 1;
        self.beta1_power *= BETA1;
        self.beta2_power *= BETA2;
    }
}

fn sgd(
    parameter: &mut [f32],
    gradient: &[f32],
    movement: &mut [f32],
    rate: f32,
    decay: f32,
    momentum: f32,
    nesterov: bool,
) {
    for ((p, m), g) in parameter.iter_mut().zip(movement).zip(gradient) {
        let g = g + decay * *p;
        *m = momentum * *m + g;
        *p -= rate * if nesterov { g + momentum * *m } else { *m };
    }
}

fn adam(
    parameter: &mut [f32],
    gradient: &[f32],
    mean: &mut [f32],
    square: &mut [f32],
    rate: f32,
    decay: f32,
    relative: bool,
) {
    let (keep1, keep2) = (BETA1 as f32, BETA2 as f32);
    for (((p, m), s), g) in parameter.iter_mut().zip(mean).zip(square).zip(gradient) {
        let g = if decay == 0.0 { *g } else { g + decay * *p };
        *m = keep1 * *m + (1.0 - keep1) * g;
        *s = keep2 * *s + (1.0 - keep2) * g * g;
        let rate = if relative { rate * *p } else { rate };
        *p -= rate * *m / (s.sqrt() + EPSILON);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(numbers: &[f32]) -> Parameters {
        Parameters { slots: vec![None, Some(numbers.to_vec())], fixed: vec![None, None] }
    }

    const ROLES: [Role; 2] = [Role::Other, Role::Weight];

    #[test]
    fn the_first_step_of_adam_is_as_long_as_the_learning_rate() {
        let mut parameters = one(&[1.0, 1.0, 1.0]);
        let gradients = one(&[10.0, -0.01, 0.0]);
        Optimiser::new(Method::Adam, 0.0, &parameters).step(&mut parameters, &gradients, 0.1, &ROLES);
        let moved = parameters.get(1).unwrap();
        assert!((moved[0] - 0.9).abs() < 1e-4 && (moved[1] - 1.1).abs() < 1e-4 && moved[2] == 1.0, "{moved:?}");
    }

    #[test]
    fn momentum_adds_the_steps_before_and_nesterov_looks_ahead() {
        let two_steps = |nesterov| {
            let mut parameters = one(&[0.0]);
            let mut sgd = Optimiser::new(Method::Sgd { momentum: 0.5, nesterov }, 0.0, &parameters);
            (0..2).for_each(|_| sgd.step(&mut parameters, &one(&[1.0]), 1.0, &ROLES));
            parameters.get(1).unwrap()[0]
        };
        // 1, then 1 + 0.5; with a look ahead 1 + 0.5, then 1 + 0.5 * 1.5.
        assert_eq!(two_steps(false), -2.5);
        assert_eq!(two_steps(true), -3.25);
    }

    #[test]
    fn decay_is_part_of_the_gradient_of_sgd_and_beside_that_of_adamw() {
        let decayed = |method| {
            let mut parameters = one(&[2.0]);
            Optimiser::new(method, 0.1, &parameters).step(&mut parameters, &one(&[0.0]), 0.5, &ROLES);
            parameters.get(1).unwrap()[0]
        };
        assert_eq!(decayed(Method::Sgd { momentum: 0.0, nesterov: false }), 2.0 - 0.5 * 0.1 * 2.0);
        assert_eq!(decayed(Method::AdamW), 2.0 * (1.0 - 0.5 * 0.1));
        // Adam sees only the direction of the decay's gradient: it moves by the whole learning rate.
        assert!((decayed(Method::Adam) - 1.5).abs() < 1e-4);
    }

    #[test]
    fn biases_do_not_decay() {
        let mut parameters = one(&[2.0]);
        Optimiser::new(Method::AdamW, 0.1, &parameters).step(&mut parameters, &one(&[0.0]), 0.5, &[]);
        assert_eq!(parameters.get(1).unwrap(), [2.0]);
    }
}
