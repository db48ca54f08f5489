import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { expectClose } from "../../../test/close.ts";
import { createModel, interpolatePositions } from "../../model/index.ts";
import type { Module } from "../../nn/index.ts";
import { CheckpointError, loadTensors, random, scope } from "../../tensor/index.ts";
import { convertWeights, describeArchitecture, readWeights, recognise, transfer } from "./index.ts";
import { requireSettings } from "./transfer.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine weights-"));
afterAll(() => rmSync(root, { recursive: true }));

const sizes = { patch: 4, channels: 3, dim: 16, depth: 2, heads: 2 };
const crate = (more: object = {}, seed = 0) =>
  createModel("crate", { imageSize: 8, classes: 5, ...sizes, ...more }, random(seed));
const fixture = (name: string): string => new URL(`../../../test/weights/${name}`, import.meta.url).pathname;

/** Runs `body` with the models, and frees them. */
function withModels<M extends Module>(models: M[], body: (...models: M[]) => void): void {
  try {
    scope(() => body(...models));
  } finally {
    for (const model of models) model.dispose();
  }
}

test("the same architecture takes every tensor as it is", () =>
  withModels([crate({}, 1), crate({}, 2)], (from, to) => {
    const found = transfer(to!, from!.stateDict(), "a.pth");
    expect(found.loaded).toEqual([...from!.stateDict().keys()]);
    expect([found.missing, found.resized, found.reinitialised, found.unused]).toEqual([[], [], [], []]);
    for (const [name, tensor] of from!.stateDict()) expectClose(to!.stateDict().get(name)!, tensor);
  }));

test("another number of classes leaves the head as it was; more patches interpolate the positions", () =>
  withModels([crate({}, 1), crate({ classes: 7, imageSize: 12 }, 2)], (from, to) => {
    const before = to!.stateDict().get("mlp_head.1.weight")!.detach().clone();
    const found = transfer(to!, from!.stateDict(), "a.pth");
    expect(found.reinitialised).toEqual(["mlp_head.1.weight", "mlp_head.1.bias"]);
    expect(found.resized).toEqual(["pos_embedding"]);
    expect(found.loaded).toContain("mlp_head.0.weight");
    expectClose(to!.stateDict().get("mlp_head.1.weight")!, before);
    const positions = from!.stateDict().get("pos_embedding")!;
    expectClose(to!.stateDict().get("pos_embedding")!, interpolatePositions(positions, [2, 2], [3, 3]));
  }));

test("the encoder of a masked autoencoder becomes a classifier, and a ViT takes a ViT-MAE's", () => {
  const mae = createModel("crate_mae", { imageSize: 8, ...sizes }, random(1));
  const classifier = createModel("crate_mae", { imageSize: 8, classes: 3, ...sizes }, random(2));
  withModels<Module>([mae, classifier], (from, to) => {
    const found = transfer(to!, from!.stateDict(), "mae");
    expect(found.missing).toEqual(["head.weight", "head.bias"]);
    expect(found.unused).toContain("decoder_blocks.0.layers.0.0.fn.weight");
    expectClose(
      to!.stateDict().get("blocks.1.layers.0.1.fn.weight")!,
      from!.stateDict().get("blocks.1.layers.0.1.fn.weight")!,
    );
  });
  const decoder = { decoderDim: 8, decoderDepth: 1, decoderHeads: 2 };
  const vitMae = createModel("vit_mae", { imageSize: 8, ...sizes, ...decoder }, random(1));
  const vit = createModel("vit", { imageSize: 8, classes: 3, ...sizes }, random(2));
  withModels<Module>([vitMae, vit], (from, to) => {
    expect(transfer(to!, from!.stateDict(), "mae").missing).toEqual(["head.weight", "head.bias"]);
  });
});

