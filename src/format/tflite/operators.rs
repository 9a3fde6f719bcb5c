//! Operators of a file: the code that says what they are, and their options.

use std::sync::Arc;

use super::options;
use super::read::Dropped;
use super::schema;
use super::table::Table;
use crate::error::{Error, Result};
use crate::limits;
use crate::model::op::Opaque;
use crate::model::{Node, Op, Value};
use crate::tensor::DType;

/// What an operator is, as the table of operator codes says.
pub(super) struct Code {
    /// The larger of the two fields.
    pub(super) builtin: i32,
    /// The name to show: of the builtin, or the custom code.
    pub(super) name: String,
    /// Version of the operator.
    pub(super) version: i32,
    /// Whether only the old, too small field is set.
    pub(super) deprecated_only: bool,
    /// Whether any node refers to it.
    pub(super) used: bool,
}

/// Reads the table of operator codes.
pub(super) fn codes(model: &Table<'_>, dropped: &mut Dropped) -> Result<Vec<Code>> {
    use schema::operator_code::*;
    let tables = model.tables(schema::model::OPERATOR_CODES, &KIND, limits::NODES)?;
    let mut codes = Vec::with_capacity(tables.len());
    for (index, table) in tables.iter().enumerate() {
        let old = i32::from(table.scalar::<i8>(DEPRECATED_BUILTIN_CODE, 0)?);
        let new = table.scalar::<i32>(BUILTIN_CODE, 0)?;
        let builtin = old.max(new);
        let custom = table.text(CUSTOM_CODE)?;
        let name = match (builtin, custom) {
            (schema::CUSTOM, Some((name, _))) => name,
            (_, custom) => {
                if custom.is_some_and(|(name, _)| !name.is_empty()) {
                    dropped.add("OperatorCode.custom_code of a builtin operator", &format_args!("code {index}"));
                }
                match schema::builtin_name(builtin) {
                    Some(name) => name.to_owned(),
                    None if builtin > 0 => format!("BUILTIN_{builtin}"),
                    None => return Err(Error::format(format!("operator code {index} is negative: {builtin}"))),
                }
            }
        };
        codes.push(Code {
            builtin,
            name,
            version: table.scalar(VERSION, 1)?,
            deprecated_only: old != 0 && new == 0,
            used: false,
        });
        dropped.unasked(table, &format_args!("operator code {index}"));
    }
    Ok(codes)
}

