/** Bytes for people, in thousands as the units of the SI: `12.3 kB`. */
export function amount(bytes: number): string {
  if (bytes < 1000) return `${bytes} ${bytes === 1 ? 'byte' : 'bytes'}`;
  const isLarge = bytes >= 999_950;
  return `${(bytes / (isLarge ? 1e6 : 1e3)).toFixed(1)} ${isLarge ? 'MB' : 'kB'}`;
}

export function rate(bytesPerSecond: number): string {
  return `${amount(Math.round(bytesPerSecond))}/s`;
}

/** Whole seconds, rounded up: what remains is not promised too short. */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 60) return `${seconds} s`;
  const rest = seconds % 60;
  return `${Math.floor(seconds / 60)} min${rest === 0 ? '' : ` ${rest} s`}`;
}
