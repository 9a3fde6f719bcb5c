//! Rectangles of weights laid into arrays, so that several layers share one.
//!
//! Shelves, the tallest rectangle first: a rectangle goes to the first shelf with room, else opens a shelf in the first array
//! with rows left, else a new array. Two layers never share a cell; they may share rows, because only one computes at a time.

use super::LayerMap;
use crate::order;

/// A rectangle of weights.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Rows.
    pub rows: usize,
    /// Outputs.
    pub outputs: usize,
}

/// Where a rectangle lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Placement {
    /// Index of the layer in the mapping.
    pub layer: usize,
    /// Index of the tile in the layer.
    pub tile: usize,
    /// The array-full: macro and set.
    pub array: usize,
    /// First row.
    pub row: usize,
    /// First output.
    pub output: usize,
    /// Its size.
    pub block: Block,
}

struct Shelf {
    array: usize,
    row: usize,
    height: usize,
    used: usize,
}

/// Lays every rectangle of every layer into arrays of `rows` by `outputs`; how many arrays that takes, and where each lies.
pub fn pack(layers: &[LayerMap], rows: usize, outputs: usize) -> (usize, Vec<Placement>) {
    let mut items: Vec<(usize, usize, Block)> = Vec::new();
    for (layer, map) in layers.iter().enumerate() {
        items.extend(map.rectangles.iter().enumerate().map(|(tile, &block)| (layer, tile, block)));
    }
    // Largest first; equal ones in their own order, which is that of layers and tiles.
    let size = |at: usize| (items[at].2.rows, items[at].2.outputs);
    let order = order::of(items.len(), &|a, b| size(b).cmp(&size(a)));
    let mut shelves: Vec<Shelf> = Vec::new();
    let mut filled: Vec<usize> = Vec::new();
    let mut placements = Vec::with_capacity(items.len());
    for (layer, tile, block) in order.into_iter().map(|at| items[at]) {
        let fits = |shelf: &Shelf| block.rows <= shelf.height && shelf.used + block.outputs <= outputs;
        let shelf = match shelves.iter().position(fits) {
            Some(at) => at,
            None => {
                let array = filled.iter().position(|used| used + block.rows <= rows).unwrap_or_else(|| {
                    filled.push(0);
                    filled.len() - 1
                });
                shelves.push(Shelf { array, row: filled[array], height: block.rows, used: 0 });
                filled[array] += block.rows;
                shelves.len() - 1
            }
        };
        let shelf = &mut shelves[shelf];
        placements.push(Placement { layer, tile, array: shelf.array, row: shelf.row, output: shelf.used, block });
        shelf.used += block.outputs;
    }
    let key = |at: usize| (placements[at].layer, placements[at].tile);
    let order = order::of(placements.len(), &|a, b| key(a).cmp(&key(b)));
    (filled.len(), order.into_iter().map(|at| placements[at]).collect())
}
