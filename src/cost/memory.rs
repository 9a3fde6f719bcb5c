//! The working memory of TFLM: what its arena holds, node by node.
//!
//! The arena has two ends. The *head* holds activations and the scratch memory that kernels ask for; it is counted
//! here exactly as TFLM plans it ([`arena`]). The *tail* holds what lives as long as the model: descriptions of
//! tensors and nodes, and tables that kernels compute once; it is modelled from the layout of those structures
//! (`persistent`).
//!
//! Runtimes other than TFLM (X-CUBE-AI, GapFlow) plan memory by their own rules, and often need less.

mod packed;
mod persistent;

use std::borrow::Cow;

use serde::Serialize;

use super::arena::{self, Request};
use crate::format::tflite;
use crate::model::{Model, Node, NodeId, Op, ValueId};
use crate::tensor::DType;
use crate::units::Bytes;
pub use persistent::Persistent;

/// The working memory of one model.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Memory {
    /// The arena's head: activations and scratch memory. *Counted*; equals what the wheel prints.
    pub head_bytes: Bytes,
    /// The arena's tail. *Modelled*.
    pub persistent: Persistent,
    /// Every buffer of the head with its place and lifetime: values in the order of the model, then scratch memory.
    pub buffers: Vec<Buffer>,
    /// For each node, the bytes that are alive while it runs; the head is at least as large as the largest.
    pub live_bytes: Vec<Bytes>,
    /// The node during which most is alive.
    pub peak_node: Option<NodeId>,
}

/// A buffer of the arena's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Buffer {
    /// What lies in it.
    pub owner: Owner,
    /// The first node during which it is needed; an input of the model is needed from node 0 on.
    pub first_node: NodeId,
    /// The last node during which it is needed.
    pub last_node: NodeId,
    /// Its offset in the arena.
    pub offset: usize,
    /// The bytes that it takes up, rounded up to [`arena::ALIGNMENT`].
    pub bytes: usize,
}

/// What lies in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Owner {
    /// An activation, or an input or output of the model.
    Value(ValueId),
    /// Memory that a kernel needs only while it runs.
    Scratch {
        /// The node.
        node: NodeId,
        /// What the kernel does with it.
        purpose: &'static str,
    },
}

/// Plans the working memory of a model as TFLM does.
///
/// *Units*: bytes. Constants are read from flash and take no arena, but packed ones are unpacked there before each node
/// that reads them; variables (`is_variable`) lie in the tail.
///
/// *Source*: [`arena`]; the scratch requests are those of TFLM's reference kernels.
///
/// ```
/// use milliwatt::cost::memory::memory;
/// use milliwatt::model::{Model, Node, Op, Value};
/// use milliwatt::tensor::DType;
/// use milliwatt::units::Bytes;
///
/// let mut model = Model::default();
/// let x = model.add_value(Value::activation("x", DType::Int8, &[1, 100]));
/// let y = model.add_value(Value::activation("y", DType::Int8, &[1, 100]));
/// model.nodes.push(Node::new(Op::Relu, &[x], &[y]));
/// (model.inputs, model.outputs) = (vec![x], vec![y]);
/// assert_eq!(memory(&model).head_bytes, Bytes(224)); // twice 100 bytes, each rounded up to 112
/// ```
pub fn memory(model: &Model) -> Memory {
    // A model that cannot be packed cannot be written either: who writes it meets the sentence.
    match tflite::expand(model) {
        Ok(Cow::Owned(file)) => packed::as_shown(model, &file, plan(&file)),
        _ => plan(model),
    }
}

fn plan(model: &Model) -> Memory {
    let (owners, requests) = requests(model);
    let plan = arena::plan(&requests);
    let last_node = model.nodes.len().saturating_sub(1);
    // Moment 0 is before the first node; node n runs at moment n + 1.
    let node_at = |moment: Option<usize>| moment.map_or(0, |moment| moment.saturating_sub(1)).min(last_node);
    let buffers: Vec<Buffer> = owners
        .into_iter()
        .zip(&requests)
        .zip(&plan.offsets)
        .map(|((owner, request), &offset)| Buffer {
            owner,
            first_node: node_at(request.first),
            last_node: node_at(request.last),
            offset,
            bytes: request.aligned(),
        })
        .collect();
    let live_bytes: Vec<Bytes> = (0..model.nodes.len())
        .map(|node| {
            let alive = |b: &&Buffer| (b.first_node..=b.last_node).contains(&node);
            buffers.iter().filter(alive).map(|b| Bytes(b.bytes as u64)).sum()
        })
        .collect();
    let peak_node = (0..live_bytes.len()).rev().max_by_key(|&node| live_bytes.get(node).map_or(0, |bytes| bytes.0));
    Memory {
        head_bytes: Bytes(plan.bytes as u64),
        persistent: persistent::persistent(model),
        buffers,
        live_bytes,
        peak_node,
    }
}

