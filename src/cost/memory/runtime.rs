//! The builds of TFLM whose arena is known: which kernels, on which core, and how large TFLM's structures are there.
//!
//! *Source*: TFLM and CMSIS-NN of August 2026, esp-nn 1.2.3, each measured with real networks (on an emulated Cortex-M4
//! and M55, on a 32-bit and a 64-bit host); the wheel is `tflite-micro` 0.dev20261023182759. Another release may keep a
//! few bytes more or fewer.

/// A build of TFLM.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Runtime {
    /// TFLM's reference kernels on a 32-bit Arm core.
    Reference,
    /// The same on Xtensa and RISC-V, where enumerations take four bytes: derived from measured parts.
    ReferenceWideEnums,
    /// TFLM's reference kernels on a 64-bit computer.
    Reference64,
    /// The Python wheel `tflite-micro`: 64-bit reference kernels, built with `USE_TFLM_COMPRESSION` and an allocator that
    /// keeps records.
    Wheel,
    /// CMSIS-NN on cores without DSP instructions: Cortex-M0 to M3.
    CmsisNnScalar,
    /// CMSIS-NN on cores with DSP instructions: Cortex-M4, M7, M33.
    CmsisNn,
    /// CMSIS-NN on cores with MVE (Helium): Cortex-M55, M85; built for speed, as TFLM's makefile does by default.
    CmsisNnMve,
    /// The same, built with `KERNELS_OPTIMIZED_FOR_SIZE`.
    CmsisNnMveSmall,
    /// ESP-NN on the ESP32-S3.
    EspNnS3,
}

/// Whose kernels run, as far as what they keep and ask for differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kernels {
    Reference,
    CmsisNn(Core),
    EspNnS3,
}

/// What a Cortex-M can do with several numbers at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Core {
    /// Nothing.
    Scalar,
    /// DSP instructions.
    Dsp,
    /// Vectors; whether sums of weights are computed once (for speed) or at each inference (for size).
    Mve { speed: bool },
}

/// The structures of TFLM's interpreter, in bytes.
pub(super) struct Abi {
    pub pointer: u64,
    /// The arena's allocator, the planner, TFLM's allocator and that of options, in this order.
    pub start: [u64; 4],
    /// `SubgraphAllocations`.
    pub graph: u64,
    /// `TfLiteEvalTensor`, one for each tensor of the file.
    pub tensor: u64,
    /// `NodeAndRegistration`, one for each node.
    pub node: u64,
    /// `TfLiteTensor`, one for each input and output of the model, and for what a kernel looks at while it prepares.
    pub port: u64,
    /// `TfLiteAffineQuantization`, for each of them that is quantized.
    pub affine: u64,
    /// A request for scratch memory, while networks are loaded.
    pub request: u64,
    /// What the planner is told of each tensor and each request, while it works.
    pub planned: u64,
    /// Whether an enumeration takes one byte.
    pub short_enums: bool,
    /// What is kept beside all this: records of the wheel's allocator.
    pub records: u64,
}

const ARM: Abi = Abi {
    pointer: 4,
    start: [36, 44, 36, 8],
    graph: 8,
    tensor: 12,
    node: 32,
    port: 32,
    affine: 12,
    request: 12,
    planned: 24,
    short_enums: true,
    records: 0,
};
const WIDE_ENUMS: Abi = Abi { port: 40, short_enums: false, ..ARM };
const HOST: Abi = Abi {
    pointer: 8,
    start: [72, 72, 72, 16],
    graph: 16,
    tensor: 24,
    node: 64,
    port: 64,
    affine: 24,
    request: 16,
    planned: 32,
    short_enums: false,
    records: 0,
};
const WHEEL: Abi = Abi { records: 240, ..HOST };

impl Runtime {
    /// Every build.
    pub const ALL: [Self; 9] = [
        Self::Reference,
        Self::ReferenceWideEnums,
        Self::Reference64,
        Self::Wheel,
        Self::CmsisNnScalar,
        Self::CmsisNn,
        Self::CmsisNnMve,
        Self::CmsisNnMveSmall,
        Self::EspNnS3,
    ];

    /// What it is called in a sentence.
    pub fn label(self) -> &'static str {
        match self {
            Self::Reference => "reference kernels, 32-bit Arm",
            Self::ReferenceWideEnums => "reference kernels, 32-bit Xtensa or RISC-V",
            Self::Reference64 => "reference kernels, 64-bit",
            Self::Wheel => "reference kernels, 64-bit, built with USE_TFLM_COMPRESSION as the Python wheel is",
            Self::CmsisNnScalar => "CMSIS-NN, Cortex-M0 to M3",
            Self::CmsisNn => "CMSIS-NN, Cortex-M4, M7 or M33",
            Self::CmsisNnMve => "CMSIS-NN, Cortex-M55 or M85",
            Self::CmsisNnMveSmall => "CMSIS-NN, Cortex-M55 or M85, built for size",
            Self::EspNnS3 => "ESP-NN, ESP32-S3",
        }
    }

    pub(super) fn kernels(self) -> Kernels {
        match self {
            Self::Reference | Self::ReferenceWideEnums | Self::Reference64 | Self::Wheel => Kernels::Reference,
            Self::CmsisNnScalar => Kernels::CmsisNn(Core::Scalar),
            Self::CmsisNn => Kernels::CmsisNn(Core::Dsp),
            Self::CmsisNnMve => Kernels::CmsisNn(Core::Mve { speed: true }),
            Self::CmsisNnMveSmall => Kernels::CmsisNn(Core::Mve { speed: false }),
            Self::EspNnS3 => Kernels::EspNnS3,
        }
    }

    pub(super) fn abi(self) -> &'static Abi {
        match self {
            Self::ReferenceWideEnums | Self::EspNnS3 => &WIDE_ENUMS,
            Self::Reference64 => &HOST,
            Self::Wheel => &WHEEL,
            _ => &ARM,
        }
    }
}
