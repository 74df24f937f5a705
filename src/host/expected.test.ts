import { describe, expect, test } from 'vitest';
import { dfuse, plain } from '../../test/support/host-bench.ts';
import { machineCode } from '../../test/support/machine-code.ts';
import { riotbootImage, writeIntelHex } from '../image/index.ts';
import type { FirmwareTarget } from '../image/index.ts';
import { sendPlan, sendingOf } from './index.ts';
import type { DfuInterface, SendOptions } from './index.ts';

/* Device and file against what somebody knows of the device; at the command: test/cli/download-board.test.ts. */

const twoSlots: FirmwareTarget = {
  name: 'board tiny with riotboot_dfu',
  dfuId: { idVendor: plain.idVendor, idProduct: plain.idProduct },
  flash: { address: 0x08000000, sizeBytes: 0x10000 },
  ram: { address: 0x20000000, sizeBytes: 0x4000 },
  imageKind: 'riotboot',
  slots: [0, 1].map((index) => ({
    index,
    address: 0x08004000 + index * 0x6000,
    sizeBytes: 0x6000,
    imageAddress: 0x08004100 + index * 0x6000,
    headerBytes: 0x100,
    mostBytes: 0x6000,
    alternate: index,
  })),
};
const slot = (alternate: number): DfuInterface => ({ ...plain, alternate, alternates: 2 });
const image = (index: number): Uint8Array =>
  riotbootImage(machineCode(0x08004100 + index * 0x6000), {
    version: 1,
    headerLength: 0x100,
    slotBase: 0x08004000 + index * 0x6000,
  });

const loader: FirmwareTarget = {
  name: 'board chip with loader',
  dfuId: { idVendor: dfuse.idVendor, idProduct: dfuse.idProduct },
  flash: twoSlots.flash,
  ram: twoSlots.ram,
  memories: [{ alternate: 0, layout: '@Flash /0x08000000/32*002Kg' }],
  slots: [],
};
const chip = (name: string): DfuInterface => ({ ...dfuse, alternate: 0, alternates: 1, name });

/** What is told, or why nothing is sent. */
function verdict(
  file: Uint8Array,
  entry: DfuInterface,
  { expected = twoSlots, ...options }: SendOptions = {},
): readonly string[] | string {
  const sending = sendingOf(sendPlan(file, { ...options, expected }), entry);
  if (sending.dialect === undefined) return sending.refused.message;
  return [...(sending.confirmed ?? []), ...sending.notes];
}

describe('slots', () => {
  test('each with its own images, and nothing else', () => {
    expect(verdict(image(0), slot(0))).toEqual([
      expect.stringMatching(/^as board tiny.* has it: ids .*, 2 alternate settings, its place/),
    ]);
    expect(verdict(image(1), slot(0))).toContain('it is for slot 1, alternate 1');
    expect(verdict(Uint8Array.of(1, 2, 3), slot(0))).toContain('no image with such a header');
    expect(verdict(new Uint8Array(40).fill(0xff), slot(0))).toContain('nothing but 0xff');
  });

  test('a device with fewer is another one', () => {
    const words = 'the device has 1 alternate setting, board tiny with riotboot_dfu has 2';
    const one = { ...plain, alternate: 0, alternates: 1 };
    expect(verdict(image(0), one)).toContain(words);
    expect(verdict(image(0), one, { allow: ['other-device'] })).toContainEqual(
      `not for board tiny with riotboot_dfu: ${words}; sent all the same`,
    );
  });

  test('an address in the file is the one of the slot', () => {
    const at = (address: number): Uint8Array =>
      new TextEncoder().encode(writeIntelHex([{ address, bytes: image(0) }]));
    expect(verdict(at(0x08004000), slot(0))).toEqual([
      expect.stringContaining('the addresses of the file'),
    ]);
    expect(verdict(at(0x08005000), slot(0))).toContain('slot 0 is at 0x08004000');
  });
});

describe('memories of a DfuSe loader', () => {
  const code = machineCode(0x08000000);
  const options = { expected: loader, address: 0x08000000 };

  test('by where the sectors are, however that is written', () => {
    const same = chip('@Internal Flash /0x08000000/8*002Kg,24*002Ka');
    expect(verdict(code, same, options)).toEqual([
      expect.stringContaining('the memory of alternate 0'),
    ]);
    expect(verdict(code, chip('@Flash /0x08000000/16*004Kg'), options)).toContain(
      'has 16 × 4096 bytes at 0x08000000, board chip with loader has 32 × 2048 bytes',
    );
    const mixed = chip('@Flash /0x08000000/1*1Kg,1*2Kg,1*3Kg,1*4Kg,1*5Kg,1*6Kg');
    expect(verdict(code, mixed, options)).toContain('and 2 more');
  });

  test('what says nothing of its memory is not known', () => {
    const allowed = { ...options, allow: ['no-layout'] as const };
    expect(verdict(code, chip('Flash'), allowed)).toContainEqual(
      expect.stringContaining('alternate 0 "Flash" does not say which memory it is'),
    );
  });

  test('a description that is none is an error of whoever gave it', () => {
    const expected = { ...loader, memories: [{ alternate: 0, layout: 'flash' }] };
    expect(() => sendPlan(code, { expected, address: 0x08000000 })).toThrow(
      'expected: memory layout',
    );
  });

  test('a program that starts from address 0, where a chip shows its flash', () => {
    expect(verdict(machineCode(0), chip('@Flash /0x08000000/32*002Kg'), options)).toContainEqual(
      expect.stringContaining('the addresses that it starts with'),
    );
  });
});
