//! IMA ADPCM in WAV: four bits a sample, each the difference to what was expected, in steps that follow the sound.
//!
//! A quarter of 16-bit sound, and what is lost is a noise that rises and falls with the sound, some 25 to 35 dB below it.
//! One channel only. A file is blocks; each begins with a whole sample and the step that holds there, so that it can be
//! read alone.
//!
//! *Source*: Interactive Multimedia Association, "Recommended Practices for Enhancing Digital Audio Compatibility in
//! Multimedia Systems", 1992; Microsoft, "Multimedia Standards Update", 1994 (the form in WAV, tag 0x11).

use crate::error::{Error, Result};

/// What WAV calls this form.
pub(super) const TAG: u16 = 0x11;
/// Bytes of a block as it is written here: a block of 1009 samples.
const BLOCK: usize = 508;
/// The sample that a block begins with, its step, and a byte that means nothing.
const HEAD: usize = 4;

/// The sizes of the steps.
const STEPS: [i32; 89] = [
    7, 8, 9, 10, 11, 12, 13, 14, 16, 17, 19, 21, 23, 25, 28, 31, 34, 37, 41, 45, 50, 55, 60, 66, 73, 80, 88, 97, 107,
    118, 130, 143, 157, 173, 190, 209, 230, 253, 279, 307, 337, 371, 408, 449, 494, 544, 598, 658, 724, 796, 876, 963,
    1060, 1166, 1282, 1411, 1552, 1707, 1878, 2066, 2272, 2499, 2749, 3024, 3327, 3660, 4026, 4428, 4871, 5358, 5894,
    6484, 7132, 7845, 8630, 9493, 10442, 11487, 12635, 13899, 15289, 16818, 18500, 20350, 22385, 24623, 27086, 29794,
    32767,
];
/// How far the step moves after each magnitude of a code.
const MOVES: [i32; 8] = [-1, -1, -1, -1, 2, 4, 6, 8];

/// What reader and writer both know.
#[derive(Clone, Copy)]
struct State {
    sample: i32,
    step: i32,
}

impl State {
    fn step(self) -> i32 {
        STEPS.get(self.step as usize).copied().unwrap_or(7)
    }

    /// Takes a code of four bits: the sign, then half, a quarter and an eighth of the way of two steps.
    fn take(&mut self, code: u8) {
        let step = self.step();
        let mut change = step >> 3;
        for (bit, part) in [(4, step), (2, step >> 1), (1, step >> 2)] {
            if code & bit != 0 {
                change += part;
            }
        }
        let change = if code & 8 != 0 { -change } else { change };
        self.sample = (self.sample + change).clamp(-32_768, 32_767);
        self.step = (self.step + MOVES[usize::from(code & 7)]).clamp(0, STEPS.len() as i32 - 1);
    }

    /// The code that comes nearest to a sample from below.
    fn code(self, sample: i32) -> u8 {
        let mut rest = (sample - self.sample).abs();
        let mut code = if sample < self.sample { 8 } else { 0 };
        for (bit, part) in [(4, self.step()), (2, self.step() >> 1), (1, self.step() >> 2)] {
            if rest >= part {
                code |= bit;
                rest -= part;
            }
        }
        code
    }
}

/// The samples of a file of blocks of so many bytes; the last may be shorter.
///
/// *Units*: 16-bit samples divided by 2^15.
///
/// # Errors
/// `Format` for a block that is cut in its head or begins with a step that there is not.
pub(super) fn read(data: &[u8], block: usize) -> Result<Vec<f32>> {
    let mut samples = Vec::with_capacity(2 * data.len());
    let mut push = |state: State| samples.push(state.sample as f32 / 32_768.0);
    for (index, block) in data.chunks(block.max(HEAD)).enumerate() {
        let Some((&[low, high, step, _], codes)) = block.split_first_chunk::<HEAD>() else {
            return Err(Error::format(format!("block {index} of the sound is cut short")));
        };
        if usize::from(step) >= STEPS.len() {
            return Err(Error::format(format!(
                "block {index} of the sound begins with step {step} of {}",
                STEPS.len()
            )));
        }
        let mut state = State { sample: i16::from_le_bytes([low, high]).into(), step: step.into() };
        push(state);
        for pair in codes {
            for code in [pair & 15, pair >> 4] {
                state.take(code);
                push(state);
            }
        }
    }
    Ok(samples)
}

