//! Peak normalization of a stream, in two ways.
//!
//! *Look-ahead* hears a window of sound before it gives out a sample, and divides by the largest magnitude within the
//! window to either side: with a window as long as the clip that is exactly the clip's peak. *Follower* gives out
//! every sample at once: its divisor rises with the attack time and falls with the release time, so the beginning of
//! a loud sound is too loud and is cut at full scale.

use std::collections::VecDeque;

use super::Stream;
use super::level::amplitude;
use super::number::{Number, Ordered, Whole};
use super::option::Settings;
use super::peak::to_fixed;
use crate::audio::counts::Operations;

/// The largest value of the last `2 * reach + 1`, delayed so that as many lie before as behind.
///
/// Kept is only what can still become the largest: a queue that falls from front to back.
#[derive(Debug, Clone)]
struct Largest<T> {
    reach: usize,
    /// Number and value, the largest first.
    queue: VecDeque<(usize, T)>,
}

impl<T: Ordered> Largest<T> {
    /// Takes a value in; at most two compares for each, in the long run.
    fn push(&mut self, number: usize, value: T) {
        while let Some(&(_, last)) = self.queue.back() {
            if last.exceeds(value) {
                break;
            }
            self.queue.pop_back();
        }
        self.queue.push_back((number, value));
    }

    /// The largest of those around a number.
    fn around(&mut self, number: usize) -> Option<T> {
        while self.queue.front().is_some_and(|&(first, _)| first + self.reach < number) {
            self.queue.pop_front();
        }
        self.queue.front().map(|&(_, value)| value)
    }
}

/// Samples in a window of so many seconds, at least 1.
fn samples_in(seconds: f64, rate: u32) -> usize {
    (libm::round(seconds * f64::from(rate)) as usize).max(1)
}

/// How far the option `window` looks ahead, in samples.
pub(super) fn reach(settings: &Settings, rate: u32) -> usize {
    samples_in(settings.number("window"), rate)
}

/// Look-ahead of any arithmetic; how a sample becomes a magnitude and is scaled is told by [`Arithmetic`].
#[derive(Debug, Clone)]
pub struct LookAhead<A: Arithmetic> {
    arithmetic: A,
    largest: Largest<A::Value>,
    waiting: VecDeque<A::Value>,
    heard: usize,
}

/// What look-ahead does to a sample.
pub trait Arithmetic: Clone {
    /// A sample or magnitude.
    type Value: Ordered;
    /// The magnitude of a sample.
    fn magnitude(&self, x: Self::Value) -> Self::Value;
    /// The sample at the gain to the target from this largest magnitude.
    fn scaled(&self, x: Self::Value, largest: Self::Value) -> Self::Value;
}

/// Look-ahead in floating point.
#[derive(Debug, Clone)]
pub struct Float<N> {
    target: N,
    floor: N,
}

impl<N: Number> Arithmetic for Float<N> {
    type Value = N;
    fn magnitude(&self, x: N) -> N {
        x.abs()
    }
    fn scaled(&self, x: N, largest: N) -> N {
        x * (self.target / largest.larger(self.floor))
    }
}

/// Look-ahead in Q15: the gain has 16 fraction bits; rounded to nearest, halves up; saturated.
#[derive(Debug, Clone)]
pub struct Fixed<W> {
    target: W,
    floor: W,
}

impl<W: Whole> Arithmetic for Fixed<W> {
    type Value = W;
    fn magnitude(&self, x: W) -> W {
        x.abs()
    }
    fn scaled(&self, x: W, largest: W) -> W {
        let gain = self.target.shl(16).over(largest.larger(self.floor));
        (x * gain).shr_rounded(16).saturated()
    }
}

impl<N: Number> Float<N> {
    /// With these options.
    pub fn new(settings: &Settings) -> Self {
        Self { target: N::of(amplitude(settings.number("target"))), floor: N::of(amplitude(settings.number("floor"))) }
    }
}

impl<W: Whole> Fixed<W> {
    /// With these options.
    pub fn new(settings: &Settings) -> Self {
        let amplitude = |name: &str| W::of(to_fixed(amplitude(settings.number(name))));
        Self { target: amplitude("target"), floor: amplitude("floor") }
    }
}

impl<A: Arithmetic> LookAhead<A> {
    /// Looks so many samples ahead.
    pub fn new(arithmetic: A, reach: usize) -> Self {
        Self { arithmetic, largest: Largest { reach, queue: VecDeque::new() }, waiting: VecDeque::new(), heard: 0 }
    }

    /// Hears a sample, and gives one out when the window ahead of it is full.
    pub fn step(&mut self, x: A::Value) -> Option<A::Value> {
        self.largest.push(self.heard, self.arithmetic.magnitude(x));
        self.heard += 1;
        self.waiting.push_back(x);
        if self.waiting.len() > self.largest.reach { self.give() } else { None }
    }

    /// Gives out the sample that has waited longest.
    pub fn give(&mut self) -> Option<A::Value> {
        let x = self.waiting.pop_front()?;
        let largest = self.largest.around(self.heard - self.waiting.len() - 1)?;
        Some(self.arithmetic.scaled(x, largest))
    }

    fn forget(&mut self) {
        self.largest.queue.clear();
        self.waiting.clear();
        self.heard = 0;
    }
}

impl LookAhead<Float<f32>> {
    /// The most that `n` steps take: two compares in the window's queue for each sample, reached by rising sounds
    /// behind a louder one.
    pub fn operations(n: u64) -> Operations {
        Operations { compares: 4 * n, multiplies: n, divides: n, ..Operations::default() }
    }
}

