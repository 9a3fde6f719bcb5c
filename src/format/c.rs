//! C++ for TensorFlow Lite for Microcontrollers: a model as an array, test vectors, and a small program that runs them.
//!
//! Text that comes from a file stands in comments only, without line ends, backslashes and letters beyond ASCII.
//!
//! *Source*: TFLM's `micro_interpreter.h`, `micro_mutable_op_resolver.h` and its `hello_world` example, for what it is called.

use std::fmt::Write;

/// Bytes in a row of an array.
const ROW: usize = 12;

/// What the C++ is made of.
pub struct Program<'a> {
    /// The model's name; text from outside.
    pub name: &'a str,
    /// The file.
    pub model: &'a [u8],
    /// SHA-256 of the file.
    pub sha256: &'a str,
    /// The lines that declare and fill the operator resolver.
    pub resolver: &'a [String],
    /// Bytes of the arena, by build of TFLM.
    pub arenas: Arenas,
    /// How the arena's size came about.
    pub arena_note: &'a str,
    /// Bytes of each input of the model, for every vector; and of each output.
    pub inputs: &'a [Vec<Vec<u8>>],
    /// As `inputs`, what the model answers.
    pub outputs: &'a [Vec<Vec<u8>>],
    /// Whether each output is float32, which may differ in its last digits between machines.
    pub float_outputs: &'a [bool],
}

/// The smallest arena that loads, in bytes, on each build of TFLM that a preprocessor can tell.
pub struct Arenas {
    /// Reference kernels on a 32-bit Arm core.
    pub reference: u64,
    /// Reference kernels on other 32-bit cores.
    pub wide_enums: u64,
    /// Reference kernels on a 64-bit computer.
    pub reference_64: u64,
    /// The same with `USE_TFLM_COMPRESSION`, as the Python wheel is built.
    pub wheel: u64,
    /// CMSIS-NN without DSP instructions.
    pub cmsis_nn_scalar: u64,
    /// CMSIS-NN with DSP instructions.
    pub cmsis_nn: u64,
    /// CMSIS-NN with vectors, for speed.
    pub cmsis_nn_mve: u64,
    /// CMSIS-NN with vectors, for size.
    pub cmsis_nn_mve_small: u64,
    /// ESP-NN on the ESP32-S3.
    pub esp_nn: u64,
}

impl Arenas {
    /// The constant, chosen by what TFLM's makefile and the compiler define.
    fn constant(&self) -> String {
        let mut text = String::from("#if UINTPTR_MAX > 0xffffffffu\n");
        let mut one = |condition: &str, what: &str, bytes: u64| {
            let _ = write!(text, "{condition}\n// {what}\nconstexpr std::size_t kMilliwattArenaBytes = {bytes};\n");
        };
        one(
            "#if defined(USE_TFLM_COMPRESSION)",
            "Reference kernels, 64-bit, built as the Python wheel is.",
            self.wheel,
        );
        one("#else", "Reference kernels, 64-bit.", self.reference_64);
        one(
            "#endif\n#elif defined(CMSIS_NN) && defined(__ARM_FEATURE_MVE) && defined(KERNELS_OPTIMIZED_FOR_SIZE)",
            "CMSIS-NN on Cortex-M55 or M85, built for size.",
            self.cmsis_nn_mve_small,
        );
        one(
            "#elif defined(CMSIS_NN) && defined(__ARM_FEATURE_MVE)",
            "CMSIS-NN on Cortex-M55 or M85.",
            self.cmsis_nn_mve,
        );
        one(
            "#elif defined(CMSIS_NN) && defined(__ARM_FEATURE_DSP)",
            "CMSIS-NN on Cortex-M4, M7 or M33.",
            self.cmsis_nn,
        );
        one("#elif defined(CMSIS_NN)", "CMSIS-NN on Cortex-M0 to M3.", self.cmsis_nn_scalar);
        one("#elif defined(ESP_NN)", "ESP-NN on the ESP32-S3; other ESP32 need no more.", self.esp_nn);
        one("#elif defined(__arm__)", "Reference kernels, 32-bit Arm.", self.reference);
        one("#else", "Reference kernels, 32-bit Xtensa or RISC-V.", self.wide_enums);
        text + "#endif\n"
    }
}

/// The files, with their names.
pub fn files(program: &Program<'_>) -> Vec<(&'static str, String)> {
    vec![
        ("model.h", model_h(program)),
        ("model.cc", model_cc(program)),
        ("test_vectors.h", vectors_h(program)),
        ("test_vectors.cc", vectors_cc(program)),
        ("main.cc", main_cc(program)),
    ]
}

