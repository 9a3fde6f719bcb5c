// What the page and the worker of the editor say to each other, and how code becomes a worker.

/** What the page sends: code to look at, or what code works with. */
export type ToScript =
  | { check: string }
  | { module: WebAssembly.Module; model?: Uint8Array; items?: { shape: number[]; data: Float32Array } };

/** What comes back: lines of output, an error with its line, the end. */
export type FromScript = { line: string } | { error: string; at?: number } | { done: true };

/** The names that code is given: those of the API, the bench's model and items, and a way to say something. */
export const GIVEN = [
  "Sequential", "Linear", "Conv2d", "DepthwiseConv2d", "ReLU", "Flatten", "GlobalAvgPool2d", "Softmax", "load", "array", "randn", "bench", "print",
] as const;

/** Lines of a worker's text before the code. */
export const HEAD = 2;

/** The text of a worker: it imports the script worker's file, and hands it the code, which begins on line `HEAD + 1`. */
export function source(address: string, code: string): string {
  return `import ${JSON.stringify(address)};\nglobalThis.written(async ({ ${GIVEN.join(", ")} }) => {\n${code}\n});\n`;
}
