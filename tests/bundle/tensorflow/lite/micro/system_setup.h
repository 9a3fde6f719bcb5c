// Stands for TFLM's header of this name; see README.md here.
#pragma once

namespace tflite {
inline void InitializeTarget() {}
}  // namespace tflite
