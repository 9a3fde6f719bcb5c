//! The Fourier transform of real samples, four values at a time.
//!
//! Written here rather than taken from a crate: `rustfft` chooses among algorithms for every length, which were an
//! eighth of the WebAssembly module for the two lengths in use; its tables come from the platform's sine, and its
//! vector paths add in another order on every machine. Here every result is the same sum of the same products
//! everywhere, because vectors only lay side by side what does not depend on each other.

use std::f64::consts::TAU;

/// Four neighbouring values.
type Lanes = [f32; 4];

fn each(a: Lanes, b: Lanes, of: impl Fn(f32, f32) -> f32) -> Lanes {
    [of(a[0], b[0]), of(a[1], b[1]), of(a[2], b[2]), of(a[3], b[3])]
}

/// Four complex numbers.
#[derive(Clone, Copy, Default)]
struct Complex {
    re: Lanes,
    im: Lanes,
}

impl Complex {
    fn plus(self, other: Self) -> Self {
        Self { re: each(self.re, other.re, |a, b| a + b), im: each(self.im, other.im, |a, b| a + b) }
    }

    fn minus(self, other: Self) -> Self {
        Self { re: each(self.re, other.re, |a, b| a - b), im: each(self.im, other.im, |a, b| a - b) }
    }

    fn times(self, other: Self) -> Self {
        let product = |a: Lanes, b: Lanes| each(a, b, |a, b| a * b);
        Self {
            re: each(product(self.re, other.re), product(self.im, other.im), |a, b| a - b),
            im: each(product(self.re, other.im), product(self.im, other.re), |a, b| a + b),
        }
    }

    /// Divided by i.
    fn turned_back(self) -> Self {
        Self { re: self.im, im: self.re.map(|x| -x) }
    }

    /// The power of half the numbers: both spectra above are twice too large.
    fn quarter_power(self) -> Lanes {
        let square = |a: Lanes| each(a, a, |a, b| a * b);
        each(square(self.re), square(self.im), |a, b| 0.25 * (a + b))
    }

    /// The same number in all lanes.
    fn all(number: [f32; 2]) -> Self {
        Self { re: [number[0]; 4], im: [number[1]; 4] }
    }
}

/// `exp(-i TAU n / length)`.
fn unit(n: usize, length: usize) -> [f32; 2] {
    let angle = TAU * n as f64 / length as f64;
    [libm::cos(angle) as f32, -libm::sin(angle) as f32]
}

/// Four numbers, lane by lane.
fn lanes(number: impl Fn(usize) -> [f32; 2]) -> Complex {
    let all = [0, 1, 2, 3].map(number);
    Complex { re: all.map(|[re, _]| re), im: all.map(|[_, im]| im) }
}

/// Transforms of one length.
pub struct RealFft {
    /// Pairs of samples as complex numbers, and room for every other stage.
    values: Vec<Complex>,
    spare: Vec<Complex>,
    /// For the first stage, lane by lane: the first, second and third power of each unit.
    first: Vec<[Complex; 3]>,
    /// For the later ones, stage after stage.
    later: Vec<[[f32; 2]; 3]>,
    /// For taking the real samples' spectrum out of that of the pairs.
    unpacking: Vec<Complex>,
}

impl RealFft {
    /// The shortest transform.
    pub const SHORTEST: usize = 32;

    /// Makes the tables for `length` samples, a power of two of at least [`RealFft::SHORTEST`].
    pub fn new(length: usize) -> Self {
        let half = length.next_power_of_two().max(Self::SHORTEST) / 2;
        let powers = |n: usize, length: usize| [1, 2, 3].map(|power| unit(power * n, length));
        let first =
            (0..half / 16).map(|block| [1, 2, 3].map(|power| lanes(|lane| unit(power * (4 * block + lane), half))));
        let mut later = Vec::new();
        let mut part = half / 4;
        while part >= 4 {
            later.extend((0..part / 4).map(|n| powers(n, part)));
            part /= 4;
        }
        Self {
            values: vec![Complex::default(); half / 4],
            spare: vec![Complex::default(); half / 4],
            first: first.collect(),
            later,
            unpacking: (0..half / 8).map(|block| lanes(|lane| unit(4 * block + lane, 2 * half))).collect(),
        }
    }

    /// The number of values in a spectrum: half the length and one.
    pub fn bins(&self) -> usize {
        4 * self.values.len() + 1
    }

    /// The power at each frequency of the samples times the window, padded with zeros behind.
    ///
    /// *Shapes*: `samples` and `window` of equal length, at most that of the transform; `power` as [`RealFft::bins`].
    pub fn power(&mut self, samples: &[f32], window: &[f32], power: &mut [f32]) {
        self.fill(samples, window);
        self.stages();
        self.unpack(power);
    }

