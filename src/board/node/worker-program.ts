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
import type { ReadMark } from './read-mark.ts';

/** How long it waits before it looks for credit again, in ms. */
const WAIT_MS = 1;
/** Nobody else has this word: it is there to wait on. */
const nobody = new Int32Array(new SharedArrayBuffer(4));

type FromBoard = PortMessage | CreditMessage | ReadMark;

/** Answers a mark when what came before it has had its effect: the program is at rest, or waits for its board. */
function answer(port: MessagePort, mark: ReadMark): void {
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
  setImmediate(() => port.postMessage(mark));
}

function nextMessage(port: MessagePort): PortMessage | CreditMessage | undefined {
  const received: { readonly message: FromBoard } | undefined = receiveMessageOnPort(port);
  if (received === undefined) Atomics.wait(nobody, 0, 0, WAIT_MS);
  const message = received?.message;
  if (message === undefined || !('mark' in message)) return message;
  answer(port, message);
  return undefined;
}

async function run(port: MessagePort, start: FirmwareStart): Promise<void> {
  const end = new ProgramEnd({
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    post: (message) => port.postMessage(message),
    wait: () => nextMessage(port),
    later: (next) => setImmediate(next),
  });
  await runFirmware(end, start, () => {
    port.on('message', (message: FromBoard) => {
      if ('mark' in message) answer(port, message);
      else end.take(message);
    });
  });
}

if (parentPort !== null) void run(parentPort, workerData as FirmwareStart);
