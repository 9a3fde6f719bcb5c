//! Where the matrices of a product come from: made by a rule, written as text, read from a file, or a layer of the bench.

use serde::{Deserialize, Serialize};

use crate::error::{Error, Result};
use crate::format::npy;
use crate::imc::matmul::SIDE;
use crate::lab::Bench;
use crate::limits;
use crate::model::Op;
use crate::random::Random;
use crate::report::Figure;
use crate::report::imc::MatrixCard;
use crate::tensor::{DType, Tensor};

/// A rule that makes a matrix.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(target_arch = "wasm32", derive(tsify::Tsify))]
#[serde(rename_all = "snake_case")]
pub enum Rule {
    /// Normally distributed real numbers.
    Normal,
    /// Whole numbers of 8 bits, each equally likely.
    Uniform,
    /// Whole numbers of 8 bits, nine tenths of them zero.
    Sparse,
    /// Whole numbers that are small: of magnitude 7 at most.
    Small,
    /// Whole numbers from 0 to 127, half of them zero, as after a ReLU.
    Rectified,
    /// Ones on the diagonal, zeros elsewhere.
    Identity,
    /// Ones everywhere.
    Ones,
    /// 0, 1, 2 and so on, from -128 again after 127.
    Ramp,
}

/// Makes a matrix by a rule.
///
/// # Errors
/// `Limits` for a side over [`SIDE`], `Parameter` for one of 0.
pub fn made(rule: Rule, rows: usize, columns: usize, seed: u64) -> Result<Tensor> {
    sides(rows, columns)?;
    let mut random = Random::new(seed);
    let count = rows * columns;
    if rule == Rule::Normal {
        return Tensor::from_f32(&[rows, columns], (0..count).map(|_| random.normal() as f32).collect());
    }
    let mut number = |at: usize| -> i8 {
        match rule {
            Rule::Uniform => (random.below(256) as i32 - 128) as i8,
            Rule::Sparse if random.below(10) > 0 => 0,
            Rule::Sparse => (random.below(255) as i32 - 127) as i8,
            Rule::Small => (random.below(15) as i32 - 7) as i8,
            Rule::Rectified => (random.below(255) as i32 - 127).max(0) as i8,
            Rule::Identity => i8::from(at / columns == at % columns),
            Rule::Ones | Rule::Normal => 1,
            Rule::Ramp => at as i8,
        }
    };
    Tensor::from_i8(&[rows, columns], (0..count).map(&mut number).collect())
}

/// Reads numbers written in lines: separated by commas, semicolons, tabs or spaces; brackets are ignored.
///
/// # Errors
/// `Format` for a word that is no number and for lines of different length, naming the line; `Limits` as [`made`].
pub fn text(text: &str) -> Result<Tensor> {
    let mut values: Vec<f32> = Vec::new();
    let (mut rows, mut columns) = (0, 0);
    for (at, line) in text.lines().enumerate() {
        let words = line.split([',', ';', '\t', ' ', '[', ']', '(', ')']).filter(|word| !word.trim().is_empty());
        let before = values.len();
        for word in words {
            let number = word.trim().parse::<f32>();
            values.push(number.map_err(|_| Error::format(format!("line {}: {word:?} is no number", at + 1)))?);
        }
        let found = values.len() - before;
        if found == 0 {
            continue;
        }
        if rows > 0 && found != columns {
            return Err(Error::format(format!("line {}: {found} numbers, where lines before have {columns}", at + 1)));
        }
        (rows, columns) = (rows + 1, found);
    }
    sides(rows, columns)?;
    // Whole numbers that fit are kept as they are: they are multiplied without rounding.
    if values.iter().all(|&x| x == libm::truncf(x) && (-128.0..=127.0).contains(&x)) {
        return Tensor::from_i8(&[rows, columns], values.iter().map(|&x| x as i8).collect());
    }
    Tensor::from_f32(&[rows, columns], values)
}

/// Reads the matrices of a file, with names: an NPY array, the two-dimensional arrays of an NPZ archive, or text.
///
/// # Errors
/// Those of the format; `Format` for a file without a matrix.
pub fn file(name: &str, bytes: &[u8]) -> Result<Vec<(String, Tensor)>> {
    let arrays = if bytes.starts_with(b"\x93NUMPY") {
        vec![(name.to_owned(), npy::read(bytes)?)]
    } else if bytes.starts_with(b"PK\x03\x04") {
        npy::read_npz(bytes)?
    } else {
        let words = std::str::from_utf8(bytes)
            .map_err(|_| Error::format("this is neither an NPY array, nor an NPZ archive, nor text with numbers"))?;
        vec![(name.to_owned(), text(words)?)]
    };
    let shapes: Vec<String> = arrays.iter().map(|(name, array)| format!("{name} {:?}", array.shape())).collect();
    let matrices: Vec<_> = arrays.into_iter().filter(|(_, array)| array.shape().len() == 2).collect();
    if matrices.is_empty() {
        return Err(Error::format(format!("no array in it has two dimensions: {}", shapes.join(", "))));
    }
    Ok(matrices)
}

