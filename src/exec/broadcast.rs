//! Broadcasting: which elements of smaller inputs meet which element of the output.

use crate::error::Result;
use crate::limits;

use super::site::expect_shape;

/// `N` inputs laid over one output. Axes are matched from the last one; an axis of length 1 is repeated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Broadcast<const N: usize> {
    shape: Vec<usize>,
    /// For each axis of the output, how many elements of each input lie between its steps; 0 where it is repeated.
    strides: Vec<[usize; N]>,
}

impl<const N: usize> Broadcast<N> {
    /// Lays inputs of the shapes `from` over an output of shape `to`.
    ///
    /// # Errors
    /// `Format` when an axis of an input has neither the output's length nor 1, `Limits` for too many axes.
    pub fn new(from: [&[usize]; N], to: &[usize]) -> Result<Self> {
        limits::check("the dimensions of a tensor", to.len(), limits::RANK)?;
        let mut strides = vec![[0; N]; to.len()];
        for (input, shape) in from.into_iter().enumerate() {
            let missing = to.len().checked_sub(shape.len());
            let Some(missing) = missing.filter(|&m| shape.iter().zip(&to[m..]).all(|(a, b)| a == b || *a == 1)) else {
                expect_shape("an input", shape, to)?;
                continue;
            };
            let mut stride = 1;
            for (axis, &length) in shape.iter().enumerate().rev() {
                if length != 1 {
                    strides[axis + missing][input] = stride;
                }
                stride *= length;
            }
        }
        Ok(Self { shape: to.to_vec(), strides })
    }

    /// Calls `visit(index in the output, indices in the inputs)` for every element of the output, in order.
    pub fn for_each(&self, mut visit: impl FnMut(usize, [usize; N])) {
        let mut counters = [0; limits::RANK];
        let mut from = [0; N];
        for index in 0..self.shape.iter().product() {
            visit(index, from);
            // Count up like an odometer, the last axis fastest.
            for axis in (0..self.shape.len()).rev() {
                counters[axis] += 1;
                for (from, stride) in from.iter_mut().zip(self.strides[axis]) {
                    *from += stride;
                }
                if counters[axis] < self.shape[axis] {
                    break;
                }
                counters[axis] = 0;
                for (from, stride) in from.iter_mut().zip(self.strides[axis]) {
                    *from -= stride * self.shape[axis];
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn indices(from: &[usize], to: &[usize]) -> Result<Vec<usize>> {
        let mut indices = vec![];
        Broadcast::new([from], to)?.for_each(|_, [at]| indices.push(at));
        Ok(indices)
    }

    #[test]
    fn one_channel_is_repeated_and_missing_axes_are_added_in_front() {
        assert_eq!(indices(&[2, 1], &[2, 3]).unwrap(), [0, 0, 0, 1, 1, 1]);
        assert_eq!(indices(&[3], &[2, 3]).unwrap(), [0, 1, 2, 0, 1, 2]);
        assert_eq!(indices(&[], &[2, 2]).unwrap(), [0, 0, 0, 0]);
        assert_eq!(indices(&[2, 3], &[2, 3]).unwrap(), [0, 1, 2, 3, 4, 5]);
        assert_eq!(indices(&[2, 1, 2], &[2, 2, 2]).unwrap(), [0, 1, 0, 1, 2, 3, 2, 3]);
        assert!(indices(&[2], &[3]).is_err());
        assert!(indices(&[1, 1, 3], &[3]).is_err());
    }
}
