//! ZIP archives, unpacked and packed in memory.

use std::collections::BTreeSet;

use crc::{CRC_32_ISO_HDLC, Crc, Table};
use miniz_oxide::inflate::{DecompressError, TINFLStatus, decompress_to_vec_with_limit};
use rawzip::{CompressionMethod, ZipArchive, ZipSliceEntry};

use crate::error::{Error, Result};
use crate::limits;

/// The check sum of ZIP, by a table of 1 kB.
const SUM: Crc<u32, Table<1>> = Crc::<u32, Table<1>>::new(&CRC_32_ISO_HDLC);

/// The files of an archive with their names, in the archive's order; folders are left out.
///
/// Names are data: they are never used as paths.
///
/// # Errors
/// `Format` for a broken archive, `Unsupported` for encryption and rare compressions, `Limits` above
/// [`limits::ZIP_ENTRIES`] and [`limits::ZIP_BYTES`], whatever the archive promises.
pub fn entries(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let archive = ZipArchive::from_slice(bytes).map_err(|error| broken(&error))?;
    let mut budget = limits::ZIP_BYTES;
    let mut entries = vec![];
    let mut seen = 0;
    let mut headers = archive.entries();
    while let Some(header) = headers.next_entry().map_err(|error| broken(&error))? {
        seen += 1;
        limits::check("files in the archive", seen, limits::ZIP_ENTRIES)?;
        if header.is_dir() {
            continue;
        }
        let name = String::from_utf8_lossy(header.file_path().as_ref()).into_owned();
        if is_encrypted(bytes, header.central_directory_offset()) {
            return Err(unsupported(&name, "it is encrypted"));
        }
        let entry = archive.get_entry(header.wayfinder()).map_err(|error| broken(&error))?;
        let content = content(&entry, header.compression_method(), &name, budget)?;
        budget -= content.len();
        entries.push((name, content));
    }
    Ok(entries)
}

/// Whether the entry's record in the directory says that its content is encrypted: the lowest of its flags.
fn is_encrypted(bytes: &[u8], record: u64) -> bool {
    usize::try_from(record).ok().and_then(|at| bytes.get(at.checked_add(8)?)).is_some_and(|flags| flags & 1 == 1)
}

/// What an entry unpacks to: at most `budget` bytes, with the size and the check sum that the archive states.
fn content(entry: &ZipSliceEntry, method: CompressionMethod, name: &str, budget: usize) -> Result<Vec<u8>> {
    let damaged = |what: &str| Error::format(format!("an entry of the archive is damaged ({what}): {name:?}"));
    let content = match method {
        CompressionMethod::Store if entry.data().len() <= budget => entry.data().to_vec(),
        CompressionMethod::Store => return Err(too_large()),
        CompressionMethod::Deflate => match decompress_to_vec_with_limit(entry.data(), budget) {
            Ok(content) => content,
            Err(DecompressError { status: TINFLStatus::HasMoreOutput, .. }) => return Err(too_large()),
            Err(_) => return Err(damaged("it does not unpack")),
        },
        other => return Err(unsupported(name, &format!("it uses compression method {}", other.as_id().as_u16()))),
    };
    let stated = entry.claim_verifier();
    if stated.size() != content.len() as u64 {
        return Err(damaged("it has another size than it states"));
    }
    if stated.crc() != SUM.checksum(&content) {
        return Err(damaged("its check sum is wrong"));
    }
    Ok(content)
}

fn too_large() -> Error {
    Error::limits(format!("the archive unpacks to more than the {} bytes that Milliwatt takes", limits::ZIP_BYTES))
}

fn unsupported(name: &str, why: &str) -> Error {
    Error::unsupported(format!("{name:?} in the archive cannot be unpacked ({why}); pack it again with plain ZIP"))
}

fn broken(error: &rawzip::Error) -> Error {
    Error::format(format!("the ZIP archive is damaged: {error}"))
}

