//! The weights of one layer in an analog array, and what its converters read.

use super::charge::{self, COLUMNS, LANES};
use super::converter::Converter;
use super::noise::{Noise, RUN};
use super::{BITS, Chip, OFFSET, Ranges, Seen};
use crate::random::Random;

/// Positions that pass a column before the next one: their slices stay in the cache.
const POSITIONS: usize = RUN;

/// The weights of one layer (or of one group of it) in an array.
pub struct Array {
    depth: usize,
    outputs: usize,
    tile: usize,
    /// Rows of a tile, rounded up to whole vectors.
    width: usize,
    slices: usize,
    dac_bits: usize,
    /// `[tile][output][bit][row]`: the bit, as large as its capacitor is against the column's mean, in parts of `unit`.
    cells: Vec<i16>,
    unit: f32,
    /// Sum of the weights of each output: what the offset of inputs adds.
    sums: Vec<i64>,
    /// By output and bit.
    converters: Vec<Converter>,
    levels: f32,
    /// By bit and slice.
    readings: Vec<Reading>,
    noise: Noise,
}

/// How one slice of one bit is read.
struct Reading {
    low: f64,
    step: f64,
    /// From a charge to its place among the codes: times this, plus that.
    scale: f32,
    shift: f32,
    /// Deviation of all noise before the conversion, in steps: that of the charge and of the comparator add up to one normal
    /// distribution.
    deviation: f32,
}

impl Array {
    /// Puts int8 weights, `[outputs, depth]`, into the cells of a chip, to be read over `ranges` (whole columns where none are
    /// given). `place` tells one array of a chip from another.
    pub fn new(
        weights: &[i8],
        depth: usize,
        outputs: usize,
        rows: usize,
        chip: &Chip,
        ranges: Option<&Ranges>,
        place: [u64; 2],
    ) -> Self {
        let circuit = &chip.circuit;
        let tile = rows.min(depth).max(1);
        let (tiles, width) = (depth.div_ceil(tile), tile.next_multiple_of(LANES));
        let stream = chip.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(place[0] << 32 | place[1]);
        let mut random = Random::new(stream);
        let (mut capacitors, mut levels) = (random.branch(), random.branch());
        let deviation = circuit.mismatch_percent / 100.0 / libm::sqrt(circuit.unit_ff);
        // As fine as the sum of a full column allows, with room for capacitors that are larger.
        let full = (tile as f64 * circuit.largest()) as u32;
        let one = f64::from(1u32 << 13u32.min(29 - full.ilog2().min(29)));
        let mut cells = vec![0i16; tiles * outputs * BITS * width];
        let mut sizes = vec![1f64; tile];
        for (column, cells) in cells.chunks_exact_mut(width).enumerate() {
            let (place, output, bit) = (column / (outputs * BITS), column / BITS % outputs, column % BITS);
            let from = place * tile;
            if deviation > 0.0 {
                sizes.iter_mut().for_each(|size| *size = 1.0 + deviation * capacitors.normal());
            }
            // The charge is shared among all capacitors of the column: their mean is its gain.
            let mean = sizes.iter().sum::<f64>() / tile as f64;
            for ((cell, size), k) in cells.iter_mut().zip(&sizes).zip(from..depth.min(from + tile)) {
                let set = weights[output * depth + k] as u8 >> bit & 1;
                *cell = if set == 1 { libm::rint(size / mean * one) as i16 } else { 0 };
            }
        }
        let converters =
            (0..outputs * BITS).map(|_| Converter::new(circuit.adc_bits, circuit.adc_mismatch, &mut levels)).collect();
        let whole = Ranges::whole(circuit, tile);
        let ranges = ranges.unwrap_or(&whole);
        let charge = circuit.thermal(tile as f64);
        let reading = |at: usize| {
            let range = ranges.get(at / circuit.slices(), at % circuit.slices());
            let step = (range.high - range.low) / circuit.levels();
            let deviation = libm::sqrt(circuit.adc_noise * circuit.adc_noise + (charge / step) * (charge / step));
            Reading {
                low: range.low,
                step,
                scale: (1.0 / step) as f32,
                shift: (0.5 - range.low / step) as f32,
                deviation: deviation as f32,
            }
        };
        Self {
            depth,
            outputs,
            tile,
            width,
            slices: circuit.slices(),
            dac_bits: circuit.dac_bits,
            cells,
            unit: (1.0 / one) as f32,
            sums: weights.chunks_exact(depth.max(1)).map(|w| w.iter().map(|&w| i64::from(w)).sum()).collect(),
            converters,
            levels: circuit.levels() as f32,
            readings: (0..BITS * circuit.slices()).map(reading).collect(),
            noise: Noise::new(stream ^ 0x5DEE_CE66),
        }
    }

