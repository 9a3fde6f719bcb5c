//! Two matrices to be multiplied, wherever they come from.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::error::{Error, Result};
use crate::lab::imc::matmul::{self, MatmulRequest};
use crate::lab::imc::matrices::{self, Rule};
use crate::report::imc::{MatmulReport, MatrixCard, TraceReport};
use crate::tensor::Tensor;
use crate::wasm::subject::Bench;
use crate::wasm::{out, taken, thrown};

/// A and B.
#[wasm_bindgen]
#[derive(Default)]
pub struct Matrices([Option<(String, Tensor)>; 2]);

#[wasm_bindgen]
impl Matrices {
    /// Neither.
    #[wasm_bindgen(constructor)]
    pub fn new() -> Self {
        Self::default()
    }

    /// Makes A (0) or B (1) by a rule.
    pub fn make(&mut self, which: usize, rule: Ts<Rule>, rows: usize, columns: usize, seed: u32) -> Out<MatrixCard> {
        let rule: Rule = taken(&rule, "rule")?;
        let made = matrices::made(rule, rows, columns, u64::from(seed));
        self.keep(which, made.map(|matrix| (format!("{rule:?} {rows} \u{d7} {columns}"), matrix)))
    }

    /// Reads A or B from text.
    pub fn read(&mut self, which: usize, text: &str) -> Out<MatrixCard> {
        self.keep(which, matrices::text(text).map(|matrix| ("Text".into(), matrix)))
    }

    /// Reads A or B from a file; of several matrices in it, the one that is called so, else the first.
    pub fn open(&mut self, which: usize, name: &str, bytes: &[u8]) -> Out<MatrixCard> {
        let found = matrices::file(name, bytes).map_err(|error| error.at(name)).and_then(|found| {
            let letter = ["a", "b"][which.min(1)];
            let at = found.iter().position(|(name, _)| name.to_ascii_lowercase() == letter).unwrap_or(0);
            found.into_iter().nth(at).ok_or_else(|| Error::format("no matrix"))
        });
        self.keep(which, found)
    }

    /// Takes the weights of a layer on the bench as B.
    pub fn layer(&mut self, bench: &Bench, node: usize) -> Out<MatrixCard> {
        self.keep(1, bench.0.imc_weights(node))
    }

    /// Multiplies them in the array.
    pub fn product(&self, request: Ts<MatmulRequest>) -> Out<MatmulReport> {
        let request = taken(&request, "request")?;
        let (a, b) = self.both().map_err(thrown)?;
        out(&matmul::matmul(a, b, &request).map_err(thrown)?.0)
    }

    /// Every cycle, where there are few enough.
    pub fn watch(&self, request: Ts<MatmulRequest>) -> std::result::Result<Option<Ts<TraceReport>>, JsValue> {
        let request = taken(&request, "request")?;
        let (a, b) = self.both().map_err(thrown)?;
        matmul::watch(a, b, &request).map_err(thrown)?.as_ref().map(out).transpose()
    }

    /// The product as a TFLite file, and the bytes of A that go in.
    pub fn timed(&self) -> std::result::Result<Vec<js_sys::Uint8Array>, JsValue> {
        let (a, b) = self.both().map_err(thrown)?;
        let (file, input) = matmul::timed(a, b).map_err(thrown)?;
        Ok([file, input].map(|bytes| js_sys::Uint8Array::from(&bytes[..])).into())
    }
}

type Out<T> = std::result::Result<Ts<T>, JsValue>;

impl Matrices {
    fn keep(&mut self, which: usize, found: Result<(String, Tensor)>) -> Out<MatrixCard> {
        let (name, matrix) = found.map_err(thrown)?;
        let card = matrices::card(&name, &matrix);
        self.0[which.min(1)] = Some((name, matrix));
        out(&card)
    }

    fn both(&self) -> Result<(&Tensor, &Tensor)> {
        match &self.0 {
            [Some((_, a)), Some((_, b))] => Ok((a, b)),
            _ => Err(Error::parameter("a product needs two matrices")),
        }
    }
}
