//! Mel bands of integer energies, and the integer square root.

use super::Precision;
use super::fft::Complex;
use crate::error::{Error, Result};

/// Fraction bits of the weights.
const BITS: u32 = 12;

/// Bands between neighbouring centre frequencies: a bin gives its weight to one band and the rest to the next.
#[derive(Debug, Clone)]
pub struct FilterBank {
    /// Bin where the first channel begins; 0 Hz is never heard.
    first: usize,
    /// Bins of each channel in a row, one channel more than bands: the first only passes its rest on.
    widths: Vec<usize>,
    /// Weight of each bin from `first` on, for its own channel and for the next one, in Q12.
    weights: Vec<(i16, i16)>,
    energies: Vec<u64>,
    bands: Vec<u32>,
}

impl FilterBank {
    /// *Units*: frequencies in hertz; `bins` counts those of the spectrum, 0 Hz included.
    ///
    /// *Errors*: `Parameter` when the highest band reaches the last bin.
    pub fn new(bands: usize, low: f32, high: f32, sample_rate: u32, bins: usize, precision: Precision) -> Result<Self> {
        let mel = |hertz: f32| mel(hertz, precision);
        let mel_low = mel(low);
        let spacing = (mel(high) - mel_low) / (bands + 1) as f32;
        let centre: Vec<f32> = (0..=bands).map(|band| mel_low + spacing * (band + 1) as f32).collect();
        let bin_hertz = (0.5 * f64::from(sample_rate) / f64::from(bins as f32 - 1.0)) as f32;
        let first = (1.5 + f64::from(low / bin_hertz)) as usize;
        let (mut widths, mut weights) = (Vec::new(), Vec::new());
        let mut bin = first;
        for channel in 0..=bands {
            let below = if channel == 0 { mel_low } else { centre[channel - 1] };
            let start = bin;
            while mel(bin as f32 * bin_hertz) <= centre[channel] {
                let weight = (centre[channel] - mel(bin as f32 * bin_hertz)) / (centre[channel] - below);
                weights.push((q12(f64::from(weight)), q12(1.0 - f64::from(weight))));
                bin += 1;
            }
            widths.push(bin - start);
        }
        if bin >= bins {
            return Err(Error::parameter(format!(
                "bands up to {high} Hz need bin {bin} of a spectrum of {bins} bins at {sample_rate} Hz"
            )));
        }
        Ok(Self { first, widths, weights, energies: vec![0; bands], bands: vec![0; bands] })
    }

    /// The square root of the energy in each band, shifted right by the bits that the samples were shifted left.
    pub fn apply(&mut self, spectrum: &[Complex], shift: u32) -> &mut [u32] {
        let mut bins = spectrum[self.first..].iter().zip(&self.weights);
        let mut rest = 0u64;
        for (channel, &width) in self.widths.iter().enumerate() {
            let (mut own, mut next) = (rest, 0u64);
            for (bin, &(weight, unweight)) in bins.by_ref().take(width) {
                let (re, im) = (i32::from(bin.re), i32::from(bin.im));
                // The device keeps the energy in 32 bits with a sign, which only two parts of -32768 reach.
                let energy = (re * re).wrapping_add(im * im) as i64 as u64;
                own = own.wrapping_add((weight as i64 as u64).wrapping_mul(energy));
                next = next.wrapping_add((unweight as i64 as u64).wrapping_mul(energy));
            }
            if let Some(band) = channel.checked_sub(1) {
                self.energies[band] = own;
            }
            rest = next;
        }
        for (band, &energy) in self.bands.iter_mut().zip(&self.energies) {
            *band = square_root(energy) >> shift;
        }
        &mut self.bands
    }
}

/// HTK's mel scale, whose rounding decides on which side of a corner a bin falls.
fn mel(hertz: f32, precision: Precision) -> f32 {
    match precision {
        Precision::Single => 1127.0 * libm::log1pf(hertz / 700.0),
        Precision::Double => (1127.0 * libm::log1p(f64::from(hertz) / 700.0)) as f32,
    }
}

fn q12(weight: f64) -> i16 {
    libm::floor(weight * f64::from(1 << BITS) + 0.5) as i16
}

/// The square root, rounded to nearest but never above 2^16 - 1 (of 32 bits) or 2^32 - 1 (of 64).
fn square_root(number: u64) -> u32 {
    let root = number.isqrt();
    // What is left of the number, against the distance of half a step: root^2 + root.
    let up = number - root * root > root;
    let largest = if number >> 32 == 0 { 0xFFFF } else { 0xFFFF_FFFF };
    (root + u64::from(up && root < largest)) as u32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn square_roots_are_rounded_to_nearest() {
        for (number, root) in [(0, 0), (1, 1), (2, 1), (3, 2), (6, 2), (7, 3), (u64::from(u32::MAX), 0xFFFF)] {
            assert_eq!(square_root(number), root, "{number}");
        }
        assert_eq!(square_root(1 << 40), 1 << 20);
        assert_eq!(square_root(u64::MAX), u32::MAX);
    }

    #[test]
    fn both_weights_of_a_bin_add_up_to_one() {
        let bank = FilterBank::new(40, 125.0, 7500.0, 16_000, 257, Precision::Single).unwrap();
        assert!(bank.weights.iter().all(|&(own, next)| (i32::from(own) + i32::from(next) - 4096).abs() <= 1));
        assert_eq!((bank.first, bank.first + bank.weights.len()), (5, 241));
    }

    #[test]
    fn bands_above_half_the_sample_rate_are_refused() {
        let error = FilterBank::new(40, 125.0, 7500.0, 8_000, 129, Precision::Single).unwrap_err();
        assert!(error.to_string().contains("8000 Hz"));
    }
}
