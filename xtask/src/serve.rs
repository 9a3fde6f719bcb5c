//! The page, served on this machine only.

use anyhow::Result;

use crate::step::node;
use crate::{build, setup, step};

pub fn run(arguments: &[String]) -> Result<()> {
    crate::only(arguments, &["--port"], &["--dev"])?;
    let port = crate::option(arguments, "--port")?.unwrap_or("8080");
    // Vite prints the address, and takes the next free port when this one is taken.
    let place = ["--host", "127.0.0.1", "--port", port];
    let mut vite = vec!["node_modules/vite/bin/vite.js"];
    if arguments.iter().any(|argument| argument == "--dev") {
        build::modules()?;
        setup::npm()?;
    } else {
        build::run(&[])?;
        vite.push("preview");
    }
    vite.extend(place);
    step::run(&mut node(&vite))
}
