import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { dfukit } from './board.ts';
import { dfuUtil, dfuUtilSucceeds } from './dfu-util.ts';
import type { Scenario } from './scenario.ts';
import {
  DFU_MODE,
  NUCLEO,
  REEL,
  RUN_TIME,
  ZephyrBench,
  signedUpdate,
  writePattern,
} from './zephyr-board.ts';

/* What a board in a firmware's own DFU mode may be like, and which images it does not take. */

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
      const args = ['-d', `${RUN_TIME},${DFU_MODE}`, '-a', '0'];
      const output = await dfuUtilSucceeds(bench, ...args, '-D', 'content.bin');
      assert.match(output, /^Download done\.$/m);
      assert.equal(/^Device will detach and reattach\.\.\.$/m.test(output), willDetach);
      if (!willDetach) assert.match(output, /^Resetting USB\.\.\.$/m);
      await board.next({ event: 'console', text: 'completed' });
      if (!tolerant) return;
      await dfuUtilSucceeds(bench, '-d', DFU_MODE, '-a', '0', '-U', 'back.bin');
      assert.ok(readFileSync(bench.path('back.bin')).equals(content), 'what went down comes up');
    },
  })),
);

/** What dfu-util 0.11 says and how it ends. */
interface Refusal {
  readonly status: number;
  /** The status in its words. */
  readonly meaning: string;
  /** 74 for a block that is refused; after the last one it shows the status, but does not fail. */
  readonly exit: 0 | 74;
}

/** dfu-util must show the status; this project's own host fails too, whenever the status comes. */
async function refused(
  sample: ZephyrBench,
  image: string,
  { status, meaning, exit }: Refusal,
): Promise<void> {
  const { bench } = sample;
  const told = await dfuUtil(bench, ['--alt', '1', '--download', image]);
  const line = `DFU state(10) = dfuERROR, status(${status}) = ${meaning}\n`;
  assert.ok(told.output.includes(line), line);
  assert.equal(told.status, exit, 'exit status of dfu-util');
  const own = await bench.run(process.execPath, [...dfukit, 'download', '-a', '1', image]);
  assert.notEqual(own.status, 0, 'exit status of dfukit');
  assert.match(own.output, /it says "/);
  assert.ok(!sample.upgradeRequested());
}

/** Status 7 and 9, as dfu-util says them. */
const UNVERIFIED = 'Programmed memory failed verification';
const UNFINISHED =
  'Received DFU_DNLOAD with wLength = 0, but device does not think that it has all data yet';

const refusals: Scenario = {
  name: "bad images through Zephyr's sample: dfu-util shows the status, and the sample boots again",
  async run(bench) {
    const sample = await ZephyrBench.start(bench, REEL);
    const good = await signedUpdate(bench, REEL, 'hello-world');
    const bytes = readFileSync(good);
    const made = (name: string, content: Uint8Array): string => {
      writeFileSync(bench.path(name), content);
      return bench.path(name);
    };
    await dfuUtilSucceeds(bench, '--detach');
    await sample.board.configured(DFU_MODE);
    await refused(sample, made('none.bin', Buffer.alloc(2000, 0x5a)), {
      status: 2,
      meaning: 'File is for this device but fails some vendor-specific test',
      exit: 74,
    });
    const foreign = await signedUpdate(bench, NUCLEO, 'hello-world');
    await refused(sample, foreign, {
      status: 1,
      meaning: 'File is not targeted for use by this device',
      exit: 74,
    });
    const damaged = Buffer.from(bytes);
    damaged.writeUInt8(damaged.readUInt8(0x300) ^ 1, 0x300);
    await refused(sample, made('damaged.bin', damaged), {
      status: 7,
      meaning: UNVERIFIED,
      exit: 0,
    });
    await refused(sample, await signedUpdate(bench, REEL, 'hello-world', 'stranger'), {
      status: 7,
      meaning: UNVERIFIED,
      exit: 0,
    });
    // The last, empty block is refused, as DFU 1.1 has it; the next dfu-util shows the status.
    const short = made('short.bin', bytes.subarray(0, 1000));
    const cut = await dfuUtil(bench, ['--alt', '1', '--download', short]);
    assert.match(cut.output, /Error sending completion packet \(LIBUSB_ERROR_PIPE\)/);
    assert.equal(cut.status, 74, 'exit status of dfu-util');
    const next = await dfuUtilSucceeds(bench, '--alt', '0', '--upload', 'disk.bin');
    assert.ok(next.includes(`DFU state(10) = dfuERROR, status(9) = ${UNFINISHED}\n`), next);
    sample.assertSlotHolds(0, sample.sample);
    const said = await sample.reset(/USB DFU sample is initialized$/);
    assert.ok(said.includes('I: Image index: 0, Swap type: none'));
    // The same board takes a good one.
    await sample.board.configured(RUN_TIME);
    await dfuUtilSucceeds(bench, '--alt', '1', '--download', good);
    await sample.upgradeIsRequested();
    assert.ok(
      (await sample.reset(/^Hello World! /)).includes('I: Image index: 0, Swap type: test'),
    );
  },
};

export const zephyrEdges: readonly Scenario[] = [...endings, refusals];
