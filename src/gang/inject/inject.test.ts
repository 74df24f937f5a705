import { describe, expect, test } from 'vitest';
import { DfuError, encodeUtf8, toHex } from '../../bytes/index.ts';
import { sendPlan } from '../../host/index.ts';
import { riotbootImage, signImage, writeIntelHex } from '../../image/index.ts';
import { Supply, encodeValue, injected, parseInjectFormat, readCsv } from '../index.ts';
import type { InjectField, InjectTable } from '../index.ts';

const problem = (work: () => unknown): string => {
  try {
    work();
  } catch (error) {
    if (DfuError.is(error)) return `${error.code}: ${error.message}`;
    throw error;
  }
  return 'nothing thrown';
};

describe('a value as bytes', () => {
  test.each([
    ['text', 'Äa', 'c38461'],
    ['text4', 'ab', '61620000'],
    ['hex', '0x00Ff', '00ff'],
    ['hex2', '00ff', '00ff'],
    ['u8', '255', 'ff'],
    ['u16le', '0x1234', '3412'],
    ['u32be', '1', '00000001'],
    ['u64le', '18446744073709551615', 'ffffffffffffffff'],
  ] as const)('%s %s', (format, text, hex) => {
    expect(toHex(encodeValue(text, format))).toBe(hex);
  });

  test.each([
    ['text4', 'abcde', 'OUT_OF_RANGE: expected at most 4 bytes, got 5: "abcde"'],
    ['hex', 'abc', 'MALFORMED: expected two hex digits a byte, got "abc"'],
    ['hex4', '00', 'OUT_OF_RANGE: expected 4 bytes, got 1: "00"'],
    ['u8', '256', 'OUT_OF_RANGE: expected at most 0xff, got 256'],
    ['u32le', '-1', 'MALFORMED: expected a whole number, decimal or 0x hex, got "-1"'],
    ['u32le', '', 'MALFORMED: expected a whole number, decimal or 0x hex, got ""'],
    [
      'u64le',
      '18446744073709551616',
      'OUT_OF_RANGE: expected a number of 64 bits, got 18446744073709551616',
    ],
  ] as const)('%s refuses %s', (format, text, message) => {
    expect(problem(() => encodeValue(text, format))).toBe(message);
  });

  test.each(['u24le', 'text0', 'text9999', 'u32', ''])('no format: %s', (text) => {
    expect(problem(() => parseInjectFormat(text))).toContain('INVALID_ARGUMENT: format: expected');
  });
});

describe('a table', () => {
  test('as RFC 4180 has it', () => {
    const text = '\ufeffserial,note\r\nA,"one, ""two""\nthree"\r\nB,';
    expect(readCsv(text)).toEqual({
      columns: ['serial', 'note'],
      rows: [
        { line: 2, cells: ['A', 'one, "two"\nthree'] },
        { line: 4, cells: ['B', ''] },
      ],
    });
  });

  test.each([
    ['', 'line 1: expected the names of columns'],
    ['a,a\n', 'line 1: two columns named "a"'],
    ['a,\n', 'line 1: column 2 has no name'],
    ['a,b\n1\n', 'line 2: expected 2 cells, got 1'],
    ['a,b\n1,2\n\n3,4\n', 'line 3: expected 2 cells, got an empty line'],
    ['a\n"x\n', 'line 2, column 1: a quote that is not closed'],
    ['a,b\n1,x"y\n', 'line 2, column 4: a quote inside of a cell that does not begin with one'],
    ['a,b\n"x"y,1\n', 'line 2, column 4: expected a comma or the end of the line'],
  ])('%j', (text, message) => {
    expect(problem(() => readCsv(text))).toBe(`MALFORMED: ${message}`);
  });
});

const table = (text: string, match?: InjectTable['match']): InjectTable => ({
  table: readCsv(text),
  match,
});
const column = (name: string, shared?: boolean): InjectField => ({
  at: 0,
  format: 'text',
  source: { from: 'csv', column: name, shared },
});
const counter = (start: string, at = 0): InjectField => ({
  at,
  format: 'text',
  source: { from: 'counter', start },
});
const unit = (serial?: string, path = '1-1'): { serial: string | undefined; path: string } => ({
  serial,
  path,
});
const texts = (supply: Supply, who = unit()): string[] => supply.take(who).map(({ text }) => text);

