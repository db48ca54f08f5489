/** @file The studio's pages that look into networks, in a real browser: drawn, painted, typed, by any engine. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainRun } from "../src/method/index.ts";
import { resolveRecipe } from "../src/method/recipe.ts";
import { type Studio, startStudio } from "../src/studio/server.ts";
import { fromHex } from "../web/methods/mask-text.ts";
import { requireBuilt } from "./built/program.ts";
import { browserPath, drawSeven, launch, NO_BROWSER, type Watched, watched } from "./page/browser.ts";
import { quietly, tiny } from "./tiny.ts";

requireBuilt();
const root = mkdtempSync(join(tmpdir(), "vitrine studio-"));
afterAll(() => rmSync(root, { recursive: true }));

const on = { threads: 1, device: "cpu", logInterval: 1 };
const small = { dim: 16, depth: 2, heads: 2, patch: 7, imageSize: 28 };

/** Few steps each: what they learn is not looked at. */
const FEW = {
  mae: {
    model: { name: "crate_mae", ...small, patch: 4 },
    data: { name: "digits" },
    train: { ...on, epochs: 1, batchSize: 200, lr: 0.01 },
  },
  language: {
    model: { name: "crate_gpt", dim: 16, depth: 2, heads: 2, context: 16 },
    data: { name: `text:${join(root, "words.txt")}` },
    train: { ...on, steps: 3, batchSize: 4, lr: 0.01, evalEvery: 3, evalBlocks: 2 },
  },
  ctrl: {
    model: { name: "ctrl_mnist", features: 8, width: 4 },
    data: { name: "digits" },
    method: { components: 2 },
    train: { ...on, steps: 2, batchSize: 30, lr: 1e-3, evalEvery: 2 },
  },
  cpp: {
    model: { hidden: 16, features: 8 },
    data: { name: "manifolds", classes: 3, perClass: 40, dim: 8 },
    method: { clusters: 3, warmup: 2, points: 60, repeats: 1, counts: [2, 3] },
    train: { ...on, epochs: 1, batchSize: 40, lr: 0.01, evalEvery: 3 },
  },
  redunet: {
    model: { layers: 6 },
    data: { name: "gaussian2d", perClass: 20 },
    method: { components: 1, shifts: 0 },
    train: { threads: 1, device: "cpu" },
  },
  dino: {
    model: { name: "vit", ...small, hidden: 16, bottleneck: 8, prototypes: 16 },
    data: { name: "digits" },
    method: { localCrops: 1, localSize: 14, neighbours: 5 },
    train: { ...on, epochs: 1, batchSize: 400, lr: 0.001, warmupEpochs: 0 },
  },
} as const;

/** It knows a 7 after half a minute. */
const DIGITS = tiny({
  ...{ "model.dim": 48, "model.depth": 2, "model.headDim": 16, "model.patch": 7, "model.imageSize": 28 },
  ...{ "model.lambda": 0.5, "data.name": "digits", "data.augment.crop": 1 },
  ...{ "train.epochs": 4, "train.lr": 0.005, "train.schedule": "cosine", "train.weightDecay": 0.05 },
});

let browser: Browser;
let studio: Studio;
const ids = new Map<string, string>();

