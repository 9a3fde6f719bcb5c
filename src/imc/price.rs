//! What a mapped layer costs: energy by part, time, and the macro's figure beside the system's.
//!
//! The *macro* is what papers report: cells, adders or converters, control. The *system* is that with what must surround it: the
//! buffers of activations, the loading of weights, partial sums, and what leaks meanwhile. The processor is in neither, and the
//! memory that keeps the model only where the energy of its bits is known.

use super::array::{Activity, Macro, UnitEnergies};
use super::mapper::{LayerMap, Mapping, Options};
use super::{fitted, sram};
use crate::units::{Joules, Seconds};

/// Energy of writing one bit into the array, in joules.
///
/// *Source*: 0.08 pJ for a weight of 8 bits, the default of ZigZag-IMC (arXiv 2405.14978).
const WRITE_BIT: f64 = 0.01e-12;

/// Size of the memory that keeps partial sums, in KiB; a guess.
const PARTIAL_KIB: f64 = 4.0;

/// Where the energy of an inference goes, in joules.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Parts {
    /// Inputs read from their buffer.
    pub fetch: f64,
    /// Cells, adders, accumulators, and the macro's control.
    pub compute: f64,
    /// Driving rows and reading columns (analog).
    pub convert: f64,
    /// Outputs written to their buffer.
    pub store: f64,
    /// Partial sums written and read again.
    pub partial: f64,
    /// Weights written into the array, and read from an SRAM that keeps them.
    pub load: f64,
    /// Weights read from where the model is kept instead, where the energy of a bit is known.
    pub model: f64,
    /// What memories leak meanwhile.
    pub idle: f64,
}

impl Parts {
    /// The macro alone.
    pub fn array(&self) -> Joules {
        Joules(self.compute + self.convert)
    }

    /// Everything.
    pub fn system(&self) -> Joules {
        let around = self.fetch + self.store + self.partial + self.load + self.model + self.idle;
        Joules(self.compute + self.convert + around)
    }

    /// The parts with their names, in the order in which they are shown.
    pub fn named(&self) -> [(&'static str, f64); 8] {
        [
            ("fetch", self.fetch),
            ("compute", self.compute),
            ("convert", self.convert),
            ("store", self.store),
            ("partial", self.partial),
            ("load", self.load),
            ("model", self.model),
            ("idle", self.idle),
        ]
    }
}

impl std::ops::AddAssign for Parts {
    fn add_assign(&mut self, other: Self) {
        self.fetch += other.fetch;
        self.compute += other.compute;
        self.convert += other.convert;
        self.store += other.store;
        self.partial += other.partial;
        self.load += other.load;
        self.model += other.model;
        self.idle += other.idle;
    }
}

/// The cost of a layer or of a network.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Cost {
    /// Energy by part.
    pub parts: Parts,
    /// Time.
    pub latency: Seconds,
}

/// The cost of one mapped layer, once through.
///
/// `activity` is what the layer's own data did; without it the data is taken to be random.
pub fn layer(map: &LayerMap, array: &Macro, options: &Options, activity: Option<Activity>) -> Cost {
    let unit = array.unit_energies(options.input_bits, options.weight_bits);
    let cycles = (map.compute_cycles + map.load_cycles) as f64;
    let latency = cycles / array.clock.0;
    let buffer = |bits: f64| sram::bits(bits, array.buffer_kib, array.node).0;
    // Copies hold the same weights, so each is written; the memory they come from is read once.
    let written = if map.resident { 0.0 } else { map.load_bits as f64 };
    let (from_sram, model) = match array.model_bit {
        Some(bit) => (0.0, written * bit * 1e-12),
        None => (sram::bits(written, array.store_kib, array.node).0, 0.0),
    };
    let load = written * map.copies as f64 * WRITE_BIT + from_sram;
    let held = array.capacity_bytes() as f64 / 1024.0;
    let store = if written > 0.0 && array.model_bit.is_none() { array.store_kib } else { 0.0 };
    let leaks = sram::leakage(array.buffer_kib + held + store).0;
    let (compute, convert) = work(map, array, options, activity, &unit);
    let parts = Parts {
        fetch: buffer(map.input_bits as f64),
        compute,
        convert,
        store: buffer(map.output_bits as f64),
        partial: sram::bits(map.partial_bits as f64, PARTIAL_KIB, array.node).0,
        load,
        model,
        idle: leaks * latency,
    };
    Cost { parts, latency: Seconds(latency) }
}

