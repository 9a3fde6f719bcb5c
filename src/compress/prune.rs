//! Magnitude pruning: the smallest weights become zero.
//!
//! *Source*: S. Han, J. Pool, J. Tran, W. J. Dally, "Learning both Weights and Connections for Efficient Neural
//! Networks", arXiv 1506.02626. Biases are left alone: they are few and matter more.

use crate::compress::recipe::{PruneOptions, PruneScope};
use crate::error::{Error, Result};
use crate::model::{Model, ValueId};
use crate::tensor::DType;

/// A copy of the model in which the share `options.sparsity` of the weights is zero.
///
/// Exactly `round(sparsity * n)` weights are cleared, the smallest by real magnitude first, equal ones in the order of
/// the file; weights that are zero already count among them.
///
/// # Errors
/// `Unsupported` for weights that are neither `float32` nor `int8`.
pub fn prune(model: &Model, options: &PruneOptions) -> Result<Model> {
    let weights = weight_values(model);
    let mut pruned = model.clone();
    match options.scope {
        PruneScope::PerLayer => {
            for &value in &weights {
                clear_smallest(&mut pruned, &[value], options.sparsity)?;
            }
        }
        PruneScope::Global => clear_smallest(&mut pruned, &weights, options.sparsity)?,
    }
    Ok(pruned)
}

/// The constants that are weights of some node, each once, in the order of the nodes.
pub fn weight_values(model: &Model) -> Vec<ValueId> {
    let mut found = Vec::new();
    for node in &model.nodes {
        let weights = node.op.weights_input().and_then(|position| node.input(position));
        if let Some(value) = weights
            && model.values.get(value).is_some_and(|value| value.is_constant())
            && !found.contains(&value)
        {
            found.push(value);
        }
    }
    found
}

/// Sorts weights `(magnitude, value, index)` and returns how many, from the first, make up the share `sparsity`; equal
/// ones stand in the order of the file.
pub fn smallest(magnitudes: &mut [(f32, ValueId, usize)], sparsity: f64) -> usize {
    magnitudes.sort_unstable_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)).then(a.2.cmp(&b.2)));
    libm::round(magnitudes.len() as f64 * sparsity) as usize
}

fn clear_smallest(model: &mut Model, values: &[ValueId], sparsity: f64) -> Result<()> {
    let mut magnitudes: Vec<(f32, usize, usize)> = Vec::new();
    for &id in values {
        let value = &model.values[id];
        if !matches!(value.dtype, DType::Float32 | DType::Int8) {
            return Err(Error::unsupported(format!(
                "weights of type {} cannot be pruned, only float32 and int8 ones: {:?}",
                value.dtype, value.name
            )));
        }
        if value.quantization.as_ref().is_some_and(|scale| scale.zero_point.iter().any(|&zero_point| zero_point != 0)) {
            return Err(Error::unsupported(format!(
                "weights with a zero point other than 0 cannot be pruned: {:?}",
                value.name
            )));
        }
        let reals = value.dequantized()?;
        magnitudes.extend(reals.iter().enumerate().map(|(index, real)| (real.abs(), id, index)));
    }
    let cleared = smallest(&mut magnitudes, sparsity);
    for &id in values {
        let value = &mut model.values[id];
        let width = value.dtype.bytes_for(1).unwrap_or(1);
        let mut bytes = value.data.as_deref().unwrap_or_default().to_vec();
        for &(_, _, index) in magnitudes[..cleared].iter().filter(|(_, owner, _)| *owner == id) {
            // Both 0.0 and a symmetric int8 zero are all-zero bytes.
            bytes[index * width..(index + 1) * width].fill(0);
        }
        value.data = Some(bytes.into());
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::op::{FullyConnected, Op};
    use crate::model::{Node, Value};

    fn two_layers() -> Model {
        let mut model = Model::default();
        let input = model.add_value(Value::activation("in", DType::Float32, &[1, 2]));
        let first = model.add_value(Value::float_constant("w1", &[2, 2], &[1.0, -2.0, 3.0, -4.0]));
        let middle = model.add_value(Value::activation("mid", DType::Float32, &[1, 2]));
        let second = model.add_value(Value::float_constant("w2", &[2, 2], &[0.1, 0.2, 0.3, 0.4]));
        let output = model.add_value(Value::activation("out", DType::Float32, &[1, 2]));
        let dense = || Op::FullyConnected(FullyConnected::default());
        model.nodes =
            vec![Node::new(dense(), &[input, first], &[middle]), Node::new(dense(), &[middle, second], &[output])];
        (model.inputs, model.outputs) = (vec![input], vec![output]);
        model
    }

    fn weights(model: &Model) -> Vec<Vec<f32>> {
        weight_values(model).iter().map(|&id| model.values[id].dequantized().unwrap()).collect()
    }

    #[test]
    fn per_layer_pruning_takes_the_same_share_of_each_layer() {
        let pruned = prune(&two_layers(), &PruneOptions { sparsity: 0.5, scope: PruneScope::PerLayer }).unwrap();
        assert_eq!(weights(&pruned), [[0.0, 0.0, 3.0, -4.0], [0.0, 0.0, 0.3, 0.4]]);
    }

    #[test]
    fn global_pruning_takes_the_layer_with_small_weights() {
        let pruned = prune(&two_layers(), &PruneOptions { sparsity: 0.5, scope: PruneScope::Global }).unwrap();
        assert_eq!(weights(&pruned), [[1.0, -2.0, 3.0, -4.0], [0.0, 0.0, 0.0, 0.0]]);
    }

    #[test]
    fn no_sparsity_changes_nothing() {
        let pruned = prune(&two_layers(), &PruneOptions { sparsity: 0.0, scope: PruneScope::Global }).unwrap();
        assert_eq!(pruned, two_layers());
    }
}
