//! The mapper: which weights lie where in the array, and how many cycles a network takes there.
//!
//! A layer becomes a matrix (im2col): `K` rows (kernel height times width times channels), `N` outputs, `P` positions. Weights
//! stay where they are (weight stationary) while positions stream past. Letters: `R` rows and `O` outputs of a macro, `M`
//! macros of `m` weight sets, `Bi` and `Bw` bits of inputs and weights, `Bc` bits taken in a cycle.
//!
//! *Greedy* is the baseline that the field reports: one layer for each tile, every tile an array of its own, full tiles written.
//! *Packed* lets one array compute several positions at once where a layer leaves rows and columns free (blocks on the
//! diagonal, and neighbouring positions that share their inputs), lays many layers into one array, and writes only what is used.

pub mod layer;
pub mod pack;
mod room;

use serde::{Deserialize, Serialize};

use super::array::Macro;
use crate::error::{Error, Result};
use crate::order;
use layer::Layer;
use pack::{Block, Placement};
use room::Room;

/// How to map.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Options {
    /// Several positions and several layers in one array; the greedy baseline otherwise.
    pub packing: bool,
    /// Whether time goes into loading weights; without it the figures are those of an array that already holds them.
    pub reload: bool,
    /// Bits of an input.
    pub input_bits: usize,
    /// Bits of a weight.
    pub weight_bits: usize,
}

impl Default for Options {
    fn default() -> Self {
        Self { packing: true, reload: true, input_bits: 8, weight_bits: 8 }
    }
}

/// How one layer lies in the array.
#[derive(Debug, Clone, PartialEq)]
pub struct LayerMap {
    /// The layer.
    pub layer: Layer,
    /// Tiles: rectangles of weights that need an array each, or a part of one.
    pub tiles: usize,
    /// Neighbouring positions computed at once, rows and columns of the image; they share inputs.
    pub unroll: [usize; 2],
    /// Blocks on the diagonal of one array, each with inputs of its own.
    pub blocks: usize,
    /// Arrays that hold the same weights.
    pub copies: usize,
    /// Rectangles of one tile each: rows and outputs in use.
    pub rectangles: Vec<Block>,
    /// Times that arrays must be filled; 1 where all tiles fit at once.
    pub waves: usize,
    /// Cycles of computing.
    pub compute_cycles: u64,
    /// Bits written when the layer's weights are loaded.
    pub load_bits: u64,
    /// Cycles of writing weights that computing does not hide.
    pub load_cycles: u64,
    /// Whether the weights stay between inferences.
    pub resident: bool,
    /// Bits of partial sums that are written and read again.
    pub partial_bits: u64,
    /// Bits of inputs that are fetched.
    pub input_bits: u64,
    /// Bits of outputs that are stored.
    pub output_bits: u64,
    /// Ideal cycles against those of computing.
    pub utilisation: f64,
}

/// A whole network in the array.
#[derive(Debug, Clone, PartialEq)]
pub struct Mapping {
    /// Layer by layer.
    pub layers: Vec<LayerMap>,
    /// Array-fulls that all weights take together, each held once.
    pub arrays: usize,
    /// Array-fulls there are: macros times sets.
    pub capacity: usize,
    /// Whether all weights stay between inferences.
    pub resident: bool,
    /// Where each rectangle lies, when packed.
    pub placements: Vec<Placement>,
}

impl Mapping {
    /// Cycles of computing.
    pub fn compute_cycles(&self) -> u64 {
        self.layers.iter().map(|map| map.compute_cycles).sum()
    }

    /// Cycles of one inference, weights loaded where they do not stay.
    pub fn cycles(&self) -> u64 {
        self.layers.iter().map(|map| map.compute_cycles + map.load_cycles).sum()
    }

    /// Tiles of all layers.
    pub fn tiles(&self) -> usize {
        self.layers.iter().map(|map| map.tiles).sum()
    }

    /// Ideal cycles (every cell busy in every cycle) against those of computing.
    pub fn utilisation(&self) -> f64 {
        let ideal: f64 = self.layers.iter().map(|map| map.utilisation * map.compute_cycles as f64).sum();
        ideal / (self.compute_cycles().max(1)) as f64
    }
}

