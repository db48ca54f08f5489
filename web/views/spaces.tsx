/** @file The subspaces of a layer's heads: how they lie to one another, how even they are, what patches they are. */

import { useMemo } from "preact/hooks";
import {
  basisOf,
  type Graph,
  headColumns,
  layersOf,
  patchMapOf,
  principalCosines,
  readOnnx,
  type Subspaces,
  singularValues,
  subspacesOf,
} from "../../src/graph/index.ts";
import { view } from "../address.ts";
import { useBounds } from "../bounds.ts";
import { useFetched } from "../fetched.ts";
import { RowsTable } from "../methods/rows-table.tsx";
import type { RunHere } from "../source/source.ts";
import { Picks } from "./head.tsx";
import { Heat } from "./heat.tsx";
import { Lines } from "./lines.tsx";
import { Overlaps } from "./overlaps.tsx";
import { Empty, Problem, Waiting } from "./state.tsx";

export function Spaces({ run }: { run: RunHere }) {
  const { checkpoint } = view.value;
  const network = run.studio?.network(run.id, checkpoint || undefined) ?? run.network;
  const { value: graph, error } = useFetched(
    async () => readOnnx(await network.model(), { name: "the model" }),
    `${run.id} ${checkpoint}`,
  );
  if (error !== undefined) return <Problem>{error}</Problem>;
  if (graph === undefined) return <Waiting what="the network" />;
  const layers = layersOf(graph).flatMap(({ path }) => subspacesOf(graph, path) ?? []);
  if (layers.length === 0)
    return (
      <Empty title="This network has no subspaces">
        <p>
          The heads of a ViT or a GPT have three maps each and compress towards no subspace. CRATE's heads
          have one basis U each: <code>vitrine train digits</code> makes such a run.
        </p>
      </Empty>
    );
  return <Shown graph={graph} layers={layers} />;
}

function Shown({ graph, layers }: { graph: Graph; layers: readonly Subspaces[] }) {
  const l = Math.min(view.value.l, layers.length);
  const U = layers[l - 1]!;
  useBounds({ layers: layers.length, heads: U.heads });
  const k = Math.min(view.value.k, U.heads);
  const found = useMemo(() => measured(U), [U]);
  return (
    <div class="method">
      <p class="lead">
        Each head compresses tokens towards the span of its p vectors U<sub>k</sub>. If heads look for
        different things, their spans lie at wide angles: closer than random ones, they share directions.
      </p>
      <nav class="pick" aria-label="Layer and head">
        <Picks name="Layer" count={layers.length} now={l} change={(at) => ({ l: at })} />
        <Picks name="Head" count={U.heads} now={k} change={(at) => ({ k: at })} />
      </nav>
      <div class="two">
        <Overlaps {...{ ...found, k, l }} />
        <Spectra {...{ spectra: found.spectra, k }} />
      </div>
      <Patches {...{ graph, U, k, l }} />
    </div>
  );
}

export interface Measured {
  /** Dimensions of a subspace, and of tokens. */
  readonly p: number;
  readonly d: number;
  /** [j][k]: cosines of the principal angles, falling. */
  readonly cosines: readonly (readonly (readonly number[])[])[];
  /** Singular values of each Uₖ, falling. */
  readonly spectra: readonly (readonly number[])[];
}

function measured(U: Subspaces): Measured {
  const heads = Array.from({ length: U.heads }, (_, k) => headColumns(U, k));
  const bases = heads.map(basisOf);
  return {
    ...{ p: U.width, d: heads[0]![0]!.length },
    cosines: bases.map((P) => bases.map((Q) => principalCosines(P, Q))),
    spectra: heads.map(singularValues),
  };
}

/** Singular values of each U: all 1 is an orthonormal basis. */
function Spectra({ spectra, k }: { spectra: Measured["spectra"]; k: number }) {
  const x = spectra[0]!.map((_, i) => i + 1);
  const own = spectra[k - 1]!;
  const others = spectra.flatMap((y, i) => (i === k - 1 ? [] : [{ name: "", y, kind: "muted" as const }]));
  const gap = Math.sqrt(own.reduce((sum, s) => sum + (s * s - 1) ** 2, 0));
  return (
    <section aria-label="Spectra">
      <h3>How even is each basis?</h3>
      <p class="note">
        Singular values of U<sub>k</sub>. The theory asks for an orthonormal basis: all 1. A steep fall says
        that the head uses fewer directions than it has.
      </p>
      <Lines
        {...{
          x,
          xName: "number",
          yName: "singular value",
          label: `Singular values of each head; head ${k} is marked`,
        }}
        lines={[
          ...others,
          { name: "orthonormal", y: x.map(() => 1), kind: "warm", isLevel: true },
          { name: `head ${k}`, y: own, kind: "accent" },
        ]}
      />
      <p class="finding">
        Head {k}: {own.at(-1)!.toFixed(2)} to {own[0]!.toFixed(2)}; ‖UᵀU − I‖ = {gap.toFixed(2)}.
      </p>
      {view.value.table && (
        <RowsTable
          caption="Singular values, a row for each head"
          columns={["head", ...x.map(String)]}
          rows={spectra.map((values, i) => [i + 1, ...values.map((s) => s.toFixed(3))])}
        />
      )}
    </section>
  );
}

/** Each vector of U through the patch embedding, as the patch that it answers to. */
function Patches({ graph, U, k, l }: { graph: Graph; U: Subspaces; k: number; l: number }) {
  const patches = useMemo(() => {
    const channels = Number(graph.inputs.find(({ dims }) => dims.length === 4)?.dims[1] ?? 1);
    const map = patchMapOf(graph, channels);
    return map && { map, pictures: headColumns(U, k - 1).map((u) => map.pullBack(u)) };
  }, [graph, U, k]);
  if (patches === undefined) return null;
  const { map, pictures } = patches;
  const area = map.height * map.width;
  const shown = pictures.map((patch) => Array.from({ length: area }, (_, i) => meanOver(patch, i, area)));
  const largest = shown.flat().reduce((a, b) => Math.max(a, Math.abs(b)), 0);
  return (
    <section aria-label="Vectors as patches">
      <h3>
        The vectors of head {k} as patches of {map.height} × {map.width} pixels
      </h3>
      <p class="note">
        What pattern in a patch each vector answers to: Wᵀu, W being the patch embedding, without its
        normalisation.{" "}
        {l > 1 &&
          `Tokens before layer ${l} are mixtures of patches by then: read these as directions, not as filters. `}
        {map.channels > 1 && `The mean over ${map.channels} channels. `}
        Blue is positive, red negative, one scale.
      </p>
      <div class="patches">
        {shown.map((values, i) => (
          <figure key={i}>
            <Heat
              {...{ values, rows: map.height, columns: map.width, low: -largest, high: largest }}
              colours="diverging"
              label={`Vector ${i + 1} as a patch`}
            />
            <figcaption>
              u<sub>{i + 1}</sub>
            </figcaption>
          </figure>
        ))}
      </div>
    </section>
  );
}

/** Over channels, which lie one after the other. */
function meanOver(patch: Float64Array, i: number, area: number): number {
  let sum = 0;
  for (let at = i; at < patch.length; at += area) sum += patch[at]!;
  return (sum * area) / patch.length;
}
