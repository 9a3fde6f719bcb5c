//! What data does to energy: the one chip that published two figures for two kinds of data.

use crate::error::Result;
use crate::imc::array::Macro;
use crate::imc::digital::{Bits, Operands, product};
use crate::random::Random;

/// Published dense against sparse efficiency of that chip (ISSCC 2024 11.3): 15 TOPS/W on random uniform data, 82 with half of the
/// inputs and nine tenths of the weights zero.
pub const PUBLISHED: f64 = 82.0 / 15.0;

/// How many times less energy the model gives on such data, for an array of that chip's height.
///
/// Nothing here was fitted to the published ratio: changes of wires are counted, the rest are shares of gates.
///
/// # Errors
/// Those of reading the frozen table.
pub fn modelled() -> Result<f64> {
    let array = Macro::find("d16")?;
    let random = joules(&array, 1.0, 1.0)?;
    Ok(random / joules(&array, 0.5, 0.1)?)
}

/// Joules of a product of random numbers of which only these shares are not zero.
fn joules(array: &Macro, inputs: f64, weights: f64) -> Result<f64> {
    const SIZE: [usize; 2] = [24, 16];
    let mut random = Random::new(1);
    let mut draw = |count: usize, share: f64| -> Vec<i32> {
        (0..count).map(|_| if random.uniform() < share { random.below(256) as i32 - 128 } else { 0 }).collect()
    };
    let (a, b) = (draw(SIZE[0] * array.rows, inputs), draw(array.rows * SIZE[1], weights));
    let bits = Bits::signed(8);
    let operands =
        Operands { a: &a, b: &b, size: [SIZE[0], array.rows, SIZE[1]], a_bits: bits, b_bits: bits, tile: array.rows };
    let toggles = product(&operands)?.toggles;
    let unit = array.unit_energies(8, 8);
    // The fixed part belongs to the whole array; its share is that of the columns in use.
    let cycles = (SIZE[0] * 8) as f64 * SIZE[1] as f64 / array.outputs(8) as f64;
    Ok(toggles.leaves as f64 * unit.leaf + toggles.roots as f64 * unit.root + cycles * unit.fixed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sparse_data_saves_about_what_the_chip_that_published_it_saved() {
        let modelled = modelled().unwrap();
        assert!(modelled > PUBLISHED / 2.0 && modelled < PUBLISHED * 2.0, "{modelled} against {PUBLISHED}");
    }
}
