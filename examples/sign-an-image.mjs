// An MCUboot image made, signed and looked into: what `imgtool sign` and `imgtool dumpinfo` do, as a library, in any
// JavaScript that has WebCrypto. The bytes are those that MCUboot boots.
//
//   node examples/sign-an-image.mjs
import {
  generateKey,
  inspectImage,
  publicHalf,
  signImage,
  validateImage,
  writePublicPem,
} from 'dfukit/image';

const key = await generateKey('ecdsa-p256');
console.log(writePublicPem(key));

// What the linker made; its first 512 bytes are left free for the header.
const program = Uint8Array.from({ length: 8192 }, (_, at) => at % 251);
const { bytes } = await signImage(program, {
  version: { major: 1, minor: 4, revision: 2, build: 0 },
  headerSize: 0x200,
  padHeader: true,
  key,
});
console.log(`signed: ${program.length} bytes of program are ${bytes.length} bytes of image`);

// Looking into it: what is there, and which of the given keys has signed it.
const { image, hashes, signatures } = await inspectImage(bytes, { keys: [publicHalf(key)] });
const { major, minor, revision } = image.header.version;
console.log(
  `header: version ${major}.${minor}.${revision}, ${image.header.imgSize} bytes of program`,
);
for (const { hash, valid } of hashes) console.log(`${hash}: ${valid ? 'right' : 'wrong'}`);
for (const { valid } of signatures)
  console.log(`signature: ${valid ? 'by the given key' : 'by another key'}`);

// Judging it, as a bootloader with that key does; and with one bit of the program turned over.
const options = { signature: 'ecdsa-p256', keys: [publicHalf(key)] };
const good = await validateImage(bytes, options);
const damaged = bytes.slice();
damaged[0x200 + 100] ^= 1;
const bad = await validateImage(damaged, options);
console.log(`MCUboot would boot it: ${good.valid}; damaged: ${bad.valid} (${bad.refusedBy})`);
