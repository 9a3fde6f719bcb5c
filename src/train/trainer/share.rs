//! One part's share of a step, so that several workers can learn together.
//!
//! A batch is cut into parts. Each part is run by itself and gives a *share*: its loss, its gradient, and what was seen of
//! ranges and moments. The step is taken on all shares, added up in the order of the parts: whoever computed them, the
//! bits are the same. Workers that hold the same trainer and exchange their shares stay the same, weight by weight, without
//! ever sending weights.
//!
//! Batch normalization sees one part at a time; averages over the parts go into the model.
//!
//! *Source*: synchronous data-parallel gradient descent as in J. Dean et al., "Large scale distributed deep networks",
//! 2012; P. Goyal et al., arXiv 1706.02677, on normalization for each worker.

use super::batch::Batch;
use super::{State, Trainer, count_right, scaled};
use crate::compress::calibrate::Span;
use crate::error::{Error, Result};
use crate::train::parameters::{Parameters, Slots};
use crate::train::tape::{Overlay, Tape};
use crate::train::trainer::Examples;

/// What one part of a batch says.
#[derive(Debug, Clone, PartialEq)]
pub struct Share {
    /// Examples in the part.
    size: usize,
    /// The mean loss of the part.
    loss: f64,
    /// Examples that were classified rightly.
    right: Option<usize>,
    /// The gradient of the mean loss, by parameter.
    gradients: Slots,
    /// Mean and variance of the channels behind each node with a normalization.
    moments: Vec<Option<[Vec<f32>; 2]>>,
    /// The ranges of activations that share a grid.
    spans: Vec<Span>,
}

impl Trainer {
    /// The share of one part of the next batch; nothing is learned yet. Parts without examples have an empty share.
    ///
    /// # Errors
    /// As [`Trainer::step`].
    pub fn share(&mut self, training: Examples<'_>, part: usize) -> Result<Share> {
        let batch = self.next_batch(training)?;
        self.share_of(&batch.part(part, self.plan.parts))
    }

    pub(super) fn share_of(&self, batch: &Batch) -> Result<Share> {
        let State { parameters, overlay } = &self.state;
        let mut share = Share {
            size: batch.size,
            loss: 0.0,
            right: None,
            gradients: Vec::new(),
            moments: Vec::new(),
            spans: Vec::new(),
        };
        if batch.size == 0 {
            return Ok(share);
        }
        let tape = Tape::run(&self.model, parameters, Some(overlay), &batch.inputs, batch.size, true)?;
        let (id, factor) = self.head;
        let output = scaled(tape.value(id), factor);
        let classes = output.len() / batch.size;
        share.right = self.plan.loss.classifies().then(|| count_right(&output, &batch.targets, classes)).flatten();
        let mut starts = Vec::new();
        let hard = if batch.targets.is_empty() {
            (0.0, vec![0.0; output.len()])
        } else {
            self.plan.loss.of(&output, &batch.targets, batch.size)?
        };
        let mut more = Vec::new();
        let (loss, dy) = match &self.teacher {
            None => hard,
            Some(teacher) => teacher.loss(&tape, batch, &output, hard, parameters, (&mut starts, &mut more))?,
        };
        starts.push((id, scaled(&dy, factor)));
        let mut gradients = tape.backward_from(starts)?;
        for (id, gradient) in more {
            gradients.slots[id] = Some(gradient);
        }
        (share.loss, share.gradients) = (loss, gradients.slots);
        let seen = overlay.norms.iter().zip(tape.seen());
        share.moments = seen.map(|(_, seen)| seen.as_ref().map(|seen| seen.moments())).collect();
        share.spans = overlay.quantization.as_ref().map_or_else(Vec::new, |quantization| quantization.seen(&tape));
        Ok(share)
    }

