/** A section of a document, as the build writes it down: where it is, its document, its heading, its text. */
export type IndexedSection = readonly [at: string, title: string, heading: string, text: string];

/** A place where what was looked for stands. */
export interface Found {
  readonly at: string;
  readonly title: string;
  readonly heading: string;
  /** A piece of the text around the first word. */
  readonly excerpt: string;
}

const AROUND = 60;

function excerptOf(text: string, word: string): string {
  const at = text.toLowerCase().indexOf(word);
  if (at < 0) return text.slice(0, 2 * AROUND);
  const from = Math.max(0, at - AROUND);
  const to = at + word.length + AROUND;
  return `${from > 0 ? '…' : ''}${text.slice(from, to)}${to < text.length ? '…' : ''}`;
}

/** How much a section has of a word: most in its title, least in its text; nothing where it has it nowhere. */
function weightOf([, title, heading, text]: IndexedSection, word: string): number {
  const has = (where: string): boolean => where.toLowerCase().includes(word);
  return (has(title) ? 4 : 0) + (has(heading) ? 6 : 0) + (has(text) ? 1 : 0);
}

/** The sections that have every word, the best first. */
export function search(index: readonly IndexedSection[], query: string, most: number): Found[] {
  const words = query.toLowerCase().split(/\s+/).filter(Boolean);
  const [first] = words;
  if (first === undefined) return [];
  return index
    .map((section) => ({ section, weights: words.map((word) => weightOf(section, word)) }))
    .filter(({ weights }) => weights.every((weight) => weight > 0))
    .map(({ section, weights }) => ({ section, weight: weights.reduce((a, b) => a + b, 0) }))
    .toSorted((a, b) => b.weight - a.weight)
    .slice(0, most)
    .map(({ section: [at, title, heading, text] }) => ({
      at,
      title,
      heading,
      excerpt: excerptOf(text, first),
    }));
}
