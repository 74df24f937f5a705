// A bootloader in C that swaps three sectors, executed: cuts at every operation, each in three ways, a second of the
// processor; how many boots that takes, and what the first boot of all takes.
import { readFileSync } from 'node:fs';
import { boardModel, exploreChipCuts } from 'dfukit/board';
import { chipModel } from 'dfukit/chip';
import { figure } from './figure.mjs';

const built = (name) =>
  readFileSync(new URL(`../test/fixtures/machine/boot/built/${name}.bin`, import.meta.url));

const SLOTS = { slot0: 0x10000, slot1: 0xe0000 };
const JOURNAL = 0x1b0000;
const BASE = 0x10000000;

/** A flash in which a swap of three sectors is asked for. */
function dumpWith(bootloader) {
  const flash = new Uint8Array(0x200000).fill(0xff);
  flash.set(built(bootloader), 0);
  flash.set(built('app-1.0.0'), SLOTS.slot0);
  flash.set(built('app-2.0.0'), SLOTS.slot1);
  const journal = new DataView(flash.buffer, JOURNAL);
  journal.setUint32(0, 0x50415753, true);
  journal.setUint32(4, 3, true);
  return flash;
}

/** Processor time in s, of all threads. */
function processorSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

const device = {
  chip: chipModel('RP2040'),
  geometry: boardModel('rpi_pico').flash,
  contents: dumpWith('careful'),
  applications: Object.entries(SLOTS).map(([name, offset]) => ({
    name,
    address: BASE + offset,
    sizeBytes: 0xd0000,
  })),
};

// The first run of all is the compiler's.
await exploreChipCuts(device, { sample: 3 });

const began = processorSeconds();
const { cases, findings, executed, operations } = await exploreChipCuts(device);
const seconds = processorSeconds() - began;
if (findings.length > 0) throw new Error(`a power cut led to ${findings[0].outcome}`);
const more = {
  operations: operations.length,
  cuts: cases.length,
  boots: executed.boots,
  millionInstructions: Number((executed.instructions / 1e6).toFixed(1)),
};
figure('power cuts of a bootloader that is executed', cases.length / seconds, '1/CPU-s', more);
figure(
  'power cuts of a bootloader that is executed, each boot',
  (1000 * seconds) / executed.boots,
  'CPU-ms',
);