describe('who gets what', () => {
  test('a counter goes on, keeps its zeros, and ends where its digits do', () => {
    const supply = new Supply({ fields: [counter('SN-08')] });
    expect([texts(supply), texts(supply)]).toEqual([['SN-08'], ['SN-09']]);
    const last = { at: 0, from: 'counter', text: '99', hex: '' } as const;
    const given = [{ serial: undefined, values: [last] }];
    const end = new Supply({ fields: [counter('09')], given });
    expect(problem(() => texts(end))).toContain('the 2 digits of the counter are used up');
    expect(problem(() => new Supply({ fields: [counter('ABC')] }))).toContain('INVALID_ARGUMENT');
  });

  test('what was given before is not given again, to the same unit neither', () => {
    const given = [{ serial: 'A', values: new Supply({ fields: [counter('7')] }).take(unit('A')) }];
    expect(texts(new Supply({ fields: [counter('1')], given }), unit('A'))).toEqual(['8']);
    expect(texts(new Supply({ fields: [counter('100')], given }))).toEqual(['100']);
  });

  test('a place that moved with another file gives no number again; two counters do not meddle', () => {
    const given = [{ serial: 'A', values: new Supply({ fields: [counter('7')] }).take(unit('A')) }];
    expect(texts(new Supply({ fields: [counter('1', 8)], given }))).toEqual(['8']);
    expect(texts(new Supply({ fields: [counter('X1', 8)], given }))).toEqual(['X1']);
    const both = [counter('1', 0), counter('1', 8)];
    expect(texts(new Supply({ fields: both, given }))).toEqual(['8', '1']);
  });

  test('a cell that is the same value in other letters is the same value', () => {
    const field = (format: InjectField['format']): InjectField => ({ ...column('key'), format });
    for (const text of ['16', '0x10']) {
      const rows = table(`key\n${text}\n0016\n`);
      const made = (): Supply => new Supply({ fields: [field('u32le')], table: rows });
      expect(problem(made)).toContain('AMBIGUOUS: line 3: column "key" has "0016", as line 2 has');
    }
    const first = new Supply({ fields: [field('hex')], table: table('key\nab12\n') });
    const given = [{ serial: undefined, values: first.take(unit()) }];
    const again = new Supply({ fields: [field('hex')], table: table('key\n0xAB12\ncd\n'), given });
    expect(texts(again)).toEqual(['cd']);
    const match = { by: 'serial', column: 'unit' } as const;
    const named = table('unit,key\nB,0xAB12\n', match);
    const other = new Supply({ fields: [field('hex')], table: named, given });
    expect(problem(() => texts(other, unit('B')))).toContain('REFUSED: line 2: "0xAB12" has been');
  });

  test('the next free row, until there is none', () => {
    const rows = table('key\nK1\nK2\nK3\n');
    const fields = [column('key')];
    const first = new Supply({ fields, table: rows });
    const given = [{ serial: undefined, values: first.take(unit()) }];
    const second = new Supply({ fields, table: rows, given });
    expect([texts(second), texts(second)]).toEqual([['K2'], ['K3']]);
    expect(problem(() => texts(second))).toBe(
      'NOT_FOUND: all 3 rows of the table have been given to units',
    );
  });

  test('the row of the unit, by serial number or path, and nobody else gets it', () => {
    const rows = table('unit,key\nA,K1\nB,K2\n', { by: 'serial', column: 'unit' });
    const supply = new Supply({ fields: [column('key')], table: rows });
    expect(texts(supply, unit('B'))).toEqual(['K2']);
    expect(texts(supply, unit('B'))).toEqual(['K2']);
    expect(problem(() => texts(supply, unit('C')))).toContain('no row for "C" in column "unit"');
    expect(problem(() => texts(supply))).toContain('the unit has no serial number');
    const byPath = table('unit,key\n1-1,K1\n', { by: 'path', column: 'unit' });
    const ports = new Supply({ fields: [column('key')], table: byPath });
    expect(texts(ports)).toEqual(['K1']);
    expect(problem(() => texts(ports))).toContain(
      'REFUSED: line 2: "K1" has been given to another',
    );
  });

  test.each([
    ['key\nK1\nK1\n', column('key'), 'AMBIGUOUS: line 3: column "key" has "K1", as line 2 has'],
    ['key\nK1\n', column('kex'), 'INVALID_ARGUMENT: no column "kex" in the table, which has key'],
  ])('%j is refused before anything is sent', (text, field, message) => {
    expect(problem(() => new Supply({ fields: [field], table: table(text) }))).toContain(message);
  });

  test('a cell that its format cannot take is told with its line; one that is shared may repeat', () => {
    const bad: InjectField = { ...column('n'), format: 'u8' };
    expect(problem(() => new Supply({ fields: [bad], table: table('n\n1\n300\n') }))).toBe(
      'OUT_OF_RANGE: line 3, column "n": expected at most 0xff, got 300',
    );
    const supply = new Supply({
      fields: [column('rev', true), { ...column('key'), at: 9 }],
      table: table('rev,key\n2,K1\n2,K2\n'),
    });
    expect([texts(supply), texts(supply)]).toEqual([
      ['2', 'K1'],
      ['2', 'K2'],
    ]);
  });
});

