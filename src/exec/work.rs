//! How much a model computes, before it does: what would freeze a browser tab is refused.

use crate::error::{Error, Result};
use crate::limits;
use crate::model::{Model, NodeId, Op, counts};

/// A running sum of elementary steps: multiply-accumulates, comparisons of pools, elements written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work(u64);

impl Work {
    /// Adds a node.
    ///
    /// # Errors
    /// `Limits` when the sum passes [`limits::MACS`].
    pub fn add(&mut self, model: &Model, id: NodeId) -> Result<()> {
        let Some(node) = model.nodes.get(id) else { return Ok(()) };
        let elements = |values: &mut dyn Iterator<Item = usize>| -> u64 {
            values.filter_map(|id| model.values.get(id)).map(|value| value.elements() as u64).sum()
        };
        let written = elements(&mut node.outputs.iter().copied());
        let read = elements(&mut node.inputs.iter().flatten().copied());
        let window = match &node.op {
            Op::AveragePool2d(op) | Op::MaxPool2d(op) => (op.filter[0] as u64).saturating_mul(op.filter[1] as u64),
            _ => 1,
        };
        let steps = written.saturating_mul(window).saturating_add(read).saturating_add(counts::node(model, id).macs.0);
        self.0 = self.0.saturating_add(steps);
        if self.0 > limits::MACS {
            return Err(Error::limits(format!(
                "up to here one inference takes {} steps, more than the {} that Milliwatt takes",
                self.0,
                limits::MACS
            )));
        }
        Ok(())
    }
}
