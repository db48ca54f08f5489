/** @file The keys, and what the letters mean. */

import type { RefObject } from "preact";
import { Raised, Rc } from "./letters.tsx";

const KEYS = [
  ["← →", "layer"],
  ["↑ ↓", "head"],
  ["Enter", "from a layer to its heads, and back"],
  ["x", "remove the head, or put it back"],
  ["t", "numbers in tables"],
  ["d", "colours: as the system has them, light, dark"],
  ["arrows on the picture", "patch; Esc for the class token"],
  ["?", "this help"],
] as const;

export function Help({ dialog }: { dialog: RefObject<HTMLDialogElement | null> }) {
  return (
    <dialog ref={dialog} aria-labelledby="help-title">
      <h2 id="help-title">Keys and letters</h2>
      <dl>
        {KEYS.map(([key, what]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{what}</dd>
          </div>
        ))}
        <div>
          <dt>
            <Raised letter="Z">ℓ</Raised>
          </dt>
          <dd>tokens before layer ℓ, a row each: the class token and the patches</dd>
        </div>
        <div>
          <dt>
            <Rc />
          </dt>
          <dd>coding rate of the tokens against the subspaces U of the heads, by the authors' estimator</dd>
        </div>
        <div>
          <dt>
            <span class="math">
              <i>η</i>, <i>λ</i>
            </span>
          </dt>
          <dd>step of ISTA in the dictionary D; weight of ‖Z‖₁</dd>
        </div>
      </dl>
      <button type="button" onClick={() => dialog.current?.close()}>
        Close
      </button>
    </dialog>
  );
}