/// Reads one operator. `stopped` tells for a value why no kernel can read it, if so.
pub(super) fn node(
    table: &Table<'_>,
    index: usize,
    codes: &mut [Code],
    values: &[Value],
    stopped: &dyn Fn(usize) -> bool,
    dropped: &mut Dropped,
) -> Result<Node> {
    use schema::operator::*;
    let code_index = table.scalar::<u32>(OPCODE_INDEX, 0)?;
    let known = codes.len();
    let code = codes
        .get_mut(code_index as usize)
        .ok_or_else(|| Error::format(format!("it refers to operator code {code_index}, but the file has {known}")))?;
    code.used = true;

    let id = |signed: i32| {
        usize::try_from(signed).ok().filter(|&id| id < values.len()).ok_or_else(|| {
            Error::format(format!("it refers to tensor {signed}, but the graph has {} tensors", values.len()))
        })
    };
    // -1 stands for an optional input that is not given.
    let optional = |signed: i32| if signed == -1 { Ok(None) } else { id(signed).map(Some) };
    let inputs: Result<Vec<Option<usize>>> =
        table.vector::<i32>(INPUTS)?.unwrap_or_default().into_iter().map(optional).collect();
    let outputs: Result<Vec<usize>> = table.vector::<i32>(OUTPUTS)?.unwrap_or_default().into_iter().map(id).collect();
    let (inputs, outputs) = (inputs?, outputs?);

    for field in [LARGE_CUSTOM_OPTIONS_OFFSET, LARGE_CUSTOM_OPTIONS_SIZE] {
        if table.scalar::<u64>(field, 0)? > 1 {
            return Err(Error::unsupported(
                "its custom options lie outside of the flatbuffer, which Milliwatt does not read",
            ));
        }
    }
    let inside = table.vector::<i32>(INTERMEDIATES)?.unwrap_or_default();
    let mutating = table.vector::<u8>(MUTATING_VARIABLE_INPUTS)?.unwrap_or_default();
    table.scalar::<i8>(CUSTOM_OPTIONS_FORMAT, 0)?;

    let reads_stopped = inputs.iter().flatten().any(|&id| stopped(id));
    let op = match options::kind(&code.name) {
        Some((union_code, kind)) if code.builtin != schema::CUSTOM && !reads_stopped => {
            let found = table.scalar::<u8>(BUILTIN_OPTIONS_TYPE, 0)?;
            if found != 0 && found != union_code {
                return Err(Error::format(format!(
                    "its options are of kind {found}, but those of {} are of kind {union_code}",
                    code.name
                )));
            }
            // Kind 0 with a table behind it means nothing; kernels read the options by the operator's code.
            let options = if found == 0 { None } else { table.table(BUILTIN_OPTIONS, kind)? };
            if table.bytes(CUSTOM_OPTIONS)?.is_some_and(|bytes| !bytes.is_empty()) {
                dropped.add("Operator.custom_options of a builtin operator", &format_args!("node {index}"));
            }
            let op = options::read(&code.name, options.as_ref())?;
            if let Some(options) = &options {
                check_bias_type(options, &op, &inputs, values, index, dropped)?;
                dropped.unasked(options, &format_args!("node {index} ({})", code.name));
            }
            op
        }
        _ => {
            let intermediates: Result<_> = inside.iter().map(|&inside| optional(inside)).collect();
            let raw = opaque(table, code, reads_stopped)?;
            Op::Opaque(Opaque { intermediates: intermediates?, mutating_inputs: mutating.clone(), ..raw })
        }
    };
    // Converters write these two for every node, mostly with nothing in them.
    for (field, is_empty) in [(INTERMEDIATES, inside.is_empty()), (MUTATING_VARIABLE_INPUTS, !mutating.contains(&1))] {
        if op.is_known() && !is_empty {
            dropped.add(&table.name(field), &format_args!("node {index} ({})", code.name));
        }
    }
    dropped.unasked(table, &format_args!("node {index} ({})", code.name));
    Ok(Node { op, inputs, outputs, version: code.version })
}

/// An operator whose options are carried unread.
fn opaque(table: &Table<'_>, code: &Code, reads_stopped: bool) -> Result<Opaque> {
    use schema::operator::*;
    let custom_options = match table.bytes(CUSTOM_OPTIONS)? {
        None => None,
        Some(bytes) => {
            table.charge(bytes.len())?;
            Some(Arc::from(bytes))
        }
    };
    let builtin_options = options::raw(table)?;
    // What is not carried is not asked for through `table`, so that it is named among the dropped. Nor can the way be
    // carried in which blockwise tensors are quantized; a node that reads one must not be written without it.
    let is_incomplete =
        (table.has(BUILTIN_OPTIONS) && builtin_options.is_none()) || table.has(BUILTIN_OPTIONS_2) || reads_stopped;
    Ok(Opaque {
        builtin_code: code.builtin,
        name: code.name.clone(),
        custom_options,
        builtin_options,
        is_incomplete,
        ..Opaque::default()
    })
}

/// The bias type of int16 operators is written again from the bias itself; anything else in that field is named.
fn check_bias_type(
    options: &Table<'_>,
    op: &Op,
    inputs: &[Option<usize>],
    values: &[Value],
    index: usize,
    dropped: &mut Dropped,
) -> Result<()> {
    let field = match op {
        Op::Conv2d(_) => schema::conv_2d::QUANTIZED_BIAS_TYPE,
        Op::TransposeConv(_) => schema::transpose_conv::QUANTIZED_BIAS_TYPE,
        Op::FullyConnected(_) => schema::fully_connected::QUANTIZED_BIAS_TYPE,
        _ => return Ok(()),
    };
    let declared = schema::dtype(options.scalar::<i8>(field, 0)?);
    let bias =
        op.bias_input().and_then(|position| inputs.get(position).copied().flatten()).and_then(|id| values.get(id));
    // float32 is the schema's way to say nothing.
    if declared != Some(DType::Float32) && declared != bias.map(|bias| bias.dtype) {
        dropped.add(&options.name(field), &format_args!("node {index} ({})", op.name()));
    }
    Ok(())
}
