//! WAV sound: whole numbers of 8 to 32 bits and 32-bit floats, any number of channels.

use std::io::Cursor;

use hound::{SampleFormat, WavReader, WavSpec, WavWriter};

use crate::error::{Error, Result};
use crate::limits;

/// A clip of sound, its channels mixed to one.
#[derive(Debug, Clone, PartialEq)]
pub struct Wav {
    /// Samples a second.
    pub sample_rate: u32,
    /// Channels in the file.
    pub channels: usize,
    /// The mean of the channels; full scale is 1.
    pub samples: Vec<f32>,
}

/// Highest sample rate taken: four times the best sound cards, so that seconds bound memory.
const RATE: u32 = 768_000;
/// Largest sum of the channels of a float sample: some programs write the scale of 24-bit integers, and the energy of
/// what is far beyond would not be a number any more.
const LOUDEST: f32 = 1e8;
/// Most channels taken: those of large microphone arrays.
const CHANNELS: usize = 64;

/// Reads a clip.
///
/// *Units*: whole numbers of b bits are divided by 2^(b-1), so full scale is 1; floats stay as they are.
///
/// # Errors
/// `Format` for a broken or truncated file, or a sample that is not finite or beyond all sound, `Unsupported` for compressed sound,
/// `Limits` above [`limits::CLIP_SECONDS`].
///
/// ```
/// use milliwatt::format::wav;
/// let bytes = wav::write(16_000, &[0.0, 0.5, -1.0]).unwrap();
/// assert_eq!(wav::read(&bytes).unwrap().samples, [0.0, 0.5, -1.0]);
/// ```
pub fn read(bytes: &[u8]) -> Result<Wav> {
    let mut reader = WavReader::new(bytes).map_err(broken)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    limits::check("channels", channels, CHANNELS)?;
    if spec.sample_rate == 0 {
        return Err(Error::format("the sound has a sample rate of 0"));
    }
    limits::check("the sample rate", spec.sample_rate as usize, RATE as usize)?;
    let frames = reader.duration() as usize;
    if frames > limits::CLIP_SECONDS * spec.sample_rate as usize {
        return Err(Error::limits(format!(
            "the clip lasts {} s, more than the {} s that Milliwatt takes; cut it",
            frames.div_ceil(spec.sample_rate as usize),
            limits::CLIP_SECONDS
        )));
    }
    // What the header promises is taken with care: the bytes there are bound the memory.
    let mut samples = Vec::with_capacity(frames.min(bytes.len()));
    match spec.sample_format {
        SampleFormat::Float => mix(reader.samples::<f32>(), channels, |sample| sample, &mut samples)?,
        SampleFormat::Int => {
            let bits = u32::from(spec.bits_per_sample);
            if !(1..=32).contains(&bits) {
                return Err(Error::unsupported(format!("samples of {bits} bits are not read")));
            }
            // An exact power of two, so that a sample of up to 24 bits becomes its real number exactly.
            let scale = 1.0 / (1u64 << (bits - 1)) as f32;
            mix(reader.samples::<i32>(), channels, |sample| sample as f32 * scale, &mut samples)?;
        }
    }
    Ok(Wav { sample_rate: spec.sample_rate, channels, samples })
}

fn mix<S>(
    mut samples: impl Iterator<Item = hound::Result<S>>,
    channels: usize,
    real: impl Fn(S) -> f32,
    mixed: &mut Vec<f32>,
) -> Result<()> {
    let share = 1.0 / channels as f32;
    while let Some(first) = samples.next() {
        let mut sum = real(first.map_err(broken)?);
        for _ in 1..channels {
            let Some(sample) = samples.next() else { return Err(Error::format("the last samples are cut short")) };
            sum += real(sample.map_err(broken)?);
        }
        if !sum.is_finite() {
            return Err(Error::format(format!("sample {} is not a finite number", mixed.len())));
        }
        if sum.abs() > LOUDEST {
            return Err(Error::format(format!(
                "sample {} is {sum:e}, where full scale is 1: this is no sound",
                mixed.len()
            )));
        }
        // One channel stays untouched to the last bit.
        mixed.push(if channels == 1 { sum } else { sum * share });
    }
    Ok(())
}

