/** @file What a network without labels takes for objects: its class token's attention, or cuts between its patches. */

import { useEffect, useState } from "preact/hooks";
import type { PixelBytes, SegmentsAnswer } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import { useAnswer } from "../answer.ts";
import { useBounds } from "../bounds.ts";
import { type Colours, loadPicture } from "../input/load.ts";
import { prepare } from "../input/prepare.ts";
import { base64, floatsOf } from "../source/bytes.ts";
import type { RunHere } from "../source/source.ts";
import { Answering } from "../views/answering.tsx";
import { Choice } from "../views/choice.tsx";
import { Picks } from "../views/head.tsx";
import { Heat } from "../views/heat.tsx";
import { largestOf } from "../views/layer-row.tsx";
import { percent } from "../views/letters.tsx";
import { Picture } from "../views/picture.tsx";
import { Problem } from "../views/state.tsx";
import { Stepper } from "../views/stepper.tsx";
import { PatchTable } from "../views/tables.tsx";

const WORDS = {
  attention:
    "Where the class token of each head looks. The mask has the patches that hold the chosen share of its attention: a head that found an object covers it.",
  tokencut:
    "Patches whose features are alike are joined, and the picture is cut once where that costs least: one object.",
  maskcut: "The same cut up to three times, each time without what was found: several objects.",
} as const;

/** Cosines above which patches are joined, as the papers have them. */
const TAU = { attention: 0, tokencut: 0.2, maskcut: 0.15 } as const;

export function Segments({ run }: { run: RunHere }) {
  const { sample, checkpoint, by, share, tau, l } = view.value;
  const [dropped, problem, forget] = useDropped();
  const [image, fit] = useState<PixelBytes | undefined>(undefined);
  const asked = useAnswer(run, "segments", {
    ...{ checkpoint: checkpoint || "best", split: "test", index: Math.max(0, sample - 1), image },
    ...{ method: by, layer: l, share, tau: tau ?? TAU[by] },
  });
  const taken = asked.answer?.picture;
  const size = taken && `${taken.channels} ${taken.width} ${taken.height}`;
  useEffect(() => fit(dropped && taken && fitted(dropped, taken)), [dropped, size]);
  const layers = asked.answer?.layers ?? 0;
  useBounds({ layers });
  return (
    <div class="method">
      <Choice
        name="Masks by"
        value={by}
        options={{ attention: "attention", tokencut: "one cut", maskcut: "cuts in turn" }}
        on={(next) => go({ by: next, tau: undefined })}
      />
      <p class="lead">{WORDS[by]}</p>
      <div class="controls">
        {dropped === undefined ? (
          <Stepper
            name="Test image"
            value={Math.max(1, sample)}
            least={1}
            most={1e9}
            on={(at) => go({ sample: at })}
          />
        ) : (
          <button type="button" onClick={forget}>
            Back to test images
          </button>
        )}
        <Picks name="Layer" count={layers} now={Math.min(l, layers || 1)} change={(at) => ({ l: at })} />
        {by === "attention" ? (
          <Range name="share kept" value={share} least={0.05} most={0.95} on={(x) => go({ share: x })} />
        ) : (
          <Range
            name="joined above a cosine of"
            value={tau ?? TAU[by]}
            least={0}
            most={0.9}
            on={(x) => go({ tau: x })}
          />
        )}
      </div>
      <p class="note">Drop or paste a picture to look at it instead.</p>
      {problem && <Problem>{problem}</Problem>}
      <Answering of={asked} what="the masks">
        {(answer) => <Shown answer={answer} />}
      </Answering>
    </div>
  );
}

/** A picture as the network takes its own: grey or coloured, the middle, resized. */
function fitted(picture: Colours, { channels, width, height }: PixelBytes): PixelBytes {
  const none = { mean: [], std: [], centring: "none" } as const;
  const { pixels } = prepare(picture, { channels, width, height, ...none }, "file");
  const area = width * height;
  const bytes = Uint8Array.from({ length: pixels.length }, (_, i) =>
    Math.round(255 * pixels[(i % channels) * area + Math.floor(i / channels)]!),
  );
  return { width, height, channels, data: base64(bytes) };
}

