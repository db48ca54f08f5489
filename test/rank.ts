/** @file One process of a group that a test starts: runs the function of that name and prints what it gives as JSON. */

import { openGroup } from "../src/tensor/index.ts";

const [file, name] = process.argv.slice(2) as [string, string];
const { RANK, WORLD_SIZE, PORT, STEP_SECONDS } = process.env;
const group = await openGroup({
  rank: Number(RANK),
  size: Number(WORLD_SIZE),
  host: "127.0.0.1",
  port: Number(PORT),
  startSeconds: 100,
  stepSeconds: Number(STEP_SECONDS),
});
try {
  const result = await (await import(file))[name](group);
  process.stdout.write(`${JSON.stringify(result ?? null)}\n`);
  await group.close();
} catch (error) {
  process.stderr.write(`${error}\n`);
  await group.close({ failed: true });
  process.exitCode = (error as { exitCode?: number }).exitCode ?? 70;
}
