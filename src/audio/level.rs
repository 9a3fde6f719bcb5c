//! What the references do to the loudness of a clip before its features are taken.

/// How a clip is brought to a level.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Level {
    /// It stays as it is.
    AsIs,
    /// Divided by the largest sample, *signed*: a clip whose largest excursion is negative then exceeds 1, a quirk
    /// that a model trained with it expects.
    SignedPeak,
    /// Divided by the largest magnitude.
    Peak,
    /// The mean is taken away, then divided by the largest magnitude.
    CentredPeak,
}

impl Level {
    /// Brings samples to the level; a clip without one (silence, for which the references divide by zero) stays.
    pub fn apply(self, samples: &mut [f32]) {
        if self == Self::CentredPeak {
            let sum: f64 = samples.iter().map(|&sample| f64::from(sample)).sum();
            let mean = (sum / samples.len().max(1) as f64) as f32;
            samples.iter_mut().for_each(|sample| *sample -= mean);
        }
        let peak = match self {
            Self::AsIs => return,
            Self::SignedPeak => largest(samples, |sample| sample),
            Self::Peak | Self::CentredPeak => largest(samples, f32::abs),
        };
        if peak != 0.0 && peak.is_finite() {
            samples.iter_mut().for_each(|sample| *sample /= peak);
        }
    }
}

/// The largest of all samples, in lanes so that it can be found several at a time; minus infinity of none.
fn largest(samples: &[f32], of: impl Fn(f32) -> f32) -> f32 {
    let mut lanes = [f32::NEG_INFINITY; 16];
    let chunks = samples.chunks_exact(lanes.len());
    let rest = chunks.remainder();
    let raise = |most: &mut f32, sample: &f32| {
        let sample = of(*sample);
        *most = if sample > *most { sample } else { *most };
    };
    for chunk in chunks {
        lanes.iter_mut().zip(chunk).for_each(|(most, sample)| raise(most, sample));
    }
    lanes.iter_mut().zip(rest).for_each(|(most, sample)| raise(most, sample));
    lanes.into_iter().fold(f32::NEG_INFINITY, f32::max)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levelled(level: Level, samples: &[f32]) -> Vec<f32> {
        let mut samples = samples.to_vec();
        level.apply(&mut samples);
        samples
    }

    #[test]
    fn a_clip_that_is_loudest_below_zero_is_where_the_levels_differ() {
        let clip = [0.25, -1.0, 0.5];
        assert_eq!(levelled(Level::AsIs, &clip), clip);
        assert_eq!(levelled(Level::SignedPeak, &clip), [0.5, -2.0, 1.0]);
        assert_eq!(levelled(Level::Peak, &[0.25, -0.5, 0.125]), [0.5, -1.0, 0.25]);
        assert_eq!(levelled(Level::CentredPeak, &[1.5, 2.0, 2.5]), [-1.0, 0.0, 1.0]);
    }

    #[test]
    fn silence_stays_silence_at_every_level() {
        for level in [Level::AsIs, Level::SignedPeak, Level::Peak, Level::CentredPeak] {
            assert_eq!(levelled(level, &[0.0; 40]), [0.0; 40]);
            assert_eq!(levelled(level, &[]), [0.0; 0]);
        }
        assert_eq!(levelled(Level::CentredPeak, &[0.5; 7]), [0.0; 7], "a constant is silence once its mean is gone");
        assert_eq!(levelled(Level::SignedPeak, &[0.0, -0.5]), [0.0, -0.5], "the signed maximum of a clip below zero");
    }

    #[test]
    fn the_peak_is_found_wherever_it_stands() {
        for length in [1, 15, 16, 17, 64, 100] {
            for at in 0..length {
                let mut samples = vec![0.25f32; length];
                samples[at] = -0.5;
                assert_eq!(levelled(Level::Peak, &samples)[at], -1.0, "{at} of {length}");
            }
        }
    }
}
