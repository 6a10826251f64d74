/** The body of a panel that has nothing to draw: one sentence, perhaps a detail, and the one control that helps. */
import { Button } from "./Button";
import styles from "./panelMessage.module.css";

export interface PanelMessageProps {
  readonly text: string;
  readonly detail?: string;
  readonly action?: { readonly label: string; readonly onAct: () => void };
  /** `error` is announced and marked; others are quiet. */
  readonly tone?: "quiet" | "error";
}

export function PanelMessage({ text, detail, action, tone = "quiet" }: PanelMessageProps) {
  return (
    <div className={styles.message} data-tone={tone} role={tone === "error" ? "alert" : undefined}>
      <p className={styles.text}>{text}</p>
      {detail !== undefined && <p className={styles.detail}>{detail}</p>}
      {action !== undefined && <Button onClick={action.onAct}>{action.label}</Button>}
    </div>
  );
}
