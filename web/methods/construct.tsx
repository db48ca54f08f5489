/** @file ReduNet: layers built one after the other, each a step up the rate reduction. */

import { useEffect, useRef, useState } from "preact/hooks";
import type { ConstructAnswer } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import { useAnswer } from "../answer.ts";
import { useBounds } from "../bounds.ts";
import { floatsOf } from "../source/bytes.ts";
import type { RunHere } from "../source/source.ts";
import { Answering } from "../views/answering.tsx";
import { Heat } from "../views/heat.tsx";
import { percent, Rc, signed } from "../views/letters.tsx";
import { Lines } from "../views/lines.tsx";
import { Stepper } from "../views/stepper.tsx";
import { RowsTable } from "./rows-table.tsx";

const SAMPLES = 60;
const TICK_MS = 350;

export function Construct({ run }: { run: RunHere }) {
  const { l, checkpoint, table } = view.value;
  const asked = useAnswer(run, "construct", {
    ...{ checkpoint: checkpoint || "best", layer: l, samples: SAMPLES },
  });
  const count = asked.answer?.layers.length ?? 0;
  useBounds({ layers: count });
  const layer = Math.min(l, Math.max(1, count));
  return (
    <div class="method">
      <p class="lead">
        No layer was trained: each was computed from the features before it, as one step that raises ΔR = R −{" "}
        <Rc />. R measures how much room all features take, <Rc /> how much the classes take by themselves.
      </p>
      <div class="controls">
        <Stepper
          name="Built up to layer"
          value={layer}
          least={1}
          most={count || 1}
          on={(at) => go({ l: at })}
          after={`of ${count}`}
        />
        <Play layer={layer} count={count} />
      </div>
      <Answering of={asked} what="the layers">
        {(answer) => (
          <>
            <div class="two">
              <Rates answer={answer} layer={layer} />
              <Similarity answer={answer} layer={layer} />
            </div>
            {table && <Table answer={answer} />}
          </>
        )}
      </Answering>
    </div>
  );
}

/** Builds layer after layer, as it was done. */
function Play({ layer, count }: { layer: number; count: number }) {
  const [isOn, set] = useState(false);
  const timer = useRef<ReturnType<typeof setInterval>>(undefined);
  useEffect(() => {
    if (!isOn) return;
    const next = () => {
      const now = view.peek().l;
      if (now >= count) set(false);
      else go({ l: now + 1 });
    };
    timer.current = setInterval(next, TICK_MS);
    return () => clearInterval(timer.current);
  }, [isOn, count]);
  const start = () => {
    if (layer >= count) go({ l: 1 });
    set(true);
  };
  return (
    <button
      type="button"
      disabled={count < 2}
      aria-pressed={isOn}
      onClick={() => (isOn ? set(false) : start())}
    >
      {isOn ? "Stop" : "Build"}
    </button>
  );
}

function Rates({ answer: { layers }, layer }: { answer: ConstructAnswer; layer: number }) {
  const now = layers[layer - 1];
  const before = layers[layer - 2];
  return (
    <div>
      <h3>Rates as the layers were built</h3>
      <Lines
        {...{ x: layers.map((each) => each.layer), xName: "layer", yName: "nats", at: layer - 1 }}
        label="R, Rc and ΔR behind each layer"
        lines={[
          { name: "R", y: layers.map(({ R }) => R), kind: "muted" },
          { name: "Rᶜ", y: layers.map((each) => each.Rc), kind: "warm" },
          { name: "ΔR", y: layers.map(({ deltaR }) => deltaR), kind: "accent" },
        ]}
        onAt={(place) => go({ l: place + 1 })}
      />
      {now && (
        <p class="finding" aria-live="polite">
          Behind layer {now.layer}: ΔR = <strong>{now.deltaR.toFixed(3)}</strong> nats
          {before && ` (${signed(now.deltaR - before.deltaR, 4)} by this layer)`}, R = {now.R.toFixed(3)},{" "}
          <Rc /> = {now.Rc.toFixed(3)}. Each training sample goes to the class whose compression fits it best:{" "}
          {percent(now.accuracy)} are right.
        </p>
      )}
    </div>
  );
}

/** |cos| between samples, sorted by class. */
function Similarity({
  answer: { similarity, labels, classes },
  layer,
}: {
  answer: ConstructAnswer;
  layer: number;
}) {
  const n = labels.length;
  const values = floatsOf(similarity);
  let [inside, outside, pairs, others] = [0, 0, 0, 0];
  for (let i = 0; i < n; i++)
    for (let j = 0; j < i; j++)
      if (labels[i] === labels[j]) {
        inside += values[i * n + j]!;
        pairs++;
      } else {
        outside += values[i * n + j]!;
        others++;
      }
  return (
    <figure class="matrix">
      <h3>Test samples behind layer {layer}</h3>
      <Heat
        class="square"
        {...{ values, rows: n, columns: n, low: 0, high: 1 }}
        label={`Absolute cosines between ${n} samples sorted by ${classes.length} classes`}
      />
      <figcaption>|cos| of {n} samples, sorted by class, 0 … 1</figcaption>
      <p class="note">
        Classes on orthogonal subspaces are bright squares on dark ground. Within a class{" "}
        {(inside / Math.max(1, pairs)).toFixed(2)} on average, between classes{" "}
        {(outside / Math.max(1, others)).toFixed(2)}.
      </p>
    </figure>
  );
}

const Table = ({ answer: { layers } }: { answer: ConstructAnswer }) => (
  <RowsTable
    caption="Rates behind each layer as it was built, nats"
    columns={["layer", "R", "Rᶜ", "Rᶜ, true labels", "ΔR", "right, %"]}
    rows={layers.map(({ layer, R, Rc: rc, RcTrue, deltaR, accuracy }) => [
      ...[
        layer,
        R.toFixed(4),
        rc.toFixed(4),
        RcTrue.toFixed(4),
        deltaR.toFixed(4),
        (100 * accuracy).toFixed(1),
      ],
    ])}
  />
);
