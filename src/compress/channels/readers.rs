//! Layers that read channels, and how they make up for those that go.
//!
//! What a removed channel carried can mostly be told from the channels that stay: the weights that read those take over its
//! share, so that what the layer gives changes least in the mean square.
//!
//! *Source*: Y. He, X. Zhang, J. Sun, "Channel pruning for accelerating very deep neural networks", ICCV 2017, for least
//! squares; B. Hassibi, D. Stork, "Optimal brain surgeon", 1993, for doing it one weight after another: with H the inverse
//! of the second moments of the inputs, weights that lose number j give `w[j] / H[j][j] * H[j]` away, which costs
//! `w[j] * w[j] / H[j][j]`.

use super::{Channel, Channels};
use crate::compress::positive::{cholesky, inverse};
use crate::compress::quantize::moments::{self, Filters, Moments};
use crate::error::{Error, Result};
use crate::model::{Model, NodeId, Value, ValueId};
use crate::progress::Progress;
use crate::tensor::{DType, Tensor};

/// What is added to the second moment of each input, as a share of it: inputs that say the same have no inverse.
const DAMPING: f64 = 1e-2;

/// What is added to the diagonal of some second moments, the more the fewer windows they come from: what was seen as often as
/// there are weights is known by heart, not understood.
pub(super) fn damping(matrix: &[f64], windows: f64) -> Vec<f64> {
    let size = libm::sqrt(matrix.len() as f64) as usize;
    let own = || (0..size).map(|at| matrix[at * size + at]);
    let share = DAMPING + size as f64 / windows.max(1.0);
    // What was never seen costs nothing, and makes up for nothing.
    let least = (1e-12 * own().fold(0.0, f64::max)).max(f64::MIN_POSITIVE);
    own().map(|own| (share * own).max(least)).collect()
}

/// The layers of a model that read channels that can go.
#[derive(Clone, Default)]
pub(super) struct Readers(pub Vec<Reader>);

/// A layer whose weights read channels that can go.
#[derive(Clone)]
pub(super) struct Reader {
    pub node: NodeId,
    pub weights: ValueId,
    pub bias: Option<ValueId>,
    /// The channel that each weight of a filter reads; `None` where it stays in any case.
    pub columns: Vec<Option<Channel>>,
    /// `[filter][weight]`: at first those of the model; what has gone is zero.
    pub filters: Vec<f64>,
    /// Inverse of the second moments of what is left, `[weight][weight]`.
    inverse: Vec<f64>,
    mean: Vec<f64>,
    /// The mean square of what the layer gives, over which losses are shares.
    energy: f64,
}

impl Readers {
    /// The readers of a float model, from what they meet on some inputs.
    ///
    /// # Errors
    /// `Unsupported` where weights are not float, `Parameter` without inputs; those of running.
    pub fn of(channels: &Channels, model: &Model, inputs: &[Vec<Tensor>], progress: &mut dyn Progress) -> Result<Self> {
        if inputs.is_empty() {
            return Err(Error::parameter("what channels carry is measured on example inputs; give some data first"));
        }
        let mut readers = Vec::new();
        for node in 0..model.nodes.len() {
            readers.extend(Reader::of(channels, model, node)?);
        }
        let moments = moments::gather(model, inputs, progress)?;
        let measured = |mut reader: Reader| {
            let moments = moments.get(reader.node)?.as_ref()?;
            reader.measure(moments).then_some(reader)
        };
        Ok(Self(readers.into_iter().filter_map(measured).collect()))
    }

    /// What the removal of a channel costs now, after those that are gone: shares of the mean squares of what layers give.
    pub fn loss(&self, channel: Channel) -> f64 {
        self.0.iter().map(|reader| reader.loss(channel)).sum()
    }

    /// Lets other weights make up for those that read a channel.
    pub fn lose(&mut self, channel: Channel) {
        self.0.iter_mut().for_each(|reader| reader.lose(channel));
    }

    /// The channels that are missed least when they go one after another.
    pub fn least_missed(&mut self, channels: &[Channel], count: usize) -> Vec<Channel> {
        let mut left = channels.to_vec();
        let mut gone = Vec::with_capacity(count);
        let mut losses: Vec<f64> = left.iter().map(|&channel| self.loss(channel)).collect();
        while gone.len() < count && !left.is_empty() {
            let least = (1..left.len()).fold(0, |least, at| if losses[at] < losses[least] { at } else { least });
            let channel = left.remove(least);
            losses.remove(least);
            gone.push(channel);
            self.lose(channel);
            for (loss, &other) in losses.iter_mut().zip(&left) {
                if self.0.iter().any(|reader| reader.reads(channel) && reader.reads(other)) {
                    *loss = self.loss(other);
                }
            }
        }
        gone
    }

    /// Puts the weights, and biases that make up for the means, into the model that the readers are of.
    pub fn put_into(&self, model: &mut Model) -> Result<()> {
        self.0.iter().try_for_each(|reader| reader.put_into(model))
    }
}

