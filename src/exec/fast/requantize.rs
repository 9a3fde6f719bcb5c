//! From an integer accumulator to an int8 output, eight channels at a time, with the device's own bits.
//!
//! TFLM multiplies an accumulator `x` by `m * 2^-(31 + n)` in two steps, each rounded: a doubling high multiply, then a
//! division by `2^n` that rounds half away from zero (`n >= 1`). For non-negative `x`, `floor(floor(a) / b) =
//! floor(a / b)` for whole `b` turns the two into one division, rounded down:
//!
//! ```text
//! y = floor((x*m + 2^30 + 2^(30+n)) / 2^(31+n))          x >= 0
//! y = floor((x*m - 2^30 + 2^(30+n)) / 2^(31+n))          x <  0
//! ```
//!
//! With `X = x * 2^d`, `d >= 2` and `s = n + d`, both sides times `2^d`: the added constants become multiples of `2^32`,
//! so that only the high half of the 64-bit product matters and everything after it fits 32 bits:
//!
//! ```text
//! y = (high32(X*m) + 2^(s-2) + (x < 0 ? -2^(d-2) : 2^(d-2))) >> (s-1)
//! ```
//!
//! `d` is chosen per channel so that `s` is the same for all eight, which makes the shift a scalar; and the factor
//! `2^d` is multiplied into the weights when they are packed, so that it costs nothing. The output's zero point rides in
//! the added constant. Single rounding is the same without the sign.
//!
//! A channel whose output cannot change (folded networks are full of them: no weights, a huge bias, a tiny scale) gets a
//! factor of 0, lest its `n` spoil the common shift. Eight channels that still do not fit one shift are scaled one by
//! one, by the definition.
#![allow(unsafe_code, reason = "loads of packed parameters without bounds checks")]

use super::buffer::Buffer;
use super::simd::{F32x4, I16x8, I32x4};
use crate::quant::Multiplier;

/// Channels that share one shift.
pub const TILE: usize = 8;
/// Largest factor `2^d` that int8 weights take without leaving 16 bits.
pub const MAX_PRESHIFT: u32 = 8;
/// Largest common shift: the zero point, shifted by it, must leave room in 32 bits.
const MAX_COMMON_SHIFT: u32 = 23;
/// Stands for a shift where lanes are scaled one by one, rounded once.
const LANE_BY_LANE_ONCE: u32 = u32::MAX - 1;
/// The same, rounded twice.
const LANE_BY_LANE_TWICE: u32 = u32::MAX;
/// 32-bit parameters of a tile: multipliers, rounding constants, corrections for negative accumulators.
const PARAMETERS: usize = 3 * TILE;

