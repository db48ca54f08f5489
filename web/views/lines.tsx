/** @file A few series over layers or numbers, with every point marked, axes that say what they count, and a chosen place. */

import type { RefObject } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";

export interface Line {
  readonly name: string;
  /** Nothing where there is no number. */
  readonly y: readonly (number | null | undefined)[];
  /** One of style.css's: accent, warm, muted. */
  readonly kind: "accent" | "warm" | "muted";
  /** A level to compare with: no points are marked. */
  readonly isLevel?: boolean;
}

interface Props {
  x: readonly number[];
  lines: readonly Line[];
  xName: string;
  yName: string;
  /** In words, for those who do not see it. */
  label: string;
  /** Place in x that is marked; what lies behind it is pale. */
  at?: number | undefined;
  onAt?: ((place: number) => void) | undefined;
}

const [WIDEST, HEIGHT, LEFT, BOTTOM, TOP, RIGHT] = [640, 240, 52, 40, 12, 84];

/** A round step that makes about `count` parts of a length. */
function roundStep(length: number, count: number): number {
  const raw = length / count;
  const power = 10 ** Math.floor(Math.log10(raw));
  return power * ([1, 2, 5, 10].find((each) => each * power >= raw) ?? 10);
}

export function ticksOf(low: number, high: number, count = 4): number[] {
  const step = roundStep(high - low || 1, count);
  const first = Math.ceil(low / step - 1e-9);
  return Array.from({ length: Math.floor(high / step + 1e-9) - first + 1 }, (_, i) => (first + i) * step);
}

const shown = (x: number) => `${Number(x.toPrecision(4))}`.replace("-", "−");

/** As wide as there is room for, so that letters keep their size. */
function useWidth(): [RefObject<SVGSVGElement | null>, number] {
  const place = useRef<SVGSVGElement>(null);
  const [width, set] = useState<number>(WIDEST);
  useLayoutEffect(() => {
    const seen = new ResizeObserver(([entry]) => set(Math.max(260, Math.round(entry!.contentRect.width))));
    if (place.current) seen.observe(place.current);
    return () => seen.disconnect();
  }, []);
  return [place, width];
}

export function Lines({ x, lines, xName, yName, label, at, onAt }: Props) {
  const [place, width] = useWidth();
  const numbers = lines.flatMap(({ y }) => y.filter((value): value is number => Number.isFinite(value)));
  if (numbers.length === 0) return null;
  const [least, most] = [Math.min(...numbers), Math.max(...numbers)];
  const margin = 0.06 * (most - least || Math.abs(most) || 1);
  const [low, high] = [least >= 0 && least < 0.4 * most ? 0 : least - margin, most + margin];
  const span = x.at(-1)! - x[0]! || 1;
  const px = (value: number) => LEFT + ((value - x[0]!) / span) * (width - LEFT - RIGHT);
  const py = (value: number) => TOP + ((high - value) / (high - low)) * (HEIGHT - TOP - BOTTOM);
  const nearest = (event: PointerEvent) => {
    const box = (event.currentTarget as SVGElement).getBoundingClientRect();
    const pointed = ((event.clientX - box.left) / box.width) * width;
    let best = 0;
    x.forEach((value, i) => {
      if (Math.abs(px(value) - pointed) < Math.abs(px(x[best]!) - pointed)) best = i;
    });
    onAt?.(best);
  };
  const ends = labelPlaces(lines, py);
  return (
    <svg
      ref={place}
      class={`lines ${onAt ? "chooses" : ""}`}
      viewBox={`0 0 ${width} ${HEIGHT}`}
      role="img"
      aria-label={label}
      {...(onAt && { onPointerDown: nearest })}
    >
      {ticksOf(low, high).map((value) => (
        <g key={value}>
          <line
            class={value === 0 ? "zero" : "grid"}
            x1={LEFT}
            x2={width - RIGHT}
            y1={py(value)}
            y2={py(value)}
          />
          <text x={LEFT - 8} y={py(value) + 4} text-anchor="end">
            {shown(value)}
          </text>
        </g>
      ))}
      {wholeTicks(x, (width - LEFT - RIGHT) / 40).map((value) => (
        <text key={value} x={px(value)} y={HEIGHT - BOTTOM + 18} text-anchor="middle">
          {value}
        </text>
      ))}
      <text x={(LEFT + width - RIGHT) / 2} y={HEIGHT - 4} text-anchor="middle">
        {xName}
      </text>
      <text class="y-name" x={0} y={TOP - 1}>
        {yName}
      </text>
      {at !== undefined && x[at] !== undefined && (
        <line class="here" x1={px(x[at])} x2={px(x[at])} y1={TOP} y2={HEIGHT - BOTTOM} />
      )}
      {lines.map(({ name, y, kind, isLevel = false }, l) => (
        <g key={l} class={kind}>
          <polyline points={points(x, y, px, py)} class={at === undefined ? "" : "pale"} />
          {at !== undefined && <polyline points={points(x.slice(0, at + 1), y, px, py)} />}
          {!isLevel &&
            x.length <= 80 &&
            y.map(
              (value, i) =>
                Number.isFinite(value) && (
                  <circle
                    key={x[i]}
                    cx={px(x[i]!)}
                    cy={py(value!)}
                    r={i === at ? 4.5 : 2.5}
                    class={at !== undefined && i > at ? "pale" : ""}
                  />
                ),
            )}
          <text x={width - RIGHT + 8} y={ends[l]! + 4}>
            {name}
          </text>
        </g>
      ))}
    </svg>
  );
}

const points = (
  x: readonly number[],
  y: Line["y"],
  px: (value: number) => number,
  py: (value: number) => number,
): string =>
  x
    .flatMap((value, i) => (Number.isFinite(y[i]) ? [`${px(value).toFixed(1)},${py(y[i]!).toFixed(1)}`] : []))
    .join(" ");

/** At most so many of the places on the axis, evenly. */
function wholeTicks(x: readonly number[], most: number): number[] {
  const every = Math.max(1, Math.ceil(x.length / most));
  return x.filter((_, i) => i % every === 0);
}

/** Names at the ends of their lines, at least a line of text apart. */
function labelPlaces(lines: readonly Line[], py: (value: number) => number): number[] {
  const wanted = lines.map(({ y }, l) => ({ l, at: py(y.findLast((value) => Number.isFinite(value)) ?? 0) }));
  const places: number[] = [];
  let last = Number.NEGATIVE_INFINITY;
  for (const { l, at } of wanted.toSorted((a, b) => a.at - b.at)) {
    last = Math.max(at, last + 15);
    places[l] = last;
  }
  return places;
}
