//! Small files that break one rule each.
//!
//! The files are laid out here, independently of the library's own writer, which refuses to write such things.

use flatbuffers::{FlatBufferBuilder, Push, TableFinishedWIPOffset, WIPOffset};

/// A sound model, `y = x W + b` on floats, whose parts can be replaced.
struct Parts {
    version: u32,
    /// Old code, new code, custom name.
    codes: Vec<(i8, i32, Option<&'static str>)>,
    tensors: Vec<Tensor>,
    operators: Vec<Operator>,
    inputs: Vec<i32>,
    outputs: Vec<i32>,
    buffers: Vec<Buffer>,
    graphs: Vec<&'static str>,
    external_buffers: bool,
    /// Subgraph and tensor of the only signature.
    signature: Option<(u32, u32)>,
    /// How often each tensor's table is listed.
    repeat_tensors: usize,
    /// How often each operator's table is listed.
    repeat_operators: usize,
}

#[derive(Default)]
struct Tensor {
    name: String,
    shape: Vec<i32>,
    dtype: i8,
    buffer: u32,
    scale: Vec<f32>,
    is_sparse: bool,
    is_blockwise: bool,
    signature: Option<Vec<i32>>,
}

struct Operator {
    code: u32,
    inputs: Vec<i32>,
    outputs: Vec<i32>,
    /// Union code, and the fields of the table: (index, value).
    options: Option<(u8, Vec<(u16, i32)>)>,
}

#[derive(Default)]
struct Buffer {
    data: Vec<u8>,
    offset: u64,
}

enum Field {
    Byte(u16, i8),
    Word(u16, i32),
    Long(u16, u64),
    Offset(u16, Option<u32>),
}

const FULLY_CONNECTED: i8 = 9;
const WHILE: i8 = 119;

fn sound() -> Parts {
    let tensor = |name: &str, shape: &[i32], buffer| Tensor {
        name: name.into(),
        shape: shape.into(),
        buffer,
        ..Tensor::default()
    };
    Parts {
        version: 3,
        codes: vec![(FULLY_CONNECTED, FULLY_CONNECTED.into(), None)],
        tensors: vec![tensor("x", &[1, 3], 0), tensor("w", &[2, 3], 1), tensor("b", &[2], 2), tensor("y", &[1, 2], 0)],
        operators: vec![Operator { code: 0, inputs: vec![0, 1, 2], outputs: vec![3], options: Some((8, vec![])) }],
        inputs: vec![0],
        outputs: vec![3],
        buffers: vec![
            Buffer::default(),
            Buffer { data: vec![0; 24], offset: 0 },
            Buffer { data: vec![0; 8], offset: 0 },
        ],
        graphs: vec!["main"],
        external_buffers: false,
        signature: None,
        repeat_tensors: 1,
        repeat_operators: 1,
    }
}

struct Layout(FlatBufferBuilder<'static>);

impl Layout {
    fn table(&mut self, fields: &[Field]) -> u32 {
        let start = self.0.start_table();
        for field in fields {
            match *field {
                Field::Byte(id, value) => self.0.push_slot_always(4 + 2 * id, value),
                Field::Word(id, value) => self.0.push_slot_always(4 + 2 * id, value),
                Field::Long(id, value) => self.0.push_slot_always(4 + 2 * id, value),
                Field::Offset(id, Some(offset)) => {
                    self.0.push_slot_always(4 + 2 * id, WIPOffset::<TableFinishedWIPOffset>::new(offset));
                }
                Field::Offset(_, None) => {}
            }
        }
        self.0.end_table(start).value()
    }

    fn vector<T: Push<Output: 'static>>(&mut self, items: &[T]) -> Option<u32> {
        Some(self.0.create_vector(items).value())
    }

    fn tables(&mut self, tables: &[u32]) -> Option<u32> {
        let tables: Vec<WIPOffset<TableFinishedWIPOffset>> =
            tables.iter().map(|&table| WIPOffset::new(table)).collect();
        Some(self.0.create_vector(&tables).value())
    }

    fn text(&mut self, text: &str) -> Option<u32> {
        Some(self.0.create_string(text).value())
    }
}

fn file(parts: &Parts) -> Vec<u8> {
    use Field::{Byte, Long, Offset, Word};
    let mut out = Layout(FlatBufferBuilder::new());
    let buffers: Vec<u32> = parts
        .buffers
        .iter()
        .map(|buffer| {
            let data = if buffer.data.is_empty() { None } else { out.vector(&buffer.data) };
            let mut fields = vec![Offset(0, data)];
            if buffer.offset > 0 {
                fields.push(Long(1, buffer.offset));
            }
            out.table(&fields)
        })
        .collect();
    let codes: Vec<u32> = parts
        .codes
        .iter()
        .map(|&(old, new, custom)| {
            let custom = custom.and_then(|name| out.text(name));
            out.table(&[Byte(0, old), Offset(1, custom), Word(3, new)])
        })
        .collect();
    let mut tensors = vec![];
    for tensor in &parts.tensors {
        let name = out.text(&tensor.name);
        let shape = out.vector(&tensor.shape);
        let signature = tensor.signature.as_ref().and_then(|signature| out.vector(signature));
        let sparsity = if tensor.is_sparse { Some(out.table(&[])) } else { None };
        let quantization = if tensor.scale.is_empty() {
            None
        } else {
            let scale = out.vector(&tensor.scale);
            let zero_point = out.vector(&vec![0i64; tensor.scale.len()]);
            let mut fields = vec![Offset(2, scale), Offset(3, zero_point)];
            if tensor.is_blockwise {
                let details = out.table(&[Word(2, 32)]);
                fields.extend([Byte(4, 2), Offset(5, Some(details))]);
            }
            Some(out.table(&fields))
        };
        let table = out.table(&[
            Offset(0, shape),
            Byte(1, tensor.dtype),
            Word(2, tensor.buffer as i32),
            Offset(3, name),
            Offset(4, quantization),
            Offset(6, sparsity),
            Offset(7, signature),
        ]);
        tensors.extend(std::iter::repeat_n(table, parts.repeat_tensors));
    }
    let operators: Vec<u32> = parts
        .operators
        .iter()
        .flat_map(|operator| {
            let inputs = out.vector(&operator.inputs);
            let outputs = out.vector(&operator.outputs);
            let mut fields = vec![Word(0, operator.code as i32), Offset(1, inputs), Offset(2, outputs)];
            if let Some((kind, options)) = &operator.options {
                let options: Vec<Field> = options.iter().map(|&(id, value)| Word(id, value)).collect();
                let table = out.table(&options);
                fields.extend([Byte(3, *kind as i8), Offset(4, Some(table))]);
            }
            std::iter::repeat_n(out.table(&fields), parts.repeat_operators)
        })
        .collect();
    let graphs: Vec<u32> = parts
        .graphs
        .iter()
        .map(|name| {
            let fields = [
                Offset(0, out.tables(&tensors)),
                Offset(1, out.vector(&parts.inputs)),
                Offset(2, out.vector(&parts.outputs)),
                Offset(3, out.tables(&operators)),
                Offset(4, out.text(name)),
            ];
            out.table(&fields)
        })
        .collect();
    let signatures = parts.signature.map(|(graph, tensor)| {
        let name = out.text("x");
        let map = out.table(&[Offset(0, name), Word(1, tensor as i32)]);
        let inputs = out.tables(&[map]);
        let key = out.text("serving_default");
        let table = out.table(&[Offset(0, inputs), Offset(2, key), Word(4, graph as i32)]);
        out.tables(&[table])
    });
    let external = if parts.external_buffers {
        let table = out.table(&[]);
        out.tables(&[table])
    } else {
        None
    };
    let fields = [
        Word(0, parts.version as i32),
        Offset(1, out.tables(&codes)),
        Offset(2, out.tables(&graphs)),
        Offset(4, out.tables(&buffers)),
        Offset(7, signatures.flatten()),
        Offset(9, external),
    ];
    let root = out.table(&fields);
    out.0.finish(WIPOffset::<TableFinishedWIPOffset>::new(root), Some("TFL3"));
    out.0.finished_data().to_vec()
}

/// A sound model with one change.
fn broken(change: impl FnOnce(&mut Parts)) -> Vec<u8> {
    let mut parts = sound();
    change(&mut parts);
    file(&parts)
}

/// Another operator in the place of the only one: its code, and its options.
fn operator(parts: &mut Parts, code: i8, options: Option<(u8, Vec<(u16, i32)>)>) {
    parts.codes[0] = (code, code.into(), None);
    parts.operators[0].options = options;
}

/// A sound file of this layout, so that what the bad ones break is plain.
pub fn sound_file() -> Vec<u8> {
    file(&sound())
}

/// A sound file with weights quantized in blocks.
pub fn blockwise_file() -> Vec<u8> {
    broken(|m| {
        m.tensors[1].scale = vec![0.5];
        m.tensors[1].is_blockwise = true;
    })
}

/// Every bad file with its name.
pub fn all() -> Vec<(&'static str, Vec<u8>)> {
    let mut files = vec![
        ("empty.tflite", vec![]),
        ("text.tflite", b"this is not a model".to_vec()),
        ("identifier_only.tflite", b"\x08\0\0\0TFL3".to_vec()),
        ("root_far_outside.tflite", b"\xff\xff\xff\x7fTFL3\0\0\0\0\0\0\0\0".to_vec()),
        ("field_table_before_the_file.tflite", b"\x08\0\0\0TFL3\xff\xff\xff\x7f\0\0\0\0".to_vec()),
        ("field_table_of_odd_size.tflite", b"\x0c\0\0\0TFL3\x05\0\x04\0\x04\0\0\0".to_vec()),
        ("schema_version_1.tflite", broken(|m| m.version = 1)),
        ("no_graph.tflite", broken(|m| m.graphs.clear())),
        ("call_of_no_graph.tflite", broken(|m| operator(m, WHILE, Some((93, vec![(0, 1), (1, 2)]))))),
        ("external_buffers.tflite", broken(|m| m.external_buffers = true)),
        ("buffer_behind_the_file.tflite", broken(|m| m.buffers[1].offset = 4096)),
        ("sparse_tensor.tflite", broken(|m| m.tensors[1].is_sparse = true)),
        ("element_type_99.tflite", broken(|m| m.tensors[0].dtype = 99)),
        ("negative_dimension.tflite", broken(|m| m.tensors[0].shape = vec![1, -3])),
        ("nine_dimensions.tflite", broken(|m| m.tensors[0].shape = vec![1; 9])),
        ("huge_shape.tflite", broken(|m| m.tensors[0].shape = vec![i32::MAX; 4])),
        ("signature_of_another_shape.tflite", broken(|m| m.tensors[0].signature = Some(vec![-1, 7]))),
        ("tensor_of_no_buffer.tflite", broken(|m| m.tensors[1].buffer = 77)),
        ("too_few_bytes.tflite", broken(|m| m.buffers[1].data.truncate(20))),
        ("scale_nan.tflite", broken(|m| m.tensors[0].scale = vec![f32::NAN])),
        ("scale_zero.tflite", broken(|m| m.tensors[0].scale = vec![0.0])),
        ("scales_for_other_channels.tflite", broken(|m| m.tensors[1].scale = vec![1.0; 3])),
        ("operator_of_no_code.tflite", broken(|m| m.operators[0].code = 5)),
        ("negative_operator_code.tflite", broken(|m| m.codes[0] = (-9, -9, None))),
        ("operator_reads_tensor_99.tflite", broken(|m| m.operators[0].inputs[1] = 99)),
        ("operator_reads_tensor_minus_2.tflite", broken(|m| m.operators[0].inputs[2] = -2)),
        ("operator_without_weights.tflite", broken(|m| m.operators[0].inputs[1] = -1)),
        ("operator_writes_minus_1.tflite", broken(|m| m.operators[0].outputs[0] = -1)),
        ("operator_reads_its_own_output.tflite", broken(|m| m.operators[0].inputs[0] = 3)),
        ("operator_writes_a_constant.tflite", broken(|m| m.operators[0].outputs[0] = 1)),
        ("output_never_written.tflite", broken(|m| m.operators.clear())),
        ("input_is_a_constant.tflite", broken(|m| m.inputs[0] = 1)),
        ("input_99.tflite", broken(|m| m.inputs[0] = 99)),
        (
            "bias_of_another_length.tflite",
            broken(|m| {
                m.tensors[2].shape = vec![1];
                m.buffers[2].data.truncate(4);
            }),
        ),
        ("declared_output_shape_is_wrong.tflite", broken(|m| m.tensors[3].shape = vec![1, 5])),
        ("integer_bias_of_float_layer.tflite", broken(|m| m.tensors[2].dtype = 2)),
        ("options_of_another_operator.tflite", broken(|m| operator(m, FULLY_CONNECTED, Some((1, vec![]))))),
        ("conv_without_options.tflite", broken(|m| operator(m, 3, None))),
        (
            "conv_with_stride_0.tflite",
            broken(|m| {
                m.tensors[0].shape = vec![1, 1, 1, 3];
                m.tensors[1].shape = vec![2, 1, 1, 3];
                m.tensors[3].shape = vec![1, 1, 1, 2];
                operator(m, 3, Some((1, vec![])));
            }),
        ),
        ("conv_with_negative_stride.tflite", broken(|m| operator(m, 3, Some((1, vec![(1, -1)]))))),
        ("conv_with_unknown_padding.tflite", broken(|m| operator(m, 3, Some((1, vec![(0, 7)]))))),
        ("unknown_activation.tflite", broken(|m| operator(m, FULLY_CONNECTED, Some((8, vec![(0, 9)]))))),
        ("softmax_without_beta_table.tflite", broken(|m| operator(m, 25, None))),
        ("signature_of_another_graph.tflite", broken(|m| m.signature = Some((3, 0)))),
        ("signature_of_tensor_99.tflite", broken(|m| m.signature = Some((0, 99)))),
        // What a few bytes can list again and again must not cost more each time.
        ("one_operator_listed_2001_times.tflite", broken(|m| m.repeat_operators = 2_001)),
        (
            "one_name_read_1200_times.tflite",
            broken(|m| {
                m.tensors[0].name = "n".repeat(10_000);
                m.repeat_tensors = 300;
            }),
        ),
    ];
    // A vector that promises four billion elements.
    let mut bytes = sound_file();
    let list = position_of_list(&bytes, 4);
    bytes[list..list + 4].fill(0xff);
    files.push(("endless_list.tflite", bytes));
    files
}

/// Where the only list of `count` offsets begins: the tensors.
fn position_of_list(bytes: &[u8], count: u32) -> usize {
    let is_list = |at: &usize| {
        let word = |at: usize| u32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
        // Offsets of a list of equal tables descend or ascend, but all are multiples of four and inside the file.
        word(*at) == count
            && (1..=count as usize).all(|i| {
                let offset = word(at + 4 * i) as usize;
                offset > 8 && offset.is_multiple_of(4) && at + 4 * i + offset < bytes.len()
            })
    };
    (8..bytes.len() - 20).step_by(4).find(is_list).unwrap_or_default()
}