/// Text as it may stand in a comment.
fn comment(text: &str) -> String {
    text.chars().map(|letter| if (' '..='~').contains(&letter) && letter != '\\' { letter } else { '_' }).collect()
}

fn array(out: &mut String, bytes: &[u8], indent: &str) {
    for row in bytes.chunks(ROW) {
        out.push_str(indent);
        for byte in row {
            // Writing to a string cannot fail.
            let _ = write!(out, "0x{byte:02x},");
        }
        out.push('\n');
    }
}

fn model_h(program: &Program<'_>) -> String {
    let count = program.resolver.len().saturating_sub(1).max(1);
    format!(
        "// {name}: the model, what TFLM needs to run it, and how much memory that takes.
#ifndef MILLIWATT_MODEL_H_
#define MILLIWATT_MODEL_H_

#include <cstddef>
#include <cstdint>

#include \"tensorflow/lite/micro/micro_mutable_op_resolver.h\"

// The file itself, SHA-256 {sha256}.
extern const unsigned char milliwatt_model[];
extern const std::size_t milliwatt_model_size;

// {note}
// TFLM's makefile defines CMSIS_NN or ESP_NN where those kernels run; define it yourself in another build.
{arena}
// The operators of this model and no others.
using MilliwattResolver = tflite::MicroMutableOpResolver<{count}>;

inline TfLiteStatus MilliwattRegister(MilliwattResolver& resolver) {{
{adds}  return kTfLiteOk;
}}

#endif  // MILLIWATT_MODEL_H_
",
        name = comment(program.name),
        sha256 = program.sha256,
        note = comment(program.arena_note),
        arena = program.arenas.constant(),
        adds = program.resolver.iter().skip(1).map(|line| checked(line)).collect::<String>(),
    )
}

/// `resolver.AddConv2D();` with its status passed on; a comment stays one.
fn checked(line: &str) -> String {
    match line.trim().strip_suffix(';') {
        Some(call) => format!("  if ({call} != kTfLiteOk) return kTfLiteError;\n"),
        None => format!("  {}\n", comment(line.trim())),
    }
}

fn model_cc(program: &Program<'_>) -> String {
    let mut text = format!(
        "// {}, SHA-256 {}.\n#include \"model.h\"\n\nalignas(16) extern const unsigned char milliwatt_model[] = {{\n",
        comment(program.name),
        program.sha256
    );
    array(&mut text, program.model, "    ");
    text.push_str("};\nextern const std::size_t milliwatt_model_size = sizeof(milliwatt_model);\n");
    text
}

/// The declaration of one array of vectors.
fn declared(what: &str, at: usize, vectors: &[Vec<u8>]) -> String {
    let bytes = vectors.first().map_or(0, Vec::len);
    format!("extern const unsigned char milliwatt_{what}_{at}[{}][{}]", vectors.len().max(1), bytes.max(1))
}

fn vectors_h(program: &Program<'_>) -> String {
    let mut text = String::from(
        "// Test vectors: inputs, and the bytes that the model answers.
#ifndef MILLIWATT_TEST_VECTORS_H_
#define MILLIWATT_TEST_VECTORS_H_

",
    );
    let count = program.inputs.first().map_or(0, Vec::len);
    let _ = writeln!(text, "constexpr int kMilliwattVectors = {count};");
    for (what, all) in [("input", program.inputs), ("output", program.outputs)] {
        for (at, vectors) in all.iter().enumerate() {
            let _ = writeln!(text, "{};", declared(what, at, vectors));
        }
    }
    text.push_str("\n#endif  // MILLIWATT_TEST_VECTORS_H_\n");
    text
}

fn vectors_cc(program: &Program<'_>) -> String {
    let mut text = String::from("#include \"test_vectors.h\"\n");
    for (what, all) in [("input", program.inputs), ("output", program.outputs)] {
        for (at, vectors) in all.iter().enumerate() {
            let _ = writeln!(text, "\nalignas(16) {} = {{", declared(what, at, vectors));
            for vector in vectors {
                text.push_str("    {\n");
                array(&mut text, vector, "        ");
                text.push_str("    },\n");
            }
            text.push_str("};\n");
        }
    }
    text
}

