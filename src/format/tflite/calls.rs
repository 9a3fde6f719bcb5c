//! Operators that call other subgraphs by their number.

use crate::error::{Error, Result};
use crate::model::op::{Opaque, RawField};
use crate::model::{Model, Node, Op};

/// The operators, and the fields of their options that hold the number of a subgraph.
///
/// *Source*: LiteRT `schema.fbs`: `CallOptions`, `IfOptions`, `WhileOptions`, `CallOnceOptions`.
const CALLS: [(&str, &[u16]); 4] = [("CALL", &[0]), ("IF", &[0, 1]), ("WHILE", &[0, 1]), ("CALL_ONCE", &[0])];

/// The numbers of the subgraphs that a node calls; empty for one that calls none.
fn called(node: &Node) -> Vec<u32> {
    let Op::Opaque(Opaque { builtin_options: Some(options), name, .. }) = &node.op else { return vec![] };
    let Some((_, fields)) = CALLS.iter().find(|(call, _)| call == name) else { return vec![] };
    let number = |field: &u16| {
        let found = options.fields.iter().find(|(id, _)| id == field);
        // A field that is left out is 0.
        match found {
            Some((_, RawField::Word(word))) => *word,
            _ => 0,
        }
    };
    fields.iter().map(number).collect()
}

/// Every subgraph that is called exists.
pub(super) fn check(model: &Model) -> Result<()> {
    let graphs = model.subgraphs.len() + 1;
    for graph in std::iter::once(model).chain(&model.subgraphs) {
        for (index, node) in graph.nodes.iter().enumerate() {
            if let Some(number) = called(node).into_iter().find(|&number| number as usize >= graphs) {
                let sentence = format!("it calls subgraph {number}, but the file has {graphs}");
                return Err(Error::format(sentence).at(graph.place(index)));
            }
        }
    }
    Ok(())
}

/// What is said of a file with several subgraphs: which they are, and what calls them.
pub(super) fn sentence(model: &Model) -> Option<String> {
    if model.subgraphs.is_empty() {
        return None;
    }
    let names: Vec<String> =
        std::iter::once(model).chain(&model.subgraphs).take(4).map(|graph| format!("{:?}", graph.name)).collect();
    let more = if model.subgraphs.len() >= 4 { ", …" } else { "" };
    let mut calling: Vec<&str> =
        model.nodes.iter().filter(|node| !called(node).is_empty()).map(|node| node.op.name()).collect();
    calling.dedup();
    let by = if calling.is_empty() { String::new() } else { format!(", called by {}", calling.join(", ")) };
    Some(format!(
        "the file has {} subgraphs ({}{more}){by}. Milliwatt shows and changes the first and carries the others \
         along: the RAM is a lower bound",
        model.subgraphs.len() + 1,
        names.join(", ")
    ))
}
