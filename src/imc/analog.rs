//! What an analog charge-domain SRAM macro computes: slices of bits, capacitors, converters, and everything that is not ideal.
//!
//! Each column keeps one bit of the weights. Some bits of each input at a time are turned into a voltage; every cell whose
//! weight bit is 1 puts that charge on its capacitor; the capacitors of a column are shorted, and a converter reads the
//! voltage. Columns and slices are added at their place value, digitally. Inputs are offset to be never negative; what the
//! offset adds is known and taken off.
//!
//! What is not ideal, and where it comes from: capacitors differ (once for each chip and cell), thermal noise on the shared
//! charge (kT/C) and in the comparator (for each conversion), and the converter has few levels, a range that clips, and
//! capacitors of its own that differ (integral nonlinearity, once for each chip and column). *Source* of the magnitudes:
//! CSNR-ADC (arXiv 2507.09776, after arXiv 2012.13645) for capacitors and charge sharing, ASiM (arXiv 2411.11022) for noise in
//! the converter, the SAR model of CrossSim (after Spear, JXCDC 2023), whose own default of 0.15 for the converter's capacitors
//! leaves no network alive; ours differ as much as those of the cells do.

mod converter;
mod noise;
mod seen;

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::random::Random;
use converter::Converter;
use noise::Noise;
pub use seen::Seen;

/// Boltzmann's constant times 300 K, in joules.
const KT: f64 = 1.380649e-23 * 300.0;

/// The circuit, the same for every chip of a kind.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct Circuit {
    /// Bits of the converters, 1 to 14.
    pub adc_bits: u32,
    /// Bits of an input that one conversion takes, 1 to 8.
    pub dac_bits: usize,
    /// A cell's capacitor in femtofarad.
    pub unit_ff: f64,
    /// Supply in volts.
    pub supply: f64,
    /// Mismatch of capacitors: deviation in percent of one femtofarad; falls with the root of the size.
    pub mismatch_percent: f64,
    /// Noise before the converter, in steps of the converter.
    pub adc_noise: f64,
    /// Mismatch of the converter's own capacitors: deviation of the smallest, in units of itself.
    pub adc_mismatch: f64,
    /// Whether kT/C noise counts.
    pub thermal: bool,
}

impl Default for Circuit {
    fn default() -> Self {
        Self {
            adc_bits: 8,
            dac_bits: 4,
            unit_ff: 1.2,
            supply: 0.8,
            mismatch_percent: 0.664,
            adc_noise: 0.3,
            adc_mismatch: 0.006,
            thermal: true,
        }
    }
}

impl Circuit {
    /// A circuit without a flaw whose converters see every step: it gives the exact product.
    pub fn ideal() -> Self {
        Self {
            adc_bits: 14,
            dac_bits: 1,
            mismatch_percent: 0.0,
            adc_noise: 0.0,
            adc_mismatch: 0.0,
            thermal: false,
            ..Self::default()
        }
    }

    /// Refuses what cannot be built.
    ///
    /// # Errors
    /// `Parameter`, naming the value.
    pub fn check(&self) -> Result<()> {
        let ranges = [
            ("adc_bits", f64::from(self.adc_bits), 1.0, 14.0),
            ("dac_bits", self.dac_bits as f64, 1.0, 8.0),
            ("unit_ff", self.unit_ff, 0.05, 100.0),
            ("supply", self.supply, 0.3, 1.3),
            ("mismatch_percent", self.mismatch_percent, 0.0, 50.0),
            ("adc_noise", self.adc_noise, 0.0, 16.0),
            ("adc_mismatch", self.adc_mismatch, 0.0, 1.0),
        ];
        match ranges.iter().find(|(_, value, low, high)| !(value >= low && value <= high)) {
            Some((name, value, low, high)) => {
                Err(Error::parameter(format!("{name} is {value}; it must lie between {low} and {high}")))
            }
            None => Ok(()),
        }
    }
}

/// One chip of a kind.
#[derive(Debug, Clone, PartialEq)]
pub struct Chip {
    /// The circuit.
    pub circuit: Circuit,
    /// What makes it this one: capacitors, converters and noise follow from it.
    pub seed: u64,
}

/// What a converter covers, in units of one input step on one cell.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Range {
    /// Lower end.
    pub low: f64,
    /// Upper end.
    pub high: f64,
}

/// The weights of one layer (or of one group of it) in an array.
pub struct Array {
    depth: usize,
    outputs: usize,
    tile: usize,
    slices: usize,
    dac_bits: usize,
    /// `[tile][output][bit][row]`: the bit, as large as its capacitor is against the column's mean.
    cells: Vec<f32>,
    /// Sum of the weights of each output: what the offset of inputs adds.
    sums: Vec<i64>,
    /// By output and bit.
    converters: Vec<Converter>,
    range: Range,
    /// Deviation of all noise before a conversion, in units of one input step on one cell.
    deviation: f64,
    noise: Noise,
}

/// Bits of a weight, and of an input.
const BITS: usize = 8;
/// Added to inputs, so that they are not negative.
const OFFSET: i32 = 128;

