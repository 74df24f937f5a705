import type { ChipOutside } from '../chip.ts';
import { interrupts } from './addresses.ts';
import { createCan } from './can.ts';
import { createCrcUnit } from './crc.ts';
import type { CrcUnit } from './crc.ts';
import { createDma } from './dma.ts';
import { createExti } from './exti.ts';
import type { Exti } from './exti.ts';
import { createGpioPort } from './gpio.ts';
import type { GpioPort } from './gpio.ts';
import { createPeripheral } from './peripheral.ts';
import type { Peripheral, Wiring } from './peripheral.ts';
import type { ClockTree, Gate } from './rcc.ts';
import type { RetainedWords } from './retained.ts';
import { createClockRecovery, createDebugUnit, createRtc } from './small-peripherals.ts';
import type { Power } from './small-peripherals.ts';
import { createTimer } from './timer.ts';
import { createUsart } from './usart.ts';
import type { Usart } from './usart.ts';
import { createIndependentWatchdog, createWindowWatchdog } from './watchdogs.ts';

interface PeripheralsOrder {
  readonly wiring: Wiring;
  readonly clocks: ClockTree;
  readonly retained: RetainedWords;
  readonly power: Power;
  readonly outside: ChipOutside;
  /** A watchdog resets the chip. */
  readonly bite: (windowWatchdog: boolean) => void;
  readonly event: () => void;
  readonly remapped: (mode: number) => void;
}

/** A peripheral and the clock that it needs; none: it always has one. */
interface Gated {
  readonly peripheral: Peripheral;
  readonly gate?: Gate | undefined;
}

/** What is around the core, but for the flash interface and USB. */
interface Peripherals {
  readonly gated: readonly Gated[];
  /** USART1 first. */
  readonly usarts: readonly Usart[];
  /** A to F. */
  readonly ports: readonly GpioPort[];
  readonly exti: Exti;
  readonly crc: CrcUnit;
}

const ahb = (bit: number): Gate => ({ bus: 'AHB', bit });
const apb1 = (bit: number): Gate => ({ bus: 'APB1', bit });
const apb2 = (bit: number): Gate => ({ bus: 'APB2', bit });

/** Name, base, gate, line of updates; width and channels where they are not 16 and 0. */
const timers = [
  { name: 'TIM2', base: 0x40000000, gate: apb1(0), line: interrupts.TIM2, bits: 32, channels: 4 },
  { name: 'TIM3', base: 0x40000400, gate: apb1(1), line: interrupts.TIM3, channels: 4 },
  { name: 'TIM6', base: 0x40001000, gate: apb1(4), line: interrupts.TIM6 },
  { name: 'TIM7', base: 0x40001400, gate: apb1(5), line: interrupts.TIM7 },
  { name: 'TIM14', base: 0x40002000, gate: apb1(8), line: interrupts.TIM14, channels: 1 },
  {
    name: 'TIM1',
    base: 0x40012c00,
    gate: apb2(11),
    line: interrupts.TIM1_BRK_UP,
    channels: 4,
    compareLine: interrupts.TIM1_CC,
  },
  { name: 'TIM15', base: 0x40014000, gate: apb2(16), line: interrupts.TIM15, channels: 2 },
  { name: 'TIM16', base: 0x40014400, gate: apb2(17), line: interrupts.TIM16, channels: 1 },
  { name: 'TIM17', base: 0x40014800, gate: apb2(18), line: interrupts.TIM17, channels: 1 },
] as const;

const usarts = [
  { name: 'USART1', base: 0x40013800, gate: apb2(14), line: interrupts.USART1 },
  { name: 'USART2', base: 0x40004400, gate: apb1(17), line: interrupts.USART2 },
  { name: 'USART3', base: 0x40004800, gate: apb1(18), line: interrupts.USART3_4 },
  { name: 'USART4', base: 0x40004c00, gate: apb1(19), line: interrupts.USART3_4 },
] as const;

