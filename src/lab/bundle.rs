//! Everything that goes to the board, in one archive: the model, C++ that runs it, test vectors with the expected bytes, the
//! recipe, and a report.

use super::{Bench, card, compare, inputs};
use crate::compress::recipe::Recipe;
use crate::compress::{self, lint};
use crate::cost;
use crate::error::{Error, Result};
use crate::exec::{Executor, Options};
use crate::format::{Severity, c, zip};
use crate::model::Model;
use crate::progress::{self, Progress};
use crate::random::Random;
use crate::report::html::{self, Page};
use crate::report::{Compared, Report};
use crate::tensor::{DType, Tensor};

/// Test vectors, at most.
const VECTORS: usize = 4;
/// Bytes that the vectors may take together.
const VECTOR_BYTES: usize = 256 << 10;
/// Test items whose layers are compared, as on the page.
const LAYER_ITEMS: usize = 16;
/// Test items that run between two looks at the progress.
const GO: usize = 16;

impl Bench {
    /// Makes the candidate of a recipe, measures it, and packs it with everything that a board needs; the same archive from
    /// the page and from the command.
    ///
    /// # Errors
    /// Those of [`Bench::apply`], of running and of packing; `Unsupported` for a model that does not run here, whose expected
    /// bytes nobody knows; `Cancelled`.
    pub fn bundle(
        &mut self,
        recipe: &Recipe,
        device: &str,
        rate_hz: f64,
        progress: &mut dyn Progress,
    ) -> Result<Vec<u8>> {
        let original = self.measured(&Recipe::original(), device, rate_hz, progress)?;
        let report = self.measured(recipe, device, rate_hz, progress)?;
        let side = &self.candidate()?.side;
        if let Some(blocked) = &side.card.blocked {
            return Err(Error::unsupported(blocked.clone()));
        }
        if let Some(problem) = lint::lint(&side.model, lint::Target::Tflm).iter().find(|one| one.severity == Severity::Blocks) {
            let (place, sentence, fix) = (&problem.place, &problem.sentence, &problem.fix);
            return Err(Error::unsupported(format!("TFLM would not run this model: {place}: {sentence}; {fix}")));
        }
        let vectors = self.vectors(&side.model)?;
        let memory = cost::memory(&side.model);
        let arena = [memory.total_bytes().0, (memory.head_bytes + memory.persistent.bytes_64_bit).0];
        let arena_note = format!(
            "The arena: {} bytes of activations and scratch memory (counted, as TFLM's planner lays them out) and what TFLM keeps \
             for the model's whole life (modelled: {} bytes derived for 32-bit targets, {} bytes for 64-bit ones)",
            memory.head_bytes.0, memory.persistent.bytes.0, memory.persistent.bytes_64_bit.0
        );
        let outputs = &side.model.outputs;
        let float_outputs: Vec<bool> =
            outputs.iter().map(|&id| side.model.values[id].dtype == DType::Float32).collect();
        let sha256 = card::sha256(&side.bytes);
        let program = c::Program {
            name: &side.card.name,
            model: &side.bytes,
            sha256: &sha256,
            resolver: &lint::resolver(&side.model)?,
            arena,
            arena_note: &arena_note,
            inputs: &vectors.inputs,
            outputs: &vectors.outputs,
            float_outputs: &float_outputs,
        };
        let mut files: Vec<(String, Vec<u8>)> = vec![("model.tflite".into(), side.bytes.clone())];
        files.extend(c::files(&program).into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())));
        files.push(("recipe.json".into(), format!("{}\n", recipe.to_json()).into_bytes()));
        let data = self.inputs.as_ref().map_or("none", |inputs| inputs.name.as_str());
        let readme = readme(&report, &vectors.from, &arena_note);
        files.push(("README.md".into(), readme.into_bytes()));
        let listed = hashes(&files);
        let comparison = compare::compare(&Compared::from(&original), &Compared::from(&report)).sentence;
        let page = Page { original: &original, candidate: &report, comparison: &comparison, files: &listed, data };
        files.push(("report.html".into(), html::page(&page).into_bytes()));
        let sums: String = hashes(&files).iter().map(|(name, _, sha256)| format!("{sha256}  {name}\n")).collect();
        files.push(("SHA256SUMS".into(), sums.into_bytes()));
        zip::write(&files)
    }

    /// Applies a recipe and measures everything that a report has room for.
    fn measured(&mut self, recipe: &Recipe, device: &str, rate: f64, progress: &mut dyn Progress) -> Result<Report> {
        self.apply(recipe, progress)?;
        let items = if self.original()?.card.blocked.is_some() { 0 } else { self.test_items() };
        for from in (0..items).step_by(GO) {
            progress::step(progress, "Running test items", from, items)?;
            let part = self.evaluate(from, from + GO)?;
            self.add_evaluation(part);
        }
        if items > 0 && !recipe.steps.is_empty() {
            self.measure_layers(LAYER_ITEMS.min(items))?;
        }
        self.report(device, rate)
    }

    /// The first test items as the model takes them, and what it answers; drawn inputs where there are none.
    fn vectors(&self, model: &Model) -> Result<Vectors> {
        let front_end = card::front_end(model);
        let mut chosen: Vec<Vec<Tensor>> = Vec::new();
        if let (Some(all), [_]) = (&self.inputs, &model.inputs[..]) {
            for &item in all.test.iter().take(VECTORS) {
                let windows = all.items[item].windows(front_end)?;
                if let Some(window) = windows.get(windows.len() / 2) {
                    chosen.push(vec![inputs::feed(model, window)?]);
                }
            }
        }
        let from = if chosen.is_empty() { "drawn at random" } else { "the first items of the test set" };
        if chosen.is_empty() {
            let mut random = Random::new(1);
            chosen = (0..VECTORS).map(|_| compress::random_inputs(model, &mut random)).collect::<Result<_>>()?;
        }
        let size: usize = model.inputs.iter().map(|&id| model.values[id].bytes()).sum();
        chosen.truncate((VECTOR_BYTES / size.max(1)).clamp(1, VECTORS));
        let mut executor = Executor::new(model, Options::default())?;
        let mut vectors = Vectors {
            from: from.into(),
            inputs: vec![Vec::new(); model.inputs.len()],
            outputs: vec![Vec::new(); model.outputs.len()],
        };
        for given in &chosen {
            executor.run(given)?;
            for (port, list) in vectors.inputs.iter_mut().enumerate() {
                list.push(executor.input_bytes_mut(port).to_vec());
            }
            for (port, list) in vectors.outputs.iter_mut().enumerate() {
                list.push(executor.output_bytes(port).to_vec());
            }
        }
        Ok(vectors)
    }
}

