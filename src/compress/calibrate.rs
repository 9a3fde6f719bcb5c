//! Calibration: what range each activation takes on the user's own inputs.
//!
//! The inputs run through the float model; taps collect the true smallest and largest value of every tensor, and,
//! where the method needs it, a histogram in a second pass. Nothing is averaged away: the default covers every value
//! that was seen.

use crate::compress::recipe::Calibration;
use crate::error::{Error, Result};
use crate::exec::{Data, Executor, Kernels, Options};
use crate::model::Model;
use crate::progress::{self, Progress};
use crate::tensor::Tensor;

/// Bins of the histograms, as TensorRT and TFLite's calibrators have them.
const BINS: usize = 2048;

/// Share of the average that stays when another input comes, as LiteRT's quantizer has it.
const KEPT: f32 = 0.95;
/// Numbers that are compared side by side.
const LANES: usize = 16;

/// The real range of one activation, always including zero.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Span {
    /// Smallest value to represent, at most 0.
    pub min: f32,
    /// Largest value to represent, at least 0.
    pub max: f32,
}

impl Span {
    /// The smallest span that holds both.
    pub fn union(self, other: Self) -> Self {
        Self { min: self.min.min(other.min), max: self.max.max(other.max) }
    }
}

/// The range of every `float32` activation of `model` on `inputs`; `None` for constants and other types.
///
/// # Errors
/// `Parameter` without inputs, `Numeric` when a tensor holds NaN or infinity (the message names it), and those of
/// running the model.
pub fn calibrate(
    model: &Model,
    inputs: &[Vec<Tensor>],
    method: Calibration,
    progress: &mut dyn Progress,
) -> Result<Vec<Option<Span>>> {
    if inputs.is_empty() {
        return Err(Error::parameter(
            "Quantizing activations needs a few example inputs to measure their ranges; give some data first",
        ));
    }
    // Ranges decide the bytes of the candidate's file, which must be the same in every browser.
    let mut executor = Executor::new(model, Options { kernels: Kernels::Exact, ..Options::default() })?;
    let mut extremes: Vec<Option<(f32, f32)>> = vec![None; model.values.len()];
    for (done, sample) in inputs.iter().enumerate() {
        progress::step(progress, "Measuring ranges", done, inputs.len())?;
        executor.run_tapped(sample, &mut |value, view| {
            let Data::Float32(numbers) = view.data else { return };
            let (low, high) = extremes_of(numbers);
            let (min, max) = extremes[value].get_or_insert((low, high));
            if method == Calibration::MovingAverage {
                *min = KEPT * *min + (1.0 - KEPT) * low;
                *max = KEPT * *max + (1.0 - KEPT) * high;
            } else {
                // NaN must not vanish in a comparison: it is kept and reported below.
                *min = if low.is_nan() || min.is_nan() { f32::NAN } else { min.min(low) };
                *max = if high.is_nan() || max.is_nan() { f32::NAN } else { max.max(high) };
            }
        })?;
    }
    for (value, extreme) in extremes.iter().enumerate() {
        if extreme.is_some_and(|(min, max)| !(min.is_finite() && max.is_finite())) {
            return Err(Error::numeric(format!(
                "an activation is not a finite number on the calibration inputs: {:?}",
                model.values[value].name
            )));
        }
    }
    let spans: Vec<Option<Span>> = extremes
        .iter()
        .map(|extreme| extreme.map(|(min, max)| Span { min: min.min(0.0), max: max.max(0.0) }))
        .collect();
    if matches!(method, Calibration::MinMax | Calibration::MovingAverage) {
        return Ok(spans);
    }

    let mut histograms: Vec<Option<Histogram>> = spans.iter().map(|span| span.map(Histogram::new)).collect();
    for (done, sample) in inputs.iter().enumerate() {
        progress::step(progress, "Counting values", done, inputs.len())?;
        executor.run_tapped(sample, &mut |value, view| {
            if let Some(histogram) = &mut histograms[value] {
                view.to_f32(None).into_iter().for_each(|x| histogram.add(x));
            }
        })?;
    }
    Ok(histograms
        .iter()
        .map(|histogram| {
            histogram.as_ref().map(|histogram| match method {
                Calibration::MinMax | Calibration::MovingAverage => histogram.span,
                Calibration::Percentile { percent } => histogram.percentile(percent),
                Calibration::Mse => histogram.least(mean_squared_error),
                Calibration::Kl => histogram.coarsened().least(kullback_leibler),
            })
        })
        .collect())
}

