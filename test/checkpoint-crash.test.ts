/** @file Checkpoints in real processes that are killed, on disks that are full: the one before always loads. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statfsSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { DiskError } from "../src/base/errors.ts";
import { scope } from "../src/tensor/index.ts";
import { listCheckpoints, loadCheckpoint, prepareCheckpoints } from "../src/train/checkpoint.ts";
import { saveStep } from "./save-checkpoints.ts";

const program = fileURLToPath(new URL("./save-checkpoints.ts", import.meta.url));
const node = [process.execPath, "--import", import.meta.resolve("tsx"), program];

let root: string;
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), "vitrine-crash-"));
});
afterAll(() => rmSync(root, { recursive: true }));

/** The step that all weights of a checkpoint say; a torn one would say several. */
function stepIn(folder: string, which: string): number | undefined {
  return scope(() => {
    const loaded = loadCheckpoint(folder, which);
    if (loaded === undefined) return undefined;
    const { model, optimizer, ema, state } = loaded;
    const said = [model, optimizer, ema!].flatMap((part) => {
      const weight = part.get("head.weight")!;
      return [weight.min().item(), weight.max().item()];
    });
    expect(new Set([...said, (state as { step: number }).step]).size).toBe(1);
    return said[0]!;
  });
}

/** Every name that exists is complete, and all that points somewhere points at something good. */
function expectWhole(folder: string): void {
  const entries = listCheckpoints(folder);
  for (const { name, step } of entries) expect(stepIn(folder, name)).toBe(step);
  for (const pointer of ["last", "best"]) expect(stepIn(folder, pointer)).toBeGreaterThan(0);
}

function start(
  folder: string,
  numbers: readonly number[],
  environment: NodeJS.ProcessEnv = {},
): ChildProcess {
  const [command, ...args] = [...node, folder, ...numbers.map(String)] as [string, ...string[]];
  return spawn(command, args, {
    env: { ...process.env, ...environment },
    stdio: ["ignore", "pipe", "inherit"],
  });
}

describe("a process killed while it saves", () => {
  const places = [
    ...[1, 6].map((n) => `open:kill@${n}`), // of 6 files
    ...[5, 9].map((n) => `write:kill@${n}`), // of 9 writes
    ...[6, 7, 8].map((n) => `fsync:kill@${n}`), // of 6 files, the folder and the one above
    ...["rename:kill@1", "replace:kill@1"],
    ...[1, 2].map((n) => `pointer:kill@${n}`), // best, last
    ...[1, 2].map((n) => `prune:kill@${n}`), // before the folder is renamed, and after
  ];
  const before = places.indexOf("prune:kill@1");

  /** Checkpoints 1 to 3, of which 2 and 3 are kept; then the next save in a process that is killed at the place. */
  async function killAt(place: string, step: number): Promise<string> {
    const folder = join(root, `${place.replace(":", "-")}-${step}`);
    cpSync(join(root, "saved"), folder, { recursive: true });
    const child = start(folder, [step, step, 2, 1000], { VITRINE_FAILPOINT: `checkpoint.${place}` });
    const [, signal] = await once(child, "exit");
    expect([place, signal]).toEqual([place, "SIGKILL"]);
    return folder;
  }

  const inPairs = async <T>(list: readonly T[], act: (item: T) => Promise<void>) => {
    const left = [...list.entries()];
    const work = async () => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) await act(next[1]);
    };
    await Promise.all([work(), work()]);
  };

  beforeAll(() => {
    for (const step of [1, 2, 3]) saveStep(join(root, "saved"), step, 2, 1000);
  });

  it("leaves the one before it, wherever that was", async () => {
    await inPairs(places, async (place) => {
      const folder = await killAt(place, 4);
      expectWhole(folder);
      expect([place, stepIn(folder, "auto")]).toEqual([place, places.indexOf(place) < before ? 3 : 4]);
      prepareCheckpoints(folder);
      expect(readdirSync(folder).filter((name) => name.includes("tmp"))).toEqual([]);
      expectWhole(folder);
      saveStep(folder, 4, 2, 1000);
      expect(readdirSync(folder).sort()).toEqual(["best", "last", "step-00000003", "step-00000004"]);
      expectWhole(folder);
    });
  });

  it("leaves the one that was to be replaced, or what replaced it", async () => {
    await inPairs(["write:kill@5", "rename:kill@1", "replace:kill@1", "fsync:kill@8"], async (place) => {
      const folder = await killAt(place, 3);
      expectWhole(folder);
      expect(stepIn(folder, "auto")).toBe(3);
      prepareCheckpoints(folder);
      expect(readdirSync(folder).sort()).toEqual(["best", "last", "step-00000002", "step-00000003"]);
      expectWhole(folder);
    });
  });

  it("at any time, again and again", async () => {
    const folder = join(root, "any");
    let reached = 0;
    for (const delay of [0, 3, 17, 61, 140]) {
      const child = start(folder, [reached + 1, 1e6, 2, 300_000]);
      let printed = "";
      child.stdout!.setEncoding("utf8").on("data", (text: string) => {
        printed += text;
      });
      await once(child.stdout!, "data");
      await new Promise((resolve) => setTimeout(resolve, delay));
      child.kill("SIGKILL");
      await once(child, "close");
      expectWhole(folder);
      reached = stepIn(folder, "auto")!;
      const said = Number(printed.trimEnd().split("\n").at(-1)!.slice(5));
      expect(reached - said === 0 || reached - said === 1).toBe(true); // what was said to be saved is saved
    }
  });
});

