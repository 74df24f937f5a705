import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import type { Bench } from './bench.ts';
import { dfukit } from './board.ts';
import { dfuUtilList, dfuUtilSucceeds } from './dfu-util.ts';
import type { Scenario } from './scenario.ts';
import { RESET, ZEPHYR, ZEPHYR_NUCLEO, tell, type } from './seeds.ts';
import {
  DFU_MODE,
  NUCLEO,
  REEL,
  RUN_TIME,
  SERIAL,
  ZephyrBench,
  signedUpdate,
  writePattern,
} from './zephyr-board.ts';
import type { ZephyrModel } from './zephyr-board.ts';

/*
 * Zephyr's USB DFU sample with MCUboot: the commands of its documentation, and the console that the
 * documentation shows.
 */

const RAM_DISK_BYTES = 16 * 1024;
const HELLO = /^Hello World! /;
const SAMPLE_READY = /USB DFU sample is initialized$/;

const DONE = /^Download done\.$/m;
const DETACHED = /^Device will detach|^Opening DFU capable/i;

/** What MCUboot says when it tries an update, on a board that has gone back from one before. */
function swapLog({ target, slotOffsets: [chainload] }: ZephyrModel): readonly string[] {
  return [
    'I: Starting bootloader',
    'I: Primary image: magic=good, swap_type=0x4, copy_done=0x1, image_ok=0x1',
    'I: Secondary image: magic=good, swap_type=0x2, copy_done=0x3, image_ok=0x3',
    'I: Boot source: none',
    'I: Image index: 0, Swap type: test',
    'I: Starting swap using move algorithm.',
    `I: Bootloader chainload address offset: 0x${chainload.toString(16)}`,
    'I: Image version: v0.0.0',
    'I: Jumping to the first image slot',
    '*** Booting dfukit ***',
    `Hello World! ${target}`,
  ];
}

/** What it says when the update has not confirmed itself, up to the sample's own log. */
function revertLog({ slotOffsets: [chainload] }: ZephyrModel): readonly string[] {
  return [
    'I: Starting bootloader',
    'I: Primary image: magic=good, swap_type=0x2, copy_done=0x1, image_ok=0x3',
    'I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3',
    'I: Boot source: none',
    'I: Image index: 0, Swap type: revert',
    'I: Starting swap using move algorithm.',
    'I: Secondary image: magic=unset, swap_type=0x1, copy_done=0x3, image_ok=0x3',
    `I: Bootloader chainload address offset: 0x${chainload.toString(16)}`,
    'I: Image version: v0.0.0',
    'I: Jumping to the first image slot',
    '*** Booting dfukit ***',
    '<inf> main: USBD message: VBUS ready',
    '<inf> main: USB DFU sample is initialized',
  ];
}

/** A boot's console without its two banners, version and times. */
function plain(lines: readonly string[]): string[] {
  return lines
    .slice(2)
    .map((line) =>
      line.replace(/^\[[0-9:.,]+\] /, '').replace(/^(\*\*\* Booting dfukit) v\S+/, '$1'),
    );
}

/** One command takes it down into slot 1; the sample, not the host, asks for the test. */
async function downloadToSlot1(
  sample: ZephyrBench,
  image: string,
  ...more: readonly string[]
): Promise<void> {
  const words = ['--alt', '1', '--download', image, ...more];
  assert.match(await dfuUtilSucceeds(sample.bench, ...words), DONE);
  await assertDownloaded(sample, image);
}

/** Answers what the sample says of it. */
async function assertDownloaded(sample: ZephyrBench, image: string): Promise<string> {
  const said = await sample.upgradeIsRequested();
  sample.assertSlotHolds(0, sample.sample);
  sample.assertSlotHolds(1, image);
  return said;
}

/** Slot 0 runs the update; the sample is in slot 1. */
function assertSwapped(sample: ZephyrBench, image: string): void {
  sample.assertSlotHolds(0, image);
  sample.assertSlotHolds(1, sample.sample);
}

/** The same, as a document says it. */
async function typeDownload(
  sample: ZephyrBench,
  image: string,
  document: typeof ZEPHYR | typeof ZEPHYR_NUCLEO,
): Promise<void> {
  const nucleo = document === ZEPHYR_NUCLEO;
  // The file is last when it is typed.
  const words = `dfu-util${nucleo ? ' --transfer-size 64' : ''} --alt 1 --download`;
  const command = nucleo
    ? 'dfu-util --alt 1 --download path/to/zephyr.signed.bin --transfer-size 64'
    : 'dfu-util --alt 1 --download build/zephyr/zephyr.signed.bin';
  await type(sample.bench, [document, words], DONE, { command, more: [image] });
  const said = await assertDownloaded(sample, image);
  tell(sample.bench, [document, 'the serial monitor then'], [said], '(the console)');
}

