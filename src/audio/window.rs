//! Window functions, which fade a frame in and out before its spectrum is taken.

use std::f64::consts::TAU;

/// The periodic Hann window, as `tf.signal.hann_window` and `scipy.signal.get_window` give it.
///
/// Periodic means that the value after the last would be the first again, so the denominator is `length`.
///
/// ```
/// assert_eq!(milliwatt::audio::window::hann(4), [0.0, 0.5, 1.0, 0.5]);
/// ```
pub fn hann(length: usize) -> Vec<f32> {
    (0..length).map(|n| (0.5 - 0.5 * libm::cos(TAU * n as f64 / length as f64)) as f32).collect()
}

/// The symmetric Hamming window, as `tf.signal.hamming_window` gives it with `periodic=False`.
///
/// Symmetric means that the first and the last value are equal, so the denominator is `length - 1`.
pub fn hamming(length: usize) -> Vec<f32> {
    let last = length.saturating_sub(1).max(1) as f64;
    (0..length).map(|n| (0.54 - 0.46 * libm::cos(TAU * n as f64 / last)) as f32).collect()
}

/// The Kaiser window at `position` in `[-1, 1]`, 0 outside; a larger `beta` trades sharpness for less leakage.
///
/// *Source*: J. F. Kaiser, 1974; the Bessel function I0 is summed until its terms vanish.
pub fn kaiser(position: f64, beta: f64) -> f64 {
    if position.abs() > 1.0 {
        return 0.0;
    }
    bessel_i0(beta * libm::sqrt(1.0 - position * position)) / bessel_i0(beta)
}

fn bessel_i0(x: f64) -> f64 {
    let quarter = x * x / 4.0;
    let (mut sum, mut term) = (1.0, 1.0);
    for k in 1..64 {
        term *= quarter / f64::from(k * k);
        sum += term;
        if term < sum * 1e-17 {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kaiser_equals_numpy_at_known_points() {
        // numpy.kaiser(5, 8.0)
        for (position, expected) in [(0.0, 1.0), (0.5, 0.368_972_72), (1.0, 0.002_338_83)] {
            assert!((kaiser(position, 8.0) - expected).abs() < 1e-6, "{position}: {}", kaiser(position, 8.0));
        }
    }

    #[test]
    fn half_overlapped_hann_windows_sum_to_one() {
        let window = hann(480);
        assert!((0..240).all(|n| (window[n] + window[n + 240] - 1.0).abs() < 1e-6));
    }
}
