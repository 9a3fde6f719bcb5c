//! Loudness as ITU-R BS.1770 and EBU R 128 measure it, and normalization to it.
//!
//! The weighted power of all channels is taken in blocks of 400 ms, three quarters overlapping. Blocks below -70 LUFS
//! do not count, then neither do those 10 LU below the mean of the others; the mean of what is left is the loudness.
//! *Momentary* (400 ms) and *short-term* (3 s) loudness have no gate and slide in steps of 20 ms.

use super::k_weighting::KWeighting;
use super::level::amplitude;
use super::number::Number;
use super::option::{Matters, OptionSpec, Settings, choice, number};
use super::{Normalized, Stream, true_peak};
use crate::audio::counts::Operations;
use crate::audio::resample::check_rate;
use crate::error::{Error, Result};

/// The options of the method.
pub const OPTIONS: &[OptionSpec] = &[
    number("target", "Target loudness", [-60.0, -23.0, 0.0], "LUFS", Matters::Always),
    number("limit", "Highest true peak", [-60.0, -1.0, 0.0], "dBTP", Matters::Always),
    choice("scale", "Measured over", &["momentary", "short-term"], Matters::Stream),
];

/// Steps in a second: momentary and short-term loudness are new after each.
pub const STEPS: usize = 50;
/// Steps of momentary loudness and of a gating block: 400 ms.
pub const MOMENTARY: usize = 20;
/// Steps of short-term loudness: 3 s.
pub const SHORT_TERM: usize = 150;
/// Steps from one gating block to the next: 100 ms.
const OVERLAP: usize = 5;
/// The absolute gate in LUFS.
const GATE: f64 = -70.0;

/// Loudness in LUFS of a weighted power, `None` for silence.
pub fn lufs(power: f64) -> Option<f64> {
    (power > 0.0).then(|| -0.691 + 10.0 * libm::log10(power))
}

/// The weighted power of a loudness in LUFS.
fn power(lufs: f64) -> f64 {
    libm::pow(10.0, (lufs + 0.691) / 10.0)
}

/// Samples in one step.
fn step_length(rate: u32) -> usize {
    (rate as usize + STEPS / 2) / STEPS
}

/// The weighted mean power of one channel in each whole step.
///
/// *Units*: `rate` in hertz.
pub fn steps<N: Number>(samples: &[N], rate: u32) -> Vec<N> {
    let mut weighting = KWeighting::new(rate);
    let length = step_length(rate);
    let mean = N::of(1.0 / length as f32);
    let step = |step: &[N]| {
        let square = |x: N| {
            let y = weighting.step(x);
            y * y
        };
        step.iter().copied().map(square).fold(N::of(0.0), |sum, y| sum + y) * mean
    };
    samples.chunks_exact(length).map(step).collect()
}

/// The mean power of every window of so many steps, `every` steps apart.
fn windows<N: Number>(steps: &[N], length: usize, every: usize) -> impl Iterator<Item = N> {
    let window = move |window: &[N]| mean(window, length);
    steps.windows(length).step_by(every).map(window)
}

fn mean<N: Number>(window: &[N], length: usize) -> N {
    window.iter().fold(N::of(0.0), |sum, &power| sum + power) * N::of(1.0 / length as f32)
}

/// The gated mean power, 0 where no block passes the gates.
pub fn gated<N: Number>(steps: &[N]) -> N {
    let absolute = N::of(power(GATE) as f32);
    let mean_above = |gate: N| {
        let (mut sum, mut count) = (N::of(0.0), 0);
        for power in windows(steps, MOMENTARY, OVERLAP) {
            if power.exceeds(gate) {
                sum = sum + power;
                count += 1;
            }
        }
        if count == 0 { sum } else { sum / N::of(count as f32) }
    };
    mean_above((mean_above(absolute) * N::of(0.1)).larger(absolute))
}

/// The steps of all channels together.
fn together(channels: &[&[f32]], weights: &[f32], rate: u32) -> Result<Vec<f32>> {
    check_rate(rate)?;
    if channels.len() != weights.len()
        || channels.iter().any(|channel| Some(channel.len()) != channels.first().map(|c| c.len()))
    {
        return Err(Error::parameter("loudness needs channels of one length, and a weight for each"));
    }
    let mut sum: Vec<f32> = vec![];
    for (channel, &weight) in channels.iter().zip(weights) {
        let steps = steps(channel, rate);
        sum.resize(steps.len(), 0.0);
        sum.iter_mut().zip(steps).for_each(|(sum, power)| *sum += weight * power);
    }
    Ok(sum)
}

