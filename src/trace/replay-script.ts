import { DfuRequest } from '../dfu/index.ts';
import { RequestType } from '../usb/index.ts';
import type { SetupPacket } from '../usb/index.ts';
import type {
  AlternateRecord,
  ControlRecord,
  DeviceRecord,
  ResetRecord,
  Trace,
  TraceFault,
  TraceRecord,
} from './trace.ts';
import { isDfuRequest, isStandardRead } from './words.ts';

/** What a host must do in the order in which it was done. */
export interface Step {
  readonly record: ControlRecord | AlternateRecord | ResetRecord;
  /** Which devices come and go because of it, and when: ms from its beginning. */
  readonly comings: Coming[];
}

/** A device comes to the bus, or leaves it. */
export interface Coming {
  readonly device: number;
  readonly on: boolean;
  readonly afterMs: number;
}

/** One device as it was recorded, from when it came until it left. */
export interface Part {
  readonly described: DeviceRecord;
  /** In the order in which they came. */
  readonly steps: Step[];
  /** What it answered to each standard request, by `readKey`. */
  readonly answers: Map<string, ControlRecord[]>;
  /** How each opening went, and each claim of an interface. */
  readonly opens: (TraceFault | undefined)[];
  readonly claims: Map<number, (TraceFault | undefined)[]>;
}

/** A recording, laid out by device. */
export interface Script {
  readonly parts: ReadonlyMap<number, Part>;
  /** What comes and goes whatever the host does: ms from the beginning. */
  readonly atFirst: readonly Coming[];
  /** How each listing went. */
  readonly lists: readonly (TraceFault | undefined)[];
  /** Alternates were written down. */
  readonly hasAlternates: boolean;
}

/** Standard requests that ask the same, however many bytes they ask for. */
export function readKey({ bmRequestType, bRequest, wValue, wIndex }: SetupPacket): string {
  return `${bmRequestType} ${bRequest} ${wValue} ${wIndex}`;
}

/** Questions about its state, and requests that bring it back to idle: a host may ask more or fewer. */
export function isPoll(setup: SetupPacket): boolean {
  const { bRequest } = setup;
  return (
    isDfuRequest(setup) &&
    (bRequest === DfuRequest.GETSTATUS ||
      bRequest === DfuRequest.GETSTATE ||
      bRequest === DfuRequest.CLRSTATUS ||
      bRequest === DfuRequest.ABORT)
  );
}

function isSelection({ bmRequestType, bRequest }: SetupPacket): boolean {
  return bmRequestType === (RequestType.standard | 1) && bRequest === 11;
}

/** What took its beginning, whatever its end was told between. */
function inTime(records: readonly TraceRecord[]): TraceRecord[] {
  const timed = records.filter((record) => 'ms' in record);
  return timed.toSorted((one, other) => ms(one) - ms(other));
}

function ms(record: TraceRecord): number {
  return 'ms' in record ? record.ms : 0;
}

/** Lays a trace out for a replay. */
export function scriptOf({ header, records }: Trace): Script {
  const maker = new ScriptMaker(header.polls === 'free');
  for (const record of records) if (record.type === 'device') maker.describe(record);
  for (const record of records) if (record.type === 'open') maker.pipe(record.pipe, record.device);
  for (const record of inTime(records)) maker.add(record);
  return maker.script;
}

class ScriptMaker {
  readonly #parts = new Map<number, Part>();
  readonly #pipes = new Map<number, number>();
  readonly #atFirst: Coming[] = [];
  readonly #lists: (TraceFault | undefined)[] = [];
  readonly #here = new Map<number, boolean>();
  #hasAlternates = false;
  readonly #free: boolean;
  /** The last step at each port, and of all. */
  readonly #last = new Map<string, Step>();
  #latest: Step | undefined;

  constructor(free: boolean) {
    this.#free = free;
  }

  get script(): Script {
    return {
      parts: this.#parts,
      atFirst: this.#atFirst,
      lists: this.#lists,
      hasAlternates: this.#hasAlternates,
    };
  }