impl Memory {
    /// Head and tail together: what has to be free in RAM for the arena.
    pub fn total_bytes(&self) -> Bytes {
        self.head_bytes + self.persistent.bytes
    }
}

fn requests(model: &Model) -> (Vec<Owner>, Vec<Request>) {
    let lifetimes = lifetimes(model);
    let fixed = offline_offsets(model);
    let mut owners = Vec::new();
    let mut requests = Vec::new();
    for (id, (value, &lifetime)) in model.values.iter().zip(&lifetimes).enumerate() {
        let bytes = value.bytes();
        if value.is_constant() || value.is_variable || bytes == 0 {
            continue;
        }
        let (first, last) = (lifetime.map(|l| l.0), lifetime.map(|l| l.1));
        owners.push(Owner::Value(id));
        requests.push(Request { bytes, first, last, fixed: fixed.get(id).copied().flatten() });
    }
    for (id, node) in model.nodes.iter().enumerate() {
        for (bytes, purpose) in scratch(model, node) {
            owners.push(Owner::Scratch { node: id, purpose });
            requests.push(Request::new(bytes, id + 1, id + 1));
        }
    }
    (owners, requests)
}

/// For each value the first and last moment at which it is needed; `None` for values that nothing touches.
fn lifetimes(model: &Model) -> Vec<Option<(usize, usize)>> {
    let mut lifetimes: Vec<Option<(usize, usize)>> = vec![None; model.values.len()];
    let mut create = |id: ValueId, moment: usize| {
        if let Some(lifetime) = lifetimes.get_mut(id) {
            *lifetime = Some((moment, moment));
        }
    };
    model.inputs.iter().chain(&model.outputs).for_each(|&id| create(id, 0));
    for (node, moment) in model.nodes.iter().zip(1..) {
        node.outputs.iter().for_each(|&id| create(id, moment));
    }
    let mut extend = |id: ValueId, moment: usize| {
        if let Some(Some(lifetime)) = lifetimes.get_mut(id) {
            lifetime.1 = lifetime.1.max(moment);
        } else if let Some(lifetime) = lifetimes.get_mut(id) {
            // Read but never written: TFLM gives it a life from before the first node on.
            *lifetime = Some((0, moment));
        }
    };
    for (node, moment) in model.nodes.iter().zip(1..) {
        node.inputs.iter().flatten().for_each(|&id| extend(id, moment));
    }
    model.outputs.iter().for_each(|&id| extend(id, model.nodes.len()));
    lifetimes
}

/// The scratch memory that TFLM's reference kernel of a node asks for, in the order in which it asks.
fn scratch(model: &Model, node: &Node) -> Vec<(usize, &'static str)> {
    let value = |id: Option<ValueId>| id.and_then(|id| model.values.get(id));
    let input = |position: usize| value(node.input(position));
    let output_elements = value(node.outputs.first().copied()).map_or(0, |output| output.elements());
    match &node.op {
        Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_) => match input(1) {
            Some(weights) if weights.dtype == DType::Int4 => vec![(weights.elements(), "unpacked int4 weights")],
            _ => vec![],
        },
        Op::TransposeConv(_) => match input(2).map(|x| x.dtype) {
            Some(DType::Int8) => vec![(output_elements.saturating_mul(4), "accumulators")],
            Some(DType::Int16) => {
                let mut buffers = vec![(output_elements.saturating_mul(8), "accumulators")];
                if let Some(bias) = input(3).filter(|bias| bias.dtype == DType::Int16) {
                    buffers.push((bias.elements().saturating_mul(8), "widened bias"));
                }
                buffers
            }
            _ => vec![],
        },
        Op::Mean { .. } => {
            let rank = input(0).map_or(0, |x| x.shape.len());
            let axes = input(1).map_or(0, |axes| axes.elements());
            let mut buffers = vec![(4 * rank, "index of the element"), (4 * axes, "axes, made positive")];
            if matches!(input(0).map(|x| x.dtype), Some(DType::Int8 | DType::Uint8 | DType::Int16)) {
                buffers.insert(0, (output_elements.saturating_mul(4), "sums"));
            }
            buffers
        }
        _ => vec![],
    }
}

/// Offsets that the file fixes for its tensors in the metadata `OfflineMemoryAllocation`: little-endian 32-bit words,
/// a version, a subgraph, the number of tensors, then an offset each, -1 where the planner may choose.
fn offline_offsets(model: &Model) -> Vec<Option<usize>> {
    let Some((_, blob)) = model.metadata.iter().find(|(name, _)| name == "OfflineMemoryAllocation") else {
        return vec![];
    };
    let words = blob.chunks_exact(4).filter_map(|bytes| bytes.try_into().ok().map(i32::from_le_bytes));
    words.skip(3).map(|offset| usize::try_from(offset).ok()).collect()
}

#[cfg(test)]
mod tests;
