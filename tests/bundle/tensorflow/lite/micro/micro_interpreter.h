// Stands for TFLM's header of this name; see README.md here. Its answers come from `stub_answer`, which a test writes.
#pragma once
#include <cstddef>
#include <cstdint>

#include "tensorflow/lite/micro/micro_mutable_op_resolver.h"
#include "tensorflow/lite/schema/schema_generated.h"

union TfLitePtrUnion {
  char* raw;
};

struct TfLiteTensor {
  TfLitePtrUnion data;
  size_t bytes;
};

// What the model answers to the input that was copied in last.
TfLiteTensor* stub_input(size_t at);
TfLiteTensor* stub_output(size_t at);
TfLiteStatus stub_answer();

namespace tflite {

class MicroInterpreter {
 public:
  template <typename Resolver>
  MicroInterpreter(const Model*, const Resolver&, uint8_t*, size_t) {}
  TfLiteStatus AllocateTensors() { return kTfLiteOk; }
  TfLiteTensor* input(size_t at) { return stub_input(at); }
  TfLiteTensor* output(size_t at) { return stub_output(at); }
  TfLiteStatus Invoke() { return stub_answer(); }
  size_t arena_used_bytes() const { return 0; }
};

}  // namespace tflite
