/** @file Keys of the page: what they change, as far as the page that is shown says (bounds.ts). */

import { go, parse, view } from "./address.ts";
import { bounds } from "./bounds.ts";
import { host } from "./host.ts";
import { neighbour } from "./runs.ts";

const THEMES = ["system", "light", "dark"] as const;
/** Pages whose layers stand below one another: up and down scroll. */
const SCROLLS = ["see"];

const clamped = (now: number, by: number, count: number) => Math.max(1, Math.min(count, now + by));

function actionsHere(help: () => void): Record<string, (() => void) | undefined> {
  const { l, k, page, run, table, theme, off, at } = view.peek();
  const { layers, heads, times } = bounds.peek();
  const time = (by: number) => {
    const now =
      at === undefined
        ? times.length - 1
        : Math.max(
            0,
            times.findLastIndex((step) => step <= at),
          );
    const next = Math.max(0, Math.min(times.length - 1, now + by));
    go({ at: next === times.length - 1 ? undefined : times[next] });
  };
  const other = (by: number) => {
    const id = neighbour(run, by);
    if (id !== undefined) go({ run: id, at: undefined, off: [], eta: undefined, lambda: undefined });
  };
  const isStudio = host !== "run";
  return {
    ...(layers > 0 && {
      ArrowLeft: () => go({ l: clamped(l, -1, layers) }),
      ArrowRight: () => go({ l: clamped(l, 1, layers) }),
    }),
    ...(heads > 0 &&
      !SCROLLS.includes(page) && {
        ArrowUp: () => go({ k: clamped(k, -1, heads) }),
        ArrowDown: () => go({ k: clamped(k, 1, heads) }),
      }),
    ...(times.length > 0 && { "[": () => time(-1), "]": () => time(1) }),
    ...(isStudio && run !== "" && { j: () => other(1), k: () => other(-1) }),
    ...(isStudio && { ".": () => go({ ...parse(""), theme, page: "latest", run: "" }) }),
    ...(heads > 0 && {
      x: () => {
        const name = `${l}.${k}`;
        go({ off: off.includes(name) ? off.filter((each) => each !== name) : [...off, name] });
      },
    }),
    ...((page === "see" || page === "head") && {
      Enter: () => go({ page: page === "see" ? "head" : "see" }),
    }),
    t: () => go({ table: !table }),
    d: () => go({ theme: THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]! }),
    "?": help,
  };
}

const takesKeys = (target: EventTarget | null): boolean =>
  target instanceof HTMLInputElement ||
  target instanceof HTMLTextAreaElement ||
  target instanceof HTMLSelectElement;

export function onKey(event: KeyboardEvent, help: () => void): void {
  const { target, key } = event;
  const isBusy = takesKeys(target) || document.querySelector("dialog[open]") !== null;
  if (event.defaultPrevented || isBusy || event.ctrlKey || event.metaKey || event.altKey) return;
  if (key === "Enter" && target !== document.body) return;
  const action = actionsHere(help)[key];
  if (action === undefined) return;
  event.preventDefault();
  action();
  if (view.peek().page !== "see" || !key.startsWith("Arrow")) return;
  const motion = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  document.getElementById(`layer-${view.peek().l}`)?.scrollIntoView({ block: "nearest", behavior: motion });
}
