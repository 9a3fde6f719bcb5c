use super::*;
use crate::model::Value;
use crate::model::op::{Activation, Padding, TransposeConv};

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
    let grown = after.persistent.bytes.0 - before.persistent.bytes.0;
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
