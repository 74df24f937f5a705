import { describe, expect, test } from 'vitest';
import { writeIntelHex } from '../../image/index.ts';
import { Desk, image } from '../../../test/support/image-desk.ts';
import { toolchainFile } from '../../../test/support/toolchain/read.ts';
import { uf2Blocks, uf2File } from '../../../test/support/uf2-file.ts';
import { vectorFile } from '../../../test/support/mcuboot/imgtool-runs.ts';

const signed = vectorFile('out/version-4.bin.gz');
const uicr = { address: 0x1000_1200, bytes: Uint8Array.of(1, 2, 3, 4) };
const text = (words: string): Uint8Array => new TextEncoder().encode(words);
const hex = (...segments: Parameters<typeof writeIntelHex>[0][number][]): Uint8Array =>
  text(writeIntelHex(segments));

function deskWith(files: Readonly<Record<string, Uint8Array>>): Desk {
  const desk = new Desk();
  for (const [name, bytes] of Object.entries(files)) desk.written.set(name, bytes);
  return desk;
}

const changed = (bytes: Uint8Array): Uint8Array => {
  const other = bytes.slice();
  other[0x120] = (other[0x120] ?? 0) ^ 1;
  return other;
};

describe('a HEX file with an image and configuration words', () => {
  const desk = (): Desk => deskWith({ 'a.hex': hex({ address: 0, bytes: signed }, uicr) });

  test('is verified by its image, and the words are named', async () => {
    const at = desk();
    expect((await image(at, 'verify', 'a.hex')).exit).toBe(0);
    expect(at.err).toContain(
      'a.hex: left out, for another memory than the image at 0x00000000: 0x10001200 to 0x10001203 (4 bytes)',
    );
  });

  test('is signed without the words, and they are named', async () => {
    const at = deskWith({
      'a.hex': hex({ address: 0, bytes: vectorFile('in/p300.bin') }, uicr),
    });
    const args = ['-H', '32', '-v', '1.2.3+4', '-o', 'b.bin'];
    expect((await image(at, 'sign', 'a.hex', ...args)).exit).toBe(0);
    expect(at.err).toContain('0x10001200 to 0x10001203 (4 bytes)');
    await image(at, 'sign', 'in/p300.bin', ...args.slice(0, -1), 'c.bin');
    expect(at.written.get('b.bin')).toEqual(at.written.get('c.bin'));
  });

  test('differs where only the words do', async () => {
    const at = desk();
    at.written.set(
      'b.hex',
      hex({ address: 0, bytes: signed }, { ...uicr, bytes: Uint8Array.of(1, 2, 3, 5) }),
    );
    at.written.set('c.hex', hex({ address: 0, bytes: signed }));
    const words = await image(at, 'diff', 'a.hex', 'b.hex');
    expect(words.exit).toBe(1);
    expect(words.out).toContain('elsewhere: 1 byte differ in 1 place');
    expect(words.out).toContain('0x10001203');
    const none = await image(at, 'diff', 'a.hex', 'c.hex');
    expect(none.exit).toBe(1);
    expect(none.out).toContain('elsewhere: only in the first, 0x10001200 to 0x10001203 (4 bytes)');
    expect((await image(at, 'diff', 'c.hex', 'a.hex')).out).toContain('only in the second');
  });
});

describe('a merged file', () => {
  const boot = { address: 0, bytes: Uint8Array.of(1, 2, 3) };

  test('is verified by the one image in it', async () => {
    const at = deskWith({ 'm.hex': hex(boot, { address: 0xc000, bytes: signed }) });
    const { exit, out } = await image(at, 'verify', 'm.hex');
    expect(exit).toBe(0);
    expect(out).toContain('m.hex: MCUboot image');
    expect(at.err).toContain('m.hex: taken: the image at 0x0000c000');
    at.written.set('bad.hex', hex(boot, { address: 0xc000, bytes: changed(signed) }));
    await expect(image(at, 'verify', 'bad.hex')).rejects.toThrow('bad.hex: ');
  });

  test('with several needs to be told which; none is passed over', async () => {
    const bad = changed(signed);
    const segments = [boot, { address: 0xc000, bytes: signed }, { address: 0x1_0000, bytes: bad }];
    const at = deskWith({
      'm.hex': hex(...segments),
      'two.hex': hex({ address: 0, bytes: signed }, { address: 0x1_0000, bytes: bad }),
    });
    await expect(image(at, 'verify', 'm.hex')).rejects.toThrow(
      'm.hex: expected one image, got images at 0x0000c000, 0x00010000; say which with --part ADDRESS',
    );
    await expect(image(at, 'verify', 'two.hex')).rejects.toThrow('say which with --part ADDRESS');
    expect((await image(at, 'verify', 'm.hex', '--part', '0xc000')).exit).toBe(0);
    await expect(image(at, 'verify', 'm.hex', '--part', '0x10000')).rejects.toThrow('m.hex: ');
    await expect(image(at, 'verify', 'm.hex', '--part', '1')).rejects.toThrow(
      'm.hex: --part: expected 1, the file has images at 0x0000c000, 0x00010000',
    );
  });
});