/// The smallest and the largest of some numbers; NaN where one of them is no finite number.
fn extremes_of(numbers: &[f32]) -> (f32, f32) {
    let first = numbers.first().copied().unwrap_or(0.0);
    let (mut low, mut high, mut rest) = ([first; LANES], [first; LANES], [0.0f32; LANES]);
    let mut take = |numbers: &[f32]| {
        for (lane, &x) in numbers.iter().enumerate() {
            low[lane] = if x < low[lane] { x } else { low[lane] };
            high[lane] = if x > high[lane] { x } else { high[lane] };
            // Zero, but for NaN and infinity.
            rest[lane] += x * 0.0;
        }
    };
    let (chunks, left) = numbers.as_chunks::<LANES>();
    chunks.iter().for_each(|chunk| take(chunk));
    take(left);
    if rest.iter().any(|&x| x != 0.0) {
        return (f32::NAN, f32::NAN);
    }
    (low.into_iter().fold(first, f32::min), high.into_iter().fold(first, f32::max))
}

/// How often values fall into equal bins of a span.
#[derive(Debug, Clone)]
struct Histogram {
    span: Span,
    counts: Vec<u64>,
}

impl Histogram {
    fn new(span: Span) -> Self {
        Self { span, counts: vec![0; BINS] }
    }

    /// Neighbouring bins merged until each holds 8 values on average or 256 bins are left.
    ///
    /// With fewer, the divergence measures the chance of which bin a value fell into, not the loss of quantization.
    fn coarsened(&self) -> Self {
        let total: u64 = self.counts.iter().sum();
        let mut counts = self.counts.clone();
        while counts.len() > 256 && total < 8 * counts.len() as u64 {
            counts = counts.chunks(2).map(|pair| pair.iter().sum()).collect();
        }
        Self { span: self.span, counts }
    }

    fn width(&self) -> f64 {
        (f64::from(self.span.max) - f64::from(self.span.min)) / self.counts.len() as f64
    }

    fn add(&mut self, x: f32) {
        let width = self.width();
        let bin = if width > 0.0 { (f64::from(x) - f64::from(self.span.min)) / width } else { 0.0 };
        self.counts[(bin as usize).min(BINS - 1)] += 1;
    }

    /// The centre of a bin.
    fn centre(&self, bin: usize) -> f64 {
        f64::from(self.span.min) + (bin as f64 + 0.5) * self.width()
    }

    /// Cuts the same share from both ends so that `percent` of the values stay inside.
    fn percentile(&self, percent: f64) -> Span {
        let total: u64 = self.counts.iter().sum();
        let cut = total as f64 * (100.0 - percent) / 100.0 / 2.0;
        let low = bins_within(self.counts.iter(), cut);
        let high = self.counts.len() - bins_within(self.counts.iter().rev(), cut);
        let edge = |bin: usize| (f64::from(self.span.min) + bin as f64 * self.width()) as f32;
        Span { min: edge(low).min(0.0), max: edge(high).max(0.0) }
    }

    /// The span among the full one shrunk towards zero in 64 steps of each end that costs least; a wider one wins ties.
    fn least(&self, cost: fn(&Histogram, Span) -> f64) -> Span {
        const STEPS: usize = 64;
        let full = self.span;
        let shrunk = |low: usize, high: usize| Span {
            min: full.min * low as f32 / STEPS as f32,
            max: full.max * high as f32 / STEPS as f32,
        };
        let mut best = (STEPS, STEPS);
        let mut least = cost(self, full);
        // First both ends together, then each for itself around the best.
        let mut search = |candidates: &dyn Fn(usize, (usize, usize)) -> (usize, usize)| {
            let start = best;
            for kept in (1..=STEPS).rev() {
                let (low, high) = candidates(kept, start);
                let found = cost(self, shrunk(low, high));
                if found < least {
                    (least, best) = (found, (low, high));
                }
            }
        };
        search(&|kept, _| (kept, kept));
        search(&|kept, (_, high)| (kept, high));
        search(&|kept, (low, _)| (low, kept));
        shrunk(best.0, best.1)
    }
}

/// How many bins at the start hold no more than `cut` values together.
fn bins_within<'a>(counts: impl Iterator<Item = &'a u64>, cut: f64) -> usize {
    let mut seen = 0.0;
    let within = |&count: &&u64| {
        seen += *count as f64;
        seen <= cut
    };
    counts.take_while(within).count()
}

/// Levels of int8 activations.
const LEVELS: f64 = 255.0;

/// Mean squared error of representing the histogram's values with 256 levels over `span`.
fn mean_squared_error(histogram: &Histogram, span: Span) -> f64 {
    let step = (f64::from(span.max) - f64::from(span.min)) / LEVELS;
    if step <= 0.0 {
        return f64::INFINITY;
    }
    let mut sum = 0.0;
    for (bin, &count) in histogram.counts.iter().enumerate().filter(|(_, count)| **count > 0) {
        let x = histogram.centre(bin);
        // Inside, a uniform rounding error has variance step^2 / 12; outside, the value is clamped to the end.
        let clamped = x.clamp(f64::from(span.min), f64::from(span.max));
        let clip = x - clamped;
        sum += count as f64 * (clip * clip + step * step / 12.0);
    }
    sum
}

