//! Two matrices multiplied in the array: the result, and how far it is from the exact one.
//!
//! Whole numbers are multiplied as they are; real ones are first brought to whole numbers, each matrix with one scale, which is
//! the only error of a digital macro.

use super::analog::{self, Chip};
use super::array::Activity;
use super::digital::{self, Bits, Operands, Toggles, trace};
use crate::error::{Error, Result};
use crate::limits;
use crate::tensor::{DType, Tensor};

/// Longest side of a matrix.
pub const SIDE: usize = 4096;

/// A product in the array.
#[derive(Debug, Clone, PartialEq)]
pub struct Matmul {
    /// Rows of A, the inner dimension, columns of B.
    pub size: [usize; 3],
    /// `[rows, columns]`, as the array gives it.
    pub values: Vec<f64>,
    /// `[rows, columns]`, exact to double precision.
    pub exact: Vec<f64>,
    /// Whether both matrices were whole numbers that fit their bits.
    pub whole: bool,
    /// Changes counted (digital).
    pub toggles: Toggles,
    /// Share of conversions outside the converters' range (analog).
    pub clipped: Option<f64>,
}

/// How to multiply.
#[derive(Debug, Clone, PartialEq)]
pub struct How {
    /// Bits of A.
    pub a_bits: usize,
    /// Bits of B.
    pub b_bits: usize,
    /// Rows of the array.
    pub rows: usize,
    /// An analog chip; a digital macro otherwise. Analog arrays take 8 bits of both.
    pub chip: Option<Chip>,
    /// Whether the ranges of an analog chip's converters are chosen on these matrices; whole columns otherwise.
    pub choose: bool,
}

impl Matmul {
    /// What the data did, for [`super::price`].
    pub fn activity(&self) -> Option<Activity> {
        self.toggles.activity()
    }

    /// The largest difference to the exact product.
    pub fn largest_error(&self) -> f64 {
        self.values.iter().zip(&self.exact).fold(0.0, |most, (a, b)| libm::fmax(most, libm::fabs(a - b)))
    }

    /// Root of the mean square of the differences, against that of the exact product; 0 where all of it is 0.
    pub fn relative_error(&self) -> f64 {
        let square = |of: &mut dyn Iterator<Item = f64>| of.map(|x| x * x).sum::<f64>();
        let off = square(&mut self.values.iter().zip(&self.exact).map(|(a, b)| a - b));
        let whole = square(&mut self.exact.iter().copied());
        if whole > 0.0 { libm::sqrt(off / whole) } else { 0.0 }
    }
}

/// Multiplies `[rows, depth]` by `[depth, columns]`.
///
/// # Errors
/// `Parameter` for arrays that are no matrices or do not fit each other, `Limits` for sides over [`SIDE`], `Numeric` for numbers
/// that are not finite.
///
/// ```
/// use milliwatt::imc::matmul::{How, matmul};
/// use milliwatt::tensor::Tensor;
///
/// let a = Tensor::from_i8(&[1, 2], vec![3, -4])?;
/// let b = Tensor::from_i8(&[2, 1], vec![5, 6])?;
/// let product = matmul(&a, &b, &How { a_bits: 8, b_bits: 8, rows: 256, chip: None, choose: false })?;
/// assert_eq!(product.values, [-9.0]);
/// assert_eq!(product.largest_error(), 0.0);
/// # Ok::<(), milliwatt::Error>(())
/// ```
pub fn matmul(a: &Tensor, b: &Tensor, how: &How) -> Result<Matmul> {
    let [rows, depth, columns] = size(a, b)?;
    let (left, right) = (Whole::of(a, how.a_bits, "A")?, Whole::of(b, how.b_bits, "B")?);
    let exact = exact(&left.real, &right.real, [rows, depth, columns]);
    let scale = left.scale * right.scale;
    let (numbers, toggles, clipped) = match &how.chip {
        None => {
            let operands = Operands {
                a: &left.numbers,
                b: &right.numbers,
                size: [rows, depth, columns],
                a_bits: left.bits,
                b_bits: right.bits,
                tile: how.rows,
            };
            let product = digital::product(&operands)?;
            (product.values, product.toggles, None)
        }
        Some(chip) => {
            let (numbers, clipped) = on_charge(&left, &right, [rows, depth, columns], how, chip)?;
            (numbers, Toggles::default(), Some(clipped))
        }
    };
    Ok(Matmul {
        size: [rows, depth, columns],
        values: numbers.iter().map(|&number| number as f64 * scale).collect(),
        exact,
        whole: left.scale == 1.0 && right.scale == 1.0,
        toggles,
        clipped,
    })
}

