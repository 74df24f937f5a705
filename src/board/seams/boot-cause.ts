/** What started the board anew. */
export type BootCause = 'power-on' | 'reset-pin' | 'watchdog' | 'software';
