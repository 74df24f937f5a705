import { DfuError } from '../bytes/index.ts';
import { isFailure, readStatus, statusError } from './status-report.ts';
import type { FailureWords, StatusReport } from './status-report.ts';
import type { Failing, Outcome } from './steps.ts';

/** The device has failed: `doing` names what this side was at. */
export function failing(report: StatusReport, doing: string, words?: FailureWords): Failing {
  return { do: 'fail', error: statusError(report, doing, words), report };
}

/** A request was stalled, and DFU_GETSTATUS ended so: what does the device say about it? */
export function refusal(doing: string, stall: DfuError, outcome: Outcome): Failing {
  if (outcome.is === 'data') {
    const report = readStatus(outcome);
    if (isFailure(report)) return failing(report, doing, { cause: stall });
  }
  const message = `${doing}: the device refused it with a stall and gives no reason`;
  return { do: 'fail', error: new DfuError('STALLED', message, { cause: stall }) };
}