    fn fill(&mut self, samples: &[f32], window: &[f32]) {
        let (samples, samples_rest) = samples.as_chunks::<8>();
        let (window, window_rest) = window.as_chunks::<8>();
        let pairs = |s: &[f32; 8], w: &[f32; 8]| Complex {
            re: std::array::from_fn(|n| s[2 * n] * w[2 * n]),
            im: std::array::from_fn(|n| s[2 * n + 1] * w[2 * n + 1]),
        };
        let mut values = self.values.iter_mut();
        for ((samples, window), value) in samples.iter().zip(window).zip(&mut values) {
            *value = pairs(samples, window);
        }
        if !samples_rest.is_empty() {
            let (mut last, mut weights) = ([0.0; 8], [0.0; 8]);
            last[..samples_rest.len()].copy_from_slice(samples_rest);
            weights[..window_rest.len()].copy_from_slice(window_rest);
            if let Some(value) = values.next() {
                *value = pairs(&last, &weights);
            }
        }
        values.for_each(|value| *value = Complex::default());
    }

    /// Stockham's order of decimation in frequency: every stage reads one memory and writes the other, so that the
    /// spectrum ends in its own order.
    fn stages(&mut self) {
        // In the first stage four butterflies stand side by side, and their results lie across.
        let quarter = self.values.len() / 4;
        for (block, units) in self.first.iter().enumerate() {
            let results = butterfly([0, 1, 2, 3].map(|n| self.values[block + n * quarter]), *units);
            for lane in 0..4 {
                self.spare[4 * block + lane] =
                    Complex { re: results.map(|result| result.re[lane]), im: results.map(|result| result.im[lane]) };
            }
        }
        std::mem::swap(&mut self.values, &mut self.spare);
        // Later, a butterfly is the same for `stride` blocks of four neighbours.
        let (mut stride, mut units) = (1, &self.later[..]);
        let mut part = self.values.len();
        while part >= 4 {
            let (these, rest) = units.split_at(part / 4);
            let quarter = part / 4 * stride;
            for (p, powers) in these.iter().enumerate() {
                let powers = powers.map(Complex::all);
                for q in 0..stride {
                    let from = p * stride + q;
                    let results = butterfly([0, 1, 2, 3].map(|n| self.values[from + n * quarter]), powers);
                    for (n, result) in results.into_iter().enumerate() {
                        self.spare[(4 * p + n) * stride + q] = result;
                    }
                }
            }
            std::mem::swap(&mut self.values, &mut self.spare);
            (part, stride, units) = (part / 4, stride * 4, rest);
        }
        if part == 2 {
            let (left, right) = self.values.split_at_mut(stride);
            for (a, b) in left.iter_mut().zip(right) {
                (*a, *b) = (a.plus(*b), a.minus(*b));
            }
        }
    }

    /// The spectrum of the even samples and that of the odd ones, turned, out of the pairs' spectrum and its mirror.
    fn unpack(&self, power: &mut [f32]) {
        let half = self.bins() - 1;
        let mut mirror = self.values[0];
        for (block, unit) in self.unpacking.iter().enumerate() {
            let (value, before) = (self.values[block], self.values[self.values.len() - 1 - block]);
            let mirrored = Complex {
                re: [mirror.re[0], before.re[3], before.re[2], before.re[1]],
                im: [-mirror.im[0], -before.im[3], -before.im[2], -before.im[1]],
            };
            mirror = before;
            let even = value.plus(mirrored);
            let odd = value.minus(mirrored).turned_back().times(*unit);
            let (low, high) = (even.plus(odd).quarter_power(), even.minus(odd).quarter_power());
            power[4 * block..4 * block + 4].copy_from_slice(&low);
            for (lane, high) in high.into_iter().enumerate() {
                power[half - 4 * block - lane] = high;
            }
        }
        let middle = self.values[self.values.len() / 2];
        power[half / 2] = middle.re[0] * middle.re[0] + middle.im[0] * middle.im[0];
    }
}

#[inline(always)]
fn butterfly([a, b, c, d]: [Complex; 4], [first, second, third]: [Complex; 3]) -> [Complex; 4] {
    let (even, even_back) = (a.plus(c), a.minus(c));
    let (odd, odd_back) = (b.plus(d), b.minus(d).turned_back());
    [
        even.plus(odd),
        even_back.plus(odd_back).times(first),
        even.minus(odd).times(second),
        even_back.minus(odd_back).times(third),
    ]
}
