/** @file Starts the page: reads its files, and shows them, or says why it cannot. */

import { render } from "preact";
import { AblationGrid } from "./ablation.ts";
import { Session } from "./session.ts";
import { sourceHere } from "./source.ts";
import { App } from "./views/app.tsx";

const place = document.getElementById("app")!;
try {
  const session = await Session.open(sourceHere());
  document.title = `${session.facts.name}: inside every layer`;
  place.replaceChildren();
  render(<App session={session} ablations={new AblationGrid(session)} />, place);
} catch (error) {
  document.title = "This page cannot be shown";
  const line = document.createElement("p");
  line.setAttribute("role", "alert");
  line.className = "problem";
  line.textContent = (error as Error).message;
  place.replaceChildren(line);
}
