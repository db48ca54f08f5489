/** @file The real command line, or any program, in a process of its own. */
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** A process that runs, what it has said on stderr so far, and its end. */
export interface Running {
  child: ChildProcess;
  said: () => string;
  ended: Promise<Ended>;
}

/** Runs `vitrine` to its end, as `launch` starts it. */
export const vitrine = (
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Ended> => launch(args, environment, cwd).ended;

/** Starts `vitrine` with these arguments; the environment is ours without settings (VITRINE_…), plus `environment`. */
export function launch(args: readonly string[], environment: NodeJS.ProcessEnv = {}, cwd?: string): Running {
  const kept = (name: string) => name === "VITRINE_ADDON" || !name.startsWith("VITRINE_");
  const inherited = Object.entries(process.env).filter(([name]) => kept(name));
  return start([entry, ...args], { ...Object.fromEntries(inherited), ...environment }, cwd);
}

/** Runs a TypeScript file with arguments. */
export const typescript = (
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
  cwd?: string,
): Promise<Ended> => start(args, environment, cwd).ended;

/** Starts a TypeScript file with arguments. */
export const program = (args: readonly string[], environment: NodeJS.ProcessEnv): Running =>
  start(args, environment);

function start(args: readonly string[], env: NodeJS.ProcessEnv, cwd?: string): Running {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), ...args], {
    env,
    cwd,
    stdio: ["ignore", "pipe", "pipe"],
  });
  let stdout = "";
  let stderr = "";
  child.stdout.setEncoding("utf8").on("data", (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    stderr += text;
  });
  const ended = new Promise<Ended>((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
  return { child, said: () => stderr, ended };
}