    /// Adds shares up to the loss, the part that was right, and the gradient of the whole batch; what they saw is taken in.
    pub(super) fn gather(&mut self, shares: &[Share]) -> Result<(f64, Option<f64>, Parameters)> {
        let size: usize = shares.iter().map(|share| share.size).sum();
        let shares: Vec<&Share> = shares.iter().filter(|share| share.size > 0).collect();
        let fits = |share: &&Share| {
            let lengths = share.gradients.iter().zip(&self.state.parameters.slots);
            share.gradients.len() == self.state.parameters.slots.len()
                && share.moments.len() == self.state.overlay.norms.len()
                && lengths.into_iter().all(|(gradient, parameter)| match (gradient, parameter) {
                    (Some(gradient), Some(parameter)) => gradient.len() == parameter.len(),
                    (gradient, _) => gradient.is_none(),
                })
        };
        if shares.is_empty() || !shares.iter().all(fits) {
            return Err(Error::parameter("the shares of a step are not those of this training"));
        }
        let weight = |share: &Share| share.size as f32 / size as f32;
        let mut gradients = Parameters { slots: vec![None; self.state.parameters.slots.len()], fixed: Vec::new() };
        for share in &shares {
            for (sum, gradient) in gradients.slots.iter_mut().zip(&share.gradients) {
                if let Some(gradient) = gradient {
                    add(sum, gradient, weight(share));
                }
            }
        }
        // What the batch showed is taken in after it was used, so that a run never depends on itself.
        let Overlay { norms, quantization } = &mut self.state.overlay;
        for (node, norm) in norms.iter_mut().enumerate() {
            let Some(norm) = norm else { continue };
            let (mut mean, mut variance) = (None, None);
            for share in &shares {
                let Some([part_mean, part_variance]) = &share.moments[node] else { continue };
                add(&mut mean, part_mean, weight(share));
                add(&mut variance, part_variance, weight(share));
            }
            if let (Some(mean), Some(variance)) = (mean, variance) {
                norm.observe(&mean, &variance);
            }
        }
        if let Some(quantization) = quantization {
            let mut spans = shares[0].spans.clone();
            for share in &shares[1..] {
                spans.iter_mut().zip(&share.spans).for_each(|(all, part)| *all = all.union(*part));
            }
            quantization.observe(&spans);
        }
        let loss = shares.iter().map(|share| share.loss * share.size as f64).sum::<f64>() / size as f64;
        let right = shares.iter().map(|share| share.right).sum::<Option<usize>>();
        Ok((loss, right.map(|right| right as f64 / size as f64), gradients))
    }
}

/// Adds a part to a sum; the only part of all is the sum, bit for bit.
fn add(sum: &mut Option<Vec<f32>>, part: &[f32], weight: f32) {
    match sum {
        Some(sum) => sum.iter_mut().zip(part).for_each(|(sum, x)| *sum += weight * x),
        None => *sum = Some(part.iter().map(|x| weight * x).collect()),
    }
}

impl Share {
    /// The share as bytes, for another worker.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        let count = |bytes: &mut Vec<u8>, count: usize| bytes.extend((count as u32).to_le_bytes());
        let array = |bytes: &mut Vec<u8>, array: Option<&[f32]>| {
            // One more than its length; 0 where there is none.
            count(bytes, array.map_or(0, |array| array.len() + 1));
            array.unwrap_or_default().iter().for_each(|x| bytes.extend(x.to_le_bytes()));
        };
        count(&mut bytes, self.size);
        bytes.extend(self.loss.to_le_bytes());
        count(&mut bytes, self.right.map_or(0, |right| right + 1));
        count(&mut bytes, self.gradients.len());
        self.gradients.iter().for_each(|gradient| array(&mut bytes, gradient.as_deref()));
        count(&mut bytes, self.moments.len());
        for moments in &self.moments {
            array(&mut bytes, moments.as_ref().map(|[mean, _]| &mean[..]));
            array(&mut bytes, moments.as_ref().map(|[_, variance]| &variance[..]));
        }
        let spans: Vec<f32> = self.spans.iter().flat_map(|span| [span.min, span.max]).collect();
        array(&mut bytes, Some(&spans));
        bytes
    }

    /// The share that [`Share::to_bytes`] wrote.
    ///
    /// # Errors
    /// `Format` for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let mut reader = Reader(bytes);
        let size = reader.count()?;
        let loss = f64::from_le_bytes(reader.take()?);
        let right = reader.count()?.checked_sub(1);
        let gradients = (0..reader.length()?).map(|_| reader.array()).collect::<Result<Slots>>()?;
        let mut moments = Vec::new();
        for _ in 0..reader.length()? {
            moments.push(reader.array()?.zip(reader.array()?).map(|(mean, variance)| [mean, variance]));
        }
        let spans = reader.array()?.unwrap_or_default();
        let spans = spans.as_chunks::<2>().0.iter().map(|&[min, max]| Span { min, max }).collect();
        if !reader.0.is_empty() {
            return Err(broken());
        }
        Ok(Self { size, loss, right, gradients, moments, spans })
    }
}

fn broken() -> Error {
    Error::format("these bytes are no share of a training's step")
}

struct Reader<'a>(&'a [u8]);

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (first, rest) = self.0.split_first_chunk().ok_or_else(broken)?;
        self.0 = rest;
        Ok(*first)
    }

    fn count(&mut self) -> Result<usize> {
        Ok(u32::from_le_bytes(self.take()?) as usize)
    }

    /// A count of things that take four bytes each at least.
    fn length(&mut self) -> Result<usize> {
        let length = self.count()?;
        if length > self.0.len() / 4 { Err(broken()) } else { Ok(length) }
    }

    fn array(&mut self) -> Result<Option<Vec<f32>>> {
        let Some(length) = self.count()?.checked_sub(1) else { return Ok(None) };
        let bytes = length.checked_mul(4).and_then(|bytes| self.0.split_at_checked(bytes)).ok_or_else(broken)?;
        self.0 = bytes.1;
        Ok(Some(bytes.0.as_chunks::<4>().0.iter().map(|&word| f32::from_le_bytes(word)).collect()))
    }
}