/// Writes a clip of one channel as 16-bit whole numbers; what is beyond full scale is clipped.
///
/// # Errors
/// `Parameter` for a sample rate of 0 or samples that are not numbers, `Limits` above [`limits::CLIP_SECONDS`].
pub fn write(sample_rate: u32, samples: &[f32]) -> Result<Vec<u8>> {
    if sample_rate == 0 {
        return Err(Error::parameter("sound needs a sample rate"));
    }
    limits::check("samples", samples.len(), limits::CLIP_SECONDS * sample_rate.min(RATE) as usize)?;
    let failed = |error: hound::Error| Error::parameter(format!("the sound cannot be written: {error}"));
    let spec = WavSpec { channels: 1, sample_rate, bits_per_sample: 16, sample_format: SampleFormat::Int };
    let mut bytes = Cursor::new(Vec::with_capacity(44 + 2 * samples.len()));
    let mut writer = WavWriter::new(&mut bytes, spec).map_err(failed)?;
    for (index, sample) in samples.iter().enumerate() {
        if sample.is_nan() {
            return Err(Error::parameter(format!("sample {index} is not a number")));
        }
        let scaled = libm::roundf(sample * 32_768.0).clamp(-32_768.0, 32_767.0);
        writer.write_sample(scaled as i16).map_err(failed)?;
    }
    writer.finalize().map_err(failed)?;
    Ok(bytes.into_inner())
}

fn broken(error: hound::Error) -> Error {
    match error {
        hound::Error::Unsupported => {
            Error::unsupported("the sound is compressed or of a rare kind; save it as 16-bit PCM")
        }
        hound::Error::IoError(_) => Error::format("the WAV file is cut short"),
        other => Error::format(format!("this is not a sound WAV file: {other}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(spec: WavSpec, write: impl Fn(&mut WavWriter<&mut Cursor<Vec<u8>>>)) -> Vec<u8> {
        let mut bytes = Cursor::new(vec![]);
        let mut writer = WavWriter::new(&mut bytes, spec).unwrap();
        write(&mut writer);
        writer.finalize().unwrap();
        bytes.into_inner()
    }

    #[test]
    fn every_integer_width_has_full_scale_one() {
        for bits in [8, 16, 24, 32] {
            let spec =
                WavSpec { channels: 1, sample_rate: 8_000, bits_per_sample: bits, sample_format: SampleFormat::Int };
            let low = (-(1i64 << (bits - 1))) as i32;
            let bytes = file(spec, |writer| {
                for sample in [low, 0, low / -4] {
                    writer.write_sample(sample).unwrap();
                }
            });
            assert_eq!(read(&bytes).unwrap().samples, [-1.0, 0.0, 0.25], "{bits} bits");
        }
    }

    #[test]
    fn channels_are_averaged() {
        let spec = WavSpec { channels: 3, sample_rate: 8_000, bits_per_sample: 32, sample_format: SampleFormat::Float };
        let bytes = file(spec, |writer| {
            for sample in [0.5f32, 1.0, -0.75, 0.0, 0.0, 0.75] {
                writer.write_sample(sample).unwrap();
            }
        });
        let wav = read(&bytes).unwrap();
        assert_eq!((wav.channels, wav.samples), (3, vec![0.25, 0.25]));
    }

    #[test]
    fn truncation_anywhere_is_an_error() {
        let bytes = write(16_000, &[0.1; 20]).unwrap();
        for length in 0..bytes.len() {
            assert!(read(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
    }

    #[test]
    fn infinite_and_endless_sound_is_refused() {
        let spec = WavSpec { channels: 1, sample_rate: 8_000, bits_per_sample: 32, sample_format: SampleFormat::Float };
        let bytes = file(spec, |writer| writer.write_sample(f32::INFINITY).unwrap());
        assert_eq!(read(&bytes).unwrap_err().message(), "sample 0 is not a finite number");
        let bytes = file(WavSpec { sample_rate: 1, ..spec }, |writer| {
            (0..61).for_each(|_| writer.write_sample(0.0f32).unwrap())
        });
        assert_eq!(
            read(&bytes).unwrap_err().message(),
            "the clip lasts 61 s, more than the 60 s that Milliwatt takes; cut it"
        );
    }
}
