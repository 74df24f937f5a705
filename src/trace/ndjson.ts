import { toHex } from '../bytes/index.ts';
import { setupPacket } from '../usb/index.ts';
import type { ControlRecord, TraceHeader, TraceRecord } from './trace.ts';

/** The version of the format: the first line has it, and a reader knows no other. */
export const TRACE_VERSION = 1;

/** What the first line has as its `type`. */
export const TRACE_TYPE = 'dfukit-trace';

/** Times to the microsecond: finer is no clock that writes them. */
function rounded(ms: number): number {
  return Math.round(ms * 1000) / 1000;
}

/** The first line, its end included. */
export function encodeTraceHeader(header: TraceHeader): string {
  const { tool, started, payload, serials, polls, about } = header;
  const words = { tool, started, payload, serials, polls, about };
  return `${JSON.stringify({ type: TRACE_TYPE, version: TRACE_VERSION, ...words })}\n`;
}

/** A record as a line, its end included: bytes are hex digits, times are in ms. */
export function encodeTraceRecord(record: TraceRecord): string {
  return `${JSON.stringify(plain(record))}\n`;
}

function plain(record: TraceRecord): object {
  if (record.type === 'device') return { ...record, descriptor: toHex(record.descriptor) };
  if (record.type === 'control') return plainTransfer(record);
  return {
    ...record,
    ...('ms' in record && { ms: rounded(record.ms) }),
    ...('tookMs' in record && { tookMs: rounded(record.tookMs) }),
  };
}

function plainTransfer(record: ControlRecord): object {
  const { type, ms, tookMs, pipe, setup, end, data, leftOut, taken, error } = record;
  return {
    type,
    ms: rounded(ms),
    tookMs: rounded(tookMs),
    pipe,
    setup: toHex(setupPacket.encode(setup)),
    end,
    data: hexOf(data),
    leftOut:
      leftOut === undefined ? undefined : { bytes: leftOut.bytes, sha256: hexOf(leftOut.sha256) },
    taken,
    error,
  };
}

function hexOf(bytes: Uint8Array | undefined): string | undefined {
  return bytes === undefined ? undefined : toHex(bytes);
}

/** A whole trace as text, its enclosed ones included. */
export function encodeTrace(header: TraceHeader, records: readonly TraceRecord[]): string {
  return encodeTraceHeader(header) + records.map(encodeTraceRecord).join('');
}
