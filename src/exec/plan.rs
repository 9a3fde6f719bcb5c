//! Where each value lies in the arena, and from when to when it lives.
//!
//! This plan serves speed and safety here; the arena that TFLM would need on a device is counted in `cost`.

use std::collections::{BTreeMap, BTreeSet};

use super::kernel::Span;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::{Model, NodeId, ValueId};
use crate::order;
use crate::tensor::{self, DType};

/// Spans start at multiples of this, enough for every element type and for 128-bit SIMD loads.
pub const ALIGNMENT: usize = 16;

/// The nodes between which a value must keep its bytes: from the one that writes it to the last that reads it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime {
    /// The value.
    pub value: ValueId,
    /// Index of the writing node; 0 for values that exist before the first one.
    pub first: usize,
    /// Index of the last reading node.
    pub last: usize,
    /// Size.
    pub bytes: usize,
}

/// The values that need room in the arena while a model runs, in order of their ids.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lifetimes(pub Vec<Lifetime>);

impl Lifetimes {
    /// Follows every value through the nodes.
    ///
    /// Model inputs, outputs, variables and the values in `resident` (constants that kernels read while they run, and
    /// results that the plan has computed) live from the first to the last node: inputs so that the same input can be
    /// run again, outputs so that they can be read after the run. Nodes in `folded` do not run.
    ///
    /// # Errors
    /// `Format` when a node reads what nothing has written yet, or writes what is not its own to write; `Unsupported`
    /// for element types or sizes that are not executed, `Limits` for too many elements.
    pub fn of(model: &Model, resident: &BTreeSet<ValueId>, folded: &BTreeSet<NodeId>) -> Result<Self> {
        let end = model.nodes.len();
        let mut lives: BTreeMap<ValueId, Lifetime> = BTreeMap::new();
        let mut whole = |value: ValueId| -> Result<()> {
            lives.insert(value, Lifetime { value, first: 0, last: end, bytes: bytes_of(model, value)? });
            Ok(())
        };
        for &input in &model.inputs {
            whole(input)?;
        }
        for &constant in resident {
            whole(constant)?;
        }
        for (id, value) in model.values.iter().enumerate() {
            if value.is_variable {
                whole(id)?;
            }
        }
        // What folded nodes would write; kernels may hold it decoded even where it does not lie in the arena.
        let mut computed = BTreeSet::new();
        computed.extend(folded.iter().filter_map(|&id| model.nodes.get(id)).flat_map(|node| node.outputs.clone()));
        for (index, node) in model.nodes.iter().enumerate().filter(|(index, _)| !folded.contains(index)) {
            let check = || -> Result<()> {
                for &input in node.inputs.iter().flatten() {
                    let value = model.values.get(input).ok_or_else(|| no_such_value(input))?;
                    if !value.is_constant() && !lives.contains_key(&input) && !computed.contains(&input) {
                        return Err(Error::format(format!("it reads value {input}, which nothing has written before")));
                    }
                }
                for (position, &output) in node.outputs.iter().enumerate() {
                    let value = model.values.get(output).ok_or_else(|| no_such_value(output))?;
                    if value.is_constant() || lives.contains_key(&output) || node.outputs[..position].contains(&output)
                    {
                        return Err(Error::format(format!("it writes value {output}, which has a content already")));
                    }
                }
                Ok(())
            };
            check().map_err(|error| error.at(model.place(index)))?;
            for input in node.inputs.iter().flatten() {
                if let Some(life) = lives.get_mut(input) {
                    life.last = life.last.max(index);
                }
            }
            for &value in &node.outputs {
                let bytes = bytes_of(model, value).map_err(|error| error.at(model.place(index)))?;
                lives.insert(value, Lifetime { value, first: index, last: index, bytes });
            }
        }
        for (index, output) in model.outputs.iter().enumerate() {
            match lives.get_mut(output) {
                Some(life) => life.last = end,
                None => return Err(Error::format(format!("output {index} of the model is written by no node"))),
            }
        }
        Ok(Self(lives.into_values().collect()))
    }
}

/// The bytes of a value that lies in the arena.
fn bytes_of(model: &Model, id: ValueId) -> Result<usize> {
    let value = model.values.get(id).ok_or_else(|| no_such_value(id))?;
    let elements = tensor::elements(&value.shape)?;
    if elements == 0 && !value.is_constant() {
        return Err(Error::unsupported(format!("value {id} of shape {:?} has no elements", value.shape)));
    }
    match value.dtype {
        DType::Float32 | DType::Int8 | DType::Int16 | DType::Int32 | DType::Int64 | DType::Uint8 | DType::Bool => {
            value.dtype.bytes_for(elements).ok_or_else(|| Error::limits(format!("value {id} is too large")))
        }
        other => Err(Error::unsupported(format!("value {id} is {other}, a type that is not executed"))),
    }
}

fn no_such_value(id: ValueId) -> Error {
    Error::format(format!("there is no value {id}"))
}

/// The arena: a span for each value that needs one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Arena {
    /// The span of each value, by its id.
    pub spans: Vec<Option<Span>>,
    /// Bytes of the whole arena.
    pub bytes: usize,
}

impl Arena {
    /// Places the largest value first, each as low as its neighbours in time allow.
    ///
    /// # Errors
    /// `Limits` when the arena would pass [`limits::ARENA_BYTES`].
    pub fn plan(values: usize, lifetimes: &Lifetimes) -> Result<Self> {
        let key = |at: usize| lifetimes.0.get(at).map(|life| (std::cmp::Reverse(life.bytes), life.first, life.value));
        let order = order::of(lifetimes.0.len(), &|a, b| key(a).cmp(&key(b)));
        let mut arena = Self { spans: vec![None; values], bytes: 0 };
        // What is placed already, by start.
        let mut placed: Vec<(Span, &Lifetime)> = Vec::with_capacity(order.len());
        for life in order.into_iter().filter_map(|at| lifetimes.0.get(at)) {
            let mut start = 0usize;
            for (span, other) in &placed {
                let together = other.first <= life.last && life.first <= other.last;
                if together && span.start < start + life.bytes && start < span.end() {
                    start = span.end().next_multiple_of(ALIGNMENT);
                }
            }
            let span = Span { start, len: life.bytes };
            limits::check("the bytes of the tensors of one inference", span.end(), limits::ARENA_BYTES)?;
            arena.bytes = arena.bytes.max(span.end());
            arena.spans[life.value] = Some(span);
            let position = placed.partition_point(|(other, _)| other.start <= start);
            placed.insert(position, (span, life));
        }
        Ok(arena)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn values_that_live_together_never_overlap(
            items in prop::collection::vec((0usize..20, 0usize..10, 1usize..200), 1..40)
        ) {
            let lives: Vec<Lifetime> = items
                .iter()
                .enumerate()
                .map(|(value, &(first, length, bytes))| Lifetime { value, first, last: first + length, bytes })
                .collect();
            let arena = Arena::plan(lives.len(), &Lifetimes(lives.clone())).unwrap();
            for a in &lives {
                let span_a = arena.spans[a.value].unwrap();
                prop_assert_eq!(span_a.start % ALIGNMENT, 0);
                prop_assert!(span_a.end() <= arena.bytes);
                for b in lives.iter().filter(|b| b.value != a.value) {
                    let span_b = arena.spans[b.value].unwrap();
                    let together = a.first <= b.last && b.first <= a.last;
                    prop_assert!(!together || span_a.end() <= span_b.start || span_b.end() <= span_a.start);
                }
            }
        }
    }
}
