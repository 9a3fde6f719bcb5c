#!/usr/bin/env python3
"""Writes `tests/golden/audio`: features of synthetic sounds, made by the references themselves.

    python3 -m venv VENV
    VENV/bin/pip install numpy pymicro-features tensorflow-cpu librosa
    VENV/bin/python tests/oracle/make_audio.py

The micro-frontend's come from TFLM's C library inside the wheel `pymicro-features`, and once from TensorFlow's operator
`audio_microfrontend`, whose tables are computed in 64 bits and differ in a few weights; where they do not, both must agree. Keyword and
wake-word features come from `tf.signal`, the anomaly benchmark's from librosa.
"""

import ctypes
import functools
from pathlib import Path

import librosa
import micro_features_cpp
import numpy as np
import tensorflow as tf
from signals import all_signals
from tensorflow.lite.experimental.microfrontend.python.ops import audio_microfrontend_op as frontend_op

GOLDEN = Path(__file__).parent.parent / "golden" / "audio"
RATE = 16_000

# Names are those of the Rust constants and of the variations in `tests/audio/golden.rs`.
LIBRARY = {"window_size": 25, "window_step": 10, "num_channels": 32, "enable_pcan": False, "enable_log": True}
MICRO_SPEECH = LIBRARY | {"window_size": 30, "window_step": 20, "num_channels": 40, "enable_pcan": True}
CONFIGS = {
    "library": LIBRARY,
    "micro_speech": MICRO_SPEECH,
    "without_log": MICRO_SPEECH | {"enable_log": False},
    "without_noise_reduction": MICRO_SPEECH | {"enable_pcan": False, "min_signal_remaining": 1.0},
}


class Config(ctypes.Structure):
    """The library's configuration, field by field."""

    _fields_ = [
        ("window_size", ctypes.c_size_t),
        ("window_step", ctypes.c_size_t),
        ("num_channels", ctypes.c_int),
        ("upper_band_limit", ctypes.c_float),
        ("lower_band_limit", ctypes.c_float),
        ("output_scale_shift", ctypes.c_int),
        ("smoothing_bits", ctypes.c_int),
        ("even_smoothing", ctypes.c_float),
        ("odd_smoothing", ctypes.c_float),
        ("min_signal_remaining", ctypes.c_float),
        ("enable_pcan", ctypes.c_int),
        ("pcan_strength", ctypes.c_float),
        ("pcan_offset", ctypes.c_float),
        ("gain_bits", ctypes.c_int),
        ("enable_log", ctypes.c_int),
        ("scale_shift", ctypes.c_int),
    ]


class Output(ctypes.Structure):
    """A row of features."""

    _fields_ = [("values", ctypes.POINTER(ctypes.c_uint16)), ("size", ctypes.c_size_t)]


def library_features(samples, options):
    """What the C library inside `pymicro-features` makes of the samples."""
    library = ctypes.CDLL(micro_features_cpp.__file__)
    library.FrontendProcessSamples.restype = Output
    library.FrontendProcessSamples.argtypes = [
        ctypes.c_void_p,
        ctypes.c_void_p,
        ctypes.c_size_t,
        ctypes.POINTER(ctypes.c_size_t),
    ]
    config, state = Config(), (ctypes.c_uint8 * 4096)()
    library.FrontendFillConfigWithDefaults(ctypes.byref(config))
    for name, value in options.items():
        setattr(config, name, value)
    assert library.FrontendPopulateState(ctypes.byref(config), state, RATE) == 1
    rows, start, used = [], 0, ctypes.c_size_t()
    samples = np.ascontiguousarray(samples, np.int16)
    while start < len(samples):
        rest = samples[start:]
        row = library.FrontendProcessSamples(state, rest.ctypes.data, len(rest), ctypes.byref(used))
        start += used.value
        if row.values:
            rows.append(np.ctypeslib.as_array(row.values, (row.size,)).copy())
    return np.array(rows)


