/** @file `page`: a folder for any web server, in which a picture is drawn and every layer answers. */

import { writeOnnx } from "../../graph/index.ts";
import { type ExportedFile, type Format, jsonFile, textFile } from "../format.ts";
import { assets, folderPage } from "../page/assets.ts";
import { factsOf, reportOf } from "../page/facts.ts";
import { metricsFile } from "../page/metrics-file.ts";
import { samplesOf } from "../page/samples.ts";

export const page: Format = {
  about: "a folder for any web server: draw a picture, see every layer",
  file: false,
  async write({ source, small, samples: most }) {
    const samples = await samplesOf(source, most);
    const facts = factsOf(source, small, samples.about);
    const report = reportOf(source);
    const metrics = metricsFile(source);
    const { script, worker, style } = assets();
    const files: ExportedFile[] = [
      { path: "model/model.onnx", parts: [writeOnnx(small)], model: {} },
      textFile("index.html", folderPage(source.name)),
      textFile("app.js", script),
      textFile("worker.js", worker),
      textFile("app.css", style),
      jsonFile("data/run.json", facts),
      // else GitHub Pages runs the folder through Jekyll
      textFile(".nojekyll", ""),
    ];
    if (report !== undefined) files.push(jsonFile("data/report.json", report));
    if (metrics !== undefined) files.push({ path: "data/metrics.safetensors", parts: metrics });
    if (samples.about.length > 0) files.push({ path: "data/samples.png", parts: [samples.png] });
    return files;
  },
};
