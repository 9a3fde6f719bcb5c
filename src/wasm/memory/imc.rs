//! In-memory compute: requests in as JSON or typed values, reports out.

use tsify::Ts;
use wasm_bindgen::prelude::*;

use crate::lab::hardware;
use crate::lab::imc::chips::{ChipRun, Chips};
use crate::lab::imc::{ImcRequest, Ran, cards, worth};
use crate::report::hardware::{HardwareReport, ScoreboardReport};
use crate::report::imc::{ChipScores, ImcReport, MacroCard, WorthRow};
use crate::wasm::subject::Bench;
use crate::wasm::{out, taken, thrown};

/// What ran in the array, kept so that turning a knob of the price runs nothing again.
#[wasm_bindgen]
pub struct ImcRun(Ran);

#[wasm_bindgen]
impl Bench {
    /// Runs the test items in the array, for `imc_price`.
    pub fn imc_run(&self, request: Ts<ImcRequest>) -> Result<ImcRun, JsValue> {
        Ok(ImcRun(self.0.imc_run(&taken(&request, "request")?).map_err(thrown)?))
    }

    /// Maps and prices the model with what ran.
    pub fn imc_price(&self, request: Ts<ImcRequest>, ran: &ImcRun) -> Result<Ts<ImcReport>, JsValue> {
        out(&self.0.imc_price(&taken(&request, "request")?, &ran.0).map_err(thrown)?)
    }

    /// Prepares the analog chips of a request, to be run one by one.
    pub fn imc_chips(&self, request: Ts<ImcRequest>) -> Result<ImcChips, JsValue> {
        Ok(ImcChips(self.0.imc_chips(&taken(&request, "request")?).map_err(thrown)?))
    }

    /// Every platform, with the model at a rate on those that could hold it, and the array of a request.
    pub fn hardware(&self, rate: f64, request: Ts<ImcRequest>) -> Result<Ts<HardwareReport>, JsValue> {
        out(&self.0.hardware(rate, &taken(&request, "request")?).map_err(thrown)?)
    }
}

/// Analog chips with the scores of those that have run.
#[wasm_bindgen]
pub struct ImcChips(Chips);

#[wasm_bindgen]
impl ImcChips {
    /// Runs one chip, whichever was run before.
    pub fn run(&self, seed: u32) -> Result<Ts<ChipRun>, JsValue> {
        out(&self.0.run(seed).map_err(thrown)?)
    }

    /// Takes in what a chip did, here or in another worker.
    pub fn take(&mut self, run: Ts<ChipRun>) -> Result<(), JsValue> {
        self.0.take(taken(&run, "run")?);
        Ok(())
    }

    /// Scores so far.
    pub fn scores(&self) -> Result<Ts<ChipScores>, JsValue> {
        out(&self.0.scores())
    }
}

/// Every macro.
#[wasm_bindgen]
pub fn imc_macros() -> Result<Vec<Ts<MacroCard>>, JsValue> {
    cards().map_err(thrown)?.iter().map(out).collect()
}

/// What the cost models are worth.
#[wasm_bindgen]
pub fn imc_worth() -> Result<Vec<Ts<WorthRow>>, JsValue> {
    worth::rows().map_err(thrown)?.iter().map(out).collect()
}

/// The published results and ours among them.
#[wasm_bindgen]
pub fn scoreboard(request: Ts<ImcRequest>) -> Result<Ts<ScoreboardReport>, JsValue> {
    out(&hardware::scoreboard(&taken(&request, "request")?).map_err(thrown)?)
}
