import { DfuError } from '../../bytes/index.ts';
import { createCore } from '../armv6m/create-core.ts';
import type { Core, CoreStop } from '../armv6m/core.ts';
import { cortexM0 } from '../armv6m/variant.ts';
import type { Chip, ChipOrder, ChipStop } from '../chip.ts';
import { FLASH, LOADER_ENTRY, SRAM, SRAM_BYTES, SYSTEM_MEMORY } from './addresses.ts';
import { createBus } from './bus.ts';
import type { MemMode, Placed } from './bus.ts';
import { createFlashInterface } from './flash-interface.ts';
import type { Wiring } from './peripheral.ts';
import { PORT_LETTERS, createPeripherals } from './peripherals.ts';
import { createClockTree } from './rcc.ts';
import type { Gate } from './rcc.ts';
import { RETAINED, retainedWords } from './retained.ts';
import { createPower } from './small-peripherals.ts';
import { createTime } from './time.ts';
import { createUsb } from './usb.ts';

/** SYSCFG_CFGR1.MEM_MODE; 2 is what 0 is (RM0091 §9.1.1). */
const memModes: readonly MemMode[] = ['flash', 'system', 'flash', 'sram'];

/** Cortex-M0; SysTick's other clock is an eighth of the core's, and 6000 of it at 48 MHz are a millisecond. */
const variant = { ...cortexM0, systickReference: () => 8, systickCalibration: 0x40001770 };

const USB_GATE: Gate = { bus: 'APB1', bit: 23 };
const USB_HERTZ = 48_000_000;
/** USB 2.0 §7.1.11. */
const USB_TOLERANCE = 0.0025;

/** A debugger lets it run for that long, and means an instruction. */
const STEP_NS = 1;

