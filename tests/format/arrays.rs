//! NPY, NPZ, ZIP and WAV: agreement with another reader, and damaged files.

use std::io::{Cursor, Write};

use crate::common;
use milliwatt::error::Kind;
use milliwatt::format::{npy, wav, zip};
use milliwatt::tensor::Tensor;
use ndarray::{ArrayD, IxDyn};
use npyz::WriterBuilder;
use proptest::prelude::*;

/// An array written by another library.
fn written_by_npyz<T: npyz::AutoSerialize + Copy>(shape: &[u64], order: npyz::Order, values: &[T]) -> Vec<u8> {
    let mut bytes = vec![];
    let mut writer =
        npyz::WriteOptions::new().default_dtype().shape(shape).order(order).writer(&mut bytes).begin_nd().unwrap();
    writer.extend(values.iter().copied()).unwrap();
    writer.finish().unwrap();
    bytes
}

#[test]
fn arrays_of_another_library_are_read() {
    let floats = npy::read(&written_by_npyz(&[2, 3], npyz::Order::C, &[1.5f32, 2.0, 3.0, 4.0, 5.0, 6.0])).unwrap();
    assert_eq!(floats, Tensor::from_f32(&[2, 3], vec![1.5, 2.0, 3.0, 4.0, 5.0, 6.0]).unwrap());
    // In Fortran order the first index runs fastest.
    let turned = npy::read(&written_by_npyz(&[2, 3], npyz::Order::Fortran, &[1i8, 4, 2, 5, 3, 6])).unwrap();
    assert_eq!(turned, Tensor::from_i8(&[2, 3], vec![1, 2, 3, 4, 5, 6]).unwrap());
    let scalar = npy::read(&written_by_npyz(&[], npyz::Order::C, &[7i64])).unwrap();
    assert_eq!(scalar, Tensor::Int64(ArrayD::from_elem(IxDyn(&[]), 7)));
    let wide = npy::read(&written_by_npyz(&[2], npyz::Order::C, &[0.5f64, -1.0])).unwrap();
    assert_eq!(wide.to_f32_vec(), [0.5, -1.0]);
    let unsigned = npy::read(&written_by_npyz(&[1], npyz::Order::C, &[40_000u16])).unwrap();
    assert_eq!(unsigned, Tensor::Int32(ArrayD::from_elem(IxDyn(&[1]), 40_000)));
}

#[test]
fn another_library_reads_our_arrays() {
    let tensor = Tensor::Int16(ArrayD::from_shape_vec(IxDyn(&[3, 1, 2]), vec![1, -2, 3, -4, 5, -32_768]).unwrap());
    let bytes = npy::write(&tensor).unwrap();
    assert_eq!(bytes.len() % 64, 12, "the data begin at a multiple of 64");
    let other = npyz::NpyFile::new(&bytes[..]).unwrap();
    assert_eq!(other.shape(), [3, 1, 2]);
    assert_eq!(other.into_vec::<i16>().unwrap(), [1, -2, 3, -4, 5, -32_768]);
}

#[test]
fn big_endian_is_turned() {
    let mut bytes = written_by_npyz(&[1], npyz::Order::C, &[0x0102i16]);
    let sign = bytes.iter().position(|&byte| byte == b'<').unwrap();
    bytes[sign] = b'>';
    assert_eq!(npy::read(&bytes).unwrap(), Tensor::Int16(ArrayD::from_elem(IxDyn(&[1]), 0x0201)));
}

/// An NPY file with a header of our own choice.
fn npy_with_header(header: &str, data: &[u8]) -> Vec<u8> {
    [b"\x93NUMPY\x01\x00", &(header.len() as u16).to_le_bytes()[..], header.as_bytes(), data].concat()
}

#[test]
fn each_broken_array_has_its_sentence() {
    let dict = |descr: &str, shape: &str| format!("{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}");
    let cases = [
        (dict("'<f4'", "(2,)"), Kind::Format, "needs 8 bytes, but the file has 4"),
        (dict("'|O'", "(2,)"), Kind::Unsupported, "NumPy's type \"O\""),
        (dict("'<U7'", "(2,)"), Kind::Unsupported, "NumPy's type \"U7\""),
        (dict("'<c8'", "(2,)"), Kind::Unsupported, "NumPy's type \"c8\""),
        (dict("[('x', '<f4')]", "(1,)"), Kind::Unsupported, "arrays of records"),
        (dict("'<f4'", "(99999999999, 99999999999)"), Kind::Limits, "takes more than"),
        (dict("'<f4'", "(99999999999999999999999,)"), Kind::Format, "a dimension that is no size"),
        (dict("'<f4'", "(-1,)"), Kind::Format, "a dimension that is no size"),
        (dict("'<f4'", "(1,1,1,1,1,1,1,1,1,)"), Kind::Limits, "dimensions: 9 is more than the 8"),
        (dict("'<f4'", &"(".repeat(10_000)), Kind::Format, "a dimension that is no size"),
        ("{'descr': '<f4', 'shape': (1,), }".into(), Kind::Format, "lacks fortran_order"),
        ("{'descr': '<f4".into(), Kind::Format, "does not end"),
        ("[]".into(), Kind::Format, "where '{' should stand"),
        ("{'what': 1}".into(), Kind::Format, "unknown key \"what\""),
    ];
    for (header, kind, sentence) in cases {
        let error = npy::read(&npy_with_header(&header, &[0; 4])).unwrap_err();
        assert!(error.kind() == kind && error.message().contains(sentence), "{header}: {error}");
    }
    assert!(npy::read(b"\x93NUMPY\x09\x00").unwrap_err().message().contains("version 9"));
    let whole = npy::write(&Tensor::from_i8(&[3], vec![1, 2, 3]).unwrap()).unwrap();
    for length in 0..whole.len() {
        assert!(npy::read(&whole[..length]).is_err(), "{length} of {} bytes", whole.len());
    }
}