/// Rows of A, the inner dimension, columns of B.
fn size(a: &Tensor, b: &Tensor) -> Result<[usize; 3]> {
    let (&[rows, depth], &[inner, columns]) = (a.shape(), b.shape()) else {
        return Err(Error::parameter(format!(
            "a product needs two matrices; these arrays have the shapes {:?} and {:?}",
            a.shape(),
            b.shape()
        )));
    };
    if depth != inner {
        return Err(Error::parameter(format!(
            "A is {rows}x{depth} and B is {inner}x{columns}: A must have as many columns as B has rows"
        )));
    }
    for side in [rows, depth, columns] {
        limits::check("the side of a matrix", side, SIDE)?;
        if side == 0 {
            return Err(Error::parameter("a matrix without elements"));
        }
    }
    Ok([rows, depth, columns])
}

/// A product as it goes through the array, cycle by cycle.
#[derive(Debug, Clone, PartialEq)]
pub struct Watched {
    /// Bits of A and B as they were brought into the array.
    pub bits: [Bits; 2],
    /// The bits in the cells: `[depth][column][bit]`, lowest first.
    pub cells: Vec<u8>,
    /// Every cycle.
    pub cycles: Vec<trace::Cycle>,
}

/// Multiplies a small A and B in the digital array and tells every cycle.
///
/// # Errors
/// As [`matmul`]; `Limits` for a product too large to be watched.
pub fn watch(a: &Tensor, b: &Tensor, how: &How) -> Result<Watched> {
    let size = size(a, b)?;
    let (left, right) = (Whole::of(a, how.a_bits, "A")?, Whole::of(b, how.b_bits, "B")?);
    let operands =
        Operands { a: &left.numbers, b: &right.numbers, size, a_bits: left.bits, b_bits: right.bits, tile: how.rows };
    Ok(Watched {
        bits: [left.bits, right.bits],
        cells: trace::cells(&right.numbers, right.bits),
        cycles: trace::trace(&operands)?,
    })
}

/// Both matrices as whole numbers of 8 bits, for a processor: `[rows, depth]` and, output by output, `[columns, depth]`.
///
/// # Errors
/// As [`matmul`].
pub fn bytes(a: &Tensor, b: &Tensor) -> Result<(Vec<i8>, Vec<i8>)> {
    let [_, depth, columns] = size(a, b)?;
    let (left, right) = (Whole::of(a, 8, "A")?, Whole::of(b, 8, "B")?);
    let turned = (0..columns).flat_map(|n| (0..depth).map(move |k| k * columns + n));
    Ok((left.numbers.iter().map(|&x| x as i8).collect(), turned.map(|at| right.numbers[at] as i8).collect()))
}