/** A page of a run, let in by the studio's token. */
async function open(
  name: string,
  path: string,
  options: Parameters<typeof watched>[2] = {},
): Promise<Watched> {
  const home = studio.url.replace(/#.*/, "");
  const seen = await watched(browser, home, { reducedMotion: "reduce", ...options });
  await seen.page.context().request.post(`${home}api/session`, { data: { token: studio.token } });
  await seen.page.goto(`${home}#/r/${ids.get(name)}/${path}`);
  return seen;
}
const clean = ({ foreign, faults }: Watched): void =>
  expect({ foreign, faults }).toEqual({ foreign: [], faults: [] });
const answered = (page: Page) => page.locator(".took", { hasText: "Computed by libtorch" }).waitFor();

if (browserPath === undefined) test.skip(NO_BROWSER);

describe.skipIf(browserPath === undefined)("in Chromium", () => {
  beforeAll(async () => {
    writeFileSync(join(root, "words.txt"), "the cat sat on the mat\na bird sang in the tree\n".repeat(20));
    await trainRun(DIGITS, quietly(join(root, "digits")));
    for (const [name, { method = {}, ...settings }] of Object.entries(FEW) as [
      string,
      { method?: object },
    ][]) {
      const values = { name, ...settings, method: { name, ...method } };
      await trainRun(resolveRecipe([{ origin: "few", values }]).recipe, quietly(join(root, name)));
    }
    studio = await startStudio({ root, cache: join(root, "cache") });
    const runs = (await (await fetch(`${studio.url.replace(/#.*/, "")}api/runs`)).json()) as { name: string; id: string }[]; // biome-ignore format: short
    for (const { name, id } of runs) ids.set(name, id);
    browser = await launch();
  }, 400_000);
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
  });

  test("a 7 is drawn and recognised, by every engine alike", async () => {
    const seen = await open("digits", "see");
    const { page } = seen;
    await page.locator(".answer").waitFor({ timeout: 60_000 });
    await drawSeven(page);
    const chances = () => page.locator(".probabilities td.number").allInnerTexts();
    await expect.poll(() => page.locator(".answer").innerText()).toBe("7");
    const inPage = await chances();
    const engine = page.locator(".engine select");
    for (const [name, told] of [
      ["worker", "the page's own interpreter, in a worker"],
      ["onnxruntime", "onnxruntime-web"],
      ["libtorch", "libtorch, on this machine"],
    ] as const) {
      await engine.selectOption(name);
      await expect.poll(() => page.locator(".foot").innerText(), { timeout: 30_000 }).toContain(told);
      await expect.poll(chances, { timeout: 30_000 }).toEqual(inPage);
      await page.getByRole("button", { name: "Clear" }).click();
      await expect.poll(chances, { timeout: 30_000 }).not.toEqual(inPage);
      await drawSeven(page);
      await expect.poll(chances, { timeout: 30_000 }).toEqual(inPage);
    }
    clean(seen);
  });

  test("any picture of the test set; a head's removal; the arithmetic of a step; an earlier checkpoint", async () => {
    const seen = await open("digits", "see?l=1&sample=30");
    const { page } = seen;
    await page.locator('.sample[aria-pressed="true"]').waitFor({ timeout: 60_000 });
    expect(await page.getByRole("spinbutton", { name: "Image" }).inputValue()).toBe("30");
    await page.getByRole("button", { name: "arithmetic" }).first().click();
    const row = await page.locator(".arithmetic tbody tr").first().locator("td").allInnerTexts();
    const [z, , step, threshold, sum, out] = row.map((text) => Number(text.replace("−", "-")));
    expect(z! + step! + threshold!).toBeCloseTo(sum!, 2);
    expect(out).toBeCloseTo(sum!, 2);
    const rate = () => page.locator(".layer .number").first().innerText();
    const best = await rate();
    await page.locator(".checkpoints input").fill("0");
    await expect.poll(() => page.url(), { timeout: 30_000 }).toMatch(/checkpoint=/); // the page may be busy yet
    await expect.poll(rate, { timeout: 30_000 }).not.toBe(best);
    clean(seen);
  });

  test("a picture of 30,000 × 30,000 is refused in words", async () => {
    const seen = await open("digits", "see");
    const { page } = seen;
    await page.locator(".answer").waitFor({ timeout: 60_000 });
    const png = Buffer.from(
      "89504e470d0a1a0a0000000d49484452000075300000753008000000000000000000000000",
      "hex",
    );
    await page.evaluate(`{
      const dataTransfer = new DataTransfer();
      dataTransfer.items.add(new File([new Uint8Array(${JSON.stringify([...png])})], "huge.png"));
      dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
    }`);
    await expect.poll(() => page.getByRole("alert").innerText()).toContain("30,000 × 30,000 pixels");
    clean(seen);
  });

  test("patches are removed by mouse and keys, and the link keeps them", async () => {
    const seen = await open("mae", "mask?sample=2");
    const { page } = seen;
    await answered(page);
    await page.getByRole("button", { name: "Show all" }).click();
    const visible = () => page.locator("figcaption").first().innerText();
    await expect.poll(visible).toBe("what it sees: 49 of 49 patches");
    const { x, y, width } = (await page.locator(".painter").boundingBox())!;
    const at = (c: number) => [x + ((c + 0.5) * width) / 7, y + width / 2] as const;
    await page.mouse.move(...at(1));
    await page.mouse.down();
    await page.mouse.move(...at(5), { steps: 12 });
    await page.mouse.up();
    await expect.poll(visible).toBe("what it sees: 44 of 49 patches");
    await page.locator(".painter").focus();
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press(" ");
    await expect.poll(visible).toBe("what it sees: 43 of 49 patches");
    await expect.poll(() => page.locator(".finding").innerText()).toContain("Mean squared error");
    const removed = () => fromHex(/removed=([0-9a-f]+)/.exec(page.url())?.[1] ?? "0").filter(Boolean);
    await expect.poll(() => removed().length).toBe(6); // the address waits until the hand rests
    await page.reload();
    await answered(page);
    expect(await visible()).toBe("what it sees: 43 of 49 patches");
    clean(seen);
  });

  test("a text is typed; a token is chosen by keys; the likeliest next one is written", async () => {
    const seen = await open("language", "text");
    const { page } = seen;
    await answered(page);
    await page.locator("textarea").fill("the cat");
    await expect.poll(() => page.locator(".token-row button").count()).toBe(7);
    await page.locator('.token-row [aria-checked="true"]').focus();
    await page.keyboard.press("ArrowLeft");
    await expect.poll(() => page.locator(".finding").innerText()).toContain("“a” looks most at");
    expect(await page.locator(".rates .strip").count()).toBe(2);
    await page.keyboard.press("ArrowRight");
    await page.getByRole("button", { name: /^Write/ }).click();
    await expect.poll(() => page.locator(".token-row button").count()).toBe(8);
    await page.locator("textarea").fill("the ☃");
    await expect.poll(() => page.getByRole("alert").innerText()).toContain("☃");
    expect(seen.faults.filter((fault) => !/422/.test(fault))).toEqual([]);
  });

  test.each([
    ["ctrl", "traverse", ".pairs li", 16],
    ["ctrl", "traverse?kind=traverse&of=3", ".walks td canvas", 54],
    ["ctrl", "traverse?kind=interpolate&from=1&to=4", ".walks td canvas", 9],
    ["cpp", "memberships", ".group", 3],
    ["redunet", "construct?l=3&table=1", ".numbers tbody tr", 6],
    ["dino", "segments?l=2", ".masked", 2],
    ["dino", "segments?l=2&by=tokencut", ".segments figure", 2],
    ["digits", "segments", ".masked", 2],
  ])("%s: %s", async (name, path, selector, count) => {
    const seen = await open(name, path);
    await answered(seen.page);
    expect(await seen.page.locator(selector).count()).toBe(count);
    clean(seen);
  });

  test("the child's end is a message, and the next question starts another", async () => {
    const seen = await open("ctrl", "traverse?kind=traverse");
    const { page } = seen;
    await answered(page);
    await page.getByRole("slider").evaluate((input: { value: string } & EventTarget) => {
      input.value = "2";
      input.dispatchEvent(new Event("input", { bubbles: true }));
    });
    await expect.poll(() => page.locator(".answering").getAttribute("aria-busy")).toBe("true");
    process.kill(studio.child()!, "SIGKILL");
    await expect
      .poll(() => page.getByRole("alert").innerText())
      .toContain("the process that runs libtorch ended");
    await page.getByText("transcriptions").click();
    await answered(page);
    await expect.poll(() => page.locator(".pairs li").count()).toBe(16);
    expect(await page.getByRole("alert").count()).toBe(0);
  });

  test.each(["light", "dark"] as const)(
    "axe finds nothing, and a phone's width holds the pages, %s",
    async (colorScheme) => {
      for (const [name, path] of [
        ["digits", "see?l=1&sum=1&table=1"],
        ["digits", "head?l=1&k=2&table=1"],
        ["digits", "spaces?table=1"],
        ["mae", "mask?table=1"],
        ["language", "text?table=1"],
        ["ctrl", "traverse?table=1"],
        ["cpp", "memberships?table=1"],
        ["redunet", "construct?table=1"],
        ["dino", "segments?table=1"],
      ] as const) {
        const seen = await open(name, path, { colorScheme, viewport: { width: 375, height: 800 } });
        const { page } = seen;
        await page.locator(".foot, .patches, .took").first().waitFor({ timeout: 60_000 });
        expect([path, await page.evaluate("document.documentElement.scrollWidth")]).toEqual([path, 375]);
        await page.evaluate(axe.source);
        const found = await page.evaluate(async () => {
          const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
          return violations.map(
            ({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html.slice(0, 200)).join(" ")}`,
          );
        });
        expect([path, ...found]).toEqual([path]);
        clean(seen);
        await page.context().close();
      }
    },
  );
});
