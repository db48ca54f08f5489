/** @file Figures: well-formed whatever the texts, nothing clipped or overlapping, equal input gives equal output. */

import fc from "fast-check";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { barChart } from "./bar-chart.ts";
import { type Chart, csv, figure, heatMap, histogram, imageGrid, lineChart, withTheme } from "./index.ts";
import { snap } from "./scale.ts";
import { BOLD, textWidth } from "./svg.ts";

fc.configureGlobal({ seed: 1 });

const layers = Array.from({ length: 12 }, (_, i) => i + 1);
const wave = (length: number) => Array.from({ length }, (_, i) => Math.sin(i * 1.7) * (1 + i / length));

/** One chart of each kind, with texts of ordinary length. */
const charts: Record<string, Chart> = {
  line: lineChart({
    title: "Compression: R^c after MSSA",
    x: { label: "layer" },
    y: { label: "R^c (nats)" },
    series: [
      { name: "before training", y: layers.map((l) => 600 - l), stroke: "dashed", tone: "grey" },
      {
        name: "after training",
        y: layers.map((l) => 600 - 30 * l),
        low: layers.map((l) => 560 - 30 * l),
        high: layers.map((l) => 640 - 30 * l),
      },
    ],
  }),
  log: lineChart({
    x: { label: "step", scale: "log" },
    y: { label: "loss (nats)", scale: "log" },
    series: [{ name: "train", x: layers.map((l) => 10 ** (l / 2)), y: layers.map((l) => 10 ** (-l / 2)) }],
  }),
  bar: barChart({
    title: "Accuracy",
    y: { label: "top-1 accuracy", format: "percent" },
    categories: ["aeroplane", "automobile", "bird", "cat", "deer", "dog", "frog", "horse", "ship", "truck"],
    series: [
      { name: "scratch", values: layers.slice(0, 10).map((l) => l / 12), error: Array(10).fill(0.02) },
      { name: "tuned", values: layers.slice(0, 10).map((l) => 1 - l / 12) },
    ],
    showValues: true,
  }),
  heat: heatMap({
    values: wave(900),
    rows: 30,
    columns: 30,
    label: "cosine",
    x: { label: "image" },
    y: { label: "image" },
    colours: "diverging",
  }),
  confusion: heatMap({
    values: wave(16),
    rows: 4,
    columns: 4,
    annotate: true,
    y: { names: ["a", "bb", "ccc", "dddd"] },
  }),
  histogram: histogram({
    x: { label: "value" },
    series: [
      { name: "before", values: wave(500) },
      { name: "after", values: wave(300) },
    ],
  }),
  grid: imageGrid({
    columns: 4,
    rowNames: ["input", "decoded"],
    images: layers
      .slice(0, 8)
      .map((k) => ({ pixels: { values: wave(64), width: 8, height: 8 }, caption: `0.${k}` })),
  }),
};

