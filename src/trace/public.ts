/**
 * What happens on a bus, written down and played back: `tracedBus` tells every control transfer, `replayBus` is the
 * devices of a recording. NDJSON, pcapng for Wireshark, and the recordings of fwupd's device emulation.
 *
 * ```ts
 * const lines: string[] = [encodeTraceHeader(traceHeader({ tool: 'my program 1.0' }))];
 * const traced = tracedBus(bus, clock, (record) => lines.push(encodeTraceRecord(record)));
 * // … what went wrong, on `traced` …
 * const again = replayBus(readTrace(lines.join('')), { clock }); // the same devices, doing the same
 * ```
 *
 * @module
 */
export { encodeTrace, encodeTraceHeader, encodeTraceRecord } from './ndjson.ts';
export { encodePcapng, pcapngWriter } from './pcapng.ts';
export type { PcapngWriter } from './pcapng.ts';
export { isTrace, readTrace } from './read-ndjson.ts';
export { replayBus } from './replay-bus.ts';
export type { ReplayBus, ReplayOptions } from './replay-bus.ts';
export { traceHeader } from './trace.ts';
export type {
  AlternateRecord,
  ControlRecord,
  DeviceRecord,
  LeftOut,
  ResetRecord,
  Timed,
  Trace,
  TraceEnd,
  TraceFault,
  TraceHeader,
  TraceRecord,
} from './trace.ts';
export { tracedBus } from './traced-bus.ts';
export type { TraceListener } from './trace-clock.ts';
export { answerWords, requestWords, traceLines } from './words.ts';
export { tracePayloadLeftOut } from './payload.ts';
export { serialMask, serialsIn, traceSerialsMasked } from './serials.ts';
export type { SerialMask } from './serials.ts';
export { isFwupdRecording, readFwupdRecording } from './fwupd.ts';
export type { FwupdPhase } from './fwupd.ts';
