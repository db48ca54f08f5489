/** @file The page: its header, the picture on the left, what becomes of it on the right. */

import { useEffect, useRef } from "preact/hooks";
import type { AblationGrid } from "../ablation.ts";
import { addressOf, go, type View, view } from "../address.ts";
import { onKey } from "../keys.ts";
import type { Session } from "../session.ts";
import { HeadView } from "./head.tsx";
import { Help } from "./help.tsx";
import { Input } from "./input.tsx";
import { Probabilities } from "./probabilities.tsx";
import { See } from "./see.tsx";
import { Settings } from "./settings.tsx";
import { TakenPanel } from "./taken.tsx";

const PAGES: readonly (readonly [View["page"], string])[] = [
  ["see", "What does each layer do?"],
  ["head", "What does a head look at?"],
];
const NEXT_THEME = { system: "light", light: "dark", dark: "system" } as const;

export function App({ session, ablations }: { session: Session; ablations: AblationGrid }) {
  const { page, theme } = view.value;
  const help = useRef<HTMLDialogElement>(null);
  useEffect(() => {
    const press = (event: KeyboardEvent) => onKey(event, session, () => help.current?.showModal());
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, [session]);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  const { name, model, data, checkpoint } = session.facts;
  return (
    <>
      <header>
        <div class="title">
          <h1>{name}</h1>
          <p class="note">{[model, data, checkpoint].filter(Boolean).join(" · ")}</p>
        </div>
        <nav aria-label="Pages">
          {PAGES.map(([key, text]) => (
            <a
              key={key}
              href={addressOf({ ...view.value, page: key })}
              {...(page === key && { "aria-current": "page" })}
            >
              {text}
            </a>
          ))}
        </nav>
        <div class="tools">
          <button
            type="button"
            aria-pressed={view.value.table}
            onClick={() => go({ table: !view.value.table })}
          >
            Numbers
          </button>
          <button type="button" onClick={() => go({ theme: NEXT_THEME[theme] })}>
            {{ system: "Auto", light: "Light", dark: "Dark" }[theme]}
            <span class="hidden"> colours: change</span>
          </button>
          <button type="button" aria-label="Keys" onClick={() => help.current?.showModal()}>
            ?
          </button>
        </div>
      </header>
      <main>
        <div class="left">
          <Input session={session} />
          <Probabilities session={session} />
          <TakenPanel session={session} />
          <Settings session={session} />
        </div>
        <div class="right">
          <h2 class="hidden">{PAGES.find(([key]) => key === page)![1]}</h2>
          {page === "see" ? <See session={session} /> : <HeadView session={session} ablations={ablations} />}
        </div>
      </main>
      <Help dialog={help} />
    </>
  );
}
