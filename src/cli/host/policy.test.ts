import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { Device, DfuMode, DfuRuntime, DfuSeMode, DfuSeRam, RamDisk } from '../../device/index.ts';
import { appendSuffix } from '../../dfu/index.ts';
import {
  generateKey,
  parseVersion,
  publicHalf,
  riotbootImage,
  signImage,
  writeIntelHex,
  writePublicPem,
} from '../../image/index.ts';
import type { PrivateKey } from '../../image/index.ts';
import { UsbipServer } from '../../link/usbip/index.ts';
import { timerClock } from '../../usb/index.ts';
import { ran } from '../../../test/support/fake-terminal.ts';

/* What a download is held to before anything is sent, on a USB/IP bus, by the command line. */

let folder: string;
let server: UsbipServer;
let bus: string;
let maker: PrivateKey;
let stranger: PrivateKey;
const payload = Uint8Array.from({ length: 2000 }, (_, at) => (at * 11) & 0xff);

beforeAll(async () => {
  maker = await generateKey('ed25519');
  stranger = await generateKey('ed25519');
});

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'dfukit-policy-'));
  server = new UsbipServer({ clock: timerClock(globalThis), port: 0 });
  const { host, port } = await server.listen();
  bus = `usbip://${host}:${port}`;
  for (const [name, key] of Object.entries({ maker, stranger })) {
    await writeFile(join(folder, `${name}.pem`), writePublicPem(publicHalf(key)));
  }
});

afterEach(async () => {
  await server.close();
  await rm(folder, { recursive: true });
});

async function image(version: string, key: PrivateKey = maker): Promise<Uint8Array> {
  const options = { version: parseVersion(version), headerSize: 0x40, padHeader: true, key };
  return (await signImage(payload, options)).bytes;
}

function plugIn(mode: DfuMode | DfuRuntime | DfuSeMode, bcdDevice = 0x0100): void {
  const identity = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice };
  server.add(new Device({ identity, configurations: [{ functions: [mode] }] }));
}

/** A device in DFU mode with that in it. */
async function plain(content: Uint8Array, readable = true): Promise<RamDisk> {
  const disk = new RamDisk({ sizeBytes: 65536, content, readable });
  const functional = { bmAttributes: { canUpload: readable } };
  plugIn(new DfuMode({ media: [disk], functional, onLeave: () => {} }));
  return disk;
}

async function download(
  bytes: Uint8Array,
  ...args: readonly string[]
): Promise<{ exit: number; err: string; out: string }> {
  const path = join(folder, 'fw.bin');
  await writeFile(path, bytes);
  const files = args.map((each) => (each.endsWith('.pem') ? join(folder, each) : each));
  return ran(['download', path, '--bus', bus, ...files]);
}

const erased = new Uint8Array(65536).fill(0xff);

describe('--key', () => {
  test('what it has signed is sent, and nothing else', async () => {
    const disk = await plain(erased);
    const good = await download(
      await image('1.0.0'),
      '--key',
      'stranger.pem',
      '--key',
      'maker.pem',
    );
    expect(good.exit).toBe(0);
    const after = disk.read(0, 64).slice();
    const tampered = await image('2.0.0');
    tampered[100] = (tampered[100] ?? 0) ^ 1;
    for (const [bytes, words] of [
      [await image('2.0.0', stranger), 'not signed by the key that it must be signed by'],
      [tampered, 'the image is damaged'],
      [payload, 'the file is no MCUboot image'],
    ] as const) {
      const { exit, err } = await download(bytes, '--key', 'maker.pem');
      expect([exit, err]).toEqual([65, expect.stringContaining(words)]);
    }
    expect(disk.read(0, 64)).toEqual(after);
  });

  test('in JSON the code is REFUSED; many devices are held to it, too', async () => {
    await plain(erased);
    const { out } = await download(payload, '--key', 'maker.pem', '--json');
    expect(JSON.parse(out.trim())).toMatchObject({ type: 'error', code: 'REFUSED', exit: 65 });
    expect((await download(payload, '--key', 'maker.pem', '--all')).exit).toBe(65);
  });
});

