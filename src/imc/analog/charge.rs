//! The charges of one column for many inputs at once: dot products of whole numbers, the same bits everywhere.
#![allow(unsafe_code, reason = "loads without bounds checks")]

use crate::exec::fast::simd::{F32x4, I16x8, I32x4};

/// Numbers of one vector: every row of numbers is as long as a multiple of it.
pub const LANES: usize = 8;
/// Inputs whose sums stay in registers.
const AT_ONCE: usize = 4;
/// Columns that meet an input once it is loaded.
pub const COLUMNS: usize = 2;

/// For each column and each row of `inputs`, their dot product, times `unit`. Sums must fit 32 bits.
///
/// *Shapes*: `columns` holds [`COLUMNS`] columns as long as a row, a multiple of [`LANES`]; `inputs` holds a row for each of the
/// `charges` of one column; `charges` is `[column][row]`.
pub fn columns(columns: &[i16], inputs: &[i16], unit: f32, charges: &mut [f32]) {
    let (width, rows) = (columns.len() / COLUMNS, charges.len() / COLUMNS);
    assert!(width.is_multiple_of(LANES) && width * COLUMNS == columns.len());
    assert!(inputs.len() == width * rows && rows * COLUMNS == charges.len());
    let blocks = rows / AT_ONCE * AT_ONCE;
    let scale = F32x4::splat(unit);
    for row in (0..blocks).step_by(AT_ONCE) {
        // SAFETY: the assertions above; a block of rows lies inside `inputs`, and its charges inside those of each column.
        unsafe {
            let sums = dots::<AT_ONCE>(columns.as_ptr(), inputs.as_ptr().add(row * width), width);
            for (column, sums) in sums.into_iter().enumerate() {
                I32x4::sums(sums).to_f32().multiply(scale).store(charges.as_mut_ptr().add(column * rows + row));
            }
        }
    }
    for row in blocks..rows {
        // SAFETY: as above, for one row.
        let sums = unsafe { dots::<1>(columns.as_ptr(), inputs.as_ptr().add(row * width), width) };
        for (column, [sum]) in sums.into_iter().enumerate() {
            let mut lanes = [0f32; 4];
            let none = I32x4::splat(0);
            // SAFETY: four lanes.
            unsafe { I32x4::sums([sum, none, none, none]).to_f32().multiply(scale).store(lanes.as_mut_ptr()) };
            charges[column * rows + row] = lanes[0];
        }
    }
}

/// # Safety
/// `columns` must be valid for [`COLUMNS`] columns of `width`, a whole number of vectors, and `inputs` for `N` rows of it.
#[inline(always)]
unsafe fn dots<const N: usize>(columns: *const i16, inputs: *const i16, width: usize) -> [[I32x4; N]; COLUMNS] {
    let mut sums = [[I32x4::splat(0); N]; COLUMNS];
    for at in (0..width).step_by(LANES) {
        // SAFETY: `at` and seven more lie inside each column and each row.
        unsafe {
            let cells: [I16x8; COLUMNS] = std::array::from_fn(|column| I16x8::load(columns.add(column * width + at)));
            for row in 0..N {
                let inputs = I16x8::load(inputs.add(row * width + at));
                for (sums, cells) in sums.iter_mut().zip(cells) {
                    sums[row] = sums[row].add_dot(cells, inputs);
                }
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
    fn charges_are_the_sums_of_products() {
        let mut random = Random::new(4);
        for (width, rows) in [(8, 1), (16, 4), (40, 7), (256, 9)] {
            let mut draw = |count: usize, end| (0..count).map(|_| random.below(end) as i16).collect::<Vec<i16>>();
            let (cells, inputs) = (draw(COLUMNS * width, 9000), draw(width * rows, 16));
            let mut found = vec![0.0; COLUMNS * rows];
            columns(&cells, &inputs, 0.5, &mut found);
            let one = |row: &[i16], column: &[i16]| {
                row.iter().zip(column).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum::<i32>() as f32 * 0.5
            };
            let wanted: Vec<f32> = cells
                .chunks_exact(width)
                .flat_map(|column| inputs.chunks_exact(width).map(move |row| one(row, column)))
                .collect();
            assert_eq!(found, wanted, "{rows} rows of {width}");
        }
    }
}
