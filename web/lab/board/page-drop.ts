/** Takes the files that are dropped anywhere on a page, except where something takes them itself. */
export class PageDrop {
  readonly #take: (dropped: DataTransfer) => void;
  readonly #over: (isOver: boolean) => void;

  /** `over` is told when files are dragged over the page, and when no longer. */
  constructor(take: (dropped: DataTransfer) => void, over: (isOver: boolean) => void) {
    this.#take = take;
    this.#over = over;
  }

  start(): void {
    addEventListener('dragover', this.#dragged);
    addEventListener('dragleave', this.#left);
    addEventListener('drop', this.#dropped);
  }

  stop(): void {
    removeEventListener('dragover', this.#dragged);
    removeEventListener('dragleave', this.#left);
    removeEventListener('drop', this.#dropped);
  }

  readonly #dragged = (event: DragEvent): void => {
    const { dataTransfer } = event;
    if (dataTransfer?.types.includes('Files') !== true || takesItself(event)) return;
    event.preventDefault();
    dataTransfer.dropEffect = 'copy';
    this.#over(true);
  };

  readonly #left = ({ relatedTarget }: DragEvent): void => {
    // From one element of the page to the next is not out of it.
    if (relatedTarget === null) this.#over(false);
  };

  readonly #dropped = (event: DragEvent): void => {
    this.#over(false);
    const { dataTransfer } = event;
    if (dataTransfer?.types.includes('Files') !== true || takesItself(event)) return;
    event.preventDefault();
    this.#take(dataTransfer);
  };
}

/** The flasher does so, and a field for files. */
function takesItself(event: DragEvent): boolean {
  const [target] = event.composedPath();
  const isFileField = target instanceof HTMLInputElement && target.type === 'file';
  return event.defaultPrevented || isFileField;
}
