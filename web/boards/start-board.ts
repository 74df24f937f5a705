import { DfuError } from 'dfukit';
import type { DfuErrorCode } from 'dfukit';
import { portBus } from 'dfukit/link/message-port';
import type { UsbBus } from 'dfukit/usb';
import type { BoardAction, BoardClient, BoardFacts, BoardOrder } from './board-client.ts';
import type {
  BoardAnswers,
  BoardAsk,
  BoardNews,
  FromBoardWorker,
  ToBoardWorker,
} from './board-messages.ts';

/** Most time that a worker may take to put its board away, in ms; then it is ended all the same. */
const CLOSING_MS = 2000;

/**
 * Starts a board in a worker of its own; it has power when this resolves. Throws `DfuError` for a board that cannot be
 * had so.
 */
export async function startBoard(order: BoardOrder): Promise<BoardClient> {
  const worker = new Worker(new URL('board-worker.ts', import.meta.url), {
    type: 'module',
    name: 'board',
  });
  const line = new WorkerLine(worker);
  const { port1, port2 } = new MessageChannel();
  try {
    const facts = await line.ask({ ask: 'start', order, port: port2 }, [port2]);
    // Whoever asked for the board has a turn to listen before anything is told.
    setTimeout(() => line.tellEarly(), 0);
    return new ClientOfWorker(line, facts, port1);
  } catch (error) {
    line.end('the board could not be started');
    port1.close();
    throw error;
  }
}

interface Waiting {
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/** A worker, what it was asked, and what it tells. */
class WorkerLine {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  readonly #listeners = new Set<(news: BoardNews) => void>();
  readonly #endListeners = new Set<(why: string) => void>();
  /** What happened before anybody could listen. */
  #early: BoardNews[] | undefined = [];
  #lastId = 0;
  #ended: string | undefined;

  constructor(worker: Worker) {
    this.#worker = worker;
    worker.addEventListener('message', ({ data }: MessageEvent<FromBoardWorker>) =>
      this.#heard(data),
    );
    worker.addEventListener('error', (event) => {
      const why = event.message === '' ? 'its script could not be loaded' : event.message;
      this.#fails(`the board’s worker has failed: ${why}`);
    });
    worker.addEventListener('messageerror', () =>
      this.#fails('the board’s worker has said what nobody can read'),
    );
  }

  ask<A extends BoardAsk>(
    asked: A,
    transfer: Transferable[] = [],
  ): Promise<BoardAnswers[A['ask']]> {
    if (this.#ended !== undefined) {
      return Promise.reject(new DfuError('DISCONNECTED', this.#ended));
    }
    this.#lastId += 1;
    const id = this.#lastId;
    return new Promise<BoardAnswers[A['ask']]>((resolve, reject) => {
      const question: BoardAsk = asked;
      const message: ToBoardWorker = { ...question, id };
      try {
        this.#worker.postMessage(message, transfer);
      } catch (cause) {
        // A board file that is nested too deep, for one.
        const words = `expected what can be handed to the board’s worker: ${String(cause)}`;
        reject(new DfuError('INVALID_ARGUMENT', words, { cause }));
        return;
      }
      this.#waiting.set(id, { resolve: resolve as (value: unknown) => void, reject });
    });
  }

  listen(listener: (news: BoardNews) => void): () => void {
    const own = (news: BoardNews): void => listener(news);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  onEnd(listener: (why: string) => void): () => void {
    const own = (why: string): void => listener(why);
    this.#endListeners.add(own);
    return () => void this.#endListeners.delete(own);
  }

  /** Tells what has happened so far; what comes from now on is told when it comes. */
  tellEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    this.#tell(early);
  }

  /** Ends the worker; what it was asked fails. */
  end(why: string): void {
    if (this.#ended !== undefined) return;
    this.#ended = why;
    this.#worker.terminate();
    this.#listeners.clear();
    for (const { reject } of this.#waiting.values()) reject(new DfuError('DISCONNECTED', why));
    this.#waiting.clear();
  }

  #fails(why: string): void {
    if (this.#ended !== undefined) return;
    this.end(why);
    for (const listener of this.#endListeners) listener(why);
  }

  #tell(all: readonly BoardNews[]): void {
    for (const news of all) for (const listener of this.#listeners) listener(news);
  }

  #heard(message: FromBoardWorker): void {
    if ('all' in message) {
      if (this.#early === undefined) this.#tell(message.all);
      else this.#early.push(...message.all);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if ('value' in message) waiting?.resolve(message.value);
    else waiting?.reject(new DfuError(message.code as DfuErrorCode, message.message));
  }
}

class ClientOfWorker implements BoardClient {
  readonly facts: BoardFacts;
  readonly bus: UsbBus;
  readonly #line: WorkerLine;
  readonly #port: MessagePort;
  #closing: Promise<void> | undefined;

  constructor(line: WorkerLine, facts: BoardFacts, port: MessagePort) {
    this.#line = line;
    this.facts = facts;
    this.#port = port;
    this.bus = portBus(port);
    line.onEnd(() => void this.bus.close());
  }

  act(action: BoardAction): Promise<void> {
    return this.#line.ask({ ask: 'act', action });
  }

  flash(): Promise<Uint8Array> {
    return this.#line.ask({ ask: 'flash' });
  }

  explain(): ReturnType<BoardClient['explain']> {
    return this.#line.ask({ ask: 'explain' });
  }

  sample(id: string): Promise<Uint8Array> {
    return this.#line.ask({ ask: 'sample', sample: id });
  }

  onEvent(listener: Parameters<BoardClient['onEvent']>[0]): () => void {
    return this.#line.listen((each) => {
      if (each.news === 'event') listener(each.event);
    });
  }

  onOperation(listener: Parameters<BoardClient['onOperation']>[0]): () => void {
    return this.#line.listen((each) => {
      if (each.news === 'operation') listener(each.operation);
    });
  }

  onTransfer(listener: Parameters<BoardClient['onTransfer']>[0]): () => void {
    return this.#line.listen((each) => {
      if (each.news === 'transfer') listener(each.transfer);
    });
  }

  onDfuState(listener: Parameters<BoardClient['onDfuState']>[0]): () => void {
    return this.#line.listen((each) => {
      if (each.news === 'dfu-state') listener(each.state);
    });
  }

  onEnd(listener: (why: string) => void): () => void {
    return this.#line.onEnd(listener);
  }

  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    await this.bus.close();
    const late = new Promise<void>((resolve) => {
      setTimeout(resolve, CLOSING_MS);
    });
    const closed = this.#line.ask({ ask: 'close' }).catch(() => {});
    await Promise.race([closed, late]);
    this.#port.close();
    this.#line.end('the board is closed');
  }
}
