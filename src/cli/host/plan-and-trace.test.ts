import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import {
  DFUSE_COMPATIBLE,
  Device,
  DfuMode,
  DfuSeMode,
  DfuSeRam,
  RamDisk,
} from '../../device/index.ts';
import { writeIntelHex } from '../../image/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { readTrace } from '../../trace/index.ts';
import { timerClock } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';

/* What --dry-run says is what --trace shows was done, transfer by transfer. */

const BASE = 0x0800_0000;
const OPTIONS = 0x1fff_f800;
const SECTOR = 2048;
const BLOCK = 1024;
const image = Uint8Array.from({ length: 5000 }, (_, at) => (at * 7 + 1) & 0xff);

let folder: string;
let server: UsbipServer;
let bus: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dfukit-plan-'));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

function plugIn(mode: DfuMode | DfuSeMode): void {
  const identity = { idVendor: 0x0483, idProduct: 0xdf11 };
  server.add(new Device({ identity, configurations: [{ functions: [mode] }] }));
}

function dfuse(): DfuSeRam {
  const flash = new DfuSeRam({ layout: '@Internal Flash  /0x08000000/64*002Kg' });
  const bytes = new DfuSeRam({ layout: '@Option Bytes  /0x1FFFF800/01*016 e' });
  const functional = { wTransferSize: BLOCK };
  const memories = [flash, bytes];
  plugIn(new DfuSeMode({ memories, profile: DFUSE_COMPATIBLE, functional, onLeave: () => {} }));
  return flash;
}

interface Step {
  readonly step: string;
  readonly alternate: number;
  readonly address?: number | undefined;
  readonly sizeBytes?: number | undefined;
  readonly count: number;
}

interface Plan {
  readonly steps: readonly Step[];
  readonly planned: { readonly bytes: number; readonly blocks: number };
}

/** Every single erase and block of a plan. */
function apart({ step, alternate, address, sizeBytes = 0, count }: Step): object[] {
  if (step !== 'erase' && step !== 'write') return [{ step, alternate }];
  const unit = step === 'erase' ? sizeBytes / count : BLOCK;
  return Array.from({ length: count }, (_, at) => ({
    step,
    alternate,
    address: address === undefined ? undefined : address + at * unit,
    ...(step === 'write' && { sizeBytes: Math.min(unit, sizeBytes - at * unit) }),
  }));
}

/** The same of a trace, by its DFU_DNLOAD requests (DfuSe: UM0424, AN3156). */
async function done(path: string, isDfuSe: boolean): Promise<object[]> {
  const steps: object[] = [];
  let alternate = 0;
  let pointer = 0;
  for (const each of readTrace(await readFile(path)).records) {
    if (each.type === 'alternate') alternate = each.alternate;
    if (each.type !== 'control' || each.setup.bmRequestType !== 0x21) continue;
    const { bRequest, wValue, wLength } = each.setup;
    if (bRequest !== 1) continue;
    const data = each.data ?? new Uint8Array(0);
    const word = (): number =>
      new DataView(data.buffer, data.byteOffset, data.length).getUint32(1, true);
    if (!isDfuSe) {
      if (wLength > 0)
        steps.push({ step: 'write', alternate, address: undefined, sizeBytes: wLength });
    } else if (wLength === 0) steps.push({ step: 'leave', alternate });
    else if (wValue >= 2) {
      const address = pointer + (wValue - 2) * BLOCK;
      steps.push({ step: 'write', alternate, address, sizeBytes: wLength });
    } else if (data[0] === 0x21) pointer = word();
    else if (data[0] === 0x41 && wLength === 1) steps.push({ step: 'mass-erase', alternate });
    else if (data[0] === 0x41) steps.push({ step: 'erase', alternate, address: word() });
    else steps.push({ step: 'unknown' });
  }
  return steps;
}

interface Both {
  readonly plan: Plan;
  /** Of the plan and of the trace, each by itself. */
  readonly planned: readonly object[];
  readonly steps: readonly object[];
}

async function both(content: Uint8Array | string, ...args: string[]): Promise<Both> {
  const path = join(folder, 'file');
  await writeFile(path, content);
  const call = ['download', path, '--bus', bus, ...args];
  const dry = await ran([...call, '--dry-run', '--json']);
  expect([dry.exit, dry.err]).toEqual([0, '']);
  const plan = JSON.parse(dry.out.trim().split('\n').at(-1) ?? '') as Plan & { dialect: string };
  const trace = join(folder, 'trace.ndjson');
  const { exit, err } = await ran([...call, '--trace', trace]);
  expect([exit, err]).toEqual([0, expect.any(String)]);
  const steps = await done(trace, plan.dialect === 'dfuse');
  return { plan, planned: plan.steps.flatMap(apart), steps };
}

const blocksOf = (steps: readonly object[]): number =>
  steps.filter((each) => 'sizeBytes' in each).length;

describe('what --dry-run says is what is done', () => {
  test('plain DFU', async () => {
    const disk = new RamDisk({ sizeBytes: 65536 });
    plugIn(new DfuMode({ media: [disk], functional: { wTransferSize: BLOCK } }));
    const { plan, planned, steps } = await both(image);
    expect(steps).toEqual(planned);
    expect(blocksOf(steps)).toBe(plan.planned.blocks);
  });

  test.each([
    ['a binary', image, ['-a', '0', '-s', '0x08000800']],
    ['and leaves', image, ['-a', '0', '-s', '0x08000800:leave']],
    ['everything erased first', image, ['-a', '0', '-s', '0x08000000:mass-erase:force']],
    [
      'two alternates, with a gap',
      writeIntelHex([
        { address: BASE + 0x100, bytes: image },
        { address: BASE + 0x4000, bytes: image.subarray(0, 3) },
        { address: OPTIONS, bytes: image.subarray(0, 16) },
      ]),
      [],
    ],
  ])('DfuSe: %s', async (_, content, args) => {
    dfuse();
    const { plan, planned, steps } = await both(content, ...args);
    expect(steps).toEqual(planned);
    expect(blocksOf(steps)).toBe(plan.planned.blocks);
  });

  test('--changed-only says that it cannot know, and does a part of it', async () => {
    const flash = dfuse();
    flash.read(BASE, 8192).set(image);
    flash.read(BASE + SECTOR, 1)[0] = 0;
    const args = ['-a', '0', '-s', '0x08000000', '--changed-only'];
    const { plan, planned, steps } = await both(image, ...args);
    expect(plan).toMatchObject({ unknown: [expect.stringContaining('it is read first')] });
    expect(steps.length).toBe(3);
    for (const each of steps) expect(planned).toContainEqual(each);
  });
});
