/** @file The field's letters and numbers, as they are set. */

import type { ComponentChildren } from "preact";

/** R^c */
export const Rc = () => (
  <span class="math">
    <i>R</i>
    <sup>c</sup>
  </span>
);

/** Z^ℓ, or any letter with something raised. */
export const Raised = ({ letter, children }: { letter: string; children: ComponentChildren }) => (
  <span class="math">
    <i>{letter}</i>
    <sup>{children}</sup>
  </span>
);

export const percent = (share: number, digits = 1): string => `${(100 * share).toFixed(digits)} %`;
/** With its sign, a true minus. */
export const signed = (x: number, digits = 2): string => `${x < 0 ? "−" : "+"}${Math.abs(x).toFixed(digits)}`;
/** `row 3, column 4` of a patch from 0. */
export const placeOf = (patch: number, columns: number): string =>
  `row ${Math.floor(patch / columns) + 1}, column ${(patch % columns) + 1}`;
