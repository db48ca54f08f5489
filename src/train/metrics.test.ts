/** @file Metrics survive crashes at any byte, full disks and numbers that are not finite. */

import { spawnSync } from "node:child_process";
import {
  appendFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
  type writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DataError, DiskError } from "../base/errors.ts";
import { writeAll, writeFileAtomic, writing } from "../base/write-file.ts";
import { type MetricsRecord, MetricsWriter, readMetrics, writeSummary } from "./metrics.ts";

fc.configureGlobal({ seed: 1 });

let folder: string;
let path: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "metrics-"));
  path = join(folder, "metrics.jsonl");
});
afterEach(() => rmSync(folder, { recursive: true }));

function append(records: readonly MetricsRecord[], resumeStep?: number): void {
  using writer = new MetricsWriter(path, resumeStep === undefined ? {} : { resumeStep });
  for (const record of records) writer.write(record);
  writer.sync();
}

const records = [1, 2, 3].map((step) => ({ step, "train/loss": 1 / step, note: "größer\n" }));

describe("metrics.jsonl", () => {
  it("gives back what was written, also numbers that are not finite", () => {
    const odd = {
      step: 4,
      a: Number.NaN,
      b: Number.POSITIVE_INFINITY,
      c: Number.NEGATIVE_INFINITY,
      d: null,
      layers: [0.1, Number.NaN],
    };
    append([...records, odd]);
    expect(readMetrics(path)).toEqual([...records, odd]);
    expect(readFileSync(path, "utf8")).toContain('"a":"NaN","b":"Infinity","c":"-Infinity"');
  });

  it("keeps every double to its last bit", () => {
    fc.assert(
      fc.property(fc.array(fc.double(), { maxLength: 5 }), (values) => {
        rmSync(path, { force: true });
        append([{ step: 0, values }]);
        // JSON has no minus zero
        expect(readMetrics(path)[0]!.values).toEqual(values.map((value) => value + 0));
      }),
      { numRuns: 50 },
    );
  });

  it("loses only the last record when cut at any of its bytes, and goes on cleanly", () => {
    append(records);
    const whole = readFileSync(path);
    const end = whole.lastIndexOf(10, whole.length - 2) + 1;
    for (let length = end; length < whole.length; length++) {
      writeFileSync(path, whole.subarray(0, length));
      expect(readMetrics(path)).toEqual(records.slice(0, 2));
      append([records[2]!]);
      expect(readFileSync(path)).toEqual(whole);
    }
  });

  it("drops what comes after the step from which a run is resumed", () => {
    append(records);
    append([{ step: 3, again: true }], 2);
    expect(readMetrics(path)).toEqual([...records.slice(0, 2), { step: 3, again: true }]);
    expect(readdirSync(folder)).toEqual(["metrics.jsonl"]);
  });

  it("names the line that is not a record, and leaves the file as it is", () => {
    append(records);
    for (const line of ["{oops", "[1]", '{"loss":1}', ""]) {
      truncateSync(path, 0);
      appendFileSync(path, `{"step":1}\n${line}\n{"step":2}\n`);
      const before = readFileSync(path, "utf8");
      expect(() => readMetrics(path)).toThrow(DataError);
      expect(() => readMetrics(path)).toThrow(/metrics\.jsonl:2: not a metrics record/);
      expect(() => new MetricsWriter(path, { resumeStep: 1 })).toThrow(DataError);
      expect(readFileSync(path, "utf8")).toBe(before);
    }
  });

  it("says which folder is missing", () => {
    expect(() => new MetricsWriter(join(folder, "no", "metrics.jsonl"))).toThrow(DiskError);
    expect(() => readMetrics(path)).toThrow(DataError);
  });
});

describe("summary.csv", () => {
  it("has timm's columns, and empty cells where there was no evaluation", () => {
    const csv = join(folder, "summary.csv");
    writeSummary(csv, [
      { epoch: 0, train: { loss: 2.3 }, lr: 0.001 },
      { epoch: 1, train: { loss: 1.9 }, eval: { loss: 2, top1: 31.5, top5: 80 }, lr: 0.0005 },
    ]);
    expect(readFileSync(csv, "utf8")).toBe(
      "epoch,train_loss,eval_loss,eval_top1,eval_top5,lr\n0,2.3,,,,0.001\n1,1.9,2,31.5,80,0.0005\n",
    );
    writeSummary(csv, [{ epoch: 0, train: { loss: Number.NaN } }]);
    expect(readFileSync(csv, "utf8")).toBe("epoch,train_loss\n0,NaN\n");
    expect(readdirSync(folder)).toEqual(["summary.csv"]);
  });
});

describe("writing", () => {
  it("goes on after a short write", () => {
    const fd = { out: [] as number[] };
    // a disk that takes three bytes at a time, as a nearly full one may
    const write = ((_: number, bytes: Uint8Array, at: number, length: number) => {
      const part = bytes.subarray(at, at + Math.min(3, length));
      fd.out.push(...part);
      return part.length;
    }) as typeof writeSync;
    const bytes = Uint8Array.from({ length: 20 }, (_, i) => i);
    writeAll(0, bytes, write);
    expect(fd.out).toEqual([...bytes]);
  });

  it.skipIf(!existsSync("/dev/full"))("a full disk is a DiskError that says what to do", () => {
    expect(() => writing("run/metrics.jsonl", () => writeFileSync("/dev/full", "x"))).toThrow(DiskError);
    expect(() => writing("run/metrics.jsonl", () => writeFileSync("/dev/full", "x"))).toThrow(
      "cannot write run/metrics.jsonl: no space left on the disk; free some (ENOSPC)",
    );
  });

  it("takes a record back that did not fit onto the disk", () => {
    // a limit of 1 KiB on the size of files stands for a full disk: the last write is short, the next one fails
    const program = `
      import { MetricsWriter } from "./src/train/metrics.ts";
      const writer = new MetricsWriter(process.argv[1]);
      try { for (let step = 1; ; step++) writer.write({ step, note: "x".repeat(90) }); }
      catch (error) { console.log(error.name, error.exitCode, error.message); }`;
    const command = `ulimit -f 1 && exec "$0" --import tsx --input-type=module -e "$1" "$2"`;
    const cwd = fileURLToPath(new URL("../..", import.meta.url));
    const child = spawnSync("bash", ["-c", command, process.execPath, program, path], {
      cwd,
      encoding: "utf8",
    });
    expect(child.stdout, child.stderr).toMatch(/^DiskError 7 cannot write .*metrics\.jsonl: .*\(EFBIG\)\n$/);
    const text = readFileSync(path, "utf8");
    expect(text.length).toBeLessThanOrEqual(1024);
    expect(text.endsWith("\n")).toBe(true);
    expect(readMetrics(path).map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("leaves the old file when the new one cannot be written, and nothing beside it", () => {
    const target = join(folder, "a");
    writeFileAtomic(target, "old");
    const broken = [new TextEncoder().encode("new"), null as unknown as Uint8Array];
    expect(() => writeFileAtomic(target, broken)).toThrow(TypeError);
    expect(readFileSync(target, "utf8")).toBe("old");
    expect(readdirSync(folder)).toEqual(["a"]);
    expect(() => writeFileAtomic(join(folder, "a", "b"), "x")).toThrow(DiskError);
  });
});
