/** @file Training images on the device for as long as a run trains. */

import { talk } from "../base/talk.ts";
import { bytesOf, isResident, residentSource } from "../data/index.ts";
import type { Splits } from "./build.ts";
import type { TrainPlace } from "./method.ts";

/**
 * Runs `body` with the training images on the device where `data.resident` says so, which is said in a line.
 * @throws {UsageError} always, of images that are decoded as they are needed
 */
export async function withResident<T>(
  splits: Splits,
  { data: { resident } }: { data: { resident: "auto" | "always" | "never" } },
  { device, progress }: Pick<TrainPlace, "device" | "progress">,
  body: (splits: Splits) => Promise<T>,
): Promise<T> {
  const { train } = splits;
  if (!isResident(train, resident, device)) return await body(splits);
  const { source, images } = await residentSource(train, device);
  if (progress !== "none")
    talk(
      `data.resident: ${train.count.toLocaleString("en")} images, ${(bytesOf(train) / 1e6).toFixed(1)} MB, lie on ${device}`,
    );
  try {
    return await body({ ...splits, train: source });
  } finally {
    images.dispose();
  }
}
