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

/// Writes a clip of one channel in a quarter of the bytes of [`write`], as IMA ADPCM, which loses a little; what is
/// beyond full scale is clipped.
///
/// # Errors
/// Those of [`write`].
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
mod tests {
    use super::*;
    use crate::error::Kind;

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
    fn four_bits_a_sample_are_close_to_the_sound_and_a_quarter_of_its_size() {
        let sound: Vec<f32> =
            (0..5_000).map(|n| 0.3 * libm::sinf(n as f32 * 0.05) * libm::sinf(n as f32 * 0.002)).collect();
        let bytes = write_small(16_000, &sound).unwrap();
        assert!(4 * bytes.len() < write(16_000, &sound).unwrap().len() + 400);
        let wav = read(&bytes).unwrap();
        assert_eq!((wav.sample_rate, wav.channels), (16_000, 1));
        let power = |samples: &mut dyn Iterator<Item = f32>| samples.map(|x| f64::from(x * x)).sum::<f64>();
        let noise = power(&mut wav.samples.iter().zip(&sound).map(|(a, b)| a - b));
        let decibels = 10.0 * libm::log10(power(&mut sound.iter().copied()) / noise);
        assert!(decibels > 30.0, "{decibels} dB");
        // A byte holds two samples, so that one may be there that was not written.
        assert!((5_000..=5_001).contains(&wav.samples.len()), "{}", wav.samples.len());
    }