/// The whole WAV file of 16-bit samples.
pub(super) fn write(sample_rate: u32, samples: &[i16]) -> Vec<u8> {
    let each = 2 * (BLOCK - HEAD) + 1;
    let mut data = Vec::with_capacity(samples.len() / 2 + HEAD * samples.len() / each + HEAD);
    // The first step is as wide as the first difference, so that a sound which begins loud is followed at once.
    let first = samples.first_chunk().map_or(0, |&[one, two]: &[i16; 2]| i32::from(one).abs_diff(i32::from(two)));
    let mut step = STEPS.iter().position(|&step| step.unsigned_abs() >= first).unwrap_or(STEPS.len() - 1) as i32;
    for block in samples.chunks(each) {
        let Some((&first, rest)) = block.split_first() else { continue };
        let mut state = State { sample: first.into(), step };
        data.extend(first.to_le_bytes());
        data.extend([step as u8, 0]);
        for pair in rest.chunks(2) {
            let mut byte = 0;
            for (half, &sample) in pair.iter().enumerate() {
                let code = state.code(sample.into());
                state.take(code);
                byte |= code << (4 * half);
            }
            data.push(byte);
        }
        step = state.step;
    }
    let padded = data.len().next_multiple_of(2);
    let mut bytes = Vec::with_capacity(60 + padded);
    bytes.extend(b"RIFF");
    bytes.extend((52 + padded as u32).to_le_bytes());
    bytes.extend(b"WAVEfmt \x14\0\0\0");
    let bytes_a_second = (u64::from(sample_rate) * BLOCK as u64 / each as u64) as u32;
    for half in [TAG, 1] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(sample_rate.to_le_bytes());
    bytes.extend(bytes_a_second.to_le_bytes());
    for half in [BLOCK as u16, 4, 2, each as u16] {
        bytes.extend(half.to_le_bytes());
    }
    bytes.extend(b"fact\x04\0\0\0");
    bytes.extend((samples.len() as u32).to_le_bytes());
    bytes.extend(b"data");
    bytes.extend((data.len() as u32).to_le_bytes());
    bytes.extend(&data);
    bytes.resize(60 + padded, 0);
    bytes
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_move_sample_and_step_as_the_recommendation_says() {
        // By hand: step 7 gives 0 + 1 + 3 + 7 = 11 for the code 7, then eight steps up; the code 8 is minus an eighth.
        let mut state = State { sample: 0, step: 0 };
        state.take(7);
        assert_eq!((state.sample, state.step), (11, 8));
        state.take(8);
        assert_eq!((state.sample, state.step), (11 - 2, 7));
    }

    #[test]
    fn a_block_begins_with_its_first_sample_and_every_code_is_one_more() {
        let samples = read(&[0x34, 0x12, 0, 0, 0x07, 0x08], 6).unwrap();
        assert_eq!(samples[0], 4660.0 / 32_768.0);
        assert_eq!(samples.len(), 5);
        assert_eq!(samples[1], 4671.0 / 32_768.0, "the low half of a byte comes first");
    }

    #[test]
    fn damaged_blocks_are_error_sentences() {
        assert_eq!(read(&[0, 0, 89, 0], 508).unwrap_err().message(), "block 0 of the sound begins with step 89 of 89");
        assert_eq!(read(&[0; 9], 8).unwrap_err().message(), "block 1 of the sound is cut short");
    }
}
