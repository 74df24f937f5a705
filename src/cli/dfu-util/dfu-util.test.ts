import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { DfuError, fromHex } from '../../bytes/index.ts';
import { appendSuffix, writeDfuSeFile } from '../../dfu/index.ts';
import { CliBoard } from '../../../test/support/cli-board.ts';
import { nodeUsbBus } from '../../link/node-usb/index.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { withLpcPrefix, withStellarisPrefix } from '../../image/index.ts';
import { ScriptedBus, ScriptedBusDevice } from '../../../test/support/scripted-pipe.ts';
import { dfukit } from '../dfukit.ts';
import { diskFiles } from '../shared/files.ts';

/* Virtual boards over USB/IP, and what programs look for in the output. */

const BANNER = /^dfu-util 0\.11\n\n(?:.+\n)+\n/;
const image = Uint8Array.from({ length: 5000 }, (_, at) => at * 7 + 1);

let folder: string;
let board: CliBoard | undefined;
const path = (name: string): string => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'dfukit-drop-in-'));
  writeFileSync(path('image.bin'), image);
  writeFileSync(path('wrong.bin'), new Uint8Array(300).fill(1));
  writeFileSync(path('text.hex'), ':00000001FF\n');
  const own = { idVendor: 0x0483, idProduct: 0xdf11, bcdDevice: 0xffff, bcdDFU: 0x0100 };
  writeFileSync(path('foreign.dfu'), appendSuffix(image, { ...own, idVendor: 0x1234 }));
  const elements = [{ address: 0x0800_0000, data: image.subarray(0, 3000) }];
  const ids = { idVendor: 0x0483, idProduct: 0xdf11 };
  writeFileSync(path('one.dfu'), writeDfuSeFile([{ alternate: 0, elements }], ids));
  writeFileSync(
    path('two.dfu'),
    writeDfuSeFile(
      [
        { alternate: 0, elements },
        { alternate: 7, elements },
      ],
      ids,
    ),
  );
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(async () => {
  await board?.quit();
  board = undefined;
});

interface Said {
  readonly exit: number;
  /** Without the banner; of a bar what it came to. */
  readonly out: string;
  readonly err: string;
}

async function run(...args: readonly string[]): Promise<Said> {
  const bus = board === undefined ? [] : ['--bus', board.bus];
  const { exit, out, err } = await ran(['dfu-util', ...bus, ...args]);
  const lines = out
    .replace(BANNER, '')
    .split('\n')
    .map((line) => line.slice(line.lastIndexOf('\r') + 1));
  return { exit, out: lines.join('\n'), err };
}

const loader = (): Promise<CliBoard> => CliBoard.start('stm32f072b_disco', '--serial', 'ST');

const OPENED = `Opening DFU capable USB device...
Device ID 0483:df11
Device DFU version 011a
Claiming USB DFU Interface...
Setting Alternate Interface #0 ...
Determining device status...
DFU state(2) = dfuIDLE, status(0) = No error condition is present
DFU mode device DFU version 011a
Device returned transfer size 2048
`;

