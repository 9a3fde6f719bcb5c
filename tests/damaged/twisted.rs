//! Models that readers could let through, twisted by a seeded generator: an answer or a sentence, never a panic.

use milliwatt::exec::{Executor, Kernels, Options};
use milliwatt::format;
use milliwatt::model::op::{Activation, Padding};
use milliwatt::model::{Model, Op, shape};
use milliwatt::quant::{Arithmetic, Quantization};
use milliwatt::tensor::DType;

/// Mutants of each model.
const MUTANTS: usize = 12;
/// Larger arenas are planned but not run, to save time.
const RUN_BYTES: usize = 1 << 18;

#[test]
fn twisted_operators_answer_or_are_refused_in_words() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut ran, mut refused) = (0, 0);
    for model in models() {
        for _ in 0..MUTANTS {
            let mut mutant = model.clone();
            for _ in 0..1 + random.below(3) {
                twist(&mut mutant, &mut random);
            }
            if random.below(10) > 0 {
                declare_inferred_shapes(&mut mutant);
            }
            let kernels = if random.below(2) == 0 { Kernels::Reference } else { Kernels::Fast };
            let (_, arithmetic) = Arithmetic::ALL[random.below(3)];
            match Executor::new(&mutant, Options { arithmetic, kernels }) {
                Ok(mut executor) if executor.memory_bytes() <= RUN_BYTES => {
                    for index in 0..mutant.inputs.len() {
                        executor.input_bytes_mut(index).iter_mut().for_each(|byte| *byte = random.next() as u8 & 0x7F);
                    }
                    executor.invoke().unwrap();
                    ran += 1;
                }
                Ok(_) => {}
                Err(error) => {
                    assert!(!error.to_string().is_empty());
                    refused += 1;
                }
            }
        }
    }
    println!("{ran} mutants ran, {refused} were refused");
    assert!(
        ran > 1000 && refused > 1000,
        "{ran} mutants ran, {refused} were refused: the generator tests one side only"
    );
}

/// The models of the operator vectors; `tests/golden/ops/README.md` tells the layout.
fn models() -> Vec<Model> {
    fn number(rest: &mut &[u8]) -> usize {
        let (head, tail) = rest.split_first_chunk::<4>().unwrap();
        *rest = tail;
        u32::from_le_bytes(*head) as usize
    }
    fn blob<'a>(rest: &mut &'a [u8]) -> &'a [u8] {
        let length = number(rest);
        let (head, tail) = rest.split_at(length);
        *rest = tail;
        head
    }
    let mut models = Vec::new();
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/golden/ops");
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files.iter().filter(|file| file.extension().is_some_and(|extension| extension == "bin")) {
        let bytes = std::fs::read(file).unwrap();
        let mut rest = &bytes[8..];
        for _ in 0..number(&mut rest) {
            blob(&mut rest);
            models.push(format::tflite::read(blob(&mut rest)).unwrap().model);
            for _ in 0..number(&mut rest) {
                for _ in 0..2 {
                    for _ in 0..number(&mut rest) {
                        blob(&mut rest);
                    }
                }
            }
        }
    }
    models
}

/// A small generator, the same everywhere: xorshift64*.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 16
    }

    fn below(&mut self, bound: usize) -> usize {
        (self.next() % bound.max(1) as u64) as usize
    }

    fn pick<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len())]
    }

    fn size(&mut self) -> usize {
        self.pick(&[0, 1, 1, 2, 2, 3, 4, 5, 7, 16, 255, 65_536, 1 << 28, 1 << 31, usize::MAX])
    }

    fn scale(&mut self) -> f32 {
        self.pick(&[0.0, 1e-38, 1e-9, 0.004, 1.0 / 256.0, 0.5, 3.0, 1e9, 3e38, f32::NAN, -1.0, f32::INFINITY])
    }
}

