import type { FlashOperation as DoneOperation } from 'dfukit/flash';
import type { FlashOperation } from './board-client.ts';
import type { BoardNews } from './board-messages.ts';

/** How long news are kept together, in ms: a picture on a screen lasts about as long. */
const TOGETHER_MS = 16;
/** Lines of the console that are told at once; what a program prints beyond is left out, and said to be. */
const MOST_LINES = 500;
/** Most bytes of operations that are told as one. */
const MOST_BYTES = 0x1_0000;

/** Operations that are told as one. */
interface Run {
  operation: FlashOperation;
  /** What was programmed, and room for more. */
  room: Uint8Array;
  /** Size of the last of them. */
  lastBytes: number;
}

/** What happens on a board, kept together until it is time to tell the page. */
export class News {
  readonly #tell: (all: readonly BoardNews[]) => void;
  #all: BoardNews[] = [];
  #lines = 0;
  #leftOut = 0;
  /** The operations that came last, if nothing else came since. */
  #run: Run | undefined;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(tell: (all: readonly BoardNews[]) => void) {
    this.#tell = tell;
  }

  add(news: BoardNews): void {
    if (news.news === 'event' && news.event.type === 'console') {
      this.#lines += 1;
      if (this.#lines > MOST_LINES) {
        this.#leftOut += 1;
        this.#soon();
        return;
      }
    }
    this.#endRun();
    this.#all.push(news);
    this.#soon();
  }

  /** A flash operation; those that go on where the last one ended are told together with it. */
  operation({ number, type, offsetBytes, lengthBytes, bytes }: DoneOperation): void {
    const last = this.#run;
    if (last !== undefined && goesOn(last.operation, type, offsetBytes)) {
      grow(last, lengthBytes, bytes);
    } else {
      this.#endRun();
      this.#run = {
        operation: { number, operations: 1, type, offsetBytes, sizeBytes: lengthBytes },
        room: bytes?.slice() ?? new Uint8Array(0),
        lastBytes: lengthBytes,
      };
    }
    this.#soon();
  }

  /** The last operation was not done as it was told: the power went. */
  takeBack(number: number): void {
    const last = this.#run;
    if (last === undefined) return;
    const { operation } = last;
    if (operation.number === number) this.#run = undefined;
    else if (operation.number + operation.operations - 1 === number) this.#shorten(last);
  }

  /** Tells what there is now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#endRun();
    if (this.#leftOut > 0) {
      const text = `[${this.#leftOut} lines left out here]`;
      this.#all.push({ news: 'event', event: { type: 'console', text } });
    }
    const all = this.#all;
    this.#all = [];
    this.#lines = 0;
    this.#leftOut = 0;
    if (all.length > 0) this.#tell(all);
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => this.flush(), TOGETHER_MS);
  }

  #endRun(): void {
    const run = this.#run;
    if (run === undefined) return;
    this.#run = undefined;
    const { operation, room } = run;
    const { type, sizeBytes } = operation;
    const bytes = type === 'program' ? room.slice(0, sizeBytes) : undefined;
    this.#all.push({ news: 'operation', operation: { ...operation, bytes } });
  }

  #shorten(run: Run): void {
    const { operations, sizeBytes } = run.operation;
    run.operation = {
      ...run.operation,
      operations: operations - 1,
      sizeBytes: sizeBytes - run.lastBytes,
    };
  }
}

function goesOn(before: FlashOperation, type: string, offsetBytes: number): boolean {
  const { type: was, offsetBytes: from, sizeBytes } = before;
  // An erase is a sector, and each is looked at.
  return (
    was === 'program' &&
    type === 'program' &&
    from + sizeBytes === offsetBytes &&
    sizeBytes < MOST_BYTES
  );
}

function grow(run: Run, lengthBytes: number, bytes: Uint8Array | undefined): void {
  const { operations, sizeBytes } = run.operation;
  if (run.room.length < sizeBytes + lengthBytes) {
    const room = new Uint8Array(Math.max(256, 2 * (sizeBytes + lengthBytes)));
    room.set(run.room.subarray(0, sizeBytes));
    run.room = room;
  }
  if (bytes !== undefined) run.room.set(bytes, sizeBytes);
  run.lastBytes = lengthBytes;
  run.operation = {
    ...run.operation,
    operations: operations + 1,
    sizeBytes: sizeBytes + lengthBytes,
  };
}
