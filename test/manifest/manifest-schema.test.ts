import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { format } from 'prettier';
import { describe, expect, test } from 'vitest';
import { DfuError } from '../../src/bytes/index.ts';
import { manifestSchema, readManifest } from '../../src/manifest/index.ts';
import { fits } from '../support/json-schema.ts';

/* What editors know of manifests is what the reader takes. `npx vitest run test/manifest -u` writes the schema anew. */

const schema = manifestSchema() as Readonly<Record<string, unknown>>;

const file = { url: 'lamp.bin', sizeBytes: 1024, sha256: 'Ab'.repeat(32) };
const release = { version: '1.2.0', files: [file] };
const board = { name: 'lamp', usb: ['1209:7d00'] };
const least = { manifest: 1, product: 'Lamp', boards: [board], releases: [release] };

const withFile = (more: object): object => ({
  ...least,
  releases: [{ ...release, files: [{ ...file, ...more }] }],
});
const withRelease = (more: object): object => ({ ...least, releases: [{ ...release, ...more }] });
const withBoard = (more: object): object => ({ ...least, boards: [{ ...board, ...more }] });
const pem = '-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n';

function isRead(value: unknown): boolean {
  try {
    readManifest(value);
    return true;
  } catch (error) {
    if (DfuError.is(error, 'MALFORMED')) return false;
    throw error;
  }
}

/** As it would come out of a file. */
const throughJson = (value: unknown): unknown => JSON.parse(JSON.stringify(value)) as unknown;

test('manifest.schema.json is the table', async () => {
  const text = await format(JSON.stringify(schema), { parser: 'json', printWidth: 100 });
  await expect(text).toMatchFileSnapshot('../../schemas/manifest.schema.json');
});

test('its name is where the package has it', () => {
  const root = resolve(import.meta.dirname, '../..');
  const { exports } = JSON.parse(readFileSync(resolve(root, 'package.json'), 'utf8')) as {
    readonly exports: Readonly<Record<string, string>>;
  };
  const published = exports['./manifest.schema.json'] ?? '';
  const { $id } = JSON.parse(readFileSync(resolve(root, published), 'utf8')) as { $id: string };
  expect($id).toBe(`https://unpkg.com/dfukit/${published.slice(2)}`);
});

test('its patterns mean the same to validators in every language', () => {
  expect(JSON.stringify(schema)).not.toMatch(/\\\\[pPwWsSdDbB]|\(\?/);
});

describe('the schema and the reader', () => {
  test.each<readonly [string, unknown]>([
    ['no more than it needs', least],
    ['where its schema is', { ...least, $schema: './manifest.schema.json' }],
    ['an address in hex', withFile({ address: '0x08000000' })],
    ['an address', withFile({ address: 0x0800_0000 })],
    ['an alternate by its name', withFile({ alternate: '1' })],
    ['an alternate', withFile({ alternate: 1 })],
    ['a file elsewhere', withFile({ url: 'https://example.org/x.bin' })],
    ['a choice for a person', withFile({ erase: 'ask' })],
    [
      'all of a release',
      withRelease({ channel: 'beta', bcdDevice: '1.02', notes: 'a\nb', minimumVersion: '1' }),
    ],
    [
      'all of a board',
      withBoard({ serial: 'A[0-9]*?', bcdDevice: { least: '0100', most: '1.99' } }),
    ],
    ['a key', { ...least, keys: [{ id: '01234567', pem }] }],
  ])('both take %s', (_name, value) => {
    const written = throughJson(value);
    expect([fits(schema, written), isRead(written)]).toEqual([true, true]);
  });

  test.each<readonly [string, unknown]>([
    ['nothing', null],
    ['no boards', { ...least, boards: [] }],
    ['no releases', { ...least, releases: [] }],
    ['no files', withRelease({ files: [] })],
    ['another form', { ...least, manifest: 2 }],
    ['a key that is none', { ...least, name: 'x' }],
    ['a key that is none further in', withFile({ md5: 'x' })],
    ['an id that is none', withBoard({ usb: ['1209'] })],
    ['a pattern that is none', withBoard({ serial: 'A[' })],
    ['a regular expression', withBoard({ serial: 'A\\d+' })],
    ['a release that is none', withBoard({ bcdDevice: { least: '1' } })],
    ['a version that is none', withRelease({ version: 'newest' })],
    ['a channel that is none', withRelease({ channel: 'Beta 1' })],
    ['a script', withFile({ url: 'javascript:alert(1)' })],
    ['a file with a user', withFile({ url: 'https://a@example.org/x' })],
    ['an empty file', withFile({ sizeBytes: 0 })],
    ['a hash that is none', withFile({ sha256: 'ab' })],
    ['half an alternate', withFile({ alternate: 0.5 })],
    ['an erase that is none', withFile({ erase: true })],
    [
      'a private key',
      { ...least, keys: [{ id: '01234567', pem: pem.replaceAll('PUBLIC', 'PRIVATE') }] },
    ],
    ['a name backwards', { ...least, product: 'a\u202eb' }],
  ])('neither takes %s', (_name, value) => {
    const written = throughJson(value);
    expect([fits(schema, written), isRead(written)]).toEqual([false, false]);
  });

  // What needs two places of the file to be seen, an editor does not see.
  test.each<readonly [string, unknown]>([
    ['a board that is not there', withFile({ boards: ['lmap'] })],
    ['boards that a device may be two of', { ...least, boards: [board, { ...board, name: 'b' }] }],
    ['a range that goes backwards', withBoard({ serial: '[9-0]' })],
  ])('the reader alone sees %s', (_name, value) => {
    expect([fits(schema, value), isRead(value)]).toEqual([true, false]);
  });
});
