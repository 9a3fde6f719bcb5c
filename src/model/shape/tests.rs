use super::*;
use crate::model::op::{Activation, Conv2d, DepthwiseConv2d, Padding, StridedSlice};
use crate::tensor::DType;

/// A node of `op` over float activations of the given shapes and int32 constants, with one output.
fn node(op: Op, inputs: &[In<'_>]) -> Model {
    let mut model = Model::default();
    let mut ids = vec![];
    for input in inputs {
        ids.push(model.add_value(match input {
            In::Shape(shape) => Value::activation("x", DType::Float32, shape),
            In::Ints(data) => Value::int_constant("c", &[data.len()], data),
        }));
    }
    let output = model.add_value(Value::activation("y", DType::Float32, &[]));
    model.nodes.push(Node::new(op, &ids, &[output]));
    model
}

enum In<'a> {
    Shape(&'a [usize]),
    Ints(&'a [i32]),
}
use In::{Ints, Shape};

fn shape_of(op: Op, inputs: &[In<'_>]) -> std::result::Result<Vec<usize>, String> {
    infer(&node(op, inputs), 0).map(|mut shapes| shapes.remove(0)).map_err(|error| error.to_string())
}

fn conv(padding: Padding, stride: usize, dilation: usize) -> Op {
    Op::Conv2d(Conv2d { padding, stride: [stride; 2], dilation: [dilation; 2], activation: Activation::None })
}

#[test]
fn same_conv_divides_by_the_stride_and_rounds_up() {
    let shape = shape_of(conv(Padding::Same, 2, 1), &[Shape(&[1, 49, 10, 1]), Shape(&[64, 10, 4, 1])]);
    assert_eq!(shape.unwrap(), [1, 25, 5, 64]);
}

#[test]
fn valid_conv_counts_dilated_windows() {
    let inputs = [Shape(&[1, 9, 9, 2]), Shape(&[4, 3, 3, 2])];
    assert_eq!(shape_of(conv(Padding::Valid, 1, 3), &inputs).unwrap(), [1, 3, 3, 4]);
    assert_eq!(
        shape_of(conv(Padding::Valid, 1, 5), &inputs).unwrap_err(),
        "node 0 (CONV_2D): VALID padding leaves no output: the window spans 11, the input only 9"
    );
}

#[test]
fn conv_with_a_stride_of_zero_is_an_error_not_a_panic() {
    let error = shape_of(conv(Padding::Same, 0, 1), &[Shape(&[1, 9, 9, 2]), Shape(&[4, 3, 3, 2])]).unwrap_err();
    assert!(error.contains("stride 0"), "{error}");
}

#[test]
fn depth_multiplier_must_agree_with_the_shapes() {
    let op = |depth_multiplier| {
        Op::DepthwiseConv2d(DepthwiseConv2d {
            padding: Padding::Same,
            stride: [1; 2],
            dilation: [1; 2],
            depth_multiplier,
            activation: Activation::None,
        })
    };
    let inputs = [Shape(&[1, 4, 4, 3]), Shape(&[1, 3, 3, 6])];
    assert_eq!(shape_of(op(2), &inputs).unwrap(), [1, 4, 4, 6]);
    assert!(shape_of(op(3), &inputs).unwrap_err().contains("multiplier is 3, but the shapes say 2"));
}

#[test]
fn reshape_fills_the_one_open_dimension() {
    let op = || Op::Reshape { new_shape: None };
    assert_eq!(shape_of(op(), &[Shape(&[1, 4, 6]), Ints(&[-1, 8])]).unwrap(), [3, 8]);
    assert!(shape_of(op(), &[Shape(&[1, 4, 6]), Ints(&[-1, -1])]).unwrap_err().contains("more than one open"));
    assert!(shape_of(op(), &[Shape(&[1, 4, 6]), Ints(&[-1, 7])]).unwrap_err().contains("do not fill"));
    assert_eq!(shape_of(Op::Reshape { new_shape: Some(vec![4, -1]) }, &[Shape(&[1, 4, 6])]).unwrap(), [4, 6]);
}

#[test]
fn reshape_to_a_computed_shape_takes_the_declared_one() {
    let mut model = node(Op::Reshape { new_shape: None }, &[Shape(&[1, 4]), Shape(&[2])]);
    let output = model.nodes[0].outputs[0];
    model.values[output].shape = vec![2, 2];
    assert_eq!(infer(&model, 0).unwrap(), [[2, 2]]);
    model.values[output].shape = vec![3, 2];
    assert!(infer(&model, 0).is_err(), "six elements are not four");
}

#[test]
fn broadcasting_aligns_at_the_end() {
    let op = || Op::Mul { activation: Activation::None };
    assert_eq!(shape_of(op(), &[Shape(&[1, 5, 1, 3]), Shape(&[4, 1])]).unwrap(), [1, 5, 4, 3]);
    assert!(shape_of(op(), &[Shape(&[2, 3]), Shape(&[2, 4])]).unwrap_err().contains("do not broadcast"));
}

#[test]
fn mean_takes_negative_axes_twice_without_harm() {
    let op = |keep_dims| Op::Mean { keep_dims };
    let inputs = [Shape(&[1, 7, 7, 9]), Ints(&[1, -2, 2])];
    assert_eq!(shape_of(op(false), &inputs).unwrap(), [1, 9]);
    assert_eq!(shape_of(op(true), &inputs).unwrap(), [1, 1, 1, 9]);
    assert!(shape_of(op(false), &[Shape(&[2, 3]), Ints(&[2])]).unwrap_err().contains("axis 2 is outside"));
}

#[test]
fn concatenation_adds_along_its_axis() {
    let op = |axis| Op::Concatenation { axis, activation: Activation::None };
    assert_eq!(shape_of(op(-1), &[Shape(&[1, 2, 3]), Shape(&[1, 2, 5])]).unwrap(), [1, 2, 8]);
    assert!(shape_of(op(1), &[Shape(&[1, 2, 3]), Shape(&[1, 2, 5])]).unwrap_err().contains("cannot be joined"));
}

#[test]
fn strided_slice_runs_backwards_and_drops_axes() {
    let slice = |op, begin: &[i32], end: &[i32], stride: &[i32]| {
        shape_of(Op::StridedSlice(op), &[Shape(&[4, 10]), Ints(begin), Ints(end), Ints(stride)])
    };
    let plain = StridedSlice::default();
    assert_eq!(slice(plain, &[0, 1], &[4, 9], &[2, 3]).unwrap(), [2, 3]);
    assert_eq!(slice(plain, &[0, -1], &[4, 0], &[1, -4]).unwrap(), [4, 3]);
    assert_eq!(slice(StridedSlice { shrink_axis_mask: 1, ..plain }, &[-1, 0], &[0, 10], &[1, 1]).unwrap(), [10]);
    assert_eq!(slice(StridedSlice { end_mask: 2, ..plain }, &[0, 9], &[1, 5], &[1, -1]).unwrap(), [1, 10]);
    assert!(slice(StridedSlice { shrink_axis_mask: 1, ..plain }, &[4, 0], &[0, 10], &[1, 1]).is_err());
    assert!(slice(plain, &[0, 0], &[4, 9], &[1, 0]).unwrap_err().contains("stride of 0"));
    assert_eq!(slice(plain, &[0, i32::MIN], &[4, i32::MAX], &[1, i32::MAX]).unwrap(), [4, 1]);
}

#[test]
fn pad_and_transpose_follow_their_constants() {
    assert_eq!(shape_of(Op::Pad, &[Shape(&[1, 2]), Ints(&[0, 1, 2, 3])]).unwrap(), [2, 7]);
    assert!(shape_of(Op::Pad, &[Shape(&[1, 2]), Ints(&[0, 1, -2, 3])]).unwrap_err().contains("negative padding"));
    assert_eq!(shape_of(Op::Transpose, &[Shape(&[1, 2, 3]), Ints(&[2, 0, 1])]).unwrap(), [3, 1, 2]);
    assert!(shape_of(Op::Transpose, &[Shape(&[1, 2, 3]), Ints(&[0, 0, 1])]).unwrap_err().contains("twice"));
}

#[test]
fn a_shape_beyond_the_limit_is_refused_before_memory_is_taken() {
    let error = infer(&node(Op::Pad, &[Shape(&[1, 2]), Ints(&[i32::MAX, 0, 0, 0])]), 0).unwrap_err();
    assert_eq!(error.kind(), Kind::Limits);
}
