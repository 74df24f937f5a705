import { DfuError } from '../../bytes/index.ts';
import { realTime, until, wholeMs } from '../../usb/index.ts';
import type {
  BusDevice,
  BusEvent,
  Clock,
  ControlPipe,
  OpenLimits,
  UsbBus,
} from '../../usb/index.ts';
import { listenAt, post } from './message-port-like.ts';
import type { MessagePortLike } from './message-port-like.ts';
import { MOST_DEVICES, codeOf, deviceOf, nonsense, oursOf, textOf, wholeOf } from './messages.ts';
import type { Answer, Ask, ToServer } from './messages.ts';
import { portPipe } from './port-link.ts';
import type { PortPipe, Waiting } from './port-link.ts';

/** How the bus at the other end is used. */
export interface PortBusOptions {
  /** For time-outs; default: real time. */
  readonly clock?: Clock | undefined;
  /**
   * Most time that the other end may take for what is no transfer (listing, opening without limits of its own, claiming,
   * resetting), in ms; default 30000. A thread that has ended says nothing, and nobody says it for it.
   */
  readonly answerMs?: number | undefined;
}

const ANSWER_MS = 30_000;

/**
 * The bus that somebody lends at the other end of a port with `serveBus`. Its devices are those of that bus, with the same
 * ids; a device has gone when its bus says so, when the other end closes the loan, and when the port is closed. What
 * the other end says that makes no sense ends it, too. `close` ends it from here; the port stays its owner's.
 *
 * Throws nothing itself; when the other end has gone, `list` throws `DISCONNECTED`.
 */
export function portBus(port: MessagePortLike, options: PortBusOptions = {}): UsbBus {
  return new PortBus(port, options);
}

/** What a question may take. */
type AskLimits = Pick<OpenLimits, 'signal'> & { readonly ms?: number | undefined };

/** A question without its number. */
type Question = Omit<Ask, 'usb' | 'id'>;

class PortBus implements UsbBus {
  readonly #port: MessagePortLike;
  readonly #clock: Clock;
  readonly #answerMs: number;
  readonly #stop: () => void;
  readonly #waiting = new Map<number, Waiting>();
  readonly #devices = new Map<string, BusDevice>();
  readonly #pipes = new Map<number, PortPipe>();
  readonly #listeners = new Set<(event: BusEvent) => void>();
  #lastId = 0;
  #over: DfuError | undefined;

