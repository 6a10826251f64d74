/** A pad to draw on; every finished stroke goes to the network. Choosing or pasting a picture does the same without a pointer. */
import { type PointerEvent, useCallback, useEffect, useId, useRef, useState } from "react";
import { Button } from "@/ui/Button";
import { text } from "@/viz/copy";
import styles from "./liveTest.module.css";
import { testPixels } from "./readPicture";

const words = text.network.test;
const side = 192;
const inks = {
  black: "#000000",
  red: "#c62828",
  yellow: "#f9c22e",
  green: "#2e7d32",
  blue: "#1565c0",
  brown: "#6d4c41",
} as const;
type Ink = keyof typeof inks;

export function Doodle() {
  const pad = useRef<HTMLCanvasElement>(null);
  const last = useRef<readonly [number, number] | null>(null);
  const [brush, setBrush] = useState(14);
  const [ink, setInk] = useState<Ink>("black");
  const name = useId();

  const clear = useCallback((): void => {
    const context = pad.current?.getContext("2d");
    if (!context) return;
    context.fillStyle = "#ffffff";
    context.fillRect(0, 0, side, side);
  }, []);
  useEffect(clear, [clear]);

  const at = (event: PointerEvent<HTMLCanvasElement>): readonly [number, number] => {
    const box = event.currentTarget.getBoundingClientRect();
    return [((event.clientX - box.left) / box.width) * side, ((event.clientY - box.top) / box.height) * side];
  };
  const draw = (event: PointerEvent<HTMLCanvasElement>): void => {
    const context = pad.current?.getContext("2d");
    if (!context || !last.current) return;
    const to = at(event);
    context.strokeStyle = inks[ink];
    context.lineWidth = brush;
    context.lineCap = "round";
    context.beginPath();
    context.moveTo(...last.current);
    context.lineTo(...to);
    context.stroke();
    last.current = to;
  };
  const finish = (): void => {
    const context = pad.current?.getContext("2d");
    if (!last.current || !context) return;
    last.current = null;
    const pixels = { data: context.getImageData(0, 0, side, side).data, width: side, height: side };
    testPixels(pixels, words.sourceDoodle, pixels);
  };
  return (
    <div className={styles["doodle"]}>
      {/* Drawing needs a pointer; the label says what to do without one. */}
      <canvas
        ref={pad}
        width={side}
        height={side}
        className={styles["pad"]}
        role="img"
        aria-label={words.doodlePad}
        onPointerDown={(event) => {
          event.currentTarget.setPointerCapture?.(event.pointerId);
          last.current = at(event);
          draw(event);
        }}
        onPointerMove={draw}
        onPointerUp={finish}
        onPointerCancel={finish}
      />
      <div className={styles["doodleTools"]}>
        <div role="radiogroup" aria-label={words.ink} className={styles["inks"]}>
          {(Object.keys(inks) as Ink[]).map((key) => (
            <label key={key} title={words.inks[key]}>
              <input
                type="radio"
                name={name}
                aria-label={words.inks[key]}
                checked={ink === key}
                onChange={() => setInk(key)}
              />
              <span style={{ background: inks[key] }} aria-hidden="true" />
            </label>
          ))}
        </div>
        <label className={styles["brush"]}>
          {words.brush}
          <input
            type="range"
            min={4}
            max={40}
            step={2}
            value={brush}
            onChange={(event) => setBrush(event.target.valueAsNumber)}
          />
        </label>
        <Button small onClick={clear}>
          {words.clear}
        </Button>
      </div>
    </div>
  );
}
