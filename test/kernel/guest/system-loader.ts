import assert from 'node:assert/strict';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';
import { dfuUtil, dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import type { Scenario } from './scenario.ts';

/*
 * The STM32F072 board: the DfuSe loader in its system memory, and the firmware whose run-time class
 * leads there.
 */

const LOADER = '0483:df11';
const APPLICATION = '1209:0001';
const FLASH_BYTES = 128 * 1024;
const TO_FLASH = ['-d', LOADER, '-a', '0'] as const;
const names = ['@Internal Flash  /0x08000000/064*0002Kg', '@Option Bytes  /0x1FFFF800/01*016 e'];

/** The example with the run-time class, linked for the start of the flash. */
async function buildApplication(bench: Bench): Promise<string> {
  const path = bench.path('application.bin');
  if (existsSync(path)) return path;
  const args = ['firmware', 'build', 'dfu-runtime', '--board', 'stm32f072b_disco', '-o', path];
  const { status } = await bench.run(process.execPath, [...dfukit, ...args]);
  assert.equal(status, 0, 'exit status of dfukit firmware build');
  return path;
}

/** A board at this machine's kernel; with `content` from the start of its flash. */
async function boardWith(bench: Bench, content?: Uint8Array): Promise<BoardProcess> {
  const flash = Buffer.alloc(FLASH_BYTES, 0xff);
  if (content !== undefined) flash.set(content);
  writeFileSync(bench.path('flash.bin'), flash);
  const args = ['--attach', '--flash', bench.path('flash.bin'), '--serial', 'FFFFFFFEFFFF'];
  const board = await BoardProcess.run(bench, 'stm32f072b_disco', ...args);
  await board.configured(content === undefined ? LOADER : APPLICATION);
  return board;
}

async function assertRuns(board: BoardProcess, why: string): Promise<void> {
  await board.next({ event: 'boot', mode: 'application', why });
  await board.next({ event: 'console', text: /the application is running/ });
  await board.configured(APPLICATION);
}

async function assertInLoader(board: BoardProcess): Promise<void> {
  await board.next({ event: 'console', text: /detach: to the bootloader/ });
  await board.next({ event: 'boot', mode: 'dfu', cause: 'software', why: 'magic number' });
  await board.configured(LOADER);
}

export const systemLoader: readonly Scenario[] = [
  {
    name: 'the STM32 loader is listed with its memories',
    async run(bench) {
      await boardWith(bench);
      const listed = await dfuUtilList(bench);
      const serial = 'FFFFFFFEFFFF';
      assert.deepEqual(
        listed.map(({ path: _, ...rest }) => rest),
        names.map((name, alt) => ({ mode: 'DFU', id: LOADER, alt, name, serial })),
      );
    },
  },
  {
    name: 'the STM32 loader takes -s 0x08000000:leave, and the application runs from there',
    async run(bench) {
      const image = await buildApplication(bench);
      const board = await boardWith(bench);
      const args = [...TO_FLASH, '-s', '0x08000000:leave', '-D', image];
      const output = await dfuUtilSucceeds(bench, ...args);
      assert.match(output, /^File downloaded successfully$/m);
      assert.match(output, /^Submitting leave request\.\.\.$/m);
      await assertRuns(board, 'left the loader');
      const [listed] = await dfuUtilList(bench);
      assert.equal(listed?.mode, 'Runtime');
      assert.equal(listed?.id, APPLICATION);
      // The reset finds it by itself.
      board.send({ command: 'reset' });
      await assertRuns(board, 'application');
      await board.quit();
      const bytes = readFileSync(image);
      const flash = readFileSync(bench.path('flash.bin'));
      assert.equal(Buffer.compare(flash.subarray(0, bytes.length), bytes), 0);
      assert.ok(flash.subarray(2048).every((byte) => byte === 0xff));
    },
  },
  {
    name: '-e takes the STM32 application into the loader by its magic number, once',
    async run(bench) {
      const image = readFileSync(await buildApplication(bench));
      const board = await boardWith(bench, image);
      await dfuUtilSucceeds(bench, '-d', APPLICATION, '-e');
      await assertInLoader(board);
      assert.deepEqual(
        (await dfuUtilList(bench)).map(({ mode, name }) => `${mode} ${name}`),
        names.map((name) => `DFU ${name}`),
      );
      board.send({ command: 'reset' });
      await assertRuns(board, 'application');
    },
  },
  {
    name: 'one command takes the STM32 application into the loader and puts another in its place',
    async run(bench) {
      const path = await buildApplication(bench);
      const board = await boardWith(bench, readFileSync(path));
      const ids = `${APPLICATION},${LOADER}`;
      await dfuUtilSucceeds(bench, '-d', ids, '-a', '0', '-s', '0x08000000:leave', '-D', path);
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.next({ event: 'usb', state: 'configured', id: LOADER });
      await assertRuns(board, 'left the loader');
    },
  },
  {
    name: 'the STM32 loader gives its flash to -U, and erases it on mass-erase',
    async run(bench) {
      const content = Buffer.from(Uint8Array.from({ length: FLASH_BYTES }, (_, at) => at * 7));
      const board = await boardWithoutApplication(bench, content);
      await dfuUtilSucceeds(bench, ...TO_FLASH, '-s', '0x08000000', '-U', bench.path('all'));
      assert.equal(Buffer.compare(readFileSync(bench.path('all')), content), 0);
      await dfuUtilSucceeds(bench, ...TO_FLASH, '-s', '0x08001003:5000', '-U', bench.path('part'));
      const part = content.subarray(0x1003, 0x1003 + 5000);
      assert.equal(Buffer.compare(readFileSync(bench.path('part')), part), 0);
      const unforced = await dfuUtil(bench, [...TO_FLASH, '-s', ':mass-erase']);
      assert.notEqual(unforced.status, 0);
      await dfuUtilSucceeds(bench, ...TO_FLASH, '-s', ':mass-erase:force');
      const image = await buildApplication(bench);
      const words = '0x08000000:mass-erase:force:leave';
      await dfuUtilSucceeds(bench, ...TO_FLASH, '-s', words, '-D', image);
      await assertRuns(board, 'left the loader');
      await board.quit();
      const bytes = readFileSync(image);
      const flash = readFileSync(bench.path('flash.bin'));
      assert.equal(Buffer.compare(flash.subarray(0, bytes.length), bytes), 0);
      assert.ok(flash.subarray(bytes.length + 1).every((byte) => byte === 0xff));
    },
  },
  {
    name: 'the STM32 loader gives its option bytes to -U, and refuses what is no memory of its own',
    async run(bench) {
      await boardWith(bench);
      const options = ['-d', LOADER, '-a', '1', '-s', '0x1ffff800:16'];
      await dfuUtilSucceeds(bench, ...options, '-U', bench.path('options'));
      const factory = 'aa55ff00ff00ff00ff00ff00ff00ff00';
      assert.equal(readFileSync(bench.path('options')).toString('hex'), factory);
      const image = await buildApplication(bench);
      const beyond = ['-s', '0x20000000:force', '-D', image];
      const { status, output } = await dfuUtil(bench, [...TO_FLASH, ...beyond]);
      assert.equal(status, 74);
      assert.match(output, /dfu-util: SET_ADDRESS not correctly executed$/m);
    },
  },
  {
    name: 'dfukit does to the STM32 loader what dfu-util does',
    async run(bench) {
      const image = await buildApplication(bench);
      const board = await boardWith(bench);
      const run = async (...args: readonly string[]): Promise<string> => {
        const { status, output } = await bench.run(process.execPath, [...dfukit, ...args]);
        assert.equal(status, 0, `exit status of dfukit ${args[0] ?? ''}`);
        return output;
      };
      await run('download', image, ...TO_FLASH, '-s', '0x08000000:leave');
      await assertRuns(board, 'left the loader');
      await run('detach', '-d', APPLICATION);
      await assertInLoader(board);
      const length = readFileSync(image).length;
      await run('upload', bench.path('back'), ...TO_FLASH, '-s', `0x08000000:${length}`);
      assert.equal(Buffer.compare(readFileSync(bench.path('back')), readFileSync(image)), 0);
      await run('download', ...TO_FLASH, '-s', ':mass-erase:force');
      board.send({ command: 'reset' });
      await board.next({ event: 'boot', mode: 'dfu', why: 'no application' });
    },
  },
];

/** In its loader, whatever its flash holds: the first word is no stack pointer. */
async function boardWithoutApplication(bench: Bench, content: Uint8Array): Promise<BoardProcess> {
  writeFileSync(bench.path('flash.bin'), content);
  const args = ['--attach', '--flash', bench.path('flash.bin')];
  const board = await BoardProcess.run(bench, 'stm32f072b_disco', ...args);
  await board.configured(LOADER);
  return board;
}
