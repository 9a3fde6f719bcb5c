//! The macro: an array of memory that multiplies, as a handful of figures, and the presets.
//!
//! No preset is a vendor's product. The generic one is *predicted* (its energy constant is what all published chips choose);
//! one for each published chip is *calibrated* (its constant is fitted to its own points, and the residual is told).

use serde::{Deserialize, Serialize};

use super::gates::Shape;
use super::points::{self, Domain, Point};
use super::{converters, fitted};
use crate::error::{Error, Result};
use crate::units::{Hertz, Joules};

/// Share of a macro's energy that does not follow the data: control and decoder.
///
/// *Source*: the breakdown of Colonnade (7.5 % control, 3.5 % decoder), the only digital macro with a full one; taken for all.
pub const FIXED_SHARE: f64 = 0.11;

/// How a macro's energy constant came about.
#[derive(Debug, Clone, PartialEq)]
pub enum Label {
    /// Fitted to a chip's own points.
    Calibrated {
        /// The chip.
        chip: &'static str,
        /// The largest residual of its points, multiplicative.
        residual: f64,
        /// How many points the constant was fitted to; with one, the residual is 1 by construction.
        points: usize,
    },
    /// From all published chips; what it is worth was seen on chips left out.
    Predicted,
}

/// A macro and what surrounds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Macro {
    /// Stable identifier.
    pub id: String,
    /// Its name.
    pub name: String,
    /// Whether products are summed by adders; on charge otherwise.
    pub digital: bool,
    /// Rows that are summed at once.
    pub rows: usize,
    /// Bit columns.
    pub columns: usize,
    /// Bits of an input taken in one cycle.
    pub bits_per_cycle: usize,
    /// Sets of weights that each multiplier keeps.
    pub sets: usize,
    /// Macros side by side.
    pub count: usize,
    /// Node in nanometres.
    pub node: f64,
    /// Supply in volts.
    pub supply: f64,
    /// Clock.
    pub clock: Hertz,
    /// Bits that can be written into a macro in one cycle.
    pub write_bits: usize,
    /// Whether one set can be written while another computes.
    pub ping_pong: bool,
    /// Bits of the converters of an analog macro.
    pub adc_bits: u32,
    /// Whether each cell has its own adder.
    pub serial: bool,
    /// Size of the buffer of activations, in KiB.
    pub buffer_kib: f64,
    /// Size of the memory that weights are loaded from, in KiB.
    pub store_kib: f64,
    /// The factor on the fitted constant: 1 for what is predicted.
    pub scale: f64,
    /// How the constant came about.
    pub label: Label,
}

/// What can be turned on a preset; what is left out stays as it is.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(default, deny_unknown_fields)]
pub struct Knobs {
    /// Rows, 1 to 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rows: Option<usize>,
    /// Bit columns, 8 to 16384.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub columns: Option<usize>,
    /// Bits of an input in one cycle, 1 to 8.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bits_per_cycle: Option<usize>,
    /// Sets of weights, 1 to 16.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sets: Option<usize>,
    /// Macros, 1 to 256.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub count: Option<usize>,
    /// Node in nanometres, 4 to 130.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub node: Option<f64>,
    /// Supply in volts, 0.4 to 1.3.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub supply: Option<f64>,
    /// Bits written in one cycle, 1 to 4096.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub write_bits: Option<usize>,
    /// Writing one set while another computes.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ping_pong: Option<bool>,
    /// Bits of the converters, 1 to 14.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub adc_bits: Option<u32>,
}

/// How often things switch, for each thing and cycle.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Activity {
    /// Changes of a one-bit product for each cell in use and cycle; 0.25 for random bits.
    pub leaf: f64,
    /// Bits that change in the sum of a column for each column in use and cycle.
    pub root: f64,
}

