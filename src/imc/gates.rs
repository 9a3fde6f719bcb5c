//! A digital macro counted in gates: multipliers, adder trees, place-value adders, accumulators.
//!
//! *Source of all formulas and unit figures*: the open model ZigZag-IMC (Sun, Houshmand and Verhelst, arXiv 2405.14978, BSD-3),
//! described again in our own words and code. Unit figures are for 28 nm and were fitted by its authors on chips that are
//! among our points; the energy of one active gate is `C V^2`.

use super::technology;
use crate::units::Seconds;

/// Capacitance of a two-input NAND at 28 nm, in farad.
pub const NAND: f64 = 0.7e-15;
/// A NAND's area at 28 nm, in square micrometres.
const NAND_AREA: f64 = 0.614;
/// A NAND's delay at 28 nm and 0.9 V.
const NAND_DELAY: f64 = 0.0478e-9;
/// An exclusive-or against a NAND: capacitance, area and delay.
const XOR: [f64; 3] = [1.5, 2.4, 2.4];
/// A flip-flop against a NAND: capacitance and area.
const FLIP_FLOP: [f64; 2] = [3.0, 6.0];
/// A full adder is three NANDs and two exclusive-ors.
const FULL_ADDER: [f64; 2] = [3.0 + 2.0 * XOR[0], 3.0 + 2.0 * XOR[1]];
/// A one-bit multiplier whose weight does not move: half of its capacitance switches.
const MULTIPLIER: f64 = 0.5;
/// Area of one six-transistor cell at 28 nm with its share of the periphery: a cell of 0.127 um2 (recalled) at half efficiency.
const CELL_AREA: f64 = 0.254;

/// The shape of a digital macro.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Shape {
    /// Rows that are summed.
    pub rows: f64,
    /// Outputs, each with as many bit columns as a weight has bits.
    pub outputs: f64,
    /// Bits of a weight.
    pub weight_bits: f64,
    /// Bits of an input.
    pub input_bits: f64,
    /// Bits of an input taken in one cycle.
    pub bits_per_cycle: f64,
    /// Weights stored for each multiplier.
    pub sets: f64,
    /// Whether each cell has an adder and two registers of its own, instead of an adder tree.
    pub serial: bool,
}

/// Capacitances that switch in one cycle when every gate is active, in NANDs, for the whole macro.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Gates {
    /// Multipliers.
    pub multipliers: f64,
    /// Adder trees (or the adders and registers of the cells).
    pub trees: f64,
    /// Adders that give bits taken in one cycle their place value.
    pub places: f64,
    /// Accumulators: an adder and a register for each bit.
    pub accumulators: f64,
}

impl Gates {
    /// All of it.
    pub fn total(&self) -> f64 {
        self.multipliers + self.trees + self.places + self.accumulators
    }
}

impl Shape {
    fn levels(&self) -> f64 {
        libm::log2(self.rows).max(0.0)
    }

    /// Width of a tree's result.
    pub fn tree_width(&self) -> f64 {
        self.weight_bits + self.levels()
    }

    /// Full adders of one tree: `R (Bw + 1) - (Bw + L + 1)`.
    pub fn tree_adders(&self) -> f64 {
        (self.rows * (self.weight_bits + 1.0) - (self.weight_bits + self.levels() + 1.0)).max(0.0)
    }

    fn place_adders(&self) -> f64 {
        let bits = self.bits_per_cycle;
        if bits <= 1.0 { 0.0 } else { self.tree_width() * (bits - 1.0) + bits * (libm::log2(bits) - 0.5) }
    }

    fn accumulator_width(&self) -> f64 {
        if self.bits_per_cycle < self.input_bits { self.input_bits + self.tree_width() } else { 0.0 }
    }

    /// Cycles of one pass over all bits of the inputs.
    pub fn cycles_per_pass(&self) -> f64 {
        libm::ceil(self.input_bits / self.bits_per_cycle)
    }

    /// What switches in one cycle.
    pub fn gates(&self) -> Gates {
        let cells = self.bits_per_cycle * self.weight_bits * self.rows * self.outputs;
        let trees = if self.serial {
            cells * (FULL_ADDER[0] + 2.0 * FLIP_FLOP[0])
        } else {
            self.bits_per_cycle * self.outputs * self.tree_adders() * FULL_ADDER[0]
        };
        Gates {
            multipliers: cells * MULTIPLIER,
            trees,
            places: self.outputs * self.place_adders() * FULL_ADDER[0],
            accumulators: self.outputs * self.accumulator_width() * (FULL_ADDER[0] + FLIP_FLOP[0]),
        }
    }