    /// Adds the product of int8 inputs, `[positions, depth]`, with the weights to `values`, rounded to whole numbers.
    pub fn multiply(&mut self, a: &[i32], positions: usize, values: &mut [i64], seen: &mut Seen) {
        let most = POSITIONS.min(positions);
        let mut inputs = vec![0i16; self.slices * most * self.width];
        let mut charges = vec![0f32; COLUMNS * self.slices * most];
        let mut begins = Vec::new();
        let mut totals = vec![0f64; self.outputs * most];
        for first in (0..positions).step_by(POSITIONS) {
            let count = most.min(positions - first);
            let a = &a[first * self.depth..(first + count) * self.depth];
            let inputs = &mut inputs[..self.slices * count * self.width];
            let charges = &mut charges[..COLUMNS * self.slices * count];
            totals.fill(0.0);
            for (place, from) in (0..self.depth).step_by(self.tile).enumerate() {
                self.slice(a, from, inputs);
                for (output, totals) in totals.chunks_exact_mut(most).enumerate() {
                    for lowest in (0..BITS).step_by(COLUMNS) {
                        let column = (place * self.outputs + output) * BITS + lowest;
                        let cells = &self.cells[column * self.width..(column + COLUMNS) * self.width];
                        charge::columns(cells, inputs, self.unit, charges);
                        for (bit, charges) in (lowest..).zip(charges.chunks_exact_mut(self.slices * count)) {
                            self.converters[output * BITS + bit].begin(charges.len(), &mut begins);
                            for (slice, charges) in charges.chunks_exact_mut(count).enumerate() {
                                self.read([output, bit, slice], charges, &begins, totals, seen);
                            }
                        }
                    }
                }
            }
            let results = &mut values[first * self.outputs..(first + count) * self.outputs];
            for (m, results) in results.chunks_exact_mut(self.outputs).enumerate() {
                for (n, (result, weights)) in results.iter_mut().zip(&self.sums).enumerate() {
                    *result += libm::round(totals[n * most + m]) as i64 - i64::from(OFFSET) * weights;
                }
            }
        }
    }

    /// Cuts the inputs of one tile into slices: `[slice][position][row]`.
    fn slice(&self, a: &[i32], from: usize, inputs: &mut [i16]) {
        let mask = (1i32 << self.dac_bits) - 1;
        let each = inputs.len() / self.slices;
        inputs.fill(0);
        for (slice, inputs) in inputs.chunks_exact_mut(each).enumerate() {
            for (numbers, row) in inputs.chunks_exact_mut(self.width).zip(a.chunks_exact(self.depth)) {
                for (number, &x) in numbers.iter_mut().zip(&row[from..self.depth.min(from + self.tile)]) {
                    *number = ((x + OFFSET) >> (slice * self.dac_bits) & mask) as i16;
                }
            }
        }
    }

    /// Converts the charges of one slice of one column and adds them at their place value. They become their codes.
    fn read(
        &mut self,
        [output, bit, slice]: [usize; 3],
        charges: &mut [f32],
        begins: &[f32],
        totals: &mut [f64],
        seen: &mut Seen,
    ) {
        let Reading { low, step, scale, shift, deviation } = self.readings[bit * self.slices + slice];
        let worth = if bit + 1 == BITS { -(1i64 << bit) } else { 1i64 << bit } << (slice * self.dac_bits);
        let (low, step, end) = (low * worth as f64, step * worth as f64, self.levels + 1.0);
        seen.note(bit, slice, charges);
        // One thing after the other, so that each is done for several charges at once.
        for (charge, &noise) in charges.iter_mut().zip(self.noise.run()) {
            *charge = *charge * scale + shift + deviation * noise;
        }
        let clipped: u32 = charges.iter().map(|&place| u32::from(place < 0.0) | u32::from(place >= end)).sum();
        seen.clipped += u64::from(clipped);
        self.converters[output * BITS + bit].codes(charges, begins);
        for (total, &code) in totals.iter_mut().zip(&*charges) {
            *total += low + f64::from(code) * step;
        }
    }
}
