/** @file Every family of the registry becomes a graph that two engines run as libtorch runs the network. */

import { expect, test } from "vitest";
import { decodeModel } from "../../test/onnx/schema.ts";
import { Interpreter, OPSET, readOnnx, writeOnnx } from "../graph/index.ts";
import type { Network, NetworkInput } from "../method/network.ts";
import { buildReduNet } from "../method/redunet/construction.ts";
import { redunetAsNetwork } from "../method/redunet/network.ts";
import { CppHead, createModel, type FormName, familiesOf } from "../model/index.ts";
import { LayerNorm, type Module } from "../nn/index.ts";
import { operator, random, runMany, scope, type Tensor, tensor } from "../tensor/index.ts";
import { difference } from "./compare.ts";
import { graphOf } from "./network.ts";
import { openOnnx } from "./runtime.ts";

const image = (side: number, channels: number): NetworkInput => ({
  ...{ name: "image", kind: "image", channels, height: side, width: side },
  normalise: { mean: [0.5], std: [0.25] },
});
const grey = image(12, 1);
const colour = image(32, 3);
const code: NetworkInput = { name: "features", kind: "features", shape: [128] };
const text: NetworkInput = { name: "input_ids", kind: "tokens", length: 8, vocabulary: 30 };

interface Row {
  make: () => Module;
  inputs: readonly NetworkInput[];
  run?: (model: Module, inputs: Tensor[]) => Record<string, Tensor>;
}

const tokens = { imageSize: 12, patch: 4, channels: 1, dim: 16, depth: 2, heads: 2 };
const words = { dim: 16, depth: 2, heads: 2, context: 8, vocabulary: 30 };
const build = (name: string, options: object, form: FormName) => () =>
  createModel(name, options, random(3), form) as Module;
const classifier = (name: string, more: object = {}): Row => ({
  make: build(name, { ...tokens, classes: 5, ...more }, "classifier"),
  inputs: [grey],
});
const stemmed = (name: string): Row => ({
  make: build(
    name,
    { ...tokens, imageSize: 32, patch: 8, channels: 3, classes: 5, stem: "convolutions" },
    "classifier",
  ),
  inputs: [colour],
});
const language = (name: string, more: object = {}): Row => ({
  make: build(name, { ...words, ...more }, "language"),
  inputs: [text],
});
const encoder = (name: string, channels: number, side = 8): Row => ({
  make: build(name, { channels, ...(name !== "nmce" && { features: 8 }) }, "encoder"),
  inputs: [image(side, channels)],
});
const pair = (name: string, half: "encoder" | "decoder", side: number, channels: number): Row => ({
  make() {
    const { encoder, decoder } = createModel(name, { channels, width: 16 }, random(3), "pair");
    (half === "encoder" ? decoder : encoder).dispose();
    return half === "encoder" ? encoder : decoder;
  },
  inputs: [half === "encoder" ? image(side, channels) : code],
});
const latent = (model: Module, [X]: Tensor[]) => ({
  features: (model as Module & { features(X: Tensor): Tensor }).features(X!),
});

