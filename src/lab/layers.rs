//! Layer by layer: which node of the original a candidate's node stands for, and how far their outputs part.

use std::collections::BTreeMap;

use crate::error::Result;
use crate::exec::{Executor, Options};
use crate::metrics::SignalNoise;
use crate::model::{Model, NodeId, ValueId};
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

/// Signal and noise of each node's first output against the original's, summed over `samples`.
///
/// Each sample holds the inputs of the original and those of the candidate.
///
/// # Errors
/// Those of running either model.
pub fn signal_noise(
    original: &Model,
    candidate: &Model,
    samples: &[(Vec<Tensor>, Vec<Tensor>)],
) -> Result<Vec<Option<SignalNoise>>> {
    let matches = matching_values(original, candidate);
    let wanted: Vec<Option<ValueId>> =
        candidate.nodes.iter().map(|node| node.outputs.first().and_then(|&output| matches[output])).collect();
    let mut totals: Vec<Option<SignalNoise>> =
        wanted.iter().map(|found| found.map(|_| SignalNoise::default())).collect();
    let (mut run_original, mut run_candidate) =
        (Executor::new(original, Options::default())?, Executor::new(candidate, Options::default())?);
    for (original_inputs, candidate_inputs) in samples {
        let mut truths: BTreeMap<ValueId, Vec<f32>> = BTreeMap::new();
        run_original.run_tapped(original_inputs, &mut |value, view| {
            if wanted.contains(&Some(value)) {
                truths.insert(value, view.to_f32(original.values[value].quantization.as_ref()));
            }
        })?;
        run_candidate.run_tapped(candidate_inputs, &mut |value, view| {
            let node = candidate.nodes.iter().position(|node| node.outputs.first() == Some(&value));
            if let Some(node) = node
                && let (Some(total), Some(truth)) = (&mut totals[node], wanted[node].and_then(|id| truths.get(&id)))
            {
                total.add(truth, &view.to_f32(candidate.values[value].quantization.as_ref()));
            }
        })?;
    }
    Ok(totals)
}
