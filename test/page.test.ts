/** @file The exported page in a real browser: drawn on, by keyboard, without a network, with hostile names and files. */

import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { exportModel } from "../src/export/index.ts";
import { inspectRun } from "../src/inspect/index.ts";
import { trainRun } from "../src/method/index.ts";
import { requireBuilt } from "./built/program.ts";
import { browserPath, drawSeven, launch, NO_BROWSER, serve, type Watched, watched } from "./page/browser.ts";
import { quietly, tiny } from "./tiny.ts";

requireBuilt();
const folder = mkdtempSync(join(tmpdir(), "vitrine page-"));
afterAll(() => rmSync(folder, { recursive: true }));
const HOSTILE = `"><img src=x onerror=alert(1)>`;
const file = join(folder, "look.html");
const home = pathToFileURL(file).href;
const pages = join(folder, "page");
let browser: Browser;

/** Two layers of two heads on patches of 7 × 7: half a minute, and it knows a 7. */
async function makeRun(): Promise<void> {
  const recipe = tiny({
    ...{ "model.dim": 48, "model.depth": 2, "model.headDim": 16, "model.patch": 7, "model.imageSize": 28 },
    ...{ "model.lambda": 0.5, "data.name": "digits", "data.augment.crop": 1 },
    ...{ "train.epochs": 4, "train.lr": 0.005, "train.schedule": "cosine", "train.weightDecay": 0.05 },
  });
  const run = join(folder, "run");
  await trainRun(recipe, quietly(run));
  await inspectRun(run, { checkpoint: "best", samples: 16, split: "test" });
  const named = join(folder, HOSTILE);
  cpSync(run, named, { recursive: true });
  await exportModel(run, { format: "html", output: file });
  await exportModel(named, { format: "page", output: pages });
}

const answer = (page: Page) => page.locator(".answer");
const open = async ({ page }: Watched, address: string): Promise<void> => {
  await page.goto(address);
  await answer(page).waitFor({ timeout: 60_000 });
};
const clean = ({ foreign, faults }: Watched): void =>
  expect({ foreign, faults }).toEqual({ foreign: [], faults: [] });

if (browserPath === undefined) test.skip(NO_BROWSER);

