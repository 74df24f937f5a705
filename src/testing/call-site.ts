/** The place in somebody's program from which something was called. */
export interface CallSite {
  /** Its lines of a stack trace, the caller's first. */
  readonly frames: string;
}

/** Where a method was called from, asked for in it and before it waits for anything. */
export function callSiteOf<T extends object>(owner: T, method: keyof T & string): CallSite {
  const holder: { stack?: string } = {};
  Error.captureStackTrace(holder, owner[method] as () => unknown);
  const { stack = '' } = holder;
  return { frames: stack.slice(stack.indexOf('\n') + 1) };
}
