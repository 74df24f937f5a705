import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Writable } from 'node:stream';
import { afterEach, describe, expect, test } from 'vitest';
import { CliBoard } from '../../../test/support/cli-board.ts';
import type { Said } from '../../../test/support/cli-board.ts';
import { FakeTerminal } from '../../../test/support/fake-terminal.ts';
import { dfukit } from '../dfukit.ts';
import { BoundedOutput } from './bounded-output.ts';

const boards: CliBoard[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map((board) => board.quit()));
});

async function started(...args: string[]): Promise<CliBoard> {
  const board = await CliBoard.start(...args);
  boards.push(board);
  return board;
}

/** What it answers to that line. */
async function answer(board: CliBoard, line: object | string): Promise<Said> {
  board.terminal.out.take();
  board.write(typeof line === 'string' ? line : JSON.stringify(line));
  await board.until(/"event":"(?:done|error)".*\n/);
  return board.said.find(({ event }) => event === 'done' || event === 'error') ?? {};
}

describe('events', () => {
  test('begin with the version of the protocol, are numbered and have the time', async () => {
    const board = await started('particle-xenon');
    const { said } = board;
    expect(said[0]).toMatchObject({ event: 'hello', protocol: 1, seq: 1 });
    expect(said.map(({ seq }) => seq)).toEqual(said.map((_, at) => at + 1));
    for (const { ms } of said) expect(ms).toBeGreaterThanOrEqual(0);
  });

  test('end with why the board was put away', async () => {
    const board = await started('particle-xenon');
    await board.quit();
    expect(board.said.at(-1)).toMatchObject({ event: 'quit', why: 'command' });
    const other = await started('particle-xenon');
    other.terminal.in.end();
    await other.ended;
    expect(other.said.at(-1)).toMatchObject({ event: 'quit', why: 'end of standard input' });
    const third = await started('particle-xenon');
    third.terminal.interrupt();
    await third.ended;
    expect(third.said.at(-1)).toMatchObject({ event: 'quit', why: 'signal' });
  });

  test('tell what a power cut met', async () => {
    const board = await started('particle-xenon', '--bootloader', 'mcuboot');
    const armed = await answer(board, { command: 'power-cut', afterOperations: 0, kind: 'torn' });
    expect(armed).toMatchObject({ event: 'done', at: 0 });
    expect(await answer(board, { command: 'state' })).toMatchObject({ cutAt: 0, operations: 0 });
  });
});

describe('commands', () => {
  test('are answered with their id', async () => {
    const board = await started('particle-xenon');
    expect(await answer(board, { command: 'state', id: 7 })).toMatchObject({
      event: 'done',
      command: 'state',
      id: 7,
      on: true,
      plugged: true,
      cutAt: null,
    });
    expect(await answer(board, { command: 'fly', id: 'x' })).toMatchObject({
      event: 'error',
      code: 'INVALID_ARGUMENT',
      id: 'x',
    });
    expect(await answer(board, { command: 'state', id: {} })).toMatchObject({ event: 'error' });
  });

  test.each([
    [{ command: 'reset', buton: true }, /"reset": command, id, button, got "buton"/],
    [{ command: 'power-cut' }, /"afterOperations" with a number, got nothing/],
    [{ command: 'input', line: 'help' }, /got "line"/],
    [{ command: 'constructor' }, /"command" to be one of reset, button/],
  ])('%j is refused', async (command, message) => {
    const board = await started('particle-xenon');
    const said = await answer(board, command);
    expect(said).toMatchObject({ event: 'error', code: 'INVALID_ARGUMENT' });
    expect(said['message']).toMatch(message);
  });

  test('are done when they are: a reset when the bootloader has decided', async () => {
    const board = await started('particle-xenon');
    const done = await answer(board, { command: 'reset' });
    expect(done).toMatchObject({ event: 'done', command: 'reset', mode: 'dfu' });
    const events = board.said.map(({ event }) => event);
    expect(events.indexOf('boot')).toBeLessThan(events.indexOf('done'));
  });

  test('that come to nothing are refused, or say that nothing has changed', async () => {
    const board = await started('particle-xenon');
    const inDfuMode = await answer(board, { command: 'input', text: 'help' });
    expect(inDfuMode).toMatchObject({ event: 'error', code: 'REFUSED' });
    expect(await answer(board, { command: 'replug' })).toMatchObject({ changed: false });
    expect(await answer(board, { command: 'unplug' })).toMatchObject({ changed: true });
    expect(await answer(board, { command: 'power-on' })).toMatchObject({ changed: false });
    expect(await answer(board, { command: 'power-off' })).toMatchObject({ changed: true });
    for (const command of ['reset', 'input', 'power-cut']) {
      const more = { input: { text: 'x' }, 'power-cut': { afterOperations: 1 }, reset: {} };
      const said = await answer(board, { command, ...more[command as 'reset'] });
      expect(said).toMatchObject({ event: 'error', code: 'REFUSED' });
      expect(said['message']).toContain('the board has no power');
    }
    expect(await answer(board, { command: 'power-on' })).toMatchObject({ mode: 'dfu' });
  });

  test('in a flood leave turns to everything else', async () => {
    const board = await started('particle-xenon');
    let turns = 0;
    const count = setInterval(() => (turns += 1), 0);
    board.write('{"command":"reset"}\n'.repeat(2000) + '{"command":"state","id":"last"}');
    await board.until('"id":"last"');
    clearInterval(count);
    expect(turns).toBeGreaterThan(5);
  });
});

