//! ZIP archives, unpacked and packed in memory.

use std::io::{Cursor, Read, Write};

use zip::result::ZipError;
use zip::write::SimpleFileOptions;
use zip::{CompressionMethod, ZipArchive, ZipWriter};

use crate::error::{Error, Result};
use crate::limits;

/// The files of an archive with their names, in the archive's order; folders are left out.
///
/// Names are data: they are never used as paths.
///
/// # Errors
/// `Format` for a broken archive, `Unsupported` for encryption and rare compressions, `Limits` above
/// [`limits::ZIP_ENTRIES`] and [`limits::ZIP_BYTES`], whatever the archive promises.
pub fn entries(bytes: &[u8]) -> Result<Vec<(String, Vec<u8>)>> {
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(|error| broken(&error))?;
    limits::check("files in the archive", archive.len(), limits::ZIP_ENTRIES)?;
    let mut budget = limits::ZIP_BYTES;
    let mut entries = vec![];
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(|error| broken(&error))?;
        if entry.is_dir() {
            continue;
        }
        let name = entry.name().map_err(|error| broken(&error))?.into_owned();
        let mut content = vec![];
        // One byte more than allowed tells "too large" from "just fits"; declared sizes are not believed.
        let taken = (&mut entry).take(budget as u64 + 1).read_to_end(&mut content);
        taken.map_err(|error| Error::format(format!("an entry of the archive is damaged ({error}): {name:?}")))?;
        budget = budget.checked_sub(content.len()).ok_or_else(|| {
            Error::limits(format!(
                "the archive unpacks to more than the {} bytes that Milliwatt takes",
                limits::ZIP_BYTES
            ))
        })?;
        entries.push((name, content));
    }
    Ok(entries)
}

/// An archive of files with their names, in the order given.
///
/// Nothing is compressed: sound would hardly shrink. No time is written, so the same files give the same bytes.
///
/// # Errors
/// `Parameter` for a name that stands twice, `Limits` for what [`entries`] would not read again.
///
/// ```
/// use milliwatt::format::zip;
/// let files = vec![("yes/1.wav".to_string(), vec![1, 2, 3])];
/// assert_eq!(zip::entries(&zip::write(&files).unwrap()).unwrap(), files);
/// ```
pub fn write(files: &[(String, Vec<u8>)]) -> Result<Vec<u8>> {
    limits::check("files in the archive", files.len(), limits::ZIP_ENTRIES)?;
    let bytes: usize = files.iter().map(|(_, content)| content.len()).sum();
    limits::check("bytes in the archive", bytes, limits::ZIP_BYTES)?;
    let failed = |error: &dyn std::fmt::Display, name: &str| {
        Error::parameter(format!("the archive cannot be written ({error}): {name:?}"))
    };
    let stored = SimpleFileOptions::default().compression_method(CompressionMethod::Stored);
    let mut writer = ZipWriter::new(Cursor::new(Vec::with_capacity(bytes + 128 * files.len())));
    for (name, content) in files {
        writer.start_file(name.as_str(), stored).map_err(|error| failed(&error, name))?;
        writer.write_all(content).map_err(|error| failed(&error, name))?;
    }
    Ok(writer.finish().map_err(|error| failed(&error, "its directory"))?.into_inner())
}

fn broken(error: &ZipError) -> Error {
    match error {
        ZipError::UnsupportedArchive(what) => {
            Error::unsupported(format!("the archive cannot be unpacked ({what}); pack it again with plain ZIP"))
        }
        other => Error::format(format!("the ZIP archive is damaged: {other}")),
    }
}
