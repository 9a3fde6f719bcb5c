//! `--data` and its companions: the one way in which every command reads data.

use std::io::Write;
use std::path::PathBuf;

use clap::Args;
use milliwatt::error::{Error, Result};
use milliwatt::lab::files::Labels;
use milliwatt::lab::inputs::{Purpose, Split};
use milliwatt::lab::{Bench, files};

use super::{file_name, read};

/// Where the data comes from.
#[derive(Args, Clone, Default)]
pub struct Data {
    /// Inputs: an NPY array with a row for each, an NPZ of such an array and its labels, a WAV file, or a ZIP of clips in a
    /// folder for each class
    #[arg(long)]
    data: Option<PathBuf>,
    /// NPY array with a class number for each row of --data, where that is an array without labels
    #[arg(long, requires = "data")]
    labels: Option<PathBuf>,
    /// Names of the model's classes in the order of its outputs, such as yes,no,other; folders are matched to them by name.
    /// Without it they come from the model's label file, or from what is published of the model
    #[arg(long, value_name = "NAME,NAME", value_delimiter = ',', requires = "data")]
    classes: Vec<String>,
    /// Generated inputs in place of files: machine
    #[arg(long, conflicts_with = "data")]
    generated: Option<String>,
    /// Spoken keywords in place of files: the archive of dry words of the keyword sample
    #[arg(long, conflicts_with_all = ["data", "generated"])]
    spoken: Option<PathBuf>,
    /// Seed of the split into calibration, training and test set, or of what is generated
    #[arg(long = "data-seed", default_value_t = files::SEED)]
    seed: u64,
}

impl Data {
    /// Whether any data is named.
    pub fn is_given(&self) -> bool {
        self.data.is_some() || self.generated.is_some() || self.spoken.is_some()
    }

    /// Refuses to go on without data.
    pub fn required(&self, command: &str) -> Result<()> {
        if self.is_given() {
            return Ok(());
        }
        Err(Error::parameter(format!(
            "{command} measures, so it needs data: give --data FILE, --generated machine or --spoken words.zip"
        )))
    }

    /// Puts the data on the bench and says on the error stream what was left out of it.
    pub fn put(&self, bench: &mut Bench, purpose: Purpose) -> Result<()> {
        let card = if let Some(generator) = &self.generated {
            bench.set_generated(generator, self.seed)?
        } else if let Some(words) = &self.spoken {
            bench.set_spoken(&read(words)?, self.seed)?
        } else if let Some(path) = &self.data {
            let file = |path: &PathBuf| Ok((file_name(path), read(path)?));
            let numbers = self.labels.as_ref().map(file).transpose()?;
            let labels = Labels { numbers, classes: self.classes.clone() };
            bench.set_labelled(vec![file(path)?], labels, Split { seed: self.seed, purpose })?
        } else {
            return Ok(());
        };
        for remark in &card.remarks {
            // Nobody is left to tell where the error stream is closed.
            let _ = writeln!(std::io::stderr(), "note: {remark}");
        }
        Ok(())
    }
}