/// Inputs and answers, by port and then by vector.
struct Vectors {
    from: String,
    inputs: Vec<Vec<Vec<u8>>>,
    outputs: Vec<Vec<Vec<u8>>>,
}

fn hashes(files: &[(String, Vec<u8>)]) -> Vec<(String, usize, String)> {
    files.iter().map(|(name, bytes)| (name.clone(), bytes.len(), card::sha256(bytes))).collect()
}

fn readme(report: &Report, vectors: &str, arena: &str) -> String {
    format!(
        "# A model for TensorFlow Lite for Microcontrollers\n\n\
         Made by Milliwatt {}. `report.html` says what it costs and how good it is.\n\n\
         | file | holds |\n|---|---|\n\
         | `model.tflite` | the model, {:.0} bytes |\n\
         | `model.h`, `model.cc` | the same as a C++ array, its operators, and the size of its arena |\n\
         | `test_vectors.h`, `test_vectors.cc` | inputs ({vectors}) and the bytes that the model answers |\n\
         | `main.cc` | runs the vectors with TFLM and compares |\n\
         | `recipe.json` | how the model was made: `milliwatt compress MODEL --recipe recipe.json` makes it again |\n\
         | `SHA256SUMS` | `sha256sum -c SHA256SUMS` checks the files |\n\n\
         ## On the board\n\n\
         1. Add `model.cc`, `test_vectors.cc` and `main.cc` to a project that has TFLM (C++17), or copy what `main.cc` does.\n\
         2. Run it. It prints a line for each vector and ends with 0 where all agree.\n\
         3. In your own program include `model.h`: `MilliwattRegister` gives TFLM the operators, `kMilliwattArenaBytes` is the \
         size of the arena.\n\n\
         {arena}. The stack and your program come on top. `main.cc` prints what TFLM really used.\n\n\
         Integer answers are those of TFLM's reference kernels, byte for byte. An optimised kernel that rounds otherwise differs; \
         float answers are compared with a tolerance.\n",
        env!("CARGO_PKG_VERSION"),
        report.strip.flash.value
    )
}
