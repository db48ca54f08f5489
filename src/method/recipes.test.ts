import { execFileSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, expect, test } from "vitest";
import { supervised } from "../../test/tiny.ts";
import { UsageError } from "../base/errors.ts";
import { findRecipe, readSettings, recipeNames } from "../recipe/recipes.ts";
import { resolveRecipe } from "./recipe.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-recipes-"));
afterAll(() => rmSync(folder, { recursive: true }));

function file(name: string, text: string | Uint8Array): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

test.each(recipeNames())("the shipped recipe %s is valid and carries its own name", (name) => {
  const { recipe, origins } = resolveRecipe([findRecipe(name)]);
  expect(recipe.name).toBe(name);
  expect(recipe.about).not.toBe("");
  expect(origins.get("data.name")?.origin).toMatch(new RegExp(`^${name}.yaml:\\d+$`));
});

test("a comparator differs from its CRATE in the architecture alone", () => {
  for (const name of ["digits", "cifar10"]) {
    const crate = supervised(resolveRecipe([findRecipe(name)]).recipe);
    const vit = supervised(resolveRecipe([findRecipe(`vit-${name}`)]).recipe);
    expect([vit.data, vit.train, vit.method, vit.seed]).toEqual([
      crate.data,
      crate.train,
      crate.method,
      crate.seed,
    ]);
    const { dim, depth, heads, patch, imageSize } = crate.model;
    expect(vit.model).toMatchObject({ name: "vit", dim, depth, heads, patch, imageSize });
  }
});

test("the ImageNet recipes have the paper's numbers", () => {
  for (const size of ["tiny", "small", "base", "large"]) {
    const { model, data, train, method } = supervised(
      resolveRecipe([findRecipe(`imagenet-crate-${size}`)]).recipe,
    );
    expect(model).toMatchObject({
      name: `crate_${size}`,
      patch: 16,
      imageSize: 224,
      eta: 0.1,
      lambda: 0.1,
    });
    expect(train).toMatchObject({
      optimizer: "lion",
      lr: 2.4e-4,
      weightDecay: 0.5,
      batchSize: 2048,
      epochs: 150,
    });
    expect(train).toMatchObject({ warmupEpochs: 5, schedule: "cosine" });
    expect(data.augment).toEqual({ resizedCrop: [0.08, 1], flip: true });
    expect(method.smoothing).toBe(0.1);
  }
  const { train } = resolveRecipe([findRecipe("imagenet-crate-tiny-readme")]).recipe;
  expect(train).toMatchObject({ lr: 2e-4, weightDecay: 0.05, batchSize: 512, epochs: 200, warmupEpochs: 20 });
});

test("an unknown recipe offers the nearest, or lists what there is", () => {
  expect(() => findRecipe("digts")).toThrow('unknown recipe "digts" (did you mean "digits"?)');
  expect(() => findRecipe("qqqqqqqqqq")).toThrow(/`vitrine recipes ls` lists them/);
});

test("a file is read with the line of each value", () => {
  const layer = readSettings(file("a.yaml", "# one\nname: a\ntrain:\n  epochs: 3\n"));
  expect(layer.values).toEqual({ name: "a", train: { epochs: 3 } });
  expect(layer.locate?.("train.epochs")).toMatch(/a\.yaml:4$/);
  expect(layer.locate?.("train.lr")).toBeUndefined();
});

test("a run folder stands for its recipe.json", () => {
  const run = join(folder, "run");
  mkdirSync(run);
  expect(() => findRecipe(run)).toThrow(/has no recipe\.json/);
  writeFileSync(join(run, "recipe.json"), '{ "name": "x" }');
  expect(findRecipe(run).values).toEqual({ name: "x" });
});

test("broken YAML is one line with the line number", () => {
  expect(() => readSettings(file("b.yaml", "a: 1\nb: [1, 2\n"))).toThrow(/b\.yaml:\d: [a-z][^\n]*[^.:]$/);
  expect(() => readSettings(file("c.yaml", "a: 1\na: 2\n"))).toThrow(/c\.yaml:2: map keys must be unique$/);
  expect(() => readSettings(file("d.yaml", "a: !!js/function 'x'\n"))).toThrow(/d\.yaml:1: unresolved tag/);
});

test("an alias bomb and a huge file are refused", () => {
  const bomb = [
    "a: &a [x,x,x,x,x,x,x,x,x]",
    "b: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]",
    "c: [*b,*b,*b,*b,*b,*b,*b,*b,*b]",
  ];
  expect(() => readSettings(file("bomb.yaml", `${bomb.join("\n")}\nd: [*b,*b,*b,*b,*b,*b]\n`))).toThrow(
    /alias/,
  );
  expect(() => readSettings(file("huge.yaml", `a: ${"x".repeat(1 << 20)}`))).toThrow(
    /larger than 65536 bytes/,
  );
});

test("what is no file, or no recipe, is refused at once", () => {
  const pipe = join(folder, "pipe");
  execFileSync("mkfifo", [pipe]);
  for (const path of [pipe, "/dev/zero", "/dev/null"])
    expect(() => readSettings(path), path).toThrow(/a device, pipe or socket: expected a recipe file/);
  expect(() => readSettings(folder)).toThrow(/is a folder: expected a recipe file/);
  for (const text of ["", "# only a comment\n", "{}", "null", "---\n"])
    expect(() => readSettings(file("none.yaml", text)), text).toThrow(
      /expected settings by name.*found none$/,
    );
  for (const text of ["3", "some text", "[1, 2]", "true", "- a\n- b", '"a"'])
    expect(() => resolveRecipe([readSettings(file("list.yaml", text))]), text).toThrow(
      /list\.yaml: expected settings by name/,
    );
  for (const [text, nearest] of [
    ["trian:", "train"],
    ["trian: null\nseed: 1", "train"],
    ["train: { epcohs: }", "train.epochs"],
    ["data: { augment: { flp: } }", "data.augment.flip"],
    ['{"images": null}', undefined],
  ] as const)
    expect(() => resolveRecipe([findRecipe("digits"), readSettings(file("k.yaml", text))]), text).toThrow(
      nearest === undefined ? /unknown key/ : `unknown key (did you mean "${nearest}"?)`,
    );
  const emptied = () =>
    resolveRecipe([findRecipe("digits"), readSettings(file("s.yaml", "seed: 1\ntrain:\n"))]);
  expect(emptied).toThrow("s.yaml:2 (train): expected settings by name, received nothing; take the line out");
  expect(() => readSettings(file("two.yaml", "seed: 1\n---\nseed: 2\n"))).toThrow(
    "two.yaml:2: a second YAML document begins, expected one recipe; take out the line ---",
  );
  expect(() => readSettings(file("bytes.yaml", new Uint8Array([0xff, 0xfe, 0])))).toThrow(
    /is no text in UTF-8/,
  );
});

test("any text is read or refused in one line", () => {
  const piece = fc.constantFrom(
    "a",
    ": ",
    "\n",
    "  ",
    "- ",
    "[",
    "]",
    "{",
    "}",
    "&x ",
    "*x",
    "!!t ",
    "'",
    '"',
    "|",
    "<<: ",
    "1",
  );
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.array(piece).map((parts) => parts.join("")),
      ),
      (text) => {
        const path = file("fuzz.yaml", text);
        try {
          resolveRecipe([readSettings(path)]);
          expect.unreachable();
        } catch (error) {
          expect(error).toBeInstanceOf(UsageError);
          expect((error as Error).message).not.toContain("\n");
        }
      },
    ),
    { seed: 1, numRuns: 300 },
  );
});