/// Energy of computing and of converting.
fn work(
    map: &LayerMap,
    array: &Macro,
    options: &Options,
    activity: Option<Activity>,
    unit: &UnitEnergies,
) -> (f64, f64) {
    let layer = &map.layer;
    let (bi, bw) = (options.input_bits as f64, options.weight_bits as f64);
    let passes = array.passes(options.input_bits) as f64;
    let depth = layer.rows();
    let positions = layer.steps([1, 1]) as f64;
    let tall = depth.div_ceil(array.rows) as f64;
    // Fills of one array, over all tiles.
    let fills = layer.steps(map.unroll).div_ceil(map.blocks as u64) as f64 * map.tiles as f64 * passes;
    let fixed = fills * unit.fixed;
    let columns = positions * layer.outputs as f64 * bw * tall;
    if array.digital {
        let used = (depth as f64 / tall).min(array.rows as f64);
        let Activity { leaf, root } = activity.unwrap_or_else(|| Activity::random(used));
        let leaves = layer.macs() as f64 * bi * bw * leaf;
        return (fixed + leaves * unit.leaf + columns * bi * root * unit.root, 0.0);
    }
    // Every row of a column in use burns, also where no weight is.
    let conversions = columns * passes;
    let drives = map.input_bits as f64 / array.bits_per_cycle.max(1) as f64;
    let bitlines = conversions * array.rows as f64 * unit.bitline;
    (fixed + bitlines, conversions * unit.conversion + drives * unit.drive)
}

/// The cost of a whole mapping; `activity` by layer.
pub fn network(mapping: &Mapping, array: &Macro, options: &Options, activity: &[Option<Activity>]) -> Cost {
    let mut total = Cost::default();
    for (at, map) in mapping.layers.iter().enumerate() {
        let cost = layer(map, array, options, activity.get(at).copied().flatten());
        total.parts += cost.parts;
        total.latency += cost.latency;
    }
    total
}

/// The factor of the band around an energy of this macro: its own residual where it is calibrated, the held-out 90th
/// percentile where it is predicted.
pub fn band(array: &Macro) -> f64 {
    match array.label {
        // A residual of a single point is nothing to go by: half of the held-out chips are within the median.
        super::array::Label::Calibrated { residual, points, .. } if points > 1 => residual.max(1.05),
        super::array::Label::Calibrated { .. } => fitted::errors(array.digital).median,
        super::array::Label::Predicted => fitted::errors(array.digital).p90,
    }
}

/// How many rows of A make loading B worth it: `E_load / (E_cpu - E_array)`, for each use of the weights; `None` where the
/// processor is cheaper for every row.
///
/// *Units*: joules for one row. *Source*: the energies of the parts, as reported.
pub fn break_even(load: Joules, processor: Joules, array: Joules) -> Option<f64> {
    let gain = processor.0 - array.0;
    (gain > 0.0).then(|| libm::ceil(load.0 / gain).max(1.0))
}

#[cfg(test)]
mod tests {
    use super::super::array::Knobs;
    use super::super::mapper::layer::Layer;
    use super::super::mapper::map;
    use super::*;

    fn cost(array: &Macro, layer_: Layer, activity: Option<Activity>) -> (Cost, u64) {
        let options = Options::default();
        let mapping = map(&[layer_], array, &options).unwrap();
        (network(&mapping, array, &options, &[activity]), mapping.layers[0].layer.macs())
    }

    #[test]
    fn a_full_array_on_random_data_costs_what_the_macro_says() {
        for id in ["generic-22nm", "d01", "a01"] {
            let array = Macro::find(id).unwrap();
            let full = Layer::dense(1000, array.rows, array.outputs(8));
            let (cost, macs) = cost(&array, full, None);
            let each = cost.parts.array().0 / macs as f64;
            assert!((each / array.joules_per_mac(8, 8).0 - 1.0).abs() < 0.07, "{id}: {each}");
            assert!(cost.parts.system().0 > cost.parts.array().0);
        }
    }

    #[test]
    fn quiet_data_costs_less_but_not_nothing() {
        let array = Macro::generic();
        let full = || Layer::dense(100, 256, 64);
        let random = cost(&array, full(), None).0.parts.array().0;
        let quiet = cost(&array, full(), Some(Activity { leaf: 0.0, root: 0.0 })).0.parts.array().0;
        assert!(quiet < 0.2 * random && quiet > 0.05 * random);
    }

    #[test]
    fn weights_that_do_not_stay_are_paid_for_with_each_use_of_the_array() {
        let array = Macro::generic();
        let small = cost(&array, Layer::dense(1, 256, 64), None).0;
        let large = cost(&array, Layer::dense(1, 2560, 64), None).0;
        assert_eq!(small.parts.load, 0.0);
        assert!(large.parts.load > large.parts.compute && large.parts.partial > 0.0);
    }

    #[test]
    fn break_even_is_where_the_processor_has_spent_the_load() {
        assert_eq!(break_even(Joules(10.0), Joules(3.0), Joules(1.0)), Some(5.0));
        assert_eq!(break_even(Joules(10.0), Joules(1.0), Joules(3.0)), None);
        assert_eq!(break_even(Joules(0.0), Joules(3.0), Joules(1.0)), Some(1.0));
    }

    #[test]
    fn bands_come_from_residuals_or_from_chips_left_out() {
        assert_eq!(band(&Macro::generic()), fitted::DIGITAL_ERRORS.p90);
        assert_eq!(band(&Macro::find("d01").unwrap()), fitted::DIGITAL_ERRORS.median);
        let moved = Macro::find("d01").unwrap().with(&Knobs { node: Some(12.0), ..Knobs::default() }).unwrap();
        assert_eq!(band(&moved), fitted::DIGITAL_ERRORS.p90);
    }
}
