// What the editor begins with. The first example stands in docs/imc.md too, where a test holds the two together.

export const EXAMPLES: readonly { id: string; name: string; code: string }[] = [
  {
    id: "anomaly",
    name: "The anomaly detector",
    code: `// The anomaly detector of MLPerf Tiny, with random weights.
const widths = [640, 128, 128, 128, 128, 8, 128, 128, 128, 128, 640];
const layers = [];
for (let i = 0; i + 1 < widths.length; i++) {
  layers.push(Linear(widths[i], widths[i + 1]));
  if (i < 9) layers.push(ReLU());
}
const net = Sequential(...layers);

const x = randn([2, 640]);
const exact = net(x);          // on the processor, in float32
const near = net.to("imc")(x); // in the array, in int8

const off = near.data.map((y, i) => Math.abs(y - exact.data[i]));
print("in the array", near);
print("largest difference", Math.max(...off).toFixed(4));
print(net.report());
`,
  },
  {
    id: "bench",
    name: "The model on the bench",
    code: `// The model on the bench as it was opened, on its first test items.
const net = load(bench.model);
print("items", bench.items.shape.join(" x "));

const exact = net(bench.items);
const near = net.to("imc")(bench.items);
print("processor", exact);
print("array    ", near);
print(net.report());
`,
  },
  {
    id: "image",
    name: "Convolutions",
    code: `// Eight filters, then each channel by itself, then ten classes.
const net = Sequential(
  Conv2d(3, 8, 3, { stride: 2 }), ReLU(),
  DepthwiseConv2d(8, 3), ReLU(),
  Conv2d(8, 16, 1), ReLU(),
  GlobalAvgPool2d(),
  Linear(16, 10), Softmax(),
);

const images = randn([4, 32, 32, 3]);
print(net(images));
print(net.to("imc")(images));
print(net.report());

// The same on a published chip: see the list of macros above.
print(net.to("imc:d16")(images));
print(net.report());
`,
  },
];