/// Gated loudness of a clip in LUFS, `None` for silence and for less than 400 ms.
///
/// *Shapes*: channels of one length, a weight for each: 1 for left, right and centre, 1.41 for surround.
///
/// *Units*: samples have full scale 1, `rate` in hertz.
///
/// # Errors
/// `Parameter` for channels of unequal lengths, weights that do not match, a rate outside 2 to 384 kHz.
///
/// *Source*: ITU-R BS.1770-4, Annex 1.
///
/// ```
/// use milliwatt::audio::normalize::loudness;
/// let sine: Vec<f32> = (0..48_000).map(|n| 0.1 * libm::sinf(n as f32 * 0.130_899_7)).collect();
/// // A 1 kHz sine of -20 dBFS in one channel has -23 LUFS.
/// assert!((loudness::integrated(&[&sine], &[1.0], 48_000)?.unwrap() + 23.0).abs() < 0.1);
/// # Ok::<(), milliwatt::Error>(())
/// ```
pub fn integrated(channels: &[&[f32]], weights: &[f32], rate: u32) -> Result<Option<f64>> {
    Ok(lufs(f64::from(gated(&together(channels, weights, rate)?))))
}

/// Loudness without a gate over `steps` steps ([`MOMENTARY`], [`SHORT_TERM`]), after each step of 20 ms.
///
/// # Errors
/// Those of [`integrated`].
pub fn sliding(channels: &[&[f32]], weights: &[f32], rate: u32, steps: usize) -> Result<Vec<Option<f64>>> {
    let powers = together(channels, weights, rate)?;
    Ok(windows(&powers, steps.max(1), 1).map(|power| lufs(f64::from(power))).collect())
}

/// Loudness range of a clip in LU: how far the loud and the quiet passages lie apart, `None` for less than 3 s.
///
/// Short-term loudness every 100 ms, those below -70 LUFS and 20 LU below the mean of the others left out; from the
/// tenth to the 95th percentile, by nearest rank.
///
/// # Errors
/// Those of [`integrated`].
///
/// *Source*: EBU Tech 3342.
pub fn range(channels: &[&[f32]], weights: &[f32], rate: u32) -> Result<Option<f64>> {
    let powers = together(channels, weights, rate)?;
    let absolute = power(GATE);
    let mut powers: Vec<f64> =
        windows(&powers, SHORT_TERM, OVERLAP).map(f64::from).filter(|&power| power > absolute).collect();
    let relative = powers.iter().sum::<f64>() / powers.len().max(1) as f64 / 100.0;
    powers.retain(|&power| power > relative);
    crate::order::floats(&mut powers);
    let at =
        |part: f64| powers.get(libm::round(part * (powers.len().max(1) - 1) as f64) as usize).and_then(|&p| lufs(p));
    Ok(at(0.95).zip(at(0.10)).map(|(loud, quiet)| loud - quiet))
}

/// Momentary or short-term loudness of one channel that arrives bit by bit.
#[derive(Debug, Clone)]
pub struct Meter<N> {
    weighting: KWeighting<N>,
    length: usize,
    window: usize,
    sum: N,
    heard: usize,
    /// The powers of the last steps, the earliest first.
    steps: Vec<N>,
}

impl<N: Number> Meter<N> {
    /// A meter over so many steps.
    pub fn new(rate: u32, window: usize) -> Self {
        let window = window.max(1);
        Self {
            weighting: KWeighting::new(rate),
            length: step_length(rate),
            window,
            sum: N::of(0.0),
            heard: 0,
            steps: Vec::with_capacity(window),
        }
    }

    /// Hears a sample; at the end of a step, and once the window is full, gives the weighted mean power within it.
    pub fn step(&mut self, x: N) -> Option<N> {
        let y = self.weighting.step(x);
        self.sum = self.sum + y * y;
        self.heard += 1;
        if self.heard < self.length {
            return None;
        }
        if self.steps.len() == self.window {
            self.steps.remove(0);
        }
        self.steps.push(self.sum * N::of(1.0 / self.length as f32));
        (self.sum, self.heard) = (N::of(0.0), 0);
        (self.steps.len() == self.window).then(|| mean(&self.steps, self.window))
    }

    fn reset(&mut self) {
        self.weighting.reset();
        (self.sum, self.heard) = (N::of(0.0), 0);
        self.steps.clear();
    }
}

/// Loudness normalization of whole clips, with its options read.
#[derive(Debug, Clone, Copy)]
pub struct Loudness {
    /// Power at the target.
    target: f64,
    /// Highest true peak as an amplitude.
    limit: f32,
}

impl Loudness {
    /// With these options.
    pub fn new(settings: &Settings) -> Self {
        Self { target: power(settings.number("target")), limit: amplitude(settings.number("limit")) }
    }

