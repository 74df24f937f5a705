import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { COMPATIBLE, RIOTBOOT, STRICT } from '../../src/device/index.ts';
import type { DfuProfile } from '../../src/device/index.ts';
import { stateNumber, statusNumber } from '../../src/dfu/index.ts';
import { dfuBench } from './device-bench.ts';
import type { DfuBench, Seen } from './device-bench.ts';

/**
 * The tables of DFU 1.1 Appendix A.2 as a host sees them, written down once more and by hand. Rows are
 * the states by number, with the work that is going on where it matters; a cell is
 * - `3` acknowledged or answered, then in that state; `∅2` the same with no bytes at all,
 * - `✗10` stalled, then in that state; `held` never answered, state as it was,
 * - `R` a reset that leaves: the application if it is good, else 10 with errFIRMWARE,
 * - `R:2` the same after a complete download, else that state,
 * - `usbr` 10 with errUSBR; `leave` acknowledged, and the device leaves soon; `gone` it leaves at once.
 * The last column is time: as much as the medium asked for.
 */
const COLUMNS = [
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
type Column = (typeof COLUMNS)[number];
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
3 done      | gone | 3 done | 6 done | ∅3   | ∅3   | 5      | 3    | ∅3     | 3    | 3    | 3    | 3
5           | gone | 3 done | 6 done | ∅5   | ∅5   | 5      | 5    | ∅5     | 5    | 5    | 5    | 5
6 done      | gone | 3 done | 6 done | ∅6   | ∅6   | 5      | 6    | ∅6     | 6    | 6    | 6    | 6
10          | gone | 3 done | 6 done | ∅10  | ∅10  | 10     | 2    | ∅10    | 10   | 10   | 10   | 10
`;

/** Where bitManifestationTolerant is 0, state 7 ends in 8. */
function intolerant(rows: Table): Table {
  const seven = rows['7'];
  const { '6 done': _never, ...others } = rows;
  return seven === undefined ? rows : { ...others, '7': { ...seven, TIME: '8' } };
}

const BUSY_MS = 10;

interface Setting {
  readonly profile: DfuProfile;
  readonly tolerant: boolean;
  readonly firmwareGood: boolean;
}

/** How to get into a row from dfuIDLE. */
const ROUTES: Readonly<Record<string, readonly Column[]>> = {
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
const RIOTBOOT_ROUTES: typeof ROUTES = {
  '2': [],
  '3 done': ['DNLOAD'],
  '5': ['DNLOAD', 'GETSTATUS'],
  '6 done': ['DNLOAD', 'GETSTATUS', 'DNLOAD_END'],
};

/** A host and its bookkeeping: block numbers, and what the model says that the device is in. */
class Walker {
  readonly bench: DfuBench;
  readonly #rows: Table;
  readonly #setting: Setting;
  #key = '2';
  #block = 0;
  #status = 'OK';
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

  /** One event, and everything that the table says about it. */
  step(column: Column): void {
    const cell = this.#rows[this.#key]?.[column];
    if (cell === undefined) throw new Error(`no row ${this.#key}`);
    const { mode, medium, left } = this.bench;
    const before = { calls: medium.calls.length, left: left.length, number: this.#number() };
    const seen = this.#do(column);
    const label = `${this.#key} ${column} -> ${cell}`;
    const fails = cell.startsWith('✗') || cell === 'held';
    expect(seen?.end, label).toBe(
      cell === 'held' || cell === 'gone' ? 'held' : fails ? 'stall' : seen && 'ok',
    );
    // A request that is refused does nothing to the memory.
    if (fails) expect(medium.calls.length, label).toBe(before.calls);
    if (cell.startsWith('∅')) expect(seen, label).toEqual({ end: 'ok', bytes: new Uint8Array(0) });
    this.#follow(cell, column);
    if (this.over) return this.#leaves(column, before.left, label);
    expect(left.length, label).toBe(before.left);
    expect(stateNumber(mode.state), label).toBe(this.#number());
    const fixed = this.#setting.profile === RIOTBOOT;
    if (!fixed) expect(mode.status, label).toBe(this.#status);
    if (column === 'GETSTATUS' && seen?.end === 'ok') this.#reports(seen.bytes, label);
    if (column === 'GETSTATE' && seen?.end === 'ok' && !fixed) {
      expect([...seen.bytes], label).toEqual([before.number]);
    }
  }

  #number(): number {
    return Number.parseInt(this.#key, 10);
  }

  #reports(bytes: Uint8Array, label: string): void {
    const fixed = this.#setting.profile === RIOTBOOT;
    const waits = this.#key === '4' || this.#key === '7';
    const poll = fixed ? 255 : waits ? BUSY_MS : 0;
    const status = fixed ? 0 : statusNumber(this.bench.mode.status);
    expect([...bytes.subarray(0, 5)], label).toEqual([status, poll, 0, 0, this.#number()]);
    expect(bytes).toHaveLength(6);
    expect(bytes[5] !== 0, label).toBe(status !== 0);
  }

  #leaves(column: Column, before: number, label: string): void {
    const { wire, left } = this.bench;
    const reason = column === 'DETACH' ? 'detach' : 'reset';
    const delayMs = this.#setting.profile.leaveDelayMs;
    if (column !== 'DETACH' || delayMs > 0) {
      expect(left.length - before, label).toBe(delayMs === 0 ? 1 : 0);
    }
    wire.pass(delayMs);
    expect(left, label).toEqual([{ reason, onBus: reason === 'reset' && delayMs === 0 }]);
  }

  /** What the table says comes next. */
  #follow(cell: string, column: Column): void {
    const leaving = cell === 'R' || (cell.startsWith('R:') && this.#completed);
    if (leaving && this.#setting.firmwareGood) this.over = true;
    else if (leaving) this.#enter('10', 'errFIRMWARE');
    else if (cell === 'leave' || cell === 'gone') this.over = true;
    else if (cell === 'usbr') this.#enter('10', 'errUSBR');
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

  #enter(key: string, status: string): void {
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
    }
  }
}

const settings = [STRICT, COMPATIBLE, RIOTBOOT].flatMap((profile) =>
  [true, false].flatMap((tolerant) =>
    [true, false].map((firmwareGood): Setting => ({ profile, tolerant, firmwareGood })),
  ),
);

const ROWS: Readonly<Record<string, Table>> = {
  strict: table(STRICT_ROWS),
  compatible: table(COMPATIBLE_ROWS),
  riotboot: table(RIOTBOOT_ROWS),
};

describe.each(settings)(
  'profile $profile.name, tolerant $tolerant, firmware good $firmwareGood',
  (setting) => {
    const riot = setting.profile === RIOTBOOT;
    const all = ROWS[setting.profile.name] ?? {};
    const rows = setting.tolerant ? all : intolerant(all);
    const routes = riot ? RIOTBOOT_ROUTES : ROUTES;
    const reachable = Object.keys(rows).filter(
      (key) => routes[key] !== undefined && !(key === '8' && setting.tolerant),
    );
    const cells = reachable.flatMap((key) => COLUMNS.map((column) => [key, column] as const));

    test.each(cells)('state %s, %s', (key, column) => {
      const walker = new Walker(rows, setting);
      for (const event of routes[key] ?? []) walker.step(event);
      expect(walker.key).toBe(key);
      walker.step(column);
    });

    test('any walk through the table', () => {
      const events = fc.array(fc.constantFrom(...COLUMNS), { maxLength: 40 });
      const likely = fc.array(
        fc.constantFrom<Column>('DNLOAD', 'TIME', 'GETSTATUS', 'DNLOAD_END', 'RESET', 'UPLOAD'),
        { maxLength: 40 },
      );
      fc.assert(
        fc.property(fc.oneof(events, likely), (walk) => {
          const walker = new Walker(rows, setting);
          for (const event of walk) {
            // Each change of the row that no other row of the table can lead to would throw here.
            if (walker.over) return;
            walker.step(event);
          }
        }),
        { numRuns: 60, seed: 11 },
      );
    });
  },
);
