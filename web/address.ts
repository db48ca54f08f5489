/** @file What the page shows, as the part of its address behind #: links and the back button keep it. */

import { signal } from "@preact/signals";

export interface View {
  readonly page: "see" | "head";
  /** Layer and head, from 1. */
  readonly l: number;
  readonly k: number;
  /** Patch, row by row from 1; 0 is the class token, or the first token. */
  readonly patch: number;
  /** Picture of the test set, from 1; 0: what was drawn or dropped. */
  readonly sample: number;
  /** Heads that are removed: `2.5` is head 5 of layer 2. */
  readonly off: readonly string[];
  /** η and λ; as trained where they are not there. */
  readonly eta: number | undefined;
  readonly lambda: number | undefined;
  /** Attention on one scale for all heads, or each on its own. */
  readonly scale: "all" | "own";
  /** What the pictures of tokens show. */
  readonly show: "length" | "cosine";
  readonly table: boolean;
  readonly theme: "system" | "light" | "dark";
}

const START: View = {
  ...{ page: "see", l: 1, k: 1, patch: 0, sample: 1, off: [], eta: undefined, lambda: undefined },
  ...{ scale: "all", show: "length", table: false, theme: "system" },
};

/** A view from `#/head?l=3&k=5`; what is no number or no choice is as at the start. */
export function parse(hash: string): View {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const given = new URLSearchParams(query);
  const whole = (name: string, least: number, usual: number): number => {
    const value = Number(given.get(name) ?? usual);
    return Number.isInteger(value) && value >= least && value < 1e6 ? value : usual;
  };
  const real = (name: string): number | undefined => {
    const value = given.has(name) ? Number(given.get(name)) : Number.NaN;
    return Number.isFinite(value) && value >= 0 ? value : undefined;
  };
  const theme = given.get("theme");
  return {
    page: path === "head" ? "head" : "see",
    ...{ l: whole("l", 1, START.l), k: whole("k", 1, START.k), patch: whole("patch", 0, START.patch) },
    sample: whole("sample", 0, START.sample),
    off: (given.get("off") ?? "").split(",").filter((each) => /^\d{1,3}\.\d{1,3}$/.test(each)),
    ...{ eta: real("eta"), lambda: real("lambda") },
    scale: given.get("scale") === "own" ? "own" : "all",
    show: given.get("show") === "cosine" ? "cosine" : "length",
    table: given.get("table") === "1",
    theme: theme === "light" || theme === "dark" ? theme : "system",
  };
}

/** The address of a view; what is as at the start is left out. */
export function addressOf(view: View): string {
  const query = new URLSearchParams();
  const { page, off, table, ...rest } = view;
  if (page === "see") query.set("l", String(view.l));
  for (const [name, value] of Object.entries(rest))
    if (value !== START[name as keyof View] && value !== undefined) query.set(name, String(value));
  if (page === "head") for (const name of ["l", "k"] as const) query.set(name, String(view[name]));
  if (off.length > 0) query.set("off", off.join(","));
  if (table) query.set("table", "1");
  return `#/${page}?${query}`;
}

export const view = signal<View>(parse(location.hash));

/** Browsers refuse addresses that change some hundred times in a minute, as under a moving mouse. */
const REST_MS = 250;
let rest: ReturnType<typeof setTimeout> | undefined;

addEventListener("hashchange", () => {
  clearTimeout(rest);
  view.value = parse(location.hash);
});

const write = (): void => history.replaceState(null, "", addressOf(view.peek()));

/** Shows something else. The back button takes back another page, layer or head; the address follows other changes soon. */
export function go(change: Partial<View>): void {
  const now = view.peek();
  const next = { ...now, ...change };
  clearTimeout(rest);
  if (next.page === now.page && next.l === now.l && next.k === now.k) {
    view.value = next;
    rest = setTimeout(write, REST_MS);
    return;
  }
  write();
  history.pushState(null, "", addressOf(next));
  view.value = next;
}
