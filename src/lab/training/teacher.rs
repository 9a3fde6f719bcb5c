//! The network that is learned from: the open one, or one from another file.

use crate::compress::dequantize::dequantize;
use crate::compress::recipe::{self, Training};
use crate::error::{Error, Result};
use crate::format::tflite;
use crate::lab::{Bench, card};
use crate::model::Model;

/// A teacher that is not the open model.
pub(in crate::lab) struct Teacher {
    named: recipe::Teacher,
    model: Model,
}

impl Bench {
    /// Takes a file in as teacher, for recipes that name it; returns how they name it.
    ///
    /// # Errors
    /// Those of reading the file.
    pub fn set_teacher(&mut self, bytes: &[u8], name: &str) -> Result<recipe::Teacher> {
        let model = dequantize(&tflite::read(bytes).map_err(|error| error.at(name))?.model)?;
        let named = recipe::Teacher { name: name.into(), sha256: card::sha256(bytes) };
        self.teacher = Some(Teacher { named: named.clone(), model });
        Ok(named)
    }

    /// The teacher of a training: integers are the real numbers that they stand for.
    pub(super) fn teacher_of(&self, training: &Training) -> Result<Model> {
        let Some(wanted) = &training.teacher else { return dequantize(&self.original()?.model) };
        let known = self.teacher.as_ref().filter(|teacher| teacher.named.sha256 == wanted.sha256);
        known.map(|teacher| teacher.model.clone()).ok_or_else(|| {
            Error::parameter(format!(
                "This recipe learns from {} (SHA-256 {}…), which is not open: choose that file as the teacher",
                wanted.name,
                wanted.sha256.get(..12).unwrap_or(&wanted.sha256)
            ))
        })
    }
}
