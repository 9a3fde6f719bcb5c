//! ADD: `y = x0 + x1`, so both inputs are as wrong as the output.

use super::activated;
use crate::error::{Error, Result};
use crate::model::op::Activation;
use crate::train::tape::View;

pub(super) fn add(view: View<'_>, activation: Activation) -> Result<Vec<f32>> {
    let (a, b) = (view.input(0)?, view.input(1)?);
    if view.input_shape(0) != view.input_shape(1) || a.len() != b.len() {
        return Err(Error::unsupported("inputs of different shapes (broadcasting) cannot be trained yet"));
    }
    activated(a.iter().zip(b).map(|(a, b)| a + b).collect(), activation)
}
