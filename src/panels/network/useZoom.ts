/** Pan and zoom of an SVG by D3: it owns the behaviour, React draws what comes out. */
import { select, zoom, type ZoomBehavior, zoomIdentity, type ZoomTransform } from "d3";
import { type RefObject, useCallback, useEffect, useRef, useState } from "react";

export interface Placement {
  readonly k: number;
  readonly x: number;
  readonly y: number;
}

export interface Zoom {
  readonly transform: Placement;
  scaleBy(factor: number): void;
  moveTo(placement: Placement): void;
}

/** `home` is where the picture stands until the reader moves it; a new `home` moves it back there. */
export function useZoom(target: RefObject<SVGSVGElement | null>, home: Placement): Zoom {
  const [transform, setTransform] = useState<Placement>(home);
  const behavior = useRef<ZoomBehavior<SVGSVGElement, unknown> | null>(null);
  const { k, x, y } = home;

  useEffect(() => {
    const svg = target.current;
    if (!svg) return;
    const made = zoom<SVGSVGElement, unknown>()
      .scaleExtent([0.1, 4])
      .extent(() => [
        [0, 0],
        [svg.clientWidth, svg.clientHeight],
      ])
      .on("zoom", (event: { readonly transform: ZoomTransform }) =>
        setTransform({ k: event.transform.k, x: event.transform.x, y: event.transform.y }),
      );
    behavior.current = made;
    const selection = select(svg).call(made).on("dblclick.zoom", null);
    return () => {
      selection.on(".zoom", null);
      behavior.current = null;
    };
  }, [target]);

  const moveTo = useCallback(
    (to: Placement): void => {
      const svg = target.current;
      if (svg && behavior.current)
        select(svg).call(behavior.current.transform, zoomIdentity.translate(to.x, to.y).scale(to.k));
    },
    [target],
  );
  useEffect(() => moveTo({ k, x, y }), [moveTo, k, x, y]);

  const scaleBy = useCallback(
    (factor: number): void => {
      const svg = target.current;
      if (svg && behavior.current) select(svg).call(behavior.current.scaleBy, factor);
    },
    [target],
  );
  return { transform, scaleBy, moveTo };
}
