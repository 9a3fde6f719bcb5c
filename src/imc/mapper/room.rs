//! One layer in the room that a macro has: the ways to lay it, the cycles of each, and what must be written.

use super::layer::{Kind, Layer};
use super::pack::Block;
use super::{LayerMap, Options};
use crate::imc::array::Macro;
use crate::order;

/// Most neighbouring positions along one side: more would need arrays larger than any.
const MOST_UNROLLED: usize = 16;

/// The sizes that mapping needs, in weights rather than bit columns.
pub struct Room {
    /// Rows of a macro.
    pub rows: usize,
    /// Outputs of a macro.
    pub outputs: usize,
    /// Macros.
    pub macros: usize,
    passes: u64,
    input_bits: usize,
    weight_bits: usize,
}

impl Room {
    /// The room in a macro.
    pub fn of(array: &Macro, options: &Options) -> Self {
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
    pub fn plain(&self, layer: &Layer) -> LayerMap {
        match layer.kind {
            Kind::Dense => self.dense(layer, [1, 1], 1),
            Kind::Depthwise => self.depthwise(layer, [1, 1], false),
        }
    }

    /// All ways that are worth trying, the fastest first.
    pub fn ways(&self, layer: &Layer) -> Vec<LayerMap> {
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

    /// The fastest way.
    pub fn fastest(&self, layer: &Layer) -> LayerMap {
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
    pub fn spread(&self, map: &mut LayerMap, packed: bool) {
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

    /// Loading: how many cycles computing does not hide.
    pub fn load(&self, map: &mut LayerMap, resident: bool, options: &Options, array: &Macro) {
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