/// An archive with deflated entries.
fn archive(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ::zip::ZipWriter::new(Cursor::new(vec![]));
    for (name, content) in entries {
        writer.start_file(*name, ::zip::write::SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

#[test]
fn archives_unpack_in_order_and_npz_keeps_only_numbers() {
    let numbers = npy::write(&Tensor::from_i8(&[2], vec![1, 2]).unwrap()).unwrap();
    let text = npy_with_header("{'descr': '<U1', 'fortran_order': False, 'shape': (1,), }", b"a\0\0\0");
    let bytes = archive(&[("z.npy", &numbers), ("classes.npy", &text), ("readme.txt", b"hello")]);
    let names: Vec<String> = zip::entries(&bytes).unwrap().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["z.npy", "classes.npy", "readme.txt"]);
    assert_eq!(npy::read_npz(&bytes).unwrap(), [("z".to_owned(), Tensor::from_i8(&[2], vec![1, 2]).unwrap())]);
    let error = npy::read_npz(&archive(&[("a.npy", b"junk")])).unwrap_err();
    assert_eq!(error.message(), "array \"a\": this is not an NPY array: it does not begin with \\x93NUMPY");
    for length in 0..bytes.len() {
        assert!(zip::entries(&bytes[..length]).is_err(), "{length} of {} bytes", bytes.len());
    }
}

#[test]
fn an_archive_that_lies_about_its_sizes_is_found_out() {
    let mut bytes = archive(&[("a", &[7; 1000])]);
    // The uncompressed size stands at byte 24 of the central header.
    let central = bytes.windows(4).position(|window| window == b"PK\x01\x02").unwrap();
    bytes[central + 24..central + 28].copy_from_slice(&3u32.to_le_bytes());
    match zip::entries(&bytes) {
        Ok(entries) => assert_eq!(entries[0].1.len(), 1000, "the bytes there count, not the promise"),
        Err(error) => assert_eq!(error.kind(), Kind::Format),
    }
}

#[test]
fn the_published_features_are_read() {
    let Some(path) = common::shared("mlperf/data/kws_dev.npz") else { return };
    let arrays = npy::read_npz(&std::fs::read(path).unwrap()).unwrap();
    let shapes: Vec<(&str, &[usize])> = arrays.iter().map(|(name, tensor)| (name.as_str(), tensor.shape())).collect();
    assert_eq!(
        shapes,
        [("audio", &[500, 16_000][..]), ("mfcc", &[500, 49, 10, 1]), ("y", &[500]), ("y_tflm", &[500, 12])]
    );
}

/// Bytes with a few places overwritten.
fn damaged(whole: Vec<u8>) -> impl Strategy<Value = Vec<u8>> {
    let places = proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..8);
    (places, any::<prop::sample::Index>(), any::<bool>()).prop_map(move |(places, cut, is_cut)| {
        let mut bytes = whole.clone();
        for (place, byte) in places {
            let at = place.index(bytes.len());
            bytes[at] = byte;
        }
        if is_cut {
            bytes.truncate(cut.index(bytes.len()));
        }
        bytes
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn damaged_arrays_give_an_answer(bytes in damaged(npy::write(&Tensor::from_i8(&[2, 3], vec![0; 6]).unwrap()).unwrap())) {
        let _ = npy::read(&bytes);
    }

    #[test]
    fn damaged_sound_gives_finite_samples_or_an_error(bytes in damaged(wav::write(8_000, &[0.25; 9]).unwrap())) {
        if let Ok(wav) = wav::read(&bytes) {
            prop_assert!(wav.samples.iter().all(|sample| sample.is_finite()));
            prop_assert!(wav.samples.len() <= bytes.len());
        }
    }

    #[test]
    fn damaged_archives_give_an_answer(bytes in damaged(archive(&[("a.npy", &[1; 90]), ("b/c.wav", b"RIFF")]))) {
        let _ = zip::entries(&bytes);
        let _ = npy::read_npz(&bytes);
    }

    #[test]
    fn any_bytes_give_an_answer(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = milliwatt::format::kind_of(&bytes);
        for magic in [&b""[..], b"\x93NUMPY\x01\x00", b"RIFF\0\0\0\0WAVEfmt ", b"PK\x03\x04"] {
            let whole = [magic, &bytes].concat();
            let _ = npy::read(&whole);
            let _ = wav::read(&whole);
            let _ = zip::entries(&whole);
        }
    }

    #[test]
    fn every_array_survives_a_round_trip(values in proptest::collection::vec(any::<i64>(), 0..50)) {
        let tensor = Tensor::Int64(ArrayD::from_shape_vec(IxDyn(&[values.len()]), values).unwrap());
        prop_assert_eq!(npy::read(&npy::write(&tensor).unwrap()).unwrap(), tensor);
    }
}
