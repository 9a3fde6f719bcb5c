//! The presets: a generic macro, and one for each published chip.

use super::{Label, Macro};
use crate::error::{Error, Result};
use crate::imc::points::{self, Domain, Point};
use crate::imc::{converters, fitted};
use crate::units::Hertz;

/// Name of the preset that is predicted.
pub const GENERIC: &str = "generic-22nm";

impl Macro {
    /// The generic digital SRAM macro, 22 nm: 256 rows, 512 bit columns, two sets, 32 KiB.
    pub fn generic() -> Self {
        let mut generic = Self {
            id: GENERIC.into(),
            name: "Generic digital SRAM macro, 22 nm".into(),
            digital: true,
            rows: 256,
            columns: 512,
            bits_per_cycle: 1,
            sets: 2,
            count: 1,
            node: 22.0,
            supply: 0.8,
            clock: Hertz(0.0),
            write_bits: 512,
            ping_pong: true,
            adc_bits: 0,
            serial: false,
            buffer_kib: 64.0,
            store_kib: 256.0,
            model_bit: None,
            scale: 1.0,
            label: Label::Predicted,
        };
        generic.clock = generic.own_clock();
        generic
    }

    /// Every preset: the generic one first, then one for each published chip.
    ///
    /// # Errors
    /// Those of reading the frozen table.
    pub fn presets() -> Result<Vec<Self>> {
        let points = points::points()?;
        let mut presets = vec![Self::generic()];
        for point in &points {
            if !presets.iter().any(|known| matches!(known.label, Label::Calibrated { chip, .. } if chip == point.chip))
            {
                presets.push(Self::calibrated(point, &points));
            }
        }
        Ok(presets)
    }

    /// The preset with an identifier.
    ///
    /// # Errors
    /// `Parameter`, with the identifiers that exist.
    pub fn find(id: &str) -> Result<Self> {
        let presets = Self::presets()?;
        let names: Vec<String> = presets.iter().map(|preset| preset.id.clone()).collect();
        presets
            .into_iter()
            .find(|preset| preset.id == id)
            .ok_or_else(|| Error::parameter(format!("no macro is called {id:?}; there are {}", names.join(", "))))
    }

    fn calibrated(point: &Point, all: &[Point]) -> Self {
        let digital = point.domain == Domain::Digital;
        let (form, fit) = fitted::of(digital);
        let own: Vec<&Point> = all.iter().filter(|other| other.chip == point.chip).collect();
        let logs: Vec<f64> =
            own.iter().map(|point| libm::log(point.joules_per_mac() / fit.predict(form, point))).collect();
        let middle = logs.iter().sum::<f64>() / logs.len().max(1) as f64;
        let residual = logs.iter().fold(1.0, |worst: f64, log| worst.max(libm::exp(libm::fabs(log - middle))));
        let weight_bits = point.weight_bits.max(1.0);
        let at_once = if digital { 1.0 } else { point.input_bits };
        let usual = converters::usual_bits(at_once, point.rows_or_rule());
        let mut preset = Self {
            id: point.chip.to_ascii_lowercase(),
            name: format!("{}, {} nm, {} V", point.paper, point.node, point.supply),
            digital,
            rows: point.rows.unwrap_or(256),
            columns: point.columns.unwrap_or((64.0 * weight_bits) as usize).max(8),
            bits_per_cycle: at_once as usize,
            sets: 1,
            node: point.node,
            supply: point.supply,
            adc_bits: if digital { 0 } else { libm::round(point.adc_bits.unwrap_or(usual)) as u32 },
            serial: point.serial,
            scale: libm::exp(middle),
            label: Label::Calibrated { chip: point.chip, residual, points: own.len() },
            ping_pong: false,
            ..Self::generic()
        };
        preset.clock = point.clock_mhz.map_or_else(|| preset.own_clock(), |mhz| Hertz(mhz * 1e6));
        preset
    }
}