    #[test]
    fn four_bits_of_two_channels_are_refused_as_compressed_and_truncation_as_broken() {
        let mut bytes = write_small(16_000, &[0.1; 30]).unwrap();
        for length in 0..bytes.len() - 1 {
            assert!(read(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
        }
        bytes[22] = 2;
        assert_eq!(read(&bytes).unwrap_err().kind(), Kind::Unsupported);
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

    /// A file of chunks: kind, stated length, content.
    fn chunks(all: &[(&[u8; 4], u32, &[u8])]) -> Vec<u8> {
        let mut bytes = b"RIFF\0\0\0\0WAVE".to_vec();
        for (kind, length, content) in all {
            bytes.extend(*kind);
            bytes.extend(length.to_le_bytes());
            bytes.extend(*content);
        }
        let length = bytes.len() as u32 - 8;
        bytes[4..8].copy_from_slice(&length.to_le_bytes());
        bytes
    }

    fn format(tag: u16, channels: u16, rate: u32, container: u16) -> Vec<u8> {
        let frame = channels * container / 8;
        let mut format = Vec::new();
        for half in [tag, channels] {
            format.extend(half.to_le_bytes());
        }
        format.extend(rate.to_le_bytes());
        format.extend((rate * u32::from(frame)).to_le_bytes());
        format.extend(frame.to_le_bytes());
        format.extend(container.to_le_bytes());
        format
    }

    /// The longer form of a format, with the valid bits and the kind of samples: 1 whole numbers, 3 floats.
    fn extensible(channels: u16, rate: u32, container: u16, valid: u16, kind: u8) -> Vec<u8> {
        let mut all = format(0xFFFE, channels, rate, container);
        all.extend([22, 0]);
        all.extend(valid.to_le_bytes());
        all.extend([0, 0, 0, 0, kind, 0, 0, 0, 0, 0, 0x10, 0, 0x80, 0, 0, 0xAA, 0, 0x38, 0x9B, 0x71]);
        all
    }

    #[test]
    fn chunks_of_odd_length_are_followed_by_a_byte_that_they_do_not_count() {
        let format = format(1, 1, 16_000, 16);
        let bytes = chunks(&[
            (b"LIST", 3, b"abc\0"),
            (b"fmt ", 16, &format),
            (b"note", 1, b"x\0"),
            (b"data", 4, &[0, 0x40, 0, 0xC0]),
            (b"LIST", 1, b"y"),
        ]);
        assert_eq!(read(&bytes).unwrap().samples, [0.5, -0.5]);
    }

    #[test]
    fn samples_of_8_bits_have_no_sign() {
        let format = format(1, 1, 8_000, 8);
        let bytes = chunks(&[(b"fmt ", 16, &format), (b"data", 3, &[0, 128, 192])]);
        assert_eq!(read(&bytes).unwrap().samples, [-1.0, 0.0, 0.5]);
    }

    #[test]
    fn a_recorder_that_did_not_know_the_length_is_read_to_the_end() {
        let format = format(1, 2, 16_000, 16);
        let bytes = chunks(&[(b"fmt ", 16, &format), (b"data", u32::MAX, &[0, 0x40, 0, 0, 0, 0x20, 0, 0x20, 1, 2])]);
        assert_eq!(read(&bytes).unwrap().samples, [0.25, 0.25]);
    }

    #[test]
    fn the_extensible_form_is_read_and_valid_bits_stand_at_the_upper_end() {
        let float = extensible(1, 16_000, 32, 32, 3);
        let bytes = chunks(&[(b"fmt ", 40, &float), (b"data", 4, &0.75f32.to_le_bytes())]);
        assert_eq!(read(&bytes).unwrap().samples, [0.75]);
        for (container, valid, sample) in
            [(32, 24, &[0u8, 0, 0, 0x40][..]), (24, 24, &[0, 0, 0x40]), (24, 20, &[0, 0, 0x40]), (16, 12, &[0, 0x40])]
        {
            let format = extensible(1, 96_000, container, valid, 1);
            let bytes = chunks(&[(b"fmt ", 40, &format), (b"data", sample.len() as u32, sample)]);
            assert_eq!(read(&bytes).unwrap().samples, [0.5], "{valid} of {container} bits");
        }
    }

    #[test]
    fn what_is_no_sound_that_is_read_is_refused_in_a_sentence() {
        let pcm = format(1, 1, 16_000, 16);
        let data: (&[u8; 4], u32, &[u8]) = (b"data", 2, &[0, 0]);
        let with = |format: &[u8]| chunks(&[(b"fmt ", format.len() as u32, format), data]);
        let mut inconsistent = pcm.clone();
        inconsistent[8] = 7;
        let cases = [
            (b"RIFX".to_vec(), Kind::Format, "this is not a sound WAV file"),
            (chunks(&[]), Kind::Format, "the WAV file is cut short"),
            (chunks(&[data]), Kind::Format, "this is not a sound WAV file: "),
            (chunks(&[(b"fmt ", 16, &pcm)]), Kind::Format, "the WAV file is cut short"),
            (chunks(&[(b"fmt ", 400, &pcm), data]), Kind::Format, ""),
            (chunks(&[(b"LIST", u32::MAX, b"abc"), data]), Kind::Format, ""),
            (chunks(&[(b"fmt ", 16, &pcm), (b"data", 3, &[0, 0, 0])]), Kind::Format, "this is not a sound WAV file: "),
            (with(&format(1, 0, 16_000, 16)), Kind::Format, "this is not a sound WAV file: "),
            (with(&format(1, 1, 0, 16)), Kind::Format, "the sound has a sample rate of 0"),
            (
                chunks(&[(b"fmt ", 16, &format(1, 65, 16_000, 8)), (b"data", 65, &[128; 65])]),
                Kind::Limits,
                "channels: 65",
            ),
            (with(&format(2, 1, 16_000, 16)), Kind::Unsupported, "the sound is compressed"),
            (with(&format(0x55, 1, 16_000, 16)), Kind::Unsupported, "the sound is compressed"),
            (with(&format(3, 1, 16_000, 64)), Kind::Format, "this is not a sound WAV file: "),
            (with(&inconsistent), Kind::Format, "this is not a sound WAV file: "),
        ];
        for (index, (bytes, kind, beginning)) in cases.into_iter().enumerate() {
            let error = read(&bytes).unwrap_err();
            assert_eq!(error.kind(), kind, "case {index}: {error}");
            assert!(error.message().starts_with(beginning), "case {index}: {error}");
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