    /// NAND capacitances that switch for one multiply-accumulate.
    pub fn gates_per_mac(&self) -> f64 {
        self.gates().total() * self.cycles_per_pass() / (self.rows * self.outputs)
    }

    /// The shortest clock period: multiplier, tree, place values and accumulator, one after the other.
    pub fn period(&self, node: f64, supply: f64) -> Seconds {
        let xor = XOR[2] * NAND_DELAY;
        let (in_to_sum, in_to_carry, carry) = (2.0 * xor, xor + 2.0 * NAND_DELAY, 2.0 * NAND_DELAY);
        let width = self.tree_width();
        let chain = |extra: f64| in_to_carry + extra.max(0.0) * carry;
        let mut time = NAND_DELAY + (self.levels() - 1.0).max(0.0) * in_to_sum + chain(width - 2.0);
        if self.bits_per_cycle > 1.0 {
            time += (libm::log2(self.bits_per_cycle) - 1.0).max(0.0) * in_to_sum + chain(self.bits_per_cycle);
        }
        if self.accumulator_width() > 0.0 {
            time += chain(self.accumulator_width() - width);
        }
        if self.serial {
            // Every cell keeps its sum: the path is one adder, not a tree.
            time = NAND_DELAY + in_to_sum + in_to_carry;
        }
        Seconds(time * technology::delay_against_28(node, supply))
    }

    /// Area in square millimetres: gates and cells, without the bus and the buffers.
    pub fn area_mm2(&self, node: f64) -> f64 {
        let cells = self.bits_per_cycle * self.weight_bits * self.rows * self.outputs;
        let adders = if self.serial {
            cells * (FULL_ADDER[1] + 2.0 * FLIP_FLOP[1])
        } else {
            self.bits_per_cycle * self.outputs * self.tree_adders() * FULL_ADDER[1]
        };
        let rest = self.outputs
            * (self.place_adders() * FULL_ADDER[1] + self.accumulator_width() * (FULL_ADDER[1] + FLIP_FLOP[1]));
        let stored = self.rows * self.outputs * self.weight_bits * self.sets;
        let square_micrometres = (cells + adders + rest) * NAND_AREA + stored * CELL_AREA;
        square_micrometres * 1e-6 * technology::area_against_45(node) / technology::area_against_45(28.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMALL: Shape = Shape {
        rows: 4.0,
        outputs: 1.0,
        weight_bits: 1.0,
        input_bits: 4.0,
        bits_per_cycle: 1.0,
        sets: 1.0,
        serial: false,
    };

    #[test]
    fn a_tree_over_four_bits_has_the_adders_of_the_formula() {
        // Two additions of one bit (one adder and its carry each) and one of two bits: 4 full adders.
        assert_eq!(SMALL.tree_adders(), 4.0);
        assert_eq!(SMALL.gates().trees, 4.0 * 6.0);
        assert_eq!(SMALL.gates().multipliers, 2.0);
        // Accumulator: 4 input bits, 1 weight bit, 2 levels.
        assert_eq!(SMALL.gates().accumulators, 7.0 * 9.0);
        assert_eq!(SMALL.gates_per_mac(), (2.0 + 24.0 + 63.0) * 4.0 / 4.0);
    }

    #[test]
    fn inputs_taken_whole_need_place_values_and_no_accumulator() {
        let whole = Shape { bits_per_cycle: 4.0, ..SMALL };
        assert_eq!(whole.gates().accumulators, 0.0);
        assert_eq!(whole.gates().places, (3.0 * 3.0 + 4.0 * 1.5) * 6.0);
        assert_eq!(whole.cycles_per_pass(), 1.0);
    }

    #[test]
    fn more_rows_take_a_longer_period_and_more_area() {
        let tall = Shape { rows: 256.0, ..SMALL };
        assert!(tall.period(28.0, 0.9).0 > SMALL.period(28.0, 0.9).0);
        assert!(tall.period(28.0, 0.6).0 > tall.period(28.0, 0.9).0);
        assert!(tall.area_mm2(28.0) > SMALL.area_mm2(28.0) && tall.area_mm2(16.0) < tall.area_mm2(28.0));
    }
}
