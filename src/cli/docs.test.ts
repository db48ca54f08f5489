import { expect, test } from "vitest";
import { commandPage, exitCodePage } from "./docs.ts";

test("docs/cli.md is what the commands and the schema say", async () => {
  await expect(await commandPage()).toMatchFileSnapshot("../../docs/cli.md");
});

test("docs/exit-codes.md is what the table of exit codes says", async () => {
  await expect(exitCodePage()).toMatchFileSnapshot("../../docs/exit-codes.md");
});
