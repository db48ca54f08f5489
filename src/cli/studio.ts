/** @file `vitrine studio`: a page over runs, served to this machine's browser. */
import { spawn } from "node:child_process";
import type { Command } from "commander";
import { print, talk } from "./terminal.ts";
import { wholeNumber } from "./whole-number.ts";

interface Options {
  port: number;
  host: string;
  open?: true;
  plugin?: string[];
}

/** The process with libtorch reads the same runs: it needs the same methods, models and data sets. */
const WITH_PLUGINS = new URL(import.meta.url.replace(/studio(\.\w+)$/, "studio-child$1"));

const examples = `
Examples:
  $ vitrine studio
  $ vitrine studio runs/first --open
  $ vitrine studio runs --port 8123`;

export function studioCommand(command: Command): void {
  command
    .argument("[folder]", "folder of runs, or one run", "runs")
    .option("--port <n>", "port to listen on; 0 takes a free one", wholeNumber("--port", 0, 65535), 0)
    .option(
      "--host <address>",
      "address to listen on; any but this machine's own needs the token for every page",
      "127.0.0.1",
    )
    .option("--open", "open the page in the browser")
    .addHelpText("after", examples)
    .action(async (folder: string, { port, host, open, plugin = [] }: Options) => {
      const { startStudio } = await import("../studio/server.ts");
      const args = plugin.flatMap((file) => ["--plugin", file]);
      const libtorch = args.length > 0 ? { script: WITH_PLUGINS, args } : {};
      const studio = await startStudio({ root: folder, port, host, libtorch });
      print(studio.url);
      talk(`${folder} is open at this address, for this machine; ctrl-C ends it`);
      if (open) openBrowser(studio.url);
      await new Promise((done) => {
        for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, done); // timeout(1) sends it twice
      });
      await studio.close();
      process.exit(0); // a browser may hold its connection
    });
}

/** The system's own way; where it has none, the printed address is enough. */
function openBrowser(url: string): void {
  const [command, ...before] = { darwin: ["open"], win32: ["cmd", "/c", "start", ""] }[
    process.platform as "darwin"
  ] ?? ["xdg-open"];
  spawn(command!, [...before, url], { stdio: "ignore", detached: true })
    .on("error", () => talk("no program to open a browser; open the address yourself"))
    .unref();
}
