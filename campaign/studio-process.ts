/** @file The built studio in a process of its own, asked as a page asks it. */

import { type ChildProcess, spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { requireBuilt } from "./tiny-runs.ts";

const MAIN = fileURLToPath(new URL("../dist/cli/main.js", import.meta.url));

export class StudioProcess {
  private constructor(
    private readonly child: ChildProcess,
    /** Without the token. */
    readonly origin: string,
  ) {}

  /** @throws {UsageError} the program has not been built; {Error} it ended */
  static async start(root: string): Promise<StudioProcess> {
    requireBuilt();
    const child = spawn(process.execPath, [MAIN, "studio", root], { stdio: ["ignore", "pipe", "pipe"] });
    let said = "";
    const url = await new Promise<string>((done, failed) => {
      child.stdout.on("data", (text: Buffer) => {
        said += text.toString();
        if (said.includes("\n")) done(said.trim());
      });
      child.once("exit", (code) => failed(new Error(`the studio ended with ${code}`)));
    });
    return new StudioProcess(child, new URL(url).origin);
  }

  end(): void {
    this.child.kill("SIGKILL");
  }

  /** MiB in main memory. */
  resident(): number {
    const pages = Number(readFileSync(`/proc/${this.child.pid}/statm`, "utf8").split(" ")[1]);
    return (pages * 4096) / 2 ** 20;
  }

  /** Seconds of processor time so far. */
  processorSeconds(): number {
    const stat = readFileSync(`/proc/${this.child.pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  async bytes(path: string): Promise<Uint8Array> {
    const response = await fetch(this.origin + path);
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    return new Uint8Array(await response.arrayBuffer());
  }

  async json(path: string): Promise<unknown> {
    return JSON.parse(new TextDecoder().decode(await this.bytes(path)));
  }

  /**
   * Listens to a stream of events until one is the last, or somebody leaves. @returns whether it was the last
   * @param from id of the event that was heard last
   */
  async listen(
    path: string,
    from: string,
    leave: () => boolean,
    on: (event: unknown, id: string) => boolean,
  ): Promise<boolean> {
    const stop = new AbortController();
    const response = await fetch(this.origin + path, {
      headers: { "last-event-id": from },
      signal: stop.signal,
    });
    const watch = setInterval(() => leave() && stop.abort(), 100);
    let text = "";
    try {
      for await (const bytes of response.body!) {
        text += new TextDecoder().decode(bytes);
        const blocks = text.split("\n\n");
        text = blocks.pop()!;
        for (const block of blocks) {
          const [id, data] = ["id", "data"].map(
            (name) => new RegExp(`^${name}: (.*)$`, "m").exec(block)?.[1],
          );
          if (data !== undefined && on(JSON.parse(data), id ?? from)) return true;
        }
      }
    } catch (error) {
      if (!stop.signal.aborted) throw error;
    } finally {
      clearInterval(watch);
      stop.abort();
    }
    return false;
  }
}
