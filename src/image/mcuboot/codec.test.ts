import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DfuError, fromHex, toHex } from '../../bytes/index.ts';
import {
  bootRecordRole,
  compareVersions,
  formatVersion,
  imageFlagNames,
  numberTlv,
  parseImage,
  parseVersion,
  readDependency,
  readImageHeader,
  readNumber,
  readTlvArea,
  TLV_INFO_MAGIC,
  TLV_PROT_INFO_MAGIC,
  TlvType,
  uuidTlvs,
  writeImageHeader,
  writeTlvArea,
} from '../index.ts';
import type { Endian, ImageHeader } from '../index.ts';
import { bootRecordTlv, dependencyTlv } from './records.ts';
import { tlvAreaSize } from './tlv.ts';

const endians = fc.constantFrom<Endian>('little', 'big');

const versions = fc.record({
  major: fc.nat(0xff),
  minor: fc.nat(0xff),
  revision: fc.nat(0xffff),
  build: fc.nat(0xffffffff),
});

const headers: fc.Arbitrary<ImageHeader> = fc.record({
  loadAddr: fc.nat(0xffffffff),
  hdrSize: fc.integer({ min: 32, max: 0xffff }),
  protectTlvSize: fc.nat(0xffff),
  imgSize: fc.nat(0xffffffff),
  flags: fc.nat(0xffffffff).map((flags) => (flags & ~0x8) >>> 0),
  version: versions,
});

/** An image of 8 payload bytes with one protected and one plain record. */
function sample(): Uint8Array<ArrayBuffer> {
  const protectedArea = writeTlvArea(TLV_PROT_INFO_MAGIC, [numberTlv(TlvType.SEC_CNT, 7)]);
  const area = writeTlvArea(TLV_INFO_MAGIC, [{ type: TlvType.SHA256, data: new Uint8Array(32) }]);
  const header = writeImageHeader({
    loadAddr: 0,
    hdrSize: 32,
    protectTlvSize: protectedArea.length,
    imgSize: 8,
    flags: 0,
    version: parseVersion('1.2.3+4'),
  });
  return Uint8Array.from([...header, ...fromHex('0102030405060708'), ...protectedArea, ...area]);
}

function changed(offset: number, hex: string): Uint8Array {
  const bytes = sample();
  bytes.set(fromHex(hex), offset);
  return bytes;
}

describe('an image header', () => {
  test('is the one of the worked example, byte for byte', () => {
    const header = {
      loadAddr: 0,
      hdrSize: 0x20,
      protectTlvSize: 0xa9,
      imgSize: 0x12d,
      flags: 0,
      version: { major: 1, minor: 2, revision: 3, build: 4 },
    };
    const hex = '3db8f396000000002000a9002d01000000000000010203000400000000000000';
    expect(toHex(writeImageHeader(header))).toBe(hex);
    expect(readImageHeader(fromHex(hex))).toEqual({ ...header, endian: 'little' });
  });

  test('reads back whatever was written, in both byte orders', () => {
    fc.assert(
      fc.property(headers, endians, (header, endian) => {
        expect(readImageHeader(writeImageHeader(header, endian))).toEqual({ ...header, endian });
      }),
    );
  });

  test.each([
    ['no magic', 0, '3db8f397', 'MCUboot header.magic at 0x0: expected 0x96f3b83d, got 0x97f3b83d'],
    ['a header below 32', 8, '1f00', 'MCUboot header.hdrSize at 0x8: expected at least 32, got 31'],
    [
      'two ciphers',
      16,
      '0c',
      'MCUboot header.flags at 0x10: expected AES-128 or AES-256, got both',
    ],
  ])('with %s is refused', (_, offset, hex, message) => {
    expect(() => readImageHeader(changed(offset, hex))).toThrow(message);
  });

  test('cut short is refused', () => {
    expect(() => readImageHeader(sample().subarray(0, 31))).toThrow(
      new DfuError('TRUNCATED', 'MCUboot header: 31 bytes of 32'),
    );
  });

  test('names its flags', () => {
    expect(imageFlagNames(0x124)).toEqual(['ENCRYPTED_AES128', 'RAM_LOAD', 'ROM_FIXED']);
  });
});

describe('a version', () => {
  test.each([
    ['1', '1.0.0+0'],
    ['1.2', '1.2.0+0'],
    ['255.255.65535+4294967295', '255.255.65535+4294967295'],
  ])('%s is %s', (text, whole) => {
    expect(formatVersion(parseVersion(text))).toBe(whole);
  });

  test.each(['', '01.2', '1.2+3', '1.2.3.4', '-1.0', '1.2.3+', ' 1.2', '1.2.3+4\n'])(
    '%j is refused',
    (text) => {
      expect(() => parseVersion(text)).toThrow('expected major.minor.revision+build');
    },
  );

  test.each([
    ['256.0', 'version.major: expected 0 to 255, got 256'],
    ['1.2.65536', 'version.revision: expected 0 to 65535, got 65536'],
  ])('%s does not fit', (text, message) => {
    expect(() => parseVersion(text)).toThrow(new DfuError('OUT_OF_RANGE', message));
  });

  test('compares without its build number, unless asked', () => {
    const [old, young] = [parseVersion('1.2.3+4'), parseVersion('1.2.3+5')];
    expect(compareVersions(old, young)).toBe(0);
    expect(compareVersions(old, young, { withBuild: true })).toBeLessThan(0);
    expect(compareVersions(parseVersion('2.0'), young)).toBeGreaterThan(0);
  });
});

