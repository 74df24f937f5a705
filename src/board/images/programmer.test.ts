import { describe, expect, test } from 'vitest';
import { machineCode } from '../../../test/support/machine-code.ts';
import { tinyBoard } from '../../../test/support/tiny-board.ts';
import { MemoryFlash } from '../../flash/index.ts';
import { riotbootImage, signImage } from '../../image/index.ts';
import { bootloaderOf } from '../bootloaders/bootloaders.ts';
import type { ProgramLayout } from '../seams/program-layout.ts';
import { eraseFlash, programFlash, programSegments } from './programmer.ts';
import type { ProgramTarget } from './programmer.ts';

const BASE = 0x08000000;
const code = new TextEncoder().encode('program');

const layoutOf = (name: string, mode?: string): ProgramLayout =>
  bootloaderOf(tinyBoard, name).layout(tinyBoard, mode);

const boxed = (name: string, slot: number, mode?: string): Promise<Uint8Array> =>
  bootloaderOf(tinyBoard, name).firmware.box(code, { model: tinyBoard, slot, mode });

function flash(): MemoryFlash {
  return new MemoryFlash(tinyBoard.flash);
}

/** Signed or not, an image that MCUboot's header begins. */
function withHeader(flags: number, loadAddr: number): Uint8Array {
  const image = new Uint8Array(64);
  const view = new DataView(image.buffer);
  view.setUint32(0, 0x96f3b83d, true);
  view.setUint32(4, loadAddr, true);
  view.setUint16(8, 32, true);
  view.setUint32(12, 16, true);
  view.setUint32(16, flags, true);
  return image;
}

describe('where an image goes', () => {
  test.each([0, 1])('into the slot that its riotboot header names: %i', async (slot) => {
    const image = await boxed('riotboot', slot);
    const layout = layoutOf('riotboot');
    const { address } = layout.slots[slot] ?? {};
    expect(programFlash(flash(), layout, image)).toEqual({ address, bytes: image.length, slot });
  });

  test('a riotboot image of another layout is refused with both addresses', async () => {
    const image = await boxed('riotboot', 1);
    const wrong = /linked for another layout: expected 0x8004100 or 0x800a100, got 0x8009100/;
    expect(() => programFlash(flash(), layoutOf('riotboot_dfu'), image)).toThrow(wrong);
  });

  test.each([
    [0, 0, BASE + 0x4000],
    [0x100, 0x8000, BASE + 0x8000],
    [0x100, 0x4000, BASE + 0x4000],
  ])('an MCUboot image of flags %i and load address %i', (flags, loadAddr, address) => {
    const layout = layoutOf('mcuboot', 'direct-xip');
    expect(programFlash(flash(), layout, withHeader(flags, loadAddr)).address).toBe(address);
  });

  test('an image of another bootloader is refused; where it is told to go it is told why it will not run', async () => {
    const riotboot = await boxed('riotboot', 0);
    const wrong = 'expected an MCUboot image, got a riotboot image';
    expect(() => programFlash(flash(), layoutOf('mcuboot'), riotboot)).toThrow(wrong);
    const force = true;
    const put = (target: ProgramTarget): string | undefined =>
      programFlash(flash(), layoutOf('mcuboot'), riotboot, target).doubt;
    expect(() => put({ slot: 0 })).toThrow(`it will not run at 0x08004000: the image is for`);
    expect(put({ slot: 0, force })).toContain(wrong);
    const mcuboot = withHeader(0, 0);
    const other = 'expected a riotboot image, got an MCUboot image';
    expect(() => programFlash(flash(), layoutOf('riotboot'), mcuboot)).toThrow(other);
  });

  test('an image that is linked for another slot than it is told to go to is told so', async () => {
    const image = await boxed('riotboot', 0);
    const doubtIn = (slot: number, force?: boolean): string | undefined =>
      programFlash(flash(), layoutOf('riotboot'), image, { slot, force }).doubt;
    expect(doubtIn(0)).toBeUndefined();
    const words = 'the image is linked for slot 0 (0x08002100), not for slot 1 (0x08009100)';
    expect(() => doubtIn(1)).toThrow(`it will not run at 0x08009000: ${words}`);
    expect(doubtIn(1, true)).toBe(words);
  });

  test('an MCUboot image for another place is refused', () => {
    const image = withHeader(0x100, 0x1234);
    const wrong = 'expected 0x4000 or 0x8000, got 0x1234';
    expect(() => programFlash(flash(), layoutOf('mcuboot'), image)).toThrow(wrong);
  });

  test('to the start where there are no slots, whatever it is', () => {
    const programmed = programFlash(flash(), layoutOf('none'), code);
    expect(programmed).toEqual({ address: BASE, bytes: code.length, slot: undefined });
  });

  test('what has no header must say', () => {
    const wrong =
      'the image has no header: make an MCUboot image of it with imgtool sign, or say slot or address';
    expect(() => programFlash(flash(), layoutOf('mcuboot'), new Uint8Array(64))).toThrow(wrong);
  });

  test.each([
    ['mcuboot', 'expected a slot below 2, got slot 3'],
    ['none', 'there are no slots, got slot 3'],
  ])('%s has no slot 3', (name, wrong) => {
    expect(() => programFlash(flash(), layoutOf(name), code, { slot: 3 })).toThrow(wrong);
  });
});

