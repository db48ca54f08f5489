/** @file What the process with libtorch can be asked, by name. */

import { z } from "zod";
import { readRecipe } from "../../method/load-run.ts";
import { checked, index, split } from "./asked.ts";
import { construct } from "./construct.ts";
import { forward } from "./forward.ts";
import { samplesFrom } from "./images.ts";
import { mask } from "./mask.ts";
import { memberships } from "./memberships.ts";
import { network } from "./network.ts";
import { segments } from "./segments.ts";
import { text } from "./text.ts";
import { traverse } from "./traverse.ts";

const samplesAsked = z.object({ split, from: index, count: z.int().min(0).max(200) });
const samples = async (folder: string, asked: unknown) =>
  await samplesFrom(readRecipe(folder), checked(samplesAsked, asked));

/** What a page asks by POST. */
export const asks = { forward, mask, traverse, memberships, construct, text, segments };

/** And what the server asks for itself. */
export const jobs = { ...asks, network, samples };
