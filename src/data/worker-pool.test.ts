import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { WorkerPool } from "./worker-pool.ts";

let root = "";
let script: URL;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "vitrine-pool-"));
  script = pathToFileURL(join(root, "worker.mjs"));
  // squares numbers; a string says how to misbehave, once when a file of that name is not there yet
  await writeFile(
    script,
    `import { parentPort } from "node:worker_threads";
     import { existsSync, writeFileSync } from "node:fs";
     parentPort.on("message", (task) => {
       if (typeof task === "number") return parentPort.postMessage({ result: task * task });
       const { how, once } = task;
       if (once && existsSync(once)) return parentPort.postMessage({ result: -1 });
       if (once) writeFileSync(once, "");
       if (how === "exit") process.exit(3);
       if (how === "throw") setTimeout(() => { throw new Error("broken"); });
       if (how === "refuse") parentPort.postMessage({ error: "no" });
       if (how === "hang") for (;;);
     });`,
  );
});
afterAll(() => rm(root, { recursive: true }));

type Task = number | { how: string; once?: string };

test("every task gets its own answer, whatever the number of threads", async () => {
  for (const size of [1, 3]) {
    const pool = new WorkerPool<Task, number>(script, size);
    const tasks = Array.from({ length: 50 }, (_, i) => i);
    expect(await Promise.all(tasks.map((n) => pool.run(n)))).toEqual(tasks.map((n) => n * n));
    await pool.close();
    await expect(pool.run(1)).rejects.toThrow("closed");
  }
});

test("a thread that dies, throws or hangs is replaced; the task is tried twice; the others are answered", async () => {
  const pool = new WorkerPool<Task, number>(script, 2);
  const bad = ["exit", "throw", "refuse"].map((how) => pool.run({ how }));
  const once = pool.run({ how: "exit", once: join(root, "once") });
  const good = Promise.all(Array.from({ length: 20 }, (_, i) => pool.run(i)));
  const outcomes = await Promise.allSettled(bad);
  expect(outcomes.map((o) => (o.status === "rejected" ? (o.reason as Error).message : o.value))).toEqual([
    "its worker ended with code 3, twice",
    "its worker failed (broken), twice",
    "no",
  ]);
  expect(await once).toBe(-1);
  expect((await good)[19]).toBe(361);
  await pool.close();

  const hasty = new WorkerPool<Task, number>(script, 1, 200);
  await expect(hasty.run({ how: "hang" })).rejects.toThrow("its worker gave no answer in 0.2 s, twice");
  await hasty.close();
});

test("closing fails what is unfinished instead of leaving it waiting", async () => {
  const pool = new WorkerPool<Task, number>(script, 1);
  const pending = [pool.run({ how: "hang" }), pool.run(2)].map((p) => p.catch((e: Error) => e.message));
  await pool.close();
  expect(await Promise.all(pending)).toEqual(["the workers were closed", "the workers were closed"]);
});
