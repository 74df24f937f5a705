/** Signals that mean: stop, and leave nothing behind. */
const SIGNALS: readonly NodeJS.Signals[] = ['SIGINT', 'SIGTERM', 'SIGHUP'];

/** Resolves when the process is asked to stop; `stopped` says that it is too late to listen. */
export function untilSignal(): { readonly asked: Promise<void>; stop(): void } {
  let stop = (): void => {};
  const asked = new Promise<void>((resolve) => {
    const listener = (): void => resolve();
    for (const signal of SIGNALS) process.on(signal, listener);
    stop = () => {
      for (const signal of SIGNALS) process.off(signal, listener);
    };
  });
  return { asked, stop };
}
