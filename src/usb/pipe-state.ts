import { DfuError } from '../bytes/index.ts';
import type { Clock } from './clock.ts';
import type { TransferEnd } from './control-wire.ts';
import { readIdentity, sameIdentity, setConfiguration, setInterface } from './standard-requests.ts';
import type { ControlTransfers, DeviceIdentity } from './standard-requests.ts';
import { until } from './until.ts';

/** Selects the first configuration, if there is one. Throws what the transfer throws. */
export async function configureFirst(
  transfers: ControlTransfers,
  { configurations }: DeviceIdentity,
): Promise<void> {
  // bConfigurationValue is the sixth byte (USB 2.0 table 9-10).
  const value = configurations[0]?.[5];
  if (value !== undefined) await setConfiguration(transfers, value);
}

/**
 * What a host knows of a device from when it attached until it left: what it is, who holds which
 * interface, which alternates were selected. Every pipe that is open to the device shares it.
 */
export class PipeState {
  /** Resolves when the device has left; never rejects. */
  readonly gone: Promise<void>;
  readonly #holders = new Map<number, object>();
  readonly #alternates = new Map<number, number>();
  /** Ends of transfers under way, for when the device leaves. */
  readonly #underWay = new Set<(how: TransferEnd) => void>();
  #identity: DeviceIdentity | undefined;
  #over = false;
  #resolveGone: () => void = () => {};

  constructor() {
    this.gone = new Promise((resolve) => {
      this.#resolveGone = resolve;
    });
  }

  /** Whether the device has left. */
  get over(): boolean {
    return this.#over;
  }

  /** The device has left: what is carried is lost. */
  leave(): void {
    if (this.#over) return;
    this.#over = true;
    this.#resolveGone();
    for (const end of this.#underWay) end({ end: 'lost' });
  }

  /** Waits until the device has left, and no longer than that. */
  goneWithin(clock: Clock, ms: number): Promise<void> {
    return until<void>(clock, { ms, late: () => {} }, ({ resolve }) => {
      void this.gone.then(resolve);
      return undefined;
    });
  }

  /**
   * Carries a transfer as a `Wire` does: `begin` begins it, with what ends it, and answers what gives it up. It ends once: as
   * `lost` if the device leaves before, or has left.
   */
  carry(
    ended: (how: TransferEnd) => void,
    begin: (end: (how: TransferEnd) => void) => (() => void) | undefined,
  ): (() => void) | undefined {
    if (this.#over) {
      ended({ end: 'lost' });
      return undefined;
    }
    const end = (how: TransferEnd): void => {
      if (this.#underWay.delete(end)) ended(how);
    };
    this.#underWay.add(end);
    const giveUp = begin(end);
    return () => {
      this.#underWay.delete(end);
      giveUp?.();
    };
  }

  /** False if `holder` has the interface already. Throws `BUSY` if another has it. */
  claim(interfaceNumber: number, holder: object): boolean {
    const has = this.#holders.get(interfaceNumber);
    if (has === holder) return false;
    if (has !== undefined) {
      throw new DfuError('BUSY', `interface ${interfaceNumber} is held by another pipe`);
    }
    this.#holders.set(interfaceNumber, holder);
    return true;
  }

  /** The alternate that was selected there, which is forgotten; undefined if it was not `holder`'s. */
  release(interfaceNumber: number, holder: object): number | undefined {
    if (this.#holders.get(interfaceNumber) !== holder) return undefined;
    const alternate = this.#alternates.get(interfaceNumber) ?? 0;
    this.#holders.delete(interfaceNumber);
    this.#alternates.delete(interfaceNumber);
    return alternate;
  }

  /** Throws `INVALID_ARGUMENT` if `holder` may not select an alternate there. */
  demand(interfaceNumber: number, holder: object): void {
    if (this.#holders.get(interfaceNumber) === holder) return;
    const message = `interface ${interfaceNumber} must be claimed before its alternate is selected`;
    throw new DfuError('INVALID_ARGUMENT', message);
  }

  /** That alternate is selected now. */
  selected(interfaceNumber: number, alternate: number): void {
    this.#alternates.set(interfaceNumber, alternate);
  }

  /** The interfaces that are held, by `holder` or by anybody. */
  held(holder?: object): number[] {
    const held = [...this.#holders];
    return held.filter(([, has]) => holder === undefined || has === holder).map(([each]) => each);
  }

  /** Interfaces with another alternate than 0, each with it. */
  alternates(): (readonly [interfaceNumber: number, alternate: number])[] {
    return [...this.#alternates].filter(([, alternate]) => alternate !== 0);
  }

  /** Claims and selects once more, behind a reset that took it away. */
  async holdAgain(link: {
    claim(interfaceNumber: number): Promise<void>;
    select(interfaceNumber: number, alternate: number): Promise<void>;
  }): Promise<void> {
    for (const interfaceNumber of this.held()) await link.claim(interfaceNumber);
    for (const [interfaceNumber, alternate] of this.alternates()) {
      await link.select(interfaceNumber, alternate);
    }
  }

  /** Reads what the device is, to know it again. */
  async identify(transfers: ControlTransfers): Promise<DeviceIdentity> {
    this.#identity = await readIdentity(transfers);
    return this.#identity;
  }

  /** Whether the device that answers now is the one that was identified, byte for byte. */
  async isSame(transfers: ControlTransfers): Promise<boolean> {
    const now = await readIdentity(transfers);
    return this.#identity !== undefined && sameIdentity(this.#identity, now);
  }

  /**
   * Behind a bus reset, as Linux's usb_reset_device: looks whether the device is the same, and puts its
   * configuration and its alternates back. False for another one. Throws what a transfer throws.
   */
  async comesBack(
    transfers: ControlTransfers,
    configure: (identity: DeviceIdentity) => Promise<void> = (identity) =>
      configureFirst(transfers, identity),
  ): Promise<boolean> {
    if (this.#identity === undefined || !(await this.isSame(transfers))) return false;
    await configure(this.#identity);
    for (const [interfaceNumber, alternate] of this.alternates()) {
      await setInterface(transfers, interfaceNumber, alternate);
    }
    return true;
  }
}
