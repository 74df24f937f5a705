import { DfuError } from '../bytes/index.ts';
import type { BusDevice, CancelSignal, Clock } from '../usb/index.ts';
import { askedForState } from './asked-state.ts';
import { DescriptorReader } from './descriptor-reader.ts';
import { UNKNOWN, hasIdsOf } from './dfu-interface.ts';
import type { DfuInterface } from './dfu-interface.ts';
import type { QuirkRow } from './quirks/index.ts';
import { readDfuInterfaces } from './read-interfaces.ts';
import { closeQuietly } from './scan.ts';
import { descriptorLimit, deviceMs } from './time-limits.ts';
import type { TimeLimits } from './time-limits.ts';

/** What a device is that may be it. */
export interface Seen {
  readonly isInDfuMode: boolean;
  readonly serial: string | undefined;
  readonly product: string | undefined;
  readonly names: readonly string[];
}

/** How a device fails to open that others have, or that one has no right to. */
const HELD: ReadonlySet<string> = new Set(['ACCESS', 'BUSY', 'UNSUPPORTED']);

/** That says nothing yet, and why. */
interface Unsaid {
  readonly why: string;
  /** Whether it may say more in a moment. */
  readonly isSettling: boolean;
}

interface LookTerms {
  readonly transferMs?: number | undefined;
  readonly limits?: TimeLimits | undefined;
  readonly quirks?: readonly QuirkRow[] | undefined;
  readonly signal?: CancelSignal | undefined;
}

/** Most time that a device elsewhere is looked into, in ms. */
const LOOK_MS = 3000;
/** How long a device that has just come may be nobody's, in ms: udev sets its permissions. */
const SETTLE_MS = 2000;

/** Looks into devices that may be the application. */
export class ApplicationLooks {
  readonly #clock: Clock;
  readonly #dfu: DfuInterface;
  readonly #terms: LookTerms;
  /** Since when each device is there and cannot be opened, in ms. */
  readonly #heldSince = new Map<string, number>();

  /** `dfu`: what the device was in DFU mode. */
  constructor(
    { clock, dfu }: { readonly clock: Clock; readonly dfu: DfuInterface },
    terms: LookTerms,
  ) {
    this.#clock = clock;
    this.#dfu = dfu;
    this.#terms = terms;
  }

  /** What can be seen of it. Throws what opening and reading do. */
  async into(device: BusDevice, isAtPort: boolean): Promise<Seen | Unsaid> {
    const { signal, quirks } = this.#terms;
    const clock = this.#clock;
    const transferMs = descriptorLimit(this.#terms);
    const mostMs = deviceMs(transferMs);
    const totalMs = isAtPort ? mostMs : Math.min(LOOK_MS, mostMs);
    const limits = { clock, transferMs, signal, totalMs, quirks };
    try {
      const pipe = await device.open({ timeoutMs: transferMs, totalMs, signal });
      let seen: Seen;
      let entries: DfuInterface[];
      try {
        entries = await readDfuInterfaces(pipe, limits);
        const reader = new DescriptorReader(pipe, limits);
        // A list of a USB/IP server has no numbers of strings.
        const { iSerialNumber, iProduct } = pipe.device.descriptor;
        seen = {
          isInDfuMode: entries.some(({ mode }) => mode === 'dfu'),
          serial: said(await reader.string(iSerialNumber)),
          product: said(await reader.string(iProduct)),
          names: entries.map(({ name }) => name),
        };
      } finally {
        await closeQuietly(pipe);
      }
      return seen.isInDfuMode ? seen : { ...seen, isInDfuMode: await this.#says(device, entries) };
    } catch (error) {
      if (!DfuError.is(error) || !HELD.has(error.code) || device.id === this.#dfu.deviceId) {
        throw error;
      }
      return this.#held(device, error);
    }
  }

  /** Whether a device that describes itself as in run-time mode says that it is not, where it looks as it did in DFU mode. */
  async #says(device: BusDevice, entries: readonly DfuInterface[]): Promise<boolean> {
    const [first] = entries;
    if (first === undefined || !hasIdsOf(device.descriptor, this.#dfu)) return false;
    const terms = { ...this.#terms, clock: this.#clock };
    return (await askedForState(device, first, terms)) !== undefined;
  }

  /**
   * What others hold, or nobody may open, tells by its place, its ids and its release: not before its permissions are
   * set, and not if they are those that it has in DFU mode.
   */
  #held(device: BusDevice, error: DfuError): Seen | Unsaid {
    const nowMs = this.#clock.now();
    const sinceMs = this.#heldSince.get(device.id) ?? nowMs;
    this.#heldSince.set(device.id, sinceMs);
    const isSettling = nowMs - sinceMs < SETTLE_MS;
    if (hasIdsOf(device.descriptor, this.#dfu)) {
      const looks = 'the device has come back with the ids that it has in DFU mode';
      return { why: `${looks}, and cannot be asked for more (${error.message})`, isSettling };
    }
    if (!isSettling) {
      return { isInDfuMode: false, serial: undefined, product: undefined, names: [] };
    }
    return { why: `the device has come back, and cannot be opened (${error.message})`, isSettling };
  }
}

function said(text: string): string | undefined {
  return text === UNKNOWN ? undefined : text;
}