test('a mistake on the command line is an event, too', async () => {
  const terminal = new FakeTerminal();
  terminal.in.end();
  const exit = await dfukit(
    ['board', 'run', 'particle-xenon', '--json', '--btn-mode', 'UP'],
    terminal,
  );
  expect(exit).toBe(64);
  expect(terminal.out.text).toMatch(/^\{.*"code":"INVALID_ARGUMENT"/m);
});

describe('a reader that does not read', () => {
  test('costs a bounded amount of memory, and is told what it missed', async () => {
    let go: (() => void) | undefined;
    let reading = false;
    const out = new Writable({
      write(_piece, _encoding, done) {
        if (reading) done();
        else go = done;
      },
    });
    const texts: number[] = [];
    const bounded = new BoundedOutput(out, (lines) => {
      texts.push(lines);
      return `lost ${lines}\n`;
    });
    const line = `${'x'.repeat(1023)}\n`;
    let taken = 0;
    for (let count = 0; count < 10_000; count += 1) if (bounded.write(line)) taken += 1;
    expect(out.writableLength).toBeLessThan(5 << 20);
    expect(taken).toBeLessThan(5000);
    reading = true;
    const room = bounded.room();
    go?.();
    await room;
    await new Promise((turn) => setImmediate(turn));
    expect(texts).toEqual([10_000 - taken]);
  });
});

describe('docs/board-json.md', () => {
  const page = readFileSync(resolve(import.meta.dirname, '../../../docs/board-json.md'), 'utf8');

  test('has every event of a session, with its fields', async () => {
    const board = await started('particle-xenon');
    for (const command of ['state', 'reset', 'unplug', 'replug', 'power-off', 'power-on']) {
      board.write(JSON.stringify({ command, id: command }));
    }
    board.write('{"command":"sensor","name":"NRF_TEMP","value":1}');
    board.write('nonsense');
    await board.until('"event":"error"');
    await board.quit();
    for (const { event, ...fields } of board.said) {
      const name = event === 'done' && fields['command'] !== undefined ? fields['command'] : event;
      const rows = page.split('\n').filter((line) => line.startsWith(`| \`${String(name)}\``));
      const row = rows.join('\n') || undefined;
      for (const field of Object.keys(fields)) {
        if (['seq', 'ms', 'command', 'id'].includes(field)) continue;
        expect(row, `${String(event)}: ${field}`).toContain(`\`${field}\``);
      }
    }
  });

  test('has every command', async () => {
    const board = await started('particle-xenon');
    const { message } = await answer(board, { command: 'what' });
    const names = /one of (.*), got/.exec(String(message))?.[1]?.split(', ') ?? [];
    expect(names.length).toBeGreaterThan(9);
    for (const name of names) expect(page).toContain(`| \`${name}\``);
  });
});
