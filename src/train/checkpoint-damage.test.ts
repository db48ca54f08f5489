/** @file Damaged checkpoints: every byte counts, the file and the tensor are named, auto steps back. */

import { mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { CheckpointError } from "../base/errors.ts";
import { full, scope } from "../tensor/index.ts";
import { loadCheckpoint, saveCheckpoint } from "./checkpoint.ts";

let folder: string;
let path: string;
const whole = new Map<string, Buffer>();

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "vitrine-damage-"));
  for (const step of [1, 2])
    scope(() => {
      const tensors = () =>
        new Map([
          ["blocks.0.U", full([4, 4], step)],
          ["head.bias", full([3], step)],
        ]);
      const given = { config: {}, model: tensors(), optimizer: tensors(), ema: tensors(), state: { step } };
      saveCheckpoint(folder, step, given, { keep: 3, best: false });
    });
  path = join(folder, "step-00000002");
  for (const file of readdirSync(path)) whole.set(file, readFileSync(join(path, file)));
});
afterAll(() => rmSync(folder, { recursive: true }));
afterEach(() => {
  for (const [file, bytes] of whole) writeFileSync(join(path, file), bytes);
});

const files = [
  "SHA256SUMS",
  "config.json",
  "ema.safetensors",
  "model.safetensors",
  "optimizer.safetensors",
  "trainer_state.json",
];

function refusal(which = "last"): CheckpointError {
  try {
    scope(() => {
      loadCheckpoint(folder, which);
    });
  } catch (error) {
    expect(error).toBeInstanceOf(CheckpointError);
    return error as CheckpointError;
  }
  throw new Error("a damaged checkpoint was loaded");
}

function flip(file: string, at: number): void {
  const bytes = Buffer.from(whole.get(file)!);
  bytes[at]! ^= 1 << (at % 8);
  writeFileSync(join(path, file), bytes);
}

it("the files under test are all there are", () => {
  expect([...whole.keys()].sort()).toEqual(files);
});

describe.each(files)("%s", (file) => {
  it("a flipped bit anywhere is refused, naming checkpoint and file", () => {
    const { length } = whole.get(file)!;
    for (let at = 0; at < length; at += length > 400 ? 13 : 5) {
      flip(file, at);
      const { message } = refusal();
      expect(message).toContain(path);
      expect(message).toContain(file);
      expect(message).toMatch(/^[^\n]*$/);
    }
  });

  it("cut anywhere it is refused", () => {
    const { length } = whole.get(file)!;
    for (const at of [0, 1, 7, 8, 9, length >> 1, length - 1]) {
      truncateSync(join(path, file), at);
      expect(refusal().message).toContain(file);
      writeFileSync(join(path, file), whole.get(file)!);
    }
  });

  it("missing it is refused", () => {
    rmSync(join(path, file));
    expect(refusal().message).toContain(`${join(path, file)} is missing`);
  });
});

describe("model.safetensors", () => {
  const file = "model.safetensors";
  const says = (what: string) =>
    expect(refusal().message).toBe(
      `${join(path, file)}: ${what}: it does not match SHA256SUMS; "auto" takes the newest good one`,
    );
  // [8 bytes length][header][64 bytes blocks.0.U][12 bytes head.bias]
  it("names the tensor that the flipped byte lies in", () => {
    const { length } = whole.get(file)!;
    flip(file, length - 76);
    says('tensor "blocks.0.U" is damaged');
    flip(file, length - 13);
    says('tensor "blocks.0.U" is damaged');
    flip(file, length - 12);
    says('tensor "head.bias" is damaged');
    flip(file, length - 1);
    says('tensor "head.bias" is damaged');
  });

  it("names the tensor that it is cut in, and counts when several are damaged", () => {
    const { length } = whole.get(file)!;
    truncateSync(join(path, file), length - 1);
    says('tensor "head.bias": ends at byte 76 of 75 bytes of data: the file is cut off');
    const bytes = Buffer.from(whole.get(file)!);
    bytes.fill(0xff, length - 76);
    writeFileSync(join(path, file), bytes);
    says('tensor "blocks.0.U" and 1 more are damaged');
  });

  it("says so when it is the header, in its text or its padding", () => {
    const header = whole.get(file)!.indexOf("}}");
    flip(file, 3);
    expect(refusal().message).toMatch(/header (of|has) \d+ bytes/);
    const bytes = Buffer.from(whole.get(file)!);
    const padded = bytes.subarray(8 + Number(bytes.readBigUInt64LE()) - 1);
    if (padded[0] === 0x20) {
      padded[0] = 0x0a;
      writeFileSync(join(path, file), bytes);
      says("its header is damaged");
    }
    flip(file, header);
    expect(refusal().message).toContain(file);
  });

  it("names the file alone when the checksums of its tensors are damaged too", () => {
    flip(file, whole.get(file)!.length - 1);
    flip("trainer_state.json", 20);
    expect(refusal().message).toContain(`${join(path, file)} is damaged: it does not match`);
  });
});

describe("auto", () => {
  it("steps back to the newest good one and says what it passed over and why", () => {
    flip("model.safetensors", whole.get("model.safetensors")!.length - 1);
    scope(() => {
      const loaded = loadCheckpoint(folder, "auto")!;
      expect([loaded.name, loaded.state]).toEqual(["step-00000001", { step: 1 }]);
      expect(loaded.skipped).toEqual([
        {
          name: "step-00000002",
          reason: `${join(path, "model.safetensors")}: tensor "head.bias" is damaged: it does not match SHA256SUMS`,
        },
      ]);
    });
  });

  it("says that the last one is missing", () => {
    writeFileSync(join(folder, "last"), "step-00000003\n");
    scope(() => {
      const loaded = loadCheckpoint(folder, "auto")!;
      expect(loaded.name).toBe("step-00000002");
      const reason = `${join(folder, "step-00000003")} is missing`;
      expect(loaded.skipped).toEqual([{ name: "step-00000003", reason }]);
    });
    expect(refusal().message).toContain("step-00000003/SHA256SUMS is missing");
    writeFileSync(join(folder, "last"), "step-00000002\n");
  });

  it("does not start afresh when there are checkpoints but none is good", () => {
    const other = join(folder, "step-00000001", "config.json");
    const kept = readFileSync(other);
    rmSync(other);
    rmSync(join(path, "SHA256SUMS"));
    expect(refusal("auto").message).toMatch(
      /no good checkpoint in .*step-00000002\/SHA256SUMS is missing; .*step-00000001\/config.json is missing; remove them/,
    );
    writeFileSync(other, kept);
  });
});

it("a moving average that the list of checksums has lost is not lost in silence", () => {
  const lines = whole.get("SHA256SUMS")!.toString().split("\n");
  writeFileSync(join(path, "SHA256SUMS"), lines.filter((line) => !line.includes("ema")).join("\n"));
  expect(refusal().message).toContain("it has no line for ema.safetensors");
});