describe('put into a file', () => {
  const bytes = encodeUtf8('0123456789');
  const put = (at: number, text: string) => ({ at, bytes: encodeUtf8(text) });

  test('at an offset of a file without addresses; the file itself stays as it is', () => {
    const plan = sendPlan(bytes);
    const [target] = injected(plan, [put(2, 'ab'), put(8, 'yz')]).targets;
    expect(target?.elements[0]?.data).toEqual(encodeUtf8('01ab4567yz'));
    expect(plan.targets[0]?.elements[0]?.data).toEqual(encodeUtf8('0123456789'));
    expect(problem(() => injected(plan, [put(9, 'ab')]))).toContain(
      'INVALID_ARGUMENT: to be put in: 2 bytes at 0x9 reach over an end',
    );
    expect(problem(() => injected(plan, [put(10, 'ab')]))).toContain(
      'OUT_OF_RANGE: to be put in: 2 bytes at 0xa lie behind the file, which has 10 bytes',
    );
    expect(problem(() => injected(plan, [put(2, 'abc'), put(4, 'x')]))).toContain('overlap');
  });

  test('at an address, inside of the file or as a piece of its own behind the others', () => {
    const hex = writeIntelHex([{ address: 0x0800_1000, bytes }]);
    const { targets } = injected(sendPlan(encodeUtf8(hex)), [
      put(0x0800_1001, 'ab'),
      put(0x0800_0000, 'own'),
    ]);
    expect(targets[0]?.elements).toEqual([
      { address: 0x0800_1000, data: encodeUtf8('0ab3456789') },
      { address: 0x0800_0000, data: encodeUtf8('own') },
    ]);
  });

  test('what a hash or a checksum covers is refused, unless it is forced', async () => {
    const riot = sendPlan(
      riotbootImage(new Uint8Array(512), { version: 1, slotBase: 0x2000, headerLength: 256 }),
    );
    expect(problem(() => injected(riot, [put(4, 'a')]))).toContain(
      'REFUSED: to be put in: 1 bytes at 0x4 would break the checksum of the riotboot header',
    );
    expect(injected(riot, [put(300, 'a')]).targets).toHaveLength(1);
    const version = { major: 1, minor: 0, revision: 0, build: 0 };
    const { bytes: image } = await signImage(new Uint8Array(1024), { version, headerSize: 512 });
    const padded = new Uint8Array(image.length + 64).fill(0xff);
    padded.set(image);
    const signed = sendPlan(padded);
    expect(problem(() => injected(signed, [put(600, 'a')]))).toContain(
      'would break hash and signature of the MCUboot image at 0x0',
    );
    expect(problem(() => injected(signed, [put(image.length - 1, 'a')]))).toContain('REFUSED');
    expect(injected(signed, [put(image.length, 'a')]).targets).toHaveLength(1);
    expect(injected(signed, [put(600, 'a')], { force: true }).targets).toHaveLength(1);
  });
});
