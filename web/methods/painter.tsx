/** @file A picture whose patches are removed and put back, by mouse, finger or keys. */

import { useRef, useState } from "preact/hooks";
import type { PixelBytes } from "../../src/studio/shapes.ts";
import { Mark } from "../views/heat.tsx";
import { Picture } from "../views/picture.tsx";

interface Props {
  pixels: PixelBytes;
  grid: readonly [rows: number, columns: number];
  mask: readonly number[];
  on: (mask: readonly number[]) => void;
}

const STEPS: Readonly<Record<string, readonly [number, number]>> = {
  ...{ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] },
};

export function Painter({ pixels, grid: [rows, columns], mask, on }: Props) {
  const [place, move] = useState(0);
  /** What a stroke does to patches, and the mask as it has become: answers come later. */
  const stroke = useRef<{ to: number; mask: number[] } | undefined>(undefined);
  const patchAt = (event: PointerEvent): number => {
    const box = (event.currentTarget as HTMLElement).getBoundingClientRect();
    const c = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const r = Math.floor(((event.clientY - box.top) / box.height) * rows);
    return c >= 0 && c < columns && r >= 0 && r < rows ? r * columns + c : -1;
  };
  const paint = (patch: number) => {
    const { current } = stroke;
    if (current === undefined || patch < 0 || current.mask[patch] === current.to) return;
    current.mask[patch] = current.to;
    move(patch);
    on([...current.mask]);
  };
  const down = (event: PointerEvent) => {
    const patch = patchAt(event);
    if (patch < 0) return;
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
    stroke.current = { to: 1 - (mask[patch] ?? 0), mask: [...mask] };
    paint(patch);
  };
  const up = () => {
    stroke.current = undefined;
  };
  const key = (event: KeyboardEvent) => {
    const step = STEPS[event.key];
    if (step === undefined && event.key !== " ") return;
    event.preventDefault();
    event.stopPropagation();
    if (step === undefined) on(mask.map((each, i) => (i === place ? 1 - each : each)));
    else {
      const r = Math.max(0, Math.min(rows - 1, Math.floor(place / columns) + step[0]));
      const c = Math.max(0, Math.min(columns - 1, (place % columns) + step[1]));
      move(r * columns + c);
    }
  };
  const shown = stroke.current?.mask ?? mask;
  const words = `row ${Math.floor(place / columns) + 1}, column ${(place % columns) + 1}: ${mask[place] ? "removed" : "visible"}`;
  return (
    <span
      class="heat large painter"
      role="slider"
      tabIndex={0}
      aria-label="Patches: arrows move, Space removes or puts back"
      aria-valuemin={1}
      aria-valuemax={rows * columns}
      aria-valuenow={place + 1}
      aria-valuetext={words}
      onKeyDown={key}
      onPointerDown={down}
      onPointerMove={(event) => paint(patchAt(event))}
      onPointerUp={up}
      onPointerCancel={up}
    >
      <Picture pixels={pixels} />
      <svg class="cover" viewBox={`0 0 ${columns} ${rows}`} preserveAspectRatio="none" aria-hidden="true">
        {shown.map(
          (each, i) =>
            each === 1 && (
              <rect key={i} x={i % columns} y={Math.floor(i / columns)} width={1.01} height={1.01} />
            ),
        )}
      </svg>
      <Mark patch={place} rows={rows} columns={columns} />
    </span>
  );
}
