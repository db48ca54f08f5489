/** @file What a checkpoint says of its data, checked: checksums find accidents, not what somebody wrote by hand. */
import { z } from "zod";
import { CheckpointError } from "../base/errors.ts";
import type { LoadedCheckpoint } from "../train/index.ts";

const schema = z.object({
  dataset: z.object({
    fingerprint: z.string(),
    channels: z.int().min(0), // a text has none
    classes: z.array(z.string()),
    vocabulary: z.string().optional(),
  }),
});

/** @throws {CheckpointError} the checkpoint's `config.json` does not say what data its model is for */
export function requireRunConfig({ name, config }: Pick<LoadedCheckpoint, "name" | "config">): void {
  const issue = schema.safeParse(config).error?.issues[0];
  if (issue === undefined) return;
  throw new CheckpointError(
    `${name}: config.json has no ${issue.path.map(String).join(".")} as a run writes it; take another checkpoint`,
  );
}
