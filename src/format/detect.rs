//! What a file is, by its content.

use serde::Serialize;

use super::sound;

/// Kinds of files that Milliwatt tells apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum Kind {
    /// A TensorFlow Lite model.
    Tflite,
    /// An ONNX model.
    Onnx,
    /// A PyTorch file: saved weights, a TorchScript or an exported program.
    Pytorch,
    /// A Keras model of version 3, `.keras`.
    Keras,
    /// An HDF5 file, as Keras saved models before: `.h5`.
    Hdf5,
    /// A graph of TensorFlow: `saved_model.pb`.
    Savedmodel,
    /// A program of ExecuTorch.
    Executorch,
    /// Weights in safetensors.
    Safetensors,
    /// A Python pickle, as scikit-learn saves models.
    Pickle,
    /// WAV sound.
    Wav,
    /// Compressed sound, which only a browser decodes: FLAC, MP3, Ogg or MPEG-4.
    Audio,
    /// An image, which only a browser decodes: PNG, JPEG, GIF, BMP or WebP.
    Image,
    /// A NumPy array.
    Npy,
    /// A ZIP archive of NumPy arrays.
    Npz,
    /// Another ZIP archive.
    Zip,
    /// JSON text.
    Json,
}

/// What a file is, `None` where it is nothing that Milliwatt knows.
///
/// ```
/// use milliwatt::format::{Kind, kind_of};
/// assert_eq!(kind_of(b"\x1c\0\0\0TFL3"), Some(Kind::Tflite));
/// assert_eq!(kind_of(b"hello"), None);
/// ```
pub fn kind_of(bytes: &[u8]) -> Option<Kind> {
    if bytes.get(4..8) == Some(b"TFL3") {
        return Some(Kind::Tflite);
    }
    if bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WAVE") {
        return Some(Kind::Wav);
    }
    if is_image(bytes) {
        return Some(Kind::Image);
    }
    if sound::is_compressed(bytes) {
        return Some(Kind::Audio);
    }
    if bytes.starts_with(b"\x93NUMPY") {
        return Some(Kind::Npy);
    }
    if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") {
        return Some(archive_of(bytes));
    }
    if let Some(model) = foreign_model(bytes) {
        return Some(model);
    }
    let text = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes).trim_ascii_start();
    if matches!(text.first(), Some(b'{' | b'[')) && std::str::from_utf8(text).is_ok() {
        return Some(Kind::Json);
    }
    is_onnx(bytes).then_some(Kind::Onnx)
}

fn is_image(bytes: &[u8]) -> bool {
    const BEGINNINGS: [&[u8]; 5] = [b"\x89PNG\r\n\x1a\n", b"\xff\xd8\xff", b"GIF87a", b"GIF89a", b"BM"];
    let webp = bytes.starts_with(b"RIFF") && bytes.get(8..12) == Some(b"WEBP");
    // Two letters are little: a bitmap says its own length too.
    let bitmap = |bytes: &[u8]| bytes.get(6..10) == Some(&[0; 4]);
    webp || BEGINNINGS.iter().any(|&beginning| bytes.starts_with(beginning) && (beginning != b"BM" || bitmap(bytes)))
}

/// What an archive is, by the name of its first entry: its length is at byte 26 of the local header, the name at byte 30.
///
/// PyTorch puts everything in a folder that is named like the file, and writes `data.pkl` or what the archive's version is first.
fn archive_of(bytes: &[u8]) -> Kind {
    let length = bytes.get(26..28).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes);
    let name = bytes.get(30..30 + usize::from(length)).unwrap_or_default();
    let entry = name.iter().position(|&byte| byte == b'/').map_or(&b""[..], |at| &name[at + 1..]);
    if name.ends_with(b".npy") {
        Kind::Npz
    } else if [&b"metadata.json"[..], b"config.json", b"model.weights.h5"].contains(&name) {
        Kind::Keras
    } else if [&b"data.pkl"[..], b"version", b"byteorder", b".format_version", b"archive_format"].contains(&entry)
        || [&b".data/"[..], b"code/", b"models/"]
            .iter()
            .any(|folder| entry.starts_with(folder) && name.starts_with(b"archive/"))
    {
        Kind::Pytorch
    } else {
        Kind::Zip
    }
}

