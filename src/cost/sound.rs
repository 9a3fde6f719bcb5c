//! What sound arithmetic costs on a board: cycles, energy and power from counted operations.
//!
//! Three figures are multiplied, and each is worth something else:
//!
//! - *operations*, which are counted exactly (`audio::counts`);
//! - *cycles for each*, which the core's maker or its compiler's authors state, times what loads, stores and loops add.
//!   That factor comes from one public table of measured times: its Fourier transforms give the value, its worst loop
//!   the upper end. The lower end is the arithmetic alone, which nothing can undercut. No board of the shelf was measured
//!   with this code, so the band is wide;
//! - *energy of a cycle*, which follows from the board's MLPerf Tiny submissions: energy times rate is power, divided by
//!   the clock. It is that of integer networks, and the spread over them is part of the band.

use super::budget::{ONE_MILLIWATT, number};
use super::device::Device;
use super::estimate::Modelled;
use crate::audio::counts::Operations;
use crate::audio::normalize::price::Numbers;
use crate::error::{Error, Result};
use crate::units::{Cycles, Hertz, Joules, Watts};

/// What one second of sound costs on a device.
#[derive(Debug, Clone, PartialEq)]
pub struct SoundCost {
    /// The device's identifier.
    pub device: &'static str,
    /// Clock cycles for each second of sound.
    pub cycles: Modelled<Cycles>,
    /// The share of time that the core works on it; above 1 it cannot keep up.
    pub busy: Modelled<f64>,
    /// Energy for each second of sound.
    pub energy: Modelled<Joules>,
    /// The same as average power, without waiting, microphone and converter.
    pub average_power: Modelled<Watts>,
    /// Average power as a part of one milliwatt.
    pub share_of_milliwatt: Modelled<f64>,
    /// What the figures rest on, in words.
    pub basis: String,
    /// The result in words.
    pub sentence: String,
}

/// Cycles of one operation each.
#[derive(Debug, Clone, Copy)]
struct Each {
    add: f64,
    multiply: f64,
    compare: f64,
    shift: f64,
    divide: f64,
    root: f64,
}

/// A core's timing.
struct Timing {
    float: Each,
    whole: Each,
    measured: &'static Measured,
    source: &'static str,
}

/// Times of three loops over `length` numbers in 32-bit floating point, measured by a third party.
struct Measured {
    clock: Hertz,
    /// Length and microseconds of the complex Fourier transform of CMSIS-DSP, `arm_cfft_f32`.
    transforms: [(f64, f64); 3],
    /// Length and microseconds of taking the magnitudes of complex numbers.
    magnitudes: (f64, f64),
    what: &'static str,
}

/// *Source*: NXP community, "How to improve i.MX RT1024 RFFT execution time too long?", table in the accepted answer.
static K64: Measured = Measured {
    clock: Hertz(120e6),
    transforms: [(256.0, 236.0), (512.0, 427.0), (1024.0, 1073.0)],
    magnitudes: (1024.0, 1730.0),
    what: "a Cortex-M4 (NXP K64, 120 MHz)",
};

/// *Source*: the same table.
static RT1024: Measured = Measured {
    clock: Hertz(500e6),
    transforms: [(256.0, 33.4), (512.0, 64.0), (1024.0, 155.0)],
    magnitudes: (1024.0, 66.0),
    what: "a Cortex-M7 (NXP i.MX RT1024, 500 MHz)",
};

/// *Source*: Texas Instruments SWCU192, tables 3-25 and 3-27, which reprint Arm's Cortex-M4 reference manual: VADD, VMUL,
/// VCMP, VMRS 1 each (a compare is the last two), VDIV and VSQRT 14; whole numbers 1, also for long products, SDIV up to
/// 12. A compare that selects is two instructions. There is no whole root: 32 steps of four operations (derived).
const M4_FLOAT: Each = Each { add: 1.0, multiply: 1.0, compare: 2.0, shift: 1.0, divide: 14.0, root: 14.0 };
const M4_WHOLE: Each = Each { add: 1.0, multiply: 1.0, compare: 2.0, shift: 1.0, divide: 12.0, root: 128.0 };

static M4: Timing = Timing {
    float: M4_FLOAT,
    whole: M4_WHOLE,
    measured: &K64,
    source: "Arm's table of Cortex-M4 cycles as reprinted in Texas Instruments SWCU192",
};

