import { describe, expect, test } from 'vitest';
import {
  FIELDS,
  QUIRKS,
  fieldsText,
  gd32Layout,
  parseQuirk,
  parseQuirkFile,
  quirksFor,
} from './index.ts';
import { checkedQuirk } from './parse.ts';

const device = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0x0100 };

describe('the table', () => {
  test.each(QUIRKS.map((row) => [row.devices, row] as const))(
    '%s is a row that could be typed',
    (devices, row) => {
      expect(checkedQuirk(row)).toBe(row);
      const { name, symptom, source, ...rest } = row;
      for (const text of [name, symptom, source]) expect(text).toMatch(/\S/);
      const [first = ''] = devices.split(' ');
      expect(parseQuirk(`${first}:${fieldsText(row)}`)).toEqual({ ...rest, devices: first });
    },
  );

  test.each([
    [0x1d50, 0x5117, 5],
    [0x1457, 0x5126, 5],
    [0x1d50, 0x5127, undefined],
    [0x16c0, 0x0762, 5],
    [0x16c0, 0x0763, undefined],
    [0x16c0, 0x076c, 5],
  ])('%i:%i has a poll time of %s', (idVendor, idProduct, ms) => {
    expect(quirksFor({ idVendor, idProduct, bcdDevice: 1 })?.pollTimeMs).toBe(ms);
  });

  test('what a row is about may be a release, a protocol, a version, a number of interfaces', () => {
    const siemens = { idVendor: 0x0908, idProduct: 0x02c4 };
    expect(quirksFor({ ...siemens, bcdDevice: 0 })?.pollTimeMs).toBe(5);
    expect(quirksFor({ ...siemens, bcdDevice: 1 })).toBeUndefined();
    const jabra = { ...device, idVendor: 0x0b0e, protocol: 0 };
    expect(quirksFor({ ...jabra, interfaces: 1 })?.mode).toBe('dfu');
    expect(quirksFor({ ...jabra, interfaces: 2 })).toBeUndefined();
    const nano = { ...device, protocol: 0 };
    expect(quirksFor({ ...nano, dfuVersion: 0x011a })?.mode).toBe('dfu');
    expect(quirksFor({ ...nano, dfuVersion: 0x0110 })).toBeUndefined();
    expect(quirksFor(device)).toBeUndefined();
  });
});

