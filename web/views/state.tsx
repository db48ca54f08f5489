/** @file What a page shows before its numbers are there, and instead of them. */

import type { ComponentChildren } from "preact";

export const Problem = ({ children }: { children: ComponentChildren }) => (
  <p class="problem" role="alert">
    {children}
  </p>
);

/** Nothing is shown of what comes at once. */
export const Waiting = ({ what }: { what: string }) => (
  <p class="note waiting" role="status">
    Reading {what} …
  </p>
);

/** A page that has nothing to show: why, and what would change that. */
export const Empty = ({ title, children }: { title: string; children: ComponentChildren }) => (
  <div class="empty">
    <h3>{title}</h3>
    {children}
  </div>
);
