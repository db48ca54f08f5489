/** @file Programs of documents and examples run on the built library, and what documents call is exported there. */

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { exportedNames, importsOf, requireBuilt } from "./built/program.ts";
import { makeStandIns } from "./built/stand-ins.ts";
import { blocks, pages, projectFiles, root } from "./markdown.ts";
import { typescript } from "./spawn.ts";

requireBuilt();
const folder = mkdtempSync(join(tmpdir(), "vitrine programs-"));
beforeAll(() => makeStandIns(folder));
afterAll(() => rmSync(folder, { recursive: true }));

const exported = await exportedNames();

/** What a fragment of a page leaves to its reader, and numbers that are made small. */
interface Setting {
  before?: string;
  small?: readonly (readonly [string, string])[];
  /** Lines stand beside one another, as alternatives. */
  apart?: true;
}

const FLAT = "const Z = random(3).normal([40, 8]); const affinity = Z.matmul(Z.T).clamp(0);";
const IMAGES = `
  const set = (split) => syntheticSet({ split, count: 120, channels: 1, size: 28 });
  const [train, test] = [set("train"), set("test")];
  const folder = ".";`;

/** By page, in the order of its fragments. */
const SETTINGS: Record<string, readonly Setting[]> = {
  "README.md": [{}],
  "docs/cluster.md": [{ before: FLAT }],
  "docs/cpp.md": [
    {
      before: `const { X: features, labels } = curvedManifolds({ classes: 10, perClass: 6, dim: 768 }, random(1));
        const folder = ".";`,
      small: [
        ["hidden: 4096", "hidden: 32"],
        ["epochs: 15, batchSize: 1024", "epochs: 2, batchSize: 30"],
        ["warmup: 50", "warmup: 1"],
      ],
    },
    {
      before:
        'const train = imageSource(syntheticSet({ split: "train", count: 40, channels: 3, size: 32 }));',
      small: [["epochs: 600, batchSize: 1024", "epochs: 1, batchSize: 20"]],
    },
  ],
  "docs/ctrl.md": [{ before: IMAGES, small: [["steps: 4500, batchSize: 2048", "steps: 1, batchSize: 40"]] }],
  "docs/data.md": [{}],
  "docs/export.md": [
    {
      before: `
        const sizes = { imageSize: 8, patch: 4, channels: 1, dim: 8, depth: 1, heads: 2, classes: 3 };
        const model = createModel("crate", sizes, random(1)).eval();
        const normalise = { mean: [0], std: [1] };
        const input = { name: "image", kind: "image", channels: 1, height: 8, width: 8, normalise };
        const run = (X) => ({ logits: model.apply(X) });
        const bytes = writeOnnx(graphOf({ name: "crate", model, inputs: [input], run }).graph);
        const image = { type: "float32", dims: [1, 1, 8, 8], data: new Float32Array(64).fill(1) };`,
    },
  ],
  "docs/ictrl.md": [
    {
      before: IMAGES,
      small: [
        ["steps: 600, batchSize: 1000", "steps: 1, batchSize: 10"],
        ["epochs: 120", "epochs: 1, batchSize: 10"],
        ["directions: 12, samples: 30, nearest: 40", "directions: 2, samples: 3, nearest: 5"],
        ["components: 15", "components: 2"],
      ],
    },
  ],
  "docs/mcr2.md": [
    {
      before:
        "const images = random(2).uniform([20, 3, 32, 32]); const labels = arange(20).to('int64').remainder(10);",
    },
  ],
  "docs/memory.md": [
    { before: "const x = random(2).normal([3]);", apart: true },
    { before: "const options = { imageSize: 32, patch: 16, classes: 2 };", apart: true },
    { before: "const next = async () => random(2).normal([3]); const loss = (batch) => batch.sum();" },
    { before: "const step = () => scope(() => random(2).normal([3]).sum().item());" },
  ],
  "docs/redunet.md": [
    {
      before: 'const { X: test } = gaussianMixture(2, { set: 1, perClass: 5 }, random(0).at("test"));',
      small: [["layers: 200", "layers: 3"]],
    },
  ],
  "docs/scale.md": [
    {
      before: `
        const [rank, size] = [0, 1];
        const parameters = [random(1).normal([4, 4]).setRequiresGrad()];
        const Z = random(2).normal([8, 4]).matmul(parameters[0]);`,
      small: [["port: 29500", "port: 20000 + (process.pid % 20000)"]],
    },
  ],
};

