//! Bits of 64 rows in a word: the fast way to count what a macro sums.
//!
//! How often one-bit products change need not be counted cell by cell: a cell whose weight bit is 1 follows its row, another
//! never changes, so the changes are those of each row times the ones among its weights. Sums of columns are counted in every
//! cycle.

use super::{Bits, Toggles};

/// Rows of one word.
const WORD: usize = 64;

/// A matrix of weights as planes of bits, cut into tiles of rows.
#[derive(Debug, Clone)]
pub struct Planes {
    /// Rows.
    depth: usize,
    /// Outputs.
    columns: usize,
    bits: Bits,
    /// Rows of a tile.
    tile: usize,
    /// Words of one plane of one tile.
    words: usize,
    /// `[tile][column][bit][word]`.
    planes: Vec<u64>,
    /// Ones among the bits of all weights of a row.
    ones: Vec<u64>,
}

impl Planes {
    /// Cuts `[depth, columns]` into bits. Numbers must fit their bits.
    pub fn of_columns(b: &[i32], depth: usize, columns: usize, bits: Bits, tile: usize) -> Self {
        Self::new(depth, columns, bits, tile, |k, n| b[k * columns + n])
    }

    /// Cuts `[columns, depth]` (a layer's weights, output by output) into bits.
    pub fn of_rows(weights: &[i8], depth: usize, columns: usize, tile: usize) -> Self {
        Self::new(depth, columns, Bits::signed(8), tile, |k, n| i32::from(weights[n * depth + k]))
    }

    fn new(depth: usize, columns: usize, bits: Bits, tile: usize, at: impl Fn(usize, usize) -> i32) -> Self {
        let tile = tile.min(depth).max(1);
        let words = tile.div_ceil(WORD);
        let tiles = depth.div_ceil(tile);
        let mut planes = vec![0u64; tiles * columns * bits.count * words];
        let mut ones = vec![0u64; depth];
        let mask = (1u32 << bits.count) - 1;
        for k in 0..depth {
            let (place, row) = (k / tile, k % tile);
            for n in 0..columns {
                let number = at(k, n) as u32 & mask;
                ones[k] += u64::from(number.count_ones());
                let first = (place * columns + n) * bits.count * words + row / WORD;
                for bit in 0..bits.count {
                    planes[first + bit * words] |= u64::from(number >> bit & 1) << (row % WORD);
                }
            }
        }
        Self { depth, columns, bits, tile, words, planes, ones }
    }

    /// Adds the product of `a`, `[rows, depth]`, with the weights to `values`, `[rows, columns]`, and counts the changes.
    pub fn multiply(&self, a: &[i32], rows: usize, a_bits: Bits, values: &mut [i64]) -> Toggles {
        let Self { depth, columns, words, .. } = *self;
        let mut toggles = self.row_toggles(a, rows, a_bits);
        if columns == 0 || rows == 0 {
            return toggles;
        }
        let (places, weights) = (a_bits.count, self.bits.count);
        let worth: Vec<i64> = (0..weights).map(|place| self.bits.worth(place)).collect();
        let mut planes = vec![0u64; places * words];
        let mut before = vec![0u32; columns * weights];
        let mut sums = vec![0u32; places];
        let eight = fast(places, words, a_bits.signed);
        for (tile, from) in (0..depth).step_by(self.tile).enumerate() {
            let here = from..depth.min(from + self.tile);
            before.fill(0);
            for m in 0..rows {
                slice(&a[m * depth + here.start..m * depth + here.end], places, words, &mut planes);
                let tile_planes = &self.planes[tile * columns * weights * words..][..columns * weights * words];
                let results = &mut values[m * columns..(m + 1) * columns];
                for ((n, result), column) in
                    results.iter_mut().enumerate().zip(tile_planes.chunks_exact(weights * words))
                {
                    let mut total = 0i64;
                    for ((bit, plane), before) in
                        column.chunks_exact(words).enumerate().zip(&mut before[n * weights..(n + 1) * weights])
                    {
                        if let Some(eight) = eight {
                            let (value, changes) = eight(&planes, plane, before);
                            toggles.roots += u64::from(changes);
                            total += value * worth[bit];
                            continue;
                        }
                        count(&planes, plane, &mut sums);
                        let mut value = 0i64;
                        for (place, &sum) in sums.iter().enumerate() {
                            toggles.roots += u64::from((sum ^ *before).count_ones());
                            *before = sum;
                            value += i64::from(sum) << place;
                        }
                        if a_bits.signed {
                            // The last place counts negatively: it was added, and is taken off twice.
                            value -= i64::from(*before) << places;
                        }
                        total += value * worth[bit];
                    }
                    *result += total;
                }
            }
        }
        toggles
    }

