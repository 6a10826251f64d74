/** Reference of patches as rows, which make a rectangular convolution a product. */
import { type Definitions, eachTapOf, put, stored, storeInto, Sums, times } from "./maps";

export const patches: Definitions<"unfold" | "unfoldGrad"> = {
  unfold: (f, memory) => {
    const x = stored(memory.A, f.x, f.xld);
    const y = new Sums(f.B * f.Ho * f.Wo, f.kh * f.kw * f.C);
    eachTapOf(f, 1, (out, input, tap) => times(f.C, (c) => y.add(out, tap * f.C + c, x(input, c))));
    times(f.B * f.Ho * f.Wo, (out) =>
      times(f.kh * f.kw * f.C, (c) => put(memory.A, f.y + out * f.yld + c, y.at(out, c))),
    );
  },

  unfoldGrad: (f, memory) => {
    const dy = stored(memory.A, f.dy, f.dyld);
    const dx = new Sums(f.B * f.H * f.W, f.C);
    eachTapOf(f, 1, (out, input, tap) => times(f.C, (c) => dx.add(input, c, dy(out, tap * f.C + c))));
    storeInto(memory, f, f.B * f.H * f.W, f.C, dx.at);
  },
};
