/** @file Tokens in a row, coloured by the attention that the chosen one gives them. */

import { useRef } from "preact/hooks";
import { colourMaps } from "../../src/chart/index.ts";
import { go } from "../address.ts";
import { percent } from "../views/letters.tsx";
import { onColour } from "../views/on-colour.ts";
import { shownToken } from "./text.tsx";

interface Props {
  tokens: readonly string[];
  /** Of the chosen token, one for each. */
  weights: ArrayLike<number>;
  chosen: number;
}

const MOVES: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

/** One stop for the Tab key; arrows go from token to token. */
export function Tokens({ tokens, weights, chosen }: Props) {
  const place = useRef<HTMLDivElement>(null);
  const most = Math.max(...Array.from(weights), 1e-9);
  const key = (event: KeyboardEvent) => {
    const by = MOVES[event.key];
    if (by === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    const next = Math.max(0, Math.min(tokens.length - 1, chosen + by));
    go({ patch: next + 1 });
    (place.current!.children[next] as HTMLElement).focus();
  };
  return (
    <div
      ref={place}
      class="token-row"
      role="radiogroup"
      aria-label="Tokens; arrows choose one"
      onKeyDown={key}
    >
      {tokens.map((token, i) => {
        const weight = weights[i]!;
        const rgb = colourMaps.viridis(weight / most);
        const isSeen = weight > 0 || i === chosen;
        return (
          // biome-ignore lint/a11y/useSemanticElements: a button that is one of a row
          <button
            key={i}
            type="button"
            role="radio"
            aria-checked={i === chosen}
            aria-label={`${shownToken(token)}, token ${i + 1}, ${percent(weight)}`}
            title={percent(weight, 2)}
            tabIndex={i === chosen ? 0 : -1}
            class={token.includes("\n") ? "breaks" : ""}
            style={isSeen ? onColour(rgb) : {}}
            onClick={() => go({ patch: i + 1 })}
          >
            {shownToken(token)}
          </button>
        );
      })}
    </div>
  );
}
