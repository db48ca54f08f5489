/** @file The page: its header, and the view that the address names. */

import type { ComponentType } from "preact";
import { useEffect, useRef } from "preact/hooks";
import { replace, view } from "../address.ts";
import { useFetched } from "../fetched.ts";
import { onKey } from "../keys.ts";
import { RUN_PAGES, STUDIO_PAGES } from "../pages.tsx";
import { runHere } from "../run-here.ts";
import type { RunHere, Studio } from "../source/source.ts";
import { Header } from "./header.tsx";
import { Help } from "./help.tsx";
import { Problem, Waiting } from "./state.tsx";

/** Keys, colours, and the frame around every page. */
function Frame({ run, children }: { run?: RunHere | undefined; children: preact.ComponentChildren }) {
  const { theme } = view.value;
  const dialog = useRef<HTMLDialogElement>(null);
  const help = () => dialog.current?.showModal();
  useEffect(() => {
    const press = (event: KeyboardEvent) => onKey(event, help);
    addEventListener("keydown", press);
    return () => removeEventListener("keydown", press);
  }, []);
  useEffect(() => {
    if (theme === "system") delete document.documentElement.dataset.theme;
    else document.documentElement.dataset.theme = theme;
  }, [theme]);
  return (
    <>
      <Header run={run} help={help} />
      <main>{children}</main>
      <Help dialog={dialog} />
    </>
  );
}

/** One page of a run. */
function OfRun({ run }: { run: RunHere }) {
  const { page } = view.value;
  const entry = RUN_PAGES[page as keyof typeof RUN_PAGES];
  useTitle(`${run.name}: ${entry?.name ?? "no such page"}`);
  if (entry === undefined) return <Problem>There is no page "{page}" of a run.</Problem>;
  if (!entry.isThere(run.detail))
    return (
      <Problem>
        {run.name} has no page "{entry.name}"{run.detail?.noModel ? `: ${run.detail.noModel}` : ""}.
      </Problem>
    );
  const { View, question } = entry;
  return (
    <>
      <h2 class="question">{question}</h2>
      <View key={run.id} run={run} />
    </>
  );
}

export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title;
  }, [title]);
}

/** The exported page of one run. */
export const OneRun = ({ run }: { run: RunHere }) => (
  <Frame run={run}>
    <OfRun run={run} />
  </Frame>
);

/** Runs of a server, or of a folder. */
export function StudioApp({ studio }: { studio: Studio }) {
  const { page, run } = view.value;
  if (run !== "") return <WithRun key={run} studio={studio} id={run} />;
  if (page === "latest") return <Latest studio={studio} />;
  const { View, question } = STUDIO_PAGES[page as keyof typeof STUDIO_PAGES];
  return <OfAll studio={studio} View={View} question={question} />;
}

function OfAll(props: { studio: Studio; View: ComponentType<{ studio: Studio }>; question: string }) {
  const { studio, View, question } = props;
  useTitle(`${question} · Vitrine`);
  return (
    <Frame>
      <h1 class="question">{question}</h1>
      <View studio={studio} />
    </Frame>
  );
}

/** `#/latest` goes on to the newest run. */
function Latest({ studio }: { studio: Studio }) {
  const { value, error } = useFetched(() => studio.runs(), "runs");
  const newest = value?.[0];
  useEffect(() => {
    if (value !== undefined) replace(newest ? { page: "train", run: newest.id } : { page: "runs" });
  }, [value]);
  return <Frame>{error ? <Problem>{error}</Problem> : <Waiting what="the newest run" />}</Frame>;
}

function WithRun({ studio, id }: { studio: Studio; id: string }) {
  const { value: detail, error } = useFetched(() => studio.run(id), id);
  if (error !== undefined)
    return (
      <Frame>
        <Problem>{error}</Problem>
      </Frame>
    );
  if (detail === undefined)
    return (
      <Frame>
        <Waiting what="the run" />
      </Frame>
    );
  const run = runHere(studio, detail);
  return (
    <Frame run={run}>
      <OfRun run={run} />
    </Frame>
  );
}
