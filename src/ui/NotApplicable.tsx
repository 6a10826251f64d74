/** The body of a panel that the run has nothing for: why, and the panel that shows instead what this run has. */
import { type PanelId, viewStore } from "@/store/view";
import { text } from "@/viz/copy";
import { PanelMessage } from "./PanelMessage";

export interface NotApplicableProps {
  readonly why: string;
  readonly see: PanelId;
}

/** Bring a panel to the front; what fills the stage makes room for it. */
export function frontPanel(panel: PanelId): void {
  viewStore.setState(({ fullPanel }) => ({ panel, fullPanel: fullPanel === null ? null : panel }));
}

export function NotApplicable({ why, see }: NotApplicableProps) {
  const label = text.shell.stage.see(text[see].title);
  return <PanelMessage text={why} action={{ label, onAct: () => frontPanel(see) }} />;
}
