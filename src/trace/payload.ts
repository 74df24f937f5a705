import { DfuError, sha256 } from '../bytes/index.ts';
import { DfuRequest, decodeDfuSeCommand } from '../dfu/index.ts';
import { RequestType } from '../usb/index.ts';
import type { ControlRecord, LeftOut, Trace, TraceRecord } from './trace.ts';
import { isDfuRequest, requestType } from './words.ts';

/** Fewer bytes than these have no hash: whoever tries all of them would find them. */
const LEAST_HASHED = 16;

/** Whether a data stage is of a device's memory, or may be: of requests that are not known here as well. */
function isPayload({ setup, data }: ControlRecord): boolean {
  if (data === undefined || requestType(setup) === RequestType.standard) return false;
  if (!isDfuRequest(setup)) return true;
  const { bRequest, wValue } = setup;
  if (bRequest === DfuRequest.UPLOAD) return true;
  if (bRequest !== DfuRequest.DNLOAD) return false;
  return wValue !== 0 || !isCommand(data);
}

/** DfuSe's commands say where something goes, and nothing of what that is. */
function isCommand(data: Uint8Array): boolean {
  try {
    decodeDfuSeCommand(data);
    return true;
  } catch (error) {
    if (DfuError.is(error)) return false;
    throw error;
  }
}

/** A record without the bytes of a device's memory; all others are as they were. */
function withoutPayload(record: TraceRecord): TraceRecord {
  if (record.type !== 'control' || !isPayload(record)) return record;
  const { data = new Uint8Array(0), ...rest } = record;
  return { ...rest, leftOut: leftOutOf(data) };
}

function leftOutOf(data: Uint8Array): LeftOut {
  const bytes = data.length;
  return bytes < LEAST_HASHED ? { bytes } : { bytes, sha256: sha256(data) };
}

/**
 * A trace without firmware: of what went into a device's memory and came out of it there are lengths and hashes, no
 * bytes; so of vendor requests, whatever they carry. Enclosed traces go. A replay of it still knows a download of the
 * same file; what an upload brought it cannot tell.
 */
export function tracePayloadLeftOut({ header, records, torn }: Trace): Trace {
  const kept = records.filter(({ type }) => type !== 'enclosed').map(withoutPayload);
  return { header: { ...header, payload: 'left-out' }, records: kept, torn };
}
