//! Whole numbers: one bit, ternary, and few levels.
//!
//! *Source*: M. Rastegari and others, "XNOR-Net", arXiv 1603.05279, for signs with the mean size as scale; F. Li, B. Liu, "Ternary
//! Weight Networks", arXiv 1605.04711.

use super::{Format, Sizes};

pub(super) const SIGN: Format = Format {
    name: "sign",
    label: "1 bit: sign",
    sentence: "Only the sign of each weight, times the mean size: exact in int8, and Pack takes 1 bit",
    sizes: Sizes::Listed(&[1]),
};
pub(super) const TERNARY: Format = Format {
    name: "ternary",
    label: "2 bits: -1, 0, 1",
    sentence: "Sign or zero: exact in int8, and Pack takes 2 bits or fewer",
    sizes: Sizes::Listed(&[0, 1]),
};
pub(super) const INTEGER3: Format = Format {
    name: "integer3",
    label: "3 bits: -3 to 3",
    sentence: "Evenly spaced: exact in int8, and Pack takes 3 bits or fewer",
    sizes: Sizes::Listed(&[0, 1, 2, 3]),
};
pub(super) const INTEGER6: Format = Format {
    name: "integer6",
    label: "6 bits: -31 to 31",
    sentence: "Evenly spaced: exact in int8, and Pack takes 6 bits or fewer",
    sizes: Sizes::UpTo(31),
};
pub(super) const INTEGER8: Format = Format {
    name: "integer8",
    label: "8 bits: -127 to 127",
    sentence: "Evenly spaced: exact in int8; without Quantize, what 8-bit weights alone lose, simulated in float32",
    sizes: Sizes::UpTo(127),
};
pub(super) const INTEGER4: Format = Format {
    name: "integer4",
    label: "4 bits: -7 to 7",
    sentence: "Evenly spaced: what int4 weights are, here to compare with, or with scales for groups",
    sizes: Sizes::Listed(&[0, 1, 2, 3, 4, 5, 6, 7]),
};