impl Reader {
    /// A reader that nothing is known of; `None` for a layer that loses nothing, or shares its weights with another.
    fn of(channels: &Channels, model: &Model, index: NodeId) -> Result<Option<Self>> {
        let node = &model.nodes[index];
        let Some(filters) = Filters::of(model, node).filter(|filters| !filters.depthwise) else { return Ok(None) };
        let Some(weights) = node.op.weights_input().and_then(|position| node.input(position)) else { return Ok(None) };
        let bias = node.op.bias_input().and_then(|position| node.input(position));
        let shared = |id: ValueId| model.nodes.iter().filter(|other| other.inputs.contains(&Some(id))).count() > 1;
        let units = channels.graph.at(weights, model.values[weights].shape.len() - 1).unwrap_or_default();
        let channel = |&unit: &usize| {
            let found = channels.graph.find(unit);
            (!channels.graph.stays(found)).then_some(Channel(found))
        };
        let columns: Vec<_> = units.iter().map(channel).cycle().take(filters.size).collect();
        if shared(weights) || bias.is_some_and(shared) || columns.iter().all(Option::is_none) {
            return Ok(None);
        }
        if model.values[weights].dtype != DType::Float32 {
            return Err(Error::unsupported(
                "weights can only make up for channels as float32; remove channels before the model is quantized",
            ));
        }
        let filters = model.values[weights].to_f32()?.into_iter().map(f64::from).collect();
        let (inverse, mean) = (Vec::new(), Vec::new());
        Ok(Some(Self { node: index, weights, bias, columns, filters, inverse, mean, energy: 0.0 }))
    }

    /// Takes in what the layer meets; says whether that is enough to know what makes up for what.
    fn measure(&mut self, moments: &Moments) -> bool {
        // A bias takes the means; without one, weights have to.
        let matrix = if self.bias.is_some() { moments.covariance(0) } else { moments.matrix(0) };
        let Some(mut matrix) = matrix else { return false };
        let size = self.columns.len();
        self.mean = moments.mean(0);
        self.energy = self.filters.chunks_exact(size).map(|row| quadratic(row, &matrix)).sum();
        let damping = damping(&matrix, moments.windows());
        damping.iter().enumerate().for_each(|(at, damping)| matrix[at * size + at] += damping);
        let Some(lower) = cholesky(matrix, size) else { return false };
        self.inverse = inverse(&lower, size);
        true
    }

    /// What the removal of a channel costs now, after those that are gone: a share of the layer's mean square.
    #[inline(never)]
    fn loss(&self, channel: Channel) -> f64 {
        let size = self.columns.len();
        let columns = self.of_channel(channel);
        let pick = |row: &[f64]| columns.iter().map(|&column| row[column]).collect::<Vec<f64>>();
        let mut rows: Vec<f64> = self.filters.chunks_exact(size).flat_map(pick).collect();
        let mut inverse: Vec<f64> =
            columns.iter().flat_map(|&column| pick(&self.inverse[column * size..(column + 1) * size])).collect();
        let lost: f64 = (0..columns.len()).map(|column| eliminate(&mut rows, &mut inverse, column)).sum();
        if self.energy > 0.0 { lost / self.energy } else { 0.0 }
    }

    /// Lets the other weights make up for those that read a channel.
    fn lose(&mut self, channel: Channel) {
        for column in self.of_channel(channel) {
            eliminate(&mut self.filters, &mut self.inverse, column);
        }
    }

    fn reads(&self, channel: Channel) -> bool {
        self.columns.contains(&Some(channel))
    }

    fn of_channel(&self, channel: Channel) -> Vec<usize> {
        (0..self.columns.len()).filter(|&column| self.columns[column] == Some(channel)).collect()
    }

    /// Puts the weights, and a bias that makes up for the means, into a model that has the same values.
    fn put_into(&self, model: &mut Model) -> Result<()> {
        let size = self.columns.len();
        if let Some(bias) = self.bias {
            let before = model.values[self.weights].to_f32()?;
            let mut numbers = model.values[bias].to_f32()?;
            for ((number, before), after) in
                numbers.iter_mut().zip(before.chunks_exact(size)).zip(self.filters.chunks_exact(size))
            {
                let lost = before.iter().zip(after).zip(&self.mean).map(|((&b, a), mean)| (f64::from(b) - a) * mean);
                *number = (f64::from(*number) + lost.sum::<f64>()) as f32;
            }
            put(model, bias, &numbers);
        }
        put(model, self.weights, &self.filters.iter().map(|&weight| weight as f32).collect::<Vec<f32>>());
        Ok(())
    }
}

#[inline(never)]
pub(super) fn put(model: &mut Model, id: ValueId, numbers: &[f32]) {
    let value = Value::float_constant(model.values[id].name.clone(), &model.values[id].shape, numbers);
    model.values[id].data = value.data;
}

/// `row * matrix * row`.
fn quadratic(row: &[f64], matrix: &[f64]) -> f64 {
    let rows = matrix.chunks_exact(row.len().max(1));
    row.iter().zip(rows).map(|(a, line)| a * line.iter().zip(row).map(|(h, b)| h * b).sum::<f64>()).sum()
}

/// Sets a column of some rows to zero and lets the others make up for it; says what that costs.
#[inline(never)]
fn eliminate(rows: &mut [f64], inverse: &mut [f64], column: usize) -> f64 {
    let size = libm::sqrt(inverse.len() as f64) as usize;
    let pivot = inverse[column * size..(column + 1) * size].to_vec();
    let own = pivot[column];
    if own <= 0.0 {
        return 0.0;
    }
    let mut lost = 0.0;
    for row in rows.chunks_exact_mut(size) {
        let weight = row[column];
        lost += weight * weight / own;
        row.iter_mut().zip(&pivot).for_each(|(w, h)| *w -= weight / own * h);
        row[column] = 0.0;
    }
    for (at, line) in inverse.chunks_exact_mut(size).enumerate() {
        let share = pivot[at] / own;
        if at == column {
            line.fill(0.0);
        } else {
            line.iter_mut().zip(&pivot).for_each(|(a, h)| *a -= share * h);
            line[column] = 0.0;
        }
    }
    lost
}
