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

/** How it ended where the device has acknowledged all of it. */
export function endedWell(
  ending: SendEnding,
  {
    memory,
    doubt,
    runs,
  }: {
    /** What had become of the memory before the application was waited for. */
    readonly memory: SendOutcome;
    /** What the host says last, where it is in doubt. */
    readonly doubt: string | undefined;
    readonly runs: string | undefined;
  },
): FlowEnding {
  const { outcome } = ending;
  const values = { bytes: bytesOf(ending) };
  const common = { outcome, code: undefined, runs };
  if (outcome === 'verified' || outcome === 'written') {
    const id = outcome === 'verified' ? 'ended-verified' : 'ended-written';
    return {
      ...common,
      rating: 'good',
      said: said(id, values),
      remedy: undefined,
      detail: ending.unverified,
    };
  }
  const isSilent = memory === 'verified' || memory === 'written';
  return {
    ...common,
    rating: 'unknown',
    said: said(isSilent ? 'ended-silent' : 'ended-unconfirmed', values),
    remedy: said(isSilent ? 'do-wait' : 'do-look'),
    detail: doubt,
  };
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

/** How it ended where something was thrown. */
export function endedBadly(error: DfuError): FlowEnding {
  const { code, message } = error;
  const outcome = outcomeOf(error);
  const cause = causes[code] ?? 'failed';
  const id = code === 'MISMATCH' ? 'mismatch' : sentences[outcome][cause];
  const bytes = error.progress?.acknowledged.bytes ?? 0;
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
