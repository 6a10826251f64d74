/** The frame of every dialog: title, close button, focus kept inside, Escape closes. */
import { X } from "lucide-react";
import { Dialog } from "radix-ui";
import type { ReactNode } from "react";
import { IconButton } from "@/ui/Button";
import { text } from "@/viz/copy";
import styles from "./dialogs.module.css";

export interface SheetProps {
  readonly title: string;
  readonly lead?: string;
  readonly wide?: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
}

export function Sheet({ title, lead, wide = false, onClose, children }: SheetProps) {
  return (
    <Dialog.Root open onOpenChange={(open) => !open && onClose()}>
      <Dialog.Portal>
        <Dialog.Overlay className={styles.scrim} />
        <Dialog.Content
          className={styles.sheet}
          data-wide={wide ? "" : undefined}
          {...(lead === undefined ? { "aria-describedby": undefined } : {})}
        >
          <div className={styles.head}>
            <Dialog.Title className={styles.title}>{title}</Dialog.Title>
            <Dialog.Close asChild>
              <IconButton label={text.shell.close} icon={<X size={16} />} />
            </Dialog.Close>
          </div>
          {lead !== undefined && <Dialog.Description className={styles.lead}>{lead}</Dialog.Description>}
          {children}
        </Dialog.Content>
      </Dialog.Portal>
    </Dialog.Root>
  );
}
