//! Everything from a light bulb to a nanowatt: platforms with their throughput and power, each as its source has it.
//!
//! A vendor's peak and a measurement are different things and never stand in one line; where a source says nothing, there is
//! nothing here. One multiply-accumulate is two operations. `data/platforms.csv` holds the rows.

use crate::error::{Error, Result};
use crate::json;
use crate::units::{Bytes, Watts};

const TABLE: &str = include_str!("data/platforms.csv");
const COLUMNS: usize = 12;

/// What a figure is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Claim {
    /// What the vendor or the press says the hardware can reach.
    VendorPeak,
    /// What was achieved on a workload, which the name or the note says.
    Measured,
}

/// A platform at one operating point.
#[derive(Debug, Clone, PartialEq)]
pub struct Platform {
    /// Stable identifier.
    pub id: &'static str,
    /// Its name, with the workload where it was measured.
    pub name: &'static str,
    /// Who makes it.
    pub vendor: &'static str,
    /// `soc`, `mcu`, `npu`, `imc`, `neuromorphic`.
    pub class: &'static str,
    /// What the throughput is.
    pub claim: Claim,
    /// Operations each second; `None` where there is no such figure (events, power alone).
    pub operations: Option<f64>,
    /// Of which precision, in the source's words.
    pub precision: &'static str,
    /// Power, the lower and the upper end.
    pub power: Option<[Watts; 2]>,
    /// Memory that could keep weights.
    pub memory: Option<Bytes>,
    /// Where it stands.
    pub source: &'static str,
    /// What to know of it.
    pub note: &'static str,
}

impl Platform {
    /// Whether its operations can be set against those of an int8 network.
    pub fn is_int8(&self) -> bool {
        self.precision.starts_with("INT8")
    }

    /// Whether the figure is that of a memory macro alone, without anything around it.
    pub fn is_macro_only(&self) -> bool {
        self.note.starts_with("macro only")
    }

    /// Joules of one operation: power by throughput, at the mean of the powers given.
    pub fn joules_per_operation(&self) -> Option<f64> {
        let [low, high] = self.power?;
        Some((low.0 + high.0) / 2.0 / self.operations.filter(|&operations| operations > 0.0)?)
    }
}

/// Every platform, in the order of the table.
///
/// # Errors
/// `Format` for a table that does not parse, which a test excludes.
///
/// *Source*: each row names its own.
pub fn platforms() -> Result<Vec<Platform>> {
    TABLE.lines().skip(1).map(|line| platform(line).map_err(|error| error.at(line))).collect()
}

fn platform(line: &'static str) -> Result<Platform> {
    let cells: Vec<&'static str> = line.split(',').collect();
    if cells.len() != COLUMNS {
        return Err(Error::format(format!("{} cells instead of {COLUMNS}", cells.len())));
    }
    let claim = match cells[4] {
        "vendor_peak" => Claim::VendorPeak,
        "measured" => Claim::Measured,
        other => return Err(Error::format(format!("{other:?} is neither vendor_peak nor measured"))),
    };
    let number = |at: usize| json::number(cells[at]);
    Ok(Platform {
        id: cells[0],
        name: cells[1],
        vendor: cells[2],
        class: cells[3],
        claim,
        operations: number(5),
        precision: cells[6],
        power: number(7).zip(number(8)).map(|(low, high)| [Watts(low), Watts(high)]),
        memory: number(9).map(|bytes| Bytes(bytes as u64)),
        source: cells[10],
        note: cells[11],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_platform_has_a_source_and_ranges_that_are_ranges() {
        let platforms = platforms().unwrap();
        assert!(platforms.len() >= 48);
        for (index, platform) in platforms.iter().enumerate() {
            assert!(!platform.source.is_empty(), "{}", platform.id);
            assert!(platforms[..index].iter().all(|other| other.id != platform.id), "{}", platform.id);
            if let Some([low, high]) = platform.power {
                assert!(low.0 > 0.0 && low.0 <= high.0, "{}", platform.id);
            }
        }
    }

    #[test]
    fn peak_and_measurement_of_one_chip_are_two_rows() {
        let platforms = platforms().unwrap();
        let find = |id: &str| platforms.iter().find(|platform| platform.id == id).unwrap();
        let (peak, measured) = (find("gap9"), find("gap9-0-8-v-370-mhz-mlperf-tiny-ic"));
        assert_eq!((peak.claim, measured.claim), (Claim::VendorPeak, Claim::Measured));
        // 50 GOPS at 50 mW claimed; 40.2 GOPS at 64.9 mW measured.
        assert!(measured.joules_per_operation().unwrap() > 1.5 * peak.joules_per_operation().unwrap());
        assert!(!find("raspberry-pi-5-8-gb").is_int8() && find("sinangil-7-nm-macro").is_macro_only());
    }
}
