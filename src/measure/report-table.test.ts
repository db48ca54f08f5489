/** @file The layer table fits 80 columns and shows both models. */

import { beforeAll, expect, test } from "vitest";
import { displayWidth } from "../base/terminal.ts";
import { sampleReport, stackOf, withoutBefore } from "./fixture.ts";
import type { Report } from "./report-schema.ts";
import { reportTable } from "./report-table.ts";

let report: Report;
beforeAll(async () => {
  report = await sampleReport("crate");
});

const plain = { unicode: false, colour: false, columns: 80 };
const rich = { ...plain, unicode: true };

test("every line fits 80 columns, and without a terminal it is plain ASCII", () => {
  const data = { ...report.data!, name: `folder:${"long/".repeat(20)}` };
  for (const terminal of [plain, rich])
    for (const line of reportTable({ ...report, data }, terminal).split("\n"))
      expect(displayWidth(line)).toBeLessThanOrEqual(80);
  expect(reportTable(report, plain)).toMatch(/^[\n -~]*$/);
});

test("each layer has its rate and its share of non-zeros, before and after", () => {
  const lines = reportTable(report, rich).split("\n");
  expect(lines[0]).toMatch(/^step-00000008 on 12 test images of synthetic; accuracy .* % → .* %$/);
  expect(lines[2]).toMatch(/R\^c of LN\(Z\)U \(nats\) +non-zeros after ISTA/);
  const { before: untrained, after } = stackOf(report);
  after.forEach((layer, l) => {
    const percent = (value: number) => `${(100 * value).toFixed(1)}%`;
    const before = untrained[l]!;
    const row = lines[5 + l]!;
    expect(row).toMatch(new RegExp(`^ +${l + 1} `));
    expect(row).toContain(String(Math.floor(before.authorsRate!.mean!)));
    expect(row).toContain(percent(before.nonZero!.mean!));
    expect(row).toContain(percent(layer.nonZero!.mean!));
    expect(row).toContain("█");
  });
});

test("a ViT shows the rate of all tokens, and a dash where untrained weights are not known", async () => {
  const vit = await sampleReport("vit", 2);
  const text = reportTable(withoutBefore(vit), plain);
  expect(text).toContain("R of all tokens (nats)");
  expect(text).toMatch(/reduction are left out: there are no\s+subspaces U\n/);
  expect(text).toMatch(/\n +1 +- +-> +\d/);
});
