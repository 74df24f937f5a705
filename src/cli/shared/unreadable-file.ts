import { DfuError } from '../../bytes/index.ts';

/** A file that cannot be read: one exit code (66), whichever command asked for it and for what. */
export class UnreadableFile extends DfuError {}
