//! What a model costs: flash, working memory, time, energy and average power.
//!
//! | file | what it answers | kind |
//! |---|---|---|
//! | [`flash`](mod@flash) | where the bytes of the file go | counted |
//! | [`memory`](mod@memory) (with [`arena`]) | how TFLM lays out its arena, and how large it has to be, by kernels and core | counted |
//! | [`estimate`](mod@estimate) | time and energy of one inference | modelled, with a band |
//! | [`budget`](mod@budget) | average power at a rate, and the one-milliwatt verdict | modelled, with a band |
//! | [`sound`](mod@sound) | cycles, energy and power of normalizers and front ends | modelled, with a wide band |
//! | [`device`] | the shelf: boards with sourced figures | stated or parsed |
//! | [`published`] | what MLPerf Tiny submissions measured | parsed |
//! | [`classes`] | what a layer asks of a processor | counted |
//! | [`fit`](mod@fit) | rates from measurements, and how well they predict | modelled |
//! | [`elsewhere`](mod@elsewhere) | what rates are worth on boards and networks that no fit has seen | parsed |
//! | [`tflm`](mod@tflm) | what the same model takes with TFLM | modelled, with a band |
//! | [`carried`] | float results of one board, carried to others | modelled, with a band |
//! | [`systems`] | boards left out, predicted from others with the same processor | modelled |

pub mod arena;
pub mod budget;
pub mod carried;
pub mod classes;
pub mod device;
pub mod elsewhere;
pub mod estimate;
pub mod fit;
pub mod flash;
pub mod memory;
pub mod platforms;
pub mod published;
pub mod scoreboard;
pub mod sound;
pub mod systems;
pub mod tflm;

pub use budget::{Budget, Load, Surroundings, Verdict, budget};
pub use device::{Device, devices};
pub use estimate::{Estimate, Fits, Modelled, estimate, fits};
pub use flash::{Flash, flash};
pub use memory::{Memory, Runtime, memory, memory_on};
pub use sound::{SoundCost, sound};
pub use tflm::{Tflm, tflm};
