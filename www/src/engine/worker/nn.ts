// Networks written as in PyTorch, for the editor: the same layers as the crate's `imc::nn`, over the memory module.

import type { Net, WrittenReport } from "../wasm/memory/milliwatt";

/** Numbers in a row, and how they are arranged. */
export interface NumberArray {
  shape: number[];
  data: Float32Array;
}

type Nested = number | ArrayLike<number> | readonly Nested[];

/** What can be given where an array is wanted: one, nested lists, or plain numbers. */
export type Numbers = NumberArray | Nested;

/** A layer that has not been added to a network yet. */
export interface Layer {
  add(net: Net): void;
}

/** Layers one after the other: call it on an array. */
export interface Network {
  (x: Numbers): NumberArray;
  /** Moves it: "cpu" (float32), "imc" (int8 in the generic macro) or "imc:NAME". */
  to(device: string): Network;
  /** What the last call in the array cost, for each inference. */
  report(): WrittenReport & { toString(): string };
}

/** Weights and a bias of one's own, and how a window moves. */
interface Own {
  weights?: Numbers;
  bias?: Numbers;
}
interface Window extends Own {
  stride?: number;
  padding?: "same" | "valid";
}

/** An array out of nested lists: every list of one level must be as long as the others. */
export function array(values: Numbers, shape?: readonly number[]): NumberArray {
  if (typeof values === "object" && "shape" in values && "data" in values) return values;
  const found: number[] = [];
  const flat: number[] = [];
  const walk = (part: Nested, level: number): void => {
    if (typeof part === "number") return void flat.push(part);
    found[level] ??= part.length;
    if (found[level] !== part.length) throw new RangeError(`a list of ${part.length} among lists of ${found[level]}`);
    for (const item of Array.from(part as ArrayLike<Nested>)) walk(item, level + 1);
  };
  walk(values as Nested, 0);
  const given = shape ?? found;
  if (given.reduce((product, side) => product * side, 1) !== flat.length) throw new RangeError(`${flat.length} numbers do not make ${given.join(" x ")}`);
  return described([...given], Float32Array.from(flat));
}

/** An array that says what it is where it is printed. */
function described(shape: number[], data: Float32Array): NumberArray {
  return Object.defineProperty({ shape, data }, "toString", {
    value: () => {
      const shown = Array.from(data.slice(0, 8), (number) => Number(number.toPrecision(4))).join(", ");
      return `[${shape.join(" x ")}] ${shown}${data.length > 8 ? ", …" : ""}`;
    },
  });
}

/** Everything that a script can name. */
export function api(wasm: typeof import("../wasm/memory/milliwatt")) {
  const numbers = (values: Numbers | undefined): Float32Array | undefined => (values === undefined ? undefined : array(values).data);

  const network = (net: Net): Network => {
    const call = (x: Numbers): NumberArray => {
      const { shape, data } = array(x);
      const values = net.call(data, Uint32Array.from(shape));
      return described(Array.from(net.shape()), values);
    };
    const whole: Network = Object.assign(call, {
      to: (device: string): Network => {
        net.to(device);
        return whole;
      },
      report: () => {
        const report = net.report();
        return Object.defineProperty(report, "toString", { value: () => report.text });
      },
    });
    return whole;
  };
  const plain = (name: string) => (): Layer => ({ add: (net) => net.plain(name) });

  return {
    Sequential: (...layers: readonly Layer[]): Network => {
      const net = new wasm.Net();
      for (const layer of layers) layer.add(net);
      return network(net);
    },
    Linear: (inputs: number, outputs: number, { weights, bias }: Own = {}): Layer => ({
      add: (net) => net.linear(inputs, outputs, numbers(weights), numbers(bias)),
    }),
    Conv2d: (inputs: number, outputs: number, kernel: number, { stride = 1, padding = "same", weights, bias }: Window = {}): Layer => ({
      add: (net) => net.conv2d(inputs, outputs, kernel, stride, padding === "valid", numbers(weights), numbers(bias)),
    }),
    DepthwiseConv2d: (channels: number, kernel: number, { stride = 1, padding = "same", weights, bias }: Window = {}): Layer => ({
      add: (net) => net.depthwise(channels, kernel, stride, padding === "valid", numbers(weights), numbers(bias)),
    }),
    ReLU: plain("ReLU"),
    Flatten: plain("Flatten"),
    GlobalAvgPool2d: plain("GlobalAvgPool2d"),
    Softmax: plain("Softmax"),
    /** The layers of a float32 model file. */
    load: (file: Uint8Array): Network => network(wasm.Net.of(file)),
    array,
    /** Normally distributed numbers: the same seed gives the same. */
    randn: (shape: readonly number[], seed = 1): NumberArray =>
      described([...shape], wasm.normal_numbers(shape.reduce((product, side) => product * side, 1), seed)),
  };
}
