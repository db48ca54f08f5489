import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { quietly } from "../../test/tiny.ts";
import { tinyRecipe } from "../../test/tiny-methods.ts";
import { trainRun } from "../method/train-run.ts";
import { reconstructRun } from "./view-run.ts";

test("a masked autoencoder's run is drawn as its method draws it, with the masks that are asked for", async () => {
  const folder = mkdtempSync(join(tmpdir(), "vitrine reconstruct-"));
  try {
    await trainRun(tinyRecipe("mae", ""), quietly(folder));
    const options = { checkpoint: "last", split: "test" as const, count: 2 };
    expect(existsSync(await reconstructRun(folder, options))).toBe(true);
    await expect(reconstructRun(folder, { ...options, mask: "1" })).rejects.toThrow(
      "--mask: expected 2 rows of 2",
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
