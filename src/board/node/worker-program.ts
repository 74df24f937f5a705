import type { FirmwareModule, WorkerStart, programPrelude } from '../index.ts';

/** Node's modules, as `require` gives them inside the worker. */
interface Modules {
  (name: 'node:vm'): typeof import('node:vm');
  (name: 'node:worker_threads'): typeof import('node:worker_threads');
}

/**
 * The program of the worker thread. It is sent there as text, so it stands alone: nothing outside of
 * the function may be used in it. The firmware runs in a context of its own, which holds the language
 * and no more; what goes wrong is left uncaught, so that the thread dies of it.
 */
export async function workerProgram(require: Modules, preludeSource: string): Promise<void> {
  const vm = require('node:vm');
  const { parentPort, workerData } = require('node:worker_threads');
  const { source, info, unread, mostUnreadBytes } = workerData as WorkerStart;
  const counter = new Int32Array(unread);

  // A UART that is full makes its writer wait; so does this, or a loop of prints would fill memory.
  const post = (message: string): void => {
    for (
      let now = Atomics.load(counter, 0);
      now > mostUnreadBytes;
      now = Atomics.load(counter, 0)
    ) {
      Atomics.wait(counter, 0, now);
    }
    Atomics.add(counter, 0, message.length);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    parentPort?.postMessage(message);
  };

  const context = vm.createContext(Object.create(null) as object, { name: 'firmware' });
  const prelude = vm.runInContext(`(${preludeSource})`, context) as typeof programPrelude;
  const { board, receive } = prelude(post, info);
  parentPort?.on('message', (message: string) => {
    receive(message);
  });
  const firmware = new vm.SourceTextModule(source, { context, identifier: 'firmware' });
  await firmware.link((specifier) => {
    throw new Error(`a firmware cannot import "${specifier}": bundle it`);
  });
  await firmware.evaluate();
  const { main } = firmware.namespace as Partial<FirmwareModule>;
  if (typeof main !== 'function') throw new Error('the firmware exports no function "main"');
  await main(board);
}
