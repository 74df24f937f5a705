import assert from 'node:assert/strict';
import { BoardProcess } from './board.ts';
import { dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import { assertSlotHolds, flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1, MINIMAL_1 } from './images.ts';
import type { Scenario } from './scenario.ts';

/** A board that runs its firmware and is asked back into DFU mode. */
export const runTime: readonly Scenario[] = [
  {
    name: '-e takes a running board into DFU mode, by the magic number; it does not survive power',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_0);
      const board = await BoardProcess.run(bench, '--attach', '--flash', flash);
      await board.configured('1209:7d00');
      const [listed] = await dfuUtilList(bench);
      assert.equal(listed?.mode, 'Runtime');
      await dfuUtilSucceeds(bench, '-d', '1209:7d00', '-e');
      await board.next({ event: 'boot', mode: 'dfu', cause: 'software', why: 'magic number' });
      await board.configured('1209:7d02');
      assert.equal((await dfuUtilList(bench))[0]?.mode, 'DFU');
      // The bootloader has cleared the number: the next start runs the firmware again.
      board.send({ command: 'reset' });
      await board.next({ event: 'boot', mode: 'application', slot: 0 });
      await board.configured('1209:7d00');
      await dfuUtilSucceeds(bench, '-d', '1209:7d00', '-e');
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      board.send({ command: 'power-off' });
      await board.next({ event: 'power', on: false });
      board.send({ command: 'power-on' });
      await board.next({ event: 'boot', cause: 'power-on', mode: 'application', slot: 0 });
    },
  },
  {
    name: 'one command takes a running board into DFU mode and writes the newer version to slot 1',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_0);
      const board = await BoardProcess.run(bench, '--attach', '--flash', flash);
      await board.configured('1209:7d00');
      const output = await dfuUtilSucceeds(
        bench,
        '-d',
        '1209:7d00,1209:7d02',
        '-a',
        '1',
        '-D',
        imagePath(HELLO_1),
      );
      assert.match(output, /^Download done\.$/m);
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.next({ event: 'download', slot: 1 });
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.next({ event: 'console', text: /Slot 1, version 2/ });
      await board.quit();
      assertSlotHolds(flash, HELLO_0);
      assertSlotHolds(flash, HELLO_1);
    },
  },
  {
    name: 'a firmware without the run-time function enumerates, and dfu-util does not list it',
    async run(bench) {
      const flash = flashHolding(bench, MINIMAL_1);
      const board = await BoardProcess.run(bench, '--attach', '--flash', flash);
      await board.configured('1209:7d00');
      assert.deepEqual(await dfuUtilList(bench), []);
    },
  },
];
