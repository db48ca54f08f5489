/** @file Keys of the page. */

import { go, view } from "./address.ts";
import type { Session } from "./session.ts";

const THEMES = ["system", "light", "dark"] as const;

export function onKey(event: KeyboardEvent, session: Session, help: () => void): void {
  const { target } = event;
  const isTyping = target instanceof HTMLInputElement || document.querySelector("dialog[open]") !== null;
  if (isTyping || event.ctrlKey || event.metaKey || event.altKey) return;
  const { l, k, page, table, theme, off } = view.peek();
  const move = (now: number, by: number, count: number) => Math.max(1, Math.min(count, now + by));
  const layers = session.layers.length;
  const actions: Record<string, () => void> = {
    ArrowLeft: () => go({ l: move(l, -1, layers) }),
    ArrowRight: () => go({ l: move(l, 1, layers) }),
    ArrowUp: () => go({ k: move(k, -1, session.heads) }),
    ArrowDown: () => go({ k: move(k, 1, session.heads) }),
    t: () => go({ table: !table }),
    d: () => go({ theme: THEMES[(THEMES.indexOf(theme) + 1) % THEMES.length]! }),
    x: () => {
      const name = `${l}.${k}`;
      go({ off: off.includes(name) ? off.filter((each) => each !== name) : [...off, name] });
    },
    "?": help,
  };
  // the arrows that scroll stay the page's where there is no head to choose
  const isScroll = page === "see" && (event.key === "ArrowUp" || event.key === "ArrowDown");
  if (target === document.body) actions.Enter = () => go({ page: page === "see" ? "head" : "see" });
  const action = isScroll ? undefined : actions[event.key];
  if (action === undefined) return;
  event.preventDefault();
  action();
  const motion = matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  if (page === "see" && event.key.startsWith("Arrow"))
    document.getElementById(`layer-${view.peek().l}`)?.scrollIntoView({ block: "nearest", behavior: motion });
}
