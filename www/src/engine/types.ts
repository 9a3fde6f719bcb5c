// The types that the page shares with the engine. They are generated from the Rust structs; nothing is written twice.

export type {
  Answer, ArenaBuffer, Bar, Bench, Choice, ClipView, Compared, Comparison, Control, DataCard, Delta, DeviceCard, DeviceRow,
  EvaluationReport, Figure, FigureKind, FlashPart, Flip, LayerRow, Level, LiveEvent, LiveSettings, MemoryReport,
  ModelCard, Port, PublishedRow, Remark, SpectrogramView, Step, Strip, Teacher, TrainingOutcome, Transform, TransformOption,
  WeightsView,
} from "./wasm/simd/milliwatt";

export type {
  CoverageRow, DiagnosedLayer, DiagnosisReport, EpochRow, LevelsReport, LintReport, LintRow, RemedyRow, SearchNews, TrainingCard,
  TrainingNews, TreatmentRow, WrongExample,
} from "./wasm/workshop/milliwatt";

export type {
  ChipScores, CostRow, EnergyPart, HardwareReport, ImcReport, JouleRow, MacroCard, MatmulReport, MatrixCard, PlacedTile, PlatformRow,
  Rule, ScoreboardReport, SideScores, TraceReport, WorthRow,
} from "./wasm/memory/milliwatt";

import type * as engine from "./wasm/simd/milliwatt";

/** A recipe as the engine writes it: its steps may be missing only in files. */
export type Recipe = Required<engine.Recipe>;
export type Report = engine.Report & { recipe: Recipe };
export type Preset = engine.Preset & { recipe: Recipe };

/** The two sides of the bench. */
export type SideName = "a" | "b";

export const SIDES: readonly SideName[] = ["a", "b"];

/** A file that the user gave, with the folders it lay in. */
export interface InputFile {
  path: string;
  bytes: Uint8Array;
}

/** The number of a strip column, as `Delta.of` and `Strip` name it. */
export type StripField = "flash" | "ram" | "score" | "latency" | "energy" | "agreement";

export const STRIP_FIELDS: readonly StripField[] = ["flash", "ram", "score", "latency", "energy", "agreement"];