fn main_cc(program: &Program<'_>) -> String {
    let ports = |what: &str, count: usize| -> String {
        (0..count)
            .map(|at| format!("    {{milliwatt_{what}_{at}[vector], sizeof(milliwatt_{what}_{at}[vector])}},\n"))
            .collect()
    };
    let floats: Vec<&str> = program.float_outputs.iter().map(|&float| if float { "true" } else { "false" }).collect();
    format!(
        "// Runs every test vector on the device and compares the answers with the expected bytes.
#include <cmath>
#include <cstdio>
#include <cstring>

#include \"model.h\"
#include \"tensorflow/lite/micro/micro_interpreter.h\"
#include \"tensorflow/lite/micro/system_setup.h\"
#include \"tensorflow/lite/schema/schema_generated.h\"
#include \"test_vectors.h\"

namespace {{

alignas(16) unsigned char arena[kMilliwattArenaBytes];

struct Bytes {{
  const unsigned char* data;
  std::size_t size;
}};

// Float answers may differ in their last digits between machines; integers may not.
constexpr bool kIsFloat[] = {{{floats}}};

bool Agrees(const TfLiteTensor* tensor, const Bytes& expected, bool is_float) {{
  if (tensor->bytes != expected.size) return false;
  if (!is_float) return std::memcmp(tensor->data.raw, expected.data, expected.size) == 0;
  for (std::size_t at = 0; at + sizeof(float) <= expected.size; at += sizeof(float)) {{
    float a, b;
    std::memcpy(&a, tensor->data.raw + at, sizeof(a));
    std::memcpy(&b, expected.data + at, sizeof(b));
    if (!(std::fabs(a - b) <= 1e-4f * (1.0f + std::fabs(b)))) return false;
  }}
  return true;
}}

}}  // namespace

int main() {{
  tflite::InitializeTarget();
  const tflite::Model* model = tflite::GetModel(milliwatt_model);
  if (model->version() != TFLITE_SCHEMA_VERSION) {{
    std::printf(\"The model has another schema version than this library\\n\");
    return 1;
  }}
  static MilliwattResolver resolver;
  if (MilliwattRegister(resolver) != kTfLiteOk) return 1;
  static tflite::MicroInterpreter interpreter(model, resolver, arena, sizeof(arena));
  if (interpreter.AllocateTensors() != kTfLiteOk) {{
    std::printf(\"AllocateTensors failed: the arena of %u bytes is too small, or an operator is missing\\n\",
                static_cast<unsigned>(sizeof(arena)));
    return 1;
  }}
  std::printf(\"arena: %u of %u bytes used\\n\", static_cast<unsigned>(interpreter.arena_used_bytes()),
              static_cast<unsigned>(sizeof(arena)));
  int failed = 0;
  for (int vector = 0; vector < kMilliwattVectors; ++vector) {{
    const Bytes inputs[] = {{
{inputs}    }};
    const Bytes outputs[] = {{
{outputs}    }};
    bool ok = true;
    for (std::size_t at = 0; at < sizeof(inputs) / sizeof(inputs[0]); ++at) {{
      TfLiteTensor* tensor = interpreter.input(at);
      ok = ok && tensor->bytes == inputs[at].size;
      if (ok) std::memcpy(tensor->data.raw, inputs[at].data, inputs[at].size);
    }}
    ok = ok && interpreter.Invoke() == kTfLiteOk;
    for (std::size_t at = 0; at < sizeof(outputs) / sizeof(outputs[0]); ++at) {{
      ok = ok && Agrees(interpreter.output(at), outputs[at], kIsFloat[at]);
    }}
    std::printf(\"vector %d: %s\\n\", vector, ok ? \"ok\" : \"DIFFERS\");
    if (!ok) ++failed;
  }}
  std::printf(\"%d of %d vectors agree\\n\", kMilliwattVectors - failed, kMilliwattVectors);
  return failed == 0 ? 0 : 1;
}}
",
        floats = floats.join(", "),
        inputs = ports("input", program.inputs.len()),
        outputs = ports("output", program.outputs.len()),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_a_file_cannot_leave_its_comment() {
        assert_eq!(comment("a\nint x; \\ \u{2028}é"), "a_int x; _ __");
    }

    #[test]
    fn a_line_of_the_resolver_passes_its_status_on() {
        assert_eq!(checked("resolver.AddConv2D();"), "  if (resolver.AddConv2D() != kTfLiteOk) return kTfLiteError;\n");
        assert_eq!(checked("// FOO is not known"), "  // FOO is not known\n");
    }
}
