/** @file Starts the page, for the host that serves it. */

import { render } from "preact";
import { pageStyle } from "../src/chart/index.ts";
import { host } from "./host.ts";
import { followRuns } from "./runs.ts";
import { admit } from "./source/admission.ts";
import { files } from "./source/files.ts";
import { onlyRun } from "./source/one-run.ts";
import { server } from "./source/server.ts";
import type { RunHere } from "./source/source.ts";
import { OneRun, StudioApp } from "./views/app.tsx";
import { Problem } from "./views/state.tsx";

// figures bring their own colours; a sheet of the page's script is no inline style
const figures = new CSSStyleSheet();
figures.replaceSync(pageStyle());
document.adoptedStyleSheets = [figures];

const place = document.getElementById("app")!;
const show = (page: preact.ComponentChild): void => {
  place.replaceChildren();
  render(page, place);
};

try {
  if (!STUDIO || host === "run") await showOnly();
  else await showAll();
} catch (error) {
  document.title = "This page cannot be shown";
  show(<Problem>{(error as Error).message}</Problem>);
}

async function showOnly(): Promise<void> {
  const network = onlyRun();
  const { name, model, data, checkpoint } = await network.facts();
  const about = [model, data, checkpoint].filter(Boolean).join(" · ");
  const run: RunHere = { id: "", name, about, detail: undefined, studio: undefined, network };
  show(<OneRun run={run} />);
}

async function showAll(): Promise<void> {
  if (host === "studio") await admit();
  const studio = host === "studio" ? server : files;
  followRuns(studio);
  show(<StudioApp studio={studio} />);
}
