/** @file Checkpoints come back as they were; pointers, order, retention; what refuses to be saved or found. */

import { spawnSync } from "node:child_process";
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CheckpointError, DiskError, NotFiniteError, UsageError } from "../base/errors.ts";
import { eye, full, memory, random, scope, tensor } from "../tensor/index.ts";
import {
  listCheckpoints,
  loadCheckpoint,
  prepareCheckpoints,
  requireModel,
  type Snapshot,
  saveCheckpoint,
} from "./checkpoint.ts";
import { formatSums, sha256 } from "./checkpoint-sums.ts";

let run: string;
let folder: string;
beforeEach(() => {
  run = mkdtempSync(join(tmpdir(), "vitrine run-"));
  folder = join(run, "checkpoints");
});
afterEach(() => rmSync(run, { recursive: true }));

const config = { name: "digits", model: { name: "crate_tiny", dim: 8 }, seed: 42 };

/** Every tensor that is made in the body is freed after it. */
const inScope = (body: () => void) => () => {
  scope(body, "test");
};

/** A snapshot whose weights say its step. */
const snapshot = (step: number, more: Partial<Snapshot> = {}): Snapshot => ({
  config,
  model: new Map([["head.weight", full([2, 3], step)]]),
  optimizer: new Map([["head.weight.exp_avg", full([2, 3], step / 2)]]),
  state: { step, epoch: 1, batch: 7, best: null },
  ...more,
});

const save = (step: number, options: { keep?: number; best?: boolean } = {}) =>
  scope(() => saveCheckpoint(folder, step, snapshot(step), { keep: 3, best: false, ...options }));

const names = () => readdirSync(folder).sort();
const steps = () => listCheckpoints(folder).map(({ step }) => step);
const pointer = (name: string) => readFileSync(join(folder, name), "utf8");
/** The step that the weights say. */
const weightOf = (which: string) =>
  scope(() => loadCheckpoint(folder, which)!.model.get("head.weight")!.select(0, 0).select(0, 0).item());

describe("round trip", () => {
  it(
    "gives back tensors to the last bit, config, state, and numbers that are not finite",
    inScope(() => {
      const stream = random(1);
      const model = new Map([
        ["U", stream.normal([3, 4])],
        ["half", stream.normal([5]).to("bfloat16")],
      ]);
      const optimizer = new Map([["step", tensor(BigInt64Array.of(3n))]]);
      const ema = new Map([["U", stream.normal([3, 4])]]);
      const state = {
        step: 3,
        best: Number.NEGATIVE_INFINITY,
        last: Number.NaN,
        nested: { list: [0.1, null, "ü"] },
      };
      const given = { config, model, optimizer, ema, state };
      expect(saveCheckpoint(folder, 3, given, { keep: 3, best: true })).toBe("step-00000003");
      const loaded = loadCheckpoint(folder, "best");
      expect(loaded).toMatchObject({ name: "step-00000003", config, state, skipped: [] });
      for (const part of ["model", "optimizer", "ema"] as const)
        for (const [name, saved] of given[part]) {
          const back = loaded[part]!.get(name)!;
          expect([back.dtype, back.shape, back.data()]).toEqual([saved.dtype, saved.shape, saved.data()]);
        }
    }),
  );

  it("the folder has the files that it should, and sha256sum finds them whole", () => {
    scope(() => {
      const given = snapshot(1000, { ema: new Map([["head.weight", eye(2)]]) });
      saveCheckpoint(folder, 1000, given, { keep: 3, best: true });
    });
    expect(names()).toEqual(["best", "last", "step-00001000"]);
    const files = ["config.json", "ema.safetensors", "model.safetensors", "optimizer.safetensors"];
    const path = join(folder, "step-00001000");
    expect(readdirSync(path).sort()).toEqual(["SHA256SUMS", ...files, "trainer_state.json"]);
    expect(pointer("last")).toBe("step-00001000\n");
    const { state, step } = JSON.parse(readFileSync(join(path, "trainer_state.json"), "utf8"));
    expect([step, state.batch]).toEqual([1000, 7]);
    const tool = spawnSync("sha256sum", ["--check", "--strict", "SHA256SUMS"], {
      cwd: path,
      encoding: "utf8",
    });
    if (tool.error === undefined)
      expect([tool.status, tool.stdout]).toEqual([
        0,
        [...files, "trainer_state.json"].map((file) => `${file}: OK\n`).join(""),
      ]);
  });

  it("without moving averages there are none", () => {
    save(1);
    expect(names()).toContain("step-00000001");
    scope(() => {
      expect(loadCheckpoint(folder, "last")).not.toHaveProperty("ema");
    });
  });

  it("leaves no tensor behind, and gives what it loads to the scope that is open", () => {
    save(1);
    const before = memory().tensors;
    scope(() => {
      loadCheckpoint(folder, "last");
      expect(memory().tensors).toBe(before + 2);
    });
    expect(memory().tensors).toBe(before);
  });
});