/// Lays layers into a macro.
///
/// # Errors
/// `Parameter` for bits outside 1 to 16 or an array too small for one weight.
///
/// *Source*: the steps and reference vectors stand in `docs/imc.md`.
pub fn map(layers: &[Layer], array: &Macro, options: &Options) -> Result<Mapping> {
    for (name, bits) in [("input", options.input_bits), ("weight", options.weight_bits)] {
        if !(1..=16).contains(&bits) {
            return Err(Error::parameter(format!("{bits} {name} bits; there must be 1 to 16")));
        }
    }
    if array.columns < options.weight_bits {
        return Err(Error::parameter(format!(
            "{} columns do not hold a weight of {} bits",
            array.columns, options.weight_bits
        )));
    }
    let room = Room::of(array, options);
    let capacity = room.macros * array.sets;
    let mut maps: Vec<LayerMap> = layers.iter().map(|layer| room.plain(layer)).collect();
    if !options.packing {
        let arrays: usize = maps.iter().map(|map| map.tiles).sum();
        let resident = arrays <= capacity;
        for map in &mut maps {
            room.spread(map, options.packing);
            room.load(map, resident, options, array);
        }
        return Ok(Mapping { layers: maps, arrays, capacity, resident, placements: Vec::new() });
    }

    // Faster ways to lay each layer, and what that would take in array.
    let (mut arrays, mut placements) = pack::pack(&maps, room.rows, room.outputs);
    let resident = arrays <= capacity;
    if !options.reload {
        maps = layers.iter().map(|layer| room.fastest(layer)).collect();
        placements = pack::pack(&maps, room.rows, room.outputs).1;
    } else if resident {
        // Slowest layers first, as long as everything still fits.
        let mut order: Vec<usize> = (0..maps.len()).collect();
        order::indices(&mut order, &|a, b| (maps[b].compute_cycles, b).cmp(&(maps[a].compute_cycles, a)));
        for at in order {
            for better in room.ways(&layers[at]) {
                if better.compute_cycles >= maps[at].compute_cycles {
                    continue;
                }
                let before = std::mem::replace(&mut maps[at], better);
                let (needed, placed) = pack::pack(&maps, room.rows, room.outputs);
                if needed <= capacity {
                    (arrays, placements) = (needed, placed);
                    break;
                }
                maps[at] = before;
            }
        }
    } else {
        // Nothing stays: each layer is laid so that loading and computing together are shortest.
        for (map, layer) in maps.iter_mut().zip(layers) {
            let cost = |way: &LayerMap| {
                let mut way = way.clone();
                room.spread(&mut way, true);
                room.load(&mut way, false, options, array);
                way.compute_cycles + way.load_cycles
            };
            if let Some(best) = room.ways(layer).into_iter().min_by_key(|way| cost(way))
                && cost(&best) < cost(map)
            {
                *map = best;
            }
        }
        placements = pack::pack(&maps, room.rows, room.outputs).1;
    }
    let resident = arrays <= capacity;
    for map in &mut maps {
        room.spread(map, options.packing);
        room.load(map, resident, options, array);
    }
    if !resident && options.reload {
        keep(&mut maps, &room, options, array);
    }
    Ok(Mapping { layers: maps, arrays, capacity, resident, placements })
}

/// Lets the layers that take longest to load stay, where there are more sets of weights than streaming the others needs: one, or
/// two where one is written while the other computes.
fn keep(maps: &mut [LayerMap], room: &Room, options: &Options, array: &Macro) {
    let streaming = if array.ping_pong { 2 } else { 1 };
    let capacity = array.sets.saturating_sub(streaming) * room.macros;
    let mut order: Vec<usize> = (0..maps.len()).filter(|&at| capacity > 0 && maps[at].load_cycles > 0).collect();
    order::indices(&mut order, &|a, b| maps[b].load_cycles.cmp(&maps[a].load_cycles));
    let mut kept: Vec<LayerMap> = Vec::new();
    for at in order {
        kept.push(maps[at].clone());
        if pack::pack(&kept, room.rows, room.outputs).0 <= capacity {
            room.load(&mut maps[at], true, options, array);
        } else {
            kept.pop();
        }
    }
}

#[cfg(test)]
mod tests;
