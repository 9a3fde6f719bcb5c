// A stand-in for the model: it knows the expected answer to each input, and spoils one byte where it is built to.
#include <cstring>

#include "tensorflow/lite/micro/micro_interpreter.h"
#include "test_vectors.h"

namespace {
char in[sizeof(milliwatt_input_0[0])], out[sizeof(milliwatt_output_0[0])];
TfLiteTensor input{{in}, sizeof(in)}, output{{out}, sizeof(out)};
}  // namespace

TfLiteTensor* stub_input(size_t) { return &input; }
TfLiteTensor* stub_output(size_t) { return &output; }

TfLiteStatus stub_answer() {
  for (int vector = 0; vector < kMilliwattVectors; ++vector) {
    if (std::memcmp(in, milliwatt_input_0[vector], sizeof(in)) == 0) {
      std::memcpy(out, milliwatt_output_0[vector], sizeof(out));
#ifdef SPOILED
      out[0] ^= 1;
#endif
      return kTfLiteOk;
    }
  }
  return kTfLiteError;
}
