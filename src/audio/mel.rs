//! Mel filter banks: many frequencies become few bands, narrow where the ear is fine, wide where it is not.
//!
//! Two definitions are in use and differ in everything: the scale (HTK, Slaney), where the triangles are straight
//! (in mel, in hertz), and their height (1, or such that all have the same area).

/// Triangular filters over the bins of a spectrum.
#[derive(Debug, Clone)]
pub struct MelBank {
    bands: Vec<Band>,
}

/// The bins from `first` on that a filter weighs; all others have weight 0.
#[derive(Debug, Clone)]
struct Band {
    first: usize,
    weights: Vec<f32>,
}

impl MelBank {
    /// TensorFlow's filters (`tf.signal.linear_to_mel_weight_matrix`): HTK mel, straight in mel, height 1.
    ///
    /// The bin at 0 Hz is left out.
    ///
    /// *Units*: `sample_rate`, `low` and `high` in hertz; `bins` counts those of the spectrum, 0 Hz included.
    pub fn htk(bands: usize, bins: usize, sample_rate: f64, low: f64, high: f64) -> Self {
        let mel = |hertz: f64| 1127.0 * libm::log(1.0 + hertz / 700.0);
        let corner = corners(bands, mel(low), mel(high));
        let place: Vec<f64> = (0..bins).map(|bin| mel(bin_hertz(bin, bins, sample_rate))).collect();
        Self::triangles(bands, bins, |band, bin| match bin {
            0 => 0.0,
            _ => triangle(place[bin], &corner[band..band + 3]),
        })
    }

    /// librosa's filters (`librosa.filters.mel` by default): Slaney's mel, straight in hertz, all of the same area.
    ///
    /// *Units*: `sample_rate`, `low` and `high` in hertz; `bins` counts those of the spectrum, 0 Hz included.
    pub fn slaney(bands: usize, bins: usize, sample_rate: f64, low: f64, high: f64) -> Self {
        let corner: Vec<f64> =
            corners(bands, slaney_mel(low), slaney_mel(high)).into_iter().map(slaney_hertz).collect();
        Self::triangles(bands, bins, |band, bin| {
            let area = 2.0 / (corner[band + 2] - corner[band]);
            area * triangle(bin_hertz(bin, bins, sample_rate), &corner[band..band + 3])
        })
    }

    fn triangles(bands: usize, bins: usize, weight: impl Fn(usize, usize) -> f64) -> Self {
        let band = |band| {
            let weights: Vec<f32> = (0..bins).map(|bin| weight(band, bin) as f32).collect();
            let first = weights.iter().position(|&weight| weight > 0.0).unwrap_or(0);
            let end = weights.iter().rposition(|&weight| weight > 0.0).map_or(first, |last| last + 1);
            Band { first, weights: weights.get(first..end).unwrap_or_default().to_vec() }
        };
        Self { bands: (0..bands).map(band).collect() }
    }

    /// The number of bands.
    pub fn len(&self) -> usize {
        self.bands.len()
    }

    /// The number of weights that are not left out as 0 at either end of a band: multiplications of one spectrum.
    pub fn weights(&self) -> usize {
        self.bands.iter().map(|band| band.weights.len()).sum()
    }

    /// Whether there is no band.
    pub fn is_empty(&self) -> bool {
        self.bands.is_empty()
    }

    /// One more than the highest bin that any band hears.
    pub fn end(&self) -> usize {
        self.bands.iter().map(|band| band.first + band.weights.len()).max().unwrap_or(0)
    }

    /// The weighted sum of a spectrum in each band.
    ///
    /// *Shapes*: `spectrum` has the bins that the bank was made for, or those up to [`MelBank::end`]; `energies` has one
    /// value for each band.
    pub fn apply(&self, spectrum: &[f32], energies: &mut [f32]) {
        for (band, energy) in self.bands.iter().zip(energies) {
            let bins = spectrum.get(band.first..).unwrap_or_default();
            *energy = band.weights.iter().zip(bins).map(|(weight, bin)| weight * bin).sum();
        }
    }
}

/// The frequency of a bin; the last bin is half the sample rate.
fn bin_hertz(bin: usize, bins: usize, sample_rate: f64) -> f64 {
    bin as f64 * (sample_rate / 2.0) / (bins - 1) as f64
}

/// Where triangles begin, peak and end: band `i` has corners `i`, `i + 1` and `i + 2`.
fn corners(bands: usize, low: f64, high: f64) -> Vec<f64> {
    (0..bands + 2).map(|corner| low + (high - low) * corner as f64 / (bands + 1) as f64).collect()
}

/// Rises from 0 at the first corner to 1 at the second and falls to 0 at the third.
fn triangle(x: f64, corners: &[f64]) -> f64 {
    let &[low, peak, high] = corners else { return 0.0 };
    ((x - low) / (peak - low)).min((high - x) / (high - peak)).max(0.0)
}

/// Slaney's scale (Auditory Toolbox): straight to 1000 Hz, then logarithmic, 27 mel for a factor of 6.4.
fn slaney_mel(hertz: f64) -> f64 {
    if hertz < 1000.0 { hertz * 3.0 / 200.0 } else { 15.0 + 27.0 * libm::log(hertz / 1000.0) / libm::log(6.4) }
}

fn slaney_hertz(mel: f64) -> f64 {
    if mel < 15.0 { mel * 200.0 / 3.0 } else { 1000.0 * libm::exp((mel - 15.0) * libm::log(6.4) / 27.0) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slaney_scale_goes_there_and_back() {
        for hertz in [0.0, 440.0, 999.0, 1000.0, 5000.0, 8000.0] {
            assert!((slaney_hertz(slaney_mel(hertz)) - hertz).abs() < 1e-9 * (1.0 + hertz));
        }
    }

    #[test]
    fn htk_filters_add_up_to_one_between_the_first_and_last_peak() {
        let bank = MelBank::htk(40, 257, 16_000.0, 20.0, 4000.0);
        let mut total = vec![0.0; 257];
        for band in &bank.bands {
            for (bin, weight) in band.weights.iter().enumerate() {
                total[band.first + bin] += weight;
            }
        }
        // 20 Hz .. 4000 Hz are 27.. bins of 31.25 Hz; well inside, neighbouring triangles sum to 1.
        assert!(total[10..120].iter().all(|sum| (sum - 1.0).abs() < 1e-5));
        assert!(total[129..].iter().all(|&sum| sum == 0.0), "nothing is heard above 4000 Hz");
    }
}
