/** @file `onnx`: one file, with every probe as an output. */

import { writeOnnx } from "../../graph/index.ts";
import type { Format } from "../format.ts";

export const onnx: Format = {
  about: "one ONNX file, opset 17: the network's outputs and every probe",
  file: true,
  write: ({ small }) => [{ path: "", parts: [writeOnnx(small)], model: {} }],
};
