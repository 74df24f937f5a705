import { DfuError } from '../bytes/index.ts';
import { DfuRequest } from '../dfu/index.ts';
import { refusal } from './refusal.ts';
import { GET_STATUS, giveUp } from './steps.ts';
import type { Action, InAction, Outcome } from './steps.ts';

/** What an upload has brought. */
interface Uploaded {
  readonly blocks: number;
  readonly bytes: number;
}

interface UploadTerms {
  /** wLength of each DFU_UPLOAD, in bytes. */
  readonly transferSizeBytes: number;
  /** A device that goes on beyond this is given up. */
  readonly maxBytes: number;
  /** So much is enough, whatever else it has. */
  readonly wantedBytes?: number | undefined;
}

export type UploadState = Uploaded &
  (
    | { readonly at: 'start' | 'asking' | 'done' }
    | { readonly at: 'storing'; readonly last: boolean }
    | { readonly at: 'refused'; readonly error: DfuError }
  );

export const UPLOAD_START: UploadState = { at: 'start', blocks: 0, bytes: 0 };

const MORE = { remedies: ['max-bytes'] } as const;

type Next = readonly [UploadState, Action<Uploaded>];

/** DFU 1.1 §6.2: blocks until a short one. Starts in dfuIDLE. */
export function uploadStep(state: UploadState, outcome: Outcome, terms: UploadTerms): Next {
  switch (state.at) {
    case 'start':
      return [{ ...state, at: 'asking' }, ask(state, terms)];
    case 'asking':
      if (outcome.is === 'data') return afterBlock(state, outcome.data, terms);
      if (outcome.is !== 'stalled') return [state, giveUp(outcome)];
      return [{ ...state, at: 'refused', error: outcome.error }, GET_STATUS];
    case 'storing': {
      if (outcome.is !== 'done') return [state, giveUp(outcome)];
      const isEnough = state.bytes >= (terms.wantedBytes ?? Infinity);
      if (state.last || isEnough) return end(state);
      const { blocks, bytes } = state;
      return [{ at: 'asking', blocks, bytes }, ask(state, terms)];
    }
    case 'refused':
      return [state, refusal(blockName(state), state.error, outcome)];
    case 'done':
      return end(state);
    default:
      return state satisfies never;
  }
}

function ask(state: Uploaded, { transferSizeBytes }: UploadTerms): InAction {
  const wValue = state.blocks & 0xffff; // wraps at 65536, as in a download
  return { do: 'in', bRequest: DfuRequest.UPLOAD, wValue, lengthBytes: transferSizeBytes };
}

function afterBlock(state: UploadState, data: Uint8Array, terms: UploadTerms): Next {
  const last = data.length < terms.transferSizeBytes;
  const bytes = state.bytes + data.length;
  if (bytes > terms.maxBytes) {
    const limit = `expected at most ${terms.maxBytes} bytes, the device goes on`;
    return [state, { do: 'fail', error: new DfuError('OUT_OF_RANGE', `upload: ${limit}`, MORE) }];
  }
  const next = { blocks: state.blocks + 1, bytes };
  if (data.length === 0) return end(state);
  return [
    { at: 'storing', last, ...next },
    { do: 'write', data },
  ];
}

function end({ blocks, bytes }: Uploaded): Next {
  return [
    { at: 'done', blocks, bytes },
    { do: 'end', result: { blocks, bytes } },
  ];
}

function blockName({ blocks, bytes }: Uploaded): string {
  return `upload, block ${blocks} at byte ${bytes}`;
}
