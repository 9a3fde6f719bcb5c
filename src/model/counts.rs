//! What each node costs: multiply-accumulates, parameters, bytes.
