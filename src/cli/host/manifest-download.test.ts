import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { prepareBuild } from '../../../test/support/built-cli.ts';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { riotImage } from '../../../test/support/flow-bench.ts';
import { ran } from '../../../test/support/fake-terminal.ts';
import type { Ran } from '../../../test/support/fake-terminal.ts';
import { DFUSE_COMPATIBLE, Device, DfuSeMode, DfuSeRam } from '../../device/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';

let folder: string;
let board: CliBoard | undefined;
const at = (name: string): string => join(folder, name);
const manifest = (): string => at('manifest.json');

beforeAll(() => prepareBuild());
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-manifest-download-'));
  for (const slot of [0, 1] as const) writeFileSync(at(`slot${slot}.bin`), riotImage(slot, 2));
  const lamp = 'lamp=1209:7d00,1209:7d02';
  const created = ['--product', 'Lamp', '--board', lamp, '--label', 'slot 0', '--alternate', '0'];
  const added = ['--label', 'slot 1', '--alternate', '1'];
  for (const args of [
    ['create', at('slot0.bin'), ...created, '-o', manifest()],
    ['add', manifest(), at('slot1.bin'), ...added],
  ]) {
    const { exit, err } = await ran(['manifest', ...args]);
    if (exit !== 0) throw new Error(err);
  }
});
afterEach(async () => {
  await board?.quit();
  board = undefined;
  rmSync(folder, { recursive: true });
});

/** Writes the manifest anew, changed. */
function change(what: (text: string) => string): void {
  writeFileSync(manifest(), what(readFileSync(manifest(), 'utf8')));
}

/** What a board says when its bootloader has started that. */
const booted = (slot: number, version: number): RegExp =>
  new RegExp(`"event":"boot".*"slot":${slot}.*"version":"?${version}\\b`);

const download = (bus: string, ...more: string[]): Promise<Ran> =>
  ran(['download', '--manifest', manifest(), '--bus', bus, ...more]);

describe('download --manifest', () => {
  test('what it has for the board that is there, from DFU mode and from run-time mode', async () => {
    board = await CliBoard.start('particle-xenon', '--stand-in', 'dfu-runtime');
    const dry = await download(board.bus, '--label', 'slot 0', '--dry-run');
    expect(dry).toMatchObject({ exit: 0 });
    expect(dry.out).toContain('Dry run: nothing was sent');
    expect(dry.out).toContain('Alternate 0');
    const first = await download(board.bus, '--label', 'slot 0');
    expect(first).toMatchObject({ exit: 0 });
    expect(first.out + first.err).toContain('Lamp 2 (stable) for lamp: slot0.bin');
    expect(first.out).toContain('Done!');
    await board.until(booted(0, 2));
    await board.until('"state":"attached","id":"1209:7d00"');
    const next = await download(board.bus, '--label', 'slot 1', '--json');
    expect(next).toMatchObject({ exit: 0 });
    const events = next.out.trimEnd().split('\n');
    expect(JSON.parse(events.at(-1) ?? '')).toMatchObject({ type: 'downloaded' });
  });

  test('which version runs is known by bcdDevice, and counts', async () => {
    board = await CliBoard.start('particle-xenon', '--stand-in', 'dfu-runtime');
    await download(board.bus, '--label', 'slot 0');
    await board.until('"state":"attached","id":"1209:7d00"');
    const listed = await ran(['list', '--bus', board.bus, '--json']);
    const { bcdDevice } = JSON.parse(listed.out) as { readonly bcdDevice: number };
    const bcd = bcdDevice.toString(16).padStart(4, '0');
    change((text) => text.replace('"version": "2",', `"version": "2", "bcdDevice": "${bcd}",`));
    const again = await download(board.bus, '--label', 'slot 1', '--dry-run');
    expect(again.exit).toBe(0);
    expect(again.out + again.err).toContain('the device runs 2 already');
    writeFileSync(at('next.bin'), riotImage(1, 9));
    const add = ['--release', '9', '--minimum-version', '3', '--alternate', '1'];
    expect(await ran(['manifest', 'add', manifest(), at('next.bin'), ...add])).toMatchObject({
      exit: 0,
    });
    const barred = await download(board.bus);
    expect(barred.exit).toBe(65);
    expect(barred.err).toContain('9 is for devices that run 3 or newer, and this one runs 2');
    expect(await download(board.bus, '--release', '9', '--force')).toMatchObject({ exit: 0 });
    await board.until(booted(1, 9));
  });

  test('nothing is sent that is not as the manifest says, or not for what is there', async () => {
    board = await CliBoard.start('particle-xenon');
    const { bus } = board;
    const expectRefused = async (
      [exit, words]: readonly [number, string],
      ...more: string[]
    ): Promise<void> => {
      const refused = await download(bus, ...more);
      expect([refused.exit, refused.err]).toEqual([exit, expect.stringContaining(words)]);
    };
    const slot0 = ['--label', 'slot 0'];
    await expectRefused([74, 'has several files for the board: slot 0, slot 1; say which']);
    await expectRefused([74, 'nothing for "lamp" in channel "beta"'], '--channel', 'beta');
    await expectRefused([64, 'leave app.bin out'], 'app.bin');
    await expectRefused([64, '--manifest is for one device'], '--all');
    await expectRefused([64, 'leave -w out'], '-w');
    await expectRefused([74, 'No DFU capable USB device available'], '-S', 'another');
    const fetched = ['download', '--manifest', 'https://example.org/m.json', '--bus', bus];
    expect(await ran(fetched)).toMatchObject({ exit: 64, err: /nothing is fetched/ });
    expect(await ran(['download', 'x.bin', '--channel', 'beta', '--bus', bus])).toMatchObject({
      exit: 64,
      err: expect.stringContaining('--channel says which file of --manifest') as string,
    });
    const whole = readFileSync(manifest(), 'utf8');
    writeFileSync(at('slot0.bin'), riotImage(0, 3));
    await expectRefused([65, "The file's SHA-256 is"], ...slot0);
    rmSync(at('slot0.bin'));
    await expectRefused([66, 'no such file'], ...slot0);
    change((text) => text.replace('"slot0.bin"', '"https://example.org/slot0.bin"'));
    await expectRefused([66, 'It is not beside the manifest, and is not fetched.'], ...slot0);
    writeFileSync(manifest(), whole.replace('"label": "slot 1"', '"label": "b", "erase": "all"'));
    await expectRefused([65, 'say so with -s :mass-erase:force'], '--label', 'b');
    writeFileSync(manifest(), whole.replaceAll('1209:', '1234:'));
    await expectRefused([65, 'no board of Lamp is there: expected lamp (1234:7d00'], ...slot0);
    expect(board.said.some(({ event }) => event === 'programmed')).toBe(false);
  });
});

