/** The one button, in three weights, and its icon-only form, which cannot be made without a name. */
import type { ButtonHTMLAttributes, ReactNode } from "react";
import styles from "./button.module.css";

export interface ButtonProps extends ButtonHTMLAttributes<HTMLButtonElement> {
  readonly weight?: "primary" | "normal" | "quiet";
  readonly small?: boolean;
  readonly icon?: ReactNode;
}

export function Button({
  weight = "normal",
  small = false,
  icon,
  children,
  className,
  type = "button",
  ...rest
}: ButtonProps) {
  const names = [styles.button, styles[weight], small ? styles.small : "", className ?? ""];
  return (
    <button type={type} className={names.join(" ")} {...rest}>
      {icon !== undefined && (
        <span aria-hidden="true" className={styles.icon}>
          {icon}
        </span>
      )}
      {children}
    </button>
  );
}

export interface IconButtonProps extends Omit<ButtonProps, "children" | "icon"> {
  /** Accessible name, and the tooltip. */
  readonly label: string;
  readonly icon: ReactNode;
}

export function IconButton({ label, icon, className, ...rest }: IconButtonProps) {
  return (
    <Button
      aria-label={label}
      title={label}
      icon={icon}
      weight="quiet"
      className={`${styles.square} ${className ?? ""}`}
      {...rest}
    />
  );
}
