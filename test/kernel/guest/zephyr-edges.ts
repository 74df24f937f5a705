import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { dfuUtilSucceeds } from './dfu-util.ts';
import type { Scenario } from './scenario.ts';
import { DFU_MODE, REEL, RUN_TIME, ZephyrBench, writePattern } from './zephyr-board.ts';

/* What a board in a firmware's own DFU mode may be like. */

/** A firmware with a RAM disk whose two functional descriptors say what they are told to say. */
function firmwareSaying(bench: Bench, willDetach: boolean, manifestationTolerant: boolean): string {
  const folder = bench.path(`ending-${Number(willDetach)}${Number(manifestationTolerant)}`);
  mkdirSync(folder, { recursive: true });
  const attributes = JSON.stringify({ willDetach, manifestationTolerant });
  const source = `
    const functional = { attributes: ${attributes}, detachTimeOutMs: 1000, transferSizeBytes: 512 };
    const identity = { idVendor: 0x2fe3, manufacturer: 'x', product: 'x', serial: 'ENDING' };
    const disk = { type: 'ram-disk', name: 'disk', sectors: 8 };
    export async function main(board) {
      board.usb.onMessage(async (message) => {
        if (message.type === 'dfu-download-completed') board.console.print('completed');
        if (message.type !== 'dfu-detach') return;
        const functions = [{ type: 'dfu-mode', functional, media: [disk] }];
        await board.usb.attach({ ...identity, idProduct: 0xffff, functions });
      });
      const runTime = { type: 'dfu-runtime', name: '', functional, detach: 'message' };
      await board.usb.attach({ ...identity, idProduct: 0x0005, functions: [runTime] });
    }`;
  writeFileSync(`${folder}/main.ts`, source);
  return folder;
}

const no = (bit: boolean): string => (bit ? '' : 'not ');

const endings: readonly Scenario[] = [true, false].flatMap((willDetach) =>
  [true, false].map((tolerant) => ({
    name: `dfu-util ends with 0: a board that is ${no(willDetach)}WillDetach and ${no(tolerant)}ManifestationTolerant`,
    async run(bench: Bench): Promise<void> {
      const firmware = firmwareSaying(bench, willDetach, tolerant);
      const { board } = await ZephyrBench.start(bench, REEL, { firmware });
      const content = writePattern(bench.path('content.bin'), 4096);
      const args = ['-v', '-d', `${RUN_TIME},${DFU_MODE}`, '-a', '0'];
      const output = await dfuUtilSucceeds(bench, ...args, '-D', 'content.bin');
      assert.match(output, /^Download done\.$/m);
      assert.match(output, willDetach ? /will detach/i : /Resetting USB/i);
      await board.next({ event: 'console', text: 'completed' });
      if (!tolerant) return;
      await dfuUtilSucceeds(bench, '-d', DFU_MODE, '-a', '0', '-U', 'back.bin');
      assert.ok(readFileSync(bench.path('back.bin')).equals(content), 'what went down comes up');
    },
  })),
);

export const zephyrEdges: readonly Scenario[] = endings;