describe('machine code', () => {
  const raw = (address: number): Uint8Array => machineCode(address);
  /** As Zephyr's build leaves it: room for a header, then the vectors. */
  const withRoom = (address: number): Uint8Array =>
    new Uint8Array([...new Uint8Array(0x80), ...raw(address)]);
  const signed = async (address: number): Promise<Uint8Array> => {
    const version = { major: 1, minor: 0, revision: 0, build: 0 };
    const { bytes } = await signImage(withRoom(address), { version, headerSize: 0x80 });
    return bytes;
  };
  const put = (
    bootloader: string,
    image: Uint8Array,
    target?: ProgramTarget,
    mode?: string,
  ): string | undefined => programFlash(flash(), layoutOf(bootloader, mode), image, target).doubt;

  test('that is swapped is linked for slot 0, whichever it goes to', async () => {
    const image = await signed(0x08004080);
    expect([put('mcuboot', image), put('mcuboot', image, { slot: 1 })]).toEqual([
      undefined,
      undefined,
    ]);
    const other = await signed(0x08008080);
    const words =
      /will not run at 0x08008000: it would run from 0x08004080 to 0x080040c3, but its reset vector is 0x080080c1; it is linked for slot 1, 0x08008080$/;
    expect(() => put('mcuboot', other, { slot: 1 })).toThrow(words);
    expect(put('mcuboot', other, { slot: 1, force: true })).toContain('linked for slot 1');
  });

  test('that runs in place is linked for its slot', async () => {
    const image = await signed(0x08008080);
    expect(put('mcuboot', image, { slot: 1 }, 'direct-xip')).toBeUndefined();
    expect(() => put('mcuboot', image, { slot: 0 }, 'direct-xip')).toThrow('linked for slot 1');
  });

  test('in a box of riotboot must be what the box says', () => {
    const inBox = (startAddress: number, address: number): Uint8Array =>
      riotbootImage(raw(address), { version: 1, startAddress, headerLength: 0x100 });
    expect(put('riotboot', inBox(0x08009100, 0x08009100))).toBeUndefined();
    expect(() => put('riotboot', inBox(0x08009100, 0x08002100))).toThrow(
      'reset vector is 0x08002141; it is linked for slot 0, 0x08002100',
    );
  });

  test('without a header begins where it is put, or behind the room for one', () => {
    expect(put('none', raw(BASE))).toBeUndefined();
    expect(put('mcuboot', withRoom(0x08004080), { slot: 0 })).toBe(
      'it has no header; make an MCUboot image of it with imgtool sign',
    );
    expect(put('riotboot', raw(0x08002000), { slot: 0 })).toContain('with genhdr');
    expect(() => put('none', withRoom(0x08004080))).toThrow(
      /would run from 0x08000080 to .*, but its reset vector is 0x080040c1$/,
    );
    expect(() => put('riotboot', raw(0x08002100), { slot: 0 })).toThrow('reset vector');
  });

  test('in a file with addresses is looked at, too', () => {
    const at =
      (address: number, linked: number): (() => unknown) =>
      () =>
        programSegments(flash(), layoutOf('none'), [{ address, bytes: raw(linked) }]);
    expect(at(0x08004000, 0x08004000)).not.toThrow();
    expect(at(0x08004000, 0x08008000)).toThrow('will not run at 0x08004000');
  });
});

