import { crashWords, tight } from '../index.ts';
import type { CreditMessage, PortMessage, ProgramPort } from '../index.ts';
import type { FirmwareStart, ToFirmwareWorker } from './firmware-messages.ts';

/** A worker as a browser has it: all that is used of one. */
export interface FirmwareWorker {
  postMessage(message: unknown): void;
  addEventListener(
    type: 'message' | 'messageerror' | 'error',
    listener: (event: never) => void,
  ): void;
  terminate(): void;
}

/** What an event of a worker has. */
interface WorkerEvent {
  readonly data?: unknown;
  readonly message?: unknown;
  preventDefault?(): void;
}

/** A port to a firmware in a worker of its own. */
export class FirmwarePort implements ProgramPort {
  readonly #worker: FirmwareWorker;
  readonly #source: string;
  #heard: (message: unknown) => void = () => {};
  #ended: (why: string) => void = () => {};

  constructor(worker: FirmwareWorker, start: FirmwareStart) {
    this.#worker = worker;
    this.#source = start.source;
    const on = (
      type: 'message' | 'messageerror' | 'error',
      take: (event: WorkerEvent) => void,
    ): void => worker.addEventListener(type, take);
    on('message', ({ data }) => this.#message(data));
    on('messageerror', () => this.#end('it said something that nobody can read'));
    // Its script could not be loaded, or a policy forbids it.
    on('error', (event) => {
      event.preventDefault?.();
      const said = typeof event.message === 'string' ? `: ${event.message}` : '';
      this.#end(`the worker of the program could not be started${said}`);
    });
    this.#say({ start });
  }

  post(message: PortMessage | CreditMessage): void {
    this.#say('credit' in message ? message : tight(message));
  }

  onMessage(listener: (message: unknown) => void): void {
    this.#heard = listener;
  }

  onEnd(listener: (why: string) => void): void {
    this.#ended = listener;
  }

  terminate(): Promise<void> {
    this.#heard = () => {};
    this.#ended = () => {};
    this.#worker.terminate();
    return Promise.resolve();
  }

  #say(message: ToFirmwareWorker): void {
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- no window
    this.#worker.postMessage(message);
  }

  #message(data: unknown): void {
    const { crash } = (data ?? {}) as { readonly crash?: unknown };
    if (crash === undefined) this.#heard(data);
    else this.#end(crashWords(typeof crash === 'string' ? crash : '', this.#source));
  }

  #end(why: string): void {
    this.#worker.terminate();
    this.#ended(why);
  }
}
