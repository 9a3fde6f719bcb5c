//! The workshop: what takes long on a model and is not needed to begin with. A worker of its own holds it.

mod bundle;
mod diagnosis;
mod levels;
mod lint;
mod search;
mod speed;
mod training;
