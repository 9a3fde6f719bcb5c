//! Networks written in the page's editor: layers added one by one, run on rows of numbers.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::error::{Error, Result};
use crate::format::tflite;
use crate::imc::nn::{Conv2d, DepthwiseConv2d, Flatten, GlobalAvgPool2d, Layer, Linear, ReLU, Sequential, Softmax};
use crate::lab::imc::written;
use crate::random::Random;
use crate::report::imc::WrittenReport;
use crate::tensor::Tensor;
use crate::wasm::subject::Bench;
use crate::wasm::{out, thrown};

/// A network that is being written.
#[wasm_bindgen]
#[derive(Default)]
pub struct Net {
    net: Sequential,
    shape: Vec<usize>,
}

#[wasm_bindgen]
impl Net {
    /// Without a layer.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// The layers of a float32 model file.
    pub fn of(file: &[u8]) -> std::result::Result<Net, JsValue> {
        let read = || Sequential::of(&tflite::read(file)?.model);
        Ok(Self { net: read().map_err(thrown)?, ..Self::default() })
    }

    /// Adds a matrix product, with weights `[outputs, inputs]` and a bias where they are given.
    pub fn linear(
        &mut self,
        inputs: usize,
        outputs: usize,
        weights: Option<Vec<f32>>,
        bias: Option<Vec<f32>>,
    ) -> std::result::Result<(), JsValue> {
        let mut layer = Linear::new(inputs, outputs);
        given([weights, bias], [&mut layer.weights, &mut layer.bias])?;
        self.add(layer)
    }

    /// Adds a convolution over images with the channels last, with weights `[outputs, kernel, kernel, inputs]`.
    #[allow(clippy::too_many_arguments, reason = "JavaScript names them")]
    pub fn conv2d(
        &mut self,
        inputs: usize,
        outputs: usize,
        kernel: usize,
        stride: usize,
        valid: bool,
        weights: Option<Vec<f32>>,
        bias: Option<Vec<f32>>,
    ) -> std::result::Result<(), JsValue> {
        let layer = Conv2d::new(inputs, outputs, kernel).stride(stride);
        let mut layer = if valid { layer.valid() } else { layer };
        given([weights, bias], [&mut layer.weights, &mut layer.bias])?;
        self.add(layer)
    }

    /// Adds a convolution of each channel by itself, with weights `[kernel, kernel, channels]`.
    pub fn depthwise(
        &mut self,
        channels: usize,
        kernel: usize,
        stride: usize,
        valid: bool,
        weights: Option<Vec<f32>>,
        bias: Option<Vec<f32>>,
    ) -> std::result::Result<(), JsValue> {
        let layer = DepthwiseConv2d::new(channels, kernel).stride(stride);
        let mut layer = if valid { layer.valid() } else { layer };
        given([weights, bias], [&mut layer.weights, &mut layer.bias])?;
        self.add(layer)
    }

    /// Adds a layer without weights: `ReLU`, `Flatten`, `GlobalAvgPool2d`, `Softmax`.
    pub fn plain(&mut self, name: &str) -> std::result::Result<(), JsValue> {
        let layer: Layer = match name {
            "ReLU" => ReLU.into(),
            "Flatten" => Flatten.into(),
            "GlobalAvgPool2d" => GlobalAvgPool2d.into(),
            "Softmax" => Softmax.into(),
            other => return Err(thrown(Error::parameter(format!("no layer is called {other:?}")))),
        };
        self.add(layer)
    }

    /// Moves it: `cpu`, `imc` or `imc:NAME`.
    pub fn to(&mut self, device: &str) -> std::result::Result<(), JsValue> {
        self.net = self.net.clone().to(device).map_err(thrown)?;
        Ok(())
    }

    /// Runs every row; the shape of what comes out is [`Net::shape`].
    pub fn call(&mut self, values: Vec<f32>, shape: Vec<usize>) -> std::result::Result<Vec<f32>, JsValue> {
        let mut run = || -> Result<Tensor> { self.net.call(&Tensor::from_f32(&shape, values.clone())?) };
        let y = run().map_err(thrown)?;
        self.shape = y.shape().to_vec();
        Ok(y.to_f32_vec())
    }

    /// The shape of the last result.
    pub fn shape(&self) -> Vec<usize> {
        self.shape.clone()
    }

    /// What the last call in the array cost, for each inference.
    pub fn report(&self) -> std::result::Result<Ts<WrittenReport>, JsValue> {
        out(&written::report(&self.net.report().map_err(thrown)?))
    }
}

impl Net {
    fn add(&mut self, layer: impl Into<Layer>) -> std::result::Result<(), JsValue> {
        self.net = std::mem::take(&mut self.net).add(layer);
        Ok(())
    }
}

/// Weights and bias instead of those that a layer begins with, where they are given; as many of them.
fn given(given: [Option<Vec<f32>>; 2], own: [&mut Vec<f32>; 2]) -> std::result::Result<(), JsValue> {
    for ((given, own), what) in given.into_iter().zip(own).zip(["weights", "bias"]) {
        let Some(given) = given else { continue };
        if given.len() != own.len() {
            let count = format!("{} {what} where there must be {}", given.len(), own.len());
            return Err(thrown(Error::parameter(count)));
        }
        *own = given;
    }
    Ok(())
}

/// Rows of numbers.
#[wasm_bindgen(getter_with_clone)]
pub struct Rows {
    /// Rows, then the shape of one.
    pub shape: Vec<usize>,
    /// The numbers.
    pub data: Vec<f32>,
}

#[wasm_bindgen]
impl Bench {
    /// The first test items, as the model takes them.
    pub fn rows(&self, most: usize) -> std::result::Result<Rows, JsValue> {
        let rows = self.0.imc_rows(most).map_err(thrown)?;
        Ok(Rows { shape: rows.shape().to_vec(), data: rows.to_f32_vec() })
    }
}

/// Normally distributed numbers of a seed.
#[wasm_bindgen]
pub fn normal_numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut random = Random::new(u64::from(seed));
    (0..count).map(|_| random.normal() as f32).collect()
}
