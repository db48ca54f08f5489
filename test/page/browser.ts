/** @file Debian's Chromium, where it is installed, and a web server that keeps a list of what was asked for. */

import { existsSync, readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { extname, join, normalize } from "node:path";
import { type Browser, chromium, type Page } from "playwright-core";

const PLACES = ["/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];
export const browserPath = PLACES.find((path) => existsSync(path));
export const NO_BROWSER = `no browser: none of ${PLACES.join(", ")} is there (apt-get install chromium)`;

/** Root, as in a container, has no sandbox. */
export const launch = (): Promise<Browser> =>
  chromium.launch({ executablePath: browserPath!, args: ["--no-sandbox"] });

/** What a page did that it must not. */
export interface Watched {
  page: Page;
  /** Addresses outside of the page's own folder. */
  foreign: string[];
  /** Breaches of its policy, errors, messages of the console. */
  faults: string[];
}

/** A new page that is watched. @param home what all its addresses begin with */
export async function watched(
  browser: Browser,
  home: string,
  options: Parameters<Browser["newContext"]>[0] = {},
): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  const page = await context.newPage();
  const [foreign, faults]: [string[], string[]] = [[], []];
  page.on("request", (request) => {
    const url = request.url();
    if (!url.startsWith(home) && !/^(data|blob):/.test(url)) foreign.push(url);
  });
  page.on("pageerror", ({ message }) => faults.push(message));
  page.on("console", (message) => faults.push(message.text()));
  page.on("dialog", (dialog) => {
    faults.push(`dialog ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, foreign, faults };
}

const TYPES: Readonly<Record<string, string>> = {
  ...{ ".html": "text/html", ".js": "text/javascript", ".css": "text/css", ".json": "application/json" },
  ...{ ".png": "image/png" },
};

/** Serves a folder below a path, as a static host does, with no headers of its own. */
export async function serve(folder: string, below: string, change: (path: string, text: string) => string) {
  const asked: string[] = [];
  const server = createServer(({ url = "" }, response) => {
    asked.push(url);
    const path = normalize(url.slice(below.length).replace(/[?#].*/, "") || "index.html");
    const file = join(folder, path);
    if (!url.startsWith(below) || path.startsWith("..") || !existsSync(file)) {
      response.writeHead(404).end();
      return;
    }
    const type = TYPES[extname(file)] ?? "application/octet-stream";
    response.writeHead(200, { "content-type": type });
    const bytes = readFileSync(file);
    response.end(/^(text|application\/json)/.test(type) ? change(path, bytes.toString()) : bytes);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const home = `http://127.0.0.1:${(server.address() as AddressInfo).port}${below}`;
  return { home, asked, close: () => new Promise((resolve) => server.close(resolve)) };
}

/** A 7 on the pad, with a mouse. */
export async function drawSeven(page: Page): Promise<void> {
  const box = (await page.locator(".pad").boundingBox())!;
  const at = (x: number, y: number) =>
    [box.x + (x * box.width) / 280, box.y + (y * box.height) / 280] as const;
  await page.mouse.move(...at(70, 70));
  await page.mouse.down();
  for (const [x, y] of [
    [200, 70],
    [190, 100],
    [160, 160],
    [135, 230],
  ] as const)
    await page.mouse.move(...at(x, y), { steps: 6 });
  await page.mouse.up();
}
