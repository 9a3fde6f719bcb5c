//! Peak: the largest magnitude becomes the target level. The cheapest method, and the most easily led astray.
//!
//! `y = x * target / max(max|x|, floor)`. The floor keeps near-silence from becoming full-scale noise. With a
//! percentile below 100 a single click no longer decides; what then lies beyond full scale is cut off.

use super::level::amplitude;
use super::number::{Number, Whole};
use super::option::{Matters, OptionSpec, Settings, choice, flag, number};
use super::{Normalized, dc};
use crate::audio::counts::Operations;

/// The options of the method, which are also those of [`super::follow`]'s streams.
pub const OPTIONS: &[OptionSpec] = &[
    number("target", "Target level", [-60.0, 0.0, 0.0], "dBFS", Matters::Always),
    number("floor", "Silence: no more gain below", [-90.0, -60.0, 0.0], "dBFS", Matters::Always),
    flag("dc", "Remove the mean first", Matters::Always),
    number("percentile", "Percentile of the magnitudes", [50.0, 100.0, 100.0], "%", Matters::Clip),
    choice("divisor", "Divide by", &["magnitude", "signed"], Matters::Clip),
    choice("stream", "In a stream", &["follower", "look-ahead"], Matters::Stream),
    number("window", "Look ahead", [0.01, 0.5, 60.0], "s", Matters::Stream),
    number("attack", "Attack", [0.0, 0.005, 1.0], "s", Matters::Stream),
    number("release", "Release", [0.01, 0.5, 10.0], "s", Matters::Stream),
    number("cutoff", "High-pass that removes the mean", [0.1, 20.0, 200.0], "Hz", Matters::Stream),
];

/// Peak normalization with its options read.
#[derive(Debug, Clone, Copy)]
pub struct Peak {
    /// Target amplitude.
    pub target: f32,
    /// Smallest divisor.
    pub floor: f32,
    /// Whether the mean is removed first.
    pub dc: bool,
    /// The part of the magnitudes, in percent, that is not above the divisor.
    pub percentile: f64,
    /// Whether the divisor is the largest *signed* sample, without a floor: the MLPerf Tiny reference's quirk.
    pub signed: bool,
}

impl Peak {
    /// With these options.
    pub fn new(settings: &Settings) -> Self {
        Self {
            target: amplitude(settings.number("target")),
            floor: amplitude(settings.number("floor")),
            dc: settings.flag("dc"),
            percentile: settings.number("percentile"),
            signed: settings.is("divisor", "signed"),
        }
    }

    /// Normalizes a clip.
    pub fn clip(&self, samples: &[f32]) -> Normalized<f32> {
        let mut samples = samples.to_vec();
        if self.dc {
            dc::remove_mean(&mut samples);
        }
        let (gain, silent) = match (self.signed, self.percentile < 100.0) {
            (true, _) => signed_gain(&samples, self.target),
            (_, true) => gain(percentile(&samples, self.percentile), self.target, self.floor),
            _ => gain(largest_bits(&samples), self.target, self.floor),
        };
        scale(&mut samples, gain);
        let clipped = match self.percentile < 100.0 {
            true => cut(&mut samples),
            false => 0,
        };
        Normalized { samples, gain, clipped, silent }
    }

    /// What [`Peak::clip`] takes for `n` samples.
    pub fn operations(&self, n: u64) -> Operations {
        let none = Operations::default();
        let dc = if self.dc { dc::operations(n) } else { none };
        let multiply = Operations { multiplies: n, ..none };
        let divisor = match (self.signed, self.percentile < 100.0) {
            (true, _) => Operations { compares: n, divides: 1, ..none },
            (_, true) => select_operations(n, 4) + Operations { compares: 2 * n + 1, divides: 1, ..none },
            _ => Operations { compares: 2 * n + 1, divides: 1, ..none },
        };
        dc + divisor + multiply
    }
}

/// The largest magnitude, 0 of nothing: the obvious loop.
pub fn largest<N: Number>(samples: &[N]) -> N {
    samples.iter().fold(N::of(0.0), |largest, &x| largest.larger(x.abs()))
}

