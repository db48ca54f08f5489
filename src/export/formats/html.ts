/** @file `html`: the page as one file, which opens without a server and without a network. */

import { writeOnnx } from "../../graph/index.ts";
import { UsageError } from "../../tensor/index.ts";
import { type Format, textFile } from "../format.ts";
import { embedded, onePage } from "../page/assets.ts";
import { factsOf } from "../page/facts.ts";
import { samplesOf } from "../page/samples.ts";

/** Of the model: text in base64 is a third longer, and a browser keeps it in memory. */
const MOST_BYTES = 2 * 2 ** 20;

export const html: Format = {
  about: "the page as one file that opens without a network, up to 2 MiB of weights",
  file: true,
  precision: "fp16",
  async write({ source, small, samples: most }) {
    const model = writeOnnx(small);
    if (model.length > MOST_BYTES)
      throw new UsageError(
        `${source.name}: the model takes ${(model.length / 2 ** 20).toFixed(1)} MiB; one file holds at most ${MOST_BYTES / 2 ** 20} MiB: choose --format page`,
      );
    const samples = await samplesOf(source, most);
    const run = new TextEncoder().encode(JSON.stringify(factsOf(source, small, samples.about)));
    const text = onePage(source.name, { run, model, samples: samples.png });
    const inside = (file: Uint8Array) => embedded(new TextDecoder().decode(file), "model");
    return [{ ...textFile("", text), model: { model: inside } }];
  },
};
