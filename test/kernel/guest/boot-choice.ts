import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { BoardProcess } from './board.ts';
import { dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import { flashHolding, imagePath } from './flash.ts';
import { HELLO_0, HELLO_1, SAUL_0, SLOT_OFFSETS } from './images.ts';
import type { Scenario } from './scenario.ts';

/** Turns one byte of a slot's header, so that its checksum is wrong. */
function corrupt(flash: string, slot: 0 | 1): void {
  const bytes = readFileSync(flash);
  const offset = SLOT_OFFSETS[slot] + 5;
  bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
  writeFileSync(flash, bytes);
}

/** Starts a board with this flash, which must come up in DFU mode, as dfu-util sees it. */
async function comesUpInDfuMode(bench: Bench, ...args: readonly string[]): Promise<BoardProcess> {
  const board = await BoardProcess.attached(bench, ...args);
  assert.ok(board.has({ event: 'boot', mode: 'dfu' }));
  assert.deepEqual(
    (await dfuUtilList(bench)).map(({ mode, alt }) => ({ mode, alt })),
    [0, 1].map((alt) => ({ mode: 'DFU', alt })),
  );
  return board;
}

/** What the bootloader chooses. */
export const bootChoice: readonly Scenario[] = [
  {
    name: 'the button held at start means DFU mode; let go, the firmware runs',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_0);
      const board = await comesUpInDfuMode(bench, '--flash', flash, '--button');
      board.send({ command: 'reset' });
      await board.next({ event: 'boot', mode: 'application', slot: 0 });
      await board.configured('1209:7d00');
      board.send({ command: 'reset', button: true });
      await board.next({ event: 'boot', cause: 'reset-pin', mode: 'dfu', why: 'button' });
      await board.configured('1209:7d02');
      assert.equal((await dfuUtilList(bench)).length, 2);
    },
  },
  {
    name: 'two valid slots: the newer boots; corrupted, the older; both, DFU mode; flashed again, it runs',
    async run(bench) {
      const flash = flashHolding(bench, HELLO_0, HELLO_1);
      const first = await BoardProcess.run(bench, '--attach', '--flash', flash);
      await first.next({ event: 'boot', mode: 'application', slot: 1, version: 2 });
      await first.next({ event: 'console', text: /Slot 1, version 2/ });
      await first.quit();

      corrupt(flash, 1);
      const second = await BoardProcess.run(bench, '--attach', '--flash', flash);
      await second.next({ event: 'boot', mode: 'application', slot: 0, version: 1 });
      await second.next({ event: 'console', text: /Slot 0, version 1/ });
      await second.quit();

      corrupt(flash, 0);
      const third = await comesUpInDfuMode(bench, '--flash', flash);
      await dfuUtilSucceeds(bench, '-a', '0', '-D', imagePath(SAUL_0));
      await third.next({ event: 'boot', mode: 'application', slot: 0, version: 3 });
    },
  },
];
