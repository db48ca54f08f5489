/** @file CPP: who belongs to whom, the groups, and how many groups code the features in the fewest nats. */

import { useState } from "preact/hooks";
import type { MembershipsAnswer } from "../../src/studio/shapes.ts";
import { go, view } from "../address.ts";
import { useAnswer } from "../answer.ts";
import { floatsOf } from "../source/bytes.ts";
import type { RunHere } from "../source/source.ts";
import { Answering } from "../views/answering.tsx";
import { Heat } from "../views/heat.tsx";
import { percent } from "../views/letters.tsx";
import { Lines } from "../views/lines.tsx";
import { Picture } from "../views/picture.tsx";
import { Stepper } from "../views/stepper.tsx";
import { RowsTable } from "./rows-table.tsx";

const POINTS = 200;
/** Pictures of a group that are shown. */
const SHOWN = 16;

export function Memberships({ run }: { run: RunHere }) {
  const { checkpoint, clusters } = view.value;
  const asked = useAnswer(run, "memberships", {
    ...{ checkpoint: checkpoint || "best", points: POINTS },
    ...(clusters !== undefined && { clusters }),
  });
  return (
    <div class="method">
      <p class="lead">
        Row <i>i</i> of Π says how much point <i>i</i> belongs together with every other. Sorted by group,
        good memberships are bright squares along the diagonal, and dark elsewhere.
      </p>
      <div class="controls">
        <Stepper
          name="Groups"
          value={clusters ?? asked.answer?.clusters ?? 2}
          least={1}
          most={asked.answer?.points.length ?? POINTS}
          on={(next) => go({ clusters: next })}
        />
        {clusters !== undefined && (
          <button type="button" class="link" onClick={() => go({ clusters: undefined })}>
            as the recipe says
          </button>
        )}
      </div>
      <Answering of={asked} what="the memberships">
        {(answer) => (
          <>
            <div class="two">
              <Matrix answer={answer} />
              <CodingLength answer={answer} />
            </div>
            <Groups answer={answer} />
            {view.value.table && <Table answer={answer} />}
          </>
        )}
      </Answering>
    </div>
  );
}

/** Π on a logarithmic scale, with the groups along its side. */
function Matrix({ answer }: { answer: MembershipsAnswer }) {
  const { points, memberships, classes } = answer;
  const [chosen, choose] = useState<number | undefined>(undefined);
  const n = points.length;
  const Pi = floatsOf(memberships);
  // shares of a row are small and far apart in size: their logarithm shows both
  const values = Pi.map((share) => Math.log10(Math.max(1e-3, n * share)));
  const most = values.reduce((a, b) => Math.max(a, b), 0);
  const at = chosen !== undefined && chosen < n * n ? chosen : undefined;
  const name = (i: number) => {
    const { index, label } = points[i]!;
    return `point ${index + 1}${label === undefined ? "" : ` (${classes[label] ?? label})`}`;
  };
  return (
    <figure class="matrix">
      <div class="with-groups">
        <Brackets answer={answer} />
        <Heat
          class="square"
          {...{ values, rows: n, columns: n, low: -3, high: most, onPatch: choose }}
          label={`Memberships of ${n} points, sorted by group`}
        />
      </div>
      <figcaption>
        {n} points, n · Π<sub>ij</sub> from 0.001 to {(10 ** most).toFixed(0)}, logarithmic
      </figcaption>
      <p class="note reading" aria-live="off">
        {at === undefined
          ? "Move over the matrix to read an entry."
          : `${name(Math.floor(at / n))} gives ${name(at % n)} ${percent(Pi[at]!, 2)} of its membership; uniform would be ${percent(1 / n, 2)}.`}
      </p>
    </figure>
  );
}

