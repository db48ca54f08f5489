/** @file The exported page of one run: files in folders beside it, or blocks inside of the page. */

import { readFacts } from "../../src/graph/index.ts";
import { get } from "./get.ts";
import type { Source } from "./source.ts";

/** Files of an exported folder, by addresses relative to the page. */
const folder: Source = {
  facts: async () => readFacts(await (await get("data/run.json")).text()),
  model: async () => new Uint8Array(await (await get("model/model.onnx")).arrayBuffer()),
  samples: async () => (await get("data/samples.png")).blob(),
};

/** Files inside of the page: `<script type="text/plain" id="model">` in base64. */
const inside: Source = {
  facts: async () => readFacts(new TextDecoder().decode(embedded("run"))),
  model: async () => embedded("model"),
  samples: async () => new Blob([embedded("samples")], { type: "image/png" }),
};

function embedded(id: string): Uint8Array<ArrayBuffer> {
  const text = document.getElementById(id)?.textContent ?? "";
  return Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
}

/** The page's own source. */
export const onlyRun = (): Source => (document.getElementById("model") === null ? folder : inside);
