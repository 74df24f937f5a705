// How fast a core executes: SHA-256 over and over, in instructions a second of processor time, beside rp2040js, in turn.
import { readFileSync } from 'node:fs';
import { RP2040 } from 'rp2040js';
import { createCore } from '../dist/chip/armv6m/create-core.js';
import { figure, median } from './figure.mjs';

const FLASH = 0x10000000;
const RAM = 0x20000000;
const INSTRUCTIONS = 10_000_000;
const TRIES = 9;

const program = new URL('../test/fixtures/machine/isa/built/sha256.bin', import.meta.url);
const code = readFileSync(program);

function ours() {
  const flash = new Uint8Array(0x200000);
  flash.set(code);
  const nobody = (address) => {
    throw new Error(`nobody answers at ${address.toString(16)}`);
  };
  const core = createCore({
    memories: [
      { address: FLASH, bytes: flash, writable: false },
      { address: RAM, bytes: new Uint8Array(0x42000), writable: true },
    ],
    read: nobody,
    write: nobody,
  });
  core.reset(FLASH);
  return () => {
    const before = core.instructions;
    while (core.instructions - before < INSTRUCTIONS) core.run(core.cycles + 125_000);
    return core.instructions - before;
  };
}

function theirs() {
  const chip = new RP2040();
  chip.logger = { debug() {}, info() {}, warn() {}, error() {} };
  chip.flash.set(code);
  const { core } = chip;
  core.VTOR = FLASH;
  core.SP = code.readUInt32LE(0);
  core.PC = code.readUInt32LE(4) & ~1;
  return () => {
    for (let n = 0; n < INSTRUCTIONS; n++) core.executeInstruction();
    return INSTRUCTIONS;
  };
}

/** Millions of instructions a second of processor time. */
function mips(run) {
  const before = process.cpuUsage();
  const instructions = run();
  const { user, system } = process.cpuUsage(before);
  return instructions / (user + system);
}

const [own, other] = [ours(), theirs()];
const first = mips(own);
const rates = Array.from({ length: TRIES }, () => [mips(own), mips(other)]);
const [mine, others] = [0, 1].map((at) => median(rates.slice(1).map((each) => each[at])));
figure('core, SHA-256', mine, 'MIPS');
figure('core, SHA-256, the first ten million', first, 'MIPS');
figure('core, SHA-256, rp2040js', others, 'MIPS');
figure('core, SHA-256, of rp2040js', mine / others, 'times');
