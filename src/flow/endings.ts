import type { DfuError, DfuErrorCode, SendOutcome } from '../bytes/index.ts';
import { outcomeOf } from '../host/index.ts';
import type { SendEnding } from '../host/index.ts';
import type { FlowEnding } from './flow-state.ts';
import { said } from './flow-text.ts';
import type { FlowTextId } from './flow-texts.ts';

/** Bytes that have reached the device. */
function bytesOf({ acknowledged, kept }: SendEnding): number {
  return acknowledged.bytes + (kept?.bytes ?? 0);
}

/** What is known besides what the host says. */
interface Around {
  /** What had become of the memory before the application was waited for. */
  readonly memory: SendOutcome;
  /** What the host said last. */
  readonly doubt: string | undefined;
  /** It stays in DFU mode though it was asked out. */
  readonly stays: boolean;
  /** The version that ran before, where the device was in run-time mode. */
  readonly before: string | undefined;
  /** The version that runs now, where it was waited for and came. */
  readonly runs: string | undefined;
  /** The version that should, where that can be known. */
  readonly expected: string | undefined;
  /** Whether reading back was asked for. */
  readonly mustVerify: boolean;
}

/** By how much is known of the memory, and of what runs. */
const good = {
  verified: {
    nothing: 'ended-verified',
    runs: 'ended-verified-runs',
    same: 'ended-verified-as-before',
  },
  written: {
    nothing: 'ended-written',
    runs: 'ended-written-runs',
    same: 'ended-written-as-before',
  },
} as const;

/** How it ended where the device has acknowledged all of it. */
export function endedWell(ending: SendEnding, around: Around): FlowEnding {
  const { outcome, unverified } = ending;
  const { memory, doubt, stays, before, runs, expected, mustVerify } = around;
  const bytes = bytesOf(ending);
  const common = { outcome, code: undefined, runs };
  if (outcome === 'verified' || outcome === 'written') {
    if (mustVerify && unverified !== undefined) {
      const text = said('ended-unread', { bytes });
      return {
        ...common,
        rating: 'unknown',
        said: text,
        remedy: said('do-look'),
        detail: unverified,
      };
    }
    const version = runs ?? '';
    if (stays) {
      const text = said('ended-stays', { bytes });
      return {
        ...common,
        rating: 'good',
        said: text,
        remedy: said('do-restart'),
        detail: unverified,
      };
    }
    // That it shows the version that it had says nothing of which one runs.
    const isSame = runs === before && runs !== expected;
    const then = runs === undefined ? 'nothing' : isSame ? 'same' : 'runs';
    const id = good[outcome][then];
    const text = said(id, { bytes, version });
    return { ...common, rating: 'good', said: text, remedy: undefined, detail: unverified };
  }
  const open = { ...common, rating: 'unknown', detail: doubt } as const;
  if (runs !== undefined) {
    const values = { bytes, version: runs, expected: expected ?? '?' };
    return { ...open, said: said('ended-other', values), remedy: said('do-look') };
  }
  const isSilent = memory === 'verified' || memory === 'written';
  return isSilent
    ? { ...open, said: said('ended-silent', { bytes }), remedy: said('do-wait') }
    : { ...open, said: said('ended-unconfirmed', { bytes }), remedy: said('do-look') };
}

/** Groups of codes that read alike to a person. */
type Cause = 'cancelled' | 'gone' | 'silent' | 'refused' | 'failed';

/** What is none of these has failed. */
const causes: Readonly<Partial<Record<DfuErrorCode, Cause>>> = {
  ABORTED: 'cancelled',
  DISCONNECTED: 'gone',
  TIMEOUT: 'silent',
  REFUSED: 'refused',
  UNSUPPORTED: 'refused',
  OUT_OF_RANGE: 'refused',
  INVALID_ARGUMENT: 'refused',
  NOT_FOUND: 'refused',
  AMBIGUOUS: 'refused',
};

/** All is acknowledged, and then something went wrong. */
const afterAll: Readonly<Record<Cause, FlowTextId>> = {
  cancelled: 'cancelled-unconfirmed',
  gone: 'failed-unconfirmed',
  silent: 'failed-unconfirmed',
  refused: 'failed-unconfirmed',
  failed: 'failed-unconfirmed',
};

/** Sentences by what has become of the memory, and by what kept it from being as it should. */
const sentences: Readonly<Record<SendOutcome, Readonly<Record<Cause, FlowTextId>>>> = {
  unchanged: {
    cancelled: 'cancelled-unchanged',
    gone: 'gone-unchanged',
    silent: 'silent-unchanged',
    refused: 'refused-unchanged',
    failed: 'failed-unchanged',
  },
  'partly-written': {
    cancelled: 'cancelled-partly',
    gone: 'gone-partly',
    silent: 'silent-partly',
    refused: 'failed-partly',
    failed: 'failed-partly',
  },
  unconfirmed: afterAll,
  written: afterAll,
  verified: afterAll,
};

const remedies: Readonly<Record<SendOutcome, FlowTextId>> = {
  unchanged: 'do-replug',
  'partly-written': 'do-again',
  unconfirmed: 'do-look',
  written: 'do-look',
  verified: 'do-look',
};

function remedyOf(code: DfuErrorCode, cause: Cause, outcome: SendOutcome): FlowTextId | undefined {
  if (outcome !== 'unchanged') return remedies[outcome];
  if (code === 'BUSY' || code === 'ACCESS') return 'do-other-program';
  return cause === 'cancelled' || cause === 'refused' ? undefined : remedies.unchanged;
}

/** How it ended where something was thrown; `downloaded`: all was acknowledged before. */
export function endedBadly(error: DfuError, downloaded?: SendEnding): FlowEnding {
  const { code, message } = error;
  const outcome = outcomeOf(error);
  const cause = causes[code] ?? 'failed';
  const isOther = code === 'MISMATCH' && outcome !== 'unchanged';
  const id = isOther ? 'mismatch' : sentences[outcome][cause];
  const bytes = downloaded === undefined ? 0 : bytesOf(downloaded);
  const remedy = remedyOf(code, cause, outcome);
  const isBad = outcome === 'unchanged' || outcome === 'partly-written';
  return {
    outcome,
    rating: isBad ? 'bad' : 'unknown',
    said: said(id, { words: message, bytes }),
    remedy: remedy === undefined ? undefined : said(remedy),
    code,
    detail: message,
    runs: undefined,
  };
}