describe('dfukit dfu-util, with a DfuSe device', () => {
  test('the list, and what does not match', async () => {
    board = await loader();
    const { out, exit } = await run('-l');
    expect(exit).toBe(0);
    expect(out).toMatch(
      /^Found DFU: \[0483:df11\] ver=2200, devnum=\d+, cfg=1, intf=0, path="1-1", alt=0, name="@Internal Flash {2}\/0x08000000\/064\*0002Kg", serial="ST"$/m,
    );
    const none = await run('-l', '-S', 'other');
    expect([none.exit, none.out]).toEqual([0, '']);
    expect(none.err).toContain('dfukit: no DFU interface matches; there is:\n');
    // What programs look for in both streams is a device that was asked for.
    expect(none.err).toMatch(/^dfukit: DFU: \[0483:df11\] /m);
    const gone = await run('-D', path('image.bin'), '-S', 'other');
    expect(gone.exit).toBe(74);
    expect(gone.err).not.toMatch(/Found DFU: \[|^(?!dfukit: |dfu-util: |$)/m);
  });

  test('departure dfu-util/upload-to-standard-output: a raw file, milestone by milestone, and back', async () => {
    board = await loader();
    const at = ['-a', '0', '-s', '0x08000000'];
    // It begins with an error, which is cleared.
    const { out } = await run('-a', '0', '-s', '0x08000000');
    expect(out).toContain('status(10) = Device');
    expect(out).toContain('Clearing status\nDetermining device status...\nDFU state(2) = dfuIDLE');
    expect(await run(...at, '-D', path('image.bin'))).toEqual({
      exit: 0,
      err: '',
      out: `${OPENED}DfuSe interface name: "Internal Flash  "
Downloading element to address = 0x08000000, size = 5000
Erase   \t[=========================] 100%         5000 bytes
Erase    done.
Download\t[=========================] 100%         5000 bytes
Download done.
File downloaded successfully
`,
    });
    const back = await run('-a', '0', '-s', '0x08000000:5000', '-U', path('back.bin'));
    expect([back.exit, back.err]).toEqual([0, '']);
    expect(back.out).toContain('Upload\t[=========================] 100%         5000 bytes\n');
    expect(Uint8Array.from(readFileSync(path('back.bin')))).toEqual(image);
    const terminal = new FakeTerminal();
    const words = ['dfu-util', '--bus', board.bus, '-a0', '-s0x08000000:5000', '-U', '-'];
    expect(await dfukit(words, terminal)).toBe(0);
    expect(Uint8Array.from(terminal.out.bytes)).toEqual(image);
    expect(terminal.err.text).toMatch(BANNER);
  });

  test('-v names the memory, and draws no bar', async () => {
    board = await loader();
    const { out } = await run('-v', '-a', '0', '-s', '0x08001000', '-U', path('rest.bin'));
    expect(out).toContain('DFU attributes: (0x0b) bitCanDnload bitCanUpload bitWillDetach\n');
    expect(out).toContain('Memory segment at 0x08000000  64 x 2048 = 131072 (rew)\n');
    expect(out).toContain('Limiting upload to end of memory segment, 126976 bytes\n');
    const down = await run('-v', '-a', '0', '-s', '0x08001000', '-D', path('image.bin'));
    expect(down.out).not.toContain('%');
    expect(down.out).toContain('File downloaded successfully');
  });

  test.each([
    [['-D', '@image.bin'], 64, 'Only DfuSe file version 1.1a is supported\n'],
    [['-s', '0x20000000', '-D', '@image.bin'], 64, 'Last page at 0x20001387 is not writeable\n'],
    [['-s', '0x0801ff00', '-D', '@image.bin'], 64, 'Last page at 0x08021287 is not writeable\n'],
    [['-s', '0x20000000:force', '-D', '@image.bin'], 74, 'SET_ADDRESS not correctly executed\n'],
    [['-s', '0x20000000:9', '-U', '@no.bin'], 64, 'Page at 0x20000000 is not readable\n'],
    [['-s', ':mass-erase'], 64, 'The mass erase command can only be used with force\n'],
    [['-s', ':unprotect'], 64, 'erase the flash memory and can only be used with force\n'],
    [['-s', '0x08000000', '-D', '@one.dfu'], 64, 'This is a DfuSe file, not meant for raw'],
  ])('departure dfu-util/told-before-asking: %j ends with %i', async (words, exit, says) => {
    board = await loader();
    const args = words.map((word) => word.replace('@', `${folder}/`));
    const said = await run('-a', '0', ...args);
    expect(said.exit).toBe(exit);
    expect(said.err).toContain(`dfu-util: `);
    // Where it is forced, the device has said it.
    expect(said.out.includes('Determining')).toBe(exit === 74);
    expect(said.err).toContain(says);
    expect(existsSync(path('no.bin'))).toBe(false);
  });

  test('departures dfu-util/will-reset, dfu-util/restarts-before-the-file: the device may restart', async () => {
    board = await loader();
    const file = ['-D', path('image.bin')];
    const whole = await run('-a', '0', '-s', '0x08000000:will-reset', ...file);
    expect(whole.exit).toBe(0);
    expect(whole.out).toContain('File downloaded successfully\n');
    const none = await run('-a', '0', '-s', '0x08000000:unprotect:force', ...file);
    expect(none.exit).toBe(74);
    expect(none.err).toContain('run download again for the file');
  });

  test('departure dfu-util/nothing-for-the-alternate: what is skipped whole is no success', async () => {
    board = await loader();
    const { exit, err } = await run('-a', '1', '-D', path('one.dfu'));
    expect(exit).toBe(65);
    expect(err).toContain('dfu-util: No alternate setting 0 (skipping elements)\n');
    expect(err).toContain('dfukit: the file has nothing for alternate setting 1: nothing was sent');
  });

  test('departure dfu-util/images-as-one: a DfuSe file says what is for which alternate', async () => {
    board = await loader();
    const { exit, out, err } = await run('-D', path('two.dfu'));
    expect(exit).toBe(0);
    expect(err).toBe('dfu-util: No alternate setting 7 (skipping elements)\n');
    expect(out).toContain('Multiple alternate interfaces for DfuSe file\nOpening DFU capable');
    expect(out).toContain('File contains 2 DFU images\nParsing DFU image 1\n');
    expect(out).toContain('Erase    done.\n');
    expect(out).toContain('100%         3000 bytes\nDownload done.\nDone parsing DfuSe file\n');
  });

  test.each(['0x08000000:l', ':mass', '0x08000000:leaves', ''])(
    'departure dfu-util/words-in-full: -s %j is refused',
    async (words) => {
      board = await loader();
      const said = await run('-a', '0', '-s', words, '-D', path('image.bin'));
      expect(said).toMatchObject({ exit: 64 });
      expect(said.err).toMatch(/^dfu-util: (?:Invalid dfuse modifier: |Only DfuSe file version)/);
    },
  );

  test('a prefix is not sent: DfuSe has addresses of its own', async () => {
    board = await loader();
    const prefixes = [withLpcPrefix(image), withStellarisPrefix(image, 0x2000)];
    for (const [at, bytes] of prefixes.entries()) {
      writeFileSync(path('prefixed.bin'), bytes);
      const sent = await run('-a0', '-s0x08000000::', '-D', path('prefixed.bin'));
      expect(sent).toMatchObject({ exit: 0 });
      expect(sent.out).toContain('address = 0x08000000, size = 5000\n');
      expect((await run('-a0', '-s0x08000000:5000', '-U', path(`bare${at}`))).exit).toBe(0);
      expect(Uint8Array.from(readFileSync(path(`bare${at}`)))).toEqual(image);
    }
  });

  test('commands alone, and what restarts the device', async () => {
    board = await loader();
    const erased = await run('-a', '0', '-s', ':mass-erase:force');
    expect(erased.exit).toBe(0);
    expect(erased.out).toContain(
      'Performing mass erase, this can take a moment\nDfuSe command mode\n',
    );
    const left = await run('-a', '0', '-s', '0x08000000:mass-erase:force', '-D', path('image.bin'));
    expect(left.out).toContain('Erase    done.\n');
    const protectedNoMore = await run('-a', '0', '-s', ':unprotect:force');
    expect(protectedNoMore).toMatchObject({ exit: 0 });
    expect(protectedNoMore.out).toContain('Device disconnects, erases flash and resets now\n');
  });

  test('departures dfu-util/foreign-suffix, dfu-util/text-is-told: a file for another device, and one that is no firmware', async () => {
    board = await loader();
    const foreign = await run('-a', '0', '-s', '0x08000000', '-D', path('foreign.dfu'));
    expect(foreign.exit).toBe(64);
    expect(foreign.out).toMatch(
      /^Match vendor ID from file: 1234\nMatch product ID from file: df11\n/,
    );
    const words = 'File ID 1234:df11 does not match device (0483:df11 or 0483:df11)';
    expect(foreign.err).toContain(`dfu-util: Error: ${words}\n`);
    const text = await run('-a', '0', '-s', '0x08000000', '-D', path('text.hex'));
    expect(text.exit).toBe(0);
    expect(text.err).toContain('dfukit: the file is Intel HEX, and is sent as it is');
  });
});

test('departure dfu-util/error-in-manifestation: the device refuses what it was given', async () => {
  const config = ['--config', 'CONFIG_APP_USB_DFU_USE_FLASH_BACKEND=y'];
  const [sample, flash] = [path('sample.bin'), ['--flash', path('reel.bin')]];
  await ran(['firmware', 'build', 'usb-dfu', '--board', 'reel_board', ...config, '-o', sample]);
  await ran(['board', 'program', 'reel_board', sample, ...flash, '--slot', '0']);
  const spoilt = readFileSync(sample);
  spoilt[3000] = 0x55 ^ (spoilt[3000] ?? 0);
  writeFileSync(path('spoilt.bin'), spoilt);
  board = await CliBoard.start('reel_board', ...flash);
  await board.until('"state":"attached","id":"2fe3:0005"');
  expect(await run('-e')).toMatchObject({ exit: 0 });
  await board.until('"state":"attached","id":"2fe3:ffff"');
  const { exit, out, err } = await run('-a', '1', '-D', path('spoilt.bin'));
  expect(exit).toBe(74);
  expect(out).toMatch(/status\(7\) = Programmed memory failed verification\n$/);
  expect(err).toMatch(/^dfukit: manifestation: the device reports errVERIFY/);
});

describe('dfukit dfu-util, with a riotboot', () => {
  test('departures dfu-util/blocks-beyond-4096, dfu-util/smaller-blocks, dfu-util/torn-lines, dfu-util/left-in-order, dfu-util/file-when-whole: what the device refuses, and why', async () => {
    board = await CliBoard.start('particle-xenon');
    const refused = await run('-a', '0', '-D', path('wrong.bin'));
    expect(refused.exit).toBe(74);
    expect(refused.out).toMatch(
      / failed!\nDFU state\(10\) = dfuERROR, status\(2\) = File is for this device but fails some vendor-specific test\n$/,
    );
    writeFileSync(path('tiny.bin'), 'RIOT');
    const tiny = await run('-a', '0', '-D', path('tiny.bin'));
    expect(tiny.exit).toBe(74);
    expect(tiny.err).toMatch(/^dfu-util: Error sending completion packet \(LIBUSB_ERROR_PIPE\)$/m);
    const upload = await run('-a', '0', '-U', path('none.bin'));
    expect(upload.exit).toBe(74);
    expect(upload.err).toMatch(/^dfu-util: Error during upload \(LIBUSB_ERROR_PIPE\)$/m);
    expect(existsSync(path('none.bin'))).toBe(false);
    const large = await run('-a', '0', '-t', '8192', '-D', path('image.bin'));
    expect(large.exit).toBe(74);
    expect(large.err).toContain('of 8192 bytes, without a reason: blocks of ');
    expect(large.out).not.toContain('Limited');
    expect(large.out).toContain(' failed!\nDFU state(10) = dfuERROR, status(2) = ');
    const small = await run('-a', '0', '-t', '8', '-D', path('wrong.bin'));
    expect(small.out).toContain('status...\nDFU state(2) = dfuIDLE');
    expect(small.out).toContain(
      'Warning: Overriding device-reported transfer size\nAdjusted transfer size to 64\n',
    );
    const plain = await run('-a', '0', '-s', ':leave');
    expect(plain.exit).toBe(74);
    expect(plain.err).toContain('Failed to parse memory layout for alternate interface 0\n');
  });

  test('several, none, and a device that is asked to leave', async () => {
    board = await CliBoard.start('particle-xenon');
    const several = await run('-D', path('wrong.bin'));
    expect(several.exit).toBe(74);
    expect(several.err).toMatch(/^dfu-util: More than one DFU capable USB device found! /);
    const none = await run('-a', '5', '-D', path('wrong.bin'));
    expect(none.err).toMatch(/^dfu-util: No DFU capable USB device available\n/);
    const left = await run('-e', '-R', '-a', '1');
    expect(left).toMatchObject({ exit: 0, err: '' });
    expect(left.out).toMatch(/Device returned transfer size 64\nResetting USB to switch back to/);
  });
});

test('departures dfu-util/alternate-where-needed, dfu-util/reset-of-what-has-gone: a firmware is asked into DFU mode, and gets another', async () => {
  const signed = path('hello.bin');
  const build = ['firmware', 'build', 'hello-world', '--board', 'particle-xenon'];
  expect(await ran([...build, '--slot', '0', '-o', signed])).toMatchObject({ exit: 0 });
  board = await CliBoard.start('particle-xenon', '--flash', path('flash.bin'));
  const first = await run('-a', '0', '-D', signed, '-R');
  expect(first).toMatchObject({ exit: 0 });
  expect(first.out).toContain('Download done.\nDFU state(7) = dfuMANIFEST, status(0) = ');
  expect(first.out).toContain('\nDone!\nResetting USB to switch back to Run-Time mode\n');
  await board.until('"state":"attached","id":"1209:7d00"');
  const again = await run('-d', '1209:7d00,1209:7d02', '-a', '1', '-D', path('wrong.bin'));
  expect(again.exit).toBe(74);
  expect(again.out).toMatch(/^Opening DFU capable USB device\.\.\.\nDevice ID 1209:7d00\n/);
  expect(again.out).toContain(`Claiming USB DFU (Run-Time) Interface...
Determining device status...
DFU state(0) = appIDLE, status(0) = No error condition is present
Device really in Run-Time Mode, send DFU detach request...
Resetting USB...
Opening DFU USB Device...
Claiming USB DFU Interface...
Setting Alternate Interface #1 ...
`);
  await board.command({ command: 'reset' });
  await board.until('"state":"attached","id":"1209:7d00"');
  const away = await run('-e');
  expect(away).toMatchObject({ exit: 0, err: '' });
  await board.until('"state":"attached","id":"1209:7d02"');
});

test('-l where nobody can look is no empty list', async () => {
  const terminal = new FakeTerminal();
  terminal.openBus = () =>
    Promise.resolve(
      nodeUsbBus({ load: () => Promise.reject(new Error("Cannot find module 'usb'")) }),
    );
  terminal.in.end();
  const { exit, err } = await ran(['dfu-util', '-l'], terminal);
  expect([exit, err]).toEqual([
    74,
    expect.stringMatching(
      /^dfu-util: unable to initialize libusb: LIBUSB_ERROR_OTHER\ndfukit: .*npm install usb/,
    ),
  ]);
});

describe('devices that may not be opened', () => {
  const rule = 'ATTR{idVendor}=="1209", ATTR{idProduct}=="7d02"';

  /** What sysfs has of a device: a device, a configuration, an interface of that class. */
  const descriptors = (interfaceClass: string): Uint8Array =>
    fromHex(
      `12010002000000400912027d0001000000010902120001010080320904000000${interfaceClass}010200`,
    );

  function closed(files: Readonly<Record<string, Uint8Array>>): FakeTerminal {
    const terminal = new FakeTerminal({
      ...diskFiles,
      read: (file) => files[file] ?? diskFiles.read(file),
    });
    const device = new ScriptedBusDevice({ descriptor: { idVendor: 0x1209, idProduct: 0x7d02 } });
    device.open = () =>
      Promise.reject(new DfuError('ACCESS', `may not open 1209:7d02; put this line: ${rule}`));
    terminal.openBus = () => Promise.resolve(new ScriptedBus(device));
    terminal.in.end();
    return terminal;
  }

  const sysfs = '/sys/bus/usb/devices/1-4.2/descriptors';
  const line =
    'dfu-util: Cannot open DFU device 1209:7d02 found on devnum 5 (LIBUSB_ERROR_ACCESS)\n';

  test('each that is DFU has the line that programs look for, and the rule for udev behind it', async () => {
    const files = { [sysfs]: descriptors('fe') };
    const list = await ran(['dfu-util', '-l'], closed(files));
    expect([list.exit, list.err]).toEqual([0, expect.stringContaining(line)]);
    expect(list.err.indexOf(rule)).toBeGreaterThan(list.err.indexOf(line));
    const sent = await ran(['dfu-util', '-D', path('image.bin')], closed(files));
    expect([sent.exit, sent.err]).toEqual([
      74,
      expect.stringContaining(`${line}dfu-util: No DFU capable USB device available\n`),
    ]);
    expect(sent.err).toContain(rule);
  });

  test('not so one that is none, that nobody knows, or that is not meant', async () => {
    for (const [files, args] of [
      [{ [sysfs]: descriptors('03') }, []],
      [{ [sysfs]: Uint8Array.of(9, 4, 0) }, []],
      [{ [sysfs]: Uint8Array.of(0, 0, 0) }, []],
      [{}, []],
      [{ [sysfs]: descriptors('fe') }, ['-d', '1234:5678,1234:5678']],
    ] as const) {
      const { exit, err } = await ran(['dfu-util', '-l', ...args], closed(files));
      expect([exit, err]).toEqual([0, expect.not.stringContaining('Cannot open')]);
    }
  });
});
