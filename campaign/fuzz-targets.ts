/** @file What is damaged: a reader each, good inputs for it, and the pieces that its format is made of. */

import { readdirSync, readFileSync } from "node:fs";
import { gzipSync } from "node:zlib";
import { zipChunks } from "../src/base/write-zip.ts";
import { readIdxImages } from "../src/data/formats/idx.ts";
import { npyChunks, parseNpy } from "../src/data/formats/npy.ts";
import { openNpz } from "../src/data/formats/npz.ts";
import { decodeParquet } from "../src/data/formats/parquet/decode.ts";
import { tarMembers } from "../src/data/formats/tar.ts";
import { decodeImage } from "../src/data/image/decode.ts";
import { openText, parseTokenizer, tokenizerJson, trainBpe } from "../src/data/text/index.ts";
import { readCoco } from "../src/evaluate/segment/coco.ts";
import { parsePolygons } from "../src/evaluate/segment/ground-truth.ts";
import { readReport } from "../src/measure/report.ts";
import { resolveRecipe } from "../src/method/recipe.ts";
import { parseSettings } from "../src/recipe/yaml.ts";
import { saveTensors, scope, tensor } from "../src/tensor/index.ts";
import { loadTensors } from "../src/tensor/tensor-file.ts";
import { readMetrics } from "../src/train/metrics.ts";
import { graphFiles, runGraph } from "./fuzz-graphs.ts";
import { seedImages, seedOnnx, seedReport, tarOf } from "./fuzz-seeds.ts";
import { type Dice, damaged, damagedJson, damagedText } from "./mutate.ts";

/** A reader under trial. */
export interface Target {
  name: string;
  /** Its share of the time. */
  share: number;
  /** A damaged input. */
  make(dice: Dice): Uint8Array;
  /** Reads it; an error is a VitrineError. `path` holds the bytes where `onDisk`. */
  read(bytes: Uint8Array, path: string): unknown;
  /** The ending of the file that is written for `read`. */
  onDisk?: string;
}

const test = new URL("../test/", import.meta.url);
const bytesOf = (path: string): Uint8Array => new Uint8Array(readFileSync(new URL(path, test)));
const allOf = (folder: string): Uint8Array[] =>
  readdirSync(new URL(folder, test)).map((name) => bytesOf(folder + name));
const textOf = (path: string): string => readFileSync(new URL(path, test), "utf8");
const utf8 = (text: string): Uint8Array => Buffer.from(text);

const bytewise = (seeds: readonly Uint8Array[], tokens: readonly (string | number[])[] = []) => {
  const pieces = tokens.map((token) =>
    typeof token === "string" ? Buffer.from(token, "latin1") : Uint8Array.from(token),
  );
  return (dice: Dice) => damaged(seeds, pieces, dice);
};
/** Text by its words, its bytes and, where it is JSON, its values. */
const textual = (seeds: readonly string[], json: boolean) => (dice: Dice) => {
  const kind = dice.below(json ? 4 : 2);
  if (kind === 0) return damaged(seeds.map(utf8), [], dice);
  return utf8(kind === 1 ? damagedText(seeds, dice) : damagedJson(seeds, dice));
};

/** Headers as NumPy writes them, and as it does not. */
const NPY = ["'descr': ", "'<f4'", "'|O'", "'>i8'", "[('a', '<f4')]", "'fortran_order': True", "'shape': (3, 2)", "()", "9".repeat(30), "True", "\x93NUMPY\x02\x00"]; // biome-ignore format: a list
const arrays = scope(
  () =>
  [tensor([[1, 2], [3, 4], [5, 6]]), tensor(Int32Array.of(0, 1, 1)), tensor([[1, 2]]).to("float16")].map((x) => Buffer.concat(npyChunks(x))), // biome-ignore format: short
);
const npy = bytewise(arrays, NPY);

const archive = (members: Record<string, Uint8Array>): Uint8Array =>
  Buffer.concat(zipChunks(new Map(Object.entries(members).map(([name, bytes]) => [name, [bytes]]))));
