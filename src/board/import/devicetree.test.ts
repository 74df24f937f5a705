import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError } from '../../bytes/index.ts';
import { readDevicetree } from './devicetree.ts';
import type { Devicetree } from './devicetree.ts';
import { busReg, namedNode, numberOf, ownReg, stringsOf } from './node-reading.ts';

const tree = (text: string): Devicetree => readDevicetree({ name: 'zephyr.dts', text });
const inRoot = (text: string): Devicetree => tree(`/dts-v1/;\n/ {\n${text}\n};\n`);
const valuesOf = (text: string): unknown => inRoot(text).root.properties.get('x')?.values;

/** What values look like. */
const string = (content: string): object => ({ kind: 'string', text: content });
const cells = (...all: (number | object)[]): object => ({ kind: 'cells', bits: 32, cells: all });
const bytes = (...all: number[]): object => ({ kind: 'bytes', bytes: all });

describe('a devicetree that a build has put out', () => {
  test('has nodes by path and by label, each with its line', () => {
    const { labels, paths } = inRoot('a: b: soc {\n\tflash0: flash@0 {\n\t};\n};');
    expect(paths.get('/soc/flash@0')).toBe(labels.get('flash0'));
    expect(labels.get('a')).toBe(labels.get('b'));
    expect(labels.get('flash0')).toMatchObject({ name: 'flash@0', place: { line: 4 } });
  });

  test.each([
    ['x;', []],
    ['x = "a\\n\\x41\\102\\"", "b";', [string('a\nAB"'), string('b')]],
    ['x = < 0x1 2 >, < &n 0xffffffff >;', [cells(1, 2), cells({ to: 'n' }, 0xffffffff)]],
    ['x = <1>,<&{/soc/a@1}>;', [cells(1), cells({ to: '/soc/a@1' })]],
    ['x = [ C2 28 17 ], [0a0b];', [bytes(0xc2, 0x28, 0x17), bytes(10, 11)]],
    ['x = &n, "t";', [{ kind: 'path', to: 'n' }, string('t')]],
    ['x = /bits/ 8 < 0x1 0x2 >;', [{ kind: 'cells', bits: 8, cells: [1, 2] }]],
    ['x = l1: < 0x1 l2: 0x2 l3: > l4: ;', [cells(1, 2)]],
    ['x = [ aa l: bb ];', [bytes(0xaa, 0xbb)]],
    ['x = < 0x1 >, /* in a.dtsi:1 */\n\t< 0x2 >; // end', [cells(1), cells(2)]],
    ['l: x = < >;', [cells()]],
  ])('%s', (source, values) => {
    expect(valuesOf(source)).toEqual(values);
  });

  test('what is said again counts, and nodes grow together', () => {
    const { root, paths } = tree(
      '/dts-v1/;\n/memreserve/ 0x0 0x10;\n/ { x = < 1 >; n { a; }; };\n/ { x = < 2 >; n { b; }; };',
    );
    expect(numberOf(root, 'x')).toBe(2);
    expect([...(paths.get('/n')?.properties.keys() ?? [])]).toEqual(['a', 'b']);
  });

  test.each([
    ['', 'zephyr.dts:1: expected "/dts-v1/", got the end of the file'],
    ['/dts-v1/;', 'zephyr.dts: expected a root node "/ { … };", got none'],
    ['/dts-v1/;\n/ {\n  a = < 1 >\n};', 'zephyr.dts:4: expected ";", got "}"'],
    ['/dts-v1/;\n/ {\n  a = < 1 +', 'zephyr.dts:3: expected a number, a reference or ">", got "+"'],
    [
      '/dts-v1/;\n/ {\n  a = < (1) >;',
      'zephyr.dts:3: expected a devicetree as a build puts it out',
    ],
    ['/dts-v1/;\n/ {\n  a = "b\n', 'zephyr.dts:3: expected a string that ends in its line'],
    ['/dts-v1/;\n/* \n', 'zephyr.dts:2: expected "*/" behind this comment, got the end'],
    ['/dts-v1/;\n/ {\n a = [ 123 ];', 'zephyr.dts:3: expected hex bytes or "]", got "123"'],
    ['/dts-v1/;\n&a { };', 'zephyr.dts:2: expected "/", got "&a"'],
    ['/dts-v1/;\n/ {\n a = /bits/ 7 < 1 >;', 'expected 8, 16, 32 or 64 behind /bits/, got "7"'],
    [
      '/dts-v1/;\n/ {\n /delete-node/ a;',
      'expected a property, a node or "}", got "/delete-node/"',
    ],
    [
      '/dts-v1/;\n/ { l: a { };\n l: b { }; };',
      'zephyr.dts:3: the label "l" is that of /a in line 2',
    ],
  ])('%j is none: the line is told', (source, message) => {
    expect(() => tree(source)).toThrow(message);
  });
});

