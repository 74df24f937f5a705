/** A number as the package writes it in hex: `0x0c`, with at least so many digits. */
export function hexNumber(value: number, leastDigits = 1): string {
  return `0x${value.toString(16).padStart(leastDigits, '0')}`;
}
