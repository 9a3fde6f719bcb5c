//! The arena of a file with packed constants, in the terms of the model that does not show their decoders.

use std::collections::BTreeMap;

use super::{Buffer, Memory, Owner};
use crate::model::{Model, ValueId};
use crate::units::Bytes;

/// The memory of `file`, which was expanded from `model`: a decoder counts to the node that it unpacks for.
pub(super) fn as_shown(model: &Model, file: &Model, memory: Memory) -> Memory {
    let (mut shown, mut node_of) = (0, Vec::with_capacity(file.nodes.len()));
    let mut first_output: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    let mut value_of: BTreeMap<ValueId, ValueId> = BTreeMap::new();
    for node in &file.nodes {
        node_of.push(shown);
        if model.nodes.get(shown).is_some_and(|own| own.outputs == node.outputs) {
            shown += 1;
            continue;
        }
        // Further readers of one constant have outputs of their own, which the model knows by the first.
        for (pair, &output) in node.inputs.chunks(2).zip(&node.outputs) {
            if let Some(stream) = pair.first().copied().flatten() {
                value_of.insert(output, *first_output.entry(stream).or_insert(output));
            }
        }
    }
    let node = |of_file: usize| node_of.get(of_file).copied().unwrap_or_default();
    let mut live_bytes = vec![Bytes(0); model.nodes.len()];
    for (of_file, &bytes) in memory.live_bytes.iter().enumerate() {
        if let Some(live) = live_bytes.get_mut(node(of_file)) {
            live.0 = live.0.max(bytes.0);
        }
    }
    let buffers = memory.buffers.iter().map(|buffer| Buffer {
        owner: match buffer.owner {
            Owner::Value(id) => Owner::Value(value_of.get(&id).copied().unwrap_or(id)),
            Owner::Scratch { node: of_file, purpose } => Owner::Scratch { node: node(of_file), purpose },
        },
        first_node: node(buffer.first_node),
        last_node: node(buffer.last_node),
        ..*buffer
    });
    Memory { buffers: buffers.collect(), live_bytes, peak_node: memory.peak_node.map(node), ..memory }
}
