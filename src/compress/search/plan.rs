//! What a search chooses among, and the recipe that a choice means.

use serde::{Deserialize, Serialize};

use crate::compress::recipe::{
    Calibration, ChannelsOptions, CodebookOptions, EqualizeBy, EqualizeOptions, PackOptions, PruneOptions,
    QuantizeOptions, Recipe, Rounding, Scheme, SlimOptions, SlimTarget, Step, Tables,
};

/// What becomes of the weights of one layer.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Treatment {
    /// Bits.
    pub bits: u32,
    /// Different values of a codebook; 0 without one.
    pub values: u32,
    /// Share that is set to zero first.
    pub sparsity: f64,
}

const EIGHT: Treatment = Treatment { bits: 8, values: 0, sparsity: 0.0 };
const FOUR: Treatment = Treatment { bits: 4, ..EIGHT };
/// What unpacked files can make use of.
const PLAIN: [Treatment; 2] = [EIGHT, FOUR];
/// What packed files can make use of.
const PACKED: [Treatment; 10] = [
    EIGHT,
    FOUR,
    Treatment { bits: 6, ..EIGHT },
    Treatment { bits: 5, ..EIGHT },
    Treatment { values: 32, ..EIGHT },
    Treatment { values: 16, ..EIGHT },
    Treatment { values: 8, ..EIGHT },
    Treatment { values: 4, ..EIGHT },
    Treatment { bits: 6, sparsity: 0.4, ..EIGHT },
    Treatment { bits: 5, sparsity: 0.6, ..EIGHT },
];
/// What weights that are integers already can take.
const INTEGER: [Treatment; 7] = [
    EIGHT,
    Treatment { values: 64, ..EIGHT },
    Treatment { values: 32, ..EIGHT },
    Treatment { values: 16, ..EIGHT },
    Treatment { values: 8, ..EIGHT },
    Treatment { values: 4, ..EIGHT },
    Treatment { sparsity: 0.4, ..EIGHT },
];
const CALIBRATIONS: [Calibration; 3] =
    [Calibration::MinMax, Calibration::Mse, Calibration::Percentile { percent: 99.9 }];
/// What may be done besides, with any way of choosing ranges: rounding always moves biases, so that needs no choice.
const VARIANTS: [(Scheme, Option<EqualizeBy>); 4] = [
    (Scheme::Int8, None),
    (Scheme::Int8, Some(EqualizeBy::Weights)),
    (Scheme::Int8, Some(EqualizeBy::Both)),
    (Scheme::Int16x8, None),
];
/// Shares of the channels that stay, where nothing else fits.
const KEEPS: [f64; 5] = [1.0, 0.875, 0.75, 0.5, 0.25];
/// Layers with fewer of all weights than this share are not asked about.
const SMALL: f64 = 0.005;

/// One candidate, by places in the tables of a [`Space`].
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// The treatment of each layer with weights.
    pub layers: Vec<usize>,
    /// Whether weights are packed for TFLM to unpack.
    pub packed: bool,
    /// The way of choosing ranges, and a multiple of how many there are for the variant.
    pub(super) calibration: usize,
    pub(super) keep: usize,
}

/// Everything that a search chooses among.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Space {
    /// Weights of each layer with weights, in the order of execution.
    pub weights: Vec<usize>,
    /// Whether the model computes with integers already.
    pub is_integer: bool,
    /// Which runtimes shall run the file.
    pub target: SlimTarget,
}

