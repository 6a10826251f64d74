/** A sheet from the side of the window: setup and focus where there is no room for columns. */
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "@/ui/Button";
import { text } from "@/viz/copy";
import styles from "./drawer.module.css";

export interface DrawerProps {
  readonly title: string;
  readonly side: "left" | "right";
  readonly onClose: () => void;
  readonly children: ReactNode;
}

/** Default export because React's lazy wants one: only narrow windows load this. */
export default function Drawer({ title, side, onClose, children }: DrawerProps) {
  return (
    <Dialog.Root open onOpenChange={(next) => !next && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.scrim} />
        <Dialog.Content className={styles.drawer} data-side={side} aria-describedby={undefined}>
          <div className={styles.head}>
            <Dialog.Title className={styles.title}>{title}</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label={text.shell.close} icon={<X size={16} />} />
            </Dialog.Close>
          </div>
          <div className={styles.body}>{children}</div>
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
