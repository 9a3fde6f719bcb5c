//! What a treatment costs for each second of sound, as the report says it.

use super::treatment::Fitted;
use crate::cost::{self, Device, Modelled};
use crate::error::Result;
use crate::report::Figure;

/// The figures of a treatment's row.
pub(super) struct Price {
    pub(super) operations: Figure,
    pub(super) state: Figure,
    pub(super) lookahead: Figure,
    pub(super) energy: Option<Figure>,
    pub(super) budget: Option<Figure>,
}

impl Price {
    /// # Errors
    /// Those of counting.
    pub(super) fn of(treatment: &Fitted, device: &'static Device) -> Result<Self> {
        let cost = treatment.cost()?;
        let figure = |modelled: &Modelled<f64>, factor: f64, unit: &str, note: &str, basis: &str| {
            let band = (modelled.low * factor, modelled.high * factor);
            Figure::modelled(modelled.value * factor, unit, band, note, basis)
        };
        // A board whose timing or power nobody published has no figure.
        let sound = cost::sound(&cost.operations, treatment.row.numbers, device).ok();
        let energy = sound.as_ref().map(|sound| {
            let joules = Modelled { value: sound.energy.value.0, low: sound.energy.low.0, high: sound.energy.high.0 };
            let note = format!("The normalizer alone, for one second of sound on {}", device.name);
            figure(&joules, 1.0, "J", &note, &sound.basis)
        });
        let budget = sound.as_ref().map(|sound| {
            figure(&sound.share_of_milliwatt, 100.0, "%", "Share of one milliwatt, the normalizer alone", &sound.basis)
        });
        Ok(Self {
            operations: Figure::counted(
                cost.operations.total() as f64,
                "1",
                "Arithmetic operations for one second of sound, the dearest sound",
            ),
            state: Figure::counted(cost.state_bytes as f64, "B", "Kept between samples; of a whole clip, the clip itself"),
            lookahead: Figure::counted(cost.lookahead_seconds, "s", "Sound that must be heard before the first can be given out"),
            energy,
            budget,
        })
    }
}
