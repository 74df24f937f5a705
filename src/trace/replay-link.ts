import { DfuError } from '../bytes/index.ts';
import { busErrorCode } from '../usb/index.ts';
import type { PipeLink, PipeState, TransferEnd, WireTransfer } from '../usb/index.ts';
import type { Deed, PartReplay, Played } from './replay-part.ts';
import type { ControlRecord, TraceFault } from './trace.ts';
import { requestWords } from './words.ts';

/** An error as it was recorded; one of a code that no bus has is `IO`. */
export function errorOf({ code, message }: TraceFault): DfuError {
  return new DfuError(busErrorCode(code), message);
}

/** What a link of a replay has of its bus. */
interface LinkSurroundings {
  readonly state: PipeState;
  readonly play: (deed: Deed) => Played;
  readonly comes: (played: Played) => void;
  readonly after: (ms: number, run: () => void) => () => void;
}

/** An open device of a replay. */
export class ReplayLink implements PipeLink {
  readonly #replay: PartReplay;
  readonly #around: LinkSurroundings;

  constructor(replay: PartReplay, around: LinkSurroundings) {
    this.#replay = replay;
    this.#around = around;
  }

  transfer(
    { packet, data }: WireTransfer,
    ended: (how: TransferEnd) => void,
  ): (() => void) | undefined {
    const { state, play, comes, after } = this.#around;
    if (state.over) {
      this.#replay.miss({ do: 'transfer', setup: packet, data });
      ended({ end: 'lost' });
      return undefined;
    }
    let played: Played;
    try {
      played = play({ do: 'transfer', setup: packet, data });
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      ended({ end: 'failed', error });
      return undefined;
    }
    const { record } = played;
    const how = endOf(packet.wLength, record);
    return state.carry(ended, (end) => {
      const cancel =
        how === undefined
          ? undefined
          : after(record === undefined ? 0 : record.tookMs, () => end(how));
      comes(played);
      return cancel;
    });
  }

  async claim(interfaceNumber: number): Promise<void> {
    await Promise.resolve();
    const error = this.#replay.claim(interfaceNumber);
    if (error !== undefined) throw errorOf(error);
  }

  async select(interfaceNumber: number, alternate: number): Promise<void> {
    const deed = { do: 'alternate', interface: interfaceNumber, alternate } as const;
    const { record } = await this.#done(deed);
    if (record?.type === 'alternate' && record.error !== undefined) throw errorOf(record.error);
  }

  async reset(): Promise<'same' | 'gone'> {
    const { record } = await this.#done({ do: 'reset' });
    if (record?.type !== 'reset') return 'same';
    if (record.error !== undefined) throw errorOf(record.error);
    return record.port ?? 'same';
  }

  close(): Promise<void> {
    return Promise.resolve();
  }

  /** What takes time and is no transfer. */
  #done(deed: Deed): Promise<Played> {
    const { play, comes, after } = this.#around;
    return new Promise((resolve, reject) => {
      let played: Played;
      try {
        played = play(deed);
      } catch (error) {
        reject(error);
        return;
      }
      after(played.record?.tookMs ?? 0, () => resolve(played));
      comes(played);
    });
  }
}

/** How a transfer ends in a replay; undefined for one that nobody answers. */
function endOf(lengthBytes: number, record: Played['record']): TransferEnd | undefined {
  if (record?.type !== 'control') return { end: 'out', taken: lengthBytes };
  switch (record.end) {
    case 'stall':
      return { end: 'stall' };
    case 'failed':
      return { end: 'failed', error: errorOf(record.error ?? { code: 'IO', message: 'failed' }) };
    case 'ok':
      return answerOf(record, lengthBytes);
    case 'timeout':
    case 'cancelled':
    case 'gone':
      // It kept silent, or left: then it leaves again.
      return undefined;
    default:
      return record.end satisfies never;
  }
}

function answerOf(
  { setup, data = new Uint8Array(0), leftOut, taken }: ControlRecord,
  lengthBytes: number,
): TransferEnd {
  if ((setup.bmRequestType & 0x80) === 0) return { end: 'out', taken: taken ?? lengthBytes };
  if (leftOut !== undefined) {
    const words = `${requestWords(setup)}: its ${leftOut.bytes} bytes were left out of the recording`;
    return { end: 'failed', error: new DfuError('UNSUPPORTED', words) };
  }
  return { end: 'in', data: data.slice(0, lengthBytes) };
}
