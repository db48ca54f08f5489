/** @file Set-up of an installed package where something is cut, missing, full, read-only, interrupted or done twice. */

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, expect, test } from "vitest";
import { addonRecord } from "../src/tensor/libtorch.ts";
import { root } from "./markdown.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine sét-up "));
afterAll(() => {
  spawnSync("chmod", ["-R", "u+w", folder]);
  rmSync(folder, { recursive: true });
});

const inUse = addonRecord();
if (typeof inUse === "string") throw new Error(inUse);
const { version: release } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as {
  version: string;
};
const app = join(folder, "package");
for (const name of ["package.json", "scripts", "native", "node_modules/node-api-headers"])
  cpSync(join(root, name), join(app, name), { recursive: true });
const home = join(folder, "home");
const place = join(home, `${release}-${process.arch}`);
const built = join(place, inUse.version);

/** Programs that stand in for the tools: what is tested is not CMake. */
const tools = join(folder, "tools");
function tool(name: string, body: string): void {
  mkdirSync(tools, { recursive: true });
  writeFileSync(join(tools, name), `#!/bin/bash\n${body}\n`, { mode: 0o755 });
}
const CMAKE = `[ "$1" = --build ] || { mkdir -p "$4"; exit 0; }; echo built >> '${folder}/builds'; cp '${inUse.addon}' "$2/vitrine.node"`;
const builds = () =>
  existsSync(join(folder, "builds")) ? readFileSync(join(folder, "builds"), "utf8").length / 6 : 0;

const environment = {
  PATH: `${tools}:/bin`,
  TMPDIR: folder,
  VITRINE_HOME: home,
  VITRINE_LIBTORCH: inUse.libtorch,
};

interface Ended {
  code: number | null;
  stderr: string;
}

function start(env = {}, uid?: number): { child: ChildProcess; ended: Promise<Ended> } {
  const user = uid === undefined ? {} : { uid, gid: uid };
  const args = [join(app, "scripts", "setup.mjs")];
  const child = spawn(process.execPath, args, {
    env: { ...environment, ...env },
    stdio: ["ignore", "ignore", "pipe"],
    ...user,
  });
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  return { child, ended: new Promise((resolve) => child.on("close", (code) => resolve({ code, stderr }))) };
}

const setup = (env = {}, uid?: number): Promise<Ended> => start(env, uid).ended;

beforeEach(async () => {
  for (const name of ["g++", "make"]) tool(name, "exit 0");
  tool("cmake", CMAKE);
  rmSync(home, { recursive: true, force: true });
  expect(await setup()).toMatchObject({ code: 0 });
  rmSync(join(folder, "builds"), { force: true });
});

const record = () => JSON.parse(readFileSync(join(place, "addon.json"), "utf8")) as Record<string, string>;

test("what is complete is left alone", async () => {
  expect(record()).toMatchObject({ addon: join(built, "vitrine.node"), libtorch: inUse.libtorch });
  expect(await setup()).toEqual({ code: 0, stderr: "" });
  expect(builds()).toBe(0);
});

test.each([
  ["addon.json is cut", () => truncateSync(join(place, "addon.json"), 20), 0],
  ["addon.json is gone", () => rmSync(join(place, "addon.json")), 0],
  ["the addon's own record is cut", () => truncateSync(join(built, "vitrine.json"), 0), 1],
  ["the addon is cut", () => truncateSync(join(built, "vitrine.node"), 100_000), 1],
  ["the addon is gone", () => rmSync(join(built, "vitrine.node")), 1],
  ["the addon is another file", () => writeFileSync(join(built, "vitrine.node"), "text"), 1],
])("%s: it heals", async (_, damage, again) => {
  const before = record();
  damage();
  expect(await setup()).toMatchObject({ code: 0 });
  expect(builds()).toBe(again);
  expect(record()).toEqual(before);
  expect(readFileSync(join(built, "vitrine.node")).equals(readFileSync(inUse.addon))).toBe(true);
});

