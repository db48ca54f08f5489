/** @file The studio's pages over runs, in a real browser: live curves, layers, comparisons, the theory, as files too. */

import { appendFileSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from "node:fs"; // biome-ignore format: one line
import { tmpdir } from "node:os";
import { join } from "node:path";
import axe from "axe-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { trainRun } from "../src/method/index.ts";
import { exportRuns } from "../src/studio/export-runs.ts";
import { type Studio, startStudio } from "../src/studio/server.ts";
import { lockRun } from "../src/train/run-lock.ts";
import { requireBuilt } from "./built/program.ts";
import { browserPath, launch, NO_BROWSER, serve, type Watched, watched } from "./page/browser.ts";
import { scriptBytes } from "./page/scripts.ts";
import { quietly, tiny } from "./tiny.ts";

requireBuilt();
const above = mkdtempSync(join(tmpdir(), "vitrine pages-"));
const root = join(above, "runs");
afterAll(() => rmSync(above, { recursive: true }));

const HOSTILE = `<img src=x onerror=alert(1)> "'&^{`;

const record = (step: number): string => `${JSON.stringify({ step, "train/loss": 1 + 1 / (step + 1) })}\n`;

/** A run whose numbers the tests write themselves. */
function made(name: string, recipe: object): string {
  const at = join(root, name);
  mkdirSync(at, { recursive: true });
  writeFileSync(join(at, "recipe.json"), JSON.stringify(recipe));
  writeFileSync(join(at, "metrics.jsonl"), Array.from({ length: 5 }, (_, i) => record(i + 1)).join(""));
  return at;
}
/** A sweep of the runs that are trained: the first was better. */
const sweepOf = (scores: readonly number[]) => ({
  ...{ format: "vitrine-sweep", version: 1, recipe: { name: "digits" }, budget: {}, figure: "top1" },
  chosen: "lr-0.001",
  settings: [0.001, 0.002].map((lr, i) => ({
    ...{ name: `lr-${lr}`, values: { "train.lr": lr }, parameters: 1234, flops: 5.6e6 },
    runs: ["first", "gone"].map((run, seed) => ({
      ...{ run: i === 0 ? run : run.replace("first", "second"), seed, state: "done", steps: 4 },
      ...{ validation: scores[i]! + seed, score: scores[i]! + seed, processorSeconds: 2 },
      ...(i === 0 && { test: 50 + seed }),
    })),
  })),
});
const CTRL = { model: { name: "ctrl_mnist" }, data: { name: "digits" }, method: { name: "ctrl" }, seed: 1 };

let browser: Browser;
let studio: Studio;
let home: string;
const ids = new Map<string, string>();

async function open(path: string, options: Parameters<typeof watched>[2] = {}): Promise<Watched> {
  const seen = await watched(browser, home, { reducedMotion: "reduce", ...options });
  await seen.page.goto(`${home}#/${path}`);
  return seen;
}
const clean = ({ foreign, faults }: Watched): void =>
  expect({ foreign, faults }).toEqual({ foreign: [], faults: [] });
const cmp = (a: string, b: string) => `cmp?a=${ids.get(a) ?? a}&b=${ids.get(b) ?? b}`;
/** What a page shows once it has been answered. */
const SHOWN = ".run-table, .panels canvas, .layers svg, .claims, .compared";
/** What the line above the curves says of the last step. */
const step = (page: Page) => page.locator(".state b").first().innerText();

/** Scrolls down, again each time it is asked, since a page grows while its parts arrive; the networks that have answered there. */
async function answersBelow(page: Page): Promise<number> {
  const bottom = page.locator("main > *").last();
  await bottom.evaluate((last: { scrollIntoView(end: boolean): void }) => last.scrollIntoView(false));
  return page.locator(".one .answer").count();
}

async function readRuns(): Promise<void> {
  const runs = (await (await fetch(`${home}api/runs`)).json()) as { name: string; id: string }[];
  for (const { name, id } of runs) ids.set(name, id);
}

test("no page opens with more than 90 KB of scripts, compressed", () => {
  const bytes = scriptBytes();
  expect(bytes.size).toBeGreaterThan(12);
  for (const [page, size] of bytes) expect([page, size < 90_000]).toEqual([page, true]);
});

if (browserPath === undefined) test.skip(NO_BROWSER);

describe.skipIf(browserPath === undefined)("in Chromium", () => {
  beforeAll(async () => {
    mkdirSync(root);
    const settings = { "model.patch": 7, "model.imageSize": 28, "data.name": "digits" };
    for (const [name, lr] of [
      ["first", 0.001],
      ["second", 0.002],
    ] as const)
      await trainRun(tiny({ ...settings, "train.lr": lr }), { ...quietly(join(root, name)), maxSteps: 4 });
    writeFileSync(join(root, "sweep.json"), JSON.stringify(sweepOf([70, 60])));
    made("game", CTRL);
    made("writes", CTRL);
    made(HOSTILE.replaceAll("/", ""), { ...CTRL, data: { name: HOSTILE }, [HOSTILE]: HOSTILE });
    studio = await startStudio({ root, cache: join(above, "cache") });
    home = studio.url.replace(/#.*/, "");
    await readRuns();
    browser = await launch();
  }, 200_000);
  afterAll(async () => {
    await browser?.close();
    await studio?.close();
  });

  test("a run that writes is drawn, through a truncation and a server that was away", async () => {
    const at = join(root, "writes");
    const metrics = join(at, "metrics.jsonl");
    using _ = lockRun(at);
    const seen = await open(`r/${ids.get("writes")}/train`);
    const { page } = seen;
    await expect.poll(() => step(page)).toBe("5");
    await page.locator(".dot").waitFor();
    appendFileSync(metrics, record(6) + record(7).slice(0, 9));
    await expect.poll(() => step(page)).toBe("6");
    appendFileSync(metrics, record(7).slice(9));
    await expect.poll(() => step(page)).toBe("7");
    clean(seen);

    truncateSync(metrics, record(1).length + record(2).length);
    await expect.poll(() => step(page), { timeout: 10_000 }).toBe("2");
    appendFileSync(metrics, record(3));
    await expect.poll(() => step(page)).toBe("3");

    const { port } = studio;
    await studio.close();
    await page.getByText("The studio does not answer").waitFor({ timeout: 15_000 });
    appendFileSync(metrics, record(4));
    studio = await startStudio({ root, cache: join(above, "cache"), port });
    await expect.poll(() => step(page), { timeout: 20_000 }).toBe("4");
    const drawn = await page.locator(".train > .note.foot").innerText();
    expect(drawn).toBe("All 4 records are drawn, each as a point of its own.");
    await page.context().close();
  }, 90_000);

  test("runs are found, ticked and compared; the back button goes back", async () => {
    const seen = await open("");
    const { page } = seen;
    await page.locator(".run-table").waitFor();
    await page.getByRole("searchbox").fill("supervised");
    await expect.poll(() => page.locator(".run-table tbody tr").count()).toBe(2);
    for (const name of ["first", "second"]) await page.getByLabel(`Compare ${name}`).check();
    await page.getByRole("link", { name: "Compare the two" }).click();
    await page.locator("#recipes").waitFor();
    const rows = await page.locator("section[aria-labelledby=recipes] tbody tr").allInnerTexts();
    expect(rows.map((row) => row.split(/\s+/))).toEqual([["train.lr", "0.001", "0.002"]]);
    await page.locator("section[aria-labelledby=layers] svg").first().waitFor();
    await expect.poll(() => answersBelow(page), { timeout: 60_000 }).toBe(2);
    await page.getByRole("button", { name: "Swap" }).click();
    await expect.poll(() => page.url()).toContain(cmp("second", "first"));
    await page.goBack();
    await expect.poll(() => page.url()).toContain(cmp("first", "second"));
    await page.goBack();
    await expect.poll(() => page.getByRole("searchbox").inputValue()).toBe("supervised");
    await page.getByRole("link", { name: "first" }).click();
    await page.locator(".panels canvas").first().waitFor();
    await page.keyboard.press("k");
    await expect.poll(() => page.locator("h1").innerText()).not.toBe("first");
    clean(seen);
  }, 90_000);

  test("a comparison says what it cannot compare", async () => {
    const { page } = await open(cmp("first", "gone"));
    await expect.poll(() => page.locator(".compare").innerText()).toContain("One of them cannot be read");
    await page.goto(`${home}#/${cmp("first", "game")}`);
    await expect.poll(() => page.locator(".compare").innerText()).toContain("supervised and ctrl");
    await expect.poll(() => page.locator(".compare").innerText()).toContain("layers of game");
    await page.goto(`${home}#/${cmp("game", "game")}`);
    await expect.poll(() => page.locator(".compare").innerText()).toContain("one run twice");
    await page.goto(`${home}#/cmp`);
    await expect.poll(() => page.locator(".compare").innerText()).toContain("Choose two runs");
  });

  test("claims without a report say how to check them; a run's layers stand beside some", async () => {
    const seen = await open(`theory?with=${ids.get("first")}`);
    const { page } = seen;
    await page.getByText("vitrine verify --quick").waitFor();
    await expect
      .poll(() => page.locator("#attention-step .beside").innerText())
      .toMatch(/lowers Rᶜ in \d of/);
    expect(await page.locator(".badge", { hasText: "not checked" }).count()).toBe(
      await page.locator(".claims > li").count(),
    );
    clean(seen);
  });

  test("a sweep is a table, the best first, with links to its runs, and curves", async () => {
    const seen = await open("sweeps");
    const { page } = seen;
    await page.locator(".compared tbody tr").first().waitFor();
    const cells = await page.locator(".compared tr").evaluateAll((rows: { innerText: string }[]) => rows.map(({ innerText }) => innerText.split("\t").map((text) => text.trim()))); // biome-ignore format: one line
    expect(cells).toEqual([
      ["setting", "validation top1", "test top1", "steps", "parameters", "MFLOP", "processor s", "runs"],
      ["lr 0.001 chosen", "70.5 ± 0.707", "50.5 ± 0.707", "4", "1,234", "5.6", "2", "seed 0 seed 1"],
      ["lr 0.002", "60.5 ± 0.707", "–", "4", "1,234", "5.6", "2", "seed 0 seed 1"],
    ]);
    // what was removed is told, and is no link
    expect(await page.locator(".compared tbody a").allInnerTexts()).toEqual(["seed 0", "seed 0"]);
    await page.locator("canvas").first().waitFor();
    await page.getByLabel("Settings").getByRole("link").first().click();
    await expect.poll(() => page.url()).toContain(`r/${ids.get("first")}/train`);
    clean(seen);
    const file = join(root, "sweep.json");
    writeFileSync(file, "{");
    await page.goto(`${home}#/sweeps`);
    await expect.poll(() => page.getByRole("alert").allInnerTexts()).toEqual([expect.stringContaining("sweep.json: expected what")]); // biome-ignore format: one line
    writeFileSync(file, JSON.stringify(sweepOf([70, 60])));
  });

  test("names are no code", async () => {
    for (const path of [
      "",
      `r/${ids.get(HOSTILE)}/train`,
      cmp(HOSTILE, "game"),
      `theory?with=${ids.get(HOSTILE)}`,
    ]) {
      const seen = await open(path);
      await expect.poll(() => seen.page.locator("body").innerText()).toContain("<img src=x");
      expect(await seen.page.locator("img[src=x]").count()).toBe(0);
      clean(seen);
      await seen.page.context().close();
    }
  });

  test("a folder of runs below the path of a static host has the same pages", async () => {
    const output = join(above, "look");
    await exportRuns([join(root, "first"), join(root, "second")], { output });
    const server = await serve(output, "/people/me/look/", (_, text) => text);
    try {
      for (const path of [
        "",
        `r/${ids.get("first")}/train`,
        `r/${ids.get("first")}/layers`,
        cmp("first", "second"),
        "sweeps",
        "theory",
      ]) {
        const seen = await watched(browser, server.home);
        await seen.page.goto(`${server.home}#/${path}`);
        await seen.page.locator(SHOWN).first().waitFor();
        expect(await seen.page.getByRole("alert").count()).toBe(0);
        clean(seen);
        await seen.page.context().close();
      }
      expect(server.asked.filter((path) => !path.startsWith("/people/me/look/"))).toEqual([]);
    } finally {
      await server.close();
    }
  }, 90_000);

  test.each(["light", "dark"] as const)(
    "axe finds nothing, and a phone's width holds the pages, %s",
    async (colorScheme) => {
      for (const path of [
        "",
        `r/${ids.get("first")}/train?table=1`,
        `r/${ids.get("first")}/layers?table=1`,
        `${cmp("first", "second")}&table=1`,
        cmp("first", "game"),
        "sweeps?table=1",
        "theory",
      ]) {
        const seen = await open(path, { colorScheme, viewport: { width: 375, height: 800 } });
        const { page } = seen;
        await page.locator(SHOWN).first().waitFor();
        const answers = path === `${cmp("first", "second")}&table=1` ? 2 : 0;
        await expect.poll(() => answersBelow(page), { timeout: 60_000 }).toBeGreaterThanOrEqual(answers);
        await page.waitForTimeout(300);
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
    120_000,
  );
});
