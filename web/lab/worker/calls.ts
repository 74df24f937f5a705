// Questions to a worker and their answers, one message each.
import { Problem } from '../problem.ts';

/** What a worker can be asked: each takes one plain value and answers one. */
type Callable = Readonly<Record<string, (question: never) => unknown>>;

/** The question that a call takes, and its answer. */
type QuestionOf<C extends Callable, N extends keyof C> = Parameters<C[N]>[0];
type AnswerOf<C extends Callable, N extends keyof C> = Awaited<ReturnType<C[N]>>;

interface Call {
  readonly id: number;
  readonly name: string;
  readonly question: unknown;
}

/** An error as a message has it. */
interface SentError {
  readonly name: string;
  readonly message: string;
}

type Reply =
  | { readonly id: number; readonly answer: unknown }
  | { readonly id: number; readonly error: SentError }
  /** A call is still at work: how far it is. */
  | { readonly id: number; readonly progress: CallProgress };

export interface CallProgress {
  readonly done: number;
  readonly total: number;
}

/** How a call is waited for. */
interface CallOptions {
  readonly onProgress?: ((progress: CallProgress) => void) | undefined;
  /** The worker is ended where it takes longer, in ms; without one it may take for ever. */
  readonly mostMs?: number | undefined;
}

interface Waiting {
  readonly resolve: (answer: unknown) => void;
  readonly reject: (error: Error) => void;
  readonly onProgress: CallOptions['onProgress'];
}

/** An error that a worker has told of: its name and message are the original's. */
class ToldError extends Error {
  constructor({ name, message }: SentError) {
    super(message);
    this.name = name;
  }
}

/** A worker that is asked. Once ended it answers nothing more: whoever still waits is told why. */
export class AskedWorker<C extends Callable> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #next = 0;
  #ended: Error | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<Reply>) => this.#hear(data));
    worker.addEventListener('error', (event) => this.#end(failure(event)));
  }

  get isEnded(): boolean {
    return this.#ended !== undefined;
  }

  async ask<N extends keyof C & string>(
    name: N,
    question: QuestionOf<C, N>,
    { onProgress, mostMs }: CallOptions = {},
  ): Promise<AnswerOf<C, N>> {
    if (this.#ended !== undefined) throw this.#ended;
    const id = this.#next++;
    const answered = new Promise<unknown>((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject, onProgress });
    });
    const timer =
      mostMs === undefined ? undefined : setTimeout(() => this.end(tooLong(mostMs)), mostMs);
    // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
    this.#worker.postMessage({ id, name, question } satisfies Call);
    try {
      return (await answered) as AnswerOf<C, N>;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Ends the worker, whatever it is at. */
  end(why: Error = stopped()): void {
    this.#end(why);
  }

  #end(why: Error): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#worker.terminate();
    for (const { reject } of this.#waiting.values()) reject(why);
    this.#waiting.clear();
  }

  #hear(reply: Reply): void {
    const waiting = this.#waiting.get(reply.id);
    if (waiting === undefined) return;
    if ('progress' in reply) {
      waiting.onProgress?.(reply.progress);
      return;
    }
    this.#waiting.delete(reply.id);
    if ('error' in reply) waiting.reject(new ToldError(reply.error));
    else waiting.resolve(reply.answer);
  }
}

const STOPPED = 'Stopped';

/** Whether this is what a call ends with whose worker was ended. */
export function isStopped(error: unknown): boolean {
  return error instanceof Error && error.name === STOPPED;
}

/** A script that could not be loaded tells nothing of itself. */
function failure({ message }: { readonly message?: string }): Error {
  if (message !== undefined && message !== '') return new Error(`the worker failed: ${message}`);
  return new Problem(
    'what this needs could not be loaded: try again when the network is there, or reload the page',
  );
}

function stopped(): Error {
  return new ToldError({ name: STOPPED, message: 'it was stopped' });
}

function tooLong(mostMs: number): Error {
  const message = `it took longer than ${mostMs / 1000} seconds and was stopped`;
  return new ToldError({ name: 'Problem', message });
}

type Handlers = Readonly<
  Record<string, (question: never, tell: (progress: CallProgress) => Promise<void>) => unknown>
>;

/** What of a worker's own scope is needed here. */
interface WorkerScope {
  postMessage(message: unknown): void;
  addEventListener(type: 'message', listener: (event: MessageEvent<Call>) => void): void;
}

/** How often progress is told, in ms. */
const TOLD_EVERY_MS = 80;

/** Answers, in a worker. `tell` lets messages in now and then: nobody else would get a turn. */
export function answerCalls(handlers: Handlers): void {
  const scope = globalThis as unknown as WorkerScope;
  // oxlint-disable-next-line unicorn/require-post-message-target-origin -- a worker has none
  const post = (reply: Reply): void => scope.postMessage(reply);
  const answer = async ({ id, name, question }: Call): Promise<Reply> => {
    let told = 0;
    const tell = async (progress: CallProgress): Promise<void> => {
      const now = performance.now();
      if (now - told < TOLD_EVERY_MS) return;
      told = now;
      post({ id, progress });
      await new Promise((resolve) => setTimeout(resolve));
    };
    try {
      const handler = handlers[name];
      if (handler === undefined) throw new Error(`nobody answers "${name}"`);
      return { id, answer: await handler(question as never, tell) };
    } catch (error) {
      const { name: kind, message } = error instanceof Error ? error : new Error(String(error));
      return { id, error: { name: kind, message } };
    }
  };
  scope.addEventListener('message', ({ data }) => {
    void answer(data).then(post);
  });
}