/// An archive of files with their names, in the order given.
///
/// Nothing is compressed: sound would hardly shrink. No time is written, so the same files give the same bytes. Written
/// here because a crate's writer brings compressors along, which the page would download for nothing.
///
/// # Errors
/// `Parameter` for a name that stands twice or is too long, `Limits` for what [`entries`] would not read again.
///
/// *Source*: PKWARE's APPNOTE.TXT 6.3.10, sections 4.3.7, 4.3.12 and 4.3.16.
///
/// ```
/// use milliwatt::format::zip;
/// let files = vec![("yes/1.wav".to_string(), vec![1, 2, 3])];
/// assert_eq!(zip::entries(&zip::write(&files).unwrap()).unwrap(), files);
/// ```
pub fn write(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    limits::check("files in the archive", files.len(), limits::ZIP_ENTRIES)?;
    let size: usize = files.iter().map(|(_, content)| content.len()).sum();
    limits::check("bytes in the archive", size, limits::ZIP_BYTES)?;
    let mut names = BTreeSet::new();
    let (mut bytes, mut directory) = (Vec::with_capacity(size + 64 * files.len()), Vec::new());
    for (name, content) in files {
        if name.len() > usize::from(u16::MAX) || !names.insert(name) {
            return Err(Error::parameter(format!("the archive cannot hold this name, or not twice: {name:?}")));
        }
        let fields = fields(name, content);
        directory.extend(b"PK\x01\x02\x14\0");
        directory.extend(&fields);
        // No comment, one disk, no attributes.
        directory.extend([0; 10]);
        directory.extend((bytes.len() as u32).to_le_bytes());
        directory.extend(name.as_bytes());
        bytes.extend(b"PK\x03\x04");
        bytes.extend(&fields);
        bytes.extend(name.as_bytes());
        bytes.extend(content);
    }
    let (count, start, length) = (files.len() as u16, bytes.len() as u32, directory.len() as u32);
    bytes.extend(directory);
    bytes.extend(b"PK\x05\x06\0\0\0\0");
    bytes.extend([count, count].iter().flat_map(|count| count.to_le_bytes()));
    bytes.extend([length, start].iter().flat_map(|offset| offset.to_le_bytes()));
    bytes.extend([0, 0]);
    Ok(bytes)
}

/// What a file's own header and the directory both say of it.
///
/// Sizes fit into 32 bits and counts into 16, because the caps are far below.
fn fields(name: &str, content: &[u8]) -> Vec<u8> {
    let size = (content.len() as u32).to_le_bytes();
    let mut fields = Vec::with_capacity(26);
    // Version 2.0; names are UTF-8; stored; the first day that ZIP knows, 1 January 1980.
    fields.extend([20, 0, 0, 8, 0, 0, 0, 0, 0x21, 0]);
    fields.extend(SUM.checksum(content).to_le_bytes());
    fields.extend(size);
    fields.extend(size);
    fields.extend((name.len() as u16).to_le_bytes());
    fields.extend([0, 0]);
    fields
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_is_read_again_with_every_name() {
        let files: Vec<(String, Vec<u8>)> = ["yes/Zoë.wav", "a", "no/1.wav"]
            .iter()
            .zip([vec![7; 70_000], vec![1, 2], vec![]])
            .map(|(name, content)| ((*name).to_owned(), content))
            .collect();
        let archive = write(&files).unwrap();
        assert_eq!(entries(&archive).unwrap(), files);
        assert_eq!(write(&files).unwrap(), archive, "the same bytes");
        assert_eq!(entries(&write(&[]).unwrap()).unwrap(), []);
    }

    #[test]
    fn a_name_that_stands_twice_is_refused() {
        let file = ("yes/1.wav".to_string(), vec![1]);
        assert!(write(&[file.clone(), file]).unwrap_err().to_string().contains("not twice"));
    }

    #[test]
    fn a_damaged_byte_of_content_is_found_by_its_sum() {
        let mut archive = write(&[("a".to_string(), vec![0; 100])]).unwrap();
        archive[30 + 1 + 50] ^= 1;
        assert!(entries(&archive).unwrap_err().to_string().contains("damaged"));
    }
}
