//! How large an arena has to be until TFLM loads a model: the largest of four needs.
//!
//! The arena's tail is replayed allocation by allocation, in TFLM's order and with its alignment, because what is
//! needed in the meantime stands beside what is kept by then.
//!
//! *Source*: the behaviour of TFLM's `MicroAllocator`, measured: the smallest arena that loads was found for 268 networks on
//! six builds and equals these rules on all but two, where TFLM happens to load in 16 bytes less.

use super::kept::{descriptions, kept, kept_last, unpackers};
use super::rows;
use super::runtime::Runtime;
use super::scratch::scratch;
use super::site::{Site, up};
use crate::cost::arena::ALIGNMENT;
use crate::model::{Model, Node, Op, ValueId};
use crate::units::Bytes;

/// Requests for scratch memory that TFLM makes room for before a kernel prepares.
const SPARE_REQUESTS: u64 = 12;
/// What the greedy planner takes for each buffer that it places.
const PLACED: u64 = 40;

/// What a model needs of an arena, at its worst moments.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Needs {
    /// When it has been loaded: head and tail, what `arena_used_bytes` answers.
    pub used: Bytes,
    /// While the planner lays out the head.
    pub planning: Bytes,
    /// While kernels prepare.
    pub preparing: Bytes,
    /// Before the first operator is looked at.
    pub starting: Bytes,
}

impl Needs {
    /// The smallest arena that loads.
    pub fn smallest(&self) -> Bytes {
        let most = [self.used, self.planning, self.preparing, self.starting].into_iter().map(|need| need.0).max();
        Bytes(up(most.unwrap_or(0), ALIGNMENT as u64))
    }
}

/// The arena's tail, and what else is needed on the way to it.
pub(super) struct Tail {
    /// What stays.
    pub bytes: u64,
    /// While the planner lays out the head.
    pub planning: u64,
    pub preparing: u64,
    pub starting: u64,
    /// Operators whose needs are not known, each once; without them all of this is a lower bound.
    pub unknown: Vec<String>,
}

/// Takes `bytes`; the tail grows downwards, so each is rounded up after it is added.
#[inline(never)]
fn take(tail: &mut u64, bytes: u64, alignment: u64) {
    *tail = up(*tail + bytes, alignment);
}

/// Replays the loading of a model whose head has `buffers` buffers; `in_head` tells which variables lie there.
pub(super) fn tail(model: &Model, runtime: Runtime, buffers: usize, in_head: &dyn Fn(ValueId) -> bool) -> Tail {
    let (abi, kernels, aligned) = (runtime.abi(), runtime.kernels(), ALIGNMENT as u64);
    let word = abi.pointer;
    let (mut tail, mut unknown) = (abi.records, Vec::<String>::new());
    abi.start.iter().for_each(|&bytes| take(&mut tail, bytes, word));
    let starting = tail + SPARE_REQUESTS * abi.request;
    take(&mut tail, abi.graph, word);
    take(&mut tail, abi.tensor * model.values.len() as u64, word);
    take(&mut tail, abi.node * model.nodes.len() as u64, word);
    for node in &model.nodes {
        if let Some(row) = row(model, node) {
            let (bytes, alignment) = row.options(runtime);
            if bytes > 0 {
                take(&mut tail, bytes, alignment);
            }
        } else if unpackers(model, node).is_none() && !unknown.iter().any(|name| name == node.op.name()) {
            unknown.push(node.op.name().to_owned());
        }
    }
    for node in &model.nodes {
        let kernel = row(model, node).map_or(0, |row| row.kernel(runtime));
        if kernel > 0 {
            take(&mut tail, kernel, aligned);
        }
    }
    let mut preparing = tail + SPARE_REQUESTS * abi.request;
    let mut requests = 0;
    for node in &model.nodes {
        for pointers in unpackers(model, node).into_iter().flatten() {
            take(&mut tail, pointers * word, aligned);
        }
        let Some(row) = row(model, node) else { continue };
        let site = Site { model, node };
        kept(&site, runtime).into_iter().for_each(|bytes| take(&mut tail, bytes, aligned));
        let temporary = descriptions(&site, row, &|id| description(model, id, runtime));
        preparing = preparing.max(tail + temporary + (SPARE_REQUESTS + requests) * abi.request);
        kept_last(&site).into_iter().for_each(|bytes| take(&mut tail, bytes, aligned));
        requests += scratch(&site, kernels).len() as u64;
        preparing = preparing.max(tail + (SPARE_REQUESTS + requests) * abi.request);
    }
    if requests > 0 {
        take(&mut tail, requests * word, word);
    }
    for (id, value) in model.values.iter().enumerate() {
        if value.is_variable && !in_head(id) {
            take(&mut tail, value.bytes() as u64, aligned);
        }
    }
    let told = abi.planned * (model.values.len() as u64 + requests);
    let listed = abi.request * (SPARE_REQUESTS + requests) + word + told;
    let planning = up(listed, aligned) + PLACED * buffers as u64 + up(tail, aligned);
    for ports in [&model.inputs, &model.outputs] {
        take(&mut tail, word * ports.len() as u64, aligned);
        for &id in ports {
            take(&mut tail, abi.port, word);
            if let Some(scales) = scales(model, id) {
                take(&mut tail, abi.affine, word);
                take(&mut tail, 4 + 4 * scales, 4);
            }
        }
    }
    Tail { bytes: tail, planning, preparing, starting, unknown }
}

/// The row of a node, `None` for one whose needs are not known: another maker's operator, or one whose needs depend on
/// attributes that are not known here.
fn row(model: &Model, node: &Node) -> Option<&'static rows::Row> {
    let name = node.op.name();
    let is_known = match &node.op {
        Op::Opaque(opaque) if opaque.builtin_code == CUSTOM => false,
        // Not executed here because of constants that were not understood.
        Op::Opaque(_) if matches!(name, "CONV_2D" | "DEPTHWISE_CONV_2D" | "TRANSPOSE_CONV") => false,
        Op::Opaque(_) if name == "BATCH_MATMUL" => Site { model, node }.transposed().is_some(),
        _ => true,
    };
    rows::of(name).filter(|_| is_known)
}

/// TFLite's code of operators that are not its own.
const CUSTOM: i32 = 32;

/// The number of scales of a value that is quantized as TFLM understands it.
fn scales(model: &Model, id: ValueId) -> Option<u64> {
    let quantization = model.values.get(id)?.quantization.as_ref()?;
    (!quantization.zero_point.is_empty()).then_some(quantization.scale.len() as u64)
}

/// The bytes of a value's full description.
fn description(model: &Model, id: ValueId, runtime: Runtime) -> u64 {
    let abi = runtime.abi();
    let tables = scales(model, id).map_or(0, |scales| abi.affine + 4 + 4 * scales);
    abi.port + up(tables, abi.pointer)
}
