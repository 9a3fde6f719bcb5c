//! The device shelf: one row for each board, each figure with its source and how far it is to be trusted.
//!
//! To add a device: add its measurements to [`published`], then a row here. A figure that no source
//! gives stays `None`; what cannot be computed without it is then said to be unknown.

use serde::Serialize;

use super::fit::Family;
use super::published::{self, STREAM_FRAME, Stream, Submission};
use crate::units::{Bytes, Hertz, Watts};

/// How far a figure is to be trusted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// Read in a submitted result file.
    Parsed,
    /// Stated by the source that is named.
    Stated,
    /// Computed from stated figures, as the source says.
    Derived,
}

/// A figure with its source.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Fact<T> {
    /// The figure.
    pub value: T,
    /// Where it stands, or how it was computed.
    pub source: &'static str,
    /// How far it is to be trusted.
    pub confidence: Confidence,
}

const fn stated<T>(value: T, source: &'static str) -> Fact<T> {
    Fact { value, source, confidence: Confidence::Stated }
}

const fn parsed<T>(value: T, source: &'static str) -> Fact<T> {
    Fact { value, source, confidence: Confidence::Parsed }
}

/// The power of a board while it computes.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Active {
    /// The mean over its results.
    pub value: Watts,
    /// The worst ratio between a result and the mean of the others.
    pub factor: f64,
}

/// A board or chip that a model can be costed for.
#[derive(Debug, Clone, PartialEq)]
pub struct Device {
    /// Stable identifier, as in links.
    pub id: &'static str,
    /// Name to show.
    pub name: &'static str,
    /// The chip, by which results of other boards are known to be of the same silicon.
    pub chip: &'static str,
    /// The processor.
    pub core: &'static str,
    /// The clock that the figures are for.
    pub clock: Fact<Hertz>,
    /// The supply voltage that the energies were measured at.
    pub supply: &'static str,
    /// Flash, or other memory that keeps the model.
    pub flash: Option<Fact<Bytes>>,
    /// RAM, all banks together.
    pub ram: Option<Fact<Bytes>>,
    /// What its time goes into.
    pub family: Family,
    /// Measurements to fit to, at most one for each precision.
    pub submissions: &'static [&'static Submission],
    /// Power in the deepest mode that keeps all of RAM and wakes by itself.
    pub stop_power: Option<Fact<Watts>>,
    /// An always-on measurement, from which the power of waiting with all clocks on follows.
    pub stream: Option<&'static Stream>,
}

impl Device {
    /// Core, clock and supply in a few words.
    pub fn detail(&self) -> String {
        format!("{}, {} MHz, {}", self.core, self.clock.value.0 / 1e6, self.supply)
    }

    /// The power between inferences when the board listens on, clocks running, as in the streaming benchmark.
    ///
    /// *Source*: derived. The stream's mean power is `busy * active + (1 - busy) * waiting`; `busy` is the share of a
    /// frame that the processor works, `active` the mean over the other benchmarks of energy times rate.
    pub fn listening_power(&self) -> Option<Watts> {
        let stream = self.stream?;
        let busy = 1.0 / (stream.rate.0 * STREAM_FRAME.0);
        let active = self.active_power()?.value.0;
        if busy >= 1.0 {
            return None;
        }
        Some(Watts(((stream.mean_power.0 - busy * active) / (1.0 - busy)).max(0.0)))
    }

    /// The power while the board computes: the mean over its int8 results of energy times rate.
    ///
    /// The band is the worst error of the mean of the others on a result left out: on one core, power hardly depends on what is
    /// computed (4 to 11 % on these boards). A matrix engine's does, and is not used for it.
    ///
    /// *Source*: derived from the submission's energies and rates.
    pub fn active_power(&self) -> Option<Active> {
        let results = self.submissions.first()?.results;
        let powers: Vec<f64> = results.iter().filter_map(|r| Some(r.energy?.0 * r.rate.0)).collect();
        let (n, sum) = (powers.len() as f64, powers.iter().sum::<f64>());
        if powers.is_empty() {
            return None;
        }
        let off = |&power: &f64| {
            let others = if n > 1.0 { (sum - power) / (n - 1.0) } else { power };
            (power / others).max(others / power)
        };
        Some(Active { value: Watts(sum / n), factor: powers.iter().map(off).fold(1.0, f64::max) })
    }
}

/// Finds a device by its identifier.
///
/// ```
/// use milliwatt::cost::device;
/// assert_eq!(device::find("gap9-650").unwrap().name, "GAP9, 0.65 V");
/// assert!(device::find("toaster").is_none());
/// ```
pub fn find(id: &str) -> Option<&'static Device> {
    devices().iter().find(|device| device.id == id)
}

/// Every device of the shelf, in the order in which they are shown.
pub fn devices() -> &'static [Device] {
    &DEVICES
}

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;
const ZEPHYR_L4R5: &str = "Zephyr documentation, boards/st/nucleo_l4r5zi, after ST's datasheet";
const ZEPHYR_H7A3: &str =
    "Zephyr documentation, boards/st/nucleo_h7a3zi_q, after ST's datasheet (\"about 1.4 Mbytes\")";
const ZEPHYR_U575: &str = "Zephyr documentation, boards/st/nucleo_u575zi_q, after ST's datasheet";
const ZEPHYR_U385: &str = "Zephyr documentation, boards/st/nucleo_u385rg_q, after ST's datasheet";
const SUBMITTED: &str = "declared in the MLPerf Tiny submission";

