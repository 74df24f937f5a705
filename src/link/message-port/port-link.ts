import { DfuError } from '../../bytes/index.ts';
import { ControlWire, LinkedPipe, PipeState, transferError } from '../../usb/index.ts';
import type {
  BusDevice,
  Clock,
  ControlPipe,
  PipeLink,
  TransferEnd,
  WireTransfer,
} from '../../usb/index.ts';
import { bytesOf, nonsense, wholeOf } from './messages.ts';
import type { Answer, Ask } from './messages.ts';

/** A question about a pipe. */
type PipeAsk = Omit<Ask, 'usb' | 'id' | 'of'>;

/** Who waits for an answer. What `answered` throws ends the bus. */
export interface Waiting {
  readonly answered: (answer: Answer) => void;
  readonly failed: (error: DfuError) => void;
}

/** What a pipe needs of its bus. */
interface LinkSurroundings {
  readonly clock: Clock;
  /** Asks; what it answers gives the question up. */
  readonly begin: (ask: PipeAsk, waiting: Waiting) => () => void;
  /** Asks and waits, for as long as such an answer may take. */
  readonly ask: <T>(ask: PipeAsk, read: (answer: Answer) => T) => Promise<T>;
  /** The pipe is closed. */
  readonly closed: () => void;
}

/** An open device at the other end. */
export interface PortPipe {
  readonly pipe: ControlPipe;
  /** It has gone, or its bus has. */
  readonly leave: () => void;
}

/** The pipe that the other end has opened. `timeoutMs` is for transfers without a time of their own. */
export function portPipe(
  device: BusDevice,
  timeoutMs: number | undefined,
  around: LinkSurroundings,
): PortPipe {
  const state = new PipeState();
  const link = new PortLink(state, around);
  const wire = new ControlWire(link, around.clock, timeoutMs);
  return {
    pipe: new LinkedPipe({ device, link, wire, state }),
    leave: () => state.leave(),
  };
}

class PortLink implements PipeLink {
  readonly #state: PipeState;
  readonly #around: LinkSurroundings;

  constructor(state: PipeState, around: LinkSurroundings) {
    this.#state = state;
    this.#around = around;
  }

  transfer(what: WireTransfer, ended: (how: TransferEnd) => void): (() => void) | undefined {
    const { packet, data, timeoutMs } = what;
    const { bmRequestType, bRequest, wValue, wIndex, wLength } = packet;
    const numbers = [bmRequestType, bRequest, wValue, wIndex, wLength, timeoutMs];
    const isIn = data === undefined;
    return this.#state.carry(ended, (end) =>
      this.#around.begin(
        { verb: isIn ? 'in' : 'out', numbers, bytes: data },
        {
          answered: ({ bytes, number }) => {
            if (isIn) end({ end: 'in', data: shortened(bytesOf(bytes), wLength) });
            else end({ end: 'out', taken: wholeOf(number, wLength, 'how many bytes were taken') });
          },
          failed: (error) => end(failureOf(what, error)),
        },
      ),
    );
  }

  claim(interfaceNumber: number): Promise<void> {
    return this.#around.ask({ verb: 'claim', numbers: [interfaceNumber] }, () => {});
  }

  async release(interfaceNumber: number): Promise<void> {
    if (this.#state.over) return;
    await this.#around.ask({ verb: 'release', numbers: [interfaceNumber] }, () => {});
  }

  select(interfaceNumber: number, alternate: number): Promise<void> {
    return this.#around.ask({ verb: 'select', numbers: [interfaceNumber, alternate] }, () => {});
  }

  async reset(): Promise<'same' | 'gone'> {
    const came = await this.#around.ask({ verb: 'reset' }, ({ reset }) => {
      if (reset === 'same' || reset === 'gone') return reset;
      throw nonsense('what a reset came to');
    });
    if (came === 'gone') this.#state.leave();
    return came;
  }

  /** The other end closes it in any case, at the latest with the bus. */
  async close(): Promise<void> {
    try {
      await this.#around.ask({ verb: 'close' }, () => {});
    } catch (error) {
      if (!DfuError.is(error)) throw error;
    }
    this.#state.leave();
    this.#around.closed();
  }
}

/** Never more than was asked for. */
function shortened(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length <= length) return bytes;
  throw nonsense(`up to ${length} bytes`);
}

function failureOf({ packet, timeoutMs }: WireTransfer, error: DfuError): TransferEnd {
  if (error.code === 'STALLED') return { end: 'stall' };
  if (error.code === 'DISCONNECTED') return { end: 'lost' };
  if (error.code !== 'TIMEOUT') return { end: 'failed', error };
  return { end: 'failed', error: transferError.timeout(packet, timeoutMs, error) };
}
