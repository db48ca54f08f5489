/** @file A report of `vitrine verify` that was cut or written by hand is refused with file and field, or is drawn as it is. */

import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { damages, WHOLES } from "../../../test/damages.ts";
import { DataError } from "../../base/errors.ts";
import { root } from "../../tensor/libtorch.ts";
import { claimFigure } from "./figure.ts";
import { theoryPage } from "./page.ts";
import { readVerification, type VerifiedClaim } from "./report.ts";

const folder = mkdtempSync(join(tmpdir(), "vitrine-damaged-"));
const file = join(folder, "report.json");
afterAll(() => rmSync(folder, { recursive: true }));

/** A claim with a panel of each kind, cut to a few numbers. */
function smallest() {
  const whole = readVerification(join(root, "docs", "theory", "report.json"));
  const panels = whole.claims.flatMap(({ plot }) => plot.panels);
  const kinds = (["curves", "bars", "map"] as const).map((kind) =>
    panels.find((panel) => panel.kind === kind),
  );
  const shown = kinds
    .filter((panel) => panel !== undefined)
    .map((panel) => {
      if (panel.kind !== "curves") return panel;
      const [curve] = panel.curves;
      return { ...panel, curves: [{ ...curve!, x: curve!.x.slice(0, 2), y: curve!.y.slice(0, 2) }] };
    });
  const claim: VerifiedClaim = { ...whole.claims[0]!, plot: { subtitle: "", panels: shown } };
  return { ...whole, claims: [claim] };
}

/** Whether it was refused; a report that is taken can be shown. */
function refused(text: string, drawn = true): boolean {
  writeFileSync(file, text);
  try {
    const report = readVerification(file);
    if (!drawn) return false;
    theoryPage(report, "figures");
    for (const claim of report.claims) claimFigure(claim);
    return false;
  } catch (error) {
    expect(error, text.slice(0, 2000)).toBeInstanceOf(DataError);
    expect((error as DataError).path).toBe(file);
    return true;
  }
}

test("every value of the tree once left out and once replaced; texts that are none", () => {
  const small = smallest();
  expect(refused(JSON.stringify(small))).toBe(false);
  let [all, count] = [0, 0]; // drawing is slow: of those that are taken, one in ten is drawn
  for (const text of damages(small)) if (refused(text, all++ % 10 === 0)) count++;
  expect(count).toBeGreaterThan(500);
  for (const text of WHOLES) expect(refused(text), text).toBe(true);
  expect(refused('{"kind":"inspection","version":2}')).toBe(true);
});
