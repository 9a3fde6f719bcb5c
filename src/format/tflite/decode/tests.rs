use super::*;
use crate::model::op::FullyConnected;
use crate::quant::Quantization;
use crate::random::Random;
use proptest::prelude::*;

const ALL: [Encoding; 3] = [Encoding::Codebook, Encoding::Huffman, Encoding::Bitmap];

fn round_trip(value: &Value, encoding: Encoding) {
    let packed = pack(value, encoding).unwrap();
    let (bytes, found) = unpack(value, (&packed.stream, &packed.ancillary)).unwrap().unwrap();
    assert!(bytes[..] == value.data.as_deref().unwrap()[..], "{encoding:?}");
    assert_eq!(found, encoding);
}

fn per_channel(shape: &[usize], axis: usize, data: Vec<u8>) -> Value {
    let scales = vec![0.5; shape[axis]];
    Value::constant("w", DType::Int8, shape, data).with_quantization(Quantization::per_channel(scales, axis))
}

proptest! {
    #[test]
    fn every_packed_constant_unpacks_to_itself(
        seed in 0u64..1000, values in 1usize..128, rows in 2usize..9, columns in 2usize..40, last in any::<bool>()
    ) {
        let mut random = Random::new(seed);
        // Squares make some values frequent and others rare, as weights are.
        let data: Vec<u8> =
            (0..rows * columns).map(|_| (random.below(values) * random.below(values) / values) as u8).collect();
        for encoding in ALL {
            round_trip(&Value::constant("w", DType::Int8, &[rows, columns], data.clone()), encoding);
            round_trip(&per_channel(&[rows, columns], usize::from(last), data.clone()), encoding);
            let wide: Vec<u8> = data.iter().flat_map(|&byte| [byte, byte / 2]).collect();
            round_trip(&Value::constant("w", DType::Int16, &[rows, columns], wide), encoding);
        }
    }
}

#[test]
fn a_skewed_code_is_deeper_than_its_tables_and_unpacks() {
    // Doubling counts make the deepest tree that there is.
    let data: Vec<u8> = (0..18u8).flat_map(|symbol| std::iter::repeat_n(symbol, 1 << symbol.min(16))).collect();
    let value = Value::constant("w", DType::Int8, &[data.len()], data);
    round_trip(&value, Encoding::Huffman);
    let packed = pack(&value, Encoding::Huffman).unwrap();
    assert!(packed.stream.len() < value.bytes() / 3);
}

#[test]
fn all_256_values_fit_a_huffman_code_but_no_codebook() {
    let data: Vec<u8> = (0..=255).cycle().take(2560).collect();
    let value = Value::constant("w", DType::Int8, &[2560], data);
    round_trip(&value, Encoding::Huffman);
    assert_eq!(
        pack(&value, Encoding::Codebook).unwrap_err().to_string(),
        "\"w\": a codebook holds at most 128 values, and these weights have 256 different ones in a channel"
    );
}

#[test]
fn holes_of_a_bitmap_are_the_zero_point_of_their_channel() {
    let quantization = Quantization { scale: vec![1.0; 2], zero_point: vec![3, -2], axis: 0 };
    let data = [3i8, 3, 1, -2, 3, -2].map(i8::cast_unsigned).to_vec();
    let value = Value::constant("w", DType::Int8, &[2, 3], data).with_quantization(quantization);
    let packed = pack(&value, Encoding::Bitmap).unwrap();
    assert_eq!((packed.stream, packed.ancillary[16..].to_vec()), (vec![0b0010_1000], vec![1, 3]));
}

#[test]
fn scales_along_a_middle_axis_are_refused_as_tflm_refuses_them() {
    let error = pack(&per_channel(&[1, 2, 3], 1, vec![0; 6]), Encoding::Codebook).unwrap_err();
    assert!(error.to_string().contains("first or last"), "{error}");
}

/// Two layers that read the same packed weights.
fn shared_weights() -> Model {
    let int8 =
        |name: &str| Value::activation(name, DType::Int8, &[1, 32]).with_quantization(Quantization::per_tensor(0.1, 0));
    let mut model = Model::default();
    let x = model.add_value(int8("x"));
    let weights: Vec<u8> = (0..1024u32).map(|i| (i % 3) as u8).collect();
    let w = Value::constant("w", DType::Int8, &[32, 32], weights);
    let w = model.add_value(Value {
        encoding: Some(Encoding::Codebook),
        ..w.with_quantization(Quantization::per_tensor(0.01, 0))
    });
    let (y, z) = (model.add_value(int8("y")), model.add_value(int8("z")));
    let dense = || Op::FullyConnected(FullyConnected::default());
    model.nodes = vec![Node::new(dense(), &[x, w], &[y]), Node::new(dense(), &[y, w], &[z])];
    (model.inputs, model.outputs) = (vec![x], vec![z]);
    model
}