impl Space {
    pub(super) fn treatments(&self, packed: bool) -> &'static [Treatment] {
        match (self.is_integer, packed) {
            (true, true) => &INTEGER,
            (true, false) => &INTEGER[..1],
            (false, true) => &PACKED,
            (false, false) => &PLAIN,
        }
    }

    pub(super) fn calibrations(&self) -> usize {
        if self.is_integer { 1 } else { CALIBRATIONS.len() }
    }

    /// The same way of choosing ranges on equalized channels, and with int16 activations.
    pub(super) fn variants(&self, calibration: usize) -> (Vec<usize>, Option<usize>) {
        if self.is_integer {
            return (vec![], None);
        }
        let at = |variant: usize| calibration + variant * CALIBRATIONS.len();
        ((1..VARIANTS.len() - 1).map(at).collect(), Some(at(VARIANTS.len() - 1)))
    }

    /// What variants are told apart by: every layer in 8 bits, and in 4; int16 activations change little in 4.
    pub(super) fn probes(&self, at: usize) -> Vec<Plan> {
        let whole = self.whole(true, at);
        let narrow = Plan { layers: vec![1; whole.layers.len()], ..whole.clone() };
        let is_wide = at / CALIBRATIONS.len() == VARIANTS.len() - 1;
        if self.is_integer || is_wide { vec![whole] } else { vec![whole, narrow] }
    }

    pub(super) fn keeps(&self) -> usize {
        KEEPS.len()
    }

    /// Packed or not: only TFLM unpacks.
    pub(super) fn modes(&self) -> &'static [bool] {
        if self.target == SlimTarget::Tflm { &[true, false] } else { &[false] }
    }

    /// Every layer in 8 bits.
    pub(super) fn whole(&self, packed: bool, calibration: usize) -> Plan {
        let packed = packed && self.target == SlimTarget::Tflm;
        Plan { layers: vec![0; self.weights.len()], packed, calibration, keep: 0 }
    }

    /// Whether a layer is worth asking about.
    pub(super) fn matters(&self, layer: usize) -> bool {
        let all: usize = self.weights.iter().sum();
        self.weights.get(layer).is_some_and(|&weights| weights as f64 >= SMALL * all as f64)
    }

    /// 8 bits, and then each layer alone in each other way.
    pub(super) fn asks(&self, packed: bool, calibration: usize) -> Vec<Plan> {
        let whole = self.whole(packed, calibration);
        let mut asks = vec![whole.clone()];
        for layer in (0..self.weights.len()).filter(|&layer| self.matters(layer)) {
            for treatment in 1..self.treatments(packed).len() {
                asks.push(whole.with(layer, treatment));
            }
        }
        asks
    }

    /// The recipe that a plan means.
    ///
    /// ```
    /// use milliwatt::compress::recipe::SlimTarget;
    /// use milliwatt::compress::search::{Budgets, Explorer, Next, Space};
    /// let space = Space { weights: vec![640, 4096], is_integer: false, target: SlimTarget::Tflm };
    /// let search = Explorer::new(space, Budgets { most: [Some(9000.0), None, None], keeps: 0.9 }, 20, 1);
    /// let Some(Next::Try(plan)) = search.next() else { panic!("a search begins by trying") };
    /// let recipe = search.space().recipe(&plan);
    /// assert_eq!(recipe.steps.len(), 3, "quantized, slim and packed");
    /// ```
    pub fn recipe(&self, plan: &Plan) -> Recipe {
        let treatments = self.treatments(plan.packed);
        let all: Vec<Treatment> = plan.layers.iter().map(|&at| treatments.get(at).copied().unwrap_or(EIGHT)).collect();
        let mut steps = Vec::new();
        if plan.keep > 0 {
            let keep = KEEPS.get(plan.keep).copied().unwrap_or(1.0);
            // Integer weights cannot make up for what goes.
            let fitted = if self.is_integer { ChannelsOptions::default() } else { ChannelsOptions::fitted() };
            steps.push(Step::Channels(ChannelsOptions { keep, ..fitted }));
        }
        if all.iter().any(|treatment| treatment.sparsity > 0.0) {
            let layers = all.iter().map(|treatment| treatment.sparsity).collect();
            steps.push(Step::Prune(PruneOptions { layers, ..PruneOptions::default() }));
        }
        if !self.is_integer {
            let (scheme, equalized) = VARIANTS.get(plan.calibration / CALIBRATIONS.len()).copied().unwrap_or_default();
            if let Some(by) = equalized {
                steps.push(Step::Equalize(EqualizeOptions { by, ..EqualizeOptions::default() }));
            }
            // One number says it where all layers have the same bits.
            let same = all.windows(2).all(|pair| pair[0].bits == pair[1].bits);
            steps.push(Step::Quantize(QuantizeOptions {
                scheme,
                calibration: CALIBRATIONS.get(plan.calibration % CALIBRATIONS.len()).copied().unwrap_or_default(),
                weight_bits: if same { all.first().map_or(8, |first| first.bits) } else { 8 },
                rounding: Rounding::Compensated,
                layers: if same { vec![] } else { all.iter().map(|treatment| treatment.bits).collect() },
                ..QuantizeOptions::default()
            }));
        }
        if all.iter().any(|treatment| treatment.values > 0) {
            let layers = all.iter().map(|treatment| treatment.values).collect();
            let tables = Tables::PerChannel;
            steps.push(Step::Codebook(CodebookOptions { tables, layers, ..CodebookOptions::default() }));
        }
        steps.push(Step::Slim(SlimOptions { target: self.target }));
        if plan.packed {
            steps.push(Step::Pack(PackOptions::default()));
        }
        Recipe::of(steps)
    }
}

impl Plan {
    /// The same with another treatment of one layer.
    pub(super) fn with(&self, layer: usize, treatment: usize) -> Self {
        let mut plan = self.clone();
        plan.layers[layer] = treatment;
        plan
    }
}
