//! Powers of two, which multiply by shifting, and sums of two of them.
//!
//! *Source*: D. Miyashita, E. Lee, B. Murmann, "Convolutional Neural Networks using Logarithmic Data Representation", arXiv
//! 1603.01025; Y. Li, X. Dong, W. Wang, "Additive Powers-of-Two Quantization", arXiv 1909.13144, with the two lists of powers of
//! its published code.

use super::{Format, Sizes};

pub(super) const POWER3: Format = Format {
    name: "power3",
    label: "Powers of two, 3 bits",
    sentence: "0 and three powers of two: hardware multiplies by shifting, TFLM cannot; exact in int8, which Pack makes small",
    sizes: Sizes::Listed(&[0, 1, 2, 4]),
};
pub(super) const POWER4: Format = Format {
    name: "power4",
    label: "Powers of two, 4 bits",
    sentence: "0 and seven powers of two: hardware multiplies by shifting, TFLM cannot; exact in int8, which Pack makes small",
    sizes: Sizes::Listed(&[0, 1, 2, 4, 8, 16, 32, 64]),
};
pub(super) const ADDITIVE4: Format = Format {
    name: "additive4",
    label: "Sums of powers, 4 bits",
    sentence: "Sums of two powers of two: two shifts in hardware, not in TFLM; exact in int8, which Pack makes small",
    sizes: Sizes::Listed(&[0, 1, 2, 3, 4, 6, 8, 10]),
};
pub(super) const ADDITIVE5: Format = Format {
    name: "additive5",
    label: "Sums of powers, 5 bits",
    sentence: "Sums of two powers of two, 31 values: two shifts in hardware, not in TFLM; exact in int8, which Pack makes small",
    sizes: Sizes::Listed(&[0, 1, 2, 3, 4, 6, 8, 9, 12, 16, 18, 24, 32, 33, 36, 48]),
};
