/** @file Tables line up, fit the screen and cannot be broken by what is in them. */

import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { displayWidth } from "./terminal.ts";
import { bar, type Column, sparkline, table } from "./terminal-table.ts";

fc.configureGlobal({ seed: 1 });

interface Layer {
  layer: number;
  rate: [number, number];
  nonzero: [number, number];
}

const layers: Layer[] = [
  { layer: 1, rate: [620.25, 602], nonzero: [0.5, 0.43] },
  { layer: 2, rate: [98.5, Number.NaN], nonzero: [0.51, 0.05] },
];
const columns: Column<Layer>[] = [
  { title: "layer", kind: "number", value: (row) => row.layer },
  { title: "before", group: "R^c after MSSA", kind: "number", value: (row) => row.rate[0] },
  { title: "→", group: "R^c after MSSA", kind: "text", value: () => "→" },
  { title: "after", group: "R^c after MSSA", kind: "number", value: (row) => row.rate[1] },
  { title: "", group: "R^c after MSSA", kind: "bar", width: 8, value: (row) => row.rate[1] },
  {
    title: "before",
    group: "non-zeros after ISTA",
    kind: "number",
    format: "percent",
    value: (row) => row.nonzero[0],
  },
  {
    title: "after",
    group: "non-zeros after ISTA",
    kind: "number",
    format: "percent",
    value: (row) => row.nonzero[1],
  },
  { title: "", group: "non-zeros after ISTA", kind: "bar", width: 8, max: 1, value: (row) => row.nonzero[1] },
];

describe("table", () => {
  it("lines up numbers, bars and groups", () => {
    expect(table(layers, columns, { unicode: true, colour: false, columns: 80 })).toBe(
      [
        "       R^c after MSSA              non-zeros after ISTA",
        "layer  before  →  after            before  after",
        "─────  ──────  ─  ─────  ────────  ──────  ─────  ────────",
        "    1   620.3  →    602  ████████   50.0%  43.0%  ███▌",
        "    2    98.5  →    NaN             51.0%   5.0%  ▍",
        "",
      ].join("\n"),
    );
  });

  it("is plain ASCII where there is no terminal", () => {
    const text = table(layers, columns, { unicode: false, colour: false, columns: 80 });
    expect(text).toMatch(/^[\n -~]*$/);
    expect(text).toContain("620.3  ->    602  ########");
  });

  it("is bold and dim where there are colours, without changing a character", () => {
    const plain = table(layers, columns, { unicode: true, colour: false, columns: 80 });
    const colour = table(layers, columns, { unicode: true, colour: true, columns: 80 });
    expect(colour).toContain("\u001b[1m");
    // biome-ignore lint/suspicious/noControlCharactersInRegex: escape sequences are what is removed
    expect(colour.replace(/\u001b\[\d+m/g, "")).toBe(plain);
  });

  it("fits the screen whatever the texts are", () => {
    const text: Column<string> = { title: "name", kind: "text", value: (row) => row };
    const share: Column<string> = { title: "share", kind: "bar", value: (row) => row.length };
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: "grapheme", maxLength: 120 })),
        fc.integer({ min: 20, max: 100 }),
        (rows, width) => {
          const lines = table(rows, [text, share], { unicode: true, colour: false, columns: width }).split(
            "\n",
          );
          expect(lines).toHaveLength(rows.length + 3);
          for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
        },
      ),
      { seed: 1 },
    );
  });

  it("lets no escape sequence through", () => {
    const text = table(
      ["\u001b[31mred\u0007\nx"],
      [{ title: "\u001bt", kind: "text", value: (row) => row }],
      { unicode: true, colour: false, columns: 80 },
    );
    // biome-ignore lint/suspicious/noControlCharactersInRegex: these must not be there
    expect(text).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
  });
});

describe("bar and sparkline", () => {
  it("a bar grows with its share and never leaves its place", () => {
    expect(bar(0.5, 3, true)).toBe("█▌");
    expect(bar(0.5, 4, false)).toBe("##");
    fc.assert(
      fc.property(fc.double({ min: -2, max: 3, noNaN: true }), (share) => {
        expect(displayWidth(bar(share, 7, true))).toBeLessThanOrEqual(7);
      }),
      { seed: 1 },
    );
  });

  it("a sparkline has one character for each value", () => {
    expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe("▁▂▃▄▅▆▇█");
    expect(sparkline([1, null, 1, Number.NaN])).toBe("▄ ▄ ");
    expect(sparkline([0, 7], false)).toBe("_#");
    expect(sparkline([])).toBe("");
  });
});