static DEVICES: [Device; 7] = [
    Device {
        id: "nucleo-l4r5zi",
        name: "NUCLEO-L4R5ZI",
        chip: "STM32L4R5",
        core: "Cortex-M4",
        clock: parsed(Hertz(120e6), SUBMITTED),
        supply: "1.8 V",
        flash: Some(stated(Bytes(2 * MIB), ZEPHYR_L4R5)),
        ram: Some(stated(Bytes(640 * KIB), ZEPHYR_L4R5)),
        family: Family::Core,
        submissions: &[&published::L4R5],
        stop_power: None,
        stream: None,
    },
    Device {
        id: "nucleo-l4r5zi-p",
        name: "NUCLEO-L4R5ZI-P",
        chip: "STM32L4R5",
        core: "Cortex-M4 behind a switching converter",
        clock: parsed(Hertz(120e6), SUBMITTED),
        supply: "3 V",
        flash: Some(stated(Bytes(2 * MIB), ZEPHYR_L4R5)),
        ram: Some(stated(Bytes(640 * KIB), ZEPHYR_L4R5)),
        family: Family::Core,
        submissions: &[&published::L4R5_P],
        stop_power: None,
        stream: Some(&published::L4R5_P_STREAM),
    },
    Device {
        id: "nucleo-h7a3zi-q",
        name: "NUCLEO-H7A3ZI-Q",
        chip: "STM32H7A3",
        core: "Cortex-M7",
        clock: parsed(Hertz(280e6), SUBMITTED),
        supply: "3 V",
        flash: Some(stated(Bytes(2 * MIB), ZEPHYR_H7A3)),
        ram: Some(stated(Bytes(1_400_000), ZEPHYR_H7A3)),
        family: Family::Core,
        submissions: &[&published::H7A3, &published::H7A3_FLOAT],
        stop_power: None,
        stream: Some(&published::H7A3_STREAM),
    },
    Device {
        id: "nucleo-u575zi-q",
        name: "NUCLEO-U575ZI-Q",
        chip: "STM32U575",
        core: "Cortex-M33",
        clock: parsed(Hertz(160e6), SUBMITTED),
        supply: "1.8 V",
        flash: Some(stated(Bytes(2 * MIB), ZEPHYR_U575)),
        ram: Some(stated(Bytes(786 * KIB), ZEPHYR_U575)),
        family: Family::Core,
        submissions: &[&published::U575],
        stop_power: Some(Fact {
            value: Watts(8.95e-6 * 3.3),
            source: "8.95 uA in Stop 2 with full SRAM (ST's feature list of the sister chip STM32U585) times 3.3 V",
            confidence: Confidence::Derived,
        }),
        stream: Some(&published::U575_STREAM),
    },
    Device {
        id: "nucleo-u385rg-q",
        name: "NUCLEO-U385RG-Q",
        chip: "STM32U385",
        core: "Cortex-M33",
        clock: parsed(Hertz(96e6), SUBMITTED),
        supply: "1.8 V",
        flash: Some(stated(Bytes(MIB), ZEPHYR_U385)),
        ram: Some(stated(Bytes(256 * KIB), ZEPHYR_U385)),
        family: Family::Core,
        submissions: &[&published::U385],
        stop_power: Some(Fact {
            value: Watts(4.5e-6 * 3.3),
            source: "4.5 uA in Stop 2 with full SRAM (Zephyr documentation, after ST's feature list) times 3.3 V",
            confidence: Confidence::Derived,
        }),
        stream: Some(&published::U385_STREAM),
    },
    Device {
        id: "gap9-650",
        name: "GAP9, 0.65 V",
        chip: "GAP9",
        core: "NE16 and nine RISC-V cores",
        clock: parsed(Hertz(240e6), SUBMITTED),
        supply: "0.65 V core",
        flash: None,
        ram: Some(stated(Bytes(1_600_000), GAP9_RAM)),
        family: Family::Accelerator,
        submissions: &[&published::GAP9_650],
        stop_power: None,
        stream: None,
    },
    Device {
        id: "gap9-800",
        name: "GAP9, 0.8 V",
        chip: "GAP9",
        core: "NE16 and nine RISC-V cores",
        clock: parsed(Hertz(370e6), SUBMITTED),
        supply: "0.8 V core",
        flash: None,
        ram: Some(stated(Bytes(1_600_000), GAP9_RAM)),
        family: Family::Accelerator,
        submissions: &[&published::GAP9_800],
        stop_power: None,
        stream: None,
    },
];

const GAP9_RAM: &str = "1.6 MB, Electronic Design on the Linley conference, 2020";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_are_unique_and_fit_into_links() {
        for (index, device) in devices().iter().enumerate() {
            assert!(device.id.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-'));
            assert!(devices()[..index].iter().all(|other| other.id != device.id), "{}", device.id);
        }
    }

    #[test]
    fn waiting_costs_less_than_working_wherever_it_is_known() {
        for device in devices() {
            let Some(waiting) = device.listening_power() else { continue };
            let working = device.submissions[0].results[0];
            let active = working.energy.unwrap().per(working.rate);
            assert!(waiting.0 > 0.0 && waiting.0 < active.0, "{}: {waiting:?} against {active:?}", device.name);
            if let Some(stop) = device.stop_power {
                assert!(stop.value.0 < waiting.0 / 10.0, "{}", device.name);
            }
        }
    }
}
