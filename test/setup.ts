/** @file Before and after every test: none may leave a tensor behind. */

import { afterEach, beforeEach, expect } from "vitest";
import { liveTensors } from "../src/tensor/scope.ts";

let before = 0;

beforeEach(() => {
  before = liveTensors();
});

afterEach(() => {
  expect(liveTensors() - before, "tensors that the test left alive").toBe(0);
});
