import { RIOTBOOT } from '../../src/device/index.ts';
import type { DfuProfile, Leave } from '../../src/device/index.ts';
import type { DfuStatus } from '../../src/dfu/index.ts';
import { stateNumber, statusNumber } from '../../src/dfu/index.ts';
import { dfuBench } from './device-bench.ts';
import type { DfuBench, Seen } from './device-bench.ts';

/**
 * The tables of DFU 1.1 Appendix A.2 as a host sees them, written down once more and by hand. Rows are
 * the states by number, with the work that is going on where it matters; a cell is
 * - `3` acknowledged or answered, then in that state; `∅2` the same with no bytes at all,
 * - `✗10` stalled, then in that state (`✗3`: as if nothing had come); `held` never answered, state as it was,
 * - `R` a reset that leaves: the application if it is good, else 10 with errFIRMWARE,
 * - `R:2` the same after a complete download, else that state,
 * - `usbr` 10 with errUSBR; `leave` acknowledged, and the device leaves soon; `gone` it leaves at once.
 * The last column is time: as much as the medium asked for.
 */
export const COLUMNS = [
  'DETACH',
  'DNLOAD',
  'DNLOAD_END',
  'UPLOAD',
  'UPLOAD_SHORT',
  'GETSTATUS',
  'CLRSTATUS',
  'GETSTATE',
  'ABORT',
  'OTHER',
  'RESET',
  'TIME',
] as const;
export type Column = (typeof COLUMNS)[number];
type Table = Readonly<Record<string, Readonly<Record<Column, string>>>>;

function table(text: string): Table {
  const rows = text.trim().split('\n');
  return Object.fromEntries(
    rows.map((row) => {
      const [key = '', ...cells] = row.split('|').map((cell) => cell.trim());
      if (cells.length !== COLUMNS.length) throw new Error(`cells in row ${key}: ${cells.length}`);
      return [key, Object.fromEntries(COLUMNS.map((column, at) => [column, cells[at]]))];
    }),
  ) as Table;
}

//            DETACH DNLOAD  END     UPLOAD SHORT GETSTATUS CLR   GETSTATE ABORT  OTHER  RESET  TIME
const STRICT_ROWS = `
2           | ✗10  | 3 busy | ✗10    | 9    | 2    | 2      | ✗10  | 2      | 2    | ✗10  | R    | 2
3 busy      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 4      | ✗10  | 3 busy | ✗10  | ✗10  | usbr | 3 done
3 done      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 5      | ✗10  | 3 done | ✗10  | ✗10  | usbr | 3 done
4           | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | ✗10    | ✗10  | ✗10    | ✗10  | ✗10  | usbr | 3 done
5           | ✗10  | 3 busy | 6 todo | ✗10  | ✗10  | 5      | ✗10  | 5      | 2    | ✗10  | usbr | 5
6 todo      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 7      | ✗10  | 6 todo | ✗10  | ✗10  | usbr | 6 todo
6 done      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 2      | ✗10  | 6 done | ✗10  | ✗10  | usbr | 6 done
7           | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | ✗10    | ✗10  | ✗10    | ✗10  | ✗10  | usbr | 6 done
8           | held | held   | held   | held | held | held   | held | held   | held | held | R    | 8
9           | ✗10  | ✗10    | ✗10    | 9    | 2    | 9      | ✗10  | 9      | 2    | ✗10  | usbr | 9
10          | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 10     | 2    | 10     | ✗10  | ✗10  | R    | 10
`;

const COMPATIBLE_ROWS = `
2           | leave| 3 busy | ✗10    | 9    | 2    | 2      | ✗10  | 2      | 2    | ✗10  | R:2  | 2
3 busy      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 4      | ✗10  | 3 busy | 2    | ✗10  | 2    | 3 done
3 done      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 5      | ✗10  | 3 done | 2    | ✗10  | 2    | 3 done
4           | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 4      | ✗10  | 4      | ✗10  | ✗10  | 2    | 3 done
5           | ✗10  | 3 busy | 6 todo | ✗10  | ✗10  | 5      | ✗10  | 5      | 2    | ✗10  | 2    | 5
6 todo      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 7      | ✗10  | 6 todo | 2    | ✗10  | 2    | 6 todo
6 done      | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 2      | ✗10  | 6 done | 2    | ✗10  | 2    | 6 done
7           | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 7      | ✗10  | 7      | ✗10  | ✗10  | 2    | 6 done
8           | leave| held   | held   | held | held | 8      | held | 8      | held | held | R    | 8
9           | ✗10  | ✗10    | ✗10    | 9    | 2    | 9      | ✗10  | 9      | 2    | ✗10  | 2    | 9
10          | ✗10  | ✗10    | ✗10    | ✗10  | ✗10  | 10     | 2    | 10     | ✗10  | ✗10  | 10   | 10
`;

