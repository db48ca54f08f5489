/** @file What an address says besides its page, one line each: how it is read, what it is at the start, who uses it. */

import type { PageName } from "./address.ts";

interface Field<T> {
  /** Nothing where the text is no value. */
  read(text: string): T | undefined;
  usual: T;
  pages: "all" | readonly PageName[];
  /** Pages whose addresses have it at its usual value too. */
  always?: readonly PageName[];
}

const whole = (least: number) => (text: string) => {
  const value = Number(text);
  return Number.isInteger(value) && value >= least && value < 1e9 ? value : undefined;
};
const upTo = (most: number) => (text: string) => {
  const value = whole(0)(text);
  return value !== undefined && value <= most ? value : undefined;
};
const real = (text: string) => {
  const value = Number(text);
  return text !== "" && Number.isFinite(value) && value >= 0 ? value : undefined;
};
const oneOf =
  <T extends string>(...words: readonly T[]) =>
  (text: string) =>
    words.find((word) => word === text);
const list = (text: string) => (text === "" ? [] : text.split(","));
const heads = (text: string) => list(text).filter((each) => /^\d{1,3}\.\d{1,3}$/.test(each));
const flag = (text: string) => text === "1";
const words = (text: string) => text.slice(0, 200);

const field = <T>(
  read: (text: string) => T | undefined,
  usual: T,
  pages: Field<T>["pages"],
  always: Field<T>["always"] = [],
): Field<T> => ({ read, usual, pages, always });

export const ESTIMATORS = ["authors", "paper", "unit", "taken"] as const;
export type Estimator = (typeof ESTIMATORS)[number];

/** Pages on which a picture goes through the network. */
const PASSES = ["see", "head", "cmp"] as const;

export const FIELDS = {
  /** Layer and head, from 1. */
  l: field(
    whole(1),
    1,
    ["see", "head", "spaces", "layers", "text", "construct", "segments", "cmp"],
    ["see", "head"],
  ),
  k: field(whole(1), 1, ["see", "head", "spaces", "text"], ["head"]),
  /** Patch, row by row from 1; 0 is the class token, or the last token of a text. */
  patch: field(whole(0), 0, [...PASSES, "text"]),
  /** Picture of the test set, from 1; 0: what was drawn or dropped. */
  sample: field(whole(0), 1, [...PASSES, "mask", "traverse", "segments"]),
  /** Heads that are removed: `2.5` is head 5 of layer 2. */
  off: field<readonly string[]>(heads, [], PASSES),
  /** What runs the network; the page chooses where it says nothing. */
  engine: field<"auto" | "page" | "worker" | "onnxruntime" | "libtorch">(
    oneOf("page", "worker", "onnxruntime", "libtorch"),
    "auto",
    PASSES,
  ),
  /** η and λ; as trained where they are not there. */
  eta: field<number | undefined>(real, undefined, PASSES),
  lambda: field<number | undefined>(real, undefined, PASSES),
  /** Attention on one scale for all heads, or each on its own. */
  scale: field<"all" | "own">(oneOf("all", "own"), "all", [...PASSES, "text"]),
  /** What the pictures of tokens show. */
  show: field<"length" | "cosine">(oneOf("length", "cosine"), "length", PASSES),
  /** Checkpoint that is looked at, by its name; the best without one. */
  checkpoint: field(words, "", [
    ...PASSES,
    "spaces",
    "mask",
    "traverse",
    "memberships",
    "construct",
    "text",
    "segments",
  ]),
  /** What is read by a language model. */
  say: field(words, "", ["text"]),
  /** Patches that are removed, four in a digit of base 16; as training removes them where it is empty. */
  removed: field((text) => (/^[0-9a-f]{0,400}$/.test(text) ? text : undefined), "", ["mask"]),
  /** What a closed loop shows: a class and an image of it, or two images. */
  kind: field<"transcribe" | "traverse" | "interpolate">(
    oneOf("transcribe", "traverse", "interpolate"),
    "transcribe",
    ["traverse"],
  ),
  of: field(whole(0), 0, ["traverse"]),
  from: field(whole(1), 1, ["traverse"]),
  to: field(whole(1), 2, ["traverse"]),
  reach: field(real, 1, ["traverse"]),
  clusters: field<number | undefined>(whole(1), undefined, ["memberships"]),
  /** How patches become masks, and what of them is kept. */
  by: field<"attention" | "tokencut" | "maskcut">(oneOf("attention", "tokencut", "maskcut"), "attention", [
    "segments",
  ]),
  share: field(real, 0.6, ["segments"]),
  tau: field<number | undefined>(real, undefined, ["segments"]),
  /** Layer whose ISTA step is written out, from 1. */
  sum: field(whole(0), 0, ["see"]),
  /** Words that runs must have, and the runs that are ticked. */
  q: field(words, "", ["runs"]),
  tick: field<readonly string[]>(list, [], ["runs"]),
  /** The two runs that are compared. */
  a: field(words, "", ["cmp"]),
  b: field(words, "", ["cmp"]),
  /** Training step that is looked at; the last where it is not there. */
  at: field<number | undefined>(whole(0), undefined, ["layers", "cmp"]),
  /** Which definition of the coding rate. */
  rate: field<Estimator>(oneOf(...ESTIMATORS), "authors", ["layers"]),
  /** Image whose attention is followed over training, from 1. */
  image: field(whole(1), 1, ["layers"]),
  /** Weight of what came before in a smoothed curve, in per cent. */
  smooth: field(upTo(99), 60, ["train", "cmp", "sweeps"]),
  log: field(flag, false, ["train", "cmp", "sweeps"]),
  /** The run whose layers stand beside the claims. */
  with: field(words, "", ["theory"]),
  /** Steps between which curves are shown; the whole run where they are not there. */
  first: field<number | undefined>(whole(0), undefined, ["train", "cmp", "sweeps"]),
  last: field<number | undefined>(whole(0), undefined, ["train", "cmp", "sweeps"]),
  /** What a running run writes is counted, but not drawn. */
  hold: field(flag, false, ["train", "layers"]),
  table: field(flag, false, "all"),
  theme: field<"system" | "light" | "dark">(oneOf("light", "dark"), "system", "all"),
};

export type Fields = { readonly [Name in keyof typeof FIELDS]: (typeof FIELDS)[Name]["usual"] };

export const START = Object.fromEntries(
  Object.entries(FIELDS).map(([name, { usual }]) => [name, usual]),
) as unknown as Fields;
