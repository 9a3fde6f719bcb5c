// What the page and the worker of the editor say to each other, and how code becomes a worker.

/** What the page sends: code to look at, or what code works with. */
export type ToScript =
  | { check: string }
  | { module: WebAssembly.Module; head: number; model?: Uint8Array; items?: { shape: number[]; data: Float32Array } };

/** What comes back: lines of output, an error with its line, the end. */
export type FromScript = { line: string } | { error: string; at?: number } | { done: true };

/** The names that code is given: those of the API, the bench's model and items, and a way to say something. */
export const GIVEN = [
  "Sequential", "Linear", "Conv2d", "DepthwiseConv2d", "ReLU", "Flatten", "GlobalAvgPool2d", "Softmax", "load", "array", "randn", "bench", "print",
] as const;

/** The text of a worker, and the lines before the code: the script worker's own text, out of whose names the code is kept, and the
 * function that the code becomes.
 *
 * The text is not imported: what a worker out of a blob asks for does not come from what is kept of the page in every browser. */
export function source(worker: string, code: string): { text: string; head: number } {
  const before = `(() => {${worker}\n})();\nglobalThis.written(async ({ ${GIVEN.join(", ")} }) => {\n`;
  return { text: `${before}${code}\n});\n`, head: before.split("\n").length - 1 };
}
