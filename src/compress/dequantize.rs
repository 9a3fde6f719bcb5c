//! Back to real numbers: the float model that an integer model stands for, so that it can learn on.

use crate::error::Result;
use crate::model::{Model, Op, Value};
use crate::tensor::DType;

/// A copy in which every quantized number is the real number that it stands for; rounding and saturation are gone.
///
/// QUANTIZE and DEQUANTIZE disappear. A float model comes back as it is.
///
/// # Errors
/// Those of decoding constants.
///
/// ```
/// use milliwatt::compress::dequantize::dequantize;
/// use milliwatt::model::{Model, Value};
/// use milliwatt::quant::Quantization;
/// use milliwatt::tensor::DType;
/// let mut model = Model::default();
/// let scale = Quantization::per_tensor(0.5, -1);
/// let w = model.add_value(Value::constant("w", DType::Int8, &[2], vec![1, 3]).with_quantization(scale));
/// model.outputs = vec![w];
/// assert_eq!(dequantize(&model).unwrap().values[w].dequantized().unwrap(), [1.0, 2.0]);
/// ```
pub fn dequantize(model: &Model) -> Result<Model> {
    let mut real = model.clone();
    for value in &mut real.values {
        if value.quantization.is_none() || value.dtype.is_float() {
            continue;
        }
        if value.is_constant() {
            *value = Value::float_constant(value.name.clone(), &value.shape, &value.dequantized()?);
        } else {
            (value.dtype, value.quantization) = (DType::Float32, None);
        }
    }
    let mut node = 0;
    while node < real.nodes.len() {
        let (source, target) = (real.nodes[node].input(0), real.nodes[node].outputs[0]);
        if let (Op::Quantize | Op::Dequantize, Some(source)) = (&real.nodes[node].op, source) {
            real.nodes.remove(node);
            real.replace_uses(target, source);
        } else {
            node += 1;
        }
    }
    real.compact();
    Ok(real)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::compress::quantize::quantize;
    use crate::compress::recipe::QuantizeOptions;
    use crate::exec::{Executor, Options};
    use crate::progress::Silent;
    use crate::random::Random;
    use crate::tensor::Tensor;
    use crate::train::architecture::{Architecture, Kind};

    #[test]
    fn an_integer_model_and_its_real_numbers_answer_alike() {
        let mut random = Random::new(3);
        for (kind, float_io) in [(Kind::DsCnn, false), (Kind::ResNet8, true), (Kind::Autoencoder, false)] {
            let model = Architecture::of(kind).build(1).unwrap();
            let shape = model.values[model.inputs[0]].shape.clone();
            let mut input = || {
                let numbers = (0..shape.iter().product()).map(|_| random.between(-1.0, 1.0) as f32).collect();
                Tensor::from_f32(&shape, numbers).unwrap()
            };
            let seen: Vec<Vec<Tensor>> = (0..8).map(|_| vec![input()]).collect();
            let options = QuantizeOptions { float_io, ..QuantizeOptions::default() };
            let int8 = quantize(&model, &options, &seen, &mut Silent).unwrap();
            let real = dequantize(&int8).unwrap();
            crate::model::validate::validate(&real).unwrap();
            assert!(real.values.iter().all(|value| value.quantization.is_none()));
            let run = |model: &Model| {
                let mut executor = Executor::new(model, Options::default()).unwrap();
                executor.run(&seen[0]).unwrap()[0].to_f32_vec()
            };
            let (a, b) = (run(&model), run(&real));
            let largest = a.iter().fold(0.0f32, |largest, x| largest.max(x.abs()));
            let apart = a.iter().zip(&b).fold(0.0f32, |most, (a, b)| most.max((a - b).abs()));
            assert!(apart < 0.05 * largest, "{kind:?}: {apart} of {largest}");
        }
    }

    #[test]
    fn a_float_model_stays_as_it_is() {
        let model = Architecture::of(Kind::SmallConvolution).build(1).unwrap();
        assert_eq!(dequantize(&model).unwrap(), model);
    }
}