/** Peripherals that the chip has and the model does not: firmware that feeds and uses one of them is told its name. */
const unmodelled = [
  { name: 'SPI2', base: 0x40003800, gate: apb1(14) },
  { name: 'I2C1', base: 0x40005400, gate: apb1(21) },
  { name: 'I2C2', base: 0x40005800, gate: apb1(22) },
  { name: 'DAC', base: 0x40007400, gate: apb1(29) },
  { name: 'CEC', base: 0x40007800, gate: apb1(30) },
  { name: 'ADC', base: 0x40012400, gate: apb2(9) },
  { name: 'SPI1', base: 0x40013000, gate: apb2(12) },
  { name: 'TSC', base: 0x40024000, gate: ahb(24) },
] as const;

export const PORT_LETTERS = 'ABCDEF';
const FIRST_PORT = 0x48000000;

/** Makes them, each in its reset state. */
export function createPeripherals(order: PeripheralsOrder): Peripherals {
  const { wiring, clocks, outside, power } = order;
  const lines = new Map<number, Set<string>>();
  /** Several share a line: it is raised while one of them raises it. */
  const share = (name: string, line: number, level: boolean): void => {
    const raising = lines.get(line) ?? new Set();
    lines.set(line, raising);
    if (level) raising.add(name);
    else raising.delete(name);
    wiring.interrupt(line, raising.size > 0);
  };
  const madeUsarts = usarts.map(({ name, base, line }, port) =>
    createUsart({
      name,
      base,
      interrupt: (level) => share(name, line, level),
      send: (byte) => outside.uart(port, byte),
    }),
  );
  const look = (): void => exti.look();
  const ports: readonly GpioPort[] = Array.from(PORT_LETTERS, (letter, n) =>
    createGpioPort({
      letter,
      base: FIRST_PORT + 0x400 * n,
      driven: (pin, level) => outside.pin(`P${letter}${pin}`, level),
      inputs: look,
    }),
  );
  const exti: Exti = createExti({
    wiring,
    event: order.event,
    levels: (port) => ports[port]?.levels() ?? 0,
    remapped: order.remapped,
  });
  const crc = createCrcUnit();
  const watchdog = { wiring };
  const gated: Gated[] = [
    { peripheral: clocks.peripheral },
    { peripheral: exti.exti },
    { peripheral: exti.syscfg, gate: apb2(0) },
    { peripheral: crc.peripheral, gate: ahb(6) },
    { peripheral: createDma(), gate: ahb(0) },
    { peripheral: createCan(), gate: apb1(25) },
    { peripheral: power.peripheral, gate: apb1(28) },
    {
      peripheral: createRtc({
        retained: order.retained,
        backupUnlocked: power.backupUnlocked,
      }),
    },
    { peripheral: createClockRecovery(), gate: apb1(27) },
    { peripheral: createDebugUnit(), gate: apb2(22) },
    {
      peripheral: createIndependentWatchdog({ ...watchdog, bite: () => order.bite(false) }),
    },
    {
      peripheral: createWindowWatchdog({
        ...watchdog,
        busCycles: clocks.busCycles,
        bite: () => order.bite(true),
      }),
      gate: apb1(11),
    },
  ];
  for (const [n, { peripheral }] of ports.entries()) gated.push({ peripheral, gate: ahb(17 + n) });
  for (const [n, { peripheral }] of madeUsarts.entries()) {
    gated.push({ peripheral, gate: usarts[n]?.gate });
  }
  for (const { name, base, gate } of unmodelled) {
    gated.push({ peripheral: createPeripheral({ name, base, registers: {} }), gate });
  }
  for (const each of timers) {
    const { name, base, gate, line } = each;
    const peripheral = createTimer({
      name,
      base,
      wiring,
      bits: 'bits' in each ? each.bits : 16,
      channels: 'channels' in each ? each.channels : 0,
      clockCycles: clocks.timerCycles,
      updateLine: line,
      compareLine: 'compareLine' in each ? each.compareLine : line,
    });
    gated.push({ peripheral, gate });
  }
  return { gated, usarts: madeUsarts, ports, exti, crc };
}
