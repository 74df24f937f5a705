import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { BoardProcess, dfukit, prepareBuild } from '../support/built-cli.ts';

const built = resolve(import.meta.dirname, '../fixtures/machine/rp2040/built');
const folder = mkdtempSync(join(tmpdir(), 'dfukit-faults-'));

beforeAll(() => prepareBuild());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

test('a fault of machine code says where it was, by the names of the ELF file', async () => {
  const flash = join(folder, 'pico.bin');
  const elf = join(built, 'crash.elf');
  const programmed = await dfukit('board', 'program', 'rpi_pico', elf, '--flash', flash);
  expect([programmed.status, programmed.err]).toEqual([0, '']);
  const options = ['--flash', flash, '--symbols', elf, '--usbip', '127.0.0.1:0'];
  const board = new BoardProcess('rpi_pico', ...options);
  await board.until({ event: 'console' });
  await board.command({ command: 'input', text: 'l' });
  const { message, core } = await board.until({ event: 'fault' });
  expect(message).toMatch(/^hard fault: /);
  expect(core).toMatchObject({ where: expect.stringMatching(/^(?:unaligned|crash|main)\b/) });
  expect(core).toHaveProperty('frame');
  await board.command({ command: 'quit' });
  expect((await board.ended).status).toBe(0);
});