static M33: Timing = Timing {
    float: M4_FLOAT,
    whole: M4_WHOLE,
    measured: &K64,
    source: "the Cortex-M4's cycles, since none are published for the Cortex-M33; LLVM schedules both alike (ARM.td)",
};

static M7: Timing = Timing {
    float: Each { compare: 1.0, divide: 16.0, root: 16.0, ..M4_FLOAT },
    whole: M4_WHOLE,
    measured: &RT1024,
    source: "LLVM's schedule of the Cortex-M7 (ARMScheduleM7.td), since Arm publishes none",
};

impl Timing {
    /// By the name of the core in the device table, which may go on.
    fn of(device: &Device) -> Option<&'static Self> {
        [("Cortex-M4", &M4), ("Cortex-M33", &M33), ("Cortex-M7", &M7)]
            .into_iter()
            .find_map(|(core, timing)| device.core.starts_with(core).then_some(timing))
    }

    /// Cycles of the arithmetic alone.
    fn arithmetic(&self, operations: &Operations, numbers: Numbers) -> f64 {
        let each = match numbers {
            Numbers::Float32 => &self.float,
            Numbers::Q15 => &self.whole,
        };
        let operations = operations.expanded();
        [
            (operations.adds, each.add),
            (operations.multiplies, each.multiply),
            (operations.compares, each.compare),
            (operations.shifts, each.shift),
            (operations.divides, each.divide),
            (operations.roots, each.root),
        ]
        .into_iter()
        .map(|(count, cycles)| count as f64 * cycles)
        .sum()
    }

    /// Cycles for each cycle of arithmetic in the measured table: the mean of this core's transforms, and the worst
    /// loop on either core.
    ///
    /// A complex transform of length n counts `5 n log2 n` operations, the usual number.
    fn overhead(&self) -> (f64, f64) {
        let Measured { clock, transforms, .. } = self.measured;
        let ratios = transforms.map(|(n, time)| time * 1e-6 * clock.0 / (5.0 * n * libm::log2(n)));
        (ratios.iter().sum::<f64>() / 3.0, M4.magnitudes().max(M7.magnitudes()))
    }

    /// The same of the loop that takes magnitudes.
    fn magnitudes(&self) -> f64 {
        let (n, time) = self.measured.magnitudes;
        let each = Operations { multiplies: 2, adds: 1, roots: 1, ..Operations::default() };
        time * 1e-6 * self.measured.clock.0 / (n * self.arithmetic(&each, Numbers::Float32))
    }
}

/// Cycles, energy and average power of so many operations for each second of sound.
///
/// # Errors
/// `Unsupported`, with the reason in words, for a core whose timing is not published, or a board of which no energy is.
///
/// ```
/// use milliwatt::audio::normalize::{normalizer, price::{Form, Numbers}};
/// use milliwatt::cost;
/// let peak = normalizer("peak")?;
/// let price = peak.cost(16_000, Form::Clip, Numbers::Float32, &peak.defaults())?;
/// let cost = cost::sound(&price.operations, Numbers::Float32, &cost::devices()[4])?;
/// assert!(cost.share_of_milliwatt.high < 0.1, "peak normalization is cheap");
/// # Ok::<(), milliwatt::Error>(())
/// ```
pub fn sound(operations: &Operations, numbers: Numbers, device: &'static Device) -> Result<SoundCost> {
    let timing = Timing::of(device).ok_or_else(|| {
        Error::unsupported(format!(
            "how many cycles an operation takes is not known for {} ({})",
            device.name, device.core
        ))
    })?;
    let clock = device.clock.value.0;
    let powers: Vec<f64> = device
        .submissions
        .first()
        .map(|submission| submission.results.iter().filter_map(|r| Some(r.energy?.0 * r.rate.0)).collect())
        .unwrap_or_default();
    if powers.is_empty() {
        return Err(Error::unsupported(format!("no energy was published for {}, so none is predicted", device.name)));
    }
    let arithmetic = timing.arithmetic(operations, numbers);
    let (usual, worst) = timing.overhead();
    let cycles = [arithmetic * usual, arithmetic, arithmetic * worst];
    let mean = powers.iter().sum::<f64>() / powers.len() as f64;
    let power = [mean, powers.iter().copied().fold(mean, f64::min), powers.iter().copied().fold(mean, f64::max)];
    let average: [f64; 3] = std::array::from_fn(|i| cycles[i] / clock * power[i]);
    let average_power = modelled(average, Watts);
    let busy = modelled(cycles, |cycles| cycles / clock);
    let share = modelled(average, |watts| watts / ONE_MILLIWATT.0);
    let milliwatts = average.map(|watts| number(watts * 1e3));
    let sentence = match busy.value <= 1.0 {
        false => format!("Cannot keep up: a second of sound takes {} s", number(busy.value)),
        true => format!(
            "{} mW ({} to {}), {} % of one milliwatt; waiting and microphone not included",
            milliwatts[0],
            milliwatts[1],
            milliwatts[2],
            number(share.value * 100.0)
        ),
    };
    Ok(SoundCost {
        device: device.id,
        cycles: modelled(cycles, Cycles),
        busy,
        // Watts are joules for each second of sound.
        energy: modelled(average, Joules),
        average_power,
        share_of_milliwatt: share,
        basis: format!(
            "Counted operations; cycles for each from {}; loads, stores and loops multiply them by {} as in Fourier \
             transforms measured on {}, by nothing at the lower end and by {} as in the worst loop of the same table at the upper; \
             energy of a cycle from the power of MLPerf Tiny's networks on the same board",
            timing.source,
            number(usual),
            timing.measured.what,
            number(worst)
        ),
        sentence,
    })
}

