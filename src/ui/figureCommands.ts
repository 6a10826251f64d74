/** What the page's keyboard map can ask of a panel that does not have the focus: its table, its description, the focus itself. */

export interface FigureCommands {
  toggleTable(): void;
  describe(): void;
  focus(): void;
}

const figures = new Map<string, FigureCommands>();
/** Panel that shall have the focus as soon as it is there: its code may still be on the way. */
let awaited: string | null = null;

/** Makes a panel's commands known while it is mounted; returns the undo. */
export function registerFigure(panel: string, commands: FigureCommands): () => void {
  figures.set(panel, commands);
  if (awaited === panel) focusFigure(panel);
  return () => {
    if (figures.get(panel) === commands) figures.delete(panel);
  };
}

export function figureCommands(panel: string): FigureCommands | undefined {
  return figures.get(panel);
}

/** Put the keyboard into a panel, now or when it is mounted; a later wish replaces an earlier one. */
export function focusFigure(panel: string): void {
  const commands = figures.get(panel);
  awaited = commands ? null : panel;
  commands?.focus();
}
