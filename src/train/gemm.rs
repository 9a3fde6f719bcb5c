//! The product of two matrices, the one loop that training spends its time in.
//!
//! Every element of the result is a sum in the order of the inner index, without fused multiply-adds, so it has the
//! same bits everywhere. `ndarray`'s product fuses where the processor can, and would not.

/// Rows and columns of the result that are computed at once: what fits into 16 vector registers of 4 numbers.
const ROWS: usize = 4;
const COLUMNS: usize = 8;
/// Steps of the inner index, and rows of the first factor, that are copied together: both copies stay in the caches.
const INNER_BLOCK: usize = 256;
const ROW_BLOCK: usize = 64;

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
    let mut result = vec![0.0; a.rows * b.columns];
    add_product(a, b, &mut result);
    result
}

/// `result + a * b`, in place: each sum goes on from the number that is there.
///
/// *Shapes*: as [`product`].
///
/// *Panics* when the dimensions differ.
pub fn add_product(a: Matrix<'_>, b: Matrix<'_>, result: &mut [f32]) {
    assert_eq!(a.columns, b.rows, "the inner dimensions of a product differ");
    let (m, k, n) = (a.rows, a.columns, b.columns);
    assert_eq!(result.len(), m * n, "the result of a {m} x {k} by {k} x {n} product");
    let b = b.transposed();
    // Both factors are copied, block by block, into the order in which the kernel reads them. Going on from the result
    // of the block before is the same sum as without blocks.
    let (mut packed_a, mut packed_b) = (Vec::new(), Vec::new());
    for inner in (0..k).step_by(INNER_BLOCK) {
        let depth = INNER_BLOCK.min(k - inner);
        pack::<COLUMNS>(b, 0..n, inner..inner + depth, &mut packed_b);
        for first in (0..m).step_by(ROW_BLOCK) {
            let last = m.min(first + ROW_BLOCK);
            pack::<ROWS>(a, first..last, inner..inner + depth, &mut packed_a);
            for (column, b) in (0..n).step_by(COLUMNS).zip(packed_b.chunks_exact(depth * COLUMNS)) {
                for (row, a) in (first..last).step_by(ROWS).zip(packed_a.chunks_exact(depth * ROWS)) {
                    add_block(a, b, &mut result[row * n + column..], n, ROWS.min(last - row), COLUMNS.min(n - column));
                }
            }
        }
    }
}

/// Groups of `LANES` rows, in each the inner index outside: `[rows / LANES, inner, LANES]`, zeros where the last group
/// hangs over.
fn pack<const LANES: usize>(
    from: Matrix<'_>,
    rows: std::ops::Range<usize>,
    inner: std::ops::Range<usize>,
    into: &mut Vec<f32>,
) {
    let depth = inner.len();
    into.clear();
    into.resize(rows.len().div_ceil(LANES) * depth * LANES, 0.0);
    for (group, into) in into.chunks_exact_mut(depth * LANES).enumerate() {
        let row = rows.start + group * LANES;
        let lanes = LANES.min(rows.end - row);
        let start = row * from.row_step + inner.start * from.column_step;
        let into = into.as_chunks_mut::<LANES>().0;
        if from.row_step == 1 && lanes == LANES {
            for (i, into) in into.iter_mut().enumerate() {
                // An array of known size, not a slice: this copy is two instructions.
                if let Some(lanes) = from.data[start + i * from.column_step..].first_chunk() {
                    *into = *lanes;
                }
            }
        } else if from.column_step == 1 && lanes == LANES {
            let rows: [&[f32]; LANES] = std::array::from_fn(|lane| &from.data[start + lane * from.row_step..][..depth]);
            for (i, into) in into.iter_mut().enumerate() {
                for lane in 0..LANES {
                    into[lane] = rows[lane][i];
                }
            }
        } else {
            for lane in 0..lanes {
                for (i, into) in into.iter_mut().enumerate() {
                    into[lane] = from.data[start + lane * from.row_step + i * from.column_step];
                }
            }
        }
    }
}

/// Adds one block of the product to `rows` rows of `columns` numbers, which lie `step` apart.
#[inline(always)]
fn add_block(a: &[f32], b: &[f32], result: &mut [f32], step: usize, rows: usize, columns: usize) {
    let mut sums = [[0.0; COLUMNS]; ROWS];
    if rows == ROWS && columns == COLUMNS {
        for row in 0..ROWS {
            sums[row] = result[row * step..].first_chunk().copied().unwrap_or_default();
        }
        multiply(a, b, &mut sums);
        for row in 0..ROWS {
            if let Some(to) = result[row * step..].first_chunk_mut() {
                *to = sums[row];
            }
        }
        return;
    }
    add_part_of_block(a, b, result, step, rows, columns);
}

/// A block at the edge of the result. In a function of its own: inlined, it would cost the whole blocks a tenth of their
/// speed.
#[inline(never)]
fn add_part_of_block(a: &[f32], b: &[f32], result: &mut [f32], step: usize, rows: usize, columns: usize) {
    let mut sums = [[0.0; COLUMNS]; ROWS];
    for row in 0..rows {
        sums[row][..columns].copy_from_slice(&result[row * step..][..columns]);
    }
    multiply(a, b, &mut sums);
    for row in 0..rows {
        result[row * step..][..columns].copy_from_slice(&sums[row][..columns]);
    }
}

/// The inner loop; the compiler keeps the sums in vector registers.
#[inline(always)]
fn multiply(a: &[f32], b: &[f32], sums: &mut [[f32; COLUMNS]; ROWS]) {
    let mut held = *sums;
    for (a, b) in a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<COLUMNS>().0) {
        for row in 0..ROWS {
            for column in 0..COLUMNS {
                held[row][column] += a[row] * b[column];
            }
        }
    }
    *sums = held;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    #[test]
    fn product_equals_the_obvious_loop_bit_for_bit_at_every_size() {
        let mut random = Random::new(1);
        let sizes = [
            (1, 1, 1),
            (4, 8, 8),
            (5, 3, 9),
            (33, 17, 10),
            (3, 0, 2),
            (0, 4, 3),
            (7, 64, 1),
            (70, 600, 13),
            (3, 257, 65),
        ];
        for (m, k, n) in sizes {
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

    #[test]
    fn a_sum_goes_on_from_the_number_that_is_there() {
        let mut result = [100.0];
        add_product(Matrix::new(&[1.0, 2.0], 1, 2), Matrix::new(&[3.0, 4.0], 2, 1), &mut result);
        assert_eq!(result, [111.0]);
    }
}
