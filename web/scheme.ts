/** @file Whether the page is dark: by the reader's choice, else by the system. */

import { computed, signal } from "@preact/signals";
import { view } from "./address.ts";

const query = matchMedia("(prefers-color-scheme: dark)");
const system = signal(query.matches);
query.addEventListener("change", ({ matches }) => {
  system.value = matches;
});

export const isDark = computed(() => {
  const { theme } = view.value;
  return theme === "system" ? system.value : theme === "dark";
});
