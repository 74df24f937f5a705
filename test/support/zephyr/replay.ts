import { existsSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { toHex } from '../../../src/bytes/index.ts';
import type { Seen } from '../../conformance/device-bench.ts';
import { departs } from '../../departures/table.ts';
import { ZephyrBench } from './bench.ts';
import type { ZephyrBenchOptions } from './bench.ts';
import { attempt, attemptNow, readRecorded } from '../replayed.ts';
import type { ReplayedCase } from '../replayed.ts';
import { bytesOf, withoutTime } from './recording.ts';
import type { RecordedTransfer, Recording, Replayed } from './recording.ts';
import { refusingDevice } from './refusing-disk.ts';
import { TABLES } from './replay-tables.ts';

/** Whether a file is of transfers with a device: others are of a host, a USB/IP server, of speed. */
function hasTransfers(path: string): boolean {
  return Array.isArray(readRecorded(path)?.['transfers']);
}

/** The scenarios of a folder that can be replayed here, by name. */
export function scenarios(folder: string): string[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json') && hasTransfers(join(folder, file)))
    .map((file) => file.slice(0, -'.json'.length))
    .filter((name) => TABLES[name] === undefined)
    .toSorted();
}

/** Whether a file of a folder is replayed here. */
export function isJudged(folder: string, file: string): boolean {
  const name = file.slice(0, -'.json'.length);
  return TABLES[name] !== undefined || scenarios(folder).includes(name);
}

/** Scenarios of which it is known what is not recorded in them. */
const KNOWN =
  /^(?:abort|busy-|detach-|dfu-(?:detach|enumerate|getstatus|set)|download-(?:16k|no|over|second|short)|flash-(?:block|download|enum|over|runtime|upload)|matrix-|runtime-|upload-(?:512|64|sizes)|variant-)/;

/** Transfers before which the recorder brought the device back to dfuIDLE without recording it. */
const FROM_IDLE: Readonly<Record<string, readonly number[]>> = {
  abort: [6, 17, 25],
  'dfu-getstatus-lengths': [15, 23],
  'download-overlong': [75],
  'flash-overlong': [12],
};

/** SET_INTERFACE to the third alternate was taken: there are two slots behind the RAM disk. */
const takesThirdAlternate = ({ setup, status }: RecordedTransfer): boolean =>
  setup.bmRequestType === 1 && setup.bRequest === 11 && setup.wValue === 2 && status === 0;

/** What the device of a recording is built with: its settings by their names, the rest by what it did. */
function optionsOf({ variant = '', scenario, transfers }: Recording): ZephyrBenchOptions {
  const settings = new Map(
    Array.from(variant.matchAll(/\bCONFIG_(\w+)=(\w+)/g), ([, name = '', value]) => [name, value]),
  );
  const manifestationTolerant = settings.get('USBD_DFU_MANIFESTATION_TOLERANT') !== 'n';
  return {
    flashBackend: settings.get('APP_USB_DFU_USE_FLASH_BACKEND') === 'y',
    slot0:
      /slot0|two[- ]slots/i.test(`${variant} ${scenario}`) || transfers.some(takesThirdAlternate),
    bcdDevice: 0x0403,
    attributes: {
      manifestationTolerant,
      canUpload: settings.get('USBD_DFU_ENABLE_UPLOAD') !== 'n',
    },
    ...(isRefusing({ variant, scenario }) && {
      instead: () => refusingDevice(manifestationTolerant),
    }),
  };
}

/** The recordings in which the image refuses to go on; it is not the sample's. */
const isRefusing = ({ variant = '', scenario }: Pick<Recording, 'variant' | 'scenario'>): boolean =>
  scenario.startsWith('busy') || variant.includes('next callback');

const shown = (bytes: Uint8Array): string => {
  const hex = toHex(bytes);
  return hex.length > 40 ? `${hex.slice(0, 40)}… (${bytes.length} bytes)` : hex;
};

/** One scenario, transfer by transfer, from the start of the process. */
class Replay {
  readonly differences: string[] = [];
  withheld = 0;
  readonly #recording: Recording;
  readonly #bench: ZephyrBench;
  #last: RecordedTransfer | undefined;
  /** When the last DETACH was sent. */
  #detachedMs = 0;

  constructor(recording: Recording, bench: ZephyrBench) {
    this.#recording = recording;
    this.#bench = bench;
    if (recording.mode === 'DFU') this.#bench.enterDfuMode();
  }

  async run(): Promise<void> {
    for (const [at, transfer] of this.#recording.transfers.entries()) {
      const { differences } = attemptNow('', () => {
        this.#prepare(transfer);
        this.#compare(at, transfer);
        return [];
      });
      this.differences.push(...differences.map((line) => `transfer ${at}: ${line}`));
      this.#last = transfer;
    }
    await this.#compareLog();
  }

  #compare(at: number, { setup, dataOut = '', dataIn = '', status }: RecordedTransfer): void {
    const remarks = this.#bench.remarks.length;
    const seen = this.#bench.transfer(setup, bytesOf(dataOut));
    const expected = bytesOf(dataIn);
    if (this.#bench.remarks.slice(remarks).some((line) => line.includes('the original'))) {
      this.withheld += 1;
      this.differences.push(departs('zephyr/memory-that-nobody-sent'));
      if (seen.end === 'stall') return;
    }
    if (fits(seen, status, expected)) return;
    const got = seen.end === 'ok' ? `0 ${shown(seen.bytes)}` : seen.end;
    const { bmRequestType, bRequest, wValue, wIndex, wLength } = setup;
    const request = [bmRequestType.toString(16), bRequest, wValue, wIndex, wLength].join(' ');
    this.differences.push(
      `transfer ${at} (${request}): expected ${status} ${shown(expected)}, got ${got}`,
    );
  }

  /** What was done before this transfer and not recorded. */
  #prepare(transfer: RecordedTransfer): void {
    this.#wait(transfer);
    const { scenario } = this.#recording;
    const before = this.#last;
    if (!KNOWN.test(scenario)) this.#guess(transfer);
    if (transfer.case !== undefined && transfer.case !== before?.case) this.#newCase(transfer.case);
    if (before === undefined) return;
    const { bRequest, wValue, wLength } = transfer.setup;
    const at = this.#recording.transfers.indexOf(transfer);
    if (FROM_IDLE[scenario]?.includes(at) === true) this.#bench.goIdle();
    this.#fillUp(bRequest, wValue, wLength);
  }

  /**
   * In a recording that is not known here: a block that was taken, or a CLRSTATUS that was not, in a
   * state that allows no such thing, so that there must have been requests in between.
   */
  #guess({ setup, status }: RecordedTransfer): void {
    const { bRequest } = setup;
    const impossible: Readonly<Record<number, readonly number[]>> =
      status === 0 ? { 1: [3, 6, 9, 10], 2: [3, 5, 6, 10] } : { 4: [10] };
    if (impossible[bRequest]?.includes(this.#bench.state) === true) this.#bench.goIdle();
  }

  /** Of long transfers only the edges are recorded. */
  #fillUp(bRequest: number, wValue: number, wLength: number): void {
    if (!/^flash-(?:overlong|block-wrap)$/.test(this.#recording.scenario)) return;
    const { transfers } = this.#recording;
    const until = this.#last === undefined ? 0 : transfers.indexOf(this.#last) + 1;
    const previous = transfers.slice(0, until).findLast(({ setup }) => setup.bRequest === bRequest)
      ?.setup.wValue;
    if (previous === undefined || (bRequest !== 1 && bRequest !== 2)) return;
    for (let block = previous + 1; block < wValue; block += 1) {
      if (bRequest === 2) {
        const setup = { bmRequestType: 0xa1, bRequest, wValue: block, wIndex: 0, wLength };
        this.#bench.transfer(setup);
        continue;
      }
      const byte = wLength === 1 ? block % 251 : 0x75;
      this.#bench.tell(1, block, new Uint8Array(wLength).fill(byte));
      this.#bench.ask(3, 6);
    }
  }

  #newCase(name: string): void {
    const bench = this.#bench;
    bench.goIdle();
    if (!this.#recording.scenario.startsWith('busy')) return;
    bench.tell(1, 0, new Uint8Array(32).fill(0x45));
    bench.ask(3, 6);
    if (!name.startsWith('7')) return;
    bench.ask(3, 6);
    bench.ask(3, 6);
    bench.tell(1, 1);
    bench.ask(3, 6);
  }

  /** Notes such as "106 ms after DETACH was sent" say when; anything else takes a millisecond. */
  #wait({ note = '', setup }: RecordedTransfer): void {
    const [, ms] = /^([0-9]+) ms after DETACH/.exec(note) ?? [];
    const until = this.#detachedMs + Number(ms ?? 0);
    this.#bench.pass(ms === undefined ? 1 : Math.max(0, until - this.#bench.now));
    if ((setup.bmRequestType & 0x60) === 0x20 && setup.bRequest === 0) {
      this.#detachedMs = this.#bench.now;
    }
  }

  async #compareLog(): Promise<void> {
    // What the sample logs through the callbacks of its images; the busy image is not the sample's.
    if (isRefusing(this.#recording)) return;
    if (this.#recording.scenario === 'detach-reimport') return;
    const isOurs = (line: string): boolean => /^<(?:inf|err)> main: /.test(line);
    const expected = this.#recording.log.map(([, line]) => withoutTime(line)).filter(isOurs);
    const found = (await this.#bench.lines()).filter(isOurs);
    const at = expected.findIndex((line, index) => line !== found[index]);
    if (at < 0 && found.length === expected.length) return;
    const where = at < 0 ? expected.length : at;
    this.differences.push(
      `line ${where}: expected ${expected[where] ?? 'the end'}, got ${found[where] ?? 'the end'}`,
    );
  }
}

function fits(seen: Seen, status: number | null, expected: Uint8Array): boolean {
  if (status !== 0) return seen.end === 'stall';
  return seen.end === 'ok' && Buffer.compare(seen.bytes, expected) === 0;
}

/** Replays a scenario. */
export async function replayScenario(folder: string, scenario: string): Promise<Replayed> {
  const path = join(folder, `${scenario}.json`);
  const recording = JSON.parse(readFileSync(path, 'utf8')) as Recording;
  const replay = new Replay(recording, await ZephyrBench.start(optionsOf(recording)));
  await replay.run();
  return { name: scenario, differences: replay.differences, withheld: replay.withheld };
}

/** Replays what there is in a folder. */
export async function replayFolder(
  folder: string,
  report: (replayed: ReplayedCase) => void,
): Promise<void> {
  for (const scenario of scenarios(folder)) {
    report(
      await attempt(scenario, async () => (await replayScenario(folder, scenario)).differences),
    );
  }
  for (const [name, replayTable] of Object.entries(TABLES)) {
    if (!existsSync(join(folder, `${name}.json`))) continue;
    const rows: ReplayedCase[] = [];
    const whole = await attempt(name, async () => {
      rows.push(...(await replayTable(folder)));
      return [];
    });
    (whole.differences.length > 0 ? [whole] : rows).forEach(report);
  }
}