fn on_charge(
    left: &Whole,
    right: &Whole,
    [rows, depth, columns]: [usize; 3],
    how: &How,
    chip: &Chip,
) -> Result<(Vec<i64>, f64)> {
    chip.circuit.check()?;
    let eight = Bits::signed(8).range();
    if left.numbers.iter().chain(&right.numbers).any(|&number| number < eight.0 || number > eight.1) {
        return Err(Error::unsupported(
            "an analog array takes signed numbers of 8 bits: ask for 8 bits of both matrices",
        ));
    }
    let turned = (0..columns).flat_map(|n| (0..depth).map(move |k| right.numbers[k * columns + n] as i8));
    let weights: Vec<i8> = turned.collect();
    let tile = how.rows.max(1);
    let multiply = |chip: &Chip, ranges: Option<&analog::Ranges>, seen: &mut analog::Seen| {
        let mut values = vec![0; rows * columns];
        let mut array = analog::Array::new(&weights, depth, columns, tile, chip, ranges, [0, 0]);
        array.multiply(&left.numbers, rows, &mut values, seen);
        values
    };
    let mut ranges = None;
    if how.choose {
        let mut watched = analog::Seen::watching(&chip.circuit, tile.min(depth));
        multiply(&Chip { circuit: chip.circuit.quiet(), seed: chip.seed }, None, &mut watched);
        ranges = watched.best(&chip.circuit);
    }
    let mut seen = analog::Seen::default();
    let values = multiply(chip, ranges.as_ref(), &mut seen);
    Ok((values, seen.clipped as f64 / seen.conversions.max(1) as f64))
}

/// Rows of A and columns of B whose sums stay in registers.
const HIGH: usize = 2;
const WIDE: usize = 8;

/// The product in doubles, each sum in the order of the inner dimension.
fn exact(a: &[f64], b: &[f64], [rows, depth, columns]: [usize; 3]) -> Vec<f64> {
    let mut values = vec![0.0; rows * columns];
    let mut panel = vec![[0.0; WIDE]; depth];
    for from in (0..columns).step_by(WIDE) {
        let width = WIDE.min(columns - from);
        for (panel, row) in panel.iter_mut().zip(b.chunks_exact(columns)) {
            panel[..width].copy_from_slice(&row[from..from + width]);
        }
        for (a, values) in a.chunks(HIGH * depth).zip(values.chunks_mut(HIGH * columns)) {
            let mut sums = [[0.0; WIDE]; HIGH];
            // A last row without another is multiplied twice; the second time goes nowhere.
            let (upper, lower) = (&a[..depth], &a[a.len() - depth..]);
            for ((x, y), panel) in upper.iter().zip(lower).zip(&panel) {
                for at in 0..WIDE {
                    sums[0][at] += x * panel[at];
                    sums[1][at] += y * panel[at];
                }
            }
            for (row, sums) in values.chunks_exact_mut(columns).zip(&sums) {
                row[from..from + width].copy_from_slice(&sums[..width]);
            }
        }
    }
    values
}

/// A matrix as whole numbers with a scale.
struct Whole {
    numbers: Vec<i32>,
    bits: Bits,
    scale: f64,
    real: Vec<f64>,
}

