/** @file A chart of src/chart as elements of the page, as wide as its place. */

import { createElement, type VNode } from "preact";
import { useEffect, useRef, useState } from "preact/hooks";
import { type Chart, drawing, type FigureOptions, type Svg } from "../../src/chart/index.ts";

interface Props {
  charts: readonly Chart[];
  /** Text over the charts; the page says most of it itself. */
  options?: FigureOptions;
  /** Side by side where there is room for two. */
  columns?: number;
}

/** Narrower charts cannot be read side by side. */
const NARROW = 560;

export function Figure({ charts, options = {}, columns = 1 }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const [width, set] = useState(0);
  useEffect(() => {
    const observer = new ResizeObserver(([entry]) => set(Math.floor(entry!.contentRect.width)));
    observer.observe(place.current!);
    return () => observer.disconnect();
  }, []);
  const drawn =
    width === 0 ? undefined : drawing({ ...options, width, columns: width < NARROW ? 1 : columns }, charts);
  return (
    <div ref={place} class="figure">
      {drawn && (
        <svg
          class="v-figure"
          role="img"
          aria-label={`${drawn.title}. ${drawn.words}`}
          width={drawn.width}
          height={drawn.height}
          viewBox={`0 0 ${drawn.width} ${drawn.height}`}
        >
          {elements(drawn.body)}
        </svg>
      )}
    </div>
  );
}

type Made = VNode | string | readonly Made[];

/** The second renderer of the tree; the first, svgText, makes files. */
function elements(svg: Svg): Made {
  if (typeof svg === "string") return svg;
  if (!("name" in svg)) return svg.map(elements);
  return createElement(svg.name, svg.attributes, ...(svg.children.map(elements) as VNode[]));
}