fn modelled<T>([value, low, high]: [f64; 3], unit: impl Fn(f64) -> T) -> Modelled<T> {
    Modelled { value: unit(value), low: unit(low), high: unit(high) }
}

#[cfg(test)]
mod tests {
    use super::super::device::{devices, find};
    use super::*;

    #[test]
    fn loads_and_loops_cost_what_the_measured_table_says() {
        // (28320 / 10240 + 51240 / 23040 + 128760 / 51200) / 3, and 207600 / 17408.
        let (usual, worst) = M4.overhead();
        assert!((usual - 2.501_5).abs() < 1e-3 && (worst - 11.925).abs() < 1e-3, "{usual} {worst}");
        let (usual, worst) = M7.overhead();
        assert!((usual - 1.511).abs() < 1e-3 && (worst - 11.925).abs() < 1e-3, "{usual} {worst}");
    }

    #[test]
    fn a_million_additions_a_second_cost_their_cycles_times_the_energy_of_a_cycle() {
        let operations = Operations { adds: 1_000_000, ..Operations::default() };
        let cost = sound(&operations, Numbers::Float32, find("nucleo-u385rg-q").unwrap()).unwrap();
        assert_eq!(cost.cycles.low, Cycles(1e6));
        assert!((cost.cycles.value.0 - 2.501_5e6).abs() < 1e3);
        // 31.835 uJ * 184.851/s, 965.582 * 5.481, 245.341 * 20.703 and 518.976 * 10.128 are 5.378 mW on average at 96 MHz.
        assert!((cost.average_power.value.0 - 2.501_5e6 / 96e6 * 5.378e-3).abs() < 1e-7, "{:?}", cost.average_power);
        assert!(cost.average_power.low.0 < cost.average_power.value.0);
        assert_eq!(cost.share_of_milliwatt.value, cost.average_power.value.0 / 1e-3);
    }

    #[test]
    fn a_core_without_published_timing_says_so_and_every_other_has_a_figure() {
        for device in devices() {
            let operations = Operations { adds: 1, ..Operations::default() };
            match sound(&operations, Numbers::Q15, device) {
                Ok(cost) => {
                    assert!(cost.cycles.low.0 < cost.cycles.value.0 && cost.cycles.value.0 < cost.cycles.high.0)
                }
                Err(error) => {
                    assert!(device.core.contains("RISC-V"), "{}: {error}", device.name);
                    assert!(error.message().contains("not known"), "{error}");
                }
            }
        }
    }

    #[test]
    fn more_than_the_core_can_do_is_said_in_words() {
        let operations = Operations { divides: 100_000_000, ..Operations::default() };
        let cost = sound(&operations, Numbers::Float32, find("nucleo-l4r5zi").unwrap()).unwrap();
        assert!(cost.sentence.starts_with("Cannot keep up"), "{}", cost.sentence);
    }
}