describe.skipIf(browserPath === undefined)("in Chromium", () => {
  beforeAll(async () => {
    await makeRun();
    browser = await launch();
  }, 300_000);
  afterAll(() => browser?.close());

  test("one file, from a folder, without a network: a 7 is drawn and recognised", async () => {
    const seen = await watched(browser, home, { offline: true });
    const { page } = seen;
    await open(seen, home);
    await drawSeven(page);
    await expect.poll(() => answer(page).innerText()).toBe("7");
    expect(await page.locator(".layer").count()).toBe(2);
    expect(await page.locator(".steps").innerText()).toContain("box of 20 × 20");
    expect(await page.locator(".track").count()).toBe(4);
    clean(seen);
  });

  test("a folder below the path of a static host: nothing is asked for outside of it; names are no code", async () => {
    const change = (path: string, text: string) =>
      path === "data/run.json" ? text.replace('"7"', JSON.stringify(HOSTILE)) : text;
    const server = await serve(pages, "/people/me/look/", change);
    try {
      const seen = await watched(browser, server.home);
      const { page } = seen;
      await open(seen, server.home);
      expect(await page.locator("h1").innerText()).toBe(HOSTILE);
      await drawSeven(page);
      await expect.poll(() => answer(page).innerText()).toBe(HOSTILE);
      await page.goto(`${server.home}#/head?l=2&k=1`);
      await page.locator(".ablations").waitFor();
      expect(await page.locator("img").count()).toBe(0);
      expect(server.asked.filter((path) => !path.startsWith("/people/me/look/"))).toEqual([]);
      clean(seen);
    } finally {
      await server.close();
    }
  });

  test("a folder whose files are not all there says which one", async () => {
    const server = await serve(join(pages, ".."), "/", (_, text) => text);
    try {
      const { page } = await watched(browser, server.home);
      await page.route("**/model.onnx", (route) => route.fulfill({ status: 404 }));
      await page.goto(`${server.home}page/index.html`);
      await expect
        .poll(() => page.getByRole("alert").innerText())
        .toBe("model/model.onnx cannot be read: the server says 404. Copy the whole exported folder.");
    } finally {
      await server.close();
    }
  });

  test("keys, links and the back button: layers, heads, patches, what is removed", async () => {
    const seen = await watched(browser, home);
    const { page } = seen;
    await open(seen, `${home}#/see?l=1`);
    await drawSeven(page);
    await page.keyboard.press("ArrowRight");
    await expect.poll(() => page.locator(".layer.current h3").innerText()).toBe("Layer 2");
    await page.goBack();
    await expect.poll(() => page.locator(".layer.current h3").innerText()).toBe("Layer 1");
    await page.getByRole("link", { name: "Head 2 of layer 2" }).click();
    expect(page.url()).toContain("#/head?");
    await page.locator(".ablations").waitFor();
    expect(await page.locator(".ablations td a").count()).toBe(4);
    const change = await page.locator(".ablations td.current").innerText();
    await page.keyboard.press("x");
    await expect.poll(() => page.locator(".removal p").innerText()).toContain(`Δp = ${change}`);
    await page.mouse.move(1, 1);
    await page.locator(".taken.large").focus();
    await page.keyboard.press("Escape");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowDown");
    await page.keyboard.press("ArrowRight");
    expect(await page.locator(".taken.large").getAttribute("aria-valuetext")).toBe(
      "patch in row 2, column 2",
    );
    await expect.poll(() => page.url()).toMatch(/patch=6.*off=2.2/);
    clean(seen);
  });

  test("η and λ change every layer, and come back", async () => {
    const seen = await watched(browser, home);
    const { page } = seen;
    await open(seen, home);
    const nonZeros = () => page.locator(".layer .number").allInnerTexts();
    const trained = await nonZeros();
    await page.getByRole("slider", { name: /^λ/ }).fill("0");
    await expect.poll(nonZeros).not.toEqual(trained);
    await page.getByRole("button", { name: "as trained" }).click();
    await expect.poll(nonZeros).toEqual(trained);
    clean(seen);
  });

  test.each(["light", "dark"] as const)("axe finds nothing, %s", async (colorScheme) => {
    const seen = await watched(browser, home, { colorScheme, reducedMotion: "reduce" });
    const { page } = seen;
    for (const hash of ["#/see?l=2&table=1", "#/head?l=2&k=1&table=1&off=2.1&patch=6"]) {
      await open(seen, `${home}${hash}`);
      if (hash.startsWith("#/head")) await page.locator(".ablations").waitFor();
      await page.keyboard.press("?");
      await page.locator("dialog[open]").waitFor();
      await page.evaluate(axe.source);
      const run = () =>
        page.evaluate(async () => {
          const { violations } = await (globalThis as unknown as { axe: typeof axe }).axe.run();
          return violations.map(({ id, nodes }) => `${id}: ${nodes.map(({ html }) => html).join(" ")}`);
        });
      expect(await run()).toEqual([]);
      await page.getByRole("button", { name: "Close" }).click();
      expect(await run()).toEqual([]);
    }
    clean(seen);
  });

  test("a phone's width holds it; a finger draws", async () => {
    const seen = await watched(browser, home, { viewport: { width: 360, height: 740 }, hasTouch: true });
    const { page } = seen;
    for (const hash of ["#/see?l=1&table=1", "#/head?l=1&k=1&table=1"]) {
      await open(seen, `${home}${hash}`);
      expect(await page.evaluate("document.documentElement.scrollWidth")).toBe(360);
    }
    await drawSeven(page);
    await expect.poll(() => answer(page).innerText()).toBe("7");
    clean(seen);
  });

  test("files that are no picture, too large or damaged are refused in words; the page goes on", async () => {
    const seen = await watched(browser, home);
    const { page } = seen;
    await open(seen, home);
    const problem = () => page.getByRole("alert").innerText();
    const drop = (name: string, bytes: Uint8Array) =>
      page.evaluate(`{
        const dataTransfer = new DataTransfer();
        dataTransfer.items.add(new File([new Uint8Array(${JSON.stringify([...bytes])})], ${JSON.stringify(name)}));
        dispatchEvent(new DragEvent("drop", { dataTransfer, cancelable: true }));
      }`);
    const header = (side: number) => {
      const png = Buffer.from(
        "89504e470d0a1a0a0000000d49484452000000000000000008000000000000000000000000",
        "hex",
      );
      png.writeUInt32BE(side, 16);
      png.writeUInt32BE(side, 20);
      return png;
    };
    await drop("huge.png", header(30_000));
    await expect
      .poll(problem)
      .toBe("huge.png has 30,000 × 30,000 pixels; expected at most 64 million. Make it smaller first.");
    await drop(HOSTILE, Buffer.from("hello"));
    await expect.poll(problem).toBe(`${HOSTILE} is no picture; expected PNG, JPEG, GIF, WebP or BMP.`);
    await drop("half.png", header(8));
    await expect.poll(problem).toBe("half.png is a damaged PNG; the browser cannot decode it.");
    await page.getByRole("button", { name: /^Picture 2:/ }).click();
    await expect.poll(() => page.getByRole("alert").count()).toBe(0);
    clean(seen);
  });
});
