/** Every visible sentence comes from here: `text.pool.title`. */
import { en } from "./copy/en";

export const text = en;
