/** What the page's keyboard map can ask of a panel that does not have the focus: its table, its description, the focus itself. */

export interface FigureCommands {
  toggleTable(): void;
  describe(): void;
  focus(): void;
}

const figures = new Map<string, FigureCommands>();

/** Makes a panel's commands known while it is mounted; returns the undo. */
export function registerFigure(panel: string, commands: FigureCommands): () => void {
  figures.set(panel, commands);
  return () => {
    if (figures.get(panel) === commands) figures.delete(panel);
  };
}

export function figureCommands(panel: string): FigureCommands | undefined {
  return figures.get(panel);
}
