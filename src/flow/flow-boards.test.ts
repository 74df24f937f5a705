import { describe, expect, test } from 'vitest';
import { FlowBench, plainImage, riotImage, zephyrImage } from '../../test/support/flow-bench.ts';
import type { FlowBoardOptions } from '../../test/support/flow-bench.ts';
import type { FlowOptions } from './index.ts';

/*
 * Every board of the catalogue that takes a firmware over USB, with a file that it takes and with files that it does not.
 */

interface Case {
  readonly what: string;
  readonly board: string;
  readonly has: () => Promise<FlowBoardOptions>;
  readonly flow?: Partial<FlowOptions>;
  readonly file: () => Promise<Uint8Array>;
  readonly phases: readonly string[];
  readonly ending: unknown;
}

const sample = 'usb-dfu' as const;
const xenonBoot = 'particle-xenon';

const cases: readonly Case[] = [
  {
    what: 'riotboot from run-time mode',
    board: xenonBoot,
    has: () => Promise.resolve({ slots: [riotImage(0, 1)], plays: 'dfu-runtime' }),
    flow: { alternate: 1 },
    file: () => Promise.resolve(riotImage(1, 2)),
    phases: ['detach', 'prepare', 'download', 'manifest', 'application', 'ended'],
    ending: { outcome: 'written', rating: 'good', said: { id: 'ended-written-runs' } },
  },
  {
    what: 'riotboot in DFU mode',
    board: xenonBoot,
    has: () => Promise.resolve({ plays: 'dfu-runtime' }),
    flow: { alternate: 0 },
    file: () => Promise.resolve(riotImage(0, 1)),
    phases: ['prepare', 'download', 'manifest', 'application', 'ended'],
    ending: { outcome: 'written', rating: 'good' },
  },
  {
    what: 'MCUboot with Zephyr’s sample',
    board: 'reel_board',
    has: async () => ({ slots: [await zephyrImage('reel_board', '1.0.0')], plays: sample }),
    flow: { alternate: 'slot1_image' },
    file: () => zephyrImage('reel_board', '2.0.0'),
    phases: ['detach', 'prepare', 'download', 'manifest', 'application', 'ended'],
    ending: { outcome: 'written', rating: 'good', said: { id: 'ended-stays' } },
  },
  {
    what: 'MCUboot with Zephyr’s sample',
    board: 'nucleo_u575zi_q',
    has: async () => ({ slots: [await zephyrImage('nucleo_u575zi_q', '1.0.0')], plays: sample }),
    flow: { alternate: 'slot1_image' },
    file: () => zephyrImage('nucleo_u575zi_q', '2.0.0'),
    phases: ['detach', 'prepare', 'download', 'manifest', 'application', 'ended'],
    ending: { outcome: 'written', rating: 'good', said: { id: 'ended-stays' } },
  },
  {
    what: 'MCUboot with Zephyr’s sample',
    board: 'rpi_pico',
    has: async () => ({
      bootloader: 'mcuboot',
      slots: [await zephyrImage('rpi_pico', '1.0.0')],
      plays: sample,
    }),
    flow: { alternate: 'slot1_image' },
    file: () => zephyrImage('rpi_pico', '2.0.0'),
    phases: ['detach', 'prepare', 'download', 'manifest', 'application', 'ended'],
    ending: { outcome: 'written', rating: 'good', said: { id: 'ended-stays' } },
  },
  {
    what: 'a DfuSe loader in ROM',
    board: 'stm32f072b_disco',
    has: () => Promise.resolve({}),
    flow: { alternate: 0, address: 0x08000000 },
    file: () => Promise.resolve(plainImage('stm32f072b_disco', 'hello', 5000)),
    phases: ['prepare', 'erase', 'download', 'verify', 'application', 'ended'],
    ending: { outcome: 'unconfirmed', rating: 'unknown', said: { id: 'ended-silent' } },
  },
];

describe('flashed', () => {
  test.each(cases)('$board: $what', async ({ board, has, flow: options, file, ...expected }) => {
    const bench = new FlowBench();
    await bench.board(board, await has());
    const flow = await bench.connected(options);
    await bench.done(flow.chooseFile('firmware.bin', await file()));
    expect(flow.state).toMatchObject({ step: 'chosen', file: { isReady: true } });
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({ step: 'ended', ending: expected.ending });
    expect(bench.steps.slice(bench.steps.indexOf('chosen') + 1)).toEqual(expected.phases);
  });
});

/** Files that a board refuses itself, whatever this side knows of them. */
const refused: readonly (Pick<Case, 'board' | 'has' | 'flow' | 'file'> & {
  readonly what: string;
  readonly outcome: string;
  readonly words: RegExp;
})[] = [
  {
    what: 'an image for the other slot',
    board: xenonBoot,
    has: () => Promise.resolve({}),
    flow: { alternate: 0 },
    file: () => Promise.resolve(riotImage(1, 2)),
    outcome: 'partly-written',
    words: /errADDRESS|slot/,
  },
  {
    what: 'bytes without a header',
    board: xenonBoot,
    has: () => Promise.resolve({}),
    flow: { alternate: 0 },
    file: () => Promise.resolve(new Uint8Array(3000).fill(0x5a)),
    outcome: 'partly-written',
    words: /errFILE/,
  },
  ...(['reel_board', 'nucleo_u575zi_q', 'rpi_pico'] as const).map((board) => ({
    what: 'bytes that are no image',
    board,
    has: async (): Promise<FlowBoardOptions> => {
      const slots = [await zephyrImage(board, '1.0.0')];
      return { bootloader: 'mcuboot', slots, plays: sample };
    },
    flow: { alternate: 'slot1_image' },
    file: () => Promise.resolve(new Uint8Array(3000).fill(0x5a)),
    outcome: 'partly-written',
    words: /expected an MCUboot image/,
  })),
];

describe('refused', () => {
  test.each(refused)('$board: $what', async ({ board, has, flow: options, file, ...expected }) => {
    const bench = new FlowBench();
    await bench.board(board, await has());
    const flow = await bench.connected(options);
    await bench.done(flow.chooseFile('firmware.bin', await file()));
    await bench.done(flow.flash());
    expect(flow.state).toMatchObject({
      step: 'ended',
      ending: {
        outcome: expected.outcome,
        rating: 'bad',
        code: 'DEVICE_STATUS',
        detail: expect.stringMatching(expected.words) as string,
        said: { id: expected.outcome === 'unchanged' ? 'failed-unchanged' : 'failed-partly' },
      },
    });
  });
});
