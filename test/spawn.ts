/** @file The real command line, or any program, in a process of its own. */
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

const entry = fileURLToPath(new URL("../src/cli/main.ts", import.meta.url));

export interface Ended {
  code: number | null;
  stdout: string;
  stderr: string;
}

/** Runs `vitrine` with these arguments; the environment is ours without VITRINE_ variables, plus `environment`. */
export function vitrine(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = {},
  cwd?: string,
): Promise<Ended> {
  const inherited = Object.entries(process.env).filter(([name]) => !name.startsWith("VITRINE_"));
  return typescript([entry, ...args], { ...Object.fromEntries(inherited), ...environment }, cwd);
}

/** Runs a TypeScript file with arguments. */
export function typescript(
  args: readonly string[],
  environment: NodeJS.ProcessEnv = process.env,
  cwd?: string,
): Promise<Ended> {
  const child = spawn(process.execPath, ["--import", import.meta.resolve("tsx"), ...args], {
    env: environment,
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
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => resolve({ code, stdout, stderr }));
  });
}