const npz = bytewise([archive({ "features.npy": arrays[0]!, "ys.npy": arrays[1]! })], ["PK\x01\x02", "PK\x03\x04", "PK\x05\x06", "PK\x06\x06", "PK\x06\x07", [8, 0], [1, 0, 16, 0]]); // biome-ignore format: short

function readArchive(bytes: Uint8Array): void {
  scope(() => {
    for (const [name, member] of openNpz(bytes, "FILE")) parseNpy(member(), name);
  });
}

const idx = Buffer.concat([
  Buffer.from([0, 0, 8, 3, 0, 0, 0, 3, 0, 0, 0, 2, 0, 0, 0, 4]),
  Buffer.alloc(24, 7),
]);
const gzipped = (make: (dice: Dice) => Uint8Array) => (dice: Dice) =>
  dice.below(2) === 0 ? damaged([gzipSync(idx)], [], dice) : gzipSync(make(dice), { level: 1 });

const PICKLE = ["\x80\x02", "(", ")", ".", "}", "]", "q\x01", "h\x01", "cc10\nt\n", "ctorch._utils\n_rebuild_tensor_v2\n", "ccollections\nOrderedDict\n", "R", "t", "s", "u", "0", "2", "\x85", "\x86", "\x87", "b", "\x81", "Q", "X\x03\x00\x00\x00abc", "K\x01", "J\xff\xff\xff\x7f", "\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"]; // biome-ignore format: a list
const THRIFT = [[0], [0x15], [0x25, 0x80, 0x80, 0x80, 0x80, 0x0f], [0x1c], [0xfc], [0xff, 0xff, 0xff, 0xff, 0x0f], [0xfe, 0xff, 0xff, 0xff, 0x0f], [0x19, 0xfc], [2], [3], [4], [0x28], [0xb5, 0x2f, 0xfd], "PAR1"]; // biome-ignore format: a list

function safetensorsHeader(dice: Dice): Uint8Array {
  const header = '{"__metadata__":{"a":"b"},"w":{"dtype":"F32","shape":[2,2],"data_offsets":[0,16]},"v":{"dtype":"I64","shape":[1],"data_offsets":[16,24]}}'; // biome-ignore format: one text
  const text = Buffer.from(dice.below(4) === 0 ? header : dice.below(2) === 0 ? damagedJson([header], dice) : damagedText([header], dice)); // biome-ignore format: short
  const length = Buffer.alloc(8);
  length.writeBigUInt64LE(BigInt(text.length));
  const whole = Buffer.concat([length, text, Buffer.alloc(24, 1)]);
  return dice.below(3) === 0 ? damaged([whole], [], dice) : whole;
}

const recipesFolder = new URL("../recipes/", import.meta.url);
const recipes = readdirSync(recipesFolder).map((name) => readFileSync(new URL(name, recipesFolder), "utf8"));
const recipesJson = recipes.map((text) => JSON.stringify(parseSettings(text, "r").values));
const journal = '{"step":1,"train/loss":2.5,"lr":"NaN"}\n{"step":2,"eval/top1":10}\n{"step":3,"a":null}\n';
const coco = JSON.stringify({
  images: [{ id: 7, file_name: "a.jpg", height: 4, width: 8 }],
  annotations: [
    { image_id: 7, category_id: 3, area: 16, segmentation: [[0, 0, 4, 0, 4, 4, 0, 4]] },
    { image_id: 7, category_id: 1, area: 9, iscrowd: 1, segmentation: { size: [4, 8], counts: [16, 16] } },
    { image_id: 7, category_id: 2, area: 9, segmentation: { size: [4, 8], counts: "0P1" } },
  ],
});
const tokenizers = [tokenizerJson(trainBpe("low lower lowest new newer newest ".repeat(20), 270))];

/** A safetensors file that the engine wrote, at a path. */
export function writeSeed(path: string): void {
  scope(() => saveTensors(path, new Map([["w", tensor([[1, 2], [3, 4]])]]))); // biome-ignore format: short
}

const freed = (path: string): void => scope(() => void loadTensors(path));

