import { describe, expect, test } from 'vitest';
import { DfuError } from '../error.ts';
import {
  amountShape,
  choiceShape,
  eitherShape,
  flagShape,
  listShape,
  madeShape,
  may,
  namedShape,
  need,
  nothingShape,
  numberChoiceShape,
  objectShape,
  pathText,
  readShape,
  recordShape,
  refusedShape,
  schemaDocument,
  textShape,
  usual,
  wholeShape,
} from './index.ts';
import type { Shape } from './index.ts';

interface Node {
  readonly name: string;
  readonly next?: Node;
}

const node: Shape<Node> = namedShape('node', { expected: 'a node', kinds: ['object'] }, () =>
  objectShape('a node', { name: need(textShape('a name'), 'its name'), next: may(node, 'more') }),
);

const numbers = objectShape('numbers', {
  step: may(wholeShape(0, 64, 'bytes', 16), 'in steps'),
  align: usual(numberChoiceShape([8, 16]), 'one of them', 8),
  ms: usual(amountShape(0, 1.5, 'ms'), 'time', 0),
  mode: may(choiceShape(['move'], { ram: 'nobody has it' }), 'how'),
  gone: may(refusedShape('it is gone'), 'no more'),
});

const file = objectShape('a file', {
  name: need(textShape('a name of small letters', { pattern: /^[a-z]+$/, most: 8 }), 'its name'),
  count: may(wholeShape(1, 8, 'pieces'), 'how many'),
  loud: may(flagShape, 'whether'),
  mode: may(choiceShape(['clean', 'torn']), 'how'),
  list: may(listShape(eitherShape(textShape('a text'), wholeShape(0, 9)), { most: 2 }), 'several'),
  nodes: may(node, 'a chain'),
  vars: may(
    recordShape('names', { keys: /^[A-Z]+$/, words: 'capital letters', most: 2 }, nothingShape),
    'names',
  ),
});

function read(value: unknown, shape: Shape<unknown> = file): unknown {
  return readShape(shape, value, {
    path: [],
    fault: (path, words) => new DfuError('INVALID_ARGUMENT', `${pathText(path)}: ${words}`),
  });
}

describe('a shape', () => {
  test('reads what fits', () => {
    const value = {
      name: 'abc',
      count: '0x8',
      loud: false,
      mode: 'torn',
      list: ['x', 3],
      nodes: { name: 'a', next: { name: 'b' } },
      vars: { A: null },
    };
    expect(read(value)).toEqual({ ...value, count: 8, vars: { A: undefined } });
    expect(read({ name: 'abc' })).toEqual({ name: 'abc' });
  });

  test.each([
    ['abc', ': expected a file, got "abc"'],
    [{}, ': "name" is missing: expected a name of small letters'],
    [{ name: 'ABC' }, 'name: expected a name of small letters, got "ABC"'],
    [{ name: 1 }, 'name: expected a name of small letters, got 1 (a number; put it in quotes)'],
    [{ name: 'a', cuont: 1 }, 'cuont: unknown key "cuont", did you mean "count"?'],
    [
      { name: 'a', zz: 1 },
      'zz: unknown key "zz"; known: name, count, loud, mode, list, nodes, vars',
    ],
    [{ name: 'a', count: 9 }, 'count: expected a whole number of pieces from 1 to 8, got 9'],
    [{ name: 'a', count: 1.5 }, 'count: expected a whole number of pieces from 1 to 8, got 1.5'],
    [{ name: 'a', count: '07' }, 'count: expected a whole number of pieces from 1 to 8, got "07"'],
    [{ name: 'a', loud: null }, 'loud: expected true or false, got nothing'],
    [
      { name: 'a', mode: 'tron' },
      'mode: expected one of clean, torn, got "tron", did you mean "torn"?',
    ],
    [{ name: 'a', list: [1, 2, 3] }, 'list: expected 0 to 2 entries, got a list of 3'],
    [
      { name: 'a', list: [1, {}] },
      'list[1]: expected a text, or a whole number from 0 to 9, got an empty object',
    ],
    [
      { name: 'a', nodes: { name: 'a', next: { nam: 'b' } } },
      'nodes.next.nam: unknown key "nam", did you mean "name"?',
    ],
    [{ name: 'a', vars: { 'a"': null } }, 'vars."a\\"": expected capital letters as the key'],
    [{ name: 'a', vars: { A: 1 } }, 'vars.A: expected nothing, got 1'],
    [
      JSON.parse('{"name":"a","__proto__":{}}'),
      '__proto__: unknown key "__proto__"; known: name, count, loud, mode, list, nodes, vars',
    ],
  ])('refuses %j', (value, message) => {
    expect(() => read(value)).toThrow(new DfuError('INVALID_ARGUMENT', message));
  });

  test('fills in what is usual', () => {
    expect(read({}, numbers)).toEqual({ align: 8, ms: 0 });
    const value = { step: '0x20', align: '0x10', ms: 1.25, mode: 'move' };
    expect(read(value, numbers)).toEqual({ ...value, step: 32, align: 16 });
    expect(schemaDocument(numbers, { $id: 'x', title: 'x', description: 'x' })).toMatchObject({
      properties: { align: { default: 8 }, gone: { not: {} } },
    });
  });

  test.each([
    [{ step: 8 }, 'step: expected a whole number of bytes from 0 to 64, a multiple of 16, got 8'],
    [{ align: 9 }, 'align: expected one of 8, 16, got 9'],
    [{ align: '0x' }, 'align: expected one of 8, 16, got "0x"'],
    [{ ms: 2 }, 'ms: expected a number of ms from 0 to 1.5, got 2'],
    [{ ms: NaN }, 'ms: expected a number of ms from 0 to 1.5, got null'],
    [{ mode: 'ram' }, 'mode: expected one of move, got "ram": nobody has it'],
    [{ gone: 1 }, 'gone: expected nothing: it is gone, got 1'],
  ])('refuses %j among numbers', (value, message) => {
    expect(() => read(value, numbers)).toThrow(new DfuError('INVALID_ARGUMENT', message));
  });

  test('says the same as a JSON schema', () => {
    const made = madeShape(file, () => 1);
    const head = { $id: 'x', title: 'A file', description: 'what it is' };
    expect(schemaDocument(made, head)).toMatchObject({
      ...head,
      type: 'object',
      required: ['name'],
      additionalProperties: false,
      properties: {
        name: { type: 'string', pattern: '^[a-z]+$', maxLength: 8, description: 'its name' },
        mode: { enum: ['clean', 'torn'] },
        list: { type: 'array', maxItems: 2 },
        nodes: { description: 'a chain', $ref: '#/$defs/node' },
      },
      $defs: { node: { properties: { next: { $ref: '#/$defs/node' } } } },
    });
  });
});