/// The largest magnitude, eight lanes at a time; the same as [`largest`] for all that is a number.
///
/// Without its sign bit a float is a whole number that is ordered as the magnitudes are, and whole numbers have a
/// vector instruction for the larger of two in WebAssembly, which floats with their NaN have not.
pub fn largest_bits(samples: &[f32]) -> f32 {
    const LANES: usize = 8;
    let magnitude = |x: f32| (x.to_bits() & 0x7fff_ffff) as i32;
    let (chunks, rest) = samples.as_chunks::<LANES>();
    let mut largest = [0i32; LANES];
    for chunk in chunks {
        for (largest, &x) in largest.iter_mut().zip(chunk) {
            *largest = (*largest).max(magnitude(x));
        }
    }
    let rest = rest.iter().fold(0, |largest, &x| largest.max(magnitude(x)));
    f32::from_bits(largest.into_iter().fold(rest, i32::max) as u32)
}

/// The gain to a target, and whether the clip counts as silent, with all of it at or below the floor.
pub fn gain<N: Number>(largest: N, target: f32, floor: f32) -> (N, bool) {
    let silent = !largest.exceeds(N::of(floor));
    (N::of(target) / if silent { N::of(floor) } else { largest }, silent)
}

/// The reference's gain: through the largest signed sample, which may be negative; 1 where it is 0.
pub fn signed_gain<N: Number>(samples: &[N], target: f32) -> (N, bool) {
    let first = samples.first().copied().unwrap_or(N::of(0.0));
    let largest = samples.iter().fold(first, |largest, &x| largest.larger(x));
    let zero = largest.value() == 0.0;
    (N::of(target) / if zero { N::of(1.0) } else { largest }, zero)
}

/// Multiplies all samples.
pub fn scale<N: Number>(samples: &mut [N], gain: N) {
    samples.iter_mut().for_each(|x| *x = *x * gain);
}

/// Peak-normalizes samples where they are, as fast as memory allows, and gives the gain.
///
/// *Units*: target and floor as amplitudes, full scale 1.
pub fn in_place(samples: &mut [f32], target: f32, floor: f32) -> f32 {
    let (gain, _) = gain(largest_bits(samples), target, floor);
    scale(samples, gain);
    gain
}

/// Cuts what is beyond full scale, and says of how many samples.
pub(super) fn cut(samples: &mut [f32]) -> usize {
    let mut clipped = 0;
    for x in samples {
        clipped += usize::from(x.abs() > 1.0);
        *x = x.within(-1.0, 1.0);
    }
    clipped
}

/// The smallest magnitude that at least so many percent of the magnitudes do not exceed.
///
/// Found digit by digit from the front (four passes that count, of 256 bins each): the work does not depend on the
/// samples, which a device with deadlines wants, and no second clip is needed.
pub fn percentile(samples: &[f32], percent: f64) -> f32 {
    let magnitude = |x: &f32| x.to_bits() & 0x7fff_ffff;
    f32::from_bits(select(samples.iter().map(magnitude), samples.len(), percent, 4))
}

/// The nearest-rank percentile of whole numbers below `256^digits`.
fn select(numbers: impl Iterator<Item = u32> + Clone, count: usize, percent: f64, digits: u32) -> u32 {
    if count == 0 {
        return 0;
    }
    let mut rank = (libm::ceil(count as f64 * percent / 100.0) as usize).clamp(1, count);
    let mut found = 0u64;
    for digit in (0..digits).rev() {
        let shift = 8 * digit;
        let mut bins = [0usize; 256];
        for number in numbers.clone() {
            if u64::from(number) >> (shift + 8) == found {
                bins[(number >> shift) as usize & 255] += 1;
            }
        }
        let mut bin = 0;
        while bin < 255 && bins[bin] < rank {
            rank -= bins[bin];
            bin += 1;
        }
        found = (found << 8) | bin as u64;
    }
    found as u32
}

/// The most that [`select`] takes: for each digit a magnitude, two shifts, a compare and a count for each number, and
/// the way through the bins. Only this count is read off the code instead of being checked by numbers that count.
fn select_operations(n: u64, digits: u64) -> Operations {
    let each = Operations { adds: 1, compares: 2, shifts: 2, ..Operations::default() };
    let bin = Operations { adds: 1, compares: 1, ..Operations::default() };
    (each * n + bin * 255) * digits
}

