/**
 * The program of a firmware's worker: it takes away what a browser gives to workers, and runs the firmware in what is left.
 * The build bundles this module to one script (`web-scripts.ts`).
 *
 * @module
 */
import { FIRMWARE_NAME, ProgramEnd, programPrelude } from '../index.ts';
import type { FirmwareModule } from '../index.ts';
import { bareWorker } from './bare-worker.ts';
import { refuseImports } from './firmware-imports.ts';
import type { CrashMessage, ToFirmwareWorker } from './firmware-messages.ts';

/** What is used of a worker's world, before it is taken away. */
interface WorkerWorld {
  postMessage(message: unknown): void;
  close(): void;
  addEventListener(type: string, listener: (event: never) => void): void;
  readonly Blob: new (parts: readonly string[], options: { readonly type: string }) => object;
  readonly URL: {
    createObjectURL(blob: object): string;
    revokeObjectURL(url: string): void;
  };
}

const world = globalThis as unknown as WorkerWorld;
// The methods want to be called as methods of the world; the names are gone by then.
const postMessage = world.postMessage.bind(world);
const close = world.close.bind(world);

/** Where the firmware is imported from: its name in stacks. */
let address = '';

/** What ended the program, in words and with its stack. It may be anything, and do anything when it is looked at. */
function wordsOf(error: unknown): string {
  try {
    const { message, stack } = (error instanceof Object ? error : {}) as {
      readonly message?: unknown;
      readonly stack?: unknown;
    };
    const words = typeof message === 'string' ? message : String(error);
    const place = typeof stack === 'string' ? stack.replaceAll(address, FIRMWARE_NAME) : '';
    return JSON.stringify([words, place]);
  } catch {
    return '';
  }
}

function crash(error: unknown): void {
  postMessage({ crash: wordsOf(error) } satisfies CrashMessage);
  close();
}

const end = new ProgramEnd({
  post: (message) => postMessage(message),
  // There is nothing here to wait with: what finds no room at the board is not sent.
  later: () => {},
});

async function run({ source, info }: { source: string; info: string }): Promise<void> {
  refuseImports(source);
  const { Blob, URL } = world;
  address = URL.createObjectURL(new Blob([source], { type: 'text/javascript' }));
  const revoke = URL.revokeObjectURL.bind(URL);
  const left = bareWorker(world);
  if (left.length > 0) throw new Error(`this browser keeps in a worker: ${left.join(', ')}`);
  const { board, receive, hasCredit } = programPrelude(
    (head, bytes, must) => end.send({ head, bytes }, must),
    info,
  );
  end.listen({ receive, hasCredit });
  // Until here it was the host that took its time, not the program.
  end.send({ head: '{"type":"fed"}' });
  const { main } = (await import(/* @vite-ignore */ address)) as Partial<FirmwareModule>;
  revoke(address);
  if (typeof main !== 'function') throw new Error('the firmware exports no function "main"');
  await main(board);
}

/** A worker has one firmware. */
let isStarted = false;

world.addEventListener('message', ({ data }: { readonly data: ToFirmwareWorker }) => {
  if (!('start' in data)) end.take(data);
  else if (!isStarted) {
    isStarted = true;
    run(data.start).catch(crash);
  }
});
world.addEventListener('error', (event: { readonly error?: unknown; preventDefault(): void }) => {
  event.preventDefault();
  crash(event.error);
});
world.addEventListener(
  'unhandledrejection',
  (event: { readonly reason?: unknown; preventDefault(): void }) => {
    event.preventDefault();
    crash(event.reason);
  },
);
