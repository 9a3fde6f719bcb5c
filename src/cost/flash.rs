//! Where the bytes of a model file go.

use serde::Serialize;

use crate::error::Result;
use crate::format::tflite::{Part, bytes_by_part};
use crate::model::{Model, counts};
use crate::units::Bytes;

/// The bytes of a file by what they are for; the parts add up to the file.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Flash {
    /// The whole file: what is flashed.
    pub file_bytes: Bytes,
    /// Elements of weights.
    pub weight_bytes: Bytes,
    /// Elements of biases.
    pub bias_bytes: Bytes,
    /// Scales, zero points, ranges.
    pub quantization_bytes: Bytes,
    /// Tensors, operators, small constants such as shapes, field tables, alignment.
    pub graph_bytes: Bytes,
    /// Names, descriptions, metadata, signatures.
    pub name_bytes: Bytes,
}

/// Counts the bytes of a file by what they are for.
///
/// `model` is what was read from `file`; it tells which constants are weights and which are biases.
///
/// *Units*: bytes; exact, each byte of the file counted once.
///
/// # Errors
/// Those of [`read`](crate::format::tflite::read); none for a file that was read before.
pub fn flash(model: &Model, file: &[u8]) -> Result<Flash> {
    let roles: Vec<Vec<Part>> = std::iter::once(model).chain(&model.subgraphs).map(roles).collect();
    let role = |graph: usize, tensor: usize| {
        roles.get(graph).and_then(|roles| roles.get(tensor)).copied().unwrap_or(Part::Graph)
    };
    let [weights, biases, quantization, graph, names] = bytes_by_part(file, role)?.map(Bytes);
    Ok(Flash {
        file_bytes: Bytes(file.len() as u64),
        weight_bytes: weights,
        bias_bytes: biases,
        quantization_bytes: quantization,
        graph_bytes: graph,
        name_bytes: names,
    })
}

impl Flash {
    /// Each part's name, what it is in a sentence, and its bytes, in the order in which they are shown.
    pub fn parts(&self) -> [(&'static str, &'static str, Bytes); 5] {
        [
            ("weights", "Numbers that were trained", self.weight_bytes),
            ("biases", "One number for each output channel, stored wider than weights", self.bias_bytes),
            ("quantization", "Scales and zero points, and ranges that no kernel reads", self.quantization_bytes),
            ("graph", "Tensors, operators, shapes, and the format's own tables and alignment", self.graph_bytes),
            ("names", "Names, descriptions, metadata and signatures, which no kernel reads", self.name_bytes),
        ]
    }
}

/// What the constant behind each value is.
fn roles(model: &Model) -> Vec<Part> {
    let mut roles = vec![Part::Graph; model.values.len()];
    for node in &model.nodes {
        for (position, id) in node.inputs.iter().enumerate() {
            let Some((id, value)) = id.and_then(|id| Some((id, model.values.get(id)?))) else { continue };
            if !value.is_constant() || !counts::is_parameter(&node.op, position, value) {
                continue;
            }
            let role = if node.op.bias_input() == Some(position) { Part::Biases } else { Part::Weights };
            // As in the counts, the first reader decides.
            if let Some(slot) = roles.get_mut(id).filter(|slot| **slot == Part::Graph) {
                *slot = role;
            }
        }
    }
    roles
}