/** A picture that was dropped or pasted, why it is none, and what puts it away. */
function useDropped(): [Colours | undefined, string, () => void] {
  const [image, set] = useState<Colours | undefined>(undefined);
  const [problem, tell] = useState("");
  useEffect(() => {
    const take = async (file: File | undefined) => {
      if (file === undefined) return;
      try {
        set(await loadPicture(file, file.name || "The picture"));
        tell("");
      } catch (error) {
        tell((error as Error).message);
      }
    };
    const stop = new AbortController();
    const { signal } = stop;
    addEventListener("dragover", (event) => event.preventDefault(), { signal });
    addEventListener(
      "drop",
      (event) => {
        event.preventDefault();
        void take(event.dataTransfer?.files[0]);
      },
      { signal },
    );
    addEventListener("paste", (event) => void take(event.clipboardData?.files[0]), { signal });
    return () => stop.abort();
  }, []);
  return [image, problem, () => set(undefined)];
}

interface RangeProps {
  name: string;
  value: number;
  least: number;
  most: number;
  on: (value: number) => void;
}

const Range = ({ name, value, least, most, on }: RangeProps) => (
  <label class="range">
    <span>
      {name} {value.toFixed(2)}
    </span>
    <input
      type="range"
      {...{ min: least, max: most, step: 0.05, value }}
      onInput={({ currentTarget }) => on(Number(currentTarget.value))}
    />
  </label>
);

function Shown({ answer }: { answer: SegmentsAnswer }) {
  const { picture, grid, attention, masks, kept } = answer;
  const [rows, columns] = grid;
  const all = attention && floatsOf(attention);
  const n = rows * columns;
  return (
    <>
      <div class="segments">
        <figure>
          <Picture class="wide" pixels={picture} label="The picture" />
          <figcaption>the picture</figcaption>
        </figure>
        {masks.map((mask, i) => {
          const values = all?.subarray(i * n, (i + 1) * n);
          const name = all === undefined ? `object ${i + 1}` : `head ${i + 1}`;
          const count = mask.filter((each) => each === 1).length;
          return (
            <figure key={i}>
              <span class="heat masked">
                <Picture pixels={picture} />
                <svg
                  class="cover"
                  viewBox={`0 0 ${columns} ${rows}`}
                  preserveAspectRatio="none"
                  role="img"
                  aria-label={`Mask of ${name}: ${count} of ${n} patches`}
                >
                  {mask.map(
                    (each, at) =>
                      each === 0 && (
                        <rect
                          key={at}
                          x={at % columns}
                          y={Math.floor(at / columns)}
                          width={1.01}
                          height={1.01}
                        />
                      ),
                  )}
                </svg>
              </span>
              {values && (
                <Heat
                  {...{ values, rows, columns, low: 0, high: largestOf(values) }}
                  label={`Attention of ${name}, at most ${percent(largestOf(values))}`}
                />
              )}
              <figcaption>
                <span>{name}</span>{" "}
                <span class="note">
                  {count} patches{kept?.[i] !== undefined && `, ${percent(kept[i], 0)}`}
                </span>
              </figcaption>
            </figure>
          );
        })}
      </div>
      <p class="note">
        {rows} × {columns} patches.{" "}
        {all
          ? `Below each mask the attention itself, each map 0 … its largest; uniform would be ${percent(1 / n)} a patch.`
          : masks.length === 0
            ? "No cut was found: the patches are all alike at this cosine."
            : "What lies outside of an object is dark."}
      </p>
      {view.value.table && all && (
        <PatchTable
          values={all.subarray(0, n)}
          columns={columns}
          caption="Attention of the class token in head 1, %"
        />
      )}
    </>
  );
}
