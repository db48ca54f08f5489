/** @file `node scripts/page-picture.mjs RUN`: docs/pictures/page.png, a 7 drawn on the page of a run in Chromium. */

import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { chromium } from "playwright-core";
import { exportModel } from "../dist/export/index.js";
import { root } from "./place.mjs";

const SEVEN = [
  [200, 70],
  [190, 100],
  [160, 160],
  [135, 230],
];
const folder = mkdtempSync(join(tmpdir(), "vitrine-picture-"));
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  const output = join(folder, "look.html");
  await exportModel(process.argv[2], { format: "html", output });
  const page = await browser.newPage({ viewport: { width: 1320, height: 900 } });
  await page.goto(pathToFileURL(output).href);
  const { x, y } = await page.locator(".pad").boundingBox();
  await page.mouse.move(x + 70, y + 70);
  await page.mouse.down();
  for (const [right, down] of SEVEN) await page.mouse.move(x + right, y + down, { steps: 6 });
  await page.mouse.up();
  await page.waitForTimeout(2000);
  await page.screenshot({ path: join(root, "docs", "pictures", "page.png") });
} finally {
  await browser.close();
  rmSync(folder, { recursive: true });
}
