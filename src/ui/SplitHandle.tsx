/** The line between two panes: drag, or focus and arrow keys; a double click restores the size. */
import { Separator } from "react-resizable-panels";
import styles from "./splitHandle.module.css";

export function SplitHandle({ label, id }: { readonly label: string; readonly id: string }) {
  return <Separator id={id} className={styles.handle ?? ""} aria-label={label} />;
}
