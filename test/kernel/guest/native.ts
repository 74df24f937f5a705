import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';
import { dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import { nativeFile } from './images.ts';
import type { Scenario } from './scenario.ts';
import { DFU_MODE, REEL, RUN_TIME, keyFile } from './zephyr-board.ts';

/* Images of machine code, as a compiler leaves them: a stand-in plays what the kernel sees of them. */

const DONE = /^Download done\.$/m;

async function dfukitDoes(bench: Bench, ...args: readonly string[]): Promise<void> {
  const { status } = await bench.run(process.execPath, [...dfukit, ...args]);
  assert.equal(status, 0, `exit status of dfukit ${args.slice(0, 2).join(' ')}`);
}

/** Signs an application as that version. */
async function signed(
  bench: Bench,
  application: '1.0.0' | '2.0.0',
  version: string = application,
): Promise<string> {
  const { headerBytes, slotBytes, writeUnitBytes } = REEL;
  const geometry = ['-H', String(headerBytes), '-S', String(slotBytes)];
  const sign = ['imgtool', 'sign', '-k', await keyFile(bench), ...geometry];
  const path = bench.path(`zephyr-${version}.signed.bin`);
  const files = [`${process.env['IMAGES']}/${nativeFile(application)}`, path];
  await dfukitDoes(bench, ...sign, '--align', String(writeUnitBytes), '-v', version, ...files);
  return path;
}

async function reset(board: BoardProcess): Promise<Readonly<Record<'version' | 'why', unknown>>> {
  board.send({ command: 'reset' });
  const { version, why } = await board.next({ event: 'boot', cause: 'reset-pin' });
  await board.next({ event: 'native' });
  await board.configured(RUN_TIME);
  return { version, why };
}

export const native: readonly Scenario[] = [
  {
    name: 'images of machine code: detached, downloaded, swapped, reverted, confirmed by their stand-in',
    async run(bench) {
      const [first, second] = [await signed(bench, '1.0.0'), await signed(bench, '2.0.0')];
      const third = await signed(bench, '2.0.0', '3.0.0');
      const flash = ['--flash', bench.path('flash.bin')];
      await dfukitDoes(bench, 'board', 'program', REEL.name, first, ...flash);
      const standIns = [
        '--stand-in',
        'version=3.0.0:usb-dfu,confirm=100ms',
        '--stand-in',
        'usb-dfu',
      ];
      const options = ['--attach', ...flash, '--key', await keyFile(bench), ...standIns];
      const board = await BoardProcess.run(bench, REEL.name, ...options);
      const { entry, stackPointer } = await board.next({ event: 'native', version: '1.0.0+0' });
      assert.deepEqual([entry, stackPointer], [0xc243, 0x20004000]);
      await board.configured(RUN_TIME);
      assert.match(await dfuUtilSucceeds(bench, '-l'), /^Found Runtime: \[2fe3:0005\] ver=0100,/m);

      await dfuUtilSucceeds(bench, '--detach');
      await board.configured(DFU_MODE);
      const listed = await dfuUtilList(bench);
      assert.deepEqual(
        listed.map(({ mode, alt, name }) => ({ mode, alt, name })),
        [
          { mode: 'DFU', alt: 0, name: 'ramdisk0' },
          { mode: 'DFU', alt: 1, name: 'slot1_image' },
        ],
      );
      assert.match(await dfuUtilSucceeds(bench, '--alt', '1', '--download', second), DONE);
      await board.next({ event: 'upgrade', slot: 1, permanent: false });
      assert.deepEqual(await reset(board), { version: '2.0.0+0', why: 'test swap' });
      assert.match(await dfuUtilSucceeds(bench, '-l'), /^Found Runtime: .* ver=0200,/m);
      assert.deepEqual(await reset(board), { version: '1.0.0+0', why: 'revert' });

      // From run-time mode in one command.
      assert.match(await dfuUtilSucceeds(bench, '--alt', '1', '--download', third), DONE);
      await board.next({ event: 'upgrade', slot: 1 });
      assert.deepEqual(await reset(board), { version: '3.0.0+0', why: 'test swap' });
      await bench.until('the stand-in has confirmed', () =>
        board.has({ event: 'confirmed', slot: 0 }) ? true : undefined,
      );
      assert.deepEqual(await reset(board), { version: '3.0.0+0', why: 'primary slot' });
    },
  },
  {
    name: 'a scenario of dfukit test runs dfu-util at its board: updated, and reverted',
    async run(bench) {
      const [first, second] = [await signed(bench, '1.0.0'), await signed(bench, '2.0.0')];
      const download = `dfu-util --alt 1 --download ${second}`;
      const scenario = {
        board: REEL.name,
        keys: await keyFile(bench),
        images: [first],
        'stand-ins': ['usb-dfu'],
        steps: [
          { expect: { boot: '1.0.0' } },
          { run: { command: download, over: 'kernel' }, 'time-out': '3min' },
          'reset',
          { expect: { boot: { version: '2.0.0', why: 'test swap' } } },
          'reset',
          { expect: { boot: { version: '1.0.0', why: 'revert' } } },
        ],
      };
      const file = bench.path('update.json');
      writeFileSync(file, JSON.stringify(scenario));
      const args = [...dfukit, 'test', file];
      const { status, output } = await bench.run(process.execPath, args, { timeoutMs: 240_000 });
      assert.match(output, /^1 passed/m);
      assert.equal(status, 0);
    },
  },
];
