//! What a treatment costs for each second of sound, as the report says it.

use super::treatment::Fitted;
use crate::audio::counts;
use crate::audio::normalize::price::Numbers;
use crate::cost::{self, Device, Modelled};
use crate::error::Result;
use crate::model::Model;
use crate::report::Figure;
use crate::units::Joules;

/// The figures of a treatment's row.
pub(super) struct Price {
    pub(super) operations: Figure,
    pub(super) state: Figure,
    pub(super) lookahead: Figure,
    pub(super) energy: Option<Figure>,
    pub(super) budget: Option<Figure>,
}

/// The energy of a modelled joule figure.
fn joules(modelled: &Modelled<Joules>, note: String, basis: &str) -> Figure {
    Figure::modelled(modelled.value.0, "J", (modelled.low.0, modelled.high.0), note, basis)
}

/// The front end's features of one second of sound; `None` where its operations or the board are not known.
pub(super) fn front_end(name: &str, device: &'static Device) -> Option<Figure> {
    let cost = counts::front_end(name)?;
    let sound = cost::sound(&cost.operations, Numbers::Float32, device).ok()?;
    Some(joules(&sound.energy, format!("The features of one second of sound on {}", device.name), &sound.basis))
}

/// One inference of a model; `None` where nothing was published to fit to.
pub(super) fn inference(model: &Model, device: &'static Device) -> Option<Figure> {
    let estimate = cost::estimate(model, device).ok()?;
    Some(joules(estimate.energy.as_ref()?, format!("One inference on {}", device.name), &estimate.basis))
}

impl Price {
    /// # Errors
    /// Those of counting.
    pub(super) fn of(treatment: &Fitted, device: &'static Device) -> Result<Self> {
        let cost = treatment.cost()?;
        // A board whose timing or power nobody published has no figure.
        let sound = cost::sound(&cost.operations, treatment.row.numbers, device).ok();
        let energy = sound.as_ref().map(|sound| {
            let note = format!("The normalizer alone, for one second of sound on {}", device.name);
            joules(&sound.energy, note, &sound.basis)
        });
        let budget = sound.as_ref().map(|sound| {
            let share = &sound.share_of_milliwatt;
            let band = (100.0 * share.low, 100.0 * share.high);
            Figure::modelled(
                100.0 * share.value,
                "%",
                band,
                "Share of one milliwatt, the normalizer alone",
                &*sound.basis,
            )
        });
        Ok(Self {
            operations: Figure::counted(
                cost.operations.total() as f64,
                "1",
                "Arithmetic operations for one second of sound, the dearest sound",
            ),
            state: Figure::counted(
                cost.state_bytes as f64,
                "B",
                "Kept between samples; of a whole clip, the clip itself",
            ),
            lookahead: Figure::counted(
                cost.lookahead_seconds,
                "s",
                "Sound that must be heard before the first can be given out",
            ),
            energy,
            budget,
        })
    }
}
