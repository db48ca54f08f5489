import { expect, test } from "vitest";
import { environmentLayers, variableOf } from "./environment.ts";

test("a variable is the key in capitals, with a double underscore for the dot", () => {
  expect(variableOf("train.batchSize")).toBe("VITRINE_TRAIN__BATCH_SIZE");
  expect(variableOf("data.augment.resizedCrop")).toBe("VITRINE_DATA__AUGMENT__RESIZED_CROP");
  expect(variableOf("seed")).toBe("VITRINE_SEED");
});

test("variables become layers with their name as origin", () => {
  const variables = { VITRINE_TRAIN__LR: "1e-3", VITRINE_SEED: "7", HOME: "/", PATH__X: "1" };
  expect(environmentLayers(variables)).toEqual([
    { origin: "VITRINE_TRAIN__LR", values: { train: { lr: 1e-3 } } },
    { origin: "VITRINE_SEED", values: { seed: 7 } },
  ]);
});

test("variables with one underscore belong to others", () => {
  expect(
    environmentLayers({ VITRINE_DATA: "/data", VITRINE_LIBTORCH: "/opt/libtorch", VITRINE_NAME: "x" }),
  ).toEqual([]);
});

test("a mistyped variable offers the nearest one", () => {
  expect(() => environmentLayers({ VITRINE_TRAIN__EPOCS: "3" })).toThrow(
    'unknown variable VITRINE_TRAIN__EPOCS (did you mean "VITRINE_TRAIN__EPOCHS"?); unset it or correct its name',
  );
});