interface Words {
  text: string;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The boxes of all texts that are not turned, by the same measure as the layout. */
function boxes(svg: string): Words[] {
  return [...svg.matchAll(/<text ([^>]*)>(.*?)<\/text>/g)].flatMap(([, attributes, inner]) => {
    const get = (name: string) => new RegExp(` ${name}="([^"]*)"`).exec(` ${attributes}`)?.[1];
    if (get("transform")) return [];
    const [x, y, size] = [Number(get("x")), Number(get("y")), Number(get("font-size"))];
    const text = inner!.replace(/<[^>]*>/g, "");
    const width = textWidth(text, size) * (get("font-weight") ? BOLD : 1);
    const shift = { middle: 0.5, end: 1 }[get("text-anchor") ?? ""] ?? 0;
    return [
      {
        text,
        left: x - shift * width,
        right: x + (1 - shift) * width,
        top: y - 0.75 * size,
        bottom: y + 0.2 * size,
      },
    ];
  });
}

describe.each(Object.keys(charts))("%s", (kind) => {
  const chart = charts[kind]!;

  it.each([360, 640, 1000])("no text is clipped or overlaps another at %d px", (width) => {
    const { svg } = figure(
      { title: "A title that is rather long for a narrow figure", subtitle: "and what it means", width },
      chart,
    );
    const height = Number(/height="(\d+)"/.exec(svg)![1]);
    const words = boxes(svg);
    expect(words.length).toBeGreaterThan(3);
    for (const word of words) {
      expect(word.left, word.text).toBeGreaterThanOrEqual(0);
      expect(word.right, word.text).toBeLessThanOrEqual(width + 1);
      expect(word.bottom, word.text).toBeLessThanOrEqual(height);
    }
    for (const [i, a] of words.entries()) {
      for (const b of words.slice(i + 1)) {
        const apart = a.right <= b.left || b.right <= a.left || a.bottom <= b.top || b.bottom <= a.top;
        expect(apart, `"${a.text}" and "${b.text}"`).toBe(true);
      }
    }
  });

  it("holds no number that is not one, and is the same again", () => {
    const { svg, csv: numbers } = figure({ title: "t" }, chart);
    expect(svg.replace(/<(text|title|desc|style)[\s>].*?<\/\1>/g, "")).not.toMatch(
      /NaN|Infinity|undefined|null/,
    );
    expect(figure({ title: "t" }, chart)).toEqual({ svg, csv: numbers });
    expect(numbers.split("\n").length).toBe(chart.table.rows.length + 2);
  });
});

describe("a figure", () => {
  const pair = [charts.line!, charts.bar!];

  it("says what it is to those who cannot see it", () => {
    const { svg } = figure({ title: "Layers & R^{c}" }, pair);
    expect(svg).toContain('role="img"');
    expect(svg).toContain("<title>Layers &amp; R^c</title>");
    expect(svg).toContain("Line chart of before training, after training over layer.");
  });

  it("has one legend for all its charts", () => {
    const { svg } = figure({}, [charts.line!, charts.line!]);
    expect(svg.match(/>before training</g)).toHaveLength(1);
  });

  it("puts the numbers of several charts into one table", () => {
    const lines = figure({}, pair).csv.split("\n");
    expect(lines[0]).toBe("panel,series,x,y,low,high,category,value,error");
    expect(lines[1]).toBe("Compression: R^c after MSSA,before training,1,599,,,,,");
  });

  it("can be read without custom properties, in either colour scheme", async () => {
    const { svg } = figure({ title: "t" }, charts.line!);
    for (const [theme, paper] of [
      ["light", 255],
      ["dark", 21],
    ] as const) {
      const themed = withTheme(svg, theme);
      expect(themed).not.toContain("var(");
      expect(themed).not.toContain("@media");
      const pixels = await sharp(Buffer.from(themed)).raw().toBuffer();
      expect(pixels[0]).toBe(paper);
    }
    expect((await sharp(Buffer.from(svg)).raw().toBuffer())[0]).toBe(255);
  });

  it("is well-formed whatever its texts are", async () => {
    const text = fc.oneof(
      fc.string({ unit: "binary" }),
      fc.constantFrom("</text><script>alert(1)</script>", "]]>", "a\u0000b", "\ud800", "R^{", "^", "&lt;"),
    );
    await fc.assert(
      fc.asyncProperty(text, text, text, async (title, name, label) => {
        const chart = lineChart({
          title: name,
          x: { label },
          y: { label: title },
          series: [{ name, y: [1, 2] }],
        });
        const { svg } = figure({ title, subtitle: label }, [
          chart,
          heatMap({ values: [1], rows: 1, columns: 1, x: { names: [name] } }),
        ]);
        expect(svg).not.toContain("<script");
        await sharp(Buffer.from(svg)).metadata();
      }),
      { numRuns: 60, seed: 1 },
    );
  });
});

describe("charts", () => {
  it("leave gaps where there is no number", () => {
    const draw = (y: (number | null)[]) =>
      figure({}, lineChart({ series: [{ name: "", y, marker: "none" }] })).svg;
    const moves = (svg: string) =>
      /<path d="(M[^"]*)" class="v-s0" fill="none"/.exec(svg)![1]!.match(/M/g)!.length;
    expect(moves(draw([1, 2, 3, 4, 5]))).toBe(1);
    expect(moves(draw([1, 2, null, 4, 5]))).toBe(2);
    expect(moves(draw([1, Number.NaN, 3, 4, Number.POSITIVE_INFINITY]))).toBe(2);
  });

  it("count every value of a histogram once", () => {
    fc.assert(
      fc.property(
        fc.array(fc.double({ min: -50, max: 50, noNaN: true }).map(snap), { minLength: 1 }),
        (values) => {
          const { rows } = histogram({ series: [{ name: "x", values: [...values, Number.NaN] }] }).table;
          expect(rows.reduce((sum, row) => sum + (row[3] as number), 0)).toBe(values.length);
          for (const [, low, high, count] of rows as [string, number, number, number][]) {
            const last = high === rows.at(-1)![2];
            expect(values.filter((v) => v >= low && (last ? v <= high : v < high)).length).toBe(count);
          }
        },
      ),
    );
  });

  it("show cells without a number as missing", () => {
    const { svg } = figure({}, heatMap({ values: [1, Number.NaN, 3, 4], rows: 2, columns: 2 }));
    expect(svg).toMatch(/<path [^>]*class="v-missing"/);
  });

  it("refuse columns that do not fit", () => {
    expect(() => lineChart({ series: [{ name: "a", x: [1], y: [1, 2] }] })).toThrow(
      /"a" has 2 values of y beside a column of 1/,
    );
    expect(() => barChart({ categories: ["a"], series: [{ name: "s", values: [1, 2] }] })).toThrow(
      /2 values for 1/,
    );
    expect(() => heatMap({ values: [1], rows: 2, columns: 2 })).toThrow(/2 × 2/);
    expect(() => imageGrid({ columns: 1, images: [{ source: "https://example.org/a.png" }] })).toThrow(
      /data URI/,
    );
    expect(() =>
      imageGrid({ columns: 1, images: [{ source: 'data:image/png;base64,AA" onload="x' }] }),
    ).toThrow(/data URI/);
  });

  it("write their numbers in full", () => {
    expect(csv(heatMap({ values: [1 / 3], rows: 1, columns: 1 }).table)).toBe(
      "row,column,value\n1,1,0.3333333333333333\n",
    );
  });
});
