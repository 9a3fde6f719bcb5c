//! WAV sound: whole numbers of 8 to 32 bits and 32-bit floats, any number of channels, and IMA ADPCM of one channel.
//!
//! Easy to miss, and met in files that are about: a chunk of odd length is followed by a byte that its length does not
//! count; a recorder that cannot go back writes 0xFFFFFFFF as the length of the samples; samples of fewer bits than
//! their container (24 in 32) stand at its upper end; samples of 8 bits have no sign.
//!
//! *Source*: IBM and Microsoft, "Multimedia Programming Interface and Data Specifications 1.0", 1991; Microsoft's
//! `WAVEFORMATEXTENSIBLE`.

mod adpcm;

use std::io::{Cursor, Read};

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
    let (head, data) = tidied(bytes).unwrap_or((bytes.to_vec(), &[]));
    if let Some(wav) = adaptive(&head, data)? {
        return Ok(wav);
    }
    let mut reader = WavReader::new(Cursor::new(head).chain(data)).map_err(broken)?;
    let spec = reader.spec();
    let channels = usize::from(spec.channels);
    limits::check("channels", channels, CHANNELS)?;
    let frames = reader.duration() as usize;
    check_length(spec.sample_rate, frames)?;
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

/// Refuses sound without a rate or too much of it.
fn check_length(sample_rate: u32, frames: usize) -> Result<()> {
    if sample_rate == 0 {
        return Err(Error::format("the sound has a sample rate of 0"));
    }
    limits::check("the sample rate", sample_rate as usize, RATE as usize)?;
    if frames > limits::CLIP_SECONDS * sample_rate as usize {
        return Err(Error::limits(format!(
            "the clip lasts {} s, more than the {} s that Milliwatt takes; cut it",
            frames.div_ceil(sample_rate as usize),
            limits::CLIP_SECONDS
        )));
    }
    Ok(())
}

/// IMA ADPCM, from a head of format and samples; `None` for everything else.
fn adaptive(head: &[u8], data: &[u8]) -> Result<Option<Wav>> {
    let half = |at: usize| head.get(at..)?.first_chunk().map(|bytes| u16::from_le_bytes(*bytes));
    // Behind the file's own head and the chunk's: the kind, then channels, rate and the bytes of a block.
    if half(20) != Some(adpcm::TAG) {
        return Ok(None);
    }
    if half(22) != Some(1) || half(34) != Some(4) {
        return Err(broken(hound::Error::Unsupported));
    }
    let rate = head.get(24..).and_then(|bytes| bytes.first_chunk()).map_or(0, |bytes| u32::from_le_bytes(*bytes));
    let stated = head.last_chunk().map_or(0, |bytes| u32::from_le_bytes(*bytes)) as usize;
    let data = data.get(..stated).ok_or_else(|| Error::format("the WAV file is cut short"))?;
    check_length(rate, 2 * data.len())?;
    let samples = adpcm::read(data, half(32).unwrap_or(0).into())?;
    Ok(Some(Wav { sample_rate: rate, channels: 1, samples }))
}

/// The head of a file of two chunks only, format and samples, and the samples; `None` for what is not even that.
///
/// The crate that reads them does not know about padding, samples without a length, or which end of a container counts.
fn tidied(bytes: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let mut head = bytes.get(..12)?.to_vec();
    let mut rest = bytes.get(12..)?;
    let mut frame = 0;
    loop {
        let (&kind, after) = rest.split_first_chunk::<4>()?;
        let (&length, body) = after.split_first_chunk::<4>()?;
        let stated = u32::from_le_bytes(length);
        let length = stated as usize;
        if &kind == b"data" {
            let stated = match stated {
                u32::MAX if frame > 0 => u32::try_from(body.len() / frame * frame).ok()?,
                _ => stated,
            };
            head.extend(b"data");
            head.extend(stated.to_le_bytes());
            return Some((head, body));
        }
        if &kind == b"fmt " {
            let mut format = body.get(..length)?.to_vec();
            frame = usize::from(u16::from_le_bytes(*format.get(12..)?.first_chunk()?));
            let is_extensible = format.starts_with(&[0xFE, 0xFF]);
            if is_extensible && length >= 20 {
                // As many valid bits as the container has.
                format.copy_within(14..16, 18);
            }
            head.extend(b"fmt ");
            head.extend(stated.to_le_bytes());
            head.extend(format);
        }
        rest = body.get(length.checked_add(length % 2)?..)?;
    }
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

/// Writes a clip of one channel in a quarter of the bytes of [`write()`], as IMA ADPCM, which loses a little; what is
/// beyond full scale is clipped.
///
/// # Errors
/// Those of [`write()`].
///
/// ```
/// use milliwatt::format::wav;
/// let tone: Vec<f32> = (0..16_000).map(|n| 0.5 * libm::sinf(n as f32 * 0.1)).collect();
/// let bytes = wav::write_small(16_000, &tone).unwrap();
/// assert!(bytes.len() < 8_200);
/// let heard = wav::read(&bytes).unwrap().samples;
/// assert!(heard.len() >= 16_000 && heard.iter().zip(&tone).all(|(a, b)| (a - b).abs() < 0.1));
/// ```
pub fn write_small(sample_rate: u32, samples: &[f32]) -> Result<Vec<u8>> {
    let exact = read(&write(sample_rate, samples)?)?.samples;
    let whole: Vec<i16> = exact.iter().map(|sample| (sample * 32_768.0) as i16).collect();
    Ok(adpcm::write(sample_rate, &whole))
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
mod tests;
