//! What the report and the bundle say of the arena: how large, with whose kernels, and when that is not known.

use crate::compress::lint::{Problem, Target, lint};
use crate::cost::memory::Owner;
use crate::cost::{self, Memory, Runtime};
use crate::format::{Severity, c};
use crate::model::{Model, NodeId};
use crate::report::{ArenaBuffer, ArenaRow, Figure, MemoryReport};
use crate::units::Bytes;

const SOURCE: &str = "Rules that equal the arenas of TFLM of August 2026 with CMSIS-NN of 2026 and esp-nn 1.2.3, measured on real \
                      networks";

/// The arenas of a model.
pub struct Arenas<'a> {
    model: &'a Model,
    /// With reference kernels on a 32-bit core.
    pub reference: Memory,
    /// Why TFLM does not load the file.
    pub refused: Option<String>,
}

impl<'a> Arenas<'a> {
    /// Counts the arena with reference kernels and asks whether TFLM takes the model at all.
    pub fn of(model: &'a Model) -> Self {
        // Of an operator that is not executed here the memory may be known, and else is named as unknown.
        let is_known = |id: &NodeId| model.nodes.get(*id).is_some_and(|node| node.op.is_known());
        let known: Vec<String> = (0..model.nodes.len()).filter(is_known).map(|id| model.place(id)).collect();
        let blocks = |problem: &Problem| problem.severity == Severity::Blocks && known.contains(&problem.place);
        let refused = lint(model, Target::Tflm).into_iter().find(blocks);
        let refused = refused.map(|problem| format!("{}: {}", problem.place, problem.sentence));
        Self { model, reference: cost::memory(model), refused }
    }

    /// The smallest arena that loads on a build.
    pub fn smallest(&self, runtime: Runtime) -> Bytes {
        cost::memory_on(self.model, runtime).total_bytes()
    }

    /// What has to be said before any size is believed; `None` where the sizes are exact.
    pub fn caution(&self) -> Option<String> {
        let unknown = self.reference.unknown.join(", ");
        match (&self.refused, unknown.as_str()) {
            (Some(refused), _) => Some(format!(
                "TFLM does not load this file as it is ({refused}). The size of the arena counts what its tensors and operators \
                 would take at least"
            )),
            (None, "") => None,
            (None, unknown) => Some(format!(
                "The size of the arena is a lower bound: what TFLM keeps for {unknown} is not known here. Start larger, and let \
                 arena_used_bytes() tell"
            )),
        }
    }

    /// The smallest arena on a build, as a figure.
    pub fn figure(&self, runtime: Runtime) -> Figure {
        let caution = self.caution();
        let note = format!(
            "{}The smallest arena in which TFLM loads the model ({}): activations and scratch memory, what it keeps for the \
             model's whole life, and what it needs while it loads. The stack and your program come on top",
            caution.as_ref().map(|caution| format!("{caution}. ")).unwrap_or_default(),
            runtime.label()
        );
        Figure {
            at_least: caution.is_some(),
            source: Some(SOURCE.into()),
            ..Figure::counted(self.smallest(runtime).0 as f64, "B", note)
        }
    }

    /// The smallest arena of every build, for `model.h`.
    pub fn for_builds(&self) -> c::Arenas {
        let smallest = |runtime: Runtime| self.smallest(runtime).0;
        c::Arenas {
            reference: smallest(Runtime::Reference),
            wide_enums: smallest(Runtime::ReferenceWideEnums),
            reference_64: smallest(Runtime::Reference64),
            wheel: smallest(Runtime::Wheel),
            cmsis_nn_scalar: smallest(Runtime::CmsisNnScalar),
            cmsis_nn: smallest(Runtime::CmsisNn),
            cmsis_nn_mve: smallest(Runtime::CmsisNnMve),
            cmsis_nn_mve_small: smallest(Runtime::CmsisNnMveSmall),
            esp_nn: smallest(Runtime::EspNnS3),
        }
    }

    /// The sizes as rows of a table in Markdown.
    pub fn table(&self) -> String {
        let least = if self.caution().is_some() { "at least " } else { "" };
        Runtime::ALL
            .iter()
            .map(|&runtime| format!("| {} | {least}{} |\n", runtime.label(), self.smallest(runtime).0))
            .collect()
    }

    /// The smallest arena on every build.
    pub fn rows(&self) -> Vec<ArenaRow> {
        let row = |&runtime: &Runtime| ArenaRow { runtime: runtime.label().into(), bytes: self.figure(runtime) };
        Runtime::ALL.iter().map(row).collect()
    }

    /// The part of the report.
    pub fn report(&self) -> MemoryReport {
        let figure = |bytes: Bytes, note: &str| Figure {
            at_least: self.caution().is_some(),
            source: Some(SOURCE.into()),
            ..Figure::counted(bytes.0 as f64, "B", note)
        };
        MemoryReport {
            arena: figure(
                self.reference.head_bytes,
                "Activations and scratch memory as TFLM's own planner lays them out, with its reference kernels",
            ),
            persistent: figure(
                self.reference.tail_bytes,
                "What TFLM keeps as long as the model lives, with its reference kernels on a 32-bit Arm core",
            ),
            smallest: self.rows(),
            buffers: self.reference.buffers.iter().map(|buffer| self.buffer(buffer)).collect(),
        }
    }

    fn buffer(&self, buffer: &cost::memory::Buffer) -> ArenaBuffer {
        ArenaBuffer {
            name: match buffer.owner {
                Owner::Value(id) => self.model.values[id].name.clone(),
                Owner::Scratch { node, purpose } => format!("{purpose} ({})", self.model.place(node)),
            },
            offset_bytes: buffer.offset as u32,
            bytes: buffer.bytes as u32,
            first_node: buffer.first_node as u32,
            last_node: buffer.last_node as u32,
        }
    }
}
