import { createRegisters, interruptRegisters, raisedInterrupts, repeated } from './block.ts';
import type { Block, Register, Registers } from './block.ts';
import { createI2c } from './i2c.ts';
import { irqs } from './wires.ts';
import type { Wires } from './wires.ts';

/**
 * Blocks of which start-up code and tests of firmware need little: they keep what is set up. What would have to do
 * something beyond that is a fault that names the register.
 */
interface Others {
  readonly adc: Block;
  readonly rtc: Block;
  readonly pwm: Block;
  readonly i2c: readonly Block[];
  readonly pio: readonly Block[];
}

/** A register that can be set up, and nothing more. */
const kept = (name: string, reset = 0): Register => ({ name, reset });
const fixed = (name: string, reset = 0): Register => ({ name, reset, mask: 0 });
/** A register that only a 0 can be written to. */
const zero = (block: () => Registers, offset: number, name: string): Register => ({
  name,
  write: (value) => {
    if (value !== 0) block().fault(offset);
  },
});

/** What channel 4 measures at 27 degrees Celsius: 0.706 V of 3.3 V, in 12 bits (RP2040 datasheet §4.9.5). */
const TEMPERATURE = Math.round((0.706 / 3.3) * 4096);

function createAdc({ irq }: Wires): Block {
  const fifo: number[] = [];
  let result = 0;
  const raw = (): number => {
    const threshold = (adc.get(0x8) >>> 24) & 15;
    return fifo.length > 0 && fifo.length >= threshold ? 1 : 0;
  };
  const update = (): void => irq(irqs.adc, raisedInterrupts(adc, 0x18, raw()) !== 0);
  const convert = (): void => {
    const control = adc.get(0x0);
    const input = (control >>> 12) & 7;
    result = input === 4 && (control & 2) !== 0 ? TEMPERATURE : 0;
    const robin = (control >>> 16) & 0x1f;
    if (robin !== 0) {
      let next = (input + 1) % 5;
      while (((robin >>> next) & 1) === 0) next = (next + 1) % 5;
      adc.set(0x0, (control & ~0x7000) | (next << 12));
    }
    if ((adc.get(0x8) & 1) !== 0 && fifo.length < 4) fifo.push(result);
    update();
  };
  const adc: Registers = createRegisters({
    name: 'ADC',
    address: 0x4004c000,
    onReset: () => {
      fifo.length = 0;
      result = 0;
      update();
    },
    registers: {
      0x00: {
        name: 'CS',
        mask: 0x1f700b,
        read: (value) => value | ((value & 1) === 0 ? 0 : 0x100),
        write: (value, written) => {
          if ((value & 9) === 9 && (adc.get(0x8) & 1) !== 0) adc.fault(0x0);
          if ((value & 1) === 1 && (written & 4) !== 0) convert();
        },
      },
      0x04: {
        name: 'RESULT',
        mask: 0,
        read: () => {
          if ((adc.get(0x0) & 9) === 9) convert();
          return result;
        },
      },
      0x08: {
        name: 'FCS',
        mask: 0xf00000f,
        read: (value) =>
          value |
          (fifo.length === 0 ? 0x100 : 0) |
          (fifo.length === 4 ? 0x200 : 0) |
          (fifo.length << 16),
        write: update,
      },
      0x0c: {
        name: 'FIFO',
        mask: 0,
        read: () => {
          const value = fifo.shift() ?? 0;
          update();
          return value;
        },
      },
      0x10: kept('DIV'),
      0x14: { name: 'INTR', mask: 0, read: raw },
      ...interruptRegisters({ offset: 0x18, block: () => adc, raw, update }),
    },
  });
  return adc;
}

/** A calendar that counts the chip's own seconds from the date that it is given. */
function createRtc({ time }: Wires): Block {
  let startNs = 0;
  let startMs = 0;
  const now = (): Date => {
    const running = (rtc.get(0xc) & 1) === 1;
    return new Date(startMs + (running ? Math.floor((time.nowNs - startNs) / 1e9) * 1000 : 0));
  };
  const rtc: Registers = createRegisters({
    name: 'RTC',
    address: 0x4005c000,
    registers: {
      0x00: kept('CLKDIV_M1'),
      0x04: { name: 'SETUP_0', mask: 0xffff1f },
      0x08: { name: 'SETUP_1', mask: 0x71f3f3f },
      0x0c: {
        name: 'CTRL',
        mask: 0x101,
        read: (value) => value | ((value & 1) << 1),
        write: (value, written) => {
          if ((written & 0x10) !== 0) {
            const date = rtc.get(0x4);
            const clock = rtc.get(0x8);
            startMs = Date.UTC(
              date >>> 12,
              ((date >>> 8) & 15) - 1,
              date & 31,
              (clock >>> 16) & 31,
              (clock >>> 8) & 63,
              clock & 63,
            );
          }
          if ((value & 1) === 1) startNs = time.nowNs;
        },
      },
      0x10: {
        name: 'IRQ_SETUP_0',
        write: (value) => {
          if ((value & 0x10000000) !== 0) rtc.fault(0x10);
        },
      },
      0x14: kept('IRQ_SETUP_1'),
      0x18: {
        name: 'RTC_1',
        mask: 0,
        read: () => {
          const date = now();
          return (
            (date.getUTCFullYear() << 12) | ((date.getUTCMonth() + 1) << 8) | date.getUTCDate()
          );
        },
      },
      0x1c: {
        name: 'RTC_0',
        mask: 0,
        read: () => {
          const date = now();
          return (
            (date.getUTCDay() << 24) |
            (date.getUTCHours() << 16) |
            (date.getUTCMinutes() << 8) |
            date.getUTCSeconds()
          );
        },
      },
      0x20: fixed('INTR'),
      0x24: kept('INTE'),
      0x28: kept('INTF'),
      0x2c: fixed('INTS'),
    },
  });
  return rtc;
}

