/** @file What the network takes, with the patches: the one chosen is followed everywhere. */

import { useLayoutEffect, useRef } from "preact/hooks";
import { go, view } from "../address.ts";
import type { Session } from "../session.ts";
import { Mark } from "./heat.tsx";
import { placeOf } from "./letters.tsx";

/** The token of a patch from 1; of 0 the class token. */
export function tokenOf(session: Session, tokens: number, patch = view.value.patch): number {
  const [rows, columns] = session.facts.grid;
  const others = tokens - rows * columns;
  return patch === 0 ? 0 : Math.min(others + patch - 1, tokens - 1);
}

/** The chosen patch from 0; none where it is the class token. */
export const chosenPatch = (session: Session): number | undefined => {
  const [rows, columns] = session.facts.grid;
  const { patch } = view.value;
  return patch >= 1 && patch <= rows * columns ? patch - 1 : undefined;
};

/** In words: `class token`, `row 3, column 4`. */
export function chosenName(session: Session): string {
  const chosen = chosenPatch(session);
  return chosen === undefined ? "class token" : `patch in ${placeOf(chosen, session.facts.grid[1])}`;
}

export const choose = (patch: number): void => {
  if (view.peek().patch !== patch + 1) go({ patch: patch + 1 });
};

/** Arrow keys over the grid; Escape and Home for the class token. */
function byKey(event: KeyboardEvent, [rows, columns]: readonly [number, number]): void {
  const steps: Record<string, [number, number]> = {
    ...{ ArrowLeft: [0, -1], ArrowRight: [0, 1], ArrowUp: [-1, 0], ArrowDown: [1, 0] },
  };
  const step = steps[event.key];
  const isReset = event.key === "Escape" || event.key === "Home";
  if (step === undefined && !isReset) return;
  event.preventDefault();
  event.stopPropagation();
  if (step === undefined) {
    go({ patch: 0 });
    return;
  }
  const now = Math.max(0, view.peek().patch - 1);
  const r = Math.max(0, Math.min(rows - 1, Math.floor(now / columns) + step[0]));
  const c = Math.max(0, Math.min(columns - 1, (now % columns) + step[1]));
  go({ patch: view.peek().patch === 0 ? 1 : r * columns + c + 1 });
}

export function Taken({ session, large = false }: { session: Session; large?: boolean }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { grid, input } = session.facts;
  const [rows, columns] = grid;
  const { width, height, channels } = input;
  const prepared = session.prepared.value;
  useLayoutEffect(() => {
    if (prepared === undefined) return;
    const context = canvas.current!.getContext("2d")!;
    const image = context.createImageData(width, height);
    const area = width * height;
    for (let i = 0; i < area; i++) {
      for (let c = 0; c < 3; c++)
        image.data[4 * i + c] = 255 * prepared.pixels[(channels === 3 ? c * area : 0) + i]!;
      image.data[4 * i + 3] = 255;
    }
    context.putImageData(image, 0, 0);
  }, [prepared]);
  const chosen = chosenPatch(session);
  const over = (event: PointerEvent) => {
    const box = canvas.current!.getBoundingClientRect();
    const c = Math.floor(((event.clientX - box.left) / box.width) * columns);
    const r = Math.floor(((event.clientY - box.top) / box.height) * rows);
    if (c >= 0 && c < columns && r >= 0 && r < rows) choose(r * columns + c);
  };
  const lines = { backgroundSize: `${100 / columns}% ${100 / rows}%` };
  return (
    <span
      class={`heat taken ${large ? "large" : ""}`}
      role="slider"
      tabIndex={0}
      aria-label="Chosen patch"
      aria-valuemin={0}
      aria-valuemax={rows * columns}
      aria-valuenow={view.value.patch}
      aria-valuetext={chosenName(session)}
      onKeyDown={(event) => byKey(event, grid)}
      onPointerMove={over}
      onPointerDown={over}
    >
      <canvas ref={canvas} width={width} height={height} />
      <span class="lines" style={lines} />
      {chosen !== undefined && <Mark patch={chosen} rows={rows} columns={columns} />}
    </span>
  );
}

/** The picture as it is taken, how it became so, and the chosen patch. */
export function TakenPanel({ session }: { session: Session }) {
  const { mean, std } = session.facts.input;
  const numbers = (values: readonly number[]) => values.map((x) => Number(x.toFixed(4))).join(", ");
  const steps = [...(session.prepared.value?.steps ?? []), `(x − ${numbers(mean)}) / ${numbers(std)}`];
  return (
    <section class="taken-panel" aria-label="What the network takes">
      <h2>What the network takes</h2>
      <div class="side">
        <Taken session={session} />
        <ol class="steps">
          {steps.map((step) => (
            <li key={step}>{step}</li>
          ))}
        </ol>
      </div>
      <p class="note chosen">
        <span>
          Followed: <b>{chosenName(session).replace("patch in ", "")}</b>
        </span>
        <button type="button" class="link" disabled={view.value.patch === 0} onClick={() => go({ patch: 0 })}>
          class token
        </button>
      </p>
    </section>
  );
}
