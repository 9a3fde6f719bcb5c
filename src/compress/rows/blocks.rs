//! The removal of blocks, as the page shows it.

use super::{Transform, number, option, transform};

pub(super) fn row() -> Transform {
    let many = "How many go, spread evenly over the depth";
    transform(
        "blocks",
        "Remove blocks",
        "Leaves out whole layers that give what they take: a shallower model, which has to be trained",
        vec![option("remove", "Blocks", many, number(1.0, 12.0, 1.0, 1.0))],
    )
}
