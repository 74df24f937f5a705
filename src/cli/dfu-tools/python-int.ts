const forms: Readonly<Record<number, RegExp>> = {
  0: /^[+-]?(?:0x[0-9a-f]+|0o[0-7]+|0b[01]+|0+|[1-9]\d*)$/i,
  10: /^[+-]?\d+$/,
};

/** A whole number as Python's int(text, base) reads it, base 0 or 10; undefined for what is none. */
export function pythonInt(text: string, base: 0 | 10): number | undefined {
  const trimmed = text.trim();
  if (forms[base]?.test(trimmed) !== true) return undefined;
  const digits = trimmed.replace(/^[+-]/, '');
  const value = Number(digits);
  return trimmed.startsWith('-') ? -value : value;
}
