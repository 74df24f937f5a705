import { describe, expect, test } from 'vitest';
import { bench, entry, idle } from '../../test/support/host-bench.ts';
import { onClock, status } from '../../test/support/scripted-pipe.ts';
import type { Line } from '../../test/support/scripted-pipe.ts';
import { toHex } from '../bytes/index.ts';
import { downloadDfuSe, send, sendPlan, sendingOf, uploadDfuSe } from './index.ts';
import type { DfuInterface, DfuSeOptions, SendEnding } from './index.ts';

/*
 * DfuSe against devices that are not as ST describes them; against those that are: the keystone.
 */

const dfuse: DfuInterface = {
  ...entry,
  name: '@Flash/0x08000000/4*16Bg',
  functional: { ...entry.functional, bcdDFUVersion: 0x011a, wTransferSize: 8 },
};

const busy = (pollMs = 0): Line => ['GETSTATUS', status('dfuDNBUSY', { pollMs })];
const taken: Line = ['GETSTATUS', status('dfuDNLOAD-IDLE')];
const command: readonly Line[] = [['DNLOAD 0 5', 'ok'], busy(), taken];
const manifest: Line = ['GETSTATUS', status('dfuMANIFEST')];
const eight = Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8);

interface Run {
  readonly script: readonly Line[];
  readonly data?: Uint8Array | undefined;
  readonly options?: DfuSeOptions | undefined;
  readonly as?: DfuInterface | undefined;
}

/** Downloads (or only commands, without data) and looks that the script went to its end. */
async function run({ script, data, options = {}, as = dfuse }: Run): Promise<SendEnding> {
  const { clock, session, device } = await bench(script, {}, as);
  const elements = data === undefined ? [] : [{ address: 0x08000000, data }];
  const work: Promise<SendEnding> =
    data === undefined
      ? send(session, sendPlan(undefined, options))
      : downloadDfuSe(session, elements, options);
  const result = await onClock(clock, work);
  expect(device.rest).toEqual([]);
  return result;
}

const written: readonly Line[] = [
  idle,
  ...command, // erase
  ...command, // pointer
  ['DNLOAD 2 8', 'ok'],
  busy(),
  taken,
];
const leaving = { leave: true } as const;

describe('leaving', () => {
  test.each([
    ['the device is gone at the block of length 0 (GD32)', [['DNLOAD 2 0', 'gone']], 'left'],
    [
      'or at the status',
      [
        ['DNLOAD 2 0', 'ok'],
        ['GETSTATUS', 'gone'],
      ],
      'left',
    ],
    ['it says dfuMANIFEST and stays', [['DNLOAD 2 0', 'ok'], manifest], 'manifested'],
    [
      'it comes back to dfuIDLE',
      [
        ['DNLOAD 2 0', 'ok'],
        ['GETSTATUS', status('dfuIDLE')],
      ],
      'manifested',
    ],
    [
      'it says nothing more',
      [
        ['DNLOAD 2 0', 'ok'],
        ['GETSTATUS', 'silent'],
      ],
      'unconfirmed',
    ],
    [
      'it goes on in dfuDNLOAD-IDLE, which means nothing',
      [['DNLOAD 2 0', 'ok'], taken],
      'unconfirmed',
    ],
    [
      'it asks for time, then leaves',
      [
        ['DNLOAD 2 0', 'ok'],
        ['GETSTATUS', status('dfuMANIFEST-SYNC', { pollMs: 30 })],
        ['GETSTATUS', 'gone'],
      ],
      'left',
    ],
  ] as const)('%s', async (_, end, ending) => {
    const script = [...written, ...command, ...(end as readonly Line[])];
    const result = await run({ script, data: eight, options: leaving });
    expect(result).toMatchObject({
      ending,
      bytes: 8,
      blocks: 1,
      acknowledged: { erasedBytes: 16 },
    });
  });

  test('what the device says against it is the error', async () => {
    const failed: Line = ['GETSTATUS', status('dfuERROR', { bStatus: 10 })];
    const script: Line[] = [...written, ...command, ['DNLOAD 2 0', 'ok'], failed];
    const work = run({ script, data: eight, options: leaving });
    await expect(work).rejects.toThrow('leaving: the device reports errFIRMWARE (10)');
  });
});