/// Models of other tools that are no archives.
fn foreign_model(bytes: &[u8]) -> Option<Kind> {
    // A pickle of protocol 2 that begins with the number that torch.save wrote before version 1.6.
    const TORCH: &[u8] = b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    let json_at_8 = bytes.get(8..10) == Some(b"{\"") && bytes.get(4..8) == Some(&[0; 4]);
    // A pickle says its protocol, and since protocol 4 the length of its first frame.
    let pickle = bytes.starts_with(b"\x80\x04\x95") || bytes.starts_with(b"\x80\x05\x95");
    match bytes {
        _ if bytes.starts_with(b"\x89HDF\r\n\x1a\n") => Some(Kind::Hdf5),
        _ if bytes.starts_with(TORCH) => Some(Kind::Pytorch),
        _ if matches!(bytes.get(4..8), Some([b'E', b'T', b'0'..=b'9', b'0'..=b'9'])) => Some(Kind::Executorch),
        _ if json_at_8 => Some(Kind::Safetensors),
        _ if pickle => Some(Kind::Pickle),
        _ if is_saved_model(bytes) => Some(Kind::Savedmodel),
        _ => None,
    }
}

/// A `SavedModel` message: field 1, the schema's version, is 1; field 2 holds a graph, whose first field is its description.
fn is_saved_model(bytes: &[u8]) -> bool {
    let [0x08, 0x01, 0x12, rest @ ..] = bytes else { return false };
    let length = rest.iter().take(5).position(|&byte| byte < 0x80);
    length.and_then(|at| rest.get(at + 1)) == Some(&0x0a)
}

/// ONNX has no magic number. A `ModelProto` begins with field 1, the IR version, a small number, and goes on with a
/// field of the same message: 2 to 8 with text or a message, 5 with a number, 14 and 20 with messages.
fn is_onnx(bytes: &[u8]) -> bool {
    let [0x08, version, tag, ..] = bytes else { return false };
    let (field, wire) = (tag >> 3, tag & 7);
    (3..=20).contains(version) && matches!((field, wire), (2..=4 | 6..=8 | 14, 2) | (5, 0))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_is_told_by_its_content() {
        let zip_of = |name: &[u8]| {
            let mut bytes = b"PK\x03\x04".to_vec();
            bytes.resize(26, 0);
            bytes.extend((name.len() as u16).to_le_bytes());
            bytes.extend([0, 0]);
            bytes.extend(name);
            bytes
        };
        for (bytes, kind) in [
            (&b"RIFF\x10\0\0\0WAVEfmt "[..], Kind::Wav),
            (b"fLaC\0\0\0\x22", Kind::Audio),
            (b"\x89PNG\r\n\x1a\n", Kind::Image),
            (b"BM\x46\0\0\0\0\0\0\0", Kind::Image),
            (b"RIFF\x10\0\0\0WEBPVP8 ", Kind::Image),
            (b"\x93NUMPY\x01\0", Kind::Npy),
            (b" \n{\"version\": 1}", Kind::Json),
            (&zip_of(b"x.npy"), Kind::Npz),
            (&zip_of(b"yes/1.wav"), Kind::Zip),
            (b"\x08\x08\x12\x07pytorch", Kind::Onnx),
            (&zip_of(b"net/data.pkl"), Kind::Pytorch),
            (&zip_of(b"archive/.data/serialization_id"), Kind::Pytorch),
            (b"\x80\x02\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19.", Kind::Pytorch),
            (&zip_of(b"metadata.json"), Kind::Keras),
            (b"\x89HDF\r\n\x1a\n\0\0", Kind::Hdf5),
            (b"\x08\x01\x12\x80\x04\x0a\x33", Kind::Savedmodel),
            (b"\x30\0\0\0ET12", Kind::Executorch),
            (b"\x40\0\0\0\0\0\0\0{\"a\":{}}", Kind::Safetensors),
            (b"\x80\x04\x95\x10\0\0\0\0\0\0\0", Kind::Pickle),
        ] {
            assert_eq!(kind_of(bytes), Some(kind));
        }
    }

    #[test]
    fn short_and_strange_bytes_are_nothing() {
        for bytes in [&b""[..], b"P", b"PK", b"RIFF", b"\x08", b"\x89HDF", &[0xff; 40]] {
            assert_eq!(kind_of(bytes), None, "{bytes:?}");
        }
    }
}
