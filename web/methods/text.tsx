/** @file Language models: a text that is typed, what its tokens attend to, what each adds, and what comes next. */

import { useState } from "preact/hooks";
import type { TextAnswer } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import { useAnswer } from "../answer.ts";
import { useBounds } from "../bounds.ts";
import { floatsOf } from "../source/bytes.ts";
import type { RunHere } from "../source/source.ts";
import { Answering } from "../views/answering.tsx";
import { Picks } from "../views/head.tsx";
import { percent } from "../views/letters.tsx";
import { AllHeads, ofHead } from "./text-heads.tsx";
import { Added } from "./text-rates.tsx";
import { TextTable } from "./text-table.tsx";
import { Tokens } from "./tokens.tsx";

const TOP = 10;
const MOST = 200;

export function Text({ run }: { run: RunHere }) {
  const { say, checkpoint } = view.value;
  const asked = useAnswer(run, "text", { checkpoint: checkpoint || "best", text: say, top: TOP });
  const { answer } = asked;
  const heads = answer?.layers[0]?.attention.dims[0] ?? 0;
  useBounds({ layers: answer?.layers.length ?? 0, heads });
  return (
    <div class="method">
      <p class="lead">
        Type a text. A click on a token shows where it looks: violet tokens get least of its attention, yellow
        ones most.
      </p>
      <Typed shown={answer} />
      <Answering of={asked} what="the text">
        {(found) => <Shown answer={found} heads={heads} />}
      </Answering>
    </div>
  );
}

/** What is typed stands in the address once the hand rests. */
function Typed({ shown }: { shown: TextAnswer | undefined }) {
  const { say } = view.value;
  const [typed, type] = useState<string | undefined>(undefined);
  const text = typed ?? (say || (shown?.tokens.join("") ?? ""));
  return (
    <label class="typed">
      <span>Text</span>
      <textarea
        rows={3}
        maxLength={MOST}
        spellcheck={false}
        value={text}
        onInput={({ currentTarget: { value } }) => {
          type(value);
          go({ say: value, patch: 0 });
        }}
        onBlur={() => type(undefined)}
      />
      <span class="note">
        {say === ""
          ? "The beginning of the run's test text, until something is typed."
          : `${say.length} of ${MOST} characters`}
        {shown !== undefined &&
          shown.leftOut > 0 &&
          ` The context has ${shown.context} tokens: the first ${shown.leftOut} are left out.`}
      </span>
    </label>
  );
}

function Shown({ answer, heads }: { answer: TextAnswer; heads: number }) {
  const { tokens, layers, causal } = answer;
  const l = Math.min(view.value.l, layers.length);
  const k = Math.min(view.value.k, heads);
  const n = tokens.length;
  const token = view.value.patch === 0 ? n - 1 : Math.min(view.value.patch, n) - 1;
  const attention = layers[l - 1]!.attention;
  const row = ofHead(floatsOf(attention), n, k - 1).subarray(token * n, (token + 1) * n);
  const most = row.reduce((a, b) => Math.max(a, b), 0);
  const first = row.indexOf(most);
  const seen = causal ? token + 1 : n;
  return (
    <>
      <nav class="pick" aria-label="Layer and head">
        <Picks name="Layer" count={layers.length} now={l} change={(at) => ({ l: at })} />
        <Picks name="Head" count={heads} now={k} change={(at) => ({ k: at })} />
      </nav>
      <Tokens tokens={tokens} weights={row} chosen={token} />
      <p class="finding" aria-live="polite">
        In head {k} of layer {l}, “{shownToken(tokens[token]!)}” looks most at “{shownToken(tokens[first]!)}”,
        token {first + 1}: <strong>{percent(most)}</strong>. Uniform attention over the {seen} tokens that it
        sees would be {percent(1 / seen)}.
      </p>
      <div class="two">
        <Next answer={answer} token={token} />
        <AllHeads {...{ attention, n, k, l, token }} />
      </div>
      <Added answer={answer} token={token} />
      {view.value.table && <TextTable answer={answer} row={row} />}
    </>
  );
}

/** Spaces and line breaks as they are written by hand. */
export const shownToken = (token: string): string => token.replaceAll("\n", "↵").replaceAll(" ", "␣") || "∅";

function Next({ answer: { tokens, next, pOfNext, causal }, token }: { answer: TextAnswer; token: number }) {
  const shown = next[token] ?? [];
  const follows = tokens[token + 1];
  const p = pOfNext[token];
  return (
    <section class="probabilities wide" aria-label="Next tokens">
      <h3>
        {causal ? "What comes after" : "What stands at"} “{shownToken(tokens[token]!)}”
      </h3>
      <table aria-label="Probability of each token">
        <tbody>
          {shown.map((each, i) => (
            <tr key={each.token} class={i === 0 ? "top" : ""}>
              <th scope="row">{shownToken(each.token)}</th>
              <td class="bar">
                <span class="fill" style={{ width: `${100 * each.p}%` }} />
              </td>
              <td class="number">{percent(each.p)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {causal && follows !== undefined && p != null && (
        <p class="note">
          “{shownToken(follows)}” does follow; the model gave it {percent(p)}, {(-Math.log(p)).toFixed(2)}{" "}
          nats.
        </p>
      )}
      {causal && follows === undefined && shown[0] && (
        <button
          type="button"
          onClick={() => go({ say: (tokens.join("") + shown[0]!.token).slice(-MOST), patch: 0 })}
        >
          Write “{shownToken(shown[0].token)}”
        </button>
      )}
    </section>
  );
}
