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

use serde::{Deserialize, Serialize};

use super::array::Macro;
use crate::error::{Error, Result};
use crate::order;
use layer::{Kind, Layer};
use pack::{Block, Placement};

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

/// Most neighbouring positions along one side: more would need arrays larger than any.
const MOST_UNROLLED: usize = 16;

/// The sizes that mapping needs, in weights rather than bit columns.
struct Room {
    rows: usize,
    outputs: usize,
    macros: usize,
    passes: u64,
    input_bits: usize,
    weight_bits: usize,
}

impl Room {
    fn of(array: &Macro, options: &Options) -> Self {
        Self {
            rows: array.rows,
            outputs: array.outputs(options.weight_bits),
            macros: array.count,
            passes: array.passes(options.input_bits) as u64,
            input_bits: options.input_bits,
            weight_bits: options.weight_bits,
        }
    }

    /// The textbook way: one position at a time.
    fn plain(&self, layer: &Layer) -> LayerMap {
        match layer.kind {
            Kind::Dense => self.dense(layer, [1, 1], 1),
            Kind::Depthwise => self.depthwise(layer, [1, 1], false),
        }
    }

    /// All ways that are worth trying, the fastest first.
    fn ways(&self, layer: &Layer) -> Vec<LayerMap> {
        let mut ways = Vec::new();
        let most = if layer.gaps { 1 } else { MOST_UNROLLED };
        for down in 1..=layer.positions[0].min(most) {
            for across in 1..=layer.positions[1].min(most) {
                let [rows, columns] = self.unrolled(layer, [down, across]);
                if rows.min(columns) == 0 || rows > self.rows || columns > self.outputs {
                    continue;
                }
                match layer.kind {
                    Kind::Dense => {
                        let most = (self.rows / rows).min(self.outputs / columns).max(1);
                        ways.extend((1..=most).map(|blocks| self.dense(layer, [down, across], blocks)));
                    }
                    Kind::Depthwise => ways.push(self.depthwise(layer, [down, across], true)),
                }
            }
        }
        let area = |way: &LayerMap| way.rectangles.iter().map(|block| block.rows * block.outputs).sum::<usize>();
        let key = |at: usize| (ways[at].compute_cycles, area(&ways[at]));
        let sorted = order::of(ways.len(), &|a, b| key(a).cmp(&key(b)));
        let mut ways: Vec<LayerMap> = sorted.into_iter().map(|at| ways[at].clone()).collect();
        // Of ways that are equally fast, the smallest.
        ways.dedup_by_key(|way| way.compute_cycles);
        ways
    }

    fn fastest(&self, layer: &Layer) -> LayerMap {
        let plain = self.plain(layer);
        self.ways(layer).into_iter().next().filter(|way| way.compute_cycles < plain.compute_cycles).unwrap_or(plain)
    }

    /// Rows and outputs of one block that computes `down` by `across` neighbouring positions; of one channel if depthwise.
    fn unrolled(&self, layer: &Layer, [down, across]: [usize; 2]) -> [usize; 2] {
        let reach = |side: usize, n: usize| ((n - 1) * layer.stride[side]).saturating_add(layer.kernel[side]);
        let channels = if layer.kind == Kind::Depthwise { 1 } else { layer.inputs };
        let outputs = if layer.kind == Kind::Depthwise { layer.multiplier() } else { layer.outputs };
        [
            channels.saturating_mul(reach(0, down)).saturating_mul(reach(1, across)),
            outputs.saturating_mul(down * across),
        ]
    }

    fn dense(&self, layer: &Layer, unroll: [usize; 2], blocks: usize) -> LayerMap {
        let [rows, columns] = self.unrolled(layer, unroll);
        let (down, across) = (rows.div_ceil(self.rows), columns.div_ceil(self.outputs));
        let mut rectangles = Vec::with_capacity(down * across);
        for tile_row in 0..down {
            for tile_column in 0..across {
                rectangles.push(Block {
                    rows: self.rows.min(rows - tile_row * self.rows) * blocks,
                    outputs: self.outputs.min(columns - tile_column * self.outputs) * blocks,
                });
            }
        }
        let steps = layer.steps(unroll).div_ceil(blocks as u64);
        self.finish(layer, unroll, blocks, rectangles, steps, (down, across), rows)
    }