test("what an interrupted build left is thrown away where it does not build on", async () => {
  rmSync(join(built, "vitrine.node"));
  writeFileSync(join(built, "cmake", "half.o"), "");
  tool("cmake", `[ "$1" = --build ] && [ -e "$2/half.o" ] && exit 1\n${CMAKE}`);
  expect(await setup()).toMatchObject({ code: 0 });
  expect(builds()).toBe(1);
});

test("a full disk, a missing tool and a folder in the way are one line each", async () => {
  rmSync(join(built, "vitrine.node"));
  tool("cmake", `[ "$1" = --version ] || { echo "error: No space left on device"; exit 1; }`);
  const full = await setup();
  expect(full.code).toBe(7);
  expect(full.stderr).toMatch(/\nerror: the disk is full; free 1 GB for .*\n$/);
  writeFileSync(join(folder, "file"), "");
  expect(await setup({ VITRINE_HOME: join(folder, "file") })).toMatchObject({
    code: 7,
    stderr: expect.stringMatching(
      /error: set-up cannot write .*; set VITRINE_HOME to a folder of yours, then run it again\n$/,
    ),
  });
  rmSync(join(tools, "make"));
  const without = await setup({ PATH: tools });
  expect(without.code).toBe(1);
  expect(without.stderr).toMatch(/error: building the addon needs (g\+\+, )?make; install them, on Debian: /);
});

test("a libtorch whose library is cut is named, with what to do", async () => {
  const copy = join(folder, "libtorch");
  mkdirSync(join(copy, "lib"), { recursive: true });
  const header = "include/torch/csrc/api/include/torch/version.h";
  mkdirSync(join(copy, header, ".."), { recursive: true });
  writeFileSync(join(copy, header), "");
  writeFileSync(join(copy, "version.py"), `__version__ = '${inUse.version}'\n`);
  writeFileSync(join(copy, "lib/libtorch_cpu.so"), "");
  tool("cmake", `[ "$1" = --version ] || { echo "file not recognized"; exit 1; }`);
  const { code, stderr } = await setup({ VITRINE_LIBTORCH: copy });
  expect(code).toBe(1);
  expect(stderr).toContain(
    `libtorch is the one in ${copy} (VITRINE_LIBTORCH); if that is damaged, install it again`,
  );
});

test("a download that is cut, and what a killed one left", async () => {
  const part = join(home, `libtorch-${process.arch}.part`);
  mkdirSync(part, { recursive: true });
  mkdirSync(join(folder, "vitrine-wheel-abc"), { recursive: true });
  tool("apt-get", "exit 1");
  tool(
    "python",
    `[ "$2" = pip ] || { [ "$1" = -c ] && exec /usr/bin/python3 "$@"; }; while [ $# -gt 1 ]; do [ "$1" = -d ] && echo cut > "$2/torch.whl"; shift; done`,
  );
  const { stderr } = await setup({ VITRINE_LIBTORCH: "", VITRINE_PYTHON: join(tools, "python") });
  rmSync(join(folder, "vitrine-wheel-abc"), { recursive: true });
  expect(stderr).toContain(
    `left by a set-up that was interrupted: delete ${join(folder, "vitrine-wheel-abc")}\n`,
  );
  expect(stderr).toMatch(/fetching libtorch \(torch==\S+\) … no: torch\.whl cannot be unpacked: /);
  expect(existsSync(part)).toBe(false);
});

/** A pip that leaves these wheels, with these files, each of which names a version. */
function pipOf(wheels: Record<string, readonly string[]>): void {
  const zips = Object.entries(wheels).map(
    ([name, files]) =>
      `z = zipfile.ZipFile(sys.argv[1] + '/${name}.whl', 'w'); ${files.map((file) => `z.writestr('${file}', text); `).join("")}z.close()`,
  );
  const made = `/usr/bin/python3 -c "import sys, zipfile; text = '__version__ = {0}9.9.9{0}'.format(chr(39)); ${zips.join("; ")}" "$2"`;
  tool(
    "python",
    `[ "$2" = pip ] || { [ "$1" = -c ] && exec /usr/bin/python3 "$@"; }; while [ $# -gt 1 ]; do [ "$1" = -d ] && ${made}; shift; done`,
  );
}

