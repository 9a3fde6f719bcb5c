//! What happens to sound before a model hears it: turned down or up, a click, an offset, noise.
//!
//! Each disturbance ends at a 16-bit converter, as a microphone's signal does on a board: what is too loud is cut off,
//! what is too quiet drowns in the steps. A normalizer behind the converter cannot bring back either.

use serde::Serialize;

use crate::random::Random;

/// Something that happens to a clip on its way to the converter.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Disturbance {
    /// The whole clip louder or quieter.
    Gain {
        /// Change of level in decibels; 0 leaves the clip as it was recorded.
        decibels: f32,
    },
    /// One sample at full scale, somewhere in the clip: a click.
    Impulse,
    /// A constant added, as a badly biased converter does.
    Offset {
        /// The constant, as a part of full scale.
        level: f32,
    },
    /// White noise added.
    Noise {
        /// Ratio of the clip's power to the noise's, in decibels.
        snr_decibels: f32,
    },
}

/// A disturbance with its names.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Condition {
    /// Stable identifier.
    pub id: &'static str,
    /// Name to show.
    pub label: &'static str,
    /// What is done.
    pub disturbance: Disturbance,
}

const fn gain(id: &'static str, label: &'static str, decibels: f32) -> Condition {
    Condition { id, label, disturbance: Disturbance::Gain { decibels } }
}

/// The conditions of the level experiment: first the levels, from quiet to loud, then the rest.
pub const CONDITIONS: &[Condition] = &[
    gain("gain-40", "\u{2212}40 dB", -40.0),
    gain("gain-30", "\u{2212}30 dB", -30.0),
    gain("gain-20", "\u{2212}20 dB", -20.0),
    gain("gain-10", "\u{2212}10 dB", -10.0),
    gain("gain0", "0 dB", 0.0),
    gain("gain+6", "+6 dB", 6.0),
    gain("gain+12", "+12 dB", 12.0),
    Condition { id: "impulse", label: "click", disturbance: Disturbance::Impulse },
    Condition { id: "offset", label: "DC offset 10 %", disturbance: Disturbance::Offset { level: 0.1 } },
    Condition { id: "noise", label: "noise, 10 dB SNR", disturbance: Disturbance::Noise { snr_decibels: 10.0 } },
];

impl Disturbance {
    /// The level that the clip is played at, in decibels against the recording; `None` for all but [`Self::Gain`].
    pub fn decibels(self) -> Option<f32> {
        match self {
            Self::Gain { decibels } => Some(decibels),
            _ => None,
        }
    }

    /// The clip as it comes out of the converter.
    ///
    /// *Shapes*: as many samples as went in.
    ///
    /// *Units*: full scale is 1; the result is a whole number of steps of 2^-15. `seed` says where a click falls and
    /// which noise is added, so that every normalizer hears the same.
    pub fn apply(self, samples: &[f32], seed: u64) -> Vec<f32> {
        let mut random = Random::new(seed);
        match self {
            Self::Gain { decibels } => {
                let factor = libm::powf(10.0, decibels / 20.0);
                samples.iter().map(|sample| converted(sample * factor)).collect()
            }
            Self::Impulse => {
                let mut clip: Vec<f32> = samples.iter().copied().map(converted).collect();
                let at = random.below(clip.len());
                if let Some(sample) = clip.get_mut(at) {
                    *sample = converted(1.0);
                }
                clip
            }
            Self::Offset { level } => samples.iter().map(|sample| converted(sample + level)).collect(),
            Self::Noise { snr_decibels } => {
                let power =
                    samples.iter().map(|&x| f64::from(x) * f64::from(x)).sum::<f64>() / samples.len().max(1) as f64;
                let deviation = libm::sqrt(power / libm::pow(10.0, f64::from(snr_decibels) / 10.0));
                samples.iter().map(|&sample| converted(sample + (deviation * random.normal()) as f32)).collect()
            }
        }
    }
}

/// A sample after a 16-bit converter: cut off at full scale, rounded to the nearest step.
fn converted(sample: f32) -> f32 {
    const STEPS: f32 = 32_768.0;
    libm::roundf(sample * STEPS).clamp(-STEPS, STEPS - 1.0) / STEPS
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tone() -> Vec<f32> {
        (0..16_000).map(|n| converted(0.25 * libm::sinf(n as f32 * 0.1))).collect()
    }

    fn peak(samples: &[f32]) -> f32 {
        samples.iter().fold(0.0, |peak, sample| peak.max(sample.abs()))
    }

    #[test]
    fn no_gain_leaves_a_recorded_clip_as_it_is() {
        assert_eq!(Disturbance::Gain { decibels: 0.0 }.apply(&tone(), 1), tone());
    }

    #[test]
    fn what_is_too_loud_is_cut_off_and_what_is_too_quiet_has_few_steps() {
        let loud = Disturbance::Gain { decibels: 24.0 }.apply(&tone(), 1);
        assert_eq!((peak(&loud), loud.iter().filter(|&&x| x == -1.0).count() > 100), (1.0, true));
        let quiet = Disturbance::Gain { decibels: -66.0 }.apply(&tone(), 1);
        let mut levels: Vec<i32> = quiet.iter().map(|x| (x * 32_768.0) as i32).collect();
        levels.sort_unstable();
        levels.dedup();
        assert_eq!(levels, (-4..=4).collect::<Vec<_>>());
    }

    #[test]
    fn a_click_changes_one_sample_and_falls_where_the_seed_says() {
        let (one, other) = (Disturbance::Impulse.apply(&tone(), 1), Disturbance::Impulse.apply(&tone(), 2));
        let changed = |clip: &[f32]| clip.iter().zip(tone()).position(|(a, b)| *a != b);
        assert_eq!(one.iter().zip(tone()).filter(|(a, b)| **a != *b).count(), 1);
        assert_ne!(changed(&one), changed(&other));
        assert_eq!(one, Disturbance::Impulse.apply(&tone(), 1));
    }

    #[test]
    fn noise_has_the_power_that_the_ratio_says() {
        let noisy = Disturbance::Noise { snr_decibels: 10.0 }.apply(&tone(), 3);
        let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|x| f64::from(x * x)).sum::<f64>();
        let noise = power(&mut noisy.iter().zip(tone()).map(|(a, b)| a - b));
        let ratio = 10.0 * libm::log10(power(&mut tone().into_iter()) / noise);
        assert!((ratio - 10.0).abs() < 0.2, "{ratio} dB");
    }

    #[test]
    fn an_empty_clip_stays_empty() {
        for condition in CONDITIONS {
            assert!(condition.disturbance.apply(&[], 1).is_empty());
        }
    }
}
