import { DfuError } from '../bytes/index.ts';
import { UNKNOWN } from '../host/index.ts';
import type { DfuInterface, Selection, SendPlan } from '../host/index.ts';
import { formatUsbId, until } from '../usb/index.ts';
import type { BusDevice, CancelSignal, Clock, UsbBus } from '../usb/index.ts';
import { Admission } from './admission.ts';
import type { Candidate } from './admission.ts';
import { Identities } from './identities.ts';
import type { InjectedValue, Supply } from './inject/supply.ts';
import type { DoneUnit, GangJournal } from './journal.ts';
import { lookInto } from './look-into.ts';
import { Ports } from './ports.ts';
import { Roster } from './roster.ts';
import { runUnit } from './run-unit.ts';
import type { UnitTerms } from './run-unit.ts';
import { Turns } from './turns.ts';
import type { Member } from './turns.ts';
import type { GangEvent, GangReport, GangUnit, UnitResult } from './unit.ts';
import { Wanted } from './wanted.ts';

/** What `flashAll` makes of its options. */
interface GangTerms {
  readonly clock: Clock;
  readonly signal?: CancelSignal | undefined;
  readonly journal?: GangJournal | undefined;
  readonly settleMs: number;
  readonly plan: SendPlan;
  readonly fill: (values: readonly InjectedValue[]) => SendPlan;
  readonly supply: Supply;
  readonly terms: UnitTerms;
  readonly tell: (event: GangEvent) => void;
  readonly which: readonly Selection[];
  readonly jobs: number;
  readonly retries: number;
  /** Units until it ends; undefined: those that are there at the beginning. */
  readonly watch?: number | undefined;
  readonly sha256: string;
  readonly done: readonly DoneUnit[];
  /** Take devices whatever their kind. */
  readonly anyKind: boolean;
}

/** bDeviceClass of hubs. */
const HUB_CLASS = 9;

/** All units of one call. */
export class Gang {
  readonly #terms: GangTerms;
  readonly #roster: Roster;
  readonly #ports: Ports;
  readonly #turns: Turns;
  readonly #problems: DfuError[] = [];
  readonly #wanted: Wanted;
  readonly #who = new Identities();
  readonly #admission: Admission;
  /** Devices that are looked into. */
  #looks = 0;
  /** What was there at the beginning has been told of. */
  #isOpen = false;
  #over: () => void = () => {};
  #fail: (error: unknown) => void = () => {};

