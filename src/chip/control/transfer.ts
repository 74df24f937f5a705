import type { UsbPort } from '../usb-port.ts';

/** How a control transfer ended. */
export type ControlEnd =
  /** The data stage to the host, and its status stage, are over. */
  | { readonly end: 'in'; readonly bytes: Uint8Array }
  /** A transfer without data to the host has been acknowledged in its status stage. */
  | { readonly end: 'done' }
  /** The device refused, in that stage. */
  | { readonly end: 'stall'; readonly stage: ControlStage }
  /** A bus reset or the end of the attachment came first, or nobody answered to the address. */
  | { readonly end: 'lost' };

/** The stages of a control transfer (USB 2.0 §8.5.3). */
export type ControlStage = 'setup' | 'data' | 'status';

/** What came of one token. */
export type TokenResult =
  /** It was taken: the next one after a while. */
  | 'next'
  /** NAK: not before something changes at the port. */
  | 'wait'
  /** Nobody answered. */
  | 'silence'
  | ControlEnd;

/** One token after another, from SETUP to the status stage. */
export class ControlTransfer {
  readonly setup: Uint8Array;
  readonly #port: UsbPort;
  readonly #packetBytes: number;
  readonly #out: Uint8Array;
  readonly #log: (line: string) => void;
  readonly #isIn: boolean;
  readonly #wLength: number;
  readonly #in: Uint8Array;
  #stage: ControlStage = 'setup';
  #done = 0;
  #pid: 0 | 1 = 1;

  /** `data`: the data stage of a control-out, of wLength bytes; both are the transfer's from here on. */
  constructor(
    port: UsbPort,
    { setup, data }: { readonly setup: Uint8Array; readonly data?: Uint8Array | undefined },
    { packetBytes, log }: { readonly packetBytes: number; readonly log: (line: string) => void },
  ) {
    this.setup = setup;
    this.#port = port;
    this.#packetBytes = packetBytes;
    this.#log = log;
    this.#wLength = (setup[6] ?? 0) + (setup[7] ?? 0) * 256;
    this.#isIn = (setup[0] ?? 0) >= 0x80;
    this.#out = data ?? new Uint8Array(0);
    this.#in = new Uint8Array(this.#isIn ? this.#wLength : 0);
  }

  /** Sends the next token to that address. */
  token(address: number): TokenResult {
    if (this.#stage === 'setup') return this.#sendSetup(address);
    if (this.#stage === 'data') return this.#isIn ? this.#takeIn(address) : this.#sendOut(address);
    return this.#isIn && this.#wLength > 0 ? this.#sendStatus(address) : this.#takeStatus(address);
  }

  #sendSetup(address: number): TokenResult {
    const answer = this.#port.setup(address, this.setup);
    if (answer === 'none') return 'silence';
    if (answer === 'nak') return 'wait';
    this.#stage = this.#wLength > 0 ? 'data' : 'status';
    return 'next';
  }

  #takeIn(address: number): TokenResult {
    const answer = this.#port.in(address, 0);
    if (answer.type !== 'data') return this.#refusal(answer.type);
    this.#checkPid(answer.pid);
    const room = Math.min(this.#wLength - this.#done, this.#packetBytes);
    if (answer.bytes.length > room) {
      this.#say(`sent ${answer.bytes.length} bytes where ${room} were asked for (babble)`);
    }
    const bytes = answer.bytes.subarray(0, room);
    this.#in.set(bytes, this.#done);
    this.#done += bytes.length;
    if (bytes.length < this.#packetBytes || this.#done === this.#wLength) this.#stage = 'status';
    return 'next';
  }

  #sendOut(address: number): TokenResult {
    const bytes = this.#out.subarray(this.#done, this.#done + this.#packetBytes);
    const answer = this.#port.out(address, 0, bytes, this.#pid);
    if (answer !== 'ack') return this.#refusal(answer);
    this.#pid = this.#pid === 1 ? 0 : 1;
    this.#done += bytes.length;
    if (this.#done >= this.#out.length) this.#stage = 'status';
    return 'next';
  }

  /** Behind data to the host: an empty packet of it. */
  #sendStatus(address: number): TokenResult {
    const answer = this.#port.out(address, 0, new Uint8Array(0), 1);
    if (answer !== 'ack') return this.#refusal(answer);
    return { end: 'in', bytes: this.#in.subarray(0, this.#done) };
  }

  /** Behind data to the device, or without any: an empty packet of the device. */
  #takeStatus(address: number): TokenResult {
    const answer = this.#port.in(address, 0);
    if (answer.type !== 'data') return this.#refusal(answer.type);
    this.#pid = 1;
    this.#checkPid(answer.pid);
    if (answer.bytes.length > 0) {
      this.#say(`sent ${answer.bytes.length} bytes in the status stage, which has none`);
    }
    return this.#isIn ? { end: 'in', bytes: this.#in.subarray(0, 0) } : { end: 'done' };
  }

  #refusal(answer: 'nak' | 'stall' | 'none'): TokenResult {
    if (answer === 'nak') return 'wait';
    return answer === 'none' ? 'silence' : { end: 'stall', stage: this.#stage };
  }

  /** USB 2.0 §8.5.3: DATA1 first, then in turn; DATA1 in the status stage. */
  #checkPid(pid: 0 | 1): void {
    const due = this.#pid;
    if (pid !== due) {
      this.#say(`sent DATA${pid} where DATA${due} was due; a host takes that for a repeat`);
    }
    this.#pid = pid === 1 ? 0 : 1;
  }

  #say(what: string): void {
    const request = Array.from(this.setup, (byte) => byte.toString(16).padStart(2, '0')).join(' ');
    this.#log(`usb: the device ${what}, in the ${this.#stage} stage of ${request}`);
  }
}