  /** What it says of itself may be told again: the last word counts. */
  describe(described: DeviceRecord): void {
    const before = this.#parts.get(described.device);
    const fresh = { steps: [], answers: new Map(), opens: [], claims: new Map() };
    this.#parts.set(described.device, { ...(before ?? fresh), described });
  }

  pipe(pipe: number, device: number): void {
    this.#pipes.set(pipe, device);
  }

  add(record: TraceRecord): void {
    switch (record.type) {
      case 'list':
        this.#list(record.devices, record.ms, record.error);
        return;
      case 'attached':
        this.#comes(record.device, true, record.ms);
        return;
      case 'detached':
        this.#comes(record.device, false, record.ms);
        return;
      case 'gone':
        this.#comes(this.#pipes.get(record.pipe) ?? 0, false, record.ms);
        return;
      case 'open':
        this.#present(record.device, record.ms);
        this.#parts.get(record.device)?.opens.push(record.error);
        return;
      case 'claim': {
        const claims = this.#of(record.pipe)?.claims;
        const before = claims?.get(record.interface) ?? [];
        claims?.set(record.interface, [...before, record.error]);
        return;
      }
      case 'control':
        this.#control(record);
        return;
      case 'alternate':
        this.#hasAlternates = true;
        this.#step(record);
        return;
      case 'reset':
        this.#step(record);
        if (record.port === 'gone') this.#leaves(record);
        return;
      case 'device':
      case 'release':
      case 'close':
      case 'note':
      case 'enclosed':
        return;
      default:
        record satisfies never;
    }
  }

  #of(pipe: number): Part | undefined {
    return this.#parts.get(this.#pipes.get(pipe) ?? 0);
  }

  #list(devices: readonly number[], atMs: number, error: TraceFault | undefined): void {
    this.#lists.push(error);
    if (error !== undefined) return;
    for (const device of devices) this.#present(device, atMs);
    for (const [device, here] of this.#here) {
      if (here && !devices.includes(device)) this.#comes(device, false, atMs);
    }
  }

  /** It is there by then; whether it came then or had always been there, nobody told. */
  #present(device: number, atMs: number): void {
    if (this.#here.get(device) === true) return;
    const isFirst = this.#latest === undefined;
    this.#comes(device, true, isFirst ? 0 : atMs);
  }

  #comes(device: number, on: boolean, atMs: number): void {
    const part = this.#parts.get(device);
    if (part === undefined || (this.#here.get(device) ?? false) === on) return;
    this.#here.set(device, on);
    const cause = this.#last.get(part.described.location.path) ?? this.#latest;
    const coming = { device, on, afterMs: Math.max(0, atMs - (cause?.record.ms ?? 0)) };
    (cause?.comings ?? this.#atFirst).push(coming);
  }

  #control(record: ControlRecord): void {
    const part = this.#of(record.pipe);
    if (part === undefined) return;
    // That it was gone is an answer to none.
    if (isStandardRead(record.setup) && record.end !== 'gone' && record.end !== 'cancelled') {
      const key = readKey(record.setup);
      part.answers.set(key, [...(part.answers.get(key) ?? []), record]);
    } else if (!isStandardRead(record.setup)) {
      if (isSelection(record.setup)) this.#hasAlternates = true;
      this.#step(record);
    }
    if (record.end === 'gone') this.#leaves(record);
  }

  #step(record: Step['record']): void {
    const part = this.#of(record.pipe);
    if (part === undefined) return;
    const step: Step = { record, comings: [] };
    part.steps.push(step);
    // What may be left out brings nothing about.
    if (this.#free && record.type === 'control' && isPoll(record.setup)) return;
    this.#last.set(part.described.location.path, step);
    this.#latest = step;
  }

  /** It left while this was under way, unless something has told when. */
  #leaves({ pipe, ms: fromMs, tookMs }: { pipe: number; ms: number; tookMs: number }): void {
    const device = this.#pipes.get(pipe);
    if (device !== undefined) this.#comes(device, false, fromMs + tookMs);
  }
}
