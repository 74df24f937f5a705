import { createRequire } from 'node:module';
import { release } from 'node:os';
import { DfuError } from '../../bytes/index.ts';
import { DfuRequest } from '../../dfu/index.ts';
import { printable, scanElseAll } from '../../host/index.ts';
import type { DfuInterface, Scan } from '../../host/index.ts';
import {
  encodeTrace,
  serialMask,
  serialsIn,
  tracePayloadLeftOut,
  tracedBus,
} from '../../trace/index.ts';
import type { Trace, TraceRecord } from '../../trace/index.ts';
import { DIRECTION_IN, DescriptorType, StandardRequest } from '../../usb/index.ts';
import type { BusDevice, Clock, ControlPipe, ControlRequest, UsbBus } from '../../usb/index.ts';
import { mainFile } from '../shared/main-file.ts';
import type { Terminal } from '../shared/terminal.ts';
import { ownHeader, readTraceFile, refuseSame, refuseStranger } from '../shared/trace-file.ts';
import { findingLines } from './text.ts';
import type { Finding } from './finding.ts';

/** What a report is made of. */
export interface ReportParts {
  /** Undefined where there is none: that is a report, too. */
  readonly bus: UsbBus | undefined;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** What was found out before. */
  readonly findings: readonly Finding[];
  /** The path of the trace of what failed. */
  readonly trace?: string | undefined;
  /** The path of the recording that is asked instead of a bus. */
  readonly replay?: string | undefined;
  /** Leave serial numbers as they are. */
  readonly withSerials?: boolean | undefined;
}

/** Most records of a report: a bus with so many devices is no case for one. */
const MOST_RECORDS = 50_000;

/**
 * Writes one file for those who look after this program: of every DFU device, and of each that cannot be read, its
 * descriptors byte for byte, its states, and the trace of reading them; versions, findings, and the trace of what
 * failed without its firmware. It is a trace: `--replay` takes it. Serial numbers have stand-ins unless asked.
 */
export async function writeReport(
  terminal: Terminal,
  path: string,
  parts: ReportParts,
): Promise<void> {
  for (const read of [parts.trace, parts.replay]) if (read !== undefined) refuseSame(read, path);
  refuseStranger(terminal.files, path);
  const enclosed =
    parts.trace === undefined ? undefined : await readTraceFile(terminal.files, parts.trace);
  const { records, serials } = await reading(parts);
  for (const finding of parts.findings) {
    const text = findingLines(finding, (_style, words) => words).join('\n');
    records.push({ type: 'note', text });
  }
  if (enclosed !== undefined) records.push({ type: 'enclosed', lines: linesOf(enclosed) });
  const header = ownHeader({ payload: 'left-out', about: about() });
  const told = parts.findings.flatMap(({ device }) => device?.serial ?? []);
  const all = [...serials, ...told, ...serialsIn(records)];
  // In sentences letters that a terminal might obey are others.
  const mask = serialMask([...all, ...all.map(printable)]);
  const text =
    parts.withSerials === true
      ? encodeTrace(header, records)
      : encodeTrace(
          mask.header(header),
          records.map((record) => mask.record(record)),
        );
  await terminal.files.write(path, Buffer.from(text));
}

function linesOf(trace: Trace): string[] {
  const { header, records } = tracePayloadLeftOut(trace);
  return encodeTrace(header, records).trimEnd().split('\n');
}

function about(): Readonly<Record<string, string>> {
  return {
    node: process.version,
    system: `${process.platform} ${process.arch} ${release()}`,
    usb: usbVersion(),
  };
}

/** Of the package that speaks to this machine's USB. */
function usbVersion(): string {
  try {
    const { version } = createRequire(mainFile)('usb/package.json') as { version?: string };
    return version ?? 'unknown';
  } catch {
    return 'not installed';
  }
}

