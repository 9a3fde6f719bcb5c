// Stands for TFLM's header of this name; see README.md here.
#pragma once
#include <cstddef>
#include <cstdint>

enum TfLiteStatus { kTfLiteOk = 0, kTfLiteError = 1 };

namespace tflite {

template <unsigned int kOperators>
class MicroMutableOpResolver {
 public:
#define STUB(name) \
  TfLiteStatus Add##name() { return Add(); }
  STUB(Add) STUB(AveragePool2D) STUB(Concatenation) STUB(Conv2D) STUB(Decode) STUB(DepthwiseConv2D) STUB(Dequantize)
  STUB(ExpandDims) STUB(FullyConnected) STUB(HardSwish) STUB(L2Normalization) STUB(LeakyRelu) STUB(Logistic) STUB(MaxPool2D)
  STUB(Mean) STUB(Mul) STUB(Pad) STUB(PadV2) STUB(Prelu) STUB(Quantize) STUB(Relu) STUB(Relu6) STUB(Reshape)
  STUB(ResizeBilinear) STUB(ResizeNearestNeighbor) STUB(Softmax) STUB(Split) STUB(Squeeze) STUB(StridedSlice) STUB(Sub)
  STUB(Tanh) STUB(Transpose) STUB(TransposeConv)
#undef STUB
 private:
  // As in TFLM: there is room for as many operators as were announced.
  TfLiteStatus Add() { return used_++ < kOperators ? kTfLiteOk : kTfLiteError; }
  unsigned int used_ = 0;
};

}  // namespace tflite
