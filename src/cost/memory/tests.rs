use super::*;
use crate::model::Value;
use crate::model::op::{Activation, Conv2d, Opaque, Padding, TransposeConv};
use crate::model::{Node, Op};
use crate::tensor::DType;

fn chain(dtypes: &[(DType, &[usize])], ops: Vec<Op>) -> Model {
    let mut model = Model::default();
    let ids: Vec<ValueId> =
        dtypes.iter().map(|&(dtype, shape)| model.add_value(Value::activation("", dtype, shape))).collect();
    for (step, op) in ops.into_iter().enumerate() {
        model.nodes.push(Node::new(op, &[ids[step]], &[ids[step + 1]]));
    }
    (model.inputs, model.outputs) = (vec![ids[0]], vec![ids[ids.len() - 1]]);
    model
}

#[test]
fn a_chain_needs_its_largest_pair() {
    let shapes: [(DType, &[usize]); 4] =
        [(DType::Int8, &[160]), (DType::Int8, &[320]), (DType::Int8, &[64]), (DType::Int8, &[16])];
    let memory = memory(&chain(&shapes, vec![Op::Relu, Op::Relu, Op::Relu]));
    assert_eq!(memory.head_bytes, Bytes(480));
    assert_eq!(memory.peak_node, Some(0));
    assert_eq!(memory.live_bytes, [Bytes(480), Bytes(384), Bytes(80)]);
}

#[test]
fn mean_asks_for_indices_and_with_int8_for_sums() {
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Int8, &[1, 4, 4, 8]));
    let axes = model.add_value(Value::int_constant("axes", &[2], &[1, 2]));
    let y = model.add_value(Value::activation("y", DType::Int8, &[1, 8]));
    model.nodes.push(Node::new(Op::Mean { keep_dims: false }, &[x, axes], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    assert_eq!(memory(&model).head_bytes, Bytes(128 + 16 + 32 + 16 + 16));
    for id in [x, y] {
        model.values[id].dtype = DType::Float32;
    }
    assert_eq!(memory(&model).head_bytes, Bytes(512 + 32 + 16 + 16));
}

#[test]
fn int4_weights_are_unpacked_into_the_arena() {
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Int8, &[1, 32]));
    let w = model.add_value(Value::constant("w", DType::Int4, &[4, 32], vec![0; 64]));
    let y = model.add_value(Value::activation("y", DType::Int8, &[1, 4]));
    model.nodes.push(Node::new(Op::FullyConnected(Default::default()), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    let memory = memory(&model);
    assert_eq!(memory.head_bytes, Bytes(32 + 16 + 128));
    assert!(matches!(memory.buffers[2].owner, Owner::Scratch { node: 0, .. }));
}

#[test]
fn transposed_int8_convolution_accumulates_in_the_arena() {
    let mut model = Model::default();
    let shape = model.add_value(Value::int_constant("shape", &[4], &[1, 4, 4, 2]));
    let w = model.add_value(Value::constant("w", DType::Int8, &[2, 2, 2, 3], vec![0; 24]));
    let x = model.add_value(Value::activation("x", DType::Int8, &[1, 2, 2, 3]));
    let y = model.add_value(Value::activation("y", DType::Int8, &[1, 4, 4, 2]));
    let op = TransposeConv { padding: Padding::Same, stride: [2, 2], activation: Activation::None };
    model.nodes.push(Node::new(Op::TransposeConv(op), &[shape, w, x], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    assert_eq!(memory(&model).head_bytes, Bytes(16 + 32 + 128));
}

#[test]
fn a_variable_lives_in_the_tail() {
    let mut model = chain(&[(DType::Int8, &[16]), (DType::Int8, &[16])], vec![Op::Relu]);
    let before = memory(&model);
    let state = Value { is_variable: true, ..Value::activation("state", DType::Int8, &[100]) };
    model.add_value(state);
    let after = memory(&model);
    assert_eq!(after.head_bytes, before.head_bytes);
    // 100 bytes rounded up to 112, and a 12-byte description that alignment may round up as well.
    let grown = after.tail_bytes.0 - before.tail_bytes.0;
    assert!((112 + 12..=112 + 16).contains(&grown), "{grown}");
}

#[test]
fn offsets_fixed_in_the_file_are_kept() {
    let mut model = chain(&[(DType::Int8, &[16]), (DType::Int8, &[16])], vec![Op::Relu]);
    let words: Vec<u8> = [1i32, 0, 2, 64, -1].iter().flat_map(|word| word.to_le_bytes()).collect();
    model.metadata.push(("OfflineMemoryAllocation".into(), words.into()));
    let memory = memory(&model);
    assert_eq!(memory.buffers[0].offset, 64);
    assert_eq!(memory.buffers[1].offset, 0);
    assert_eq!(memory.head_bytes, Bytes(80));
}

#[test]
fn planning_many_small_buffers_needs_more_than_the_model_does_afterwards() {
    let shapes: Vec<(DType, &[usize])> = vec![(DType::Int8, &[16]); 12];
    let memory = memory(&chain(&shapes, vec![Op::Relu; 11]));
    assert!(memory.needs.planning.0 > memory.needs.used.0, "{:?}", memory.needs);
    assert_eq!(memory.total_bytes(), memory.needs.smallest());
    assert_eq!(memory.total_bytes().0 % 16, 0);
    assert!(memory.total_bytes().0 >= memory.needs.planning.0);
}

#[test]
fn an_operator_without_rules_makes_every_size_a_lower_bound() {
    let shapes: [(DType, &[usize]); 2] = [(DType::Int8, &[16]), (DType::Int8, &[16])];
    let named = |builtin_code: i32, name: &str| {
        let opaque = Opaque { builtin_code, name: name.into(), ..Opaque::default() };
        memory(&chain(&shapes, vec![Op::Opaque(opaque)])).unknown
    };
    assert_eq!(named(32, "Magic"), ["Magic"]);
    // Another maker's operator may be called as one of TFLite's.
    assert_eq!(named(32, "NEG"), ["NEG"]);
    assert!(named(59, "NEG").is_empty());
}

#[test]
fn kernels_of_a_core_ask_for_other_scratch_memory() {
    let mut model = Model::default();
    let x = model.add_value(Value::activation("x", DType::Int8, &[1, 8, 8, 3]));
    let w = model.add_value(Value::constant("w", DType::Int8, &[4, 3, 3, 3], vec![0; 108]));
    let y = model.add_value(Value::activation("y", DType::Int8, &[1, 8, 8, 4]));
    let op = Conv2d { padding: Padding::Same, stride: [1, 1], dilation: [1, 1], activation: Activation::None };
    model.nodes.push(Node::new(Op::Conv2d(op), &[x, w], &[y]));
    (model.inputs, model.outputs) = (vec![x], vec![y]);
    let scratch = |runtime| memory_on(&model, runtime).head_bytes.0 - 192 - 256;
    assert_eq!(scratch(Runtime::Reference), 0);
    // 27 taps, rounded up to 28 and to 32, of four pixels.
    assert_eq!(scratch(Runtime::CmsisNn), 112);
    assert_eq!(scratch(Runtime::CmsisNnMve), 128);
}
