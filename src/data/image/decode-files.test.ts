import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { expect, test } from "vitest";
import { WorkerPool } from "../worker-pool.ts";
import { decodeFiles } from "./decode-files.ts";
import type { Decoded, DecodeTask } from "./decode-share.ts";

test("a file over which threads die is named; the files beside it are read", async () => {
  const root = await mkdtemp(join(tmpdir(), "vitrine-decode-"));
  // speaks the protocol of decode-worker, but "decodes" a name to its length, and dies as a decoder's crash would
  await writeFile(
    join(root, "worker.mjs"),
    `import { parentPort } from "node:worker_threads";
     parentPort.on("message", ({ paths, wanted: { size } }) => {
       if (paths.includes("crash")) process.exit(139);
       const pixels = new Uint8Array(paths.length * 3 * size * size);
       paths.forEach((path, i) => pixels.fill(path.length, i * 3 * size * size, (i + 1) * 3 * size * size));
       parentPort.postMessage({ result: { damaged: [], pixels } });
     });`,
  );
  const pool = new WorkerPool<DecodeTask, Decoded>(pathToFileURL(join(root, "worker.mjs")), 2);
  const names = Array.from({ length: 70 }, (_, i) => "x".repeat(i));
  const pixels = await decodeFiles(pool, names, { size: 1 });
  expect([...pixels]).toEqual(names.flatMap((name) => [name.length, name.length, name.length]));
  await expect(decodeFiles(pool, ["a", "b", "crash", "c"], { size: 1 })).rejects.toThrow(
    "cannot read image crash: its worker ended with code 139, twice",
  );
  expect([...(await decodeFiles(pool, ["abc"], { size: 1 }))]).toEqual([3, 3, 3]);
  expect((await decodeFiles(pool, [], { size: 1 })).length).toBe(0);
  await pool.close();
  await rm(root, { recursive: true });
});
