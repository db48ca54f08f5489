/** @file The pages that look into a network: it is loaded once a run, with the picture on the left. */

import type { ComponentType } from "preact";
import { AblationGrid } from "../ablation.ts";
import { useBounds } from "../bounds.ts";
import { useFetched } from "../fetched.ts";
import { Session } from "../session.ts";
import type { RunHere } from "../source/source.ts";
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
let kept: { id: string; opened: Promise<Opened> } | undefined;

function open({ id, network }: RunHere): Promise<Opened> {
  if (kept?.id !== id) {
    const opened = Session.open(network).then((session) => ({
      session,
      ablations: new AblationGrid(session),
    }));
    kept = { id, opened };
    opened.catch(() => {
      kept = undefined;
    });
  }
  return kept.opened;
}

/** A page of a network; `View` is what stands at the right of the picture. */
export const networkPage =
  (View: ComponentType<Opened>) =>
  ({ run }: { run: RunHere }) => {
    const { value, error } = useFetched(() => open(run), run.id);
    const { session } = value ?? {};
    useBounds({ layers: session?.layers.length ?? 0, heads: session?.heads ?? 0 });
    if (error !== undefined) return <Problem>{error}</Problem>;
    if (value === undefined) return <Waiting what="the network" />;
    return (
      <div class="with-picture">
        <div class="left">
          <Input session={value.session} />
          <Probabilities session={value.session} />
          <TakenPanel session={value.session} />
          <Settings session={value.session} />
        </div>
        <div class="right">
          <View {...value} />
        </div>
      </div>
    );
  };

export const See = networkPage(SeeView);
export const Head = networkPage(HeadView);