describe('--no-downgrade', () => {
  test('by the image that is read back', async () => {
    await plain(await image('1.5.0'));
    const older = await download(await image('1.4.9'), '--no-downgrade');
    expect([older.exit, older.err]).toEqual([
      65,
      expect.stringContaining(
        'the image is 1.4.9+0, the one in alternate 0 "ramdisk0" is 1.5.0+0: older',
      ),
    ]);
    const newer = await download(await image('1.5.1'), '--no-downgrade');
    expect([newer.exit, newer.err]).toEqual([0, expect.stringContaining('1.5.1')]);
  });

  test('nothing there is not newer', async () => {
    await plain(erased);
    const { exit, err } = await download(await image('1.0.0'), '--no-downgrade');
    expect([exit, err]).toEqual([0, expect.stringContaining('nothing is in alternate 0')]);
  });

  test.each([
    ['it gives no uploads', false, async () => image('1.0.0'), 'bitCanUpload is 0'],
    [
      'the file has no version',
      true,
      async () => Promise.resolve(payload),
      'no MCUboot or riotboot image',
    ],
  ])(
    'what cannot be known is refused unless it is allowed: %s',
    async (_, readable, file, words) => {
      await plain(payload, readable);
      const { exit, err } = await download(await file(), '--no-downgrade');
      expect([exit, err]).toEqual([65, expect.stringContaining(words)]);
      expect(err).toContain('--allow unknown-version');
      const allowed = await download(await file(), '--no-downgrade', '--allow', 'unknown-version');
      expect([allowed.exit, allowed.err]).toEqual([
        0,
        expect.stringContaining('sent all the same'),
      ]);
    },
  );

  test('by the release of a device in run-time mode, before it is asked out of it', async () => {
    let detached = false;
    plugIn(new DfuRuntime({ onDetach: () => void (detached = true) }), 0x0200);
    const suffix = { bcdDevice: 0x0199, idVendor: 0x1209, idProduct: 0x7d02, bcdDFU: 0x0100 };
    const { exit, err } = await download(appendSuffix(payload, suffix), '--no-downgrade');
    expect([exit, err]).toEqual([
      65,
      expect.stringContaining('release 0199 by its suffix, the device is release 0200'),
    ]);
    expect(detached).toBe(false);
  });

  test('of a DfuSe device the image at the address', async () => {
    const flash = new DfuSeRam({ layout: '@Flash /0x08000000/64*002Kg' });
    flash.read(0x08000000, 8192).set(await image('3.0.0'));
    plugIn(new DfuSeMode({ memories: [flash], onLeave: () => {} }));
    const args = ['-s', '0x08000000', '--no-downgrade'];
    const older = await download(await image('2.0.0'), ...args);
    expect([older.exit, older.err]).toEqual([65, expect.stringContaining('is 3.0.0+0: older')]);
    const newer = await download(await image('3.0.1'), ...args);
    expect(newer.exit).toBe(0);
    expect(flash.read(0x08000000, 16)).toEqual((await image('3.0.1')).subarray(0, 16));
  });
});

describe('--no-downgrade of riotboot, and of several images', () => {
  const riot = (version: number): Uint8Array =>
    riotbootImage(payload, { version, headerLength: 256, slotBase: 0x08001000 });

  test('by the number in its header', async () => {
    await plain(riot(7));
    const older = await download(riot(6), '--no-downgrade');
    expect([older.exit, older.err]).toEqual([
      65,
      expect.stringContaining('the image is 6, the one in alternate 0 "ramdisk0" is 7: older'),
    ]);
    expect((await download(riot(8), '--no-downgrade')).exit).toBe(0);
    const other = await download(await image('9.0.0'), '--no-downgrade');
    expect([other.exit, other.err]).toEqual([65, expect.stringContaining('is no MCUboot image')]);
  });

  test('each with the one that it replaces', async () => {
    const flash = new DfuSeRam({ layout: '@Flash /0x08000000/64*002Kg' });
    flash.read(0x08000000, 8192).set(await image('1.0.0'));
    flash.read(0x08004000, 8192).set(await image('3.0.0'));
    plugIn(new DfuSeMode({ memories: [flash], onLeave: () => {} }));
    const merged = async (second: string): Promise<Uint8Array> =>
      new TextEncoder().encode(
        writeIntelHex([
          { address: 0x08000000, bytes: await image('1.0.0') },
          { address: 0x08004000, bytes: await image(second) },
        ]),
      );
    const older = await download(await merged('2.0.0'), '--no-downgrade');
    expect([older.exit, older.err]).toEqual([
      65,
      expect.stringContaining('at 0x08004000 is 3.0.0+0: older'),
    ]);
    expect((await download(await merged('3.0.1'), '--no-downgrade')).exit).toBe(0);
    expect(flash.read(0x08004000, 16)).toEqual((await image('3.0.1')).subarray(0, 16));
  });
});

test('--min-version and --require-suffix', async () => {
  await plain(erased);
  const old = await download(await image('1.0.0'), '--min-version', '1.2');
  expect([old.exit, old.err]).toEqual([
    65,
    expect.stringContaining('the image is 1.0.0+0, it must be 1.2.0+0 or newer'),
  ]);
  expect((await download(payload, '--min-version', '1.2')).exit).toBe(65);
  expect((await download(payload, '--min-version', 'x')).exit).toBe(64);
  expect((await download(await image('1.2.0'), '--min-version', '1.2')).exit).toBe(0);
  expect((await download(payload, '--require-suffix')).err).toContain('has no DFU suffix');
  const any = { bcdDevice: 0xffff, idVendor: 0x1209, idProduct: 0xffff, bcdDFU: 0x0100 };
  expect((await download(appendSuffix(payload, any), '--require-suffix')).exit).toBe(65);
  const named = { ...any, idProduct: 0x7d02 };
  expect((await download(appendSuffix(payload, named), '--require-suffix')).exit).toBe(0);
});
