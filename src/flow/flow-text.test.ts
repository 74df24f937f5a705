import { readFileSync, readdirSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { said } from './flow-text.ts';
import { FLOW_TEXTS, inWords } from './index.ts';

describe('sentences', () => {
  test('have their values in them, in English and in other words', () => {
    const sentence = said('step-write-at', { bytes: 2048, address: '0x08000000' });
    expect(sentence).toEqual({
      id: 'step-write-at',
      text: 'Write 2048 bytes at 0x08000000.',
      values: { bytes: 2048, address: '0x08000000' },
    });
    expect(inWords(sentence)).toBe(sentence.text);
    const texts = { 'step-write-at': 'Schreibt ab {address} {bytes} Bytes.' };
    expect(inWords(sentence, texts)).toBe('Schreibt ab 0x08000000 2048 Bytes.');
    expect(inWords(said('do-wait'), texts)).toBe(FLOW_TEXTS['do-wait']);
  });

  test('what a device says cannot fill in anything of its own', () => {
    const sentence = said('not-dfu', { device: '{constructor} {device} $& $1' });
    expect(sentence.text).toMatch(/^\{constructor\} \{device\} \$& \$1 has no firmware/);
    expect(inWords(sentence, { 'not-dfu': '{device}: {toString} {expected}' })).toBe(
      '{constructor} {device} $& $1: {toString} {expected}',
    );
  });

  test('what a device says does not turn the sentence round, nor end its line', () => {
    const name = 'Lamp\u202Eon gnihtyna\u0000\u001B[2J\u2028';
    const sentence = said('not-dfu', { device: name });
    expect(sentence.text).toMatch(/^Lamp\?on gnihtyna\?\?\[2J\? has no firmware/);
    expect(inWords(sentence, { 'not-dfu': '\u2067{device}\u2069' })).toBe(
      '\u2067Lamp?on gnihtyna??[2J?\u2069',
    );
    // It is as it was for who asks a program.
    expect(sentence.values).toEqual({ device: name });
  });

  test('are each said somewhere', () => {
    const folder = import.meta.dirname;
    const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((file) => /(?<!\.test)\.ts$/.test(file) && !file.endsWith('flow-texts.ts'))
      .map((file) => readFileSync(`${folder}/${file}`, 'utf8'))
      .join('\n');
    const unsaid = Object.keys(FLOW_TEXTS).filter((id) => !sources.includes(`'${id}'`));
    expect(unsaid).toEqual([]);
  });

  test('are in the document, as they are', () => {
    const page = readFileSync(`${import.meta.dirname}/../../docs/flow.md`, 'utf8');
    const rows = [...page.matchAll(/^\| `([a-z-]+)` +\| (.*?) +\|$/gm)].map(([, id, text]) => [
      id,
      text,
    ]);
    const all = Object.entries(FLOW_TEXTS);
    expect(rows.slice(-all.length)).toEqual(all);
  });

  test('are sentences', () => {
    for (const [id, text] of Object.entries(FLOW_TEXTS)) {
      expect(`${id} ${text}`).toMatch(/^[a-z]+(-[a-z]+)* (\{words\}|[A-Z{].*[.}])$/);
    }
  });
});