/// One change somewhere.
fn twist(model: &mut Model, random: &mut Random) {
    let id = random.below(model.values.len());
    match random.below(8) {
        0 => {
            let size = random.size();
            let value = &mut model.values[id];
            let axis = random.below(value.shape.len());
            if let Some(dim) = value.shape.get_mut(axis) {
                *dim = size;
            }
            refill(model, id, random);
        }
        1 => {
            model.values[id].dtype = random.pick(&[
                DType::Float32,
                DType::Int8,
                DType::Int16,
                DType::Int32,
                DType::Int64,
                DType::Uint8,
                DType::Bool,
                DType::Int4,
                DType::Float16,
            ]);
            refill(model, id, random);
        }
        2 => {
            let scale = random.scale();
            let zero_point = random.pick(&[0, -128, 127, 3, 255, -32_768, i64::MIN, i64::MAX, 1 << 31]);
            let value = &mut model.values[id];
            value.quantization = match (random.below(6), &mut value.quantization) {
                (0, _) => None,
                (1, _) => Some(Quantization::per_channel(vec![scale; 4], random.below(5))),
                (2, Some(found)) => Some(Quantization { zero_point: vec![zero_point], ..found.clone() }),
                (_, Some(found)) => Some(Quantization { scale: vec![scale; found.scale.len()], ..found.clone() }),
                (_, None) => Some(Quantization::per_tensor(scale, zero_point)),
            };
        }
        3 => refill(model, id, random),
        4 => {
            let node = random.below(model.nodes.len());
            let inputs = &mut model.nodes[node].inputs;
            let position = random.below(inputs.len());
            match if inputs.is_empty() { 2 } else { random.below(3) } {
                0 => inputs[position] = None,
                1 => inputs[position] = Some(id),
                _ => inputs.truncate(position),
            }
        }
        _ => {
            let node = random.below(model.nodes.len());
            twist_attributes(&mut model.nodes[node].op, random);
        }
    }
}

/// Other bytes for a constant, as many as its shape asks for.
fn refill(model: &mut Model, id: usize, random: &mut Random) {
    let value = &mut model.values[id];
    if value.data.is_none() {
        return;
    }
    let elements = milliwatt::tensor::elements(&value.shape).unwrap_or(0);
    let count = value.dtype.bytes_for(elements).unwrap_or(0);
    // Small numbers more often: they are axes, sizes and paddings.
    let bytes: Vec<u8> = if random.below(2) == 0 {
        let small = random.below(4) as u8;
        (0..count).map(|index| if index % 4 == 0 { small } else { 0 }).collect()
    } else {
        (0..count).map(|_| random.next() as u8).collect()
    };
    value.data = Some(bytes.into());
}

fn twist_attributes(op: &mut Op, random: &mut Random) {
    let pair = [random.size(), random.pick(&[1, 2, 3])];
    let number = random.pick(&[f32::NAN, 0.0, -1.0, 1e30, 1e-30, f32::INFINITY, 0.5]);
    let padding = random.pick(&[Padding::Same, Padding::Valid]);
    let any_activation =
        random.pick(&[Activation::None, Activation::Relu, Activation::Relu6, Activation::ReluN1To1, Activation::Tanh]);
    let which = random.below(4);
    match op {
        Op::Conv2d(op) => match which {
            0 => op.stride = pair,
            1 => op.dilation = pair,
            2 => op.padding = padding,
            _ => op.activation = any_activation,
        },
        Op::DepthwiseConv2d(op) => match which {
            0 => op.stride = pair,
            1 => op.dilation = pair,
            2 => op.padding = padding,
            _ => op.activation = any_activation,
        },
        Op::TransposeConv(op) => match which {
            0 => op.stride = pair,
            1 => op.padding = padding,
            _ => op.activation = any_activation,
        },
        Op::AveragePool2d(op) | Op::MaxPool2d(op) => match which {
            0 => op.stride = pair,
            1 => op.filter = pair,
            2 => op.padding = padding,
            _ => op.activation = any_activation,
        },
        Op::FullyConnected(op) => op.activation = any_activation,
        Op::Add { activation, .. } | Op::Sub { activation, .. } | Op::Mul { activation } => {
            *activation = any_activation
        }
        Op::Concatenation { axis, .. } => *axis = random.pick(&[-9, -1, 0, 1, 3, i32::MIN, i32::MAX]),
        Op::StridedSlice(op) => {
            let mask = random.below(16) as i32;
            match which {
                0 => op.begin_mask = mask,
                1 => op.end_mask = mask,
                2 => op.shrink_axis_mask = mask,
                _ => op.ellipsis_mask = mask,
            }
        }
        Op::Split { count } => *count = random.size(),
        Op::LeakyRelu { alpha } => *alpha = number,
        Op::Softmax { beta } => *beta = number,
        Op::ResizeBilinear(op) | Op::ResizeNearestNeighbor(op) => {
            (op.align_corners, op.half_pixel_centers) = (which & 1 == 1, which & 2 == 2);
        }
        _ => {}
    }
}

/// Lets the outputs have the shapes that follow, so that the twist reaches the kernels.
fn declare_inferred_shapes(model: &mut Model) {
    for node in 0..model.nodes.len() {
        let Ok(shapes) = shape::infer(model, node) else { return };
        for (output, shape) in model.nodes[node].outputs.clone().into_iter().zip(shapes) {
            model.values[output].shape = shape;
        }
    }
}
