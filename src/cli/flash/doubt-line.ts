/** Doubts about all that follows, behind the first line of an answer. */
export function withDoubts(line: string, doubts: readonly string[]): string {
  return doubts.length === 0 ? line : `${line} [doubtful: ${doubts.join('; ')}]`;
}

/** Doubts as a first line of their own; empty if there are none. */
export function doubtLine(doubts: readonly string[]): string {
  return doubts.length === 0 ? '' : `doubtful: ${doubts.join('; ')}\n`;
}