#[test]
fn every_reader_of_packed_weights_gets_a_decoder_just_before_it() {
    let model = shared_weights();
    let file = expand(&model).unwrap();
    let names: Vec<&str> = file.nodes.iter().map(|node| node.op.name()).collect();
    assert_eq!(names, ["TFLM_DECODE", "FULLY_CONNECTED", "TFLM_DECODE", "FULLY_CONNECTED"]);
    assert_eq!(file.nodes[0].inputs, file.nodes[2].inputs);
    assert_eq!(file.nodes[0].outputs[0], file.nodes[1].inputs[1].unwrap());
    assert_ne!(file.nodes[0].outputs, file.nodes[2].outputs);
}

#[test]
fn packed_weights_are_constants_again_when_the_file_is_read() {
    let model = shared_weights();
    let read = crate::format::tflite::read(&crate::format::tflite::write(&model).unwrap()).unwrap().model;
    assert_eq!(read.nodes.len(), 2);
    for node in &read.nodes {
        let weights = &read.values[node.inputs[1].unwrap()];
        assert_eq!((&weights.data, weights.encoding), (&model.values[1].data, Some(Encoding::Codebook)));
    }
    // The streams are gone: x, the weights of either reader, y, z.
    assert_eq!(read.values.len(), 5);
}

/// The error of folding a decoder with this stream and these tables.
fn refusal(stream: Vec<u8>, ancillary: Vec<u8>) -> String {
    let mut model = Model::default();
    let stream = model.add_value(Value::constant("s", DType::Uint8, &[stream.len()], stream));
    let tables = model.add_value(Value::constant("t", DType::Uint8, &[ancillary.len()], ancillary));
    let output = model.add_value(Value::activation("w", DType::Int8, &[16]));
    model.nodes.push(Node::new(decode_op(), &[stream, tables], &[output]));
    model.outputs = vec![output];
    fold(&mut model).unwrap_err().to_string()
}

fn header(own: [u8; 3], tables: &[u8], kind: u8) -> Vec<u8> {
    ancillary(kind, own, tables)
}

#[test]
fn broken_packings_are_told_in_sentences() {
    let at = "node 0 (TFLM_DECODE): \"w\": ";
    for (stream, tables, sentence) in [
        (vec![], vec![0; 9], "its ancillary data has 9 bytes, less than a header"),
        (vec![0; 8], vec![0; 16], "its packing is of version 0, TFLM reads version 1"),
        (vec![0; 8], header([1, 0xf0, 1], &[5], 0), "its codebook has indices of no bits"),
        (vec![0; 3], header([1, 0xf4, 1], &[5], 0), "its stream of 3 bytes ends before element 6"),
        (vec![1; 8], header([1, 0xf4, 1], &[5], 0), "element 1 is entry 1 of a codebook that ends before it"),
        (
            vec![0xff; 2],
            header([1, 0, 0], &[5], 2),
            "its bitmap asks for more values than there are, from element 1 on",
        ),
        (vec![0xff; 1], header([1, 0, 0], &[5; 9], 2), "its bitmap of 1 bytes ends before element 8"),
        (vec![0; 4], header([1, 0x30, 0], &[0, 0], 1), "its stream of 4 bytes ends before element 0"),
        (
            vec![0xff; 4],
            header([1, 0x30, 0], &[0, 0x80], 1),
            "its code leads to entry 15, behind the end of its tables",
        ),
    ] {
        assert_eq!(refusal(stream, tables), format!("{at}{sentence}"));
    }
}

#[test]
fn a_small_file_cannot_unpack_to_many_times_its_size() {
    let mut model = Model::default();
    let stream = model.add_value(Value::constant("s", DType::Uint8, &[125_000], vec![0; 125_000]));
    let tables = header([1, 0xf1, 1], &[5], 0);
    let tables = model.add_value(Value::constant("t", DType::Uint8, &[tables.len()], tables));
    for _ in 0..2 {
        let output = model.add_value(Value::activation("w", DType::Int8, &[1_000_000]));
        model.nodes.push(Node::new(decode_op(), &[stream, tables], &[output]));
    }
    let error = fold(&mut model).unwrap_err();
    assert!(error.to_string().contains("the bytes of unpacked constants"), "{error}");
}

#[test]
fn another_makers_packing_stays_an_unknown_operator() {
    let mut model = Model::default();
    let stream = model.add_value(Value::constant("s", DType::Uint8, &[1], vec![0]));
    let tables = model.add_value(Value::constant("t", DType::Uint8, &[16], vec![200; 16]));
    let output = model.add_value(Value::activation("w", DType::Int8, &[16]));
    model.nodes.push(Node::new(decode_op(), &[stream, tables], &[output]));
    fold(&mut model).unwrap();
    assert_eq!((model.nodes.len(), model.values.len()), (1, 3));
}
