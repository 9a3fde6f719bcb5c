//! What is done to the network, and how it learns to live with it.

use milliwatt::compress::channels;
use milliwatt::compress::prune::prune;
use milliwatt::compress::recipe::{ChannelsOptions, PruneOptions, PruneScope};
use milliwatt::model::Model;
use milliwatt::train::Plan;
use milliwatt::train::architecture::{Architecture, Kind};
use milliwatt::train::plan::{Distillation, Pattern, Pruning, Quantization, Steps};

/// One row of the table.
pub struct Case {
    pub name: &'static str,
    /// How the network begins.
    pub start: Start,
    pub plan: Plan,
    /// Whether the network without training is worth a look.
    pub untrained: bool,
    /// Whether it learns from the clips in other rooms, too, and from what its teacher hears in synthetic words.
    pub more: bool,
}

#[derive(Clone, Copy, PartialEq)]
pub enum Start {
    /// As it came.
    Published,
    /// Half of its channels are gone.
    Thin,
    /// The same network at half its width, with random weights.
    Fresh,
}

impl Start {
    pub fn model(self, published: &Model, seed: u64) -> milliwatt::Result<Model> {
        match self {
            Self::Published => Ok(published.clone()),
            Self::Thin => {
                channels::remove(published, &ChannelsOptions { keep: 0.5, multiple: 8, ..ChannelsOptions::default() })
            }
            Self::Fresh => Architecture { width: 0.5, ..Architecture::of(Kind::DsCnn) }.build(seed),
        }
    }
}

/// The network as it came is the teacher: so few clips are soon known by heart, and it keeps the pupil from that.
fn taught() -> Plan {
    Plan {
        epochs: 3,
        batch: 32,
        parts: 1,
        learning_rate: 1e-3,
        mixup: 0.2,
        average: Some(0.99),
        distillation: Some(Distillation { share: 0.8, temperature: 2.0, ..Distillation::default() }),
        ..Plan::default()
    }
}

pub fn all() -> Vec<Case> {
    let pruned = |pattern, sparsity| {
        // Between layers whose activations are of one size, the size of a weight says what it matters.
        let scope = PruneScope::Global;
        Some(Pruning { pattern, sparsity, scope, end: 0.5, every: 5, ..Pruning::default() })
    };
    let fours = Quantization { weight_bits: 4, method: Steps::Lsq, ..Quantization::default() };
    let case = |name, start, plan| Case { name, start, plan, untrained: start != Start::Fresh, more: false };
    let alone = |plan: Plan| Plan { distillation: None, label_smoothing: 0.1, ..plan };
    // What has lost much falls silent in the first steps, unless a normalization behind every convolution wakes it.
    let with_norm = Plan { batch_norm: true, learning_rate: 2e-3, ..taught() };
    let from_nothing = Plan { epochs: 8, learning_rate: 3e-3, ..with_norm.clone() };
    let thin = Plan { epochs: 8, average: None, ..with_norm.clone() };
    let sparse =
        |pattern, sparsity| Plan { epochs: 16, mixup: 0.0, pruning: pruned(pattern, sparsity), ..thin.clone() };
    vec![
        case("float32, nothing taken away", Start::Published, Plan { learning_rate: 2e-4, epochs: 2, ..taught() }),
        case("80 % of the weights zero", Start::Published, sparse(Pattern::Unstructured, 0.8)),
        case("2 of 4 weights zero", Start::Published, sparse(Pattern::NOfM { n: 2, m: 4 }, 0.5)),
        case(
            "4-bit weights, 8-bit activations",
            Start::Published,
            Plan { quantization: Some(fours), learning_rate: 3e-4, epochs: 2, ..taught() },
        ),
        Case {
            more: true,
            // So much is not learned by heart: what it lacks is fit.
            ..case("half of the channels, more to hear", Start::Thin, Plan { epochs: 48, mixup: 0.0, ..thin.clone() })
        },
        case("half of the channels", Start::Thin, thin.clone()),
        case("half of the channels, labels alone", Start::Thin, alone(thin)),
        case("half-width student from nothing", Start::Fresh, from_nothing.clone()),
        case("half-width student from nothing, labels alone", Start::Fresh, alone(from_nothing)),
    ]
}

/// The same done to the model at once; `None` where that needs the trainer's rounding.
pub fn at_once(model: &Model, plan: &Plan) -> milliwatt::Result<Option<Model>> {
    match &plan.pruning {
        Some(Pruning { pattern: Pattern::Unstructured, sparsity, scope, .. }) => {
            prune(model, &PruneOptions { sparsity: *sparsity, scope: *scope, ..PruneOptions::default() }).map(Some)
        }
        None if plan.quantization.is_none() => Ok(Some(model.clone())),
        _ => Ok(None),
    }
}

/// The plan with steps of no length: all that happens is what it does besides learning.
pub fn still(plan: &Plan) -> Plan {
    Plan {
        epochs: 1,
        learning_rate: 0.0,
        mixup: 0.0,
        average: None,
        pruning: plan.pruning.map(|pruning| Pruning { begin: 0.0, end: 0.0, ..pruning }),
        quantization: plan.quantization.map(|quantization| Quantization { method: Steps::MinMax, ..quantization }),
        ..plan.clone()
    }
}