describe('numbers of nodes', () => {
  const soc = (
    reg: string,
    cellsText = '#address-cells = < 1 >; #size-cells = < 1 >;',
  ): Devicetree => inRoot(`soc { ${cellsText} n: n@0 { reg = < ${reg} >; }; };`);
  const reg = (source: Devicetree): unknown => {
    const node = source.labels.get('n');
    return node && ownReg(node);
  };

  test('reg goes by the cells of the parent', () => {
    expect(reg(soc('0x10 0x20'))).toMatchObject({ address: 0x10, sizeBytes: 0x20 });
    const wide = '#address-cells = < 2 >; #size-cells = < 2 >;';
    expect(reg(soc('1 2 0 3', wide))).toMatchObject({ address: 2 ** 32 + 2, sizeBytes: 3 });
    expect(reg(soc('1 2 3', ''))).toMatchObject({ address: 2 ** 32 + 2, sizeBytes: 3 });
  });

  test.each([
    ['0x10', undefined, 'zephyr.dts:3: reg of /soc/n@0: expected 1 cells of address and 1 of size'],
    ['', undefined, 'got 0 cells'],
    ['1 2 3', undefined, 'got 3 cells'],
    ['&x 1', undefined, 'expected numbers below 2^53'],
    ['0xffffffff 0 1', '#address-cells = < 2 >; #size-cells = < 1 >;', 'below 2^53'],
    ['1', '#address-cells = < 5 >; #size-cells = < 0 >;', '#size-cells: expected at most 4'],
    ['1', '#address-cells = "a";', '#address-cells: expected numbers of 32 bits'],
  ])('reg = < %s > with "%s" is refused with its line', (text, counts, message) => {
    expect(() => reg(soc(text, counts))).toThrow(message);
  });

  test('ranges lead to what the processor sees, and end where there are none', () => {
    const nested = inRoot(
      `#address-cells = < 1 >; #size-cells = < 1 >;
       soc { #address-cells = < 1 >; #size-cells = < 1 >; ranges;
         bus@5 { #address-cells = < 1 >; #size-cells = < 1 >; ranges = < 0 0x50000000 0x1000 >;
           n: n@10 { reg = < 0x10 0x1 >; };
           ctl { #address-cells = < 1 >; #size-cells = < 1 >; m: m@0 { reg = < 0 1 >; }; };
         }; };`,
    );
    const address = (label: string): number | undefined => {
      const node = nested.labels.get(label);
      return node && busReg(node)?.address;
    };
    expect([address('n'), address('m')]).toEqual([0x50000010, 0]);
  });

  test('chosen names a node by label or path, and nothing else', () => {
    const source = inRoot('chosen { a = &n; b = "/n"; c = &gone; d = < 1 >; }; n: n { };');
    expect(namedNode(source, 'chosen', 'a')).toBe(namedNode(source, 'chosen', 'b'));
    expect(namedNode(source, 'chosen', 'z')).toBeUndefined();
    expect(() => namedNode(source, 'chosen', 'c')).toThrow('c: expected a node, got gone');
    expect(() => namedNode(source, 'chosen', 'd')).toThrow('d: expected a node, got none');
    expect(() => stringsOf(inRoot('x = < 1 >;').root, 'x')).toThrow('x: expected strings');
  });
});

describe('hostile trees', () => {
  test('are not followed for ever into the deep', () => {
    expect(() => tree(`/dts-v1/;/{${'a{'.repeat(100_000)}`)).toThrow('at most 64 nodes inside');
  });

  test('are not read beyond 4 MiB, nor grown beyond 65536 nodes', () => {
    expect(() => tree(' '.repeat(4 * 1024 * 1024 + 1))).toThrow(
      'zephyr.dts: expected at most 4194304 characters, got 4194305',
    );
    const many = Array.from({ length: 70_000 }, (_, n) => `n${n}{};`).join('');
    expect(() => inRoot(many)).toThrow('expected at most 65536 nodes');
  });

  test('with long names are not multiplied', () => {
    const inner = Array.from({ length: 30_000 }, (_, n) => `n${n}{};`).join('');
    expect(() => inRoot(`${'x'.repeat(100_000)} { ${inner} };`)).toThrow('expected shorter names');
  });

  test('phandles in a circle are no way to anywhere', () => {
    const { labels } = inRoot('a: a { x = < &b >; }; b: b { x = < &a >; };');
    expect(labels.size).toBe(2);
  });

  const outcome = (source: string): boolean => {
    try {
      return tree(source).root.name === '/';
    } catch (error) {
      return DfuError.is(error, 'MALFORMED');
    }
  };

  test('whatever stands there, an error of ours or a tree', () => {
    const pieces = [
      '/dts-v1/;',
      '/',
      '{',
      '};',
      'a',
      '=',
      '<',
      '>',
      '0x1',
      '"s"',
      '[',
      '00',
      ']',
      ';',
      ':',
      '&a',
      ',',
      '/*',
      '*/',
      '\n',
      '"',
      '/bits/',
    ];
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces), { maxLength: 40 }), (some) => {
        expect(outcome(`/dts-v1/;/ {${some.join(' ')}`)).toBe(true);
      }),
      { numRuns: 500 },
    );
  });
});