impl Whole {
    fn of(tensor: &Tensor, bits: usize, name: &str) -> Result<Self> {
        if !(1..=16).contains(&bits) {
            return Err(Error::parameter(format!("{bits} bits of {name}; there must be 1 to 16")));
        }
        let real: Vec<f64> = tensor.to_f32_vec().into_iter().map(f64::from).collect();
        if let Some(odd) = real.iter().find(|x| !x.is_finite()) {
            return Err(Error::numeric(format!("{name} holds {odd}, which cannot be multiplied")));
        }
        // An unsigned array that does not fit signed bits is kept without a sign.
        let unsigned = matches!(tensor.dtype(), DType::Uint8 | DType::Bool);
        let kinds = if unsigned { [Bits::unsigned(bits), Bits::signed(bits)] } else { [Bits::signed(bits); 2] };
        let fits = |kind: &Bits| {
            let (low, high) = kind.range();
            real.iter().all(|&x| x == libm::trunc(x) && x >= f64::from(low) && x <= f64::from(high))
        };
        if tensor.dtype() != DType::Float32
            && let Some(&kind) = kinds.iter().find(|kind| fits(kind))
        {
            let numbers = real.iter().map(|&x| x as i32).collect();
            return Ok(Self { numbers, bits: kind, scale: 1.0, real });
        }
        // Symmetric: the largest magnitude becomes the largest number.
        let kind = Bits::signed(bits);
        let most = real.iter().fold(0.0, |most, &x| libm::fmax(most, libm::fabs(x)));
        let (low, high) = kind.range();
        let scale = if most > 0.0 { most / f64::from(high.max(1)) } else { 1.0 };
        let whole = |&x: &f64| libm::rint(x / scale).clamp(f64::from(low), f64::from(high)) as i32;
        Ok(Self { numbers: real.iter().map(whole).collect(), bits: kind, scale, real })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random::Random;

    fn floats(shape: [usize; 2], seed: u64) -> Tensor {
        let mut random = Random::new(seed);
        Tensor::from_f32(&shape, (0..shape[0] * shape[1]).map(|_| random.normal() as f32).collect()).unwrap()
    }

    const DIGITAL: How = How { a_bits: 8, b_bits: 8, rows: 64, chip: None, choose: false };

    #[test]
    fn real_matrices_are_off_by_their_rounding_and_less_with_more_bits() {
        let (a, b) = (floats([9, 100], 1), floats([100, 5], 2));
        let error = |bits| matmul(&a, &b, &How { a_bits: bits, b_bits: bits, ..DIGITAL }).unwrap().relative_error();
        assert!(error(8) < 0.02 && error(8) > 0.0, "{}", error(8));
        assert!(error(12) < error(8) / 8.0 && error(4) > error(8));
    }

    #[test]
    fn the_exact_product_is_the_sum_in_order() {
        let mut random = Random::new(5);
        for size in [[1, 1, 1], [3, 17, 9], [4, 5, 8], [7, 64, 21]] {
            let [rows, depth, columns] = size;
            let mut draw = |count: usize| (0..count).map(|_| random.normal()).collect::<Vec<f64>>();
            let (a, b) = (draw(rows * depth), draw(depth * columns));
            let sum = |m: usize, n: usize| (0..depth).fold(0.0, |sum, k| sum + a[m * depth + k] * b[k * columns + n]);
            let wanted: Vec<f64> = (0..rows * columns).map(|at| sum(at / columns, at % columns)).collect();
            assert_eq!(exact(&a, &b, size), wanted, "{size:?}");
        }
    }

    #[test]
    fn an_analog_chip_is_off_by_more_than_its_rounding() {
        let (a, b) = (floats([9, 100], 1), floats([100, 5], 2));
        let chip = Chip { circuit: analog::Circuit::default(), seed: 1 };
        let analog = matmul(&a, &b, &How { chip: Some(chip), ..DIGITAL }).unwrap();
        assert!(analog.relative_error() > matmul(&a, &b, &DIGITAL).unwrap().relative_error());
        assert!(analog.clipped.is_some());
        let chip = Chip { circuit: analog::Circuit::default(), seed: 1 };
        let chosen = matmul(&a, &b, &How { chip: Some(chip), choose: true, ..DIGITAL }).unwrap();
        assert!(chosen.relative_error() < 0.5 * analog.relative_error(), "ranges of its own help");
    }

    #[test]
    fn what_cannot_be_multiplied_is_refused_in_a_sentence() {
        let refused = |a: &Tensor, b: &Tensor| matmul(a, b, &DIGITAL).unwrap_err().to_string();
        let wide = Tensor::from_f32(&[1, 2], vec![1.0, 2.0]).unwrap();
        assert!(refused(&wide, &wide).contains("as many columns as B has rows"));
        let nan = Tensor::from_f32(&[2, 1], vec![f32::NAN, 1.0]).unwrap();
        assert!(refused(&wide, &nan).contains("B holds NaN"));
        let vector = Tensor::from_f32(&[2], vec![1.0, 2.0]).unwrap();
        assert!(refused(&wide, &vector).contains("two matrices"));
    }
}
