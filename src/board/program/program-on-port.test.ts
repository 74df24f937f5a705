import { afterEach, describe, expect, test } from 'vitest';
import { happening, prints } from '../../../test/support/boards.ts';
import type { TestBoard } from '../../../test/support/boards.ts';
import { sameThreadBench, turn } from '../../../test/support/same-thread.ts';
import type { SameThreadBench } from '../../../test/support/same-thread.ts';
import { toHex } from '../../bytes/index.ts';
import { CREDIT_UNITS, MOST_UNITS } from './port.ts';

const boards: TestBoard[] = [];

afterEach(async () => {
  await Promise.all(boards.splice(0).map(({ board }) => board.close()));
});

function bench(): SameThreadBench {
  const made = sameThreadBench();
  boards.push(made);
  return made;
}

describe('a program behind a port', () => {
  test('prints, hears lines, reads and writes flash, all of it as bytes', async () => {
    const { board, program, link, flash } = bench();
    program.console.onLine((line) => program.console.print(`heard ${line}`));
    const heard = prints(board, 'heard grüß Gott 👋');
    board.input('grüß Gott 👋');
    await heard;
    await program.flash.erase(0xf0000, 4096);
    await program.flash.program(0xf0000, Uint8Array.of(1, 2, 3, 254));
    expect(toHex(flash.read(0xf0000, 4))).toBe('010203fe');
    expect(toHex(await program.flash.read(0xf0000, 5))).toBe('010203feff');
    for (const message of link.toProgram) {
      expect('head' in message && message.head).not.toMatch(/010203fe|grüß/);
    }
  });

  test('may cut a character of the console in two', async () => {
    const { board, link } = bench();
    const printed = happening(board, ({ type }) => type === 'console');
    link.say({ head: '{"type":"print"}', bytes: Uint8Array.of(0x38, 0x20, 0xe2, 0x82) });
    link.say({ head: '{"type":"print"}', bytes: Uint8Array.of(0xac, 0x0a) });
    expect(await printed).toEqual({ type: 'console', text: '8 €' });
  });

  test('that never lets go gets so far and no further; then it is told what was lost', async () => {
    const { board, program, events } = bench();
    const line = 'x'.repeat(999);
    for (let count = 0; count < 1000; count += 1) program.console.print(line);
    const again = prints(board, 'again');
    await turn();
    await turn();
    program.console.print('again');
    await again;
    const said = events.flatMap((event) => (event.type === 'console' ? [event.text] : []));
    const kept = said.filter((text) => text === line).length;
    expect(kept).toBeGreaterThan((CREDIT_UNITS / 1100) * 0.9);
    expect(kept * 1000).toBeLessThan(CREDIT_UNITS + 1000);
    expect(said.slice(kept)).toEqual([`[${(1000 - kept) * 1000} bytes lost]`, 'again']);
  });

  test('that prints nothing but line ends takes its turns, and its order stays', async () => {
    const { board, link, clock, events } = bench();
    const lines = (): number => events.filter(({ type }) => type === 'console').length;
    link.say({ head: '{"type":"print"}', bytes: new Uint8Array(60_000).fill(0x0a) });
    link.say({ head: '{"type":"call","id":1,"name":"sensorWrite","args":[2,1]}' });
    link.say({ head: '{"type":"print"}', bytes: Uint8Array.of(0x41, 0x0a) });
    await turn();
    expect(lines()).toBe(1000);
    clock.advance(1);
    expect(lines()).toBe(2000);
    expect(events.some(({ type }) => type === 'actuator')).toBe(false);
    link.ended('it has gone');
    clock.advance(59);
    const [third, second, first] = events.toReversed();
    expect([first, second, third]).toMatchObject([
      { type: 'actuator' },
      { type: 'console', text: 'A' },
      { type: 'fault', message: 'crash: it has gone' },
    ]);
    await board.close();
  });

  test('that sends without credit is none', async () => {
    const { board, link } = bench();
    const failed = happening(board, ({ type }) => type === 'fault');
    const bytes = new Uint8Array(MOST_UNITS - 100).fill(0x0a);
    for (let count = 0; count < 6; count += 1) link.say({ head: '{"type":"print"}', bytes });
    expect(await failed).toMatchObject({ message: expect.stringContaining('credit') as string });
  });

  test('gets credit for as long as it lets go', async () => {
    const { board, program, events } = bench();
    for (let count = 0; count < 300; count += 1) {
      program.console.print('x'.repeat(999));
      await turn();
    }
    const last = prints(board, 'last');
    program.console.print('last');
    await last;
    expect(events.filter(({ type }) => type === 'console')).toHaveLength(301);
  });

  test('is asked nothing before the board has read what came before', async () => {
    const { program, last } = bench();
    for (let count = 0; count < 100; count += 1) program.console.print('x'.repeat(999));
    expect(await program.flash.read(0, 4)).toHaveLength(4);
    for (let count = 0; count < 100; count += 1) program.console.print('x'.repeat(999));
    const calls = Array.from({ length: 256 }, () => program.flash.read(0, 4));
    await expect(program.flash.read(0, 4)).rejects.toThrow(/more than 256 calls/);
    expect(await Promise.all(calls)).toHaveLength(256);
    expect(last('fault')).toBeUndefined();
  });

  test('that ends by itself is a crash', () => {
    const { link, last } = bench();
    link.ended('its thread has gone');
    link.ended('twice');
    expect(last('fault')).toEqual({ type: 'fault', message: 'crash: its thread has gone' });
  });

  test('is terminated once, and not heard any more', async () => {
    const { board, link, events } = bench();
    link.say({ head: '{"type":"print"}', bytes: Uint8Array.of(0x41, 0x0a) });
    board.powerCut();
    await board.close();
    await turn();
    expect(link.terminated).toBe(1);
    expect(events.some(({ type }) => type === 'console')).toBe(false);
  });
});