describe('of a DfuSe device', () => {
  let server: UsbipServer;
  let bus = '';
  beforeAll(async () => {
    server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
    const { host, port } = await server.listen();
    bus = `usbip://${host}:${port}`;
  });
  afterAll(() => server.close());

  test('the address of the manifest counts, and everything is erased where a person says so', async () => {
    const flash = new DfuSeRam({ layout: '@Internal Flash  /0x08000000/64*002Kg' });
    const functional = { wTransferSize: 1024 };
    const memories = [flash];
    const mode = new DfuSeMode({
      memories,
      profile: DFUSE_COMPATIBLE,
      functional,
      onLeave: () => {},
    });
    const identity = { idVendor: 0x0483, idProduct: 0xdf11 };
    server.add(new Device({ identity, configurations: [{ functions: [mode] }] }));
    writeFileSync(
      at('app.bin'),
      Uint8Array.from({ length: 3000 }, (_, n) => n & 0xff),
    );
    const disco = ['--product', 'Disco', '--board', 'disco=0483:df11', '--force'];
    const what = ['--release', '1.0', '--address', '0x08001000', '--erase', 'all'];
    const created = ['manifest', 'create', at('app.bin'), ...disco, ...what, '-o', manifest()];
    expect(await ran(created)).toMatchObject({ exit: 0 });
    const dry = await download(bus, '--dry-run', '-s', ':mass-erase:force');
    expect(dry).toMatchObject({ exit: 0 });
    expect(dry.out).toContain('mass-erase  everything');
    expect(dry.out).toMatch(/write +0x08001000 to 0x08001bb7/);
    expect(dry.out).toContain('leave');
    expect((await download(bus)).exit).toBe(65);
    // Two boards with that chip: which of them it is, is not guessed.
    const [one, two] = ['one=1209:1,dfu:0483:df11', 'two=1209:2,dfu:0483:df11'];
    const alike = ['--product', 'Two', '--board', one, '--board', two, '--force'];
    const both = ['manifest', 'create', at('app.bin'), ...alike, ...what, '-o', manifest()];
    expect(await ran(both)).toMatchObject({ exit: 0, err: '' });
    const checked = await ran(['manifest', 'check', manifest()]);
    expect(checked.out).toContain(
      '  in DFU mode 0483:df11 is one or two: whoever flashes it there is asked which\n',
    );
    const erases = ['-s', ':mass-erase:force'];
    for (const [exit, words, ...more] of [
      [74, 'does not tell whether it is "one" or "two"; say which with --for'],
      [64, '--for: the manifest has no board "tow", did you mean "two"?', '--for', 'tow'],
    ] as const) {
      const refused = await download(bus, ...erases, ...more);
      expect([refused.exit, refused.err]).toEqual([exit, expect.stringContaining(words)]);
    }
    expect(await download(bus, ...erases, '--for', 'two')).toMatchObject({ exit: 0 });
  });
});
