import { expect, test } from 'vitest';
import { Desk } from '../../../test/support/image-desk.ts';
import { layoutKeys } from './layout-keys.ts';

const asked: string[] = [];
const desk = new Desk((path) => {
  asked.push(path);
  throw new Error('it is not there');
});
const config = { publicKeys: ['keys/a.pem'], encryptionPrivateKey: 'keys/d.pem' };

test('keys are found from the folder of the layout and from the one above', () => {
  const files = new Desk();
  files.written.set('some/boot/keys/a.pem', new Uint8Array(1));
  files.written.set('some/keys/d.pem', new Uint8Array(1));
  expect(layoutKeys(files, 'some/boot/x.json', { config })).toEqual({
    key: ['some/boot/keys/a.pem'],
    decrypt: ['some/keys/d.pem'],
    missing: [],
  });
});

test.each([['/etc/a.pem'], ['../a.pem'], ['keys/../../a.pem']])('%s is not looked for', (path) => {
  const found = layoutKeys(desk, 'some/x.json', { publicKeys: [path] });
  expect(found).toEqual({ key: [], decrypt: [], missing: [path] });
  expect(asked).toEqual([]);
});

test('what is no path names nothing', () => {
  const found = layoutKeys(desk, 'x.json', { publicKeys: [5, null, ''], encryptionPrivateKey: {} });
  expect(found).toEqual({ key: [], decrypt: [], missing: [] });
});