/** A line that the page says is refused: it has to throw. */
const mustThrow = (line: string): string =>
  `await (async () => { ${line} })().then(() => { throw new Error("not refused"); }, () => {});`;

/** The fragment as a program on the built library. */
function programOf(code: string, { before = "", small = [], apart }: Setting): string {
  const bare = code.replaceAll(/^import .* from "vitrine(\/\w+)?";\n/gm, "");
  const made = small.reduce((text, [from, to]) => {
    expect(text).toContain(from);
    return text.replace(from, to);
  }, bare);
  const lines = made
    .split("\n")
    .map((line) => (/\/\/ refused\b/.test(line) ? mustThrow(line.replace(/\/\/.*/, "")) : line));
  const body = apart ? lines.map((line) => `{ ${line}\n }`).join("\n") : lines.join("\n");
  const declared = new Set(
    [...`${before}\n${body}`.matchAll(/(?:const|using) (\w+)/g)].map(([, name]) => name!),
  );
  const words = new Set(`${before}\n${body.replaceAll(/\/\/.*/g, "")}`.match(/(?<![.\w"])[A-Za-z]\w*/g));
  const names = [...words].filter((word) => exported.has(word) && !declared.has(word));
  return `${importsOf(names, exported)}${before}\n${body}`;
}

const fragments = pages()
  .filter(({ path }) => !/CHANGELOG|docs\/extend/.test(path)) // extend.test.ts runs that page
  .flatMap(({ path, text }) =>
    blocks(text)
      .filter(({ language }) => language === "ts")
      .map(({ code }, i) => ({ name: `${path}, program ${i + 1}`, code, setting: SETTINGS[path]?.[i] })),
  );

test("every program of the pages has its setting here", () => {
  expect(fragments.filter(({ setting }) => setting === undefined).map(({ name }) => name)).toEqual([]);
});

test.concurrent.each(fragments.map((fragment) => [fragment.name, fragment] as const))(
  "%s runs",
  async (name, { code, setting = {} }) => {
    const cwd = mkdtempSync(join(folder, "program-"));
    const file = join(cwd, "program.mts");
    writeFileSync(file, programOf(code, setting));
    const {
      code: exit,
      stdout,
      stderr,
    } = await typescript([file], process.env, name.startsWith("docs/data.md") ? folder : cwd);
    expect([exit, /^\w*Error/m.test(stderr)], stderr.slice(-1500)).toEqual([0, false]);
    const promised = [...code.matchAll(/^\s*console\.log\(.*\); \/\/ (.*)$/gm)].map(([, text]) => text);
    if (promised.length > 0) expect(stdout.trim().split("\n")).toEqual(promised);
  },
);

/** Names with a capital inside or before a bracket: functions and classes, no settings or words. */
const CALLED = /`(?:(?=[A-Za-z]+[A-Z])([A-Za-z]\w*)|([A-Za-z]\w*)(?=\())[^`]*`/g;

test("functions and classes that the pages speak of are exported", () => {
  const sources = projectFiles().filter((path) =>
    /^src\/.*(?<!\.test|recipe|recipe\/parts|model\/settings)\.ts$/.test(path),
  );
  const declaration = /^export (?:async )?(?:function\*?|const|(?:abstract )?class) (\w+)/gm;
  const inside = new Map(
    sources.flatMap((path) =>
      [...readFileSync(join(root, path), "utf8").matchAll(declaration)].map(([, name]) => [name!, path]),
    ),
  );
  // equations and design are about the inside too
  const manual = pages().filter(
    ({ path }) => !/(equations|design|LOG|CHANGELOG|CONTRIBUTING)\.md$/.test(path),
  );
  const missing = manual.flatMap(({ path, text }) =>
    [...text.replaceAll(/^```[\s\S]*?^```$/gm, "").matchAll(CALLED)]
      .map(([, name, call]) => (name ?? call)!)
      .filter((name) => inside.has(name) && !exported.has(name))
      .map((name) => `${path}: ${name} of ${inside.get(name)}`),
  );
  expect([...new Set(missing)]).toEqual([]);
});
