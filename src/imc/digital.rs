//! What a digital bit-serial SRAM macro computes, and how often its wires change while it does.
//!
//! Every cell keeps one bit of one weight. In each cycle one bit of every input is put on its row; each cell forms the
//! product of the two bits, each column sums its products over the rows of a tile, and the sums are added at their place
//! value, that of a sign bit negatively. The result is exact: the integer product.
//!
//! [`obvious`] is that, cell by cell; [`product`] keeps bits of 64 rows in a word and counts them at once, and must equal it
//! in every result and every count.

mod planes;
pub mod trace;

use crate::error::{Error, Result};
use crate::imc::array::Activity;
pub use planes::Planes;

/// How whole numbers are kept in bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Bits {
    /// How many, 1 to 16.
    pub count: usize,
    /// Whether the last one is a sign (two's complement).
    pub signed: bool,
}

impl Bits {
    /// Two's complement in `count` bits.
    pub const fn signed(count: usize) -> Self {
        Self { count, signed: true }
    }

    /// Zero and above in `count` bits.
    pub const fn unsigned(count: usize) -> Self {
        Self { count, signed: false }
    }

    /// The smallest and the largest number.
    pub fn range(self) -> (i32, i32) {
        if self.signed { (-(1 << (self.count - 1)), (1 << (self.count - 1)) - 1) } else { (0, (1 << self.count) - 1) }
    }

    /// What the bit at `place` is worth.
    fn worth(self, place: usize) -> i64 {
        let worth = 1i64 << place;
        if self.signed && place + 1 == self.count { -worth } else { worth }
    }

    fn check(self, what: &str, numbers: &[i32]) -> Result<()> {
        if !(1..=16).contains(&self.count) {
            return Err(Error::parameter(format!("{what}: {} bits; there must be 1 to 16", self.count)));
        }
        let (low, high) = self.range();
        match numbers.iter().find(|&&number| number < low || number > high) {
            Some(number) => Err(Error::parameter(format!("{what}: {number} does not fit {} bits", self.count))),
            None => Ok(()),
        }
    }
}

/// Two matrices to be multiplied: `A` of `rows` by `depth` streams past, `B` of `depth` by `columns` stays in the array.
#[derive(Debug, Clone, Copy)]
pub struct Operands<'a> {
    /// `[rows, depth]`.
    pub a: &'a [i32],
    /// `[depth, columns]`.
    pub b: &'a [i32],
    /// Rows of A, the inner dimension, columns of B.
    pub size: [usize; 3],
    /// Bits of A.
    pub a_bits: Bits,
    /// Bits of B.
    pub b_bits: Bits,
    /// Rows of the array: more are summed tile by tile.
    pub tile: usize,
}

impl Operands<'_> {
    fn check(&self) -> Result<()> {
        let [rows, depth, columns] = self.size;
        if self.a.len() != rows * depth || self.b.len() != depth * columns {
            return Err(Error::parameter(format!(
                "{} and {} numbers for matrices of {rows}x{depth} and {depth}x{columns}",
                self.a.len(),
                self.b.len()
            )));
        }
        if self.tile == 0 {
            return Err(Error::parameter("an array of no rows"));
        }
        self.a_bits.check("A", self.a)?;
        self.b_bits.check("B", self.b)
    }
}

/// How often things changed, and how often they could have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Toggles {
    /// Changes on the rows: bits of inputs that differ from the bit before, each tile of rows driven once.
    pub rows: u64,
    /// Changes of one-bit products, over all cells.
    pub leaves: u64,
    /// Bits that changed in sums of columns.
    pub roots: u64,
    /// Cells times cycles.
    pub cell_cycles: u64,
    /// Columns times cycles.
    pub column_cycles: u64,
}

impl std::ops::AddAssign for Toggles {
    fn add_assign(&mut self, other: Self) {
        self.rows += other.rows;
        self.leaves += other.leaves;
        self.roots += other.roots;
        self.cell_cycles += other.cell_cycles;
        self.column_cycles += other.column_cycles;
    }
}

impl Toggles {
    /// Changes for each cell or column and cycle; `None` where nothing ran.
    pub fn activity(&self) -> Option<Activity> {
        (self.cell_cycles > 0 && self.column_cycles > 0).then(|| Activity {
            leaf: self.leaves as f64 / self.cell_cycles as f64,
            root: self.roots as f64 / self.column_cycles as f64,
        })
    }
}

/// A product and what it took.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Product {
    /// `[rows, columns]`, exact.
    pub values: Vec<i64>,
    /// Changes counted.
    pub toggles: Toggles,
}

/// The product, cell by cell and cycle by cycle. All wires are 0 before the first cycle of a tile.
///
/// # Errors
/// `Parameter` for sizes that do not fit, bits outside 1 to 16, and numbers that do not fit their bits.
pub fn obvious(operands: &Operands<'_>) -> Result<Product> {
    operands.check()?;
    let Operands { a, b, size: [rows, depth, columns], a_bits, b_bits, tile } = *operands;
    let bit = |number: i32, place: usize| (number >> place) & 1;
    let mut product = Product { values: vec![0; rows * columns], toggles: Toggles::default() };
    let toggles = &mut product.toggles;
    for from in (0..depth).step_by(tile) {
        let here = from..depth.min(from + tile);
        for k in here.clone() {
            let mut before = 0;
            for m in 0..rows {
                for place in 0..a_bits.count {
                    let now = bit(a[m * depth + k], place);
                    toggles.rows += u64::from(now != before);
                    before = now;
                }
            }
        }
        for n in 0..columns {
            for weight_place in 0..b_bits.count {
                let mut leaves = vec![0; here.len()];
                let mut root = 0i64;
                for m in 0..rows {
                    for place in 0..a_bits.count {
                        let mut sum = 0i64;
                        for (k, leaf) in here.clone().zip(&mut leaves) {
                            let now = bit(a[m * depth + k], place) & bit(b[k * columns + n], weight_place);
                            toggles.leaves += u64::from(now != *leaf);
                            *leaf = now;
                            sum += i64::from(now);
                        }
                        toggles.roots += u64::from((sum ^ root).count_ones());
                        root = sum;
                        toggles.cell_cycles += here.len() as u64;
                        toggles.column_cycles += 1;
                        product.values[m * columns + n] += sum * a_bits.worth(place) * b_bits.worth(weight_place);
                    }
                }
            }
        }
    }
    Ok(product)
}

/// The same as [`obvious`], fast.
///
/// # Errors
/// As [`obvious`].
pub fn product(operands: &Operands<'_>) -> Result<Product> {
    operands.check()?;
    let Operands { a, b, size: [rows, depth, columns], a_bits, b_bits, tile } = *operands;
    let weights = Planes::of_columns(b, depth, columns, b_bits, tile);
    let mut values = vec![0i64; rows * columns];
    let toggles = weights.multiply(a, rows, a_bits, &mut values);
    Ok(Product { values, toggles })
}

#[cfg(test)]
mod tests;
