import { describe, expect, test } from 'vitest';
import { boardModel } from '../../board/index.ts';
import { VirtualClock } from '../../usb/index.ts';
import { FakeTerminal, ran } from '../../../test/support/fake-terminal.ts';
import { machineSetup } from './machine.ts';
import type { MachineCommandOptions } from './machine-options.ts';

const stm32 = boardModel('stm32f072b_disco');
const pico = { ...stm32, chip: 'RP2040' };
const root = new URL('../../../', import.meta.url).pathname;
const elf = `${root}test/fixtures/machine/rp2040/built/dfu.elf`;

function setup(options: MachineCommandOptions, model = pico): string | object {
  try {
    return machineSetup(new FakeTerminal(), model, options, { clock: new VirtualClock() });
  } catch (error) {
    return (error as Error).message;
  }
}

describe('options about machine code', () => {
  test.each(['--gdb', '--gdb-wait', `--symbols=${elf}`, '--time=fast', '--bootrom=rom.bin'])(
    '%s is refused where none is executed',
    async (option) => {
      const { exit, err } = await ran(['board', 'run', 'reel_board', option]);
      expect(exit).toBe(64);
      const name = option.replace(/=.*/, '');
      expect(err).toContain(`${name} would do nothing: machine code of nRF52840 is not executed`);
    },
  );

  test('a boot ROM must be one', () => {
    expect(setup({ bootrom: elf })).toContain("dfu.elf: expected the 16384 bytes of RP2040's boot");
    expect(setup({ bootrom: elf }, stm32)).toBe('STM32F072 has no --bootrom: it would do nothing');
  });

  test('symbols are read out of an ELF file, and out of no other', () => {
    expect(setup({ symbols: elf })).toHaveProperty('symbols');
    expect(setup({ symbols: `${root}package.json` })).toContain(
      'expected an ELF file, for its symb',
    );
    expect(setup({ symbols: `${root}missing.elf` })).toContain('no such file');
  });

  test('a debugger is there where it was asked for', () => {
    expect(setup({})).toHaveProperty('runner.debugger', undefined);
    expect(setup({ gdb: true })).toHaveProperty('runner.debugger.holds', false);
    expect(setup({ gdbWait: true })).toHaveProperty('runner.debugger.holds', true);
  });

  test('an address must be one', async () => {
    const { exit, err } = await ran(['board', 'run', 'reel_board', '--gdb', 'here']);
    expect(exit).toBe(64);
    expect(err).toContain('--gdb: expected HOST:PORT, e.g. 127.0.0.1:3333, got "here"');
  });
});
