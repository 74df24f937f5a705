// Signing an image and verifying it as a bootloader does, with each kind of key.
import { generateKey, publicHalf, signImage, validateImage } from 'dfukit/image';
import { figure, medianMs } from './figure.mjs';
import { payloadOf } from './slots.mjs';

const KINDS = ['rsa-2048', 'rsa-3072', 'ecdsa-p256', 'ecdsa-p384', 'ed25519'];
const SIZES = [
  { kibibytes: 64, tries: 15 },
  { kibibytes: 1024, tries: 9 },
  { kibibytes: 16 * 1024, tries: 3 },
];
const version = { major: 1, minor: 2, revision: 3, build: 4 };

for (const { kibibytes, tries } of SIZES) {
  const payload = payloadOf(kibibytes * 1024, 0);
  for (const kind of KINDS) {
    const key = await generateKey(kind);
    const options = { version, headerSize: 0x200, padHeader: true, key };
    const { bytes } = await signImage(payload, options);
    const signMs = await medianMs(tries, () => signImage(payload, options));
    const keys = [publicHalf(key)];
    const verifyMs = await medianMs(tries, async () => {
      const { valid } = await validateImage(bytes, { signature: kind, keys });
      if (!valid) throw new Error(`${kind}: the image is not valid`);
    });
    figure(`sign an image, ${kind}`, signMs, 'ms', { kibibytes });
    figure(`verify an image, ${kind}`, verifyMs, 'ms', { kibibytes });
  }
}
