//! The two filters that sound here passes through.

use std::f64::consts::TAU;

/// Falls by 6 dB an octave above its corner.
pub(super) struct LowPass {
    keep: f64,
    state: f64,
}

impl LowPass {
    pub fn new(corner_hz: f64, rate: f64) -> Self {
        Self { keep: libm::exp(-TAU * corner_hz / rate), state: 0.0 }
    }

    pub fn next(&mut self, x: f64) -> f64 {
        self.state = self.keep * self.state + (1.0 - self.keep) * x;
        self.state
    }
}

/// Rings at a frequency after a blow, falling to 1/e in a time; a tone at that frequency passes as loud as it is.
pub(super) struct Resonator {
    feedback: (f64, f64),
    gain: f64,
    state: (f64, f64),
}

impl Resonator {
    pub fn new(hertz: f64, decay_seconds: f64, rate: f64) -> Self {
        let radius = libm::exp(-1.0 / (decay_seconds * rate));
        let angle = TAU * hertz / rate;
        // The gain of the two poles at their frequency, turned round.
        let gain = (1.0 - radius) * libm::sqrt(1.0 - 2.0 * radius * libm::cos(2.0 * angle) + radius * radius);
        Self { feedback: (2.0 * radius * libm::cos(angle), -radius * radius), gain, state: (0.0, 0.0) }
    }

    pub fn next(&mut self, x: f64) -> f64 {
        let y = self.gain * x + self.feedback.0 * self.state.0 + self.feedback.1 * self.state.1;
        self.state = (y, self.state.0);
        y
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_resonator_passes_its_own_tone_and_dampens_others() {
        let loudest = |hertz: f64| {
            let mut resonator = Resonator::new(1000.0, 0.01, 16_000.0);
            let tone = (0..16_000).map(|n| libm::sin(TAU * hertz * f64::from(n) / 16_000.0));
            tone.map(|x| resonator.next(x)).skip(8_000).fold(0.0, f64::max)
        };
        assert!((loudest(1000.0) - 1.0).abs() < 0.02, "{}", loudest(1000.0));
        assert!(loudest(2000.0) < 0.05);
    }
}
