/** @file Processes that are launched together: what they are told, what they say, how they end, when they start again. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { afterAll, expect, test, vi } from "vitest";
import { readWorld } from "../src/base/world.ts";
import { type Flags, launch } from "../src/cli/launch.ts";
import { type End, firstCause, runTogether } from "../src/cli/together.ts";
import { vitrine } from "./spawn.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine launch-"));
afterAll(() => rmSync(folder, { recursive: true }));

const FLAGS: Flags = {
  ...{
    nproc: 2,
    nnodes: 1,
    nodeRank: 0,
    masterAddr: "127.0.0.1",
    masterPort: 0,
    maxRestarts: 0,
    timeout: 60,
  },
};

let scripts = 0;
/** A program of Node whose body knows its rank, size and the count of restarts. */
function script(body: string) {
  const path = join(folder, `${scripts++}.mjs`);
  const head =
    "const [rank, size, restart] = ['RANK', 'WORLD_SIZE', 'TORCHELASTIC_RESTART_COUNT'].map((name) => Number(process.env[name]));";
  writeFileSync(
    path,
    `${head}\nconst asked = new Promise((done) => process.on('SIGTERM', done));\n${body}\n`,
  );
  return { program: process.execPath, args: [path] };
}

/** Everything that is written to a stream. */
function listen(): { stream: PassThrough; text: () => string } {
  const stream = new PassThrough();
  let text = "";
  stream.on("data", (bytes) => {
    text += bytes;
  });
  return { stream, text: () => text };
}

/** A launch with what its processes say. */
async function launched(
  body: string,
  flags: Partial<Flags> = {},
  train = ["train", "digits"],
  patience?: readonly [number, number],
) {
  const [out, err] = [listen(), listen()];
  const talk = vi.spyOn(process.stderr, "write").mockReturnValue(true);
  try {
    const given = { ...script(body), out: out.stream, err: err.stream, ...(patience && { patience }) };
    const code = await launch(train, { ...FLAGS, ...flags }, given);
    return { code, out: out.text(), err: err.text(), said: talk.mock.calls.map(([text]) => text).join("") };
  } finally {
    talk.mockRestore();
  }
}

const ends = (...codes: (number | [number, Partial<End>])[]): End[] =>
  codes.map((given, rank) => {
    const [code, more] = typeof given === "number" ? [given, {}] : given;
    return { rank, code, asked: false, ...more };
  });

test("each process is told its place, and the arguments", async () => {
  const { code, out } = await launched(
    "console.log(JSON.stringify([process.env, process.argv.slice(2)]));",
    { nproc: 3, timeout: 7 },
    ["train", "digits", "--epochs", "2"],
  );
  expect(code).toBe(0);
  const lines = out.trim().split("\n").sort();
  const worlds = lines.map((line, rank) => {
    expect(line.slice(0, 4)).toBe(`[${rank}] `);
    const [environment, args] = JSON.parse(line.slice(4));
    expect(args).toEqual(["train", "digits", "--epochs", "2"]);
    return readWorld(environment);
  });
  expect(worlds).toMatchObject([0, 1, 2].map((rank) => ({ rank, size: 3, localRank: rank, localSize: 3 })));
  expect(worlds).toMatchObject([0, 1, 2].map((rank) => ({ timeout: 7, meeting: { serves: rank === 0 } })));
  expect(new Set(worlds.map(({ meeting }) => `${meeting?.address}:${meeting?.port}`)).size).toBe(1);
});

test("the second machine's ranks follow the first one's", async () => {
  const { out } = await launched("console.log(rank, size, process.env.LOCAL_RANK, process.env.MASTER_ADDR)", {
    ...{ nnodes: 2, nodeRank: 1, masterAddr: "10.0.0.1", masterPort: 29500 },
  });
  expect(out.trim().split("\n").sort()).toEqual(["[2] 2 4 0 10.0.0.1", "[3] 3 4 1 10.0.0.1"]);
});

test("lines are whole, on their stream, the last one too; a character in two pieces is one", async () => {
  const { out, err } = await launched(
    `process.stdout.write("one\\ntw"); await new Promise((done) => setTimeout(done, 50));
     process.stdout.write("o\\n"); process.stderr.write("à part");
     const [a, b] = [Buffer.from("é").subarray(0, 1), Buffer.from("é").subarray(1)];
     process.stdout.write(a); await new Promise((done) => setTimeout(done, 50)); process.stdout.write(b);`,
    { nproc: 1 },
  );
  expect([out, err]).toEqual(["[0] one\n[0] two\n[0] é\n", "[0] à part\n"]);
});

test("the code is the first cause's: a lost peer hides no other code", () => {
  const codes = (...given: Parameters<typeof ends>) => firstCause(ends(...given))?.code;
  expect(codes(0, 0)).toBeUndefined();
  expect(codes(8, 3)).toBe(3);
  expect(codes(8, [137, { signal: "SIGKILL" }], 3)).toBe(137);
  expect(codes(8, 8, 0)).toBe(8);
  expect(codes(8, [143, { asked: true, signal: "SIGTERM" }])).toBe(8);
  expect(codes(8, [3, { asked: true }], [75, { asked: true }])).toBe(3);
  expect(codes([0, {}], [75, { asked: true }])).toBe(75);
});

test("one fails, the others say that they lost it: its code, and its number", async () => {
  const { code, said } = await launched(
    "if (rank === 1) setTimeout(() => process.exit(3), 100); else process.exit(8);",
  );
  expect(code).toBe(3);
  expect(said).toContain("launch: process 1 ended first, with code 3\n");
});

