import assert from 'node:assert/strict';
import type { Bench } from './bench.ts';
import { BoardProcess, dfukit } from './board.ts';
import { assertSlotHolds, flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1 } from './images.ts';
import type { Scenario } from './scenario.ts';

/*
 * The documents that boards and firmware here were made after, and the commands in them. What came of
 * each is written into docs/seeds.md.
 */

const RIOT = 'RIOT: riotboot_dfu';
export const ZEPHYR = 'Zephyr: USB DFU sample';
export const ZEPHYR_NUCLEO = 'Zephyr: USB DFU sample, Nucleo U575ZI-Q';
const RUN_TIME_CLASS = 'usbd-dfu-rt';

/** How a script presses a board's reset button. */
export const RESET = '{"command":"reset"}';

/** Without what differs from run to run. */
function settled(line: string): string {
  return line
    .replace(/devnum=\d+/, 'devnum=N')
    .replace(/path="[^"]*"/, 'path="P"')
    .replace(/^Bus \d+ Device \d+/, 'Bus B Device D')
    .replace(/v\d+\.\d+\.\d+(?=(?:-\S+)? \*\*\*$)/, 'vV')
    .replace(/^\[[0-9:.,]+\]/, '[TIME]')
    .trimEnd();
}

/** Writes down what came of a command that was typed. */
export function tell(
  bench: Bench,
  [document, command]: readonly [string, string],
  seen: readonly string[],
  typed?: string,
): void {
  const lines = seen.map((line) => settled(line));
  bench.commands.push({ document, command, seen: lines, ...(typed !== undefined && { typed }) });
}

interface Typed {
  /** As the document has it; default: what is typed. */
  readonly command?: string;
  /** Typed last, after the other words: files. */
  readonly more?: readonly string[];
}

/** Types a command of a document: it must exit 0, and say this. Answers all that it said. */
export async function type(
  bench: Bench,
  [document, words]: readonly [string, string],
  expected: RegExp | undefined,
  { command, more = [] }: Typed = {},
): Promise<string> {
  const [program = '', ...args] = [...words.split(' '), ...more];
  const own = program === 'dfukit';
  const ended = await bench.run(
    own ? process.execPath : program,
    own ? [...dfukit, ...args] : args,
  );
  assert.equal(ended.status, 0, `exit status of ${words}`);
  const said = ended.output.replaceAll(/^.*\r/gm, '');
  const seen = expected === undefined ? [] : said.split('\n').filter((line) => expected.test(line));
  if (expected !== undefined) assert.ok(seen.length > 0, `${words} says ${String(expected)}`);
  const typed = more.length === 0 ? words : `${words} FILE`;
  tell(bench, [document, command ?? words], ['exit 0', ...seen], command && typed);
  return ended.output;
}

const STM32_LOADER = '0483:df11';

/** The documents whose commands no other scenario types. */
export const seeds: readonly Scenario[] = [
  {
    name: "the commands of RIOT's page on riotboot_dfu",
    async run(bench) {
      const flash = flashHolding(bench);
      const board = await BoardProcess.run(bench, '--attach', '--flash', flash);
      const { why } = await board.next({ event: 'boot', mode: 'dfu' });
      await board.configured();
      const bootloader = 'make -C bootloaders/riotboot_dfu BOARD=particle-xenon all flash';
      const seen = [`the board is in DFU mode: ${String(why)}`];
      tell(bench, [RIOT, bootloader], seen, 'dfukit board run particle-xenon --attach');
      await type(bench, [RIOT, 'lsusb'], /1209:7d02/);

      const make = 'USEMODULE+=usbus_dfu make -C examples/saul BOARD=particle-xenon';
      const slot0 = `FEATURES_REQUIRED+=riotboot ${make} PROGRAMMER=dfu-util all riotboot/flash-slot0`;
      const saul = 'dfukit firmware flash saul --board particle-xenon --slot 0';
      await type(bench, [RIOT, saul], /^Download done\.$|slot 0/, { command: slot0 });
      await board.next({ event: 'download', slot: 0 });
      await board.next({ event: 'boot', mode: 'application', slot: 0 });
      await board.configured('1209:7d00');

      await type(bench, [RIOT, 'dfu-util -e'], /^Found Runtime|^Opening DFU|^Device will detach/);
      await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.configured();
      const byId = `FEATURES_REQUIRED+=riotboot ${make} PROGRAMMER=dfu-util DFU_USB_ID=1209:7d02 all riotboot/flash-slot0`;
      await type(
        bench,
        [RIOT, 'dfu-util --device 1209:7d02 --alt 0 --download'],
        /^Download done/,
        {
          command: byId,
          more: [imagePath(HELLO_0)],
        },
      );
      await board.next({ event: 'boot', mode: 'application', slot: 0, version: 1 });
      await board.next({ event: 'console', text: /Slot 0, version 1/ });
      await board.configured('1209:7d00');
      await type(bench, [RIOT, 'dfu-util --alt 1 --download'], /^Download done/, {
        command: 'riotboot/flash-slot1 (passes --alt 1)',
        more: [imagePath(HELLO_1)],
      });
      await board.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await board.quit();
      assertSlotHolds(flash, HELLO_0);
      assertSlotHolds(flash, HELLO_1);
    },
  },
  {
    name: 'what usbd-dfu-rt shows: DFU_DETACH leads to the loader in system memory',
    async run(bench) {
      const image = bench.path('application.bin');
      const flash = ['--flash', bench.path('flash.bin')];
      const name = 'stm32f072b_disco';
      const run = async (...args: readonly string[]): Promise<void> => {
        const { status } = await bench.run(process.execPath, [...dfukit, ...args]);
        assert.equal(status, 0, `exit status of dfukit ${args.slice(0, 2).join(' ')}`);
      };
      await run('firmware', 'build', 'dfu-runtime', '--board', name, '-o', image);
      await run('board', 'program', name, image, ...flash, '--address', '0x08000000');
      const serial = ['--serial', 'FFFFFFFEFFFF'];
      const board = await BoardProcess.run(bench, name, '--attach', ...flash, ...serial);
      await board.configured('1209:0001');
      await type(bench, [RUN_TIME_CLASS, 'dfu-util -e'], undefined, { command: 'DFU_DETACH' });
      const { why } = await board.next({ event: 'boot', mode: 'dfu', why: 'magic number' });
      await board.configured(STM32_LOADER);
      const boot = `the board is in its loader: ${String(why)}`;
      tell(bench, [RUN_TIME_CLASS, 'jump_bootloader(), MAGIC = 0xdeadbeef'], [boot], '(by itself)');
      await type(bench, [RUN_TIME_CLASS, 'dfu-util -l'], /^Found DFU: /);
      board.send({ command: 'reset' });
      const again = await board.next({ event: 'boot', mode: 'application' });
      const seen = [`the ${String(again['mode'])} runs again`];
      tell(bench, [RUN_TIME_CLASS, 'reset the magic value not to jump again'], seen, RESET);
    },
  },
];
