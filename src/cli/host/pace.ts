/** Time that must have gone by before a rate says anything, in ms. */
const SOON_MS = 400;

/** How fast bytes go, from the first that was told. */
export class Pace {
  readonly #beganMs: number;
  readonly #beganBytes: number;

  constructor(nowMs: number, doneBytes: number) {
    this.#beganMs = nowMs;
    this.#beganBytes = doneBytes;
  }

  /** `12.3 kB/s  0:05`: the rate, and how long the rest takes at it, where the whole is known. Empty at first. */
  words(nowMs: number, doneBytes: number, totalBytes: number | undefined): string {
    const took = nowMs - this.#beganMs;
    const moved = doneBytes - this.#beganBytes;
    if (took < SOON_MS || moved <= 0) return '';
    const perSecond = (moved * 1000) / took;
    const rate = rateWords(perSecond);
    if (totalBytes === undefined || totalBytes <= doneBytes) return rate;
    return `${rate} ${clockWords((totalBytes - doneBytes) / perSecond)}`;
  }
}

/** Characters of the longest of them that is usual. */
export const PACE_WIDTH = 15;

function rateWords(bytesPerSecond: number): string {
  if (bytesPerSecond < 1000) return `${Math.round(bytesPerSecond)} B/s`;
  if (bytesPerSecond < 999_950) return `${(bytesPerSecond / 1000).toFixed(1)} kB/s`;
  return `${(bytesPerSecond / 1_000_000).toFixed(1)} MB/s`;
}

/** Minutes and seconds, and hours if there are any. */
function clockWords(seconds: number): string {
  const whole = Math.ceil(seconds);
  const [hours, minutes] = [Math.floor(whole / 3600), Math.floor((whole % 3600) / 60)];
  const two = (value: number): string => String(value).padStart(2, '0');
  const end = two(whole % 60);
  return hours > 0 ? `${hours}:${two(minutes)}:${end}` : `${minutes}:${end}`;
}
