//! How loud it is: peak and root of the mean square.

use crate::report::sound::Level;

/// What silence is shown as, and the quiet end of the meters, in decibels.
const FLOOR_DBFS: f64 = -100.0;
/// The quiet end of the meters' bars.
const QUIET_DBFS: f64 = -60.0;

/// Gathers samples until it is asked how loud they were.
#[derive(Debug, Default)]
pub struct Meter {
    peak: f64,
    squares: f64,
    samples: u32,
}

impl Meter {
    /// Takes samples in.
    pub fn add(&mut self, samples: &[f32]) {
        for &sample in samples {
            let sample = f64::from(sample);
            self.peak = self.peak.max(sample.abs());
            self.squares += sample * sample;
        }
        self.samples += samples.len() as u32;
    }

    /// How loud it was since the last call.
    ///
    /// *Units*: decibels relative to full scale 1, not below -100.
    pub fn take(&mut self) -> Level {
        let Self { peak, squares, samples } = std::mem::take(self);
        let rms = libm::sqrt(squares / f64::from(samples.max(1)));
        let (peak_dbfs, rms_dbfs) = (dbfs(peak), dbfs(rms));
        let fraction = |level: f64| (1.0 - level / QUIET_DBFS).clamp(0.0, 1.0);
        Level { peak_dbfs, rms_dbfs, peak_fraction: fraction(peak_dbfs), rms_fraction: fraction(rms_dbfs) }
    }
}

fn dbfs(amplitude: f64) -> f64 {
    (20.0 * libm::log10(amplitude)).max(FLOOR_DBFS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_scale_sine_peaks_at_zero_and_has_three_decibels_less_on_average() {
        let mut meter = Meter::default();
        let sine: Vec<f32> = (0..4800).map(|n| libm::sinf(n as f32 * std::f32::consts::TAU / 48.0)).collect();
        sine.chunks(100).for_each(|part| meter.add(part));
        let level = meter.take();
        assert!(level.peak_dbfs.abs() < 1e-3, "{level:?}");
        assert!((level.rms_dbfs + 3.0103).abs() < 1e-3, "{level:?}");
        assert_eq!(level.peak_fraction, 1.0);
    }

    #[test]
    fn half_the_amplitude_is_six_decibels_less_and_silence_is_at_the_floor() {
        let mut meter = Meter::default();
        meter.add(&[0.25, -0.5, 0.5]);
        assert!((meter.take().peak_dbfs + 6.0206).abs() < 1e-3);
        let silent = meter.take();
        assert_eq!((silent.peak_dbfs, silent.rms_dbfs, silent.rms_fraction), (-100.0, -100.0, 0.0));
    }
}
