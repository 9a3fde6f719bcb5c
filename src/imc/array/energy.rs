//! What a macro takes: for a multiply-accumulate, for each of its parts, and in area.

use super::{Activity, Macro};
use crate::imc::gates::Shape;
use crate::imc::points::{Domain, Point};
use crate::imc::{converters, fitted, technology};
use crate::units::Joules;

/// Share of a macro's energy that does not follow the data: control and decoder.
///
/// *Source*: the breakdown of Colonnade (7.5 % control, 3.5 % decoder), the only digital macro with a full one; taken for all.
pub const FIXED_SHARE: f64 = 0.11;

/// The largest converter share that a survey of eleven analog SRAM macros found (15.6 to 61 %, median 39 %).
const MOST_ADC_SHARE: f64 = 0.61;

/// What the parts of one macro cost.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct UnitEnergies {
    /// A change of one one-bit product, with its share of the adders.
    pub leaf: f64,
    /// A change of one bit of a column's sum, with its share of adders, place values and accumulators.
    pub root: f64,
    /// A conversion of one column (analog).
    pub conversion: f64,
    /// Driving one row with the bits of one cycle (analog).
    pub drive: f64,
    /// One row of one column, whether in use or not (analog).
    pub bitline: f64,
    /// One cycle of one macro, whatever the data.
    pub fixed: f64,
}

impl Macro {
    /// Joules of one multiply-accumulate on random data with the whole array in use, the macro alone.
    ///
    /// *Source*: the form that all published chips choose, with this macro's constant (see [`fitted`]). What data the published
    /// figures were measured on is mostly unknown; it is taken to be random.
    pub fn joules_per_mac(&self, input_bits: usize, weight_bits: usize) -> Joules {
        let (form, fit) = fitted::of(self.digital);
        let point = Point {
            id: "",
            chip: "",
            paper: "",
            domain: if self.digital { Domain::Digital } else { Domain::Charge },
            serial: self.serial,
            node: self.node,
            supply: self.supply,
            clock_mhz: None,
            rows: Some(self.rows),
            columns: Some(self.columns),
            input_bits: input_bits as f64,
            weight_bits: weight_bits as f64,
            adc_bits: (self.adc_bits > 0).then(|| f64::from(self.adc_bits)),
            tops_per_watt: 1.0,
            tops_per_mm2: None,
            sparse: false,
            approximate: false,
            system: false,
            independent: true,
            confidence: "",
            source: "",
        };
        Joules(fit.predict(form, &point) * self.scale)
    }

    /// The energy of one macro's parts, so that random data in a full array gives [`Macro::joules_per_mac`].
    pub fn unit_energies(&self, input_bits: usize, weight_bits: usize) -> UnitEnergies {
        let (rows, outputs) = (self.rows as f64, self.outputs(weight_bits) as f64);
        let passes = self.passes(input_bits) as f64;
        let cycle = self.joules_per_mac(input_bits, weight_bits).0 * rows * outputs / passes;
        let (fixed, moving) = (FIXED_SHARE * cycle, (1.0 - FIXED_SHARE) * cycle);
        let cells = rows * outputs * weight_bits as f64;
        if self.digital {
            let gates = self.shape(input_bits, weight_bits).gates();
            let random = Activity::random(rows);
            let at_once = self.bits_per_cycle.min(input_bits) as f64;
            let per = moving / gates.total();
            // The tree's first levels switch with the products, its last ones with the sum: half and half.
            let leaves = per * (gates.multipliers + gates.trees / 2.0);
            let roots = per * (gates.trees / 2.0 + gates.places + gates.accumulators);
            let columns = outputs * weight_bits as f64;
            return UnitEnergies {
                leaf: leaves / (cells * at_once * random.leaf),
                root: roots / (columns * at_once * random.root),
                conversion: 0.0,
                drive: 0.0,
                bitline: 0.0,
                fixed,
            };
        }
        // The published converter and driver equations give their shares, not above what a survey of eleven macros saw.
        let columns = outputs * weight_bits as f64;
        let conversions = converters::adc_energy(f64::from(self.adc_bits), self.supply) * columns;
        let adc = conversions.min(MOST_ADC_SHARE * cycle);
        let drive = (converters::dac_energy(self.bits_per_cycle as f64, self.supply) * rows).min(0.25 * cycle);
        let array = (moving - adc - drive).max(0.05 * cycle);
        UnitEnergies {
            leaf: 0.0,
            root: 0.0,
            conversion: adc / columns,
            drive: drive / rows,
            bitline: array / (rows * columns),
            fixed,
        }
    }

    /// Area of all macros in square millimetres, by the published equations, without buffers.
    pub fn area_mm2(&self) -> f64 {
        let one = if self.digital {
            self.shape(8, 8).area_mm2(self.node)
        } else {
            let shrink = technology::area_against_45(self.node) / technology::area_against_45(28.0);
            let cells = Shape { bits_per_cycle: 0.0, ..self.shape(1, 1) }.area_mm2(self.node);
            cells + converters::adc_area_mm2(f64::from(self.adc_bits)) * self.columns as f64 * shrink
        };
        one * self.count as f64
    }
}
