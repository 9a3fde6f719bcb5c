// Runs in the audio thread: passes on what the microphone gives, block by block, to the port that it is given.
class Recorder extends AudioWorkletProcessor {
  #block;
  #filled = 0;
  #to;

  constructor({ processorOptions }) {
    super();
    this.#block = new Float32Array(processorOptions.block);
    this.port.onmessage = ({ data }) => (this.#to = data);
  }

  process(inputs) {
    const channel = inputs[0]?.[0];
    // Nobody listens yet: what was said before is not kept.
    if (!channel || !this.#to) return true;
    for (let at = 0; at < channel.length; ) {
      const part = channel.subarray(at, at + this.#block.length - this.#filled);
      this.#block.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled < this.#block.length) break;
      // There is no finer clock in this thread.
      this.#to.postMessage({ samples: this.#block, at: Date.now() }, [this.#block.buffer]);
      this.#block = new Float32Array(this.#filled);
      this.#filled = 0;
    }
    return true;
  }
}

registerProcessor("milliwatt-recorder", Recorder);
