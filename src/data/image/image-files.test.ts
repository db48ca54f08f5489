import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { afterAll, expect, test, vi } from "vitest";
import { byCodePoint, entries } from "../../base/file-names.ts";
import { classTitles } from "../sets/class-titles.ts";
import { ImageFolder } from "../sets/folder.ts";
import { imageFiles } from "./image-files.ts";

const root = mkdtempSync(join(tmpdir(), "vitrine images-"));
afterAll(() => rmSync(root, { recursive: true }));

function put(...paths: (string | Buffer)[]): void {
  for (const path of paths) {
    const whole =
      typeof path === "string" ? join(root, path) : Buffer.concat([Buffer.from(`${root}/`), path]);
    mkdirSync(dirname(whole.toString()), { recursive: true });
    writeFileSync(whole, "");
  }
}
const open = (name: string, split: "train" | "test" = "train") =>
  ImageFolder.open(join(root, name), { split, imageSize: 8 });

/** What goes to stderr while `body` runs. */
function said(body: () => void): string {
  const lines: string[] = [];
  const spy = vi.spyOn(process.stderr, "write").mockImplementation((text) => lines.push(String(text)) > 0);
  try {
    body();
  } finally {
    spy.mockRestore();
  }
  return lines.join("");
}

test("names are sorted by code points, as Python sorts them", () => {
  const names = ["🍎", "ａ", "b", "B", "a", "a.b", "a-b", "", "é", "\u{10ffff}", "\uffff", "\ue000", "ab"];
  const python = ["", "B", "a", "a-b", "a.b", "ab", "b", "é", "\ue000", "ａ", "\uffff", "🍎", "\u{10ffff}"];
  expect(names.sort(byCodePoint)).toEqual(python);
  put("order/train/🍎/1.png", "order/train/ａ/🍎.png", "order/train/ａ/ａ.png");
  expect(open("order").classes).toEqual(["ａ", "🍎"]);
  expect(open("order").files).toEqual(["ａ/ａ.png", "ａ/🍎.png", "🍎/1.png"]);
});

test("files are listed folder by folder, through links, with every ending in any case", () => {
  put("walk/z.BMP", "walk/a.Tiff", "walk/b/2.ppm", "walk/b/1.pgm", "walk/b-c/1.jpg", "walk/b/c/1.webp");
  put("walk/notes.txt", "walk/b/x.heic", "elsewhere/1.png");
  symlinkSync(join(root, "elsewhere"), join(root, "walk/link"));
  symlinkSync(join(root, "elsewhere/1.png"), join(root, "walk/one.png"));
  const { files, leftOut } = imageFiles(join(root, "walk"));
  expect(files).toEqual([
    "a.Tiff",
    "one.png",
    "z.BMP",
    "b/1.pgm",
    "b/2.ppm",
    "b-c/1.jpg",
    "b/c/1.webp",
    "link/1.png",
  ]);
  expect(leftOut).toEqual(["notes.txt", "b/x.heic"]);
});

test("a link that leads nowhere, back or in a circle, and a name that is not UTF-8 are refused by name", () => {
  put("broken/a/1.png", "back/a/1.png", "circle/1.png", Buffer.from("latin/caf\xe9.png", "latin1"));
  symlinkSync(join(root, "gone"), join(root, "broken/a/2.png"));
  symlinkSync(join(root, "back"), join(root, "back/a/again"));
  symlinkSync(join(root, "circle/x"), join(root, "circle/x"));
  expect(() => imageFiles(join(root, "broken"))).toThrow("a/2.png: a link that leads nowhere (ENOENT)");
  expect(() => imageFiles(join(root, "back"))).toThrow("a/again: a link back to");
  expect(() => imageFiles(join(root, "circle"))).toThrow("circle/x: a link that leads nowhere (ELOOP)");
  expect(() => imageFiles(join(root, "latin"))).toThrow("caf\\xe9.png: a name that is not UTF-8");
  expect(() => entries(join(root, "circle/1.png"))).toThrow("1.png is no folder; expected a folder");
});

test("what is left out is said in a line; a class without images is refused", () => {
  put("left/train/a/1.png", "left/train/a/x.heic", "left/train/a/y.txt", "left/train/.hidden/1.png");
  put("left/train/loose.png", "left/train/b/1.gif");
  expect(said(() => void open("left"))).toBe(
    `${join(root, "left/train")}: 4 files left out, no image of a class: .hidden, loose.png, a/x.heic and 1 more\n`,
  );
  put("hollow/train/a/1.png", "hollow/train/b/readme.txt");
  expect(() => open("hollow")).toThrow("folder: no images of class b in");
});

test("splits are found in any case; which is taken is said, and two of one name are refused", () => {
  put("case/Train/a/1.png", "case/VAL/a/1.png", "case/Test/a/1.png");
  expect(said(() => expect(open("case", "test").path).toBe(join(root, "case/VAL")))).toBe(
    `folder:${join(root, "case")}: VAL/ is the test split; Test/ left out\n`,
  );
  expect(open("case").path).toBe(join(root, "case/Train"));
  put("dev/TRAIN/a/1.png", "dev/dev/a/1.png", "twins/train/a/1.png", "twins/Train/a/1.png");
  expect(open("dev", "test").path).toBe(join(root, "dev/dev"));
  expect(() => open("twins")).toThrow("has both Train/ and train/; expected one of them");
});

test("titles are an object by folder or a list in their order; anything else is refused", () => {
  const path = join(root, "classes.json");
  const titles = (text: string) => () => {
    writeFileSync(path, text);
    return classTitles(path, ["n01", "n02"]);
  };
  expect(classTitles(join(root, "none.json"), ["n01"])).toEqual(["n01"]);
  expect(titles('{"n02": "tench", "n01": "shark", "n03": "ray"}')()).toEqual(["shark", "tench"]);
  expect(titles('\ufeff["shark", "tench"]')()).toEqual(["shark", "tench"]);
  expect(said(() => expect(titles('{"n02": "tench"}')()).toEqual(["n01", "tench"]))).toContain(
    "titles for 1 of 2 classes; the others keep their folders' names",
  );
  expect(titles('["shark"]')).toThrow("1 title in the list, expected 2, one for each class");
  expect(titles('{"0": "shark"}')).toThrow('such as "n01", to titles; it names none of the classes');
  for (const text of ["{", "3", "null", '{"n01": 3}', '[["n01", "shark"]]'])
    expect(titles(text)).toThrow("expected JSON, an object from folder name to title or a list of titles");
});
