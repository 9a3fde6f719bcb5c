//! What must hold of every model, after loading and after each transform.
