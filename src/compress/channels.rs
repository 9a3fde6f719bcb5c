//! Removal of channels: whole filters go, with everything that is made of them, and what is left is a plain smaller model.
//!
//! A channel is one index along the last axis of an activation, with the filters and biases that make it and the columns
//! of weights that read it. Operators tie channels together: both sides of an addition lose the same ones, a depthwise
//! filter goes with the channel that it filters, a flattened image loses a channel in every pixel. [`Channels`] finds what
//! goes together; the inputs and outputs of the model lose nothing.
//!
//! *Source*: the dependency graph of G. Fang et al., "DepGraph: towards any structural pruning", CVPR 2023.

mod graph;
mod importance;
mod readers;
mod refit;
mod removal;
mod rules;
#[cfg(test)]
mod tests;

use super::recipe::{ChannelsOptions, Importance, PruneScope};
use crate::error::{Error, Result};
use crate::model::{Model, ValueId, validate};
use crate::order;
use crate::progress::{Progress, Silent};
use crate::tensor::Tensor;
use graph::{Graph, Unit};
pub use importance::{Measure, Norm};
use readers::Readers;

/// A copy of the model without its least important channels; needs no data.
///
/// With `keep` at 1 the model stays as it is.
///
/// # Errors
/// `Parameter` for options out of range, or that ask for inputs, `Unsupported` when no layer's channels can be removed or
/// weights are packed in less than a byte.
///
/// ```
/// use milliwatt::compress::channels::remove;
/// use milliwatt::compress::recipe::ChannelsOptions;
/// use milliwatt::model::counts;
/// use milliwatt::train::architecture::{Architecture, Kind};
/// let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
/// let thin = remove(&model, &ChannelsOptions { keep: 0.5, ..ChannelsOptions::default() }).unwrap();
/// assert!(counts::model(&thin).macs.0 * 3 < counts::model(&model).macs.0);
/// ```
pub fn remove(model: &Model, options: &ChannelsOptions) -> Result<Model> {
    remove_on(model, options, &[], &mut Silent)
}

/// The same for options that look at `inputs`; others do not read them.
///
/// # Errors
/// Those of [`remove`] and of running; `Unsupported` where weights that have to make up for something are not float.
pub fn remove_on(
    model: &Model,
    options: &ChannelsOptions,
    inputs: &[Vec<Tensor>],
    progress: &mut dyn Progress,
) -> Result<Model> {
    options.check()?;
    let Some(channels) = channels_to_lose(model, options)? else { return Ok(model.clone()) };
    let mut readers = match options.needs_calibration() {
        true => Readers::of(&channels, model, inputs, progress)?,
        false => Readers::default(),
    };
    let least = match options.measure {
        Importance::L1 => channels.least_important(model, options, Measure::Magnitude(Norm::L1))?,
        Importance::L2 => channels.least_important(model, options, Measure::Magnitude(Norm::L2))?,
        Importance::Reconstruction => channels.least_missed(options, &readers),
    };
    if !options.refit {
        return channels.without(model, &least);
    }
    least.iter().for_each(|&channel| readers.lose(channel));
    let refitted = refit::refit(model, &readers, &least, inputs, progress)?;
    channels.without(&refitted, &least)
}

/// [`remove`] with another measure of importance, for instance one that knows gradients.
///
/// # Errors
/// Those of [`remove`].
pub fn remove_by(model: &Model, options: &ChannelsOptions, measure: Measure<'_>) -> Result<Model> {
    options.check()?;
    let Some(channels) = channels_to_lose(model, options)? else { return Ok(model.clone()) };
    let least = channels.least_important(model, options, measure)?;
    channels.without(model, &least)
}

/// The channels of a model; `None` where all of them stay.
fn channels_to_lose(model: &Model, options: &ChannelsOptions) -> Result<Option<Channels>> {
    if options.keep >= 1.0 {
        return Ok(None);
    }
    let channels = Channels::of(model)?;
    if channels.groups.is_empty() {
        return Err(Error::unsupported("no layer of this model has channels that can be removed"));
    }
    Ok(Some(channels))
}

/// A channel wherever it occurs: everything that stays or goes with it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Channel(Unit);

/// The channels of a model that can be removed, and what goes with each.
#[derive(Debug)]
pub struct Channels {
    graph: Graph,
    groups: Vec<Vec<Channel>>,
}

impl Channels {
    /// Whether no channel can be removed.
    pub fn is_empty(&self) -> bool {
        self.groups.is_empty()
    }

