//! Removal of blocks: a network with fewer layers, for a student that learns from the whole one.
//!
//! A *block* is a stretch of the network that gives what it takes: an array of the same shape. Left out, the rest still
//! fits together. It begins and ends where a single activation is alive, so a residual block goes with its shortcut, and it
//! holds at least one layer that mixes channels, so a depthwise filter goes with the pointwise one behind it.
//!
//! Which blocks go is not a matter of weights here: those that stay are spread evenly over the depth, and training makes
//! them do the others' work.
//!
//! *Source*: V. Sanh et al., "DistilBERT", arXiv 1910.01108, whose student begins as every other layer of its teacher.

use std::ops::Range;

use super::recipe::BlocksOptions;
use crate::error::{Error, Result};
use crate::model::{Model, Op, ValueId, validate};

/// A block that can be left out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Block {
    /// Its nodes.
    pub nodes: Range<usize>,
    /// The activation that it takes.
    pub input: ValueId,
    /// The activation that it gives, of the same shape.
    pub output: ValueId,
}

/// The blocks of a model in the order in which they run; no node is in two of them.
///
/// ```
/// use milliwatt::compress::blocks::blocks;
/// use milliwatt::train::architecture::{Architecture, Kind};
/// let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
/// assert_eq!(blocks(&model).len(), 4);
/// ```
pub fn blocks(model: &Model) -> Vec<Block> {
    let mut found = Vec::new();
    let mut first: Option<(usize, ValueId)> = None;
    for (end, output) in alone(model) {
        match first.filter(|&(_, input)| same_kind(model, input, output)) {
            Some((begin, input)) => {
                if model.nodes[begin..end].iter().any(|node| mixes_channels(&node.op)) {
                    found.push(Block { nodes: begin..end, input, output });
                    first = Some((end, output));
                }
            }
            None => first = Some((end, output)),
        }
    }
    // What leaves the model has to be made by the node that makes it.
    found.retain(|block| !model.outputs.contains(&block.output));
    found
}

/// A copy of the model without some of its blocks; needs no data.
///
/// # Errors
/// `Parameter` for options out of range, or more blocks than there are; `Unsupported` where there is none.
///
/// ```
/// use milliwatt::compress::{blocks::without, recipe::BlocksOptions};
/// use milliwatt::train::architecture::{Architecture, Kind};
/// let model = Architecture::of(Kind::DsCnn).build(1).unwrap();
/// let shallow = without(&model, &BlocksOptions { remove: 2 }).unwrap();
/// assert_eq!(model.nodes.len() - shallow.nodes.len(), 4);
/// ```
pub fn without(model: &Model, options: &BlocksOptions) -> Result<Model> {
    options.check()?;
    let blocks = blocks(model);
    if blocks.is_empty() {
        return Err(Error::unsupported("no layers of this model give what they take, so none can be left out"));
    }
    if options.remove > blocks.len() {
        return Err(Error::parameter(format!(
            "this model has {} blocks that can be left out, not {}",
            blocks.len(),
            options.remove
        )));
    }
    // The middle of so many equal stretches of the depth.
    let gone = (0..options.remove).map(|index| &blocks[(2 * index + 1) * blocks.len() / (2 * options.remove)]);
    let mut shallow = model.clone();
    let mut keeps = vec![true; model.nodes.len()];
    let mut stands_for: Vec<ValueId> = (0..model.values.len()).collect();
    for block in gone {
        keeps[block.nodes.clone()].fill(false);
        stands_for[block.output] = stands_for[block.input];
    }
    let mut keeps = keeps.iter();
    shallow.nodes.retain(|_| keeps.next().copied().unwrap_or(true));
    shallow.nodes.iter_mut().flat_map(|node| &mut node.inputs).flatten().for_each(|id| *id = stands_for[*id]);
    shallow.compact();
    validate::validate(&shallow)?;
    Ok(shallow)
}

