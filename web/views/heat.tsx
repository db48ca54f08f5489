/** @file Numbers over the grid of patches, or along a row, as coloured pixels. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { colourMaps } from "../../src/chart/index.ts";

export type Colours = keyof typeof colourMaps;

/** 256 colours of each map, as they lie in memory: red lowest. */
const tables = Object.fromEntries(
  Object.entries(colourMaps).map(([name, map]) => [
    name,
    Uint32Array.from({ length: 256 }, (_, i) => {
      const [red, green, blue] = map(i / 255);
      return ((255 << 24) | (blue << 16) | (green << 8) | red) >>> 0;
    }),
  ]),
) as Record<Colours, Uint32Array>;

export interface HeatProps {
  values: ArrayLike<number>;
  rows: number;
  columns: number;
  low: number;
  high: number;
  colours?: Colours;
  /** In words, for those who do not see it. */
  label: string;
  /** The patch that is marked, from 0. */
  chosen?: number | undefined;
  /** The row that is marked, from 0. */
  row?: number | undefined;
  /** A finger or a mouse is over a patch. */
  onPatch?: ((patch: number) => void) | undefined;
  class?: string;
}

export function Heat(props: HeatProps) {
  const { values, rows, columns, low, high, colours = "viridis", label, chosen, row, onPatch } = props;
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => {
    const context = canvas.current!.getContext("2d")!;
    const image = context.createImageData(columns, rows);
    const pixels = new Uint32Array(image.data.buffer);
    const table = tables[colours];
    const scale = high > low ? 255 / (high - low) : 0;
    for (let i = 0; i < pixels.length; i++)
      pixels[i] = table[Math.max(0, Math.min(255, Math.round((values[i]! - low) * scale)))]!;
    context.putImageData(image, 0, 0);
  });
  const over = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const c = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const r = Math.floor(((event.clientY - box.top) / box.height) * rows);
    if (c >= 0 && c < columns && r >= 0 && r < rows) onPatch?.(r * columns + c);
  };
  return (
    <span class={`heat ${props.class ?? ""}`} {...(onPatch && { onPointerMove: over, onPointerDown: over })}>
      <canvas ref={canvas} width={columns} height={rows} {...described(label)} />
      {chosen !== undefined && <Mark patch={chosen} rows={rows} columns={columns} />}
      {row !== undefined && <Mark patch={row} rows={rows} columns={1} />}
    </span>
  );
}

/** A picture with no words of its own is part of one that has some. */
const described = (label: string) =>
  label === "" ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };

/** A frame around one patch. */
export function Mark({ patch, rows, columns }: { patch: number; rows: number; columns: number }) {
  const share = (x: number, of: number) => `${(100 * x) / of}%`;
  const place = {
    ...{ left: share(patch % columns, columns), top: share(Math.floor(patch / columns), rows) },
    ...{ width: share(1, columns), height: share(1, rows) },
  };
  return <span class="mark" style={place} />;
}
