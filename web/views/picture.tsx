/** @file Pixels that the server sent, as a picture; small ones by squares. */

import { useLayoutEffect, useRef } from "preact/hooks";
import type { PixelBytes } from "../../src/studio/shapes.ts";
import { coloursOf } from "../source/bytes.ts";

interface Props {
  pixels: PixelBytes;
  /** In words; none where words stand beside it. */
  label?: string;
  class?: string;
}

export function Picture({ pixels, label = "", class: name = "" }: Props) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => canvas.current!.getContext("2d")!.putImageData(coloursOf(pixels), 0, 0), [pixels]);
  const about = label === "" ? { "aria-hidden": true } : { role: "img" as const, "aria-label": label };
  return (
    <canvas ref={canvas} class={`picture ${name}`} width={pixels.width} height={pixels.height} {...about} />
  );
}