describe('commands', () => {
  test('carry the address, little endian', async () => {
    const script = [...written, ['ABORT', 'ok'] as const, idle];
    const { clock, session, device } = await bench(script, {}, dfuse);
    const elements = [{ address: 0x08000010, data: eight }];
    await onClock(clock, downloadDfuSe(session, elements));
    expect(device.sent.map(toHex).slice(0, 2)).toEqual(['4110000008', '2110000008']);
  });

  test('one that is done at once needs no second question', async () => {
    const quick: Line[] = [['DNLOAD 0 5', 'ok'], taken];
    const script: Line[] = [
      idle,
      ...quick,
      ...quick,
      ['DNLOAD 2 8', 'ok'],
      taken,
      ['ABORT', 'ok'],
      idle,
    ];
    expect(await run({ script, data: eight })).toMatchObject({ ending: 'written' });
  });

  test('stalled questions while a page is erased are asked again (STM32L4)', async () => {
    const erase: Line[] = [
      ['DNLOAD 0 5', 'ok'],
      busy(20),
      ['GETSTATUS', 'stall'],
      ['GETSTATUS', 'stall'],
      taken,
    ];
    const rest = written.slice(1 + command.length);
    const script: Line[] = [idle, ...erase, ...rest, ['ABORT', 'ok'], idle];
    expect(await run({ script, data: eight })).toMatchObject({ bytes: 8 });
  });

  test('an erase that never ends is given up', async () => {
    const never = Array.from({ length: 12 }, () => busy(10_000));
    const script: Line[] = [idle, ['DNLOAD 0 5', 'ok'], ...never, busy(10_000)];
    const { clock, session, device } = await bench(script, {}, dfuse);
    const elements = [{ address: 0x08000000, data: eight }];
    const work = onClock(clock, downloadDfuSe(session, elements));
    await expect(work).rejects.toMatchObject({ code: 'TIMEOUT' });
    expect(device.rest).toEqual([]);
    expect(clock.now()).toBe(120_000);
  });

  const erased = { massErase: true, force: true } as const;
  test('a device may restart after a mass erase if that was said', async () => {
    const script: Line[] = [idle, ['DNLOAD 0 1', 'ok'], busy(50), ['GETSTATUS', 'gone']];
    expect(await run({ script, options: { ...erased, willReset: true } })).toMatchObject({
      ending: 'left',
    });
    await expect(run({ script, options: erased })).rejects.toMatchObject({ code: 'DISCONNECTED' });
  });

  test('after read unprotect the device restarts', async () => {
    const script: Line[] = [idle, ['DNLOAD 0 1', 'ok'], busy(50), ['GETSTATUS', 'gone']];
    const options = { unprotect: true, force: true };
    expect(await run({ script, options })).toMatchObject({ ending: 'left' });
  });

  test('a refusal without a reason says which', async () => {
    const script: Line[] = [idle, ['DNLOAD 0 5', 'stall'], idle, idle];
    await expect(run({ script, data: eight })).rejects.toThrow(
      'erase 0x08000000: the device refused it with a stall',
    );
  });
});

describe('a device without a memory layout', () => {
  const as = { ...dfuse, name: 'UNKNOWN' };

  test('is written to only by force, and nothing is erased', async () => {
    await expect(run({ script: [], data: eight, as })).rejects.toMatchObject({
      code: 'UNSUPPORTED',
    });
    const script: Line[] = [idle, ...written.slice(1 + command.length), ['ABORT', 'ok'], idle];
    expect(await run({ script, data: eight, options: { force: true }, as })).toMatchObject({
      bytes: 8,
      acknowledged: { erasedBytes: 0 },
    });
  });

  test('is read for as long as it is told', async () => {
    const { session } = await bench([], {}, as);
    await expect(uploadDfuSe(session, () => {}, { address: 0 })).rejects.toMatchObject({
      code: 'INVALID_ARGUMENT',
    });
  });
});

test('an upload that is cut short ends there', async () => {
  const script: Line[] = [
    idle,
    ...command,
    ['ABORT', 'ok'],
    idle,
    ['UPLOAD 2 8', eight],
    ['UPLOAD 3 8', eight.subarray(0, 3)],
    ['ABORT', 'ok'],
    idle,
  ];
  const { clock, session, device } = await bench(script, {}, dfuse);
  const chunks: Uint8Array[] = [];
  const sink = (chunk: Uint8Array): void => void chunks.push(chunk);
  await expect(
    onClock(clock, uploadDfuSe(session, sink, { address: 0x08000000 })),
  ).rejects.toMatchObject({
    code: 'INCOMPLETE',
    message: expect.stringContaining('ended the upload after 11 of 64 bytes') as string,
    progress: { planned: { bytes: 64 }, acknowledged: { bytes: 11, blocks: 2 } },
  });
  expect(device.rest).toEqual([]);
  expect(Buffer.concat(chunks)).toHaveLength(11);
});

