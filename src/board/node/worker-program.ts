/**
 * The program of the worker thread: it makes the firmware's world and runs the firmware in it. What goes wrong is left
 * uncaught, so that the thread dies of it. The build bundles this module to one script (`worker-scripts.ts`).
 *
 * @module
 */
import { SourceTextModule, createContext, runInContext } from 'node:vm';
import type { Context } from 'node:vm';
import { isUint8Array } from 'node:util/types';
import { parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { MessagePort } from 'node:worker_threads';
import { ProgramEnd } from '../index.ts';
import type { CreditMessage, FirmwareModule, PortMessage, programPrelude } from '../index.ts';
import type { WorkerStart } from './worker-port.ts';

/** How long it waits before it looks for credit again, in ms. */
const WAIT_MS = 1;
/** Nobody else has this word: it is there to wait on. */
const nobody = new Int32Array(new SharedArrayBuffer(4));

type FromBoard = PortMessage | CreditMessage;

function nextMessage(port: MessagePort): FromBoard | undefined {
  const received: { readonly message: FromBoard } | undefined = receiveMessageOnPort(port);
  if (received === undefined) Atomics.wait(nobody, 0, 0, WAIT_MS);
  return received?.message;
}

/** Evaluates the firmware in its context, where there is nothing to import. */
async function evaluate(source: string, context: Context): Promise<object> {
  const firmware = new SourceTextModule(source, { context, identifier: 'firmware' });
  await firmware.link((specifier) => {
    throw new Error(`a firmware cannot import "${specifier}": bundle it`);
  });
  await firmware.evaluate();
  return firmware.namespace;
}

async function run(port: MessagePort, start: WorkerStart): Promise<void> {
  const end = new ProgramEnd({
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    post: (message) => port.postMessage(message),
    wait: () => nextMessage(port),
    later: (next) => setImmediate(next),
  });
  // Until here it was the host that took its time, not the program.
  end.send({ head: '{"type":"fed"}' });
  const context = createContext(Object.create(null) as object, { name: 'firmware' });
  // V8 gives every context a console, which goes nowhere here.
  runInContext('delete globalThis.console', context);
  const prelude = runInContext(start.prelude, context) as typeof programPrelude;
  // Called from the firmware's context, into which an error of this one would be a way out.
  const post = (head: unknown, bytes: unknown, must: boolean): boolean => {
    if (typeof head !== 'string' || !(bytes === undefined || isUint8Array(bytes))) return false;
    try {
      return end.send({ head, bytes }, must);
    } catch {
      return false;
    }
  };
  const { board, receive, hasCredit } = prelude(post, start.info);
  end.listen({ receive, hasCredit });
  port.on('message', (message: FromBoard) => end.take(message));
  const { main } = (await evaluate(start.source, context)) as Partial<FirmwareModule>;
  if (typeof main !== 'function') throw new Error('the firmware exports no function "main"');
  await main(board);
}

if (parentPort !== null) void run(parentPort, workerData as WorkerStart);
