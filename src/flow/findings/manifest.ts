import type { Choice } from '../chosen-file.ts';
import type { FlowDevice, FlowFinding } from '../flow-state.ts';
import { finding } from './finding.ts';

/** That the board is what a person has said, where it is. */
export function boardFindings({ board, isBoardSaid }: FlowDevice): FlowFinding[] {
  if (!isBoardSaid) return [];
  return [finding('unknown', 'note', ['board-said', { board: board?.name ?? '' }])];
}

/** What the manifest says of a file, and whether the file is that one. */
export function manifestFindings({ offer, check }: Choice, product: string): FlowFinding[] {
  if (offer === undefined || check === undefined) return [];
  const { release, file, doubt } = offer;
  const { version } = release;
  const found: FlowFinding[] = [
    finding('plain', 'version', ['version-release', { version, product }]),
  ];
  if (doubt !== undefined) found.push({ rating: 'unknown', topic: 'version', said: doubt });
  for (const { topic, rating } of check.findings) {
    if (topic === 'hash') found.push(finding(rating, 'hash', ['hash-good']));
    else {
      const id = rating === 'good' ? 'signature-good' : 'signature-named';
      found.push(finding(rating, 'signature', [id, { key: file.key ?? '' }]));
    }
  }
  return found;
}
