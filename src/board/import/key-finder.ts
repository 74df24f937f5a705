/**
 * Answers the path of a key that a configuration names, as the board's file shall name it; undefined: there is
 * none.
 */
export type KeyFinder = (path: string) => string | undefined;
