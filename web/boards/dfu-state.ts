import { DFU_STATES, DfuRequest } from 'dfukit/dfu';
import type { DfuState } from 'dfukit/dfu';
import type { ControlRecord } from 'dfukit/trace';

/** Class requests to an interface, DFU 1.1 table 3.2. */
const CLASS_OUT = 0x21;
const CLASS_IN = 0xa1;

/** Those of run-time, in which a request that is refused changes nothing. */
const RUN_TIME: ReadonlySet<DfuState | undefined> = new Set([undefined, 'appIDLE', 'appDETACH']);

/** What follows from a request that was carried out, where the device has not said it yet (DFU 1.1 §A.2). */
function behind(record: ControlRecord, before: DfuState | undefined): DfuState | undefined {
  const { bRequest, wLength } = record.setup;
  const length = record.data?.length ?? 0;
  switch (bRequest) {
    case DfuRequest.DETACH:
      // It is a request of run-time; behind one that a device in DFU mode has taken, only the device can say where it is.
      return RUN_TIME.has(before) ? 'appDETACH' : before;
    case DfuRequest.DNLOAD:
      return wLength === 0 ? 'dfuMANIFEST-SYNC' : 'dfuDNLOAD-SYNC';
    case DfuRequest.UPLOAD:
      return length < wLength ? 'dfuIDLE' : 'dfuUPLOAD-IDLE';
    case DfuRequest.GETSTATUS:
      return DFU_STATES[record.data?.[4] ?? -1] ?? before;
    case DfuRequest.GETSTATE:
      return DFU_STATES[record.data?.[0] ?? -1] ?? before;
    case DfuRequest.CLRSTATUS:
    case DfuRequest.ABORT:
      return 'dfuIDLE';
    default:
      return before;
  }
}

/** The state that a DFU function is in behind a transfer, as far as the bus shows it. */
export function dfuStateAfter(
  record: ControlRecord,
  before: DfuState | undefined,
): DfuState | undefined {
  const { bmRequestType, bRequest } = record.setup;
  const isDfu = bmRequestType === CLASS_OUT || bmRequestType === CLASS_IN;
  if (!isDfu || bRequest > DfuRequest.ABORT) return before;
  if (record.end === 'ok') return behind(record, before);
  if (record.end === 'gone') return undefined;
  return record.end === 'stall' && !RUN_TIME.has(before) ? 'dfuERROR' : before;
}
