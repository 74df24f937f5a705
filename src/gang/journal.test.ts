import { expect, test } from 'vitest';
import { DfuError, encodeUtf8 } from '../bytes/index.ts';
import { readJournal } from './index.ts';
import type { ReadJournal } from './index.ts';

const values = [{ at: 0, from: 'counter', text: '7', hex: '37' }];
const started = (unit: string, serial: string | null = unit): string =>
  JSON.stringify({ type: 'started', unit, serial, path: '1-1', sha256: 'f0', attempt: 1, values });
const ended = (unit: string, outcome: string, more: object = {}): string =>
  JSON.stringify({
    type: 'ended',
    unit,
    serial: unit,
    path: '1-1',
    sha256: 'f0',
    outcome,
    attempts: 1,
    ms: 5,
    ...more,
  });

const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
const read = (text: string): ReadJournal => readJournal(encodeUtf8(text), decode);

test('who has been given what, and who is done', () => {
  const lines = [
    started('Ä'),
    ended('Ä', 'written', { dfuSerial: 'A-DFU' }),
    started('B'),
    ended('B', 'partly-written'),
    started('C', null),
  ];
  const { state, torn } = read(`${lines.join('\n')}\n`);
  expect(state.done.map(({ serial }) => serial)).toEqual(['Ä', 'A-DFU']);
  expect(state.given.map(({ serial }) => serial)).toEqual(['Ä', 'B', undefined]);
  expect([state.lines, torn.length]).toEqual([5, 0]);
});

test('one that is begun anew is not done until it has ended well', () => {
  const lines = [started('A'), ended('A', 'written'), started('A')];
  expect(read(`${lines.join('\n')}\n`).state.done).toEqual([]);
});

test('cut at any byte, what is whole counts, and what is cut is told', () => {
  const lines = [started('Ä'), ended('Ä', 'verified'), started('B')].map((line) => `${line}\n`);
  const bytes = encodeUtf8(lines.join(''));
  const ends = lines.map((_, at) => encodeUtf8(lines.slice(0, at + 1).join('')).length);
  for (let length = 0; length <= bytes.length; length += 1) {
    const { state, wholeBytes, torn, lacksEnd } = readJournal(bytes.subarray(0, length), decode);
    const whole = ends.filter((end) => end <= length).length;
    expect(wholeBytes).toBe(whole === 0 ? 0 : ends[whole - 1]);
    expect(torn.length).toBe(length - wholeBytes);
    // A line that lacks but its end is one all the same.
    expect(lacksEnd).toBe(ends.includes(length + 1));
    expect(state.lines).toBe(whole + (lacksEnd ? 1 : 0));
  }
});

test.each(['{"type":', '[]', '{"unit":"A"}', '{"type":"started","serial":"A"}', ''])(
  'a damaged line that is not the last is no journal: %s',
  (line) => {
    const text = `${started('A')}\n${line}\n${started('B')}\n`;
    expect(() => read(text)).toThrow(DfuError);
    expect(() => read(text)).toThrow('journal, line 2: expected a line of a journal in JSON');
  },
);
