//! How much a model computes, before it does: what would freeze a browser tab is refused.

use crate::error::{Error, Result};
use crate::limits;
use crate::model::{Model, NodeId, Op, Value, ValueId, counts};

/// Running sums over the nodes of a model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Work {
    /// Elementary steps: multiply-accumulates, comparisons of pools, elements read and written.
    steps: u64,
    /// Elements of the weights that kernels hold decoded. One constant may serve many nodes, each with its own copy.
    weights: usize,
}

impl Work {
    /// Adds a node.
    ///
    /// # Errors
    /// `Limits` when the steps pass [`limits::MACS`], or the decoded weights [`limits::ARENA_BYTES`].
    pub fn add(&mut self, model: &Model, id: NodeId) -> Result<()> {
        let Some(node) = model.nodes.get(id) else { return Ok(()) };
        let elements = |values: &mut dyn Iterator<Item = usize>| -> u64 {
            values.filter_map(|id| model.values.get(id)).map(|value| value.elements() as u64).sum()
        };
        let written = elements(&mut node.outputs.iter().copied());
        let read = elements(&mut node.inputs.iter().flatten().copied());
        let window = match &node.op {
            Op::AveragePool2d(op) | Op::MaxPool2d(op) => (op.filter[0] as u64).saturating_mul(op.filter[1] as u64),
            // Outputs look at every tap of the filter, also at those that no input reaches.
            Op::TransposeConv(_) => node.input(1).and_then(|id| model.values.get(id)).map_or(1, |filter| {
                filter.shape.iter().skip(1).take(2).fold(1, |area, &length| length.saturating_mul(area)) as u64
            }),
            _ => 1,
        };
        let steps = written.saturating_mul(window).saturating_add(read).saturating_add(counts::node(model, id).macs.0);
        if let Some(weights) = node.op.weights_input().and_then(|position| node.input(position)) {
            self.hold(model, weights)?;
        }
        self.steps = self.steps.saturating_add(steps);
        if self.steps > limits::MACS {
            return Err(Error::limits(format!(
                "up to here one inference takes {} steps, more than the {} that Milliwatt takes",
                self.steps,
                limits::MACS
            )));
        }
        Ok(())
    }

    /// Adds a decoded copy of a constant, four bytes an element.
    ///
    /// # Errors
    /// `Limits` when all copies together pass [`limits::ARENA_BYTES`].
    pub fn hold(&mut self, model: &Model, constant: ValueId) -> Result<()> {
        let elements = model.values.get(constant).map_or(0, Value::elements);
        self.weights = self.weights.saturating_add(elements);
        limits::check("the bytes of the decoded weights", self.weights.saturating_mul(4), limits::ARENA_BYTES)
    }
}