function Brackets({ answer: { points, clusters } }: { answer: MembershipsAnswer }) {
  const n = points.length;
  const groups = Array.from({ length: clusters }, (_, k) => ({
    k,
    from: points.findIndex(({ cluster }) => cluster === k),
    count: points.filter(({ cluster }) => cluster === k).length,
  })).filter(({ count }) => count > 0);
  return (
    <svg class="brackets" viewBox="0 0 24 300" preserveAspectRatio="none" aria-hidden="true">
      {groups.map(({ k, from, count }) => {
        const [y0, y1] = [(300 * from) / n + 1, (300 * (from + count)) / n - 1];
        return (
          <g key={k}>
            <path d={`M18 ${y0} H14 V${y1} H18`} />
            {y1 - y0 > 12 && (
              <text x={10} y={(y0 + y1) / 2 + 4} text-anchor="end">
                {k + 1}
              </text>
            )}
          </g>
        );
      })}
    </svg>
  );
}

function CodingLength({ answer: { codingLength, clusters, accuracy, nmi } }: { answer: MembershipsAnswer }) {
  const least = codingLength.reduce<(typeof codingLength)[number] | undefined>(
    (a, b) => (a === undefined || b.nats < a.nats ? b : a),
    undefined,
  );
  const x = codingLength.map((each) => each.clusters);
  const at = x.indexOf(clusters);
  return (
    <div>
      <h3>How many groups?</h3>
      <p class="note">
        L(K) is what it takes to code all features and the group of each, in K groups: few groups make wide
        ones, many make many labels. The least is the estimate.
      </p>
      {codingLength.length > 1 && (
        <Lines
          {...{ x, xName: "groups K", yName: "L(K), nats", label: "Coding length by number of groups" }}
          lines={[{ name: "L(K)", y: codingLength.map(({ nats }) => nats), kind: "accent" }]}
          at={at < 0 ? undefined : at}
          onAt={(place) => go({ clusters: x[place]! })}
        />
      )}
      <p class="finding">
        {least && (
          <>
            Of the numbers tried, <strong>{least.clusters}</strong> take the fewest nats,{" "}
            {least.nats.toFixed(1)}.{" "}
          </>
        )}
        {accuracy !== undefined && nmi !== undefined && (
          <>
            Against the labels, {clusters} groups: accuracy {percent(accuracy)}, NMI {percent(nmi)}.
          </>
        )}
      </p>
    </div>
  );
}

/** Each group by pictures of it, or by the labels of its points where there are none. */
function Groups({ answer }: { answer: MembershipsAnswer }) {
  const { points, clusters, classes } = answer;
  return (
    <section class="groups" aria-label="Groups">
      {Array.from({ length: clusters }, (_, k) => {
        const members = points.filter(({ cluster }) => cluster === k);
        const pictures = members.flatMap(({ picture, index }) => (picture ? [{ picture, index }] : []));
        return (
          <div key={k} class="group">
            <h3>
              Group {k + 1} <span class="note">{members.length} points</span>
            </h3>
            {pictures.length > 0 && (
              <div class="thumbnails">
                {pictures.slice(0, SHOWN).map(({ picture, index }) => (
                  <Picture key={index} pixels={picture} label={`point ${index + 1}`} />
                ))}
                {pictures.length > SHOWN && <span class="note">and {pictures.length - SHOWN} more</span>}
              </div>
            )}
            <p class="note">{mostly(members, classes)}</p>
          </div>
        );
      })}
    </section>
  );
}

/** `12 of 14 are class 3`: the label that most of a group have. */
function mostly(members: MembershipsAnswer["points"], classes: readonly string[]): string {
  const votes = new Map<number, number>();
  for (const { label } of members) if (label !== undefined) votes.set(label, (votes.get(label) ?? 0) + 1);
  const [label, count] = [...votes].sort((a, b) => b[1] - a[1])[0] ?? [];
  return label === undefined ? "" : `${count} of ${members.length} are of class ${classes[label] ?? label}`;
}

const Table = ({ answer: { points, classes, codingLength } }: { answer: MembershipsAnswer }) => (
  <>
    <RowsTable
      caption="Coding length"
      columns={["groups", "nats"]}
      rows={codingLength.map(({ clusters, nats }) => [clusters, nats.toFixed(2)])}
    />
    <RowsTable
      caption="Points"
      columns={["point", "group", "class"]}
      rows={points.map(({ index, cluster, label }) => [
        index + 1,
        cluster + 1,
        label === undefined ? "–" : (classes[label] ?? label),
      ])}
    />
  </>
);
