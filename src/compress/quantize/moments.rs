//! What each layer's weights meet on the calibration inputs: means and second moments of the windows under a filter.

use crate::error::Result;
use crate::exec::window::Window;
use crate::exec::{Data, Executor, Kernels, Options};
use crate::model::{Model, Node, NodeId, Op};
use crate::progress::{self, Progress};
use crate::tensor::Tensor;

/// Windows of one inference that are looked at, spread evenly: neighbours say almost the same.
const WINDOWS: usize = 48;
/// Above so many weights of one filter only their own squares are kept.
const LARGEST: usize = 1024;

/// How the weights of a layer lie, as groups of filters that meet the same inputs.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Filters {
    /// Output channels.
    pub channels: usize,
    /// Weights of each output channel.
    pub size: usize,
    /// Whether each channel meets inputs of its own (DEPTHWISE_CONV_2D), and weights of a channel lie `channels` apart.
    pub depthwise: bool,
}

impl Filters {
    /// The filters of a node; `None` for operators whose weights are only rounded to the nearest.
    pub fn of(model: &Model, node: &Node) -> Option<Self> {
        let weights = &model.values[node.input(node.op.weights_input()?)?];
        let depthwise = matches!(node.op, Op::DepthwiseConv2d(_));
        let input = &model.values[node.input(0)?];
        let grouped = matches!(node.op, Op::Conv2d(_)) && weights.shape.last() != input.shape.last();
        if grouped || !matches!(node.op, Op::Conv2d(_) | Op::DepthwiseConv2d(_) | Op::FullyConnected(_)) {
            return None;
        }
        let channels = *weights.shape.get(node.op.weights_channel_axis()?)?;
        Some(Self { channels, size: weights.elements().checked_div(channels)?, depthwise })
    }

    /// Where a channel's weight lies.
    pub fn at(&self, channel: usize, weight: usize) -> usize {
        if self.depthwise { weight * self.channels + channel } else { channel * self.size + weight }
    }

    /// Groups of channels that meet the same inputs.
    fn groups(&self) -> usize {
        if self.depthwise { self.channels } else { 1 }
    }
}

/// Means and second moments of what the filters of one layer meet.
#[derive(Debug, Clone)]
pub struct Moments {
    filters: Filters,
    windows: f64,
    /// `[group][weight]`
    mean: Vec<f64>,
    /// `[group][weight][weight]`, or only the diagonal where filters are large.
    second: Vec<f64>,
    diagonal: bool,
}

impl Moments {
    fn new(filters: Filters) -> Self {
        let Filters { size, .. } = filters;
        let diagonal = size > LARGEST;
        let groups = filters.groups();
        let second = vec![0.0; groups * size * if diagonal { 1 } else { size }];
        Self { filters, windows: 0.0, mean: vec![0.0; groups * size], second, diagonal }
    }

    fn group(&self, channel: usize) -> usize {
        if self.filters.depthwise { channel } else { 0 }
    }

    /// How many windows were seen.
    pub fn windows(&self) -> f64 {
        self.windows
    }

    /// The mean of what a channel's weight meets.
    pub fn mean(&self, channel: usize) -> Vec<f64> {
        let size = self.filters.size;
        let start = self.group(channel) * size;
        self.mean[start..start + size].iter().map(|sum| sum / self.windows.max(1.0)).collect()
    }

    /// The mean squares of what a channel's weights meet.
    pub fn squares(&self, channel: usize) -> Vec<f64> {
        let size = self.filters.size;
        (0..size).map(|weight| self.entry(self.group(channel), weight, weight)).collect()
    }

    /// The mean product of what two weights of a channel meet; 0 where it was not kept.
    fn entry(&self, group: usize, a: usize, b: usize) -> f64 {
        let size = self.filters.size;
        let sum = match self.diagonal {
            true if a == b => self.second[group * size + a],
            true => 0.0,
            false => self.second[(group * size + a.max(b)) * size + a.min(b)],
        };
        sum / self.windows.max(1.0)
    }

    /// The second moments of a group as a whole matrix; `None` where only the diagonal was kept.
    pub fn matrix(&self, channel: usize) -> Option<Vec<f64>> {
        let (size, group) = (self.filters.size, self.group(channel));
        (!self.diagonal).then(|| (0..size * size).map(|index| self.entry(group, index / size, index % size)).collect())
    }

    /// The same about the means.
    pub fn covariance(&self, channel: usize) -> Option<Vec<f64>> {
        let (mut matrix, mean) = (self.matrix(channel)?, self.mean(channel));
        for (row, a) in matrix.chunks_exact_mut(mean.len().max(1)).zip(&mean) {
            row.iter_mut().zip(&mean).for_each(|(entry, b)| *entry -= a * b);
        }
        Some(matrix)
    }

