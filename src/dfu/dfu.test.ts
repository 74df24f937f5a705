import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, crc32Register, fromHex, toHex } from '../bytes/index.ts';
import {
  DFU_STATES,
  DFU_STATUSES,
  appendSuffix,
  dfuRequestName,
  functionalDescriptor,
  readFunctionalDescriptor,
  splitSuffix,
  stateNumber,
  stateOf,
  statusAnswer,
  statusMeaning,
  statusNumber,
  statusOf,
  suffixMatches,
} from './index.ts';

describe('DFU functional descriptor', () => {
  test.each([
    ['STM32F4 ROM', '09210bff0000081a01', { wTransferSize: 2048, bcdDFUVersion: 0x011a }],
    [
      'riotboot',
      '092109ff0040001001',
      { wTransferSize: 64, wDetachTimeOut: 255, bcdDFUVersion: 0x0110 },
    ],
    ['DFU 1.0, seven bytes', '072103e8034000', { wTransferSize: 64, bcdDFUVersion: 0x0100 }],
  ])('reads that of %s', (_, bytes, expected) => {
    expect(readFunctionalDescriptor(fromHex(bytes))).toMatchObject(expected);
  });

  test('reads the attribute bits', () => {
    expect(readFunctionalDescriptor(fromHex('092109ff0040001001')).bmAttributes).toEqual({
      canDnload: true,
      canUpload: false,
      manifestationTolerant: false,
      willDetach: true,
      accelerated: false,
    });
  });

  test('says how many bytes are missing', () => {
    const cut = () => readFunctionalDescriptor(fromHex('09210bff0000081a'));
    expect(cut).toThrow(new DfuError('TRUNCATED', 'DFU functional descriptor: 8 bytes of 9'));
    expect(() => readFunctionalDescriptor(fromHex('072103e803'))).toThrow('5 bytes of 9');
  });

  test('every one it can read, it writes back byte for byte', () => {
    const bodies = fc.uint8Array({ minLength: 6, maxLength: 6 });
    fc.assert(
      fc.property(fc.constantFrom(0, 1, 2, 4, 8, 15, 0x8f), bodies, (attributes, body) => {
        const bytes = Uint8Array.of(9, 0x21, attributes, ...body);
        expect(functionalDescriptor.encode(functionalDescriptor.decode(bytes))).toEqual(bytes);
      }),
    );
  });
});

describe('states and statuses', () => {
  test('have the numbers of DFU 1.1 §6.1.2', () => {
    expect(DFU_STATES.length).toBe(11);
    expect(DFU_STATUSES.length).toBe(16);
    expect(stateNumber('dfuERROR')).toBe(10);
    expect(statusNumber('errSTALLEDPKT')).toBe(0x0f);
    for (const [number, state] of DFU_STATES.entries()) expect(stateOf(number)).toBe(state);
    for (const [number, status] of DFU_STATUSES.entries()) {
      expect(statusOf(number)).toBe(status);
      expect(statusMeaning(status)).not.toBe('');
    }
  });

  test('beyond the table are refused', () => {
    expect(() => stateOf(11)).toThrow('bState: expected 0 to 10, got 11');
    expect(() => statusOf(16)).toThrow('bStatus: expected 0 to 15, got 16');
  });

  test('requests have names', () => {
    expect([0, 1, 2, 3, 4, 5, 6, 7].map(dfuRequestName)).toEqual([
      'DETACH',
      'DNLOAD',
      'UPLOAD',
      'GETSTATUS',
      'CLRSTATUS',
      'GETSTATE',
      'ABORT',
      undefined,
    ]);
  });

  test('the GETSTATUS answer has its poll time in three bytes', () => {
    const answer = { bStatus: 0, bwPollTimeout: 0x012345, bState: 4, iString: 7 };
    expect(toHex(statusAnswer.encode(answer))).toBe('004523010407');
    expect(statusAnswer.decode(fromHex('004523010407'))).toEqual(answer);
  });
});

describe('DFU suffix', () => {
  const suffix = { bcdDevice: 0xffff, idProduct: 0x7d02, idVendor: 0x1209, bcdDFU: 0x0100 };

  // Written by dfu-suffix 0.11: `dfu-suffix -v 1209 -p 7d02 -a FILE`, with the five bytes "hello" in it.
  const byDfuSuffix = '68656c6c6f' + 'ffff027d09120001' + '55464410' + 'a086ae92';

  test('is the one that dfu-suffix writes', () => {
    expect(toHex(appendSuffix(fromHex('68656c6c6f'), suffix))).toBe(byDfuSuffix);
  });

  test('comes off again', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (payload) => {
        const split = splitSuffix(appendSuffix(payload, suffix));
        expect(split).toEqual({ payload, suffix, problem: undefined });
      }),
    );
  });

  test('a file without one is all payload', () => {
    for (const file of [new Uint8Array(0), new Uint8Array(15), new Uint8Array(4096)]) {
      expect(splitSuffix(file)).toEqual({ payload: file, suffix: undefined, problem: undefined });
    }
  });

  test('with one bit wrong anywhere is no suffix, and says so', () => {
    const good = appendSuffix(fromHex('00112233445566778899'), suffix);
    for (let bit = 0; bit < good.length * 8; bit += 1) {
      const bad = good.slice();
      bad[bit >> 3] = (bad[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const split = splitSuffix(bad);
      expect(split.suffix).toBeUndefined();
      expect(split.payload).toEqual(bad);
      const signatureHit = bit >> 3 >= good.length - 8 && bit >> 3 < good.length - 5;
      expect(split.problem === undefined).toBe(signatureHit);
    }
  });

  test('may be longer than 16 bytes, but not longer than the file', () => {
    const withLength = (bLength: number): Uint8Array => {
      const file = appendSuffix(fromHex('aabb' + '00'.repeat(8)), suffix);
      file[file.length - 5] = bLength;
      const crc = crc32Register(file.subarray(0, file.length - 4));
      new DataView(file.buffer).setUint32(file.length - 4, crc, true);
      return file;
    };
    expect(toHex(splitSuffix(withLength(24)).payload)).toBe('aabb');
    const problem = splitSuffix(withLength(27)).problem?.message;
    expect(problem).toBe('DFU suffix.bLength: expected 16 to 26, got 27');
  });

  test.each([
    [{ idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0x0100 }, true],
    [{ idVendor: 0x1209, idProduct: 0x7d01 }, false],
    [{ idVendor: 0x0483, idProduct: 0x7d02 }, false],
  ])('for %j: %s', (device, fits) => {
    expect(suffixMatches(suffix, device)).toBe(fits);
  });

  test('compares the release when it names one', () => {
    const device = { idVendor: 0x1209, idProduct: 0x7d02, bcdDevice: 0x0100 };
    expect(suffixMatches({ ...suffix, bcdDevice: 0x0100 }, device)).toBe(true);
    expect(suffixMatches({ ...suffix, bcdDevice: 0x0200 }, device)).toBe(false);
  });
});
