/** @file Events of the server, through its absences. */

import type { Stop } from "./source.ts";

/** Milliseconds until a stream that was refused is asked for again. */
const AGAIN = 2000;

/**
 * A browser comes back by itself where the connection broke, and says which event it had last; where the server
 * refused (it may be starting again), we do.
 * @param on true when nothing more is wanted
 */
export function listen(
  path: (lastId: string) => string,
  on: (data: unknown) => boolean,
  isUp: (isUp: boolean) => void,
): Stop {
  let stream: EventSource;
  let lastId = "";
  let timer: ReturnType<typeof setTimeout> | undefined;
  const stop = () => {
    clearTimeout(timer);
    stream.close();
  };
  const open = () => {
    stream = new EventSource(path(lastId));
    stream.onopen = () => isUp(true);
    stream.onerror = () => {
      isUp(false);
      if (stream.readyState === EventSource.CLOSED) timer = setTimeout(open, AGAIN);
    };
    stream.onmessage = ({ data, lastEventId }) => {
      lastId = lastEventId;
      if (on(JSON.parse(data as string))) stop();
    };
  };
  open();
  return stop;
}
