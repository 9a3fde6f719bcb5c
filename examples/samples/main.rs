//! Makes the built-in samples of the page; `cargo xtask samples` runs it.
//!
//! Arguments: `machine` or `keywords` for one of them, all where none is named; `--into` and the folder to write to,
//! `www/public/samples` where it is not given. Machine sound is made of seeds alone, the same byte for byte on every
//! machine. The words of the keyword spotter are said by `espeak-ng` and `flite`, which must be installed: other
//! versions of them say the words a little differently.
#![allow(clippy::print_stdout, reason = "a command that says how far it is")]

mod judge;
mod keywords;
mod machine;
mod voices;

use std::error::Error;
use std::path::PathBuf;

fn main() -> Result<(), Box<dyn Error>> {
    let mut folder = PathBuf::from("www/public/samples");
    let mut wanted = Vec::new();
    let mut arguments = std::env::args().skip(1);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--into" => folder = arguments.next().ok_or("--into needs a folder")?.into(),
            "machine" | "keywords" => wanted.push(argument),
            _ => return Err(format!("there is no sample {argument:?}; there are machine and keywords").into()),
        }
    }
    let wants = |name: &str| wanted.is_empty() || wanted.iter().any(|wanted| wanted == name);
    if wants("machine") {
        machine::make(&folder.join("machine"))?;
    }
    if wants("keywords") {
        keywords::make(&folder.join("keywords"))?;
    }
    Ok(())
}
