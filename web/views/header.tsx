/** @file The head of the page: all runs, the run that is looked at, its pages, and switches. */

import type { ComponentChildren } from "preact";
import { addressWith, go, parse, view } from "../address.ts";
import { host } from "../host.ts";
import { RUN_PAGES, STUDIO_PAGES } from "../pages.tsx";
import type { RunHere } from "../source/source.ts";

const NEXT_THEME = { system: "light", light: "dark", dark: "system" } as const;

/** A link that says whether it is where the reader is. */
const Tab = ({ to, isHere, children }: { to: string; isHere: boolean; children: ComponentChildren }) => (
  <a href={to} {...(isHere && { "aria-current": "page" })}>
    {children}
  </a>
);

/** Pages over all runs; what they show is as at the start. */
function Studio() {
  const { page, run, theme, table } = view.value;
  const start = { ...parse(""), theme, table };
  return (
    <nav class="all" aria-label="Vitrine">
      <a class="brand" href={addressWith({ ...start, page: "runs", run: "" })}>
        Vitrine
      </a>
      {(["runs", "sweeps", "theory"] as const).map((name) => (
        <Tab
          key={name}
          to={addressWith({ ...start, page: name, run: "" })}
          isHere={run === "" && page === name}
        >
          {STUDIO_PAGES[name].name}
        </Tab>
      ))}
    </nav>
  );
}

function Tools({ help }: { help: () => void }) {
  const { theme, table } = view.value;
  return (
    <div class="tools">
      <button type="button" aria-pressed={table} onClick={() => go({ table: !table })}>
        Numbers
      </button>
      <button type="button" onClick={() => go({ theme: NEXT_THEME[theme] })}>
        {{ system: "Auto", light: "Light", dark: "Dark" }[theme]}
        <span class="hidden"> colours: change</span>
      </button>
      <button type="button" aria-label="Keys" onClick={help}>
        ?
      </button>
    </div>
  );
}

/** The run, and its pages. */
function Run({ run }: { run: RunHere }) {
  const { page } = view.value;
  const pages = Object.entries(RUN_PAGES).filter(([, { isThere }]) => isThere(run.detail));
  return (
    <>
      <div class="title">
        <h1>{run.name}</h1>
        <p class="note">{run.about}</p>
      </div>
      <nav aria-label="Pages of this run">
        {pages.map(([key, { name, question }]) => (
          <Tab key={key} to={addressWith({ page: key as keyof typeof RUN_PAGES })} isHere={page === key}>
            <span title={question}>{name}</span>
          </Tab>
        ))}
      </nav>
    </>
  );
}

export function Header({ run, help }: { run: RunHere | undefined; help: () => void }) {
  return (
    <header>
      {STUDIO && host !== "run" && (
        <div class="top">
          <Studio />
          <Tools help={help} />
        </div>
      )}
      {run && (
        <div class="of-run">
          <Run run={run} />
          {host === "run" && <Tools help={help} />}
        </div>
      )}
    </header>
  );
}