// The states 4, 7, 8 and 9 do not exist in riotboot_dfu; its transfers wait for the flash.
const RIOTBOOT_ROWS = `
2           | gone | 3 done | 6 done | ∅2   | ∅2   | 2      | 2    | ∅2     | 2    | 2    | 2    | 2
3 done      | gone | ✗3     | 6 done | ∅3   | ∅3   | 5      | 3    | ∅3     | 3    | 3    | 3    | 3
5           | gone | 3 done | 6 done | ∅5   | ∅5   | 5      | 5    | ∅5     | 5    | 5    | 5    | 5
6 done      | gone | 3 done | 6 done | ∅6   | ∅6   | 5      | 6    | ∅6     | 6    | 6    | 6    | 6
10          | gone | 3 done | 6 done | ∅10  | ∅10  | 10     | 2    | ∅10    | 10   | 10   | 10   | 10
`;

/** Where bitManifestationTolerant is 0, state 7 ends in 8. */
export function intolerant(rows: Table): Table {
  const seven = rows['7'];
  const { '6 done': _never, ...others } = rows;
  return seven === undefined ? rows : { ...others, '7': { ...seven, TIME: '8' } };
}

const BUSY_MS = 10;

export interface Setting {
  readonly profile: DfuProfile;
  readonly tolerant: boolean;
  readonly firmwareGood: boolean;
}

/** How to get into a row from dfuIDLE. */
export const ROUTES: Readonly<Record<string, readonly Column[]>> = {
  '2': [],
  '3 busy': ['DNLOAD'],
  '3 done': ['DNLOAD', 'TIME'],
  '4': ['DNLOAD', 'GETSTATUS'],
  '5': ['DNLOAD', 'TIME', 'GETSTATUS'],
  '6 todo': ['DNLOAD', 'TIME', 'GETSTATUS', 'DNLOAD_END'],
  '6 done': ['DNLOAD', 'TIME', 'GETSTATUS', 'DNLOAD_END', 'GETSTATUS', 'TIME'],
  '7': ['DNLOAD', 'TIME', 'GETSTATUS', 'DNLOAD_END', 'GETSTATUS'],
  '8': ['DNLOAD', 'TIME', 'GETSTATUS', 'DNLOAD_END', 'GETSTATUS', 'TIME'],
  '9': ['UPLOAD'],
  '10': ['OTHER'],
};
export const RIOTBOOT_ROUTES: typeof ROUTES = {
  '2': [],
  '3 done': ['DNLOAD'],
  '5': ['DNLOAD', 'GETSTATUS'],
  '6 done': ['DNLOAD', 'GETSTATUS', 'DNLOAD_END'],
};

/** What can be seen of one event: from the table, and from the device. */
interface Observation {
  readonly event: string;
  readonly end: string;
  readonly state: number | undefined;
  readonly status: string | undefined;
  /** A refused request did something to the memory. */
  readonly touched: boolean;
  /** What was answered, where the table knows it. */
  readonly bytes: readonly number[] | undefined;
  readonly left: readonly Leave[];
}

/** A host and its bookkeeping: block numbers, and what the table says that the device is in. */
export class Walker {
  readonly bench: DfuBench;
  readonly #rows: Table;
  readonly #setting: Setting;
  #key = '2';
  #block = 0;
  #status: DfuStatus = 'OK';
  #completed = false;
  #manifesting = false;
  over = false;

  constructor(rows: Table, setting: Setting) {
    const { profile, tolerant, firmwareGood } = setting;
    this.#rows = rows;
    this.#setting = setting;
    this.bench = dfuBench({
      profile,
      busyMs: profile === RIOTBOOT ? 0 : BUSY_MS,
      firmwareGood: () => firmwareGood,
      functional: { bmAttributes: { manifestationTolerant: tolerant }, wTransferSize: 4096 },
    });
  }

  get key(): string {
    return this.#key;
  }

  /** One event: what the table says of it, and what the device does. */
  step(column: Column): { readonly expected: Observation; readonly got: Observation } {
    const cell = this.#rows[this.#key]?.[column];
    if (cell === undefined) throw new Error(`no row ${this.#key}`);
    const { mode, medium, left, wire } = this.bench;
    const event = `${this.#key} ${column} -> ${cell}`;
    const before = { calls: medium.calls.length, number: this.#number() };
    const seen = this.#do(column);
    const refused = cell.startsWith('✗') || cell === 'held';
    const touched = refused && medium.calls.length !== before.calls;
    this.#follow(cell, column);
    const expected = {
      event,
      end: seen === undefined ? 'none' : endOf(cell),
      touched: false,
      bytes: seen === undefined ? undefined : this.#bytes(cell, column, before.number),
      ...this.#fate(column),
    };
    const early = left.slice();
    if (this.over) wire.pass(this.#delayMs);
    const known = expected.bytes !== undefined && seen?.end === 'ok';
    const got = {
      event,
      end: seen?.end ?? 'none',
      touched,
      // The index of the reason is the device's own choice; that there is one is not.
      bytes: known
        ? [...seen.bytes].map((byte, at) => (at === 5 ? Math.min(1, byte) : byte))
        : undefined,
      state: this.over ? undefined : stateNumber(mode.state),
      status: this.over || this.#riot ? undefined : mode.status,
      // Before its delay is over the device is still there.
      left: this.#delayMs > 0 && early.length > 0 ? ([] as Leave[]) : left.slice(),
    };
    return { expected, got };
  }

  get #riot(): boolean {
    return this.#setting.profile === RIOTBOOT;
  }

  get #delayMs(): number {
    return this.#setting.profile.leaveDelayMs;
  }

