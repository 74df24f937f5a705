import { describe, expect, test } from 'vitest';
import { parseStandIn } from './parse-stand-in.ts';

describe('a stand-in in words', () => {
  test.each([
    ['usb-dfu', { plays: 'usb-dfu' }],
    ['silent,hang=3s', { plays: 'silent', ends: { how: 'hang', afterMs: 3000 } }],
    ['crash=0ms', { ends: { how: 'crash', afterMs: 0 } }],
    ['reset=1.5min', { ends: { how: 'reset', afterMs: 90_000 } }],
    ['upgrade=2s', { upgrade: { afterMs: 2000, permanent: false } }],
    ['upgrade=2s/permanent', { upgrade: { afterMs: 2000, permanent: true } }],
    [
      'version=2.0.0:usb-dfu,confirm=500ms',
      { when: { version: '2.0.0' }, plays: 'usb-dfu', confirmMs: 500 },
    ],
    [
      'slot=1, sha256=DEADBEEF: confirm=1s',
      { when: { slot: 1, sha256: 'deadbeef' }, confirmMs: 1000 },
    ],
    [
      'version=1.2.3+4:firmware=C:\\mine\\main.ts',
      { when: { version: '1.2.3+4' }, plays: { firmwarePath: 'C:\\mine\\main.ts' } },
    ],
    ['firmware=C:/a=b', { plays: { firmwarePath: 'C:/a=b' } }],
  ])('%s', (text, read) => {
    expect(parseStandIn(text)).toEqual(read);
  });

  test.each([
    ['slient', /no word "slient", did you mean "silent"\?/],
    [
      'nothing-of-the-kind',
      /no word .*; there is: silent, dfu-runtime, usb-dfu, firmware, confirm/,
    ],
    ['', /no word ""/],
    ['verison=2:silent', /got "verison=2", did you mean "version"\?/],
    [':silent', /expected version=…, sha256=… or slot=… in front of the colon, got ""/],
    ['slot=one:silent', /slot: expected a number, got "one"/],
    ['sha256=12:silent', /sha256: expected 8 to 64 hex digits/],
    ['version=:silent', /version: expected one such as 2.0.0/],
    ['slot=0,slot=1:silent', /slot is there twice/],
    [
      'confirm=500',
      /confirm: expected a time of at most a week, such as 500ms, 2s or 1min, got "500"/,
    ],
    ['confirm', /got ""/],
    ['hang=8000000min', /expected a time of at most a week/],
    ['hang=1s,crash=2s', /how it ends is said twice/],
    ['silent,usb-dfu', /what it plays is said twice/],
    ['confirm=1s,confirm=1s', /confirm is said twice/],
    ['silent=1', /silent takes no value/],
    ['firmware', /expected firmware=PATH/],
    ['upgrade=1s/maybe', /alone or with \/test or \/permanent/],
    ['a'.repeat(5000), /at most 4096 characters/],
  ])('but not %.40s', (text, message) => {
    expect(() => parseStandIn(text)).toThrow(message);
  });
});
