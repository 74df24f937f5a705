import { DfuError } from '../../bytes/index.ts';
import type { DfuSeModifiers } from '../../host/index.ts';

const KEYWORDS: Readonly<
  Record<string, Exclude<keyof DfuSeModifiers, 'address' | 'lengthBytes' | 'allow'>>
> = {
  leave: 'leave',
  'mass-erase': 'massErase',
  unprotect: 'unprotect',
  'will-reset': 'willReset',
  force: 'force',
};

/** Numbers as C reads them: 0x hex, a leading 0 octal, else decimal. */
function number(text: string): number | undefined {
  if (/^0x[0-9a-f]{1,8}$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]{1,11}$/.test(text)) return Number.parseInt(text, 8);
  return /^\d{1,10}$/.test(text) && !/^0\d/.test(text) ? Number(text) : undefined;
}

/**
 * Reads `[ADDRESS][:modifier…]` as dfu-util's `-s` has it: `0x08000000:leave`, `:mass-erase:force`,
 * `0x08000000:1024`. Throws `INVALID_ARGUMENT`.
 */
export function parseDfuSeAddress(text: string): DfuSeModifiers {
  const [addressText = '', ...rest] = text.split(':');
  const result: { -readonly [K in keyof DfuSeModifiers]: DfuSeModifiers[K] } = {};
  if (addressText !== '') {
    const address = number(addressText);
    if (address === undefined || address > 0xffffffff) {
      throw wrong(`expected an address of 32 bits, e.g. 0x08000000, got "${addressText}"`);
    }
    result.address = address;
  }
  for (const word of rest) {
    const key = Object.hasOwn(KEYWORDS, word) ? KEYWORDS[word] : undefined;
    const lengthBytes = number(word);
    if (key !== undefined) result[key] = true;
    else if (lengthBytes !== undefined && lengthBytes > 0) result.lengthBytes = lengthBytes;
    else {
      const known = Object.keys(KEYWORDS).join(', ');
      throw wrong(`expected ${known} or a length in bytes, got "${word}"`);
    }
  }
  return result;
}

function wrong(message: string): DfuError {
  return new DfuError('INVALID_ARGUMENT', `DfuSe address: ${message}`);
}