impl Array {
    /// Puts int8 weights, `[outputs, depth]`, into the cells of a chip. `place` tells one array of a chip from another.
    pub fn new(
        weights: &[i8],
        depth: usize,
        outputs: usize,
        rows: usize,
        chip: &Chip,
        range: Option<Range>,
        place: [u64; 2],
    ) -> Self {
        let circuit = &chip.circuit;
        let tile = rows.min(depth).max(1);
        let tiles = depth.div_ceil(tile);
        let stream = chip.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(place[0] << 32 | place[1]);
        let mut random = Random::new(stream);
        let (mut capacitors, mut levels) = (random.branch(), random.branch());
        let deviation = circuit.mismatch_percent / 100.0 / libm::sqrt(circuit.unit_ff);
        let mut cells = vec![0f32; tiles * outputs * BITS * tile];
        let mut sizes = vec![1f64; tile];
        for (column, cells) in cells.chunks_exact_mut(tile).enumerate() {
            let (place, output, bit) = (column / (outputs * BITS), column / BITS % outputs, column % BITS);
            let from = place * tile;
            if deviation > 0.0 {
                sizes.iter_mut().for_each(|size| *size = 1.0 + deviation * capacitors.normal());
            }
            // The charge is shared among all capacitors of the column: their mean is its gain.
            let mean = sizes.iter().sum::<f64>() / tile as f64;
            for ((cell, size), k) in cells.iter_mut().zip(&sizes).zip(from..depth.min(from + tile)) {
                let set = weights[output * depth + k] as u8 >> bit & 1;
                *cell = if set == 1 { (size / mean) as f32 } else { 0.0 };
            }
        }
        let step = ((1u32 << circuit.dac_bits) - 1) as f64;
        let full = tile as f64 * step;
        let range = range.unwrap_or(Range { low: 0.0, high: full });
        let converters = (0..outputs * BITS)
            .map(|_| Converter::new(circuit.adc_bits, range, circuit.adc_mismatch, &mut levels))
            .collect::<Vec<_>>();
        // Noise of the charge and of the comparator add up to one normal distribution.
        let comparator = circuit.adc_noise * converters.first().map_or(0.0, Converter::step);
        let charge = if circuit.thermal { thermal(circuit, tile as f64) * full } else { 0.0 };
        Self {
            depth,
            outputs,
            tile,
            slices: BITS.div_ceil(circuit.dac_bits),
            dac_bits: circuit.dac_bits,
            cells,
            sums: weights.chunks_exact(depth.max(1)).map(|w| w.iter().map(|&w| i64::from(w)).sum()).collect(),
            converters,
            range: Range { low: 0.0, high: full },
            deviation: libm::sqrt(comparator * comparator + charge * charge),
            noise: Noise::new(stream ^ 0x5DEE_CE66),
        }
    }

    /// Adds the product of int8 inputs, `[positions, depth]`, with the weights to `values`, rounded to whole numbers.
    pub fn multiply(&mut self, a: &[i32], positions: usize, values: &mut [i64], seen: &mut Seen) {
        let mut slices = vec![0f32; self.slices * self.tile];
        let mask = (1i32 << self.dac_bits) - 1;
        let mut sums = vec![0f64; self.outputs];
        seen.full = self.range.high;
        for m in 0..positions {
            sums.fill(0.0);
            for (place, from) in (0..self.depth).step_by(self.tile).enumerate() {
                let here = &a[m * self.depth + from..m * self.depth + self.depth.min(from + self.tile)];
                for (slice, numbers) in slices.chunks_exact_mut(self.tile).enumerate() {
                    numbers.fill(0.0);
                    for (number, &x) in numbers.iter_mut().zip(here) {
                        *number = ((x + OFFSET) >> (slice * self.dac_bits) & mask) as f32;
                    }
                }
                let size = self.outputs * BITS * self.tile;
                let columns = self.cells[place * size..(place + 1) * size].chunks_exact(self.tile);
                for (column, (cells, converter)) in columns.zip(&self.converters).enumerate() {
                    let (output, bit) = (column / BITS, column % BITS);
                    let worth = if bit + 1 == BITS { -(1i64 << bit) } else { 1i64 << bit } as f64;
                    for (slice, numbers) in slices.chunks_exact(self.tile).enumerate() {
                        let mut charge = f64::from(dot(cells, numbers));
                        seen.note(charge);
                        if self.deviation > 0.0 {
                            charge += self.deviation * self.noise.normal();
                        }
                        let read = converter.read(charge, &mut seen.clipped);
                        sums[output] += read * worth * (1u64 << (slice * self.dac_bits)) as f64;
                    }
                }
            }
            let results = &mut values[m * self.outputs..(m + 1) * self.outputs];
            for ((result, sum), weights) in results.iter_mut().zip(&sums).zip(&self.sums) {
                *result += libm::round(*sum) as i64 - i64::from(OFFSET) * weights;
            }
        }
    }
}

/// Deviation of kT/C noise against the full swing of a column of `rows` cells.
///
/// The parasitic capacitance `0.3 R C + 2.04 fF` takes part of the swing.
fn thermal(circuit: &Circuit, rows: f64) -> f64 {
    let farad = circuit.unit_ff * 1e-15 * rows;
    let parasitic = 0.3 * farad + 2.04e-15;
    let swing = circuit.supply * farad / (farad + parasitic);
    libm::sqrt(KT / (farad + parasitic)) / swing
}

/// The dot product, in eight sums that the compiler can keep side by side.
fn dot(a: &[f32], b: &[f32]) -> f32 {
    let mut sums = [0f32; 8];
    let (a8, b8) = (a.chunks_exact(8), b.chunks_exact(8));
    let mut rest = 0f32;
    for (x, y) in a8.remainder().iter().zip(b8.remainder()) {
        rest += x * y;
    }
    for (x, y) in a8.zip(b8) {
        for lane in 0..8 {
            sums[lane] += x[lane] * y[lane];
        }
    }
    sums.iter().sum::<f32>() + rest
}

#[cfg(test)]
mod tests;