async function dfukitSucceeds(bench: Bench, ...args: readonly string[]): Promise<string> {
  const { status, output } = await bench.run(process.execPath, [...dfukit, ...args]);
  assert.equal(status, 0, `exit status of dfukit ${args[0] ?? ''}`);
  return output;
}

export const zephyrSample: readonly Scenario[] = [
  {
    name: "Zephyr's sample is listed in run-time mode, and --detach takes it into DFU mode",
    async run(bench) {
      const sample = await ZephyrBench.start(bench, REEL);
      assert.match(
        await dfuUtilSucceeds(bench, '-l'),
        /^Found Runtime: \[2fe3:0005\] ver=0402, devnum=\d+, cfg=1, intf=0, path="[\d.-]+", alt=0, name="UNKNOWN", serial="20363736594E501200220033"$/m,
      );
      await type(bench, [ZEPHYR, 'dfu-util --detach'], DETACHED);
      await sample.logs('USBD message: DFU detach request');
      await sample.logs('Detach USB device');
      await sample.board.configured(DFU_MODE);
      assert.deepEqual(
        (await dfuUtilList(bench)).map(({ mode, id, alt, name }) => ({ mode, id, alt, name })),
        [
          { mode: 'DFU', id: DFU_MODE, alt: 0, name: 'ramdisk0' },
          { mode: 'DFU', id: DFU_MODE, alt: 1, name: 'slot1_image' },
        ],
      );
      sample.board.send({ command: 'reset' });
      await sample.board.configured(RUN_TIME);
      sample.assertSlotHolds(0, sample.sample);
      assert.ok(sample.slotStart(1, sample.model.slotBytes).every((byte) => byte === 0xff));
    },
  },
  {
    name: "the RAM disk of Zephyr's sample: --alt 0 --upload, --download, and back equal",
    async run(bench) {
      const sample = await ZephyrBench.start(bench, REEL);
      // From run-time mode, as the first command of all.
      const upload = 'dfu-util --alt 0 --upload ramdisk0_backup.bin';
      await type(bench, [ZEPHYR, upload], /^Received a total of/);
      const backup = readFileSync(bench.path('ramdisk0_backup.bin'));
      assert.ok(backup.equals(Buffer.alloc(RAM_DISK_BYTES)), 'an empty disk');
      await sample.logs('block 31 size 512 uploaded 16384');
      const content = writePattern(bench.path('ramdisk0_backup.bin'), RAM_DISK_BYTES);
      const download = 'dfu-util --alt 0 --download ramdisk0_backup.bin';
      await type(bench, [ZEPHYR, download], /^Download done\.$/);
      await sample.logs('block 31 size 512 downloaded 16384');
      await sample.logs('USBD message: DFU download completed');
      await dfuUtilSucceeds(bench, '--alt', '0', '--upload', 'back.bin');
      assert.ok(readFileSync(bench.path('back.bin')).equals(content), 'what went down comes up');
      // It is no image: nobody asks for an upgrade.
      assert.ok(!sample.upgradeRequested());
    },
  },
  {
    name: "a signed update through Zephyr's sample: swap log, revert log, and once more",
    async run(bench) {
      const sample = await ZephyrBench.start(bench, REEL);
      const update = await signedUpdate(bench, REEL, 'hello-world');
      for (const round of [1, 2]) {
        if (round === 1) await downloadToSlot1(sample, update);
        else await typeDownload(sample, update, ZEPHYR);
        const swapLines = await sample.reset(HELLO);
        const swapped = plain(swapLines);
        const [, primary, ...rest] = swapLog(REEL);
        // A board that never went back from an update has no trailer in its first slot.
        if (round === 2) assert.equal(swapped[1], primary);
        assert.deepEqual([swapped[0], ...swapped.slice(2)], ['I: Starting bootloader', ...rest]);
        assertSwapped(sample, update);
        const revertLines = await sample.reset(SAMPLE_READY);
        assert.deepEqual(plain(revertLines), revertLog(REEL));
        if (round === 2) {
          tell(bench, [ZEPHYR, 'Reset the SoC'], swapLines, RESET);
          tell(bench, [ZEPHYR, 'Reset the SoC again'], revertLines, RESET);
        }
        sample.assertSlotHolds(0, sample.sample);
        sample.assertSlotHolds(1, update);
        await sample.board.configured(RUN_TIME);
      }
    },
  },
  {
    name: "an update through Zephyr's sample that confirms itself stays",
    async run(bench) {
      const sample = await ZephyrBench.start(bench, REEL);
      const update = await signedUpdate(bench, REEL, 'saul');
      await downloadToSlot1(sample, update);
      const welcome = /^Welcome to the SAUL example/;
      assert.ok((await sample.reset(welcome)).includes('I: Image index: 0, Swap type: test'));
      sample.board.send({ command: 'input', text: 'mcuboot confirm' });
      sample.board.send({ command: 'input', text: 'mcuboot' });
      await sample.board.next({ event: 'console', text: 'confirmed: 1' });
      for (const round of [1, 2]) {
        const said = await sample.reset(welcome);
        const primary = 'I: Primary image: magic=good, swap_type=0x2, copy_done=0x1, image_ok=0x1';
        assert.ok(said.includes(primary), `confirmed, boot ${round}`);
        assert.ok(said.includes('I: Image index: 0, Swap type: none'));
      }
      assertSwapped(sample, update);
    },
  },
  {
    name: "Zephyr's sample on the Nucleo: -l, -e, --alt 1 --download --transfer-size 64, reset",
    async run(bench) {
      const sample = await ZephyrBench.start(bench, NUCLEO);
      const update = await signedUpdate(bench, NUCLEO, 'hello-world');
      const [listed] = await dfuUtilList(bench);
      assert.deepEqual(
        { mode: listed?.mode, id: listed?.id, name: listed?.name, serial: listed?.serial },
        { mode: 'Runtime', id: RUN_TIME, name: 'UNKNOWN', serial: SERIAL },
      );
      for (const round of [1, 2]) {
        if (round === 1) {
          await type(bench, [ZEPHYR_NUCLEO, 'dfu-util -l'], /^Found Runtime: /);
          await type(bench, [ZEPHYR_NUCLEO, 'dfu-util -e'], DETACHED);
        } else await dfuUtilSucceeds(bench, '-e');
        await sample.board.configured(DFU_MODE);
        if (round === 1) await downloadToSlot1(sample, update, '--transfer-size', '64');
        else await typeDownload(sample, update, ZEPHYR_NUCLEO);
        const swapLines = await sample.reset(HELLO);
        const swapped = plain(swapLines);
        if (round === 2) {
          assert.deepEqual(swapped, swapLog(NUCLEO));
          tell(bench, [ZEPHYR_NUCLEO, 'Resetting the MCU'], swapLines, RESET);
        }
        assert.ok(swapped.includes('I: Image index: 0, Swap type: test'));
        assertSwapped(sample, update);
        assert.deepEqual(plain(await sample.reset(SAMPLE_READY)), revertLog(NUCLEO));
        await sample.board.configured(RUN_TIME);
      }
    },
  },
  {
    name: "dfukit does to Zephyr's sample what dfu-util does",
    async run(bench) {
      const sample = await ZephyrBench.start(bench, REEL);
      const update = await signedUpdate(bench, REEL, 'hello-world');
      const native = ['--bus', 'native'];
      const listed = await dfukitSucceeds(bench, 'list', ...native);
      assert.match(listed, /^Found Runtime: \[2fe3:0005\] ver=0402, .*name="UNKNOWN"/m);
      await dfukitSucceeds(bench, 'detach', ...native);
      await sample.logs('Detach USB device');
      await sample.board.configured(DFU_MODE);
      const content = writePattern(bench.path('content.bin'), RAM_DISK_BYTES);
      await dfukitSucceeds(bench, 'download', ...native, '-a', '0', 'content.bin');
      await dfukitSucceeds(bench, 'upload', ...native, '-a', 'ramdisk0', 'back.bin');
      assert.ok(readFileSync(bench.path('back.bin')).equals(content), 'what went down comes up');
      // From run-time mode, in one command.
      sample.board.send({ command: 'reset' });
      await sample.board.configured(RUN_TIME);
      await dfukitSucceeds(bench, 'download', ...native, '-a', '1', update);
      await sample.upgradeIsRequested();
      assert.ok((await sample.reset(HELLO)).includes('I: Image index: 0, Swap type: test'));
      assertSwapped(sample, update);
    },
  },
];
