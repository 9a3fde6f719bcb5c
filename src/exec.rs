//! Running a model: plan once, run many, tap any tensor.