/** Every reader. `share` gives Parquet and what people fetch from others more. */
export async function targets(): Promise<Target[]> {
  const images = await seedImages();
  return [
    {
      name: "parquet",
      share: 8,
      make: bytewise(allOf("parquet/"), THRIFT),
      read: (bytes) =>
        decodeParquet(
          { path: "FILE", size: bytes.length, read: (at, length) => bytes.subarray(at, at + length) },
          {},
        ),
    },
    { name: "npy", share: 2, make: npy, read: (bytes) => scope(() => parseNpy(bytes, "FILE").numel) },
    { name: "npz", share: 2, make: npz, read: readArchive },
    { name: "npz members", share: 1, make: (dice) => archive({ "a.npy": npy(dice) }), read: readArchive },
    {
      name: "safetensors",
      share: 3,
      make: safetensorsHeader,
      onDisk: ".safetensors",
      read: (_, path) => freed(path),
    },
    {
      name: "pytorch",
      share: 4,
      make: bytewise(allOf("weights/"), PICKLE),
      onDisk: ".pth",
      read: (_, path) => freed(path),
    },
    {
      name: "idx",
      share: 1,
      make: bytewise([idx]),
      onDisk: "-idx3-ubyte",
      read: (_, path) => readIdxImages(path),
    },
    {
      name: "idx.gz",
      share: 2,
      make: gzipped(bytewise([idx])),
      onDisk: ".gz",
      read: (_, path) => readIdxImages(path),
    },
    {
      name: "tar",
      share: 1,
      make: bytewise([tarOf({ "a/b": utf8("hello"), c: new Uint8Array(700) })]),
      read: async (bytes) => {
        for await (const { data } of tarMembers(once(bytes), "FILE")) for await (const _ of data);
      },
    },
    {
      name: "images",
      share: 3,
      make: bytewise(images),
      onDisk: ".img",
      read: (_, path) => decodeImage(path, 8).catch((error: Error) => readable(error)),
    },
    {
      name: "recipes",
      share: 3,
      make: (dice) =>
        dice.below(2) === 0 ? textual(recipes, false)(dice) : textual(recipesJson, true)(dice),
      read: (bytes) => resolveRecipe([{ origin: "FILE", ...parseSettings(decode(bytes), "FILE") }]),
    },
    {
      name: "journals",
      share: 1,
      make: textual([journal], false),
      onDisk: ".jsonl",
      read: (_, path) => readMetrics(path),
    },
    {
      name: "reports",
      share: 1,
      make: textual([await seedReport()], true),
      onDisk: ".json",
      read: (_, path) => readReport(path),
    },
    {
      name: "coco",
      share: 2,
      make: textual([coco], true),
      onDisk: ".json",
      read: (_, path) => readCoco(path)("a.jpg", [6, 9]),
    },
    {
      name: "polygons",
      share: 1,
      make: textual(["0 0.1 0.1 0.9 0.1 0.5 0.9\n1 0 0 1 0 1 1 0 1\n"], false),
      read: (bytes) => parsePolygons(decode(bytes), [20, 30], "FILE"),
    },
    {
      name: "tokenizers",
      share: 1,
      make: textual(tokenizers, true),
      read: (bytes) => parseTokenizer(decode(bytes), "FILE").encode("the lowest newer"),
    },
    {
      name: "texts",
      share: 1,
      make: (dice) => gzipSync(damaged([utf8(textOf("../README.md"))], [], dice), { level: 1 }),
      onDisk: ".txt.gz",
      read: (_, path) => openText(`text:${path}`),
    },
    { name: "onnx", share: 1, make: bytewise([seedOnnx()]), onDisk: ".onnx", read: readEncoder },
    { name: "graphs", share: 3, make: graphFiles(), read: runGraph },
  ];
}

async function* once(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes;
}

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);

/** The decoder's reasons become errors of ours in the thread that asked for the image. */
function readable(error: Error): void {
  if (error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError)
    throw error;
}

async function readEncoder(_: Uint8Array, path: string): Promise<void> {
  const { openEncoder } = await import("../src/data/features/encoder.ts");
  const encoder = await openEncoder({ path });
  try {
    using images = scope(() =>
      tensor(new Uint8Array(2 * 3 * encoder.size ** 2), { shape: [2, 3, encoder.size, encoder.size] }),
    );
    (await encoder.encode(images)).dispose();
  } finally {
    await encoder.close();
  }
}