/** Slices count; nobody sees the pins, and their interrupts do not come. */
function createPwm({ time }: Wires): Block {
  const STRIDE = 0x14;
  const slice = (n: number): Record<number, Register> => ({
    [n * STRIDE]: { name: `CH${n}_CSR`, mask: 0x3f },
    [n * STRIDE + 4]: kept(`CH${n}_DIV`, 0x10),
    [n * STRIDE + 8]: {
      name: `CH${n}_CTR`,
      read: (value) => {
        if ((pwm.get(n * STRIDE) & 1) === 0) return value;
        const perCycle = 16 / Math.max(16, pwm.get(n * STRIDE + 4));
        const top = pwm.get(n * STRIDE + 16) & 0xffff;
        return Math.floor((time.cyclesAt(time.nowNs) * perCycle) % (top + 1));
      },
    },
    [n * STRIDE + 12]: kept(`CH${n}_CC`),
    [n * STRIDE + 16]: kept(`CH${n}_TOP`, 0xffff),
  });
  const pwm: Registers = createRegisters({
    name: 'PWM',
    address: 0x40050000,
    registers: {
      ...Object.assign({}, ...Array.from({ length: 8 }, (_, n) => slice(n))),
      0xa0: {
        name: 'EN',
        mask: 0xff,
        read: () => {
          let enabled = 0;
          for (let n = 0; n < 8; n += 1) enabled |= (pwm.get(n * STRIDE) & 1) << n;
          return enabled;
        },
        write: (value) => {
          for (let n = 0; n < 8; n += 1) {
            pwm.set(n * STRIDE, (pwm.get(n * STRIDE) & ~1) | ((value >>> n) & 1));
          }
        },
      },
      0xa4: fixed('INTR'),
      0xa8: zero(() => pwm, 0xa8, 'INTE'),
      0xac: kept('INTF'),
      0xb0: fixed('INTS'),
    },
  });
  return pwm;
}

/** Programs and settings are kept; a state machine that is switched on is a fault. */
function createPio(n: number): Block {
  const machine = (m: number): Record<number, Register> => {
    const at = 0xc8 + m * 0x18;
    return {
      [at]: kept(`SM${m}_CLKDIV`, 0x10000),
      [at + 4]: kept(`SM${m}_EXECCTRL`, 0x1f000),
      [at + 8]: kept(`SM${m}_SHIFTCTRL`, 0xc0000),
      [at + 12]: fixed(`SM${m}_ADDR`),
      [at + 16]: { name: `SM${m}_INSTR`, lacks: 'writes' },
      [at + 20]: kept(`SM${m}_PINCTRL`, 0x14000000),
    };
  };
  const pio: Registers = createRegisters({
    name: `PIO${n}`,
    address: 0x50200000 + n * 0x100000,
    registers: {
      0x00: {
        name: 'CTRL',
        mask: 0xf,
        write: (value) => {
          if (value !== 0) pio.fault(0x0);
        },
      },
      0x04: fixed('FSTAT', 0x0f000f00),
      0x08: { name: 'FDEBUG', mask: 0 },
      0x0c: fixed('FLEVEL'),
      ...repeated(4, 0x10, 4, (m): Register => ({ name: `TXF${m}`, lacks: 'all' })),
      ...repeated(4, 0x20, 4, (m): Register => ({ name: `RXF${m}`, lacks: 'all' })),
      0x30: { name: 'IRQ', mask: 0 },
      0x34: { name: 'IRQ_FORCE', lacks: 'writes' },
      0x38: kept('INPUT_SYNC_BYPASS'),
      0x3c: fixed('DBG_PADOUT'),
      0x40: fixed('DBG_PADOE'),
      0x44: fixed('DBG_CFGINFO', 0x200404),
      ...repeated(32, 0x48, 4, (m) => kept(`INSTR_MEM${m}`)),
      ...machine(0),
      ...machine(1),
      ...machine(2),
      ...machine(3),
      0x128: fixed('INTR', 0xf0),
      0x12c: zero(() => pio, 0x12c, 'IRQ0_INTE'),
      0x130: kept('IRQ0_INTF'),
      0x134: fixed('IRQ0_INTS'),
      0x138: zero(() => pio, 0x138, 'IRQ1_INTE'),
      0x13c: kept('IRQ1_INTF'),
      0x140: fixed('IRQ1_INTS'),
    },
  });
  return pio;
}

export function createOthers(wires: Wires): Others {
  return {
    adc: createAdc(wires),
    rtc: createRtc(wires),
    pwm: createPwm(wires),
    i2c: [createI2c(wires, 0), createI2c(wires, 1)],
    pio: [createPio(0), createPio(1)],
  };
}