/** `family form`, and what of it differs. */
const ROWS: Record<string, Row> = {
  "crate classifier": classifier("crate"),
  "crate classifier, paper's options": classifier("crate", {
    ...{
      tiedOutput: true,
      residual: "convex",
      sparsify: "majorise",
      pool: "mean",
      sign: -1,
      skipFrom: "normed",
    },
  }),
  "crate classifier, rectangles": {
    make: build(
      "crate",
      { ...tokens, imageSize: [12, 8], patch: [4, 2], classes: 5, heads: 1 },
      "classifier",
    ),
    inputs: [{ ...grey, width: 8 } as NetworkInput],
  },
  "crate classifier, learned steps": classifier("crate", {
    learnedSteps: true,
    residual: "convex",
    compression: 0.3,
  }),
  "crate classifier, orthonormal bases": classifier("crate", { subspaces: "orthonormal", headDim: 5 }),
  "crate classifier, orthogonal subspaces": classifier("crate", {
    subspaces: "orthogonal",
    tiedOutput: true,
  }),
  "crate classifier, a step of each head": classifier("crate", { tiedOutput: true, headSteps: true }),
  "crate classifier, convolutions": stemmed("crate"),
  "crate backbone": { make: build("crate", tokens, "backbone"), inputs: [grey] },
  "crate_alpha classifier": classifier("crate_alpha"),
  "crate_alpha classifier, convolutions": stemmed("crate_alpha"),
  "aot classifier": classifier("aot"),
  "aot classifier, convolutions": stemmed("aot"),
  "vit classifier": classifier("vit"),
  "vit classifier, convolutions": stemmed("vit"),
  "vit backbone": { make: build("vit", { ...tokens, pool: "mean" }, "backbone"), inputs: [grey] },
  "tost classifier": {
    make: build("tost", { ...tokens, imageSize: 32, patch: 8, channels: 3, classes: 5 }, "classifier"),
    inputs: [colour],
  },
  "resnet classifier": {
    make: build("resnet", { channels: 3, classes: 5, width: 4, blocks: 1 }, "classifier"),
    inputs: [image(8, 3)],
  },
  "crate_mae classifier": classifier("crate_mae"),
  "crate_mae autoencoder": {
    make: build("crate_mae", tokens, "autoencoder"),
    inputs: [grey, { name: "mask", kind: "mask", patches: 9 }],
  },
  "vit_mae autoencoder": {
    make: build("vit_mae", { ...tokens, decoderDim: 16, decoderDepth: 1, decoderHeads: 2 }, "autoencoder"),
    ...{ inputs: [grey], run: latent },
  },
  "crate_gpt language": language("crate_gpt"),
  "crate_gpt language, taken away, a step of each head": language("crate_gpt", {
    tiedOutput: true,
    headSteps: true,
    sign: -1,
  }),
  "crate_lm language": language("crate_lm"),
  "crate_alpha_gpt language": language("crate_alpha_gpt"),
  "aot_gpt language": language("aot_gpt"),
  "tost_gpt language": language("tost_gpt"),
  "gpt2 language": language("gpt2"),
  "crate_bert language": language("crate_bert"),
  "crate_bert language, padding": language("crate_bert", { pad: 1 }),
  "bert language": language("bert"),
  "resnet18 encoder": encoder("resnet18", 3),
  "resnet18ctrl encoder": encoder("resnet18ctrl", 3),
  "resnet18stl encoder": encoder("resnet18stl", 3),
  "resnet10mnist encoder": encoder("resnet10mnist", 1),
  "resnext29 encoder": encoder("resnext29", 3),
  "vgg11 encoder": encoder("vgg11", 3, 32),
  "nmce encoder": encoder("nmce", 3),
  ...Object.fromEntries(
    ["ctrl_mnist", "ctrl_cifar", "ctrl_cifar_double", "ictrl"].map((name) => [
      `${name} encoder`,
      {
        make: build(name, { channels: 1, width: 16, features: 8 }, "encoder"),
        inputs: [image(32, 1)],
      },
    ]),
  ),
  "ctrl_mnist pair, encoder": pair("ctrl_mnist", "encoder", 32, 1),
  "ctrl_mnist pair, decoder": pair("ctrl_mnist", "decoder", 32, 1),
  "ctrl_cifar pair": pair("ctrl_cifar", "encoder", 32, 3),
  "ctrl_cifar_double pair": pair("ctrl_cifar_double", "decoder", 32, 3),
  "ictrl pair": pair("ictrl", "encoder", 32, 3),
  "ctrl_sngan_32 pair, encoder": pair("ctrl_sngan_32", "encoder", 32, 3),
  "ctrl_sngan_32 pair, decoder": pair("ctrl_sngan_32", "decoder", 32, 3),
  "ctrl_sngan_48 pair": pair("ctrl_sngan_48", "encoder", 48, 3),
  "ctrl_sngan_128 pair": pair("ctrl_sngan_128", "decoder", 128, 3),
  "CPP's head": {
    make: () => new CppHead({ inputs: 12, hidden: 16, dim: 8 }, random(3)),
    inputs: [{ name: "embedding", kind: "features", shape: [12] }],
    run(model, [X]) {
      const { Z, C } = (model as CppHead).features(X!);
      return { features: Z, clusters: C };
    },
  },
};

const network = (name: string, { make, inputs, run }: Row): Network => {
  const model = make().eval();
  return {
    ...{ name, model, inputs },
    run: (...given) => run?.(model, given) ?? { logits: model.apply(...given) },
    [Symbol.dispose]: () => model.dispose(),
  };
};

/** What we write is read by another reader, and both engines give what libtorch gives, for two sizes of batches. */
async function expectParity(net: Network): Promise<void> {
  const { graph, references } = graphOf(net, new Map([["about", net.name]]));
  const bytes = writeOnnx(graph);
  const decoded = decodeModel(bytes);
  expect(decoded.opset_import).toEqual([{ domain: "", version: OPSET }]);
  expect(decoded.metadata_props).toEqual([{ key: "about", value: net.name }]);
  expect(decoded.graph.output.map((port) => port.name)).toEqual([...references[0]!.values.keys()]);
  expect(decoded.graph.output[0]!.type.tensor_type.shape.dim[0]).toMatchObject({ dim_param: "batch" });
  const ours = new Interpreter(readOnnx(bytes));
  const session = await openOnnx(bytes);
  if (session === undefined) throw new Error("onnxruntime-node is a development dependency: npm install");
  for (const { feeds, values } of references) {
    const [made, theirs] = [ours.run(feeds), await session.run(feeds)];
    for (const [probe, expected] of values) {
      expect(difference(probe, made[probe], expected).relative, `ours, ${probe}`).toBeLessThanOrEqual(1e-5);
      const other = difference(probe, theirs[probe], expected).relative;
      expect(other, `onnxruntime, ${probe}`).toBeLessThanOrEqual(1e-5);
    }
  }
  await session.release();
}