describe("a person's own rows", () => {
  test.each([
    ['1209:*:poll-time=5ms,dialect=dfu', { devices: '1209:*', pollTimeMs: 5, dialect: 'dfu' }],
    ['1209:7d00-7d0f:0100:no-reset', { devices: '1209:7d00-7d0f:0100', noReset: true }],
    [
      '*:*:detach-index=forced,return-time=2min',
      { devices: '*:*', detachIndex: 'forced', returnMs: 120_000 },
    ],
    ['1:2:detach-index=0x103', { devices: '1:2', detachIndex: 0x103 }],
    [
      '1:2:when-protocol=0,when-interfaces=1,mode=dfu',
      { devices: '1:2', when: { protocol: 0, interfaces: 1 }, mode: 'dfu' },
    ],
    [
      '1:2:serial=utf-8,layout=@F/0x08000000/4*1Ka,12*1Kg',
      { devices: '1:2', serial: 'utf-8', layout: '@F/0x08000000/4*1Ka,12*1Kg' },
    ],
    ['1:2:layout=gd32,no-uploads', { devices: '1:2', layout: 'gd32', noUploads: true }],
  ])('%s', (text, row) => {
    expect(parseQuirk(text)).toEqual(row);
  });

  test.each([
    ['1209:7d02', /^quirk, character 1: expected VENDOR:PRODUCT\[:RELEASE\]:FIELD/],
    ['xyz:1:no-reset', /character 1/],
    ['7d0f-7d00:1:no-reset', /character 1/],
    [
      '1209:*:pol-time=5ms',
      /character 8: "pol-time" is no field of a quirk, did you mean "poll-time"\?$/,
    ],
    [
      '1209:*:poll-time=5',
      /character 18: poll-time: expected a time such as 5ms or 30s, up to 60s, got "5"$/,
    ],
    ['1209:*:poll-time=2min', /character 18/],
    ['1209:*:no-reset=yes', /character 17: no-reset: expected nothing: the word alone, got "yes"$/],
    ['1209:*:dialect=dfuse,dialekt=dfu', /character 22: .*did you mean "dialect"\?$/],
    ['1209:*:dialect=usb', /expected dfu or dfuse, got "usb"$/],
    ['1209:*:transfer-size=65536', /expected a number from 1 to 65535/],
    ['1209:*:', /character 8: "" is no field/],
    ['1209:*:layout=flash', /expected gd32, or a layout/],
    [`1209:*:layout=@${'x'.repeat(126)}`, /expected gd32, or a layout/],
  ])('%s is refused with its place', (text, message) => {
    expect(() => parseQuirk(text)).toThrow(message);
    expect(() => parseQuirk(text)).toThrow(expect.objectContaining({ code: 'INVALID_ARGUMENT' }));
  });

  test('a file of lines has comments; a wrong line is named', () => {
    const text = '# ours\n\n1209:*:poll-time=5ms   # since 1.2\r\n1:2:no-reset\n';
    expect(parseQuirkFile(text)).toEqual([
      { devices: '1209:*', pollTimeMs: 5 },
      { devices: '1:2', noReset: true },
    ]);
    expect(() => parseQuirkFile(`${text}1:2:x`, 'ours.txt')).toThrow(
      /^ours.txt, line 5, character 5: "x"/,
    );
  });

  test('a file may be JSON, with the names that the library has', () => {
    const row = { devices: '1:2', when: { protocol: 1 }, pollTimeMs: 7, name: 'ours' };
    expect(parseQuirkFile(JSON.stringify([row, row]))).toEqual([row, row]);
    expect(parseQuirkFile(JSON.stringify(row))).toEqual([row]);
    // As an editor of Windows leaves it.
    expect(parseQuirkFile(`\uFEFF${JSON.stringify(row)}`)).toEqual([row]);
  });

  test.each([
    [
      [{ devices: '1:2', pollTime: 5 }],
      /^quirks\[0\]: "pollTime" is no field of a quirk, did you mean "pollTimeMs"\?$/,
    ],
    [[{ devices: '1:2', pollTimeMs: '5' }], /^quirks\[0\].pollTimeMs: expected a time.*, got "5"$/],
    [
      [{ pollTimeMs: 5 }],
      /^quirks\[0\].devices: expected VENDOR:PRODUCT\[:RELEASE\] in hex, got nothing$/,
    ],
    [[{ devices: '1:2', when: { protokoll: 1 } }], /^quirks\[0\].when: "protokoll"/],
    [
      [{ devices: '1:2', when: { protocol: 999 } }],
      /^quirks\[0\].when.protocol: expected a number from 0 to 255/,
    ],
    [[7], /^quirks\[0\]: expected an object$/],
    [[{ devices: '1:2', name: 7 }], /^quirks\[0\].name: expected a text/],
  ])('JSON that is none is refused', (rows, message) => {
    expect(() => parseQuirkFile(JSON.stringify(rows))).toThrow(message);
  });

  test('JSON that does not even parse, and more rows than anybody has', () => {
    expect(() => parseQuirkFile('[{')).toThrow(/^quirks: /);
    expect(() => parseQuirkFile('1:2:no-reset\n'.repeat(1001))).toThrow(/at most 1000 rows/);
  });

  test('they count before the table, field by field', () => {
    const mine = [parseQuirk('1d50:*:poll-time=9ms'), parseQuirk('1d50:*:poll-time=8ms,no-reset')];
    const found = quirksFor({ ...device, idVendor: 0x1d50, idProduct: 0x5117 }, mine);
    expect(found).toMatchObject({ pollTimeMs: 9, noReset: true });
    expect(found?.rows.map(({ devices }) => devices)).toEqual([
      '1d50:*',
      '1d50:*',
      '1d50:5117-5126 1457:5117-5126',
    ]);
  });
});

test('every field has a word of its own, as people write them', () => {
  const words = Object.values(FIELDS).map(({ word }) => word);
  expect(new Set(words).size).toBe(words.length);
  for (const word of words) expect(word).toMatch(/^[a-z]+(-[a-z]+)*$/);
});

test.each([
  ['3CBJ', '@Internal Flash  /0x08000000/128*001Kg'],
  ['3C8J', '@Internal Flash  /0x08000000/64*001Kg'],
  ['3T6J', '@Internal Flash  /0x08000000/32*001Kg'],
  ['3T4J', '@Internal Flash  /0x08000000/16*001Kg'],
  ['ABCD', undefined],
  ['', undefined],
])('a GD32 with the serial number "%s" has %s', (serial, layout) => {
  expect(gd32Layout(serial)).toBe(layout);
});
