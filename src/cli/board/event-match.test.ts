import { describe, expect, test } from 'vitest';
import type { BoardEvent } from '../../board/index.ts';
import { fits, parseFor, parseSpec } from './event-match.ts';

const boot: BoardEvent = {
  type: 'boot',
  cause: 'watchdog',
  mode: 'application',
  slot: 0,
  version: '2.0.0+0',
  why: 'test swap',
};
const line = (text: string): BoardEvent => ({ type: 'console', text });
const cut: BoardEvent = {
  type: 'power',
  on: false,
  operations: 7,
  cut: { operation: 7, type: 'erase', address: 0x1000, bytes: 4096, kind: 'torn' },
};

describe('an event as the command line has it', () => {
  test.each<[string, BoardEvent, boolean]>([
    ['boot', boot, true],
    ['boot', line('boot'), false],
    ['boot:version=2.0.0,slot=0', boot, true],
    ['boot:version=2.0.0+1', boot, false],
    ['boot:version=2,slot=0', { ...boot, version: 2 }, true],
    ['boot:slot=1', boot, false],
    ['boot:slot=00', boot, true],
    ['boot:/swap/', boot, true],
    ['boot:/^(?:test|permanent) swap$/,slot=0,cause=watchdog', boot, true],
    ['console:/a{1,2}, b/', line('aa, b'), true],
    ['console:text=/a, b/i', line('A, B'), true],
    ['console:/usr/bin/', line('in usr/bin'), true],
    ['console:/a\\/,b/', line('a/,b'), true],
    ['console:text=a', line('ab'), false],
    ['power:on=false,cut.kind=torn', cut, true],
    ['power:cut.kind=torn', { type: 'power', on: false, operations: 7 }, false],
    ['fault:/0x[0-9a-f]+/', { type: 'fault', message: 'hard fault at 0x0000c200' }, true],
  ])('%s', (text, event, is) => {
    expect(fits(parseSpec(text), event)).toBe(is);
  });

  test.each([
    ['', 'expected an event: power, boot, '],
    ['bot', 'got "bot", did you mean "boot"?'],
    ['constructor', 'expected an event'],
    ['boot:', 'behind "boot:"'],
    ['boot:verison=1', 'got "verison", did you mean "version"?'],
    ['boot:toString=1', 'expected a field of "boot"'],
    ['boot:2.0.0', 'expected FIELD=VALUE or /regex/, got "2.0.0"'],
    ['boot:slot=one', '"slot" with a number, got "one"'],
    ['boot:why=tset swap', 'did you mean "test swap"?'],
    ['power:on=yes', '"on" true or false, got "yes"'],
    ['console:/(/', 'Unterminated group'],
    ['console:/never ends', 'with its end'],
    ['download:/slot/', 'FIELD=/regex/ for "download", which has slot, bytes'],
    [`console:/${'x'.repeat(2000)}/`, 'up to 1024 characters'],
  ])('%j is refused', (text, words) => {
    expect(() => parseSpec(text)).toThrow(words);
  });
});

describe('an event as JSON has it', () => {
  test.each<[unknown, boolean]>([
    [{ event: 'boot', version: '2.0.0', slot: 0 }, true],
    [{ event: 'boot', slot: '0' }, true],
    [{ event: 'boot', why: { match: 'SWAP', flags: 'i' } }, true],
    [[{ event: 'fault' }, { event: 'boot' }], true],
    [{ event: 'boot', version: '1.0.0' }, false],
  ])('%j', (value, is) => {
    expect(parseFor(value).some((each) => fits(each, boot))).toBe(is);
  });

  test.each<[unknown, string]>([
    [undefined, 'expected "for" with an object'],
    [[], 'expected "for" with 1 to 16 events'],
    [Array.from({ length: 17 }, () => ({ event: 'boot' })), '1 to 16'],
    [{ version: '1' }, 'expected an event: '],
    [{ event: 'boot', slot: null }, '"slot" with a text, a number'],
    [{ event: 'boot', slot: {} }, '"match" with a regular expression'],
    [{ event: 'console', text: { match: 'x', flag: 'i' } }, 'got "flag", did you mean "flags"?'],
    [{ event: 'console', text: { match: 'x', flags: 'g' } }, 'expected "flags" i'],
    [{ event: 'done' }, 'got "done"'],
  ])('%j is refused', (value, words) => {
    expect(() => parseFor(value)).toThrow(words);
  });

  test('an expression that takes for ever has little to look at', () => {
    const [long] = parseFor({ event: 'console', text: { match: 'x$' } });
    expect(long && fits(long, line(`${'y'.repeat(5000)}x`))).toBe(false);
  });
});
