/** @file Where a picture comes in: drawn, dropped, pasted, chosen from a file or from the test set. */

import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { go, view } from "../address.ts";
import { useFetched } from "../fetched.ts";
import { type Colours, loadPicture } from "../input/load.ts";
import { PAGE, type Pictures } from "../pictures.ts";
import type { Session } from "../session.ts";
import { Stepper } from "./stepper.tsx";

const SIDE = 280;
/** A pen as thick as in MNIST once the digit is shrunk. */
const PEN = 22;

export function Input({ session }: { session: Session }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const picker = useRef<HTMLInputElement>(null);
  const { channels } = session.facts.input;
  const canDraw = channels === 1;
  const pad = useRef({ last: undefined as [number, number] | undefined, isDrawn: false });
  const paper = () => canvas.current!.getContext("2d", { willReadFrequently: true })!;

  useLayoutEffect(() => {
    if (session.shown.value !== undefined) draw(paper(), session.shown.value);
    pad.current.isDrawn = false;
  }, [session.shown.value]);

  const clear = () => {
    const context = paper();
    context.fillStyle = "#000";
    context.fillRect(0, 0, SIDE, SIDE);
    pad.current.isDrawn = true;
    session.shown.value = undefined;
    go({ sample: 0 });
    session.show(context.getImageData(0, 0, SIDE, SIDE), "drawn");
  };
  const place = (event: PointerEvent): [number, number] => {
    const box = canvas.current!.getBoundingClientRect();
    const scale = SIDE / box.width;
    return [(event.clientX - box.left) * scale, (event.clientY - box.top) * scale];
  };
  const down = (event: PointerEvent) => {
    if (!pad.current.isDrawn) clear();
    canvas.current!.setPointerCapture(event.pointerId);
    pad.current.last = place(event);
    move(event);
  };
  const move = (event: PointerEvent) => {
    const { last } = pad.current;
    if (last === undefined) return;
    const context = paper();
    Object.assign(context, { strokeStyle: "#fff", lineWidth: PEN, lineCap: "round", lineJoin: "round" });
    const next = place(event);
    context.beginPath();
    context.moveTo(...last);
    context.lineTo(...next);
    context.stroke();
    pad.current.last = next;
    session.show(context.getImageData(0, 0, SIDE, SIDE), "drawn");
  };
  const up = () => {
    pad.current.last = undefined;
  };

  useEffect(() => {
    const take = (file: File | undefined) => void (file && open(session, file));
    const drop = (event: DragEvent) => {
      event.preventDefault();
      take(event.dataTransfer?.files[0]);
    };
    const paste = (event: ClipboardEvent) => take(event.clipboardData?.files[0]);
    const over = (event: DragEvent) => event.preventDefault();
    addEventListener("drop", drop);
    addEventListener("dragover", over);
    addEventListener("paste", paste);
    return () => {
      removeEventListener("drop", drop);
      removeEventListener("dragover", over);
      removeEventListener("paste", paste);
    };
  }, [session]);

  return (
    <section class="input" aria-label="Picture">
      <canvas
        ref={canvas}
        class={`pad ${canDraw ? "draws" : ""}`}
        width={SIDE}
        height={SIDE}
        role="img"
        aria-label={canDraw ? "Drawing area: draw with a mouse, a pen or a finger" : "The picture"}
        {...(canDraw && { onPointerDown: down, onPointerMove: move, onPointerUp: up, onPointerCancel: up })}
      />
      <div class="buttons">
        {canDraw && (
          <button type="button" onClick={clear}>
            Clear
          </button>
        )}
        <button type="button" onClick={() => picker.current!.click()}>
          Open a picture
        </button>
        <input
          ref={picker}
          type="file"
          accept="image/png,image/jpeg,image/gif,image/webp,image/bmp"
          aria-label="Picture file"
          hidden
          onChange={({ currentTarget: { files } }) => files?.[0] && open(session, files[0])}
        />
      </div>
      <p class="note">{canDraw ? "Draw, drop or paste a picture." : "Drop or paste a picture."}</p>
      {session.problem.value && (
        <p class="problem" role="alert">
          {session.problem.value}
        </p>
      )}
      {session.pictures !== undefined && session.pictures.total > 0 && (
        <Samples session={session} pictures={session.pictures} />
      )}
    </section>
  );
}

async function open(session: Session, file: File): Promise<void> {
  try {
    const picture = await loadPicture(file, file.name || "The picture");
    go({ sample: 0 });
    session.shown.value = picture;
    session.show(picture, "file");
  } catch (error) {
    session.problem.value = (error as Error).message;
  }
}

/** Whole, in the middle of the pad; small pictures by squares. */
function draw(context: CanvasRenderingContext2D, picture: Colours): void {
  const own = document.createElement("canvas");
  [own.width, own.height] = [picture.width, picture.height];
  own.getContext("2d")!.putImageData(imageOf(picture), 0, 0);
  context.fillStyle = "#000";
  context.fillRect(0, 0, SIDE, SIDE);
  const scale = SIDE / Math.max(picture.width, picture.height);
  const [w, h] = [picture.width * scale, picture.height * scale];
  context.imageSmoothingEnabled = scale < 2;
  context.drawImage(own, (SIDE - w) / 2, (SIDE - h) / 2, w, h);
}

const imageOf = ({ data, width, height }: Colours) =>
  new ImageData(new Uint8ClampedArray(data), width, height);

/** Pictures of the test set, a page of them at a time. */
function Samples({ session, pictures }: { session: Session; pictures: Pictures }) {
  const { sample } = view.value;
  const page = Math.floor((Math.max(1, sample) - 1) / PAGE);
  const { value = [] } = useFetched(() => pictures.load(page * PAGE + 1, PAGE), `${session.run.id} ${page}`);
  return (
    <>
      <fieldset class="samples">
        <legend class="hidden">Pictures of the test set</legend>
        {value.map(({ number, picture, label }) => (
          <button
            key={number}
            type="button"
            class="sample"
            title={label}
            aria-label={`Picture ${number}: ${label}`}
            aria-pressed={sample === number}
            onClick={() => go({ sample: number })}
          >
            <Thumbnail picture={picture} />
          </button>
        ))}
      </fieldset>
      {pictures.total > PAGE && (
        <Stepper
          name="Image"
          value={Math.max(1, sample)}
          least={1}
          most={pictures.total}
          on={(number) => go({ sample: number })}
          after={`of ${pictures.total.toLocaleString("en")}`}
        />
      )}
    </>
  );
}

function Thumbnail({ picture }: { picture: Colours }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  useLayoutEffect(() => canvas.current!.getContext("2d")!.putImageData(imageOf(picture), 0, 0), [picture]);
  return <canvas ref={canvas} width={picture.width} height={picture.height} />;
}
