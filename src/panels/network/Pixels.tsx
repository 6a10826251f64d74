/** Pixels on a canvas, as they are: no smoothing. */
import { useEffect, useRef } from "react";
import type { OriginalPicture } from "@/store/liveTest";
import styles from "./liveTest.module.css";

export function Pixels({ picture, label }: { readonly picture: OriginalPicture; readonly label: string }) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { data, width, height } = picture;
  useEffect(() => {
    canvas.current?.getContext("2d")?.putImageData(new ImageData(new Uint8ClampedArray(data), width, height), 0, 0);
  }, [data, width, height]);
  return (
    <canvas ref={canvas} width={width} height={height} className={styles["pixels"]} role="img" aria-label={label} />
  );
}
