/** @file η and λ of every ISTA step, and heads that are removed. */

import { go, view } from "../address.ts";
import type { Session } from "../session.ts";

export function Settings({ session }: { session: Session }) {
  const { ista } = session.facts;
  const { eta, lambda, off } = view.value;
  const now = session.ista.value;
  return (
    <section class="settings" aria-label="Interventions">
      <h2>Change it</h2>
      {session.canChange && ista && now ? (
        <>
          <Slider
            name="η"
            what="step of ISTA"
            value={now.eta}
            trained={ista.eta}
            on={(x) => go({ eta: x })}
          />
          <Slider
            name="λ"
            what="weight of ‖Z‖₁"
            value={now.lambda}
            trained={ista.lambda}
            on={(x) => go({ lambda: x })}
          />
        </>
      ) : (
        <p class="note">This network has no ISTA steps whose η and λ could be changed.</p>
      )}
      <p class="note">
        {off.length === 0 ? "All heads take part." : `Without ${off.map(headName).join(", ")}.`}
        {(off.length > 0 || eta !== undefined || lambda !== undefined) && (
          <button
            type="button"
            class="link"
            onClick={() => go({ off: [], eta: undefined, lambda: undefined })}
          >
            as trained
          </button>
        )}
      </p>
    </section>
  );
}

const headName = (each: string): string => {
  const [l, k] = each.split(".");
  return `head ${k} of layer ${l}`;
};

interface SliderProps {
  name: string;
  what: string;
  value: number;
  trained: number;
  on: (value: number | undefined) => void;
}

/** From 0 to three times what training had. */
function Slider({ name, what, value, trained, on }: SliderProps) {
  const step = trained / 20;
  const at = (text: string) => {
    const next = Number(text);
    on(Math.abs(next - trained) < step / 2 ? undefined : Number(next.toPrecision(4)));
  };
  return (
    <label class="slider">
      <span class="math">
        <i>{name}</i>
      </span>
      <input
        type="range"
        min={0}
        max={3 * trained}
        step={step}
        value={value}
        aria-label={`${name}, ${what}`}
        aria-valuetext={`${Number(value.toPrecision(3))}, trained with ${trained}`}
        onInput={({ currentTarget }) => at(currentTarget.value)}
      />
      <span class="number">{Number(value.toPrecision(3))}</span>
      <span class="note">
        {what}, trained {trained}
      </span>
    </label>
  );
}
