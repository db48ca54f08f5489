/** @file How fast are the studio's pages in Chromium: a thousand runs, a written line to its pixel, their size. */

import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import type { Page } from "playwright-core";
import { lockRun } from "../src/train/run-lock.ts";
import { browserPath, launch, NO_BROWSER } from "../test/page/browser.ts";
import { scriptBytes } from "../test/page/scripts.ts";
import type { Bench } from "./harness.ts";
import { makeRun, record, row, withRuns } from "./studio.bench.ts";

async function inChromium<T>(body: (page: Page) => Promise<T>): Promise<T> {
  const browser = await launch();
  try {
    return await body(await browser.newPage({ viewport: { width: 1280, height: 900 } }));
  } finally {
    await browser.close();
  }
}

/** Seconds until the list can be searched and its first lines read, each time in a new page. */
const usable = (count: number, rounds: number) =>
  withRuns(
    (root) => {
      for (let i = 0; i < count; i++) makeRun(join(root, `run-${i}`), 100);
    },
    async ({ origin }) => {
      await fetch(`${origin}/api/runs`); // read once, as by the page that is open already
      const all: number[] = [];
      for (let round = 0; round < rounds; round++)
        all.push(
          await inChromium(async (page) => {
            const start = performance.now();
            await page.goto(`${origin}/`);
            await page.locator(".run-table tbody tr").first().waitFor();
            return (performance.now() - start) / 1000;
          }),
        );
      return all;
    },
  );

/** Milliseconds from a line that is written to the frame that shows it. */
const live = (lines: number) =>
  withRuns(
    (root) => makeRun(join(root, "run"), 100),
    async (studio, root) => {
      using _ = lockRun(join(root, "run"));
      const [{ id }] = (await studio.json("/api/runs")) as [{ id: string }];
      return await inChromium(async (page) => {
        await page.goto(`${studio.origin}/#/r/${id}/train`);
        await page.locator(".panels canvas").first().waitFor();
        await sleep(1000);
        const drawings = () => page.evaluate<number>('performance.getEntriesByName("curves").length');
        const delays: number[] = [];
        for (let i = 0; i < lines; i++) {
          const before = await drawings();
          const sent = Date.now();
          appendFileSync(join(root, "run", "metrics.jsonl"), record(1e6 + i));
          while ((await drawings()) === before) await sleep(5); // the policy lets no condition be text
          const drawn = await page.evaluate<number>(
            'performance.timeOrigin + performance.getEntriesByName("curves").at(-1).startTime',
          );
          delays.push(Math.max(0, drawn - sent));
          await sleep(37 * (i % 7));
        }
        return delays;
      });
    },
  );

export const bench: Bench = {
  name: "studio-page",
  about: "the studio's pages in Chromium: a thousand runs, a line that is written, their JavaScript",
  peer: false,
  async run({ quick, say }) {
    const bytes = [...scriptBytes().values()];
    const size = row("JavaScript of the largest page, gzip", "KB", [Math.max(...bytes) / 1000], 90);
    if (browserPath === undefined) {
      say(`studio-page: ${NO_BROWSER}`);
      return [size];
    }
    return [
      size,
      row("page usable, 1,000 runs", "s", await usable(quick ? 20 : 1000, quick ? 1 : 5), 1),
      row("a written line to its pixel", "ms", await live(quick ? 3 : 40), 250),
    ];
  },
};
