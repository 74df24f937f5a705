import { DfuError, hexNumber } from '../../bytes/index.ts';
import { BusFault } from '../armv6m/bus.ts';
import type { CoreFault } from '../armv6m/core.ts';
import { createCore } from '../armv6m/create-core.ts';
import type { Chip, ChipModel, ChipOrder, ChipStop } from '../chip.ts';
import { createBus, FLASH_ADDRESS, RAM_ADDRESS, RAM_BYTES, ROM_BYTES } from './bus.ts';
import type { ChipBus } from './bus.ts';
import { createParts } from './parts.ts';
import { createRomImage } from './rom-image.ts';
import { createRom } from './rom.ts';
import { resetBits, retainedAt } from './system.ts';
import { createTime } from './time.ts';
import type { Wires } from './wires.ts';

/** How fast the core starts: the ring oscillator. */
const START_HZ = 6_500_000;
/** What the ROM takes out of reset before it looks at the flash (§2.8.1). */
const WOKEN = (1 << resetBits.ioQspi) | (1 << resetBits.padsQspi) | (1 << resetBits.timer);

const ownRom = createRomImage();

function check({ ram, retained, rom, outside, entry }: ChipOrder): void {
  const wrong = (what: string): DfuError => new DfuError('INVALID_ARGUMENT', `an RP2040 ${what}`);
  if (ram.length !== RAM_BYTES) {
    throw wrong(`has ${RAM_BYTES} bytes of RAM, not ${ram.length}`);
  }
  if (retained.length < retainedAt.lengthBytes) {
    throw wrong(`keeps ${retainedAt.lengthBytes} bytes in registers, not ${retained.length}`);
  }
  if (rom !== undefined && rom.length !== ROM_BYTES) {
    throw wrong(`has a ROM of ${ROM_BYTES} bytes; the one that was given has ${rom.length}`);
  }
  const { length } = outside.flash.bytes;
  if (length === 0 || length % 4096 !== 0 || length > 0x1000000) {
    throw wrong(`executes from up to 16 MiB of flash in whole sectors, not from ${length} bytes`);
  }
  if (entry !== undefined && entry % 256 !== 0) {
    throw wrong(`wants its vector table at a multiple of 256, not at ${hexNumber(entry)}`);
  }
}