describe('what is written', () => {
  test('keeps what lies around it', () => {
    const memory = flash();
    memory.program(0x4000, new Uint8Array(1024).fill(0x11));
    programFlash(memory, layoutOf('mcuboot'), code, { address: BASE + 0x4010 });
    expect(memory.read(0x4000, 16)).toEqual(new Uint8Array(16).fill(0x11));
    expect(memory.read(0x4010, code.length)).toEqual(code);
    expect(memory.read(0x4010 + code.length, 4)).toEqual(new Uint8Array(4).fill(0x11));
  });

  test('swap using offset: the header of an older image in front of it goes', () => {
    const memory = flash();
    memory.program(0x8000, new Uint8Array(64).fill(0x3d));
    const layout = layoutOf('mcuboot', 'swap-using-offset');
    const { address } = programFlash(memory, layout, code, { slot: 1 });
    expect(address).toBe(BASE + 0x8400);
    expect(memory.read(0x8000, 64)).toEqual(new Uint8Array(64).fill(0xff));
    expect(memory.read(0x8400, code.length)).toEqual(code);
  });

  test('never the bootloader, nor more than a slot, nor nothing', () => {
    const layout = layoutOf('mcuboot');
    const at = { address: BASE + 0x100 };
    const big = new Uint8Array(0x4001);
    expect(() => programFlash(flash(), layout, code, at)).toThrow('up to 0x8004000 lies');
    expect(() => programFlash(flash(), layout, big, { slot: 0 })).toThrow('expected at most 16384');
    const offset = layoutOf('mcuboot', 'swap-using-offset');
    const nearly = new Uint8Array(0x4000);
    expect(() => programFlash(flash(), offset, nearly, { slot: 1 })).toThrow('at most 15360');
    expect(() => programFlash(flash(), layout, code.subarray(0, 0), { slot: 0 })).toThrow('empty');
  });

  test('erasing erases all of it', () => {
    const memory = flash();
    memory.program(0, code.subarray(0, 4));
    memory.program(0xfffc, code.subarray(0, 4));
    eraseFlash(memory);
    expect(memory.read(0, 0x10000).every((byte) => byte === 0xff)).toBe(true);
  });
});

describe('a file that says what belongs where', () => {
  const at = (address: number, text = 'program'): { address: number; bytes: Uint8Array } => ({
    address,
    bytes: new TextEncoder().encode(text),
  });

  test('each piece goes to its address; loader and other memories are left out and answered', () => {
    const memory = flash();
    const uicr = at(0x1000_1200);
    const layout = layoutOf('mcuboot');
    const pieces = [at(BASE + 0x3ffc), at(BASE + 0x8000), uicr];
    const { programmed, bootloader, outside } = programSegments(memory, layout, pieces);
    expect(programmed).toEqual([
      { address: BASE + 0x4000, bytes: 3, slot: 0 },
      { address: BASE + 0x8000, bytes: 7, slot: 1 },
    ]);
    expect(bootloader).toEqual([at(BASE + 0x3ffc, 'prog')]);
    expect(outside).toEqual([uicr]);
    expect(memory.read(0x3ffc, 8)).toEqual(
      Uint8Array.of(255, 255, 255, 255, ...at(0, 'ram').bytes, 255),
    );
  });

  test('a gap within a sector is erased, a sector that no piece touches stays', () => {
    const memory = flash();
    memory.program(0x4000, new Uint8Array(0x1000).fill(0x11));
    const pieces = [at(BASE + 0x4000), at(BASE + 0x4020), at(BASE + 0x4c00)];
    expect(programSegments(memory, layoutOf('mcuboot'), pieces).programmed.length).toBe(2);
    expect(memory.read(0x4007, 0x19)).toEqual(new Uint8Array(0x19).fill(0xff));
    expect(memory.read(0x4800, 16)).toEqual(new Uint8Array(16).fill(0x11));
  });

  test('nothing is written where a piece does not fit, or none is for the flash', () => {
    const memory = flash();
    const layout = layoutOf('mcuboot');
    const big = { address: BASE + 0x8000, bytes: new Uint8Array(0x4001) };
    expect(() => programSegments(memory, layout, [at(BASE + 0x4000), big])).toThrow('slot 1');
    expect(memory.read(0x4000, 0x4000).every((byte) => byte === 0xff)).toBe(true);
    expect(() => programSegments(memory, layout, [at(0), at(BASE)])).toThrow(
      'nothing to program: expected bytes from 0x08004000 to 0x0800ffff, got 0x00000000 to 0x00000006',
    );
  });
});
