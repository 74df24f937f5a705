/** A command of somebody's documentation, and what came of it. */
export interface SeedCommand {
  readonly document: string;
  /** As the document has it. */
  readonly command: string;
  /** What was typed instead, where that is another program. */
  readonly typed?: string;
  /** Lines of output, console or what the board said, the same in each run. */
  readonly seen: readonly string[];
}
