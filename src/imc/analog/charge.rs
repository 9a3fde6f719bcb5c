//! The charges of one column for many inputs at once: dot products of whole numbers, the same bits everywhere.
#![allow(unsafe_code, reason = "loads without bounds checks")]

use crate::exec::fast::simd::{I16x8, I32x4};

/// Numbers of one vector: every row of numbers is as long as a multiple of it.
pub const LANES: usize = 8;
/// Inputs whose sums stay in registers.
const AT_ONCE: usize = 4;

/// For each row of `inputs`, its dot product with `column`, times `unit`. Sums must fit 32 bits.
///
/// *Shapes*: `column` is as long as a row, a multiple of [`LANES`]; `inputs` holds a row for each of `charges`.
pub fn column(column: &[i16], inputs: &[i16], unit: f32, charges: &mut [f32]) {
    let width = column.len();
    assert!(width.is_multiple_of(LANES) && inputs.len() == width * charges.len());
    let mut blocks = charges.chunks_exact_mut(AT_ONCE);
    let mut from = 0;
    for block in &mut blocks {
        // SAFETY: the assertion above; a block of rows lies inside `inputs`.
        let sums = unsafe { dots::<AT_ONCE>(column, inputs.as_ptr().add(from)) };
        for (charge, sum) in block.iter_mut().zip(sums) {
            *charge = sum as f32 * unit;
        }
        from += AT_ONCE * width;
    }
    for charge in blocks.into_remainder() {
        // SAFETY: as above, for one row.
        let [sum] = unsafe { dots::<1>(column, inputs.as_ptr().add(from)) };
        *charge = sum as f32 * unit;
        from += width;
    }
}

/// # Safety
/// `column` must be a whole number of vectors, and `inputs` valid for `N` rows as long as it.
#[inline(always)]
unsafe fn dots<const N: usize>(column: &[i16], inputs: *const i16) -> [i32; N] {
    let width = column.len();
    let mut sums = [I32x4::splat(0); N];
    for at in (0..width).step_by(LANES) {
        // SAFETY: `at` and seven more lie inside the column and inside each row.
        unsafe {
            let cells = I16x8::load(column.as_ptr().add(at));
            for (row, sum) in sums.iter_mut().enumerate() {
                *sum = sum.add_dot(cells, I16x8::load(inputs.add(row * width + at)));
            }
        }
    }
    sums.map(|sum| {
        let mut lanes = [0i32; 4];
        // SAFETY: four lanes.
        unsafe { sum.store(lanes.as_mut_ptr()) };
        lanes.into_iter().fold(0, i32::wrapping_add)
    })
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
            let (cells, inputs) = (draw(width, 9000), draw(width * rows, 16));
            let mut found = vec![0.0; rows];
            column(&cells, &inputs, 0.5, &mut found);
            let one = |row: &[i16]| row.iter().zip(&cells).map(|(&x, &w)| i32::from(x) * i32::from(w)).sum::<i32>();
            let wanted: Vec<f32> = inputs.chunks_exact(width).map(|row| one(row) as f32 * 0.5).collect();
            assert_eq!(found, wanted, "{rows} rows of {width}");
        }
    }
}
