//! The published silicon that the cost model is fitted to and judged by.
//!
//! `data/points.csv` was committed, with `data/protocol.json`, before the first fit. Each row is one operating point; rows of
//! one `chip` are never split between fitting and judging.

use crate::error::{Error, Result};
use crate::json::number;

const TABLE: &str = include_str!("data/points.csv");
const COLUMNS: usize = 21;

/// Where products are formed and summed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Domain {
    /// Gates and adders.
    Digital,
    /// Charge on capacitors.
    Charge,
    /// Current of cells.
    Current,
    /// Delay.
    Time,
}

impl Domain {
    /// The word of the table.
    pub fn name(self) -> &'static str {
        match self {
            Self::Digital => "digital",
            Self::Charge => "charge",
            Self::Current => "current",
            Self::Time => "time",
        }
    }
}

/// One published operating point.
#[derive(Debug, Clone, PartialEq)]
pub struct Point {
    /// Identifier of the row.
    pub id: &'static str,
    /// Identifier of the chip, shared by its rows.
    pub chip: &'static str,
    /// First author, venue, year.
    pub paper: &'static str,
    /// Where products are summed.
    pub domain: Domain,
    /// Whether each cell has an adder of its own and sums pass from cell to cell, instead of an adder tree.
    pub serial: bool,
    /// Technology node in nanometres.
    pub node: f64,
    /// Supply in volts; the frozen rule where the source does not say.
    pub supply: f64,
    /// Clock, or the inverse of the core's time, in MHz.
    pub clock_mhz: Option<f64>,
    /// Rows of the array.
    pub rows: Option<usize>,
    /// Bit columns of the array.
    pub columns: Option<usize>,
    /// Bits of an input.
    pub input_bits: f64,
    /// Bits of a weight; 1.5 stands for three levels.
    pub weight_bits: f64,
    /// Bits of the converter, of analog macros.
    pub adc_bits: Option<f64>,
    /// Published efficiency; one multiply-accumulate is two operations.
    pub tops_per_watt: f64,
    /// Published density.
    pub tops_per_mm2: Option<f64>,
    /// Whether the source says that the data was sparse.
    pub sparse: bool,
    /// Whether the arithmetic is approximate.
    pub approximate: bool,
    /// Whether the figure is a system's rather than a macro's.
    pub system: bool,
    /// Whether the figure is its own, not scaled from another row.
    pub independent: bool,
    /// `A+` paper read, `A` two sources agree, `B` one second-hand source, `C` inconsistent.
    pub confidence: &'static str,
    /// Where the figures stand.
    pub source: &'static str,
}

impl Point {
    /// The energy of one multiply-accumulate in joules.
    pub fn joules_per_mac(&self) -> f64 {
        2e-12 / self.tops_per_watt
    }

    /// Rows of the array, or the frozen rule's 256.
    pub fn rows_or_rule(&self) -> f64 {
        self.rows.unwrap_or(256) as f64
    }
}

/// Every row of the table, in its order.
///
/// # Errors
/// `Format` for a table that does not parse, which a test excludes.
pub fn points() -> Result<Vec<Point>> {
    TABLE.lines().skip(1).map(|line| point(line).map_err(|error| error.at(line))).collect()
}

/// The row with an identifier.
///
/// # Errors
/// `Parameter` where there is none.
pub fn find(id: &str) -> Result<Point> {
    let found = points()?.into_iter().find(|point| point.id == id);
    found.ok_or_else(|| Error::parameter(format!("no silicon point is called {id:?}")))
}

fn point(line: &'static str) -> Result<Point> {
    let cells: Vec<&'static str> = line.split(',').collect();
    if cells.len() != COLUMNS {
        return Err(Error::format(format!("{} cells instead of {COLUMNS}", cells.len())));
    }
    let wanted = |at: usize| number(cells[at]).ok_or_else(|| Error::format(format!("{:?} is no number", cells[at])));
    let node = wanted(5)?;
    let domain = match cells[3] {
        "digital" => Domain::Digital,
        "charge" => Domain::Charge,
        "current" => Domain::Current,
        "time" => Domain::Time,
        other => return Err(Error::format(format!("no domain is called {other:?}"))),
    };
    Ok(Point {
        id: cells[0],
        chip: cells[1],
        paper: cells[2],
        domain,
        serial: cells[4] == "serial",
        node,
        supply: number(cells[6]).unwrap_or(1.0),
        clock_mhz: number(cells[7]),
        rows: number(cells[8]).map(|rows| rows as usize),
        columns: number(cells[9]).map(|columns| columns as usize),
        input_bits: wanted(10)?,
        weight_bits: wanted(11)?,
        adc_bits: number(cells[12]),
        tops_per_watt: wanted(13)?,
        tops_per_mm2: number(cells[14]),
        sparse: cells[15] == "sparse",
        approximate: cells[16] == "approximate",
        system: cells[17] == "system",
        independent: cells[18] == "yes",
        confidence: cells[19],
        source: cells[20],
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table_parses_and_names_its_source() {
        let points = points().unwrap();
        assert_eq!(points.iter().filter(|point| point.domain == Domain::Digital).count(), 22);
        assert_eq!(points.iter().filter(|point| point.domain != Domain::Digital).count(), 29);
        for point in &points {
            assert!(!point.source.is_empty() && point.tops_per_watt > 0.0, "{}", point.id);
        }
    }

    #[test]
    fn energy_of_a_multiply_accumulate_is_that_of_two_operations() {
        let first = find("D01").unwrap();
        assert!((first.joules_per_mac() - 22.47e-15).abs() < 0.01e-15);
        assert!(find("D99").is_err());
    }
}
