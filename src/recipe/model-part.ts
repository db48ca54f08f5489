/** @file The `model` of recipes: the settings of each family that a method can train. */

import { z } from "zod";
import type { Size } from "../base/size.ts";
import { type FormName, modelConflict, namesOf, settledFamilies } from "../model/index.ts";

/** Sizes that a model's name may have. */
type Sizes = {
  dim?: number;
  depth?: number;
  heads?: number;
};

/** What the families of a form have in common, and sizes that most have. */
export interface ModelSettings {
  classifier: { name: string; imageSize: Size; patch?: Size; channels?: number } & Sizes;
  backbone: { name: string; imageSize: Size; patch: Size; channels?: number } & Sizes;
  autoencoder: { name: string; imageSize: Size; patch: Size; channels?: number } & Sizes;
  encoder: { name: string; features: number; imageSize: Size; channels?: number };
  pair: { name: string; features: number; channels?: number };
  language: { name: string; context: number; vocabulary?: number; dim: number; depth: number; heads: number };
}

/**
 * The models of a form, told apart by `name`: a setting of another family is refused. The families are read when the first
 * recipe is, so that others can register before.
 *
 * @param more settings of the method that stand beside the model's
 */
export function modelOf<F extends FormName, More extends z.ZodRawShape = never>(
  form: F,
  more?: More,
): z.ZodType<ModelSettings[F] & Added<More>> {
  const union = z.lazy(() => {
    const settings = settledFamilies(form).map((family) => {
      const name = z.enum(namesOf(family)).describe("architecture; a family's name alone is of any size");
      return z.strictObject({ name, ...family.forms[form]!.options.shape, ...more });
    });
    return z.discriminatedUnion("name", settings as [(typeof settings)[0], ...typeof settings]);
  });
  return union as unknown as z.ZodType<ModelSettings[F] & Added<More>>;
}

type Added<More extends z.ZodRawShape> = [More] extends [never] ? unknown : z.infer<z.ZodObject<More>>;

/** The first rule that the options of a recipe's model break: the key to change, and why. */
export const modelRule =
  (form: FormName) =>
  ({ model }: { model: { name: string } }): { path: string; message: string } | undefined => {
    const own = modelConflict(model, form);
    return own && { path: `model.${own.key}`, message: own.message };
  };
