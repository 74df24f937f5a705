import { describe, expect, test } from 'vitest';
import { DfuError } from '../bytes/index.ts';
import { URL_TEXT, fileUrl } from './file-url.ts';

const base = 'https://example.org/fw/lamp/manifest.json';

describe('where a file is', () => {
  test.each([
    ['lamp-1.2.0.bin', 'https://example.org/fw/lamp/lamp-1.2.0.bin'],
    ['./a/b.bin', 'https://example.org/fw/lamp/a/b.bin'],
    ['../x.bin', 'https://example.org/fw/x.bin'],
    ['/x.bin?v=1:2', 'https://example.org/x.bin?v=1:2'],
    ['a%20lamp.bin', 'https://example.org/fw/lamp/a%20lamp.bin'],
    ['https://cdn.example.org/x.bin', 'https://cdn.example.org/x.bin'],
    ['https://[::1]:8443/x.bin', 'https://[::1]:8443/x.bin'],
  ])('%s', (url, found) => {
    expect(url).toMatch(URL_TEXT);
    expect(fileUrl({ url }, base)).toBe(found);
  });

  test.each([
    'javascript:alert(1)',
    'data:application/octet-stream;base64,AAAA',
    'blob:https://example.org/1',
    'file:///etc/passwd',
    'HTTPS://example.org/x',
    '//example.org/x.bin',
    'https://user:secret@example.org/x.bin',
    'a b.bin',
    'a\\b.bin',
    'x.bin#part',
    'ä.bin',
    '?x',
    '',
    'a:b',
    '\tx.bin',
  ])('%j is nowhere', (url) => {
    expect(url).not.toMatch(URL_TEXT);
  });

  test.each([
    ['data:text/plain,x', base],
    ['http://example.org/x.bin', base],
    ['file:///x.bin', base],
  ])('%s is refused even where nobody has checked the manifest', (url, from) => {
    expect(() => fileUrl({ url }, from)).toThrow(
      expect.objectContaining({ code: 'REFUSED' }) as Error,
    );
  });

  test('beside a manifest in the open, or with a scheme of its own', () => {
    expect(fileUrl({ url: 'x.bin' }, 'http://127.0.0.1:8080/m.json')).toBe(
      'http://127.0.0.1:8080/x.bin',
    );
    expect(fileUrl({ url: 'x.bin' }, 'app://host/m.json')).toBe('app://host/x.bin');
  });

  test.each(['m.json', '', 'http://', 'data:x'])('from %j nothing can be found', (from) => {
    const found = (): unknown => {
      try {
        return fileUrl({ url: 'x.bin' }, from);
      } catch (error) {
        return DfuError.is(error) ? error.code : error;
      }
    };
    expect(found()).toBe('INVALID_ARGUMENT');
  });
});
