//! The integer Fourier transform: 16-bit values, halved or quartered before every butterfly so that none overflows.
//!
//! Which radix comes when, and where the rounding is, decides every bit: radix 4 as long as it divides, one radix 2 at
//! the end, values scaled down by `32767 / radix` in Q15 (a little more than the radix) *before* each butterfly.
//!
//! *Source*: M. Borgerding's KISS FFT, 16-bit fixed point, which TFLM builds with `FIXED_POINT=16`.

use std::f64::consts::PI;

/// A complex number of two 16-bit parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Complex {
    pub re: i16,
    pub im: i16,
}

impl Complex {
    /// Sums wrap, as 16-bit stores do on the device.
    fn plus(self, other: Self) -> Self {
        Self { re: self.re.wrapping_add(other.re), im: self.im.wrapping_add(other.im) }
    }

    fn minus(self, other: Self) -> Self {
        Self { re: self.re.wrapping_sub(other.re), im: self.im.wrapping_sub(other.im) }
    }

    /// The Q15 product; both parts are rounded once, from 32 bits.
    fn times(self, other: Self) -> Self {
        let (a, b) = (i32::from(self.re), i32::from(self.im));
        let (c, d) = (i32::from(other.re), i32::from(other.im));
        Self { re: rounded((a * c).wrapping_sub(b * d)), im: rounded((a * d).wrapping_add(b * c)) }
    }

    /// Divided by `radix`, or rather multiplied by the Q15 number just below its inverse.
    fn shrunk(self, radix: i32) -> Self {
        let by = i32::from(i16::MAX) / radix;
        Self { re: rounded(i32::from(self.re) * by), im: rounded(i32::from(self.im) * by) }
    }

    /// `exp(i phase)` in Q15.
    fn unit(phase: f64) -> Self {
        let q15 = |x: f64| libm::floor(0.5 + f64::from(i16::MAX) * x) as i16;
        Self { re: q15(libm::cos(phase)), im: q15(libm::sin(phase)) }
    }
}

fn rounded(q30: i32) -> i16 {
    (q30.wrapping_add(1 << 14) >> 15) as i16
}

/// A transform of real samples of one length, a power of two of at least 4.
#[derive(Debug, Clone)]
pub struct IntegerFft {
    /// Pairs of samples as complex numbers, before and after the complex transform.
    pairs: Vec<Complex>,
    transformed: Vec<Complex>,
    twiddles: Vec<Complex>,
    /// Turn the half-length complex transform into that of the real samples.
    unpacking: Vec<Complex>,
    bins: Vec<Complex>,
}

impl IntegerFft {
    pub fn new(length: usize) -> Self {
        let half = length / 2;
        let twiddle = |n: usize| Complex::unit(-2.0 * PI * n as f64 / half as f64);
        let unpacking = |n: usize| Complex::unit(-PI * ((n + 1) as f64 / half as f64 + 0.5));
        Self {
            pairs: vec![Complex::default(); half],
            transformed: vec![Complex::default(); half],
            twiddles: (0..half).map(twiddle).collect(),
            unpacking: (0..half / 2).map(unpacking).collect(),
            bins: vec![Complex::default(); half + 1],
        }
    }

    /// The spectrum of `samples << shift`, padded with zeros behind; bins from 0 Hz to half the sample rate, scaled
    /// down by the transform's length.
    pub fn transform(&mut self, samples: &[i16], shift: u32) -> &[Complex] {
        self.pairs.fill(Complex::default());
        let shifted = |sample: i16| ((sample as u16) << shift) as i16;
        for (into, pair) in self.pairs.iter_mut().zip(samples.chunks(2)) {
            *into = Complex { re: shifted(pair[0]), im: pair.get(1).copied().map_or(0, shifted) };
        }
        let half = self.pairs.len();
        // Radices from the outermost stage inwards.
        let mut radices = Vec::with_capacity(16);
        let mut rest = half;
        while rest > 1 {
            let radix = if rest.is_multiple_of(4) { 4 } else { 2 };
            radices.push(radix);
            rest /= radix;
        }
        stage(&mut self.transformed, &self.pairs, 1, &radices, &self.twiddles);
        self.unpack(half);
        &self.bins
    }

