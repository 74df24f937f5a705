import { createHash } from 'node:crypto';
import { initModule } from 'node-liblzma/wasm';
import { describe, expect, test } from 'vitest';
import { liblzmaCompressor } from './liblzma.ts';
import type { CompressionSettings } from './sign-options.ts';

const compressor = liblzmaCompressor(await initModule());

const usual: CompressionSettings = {
  armThumb: false,
  dictionaryBytes: 131072,
  lc: 3,
  lp: 1,
  pb: 2,
  preset: 9,
};

/** What nothing compresses: xorshift32 from 1. */
function noise(length: number): Uint8Array {
  let state = 1;
  return Uint8Array.from({ length }, () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state & 0xff;
  });
}

const vocabulary = ['boot', 'slot', 'swap', 'image ', '\0\u{f0}\u{02}\u{f8}', 'pG', '0123'];

/** Words of it in an order that a linear congruence says, calls of Thumb code among them. */
function words(length: number): Uint8Array {
  let text = '';
  for (let state = 7n; text.length < length;) {
    state = (state * 1_103_515_245n + 12_345n) % 2_147_483_648n;
    text += vocabulary[Number(state >> 16n) % vocabulary.length] ?? '';
  }
  return Uint8Array.from(text.slice(0, length), (character) => character.charCodeAt(0));
}

const inputs = {
  words: words(30_000),
  noise: noise(70_000),
  zeros: new Uint8Array(200_000),
  'one byte': Uint8Array.of(7),
  nothing: new Uint8Array(0),
};

const thumb = { armThumb: true };
const small = { preset: 3, lc: 0, lp: 4, pb: 0, dictionaryBytes: 4096 };

/**
 * Length and SHA-256 of what Python 3.11's `lzma.compress(…, format=FORMAT_RAW)` with liblzma 5.4.1 makes
 * of them: the calls that imgtool makes.
 */
const recorded: readonly (readonly [
  keyof typeof inputs,
  Partial<CompressionSettings>,
  number,
  string,
])[] = [
  ['words', {}, 3888, 'fbeb424dd31911e4'],
  ['words', thumb, 6429, '190898ce2c34c889'],
  ['words', { preset: 0 }, 5557, '98c80ed7810ab5f3'],
  ['words', small, 5056, '9296f959f6225fc5'],
  ['words', { preset: 5, lp: 0 }, 3876, 'b3d358ab43f70ab8'],
  ['noise', {}, 70_007, '26092a9d3b26f535'],
  ['noise', thumb, 70_007, '763f091b7913d60a'],
  ['noise', { preset: 0 }, 70_007, '5cd5b1b2f2dedaa6'],
  ['noise', small, 70_007, 'ae67c1754e81a42b'],
  ['zeros', {}, 105, '08f697d5ce7ba749'],
  ['zeros', small, 87, '64ecae51df5355c8'],
  ['zeros', { preset: 5, lp: 0 }, 105, 'b7c44edb561c4e27'],
  ['one byte', {}, 5, '2bf599d65049c705'],
  ['one byte', thumb, 5, '2bf599d65049c705'],
  ['nothing', {}, 1, '6e340b9cffb37a98'],
  ['nothing', small, 1, '6e340b9cffb37a98'],
];

describe('liblzma in WebAssembly', () => {
  test.each(recorded)('%s, %j: as in Python', async (input, settings, length, hash) => {
    const stream = await compressor(inputs[input], { ...usual, ...settings });
    expect(stream.length).toBe(length);
    expect(createHash('sha256').update(stream).digest('hex').slice(0, 16)).toBe(hash);
  });

  test.each([
    [{ lc: 3, lp: 2 }, 'compression: lc and lp together: expected 0 to 4, got 5'],
    [{ lc: 5 }, 'compression: lc: expected 0 to 4, got 5'],
    [{ lc: 0, lp: -1 }, 'compression: lp: expected 0 to 4, got -1'],
    [{ pb: 5 }, 'compression: pb: expected 0 to 4, got 5'],
    [{ preset: 10 }, 'compression: preset: expected 0 to 9, got 10'],
    [{ preset: 1.5 }, 'compression: preset: expected 0 to 9, got 1.5'],
    [{ dictionaryBytes: 4095 }, 'compression: dictionary: expected 4096 to 16777216, got 4095'],
    [{ dictionaryBytes: 2 ** 25 }, 'dictionary: expected 4096 to 16777216, got 33554432'],
  ])('%j is refused', async (settings, message) => {
    const made = compressor(inputs.words, { ...usual, ...settings });
    await expect(made).rejects.toThrow(message);
    await expect(made).rejects.toMatchObject({ code: 'INVALID_ARGUMENT' });
  });

  test('the largest dictionary has room', async () => {
    const settings = { ...usual, dictionaryBytes: 2 ** 24 };
    expect((await compressor(inputs.words, settings)).length).toBeLessThan(4000);
  });

  test('gives its memory back', async () => {
    const liblzma = await initModule();
    await compressor(inputs.noise, usual);
    const before = liblzma.HEAPU8.length;
    for (let time = 0; time < 20; time += 1) await compressor(inputs.noise, usual);
    expect(liblzma.HEAPU8.length).toBe(before);
  });

  test('says so where there is no memory, or no such filter', async () => {
    const full = { HEAPU8: new Uint8Array(1024), _free: () => undefined, _malloc: () => 0 };
    const none = liblzmaCompressor({ ...full, _lzma_stream_buffer_encode: () => 0 });
    await expect(none(inputs.words, usual)).rejects.toThrow('compression: no memory for 128 bytes');
    const memory = new Uint8Array(100_000);
    const little = { HEAPU8: memory, _free: () => undefined, _malloc: () => 8 };
    for (const [found, words_] of [
      [8, 'it takes no such settings'],
      [5, 'error 5'],
    ] as const) {
      const cut = liblzmaCompressor({ ...little, _lzma_stream_buffer_encode: () => found });
      await expect(cut(inputs.words, usual)).rejects.toThrow(`compression: liblzma: ${words_}`);
    }
  });
});