test("VITRINE_CUDA=1: libtorch with CUDA, NVIDIA's libraries beside it, all linked; a wheel without is refused", async () => {
  const torch = ["version.py", "include/torch/csrc/api/include/torch/version.h"].map(
    (file) => `torch/${file}`,
  );
  const libraries = (names: readonly string[]) => names.map((name) => `torch/lib/lib${name}.so`);
  const env = { VITRINE_LIBTORCH: "", VITRINE_CUDA: "1", VITRINE_PYTHON: join(tools, "python") };
  pipOf({ torch: [...torch, ...libraries(["torch_cpu", "c10"])], sympy: ["sympy/core.py"] });
  expect((await setup(env)).stderr).toMatch(
    /no: this wheel computes on the CPU only(.|\n)*no libtorch with CUDA/,
  );
  pipOf({
    torch: [...torch, ...libraries(["torch_cpu", "c10", "torch_cuda", "c10_cuda"])],
    nvidia: ["nvidia/cublas/lib/libcublas.so.13"],
    sympy: ["sympy/core.py"],
  });
  tool("cmake", `[ "$1" = -S ] && echo "$@" > '${folder}/asked'\n${CMAKE}`);
  await setup(env);
  const fetched = join(home, `libtorch-${process.arch}-cuda`);
  expect(readdirSync(fetched).sort()).toEqual(["nvidia", "torch"]);
  expect(readFileSync(join(folder, "asked"), "utf8")).toContain(
    `-DLIBTORCH_LIBRARIES=-Wl,--no-as-needed;${libraries([
      "torch_cuda",
      "c10_cuda",
      "torch",
      "torch_cpu",
      "c10",
    ])
      .map((file) => join(fetched, file))
      .join(";")} `,
  );
  rmSync(fetched, { recursive: true });
});

test("two at once: one waits for the other, and there is one build", async () => {
  rmSync(join(built, "vitrine.node"));
  tool("cmake", `[ "$1" = --build ] && sleep 1\n${CMAKE}`);
  const both = await Promise.all([setup(), setup()]);
  expect(both.map(({ code }) => code)).toEqual([0, 0]);
  expect(
    both.filter(({ stderr }) => stderr.startsWith(`another set-up works on ${place}; waiting`)).length,
  ).toBe(1);
  expect(builds()).toBe(1);
});

test("a signal ends the tools too, and the next set-up goes on", async () => {
  rmSync(join(built, "vitrine.node"));
  tool("cmake", `[ "$1" = --build ] && { echo $$ > '${folder}/pid'; sleep 60; }\n${CMAKE}`);
  const { child, ended } = start();
  while (!existsSync(join(folder, "pid"))) await new Promise((resolve) => setTimeout(resolve, 20));
  child.kill("SIGTERM");
  const { code, stderr } = await ended;
  expect([code, stderr]).toEqual([
    143,
    expect.stringMatching(/error: stopped by SIGTERM; run it again to go on\n$/),
  ]);
  const pid = readFileSync(join(folder, "pid"), "utf8").trim();
  while (existsSync(`/proc/${pid}`)) await new Promise((resolve) => setTimeout(resolve, 20));
  tool("cmake", CMAKE);
  expect(await setup()).toMatchObject({ code: 0 });
});

/** A user who may read what there is and write nowhere; ourselves where we are not root. */
const reader = process.getuid!() === 0 ? 65_534 : undefined;
const readable =
  spawnSync("test", ["-r", inUse.addon], reader === undefined ? {} : { uid: reader }).status === 0;

test.skipIf(!readable)(
  "where nothing can be written, what is complete works, and what is not is one line",
  async () => {
    spawnSync("chmod", ["-R", "a+rX,a-w", folder]);
    expect(await setup({}, reader)).toEqual({ code: 0, stderr: "" });
    chmodSync(built, 0o755);
    rmSync(join(built, "vitrine.node"));
    chmodSync(built, 0o555);
    const { code, stderr } = await setup({}, reader);
    spawnSync("chmod", ["-R", "u+w", folder]);
    expect(code).toBe(7);
    expect(stderr).toMatch(
      /error: set-up cannot write .*\(EACCES\); set VITRINE_HOME to a folder of yours, then run it again\n$/,
    );
  },
);
