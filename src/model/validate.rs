//! What must hold of every model, after loading and after each transform.
//!
//! Whoever holds a validated model may rely on it: every id is in range, nodes stand in execution order, every value
//! is written at most once and before it is read, constants have the bytes that their shapes ask for, declared shapes
//! are the inferred ones, and quantization makes sense.

mod types;
mod values;

use super::{Model, NodeId, Op};
use crate::error::{Error, Kind, Result};
use crate::limits;
use crate::model::shape;

/// The builtin code of custom operators.
const CUSTOM: i32 = 32;

/// Checks that a model is sound.
///
/// Operators that Milliwatt only shows are checked for ids and order, not for shapes and types. A shape that is only
/// known while running is not checked either; running it is refused instead.
///
/// # Errors
/// `Format` with the node or value that is wrong, `Numeric` for scales that are not numbers, `Limits` for what is too
/// large.
pub fn validate(model: &Model) -> Result<()> {
    limits::check("nodes", model.nodes.len(), limits::NODES)?;
    limits::check("values", model.values.len(), limits::VALUES)?;
    for (id, value) in model.values.iter().enumerate() {
        values::check(value).map_err(|error| error.at(format_args!("value {id}")).named(&value.name))?;
    }
    check_ids(model)?;
    check_order(model)?;
    for node in 0..model.nodes.len() {
        check_node(model, node)?;
    }
    limits::check("subgraphs", model.subgraphs.len(), limits::SUBGRAPHS)?;
    for (number, graph) in (1..).zip(&model.subgraphs) {
        let within = || format!("subgraph {number}");
        if !graph.subgraphs.is_empty() {
            return Err(Error::format("it has subgraphs of its own").at(within()));
        }
        validate(graph).map_err(|error| error.at(within()))?;
    }
    Ok(())
}

/// Every id is that of a value.
fn check_ids(model: &Model) -> Result<()> {
    let check = |id: usize, role: &dyn std::fmt::Display| {
        if id < model.values.len() {
            return Ok(());
        }
        Err(Error::format(format!("{role} is value {id}, but the model has {} values", model.values.len())))
    };
    for (role, ids) in [("input", &model.inputs), ("output", &model.outputs)] {
        for (position, &id) in ids.iter().enumerate() {
            check(id, &format_args!("{role} {position} of the model"))?;
        }
    }
    for (index, node) in model.nodes.iter().enumerate() {
        for (position, id) in node.inputs.iter().enumerate() {
            if let Some(id) = *id {
                check(id, &format_args!("{}: input {position}", model.place(index)))?;
            }
        }
        for (position, &id) in node.outputs.iter().enumerate() {
            check(id, &format_args!("{}: output {position}", model.place(index)))?;
        }
        for &id in node.intermediates() {
            check(id, &format_args!("{}: an intermediate", model.place(index)))?;
        }
    }
    for signature in &model.signatures {
        for (name, id) in signature.inputs.iter().chain(&signature.outputs) {
            check(*id, &format_args!("{name:?} of signature {:?}", signature.key))?;
        }
    }
    Ok(())
}

/// Every value is written at most once, and before it is read.
fn check_order(model: &Model) -> Result<()> {
    let name = |id: usize| model.values.get(id).map_or("", |value| &value.name);
    // Constants and variables have a content before the first node runs.
    let mut ready: Vec<bool> = model.values.iter().map(|value| value.is_constant() || value.is_variable).collect();
    let mut written = vec![false; model.values.len()];
    for &id in &model.inputs {
        if model.values[id].is_constant() {
            return Err(Error::format(format!("input {id} of the model is a constant: {:?}", name(id))));
        }
        ready[id] = true;
        written[id] = true;
    }
    for (index, node) in model.nodes.iter().enumerate() {
        // A custom operator may name its working memory among its inputs, as those that Vela writes do.
        let is_custom = matches!(&node.op, Op::Opaque(opaque) if opaque.builtin_code == CUSTOM);
        for &id in node.inputs.iter().flatten() {
            if !ready[id] && !is_custom {
                let sentence = format!("it reads value {id} before anything has written it: {:?}", name(id));
                return Err(Error::format(sentence).at(model.place(index)));
            }
        }
        for &id in &node.outputs {
            if model.values[id].is_constant() || written[id] {
                let owner = if model.values[id].is_constant() { "a constant" } else { "written already" };
                let sentence = format!("it writes value {id}, which is {owner}: {:?}", name(id));
                return Err(Error::format(sentence).at(model.place(index)));
            }
            ready[id] = true;
            written[id] = true;
        }
    }
    for &id in &model.outputs {
        if !ready[id] {
            return Err(Error::format(format!("output {id} of the model is written by no node: {:?}", name(id))));
        }
    }
    Ok(())
}

/// A known operator has the inputs, types and output shapes that it must have.
fn check_node(model: &Model, index: NodeId) -> Result<()> {
    let Some(node) = model.nodes.get(index).filter(|node| node.op.is_known()) else { return Ok(()) };
    types::check(model, node).map_err(|error| error.at(model.place(index)))?;
    let shapes = match shape::infer(model, index) {
        Ok(shapes) => shapes,
        // The file is fine; whoever wants to run it meets the same sentence there.
        Err(error) if error.kind() == Kind::Unsupported => return Ok(()),
        Err(error) => return Err(error),
    };
    if shapes.len() != node.outputs.len() {
        let sentence = format!("it has {} outputs where {} are expected", node.outputs.len(), shapes.len());
        return Err(Error::format(sentence).at(model.place(index)));
    }
    for (&id, inferred) in node.outputs.iter().zip(&shapes) {
        let value = &model.values[id];
        if value.shape != *inferred {
            let sentence = format!(
                "its output is declared with shape {:?}, but the operator gives {inferred:?}: {:?}",
                value.shape, value.name
            );
            return Err(Error::format(sentence).at(model.place(index)));
        }
        if value.elements() == 0 {
            let sentence = format!(
                "its output has no elements (shape {inferred:?}); convert the model with a batch of 1: {:?}",
                value.name
            );
            return Err(Error::format(sentence).at(model.place(index)));
        }
    }
    Ok(())
}

impl Error {
    /// The same error with the name from the file at its end.
    fn named(self, name: &str) -> Self {
        match self.kind() {
            Kind::Numeric => Self::numeric(format!("{self}: {name:?}")),
            Kind::Limits => Self::limits(format!("{self}: {name:?}")),
            Kind::Unsupported => Self::unsupported(format!("{self}: {name:?}")),
            _ => Self::format(format!("{self}: {name:?}")),
        }
    }
}

#[cfg(test)]
mod tests;