/// Divergence of the quantized histogram from the original one.
///
/// *Source*: S. Migacz, "8-bit Inference with TensorRT", GTC 2017: values outside go to the end bins of the reference
/// distribution; the quantized one spreads each level evenly over its non-empty bins.
fn kullback_leibler(histogram: &Histogram, span: Span) -> f64 {
    let width = histogram.width();
    if width <= 0.0 || span.max <= span.min {
        return f64::INFINITY;
    }
    let bin_of = |x: f32| ((f64::from(x) - f64::from(histogram.span.min)) / width).round() as usize;
    let (first, last) = (bin_of(span.min), bin_of(span.max).min(histogram.counts.len()));
    if last <= first {
        return f64::INFINITY;
    }
    let inside = &histogram.counts[first..last];
    let mut reference: Vec<f64> = inside.iter().map(|&count| count as f64).collect();
    let below: u64 = histogram.counts[..first].iter().sum();
    let above: u64 = histogram.counts[last..].iter().sum();
    reference[0] += below as f64;
    let end = reference.len() - 1;
    reference[end] += above as f64;

    let levels = (LEVELS as usize + 1).min(inside.len());
    let mut quantized = vec![0.0; inside.len()];
    for level in 0..levels {
        let (from, to) = (level * inside.len() / levels, (level + 1) * inside.len() / levels);
        let total: u64 = inside[from..to].iter().sum();
        let filled = inside[from..to].iter().filter(|count| **count > 0).count();
        for bin in (from..to).filter(|&bin| inside[bin] > 0) {
            quantized[bin] = total as f64 / filled as f64;
        }
    }
    let (p_sum, q_sum): (f64, f64) = (reference.iter().sum(), quantized.iter().sum());
    if q_sum <= 0.0 {
        return f64::INFINITY;
    }
    // An empty quantized bin under a filled reference bin would be infinitely bad; a small floor keeps it comparable.
    let floor = 1e-9;
    reference
        .iter()
        .zip(&quantized)
        .filter(|(p, _)| **p > 0.0)
        .map(|(p, q)| p / p_sum * libm::log((p / p_sum) / (q / q_sum).max(floor)))
        .sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A bell of ten million values within -1 to 1 and one outlier at 10: so many that cutting it pays.
    fn with_outlier() -> Histogram {
        let mut histogram = Histogram::new(Span { min: -1.0, max: 10.0 });
        for i in 0..100_000 {
            let (a, b, c) = (i % 97, i % 89, i % 83);
            histogram.add((a as f32 / 96.0 + b as f32 / 88.0 + c as f32 / 82.0) / 1.5 - 1.0);
        }
        histogram.counts.iter_mut().for_each(|count| *count *= 100);
        histogram.add(10.0);
        histogram
    }

    #[test]
    fn extremes_are_found_wherever_they_stand_and_what_is_not_finite_is_not_lost() {
        let numbers: Vec<f32> = (0..37).map(|i| (i * 29 % 37) as f32 - 18.0).collect();
        assert_eq!(extremes_of(&numbers), (-18.0, 18.0));
        assert_eq!(extremes_of(&[]), (0.0, 0.0));
        for at in [0, 15, 16, 36] {
            for odd in [f32::NAN, f32::INFINITY] {
                let mut numbers = numbers.clone();
                numbers[at] = odd;
                assert!(extremes_of(&numbers).0.is_nan(), "{odd} at {at}");
            }
        }
    }

    #[test]
    fn percentile_cuts_the_outlier() {
        let span = with_outlier().percentile(99.9);
        assert!(span.max < 1.1 && span.max > 0.8 && span.min > -1.01, "{span:?}");
    }

    #[test]
    fn least_error_cuts_the_outlier_and_full_percentile_does_not() {
        let histogram = with_outlier();
        assert!(histogram.least(mean_squared_error).max < 5.0);
        assert!(histogram.least(kullback_leibler).max < 5.0);
        assert_eq!(histogram.percentile(100.0).max, 10.0);
    }

    #[test]
    fn least_error_keeps_a_uniform_range_whole() {
        let mut histogram = Histogram::new(Span { min: -1.0, max: 1.0 });
        (0..=10_000).for_each(|i| histogram.add(i as f32 / 5000.0 - 1.0));
        let span = histogram.least(mean_squared_error);
        assert!(span.min < -0.96 && span.max > 0.96, "{span:?}");
    }
}
