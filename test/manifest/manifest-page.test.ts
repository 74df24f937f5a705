import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { expect, test } from 'vitest';
import { toHex } from '../../src/bytes/index.ts';
import { publicKeyHash, readKey } from '../../src/image/index.ts';
import { readManifest } from '../../src/manifest/index.ts';
import { blocksOf } from '../support/documents/blocks.ts';

/* The manifest that docs/manifest.md shows is one. */

const root = resolve(import.meta.dirname, '../..');
const page = readFileSync(resolve(root, 'docs/manifest.md'), 'utf8');
const shown = blocksOf(page).filter(({ language }) => language === 'json');

test('it is read', () => {
  expect(shown).toHaveLength(1);
  const { product, releases } = readManifest(shown[0]?.lines.join('\n'));
  expect([product, releases[0]?.files[0]?.url]).toEqual(['Lamp', 'lamp-1.3.0.bin']);
});

test('its key is the one that it is called', async () => {
  const { keys = [] } = readManifest(shown[0]?.lines.join('\n'));
  for (const { id, pem } of keys) {
    expect(toHex(await publicKeyHash(await readKey(pem)))).toMatch(new RegExp(`^${id}`));
  }
  expect(keys).toHaveLength(1);
});

test('its table says every key of boards, releases and files', () => {
  const schema = JSON.parse(
    readFileSync(resolve(root, 'schemas/manifest.schema.json'), 'utf8'),
  ) as {
    properties: Record<
      string,
      { items: { properties: Record<string, { items?: { properties: object } }> } }
    >;
  };
  const { boards, releases } = schema.properties;
  const keys = [
    ...Object.keys(boards?.items.properties ?? {}),
    ...Object.keys(releases?.items.properties ?? {}),
    ...Object.keys(releases?.items.properties['files']?.items?.properties ?? {}),
  ];
  expect(keys.length).toBeGreaterThan(15);
  // What goes without saying there.
  const plain = new Set(['name', 'notes', 'files', 'sizeBytes', 'sha256']);
  const missing = keys.filter((key) => !plain.has(key) && !new RegExp(`\\b${key}\``).test(page));
  expect(missing).toEqual([]);
});
