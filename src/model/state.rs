//! States that the caller carries from one inference to the next.

use super::{Model, Value, ValueId};

/// The inputs that look like states, by their position, and the outputs that give their next content.
///
/// A model of several inputs and outputs, where as many outputs as inputs have a shape and type, and others are left that
/// have another: those pairs, in order. A guess from shapes, which is all that a file tells.
pub fn external(model: &Model) -> Vec<(usize, usize)> {
    let values = |ids: &[ValueId]| ids.iter().filter_map(|&id| model.values.get(id)).collect::<Vec<&Value>>();
    let (inputs, outputs) = (values(&model.inputs), values(&model.outputs));
    let alike = |a: &Value, b: &Value| a.dtype == b.dtype && a.shape == b.shape;
    let mut pairs = vec![];
    for (input, value) in inputs.iter().enumerate() {
        let of = |all: &[&Value]| all.iter().filter(|other| alike(value, other)).count();
        let before = inputs[..input].iter().filter(|other| alike(value, other)).count();
        if of(&inputs) != of(&outputs) {
            continue;
        }
        let matching = outputs.iter().enumerate().filter(|(_, other)| alike(value, other)).map(|(output, _)| output);
        pairs.extend(matching.skip(before).take(1).map(|output| (input, output)));
    }
    // Where all are paired, nothing tells a state from what goes in and comes out.
    let others = pairs.len() < inputs.len() && pairs.len() < outputs.len();
    if others { pairs } else { vec![] }
}

/// The sentence about such a pair.
pub fn sentence(model: &Model, (input, output): (usize, usize)) -> String {
    let name = |ids: &[ValueId], at: usize| {
        ids.get(at).and_then(|&id| model.values.get(id)).map_or("", |value| value.name.as_str()).to_owned()
    };
    let shape = model.inputs.get(input).and_then(|&id| model.values.get(id)).map(|value| value.shape.clone());
    let rescaled = [(&model.inputs, input), (&model.outputs, output)]
        .map(|(ids, at)| ids.get(at).and_then(|&id| model.values.get(id)?.quantization.clone()))
        .map(|scales| scales.map(|scales| (scales.scale_of(0), scales.zero_point_of(0))));
    format!(
        "input {input} and output {output} have the same shape {:?} and type, so they look like a state, which must be fed back \
         from one step to the next{}: {:?} and {:?}",
        shape.unwrap_or_default(),
        if rescaled[0] == rescaled[1] { "" } else { ", from the output's scale to the input's" },
        name(&model.inputs, input),
        name(&model.outputs, output)
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tensor::DType::Float32;

    fn model(inputs: &[&[usize]], outputs: &[&[usize]]) -> Model {
        let mut model = Model::default();
        for (shapes, is_input) in [(inputs, true), (outputs, false)] {
            for shape in shapes {
                let id = model.add_value(Value::activation("v", Float32, shape));
                if is_input { &mut model.inputs } else { &mut model.outputs }.push(id);
            }
        }
        model
    }

    #[test]
    fn a_state_is_an_input_that_comes_out_again_beside_others() {
        assert_eq!(external(&model(&[&[1, 20], &[1, 2, 20]], &[&[1, 2], &[1, 2, 20]])), [(1, 1)]);
        assert_eq!(external(&model(&[&[1, 9], &[1, 4], &[1, 4]], &[&[1, 4], &[1, 4], &[1, 3]])), [(1, 0), (2, 1)]);
    }

    #[test]
    fn an_input_that_comes_out_alone_is_no_state() {
        assert_eq!(external(&model(&[&[1, 9]], &[&[1, 9]])), []);
        assert_eq!(external(&model(&[&[1, 9], &[1, 8]], &[&[1, 9], &[1, 8]])), []);
        assert_eq!(external(&model(&[&[1, 9], &[1, 9]], &[&[1, 9], &[1, 2]])), []);
    }
}
