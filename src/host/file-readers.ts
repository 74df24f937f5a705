/** What takes files of formats with addresses apart. */
import { readDfuSeFile } from '../dfu/index.ts';
import { readSegments } from '../image/index.ts';

/** The readers of these formats. */
export interface FileReaders {
  readonly readDfuSeFile: typeof readDfuSeFile;
  readonly readSegments: typeof readSegments;
}

export const fileReaders: FileReaders = { readDfuSeFile, readSegments };
