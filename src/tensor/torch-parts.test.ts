/** @file What lies beside weights never hides them, and which part of a file is read is said. */

import { describe, expect, test } from "vitest";
import { archive, call, dict, named, type Piece, tensorOf, text, tuple, whole } from "../../test/pickles.ts";
import { CheckpointError } from "../base/errors.ts";
import { loadTensors, scope } from "./index.ts";
import { type ParseTorchOptions, parseTorch } from "./torch-file.ts";

const fixture = (name: string): string => new URL(`../../test/weights/${name}`, import.meta.url).pathname;

/** Two elements of storage 0. */
const two: Piece = tensorOf("0", 2, [2], [1]);
const scalar: Piece = tensorOf("0", 2, [], []);
const net: Piece = dict({ "block.weight": two, "block.bias": two });
const other: Piece = dict({ weight: two });
const read = (pickle: Piece, options: ParseTorchOptions = {}) =>
  parseTorch(archive(pickle, { 0: [1, 2] }), "f.pth", options);
const namesOf = (pickle: Piece, options: ParseTorchOptions = {}): string[] => [
  ...read(pickle, options).entries.keys(),
];
const NET = ["block.weight", "block.bias"];

test.each(["beside-2.pth", "beside-5.pth", "beside-legacy.pth"])(
  "%s: optimisers, random states, arrays, paths, dates, settings and classes of every kind are counted past",
  (name) => {
    scope(() => {
      const { tensors, note } = loadTensors(fixture(name));
      expect(Object.fromEntries([...tensors].map(([key, x]) => [key, x.toArray()]))).toEqual({
        "block.weight": [[0, 1, 2], [3, 4, 5]],
        "block.bias": [1.5, -2],
      }); // biome-ignore format: rows
      expect(note).toContain('read "state_dict", 2 tensors; took "model." off their names; left "criterion"');
      expect(note).toContain('"state_dict_ema" (3 tensors), "optimizer" (6 tensors)');
      expect(note).toMatch(/skipped, of other kinds: "torch\.bfloat16", "torch\.device", .* and \d+ more$/);
      const average = loadTensors(fixture(name), { key: "state_dict_ema" }).tensors;
      expect(average.get("block.bias")!.toArray()).toEqual([2.5, -1]);
      const nested = loadTensors(fixture(name), { key: "state_dict.criterion" }).tensors;
      expect([...nested.keys()]).toEqual(["weight"]);
    });
  },
);

