//! The step that trains: which network, on what, and how.

use serde::{Deserialize, Serialize};

use super::Plan;
use crate::error::{Error, Result};

/// Options of training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct Training {
    /// The network that learns.
    pub network: Network,
    /// The names of the outputs; where they are not those of the model, the network gets a new last layer. Without names
    /// they are the model's own, or the labels of the examples where those fit no output.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub classes: Vec<String>,
    /// How often every clip is learned from once more: shifted in time, louder or quieter, with noise.
    pub copies: usize,
    /// The teacher, where it is another than the open model.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub teacher: Option<Teacher>,
    /// How it learns.
    pub plan: Plan,
    /// What was changed by hand while it ran.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub changes: Vec<Change>,
    /// The step after which it was stopped and kept by hand.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stop: Option<usize>,
}

impl Default for Training {
    fn default() -> Self {
        Self {
            network: Network::default(),
            classes: Vec::new(),
            copies: 0,
            teacher: None,
            plan: Plan::automatic(),
            changes: Vec::new(),
            stop: None,
        }
    }
}

/// A teacher from another file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Teacher {
    /// The name of its file.
    pub name: String,
    /// SHA-256 of the file, in hexadecimal: any other file is another teacher.
    pub sha256: String,
}

/// The network that learns.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields, default)]
pub struct Network {
    /// Which.
    pub kind: NetworkKind,
    /// What the channels of a network of the shelf are multiplied with.
    pub width: f64,
}

impl Default for Network {
    fn default() -> Self {
        Self { kind: NetworkKind::Same, width: 1.0 }
    }
}

/// Which network learns.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum NetworkKind {
    /// The one that the steps before made, with its weights.
    Same,
    /// MLPerf Tiny's keyword spotter, from nothing.
    DsCnn,
    /// MLPerf Tiny's image classifier, from nothing.
    ResNet8,
    /// MLPerf Tiny's person detector, from nothing.
    MobileNet,
    /// MLPerf Tiny's anomaly detector, from nothing.
    Autoencoder,
    /// Two convolutions and a classifier, from nothing.
    SmallConvolution,
    /// One hidden layer, from nothing.
    Perceptron,
}

/// What was changed by hand while a training ran.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(deny_unknown_fields)]
pub struct Change {
    /// Steps that were done before.
    pub after: usize,
    /// The step size at its highest from then on.
    pub learning_rate: f64,
}

impl Training {
    /// Refuses values out of range.
    ///
    /// # Errors
    /// `Parameter` naming the option.
    pub fn check(&self) -> Result<()> {
        self.plan.check()?;
        if !(self.network.width > 0.0 && self.network.width <= 16.0) {
            return Err(Error::parameter(format!("width {} is not between 0 and 16", self.network.width)));
        }
        if self.copies > 64 {
            return Err(Error::parameter(format!("{} copies of every clip are more than 64", self.copies)));
        }
        if let Some(teacher) = &self.teacher {
            if self.plan.distillation.is_none() {
                return Err(Error::parameter(format!(
                    "{} is named as the teacher, but the plan does not learn from one",
                    teacher.name
                )));
            }
            if teacher.sha256.len() != 64 || !teacher.sha256.bytes().all(|digit| digit.is_ascii_hexdigit()) {
                return Err(Error::parameter("a teacher's sha256 has 64 hexadecimal digits"));
            }
        }
        let steps = self.changes.iter().map(|change| change.after);
        if !steps.is_sorted() {
            return Err(Error::parameter("the changes of a training are not in the order of its steps"));
        }
        Ok(())
    }
}