describe("order and retention", () => {
  it("keeps the newest, the last and the best", () => {
    for (let step = 1; step <= 6; step++) save(step, { best: step === 2 });
    expect(listCheckpoints(folder)).toEqual(
      [2, 4, 5, 6].map((step) => ({
        name: `step-0000000${step}`,
        step,
        best: step === 2,
        last: step === 6,
      })),
    );
    expect(names()).toEqual(["best", "last", ...[2, 4, 5, 6].map((step) => `step-0000000${step}`)]);
    save(7, { keep: 0 });
    expect(steps()).toEqual([2, 7]);
    expect([weightOf("best"), weightOf("last"), weightOf("auto")]).toEqual([2, 7, 7]);
  });

  it("steps are numbers, beyond eight digits too", () => {
    for (const step of [99_999_999, 100_000_000, 0]) save(step);
    expect(listCheckpoints(folder).map(({ name }) => name)).toEqual([
      "step-00000000",
      "step-99999999",
      "step-100000000",
    ]);
  });

  it("a run that went back goes on from where it is, and its own checkpoints are kept", () => {
    for (const step of [1, 2, 3, 4]) save(step, { keep: 4, best: step === 4 });
    save(2, { keep: 4 });
    expect(weightOf("auto")).toBe(2);
    save(3, { keep: 2 });
    expect(steps()).toEqual([2, 3, 4]); // 4 only as the best
    expect(weightOf("auto")).toBe(3);
  });

  it("the same step again replaces what was there", () => {
    save(1);
    save(5, { best: true });
    scope(() => saveCheckpoint(folder, 5, snapshot(50), { keep: 3, best: false }));
    expect([steps(), weightOf("last"), weightOf("best")]).toEqual([[1, 5], 50, 50]);
    expect(names()).toEqual(["best", "last", "step-00000001", "step-00000005"]);
  });

  it("other things in the folder are neither checkpoints nor touched", () => {
    mkdirSync(join(folder, "step-1"), { recursive: true });
    mkdirSync(join(folder, "step-000000001"));
    writeFileSync(join(folder, "step-00000009"), "a file");
    writeFileSync(join(folder, "notes.txt"), "");
    save(1, { keep: 1 });
    expect(steps()).toEqual([1]);
    expect(names()).toEqual([
      "last",
      "notes.txt",
      "step-000000001",
      "step-00000001",
      "step-00000009",
      "step-1",
    ]);
  });
});

describe("leftovers", () => {
  it.each([
    ["the next save", () => save(2)],
    ["the next start", () => prepareCheckpoints(folder)],
  ])("of a crash are removed by %s", (_, act) => {
    save(1);
    mkdirSync(join(folder, ".tmp-step-00000002-123"));
    writeFileSync(join(folder, ".tmp-step-00000002-123", "model.safetensors"), "half");
    mkdirSync(join(folder, ".tmp-pruned-step-00000000"));
    writeFileSync(join(folder, "last.tmp-123"), "step-0");
    act();
    expect(names().filter((name) => name.includes("tmp"))).toEqual([]);
    expect(weightOf("step-00000001")).toBe(1);
  });

  it("a checkpoint that was set aside for another is found there, and put back", () => {
    save(1);
    renameSync(join(folder, "step-00000001"), join(folder, ".tmp-old-step-00000001"));
    expect([steps(), weightOf("auto"), weightOf("last")]).toEqual([[1], 1, 1]);
    prepareCheckpoints(folder);
    expect(names()).toEqual(["last", "step-00000001"]);
    expect(weightOf("auto")).toBe(1);
  });
});

