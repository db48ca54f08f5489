import { execFileSync } from "node:child_process";
import { expect, test } from "vitest";
import { completionWords } from "./completion.ts";
import { program } from "./program.ts";

const root = await program([], true);

async function script(shell: string): Promise<string> {
  const { write } = process.stdout;
  let text = "";
  process.stdout.write = ((chunk: string) => {
    text += chunk;
    return true;
  }) as typeof write;
  try {
    await (await program(["completion", shell])).parseAsync(["completion", shell], { from: "user" });
  } finally {
    process.stdout.write = write;
  }
  return text;
}

/** What bash offers after these words. */
function offered(source: string, ...words: string[]): string[] {
  const line = ["vitrine", ...words].map((word) => `'${word}'`).join(" ");
  const ask = `COMP_WORDS=(${line}); COMP_CWORD=${words.length}; _vitrine; printf '%s\\n' "\${COMPREPLY[@]}"`;
  return execFileSync("bash", ["-c", `${source}\n${ask}`], { encoding: "utf8" })
    .split("\n")
    .filter(Boolean);
}

test("bash completes commands, verbs, recipes and flags", async () => {
  const source = await script("bash");
  expect(offered(source, "tr")).toEqual(["train"]);
  expect(offered(source, "data", "")).toEqual(["ls", "get", "show", "tokenize", "--help"]);
  expect(offered(source, "train", "dig")).toEqual(["digits"]);
  expect(offered(source, "train", "digits", "--epo")).toEqual(["--epochs"]);
  expect(offered(source, "config", "print", "digits", "--train.ep")).toEqual(["--train.epochs"]);
  expect(offered(source, "zzz", "")).toEqual([]);
});

test("every command and verb has its words", () => {
  const commands = completionWords(root).map(({ command }) => command);
  expect(commands).toEqual(
    expect.arrayContaining(["", "train", "data", "data get", "config print", "completion"]),
  );
});