test("those who go on after one has failed are asked to end, and ended", async () => {
  const ready = join(folder, "ready");
  const body = `import { existsSync, writeFileSync } from "node:fs";
    setInterval(() => {}, 1000);
    if (rank === 1) asked.then(() => process.exit(75));
    if (rank === 2) process.on("SIGTERM", () => console.log("deaf"));
    writeFileSync(${JSON.stringify(ready)} + rank, "");
    const all = () => [0, 1, 2].every((rank) => existsSync(${JSON.stringify(ready)} + rank));
    while (!all()) await new Promise((done) => setTimeout(done, 10));
    if (rank === 0) process.exit(5);`;
  const { code, out } = await launched(body, { nproc: 3 }, undefined, [0.2, 0.5]);
  expect([code, out]).toEqual([5, "[2] deaf\n"]);
});

test("a signal to the launcher goes to every process, and their code comes back; nothing starts again", async () => {
  const body =
    "process.on('SIGHUP', () => process.exit(75)); setInterval(() => {}, 1000); console.log('here');";
  const out = listen();
  let here = 0;
  out.stream.on("data", () => {
    if (++here === 2) process.emit("SIGHUP", "SIGHUP");
  });
  const found = await runTogether({
    ...{ ...script(body), out: out.stream },
    members: [0, 1].map((rank) => ({ rank, environment: process.env })),
  });
  expect(found.stopped).toBe(true);
  expect(found.ends.map(({ code }) => code)).toEqual([75, 75]);
  expect(process.listenerCount("SIGHUP")).toBe(0);
});

test("a killed process: the same again with --resume auto and another count, as often as is said", async () => {
  const body = `console.log(restart, size, process.argv.slice(2).join(" "));
    if (rank === 1 && restart < 2) process.kill(process.pid, "SIGKILL");
    if (restart < 2) process.exit(8);`;
  const train = ["train", "digits", "--experiment", "a", "--resume", "last"];
  const { code, out, said } = await launched(body, { maxRestarts: 2 }, train);
  expect(code).toBe(0);
  const lines = out
    .trim()
    .split("\n")
    .map((line) => line.slice(4));
  expect(lines.slice(0, 2)).toEqual(Array(2).fill("0 2 train digits --experiment a --resume last"));
  for (const restart of [1, 2])
    expect(lines.slice(2 * restart, 2 * restart + 2)).toEqual(
      Array(2).fill(`${restart} 2 train digits --experiment a --resume auto`),
    );
  expect(said).toContain("launch: process 1 ended first, by SIGKILL\n");
  expect(said).toContain("launch: start 2 of 2 again, 2 processes with --resume auto\n");
  const again = await launched(body, { maxRestarts: 1 }, train);
  expect(again.code).toBe(137);
});

test("it goes on with the processes that are left, but not with fewer than is said", async () => {
  const body = `console.log(size);
    if (restart === 0 && rank > 0) process.kill(process.pid, "SIGKILL");
    if (restart === 0) process.exit(8);`;
  const train = ["train", "digits", "--experiment=a"];
  for (const [minNproc, left] of [
    [1, 1],
    [2, 2],
  ] as const) {
    const { code, out } = await launched(body, { nproc: 3, maxRestarts: 1, minNproc }, train);
    expect(code).toBe(0);
    const sizes = out
      .trim()
      .split("\n")
      .map((line) => line.slice(4));
    expect(sizes).toEqual([...Array(3).fill("3"), ...Array(left).fill(String(left))]);
  }
});

test("a failure that says its reason is not tried again", async () => {
  const { code, out } = await launched("console.log(restart); process.exit(rank === 0 ? 4 : 8);", {
    maxRestarts: 3,
  });
  expect([code, out.trim().split("\n").sort()]).toEqual([4, ["[0] 0", "[1] 0"]]);
});

test("more processes than cores are warned of", async () => {
  const cores = availableParallelism();
  const { code, said } = await launched("", { nproc: cores + 1 });
  expect(code).toBe(0);
  expect(said).toContain(
    `launch: ${cores + 1} processes on ${cores} cores take turns; --nproc ${cores} is faster`,
  );
});

test("flags that do not go together, and a port in use, are refused", async () => {
  const server = createServer();
  const port = await new Promise<number>((done) => {
    server.listen(0, "127.0.0.1", () => done((server.address() as { port: number }).port));
  });
  const train = ["--", "train", "digits"];
  const cases: [string[], string][] = [
    [
      ["--nproc", "2", "--master-port", String(port), ...train],
      `--master-port: ${port} is in use; take another`,
    ],
    [["--nproc", "0", ...train], "--nproc: expected a whole number from 1 up to 1024"],
    [
      ["--", "look", "runs/a"],
      'launch: expected "-- train RECIPE …" or "-- eval RUN …", received "look runs/a"',
    ],
    [["--max-restarts", "1", "--", "eval", "runs/a"], "--max-restarts: expected 0 for eval"],
    [
      ["--nnodes", "2", "--node-rank", "2", ...train],
      "--node-rank: expected 0 to 1, below --nnodes, received 2",
    ],
    [["--nnodes", "2", ...train], "--master-port: expected the port on machine 0"],
    [["--nproc", "2", "--min-nproc", "3", ...train], "--min-nproc: expected at most the 2 of --nproc"],
    [["--max-restarts", "1", ...train], "--max-restarts: expected --experiment NAME after train"],
  ];
  for (const [args, told] of cases) {
    const { code, stderr } = await vitrine(["launch", ...args]);
    expect([code, stderr]).toEqual([2, expect.stringContaining(told)]);
  }
  server.close();
});
