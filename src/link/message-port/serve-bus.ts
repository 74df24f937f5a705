import { DfuError } from '../../bytes/index.ts';
import { Canceller } from '../../usb/index.ts';
import type { BusDevice, ControlPipe, ControlRequest, UsbBus } from '../../usb/index.ts';
import { listenAt, post } from './message-port-like.ts';
import type { MessagePortLike } from './message-port-like.ts';
import {
  bytesOf,
  cut,
  nonsense,
  numbersOf,
  oursOf,
  textOf,
  timeOf,
  wholeOf,
  wordsOf,
} from './messages.ts';
import type { Answer, Ask, ToClient, Verb } from './messages.ts';

/** Pipes that the other end may have open at once. */
const MOST_PIPES = 64;
/** What may be asked and not answered yet. */
const MOST_WORK = 256;

/** A bus that is lent to the other end of a port. */
export interface BusServer {
  /** Resolves when the other end has closed its bus, or this one was closed; never rejects. */
  readonly gone: Promise<void>;
  /** Closes what the other end has open, and tells it. Bus and port stay their owners'. */
  close(): Promise<void>;
}

/**
 * Lends a bus to the other end of a port, where `portBus` makes a bus of it. Nothing that the other end says does more
 * than a bus allows: what makes no sense ends the loan. On a bus that asks a person (`request`) nobody is asked.
 */
export function serveBus(bus: UsbBus, port: MessagePortLike): BusServer {
  return new Served(bus, port);
}

/** What of an answer stands beside its id. */
type Outcome = Omit<Answer, 'usb' | 'id'>;

class Served implements BusServer {
  readonly gone: Promise<void>;
  readonly #bus: UsbBus;
  readonly #port: MessagePortLike;
  readonly #stop: () => void;
  /** The devices that the other end knows of. */
  readonly #known = new Map<string, BusDevice>();
  /** What left while a list was made. */
  readonly #leaving = new Set<Set<string>>();
  readonly #pipes = new Map<number, ControlPipe>();
  readonly #work = new Map<number, Canceller>();
  #opened = 0;
  #isOver = false;
  #resolveGone: () => void = () => {};

