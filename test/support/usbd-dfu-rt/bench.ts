import { fromHex, toHex } from '../../../src/bytes/index.ts';
import { Device, USBD_DFU_RT, dfuRuntime } from '../../../src/device/index.ts';
import type {
  Allowance,
  DfuRuntime,
  FunctionHost,
  UsbFunction,
} from '../../../src/device/index.ts';
import { stateNumber } from '../../../src/dfu/index.ts';
import { STALL, setupPacket } from '../../../src/usb/index.ts';
import type { SetupAnswer, SettingParts } from '../../../src/usb/index.ts';

/** The constants of the crate's trait, as the recordings have them. */
export interface Consts {
  readonly WILL_DETACH?: boolean;
  readonly MANIFESTATION_TOLERANT?: boolean;
  readonly CAN_DNLOAD?: boolean;
  readonly CAN_UPLOAD?: boolean;
  readonly DETACH_TIMEOUT_MS?: number;
  readonly MAX_TRANSFER_SIZE?: number;
}

/** What `allow` does. */
export type AllowRule =
  'identity' | 'refuse' | { readonly fixed?: number; readonly max?: number; readonly add?: number };

/** One step as it was recorded. */
export interface Step {
  readonly op: 'control' | 'tick' | 'reset' | 'suspend' | 'resume' | 'allow';
  readonly setup?: string;
  readonly data?: string;
  readonly ms?: number;
  readonly rule?: AllowRule;
  readonly result?: string;
  readonly stage?: string;
  readonly reply?: string;
  readonly state?: number;
  readonly remaining?: number;
  readonly callbacks?: readonly string[];
}

/** What a device under test is made of. */
export interface RuntimeBenchOptions {
  readonly consts: Consts;
  readonly interface: number;
  readonly compositeWithIads?: boolean;
  readonly allow?: AllowRule;
  /** `allow` is left to its default. */
  readonly allowByDefault?: boolean;
}

/** The interface in front of the one under test. */
class VendorInterface implements UsbFunction {
  describe(_host: FunctionHost, bInterfaceNumber: number): readonly SettingParts[] {
    const triple = { bInterfaceClass: 0xff, bInterfaceSubClass: 0, bInterfaceProtocol: 0 };
    const rest = { bAlternateSetting: 0, bNumEndpoints: 0, iInterface: 0 };
    return [{ descriptor: { bInterfaceNumber, ...rest, ...triple } }];
  }

  setup(): SetupAnswer {
    return STALL;
  }

  data(): typeof STALL {
    return STALL;
  }

  done(): void {}
  configured(): void {}
  reset(): void {}

  alternate(_interfaceNumber: number, alternate: number): boolean {
    return alternate === 0;
  }

  tick(): number {
    return Infinity;
  }
}

const OPS: ReadonlySet<string> = new Set([
  'control',
  'tick',
  'reset',
  'suspend',
  'resume',
  'allow',
]);

function allowed(rule: AllowRule, timeoutMs: number): Allowance {
  if (rule === 'identity') return timeoutMs;
  if (rule === 'refuse') return undefined;
  if (rule.fixed !== undefined) return rule.fixed;
  if (rule.max !== undefined) return Math.min(timeoutMs, rule.max);
  return (timeoutMs + (rule.add ?? 0)) & 0xffff;
}

/** The class under test in a device like the recorded one, and the packets that drive it. */
export class RuntimeBench {
  readonly runtime: DfuRuntime;
  readonly device: Device;
  #rule: AllowRule;
  #now = 0;
  #callbacks: string[] = [];

  constructor(options: RuntimeBenchOptions) {
    const { consts, allow = 'identity', compositeWithIads = false } = options;
    this.#rule = allow;
    this.runtime = dfuRuntime(
      {
        ...(options.allowByDefault === true
          ? {}
          : { allow: (timeoutMs: number): Allowance => this.#allow(timeoutMs) }),
        detach: () => void this.#callbacks.push('detach'),
        willDetach: consts.WILL_DETACH ?? true,
        manifestationTolerant: consts.MANIFESTATION_TOLERANT ?? false,
        canDnload: consts.CAN_DNLOAD ?? true,
        canUpload: consts.CAN_UPLOAD ?? true,
        detachTimeOutMs: consts.DETACH_TIMEOUT_MS ?? 255,
        maxTransferSize: consts.MAX_TRANSFER_SIZE ?? 2048,
      },
      { profile: USBD_DFU_RT, association: compositeWithIads },
    );
    const before = Array.from({ length: options.interface }, () => new VendorInterface());
    this.device = new Device({
      identity: {
        idVendor: 0x1209,
        idProduct: 0x0001,
        bcdDevice: 0x0010,
        bcdUSB: 0x0210,
        ...(compositeWithIads && { deviceClass: [0xef, 2, 1] as const }),
      },
      configurations: [{ functions: [...before, this.runtime] }],
      // The USB 2.0 extension: no link power management.
      capabilities: [{ bDevCapabilityType: 2, data: new Uint8Array(4) }],
      ...(USBD_DFU_RT.control && { quirks: USBD_DFU_RT.control }),
    });
    const bus = { attach: () => {}, detach: () => this.#callbacks.push('left the bus') };
    this.device.connect({ ...bus, resume: () => {}, log: () => {} });
    this.device.tick(0);
    this.#control('0009010000000000', '');
  }

  /** Does a step; the answer is what would have been recorded. */
  run(step: Step): Step {
    this.#callbacks = [];
    if (!OPS.has(step.op)) throw new Error(`expected a step that is known here, got ${step.op}`);
    const { op, setup, data, ms, rule } = step;
    const sent: Step = {
      op,
      ...(setup !== undefined && { setup }),
      ...(data !== undefined && { data }),
      ...(ms !== undefined && { ms }),
      ...(rule !== undefined && { rule }),
    };
    if (rule !== undefined) this.#rule = rule;
    if (op === 'tick') this.device.tick((this.#now += ms ?? 0));
    if (op === 'reset') this.device.reset();
    const seen = op === 'control' ? this.#control(setup ?? '', data ?? '') : {};
    const remaining = this.runtime.remainingMs;
    return {
      ...sent,
      ...seen,
      state: stateNumber(this.runtime.state),
      ...(remaining !== undefined && { remaining }),
      ...(this.#callbacks.length > 0 && { callbacks: this.#callbacks }),
    };
  }

  #allow(timeoutMs: number): Allowance {
    const answer = allowed(this.#rule, timeoutMs);
    this.#callbacks.push(`allow(${timeoutMs})=${answer ?? 'null'}`);
    return answer;
  }

  /** One control transfer; where the device refuses it the host sees the STALL in the next stage. */
  #control(setup: string, data: string): Partial<Step> {
    const packet = setupPacket.decode(fromHex(setup));
    const isIn = (packet.bmRequestType & 0x80) !== 0;
    // Long data is cut in the recordings: only its length counts.
    const bytes = data.endsWith('..') ? new Uint8Array(packet.wLength) : fromHex(data);
    let answer = this.device.setup(packet);
    if (answer.stage === 'stall') {
      return { result: 'stalled', stage: !isIn && packet.wLength > 0 ? 'data' : 'setup' };
    }
    if (answer.stage === 'out') answer = this.device.data(bytes);
    if (answer.stage === 'stall') return { result: 'stalled', stage: 'status' };
    if (answer.stage === 'held') return { result: 'timeout' };
    const reply = answer.stage === 'in' ? toHex(answer.data) : '';
    this.device.done();
    return isIn ? { result: 'data', reply } : { result: 'accepted' };
  }
}
