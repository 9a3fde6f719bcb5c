//! The working memory of TFLM: what its arena holds, node by node, and how large it has to be until a model loads.
//!
//! The arena has two ends. The *head* holds activations and the scratch memory that kernels ask for, laid out as TFLM's
//! planner does ([`arena`]). The *tail* holds what lives as long as the model: descriptions of tensors and nodes, and
//! tables that kernels compute once. While a model is loaded more is needed for a moment ([`Needs`]). All of it
//! depends on whose kernels run and on the core ([`Runtime`]).
//!
//! Runtimes other than TFLM (X-CUBE-AI, GapFlow) plan memory by their own rules, and often need less.

mod cmsis_nn;
mod esp_nn;
mod kept;
mod needs;
mod packed;
mod rows;
mod runtime;
mod scratch;
mod site;

use std::borrow::Cow;

use serde::Serialize;

use self::site::Site;
use super::arena::{self, Request};
use crate::format::tflite;
use crate::model::{Model, NodeId, ValueId};
use crate::units::Bytes;
pub use needs::Needs;
pub use runtime::Runtime;

/// The working memory of one model on one build of TFLM. *Counted*, by rules that were checked against measurements.
#[derive(Debug, Clone, PartialEq)]
pub struct Memory {
    /// The build.
    pub runtime: Runtime,
    /// The arena's head: activations and scratch memory.
    pub head_bytes: Bytes,
    /// The arena's tail: what TFLM keeps as long as the model lives.
    pub tail_bytes: Bytes,
    /// What it takes to load the model.
    pub needs: Needs,
    /// Operators whose needs are not known, each once, and subgraphs. Where there are any, every figure is a lower bound.
    pub unknown: Vec<String>,
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

/// Plans the working memory of a model as TFLM does with its reference kernels on a 32-bit Arm core.
///
/// *Units*: bytes. Constants are read from flash and take no arena, but packed ones are unpacked there before each node
/// that reads them; variables (`is_variable`) lie in the tail.
///
/// *Source*: [`arena`], [`Runtime`].
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
    memory_on(model, Runtime::Reference)
}

/// The same on any build of TFLM.
pub fn memory_on(model: &Model, runtime: Runtime) -> Memory {
    // A model that cannot be packed cannot be written either: who writes it meets the sentence.
    match tflite::expand(model) {
        Ok(Cow::Owned(file)) => packed::as_shown(model, &file, plan(&file, runtime)),
        _ => plan(model, runtime),
    }
}

fn plan(model: &Model, runtime: Runtime) -> Memory {
    let fixed = offline_offsets(model);
    let in_head = |id: ValueId| fixed.get(id).copied().flatten().is_some();
    let (owners, requests) = requests(model, runtime, &fixed);
    let plan = arena::plan(&requests);
    let tail = needs::tail(model, runtime, requests.len(), &in_head);
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
    let head = plan.bytes as u64;
    let needs = Needs {
        used: Bytes(head.saturating_add(tail.bytes)),
        planning: Bytes(tail.planning),
        preparing: Bytes(tail.preparing),
        starting: Bytes(tail.starting),
    };
    Memory {
        runtime,
        head_bytes: Bytes(head),
        tail_bytes: Bytes(tail.bytes),
        needs,
        unknown: tail.unknown.into_iter().chain(subgraphs(model)).collect(),
        buffers,
        live_bytes,
        peak_node,
    }
}

/// Subgraphs by their names: which of them run, and how often, only running the model tells.
fn subgraphs(model: &Model) -> impl Iterator<Item = String> {
    model.subgraphs.iter().map(|graph| format!("the subgraph {:?}", graph.name))
}

impl Memory {
    /// The smallest arena that loads: what has to be free in RAM.
    pub fn total_bytes(&self) -> Bytes {
        self.needs.smallest()
    }

    /// Whether there are operators whose needs are not known, so that every figure is a lower bound.
    pub fn is_lower_bound(&self) -> bool {
        !self.unknown.is_empty()
    }
}

fn requests(model: &Model, runtime: Runtime, fixed: &[Option<usize>]) -> (Vec<Owner>, Vec<Request>) {
    let lifetimes = lifetimes(model);
    let mut owners = Vec::new();
    let mut requests = Vec::new();
    for (id, (value, &(first, last))) in model.values.iter().zip(&lifetimes).enumerate() {
        let (bytes, fixed) = (value.bytes(), fixed.get(id).copied().flatten());
        if value.is_constant() || bytes == 0 || (value.is_variable && fixed.is_none()) {
            continue;
        }
        owners.push(Owner::Value(id));
        requests.push(Request { bytes, first, last, fixed });
    }
    for (id, node) in model.nodes.iter().enumerate() {
        for (bytes, purpose) in scratch::scratch(&Site { model, node }, runtime.kernels()) {
            owners.push(Owner::Scratch { node: id, purpose });
            requests.push(Request::new(usize::try_from(bytes).unwrap_or(usize::MAX), id + 1, id + 1));
        }
    }
    (owners, requests)
}

/// For each value the first and last moment at which it is needed; `None` where nothing says so, which comes before all
/// moments.
fn lifetimes(model: &Model) -> Vec<(Option<usize>, Option<usize>)> {
    let mut lifetimes = vec![(None, None); model.values.len()];
    for &id in &model.inputs {
        touch(&mut lifetimes, id, Some(0), 0);
    }
    for (node, moment) in model.nodes.iter().zip(1..) {
        node.outputs.iter().for_each(|&id| touch(&mut lifetimes, id, Some(moment), moment));
        // Read but never written: TFLM gives it a life from before the first node on.
        node.inputs.iter().flatten().for_each(|&id| touch(&mut lifetimes, id, None, moment));
    }
    let end = model.nodes.len();
    for &id in &model.outputs {
        let untouched = lifetimes.get(id) == Some(&(None, None));
        touch(&mut lifetimes, id, untouched.then_some(end), end);
    }
    lifetimes
}

/// Makes a value live until `moment`, and from `created` on if it did not live before.
fn touch(lifetimes: &mut [(Option<usize>, Option<usize>)], id: ValueId, created: Option<usize>, moment: usize) {
    if let Some((first, last)) = lifetimes.get_mut(id) {
        *first = first.or(created);
        *last = Some(moment);
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