/// Peak normalization of a clip in Q15.
///
/// Target and floor are whole numbers of 2^-15, the gain has 16 fraction bits. Rounded to nearest, halves up;
/// saturated. Magnitudes are taken in a wider type, since that of -32768 does not fit 16 bits.
pub fn clip_fixed(peak: &Peak, samples: &[i16]) -> Normalized<i16> {
    let mut wide: Vec<i64> = samples.iter().map(|&x| i64::from(x)).collect();
    if peak.dc {
        dc::remove_mean_fixed(&mut wide);
    }
    let largest = match peak.percentile < 100.0 {
        true => {
            let magnitudes = wide.iter().map(|x| x.unsigned_abs() as u32);
            i64::from(select(magnitudes, wide.len(), peak.percentile, 2))
        }
        false => largest_fixed(&wide),
    };
    let (gain, silent) = gain_fixed(largest, to_fixed(peak.target), to_fixed(peak.floor));
    let beyond = |x: &&i64| (**x * gain).shr_rounded(16).abs() > 32_768;
    let clipped = wide.iter().filter(beyond).count();
    scale_fixed(&mut wide, gain);
    let gain = gain as f32 / 65_536.0;
    Normalized { samples: wide.iter().map(|&x| x as i16).collect(), gain, clipped, silent }
}

/// What [`clip_fixed`] takes for `n` samples.
pub fn operations_fixed(peak: &Peak, n: u64) -> Operations {
    let none = Operations::default();
    let dc = if peak.dc { dc::operations_fixed(n) } else { none };
    let divisor = match peak.percentile < 100.0 {
        true => select_operations(n, 2),
        false => Operations { compares: 2 * n, ..none },
    };
    let gain = Operations { compares: 1, shifts: 2, adds: 1, divides: 1, ..none };
    dc + divisor + gain + Operations { multiplies: n, adds: n, shifts: n, compares: 2 * n, ..none }
}

/// An amplitude as a whole number of 2^-15, at least 1.
pub(super) fn to_fixed(amplitude: f32) -> i64 {
    (libm::round(f64::from(amplitude) * 32_768.0) as i64).max(1)
}

/// The largest magnitude.
pub fn largest_fixed<W: Whole>(samples: &[W]) -> W {
    samples.iter().fold(W::of(0), |largest, &x| largest.larger(x.abs()))
}

/// The gain with 16 fraction bits, and whether the clip counts as silent.
pub fn gain_fixed<W: Whole>(largest: W, target: i64, floor: i64) -> (W, bool) {
    let silent = !largest.exceeds(W::of(floor));
    let divisor = if silent { W::of(floor) } else { largest };
    (W::of(target).shl(16).over(divisor), silent)
}

/// Multiplies by a gain with 16 fraction bits.
pub fn scale_fixed<W: Whole>(samples: &mut [W], gain: W) {
    samples.iter_mut().for_each(|x| *x = (*x * gain).shr_rounded(16).saturated());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fast_maximum_is_the_obvious_one_to_the_bit() {
        let mut next = 1u32;
        for length in (0..70).chain([1000, 16_001]) {
            let samples: Vec<f32> = (0..length)
                .map(|_| {
                    next = next.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                    (next >> 8) as f32 / 8_388_608.0 - 1.0
                })
                .collect();
            assert_eq!(largest_bits(&samples).to_bits(), largest(&samples).to_bits(), "{length} samples");
        }
        assert_eq!(largest_bits(&[-0.0, f32::MIN_POSITIVE / 4.0, -1e-30]), 1e-30);
    }

    #[test]
    fn the_percentile_is_the_one_of_the_sorted_magnitudes() {
        let samples: Vec<f32> =
            (0..1000).map(|n| if n % 2 == 0 { -1.0 } else { 1.0 } * (n * 7919 % 1000) as f32).collect();
        for (percent, expected) in [(50.0, 499.0), (99.0, 989.0), (99.9, 998.0), (100.0, 999.0)] {
            assert_eq!(percentile(&samples, percent), expected, "{percent} %");
        }
        assert_eq!(percentile(&[], 99.0), 0.0);
        assert_eq!(select([32_768u32, 5, 7].into_iter(), 3, 100.0, 2), 32_768);
    }

    #[test]
    fn normalizing_in_place_is_the_same_as_normalizing_a_copy() {
        let samples: Vec<f32> = (0..333).map(|n| 0.3 * libm::sinf(n as f32)).collect();
        let peak = Peak { target: 0.5, floor: 1e-3, dc: false, percentile: 100.0, signed: false };
        let copy = peak.clip(&samples);
        let mut place = samples;
        assert_eq!(in_place(&mut place, 0.5, 1e-3), copy.gain);
        assert_eq!(place, copy.samples);
    }
}