/// The rule and the factor of each channel.
#[derive(Debug, Clone, Copy)]
pub enum Scaling<'a> {
    /// Fixed point, rounded twice ([`crate::quant::Arithmetic::Tflm`]).
    Double(&'a [Multiplier]),
    /// Fixed point, rounded once ([`crate::quant::Arithmetic::Single`]).
    Single(&'a [Multiplier]),
    /// `float32` factors, ties to even ([`crate::quant::Arithmetic::Xnnpack`]).
    Float(&'a [f32]),
}

/// Where int8 outputs lie.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OutputRange {
    /// The integer that stands for zero.
    pub zero_point: i32,
    /// Smallest output, by type or fused activation.
    pub low: i8,
    /// Largest output.
    pub high: i8,
}

/// Packed parameters for all tiles of a layer.
#[derive(Debug, Clone)]
pub struct Requantizer {
    parameters: Buffer<i32>,
    shifts: Vec<u32>,
    /// Smallest output.
    pub low: i8,
    /// Largest output.
    pub high: i8,
    /// Whether factors are floats.
    pub is_float: bool,
}

impl Requantizer {
    /// Packs the parameters, and says by which power of two each channel's accumulator must come multiplied.
    ///
    /// `bounds` holds the smallest and largest value that each channel's accumulator can reach. `None` where the rule has
    /// another number of channels.
    pub fn plan(scaling: Scaling<'_>, bounds: &[(i64, i64)], range: OutputRange) -> Option<(Self, Vec<u32>)> {
        let channels = bounds.len();
        let tiles = channels.div_ceil(TILE);
        let mut parameters = Buffer::filled(tiles * PARAMETERS, 0i32);
        let mut shifts = vec![0; tiles];
        let mut preshifts = vec![0; channels];
        for tile in 0..tiles {
            let lanes = tile * TILE..((tile + 1) * TILE).min(channels);
            let packed = &mut parameters[tile * PARAMETERS..(tile + 1) * PARAMETERS];
            let (bounds, preshifts) = (&bounds[lanes.clone()], &mut preshifts[lanes.clone()]);
            shifts[tile] = match scaling {
                Scaling::Double(all) => fixed_tile(all.get(lanes)?, true, bounds, range, packed, preshifts),
                Scaling::Single(all) => fixed_tile(all.get(lanes)?, false, bounds, range, packed, preshifts),
                Scaling::Float(all) => {
                    for (lane, scale) in all.get(lanes)?.iter().enumerate() {
                        packed[lane] = scale.to_bits() as i32;
                        packed[TILE + lane] = range.zero_point;
                    }
                    0
                }
            };
        }
        let is_float = matches!(scaling, Scaling::Float(_));
        Some((Self { parameters, shifts, low: range.low, high: range.high, is_float }, preshifts))
    }

    /// Whether all tiles have one shift, and none is scaled lane by lane.
    pub fn is_vectorized(&self) -> bool {
        self.shifts.iter().all(|&shift| shift < LANE_BY_LANE_ONCE)
    }

    /// The parameters of one tile.
    #[inline(always)]
    pub fn tile(&self, tile: usize) -> Tile {
        debug_assert!(tile < self.shifts.len());
        // SAFETY: `plan` made as many shifts and parameter blocks as there are tiles, and callers count tiles alike.
        unsafe {
            Tile {
                parameters: self.parameters.as_ptr().add(tile * PARAMETERS),
                shift: *self.shifts.get_unchecked(tile),
            }
        }
    }
}

/// The parameters of eight channels.
#[derive(Debug, Clone, Copy)]
pub struct Tile {
    parameters: *const i32,
    shift: u32,
}

impl Tile {
    /// Scales eight accumulators and adds the zero point.
    #[inline(always)]
    pub fn finish<const FLOAT: bool>(self, [first, last]: [I32x4; 2]) -> I16x8 {
        if !FLOAT && self.shift >= LANE_BY_LANE_ONCE {
            return self.finish_lane_by_lane(first, last);
        }
        I32x4::narrow(self.apply::<0, FLOAT>(first), self.apply::<1, FLOAT>(last))
    }

    #[cold]
    #[inline(never)]
    fn finish_lane_by_lane(self, first: I32x4, last: I32x4) -> I16x8 {
        let mut sums = [0i32; TILE];
        let mut outputs = [0i16; TILE];
        // SAFETY: eight values each, and a tile's pointer is valid for `PARAMETERS` values.
        unsafe {
            first.store(sums.as_mut_ptr());
            last.store(sums.as_mut_ptr().add(4));
            for lane in 0..TILE {
                let [fraction, zero_point, shift] = [0, 1, 2].map(|i| *self.parameters.add(i * TILE + lane));
                let m = Multiplier { fraction, shift };
                let twice = self.shift == LANE_BY_LANE_TWICE;
                let scaled = if twice { m.apply_double(sums[lane]) } else { m.apply_single(sums[lane]) };
                outputs[lane] = scaled.saturating_add(zero_point).clamp(i16::MIN.into(), i16::MAX.into()) as i16;
            }
            I16x8::load(outputs.as_ptr())
        }
    }

    /// Scales four accumulators, the first (`HALF` = 0) or last four channels of the tile, and adds the zero point.
    #[inline(always)]
    pub fn apply<const HALF: usize, const FLOAT: bool>(self, accumulator: I32x4) -> I32x4 {
        // SAFETY: a tile's pointer is valid for `PARAMETERS` values, and `HALF` is 0 or 1.
        unsafe {
            let at = self.parameters.add(4 * HALF);
            if FLOAT {
                // Beyond ±1000 every output saturates, and rounding by magic number needs small values.
                let scaled = accumulator.to_f32().multiply(F32x4::load(at.cast()));
                let bounded = scaled.max(F32x4::splat(-1000.0)).min(F32x4::splat(1000.0));
                return bounded.round_to_i32().plus(I32x4::load(at.add(TILE)));
            }
            let high = accumulator.multiply_high(I32x4::load(at));
            let correction = accumulator.shift_right(31).and(I32x4::load(at.add(2 * TILE)));
            high.plus(I32x4::load(at.add(TILE))).plus(correction).shift_right(self.shift)
        }
    }
}

fn fixed_tile(
    multipliers: &[Multiplier],
    twice: bool,
    bounds: &[(i64, i64)],
    range: OutputRange,
    packed: &mut [i32],
    preshifts: &mut [u32],
) -> u32 {
    let apply = |m: &Multiplier, x: i32| if twice { m.apply_double(x) } else { m.apply_single(x) };
    // Scaling never falls where its argument rises, so equal ends mean that nothing between them differs.
    let constant = |m: &Multiplier, &(low, high): &(i64, i64)| {
        let output = |x: i32| apply(m, x).saturating_add(range.zero_point).clamp(range.low.into(), range.high.into());
        let (low, high) = (output(i32::try_from(low).ok()?), output(i32::try_from(high).ok()?));
        (low == high).then_some(low)
    };
    let constants: Vec<Option<i32>> = multipliers.iter().zip(bounds).map(|(m, bounds)| constant(m, bounds)).collect();
    let live = || (0..multipliers.len()).filter(|&lane| constants[lane].is_none());
    let common = live().map(|lane| 2 - multipliers[lane].shift).max().unwrap_or(2).max(2) as u32;
    let fits = |lane: usize| {
        let d = common as i32 + multipliers[lane].shift;
        let (low, high) = bounds[lane];
        multipliers[lane].shift <= 0 && d <= MAX_PRESHIFT as i32 && high.max(-low) < 1 << (31 - d)
    };
    if common > MAX_COMMON_SHIFT || !live().all(fits) {
        for (lane, m) in multipliers.iter().enumerate() {
            packed[lane] = m.fraction;
            packed[TILE + lane] = range.zero_point;
            packed[2 * TILE + lane] = m.shift;
        }
        return if twice { LANE_BY_LANE_TWICE } else { LANE_BY_LANE_ONCE };
    }
    for (lane, m) in multipliers.iter().enumerate() {
        if let Some(output) = constants[lane] {
            packed[TILE + lane] = output << (common - 1);
            continue;
        }
        let n = (-m.shift) as u32;
        let d = common - n;
        // With n = 0 the second division is none, so only the first rounding remains: that of single rounding.
        let tie = if twice && n > 0 { 1 << (d - 2) } else { 0 };
        packed[lane] = m.fraction;
        packed[TILE + lane] = (range.zero_point << (common - 1)) + (1 << (common - 2)) + tie;
        packed[2 * TILE + lane] = -2 * tie;
        preshifts[lane] = d;
    }
    common - 1
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const RANGE: OutputRange = OutputRange { zero_point: -7, low: -128, high: 127 };

    fn plan_one(scaling: Scaling<'_>, bound: i64) -> Option<(Requantizer, u32)> {
        Requantizer::plan(scaling, &[(-bound, bound)], RANGE)
            .map(|(requantizer, preshifts)| (requantizer, preshifts[0]))
    }

    fn first(requantizer: &Requantizer, x: i32) -> i32 {
        let mut out = [0; 4];
        let scaled = if requantizer.is_float {
            requantizer.tile(0).apply::<0, true>(I32x4::splat(x))
        } else {
            requantizer.tile(0).apply::<0, false>(I32x4::splat(x))
        };
        // SAFETY: four values fit.
        unsafe { scaled.store(out.as_mut_ptr()) };
        out[0]
    }

    /// Accumulators at and around every rounding tie of the first outputs, where two roundings and one part.
    fn near_ties(m: Multiplier) -> Vec<i32> {
        let step = 2f64.powi(31 - m.shift) / f64::from(m.fraction);
        (-260..260)
            .flat_map(|y| {
                let tie = ((f64::from(y) + 0.5) * step) as i32;
                (-3..=3).map(move |offset| tie + offset)
            })
            .collect()
    }

    proptest! {
        #[test]
        fn double_rounding_equals_the_devices_two_steps(fraction in (1i32 << 30)..=i32::MAX, n in 0i32..16, x in any::<i32>()) {
            let m = Multiplier { fraction, shift: -n };
            let (requantizer, d) = plan_one(Scaling::Double(&[m]), (1 << 29) - 1).unwrap();
            for x in near_ties(m).into_iter().chain([x >> 3, -1, 0, 1]) {
                let x = x.clamp(-(1 << 29) + 1, (1 << 29) - 1);
                prop_assert_eq!(first(&requantizer, x << d), m.apply_double(x) - 7);
            }
        }

        #[test]
        fn single_rounding_equals_one_shift(fraction in (1i32 << 30)..=i32::MAX, n in 0i32..16, x in any::<i32>()) {
            let m = Multiplier { fraction, shift: -n };
            let (requantizer, d) = plan_one(Scaling::Single(&[m]), (1 << 29) - 1).unwrap();
            for x in near_ties(m).into_iter().chain([x >> 3, -1, 0, 1]) {
                let x = x.clamp(-(1 << 29) + 1, (1 << 29) - 1);
                prop_assert_eq!(first(&requantizer, x << d), m.apply_single(x) - 7);
            }
        }

        #[test]
        fn float_scale_rounds_ties_to_even(scale in 1e-5f32..0.5, x in -(1i32 << 24)..(1 << 24)) {
            let (requantizer, d) = plan_one(Scaling::Float(&[scale]), 1 << 24).unwrap();
            let expected = libm::rintf((x as f32 * scale).clamp(-1000.0, 1000.0)) as i32 - 7;
            prop_assert_eq!(first(&requantizer, x << d), expected);
        }
    }

    #[test]
    fn channels_of_one_tile_may_differ_in_shift_by_six() {
        let multipliers: Vec<Multiplier> =
            (0..8).map(|i| Multiplier { fraction: 1_500_000_000 + i, shift: -(i % 7) - 5 }).collect();
        let (requantizer, preshifts) =
            Requantizer::plan(Scaling::Double(&multipliers), &[(-100_000, 100_000); 8], RANGE).unwrap();
        for half in 0..2 {
            for x in (-100_000..100_000).step_by(37) {
                let lane = |i: usize| x << preshifts[4 * half + i];
                let input = [lane(0), lane(1), lane(2), lane(3)];
                let mut out = [0; 4];
                // SAFETY: four values each.
                unsafe {
                    let x = I32x4::load(input.as_ptr());
                    let tile = requantizer.tile(0);
                    let y = if half == 0 { tile.apply::<0, false>(x) } else { tile.apply::<1, false>(x) };
                    y.store(out.as_mut_ptr());
                }
                for i in 0..4 {
                    assert_eq!(out[i], multipliers[4 * half + i].apply_double(x) - 7, "x {x} lane {i}");
                }
            }
        }
    }

    fn all(requantizer: &Requantizer, x: i32) -> [i16; 8] {
        let mut out = [0; 8];
        let scaled = requantizer.tile(0).finish::<false>([I32x4::splat(x); 2]);
        // SAFETY: eight values fit.
        unsafe { scaled.store(out.as_mut_ptr()) };
        out
    }

    #[test]
    fn channels_that_do_not_fit_one_shift_are_scaled_one_by_one() {
        let multipliers = [3, -4, -15, 0].map(|shift| Multiplier { fraction: 1_234_567_890, shift });
        let (requantizer, preshifts) =
            Requantizer::plan(Scaling::Double(&multipliers), &[(-90_000, 1 << 20); 4], RANGE).unwrap();
        assert!(!requantizer.is_vectorized());
        assert_eq!(preshifts, [0; 4]);
        for x in [-90_000, -1, 0, 1, 77, 1 << 20] {
            let found = all(&requantizer, x);
            for (lane, m) in multipliers.iter().enumerate() {
                let expected = (m.apply_double(x) - 7).clamp(i16::MIN.into(), i16::MAX.into());
                assert_eq!(i32::from(found[lane]), expected, "x {x} lane {lane}");
            }
        }
    }

    #[test]
    fn a_channel_that_cannot_change_does_not_spoil_the_others() {
        let multipliers =
            [Multiplier { fraction: 1 << 30, shift: -27 }, Multiplier { fraction: 1_234_567_890, shift: -8 }];
        let bias = (1i64 << 30) - 100;
        let (requantizer, _) =
            Requantizer::plan(Scaling::Double(&multipliers), &[(bias, bias + 50), (-9_000, 9_000)], RANGE).unwrap();
        assert!(requantizer.is_vectorized());
        assert_eq!(i32::from(all(&requantizer, 0)[0]), multipliers[0].apply_double(bias as i32) - 7);
    }
}
