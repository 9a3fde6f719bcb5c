//! Everything that goes to the board, in one archive: the model, C++ that runs it, test vectors with the expected bytes, the
//! recipe, and a report.

use super::arena::Arenas;
use super::{Bench, card, compare, inputs};
use crate::compress::recipe::{Recipe, Step};
use crate::compress::{self, lint};
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
        if let Some(problem) =
            lint::lint(&side.model, lint::Target::Tflm).iter().find(|one| one.severity == Severity::Blocks)
        {
            let (place, sentence, fix) = (&problem.place, &problem.sentence, &problem.fix);
            return Err(Error::unsupported(format!("TFLM would not run this model: {place}: {sentence}; {fix}")));
        }
        let vectors = self.vectors(&side.model)?;
        let arenas = Arenas::of(&side.model);
        let arena_note = format!(
            "The smallest arena in which TFLM loads the model, in bytes (counted, for TFLM of August 2026){}.",
            arenas.caution().map(|caution| format!(". CAUTION: {caution}")).unwrap_or_default()
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
            arenas: arenas.for_builds(),
            arena_note: &arena_note,
            inputs: &vectors.inputs,
            outputs: &vectors.outputs,
            float_outputs: &float_outputs,
        };
        let mut files: Vec<(String, Vec<u8>)> = vec![("model.tflite".into(), side.bytes.clone())];
        files.extend(c::files(&program).into_iter().map(|(name, text)| (name.to_owned(), text.into_bytes())));
        files.push(("recipe.json".into(), format!("{}\n", recipe.to_json()).into_bytes()));
        let data = self.inputs.as_ref().map_or("none", |inputs| inputs.name.as_str());
        let again = self.command(recipe)?;
        let readme = readme(&report, &vectors.from, &arenas, &again);
        files.push(("README.md".into(), readme.into_bytes()));
        let listed = hashes(&files);
        let comparison = compare::compare(&Compared::from(&original), &Compared::from(&report)).sentence;
        let page = Page { original: &original, candidate: &report, comparison: &comparison, files: &listed, data };
        files.push(("report.html".into(), html::page(&page).into_bytes()));
        let sums: String = hashes(&files).iter().map(|(name, _, sha256)| format!("{sha256}  {name}\n")).collect();
        files.push(("SHA256SUMS".into(), sums.into_bytes()));
        zip::write(&files)
    }

    /// The command that makes the file again, and what it takes.
    fn command(&self, recipe: &Recipe) -> Result<String> {
        let original = &self.original()?.card;
        let reads = recipe.needs_calibration() || recipe.trained().is_some();
        let arguments = self.inputs.as_ref().filter(|_| reads).map_or("", |inputs| inputs.arguments.as_str());
        let mut command = format!("milliwatt compress {} --recipe recipe.json", quoted(&original.name));
        if !arguments.is_empty() {
            command.push_str(&format!(" {arguments}"));
        }
        let mut files = format!("`{}` is the model that was opened (SHA-256 {})", original.name, original.sha256);
        let taught = |step: &Step| match step {
            Step::Train(training) => training.teacher.clone(),
            _ => None,
        };
        if let Some(teacher) = recipe.steps.iter().find_map(taught) {
            command.push_str(&format!(" --teacher {}", quoted(&teacher.name)));
            files.push_str(&format!(", `{}` its teacher (SHA-256 {})", teacher.name, teacher.sha256));
        }
        if arguments.contains("FILES.zip") {
            files.push_str(", `FILES.zip` a ZIP of the data files with the paths that they were given with");
        }
        if arguments.contains("words.zip") {
            files.push_str(", `words.zip` the words of the built-in keyword sample");
        }
        Ok(format!("    {command} -o again.tflite\n\n{files}."))
    }

    /// What has to be said of the candidate before it goes to a board: that TFLM may not load it, or that the size of its
    /// arena is a lower bound.
    ///
    /// # Errors
    /// `Parameter` when there is no candidate.
    pub fn caution(&self) -> Result<Option<String>> {
        Ok(Arenas::of(&self.candidate()?.side.model).caution())
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

/// A file's name as a shell reads it as one word.
pub(super) fn quoted(name: &str) -> String {
    let plain = |letter: char| letter.is_ascii_alphanumeric() || "._-/+".contains(letter);
    if name.chars().all(plain) { name.to_owned() } else { format!("'{}'", name.replace('\'', "'\\''")) }
}

fn readme(report: &Report, vectors: &str, arenas: &Arenas, again: &str) -> String {
    let caution = arenas.caution().map(|caution| format!("**Caution:** {caution}.\n\n")).unwrap_or_default();
    format!(
        "# A model for TensorFlow Lite for Microcontrollers\n\n\
         Made by Milliwatt {}. `report.html` says what it costs and how good it is.\n\n\
         {caution}\
         | file | holds |\n|---|---|\n\
         | `model.tflite` | the model, {:.0} bytes |\n\
         | `model.h`, `model.cc` | the same as a C++ array, its operators, and the size of its arena |\n\
         | `test_vectors.h`, `test_vectors.cc` | inputs ({vectors}) and the bytes that the model answers |\n\
         | `main.cc` | runs the vectors with TFLM and compares |\n\
         | `recipe.json` | how the model was made; the command below makes it again |\n\
         | `SHA256SUMS` | `sha256sum -c SHA256SUMS` checks the files |\n\n\
         ## Make the same file again\n\n{again}\n\n\
         ## On the board\n\n\
         1. Add `model.cc`, `test_vectors.cc` and `main.cc` to a project that has TFLM (C++17), or copy what `main.cc` does.\n\
         2. Run it. It prints a line for each vector and ends with 0 where all agree.\n\
         3. In your own program include `model.h`: `MilliwattRegister` gives TFLM the operators, `kMilliwattArenaBytes` is the \
         size of the arena.\n\n\
         ## The arena\n\n\
         The smallest arena in which TFLM loads the model, in bytes, by its kernels and core (counted: rules that equal what was \
         measured with TFLM of August 2026; another release may need a few bytes more). `model.h` chooses the row by what the \
         compiler and TFLM's makefile define. The stack and your program come on top. `main.cc` prints what TFLM used once \
         it had loaded; loading itself may need more.\n\n\
         | kernels and core | bytes |\n|---|---|\n{}\n\
         Integer answers are those of TFLM's reference kernels, byte for byte. An optimised kernel that rounds otherwise differs; \
         float answers are compared with a tolerance.\n",
        env!("CARGO_PKG_VERSION"),
        report.strip.flash.value,
        arenas.table()
    )
}
