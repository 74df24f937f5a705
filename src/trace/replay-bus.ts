import { DfuError } from '../bytes/index.ts';
import { ControlWire, LinkedPipe, PipeState, deviceDescriptor } from '../usb/index.ts';
import type { BusDevice, BusEvent, Clock, ControlPipe, UsbBus } from '../usb/index.ts';
import { PartReplay } from './replay-part.ts';
import type { Deed, Played } from './replay-part.ts';
import { ReplayLink, errorOf } from './replay-link.ts';
import { scriptOf } from './replay-script.ts';
import type { Coming, Script } from './replay-script.ts';
import type { Trace } from './trace.ts';
import { isStandardRead, requestWords } from './words.ts';

/** How a recording is played. */
export interface ReplayOptions {
  /** What it takes, it takes on this clock: a `VirtualClock` in a test. */
  readonly clock: Clock;
}

/** A bus on which devices do what they did when they were recorded. */
export interface ReplayBus extends UsbBus {
  /** The first thing that a host did otherwise than the one that was recorded; undefined if nothing. */
  readonly departure: DfuError | undefined;
  /** What was recorded and was not asked for, in words; nothing if no more was asked than what devices say of themselves. */
  readonly rest: readonly string[];
}

/**
 * Plays a recording back as the devices that were recorded. What a device says of itself is answered in any order and
 * as often as it is asked for; everything else must come as it came: the same requests with the same bytes to the same
 * device, one after the other. What does not throws `REPLAY`, which says what was recorded and what came, and from
 * then on nothing that has an order is answered. A question of the first kind that was not recorded throws `REPLAY`, too,
 * and is no departure: a host may ask what it can do without. Answers take as long as they took, and devices leave and come back as
 * long after the requests that made them as they did.
 */
export function replayBus(trace: Trace, { clock }: ReplayOptions): ReplayBus {
  return new Replay(trace, clock);
}

/** A device of a replay while it is on the bus. */
interface Present {
  readonly device: BusDevice;
  readonly state: PipeState;
}

class Replay implements ReplayBus {
  readonly #script: Script;
  readonly #clock: Clock;
  readonly #parts = new Map<number, PartReplay>();
  readonly #present = new Map<number, Present>();
  readonly #listeners = new Set<(event: BusEvent) => void>();
  readonly #timers = new Set<() => void>();
  #listed = 0;
  #departure: DfuError | undefined;
  #attachments = 0;

  constructor(trace: Trace, clock: Clock) {
    this.#clock = clock;
    this.#script = scriptOf(trace);
    const { hasAlternates, parts, atFirst } = this.#script;
    const rules = { free: trace.header.polls === 'free', hasAlternates };
    for (const [number, part] of parts) this.#parts.set(number, new PartReplay(part, rules));
    this.#schedule(atFirst);
  }

  get departure(): DfuError | undefined {
    return this.#departure;
  }

  get rest(): readonly string[] {
    const parts = [...this.#parts.values()];
    if (!parts.some((each) => each.begun)) return [];
    return parts.flatMap((each) =>
      each.rest.map(({ record }) =>
        record.type === 'control' ? requestWords(record.setup) : record.type,
      ),
    );
  }

  async list(): Promise<BusDevice[]> {
    const { lists } = this.#script;
    const error = lists[Math.min(this.#listed, lists.length - 1)];
    this.#listed += 1;
    await Promise.resolve();
    if (error !== undefined) throw errorOf(error);
    return [...this.#present.values()].map(({ device }) => device);
  }

  watch(listener: (event: BusEvent) => void): () => void {
    const own = (event: BusEvent): void => listener(event);
    this.#listeners.add(own);
    return () => this.#listeners.delete(own);
  }

  close(): Promise<void> {
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    for (const number of this.#present.keys()) this.#leave(number);
    this.#listeners.clear();
    return Promise.resolve();
  }

  /** Does it in so many ms; at once if that is none. */
  #after(ms: number, run: () => void): () => void {
    if (ms <= 0) {
      run();
      return () => {};
    }
    const cancel = this.#clock.at(this.#clock.now() + ms, () => {
      this.#timers.delete(cancel);
      run();
    });
    this.#timers.add(cancel);
    return () => {
      cancel();
      this.#timers.delete(cancel);
    };
  }

  #schedule(comings: readonly Coming[]): void {
    for (const { device, on, afterMs } of comings) {
      this.#after(afterMs, () => (on ? this.#come(device) : this.#leave(device)));
    }
  }

  #come(number: number): void {
    const replay = this.#parts.get(number);
    if (replay === undefined || this.#present.has(number)) return;
    const { location, speed, descriptor, mostTransferBytes } = replay.part.described;
    const state = new PipeState();
    this.#attachments += 1;
    const device: BusDevice = {
      id: `replay:${number}:${this.#attachments}`,
      location,
      speed,
      descriptor: deviceDescriptor.decode(descriptor),
      mostTransferBytes,
      open: () => this.#open(replay, { device, state }),
    };
    this.#present.set(number, { device, state });
    for (const listener of this.#listeners) listener({ type: 'attached', device });
  }

  #leave(number: number): void {
    const present = this.#present.get(number);
    if (present === undefined) return;
    this.#present.delete(number);
    present.state.leave();
    for (const listener of this.#listeners) listener({ type: 'detached', id: present.device.id });
  }

  async #open(replay: PartReplay, present: Present): Promise<ControlPipe> {
    await Promise.resolve();
    const { device, state } = present;
    if (state.over) throw new DfuError('DISCONNECTED', `${device.location.path}: it has gone`);
    const error = replay.open();
    if (error !== undefined) throw errorOf(error);
    const link = new ReplayLink(replay, {
      state,
      play: (deed) => this.#play(replay, deed),
      comes: (played) => this.#schedule(played.comings),
      after: (ms, run) => this.#after(ms, run),
    });
    return new LinkedPipe({ device, link, wire: new ControlWire(link, this.#clock), state });
  }

  /** Throws `REPLAY`; what departs in its order once has departed, and is told again whatever comes. */
  #play(replay: PartReplay, deed: Deed): Played {
    if (deed.do === 'transfer' && isStandardRead(deed.setup)) return replay.play(deed);
    if (this.#departure !== undefined) throw this.#departure;
    try {
      return replay.play(deed);
    } catch (error) {
      if (DfuError.is(error, 'REPLAY')) this.#departure = error;
      throw error;
    }
  }
}