    /// Normalizes a mono clip; one that is silent or shorter than 400 ms stays as it is.
    pub fn clip(&self, samples: &[f32], rate: u32) -> Normalized<f32> {
        let power = gated(&steps(samples, rate));
        let peak = true_peak::of(samples);
        let silent = power <= 0.0;
        let gain = if silent { 1.0 } else { self.gain(power, peak) };
        let samples = samples.iter().map(|x| x * gain).collect();
        Normalized { samples, gain, clipped: 0, silent }
    }

    /// The gain to the target, or to the highest true peak if that is less.
    pub fn gain<N: Number>(&self, power: N, peak: N) -> N {
        let gain = (N::of(self.target as f32) / power).sqrt();
        gain.smaller(N::of(self.limit) / peak)
    }

    /// What [`Loudness::clip`] takes for `n` samples, with all blocks loud enough to pass both gates, which is the most.
    pub fn operations(&self, n: u64, rate: u32) -> Operations {
        let none = Operations::default();
        let steps = n / step_length(rate).max(1) as u64;
        let inside = steps * step_length(rate) as u64;
        let blocks = match steps.checked_sub(MOMENTARY as u64) {
            Some(rest) => rest / OVERLAP as u64 + 1,
            None => 0,
        };
        let weighting =
            KWeighting::<f32>::operations(inside) + Operations { adds: inside, multiplies: inside + steps, ..none };
        let block = Operations { adds: MOMENTARY as u64 + 1, multiplies: 1, compares: 1, ..none };
        let gates = block * (2 * blocks) + Operations { multiplies: 1, compares: 1, divides: 2, ..none };
        let peak = true_peak::Meter::<f32>::operations(n + 12) + Operations { compares: n + 12, ..none };
        let gain = Operations { divides: 2, roots: 1, compares: 1, multiplies: n, ..none };
        weighting + gates + peak + gain
    }
}

/// Loudness normalization of a stream.
///
/// After each step of 20 ms the gain is the one to the target from the momentary or short-term loudness, or the one to
/// the highest true peak of the same window if that is less. Below -70 LUFS, and until the first window is full, it
/// stays (it starts at 1). What is louder than all that was heard before is cut at the highest true peak.
#[derive(Debug, Clone)]
pub struct Follower<N> {
    loudness: Loudness,
    meter: Meter<N>,
    between: true_peak::Meter<N>,
    peak: N,
    peaks: Vec<N>,
    gain: N,
}

impl<N: Number> Follower<N> {
    /// With these options, at `rate` in hertz.
    pub fn new(settings: &Settings, rate: u32) -> Self {
        let window = window(settings);
        Self {
            loudness: Loudness::new(settings),
            meter: Meter::new(rate, window),
            between: true_peak::Meter::default(),
            peak: N::of(0.0),
            peaks: Vec::with_capacity(window),
            gain: N::of(1.0),
        }
    }

    /// The next sample.
    pub fn step(&mut self, x: N) -> N {
        self.peak = self.peak.larger(self.between.step(x));
        let power = self.meter.step(x);
        if self.meter.heard == 0 {
            if self.peaks.len() == self.meter.window {
                self.peaks.remove(0);
            }
            self.peaks.push(self.peak);
            self.peak = N::of(0.0);
        }
        if let Some(power) = power
            && power.exceeds(N::of(self::power(GATE) as f32))
        {
            let peak = self.peaks.iter().fold(N::of(0.0), |peak, &of_step| peak.larger(of_step));
            self.gain = self.loudness.gain(power, peak);
        }
        let limit = self.loudness.limit;
        (x * self.gain).within(N::of(-limit), N::of(limit))
    }
}

/// Steps of the window that a stream is measured over.
fn window(settings: &Settings) -> usize {
    if settings.is("scale", "short-term") { SHORT_TERM } else { MOMENTARY }
}

/// The most that `n` samples of a stream take, all of it louder than the gate and the window full.
pub(super) fn stream_operations(settings: &Settings, n: u64, rate: u32) -> Operations {
    let none = Operations::default();
    let window = window(settings) as u64;
    let step = Operations { adds: window, multiplies: 2, compares: 2 + window, divides: 2, roots: 1, ..none };
    KWeighting::<f32>::operations(n)
        + true_peak::Meter::<f32>::operations(n)
        + Operations { adds: n, multiplies: 2 * n, compares: 3 * n, ..none }
        + step * (n / step_length(rate).max(1) as u64)
}

/// Bytes that a microcontroller keeps for a stream.
pub(super) fn stream_bytes(settings: &Settings) -> u64 {
    KWeighting::<f32>::STATE_BYTES + true_peak::Meter::<f32>::STATE_BYTES + 8 * window(settings) as u64 + 16
}

impl Stream<f32> for Follower<f32> {
    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        out.extend(samples.iter().map(|&x| self.step(x)));
    }
    fn reset(&mut self) {
        self.meter.reset();
        self.between.reset();
        self.peaks.clear();
        (self.peak, self.gain) = (0.0, 1.0);
    }
}