  constructor(port: MessagePortLike, { clock, answerMs = ANSWER_MS }: PortBusOptions) {
    this.#port = port;
    this.#clock = clock ?? realTime();
    this.#answerMs = answerMs;
    this.#stop = listenAt(port, {
      message: (message) => this.#heard(message),
      ended: () => this.#end(new DfuError('DISCONNECTED', 'the port of the bus was closed')),
    });
  }

  async list(): Promise<BusDevice[]> {
    const devices = await this.#ask({ verb: 'list' }, {}, (answer) => {
      const { devices: listed } = answer;
      if (!Array.isArray(listed) || listed.length > MOST_DEVICES) throw nonsense('a list');
      return listed.map((device) => this.#known(device));
    });
    return devices;
  }

  watch(listener: (event: BusEvent) => void): () => void {
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  close(): Promise<void> {
    this.#listeners.clear();
    this.#say({ usb: 'bye' });
    this.#end(new DfuError('DISCONNECTED', 'the bus is closed'));
    return Promise.resolve();
  }

  #end(why: DfuError): void {
    if (this.#over !== undefined) return;
    this.#over = why;
    this.#stop();
    const [pipes, waiting] = [[...this.#pipes.values()], [...this.#waiting.values()]];
    const ids = [...this.#devices.keys()];
    this.#pipes.clear();
    this.#waiting.clear();
    this.#devices.clear();
    for (const pipe of pipes) pipe.leave();
    for (const each of waiting) each.failed(why);
    for (const id of ids) this.#emit({ type: 'detached', id });
  }

  #emit(event: BusEvent): void {
    for (const listener of this.#listeners) listener(event);
  }

  #say(message: ToServer, bytes?: Uint8Array): void {
    if (this.#over !== undefined || post(this.#port, message, bytes)) return;
    this.#end(new DfuError('DISCONNECTED', 'the port of the bus takes nothing any more'));
  }

  /** Asks; an answer that `read` cannot make sense of ends the bus. */
  #ask<T>(question: Question, { ms, signal }: AskLimits, read: (answer: Answer) => T): Promise<T> {
    const late = (): never => {
      const words = `the other end of the port has not answered within ${wholeMs(ms ?? this.#answerMs)}`;
      throw new DfuError('TIMEOUT', words);
    };
    const limits = { ms: ms ?? this.#answerMs, signal, late };
    return until<T>(this.#clock, limits, ({ resolve, reject }) =>
      this.#begin(question, { answered: (answer) => resolve(read(answer)), failed: reject }),
    );
  }

  /** The answer gives the question up. */
  #begin({ bytes, ...question }: Question, waiting: Waiting): () => void {
    if (this.#over !== undefined) {
      waiting.failed(this.#over);
      return () => {};
    }
    this.#lastId += 1;
    const id = this.#lastId;
    this.#waiting.set(id, waiting);
    this.#say({ usb: 'ask', id, ...question }, bytes);
    return () => {
      if (this.#waiting.delete(id)) this.#say({ usb: 'never-mind', id });
    };
  }

  #heard(message: unknown): void {
    const ours = oursOf(message);
    if (ours === undefined) return;
    try {
      this.#told(ours);
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      this.#say({ usb: 'bye' });
      this.#end(error);
    }
  }

  #told(message: Readonly<Record<string, unknown>>): void {
    switch (message['usb']) {
      case 'answer':
      case 'failed':
        this.#answered(message);
        return;
      case 'attached':
        this.#emit({ type: 'attached', device: this.#known(message['device']) });
        return;
      case 'detached': {
        const id = textOf(message['device'], 'the id of a device');
        if (this.#devices.delete(id)) this.#emit({ type: 'detached', id });
        return;
      }
      case 'gone':
        this.#pipes.get(message['pipe'] as number)?.leave();
        return;
      case 'bye':
        this.#end(new DfuError('DISCONNECTED', 'the other end of the port has closed the bus'));
        return;
      default:
        throw nonsense('an answer');
    }
  }

  #answered(message: Readonly<Record<string, unknown>>): void {
    const { usb, id, code, message: words } = message;
    const waiting = this.#waiting.get(id as number);
    if (waiting === undefined) {
      this.#unwanted(message);
      return;
    }
    this.#waiting.delete(id as number);
    try {
      if (usb === 'answer') waiting.answered(message as unknown as Answer);
      else waiting.failed(new DfuError(codeOf(code), textOf(words, 'a text')));
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      waiting.failed(error);
      throw error;
    }
  }

  /** The answer to what was given up; a pipe that was opened all the same is nobody's. */
  #unwanted({ usb, number, device }: Readonly<Record<string, unknown>>): void {
    if (usb !== 'answer' || device === undefined) return;
    const of = wholeOf(number, Number.MAX_SAFE_INTEGER, 'the number of a pipe');
    this.#begin({ verb: 'close', of }, { answered: () => {}, failed: () => {} });
  }

  /** The same device is the same object as long as it is there. */
  #known(value: unknown): BusDevice {
    const words = deviceOf(value);
    const known = this.#devices.get(words.id);
    if (known !== undefined) return known;
    if (this.#devices.size >= MOST_DEVICES) throw nonsense(`up to ${MOST_DEVICES} devices`);
    const device: BusDevice = { ...words, open: (limits) => this.#open(device, limits) };
    this.#devices.set(device.id, device);
    return device;
  }

  async #open(device: BusDevice, limits: OpenLimits = {}): Promise<ControlPipe> {
    const { timeoutMs, totalMs, signal } = limits;
    const numbers = totalMs === undefined ? [timeoutMs] : [timeoutMs, totalMs];
    const ask = { verb: 'open', of: device.id, numbers: numbers as number[] } as const;
    const opened = await this.#ask(ask, { ms: totalMs, signal }, (answer) => {
      const number = wholeOf(answer.number, Number.MAX_SAFE_INTEGER, 'the number of a pipe');
      if (this.#pipes.has(number)) throw nonsense('the number of a new pipe');
      const now = { ...device, ...deviceOf(answer.device), id: device.id };
      const pipe = portPipe(now, timeoutMs, {
        clock: this.#clock,
        begin: (each, waiting) => this.#begin({ ...each, of: number }, waiting),
        ask: (each, readAnswer) => this.#ask({ ...each, of: number }, {}, readAnswer),
        closed: () => void this.#pipes.delete(number),
      });
      // Known at once: that it has gone may be the next message.
      this.#pipes.set(number, pipe);
      return pipe;
    });
    return opened.pipe;
  }
}
