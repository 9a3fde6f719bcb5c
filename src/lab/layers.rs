//! Layer by layer: which node of the original a candidate's node stands for, and how far their outputs part.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::exec::{Data, Executor, Options, View};
use crate::metrics::SignalNoise;
use crate::model::{Model, NodeId, ValueId};
use crate::quant::Quantization;
use crate::tensor::Tensor;

/// For each value of the candidate the value of the original with the same name and number of elements.
///
/// Transforms keep the names of what they keep; a name that occurs twice matches nothing.
pub fn matching_values(original: &Model, candidate: &Model) -> Vec<Option<ValueId>> {
    let mut by_name: BTreeMap<&str, Option<ValueId>> = BTreeMap::new();
    for (id, value) in original.values.iter().enumerate().filter(|(_, value)| !value.name.is_empty()) {
        by_name.entry(&value.name).and_modify(|known| *known = None).or_insert(Some(id));
    }
    let same_size = |id: &ValueId, elements: usize| original.values[*id].elements() == elements;
    candidate
        .values
        .iter()
        .map(|value| by_name.get(value.name.as_str()).copied().flatten().filter(|id| same_size(id, value.elements())))
        .collect()
}

/// For each node of the candidate the node of the original that computes the same output.
pub fn matching_nodes(original: &Model, candidate: &Model) -> Vec<Option<NodeId>> {
    let values = matching_values(original, candidate);
    let of_output = |output: &ValueId| values[*output].and_then(|value| original.producer(value));
    candidate.nodes.iter().map(|node| node.outputs.first().and_then(of_output)).collect()
}

/// How far a node's output is from the original's.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Distance {
    /// Signal and noise, summed over the samples.
    pub ratio: SignalNoise,
    /// Whether every number was the same. Integers are compared as integers: a float holds 24 bits of one.
    pub identical: bool,
}

/// How far each node's first output is from the original's, over `samples`.
///
/// Each sample holds the inputs of the original and those of the candidate.
///
/// # Errors
/// Those of running either model.
pub fn distances(
    original: &Model,
    candidate: &Model,
    samples: &[(Vec<Tensor>, Vec<Tensor>)],
) -> Result<Vec<Option<Distance>>> {
    let matches = matching_values(original, candidate);
    let wanted: Vec<Option<ValueId>> =
        candidate.nodes.iter().map(|node| node.outputs.first().and_then(|&output| matches[output])).collect();
    let start = Distance { ratio: SignalNoise::default(), identical: true };
    let mut totals: Vec<Option<Distance>> = wanted.iter().map(|found| found.map(|_| start)).collect();
    let (mut run_original, mut run_candidate) =
        (Executor::new(original, Options::default())?, Executor::new(candidate, Options::default())?);
    for (original_inputs, candidate_inputs) in samples {
        let mut truths: BTreeMap<ValueId, (Vec<f32>, Option<Vec<u8>>)> = BTreeMap::new();
        run_original.run_tapped(original_inputs, &mut |value, view| {
            if wanted.contains(&Some(value)) {
                let quantization = original.values[value].quantization.as_ref();
                truths.insert(value, (view.to_f32(quantization), whole(view, quantization)));
            }
        })?;
        run_candidate.run_tapped(candidate_inputs, &mut |value, view| {
            let node = candidate.nodes.iter().position(|node| node.outputs.first() == Some(&value));
            if let Some(node) = node
                && let (Some(total), Some((truth, exact))) =
                    (&mut totals[node], wanted[node].and_then(|id| truths.get(&id)))
            {
                let quantization = candidate.values[value].quantization.as_ref();
                let before = total.ratio.noise;
                total.ratio.add(truth, &view.to_f32(quantization));
                total.identical &= match (exact, whole(view, quantization)) {
                    (Some(exact), Some(found)) => *exact == found,
                    _ => total.ratio.noise == before,
                };
            }
        })?;
    }
    Ok(totals)
}

/// The bytes of integers without a scale, such as counts and indices, which have one meaning each.
fn whole(view: View, quantization: Option<&Quantization>) -> Option<Vec<u8>> {
    let is_whole = quantization.is_none() && matches!(view.data, Data::Int32(_) | Data::Int64(_));
    is_whole.then(|| view.bytes().to_vec())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_that_are_one_float_are_still_two_integers() {
        let view = |values| View { shape: &[1], data: Data::Int32(values) };
        assert_eq!(view(&[16_777_216]).to_f32(None), view(&[16_777_217]).to_f32(None));
        assert_ne!(whole(view(&[16_777_216]), None), whole(view(&[16_777_217]), None));
    }
}