impl LookAhead<Fixed<i64>> {
    /// The most that `n` steps take.
    pub fn operations_fixed(n: u64) -> Operations {
        Operations { compares: 6 * n, multiplies: n, divides: n, adds: 2 * n, shifts: 3 * n, ..Operations::default() }
    }
}

/// Bytes for a window: waiting samples, and the queue of numbers and values at its longest.
pub(super) fn state_bytes(reach: usize, sample: u64) -> u64 {
    let reach = reach as u64;
    (reach + 1) * sample + (2 * reach + 1) * (4 + sample)
}

impl Stream<f32> for LookAhead<Float<f32>> {
    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        out.extend(samples.iter().filter_map(|&x| self.step(x)));
    }
    fn finish(&mut self, out: &mut Vec<f32>) {
        out.extend(std::iter::from_fn(|| self.give()));
    }
    fn reset(&mut self) {
        self.forget();
    }
}

impl Stream<i16> for LookAhead<Fixed<i64>> {
    fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        out.extend(samples.iter().filter_map(|&x| self.step(i64::from(x))).map(|x| x as i16));
    }
    fn finish(&mut self, out: &mut Vec<i16>) {
        out.extend(std::iter::from_fn(|| self.give()).map(|x| x as i16));
    }
    fn reset(&mut self) {
        self.forget();
    }
}

/// The part of a distance that a follower with a time constant of so many steps covers in one; all of it for 0.
pub(super) fn part(steps: f64) -> f64 {
    if steps <= 0.0 { 1.0 } else { -libm::expm1(-1.0 / steps) }
}

/// A peak follower in floating point.
#[derive(Debug, Clone)]
pub struct Follower<N> {
    target: N,
    floor: N,
    attack: N,
    keep: N,
    /// The divisor before the first sample: the target, so that the gain starts at 1.
    level: N,
}

impl<N: Number> Follower<N> {
    /// With these options, at `rate` in hertz.
    pub fn new(settings: &Settings, rate: u32) -> Self {
        let target = N::of(amplitude(settings.number("target")));
        Self {
            target,
            floor: N::of(amplitude(settings.number("floor"))),
            attack: N::of(part(settings.number("attack") * f64::from(rate)) as f32),
            keep: N::of(1.0 - part(settings.number("release") * f64::from(rate)) as f32),
            level: target,
        }
    }

    /// The next sample, cut at full scale.
    pub fn step(&mut self, x: N) -> N {
        let magnitude = x.abs();
        self.level = match magnitude.exceeds(self.level) {
            true => self.level + self.attack * (magnitude - self.level),
            false => (self.level * self.keep).larger(magnitude),
        };
        let gain = self.target / self.level.larger(self.floor);
        (x * gain).within(N::of(-1.0), N::of(1.0))
    }

    /// The most that `n` steps take: rising sounds take the additions, falling ones the sixth compare.
    pub fn operations(n: u64) -> Operations {
        Operations { adds: 2 * n, multiplies: 2 * n, compares: 6 * n, divides: n, ..Operations::default() }
    }

    /// Bytes that a microcontroller keeps.
    pub const STATE_BYTES: u64 = 4;
}

impl Stream<f32> for Follower<f32> {
    fn push(&mut self, samples: &[f32], out: &mut Vec<f32>) {
        out.extend(samples.iter().map(|&x| self.step(x)));
    }
    fn reset(&mut self) {
        self.level = self.target;
    }
}

/// A peak follower in Q15; its divisor and coefficients have 30 fraction bits, so that slow releases do not stall.
#[derive(Debug, Clone)]
pub struct FollowerFixed<W> {
    target: W,
    floor: W,
    attack: W,
    release: W,
    level: W,
}

impl<W: Whole> FollowerFixed<W> {
    /// With these options, at `rate` in hertz.
    pub fn new(settings: &Settings, rate: u32) -> Self {
        let part = |name: &str| {
            let part = part(settings.number(name) * f64::from(rate));
            W::of(libm::round(part * 1_073_741_824.0) as i64)
        };
        let Fixed { target, floor } = Fixed::<W>::new(settings);
        let level = W::of(target.value() << 15);
        Self { target, floor, attack: part("attack"), release: part("release"), level }
    }

    /// The next sample.
    pub fn step(&mut self, x: W) -> W {
        let magnitude = x.abs().shl(15);
        self.level = match magnitude.exceeds(self.level) {
            true => self.level + (self.attack * (magnitude - self.level)).shr_rounded(30),
            false => (self.level - (self.level * self.release).shr_rounded(30)).larger(magnitude),
        };
        let divisor = self.level.shr_rounded(15).larger(self.floor);
        let gain = self.target.shl(16).over(divisor);
        (x * gain).shr_rounded(16).saturated()
    }

    /// The most that `n` steps take.
    pub fn operations(n: u64) -> Operations {
        Operations {
            adds: 6 * n,
            multiplies: 2 * n,
            compares: 6 * n,
            shifts: 6 * n,
            divides: n,
            ..Operations::default()
        }
    }
}

impl Stream<i16> for FollowerFixed<i64> {
    fn push(&mut self, samples: &[i16], out: &mut Vec<i16>) {
        out.extend(samples.iter().map(|&x| self.step(i64::from(x)) as i16));
    }
    fn reset(&mut self) {
        self.level = self.target << 15;
    }
}