/** What devices say of themselves and of their states, as it was asked for. */
async function reading({ bus, clock, signal }: ReportParts): Promise<{
  readonly records: TraceRecord[];
  readonly serials: readonly string[];
}> {
  const records: TraceRecord[] = [];
  if (bus === undefined) return { records, serials: [] };
  const traced = tracedBus(bus, clock, (record) => {
    if (records.length < MOST_RECORDS) records.push(record);
  });
  let found: Scan;
  try {
    found = await scanElseAll(traced, { clock, signal });
  } catch (error) {
    if (!DfuError.is(error) || error.code === 'ABORTED') throw error;
    // The trace says what the bus said.
    return { records, serials: [] };
  }
  for (const device of found.devices.values()) {
    const entries = found.entries.filter(({ deviceId }) => deviceId === device.id);
    await lookInto(device, entries);
  }
  const unread = found.problems.filter(({ code }) => code !== 'ACCESS');
  const ids = new Set([...found.devices.keys(), ...unread.map(({ device }) => device.id)]);
  return { records: ofDevices(records, ids), serials: found.entries.map(({ serial }) => serial) };
}

/** How long each question of a report may take, in ms. */
const QUESTION_MS = 2000;
/** As many bytes as a descriptor may be asked for that is none of them all. */
const SOME_BYTES = 255;

/** Asks what looking for DFU does not ask; what is refused stands in the trace, and no more. */
async function lookInto(device: BusDevice, entries: readonly DfuInterface[]): Promise<void> {
  let pipe: ControlPipe;
  try {
    pipe = await device.open({ timeoutMs: QUESTION_MS });
  } catch (error) {
    if (DfuError.is(error)) return;
    throw error;
  }
  const { iManufacturer, iProduct } = device.descriptor;
  const ask = (request: ControlRequest, length: number): Promise<void> =>
    quietly(() => pipe.controlIn(request, length, { timeoutMs: QUESTION_MS }));
  const descriptor = (type: number, index: number, wIndex = 0): Promise<void> => {
    const bRequest = StandardRequest.GET_DESCRIPTOR;
    const wValue = type * 256 + index;
    return ask({ bmRequestType: DIRECTION_IN, bRequest, wValue, wIndex }, SOME_BYTES);
  };
  try {
    await descriptor(DescriptorType.device, 0);
    await descriptor(DescriptorType.bos, 0);
    for (const index of new Set([iManufacturer, iProduct])) {
      if (index !== 0) await descriptor(DescriptorType.string, index, ENGLISH);
    }
    for (const wIndex of new Set(entries.map(({ interfaceNumber }) => interfaceNumber))) {
      await quietly(() => pipe.claimInterface(wIndex));
      const request = { bmRequestType: CLASS_IN, wValue: 0, wIndex };
      await ask({ ...request, bRequest: DfuRequest.GETSTATE }, 1);
      await ask({ ...request, bRequest: DfuRequest.GETSTATUS }, 6);
    }
  } finally {
    await quietly(() => pipe.close());
  }
}

const ENGLISH = 0x0409;
/** bmRequestType of DFU's questions: class, interface, to the host. */
const CLASS_IN = 0xa1;

async function quietly(work: () => Promise<unknown>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!DfuError.is(error)) throw error;
  }
}

/** A keyboard is nobody's business: what is left is about those devices. */
function ofDevices(records: readonly TraceRecord[], ids: ReadonlySet<string>): TraceRecord[] {
  const numbers = new Set<number>();
  const pipes = new Set<number>();
  return records.flatMap((record): TraceRecord[] => {
    if (record.type === 'device' && ids.has(record.id)) numbers.add(record.device);
    if (record.type === 'open' && numbers.has(record.device)) pipes.add(record.pipe);
    if (record.type === 'list') {
      return [{ ...record, devices: record.devices.filter((each) => numbers.has(each)) }];
    }
    if ('pipe' in record && record.type !== 'open') return pipes.has(record.pipe) ? [record] : [];
    if ('device' in record) return numbers.has(record.device) ? [record] : [];
    return [record];
  });
}