describe('the records', () => {
  const types = fc.constantFrom(...Object.values(TlvType), 0xa0, 0x1a1, 0xfffe);
  const tlvs = fc.array(fc.record({ type: types, data: fc.uint8Array({ maxLength: 300 }) }), {
    minLength: 1,
    maxLength: 6,
  });

  test('read back whatever was written, in both byte orders', () => {
    fc.assert(
      fc.property(tlvs, endians, fc.nat(50), (list, endian, offset) => {
        const area = writeTlvArea(TLV_INFO_MAGIC, list, endian);
        expect(area.length).toBe(tlvAreaSize(list));
        const bytes = Uint8Array.from([...new Uint8Array(offset), ...area, 1, 2, 3]);
        const read = readTlvArea(bytes, { offset, endian, magic: TLV_INFO_MAGIC });
        expect(read.tlvs.map(({ type, data }) => ({ type, data }))).toEqual(list);
        expect(read.size).toBe(area.length);
      }),
    );
  });

  test('are no bytes if there are none', () => {
    expect(writeTlvArea(TLV_INFO_MAGIC, [])).toHaveLength(0);
  });

  test('say which dependency, counter and role they mean', () => {
    fc.assert(
      fc.property(fc.nat(255), versions, endians, (imageId, minVersion, endian) => {
        const dependency = { imageId, minVersion };
        expect(readDependency(dependencyTlv(dependency, endian), endian)).toEqual(dependency);
      }),
    );
    expect(readNumber(numberTlv(TlvType.SEC_CNT, 0xffffffff, 'big'), 'big')).toBe(0xffffffff);
    const record = bootRecordTlv({
      softwareType: 'APP',
      version: parseVersion('1.2.3'),
      hash: 'SHA-256',
      signerId: new Uint8Array(32),
    });
    expect(bootRecordRole(record)).toBe('APP');
    expect(() => readNumber({ type: TlvType.SEC_CNT, data: new Uint8Array(3) })).toThrow(
      'expected 4 bytes, got 3',
    );
  });

  test('make UUIDs of names', async () => {
    const [vendor, deviceClass] = await uuidTlvs({ vendor: 'example.com', deviceClass: 'b' });
    expect(toHex(vendor?.data ?? new Uint8Array(0))).toBe('cfbff0d193755685968c48ce8b15ae17');
    expect(toHex(deviceClass?.data ?? new Uint8Array(0))).toBe('2e3695eebe4c5575871ceb8891503b42');
    await expect(uuidTlvs({ deviceClass: 'b' })).rejects.toThrow('expected a vendor');
  });
});

describe('an image', () => {
  test('comes apart into views', () => {
    const image = parseImage(sample());
    expect(toHex(image.payload)).toBe('0102030405060708');
    expect(image.protectedArea?.tlvs[0]).toMatchObject({ type: TlvType.SEC_CNT, offset: 44 });
    expect(image.area).toMatchObject({ offset: 52, size: 40 });
    expect(image.bytes).toHaveLength(92);
  });

  test.each([
    [12, 'ffffffff', 'MCUboot image: 92 bytes, expected at least 4294967343'],
    [10, '0d00', 'TLV area.total at 0x28: expected 13 as in the header, got 12'],
    [40, '0769', 'TLV area.magic at 0x28: expected 0x6908, got 0x6907'],
    [52, '0869', 'TLV area.magic at 0x34: expected 0x6907, got 0x6908'],
    [54, '0300', 'TLV area.total at 0x34: expected at least 4, got 3'],
    [54, '2900', 'TLV area at 0x34: 40 bytes of 41'],
    [54, '2700', 'TLV 0x10 at 0x38: length 32, but the area has 31 bytes left'],
    [54, '0600', 'TLV at 0x38: 2 bytes of 4 before the area ends'],
    [58, 'ffff', 'TLV 0x10 at 0x38: length 65535, but the area has 32 bytes left'],
  ])('with bytes at %i damaged says where and how', (offset, hex, message) => {
    expect(() => parseImage(changed(offset, hex))).toThrow(message);
  });

  test('cut anywhere is refused, never read beyond its end', () => {
    const whole = sample();
    for (let length = 0; length < whole.length; length += 1) {
      expect(() => parseImage(whole.subarray(0, length))).toThrow(DfuError);
    }
  });

  test('of any bytes is an image or a DfuError, in little time', () => {
    const bytes = fc.uint8Array({ maxLength: 400 }).map((tail) => {
      const made = sample();
      return Uint8Array.from([...made.subarray(0, 4), ...tail]);
    });
    const outcome = (input: Uint8Array): boolean => {
      try {
        return parseImage(input).bytes.length <= input.length;
      } catch (error) {
        return DfuError.is(error);
      }
    };
    fc.assert(
      fc.property(bytes, (input) => {
        expect(outcome(input)).toBe(true);
      }),
    );
  });
});