test("weights of another family, or of another width, are refused and change nothing", () => {
  const vit = createModel("vit", { imageSize: 8, classes: 5, ...sizes }, random(1));
  withModels<Module>([vit, crate()], (from, to) => {
    const before = to!.stateDict().get("cls_token")!.detach().clone();
    const refused = () => transfer(to!, from!.stateDict(), "vit.pth");
    expect(refused).toThrow(CheckpointError);
    expect(refused).toThrow(
      "vit.pth: holds vit of width 16 and depth 2, patch 4, images of 8 × 8 × 3, 5 classes; the model is crate of width 16",
    );
    expectClose(to!.stateDict().get("cls_token")!, before);
  });
  withModels([crate({ dim: 24 }), crate()], (from, to) => {
    expect(() => transfer(to!, from!.stateDict(), "wide.pth")).toThrow(
      'wide.pth: "pos_embedding" is [1, 5, 24] float32',
    );
  });
  scope(() => {
    const { tensors } = loadTensors(fixture("wrapped-zip.pth"));
    withModels([crate()], (to) => {
      expect(() => transfer(to!, tensors, "other.pth")).toThrow(
        "other.pth: holds no architecture that vitrine has",
      );
    });
  });
});

test.each([
  ["crate_tiny", { classes: 4 }, "crate_tiny, patch 8, images of 16 × 16 × 3, 4 classes"],
  ["vit_tiny", { classes: 4 }, "vit_tiny, patch 8, images of 16 × 16 × 3, 4 classes"],
  ["crate_mae_tiny", {}, "crate_mae_tiny, patch 8, images of 16 × 16 × 3"],
  ["vit_mae_small", {}, "vit_mae_small, patch 8, images of 16 × 16 × 3"],
] as const)("%s is recognised by its tensors' names and shapes", (name, more, words) => {
  using model = createModel(name, { imageSize: 16, patch: 8, ...more }, random(0));
  expect(describeArchitecture(recognise(model.stateDict()))).toBe(words);
});

test("grey images and odd sizes are recognised too, and what is none is none", () => {
  using model = crate({ channels: 1, imageSize: 12 });
  expect(recognise(model.stateDict())).toEqual({
    ...{
      family: "crate",
      name: "crate",
      dim: 16,
      depth: 2,
      inner: 16,
      patch: 4,
      imageSize: 12,
      patches: 9,
      channels: 1,
      classes: 5,
    },
  });
  expect(recognise(new Map([["conv1.weight", { shape: [16, 3, 3, 3] }]]))).toBeUndefined();
  expect(recognise(new Map())).toBeUndefined();
});

test("a file of PyTorch becomes a safetensors file of the same tensors", () => {
  const output = join(root, "converted.safetensors");
  const { notes, ...converted } = convertWeights(fixture("wrapped-legacy.pth"), output);
  expect(notes).toEqual([
    expect.stringMatching(
      /read "state_dict", 8 tensors; took "module\." off .*; also there: "epoch", "best", /,
    ),
  ]);
  expect(converted).toEqual({
    ...{ tensors: 8, numbers: 24 + 24 + 12 + 2 + 1 + 2 + 1, architecture: undefined },
    what: "no architecture that vitrine has",
  });
  scope(() => {
    const [a, b] = [loadTensors(fixture("wrapped-zip.pth")).tensors, loadTensors(output).tensors];
    expect([...b.keys()].sort()).toEqual([...a.keys()].sort());
    for (const [name, tensor] of a) expect(b.get(name)!.toArray()).toEqual(tensor.toArray());
  });
  expect(() => convertWeights(output, join(root, "x.pth"))).toThrow(
    "expected a name that ends in .safetensors",
  );
  expect(() => convertWeights(join(root, "none"), output)).toThrow("nothing there; expected a run folder");
  expect(() => readWeights(root)).toThrow("it has neither checkpoints nor SHA256SUMS");
});

test("weights of a network that no recipe has are not begun from", () => {
  expect(() => requireSettings({ heads: 2 }, { heads: 2, activation: "quick_gelu" }, "clip")).toThrow(
    "clip has quick GELU, which no recipe's model has",
  );
  expect(() => requireSettings({ heads: 2 }, { heads: 2, layerScale: true }, "dinov2")).toThrow(
    "layer scale",
  );
  const plain = { heads: 2, activation: "gelu", layerScale: false, preNorm: false };
  expect(() => requireSettings({ heads: 2 }, plain, "vit")).not.toThrow();
});
