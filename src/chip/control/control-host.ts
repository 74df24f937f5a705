import type { UsbPort } from '../usb-port.ts';
import { addressIn, configurationIn, setAddress } from './standard-requests.ts';
import { ControlTransfer } from './transfer.ts';
import type { ControlEnd, TokenResult } from './transfer.ts';

/** Virtual time between two tokens: the program gets its instructions after it has armed a buffer. */
const TOKEN_NS = 20_000;
/** How often a bus reset that the program has not seen yet is looked at. */
const RESET_NS = 100_000;
/** USB 2.0 §7.1.7.5: a reset lasts 10 ms (TDRST), and nothing is asked in the 10 ms behind it (TRSTRCY). */
const RECOVERY_NS = 20e6;
/** USB 2.0 §9.2.6.3: a device has 2 ms to take its new address; a host does not ask much longer. */
const SILENCE_NS = 500_000;
const MOST_SILENCE = 20;
/** Lines about what is wrong with a device, of one kind each. */
const MOST_LINES = 32;
/** The address that a device gets unless its link gives it one. */
const ADDRESS = 1;

/** A transfer to be carried out. */
export interface ControlWork {
  /** Eight bytes. */
  readonly setup: Uint8Array;
  /** The data stage of a control-out, of wLength bytes. */
  readonly data?: Uint8Array | undefined;
  /** Called once, unless the transfer is cancelled. */
  readonly ended: (end: ControlEnd) => void;
}

interface Job extends ControlWork {
  /** Sent by whoever carries, and not by the link: no transfer of the link cancels it. */
  readonly own: boolean;
}

/**
 * Carries out control transfers at a chip's USB port, token by token and one at a time (USB 2.0 §8.5.3). Time is the chip's; an
 * answer comes behind the status stage. Where nobody has given the device an address since its last reset, it
 * gets one before its first SET_CONFIGURATION: some links carry none, and a device need not take the one without the other.
 */
export class ControlHost {
  readonly #port: UsbPort;
  readonly #log: (line: string) => void;
  readonly #said = new Set<string>();
  readonly #jobs: Job[] = [];
  #transfer: ControlTransfer | undefined;
  #address = 0;
  #configuration = 0;
  #packetBytes = 64;
  /** When the next token is due. */
  #dueNs = 0;
  /** It was just reset. */
  #recovers = false;
  /** It waits for something to change at the port. */
  #waits = false;
  #silence = 0;

  constructor(port: UsbPort, log: (line: string) => void) {
    this.#port = port;
    this.#log = log;
  }

  /** Whether a transfer is under way or waits. */
  get busy(): boolean {
    return this.#jobs.length > 0;
  }

  /** bConfigurationValue that the device has, 0: it is not configured. */
  get configurationValue(): number {
    return this.#configuration;
  }

  /** Most bytes of a packet at endpoint 0, as the device descriptor says. */
  set packetBytes(bytes: number) {
    this.#packetBytes = bytes;
  }

  /** Begins a transfer of the link; one that has not ended is cancelled (USB 2.0 §5.5.5). */
  submit(work: ControlWork): void {
    this.cancel();
    this.#add({ ...work, own: false });
  }

  /** Begins one of its own, behind what waits. */
  ask(work: ControlWork): void {
    this.#add({ ...work, own: true });
  }

  /** Gives the link's transfer up. Nothing is told to the device, as on a real bus. */
  cancel(): void {
    const at = this.#jobs.findIndex(({ own }) => !own);
    if (at < 0) return;
    this.#jobs.splice(at, 1);
    if (at === 0) this.#begin();
  }

  /** The host drives a bus reset: the device has no address and no configuration. */
  reset(): void {
    this.lose();
    this.#recovers = true;
    this.#port.busReset();
  }

  /** Every transfer is lost, and what the device was told is forgotten. */
  lose(): void {
    const lost = this.#jobs.splice(0);
    this.#transfer = undefined;
    this.#address = 0;
    this.#configuration = 0;
    this.#begin();
    for (const { ended } of lost) ended({ end: 'lost' });
  }

  /** Something changed at the port. */
  changed(): void {
    this.#waits = false;
  }

  /** Sends what is due at that time of the chip; the answer is when the next token is, Infinity: when something changes. */
  step(nowNs: number): number {
    const [job] = this.#jobs;
    if (this.#recovers) {
      this.#recovers = false;
      this.#dueNs = nowNs + RECOVERY_NS;
    }
    if (job === undefined || this.#waits) return Infinity;
    if (nowNs < this.#dueNs) return this.#dueNs;
    if (this.#port.inReset) return this.#later(nowNs, RESET_NS);
    const log = (line: string): void => this.#say(line);
    const packetBytes = this.#packetBytes;
    this.#transfer ??= new ControlTransfer(this.#port, job, { packetBytes, log });
    return this.#took(nowNs, job, this.#transfer.token(this.#address));
  }

  #took(nowNs: number, job: Job, result: TokenResult): number {
    if (result === 'silence') {
      this.#silence += 1;
      if (this.#silence <= MOST_SILENCE) return this.#later(nowNs, SILENCE_NS);
      this.#say(`usb: nobody answers at address ${this.#address}`);
      this.#end(job, { end: 'lost' });
      return this.#later(nowNs, TOKEN_NS);
    }
    this.#silence = 0;
    if (result === 'wait') {
      this.#waits = true;
      return Infinity;
    }
    if (result !== 'next') this.#end(job, result);
    return this.#later(nowNs, TOKEN_NS);
  }

  #end(job: Job, result: ControlEnd): void {
    this.#jobs.shift();
    this.#begin();
    if (result.end === 'done') {
      this.#address = addressIn(job.setup) ?? this.#address;
      this.#configuration = configurationIn(job.setup) ?? this.#configuration;
    }
    job.ended(result);
  }

  #add(job: Job): void {
    const first = this.#jobs.length === 0;
    const needsAddress = this.#address === 0 && (configurationIn(job.setup) ?? 0) > 0;
    if (needsAddress && !this.#jobs.some(({ setup }) => addressIn(setup) !== undefined)) {
      this.#jobs.push({ setup: setAddress(ADDRESS), own: true, ended: () => {} });
    }
    this.#jobs.push(job);
    if (first) this.#begin();
  }

  #begin(): void {
    this.#transfer = undefined;
    this.#waits = false;
    this.#silence = 0;
  }

  #later(nowNs: number, ns: number): number {
    this.#dueNs = nowNs + ns;
    return this.busy ? this.#dueNs : Infinity;
  }

  #say(line: string): void {
    if (this.#said.size >= MOST_LINES || this.#said.has(line)) return;
    this.#said.add(line);
    this.#log(line);
  }
}
