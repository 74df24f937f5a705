import { describe, expect, test } from 'vitest';
import {
  allTlvs,
  hashTlvs,
  imageDigest,
  isEncrypted,
  parseImage,
  writeImageHeader,
  writeTlvArea,
} from '../../src/image/index.ts';
import { argument, bootloaderSays } from '../support/mcuboot/bootloader-says.ts';
import { furtherRuns, imgtoolCases, vectorFile } from '../support/mcuboot/imgtool-runs.ts';

const signed = [...imgtoolCases, ...furtherRuns].filter(
  ({ cmd, output, args = [] }) =>
    cmd === 'sign' && output?.endsWith('.bin.gz') === true && !args.includes('--vector-to-sign'),
);

describe('images as imgtool writes them', () => {
  test.each(signed)('$name: taken apart and put together again', ({ output = '' }) => {
    const bytes = vectorFile(output);
    const image = parseImage(bytes);
    const { endian, header, protectedArea, area } = image;
    expect(writeImageHeader(header, endian)).toEqual(bytes.subarray(0, 32));
    const areas = [
      ...(protectedArea === undefined
        ? []
        : writeTlvArea(protectedArea.magic, protectedArea.tlvs, endian)),
      ...writeTlvArea(area.magic, area.tlvs, endian),
    ];
    expect(areas).toEqual([...image.bytes.subarray(header.hdrSize + header.imgSize)]);
  });

  test.each(signed)('$name: a bootloader takes it', async ({ output = '', args = [] }) => {
    const bytes = vectorFile(output);
    const image = parseImage(bytes);
    const { verdict, imageKey, hash } = await bootloaderSays(bytes, args);
    const keyIndex = args.includes('-k') ? 0 : undefined;
    expect(verdict).toMatchObject({ valid: true, keyIndex });
    expect(isEncrypted(image)).toBe(args.includes('-E'));
    const bits = Number(argument(args, '--encrypt-keylen') ?? 128);
    expect(imageKey?.length ?? bits / 8).toBe(bits / 8);
    const record = allTlvs(image).find(({ type }) => type === hashTlvs[hash]);
    expect(await imageDigest(image, hash, { imageKey })).toEqual(record?.data);
  });
});
