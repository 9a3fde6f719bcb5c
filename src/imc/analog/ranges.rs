//! What converters cover, by bit of the weights and slice of the inputs; what columns held, and the ranges that suit it best.
//!
//! One range for a whole layer would be wrong in two ways. Columns of different bits hold different charges: the bits of a
//! weight near zero are all equal, and the upper slice of an input after a ReLU is mostly empty. And what is lost in a column
//! counts at its place value, which a histogram over all columns does not know.

use super::{BITS, Circuit};

/// What a converter covers, in units of one input step on one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lower end: the first code.
    pub low: f64,
    /// Upper end: the last code.
    pub high: f64,
}

/// The ranges of a layer.
#[derive(Debug, Clone, PartialEq)]
pub struct Ranges {
    slices: usize,
    /// `[bit][slice]`.
    of: Vec<Range>,
}

impl Range {
    /// A range that reaches from `low` to `high` at least. With more levels than units between them, a step is one unit, or a
    /// half, a quarter and so on, so that every unit is read exactly, and noise, which is a part of a step, is small.
    fn over(low: f64, high: f64, levels: f64) -> Self {
        let mut step = (high - low) / levels;
        if step > 1.0 {
            return Self { low, high };
        }
        step = libm::exp2(libm::ceil(libm::log2(step.max(FINEST))));
        let spare = (levels * step - (high - low)).max(0.0);
        // What is below an empty column can only be noise, which must not be cut at one side.
        let low = libm::floor((low - spare / 2.0).max(low.min(-ROOM)));
        Self { low, high: low + levels * step }
    }
}

/// The finest step, in units: finer ones would be lost in the arithmetic.
const FINEST: f64 = 1.0 / 64.0;

impl Ranges {
    /// Whole columns of `rows` cells.
    pub fn whole(circuit: &Circuit, rows: usize) -> Self {
        let range = Range::over(-ROOM, rows as f64 * circuit.largest() + ROOM, circuit.levels());
        Self { slices: circuit.slices(), of: vec![range; BITS * circuit.slices()] }
    }

    /// The range of a bit of the weights and a slice of the inputs; the last one there is for what is not there.
    pub fn get(&self, bit: usize, slice: usize) -> Range {
        let at = (bit * self.slices + slice).min(self.of.len() - 1);
        self.of[at]
    }
}

/// Bins of a histogram: as many as most columns have units.
const BINS: usize = 4096;
/// Units to either side of what was seen, for what was not.
const ROOM: f64 = 2.0;
/// Ends of a range that are tried, to each side.
const ENDS: usize = 48;

/// What the converters of a layer saw: how much was clipped and, where it is asked for, every charge.
#[derive(Debug, Clone, Default)]
pub struct Seen {
    /// Conversions outside the range.
    pub clipped: u64,
    /// Conversions.
    pub conversions: u64,
    charges: Option<Charges>,
}

#[derive(Debug, Clone)]
struct Charges {
    slices: usize,
    /// Units of one bin.
    width: f64,
    /// `[bit][slice][bin]`.
    bins: Vec<u32>,
}

impl Seen {
    /// One that keeps a histogram for each bit and slice of columns of `rows` cells.
    pub fn watching(circuit: &Circuit, rows: usize) -> Self {
        let full = rows as f64 * circuit.largest() + 1.0;
        let slices = circuit.slices();
        let bins = vec![0; BITS * slices * BINS];
        Self { charges: Some(Charges { slices, width: (full / BINS as f64).max(1.0), bins }), ..Self::default() }
    }

    /// Notes the charges of one column before conversion.
    pub(super) fn note(&mut self, bit: usize, slice: usize, charges: &[f32]) {
        self.conversions += charges.len() as u64;
        let Some(seen) = &mut self.charges else { return };
        let bins = &mut seen.bins[(bit * seen.slices + slice) * BINS..][..BINS];
        for &charge in charges {
            // Charges are whole numbers here, but for rounding.
            let bin = libm::floor((f64::from(charge) + 0.25) / seen.width) as usize;
            bins[bin.min(BINS - 1)] += 1;
        }
    }

    /// For each bit and slice, the range with the smallest mean square of clipping, rounding and the converter's noise
    /// together; `None` where no charge was kept.
    pub fn best(&self, circuit: &Circuit) -> Option<Ranges> {
        let Charges { slices, width, bins } = self.charges.as_ref()?;
        let of = bins.chunks_exact(BINS).map(|bins| best(bins, *width, circuit)).collect();
        Some(Ranges { slices: *slices, of })
    }
}

/// Counts, sums and sums of squares of all charges below a bin, so that a loss is found without looking at bins again.
struct Below(Vec<[f64; 3]>);

