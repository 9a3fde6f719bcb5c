//! Compressed sound: FLAC, MP3, Ogg and MPEG-4 are told apart from everything else here, and decoded by the browser.
//!
//! A browser's decoder converts to the rate that it is asked for. Asked for the file's own rate it converts nothing, so
//! the rate that the file states is read here.
//!
//! *Source*: RFC 9639 (FLAC), RFC 3533 (Ogg), RFC 7845 (Opus in Ogg), the Vorbis I specification, ISO/IEC 11172-3 (MP3),
//! the ID3v2.4 structure.

/// Whether these are the first bytes of FLAC, MP3, Ogg or MPEG-4.
pub fn is_compressed(bytes: &[u8]) -> bool {
    [&b"fLaC"[..], b"OggS", b"ID3"].iter().any(|magic| bytes.starts_with(magic))
        || bytes.get(4..8) == Some(b"ftyp")
        || mp3_rate(bytes).is_some()
}

/// The sample rate that a FLAC, Ogg or MP3 file states, `None` where it states none in its first bytes.
///
/// *Units*: hertz.
///
/// ```
/// use milliwatt::format::sound;
/// let mut flac = b"fLaC\0\0\0\x22".to_vec();
/// flac.resize(18, 0);
/// flac.extend([0x03, 0xe8, 0x00]); // 20 bits: 16 000
/// assert_eq!(sound::sample_rate(&flac), Some(16_000));
/// ```
pub fn sample_rate(bytes: &[u8]) -> Option<u32> {
    let rate = if bytes.starts_with(b"fLaC") {
        // 20 bits behind the sizes of blocks and frames in the first metadata block.
        u32::from_be_bytes([0, *bytes.get(18)?, *bytes.get(19)?, *bytes.get(20)?]) >> 4
    } else if bytes.starts_with(b"OggS") {
        ogg_rate(bytes)?
    } else {
        mp3_rate(behind_id3(bytes)?)?
    };
    (rate > 0).then_some(rate)
}

/// The first packet begins behind the page's table of segments.
fn ogg_rate(bytes: &[u8]) -> Option<u32> {
    let packet = bytes.get(27 + usize::from(*bytes.get(26)?)..)?;
    if packet.starts_with(b"OpusHead") {
        // Opus always plays at 48 kHz; what its header states is where it was recorded.
        return Some(48_000);
    }
    let rate = packet.strip_prefix(b"\x01vorbis")?.get(5..9)?;
    rate.try_into().ok().map(u32::from_le_bytes)
}

/// The bytes after an ID3 tag, whose length has seven bits in each byte.
fn behind_id3(bytes: &[u8]) -> Option<&[u8]> {
    let Some(tag) = bytes.strip_prefix(b"ID3") else { return Some(bytes) };
    let length = tag.get(3..7)?.iter().fold(0, |length, &byte| length << 7 | usize::from(byte & 0x7f));
    tag.get(7 + length..)
}

/// The rate in the header of an MPEG audio frame of layer III; `None` for anything else.
fn mp3_rate(bytes: &[u8]) -> Option<u32> {
    let &[0xff, second, third, ..] = bytes else { return None };
    let (sync, version, layer) = (second >> 5, second >> 3 & 3, second >> 1 & 3);
    let (bitrate, rate) = (third >> 4, third >> 2 & 3);
    // Layer III is 1; version 1 and rate 3 are reserved; bit rate 15 is forbidden.
    if sync != 7 || version == 1 || layer != 1 || bitrate == 15 {
        return None;
    }
    let full = [44_100, 48_000, 32_000].get(usize::from(rate))?;
    // Version 3 is MPEG-1; MPEG-2 halves the rate, MPEG-2.5 halves it again.
    Some(
        full >> match version {
            3 => 0,
            2 => 1,
            _ => 2,
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ogg(packet: &[u8]) -> Vec<u8> {
        let mut bytes = b"OggS".to_vec();
        bytes.resize(26, 0);
        bytes.extend([2, 30, 0]);
        bytes.extend(packet);
        bytes
    }

    #[test]
    fn the_rate_is_read_where_each_format_states_it() {
        let mut vorbis = b"\x01vorbis\0\0\0\0\x01".to_vec();
        vorbis.extend(22_050u32.to_le_bytes());
        assert_eq!(sample_rate(&ogg(&vorbis)), Some(22_050));
        assert_eq!(sample_rate(&ogg(b"OpusHead\x01\x01\0\0\x80\x3e\0\0")), Some(48_000));
        for (header, rate) in [
            ([0xff, 0xfb, 0x90], 44_100),
            ([0xff, 0xfa, 0x94], 48_000),
            ([0xff, 0xf3, 0x48], 16_000),
            ([0xff, 0xe3, 0x40], 11_025),
        ] {
            assert_eq!(sample_rate(&header), Some(rate), "{header:x?}");
        }
        let mut tagged = b"ID3\x04\0\0\0\0\x01\x02".to_vec();
        tagged.resize(10 + 130, b'x');
        tagged.extend([0xff, 0xfb, 0x90]);
        assert_eq!(sample_rate(&tagged), Some(44_100), "behind a tag of 130 bytes");
    }

    #[test]
    fn a_file_that_is_cut_anywhere_states_no_rate_and_is_no_panic() {
        let files = [
            ogg(b"\x01vorbis\0\0\0\0\x01\x22\x56\0\0"),
            b"fLaC\0\0\0\x22".to_vec(),
            b"ID3\x04\0\0\x7f\x7f\x7f\x7f".to_vec(),
        ];
        for file in files {
            for length in 0..file.len() {
                assert_eq!(sample_rate(&file[..length]), None);
            }
        }
    }

    #[test]
    fn compressed_sound_is_recognised_and_other_bytes_are_not() {
        for bytes in [&b"fLaC"[..], b"OggS", b"ID3\x03", b"\0\0\0\x20ftypM4A ", b"\xff\xfb\x90\x00"] {
            assert!(is_compressed(bytes), "{bytes:x?}");
        }
        for bytes in [&[0xff; 40][..], b"\xff\xfe\0\0", b"RIFF", b"\x1c\0\0\0TFL3", b"\xff\xf1\x50"] {
            assert!(!is_compressed(bytes), "{bytes:x?}");
        }
    }
}
