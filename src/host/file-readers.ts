/** What files of formats with addresses need: loaded when there is such a file. */
export { readDfuSeFile } from '../dfu/index.ts';
export { readSegments } from '../image/index.ts';
export { contentsText, demandOnePiece } from './file-pieces.ts';
