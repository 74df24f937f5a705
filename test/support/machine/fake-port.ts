import type { InAnswer, OutAnswer, UsbPort } from '../../../src/chip/index.ts';

/** What a fake firmware makes of a SETUP. */
export type FakeAnswer =
  | { readonly in: Uint8Array }
  /** Takes the data stage, or has none. */
  | 'take'
  | 'stall'
  /** The data stage is taken, the status stage stalled. */
  | 'stall-status'
  | 'never';

/** A device controller and its firmware, played by the test: full control over what each token meets. */
export class FakePort implements UsbPort {
  pulledUp = false;
  vbus = false;
  inReset = false;
  address = 0;
  packetBytes = 64;
  /** NAKs before each answer; the port has to change for the host to ask again. */
  naks = 0;
  /** Wrong data PIDs. */
  wrongPid = false;
  readonly tokens: string[] = [];
  readonly taken: number[][] = [];
  #setup: Uint8Array | undefined;
  #answer: FakeAnswer = 'never';
  #at = 0;
  #pid: 0 | 1 = 1;
  #out: number[] = [];
  #isInStatus = false;
  #nextAddress: number | undefined;
  #naksLeft = 0;
  readonly #firmware: (setup: Uint8Array) => FakeAnswer;

  constructor(firmware: (setup: Uint8Array) => FakeAnswer) {
    this.#firmware = firmware;
  }

  setVbus(on: boolean): void {
    this.vbus = on;
  }

  busReset(): void {
    this.tokens.push('reset');
    this.address = 0;
    this.#setup = undefined;
  }

  setup(address: number, packet: Uint8Array): 'ack' | 'nak' | 'none' {
    if (!this.pulledUp || address !== this.address) return 'none';
    this.tokens.push(`setup ${packet[0]?.toString(16)} ${packet[1]}`);
    this.#setup = packet.slice();
    this.#answer = this.#firmware(packet);
    this.#at = 0;
    this.#out = [];
    this.#pid = 1;
    this.#isInStatus = packet[6] === 0 && packet[7] === 0;
    this.#naksLeft = this.naks;
    if (packet[0] === 0 && packet[1] === 5) this.#nextAddress = packet[2];
    return 'ack';
  }

  in(address: number, _endpoint: number): InAnswer {
    if (address !== this.address) return { type: 'none' };
    this.tokens.push('in');
    if (this.#isBusy()) return { type: 'nak' };
    const answer = this.#answer;
    if (answer === 'stall' || (answer === 'stall-status' && this.#isInStatus)) {
      return { type: 'stall' };
    }
    if (typeof answer === 'object') {
      const bytes = answer.in.subarray(this.#at, this.#at + this.packetBytes);
      this.#at += bytes.length;
      return { type: 'data', bytes, pid: this.#nextPid() };
    }
    if (!this.#isInStatus) return { type: 'nak' };
    if (this.#setup !== undefined && (this.#setup[0] ?? 0) < 0x80) this.taken.push(this.#out);
    this.address = this.#nextAddress ?? this.address;
    this.#nextAddress = undefined;
    return { type: 'data', bytes: new Uint8Array(0), pid: this.wrongPid ? 0 : 1 };
  }

  out(address: number, _endpoint: number, bytes: Uint8Array, pid: 0 | 1): OutAnswer {
    if (address !== this.address) return 'none';
    this.tokens.push(`out ${bytes.length} DATA${pid}`);
    if (this.#isBusy()) return 'nak';
    if (this.#answer === 'stall') return 'stall';
    if (typeof this.#answer === 'object') return 'ack';
    this.#out.push(...bytes);
    const due = (this.#setup?.[6] ?? 0) + (this.#setup?.[7] ?? 0) * 256;
    this.#isInStatus = this.#out.length >= due;
    return 'ack';
  }

  #isBusy(): boolean {
    if (this.#answer === 'never') return true;
    this.#naksLeft -= 1;
    if (this.#naksLeft >= 0) return true;
    this.#naksLeft = this.naks;
    return false;
  }

  #nextPid(): 0 | 1 {
    const pid = this.#pid;
    this.#pid = pid === 1 ? 0 : 1;
    return this.wrongPid ? this.#pid : pid;
  }
}

/** Device descriptor, and one configuration of `configurationBytes`. */
export function fakeDescriptors({
  packetBytes = 64,
  configurations = 1,
  configurationBytes = 27,
}: {
  readonly packetBytes?: number;
  readonly configurations?: number;
  readonly configurationBytes?: number;
} = {}): (setup: Uint8Array) => FakeAnswer {
  const device = Uint8Array.from([
    18,
    1,
    0,
    2,
    0,
    0,
    0,
    packetBytes,
    0x09,
    0x12,
    0x02,
    0x7d,
    0,
    1,
    0,
    0,
    0,
    configurations,
  ]);
  const whole = new Uint8Array(configurationBytes);
  whole.set([9, 2, configurationBytes & 0xff, configurationBytes >> 8, 1, 1, 0, 0x80, 50]);
  return (setup) => {
    const [type, request, , kind] = setup;
    const length = (setup[6] ?? 0) + (setup[7] ?? 0) * 256;
    if (type === 0) return 'take';
    if (type !== 0x80 || request !== 6) return 'stall';
    if (kind === 1) return { in: device.subarray(0, length) };
    if (kind === 2) return { in: whole.subarray(0, length) };
    return 'stall';
  };
}
