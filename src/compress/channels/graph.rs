//! Which channels of which tensors must go together.

use super::rules;
use crate::error::Result;
use crate::model::{Model, ValueId};

/// One index along one axis of a tensor; joined units stay or go together.
pub(super) type Unit = usize;

/// The units of every tensor, joined as the operators between the tensors need it.
#[derive(Debug)]
pub(super) struct Graph {
    /// The next unit on the way to the one that speaks for all that are joined.
    next: Vec<Unit>,
    /// Whether a unit, and with it all that are joined, must stay.
    stays: Vec<bool>,
    /// The layer that made a unit, and the next layer on the way to the one that speaks for all that share a unit.
    layer_of: Vec<usize>,
    next_layer: Vec<usize>,
    /// For each value: axes along which it can lose something, each with the units along it.
    axes: Vec<Vec<(usize, Vec<Unit>)>>,
    /// Values that must stay whole.
    whole: Vec<bool>,
}

impl Graph {
    /// Walks through a valid model.
    pub fn of(model: &Model) -> Result<Self> {
        let mut graph = Self {
            next: Vec::new(),
            stays: Vec::new(),
            layer_of: Vec::new(),
            next_layer: Vec::new(),
            axes: vec![Vec::new(); model.values.len()],
            whole: model.values.iter().map(|value| value.is_variable).collect(),
        };
        for (index, node) in model.nodes.iter().enumerate() {
            rules::connect(&mut graph, model, node).map_err(|error| error.at(model.place(index)))?;
        }
        let ports = model.signatures.iter().flat_map(|entry| entry.inputs.iter().chain(&entry.outputs));
        let ends = model.inputs.iter().chain(&model.outputs).chain(ports.map(|(_, id)| id));
        ends.for_each(|&id| graph.keep_whole(id));
        for id in (0..graph.axes.len()).filter(|&id| graph.whole[id]).collect::<Vec<_>>() {
            for (_, units) in graph.axes[id].clone() {
                graph.keep(&units);
            }
        }
        Ok(graph)
    }

    /// New units of one layer.
    pub fn fresh(&mut self, count: usize) -> Vec<Unit> {
        let (first, layer) = (self.next.len(), self.next_layer.len());
        self.next_layer.push(layer);
        self.next.extend(first..first + count);
        self.stays.resize(first + count, false);
        self.layer_of.resize(first + count, layer);
        (first..first + count).collect()
    }

    /// New units that must stay.
    pub fn fixed(&mut self, count: usize) -> Vec<Unit> {
        let units = self.fresh(count);
        self.keep(&units);
        units
    }

    /// Says that units must stay.
    pub fn keep(&mut self, units: &[Unit]) {
        for &unit in units {
            let found = self.find(unit);
            self.stays[found] = true;
        }
    }

    /// Says that a value must stay as it is, along all of its axes.
    pub fn keep_whole(&mut self, id: ValueId) {
        if let Some(whole) = self.whole.get_mut(id) {
            *whole = true;
        }
    }

    /// The unit that speaks for all that are joined with this one.
    pub fn find(&self, mut unit: Unit) -> Unit {
        while self.next[unit] != unit {
            unit = self.next[unit];
        }
        unit
    }

    /// Whether a unit must stay.
    pub fn stays(&self, unit: Unit) -> bool {
        self.stays[self.find(unit)]
    }

    /// The layer that speaks for all layers that share units with that of this one.
    pub fn layer(&self, unit: Unit) -> usize {
        self.find_layer(self.layer_of[unit])
    }

    fn find_layer(&self, mut layer: usize) -> usize {
        while self.next_layer[layer] != layer {
            layer = self.next_layer[layer];
        }
        layer
    }

    /// The number of units.
    pub fn units(&self) -> usize {
        self.next.len()
    }

    /// Joins units one by one; arrays of different lengths must stay both.
    pub fn join(&mut self, a: &[Unit], b: &[Unit]) {
        if a.len() != b.len() {
            self.keep(a);
            self.keep(b);
            return;
        }
        for (&a, &b) in a.iter().zip(b) {
            let (from, to) = (self.find(a), self.find(b));
            // The older one speaks, so that the order of channels is that of the file.
            let (to, from) = (to.min(from), to.max(from));
            self.next[from] = to;
            self.stays[to] |= self.stays[from];
            // A shorter way for the next search.
            (self.next[a], self.next[b]) = (to, to);
            let layers = [self.find_layer(self.layer_of[a]), self.find_layer(self.layer_of[b])];
            self.next_layer[layers[0].max(layers[1])] = layers[0].min(layers[1]);
        }
    }

    /// Puts units along an axis of a value; those that are there already are joined with them.
    pub fn put(&mut self, id: ValueId, axis: usize, units: Vec<Unit>) {
        match self.at(id, axis).map(<[Unit]>::to_vec) {
            Some(there) => self.join(&there, &units),
            None => self.axes[id].push((axis, units)),
        }
    }

    /// The units along an axis of a value, where it can lose something there.
    pub fn at(&self, id: ValueId, axis: usize) -> Option<&[Unit]> {
        self.axes.get(id)?.iter().find(|(found, _)| *found == axis).map(|(_, units)| &units[..])
    }

    /// The axes of a value along which it can lose something.
    pub fn axes(&self, id: ValueId) -> &[(usize, Vec<Unit>)] {
        self.axes.get(id).map_or(&[], Vec::as_slice)
    }

    /// The units along the last axis of what a node reads; nothing goes from a value that nobody has made.
    pub fn channels(&mut self, model: &Model, id: ValueId) -> Vec<Unit> {
        let shape = &model.values[id].shape;
        let axis = shape.len().saturating_sub(1);
        if self.at(id, axis).is_none() {
            let units = self.fixed(shape.last().copied().unwrap_or(1));
            self.axes[id].push((axis, units));
        }
        self.at(id, axis).map(<[Unit]>::to_vec).unwrap_or_default()
    }

    /// Puts units along the last axis of what a node makes.
    pub fn put_channels(&mut self, model: &Model, id: ValueId, units: Vec<Unit>) {
        self.put(id, model.values[id].shape.len().saturating_sub(1), units);
    }
}