test("every form of every family has a row", () => {
  const forms = familiesOf().flatMap(({ name, forms }) =>
    Object.keys(forms).map((form) => `${name} ${form}`),
  );
  expect(forms.filter((form) => !Object.keys(ROWS).some((row) => row.startsWith(form)))).toEqual([]);
});

test.each(Object.entries(ROWS))(
  "%s: both engines give what libtorch gives, for every probe",
  async (name, row) => {
    using net = network(name, row);
    await expectParity(net);
  },
);

test("a sum and its norm in one operator, as on a GPU: both engines give what libtorch gives", async () => {
  const run = (model: Module, [X]: Tensor[]) => {
    const { w, b } = model as LayerNorm;
    const [sum, normed] = runMany(operator("vitrine::add_layer_norm"), X!.h, X!.relu().h, w.h, b!.h, 1e-5);
    return { sum: sum!, normed: normed! };
  };
  using net = network("norm", {
    make: () => new LayerNorm(4),
    inputs: [{ name: "x", kind: "features", shape: [4] }],
    run,
  });
  await expectParity(net);
});

test.each([
  ["vectors", [6], undefined],
  ["sequences", [2, 6], undefined],
  ["images", [2, 4, 5], undefined],
  ["lifted images", [1, 5, 4], [3, 1, 2, 2]],
  ["lifted sequences", [1, 7], [3, 1, 3]],
] as const)(
  "ReduNet on %s: both engines give what libtorch gives, after every layer",
  async (_, shape, kernel) => {
    const draws = random(5);
    const X = draws.at("X").normal([12, ...shape]);
    const labels = tensor(BigInt64Array.from({ length: 12 }, (_, i) => BigInt(i % 3)));
    const lift = kernel && { channels: kernel[0], kernel: kernel.at(-1)! };
    const options = { layers: 2, classes: 3, ...(lift && { lift, random: draws }) };
    const net = scope(() => buildReduNet(X, labels, options).net);
    using network = redunetAsNetwork(net);
    for (const made of [X, labels]) made.dispose();
    await expectParity(network);
  },
);

const told = ({ make, inputs, run }: Row): string => {
  using net = network("net", { make, inputs, ...(run && { run }) });
  try {
    graphOf(net);
    return "";
  } catch (error) {
    return (error as Error).message;
  }
};
const features: NetworkInput = { name: "x", kind: "features", shape: [4] };
const only = (run: (model: Module, X: Tensor) => Tensor): Row => ({
  make: () => new LayerNorm(4),
  inputs: [features],
  run: (model, [X]) => ({ y: run(model, X!) }),
});

test("what cannot be traced is refused, with the operator and the module", () => {
  const mae: Row = {
    ...ROWS["vit_mae autoencoder"]!,
    inputs: [grey, { name: "mask", kind: "mask", patches: 9 }],
  };
  mae.run = (model, inputs) => ({ patches: model.apply(...inputs) });
  expect(told(mae)).toBe("trace: item reads elements of a tensor that depends on the input");
  expect(told(only((_, X) => X.clone().add_(1)))).toBe("trace: add_.Scalar changes a tensor in place");
  expect(told(only((_, X) => X.mul(X.size(0))))).toMatch(
    "mul.Scalar with a other that depends on how many samples there are",
  );
  expect(told(only((_, X) => X.sum(0)))).toMatch("sum.dim_IntList over the batch cannot be written as ONNX");
  expect(told(only((_, X) => X.narrow(0, 0, 1)))).toMatch("a part of the batch");
  expect(told(only((_, X) => X.sort(1)[0]))).toMatch("export: sort cannot be written as ONNX");
  let calls = 0;
  expect(told(only((_, X) => (calls++ === 0 ? X.relu() : X.tanh())))).toMatch(
    "what is computed depends on the data: relu for some, tanh for others",
  );
});

test("nodes say what their module computes, and keep it in the file", () => {
  using net = network("crate", classifier("crate"));
  const read = readOnnx(writeOnnx(graphOf(net).graph));
  const docs = new Map(read.nodes.map(({ name, doc }) => [name, doc]));
  expect(docs.get("block.1.ista/MatMul")).toMatch("ISTA(Z) = ReLU(Z + η (Z − Z Dᵀ) D − η λ)");
  expect(docs.get("block.1/Add")).toMatch("Z^{ℓ+1} = ISTA(LN(Z^{ℓ+½}))");
  expect(docs.get("head/MatMul")).toBeUndefined();
});
