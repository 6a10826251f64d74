/** Pictures dropped or pasted anywhere go to the live test, which shows what the network sees of them. */
import { useEffect } from "react";
import { testPicture } from "@/panels/network/readPicture";
import { pictureFileStore, takePicture } from "@/store/pictureFile";
import { addMessage } from "@/store/run";

export function usePicture(): void {
  useEffect(
    () =>
      pictureFileStore.subscribe(() => {
        const file = takePicture();
        if (!file) return;
        void testPicture(file).then((tested) => {
          if (!tested.ok) addMessage("warning", tested.problem.message);
        });
      }),
    [],
  );
}
