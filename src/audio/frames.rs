//! What all front ends have in common: frames of samples become rows of features.

use crate::error::Result;

/// Turns one frame of samples into a row of features; made once, used for every frame.
pub trait Frames: Send {
    /// Appends the features of a frame, which has as many samples as the front end says.
    ///
    /// # Errors
    /// Those of the Fourier transform.
    fn frame(&mut self, samples: &[f32], features: &mut Vec<f32>) -> Result<()>;

    /// Forgets the frames before, where they matter.
    fn reset(&mut self) {}
}

/// The number of whole frames in so many samples.
pub fn count(samples: usize, frame: usize, hop: usize) -> usize {
    samples.checked_sub(frame).map_or(0, |rest| rest / hop.max(1) + 1)
}

#[cfg(test)]
mod tests {
    use super::count;

    #[test]
    fn only_whole_frames_count() {
        assert_eq!([0, 479, 480, 799, 800, 16_000].map(|samples| count(samples, 480, 320)), [0, 0, 1, 1, 2, 49]);
    }
}
