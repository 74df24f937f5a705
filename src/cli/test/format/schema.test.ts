import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { scenarioSchema } from './schema.ts';

test('the published schema is made of the same table as the reader', async () => {
  const file = resolve(import.meta.dirname, '../../../../schemas/test.schema.json');
  await expect(`${JSON.stringify(scenarioSchema(), undefined, 2)}\n`).toMatchFileSnapshot(file);
});

test('the schema names nothing that it has not', () => {
  const text = JSON.stringify(scenarioSchema());
  const { $defs } = JSON.parse(text) as { readonly $defs: object };
  const named = [...text.matchAll(/"#\/\$defs\/([\w-]+)"/g)].map(([, name = '']) => name);
  expect(new Set(named)).toEqual(new Set(Object.keys($defs)));
});
