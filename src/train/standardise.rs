//! Training on numbers around 0 of size 1, and a model that takes the original ones.
//!
//! Log-mel energies lie around -40 dB and vary by ten: a network learns them slowly. It is trained on `(x - mean) /
//! deviation` instead, and the affine map is then folded into the first and last layer's weights, exactly.

use super::parameters::Parameters;
use crate::error::{Error, Result};
use crate::model::op::Activation;
use crate::model::{Model, Node, Op};

/// The map from original numbers to those the network is trained on.
#[derive(Debug, Clone, PartialEq)]
pub struct Standardisation {
    /// The mean of each feature.
    pub mean: Vec<f32>,
    /// One deviation for all features: their own would scale the columns of the first layer apart, which costs int8
    /// weights their precision.
    pub deviation: f32,
}

impl Standardisation {
    /// The means and the deviation of examples.
    ///
    /// *Shapes*: `examples` is `[n, features]`.
    ///
    /// # Errors
    /// `Parameter` when the examples do not fill rows, `Numeric` when they do not vary.
    pub fn of(examples: &[f32], features: usize) -> Result<Self> {
        if features == 0 || examples.is_empty() || !examples.len().is_multiple_of(features) {
            return Err(Error::parameter(format!("{} numbers do not fill rows of {features}", examples.len())));
        }
        let rows = (examples.len() / features) as f64;
        let mut sums = vec![0f64; features];
        for row in examples.chunks_exact(features) {
            sums.iter_mut().zip(row).for_each(|(sum, &x)| *sum += f64::from(x));
        }
        let mean: Vec<f32> = sums.iter().map(|sum| (sum / rows) as f32).collect();
        let mut square = 0f64;
        for row in examples.chunks_exact(features) {
            square += row.iter().zip(&mean).map(|(x, mean)| f64::from(x - mean) * f64::from(x - mean)).sum::<f64>();
        }
        let deviation = (square / examples.len() as f64).sqrt() as f32;
        if !(deviation.is_finite() && deviation > 0.0) {
            return Err(Error::numeric(format!("the examples vary by {deviation}: there is nothing to learn")));
        }
        Ok(Self { mean, deviation })
    }

    /// The examples as the network is trained on them.
    pub fn apply(&self, examples: &[f32]) -> Vec<f32> {
        let row = |row: &[f32]| row.iter().zip(&self.mean).map(|(x, mean)| (x - mean) / self.deviation).collect();
        examples.chunks_exact(self.mean.len().max(1)).flat_map(|examples| -> Vec<f32> { row(examples) }).collect()
    }

    /// The autoencoder that takes and gives original numbers, from the one trained on standardised ones.
    ///
    /// # Errors
    /// `Unsupported` when the model does not begin and end with FULLY_CONNECTED, both with a bias, and no activation
    /// on the last.
    pub fn fold_into(&self, model: &Model) -> Result<Model> {
        let mut parameters = Parameters::of(model)?;
        let (Some(first), Some(last)) = (model.nodes.first(), model.nodes.last()) else {
            return Err(Error::parameter("the model has no nodes"));
        };
        self.fold_input(first, &mut parameters)?;
        self.fold_output(last, &mut parameters)?;
        Ok(parameters.put_into(model))
    }

    /// `w (x - mean) / deviation + b` is `w' x + b'`.
    fn fold_input(&self, node: &Node, parameters: &mut Parameters) -> Result<()> {
        let (weights, bias) = dense(node)?;
        let mut shift = Vec::new();
        let rows = parameters.get_mut(weights).ok_or_else(not_dense)?.chunks_exact_mut(self.mean.len().max(1));
        for row in rows {
            row.iter_mut().for_each(|weight| *weight /= self.deviation);
            shift.push(row.iter().zip(&self.mean).map(|(w, mean)| f64::from(*w) * f64::from(*mean)).sum::<f64>());
        }
        let bias = parameters.get_mut(bias).ok_or_else(not_dense)?;
        bias.iter_mut().zip(shift).for_each(|(bias, shift)| *bias = (f64::from(*bias) - shift) as f32);
        Ok(())
    }

    /// `deviation (w x + b) + mean` is `w' x + b'`.
    fn fold_output(&self, node: &Node, parameters: &mut Parameters) -> Result<()> {
        let (weights, bias) = dense(node)?;
        if node.op.activation() != Some(Activation::None) {
            return Err(Error::unsupported("the last layer has an activation, so its scale cannot be folded"));
        }
        parameters.get_mut(weights).ok_or_else(not_dense)?.iter_mut().for_each(|weight| *weight *= self.deviation);
        let bias = parameters.get_mut(bias).ok_or_else(not_dense)?;
        bias.iter_mut().zip(&self.mean).for_each(|(bias, mean)| *bias = *bias * self.deviation + mean);
        Ok(())
    }
}

/// The weights and bias of a fully connected node.
fn dense(node: &Node) -> Result<(usize, usize)> {
    match (&node.op, node.input(1), node.input(2)) {
        (Op::FullyConnected(_), Some(weights), Some(bias)) => Ok((weights, bias)),
        _ => Err(not_dense()),
    }
}

fn not_dense() -> Error {
    Error::unsupported("only a model that begins and ends with FULLY_CONNECTED with a bias can take the scale in")
}