/** Whether a file system of our own can be mounted: root, and not in every container. */
function mounted(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), "vitrine-full-"));
  const options = ["-t", "tmpfs", "-o", "size=4m", "tmpfs", folder];
  if (spawnSync("mount", options).status === 0) return folder;
  rmSync(folder, { recursive: true });
  return undefined;
}

const small = mounted();
afterAll(() => {
  if (small === undefined) return;
  spawnSync("umount", [small]);
  rmSync(small, { recursive: true });
});

describe("a full disk", () => {
  it.skipIf(small === undefined)("of 4 MiB keeps the checkpoint before (skipped without mount)", () => {
    const folder = join(small!, "checkpoints");
    const elements = 200_000; // 2.3 MiB in three files
    prepareCheckpoints(folder);
    saveStep(folder, 1, 1, elements);
    const failing = () => saveStep(folder, 2, 1, elements);
    expect(failing).toThrow(DiskError);
    expect(failing).toThrow(/cannot write .*safetensors: no space left on the disk; free some \(ENOSPC\)$/);
    expect(readdirSync(folder).sort()).toEqual(["best", "last", "step-00000001"]);
    expectWhole(folder);
    // at every amount of room that is left, down to none for the pointers
    for (let room = 0; room <= 32; room++) {
      const filler = join(small!, "filler");
      rmSync(filler, { force: true });
      const { bavail, bsize } = statfsSync(small!);
      writeFileSync(filler, new Uint8Array(Math.max(0, bavail - room) * bsize));
      const kept = stepIn(folder, "auto")!;
      try {
        saveStep(folder, kept + 1, 1, 1000);
        expect(stepIn(folder, "auto")).toBe(kept + 1);
      } catch (error) {
        expect(error).toBeInstanceOf(DiskError);
        expect(stepIn(folder, "auto")).toBe(kept);
      }
      expectWhole(folder);
    }
    expect(stepIn(folder, "auto")).toBeGreaterThan(1);
  });

  it("or a limit on a file's size ends with code 7 and keeps the checkpoint before", () => {
    const folder = join(root, "limit");
    mkdirSync(folder);
    saveStep(folder, 1, 2, 1000);
    const shell = ["-c", 'ulimit -f 512; exec "$@"', "bash", ...node, folder, "2", "2", "2", "300000"];
    const { status, stderr } = spawnSync("bash", shell, { encoding: "utf8" });
    expect(stderr).toMatch(
      /^cannot write .*safetensors: the file would exceed the size limit; .*\(EFBIG\)\n$/,
    );
    expect(status).toBe(7);
    expect(readdirSync(folder).sort()).toEqual(["best", "last", "step-00000001"]);
    expectWhole(folder);
  });

  it("a run folder that vanishes is not a checkpoint saved", () => {
    const folder = join(root, "vanishing", "checkpoints");
    mkdirSync(join(folder, ".."), { recursive: true });
    saveStep(folder, 1, 2, 1000);
    rmSync(join(folder, ".."), { recursive: true });
    expect(() => saveStep(folder, 2, 2, 1000)).toThrow(DiskError);
  });
});

const strace = spawnSync("strace", ["-o", "/dev/null", "true"]).status === 0;

it.skipIf(!strace)("everything is on the disk before it has a name (skipped without strace)", () => {
  const folder = join(root, "order");
  const log = join(root, "order.log");
  mkdirSync(folder);
  saveStep(folder, 1, 2, 1000);
  const calls = ["-f", "-y", "-e", "trace=write,pwrite64,fsync,rename,mkdir", "-o", log];
  const { status } = spawnSync("strace", [...calls, ...node, folder, "2", "2", "2", "1000"]);
  expect(status).toBe(0);
  /** Relative to the folder, without the number of the process. */
  const short = (path: string) =>
    path
      .slice(folder.length + 1)
      .replace(/tmp-\d+$/, "tmp")
      .replace(/(tmp-step-\d+)-\d+/, "$1") || ".";
  const order = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => line.includes(folder))
    .flatMap((line) => {
      const [, call, rest] = /^\d+ +(\w+)\((.*)$/.exec(line) ?? [];
      const paths = [...(rest ?? "").matchAll(/[<"](\/[^">]*)[>"]/g)].map(([, path]) => path!);
      return call === undefined
        ? []
        : [
            `${call} ${paths
              .filter((path) => path.startsWith(folder))
              .map(short)
              .join(" ")}`,
          ];
    })
    .filter((step, i, all) => step !== all[i - 1]);
  const temporary = ".tmp-step-00000002";
  const files = ["config.json", "ema.safetensors", "model.safetensors", "optimizer.safetensors"];
  const written = [...files, "trainer_state.json", "SHA256SUMS"].flatMap((file) => [
    `write ${temporary}/${file}`,
    `fsync ${temporary}/${file}`,
  ]);
  const pointed = ["best", "last"].flatMap((pointer) => [
    `write ${pointer}.tmp`,
    `fsync ${pointer}.tmp`,
    `rename ${pointer}.tmp ${pointer}`,
    "fsync .",
  ]);
  expect(order).toEqual([
    `mkdir ${temporary}`,
    ...written,
    `fsync ${temporary}`,
    `rename ${temporary} step-00000002`,
    "fsync .",
    ...pointed,
  ]);
});
