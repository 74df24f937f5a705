import { Device, DfuMode } from '../../src/device/index.ts';
import type {
  DfuModeOptions,
  DfuProfile,
  Leave,
  Medium,
  MediumResult,
} from '../../src/device/index.ts';
import type { SetupAnswer, SetupPacket, UsbDevice } from '../../src/usb/index.ts';

/** What the host sees of a transfer. */
export type Seen =
  | { readonly end: 'ok'; readonly bytes: Uint8Array }
  | { readonly end: 'stall' }
  /** Not answered (yet). */
  | { readonly end: 'held' };

export const STALLED: Seen = { end: 'stall' };
export const HOLDING: Seen = { end: 'held' };
const DFU_OUT = 0x21;
const DFU_IN = 0xa1;

/** The wire: drives a device's transfers one by one, on a clock that stands still between them. */
export class Wire {
  readonly device: UsbDevice;
  readonly log: string[] = [];
  /** What the device has said for whoever watches the link. */
  readonly lines: string[] = [];
  now = 0;
  /** When the device wants to be ticked. */
  dueMs = Infinity;
  resumed: SetupAnswer | undefined;

  constructor(device: UsbDevice) {
    this.device = device;
    device.connect({
      attach: () => this.log.push('attach'),
      detach: () => this.log.push('detach'),
      resume: (answer) => {
        this.resumed = answer;
      },
      log: (line) => this.lines.push(line),
      wake: () => this.tick(),
    });
    this.tick();
  }

  tick(): void {
    this.dueMs = this.device.tick(this.now);
  }

  /** Lets time pass, ticking the device when it asked for it. */
  pass(ms: number): void {
    const end = this.now + ms;
    while (this.dueMs <= end) {
      if (this.dueMs < this.now) throw new Error(`due in the past: ${this.dueMs} of ${this.now}`);
      this.now = this.dueMs;
      this.tick();
    }
    this.now = end;
    this.tick();
  }

  transfer(packet: SetupPacket, data: Uint8Array = new Uint8Array(packet.wLength)): Seen {
    this.tick();
    let answer = this.device.setup(packet);
    if (answer.stage === 'out') answer = this.device.data(data);
    if (answer.stage === 'stall') return STALLED;
    if (answer.stage === 'held') return HOLDING;
    this.device.done();
    this.tick();
    return { end: 'ok', bytes: answer.stage === 'in' ? answer.data.slice() : new Uint8Array(0) };
  }

  out(bRequest: number, wValue = 0, data: Uint8Array = new Uint8Array(0)): Seen {
    const packet = { bmRequestType: DFU_OUT, bRequest, wValue, wIndex: 0, wLength: data.length };
    return this.transfer(packet, data);
  }

  in(bRequest: number, wLength: number, wValue = 0): Seen {
    return this.transfer({ bmRequestType: DFU_IN, bRequest, wValue, wIndex: 0, wLength });
  }

  /** SET_CONFIGURATION 1, as a host does after each reset. */
  configure(): void {
    this.standardOut(9, 1);
  }

  standardOut(bRequest: number, wValue: number, wIndex = 0, recipient = 0): Seen {
    return this.transfer({ bmRequestType: recipient, bRequest, wValue, wIndex, wLength: 0 });
  }

  reset(): void {
    this.tick();
    this.device.reset();
    this.tick();
  }
}

/** A medium that does what it is told and writes down what was done to it. */
export class ScriptedMedium implements Medium {
  readonly name: string;
  readonly sizeBytes = 0x100000;
  writable = true;
  readable = true;
  busyMs = 0;
  finishMs = 0;
  readonly calls: string[] = [];
  /** What the next `write` and `finish` say, if not `OK`. */
  next: MediumResult | undefined;
  whole = true;

  constructor(name = 'scripted') {
    this.name = name;
  }

  begin(): MediumResult {
    this.calls.push('begin');
    return { status: 'OK', busyMs: 0 };
  }

  write(offsetBytes: number, bytes: Uint8Array): MediumResult {
    this.calls.push(`write ${offsetBytes} ${bytes.length}`);
    return this.#say(this.busyMs);
  }

  finish(lengthBytes: number): MediumResult {
    this.calls.push(`finish ${lengthBytes}`);
    return this.#say(this.finishMs);
  }

  abort(): void {
    this.calls.push('abort');
  }

  complete(): boolean {
    return this.whole;
  }

  read(offsetBytes: number, lengthBytes: number): Uint8Array | MediumResult {
    const said = this.next;
    this.next = undefined;
    return said ?? new Uint8Array(Math.min(lengthBytes, Math.max(0, 2000 - offsetBytes)));
  }

  #say(busyMs: number): MediumResult {
    const said = this.next;
    this.next = undefined;
    return said ?? { status: 'OK', busyMs };
  }
}

/** A device in DFU mode at the end of a wire. */
export interface DfuBench {
  readonly wire: Wire;
  readonly mode: DfuMode;
  readonly medium: ScriptedMedium;
  readonly left: Leave[];
}

export interface DfuBenchOptions extends Partial<DfuModeOptions> {
  readonly profile: DfuProfile;
  readonly busyMs?: number;
  /** False: the host has not configured the device yet. */
  readonly configured?: boolean;
}

export function dfuBench(options: DfuBenchOptions): DfuBench {
  const { busyMs = 0, configured = true, ...rest } = options;
  const medium = new ScriptedMedium();
  medium.busyMs = busyMs;
  medium.finishMs = busyMs;
  const left: Leave[] = [];
  const mode = new DfuMode({ media: [medium], onLeave: (leave) => left.push(leave), ...rest });
  const device = new Device({
    identity: { idVendor: 0x1209, idProduct: 0x7d02 },
    configurations: [{ functions: [mode] }],
    quirks: options.profile.control,
  });
  const wire = new Wire(device);
  if (configured) wire.configure();
  // As dfu-util does before anything else.
  if (configured && options.profile.selectedAtFirst === 'none') wire.standardOut(11, 0, 0, 1);
  return { wire, mode, medium, left };
}
