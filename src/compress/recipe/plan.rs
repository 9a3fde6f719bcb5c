//! How a network is to be trained: plain data, written as JSON into recipes and links.

use serde::{Deserialize, Serialize};

pub use super::prune::PruneBy;
use super::{Granularity, PruneScope};
use crate::error::{Error, Result};
use crate::json;

/// What training makes small.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Loss {
    /// The mean of the squared differences: for networks that give a signal.
    MeanSquaredError,
    /// The same from the network's own input: for autoencoders, which need no targets.
    Reconstruction,
    /// `-sum(target * ln(softmax(output)))`: for networks with one output for each class; targets are probabilities.
    CrossEntropy,
    /// `-sum(target * ln(logistic(output)) + (1 - target) * ln(1 - logistic(output)))`: for questions that are answered
    /// yes or no each for itself.
    BinaryCrossEntropy,
}

/// Left out of what is written, so that recipes stay short.
fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl Loss {
    fn is_usual(&self) -> bool {
        *self == Self::CrossEntropy
    }
}

/// Everything that decides how a training goes; together with the model and the data it names the result, bit for bit.
///
/// ```
/// use milliwatt::train::Plan;
/// let plan = Plan::from_json(r#"{"epochs":5,"quantization":{"weight_bits":4}}"#).unwrap();
/// assert_eq!((plan.epochs, plan.batch), (5, 0), "a batch of 0 follows from the data");
/// assert!(Plan::from_json(r#"{"epoch":5}"#).is_err());
/// ```
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default = "Plan::automatic")]
pub struct Plan {
    /// What is made small.
    #[serde(skip_serializing_if = "Loss::is_usual")]
    pub loss: Loss,
    /// How often every example is seen; 0 follows from the data ([`Plan::for_examples`]).
    pub epochs: usize,
    /// Examples in one step; 0 follows from the data.
    pub batch: usize,
    /// Parts of a batch that are run each by itself, so that as many workers can share a step; their gradients are added up,
    /// whoever computed them.
    pub parts: usize,
    /// The step size at its highest.
    pub learning_rate: f64,
    /// How the step size changes.
    pub schedule: Schedule,
    /// Steps over which the step size rises from 0 at the start.
    #[serde(skip_serializing_if = "is_default")]
    pub warm_up: usize,
    /// How weights move.
    pub optimiser: Method,
    /// Share of every weight that is taken away in each step, per unit of step size; biases are left alone.
    pub weight_decay: f64,
    /// Share of the certainty of a class that is spread over all classes.
    pub label_smoothing: f64,
    /// Examples are mixed in pairs, by shares from the distribution Beta(mixup, mixup); 0 mixes none.
    pub mixup: f64,
    /// The gradient is shortened to this length where it is longer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub clip_norm: Option<f64>,
    /// The network is judged and kept with an average of its weights, of which this share stays in each step.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub average: Option<f64>,
    /// Stop when the validation examples get no better.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub early_stopping: Option<EarlyStopping>,
    /// Batch normalization behind every convolution while it learns: for networks that start from nothing.
    pub batch_norm: bool,
    /// Only so many of the last layers with weights learn; 0 for all.
    pub last_layers: usize,
    /// Names the order of the examples, and everything else that chance decides.
    pub seed: u64,
    /// Train for integers.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub quantization: Option<Quantization>,
    /// Set weights to zero while it learns.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pruning: Option<Pruning>,
    /// Learn from a teacher.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub distillation: Option<Distillation>,
}

impl Default for Plan {
    fn default() -> Self {
        Self {
            loss: Loss::CrossEntropy,
            epochs: 10,
            batch: 32,
            parts: 2,
            learning_rate: 1e-3,
            schedule: Schedule::Cosine,
            warm_up: 0,
            optimiser: Method::Adam,
            weight_decay: 0.0,
            label_smoothing: 0.0,
            mixup: 0.0,
            clip_norm: None,
            average: None,
            early_stopping: None,
            batch_norm: false,
            last_layers: 0,
            seed: 1,
            quantization: None,
            pruning: None,
            distillation: None,
        }
    }
}

/// How the step size changes from the first step to the last.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Schedule {
    /// Not at all.
    Constant,
    /// Along half a cosine to 0.
    Cosine,
    /// Multiplied by a factor each time that a number of epochs has passed.
    Step {
        /// Epochs between the drops.
        epochs: usize,
        /// What the step size is multiplied with.
        factor: f64,
    },
}

