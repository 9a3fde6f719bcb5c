//! Small rewrites that transforms share. Each takes a model and leaves it valid, or says why not.

use super::{Model, Node, NodeId, Op, ValueId};

impl Model {
    /// Removes values that nothing reads, writes, feeds or returns, and renumbers the rest in order.
    pub fn compact(&mut self) {
        let mut used = vec![false; self.values.len()];
        let ports = self.signatures.iter().flat_map(|s| s.inputs.iter().chain(&s.outputs)).map(|(_, id)| *id);
        let ends = self.inputs.iter().chain(&self.outputs).copied().chain(ports);
        let read = self.nodes.iter().flat_map(|node| node.inputs.iter().flatten().chain(&node.outputs)).copied();
        let inside = self.nodes.iter().flat_map(Node::intermediates).copied();
        for id in ends.chain(read).chain(inside) {
            used[id] = true;
        }
        self.keep_values(&used);
    }

    /// Removes values that nothing refers to, and renumbers the rest in order.
    pub fn remove_values(&mut self, gone: &[ValueId]) {
        let mut keep = vec![true; self.values.len()];
        gone.iter().for_each(|&id| keep[id] = false);
        self.keep_values(&keep);
    }

    fn keep_values(&mut self, kept: &[bool]) {
        let mut next = 0;
        let renumbered: Vec<ValueId> = kept
            .iter()
            .map(|&keep| {
                next += usize::from(keep);
                next.wrapping_sub(1)
            })
            .collect();
        let mut keep = kept.iter();
        self.values.retain(|_| keep.next().copied().unwrap_or(true));
        for node in &mut self.nodes {
            node.inputs.iter_mut().flatten().chain(&mut node.outputs).for_each(|id| *id = renumbered[*id]);
            if let Op::Opaque(opaque) = &mut node.op {
                opaque.intermediates.iter_mut().flatten().for_each(|id| *id = renumbered[*id]);
            }
        }
        self.inputs.iter_mut().chain(&mut self.outputs).for_each(|id| *id = renumbered[*id]);
        for signature in &mut self.signatures {
            for (_, id) in signature.inputs.iter_mut().chain(&mut signature.outputs) {
                *id = renumbered[*id];
            }
        }
    }

    /// Makes every reader of `old` (nodes, outputs, signatures) read `new` instead.
    pub fn replace_uses(&mut self, old: ValueId, new: ValueId) {
        for node in &mut self.nodes {
            node.inputs.iter_mut().flatten().filter(|id| **id == old).for_each(|id| *id = new);
        }
        self.outputs.iter_mut().filter(|id| **id == old).for_each(|id| *id = new);
        for signature in &mut self.signatures {
            signature.outputs.iter_mut().filter(|(_, id)| *id == old).for_each(|(_, id)| *id = new);
        }
    }

    /// Inserts a node so that it runs just before `position`.
    pub fn insert_node(&mut self, position: NodeId, node: Node) {
        self.nodes.insert(position.min(self.nodes.len()), node);
    }

    /// The only node that reads a value, when there is exactly one and the value is not an output.
    pub fn only_consumer(&self, value: ValueId) -> Option<NodeId> {
        let consumers = self.consumers(value);
        (consumers.len() == 1 && !self.outputs.contains(&value)).then(|| consumers[0])
    }
}