describe("the part with the weights is found, or asked for", () => {
  test.each<[string, Piece, string]>([
    ["a dictionary of the usual name", dict({ model_state: net, epoch: whole(1) }), "model_state"],
    ["settings under the usual name", dict({ model: dict({ name: text("crate") }), net }), "net"],
    ["an average beside it", dict({ model_ema: net, model: net }), "model"],
    ["only an average", dict({ ema: net, step: whole(1) }), "ema"],
    ["an optimiser beside an unusual name", dict({ mine: net, opt: dict({ state: dict({ 0: other }), param_groups: "]" }) }), "mine"], // biome-ignore format: one line each
    ["a loss that is a tensor", dict({ encoder: net, loss: scalar }), "encoder"],
    ["a random state at the top", dict({ encoder: net, rng_state: two }), "encoder"],
    ["wrappers in one another", dict({ a: dict({ b: dict({ state_dict: net }) }) }), "a.b.state_dict"],
    ["a tuple", tuple(net, whole(3)), "0"],
    ["a class made from dict", `${call(named("easydict", "EasyDict"))}${text("model")}${net}s`, "model"],
    ["a list of tensors beside it", dict({ net, shadow: `](${two}${two}e` }), "net"],
  ])("%s", (_, pickle, key) => {
    const { entries, metadata, note } = read(pickle);
    expect([...entries.keys()]).toEqual(NET);
    expect(metadata.get("wrapper")).toBe(key);
    expect(note).toContain(`f.pth: read ${JSON.stringify(key)}, 2 tensors`);
  });

  test("a plain state_dict has nothing to say", () => expect(read(net).note).toBeUndefined());

  test.each<[string, Piece, string]>([
    [
      "two nets",
      dict({ encoder: net, classifier: other }),
      '"encoder" (2 tensors), "classifier" (1 tensor); name one',
    ],
    ["one dictionary under two keys", `${net}q\x010${dict({ generator: "h\x01", discriminator: "h\x01" })}`, '"generator" (2 tensors), "discriminator" (2 tensors)'], // biome-ignore format: one line each
    [
      "two usual names",
      dict({ model: net, state_dict: other }),
      '"model" (2 tensors), "state_dict" (1 tensor)',
    ],
    [
      "only an optimiser",
      dict({ state: dict({ 0: other }), param_groups: "]" }),
      'holds no weights but "state.0"',
    ],
    [
      "a whole module",
      moduleOf("net.Net"),
      'holds a whole module, "net.Net", which only its own program can make; save',
    ],
    [
      "a whole module in a wrapper",
      dict({ model: moduleOf("a.B") }),
      'holds a whole module at "model", "a.B"',
    ],
    [
      "a sparse tensor",
      dict({ x: call(named("torch._utils", "_rebuild_sparse_tensor")) }),
      'tensor "x": is sparse',
    ],
    [
      "a quantised tensor",
      dict({ x: call(named("torch._utils", "_rebuild_qtensor")) }),
      'tensor "x": is quantised',
    ],
    ["names that become the same", dict({ "_orig_mod.a": two, a: two }), 'two tensors are called "a"'],
  ])("refused: %s", (_, pickle, message) => {
    expect(() => read(pickle)).toThrow(CheckpointError);
    expect(() => read(pickle)).toThrow(message);
  });

  test("keys name parts, parts of parts, beginnings of names, and one name; others are listed", () => {
    const file = dict({ student: dict({ "module.backbone.w": two, "module.head.w": two }), teacher: other });
    expect(namesOf(file, { key: "teacher" })).toEqual(["weight"]);
    expect(namesOf(file, { key: "student" })).toEqual(["backbone.w", "head.w"]);
    expect(namesOf(file, { key: "student.module.head" })).toEqual(["w"]);
    expect(read(file, { key: "teacher" }).note).toContain('also there: "student" (2 tensors)');
    const missing = () => read(file, { key: "ema" });
    expect(missing).toThrow(
      'no tensors under the key "ema"; it has "student" (2 tensors), "teacher" (1 tensor)',
    );
    expect(namesOf(file, { unclear: "all" })).toEqual(["student.module.backbone.w", "student.module.head.w", "teacher.weight"]); // biome-ignore format: short
    expect(read(file, { unclear: "all" }).keys).toEqual([{ key: "student", tensors: 2 }, { key: "teacher", tensors: 1 }]); // biome-ignore format: short
  });

  test.each([
    "module.",
    "model.",
    "net.",
    "_orig_mod.",
    "module._orig_mod.",
    "_fsdp_wrapped_module.",
    "module.model.",
  ])("%s before every name goes, and this is said", (prefix) => {
    const { entries, note } = read(dict({ [`${prefix}block.weight`]: two, [`${prefix}block.bias`]: two }));
    expect([...entries.keys()]).toEqual(NET);
    expect(note).toMatch(/^f\.pth: took ".*" off their names$/);
  });

  test("a prefix that another part of the net has not stays", () =>
    expect(namesOf(dict({ "model.w": two, "head.w": two }))).toEqual(["model.w", "head.w"]));
});

test("names of files are shown in one harmless line", () => {
  const evil = dict({ "a\u001b[2J\n": net, "b\u202e": other });
  expect(() => read(evil)).toThrow(/^f\.pth: [^\p{Cc}\p{Cf}]+$/u);
});

/** What torch.save(module) writes, as far as it matters. */
function moduleOf(name: string): Piece {
  const [module, type] = name.split(".") as [string, string];
  return `${named(module, type)})\x81${dict({ _parameters: dict({ w: two }), _modules: "}" })}b`;
}
