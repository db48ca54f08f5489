/** @file Closed loops: images beside their transcriptions, a walk along a direction of a class, a walk between two images. */

import type { TraverseAnswer, TraverseAsked } from "../../src/studio/shapes.ts";
import { go, type View, view } from "../address.ts";
import { useAnswer } from "../answer.ts";
import type { RunHere } from "../source/source.ts";
import { Answering } from "../views/answering.tsx";
import { Choice } from "../views/choice.tsx";
import { percent, signed } from "../views/letters.tsx";
import { Picture } from "../views/picture.tsx";
import { Stepper } from "../views/stepper.tsx";
import { RowsTable } from "./rows-table.tsx";

const [STEPS, COMPONENTS, PAIRS] = [9, 6, 16] as const;

const WORDS = {
  transcribe:
    "Above each image stands what the loop sees, below it what the decoder draws of the encoder's feature: z = f(x), x̂ = g(z). Where they agree, the feature holds what the image shows.",
  traverse:
    "The features of one class span a subspace. Each row starts at one image in the middle and walks along one principal direction of its class: what changes from left to right is what that direction stands for.",
  interpolate:
    "From the feature of one image to that of another, in equal steps, back on the sphere each time. Between classes a step may look like neither.",
} as const;

function askedBy({ kind, checkpoint, of, from, to, reach }: View): TraverseAsked {
  const common = { checkpoint: checkpoint || "best", steps: STEPS };
  if (kind === "transcribe") return { ...common, kind, from: from - 1, count: PAIRS };
  if (kind === "interpolate") return { ...common, kind, a: from - 1, b: to - 1 };
  return { ...common, kind, class: of, start: from - 1, components: COMPONENTS, reach };
}

export function Traverse({ run }: { run: RunHere }) {
  const { kind } = view.value;
  const asked = useAnswer(run, "traverse", askedBy(view.value));
  return (
    <div class="method">
      <Choice
        name="Show"
        value={kind}
        options={{ transcribe: "transcriptions", traverse: "a direction", interpolate: "between two" }}
        on={(next) => go({ kind: next, from: 1 })}
      />
      <p class="lead">{WORDS[kind]}</p>
      <Controls answer={asked.answer} />
      <Answering of={asked} what="the pictures">
        {(answer) => (
          <>
            {kind === "transcribe" ? (
              <Pairs answer={answer} first={view.value.from} />
            ) : (
              <Walks answer={answer} />
            )}
            {view.value.table && <Table answer={answer} />}
          </>
        )}
      </Answering>
    </div>
  );
}

function Controls({ answer }: { answer: TraverseAnswer | undefined }) {
  const { kind, of, from, to, reach } = view.value;
  const most = answer?.total ?? 1e9;
  const classes = answer?.classes ?? [];
  return (
    <div class="controls">
      {kind === "traverse" && (
        <label class="select">
          <span>Class</span>
          <select
            value={of}
            onChange={({ currentTarget }) => go({ of: Number(currentTarget.value), from: 1 })}
          >
            {classes.map((name, i) => (
              <option key={name} value={i} selected={i === of}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <Stepper
        name={
          { transcribe: "From test image", traverse: "Image of the class", interpolate: "From test image" }[
            kind
          ]
        }
        {...{ value: from, least: 1, most }}
        on={(at) => go({ from: at })}
      />
      {kind === "transcribe" && (
        <div class="buttons">
          <button type="button" disabled={from <= 1} onClick={() => go({ from: Math.max(1, from - PAIRS) })}>
            Before
          </button>
          <button type="button" disabled={from + PAIRS > most} onClick={() => go({ from: from + PAIRS })}>
            Next {PAIRS}
          </button>
        </div>
      )}
      {kind === "interpolate" && (
        <Stepper name="to test image" {...{ value: to, least: 1, most }} on={(at) => go({ to: at })} />
      )}
      {kind === "traverse" && (
        <label class="range">
          <span>
            as far as <i>t</i> = ±{reach.toFixed(1)}
          </span>
          <input
            type="range"
            min={0.2}
            max={3}
            step={0.2}
            value={reach}
            onInput={({ currentTarget }) => go({ reach: Number(currentTarget.value) })}
          />
        </label>
      )}
    </div>
  );
}

/** Originals, and below each what became of it. */
function Pairs({ answer: { rows, errors, classes }, first }: { answer: TraverseAnswer; first: number }) {
  const [originals, made] = rows;
  if (originals === undefined || made === undefined) return null;
  return (
    <ol class="pairs">
      {originals.pictures.map((pixels, i) => {
        const label = classes[originals.labels?.[i] ?? -1] ?? "";
        return (
          <li key={first + i}>
            <Picture pixels={pixels} label={`Test image ${first + i}, ${label}`} />
            <Picture
              pixels={made.pictures[i]!}
              label={`Its transcription, error ${errors?.[i]?.toFixed(4)}`}
            />
            <span class="note">
              {label} · {errors?.[i]?.toFixed(3)}
            </span>
          </li>
        );
      })}
    </ol>
  );
}

/** A row for each walk. */
function Walks({ answer: { rows, shares, t, cosine } }: { answer: TraverseAnswer }) {
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by keyboard
    <section class="scroll" tabIndex={0} aria-label="Pictures along each walk">
      <table class="walks">
        {t && (
          <thead>
            <tr>
              <td />
              {t.map((each) => (
                <th key={each} scope="col">
                  {each === 0 && shares ? "the image" : shares ? signed(each) : each.toFixed(2)}
                </th>
              ))}
            </tr>
          </thead>
        )}
        <tbody>
          {rows.map(({ name, pictures }, r) => (
            <tr key={name}>
              <th scope="row">
                {name}
                {shares?.[r] !== undefined && (
                  <span class="note">{percent(shares[r], 0)} of the variance</span>
                )}
                {cosine !== undefined && (
                  <span class="note">cosine of their features {cosine.toFixed(2)}</span>
                )}
              </th>
              {pictures.map((pixels, i) => (
                <td key={i}>
                  <Picture pixels={pixels} label={`${name}, step ${i + 1} of ${pictures.length}`} />
                </td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </section>
  );
}

function Table({ answer: { rows, shares, errors, classes, cosine } }: { answer: TraverseAnswer }) {
  if (errors !== undefined)
    return (
      <RowsTable
        caption="Mean squared error of each transcription, pixels in 0 … 1"
        columns={["image", "class", "error"]}
        rows={errors.map((error, i) => [
          view.value.from + i,
          classes[rows[0]?.labels?.[i] ?? -1] ?? "–",
          error.toFixed(4),
        ])}
      />
    );
  if (shares !== undefined)
    return (
      <RowsTable
        caption="How much of the class's variance each direction has"
        columns={["direction", "share, %"]}
        rows={shares.map((share, i) => [rows[i]?.name ?? i + 1, (100 * share).toFixed(1)])}
      />
    );
  return (
    <RowsTable
      caption="The two images"
      columns={["cosine of their features"]}
      rows={[[cosine?.toFixed(3) ?? "–"]]}
    />
  );
}
