import { expect, test } from "vitest";
import { random, scope, UsageError } from "../tensor/index.ts";
import { createModel } from "./index.ts";

/** Counts of the authors' nets: name, channels, features, decoder, encoder. */
const COUNTS: [string, number, number, number, number][] = [
  ["ctrl_mnist", 1, 128, 1_181_568, 1_181_440],
  ["ctrl_cifar", 3, 100, 1_068_928, 1_068_800],
  ["ctrl_cifar", 3, 128, 1_183_616, 1_183_488],
  ["ictrl", 1, 128, 3_673_856, 1_181_440],
  ["ictrl", 3, 128, 3_677_952, 1_183_488],
  ["ctrl_sngan_32", 3, 128, 4_276_739, 1_070_208],
  ["ctrl_sngan_48", 3, 128, 4_878_083, 10_271_616],
  ["ctrl_sngan_128", 3, 128, 32_150_787, 29_148_032],
];

test.each(COUNTS)(
  "%s with %i channels and %i features has the authors' counts",
  (name, channels, features, g, f) => {
    const { encoder, decoder } = createModel(name, { channels, features }, random(0), "pair");
    expect([decoder.parameterCount(), encoder.parameterCount()]).toEqual([g, f]);
    encoder.dispose();
    decoder.dispose();
  },
);

const names = (kind: string, which: "encoder" | "decoder", channels = 3): string[] => {
  const nets = createModel(kind, { channels, width: kind.includes("sngan") ? 32 : 4 }, random(0), "pair");
  const found = [...nets[which].stateDict().keys()].filter((name) => !/running_|num_batches/.test(name));
  nets.encoder.dispose();
  nets.decoder.dispose();
  return found;
};

test("DcganEncoder: the flat nets have the names of the authors' sequential", () => {
  expect(names("ictrl", "encoder")).toEqual([
    "main.0.weight",
    "main.2.weight",
    "main.3.weight",
    "main.3.bias",
    "main.5.weight",
    "main.6.weight",
    "main.6.bias",
    "main.8.weight",
  ]);
  expect(names("ctrl_mnist", "decoder", 1).filter((name) => name.endsWith("weight"))).toEqual(
    [0, 1, 3, 4, 6, 7, 9].map((i) => `main.${i}.weight`),
  );
});

test("the nets in blocks have the names of the authors' blocks", () => {
  expect(names("ctrl_cifar", "encoder")).toEqual([
    "main.0.conv1.weight",
    "main.1.conv1.weight",
    "main.1.bn1.weight",
    "main.1.bn1.bias",
    "main.2.conv1.weight",
    "main.2.bn1.weight",
    "main.2.bn1.bias",
    "main.3.weight",
  ]);
  expect(names("ctrl_cifar_double", "decoder").slice(0, 6)).toEqual([
    "main.0.conv1.weight",
    "main.0.bn1.weight",
    "main.0.bn1.bias",
    "main.0.identity.0.weight",
    "main.0.identity.1.weight",
    "main.0.identity.1.bias",
  ]);
});

test("the residual nets have the names of PyTorch's spectral normalisation", () => {
  const encoder = names("ctrl_sngan_48", "encoder");
  expect(encoder).toEqual(
    expect.arrayContaining(["block1.c_sc.weight_orig", "block5.c2.weight_u", "l5.0.weight_v"]),
  );
  expect(names("ctrl_sngan_32", "decoder")).toEqual(
    expect.arrayContaining(["l1.weight", "block2.b1.weight", "block4.c_sc.bias", "b5.weight", "c5.bias"]),
  );
});

test.each(["ctrl_mnist", "ctrl_cifar_double", "ictrl", "ctrl_sngan_32", "ctrl_sngan_48"])(
  "%s: an image goes to the unit sphere and back to its own size",
  (name) => {
    scope(() => {
      const size = name.endsWith("48") ? 48 : 32;
      const { encoder, decoder } = createModel(
        name,
        { channels: 3, features: 8, width: name.includes("sngan") ? 16 : 4 },
        random(1),
        "pair",
      );
      const Z = encoder.apply(random(2).normal([3, 3, size, size]));
      expect(Z.shape).toEqual([3, 8]);
      for (const norm of Z.norm(-1).numbers()) expect(norm).toBeCloseTo(1, 5);
      const images = decoder.apply(Z);
      expect(images.shape).toEqual([3, 3, size, size]);
      expect(images.abs().max().item()).toBeLessThan(1);
      encoder.dispose();
      decoder.dispose();
    });
  },
);

test("an unknown kind is refused with the nearest name", () => {
  expect(() => createModel("ctrl_mnst", { channels: 1 }, random(0))).toThrow(UsageError);
  expect(() => createModel("ctrl_mnst", { channels: 1 }, random(0))).toThrow("ctrl_mnist");
});
