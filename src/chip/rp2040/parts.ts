import type { Bus } from '../armv6m/bus.ts';
import type { Block } from './block.ts';
import type { Placed } from './bus.ts';
import { createClocks } from './clocks.ts';
import { createDma } from './dma.ts';
import { createGpio, SELECT_PIN } from './gpio.ts';
import type { Gpio } from './gpio.ts';
import { createNor } from './nor.ts';
import type { Nor } from './nor.ts';
import { createOthers } from './others.ts';
import { createSio } from './sio.ts';
import { createSpi } from './spi.ts';
import { createSsi } from './ssi.ts';
import type { Ssi } from './ssi.ts';
import * as system from './system.ts';
import { createTimer } from './timer.ts';
import { createUart } from './uart.ts';
import type { Uart } from './uart.ts';
import { createUsb, dpramBlock, switchesPhyOff } from './usb.ts';
import type { Usb } from './usb.ts';
import { createWatchdog } from './watchdog.ts';
import type { Wires } from './wires.ts';
import { createXip } from './xip.ts';
import type { Xip } from './xip.ts';

/** Everything around the core that somebody else has to do with, and all of it by its address. */
interface Parts {
  readonly blocks: ReadonlyMap<number, Placed>;
  readonly gpio: Gpio;
  readonly nor: Nor;
  readonly ssi: Ssi;
  readonly usb: Usb;
  readonly uarts: readonly [Uart, Uart];
  readonly xip: Xip;
  /** RESETS.RESET */
  readonly held: () => number;
  /** Lets blocks out of reset. */
  readonly release: (bits: number) => void;
  /** Whether QSPI_SS is held low from outside. */
  readonly bootsel: () => boolean;
  readonly systemHz: () => number;
}

interface PartsOrder {
  readonly wires: Wires;
  readonly bus: () => Bus;
  /** Bytes of flash are others now. */
  readonly flashChanged: (offsetBytes: number, lengthBytes: number) => void;
  /** The clock of the core is another. */
  readonly frequency: (hertz: number) => void;
}

export function createParts({ wires, bus, flashChanged, frequency }: PartsOrder): Parts {
  const { order, warn } = wires;
  const { flash } = order.outside;
  const clocks = createClocks({ changed: () => clocksChanged(), warn });
  const timer = createTimer(wires);
  const watchdog = createWatchdog(wires, {
    referenceHz: clocks.referenceHz,
    ticks: () => timer.setTick(watchdog.tickHz()),
  });
  function clocksChanged(): void {
    frequency(clocks.systemHz());
    watchdog.clockChanged();
  }
  timer.setTick(watchdog.tickHz());

  const gpio = createGpio(wires);
  const nor = createNor({
    flash,
    time: wires.time,
    uniqueId: order.uniqueId,
    warn,
    changed: flashChanged,
  });
  const ssi = createSsi(wires, gpio.flash, nor);
  const ioQspi: Block = {
    ...gpio.flash.io,
    write: (offset, value, written) => {
      gpio.flash.io.write(offset, value, written);
      ssi.selectChanged();
    },
    reset: () => {
      gpio.flash.io.reset();
      ssi.selectChanged();
    },
  };
  const xip = createXip({ flash: flash.bytes, warn });
  const usb = createUsb(wires, { clockHz: clocks.usbHz });
  const dpram = dpramBlock(usb);
  const uarts = [createUart(wires, 0), createUart(wires, 1)] as const;
  const others = createOthers(wires);
  const sio = createSio(wires, gpio);
  const spi = [0, 1].map((n) => createSpi(wires, n, () => dma.requested()));
  const dma = createDma(wires, { bus, spi: () => spi });

  const bits = system.resetBits;
  const resets = system.createResets((put) => {
    for (const { block, reset } of blocks.values()) {
      if (reset !== undefined && ((put >>> reset) & 1) === 1) block.reset();
    }
  });
  const { adc, rtc, pwm, i2c, pio } = others;
  const blocks = new Map<number, Placed>([
    [0x14000000, { block: xip.block }],
    [0x18000000, { block: ssi.block }],
    [0x40000000, { block: system.createSysinfo() }],
    [0x40004000, { block: system.createSyscfg(), reset: bits.syscfg }],
    [0x40008000, { block: clocks.blocks.clocks }],
    [0x4000c000, { block: resets }],
    [0x40010000, { block: system.createPsm(sio.core1) }],
    [0x40014000, { block: gpio.board.io, reset: bits.ioBank0 }],
    [0x40018000, { block: ioQspi, reset: bits.ioQspi }],
    [0x4001c000, { block: gpio.board.pads, reset: bits.padsBank0 }],
    [0x40020000, { block: gpio.flash.pads, reset: bits.padsQspi }],
    [0x40024000, { block: clocks.blocks.xosc }],
    [0x40028000, { block: clocks.blocks.pllSys, reset: bits.pllSys }],
    [0x4002c000, { block: clocks.blocks.pllUsb, reset: bits.pllUsb }],
    [0x40030000, { block: system.createBusctrl(), reset: bits.busctrl }],
    [0x40034000, { block: uarts[0].block, reset: bits.uart0 }],
    [0x40038000, { block: uarts[1].block, reset: bits.uart1 }],
    [0x40050000, { block: pwm, reset: bits.pwm }],
    [0x40054000, { block: timer.block, reset: bits.timer }],
    [0x40058000, { block: watchdog.block }],
    [0x4004c000, { block: adc, reset: bits.adc }],
    [0x4005c000, { block: rtc, reset: bits.rtc }],
    [0x40060000, { block: clocks.blocks.rosc }],
    [0x40064000, { block: system.createVreg(wires) }],
    [0x4006c000, { block: system.createTbman() }],
    [0x50000000, { block: dma.block, reset: bits.dma }],
    [0x50100000, { block: dpram, reset: bits.usbctrl }],
    [0x50110000, { block: usb.block, reset: bits.usbctrl, asHeld: switchesPhyOff }],
    [0x50400000, { block: xip.auxiliary }],
    [0xd0000000, { block: sio.block, bare: true }],
    ...spi.map(({ block }, n): [number, Placed] => [
      0x4003c000 + 0x4000 * n,
      { block, reset: bits.spi0 + n },
    ]),
    ...i2c.map((block, n): [number, Placed] => [
      0x40044000 + 0x4000 * n,
      { block, reset: bits.i2c0 + n },
    ]),
    ...pio.map((block, n): [number, Placed] => [
      0x50200000 + 0x100000 * n,
      { block, reset: bits.pio0 + n },
    ]),
  ]);

  for (const [pin, level] of order.pins ?? []) gpio.setPin(pin, level);
  return {
    blocks,
    gpio,
    nor,
    ssi,
    usb,
    uarts,
    xip,
    held: () => resets.get(0),
    release: (mask) => resets.write(0, resets.get(0) & ~mask, 0),
    bootsel: () => ((gpio.flash.input() >>> SELECT_PIN) & 1) === 0,
    systemHz: clocks.systemHz,
  };
}
