//! A small product cycle by cycle: what is on every row and in every column, to be watched.

use super::{Bits, Operands};
use crate::error::{Error, Result};
use crate::limits;

/// Most cells times cycles that are told.
const MOST: usize = 1 << 16;

/// One cycle.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cycle {
    /// The tile of rows.
    pub tile: usize,
    /// The row of A that passes.
    pub row: usize,
    /// Place of the bits that are on the rows.
    pub place: usize,
    /// The bit on each row of the tile.
    pub inputs: Vec<u8>,
    /// Ones in each bit column: output by output, lowest bit first.
    pub sums: Vec<u32>,
    /// What this row's outputs hold after the cycle.
    pub totals: Vec<i64>,
    /// One-bit products that changed against the cycle before.
    pub changes: u32,
}

/// Every cycle of a product; each tile of rows begins with empty wires.
///
/// # Errors
/// As [`super::obvious`]; `Limits` for a product too large to be watched.
pub fn trace(operands: &Operands<'_>) -> Result<Vec<Cycle>> {
    operands.check()?;
    let Operands { a, b, size: [rows, depth, columns], a_bits, b_bits, tile } = *operands;
    limits::check("cells times cycles", rows * a_bits.count * depth * columns * b_bits.count, MOST)?;
    let bit = |number: i32, place: usize| (number >> place & 1) as u8;
    let mut cycles = Vec::new();
    let mut totals = vec![0i64; rows * columns];
    for (at, from) in (0..depth).step_by(tile).enumerate() {
        let here = from..depth.min(from + tile);
        let mut before = vec![0u8; here.len() * columns * b_bits.count];
        for row in 0..rows {
            for place in 0..a_bits.count {
                let inputs: Vec<u8> = here.clone().map(|k| bit(a[row * depth + k], place)).collect();
                let mut sums = vec![0u32; columns * b_bits.count];
                let mut changes = 0;
                for (column, sum) in sums.iter_mut().enumerate() {
                    let (n, weight) = (column / b_bits.count, column % b_bits.count);
                    for ((k, &input), leaf) in
                        here.clone().zip(&inputs).zip(&mut before[column * here.len()..(column + 1) * here.len()])
                    {
                        let now = input & bit(b[k * columns + n], weight);
                        changes += u32::from(now != *leaf);
                        *leaf = now;
                        *sum += u32::from(now);
                    }
                    totals[row * columns + n] += i64::from(*sum) * a_bits.worth(place) * b_bits.worth(weight);
                }
                let totals = totals[row * columns..(row + 1) * columns].to_vec();
                cycles.push(Cycle { tile: at, row, place, inputs, sums, totals, changes });
            }
        }
    }
    if cycles.is_empty() {
        return Err(Error::parameter("a product without a cycle"));
    }
    Ok(cycles)
}

/// The bits of a matrix as they lie in the cells: `[row][output][bit]`, lowest first.
pub fn cells(b: &[i32], bits: Bits) -> Vec<u8> {
    b.iter().flat_map(|&number| (0..bits.count).map(move |place| (number >> place & 1) as u8)).collect()
}

#[cfg(test)]
mod tests {
    use super::super::obvious;
    use super::*;

    #[test]
    fn the_last_cycle_holds_the_product_and_all_cycles_the_changes() {
        let (a, b) = ([3, -4, 7, 1, 0, -8], [5, -6, 2, 1, -1, 3]);
        let bits = Bits::signed(4);
        let operands = Operands { a: &a, b: &b, size: [2, 3, 2], a_bits: bits, b_bits: bits, tile: 2 };
        let (cycles, product) = (trace(&operands).unwrap(), obvious(&operands).unwrap());
        // Two tiles, two rows, four bits.
        assert_eq!(cycles.len(), 16);
        let last = |row: usize| &cycles.iter().rev().find(|cycle| cycle.row == row).unwrap().totals;
        assert_eq!([last(0).clone(), last(1).clone()].concat(), product.values);
        assert_eq!(cycles.iter().map(|cycle| u64::from(cycle.changes)).sum::<u64>(), product.toggles.leaves);
        assert_eq!(cells(&[5, -6], bits), [1, 0, 1, 0, 0, 1, 0, 1]);
    }
}