describe('a device that is slow, protected, or odd at the end', () => {
  const erasing = { massErase: true, force: true } as const;

  test('may keep its answer for as long as a mass erase takes (STM32F405), and no longer', async () => {
    const script: Line[] = [idle, ['DNLOAD 0 1', 'ok'], busy(100), ['GETSTATUS', 'silent']];
    const { clock, session } = await bench(script, {}, dfuse);
    const work = onClock(clock, send(session, sendPlan(undefined, erasing)));
    await expect(work).rejects.toMatchObject({
      code: 'TIMEOUT',
      message: expect.stringMatching(
        /^DFU_GETSTATUS: .*0 of 1 erases; it may be half erased/,
      ) as string,
      remedies: ['erase-time'],
    });
    expect(clock.now()).toBe(100 + 35_000);
  });

  test('a command that erases no more than a sector is waited for as any', async () => {
    const script: Line[] = [idle, ['DNLOAD 0 5', 'ok'], ['GETSTATUS', 'silent']];
    const { clock, session } = await bench(script, {}, dfuse);
    const elements = [{ address: 0x08000000, data: eight }];
    await expect(onClock(clock, downloadDfuSe(session, elements))).rejects.toMatchObject({
      code: 'TIMEOUT',
    });
    expect(clock.now()).toBe(5000);
  });

  test('errVENDOR to the first thing that is asked of its flash: how the protection is taken off', async () => {
    const vendor: Line = ['GETSTATUS', status('dfuERROR', { bStatus: 11 })];
    const hint = { code: 'DEVICE_STATUS', status: 11, remedies: ['unprotect'] };
    const script: Line[] = [idle, ['DNLOAD 0 5', 'ok'], vendor];
    await expect(run({ script, data: eight })).rejects.toMatchObject(hint);
    const reading: Line[] = [
      idle,
      ...command,
      ['ABORT', 'ok'],
      idle,
      ['UPLOAD 2 8', 'stall'],
      vendor,
      vendor,
      ['CLRSTATUS', 'ok'],
      idle,
    ];
    const { clock, session } = await bench(reading, {}, dfuse);
    const upload = uploadDfuSe(session, () => {}, { address: 0x08000000 });
    await expect(onClock(clock, upload)).rejects.toMatchObject(hint);
    // Later it is something else.
    const late: Line[] = [...written.slice(0, -2), vendor];
    await expect(run({ script: late, data: eight })).rejects.toMatchObject({ remedies: [] });
  });

  test.each<[string, readonly Line[], string]>([
    ['is stalled', [['ABORT', 'stall'], taken], 'written'],
    [
      'is stalled, and so is the question',
      [
        ['ABORT', 'stall'],
        ['GETSTATUS', 'stall'],
      ],
      'written',
    ],
    ['finds nobody', [['ABORT', 'gone']], 'unconfirmed'],
    ['is not answered', [['ABORT', 'silent']], 'unconfirmed'],
    [
      'is followed by silence',
      [
        ['ABORT', 'ok'],
        ['GETSTATUS', 'silent'],
      ],
      'unconfirmed',
    ],
  ])('an ABORT behind all the data that %s takes nothing from it', async (_, end, ending) => {
    expect(await run({ script: [...written, ...end], data: eight })).toMatchObject({
      ending,
      bytes: 8,
    });
  });

  test('cancelled while it erases: what it holds now', async () => {
    const two = new Uint8Array(24).fill(1);
    const { clock, session } = await bench(
      [idle, ...command, ['DNLOAD 0 5', 'ok'], busy(500), taken, ['ABORT', 'ok'], idle],
      {},
      dfuse,
    );
    const controller = new AbortController();
    clock.at(200, () => controller.abort());
    const elements = [{ address: 0x08000000, data: two }];
    const work = onClock(clock, downloadDfuSe(session, elements, { signal: controller.signal }));
    await expect(work).rejects.toMatchObject({
      code: 'ABORTED',
      message: expect.stringContaining(
        'acknowledged so far: 1 of 2 erases, 0 of 24 bytes; it is half erased now',
      ) as string,
      progress: { planned: { erases: 2, bytes: 24 }, acknowledged: { erases: 1, bytes: 0 } },
    });
  });
});

test('what stays busy with what somebody else left is told to forget it (STM32H743)', async () => {
  const stuck = busy(10_000);
  const clear: Line = ['CLRSTATUS', 'ok'];
  const waits = Array.from({ length: 13 }, () => stuck);
  const script: Line[] = [...waits, clear, stuck, clear, ...written, ['ABORT', 'ok'], idle];
  expect(await run({ script, data: eight })).toMatchObject({ ending: 'written', bytes: 8 });
  const never: Line[] = [...waits, ...Array.from({ length: 4 }, () => [clear, stuck]).flat()];
  await expect(run({ script: never, data: eight })).rejects.toMatchObject({
    code: 'TIMEOUT',
    remedies: ['busy-limit'],
  });
});

describe('a device whose blocks have one byte', () => {
  const tiny: DfuInterface = {
    ...dfuse,
    name: '@Flash/0x0/1*2048Mg,1*2048Mg',
    functional: { ...dfuse.functional, wTransferSize: 1 },
  };

  test('is asked for no more than may come', async () => {
    const { session, device } = await bench([], {}, tiny);
    const work = uploadDfuSe(session, () => {}, { address: 0 });
    await expect(work).rejects.toMatchObject({ code: 'OUT_OF_RANGE' });
    expect(device.log).not.toContain('ABORT');
  });

  test('is sent 200 kB by a plan that nobody lists', () => {
    const sectors = { ...tiny, name: '@Flash/0x0/999999*001Bg' };
    const data = new Uint8Array(200_000);
    const sending = sendingOf(sendPlan(data, { address: 0 }), sectors);
    expect(sending).toMatchObject({
      planned: { bytes: 200_000, blocks: 200_000, erases: 200_000 },
    });
  });
});
