/** @file Networks from elsewhere measured on images and on texts; the fixtures are those of the layouts. */

import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, expect, test } from "vitest";
import { readReport } from "../measure/index.ts";
import { loadTensors, saveTensors } from "../tensor/index.ts";
import { inspectOnData } from "./inspect-data.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine-inspect-data-"));
afterAll(() => rmSync(root, { recursive: true }));
const fixtures = join(import.meta.dirname, "../../test/layouts");

/** A folder as the hub has it: the fixture's weights with its config.json. */
function weightsOf(name: string, more: Record<string, unknown> = {}): string {
  const folder = mkdtempSync(join(root, `${name}-`));
  const { tensors, metadata } = loadTensors(join(fixtures, `${name}.safetensors`));
  const path = join(folder, "model.safetensors");
  const own = [...tensors].filter(([key]) => key.startsWith("model/"));
  saveTensors(path, new Map(own.map(([key, value]) => [key.slice("model/".length), value])));
  for (const value of tensors.values()) value.dispose();
  writeFileSync(join(folder, "config.json"), metadata.get("config")!);
  for (const [file, value] of Object.entries(more)) writeFileSync(join(folder, file), JSON.stringify(value));
  return path;
}

const photos = join(root, "photos");
mkdirSync(photos);
for (const name of ["a.png", "b.png"]) {
  const data = Uint8Array.from({ length: 20 * 16 * 3 }, (_, i) => (i * i * (name === "a.png" ? 7 : 3)) % 256);
  await sharp(data, { raw: { width: 20, height: 16, channels: 3 } })
    .png()
    .toFile(join(photos, name));
}

test("images: rates, non-zeros, spectra and attention of each layer, by the folder's preprocessing", async () => {
  const path = weightsOf("hf-dinov2-registers", {
    "preprocessor_config.json": {
      ...{
        do_center_crop: true,
        crop_size: { height: 12, width: 12 },
        size: { shortest_edge: 14 },
        resample: 3,
      },
      ...{ image_mean: [0.5, 0.5, 0.5], image_std: [0.5, 0.5, 0.5] },
    },
  });
  const said: string[] = [];
  const output = join(root, "report");
  const say = (line: string) => said.push(line);
  const { report, figures } = await inspectOnData(path, photos, { samples: 5, output, say });
  expect(readReport(join(output, "report.json"))).toEqual(report);
  const { layers = [], attention = [], rows } = report;
  expect(
    layers[0]!.after.map(({ rate, nonZero, spectrum }) => [rate!.mean! > 0, nonZero!.mean, spectrum.length]),
  ).toEqual([
    [true, 1, 13],
    [true, 1, 13],
  ]);
  expect(
    attention.map(({ rows, columns, layers }) => [rows, columns, layers.length, layers[0]!.length]),
  ).toEqual([
    [3, 3, 2, 2],
    [3, 3, 2, 2],
  ]);
  expect(rows.map((row) => row.layer)).toEqual([1, 2]);
  for (const row of rows) expect(row["attention: entropy / log n"]).toBeGreaterThan(0);
  expect(figures.some((figure) => figure.endsWith("attention.svg"))).toBe(true);
  expect(said.join("\n")).toMatch(/names are those of DINOv2 of Hugging Face, settings those of config.json/);
  expect(said.join("\n")).toMatch(
    /the shorter side brought to 14, cubic, mean 0.5 0.5 0.5, .*by preprocessor_config.json/,
  );
});

test("without anything beside the weights it says what is assumed", async () => {
  const path = weightsOf("hf-vit");
  rmSync(join(path, "..", "config.json"));
  const said: string[] = [];
  const options = { samples: 1, say: (line: string) => said.push(line) };
  await expect(inspectOnData(path, photos, options)).rejects.toThrow("give --heads, of 16 in all");
  const { figures } = await inspectOnData(path, photos, { ...options, heads: 2 });
  expect(figures).toEqual([]);
  expect(readdirSync(join(path, ".."))).toEqual(["model.safetensors"]);
  const all = said.join("\n");
  expect(all).toContain("settings the usual ones, for there is no config.json");
  expect(all).toContain("pixels normalised by ImageNet's mean and deviation");
  expect(all).toContain("assumed, for nothing beside the weights says");
  expect(all).toContain("the first 1 of 2 images, by --samples");
});

const LETTERS = [..."abcdefgh"];
const characters = {
  model: { vocab: Object.fromEntries(LETTERS.map((letter, i) => [letter, i])), merges: [] },
};
const pieces = {
  normalizer: { type: "BertNormalizer" },
  pre_tokenizer: { type: "BertPreTokenizer" },
  model: {
    ...{ type: "WordPiece", unk_token: "[UNK]", continuing_subword_prefix: "##" },
    vocab: {
      "[UNK]": 0,
      "[CLS]": 1,
      "[SEP]": 2,
      a: 3,
      b: 4,
      "##a": 5,
      "##b": 6,
      c: 7,
      d: 8,
      "##c": 9,
      "##d": 10,
    },
  },
};
const text = join(root, "text.txt");
writeFileSync(text, "abcd".repeat(9));

test.each([
  ["hf-gpt2", characters, 36, 4],
  ["hf-bert", pieces, 36, 6],
])(
  "%s on a text: blocks of its tokens, measured as a sequence each",
  async (name, tokenizer, tokens, blocks) => {
    const path = weightsOf(name, { "tokenizer.json": tokenizer });
    const said: string[] = [];
    const { report } = await inspectOnData(path, text, { samples: 9, say: (line) => said.push(line) });
    expect(said.at(-1)).toContain(`${tokens} tokens, ${blocks} blocks of 8`);
    expect(report.samples).toBe(blocks);
    expect(report.layers![0]!.after.map(({ rate, spectrum }) => [rate!.mean! > 0, spectrum.length])).toEqual([
      [true, 8],
      [true, 8],
    ]);
    expect(report.rows).toHaveLength(2);
  },
);

test("a text needs the model's tokenizer, and enough of it", async () => {
  const path = weightsOf("hf-gpt2");
  await expect(inspectOnData(path, text, { samples: 1 })).rejects.toThrow("tokenizer.json: not there");
  const whole = weightsOf("hf-gpt2", { "tokenizer.json": characters });
  const short = join(root, "short.txt");
  writeFileSync(short, "abc");
  await expect(inspectOnData(whole, short, { samples: 1 })).rejects.toThrow(
    "has 3 tokens, expected 8 or more",
  );
  await expect(inspectOnData(whole, join(root, "none"), { samples: 1 })).rejects.toThrow("nothing there");
});
