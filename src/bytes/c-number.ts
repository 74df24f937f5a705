/**
 * A whole number as C reads it with base 0, and dfu-util with it: 0x before hex digits, a leading 0
 * before octal ones, else decimal. Undefined if it is none, or more than a number says exactly.
 */
export function cNumber(text: string): number | undefined {
  const value = valueOf(text);
  return Number.isSafeInteger(value) ? value : undefined;
}

function valueOf(text: string): number {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number.parseInt(text.slice(2), 16);
  if (/^0[0-7]*$/.test(text)) return Number.parseInt(text, 8);
  return /^[1-9]\d*$/.test(text) ? Number(text) : Number.NaN;
}
