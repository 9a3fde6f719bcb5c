//! Sound at another sample rate.
//!
//! Written here rather than taken from the crate `rubato`, whose inner product uses fused multiply-adds where the
//! processor has them: features would then differ between machines, and from the browser's.

use std::f64::consts::PI;

use super::window::kaiser;
use crate::error::{Error, Result};

/// Lowest and highest sample rates in hertz that make sense: telephone halves to ultrasound recorders.
const RATES: std::ops::RangeInclusive<u32> = 2_000..=384_000;
/// Zero crossings of the sinc on each side; with `BETA` the stop band is about 80 dB down.
const CROSSINGS: f64 = 24.0;
const BETA: f64 = 8.0;
/// The pass band ends at this part of the lower Nyquist frequency, so that the slope ends near it.
const PASS: f64 = 0.95;
/// Most kernels that are tabulated; between them coefficients are interpolated along a line.
const KERNELS: usize = 512;

/// Converts mono sound from one sample rate to another with a windowed sinc.
///
/// *Shapes*: `n` samples become `ceil(n * to / from)`; the first samples of both coincide in time.
///
/// *Units*: rates in hertz.
///
/// *Errors*: `Parameter` for a rate outside 2 to 384 kHz.
///
/// *Source*: J. O. Smith, "Digital Audio Resampling", 2002.
///
/// ```
/// let tone: Vec<f32> = (0..48_000).map(|n| libm::sinf(n as f32 * 0.01)).collect();
/// assert_eq!(milliwatt::audio::resample::resample(&tone, 48_000, 16_000).unwrap().len(), 16_000);
/// ```
pub fn resample(samples: &[f32], from: u32, to: u32) -> Result<Vec<f32>> {
    let mut resampler = Resampler::new(from, to)?;
    let mut converted = Vec::with_capacity((samples.len() as f64 * f64::from(to) / f64::from(from)) as usize + 1);
    resampler.push(samples, &mut converted);
    resampler.finish(&mut converted);
    Ok(converted)
}

/// The same conversion of sound that comes piece by piece: the same bits, however it is cut.
///
/// ```
/// use milliwatt::audio::resample::{Resampler, resample};
/// let tone: Vec<f32> = (0..4800).map(|n| libm::sinf(n as f32 * 0.01)).collect();
/// let mut pieces = Vec::new();
/// let mut resampler = Resampler::new(48_000, 16_000).unwrap();
/// tone.chunks(100).for_each(|piece| resampler.push(piece, &mut pieces));
/// resampler.finish(&mut pieces);
/// assert_eq!(pieces, resample(&tone, 48_000, 16_000).unwrap());
/// ```
pub struct Resampler {
    /// Output n lies at input position n * down / up.
    up: usize,
    down: usize,
    /// `None` where both rates are the same.
    kernels: Option<Kernels>,
    /// Input that later outputs still weigh, and how many samples went before it.
    kept: Vec<f32>,
    dropped: usize,
    /// The input position of the next output: whole samples, and parts of `up`.
    whole: usize,
    phase: usize,
}

impl Resampler {
    /// *Units*: rates in hertz.
    ///
    /// # Errors
    /// `Parameter` for a rate outside 2 to 384 kHz.
    pub fn new(from: u32, to: u32) -> Result<Self> {
        check_rate(from)?;
        check_rate(to)?;
        let divisor = gcd(from, to);
        let (up, down) = ((to / divisor) as usize, (from / divisor) as usize);
        let cutoff = PASS * f64::from(to.min(from)) / f64::from(from);
        let kernels = (from != to).then(|| Kernels::new(up.min(KERNELS), cutoff));
        Ok(Self { up, down, kernels, kept: Vec::new(), dropped: 0, whole: 0, phase: 0 })
    }

    /// Takes samples and appends what is certain by now: an output waits for the input that its kernel reaches.
    pub fn push(&mut self, samples: &[f32], converted: &mut Vec<f32>) {
        match &self.kernels {
            None => converted.extend_from_slice(samples),
            Some(kernels) => {
                let reach = kernels.reach;
                self.kept.extend_from_slice(samples);
                self.convert(reach, converted);
            }
        }
    }

    /// Appends the outputs that are left, with silence behind the end, and starts anew.
    pub fn finish(&mut self, converted: &mut Vec<f32>) {
        self.convert(0, converted);
        self.kept.clear();
        (self.dropped, self.whole, self.phase) = (0, 0, 0);
    }

    /// All outputs that have `ahead` samples of input after the one at or before them.
    fn convert(&mut self, ahead: usize, converted: &mut Vec<f32>) {
        let Some(kernels) = &self.kernels else { return };
        while self.whole + ahead < self.dropped + self.kept.len() {
            converted.push(kernels.at(&self.kept, self.dropped, self.whole, self.phase, self.up));
            self.whole += self.down / self.up;
            self.phase += self.down % self.up;
            if self.phase >= self.up {
                self.phase -= self.up;
                self.whole += 1;
            }
        }
        // What no later output weighs is dropped, in pieces large enough not to move the rest all the time.
        let done = (self.whole + 1).saturating_sub(kernels.reach + self.dropped).min(self.kept.len());
        if done > self.kept.len() / 2 {
            self.kept.drain(..done);
            self.dropped += done;
        }
    }
}

/// Refuses a sample rate, in hertz, that no sound has.
///
/// *Errors*: `Parameter` outside 2 to 384 kHz.
pub fn check_rate(rate: u32) -> Result<()> {
    if RATES.contains(&rate) {
        return Ok(());
    }
    Err(Error::parameter(format!(
        "a sample rate of {rate} Hz is outside the {} to {} Hz that can be converted",
        RATES.start(),
        RATES.end()
    )))
}

