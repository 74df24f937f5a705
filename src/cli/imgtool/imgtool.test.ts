import { describe, expect, test } from 'vitest';
import { runImgtool } from './imgtool.ts';
import { Desk } from '../../../test/support/image-desk.ts';
import { vectorFile } from '../../../test/support/mcuboot/imgtool-runs.ts';

describe('imgtool beyond the recorded runs', () => {
  const imgtool = async (desk: Desk, ...args: string[]): Promise<number> =>
    runImgtool(args, desk.terminal);
  const usual = ['-v', '1.0', '-H', '0x20', '--pad-header', '-S', '0x4000'];

  test('keygen makes keys that the other commands take', async () => {
    const desk = new Desk();
    desk.type('one', 'two', 'right', 'right', 'right', 'wrong');
    const made = await imgtool(desk, 'keygen', '-k', 'k.pem', '-t', 'ecdsa-p256', '-p');
    expect(made).toBe(0);
    expect(desk.lines).toEqual(['Passwords do not match, try again']);
    expect(await imgtool(desk, 'getpub', '-k', 'k.pem', '-e', 'pem', '-o', 'p.pem')).toBe(0);
    expect(new TextDecoder().decode(desk.written.get('p.pem'))).toContain('BEGIN PUBLIC KEY');
    expect(await imgtool(desk, 'getpub', '-k', 'k.pem')).toBe(1);
    expect(desk.lastError).toBe('Error: k.pem: the password is wrong');
  });

  test('a slot larger than any is refused before it is filled up', async () => {
    const desk = new Desk();
    const slot = ['-S', '0xffffffffff', '--pad'];
    expect(await imgtool(desk, 'sign', ...usual, ...slot, 'in/p300.bin', 'a.bin')).toBe(1);
    expect(desk.lastError).toMatch(/^Error: slot size: expected at most 1073741824 bytes/);
    expect(desk.written.has('a.bin')).toBe(false);
  });

  test('a signature made elsewhere', async () => {
    const desk = new Desk();
    const input = 'in/p300.bin';
    const sign = ['sign', ...usual];
    await imgtool(desk, ...sign, '-k', 'keys/ed25519.pem', '--sig-out', 's', input, 'a.bin');
    const fixed = ['--fix-sig', 's', '--fix-sig-pubkey', 'keys/ed25519.pub.pem'];
    expect(await imgtool(desk, ...sign, ...fixed, input, 'b.bin')).toBe(0);
    expect(desk.written.get('b.bin')).toEqual(desk.written.get('a.bin'));
    expect(await imgtool(desk, ...sign, '--vector-to-sign', 'payload', input, 'v')).toBe(0);
    const signed = desk.written.get('a.bin')?.subarray(0, 332);
    expect(desk.written.get('v')).toEqual(signed);
  });

  test('the older spellings', async () => {
    const desk = new Desk();
    expect(await imgtool(desk, 'getpub', '-k', 'keys/ed25519.pem', '-l', 'rust')).toBe(0);
    expect(desk.lines[1]).toBe('static ED25519_PUB_KEY: &[u8] = &[');
    expect(await imgtool(desk, 'create', ...usual, 'in/p300.bin', 'x.bin')).toBe(0);
    expect(await imgtool(desk, 'version')).toBe(0);
    expect(desk.lines.at(-1)).toBe('2.4.0');
  });

  test.each([
    [['sign', ...usual, '--nope', 'a', 'b'], 'Error: No such option: --nope Did you mean --pure?'],
    [
      ['sign', '--encrypt-keylength', '1'],
      'Error: No such option: --encrypt-keylength (Possible options: --encrypt, --encrypt-keylen)',
    ],
    [
      ['sign', '--pad-hea'],
      'Error: No such option: --pad-hea (Possible options: --pad, --pad-header, --pad-value)',
    ],
    [['sign', '--zzzzzz'], 'Error: No such option: --zzzzzz'],
    [['sign', '-z'], 'Error: No such option: -z'],
    [['sign', ...usual, 'a'], "Error: Missing argument 'OUTFILE'."],
    [['sign', ...usual, 'a', 'b', 'c'], 'Error: Got unexpected extra argument (c)'],
    [['sign', '-S', '1', '-H', '32', 'a', 'b'], "Error: Missing option '-v' / '--version'."],
    [['sign', ...usual, '--pad=1', 'a', 'b'], "Error: Option '--pad' does not take a value."],
    [['sign', 'a', '-k'], "Error: Option '-k' requires an argument."],
    [['sign', 'a', '--custom-tlv', '1'], "Error: Option '--custom-tlv' requires 2 arguments."],
    [
      ['sign', ...usual, '--align', '3', 'a', 'b'],
      "Error: Invalid value for '--align': '3' is not one of '1', '2', '4', '8', '16', '32'.",
    ],
    [
      ['sign', ...usual, '-M', 'x', 'a', 'b'],
      "Error: Invalid value for '-M' / '--max-sectors': 'x' is not a valid integer.",
    ],
    [
      ['sign', ...usual, '--custom-tlv', '0x90', 'x', 'in/p300.bin', 'b'],
      "Error: Invalid custom TLV type value '0x0090', allowed value should be between 0x00a0 and 0xfffe",
    ],
    [['nope'], "Error: No such command 'nope'."],
    [
      ['getpub', '-k', 'keys/ed25519.pem', '-e', 'raw', '-l', 'c'],
      'Error: Please use only one of `--encoding/-e` or `--lang/-l`',
    ],
  ])('%j exits with 2', async (args, message) => {
    const desk = new Desk();
    expect(await imgtool(desk, ...args)).toBe(2);
    expect(desk.lastError).toBe(message);
    expect(desk.err).toMatch(/^Usage: imgtool .*\nTry 'imgtool .*-h' for help\.\n\nError: /);
    expect(desk.out.length).toBe(0);
  });

  test.each([
    [['dumpinfo', 'in/p300.bin'], 'Error: MCUboot header.magic at 0x0'],
    [['getpub', '-k', 'nowhere.pem'], 'Error: nowhere.pem: no such file'],
    [['verify', 'in/empty.bin', '-k', 'in/p300.bin'], 'Error: in/p300.bin: expected PEM'],
    [
      ['sign', ...usual, '--custom-tlv', '0xa0', '0xzz', 'in/p300.bin', 'x'],
      'Error: Custom TLV value',
    ],
    [
      ['sign', ...usual, '-d', '(300,1.0)', 'in/p300.bin', 'x'],
      'Error: DEPENDENCY.imageId: expected',
    ],
  ])('%j exits with 1', async (args, message) => {
    const desk = new Desk();
    expect(await imgtool(desk, ...args)).toBe(1);
    expect(desk.lastError).toContain(message);
    expect(desk.written.size).toBe(0);
  });

  test.each([
    ['cut off in its signature', 1600, ' bytes'],
    ['cut off in its payload', 400, ' bytes'],
    ['a header alone', 32, ' bytes'],
  ])('departure imgtool/damaged-image: %s', async (_, length, words) => {
    const desk = new Desk();
    desk.written.set('cut.bin', vectorFile('out/key-ed25519.bin.gz').subarray(0, length));
    for (const args of [['verify', '-k', 'keys/ed25519.pem'], ['verify'], ['dumpinfo']]) {
      expect(await imgtool(desk, ...args, 'cut.bin')).toBe(1);
      expect(desk.lastError).toContain(words);
    }
    expect(desk.out.toString()).toBe('');
  });

  test('shows the usage line above a wrong option, and help when asked', async () => {
    const desk = new Desk();
    await imgtool(desk, 'verify');
    expect(desk.err).toBe(
      "Usage: imgtool verify [OPTIONS] IMGFILE\nTry 'imgtool verify -h' for help.\n\n" +
        "Error: Missing argument 'IMGFILE'.\n",
    );
    expect(await imgtool(desk, 'sign', '--help-all')).toBe(0);
    expect(desk.out.toString()).toContain('--public-key-format [hash|full]');
    expect(await imgtool(desk)).toBe(0);
    expect(desk.out.toString()).toContain('Commands:');
  });

  test('dumpinfo of a big-endian image, and of a damaged trailer', async () => {
    const desk = new Desk();
    const big = ['dumpinfo', '-f', 'json', 'out/trailer-big-endian.bin.gz'];
    expect(await imgtool(desk, ...big)).toBe(0);
    expect(JSON.parse(desk.out.toString())).toMatchObject({
      header: { version: '1.2.3+4', protected_tlv_size: 28 },
      trailer: { image_ok: 1, copy_done: 255 },
    });
    const other = new Desk();
    const bytes = vectorFile('out/trailer-confirm-align8.bin.gz');
    bytes[bytes.length - 1] = 0;
    other.written.set('x.bin', bytes);
    expect(await imgtool(other, 'dumpinfo', 'x.bin', '-o', 'x.yaml')).toBe(0);
    expect(other.lines).toEqual(['Warning: the trailer magic value is invalid!']);
    const yaml = new TextDecoder().decode(other.written.get('x.yaml'));
    expect(yaml).toMatch(/trailer:\n {2}magic: !!binary \|\n {4}\S+\n$/);
  });
});
