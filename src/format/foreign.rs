//! Models of other tools: what each is called, and the way from it to a file that Milliwatt reads.

use super::Kind;

/// What a file of another tool is and how it becomes a TFLite file, in two sentences; `None` where Milliwatt reads the kind
/// itself, or it is no model.
///
/// *Source*: the converters' own documentation: LiteRT (`tf.lite.TFLiteConverter`), LiteRT Torch and onnx2tf.
///
/// ```
/// use milliwatt::format::{Kind, foreign};
/// assert!(foreign::way_out(Kind::Onnx).unwrap().contains("onnx2tf"));
/// assert_eq!(foreign::way_out(Kind::Tflite), None);
/// ```
pub fn way_out(kind: Kind) -> Option<&'static str> {
    Some(match kind {
        Kind::Onnx => {
            "This is an ONNX model, and Milliwatt reads TensorFlow Lite (.tflite) only. Convert it with \
             `onnx2tf -i model.onnx` (pip install onnx2tf), and drop the .tflite file that it writes."
        }
        Kind::Pytorch => {
            "This is a PyTorch file, and Milliwatt reads TensorFlow Lite (.tflite) only. Convert the model in Python with \
             litert_torch.convert(model.eval(), (example,)).export(\"model.tflite\") (pip install litert-torch), and drop \
             what it writes."
        }
        Kind::Keras | Kind::Hdf5 => {
            "This is a Keras or HDF5 file, and Milliwatt reads TensorFlow Lite (.tflite) only. Load it in Python as model, write \
             the bytes of tf.lite.TFLiteConverter.from_keras_model(model).convert() to model.tflite, and drop that."
        }
        Kind::Savedmodel => {
            "This is a TensorFlow SavedModel, and Milliwatt reads TensorFlow Lite (.tflite) only. In Python, write the bytes of \
             tf.lite.TFLiteConverter.from_saved_model(folder).convert() to model.tflite, and drop that."
        }
        Kind::Executorch => {
            "This is an ExecuTorch program, and Milliwatt reads TensorFlow Lite (.tflite) only. Export the PyTorch model that it \
             came from with litert_torch (pip install litert-torch), and drop the .tflite file."
        }
        Kind::Safetensors => {
            "This file holds weights without their network, so that it cannot run. Export the whole network as TensorFlow Lite \
             (.tflite), and drop that."
        }
        Kind::Pickle => {
            "This is a Python pickle, which only Python can open. Milliwatt reads neural networks as TensorFlow Lite (.tflite): \
             export yours as that, and drop it."
        }
        Kind::Tflite | Kind::Wav | Kind::Audio | Kind::Image | Kind::Npy | Kind::Npz | Kind::Zip | Kind::Json => {
            return None;
        }
    })
}