  constructor(bus: UsbBus, port: MessagePortLike) {
    this.#bus = bus;
    this.#port = port;
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
    const unwatch = bus.watch((event) => {
      if (event.type === 'attached') {
        this.#known.set(event.device.id, event.device);
        this.#tell({ usb: 'attached', device: wordsOf(event.device) });
      } else this.#left(event.id);
    });
    const unlisten = listenAt(port, {
      message: (message) => this.#heard(message),
      ended: () => void this.#end(),
    });
    this.#stop = () => {
      unwatch();
      unlisten();
    };
  }

  close(): Promise<void> {
    this.#tell({ usb: 'bye' });
    return this.#end();
  }

  async #end(): Promise<void> {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#stop();
    for (const work of this.#work.values()) work.cancel();
    const pipes = [...this.#pipes.values()];
    this.#pipes.clear();
    this.#known.clear();
    await Promise.all(pipes.map((pipe) => closeQuietly(pipe)));
    this.#resolveGone();
  }

  #left(id: string): void {
    this.#known.delete(id);
    for (const ids of this.#leaving) ids.add(id);
    this.#tell({ usb: 'detached', device: id });
  }

  #tell(message: ToClient, bytes?: Uint8Array): void {
    if (this.#isOver || post(this.#port, message, bytes)) return;
    void this.#end();
  }

  #heard(message: unknown): void {
    const ours = oursOf(message);
    if (ours === undefined || this.#isOver) return;
    try {
      const { usb, id } = ours;
      if (usb === 'bye') void this.#end();
      else if (usb === 'never-mind') this.#work.get(id as number)?.cancel();
      else if (usb === 'ask') this.#asked(ours as unknown as Ask);
      else throw nonsense('a question');
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      void this.close();
    }
  }

  #asked(ask: Ask): void {
    const id = wholeOf(ask.id, Number.MAX_SAFE_INTEGER, 'the number of a question');
    if (this.#work.has(id)) throw nonsense('a number that is free');
    const work = new Canceller();
    const answer = this.#answerOf(ask, work);
    this.#work.set(id, work);
    void this.#answered(id, answer);
  }

  async #answered(id: number, answer: Promise<Outcome>): Promise<void> {
    try {
      const { bytes, ...outcome } = await answer;
      this.#tell({ usb: 'answer', id, ...outcome }, bytes);
    } catch (error) {
      // What is no error of ours is a defect of the bus: whoever asked has to end all the same.
      const { code, message } = DfuError.is(error)
        ? error
        : new DfuError('IO', `the bus has failed: ${String(error)}`);
      this.#tell({ usb: 'failed', id, code, message: cut(message) });
    } finally {
      this.#work.delete(id);
    }
  }

  /** Throws `PROTOCOL` for a question that makes no sense; what comes of one that does is in the promise. */
  #answerOf(ask: Ask, work: Canceller): Promise<Outcome> {
    if (this.#work.size >= MOST_WORK) {
      return Promise.reject(new DfuError('BUSY', `more than ${MOST_WORK} questions at once`));
    }
    if (ask.verb === 'list') return this.#list();
    if (ask.verb === 'open') return this.#open(ask, work);
    const pipe = this.#pipes.get(wholeOf(ask.of, Number.MAX_SAFE_INTEGER, 'the number of a pipe'));
    const numbers = numbersOf(ask.numbers ?? []);
    if (ask.verb === 'in' || ask.verb === 'out') return transferOf({ ask, pipe, numbers, work });
    return this.#pipeWork(ask, pipe, numbers);
  }

  async #list(): Promise<Outcome> {
    const left = new Set<string>();
    this.#leaving.add(left);
    try {
      const listed = await this.#bus.list();
      const devices = listed.filter(({ id }) => !left.has(id));
      if (!this.#isOver) for (const device of devices) this.#known.set(device.id, device);
      return { devices: devices.map((device) => wordsOf(device)) };
    } finally {
      this.#leaving.delete(left);
    }
  }

  #open(ask: Ask, work: Canceller): Promise<Outcome> {
    const device = this.#known.get(textOf(ask.of, 'the id of a device'));
    const [timeout, total] = numbersOf(ask.numbers ?? []);
    const timeoutMs = timeout === undefined ? undefined : timeOf(timeout);
    const totalMs = total === undefined ? undefined : timeOf(total);
    if (device === undefined) {
      return Promise.reject(new DfuError('DISCONNECTED', 'opening a device: it has gone'));
    }
    if (this.#pipes.size >= MOST_PIPES) {
      return Promise.reject(new DfuError('BUSY', `more than ${MOST_PIPES} pipes are open`));
    }
    return this.#opening(device, { timeoutMs, totalMs }, work);
  }

  async #opening(
    device: BusDevice,
    limits: { readonly timeoutMs: number | undefined; readonly totalMs: number | undefined },
    { signal }: Canceller,
  ): Promise<Outcome> {
    const pipe = await device.open({ ...limits, signal });
    if (this.#isOver || signal.aborted) {
      await closeQuietly(pipe);
      throw new DfuError('ABORTED', 'cancelled');
    }
    this.#opened += 1;
    const number = this.#opened;
    this.#pipes.set(number, pipe);
    void pipe.gone.then(() => this.#tell({ usb: 'gone', pipe: number }));
    return { number, device: wordsOf(pipe.device) };
  }

  #pipeWork(
    ask: Ask,
    pipe: ControlPipe | undefined,
    numbers: readonly unknown[],
  ): Promise<Outcome> {
    const [interfaceNumber = 0, alternate = 0] = numbers.map((each) =>
      wholeOf(each, 0xff, 'an interface or an alternate'),
    );
    const works: Partial<Record<Verb, () => Promise<Outcome>>> = {
      claim: () => done(pipe?.claimInterface(interfaceNumber)),
      release: () => done(pipe?.releaseInterface(interfaceNumber)),
      select: () => done(pipe?.selectAlternate(interfaceNumber, alternate)),
      reset: () => resetOf(pipe),
      close: () => {
        this.#pipes.delete(ask.of as number);
        return done(pipe?.close());
      },
    };
    const work = Object.hasOwn(works, ask.verb) ? works[ask.verb] : undefined;
    if (work === undefined) throw nonsense('a question');
    return work();
  }
}

/** A pipe that is not there was closed, and its device may have gone. */
function noPipe(): DfuError {
  return new DfuError('DISCONNECTED', 'the pipe is closed');
}

async function done(work: Promise<void> | undefined): Promise<Outcome> {
  if (work === undefined) throw noPipe();
  await work;
  return {};
}

async function resetOf(pipe: ControlPipe | undefined): Promise<Outcome> {
  if (pipe === undefined) throw noPipe();
  return { reset: await pipe.reset() };
}

/** A transfer that was asked for. */
interface TransferWork {
  readonly ask: Ask;
  readonly pipe: ControlPipe | undefined;
  readonly numbers: readonly unknown[];
  readonly work: Canceller;
}

function transferOf({ ask, pipe, numbers, work: { signal } }: TransferWork): Promise<Outcome> {
  const [type, bRequest, wValue, wIndex, wLength, time] = numbers;
  const request: ControlRequest = {
    bmRequestType: wholeOf(type, 0xff, 'bmRequestType'),
    bRequest: wholeOf(bRequest, 0xff, 'bRequest'),
    wValue: wholeOf(wValue, 0xffff, 'wValue'),
    wIndex: wholeOf(wIndex, 0xffff, 'wIndex'),
  };
  const length = wholeOf(wLength, 0xffff, 'wLength');
  const options = { timeoutMs: timeOf(time), signal };
  const data = ask.verb === 'out' ? bytesOf(ask.bytes) : undefined;
  if (pipe === undefined) return Promise.reject(noPipe());
  return data === undefined
    ? pipe.controlIn(request, length, options).then((bytes) => ({ bytes }))
    : pipe.controlOut(request, data, options).then((number) => ({ number }));
}

async function closeQuietly(pipe: ControlPipe): Promise<void> {
  try {
    await pipe.close();
  } catch (error) {
    if (!DfuError.is(error)) throw error;
  }
}
