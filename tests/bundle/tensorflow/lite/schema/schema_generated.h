// Stands for TFLM's header of this name; see README.md here.
#pragma once

#define TFLITE_SCHEMA_VERSION (3)

namespace tflite {

struct Model {
  unsigned version() const { return TFLITE_SCHEMA_VERSION; }
};

inline const Model* GetModel(const void* bytes) { return static_cast<const Model*>(bytes); }

}  // namespace tflite
