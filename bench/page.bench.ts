/** @file How long do exports take, how large is the page, and how fast does it answer to a pen in Chromium. */

import { mkdtempSync, readFileSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { exportModel } from "../src/export/index.ts";
import { trainRun } from "../src/method/index.ts";
import { resolveRecipe } from "../src/method/recipe.ts";
import { createModel } from "../src/model/index.ts";
import { findRecipe } from "../src/recipe/recipes.ts";
import { random, saveTensors } from "../src/tensor/index.ts";
import { root } from "../src/tensor/libtorch.ts";
import { browserPath, launch, NO_BROWSER } from "../test/page/browser.ts";
import type { Bench, Row } from "./harness.ts";
import { summarise } from "./statistics.ts";

const row = (what: string, unit: string, values: readonly number[], most: number, note?: string): Row => ({
  ...{ question: "page", what, unit, ours: summarise(values), goal: { of: "ours", at: "most", value: most } },
  ...(note !== undefined && { note }),
});

const seconds = async (body: () => Promise<unknown>): Promise<number> => {
  const start = performance.now();
  await body();
  return (performance.now() - start) / 1000;
};

async function times(rounds: number, body: (round: number) => Promise<unknown>): Promise<number[]> {
  const all: number[] = [];
  for (let round = 0; round < rounds; round++) all.push(await seconds(() => body(round)));
  return all;
}

/** Seconds to the first result, and milliseconds of each frame while a pen goes back and forth. */
async function inChromium(file: string, strokes: number): Promise<{ first: number; frames: number[] }> {
  const browser = await launch();
  try {
    const page = await browser.newPage({ viewport: { width: 1280, height: 900 } });
    await page.goto(pathToFileURL(file).href);
    await page.locator(".answer").waitFor();
    const first = await page.evaluate(() => {
      const { startTime, duration } = performance.getEntriesByName("frame")[0]!;
      return (startTime + duration) / 1000;
    });
    const { x, y } = (await page.locator(".pad").boundingBox())!;
    await page.mouse.move(x + 70, y + 70);
    await page.mouse.down();
    for (let stroke = 0; stroke < strokes; stroke++)
      for (const [right, down] of [
        [200, 70],
        [160, 160],
        [135, 230],
        [70, 70],
      ] as const)
        await page.mouse.move(x + right, y + down, { steps: 12 });
    await page.mouse.up();
    const frames = await page.evaluate(() =>
      performance.getEntriesByName("frame").map(({ duration }) => duration),
    );
    return { first, frames: frames.slice(Math.min(20, frames.length - 1)) }; // code is compiled by use
  } finally {
    await browser.close();
  }
}

export const bench: Bench = {
  name: "page",
  about: "exports of the demo's model and of CRATE-Tiny; the page in Chromium",
  peer: false,
  async run({ quick, say }) {
    const folder = mkdtempSync(join(tmpdir(), "vitrine-page-"));
    const at = (name: string) => join(folder, name);
    try {
      const { recipe } = resolveRecipe([findRecipe("digits")]);
      await trainRun(recipe, {
        ...{
          output: at("demo"),
          progress: "none",
          tensorboard: false,
          allowConfigChange: false,
          maxSteps: 1,
        },
      });
      const rounds = quick ? 1 : 5;
      const demo = await times(rounds, () =>
        exportModel(at("demo"), { format: "html", output: at("look.html") }),
      );
      const tinyFile = at("crate-tiny.safetensors");
      const model = createModel(
        "crate_tiny",
        { imageSize: 224, patch: 16, channels: 3, classes: 1000 },
        random(1),
        "classifier",
      );
      try {
        saveTensors(tinyFile, model.stateDict());
      } finally {
        model.dispose();
      }
      const tiny = await times(quick ? 1 : 3, (round) =>
        exportModel(tinyFile, { format: "page", heads: 6, output: at(`tiny-${round}`) }),
      );
      const script = readFileSync(join(root, "dist", "web", "app.js"));
      const rows = [
        row("export of the demo's model, html", "s", demo, 3),
        row("export of CRATE-Tiny, page", "s", tiny, 8),
        row("one file of the demo's model", "KB", [statSync(at("look.html")).size / 1000], 400),
        row("JavaScript of the page, gzip", "KB", [gzipSync(script, { level: 9 }).length / 1000], 90),
      ];
      if (browserPath === undefined) {
        say(`page: ${NO_BROWSER}`);
        return rows;
      }
      const runs = [];
      for (let round = 0; round < rounds; round++)
        runs.push(await inChromium(at("look.html"), quick ? 1 : 8));
      const frames = runs.flatMap((run) => run.frames);
      const firsts = runs.map(({ first }) => first);
      return [...rows, row("first result", "s", firsts, 1), row("a drawn frame", "ms", frames, 16)];
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
};
