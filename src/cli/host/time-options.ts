import { DfuError, didYouMean } from '../../bytes/index.ts';
import type { TimeLimits } from '../../host/index.ts';
import { seconds } from '../shared/numbers.ts';

/** The phases that `--timeout` knows, and what the library calls their limits. */
const PHASES: Readonly<Record<string, keyof TimeLimits>> = {
  descriptors: 'descriptorMs',
  transfer: 'transferMs',
  erase: 'eraseMs',
  busy: 'busyMs',
  manifest: 'manifestMs',
  return: 'returnMs',
};

/** Longest of them, in s. */
const MOST_SECONDS = 3600;

/**
 * `--timeout`: seconds for one transfer, which the other limits grow with, or phases with seconds of their own:
 * `erase=60,transfer=10`. Throws `INVALID_ARGUMENT`.
 */
export function parseTimeLimits(text: string): TimeLimits {
  if (!text.includes('=')) return { transferMs: seconds('--timeout', MOST_SECONDS)(text) };
  const limits: Partial<Record<keyof TimeLimits, number>> = {};
  for (const part of text.split(',')) {
    const [phase = '', ...value] = part.split('=');
    const key = Object.hasOwn(PHASES, phase) ? PHASES[phase] : undefined;
    if (key === undefined) {
      const known = Object.keys(PHASES);
      const meant = didYouMean(phase, known);
      const message = `--timeout: expected ${known.join(', ')}, got "${phase}"${meant}`;
      throw new DfuError('INVALID_ARGUMENT', message);
    }
    if (limits[key] !== undefined) {
      throw new DfuError('INVALID_ARGUMENT', `--timeout: ${phase} is there twice`);
    }
    limits[key] = seconds(`--timeout ${phase}`, MOST_SECONDS)(value.join('='));
  }
  return limits;
}