describe('a package', () => {
  const desk = (): Desk =>
    deskWith({ 'dfu_application.zip': toolchainFile('dfu_application.zip') });

  test('with several images needs to be told which, by name', async () => {
    await expect(image(desk(), 'verify', 'dfu_application.zip')).rejects.toThrow(
      /dfu_application\.zip: expected one image, got a package of app_update\.bin \(image_index 0[^]*net_core_app_update\.bin \(image_index 1[^]*say which with --part NAME/,
    );
    const args = ['dfu_application.zip', '--part', 'app_update.bin'];
    expect((await image(desk(), 'verify', ...args)).exit).toBe(0);
    await expect(image(desk(), 'verify', 'dfu_application.zip', '--part', 'x.bin')).rejects.toThrow(
      '--part: expected one file x.bin in the package, which has app_update.bin',
    );
  });

  test('is compared with another file by file, and with an image by one of its', async () => {
    const at = desk();
    const zip = toolchainFile('dfu_application.zip');
    at.written.set('same.zip', Uint8Array.from(zip));
    expect((await image(at, 'diff', 'dfu_application.zip', 'same.zip')).exit).toBe(0);
    await expect(image(at, 'diff', 'dfu_application.zip', 'out/version-4.bin.gz')).rejects.toThrow(
      'say which with --part NAME',
    );
    const args = ['dfu_application.zip', 'out/version-4.bin.gz', '--part', 'app_update.bin'];
    expect((await image(at, 'diff', ...args)).out).toMatch(/no difference|differ|→/);
  });

  test('that is damaged is named', async () => {
    const at = deskWith({ 'a.zip': toolchainFile('dfu_application.zip').slice(0, 200) });
    for (const command of [
      ['verify', 'a.zip'],
      ['diff', 'a.zip', 'in/p300.bin'],
      ['sign', 'a.zip', '-v', '1.0', '-o', 'b'],
      ['info', 'a.zip'],
    ]) {
      await expect(image(at, ...command)).rejects.toThrow(/^a\.zip: /);
    }
  });
});

test('a damaged HEX file is named by its path, whatever looks into it', async () => {
  const at = deskWith({ 'a.hex': text(':0400000001020304f3\n:00000001FF\n') });
  for (const command of [
    ['verify', 'a.hex'],
    ['diff', 'in/p300.bin', 'a.hex'],
    ['diff', 'a.hex', 'in/p300.bin'],
    ['sign', 'a.hex', '-v', '1.0', '-o', 'b'],
  ]) {
    await expect(image(at, ...command)).rejects.toThrow(
      'a.hex: Intel HEX line 1: expected checksum',
    );
  }
});

test('of a UF2 file for several chips the family is named', async () => {
  const [rp2040, arm] = [0xe48b_ff56, 0xe48b_ff59];
  const one = uf2Blocks([{ address: 0x1000_0000, bytes: signed }], { family: rp2040 });
  const other = uf2Blocks([{ address: 0x1000_0000, bytes: changed(signed) }], { family: arm });
  const at = deskWith({ 'a.uf2': uf2File(...one, ...other) });
  await expect(image(at, 'verify', 'a.uf2')).rejects.toThrow(
    'a.uf2: UF2: expected blocks for one family, got RP2040 (0xe48bff56), RP2350 Arm secure (0xe48bff59); say which with --part FAMILY',
  );
  for (const part of ['rp2040', '0xe48bff56', String(rp2040)]) {
    expect((await image(at, 'verify', 'a.uf2', '--part', part)).exit).toBe(0);
  }
  await expect(image(at, 'verify', 'a.uf2', '--part', 'rp2350-arm-secure')).rejects.toThrow(
    'a.uf2: ',
  );
  await expect(image(at, 'info', 'a.uf2')).rejects.toThrow('; say which with --part FAMILY');
  expect((await image(at, 'info', 'a.uf2', '--part', 'RP2040')).out).toContain('UF2');
  await expect(image(at, 'verify', 'a.uf2', '--part', 'nRF52')).rejects.toThrow(
    'a.uf2: UF2: expected blocks for nRF52, got RP2040',
  );
});

test('a file of very many pieces is compared and told all the same', async () => {
  const lines = [':020000041000EA'];
  for (let n = 0; n < 150_000; n += 1) {
    const at = (n * 2) % 0x10000;
    if (n > 0 && at === 0) {
      const high = 0x1000 + (n * 2) / 0x10000;
      const sum = -(2 + 4 + (high >> 8) + (high & 0xff)) & 0xff;
      lines.push(`:02000004${high.toString(16)}${sum.toString(16).padStart(2, '0')}`);
    }
    const sum = -(1 + (at >> 8) + (at & 0xff)) & 0xff;
    lines.push(`:01${at.toString(16).padStart(4, '0')}0000${sum.toString(16).padStart(2, '0')}`);
  }
  const far = text(`:0100000000FF\n${lines.join('\n')}\n:00000001FF\n`);
  const desk = deskWith({
    'far.hex': far,
    'near.hex': hex({ address: 0, bytes: Uint8Array.of(0) }),
  });
  expect((await image(desk, 'diff', 'far.hex', 'near.hex')).exit).toBe(1);
  expect((await image(desk, 'info', 'far.hex')).exit).toBe(0);
}, 60_000);
