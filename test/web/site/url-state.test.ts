import { describe, expect, test } from 'vitest';
import {
  choiceField,
  flagField,
  numberField,
  optionalNumberField,
  readState,
  textField,
  withState,
} from '../../../web/site/url-state.ts';

const fields = {
  board: textField('particle-xenon', 20),
  view: choiceField(['map', 'list'], 'map'),
  step: numberField(0, 0, 1000),
  cut: optionalNumberField(),
  torn: flagField(),
};
const initial = { board: 'particle-xenon', view: 'map', step: 0, cut: undefined, torn: false };
const at = (query: string): URL => new URL(`http://site.test/lab/${query}`);

describe('the state in an address', () => {
  test('is what the address says, and the rest is as it begins', () => {
    expect(readState(fields, at(''))).toEqual(initial);
    expect(readState(fields, at('?board=reel_board&step=12&cut=0&torn=1&view=list'))).toEqual({
      board: 'reel_board',
      view: 'list',
      step: 12,
      cut: 0,
      torn: true,
    });
  });

  test.each([
    '?step=1e3',
    '?step=-1',
    '?step=1001',
    '?step=',
    '?step=99999999999999999999',
    '?view=MAP',
    '?torn=yes',
    '?cut=1.5',
    `?board=${'x'.repeat(21)}`,
  ])('that cannot be read (%s) is as if it were not there', (query) => {
    expect(readState(fields, at(query))).toEqual(initial);
  });

  test('is written, and read again', () => {
    const changes = { board: 'a b&c=d', step: 7, cut: 3, torn: true };
    const written = withState(fields, at('?other=1#events'), changes);
    expect(written.href).toBe(
      'http://site.test/lab/?other=1&board=a+b%26c%3Dd&step=7&cut=3&torn=1#events',
    );
    expect(readState(fields, written)).toEqual({ ...initial, ...changes });
  });

  test('leaves out what is as it begins', () => {
    const written = withState(fields, at('?step=7&cut=3'), { step: 0, cut: undefined });
    expect(written.href).toBe('http://site.test/lab/');
  });
});