/// The interpolating kernel, sampled at `count + 1` positions between two input samples.
struct Kernels {
    count: usize,
    /// Input samples before (and behind) the position that a kernel weighs.
    reach: usize,
    taps: usize,
    table: Vec<f32>,
}

impl Kernels {
    /// *Units*: `cutoff` as a part of the input's Nyquist frequency.
    fn new(count: usize, cutoff: f64) -> Self {
        let reach = libm::ceil(CROSSINGS / cutoff) as usize;
        let taps = 2 * reach;
        let mut table = Vec::with_capacity((count + 1) * taps);
        for kernel in 0..=count {
            let fraction = kernel as f64 / count as f64;
            let tap = |tap: usize| {
                // Tap `reach - 1` is the input sample at or before the position.
                let distance = tap as f64 - (reach - 1) as f64 - fraction;
                sinc(distance * cutoff) * kaiser(distance / reach as f64, BETA)
            };
            let row: Vec<f64> = (0..taps).map(tap).collect();
            // A constant must stay that constant.
            let sum: f64 = row.iter().sum();
            table.extend(row.iter().map(|tap| (tap / sum) as f32));
        }
        Self { count, reach, taps, table }
    }

    /// The value at input position `whole + phase / phases`; the first `dropped` samples of the input are not kept.
    fn at(&self, kept: &[f32], dropped: usize, whole: usize, phase: usize, phases: usize) -> f32 {
        let position = phase * self.count;
        let (kernel, between) = (position / phases, (position % phases) as f32 / phases as f32);
        let value = self.dot(kept, dropped, whole, kernel);
        match between == 0.0 {
            true => value,
            false => value + between * (self.dot(kept, dropped, whole, kernel + 1) - value),
        }
    }

    /// The inner product with the input around `whole`; outside the clip is silence.
    fn dot(&self, kept: &[f32], dropped: usize, whole: usize, kernel: usize) -> f32 {
        let row = &self.table[kernel * self.taps..(kernel + 1) * self.taps];
        let skip = (self.reach - 1).saturating_sub(whole);
        let first = (whole + 1).saturating_sub(self.reach);
        let samples = first.checked_sub(dropped).and_then(|first| kept.get(first..)).unwrap_or_default();
        row.iter().skip(skip).zip(samples).map(|(weight, sample)| weight * sample).sum()
    }
}

fn sinc(x: f64) -> f64 {
    if x == 0.0 { 1.0 } else { libm::sin(PI * x) / (PI * x) }
}

fn gcd(a: u32, b: u32) -> u32 {
    if b == 0 { a } else { gcd(b, a % b) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::f64::consts::TAU;

    fn tone(hertz: f64, rate: u32, length: usize) -> Vec<f32> {
        (0..length).map(|n| libm::sin(TAU * hertz * n as f64 / f64::from(rate)) as f32).collect()
    }

    #[test]
    fn a_tone_stays_the_same_tone_at_every_rate() {
        for (from, to) in [(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (11_025, 16_000), (16_001, 16_000)] {
            let converted = resample(&tone(1000.0, from, from as usize), from, to).unwrap();
            let expected = tone(1000.0, to, to as usize);
            assert_eq!(converted.len(), to as usize, "{from} to {to}");
            // Away from the ends, where the clip's silence is part of the kernel.
            for n in 200..to as usize - 200 {
                let error = (converted[n] - expected[n]).abs();
                assert!(error < 3e-4, "{from} to {to}: sample {n} is off by {error}");
            }
        }
    }

    #[test]
    fn what_the_lower_rate_cannot_hold_is_taken_away_instead_of_folded_down() {
        let converted = resample(&tone(11_000.0, 48_000, 48_000), 48_000, 16_000).unwrap();
        let loudest = converted[200..15_800].iter().fold(0.0f32, |loudest, x| loudest.max(x.abs()));
        assert!(loudest < 3e-4, "an alias of {loudest} is left");
    }

    #[test]
    fn pieces_of_any_length_give_the_bits_of_the_whole() {
        for (from, to) in [(48_000, 16_000), (44_100, 16_000), (8_000, 16_000), (16_001, 16_000), (16_000, 16_000)] {
            let sound = tone(440.0, from, 5_000);
            let whole = resample(&sound, from, to).unwrap();
            assert_eq!(whole.len(), (5_000 * to as usize).div_ceil(from as usize));
            let mut resampler = Resampler::new(from, to).unwrap();
            for piece in [1, 7, 128, 441, 4_999] {
                let mut pieces = Vec::new();
                sound.chunks(piece).for_each(|piece| resampler.push(piece, &mut pieces));
                resampler.finish(&mut pieces);
                assert!(pieces == whole, "{from} to {to} in pieces of {piece}");
            }
        }
    }

    #[test]
    fn a_long_stream_keeps_little() {
        let mut resampler = Resampler::new(44_100, 16_000).unwrap();
        let mut converted = Vec::new();
        for _ in 0..1_000 {
            resampler.push(&[0.5; 441], &mut converted);
            assert!(resampler.kept.len() < 1_500, "{} samples are kept", resampler.kept.len());
        }
        // Ten seconds, less what the last outputs wait for.
        assert!((159_900..160_000).contains(&converted.len()), "{}", converted.len());
    }

    #[test]
    fn a_rate_that_makes_no_sense_is_an_error() {
        assert!(resample(&[0.0], 0, 16_000).unwrap_err().to_string().starts_with("a sample rate of 0 Hz"));
    }
}
