//! How well the ranges of a candidate hold the values that they were measured on, and which channels stand out.

use super::facts::representable;
use crate::error::Result;
use crate::exec::{Executor, Options};
use crate::model::{Model, ValueId};
use crate::order;
use crate::report::Figure;
use crate::report::diagnosis::CoverageRow;
use crate::tensor::Tensor;

/// How many times what half of the channels reach a channel has to reach to stand out.
const OUTLIER: f64 = 5.0;
/// Percent of a layer's values that have to be cut off before the layer is named: less would be shown as none.
const CUT_OFF: f64 = 0.05;
/// Rows of a kind that are named, and channels of one.
const NAMED: usize = 3;

/// Sums over one activation.
struct Seen {
    place: String,
    range: [f32; 2],
    inside: f64,
    outside: f64,
    largest: Vec<f64>,
}

/// The share of the original's values inside the candidate's ranges, then the layers that cut off most, then the channels that
/// reach farthest beyond the others; nothing for a candidate without integer ranges.
///
/// # Errors
/// Those of running the original.
pub fn coverage(
    original: &Model,
    candidate: &Model,
    matches: &[Option<ValueId>],
    inputs: &[Vec<Tensor>],
) -> Result<Vec<CoverageRow>> {
    let mut all: Vec<Option<Seen>> = (0..original.values.len()).map(|_| None).collect();
    for (id, value) in candidate.values.iter().enumerate().filter(|(_, value)| !value.is_constant()) {
        if let (Some(of_original), Some(range)) = (matches[id], representable(value)) {
            let place = candidate.producer(id).map_or_else(|| "the input".into(), |node| candidate.place(node));
            let channels = value.shape.last().copied().unwrap_or(1).max(1);
            all[of_original] = Some(Seen { place, range, inside: 0.0, outside: 0.0, largest: vec![0.0; channels] });
        }
    }
    let mut executor = Executor::new(original, Options::default())?;
    for given in inputs {
        executor.run_tapped(given, &mut |id, view| {
            let Some(seen) = &mut all[id] else { return };
            let channels = seen.largest.len();
            for (index, x) in view.to_f32(original.values[id].quantization.as_ref()).into_iter().enumerate() {
                let is_outside = x < seen.range[0] || x > seen.range[1];
                *(if is_outside { &mut seen.outside } else { &mut seen.inside }) += 1.0;
                let largest = &mut seen.largest[index % channels];
                *largest = largest.max(f64::from(x.abs()));
            }
        })?;
    }
    let row = |what: String, value: f64, unit: &str, note: &str| CoverageRow {
        what,
        figure: Figure::measured(value, unit, None, inputs.len(), note),
    };
    let (mut inside, mut outside) = (0.0, 0.0);
    let (mut clipped, mut outliers) = (Vec::new(), Vec::new());
    for seen in all.iter().flatten() {
        inside += seen.inside;
        outside += seen.outside;
        let share = 100.0 * seen.outside / (seen.inside + seen.outside).max(1.0);
        if share >= CUT_OFF {
            let note = "Values of the original outside of the range, which are cut off";
            clipped.push(row(format!("Cut off in {}", seen.place), share, "%", note));
        }
        let mut sorted = seen.largest.clone();
        order::floats(&mut sorted);
        let (middle, top) = (sorted[sorted.len() / 2], sorted[sorted.len() - 1]);
        let beyond = |at: &usize| middle > 0.0 && seen.largest[*at] > OUTLIER * middle;
        let found: Vec<usize> = (0..seen.largest.len()).filter(beyond).collect();
        if !found.is_empty() {
            let named: Vec<String> = found.iter().take(NAMED).map(usize::to_string).collect();
            let more = if found.len() > NAMED { format!(" and {} more", found.len() - NAMED) } else { String::new() };
            let what = format!("Outlier channels of {}: {}{more}", seen.place, named.join(", "));
            let note = "What the farthest channel reaches, over what half of the channels reach at most";
            outliers.push(row(what, top / middle, "1", note));
        }
    }
    let mut rows = Vec::new();
    if inside + outside > 0.0 {
        let note = "The original's values inside the candidate's ranges, on items that ranges are measured on";
        let what = "Inside the ranges, of the values they were measured on".into();
        rows.push(row(what, 100.0 * inside / (inside + outside), "%", note));
    }
    for list in [clipped, outliers] {
        let order = order::of(list.len(), &|a, b| list[b].figure.value.total_cmp(&list[a].figure.value));
        rows.extend(order.into_iter().take(NAMED).map(|at| list[at].clone()));
    }
    Ok(rows)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::op::FullyConnected;
    use crate::model::{Node, Op, Value};
    use crate::quant::Quantization;
    use crate::tensor::DType;

    #[test]
    fn what_lies_outside_is_counted_and_the_channel_that_stands_out_is_named() {
        let dense = |dtype: DType| {
            let value = |name: &str| Value::activation(name, dtype, &[1, 4]);
            let mut model = Model::default();
            let scaled = |value: Value| match dtype {
                DType::Int8 => value.with_quantization(Quantization::per_tensor(1.0, 0)),
                _ => value,
            };
            let (x, y) = (scaled(value("x")), scaled(value("y")));
            let (x, y) = (model.add_value(x), model.add_value(y));
            let identity: Vec<f32> = (0..16).map(|at| f32::from(u8::from(at % 5 == 0))).collect();
            let w = model.add_value(Value::float_constant("w", &[4, 4], &identity));
            model.nodes.push(Node::new(Op::FullyConnected(FullyConnected::default()), &[x, w], &[y]));
            (model.inputs, model.outputs) = (vec![x], vec![y]);
            model
        };
        let (original, candidate) = (dense(DType::Float32), dense(DType::Int8));
        let inputs: Vec<Vec<Tensor>> =
            [90.0, 150.0].iter().map(|&x| vec![Tensor::from_f32(&[1, 4], vec![1.0, x, -2.0, 3.0]).unwrap()]).collect();
        let found = coverage(&original, &candidate, &[Some(0), Some(1), None], &inputs).unwrap();
        // Of sixteen values, the input's and the output's 150 lie above 127.5.
        let said: Vec<(&str, f64)> = found.iter().map(|row| (row.what.as_str(), row.figure.value)).collect();
        let expected = [
            ("Inside the ranges, of the values they were measured on", 87.5),
            ("Cut off in the input", 12.5),
            ("Cut off in node 0 (FULLY_CONNECTED)", 12.5),
            ("Outlier channels of the input: 1", 50.0),
            ("Outlier channels of node 0 (FULLY_CONNECTED): 1", 50.0),
        ];
        assert_eq!(said, expected);
        assert!(coverage(&original, &original, &[Some(0), Some(1), None], &inputs).unwrap().is_empty());
    }
}
