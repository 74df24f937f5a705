import { resolve } from 'node:path';
import { describe, expect, test } from 'vitest';
import { shapeOf, vectorShapes } from './support/vector-shapes.ts';

const vectors = resolve(import.meta.dirname, 'vectors');

describe('recordings are known by their contents', () => {
  test.each(vectorShapes.map(({ name }) => name))('%s', (name) => {
    expect(shapeOf(resolve(vectors, name))?.name).toBe(name);
  });

  test('and a folder of something else is not', () => {
    expect(shapeOf(resolve(vectors, 'riotboot'))).toBeUndefined();
  });
});
