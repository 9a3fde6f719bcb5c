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
        return Some(if first_entry_is_npy(bytes) { Kind::Npz } else { Kind::Zip });
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

/// The name in the first local header: its length is at byte 26, the name at byte 30.
fn first_entry_is_npy(bytes: &[u8]) -> bool {
    let length = bytes.get(26..28).and_then(|bytes| bytes.try_into().ok()).map_or(0, u16::from_le_bytes);
    bytes.get(30..30 + usize::from(length)).is_some_and(|name| name.ends_with(b".npy"))
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
