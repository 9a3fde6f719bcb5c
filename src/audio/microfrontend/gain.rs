//! Noise reduction and automatic gain, band by band and frame by frame.

/// Fraction bits of the noise estimate above those of the signal.
const SMOOTHING_BITS: u32 = 10;
/// Q14.
const COEFFICIENT_BITS: u32 = 14;
/// How fast the estimate follows the signal, 0.025 in even bands and 0.06 in odd ones, and the part of the signal that
/// always stays, 0.05; truncated to Q14.
const SMOOTHING: [u64; 2] = [409, 983];
const REMAINING: u64 = 819;

/// Takes away the slow part of each band.
#[derive(Debug, Clone)]
pub struct NoiseReduction {
    estimate: Vec<u32>,
}

impl NoiseReduction {
    pub fn new(bands: usize) -> Self {
        Self { estimate: vec![0; bands] }
    }

    pub fn reset(&mut self) {
        self.estimate.fill(0);
    }

    /// The slow part of each band, with ten fraction bits.
    pub fn estimate(&self) -> &[u32] {
        &self.estimate
    }

    /// Follows the bands; takes the noise away unless `keep`.
    pub fn apply(&mut self, bands: &mut [u32], keep: bool) {
        for (band, (signal, estimate)) in bands.iter_mut().zip(&mut self.estimate).enumerate() {
            let smoothing = SMOOTHING[band % 2];
            let scaled = *signal << SMOOTHING_BITS;
            let sum = u64::from(scaled) * smoothing + u64::from(*estimate) * ((1 << COEFFICIENT_BITS) - smoothing);
            *estimate = (sum >> COEFFICIENT_BITS) as u32;
            if !keep {
                let floor = ((u64::from(*signal) * REMAINING) >> COEFFICIENT_BITS) as u32;
                *signal = (scaled.saturating_sub(*estimate) >> SMOOTHING_BITS).max(floor);
            }
        }
    }
}

/// Fraction bits of the gain: `2^21 (noise + 80)^-0.95`.
const GAIN_BITS: i32 = 21;
const STRENGTH: f32 = 0.95;
const OFFSET: f32 = 80.0;
/// Fraction bits of the ratio of signal to noise, and of what comes out.
const SNR_BITS: i32 = 12;
const OUTPUT_BITS: u32 = 6;
/// A parabola for each power of two of a 32-bit noise.
const INTERVALS: usize = 32;

/// Per-channel amplitude normalisation: divides each band by a power of its noise, and presses small ratios down.
#[derive(Debug, Clone)]
pub struct Pcan {
    /// The gain at noise 0 and 1.
    lowest: [i16; 2],
    /// Value, slope and curvature in each interval `[2^(n-1), 2^n)` of the noise, from `n = 2` on.
    parabolas: Vec<[i16; 3]>,
    shift: u32,
}

impl Pcan {
    /// `correction` is the number of bits by which the spectrum is too large.
    pub fn new(correction: i32) -> Self {
        let input_bits = SMOOTHING_BITS as i32 - correction;
        let gain = |noise: u32| {
            let noise = noise as f32 / (1u32 << input_bits) as f32;
            let gain = (1u32 << GAIN_BITS) as f32 * libm::powf(noise + OFFSET, -STRENGTH);
            if gain > f32::from(i16::MAX) { i16::MAX } else { (gain + 0.5) as i16 }
        };
        let parabola = |interval: usize| {
            let start = 1u32 << (interval - 1);
            let end = if interval == INTERVALS { start + (start - 1) } else { 2 * start };
            let [low, middle, high] = [start, start + start / 2, end].map(|noise| i32::from(gain(noise)));
            let slope = 4 * (middle - low) - (high - low);
            [low as i16, slope as i16, (high - low - slope) as i16]
        };
        Self {
            lowest: [gain(0), gain(1)],
            parabolas: (2..=INTERVALS).map(parabola).collect(),
            shift: (GAIN_BITS - correction - SNR_BITS) as u32,
        }
    }

    pub fn apply(&self, bands: &mut [u32], noise: &[u32]) {
        for (signal, &noise) in bands.iter_mut().zip(noise) {
            let gain = self.gain(noise) as u32;
            *signal = shrunk(((u64::from(*signal) * u64::from(gain)) >> self.shift) as u32);
        }
    }

    fn gain(&self, noise: u32) -> i16 {
        if noise < 2 {
            return self.lowest[noise as usize];
        }
        let interval = 32 - noise.leading_zeros();
        let [value, slope, curvature] = self.parabolas[interval as usize - 2].map(i32::from);
        // Where in the interval, in 1024ths.
        let place = if interval < 11 { noise << (11 - interval) } else { noise >> (interval - 11) };
        let place = (place & 0x3FF) as i32;
        let rise = ((curvature * place) >> 5).wrapping_add(slope << 5).wrapping_mul(place);
        ((rise.wrapping_add(1 << 14) >> 15) + value) as i16
    }
}

/// `x^2 / 4` below 2, `x - 1` above: 12 fraction bits in, 6 out.
fn shrunk(x: u32) -> u32 {
    if x < 2 << SNR_BITS {
        (x * x) >> (2 + 2 * SNR_BITS as u32 - OUTPUT_BITS)
    } else {
        (x >> (SNR_BITS as u32 - OUTPUT_BITS)) - (1 << OUTPUT_BITS)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shrinking_is_continuous_where_its_two_halves_meet() {
        assert_eq!([0, 1 << 12, (2 << 12) - 1, 2 << 12, 3 << 12].map(shrunk), [0, 16, 63, 64, 128]);
    }

    #[test]
    fn gain_is_near_the_power_that_it_stands_for() {
        let pcan = Pcan::new(3);
        for noise in [0u32, 1, 2, 3, 100, 5_000, 100_000, 3_000_000, 4_000_000_000] {
            let exact = 2_097_152.0 * libm::pow(f64::from(noise) / 128.0 + 80.0, -0.95);
            let gain = f64::from(pcan.gain(noise));
            assert!((gain - exact.min(32_767.0)).abs() <= 1.0 + 0.002 * exact, "{noise}: {gain}, not {exact}");
        }
    }

    #[test]
    fn a_steady_band_fades_to_a_twentieth_and_stays_there() {
        let mut reduction = NoiseReduction::new(2);
        let mut bands = [0; 2];
        for _ in 0..1000 {
            bands = [10_000, 10_000];
            reduction.apply(&mut bands, false);
        }
        assert_eq!(bands, [499, 499]);
    }
}
