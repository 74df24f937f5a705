import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  MOST_PACKET_BYTES,
  PacketReader,
  hexWord,
  numberOfHex,
  packetOf,
  wordOfHex,
} from './remote-packets.ts';
import type { RemoteInput } from './remote-packets.ts';

const bytes = (text: string): Uint8Array => Uint8Array.from(text, (char) => char.charCodeAt(0));
const read = (text: string): RemoteInput[] => [...new PacketReader().read(bytes(text))];

describe('packets of the remote serial protocol', () => {
  test('as the manual shows one', () => {
    expect(String.fromCharCode(...packetOf('OK'))).toBe('$OK#9a');
    expect(read('$OK#9a')).toEqual([{ type: 'packet', payload: 'OK' }]);
  });

  test('what is written is read, whatever its bytes are and however they are cut', () => {
    const payloads = fc.uint8Array({ maxLength: 300 });
    fc.assert(
      fc.property(payloads, fc.integer({ min: 1, max: 50 }), (content, size) => {
        const payload = String.fromCharCode(...content);
        const packet = packetOf(payload);
        const reader = new PacketReader();
        const inputs: RemoteInput[] = [];
        for (let at = 0; at < packet.length; at += size) {
          inputs.push(...reader.read(packet.subarray(at, at + size)));
        }
        expect(inputs).toEqual([{ type: 'packet', payload }]);
      }),
    );
  });

  test('between packets: acknowledgements, Ctrl-C, and noise that means nothing', () => {
    const types = read('+-\u0003xyz$?#3f').map(({ type }) => type);
    expect(types).toEqual(['ack', 'resend', 'interrupt', 'packet']);
  });

  test.each([
    ['a wrong checksum', '$OK#9b'],
    ['a checksum of no digits', '$OK#zz'],
    ['a packet that begins within another', '$O$OK#9a'],
  ])('%s is damage', (_, text) => {
    expect(read(text)[0]).toEqual({ type: 'damaged' });
  });

  test('a packet without an end is refused at its limit, and no memory is kept for it', () => {
    const reader = new PacketReader();
    const inputs = [...reader.read(bytes(`$${'a'.repeat(MOST_PACKET_BYTES + 10)}`))];
    expect(inputs).toEqual([{ type: 'too-long' }]);
    expect([...reader.read(bytes('$?#3f'))]).toEqual([{ type: 'packet', payload: '?' }]);
  });

  test('random bytes give inputs and never an exception', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 2000 }), (content) => {
        for (const { type } of new PacketReader().read(content)) expect(type).toMatch(/^[a-z-]+$/);
      }),
    );
  });
});

test('words are the lowest byte first, numbers are not', () => {
  expect(hexWord(0x2004_2000)).toBe('00200420');
  expect(hexWord(0xffff_fffe)).toBe('feffffff');
  expect(wordOfHex('00200420')).toBe(0x2004_2000);
  expect(wordOfHex('xxxxxxxx')).toBeUndefined();
  expect(numberOfHex('ffffffff')).toBe(0xffff_ffff);
  expect(numberOfHex('1ffffffff')).toBeUndefined();
  expect(numberOfHex('')).toBeUndefined();
});