impl Schedule {
    /// The share of the highest step size at step `done` of `total`, of which `steps` make an epoch.
    ///
    /// ```
    /// use milliwatt::train::plan::Schedule;
    /// assert_eq!(Schedule::Cosine.factor(50, 100, 10, 0), 0.5);
    /// assert_eq!(Schedule::Step { epochs: 2, factor: 0.1 }.factor(25, 100, 10, 0), 0.1);
    /// assert_eq!(Schedule::Constant.factor(1, 100, 10, 4), 0.5);
    /// ```
    pub fn factor(self, done: usize, total: usize, steps: usize, warm_up: usize) -> f64 {
        let factor = match self {
            Self::Constant => 1.0,
            Self::Cosine => {
                let part = done as f64 / total.max(1) as f64;
                0.5 * (1.0 + libm::cos(std::f64::consts::PI * part))
            }
            Self::Step { epochs, factor } => {
                let drops = done / (epochs.max(1) * steps.max(1));
                (0..drops).fold(1.0, |product, _| product * factor)
            }
        };
        if done < warm_up { factor * (done + 1) as f64 / warm_up as f64 } else { factor }
    }
}

/// How weights move.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Method {
    /// Against the gradient, with the momentum of earlier steps.
    Sgd {
        /// Share of the last movement that goes on.
        #[serde(default)]
        momentum: f64,
        /// Look ahead along the momentum (Nesterov).
        #[serde(default)]
        nesterov: bool,
    },
    /// In steps of a size of its own for every weight; weight decay is part of the gradient.
    Adam,
    /// The same, with weight decay beside the gradient.
    AdamW,
}

/// When to stop before the last epoch.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct EarlyStopping {
    /// Epochs without progress that are waited for.
    pub patience: usize,
    /// How much smaller the validation loss must be to count as progress.
    #[serde(default)]
    pub least: f64,
}

/// Training for integers: forward, numbers are rounded as the integer model will round them; backward, the rounding is
/// passed over.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct Quantization {
    /// How the steps between levels are found.
    pub method: Steps,
    /// Bits of weights, 2 to 8; they are stored in 8.
    pub weight_bits: u32,
    /// Bits of activations that are never negative, 2 to 8; the others have 8.
    pub activation_bits: u32,
    /// One step size for each output channel of a convolution, or one for each layer.
    #[serde(skip_serializing_if = "is_default")]
    pub granularity: Granularity,
    /// The epoch in which the rounding begins.
    pub begin_epoch: usize,
    /// Keep float inputs and outputs in the integer model.
    #[serde(skip_serializing_if = "is_default")]
    pub float_io: bool,
}

impl Default for Quantization {
    fn default() -> Self {
        Self {
            method: Steps::MovingAverage,
            weight_bits: 8,
            activation_bits: 8,
            granularity: Granularity::PerChannel,
            begin_epoch: 0,
            float_io: false,
        }
    }
}

/// How the steps between the levels of quantized numbers are found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Steps {
    /// From the smallest and largest numbers seen.
    MinMax,
    /// From an average of the smallest and largest numbers of each batch.
    MovingAverage,
    /// They learn (LSQ), those of weights and of activations.
    Lsq,
    /// Those of activations learn where to clip (PACT); those of weights follow the largest weight.
    Pact,
}

/// Pruning while it learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct Pruning {
    /// Which weights fall together.
    pub pattern: Pattern,
    /// Share of the weights (of the filters) that is zero at the end; [`Pattern::NOfM`] says it itself.
    pub sparsity: f64,
    /// Where the smallest weights are sought.
    #[serde(skip_serializing_if = "is_default")]
    pub scope: PruneScope,
    /// What makes a weight small.
    #[serde(skip_serializing_if = "is_default")]
    pub by: PruneBy,
    /// Share of the training after which it begins, 0 to 1.
    #[serde(skip_serializing_if = "is_default")]
    pub begin: f64,
    /// Share of the training after which nothing more falls; equal to `begin`, all falls at once.
    pub end: f64,
    /// Steps between two cuts.
    pub every: usize,
    /// Share of the living weights that is exchanged at each cut for dead ones with a large gradient, falling to 0.
    pub regrowth: f64,
}

impl Default for Pruning {
    fn default() -> Self {
        let (pattern, scope, by) = (Pattern::Unstructured, PruneScope::PerLayer, PruneBy::Magnitude);
        Self { pattern, sparsity: 0.5, scope, by, begin: 0.0, end: 0.5, every: 10, regrowth: 0.0 }
    }
}

impl Pruning {
    /// Whether any weight falls that had not fallen before.
    pub fn takes_weights(&self) -> bool {
        self.sparsity > 0.0 || matches!(self.pattern, Pattern::NOfM { .. })
    }
}

/// Which weights fall together.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum Pattern {
    /// Each for itself.
    Unstructured,
    /// At most `n` of each `m` neighbours in a row of weights stay; depthwise filters and rows that are no whole groups
    /// are left alone.
    NOfM {
        /// Weights that stay.
        n: usize,
        /// Weights in a group.
        m: usize,
    },
    /// Whole filters of convolutions and neurons, those of the smallest norm; the last layer is left alone.
    Filters,
}

/// Learning from a teacher.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct Distillation {
    /// Share of the teacher in the loss; the labels have the rest. Without labels it is 1.
    pub share: f64,
    /// How soft the teacher's answers are made.
    pub temperature: f64,
    /// Activations of the student that should resemble activations of the teacher.
    #[serde(skip_serializing_if = "is_default")]
    pub hints: Vec<Hint>,
    /// The weight of the hints in the loss.
    pub hint_weight: f64,
}

