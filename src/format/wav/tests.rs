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
        let spec = WavSpec { channels: 1, sample_rate: 8_000, bits_per_sample: bits, sample_format: SampleFormat::Int };
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
        (chunks(&[(b"fmt ", 16, &format(1, 65, 16_000, 8)), (b"data", 65, &[128; 65])]), Kind::Limits, "channels: 65"),
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
    let bytes =
        file(WavSpec { sample_rate: 1, ..spec }, |writer| (0..61).for_each(|_| writer.write_sample(0.0f32).unwrap()));
    assert_eq!(
        read(&bytes).unwrap_err().message(),
        "the clip lasts 61 s, more than the 60 s that Milliwatt takes; cut it"
    );
}