    /// Channels lie block-diagonally: `g` channels in one tile. `spread` lets a small layer use free rows for more positions.
    fn depthwise(&self, layer: &Layer, unroll: [usize; 2], spread: bool) -> LayerMap {
        let [rows, columns] = self.unrolled(layer, unroll);
        let group = (self.rows / rows.max(1)).min(self.outputs / columns.max(1));
        if group == 0 {
            // A window larger than the array: each channel is a dense layer of its own, in several tiles.
            let one = Layer { kind: Kind::Dense, inputs: 1, outputs: layer.multiplier(), ..layer.clone() };
            let mut map = self.dense(&one, unroll, 1);
            map.layer = layer.clone();
            map.tiles *= layer.inputs;
            map.rectangles = (0..layer.inputs).flat_map(|_| map.rectangles.clone()).collect();
            map.compute_cycles *= layer.inputs as u64;
            map.load_bits *= layer.inputs as u64;
            return map;
        }
        let tiles = layer.inputs.div_ceil(group);
        let blocks = if spread && tiles == 1 { (group / layer.inputs).max(1) } else { 1 };
        let rectangles = (0..tiles)
            .map(|tile| {
                let channels = group.min(layer.inputs - tile * group) * blocks;
                Block { rows: channels * rows, outputs: channels * columns }
            })
            .collect();
        let steps = layer.steps(unroll).div_ceil(blocks as u64);
        self.finish(layer, unroll, blocks, rectangles, steps, (1, tiles), rows * layer.inputs)
    }

    fn finish(
        &self,
        layer: &Layer,
        unroll: [usize; 2],
        blocks: usize,
        rectangles: Vec<Block>,
        steps: u64,
        (down, across): (usize, usize),
        rows: usize,
    ) -> LayerMap {
        let tiles = rectangles.len();
        let positions = layer.steps([1, 1]);
        let width = self.input_bits + self.weight_bits + bits_of(layer.rows());
        let sums = positions * layer.outputs as u64 * (down as u64 - 1) * 2 * width as u64;
        // Rows are driven once for every column tile; a depthwise tile has rows of its own.
        let drives = if layer.kind == Kind::Depthwise { 1 } else { across as u64 };
        let fetched = layer.steps(unroll) * rows as u64 * drives * self.input_bits as u64;
        let mut map = LayerMap {
            layer: layer.clone(),
            tiles,
            unroll,
            blocks,
            copies: 1,
            waves: tiles.div_ceil(self.macros),
            compute_cycles: steps * tiles as u64 * self.passes,
            load_bits: 0,
            load_cycles: 0,
            resident: true,
            partial_bits: sums,
            input_bits: fetched,
            output_bits: positions * layer.outputs as u64 * self.input_bits as u64,
            utilisation: 0.0,
            rectangles,
        };
        map.load_bits = map.rectangles.iter().map(|block| (block.rows * block.outputs * self.weight_bits) as u64).sum();
        map
    }

    /// Several macros: copies where tiles are fewer, waves where they are more.
    fn spread(&self, map: &mut LayerMap, packed: bool) {
        let steps = map.layer.steps(map.unroll).div_ceil(map.blocks as u64);
        if map.tiles <= self.macros {
            map.copies = (self.macros / map.tiles.max(1)).min(steps as usize).max(1);
            map.waves = 1;
        } else {
            (map.copies, map.waves) = (1, map.tiles.div_ceil(self.macros));
        }
        map.compute_cycles = steps.div_ceil(map.copies as u64) * map.waves as u64 * self.passes;
        let cells = (self.rows * self.outputs * self.macros) as f64;
        let ideal = map.layer.macs() as f64 / cells * self.passes as f64;
        map.utilisation = ideal / map.compute_cycles.max(1) as f64;
        if !packed {
            // The baseline writes whole tiles.
            map.load_bits = (map.tiles * self.rows * self.outputs * self.weight_bits) as u64;
        }
    }

    fn load(&self, map: &mut LayerMap, resident: bool, options: &Options, array: &Macro) {
        map.resident = resident;
        map.load_cycles = 0;
        if resident || !options.reload {
            return;
        }
        // Macros are written side by side; a copy must be written too.
        let all = (map.load_bits * map.copies as u64).div_ceil((array.write_bits * self.macros) as u64);
        let waves = map.waves.max(1) as u64;
        let (load, compute) = (all.div_ceil(waves), map.compute_cycles.div_ceil(waves));
        // Only a second set can be written while the first computes, and nothing hides the first wave.
        map.load_cycles = if array.ping_pong && array.sets > 1 {
            load + (waves - 1) * load.saturating_sub(compute)
        } else {
            load * waves
        };
    }
}

/// `ceil(log2(n))`.
fn bits_of(n: usize) -> usize {
    n.max(1).next_power_of_two().trailing_zeros() as usize
}

#[cfg(test)]
mod tests;
