/**
 * A message that a thread sends back as it came, when it has read it and let go of itself: all that came before it has
 * had its effect by then, and what the program said of that was sent before.
 */
export interface ReadMark {
  readonly mark: number;
}