function make(order: ChipOrder): Chip {
  check(order);
  const { outside, ram } = order;
  const said = new Set<string>();
  /** Why it will not go on. */
  const over: { stop: ChipStop | undefined } = { stop: undefined };
  let atOutside = false;
  let skipNs = 0;
  /** What `run` was told and came to: its clock is not a rounding behind that. */
  let reachedNs = 0;
  /** What the ROM is at, step by step, and when the next one is due. */
  let work: (() => number | undefined) | undefined;
  let workNs = 0;

  const time = createTime({
    cycles: () => core.cycles,
    hertz: START_HZ,
    sooner: () => core.yield(),
  });
  const finish = (stop: ChipStop): void => {
    over.stop ??= stop;
    core.yield();
  };
  const wires: Wires = {
    order,
    time,
    irq: (line, level) => core.setInterrupt(line, level),
    resetChip: (cause) => finish({ why: 'reset', cause }),
    usbChanged: () => {
      atOutside = true;
      core.yield();
      outside.usbChanged();
    },
    skipTo: (ns) => {
      skipNs = ns;
      core.yield();
    },
    warn: (words) => {
      if (said.has(words) || said.size >= 1000) return;
      said.add(words);
      outside.warn(`RP2040: ${words}`);
    },
  };

  const rom = order.rom ?? ownRom.bytes;
  const bus: ChipBus = createBus({
    rom,
    flash: outside.flash.bytes,
    ram,
    held: () => parts.held(),
    xip: () => parts.xip,
    dpram: (offset) => {
      if (offset !== undefined) parts.usb.memoryWritten(offset);
      return parts.usb.memory;
    },
    changed: (address, length) => core.written(address, length),
    warn: wires.warn,
    blocks: () => parts.blocks,
  });
  const core = createCore(bus, {
    systickCalibration: 0xc0002710 | 0,
    // A microsecond of the watchdog's tick (RP2040 datasheet §2.4.5.1.1).
    systickReference: () => Math.max(1, Math.round(parts.systemHz() / 1e6)),
  });
  const parts = createParts({
    wires,
    bus: () => bus,
    flashChanged: (offset, length) => core.written(FLASH_ADDRESS + offset, length),
    frequency: (hertz) => time.setFrequency(hertz),
  });

  /** What stands in `Core.fault`, or in its place. */
  const faultHere = (words: string, unmodelled: boolean): CoreFault => ({
    words,
    pc: core.readRegister(15),
    lr: core.readRegister(14),
    xpsr: core.xpsr,
    frame: undefined,
    unmodelled,
  });
  const stopFor = (words: string): void =>
    finish({ why: 'fault', fault: faultHere(`RP2040: ${words}`, true) });
  const advance = (untilNs: number): void => {
    const tickNs = time.nsAt(core.nextTick);
    core.sleepUntil(time.cyclesAt(Math.min(untilNs, time.nextNs, tickNs)));
  };
  const doTrap = createRom({
    core,
    bus,
    pins: parts.gpio.flash,
    ssi: parts.ssi,
    nor: parts.nor,
    scratch: new DataView(order.retained.buffer, order.retained.byteOffset + retainedAt.scratch),
    bootsel: parts.bootsel,
    wake: () => parts.release(WOKEN),
    flushed: () => parts.xip.block.write(0, parts.xip.block.read(0) | 1, 0),
    steps: (step) => {
      work = step;
      workNs = time.nowNs;
    },
    stop: stopFor,
    dead: () =>
      finish({
        why: 'fault',
        fault: core.fault ?? faultHere('the ROM has nothing to do any more', false),
      }),
    warn: wires.warn,
  });
  const inRom = (what: () => void): void => {
    try {
      what();
    } catch (thrown) {
      if (!(thrown instanceof BusFault)) throw thrown;
      const name = ownRom.traps.get(core.readRegister(15)) ?? '';
      const words = `${thrown.message}, in the ROM's function ${name}`;
      finish({ why: 'fault', fault: faultHere(words, thrown.unmodelled) });
    }
  };

  const trap = (): void => {
    const name = ownRom.traps.get(core.readRegister(15));
    if (name !== undefined) inRom(() => doTrap(name));
  };

  if (order.rom === undefined) for (const address of ownRom.traps.keys()) core.exits.add(address);
  if (order.entry === undefined) core.reset(0);
  else {
    parts.release(WOKEN);
    parts.ssi.executing();
    core.reset(order.entry);
  }

  /** The core does nothing; the clock goes on to what comes first, or to `untilNs`. undefined: something came. */
  const idle = (untilNs: number, ticks: boolean): number | undefined => {
    const nextNs = Math.min(
      time.nextNs,
      ticks ? time.nsAt(core.nextTick) : Number.POSITIVE_INFINITY,
    );
    const toNs = Math.min(nextNs, untilNs);
    if (toNs < Number.POSITIVE_INFINITY) {
      core.sleepUntil(time.cyclesAt(toNs));
      if (toNs === untilNs) reachedNs = toNs;
    }
    return nextNs > untilNs || nextNs === Number.POSITIVE_INFINITY ? nextNs : undefined;
  };
  /** It stopped for good; only the watchdog still runs. */
  const stopped = (stop: ChipStop, untilNs: number): ChipStop => {
    for (;;) {
      time.ring();
      if (over.stop !== undefined) return over.stop;
      if (idle(untilNs, false) !== undefined) return stop;
    }
  };
  let lockedUp: ChipStop | undefined;

  const run = (untilNs: number): ChipStop => {
    if (lockedUp !== undefined) return stopped(lockedUp, untilNs);
    for (;;) {
      time.ring();
      const { stop } = over;
      if (stop !== undefined) {
        if (stop.why !== 'fault') return stop;
        lockedUp = stop;
        over.stop = undefined;
        return stop;
      }
      if (atOutside) {
        atOutside = false;
        return { why: 'outside' };
      }
      const lastCycle = time.cyclesAt(untilNs);
      if (core.cycles >= lastCycle) {
        reachedNs = untilNs;
        return { why: 'time' };
      }
      if (work !== undefined) {
        const step = work;
        if (time.nowNs + 1 < workNs) advance(Math.min(workNs, untilNs));
        else {
          inRom(() => {
            const us = step();
            if (us === undefined) work = undefined;
            else workNs = time.nowNs + us * 1000;
          });
        }
        continue;
      }
      if (skipNs > 0) {
        advance(Math.min(skipNs, untilNs));
        skipNs = 0;
        continue;
      }
      switch (core.run(Math.min(lastCycle, time.cyclesAt(time.nextNs)))) {
        case 'cycles':
          break;
        case 'sleeping': {
          const nextNs = idle(untilNs, true);
          if (nextNs !== undefined) return { why: 'idle', nextNs };
          break;
        }
        case 'breakpoint':
        case 'bkpt':
          return { why: 'breakpoint' };
        case 'exit':
          trap();
          break;
        case 'reset-request':
          finish({ why: 'reset', cause: 'software' });
          break;
        case 'locked-up':
          finish({
            why: 'fault',
            fault: core.fault ?? faultHere('the core is locked up', false),
          });
          break;
      }
    }
  };

  return {
    core,
    usb: parts.usb.port,
    get nowNs() {
      return Math.max(time.nowNs, reachedNs);
    },
    run,
    uartInput: (port, bytes) => {
      const uart = parts.uarts[port];
      if (uart === undefined) {
        throw new DfuError('NOT_FOUND', `an RP2040 has UART 0 and 1, not ${port}`);
      }
      uart.input(bytes);
    },
    setPin: parts.gpio.setPin,
    peek: (address, length) => {
      const from = bus.memory(address);
      if (from === undefined) {
        const offset = address - 0x50100000;
        const { memory } = parts.usb;
        if (offset < 0 || offset + length > memory.length) return undefined;
        return memory.slice(offset, offset + length);
      }
      if (from.offset + length > from.bytes.length) return undefined;
      return from.bytes.slice(from.offset, from.offset + length);
    },
    poke: (address, bytes) => {
      const offset = address - RAM_ADDRESS;
      if (offset < 0 || offset + bytes.length > ram.length) return false;
      ram.set(bytes, offset);
      core.written(address, bytes.length);
      return true;
    },
  };
}

/**
 * Raspberry Pi's RP2040, its first core, with a SPI NOR flash of the board's beside it. A reset that the core asks for
 * (SYSRESETREQ) resets the whole chip here; on silicon USB is left alone.
 */
export const rp2040: ChipModel = {
  name: 'RP2040',
  flashAddress: FLASH_ADDRESS,
  ram: { address: RAM_ADDRESS, sizeBytes: RAM_BYTES },
  retainedBytes: retainedAt.lengthBytes,
  romBytes: ROM_BYTES,
  consoleUart: 0,
  make,
};