    /// What does not depend on sums: changes on rows and of products.
    fn row_toggles(&self, a: &[i32], rows: usize, a_bits: Bits) -> Toggles {
        let (count, mask) = (a_bits.count, (1u32 << a_bits.count) - 1);
        let mut changes = vec![0u32; self.depth];
        let mut last = vec![0u32; self.depth];
        for row in a.chunks_exact(self.depth.max(1)).take(rows) {
            for ((&number, changes), last) in row.iter().zip(&mut changes).zip(&mut last) {
                let bits = number as u32 & mask;
                // Each bit against the one before it, the first against the last one of the number before.
                *changes += (bits ^ (bits << 1 | *last) & mask).count_ones();
                *last = bits >> (count - 1);
            }
        }
        let cycles = (rows * count) as u64;
        let cells = (self.depth * self.columns * self.bits.count) as u64;
        let columns = (self.depth.div_ceil(self.tile) * self.columns * self.bits.count) as u64;
        Toggles {
            rows: changes.iter().map(|&changes| u64::from(changes)).sum(),
            leaves: changes.iter().zip(&self.ones).map(|(&changes, ones)| u64::from(changes) * ones).sum(),
            roots: 0,
            cell_cycles: cells * cycles,
            column_cycles: columns * cycles,
        }
    }
}

/// Bits of numbers of one tile: `[place][word]`.
fn slice(numbers: &[i32], places: usize, words: usize, planes: &mut [u64]) {
    planes.fill(0);
    for (word, numbers) in numbers.chunks(WORD).enumerate() {
        for (eighth, numbers) in numbers.chunks(8).enumerate() {
            let (mut low, mut high) = (0u64, 0u64);
            for (row, &number) in numbers.iter().enumerate() {
                low |= u64::from(number as u8) << (8 * row);
                high |= u64::from((number >> 8) as u8) << (8 * row);
            }
            for (first, bytes) in [(0, low), (8, high)] {
                // Nothing is left to slice in the high bytes of short numbers.
                if first >= places {
                    break;
                }
                let turned = transpose(bytes);
                for place in first..places.min(first + 8) {
                    planes[place * words + word] |= (turned >> (8 * (place - first)) & 0xFF) << (8 * eighth);
                }
            }
        }
    }
}

/// Turns eight bytes, as rows of eight bits, into their columns.
///
/// *Source*: Warren, Hacker's Delight, section 7-3.
fn transpose(bytes: u64) -> u64 {
    let mut x = bytes;
    for (shift, mask) in [(7, 0x00AA_00AA_00AA_00AA), (14, 0x0000_CCCC_0000_CCCC), (28, 0x0000_0000_F0F0_F0F0)] {
        let t = (x ^ (x >> shift)) & mask;
        x ^= t ^ (t << shift);
    }
    x
}

/// For each plane of inputs, how many rows are 1 in it and in the plane of weights.
fn count(inputs: &[u64], weights: &[u64], sums: &mut [u32]) {
    for (sum, plane) in sums.iter_mut().zip(inputs.chunks_exact(weights.len())) {
        *sum = plane.iter().zip(weights).map(|(a, b)| (a & b).count_ones()).sum();
    }
}

/// All eight cycles of one column: the sum at its place values, and how many bits of the sum changed.
type Eight = fn(&[u64], &[u64], &mut u32) -> (i64, u32);

/// A kernel for inputs of eight bits and the usual heights of arrays; `None` for others, which take the loop above.
fn fast(places: usize, words: usize, signed: bool) -> Option<Eight> {
    if places != 8 {
        return None;
    }
    let kernel = |plain: Eight, sign: Eight| if signed { sign } else { plain };
    Some(match words {
        1 => kernel(eight::<1, false>, eight::<1, true>),
        2 => kernel(eight::<2, false>, eight::<2, true>),
        4 => kernel(eight::<4, false>, eight::<4, true>),
        8 => kernel(eight::<8, false>, eight::<8, true>),
        16 => kernel(eight::<16, false>, eight::<16, true>),
        _ => return None,
    })
}

fn eight<const W: usize, const SIGNED: bool>(inputs: &[u64], weights: &[u64], before: &mut u32) -> (i64, u32) {
    let mut sums = [0u32; 8];
    for (sum, plane) in sums.iter_mut().zip(inputs.chunks_exact(W)) {
        // Of a known length, so that it is unrolled into plain instructions.
        for k in 0..W {
            *sum += (plane[k] & weights[k]).count_ones();
        }
    }
    // Four sums in a word, so that a change is seen for all four at once: none is above 16 bits.
    let four = |from: usize| sums[from..from + 4].iter().rev().fold(0u64, |packed, &sum| packed << 16 | u64::from(sum));
    let (first, last) = (four(0), four(4));
    let changes =
        (first ^ (first << 16 | u64::from(*before))).count_ones() + (last ^ (last << 16 | first >> 48)).count_ones();
    *before = sums[7];
    let mut value = 0i64;
    for (place, &sum) in sums.iter().enumerate() {
        let worth = i64::from(sum) << place;
        value += if SIGNED && place == 7 { -worth } else { worth };
    }
    (value, changes)
}