  #number(): number {
    return Number.parseInt(this.#key, 10);
  }

  #fate(column: Column): Pick<Observation, 'state' | 'status' | 'left'> {
    if (this.over) {
      const reason = column === 'DETACH' ? ('detach' as const) : ('reset' as const);
      const onBus = reason === 'reset' && this.#delayMs === 0;
      return { state: undefined, status: undefined, left: [{ reason, onBus }] };
    }
    return { state: this.#number(), status: this.#riot ? undefined : this.#status, left: [] };
  }

  /** What the device must answer; undefined: the table does not know. */
  #bytes(cell: string, column: Column, numberBefore: number): readonly number[] | undefined {
    if (endOf(cell) !== 'ok' || this.over) return undefined;
    if (cell.startsWith('∅')) return [];
    if (column === 'GETSTATE') return [numberBefore];
    if (column !== 'GETSTATUS') return undefined;
    if (this.#riot) return [0, 255, 0, 0, this.#number(), 0];
    const pollMs = this.#key === '4' || this.#key === '7' ? BUSY_MS : 0;
    const status = statusNumber(this.#status);
    return [status, pollMs, 0, 0, this.#number(), status === 0 ? 0 : 1];
  }

  /** What the table says comes next. */
  #follow(cell: string, column: Column): void {
    const leaving = cell === 'R' || (cell.startsWith('R:') && this.#completed);
    if (leaving && this.#setting.firmwareGood) this.over = true;
    else if (leaving) this.#enter('10', 'errFIRMWARE');
    else if (cell === 'leave' || cell === 'gone') this.over = true;
    else if (cell === 'usbr') this.#enter('10', 'errUSBR');
    else if (cell === '✗3') this.#enter(this.#key, this.#status);
    else if (cell.startsWith('✗')) {
      this.#enter('10', this.#key === '10' ? this.#status : 'errSTALLEDPKT');
    } else if (cell !== 'held') {
      const next = cell.replace(/^R:|^∅/, '');
      const short = next.split(' ')[0];
      const same = this.#key.split(' ')[0] === short && next === short;
      const ends = this.#key === '10' && next !== '10';
      this.#enter(same ? this.#key : next, ends ? 'OK' : this.#status);
    }
    if (column === 'DNLOAD' && this.#key.startsWith('3')) {
      this.#completed = false;
      this.#manifesting = false;
    }
    if (column === 'GETSTATUS' && cell === '7') this.#manifesting = true;
    if (column === 'TIME' && this.#manifesting) {
      this.#completed = true;
      this.#manifesting = false;
    }
  }

  #enter(key: string, status: DfuStatus): void {
    this.#key = key;
    this.#status = status;
    if (key === '2') this.#block = 0;
  }

  #do(column: Column): Seen | undefined {
    const { wire } = this.bench;
    switch (column) {
      case 'DETACH':
        return wire.out(0, 1000);
      case 'DNLOAD':
        return wire.out(1, this.#block++, new Uint8Array(16));
      case 'DNLOAD_END':
        return wire.out(1, this.#block);
      case 'UPLOAD':
        return wire.in(2, 16, this.#block++);
      case 'UPLOAD_SHORT':
        return wire.in(2, 4096, this.#block++);
      case 'GETSTATUS':
        return wire.in(3, 6);
      case 'CLRSTATUS':
        return wire.out(4);
      case 'GETSTATE':
        return wire.in(5, 1);
      case 'ABORT':
        return wire.out(6);
      case 'OTHER':
        return wire.out(7);
      case 'RESET':
        wire.reset();
        // The host goes on: it always configures the device again.
        if (this.bench.left.length === 0) wire.configure();
        return undefined;
      case 'TIME':
        wire.pass(BUSY_MS);
        return undefined;
      default:
        return column satisfies never;
    }
  }
}

function endOf(cell: string): string {
  if (cell === 'held' || cell === 'gone') return 'held';
  return cell.startsWith('✗') ? 'stall' : 'ok';
}

export const ROWS: Readonly<Record<string, Table>> = {
  strict: table(STRICT_ROWS),
  compatible: table(COMPATIBLE_ROWS),
  riotboot: table(RIOTBOOT_ROWS),
};
