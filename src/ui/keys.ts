/** When a bare key is a shortcut and when it is typing. */

/** True where a letter or Space means text or a control's own key. */
export function isTyping(target: EventTarget | null): boolean {
  if (!(target instanceof HTMLElement)) return false;
  if (target.isContentEditable) return true;
  return (
    target.closest(
      "input, textarea, select, [role='combobox'], [role='listbox'], [role='menu'], [role='slider'], [role='dialog']",
    ) !== null
  );
}

/** True for keys that a focused control uses itself: Space and Enter press buttons, links and tabs. */
export function pressesControl(event: KeyboardEvent): boolean {
  if (event.key !== " " && event.key !== "Enter") return false;
  return (
    event.target instanceof HTMLElement &&
    event.target.closest(
      "button, a[href], summary, [role='tab'], [role='separator'], [role='button'], [role='option']",
    ) !== null
  );
}

/** A bare key, perhaps with Shift, outside text. */
export function isShortcut(event: KeyboardEvent): boolean {
  return (
    !event.defaultPrevented &&
    !event.ctrlKey &&
    !event.metaKey &&
    !event.altKey &&
    !event.isComposing &&
    !isTyping(event.target) &&
    !pressesControl(event)
  );
}