    fn unpack(&mut self, half: usize) {
        let first = self.transformed[0].shrunk(2);
        self.bins[0] = Complex { re: first.re.wrapping_add(first.im), im: 0 };
        self.bins[half] = Complex { re: first.re.wrapping_sub(first.im), im: 0 };
        for k in 1..=half / 2 {
            let low = self.transformed[k].shrunk(2);
            let mirror = self.transformed[half - k];
            let high = Complex { re: mirror.re, im: mirror.im.wrapping_neg() }.shrunk(2);
            let even = low.plus(high);
            let odd = low.minus(high).times(self.unpacking[k - 1]);
            let half_of = |x: i32| (x >> 1) as i16;
            let [er, ei, or, oi] = [even.re, even.im, odd.re, odd.im].map(i32::from);
            self.bins[k] = Complex { re: half_of(er + or), im: half_of(ei + oi) };
            self.bins[half - k] = Complex { re: half_of(er - or), im: half_of(oi - ei) };
        }
    }
}

/// Decimation in time: transforms every `radix`-th value, then joins the parts; `stride` is the distance of
/// neighbouring inputs.
fn stage(output: &mut [Complex], input: &[Complex], stride: usize, radices: &[usize], twiddles: &[Complex]) {
    let Some((&radix, inner)) = radices.split_first() else { return };
    let part = output.len() / radix;
    for (r, part_of_output) in output.chunks_exact_mut(part).enumerate() {
        match inner.is_empty() {
            true => part_of_output[0] = input[r * stride],
            false => stage(part_of_output, &input[r * stride..], stride * radix, inner, twiddles),
        }
    }
    match radix {
        4 => join_four(output, stride, twiddles),
        _ => join_two(output, stride, twiddles),
    }
}

fn join_two(values: &mut [Complex], stride: usize, twiddles: &[Complex]) {
    let (left, right) = values.split_at_mut(values.len() / 2);
    for (k, (a, b)) in left.iter_mut().zip(right).enumerate() {
        let (even, odd) = (a.shrunk(2), b.shrunk(2).times(twiddles[k * stride]));
        (*a, *b) = (even.plus(odd), even.minus(odd));
    }
}

fn join_four(values: &mut [Complex], stride: usize, twiddles: &[Complex]) {
    let part = values.len() / 4;
    for k in 0..part {
        let at = |n: usize| values[k + n * part].shrunk(4);
        let first = at(0);
        let [second, third, fourth] = [1, 2, 3].map(|n| at(n).times(twiddles[n * k * stride]));
        let (sum, difference) = (second.plus(fourth), second.minus(fourth));
        let (outer, inner) = (first.minus(third), first.plus(third));
        values[k] = inner.plus(sum);
        values[k + 2 * part] = inner.minus(sum);
        // Minus and plus i times the difference.
        values[k + part] = outer.plus(Complex { re: difference.im, im: difference.re.wrapping_neg() });
        values[k + 3 * part] = outer.plus(Complex { re: difference.im.wrapping_neg(), im: difference.re });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_integer_spectrum_is_near_the_sum_that_defines_it() {
        for length in [16usize, 256, 512, 1024] {
            let samples: Vec<i16> = (0..length).map(|n| (20_000.0 * libm::sin(n as f64 * 0.7)) as i16).collect();
            let bins = IntegerFft::new(length).transform(&samples, 0).to_vec();
            assert_eq!(bins.len(), length / 2 + 1);
            for (bin, value) in bins.iter().enumerate() {
                let (mut re, mut im) = (0.0, 0.0);
                for (n, &sample) in samples.iter().enumerate() {
                    let angle = 2.0 * PI * (bin * n % length) as f64 / length as f64;
                    re += f64::from(sample) * libm::cos(angle) / length as f64;
                    im -= f64::from(sample) * libm::sin(angle) / length as f64;
                }
                let error = (f64::from(value.re) - re).abs().max((f64::from(value.im) - im).abs());
                // Every stage takes a little more than it should, a few parts in ten thousand altogether.
                assert!(error < 4.0 + 1e-3 * re.hypot(im), "bin {bin} of {length}: {value:?}, not {re} {im}");
            }
        }
    }
}