    /// Adds one window: what each weight of a group meets.
    fn add(&mut self, group: usize, window: &[f64]) {
        let size = self.filters.size;
        if group == 0 {
            self.windows += 1.0;
        }
        for (sum, x) in self.mean[group * size..].iter_mut().zip(window) {
            *sum += x;
        }
        for (a, &x) in window.iter().enumerate() {
            if self.diagonal {
                self.second[group * size + a] += x * x;
            } else if x != 0.0 {
                let row = &mut self.second[(group * size + a) * size..][..=a];
                row.iter_mut().zip(window).for_each(|(sum, y)| *sum += x * y);
            }
        }
    }
}

/// Runs the inputs through a folded float model and gathers what every layer with filters meets.
///
/// # Errors
/// Those of running the model; `Cancelled`.
pub fn gather(model: &Model, inputs: &[Vec<Tensor>], progress: &mut dyn Progress) -> Result<Vec<Option<Moments>>> {
    let mut moments: Vec<Option<Moments>> =
        model.nodes.iter().map(|node| Filters::of(model, node).map(Moments::new)).collect();
    let windows: Vec<Option<Window>> = (0..model.nodes.len()).map(|node| window(model, node)).collect();
    // Weights in the candidate's file follow from these sums, so they must be the same in every browser.
    let mut executor = Executor::new(model, Options { kernels: Kernels::Exact, ..Options::default() })?;
    for (done, sample) in inputs.iter().enumerate() {
        progress::step(progress, "Measuring what weights meet", done, inputs.len())?;
        executor.run_tapped(sample, &mut |value, view| {
            let Data::Float32(data) = view.data else { return };
            for (node, moments) in moments.iter_mut().enumerate() {
                if let Some(moments) = moments.as_mut().filter(|_| model.nodes[node].input(0) == Some(value)) {
                    let filters = moments.filters;
                    for_each_window(filters, windows[node].as_ref(), data, &mut |group, window| {
                        moments.add(group, window)
                    });
                }
            }
        })?;
    }
    Ok(moments)
}

/// What one layer meets on one input, window by window.
///
/// # Errors
/// Those of running the model.
pub fn windows_of(executor: &mut Executor, model: &Model, node: NodeId, sample: &[Tensor]) -> Result<Vec<f64>> {
    let mut met = Vec::new();
    let Some(filters) = Filters::of(model, &model.nodes[node]) else { return Ok(met) };
    let window = window(model, node);
    executor.run_tapped(sample, &mut |value, view| {
        if let (Some(id), Data::Float32(data)) = (model.nodes[node].input(0), view.data)
            && id == value
        {
            for_each_window(filters, window.as_ref(), data, &mut |_, window| met.extend_from_slice(window));
        }
    })?;
    Ok(met)
}

fn window(model: &Model, node: NodeId) -> Option<Window> {
    let found = &model.nodes[node];
    let (padding, stride, dilation) = match &found.op {
        Op::Conv2d(op) => (op.padding, op.stride, op.dilation),
        Op::DepthwiseConv2d(op) => (op.padding, op.stride, op.dilation),
        _ => return None,
    };
    let image = |id: usize| <[usize; 4]>::try_from(model.values[id].shape.as_slice()).ok();
    let (x, w, y) = (image(found.input(0)?)?, image(found.input(1)?)?, image(*found.outputs.first()?)?);
    Window::new(x, y, [w[1], w[2]], stride, dilation, padding).ok()
}

/// Calls `visit(group, window)` for some of the windows that a layer's filters meet in its input; `window` is none for rows.
fn for_each_window(filters: Filters, window: Option<&Window>, data: &[f32], visit: &mut dyn FnMut(usize, &[f64])) {
    let Filters { size, channels, depthwise } = filters;
    let Some(window) = window else {
        let rows: Vec<&[f32]> = data.chunks_exact(size.max(1)).collect();
        for row in rows.iter().step_by(rows.len().div_ceil(WINDOWS).max(1)) {
            visit(0, &row.iter().map(|&x| x.into()).collect::<Vec<f64>>());
        }
        return;
    };
    let pixels: usize = window.output[..3].iter().product();
    // An odd step, so that not always the same columns are met.
    let step = pixels.div_ceil(WINDOWS).max(1) | 1;
    let input_channels = window.input[3];
    let taps: usize = window.filter.iter().product();
    let mut met = vec![0.0; size];
    let mut position = 0usize;
    window.for_each_output(|_, [b, y, x]| {
        position += 1;
        if !(position - 1).is_multiple_of(step) {
            return;
        }
        for group in 0..if depthwise { channels } else { 1 } {
            met.fill(0.0);
            for tap in 0..taps {
                let (k, l) = (tap / window.filter[1], tap % window.filter[1]);
                let (Some(row), Some(column)) = (window.row(y, k), window.column(x, l)) else { continue };
                let pixel = window.input_at(b, row, column);
                if depthwise {
                    met[tap] = data[pixel + group / (channels / input_channels).max(1)].into();
                } else {
                    let pixel = &data[pixel..pixel + input_channels];
                    met[tap * input_channels..].iter_mut().zip(pixel).for_each(|(met, &x)| *met = x.into());
                }
            }
            visit(group, &met);
        }
    });
}