impl Default for Distillation {
    fn default() -> Self {
        Self { share: 0.7, temperature: 4.0, hints: Vec::new(), hint_weight: 0.0 }
    }
}

/// Two layers that should give the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Hint {
    /// The node of the student whose output learns, counted after folding.
    pub student: usize,
    /// The node of the teacher whose output is the example, counted after folding.
    pub teacher: usize,
}

/// Steps that an epoch has at least, where the batch follows from the data.
const STEPS_OF_AN_EPOCH: usize = 16;
/// The largest batch that follows from the data, and the smallest.
const BATCHES: [usize; 2] = [32, 4];
/// Steps of a whole training, where the epochs follow from the data.
const STEPS: usize = 1000;
/// The fewest and the most epochs that follow from the data.
const EPOCHS: [usize; 2] = [10, 60];

impl Plan {
    /// The plan of recipes that do not say how long: epochs and batch follow from the data.
    pub fn automatic() -> Self {
        Self { epochs: 0, batch: 0, ..Self::default() }
    }

    /// The plan with everything filled in that follows from the number of training examples.
    ///
    /// The batch is 32 where that leaves an epoch 16 steps, and smaller otherwise, down to 4. The epochs make about 1,000 steps,
    /// at least 10 and at most 60 epochs; training then ends when the validation loss has not fallen for a fifth of them.
    ///
    /// ```
    /// use milliwatt::train::Plan;
    /// let plan = Plan::automatic().for_examples(280);
    /// assert_eq!((plan.epochs, plan.batch), (60, 17));
    /// let given = Plan { epochs: 3, batch: 8, ..Plan::automatic() };
    /// assert_eq!(given.for_examples(280), given);
    /// ```
    pub fn for_examples(&self, examples: usize) -> Self {
        let mut plan = self.clone();
        if plan.batch == 0 {
            plan.batch = (examples / STEPS_OF_AN_EPOCH).clamp(BATCHES[1], BATCHES[0]).min(examples.max(1));
        }
        if plan.epochs == 0 {
            plan.epochs = STEPS.div_ceil((examples / plan.batch).max(1)).clamp(EPOCHS[0], EPOCHS[1]);
            let patience = plan.epochs.div_ceil(5);
            plan.early_stopping = plan.early_stopping.or(Some(EarlyStopping { patience, least: 0.0 }));
        }
        plan
    }

    /// Reads a plan; what is not given has its default.
    ///
    /// # Errors
    /// `Parameter` for text that is not a plan, names an unknown option or has a value out of range.
    pub fn from_json(text: &str) -> Result<Self> {
        let plan: Self = serde_json::from_str(text)
            .map_err(|error| Error::parameter(format!("this is not a plan that Milliwatt can read: {error}")))?;
        plan.check()?;
        Ok(plan)
    }

    /// Writes the plan as compact JSON.
    pub fn to_json(&self) -> String {
        json::text(self)
    }

    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        let share = |name: &str, value: f64| within(name, value, 0.0, 1.0);
        within("learning_rate", self.learning_rate, 0.0, 1e3)?;
        within("parts", self.parts as f64, 1.0, 64.0)?;
        within("weight_decay", self.weight_decay, 0.0, 1e3)?;
        share("label_smoothing", self.label_smoothing)?;
        share("mixup", self.mixup)?;
        within("clip_norm", self.clip_norm.unwrap_or(1.0), f64::MIN_POSITIVE, f64::MAX)?;
        share("average", self.average.unwrap_or(0.0))?;
        if let Method::Sgd { momentum, .. } = self.optimiser {
            share("momentum", momentum)?;
        }
        if let Some(quantization) = &self.quantization {
            for (name, bits) in
                [("weight_bits", quantization.weight_bits), ("activation_bits", quantization.activation_bits)]
            {
                within(name, bits.into(), 2.0, 8.0)?;
            }
        }
        if let Some(pruning) = &self.pruning {
            share("sparsity", pruning.sparsity)?;
            share("begin", pruning.begin)?;
            within("end", pruning.end, pruning.begin, 1.0)?;
            share("regrowth", pruning.regrowth)?;
            if let Pattern::NOfM { n, m } = pruning.pattern
                && (n > m || m == 0)
            {
                return Err(Error::parameter(format!("{n} of {m} weights cannot stay")));
            }
        }
        if let Some(distillation) = &self.distillation {
            share("share", distillation.share)?;
            within("temperature", distillation.temperature, 1e-3, 1e3)?;
            within("hint_weight", distillation.hint_weight, 0.0, 1e6)?;
        }
        Ok(())
    }
}

fn within(name: &str, value: f64, low: f64, high: f64) -> Result<()> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(Error::parameter(format!("{name} {value} is not between {low} and {high}")))
}
