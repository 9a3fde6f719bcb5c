//! Floats of 8 and 4 bits.
//!
//! *Source*: P. Micikevicius and others, "FP8 Formats for Deep Learning", arXiv 2209.05433: E4M3 without infinities and one NaN,
//! E5M2 as IEEE 754 has it; OCP Microscaling Formats (MX) 1.0, 2023, for E2M1.

use super::{Format, Sizes};

pub(super) const E2M1: Format = Format {
    name: "e2m1",
    label: "FP4: E2M1",
    sentence: "15 floats of 4 bits: TFLM has none; exact in int8, which Pack makes small",
    sizes: Sizes::Listed(&[0, 1, 2, 3, 4, 6, 8, 12]),
};
pub(super) const E4M3: Format = Format {
    name: "e4m3",
    label: "FP8: E4M3",
    sentence: "Floats of 8 bits: no TFLite runtime has them, so this is simulated in float32 and nothing gets smaller",
    sizes: Sizes::Floats { mantissa: 3, count: 127 },
};
pub(super) const E5M2: Format = Format {
    name: "e5m2",
    label: "FP8: E5M2",
    sentence: "Floats of 8 bits, wider and coarser: no TFLite runtime has them, so this is simulated in float32 and nothing gets \
               smaller",
    sizes: Sizes::Floats { mantissa: 2, count: 124 },
};

/// The first `count` floats from 0 on with so many bits of mantissa, in units of the smallest.
pub(super) fn sizes(mantissa: u32, count: u32) -> Vec<f64> {
    let value = |code: u32| {
        let (exponent, rest) = (code >> mantissa, f64::from(code & ((1 << mantissa) - 1)));
        // Without a leading one below the first exponent, and as large as that exponent's.
        if exponent == 0 { rest } else { (f64::from(1u32 << mantissa) + rest) * libm::exp2(f64::from(exponent - 1)) }
    };
    (0..count).map(value).collect()
}
