/** @file The pages that look into a network: it is loaded once a run, with the picture on the left. */

import type { ComponentType } from "preact";
import { AblationGrid } from "../ablation.ts";
import { view } from "../address.ts";
import { useBounds } from "../bounds.ts";
import { useFetched } from "../fetched.ts";
import { Session } from "../session.ts";
import type { RunHere } from "../source/source.ts";
import { Checkpoints } from "./checkpoints.tsx";
import { HeadView } from "./head.tsx";
import { Input } from "./input.tsx";
import { Probabilities } from "./probabilities.tsx";
import { See as SeeView } from "./see.tsx";
import { Settings } from "./settings.tsx";
import { Problem, Waiting } from "./state.tsx";
import { TakenPanel } from "./taken.tsx";

interface Opened {
  session: Session;
  ablations: AblationGrid;
}

/** The network that was looked at last stays, so that its pages share what was drawn. */
let kept: { key: string; opened: Promise<Opened> } | undefined;

function open(run: RunHere, checkpoint: string): Promise<Opened> {
  const key = JSON.stringify([run.id, checkpoint]);
  if (kept?.key === key) return kept.opened;
  void kept?.opened.then(
    ({ session }) => session.close(),
    () => {},
  );
  const opened = Session.open(run, checkpoint).then((session) => ({
    session,
    ablations: new AblationGrid(session),
  }));
  kept = { key, opened };
  opened.catch(() => {
    kept = undefined;
  });
  return opened;
}

/** A page of a network; `View` is what stands at the right of the picture. */
export const networkPage =
  (View: ComponentType<Opened>) =>
  ({ run }: { run: RunHere }) => {
    const checkpoint = view.value.checkpoint || "best";
    const { value, error } = useFetched(() => open(run, checkpoint), `${run.id} ${checkpoint}`);
    const { session } = value ?? {};
    useBounds({ layers: session?.layers.length ?? 0, heads: session?.heads ?? 0 });
    return (
      <>
        <Checkpoints run={run} />
        {error !== undefined && <Problem>{error}</Problem>}
        {value === undefined ? (
          error === undefined && <Waiting what="the network" />
        ) : (
          <Both {...value} View={View} />
        )}
      </>
    );
  };

function Both({ View, ...opened }: Opened & { View: ComponentType<Opened> }) {
  const { session } = opened;
  return (
    <div class="with-picture">
      <div class="left">
        <Input session={session} />
        <Probabilities session={session} />
        <TakenPanel session={session} />
        <Settings session={session} />
      </div>
      <div class="right">
        <View {...opened} />
      </div>
    </div>
  );
}

export const See = networkPage(SeeView);
export const Head = networkPage(HeadView);
