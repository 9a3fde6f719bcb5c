//! `milliwatt audio features`: sound to the features that a model eats, with the page's bits.

use std::path::PathBuf;

use clap::Args;
use milliwatt::audio::{self, Rounding};
use milliwatt::error::{Error, Result};
use milliwatt::format::{self, Kind, npy, tflite, wav};
use milliwatt::lab::{batch, inputs};
use milliwatt::model::{Model, Value};
use milliwatt::quant::Quantization;
use milliwatt::tensor::{DType, Tensor};

#[derive(Args)]
pub struct Features {
    /// Front end; a wrong name lists them
    #[arg(long)]
    front_end: String,
    /// NPY array of clips, int16 or float32 [n, samples], or a WAV file
    #[arg(long)]
    input: PathBuf,
    /// Samples each second of an array, in hertz, if they are not at the front end's own rate
    #[arg(long)]
    rate: Option<u32>,
    /// NPY array to write: [n, input shape], or [n, windows, input shape] where a clip gives several
    #[arg(long)]
    output: PathBuf,
    /// Write the bytes that this TFLite file's input takes, instead of float32
    #[arg(long, conflicts_with = "scale")]
    int8: Option<PathBuf>,
    /// Write int8 of this scale, instead of float32
    #[arg(long, requires = "zero_point")]
    scale: Option<f32>,
    /// Zero point of the int8
    #[arg(long, requires = "scale", allow_hyphen_values = true)]
    zero_point: Option<i32>,
}

/// Writes the features of every clip.
pub fn run(arguments: Features) -> Result<()> {
    let front_end = audio::front_end(&arguments.front_end)?;
    let bytes = super::read(&arguments.input)?;
    let (clips, rate) = clips(&bytes, arguments.rate.unwrap_or(front_end.sample_rate))
        .map_err(|error| error.at(arguments.input.display()))?;
    let model = match (&arguments.int8, arguments.scale.zip(arguments.zero_point)) {
        (Some(path), _) => {
            let model = tflite::read(&super::read(path)?).map_err(|error| error.at(path.display()))?.model;
            let taken = model.inputs.first().map(|&input| model.values[input].dtype);
            if taken == Some(DType::Float32) {
                return Err(Error::parameter(format!("{} takes real numbers; leave --int8 out", path.display())));
            }
            Some(model)
        }
        (None, Some((scale, zero_point))) => Some(input_of(front_end.input_shape, scale, zero_point)?),
        (None, None) => None,
    };
    let mut extractor = front_end.extractor()?;
    let (mut all, mut windows) = (Vec::new(), None);
    for (index, clip) in clips.iter().enumerate() {
        let features = extractor.features(clip, rate).map_err(|error| error.at(format_args!("clip {index}")))?;
        windows = Some(features.len() / front_end.window_len());
        for window in features.chunks_exact(front_end.window_len()) {
            let window = Tensor::from_f32(front_end.input_shape, window.to_vec())?;
            all.push(match &model {
                Some(model) if front_end.rounding == Rounding::TowardsZero => wrapped(model, &window)?,
                Some(model) => inputs::feed(model, &window)?,
                None => window,
            });
        }
    }
    let mut shape = vec![clips.len()];
    shape.extend(windows.filter(|&windows| windows != 1));
    shape.extend(front_end.input_shape);
    let dtype = all.first().map_or(DType::Float32, Tensor::dtype);
    super::write(&arguments.output, &npy::write(&batch::stack(&all, &shape, dtype)?)?)
}

/// The clips of a file as samples of full scale 1, and their rate.
fn clips(bytes: &[u8], rate: u32) -> Result<(Vec<Vec<f32>>, u32)> {
    if format::kind_of(bytes) == Some(Kind::Wav) {
        let wav = wav::read(bytes)?;
        return Ok((vec![wav.samples], wav.sample_rate));
    }
    let array = npy::read(bytes)?;
    let length = match *array.shape() {
        [length] | [_, length] if length > 0 => length,
        _ => return Err(Error::parameter(format!("the array has shape {:?}, not [n, samples]", array.shape()))),
    };
    let samples: Vec<f32> = match &array {
        Tensor::Int16(samples) => samples.iter().map(|&sample| f32::from(sample) / 32_768.0).collect(),
        Tensor::Float32(samples) => samples.iter().copied().collect(),
        other => return Err(Error::parameter(format!("the array is {}, sound is int16 or float32", other.dtype()))),
    };
    Ok((samples.chunks_exact(length).map(<[f32]>::to_vec).collect(), rate))
}

/// The bytes that the benchmark's own script makes: beyond the range of int8 they wrap around, where a device would saturate.
///
/// *Source*: mlcommons/tiny, `benchmark/training/keyword_spotting/make_bin_files.py`, which casts to int8.
fn wrapped(model: &Model, window: &Tensor) -> Result<Tensor> {
    let value = model.inputs.first().map(|&id| &model.values[id]);
    let scale = value.filter(|value| value.dtype == DType::Int8 && value.elements() == window.len());
    let Some((scale, zero_point)) = scale.and_then(|value| value.quantization.as_ref()?.single().ok()) else {
        return inputs::feed(model, window);
    };
    let byte = |real: f32| Rounding::TowardsZero.integer(real, scale, zero_point) as i64 as i8;
    let shape = value.map_or_else(Vec::new, |value| value.shape.clone());
    Tensor::from_i8(&shape, window.to_f32_vec().into_iter().map(byte).collect())
}

/// A model of nothing but an int8 input.
fn input_of(shape: &[usize], scale: f32, zero_point: i32) -> Result<Model> {
    if !scale.is_finite() || scale <= 0.0 || !(-128..=127).contains(&zero_point) {
        return Err(Error::parameter(format!("int8 cannot have scale {scale} and zero point {zero_point}")));
    }
    let mut model = Model::default();
    let value = Value::activation("input", DType::Int8, shape);
    let value = value.with_quantization(Quantization::per_tensor(scale, zero_point.into()));
    model.inputs = vec![model.add_value(value)];
    Ok(model)
}
