//! Walks over the elements of a shape that keep count of an index in each of several arrays laid out otherwise:
//! broadcast inputs, transposed or sliced ones, padded outputs.

use crate::error::Result;
use crate::limits;

use super::site::expect_shape;

/// The elements of a row-major array of a shape, in order, beside the indices where `N` other arrays are read or written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Walk<const N: usize> {
    shape: Vec<usize>,
    /// For each axis, how far one step moves in each array; 0 where it is repeated, negative where it is reversed.
    strides: Vec<[isize; N]>,
    /// Where the first element lies in each array.
    start: [isize; N],
}

impl<const N: usize> Walk<N> {
    /// A walk over `shape` with the given steps of the other arrays.
    ///
    /// # Errors
    /// `Limits` for more axes than tensors have.
    pub fn new(shape: &[usize], strides: Vec<[isize; N]>, start: [isize; N]) -> Result<Self> {
        limits::check("the dimensions of a tensor", shape.len(), limits::RANK)?;
        Ok(Self { shape: shape.to_vec(), strides, start })
    }

    /// Inputs of the shapes `from` broadcast over an output of shape `to`: axes are matched from the last one, and an
    /// axis of length 1 is repeated.
    ///
    /// # Errors
    /// `Format` when an axis of an input has neither the output's length nor 1.
    pub fn broadcast(from: [&[usize]; N], to: &[usize]) -> Result<Self> {
        let mut steps = vec![[0; N]; to.len()];
        for (input, shape) in from.into_iter().enumerate() {
            let missing = to.len().checked_sub(shape.len());
            let Some(missing) = missing.filter(|&m| shape.iter().zip(&to[m..]).all(|(a, b)| a == b || *a == 1)) else {
                expect_shape("an input", shape, to)?;
                continue;
            };
            for (axis, (&length, stride)) in shape.iter().zip(strides(shape)).enumerate() {
                if length != 1 {
                    steps[axis + missing][input] = stride;
                }
            }
        }
        Self::new(to, steps, [0; N])
    }

    /// Calls `visit(index, indices in the other arrays)` for every element, in order.
    pub fn for_each(&self, mut visit: impl FnMut(usize, [usize; N])) {
        let mut counters = [0; limits::RANK];
        let mut at = self.start;
        for index in 0..self.shape.iter().product() {
            visit(index, at.map(|at| at as usize));
            // Count up like an odometer, the last axis fastest.
            for axis in (0..self.shape.len()).rev() {
                counters[axis] += 1;
                for (at, stride) in at.iter_mut().zip(self.strides[axis]) {
                    *at += stride;
                }
                if counters[axis] < self.shape[axis] {
                    break;
                }
                counters[axis] = 0;
                for (at, stride) in at.iter_mut().zip(self.strides[axis]) {
                    *at -= stride * self.shape[axis] as isize;
                }
            }
        }
    }
}

/// How many elements lie between the steps of each axis of a row-major array.
pub fn strides(shape: &[usize]) -> Vec<isize> {
    let mut strides = vec![1; shape.len()];
    for axis in (1..shape.len()).rev() {
        strides[axis - 1] = strides[axis] * shape[axis] as isize;
    }
    strides
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(walk: &Walk<1>) -> Vec<usize> {
        let mut indices = vec![];
        walk.for_each(|_, [at]| indices.push(at));
        indices
    }

    #[test]
    fn one_channel_is_repeated_and_missing_axes_are_added_in_front() {
        let broadcast = |from: &[usize], to: &[usize]| Walk::broadcast([from], to).map(|walk| indices(&walk));
        assert_eq!(broadcast(&[2, 1], &[2, 3]).unwrap(), [0, 0, 0, 1, 1, 1]);
        assert_eq!(broadcast(&[3], &[2, 3]).unwrap(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(broadcast(&[], &[2, 2]).unwrap(), [0, 0, 0, 0]);
        assert_eq!(broadcast(&[2, 3], &[2, 3]).unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(broadcast(&[2, 1, 2], &[2, 2, 2]).unwrap(), [0, 1, 0, 1, 2, 3, 2, 3]);
        assert!(broadcast(&[2], &[3]).is_err());
        assert!(broadcast(&[1, 1, 3], &[3]).is_err());
    }

    #[test]
    fn negative_steps_walk_backwards() {
        assert_eq!(indices(&Walk::new(&[2, 2], vec![[-4], [-1]], [7]).unwrap()), [7, 6, 3, 2]);
    }

    #[test]
    fn a_scalar_has_one_element() {
        assert_eq!(indices(&Walk::new(&[], vec![], [0]).unwrap()), [0]);
    }
}