/// The activations that are alone: where each, and nothing else, is needed by what runs after so many nodes.
fn alone(model: &Model) -> Vec<(usize, ValueId)> {
    let last_reader = |id: ValueId| match model.outputs.contains(&id) {
        true => Some(model.nodes.len()),
        false => model.nodes.iter().rposition(|node| node.inputs.contains(&Some(id))),
    };
    let made = |begin: usize| model.nodes[..begin].iter().flat_map(|node| node.outputs.iter().copied());
    let mut found = Vec::new();
    for begin in 0..model.nodes.len() {
        let alive = model.inputs.iter().copied().chain(made(begin));
        let alive: Vec<ValueId> = alive.filter(|&id| last_reader(id).is_some_and(|last| last >= begin)).collect();
        if let [id] = alive[..] {
            found.push((begin, id));
        }
    }
    found
}

fn same_kind(model: &Model, a: ValueId, b: ValueId) -> bool {
    let (a, b) = (&model.values[a], &model.values[b]);
    a.shape == b.shape && a.dtype == b.dtype && a.quantization == b.quantization
}

fn mixes_channels(op: &Op) -> bool {
    op.weights_input().is_some() && !matches!(op, Op::DepthwiseConv2d(_))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::{Executor, Options};
    use crate::tensor::Tensor;
    use crate::train::architecture::{Architecture, Kind};

    fn model(kind: Kind) -> Model {
        Architecture::of(kind).build(1).unwrap()
    }

    #[test]
    fn blocks_are_what_the_architectures_repeat() {
        // Separable layers of one width; the residual stack without a stride; a mobile net's pairs of one size; dense
        // layers of 128 inside 128, on either side of the narrow one.
        let counts = [(Kind::DsCnn, 4), (Kind::ResNet8, 1), (Kind::MobileNet, 8), (Kind::Autoencoder, 6)];
        for (kind, count) in counts {
            let model = model(kind);
            let found = blocks(&model);
            assert_eq!(found.len(), count, "{kind:?}: {found:?}");
            assert!(found.windows(2).all(|pair| pair[0].nodes.end <= pair[1].nodes.start));
        }
    }

    #[test]
    fn a_model_without_any_of_its_blocks_still_runs() {
        for kind in [Kind::DsCnn, Kind::ResNet8, Kind::MobileNet, Kind::Autoencoder] {
            let model = model(kind);
            for remove in 1..=blocks(&model).len() {
                let shallow = without(&model, &BlocksOptions { remove }).unwrap();
                assert!(shallow.nodes.len() < model.nodes.len());
                let mut executor = Executor::new(&shallow, Options::default()).unwrap();
                let input = Tensor::zeros(crate::tensor::DType::Float32, &shallow.values[shallow.inputs[0]].shape);
                let output = executor.run(&[input.unwrap()]).unwrap();
                assert_eq!(output[0].shape(), &model.values[model.outputs[0]].shape[..]);
            }
        }
    }

    #[test]
    fn without_a_block_that_changes_nothing_the_answers_are_the_same() {
        // An addition of zeros around the residual block: its last filter gives nothing, its shortcut stays.
        let mut model = model(Kind::ResNet8);
        let block = &blocks(&model)[0];
        let last = model.nodes[block.nodes.clone()].iter().rev().find(|node| mixes_channels(&node.op)).unwrap().clone();
        for position in [1, 2] {
            let value = &mut model.values[last.input(position).unwrap()];
            value.data = Some(vec![0; 4 * value.elements()].into());
        }
        let shallow = without(&model, &BlocksOptions { remove: 1 }).unwrap();
        let shape = model.values[model.inputs[0]].shape.clone();
        let pixels = (0..shape.iter().product()).map(|i| libm::sinf(i as f32)).collect();
        let input = [Tensor::from_f32(&shape, pixels).unwrap()];
        let run = |model| Executor::new(model, Options::default()).unwrap().run(&input).unwrap()[0].to_f32_vec();
        assert_eq!(run(&model), run(&shallow));
    }

    #[test]
    fn more_blocks_than_there_are_and_models_without_any_are_refused() {
        let error = without(&model(Kind::DsCnn), &BlocksOptions { remove: 5 }).unwrap_err().to_string();
        assert_eq!(error, "this model has 4 blocks that can be left out, not 5");
        let error = without(&model(Kind::Perceptron), &BlocksOptions { remove: 1 }).unwrap_err().to_string();
        assert_eq!(error, "no layers of this model give what they take, so none can be left out");
    }
}
