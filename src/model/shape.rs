//! The shape rule of each operator.
