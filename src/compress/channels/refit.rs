//! Layers that read channels, fitted again one after another to what they gave before any channel went.
//!
//! Each meets what the layers before it, already fitted, now give, and so makes up for their errors, too.
//!
//! *Source*: Y. He, X. Zhang, J. Sun, "Channel pruning for accelerating very deep neural networks", ICCV 2017, section 3.2.

use super::Channel;
use super::readers::{Reader, Readers, damping, put};
use crate::compress::positive::{cholesky, inverse};
use crate::compress::quantize::moments;
use crate::error::Result;
use crate::exec::{Executor, Kernels, Options};
use crate::model::Model;
use crate::progress::{self, Progress};
use crate::tensor::Tensor;

/// A copy of the model in which nothing reads the channels that go, and what reads the others makes up for them.
///
/// `readers` are of the model and have lost these channels.
///
/// # Errors
/// Those of running the model; `Cancelled`.
pub(super) fn refit(
    model: &Model,
    readers: &Readers,
    gone: &[Channel],
    inputs: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Model> {
    // Weights in the candidate's file follow from these sums, so they must be the same in every browser.
    let exact = || Options { kernels: Kernels::Exact, ..Options::default() };
    let mut fitted = model.clone();
    readers.put_into(&mut fitted)?;
    let mut before = Executor::new(model, exact())?;
    let total = readers.0.len() * inputs.len();
    for (layer, reader) in readers.0.iter().enumerate() {
        let mut now = Executor::new(&fitted, exact())?;
        let mut sums = Sums::of(reader, gone);
        for (done, sample) in inputs.iter().enumerate() {
            progress::step(progress, "Making up for channels", layer * inputs.len() + done, total)?;
            let was = moments::windows_of(&mut before, model, reader.node, sample)?;
            sums.add(&was, &moments::windows_of(&mut now, &fitted, reader.node, sample)?);
        }
        sums.fit(reader, model, &mut fitted)?;
    }
    Ok(fitted)
}

/// What a layer met before and meets now, window by window, as sums of products.
struct Sums {
    /// The weights of a filter that stay.
    kept: Vec<usize>,
    size: usize,
    windows: f64,
    was: Vec<f64>,
    now: Vec<f64>,
    /// `[kept][kept]`: now with now.
    own: Vec<f64>,
    /// `[weight][kept]`: before with now.
    cross: Vec<f64>,
}

impl Sums {
    fn of(reader: &Reader, gone: &[Channel]) -> Self {
        let size = reader.columns.len();
        let stays = |column: &usize| reader.columns[*column].is_none_or(|channel| !gone.contains(&channel));
        let kept: Vec<usize> = (0..size).filter(stays).collect();
        let n = kept.len();
        let (was, now) = (vec![0.0; size], vec![0.0; n]);
        Self { kept, size, windows: 0.0, was, now, own: vec![0.0; n * n], cross: vec![0.0; size * n] }
    }

    fn add(&mut self, was: &[f64], now: &[f64]) {
        for (was, now) in was.chunks_exact(self.size).zip(now.chunks_exact(self.size)) {
            let now: Vec<f64> = self.kept.iter().map(|&column| now[column]).collect();
            self.windows += 1.0;
            self.was.iter_mut().zip(was).for_each(|(sum, x)| *sum += x);
            self.now.iter_mut().zip(&now).for_each(|(sum, x)| *sum += x);
            add_products(&mut self.own, &now, &now);
            add_products(&mut self.cross, was, &now);
        }
    }

    /// Puts the weights and biases that give most nearly what the layer gave into the model.
    fn fit(mut self, reader: &Reader, model: &Model, fitted: &mut Model) -> Result<()> {
        let n = self.kept.len();
        let windows = self.windows.max(1.0);
        [&mut self.was, &mut self.now, &mut self.own, &mut self.cross]
            .into_iter()
            .for_each(|sums| sums.iter_mut().for_each(|sum| *sum /= windows));
        let bias = reader.bias.map(|id| model.values[id].to_f32().map(|numbers| (id, numbers))).transpose()?;
        if bias.is_some() {
            // A bias takes the means.
            subtract_products(&mut self.own, &self.now, &self.now);
            subtract_products(&mut self.cross, &self.was, &self.now);
        }
        let damping = damping(&self.own, windows);
        for (at, own) in damping.iter().enumerate() {
            self.own[at * n + at] += own;
        }
        let Some(lower) = cholesky(self.own, n) else { return Ok(()) };
        let inverse = inverse(&lower, n);
        let weights: Vec<f64> = model.values[reader.weights].to_f32()?.into_iter().map(f64::from).collect();
        let mut found = vec![0f32; weights.len()];
        let mut biases = bias.as_ref().map(|(_, numbers)| numbers.clone()).unwrap_or_default();
        let rows = weights.chunks_exact(self.size).zip(reader.filters.chunks_exact(self.size));
        for (channel, (before, near)) in rows.enumerate() {
            // As near to the weights that made up for what went as the inputs leave it open.
            let mut wanted: Vec<f64> =
                self.kept.iter().zip(&damping).map(|(&at, damping)| damping * near[at]).collect();
            for (weight, products) in before.iter().zip(self.cross.chunks_exact(n.max(1))) {
                wanted.iter_mut().zip(products).for_each(|(sum, product)| *sum += weight * product);
            }
            let mut moved: f64 = before.iter().zip(&self.was).map(|(weight, mean)| weight * mean).sum();
            for ((row, &at), mean) in inverse.chunks_exact(n.max(1)).zip(&self.kept).zip(&self.now) {
                let weight: f64 = row.iter().zip(&wanted).map(|(a, b)| a * b).sum();
                found[channel * self.size + at] = weight as f32;
                moved -= weight * mean;
            }
            if let Some(bias) = biases.get_mut(channel) {
                *bias = (f64::from(*bias) + moved) as f32;
            }
        }
        put(fitted, reader.weights, &found);
        if let Some((id, _)) = bias {
            put(fitted, id, &biases);
        }
        Ok(())
    }
}

/// Adds `rows[i] * columns[j]` to each `sums[i][j]`.
#[inline(never)]
fn add_products(sums: &mut [f64], rows: &[f64], columns: &[f64]) {
    for (line, row) in sums.chunks_exact_mut(columns.len().max(1)).zip(rows) {
        if *row != 0.0 {
            line.iter_mut().zip(columns).for_each(|(sum, column)| *sum += row * column);
        }
    }
}

fn subtract_products(sums: &mut [f64], rows: &[f64], columns: &[f64]) {
    add_products(sums, &rows.iter().map(|row| -row).collect::<Vec<f64>>(), columns);
}
