//! The product of two matrices, the one loop that training spends its time in.
//!
//! Every element of the result is a sum in the order of the inner index, from 0, without fused multiply-adds, so it
//! has the same bits everywhere. `ndarray`'s product fuses where the processor can, and would not.

/// Rows and columns of the result that are computed at once: what fits into 16 vector registers of 4 numbers.
const ROWS: usize = 4;
const COLUMNS: usize = 8;

/// A matrix in somebody's memory.
#[derive(Debug, Clone, Copy)]
pub struct Matrix<'a> {
    data: &'a [f32],
    rows: usize,
    columns: usize,
    row_step: usize,
    column_step: usize,
}

impl<'a> Matrix<'a> {
    /// `rows * columns` numbers, row after row.
    ///
    /// *Panics* when there are fewer numbers.
    pub fn new(data: &'a [f32], rows: usize, columns: usize) -> Self {
        assert!(data.len() >= rows * columns, "{} numbers for a {rows} x {columns} matrix", data.len());
        Self { data, rows, columns, row_step: columns, column_step: 1 }
    }

    /// The same numbers with rows and columns exchanged; nothing is moved.
    pub fn transposed(self) -> Self {
        Self {
            data: self.data,
            rows: self.columns,
            columns: self.rows,
            row_step: self.column_step,
            column_step: self.row_step,
        }
    }

    fn at(&self, row: usize, column: usize) -> f32 {
        self.data[row * self.row_step + column * self.column_step]
    }
}

/// `a * b`.
///
/// *Shapes*: `a: [m, k]`, `b: [k, n]`, the result `[m, n]`, row after row.
///
/// *Panics* when the inner dimensions differ.
///
/// ```
/// use milliwatt::train::gemm::{Matrix, product};
/// let a = Matrix::new(&[1.0, 2.0], 1, 2);
/// assert_eq!(product(a, Matrix::new(&[3.0, 4.0], 2, 1)), [11.0]);
/// assert_eq!(product(a.transposed(), a), [1.0, 2.0, 2.0, 4.0]);
/// ```
pub fn product(a: Matrix<'_>, b: Matrix<'_>) -> Vec<f32> {
    assert_eq!(a.columns, b.rows, "the inner dimensions of a product differ");
    let (m, k, n) = (a.rows, a.columns, b.columns);
    let mut result = vec![0.0; m * n];
    // Both factors are copied into the order in which the kernel reads them, zeros where a block hangs over.
    let a = packed::<ROWS>(m, k, |row, inner| a.at(row, inner));
    let b = packed::<COLUMNS>(n, k, |column, inner| b.at(inner, column));
    for (block_column, b) in b.chunks_exact(k.max(1) * COLUMNS).enumerate() {
        for (block_row, a) in a.chunks_exact(k.max(1) * ROWS).enumerate() {
            let block = block_product(a, b);
            let (row, column) = (block_row * ROWS, block_column * COLUMNS);
            let width = COLUMNS.min(n - column);
            for (into, from) in result[row * n..].chunks_mut(n).zip(&block) {
                into[column..column + width].copy_from_slice(&from[..width]);
            }
        }
    }
    result
}

/// Groups of `LANES` rows, in each the inner index outside: `[rows / LANES, inner, LANES]`.
fn packed<const LANES: usize>(rows: usize, inner: usize, at: impl Fn(usize, usize) -> f32) -> Vec<f32> {
    let mut into = vec![0.0; rows.div_ceil(LANES) * inner * LANES];
    for (group, into) in into.chunks_exact_mut(inner.max(1) * LANES).enumerate() {
        for lane in 0..LANES.min(rows - group * LANES) {
            for i in 0..inner {
                into[i * LANES + lane] = at(group * LANES + lane, i);
            }
        }
    }
    into
}

/// One block of the result; the compiler keeps it in vector registers.
fn block_product(a: &[f32], b: &[f32]) -> [[f32; COLUMNS]; ROWS] {
    let mut sums = [[0.0; COLUMNS]; ROWS];
    for (a, b) in a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<COLUMNS>().0) {
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                sums[row][column] += a[row] * b[column];
            }
        }
    }
    sums
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn product_equals_the_obvious_loop_bit_for_bit_at_every_size() {
        let mut random = Random::new(1);
        for (m, k, n) in [(1, 1, 1), (4, 8, 8), (5, 3, 9), (33, 17, 10), (3, 0, 2), (0, 4, 3), (7, 64, 1)] {
            let a: Vec<f32> = (0..m * k).map(|_| random.normal() as f32).collect();
            let b: Vec<f32> = (0..k * n).map(|_| random.normal() as f32).collect();
            let mut obvious = vec![0.0f32; m * n];
            for i in 0..m {
                for j in 0..n {
                    for l in 0..k {
                        obvious[i * n + j] += a[i * k + l] * b[l * n + j];
                    }
                }
            }
            assert_eq!(product(Matrix::new(&a, m, k), Matrix::new(&b, k, n)), obvious, "{m} {k} {n}");
        }
    }

    #[test]
    fn transposed_factors_are_read_across() {
        let a = [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]; // [2, 3]
        let b = [1.0, 0.0, 2.0, 0.0, 1.0, 1.0]; // [2, 3]
        let product_ab = product(Matrix::new(&a, 2, 3), Matrix::new(&b, 2, 3).transposed());
        assert_eq!(product_ab, [7.0, 5.0, 16.0, 11.0]);
        let gram = product(Matrix::new(&a, 2, 3).transposed(), Matrix::new(&b, 2, 3));
        assert_eq!(gram, [1.0, 4.0, 6.0, 2.0, 5.0, 9.0, 3.0, 6.0, 12.0]);
    }
}