/** A chip for one life: from one reset to the next. */
export function createChip(order: ChipOrder): Chip {
  const { outside, ram } = order;
  const { flash } = outside;
  const retained = retainedWords(order.retained);
  let running = false;
  let bitten = false;
  let toldOutside = false;
  let dead = false;
  /** The core waits for flash until then. In cycles: a time may lie between two of them, and is never reached. */
  let stalledUntilCycle = 0;
  let wasPulledUp = false;
  let warnedOfUsb = false;

  const power = createPower();
  const clocks = createClockTree({
    cause: order.cause,
    retained,
    backupUnlocked: power.backupUnlocked,
    changed: () => {
      if (time.hertz !== clocks.hertz()) {
        time.setHertz(clocks.hertz());
        core.yield();
      }
      refresh();
    },
    resetting: (bus, bits) => {
      for (const { peripheral, gate } of placed) {
        if (gate?.bus === bus && bits & (1 << gate.bit)) peripheral.reset();
      }
      refresh();
    },
  });
  const refresh = (): void => {
    for (const each of placed) each.isOn = each.gate === undefined || clocks.isOn(each.gate);
    if (usb.port.pulledUp !== wasPulledUp) tellUsb();
  };
  const tellUsb = (): void => {
    wasPulledUp = usb.port.pulledUp;
    if (!running) return;
    toldOutside = true;
    core.yield();
    outside.usbChanged();
  };
  const wiring: Wiring = {
    cycles: () => core.cycles,
    nowNs: () => time.nsAt(core.cycles),
    cycleAt: (ns) => time.cycleAt(ns),
    interrupt: (line, level) => core.setInterrupt(line, level),
    rescheduled: () => core.yield(),
  };
  const peripherals = createPeripherals({
    wiring,
    clocks,
    retained,
    power,
    outside,
    bite: (windowWatchdog) => {
      if (windowWatchdog) retained.write(RETAINED.windowWatchdog, 1);
      bitten = true;
      core.yield();
    },
    event: () => core.event(),
    remapped: (mode) => {
      bus.memMode = memModes[mode] ?? 'flash';
      core.remapped();
    },
  });
  const usb = createUsb({
    wiring,
    changed: tellUsb,
    clocked: () => {
      if (!usbPlace.isOn) return false;
      const hertz = clocks.usbHertz();
      if (Math.abs(hertz - USB_HERTZ) <= USB_HERTZ * USB_TOLERANCE) return true;
      if (hertz !== 0 && !warnedOfUsb) {
        warnedOfUsb = true;
        outside.warn(
          `the USB peripheral is fed with ${Math.round(hertz)} Hz; it wants ${USB_HERTZ} Hz`,
        );
      }
      return false;
    },
  });
  const flashInterface = createFlashInterface({
    flash,
    wiring,
    changed: (offsetBytes, lengthBytes) => {
      core.written(FLASH + offsetBytes, lengthBytes);
    },
    stall: (ns) => {
      stalledUntilCycle = time.cycleAt(wiring.nowNs() + ns);
      core.yield();
    },
  });
  const usbPlace: Placed = { peripheral: usb.peripheral, gate: USB_GATE, isOn: false };
  const placed: readonly Placed[] = [
    ...peripherals.gated.map((each) => ({ ...each, isOn: each.gate === undefined })),
    usbPlace,
    { peripheral: flashInterface.peripheral, isOn: true },
  ];
  const bus = createBus({
    flash: flash.bytes,
    ram,
    uniqueId: order.uniqueId,
    placed,
    packetMemory: usb.memory,
    usb: usbPlace,
    writeFlash: flashInterface.write,
    feedCrc: peripherals.crc.feed,
  });
  const core: Core = createCore(bus, variant);
  const time = createTime(() => core.cycles, clocks.hertz());
  const timed = placed.flatMap(({ peripheral }) =>
    peripheral.nextCycle === undefined ? [] : [peripheral],
  );

  const nextCycle = (): number =>
    timed.reduce((next, each) => Math.min(next, each.nextCycle?.() ?? Infinity), Infinity);
  const doWhatIsDue = (): void => {
    for (const each of timed) {
      if ((each.nextCycle?.() ?? Infinity) <= core.cycles) each.advance?.();
    }
  };
  /** Lets time pass without an instruction, until then or until something is due. */
  const pass = (untilCycle: number): void => {
    core.sleepUntil(Math.max(core.cycles, Math.min(untilCycle, nextCycle())));
    doWhatIsDue();
  };
  const stopOf = (stop: CoreStop): ChipStop | undefined => {
    if (stop === 'exit') return { why: 'jump', address: core.readRegister(15) };
    if (stop === 'breakpoint' || stop === 'bkpt') return { why: 'breakpoint' };
    return stop === 'reset-request' ? { why: 'reset', cause: 'software' } : undefined;
  };
  const faulted = (): ChipStop | undefined => {
    const { fault } = core;
    return fault === undefined ? undefined : { why: 'fault', fault };
  };
  const waitForWatchdog = (untilCycle: number): ChipStop => {
    const goesOn = (): boolean => Math.min(untilCycle, nextCycle()) !== Infinity;
    const isOver = (): boolean => bitten || core.cycles >= untilCycle || !goesOn();
    while (!isOver()) pass(untilCycle);
    if (bitten) return { why: 'reset', cause: 'watchdog' };
    return faulted() ?? { why: 'time' };
  };
  /** One stretch of instructions, or of none; undefined: on with the next. */
  const stretch = (untilNs: number): ChipStop | undefined => {
    const untilCycle = time.cycleAt(untilNs);
    if (bitten) return { why: 'reset', cause: 'watchdog' };
    if (toldOutside) return { why: 'outside' };
    if (core.cycles >= untilCycle) return { why: 'time' };
    if (stalledUntilCycle > core.cycles) {
      pass(Math.min(untilCycle, stalledUntilCycle));
      return undefined;
    }
    stalledUntilCycle = 0;
    const stop = core.run(Math.min(untilCycle, nextCycle()));
    doWhatIsDue();
    const told = stopOf(stop);
    if (told !== undefined) return told;
    if (stop === 'locked-up' || core.fault?.unmodelled === true) {
      dead = true;
      return faulted();
    }
    if (stop !== 'sleeping' || bitten || toldOutside) return undefined;
    const wakes = Math.min(nextCycle(), core.nextTick);
    if (wakes !== Infinity && wakes <= untilCycle) {
      pass(wakes);
      return undefined;
    }
    if (untilCycle !== Infinity) pass(untilCycle);
    return { why: 'idle', nextNs: wakes === Infinity ? Infinity : time.nsAt(wakes) };
  };
  const setPin = (name: string, level: boolean | undefined): void => {
    // The boot pin is looked at before the chip gets here.
    if (name === 'BOOT0') return;
    const [, letter = '', digits = ''] = /^P([A-F])(\d|1[0-5])$/.exec(name) ?? [];
    const port = peripherals.ports[PORT_LETTERS.indexOf(letter)];
    if (letter === '' || port === undefined) {
      throw new DfuError(
        'NOT_FOUND',
        `an STM32F072 has no pin ${name}; PA0 to PF15 and BOOT0 are there`,
      );
    }
    port.setPin(Number(digits), level);
  };

  refresh();
  core.exits.add(SYSTEM_MEMORY);
  core.exits.add(LOADER_ENTRY);
  core.reset(0);
  const view = new DataView(flash.bytes.buffer, flash.bytes.byteOffset, flash.bytes.byteLength);
  if (order.entry !== undefined && order.entry !== FLASH) {
    // A loader that jumps: its vectors stay where they are, a Cortex-M0 has no VTOR.
    const offset = order.entry - FLASH;
    core.msp = view.getUint32(offset, true);
    core.xpsr = 0x01000000;
    core.writeRegister(15, (view.getUint32(offset + 4, true) & ~1) >>> 0);
  }
  for (const [name, level] of order.pins ?? []) setPin(name, level);

  const chip: Chip = {
    core,
    usb: usb.port,
    get nowNs() {
      return wiring.nowNs();
    },
    run(untilNs) {
      running = true;
      toldOutside = false;
      try {
        // Who wants one instruction does not want the wait before it.
        const isStep = untilNs - wiring.nowNs() <= STEP_NS;
        if (isStep && stalledUntilCycle > core.cycles) {
          pass(stalledUntilCycle);
          return chip.run(wiring.nowNs() + STEP_NS);
        }
        if (dead) return waitForWatchdog(time.cycleAt(untilNs));
        for (;;) {
          const stop = stretch(untilNs);
          if (stop !== undefined) return stop;
        }
      } finally {
        running = false;
      }
    },
    uartInput: (port, bytes) => peripherals.usarts[port]?.input(bytes),
    setPin,
    peek: (address, lengthBytes) => bus.peek(address, lengthBytes),
    poke(address, bytes) {
      if (address < SRAM || address + bytes.length > SRAM + SRAM_BYTES) return false;
      ram.set(bytes, address - SRAM);
      core.written(address, bytes.length);
      return true;
    },
  };
  return chip;
}
