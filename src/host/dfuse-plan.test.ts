import { describe, expect, test } from 'vitest';
import { dfuse } from '../../test/support/host-bench.ts';
import { downloadPlan, planTerms } from './dfuse-plan.ts';
import type { DfuSeModifiers, DfuSeOperation, PlanTerms } from './dfuse-plan.ts';
import { uploadPlan } from './dfuse-read-plan.ts';
import { UPLOAD_START, uploadStep } from './upload-steps.ts';
import type { UploadState } from './upload-steps.ts';

/* What is sent in which order: plans, walked and not carried out. */

const BASE = 0x08000000;

function terms(name: string, wTransferSize: number, modifiers: DfuSeModifiers = {}): PlanTerms {
  const functional = { ...dfuse.functional, wTransferSize };
  return planTerms({ ...dfuse, name, functional }, modifiers);
}

/** Operations in words: `erase 8000000`, `pointer 8000000`, `write 2 8000000 4`, `read …`, `idle`, `leave`. */
function words(operations: Iterable<DfuSeOperation>): string[] {
  return Array.from(operations, (each) => {
    switch (each.op) {
      case 'command': {
        const { command } = each;
        const name = command.command === 'set-address' ? 'pointer' : command.command;
        return 'address' in command ? `${name} ${command.address.toString(16)}` : name;
      }
      case 'write':
        return `write ${each.wBlockNum} ${each.address.toString(16)} ${each.data.length}`;
      case 'read':
        return `read ${each.wBlockNum} ${each.address.toString(16)} ${each.lengthBytes}`;
      case 'idle':
      case 'leave':
        return each.op;
      default:
        return each satisfies never;
    }
  });
}

describe('beyond 65 534 blocks, where block numbers are at their end', () => {
  const big = '@Flash/0x08000000/16*16Kg';
  const bytes = 65_534 + 3;
  const isPointer = (word: string): boolean => word.startsWith('pointer');

  test('a download sets the pointer again and begins with block 2', () => {
    const elements = [{ address: BASE, data: new Uint8Array(bytes) }];
    const { operations } = downloadPlan(elements, terms(big, 1));
    const all = words(operations).filter((word) => !word.startsWith('erase'));
    expect(all).toHaveLength(bytes + 2);
    expect(all.filter(isPointer)).toEqual(['pointer 8000000', 'pointer 800fffe']);
    expect(all.slice(65_534, 65_538)).toEqual([
      'write 65535 800fffd 1',
      'pointer 800fffe',
      'write 2 800fffe 1',
      'write 3 800ffff 1',
    ]);
  });

  test('so does an upload, from dfuIDLE', () => {
    const { operations } = uploadPlan(terms(big, 1, { address: BASE, lengthBytes: bytes }), 1e6);
    const all = words(operations);
    expect(all.slice(0, 3)).toEqual(['pointer 8000000', 'idle', 'read 2 8000000 1']);
    expect(all.slice(65_535, 65_541)).toEqual([
      'read 65535 800fffd 1',
      'idle',
      'pointer 800fffe',
      'idle',
      'read 2 800fffe 1',
      'read 3 800ffff 1',
    ]);
  });

  test('an upload of plain DFU goes on with 0', () => {
    const limits = { transferSizeBytes: 4, maxBytes: 1e6 };
    let state: UploadState = { at: 'asking', blocks: 65_535, bytes: 65_535 * 4 };
    const [storing] = uploadStep(state, { is: 'data', data: new Uint8Array(4) }, limits);
    [state] = [storing];
    expect(uploadStep(state, { is: 'done' }, limits)[1]).toMatchObject({ do: 'in', wValue: 0 });
    expect(uploadStep(UPLOAD_START, { is: 'start' }, limits)[1]).toMatchObject({ wValue: 0 });
  });
});

describe('what is sent', () => {
  const four = (address: number, length = 4): { address: number; data: Uint8Array } => ({
    address,
    data: new Uint8Array(length),
  });

  test('erases each sector that is touched, once, and sets the pointer once a run', () => {
    const elements = [four(BASE + 4, 40), four(BASE + 60)];
    const { operations, ending } = downloadPlan(elements, terms('@F/0x08000000/8*16Bg', 16));
    expect(words(operations)).toEqual([
      'erase 8000000',
      'erase 8000010',
      'erase 8000020',
      'erase 8000030',
      'pointer 8000004',
      'write 2 8000004 16',
      'write 3 8000014 16',
      'write 4 8000024 8',
      'pointer 800003c',
      'write 2 800003c 4',
    ]);
    expect(words(ending)).toEqual(['idle']);
  });

  test('two regions of one alternate, each with sectors of its own', () => {
    const name = '@F/0x08000000/2*16Bg/0x20000000/1*32Bg';
    const elements = [four(BASE + 16), four(0x20000000, 20)];
    expect(words(downloadPlan(elements, terms(name, 16)).operations)).toEqual([
      'erase 8000010',
      'erase 20000000',
      'pointer 8000010',
      'write 2 8000010 4',
      'pointer 20000000',
      'write 2 20000000 16',
      'write 3 20000010 4',
    ]);
  });

  test('option bytes (type e) are written and not erased', () => {
    const name = '@Option Bytes  /0x1FFFF800/01*016 e';
    expect(words(downloadPlan([four(0x1ffff800, 16)], terms(name, 16)).operations)).toEqual([
      'pointer 1ffff800',
      'write 2 1ffff800 16',
    ]);
  });

  test.each([
    ['a', 'not writable'],
    ['c', 'not writable'],
    ['b', 'not writable'],
  ])('type %s is refused before anything is erased', (letter, why) => {
    const given = terms(`@F/0x08000000/1*16B${letter}`, 16);
    expect(() => downloadPlan([four(BASE)], given)).toThrow(why);
  });

  test.each([
    ['d', 'not readable'],
    ['f', 'not readable'],
  ])('type %s is not read', (letter, why) => {
    const given = terms(`@F/0x08000000/1*16B${letter}`, 16, { address: BASE, lengthBytes: 4 });
    expect(() => uploadPlan(given, 1e6)).toThrow(why);
  });

  test('in other blocks than the device counts in, the pointer is set before each', () => {
    const given = terms('@F/0x08000000/8*16Bg', 16, { massErase: true, force: true });
    const { operations } = downloadPlan([four(BASE, 20)], { ...given, transferSizeBytes: 8 });
    expect(words(operations)).toEqual([
      'mass-erase',
      'pointer 8000000',
      'write 2 8000000 8',
      'pointer 8000008',
      'write 2 8000008 8',
      'pointer 8000010',
      'write 2 8000010 4',
    ]);
  });
});
