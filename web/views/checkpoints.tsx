/** @file Which checkpoint is looked at: the best, or any other along the training. */

import { go, view } from "../address.ts";
import type { RunHere } from "../source/source.ts";

export function Checkpoints({ run }: { run: RunHere }) {
  const kept = [...(run.detail?.checkpoints ?? [])].sort((a, b) => a.step - b.step);
  if (run.studio?.ask === undefined || kept.length < 2) return null;
  const best = Math.max(
    0,
    kept.findIndex(({ isBest }) => isBest),
  );
  const { checkpoint } = view.value;
  const found = kept.findIndex(({ name }) => name === checkpoint);
  const at = found < 0 ? best : found;
  const { step, isBest, isLast } = kept[at]!;
  const about = [`step ${step.toLocaleString("en")}`, isBest && "the best", isLast && "the last"];
  const words = about.filter(Boolean).join(", ");
  const to = (next: number) => go({ checkpoint: next === best ? "" : kept[next]!.name });
  return (
    <label class="range checkpoints">
      <span>Checkpoint</span>
      <input
        type="range"
        min={0}
        max={kept.length - 1}
        step={1}
        value={at}
        aria-valuetext={words}
        onInput={({ currentTarget }) => to(Number(currentTarget.value))}
      />
      <span class="now">
        {words} <span class="note">({kept.length} are kept)</span>
      </span>
    </label>
  );
}