def operator_features(samples, options):
    """What TensorFlow's operator makes of them."""
    defaults = {"sample_rate": RATE, "upper_band_limit": 7500.0, "lower_band_limit": 125.0, "out_type": tf.uint16}
    return frontend_op.audio_microfrontend(tf.constant(samples), **(defaults | options)).numpy()


def mfcc(samples):
    """The keyword benchmark's features, its steps in its order."""
    clip = tf.constant(samples, tf.float32)
    clip = tf.pad(clip / tf.reduce_max(clip), [[0, RATE - len(samples)]])
    spectrum = tf.abs(tf.signal.stft(clip, 480, 320, window_fn=tf.signal.hann_window))
    mel = tf.signal.linear_to_mel_weight_matrix(40, spectrum.shape[-1], RATE, 20.0, 4000.0)
    log_mel = tf.math.log(tf.tensordot(spectrum, mel, 1) + 1e-6)
    return tf.signal.mfccs_from_log_mel_spectrograms(log_mel)[..., :10].numpy()


def lfbe(clip, window, step):
    """The wake-word benchmark's features of a clip at its level."""
    clip = tf.pad(tf.constant(clip, tf.float32), [[1, RATE - len(clip)]])
    clip = clip[1:] - (1 - 2**-5) * clip[:-1]
    hamming = functools.partial(tf.signal.hamming_window, periodic=False)
    power = tf.square(tf.abs(tf.signal.stft(clip, window, step, window_fn=hamming))) / window
    power = tf.maximum(power, 1e-30)
    mel = tf.signal.linear_to_mel_weight_matrix(40, power.shape[-1], RATE, 0.0, RATE / 2)
    decibels = 10 * tf.math.log(tf.tensordot(power, mel, 1)) / tf.math.log(10.0)
    return tf.clip_by_value((decibels + 52) / 64, 0, 1).numpy()


def log_mel(samples):
    """The anomaly benchmark's rows of whole frames."""
    clip = samples.astype(np.float32) / 32_768
    mel = librosa.feature.melspectrogram(
        y=clip, sr=RATE, n_fft=1024, hop_length=512, n_mels=128, power=2.0, center=False
    )
    return 10 * np.log10(mel.T + np.finfo(float).eps)


def save(name, rows):
    """Writes one array; floats are rounded so that the last bits of one machine do not change the file."""
    rows = np.array(rows)
    rows = np.round(rows, 5).astype(np.float32) if rows.dtype.kind == "f" else rows
    np.save(GOLDEN / f"{name}.npy", rows)
    print(f"{name:<32} {rows.dtype} {rows.shape}")


def main():
    """Everything."""
    GOLDEN.mkdir(exist_ok=True)
    signals = all_signals()
    for name, options in CONFIGS.items():
        save(f"microfrontend_{name}", [library_features(samples, options) for samples in signals.values()])
    trained = {name: [operator_features(samples, CONFIGS[name]) for samples in signals.values()] for name in CONFIGS}
    save("microfrontend_training", trained["micro_speech"])
    assert np.array_equal(np.load(GOLDEN / "microfrontend_library.npy"), trained["library"]), "the two witnesses disagree"
    # A clip of silence or without a positive sample is divided by zero or turned over by the reference.
    heard = {name: samples for name, samples in signals.items() if name not in ("silence", "lowest")}
    save("mfcc", [mfcc(samples) for samples in heard.values()])
    centred = [samples - samples.mean(dtype=np.float64) for samples in heard.values()]
    save("lfbe", [lfbe(clip / np.abs(clip).max(), 1024, 512) for clip in centred])
    save("lfbe_plain", [lfbe(samples / 32_768, 1024, 512) for samples in heard.values()])
    save("lfbe_kws", [lfbe(samples / samples.max(), 480, 320) for samples in heard.values()])
    save("log_mel", [log_mel(samples) for samples in signals.values()])


if __name__ == "__main__":
    main()
