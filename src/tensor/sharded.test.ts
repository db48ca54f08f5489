import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { loadTensors, saveTensors, tensor } from "./index.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-sharded-"));
afterAll(() => rmSync(root, { recursive: true }));
const path = join(root, "model.safetensors.index.json");
const index = (weight_map: unknown) => writeFileSync(path, JSON.stringify({ metadata: {}, weight_map }));
const [one, two] = ["model-00001-of-00002.safetensors", "model-00002-of-00002.safetensors"];
{
  using w = tensor([1, 2]);
  using b = tensor([3]);
  saveTensors(join(root, one), new Map([["a.w", w]]));
  saveTensors(join(root, two), new Map([["a.b", b]]));
}

test("the files of an index are read as one, wholly or by key", () => {
  index({ "a.w": one, "a.b": two });
  for (const key of [undefined, "a"]) {
    const { tensors, note } = loadTensors(path, key === undefined ? {} : { key });
    expect([...tensors].map(([name, value]) => [name, value.numbers()])).toEqual(
      key === undefined
        ? [
            ["a.w", [1, 2]],
            ["a.b", [3]],
          ]
        : [
            ["w", [1, 2]],
            ["b", [3]],
          ],
    );
    expect(note).toContain(key === undefined ? "read 2 tensors of 2 files" : 'read "a", 2 of 2 tensors');
    for (const value of tensors.values()) value.dispose();
  }
});

test.each([
  [{ "a.w": "../x.safetensors" }, "expected files of safetensors beside it"],
  [{ "a.w": "model.bin" }, "expected files of safetensors beside it"],
  [{ "a.w": "none.safetensors" }, "none.safetensors is missing"],
  [{ "a.w": one, "a.c": one }, '"a.c", as the index says'],
  [{ "a.c": one }, 'holds "a.w", which the index has elsewhere or not'],
  [{}, 'expected {"weight_map"'],
  [[], 'expected {"weight_map"'],
  [null, 'expected {"weight_map"'],
])("an index %j is refused", (map, message) => {
  index(map);
  expect(() => loadTensors(path)).toThrow(message);
});