fn best(bins: &[u32], width: f64, circuit: &Circuit) -> Range {
    let levels = circuit.levels();
    let charge = |bin: usize| bin as f64 * width + (width - 1.0) / 2.0;
    let occupied = |bin: &usize| bins[*bin] > 0;
    let Some((first, last)) = (0..bins.len()).find(occupied).zip((0..bins.len()).rev().find(occupied)) else {
        return Range::over(-ROOM, charge(bins.len()), levels);
    };
    let (least, most) = (charge(first) - ROOM, charge(last) + ROOM);
    if most - least <= levels {
        return Range::over(least, most, levels);
    }
    let mut sums = [0.0; 3];
    let mut below = vec![sums];
    for (bin, &count) in bins.iter().enumerate() {
        let (count, charge) = (f64::from(count), charge(bin));
        sums = [sums[0] + count, sums[1] + count * charge, sums[2] + count * charge * charge];
        below.push(sums);
    }
    let below = Below(below);
    let mut found = (f64::INFINITY, [first, last]);
    // Ends all over the occupied bins, then all those near the best.
    let mut reach = (last - first).div_ceil(ENDS).max(1);
    let mut ends = [(first, last), (first, last)];
    loop {
        for low in (ends[0].0..=ends[0].1).step_by(reach) {
            for high in (ends[1].0.max(low)..=ends[1].1).rev().step_by(reach) {
                let range = Range { low: charge(low), high: charge(high).max(charge(low) + levels) };
                let loss = below.loss(range, [low, high], circuit);
                if loss < found.0 {
                    found = (loss, [low, high]);
                }
            }
        }
        if reach == 1 {
            break;
        }
        ends = found.1.map(|end| (end.saturating_sub(reach).max(first), (end + reach).min(last)));
        reach = (reach / 8).max(1);
    }
    let [low, high] = found.1.map(charge);
    // An empty column is read with its noise to both sides.
    let low = if low < ROOM { low - ROOM } else { low };
    Range { low, high: high.max(low + levels) }
}

impl Below {
    /// Mean square of what a range loses.
    fn loss(&self, range: Range, [low, high]: [usize; 2], circuit: &Circuit) -> f64 {
        let all = self.0[self.0.len() - 1];
        let beyond = |end: f64, [count, sum, square]: [f64; 3]| end * end * count - 2.0 * end * sum + square;
        let under = self.0[low];
        let over = self.0[high + 1];
        let clipped = beyond(range.low, under) + beyond(range.high, [0, 1, 2].map(|k| all[k] - over[k])).max(0.0);
        let step = (range.high - range.low) / circuit.levels();
        // Charges are whole: a step of one loses nothing to rounding.
        let rounding = (step * step - 1.0).max(0.0) / 12.0;
        clipped.max(0.0) / all[0].max(1.0) + rounding + (circuit.adc_noise * step) * (circuit.adc_noise * step)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn circuit(adc_bits: u32) -> Circuit {
        Circuit { adc_bits, dac_bits: 4, ..Circuit::default() }
    }

    #[test]
    fn the_best_range_leaves_out_what_hardly_occurs() {
        let mut seen = Seen::watching(&circuit(4), 100);
        for charge in 0..10_000 {
            seen.note(2, 1, &[100.0 + (charge % 100) as f32]);
        }
        seen.note(2, 1, &[900.0]);
        let ranges = seen.best(&circuit(4)).unwrap();
        let Range { low, high } = ranges.get(2, 1);
        assert!(low > 95.0 && low < 125.0 && high > 180.0 && high < 300.0, "{low} to {high}");
        // Where nothing was seen, the whole column.
        assert!(ranges.get(0, 0).low <= 0.0 && ranges.get(0, 0).high >= 1500.0);
    }

    #[test]
    fn enough_levels_read_every_unit_and_leave_room_for_more() {
        let mut seen = Seen::watching(&circuit(8), 100);
        seen.note(0, 0, &[100.0, 160.0]);
        let Range { low, high } = seen.best(&circuit(8)).unwrap().get(0, 0);
        assert_eq!(high - low, 127.5, "half a unit for each of 255 steps");
        assert!(low == libm::floor(low) && low < 98.0 && high > 162.0, "{low} to {high}");
    }

    #[test]
    fn a_chosen_range_loses_no_more_than_any_other_that_was_tried() {
        let mut seen = Seen::watching(&circuit(5), 64);
        let charges: Vec<f32> = (0..2000).map(|i| 300.0 + ((i * i) % 331) as f32).collect();
        seen.note(0, 0, &charges);
        let loss = |Range { low, high }: Range| -> f64 {
            let step = (high - low) / circuit(5).levels();
            let clip = |x: f64| x - x.clamp(low, high);
            let clipped: f64 = charges.iter().map(|&x| clip(f64::from(x)) * clip(f64::from(x))).sum();
            clipped / charges.len() as f64 + (step * step - 1.0).max(0.0) / 12.0 + 0.09 * step * step
        };
        let found = seen.best(&circuit(5)).unwrap().get(0, 0);
        for low in (300..600).step_by(10) {
            for high in (low + 31..=631).step_by(10) {
                let other = Range { low: f64::from(low), high: f64::from(high) };
                assert!(loss(found) <= loss(other) * 1.02, "{found:?} against {other:?}");
            }
        }
    }
}
