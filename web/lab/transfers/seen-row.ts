import { DFU_STATES, DFU_STATUSES, DfuRequest, statusAnswer, statusMeaning } from 'dfukit/dfu';
import { answerWords, requestWords } from 'dfukit/trace';
import { setupPacket } from 'dfukit/usb';
import type { SetupPacket } from 'dfukit/usb';
import type { SeenTransfer } from '../../boards/board-client.ts';
import { hexNumber } from '../hex.ts';

/** What can be shown of the transfers that there are. */
export type TransferFilter = 'all' | 'dfu' | 'blocks' | 'failed';

export const FILTERS: Readonly<Record<TransferFilter, string>> = {
  all: 'all',
  dfu: 'DFU requests',
  blocks: 'blocks up and down',
  failed: 'those that failed',
};

/** Bytes that a row shows of a long data stage. */
const FEW = 12;

/** A transfer in words. They are made when somebody wants them: of most transfers of a download nobody does. */
export class SeenRow {
  readonly number: number;
  readonly seen: SeenTransfer;
  #setup: SetupPacket | undefined;
  #asked: string | undefined;
  #answered: string | undefined;

  constructor(seen: SeenTransfer, number: number) {
    this.seen = seen;
    this.number = number;
  }

  get setup(): SetupPacket {
    this.#setup ??= setupPacket.decode(this.seen.setup);
    return this.#setup;
  }

  get asked(): string {
    this.#asked ??= requestWords(this.setup);
    return this.#asked;
  }

  get answered(): string {
    this.#answered ??= answered(this.seen, this.setup);
    return this.#answered;
  }
}

function answered({ end, data, dataBytes }: SeenTransfer, setup: SetupPacket): string {
  // The error that says more has stayed in the worker.
  if (end === 'failed' || end === 'cancelled') return 'failed';
  if (end === 'ok' && dataBytes > data.length) {
    return `${hex(data.subarray(0, FEW))} … (${dataBytes})`;
  }
  return answerWords({ setup, end, ...(dataBytes > 0 && { data }) });
}

function hex(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
}

/** Whether it is a class request to an interface, as all of DFU's are (DFU 1.1 table 3.2). */
function isDfu({ bmRequestType, bRequest }: SetupPacket): boolean {
  return (bmRequestType & 0x7f) === 0x21 && bRequest <= DfuRequest.ABORT;
}

function isBlock(setup: SetupPacket): boolean {
  const { bRequest } = setup;
  return isDfu(setup) && (bRequest === DfuRequest.DNLOAD || bRequest === DfuRequest.UPLOAD);
}

/** Whether a row is shown: of that kind, and with that text in it. */
export function isShown(row: SeenRow, filter: TransferFilter, text: string): boolean {
  return isOfKind(row, filter) && (text === '' || has(row, text));
}

function isOfKind(row: SeenRow, filter: TransferFilter): boolean {
  switch (filter) {
    case 'all':
      return true;
    case 'failed':
      return row.seen.end !== 'ok';
    case 'dfu':
      return isDfu(row.setup);
    case 'blocks':
      return isBlock(row.setup);
    default:
      return filter satisfies never;
  }
}

function has({ asked, answered: words }: SeenRow, text: string): boolean {
  return `${asked} ${words}`.toLowerCase().includes(text.toLowerCase());
}

/** All that is known of a transfer, line by line: name and value. */
export function factsOf({ seen, setup }: SeenRow): readonly (readonly [string, string])[] {
  const { bmRequestType, bRequest, wValue, wIndex, wLength } = setup;
  const direction = (bmRequestType & 0x80) === 0 ? 'host to device' : 'device to host';
  const kind = ['standard', 'class', 'vendor', 'reserved'][(bmRequestType >> 5) & 3] ?? '';
  const to = ['device', 'interface', 'endpoint', 'other'][bmRequestType & 0x1f] ?? 'reserved';
  return [
    ['bmRequestType', `${hexNumber(bmRequestType, 2)}: ${direction}, ${kind}, ${to}`],
    ['bRequest', hexNumber(bRequest, 2)],
    ['wValue', `${hexNumber(wValue, 4)} (${wValue})`],
    ['wIndex', `${hexNumber(wIndex, 4)} (${wIndex})`],
    ['wLength', `${wLength}`],
    ...statusFacts(seen, setup),
  ];
}

function statusFacts(
  { end, data }: SeenTransfer,
  setup: SetupPacket,
): readonly (readonly [string, string])[] {
  const isStatus = isDfu(setup) && setup.bRequest === DfuRequest.GETSTATUS;
  if (!isStatus || end !== 'ok' || data.length !== statusAnswer.size) return [];
  const { bStatus, bwPollTimeout, bState, iString } = statusAnswer.decode(data);
  const status = DFU_STATUSES[bStatus];
  const meaning = status === undefined ? 'unknown' : `${status}, ${statusMeaning(status)}`;
  return [
    ['bStatus', `${bStatus}: ${meaning}`],
    ['bwPollTimeout', `${bwPollTimeout} ms`],
    ['bState', `${bState}: ${DFU_STATES[bState] ?? 'unknown'}`],
    ['iString', `${iString}`],
  ];
}

/** Bytes as a dump of 16 a line. */
export function dumpOf({ data, dataBytes }: SeenTransfer): string {
  const lines: string[] = [];
  for (let at = 0; at < data.length; at += 16) {
    const part = data.subarray(at, at + 16);
    const text = Array.from(part, (byte) =>
      byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.',
    ).join('');
    lines.push(`${at.toString(16).padStart(4, '0')}  ${hex(part).padEnd(47)}  ${text}`);
  }
  if (dataBytes > data.length) lines.push(`… and ${dataBytes - data.length} more bytes`);
  return lines.join('\n');
}
