//! A network with other classes: its last layer is made anew, the layers before keep what they know.

use crate::error::{Error, Result};
use crate::model::{Model, Op, Value};
use crate::random::Random;

/// A copy of a float classifier whose outputs are the classes `after` instead of `before`.
///
/// A class with the same name keeps its row of weights and its bias. The others start as a network from nothing does: weights
/// from a normal distribution of variance `1 / inputs`, biases 0.
///
/// *Shapes*: `[1, before]` becomes `[1, after]`.
///
/// # Errors
/// `Parameter` without classes, `Unsupported` when the last layer with weights is no fully connected one of float weights, or
/// more than SOFTMAX or LOGISTIC follows it.
///
/// ```
/// use milliwatt::train::{architecture::{Architecture, Kind}, head};
/// let model = Architecture::of(Kind::DsCnn).build(1)?;
/// let words = ["apple", "pear"].map(String::from);
/// let other = head::with_classes(&model, &[], &words, 1)?;
/// assert_eq!(other.values[other.outputs[0]].shape, [1, 2]);
/// # Ok::<(), milliwatt::Error>(())
/// ```
pub fn with_classes(model: &Model, before: &[String], after: &[String], seed: u64) -> Result<Model> {
    let unsupported = |why: &str| Error::unsupported(format!("the classes of this model cannot be changed: {why}"));
    if after.is_empty() {
        return Err(Error::parameter("a classifier needs at least one class"));
    }
    let &[output] = &model.outputs[..] else { return Err(unsupported("it has more than one output")) };
    let mut changed = model.clone();
    let mut id = output;
    let node = loop {
        let node = model.producer(id).ok_or_else(|| unsupported("no layer makes its output"))?;
        resize(&mut changed.values[id], after.len());
        match model.nodes[node].op {
            Op::FullyConnected(_) => break node,
            Op::Softmax { .. } | Op::Logistic => {
                id = model.nodes[node].input(0).ok_or_else(|| unsupported("its last layer has no input"))?;
            }
            ref op => return Err(unsupported(&format!("its last layer is {}, not FULLY_CONNECTED", op.name()))),
        }
    };
    let weights = model.nodes[node].input(1).ok_or_else(|| unsupported("its last layer has no weights"))?;
    let old = model.values[weights].dequantized()?;
    let [rows, inputs] = model.values[weights].shape[..] else { return Err(unsupported("its weights are no matrix")) };
    let mut random = Random::new(seed);
    let deviation = libm::sqrt(1.0 / inputs.max(1) as f64);
    let kept: Vec<Option<usize>> =
        after.iter().map(|name| before.iter().position(|known| known == name).filter(|&row| row < rows)).collect();
    let fresh = |row: &Option<usize>, random: &mut Random| match row {
        Some(row) => old[row * inputs..(row + 1) * inputs].to_vec(),
        None => (0..inputs).map(|_| (deviation * random.normal()) as f32).collect(),
    };
    let matrix: Vec<f32> = kept.iter().flat_map(|row| fresh(row, &mut random)).collect();
    let name = model.values[weights].name.clone();
    changed.values[weights] = Value::float_constant(name, &[after.len(), inputs], &matrix);
    if let Some(bias) = model.nodes[node].input(2) {
        let old = model.values[bias].dequantized()?;
        let numbers: Vec<f32> =
            kept.iter().map(|row| row.and_then(|row| old.get(row).copied()).unwrap_or(0.0)).collect();
        changed.values[bias] = Value::float_constant(model.values[bias].name.clone(), &[after.len()], &numbers);
    }
    Ok(changed)
}

fn resize(value: &mut Value, classes: usize) {
    if let Some(last) = value.shape.last_mut() {
        *last = classes;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exec::{Executor, Options};
    use crate::tensor::Tensor;
    use crate::train::architecture::{Architecture, Kind};

    fn names(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.into()).collect()
    }

    #[test]
    fn a_class_that_stays_gets_the_same_logit() {
        let kind = Architecture { classes: 3, ..Architecture::of(Kind::SmallConvolution) };
        let mut model = kind.build(1).unwrap();
        // Without the softmax, outputs do not depend on each other.
        if matches!(model.nodes.last().unwrap().op, Op::Softmax { .. }) {
            let softmax = model.nodes.pop().unwrap();
            model.outputs = vec![softmax.input(0).unwrap()];
        }
        let changed = with_classes(&model, &names(&["a", "b", "c"]), &names(&["c", "new", "a", "b"]), 7).unwrap();
        crate::model::validate::validate(&changed).unwrap();
        let input = Tensor::from_f32(&[1, 49, 10, 1], (0..490).map(|i| (i % 13) as f32 - 6.0).collect()).unwrap();
        let run = |model: &Model| {
            Executor::new(model, Options::default()).unwrap().run(std::slice::from_ref(&input)).unwrap()[0].to_f32_vec()
        };
        let (before, after) = (run(&model), run(&changed));
        assert_eq!([after[2], after[3], after[0]], [before[0], before[1], before[2]]);
    }

    #[test]
    fn a_model_that_ends_otherwise_says_how_it_ends() {
        let mut model = Architecture::of(Kind::DsCnn).build(1).unwrap();
        let pool = model.nodes.iter().rposition(|node| matches!(node.op, Op::AveragePool2d(_))).unwrap();
        model.outputs = model.nodes[pool].outputs.clone();
        let error = with_classes(&model, &[], &names(&["a"]), 1).unwrap_err();
        assert!(error.to_string().contains("its last layer is AVERAGE_POOL_2D"), "{error}");
    }
}