/// What a matrix is, for the page.
pub fn card(name: &str, matrix: &Tensor) -> MatrixCard {
    let values = matrix.to_f32_vec();
    let zeros = values.iter().filter(|&&x| x == 0.0).count();
    let share = 100.0 * zeros as f64 / values.len().max(1) as f64;
    MatrixCard {
        name: name.to_owned(),
        rows: matrix.shape().first().copied().unwrap_or(0) as u32,
        columns: matrix.shape().get(1).copied().unwrap_or(0) as u32,
        dtype: matrix.dtype().to_string(),
        zeros: Figure::counted(share, "%", "Share of its elements that are zero"),
    }
}

impl Bench {
    /// The weights of a layer as B, `[rows of its matrix, outputs]`, with the layer's name.
    ///
    /// # Errors
    /// `Parameter` for a node without such weights.
    pub fn imc_weights(&self, node: usize) -> Result<(String, Tensor)> {
        let model = &self.imc_side()?.model;
        let none = || Error::parameter(format!("node {node} has no weights that could be B"));
        let layer = crate::imc::mapper::layer::Layer::of(model, node).ok_or_else(none)?;
        let found = &model.nodes[node];
        let value = found.op.weights_input().and_then(|at| found.input(at)).and_then(|id| model.values.get(id));
        let value = value.ok_or_else(none)?;
        let name = format!("{} {node}", layer.name);
        let (depth, outputs) = match found.op {
            // Each channel's own filter is a column.
            Op::DepthwiseConv2d(_) => {
                let channels = value.shape.last().copied().unwrap_or(1);
                let weights = whole(value)?;
                return Ok((name, shaped(weights, [value.elements() / channels.max(1), channels], value.dtype)?));
            }
            _ => (layer.rows(), layer.outputs),
        };
        sides(depth, outputs)?;
        let weights = whole(value)?;
        let turned = (0..depth).flat_map(|k| (0..outputs).map(move |n| (k, n)));
        let weights = turned.map(|(k, n)| weights[n * depth + k]).collect();
        Ok((name, shaped(weights, [depth, outputs], value.dtype)?))
    }
}

/// Weights as stored: whole numbers where they are.
fn whole(value: &crate::model::Value) -> Result<Vec<f32>> {
    if value.dtype == DType::Int8 { Ok(value.to_i8()?.iter().map(|&w| f32::from(w)).collect()) } else { value.to_f32() }
}

fn shaped(values: Vec<f32>, shape: [usize; 2], dtype: DType) -> Result<Tensor> {
    if dtype == DType::Int8 {
        return Tensor::from_i8(&shape, values.iter().map(|&x| x as i8).collect());
    }
    Tensor::from_f32(&shape, values)
}

fn sides(rows: usize, columns: usize) -> Result<()> {
    for side in [rows, columns] {
        limits::check("the side of a matrix", side, SIDE)?;
        if side == 0 {
            return Err(Error::parameter("a matrix without elements"));
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_read_line_by_line_and_what_is_wrong_is_named() {
        let read = text("[[1, 2; 3]\n\n 4\t5 6]]\n").unwrap();
        assert_eq!((read.shape(), read.dtype()), (&[2, 3][..], DType::Int8));
        assert_eq!(read.to_f32_vec(), [1.0, 2.0, 3.0, 4.0, 5.0, 6.0]);
        assert_eq!(text("0.5 1").unwrap().dtype(), DType::Float32);
        assert_eq!(text("1 2\n3").unwrap_err().to_string(), "line 2: 1 numbers, where lines before have 2");
        assert!(text("1 x").unwrap_err().to_string().contains("\"x\" is no number"));
        assert!(text(" \n").is_err());
    }

    #[test]
    fn rules_make_what_they_say() {
        let of = |rule| made(rule, 64, 64, 3).unwrap().to_f32_vec();
        let zeros = |rule| of(rule).iter().filter(|&&x| x == 0.0).count();
        assert!(zeros(Rule::Sparse) > 3500 && zeros(Rule::Sparse) < 3900);
        assert!(zeros(Rule::Rectified) > 1800 && of(Rule::Rectified).iter().all(|&x| x >= 0.0));
        assert_eq!(of(Rule::Identity).iter().sum::<f32>(), 64.0);
        assert_eq!(of(Rule::Ramp)[..3], [0.0, 1.0, 2.0]);
        assert!(made(Rule::Ones, 0, 3, 1).is_err() && made(Rule::Ones, 5000, 3, 1).is_err());
    }

    #[test]
    fn a_file_is_recognised_by_its_content() {
        let array = made(Rule::Normal, 2, 3, 1).unwrap();
        let found = file("a.npy", &npy::write(&array).unwrap()).unwrap();
        assert_eq!(found, [("a.npy".to_owned(), array)]);
        assert_eq!(file("a.csv", b"1,2\n3,4\n").unwrap()[0].1.shape(), [2, 2]);
        let vector = npy::write(&Tensor::from_f32(&[3], vec![1.0; 3]).unwrap()).unwrap();
        assert!(file("v.npy", &vector).unwrap_err().to_string().contains("two dimensions"));
        assert!(file("x.bin", &[0xFF, 0xFE, 0]).is_err());
    }
}
