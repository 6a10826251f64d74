/** A native select with an invisible label: the system's own list, keyboard and screen reader behaviour. */
import styles from "./field.module.css";

export interface SelectOption {
  readonly value: string;
  readonly label: string;
  /** Why it cannot be chosen now. */
  readonly disabled?: string;
}

export interface SelectProps {
  readonly label: string;
  readonly value: string;
  readonly options: readonly SelectOption[];
  readonly onChange: (value: string) => void;
  readonly width?: number | string;
  readonly id?: string;
  readonly describedBy?: string;
}

export function Select({ label, value, options, onChange, width, id, describedBy }: SelectProps) {
  return (
    <select
      id={id}
      className={styles.select}
      aria-label={label}
      aria-describedby={describedBy}
      title={label}
      value={value}
      style={{ width }}
      onChange={(event) => onChange(event.target.value)}
    >
      {options.map((option) => (
        <option
          key={option.value}
          value={option.value}
          disabled={option.disabled !== undefined}
          title={option.disabled}
        >
          {option.disabled === undefined ? option.label : `${option.label} (${option.disabled})`}
        </option>
      ))}
    </select>
  );
}
