import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { BoardProcess } from './board.ts';
import { dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import type { Scenario } from './scenario.ts';

/*
 * Machine code: a program in C for the RP2040, executed, at the kernel's own USB stack.
 */

const RUN_TIME = '1209:7d01';
const DFU_MODE = '1209:7d02';
const FLASH_BYTES = 0x200000;
/** What it takes downloads into, from the start of its flash. */
const MEDIUM = 0x40000;
const program = `${process.env['DFUKIT']}/test/fixtures/machine/rp2040/built/runtime.bin`;

export const machineCode: readonly Scenario[] = [
  {
    name: 'a program in C, executed, is listed, detached, flashed and read back by dfu-util',
    async run(bench) {
      const flash = Buffer.alloc(FLASH_BYTES, 0xff);
      flash.set(readFileSync(program));
      writeFileSync(bench.path('flash.bin'), flash);
      const options = ['--attach', '--flash', bench.path('flash.bin')];
      const board = await BoardProcess.run(bench, 'rpi_pico', ...options);
      await board.configured(RUN_TIME);
      const [runtime] = await dfuUtilList(bench);
      assert.deepEqual([runtime?.mode, runtime?.id], ['Runtime', RUN_TIME]);

      await dfuUtilSucceeds(bench, '-d', RUN_TIME, '-e');
      await board.next({ event: 'boot', cause: 'watchdog' });
      await board.configured(DFU_MODE);
      const [mode] = await dfuUtilList(bench);
      assert.deepEqual([mode?.mode, mode?.id, mode?.name], ['DFU', DFU_MODE, 'slot']);

      const data = Buffer.from(
        Array.from({ length: 5000 }, (_, at) => (at * 7 + (at >> 8)) & 0xff),
      );
      writeFileSync(bench.path('data.bin'), data);
      await dfuUtilSucceeds(bench, '-d', DFU_MODE, '-D', bench.path('data.bin'));
      const written = readFileSync(bench.path('flash.bin')).subarray(MEDIUM, MEDIUM + data.length);
      assert.ok(written.equals(data), 'what is in flash is what was sent');

      await dfuUtilSucceeds(bench, '-d', DFU_MODE, '-U', bench.path('up.bin'));
      const up = readFileSync(bench.path('up.bin'));
      assert.ok(up.subarray(0, data.length).equals(data), 'what was read back is what was sent');
    },
  },
];