  constructor(bus: UsbBus, terms: GangTerms) {
    this.#terms = terms;
    this.#ports = new Ports(terms.clock, terms.settleMs);
    this.#turns = new Turns(terms);
    this.#wanted = new Wanted(terms.which);
    this.#admission = new Admission(terms);
    this.#roster = new Roster(bus, {
      attached: (device) => this.#guard(this.#attached(device)),
      detached: (device) => this.#ports.left(device),
    });
  }

  async run(): Promise<GangReport> {
    const { clock, signal } = this.#terms;
    const startMs = clock.now();
    try {
      const begun = this.#roster.open();
      await until<void>(clock, { signal }, ({ resolve, reject }) => {
        this.#over = resolve;
        this.#fail = reject;
        begun.then(() => this.#opened()).catch(reject);
        return undefined;
      }).catch((error: unknown) => {
        if (!DfuError.is(error, 'ABORTED')) throw error;
      });
      await begun.catch(() => {});
      await this.#settled();
      this.#turns.cancelWaiting();
    } finally {
      this.#roster.close();
    }
    if (this.#terms.watch === undefined) this.#missing();
    const ms = Math.round(clock.now() - startMs);
    return { results: this.#turns.results, problems: this.#problems, ms };
  }

  /** Those that run still, once the signal is raised: each ends by itself. */
  async #settled(): Promise<void> {
    while (!this.#turns.isIdle) {
      await new Promise<void>((resolve) => {
        this.#over = resolve;
      });
    }
  }

  #opened(): void {
    this.#isOpen = true;
    this.#next();
  }

  #guard(work: Promise<void>): void {
    void work.catch((error: unknown) => this.#fail(error));
  }

  async #attached(device: BusDevice): Promise<void> {
    if (device.descriptor.bDeviceClass === HUB_CLASS) return;
    if (this.#terms.signal?.aborted === true) return;
    // A board that moved may be one that is worked on, whatever its ids are now.
    const isMeant = this.#wanted.mayBe(device);
    // Without a watch, what comes later is no unit, but it may be where one has gone to.
    const isLate = this.#isOpen && this.#terms.watch === undefined;
    if ((isLate || !isMeant) && this.#turns.isIdle) return;
    this.#looks += 1;
    try {
      const entries = await this.#lookInto(device, isMeant && !isLate);
      if (entries !== undefined) this.#seen(device, entries, isLate);
    } finally {
      this.#looks -= 1;
      this.#next();
    }
  }

  /** Its interfaces; undefined if it has left or does not tell, which is told of one that is meant. */
  async #lookInto(
    device: BusDevice,
    isMeant: boolean,
  ): Promise<readonly DfuInterface[] | undefined> {
    try {
      const entries = await lookInto(device, this.#terms);
      if (entries === undefined && isMeant) this.#wanted.lost(device);
      return entries;
    } catch (error) {
      if (!DfuError.is(error)) throw error;
      if (isMeant) this.#problem(error);
      return undefined;
    }
  }

  #problem(error: DfuError): void {
    this.#problems.push(error);
    this.#terms.tell({ type: 'problem', code: error.code, message: error.message });
  }

  #seen(device: BusDevice, entries: readonly DfuInterface[], isLate: boolean): void {
    const chosen = this.#wanted.chosen(entries);
    if (!this.#roster.devices.some(({ id }) => id === device.id)) {
      if (chosen !== undefined && !isLate) this.#wanted.lost(device);
      return;
    }
    const away = this.#awayWith(entries);
    if (away !== undefined) {
      this.#roster.adopt(away.bus, device);
      return;
    }
    if (isLate || chosen === undefined) return;
    const candidate = { device, ...chosen };
    if (this.#admission.mayTake(candidate)) this.#take(candidate);
  }

  /** The unit that has gone from its port, and has one of these serial numbers, and is the only one that has it. */
  #awayWith(entries: readonly DfuInterface[]): Member | undefined {
    return this.#turns.running.find(
      ({ bus, serials }) =>
        !bus.isThere &&
        entries.some(({ serial }) => serials.has(serial) && this.#who.isOwn(serial)),
    );
  }

  #take({ device, entry, selection }: Candidate): void {
    if (!this.#admission.isOfKind(entry)) return;
    const isThere = this.#roster.devices.some(({ id }) => id === device.id);
    if (!isThere) this.#wanted.lost(device);
    if (!isThere || this.#roster.ownerOf(device.location.path) !== undefined) return;
    const own = this.#ports.isOwn(device, entry);
    this.#wanted.found(selection);
    if (own !== undefined) {
      this.#admission.leaveAlone(entry, own);
      return;
    }
    this.#begin({ device, entry, selection });
  }

  #begin({ entry, selection }: Candidate): void {
    const { location, serial: its } = entry;
    const serial = its === UNKNOWN ? null : its;
    const unit: GangUnit = {
      unit: this.#who.named(serial, location.path),
      id: formatUsbId(entry),
      serial,
      path: location.path,
      station: location.station,
      mode: entry.mode,
    };
    const bus = this.#roster.enter(location.path);
    const isAgain = serial !== null && this.#ports.knows(serial) && !this.#ports.isThere(serial);
    if (serial !== null && !isAgain) this.#who.add(serial);
    const serials = new Set(serial === null ? [] : [serial]);
    const member: Member = { unit, selection, bus, serials };
    this.#terms.tell({ type: 'unit', ...unit });
    if (this.#isDone(serial)) {
      this.#skip(member);
      return;
    }
    this.#turns.wait(member);
  }

  /** By the journal; a serial number that two units have says nothing. */
  #isDone(serial: string | null): boolean {
    const { done, sha256 } = this.#terms;
    if (serial === null || !this.#who.isOwn(serial)) return false;
    return done.some((each) => each.serial === serial && each.sha256 === sha256);
  }

  #skip(member: Member): void {
    const { unit } = member;
    this.#ended(member, { ...unit, outcome: 'skipped', attempts: 0, ms: 0, values: [] });
    const message = 'it has this file, by the journal';
    const { tell } = this.#terms;
    tell({ type: 'ended', unit: unit.unit, outcome: 'skipped', attempts: 0, ms: 0, message });
  }

  /** Starts what may start, and says when all is over. */
  #next(): void {
    this.#decideKind();
    for (let member = this.#turns.next(); member !== undefined; member = this.#turns.next()) {
      this.#guard(this.#runMember(member));
    }
    if (this.#turns.isIdle && this.#isOver) this.#over();
  }

  get #isOver(): boolean {
    const { watch, signal } = this.#terms;
    if (signal?.aborted === true) return true;
    const isLooking = this.#looks > 0 || this.#admission.isUndecided;
    return this.#turns.isOver && (watch !== undefined || !isLooking);
  }

  /** Once all that are there at the beginning have been looked into. */
  #decideKind(): void {
    if (!this.#admission.isUndecided || this.#looks > 0) return;
    try {
      for (const candidate of this.#admission.decide()) this.#take(candidate);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #runMember(member: Member): Promise<void> {
    const { plan: _, supply, fill, watch, ...terms } = this.#terms;
    const { unit, selection, bus } = member;
    const serial = this.#who.ownOf(unit.serial);
    const { path, station } = unit;
    const port = station === undefined ? undefined : path.slice(station.length + 1);
    const result = await runUnit({
      ...terms,
      unit,
      bus,
      selection,
      take: () => {
        const values = supply.take({ serial, path, port });
        return { plan: fill(values), values };
      },
      ownSerial: () => this.#who.ownOf(unit.serial),
      demand: (entry) => this.#demandSame(member, entry),
    });
    this.#ended(member, result);
    this.#next();
  }

  #ended(member: Member, result: UnitResult): void {
    const { unit, bus, serials } = member;
    this.#turns.ended(member, result);
    this.#roster.leave(bus);
    const devices = this.#roster.devices.filter(({ location }) => bus.paths.has(location.path));
    this.#ports.ended({ unit, paths: bus.paths, serials, devices, outcome: result.outcome });
  }

  /** A board with the serial number of another unit is not this one, though it is at its port. */
  #demandSame({ unit, serials }: Member, { serial, location }: DfuInterface): void {
    if (serial === UNKNOWN || serials.has(serial)) return;
    const other = this.#turns.running.find((each) => each.serials.has(serial));
    if (other !== undefined && this.#who.isOwn(serial)) {
      const message = `at ${location.path}, where ${unit.unit} was, is ${other.unit.unit} now`;
      throw new DfuError('NOT_FOUND', message);
    }
    serials.add(serial);
    if (other === undefined) this.#who.met(serial);
  }

  #missing(): void {
    if (this.#terms.signal?.aborted === true) return;
    for (const error of this.#wanted.missing(this.#turns.results)) this.#problem(error);
  }
}
