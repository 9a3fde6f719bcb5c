//! The converters of an analog macro: what a digital-to-analog and an analog-to-digital conversion cost.
//!
//! *Source of all formulas and unit figures*: ZigZag-IMC (arXiv 2405.14978), as for [`super::gates`]; 28 nm.

/// Energy of one conversion of `bits` at `supply` volts, in joules: `(k5 b + k6 4^b) V^2`, with 100 fF and 1 aF.
pub fn adc_energy(bits: f64, supply: f64) -> f64 {
    (100e-15 * bits + 1e-18 * libm::pow(4.0, bits)) * supply * supply
}

/// Area of one converter, in square millimetres at 28 nm.
pub fn adc_area_mm2(bits: f64) -> f64 {
    libm::pow(10.0, -0.0369 * bits + 1.206) * libm::pow(2.0, bits) * 1e-6
}

/// Time of one conversion in seconds, over `rows` rows at 28 nm and 0.9 V.
pub fn adc_delay(bits: f64, rows: f64) -> f64 {
    bits * (0.00653 * rows + 0.640) * 1e-9
}

/// Energy of driving one input of `bits` at once, in joules: 50 fF for each bit, nothing for a single bit.
pub fn dac_energy(bits: f64, supply: f64) -> f64 {
    if bits <= 1.0 { 0.0 } else { 50e-15 * bits * supply * supply }
}

/// Bits that a converter needs where a source does not say: those of the inputs taken at once plus half of `log2(rows)`.
pub fn usual_bits(bits_at_once: f64, rows: f64) -> f64 {
    bits_at_once + 0.5 * libm::log2(rows)
}

/// Bits that lose nothing of a column of one-bit products over `rows` rows: `ceil(log2(rows + 1))`.
pub fn lossless_bits(rows: usize) -> u32 {
    usize::BITS - rows.leading_zeros()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_column_of_255_rows_needs_eight_bits_and_one_of_256_nine() {
        assert_eq!([1, 3, 4, 255, 256].map(lossless_bits), [1, 2, 3, 8, 9]);
    }

    #[test]
    fn a_conversion_costs_more_with_each_bit_and_grows_fourfold_in_the_end() {
        assert!((adc_energy(8.0, 1.0) - (800e-15 + 65.536e-15)).abs() < 1e-20);
        assert!(adc_energy(14.0, 1.0) / adc_energy(13.0, 1.0) > 2.5);
        assert_eq!(dac_energy(1.0, 1.0), 0.0);
        assert!(adc_delay(8.0, 256.0) > 18e-9 && adc_area_mm2(8.0) > 0.0 && usual_bits(4.0, 256.0) == 8.0);
    }
}