    /// Finds the channels of a valid model.
    ///
    /// # Errors
    /// `Format` for constants that are broken.
    pub fn of(model: &Model) -> Result<Self> {
        let graph = Graph::of(model)?;
        let mut groups: Vec<(usize, Vec<Channel>)> = Vec::new();
        for unit in (0..graph.units()).filter(|&unit| graph.find(unit) == unit && !graph.stays(unit)) {
            let layer = graph.layer(unit);
            match groups.iter_mut().find(|(found, _)| *found == layer) {
                Some((_, channels)) => channels.push(Channel(unit)),
                None => groups.push((layer, vec![Channel(unit)])),
            }
        }
        Ok(Self { graph, groups: groups.into_iter().map(|(_, channels)| channels).collect() })
    }

    /// The channels that can be removed, those of layers that share some in one group, in the order of the file.
    pub fn groups(&self) -> &[Vec<Channel>] {
        &self.groups
    }

    /// The channel to which each index along an axis of a value belongs; `None` where nothing can be removed along it.
    pub fn along(&self, value: ValueId, axis: usize) -> Option<Vec<Channel>> {
        Some(self.graph.at(value, axis)?.iter().map(|&unit| Channel(self.graph.find(unit))).collect())
    }

    /// The channels that a recipe takes away.
    ///
    /// # Errors
    /// `Format` for constants that are broken.
    pub fn least_important(
        &self,
        model: &Model,
        options: &ChannelsOptions,
        measure: Measure<'_>,
    ) -> Result<Vec<Channel>> {
        let importance = importance::of_units(self, model, measure)?;
        let sorted = |channels: &[Channel]| -> Vec<Channel> {
            let of = |at: usize| (importance[channels[at].0], channels[at]);
            let by_importance = |a: usize, b: usize| of(a).0.total_cmp(&of(b).0).then(of(a).1.cmp(&of(b).1));
            order::of(channels.len(), &by_importance).into_iter().map(|at| channels[at]).collect()
        };
        Ok(self.first_of_each(options, &|channels, count| sorted(channels)[..count].to_vec()))
    }

    /// The channels that layers which make up for them miss least: one after another, each where those before it are gone.
    fn least_missed(&self, options: &ChannelsOptions, readers: &Readers) -> Vec<Channel> {
        self.first_of_each(options, &|channels, count| readers.clone().least_missed(channels, count))
    }

    /// As many channels of each group as the options say, of those that `first` gives for a count.
    fn first_of_each(
        &self,
        options: &ChannelsOptions,
        first: &dyn Fn(&[Channel], usize) -> Vec<Channel>,
    ) -> Vec<Channel> {
        let share = |count: usize| count as f64 * options.keep;
        let mut wanted: Vec<f64> = self.groups.iter().map(|group| share(group.len())).collect();
        if options.scope == PruneScope::Global {
            let all: Vec<Channel> = self.groups.concat();
            let gone = all.len() - (libm::round(share(all.len())) as usize).min(all.len());
            let mut stays = vec![true; self.graph.units()];
            first(&all, gone).into_iter().for_each(|channel| stays[channel.0] = false);
            wanted = self.groups.iter().map(|group| group.iter().filter(|c| stays[c.0]).count() as f64).collect();
        }
        let mut least = Vec::new();
        for (group, wanted) in self.groups.iter().zip(wanted) {
            let kept = rounded(wanted, group.len(), options.multiple);
            least.extend(first(group, group.len() - kept));
        }
        least
    }

    /// A copy of the model without some channels.
    ///
    /// # Errors
    /// `Parameter` when a layer would have none left, `Unsupported` for weights that are packed in less than a byte.
    pub fn without(&self, model: &Model, channels: &[Channel]) -> Result<Model> {
        let mut gone = vec![false; self.graph.units()];
        for channel in channels {
            gone[self.graph.find(channel.0)] = true;
        }
        if self.groups.iter().any(|group| group.iter().all(|channel| gone[channel.0])) {
            return Err(Error::parameter("a layer would have no channel left"));
        }
        let thinner = removal::remove(model, &self.graph, &|unit| {
            let found = self.graph.find(unit);
            gone[found] && !self.graph.stays(found)
        })?;
        validate::validate(&thinner)?;
        Ok(thinner)
    }
}

/// The multiple nearest to what is wanted: at least one, at most all there are.
fn rounded(wanted: f64, count: usize, multiple: usize) -> usize {
    let nearest = libm::round(wanted / multiple as f64) as usize * multiple;
    nearest.max(multiple).min(count)
}
