/** @file What the page shows, as the part of its address behind #: links and the back button keep it. */

import { signal } from "@preact/signals";
import type { MethodPage } from "../src/studio/shapes.ts";
import { FIELDS, type Fields, START } from "./fields.ts";
import { host } from "./host.ts";

/** Pages of one run, by the last part of `#/r/ID/PAGE`; on the exported page of one run `#/PAGE`. */
export type RunPage = "train" | "layers" | "see" | "head" | "spaces" | MethodPage;
const NAMES: readonly RunPage[] = [
  ...(["train", "layers", "see", "head", "spaces"] as const),
  ...(["mask", "traverse", "memberships", "construct", "text", "segments"] as const),
];
/** Pages over all runs. */
export type StudioPage = "runs" | "latest" | "cmp" | "sweeps" | "theory";
export type PageName = StudioPage | RunPage;

export interface View extends Fields {
  readonly page: PageName;
  /** Id of the run; empty on pages over all runs, and on the exported page of one run. */
  readonly run: string;
}

const isRunPage = (name: string): name is RunPage => (NAMES as readonly string[]).includes(name);

/** The page of a path. What is no page is the first one: all runs, or what the layers of the only one do. */
function placeOf(path: string): Pick<View, "page" | "run"> {
  if (host === "run") return { page: isRunPage(path) ? path : "see", run: "" };
  const [first = "", run = "", page = ""] = path.split("/");
  if (first === "r" && run !== "") return { page: isRunPage(page) ? page : "train", run: decoded(run) };
  const isStudio = first === "latest" || first === "cmp" || first === "sweeps" || first === "theory";
  return { page: isStudio ? first : "runs", run: "" };
}

/** A damaged escape is itself. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A view from `#/r/digits-1/head?l=3&k=5`; what is no number or no choice is as at the start. */
export function parse(hash: string): View {
  const [path = "", query = ""] = hash.replace(/^#?\/?/, "").split("?");
  const given = new URLSearchParams(query);
  const fields = Object.entries(FIELDS).map(([name, { read, usual }]) => [
    name,
    given.has(name) ? (read(given.get(name)!) ?? usual) : usual,
  ]);
  return { ...placeOf(path), ...(Object.fromEntries(fields) as Fields) };
}

function pathOf({ page, run }: View): string {
  if (page === "runs") return "";
  return run === "" ? page : `r/${encodeURIComponent(run)}/${page}`;
}

/** The address of a view: what its page uses, where it is not as at the start. */
export function addressOf(view: View): string {
  const query = new URLSearchParams();
  for (const [name, { pages, always = [] }] of Object.entries(FIELDS)) {
    const value = view[name as keyof Fields];
    const isUsed = pages === "all" || pages.includes(view.page);
    const isNew = String(value ?? "") !== String(START[name as keyof Fields] ?? "");
    if (isUsed && (isNew || always.includes(view.page)))
      query.set(name, value === true ? "1" : String(value ?? ""));
  }
  const text = query.toString().replaceAll("%2C", ",");
  return `#/${pathOf(view)}${text && `?${text}`}`;
}

/** Another page, with what both show alike. */
export const addressWith = (change: Partial<View>): string => addressOf({ ...view.value, ...change });

export const view = signal<View>(parse(location.hash));

/** Browsers refuse addresses that change some hundred times in a minute, as under a moving mouse. */
const REST_MS = 250;
let rest: ReturnType<typeof setTimeout> | undefined;

addEventListener("hashchange", () => {
  clearTimeout(rest);
  rest = undefined;
  view.value = parse(location.hash);
});

function write(): void {
  rest = undefined;
  history.replaceState(null, "", addressOf(view.peek()));
}

/** What waits to be written is written before a link leads elsewhere: the back button comes back to it. */
addEventListener(
  "click",
  () => {
    if (rest === undefined) return;
    clearTimeout(rest);
    write();
  },
  true,
);

/** What the back button takes back. */
const PLACES = ["page", "run", "l", "k", "a", "b"] as const;

/** Shows something else. The back button takes back another page, layer or head; the address follows other changes soon. */
export function go(change: Partial<View>): void {
  const now = view.peek();
  const next = { ...now, ...change };
  clearTimeout(rest);
  if (PLACES.every((name) => next[name] === now[name])) {
    view.value = next;
    rest = setTimeout(write, REST_MS);
    return;
  }
  write();
  history.pushState(null, "", addressOf(next));
  view.value = next;
}

/** Takes the place of the present page: the back button does not come back to it. */
export function replace(change: Partial<View>): void {
  view.value = { ...view.peek(), ...change };
  clearTimeout(rest);
  write();
}