impl Activity {
    /// What random, uniform bits do over `rows` rows.
    ///
    /// *Source*: sums of `rows` products that are 1 with probability 1/4, taken as normally distributed; a bit that is set with
    /// probability `p` changes between two independent sums with `2 p (1 - p)`.
    pub fn random(rows: f64) -> Self {
        let rows = libm::round(rows.max(1.0));
        let (mean, variance) = (rows / 4.0, rows * 3.0 / 16.0);
        let mut set = [0.0; 16];
        let mut total = 0.0;
        for sum in 0..=(rows as u32).min(1 << 15) {
            let off = f64::from(sum) - mean;
            let weight = libm::exp(-off * off / (2.0 * variance));
            total += weight;
            for (bit, set) in set.iter_mut().enumerate() {
                *set += weight * f64::from(sum >> bit & 1);
            }
        }
        Self { leaf: 0.25, root: set.iter().map(|set| 2.0 * set / total * (1.0 - set / total)).sum() }
    }
}

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

/// Name of the preset that is predicted.
pub const GENERIC: &str = "generic-22nm";

impl Macro {
    /// The generic digital SRAM macro, 22 nm: 256 rows, 512 bit columns, two sets, 32 KiB.
    pub fn generic() -> Self {
        let mut generic = Self {
            id: GENERIC.into(),
            name: "Generic digital SRAM macro, 22 nm".into(),
            digital: true,
            rows: 256,
            columns: 512,
            bits_per_cycle: 1,
            sets: 2,
            count: 1,
            node: 22.0,
            supply: 0.8,
            clock: Hertz(0.0),
            write_bits: 512,
            ping_pong: true,
            adc_bits: 0,
            serial: false,
            buffer_kib: 64.0,
            store_kib: 256.0,
            scale: 1.0,
            label: Label::Predicted,
        };
        generic.clock = generic.own_clock();
        generic
    }

    /// Every preset: the generic one first, then one for each published chip.
    ///
    /// # Errors
    /// Those of reading the frozen table.
    pub fn presets() -> Result<Vec<Self>> {
        let points = points::points()?;
        let mut presets = vec![Self::generic()];
        for point in &points {
            if !presets.iter().any(|known| matches!(known.label, Label::Calibrated { chip, .. } if chip == point.chip))
            {
                presets.push(Self::calibrated(point, &points));
            }
        }
        Ok(presets)
    }

    /// The preset with an identifier.
    ///
    /// # Errors
    /// `Parameter`, with the identifiers that exist.
    pub fn find(id: &str) -> Result<Self> {
        let presets = Self::presets()?;
        let names: Vec<String> = presets.iter().map(|preset| preset.id.clone()).collect();
        presets
            .into_iter()
            .find(|preset| preset.id == id)
            .ok_or_else(|| Error::parameter(format!("no macro is called {id:?}; there are {}", names.join(", "))))
    }

    fn calibrated(point: &Point, all: &[Point]) -> Self {
        let digital = point.domain == Domain::Digital;
        let (form, fit) = fitted::of(digital);
        let own: Vec<&Point> = all.iter().filter(|other| other.chip == point.chip).collect();
        let logs: Vec<f64> =
            own.iter().map(|point| libm::log(point.joules_per_mac() / fit.predict(form, point))).collect();
        let middle = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
        let residual = logs.iter().fold(1.0, |worst: f64, log| worst.max(libm::exp(libm::fabs(log - middle))));
        let weight_bits = point.weight_bits.max(1.0);
        let at_once = if digital { 1.0 } else { point.input_bits };
        let usual = converters::usual_bits(at_once, point.rows_or_rule());
        let mut preset = Self {
            id: point.chip.to_lowercase(),
            name: format!("{}, {} nm, {} V", point.paper, point.node, point.supply),
            digital,
            rows: point.rows.unwrap_or(256),
            columns: point.columns.unwrap_or((64.0 * weight_bits) as usize).max(8),
            bits_per_cycle: at_once as usize,
            sets: 1,
            node: point.node,
            supply: point.supply,
            adc_bits: if digital { 0 } else { libm::round(point.adc_bits.unwrap_or(usual)) as u32 },
            serial: point.serial,
            scale: libm::exp(middle),
            label: Label::Calibrated { chip: point.chip, residual, points: own.len() },
            ping_pong: false,
            ..Self::generic()
        };
        preset.clock = point.clock_mhz.map_or_else(|| preset.own_clock(), |mhz| Hertz(mhz * 1e6));
        preset
    }

