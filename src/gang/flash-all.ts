import { DfuError, sha256, toHex } from '../bytes/index.ts';
import { sendPlan, tellsPlaces } from '../host/index.ts';
import type { Selection, SendOptions, SendPlan } from '../host/index.ts';
import type { CancelSignal, Clock, UsbBus } from '../usb/index.ts';
import { Gang } from './gang.ts';
import { injected } from './inject/injected.ts';
import { Supply } from './inject/supply.ts';
import type { InjectField, InjectTable, InjectedValue } from './inject/supply.ts';
import type { GangJournal, JournalState } from './journal.ts';
import type { UnitTerms } from './run-unit.ts';
import type { GangEvent, GangReport } from './unit.ts';

/** What a gang goes by: what the host does with each, and which units there are. */
export interface SendToAllOptions extends UnitTerms {
  readonly clock: Clock;
  /** Raised, all that run are cancelled and no more begin. */
  readonly signal?: CancelSignal | undefined;
  readonly onEvent?: ((event: GangEvent) => void) | undefined;
  /**
   * Which devices are meant: all that fit any of these, and each of them must be there, unless `watch` is given. Default: every
   * DFU device, as long as all are of one kind.
   */
  readonly which?: readonly Selection[] | undefined;
  /** How many are worked on at a time, from 1. Default: all. */
  readonly jobs?: number | undefined;
  /** How often a unit that fails is tried again. Default 0. */
  readonly retries?: number | undefined;
  /** What is put into the file, for each unit another value. */
  readonly inject?: readonly InjectField[] | undefined;
  readonly table?: InjectTable | undefined;
  /** Where it is written down who gets what, before it is sent, and how it ended. */
  readonly journal?: GangJournal | undefined;
  /** What the journal says so far: its values are not given again. */
  readonly before?: JournalState | undefined;
  /** Leave units alone that have this file by the journal, known by serial numbers that no two units have. */
  readonly skipDone?: boolean | undefined;
  /** Go on with all that is plugged in, until so many units have ended; `Infinity`: until the signal is raised. */
  readonly watch?: number | undefined;
  /**
   * With `watch`: how long behind a unit's end, or behind its departure, a device at the same port is the same board
   * with its new firmware, in ms, if no serial number says otherwise. Default 10 000.
   */
  readonly settleMs?: number | undefined;
  /** By which the journal knows the file: SHA-256 of its bytes, in hex. */
  readonly sha256: string;
  /** Put values also where a hash covers them, and take devices of any kind. */
  readonly force?: boolean | undefined;
}

/** The same, and what is said of the file besides its bytes. */
export interface GangOptions extends Omit<SendToAllOptions, 'force' | 'sha256'>, SendOptions {}

/**
 * Sends a plan to many devices, to each on its own and to all at once: one that hangs, stalls or vanishes costs the
 * others nothing. Of several that leave for DFU mode at the same time each is found again by its port, or by its
 * serial number if no other unit has it. What becomes of a unit is a result; nothing of one unit is thrown.
 *
 * Throws, before anything is sent, what `Supply` and `injected` throw, what the bus throws that cannot be
 * listed, `UNSUPPORTED` on a bus that does not say where devices are plugged in (a browser's), `INVALID_ARGUMENT` for counts that are none, and `AMBIGUOUS` if nobody says which devices are meant and they are
 * of several kinds.
 */
export async function sendToAll(
  bus: UsbBus,
  plan: SendPlan,
  options: SendToAllOptions,
): Promise<GangReport> {
  if (!tellsPlaces(bus)) throw withoutPorts();
  demandCount('jobs', options.jobs, 1);
  demandCount('retries', options.retries, 0);
  if (options.watch !== Infinity) demandCount('watch', options.watch, 1);
  const { clock, signal, journal, before, settleMs = SETTLE_MS, force = false } = options;
  const { inject: fields = [], table } = options;
  const supply = new Supply({ fields, table, given: before?.given });
  const fill = (values: readonly InjectedValue[]): SendPlan =>
    injected(plan, values.map(injectionOf), { force });
  for (const values of supply.samples()) fill(values);
  const gang = new Gang(bus, {
    clock,
    signal,
    journal,
    settleMs,
    plan,
    fill,
    supply,
    terms: termsOf(options),
    tell: options.onEvent ?? (() => {}),
    which: options.which ?? [{}],
    jobs: options.jobs ?? Infinity,
    retries: options.retries ?? 0,
    watch: options.watch,
    sha256: options.sha256,
    done: options.skipDone === true ? (before?.done ?? []) : [],
    anyKind: force,
  });
  return gang.run();
}

/**
 * From the bytes of a file to many devices that have them: `sendPlan`, then `sendToAll`. Throws what these two throw.
 */
export async function flashAll(
  bus: UsbBus,
  file: Uint8Array,
  options: GangOptions,
): Promise<GangReport> {
  const force = options.force === true;
  return sendToAll(bus, sendPlan(file, options), {
    ...options,
    force,
    sha256: toHex(sha256(file)),
  });
}

/** A board that starts its new firmware is there again within that time, in ms. */
const SETTLE_MS = 10_000;

function injectionOf({ at, hex }: InjectedValue): { at: number; bytes: Uint8Array } {
  return { at, bytes: fromDigits(hex) };
}

function fromDigits(hex: string): Uint8Array {
  return Uint8Array.from(hex.match(/../g) ?? [], (pair) => Number.parseInt(pair, 16));
}

/** What the host gets of the options: all but what is the gang's. */
function termsOf(options: SendToAllOptions): UnitTerms {
  const { clock, signal, onEvent, which, jobs, retries, watch, ...rest } = options;
  const { inject, table, journal, before, skipDone, settleMs, sha256: _, force, ...terms } = rest;
  return terms;
}

function demandCount(name: string, count: number | undefined, least: number): void {
  if (count === undefined || (Number.isInteger(count) && count >= least)) return;
  const message = `${name}: expected a whole number from ${least}, got ${count}`;
  throw new DfuError('INVALID_ARGUMENT', message);
}

/** Whose ports are not told cannot be told apart when several leave at once. */
function withoutPorts(): DfuError {
  const message =
    'many at once are told apart by their ports, and this bus (of a browser, say) does not tell ports: flash one after the other';
  return new DfuError('UNSUPPORTED', message);
}