describe('what makes no sense is the end of the program', () => {
  const shared = new Uint8Array(new SharedArrayBuffer(4));
  test.each([
    ['nothing', undefined, /expected a message/],
    ['text', '{"type":"fed"}', /expected a message/],
    ['a head that is no text', { head: 5 }, /expected a message/],
    ['a head that is no JSON', { head: '{' }, /JSON/],
    ['JSON null', { head: 'null' }, /nonsense/],
    ['a print without bytes', { head: '{"type":"print"}' }, /nonsense/],
    ['bytes that are text', { head: '{"type":"print"}', bytes: 'x' }, /expected bytes/],
    ['bytes that it keeps', { head: '{"type":"print"}', bytes: shared }, /expected bytes/],
    ['bytes of another kind', { head: '{}', bytes: new Uint16Array(2) }, /expected bytes/],
    ['a long head', { head: ' '.repeat(MOST_UNITS + 1) }, /at most 524288/],
    [
      'a little of much',
      { head: '{"type":"print"}', bytes: new Uint8Array(MOST_UNITS + 1).subarray(0, 1) },
      /at most 524288/,
    ],
  ])('%s', async (_, message, expected) => {
    const { board, link } = bench();
    const failed = happening(board, ({ type }) => type === 'fault');
    link.say(message);
    expect(await failed).toMatchObject({ message: expect.stringMatching(expected) as string });
  });

  test('but a call that is none is an answer', async () => {
    const { link, last } = bench();
    const call = { type: 'call', id: 7, args: [0xf0000] };
    link.say({ head: JSON.stringify({ ...call, name: 'flashProgram' }) });
    link.say({ head: JSON.stringify({ ...call, name: 'flashProgram', bytes: [1, 2, 3, 4] }) });
    link.say({ head: JSON.stringify({ ...call, name: 'format' }) });
    await turn();
    const answers = link.toProgram.map((each) => ('head' in each ? each.head : ''));
    expect(answers).toEqual([
      expect.stringMatching(/"error".*"INVALID_ARGUMENT".*expected bytes/),
      expect.stringMatching(/"error".*"INVALID_ARGUMENT".*expected bytes/),
      expect.stringMatching(/"error".*"UNSUPPORTED"/),
    ]);
    expect(last('fault')).toBeUndefined();
  });
});

describe('a program that asks for more than it reads', () => {
  const call = (id: number, name: string, ...args: number[]): { head: string } => ({
    head: JSON.stringify({ type: 'call', id, name, args }),
  });
  const answers = ({ link }: SameThreadBench): number =>
    link.toProgram.filter((message) => 'head' in message && message.head.includes('"result"'))
      .length;

  test('is not heard until it has read its answers', async () => {
    const made = bench();
    made.link.unreadBytes = 0x40_0001;
    made.link.say(call(900, 'flashRead', 0, 0x10000));
    await turn();
    made.clock.advance(5);
    expect(answers(made)).toBe(0);
    made.link.unreadBytes = 0;
    made.clock.advance(1);
    expect(answers(made)).toBe(1);
  });

  test('has a budget for each moment, and is answered in the end', async () => {
    const made = bench();
    for (let id = 900; id < 1500; id += 1) made.link.say(call(id, 'flashRead', 0, 0x10000));
    await turn();
    await turn();
    const first = answers(made);
    expect(first).toBeGreaterThan(100);
    expect(first).toBeLessThan(300);
    made.clock.advance(10);
    expect(answers(made)).toBe(600);
  });
});
