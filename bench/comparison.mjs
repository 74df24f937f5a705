// Two runs of the benchmarks, figure by figure. A ratio says how many times as much the second run needs: above 1 it is
// the slower one, or the larger, whichever way the figure itself counts.
import { median } from './figure.mjs';

/** Of a rate (1/s, MB/s) more is better; of everything else (s, ms, MiB, a ratio) less is. */
export function isRate(unit) {
  return unit.endsWith('/s');
}

/** What a figure is called: its name, and the sizes that it was taken with. */
export function nameOf({ figure, ...more }) {
  const sizes = Object.entries(more).filter(([key]) => /bytes$/i.test(key));
  return [figure, ...sizes.map(([key, value]) => `${key} ${value}`)].join(', ');
}

/** The figures by name; of one that was taken several times, the middle one. */
function byName(figures) {
  const values = new Map();
  const units = new Map();
  for (const line of figures) {
    const name = nameOf(line);
    values.set(name, [...(values.get(name) ?? []), line.value]);
    units.set(name, line.unit);
  }
  return new Map(
    [...values].map(([name, all]) => [name, { value: median(all), unit: units.get(name) }]),
  );
}

/** How many times as much `after` needs. Of something that there was none of, and is none of, as much. */
export function ratioOf(unit, before, after) {
  if (before === after) return 1;
  return isRate(unit) ? before / after : after / before;
}

/**
 * Compares two lists of figures: those that both have under one name and unit, with the middle of their ratios; and
 * the names that only one of them has.
 */
export function compare(before, after) {
  const [old, now] = [byName(before), byName(after)];
  const figures = [];
  const alone = [];
  for (const [name, { value, unit }] of old) {
    const other = now.get(name);
    if (other === undefined || other.unit !== unit) alone.push(name);
    else {
      const ratio = ratioOf(unit, value, other.value);
      figures.push({ name, unit, before: value, after: other.value, ratio });
    }
  }
  for (const [name, { unit }] of now) if (old.get(name)?.unit !== unit) alone.push(name);
  const ratios = figures.map(({ ratio }) => ratio);
  return { figures, alone: [...new Set(alone)], ratio: ratios.length === 0 ? NaN : middle(ratios) };
}

/** The middle of the ratios; between two, their geometric mean, so that twice and half make 1. */
function middle(ratios) {
  const sorted = ratios.toSorted((a, b) => a - b);
  const half = sorted.length / 2;
  return Math.sqrt(sorted[Math.ceil(half) - 1] * sorted[Math.floor(half)]);
}

/** The comparison as lines of text, worst figure first. */
export function comparisonLines({ figures, alone, ratio }) {
  const sorted = figures.toSorted((a, b) => b.ratio - a.ratio);
  const lines = sorted.map(({ name, unit, before, after, ratio: each }) => {
    const values = `${before} -> ${after} ${unit}`.trim();
    return `${each.toFixed(3)}  ${name}: ${values}`;
  });
  lines.push(...alone.map((name) => `  -    ${name}: in one of them only`));
  lines.push(
    `${ratio.toFixed(3)}  the middle of ${figures.length} ratios; above 1 the second is worse`,
  );
  return lines;
}