describe("what is asked for", () => {
  it("auto without a checkpoint is nothing", () => {
    expect(loadCheckpoint(folder, "auto")).toBeUndefined();
    mkdirSync(folder);
    expect(loadCheckpoint(folder, "auto")).toBeUndefined();
    expect(listCheckpoints(folder)).toEqual([]);
  });

  it("a name, or the path of a checkpoint that was copied elsewhere", () => {
    save(1);
    save(2);
    expect(weightOf("step-00000001")).toBe(1);
    cpSync(join(folder, "step-00000001"), join(run, "shipped"), { recursive: true });
    expect(weightOf(join(run, "shipped"))).toBe(1);
    expect(() => loadCheckpoint(folder, join(run, "none"))).toThrow(/none\/SHA256SUMS is missing/);
  });

  it("what is not there says so in one line", () => {
    expect(() => loadCheckpoint(folder, "last")).toThrow(
      `no last checkpoint in ${folder}: there is no such pointer; "auto" takes the newest good one`,
    );
    save(10);
    expect(() => loadCheckpoint(folder, "best")).toThrow(/no best checkpoint/);
    expect(() => loadCheckpoint(folder, "step-0000010")).toThrow(/\(did you mean "step-00000010"\?\)/);
    expect(() => loadCheckpoint(folder, "..")).toThrow(/no checkpoint ".."/);
    writeFileSync(join(folder, "last"), "../../elsewhere\n");
    expect(() => loadCheckpoint(folder, "last")).toThrow(/the pointer is damaged/);
    expect(weightOf("auto")).toBe(10);
  });

  it("another model's checkpoint is named in one line", () => {
    const checkpoint = { name: "step-00000001", config };
    expect(() => requireModel(checkpoint, { model: { name: "vit_tiny" } })).toThrow(
      new CheckpointError(
        "step-00000001 holds a crate_tiny, expected a vit_tiny; give the recipe that it was trained by",
        { expected: "vit_tiny", received: "crate_tiny" },
      ),
    );
    requireModel(checkpoint, config);
    requireModel(checkpoint, {});
  });

  it("a layout of the future is refused", () => {
    const path = join(folder, save(1));
    const file = join(path, "trainer_state.json");
    writeFileSync(file, readFileSync(file, "utf8").replace('"format": 1', '"format": 2'));
    const files = readdirSync(path).filter((name) => name !== "SHA256SUMS");
    const sums = new Map(files.map((name) => [name, sha256(readFileSync(join(path, name)))]));
    writeFileSync(join(path, "SHA256SUMS"), formatSums(sums));
    expect(() => loadCheckpoint(folder, "last")).toThrow(/has format 2, this version of vitrine reads 1/);
  });
});

describe("what is not saved", () => {
  it("a model that is not finite, as the best", () => {
    save(1, { best: true });
    scope(() => {
      const broken = snapshot(2, { model: new Map([["head.bias", tensor([1, Number.NaN])]]) });
      expect(() => saveCheckpoint(folder, 2, broken, { keep: 3, best: true })).toThrow(NotFiniteError);
      expect(pointer("best")).toBe("step-00000001\n");
      saveCheckpoint(folder, 2, broken, { keep: 3, best: false });
    });
    expect([steps(), pointer("best")]).toEqual([[1, 2], "step-00000001\n"]);
  });

  it("steps and numbers of checkpoints that are none", () => {
    for (const step of [-1, 1.5, Number.NaN]) expect(() => save(step)).toThrow(UsageError);
    expect(() => save(1, { keep: -1 })).toThrow(/expected keep to be a whole number, got -1/);
    expect(existsSync(folder)).toBe(false);
  });

  it("a tensor without a place in the format; nothing of the attempt stays", () => {
    save(1);
    scope(() => {
      const wide = snapshot(2, { optimizer: new Map([["z", eye(2, { dtype: "complex128" })]]) });
      expect(() => saveCheckpoint(folder, 2, wide, { keep: 3, best: false })).toThrow(CheckpointError);
    });
    expect(names()).toEqual(["last", "step-00000001"]);
  });

  it("anything where the folder cannot be made or written", () => {
    writeFileSync(folder, "a file in its place");
    expect(() => save(1)).toThrow(DiskError);
    expect(() => prepareCheckpoints(folder)).toThrow(DiskError);
    rmSync(folder);
    folder = join(run, "gone", "checkpoints"); // the run's folder has vanished
    expect(() => save(1)).toThrow(/the folder does not exist; it may have been removed/);
    folder = "/proc/vitrine";
    expect(() => prepareCheckpoints(folder)).toThrow(DiskError);
  });
});
