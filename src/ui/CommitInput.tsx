/** A text field whose value counts when it is finished (Enter or leaving), so that half-typed numbers never become settings. */
import { useState } from "react";
import styles from "./field.module.css";

export interface CommitInputProps {
  readonly label: string;
  readonly value: string;
  readonly onCommit: (value: string) => void;
  readonly width?: number | string;
  readonly id?: string;
  readonly describedBy?: string;
  readonly invalid?: boolean;
  readonly disabled?: boolean;
  readonly inputMode?: "numeric" | "decimal" | "text";
}

export function CommitInput({
  label,
  value,
  onCommit,
  width,
  id,
  describedBy,
  invalid = false,
  disabled = false,
  inputMode = "text",
}: CommitInputProps) {
  const [draft, setDraft] = useState<string | null>(null);
  const commit = (): void => {
    if (draft !== null && draft.trim() !== "" && draft.trim() !== value) onCommit(draft.trim());
    setDraft(null);
  };
  return (
    <input
      id={id}
      className={styles.input}
      type="text"
      inputMode={inputMode}
      autoComplete="off"
      spellCheck={false}
      aria-label={label}
      aria-describedby={describedBy}
      aria-invalid={invalid}
      disabled={disabled}
      value={draft ?? value}
      style={{ width }}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === "Enter") commit();
        else if (event.key === "Escape") setDraft(null);
      }}
    />
  );
}