    /// The macro with knobs turned. A calibrated macro that is made another one (rows, columns, node, supply, converters)
    /// keeps its constant, but is *predicted* from then on.
    ///
    /// # Errors
    /// `Parameter` for a value out of its range.
    pub fn with(mut self, knobs: &Knobs) -> Result<Self> {
        fn set<T: PartialOrd + Copy + std::fmt::Display>(
            name: &str,
            to: &mut T,
            value: Option<T>,
            low: T,
            high: T,
        ) -> Result<bool> {
            let Some(value) = value else { return Ok(false) };
            if !(value >= low && value <= high) {
                return Err(Error::parameter(format!("{name} is {value}; it must lie between {low} and {high}")));
            }
            *to = value;
            Ok(true)
        }
        let other = [
            set("rows", &mut self.rows, knobs.rows, 1, 4096)?,
            set("columns", &mut self.columns, knobs.columns, 8, 16384)?,
            set("bits_per_cycle", &mut self.bits_per_cycle, knobs.bits_per_cycle, 1, 8)?,
            set("node", &mut self.node, knobs.node, 4.0, 130.0)?,
            set("supply", &mut self.supply, knobs.supply, 0.4, 1.3)?,
            set("adc_bits", &mut self.adc_bits, knobs.adc_bits, 1, 14)?,
        ];
        set("sets", &mut self.sets, knobs.sets, 1, 16)?;
        set("count", &mut self.count, knobs.count, 1, 256)?;
        set("write_bits", &mut self.write_bits, knobs.write_bits, 1, 4096)?;
        self.ping_pong = knobs.ping_pong.unwrap_or(self.ping_pong);
        if other.contains(&true) {
            self.label = Label::Predicted;
            self.clock = self.own_clock();
        }
        Ok(self)
    }

    /// Outputs of one macro for weights of `bits`.
    pub fn outputs(&self, bits: usize) -> usize {
        (self.columns / bits.max(1)).max(1)
    }

    /// Cycles in which inputs of `bits` pass.
    pub fn passes(&self, bits: usize) -> usize {
        bits.div_ceil(self.bits_per_cycle).max(1)
    }

    /// Bytes of weights that all macros keep.
    pub fn capacity_bytes(&self) -> usize {
        self.rows * self.columns * self.sets * self.count / 8
    }

    /// The shape for the gate equations.
    pub fn shape(&self, input_bits: usize, weight_bits: usize) -> Shape {
        Shape {
            rows: self.rows as f64,
            outputs: self.outputs(weight_bits) as f64,
            weight_bits: weight_bits as f64,
            input_bits: input_bits as f64,
            bits_per_cycle: self.bits_per_cycle.min(input_bits) as f64,
            sets: self.sets as f64,
            serial: self.serial,
        }
    }

    /// The clock by the delay equations: of a digital macro its adders, of an analog one its converters.
    fn own_clock(&self) -> Hertz {
        if self.digital {
            return Hertz(1.0 / self.shape(8, 8).period(self.node, self.supply).0);
        }
        let delay = converters::adc_delay(f64::from(self.adc_bits.max(1)), self.rows as f64);
        Hertz(1.0 / (delay * super::technology::delay_against_28(self.node, self.supply)))
    }

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
            let shrink = super::technology::area_against_45(self.node) / super::technology::area_against_45(28.0);
            let cells = Shape { bits_per_cycle: 0.0, ..self.shape(1, 1) }.area_mm2(self.node);
            cells + converters::adc_area_mm2(f64::from(self.adc_bits)) * self.columns as f64 * shrink
        };
        one * self.count as f64
    }
}

/// The largest converter share that a survey of eleven analog SRAM macros found (15.6 to 61 %, median 39 %).
const MOST_ADC_SHARE: f64 = 0.61;

#[cfg(test)]
mod tests;
