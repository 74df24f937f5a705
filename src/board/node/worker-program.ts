/**
 * The program of the worker thread: it makes the firmware's world and runs the firmware in it. What goes wrong is left
 * uncaught, so that the thread dies of it. The build bundles this module to one script (`worker-scripts.ts`).
 *
 * @module
 */
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { ProgramEnd } from '../index.ts';
import type { CreditMessage, PortMessage } from '../index.ts';
import { runFirmware } from './firmware-world.ts';
import type { FirmwareStart } from './firmware-world.ts';
import type { ThreadMark, ThreadMessage } from './firmware-thread.ts';

/** How long it waits before it looks for credit again, in ms. */
const WAIT_MS = 1;
/** Nobody else has this word: it is there to wait on. */
const nobody = new Int32Array(new SharedArrayBuffer(4));

type FromBoard = PortMessage | CreditMessage | ThreadMessage;

/** The program that the thread has now; what an earlier one still says is heard by nobody. */
let current: ProgramEnd | undefined;
/** What came for it before it could hear. */
let early: (PortMessage | CreditMessage)[] | undefined;

/** Answers a mark when what came before it has had its effect: the program is at rest, or waits for its board. */
function answer(port: MessagePort, mark: ThreadMark): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
  setImmediate(() => port.postMessage(mark));
}

function nextMessage(port: MessagePort): PortMessage | CreditMessage | undefined {
  const received: { readonly message: FromBoard } | undefined = receiveMessageOnPort(port);
  if (received === undefined) Atomics.wait(nobody, 0, 0, WAIT_MS);
  const message = received?.message;
  if (message === undefined || !('mark' in message || 'start' in message)) return message;
  if ('mark' in message) answer(port, message);
  return undefined;
}

function take(port: MessagePort, message: FromBoard): void {
  if ('mark' in message) {
    if (message.leaves === true) current = undefined;
    answer(port, message);
  } else if ('start' in message) void run(port, message.start);
  else if (early === undefined) current?.take(message);
  else early.push(message);
}

async function run(port: MessagePort, start: FirmwareStart): Promise<void> {
  const end = new ProgramEnd({
    post: (message) => {
      // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
      if (current === end) port.postMessage(message);
    },
    wait: () => nextMessage(port),
    later: (next) => setImmediate(next),
  });
  current = end;
  early = [];
  await runFirmware(end, start, () => {
    setImmediate(() => {
      const came = early ?? [];
      early = undefined;
      for (const message of came) end.take(message);
    });
  });
}

if (parentPort !== null) {
  const port = parentPort;
  port.on('message', (message: FromBoard) => take(port, message));
  if (workerData !== null) void run(port, workerData as FirmwareStart);
}
