/** Something that was found out about a file of a manifest, in a sentence. */
export interface FileFinding {
  /** `good`: as the manifest says; `bad`: not so, and it must not be sent; `unknown`: could not be found out. */
  readonly rating: 'good' | 'bad' | 'unknown';
  readonly topic: 'hash' | 'signature';
  readonly text: string;
}
