/** @file Masked autoencoders: remove patches by hand, and see what is made of the others. */

import type { MaskAnswer } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import { useAnswer } from "../answer.ts";
import type { RunHere } from "../source/source.ts";
import { Answering } from "../views/answering.tsx";
import { Heat } from "../views/heat.tsx";
import { Picture } from "../views/picture.tsx";
import { Stepper } from "../views/stepper.tsx";
import { PatchTable } from "../views/tables.tsx";
import { fromHex, toHex } from "./mask-text.ts";
import { Painter } from "./painter.tsx";

const TOTAL = 1e9;

export function Mask({ run }: { run: RunHere }) {
  const { sample, removed, checkpoint } = view.value;
  const mask = removed === "" ? undefined : fromHex(removed);
  // of nothing, and of everything, no model can say anything
  const isUniform = mask !== undefined && new Set(mask).size < 2;
  const asked = useAnswer(run, "mask", {
    ...{ checkpoint: checkpoint || "best", split: "test", index: Math.max(0, sample - 1) },
    ...(mask !== undefined && !isUniform && { mask }),
  });
  return (
    <div class="method">
      <p class="lead">
        Paint over patches to remove them. The encoder sees only the rest, and the decoder draws what is
        missing: what it cannot know from the visible patches, it can only guess.
      </p>
      <div class="controls">
        <Stepper
          name="Test image"
          value={Math.max(1, sample)}
          least={1}
          most={TOTAL}
          on={(at) => go({ sample: at })}
        />
        <Masks answer={asked.answer} />
      </div>
      <Answering of={asked} what="the reconstruction">
        {(answer) => <Shown answer={answer} wanted={mask ?? answer.mask} isUniform={isUniform} />}
      </Answering>
    </div>
  );
}

/** Whole masks at once. */
function Masks({ answer }: { answer: MaskAnswer | undefined }) {
  if (answer === undefined) return null;
  const { mask, maskRatio } = answer;
  const set = (next: readonly number[]) => go({ removed: toHex(next) });
  const random = () => {
    const order = mask.map((_, i) => [Math.random(), i] as const).sort((a, b) => a[0] - b[0]);
    const gone = new Set(order.slice(0, Math.round(maskRatio * mask.length)).map(([, i]) => i));
    set(mask.map((_, i) => (gone.has(i) ? 1 : 0)));
  };
  return (
    <div class="buttons">
      <button type="button" onClick={random}>
        {`Random ${Math.round(100 * maskRatio)} %`}
      </button>
      <button type="button" onClick={() => set(mask.map((each) => 1 - each))}>
        Swap
      </button>
      <button type="button" onClick={() => set(mask.map(() => 0))}>
        Show all
      </button>
    </div>
  );
}

interface ShownProps {
  answer: MaskAnswer;
  /** A hand is ahead of the answer. */
  wanted: readonly number[];
  isUniform: boolean;
}

function Shown({ answer, wanted, isUniform }: ShownProps) {
  const { grid, original, made, errors, error, meanFill, maskRatio } = answer;
  const [rows, columns] = grid;
  const count = wanted.filter((each) => each === 1).length;
  const largest = errors.reduce((a, b) => Math.max(a, b), 0);
  return (
    <>
      <div class="row-of-figures">
        <figure>
          <Painter pixels={original} grid={grid} mask={wanted} on={(next) => go({ removed: toHex(next) })} />
          <figcaption>
            what it sees: {wanted.length - count} of {wanted.length} patches
          </figcaption>
        </figure>
        {!isUniform && (
          <figure>
            <Picture
              class="large"
              pixels={made}
              label="The image with the removed patches as they are predicted"
            />
            <figcaption>what it draws</figcaption>
          </figure>
        )}
        <figure>
          <Picture class="large" pixels={original} label="The whole image" />
          <figcaption>the image</figcaption>
        </figure>
        {!isUniform && (
          <figure>
            <Heat
              class="large"
              {...{ values: errors, rows, columns, low: 0, high: largest || 1 }}
              label={`Squared error of each patch; the largest is ${largest.toFixed(4)}`}
            />
            <figcaption>error of each patch, 0 … {largest.toFixed(3)}</figcaption>
          </figure>
        )}
      </div>
      <p class="finding" aria-live="polite">
        {isUniform ? (
          `${count === 0 ? "Nothing is removed, so nothing has to be guessed" : "Nothing is left to guess from"}: remove some patches, and leave some.`
        ) : (
          <>
            Mean squared error of the removed patches: <strong>{error.toFixed(4)}</strong>. Filling them with
            the mean of the visible pixels gives {meanFill.toFixed(4)}
            {error > 0 && <>, {compared(error, meanFill)}</>}.
          </>
        )}{" "}
        {view.value.removed === "" &&
          `This mask is random, with the ${Math.round(100 * maskRatio)} % that training removes.`}
      </p>
      <p class="note">
        Pixels lie between 0 and 1. On the picture: drag to paint; with keys, arrows move and Space removes a
        patch or puts it back.
      </p>
      {view.value.table && !isUniform && (
        <PatchTable values={errors} columns={columns} caption="Mean squared error of each patch, × 100" />
      )}
    </>
  );
}

const compared = (error: number, meanFill: number): string =>
  error < meanFill
    ? `${(meanFill / error).toFixed(1)} times as much`
    : `${(error / meanFill).toFixed(1)} times less: this model does worse than the mean`;
