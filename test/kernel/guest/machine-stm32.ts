import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { BoardProcess } from './board.ts';
import { dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import type { Scenario } from './scenario.ts';

/*
 * Machine code that an STM32F072 executes, and the kernel's host in front of it: an application that jumps into the loader in system
 * memory, and a DFU device of its own.
 */

const LOADER = '0483:df11';
const APPLICATION = '1209:0001';
const DEVICE = '1209:7d02';
const FLASH_BYTES = 128 * 1024;
/** Where `dfu.c` writes what it is given. */
const SLOT_OFFSET = 0x10000;

const programs = `${process.env['DFUKIT']}/test/fixtures/machine/stm32f0/built`;
const program = (name: string): string => `${programs}/${name}.bin`;

async function boardWith(bench: Bench, name: string): Promise<BoardProcess> {
  const flash = Buffer.alloc(FLASH_BYTES, 0xff);
  flash.set(readFileSync(program(name)));
  writeFileSync(bench.path('flash.bin'), flash);
  const args = ['--attach', '--flash', bench.path('flash.bin')];
  return BoardProcess.run(bench, 'stm32f072b_disco', ...args);
}

export const machineStm32: readonly Scenario[] = [
  {
    name: 'machine code of an STM32F072 resets, jumps into the loader, and its next version is put in its place',
    async run(bench) {
      const board = await boardWith(bench, 'runtime-1.0.0');
      await board.next({ event: 'console', text: /application 1\.0\.0 up/ });
      await board.configured(APPLICATION);
      const [runTime] = await dfuUtilList(bench);
      assert.deepEqual(
        [runTime?.mode, runTime?.name, runTime?.serial],
        ['Runtime', 'run-time', '1.0.0'],
      );

      await dfuUtilSucceeds(bench, '-d', APPLICATION, '-e');
      await board.next({ event: 'boot', mode: 'application', cause: 'software' });
      await board.next({ event: 'boot', mode: 'dfu', why: 'jump to the loader' });
      await board.configured(LOADER);
      const to = ['-d', LOADER, '-a', '0', '-s', '0x08000000:leave'] as const;
      await dfuUtilSucceeds(bench, ...to, '-D', program('runtime-2.0.0'));
      await board.next({ event: 'boot', mode: 'application', why: 'left the loader' });
      await board.next({ event: 'console', text: /application 2\.0\.0 up/ });
      await board.configured(APPLICATION);
      const [next] = await dfuUtilList(bench);
      assert.deepEqual([next?.mode, next?.serial], ['Runtime', '2.0.0']);
    },
  },
  {
    name: 'machine code of an STM32F072 is detached and its next version downloaded by one command',
    async run(bench) {
      const board = await boardWith(bench, 'runtime-1.0.0');
      await board.next({ event: 'console', text: /application 1\.0\.0 up/ });
      await board.configured(APPLICATION);
      const to = ['-d', `${APPLICATION},${LOADER}`, '-a', '0', '-s', '0x08000000:leave'] as const;
      const output = await dfuUtilSucceeds(bench, ...to, '-D', program('runtime-2.0.0'));
      assert.match(output, /^File downloaded successfully$/m);
      await board.next({ event: 'boot', mode: 'application', why: 'left the loader' });
      await board.next({ event: 'console', text: /application 2\.0\.0 up/ });
      await board.configured(APPLICATION);
      const [next] = await dfuUtilList(bench);
      assert.deepEqual([next?.mode, next?.serial], ['Runtime', '2.0.0']);
    },
  },
  {
    name: 'a DFU device in machine code of an STM32F072: listed, downloaded to, uploaded from, detached',
    async run(bench) {
      const board = await boardWith(bench, 'dfu');
      await board.next({ event: 'console', text: /dfu fixture up/ });
      await board.configured(DEVICE);
      const listed = await dfuUtilList(bench);
      assert.deepEqual(
        listed.map(({ mode, alt, name, serial }) => ({ mode, alt, name, serial })),
        [{ mode: 'DFU', alt: 0, name: 'slot', serial: 'F072' }],
      );
      const data = Buffer.from(Uint8Array.from({ length: 2500 }, (_, at) => (at * 7) & 0xff));
      writeFileSync(bench.path('data.bin'), data);
      const output = await dfuUtilSucceeds(bench, '-d', DEVICE, '-D', bench.path('data.bin'));
      assert.match(output, /^Download done\.$/m);
      await dfuUtilSucceeds(bench, '-d', DEVICE, '-U', bench.path('back.bin'));
      const back = readFileSync(bench.path('back.bin'));
      assert.deepEqual(
        [back.length, Buffer.compare(back.subarray(0, data.length), data)],
        [65_536, 0],
      );
      await dfuUtilSucceeds(bench, '-d', DEVICE, '-e');
      await board.next({ event: 'console', text: /reset/ });
      await board.next({ event: 'boot', mode: 'application', cause: 'software' });
      await board.configured(DEVICE);
      await board.quit();
      const flash = readFileSync(bench.path('flash.bin'));
      assert.equal(Buffer.compare(flash.subarray(SLOT_OFFSET, SLOT_OFFSET + data.length), data), 0);
    },
  },
];
