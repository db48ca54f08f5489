/** @file How curves are drawn: smoothed, on a logarithmic axis, followed. */

import { go, view } from "../address.ts";
import { Switch } from "./switch.tsx";

export function Controls() {
  const { smooth, log, hold, first, last, page } = view.value;
  return (
    <div class="controls">
      <label class="smoothing">
        <span>Smoothing</span>
        <input
          type="range"
          min={0}
          max={99}
          value={smooth}
          aria-valuetext={smooth === 0 ? "none" : `${smooth} per cent`}
          onInput={({ currentTarget }) => go({ smooth: Number(currentTarget.value) })}
        />
        <span class="number">{smooth === 0 ? "none" : `${smooth} %`}</span>
      </label>
      <Switch name="Log axis" isOn={log} on={(wanted) => go({ log: wanted })} />
      {page === "train" && <Switch name="Follow" isOn={!hold} on={(wanted) => go({ hold: !wanted })} />}
      {(first !== undefined || last !== undefined) && (
        <button type="button" onClick={() => go({ first: undefined, last: undefined })}>
          Whole run
        </button>
      )}
    </div>
  );
}
