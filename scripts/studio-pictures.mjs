/** @file `node scripts/studio-pictures.mjs FOLDER A B`: docs/pictures/studio-*.png, pages over two runs in Chromium. */

import { join } from "node:path";
import { chromium } from "playwright-core";
import sharp from "sharp";
import { startStudio } from "../dist/studio/server.js";
import { root } from "./place.mjs";

const [folder, a, b] = process.argv.slice(2);
const studio = await startStudio({ root: folder });
const home = studio.url.replace(/#.*/, "");
const runs = await (await fetch(`${home}api/runs`)).json();
const idOf = (name) => runs.find((run) => run.name === name).id;
const LAYERS = `r/${idOf(a)}/layers`;
const PICTURES = {
  "studio-light": { path: LAYERS, colorScheme: "light" },
  "studio-dark": { path: LAYERS, colorScheme: "dark" },
  "studio-runs": { path: "", colorScheme: "light" },
  "studio-compare": { path: `cmp?a=${idOf(a)}&b=${idOf(b)}`, colorScheme: "light" },
};
const browser = await chromium.launch({ executablePath: "/usr/bin/chromium", args: ["--no-sandbox"] });
try {
  for (const [name, { path, colorScheme }] of Object.entries(PICTURES)) {
    const page = await browser.newPage({ viewport: { width: 1280, height: 860 }, colorScheme });
    await page.goto(`${home}#/${path}`);
    await page.waitForTimeout(3000);
    const picture = sharp(await page.screenshot()).png({ palette: true, compressionLevel: 9 });
    await picture.toFile(join(root, "docs", "pictures", `${name}.png`));
    await page.close();
  }
} finally {
  await browser.close();
  await studio.close();
}
