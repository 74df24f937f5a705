/**
 * The program of the process of its own in which a firmware runs: it bares that process, makes the firmware's world and
 * runs the firmware in it. The build bundles this module to one script (`worker-scripts.ts`).
 *
 * @module
 */
import { readSync, writeSync } from 'node:fs';
import { CREDIT_UNITS, ProgramEnd } from '../index.ts';
import type { CreditMessage, PortMessage } from '../index.ts';
import { bareProcess } from './bare-process.ts';
import { runFirmware } from './firmware-world.ts';
import type { FirmwareStart } from './firmware-world.ts';
import { FrameReader, encodeFrame } from './frames.ts';
import type { Frame } from './frames.ts';

const IN = 0;
const OUT = 1;
/** How long it waits before it looks again, in ms. */
const WAIT_MS = 1;
/** Nobody else has this word: it is there to wait on. */
const nobody = new Int32Array(new SharedArrayBuffer(4));
const { stdin } = process;
const exit = process.exit.bind(process);
const later = setImmediate;

function isFull(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'EAGAIN';
}

/** The pipe holds it up, as it does whoever writes faster than is read. */
function write(frame: Frame): void {
  const bytes = encodeFrame(frame);
  for (let done = 0; done < bytes.length;) {
    try {
      done += writeSync(OUT, bytes, done);
    } catch (error) {
      if (!isFull(error)) exit(1);
      Atomics.wait(nobody, 0, 0, WAIT_MS);
    }
  }
}

/** The board is trusted, and what it sends is as long as it is. */
const frames = new FrameReader(Number.MAX_SAFE_INTEGER);
const room = Buffer.alloc(CREDIT_UNITS);

/** What has come, without going back to the event loop. False: nothing has. */
function readNow(): boolean {
  const buffered = stdin.read() as Uint8Array | null;
  if (buffered !== null) {
    frames.push(buffered);
    return true;
  }
  try {
    const length = readSync(IN, room);
    if (length === 0) exit(0);
    frames.push(Uint8Array.from(room.subarray(0, length)));
    return true;
  } catch (error) {
    if (!isFull(error)) exit(1);
    return false;
  }
}

function messageOf({ head, bytes }: Frame): PortMessage | CreditMessage {
  if (head.startsWith('+')) return { credit: Number(head.slice(1)) };
  return { head, bytes };
}

function nextMessage(): PortMessage | CreditMessage | undefined {
  const frame = frames.next();
  if (frame !== undefined) return messageOf(frame);
  if (!readNow()) Atomics.wait(nobody, 0, 0, WAIT_MS);
  return undefined;
}

/** The first frame says what is to run. */
function startFrame(): FirmwareStart {
  for (;;) {
    const frame = frames.next();
    if (frame !== undefined) return JSON.parse(frame.head) as FirmwareStart;
    if (!readNow()) Atomics.wait(nobody, 0, 0, WAIT_MS);
  }
}

/** What ended the program, in words and with its stack: an exclamation mark, and JSON. */
function crash(error: unknown): void {
  const { message, stack } = (error instanceof Object ? error : {}) as {
    readonly message?: unknown;
    readonly stack?: unknown;
  };
  const words = typeof message === 'string' ? message : String(error);
  write({ head: `!${JSON.stringify([words, typeof stack === 'string' ? stack : ''])}` });
  exit(1);
}

const end = new ProgramEnd({
  post: write,
  wait: nextMessage,
  later: (next) => later(next),
});

function takeAll(): void {
  for (;;) {
    const frame = frames.next();
    if (frame === undefined) return;
    end.take(messageOf(frame));
  }
}

process.on('uncaughtException', crash);
stdin.on('end', () => exit(0));
stdin.on('error', () => exit(1));
const start = startFrame();
bareProcess(stdin);
void runFirmware(end, start, () => {
  stdin.on('data', (piece: Uint8Array) => {
    frames.push(piece);
    takeAll();
  });
  takeAll();
});
