import type { BoardFile } from '../models/board-file.ts';
import type { Finding } from './inquiry.ts';

/** A board out of a build. */
export interface ImportedBoard {
  readonly file: BoardFile;
  /** What was learnt, and from where. */
  readonly findings: readonly Finding[];
  /** What differs from the device, in sentences. */
  readonly doubts: readonly string[];
}
